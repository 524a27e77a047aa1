/* SPDX-License-Identifier: Apache-2.0 */
/* WebSocket frames for either side: the events don't depend on how the bytes arrive, and a whole
 * frame written again is the same bytes. */
#include "tests/fuzz/fuzz.h"

#include "base/heap.h"
#include "net/websocket.h"

enum { MESSAGE_MAX = 1 << 16 };

struct outcome {
	struct buf events; /* kinds, codes and data */
	uc_err err;
	uint16_t code;
};

static void event_add(struct outcome *o, const struct ws_event *e)
{
	buf_printf(&o->events, "%d %u %zu:", (int)e->kind, e->close_code, e->data.n);
	buf_add_view(&o->events, e->data);
}

/* The frame that was just taken, as the encoder writes it. */
static void rewrite(struct view frame, const struct ws_event *e)
{
	struct buf b;
	bool is_masked = frame.p[1] & 0x80;
	size_t small = frame.p[1] & 0x7f, at = small == 126 ? 4 : small == 127 ? 10 : 2;
	if (!(frame.p[0] & 0x80) || (frame.p[0] & 0x0f) == WS_OP_CONTINUATION ||
	    e->kind == WS_CLOSE)
		return;
	buf_init(&b, frame.n + 1);
	ws_frame_add(&b, (enum ws_opcode)(frame.p[0] & 0x0f), e->data,
		     is_masked ? frame.p + at : NULL);
	fuzz_expect(view_equal(buf_view(&b), frame));
	buf_done(&b);
}

/* Feeds the bytes in pieces of `step`, decoding whenever enough is there. */
static void feed(enum ws_role role, struct view in, size_t step, struct outcome *o)
{
	struct ws_decoder d;
	uint8_t *bytes = heap_new(in.n + 1);
	size_t at = 0, have = 0;
	if (!bytes)
		abort();
	ws_decoder_init(&d, role, MESSAGE_MAX);
	memcpy(bytes, in.p, in.n);
	while (!o->err && have < in.n) {
		have = have + step < in.n ? have + step : in.n;
		while (!o->err && at < have) {
			struct ws_event e;
			size_t used = 0, need = 0;
			o->err = ws_decode(&d, bytes + at, have - at, &e, &used, &need);
			if (o->err == UC_E_PENDING) {
				fuzz_expect(need > have - at && !used);
				o->err = UC_OK;
				break;
			}
			if (o->err)
				break;
			fuzz_expect(used && used <= have - at);
			event_add(o, &e);
			rewrite(view_slice(in, at, used), &e);
			at += used;
		}
	}
	o->code = d.error_code;
	ws_decoder_done(&d);
	heap_free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct outcome whole = { 0 }, pieces = { 0 };
	if (n < 2)
		return 0;
	enum ws_role role = data[0] & 1 ? WS_CLIENT : WS_SERVER;
	struct view in = view_make(data + 2, n - 2);
	buf_init(&whole.events, 1 << 24);
	buf_init(&pieces.events, 1 << 24);
	feed(role, in, in.n + 1, &whole);
	feed(role, in, 1 + data[1], &pieces);
	fuzz_expect(whole.err == pieces.err && whole.code == pieces.code);
	fuzz_expect(view_equal(buf_view(&whole.events), buf_view(&pieces.events)));
	buf_done(&whole.events);
	buf_done(&pieces.events);
	return 0;
}
