/* SPDX-License-Identifier: Apache-2.0 */
/* A member's group at rest, in two parts: what changes with an epoch, what with each message.
 *
 * epoch:    uint16 version; uint16 suite; opaque priv<V>; opaque pub<V>; uint8 removed;
 *           uint8 n; { uint64 epoch; opaque psk<V>; } resumption[n];
 *           opaque proposals<V>; opaque pending_hash[32]; opaque epochs[4]<V>   (now, past, pending);
 *           opaque pending_priv<V>; opaque pending_pub<V>: our signature key once the pending commit
 *           is accepted, empty when it stays.  Version 1 has not these two: it always stayed;
 *           commit_history (commit_history.h).  Versions 1 and 2 have not: nothing is known.
 * an epoch: uint32 own_leaf; opaque state<V>; opaque sender_data_secret<V>; bool live; if live:
 *           epoch_secrets; tree_secrets.  Of past epochs only what opens late messages is left.
 *           Empty when there is no such epoch.
 * ratchets: uint16 version; uint64 epoch; opaque ratchets[4]<V>: secret tree, exporter tree */
#include "base/heap.h"
#include "mls/group_inside.h"

enum { GROUP_VERSION = 3, RATCHETS_VERSION = 1 };

/* Writes a part into a buffer of its own, then as opaque<V>. */
typedef uc_err save_part(const void *from, struct buf *out);
static void wire_part(struct wire *w, save_part *save, const void *from)
{
	struct buf b;
	buf_init_secret(&b, WIRE_OBJECT_MAX);
	uc_err err = from ? save(from, &b) : UC_OK;
	struct view v = buf_view(&b);
	if (err)
		wire_fail(w, err);
	else
		wire_bytes(w, &v);
	buf_done(&b);
}

static uc_err save_state(const void *from, struct buf *out)
{
	return group_state_save(from, out);
}

static uc_err save_proposals(const void *from, struct buf *out)
{
	return proposal_store_save(from, out);
}

/* The walks below only read what they write. */
static uc_err save_epoch(const void *from, struct buf *out)
{
	const struct epoch *e = from;
	struct epoch_secrets secrets = e->secrets;
	struct tree_secrets keys = e->keys;
	uint32_t own_leaf = e->own_leaf;
	struct wire w;
	wire_writer(&w, out);
	wire_u32(&w, &own_leaf);
	wire_part(&w, save_state, &e->state);
	struct view sender_data = secret_view(&e->secrets.sender_data_secret);
	bool live = e->secrets.init_secret.n != 0;
	wire_bytes(&w, &sender_data);
	wire_bool(&w, &live);
	if (live) {
		wire_epoch_secrets(&w, &secrets);
		wire_tree_secrets(&w, &keys);
	}
	epoch_secrets_wipe(&secrets);
	tree_secrets_wipe(&keys);
	return wire_finish(&w);
}

static uc_err save_ratchets(const void *from, struct buf *out)
{
	const struct epoch *e = from;
	struct secret_tree messages = e->messages; /* shallow: written, not kept */
	struct key_tree exporter = e->exporter;
	struct wire w;
	wire_writer(&w, out);
	wire_secret_tree(&w, &messages, e->state.suite);
	bool has_exporter = exporter.width != 0;
	wire_bool(&w, &has_exporter);
	if (has_exporter)
		wire_key_tree(&w, &exporter, e->state.suite);
	return wire_finish(&w);
}

uc_err group_save_epoch(const struct group *g, struct buf *out)
{
	struct wire w;
	uint16_t version = GROUP_VERSION, suite = g->suite->id;
	struct view priv = secret_view(&g->signature_key.priv),
		    pub = sign_public(&g->signature_key);
	bool removed = g->is_removed;
	uint8_t n = (uint8_t)g->resumption_n, hash[SHA256_BYTES];
	memcpy(hash, g->pending_hash, sizeof hash);
	wire_writer(&w, out);
	wire_u16(&w, &version);
	wire_u16(&w, &suite);
	wire_bytes(&w, &priv);
	wire_bytes(&w, &pub);
	wire_bool(&w, &removed);
	wire_u8(&w, &n);
	for (size_t i = 0; i < g->resumption_n; i++) {
		uint64_t epoch = g->resumption[i].epoch;
		struct view psk = secret_view(&g->resumption[i].psk);
		wire_u64(&w, &epoch);
		wire_bytes(&w, &psk);
	}
	wire_part(&w, save_proposals, &g->proposals);
	wire_fixed(&w, hash, sizeof hash);
	for (size_t i = 0; i < GROUP_EPOCHS; i++)
		wire_part(&w, save_epoch, group_epoch_at(g, i));
	priv = secret_view(&g->pending_key.priv);
	pub = sign_public(&g->pending_key);
	wire_bytes(&w, &priv);
	wire_bytes(&w, &pub);
	struct commit_history history = g->history;
	wire_commit_history(&w, &history);
	return wire_finish(&w);
}

uc_err group_save_ratchets(const struct group *g, struct buf *out)
{
	struct wire w;
	uint16_t version = RATCHETS_VERSION;
	uint64_t epoch = group_epoch(g);
	wire_writer(&w, out);
	wire_u16(&w, &version);
	wire_u64(&w, &epoch);
	for (size_t i = 0; i < GROUP_EPOCHS; i++)
		wire_part(&w, save_ratchets, group_epoch_at(g, i));
	return wire_finish(&w);
}

/* --- loading --- */

static uc_err load_epoch(struct epoch *e, const struct group *g, struct view saved)
{
	struct wire w;
	struct view state = { NULL, 0 }, sender_data = { NULL, 0 };
	bool live = false;
	wire_reader(&w, saved, NULL);
	wire_u32(&w, &e->own_leaf);
	wire_bytes(&w, &state);
	wire_bytes(&w, &sender_data);
	wire_bool(&w, &live);
	if (live) {
		wire_epoch_secrets(&w, &e->secrets);
		wire_tree_secrets(&w, &e->keys);
	}
	TRY(wire_finish(&w));
	TRY(secret_set(&e->secrets.sender_data_secret, sender_data));
	TRY(group_state_load(&e->state, g->platform.crypto, state));
	/* Whatever the epoch, we were in it: others rely on our leaf being there. */
	return e->state.suite == g->suite && tree_has_leaf(&e->state.tree, e->own_leaf)
		       ? UC_OK
		       : UC_E_CORRUPT;
}

static uc_err load_ratchets(struct epoch *e, struct view saved)
{
	struct wire w;
	bool has_exporter = false;
	wire_reader(&w, saved, NULL);
	wire_secret_tree(&w, &e->messages, e->state.suite);
	wire_bool(&w, &has_exporter);
	if (has_exporter && !w.failed)
		wire_key_tree(&w, &e->exporter, e->state.suite);
	return wire_finish(&w);
}

static uc_err load_resumption(struct group *g, struct wire *w)
{
	uint8_t n = 0;
	wire_u8(w, &n);
	if (n > GROUP_RESUMPTION_EPOCHS)
		return UC_E_CORRUPT;
	for (size_t i = 0; i < n; i++) {
		struct view psk = { NULL, 0 };
		wire_u64(w, &g->resumption[i].epoch);
		wire_bytes(w, &psk);
		TRY(secret_set(&g->resumption[i].psk, psk));
	}
	g->resumption_n = n;
	return UC_OK;
}

static uc_err load_parts(struct group *g, uint16_t version, struct wire *w)
{
	struct view priv = { NULL, 0 }, pub = { NULL, 0 }, proposals = { NULL, 0 };
	wire_bytes(w, &priv);
	wire_bytes(w, &pub);
	wire_bool(w, &g->is_removed);
	TRY(sign_key_load(&g->signature_key, priv, pub));
	TRY(load_resumption(g, w));
	wire_bytes(w, &proposals);
	wire_fixed(w, g->pending_hash, sizeof g->pending_hash);
	for (size_t i = 0; !w->failed && i < GROUP_EPOCHS; i++) {
		struct view saved = { NULL, 0 };
		wire_bytes(w, &saved);
		if (w->failed || !saved.n)
			continue;
		struct epoch *e = *group_epoch_slot(g, i) = epoch_new(g, g->suite);
		if (!e)
			return heap_account_error(&g->memory);
		TRY(load_epoch(e, g, saved));
	}
	if (version > 1) {
		priv = pub = (struct view){ NULL, 0 };
		wire_bytes(w, &priv);
		wire_bytes(w, &pub);
		if (!w->failed)
			TRY(sign_key_load(&g->pending_key, priv, pub));
	}
	if (version > 2)
		wire_commit_history(w, &g->history);
	TRY(wire_finish(w));
	return proposal_store_load(&g->proposals, g->suite, proposals);
}

static uc_err load_all_ratchets(struct group *g, struct view ratchets)
{
	struct wire w;
	uint16_t version = 0;
	uint64_t epoch = 0;
	if (!g->now && !g->pending)
		return UC_E_CORRUPT;
	wire_reader(&w, ratchets, NULL);
	wire_u16(&w, &version);
	wire_u64(&w, &epoch);
	if (!w.failed && version != RATCHETS_VERSION)
		return UC_E_VERSION;
	if (epoch != group_epoch(g))
		return UC_E_CORRUPT;
	for (size_t i = 0; !w.failed && i < GROUP_EPOCHS; i++) {
		struct view saved = { NULL, 0 };
		wire_bytes(&w, &saved);
		if (w.failed || !saved.n != !group_epoch_at(g, i))
			return UC_E_CORRUPT;
		if (saved.n)
			TRY(load_ratchets(group_epoch_at(g, i), saved));
	}
	return wire_finish(&w);
}

static uc_err load(const struct group_platform *platform, struct view epoch, struct view ratchets,
		   struct group **out)
{
	struct wire w;
	uint16_t version = 0, suite = 0;
	wire_reader(&w, epoch, NULL);
	wire_u16(&w, &version);
	wire_u16(&w, &suite);
	if (!w.failed && (version == 0 || version > GROUP_VERSION))
		return UC_E_VERSION;
	const struct suite *s = crypto_suite(platform->crypto, suite);
	if (w.failed || !s)
		return UC_E_CORRUPT;
	TRY(group_new(platform, s, out));
	TRY(load_parts(*out, version, &w));
	return load_all_ratchets(*out, ratchets);
}

uc_err group_load(const struct group_platform *platform, struct view epoch, struct view ratchets,
		  struct group **out)
{
	struct group *g = NULL;
	uc_err err = load(platform, epoch, ratchets, &g);
	if (err)
		group_free(g);
	else
		*out = g;
	return err;
}
