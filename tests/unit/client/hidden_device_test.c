/* SPDX-License-Identifier: Apache-2.0 */
/* An app that lets a device into an account, and shows the list that names it to that device alone: it stands in a
 * room beside the others, and they see it there. */
#include "client/device_watch.h"
#include "client/devices.h"
#include "client/groups.h"
#include "client/introductions.h"
#include "client/room_group.h"
#include "client/rooms.h"
#include "client/turn.h"
#include "mimi/introduction.h"
#include "tests/unit/client/duo.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND };

static struct ed25519_key spy;

static uc_err spy_comes(struct uc_client *c, void *arg)
{
	TRY(room_group_rejoined(hers->group));
	return duo_second_place(c, arg);
}

/* Her list, and one entry more: signed by her device, as somebody who held it can. */
static uc_err spy_list(struct uc_client *c, struct view_list *out)
{
	const struct account *a = &c->account;
	struct device_entry e = { .device_action = DEVICE_ADD, .device_key = VIEW_OF(spy.pub) };
	struct device_list l;
	struct view_list all;
	TRY(devices_all(c, &mem, &all));
	struct view *v = ARENA_ARRAY(&mem, struct view, all.n + 1);
	if (!v || !devices_known(c, &l))
		return UC_E_MEMORY;
	for (size_t i = 0; i < all.n; i++)
		TRY(arena_copy(&mem, all.v[i], &v[i]));
	*out = (struct view_list){ v, all.n + 1 };
	return device_entry_make(&l, view_str(a->app), VIEW_OF(a->account_key), &a->device, false,
				 client_now(c), &e, &mem, &v[all.n]);
}

static uc_err spy_says(struct uc_client *c, void *arg)
{
	const struct account *a = &c->account;
	struct room_client by;
	struct view one, bytes;
	const struct control m = { .version = 1,
				   .control_kind = CONTROL_INTRODUCTIONS,
				   .introductions = { &one, 1 } };
	(void)arg;
	TRY(room_group_client_at(hers->group, 2, &by)); /* behind hers and Tom's */
	struct introduction in = { .app = view_str(a->app),
				   .profile_name = view_str(a->profile_name),
				   .account_key = VIEW_OF(a->account_key),
				   .room = view_str(hers->uri),
				   .participant = by.participant,
				   .client = by.client,
				   .leaf_key = by.signature_key };
	TRY(spy_list(c, &in.device_list));
	TRY(introduction_make(&in, &spy, &mem, &one));
	TRY(wire_encode_to(&mem, control_element, &m, &bytes));
	return control_in(c, hers, &by, bytes);
}

/* The app shows the list as it is without it. */
static uc_err list_shown(struct uc_client *c, void *arg)
{
	(void)arg;
	c->list_stale = false;
	return device_watch_read(c, UC_OK);
}

static uc_err list_whole(struct uc_client *c, void *arg)
{
	struct view_list all;
	bool listed;
	TRY(spy_list(c, &all));
	TRY(devices_take(c, &all, &listed));
	return list_shown(c, arg);
}

static uc_err drive(struct uc_client *c, void *arg)
{
	(void)arg;
	uc_err err = groups_drive(c, hers);
	return err == UC_E_NET ? UC_OK : err;
}

struct shown {
	unsigned n;
	struct uc_device_change last;
};

static bool change_each(void *ctx, const struct uc_device_change *x)
{
	struct shown *s = ctx;
	s->n++;
	s->last = *x;
	return true;
}

static struct shown show(void)
{
	struct shown s = { 0 };
	expect_ok(uc_device_changes(rosa.c, change_each, &s));
	return s;
}

static void begin(void)
{
	duo_begin(false, NULL);
	expect_ok(ed25519_generate(test_env(), &spy));
	expect_ok(turn_run(rosa.c, spy_comes, NULL));
	expect_ok(turn_run(rosa.c, spy_says, NULL));
	/* It is asked for at once, and again a minute later. */
	expect(rosa.c->list_stale);
	expect_eq(show().n, 0);
}

TEST(a_device_that_the_app_hides_and_the_room_shows_is_an_alarm)
{
	begin();
	expect_ok(turn_run(rosa.c, list_shown, NULL));
	expect_eq(show().n, 0);
	test_now_ms += MINUTE;
	expect_ok(uc_client_step(rosa.c));
	expect(rosa.c->list_stale);
	expect_ok(turn_run(rosa.c, list_shown, NULL));
	struct shown s = show();
	expect_eq(s.n, 1);
	expect_eq(s.last.kind, UC_DEVICE_HIDDEN);
	expect_bytes(VIEW_OF(s.last.device_key), VIEW_OF(spy.pub));
	expect_bytes(VIEW_OF(s.last.by), VIEW_OF(rosa.c->account.device.pub));
	/* And it is taken out. */
	expect_ok(turn_run(rosa.c, drive, NULL));
	expect(hers->pending.there && hers->pending.is_commit);
	duo_end();
}

TEST(one_that_the_app_shows_then_is_none)
{
	begin();
	expect_ok(turn_run(rosa.c, list_whole, NULL));
	test_now_ms += 2 * MINUTE;
	expect_ok(uc_client_step(rosa.c));
	expect_ok(turn_run(rosa.c, list_shown, NULL));
	expect_eq(show().n, 0);
	duo_end();
}
