/* SPDX-License-Identifier: Apache-2.0 */
#include "store/heads.h"

#include "tests/unit/harness.h"

static struct log_head head_of(uint8_t incarnation, uint64_t first, uint64_t next)
{
	struct log_head h = { .version = 1, .first = first, .next = next };
	memset(h.incarnation, incarnation, sizeof h.incarnation);
	return h;
}

static void put(struct heads *h, uint32_t log, uint8_t incarnation, uint64_t next)
{
	struct log_head head = head_of(incarnation, 1, next);
	heads_put(h, view_make(&log, sizeof log), &head);
}

static bool find(struct heads *h, uint32_t log, struct log_head *out)
{
	return heads_find(h, view_make(&log, sizeof log), out);
}

TEST(put_find_drop)
{
	struct heads h;
	struct log_head got = { 0 };
	expect_ok(heads_init(&h, test_env()));
	expect(!heads_find(&h, VIEW_LIT("a"), &got));
	struct log_head one = head_of(1, 3, 9);
	heads_put(&h, VIEW_LIT("a"), &one);
	expect(heads_find(&h, VIEW_LIT("a"), &got));
	expect_eq(got.first, 3);
	expect_eq(got.next, 9);
	expect_eq(got.version, 1);
	expect_bytes(VIEW_OF(got.incarnation), VIEW_OF(one.incarnation));
	expect(!heads_find(&h, VIEW_LIT("aa"), &got));
	expect(!heads_find(&h, VIEW_LIT(""), &got));
	one.next = 10;
	heads_put(&h, VIEW_LIT("a"), &one);
	expect(heads_find(&h, VIEW_LIT("a"), &got) && got.next == 10);
	expect_eq(h.n, 1);
	heads_drop(&h, VIEW_LIT("b"));
	heads_drop(&h, VIEW_LIT("a"));
	expect(!heads_find(&h, VIEW_LIT("a"), &got));
	expect_eq(h.n, 0);
	heads_put(&h, VIEW_LIT("a"), &one);
	heads_empty(&h);
	expect(!heads_find(&h, VIEW_LIT("a"), &got));
	expect_eq(h.n, 0);
	heads_done(&h);
}

/* Never another log's, never more than its bound, and those in use stay. */
TEST(bounded)
{
	enum { LOGS = 2 * HEADS_MAX, FEW = HEADS_MAX / 8 };
	struct heads h;
	struct log_head got;
	size_t kept = 0;
	expect_ok(heads_init(&h, test_env()));
	for (uint32_t i = 0; i < LOGS; i++) {
		put(&h, i, 1, 1000 + i);
		expect(find(&h, 0, &got) && got.next == 1000);
		if (i + 1 != FEW)
			continue;
		/* Far from full hardly one is missing. */
		size_t there = 0;
		for (uint32_t k = 0; k < FEW; k++)
			there += find(&h, k, &got);
		expect(there > FEW - FEW / 100);
	}
	for (uint32_t i = 0; i < LOGS; i++) {
		if (!find(&h, i, &got))
			continue;
		kept++;
		expect_eq(got.next, 1000 + i);
	}
	expect_eq(h.cap, HEADS_MAX);
	expect_eq(kept, h.n);
	expect(kept <= HEADS_MAX && kept > HEADS_MAX / 2);
	heads_done(&h);
}

/* Incarnations are numbered in a byte: what doesn't fit isn't kept, and nothing old in its place. */
TEST(many_incarnations)
{
	struct heads h;
	struct log_head got;
	expect_ok(heads_init(&h, test_env()));
	for (uint32_t i = 0; i < 255; i++)
		put(&h, i, (uint8_t)i, 5);
	put(&h, 7, 255, 6);
	expect(!find(&h, 7, &got));
	expect(find(&h, 8, &got) && got.incarnation[0] == 8);
	put(&h, 7, 8, 7);
	expect(find(&h, 7, &got) && got.incarnation[0] == 8 && got.next == 7);
	heads_done(&h);
}
