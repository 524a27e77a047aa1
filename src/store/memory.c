/* SPDX-License-Identifier: Apache-2.0 */
/* A persistent treap: writing copies the path to what changes and shares the rest, so that a root
 * is a snapshot.  Scans, unsynced commits and the durable state are roots. */
#include "store/store_memory.h"

#include "base/heap.h"
#include "store/driver.h"

#include <assert.h>

/* Nodes one change may copy; a treap of 2^40 keys is less deep than half of it but for a chance
 * nobody has met. */
#define POOL_FULL 512

struct entry {
	size_t refs, key_bytes, value_bytes;
};

struct node {
	size_t refs;
	uint64_t priority;
	struct entry *entry;
	struct node *left, *right;
};

struct store_memory {
	struct node *current, *durable, *kept;
	struct entry *rotten;    /* NULL: none */
	struct entry *rotten_to; /* of a block, its last; NULL: it is one alone */
	struct node **unsynced;  /* roots after each commit since the last sync */
	size_t unsynced_count, unsynced_cap;
	struct node *pool; /* linked by left */
	size_t pool_count;
	size_t used_bytes, capacity_bytes;
	uint64_t dice;
	bool open;
};

struct store_cursor {
	struct store_memory *m;
	struct node *root;
	struct entry *at; /* last returned */
	uint8_t *bounds;
	struct view from, end;
};

static struct view entry_key(const struct entry *e)
{
	return view_make(e + 1, e->key_bytes);
}

static struct view entry_value(const struct entry *e)
{
	return view_make((const uint8_t *)(e + 1) + e->key_bytes, e->value_bytes);
}

static struct entry *entry_new(struct store_memory *m, struct view key, struct view value)
{
	struct entry *e = heap_new(sizeof *e + key.n + value.n);
	if (!e)
		return NULL;
	*e = (struct entry){ 1, key.n, value.n };
	if (key.n)
		memcpy(e + 1, key.p, key.n);
	if (value.n)
		memcpy((uint8_t *)(e + 1) + key.n, value.p, value.n);
	m->used_bytes += key.n + value.n;
	return e;
}

static void entry_release(struct store_memory *m, struct entry *e)
{
	if (--e->refs)
		return;
	m->used_bytes -= e->key_bytes + e->value_bytes;
	heap_free(e);
}

static struct node *keep(struct node *t)
{
	if (t)
		t->refs++;
	return t;
}

static void release(struct store_memory *m, struct node *t)
{
	if (!t || --t->refs)
		return;
	release(m, t->left);
	release(m, t->right);
	entry_release(m, t->entry);
	heap_free(t);
}

static uc_err pool_fill(struct store_memory *m)
{
	while (m->pool_count < POOL_FULL) {
		struct node *t = HEAP_NEW(struct node);
		if (!t)
			return UC_E_MEMORY;
		t->left = m->pool;
		m->pool = t;
		m->pool_count++;
	}
	return UC_OK;
}

static struct node *pool_take(struct store_memory *m)
{
	struct node *t = m->pool;
	assert(t);
	m->pool = t->left;
	m->pool_count--;
	return t;
}

/* The node itself when nobody else sees it, else a copy; takes over the caller's reference. */
static struct node *own(struct store_memory *m, struct node *t)
{
	if (t->refs == 1)
		return t;
	struct node *copy = pool_take(m);
	*copy = *t;
	copy->refs = 1;
	copy->entry->refs++;
	keep(copy->left);
	keep(copy->right);
	t->refs--;
	return copy;
}

/* left: keys before `key` (and the key itself if `after`), right: the others. */
static void split(struct store_memory *m, struct node *t, struct view key, bool after,
		  struct node **left, struct node **right)
{
	if (!t) {
		*left = *right = NULL;
		return;
	}
	t = own(m, t);
	int order = view_compare(entry_key(t->entry), key);
	if (order < 0 || (order == 0 && after)) {
		split(m, t->right, key, after, &t->right, right);
		*left = t;
	} else {
		split(m, t->left, key, after, left, &t->left);
		*right = t;
	}
}

static struct node *join(struct store_memory *m, struct node *left, struct node *right)
{
	if (!left || !right)
		return left ? left : right;
	if (left->priority > right->priority) {
		left = own(m, left);
		left->right = join(m, left->right, right);
		return left;
	}
	right = own(m, right);
	right->left = join(m, left, right->left);
	return right;
}

/* splitmix64: shape only, nothing secret. */
static uint64_t roll(struct store_memory *m)
{
	uint64_t z = m->dice += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uc_err change(struct store_memory *m, struct node **root, const struct store_change *c)
{
	struct node *left, *middle, *right, *fresh = NULL;
	bool range = c->kind == CHANGE_DELETE_RANGE;
	if (range && view_compare(c->key, c->value) >= 0)
		return UC_OK;
	TRY(pool_fill(m));
	if (c->kind == CHANGE_PUT) {
		struct entry *e = entry_new(m, c->key, c->value);
		if (!e)
			return UC_E_MEMORY;
		fresh = pool_take(m);
		*fresh = (struct node){ .refs = 1, .priority = roll(m), .entry = e };
	}
	split(m, *root, c->key, false, &left, &right);
	split(m, right, range ? c->value : c->key, !range, &middle, &right);
	release(m, middle);
	*root = join(m, join(m, left, fresh), right);
	return UC_OK;
}

static uc_err unsynced_room(struct store_memory *m)
{
	if (m->unsynced_count < m->unsynced_cap)
		return UC_OK;
	size_t cap = m->unsynced_cap ? 2 * m->unsynced_cap : 16;
	struct node **p = heap_new(cap * sizeof(struct node *));
	if (!p)
		return UC_E_MEMORY;
	if (m->unsynced_count)
		memcpy(p, m->unsynced, m->unsynced_count * sizeof(struct node *));
	heap_free(m->unsynced);
	m->unsynced = p;
	m->unsynced_cap = cap;
	return UC_OK;
}

static struct store_memory *memory_of(struct store_engine *e)
{
	return (struct store_memory *)(void *)e;
}

static uc_err memory_write(struct store_engine *e, const struct store_change *first)
{
	struct store_memory *m = memory_of(e);
	TRY(unsynced_room(m));
	struct node *root = keep(m->current);
	uc_err err = UC_OK;
	for (const struct store_change *c = first; c && !err; c = c->next)
		err = change(m, &root, c);
	if (!err && m->capacity_bytes && m->used_bytes > m->capacity_bytes)
		err = UC_E_FULL;
	if (err) {
		release(m, root);
		return err;
	}
	release(m, m->current);
	m->current = root;
	m->unsynced[m->unsynced_count++] = keep(root);
	return UC_OK;
}

static void unsynced_forget(struct store_memory *m)
{
	while (m->unsynced_count)
		release(m, m->unsynced[--m->unsynced_count]);
}

static uc_err memory_sync(struct store_engine *e)
{
	struct store_memory *m = memory_of(e);
	unsynced_forget(m);
	release(m, m->durable);
	m->durable = keep(m->current);
	return UC_OK;
}

static bool is_rotten(const struct store_memory *m, const struct entry *e)
{
	return m->rotten == e;
}

static bool is_in_rotten_block(const struct store_memory *m, const struct entry *e)
{
	return m->rotten_to && view_compare(entry_key(e), entry_key(m->rotten)) >= 0 &&
	       view_compare(entry_key(e), entry_key(m->rotten_to)) <= 0;
}

static uc_err memory_get(struct store_engine *e, struct view key, struct arena *mem,
			 struct view *out)
{
	const struct node *t = memory_of(e)->current;
	while (t) {
		int order = view_compare(key, entry_key(t->entry));
		if (order == 0 && is_rotten(memory_of(e), t->entry))
			return UC_E_CORRUPT;
		if (order == 0)
			return out ? arena_copy(mem, entry_value(t->entry), out) : UC_OK;
		t = order < 0 ? t->left : t->right;
	}
	return UC_E_NOT_FOUND;
}

static uc_err memory_cursor_open(struct store_engine *e, struct view from, struct view end,
				 struct store_cursor **out)
{
	struct store_cursor *c = heap_new(sizeof *c + from.n + end.n);
	if (!c)
		return UC_E_MEMORY;
	c->m = memory_of(e);
	c->bounds = (uint8_t *)(c + 1);
	if (from.n)
		memcpy(c->bounds, from.p, from.n);
	if (end.n)
		memcpy(c->bounds + from.n, end.p, end.n);
	c->from = view_make(c->bounds, from.n);
	c->end = view_make(c->bounds + from.n, end.n);
	c->root = keep(c->m->current);
	*out = c;
	return UC_OK;
}

/* The first entry at or after (or only after) the key. */
static struct entry *entry_from(const struct node *t, struct view key, bool only_after)
{
	struct entry *best = NULL;
	while (t) {
		int order = view_compare(entry_key(t->entry), key);
		bool ahead = order > 0 || (order == 0 && !only_after);
		if (ahead)
			best = t->entry;
		t = ahead ? t->left : t->right;
	}
	return best;
}

static uc_err memory_cursor_next(struct store_cursor *c, struct view *key, struct view *value)
{
	struct entry *e = entry_from(c->root, c->at ? entry_key(c->at) : c->from, c->at != NULL);
	if (e && is_in_rotten_block(c->m, e))
		return UC_E_CORRUPT;
	if (!e || view_compare(entry_key(e), c->end) >= 0)
		return UC_E_NOT_FOUND;
	if (is_rotten(c->m, e))
		return UC_E_CORRUPT;
	c->at = e;
	*key = entry_key(e);
	*value = entry_value(e);
	return UC_OK;
}

/* The last entry before the key. */
static struct entry *entry_before(const struct node *t, struct view key)
{
	struct entry *best = NULL;
	while (t) {
		bool before = view_compare(entry_key(t->entry), key) < 0;
		if (before)
			best = t->entry;
		t = before ? t->right : t->left;
	}
	return best;
}

static uc_err memory_last(struct store_engine *e, struct view from, struct view end,
			  struct arena *mem, struct view *key, struct view *value)
{
	const struct entry *last = entry_before(memory_of(e)->current, end);
	if (!last || view_compare(entry_key(last), from) < 0)
		return UC_E_NOT_FOUND;
	if (is_rotten(memory_of(e), last))
		return UC_E_CORRUPT;
	TRY(arena_copy(mem, entry_key(last), key));
	return value ? arena_copy(mem, entry_value(last), value) : UC_OK;
}

static void memory_cursor_close(struct store_cursor *c)
{
	release(c->m, c->root);
	heap_free(c);
}

static uc_err memory_open(const struct store_options *o, struct store_engine **out)
{
	if (!o->memory)
		return UC_E_ARGUMENT;
	if (o->memory->open)
		return UC_E_LOCKED;
	o->memory->open = true;
	*out = (struct store_engine *)(void *)o->memory;
	return UC_OK;
}

static void memory_close(struct store_engine *e)
{
	memory_of(e)->open = false;
}

static uc_err memory_maintain(struct store_engine *e)
{
	(void)e; /* what is deleted is freed with the last root that knows it */
	return UC_OK;
}

const struct store_driver store_memory_driver = {
	.name = "memory",
	.open = memory_open,
	.close = memory_close,
	.get = memory_get,
	.write = memory_write,
	.sync = memory_sync,
	.last = memory_last,
	.cursor_open = memory_cursor_open,
	.cursor_next = memory_cursor_next,
	.cursor_close = memory_cursor_close,
	.maintain = memory_maintain,
};

struct store_memory *store_memory_new(void)
{
	return HEAP_NEW(struct store_memory);
}

void store_memory_free(struct store_memory *m)
{
	if (!m)
		return;
	unsynced_forget(m);
	heap_free(m->unsynced);
	store_memory_heal(m);
	release(m, m->current);
	release(m, m->durable);
	release(m, m->kept);
	while (m->pool) {
		struct node *t = m->pool;
		m->pool = t->left;
		heap_free(t);
	}
	heap_free(m);
}

size_t store_memory_unsynced(const struct store_memory *m)
{
	return m->unsynced_count;
}

void store_memory_crash(struct store_memory *m, size_t keep_count)
{
	struct node *root = m->durable;
	if (keep_count && m->unsynced_count)
		root = m->unsynced[(keep_count < m->unsynced_count ? keep_count
								   : m->unsynced_count) -
				   1];
	keep(root);
	release(m, m->current);
	release(m, m->durable);
	unsynced_forget(m);
	m->current = root;
	m->durable = keep(root);
}

void store_memory_set_capacity(struct store_memory *m, size_t bytes)
{
	m->capacity_bytes = bytes;
}

static uc_err copy_nodes(struct store_memory *to, const struct node *t)
{
	if (!t)
		return UC_OK;
	struct store_change c = { .kind = CHANGE_PUT,
				  .key = entry_key(t->entry),
				  .value = entry_value(t->entry) };
	TRY(change(to, &to->current, &c));
	TRY(copy_nodes(to, t->left));
	return copy_nodes(to, t->right);
}

struct store_memory *store_memory_copy(const struct store_memory *m)
{
	struct store_memory *to = store_memory_new();
	if (to && copy_nodes(to, m->durable)) {
		store_memory_free(to);
		return NULL;
	}
	if (to)
		to->durable = keep(to->current);
	return to;
}

void store_memory_keep(struct store_memory *m)
{
	release(m, m->kept);
	m->kept = keep(m->durable);
}

bool store_memory_put_back(struct store_memory *m)
{
	if (!m->kept)
		return false;
	release(m, m->current);
	release(m, m->durable);
	unsynced_forget(m);
	m->current = keep(m->kept);
	m->durable = keep(m->kept);
	return true;
}

static size_t records(const struct node *t)
{
	return t ? records(t->left) + 1 + records(t->right) : 0;
}

size_t store_memory_records(const struct store_memory *m)
{
	return records(m->current);
}

/* The entry at this place; *place: how many of them lie before what was not gone through yet. */
static struct entry *entry_nth(const struct node *t, size_t *place)
{
	if (!t)
		return NULL;
	struct entry *e = entry_nth(t->left, place);
	if (e || !(*place)--)
		return e ? e : t->entry;
	return entry_nth(t->right, place);
}

bool store_memory_rot(struct store_memory *m, size_t place)
{
	struct entry *e = entry_nth(m->current, &place);
	if (!e)
		return false;
	store_memory_heal(m);
	e->refs++;
	m->rotten = e;
	return true;
}

bool store_memory_rot_block(struct store_memory *m, size_t place, size_t last)
{
	struct entry *e = entry_nth(m->current, &last);
	if (!e || !store_memory_rot(m, place))
		return false;
	e->refs++;
	m->rotten_to = e;
	return true;
}

void store_memory_heal(struct store_memory *m)
{
	if (m->rotten)
		entry_release(m, m->rotten);
	if (m->rotten_to)
		entry_release(m, m->rotten_to);
	m->rotten = m->rotten_to = NULL;
}
