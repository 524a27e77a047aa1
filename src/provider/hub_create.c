/* SPDX-License-Identifier: Apache-2.0 */
/* A new room: the app of its creator becomes the hub. */
#include "provider/room_keys.h"

struct creation {
	struct call *c;
	const struct room_create_request *q;
	struct public_group *group;
	struct seat_proof proof;
};

static bool is_one_leaf(const struct group_view *g, struct view client)
{
	uint32_t at = 0, leaf;
	struct leaf_node node;
	return tree_member_count(g->tree) == 1 && tree_next_leaf(g->tree, &at, &leaf, &node) &&
	       node.credential.credential_type == CREDENTIAL_BASIC &&
	       view_equal(node.credential.identity, client);
}

/* Epoch 0, the creator alone, under our own keys. */
static uc_err check(struct creation *n)
{
	struct provider *p = n->c->p;
	struct group_view g = public_group_now(n->group);
	struct room_state state;
	if (g.suite->signature_id != MLS_SIGNATURE_ED25519)
		return UC_E_SUITE; /* the hub's keys are Ed25519 */
	if (g.context->epoch || !view_equal(g.context->group_id, n->q->room) ||
	    !is_one_leaf(&g, n->q->client))
		return UC_E_POLICY;
	TRY(room_check(&g));
	TRY(room_state_read(&g, &n->c->arena, &state));
	if (!view_equal(state.room, n->q->room) || !is_own_domain(p, state.hub_domain))
		return UC_E_POLICY;
	TRY(room_keys_admit(p, &state));
	return seat_proof_check(p, n->c->s, n->q->room, n->q->client, n->q->secret,
				tree_signature_key(g.tree, 0), n->q->signature, &n->c->arena,
				&n->proof);
}

static uc_err put_all(struct creation *n, struct store_batch *b)
{
	struct provider *p = n->c->p;
	struct view room = n->q->room, client = n->q->client;
	struct store_key k;
	const struct room_record record = {
		.part = ROOM_HUB, .hub = p->domain, .next = 1, .last_ms = env_now_ms(p->env)
	};
	struct seat_record seat = { .opened_month = month_now(p) };
	memcpy(seat.secret_hash, n->proof.secret_hash, sizeof seat.secret_hash);
	memcpy(seat.opener, n->proof.opener, sizeof seat.opener);
	TRY(record_put_if_absent(b, key_1(&k, TABLE_ROOM, room), room_record_element, &record));
	TRY(record_put(b, key_2(&k, TABLE_SEAT, room, client), seat_record_element, &seat));
	TRY(opening_add(p, b, room, client, n->proof.opening, &n->c->arena));
	return group_parts_put(b, room, n->group);
}

static uc_err store(struct creation *n)
{
	struct store_batch b;
	store_batch_init(&b, n->q->room);
	uc_err err = put_all(n, &b);
	if (!err)
		return commit_rooms(n->c->p, &b);
	store_batch_done(&b);
	return err;
}

/* The same client, with the same secret: its first answer was lost. */
static uc_err created_before(struct call *c, const struct room_create_request *q,
			     struct seat_record *seat)
{
	struct store_key k;
	uint8_t hash[SHA256_BYTES];
	uc_err err = record_get(c->p->rooms, key_2(&k, TABLE_SEAT, q->room, q->client),
				seat_record_element, &c->arena, seat);
	if (err)
		return err == UC_E_NOT_FOUND ? UC_E_EXISTS : err;
	TRY(sha256(q->secret, hash));
	if (seat->start || seat->ended || !view_equal_ct(VIEW_OF(hash), VIEW_OF(seat->secret_hash)))
		return UC_E_EXISTS;
	return UC_OK;
}

static uc_err answer(struct call *c, const struct room_create_request *q)
{
	struct room_live *r;
	struct seat_live *seat;
	static const struct seat_record fresh = { .start = 0 };
	struct room_create_response a = { .seq = 0 };
	TRY(room_live_get(c->p, q->room, &r));
	TRY(seat_live_new(c->p, c->s, r, q->client, &fresh, 0, &seat));
	a.seat = seat->number;
	a.accepted_timestamp = r->record.last_ms;
	call_respond(c, room_create_response_element, &a);
	seat_live_push(c->p, seat);
	return UC_OK;
}

static uc_err create(struct creation *n)
{
	struct call *c = n->c;
	TRY(public_group_new(c->p->env, &room_hooks, n->q->group_info, n->q->ratchet_tree,
			     &n->group));
	uc_err err = check(n);
	if (!err)
		err = store(n);
	public_group_free(n->group);
	if (err == UC_E_CONFLICT)
		return UC_E_EXISTS;
	return err ? err : answer(c, n->q);
}

uc_err handle_room_create(struct call *c, struct view body)
{
	struct room_create_request q;
	struct view domain, of_client;
	struct creation n = { .c = c, .q = &q };
	struct seat_record seat;
	bool there;
	struct store_key k;
	TRY(wire_decode(body, &c->arena, room_create_request_element, &q));
	if (!is_place(q.room, URI_ROOM) || !is_place(q.client, URI_CLIENT) ||
	    q.secret.n != SEAT_SECRET)
		return UC_E_ARGUMENT;
	TRY(uri_domain_of(q.room, &domain));
	TRY(uri_domain_of(q.client, &of_client));
	if (!is_own_domain(c->p, domain) || !is_own_domain(c->p, of_client))
		return UC_E_NOT_ALLOWED;
	TRY(store_has(c->p->rooms, key_1(&k, TABLE_ROOM, q.room), &there));
	if (!there)
		return create(&n);
	TRY(created_before(c, &q, &seat));
	TRY(seat_opened_again(c, q.room, q.client, q.secret, &seat));
	return answer(c, &q);
}
