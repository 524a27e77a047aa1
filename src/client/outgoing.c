/* SPDX-License-Identifier: Apache-2.0 */
#include "client/outgoing.h"

#include "base/heap.h"
#include "mimi/frames.h"

enum { EVENT_BYTES = 2 * 1024 * 1024 };

void frame_queue_init(struct frame_queue *q)
{
	*q = (struct frame_queue){ 0 };
	q->last = &q->first;
}

struct frame_out *frame_queue_add(struct frame_queue *q)
{
	struct frame_out *f = HEAP_NEW(struct frame_out);
	if (!f)
		return NULL;
	buf_init_secret(&f->bytes, 0);
	*q->last = f;
	q->last = &f->next;
	q->n++;
	return f;
}

static void frame_free(struct frame_out *f)
{
	if (!f)
		return;
	buf_done(&f->bytes);
	heap_free(f);
}

bool frame_queue_next(struct frame_queue *q, struct view *out)
{
	frame_free(q->shown);
	q->shown = NULL;
	if (!q->ready)
		return false;
	q->shown = q->first;
	q->first = q->first->next;
	if (!q->first)
		q->last = &q->first;
	q->ready--;
	q->n--;
	*out = buf_view(&q->shown->bytes);
	return true;
}

void frame_queue_release(struct frame_queue *q)
{
	q->ready = q->n;
}

void frame_queue_clear(struct frame_queue *q)
{
	frame_free(q->shown);
	while (q->first) {
		struct frame_out *f = q->first;
		q->first = f->next;
		frame_free(f);
	}
	frame_queue_init(q);
}

void event_queue_init(struct event_queue *q)
{
	*q = (struct event_queue){ 0 };
	q->last = &q->first;
}

struct event_out *event_queue_add(struct event_queue *q, enum uc_event_kind kind)
{
	struct event_out *e = HEAP_NEW(struct event_out);
	if (!e)
		return NULL;
	arena_init(&e->mem, EVENT_BYTES, ARENA_SECRET);
	e->event.kind = kind;
	e->event.text = "";
	*q->last = e;
	q->last = &e->next;
	q->n++;
	return e;
}

static void event_free(struct event_out *e)
{
	if (!e)
		return;
	arena_done(&e->mem);
	heap_free(e);
}

bool event_queue_next(struct event_queue *q, struct uc_event *out)
{
	event_free(q->shown);
	q->shown = NULL;
	if (!q->ready)
		return false;
	q->shown = q->first;
	q->first = q->first->next;
	if (!q->first)
		q->last = &q->first;
	q->ready--;
	q->n--;
	*out = q->shown->event;
	return true;
}

void event_queue_release(struct event_queue *q)
{
	q->ready = q->n;
}

void event_queue_clear(struct event_queue *q)
{
	event_free(q->shown);
	while (q->first) {
		struct event_out *e = q->first;
		q->first = e->next;
		event_free(e);
	}
	event_queue_init(q);
}

const char *event_text(struct event_out *e, struct view text)
{
	struct view copy;
	if (arena_copy(&e->mem, text, &copy))
		return "";
	return (const char *)copy.p;
}
