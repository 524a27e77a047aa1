/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/key_schedule.h"
#include "mls/psk.h"

#include "tests/unit/harness.h"

static const uint8_t epoch_secret[HASH_MAX] = { 9, 8, 7 };

static struct view epoch_secret_of(const struct suite *s)
{
	return view_make(epoch_secret, s->nh);
}

static void element(struct wire *w, void *v)
{
	wire_epoch_secrets(w, v);
}

TEST(nothing_stands_for_zeros)
{
	static const uint8_t zeros[HASH_MAX];
	struct view context = VIEW_LIT("context"), none = { 0 };
	for (size_t i = 0; suite_at(i); i++) {
		const struct suite *s = suite_at(i);
		struct view zero = view_make(zeros, s->nh);
		struct secret a, b;
		expect_ok(joiner_secret_derive(s, epoch_secret_of(s), none, context, &a));
		expect_ok(joiner_secret_derive(s, epoch_secret_of(s), zero, context, &b));
		expect(secret_equal(&a, &b));
		expect_ok(psk_secret_derive(s, NULL, 0, &a));
		expect_bytes(secret_view(&a), zero);
	}
}

TEST(storage_with_and_without_roots)
{
	struct epoch_secrets e, again = { 0 };
	struct arena a;
	struct view v;
	arena_init(&a, 1 << 14, ARENA_SECRET);
	expect_ok(epoch_secrets_derive(suite_at(0), epoch_secret_of(suite_at(0)), &e));
	expect_eq(e.application_export_secret.n, 32);
	epoch_secrets_forget_roots(&e);
	expect_eq(e.encryption_secret.n, 0);
	expect_ok(wire_encode_to(&a, element, &e, &v));
	expect_ok(wire_decode(v, &a, element, &again));
	expect(secret_equal(&e.init_secret, &again.init_secret));
	expect_eq(again.encryption_secret.n, 0);
	/* A membership key that is missing is not read as an empty one. */
	again.membership_key.n = 0;
	expect_ok(wire_encode_to(&a, element, &again, &v));
	expect_err(wire_decode(v, &a, element, &again), UC_E_MALFORMED);
	arena_done(&a);
}

/* GHSA-8x3w-qj7j-gqhf: a shorter tag must not pass, least of all an empty one. */
TEST(a_confirmation_tag_is_compared_whole)
{
	const struct suite *s = suite_at(0);
	struct epoch_secrets e;
	uint8_t tag[HASH_MAX];
	struct view hash = VIEW_LIT("hash");
	expect_ok(epoch_secrets_derive(s, epoch_secret_of(s), &e));
	expect_ok(confirmation_tag_make(s, &e, hash, tag));
	expect_ok(confirmation_tag_check(s, &e, hash, view_make(tag, 32)));
	for (size_t n = 0; n <= sizeof tag; n++)
		if (n != 32)
			expect_err(confirmation_tag_check(s, &e, hash, view_make(tag, n)),
				   UC_E_MAC);
	tag[31] ^= 1;
	expect_err(confirmation_tag_check(s, &e, hash, view_make(tag, 32)), UC_E_MAC);
}

TEST(external_initialisation_agrees)
{
	for (size_t i = 0; suite_at(i); i++) {
		const struct suite *s = suite_at(i);
		struct epoch_secrets e;
		struct kem_key external;
		struct arena a;
		struct view kem_output;
		struct secret joiner, member;
		arena_init(&a, 4096, ARENA_SECRET);
		expect_ok(epoch_secrets_derive(s, epoch_secret_of(s), &e));
		expect_ok(external_key_derive(s, &e, &external));
		expect_ok(external_init_send(s, test_env(), kem_public(&external), &a, &kem_output,
					     &joiner));
		expect_ok(external_init_receive(s, &e, kem_output, &member));
		expect(secret_equal(&joiner, &member));
		expect(external_init_receive(s, &e, view_slice(kem_output, 1, 99), &member) !=
		       UC_OK);
		arena_done(&a);
	}
}
