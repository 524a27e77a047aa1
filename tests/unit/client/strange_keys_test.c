/* SPDX-License-Identifier: Apache-2.0 */
/* Hers was one of several devices.  Another, which saw its end coming, has put a key behind her participant's that
 * nobody else has: no commit of hers is taken in that room.  She asks the others to take its place out; and nobody,
 * neither that device nor her app, gets her to ask it for one that is hers. */
#include "client/chains.h"

#include "client/devices.h"
#include "client/groups.h"
#include "client/inbox.h"
#include "client/member_clients.h"
#include "client/outbox.h"
#include "client/pool.h"
#include "client/room_group.h"
#include "client/rooms.h"
#include "client/turn.h"
#include "mimi/protocol.h"
#include "mls/message.h"
#include "tests/unit/client/small_app.h"

#include "base/heap.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

static struct small_app app, lens;
static struct person rosa, tom;
static struct ed25519_key b, c; /* other devices of hers, played by the test */
static struct arena mem;
static struct room *hers, *his;
static struct set *his_set;

/* --- the hub --- */

static unsigned asked;   /* how often something was sent to it */
static struct view last; /* its message, and those that came along */
static struct view_list more;
static bool refuses;

static uc_err hub_takes(struct small_app *a, const struct frame *in, struct arena *scratch,
			struct buf *out)
{
	struct room_update_request q;
	struct update_request u;
	struct update_room_response said = { .response_code = UPDATE_SUCCESS };
	struct room_update_response r = { .seat = 1, .seq = 9 };
	struct view kept = { NULL, 0 };
	(void)a;
	if (in->type != FRAME_ROOM_UPDATE)
		return UC_E_BUSY;
	asked++;
	TRY(wire_decode(in->body, scratch, room_update_request_element, &q));
	TRY(arena_copy(&mem, q.update, &kept));
	TRY(wire_decode(kept, &mem, update_request_element, &u));
	last = u.bundle.proposal_or_commit;
	more = u.bundle.more_proposals;
	if (refuses)
		return UC_E_POLICY;
	TRY(wire_encode_to(scratch, update_room_response_element, &said, &r.response));
	return frame_add_response(out, in->type, in->id, room_update_response_element, &r);
}

struct arrival {
	struct room *r;
	struct view body;
};

static uc_err arrives(struct uc_client *client, void *arg)
{
	return inbox_entry(client, *(const struct view *)arg);
}

/* What it is chained to is not looked at here: a break is told, no more. */
static void comes_to(struct person *p, struct room *r, struct view fanout)
{
	struct entry_event e = {
		.seat = 1,
		.entry = { .version = LOG_ENTRY_VERSION, .seq = r->seq + 1, .fanout = fanout }
	};
	struct view body = { NULL, 0 };
	r->seat = 1;
	r->seat_open = r->seat_known = true;
	expect_ok(wire_encode_to(&mem, entry_event_element, &e, &body));
	expect_ok(turn_run(p->c, arrives, &body));
	expect(!r->lost);
}

/* It stands in the log, and both read it. */
static void stands(struct view message, struct view_list along, uint8_t type)
{
	struct fanout_message f = { .timestamp = test_now_ms,
				    .message = message,
				    .wire_format = MLS_PUBLIC_MESSAGE,
				    .content_type = type,
				    .more_proposals = along };
	struct view fanout = { NULL, 0 };
	expect_ok(wire_encode_to(&mem, fanout_message_element, &f, &fanout));
	comes_to(&rosa, hers, fanout);
	comes_to(&tom, his, fanout);
}

/* --- the room --- */

static uc_err her_room(struct uc_client *client, void *arg)
{
	static const uint8_t key[32] = { 5 };
	(void)arg;
	TRY(rooms_create(client, false, "Walks", &hers));
	struct set *s = pool_find(client, hers->set_id);
	TRY(room_group_create(client, hers, s, VIEW_OF(key), VIEW_OF(key), &hers->group));
	set_change(s, SET_SPENT);
	hers->state = ROOM_OPEN;
	hers->retry_ms = UINT64_MAX; /* nobody is asked about it but where the test says so */
	return room_members_sync(client, hers);
}

static uc_err his_package(struct uc_client *client, void *arg)
{
	struct view one;
	TRY(pool_reserve(client, &his_set));
	one = blob_view(&his_set->key_package);
	return wire_encode_to(&mem, bytes_element, &one, arg);
}

static uc_err her_commit(struct uc_client *client, void *arg)
{
	struct view *package = arg, update;
	struct room_change change = { .packages = { package, 1 } };
	uint8_t hash[SHA256_BYTES];
	TRY(room_group_commit(client, hers->group, &change, &mem, &update, hash));
	*package = update;
	return UC_OK;
}

static uc_err she_has(struct uc_client *client, void *arg)
{
	(void)arg;
	TRY(room_group_rejoined(hers->group));
	return room_members_sync(client, hers);
}

static uc_err he_joins(struct uc_client *client, void *arg)
{
	struct update_request *u = arg;
	struct seat_open_response in = {
		.seat = 1,
		.start = hers->seq,
		.next = hers->seq + 1,
		.welcome = u->bundle.welcome,
		.ratchet_tree = u->bundle.ratchet_tree_option.ratchet_tree,
	};
	TRY(rooms_found(client, his_set, view_str(hers->uri)));
	his = client->rooms;
	his->retry_ms = UINT64_MAX;
	return rooms_welcome(client, his, &in);
}

static void he_comes(void)
{
	struct view package = { NULL, 0 };
	struct update_request u = { .bundle = { .content_type = 0 } };
	expect_ok(turn_run(tom.c, his_package, &package));
	expect_ok(turn_run(rosa.c, her_commit, &package));
	expect_ok(wire_decode(package, &mem, update_request_element, &u));
	expect_ok(turn_run(rosa.c, she_has, NULL));
	expect_ok(turn_run(tom.c, he_joins, &u));
	expect(his && his->group);
}

static void begin_alone(void)
{
	uc_op op;
	arena_init(&mem, 64 << 20, ARENA_PLAIN);
	small_app_init(&app, "dial.example");
	small_app_init(&lens, "lens.example");
	app.more = hub_takes;
	asked = 0;
	refuses = false;
	person_begin(&rosa, &app);
	person_begin(&tom, &lens);
	expect_ok(person_open(&rosa));
	expect_ok(person_talk(&rosa));
	expect_ok(uc_sign_up(rosa.c, "rosa", NULL, "Rosa", &op));
	expect_ok(person_talk(&rosa));
	expect_ok(person_open(&tom));
	person_account(&tom, "Tom");
	expect_ok(ed25519_generate(test_env(), &b));
	expect_ok(ed25519_generate(test_env(), &c));
	small_app_list_put(&app, &rosa.c->account.device, DEVICE_ADD, &b, false);
	small_app_list_put(&app, &rosa.c->account.device, DEVICE_ADD, &c, false);
	person_again(&rosa);
	expect_ok(turn_run(rosa.c, her_room, NULL));
	person_wait(&rosa, 10 * MINUTE);
	expect(app.vault_version != 0 && !rosa.c->vault.unwritten);
}

static void begin(void)
{
	begin_alone();
	he_comes();
}

static void end(void)
{
	person_end(&rosa);
	person_end(&tom);
	arena_done(&mem);
	hers = his = NULL;
}

/* --- the other device --- */

/* Her participant's first key, and one that nobody else has. */
static void own_key(struct participant_keys *k)
{
	struct participant_link_list chain;
	struct view pub = { NULL, 0 }, encoded = { NULL, 0 };
	expect_ok(participant_keys_chain(&hers->participant_key, NULL, &mem, &chain));
	expect_ok(ed25519_generate(test_env(), &k->last));
	expect_ok(arena_copy(&mem, VIEW_OF(k->last.pub), &pub));
	expect_ok(participant_chain_next(&chain, &hers->participant_key, pub, &mem, &chain));
	expect_ok(wire_encode_to(&mem, participant_chain_element, &chain, &encoded));
	expect_ok(blob_set(&k->chain, encoded));
}

struct places {
	const struct participant_keys *keys;
	size_t n;
	struct view package[4];
};

static uc_err packages_make(struct uc_client *client, void *arg)
{
	struct places *p = arg;
	for (size_t i = 0; i < p->n; i++) {
		struct set *s = HEAP_NEW(struct set);
		if (!s)
			return UC_E_MEMORY;
		s->participant_key = hers->participant_key;
		s->keys = p->keys;
		uc_err err = room_group_key_package(client, s);
		struct view package = blob_view(&s->key_package);
		if (!err)
			err = wire_encode_to(&mem, bytes_element, &package, &p->package[i]);
		set_free(s);
		TRY(err);
	}
	return UC_OK;
}

static uc_err places_commit(struct uc_client *client, void *arg)
{
	struct places *p = arg;
	struct room_change change = { .packages = { p->package, p->n } };
	struct view update;
	struct update_request u;
	uint8_t hash[SHA256_BYTES];
	TRY(room_group_commit(client, hers->group, &change, &mem, &update, hash));
	TRY(wire_decode(update, &mem, update_request_element, &u));
	last = u.bundle.proposal_or_commit;
	return UC_OK;
}

/* So many places more of hers, which show these keys. */
static void places_come(const struct participant_keys *keys, size_t n)
{
	struct places p = { .keys = keys, .n = n };
	expect_ok(turn_run(rosa.c, packages_make, &p));
	expect_ok(turn_run(rosa.c, places_commit, &p));
	if (his)
		stands(last, (struct view_list){ NULL, 0 }, CONTENT_COMMIT);
	else
		expect_ok(turn_run(rosa.c, she_has, NULL));
}

static struct member *self(void)
{
	return room_member_find(hers, view_str(hers->participant));
}

static bool other_each(void *ctx, const struct room_client *k)
{
	if (view_equal(k->participant, view_str(hers->participant)) &&
	    !view_equal(k->client, view_str(hers->client)))
		expect_ok(member_client_known(self(), k->client, ctx));
	return true;
}

/* They say that they are that device's; of zeros: by a persona. */
static void say_they_are(const uint8_t key[ED25519_KEY])
{
	uint8_t copy[ED25519_KEY];
	memcpy(copy, key, sizeof copy);
	expect_ok(room_group_clients(hers->group, other_each, copy));
}

/* The device `c` comes into the room, by a key of its own. */
static void c_comes(size_t n)
{
	struct participant_keys k = { .generation = 0 };
	own_key(&k);
	places_come(&k, n);
	say_they_are(c.pub);
	blob_done(&k.chain);
}

static void she_ends(const struct ed25519_key *device)
{
	uc_op op;
	expect_ok(uc_device_end(rosa.c, device->pub, &op));
	expect_ok(person_talk(&rosa));
	expect_ok(rosa.done_err);
	for (int i = 0; i < 3; i++)
		person_wait(&rosa, SECOND);
}

/* --- time --- */

static uc_err drive(struct uc_client *client, void *arg)
{
	struct room *r = arg;
	r->retry_ms = 0;
	uc_err err = groups_drive(client, r);
	r->retry_ms = UINT64_MAX;
	return err == UC_E_NET ? UC_OK : err;
}

/* What she has said is not what it is about, and would be said before she leaves. */
static uc_err says_nothing(struct uc_client *client, void *arg)
{
	(void)arg;
	outbox_fail(client, hers);
	return UC_OK;
}

static void pass(uint64_t ms)
{
	const uint64_t step = ms > HOUR ? 10 * MINUTE : 30 * SECOND;
	for (uint64_t done = 0; done < ms; done += step) {
		person_wait(&rosa, step);
		/* What the vault says is known the next time. */
		for (int i = 0; i < 2; i++) {
			expect_ok(turn_run(rosa.c, drive, hers));
			expect_ok(person_talk(&rosa));
		}
	}
}

static void he_commits(void)
{
	struct update_request u = { .bundle = { .content_type = 0 } };
	for (int i = 0; i < 2; i++) {
		expect_ok(turn_run(tom.c, drive, his));
		test_now_ms += 5 * SECOND;
	}
	expect(his->pending.there && his->pending.is_commit);
	expect_ok(wire_decode(blob_view(&his->pending.update), &mem, update_request_element, &u));
	struct view commit = { NULL, 0 };
	expect_ok(arena_copy(&mem, u.bundle.proposal_or_commit, &commit));
	stands(commit, (struct view_list){ NULL, 0 }, CONTENT_COMMIT);
}

static size_t keys_shown(void)
{
	struct participant_link_list shown = { NULL, 0 };
	expect_ok(room_group_chain(hers->group, &mem, &shown));
	return shown.n;
}

/* --- what she asks for --- */

TEST(who_was_ended_and_has_a_key_of_its_own_is_taken_out_by_the_others)
{
	begin();
	c_comes(1);
	expect_eq(keys_shown(), 2);
	pass(20 * MINUTE);
	expect_eq(asked, 0); /* it is hers */
	she_ends(&c);
	expect(hers->keys.chain.n != 0);
	hers->keys_ms = test_now_ms + HOUR;
	pass(10 * MINUTE);
	expect_eq(asked, 1);
	expect(hers->pending.there && !hers->pending.is_commit && hers->pending.accepted);
	stands(last, more, CONTENT_PROPOSAL);
	expect(!hers->pending.there && hers->state == ROOM_OPEN);
	/* As often as it must be, and no more. */
	pass(30 * MINUTE);
	expect_eq(asked, 1);
	he_commits();
	expect(hers->state == ROOM_OPEN && !hers->lost);
	expect_eq(self()->leaves, 1);
	expect_eq(keys_shown(), 1);
	/* The next key is shown at once, so that nobody comes back by the other. */
	pass(30 * SECOND);
	expect(asked == 2 && hers->pending.is_commit);
	stands(last, more, CONTENT_COMMIT);
	expect_eq(keys_shown(), 2);
	struct participant_keys k = { .generation = 0 };
	own_key(&k);
	struct places p = { .keys = &k, .n = 1 };
	expect_ok(turn_run(rosa.c, packages_make, &p));
	expect_err(turn_run(rosa.c, places_commit, &p), UC_E_PROOF);
	blob_done(&k.chain);
	end();
}

TEST(all_of_its_places_go_at_once)
{
	begin();
	c_comes(4);
	she_ends(&c);
	pass(10 * MINUTE);
	expect_eq(asked, 1);
	expect_eq(more.n, 3);
	/* Given up meanwhile, it stands all the same. */
	room_group_drop_pending(hers->group);
	expect(!room_group_has_proposals(hers->group));
	stands(last, more, CONTENT_PROPOSAL);
	pass(MINUTE);
	expect_eq(asked, 1);
	he_commits();
	expect(hers->state == ROOM_OPEN && !hers->lost && !his->lost);
	expect_eq(self()->leaves, 1);
	end();
}

/* Its place does not say whose it is: after an end none of hers is silent so long. */
TEST(who_does_not_say_whose_it_is_goes_as_well)
{
	struct participant_keys k = { .generation = 0 };
	begin();
	own_key(&k);
	places_come(&k, 1);
	pass(2 * HOUR);
	expect_eq(asked, 0);
	she_ends(&c);
	pass(20 * MINUTE);
	expect_eq(asked, 1);
	blob_done(&k.chain);
	end();
}

TEST(what_the_hub_refuses_is_asked_for_a_few_times_and_is_not_for_the_wish_to_leave)
{
	uc_op op;
	begin();
	refuses = true;
	c_comes(1);
	she_ends(&c);
	pass(7 * MINUTE);
	expect_eq(asked, 1);
	expect(!hers->pending.there && !room_group_has_proposals(hers->group));
	pass(HOUR);
	expect(asked > 1 && asked <= 4);
	pass(24 * (uint64_t)HOUR);
	expect_eq(asked, 4);
	/* The next key is another matter. */
	she_ends(&b);
	pass(2 * HOUR);
	expect(asked > 4 && asked <= 8);
	/* Leaving is what she can do herself. */
	expect_ok(turn_run(rosa.c, says_nothing, NULL));
	expect_ok(uc_leave(rosa.c, &hers->id, &op));
	refuses = false;
	pass(30 * SECOND);
	stands(last, more, CONTENT_PROPOSAL);
	expect_eq(hers->state, ROOM_LEAVING);
	end();
}

TEST(a_refusal_of_it_is_none_of_the_wish_to_leave)
{
	uc_op op;
	begin();
	refuses = true;
	c_comes(1);
	she_ends(&c);
	pass(5 * MINUTE);
	for (int i = 0; i < 10 && !hers->pending.there; i++) {
		person_wait(&rosa, 30 * SECOND);
		expect_ok(turn_run(rosa.c, drive, hers));
	}
	expect(hers->pending.there && !asked);
	expect_ok(uc_leave(rosa.c, &hers->id, &op));
	expect_ok(person_talk(&rosa));
	expect_eq(asked, 1);
	expect(!hers->pending.there && hers->tasks);
	end();
}

TEST(what_is_under_way_outlives_a_kill_and_is_no_leaving)
{
	uc_op op;
	begin();
	c_comes(1);
	she_ends(&c);
	pass(5 * MINUTE);
	while (!asked)
		pass(30 * SECOND);
	expect_ok(uc_leave(rosa.c, &hers->id, &op));
	expect_ok(person_open(&rosa));
	hers = rosa.c->rooms;
	hers->retry_ms = UINT64_MAX;
	expect(hers->pending.there && hers->tasks);
	person_again(&rosa);
	stands(last, more, CONTENT_PROPOSAL);
	expect(!hers->pending.there && hers->tasks);
	expect_eq(hers->state, ROOM_OPEN);
	/* Which comes after it. */
	he_commits();
	expect_ok(turn_run(rosa.c, says_nothing, NULL));
	pass(MINUTE);
	stands(last, more, CONTENT_PROPOSAL);
	expect(!hers->tasks && hers->state == ROOM_LEAVING);
	end();
}

static uc_err he_renews(struct uc_client *client, void *arg)
{
	struct room_change change = { .packages = { NULL, 0 } };
	struct view update;
	struct update_request u;
	uint8_t hash[SHA256_BYTES];
	(void)arg;
	TRY(room_group_commit(client, his->group, &change, &mem, &update, hash));
	TRY(wire_decode(update, &mem, update_request_element, &u));
	last = u.bundle.proposal_or_commit;
	return UC_OK;
}

TEST(a_commit_that_crosses_it_does_not_end_it)
{
	begin();
	c_comes(1);
	she_ends(&c);
	pass(7 * MINUTE);
	expect_eq(asked, 1);
	expect_ok(turn_run(tom.c, he_renews, NULL));
	stands(last, (struct view_list){ NULL, 0 }, CONTENT_COMMIT);
	expect(!hers->pending.there && hers->state == ROOM_OPEN);
	pass(MINUTE);
	expect_eq(asked, 1);
	pass(10 * MINUTE);
	expect_eq(asked, 2);
	stands(last, more, CONTENT_PROPOSAL);
	he_commits();
	expect_eq(self()->leaves, 1);
	end();
}

/* --- and for what not --- */

TEST(one_that_is_still_hers_is_not_asked_for_whatever_it_shows)
{
	begin();
	c_comes(1);
	she_ends(&b); /* another one, so that there is a next key */
	pass(5 * (uint64_t)HOUR);
	expect(hers->keys.chain.n && !asked);
	expect_eq(self()->leaves, 2);
	end();
}

/* By a list that was held back it would be none of hers. */
TEST(one_that_was_never_in_the_list_may_be_about_to_be)
{
	struct ed25519_key unheard;
	begin();
	c_comes(1);
	expect_ok(ed25519_generate(test_env(), &unheard));
	say_they_are(unheard.pub);
	she_ends(&c);
	pass(5 * (uint64_t)HOUR);
	expect_eq(asked, 0);
	end();
}

TEST(behind_a_persona_nobody_is_told_from_another)
{
	static const uint8_t none[ED25519_KEY];
	begin();
	c_comes(1);
	say_they_are(none);
	she_ends(&c);
	pass(5 * (uint64_t)HOUR);
	expect_eq(asked, 0);
	end();
}

TEST(without_a_vault_that_was_read_since_nobody_is_asked_for)
{
	begin();
	c_comes(1);
	she_ends(&c);
	app.refuse_type = FRAME_VAULT_GET;
	app.refuse_with = UC_E_BUSY;
	app.refuse_times = UINT32_MAX;
	pass(5 * (uint64_t)HOUR);
	expect_eq(asked, 0);
	app.refuse_times = 0;
	pass(2 * HOUR);
	expect_eq(asked, 1);
	end();
}

TEST(an_older_vault_says_nothing)
{
	static struct small_app before;
	begin();
	c_comes(1);
	before = app;
	she_ends(&c);
	person_wait(&rosa, MINUTE);
	expect(app.vault_version > before.vault_version);
	for (int i = 0; i < 120; i++) {
		memcpy(app.vault, before.vault, sizeof app.vault);
		app.vault_n = before.vault_n;
		pass(i < 40 ? 30 * SECOND : 5 * MINUTE);
	}
	expect_eq(asked, 0);
	end();
}

/* As any device of hers would have it, which has handed it on before it showed it. */
TEST(a_key_that_the_vault_has_is_taken_up)
{
	struct participant_keys k = { .generation = 0 };
	begin();
	she_ends(&b);
	struct uc_id id = vault_room_id(hers);
	own_key(&k);
	struct vault_chain x = { .chain = blob_view(&k.chain) };
	devices_last_end(rosa.c, &x.generation, &x.position);
	memcpy(x.seed, k.last.seed, sizeof x.seed);
	expect_ok(turn_run(rosa.c, drive, hers));
	/* Hers was never shown. */
	chain_forget(hers);
	places_come(&k, 1);
	say_they_are(c.pub);
	struct vault_row row = { .vault_kind = VAULT_CHAIN, .row_version = UINT64_MAX };
	struct vault_rows in = { .version = 1, .key_position = x.position, .rows = { &row, 1 } };
	const struct vault_owner owner = { view_str(app.domain), VIEW_OF(app.account_key) };
	struct view rows = { NULL, 0 }, out = { NULL, 0 };
	struct view to[] = { VIEW_OF(rosa.c->vault.words_pub),
			     VIEW_OF(rosa.c->account.intake_pub) };
	memcpy(row.id, id.b, sizeof row.id);
	expect_ok(wire_encode_to(&mem, vault_chain_element, &x, &row.data));
	expect_ok(wire_encode_to(&mem, vault_rows_element, &in, &rows));
	expect_ok(vault_seal(test_env(), &owner, rosa.c->vault.number + 1,
			     VIEW_OF(rosa.c->vault.key), &(struct view_list){ to, 2 }, &c, rows,
			     &mem, &out));
	memcpy(app.vault, out.p, out.n);
	app.vault_n = out.n;
	app.vault_version++;
	pass(30 * MINUTE);
	expect_eq(asked, 0);
	expect_bytes(VIEW_OF(hers->keys.last.pub), VIEW_OF(k.last.pub));
	blob_done(&k.chain);
	end();
}

TEST(where_nobody_else_is_nobody_is_asked)
{
	begin_alone();
	c_comes(1);
	she_ends(&c);
	pass(3 * HOUR);
	expect_eq(asked, 0);
	end();
}
