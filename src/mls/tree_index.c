/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/tree_index.h"

enum {
	FAN_BITS = 4,
	FAN = 1 << FAN_BITS,
	DEPTH_MAX = 32 / FAN_BITS, /* there, a bucket takes whatever comes */
	BUCKET_MAX = 24,
	BUCKET_STEP = 4,
};

/* A branch or a bucket begins so. */
struct tree_index {
	uint32_t n, cap; /* children, or entries of a bucket; cap 0: a branch */
};

struct branch {
	struct tree_index head;
	struct tree_index *child[FAN];
};

struct entry {
	uint32_t hash, number;
};

struct bucket {
	struct tree_index head;
	struct entry v[];
};

/* What x is, by its cap. */
union shape {
	struct tree_index *head;
	struct branch *branch;
	struct bucket *bucket;
};

static struct branch *as_branch(struct tree_index *x)
{
	union shape s = { .head = x };
	return s.branch;
}

static struct bucket *as_bucket(struct tree_index *x)
{
	union shape s = { .head = x };
	return s.bucket;
}

static size_t bucket_bytes(uint32_t cap)
{
	return sizeof(struct bucket) + cap * sizeof(struct entry);
}

static unsigned slot_of(uint32_t hash, unsigned depth)
{
	return hash >> (32 - FAN_BITS * (depth + 1)) & (FAN - 1);
}

static void drop(struct tree_pool *p, struct tree_index *x)
{
	if (!x)
		return;
	if (x->cap) {
		pool_give(p, x, bucket_bytes(x->cap));
		return;
	}
	for (unsigned i = 0; i < FAN; i++)
		drop(p, as_branch(x)->child[i]);
	pool_give(p, x, sizeof(struct branch));
}

/* The bucket in *at (or none yet), with room for one more. */
static struct bucket *bucket_with_room(struct tree_pool *p, struct tree_index **at)
{
	struct tree_index *x = *at;
	uint32_t n = x ? x->n : 0;
	if (x && x->cap > n)
		return as_bucket(x);
	uint32_t cap = n + BUCKET_STEP + n / 2 / BUCKET_STEP * BUCKET_STEP;
	struct tree_index *more = pool_take(p, bucket_bytes(cap));
	if (!more)
		return NULL;
	*more = (struct tree_index){ .n = n, .cap = cap };
	if (n)
		memcpy(as_bucket(more)->v, as_bucket(x)->v, n * sizeof(struct entry));
	drop(p, x);
	*at = more;
	return as_bucket(more);
}

static uc_err add(struct tree_pool *p, struct tree_index **at, unsigned depth, struct entry e);

/* A full bucket becomes a branch. */
static uc_err split(struct tree_pool *p, struct tree_index **at, unsigned depth)
{
	struct tree_index *x = pool_take(p, sizeof(struct branch));
	if (!x)
		return pool_error(p);
	for (uint32_t i = 0; i < (*at)->n; i++) {
		const struct entry e = as_bucket(*at)->v[i];
		struct tree_index **child = &as_branch(x)->child[slot_of(e.hash, depth)];
		x->n += !*child;
		uc_err err = add(p, child, depth + 1, e);
		if (err) {
			drop(p, x);
			return err;
		}
	}
	drop(p, *at);
	*at = x;
	return UC_OK;
}

static uc_err add(struct tree_pool *p, struct tree_index **at, unsigned depth, struct entry e)
{
	struct tree_index *above = NULL;
	for (;; depth++) {
		if (*at && (*at)->cap && (*at)->n >= BUCKET_MAX && depth < DEPTH_MAX)
			TRY(split(p, at, depth));
		if (!*at || (*at)->cap)
			break;
		above = *at;
		at = &as_branch(above)->child[slot_of(e.hash, depth)];
	}
	bool is_new = !*at;
	struct bucket *b = bucket_with_room(p, at);
	if (!b)
		return pool_error(p);
	b->v[b->head.n++] = e;
	if (is_new && above)
		above->n++;
	return UC_OK;
}

uc_err tree_index_add(struct tree_pool *p, uint32_t hash, uint32_t number)
{
	return add(p, &p->index, 0, (struct entry){ hash, number });
}

void tree_index_remove(struct tree_pool *p, uint32_t hash, uint32_t number)
{
	struct tree_index **way[DEPTH_MAX + 1] = { &p->index };
	unsigned depth = 0;
	while (*way[depth] && !(*way[depth])->cap) {
		way[depth + 1] = &as_branch(*way[depth])->child[slot_of(hash, depth)];
		depth++;
	}
	if (!*way[depth])
		return;
	struct bucket *b = as_bucket(*way[depth]);
	uint32_t i = 0;
	while (i < b->head.n && (b->v[i].hash != hash || b->v[i].number != number))
		i++;
	if (i == b->head.n)
		return;
	b->v[i] = b->v[--b->head.n];
	/* What is empty goes, and what held nothing else. */
	while (!(*way[depth])->n) {
		drop(p, *way[depth]);
		*way[depth] = NULL;
		if (!depth)
			return;
		depth--;
		(*way[depth])->n--;
	}
}

/* The bucket of a hash; NULL when there is none. */
static const struct bucket *bucket_find(const struct tree_index *x, uint32_t hash)
{
	union {
		const struct tree_index *head;
		const struct branch *branch;
		const struct bucket *bucket;
	} at = { .head = x };
	for (unsigned depth = 0; at.head && !at.head->cap; depth++)
		at.head = at.branch->child[slot_of(hash, depth)];
	return at.head ? at.bucket : NULL;
}

bool tree_index_next(const struct tree_pool *p, uint32_t hash, uint32_t *at, uint32_t *number)
{
	const struct bucket *b = bucket_find(p->index, hash);
	while (b && *at < b->head.n) {
		const struct entry *e = &b->v[(*at)++];
		if (e->hash == hash) {
			*number = e->number;
			return true;
		}
	}
	return false;
}
