/* SPDX-License-Identifier: Apache-2.0 */
/* The next key of a participant after a device was ended: who makes it, that it is the vault's before anybody
 * is shown it, which of two stands, and what another device may not make of it. */
#include "client/chains.h"

#include "client/devices.h"
#include "client/room_group.h"
#include "client/rooms.h"
#include "client/turn.h"
#include "tests/unit/client/small_app.h"

enum { SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS };

static struct small_app app;
static struct person p;
static struct ed25519_key b, c; /* other devices of hers, played by the test */
static struct arena mem;

/* A room that stands as far as anybody need to look for a key; nothing of it is at an app. */
static uc_err room_in_turn(struct uc_client *client, void *arg)
{
	struct view uri = VIEW_LIT("mimi://plaza.example/r/walks"), name = { NULL, 0 };
	struct uc_id id = room_id(uri);
	struct room *r = room_new(client, uri, &id);
	(void)arg;
	if (!r)
		return UC_E_MEMORY;
	TRY(ed25519_generate(test_env(), &r->participant_key));
	TRY(participant_name(VIEW_OF(r->participant_key.pub), &mem, &name));
	snprintf(r->participant, sizeof r->participant, "mimi://lens.example/p/%.*s", (int)name.n,
		 (const char *)name.p);
	chain_begin(client, r);
	r->state = ROOM_OPEN;
	r->retry_ms = UINT64_MAX; /* nobody is asked about it */
	r->dirty = true;
	return UC_OK;
}

static struct room *the_room(void)
{
	expect(p.c->rooms != NULL);
	p.c->rooms->retry_ms = UINT64_MAX;
	return p.c->rooms;
}

static void begin(void)
{
	arena_init(&mem, 64 << 20, ARENA_PLAIN);
	small_app_init(&app, "lens.example");
	person_sign_up(&p, &app);
	expect_ok(ed25519_generate(test_env(), &b));
	expect_ok(ed25519_generate(test_env(), &c));
	small_app_list_put(&app, &p.c->account.device, DEVICE_ADD, &b, false);
	small_app_list_put(&app, &p.c->account.device, DEVICE_ADD, &c, false);
	person_again(&p);
	expect_ok(turn_run(p.c, room_in_turn, NULL));
	person_wait(&p, 10 * MINUTE_MS);
	expect(app.vault_version != 0 && !p.c->vault.due_ms && !p.c->vault.unwritten);
}

/* So many devices of hers come and are ended, by another one. */
static void others_end(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct ed25519_key brief;
		expect_ok(ed25519_generate(test_env(), &brief));
		small_app_list_put(&app, &b, DEVICE_ADD, &brief, false);
		small_app_list_put(&app, &b, DEVICE_REVOKE, &brief, false);
	}
	person_again(&p);
}

static void end(void)
{
	person_end(&p);
	arena_done(&mem);
}

static void we_end(const struct ed25519_key *device)
{
	uc_op op;
	expect_ok(uc_device_end(p.c, device->pub, &op));
	expect_ok(person_talk(&p));
	expect_ok(p.done_err);
}

static size_t keys_of(const struct participant_keys *k)
{
	struct participant_link_list chain = { NULL, 0 };
	if (!k->chain.n)
		return 1;
	expect_ok(wire_decode(blob_view(&k->chain), &mem, participant_chain_element, &chain));
	expect_ok(participant_chain_check(&chain, &mem));
	expect_bytes(chain.v[0].key, VIEW_OF(the_room()->participant_key.pub));
	expect_bytes(chain.v[chain.n - 1].key, VIEW_OF(k->last.pub));
	return chain.n;
}

static size_t known(void)
{
	return keys_of(&the_room()->keys);
}

static bool makes(void)
{
	return the_room()->keys_next.chain.n != 0;
}

static struct kept_row *row_now(void)
{
	struct uc_id id = vault_room_id(the_room());
	return vault_row_find(&p.c->vault, VAULT_CHAIN, id.b);
}

/* --- making it --- */

TEST(without_an_end_the_first_key_stays_and_nothing_is_kept_of_it)
{
	begin();
	small_app_list_put(&app, &b, DEVICE_ADD, &(struct ed25519_key){ .pub = { 9 } }, false);
	person_again(&p);
	person_wait(&p, 10 * MINUTE_MS);
	expect(known() == 1 && !makes() && !row_now());
	end();
}

TEST(who_ends_a_device_makes_the_next_key_and_shows_it_once_the_vault_has_it)
{
	begin();
	app.refuse_type = FRAME_VAULT_PUT;
	app.refuse_with = UC_E_BUSY;
	app.refuse_times = UINT32_MAX;
	we_end(&c);
	person_wait(&p, SECOND_MS);
	expect(known() == 1 && makes());
	/* Also of a store that is opened again: the same one. */
	const struct ed25519_key made = the_room()->keys_next.last;
	expect_ok(person_open(&p));
	the_room();
	person_again(&p);
	person_wait(&p, 5 * MINUTE_MS);
	expect(known() == 1 && makes());
	expect_bytes(VIEW_OF(the_room()->keys_next.last.pub), VIEW_OF(made.pub));
	app.refuse_times = 0;
	person_wait(&p, 2 * 60 * MINUTE_MS);
	person_wait(&p, SECOND_MS);
	expect(known() == 2 && !makes());
	expect_bytes(VIEW_OF(the_room()->keys.last.pub), VIEW_OF(made.pub));
	/* Once is enough. */
	person_wait(&p, 60 * MINUTE_MS);
	expect_ok(person_open(&p));
	the_room();
	person_again(&p);
	person_wait(&p, 10 * MINUTE_MS);
	expect(known() == 2 && !makes() && row_now()->held);
	/* Until the next end. */
	we_end(&b);
	person_wait(&p, SECOND_MS);
	person_wait(&p, SECOND_MS);
	expect_eq(known(), 3);
	end();
}

TEST(another_device_makes_it_only_if_who_has_ended_one_does_not)
{
	begin();
	small_app_list_put(&app, &b, DEVICE_REVOKE, &c, false);
	person_again(&p);
	person_wait(&p, 50 * SECOND_MS);
	expect(known() == 1 && !makes());
	person_wait(&p, 3 * MINUTE_MS);
	person_wait(&p, SECOND_MS);
	expect_eq(known(), 2);
	end();
}

TEST(a_room_of_after_the_end_keeps_its_first_key)
{
	begin();
	we_end(&c);
	person_wait(&p, MINUTE_MS);
	struct room *before = the_room();
	expect_ok(turn_run(p.c, room_in_turn, NULL));
	person_wait(&p, 10 * MINUTE_MS);
	for (struct room *r = p.c->rooms; r; r = r->next)
		expect_eq(keys_of(&r->keys) - 1, r == before);
	end();
}

/* --- what other devices say --- */

struct row {
	struct participant_link_list chain;
	struct ed25519_key last;
	uint32_t position;
};

/* Ours, and so many keys more. */
static struct row row_make(unsigned more)
{
	struct row x = { .last = the_room()->participant_key };
	uint32_t generation;
	devices_last_end(p.c, &generation, &x.position);
	static struct ed25519_key keys[PARTICIPANT_KEYS_MAX];
	expect_ok(participant_keys_chain(&the_room()->participant_key, NULL, &mem, &x.chain));
	for (unsigned i = 0; i < more; i++) {
		struct view pub = { NULL, 0 };
		expect_ok(ed25519_generate(test_env(), &keys[i]));
		expect_ok(arena_copy(&mem, VIEW_OF(keys[i].pub), &pub));
		expect_ok(participant_chain_next(&x.chain, &x.last, pub, &mem, &x.chain));
		x.last = keys[i];
	}
	return x;
}

static uc_err take_in_turn(struct uc_client *client, void *arg)
{
	return vault_take(client, *(const struct view *)arg);
}

static void comes(struct view data, uint64_t version)
{
	struct uc_id id = vault_room_id(the_room());
	struct vault_row row = { .vault_kind = VAULT_CHAIN, .row_version = version, .data = data };
	const struct vault_rows in = { .version = 1, .rows = { &row, 1 } };
	struct view rows = { NULL, 0 };
	memcpy(row.id, id.b, sizeof row.id);
	expect_ok(wire_encode_to(&mem, vault_rows_element, &in, &rows));
	expect_ok(turn_run(p.c, take_in_turn, &rows));
}

static struct view row_data(const struct row *x)
{
	struct vault_chain v = { .position = x->position };
	struct view data = { NULL, 0 };
	if (x->chain.n)
		expect_ok(wire_encode_to(&mem, participant_chain_element, &x->chain, &v.chain));
	memcpy(v.seed, x->last.seed, sizeof v.seed);
	expect_ok(wire_encode_to(&mem, vault_chain_element, &v, &data));
	return data;
}

static bool has(const struct row *x)
{
	return keys_of(&the_room()->keys) == x->chain.n &&
	       view_equal(VIEW_OF(the_room()->keys.last.pub), VIEW_OF(x->last.pub));
}

TEST(the_longer_chain_stands_whenever_it_was_written)
{
	begin();
	others_end(2);
	struct row two = row_make(1), three = row_make(2), late = row_make(1);
	comes(row_data(&two), 5);
	expect(has(&two));
	comes(row_data(&three), 4);
	expect(has(&three));
	/* The same of another one's: all have one version of it, or each would write its own in turn. */
	comes(row_data(&three), 9);
	comes(row_data(&three), 7);
	expect_eq(row_now()->version, 9);
	comes(row_data(&late), UINT64_MAX);
	expect(has(&three));
	expect_bytes(blob_view(&row_now()->data), row_data(&three));
	end();
}

/* Of two that were made at once the vault had the other first: nobody was shown ours. */
TEST(of_two_of_one_length_that_of_the_vault_stands)
{
	begin();
	app.refuse_type = FRAME_VAULT_PUT;
	app.refuse_with = UC_E_BUSY;
	app.refuse_times = UINT32_MAX;
	we_end(&c);
	person_wait(&p, SECOND_MS);
	expect(makes());
	struct row two = row_make(1);
	comes(row_data(&two), 1);
	expect(!makes() && has(&two));
	app.refuse_times = 0;
	person_wait(&p, 2 * 60 * MINUTE_MS);
	expect(!makes() && has(&two));
	expect_bytes(blob_view(&row_now()->data), row_data(&two));
	end();
}

TEST(a_chain_that_does_not_hold_changes_nothing)
{
	begin();
	others_end(2);
	struct row good = row_make(1), three = row_make(2);
	struct row bad = good;
	bad.last.seed[3] ^= 1; /* no private half of it */
	comes(row_data(&bad), 5);
	expect_eq(known(), 1);
	/* Not signed by the first. */
	bad = row_make(1);
	bad.chain.v[1].signature = good.chain.v[1].signature;
	comes(row_data(&bad), 6);
	expect_eq(known(), 1);
	/* Of another participant. */
	struct ed25519_key first = the_room()->participant_key;
	expect_ok(ed25519_generate(test_env(), &the_room()->participant_key));
	bad = row_make(1);
	the_room()->participant_key = first;
	comes(row_data(&bad), 7);
	expect_eq(known(), 1);
	/* No chain, nothing, too much, and one that ends in the middle. */
	bad = row_make(0);
	comes(row_data(&bad), 8);
	comes(VIEW_LIT(""), 9);
	struct view whole = row_data(&good);
	for (size_t n = 0; n < whole.n; n += 7)
		comes(view_make(whole.p, n), 10 + n);
	expect_eq(known(), 1);
	/* And a right one is taken after all that. */
	comes(row_data(&three), 3);
	expect(has(&three));
	end();
}

static uc_err give_in_turn(struct uc_client *client, void *arg)
{
	const struct row *x = arg;
	struct participant_keys *k = &the_room()->keys;
	struct view encoded = { NULL, 0 };
	(void)client;
	TRY(wire_encode_to(&mem, participant_chain_element, &x->chain, &encoded));
	k->last = x->last;
	the_room()->dirty = true;
	return blob_set(&k->chain, encoded);
}

TEST(as_many_keys_as_there_may_be_and_it_stays_with_the_last)
{
	begin();
	struct row most = row_make(PARTICIPANT_KEYS_MAX - 1);
	expect_ok(turn_run(p.c, give_in_turn, &most));
	expect(has(&most));
	we_end(&c);
	person_wait(&p, SECOND_MS);
	person_wait(&p, MINUTE_MS);
	expect(has(&most) && !makes());
	expect_eq(p.limits, 1); /* it is said, once */
	person_wait(&p, 10 * MINUTE_MS);
	expect(uc_client_deadline_ms(p.c) > test_now_ms);
	expect_eq(p.limits, 1);
	end();
}

TEST(of_a_room_that_was_left_nothing_is_kept)
{
	begin();
	we_end(&c);
	person_wait(&p, MINUTE_MS);
	expect_eq(known(), 2);
	struct uc_id id = vault_room_id(the_room());
	the_room()->state = ROOM_LEFT;
	the_room()->dirty = true;
	person_wait(&p, SECOND_MS);
	person_wait(&p, 10 * MINUTE_MS);
	const struct kept_row *row = vault_row_find(&p.c->vault, VAULT_CHAIN, id.b);
	expect(row && row->gone && !row->data.n);
	end();
}

static uc_err look_in_turn(struct uc_client *client, void *arg)
{
	(void)arg;
	vault_look_again(client);
	return UC_OK;
}

/* By another device, under a key of that place of the list. */
static void b_writes(struct vault_rows *in, const uint8_t key[VAULT_KEY])
{
	const struct vault_owner owner = { view_str(app.domain), VIEW_OF(app.account_key) };
	struct view rows = { NULL, 0 }, out = { NULL, 0 };
	struct view to[] = { VIEW_OF(p.c->vault.words_pub), VIEW_OF(p.c->account.intake_pub) };
	in->version = 1;
	expect_ok(wire_encode_to(&mem, vault_rows_element, in, &rows));
	expect_ok(vault_seal(test_env(), &owner, p.c->vault.number + 1, view_make(key, VAULT_KEY),
			     &(struct view_list){ to, 2 }, &b, rows, &mem, &out));
	expect(out.n <= sizeof app.vault);
	memcpy(app.vault, out.p, out.n);
	app.vault_n = out.n;
	app.vault_version++;
}

static void b_leaves(struct vault_row *row)
{
	struct vault_rows in = { .key_position = 2, .rows = { row, 1 } };
	b_writes(&in, p.c->vault.key);
}

/* Else it would be taken for good after each end to come, and the ended device could read on. */
TEST(a_key_of_the_vault_of_a_place_that_the_list_has_not_come_to_is_not_ours)
{
	begin();
	static const uint8_t key[VAULT_KEY] = { 5 };
	struct vault_row row = { .vault_kind = 200, .id = { 1 }, .row_version = 1 };
	struct vault_rows in = { .key_generation = UINT32_MAX,
				 .key_position = UINT32_MAX,
				 .rows = { &row, 1 } };
	uint8_t ours[VAULT_KEY];
	memcpy(ours, p.c->vault.key, sizeof ours);
	b_writes(&in, key);
	const uint64_t theirs = app.vault_version;
	expect_ok(turn_run(p.c, look_in_turn, NULL));
	for (int i = 0; i < 5; i++)
		person_wait(&p, MINUTE_MS);
	expect(vault_row_find(&p.c->vault, row.vault_kind, row.id) != NULL);
	expect_bytes(VIEW_OF(p.c->vault.key), VIEW_OF(ours));
	expect_eq(p.c->vault.key_generation, 0);
	expect(app.vault_version > theirs && !p.c->vault.unwritten);
	end();
}

/* One device alone may have been put back to an older copy: the vault knows, nevertheless. */
TEST(who_is_alone_and_refused_looks_into_the_vault_too)
{
	begin();
	we_end(&b);
	we_end(&c);
	person_wait(&p, MINUTE_MS);
	person_wait(&p, MINUTE_MS);
	expect(devices_count(p.c) == 1 && known() == 3);
	struct room *r = the_room();
	r->lost = r->stuck = true;
	r->retry_ms = 0;
	app.refuse_type = FRAME_ROOM_GROUP_INFO;
	app.refuse_with = UC_E_REMOVED;
	app.refuse_times = 2;
	person_wait(&p, 1);
	expect(r->state == ROOM_OPEN && r->lost && app.refuse_times == 1);
	person_wait(&p, 2 * SECOND_MS);
	person_wait(&p, 2 * SECOND_MS);
	expect(r->state == ROOM_LEFT && !app.refuse_times);
	end();
}

/* Of a participant's keys the hub has seen more than this device knew, perhaps. */
TEST(who_is_refused_looks_into_the_vault_before_it_takes_the_room_for_left)
{
	begin();
	struct room *r = the_room();
	r->lost = r->stuck = true;
	r->retry_ms = 0;
	app.refuse_type = FRAME_ROOM_GROUP_INFO;
	app.refuse_with = UC_E_REMOVED;
	app.refuse_times = 2;
	/* What the vault says meanwhile is read. */
	struct vault_row row = { .vault_kind = 200, .id = { 1 }, .row_version = 1 };
	b_leaves(&row);
	person_wait(&p, 1);
	expect_eq(app.refuse_times, 1);
	expect(r->state == ROOM_OPEN && r->lost);
	person_wait(&p, 2 * SECOND_MS);
	person_wait(&p, 2 * SECOND_MS);
	expect_eq(app.refuse_times, 0);
	expect(vault_row_find(&p.c->vault, row.vault_kind, row.id) != NULL);
	expect_eq(r->state, ROOM_LEFT);
	end();
}

/* A device that is still listed writes of an end that there never was: it is not to be the last that counts. */
TEST(a_row_of_a_place_that_the_list_has_not_come_to_counts_for_nothing)
{
	begin();
	struct vault_chain far = { .generation = UINT32_MAX, .position = UINT32_MAX };
	struct view data = { NULL, 0 };
	expect_ok(wire_encode_to(&mem, vault_chain_element, &far, &data));
	comes(data, 5);
	expect(!row_now() && !the_room()->keys.position && !the_room()->keys.generation);
	others_end(1);
	struct row two = row_make(1);
	two.position += 9;
	comes(row_data(&two), 6);
	expect(!row_now() && known() == 1);
	/* The next end has its key all the same. */
	we_end(&c);
	person_wait(&p, SECOND_MS);
	person_wait(&p, SECOND_MS);
	expect_eq(known(), 2);
	/* Nor does it stand over one that counts. */
	comes(data, UINT64_MAX);
	comes(row_data(&two), UINT64_MAX);
	expect_eq(known(), 2);
	expect(row_now() && row_now()->held);
	end();
}

/* One of a place that this device has not read yet: it reads the list, and then the vault again. */
TEST(a_row_of_somebody_who_knows_more_of_the_list_is_taken_once_that_was_read)
{
	begin();
	struct row two = row_make(1);
	two.position = 3;
	struct vault_row row = { .vault_kind = VAULT_CHAIN,
				 .row_version = 5,
				 .data = row_data(&two) };
	struct uc_id id = vault_room_id(the_room());
	memcpy(row.id, id.b, sizeof row.id);
	b_leaves(&row);
	small_app_list_put(&app, &b, DEVICE_REVOKE, &c, false);
	expect_ok(turn_run(p.c, look_in_turn, NULL));
	person_wait(&p, 2 * SECOND_MS);
	person_wait(&p, 2 * SECOND_MS);
	expect(has(&two));
	end();
}

/* Each key is an answer to an end. */
TEST(no_more_keys_are_taken_than_devices_were_ended)
{
	begin();
	others_end(1);
	struct row two = row_make(1), three = row_make(2);
	comes(row_data(&three), 6);
	expect_eq(known(), 1);
	comes(row_data(&two), 5);
	expect(has(&two));
	expect_bytes(blob_view(&row_now()->data), row_data(&two));
	end();
}

/* What does not hold is in nobody's way: the key that is shown is the one that the vault has. */
TEST(a_row_that_does_not_hold_gives_way_however_long_it_is)
{
	begin();
	others_end(2);
	struct row bad = row_make(2);
	bad.last.seed[3] ^= 1;
	comes(row_data(&bad), UINT64_MAX);
	expect_eq(known(), 1);
	we_end(&c);
	person_wait(&p, SECOND_MS);
	person_wait(&p, SECOND_MS);
	expect(known() == 2 && !makes() && row_now()->held);
	struct row ours = row_make(0);
	expect_ok(wire_decode(blob_view(&the_room()->keys.chain), &mem, participant_chain_element,
			      &ours.chain));
	ours.last = the_room()->keys.last;
	expect_bytes(blob_view(&row_now()->data), row_data(&ours));
	end();
}

/* The vault could not be read since: that it was for our keys is not out of the question. */
TEST(who_is_refused_does_not_go_while_the_vault_was_not_read_nor_takes_the_others_along)
{
	begin();
	struct uc_id id = vault_room_id(the_room());
	struct room *r = the_room();
	r->lost = r->stuck = true;
	r->retry_ms = 0;
	app.refuse_type = FRAME_ROOM_GROUP_INFO;
	app.refuse_with = UC_E_REMOVED;
	app.refuse_times = UINT32_MAX;
	person_wait(&p, 1);
	expect(r->state == ROOM_OPEN && r->lost);
	for (int i = 0; i < 60 && r->state != ROOM_LEFT; i++) {
		p.c->vault.looked = p.c->vault.read = false;
		p.c->vault.retry_ms = UINT64_MAX;
		person_wait(&p, MINUTE_MS);
	}
	expect(r->state == ROOM_OPEN && r->lost);
	p.c->vault.retry_ms = 0;
	person_wait(&p, 10 * MINUTE_MS);
	person_wait(&p, 10 * MINUTE_MS);
	expect_eq(r->state, ROOM_LEFT);
	person_wait(&p, 10 * MINUTE_MS);
	const struct kept_row *row = vault_row_find(&p.c->vault, VAULT_ROOM, id.b);
	expect(row && !row->gone);
	/* Until there is nobody else. */
	we_end(&c);
	we_end(&b);
	person_wait(&p, 10 * MINUTE_MS);
	row = vault_row_find(&p.c->vault, VAULT_ROOM, id.b);
	expect(row && row->gone);
	end();
}

/* One that has no place there would set its own against that of those who have, without end. */
TEST(who_is_not_in_the_room_any_more_goes_by_what_the_others_write)
{
	begin();
	others_end(2);
	struct row two = row_make(1), three = row_make(2);
	comes(row_data(&three), 5);
	expect(has(&three));
	struct room *r = the_room();
	r->state = ROOM_LEFT; /* it was refused: the others see for themselves */
	r->lost = r->dirty = true;
	comes(row_data(&two), 6);
	expect_bytes(blob_view(&row_now()->data), row_data(&two));
	expect(!row_now()->gone);
	end();
}

TEST(keys_of_a_room_that_no_device_has_are_no_more)
{
	begin();
	others_end(1);
	struct row two = row_make(1);
	struct vault_row row = {
		.vault_kind = VAULT_CHAIN, .id = { 7 }, .row_version = 5, .data = row_data(&two)
	};
	const struct vault_rows in = { .version = 1, .rows = { &row, 1 } };
	struct view rows = { NULL, 0 };
	expect_ok(wire_encode_to(&mem, vault_rows_element, &in, &rows));
	expect_ok(turn_run(p.c, take_in_turn, &rows));
	person_wait(&p, 10 * MINUTE_MS);
	const struct kept_row *kept = vault_row_find(&p.c->vault, VAULT_CHAIN, row.id);
	expect(kept && !kept->gone); /* another one may have it */
	we_end(&b);
	we_end(&c);
	person_wait(&p, 10 * MINUTE_MS);
	kept = vault_row_find(&p.c->vault, VAULT_CHAIN, row.id);
	expect(kept && kept->gone && !kept->data.n);
	expect(row_now() && !row_now()->gone);
	end();
}

/* --- records --- */

static void room_element(struct wire *w, void *v)
{
	wire_room(w, v);
}

TEST(a_record_keeps_both_and_an_older_one_has_neither)
{
	static struct room again, before;
	struct view bytes = { NULL, 0 }, plain = { NULL, 0 };
	uint8_t old[4096];
	begin();
	expect_ok(wire_encode_to(&mem, room_element, the_room(), &plain));
	app.refuse_type = FRAME_VAULT_PUT;
	app.refuse_with = UC_E_BUSY;
	app.refuse_times = UINT32_MAX;
	small_app_list_put(&app, &p.c->account.device, DEVICE_REVOKE, &b, false);
	person_again(&p);
	struct row two = row_make(1);
	comes(row_data(&two), 5);
	small_app_list_put(&app, &p.c->account.device, DEVICE_REVOKE, &c, false);
	person_again(&p);
	for (int i = 0; i < 5 && !makes(); i++)
		person_wait(&p, MINUTE_MS);
	expect(makes());
	expect_ok(wire_encode_to(&mem, room_element, the_room(), &bytes));
	expect_ok(wire_decode(bytes, &mem, room_element, &again));
	expect_eq(keys_of(&again.keys), 2);
	expect_eq(keys_of(&again.keys_next), 3);
	expect_eq(again.keys.position, 3);
	expect_eq(again.keys_next.position, 4);
	blob_done(&again.keys.chain);
	blob_done(&again.keys_next.chain);
	/* Version 11 ended before them. */
	size_t n = plain.n - ((size_t)2 * (1 + 4 + 4) + 8);
	expect(n <= sizeof old && plain.p[1] == ROOM_VERSION);
	if (n <= sizeof old) {
		memcpy(old, plain.p, n);
		old[1] = 11;
		expect_ok(wire_decode(view_make(old, n), &mem, room_element, &before));
		expect(!before.keys.chain.n && !before.keys.generation && !before.keys.position);
	}
	end();
}
