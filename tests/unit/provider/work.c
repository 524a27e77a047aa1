/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/provider/work.h"

#include "store/inner.h"
#include "tests/unit/harness.h"

static struct {
	const struct store_driver *driver;
	struct store_driver own;
	size_t reads, changes, bytes;
} work;

static uc_err work_get(struct store_engine *e, struct view key, struct arena *mem, struct view *out)
{
	work.reads++;
	return work.driver->get(e, key, mem, out);
}

static uc_err work_last(struct store_engine *e, struct view from, struct view end,
			struct arena *mem, struct view *key, struct view *value)
{
	work.reads++;
	return work.driver->last(e, from, end, mem, key, value);
}

static uc_err work_next(struct store_cursor *c, struct view *key, struct view *value)
{
	work.reads++;
	return work.driver->cursor_next(c, key, value);
}

static uc_err work_write(struct store_engine *e, const struct store_change *first)
{
	for (const struct store_change *c = first; c; c = c->next) {
		work.changes++;
		work.bytes += c->key.n + c->value.n;
	}
	return work.driver->write(e, first);
}

void work_begin(struct store *s)
{
	work.driver = s->driver;
	work.own = *s->driver;
	work.own.get = work_get;
	work.own.last = work_last;
	work.own.cursor_next = work_next;
	work.own.write = work_write;
	s->driver = &work.own;
}

struct done work_done(void)
{
	struct done d = { work.reads, work.changes, work.bytes };
	work.reads = work.changes = work.bytes = 0;
	return d;
}

void work_end(struct store *s)
{
	s->driver = work.driver;
}

void expect_alike(struct done a, struct done b)
{
	enum { READS = 4, CHANGES = 1, BYTES = 256 }; /* heads of logs */
	expect(a.reads <= b.reads + READS && b.reads <= a.reads + READS);
	expect(a.changes <= b.changes + CHANGES && b.changes <= a.changes + CHANGES);
	expect(a.bytes <= b.bytes + BYTES && b.bytes <= a.bytes + BYTES);
}
