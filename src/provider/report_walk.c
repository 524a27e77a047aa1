/* SPDX-License-Identifier: Apache-2.0 */
/* A walk over the reports of one app that does not end at one that is damaged.  The store does not say which
 * that is: the distance is doubled until something behind it can be read, then halved back. */
#include "provider/reports.h"

void report_walk_begin(struct report_walk *w, struct store *s, struct view domain)
{
	*w = (struct report_walk){ .store = s, .domain = domain };
}

static uc_err open_at(struct report_walk *w, uint64_t number, struct store_scan *scan)
{
	struct store_key prefix, start;
	return store_scan_init(scan, w->store, key_1(&prefix, TABLE_REPORT, w->domain),
			       report_key(&start, w->domain, number), 0);
}

/* Is there nothing from this number on, or can the first that is there be read?  What fails for another
 * reason than damage ends the walk. */
static bool reads_from(struct report_walk *w, uint64_t number)
{
	struct store_scan scan;
	struct view key, value;
	uc_err err = open_at(w, number, &scan);
	if (!err) {
		scan.is_told = true;
		if (!store_scan_next(&scan, &key, &value))
			err = scan.failed;
		store_scan_done(&scan);
	}
	if (err && err != UC_E_CORRUPT)
		w->failed = err;
	return err != UC_E_CORRUPT;
}

/* The last number from which nothing can be read, which is that of what is damaged; at the end of the walk,
 * where nothing behind it can, the first. */
static uint64_t damaged_at(struct report_walk *w)
{
	uint64_t bad = w->from, step = 1;
	/* From 0 on it comes to the greatest of all, and is 0 itself then. */
	while (step && step <= UINT64_MAX - bad && !reads_from(w, bad + step)) {
		bad += step;
		step *= 2;
	}
	if (!step || step > UINT64_MAX - bad) {
		w->is_over = true;
		return w->from;
	}
	for (step /= 2; step; step /= 2)
		if (!reads_from(w, bad + step))
			bad += step;
	return bad;
}

static void close_scan(struct report_walk *w)
{
	if (w->is_open)
		store_scan_done(&w->scan);
	w->is_open = false;
}

static bool found(struct report_walk *w, struct report_found *out)
{
	w->is_over = out->number == UINT64_MAX;
	w->from = out->number + 1;
	return true;
}

bool report_walk_next(struct report_walk *w, struct report_found *out)
{
	struct view key;
	*out = (struct report_found){ .number = 0 };
	if (w->failed || w->is_over)
		return false;
	if (!w->is_open)
		w->failed = open_at(w, w->from, &w->scan);
	if (w->failed)
		return false;
	w->is_open = true;
	if (store_scan_next(&w->scan, &key, &out->value)) {
		w->failed = report_key_read(key, &out->number);
		return !w->failed && found(w, out);
	}
	w->is_over = !w->scan.failed;
	w->failed = w->scan.failed == UC_E_CORRUPT ? UC_OK : w->scan.failed;
	close_scan(w);
	if (w->is_over || w->failed)
		return false;
	out->is_damaged = true;
	out->number = damaged_at(w);
	return !w->failed && (w->is_over || found(w, out));
}

uc_err report_walk_end(struct report_walk *w)
{
	close_scan(w);
	return w->failed;
}
