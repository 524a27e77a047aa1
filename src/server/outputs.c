/* SPDX-License-Identifier: Apache-2.0 */
#include "server/outputs.h"

#include "base/heap.h"

enum {
	ALIGNED = 8,
	BLOCK_FIRST = 2048, /* a lone answer and what goes with it */
	BLOCK_LAST = 65536,
	BLOCK_GROWTH = 4,
};

static size_t aligned(size_t n)
{
	return (n + ALIGNED - 1) / ALIGNED * ALIGNED;
}

struct fanout *fanout_new(struct view frame, size_t seat_at)
{
	struct fanout *f = heap_new_raw(sizeof *f + frame.n);
	if (!f)
		return NULL;
	atomic_init(&f->holders, 1);
	f->seat_at = seat_at;
	f->n = frame.n;
	memcpy(f->bytes, frame.p, frame.n);
	return f;
}

void fanout_drop(struct fanout *f)
{
	/* Whoever frees it sees all that the others did with it before. */
	if (atomic_fetch_sub_explicit(&f->holders, 1, memory_order_acq_rel) == 1)
		heap_free(f);
}

/* A block with room for so much. */
static struct message *block_new(const struct outlet *o, size_t n)
{
	size_t room = !o->last ? BLOCK_FIRST : o->last->room * BLOCK_GROWTH;
	if (room > BLOCK_LAST)
		room = BLOCK_LAST;
	return message_new_empty(MESSAGE_OUTPUTS, room < n ? n : room);
}

static uint8_t *take(struct outlet *o, size_t n)
{
	if (!o->last || o->last->room - o->last->parts.body.n < n) {
		struct message *m = block_new(o, n);
		if (!m)
			return NULL;
		if (o->last)
			o->last->next = m;
		else
			o->first = m;
		o->last = m;
	}
	uint8_t *at = o->last->data + o->last->parts.body.n;
	o->last->parts.body.n += n;
	return at;
}

struct output_head *outlet_add(struct outlet *o, const struct output_head *head, uint8_t **out_body)
{
	uint8_t *at = take(o, sizeof *head + aligned((size_t)head->headers_n + head->body_n));
	if (!at)
		return NULL;
	memcpy(at, head, sizeof *head);
	*out_body = at + sizeof *head;
	return (struct output_head *)(void *)at;
}

bool outlet_add_bytes(struct outlet *o, const struct output_head *head, struct view headers,
		      struct view body)
{
	struct output_head h = *head;
	uint8_t *to = NULL;
	if (headers.n > UINT32_MAX || body.n > UINT32_MAX)
		return false;
	h.headers_n = (uint32_t)headers.n;
	h.body_n = (uint32_t)body.n;
	if (!outlet_add(o, &h, &to))
		return false;
	if (headers.n)
		memcpy(to, headers.p, headers.n);
	if (body.n)
		memcpy(to + headers.n, body.p, body.n);
	return true;
}

bool outlet_add_fanout(struct outlet *o, struct fanout *f, const struct output_target *targets,
		       size_t n)
{
	struct output_head h = { .connection = n, .kind = OUTPUT_FANOUT };
	size_t targets_bytes = n * sizeof *targets;
	uint8_t *to = NULL;
	if (n > UINT32_MAX / sizeof *targets - 1)
		return false;
	h.body_n = (uint32_t)(sizeof f + targets_bytes);
	if (!outlet_add(o, &h, &to))
		return false;
	memcpy(to, &f, sizeof f);
	memcpy(to + sizeof f, targets, targets_bytes);
	atomic_fetch_add_explicit(&f->holders, 1, memory_order_relaxed);
	return true;
}

struct message *outlet_take(struct outlet *o)
{
	struct message *list = o->first;
	*o = (struct outlet){ NULL, NULL };
	return list;
}

bool outputs_next(const struct message *m, size_t *at, struct output *out)
{
	if (*at == m->parts.body.n)
		return false;
	const uint8_t *p = m->data + *at;
	const struct output_head *h = (const struct output_head *)(const void *)p;
	*out = (struct output){ .head = h };
	p += sizeof *h;
	*at += sizeof *h + aligned((size_t)h->headers_n + h->body_n);
	out->headers = view_make(p, h->headers_n);
	out->body = view_make(p + h->headers_n, h->body_n);
	if (h->kind == OUTPUT_FANOUT) {
		memcpy(&out->fanout, p, sizeof out->fanout);
		out->targets = (const struct output_target *)(const void *)(p + sizeof out->fanout);
	}
	return true;
}

void outputs_drop(const struct message *m)
{
	struct output o;
	for (size_t at = 0; outputs_next(m, &at, &o);) {
		if (o.fanout)
			fanout_drop(o.fanout);
	}
}
