/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs of a round: what was packed comes out, in order, whole, and is freed once. */
#include "base/buf.h"
#include "server/outputs.h"
#include "tests/unit/harness.h"

enum { MANY = 3000, LARGE = 200000 };

static void add(struct outlet *o, enum output_kind kind, uint64_t connection, struct view headers,
		struct view body)
{
	struct output_head h = {
		.connection = connection, .kind = (uint16_t)kind, .status = 201, .retry_after_s = 7
	};
	expect(outlet_add_bytes(o, &h, headers, body));
}

TEST(what_is_packed_comes_out_in_order)
{
	struct outlet o = { NULL, NULL };
	struct output out;
	size_t at = 0;
	add(&o, OUTPUT_SEND, 11, (struct view){ 0 }, VIEW_LIT("odd"));
	add(&o, OUTPUT_REPLY, 12, VIEW_LIT("a: b\r\n"), VIEW_LIT("body"));
	add(&o, OUTPUT_CLOSE, 13, (struct view){ 0 }, (struct view){ 0 });
	struct message *m = outlet_take(&o);
	expect(!o.first && !o.last && m && !m->next);
	expect(outputs_next(m, &at, &out));
	expect_eq(out.head->kind, OUTPUT_SEND);
	expect_eq(out.head->connection, 11);
	expect_bytes(out.body, VIEW_LIT("odd"));
	expect(outputs_next(m, &at, &out));
	expect_eq(out.head->status, 201);
	expect_eq(out.head->retry_after_s, 7);
	expect_bytes(out.headers, VIEW_LIT("a: b\r\n"));
	expect_bytes(out.body, VIEW_LIT("body"));
	expect(outputs_next(m, &at, &out));
	expect_eq(out.head->kind, OUTPUT_CLOSE);
	expect_eq(out.body.n, 0);
	expect(!outputs_next(m, &at, &out));
	message_free_all(m);
}

TEST(many_share_blocks_and_a_large_one_has_its_own)
{
	static uint8_t large[LARGE];
	struct outlet o = { NULL, NULL };
	struct message *list, *m;
	uint64_t next = 0;
	size_t blocks = 0;
	memset(large, 'x', sizeof large);
	for (uint64_t i = 0; i < MANY; i++)
		add(&o, OUTPUT_SEND, i, (struct view){ 0 },
		    i == MANY / 2 ? VIEW_OF(large) : view_make(large, (size_t)(i % 500)));
	list = outlet_take(&o);
	for (m = list; m; m = m->next, blocks++) {
		struct output out;
		expect(m->bytes >= sizeof *m + m->parts.body.n);
		for (size_t at = 0; outputs_next(m, &at, &out); next++) {
			expect_eq(out.head->connection, next);
			expect_eq(out.body.n, next == MANY / 2 ? LARGE : next % 500);
			expect(!out.body.n || out.body.p[out.body.n - 1] == 'x');
		}
	}
	expect_eq(next, MANY);
	expect(blocks < MANY / 50);
	message_free_all(list);
}

TEST(a_frame_for_many_is_freed_with_its_last_holder)
{
	const struct output_target targets[] = { { 5, 50 }, { 6, 60 }, { 7, 70 } };
	struct outlet one = { NULL, NULL }, other = { NULL, NULL };
	struct fanout *f = fanout_new(VIEW_LIT("frame"), 2);
	expect(f && outlet_add_fanout(&one, f, targets, 2));
	expect(f && outlet_add_fanout(&other, f, targets + 2, 1));
	fanout_drop(f);
	struct message *a = outlet_take(&one), *b = outlet_take(&other);
	message_free_all(a); /* b still holds it */
	struct output out;
	size_t at = 0;
	expect(outputs_next(b, &at, &out));
	expect_eq(out.head->connection, 1);
	expect_eq(out.targets[0].connection, 7);
	expect_eq(out.targets[0].seat, 70);
	expect_eq(out.fanout->seat_at, 2);
	expect_bytes(view_make(out.fanout->bytes, out.fanout->n), VIEW_LIT("frame"));
	message_free_all(b);
}
