/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/group_safe.h"

#include "mls/group_inside.h"
#include "mls/safe.h"

static uc_err now_of(const struct group *g, struct epoch **now)
{
	*now = g->now;
	return g->now && !g->is_removed ? UC_OK : UC_E_REMOVED;
}

static uc_err leaf_of(const struct group *g, uint32_t leaf, struct leaf_node *out)
{
	struct epoch *e;
	TRY(now_of(g, &e));
	return tree_leaf_find(&e->state.tree, leaf, out) ? UC_OK : UC_E_NOT_FOUND;
}

/* --- exported secrets --- */

uc_err group_safe_export(struct group *g, uint16_t component_id, struct secret *out)
{
	struct epoch *e;
	TRY(now_of(g, &e));
	return safe_export_take(&e->exporter, component_id, out);
}

bool group_safe_export_is_left(const struct group *g, uint16_t component_id)
{
	struct epoch *e;
	return !now_of(g, &e) && key_tree_has(&e->exporter, component_id);
}

/* --- signatures --- */

uc_err group_safe_sign(const struct group *g, uint16_t component_id, struct view label,
		       struct view content, struct arena *a, struct view *signature)
{
	struct epoch *e;
	TRY(now_of(g, &e));
	return safe_sign_with_label(g->suite, &g->signature_key, g->platform.env, component_id,
				    label, content, a, signature);
}

uc_err group_safe_verify(const struct group *g, uint32_t leaf, uint16_t component_id,
			 struct view label, struct view content, struct view signature)
{
	struct leaf_node by;
	TRY(leaf_of(g, leaf, &by));
	return safe_verify_with_label(g->suite, by.signature_key, component_id, label, content,
				      signature);
}

/* --- HPKE --- */

uc_err group_safe_encrypt_to(const struct group *g, uint32_t leaf, uint16_t component_id,
			     struct view label, struct view context, struct view plaintext,
			     struct arena *a, struct safe_ciphertext *out)
{
	struct leaf_node to;
	struct safe_ciphertext made;
	TRY(leaf_of(g, leaf, &to));
	TRY(safe_encrypt_with_label(g->suite, g->platform.env, to.encryption_key, component_id,
				    label, context, plaintext, a, &made.kem_output,
				    &made.ciphertext));
	*out = made;
	return UC_OK;
}

uc_err group_safe_decrypt(const struct group *g, uint16_t component_id, struct view label,
			  struct view context, const struct safe_ciphertext *in, struct arena *a,
			  struct view *plaintext)
{
	struct epoch *e;
	TRY(now_of(g, &e));
	const struct kem_key *key = tree_secret_find(&e->keys, tree_node_of_leaf(e->own_leaf));
	if (!key)
		return UC_E_NOT_FOUND;
	return safe_decrypt_with_label(g->suite, key, component_id, label, context, in->kem_output,
				       in->ciphertext, a, plaintext);
}

uc_err group_safe_encrypt_to_all(const struct group *g, uint16_t component_id, struct view label,
				 struct view context, struct view plaintext, struct arena *a,
				 struct safe_ciphertext *out)
{
	struct epoch *e;
	struct kem_key key = { .pub_n = 0 };
	struct safe_ciphertext made;
	TRY(now_of(g, &e));
	uc_err err = external_key_derive(g->suite, &e->secrets, &key);
	if (!err)
		err = safe_encrypt_with_label(g->suite, g->platform.env, kem_public(&key),
					      component_id, label, context, plaintext, a,
					      &made.kem_output, &made.ciphertext);
	kem_key_wipe(&key);
	if (!err)
		*out = made;
	return err;
}

uc_err group_safe_decrypt_to_all(const struct group *g, uint16_t component_id, struct view label,
				 struct view context, const struct safe_ciphertext *in,
				 struct arena *a, struct view *plaintext)
{
	struct epoch *e;
	struct kem_key key = { .pub_n = 0 };
	TRY(now_of(g, &e));
	uc_err err = external_key_derive(g->suite, &e->secrets, &key);
	if (!err)
		err = safe_decrypt_with_label(g->suite, &key, component_id, label, context,
					      in->kem_output, in->ciphertext, a, plaintext);
	kem_key_wipe(&key);
	return err;
}

/* --- pre-shared keys --- */

uc_err group_component_psk(const struct group *g, uint16_t component_id, struct view psk_id,
			   struct arena *a, struct proposal *out)
{
	uint8_t *nonce = arena_take(a, g->suite->nh);
	if (!nonce)
		return arena_error(a);
	TRY(env_random(g->platform.env, nonce, g->suite->nh));
	*out = (struct proposal){ .proposal_type = PROPOSAL_PSK,
				  .psk = { .psktype = PSK_APPLICATION,
					   .component_id = component_id,
					   .psk_id = psk_id,
					   .psk_nonce = view_make(nonce, g->suite->nh) } };
	return UC_OK;
}

/* --- acknowledgements --- */

/* What of first to last is there to read that we have not read (or, where `read`, what we have),
 * appended as ranges: keys that are kept for skipped messages are of those we have not. */
static void ranges_add(const struct ratchet *r, struct message_range all, bool read,
		       struct message_range_list *out)
{
	uint64_t at = all.first_generation, end = (uint64_t)all.last_generation + 1;
	uint64_t next = r ? r->next : 0;
	for (size_t i = 0; at < end; i++) {
		/* From `at` on we have read up to the next gap, which is as long as one message, or
		 * all that is yet to come. */
		while (r && i < r->n && r->skipped[i].generation < at)
			i++;
		uint64_t gap = r && i < r->n ? r->skipped[i].generation : next;
		uint64_t after = gap < next ? gap + 1 : end;
		gap = gap < at ? at : gap;
		gap = gap < end ? gap : end;
		after = after < end ? after : end;
		struct message_range have = { all.sender, (uint32_t)at, (uint32_t)(gap - 1) };
		struct message_range lack = { all.sender, (uint32_t)gap, (uint32_t)(after - 1) };
		if (read && gap > at)
			out->v[out->n++] = have;
		if (!read && after > gap) {
			struct message_range *last = out->n ? &out->v[out->n - 1] : NULL;
			if (last && last->sender == all.sender && last->last_generation + 1 == gap)
				last->last_generation = lack.last_generation;
			else
				out->v[out->n++] = lack;
		}
		at = after;
	}
}

uc_err group_app_ack(const struct group *g, struct arena *a, struct app_ack *out)
{
	struct epoch *e;
	struct message_range_list l = { .n = 0 };
	size_t most = 0;
	TRY(now_of(g, &e));
	for (size_t i = 0; i < e->messages.n; i++)
		most += e->messages.leaves[i]->ratchet[RATCHET_APPLICATION].n + 1;
	l.v = ARENA_ARRAY(a, struct message_range, most);
	if (!l.v)
		return arena_error(a);
	for (size_t i = 0; i < e->messages.n; i++) {
		const struct ratchet *r = &e->messages.leaves[i]->ratchet[RATCHET_APPLICATION];
		uint32_t leaf = e->messages.leaves[i]->leaf;
		if (leaf != e->own_leaf && r->next)
			ranges_add(r, (struct message_range){ leaf, 0, r->next - 1 }, true, &l);
	}
	out->received_ranges = l;
	return UC_OK;
}

uc_err group_app_ack_missing(const struct group *g, const struct app_ack *theirs, struct arena *a,
			     struct app_ack *out)
{
	struct epoch *e;
	struct message_range_list l = { .n = 0 };
	size_t most = 0;
	TRY(now_of(g, &e));
	for (size_t i = 0; i < theirs->received_ranges.n; i++) {
		const struct leaf_ratchets *r =
			secret_tree_leaf(&e->messages, theirs->received_ranges.v[i].sender);
		most += 1 + (r ? r->ratchet[RATCHET_APPLICATION].n : 0);
	}
	l.v = ARENA_ARRAY(a, struct message_range, most);
	if (!l.v)
		return arena_error(a);
	for (size_t i = 0; i < theirs->received_ranges.n; i++) {
		const struct message_range *all = &theirs->received_ranges.v[i];
		const struct leaf_ratchets *r = secret_tree_leaf(&e->messages, all->sender);
		struct leaf_node room;
		if (all->sender != e->own_leaf &&
		    tree_leaf_find(&e->state.tree, all->sender, &room))
			ranges_add(r ? &r->ratchet[RATCHET_APPLICATION] : NULL, *all, false, &l);
	}
	out->received_ranges = l;
	return UC_OK;
}
