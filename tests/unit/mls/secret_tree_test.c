/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/safe_export.h"
#include "mls/secret_tree.h"

#include "tests/unit/harness.h"

static const struct suite *suite;
static struct buf before, after;

static struct view root(void)
{
	static const uint8_t secret[32] = { 7, 7, 7 };
	return VIEW_OF(secret);
}

static struct secret_tree fresh(uint32_t leaves)
{
	struct secret_tree t = { 0 };
	suite = suite_at(0);
	expect_ok(secret_tree_init(&t, suite, leaves, root()));
	return t;
}

static void element(struct wire *w, void *v)
{
	wire_secret_tree(w, v, suite);
}

static void save(const struct secret_tree *t, struct buf *out)
{
	buf_done(out);
	buf_init_secret(out, 1 << 24);
	expect_ok(wire_encode(out, element, t));
}

static bool unchanged(const struct secret_tree *t)
{
	save(t, &after);
	return view_equal(buf_view(&before), buf_view(&after));
}

static void done(struct secret_tree *t)
{
	secret_tree_done(t);
	buf_done(&before);
	buf_done(&after);
}

TEST(a_key_is_had_once)
{
	struct secret_tree t = fresh(5);
	struct message_key k, again;
	expect_ok(secret_tree_peek(&t, 3, RATCHET_APPLICATION, 0, &k));
	expect_ok(secret_tree_peek(&t, 3, RATCHET_APPLICATION, 0, &again));
	expect_bytes(VIEW_OF(k.key), VIEW_OF(again.key));
	expect_ok(secret_tree_peek(&t, 3, RATCHET_HANDSHAKE, 0, &again));
	expect(!view_equal(VIEW_OF(k.key), VIEW_OF(again.key)));
	expect_eq(secret_tree_next(&t, 3, RATCHET_APPLICATION), 0);
	expect_ok(secret_tree_consume(&t, 3, RATCHET_APPLICATION, 0));
	expect_eq(secret_tree_next(&t, 3, RATCHET_APPLICATION), 1);
	save(&t, &before);
	expect_err(secret_tree_peek(&t, 3, RATCHET_APPLICATION, 0, &k), UC_E_DECRYPT);
	expect_err(secret_tree_consume(&t, 3, RATCHET_APPLICATION, 0), UC_E_DECRYPT);
	expect(unchanged(&t));
	expect_ok(secret_tree_peek(&t, 3, RATCHET_HANDSHAKE, 0, &k));
	expect_bytes(VIEW_OF(k.key), VIEW_OF(again.key));
	done(&t);
}

/* What is prepared changes nothing until it is carried out, and then the same as at once: of a leaf in
 * use or not, in order or not, and if other keys have gone in between. */
TEST(a_key_is_taken_in_two_steps)
{
	static const struct key_step between[] = { { 2, 0, RATCHET_HANDSHAKE },
						   { 3, 1, RATCHET_APPLICATION },
						   { 6, 0, RATCHET_APPLICATION } };
	for (unsigned used = 0; used < 2; used++)
		for (uint32_t generation = 0; generation < 4; generation++)
			for (size_t n = 0; n <= 3; n++) {
				struct secret_tree t = fresh(8), u = fresh(8);
				struct secret_tree *const both[] = { &t, &u };
				struct prepared_key p = { .is_ready = false };
				struct message_key k;
				for (size_t i = 0; used && i < 2; i++)
					expect_ok(secret_tree_consume(both[i], 3, RATCHET_HANDSHAKE,
								      4));
				save(&t, &before);
				expect_ok(secret_tree_prepare(&t, 3, RATCHET_HANDSHAKE, generation,
							      &p));
				expect(unchanged(&t));
				prepared_key_done(&p);
				expect(unchanged(&t));
				expect_ok(secret_tree_prepare(&t, 3, RATCHET_HANDSHAKE, generation,
							      &p));
				for (size_t i = 0; i < 2 * n; i++)
					expect_ok(secret_tree_consume(
						both[i % 2], between[i / 2].leaf,
						(enum ratchet_kind)between[i / 2].kind,
						between[i / 2].generation));
				expect_ok(secret_tree_carry_out(&t, &p));
				expect(!p.is_ready);
				expect_ok(
					secret_tree_consume(&u, 3, RATCHET_HANDSHAKE, generation));
				save(&u, &before);
				expect(unchanged(&t));
				expect_err(
					secret_tree_peek(&t, 3, RATCHET_HANDSHAKE, generation, &k),
					UC_E_DECRYPT);
				expect_err(secret_tree_prepare(&t, 3, RATCHET_HANDSHAKE, generation,
							       &p),
					   UC_E_DECRYPT);
				expect(!p.is_ready);
				secret_tree_done(&u);
				done(&t);
			}
}

/* Two trees, one used in order and one not, give the same keys. */
TEST(order_does_not_matter)
{
	static const uint32_t order[] = { 4, 0, 7, 6, 1, 2, 5, 3 };
	struct secret_tree t = fresh(8), u = fresh(8);
	struct message_key in_order[8], k;
	for (uint32_t g = 0; g < 8; g++) {
		expect_ok(secret_tree_peek(&t, 6, RATCHET_APPLICATION, g, &in_order[g]));
		expect_ok(secret_tree_consume(&t, 6, RATCHET_APPLICATION, g));
	}
	for (size_t i = 0; i < 8; i++) {
		expect_ok(secret_tree_peek(&u, 6, RATCHET_APPLICATION, order[i], &k));
		expect_ok(secret_tree_consume(&u, 6, RATCHET_APPLICATION, order[i]));
		expect_bytes(VIEW_OF(k.key), VIEW_OF(in_order[order[i]].key));
		expect_bytes(VIEW_OF(k.nonce), VIEW_OF(in_order[order[i]].nonce));
	}
	save(&t, &before);
	expect(unchanged(&u));
	secret_tree_done(&u);
	done(&t);
}

TEST(windows_are_what_they_say)
{
	struct secret_tree t = fresh(2);
	struct message_key k;
	const uint32_t far = SECRET_TREE_FORWARD_MAX;
	save(&t, &before);
	expect_err(secret_tree_peek(&t, 1, RATCHET_HANDSHAKE, far + 1, &k), UC_E_DECRYPT);
	expect_err(secret_tree_consume(&t, 1, RATCHET_HANDSHAKE, far + 1), UC_E_DECRYPT);
	expect_err(secret_tree_consume(&t, 1, RATCHET_HANDSHAKE, UINT32_MAX), UC_E_DECRYPT);
	expect_err(secret_tree_consume(&t, 2, RATCHET_HANDSHAKE, 0), UC_E_DECRYPT);
	expect_err(secret_tree_consume(&t, UINT32_MAX, RATCHET_HANDSHAKE, 0), UC_E_DECRYPT);
	expect(unchanged(&t));
	expect_ok(secret_tree_consume(&t, 1, RATCHET_HANDSHAKE, far));
	expect_err(
		secret_tree_peek(&t, 1, RATCHET_HANDSHAKE, far - SECRET_TREE_SKIPPED_MAX - 1, &k),
		UC_E_DECRYPT);
	expect_ok(secret_tree_peek(&t, 1, RATCHET_HANDSHAKE, far - SECRET_TREE_SKIPPED_MAX, &k));
	expect_eq(t.leaves[0]->ratchet[RATCHET_HANDSHAKE].n, SECRET_TREE_SKIPPED_MAX);
	/* Further skipping pushes the oldest out. */
	expect_ok(secret_tree_consume(&t, 1, RATCHET_HANDSHAKE, far + 11));
	expect_err(
		secret_tree_peek(&t, 1, RATCHET_HANDSHAKE, far - SECRET_TREE_SKIPPED_MAX + 9, &k),
		UC_E_DECRYPT);
	expect_ok(
		secret_tree_peek(&t, 1, RATCHET_HANDSHAKE, far - SECRET_TREE_SKIPPED_MAX + 10, &k));
	expect_ok(secret_tree_peek(&t, 1, RATCHET_HANDSHAKE, far + 10, &k));
	expect_err(secret_tree_peek(&t, 1, RATCHET_HANDSHAKE, far, &k), UC_E_DECRYPT);
	expect_eq(t.leaves[0]->ratchet[RATCHET_HANDSHAKE].n, SECRET_TREE_SKIPPED_MAX);
	done(&t);
}

TEST(storage_gives_back_the_same)
{
	struct secret_tree t = fresh(1000), u = { 0 };
	struct arena a;
	struct message_key k, l;
	arena_init(&a, 1 << 20, ARENA_SECRET);
	for (uint32_t leaf = 5; leaf < 1000; leaf += 331)
		for (uint32_t g = 3; g < 12; g += 4)
			expect_ok(secret_tree_consume(&t, leaf, RATCHET_APPLICATION, g));
	save(&t, &before);
	expect(before.n < 10000); /* three senders of a thousand */
	expect_ok(wire_decode(buf_view(&before), &a, element, &u));
	expect(unchanged(&u));
	expect_ok(secret_tree_peek(&t, 336, RATCHET_APPLICATION, 5, &k));
	expect_ok(secret_tree_peek(&u, 336, RATCHET_APPLICATION, 5, &l));
	expect_bytes(VIEW_OF(k.key), VIEW_OF(l.key));
	secret_tree_done(&u);
	/* Cut anywhere, or with a byte changed, it is refused or another valid state; never a
	 * crash. */
	for (size_t n = 0; n < before.n; n += 13) {
		expect(wire_decode(view_make(before.p, n), &a, element, &u) != UC_OK);
		secret_tree_done(&u);
		before.p[n] ^= 0xff;
		expect(wire_decode(buf_view(&before), &a, element, &u) >= UC_OK);
		secret_tree_done(&u);
		before.p[n] ^= 0xff;
	}
	arena_done(&a);
	done(&t);
}

TEST(an_unknown_version_is_refused)
{
	struct secret_tree t = fresh(2), u = { 0 };
	struct arena a;
	arena_init(&a, 1 << 16, ARENA_SECRET);
	save(&t, &before);
	before.p[0] = 2;
	expect_err(wire_decode(buf_view(&before), &a, element, &u), UC_E_VERSION);
	secret_tree_done(&u);
	before.p[0] = 1;
	before.p[2] = 0x77; /* suite */
	expect_err(wire_decode(buf_view(&before), &a, element, &u), UC_E_SUITE);
	secret_tree_done(&u);
	arena_done(&a);
	done(&t);
}

/* What was used cannot be derived again from what is left: every leaf once, then nothing. */
TEST(a_used_tree_is_empty)
{
	struct key_tree t = { 0 };
	struct secret s;
	expect_ok(key_tree_init(&t, suite_at(0), 9, root()));
	expect_eq(t.width, 16);
	for (uint32_t i = 0; i < 16; i++) {
		uint32_t leaf = i * 7 % 16;
		expect_ok(key_tree_take(&t, leaf, &s));
		expect_err(key_tree_peek(&t, leaf, &s), UC_E_NOT_FOUND);
		expect_err(key_tree_take(&t, leaf, &s), UC_E_NOT_FOUND);
	}
	expect_eq(t.n, 0);
	key_tree_done(&t);
	expect_err(key_tree_init(&t, suite_at(0), 0, root()), UC_E_ARGUMENT);
	expect_err(key_tree_init(&t, suite_at(0), UINT32_MAX, root()), UC_E_ARGUMENT);
	expect_err(key_tree_init(&t, suite_at(0), 1, view_slice(root(), 0, 31)), UC_E_ARGUMENT);
}

TEST(safe_export_gives_each_component_its_own_once)
{
	struct key_tree t = { 0 };
	struct secret a, b;
	expect_ok(safe_export_init(&t, suite_at(0), root()));
	expect_ok(safe_export_take(&t, 0, &a));
	expect_ok(safe_export_take(&t, 0xffff, &b));
	expect(!secret_equal(&a, &b));
	expect_err(safe_export_take(&t, 0, &a), UC_E_NOT_FOUND);
	expect_eq(t.n, 30); /* two ways of 16, which share the root and its children */
	key_tree_done(&t);
}
