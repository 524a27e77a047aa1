/* SPDX-License-Identifier: Apache-2.0 */
/* Who takes how much of the place that there is for reports.  Our own people have at least half of it, and
 * all that other apps leave.  Of the other half one app has at most as much as it leaves free: the first that
 * floods us takes half of that, a second one a quarter, and one that has sent little finds room. */
#include "provider/reports.h"

#include "base/heap.h"
#include "provider/inside.h"

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
	p->reports.bytes = p->reports.bytes_others = 0;
	p->reports.is_known = false;
}

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

uc_err report_place_know(struct provider *p)
{
	struct report_walk w;
	struct report_found one;
	uint64_t next = 1;
	bool ends_damaged = false;
	uc_err err = UC_OK;
	if (p->reports.is_known)
		return UC_OK;
	report_place_forget(p);
	TRY(map_init(&p->reports.shares, p->env));
	report_walk_begin(&w, p->rooms, p->domain);
	while (!err && report_walk_next(&w, &one)) {
		err = one_known(p, &one);
		next = one.number + 1;
		ends_damaged = one.is_damaged && w.is_over;
	}
	uc_err walked = report_walk_end(&w);
	TRY(err ? err : walked);
	/* Which numbers are taken behind it nobody can say: none was ever as great as the time. */
	if (ends_damaged && next < env_now_ms(p->env))
		next = env_now_ms(p->env);
	/* None is given twice in a process: somebody may still be asked of that one. */
	if (p->reports.next < next)
		p->reports.next = next;
	p->reports.is_known = true;
	return UC_OK;
}
