/* SPDX-License-Identifier: Apache-2.0 */
/* Who takes how much of the place that there is for reports.  Our own people have at least half of it, and
 * all that other apps leave.  Of the other half one app has at most as much as it leaves free: the first that
 * floods us takes half of that, a second one a quarter, and one that has sent little finds room. */
#include "provider/reports.h"

#include "base/heap.h"
#include "provider/inside.h"

enum { AGAIN_MS = 60 * 1000 }; /* after looking through has failed */

static struct report_share *share_find(const struct provider *p, struct view from)
{
	return p->reports.shares.cap ? map_find(&p->reports.shares, from) : NULL;
}

uc_err report_share_get(struct provider *p, struct view from, struct report_share **out)
{
	struct map *shares = &p->reports.shares;
	*out = NULL;
	if (!from.n || (*out = share_find(p, from)))
		return UC_OK;
	struct report_share *s = HEAP_NEW(struct report_share);
	uc_err err = s ? map_put(shares, from, s) : UC_E_MEMORY;
	if (err)
		heap_free(s);
	else
		*out = s;
	return err;
}

void report_place_take(struct provider *p, struct report_share *of, uint64_t bytes)
{
	p->reports.bytes += bytes;
	if (!of)
		return;
	of->bytes += bytes;
	p->reports.bytes_others += bytes;
}

static void less(uint64_t *n, uint64_t bytes)
{
	*n -= bytes < *n ? bytes : *n;
}

bool report_place_has(const struct provider *p, uint64_t number)
{
	return p->reports.is_known || number < p->reports.known_to;
}

void report_place_free(struct provider *p, struct view from, uint64_t bytes)
{
	struct report_share *s = share_find(p, from);
	less(&p->reports.bytes, bytes);
	if (!s)
		return;
	less(&s->bytes, bytes);
	less(&p->reports.bytes_others, bytes);
	if (!s->bytes)
		heap_free(map_remove(&p->reports.shares, from));
}

bool report_place_is_full(const struct provider *p, struct view from, uint64_t bytes)
{
	const struct provider_reports *r = &p->reports;
	const struct report_share *of = share_find(p, from);
	uint64_t its = (of ? of->bytes : 0) + bytes, others = r->bytes_others + bytes;
	if (r->bytes + bytes > REPORTS_BYTES_MAX)
		return true;
	return from.n && (others > REPORTS_BYTES_OTHERS || its > REPORTS_BYTES_OTHERS - others);
}

void report_place_forget(struct provider *p)
{
	size_t at = 0;
	struct view domain;
	void *share;
	while (map_next(&p->reports.shares, &at, &domain, &share))
		heap_free(share);
	map_done(&p->reports.shares);
	p->reports.bytes = p->reports.bytes_others = p->reports.known_to = 0;
	p->reports.is_known = false;
}

/* --- how much is kept: looked through after a start --- */

/* Of what cannot be read nobody knows whose it was: it counts as our own people's. */
static uc_err one_known(struct provider *p, const struct report_found *one)
{
	struct report_record r;
	struct report_share *share = NULL;
	struct arena scratch;
	arena_init(&scratch, CALL_ARENA_MAX, ARENA_PLAIN);
	uc_err err = UC_OK;
	if (!one->is_damaged && !wire_decode(one->value, &scratch, report_record_element, &r))
		err = report_share_get(p, r.from, &share);
	arena_done(&scratch);
	report_place_take(p, share, one->value.n);
	return err;
}

/* From where it was left off, for as long as the slice lasts: *is_over when that was the last of them. */
static uc_err some_known(struct provider *p, struct slice *s, bool *is_over)
{
	struct provider_reports *r = &p->reports;
	struct report_walk w;
	struct report_found one;
	bool goes_on = true, ends_damaged = false;
	uc_err err = UC_OK;
	report_walk_begin(&w, p->rooms, p->domain);
	w.from = r->known_to;
	while (!err && goes_on && report_walk_next(&w, &one)) {
		err = one_known(p, &one);
		r->known_to = one.number + 1;
		ends_damaged = one.is_damaged && w.is_over;
		goes_on = slice_goes_on(s);
	}
	*is_over = goes_on || w.is_over;
	uc_err walked = report_walk_end(&w);
	TRY(err ? err : walked);
	/* Which numbers are taken behind it nobody can say: none was ever as great as the time. */
	if (ends_damaged && r->known_to < env_now_ms(p->env))
		r->known_to = env_now_ms(p->env);
	return UC_OK;
}

static uc_err go_on(struct provider *p)
{
	struct provider_reports *r = &p->reports;
	struct slice s;
	uc_err err = UC_OK;
	if (!r->known_to) {
		report_place_forget(p);
		TRY(map_init(&r->shares, p->env));
		r->known_to = 1;
	}
	slice_begin(&s, p->env);
	err = some_known(p, &s, &r->is_known);
	/* None is given twice in a process: somebody may still be asked of that one. */
	if (!err && r->is_known && r->next < r->known_to)
		r->next = r->known_to;
	if (err)
		report_place_forget(p);
	return err;
}

bool report_place_go_on(struct provider *p)
{
	struct provider_reports *r = &p->reports;
	uint64_t now_ms = env_now_ms(p->env);
	if (r->is_known || !is_due(now_ms, r->know_ms, AGAIN_MS))
		return false;
	if (go_on(p))
		r->know_ms = now_ms + AGAIN_MS;
	return r->known_to && !r->is_known;
}

/* Whoever reports is not sent away for it: that is soon after a start, and what is left takes a second at most. */
uc_err report_place_know(struct provider *p)
{
	while (!p->reports.is_known)
		TRY(go_on(p));
	return UC_OK;
}
