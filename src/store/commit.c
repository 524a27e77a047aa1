/* SPDX-License-Identifier: Apache-2.0 */
/* Carrying out a batch: operations in order become changes for the engine; a precondition looks
 * at the changes made so far, then at the engine. */
#include "store/inner.h"

/* Up to so many keys are deleted one by one: tombstones of ranges slow every reader down. */
#define RANGE_FROM 64

/* A log the batch has to do with, as the operations so far leave it. */
struct commit_log {
	struct view name;
	uint64_t hash;
	struct log_head head;
	bool is_there;
	bool is_due; /* its record is to be written, or deleted */
	struct commit_log *next;
};

struct commit {
	struct store *s;
	struct arena *mem;
	struct store_change *first, *last;
	struct commit_log *logs;
};

static uc_err change(struct commit *c, enum store_change_kind kind, struct view key,
		     struct view value)
{
	struct store_change *n = ARENA_NEW(c->mem, struct store_change);
	if (!n)
		return UC_E_LIMIT;
	*n = (struct store_change){
		.kind = kind, .key = key, .value = value, .before = c->last, .hash = store_hash(key)
	};
	if (c->last)
		c->last->next = n;
	else
		c->first = n;
	c->last = n;
	return UC_OK;
}

static bool in_range(const struct store_change *range, struct view key)
{
	return view_compare(key, range->key) >= 0 && view_compare(key, range->value) < 0;
}

/* The last change that says what becomes of the key; NULL when none does. */
static struct store_change *change_find(const struct commit *c, struct view key)
{
	uint64_t h = store_hash(key);
	for (struct store_change *n = c->last; n; n = n->before) {
		if (n->kind == CHANGE_DELETE_RANGE ? in_range(n, key)
						   : n->hash == h && view_equal(n->key, key))
			return n;
	}
	return NULL;
}

/* The key's value after the changes so far; out may be NULL. */
static uc_err look(const struct commit *c, struct view key, struct view *out)
{
	const struct store_change *n = change_find(c, key);
	if (!n)
		return store_read_error(c->s, c->s->driver->get(c->s->engine, key, c->mem, out),
					view_slice(key, 1, key.n));
	if (n->kind != CHANGE_PUT)
		return UC_E_NOT_FOUND;
	if (out)
		*out = n->value;
	return UC_OK;
}

/* UC_OK when absent, UC_E_CONFLICT when present. */
static uc_err look_absent(const struct commit *c, struct view key)
{
	uc_err err = look(c, key, NULL);
	return err == UC_E_NOT_FOUND ? UC_OK : err ? err : UC_E_CONFLICT;
}

static uc_err do_put(struct commit *c, const struct store_op *op)
{
	struct view key;
	TRY(space_key(c->mem, SPACE_RECORD, op->key, &key));
	return change(c, CHANGE_PUT, key, op->value);
}

static uc_err do_delete(struct commit *c, const struct store_op *op)
{
	struct view key;
	TRY(space_key(c->mem, SPACE_RECORD, op->key, &key));
	return change(c, CHANGE_DELETE, key, (struct view){ 0 });
}

static uc_err do_put_if_absent(struct commit *c, const struct store_op *op)
{
	struct view key;
	TRY(space_key(c->mem, SPACE_RECORD, op->key, &key));
	TRY(look_absent(c, key));
	return change(c, CHANGE_PUT, key, op->value);
}

static uc_err do_expect(struct commit *c, const struct store_op *op)
{
	struct view key, have;
	TRY(space_key(c->mem, SPACE_RECORD, op->key, &key));
	uc_err err = look(c, key, &have);
	if (err == UC_E_NOT_FOUND)
		return UC_E_CONFLICT;
	return err ? err : view_equal(have, op->value) ? UC_OK : UC_E_CONFLICT;
}

static uc_err do_expect_absent(struct commit *c, const struct store_op *op)
{
	struct view key;
	TRY(space_key(c->mem, SPACE_RECORD, op->key, &key));
	return look_absent(c, key);
}

/* Deletes what the engine has in [from, end), key by key, if that is little: *few tells. */
static uc_err delete_few(struct commit *c, struct view from, struct view end, bool *few)
{
	const struct store_driver *d = c->s->driver;
	struct store_cursor *cursor;
	TRY(d->cursor_open(c->s->engine, from, end, &cursor));
	struct view keys[RANGE_FROM], key, value;
	size_t n = 0;
	uc_err err = UC_OK;
	while (!err && n < RANGE_FROM) {
		err = d->cursor_next(cursor, &key, &value);
		if (!err)
			err = arena_copy(c->mem, key, &keys[n++]);
	}
	d->cursor_close(cursor);
	*few = err == UC_E_NOT_FOUND;
	if (!*few)
		return err;
	for (size_t i = 0; i < n; i++)
		TRY(change(c, CHANGE_DELETE, keys[i], (struct view){ 0 }));
	return UC_OK;
}

static uc_err delete_range(struct commit *c, struct view from, struct view end)
{
	bool few;
	struct store_change *last = c->last;
	TRY(delete_few(c, from, end, &few));
	if (!few)
		return change(c, CHANGE_DELETE_RANGE, from, end);
	for (struct store_change *n = last; n; n = n->before) {
		if (n->kind == CHANGE_PUT && view_compare(n->key, from) >= 0 &&
		    view_compare(n->key, end) < 0)
			TRY(change(c, CHANGE_DELETE, n->key, (struct view){ 0 }));
	}
	return UC_OK;
}

static uc_err do_delete_prefix(struct commit *c, const struct store_op *op)
{
	struct view from, end;
	TRY(space_key(c->mem, SPACE_RECORD, op->key, &from));
	TRY(space_end(c->mem, from, &end));
	return delete_range(c, from, end);
}

/* The log as it is by now. */
static uc_err log_look(struct commit *c, struct view name, struct commit_log **out)
{
	uint64_t h = store_hash(name);
	for (struct commit_log *l = c->logs; l; l = l->next) {
		if (l->hash == h && view_equal(l->name, name)) {
			*out = l;
			return UC_OK;
		}
	}
	struct commit_log *l = ARENA_NEW(c->mem, struct commit_log);
	if (!l)
		return UC_E_LIMIT;
	*l = (struct commit_log){ .name = name, .hash = h, .next = c->logs };
	uc_err err = log_head_get(c->s, name, &l->head);
	if (err && err != UC_E_NOT_FOUND)
		return err;
	l->is_there = !err;
	*out = c->logs = l;
	return UC_OK;
}

/* The head carries the incarnation of the last append; with another one its record is due. */
static void log_mark(struct commit *c, struct commit_log *l)
{
	struct view now = VIEW_OF(c->s->meta.incarnation);
	if (view_equal(VIEW_OF(l->head.incarnation), now))
		return;
	memcpy(l->head.incarnation, now.p, now.n);
	l->is_due = true;
}

static void log_begin(struct commit *c, struct commit_log *l, uint64_t next)
{
	l->head = (struct log_head){ .version = 1, .first = next, .next = next };
	memcpy(l->head.incarnation, c->s->meta.incarnation, sizeof l->head.incarnation);
	l->is_there = l->is_due = true;
}

static uc_err do_log_append(struct commit *c, const struct store_op *op)
{
	struct commit_log *l;
	struct view entry;
	TRY(log_look(c, op->key, &l));
	if (op->seq != (l->is_there ? l->head.next : 1) || op->seq == UINT64_MAX)
		return UC_E_CONFLICT;
	if (!l->is_there)
		log_begin(c, l, 1);
	log_mark(c, l);
	l->head.next++;
	TRY(space_entry(c->mem, op->key, op->seq, &entry));
	return change(c, CHANGE_PUT, entry, op->value);
}

static uc_err do_log_start(struct commit *c, const struct store_op *op)
{
	struct commit_log *l;
	if (op->seq == 0)
		return UC_E_ARGUMENT;
	TRY(log_look(c, op->key, &l));
	if (l->is_there)
		return UC_E_CONFLICT;
	log_begin(c, l, op->seq);
	return UC_OK;
}

static uc_err entries_delete(struct commit *c, struct view log, uint64_t from, uint64_t to)
{
	struct view first, end;
	if (to - from < RANGE_FROM) {
		for (uint64_t seq = from; seq < to; seq++) {
			TRY(space_entry(c->mem, log, seq, &first));
			TRY(change(c, CHANGE_DELETE, first, (struct view){ 0 }));
		}
		return UC_OK;
	}
	TRY(space_entry(c->mem, log, from, &first));
	TRY(space_entry(c->mem, log, to, &end));
	return change(c, CHANGE_DELETE_RANGE, first, end);
}

static uc_err do_log_trim(struct commit *c, const struct store_op *op)
{
	struct commit_log *l;
	TRY(log_look(c, op->key, &l));
	if (!l->is_there)
		return UC_OK;
	uint64_t to = op->seq < l->head.next ? op->seq : l->head.next;
	if (to <= l->head.first)
		return UC_OK;
	TRY(entries_delete(c, op->key, l->head.first, to));
	l->head.first = to;
	l->is_due = true;
	return UC_OK;
}

static uc_err do_log_delete(struct commit *c, const struct store_op *op)
{
	struct commit_log *l;
	TRY(log_look(c, op->key, &l));
	if (!l->is_there)
		return UC_OK;
	TRY(entries_delete(c, op->key, l->head.first, l->head.next));
	l->is_there = false;
	l->is_due = true;
	return UC_OK;
}

/* The records of heads, once for all the batch does to a log. */
static uc_err heads_write(struct commit *c)
{
	for (const struct commit_log *l = c->logs; l; l = l->next) {
		struct view key, bytes;
		if (!l->is_due)
			continue;
		TRY(space_key(c->mem, SPACE_HEAD, l->name, &key));
		if (!l->is_there) {
			TRY(change(c, CHANGE_DELETE, key, (struct view){ 0 }));
			continue;
		}
		TRY(wire_encode_to(c->mem, wire_log_head, &l->head, &bytes));
		TRY(change(c, CHANGE_PUT, key, bytes));
	}
	return UC_OK;
}

/* What a failed write left is the store's to say. */
static void heads_keep(struct commit *c, bool is_written)
{
	for (const struct commit_log *l = c->logs; l; l = l->next) {
		if (is_written && l->is_there)
			heads_put(&c->s->heads, l->name, &l->head);
		else
			heads_drop(&c->s->heads, l->name);
	}
}

static uc_err (*const do_op[OP_COUNT])(struct commit *c, const struct store_op *op) = {
	[OP_PUT] = do_put,
	[OP_DELETE] = do_delete,
	[OP_DELETE_PREFIX] = do_delete_prefix,
	[OP_PUT_IF_ABSENT] = do_put_if_absent,
	[OP_EXPECT] = do_expect,
	[OP_EXPECT_ABSENT] = do_expect_absent,
	[OP_LOG_APPEND] = do_log_append,
	[OP_LOG_START] = do_log_start,
	[OP_LOG_TRIM] = do_log_trim,
	[OP_LOG_DELETE] = do_log_delete,
};

/* key.h: a tag, the mark of a bytes element, then the shard. */
static bool in_shard(const struct store_batch *b, struct view key)
{
	return b->shard_bytes == 0 ||
	       (key.n > 2 && key.p[1] == 1 &&
		view_starts_with(view_slice(key, 2, key.n), view_make(b->shard, b->shard_bytes)));
}

static uc_err commit(struct commit *c, struct store_batch *b)
{
	size_t i = 0;
	for (const struct store_op *op = b->first; op; op = op->next, i++) {
		if (c->s->check_shards && !in_shard(b, op->key))
			return UC_E_ARGUMENT;
		uc_err err = do_op[op->kind](c, op);
		if (err == UC_E_CONFLICT)
			b->conflict = i;
		TRY(err);
	}
	TRY(heads_write(c));
	if (!c->first)
		return UC_OK;
	uc_err err = store_write(c->s, c->first);
	heads_keep(c, !err);
	return err;
}

uc_err store_commit(struct store *s, struct store_batch *b)
{
	b->conflict = SIZE_MAX;
	TRY(b->failed);
	TRY(store_usable(s));
	TRY(s->refuses);
	struct commit c = { .s = s, .mem = &s->scratch };
	uc_err err = commit(&c, b);
	store_scratch_reset(s);
	return err;
}
