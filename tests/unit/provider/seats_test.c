/* SPDX-License-Identifier: Apache-2.0 */
/* Seats that are opened again: what is written then, and what is not. */
#include "tests/unit/provider/guests.h"

static struct app *const dial = &apps[DIAL];

static struct seat_record seat_of(const struct guest *g)
{
	struct store_key k;
	struct seat_record r = { .version = 0 };
	expect_ok(record_get(g->person->app->rooms, key_2(&k, TABLE_SEAT, g->room, g->client),
			     seat_record_element, &apps_mem, &r));
	return r;
}

static struct opening_record opening_of(const struct guest *g)
{
	struct store_key k;
	struct opening_record r = { .version = 0 };
	expect_ok(record_get(g->person->app->rooms,
			     key_2(&k, TABLE_OPENING, g->room, g->participant),
			     opening_record_element, &apps_mem, &r));
	return r;
}

static void expect_opened_by(const struct guest *g, struct view sealed, const struct person *p)
{
	const struct opening_context context = { g->room, g->participant };
	const struct app *a = g->person->app;
	struct view id = { NULL, 0 };
	expect_ok(opening_read(secret_view(&a->moderators), VIEW_OF(a->keys.moderators_pub),
			       &context, sealed, &apps_mem, &id));
	expect_bytes(id, VIEW_OF(p->account_id));
}

static size_t lates(const struct app *a)
{
	return a->provider->room_work->lates.n;
}

/* --- openers --- */

TEST(one_who_opens_again_leaves_nothing_to_write)
{
	room_of_three();
	apps_wait(60000);
	struct seat_record seat = seat_of(&r1);
	struct opening_record opening = opening_of(&r1);
	static const uint8_t none[SEAT_OPENER];
	expect(!view_equal(VIEW_OF(seat.opener), VIEW_OF(none)));
	for (int i = 0; i < 3; i++) {
		guest_return(&r1);
		expect_eq(lates(dial), 0);
	}
	apps_wait(60000);
	expect_bytes(opening_of(&r1).latest, opening.latest);
	expect_bytes(VIEW_OF(seat_of(&r1).opener), VIEW_OF(seat.opener));
	the_end();
}

TEST(another_account_with_the_secret_is_sealed_once)
{
	room_of_three();
	struct guest lent = r1;
	lent.person = &rob;
	struct seat_record before = seat_of(&r1);
	guest_return(&lent);
	/* Not written yet, and known: nothing is sealed again. */
	expect_eq(lates(dial), 1);
	const struct seat_late *late = seat_late_find(dial->provider, the_room, r1.client);
	const uint8_t *sealed = late ? late->opening : NULL;
	expect(sealed != NULL);
	guest_return(&lent);
	expect(late && late->opening == sealed);
	apps_wait(60000);
	struct opening_record opening = opening_of(&r1);
	expect_opened_by(&r1, opening.first, &rosa);
	expect_opened_by(&r1, opening.latest, &rob);
	expect(!view_equal(VIEW_OF(seat_of(&r1).opener), VIEW_OF(before.opener)));
	/* And back. */
	guest_return(&r1);
	apps_wait(60000);
	expect_opened_by(&r1, opening_of(&r1).latest, &rosa);
	expect_bytes(VIEW_OF(seat_of(&r1).opener), VIEW_OF(before.opener));
	the_end();
}

TEST(an_opening_of_another_month_is_kept_without_being_sealed)
{
	room_of_three();
	apps_wait(60000);
	struct seat_record before = seat_of(&r1);
	struct opening_record opening = opening_of(&r1);
	apps_wait((uint64_t)30 * 24 * 3600000);
	guest_return(&r1);
	expect_eq(lates(dial), 1);
	apps_wait(60000);
	expect_eq(seat_of(&r1).opened_month, before.opened_month + 1);
	expect_bytes(opening_of(&r1).latest, opening.latest);
	the_end();
}

/* Another key of the moderators: the opening is sealed to it. */
TEST(new_moderators_read_who_comes_from_then_on)
{
	room_of_three();
	apps_wait(60000);
	struct kem_key other;
	expect_ok(kem_key_generate(suite_find(SUITE_X25519_AES128), test_env(), &other));
	memcpy(dial->keys.moderators_pub, kem_public(&other).p, sizeof dial->keys.moderators_pub);
	secret_wipe(&dial->moderators);
	dial->moderators = other.priv;
	guest_return(&r1);
	apps_wait(60000);
	expect_opened_by(&r1, opening_of(&r1).latest, &rosa);
	the_end();
}

TEST(a_seat_of_version_1_has_no_opener_and_gets_one)
{
	struct seat_record r = { .version = 0, .opener = { 7 } };
	struct view now = { NULL, 0 };
	static const uint8_t none[SEAT_OPENER];
	arena_init(&apps_mem, 1 << 20, ARENA_PLAIN);
	struct buf b;
	buf_init(&b, 256);
	buf_add_view(&b, VIEW_LIT("\0\1"));
	for (int i = 0; i < 8 + 32 + 32 + 8 + 4 + 8; i++)
		buf_add_view(&b, VIEW_LIT("\0"));
	expect_ok(wire_decode(buf_view(&b), &apps_mem, seat_record_element, &r));
	expect_bytes(VIEW_OF(r.opener), VIEW_OF(none));
	expect_ok(wire_encode_to(&apps_mem, seat_record_element, &r, &now));
	expect_eq(now.n, b.n + SEAT_OPENER);
	expect_bytes(view_slice(now, 0, 2), VIEW_LIT("\0\2"));
	buf_done(&b);
	arena_done(&apps_mem);
}
