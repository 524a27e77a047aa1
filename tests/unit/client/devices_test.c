/* SPDX-License-Identifier: Apache-2.0 */
/* The account's other devices: listed, named, ended; what another one does to the list, or the app
 * shows otherwise, is an alarm that stays until it was seen. */
#include "client/cards.h"
#include "client/contact_requests.h"
#include "client/own_devices.h"
#include "client/turn.h"
#include "mimi/device_list.h"
#include "tests/unit/client/small_app.h"

static void begin(struct small_app *app, struct person *p)
{
	small_app_init(app, "dial.example");
	person_sign_up(p, app);
}

struct shown {
	const uint8_t *own;
	size_t n, changes;
	struct uc_device devices[8];
	char names[8][64];
	struct uc_device_change change[8];
};

static bool device_each(void *ctx, const struct uc_device *d)
{
	struct shown *s = ctx;
	snprintf(s->names[s->n], sizeof s->names[s->n], "%s", d->name);
	s->devices[s->n++] = *d;
	return true;
}

static bool change_each(void *ctx, const struct uc_device_change *x)
{
	struct shown *s = ctx;
	bool own = view_equal(VIEW_OF(x->by), view_make(s->own, ED25519_KEY));
	/* Whom this one has let in is told later (device_watch_test.c). */
	if (!own || x->kind != UC_DEVICE_ADDED)
		s->change[s->changes++] = *x;
	return true;
}

static struct shown show(struct person *p)
{
	struct shown s = { .own = p->c->account.device.pub };
	expect_ok(uc_devices(p->c, device_each, &s));
	expect_ok(uc_device_changes(p->c, change_each, &s));
	return s;
}

static void expect_change(const struct uc_device_change *x, enum uc_device_change_kind kind,
			  const struct ed25519_key *device, const struct ed25519_key *by)
{
	expect_eq(x->kind, kind);
	expect_bytes(VIEW_OF(x->device_key), VIEW_OF(device->pub));
	expect_bytes(VIEW_OF(x->by), VIEW_OF(by->pub));
	expect_eq(x->time_ms, test_now_ms);
}

struct scene {
	struct small_app app;
	struct person p;
	struct ed25519_key b, c;
};

/* Rosa's device has added b; b has added c, which is none of her doing. */
static void scene_begin(struct scene *s)
{
	begin(&s->app, &s->p);
	expect_ok(ed25519_generate(test_env(), &s->b));
	expect_ok(ed25519_generate(test_env(), &s->c));
	small_app_list_put(&s->app, &s->p.c->account.device, DEVICE_ADD, &s->b, false);
	person_look(&s->p);
}

TEST(what_another_device_does_is_an_alarm_until_it_was_seen)
{
	static struct scene s;
	scene_begin(&s);
	/* What this device has signed itself is none. */
	expect_eq(s.p.device_alarms, 0);
	expect_eq(show(&s.p).n, 2);
	expect_eq(show(&s.p).changes, 0);
	small_app_list_put(&s.app, &s.b, DEVICE_ADD, &s.c, false);
	person_look(&s.p);
	expect_eq(s.p.device_alarms, 1);
	small_app_list_put(&s.app, &s.b, DEVICE_REVOKE, &s.c, false);
	person_look(&s.p);
	person_look(&s.p);
	expect_eq(s.p.device_alarms, 2);
	/* It stays, also after a restart, until it was seen; and is not told anew then. */
	expect_ok(person_open(&s.p));
	struct shown now = show(&s.p);
	expect_eq(now.n, 2);
	expect_eq(now.changes, 2);
	expect_change(&now.change[0], UC_DEVICE_ADDED, &s.c, &s.b);
	expect_change(&now.change[1], UC_DEVICE_ENDED, &s.c, &s.b);
	expect_ok(uc_device_changes_seen(s.p.c, now.change[1].number));
	person_look(&s.p);
	expect_eq(show(&s.p).changes, 0);
	expect_eq(s.p.device_alarms, 2);
	person_end(&s.p);
}

TEST(what_comes_after_the_alarms_were_shown_stays)
{
	static struct scene s;
	scene_begin(&s);
	small_app_list_put(&s.app, &s.b, DEVICE_ADD, &s.c, false);
	person_look(&s.p);
	struct shown before = show(&s.p);
	small_app_list_put(&s.app, &s.b, DEVICE_REVOKE, &s.c, false);
	person_look(&s.p);
	/* A number that nothing has is none that was shown. */
	expect_err(uc_device_changes_seen(s.p.c, before.change[0].number - 1), UC_E_NOT_FOUND);
	expect_err(uc_device_changes_seen(s.p.c, UINT64_MAX), UC_E_NOT_FOUND);
	expect_eq(show(&s.p).changes, 2);
	expect_ok(uc_device_changes_seen(s.p.c, before.change[0].number));
	expect_ok(person_open(&s.p));
	struct shown now = show(&s.p);
	expect_eq(now.changes, 1);
	expect_change(&now.change[0], UC_DEVICE_ENDED, &s.c, &s.b);
	/* Said once more, it is for nothing that came since; nor does a number come again. */
	expect_err(uc_device_changes_seen(s.p.c, before.change[0].number), UC_E_NOT_FOUND);
	expect_ok(uc_device_changes_seen(s.p.c, now.change[0].number));
	expect_ok(ed25519_generate(test_env(), &s.c));
	small_app_list_put(&s.app, &s.b, DEVICE_ADD, &s.c, false);
	person_look(&s.p);
	expect(show(&s.p).change[0].number > now.change[0].number);
	expect_err(uc_device_changes_seen(NULL, 1), UC_E_ARGUMENT);
	person_end(&s.p);
}

TEST(two_entries_at_one_place_are_an_alarm_also_when_the_head_is_the_same)
{
	static struct scene s;
	scene_begin(&s);
	/* The app shows this device c in the place of b: the head is where it was. */
	small_app_list_put(&s.app, &s.p.c->account.device, DEVICE_ADD, &s.c, true);
	person_look(&s.p);
	expect_eq(show(&s.p).changes, 0);
	test_now_ms += 24 * 3600 * 1000;
	person_look(&s.p);
	struct shown now = show(&s.p);
	expect_eq(now.changes, 1);
	expect_change(&now.change[0], UC_DEVICE_TWO_LISTS, &s.b, &s.p.c->account.device);
	expect_err(s.p.warning, UC_E_CHAIN);
	/* What was known is kept. */
	expect_eq(now.n, 2);
	expect_bytes(VIEW_OF(now.devices[1].device_key), VIEW_OF(s.b.pub));
	/* It is one alarm however often the app shows it, and another one once it was seen. */
	test_now_ms += 24 * 3600 * 1000;
	person_look(&s.p);
	now = show(&s.p);
	expect_eq(now.changes, 1);
	expect_ok(uc_device_changes_seen(s.p.c, now.change[0].number));
	test_now_ms += 24 * 3600 * 1000;
	person_look(&s.p);
	expect_eq(show(&s.p).changes, 1);
	person_end(&s.p);
}

/* In the place of the entry that adds a device the app shows another one, a day later. */
static struct shown another_list(struct scene *s)
{
	struct ed25519_key d;
	scene_begin(s);
	expect_ok(ed25519_generate(test_env(), &d));
	small_app_list_put(&s->app, &s->b, DEVICE_ADD, &s->c, false);
	person_look(&s->p);
	small_app_list_put(&s->app, &s->b, DEVICE_ADD, &d, true);
	test_now_ms += 24 * 3600 * 1000;
	person_look(&s->p);
	struct shown now = show(&s->p);
	expect_eq(now.changes, 2);
	return now;
}

/* One that cannot be read hides no other, brings none anew, and goes with them. */
TEST(a_damaged_alarm_keeps_no_other_from_being_seen)
{
	static struct scene s;
	struct safe_place first = { .table = "device change" };
	struct shown now = another_list(&s);
	expect_eq(now.change[1].kind, UC_DEVICE_TWO_LISTS);
	first.number = now.change[0].number;
	person_rots(&s.p, first);
	expect_eq(show(&s.p).changes, 1);
	test_now_ms += 24 * 3600 * 1000;
	person_look(&s.p);
	expect_eq(show(&s.p).changes, 1);
	/* What comes later stays. */
	own_devices_tell(s.p.c, UC_DEVICE_HIDDEN, s.c.pub, s.b.pub, test_now_ms);
	expect_ok(safe_commit(&s.p.c->safe));
	expect_ok(uc_device_changes_seen(s.p.c, now.change[1].number));
	now = show(&s.p);
	expect_eq(now.changes, 1);
	expect_change(&now.change[0], UC_DEVICE_HIDDEN, &s.c, &s.b);
	struct view v;
	struct arena a;
	arena_init(&a, 4096, ARENA_PLAIN);
	expect_err(safe_get(&s.p.c->safe, first, &a, &v), UC_E_NOT_FOUND);
	arena_done(&a);
	expect_ok(uc_device_changes_seen(s.p.c, now.change[0].number));
	expect_eq(show(&s.p).changes, 0);
	person_end(&s.p);
}

TEST(another_list_does_not_hide_who_was_added)
{
	static struct scene s;
	struct shown now = another_list(&s);
	expect_eq(now.change[0].kind, UC_DEVICE_ADDED);
	expect_bytes(VIEW_OF(now.change[0].device_key), VIEW_OF(s.c.pub));
	expect_eq(now.change[1].kind, UC_DEVICE_TWO_LISTS);
	person_end(&s.p);
}

TEST(a_device_has_a_name_here_alone)
{
	static struct scene s;
	scene_begin(&s);
	expect_ok(uc_device_name(s.p.c, s.b.pub, "old telephone"));
	expect_err(uc_device_name(s.p.c, s.c.pub, "nobody's"), UC_E_NOT_FOUND);
	expect_err(uc_device_name(s.p.c, s.b.pub, "a\nb"), UC_E_NAME);
	expect_err(uc_device_name(s.p.c, s.b.pub, NULL), UC_E_ARGUMENT);
	expect_ok(person_open(&s.p));
	struct shown now = show(&s.p);
	expect_bytes(view_str(now.names[0]), VIEW_LIT(""));
	expect_bytes(view_str(now.names[1]), VIEW_LIT("old telephone"));
	expect(now.devices[0].is_this && !now.devices[1].is_this);
	expect(!client_memory_has(s.p.store, VIEW_LIT("old telephone")));
	expect_ok(uc_device_name(s.p.c, s.b.pub, ""));
	expect_bytes(view_str(show(&s.p).names[1]), VIEW_LIT(""));
	person_end(&s.p);
}

static void lend_some(struct person *p)
{
	unsigned n = 0;
	for (struct set *s = p->c->sets; s && n < 3; s = s->next, n++)
		s->state = SET_GIVEN;
}

static void expect_anew(struct scene *s)
{
	size_t given = 0, voided = 0, pooled = 0;
	for (const struct set *k = s->p.c->sets; k; k = k->next) {
		given += k->state == SET_GIVEN;
		voided += k->state == SET_VOIDED;
		pooled += k->state == SET_POOLED;
	}
	expect_eq(given, 0);
	expect_eq(voided, 3);
	expect(pooled >= 12 && pooled == s->app.sets_n);
}

/* Letters are sealed to another key; what is on its way can still be opened. */
static void expect_new_request_key(struct scene *s, const uint8_t before[32])
{
	const struct account *a = &s->p.c->account;
	expect_bytes(VIEW_OF(s->app.request_key), VIEW_OF(a->request_keys[0].pub));
	expect(!view_equal(VIEW_OF(s->app.request_key), view_make(before, 32)));
	expect_eq(a->request_key_count, 2);
	expect_bytes(VIEW_OF(a->request_keys[1].pub), view_make(before, 32));
}

TEST(a_device_is_ended_and_what_was_lent_out_is_made_anew)
{
	static struct scene s;
	uc_op op;
	uint8_t before[32];
	scene_begin(&s);
	memcpy(before, s.app.request_key, sizeof before);
	lend_some(&s.p);
	expect_err(uc_device_end(s.p.c, s.p.c->account.device.pub, &op), UC_E_ARGUMENT);
	expect_err(uc_device_end(s.p.c, s.c.pub, &op), UC_E_NOT_FOUND);
	expect_ok(uc_device_end(s.p.c, s.b.pub, &op));
	expect_ok(person_talk(&s.p));
	expect_eq(s.p.done_op, op);
	expect_ok(s.p.done_err);
	expect_eq(show(&s.p).n, 1);
	expect_eq(show(&s.p).changes, 0);
	expect_anew(&s);
	expect_new_request_key(&s, before);
	/* It signs nothing any more. */
	expect_ok(ed25519_generate(test_env(), &s.c));
	small_app_list_put(&s.app, &s.b, DEVICE_ADD, &s.c, false);
	s.p.warning = UC_OK;
	person_look(&s.p);
	expect_err(s.p.warning, UC_E_CHAIN);
	expect_eq(show(&s.p).n, 1);
	person_disconnect(&s.p);
	expect_err(uc_device_end(s.p.c, s.b.pub, &op), UC_E_NET);
	person_end(&s.p);
}

TEST(what_another_device_ends_is_made_anew_here_too)
{
	static struct scene s;
	uint8_t before[32];
	scene_begin(&s);
	small_app_list_put(&s.app, &s.b, DEVICE_ADD, &s.c, false);
	person_look(&s.p);
	memcpy(before, s.app.request_key, sizeof before);
	lend_some(&s.p);
	small_app_list_put(&s.app, &s.b, DEVICE_REVOKE, &s.c, false);
	s.app.sets_n = 0;
	person_look(&s.p);
	expect_anew(&s);
	/* The request key is for the one to make who ended it; the vault brings it. */
	expect_bytes(VIEW_OF(s.p.c->account.request_keys[0].pub), VIEW_OF(before));
	person_end(&s.p);
}

TEST(an_end_whose_answer_was_lost_or_that_came_too_late_is_said_again)
{
	static struct scene s;
	uc_op op;
	scene_begin(&s);
	/* The list has moved on meanwhile. */
	small_app_list_put(&s.app, &s.b, DEVICE_ADD, &s.c, false);
	expect_ok(uc_device_end(s.p.c, s.b.pub, &op));
	expect_ok(person_talk(&s.p));
	expect_err(s.p.done_err, UC_E_STALE);
	expect_eq(show(&s.p).n, 3);
	s.app.silent_at = s.app.requests + 1;
	expect_ok(uc_device_end(s.p.c, s.b.pub, &op));
	expect_ok(person_talk(&s.p));
	expect_err(s.p.done_err, UC_E_NET);
	person_look(&s.p);
	expect_eq(show(&s.p).n, 2);
	expect_eq(s.app.list_n, 4);
	expect_err(uc_device_end(s.p.c, s.b.pub, &op), UC_E_NOT_FOUND);
	person_end(&s.p);
}

/* --- letters that wait for an answer --- */

static unsigned addresses, letters;

static uc_err letters_take(struct small_app *a, const struct frame *in, struct arena *mem,
			   struct buf *out)
{
	char text[64];
	struct view address;
	(void)a, (void)mem;
	if (in->type == FRAME_ADDRESS_MAKE) {
		snprintf(text, sizeof text, "mimi://dial.example/q/reply-%u", ++addresses);
		address = view_str(text);
		const struct address_make_response r = { { &address, 1 } };
		return frame_add_response(out, in->type, in->id, address_make_response_element, &r);
	}
	if (in->type != FRAME_CONSENT_REQUEST)
		return UC_E_UNSUPPORTED;
	letters++;
	return frame_add_response(out, in->type, in->id, empty_element, &(struct empty){ 0 });
}

struct letter {
	uint8_t state;
	uint64_t days; /* since it was sent */
	bool incoming;
	struct request *q;
};

static uc_err letter_make(struct uc_client *c, void *arg)
{
	struct letter *l = arg;
	struct kem_key k;
	TRY(request_new(c, l->incoming, &l->q));
	TRY(kem_key_generate(suite_find(SUITE_X25519_AES128), &c->env, &k));
	memcpy(l->q->request_key, k.pub, sizeof l->q->request_key);
	kem_key_wipe(&k);
	l->q->state = l->state;
	l->q->time_ms = client_now(c) - l->days * 24 * 3600 * 1000;
	TRY(card_commit(c, l->q));
	TRY(text_set(l->q->app, sizeof l->q->app, VIEW_LIT("dial.example")));
	TRY(text_set(l->q->target, sizeof l->q->target, VIEW_LIT("mimi://dial.example/q/theirs")));
	return text_set(l->q->reply, sizeof l->q->reply, VIEW_LIT("mimi://dial.example/q/before"));
}

TEST(a_letter_whose_answer_the_end_of_a_device_has_made_impossible_goes_again)
{
	struct letter sent = { .state = REQUEST_SENT, .days = 29 },
		      old = { .state = REQUEST_SENT, .days = 31 },
		      answered = { .state = REQUEST_ACCEPTED },
		      theirs = { .state = REQUEST_OPEN, .incoming = true };
	struct letter *all[] = { &sent, &old, &answered, &theirs };
	static struct scene s;
	uc_op op;
	scene_begin(&s);
	s.app.more = letters_take;
	addresses = letters = 0;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		expect_ok(turn_run(s.p.c, letter_make, all[i]));
	expect_ok(uc_device_end(s.p.c, s.b.pub, &op));
	expect_ok(person_talk(&s.p));
	expect_ok(s.p.done_err);
	expect_eq(addresses, 1);
	expect_eq(letters, 1);
	expect_eq(sent.q->state, REQUEST_SENT);
	expect_bytes(view_str(sent.q->reply), VIEW_LIT("mimi://dial.example/q/reply-1"));
	for (size_t i = 1; i < sizeof all / sizeof *all; i++) {
		expect_eq(all[i]->q->state, all[i]->state);
		expect_bytes(view_str(all[i]->q->reply), VIEW_LIT("mimi://dial.example/q/before"));
	}
	person_end(&s.p);
}

TEST(also_one_that_was_on_its_way)
{
	struct letter l = { .state = REQUEST_ADDRESSED };
	static struct scene s;
	uc_op op;
	scene_begin(&s);
	s.app.more = letters_take;
	addresses = letters = 0;
	expect_ok(uc_device_end(s.p.c, s.b.pub, &op));
	/* It leaves behind the request that ends the device, whose answer comes first. */
	expect_ok(turn_run(s.p.c, letter_make, &l));
	expect_eq(l.q->state, REQUEST_SENDING);
	expect(l.q->in_flight);
	expect_ok(person_talk(&s.p));
	expect_eq(letters, 2);
	expect_eq(l.q->state, REQUEST_SENT);
	expect_bytes(view_str(l.q->reply), VIEW_LIT("mimi://dial.example/q/reply-1"));
	person_end(&s.p);
}

/* --- waiting to be let in --- */

static unsigned steps(struct person *p, uint64_t ms)
{
	unsigned n = 0;
	for (uint64_t end = test_now_ms + ms; test_now_ms < end; n++) {
		uint64_t at = uc_client_deadline_ms(p->c);
		expect(at > test_now_ms);
		test_now_ms = at < end ? at : end;
		expect_ok(uc_client_step(p->c));
		expect_ok(person_talk(p));
	}
	return n;
}

TEST(a_device_that_waits_asks_now_and_then_and_for_ten_minutes)
{
	static struct small_app app;
	struct person p;
	char code[UC_DEVICE_CODE_MAX];
	uc_op op;
	small_app_init(&app, "dial.example");
	person_begin(&p, &app);
	expect_ok(person_open(&p));
	expect_ok(person_talk(&p));
	/* The app is full. */
	app.refuse_type = FRAME_PAIR_OPEN;
	app.refuse_with = UC_E_BUSY;
	app.refuse_times = UINT32_MAX;
	expect_ok(uc_device_join(p.c, code, &op));
	expect_ok(person_talk(&p));
	unsigned before = app.requests;
	expect(steps(&p, 60 * 1000) <= 20);
	expect(app.requests - before >= 10 && app.requests - before <= 14);
	expect_eq(p.done, 0);
	(void)steps(&p, 9 * 60 * 1000);
	expect_eq(p.done_op, op);
	expect_err(p.done_err, UC_E_TIMEOUT);
	/* And is free to begin anew. */
	expect_ok(uc_device_join(p.c, code, &op));
	/* The clock is put back. */
	test_now_ms -= 24 * 3600 * 1000;
	expect_ok(uc_client_step(p.c));
	expect_ok(person_talk(&p));
	expect_eq(p.done_op, op);
	expect_err(p.done_err, UC_E_TIMEOUT);
	person_end(&p);
}

/* --- the account's end --- */

static size_t listed(struct person *p)
{
	return show(p).n;
}

TEST(the_other_devices_end_before_the_account_does)
{
	static struct scene s;
	uc_op op, again;
	scene_begin(&s);
	small_app_list_put(&s.app, &s.b, DEVICE_ADD, &s.c, false);
	person_look(&s.p);
	expect_eq(listed(&s.p), 3);
	size_t before = s.app.list_n;
	expect_ok(uc_account_delete(s.p.c, &op));
	expect_ok(uc_account_delete(s.p.c, &again)); /* it is under way */
	expect_eq(again, op);
	expect_ok(person_talk(&s.p));
	expect_eq(s.p.done_op, op);
	expect_ok(s.p.done_err);
	expect(!s.app.there);
	expect_eq(s.app.list_n, before + 2);
	expect_eq(listed(&s.p), 1);
	expect_eq(s.p.c->account.state, ACCOUNT_DELETED);
	person_end(&s.p);
}

/* With each of its answers lost in turn, and the process with it. */
TEST(an_end_that_is_cut_off_anywhere_goes_on)
{
	static struct scene s;
	uc_op op;
	bool cut = true;
	for (unsigned at = 1; cut; at++) {
		expect(at < 60);
		scene_begin(&s);
		small_app_list_put(&s.app, &s.b, DEVICE_ADD, &s.c, false);
		person_look(&s.p);
		size_t before = s.app.list_n;
		s.app.silent_at = s.app.requests + at;
		expect_ok(uc_account_delete(s.p.c, &op));
		expect_ok(person_talk(&s.p));
		cut = s.app.requests >= s.app.silent_at;
		expect_ok(person_open(&s.p));
		for (int i = 0; i < 3 && s.p.c->account.state != ACCOUNT_DELETED; i++) {
			person_disconnect(&s.p);
			expect_ok(person_talk(&s.p));
		}
		expect_eq(s.p.c->account.state, ACCOUNT_DELETED);
		expect(!s.app.there);
		expect_eq(s.app.list_n, before + 2);
		expect_ok(uc_account_delete(s.p.c, &op));
		expect_ok(person_talk(&s.p));
		expect_eq(s.p.done_op, op);
		expect_ok(s.p.done_err);
		person_end(&s.p);
	}
}

TEST(a_list_that_takes_no_more_does_not_keep_the_account)
{
	static struct scene s;
	uc_op op;
	scene_begin(&s);
	s.app.refuse_type = FRAME_DEVICE_APPEND;
	s.app.refuse_with = UC_E_LIMIT;
	s.app.refuse_times = 100;
	expect_ok(uc_account_delete(s.p.c, &op));
	expect_ok(person_talk(&s.p));
	expect_eq(s.p.warning, UC_E_LIMIT);
	expect_eq(s.p.done_op, op);
	expect_ok(s.p.done_err);
	expect_eq(s.app.refuse_times, 99);
	expect(!s.app.there);
	person_end(&s.p);
}

/* Two that delete it at once: the second is told how it went, and what it came to. */
TEST(who_is_ended_while_it_deletes_the_account_is_told)
{
	static struct scene s;
	uc_op op;
	scene_begin(&s);
	s.app.refuse_type = FRAME_SIGN_IN;
	s.app.refuse_with = UC_E_REVOKED;
	s.app.refuse_times = 2;
	person_disconnect(&s.p);
	expect_ok(uc_account_delete(s.p.c, &op));
	expect_ok(person_talk(&s.p));
	expect_eq(s.p.done_op, op);
	expect_eq(s.p.done_err, UC_E_REVOKED);
	expect_eq(s.p.c->account.state, ACCOUNT_GONE);
	expect_eq(s.p.gone, 1);
	expect_err(uc_account_delete(s.p.c, &op), UC_E_SIGNED_OUT);
	person_disconnect(&s.p);
	expect_ok(person_talk(&s.p));
	/* It stays connected, and asks again in a while: by then the account is gone. */
	s.app.refuse_with = UC_E_NOT_FOUND;
	s.app.refuse_times = 2;
	expect_ok(uc_client_step(s.p.c));
	expect_eq(s.p.c->account.state, ACCOUNT_GONE);
	expect(uc_client_deadline_ms(s.p.c) <= test_now_ms + 30 * 1000);
	test_now_ms += 30 * 1000;
	expect_ok(uc_client_step(s.p.c));
	expect_ok(person_talk(&s.p));
	expect_eq(s.p.c->account.state, ACCOUNT_DELETED);
	expect_eq(s.p.gone, 2);
	person_end(&s.p);
}

TEST(a_deletion_that_was_refused_begins_anew)
{
	static struct scene s;
	uc_op op;
	scene_begin(&s);
	s.app.refuse_type = FRAME_ACCOUNT_DELETE;
	s.app.refuse_with = UC_E_NOT_ALLOWED;
	s.app.refuse_times = 1;
	expect_ok(uc_account_delete(s.p.c, &op));
	expect_ok(person_talk(&s.p));
	expect_eq(s.p.done_op, op);
	expect_err(s.p.done_err, UC_E_NOT_ALLOWED);
	expect(s.app.there && !s.p.c->account.deleting);
	person_look(&s.p);
	expect_eq(listed(&s.p), 1);
	/* What the first has begun on this connection is no part of the second. */
	s.p.c->ending_ms = s.p.c->delete_ms = test_now_ms;
	s.p.c->ending_refused = true;
	s.p.c->end_tries = 7;
	small_app_list_put(&s.app, &s.p.c->account.device, DEVICE_ADD, &s.c, false);
	s.p.c->list_stale = true;
	expect_ok(uc_client_step(s.p.c));
	expect_ok(person_talk(&s.p));
	expect_eq(listed(&s.p), 2);
	expect_ok(uc_account_delete(s.p.c, &op));
	expect_ok(person_talk(&s.p));
	expect_eq(s.p.done_op, op);
	expect_ok(s.p.done_err);
	expect_eq(listed(&s.p), 1);
	expect(!s.app.there);
	person_end(&s.p);
}
