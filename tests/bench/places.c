/* SPDX-License-Identifier: Apache-2.0 */
/* Places in rooms: groups, seats, messages. */
#include "base/text.h"
#include "mimi/franking.h"
#include "net/env_system.h"
#include "tests/bench/bench.h"
#include "tests/bench/people.h"

#include <stdlib.h>

enum { DAY_S = 24 * 3600, SALT = 16, AT_ONCE = 64, BUCKET = 256 };
#define STEP_BYTES ((size_t)256 << 20)

static const struct suite *suite(void)
{
	return suite_find(SUITE_X25519_AES128);
}

static struct group_platform platform(void)
{
	return (struct group_platform){ .env = env_system(), .hooks = &room_hooks };
}

void place_init(struct place *p, struct person *person, struct app *hub, struct view room,
		struct arena *a)
{
	const struct env *env = env_system();
	struct uri u = { .kind = URI_CLIENT, .domain = view_str(person->app->domain) };
	uint8_t random[CLIENT_NAME];
	struct view component;
	struct buf b;
	*p = (struct place){ .person = person, .hub = hub, .room = room };
	MUST(ed25519_generate(env, &p->first));
	MUST(sign_key_generate(suite(), env, &p->leaf_key));
	MUST(env_random(env, p->secret, sizeof p->secret));
	MUST(env_random(env, random, sizeof random));
	buf_init(&b, 64);
	base32_add(&b, VIEW_OF(random));
	MUST(arena_copy(a, buf_view(&b), &u.client));
	buf_done(&b);
	MUST(participant_name(VIEW_OF(p->first.pub), a, &u.name));
	MUST(uri_make(a, &u, &p->client));
	MUST(uri_participant_of(p->client, &p->participant));
	MUST(participant_prove(&p->first, p->client, sign_public(&p->leaf_key), a, &component));
	MUST(room_leaf_parameters(&p->leaf_key, p->client, component, a, &p->leaf));
	MUST(key_package_make(suite(), env, &p->leaf, 30 * DAY_S, NULL, a, &p->key_package,
			      &p->secrets));
}

static struct view seat_signature(const struct place *p, struct arena *a)
{
	struct seat_tbs tbs = { .room = p->room, .client = p->client };
	struct view bytes, signature;
	memcpy(tbs.challenge, p->person->challenge, sizeof tbs.challenge);
	MUST(sha256(VIEW_OF(p->secret), tbs.secret_hash));
	MUST(wire_encode_to(a, seat_tbs_element, &tbs, &bytes));
	MUST(sign_with_label(suite(), &p->leaf_key, env_system(), "Undercroft seat", bytes, a,
			     &signature));
	return signature;
}

static void took_seat(struct place *p, uint32_t seat)
{
	struct person *who = p->person;
	p->seat = seat;
	p->is_known = true;
	if (who->places_n == who->places_cap) {
		who->places_cap = who->places_cap ? 2 * who->places_cap : 4;
		who->places = realloc(who->places, who->places_cap * sizeof *who->places);
		if (!who->places)
			bench_die("no memory for seats");
	}
	who->places[who->places_n++] = p;
}

void place_ack(struct place *p)
{
	const struct seat_ack ack = { p->seat, p->seq };
	conn_tell(&p->person->conn, FRAME_SEAT_ACK, seat_ack_element, &ack);
}

/* --- making rooms --- */

static void on_created(void *ctx, struct conn *c, struct view body)
{
	struct place *p = ctx;
	struct room_create_response r;
	(void)c;
	MUST(wire_decode(body, NULL, room_create_response_element, &r));
	took_seat(p, r.seat);
	p->seq = r.seq;
}

static void create(struct place *p, bool direct, struct arena *a)
{
	struct sign_key hub = { .pub_n = 32 }, franking = { .pub_n = 32 };
	struct extension_list context;
	const struct group_platform platform_ = platform();
	struct room_create_request q = { .room = p->room,
					 .client = p->client,
					 .secret = VIEW_OF(p->secret) };
	memcpy(hub.pub, p->hub->hub_key, 32);
	memcpy(franking.pub, p->hub->franking_key, 32);
	const struct room_terms terms = { .room = p->room,
					  .direct = direct,
					  .hub_domain = view_str(p->hub->domain),
					  .hub_key = sign_public(&hub),
					  .franking_key = sign_public(&franking),
					  .creator = p->participant };
	MUST(room_context_extensions(&terms, a, &context));
	MUST(group_create(&platform_, suite(), p->room, &p->leaf, &context, &p->g));
	MUST(group_info_make(p->g, a, &q.group_info));
	MUST(group_ratchet_tree(p->g, a, &q.ratchet_tree));
	q.signature = seat_signature(p, a);
	conn_ask(&p->person->conn, FRAME_ROOM_CREATE, room_create_request_element, &q, on_created,
		 p);
}

static void on_added(void *ctx, struct conn *c, struct view body)
{
	struct place *p = ctx;
	struct room_update_response r;
	(void)c;
	MUST(wire_decode(body, NULL, room_update_response_element, &r));
	if (!r.seq)
		bench_die("a room's first commit was refused");
	MUST(group_pending_apply(p->g));
	p->seq = r.seq;
}

/* by's room gets the n places behind it. */
static void add(struct place *by, size_t n, struct arena *a)
{
	struct proposal *v = ARENA_ARRAY(a, struct proposal, n + 1);
	struct group_view now = group_now(by->g);
	struct commit_options o = { .proposals = v, .proposal_count = n };
	struct proposal_view_list all;
	struct room_state r;
	struct made_commit made;
	bool needed = false;
	if (!v)
		bench_die("no memory for %zu proposals", n);
	for (size_t i = 0; i < n; i++) {
		v[i].proposal_type = PROPOSAL_ADD;
		MUST(wire_decode(by[i + 1].key_package, a, key_package_element, &v[i].key_package));
	}
	MUST(group_fitting(by->g, v, n, a, &all));
	MUST(room_state_read(&now, a, &r));
	MUST(room_list_follow(&now, &r, &all, NULL, a, &v[n], &needed));
	o.proposal_count += needed;
	MUST(group_commit(by->g, &o, a, &made));
	const struct update_request u = {
		.bundle = {
			.proposal_or_commit = made.commit,
			.content_type = CONTENT_COMMIT,
			.welcome = made.welcome,
			.group_info_option = { GROUP_INFO_FULL, made.group_info },
			.ratchet_tree_option = { .representation = RATCHET_TREE_FULL,
						 .ratchet_tree = made.ratchet_tree },
		},
	};
	struct room_update_request q = { .seat = by->seat };
	MUST(wire_encode_to(a, update_request_element, &u, &q.update));
	conn_ask(&by->person->conn, FRAME_ROOM_UPDATE, room_update_request_element, &q, on_added,
		 by);
}

/* --- seats --- */

static void on_opened(void *ctx, struct conn *c, struct view body)
{
	struct place *p = ctx;
	struct seat_open_response r;
	bool is_first = !p->is_known;
	(void)c;
	MUST(wire_decode(body, NULL, seat_open_response_element, &r));
	took_seat(p, r.seat);
	if (!is_first)
		return;
	p->seq = r.start;
	if (p->joins) {
		const struct group_platform platform_ = platform();
		const struct welcome_input in = { r.welcome, r.ratchet_tree, p->key_package,
						  &p->secrets };
		MUST(group_join(&platform_, &in, &p->g));
	}
	place_ack(p);
}

static void open_seat(struct place *p)
{
	struct arena a;
	struct seat_open_request q = {
		.room = p->room, .client = p->client, .secret = VIEW_OF(p->secret), .cursor = p->seq
	};
	arena_init(&a, 1 << 20, ARENA_PLAIN);
	if (!p->is_known)
		q.signature = seat_signature(p, &a);
	conn_ask(&p->person->conn, FRAME_SEAT_OPEN, seat_open_request_element, &q, on_opened, p);
	arena_done(&a);
}

/* --- seats again, all of a device in one request --- */

struct opening {
	struct place **v;
	size_t n;
};

static void on_opened_again(void *ctx, struct conn *c, struct view body)
{
	struct opening *o = ctx;
	struct seats_open_response r;
	struct arena a;
	(void)c;
	arena_init(&a, 1 << 20, ARENA_PLAIN);
	MUST(wire_decode(body, &a, seats_open_response_element, &r));
	if (r.seats.n != o->n)
		bench_die("%zu of %zu seats were answered", r.seats.n, o->n);
	for (size_t i = 0; i < o->n; i++) {
		MUST((uc_err)r.seats.v[i].status);
		took_seat(o->v[i], r.seats.v[i].seat);
	}
	arena_done(&a);
	free(o);
}

void places_open_again(struct place **v, size_t n)
{
	struct arena a;
	arena_init(&a, 1 << 20, ARENA_PLAIN);
	for (size_t from = 0; from < n; from += SEATS_AT_ONCE) {
		struct opening *o = malloc(sizeof *o);
		size_t count = n - from < SEATS_AT_ONCE ? n - from : SEATS_AT_ONCE;
		struct seats_open_request q = { { ARENA_ARRAY(&a, struct seat_again, count),
						  count } };
		if (!o || !q.seats.v)
			bench_die("no memory for %zu seats", n);
		*o = (struct opening){ v + from, count };
		for (size_t i = 0; i < count; i++) {
			struct seat_again *s = &q.seats.v[i];
			*s = (struct seat_again){ .room = o->v[i]->room,
						  .client = o->v[i]->client,
						  .cursor = o->v[i]->seq };
			memcpy(s->secret, o->v[i]->secret, sizeof s->secret);
		}
		conn_ask(&v[0]->person->conn, FRAME_SEATS_OPEN, seats_open_request_element, &q,
			 on_opened_again, o);
	}
	arena_done(&a);
}

static void on_found(void *ctx, struct conn *c, struct view body)
{
	struct place *p = ctx;
	struct seat_find_response r;
	struct arena a;
	(void)c;
	arena_init(&a, 1 << 20, ARENA_PLAIN);
	MUST(wire_decode(body, &a, seat_find_response_element, &r));
	p->is_there = r.seats.n == 1;
	arena_done(&a);
}

/* Followers hear of the room a little later than the hub. */
static void find_seats(struct load *l, struct place *v, size_t n)
{
	for (size_t missing = n, tries = 0; missing; tries++) {
		missing = 0;
		for (size_t i = 0; i < n; i++) {
			const struct seat_find_request q = { { &v[i].client, 1 } };
			if (v[i].is_there)
				continue;
			missing++;
			conn_ask(&v[i].person->conn, FRAME_SEAT_FIND, seat_find_request_element, &q,
				 on_found, &v[i]);
		}
		load_wait(l);
		if (missing && tries)
			load_rest(l, 50);
		if (tries == 100)
			bench_die("%zu seats are not there", missing);
	}
}

static void fill_room(struct load *l, struct place *row, size_t size)
{
	for (size_t from = 1; from < size; from += AT_ONCE) {
		size_t to = from + AT_ONCE < size ? from + AT_ONCE : size;
		for (size_t i = from; i < to; i++)
			open_seat(&row[i]);
		load_wait(l);
	}
}

void rooms_make(struct load *l, struct place *v, size_t rows, size_t size, bool direct)
{
	struct arena a;
	arena_init(&a, STEP_BYTES, ARENA_PLAIN);
	for (size_t row = 0; row < rows; row++) {
		create(&v[row * size], direct, &a);
		if (row % AT_ONCE == AT_ONCE - 1)
			load_wait(l);
	}
	load_wait(l);
	for (size_t row = 0; row < rows; row++) {
		add(&v[row * size], size - 1, &a);
		arena_done(&a);
		if (row % 16 == 15)
			load_wait(l);
	}
	load_wait(l);
	for (size_t row = 0; row < rows; row++) {
		struct place *first = &v[row * size];
		if (first[1].person->app != first->hub)
			find_seats(l, first + 1, size - 1);
		fill_room(l, first, size);
	}
	arena_done(&a);
}

/* --- messages --- */

void place_message(struct place *p, uint32_t id, size_t bytes, struct buf *frame,
		   uint8_t tail[TAIL])
{
	struct arena a;
	uint8_t tag[FRANKING_TAG];
	struct view aad;
	struct submit_message_request s = { .protocol = PROTOCOL_MLS10,
					    .sending_uri = p->participant };
	struct room_submit_request q = { .seat = p->seat };
	arena_init(&a, 1 << 20, ARENA_PLAIN);
	uint8_t *data = arena_take(&a, bytes);
	if (!data || bytes < SALT)
		bench_die("no room for a message of %zu bytes", bytes);
	MUST(env_random(env_system(), data, SALT));
	MUST(franking_tag(view_make(data, SALT), view_make(data, bytes), tag));
	MUST(franking_aad_write(tag, &a, &aad));
	MUST(group_encrypt(p->g, aad, view_make(data, bytes), BUCKET, &a, &s.app_message));
	memcpy(tail, s.app_message.p + s.app_message.n - TAIL, TAIL);
	MUST(wire_encode_to(&a, submit_message_request_element, &s, &q.message));
	MUST(frame_add_request(frame, FRAME_ROOM_SUBMIT, id, room_submit_request_element, &q));
	arena_done(&a);
}
