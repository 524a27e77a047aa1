/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of an entry, put together by hand so that it is written once, is what the walks write. */
#include "mimi/frames.h"
#include "tests/unit/harness.h"

static struct view walked(struct buf *out, const struct log_entry *e, uint32_t seat)
{
	const struct entry_event event = { seat, *e };
	buf_init(out, FRAME_MAX);
	expect_ok(frame_add_event(out, FRAME_ENTRY, entry_event_element, &event));
	return buf_view(out);
}

/* At each length that its own length is written differently from. */
TEST(an_entry_is_framed_as_its_walk_writes_it)
{
	static const size_t sizes[] = { 0, 1, 63, 64, 1300, 16383, 16384, 100000 };
	static uint8_t fanout[100000];
	for (size_t i = 0; i < sizeof fanout; i++)
		fanout[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct log_entry e = { .version = LOG_ENTRY_VERSION,
				       .seq = 0x0102030405060708,
				       .fanout = view_make(fanout, sizes[i]) };
		uint8_t head[ENTRY_HEAD_MAX];
		struct buf by_walk, by_hand;
		memset(e.chain, 0xc4, sizeof e.chain);
		struct view want = walked(&by_walk, &e, 0);
		buf_init(&by_hand, FRAME_MAX);
		buf_add(&by_hand, head, entry_frame_head(head, &e));
		buf_add_view(&by_hand, e.fanout);
		expect_bytes(buf_view(&by_hand), want);
		/* The seat is all that differs for another one. */
		entry_frame_seat(by_hand.p, 0xa1b2c3d4);
		buf_done(&by_walk);
		expect_bytes(buf_view(&by_hand), walked(&by_walk, &e, 0xa1b2c3d4));
		/* And around an entry as it lies in the log. */
		struct buf from_log;
		buf_init(&from_log, FRAME_MAX);
		entry_frame_add(
			&from_log, 0xa1b2c3d4,
			view_make(by_hand.p + ENTRY_FRAME_HEAD, by_hand.n - ENTRY_FRAME_HEAD));
		expect_bytes(buf_view(&from_log), buf_view(&by_walk));
		buf_done(&from_log);
		buf_done(&by_walk);
		buf_done(&by_hand);
	}
}
