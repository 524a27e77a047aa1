/* SPDX-License-Identifier: Apache-2.0 */
/* What an app says to one front in one round: packed one after the other into a few blocks, which
 * go to the front as MESSAGE_OUTPUTS.  A frame that many get is there once, for all fronts. */
#ifndef SERVER_OUTPUTS_H
#define SERVER_OUTPUTS_H

#include "server/message.h"

#include <stdatomic.h>

enum output_kind {
	OUTPUT_SEND,   /* body */
	OUTPUT_CLOSE,  /* status: the WebSocket code */
	OUTPUT_TRUST,  /* this connection may send large messages */
	OUTPUT_CREDIT, /* frames, frames_bytes of this connection were handled */
	OUTPUT_REPLY,  /* status, retry_after_s, headers, body */
	OUTPUT_FANOUT, /* fanout, targets */
};

/* Who gets a frame of many, and the number that its seat has there. */
struct output_target {
	uint64_t connection;
	uint32_t seat;
};
/* That frame: counted, freed with its last holder. */
struct fanout {
	atomic_uint holders;
	size_t seat_at; /* where the four bytes of the seat stand */
	size_t n;
	uint8_t bytes[];
};
/* Copies the frame; the caller is its first holder.  NULL without memory. */
struct fanout *fanout_new(struct view frame, size_t seat_at) UC_MUST_USE;
void fanout_drop(struct fanout *f);

/* As it lies in a block; aligned to 8, what belongs to it follows. */
struct output_head {
	uint64_t connection; /* FANOUT: how many targets */
	uint16_t kind, status;
	uint32_t retry_after_s;
	uint32_t frames, frames_bytes;
	uint32_t headers_n, body_n;
};
struct output {
	const struct output_head *head;
	struct view headers, body;
	struct fanout *fanout;
	const struct output_target *targets;
};

/* The blocks of a round, in order. */
struct outlet {
	struct message *first, *last;
};
/* Room for the head's headers and body at *out_body, headers first; NULL without memory. */
struct output_head *outlet_add(struct outlet *o, const struct output_head *head,
			       uint8_t **out_body) UC_MUST_USE;
/* False without memory. */
bool outlet_add_bytes(struct outlet *o, const struct output_head *head, struct view headers,
		      struct view body) UC_MUST_USE;
/* Becomes a further holder of the frame. */
bool outlet_add_fanout(struct outlet *o, struct fanout *f, const struct output_target *targets,
		       size_t n) UC_MUST_USE;
/* The blocks as a list of messages, the caller's; the outlet is empty again. */
struct message *outlet_take(struct outlet *o);

/* Walks a MESSAGE_OUTPUTS: start with *at = 0; false at its end. */
bool outputs_next(const struct message *m, size_t *at, struct output *out);
/* For message_free: gives up the frames it holds. */
void outputs_drop(const struct message *m);

#endif
