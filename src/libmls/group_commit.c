/* SPDX-License-Identifier: Apache-2.0 */
/* Commits and proposals of ours (RFC 9420, 12.1, 12.4.1). */
#include "libmls/give.h"
#include "libmls/made.h"
#include "libmls/take.h"

#include "mls/grease.h"

/* --- what was made --- */

static struct mls_bytes give_message(struct giver *g, enum mls_wire_format format, struct view body)
{
	struct view message;
	if (!body.n)
		return (struct mls_bytes){ NULL, 0 };
	uc_err err = message_around(g->a, format, body, &message);
	if (err) {
		g->failed = err;
		return (struct mls_bytes){ NULL, 0 };
	}
	return (struct mls_bytes){ message.p, message.n };
}

/* Who joins from outside knows the epoch to come, and itself in it. */
static void give_external(struct giver *g, const mls_group *m, struct mls_change *out)
{
	const struct group_view after = group_now(m->g);
	uint32_t own = group_own_leaf(m->g);
	struct leaf_node room;
	const struct leaf_node *node = tree_leaf_find(after.tree, own, &room);
	struct mls_leaf *leaf = ARENA_NEW(g->a, struct mls_leaf);
	struct mls_bytes *ref = ARENA_NEW(g->a, struct mls_bytes);
	if (!leaf || !ref || !node) {
		g->failed = node ? arena_error(g->a) : UC_E_NOT_FOUND;
		return;
	}
	*leaf = give_leaf(g, node, own);
	*out = (struct mls_change){
		.sender = { SENDER_NEW_MEMBER_COMMIT, MLS_NO_INDEX },
		.committer = own,
		.is_external = true,
		.has_path = true,
		.after = give_context(g, after.context),
		.joined = { leaf, 1 },
		.refs = { ref, 1 },
	};
}

uc_err made_give(struct call *c, const mls_group *m, const struct made_commit *in, bool has_change,
		 bool with_tree, struct mls_made *out)
{
	struct giver g = { .a = c->out->a };
	*out = (struct mls_made){
		.commit = give_bytes(&g, in->commit),
		.welcome = give_message(&g, MLS_WIRE_WELCOME, in->welcome),
		.group_info = give_message(&g, MLS_WIRE_GROUP_INFO, in->group_info),
	};
	if (with_tree && in->welcome.n)
		out->ratchet_tree = give_bytes(&g, in->ratchet_tree);
	if (has_change)
		out->change = give_change(&g, &in->change, MLS_NO_INDEX);
	else
		give_external(&g, m, &out->change);
	return g.failed;
}

/* --- commit --- */

static uc_err info_parts(struct call *c, const struct mls_commit *what,
			 struct group_info_parts *out)
{
	struct taker t = { c->client, &c->scratch, UC_OK };
	const struct extension_list more = take_extensions(&t, what->info_extensions);
	TRY(t.failed);
	*out = (struct group_info_parts){ .without_external_pub = what->without_external_pub,
					  .with_ratchet_tree = what->tree_in_welcome,
					  .more = more };
	return c->client->grease
		       ? grease_extensions(&c->client->env, &more, &c->scratch, &out->more)
		       : UC_OK;
}

static uc_err commit(struct call *c, mls_group *m, const struct mls_commit *what,
		     struct mls_made *made)
{
	struct taker t = { c->client, &c->scratch, UC_OK };
	const struct suite *s = group_now(m->g).suite;
	struct leaf_parameters leaf;
	struct made_commit result;
	struct commit_options o = {
		.proposals = take_proposals(&t, what->proposals, s, group_id(m->g)),
		.proposal_count = what->proposals.n,
		.without_stored = what->without_stored,
		.stored_reinit = what->stored_reinit,
		.force_path = what->force_path,
		.any_media_types = what->any_media_types,
		.authenticated_data = take_bytes(&t, what->authenticated_data),
	};
	if (what->identity) {
		leaf = take_identity(&t, what->identity, s);
		o.leaf = &leaf;
	}
	TRY(t.failed);
	TRY(info_parts(c, what, &o.info));
	TRY(group_commit(m->g, &o, &c->scratch, &result));
	uc_err err = made_give(c, m, &result, true, !what->tree_in_welcome, made);
	if (err)
		group_pending_drop(m->g);
	return err;
}

uc_err mls_group_commit(mls_group *group, const struct mls_commit *what, mls_out *out,
			struct mls_made *made)
{
	struct call c;
	struct mls_made fresh = { .commit = { NULL, 0 } };
	if (!group || !what || !out || !made)
		return UC_E_ARGUMENT;
	TRY(call_begin(&c, group->client, out));
	TRY(call_end(&c, commit(&c, group, what, &fresh)));
	*made = fresh;
	return UC_OK;
}

bool mls_group_has_pending(const mls_group *group)
{
	return group && group_has_pending(group->g);
}

bool mls_group_commit_is_due(const mls_group *group)
{
	return group && group_commit_is_due(group->g);
}

uc_err mls_group_pending_apply(mls_group *group)
{
	if (!group || group->client->inside)
		return UC_E_ARGUMENT;
	return group_pending_apply(group->g);
}

void mls_group_pending_drop(mls_group *group)
{
	if (group && !group->client->inside)
		group_pending_drop(group->g);
}

/* --- proposals --- */

static uc_err propose(struct call *c, mls_group *m, const struct mls_proposal *p,
		      struct mls_bytes authenticated_data, struct view *message)
{
	struct taker t = { c->client, &c->scratch, UC_OK };
	const struct proposal in = take_proposal(&t, p, group_now(m->g).suite, group_id(m->g));
	struct view aad = take_bytes(&t, authenticated_data);
	TRY(t.failed);
	return group_propose(m->g, &in, aad, &c->scratch, message);
}

static uc_err propose_update(struct call *c, mls_group *m, const struct mls_identity *identity,
			     struct view *message)
{
	struct taker t = { c->client, &c->scratch, UC_OK };
	if (!identity)
		return group_propose_update(m->g, &c->scratch, message);
	const struct leaf_parameters leaf = take_identity(&t, identity, group_now(m->g).suite);
	TRY(t.failed);
	return group_propose_update_as(m->g, &leaf, &c->scratch, message);
}

/* The message of a proposal that was made, in the caller's memory.  One that cannot be sent is not
 * kept either; `before` says how many there were. */
static uc_err message_out(struct call *c, mls_group *m, size_t before, uc_err err, struct view made,
			  struct mls_bytes *message)
{
	struct giver g = { .a = c->out->a };
	struct mls_bytes fresh = { NULL, 0 };
	if (!err) {
		fresh = give_bytes(&g, made);
		err = g.failed;
		size_t n = group_proposal_count(m->g);
		if (err && n > before)
			group_proposal_drop(m->g, group_proposal_at(m->g, n - 1).ref);
	}
	TRY(call_end(c, err));
	*message = fresh;
	return UC_OK;
}

uc_err mls_group_propose(mls_group *group, const struct mls_proposal *proposal,
			 struct mls_bytes authenticated_data, mls_out *out,
			 struct mls_bytes *message)
{
	struct call c;
	struct view made = { NULL, 0 };
	if (!group || !proposal || !out || !message)
		return UC_E_ARGUMENT;
	TRY(call_begin(&c, group->client, out));
	size_t before = group_proposal_count(group->g);
	uc_err err = propose(&c, group, proposal, authenticated_data, &made);
	return message_out(&c, group, before, err, made, message);
}

uc_err mls_group_propose_update(mls_group *group, const struct mls_identity *identity, mls_out *out,
				struct mls_bytes *message)
{
	struct call c;
	struct view made = { NULL, 0 };
	if (!group || !out || !message)
		return UC_E_ARGUMENT;
	TRY(call_begin(&c, group->client, out));
	size_t before = group_proposal_count(group->g);
	uc_err err = propose_update(&c, group, identity, &made);
	return message_out(&c, group, before, err, made, message);
}

static uc_err proposals(struct call *c, const mls_group *m, struct mls_proposal_list *out)
{
	struct giver g = { .a = c->out->a };
	size_t n = group_proposal_count(m->g);
	struct proposal_view_list l = { ARENA_ARRAY(&c->scratch, struct proposal_view, n), n };
	if (!l.v)
		return arena_error(&c->scratch);
	for (size_t i = 0; i < n; i++)
		l.v[i] = group_proposal_at(m->g, i);
	*out = give_proposals(&g, &l);
	return g.failed;
}

uc_err mls_group_proposals(const mls_group *group, mls_out *out, struct mls_proposal_list *list)
{
	struct call c;
	struct mls_proposal_list fresh = { NULL, 0 };
	if (!group || !out || !list)
		return UC_E_ARGUMENT;
	TRY(call_look(&c, group->client, out));
	TRY(call_end(&c, proposals(&c, group, &fresh)));
	*list = fresh;
	return UC_OK;
}

uc_err mls_group_proposal_drop(mls_group *group, struct mls_bytes ref)
{
	struct view v;
	if (!group || group->client->inside)
		return UC_E_ARGUMENT;
	TRY(bytes_in(ref, &v));
	size_t before = group_proposal_count(group->g);
	group_proposal_drop(group->g, v);
	return group_proposal_count(group->g) < before ? UC_OK : UC_E_NOT_FOUND;
}
