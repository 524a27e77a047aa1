/* SPDX-License-Identifier: Apache-2.0 */
/* Reports go when they have had their days: a few at a time, the others at the next tick. */
#include "provider/reports.h"

#include "provider/inside.h"

enum { SWEEP_AT_ONCE = 64, SWEEP_BYTES = 8 << 20 };

/* Those in front of the one at hand that cannot be read. */
struct unread {
	uint64_t v[SWEEP_AT_ONCE];
	size_t n, bytes; /* of those that are counted */
	bool is_damaged; /* so that nobody knows how long they are */
};

static void unread_add(const struct provider *p, struct unread *u, const struct report_found *one)
{
	if (u->n == SWEEP_AT_ONCE)
		return;
	u->v[u->n++] = one->number;
	if (report_place_has(p, one->number))
		u->bytes += one->value.n;
	u->is_damaged = u->is_damaged || one->is_damaged;
}

/* When they came nobody can read, but it was before one that is old. */
static void unread_drop(struct provider *p, struct unread *u, struct store_batch *b)
{
	struct store_key k;
	report_place_free(p, (struct view){ NULL, 0 }, u->bytes);
	if (u->is_damaged)
		report_place_forget(p); /* they were counted while they could be read */
	u->bytes = 0;
	u->is_damaged = false;
	while (u->n)
		store_delete(b, report_key(&k, p->domain, u->v[--u->n]));
}

/* Is it worth looking on behind this one? */
static bool drop_one(struct provider *p, const struct report_found *one, uint64_t now_ms,
		     struct unread *u, struct store_batch *b, size_t *bytes)
{
	struct arena scratch;
	struct report_record r;
	struct store_key k;
	bool is_old = false, is_early = false;
	arena_init(&scratch, CALL_ARENA_MAX, ARENA_PLAIN);
	bool reads =
		!one->is_damaged && !wire_decode(one->value, &scratch, report_record_element, &r);
	if (!reads) {
		unread_add(p, u, one);
	} else {
		is_early = r.received_ms > now_ms;
		is_old = !is_early && now_ms - r.received_ms >= (uint64_t)REPORT_KEEP_DAYS * DAY_MS;
	}
	if (is_old) {
		*bytes += one->value.n + u->bytes;
		unread_drop(p, u, b);
		store_delete(b, report_key(&k, p->domain, one->number));
		if (report_place_has(p, one->number))
			report_place_free(p, r.from, one->value.n);
	}
	arena_done(&scratch);
	return !reads || is_old || is_early;
}

static bool is_enough(const struct store_batch *b, size_t bytes)
{
	return b->op_count >= SWEEP_AT_ONCE || bytes >= SWEEP_BYTES;
}

/* They came in the order of their numbers, but for those of a time when the clock was ahead. */
static uc_err drop_old(struct provider *p, uint64_t now_ms, struct store_batch *b, size_t *bytes)
{
	struct report_walk w;
	struct report_found one;
	struct unread unread = { .n = 0 };
	bool goes_on = true;
	report_walk_begin(&w, p->rooms, p->domain);
	while (goes_on && !is_enough(b, *bytes) && report_walk_next(&w, &one))
		goes_on = drop_one(p, &one, now_ms, &unread, b, bytes);
	return report_walk_end(&w);
}

void reports_sweep(struct provider *p, uint64_t now_ms)
{
	struct store_batch b;
	size_t bytes = 0;
	if (p->failed || !is_due(now_ms, p->reports.sweep_ms, HOUR_MS))
		return;
	p->reports.sweep_ms = now_ms + HOUR_MS;
	store_batch_init(&b, p->domain);
	uc_err err = drop_old(p, now_ms, &b, &bytes);
	bool are_more = is_enough(&b, bytes);
	if (err || !b.op_count)
		store_batch_done(&b);
	else
		err = commit_rooms(p, &b);
	if (err)
		report_place_forget(p); /* it is counted anew */
	else if (are_more)
		p->reports.sweep_ms = now_ms; /* at the next tick */
}
