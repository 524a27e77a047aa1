/* SPDX-License-Identifier: Apache-2.0 */
/* What a room's log brings, and whether it may be believed. */
#include "client/room_group_inside.h"
#include "mimi/content.h"
#include "mimi/franking.h"
#include "mimi/media_type.h"

/* --- franks (docs/rooms.md) --- */

static uc_err place_check(const struct mimi_content *m, const struct server_franking_context *at)
{
	struct view sender, room;
	if (mimi_content_uri(m, EXTENSION_SENDER_URI, &sender) ||
	    mimi_content_uri(m, EXTENSION_ROOM_URI, &room) || !view_equal(sender, at->sender_uri) ||
	    !view_equal(room, at->room_uri))
		return UC_E_FRANK;
	return UC_OK;
}

/* A report holds the content and the head alone: the tag has to be over what is made of them again, or
 * what was shown could not be reported. */
static uc_err framing_check(struct view data, struct view content, const struct chain_head *head,
			    struct arena *a)
{
	struct view again;
	struct arena_mark mark = arena_mark(a);
	TRY(application_data_write(content, head, a, &again));
	bool same = view_equal(again, data);
	arena_reset(a, mark);
	return same ? UC_OK : UC_E_FRANK;
}

uc_err room_frank_check(const struct room_group *g, const struct frank_input *in, struct arena *a,
			struct view *content, struct chain_head *head)
{
	const struct room_state *r;
	struct mimi_content m;
	struct chain_head h;
	struct view bytes, key = { NULL, 0 };
	uint8_t tag[FRANKING_TAG];
	const struct server_franking_context at = {
		.sender_uri = in->participant,
		.room_uri = group_id(g->g),
		.accepted_timestamp = in->fanout->timestamp,
	};
	if (!in->fanout->frank)
		return UC_E_FRANK;
	TRY(room_group_state(g, &r));
	if (!in->own_hub)
		key = r->franking_key;
	TRY(application_data_read(in->message->application_data, a, &bytes, &h));
	TRY(mimi_content_read(bytes, a, &m));
	TRY(framing_check(in->message->application_data, bytes, &h, a));
	TRY(franking_aad_read(in->message->authenticated_data, a, tag));
	TRY(place_check(&m, &at));
	TRY(frank_check(in->fanout->frank, tag, VIEW_OF(m.salt), in->message->application_data, &at,
			key, a));
	*content = bytes;
	*head = h;
	return UC_OK;
}

/* --- entries --- */

struct entering {
	struct room_group *g;
	struct fanout_message fanout;
	bool own_hub;
	struct arena *a;
	struct room_entry *out;
};

static uc_err frank_keep(struct entering *e)
{
	if (!e->fanout.frank)
		return UC_OK;
	return wire_encode_to(e->a, frank_element, e->fanout.frank, &e->out->frank);
}

static uc_err take_application(struct entering *e, const struct received *in)
{
	const struct room_state *r;
	struct frank_input frank = { &e->fanout, in, { NULL, 0 }, e->own_hub };
	if (!in->leaf)
		return UC_E_NOT_FOUND;
	TRY(room_group_state(e->g, &r));
	TRY(room_client_of(r, in->leaf, in->sender.leaf_index, &e->out->sender));
	frank.participant = e->out->sender.participant;
	TRY(room_frank_check(e->g, &frank, e->a, &e->out->content, &e->out->head));
	e->out->kind = in->sender.leaf_index == group_own_leaf(e->g->g) ? ROOM_ENTRY_FORGOTTEN
									: ROOM_ENTRY_APPLICATION;
	return frank_keep(e);
}

/* Others' commits will speak of it, so it is kept although it may have been given up meanwhile. */
static uc_err take_own_proposal(struct entering *e, struct view message)
{
	struct view same;
	struct mls_message *m = ARENA_NEW(e->a, struct mls_message);
	if (!m)
		return UC_E_LIMIT;
	TRY(wire_decode(message, e->a, mls_message_element, m));
	if (m->wire_format != MLS_PUBLIC_MESSAGE ||
	    m->public_message.content.content_type != CONTENT_PROPOSAL)
		return UC_E_UNEXPECTED;
	return group_propose(e->g->g, &m->public_message.content.proposal, (struct view){ NULL, 0 },
			     e->a, &same);
}

/* Proposals that come along: one that is not valid harms none but itself. */
static uc_err take_proposals(struct entering *e, const struct view_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct received in;
		uc_err err = group_receive(e->g->g, l->v[i], e->a, &in);
		if (err == UC_E_OWN)
			err = take_own_proposal(e, l->v[i]);
		else if (!err && in.kind != RECEIVED_PROPOSAL)
			group_staged_drop(e->g->g);
		if (err_is_hard(err))
			return err;
	}
	return UC_OK;
}

static uc_err commit_taken(struct entering *e)
{
	e->out->kind = ROOM_ENTRY_COMMIT;
	return take_proposals(e, &e->fanout.external_proposals);
}

/* From outside only a participant itself removes its leaf (docs/rooms.md). */
static bool is_replaced(const struct room_group *g, const struct group_change *c)
{
	for (size_t i = 0; c->is_external && i < c->proposals.n; i++) {
		const struct proposal *p = c->proposals.v[i].proposal;
		if (p->proposal_type == PROPOSAL_REMOVE && p->removed == group_own_leaf(g->g))
			return true;
	}
	return false;
}

/* What is applied takes the place of what this borrows from. */
static uc_err roles_keep(struct entering *e, const struct group_change *c)
{
	const struct room_state *before;
	struct user_role_pair_list *l = &e->out->roles;
	struct view client, by;
	TRY(room_group_state(e->g, &before));
	for (size_t i = 0; i < c->proposals.n; i++) {
		const struct proposal *p = c->proposals.v[i].proposal;
		if (p->proposal_type == PROPOSAL_APP_DATA_UPDATE &&
		    p->app_data_update.component_id == COMPONENT_PARTICIPANT_LIST)
			TRY(room_roles_changed(before, &p->app_data_update, e->a, l));
	}
	for (size_t i = 0; i < l->n; i++)
		TRY(arena_copy(e->a, l->v[i].user, &l->v[i].user));
	const struct leaf_node *leaf = tree_leaf_find(c->after.tree, c->committer, LEAF_ROOM);
	if (!leaf)
		return UC_E_NOT_FOUND;
	TRY(participant_of_leaf(leaf, &client, &by));
	return arena_copy(e->a, by, &e->out->committer);
}

static uc_err take_commit(struct entering *e, const struct received *in)
{
	bool removed = in->removes_us, replaced = is_replaced(e->g, in->change);
	TRY(roles_keep(e, in->change));
	TRY(group_staged_apply(e->g->g));
	if (!removed)
		return commit_taken(e);
	e->out->kind = replaced ? ROOM_ENTRY_REPLACED : ROOM_ENTRY_REMOVED;
	return UC_OK;
}

/* Our own, which is no pending commit: a message, the wish to leave, or that places of ours are to go. */
static uc_err take_own(struct entering *e)
{
	switch (e->fanout.content_type) {
	case CONTENT_APPLICATION:
		e->out->kind = ROOM_ENTRY_OWN;
		return frank_keep(e);
	case CONTENT_PROPOSAL:
		e->out->kind = ROOM_ENTRY_PROPOSAL;
		TRY(take_own_proposal(e, e->fanout.message));
		return take_proposals(e, &e->fanout.more_proposals);
	default:
		return UC_E_OWN; /* a commit that was given up: only a resync helps */
	}
}

static uc_err take(struct entering *e)
{
	struct received in = { .epoch = 0 };
	uc_err err = group_receive(e->g->g, e->fanout.message, e->a, &in);
	if (err == UC_E_OWN)
		return take_own(e);
	TRY(err);
	switch (in.kind) {
	case RECEIVED_OWN_COMMIT:
		TRY(group_pending_apply(e->g->g));
		return commit_taken(e);
	case RECEIVED_COMMIT:
		return take_commit(e, &in);
	case RECEIVED_PROPOSAL:
		e->out->kind = ROOM_ENTRY_PROPOSAL;
		return take_proposals(e, &e->fanout.more_proposals);
	case RECEIVED_APPLICATION:
		return take_application(e, &in);
	}
	return UC_E_UNEXPECTED;
}

uc_err room_group_entry(struct uc_client *c, struct room_group *g, struct view fanout, bool own_hub,
			struct arena *a, struct room_entry *out)
{
	struct room_entry entry = { .timestamp = 0 };
	struct entering e = { .g = g, .own_hub = own_hub, .a = a, .out = &entry };
	(void)c;
	TRY(wire_decode(fanout, a, fanout_message_element, &e.fanout));
	entry.timestamp = e.fanout.timestamp;
	TRY(sha256(e.fanout.message, entry.hash));
	TRY(take(&e));
	*out = entry;
	return UC_OK;
}

uc_err room_entry_look(struct view fanout, struct arena *a, struct room_entry_outside *out)
{
	struct fanout_message f;
	struct mls_message *m = ARENA_NEW(a, struct mls_message);
	if (!m)
		return UC_E_LIMIT;
	TRY(wire_decode(fanout, a, fanout_message_element, &f));
	TRY(wire_decode(f.message, a, mls_message_element, m));
	TRY(sha256(f.message, out->hash));
	uint8_t type = m->wire_format == MLS_PUBLIC_MESSAGE ? m->public_message.content.content_type
							    : m->private_message.content_type;
	out->is_commit = type == CONTENT_COMMIT;
	out->is_message = type == CONTENT_APPLICATION;
	return UC_OK;
}
