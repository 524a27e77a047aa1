/* SPDX-License-Identifier: Apache-2.0 */
/* A follower that has more of a room than its hub, or other entries than it, follows a log that is no
 * more: the hub's store is an older copy that was put back.  It says so, and begins anew with the
 * room as the hub has it now; its clients see that theirs has gone, and come in again. */
#include "provider/room_work.h"

/* --- the hub's side --- */

struct again {
	struct provider *p;
	struct room_live *room;
	struct follower_live *f;
	struct arena *a;
	struct public_group *group;
	struct follow_start start;
	struct buf tree;
};

static uc_err list_clients(struct again *n)
{
	struct group_view now = public_group_now(n->group);
	struct start_client_list *l = &n->start.clients;
	struct leaf_node node;
	uint32_t at = 0, leaf;
	size_t found = 0;
	while (tree_next_leaf(now.tree, &at, &leaf, &node))
		found++;
	l->v = ARENA_ARRAY(n->a, struct start_client, found + 1);
	if (!l->v)
		return UC_E_LIMIT;
	for (at = 0; l->n < found && tree_next_leaf(now.tree, &at, &leaf, &node);) {
		struct view domain, client = node.credential.identity;
		if (uri_domain_of(client, &domain) || !view_equal(domain, n->f->domain))
			continue;
		TRY(arena_copy(n->a, client, &l->v[l->n++].client));
	}
	return l->n ? UC_OK : UC_E_NOT_FOUND;
}

static uc_err add_proposals(struct again *n, struct view entry)
{
	struct view_list *out = &n->start.pending_proposals;
	size_t room = public_group_proposal_count(n->group);
	struct log_entry e;
	struct fanout_message m;
	struct view copy;
	TRY(arena_copy(n->a, entry, &copy));
	TRY(wire_decode(copy, n->a, log_entry_element, &e));
	TRY(wire_decode(e.fanout, n->a, fanout_message_element, &m));
	if (m.content_type != CONTENT_PROPOSAL)
		return UC_OK;
	if (out->n + 1 + m.more_proposals.n > room)
		return UC_E_LIMIT;
	out->v[out->n++] = m.message;
	for (size_t i = 0; i < m.more_proposals.n; i++)
		out->v[out->n++] = m.more_proposals.v[i];
	return UC_OK;
}

/* Without one of them, the next commit could not be followed: then not before that has come. */
static uc_err list_proposals(struct again *n)
{
	struct store_log_scan scan;
	struct store_key k;
	struct view bytes;
	uint64_t seq;
	uc_err err = UC_OK;
	size_t room = public_group_proposal_count(n->group);
	if (!room)
		return UC_OK;
	n->start.pending_proposals.v = ARENA_ARRAY(n->a, struct view, room);
	if (!n->start.pending_proposals.v)
		return UC_E_LIMIT;
	TRY(store_log_scan_init(&scan, n->p->rooms, key_1(&k, TABLE_LOG, n->room->uri),
				n->room->record.epoch_start + 1, 0, 0));
	while (!err && store_log_scan_next(&scan, &seq, &bytes))
		err = add_proposals(n, bytes);
	if (!err)
		err = scan.scan.failed;
	store_log_scan_done(&scan);
	TRY(err);
	return n->start.pending_proposals.n == room ? UC_OK : UC_E_STALE;
}

/* The epoch's commit, where the log still has it: what was said since comes as it was said. */
static uc_err begin_at_commit(struct again *n, bool *found)
{
	struct store_log_scan scan;
	struct store_key k;
	struct view bytes;
	struct log_entry e;
	uint64_t at, seq = n->room->record.epoch_start;
	*found = false;
	if (!seq)
		return UC_OK;
	TRY(store_log_scan_init(&scan, n->p->rooms, key_1(&k, TABLE_LOG, n->room->uri), seq, 1, 0));
	uc_err err = UC_OK;
	if (store_log_scan_next(&scan, &at, &bytes) && at == seq) {
		err = wire_decode(bytes, n->a, log_entry_element, &e);
		*found = !err;
	}
	if (*found) {
		n->start.seq = seq;
		n->start.timestamp = fanout_timestamp(e.fanout);
		memcpy(n->start.chain, e.chain, CHAIN_HASH);
	}
	if (!err)
		err = scan.scan.failed;
	store_log_scan_done(&scan);
	return err;
}

/* Else where the log parts from the one that was, if it has all from there on: the end would leave out what
 * was said since. */
static uc_err begin_at_renewed(struct again *n, bool *found)
{
	const struct room_record *r = &n->room->record;
	struct renewed_record renewed;
	struct store_log_scan scan;
	struct store_key k;
	struct view bytes;
	struct log_entry e;
	uint64_t at;
	if (!r->is_renewed || public_group_proposal_count(n->group))
		return UC_OK;
	TRY(room_renewed_get(n->p, n->room->uri, n->a, &renewed));
	if (renewed.seq < 2 || renewed.seq <= r->epoch_start)
		return UC_OK;
	TRY(store_log_scan_init(&scan, n->p->rooms, key_1(&k, TABLE_LOG, n->room->uri), renewed.seq,
				1, 0));
	uc_err err = UC_OK;
	if (store_log_scan_next(&scan, &at, &bytes) && at == renewed.seq) {
		err = wire_decode(bytes, n->a, log_entry_element, &e);
		*found = !err;
	}
	if (*found) {
		n->start.seq = renewed.seq - 1;
		n->start.timestamp = fanout_timestamp(e.fanout);
		memcpy(n->start.chain, renewed.chain, CHAIN_HASH);
	}
	if (!err)
		err = scan.scan.failed;
	store_log_scan_done(&scan);
	return err;
}

static uc_err begin_at_end(struct again *n)
{
	const struct room_record *r = &n->room->record;
	n->start.seq = r->next - 1;
	n->start.timestamp = r->last_ms;
	memcpy(n->start.chain, r->chain, CHAIN_HASH);
	return list_proposals(n);
}

static uc_err fill(struct again *n)
{
	bool found;
	TRY(room_live_group(n->p, n->room, &n->group));
	TRY(begin_at_commit(n, &found));
	if (!found)
		TRY(begin_at_renewed(n, &found));
	if (!found)
		TRY(begin_at_end(n));
	TRY(public_group_info(n->group, n->a, &n->start.group_info));
	TRY(public_group_ratchet_tree(n->group, &n->tree));
	n->start.ratchet_tree = buf_view(&n->tree);
	return list_clients(n);
}

static uc_err put(struct again *n)
{
	struct store_batch b;
	struct store_key k;
	struct view room = n->room->uri, domain = n->f->domain;
	const struct follower_record record = { .cursor = n->start.seq - 1,
						.start_seq = n->start.seq,
						.start_wanted = true,
						.since = n->start.seq + 1 };
	store_batch_init(&b, room);
	store_delete_prefix(&b, key_2(&k, TABLE_WELCOME_OUT, room, domain));
	uc_err err = record_put(&b, key_2(&k, TABLE_FOLLOW_START, room, domain),
				follow_start_element, &n->start);
	if (!err)
		err = record_put(&b, key_2(&k, TABLE_FOLLOWER, room, domain),
				 follower_record_element, &record);
	if (err) {
		store_batch_done(&b);
		return err;
	}
	TRY(commit_rooms(n->p, &b));
	n->f->record = record;
	n->f->is_late = n->f->welcome_known = false;
	return UC_OK;
}

uc_err follower_again(struct provider *p, struct room_live *r, struct follower_live *f)
{
	struct arena a;
	struct again n = { .p = p, .room = r, .f = f, .a = &a };
	if (f->record.until || r->record.next < 2)
		return UC_E_NOT_ALLOWED;
	arena_init(&a, CALL_ARENA_MAX, ARENA_PLAIN);
	buf_init(&n.tree, WIRE_OBJECT_MAX);
	uc_err err = fill(&n);
	if (!err)
		err = put(&n);
	buf_done(&n.tree);
	arena_done(&a);
	return err;
}

/* --- the follower's side --- */

static uc_err own_chain(struct peer_call *c, const struct room_live *r, uint64_t seq, bool *found,
			uint8_t chain[CHAIN_HASH])
{
	struct store_log_scan scan;
	struct store_key k;
	struct view bytes;
	struct log_entry e;
	uint64_t at;
	*found = seq + 1 == r->record.next;
	if (*found) {
		memcpy(chain, r->record.chain, CHAIN_HASH);
		return UC_OK;
	}
	TRY(store_log_scan_init(&scan, c->p->rooms, key_1(&k, TABLE_LOG, r->uri), seq, 1, 0));
	uc_err err = UC_OK;
	if (store_log_scan_next(&scan, &at, &bytes) && at == seq) {
		*found = true;
		err = wire_decode(bytes, c->a, log_entry_element, &e);
		if (!err)
			memcpy(chain, e.chain, CHAIN_HASH);
	}
	if (!err)
		err = scan.scan.failed;
	store_log_scan_done(&scan);
	return err;
}

uc_err repeat_check(struct peer_call *c, const struct room_live *r, uint64_t seq,
		    const uint8_t chain[CHAIN_HASH])
{
	uint8_t own[CHAIN_HASH];
	bool found;
	TRY(own_chain(c, r, seq, &found, own));
	return !found || view_equal(VIEW_OF(own), view_make(chain, CHAIN_HASH)) ? UC_OK
										: UC_E_RESTORED;
}

/* A hub that says so for ever does not hold off our people from their other rooms: then they see it
 * when they come again by themselves. */
void seats_of_before(struct provider *p, struct view hub, struct room_live *r)
{
	static const struct rate often = { .burst = 200, .hour = 600 };
	struct peer_live *peer = peer_live_get(p, hub);
	struct seat_live *seat;
	struct room_walk w = { .chain = 0 };
	while ((seat = room_seat_next(r, &w))) {
		if (!peer || rate_take(&peer->restarts, &often, env_now_ms(p->env)))
			return;
		session_end(p, seat->session, WS_TRY_LATER);
		w = (struct room_walk){ .chain = 0 };
	}
}
