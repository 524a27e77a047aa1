/* SPDX-License-Identifier: Apache-2.0 */
/* Frames: RFC 6455, 5.  The handshake is in websocket_open.c. */
#include "net/websocket.h"

void ws_decoder_init(struct ws_decoder *d, enum ws_role role, size_t message_max)
{
	*d = (struct ws_decoder){ .role = role, .message_max = message_max };
	buf_init_secret(&d->parts, message_max);
}

void ws_decoder_allow(struct ws_decoder *d, size_t message_max)
{
	d->message_max = d->parts.limit_bytes = message_max;
}

void ws_decoder_done(struct ws_decoder *d)
{
	buf_done(&d->parts);
}

static uc_err refuse(struct ws_decoder *d, uint16_t code)
{
	d->error_code = code;
	return code == WS_CLOSE_TOO_LARGE ? UC_E_TOO_LARGE : UC_E_FRAME;
}

struct header {
	bool fin;
	uint8_t op;
	bool masked;
	uint64_t length;
	size_t header_bytes;
	uint8_t mask[4];
};

/* RFC 6455, 5.2; lengths in their shortest form. */
static uc_err header_read(struct ws_decoder *d, const uint8_t *p, size_t n, struct header *h,
			  size_t *need)
{
	*need = 2;
	if (n < 2)
		return UC_E_PENDING;
	*h = (struct header){ .fin = p[0] & 0x80, .op = p[0] & 0x0f, .masked = p[1] & 0x80 };
	if (p[0] & 0x70)
		return refuse(d, WS_CLOSE_PROTOCOL);
	/* 5.1: a client masks, a server doesn't. */
	if (h->masked != (d->role == WS_SERVER))
		return refuse(d, WS_CLOSE_PROTOCOL);
	uint8_t small = p[1] & 0x7f;
	size_t more = small == 126 ? 2 : small == 127 ? 8 : 0;
	*need = h->header_bytes = 2 + more + (h->masked ? 4 : 0);
	if (n < h->header_bytes)
		return UC_E_PENDING;
	h->length = more ? 0 : small;
	for (size_t i = 0; i < more; i++)
		h->length = h->length << 8 | p[2 + i];
	if ((more == 2 && h->length < 126) || (more == 8 && h->length <= UINT16_MAX))
		return refuse(d, WS_CLOSE_PROTOCOL);
	if (h->masked)
		memcpy(h->mask, p + 2 + more, 4);
	return UC_OK;
}

static uc_err header_check(struct ws_decoder *d, const struct header *h)
{
	switch (h->op) {
	case WS_OP_CLOSE:
	case WS_OP_PING:
	case WS_OP_PONG:
		/* 5.5: never fragmented, at most 125 bytes. */
		if (!h->fin || h->length > WS_CONTROL_MAX)
			return refuse(d, WS_CLOSE_PROTOCOL);
		return UC_OK;
	case WS_OP_TEXT:
		return refuse(d, WS_CLOSE_UNSUPPORTED);
	case WS_OP_BINARY:
	case WS_OP_CONTINUATION:
		/* 5.4: fragments of messages don't interleave. */
		if ((h->op == WS_OP_CONTINUATION) != d->in_message)
			return refuse(d, WS_CLOSE_PROTOCOL);
		if (h->length > d->message_max - d->parts.n)
			return refuse(d, WS_CLOSE_TOO_LARGE);
		return UC_OK;
	default:
		return refuse(d, WS_CLOSE_PROTOCOL);
	}
}

static void unmask(uint8_t *p, size_t n, const uint8_t mask[4])
{
	uint64_t wide, m = 0;
	for (size_t i = 0; i < 8; i++)
		((uint8_t *)&m)[i] = mask[i % 4];
	size_t at = 0;
	for (; at + 8 <= n; at += 8) {
		memcpy(&wide, p + at, 8);
		wide ^= m;
		memcpy(p + at, &wide, 8);
	}
	for (; at < n; at++)
		p[at] ^= mask[at % 4];
}

/* 7.4: which codes may stand in a close frame. */
static bool close_code_is_valid(uint16_t code)
{
	return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
	       (code >= 3000 && code <= 4999);
}

static uc_err close_read(struct ws_decoder *d, struct view v, struct ws_event *out)
{
	uint16_t code = WS_CLOSE_NONE;
	if (v.n == 1)
		return refuse(d, WS_CLOSE_PROTOCOL);
	if (v.n >= 2) {
		code = (uint16_t)(v.p[0] << 8 | v.p[1]);
		if (!close_code_is_valid(code))
			return refuse(d, WS_CLOSE_PROTOCOL);
	}
	*out = (struct ws_event){ .kind = WS_CLOSE, .close_code = code };
	return UC_OK;
}

static uc_err data_read(struct ws_decoder *d, const struct header *h, struct view v,
			struct ws_event *out)
{
	if (h->fin && !d->in_message) {
		*out = (struct ws_event){ .kind = WS_MESSAGE, .data = v };
		return UC_OK;
	}
	buf_add_view(&d->parts, v);
	if (d->parts.failed)
		return refuse(d, WS_CLOSE_INTERNAL);
	d->in_message = !h->fin;
	if (h->fin) {
		*out = (struct ws_event){ .kind = WS_MESSAGE, .data = buf_view(&d->parts) };
		d->was_delivered = true;
	}
	return UC_OK;
}

uc_err ws_decode(struct ws_decoder *d, uint8_t *bytes, size_t n, struct ws_event *out, size_t *used,
		 size_t *need)
{
	struct header h;
	*used = 0;
	*out = (struct ws_event){ .kind = WS_NOTHING };
	if (d->was_delivered) {
		buf_done(&d->parts);
		d->was_delivered = false;
	}
	TRY(header_read(d, bytes, n, &h, need));
	TRY(header_check(d, &h));
	*need = h.header_bytes + (size_t)h.length;
	if (n < *need)
		return UC_E_PENDING;
	uint8_t *payload = bytes + h.header_bytes;
	struct view v = { payload, (size_t)h.length };
	if (h.masked)
		unmask(payload, v.n, h.mask);
	*used = *need;
	switch (h.op) {
	case WS_OP_CLOSE:
		return close_read(d, v, out);
	case WS_OP_PING:
	case WS_OP_PONG:
		*out = (struct ws_event){ h.op == WS_OP_PING ? WS_PING : WS_PONG, v, 0 };
		return UC_OK;
	default:
		return data_read(d, &h, v, out);
	}
}

void ws_frame_add(struct buf *out, enum ws_opcode op, struct view payload, const uint8_t *mask)
{
	uint8_t head[WS_HEADER_MAX] = { (uint8_t)(0x80 | op) };
	size_t n = 2, more = payload.n < 126 ? 0 : payload.n <= UINT16_MAX ? 2 : 8;
	head[1] = (uint8_t)(!more ? payload.n : more == 2 ? 126 : 127);
	for (size_t i = 0; i < more; i++)
		head[n++] = (uint8_t)(payload.n >> 8 * (more - 1 - i));
	if (mask) {
		head[1] |= 0x80;
		memcpy(head + n, mask, 4);
		n += 4;
	}
	buf_add(out, head, n);
	uint8_t *p = buf_reserve(out, payload.n);
	if (!p)
		return;
	buf_add_view(out, payload);
	if (mask)
		unmask(p, payload.n, mask);
}

void ws_close_add(struct buf *out, uint16_t code, const uint8_t *mask)
{
	const uint8_t payload[2] = { (uint8_t)(code >> 8), (uint8_t)code };
	ws_frame_add(out, WS_OP_CLOSE, VIEW_OF(payload), mask);
}
