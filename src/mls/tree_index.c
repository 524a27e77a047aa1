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
	uint32_t refs;
	uint32_t n, cap; /* entries of a bucket; cap 0: a branch */
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

void tree_index_share(struct tree_index *x)
{
	if (x)
		x->refs++;
}

void tree_index_drop(struct tree_pool *p, struct tree_index *x)
{
	if (!x || --x->refs)
		return;
	if (x->cap) {
		pool_give(p, x, bucket_bytes(x->cap));
		return;
	}
	for (unsigned i = 0; i < FAN; i++)
		tree_index_drop(p, as_branch(x)->child[i]);
	pool_give(p, x, sizeof(struct branch));
}

static struct tree_index *branch_new(struct tree_pool *p)
{
	struct tree_index *x = pool_take(p, sizeof(struct branch));
	if (x)
		x->refs = 1;
	return x;
}

/* The branch in *at, made our own. */
static struct branch *branch_own(struct tree_pool *p, struct tree_index **at)
{
	struct tree_index *x = *at;
	if (x->refs > 1) {
		struct tree_index *copy = branch_new(p);
		if (!copy)
			return NULL;
		for (unsigned i = 0; i < FAN; i++) {
			as_branch(copy)->child[i] = as_branch(x)->child[i];
			tree_index_share(as_branch(copy)->child[i]);
		}
		x->refs--;
		*at = x = copy;
	}
	return as_branch(x);
}

/* The bucket in *at (or none yet), made our own, with room for `more` entries. */
static struct bucket *bucket_own(struct tree_pool *p, struct tree_index **at, uint32_t more)
{
	struct tree_index *x = *at;
	uint32_t n = x ? x->n : 0;
	if (x && x->refs == 1 && x->cap >= n + more)
		return as_bucket(x);
	uint32_t cap = (n + more + BUCKET_STEP - 1) / BUCKET_STEP * BUCKET_STEP;
	struct tree_index *copy = pool_take(p, bucket_bytes(cap));
	if (!copy)
		return NULL;
	*copy = (struct tree_index){ .refs = 1, .n = n, .cap = cap };
	if (n)
		memcpy(as_bucket(copy)->v, as_bucket(x)->v, n * sizeof(struct entry));
	tree_index_drop(p, x);
	*at = copy;
	return as_bucket(copy);
}

static uc_err add(struct tree_pool *p, struct tree_index **at, unsigned depth, struct entry e);

/* A full bucket becomes a branch. */
static uc_err split(struct tree_pool *p, struct tree_index **at, unsigned depth)
{
	struct tree_index *x = branch_new(p);
	if (!x)
		return pool_error(p);
	for (uint32_t i = 0; i < (*at)->n; i++) {
		const struct entry e = as_bucket(*at)->v[i];
		uc_err err = add(p, &as_branch(x)->child[slot_of(e.hash, depth)], depth + 1, e);
		if (err) {
			tree_index_drop(p, x);
			return err;
		}
	}
	tree_index_drop(p, *at);
	*at = x;
	return UC_OK;
}

static uc_err add(struct tree_pool *p, struct tree_index **at, unsigned depth, struct entry e)
{
	for (;; depth++) {
		if (*at && (*at)->cap && (*at)->n >= BUCKET_MAX && depth < DEPTH_MAX)
			TRY(split(p, at, depth));
		if (!*at || (*at)->cap)
			break;
		struct branch *b = branch_own(p, at);
		if (!b)
			return pool_error(p);
		at = &b->child[slot_of(e.hash, depth)];
	}
	struct bucket *b = bucket_own(p, at, 1);
	if (!b)
		return pool_error(p);
	b->v[b->head.n++] = e;
	return UC_OK;
}

uc_err tree_index_add(struct tree_pool *p, struct tree_index **x, uint32_t hash, uint32_t number)
{
	return add(p, x, 0, (struct entry){ hash, number });
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

/* n when it is not there. */
static uint32_t entry_place(const struct bucket *b, uint32_t hash, uint32_t number)
{
	uint32_t i = 0;
	while (i < b->head.n && (b->v[i].hash != hash || b->v[i].number != number))
		i++;
	return i;
}

uc_err tree_index_remove(struct tree_pool *p, struct tree_index **x, uint32_t hash, uint32_t number)
{
	struct tree_index **at = x;
	const struct bucket *there = bucket_find(*x, hash);
	uint32_t place = there ? entry_place(there, hash, number) : 0;
	if (!there || place == there->head.n)
		return UC_OK;
	for (unsigned depth = 0; !(*at)->cap; depth++) {
		struct branch *b = branch_own(p, at);
		if (!b)
			return pool_error(p);
		at = &b->child[slot_of(hash, depth)];
	}
	if ((*at)->n == 1) {
		tree_index_drop(p, *at);
		*at = NULL;
		return UC_OK;
	}
	struct bucket *b = bucket_own(p, at, 0);
	if (!b)
		return pool_error(p);
	b->v[place] = b->v[--b->head.n];
	return UC_OK;
}

bool tree_index_next(const struct tree_index *x, uint32_t hash, uint32_t *at, uint32_t *number)
{
	const struct bucket *b = bucket_find(x, hash);
	while (b && *at < b->head.n) {
		const struct entry *e = &b->v[(*at)++];
		if (e->hash == hash) {
			*number = e->number;
			return true;
		}
	}
	return false;
}
