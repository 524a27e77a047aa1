/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves that should go: their seats are opened by nobody, or their app has not followed for too
 * long.  The hub proposes their removal; a follower asks it to. */
#include "provider/room_work.h"

/* Which seat an answer is about. */
struct expired {
	struct view room, client;
};
static void wire_expired(struct wire *w, struct expired *e)
{
	wire_bytes(w, &e->room);
	wire_bytes(w, &e->client);
}
WIRE_ELEMENT(expired)

/* Who opened it while the hub was asked reads nothing of what follows. */
static void live_abandon(struct provider *p, struct room_live *r, struct view client, uint64_t seq)
{
	struct member m = { .client = client };
	const struct member_list gone = { &m, 1 };
	seats_live_end(p, r, &gone, seq);
	struct seat_live *seat = room_seat_find(p, r, client);
	if (seat)
		seat_live_push(p, seat);
}

/* The hub does not know the leaf, and what it would say of it does not come any more. */
static uc_err seat_abandon(struct provider *p, const struct expired *e, struct arena *a)
{
	struct store_key k;
	struct seat_record seat;
	struct room_live *r;
	struct store_batch b;
	struct view key = key_2(&k, TABLE_SEAT, e->room, e->client);
	TRY(room_live_get(p, e->room, &r));
	TRY(record_get(p->rooms, key, seat_record_element, a, &seat));
	if (seat.ended || r->record.part != ROOM_FOLLOWER)
		return UC_OK;
	seat.ended = r->record.next - 1;
	seat_known_change(p, e->room, e->client, NULL);
	store_batch_init(&b, e->room);
	uc_err err = record_put(&b, key, seat_record_element, &seat);
	if (err) {
		store_batch_done(&b);
		return err;
	}
	TRY(commit_rooms(p, &b));
	live_abandon(p, r, e->client, seat.ended);
	return UC_OK;
}

/* Otherwise it comes by the log; if nothing does, the next round asks again. */
static void expired_done(struct provider *p, struct ask *ask, const struct peer_response *q)
{
	struct expired e;
	struct arena a;
	if (q->status != 404)
		return;
	arena_init(&a, ROOM_MEMORY_MAX, ARENA_PLAIN);
	uc_err err = wire_decode(ask->what, &a, expired_element, &e);
	if (!err)
		err = seat_abandon(p, &e, &a);
	(void)FAIL(p->env, err);
	arena_done(&a);
}

static uc_err ask_hub(struct provider *p, const struct room_live *r, struct view client,
		      struct arena *a)
{
	const struct expired e = { r->uri, client };
	struct view what;
	struct buf headers;
	TRY(wire_encode_to(a, expired_element, &e, &what));
	struct ask *ask = ask_new(p, expired_done);
	if (!ask)
		return UC_E_MEMORY;
	ask_about(ask, what);
	buf_init(&headers, URI_MAX + 256);
	header_add_client(&headers, client);
	header_add_number(&headers, "undercroft-expired", 1);
	header_add_store(p, &headers);
	ask_send(p, ask, r->record.hub, "update", r->uri, buf_view(&headers),
		 (struct view){ NULL, 0 });
	buf_done(&headers);
	return UC_OK;
}

static uc_err ask_for_all(struct provider *p, struct room_live *r, const struct view_list *clients,
			  struct arena *a)
{
	struct public_group *g;
	TRY(room_live_group(p, r, &g));
	for (size_t i = 0; i < clients->n; i++) {
		uint32_t leaf = public_group_leaf_by_identity(g, clients->v[i]);
		if (leaf != TREE_NONE && !leaf_is_leaving(g, leaf))
			TRY(ask_hub(p, r, clients->v[i], a));
	}
	return UC_OK;
}

/* These clients, and everybody of the apps that are lost. */
static uc_err list_all(struct provider *p, struct room_live *r, const struct view_list *clients,
		       const struct view_list *lost, struct arena *a, struct view_list *out)
{
	struct public_group *g;
	uint32_t at = 0, leaf;
	struct leaf_node node;
	TRY(room_live_group(p, r, &g));
	const struct tree *tree = public_group_now(g).tree;
	out->v = ARENA_ARRAY(a, struct view, clients->n + tree_member_count(tree));
	if (!out->v)
		return UC_E_LIMIT;
	for (out->n = 0; out->n < clients->n; out->n++)
		out->v[out->n] = clients->v[out->n];
	while (lost->n && tree_next_leaf(tree, &at, &leaf, &node)) {
		struct view domain;
		if (!uri_domain_of(node.credential.identity, &domain) &&
		    view_list_has(lost, domain))
			TRY(arena_copy(a, node.credential.identity, &out->v[out->n++]));
	}
	return UC_OK;
}

uc_err room_expire(struct provider *p, struct view room, const struct view_list *clients,
		   const struct view_list *lost, struct arena *a)
{
	struct room_live *r;
	struct view_list all;
	if (!clients->n && !lost->n)
		return UC_OK;
	TRY(room_live_get(p, room, &r));
	if (r->record.part != ROOM_HUB)
		return ask_for_all(p, r, clients, a);
	TRY(list_all(p, r, clients, lost, a, &all));
	uc_err err = all.n ? hub_expire(p, r, &all, a) : UC_OK;
	return err == UC_E_NOT_FOUND ? UC_OK : err;
}
