/* SPDX-License-Identifier: Apache-2.0 */
/* Sign-up, sign-in, recovery, the pool and the end of an account, with the client killed at each
 * of its commits and each answer lost once: the app and the client must come to agree, on one
 * account, one list, one pool; and nothing may have left before it was stored. */
#include "client/words.h"
#include "tests/unit/client/small_app.h"

enum { STEPS_MAX = 64 };

static void begin(struct small_app *app, struct person *p)
{
	small_app_init(app, "dial.example");
	app->code = "1234";
	person_begin(p, app);
	expect_ok(person_open(p));
}

static uc_err sign_up_talk(struct person *p, const char *code)
{
	uc_op op = 0;
	TRY(person_talk(p));
	uc_err err = uc_sign_up(p->c, "+15550100", code, "Rosa", &op);
	if (err && err != UC_E_EXISTS)
		return err;
	return person_talk(p);
}

static size_t pooled(const struct person *p)
{
	size_t n = 0;
	for (const struct set *s = p->c->sets; s; s = s->next)
		n += s->state == SET_POOLED;
	return n;
}

static bool has_set(const struct person *p, const struct set_id *id)
{
	for (const struct set *s = p->c->sets; s; s = s->next)
		if (view_equal(VIEW_OF(s->set_id), VIEW_OF(id->id)))
			return true;
	return false;
}

/* Whatever the app was told, the store knew before. */
static void expect_known(const struct person *p)
{
	const struct small_app *app = p->app;
	for (size_t i = 0; i < app->sets_n; i++)
		expect(has_set(p, &app->sets[i]));
	if (app->there) {
		expect_bytes(VIEW_OF(p->c->account.account_key), VIEW_OF(app->account_key));
		expect_bytes(VIEW_OF(p->c->account.device.pub), VIEW_OF(app->device_key));
		expect_bytes(VIEW_OF(p->c->account.intake_pub), VIEW_OF(app->intake_key));
	}
}

static void expect_whole(const struct person *p)
{
	struct uc_account shown;
	expect_ok(uc_account_get(p->c, &shown));
	expect_eq(shown.state, UC_ACCOUNT);
	expect_eq(shown.devices, 1);
	expect_eq(p->app->accounts, 1);
	expect_bytes(VIEW_OF(p->c->account.account_id), VIEW_OF(p->app->account_id));
	expect_bytes(VIEW_OF(p->c->account.request_keys[0].pub), VIEW_OF(p->app->request_key));
	expect_eq(pooled(p), p->app->sets_n);
	expect(pooled(p) >= 12);
	expect_known(p);
}

TEST(a_person_signs_up_and_fills_the_pool)
{
	static struct small_app app;
	struct person p;
	char again[256];
	begin(&app, &p);
	expect_ok(sign_up_talk(&p, "1234"));
	expect_ok(p.done_err);
	expect_whole(&p);
	expect(uc_client_is_idle(p.c));
	expect_ok(uc_recovery_words(p.c, again, sizeof again));
	expect(!strcmp(again, p.words));
	expect(!client_memory_has(p.store, view_str("+15550100")));
	expect(!client_memory_has(p.store, VIEW_LIT("Rosa")));
	expect_ok(uc_recovery_confirmed(p.c));
	expect_err(uc_recovery_words(p.c, again, sizeof again), UC_E_NOT_FOUND);
	expect_ok(person_open(&p));
	expect_err(uc_recovery_words(p.c, again, sizeof again), UC_E_NOT_FOUND);
	expect_ok(person_talk(&p));
	expect_eq(uc_client_connection(p.c), UC_ONLINE);
	expect_whole(&p);
	person_end(&p);
}

TEST(a_wrong_code_is_told_and_the_keys_stay)
{
	static struct small_app app;
	struct person p;
	uint8_t key[ED25519_KEY];
	begin(&app, &p);
	expect_ok(sign_up_talk(&p, "9999"));
	expect_err(p.done_err, UC_E_CODE);
	memcpy(key, p.c->account.account_key, sizeof key);
	expect_ok(sign_up_talk(&p, "1234"));
	expect_ok(p.done_err);
	expect_bytes(VIEW_OF(app.account_key), VIEW_OF(key));
	expect_whole(&p);
	person_end(&p);
}

static void sign_up_killed(uint64_t commit, enum store_fault fault, bool *over)
{
	static struct small_app app;
	struct person p;
	begin(&app, &p);
	client_memory_fail_at(p.store, commit + client_memory_commits(p.store), fault);
	uc_err err = sign_up_talk(&p, "1234");
	*over = !err;
	if (err) {
		const uint8_t *bytes;
		size_t n;
		expect_err(err, UC_E_STORE);
		expect(!uc_client_next_frame(p.c, &bytes, &n));
		expect_err(uc_client_step(p.c), UC_E_STORE);
		expect_ok(person_open(&p));
		expect_known(&p);
		expect_ok(sign_up_talk(&p, "1234"));
	}
	expect_whole(&p);
	person_end(&p);
}

TEST(a_sign_up_survives_a_kill_at_each_commit)
{
	uint64_t kills = 0;
	for (int fault = STORE_FAULT_BEFORE; fault <= STORE_FAULT_AFTER; fault++) {
		bool over = false;
		for (uint64_t n = 1; !over && n < STEPS_MAX; n++, kills++)
			sign_up_killed(n, (enum store_fault)fault, &over);
		expect(over);
	}
	expect(kills > 10);
}

TEST(a_sign_up_survives_the_loss_of_each_answer)
{
	bool lost = true;
	for (unsigned n = 1; lost && n < STEPS_MAX; n++) {
		static struct small_app app;
		struct person p;
		begin(&app, &p);
		app.silent_at = n;
		expect_ok(sign_up_talk(&p, "1234"));
		lost = app.requests >= n;
		for (int i = 0; i < 3; i++)
			expect_ok(sign_up_talk(&p, "1234"));
		expect_whole(&p);
		person_end(&p);
	}
	expect(!lost);
}

/* --- recovery --- */

static void recover_setup(struct small_app *app, struct person *old, struct person *new)
{
	begin(app, old);
	expect_ok(sign_up_talk(old, "1234"));
	person_disconnect(old);
	person_begin(new, app);
	expect_ok(person_open(new));
}

static uc_err recover_talk(struct person *p, const char *words)
{
	uc_op op = 0;
	TRY(person_talk(p));
	uc_err err = uc_recover(p->c, words, "Rosa", &op);
	if (err && err != UC_E_EXISTS)
		return err;
	return person_talk(p);
}

static void expect_taken_over(struct person *old, struct person *new)
{
	char words[256];
	expect_ok(new->done_err);
	expect_whole(new);
	expect_eq(new->app->list_n, 2);
	expect_err(uc_recovery_words(new->c, words, sizeof words), UC_E_NOT_FOUND);
	expect(!new->c->account.has_entropy);
	expect_ok(person_talk(old));
	expect_eq(old->gone, 1);
	expect_eq(old->c->account.state, ACCOUNT_GONE);
}

TEST(the_words_take_the_account_up_again)
{
	static struct small_app app;
	struct person old, new;
	recover_setup(&app, &old, &new);
	expect_ok(recover_talk(&new, old.words));
	expect_taken_over(&old, &new);
	person_end(&old);
	person_end(&new);
}

TEST(a_recovery_survives_kills_and_lost_answers)
{
	for (unsigned n = 1; n < 24; n++) {
		static struct small_app app;
		struct person old, new;
		recover_setup(&app, &old, &new);
		app.silent_at = n % 2 ? app.requests + n / 2 + 1 : 0;
		client_memory_fail_at(new.store, client_memory_commits(new.store) + n,
				      n % 3 ? STORE_FAULT_BEFORE : STORE_FAULT_AFTER);
		for (int i = 0; i < 4; i++)
			if (recover_talk(&new, old.words))
				expect_ok(person_open(&new));
		app.silent_at = 0;
		expect_eq(new.c->account.state, ACCOUNT_ACTIVE);
		expect_taken_over(&old, &new);
		person_end(&old);
		person_end(&new);
	}
}

TEST(words_that_fit_nobody_leave_no_trace)
{
	static struct small_app app;
	struct person p;
	uint8_t entropy[WORDS_ENTROPY] = { 3 };
	char words[WORDS_TEXT];
	begin(&app, &p);
	expect_ok(words_encode(entropy, words));
	expect_ok(recover_talk(&p, words));
	expect_err(p.done_err, UC_E_NOT_FOUND);
	expect(!p.c->account.has_entropy);
	words[0] = words[0] == 'b' ? 'd' : 'b';
	expect(recover_talk(&p, words) != UC_OK);
	/* A new account afterwards has keys of its own. */
	expect_ok(sign_up_talk(&p, "1234"));
	expect_ok(p.done_err);
	expect_whole(&p);
	person_end(&p);
}

TEST(an_app_that_hides_the_list_gets_no_reset)
{
	static struct small_app app;
	struct person old, new;
	recover_setup(&app, &old, &new);
	app.list[0].b[40] ^= 1;
	expect_ok(recover_talk(&new, old.words));
	expect_err(new.done_err, UC_E_CHAIN);
	expect_eq(new.c->account.state, ACCOUNT_NONE);
	person_end(&old);
	person_end(&new);
}

/* --- the list, the end --- */

static void tell_list_changed(struct person *p)
{
	struct buf b;
	struct device_list_event e = { 7, 7 };
	buf_init(&b, 4096);
	expect_ok(frame_add_event(&b, FRAME_DEVICE_LIST_CHANGED, device_list_event_element, &e));
	expect_ok(uc_client_receive(p->c, b.p, b.n));
	buf_done(&b);
	expect_ok(person_talk(p));
}

TEST(a_forked_or_shortened_list_is_an_alarm_and_changes_nothing)
{
	static struct small_app app;
	struct person p;
	begin(&app, &p);
	expect_ok(sign_up_talk(&p, "1234"));
	struct small_entry kept = app.list[0];
	p.warning = UC_OK;
	app.list[0].b[40] ^= 1;
	tell_list_changed(&p);
	expect_err(p.warning, UC_E_CHAIN);
	expect_eq(p.c->account.state, ACCOUNT_ACTIVE);
	app.list[0] = kept;
	app.list_n = 0;
	p.warning = UC_OK;
	tell_list_changed(&p);
	expect_err(p.warning, UC_E_CHAIN);
	expect_eq(p.c->account.state, ACCOUNT_ACTIVE);
	expect_eq(p.gone, 0);
	person_end(&p);
}

TEST(refusals_are_not_met_with_a_storm)
{
	static const uint16_t types[] = { FRAME_POOL_STATUS, FRAME_POOL_PUT, FRAME_REQUEST_KEY_PUT,
					  FRAME_DEVICE_LIST };
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		static struct small_app app;
		struct person p;
		begin(&app, &p);
		app.refuse_type = types[i];
		app.refuse_times = 1000;
		app.refuse_with = i % 2 ? UC_E_RATE : UC_E_STORE;
		expect_ok(sign_up_talk(&p, "1234"));
		tell_list_changed(&p);
		expect(app.requests < 20);
		expect(uc_client_deadline_ms(p.c) > test_now_ms);
		app.refuse_times = 0;
		test_now_ms += 60 * 1000;
		expect_ok(uc_client_step(p.c));
		expect_ok(person_talk(&p));
		expect_whole(&p);
		uint64_t due = p.c->vault.due_ms;
		expect_eq(uc_client_deadline_ms(p.c), due ? due : UINT64_MAX);
		person_end(&p);
	}
}

TEST(a_full_pool_is_not_tried_all_the_time)
{
	struct small_app app;
	struct person p;
	begin(&app, &p);
	app.refuse_type = FRAME_POOL_PUT;
	app.refuse_times = 1000;
	app.refuse_with = UC_E_LIMIT;
	expect_ok(sign_up_talk(&p, "1234"));
	for (int i = 0; i < 70; i++) {
		app.refuse_times = i < 60 ? app.refuse_times : 0;
		test_now_ms += 60 * 1000;
		expect_ok(uc_client_step(p.c));
		expect_ok(person_talk(&p));
		expect(i != 59 || (app.refuse_times < 1000 - 3 && app.refuse_times > 1000 - 10));
	}
	expect_whole(&p);
	person_end(&p);
}

TEST(whose_damage_it_is_is_told_and_not_at_every_attempt)
{
	struct small_app app;
	struct person p;
	begin(&app, &p);
	app.refuse_type = FRAME_POOL_STATUS;
	app.refuse_times = 1000;
	app.refuse_with = UC_E_CORRUPT;
	expect_ok(sign_up_talk(&p, "1234"));
	expect_err(p.warning, UC_E_CORRUPT);
	for (int i = 0; i < 5; i++) {
		test_now_ms += 60 * 1000;
		expect_ok(uc_client_step(p.c));
		expect_ok(person_talk(&p));
	}
	expect(app.refuse_times < 1000 - 5);
	expect_eq(p.warnings, 1);
	test_now_ms += 3600 * 1000;
	expect_ok(uc_client_step(p.c));
	expect_ok(person_talk(&p));
	expect_eq(p.warnings, 2);
	app.refuse_times = 0;
	test_now_ms += 60 * 1000;
	expect_ok(uc_client_step(p.c));
	expect_ok(person_talk(&p));
	expect_whole(&p);
	person_end(&p);
}

static const char *name_now(struct person *p)
{
	struct uc_account a;
	expect_ok(uc_account_get(p->c, &a));
	return a.identifier;
}

/* Nobody cuts the connection, so that there is no other greeting. */
static void expect_goes_on(struct small_app *app, struct person *p)
{
	unsigned asked = app->requests;
	expect_eq(uc_client_connection(p->c), UC_GREETED);
	expect(uc_client_deadline_ms(p->c) > test_now_ms);
	expect_ok(uc_client_step(p->c));
	expect_eq(app->requests, asked);
	test_now_ms += 60 * 1000;
	expect_ok(uc_client_step(p->c));
	expect_ok(person_talk(p));
	expect_eq(uc_client_connection(p->c), UC_ONLINE);
}

TEST(what_an_app_could_not_do_at_the_beginning_is_asked_again)
{
	static const uint16_t types[] = { FRAME_RECOVER, FRAME_DEVICE_RESET };
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		static struct small_app app;
		struct person old, new;
		begin(&app, &old);
		app.refuse_type = FRAME_SIGN_UP;
		app.refuse_with = UC_E_CORRUPT;
		app.refuse_times = 1;
		expect_ok(sign_up_talk(&old, "1234"));
		expect_goes_on(&app, &old);
		expect_whole(&old);
		person_disconnect(&old);
		person_begin(&new, &app);
		expect_ok(person_open(&new));
		app.refuse_type = types[i];
		app.refuse_times = 1;
		expect_ok(recover_talk(&new, old.words));
		expect_goes_on(&app, &new);
		expect_taken_over(&old, &new);
		person_end(&old);
		person_end(&new);
	}
}

TEST(an_account_changes_its_name)
{
	static struct small_app app;
	struct person p;
	uc_op op;
	begin(&app, &p);
	expect_err(uc_account_rename(p.c, "", "1234", &op), UC_E_ARGUMENT);
	expect_err(uc_account_rename(p.c, "+4915112345678", "1234", &op), UC_E_SIGNED_OUT);
	expect_ok(sign_up_talk(&p, "1234"));
	static char before[64];
	snprintf(before, sizeof before, "%s", name_now(&p));
	expect_ok(uc_account_rename(p.c, "+4915112345678", "0000", &op));
	expect_ok(person_talk(&p));
	expect_eq(p.done_op, op);
	expect_err(p.done_err, UC_E_CODE);
	expect_bytes(view_str(name_now(&p)), view_str(before));
	/* The answer is lost: it may have been done, and is said again. */
	app.silent_at = app.requests + 1;
	expect_ok(uc_account_rename(p.c, "+4915112345678", "1234", &op));
	expect_ok(person_talk(&p));
	expect_eq(p.done_op, op);
	expect_err(p.done_err, UC_E_NET);
	expect_bytes(view_str(name_now(&p)), view_str(before));
	expect_ok(person_talk(&p));
	expect_ok(uc_account_rename(p.c, "+4915112345678", "1234", &op));
	expect_ok(person_talk(&p));
	expect_ok(p.done_err);
	expect_bytes(view_str(name_now(&p)), VIEW_LIT("+4915112345678"));
	/* It is kept. */
	expect_ok(person_open(&p));
	expect_bytes(view_str(name_now(&p)), VIEW_LIT("+4915112345678"));
	expect_err(uc_account_rename(p.c, "+49151", "1234", &op), UC_E_NET);
	person_end(&p);
}

TEST(an_account_ends_when_it_is_deleted)
{
	static struct small_app app;
	struct person p;
	uc_op op;
	begin(&app, &p);
	expect_ok(sign_up_talk(&p, "1234"));
	expect_ok(uc_account_delete(p.c, &op));
	expect_ok(person_talk(&p));
	expect_eq(p.done_op, op);
	expect_ok(p.done_err);
	expect(!app.there);
	expect_eq(p.gone, 1);
	expect_err(uc_ask(p.c, "lens.example", "tom", "", &op), UC_E_SIGNED_OUT);
	expect_ok(person_open(&p));
	expect_eq(p.c->account.state, ACCOUNT_DELETED);
	/* Asked for once more, as after a kill, it is done. */
	expect_ok(uc_account_delete(p.c, &op));
	expect_ok(person_talk(&p));
	expect_eq(p.done_op, op);
	expect_ok(p.done_err);
	person_end(&p);
}

/* An app that was restored gives numbers again which its people have seen. */
TEST(an_intake_that_begins_anew_is_read_anew)
{
	static struct small_app app;
	struct person p;
	begin(&app, &p);
	expect_ok(sign_up_talk(&p, "1234"));
	p.c->account.intake_cursor = 50;
	person_disconnect(&p);
	app.intake_next = 51;
	expect_ok(person_talk(&p));
	expect_eq(p.c->account.intake_cursor, 50);
	person_disconnect(&p);
	app.intake_next = 9;
	expect_ok(person_talk(&p));
	expect_eq(p.c->account.intake_cursor, 8);
	/* It was kept. */
	expect_ok(person_open(&p));
	expect_eq(p.c->account.intake_cursor, 8);
	person_end(&p);
}

/* --- what no app should send --- */

TEST(frames_that_make_no_sense_are_refused_and_change_nothing)
{
	static struct small_app app;
	struct person p;
	struct buf b;
	struct empty none = { 0 };
	begin(&app, &p);
	expect_err(uc_client_receive(p.c, (const uint8_t *)"x", 1), UC_E_CLOSED);
	expect_ok(sign_up_talk(&p, "1234"));
	expect_err(uc_client_receive(p.c, (const uint8_t *)"x", 1), UC_E_FRAME);
	expect_err(uc_client_receive(p.c, NULL, 0), UC_E_FRAME);
	buf_init(&b, 4096);
	expect_ok(frame_add_response(&b, FRAME_POOL_PUT, 12345, empty_element, &none));
	expect_err(uc_client_receive(p.c, b.p, b.n), UC_E_FRAME);
	buf_reset(&b);
	expect_ok(frame_add_request(&b, FRAME_HELLO, 1, empty_element, &none));
	expect_err(uc_client_receive(p.c, b.p, b.n), UC_E_FRAME);
	buf_reset(&b);
	expect_ok(frame_add_event(&b, FRAME_ENTRY, empty_element, &none));
	expect_err(uc_client_receive(p.c, b.p, b.n), UC_E_FRAME);
	buf_reset(&b);
	expect_ok(frame_add_event(&b, 9999, empty_element, &none));
	expect_ok(uc_client_receive(p.c, b.p, b.n)); /* of a later version */
	buf_done(&b);
	expect_ok(person_talk(&p));
	expect_whole(&p);
	person_end(&p);
}

TEST(another_app_behind_the_address_is_not_spoken_to)
{
	static struct small_app app;
	struct person p;
	begin(&app, &p);
	app.domain = "evil.example";
	expect_ok(person_talk(&p));
	expect_err(p.warning, UC_E_PEER);
	expect_eq(uc_client_connection(p.c), UC_OFFLINE);
	expect(uc_client_reconnect_ms(p.c) >= 125);
	person_end(&p);
}

TEST(a_store_without_an_account_may_go_to_another_app)
{
	static struct small_app dial, lens;
	struct person p;
	begin(&dial, &p);
	expect_ok(sign_up_talk(&p, "9999"));
	expect_eq(p.done_err, UC_E_CODE);
	small_app_init(&lens, "lens.example");
	p.app = &lens;
	expect_ok(person_open(&p));
	expect_ok(sign_up_talk(&p, NULL));
	expect_ok(p.done_err);
	expect(lens.there && !dial.there);
	expect_whole(&p);
	/* And with one it does not. */
	p.app = &dial;
	expect_err(person_open(&p), UC_E_EXISTS);
	person_end(&p);
}

TEST(an_app_that_was_wrong_about_the_account_may_be_right_again)
{
	static struct small_app app;
	struct person p;
	struct uc_account a;
	begin(&app, &p);
	expect_ok(sign_up_talk(&p, "1234"));
	person_disconnect(&p);
	app.refuse_type = FRAME_SIGN_IN;
	app.refuse_with = UC_E_NOT_FOUND;
	app.refuse_times = 2;
	for (unsigned i = 0; i < 2; i++) {
		expect_ok(person_talk(&p));
		person_disconnect(&p);
		expect_eq(p.gone, 1);
		expect_ok(uc_account_get(p.c, &a));
		expect_eq(a.state, UC_ACCOUNT_DELETED);
	}
	expect_ok(person_talk(&p));
	expect_whole(&p);
	person_end(&p);
}
