/* SPDX-License-Identifier: Apache-2.0 */
/* What contacts are given out of the app's pool: as many as it has room for, of all devices together; and what
 * they did not use in time. */
#include "client/pool.h"

#include "client/contacts.h"
#include "client/room_asks.h"
#include "client/room_group.h"
#include "client/rooms.h"
#include "client/settings.h"
#include "client/turn.h"
#include "mimi/device_list.h"
#include "mimi/room_tag.h"
#include "tests/unit/client/small_app.h"

enum { MANY = 40 };
static const uint64_t day_ms = 24 * 3600 * 1000;

static struct small_app app;
static struct person p;

/* --- shares --- */

/* Each is given what is then its share, and keeps it. */
static unsigned served(uint32_t devices)
{
	uint32_t left = POOL_SETS_MAX / devices - POOL_WANTED;
	for (uint32_t n = 1;; n++) {
		uint32_t share = contact_share(devices, n);
		expect(share >= 1 && share <= KEY_ADDRESS_BATCH);
		expect(share * devices <= KEY_ADDRESSES || share == 1);
		if (share > left)
			return n - 1;
		left -= share;
	}
}

TEST(there_is_something_for_some_hundred_contacts)
{
	expect_eq(contact_share(1, 1), KEY_ADDRESS_BATCH);
	expect_eq(contact_share(1, 31), KEY_ADDRESS_BATCH);
	expect_eq(contact_share(0, 0), KEY_ADDRESS_BATCH);
	expect_eq(contact_share(3, 10), 5);
	expect_eq(contact_share(UINT32_MAX, UINT32_MAX), 1);
	expect(served(1) >= 500);
	expect(served(3) >= 200);
	expect(served(8) >= 90);
	/* And for whoever asks. */
	expect(contacts_leave_some(1, POOL_SETS_MAX * 15 / 16 - POOL_WANTED - 1));
	expect(!contacts_leave_some(1, POOL_SETS_MAX * 15 / 16 - POOL_WANTED));
	expect(contacts_leave_some(0, 0) && contacts_leave_some(8, 90));
	expect(!contacts_leave_some(8, 100) && !contacts_leave_some(UINT32_MAX, 0));
}

/* --- a client --- */

static unsigned made;            /* addresses, over its life */
static struct address_wish last; /* without its key */
static uint8_t last_key[ADDRESS_SET_KEY];

static uc_err addresses_make(struct small_app *a, const struct frame *in, struct arena *mem,
			     struct buf *out)
{
	struct address_make_request q;
	struct view v[KEY_ADDRESS_BATCH];
	struct address_make_response r = { { v, 0 } };
	(void)a;
	if (in->type != FRAME_ADDRESS_MAKE)
		return UC_E_UNSUPPORTED;
	TRY(wire_decode(in->body, mem, address_make_request_element, &q));
	expect(q.wishes.n && q.wishes.n <= KEY_ADDRESS_BATCH);
	last = q.wishes.v[0];
	memcpy(last_key, last.set_key.p, sizeof last_key);
	last.set_key = VIEW_LIT("");
	for (size_t i = 0; i < q.wishes.n; i++) {
		char text[64];
		snprintf(text, sizeof text, "mimi://dial.example/k/%u", ++made);
		TRY(arena_copy(mem, view_str(text), &v[r.addresses.n++]));
	}
	return frame_add_response(out, in->type, in->id, address_make_response_element, &r);
}

static uc_err meet_in_turn(struct uc_client *c, void *arg)
{
	const unsigned *n = arg;
	uint8_t key[ED25519_KEY] = { (uint8_t)*n, 7 };
	struct contact *k;
	struct room *r;
	TRY(contact_meet(c, "lens.example", key, "Tom", VIEW_LIT(""), &k));
	TRY(rooms_create(c, true, "", &r));
	struct set *s = pool_find(c, r->set_id);
	TRY(room_group_create(c, r, s, VIEW_OF(key), VIEW_OF(key), &r->group));
	set_change(s, SET_SPENT);
	r->state = ROOM_OPEN;
	r->contact = k->id;
	k->direct = r->id;
	k->has_direct = true;
	return UC_OK;
}

static void begin(unsigned devices, unsigned contacts)
{
	made = 0;
	small_app_init(&app, "dial.example");
	app.more = addresses_make;
	person_sign_up(&p, &app);
	for (unsigned i = 1; i < devices; i++) {
		struct ed25519_key other;
		expect_ok(ed25519_generate(test_env(), &other));
		small_app_list_put(&app, &p.c->account.device, DEVICE_ADD, &other, false);
	}
	person_disconnect(&p);
	expect_ok(person_talk(&p));
	for (unsigned i = 0; i < contacts; i++) {
		expect_ok(turn_run(p.c, meet_in_turn, &i));
		expect_ok(person_talk(&p));
	}
}

static unsigned sets(uint8_t state, const struct contact *of)
{
	unsigned n = 0;
	for (const struct set *s = p.c->sets; s; s = s->next)
		n += s->state == state && (!of || id_equal(&s->given_to, &of->id));
	return n;
}

TEST(three_devices_with_many_contacts_give_something_to_each)
{
	begin(3, MANY);
	unsigned given = 0, most = 0;
	for (const struct contact *k = p.c->contacts; k; k = k->next) {
		unsigned n = sets(SET_GIVEN, k);
		expect(n >= 1 && n <= KEY_ADDRESSES / 3);
		given += n;
		most = n > most ? n : most;
	}
	expect_eq(most, KEY_ADDRESSES / 3);
	expect_eq(made, given);
	expect(given + sets(SET_POOLED, NULL) <= POOL_SETS_MAX / 3);
	/* And still after a restart, when everything is looked at anew. */
	expect_ok(person_open(&p));
	person_disconnect(&p);
	expect_ok(person_talk(&p));
	expect_eq(made, given);
	person_end(&p);
}

#define DEN "mimi://lens.example/r/den"
static char den[] = DEN, another[] = DEN "2";

static uc_err is_asked(struct uc_client *c, void *arg)
{
	struct contact *k = c->contacts;
	struct room *r = room_find(c, &k->direct);
	r->seat_open = true;
	r->log_next = r->seq + 1;
	return room_asks_in(c, k, view_str(arg));
}

static unsigned sets_for(const char *room)
{
	struct uc_id id = room_id(view_str(room));
	unsigned n = 0;
	for (const struct set *s = p.c->sets; s; s = s->next)
		n += s->state == SET_GIVEN && id_equal(&s->room, &id) &&
		     s->given_until_ms == test_now_ms + ROOM_ASK_DAYS * day_ms;
	return n;
}

static void answers(void)
{
	uint8_t tag[ROOM_TAG];
	unsigned before = made;
	expect_ok(turn_run(p.c, is_asked, den));
	expect_ok(person_talk(&p));
	expect_eq(made, before + 1);
	expect_ok(room_tag_make(last_key, VIEW_LIT(DEN), tag));
	expect_bytes(VIEW_OF(last.room_tag), VIEW_OF(tag));
	expect_eq(sets_for(DEN), 1);
	expect_eq(p.c->contacts->ask_count, 0);
	const struct room *r = room_find(p.c, &p.c->contacts->direct);
	expect(r->outbox.first != NULL);
	/* Kept with the set: whatever comes by it elsewhere is left. */
	expect_ok(person_open(&p));
	expect_eq(sets_for(DEN), 1);
}

TEST(who_asks_for_a_room_gets_an_address_for_it)
{
	begin(1, 1);
	expect_eq(made, KEY_ADDRESS_BATCH);
	expect(room_tag_is_any(last.room_tag));
	answers();
	person_end(&p);
}

TEST(minors_give_out_nothing_else)
{
	unsigned one = 1;
	begin(1, 0);
	p.c->settings_checked = AGE_TEEN_B + 1;
	expect_ok(turn_run(p.c, meet_in_turn, &one));
	expect_ok(person_talk(&p));
	expect_eq(made, 0);
	answers();
	person_end(&p);
}

/* The app knows that they are, and this device does not. */
TEST(what_the_app_does_not_make_is_not_asked_for_all_the_time)
{
	unsigned one = 1;
	begin(1, 0);
	app.refuse_type = FRAME_ADDRESS_MAKE;
	app.refuse_with = UC_E_NOT_ALLOWED;
	app.refuse_times = 1;
	expect_ok(turn_run(p.c, meet_in_turn, &one));
	expect_ok(person_talk(&p));
	expect_eq(app.refuse_times, 0);
	expect_eq(made, 0);
	answers();
	person_end(&p);
}

TEST(below_16_without_a_guardian_nothing_is_answered)
{
	begin(1, 1);
	unsigned before = made;
	struct settings s = settings_default(AGE_TEEN_A);
	struct view bytes;
	s.number = 1;
	s.app = view_str(p.c->account.app);
	s.account_key = VIEW_OF(p.c->account.account_key);
	expect_ok(settings_make(&s, &p.c->account.device, &p.c->call, &bytes));
	expect_ok(blob_set(&p.c->account.settings, bytes));
	expect_ok(turn_run(p.c, is_asked, den));
	expect_ok(person_talk(&p));
	expect_eq(made, before);
	expect_eq(p.c->contacts->ask_count, 0);
	expect_eq(sets_for(DEN), 0);
	person_end(&p);
}

static uc_err is_brought(struct uc_client *c, void *arg)
{
	for (struct set *s = c->sets; s; s = s->next)
		if (!id_is_zero(&s->room) && s->state == SET_GIVEN) {
			set_change(s, SET_RELEASED);
			return rooms_found(c, s, view_str(arg));
		}
	return UC_E_NOT_FOUND;
}

/* The hub of the room it was given for has another one, too. */
TEST(what_was_given_for_one_room_is_left_elsewhere)
{
	for (int elsewhere = 0; elsewhere < 2; elsewhere++) {
		char *uri = elsewhere ? another : den;
		struct uc_id id = room_id(view_str(uri));
		unsigned shadows = 0;
		begin(1, 1);
		answers();
		expect_ok(turn_run(p.c, is_brought, uri));
		for (const struct room *r = p.c->rooms; r; r = r->next)
			shadows += r->shadow && !strcmp(r->uri, uri);
		expect_eq(shadows, elsewhere);
		expect_eq(room_find(p.c, &id) != NULL, !elsewhere);
		person_end(&p);
	}
}

static void take_one(const struct contact *k)
{
	struct set *s = p.c->sets;
	while (s->state != SET_GIVEN || !id_equal(&s->given_to, &k->id))
		s = s->next;
	uint8_t id[SET_ID];
	memcpy(id, s->set_id, sizeof id);
	for (size_t i = 0; i < app.sets_n; i++)
		if (view_equal(VIEW_OF(app.sets[i].id), VIEW_OF(id)))
			app.sets[i] = app.sets[--app.sets_n];
	person_disconnect(&p);
	p.c->pool_known = false;
	expect_ok(person_talk(&p));
}

TEST(who_has_used_half_gets_more_up_to_the_share)
{
	begin(1, 1);
	const struct contact *k = p.c->contacts;
	expect_eq(sets(SET_GIVEN, k), KEY_ADDRESS_BATCH);
	for (unsigned n = 1; n <= KEY_ADDRESS_BATCH / 2; n++) {
		take_one(k);
		expect_eq(sets(SET_GIVEN, k), KEY_ADDRESS_BATCH - n);
	}
	take_one(k);
	expect_eq(sets(SET_GIVEN, k), KEY_ADDRESS_BATCH);
	expect_eq(sets(SET_RELEASED, k), KEY_ADDRESS_BATCH / 2 + 1);
	person_end(&p);
}

static void days(uint64_t n)
{
	test_now_ms += n * day_ms;
	for (int i = 0; i < 3; i++) {
		expect_ok(uc_client_step(p.c));
		expect_ok(person_talk(&p));
	}
}

/* Its address is good for 30 days, and the set in the pool for longer. */
TEST(what_was_not_used_in_time_makes_room_for_others)
{
	begin(1, 2);
	size_t before = app.sets_n;
	expect_eq(made, 2 * KEY_ADDRESS_BATCH);
	days(30);
	expect_eq(made, 2 * KEY_ADDRESS_BATCH);
	/* One is used, and that is not heard of: it is looked for, and not given up. */
	const struct contact *k = p.c->contacts;
	struct set *s = p.c->sets;
	while (s->state != SET_GIVEN || !id_equal(&s->given_to, &k->id))
		s = s->next;
	uint8_t used[SET_ID];
	memcpy(used, s->set_id, sizeof used);
	for (size_t i = 0; i < app.sets_n; i++)
		if (view_equal(VIEW_OF(app.sets[i].id), VIEW_OF(used)))
			app.sets[i] = app.sets[--app.sets_n];
	days(2);
	expect_eq(made, 4 * KEY_ADDRESS_BATCH);
	expect_eq(app.sets_n, before);
	for (k = p.c->contacts; k; k = k->next)
		expect_eq(sets(SET_GIVEN, k), KEY_ADDRESS_BATCH);
	const struct set *looked = pool_find(p.c, used);
	expect(looked && looked->state == SET_AWAITED);
	expect_eq(sets(SET_AWAITED, NULL), 1);
	person_end(&p);
}

static bool takes_grants_back;

static uc_err revoked(struct small_app *a, const struct frame *in, struct arena *mem,
		      struct buf *out)
{
	struct empty none = { 0 };
	if (in->type != FRAME_GRANT_REVOKE || !takes_grants_back)
		return addresses_make(a, in, mem, out);
	return frame_add_response(out, in->type, in->id, empty_element, &none);
}

static uc_err is_blocked(struct uc_client *c, void *arg)
{
	(void)arg;
	c->contacts->blocked = c->contacts->dirty = true;
	return UC_OK;
}

static void app_has_used(const struct set *s)
{
	uint8_t used[SET_ID];
	memcpy(used, s->set_id, sizeof used);
	for (size_t i = 0; i < app.sets_n; i++)
		if (view_equal(VIEW_OF(app.sets[i].id), VIEW_OF(used)))
			app.sets[i] = app.sets[--app.sets_n];
}

/* And do not lie there until they expire. */
TEST(what_who_is_blocked_was_given_is_taken_out_of_the_pool)
{
	for (int killed = 0; killed < 2; killed++) {
		begin(1, 1);
		app.more = revoked;
		takes_grants_back = true;
		struct uc_id id = p.c->contacts->id;
		size_t before = app.sets_n;
		expect_eq(sets(SET_GIVEN, p.c->contacts), KEY_ADDRESS_BATCH);
		/* One was used a moment ago, and nobody has heard of it: whoever comes by it is left. */
		struct set *s = p.c->sets;
		while (s->state != SET_GIVEN)
			s = s->next;
		uint8_t used[SET_ID];
		memcpy(used, s->set_id, sizeof used);
		app_has_used(s);
		expect_ok(turn_run(p.c, is_blocked, NULL));
		/* The answer to one of the requests is lost, with the program. */
		if (killed)
			app.silent_at = app.requests + 3;
		person_talk(&p);
		if (killed) {
			expect(sets(SET_RESERVED, NULL) > 0);
			expect_ok(person_open(&p));
			app.silent_at = 0;
			expect_ok(person_talk(&p));
		}
		const struct contact *k = contact_find(p.c, &id);
		expect(k && !k->has_grant);
		expect_eq(sets(SET_GIVEN, NULL) + sets(SET_RESERVED, NULL), 0);
		expect_eq(app.sets_n, before - KEY_ADDRESS_BATCH);
		const struct set *looked = pool_find(p.c, used);
		expect(looked && looked->state == SET_AWAITED);
		expect_eq(sets(SET_AWAITED, k), killed ? 2 : 1);
		person_end(&p);
	}
}
