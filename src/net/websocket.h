/* SPDX-License-Identifier: Apache-2.0 */
/* WebSocket (RFC 6455), binary only: opening handshake and frames; bytes in, events out, no I/O.
 * Stricter than asked where the standard leaves a choice: no extensions, no text messages. */
#ifndef NET_WEBSOCKET_H
#define NET_WEBSOCKET_H

#include "base/env.h"
#include "net/http.h"

/* RFC 6455, 7.4.1. */
enum {
	WS_CLOSE_NORMAL = 1000,
	WS_CLOSE_GOING_AWAY = 1001,
	WS_CLOSE_PROTOCOL = 1002,
	WS_CLOSE_UNSUPPORTED = 1003,
	WS_CLOSE_NONE = 1005, /* never sent: the close frame was empty */
	WS_CLOSE_POLICY = 1008,
	WS_CLOSE_TOO_LARGE = 1009,
	WS_CLOSE_INTERNAL = 1011,
	WS_CLOSE_TRY_LATER = 1013,
};

enum {
	WS_CONTROL_MAX = 125,
	WS_HEADER_MAX = 14,
	WS_KEY_TEXT = 24,    /* characters of Sec-WebSocket-Key */
	WS_ACCEPT_TEXT = 28, /* characters of Sec-WebSocket-Accept */
};

enum ws_role { WS_SERVER, WS_CLIENT }; /* which side we are */

enum ws_event_kind {
	WS_NOTHING, /* bytes were used, nothing is complete */
	WS_MESSAGE,
	WS_PING,
	WS_PONG,
	WS_CLOSE,
};
struct ws_event {
	enum ws_event_kind kind;
	struct view data;    /* of a message, ping, pong; into the bytes given or the decoder */
	uint16_t close_code; /* WS_CLOSE: the other side's, WS_CLOSE_NONE without one */
};

struct ws_decoder {
	enum ws_role role;
	size_t message_max; /* bytes of one message, all fragments together */
	struct buf parts;   /* fragments of an unfinished message */
	bool in_message;
	bool was_delivered;  /* parts were handed out and are forgotten at the next call */
	uint16_t error_code; /* why decoding failed: the code to close with */
};
void ws_decoder_init(struct ws_decoder *d, enum ws_role role, size_t message_max);
/* Larger messages from now on, also the one that has begun. */
void ws_decoder_allow(struct ws_decoder *d, size_t message_max);
void ws_decoder_done(struct ws_decoder *d);
/* Takes at most one frame from the start of bytes, unmasking it in place; *used is what it took.
 * UC_E_PENDING: the frame is not complete; *need is the number of bytes to have at the least.
 * Other errors end the connection with d->error_code. */
uc_err UC_MUST_USE ws_decode(struct ws_decoder *d, uint8_t *bytes, size_t n, struct ws_event *out,
			     size_t *used, size_t *need);

enum ws_opcode {
	WS_OP_CONTINUATION = 0,
	WS_OP_TEXT = 1,
	WS_OP_BINARY = 2,
	WS_OP_CLOSE = 8,
	WS_OP_PING = 9,
	WS_OP_PONG = 10,
};
/* One whole frame.  A client masks with four fresh bytes; a server passes mask NULL. */
void ws_frame_add(struct buf *out, enum ws_opcode op, struct view payload, const uint8_t *mask);
/* A close frame's payload is the code alone. */
void ws_close_add(struct buf *out, uint16_t code, const uint8_t *mask);

/* The answer to a Sec-WebSocket-Key (RFC 6455, 4.2.2), with a closing zero. */
void ws_accept(struct view key, char out[WS_ACCEPT_TEXT + 1]);
/* Is this request a WebSocket opening that offers `protocol`?  UC_OK, or UC_E_UNSUPPORTED for
 * another version or subprotocol, or UC_E_MALFORMED. */
uc_err UC_MUST_USE ws_upgrade_check(const struct http_request *q, const char *protocol);
/* The 101 answer. */
void ws_upgrade_add_response(struct buf *out, const struct http_request *q, const char *protocol);

/* Client: the opening request, with a key of 16 random bytes as base64 text. */
uc_err UC_MUST_USE ws_key_make(const struct env *env, char out[WS_KEY_TEXT + 1]);
void ws_upgrade_add_request(struct buf *out, const char *host, unsigned port, const char *path,
			    const char *protocol, const char *key);
uc_err UC_MUST_USE ws_upgrade_check_response(const struct http_response *r, const char *protocol,
					     const char *key);

#endif
