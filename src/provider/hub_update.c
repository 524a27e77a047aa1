/* SPDX-License-Identifier: Apache-2.0 */
/* The hub takes handshake messages (draft-ietf-mimi-protocol-06, update): one commit per epoch, and
 * proposals that wait for it. */
#include "provider/repeats.h"
#include "provider/room_keys.h"

enum { RETRY_S = 60 };

/* --- answers --- */

static uc_err respond(const struct hub_request *q, const struct update_room_response *r,
		      struct hub_reply *out)
{
	return wire_encode_to(q->a, update_room_response_element, r, &out->body);
}

uc_err hub_update_refuse(const struct hub_request *q, uc_err why, struct hub_reply *out)
{
	struct update_room_response r = { .response_code = UPDATE_NOT_ALLOWED,
					  .error_description = view_str(uc_err_text(why)) };
	switch (uc_err_class(why)) {
	case UC_CLASS_STORE:
	case UC_CLASS_MEMORY:
	case UC_CLASS_NET:
		return why;
	default:
		break;
	}
	if (why == UC_E_RATE) {
		out->retry_after_s = RETRY_S;
		return why;
	}
	if (why == UC_E_EPOCH_PAST || why == UC_E_EPOCH_FUTURE || why == UC_E_REPLAY ||
	    why == UC_E_FORK) {
		struct public_group *g;
		TRY(room_live_group(q->p, q->room, &g));
		r.response_code = UPDATE_WRONG_EPOCH;
		r.current_epoch = public_group_now(g).context->epoch;
	}
	out->seq = 0;
	return respond(q, &r, out);
}

static uc_err answer(const struct hub_request *q, uint64_t timestamp, uint64_t seq,
		     struct hub_reply *out)
{
	const struct update_room_response r = { .response_code = UPDATE_SUCCESS,
						.accepted_timestamp = timestamp };
	out->seq = seq;
	return respond(q, &r, out);
}

uc_err hub_update_accept(const struct hub_request *q, uint64_t timestamp, uint64_t seq,
			 struct hub_reply *out)
{
	(void)rate_take(&q->room->updates, &q->p->config.limits[LIMIT_ROOM_UPDATE],
			env_now_ms(q->p->env));
	return answer(q, timestamp, seq, out);
}

/* --- whose message --- */

/* Nobody escapes a removal that was accepted by coming back in the place of the leaf it is for, nor by
 * coming to stand beside it. */
static uc_err check_joiner(const struct public_group *g, const struct commit *c,
			   const struct leaf_node *fresh)
{
	struct group_view now = public_group_now(g);
	struct view client, participant;
	uint32_t at = 0, leaf;
	struct leaf_node node;
	TRY(participant_of_leaf(fresh, &client, &participant));
	for (size_t i = 0; i < c->proposals.n; i++) {
		const struct proposal_or_ref *p = &c->proposals.v[i];
		if (p->type == BY_PROPOSAL && p->proposal.proposal_type == PROPOSAL_REMOVE)
			return leaf_is_removed(g, p->proposal.removed) ? UC_E_REMOVED : UC_OK;
	}
	while (tree_next_leaf(now.tree, &at, &leaf, &node)) {
		struct view whose;
		TRY(participant_of_leaf(&node, &client, &whose));
		if (view_equal(whose, participant) && leaf_is_removed(g, leaf))
			return UC_E_REMOVED;
	}
	return UC_OK;
}

/* The leaf that sends it is that of the client whose app vouches for it, now; and it is of this
 * epoch, which tells more than that the leaf has gone. */
static uc_err check_sender(const struct hub_request *q, const struct framed_content *c)
{
	struct public_group *g;
	const struct leaf_node *leaf = NULL;
	struct leaf_node room;
	TRY(room_live_group(q->p, q->room, &g));
	struct group_view now = public_group_now(g);
	if (!view_equal(c->group_id, now.context->group_id))
		return UC_E_UNEXPECTED;
	if (c->epoch != now.context->epoch)
		return c->epoch < now.context->epoch ? UC_E_EPOCH_PAST : UC_E_EPOCH_FUTURE;
	if (c->sender.sender_type == SENDER_MEMBER)
		leaf = tree_leaf_find(now.tree, c->sender.leaf_index, &room);
	else if (c->sender.sender_type == SENDER_NEW_MEMBER_COMMIT &&
		 c->content_type == CONTENT_COMMIT && c->commit.path)
		leaf = &c->commit.path->leaf_node;
	if (!leaf || leaf->credential.credential_type != CREDENTIAL_BASIC ||
	    !view_equal(leaf->credential.identity, q->client))
		return UC_E_NOT_ALLOWED;
	if (c->sender.sender_type == SENDER_MEMBER && c->content_type == CONTENT_COMMIT &&
	    leaf_is_leaving(g, c->sender.leaf_index))
		return UC_E_REMOVED;
	return c->sender.sender_type == SENDER_NEW_MEMBER_COMMIT ? check_joiner(g, &c->commit, leaf)
								 : UC_OK;
}

static uc_err content_read(const struct hub_request *q, struct view message,
			   struct framed_content **out)
{
	struct mls_message *m = ARENA_NEW(q->a, struct mls_message);
	if (!m)
		return UC_E_LIMIT;
	TRY(wire_decode(message, q->a, mls_message_element, m));
	if (m->wire_format != MLS_PUBLIC_MESSAGE)
		return UC_E_UNEXPECTED;
	*out = &m->public_message.content;
	return UC_OK;
}

/* --- proposals --- */

/* Who is leaving proposes nothing more; who is being removed already is not removed again. */
static uc_err check_proposal(const struct hub_request *q, const struct framed_content *c)
{
	struct public_group *g;
	TRY(check_sender(q, c));
	TRY(room_live_group(q->p, q->room, &g));
	if (c->content_type != CONTENT_PROPOSAL || c->sender.sender_type != SENDER_MEMBER)
		return UC_E_UNEXPECTED;
	if (public_group_proposal_count(g) >= PROPOSALS_PENDING_MAX)
		return UC_E_LIMIT;
	if (leaf_is_leaving(g, c->sender.leaf_index))
		return UC_E_REMOVED;
	if (c->proposal.proposal_type == PROPOSAL_REMOVE && leaf_is_leaving(g, c->proposal.removed))
		return UC_E_EXISTS;
	return UC_OK;
}

static uc_err take_proposal(const struct hub_request *q, struct view message)
{
	struct framed_content *content;
	struct public_received received;
	struct public_group *g;
	TRY(content_read(q, message, &content));
	TRY(check_proposal(q, content));
	TRY(room_live_group(q->p, q->room, &g));
	return public_group_receive(g, message, q->a, &received);
}

/* All or none: what was kept before one that is refused goes with the room's copy in memory. */
static uc_err take_proposals(const struct hub_request *q, const struct handshake_bundle *b)
{
	uc_err err = take_proposal(q, b->proposal_or_commit);
	for (size_t i = 0; !err && i < b->more_proposals.n; i++) {
		err = take_proposal(q, b->more_proposals.v[i]);
		if (err)
			room_live_drop(q->p, q->room);
	}
	if (err && q->room->stale) {
		struct room_live *again;
		TRY(room_live_get(q->p, q->room->uri, &again));
	}
	return err;
}

static uc_err log_proposals(const struct hub_request *q, struct log_step *s,
			    const struct handshake_bundle *b, const uint8_t hash[SHA256_BYTES],
			    struct hub_reply *out)
{
	struct fanout_message fanout = { .timestamp = log_step_now(s),
					 .message = b->proposal_or_commit,
					 .wire_format = MLS_PUBLIC_MESSAGE,
					 .content_type = CONTENT_PROPOSAL,
					 .more_proposals = b->more_proposals };
	uint64_t seq = s->record.next;
	TRY(log_step_add(s, &fanout, hash));
	TRY(log_step_put_group(s));
	if (room_is_over(s->room->group))
		TRY(seats_end_all(s, seq));
	return hub_update_accept(q, fanout.timestamp, seq, out);
}

static uc_err hub_propose(const struct hub_request *q, const struct handshake_bundle *b,
			  const uint8_t hash[SHA256_BYTES], struct hub_reply *out)
{
	struct log_step step;
	struct hub_reply made = { .seq = 0 };
	uc_err err = take_proposals(q, b);
	if (err)
		return hub_update_refuse(q, err, out);
	room_live_moved(q->p, q->room);
	log_step_begin(&step, q->p, q->room, q->a);
	err = log_proposals(q, &step, b, hash, &made);
	if (err) {
		log_step_drop(&step);
		room_live_drop(q->p, q->room);
		return err;
	}
	TRY(log_step_commit(&step));
	metrics_add(q->p->config.metrics, METRIC_HANDSHAKES_ACCEPTED, 1);
	log_step_tell(&step);
	*out = made;
	return UC_OK;
}

/* --- the hub's own --- */

static uc_err propose_removal(struct log_step *s, struct view client, uint64_t timestamp)
{
	struct public_group *g = s->room->group;
	const struct sign_key *key;
	uint32_t leaf = public_group_leaf_by_identity(g, client);
	const struct proposal p = { .proposal_type = PROPOSAL_REMOVE, .removed = leaf };
	struct fanout_message fanout = { .timestamp = timestamp,
					 .wire_format = MLS_PUBLIC_MESSAGE,
					 .content_type = CONTENT_PROPOSAL };
	if (leaf == TREE_NONE || leaf_is_leaving(g, leaf))
		return UC_OK;
	TRY(room_hub_key(s->p, s->room, &key));
	TRY(public_group_propose(g, 0, key, &p, s->a, &fanout.message));
	return log_step_add(s, &fanout, NULL);
}

uc_err hub_propose_removals(struct log_step *s, const struct view_list *clients, uint64_t timestamp)
{
	for (size_t i = 0; i < clients->n; i++)
		TRY(propose_removal(s, clients->v[i], timestamp));
	return UC_OK;
}

static uc_err expire(struct log_step *s, const struct view_list *clients)
{
	TRY(hub_propose_removals(s, clients, log_step_now(s)));
	TRY(log_step_put_group(s));
	return room_is_over(s->room->group) ? seats_end_all(s, s->record.next - 1) : UC_OK;
}

/* *there: somebody is; *stays: and is not leaving yet. */
static void look_for(const struct public_group *g, const struct view_list *clients, bool *there,
		     bool *stays)
{
	*there = *stays = false;
	for (size_t i = 0; i < clients->n; i++) {
		uint32_t leaf = public_group_leaf_by_identity(g, clients->v[i]);
		*there = *there || leaf != TREE_NONE;
		*stays = *stays || (leaf != TREE_NONE && !leaf_is_leaving(g, leaf));
	}
}

uc_err hub_expire(struct provider *p, struct room_live *r, const struct view_list *clients,
		  struct arena *a)
{
	struct public_group *g;
	struct log_step step;
	bool there, stays;
	TRY(room_live_group(p, r, &g));
	look_for(g, clients, &there, &stays);
	if (!stays)
		return there ? UC_OK : UC_E_NOT_FOUND;
	log_step_begin(&step, p, r, a);
	uc_err err = expire(&step, clients);
	if (err) {
		log_step_drop(&step);
		room_live_drop(p, r);
		return err;
	}
	TRY(log_step_commit(&step));
	room_live_moved(p, r);
	log_step_tell(&step);
	return UC_OK;
}

/* --- entry --- */

uc_err hub_update(const struct hub_request *q, struct hub_reply *out)
{
	struct update_request u;
	struct fanout_message before;
	uint64_t seq;
	struct framed_content *content;
	uint8_t hash[SHA256_BYTES];
	TRY(wire_decode(q->body, q->a, update_request_element, &u));
	TRY(sha256(u.bundle.proposal_or_commit, hash));
	uc_err err = repeats_find(q->p, q->room, repeats_mark(hash), u.bundle.proposal_or_commit,
				  q->a, &before, &seq);
	if (!err && before.content_type != CONTENT_APPLICATION)
		return answer(q, before.timestamp, seq, out);
	if (err && err != UC_E_NOT_FOUND)
		return err;
	/* What is refused costs the room nothing: its sender's measure is that of its app. */
	out->retry_after_s = rate_wait(&q->room->updates, &q->p->config.limits[LIMIT_ROOM_UPDATE],
				       env_now_ms(q->p->env));
	if (out->retry_after_s)
		return UC_E_RATE;
	if (u.bundle.content_type == CONTENT_PROPOSAL)
		return hub_propose(q, &u.bundle, hash, out);
	TRY(content_read(q, u.bundle.proposal_or_commit, &content));
	err = check_sender(q, content);
	return err ? hub_update_refuse(q, err, out) : hub_commit(q, &u, hash, out);
}
