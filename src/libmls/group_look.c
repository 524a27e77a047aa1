/* SPDX-License-Identifier: Apache-2.0 */
/* What a group says of itself, and what is derived from an epoch's secrets. */
#include "base/heap.h"
#include "libmls/give.h"
#include "libmls/made.h"

#include "mls/grease.h"

enum mls_group_state mls_group_state(const mls_group *group)
{
	if (!group || group_is_removed(group->g))
		return MLS_GROUP_REMOVED;
	if (group_reinit_of(group->g))
		return MLS_GROUP_CLOSED;
	return group_epoch_authenticator(group->g).n ? MLS_GROUP_OPEN : MLS_GROUP_JOINING;
}

uint64_t mls_group_epoch(const mls_group *group)
{
	return group ? group_epoch(group->g) : 0;
}

uint32_t mls_group_own_index(const mls_group *group)
{
	return group ? group_own_leaf(group->g) : MLS_NO_INDEX;
}

size_t mls_group_member_count(const mls_group *group)
{
	return group ? tree_member_count(group_now(group->g).tree) : 0;
}

size_t mls_group_memory_bytes(const mls_group *group)
{
	return group ? group_memory_bytes(group->g) : 0;
}

static uc_err view_at(const mls_group *m, enum mls_when when, struct group_view *out)
{
	switch (when) {
	case MLS_NOW:
		*out = group_now(m->g);
		return UC_OK;
	case MLS_STAGED:
		return group_staged_view(m->g, out) ? UC_OK : UC_E_NOT_FOUND;
	case MLS_PENDING:
		return group_pending_view(m->g, out) ? UC_OK : UC_E_NOT_FOUND;
	}
	return UC_E_ARGUMENT;
}

/* A call that looks, with what is handed out going straight to the caller. */
struct looking {
	struct call call;
	struct giver giver;
};

static uc_err look(struct looking *l, const mls_group *group, mls_out *out, const void *result)
{
	if (!group || !out || !result)
		return UC_E_ARGUMENT;
	TRY(call_look(&l->call, group->client, out));
	l->giver = (struct giver){ .a = out->a };
	return UC_OK;
}

static uc_err looked(struct looking *l, uc_err err)
{
	return call_end(&l->call, err ? err : l->giver.failed);
}

uc_err mls_group_context(const mls_group *group, enum mls_when when, mls_out *out,
			 struct mls_context *context)
{
	struct looking l;
	struct group_view v;
	struct mls_context fresh = { .epoch = 0 };
	TRY(look(&l, group, out, context));
	uc_err err = view_at(group, when, &v);
	if (!err)
		fresh = give_context(&l.giver, v.context);
	TRY(looked(&l, err));
	*context = fresh;
	return UC_OK;
}

uc_err mls_group_members(const mls_group *group, enum mls_when when, mls_out *out,
			 struct mls_leaf_list *members)
{
	struct looking l;
	struct group_view v;
	struct mls_leaf_list fresh = { NULL, 0 };
	TRY(look(&l, group, out, members));
	uc_err err = view_at(group, when, &v);
	if (!err)
		fresh = give_members(&l.giver, v.tree);
	TRY(looked(&l, err));
	*members = fresh;
	return UC_OK;
}

uc_err mls_group_member(const mls_group *group, enum mls_when when, uint32_t index, mls_out *out,
			struct mls_leaf *member)
{
	struct looking l;
	struct group_view v;
	const struct leaf_node *leaf = NULL;
	struct leaf_node room;
	struct mls_leaf fresh = { .index = 0 };
	TRY(look(&l, group, out, member));
	uc_err err = view_at(group, when, &v);
	if (!err && index < TREE_LEAVES_MAX)
		leaf = tree_leaf_find(v.tree, index, &room);
	if (!err && !leaf)
		err = UC_E_NOT_FOUND;
	if (!err)
		fresh = give_leaf(&l.giver, leaf, index);
	TRY(looked(&l, err));
	*member = fresh;
	return UC_OK;
}

uc_err mls_group_member_find(const mls_group *group, struct mls_bytes identity, uint32_t *index)
{
	struct view want;
	if (!group || !index)
		return UC_E_ARGUMENT;
	TRY(bytes_in(identity, &want));
	return leaf_by_identity(group_now(group->g).tree, want, index);
}

uc_err mls_group_reinit_of(const mls_group *group, mls_out *out, struct mls_reinit *reinit)
{
	struct looking l;
	struct mls_reinit fresh = { .version = 0 };
	TRY(look(&l, group, out, reinit));
	const struct re_init *r = group_reinit_of(group->g);
	if (r)
		fresh = give_reinit(&l.giver, r);
	TRY(looked(&l, r ? UC_OK : UC_E_NOT_FOUND));
	*reinit = fresh;
	return UC_OK;
}

/* Bytes that were found or made, unless something went wrong. */
static uc_err bytes_out(struct looking *l, uc_err err, struct view v, struct mls_bytes *bytes)
{
	struct mls_bytes fresh = { NULL, 0 };
	if (!err)
		fresh = give_bytes(&l->giver, v);
	TRY(looked(l, err));
	*bytes = fresh;
	return UC_OK;
}

static uc_err group_info(struct looking *l, const mls_group *m, bool with_tree,
			 bool without_external_pub, struct view *out)
{
	static const struct extension_list none = { NULL, 0 };
	struct group_info_parts parts = { .without_external_pub = without_external_pub,
					  .with_ratchet_tree = with_tree };
	struct arena *a = &l->call.scratch;
	struct view encoded;
	if (m->client->grease)
		TRY(grease_extensions(&m->client->env, &none, a, &parts.more));
	TRY(group_info_make_with(m->g, &parts, a, &encoded));
	return message_around(a, MLS_WIRE_GROUP_INFO, encoded, out);
}

uc_err mls_group_info(const mls_group *group, bool with_tree, bool without_external_pub,
		      mls_out *out, struct mls_bytes *bytes)
{
	struct looking l;
	struct view v = { NULL, 0 };
	TRY(look(&l, group, out, bytes));
	uc_err err = group_info(&l, group, with_tree, without_external_pub, &v);
	return bytes_out(&l, err, v, bytes);
}

uc_err mls_group_ratchet_tree(const mls_group *group, mls_out *out, struct mls_bytes *ratchet_tree)
{
	struct looking l;
	struct view v = { NULL, 0 };
	TRY(look(&l, group, out, ratchet_tree));
	uc_err err = group_ratchet_tree(group->g, &l.call.scratch, &v);
	return bytes_out(&l, err, v, ratchet_tree);
}

uc_err mls_group_epoch_authenticator(const mls_group *group, mls_out *out,
				     struct mls_bytes *authenticator)
{
	struct looking l;
	TRY(look(&l, group, out, authenticator));
	struct view v = group_epoch_authenticator(group->g);
	return bytes_out(&l, v.n && !group_is_removed(group->g) ? UC_OK : UC_E_REMOVED, v,
			 authenticator);
}

uc_err mls_group_export(const mls_group *group, const char *label, struct mls_bytes context,
			uint8_t *secret, size_t n)
{
	struct view v;
	if (!group || !label || (!secret && n))
		return UC_E_ARGUMENT;
	TRY(bytes_in(context, &v));
	return group_export(group->g, label, v, secret, n);
}

uc_err mls_group_resumption_psk(const mls_group *group, uint64_t epoch, mls_out *out,
				struct mls_bytes *psk)
{
	struct looking l;
	struct secret s = { .n = 0 };
	TRY(look(&l, group, out, psk));
	uc_err err = group_resumption_psk(group->g, epoch, &s);
	err = bytes_out(&l, err, secret_view(&s), psk);
	secret_wipe(&s);
	return err;
}

uc_err mls_group_component(const mls_group *group, uint16_t component_id, mls_out *out,
			   struct mls_bytes *data)
{
	struct looking l;
	const struct view *found = NULL;
	TRY(look(&l, group, out, data));
	uc_err err = group_component(group->g, component_id, &l.call.scratch, &found);
	if (!err && !found)
		err = UC_E_NOT_FOUND;
	return bytes_out(&l, err, err ? view_make(NULL, 0) : *found, data);
}

uc_err mls_group_signature_key(const mls_group *group, mls_signature_key **key)
{
	if (!group || !key)
		return UC_E_ARGUMENT;
	mls_signature_key *k = HEAP_NEW(mls_signature_key);
	if (!k)
		return UC_E_MEMORY;
	k->client = group->client;
	client_hold(k->client);
	k->suite = group_now(group->g).suite;
	k->key = *group_signature_key(group->g);
	*key = k;
	return UC_OK;
}

uc_err mls_group_wrap(mls_group *group, const struct mls_wrapping *wrapping)
{
	if (!group || !wrapping || group->client->inside)
		return UC_E_ARGUMENT;
	group->wrapping = wrapping_in(wrapping);
	return UC_OK;
}
