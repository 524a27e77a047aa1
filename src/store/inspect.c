/* SPDX-License-Identifier: Apache-2.0 */
#include "store/inspect.h"

#include "store/inner.h"

/* One pair of the engine, told apart. */
struct pair {
	enum store_part part;
	struct view key;
	uint64_t seq;
};

static uc_err entry_split(struct view inner, struct pair *out)
{
	if (inner.n < 1 + 2 + 8)
		return UC_E_CORRUPT;
	size_t n = (size_t)inner.p[1] << 8 | inner.p[2];
	if (inner.n != 1 + 2 + n + 8)
		return UC_E_CORRUPT;
	out->key = view_slice(inner, 3, n);
	out->seq = 0;
	for (size_t i = 3 + n; i < inner.n; i++)
		out->seq = out->seq << 8 | inner.p[i];
	return UC_OK;
}

static uc_err pair_split(struct view inner, struct pair *out)
{
	*out = (struct pair){ .key = view_slice(inner, 1, inner.n) };
	switch (inner.n ? inner.p[0] : 0) {
	case SPACE_RECORD:
		out->part = STORE_PART_RECORD;
		return UC_OK;
	case SPACE_HEAD:
		out->part = STORE_PART_LOG_HEAD;
		return UC_OK;
	case SPACE_META:
		out->part = STORE_PART_META;
		out->key = (struct view){ 0 };
		return UC_OK;
	case SPACE_ENTRY:
		out->part = STORE_PART_LOG_ENTRY;
		return entry_split(inner, out);
	}
	return UC_E_CORRUPT;
}

typedef uc_err pair_fn(void *ctx, struct view inner, struct view value);

static uc_err pairs_each(struct store *s, pair_fn *each, void *ctx)
{
	struct store_cursor *c;
	struct view key, value;
	TRY(store_usable(s));
	TRY(s->driver->cursor_open(s->engine, VIEW_LIT(""), VIEW_LIT("\xff"), &c));
	uc_err err = UC_OK;
	while (!err) {
		err = s->driver->cursor_next(c, &key, &value);
		if (!err)
			err = each(ctx, key, value);
		else if (err == UC_E_NOT_FOUND)
			break;
	}
	s->driver->cursor_close(c);
	return err == UC_E_NOT_FOUND ? UC_OK : err;
}

struct walk {
	store_visit *visit;
	void *ctx;
};

static uc_err walk_pair(void *ctx, struct view inner, struct view value)
{
	struct walk *w = ctx;
	struct pair p;
	TRY(pair_split(inner, &p));
	uc_err err = w->visit(w->ctx, p.part, p.key, p.seq, value);
	/* Whatever the visitor means by it, the walk isn't at its end. */
	return err == UC_E_NOT_FOUND ? UC_E_STORE : err;
}

uc_err store_walk(struct store *s, store_visit *visit, void *ctx)
{
	struct walk w = { visit, ctx };
	return pairs_each(s, walk_pair, &w);
}

struct check {
	struct store *s;
	store_visit *visit;
	store_problem *problem;
	void *ctx;
	size_t problem_count;
	uint8_t log[STORE_KEY_MAX]; /* whose entries are being walked */
	size_t log_bytes;
	bool in_log, is_torn; /* torn: some of it could not be read */
	uint64_t next, end;   /* entry to come; the head's next, which there is at least */
};

static void problem(struct check *c, const char *what, struct view key)
{
	c->problem_count++;
	if (c->problem)
		c->problem(c->ctx, what, key);
}

static void log_end(struct check *c)
{
	if (c->in_log && c->next < c->end && !c->is_torn)
		problem(c, "the log's last entries are missing", view_make(c->log, c->log_bytes));
	c->in_log = false;
}

static uc_err log_begin(struct check *c, struct view log)
{
	struct log_head h;
	log_end(c);
	if (!key_fits(log)) {
		problem(c, "the log's name is too long", log);
		return UC_OK;
	}
	uc_err err = log_head_stored(c->s, log, &h);
	store_scratch_reset(c->s);
	if (err == UC_E_NOT_FOUND)
		problem(c, "entries of a log that isn't there", log);
	if (err)
		h = (struct log_head){ .first = 1, .next = 1 };
	memcpy(c->log, log.p, log.n);
	c->log_bytes = log.n;
	c->in_log = true;
	c->next = h.first;
	c->end = err ? UINT64_MAX : h.next;
	return err == UC_E_NOT_FOUND || err == UC_E_CORRUPT ? UC_OK : err;
}

static uc_err check_entry(struct check *c, struct view log, uint64_t seq)
{
	if (!c->in_log || !view_equal(log, view_make(c->log, c->log_bytes)))
		TRY(log_begin(c, log));
	if (c->end == UINT64_MAX) { /* without a head: told already */
		c->next = c->end;
		return UC_OK;
	}
	if (seq != c->next && !c->is_torn)
		problem(c, "an entry of the log is missing or too many", log);
	c->next = seq + 1;
	c->is_torn = false;
	return UC_OK;
}

/* A log that should have entries has its first. */
static uc_err check_head(struct check *c, struct view log, struct view value)
{
	struct log_head h;
	if (log_head_decode(value, &h)) {
		problem(c, "the log's head is damaged", log);
		return UC_OK;
	}
	if (h.first == h.next)
		return UC_OK;
	struct view key;
	uc_err err = space_entry(&c->s->scratch, log, h.first, &key);
	if (!err)
		err = c->s->driver->get(c->s->engine, key, NULL, NULL);
	store_scratch_reset(c->s);
	if (err == UC_E_NOT_FOUND)
		problem(c, "the log's first entry is missing", log);
	return err == UC_E_NOT_FOUND ? UC_OK : err;
}

static uc_err check_pair(void *ctx, struct view inner, struct view value)
{
	struct check *c = ctx;
	struct pair p;
	if (pair_split(inner, &p)) {
		problem(c, "a key has no known form", inner);
		return UC_OK;
	}
	if (p.part == STORE_PART_LOG_ENTRY)
		TRY(check_entry(c, p.key, p.seq));
	else
		log_end(c);
	if (p.part == STORE_PART_LOG_HEAD)
		TRY(check_head(c, p.key, value));
	uc_err err = c->visit ? c->visit(c->ctx, p.part, p.key, p.seq, value) : UC_OK;
	if (err == UC_E_MEMORY)
		return err;
	if (err)
		problem(c, uc_err_text(err), p.key);
	return UC_OK;
}

/* Does the store read from there on?  UC_E_CORRUPT: no. */
static uc_err try_from(struct store *s, struct view from)
{
	struct store_cursor *c;
	struct view key, value;
	TRY(s->driver->cursor_open(s->engine, from, VIEW_LIT("\xff"), &c));
	uc_err err = s->driver->cursor_next(c, &key, &value);
	s->driver->cursor_close(c);
	return err;
}

/* Where it reads again behind what cannot be read, which follows `last`: in a log behind the next
 * entry, else behind ever shorter prefixes.  UC_E_NOT_FOUND: nothing more. */
static uc_err skip_damage(struct store *s, struct view last, struct view *from)
{
	struct pair p;
	struct arena *mem = &s->scratch;
	if (last.p[0] == SPACE_ENTRY && !pair_split(last, &p) && p.seq < UINT64_MAX - 2) {
		TRY(space_entry(mem, p.key, p.seq + 2, from));
		uc_err err = try_from(s, *from);
		if (err != UC_E_CORRUPT)
			return err;
	}
	for (size_t n = last.n; n > 0; n--) {
		TRY(space_end(mem, view_slice(last, 0, n), from));
		uc_err err = from->n ? try_from(s, *from) : UC_E_CORRUPT;
		if (err != UC_E_CORRUPT)
			return err;
	}
	return UC_E_NOT_FOUND;
}

/* From a key on, to the end or to damage; the last key that was read is kept. */
static uc_err check_from(struct check *c, struct view from, struct buf *last)
{
	struct store_cursor *cursor;
	struct view key, value;
	TRY(c->s->driver->cursor_open(c->s->engine, from, VIEW_LIT("\xff"), &cursor));
	uc_err err = c->s->driver->cursor_next(cursor, &key, &value);
	while (!err) {
		buf_reset(last);
		buf_add_view(last, key);
		err = check_pair(c, key, value);
		if (!err)
			err = c->s->driver->cursor_next(cursor, &key, &value);
	}
	c->s->driver->cursor_close(cursor);
	return last->failed ? UC_E_MEMORY : err;
}

static uc_err check_all(struct check *c, struct buf *last)
{
	struct view from = VIEW_LIT("");
	uc_err err = UC_E_CORRUPT;
	buf_add_byte(last, SPACE_ENTRY); /* the first there can be */
	while (err == UC_E_CORRUPT) {
		err = check_from(c, from, last);
		if (err != UC_E_CORRUPT)
			break;
		struct pair p;
		bool known = last->n > 1 && !pair_split(buf_view(last), &p);
		problem(c, "what is stored behind this cannot be read",
			known ? p.key : (struct view){ 0 });
		c->is_torn = true; /* said already */
		store_scratch_reset(c->s);
		err = skip_damage(c->s, buf_view(last), &from);
		if (!err) /* check_from takes it from there */
			err = UC_E_CORRUPT;
	}
	store_scratch_reset(c->s);
	return err == UC_E_NOT_FOUND ? UC_OK : err;
}

uc_err store_check(struct store *s, store_visit *visit, store_problem *tell, void *ctx)
{
	struct check c = { .s = s, .visit = visit, .problem = tell, .ctx = ctx };
	struct buf last;
	TRY(store_usable(s));
	buf_init(&last, 2 * STORE_KEY_MAX);
	uc_err err = check_all(&c, &last);
	buf_done(&last);
	TRY(err);
	log_end(&c);
	return c.problem_count ? UC_E_CORRUPT : UC_OK;
}
