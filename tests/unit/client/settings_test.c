/* SPDX-License-Identifier: Apache-2.0 */
/* Who may reach this account: set, kept, and what an app that shows anything else brings about. */
#include "mimi/settings.h"
#include "tests/unit/client/small_app.h"

static void begin(struct small_app *app, struct person *p)
{
	small_app_init(app, "lens.example");
	app->has_settings = true;
	person_sign_up(p, app);
}

/* What the operation ended with. */
static uc_err set(struct person *p, enum uc_age age, enum uc_may_ask ask)
{
	struct uc_settings s;
	uc_op op;
	expect_ok(uc_settings_default(p->c, age, &s));
	s.ask = ask;
	TRY(uc_settings_set(p->c, &s, &op));
	expect_ok(person_talk(p));
	expect_eq(p->done_op, op);
	return p->done_err;
}

static struct uc_settings said(struct person *p)
{
	struct uc_settings s;
	expect_ok(uc_settings_get(p->c, &s));
	expect(s.said);
	return s;
}

static void expect_shown(struct person *p, enum uc_age age, enum uc_may_ask ask)
{
	struct uc_settings s = said(p);
	expect_eq(s.age, age);
	expect_eq(s.ask, ask);
}

static void again(struct person *p)
{
	p->warning = UC_OK;
	person_disconnect(p);
	expect_ok(person_talk(p));
}

static void end(struct person *p)
{
	person_end(p);
}

TEST(settings_are_set_and_kept)
{
	static struct small_app app;
	struct person p;
	struct uc_settings s;
	begin(&app, &p);
	expect_ok(uc_settings_get(p.c, &s));
	expect(!s.said);
	expect_ok(set(&p, UC_AGE_ADULT, UC_ASK_HANDED));
	expect_shown(&p, UC_AGE_ADULT, UC_ASK_HANDED);
	expect_ok(person_open(&p));
	expect_shown(&p, UC_AGE_ADULT, UC_ASK_HANDED);
	again(&p);
	expect_ok(p.warning);
	s.age = 9;
	uc_op op;
	expect_err(uc_settings_set(p.c, &s, &op), UC_E_ARGUMENT);
	end(&p);
}

TEST(a_minor_does_not_grow_older)
{
	static struct small_app app;
	struct person p;
	begin(&app, &p);
	expect_ok(set(&p, UC_AGE_13_TO_15, UC_ASK_NOBODY));
	expect_err(set(&p, UC_AGE_ADULT, UC_ASK_ANYBODY), UC_E_NOT_ALLOWED);
	struct uc_settings s;
	uc_op op;
	expect_ok(uc_settings_default(p.c, UC_AGE_13_TO_15, &s));
	s.find_by_name = true;
	expect_err(uc_settings_set(p.c, &s, &op), UC_E_NOT_ALLOWED);
	expect_shown(&p, UC_AGE_13_TO_15, UC_ASK_NOBODY);
	/* The app has checked it: up to that age, and no further. */
	app.checked = 1 + AGE_TEEN_B;
	again(&p);
	expect_err(set(&p, UC_AGE_ADULT, UC_ASK_ANYBODY), UC_E_NOT_ALLOWED);
	expect_ok(set(&p, UC_AGE_16_AND_17, UC_ASK_ANYBODY));
	expect_shown(&p, UC_AGE_16_AND_17, UC_ASK_ANYBODY);
	end(&p);
}

TEST(an_app_cannot_take_settings_back_unseen)
{
	static struct small_app app;
	struct person p;
	begin(&app, &p);
	expect_ok(set(&p, UC_AGE_ADULT, UC_ASK_ANYBODY));
	struct small_entry older = app.settings;
	expect_ok(set(&p, UC_AGE_ADULT, UC_ASK_NOBODY));
	struct small_entry latest = app.settings, none = { .n = 0 }, changed = latest;
	changed.b[changed.n - 1] ^= 1;
	/* Signed well, by a device nobody knows, with a higher number. */
	struct settings s;
	struct ed25519_key eve;
	struct small_entry hers = { .n = 0 };
	struct view made;
	expect_ok(wire_decode((struct view){ latest.b, latest.n }, NULL, settings_element, &s));
	s.number += 7;
	s.ask = ASK_ANYBODY;
	expect_ok(ed25519_generate(test_env(), &eve));
	struct arena mem;
	arena_init(&mem, 65536, ARENA_PLAIN);
	expect_ok(settings_make(&s, &eve, &mem, &made));
	memcpy(hers.b, made.p, made.n);
	hers.n = made.n;
	arena_done(&mem);
	const struct small_entry *lies[] = { &older, &none, &changed, &hers };
	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		app.settings = *lies[i];
		again(&p);
		expect_err(p.warning, UC_E_STALE);
		/* One's own are there again. */
		expect_bytes(view_make(app.settings.b, app.settings.n),
			     view_make(latest.b, latest.n));
		expect_shown(&p, UC_AGE_ADULT, UC_ASK_NOBODY);
		again(&p);
		expect_ok(p.warning);
		/* Who looks later is told, too, until they are set anew. */
		expect(said(&p).app_showed_others);
		expect_ok(set(&p, UC_AGE_ADULT, UC_ASK_NOBODY));
		expect(!said(&p).app_showed_others);
		latest = app.settings;
	}
	/* It does not speak of them any more. */
	app.has_settings = false;
	again(&p);
	expect_err(p.warning, UC_E_STALE);
	end(&p);
}

TEST(a_recovered_device_sets_them_anew)
{
	static struct small_app app;
	struct person p;
	struct settings s;
	begin(&app, &p);
	expect_ok(set(&p, UC_AGE_ADULT, UC_ASK_ANYBODY));
	expect_ok(set(&p, UC_AGE_ADULT, UC_ASK_HANDED));
	/* Its store is new, and what the app has was signed by a device that is gone. */
	struct ed25519_key gone;
	struct view made;
	struct arena mem;
	arena_init(&mem, 65536, ARENA_PLAIN);
	expect_ok(wire_decode((struct view){ app.settings.b, app.settings.n }, NULL,
			      settings_element, &s));
	expect_ok(ed25519_generate(test_env(), &gone));
	expect_ok(settings_make(&s, &gone, &mem, &made));
	memcpy(app.settings.b, made.p, made.n);
	app.settings.n = made.n;
	arena_done(&mem);
	blob_done(&p.c->account.settings);
	again(&p);
	expect_err(p.warning, UC_E_STALE);
	expect_ok(set(&p, UC_AGE_ADULT, UC_ASK_NOBODY));
	expect_ok(wire_decode((struct view){ app.settings.b, app.settings.n }, NULL,
			      settings_element, &s));
	expect_eq(s.number, 3);
	expect_eq(s.ask, ASK_NOBODY);
	again(&p);
	expect_ok(p.warning);
	end(&p);
}

TEST(an_app_cannot_use_up_the_numbers)
{
	static struct small_app app;
	struct person p;
	struct settings s;
	begin(&app, &p);
	expect_ok(set(&p, UC_AGE_ADULT, UC_ASK_ANYBODY));
	/* The highest there is but one, signed by nobody. */
	struct small_entry ours = app.settings;
	expect_ok(wire_decode((struct view){ ours.b, ours.n }, NULL, settings_element, &s));
	size_t at = 2 + 1 + s.app.n + 1 + s.account_key.n;
	memset(app.settings.b + at, 0xff, 7);
	app.settings.b[at + 7] = 0xfe;
	again(&p);
	expect_err(p.warning, UC_E_STALE);
	for (int i = 0; i < 2; i++)
		expect_ok(set(&p, UC_AGE_ADULT, UC_ASK_HANDED));
	expect_shown(&p, UC_AGE_ADULT, UC_ASK_HANDED);
	end(&p);
}

TEST(what_was_on_its_way_arrives_after_a_restart)
{
	static struct small_app app;
	struct person p;
	begin(&app, &p);
	struct uc_settings s;
	uc_op op;
	expect_ok(uc_settings_default(p.c, UC_AGE_ADULT, &s));
	expect_ok(uc_settings_set(p.c, &s, &op));
	expect_ok(person_open(&p));
	again(&p);
	expect_ok(p.warning);
	expect_shown(&p, UC_AGE_ADULT, UC_ASK_ANYBODY);
	/* Carried out, and the answer lost. */
	s.ask = UC_ASK_HANDED;
	app.silent_at = app.requests + 1;
	expect_ok(uc_settings_set(p.c, &s, &op));
	expect_ok(person_talk(&p));
	again(&p);
	expect_ok(p.warning);
	expect_shown(&p, UC_AGE_ADULT, UC_ASK_HANDED);
	end(&p);
}
