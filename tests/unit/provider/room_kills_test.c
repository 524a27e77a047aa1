/* SPDX-License-Identifier: Apache-2.0 */
/* An app is killed at every single write and sync, what was not synced kept or lost, while three
 * people of three apps make a room, write, add, leave and are removed.  They only ever try again; in
 * the end everybody has read everything once, and agrees. */
#include "provider/group_parts.h"
#include "tests/unit/provider/guests.h"

enum { TRIES = 12, GUESTS = 3 };
static struct app *victim;
static size_t kills;
static struct guest second, fresh;
static struct guest *const all[] = { &r1, &t1, &i1, &second, &fresh };

/* --- the parts of a public group that are stored are one group --- */

static uc_err part_seen(void *ctx, enum store_part part, struct view key, uint64_t seq,
			struct view value)
{
	size_t *nodes = ctx;
	struct group_part_record r;
	struct store_key_reader k;
	(void)seq;
	if (part != STORE_PART_RECORD || key.p[0] != TABLE_GROUP_PART)
		return UC_OK;
	expect_ok(wire_decode(value, &apps_mem, group_part_record_element, &r));
	expect_ok(group_part_check(key, &r));
	store_key_read(&k, key);
	store_key_read_bytes(&k, &apps_mem);
	*nodes += store_key_read_u64(&k) == PUBLIC_PART_NODE;
	return UC_OK;
}

static size_t nodes_in(const struct public_group *g)
{
	const struct tree *t = public_group_now(g).tree;
	size_t n = 0;
	for (uint32_t i = 0; i < tree_width(t->leaves); i++)
		n += tree_node_key(t, i).n != 0;
	return n;
}

/* Those who may still come get the tree that they are to get. */
static void trees_are_there(struct view room)
{
	struct store_scan scan;
	struct store_key k;
	struct view key, value, tree;
	struct room_live *r;
	expect_ok(room_live_get(victim->provider, room, &r));
	expect_ok(store_scan_init(&scan, victim->rooms, key_1(&k, TABLE_WELCOME, room),
				  (struct view){ NULL, 0 }, 0));
	while (store_scan_next(&scan, &key, &value)) {
		struct store_key_reader reader;
		store_key_read(&reader, key);
		store_key_read_bytes(&reader, &apps_mem);
		expect_ok(tree_of(victim->provider, r, store_key_read_u64(&reader), &apps_mem,
				  &tree));
	}
	store_scan_done(&scan);
}

/* There is one room at most. */
static void groups_are_whole(void)
{
	struct public_group *g = NULL;
	struct store_key k;
	bool there, is_whole;
	size_t nodes = 0;
	expect_ok(store_walk(victim->rooms, part_seen, &nodes));
	expect_ok(store_has(victim->rooms, key_1(&k, TABLE_ROOM, the_room), &there));
	if (!there) {
		expect_eq(nodes, 0);
		return;
	}
	expect_ok(
		group_parts_load(victim->rooms, test_env(), &room_hooks, the_room, &g, &is_whole));
	if (!g)
		return;
	expect(!is_whole);
	expect_eq(nodes_in(g), nodes);
	public_group_free(g);
	trees_are_there(the_room);
}

/* --- */

static void revive(void)
{
	if (victim->provider)
		return;
	app_start(victim);
	groups_are_whole();
	kills++;
	apps_wait(1000);
	if (!victim->provider)
		app_start(victim);
}

static bool is_lost(uc_err err)
{
	return err == UC_E_CLOSED || uc_err_class(err) == UC_CLASS_STORE ||
	       uc_err_class(err) == UC_CLASS_NET || err == UC_E_SEAT;
}

/* Signed in, and its seat open. */
static void back(struct guest *g)
{
	uc_err err = UC_E_CLOSED;
	for (int i = 0; i < TRIES && err; i++) {
		revive();
		err = g->person->c->session ? UC_OK : person_sign_in(g->person);
		if (!err && g->g && !g->is_ended)
			err = guest_open(g);
		if (!err)
			guest_read(g);
		/* Everything read, and that was acknowledged before: it is over. */
		if (err == UC_E_SEAT && g->g && group_is_removed(g->g)) {
			g->is_ended = true;
			err = UC_OK;
		}
		expect(!err || is_lost(err));
		if (err)
			client_close(g->person->c);
	}
	expect_ok(err);
}

static void create(struct guest *g)
{
	uc_err err = UC_E_CLOSED;
	for (int i = 0; i < TRIES && err; i++) {
		revive();
		if (!g->person->c->session)
			err = person_sign_in(g->person);
		if (g->person->c->session)
			err = guest_create(g, false);
		expect(!err || is_lost(err) || err == UC_E_SIGNED_OUT);
	}
	expect_ok(err);
}

static void update(struct guest *g, struct view bytes)
{
	int code = -1;
	uc_err err = UC_OK;
	for (int i = 0; i < TRIES && code < 0; i++) {
		revive();
		code = guest_update(g, bytes, &err);
		expect(code >= 0 || is_lost(err));
		if (code < 0)
			back(g);
	}
	expect_eq(code, UPDATE_SUCCESS);
}

static void say(struct guest *g, const char *text)
{
	struct view bytes = guest_message_make(g, text);
	struct submit_message_response r;
	uint64_t seq;
	int code = -1;
	uc_err err = UC_OK;
	for (int i = 0; i < TRIES && code < 0; i++) {
		revive();
		code = guest_submit(g, bytes, &r, &seq, &err);
		expect(code >= 0 || is_lost(err));
		if (code < 0)
			back(g);
	}
	expect_eq(code, SUBMIT_ACCEPTED);
}

/* Everything that is on its way comes. */
static void settle(void)
{
	for (int i = 0; i < 3; i++) {
		revive();
		apps_wait(61000);
	}
	revive();
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (all[i]->g && !all[i]->is_ended)
			back(all[i]);
}

static bool find(struct guest *g)
{
	struct seat_find_request q = { { &g->client, 1 } };
	struct seat_find_response r = { .seats = { .n = 0 } };
	for (int i = 0; i < TRIES; i++) {
		revive();
		back(g);
		uc_err err = client_ask(g->person->c, FRAME_SEAT_FIND, seat_find_request_element,
					&q, seat_find_response_element, &r);
		expect(!err || is_lost(err));
		if (!err)
			return r.seats.n == 1;
	}
	return false;
}

static void join(struct guest *g)
{
	const struct group_platform p = { .env = test_env(), .hooks = &room_hooks };
	uc_err err = UC_E_CLOSED;
	expect(find(g));
	for (int i = 0; i < TRIES && err; i++) {
		revive();
		if (!g->person->c->session)
			back(g);
		g->is_known = false;
		err = guest_open(g);
		expect(!err || is_lost(err));
	}
	expect_ok(err);
	const struct welcome_input in = { g->opened.welcome, g->opened.ratchet_tree, g->key_package,
					  &g->secrets };
	expect_ok(group_join(&p, &in, &g->g));
	g->seq = g->opened.start;
	memcpy(g->chain, g->opened.start_chain, CHAIN_HASH);
	struct seat_ack ack = { g->seat, g->seq };
	client_tell(g->person->c, FRAME_SEAT_ACK, seat_ack_element, &ack);
	guest_read(g);
}

static void commit(struct guest *g, const struct change *c)
{
	uint64_t epoch = group_epoch(g->g);
	update(g, guest_commit_make(g, c));
	settle();
	expect_eq(group_epoch(g->g), epoch + 1);
}

/* Signed in, whatever seats there are. */
static void sign_in(struct guest *g)
{
	uc_err err = g->person->c->session ? UC_OK : UC_E_CLOSED;
	for (int i = 0; i < TRIES && err; i++) {
		revive();
		err = person_sign_in(g->person);
		expect(!err || is_lost(err));
	}
	expect_ok(err);
}

static struct group_info_ratchet_tree_tbe group_info(struct guest *g)
{
	struct group_info_ratchet_tree_tbe info = { .pending_proposals = { .n = 0 } };
	uc_err err;
	int code = -1;
	for (int i = 0; i < TRIES && code < 0; i++) {
		revive();
		sign_in(g);
		code = guest_group_info(g, &info, &err);
		expect(code >= 0 || is_lost(err));
	}
	expect_eq(code, GROUP_INFO_SUCCESS);
	return info;
}

/* The same external commit again and again, until it is heard to be accepted. */
static void resync(struct guest *g, const struct guest *old)
{
	struct group_info_ratchet_tree_tbe info = group_info(g);
	struct room_update_request q = guest_resync_make(g, old, &info);
	struct room_update_response r = { .seq = 0 };
	struct update_room_response u = { .response_code = UPDATE_NOT_ALLOWED };
	uc_err err = UC_E_CLOSED;
	for (int i = 0; i < TRIES && err; i++) {
		revive();
		sign_in(g);
		q.signature = seat_signature(g, &g->leaf_key);
		err = client_ask(g->person->c, FRAME_ROOM_UPDATE, room_update_request_element, &q,
				 room_update_response_element, &r);
		expect(!err || is_lost(err));
		/* The hub may be waiting to try the follower again. */
		if (err)
			apps_wait(61000);
	}
	expect_ok(err);
	expect_ok(wire_decode(r.response, &apps_mem, update_room_response_element, &u));
	expect_eq(u.response_code, UPDATE_SUCCESS);
	expect_ok(group_pending_apply(g->g));
	g->seq = r.seq;
	/* Its seat may still be on its way. */
	for (int i = 0; i < TRIES && (!i || err); i++) {
		revive();
		apps_wait(61000);
		revive();
		sign_in(g);
		err = guest_open(g);
		expect(!err || is_lost(err));
	}
	expect_ok(err);
	memcpy(g->chain, g->opened.start_chain, CHAIN_HASH);
	guest_read(g);
}

static void play(void)
{
	struct change two = { .n = 0 }, own = { .n = 0 }, out = { .n = 0 }, none = { .n = 0 };
	guest_init(&r1, &rosa, NULL);
	guest_init(&t1, &tom, NULL);
	guest_init(&i1, &ida, NULL);
	guest_init(&second, &tom, &t1);
	create(&r1);
	change_add(&two, &t1);
	change_add(&two, &i1);
	commit(&r1, &two);
	join(&t1);
	join(&i1);
	say(&r1, "one");
	say(&t1, "two");
	say(&i1, "three");
	settle();
	change_add(&own, &second);
	commit(&t1, &own);
	join(&second);
	say(&second, "four");
	settle();
	update(&i1, guest_leave_make(&i1));
	settle();
	commit(&r1, &none);
	say(&t1, "five");
	settle();
	change_remove(&out, &t1, &second);
	commit(&t1, &out);
	say(&r1, "six");
	settle();
	guest_init(&fresh, &tom, &t1);
	resync(&fresh, &t1);
	say(&fresh, "seven");
	settle();
}

static void check(void)
{
	expect_eq(r1.messages, 5);
	expect_eq(fresh.messages, 0);
	expect_eq(t1.messages, 4);
	expect_eq(i1.messages, 3);
	expect_eq(second.messages, 1);
	expect(group_is_removed(i1.g) && group_is_removed(second.g));
	expect(i1.is_ended && second.is_ended);
	expect(t1.is_ended);
	guests_agree((struct guest *[]){ &r1, &fresh }, 2);
	expect_eq(log_head_of(&apps[DIAL], the_room), 13);
	expect_eq(log_head_of(&apps[LENS], the_room), 13);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		group_free(all[i]->g);
		all[i]->g = NULL;
	}
}

/* Struck at the n-th point; false when there are no so many. */
static bool struck(int app, unsigned n)
{
	test_now_ms = 1700000000000;
	test_seed(n * 4 + (unsigned)app);
	the_people();
	victim = &apps[app];
	victim->strike_in = n;
	kills = 0;
	play();
	check();
	the_end();
	return kills != 0;
}

static void strike_all(int app, bool keep)
{
	unsigned n = 1;
	kills_keep = keep;
	while (n < 10000 && struck(app, n))
		n++;
	/* There was something to strike. */
	expect(n > 40);
}

TEST(the_hub_is_killed_at_every_write_and_loses_what_it_had_not_synced)
{
	strike_all(DIAL, false);
}

TEST(the_hub_is_killed_at_every_write)
{
	strike_all(DIAL, true);
}

TEST(a_follower_is_killed_at_every_write_and_loses_what_it_had_not_synced)
{
	strike_all(LENS, false);
}

TEST(a_follower_is_killed_at_every_write)
{
	strike_all(LENS, true);
}
