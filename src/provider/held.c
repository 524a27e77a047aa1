/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/held.h"

#include "base/heap.h"
#include "provider/room_work.h"

/* More than the letters of two rounds, after which they are answered or wait alone. */
enum { HELD_MAX = 1024 };

struct held {
	struct held *next;
	uint64_t due_ms;
	unsigned
		due_us; /* and so long after, by dice: what little shows of the work drowns in it */
	/* Synced with the round after which it was seen first, so that from then on it is known how long
	 * the work took. */
	bool is_written, is_set;
	uint64_t session_number; /* whose call it is; 0: another app's, which is `call` */
	uint16_t type;
	uint32_t id;
	void *call;
};

uc_err held_begin(struct provider *p, struct held **out)
{
	*out = NULL;
	if (!p->config.held_ms)
		return UC_OK;
	if (p->held_n >= HELD_MAX)
		return UC_E_BUSY;
	uint8_t dice[2];
	TRY(env_random(p->env, dice, sizeof dice));
	struct held *h = HEAP_NEW(struct held);
	if (!h)
		return UC_E_MEMORY;
	h->due_ms = env_now_ms(p->env) + p->config.held_ms;
	h->due_us = (unsigned)(dice[0] << 8 | dice[1]) % 1000;
	*out = h;
	return UC_OK;
}

void held_drop(struct held *h)
{
	heap_free(h);
}

static void add(struct provider *p, struct held *h)
{
	struct held **at = &p->held;
	while (*at)
		at = &(*at)->next;
	*at = h;
	p->held_n++;
}

void held_call(struct held *h, struct call *c)
{
	if (!h) {
		call_respond(c, NULL, NULL);
		return;
	}
	h->session_number = c->s->number;
	h->type = c->type;
	h->id = c->id;
	c->later = true;
	add(c->p, h);
}

int held_peer(struct held *h, struct peer_call *c, int status)
{
	if (!h || status != 201) {
		held_drop(h);
		return status;
	}
	h->call = c->call;
	c->later = true;
	add(c->p, h);
	return status;
}

/* --- letting go --- */

static void answer_app(struct provider *p, const struct held *h)
{
	struct buf headers;
	buf_init(&headers, 8192);
	header_add_store(p, &headers);
	struct peer_response r = { .status = 201, .headers = buf_view(&headers) };
	p->config.out->reply(p->config.ctx, h->call, &r);
	buf_done(&headers);
}

static void answer(struct provider *p, const struct held *h)
{
	struct session *s = session_find(p, h->session_number);
	if (h->call)
		answer_app(p, h);
	else if (s)
		call_respond(&(struct call){ .p = p, .s = s, .type = h->type, .id = h->id }, NULL,
			     NULL);
}

/* If the work has taken longer it is the next such time: how much longer is not told. */
static void set(struct held *h, uint64_t now_ms, uint64_t held_ms)
{
	if (h->due_ms <= now_ms)
		h->due_ms += (now_ms - h->due_ms) / held_ms * held_ms + held_ms;
	h->is_set = true;
}

static uint64_t due_us(const struct held *h)
{
	return h->due_ms * 1000 + h->due_us;
}

/* Where the clock tells no microseconds, all of a millisecond are over in it. */
static uint64_t now_us(const struct provider *p, uint64_t now_ms)
{
	return p->config.now_us ? p->config.now_us() : now_ms * 1000 + 999;
}

bool held_go_on(struct provider *p)
{
	if (!p->held)
		return false;
	uint64_t now = env_now_ms(p->env), fine = now_us(p, now);
	bool any = false;
	for (struct held **at = &p->held; *at;) {
		struct held *h = *at;
		if (h->is_set && is_due(fine, due_us(h), p->config.held_ms * 1000)) {
			*at = h->next;
			p->held_n--;
			answer(p, h);
			held_drop(h);
			continue;
		}
		if (h->is_written && !h->is_set)
			set(h, now, p->config.held_ms);
		any = any || !h->is_written;
		h->is_written = true;
		at = &h->next;
	}
	return any;
}

uint64_t provider_due_us(const struct provider *p)
{
	uint64_t first = 0;
	for (const struct held *h = p->held; h; h = h->next) {
		uint64_t due = due_us(h);
		if (!first || due < first)
			first = due;
	}
	return first;
}

void held_free(struct provider *p)
{
	while (p->held) {
		struct held *h = p->held;
		p->held = h->next;
		held_drop(h);
	}
	p->held_n = 0;
}
