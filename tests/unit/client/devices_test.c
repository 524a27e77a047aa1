/* SPDX-License-Identifier: Apache-2.0 */
/* The account's other devices: listed, named, ended; what another one does to the list, or the app
 * shows otherwise, is an alarm that stays until it was seen. */
#include "mimi/device_list.h"
#include "tests/unit/client/small_app.h"

static void begin(struct small_app *app, struct person *p)
{
	uc_op op;
	small_app_init(app, "dial.example");
	person_begin(p, app);
	expect_ok(person_open(p));
	expect_ok(person_talk(p));
	expect_ok(uc_sign_up(p->c, "rosa", NULL, "Rosa", &op));
	expect_ok(person_talk(p));
	expect_ok(p->done_err);
}

static struct view entry_of(const struct small_app *app, size_t i)
{
	return (struct view){ app->list[i].b, app->list[i].n };
}

/* An entry behind the app's list, by that device, into it or over its last one. */
static void put_entry(struct small_app *app, const struct ed25519_key *by, uint8_t action,
		      const struct ed25519_key *device, bool over_last)
{
	struct view v[SMALL_ENTRIES], made;
	struct device_list l;
	struct device_entry e = { .device_action = action, .device_key = VIEW_OF(device->pub) };
	struct arena a;
	arena_init(&a, 1 << 20, ARENA_PLAIN);
	app->list_n -= over_last;
	for (size_t i = 0; i < app->list_n; i++)
		v[i] = entry_of(app, i);
	const struct view_list all = { v, app->list_n };
	expect_ok(
		device_list_verify(&all, view_str(app->domain), VIEW_OF(app->account_key), &a, &l));
	expect_ok(device_entry_make(&l, view_str(app->domain), VIEW_OF(app->account_key), by, false,
				    test_now_ms, &e, &a, &made));
	memcpy(app->list[app->list_n].b, made.p, made.n);
	app->list[app->list_n++].n = made.n;
	arena_done(&a);
}

/* The connection is made anew: where the head stands, the sign-in says. */
static void look(struct person *p)
{
	person_disconnect(p);
	expect_ok(person_talk(p));
	expect_eq(uc_client_connection(p->c), UC_ONLINE);
}

struct shown {
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
	s->change[s->changes++] = *x;
	return true;
}

static struct shown show(struct person *p)
{
	struct shown s = { 0 };
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
	put_entry(&s->app, &s->p.c->account.device, DEVICE_ADD, &s->b, false);
	look(&s->p);
}

TEST(what_another_device_does_is_an_alarm_until_it_was_seen)
{
	struct scene s;
	scene_begin(&s);
	/* What this device has signed itself is none. */
	expect_eq(s.p.device_alarms, 0);
	expect_eq(show(&s.p).n, 2);
	expect_eq(show(&s.p).changes, 0);
	put_entry(&s.app, &s.b, DEVICE_ADD, &s.c, false);
	look(&s.p);
	expect_eq(s.p.device_alarms, 1);
	put_entry(&s.app, &s.b, DEVICE_REVOKE, &s.c, false);
	look(&s.p);
	look(&s.p);
	expect_eq(s.p.device_alarms, 2);
	/* It stays, also after a restart, until it was seen; and is not told anew then. */
	expect_ok(person_open(&s.p));
	struct shown now = show(&s.p);
	expect_eq(now.n, 2);
	expect_eq(now.changes, 2);
	expect_change(&now.change[0], UC_DEVICE_ADDED, &s.c, &s.b);
	expect_change(&now.change[1], UC_DEVICE_ENDED, &s.c, &s.b);
	expect_ok(uc_device_changes_seen(s.p.c));
	look(&s.p);
	expect_eq(show(&s.p).changes, 0);
	expect_eq(s.p.device_alarms, 2);
	person_end(&s.p);
}

TEST(two_entries_at_one_place_are_an_alarm_also_when_the_head_is_the_same)
{
	struct scene s;
	scene_begin(&s);
	expect_ok(uc_device_changes_seen(s.p.c));
	/* The app shows this device c in the place of b: the head is where it was. */
	put_entry(&s.app, &s.p.c->account.device, DEVICE_ADD, &s.c, true);
	look(&s.p);
	expect_eq(show(&s.p).changes, 0);
	test_now_ms += 24 * 3600 * 1000;
	look(&s.p);
	struct shown now = show(&s.p);
	expect_eq(now.changes, 1);
	expect_change(&now.change[0], UC_DEVICE_TWO_LISTS, &s.b, &s.p.c->account.device);
	expect_err(s.p.warning, UC_E_CHAIN);
	/* What was known is kept. */
	expect_eq(now.n, 2);
	expect_bytes(VIEW_OF(now.devices[1].device_key), VIEW_OF(s.b.pub));
	person_end(&s.p);
}

TEST(a_device_has_a_name_here_alone)
{
	struct scene s;
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
	struct scene s;
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
	put_entry(&s.app, &s.b, DEVICE_ADD, &s.c, false);
	s.p.warning = UC_OK;
	look(&s.p);
	expect_err(s.p.warning, UC_E_CHAIN);
	expect_eq(show(&s.p).n, 1);
	person_disconnect(&s.p);
	expect_err(uc_device_end(s.p.c, s.b.pub, &op), UC_E_NET);
	person_end(&s.p);
}

TEST(what_another_device_ends_is_made_anew_here_too)
{
	struct scene s;
	uint8_t before[32];
	scene_begin(&s);
	put_entry(&s.app, &s.b, DEVICE_ADD, &s.c, false);
	look(&s.p);
	memcpy(before, s.app.request_key, sizeof before);
	lend_some(&s.p);
	put_entry(&s.app, &s.b, DEVICE_REVOKE, &s.c, false);
	s.app.sets_n = 0;
	look(&s.p);
	expect_anew(&s);
	/* The request key is for the one to make who ended it; the vault brings it. */
	expect_bytes(VIEW_OF(s.p.c->account.request_keys[0].pub), VIEW_OF(before));
	person_end(&s.p);
}

TEST(an_end_whose_answer_was_lost_or_that_came_too_late_is_said_again)
{
	struct scene s;
	uc_op op;
	scene_begin(&s);
	/* The list has moved on meanwhile. */
	put_entry(&s.app, &s.b, DEVICE_ADD, &s.c, false);
	expect_ok(uc_device_end(s.p.c, s.b.pub, &op));
	expect_ok(person_talk(&s.p));
	expect_err(s.p.done_err, UC_E_STALE);
	expect_eq(show(&s.p).n, 3);
	s.app.silent_at = s.app.requests + 1;
	expect_ok(uc_device_end(s.p.c, s.b.pub, &op));
	expect_ok(person_talk(&s.p));
	expect_err(s.p.done_err, UC_E_NET);
	look(&s.p);
	expect_eq(show(&s.p).n, 2);
	expect_eq(s.app.list_n, 4);
	expect_err(uc_device_end(s.p.c, s.b.pub, &op), UC_E_NOT_FOUND);
	person_end(&s.p);
}
