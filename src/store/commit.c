/* SPDX-License-Identifier: Apache-2.0 */
/* Carrying out a batch: operations in order become changes for the engine; a precondition looks
 * at the changes made so far, then at the engine. */
#include "store/inner.h"

/* Up to so many keys are deleted one by one: tombstones of ranges slow every reader down. */
#define RANGE_FROM 64

struct commit {
	struct store *s;
	struct arena *mem;
	struct store_change *first, *last;
};

static uint64_t hash_of(struct view key)
{
	uint64_t h = 0xcbf29ce484222325;
	for (size_t i = 0; i < key.n; i++)
		h = (h ^ key.p[i]) * 0x100000001b3;
	return h;
}

static uc_err change(struct commit *c, enum store_change_kind kind, struct view key,
		     struct view value)
{
	struct store_change *n = ARENA_NEW(c->mem, struct store_change);
	if (!n)
		return UC_E_LIMIT;
	*n = (struct store_change){
		.kind = kind, .key = key, .value = value, .before = c->last, .hash = hash_of(key)
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
	uint64_t h = hash_of(key);
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
		return c->s->driver->get(c->s->engine, key, c->mem, out);
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

static uc_err head_look(const struct commit *c, struct view key, struct log_head *out)
{
	struct view bytes;
	TRY(look(c, key, &bytes));
	return log_head_decode(bytes, out);
}

static uc_err head_put(struct commit *c, struct view key, const struct log_head *h)
{
	struct view bytes;
	TRY(wire_encode_to(c->mem, wire_log_head, h, &bytes));
	struct store_change *n = change_find(c, key);
	if (n && n->kind == CHANGE_PUT) {
		n->value = bytes;
		return UC_OK;
	}
	return change(c, CHANGE_PUT, key, bytes);
}

static struct log_head head_new(const struct commit *c, uint64_t next)
{
	struct log_head h = { .version = 1, .first = next, .next = next };
	memcpy(h.incarnation, c->s->meta.incarnation, sizeof h.incarnation);
	return h;
}

static uc_err do_log_append(struct commit *c, const struct store_op *op)
{
	struct view key, entry;
	struct log_head h;
	TRY(space_key(c->mem, SPACE_HEAD, op->key, &key));
	uc_err err = head_look(c, key, &h);
	if (err == UC_E_NOT_FOUND)
		h = head_new(c, 1);
	else
		TRY(err);
	if (h.next != op->seq || op->seq == UINT64_MAX)
		return UC_E_CONFLICT;
	h.next++;
	memcpy(h.incarnation, c->s->meta.incarnation, sizeof h.incarnation);
	TRY(space_entry(c->mem, op->key, op->seq, &entry));
	TRY(change(c, CHANGE_PUT, entry, op->value));
	return head_put(c, key, &h);
}

static uc_err do_log_start(struct commit *c, const struct store_op *op)
{
	struct view key;
	if (op->seq == 0)
		return UC_E_ARGUMENT;
	TRY(space_key(c->mem, SPACE_HEAD, op->key, &key));
	TRY(look_absent(c, key));
	struct log_head h = head_new(c, op->seq);
	return head_put(c, key, &h);
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
	struct view key;
	struct log_head h;
	TRY(space_key(c->mem, SPACE_HEAD, op->key, &key));
	uc_err err = head_look(c, key, &h);
	if (err == UC_E_NOT_FOUND)
		return UC_OK;
	TRY(err);
	uint64_t to = op->seq < h.next ? op->seq : h.next;
	if (to <= h.first)
		return UC_OK;
	TRY(entries_delete(c, op->key, h.first, to));
	h.first = to;
	return head_put(c, key, &h);
}

static uc_err do_log_delete(struct commit *c, const struct store_op *op)
{
	struct view key;
	struct log_head h;
	TRY(space_key(c->mem, SPACE_HEAD, op->key, &key));
	uc_err err = head_look(c, key, &h);
	if (err == UC_E_NOT_FOUND)
		return UC_OK;
	TRY(err);
	TRY(entries_delete(c, op->key, h.first, h.next));
	return change(c, CHANGE_DELETE, key, (struct view){ 0 });
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
	return c->first ? store_write(c->s, c->first) : UC_OK;
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
