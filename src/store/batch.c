/* SPDX-License-Identifier: Apache-2.0 */
/* Collecting a batch's operations; commit.c carries them out. */
#include "store/inner.h"

void store_batch_init(struct store_batch *b, struct view shard)
{
	*b = (struct store_batch){ .conflict = SIZE_MAX };
	arena_init(&b->mem, STORE_BATCH_MAX, ARENA_PLAIN);
	if (shard.n == 0)
		return;
	struct store_key k;
	store_key_start(&k, 0);
	store_key_add(&k, shard);
	if (k.failed || shard.n > 256) {
		b->failed = UC_E_TOO_LARGE;
		return;
	}
	/* Without the tag and the mark of the element's kind, both of which every key brings. */
	b->shard_bytes = k.n - 2;
	memcpy(b->shard, k.b + 2, b->shard_bytes);
}

void store_batch_done(struct store_batch *b)
{
	arena_done(&b->mem);
	*b = (struct store_batch){ .failed = UC_E_ARGUMENT };
}

void store_batch_reset(struct store_batch *b, struct view shard)
{
	arena_done(&b->mem);
	store_batch_init(b, shard);
}

static uc_err copy(struct store_batch *b, struct view v, size_t limit, struct view *out)
{
	if (v.n > limit)
		return UC_E_TOO_LARGE;
	return arena_copy(&b->mem, v, out) ? UC_E_TOO_LARGE : UC_OK;
}

static uc_err add(struct store_batch *b, const struct store_op *what, bool is_lent)
{
	TRY(b->failed);
	struct store_op *op = ARENA_NEW(&b->mem, struct store_op);
	if (!op)
		return UC_E_TOO_LARGE;
	*op = *what;
	TRY(copy(b, what->key, STORE_KEY_MAX, &op->key));
	if (!is_lent)
		TRY(copy(b, what->value, STORE_VALUE_MAX, &op->value));
	else if (what->value.n > STORE_VALUE_MAX)
		return UC_E_TOO_LARGE;
	if (b->last)
		b->last->next = op;
	else
		b->first = op;
	b->last = op;
	b->op_count++;
	return UC_OK;
}

static void add_op(struct store_batch *b, enum store_op_kind kind, struct view key,
		   struct view value, uint64_t seq)
{
	struct store_op op = { .kind = kind, .key = key, .value = value, .seq = seq };
	b->failed = add(b, &op, false);
}

void store_put(struct store_batch *b, struct view key, struct view value)
{
	add_op(b, OP_PUT, key, value, 0);
}

void store_delete(struct store_batch *b, struct view key)
{
	add_op(b, OP_DELETE, key, (struct view){ 0 }, 0);
}

void store_delete_prefix(struct store_batch *b, struct view prefix)
{
	add_op(b, OP_DELETE_PREFIX, prefix, (struct view){ 0 }, 0);
}

void store_put_if_absent(struct store_batch *b, struct view key, struct view value)
{
	add_op(b, OP_PUT_IF_ABSENT, key, value, 0);
}

void store_expect(struct store_batch *b, struct view key, struct view value)
{
	add_op(b, OP_EXPECT, key, value, 0);
}

void store_expect_absent(struct store_batch *b, struct view key)
{
	add_op(b, OP_EXPECT_ABSENT, key, (struct view){ 0 }, 0);
}

void store_log_append(struct store_batch *b, struct view log, uint64_t seq, struct view bytes)
{
	add_op(b, OP_LOG_APPEND, log, bytes, seq);
}

void store_log_append_lent(struct store_batch *b, struct view log, uint64_t seq, struct view bytes)
{
	struct store_op op = { .kind = OP_LOG_APPEND, .key = log, .value = bytes, .seq = seq };
	b->failed = add(b, &op, true);
}

void store_log_start(struct store_batch *b, struct view log, uint64_t next)
{
	add_op(b, OP_LOG_START, log, (struct view){ 0 }, next);
}

void store_log_trim(struct store_batch *b, struct view log, uint64_t first_kept)
{
	add_op(b, OP_LOG_TRIM, log, (struct view){ 0 }, first_kept);
}

void store_log_delete(struct store_batch *b, struct view log)
{
	add_op(b, OP_LOG_DELETE, log, (struct view){ 0 }, 0);
}
