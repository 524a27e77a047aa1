/* SPDX-License-Identifier: Apache-2.0 */
/* The vault where an account has several devices: whom its key is for, what becomes of it when one is ended,
 * how one that is behind is waited for, and when there is nothing to be written. */
#include "client/vault_inside.h"

#include "client/contacts.h"
#include "client/rooms.h"
#include "client/turn.h"
#include "mimi/device_list.h"
#include "tests/unit/client/small_app.h"

enum { MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS };

static const uint8_t tom[32] = { 1 }, mia[32] = { 2 };
static struct small_app app;
static struct person p;
static struct ed25519_key b, c; /* other devices of hers, played by the test */
static uint8_t b_priv[32], b_box[32];
static struct arena mem;

static void box_make(uint8_t priv[32], uint8_t pub[32])
{
	struct kem_key k;
	expect_ok(kem_key_generate(suite_find(SUITE_X25519_AES128), test_env(), &k));
	memcpy(priv, k.priv.b, 32);
	memcpy(pub, k.pub, 32);
	kem_key_wipe(&k);
}

static void begin_alone(void)
{
	arena_init(&mem, 64 << 20, ARENA_PLAIN);
	small_app_init(&app, "lens.example");
	person_sign_up(&p, &app);
	expect_ok(ed25519_generate(test_env(), &b));
	expect_ok(ed25519_generate(test_env(), &c));
	box_make(b_priv, b_box);
}

/* Rosa's device, beside b and c. */
static void begin(void)
{
	begin_alone();
	small_app_list_put(&app, &p.c->account.device, DEVICE_ADD, &b, false);
	small_app_list_put(&app, &p.c->account.device, DEVICE_ADD, &c, false);
	person_again(&p);
	person_wait(&p, 10 * MINUTE_MS);
	expect(app.vault_version != 0 && !p.c->vault.due_ms);
}

static void end(void)
{
	person_end(&p);
	arena_done(&mem);
}

static uc_err meet_in_turn(struct uc_client *client, void *arg)
{
	struct contact *k;
	const char *const *name = arg;
	return contact_meet(client, "dial.example", tom, *name, VIEW_LIT(""), &k);
}

static void meet(const char *name)
{
	expect_ok(turn_run(p.c, meet_in_turn, &name));
}

static struct vault_owner owner_now(void)
{
	return (struct vault_owner){ view_str(app.domain), VIEW_OF(app.account_key) };
}

static struct vault_envelope envelope_now(void)
{
	const struct vault_owner owner = owner_now();
	struct vault_envelope e = { .version = 0 };
	expect_ok(vault_envelope_read(view_make(app.vault, app.vault_n), &owner, &mem, &e));
	return e;
}

static uc_err opens_with(const uint8_t key[VAULT_KEY], struct vault_rows *rows)
{
	const struct vault_owner owner = owner_now();
	struct vault_envelope e = envelope_now();
	return vault_open(&e, &owner, view_make(key, VAULT_KEY), &mem, rows);
}

static uc_err unwraps_for(const uint8_t priv[32], const uint8_t pub[32])
{
	const struct vault_owner owner = owner_now();
	struct vault_envelope e = envelope_now();
	uint8_t key[VAULT_KEY];
	return vault_unwrap(&e, &owner, view_make(priv, 32), view_make(pub, 32), &mem, key);
}

/* What another device leaves there. */
struct written {
	const struct ed25519_key *by;
	const uint8_t *key;
	uint64_t number;
	uint32_t position; /* of the key, in the list */
	struct vault_row *rows;
	size_t n;
	bool not_for_us;
};

static void leave(const struct written *x)
{
	const struct vault_owner owner = owner_now();
	struct vault_rows in = { .version = 1,
				 .key_position = x->position,
				 .rows = { x->rows, x->n } };
	struct view rows = { NULL, 0 }, out = { NULL, 0 };
	struct view to[] = { VIEW_OF(p.c->vault.words_pub), VIEW_OF(p.c->account.intake_pub) };
	const struct view_list wrap_to = { to, x->not_for_us ? 1 : 2 };
	expect_ok(wire_encode_to(&mem, vault_rows_element, &in, &rows));
	expect_ok(vault_seal(test_env(), &owner, x->number, view_make(x->key, VAULT_KEY), &wrap_to,
			     x->by, rows, &mem, &out));
	expect(out.n <= sizeof app.vault);
	memcpy(app.vault, out.p, out.n);
	app.vault_n = out.n;
	app.vault_version++;
}

static struct vault_row contact_row(const uint8_t key[32], const char *name, uint64_t version)
{
	struct vault_contact x = { .app = VIEW_LIT("dial.example"),
				   .name = view_str(name),
				   .account_key = view_make(key, 32) };
	struct uc_id id = contact_id("dial.example", key);
	struct vault_row row = { .vault_kind = VAULT_CONTACT, .row_version = version };
	memcpy(row.id, id.b, sizeof row.id);
	expect_ok(wire_encode_to(&mem, vault_contact_element, &x, &row.data));
	return row;
}

static bool knows(const uint8_t key[32])
{
	struct uc_id id = contact_id("dial.example", key);
	return contact_find(p.c, &id) != NULL;
}

/* --- ended --- */

/* One that never wrote a vault was handed its key all the same. */
TEST(who_was_ended_cannot_read_what_is_written_then)
{
	uint8_t before[VAULT_KEY];
	struct vault_rows rows;
	uc_op op;
	begin();
	memcpy(before, p.c->vault.key, sizeof before);
	expect_ok(opens_with(before, &rows));
	expect_ok(uc_device_end(p.c, c.pub, &op));
	expect_ok(person_talk(&p));
	expect_ok(p.done_err);
	person_wait(&p, MINUTE_MS);
	expect_err(opens_with(before, &rows), UC_E_DECRYPT);
	expect_ok(opens_with(p.c->vault.key, &rows));
	/* Once is enough, also after a restart. */
	memcpy(before, p.c->vault.key, sizeof before);
	expect_ok(person_open(&p));
	meet("Tom");
	person_again(&p);
	person_wait(&p, 10 * MINUTE_MS);
	expect_bytes(VIEW_OF(p.c->vault.key), VIEW_OF(before));
	end();
}

/* Nor by the detour over a device that has not heard of the end yet. */
TEST(the_key_of_before_does_not_come_back)
{
	uint8_t before[VAULT_KEY], after[VAULT_KEY];
	struct vault_rows rows;
	uc_op op;
	begin();
	memcpy(before, p.c->vault.key, sizeof before);
	expect_ok(uc_device_end(p.c, c.pub, &op));
	expect_ok(person_talk(&p));
	person_wait(&p, MINUTE_MS);
	memcpy(after, p.c->vault.key, sizeof after);
	struct vault_row row = contact_row(mia, "Mia", test_now_ms);
	const struct written by_b = { .by = &b,
				      .key = before,
				      .number = p.c->vault.number + 1,
				      .position = 2,
				      .rows = &row,
				      .n = 1 };
	leave(&by_b);
	uint64_t version = app.vault_version;
	person_again(&p);
	person_wait(&p, MINUTE_MS);
	expect(knows(mia));
	expect_eq(app.vault_version, version + 1);
	expect_err(opens_with(before, &rows), UC_E_DECRYPT);
	expect_ok(opens_with(after, &rows));
	end();
}

/* What another made after the same end is taken. */
TEST(of_two_that_change_the_key_one_follows)
{
	uint8_t other[VAULT_KEY];
	struct vault_rows rows;
	uc_op op;
	begin();
	expect_ok(uc_device_end(p.c, c.pub, &op));
	expect_ok(person_talk(&p));
	expect_ok(env_random(test_env(), other, sizeof other));
	const struct written by_b = {
		.by = &b, .key = other, .number = p.c->vault.number + 1, .position = 3
	};
	leave(&by_b);
	person_wait(&p, MINUTE_MS);
	person_wait(&p, MINUTE_MS);
	expect_bytes(VIEW_OF(p.c->vault.key), VIEW_OF(other));
	expect_ok(opens_with(other, &rows));
	end();
}

TEST(who_was_ended_writes_none)
{
	uc_op op;
	begin();
	struct vault_row row = contact_row(mia, "Mia", test_now_ms);
	expect_ok(uc_device_end(p.c, c.pub, &op));
	expect_ok(person_talk(&p));
	const struct written by_c = { .by = &c,
				      .key = p.c->vault.key,
				      .number = p.c->vault.number + 1,
				      .position = 9,
				      .rows = &row,
				      .n = 1 };
	leave(&by_c);
	p.warning = UC_OK;
	person_again(&p);
	person_wait(&p, MINUTE_MS);
	expect_err(p.warning, UC_E_SIGNATURE);
	expect(!knows(mia));
	expect_bytes(envelope_now().device_key, VIEW_OF(p.c->account.device.pub));
	end();
}

/* --- boxes --- */

static struct vault_row box_row(const struct ed25519_key *device, const struct ed25519_key *by,
				const uint8_t box[32], uint64_t version)
{
	struct vault_device x = { .device_key = VIEW_OF(device->pub),
				  .box_key = view_make(box, 32) };
	struct vault_row row = { .vault_kind = VAULT_DEVICE, .row_version = version };
	memcpy(row.id, device->pub, sizeof row.id);
	expect_ok(vault_device_sign(by, view_str(app.domain), x.box_key, &mem, &x.signature));
	expect_ok(wire_encode_to(&mem, vault_device_element, &x, &row.data));
	return row;
}

static void writes_box(struct vault_row row)
{
	const struct written by_c = { .by = &c,
				      .key = p.c->vault.key,
				      .number = p.c->vault.number + 1,
				      .position = 2,
				      .rows = &row,
				      .n = 1 };
	leave(&by_c);
	person_again(&p);
	meet(app.vault_version % 2 ? "Tim" : "Tom");
	person_wait(&p, MINUTE_MS);
	expect_bytes(envelope_now().device_key, VIEW_OF(p.c->account.device.pub));
}

TEST(nobody_else_says_what_is_boxed_to_a_device)
{
	uint8_t priv[32], pub[32];
	begin();
	box_make(priv, pub);
	/* c says that this was b's box; and that b, which is listed, has none. */
	writes_box(box_row(&b, &c, pub, test_now_ms));
	expect_err(unwraps_for(priv, pub), UC_E_DECRYPT);
	expect_err(unwraps_for(b_priv, b_box), UC_E_DECRYPT);
	writes_box(box_row(&b, &b, b_box, test_now_ms));
	expect_ok(unwraps_for(b_priv, b_box));
	struct vault_row gone = { .vault_kind = VAULT_DEVICE,
				  .row_version = test_now_ms + HOUR_MS,
				  .gone = true };
	memcpy(gone.id, b.pub, sizeof gone.id);
	writes_box(gone);
	expect_ok(unwraps_for(b_priv, b_box));
	end();
}

static uc_err known_in_turn(struct uc_client *client, void *arg)
{
	return vault_device_known(client, arg);
}

TEST(who_is_just_brought_in_can_open_what_is_written_before_it_writes)
{
	struct view by_b, by_c;
	struct vault_device x = { .device_key = VIEW_OF(b.pub), .box_key = VIEW_OF(b_box) };
	begin();
	expect_ok(vault_device_sign(&c, view_str(app.domain), x.box_key, &mem, &by_c));
	expect_ok(vault_device_sign(&b, view_str(app.domain), x.box_key, &mem, &by_b));
	x.signature = by_c;
	expect_err(turn_run(p.c, known_in_turn, &x), UC_E_SIGNATURE);
	x.signature = by_b;
	expect_ok(turn_run(p.c, known_in_turn, &x));
	meet("Tom");
	person_wait(&p, MINUTE_MS);
	expect_ok(unwraps_for(b_priv, b_box));
	end();
}

TEST(what_another_device_has_sealed_for_others_is_not_written_over)
{
	static const uint8_t unknown[VAULT_KEY] = { 3 };
	begin();
	const struct written by_b = { .by = &b,
				      .key = unknown,
				      .number = p.c->vault.number + 1,
				      .position = 2,
				      .not_for_us = true };
	leave(&by_b);
	uint64_t version = app.vault_version;
	p.warning = UC_OK;
	p.warnings = 0;
	meet("Tom");
	for (int i = 0; i < 5; i++) {
		person_again(&p);
		person_wait(&p, MINUTE_MS);
	}
	expect_eq(app.vault_version, version);
	expect_eq(p.warnings, 1);
	expect_err(p.warning, UC_E_DECRYPT);
	/* Until it is known there. */
	struct written after = by_b;
	after.number++;
	after.not_for_us = false;
	leave(&after);
	person_wait(&p, 2 * HOUR_MS);
	person_wait(&p, MINUTE_MS);
	expect_eq(app.vault_version, version + 2);
	end();
}

/* --- in turns --- */

TEST(an_app_that_always_says_that_another_was_first_is_asked_less_and_less)
{
	unsigned const many = 1000000;
	begin();
	app.refuse_type = FRAME_VAULT_PUT;
	app.refuse_with = UC_E_STALE;
	app.refuse_times = many;
	unsigned before = app.requests;
	meet("Tom");
	for (int i = 0; i < 3600; i++)
		person_wait(&p, 1000);
	expect(many - app.refuse_times > 3);
	expect(many - app.refuse_times < 16);
	expect(app.requests - before < 40);
	/* Then it is written, and the next one goes as if nothing had been. */
	app.refuse_times = 0;
	uint64_t version = app.vault_version;
	person_wait(&p, 2 * HOUR_MS);
	person_wait(&p, MINUTE_MS);
	expect_eq(app.vault_version, version + 1);
	meet("Tim");
	person_wait(&p, 10 * 1000);
	expect_eq(app.vault_version, version + 2);
	end();
}

TEST(one_of_the_same_number_that_is_another_is_read)
{
	begin();
	struct vault_row row = contact_row(mia, "Mia", test_now_ms);
	const struct written by_b = { .by = &b,
				      .key = p.c->vault.key,
				      .number = p.c->vault.number,
				      .position = 2,
				      .rows = &row,
				      .n = 1 };
	leave(&by_b);
	person_again(&p);
	expect(knows(mia));
	end();
}

/* Else none could ever follow it. */
TEST(a_number_that_leaps_is_none)
{
	begin();
	struct vault_row row = contact_row(mia, "Mia", test_now_ms);
	const struct written by_b = { .by = &b,
				      .key = p.c->vault.key,
				      .number = UINT64_MAX,
				      .position = 2,
				      .rows = &row,
				      .n = 1 };
	leave(&by_b);
	p.warning = UC_OK;
	person_again(&p);
	person_wait(&p, MINUTE_MS);
	expect_err(p.warning, UC_E_LIMIT);
	expect(!knows(mia));
	expect(envelope_now().number < UINT64_MAX);
	end();
}

/* Whether it is one, nobody can verify: an app that says so for once does not end it for ever. */
TEST(one_of_a_later_program_is_left_alone_and_looked_at_again)
{
	begin();
	struct uc_vault v;
	uint64_t version = ++app.vault_version;
	app.vault[1] = 2;
	p.warning = UC_OK;
	person_again(&p);
	expect_err(p.warning, UC_E_VERSION);
	meet("Tom");
	person_wait(&p, 10 * MINUTE_MS);
	expect_eq(app.vault_version, version);
	expect_ok(uc_vault_get(p.c, &v));
	expect(!v.can_store);
	app.vault[1] = 1;
	person_again(&p);
	person_wait(&p, 10 * MINUTE_MS);
	expect_ok(uc_vault_get(p.c, &v));
	expect(v.can_store);
	expect_eq(app.vault_version, version + 1);
	end();
}

/* --- when --- */

static uc_err touch_in_turn(struct uc_client *client, void *arg)
{
	struct contact *k = client->contacts;
	(void)arg;
	k->has_grant = !k->has_grant;
	k->dirty = client->account.dirty = client->guardian.dirty = true;
	client->account.intake_cursor++;
	return UC_OK;
}

static bool waits(void)
{
	struct uc_vault v;
	expect_ok(uc_vault_get(p.c, &v));
	return v.waits;
}

TEST(it_is_due_only_when_something_that_it_holds_has_changed)
{
	begin();
	meet("Tom");
	expect(waits());
	person_wait(&p, MINUTE_MS);
	expect(!waits());
	uint64_t version = app.vault_version;
	expect_ok(turn_run(p.c, touch_in_turn, NULL));
	expect(!waits());
	/* A restart and another sign-in are no change either. */
	expect_ok(person_open(&p));
	person_again(&p);
	expect_ok(turn_run(p.c, touch_in_turn, NULL));
	expect(!waits());
	struct uc_id id = contact_id("dial.example", tom);
	uc_op op;
	expect_ok(uc_block(p.c, &id, true, &op));
	expect(waits());
	person_wait(&p, MINUTE_MS);
	expect_eq(app.vault_version, version + 1);
	expect(!waits());
	end();
}

static const struct kept_row *kept(struct uc_client *client, const struct room *r)
{
	struct uc_id id =
		id_of("Undercroft vault room", view_str(r->uri), view_str(r->participant));
	expect_ok(vault_collect_room(client, r));
	return vault_row_find(&client->vault, VAULT_ROOM, id.b);
}

static uc_err comes_in_turn(struct uc_client *client, void *arg)
{
	struct view uri = VIEW_LIT("mimi://plaza.example/r/walks");
	struct uc_id id = room_id(uri);
	struct room *r = room_new(client, uri, &id);
	(void)arg;
	if (!r)
		return UC_E_MEMORY;
	memcpy(r->participant, "mimi://lens.example/p/us", 25);
	r->state = ROOM_JOINING;
	expect(!kept(client, r));
	r->state = ROOM_OPEN;
	const struct kept_row *row = kept(client, r);
	expect(row && !row->gone);
	/* Kept of a device that was alone then, it is not taken back. */
	r->state = ROOM_JOINING;
	row = kept(client, r);
	expect(row && !row->gone);
	r->fleeing = true;
	row = kept(client, r);
	expect(row && row->gone);
	r->state = ROOM_LEFT;
	return UC_OK;
}

/* Else the first device's own box would not be in it for minutes, and the key may be another by then. */
TEST(what_was_to_be_written_later_is_written_soon_once_there_are_several)
{
	begin_alone();
	meet("Tom");
	expect(p.c->vault.due_ms >= test_now_ms + 20 * 1000);
	person_wait(&p, 1000);
	expect_eq(app.vault_version, 0);
	small_app_list_put(&app, &p.c->account.device, DEVICE_ADD, &b, false);
	person_again(&p);
	expect(p.c->vault.due_ms <= test_now_ms + 3000);
	person_wait(&p, 3000);
	expect_eq(app.vault_version, 1);
	expect_ok(unwraps_for(p.c->account.intake_priv, p.c->account.intake_pub));
	end();
}

/* --- what changes while it is on its way --- */

static struct vault_device box_of_b(void)
{
	struct vault_device x = { .device_key = VIEW_OF(b.pub), .box_key = VIEW_OF(b_box) };
	expect_ok(vault_device_sign(&b, view_str(app.domain), x.box_key, &mem, &x.signature));
	return x;
}

/* It has left the device, and the app has not taken it yet. */
static void on_its_way(void)
{
	meet("Tom");
	test_now_ms += MINUTE_MS;
	expect_ok(uc_client_step(p.c));
	expect(p.c->vault.busy);
}

static void arrives(void)
{
	uint64_t version = app.vault_version;
	expect(p.c->vault.busy);
	expect_ok(person_talk(&p));
	expect_eq(app.vault_version, version + 1);
	expect(waits());
	person_wait(&p, MINUTE_MS);
	expect_eq(app.vault_version, version + 2);
	expect(!waits());
}

TEST(a_row_that_changes_while_it_is_on_its_way_is_written_after)
{
	begin();
	struct vault_device x = box_of_b();
	on_its_way();
	expect_ok(turn_run(p.c, known_in_turn, &x));
	arrives();
	expect_ok(unwraps_for(b_priv, b_box));
	end();
}

static uc_err rekey_in_turn(struct uc_client *client, void *arg)
{
	(void)arg;
	return vault_rekey(client);
}

TEST(a_key_that_is_made_while_it_is_on_its_way_is_the_one_of_the_next)
{
	uint8_t before[VAULT_KEY];
	struct vault_rows rows;
	begin();
	on_its_way();
	memcpy(before, p.c->vault.key, sizeof before);
	expect_ok(turn_run(p.c, rekey_in_turn, NULL));
	arrives();
	expect_err(opens_with(before, &rows), UC_E_DECRYPT);
	expect_ok(opens_with(p.c->vault.key, &rows));
	end();
}

TEST(who_was_brought_into_a_room_is_in_it_before_the_others_come)
{
	begin();
	expect_ok(turn_run(p.c, comes_in_turn, NULL));
	end();
}
