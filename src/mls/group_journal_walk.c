/* SPDX-License-Identifier: Apache-2.0 */
/* The records of a group's journal, both directions. */
#include "mls/group_journal_inside.h"

void wire_journal_record(struct wire *w, struct journal_record *r)
{
	wire_u8(w, &r->type);
	if (r->type < JOURNAL_MEMBER || r->type > JOURNAL_DROPPED)
		wire_fail(w, UC_E_MALFORMED);
	if (r->type != JOURNAL_MEMBER)
		wire_u32(w, &r->serial);
	switch (r->type) {
	case JOURNAL_STATE:
		wire_u32(w, &r->base);
		wire_bytes(w, &r->bytes);
		break;
	case JOURNAL_MEMBER:
	case JOURNAL_RATCHETS:
	case JOURNAL_PROPOSAL:
		wire_bytes(w, &r->bytes);
		break;
	case JOURNAL_STEP:
		wire_u32(w, &r->step.leaf);
		wire_u8(w, &r->step.kind);
		wire_u32(w, &r->step.generation);
		break;
	default:
		break;
	}
}

/* --- the member --- */

static void wire_secret(struct wire *w, struct secret *s)
{
	struct view v = secret_view(s);
	wire_bytes(w, &v);
	if (wire_reading(w) && !w->failed && secret_set(s, v))
		wire_fail(w, UC_E_MALFORMED);
}

static void wire_sign_key(struct wire *w, struct sign_key *k)
{
	struct view priv = secret_view(&k->priv), pub = sign_public(k);
	wire_bytes(w, &priv);
	wire_bytes(w, &pub);
	if (wire_reading(w) && !w->failed && sign_key_load(k, priv, pub))
		wire_fail(w, UC_E_MALFORMED);
}

static void wire_resumption(struct wire *w, struct group *g)
{
	uint8_t n = (uint8_t)g->resumption_n;
	wire_u8(w, &n);
	if (n > GROUP_RESUMPTION_EPOCHS)
		wire_fail(w, UC_E_MALFORMED);
	for (size_t i = 0; !w->failed && i < n; i++) {
		wire_u64(w, &g->resumption[i].epoch);
		wire_secret(w, &g->resumption[i].psk);
	}
	if (wire_reading(w))
		g->resumption_n = w->failed ? 0 : n;
}

static void wire_epoch(struct wire *w, struct epoch *e, const struct suite *s,
		       struct secret *ratchet_key)
{
	bool live = e->secrets.init_secret.n != 0, has_exporter = e->exporter.width != 0;
	wire_u32(w, &e->own_leaf);
	wire_secret(w, &e->secrets.sender_data_secret);
	wire_secret(w, ratchet_key);
	wire_bool(w, &live);
	if (live && !w->failed) {
		wire_epoch_secrets(w, &e->secrets);
		wire_tree_secrets(w, &e->keys);
	}
	wire_bool(w, &has_exporter);
	if (has_exporter && !w->failed)
		wire_key_tree(w, &e->exporter, s);
}

static void wire_slot(struct wire *w, struct group *g, size_t i, struct member_epoch *at)
{
	struct epoch **slot = group_epoch_slot(g, i);
	wire_u32(w, &at->serial);
	if (w->failed || !at->serial)
		return;
	if (wire_reading(w)) {
		*slot = epoch_new(g, g->suite);
		if (!*slot) {
			wire_fail(w, heap_account_error(&g->memory));
			return;
		}
	}
	wire_epoch(w, *slot, g->suite, &at->ratchet_key);
}

static void member_keys_element(struct wire *w, void *v)
{
	struct member_keys *k = v;
	wire_u32(w, &k->serial);
	wire_bytes(w, &k->update_priv);
	wire_bytes(w, &k->update_pub);
	wire_bytes(w, &k->sign_priv);
	wire_bytes(w, &k->sign_pub);
}

void wire_member(struct wire *w, struct group *g, struct member_epoch epochs[GROUP_EPOCHS],
		 struct member_keys_list *keys)
{
	wire_sign_key(w, &g->signature_key);
	wire_bool(w, &g->is_removed);
	wire_resumption(w, g);
	wire_commit_history(w, &g->history);
	wire_fixed(w, g->pending_hash, sizeof g->pending_hash);
	wire_sign_key(w, &g->pending_key);
	for (size_t i = 0; !w->failed && i < GROUP_EPOCHS; i++)
		wire_slot(w, g, i, &epochs[i]);
	WIRE_LIST(w, keys, member_keys_element);
}
