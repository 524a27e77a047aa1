/* SPDX-License-Identifier: Apache-2.0 */
/* An app's keys: rotated, written, read. */
#include "provider/keys.h"
#include "provider/moderators_key.h"
#include "tests/unit/harness.h"

enum { FILE_MAX = 4096 };

static void make(struct provider_keys *k)
{
	struct secret moderators;
	expect_ok(provider_keys_generate(test_env(), k, &moderators));
	secret_wipe(&moderators);
}

static void expect_same(const struct provider_keys *a, const struct provider_keys *b)
{
	expect_bytes(VIEW_OF(a->address_key), VIEW_OF(b->address_key));
	expect_bytes(VIEW_OF(a->name_key), VIEW_OF(b->name_key));
	expect_bytes(VIEW_OF(a->frank.key), VIEW_OF(b->frank.key));
	expect_eq(a->frank.day, b->frank.day);
	expect_eq(a->retired_n, b->retired_n);
	for (size_t i = 0; i < a->retired_n; i++) {
		expect_eq(a->retired[i].retired_ms, b->retired[i].retired_ms);
		expect_bytes(VIEW_OF(a->retired[i].pub), VIEW_OF(b->retired[i].pub));
	}
	expect_bytes(sign_public(&a->hub_key), sign_public(&b->hub_key));
	expect_bytes(sign_public(&a->franking_key), sign_public(&b->franking_key));
	expect_bytes(kem_public(&a->lookup_key), kem_public(&b->lookup_key));
	expect_bytes(VIEW_OF(a->moderators_pub), VIEW_OF(b->moderators_pub));
	expect_eq(a->index.number, b->index.number);
	expect_bytes(VIEW_OF(a->index.key), VIEW_OF(b->index.key));
	expect_eq(a->index_moves, b->index_moves);
	if (a->index_moves) {
		expect_eq(a->index_before.number, b->index_before.number);
		expect_bytes(VIEW_OF(a->index_before.key), VIEW_OF(b->index_before.key));
	}
	expect_eq(a->rooms_before.is_there, b->rooms_before.is_there);
	if (a->rooms_before.is_there) {
		expect_eq(a->rooms_before.changed_ms, b->rooms_before.changed_ms);
		expect_bytes(sign_public(&a->rooms_before.hub_key),
			     sign_public(&b->rooms_before.hub_key));
		expect_bytes(sign_public(&a->rooms_before.franking_key),
			     sign_public(&b->rooms_before.franking_key));
	}
	expect_eq(a->before.is_there, b->before.is_there);
	if (!a->before.is_there)
		return;
	expect_eq(a->before.rotated_ms, b->before.rotated_ms);
	expect_bytes(VIEW_OF(a->before.address_key), VIEW_OF(b->before.address_key));
	expect_bytes(VIEW_OF(a->before.frank.key), VIEW_OF(b->before.frank.key));
	expect_eq(a->before.frank.day, b->before.frank.day);
	expect_bytes(kem_public(&a->before.lookup_key), kem_public(&b->before.lookup_key));
	expect_bytes(secret_view(&a->before.lookup_key.priv),
		     secret_view(&b->before.lookup_key.priv));
}

TEST(those_in_use_become_those_before_and_no_others_stay)
{
	struct provider_keys first, second, third;
	make(&first);
	expect(!first.before.is_there);
	second = first;
	expect_ok(provider_keys_rotate(&second, test_env()));
	expect(second.before.is_there);
	expect_bytes(VIEW_OF(second.before.address_key), VIEW_OF(first.address_key));
	expect_bytes(VIEW_OF(second.before.frank.key), VIEW_OF(first.frank.key));
	expect_bytes(kem_public(&second.before.lookup_key), kem_public(&first.lookup_key));
	expect(!view_equal(VIEW_OF(second.address_key), VIEW_OF(first.address_key)));
	expect(!view_equal(VIEW_OF(second.frank.key), VIEW_OF(first.frank.key)));
	expect(!view_equal(kem_public(&second.lookup_key), kem_public(&first.lookup_key)));
	/* What rooms and the index of names go by. */
	expect_bytes(sign_public(&second.hub_key), sign_public(&first.hub_key));
	expect_bytes(sign_public(&second.franking_key), sign_public(&first.franking_key));
	expect_bytes(VIEW_OF(second.name_key), VIEW_OF(first.name_key));
	third = second;
	expect_ok(provider_keys_rotate(&third, test_env()));
	expect_bytes(VIEW_OF(third.before.address_key), VIEW_OF(second.address_key));
	provider_keys_wipe(&first);
	provider_keys_wipe(&second);
	provider_keys_wipe(&third);
}

/* Until the index has a key of its own, and franks one for each day, files are of the versions that knew of
 * none. */
TEST(files_have_the_version_they_need)
{
	struct provider_keys k, read;
	struct buf file;
	make(&k);
	k.index = (struct provider_index_key){ .number = 0 };
	k.frank.day = FRANK_DAY_ANY;
	for (int version = 1; version <= 2; version++) {
		buf_init_secret(&file, FILE_MAX);
		expect_ok(provider_keys_write(&k, &file));
		expect_eq(file.p[7], version);
		expect_ok(provider_keys_read(buf_view(&file), &read));
		expect_same(&read, &k);
		for (size_t n = 0; n < file.n; n++)
			expect(provider_keys_read(view_make(file.p, n), &read) != UC_OK);
		/* One that says it is of the other version. */
		file.p[7] = (uint8_t)(3 - version);
		expect(provider_keys_read(buf_view(&file), &read) != UC_OK);
		file.p[7] = 6;
		expect_err(provider_keys_read(buf_view(&file), &read), UC_E_VERSION);
		buf_done(&file);
		expect_ok(provider_keys_rotate(&k, test_env()));
		k.frank.day = FRANK_DAY_ANY;
	}
	provider_keys_wipe(&k);
	provider_keys_wipe(&read);
}

static void write_and_read(struct provider_keys *k)
{
	struct buf file;
	buf_init_secret(&file, FILE_MAX);
	expect_ok(provider_keys_write(k, &file));
	provider_keys_wipe(k);
	expect_ok(provider_keys_read(buf_view(&file), k));
	buf_done(&file);
}

/* Also across restarts, and whatever the clock says meanwhile. */
TEST(those_before_end_some_time_after_the_rotation)
{
	enum { KEEP_MS = 1000 };
	static const struct provider_keys_before nothing;
	struct provider_keys k;
	make(&k);
	uint64_t from_ms = env_now_ms(test_env());
	expect(!provider_keys_end(&k, UINT64_MAX, 0)); /* none are there */
	expect_ok(provider_keys_rotate(&k, test_env()));
	expect_eq(k.before.rotated_ms, from_ms);
	write_and_read(&k);
	expect(!provider_keys_end(&k, from_ms + KEEP_MS - 1, KEEP_MS));
	expect(!provider_keys_end(&k, from_ms - 1, KEEP_MS));
	expect(!provider_keys_end(&k, 0, 0));
	expect(k.before.is_there);
	expect(provider_keys_end(&k, from_ms + KEEP_MS, KEEP_MS));
	expect(!provider_keys_end(&k, from_ms + KEEP_MS, KEEP_MS));
	expect(view_equal(VIEW_OF(k.before.address_key), VIEW_OF(nothing.address_key)));
	expect(view_equal(VIEW_OF(k.before.frank.key), VIEW_OF(nothing.frank.key)));
	write_and_read(&k);
	expect(!k.before.is_there);
	provider_keys_wipe(&k);
}

/* --- the index key --- */

static void expect_written(const struct provider_keys *k)
{
	struct provider_keys read;
	struct buf file;
	buf_init_secret(&file, FILE_MAX);
	expect_ok(provider_keys_write(k, &file));
	expect_eq(file.p[7], 5);
	expect_ok(provider_keys_read(buf_view(&file), &read));
	expect_same(&read, k);
	for (size_t n = 0; n < file.n; n++)
		expect(provider_keys_read(view_make(file.p, n), &read) != UC_OK);
	provider_keys_wipe(&read);
	buf_done(&file);
}

TEST(the_index_key_of_before_is_held_until_all_is_led_and_then_gone)
{
	struct provider_keys k, was;
	struct buf file;
	make(&k);
	expect_written(&k);
	was = k;
	expect_ok(provider_keys_rotate_index(&k, test_env()));
	expect_eq(k.index.number, was.index.number + 1);
	expect_bytes(VIEW_OF(k.index_before.key), VIEW_OF(was.index.key));
	expect_bytes(VIEW_OF(k.name_key), VIEW_OF(was.name_key));
	expect_bytes(VIEW_OF(k.address_key), VIEW_OF(was.address_key));
	expect_err(provider_keys_rotate_index(&k, test_env()), UC_E_BUSY);
	expect_ok(provider_keys_rotate(&k, test_env()));
	expect_written(&k);
	provider_keys_index_moved(&k);
	expect_written(&k);
	buf_init_secret(&file, FILE_MAX);
	expect_ok(provider_keys_write(&k, &file));
	for (size_t i = 0; i + POINT_HASH <= file.n; i++)
		expect(!view_equal(view_slice(buf_view(&file), i, i + POINT_HASH),
				   VIEW_OF(was.index.key)));
	buf_done(&file);
	provider_keys_wipe(&k);
	provider_keys_wipe(&was);
}

TEST(keys_that_rooms_name_are_held_until_they_are_retired)
{
	struct provider_keys k, was;
	make(&k);
	was = k;
	expect_ok(provider_keys_rotate_rooms(&k, test_env()));
	expect_written(&k);
	expect(provider_keys_hub(&k, sign_public(&was.hub_key)) == &k.rooms_before.hub_key);
	expect(provider_keys_hub(&k, sign_public(&k.hub_key)) == &k.hub_key);
	expect(!provider_keys_hub(&k, sign_public(&k.franking_key)));
	expect(provider_keys_franking(&k, sign_public(&was.franking_key)) ==
	       &k.rooms_before.franking_key);
	expect_bytes(VIEW_OF(k.address_key), VIEW_OF(was.address_key));
	uint64_t changed_ms = k.rooms_before.changed_ms;
	expect_err(provider_keys_rotate_rooms(&k, test_env()), UC_E_BUSY);
	expect_err(provider_keys_retire_rooms(&k, changed_ms + ROOM_KEYS_LEAST_MS - 1), UC_E_BUSY);
	/* The clock was put back. */
	expect_err(provider_keys_retire_rooms(&k, changed_ms - 1), UC_E_BUSY);
	expect_ok(provider_keys_retire_rooms(&k, changed_ms + ROOM_KEYS_LEAST_MS));
	expect(!provider_keys_hub(&k, sign_public(&was.hub_key)));
	expect_written(&k);
	expect_ok(provider_keys_rotate_rooms(&k, test_env()));
	provider_keys_wipe(&k);
	provider_keys_wipe(&was);
}

/* As they were written before franks had a key for each day: what they verify goes on to. */
TEST(a_key_of_franks_for_all_days_begins_its_days)
{
	struct provider_keys k;
	uint8_t was[32], is[32];
	uint64_t now_ms = env_now_ms(test_env());
	make(&k);
	k.frank.day = FRANK_DAY_ANY;
	write_and_read(&k);
	expect_eq(k.frank.day, FRANK_DAY_ANY);
	expect_ok(provider_keys_rotate(&k, test_env()));
	expect_eq(k.before.frank.day, FRANK_DAY_ANY);
	expect_ok(frank_chain_key(&k.before.frank, now_ms, was));
	expect(provider_keys_franks_due(&k, now_ms));
	expect_ok(provider_keys_franks_end(&k, now_ms));
	expect(!provider_keys_franks_due(&k, now_ms));
	write_and_read(&k);
	expect_eq(k.before.frank.day, frank_day(now_ms));
	expect_ok(frank_chain_key(&k.before.frank, now_ms, is));
	expect_bytes(VIEW_OF(is), VIEW_OF(was));
	provider_keys_wipe(&k);
}

/* From when on all keys of franks are there: that is what is known of the time before. */
TEST(since_when_franks_can_be_told_from_others)
{
	const uint64_t day_ms = FRANK_DAY_MS;
	struct provider_keys k;
	uint64_t now_ms = env_now_ms(test_env()), today_ms = now_ms / day_ms * day_ms;
	make(&k);
	k.frank.day = FRANK_DAY_ANY;
	expect_eq(provider_keys_franks_from(&k, now_ms), 0);
	k.frank.day = frank_day(now_ms);
	expect_eq(provider_keys_franks_from(&k, now_ms), today_ms);
	/* There may have been another on the day on which the one before was made. */
	expect_ok(provider_keys_rotate(&k, test_env()));
	expect_eq(provider_keys_franks_from(&k, now_ms), k.before.rotated_ms);
	k.before.frank.day -= 10;
	expect_eq(provider_keys_franks_from(&k, now_ms), today_ms - 9 * day_ms);
	/* Not once it has moved on. */
	expect_eq(provider_keys_franks_from(&k, now_ms + (uint64_t)FRANK_DAYS * day_ms),
		  today_ms - 10 * day_ms);
	/* Nor from the rotation on, once both have moved past it. */
	uint64_t later_ms = now_ms + (FRANK_DAYS + 5) * day_ms;
	struct provider_keys moved = k;
	expect_ok(provider_keys_franks_end(&moved, later_ms));
	expect(moved.before.is_there);
	expect_eq(provider_keys_franks_from(&moved, later_ms), today_ms + 5 * day_ms);
	provider_keys_wipe(&moved);
	k.before.frank.day = FRANK_DAY_ANY;
	expect_eq(provider_keys_franks_from(&k, now_ms), 0);
	/* The one before has ended. */
	k.before.is_there = false;
	expect_eq(provider_keys_franks_from(&k, now_ms), today_ms);
	provider_keys_wipe(&k);
}

/* Of those that signed franks the public half stays, of the last ones, as long as the franks verify. */
TEST(franking_keys_that_were_retired_are_known_for_a_while)
{
	const uint64_t days_ms = (uint64_t)FRANK_DAYS * 24 * 3600 * 1000;
	struct provider_keys k, first;
	uint64_t ms = 0;
	make(&k);
	first = k;
	for (int i = 0; i < RETIRED_FRANKING_MAX + 2; i++) {
		uint8_t pub[FRANKING_PUBLIC];
		memcpy(pub, sign_public(&k.franking_key).p, sizeof pub);
		expect_ok(provider_keys_rotate_rooms(&k, test_env()));
		expect_eq(k.retired_n, i < RETIRED_FRANKING_MAX ? i : RETIRED_FRANKING_MAX);
		ms = k.rooms_before.changed_ms + ROOM_KEYS_LEAST_MS + (uint64_t)i;
		expect_ok(provider_keys_retire_rooms(&k, ms));
		expect_bytes(VIEW_OF(k.retired[k.retired_n - 1].pub), VIEW_OF(pub));
		expect_written(&k);
	}
	for (size_t i = 0; i < k.retired_n; i++)
		expect(!view_equal(VIEW_OF(k.retired[i].pub), sign_public(&first.franking_key)));
	expect_ok(provider_keys_franks_end(&k, 0));
	expect_ok(provider_keys_franks_end(&k, k.retired[0].retired_ms + days_ms - 1));
	expect_eq(k.retired_n, RETIRED_FRANKING_MAX);
	expect(provider_keys_franks_due(&k, k.retired[0].retired_ms + days_ms));
	expect_ok(provider_keys_franks_end(&k, k.retired[0].retired_ms + days_ms));
	expect_eq(k.retired_n, RETIRED_FRANKING_MAX - 1);
	expect_ok(provider_keys_franks_end(&k, ms + days_ms));
	expect_eq(k.retired_n, 0);
	expect_written(&k);
	provider_keys_wipe(&k);
	provider_keys_wipe(&first);
}

/* Both halves of one key, and nothing that looks like it. */
TEST(the_moderators_key_as_a_file)
{
	struct kem_key made, read, other;
	struct buf file, mixed;
	uint8_t pub[MODERATORS_PUBLIC];
	buf_init_secret(&file, MODERATORS_KEY_FILE_MAX);
	buf_init_secret(&mixed, MODERATORS_KEY_FILE_MAX);
	expect_ok(moderators_key_make(test_env(), &made));
	expect_ok(moderators_key_make(test_env(), &other));
	expect_ok(moderators_key_write(secret_view(&made.priv), kem_public(&made), &file));
	expect_ok(moderators_key_read(test_env(), buf_view(&file), &read));
	expect_bytes(secret_view(&read.priv), secret_view(&made.priv));
	expect_bytes(kem_public(&read), kem_public(&made));
	for (size_t n = 0; n < file.n - 1; n++)
		expect(moderators_key_read(test_env(), view_make(file.p, n), &read));
	expect_ok(moderators_key_write(secret_view(&other.priv), kem_public(&made), &mixed));
	expect_err(moderators_key_read(test_env(), buf_view(&mixed), &read), UC_E_KEY);
	const char *line = (const char *)file.p + file.n - 65;
	expect_ok(moderators_public_read(view_make(line, 64), pub));
	expect_bytes(VIEW_OF(pub), kem_public(&made));
	expect_err(moderators_public_read(view_make(line, 62), pub), UC_E_MALFORMED);
	static const char none[] =
		"0000000000000000000000000000000000000000000000000000000000000000";
	expect_err(moderators_public_read(view_str(none), pub), UC_E_KEY);
	expect_bytes(VIEW_OF(pub), kem_public(&made));
	buf_done(&file);
	buf_done(&mixed);
	kem_key_wipe(&made);
	kem_key_wipe(&read);
	kem_key_wipe(&other);
}

TEST(an_index_key_that_does_not_follow_the_one_before_is_no_file)
{
	struct provider_keys k, read;
	struct buf file;
	make(&k);
	expect_ok(provider_keys_rotate_index(&k, test_env()));
	k.index_before.number++;
	buf_init_secret(&file, FILE_MAX);
	expect_ok(provider_keys_write(&k, &file));
	expect_err(provider_keys_read(buf_view(&file), &read), UC_E_CORRUPT);
	buf_done(&file);
	provider_keys_wipe(&k);
}

/* Of finding by number: made once, another on demand, the one before for a day. */
TEST(a_key_for_finding_by_number_is_kept_and_changed)
{
	struct provider_keys k;
	struct oprf_element first;
	make(&k);
	expect_err(provider_keys_rotate_discovery(&k, test_env()), UC_E_NOT_FOUND);
	expect_ok(provider_keys_make_discovery(&k, test_env()));
	first = k.discovery.key.pub;
	expect_ok(provider_keys_make_discovery(&k, test_env()));
	write_and_read(&k);
	expect_bytes(VIEW_OF(k.discovery.key.pub.b), VIEW_OF(first.b));
	uint64_t from_ms = env_now_ms(test_env());
	expect_ok(provider_keys_rotate_discovery(&k, test_env()));
	expect_err(provider_keys_rotate_discovery(&k, test_env()), UC_E_BUSY);
	write_and_read(&k);
	expect_bytes(VIEW_OF(k.discovery.before.pub.b), VIEW_OF(first.b));
	expect(!view_equal(VIEW_OF(k.discovery.key.pub.b), VIEW_OF(first.b)));
	expect(!provider_keys_end_discovery(&k, from_ms + DISCOVERY_BEFORE_MS - 1));
	expect(!provider_keys_end_discovery(&k, 0));
	expect(provider_keys_end_discovery(&k, from_ms + DISCOVERY_BEFORE_MS));
	expect(!provider_keys_end_discovery(&k, from_ms + DISCOVERY_BEFORE_MS));
	/* A scalar that is none; behind it are two flags, the day and how many are retired. */
	enum { AFTER_DISCOVERY = 2 + 4 + 1 };
	struct buf file;
	buf_init_secret(&file, FILE_MAX);
	expect_ok(provider_keys_write(&k, &file));
	memset(file.p + file.n - AFTER_DISCOVERY - OPRF_SCALAR, 0xff, OPRF_SCALAR);
	expect_err(provider_keys_read(buf_view(&file), &k), UC_E_KEY);
	buf_done(&file);
	provider_keys_wipe(&k);
}
