/* SPDX-License-Identifier: Apache-2.0 */
/* Groups without secrets, for servers. */
#include "base/heap.h"
#include "libmls/give.h"
#include "libmls/take.h"

uc_err public_group_object_new(mls_client *client, mls_public_group **out)
{
	mls_public_group *m = HEAP_NEW(mls_public_group);
	if (!m)
		return UC_E_MEMORY;
	m->client = client;
	client_hold(client);
	*out = m;
	return UC_OK;
}

void mls_public_group_free(mls_public_group *group)
{
	if (!group || group->client->inside)
		return;
	public_group_free(group->p);
	client_release(group->client);
	heap_free(group);
}

/* --- beginning --- */

static uc_err begin(mls_client *client, mls_public_group *m, struct mls_bytes group_info,
		    struct mls_bytes ratchet_tree)
{
	const struct group_platform platform = client_platform(client);
	struct view message, tree, body;
	TRY(bytes_in(group_info, &message));
	TRY(bytes_in(ratchet_tree, &tree));
	TRY(message_body(message, MLS_WIRE_GROUP_INFO, &body));
	return public_group_new_on(&platform, body, tree, &m->p);
}

uc_err mls_public_group_new(mls_client *client, struct mls_bytes group_info,
			    struct mls_bytes ratchet_tree, mls_public_group **group)
{
	struct call c;
	mls_public_group *m = NULL;
	if (!group)
		return UC_E_ARGUMENT;
	TRY(call_begin(&c, client, NULL));
	uc_err err = public_group_object_new(client, &m);
	if (!err)
		err = begin(client, m, group_info, ratchet_tree);
	if (err)
		mls_public_group_free(m);
	else
		*group = m;
	return call_end(&c, err);
}

/* --- what comes in --- */

static uc_err receive(struct call *c, mls_public_group *m, struct view message,
		      struct mls_received *out)
{
	struct giver g = { .a = c->out->a };
	struct public_received got;
	TRY(call_reserve(c, message.n));
	TRY(public_group_receive(m->p, message, &c->scratch, &got));
	*out = (struct mls_received){ .sender = give_sender(&got.sender),
				      .epoch = public_group_now(m->p).context->epoch };
	if (got.kind == PUBLIC_PROPOSAL) {
		const struct proposal_view p = { got.sender, got.proposal, got.proposal_ref };
		out->kind = MLS_RECEIVED_PROPOSAL;
		out->proposal = give_proposal(&g, &p);
		return g.failed;
	}
	out->kind = MLS_RECEIVED_COMMIT;
	out->change = give_change(&g, got.change, MLS_NO_INDEX);
	if (g.failed)
		public_group_drop(m->p);
	out->authenticated_data = out->change.authenticated_data;
	return g.failed;
}

uc_err mls_public_group_receive(mls_public_group *group, struct mls_bytes message, mls_out *out,
				struct mls_received *received)
{
	struct call c;
	struct view in;
	struct mls_received fresh = { .epoch = 0 };
	if (!group || !out || !received)
		return UC_E_ARGUMENT;
	TRY(bytes_in(message, &in));
	TRY(call_begin(&c, group->client, out));
	TRY(call_end(&c, receive(&c, group, in, &fresh)));
	*received = fresh;
	return UC_OK;
}

uc_err mls_public_group_staged_apply(mls_public_group *group)
{
	if (!group || group->client->inside)
		return UC_E_ARGUMENT;
	return public_group_apply(group->p);
}

void mls_public_group_staged_drop(mls_public_group *group)
{
	if (group && !group->client->inside)
		public_group_drop(group->p);
}

uc_err mls_public_group_check_info(const mls_public_group *group, struct mls_bytes group_info)
{
	struct view message, body;
	if (!group)
		return UC_E_ARGUMENT;
	TRY(bytes_in(group_info, &message));
	TRY(message_body(message, MLS_WIRE_GROUP_INFO, &body));
	return public_group_check_info(group->p, body);
}

uc_err mls_public_group_put_info(mls_public_group *group, struct mls_bytes group_info)
{
	struct view message, body;
	if (!group || group->client->inside)
		return UC_E_ARGUMENT;
	TRY(bytes_in(group_info, &message));
	TRY(message_body(message, MLS_WIRE_GROUP_INFO, &body));
	return public_group_put_info(group->p, body);
}

static uc_err propose(struct call *c, mls_public_group *m, uint32_t sender_index,
		      const mls_signature_key *key, const struct mls_proposal *p,
		      struct mls_bytes *out)
{
	struct taker t = { c->client, &c->scratch, UC_OK };
	const struct group_view now = public_group_now(m->p);
	const struct proposal in = take_proposal(&t, p, now.suite, now.context->group_id);
	struct view message;
	TRY(t.failed);
	TRY(call_reserve(c, 0));
	TRY(public_group_propose(m->p, sender_index, &key->key, &in, &c->scratch, &message));
	return mls_out_copy(c->out, message.p, message.n, out);
}

uc_err mls_public_group_propose(mls_public_group *group, uint32_t sender_index,
				const mls_signature_key *key, const struct mls_proposal *proposal,
				mls_out *out, struct mls_bytes *message)
{
	struct call c;
	struct mls_bytes fresh = { NULL, 0 };
	if (!group || !key || !proposal || !out || !message)
		return UC_E_ARGUMENT;
	TRY(call_begin(&c, group->client, out));
	TRY(call_end(&c, propose(&c, group, sender_index, key, proposal, &fresh)));
	*message = fresh;
	return UC_OK;
}

/* --- looking --- */

size_t mls_public_group_memory_bytes(const mls_public_group *group)
{
	return group ? public_group_memory_bytes(group->p) : 0;
}

struct looking {
	struct call call;
	struct giver giver;
	struct group_view now;
};

static uc_err look(struct looking *l, const mls_public_group *group, mls_out *out,
		   const void *result)
{
	if (!group || !out || !result)
		return UC_E_ARGUMENT;
	TRY(call_look(&l->call, group->client, out));
	l->giver = (struct giver){ .a = out->a };
	l->now = public_group_now(group->p);
	return UC_OK;
}

static uc_err looked(struct looking *l, uc_err err)
{
	return call_end(&l->call, err ? err : l->giver.failed);
}

uc_err mls_public_group_context(const mls_public_group *group, mls_out *out,
				struct mls_context *context)
{
	struct looking l;
	TRY(look(&l, group, out, context));
	const struct mls_context fresh = give_context(&l.giver, l.now.context);
	TRY(looked(&l, UC_OK));
	*context = fresh;
	return UC_OK;
}

uc_err mls_public_group_members(const mls_public_group *group, mls_out *out,
				struct mls_leaf_list *members)
{
	struct looking l;
	TRY(look(&l, group, out, members));
	const struct mls_leaf_list fresh = give_members(&l.giver, l.now.tree);
	TRY(looked(&l, UC_OK));
	*members = fresh;
	return UC_OK;
}

uc_err mls_public_group_member_find(const mls_public_group *group, struct mls_bytes identity,
				    uint32_t *index)
{
	struct view want;
	if (!group || !index)
		return UC_E_ARGUMENT;
	TRY(bytes_in(identity, &want));
	return leaf_by_identity(public_group_now(group->p).tree, want, index);
}

static uc_err proposals(struct looking *l, const mls_public_group *m, struct mls_proposal_list *out)
{
	size_t n = public_group_proposal_count(m->p);
	struct proposal_view_list list = { ARENA_ARRAY(&l->call.scratch, struct proposal_view, n),
					   n };
	if (!list.v)
		return arena_error(&l->call.scratch);
	for (size_t i = 0; i < n; i++)
		list.v[i] = public_group_proposal_at(m->p, i);
	*out = give_proposals(&l->giver, &list);
	return UC_OK;
}

uc_err mls_public_group_proposals(const mls_public_group *group, mls_out *out,
				  struct mls_proposal_list *list)
{
	struct looking l;
	struct mls_proposal_list fresh = { NULL, 0 };
	TRY(look(&l, group, out, list));
	TRY(looked(&l, proposals(&l, group, &fresh)));
	*list = fresh;
	return UC_OK;
}

uc_err mls_public_group_reinit_of(const mls_public_group *group, mls_out *out,
				  struct mls_reinit *reinit)
{
	struct looking l;
	struct mls_reinit fresh = { .version = 0 };
	TRY(look(&l, group, out, reinit));
	const struct re_init *r = public_group_reinit_of(group->p);
	if (r)
		fresh = give_reinit(&l.giver, r);
	TRY(looked(&l, r ? UC_OK : UC_E_NOT_FOUND));
	*reinit = fresh;
	return UC_OK;
}

/* What writes all of something into a buffer. */
typedef uc_err writing(const struct public_group *p, struct buf *out);

static uc_err written(const mls_public_group *group, writing *write, mls_out *out,
		      struct mls_bytes *bytes)
{
	struct looking l;
	struct buf b;
	struct mls_bytes fresh = { NULL, 0 };
	TRY(look(&l, group, out, bytes));
	buf_init(&b, WIRE_OBJECT_MAX);
	uc_err err = write(group->p, &b);
	if (!err)
		fresh = give_bytes(&l.giver, buf_view(&b));
	buf_done(&b);
	TRY(looked(&l, err));
	*bytes = fresh;
	return UC_OK;
}

uc_err mls_public_group_ratchet_tree(const mls_public_group *group, mls_out *out,
				     struct mls_bytes *ratchet_tree)
{
	return written(group, public_group_ratchet_tree, out, ratchet_tree);
}

uc_err mls_public_group_info(const mls_public_group *group, mls_out *out,
			     struct mls_bytes *group_info)
{
	struct looking l;
	struct view encoded, message = { NULL, 0 };
	TRY(look(&l, group, out, group_info));
	uc_err err = public_group_info(group->p, &l.call.scratch, &encoded);
	if (!err)
		err = message_around(out->a, MLS_WIRE_GROUP_INFO, encoded, &message);
	TRY(looked(&l, err));
	*group_info = (struct mls_bytes){ message.p, message.n };
	return UC_OK;
}
