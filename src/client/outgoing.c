/* SPDX-License-Identifier: Apache-2.0 */
#include "client/outgoing.h"

#include "base/heap.h"
#include "mimi/frames.h"

enum { EVENT_BYTES = 2 * 1024 * 1024 };

typedef void out_free(struct out_link *link);

/* --- either queue --- */

static void queue_init(struct out_queue *q)
{
	*q = (struct out_queue){ 0 };
	q->last = &q->first;
}

static void queue_add(struct out_queue *q, struct out_link *link)
{
	*q->last = link;
	q->last = &link->next;
	q->n++;
}

/* NULL when nothing may leave. */
static struct out_link *queue_next(struct out_queue *q, out_free *free_link)
{
	if (q->shown)
		free_link(q->shown);
	q->shown = NULL;
	if (!q->ready)
		return NULL;
	q->shown = q->first;
	q->first = q->first->next;
	if (!q->first)
		q->last = &q->first;
	q->ready--;
	q->n--;
	return q->shown;
}

static void queue_clear(struct out_queue *q, out_free *free_link)
{
	if (q->shown)
		free_link(q->shown);
	while (q->first) {
		struct out_link *link = q->first;
		q->first = link->next;
		free_link(link);
	}
	queue_init(q);
}

/* --- frames --- */

void frame_queue_init(struct frame_queue *q)
{
	queue_init(&q->q);
}

struct frame_out *frame_queue_add(struct frame_queue *q)
{
	struct frame_out *f = HEAP_NEW(struct frame_out);
	if (!f)
		return NULL;
	buf_init_secret(&f->bytes, 0);
	queue_add(&q->q, &f->link);
	return f;
}

static void frame_free(struct out_link *link)
{
	struct frame_out *f = (struct frame_out *)link;
	buf_done(&f->bytes);
	heap_free(f);
}

bool frame_queue_next(struct frame_queue *q, struct view *out)
{
	struct frame_out *f = (struct frame_out *)queue_next(&q->q, frame_free);
	if (f)
		*out = buf_view(&f->bytes);
	return f;
}

void frame_queue_release(struct frame_queue *q)
{
	q->q.ready = q->q.n;
}

void frame_queue_clear(struct frame_queue *q)
{
	queue_clear(&q->q, frame_free);
}

/* --- events --- */

void event_queue_init(struct event_queue *q)
{
	queue_init(&q->q);
}

struct event_out *event_queue_add(struct event_queue *q, enum uc_event_kind kind)
{
	struct event_out *e = HEAP_NEW(struct event_out);
	if (!e)
		return NULL;
	arena_init(&e->mem, EVENT_BYTES, ARENA_SECRET);
	e->event.kind = kind;
	e->event.text = "";
	queue_add(&q->q, &e->link);
	return e;
}

static void event_free(struct out_link *link)
{
	struct event_out *e = (struct event_out *)link;
	arena_done(&e->mem);
	heap_free(e);
}

bool event_queue_next(struct event_queue *q, struct uc_event *out)
{
	struct event_out *e = (struct event_out *)queue_next(&q->q, event_free);
	if (e)
		*out = e->event;
	return e;
}

void event_queue_release(struct event_queue *q)
{
	q->q.ready = q->q.n;
}

void event_queue_clear(struct event_queue *q)
{
	queue_clear(&q->q, event_free);
}

const char *event_text(struct event_out *e, struct view text)
{
	struct view copy;
	if (arena_copy(&e->mem, text, &copy))
		return "";
	return (const char *)copy.p;
}
