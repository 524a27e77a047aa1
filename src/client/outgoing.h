/* SPDX-License-Identifier: Apache-2.0 */
/* What leaves a client: frames and events, kept back until the turn they belong to is stored. */
#ifndef CLIENT_OUTGOING_H
#define CLIENT_OUTGOING_H

#include "base/arena.h"
#include "base/buf.h"
#include "undercroft/undercroft.h"

/* First in, first out; the first `ready` of `n` may leave. */
struct out_link {
	struct out_link *next;
};
struct out_queue {
	struct out_link *first, **last;
	struct out_link *shown; /* handed out last; lives until the next one is */
	size_t n, ready;
};

struct frame_out {
	struct out_link link;
	struct buf bytes;
};
struct frame_queue {
	struct out_queue q;
};

struct event_out {
	struct out_link link;
	struct uc_event event;
	struct uc_message message;
	struct arena mem; /* the event's text */
};
struct event_queue {
	struct out_queue q;
};

void frame_queue_init(struct frame_queue *q);
/* A place at the end for a frame's bytes, which the queue owns from then on; NULL without memory. */
struct frame_out *frame_queue_add(struct frame_queue *q);
bool frame_queue_next(struct frame_queue *q, struct view *out);
void frame_queue_release(struct frame_queue *q);
void frame_queue_clear(struct frame_queue *q);

void event_queue_init(struct event_queue *q);
struct event_out *event_queue_add(struct event_queue *q, enum uc_event_kind kind);
bool event_queue_next(struct event_queue *q, struct uc_event *out);
void event_queue_release(struct event_queue *q);
void event_queue_clear(struct event_queue *q);
/* A zero-terminated copy that lives with the event; "" without memory. */
const char *event_text(struct event_out *e, struct view text);

#endif
