/* SPDX-License-Identifier: Apache-2.0 */
/* What an account needs after a recovery: written, merged, found again; and an app that keeps it
 * otherwise than it should. */
#include "client/vault_inside.h"

#include "client/contacts.h"
#include "client/rooms.h"
#include "client/turn.h"
#include "tests/unit/client/small_app.h"

enum { MINUTES_MS = 10 * 60 * 1000 };

static char words[256]; /* of whoever signed up last */
static const uint8_t tom[32] = { 1 }, mia[32] = { 2 };

static void begin(struct small_app *app, struct person *p)
{
	small_app_init(app, "lens.example");
	person_sign_up(p, app);
	memcpy(words, p->words, sizeof words);
}

struct meeting {
	const char *name;
	const uint8_t *key;
};

static uc_err meet_in_turn(struct uc_client *c, void *arg)
{
	const struct meeting *m = arg;
	struct contact *k;
	return contact_meet(c, "dial.example", m->key, m->name, VIEW_LIT(""), &k);
}

static struct uc_id meet(struct person *p, const char *name, const uint8_t key[32])
{
	struct meeting m = { name, key };
	expect_ok(turn_run(p->c, meet_in_turn, &m));
	return contact_id("dial.example", key);
}

static void store(struct person *p)
{
	uc_op op;
	expect_ok(uc_vault_store(p->c, &op));
	expect_ok(person_talk(p));
	expect_eq(p->done_op, op);
	expect_ok(p->done_err);
}

static void befriended(struct small_app *app, struct person *p)
{
	uc_op op;
	begin(app, p);
	meet(p, "Tom", tom);
	struct uc_id id = meet(p, "Mia", mia);
	expect_ok(uc_block(p->c, &id, true, &op));
	store(p);
}

static uc_err recover(struct person *new, struct small_app *app)
{
	uc_op op;
	person_begin(new, app);
	expect_ok(person_open(new));
	expect_ok(person_talk(new));
	expect_ok(uc_recover(new->c, words, "Rosa", &op));
	return person_talk(new);
}

static void expect_friends(struct person *p)
{
	struct uc_id toms = contact_id("dial.example", tom), mias = contact_id("dial.example", mia);
	const struct contact *k = contact_find(p->c, &toms), *m = contact_find(p->c, &mias);
	expect(k && !k->blocked && !strcmp(k->name, "Tom"));
	expect(m && m->blocked && !strcmp(m->name, "Mia"));
}

static void expect_nobody(const struct person *p)
{
	expect(p->c->account.state == ACCOUNT_ACTIVE);
	expect(!p->c->contacts && !p->c->rooms);
}

TEST(it_is_written_some_time_after_a_change_and_not_at_once)
{
	static struct small_app app;
	struct person p;
	struct uc_vault v;
	begin(&app, &p);
	meet(&p, "Tom", tom);
	expect_ok(uc_vault_get(p.c, &v));
	expect(v.can_store && v.waits && !v.stored_ms);
	expect(p.c->vault.due_ms >= test_now_ms + 20 * 1000);
	expect(p.c->vault.due_ms <= test_now_ms + 180 * 1000);
	expect_ok(person_talk(&p));
	expect_eq(app.vault_version, 0);
	test_now_ms += MINUTES_MS;
	expect_ok(uc_client_step(p.c));
	expect_ok(person_talk(&p));
	expect_eq(app.vault_version, 1);
	expect_ok(uc_vault_get(p.c, &v));
	expect_eq(v.stored_ms, test_now_ms);
	/* Nothing new is nothing to be written, however often it is looked at. */
	for (int i = 0; i < 3; i++) {
		test_now_ms += MINUTES_MS;
		expect_ok(uc_client_step(p.c));
		expect_ok(person_talk(&p));
	}
	store(&p);
	expect_eq(app.vault_version, 1);
	expect(!client_memory_has(p.store, VIEW_LIT("Tom")));
	person_end(&p);
}

TEST(contacts_and_blocks_come_back_with_the_words)
{
	static struct small_app app;
	struct person old, new;
	befriended(&app, &old);
	uint8_t key[VAULT_KEY];
	memcpy(key, old.c->vault.key, sizeof key);
	expect_ok(recover(&new, &app));
	expect_friends(&new);
	expect(!strcmp(new.c->account.identifier, "rosa"));
	/* Under a key of its own, at once: and from there the next one. */
	expect(!view_equal(VIEW_OF(key), VIEW_OF(new.c->vault.key)));
	expect_eq(app.vault_version, 2);
	expect_ok(person_open(&new));
	expect_friends(&new);
	struct person third;
	expect_ok(recover(&third, &app));
	expect_friends(&third);
	person_end(&third);
	person_end(&new);
	person_end(&old);
}

TEST(a_kill_in_a_recovery_loses_nothing_of_it)
{
	for (uint64_t n = 1; n < 8; n++) {
		for (int fault = STORE_FAULT_BEFORE; fault <= STORE_FAULT_AFTER; fault++) {
			static struct small_app app;
			struct person old, new;
			uc_op op;
			befriended(&app, &old);
			person_begin(&new, &app);
			expect_ok(person_open(&new));
			expect_ok(person_talk(&new));
			client_memory_fail_at(new.store, client_memory_commits(new.store) + n,
					      (enum store_fault)fault);
			uc_err err = uc_recover(new.c, words, "Rosa", &op);
			err = err ? err : person_talk(&new);
			client_memory_fail_at(new.store, 0, STORE_FAULT_NONE);
			expect_ok(person_open(&new));
			expect_ok(person_talk(&new));
			if (new.c->account.state == ACCOUNT_NONE)
				expect_ok(uc_recover(new.c, words, "Rosa", &op));
			expect_ok(person_talk(&new));
			expect_friends(&new);
			person_end(&new);
			person_end(&old);
		}
	}
}

TEST(whatever_the_app_shows_the_account_is_recovered)
{
	static struct small_app app, other, swapped, lost, wrong;
	struct person old, mallory, new;
	begin(&other, &mallory);
	meet(&mallory, "Eve", tom);
	store(&mallory);
	befriended(&app, &old);
	/* Another account's. */
	swapped = app;
	memcpy(swapped.vault, other.vault, other.vault_n);
	swapped.vault_n = other.vault_n;
	expect_ok(recover(&new, &swapped));
	expect_nobody(&new);
	expect_err(new.warning, UC_E_SIGNATURE);
	person_end(&new);
	/* None. */
	lost = app;
	lost.vault_version = lost.vault_n = 0;
	expect_ok(recover(&new, &lost));
	expect_nobody(&new);
	person_end(&new);
	/* Each of these bytes wrong. */
	for (size_t i = 0; i < app.vault_n; i += 997) {
		wrong = app;
		wrong.vault[i] ^= 4;
		expect_ok(recover(&new, &wrong));
		expect_nobody(&new);
		expect(new.warning != UC_OK);
		person_end(&new);
	}
	person_end(&mallory);
	person_end(&old);
}

TEST(an_older_one_is_noticed_and_the_latest_put_there_again)
{
	static struct small_app app, before;
	struct person p, new;
	begin(&app, &p);
	meet(&p, "Tom", tom);
	store(&p);
	before = app;
	meet(&p, "Mia", mia);
	store(&p);
	memcpy(app.vault, before.vault, before.vault_n);
	app.vault_n = before.vault_n;
	app.vault_version = before.vault_version;
	meet(&p, "Uwe", (const uint8_t[32]){ 3 });
	uc_op op;
	expect_ok(uc_vault_store(p.c, &op));
	for (int i = 0; i < 3; i++) {
		expect_ok(person_talk(&p));
		test_now_ms += MINUTES_MS;
		expect_ok(uc_client_step(p.c));
	}
	expect_ok(person_talk(&p));
	expect_err(p.warning, UC_E_STALE);
	expect_ok(recover(&new, &app));
	size_t n = 0;
	for (const struct contact *k = new.c->contacts; k; k = k->next)
		n++;
	expect_eq(n, 3);
	person_end(&new);
	person_end(&p);
}

/* Carried out, and the device is killed, or its connection lost, before it hears of it. */
TEST(a_writing_whose_answer_was_lost_is_known_again)
{
	for (int kill = 0; kill < 2; kill++) {
		static struct small_app app;
		struct person p;
		uc_op op;
		begin(&app, &p);
		meet(&p, "Tom", tom);
		store(&p);
		meet(&p, "Mia", mia);
		expect_ok(uc_vault_store(p.c, &op));
		app.silent_at = app.requests + 1;
		expect_ok(person_talk(&p));
		expect_eq(app.vault_version, 2);
		if (kill)
			expect_ok(person_open(&p));
		for (int i = 0; i < 3; i++) {
			expect_ok(person_talk(&p));
			test_now_ms += MINUTES_MS;
			expect_ok(uc_client_step(p.c));
		}
		expect_ok(person_talk(&p));
		expect_eq(app.vault_version, 2);
		expect(!p.c->vault.due_ms && !p.c->vault.unwritten);
		if (!kill)
			expect(p.done_op == op && !p.done_err);
		/* And from there the next. */
		meet(&p, "Uwe", (const uint8_t[32]){ 3 });
		store(&p);
		expect_eq(app.vault_version, 3);
		person_end(&p);
	}
}

/* A device that was revoked, and the app, make one together. */
TEST(who_may_write_one_is_a_device_that_was_not_revoked)
{
	static struct small_app app;
	struct person p, new;
	struct ed25519_key thief;
	struct view to, out, rows;
	befriended(&app, &p);
	expect_ok(ed25519_generate(test_env(), &thief));
	struct vault_owner owner = { VIEW_LIT("lens.example"), VIEW_OF(p.c->account.account_key) };
	struct arena a;
	arena_init(&a, 4 << 20, ARENA_PLAIN);
	expect_ok(vault_rows_encode(p.c, true, &a, &rows));
	to = VIEW_OF(p.c->vault.words_pub);
	expect_ok(vault_seal(test_env(), &owner, 9, VIEW_OF(p.c->vault.key),
			     &(struct view_list){ &to, 1 }, &thief, rows, &a, &out));
	memcpy(app.vault, out.p, out.n);
	app.vault_n = out.n;
	arena_done(&a);
	expect_ok(recover(&new, &app));
	expect_nobody(&new);
	expect_err(new.warning, UC_E_SIGNATURE);
	person_end(&new);
	person_end(&p);
}

/* --- two devices, one after the other --- */

static uc_err take_in_turn(struct uc_client *c, void *arg)
{
	return vault_take(c, *(struct view *)arg);
}

struct plain {
	struct arena a;
	struct view rows;
};

static uc_err plain_in_turn(struct uc_client *c, void *arg)
{
	struct plain *x = arg;
	return vault_rows_write(c, &x->a, &x->rows);
}

static struct view plain_of(struct person *p, struct plain *x)
{
	arena_init(&x->a, 4 << 20, ARENA_PLAIN);
	expect_ok(turn_run(p->c, plain_in_turn, x));
	return x->rows;
}

static void hand(struct person *from, struct person *to)
{
	struct plain x;
	struct view rows = plain_of(from, &x);
	expect_ok(turn_run(to->c, take_in_turn, &rows));
	arena_done(&x.a);
}

static uc_err lead(struct uc_client *c, void *arg)
{
	struct uc_id id = contact_id("dial.example", tom);
	struct contact *k = contact_find(c, &id);
	k->has_direct = k->dirty = true;
	k->direct = *(const struct uc_id *)arg;
	return UC_OK;
}

static uc_err leave(struct uc_client *c, void *arg)
{
	struct room *r = room_new(c, VIEW_LIT("mimi://dial.example/r/x"), arg);
	if (!r)
		return UC_E_MEMORY;
	r->state = ROOM_LEFT;
	r->dirty = true;
	return UC_OK;
}

static struct uc_id led_to(const struct person *p)
{
	struct uc_id id = contact_id("dial.example", tom);
	return contact_find(p->c, &id)->direct;
}

/* Else each would write its own over the other's, for ever. */
TEST(of_two_conversations_with_one_contact_all_devices_mean_the_same)
{
	struct small_app one, other;
	struct person p, q;
	struct uc_id first = { .b = { 1 } }, second = { .b = { 2 } }, left = { .b = { 3 } };
	begin(&one, &p);
	begin(&other, &q);
	meet(&p, "Tom", tom);
	hand(&p, &q);
	expect_ok(turn_run(p.c, lead, &first));
	hand(&q, &p);
	test_now_ms += 1000;
	expect_ok(turn_run(q.c, lead, &second));
	hand(&p, &q);
	hand(&q, &p);
	struct uc_id ps = led_to(&p), qs = led_to(&q);
	expect(id_equal(&ps, &second) && id_equal(&qs, &second));
	/* But none that was left here. */
	expect_ok(turn_run(q.c, leave, &left));
	test_now_ms += 1000;
	expect_ok(turn_run(p.c, lead, &left));
	hand(&p, &q);
	qs = led_to(&q);
	expect(id_equal(&qs, &second));
	person_end(&p);
	person_end(&q);
}

TEST(what_is_later_holds_on_both)
{
	static struct small_app one, other;
	struct person p, q;
	uc_op op;
	begin(&one, &p);
	begin(&other, &q);
	struct uc_id id = meet(&p, "Tom", tom);
	hand(&p, &q);
	expect(contact_find(q.c, &id) != NULL);
	test_now_ms += 1000;
	expect_ok(uc_block(q.c, &id, true, &op));
	/* What the first one has is older now, whoever hears of the other last. */
	hand(&p, &q);
	expect(contact_find(q.c, &id)->blocked);
	hand(&q, &p);
	expect(contact_find(p.c, &id)->blocked);
	test_now_ms += 1000;
	expect_ok(uc_block(p.c, &id, false, &op));
	hand(&q, &p);
	expect(!contact_find(p.c, &id)->blocked);
	hand(&p, &q);
	expect(!contact_find(q.c, &id)->blocked);
	/* What is known on both is no news. */
	p.c->vault.unwritten = q.c->vault.unwritten = false;
	hand(&p, &q);
	hand(&q, &p);
	expect(!p.c->vault.unwritten);
	person_end(&p);
	person_end(&q);
}

TEST(rows_that_are_not_well_formed_change_nothing)
{
	static struct small_app app;
	struct person p;
	struct plain x;
	befriended(&app, &p);
	struct view rows = plain_of(&p, &x), cut = view_slice(rows, 0, rows.n - 1);
	expect_err(turn_run(p.c, take_in_turn, &cut), UC_E_MALFORMED);
	/* A row that tells of another contact than it names, or nothing that can be read. */
	struct vault_row v[3] = {
		{ VAULT_CONTACT, { 9 }, UINT64_MAX, false, VIEW_LIT("nothing") },
		{ VAULT_ROOM, { 9 }, 1, false, VIEW_LIT("nothing either") },
		{ 99, { 9 }, 1, false, VIEW_LIT("of a later program") },
	};
	struct vault_rows bad = { .version = 1, .rows = { v, 3 } };
	expect_ok(wire_encode_to(&x.a, vault_rows_element, &bad, &rows));
	expect_ok(turn_run(p.c, take_in_turn, &rows));
	expect_friends(&p);
	/* They are carried along all the same. */
	expect(vault_row_find(&p.c->vault, 99, v[2].id) != NULL);
	store(&p);
	expect_ok(person_open(&p));
	expect(vault_row_find(&p.c->vault, 99, v[2].id) != NULL);
	arena_done(&x.a);
	person_end(&p);
}

TEST(what_is_gone_does_not_come_back)
{
	static struct small_app one, other;
	struct person p, q;
	begin(&one, &p);
	begin(&other, &q);
	struct uc_id id = meet(&p, "Tom", tom);
	p.c->guardian.guardian = id;
	p.c->guardian.has_guardian = true;
	hand(&p, &q);
	expect(q.c->guardian.has_guardian);
	test_now_ms += 1000;
	q.c->guardian.has_guardian = false;
	hand(&q, &p);
	expect(!p.c->guardian.has_guardian);
	hand(&p, &q);
	expect(!q.c->guardian.has_guardian);
	person_end(&p);
	person_end(&q);
}
