/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/tree_pool.h"

#include "base/heap.h"
#include "base/siphash.h"

#include <assert.h>

enum { LISTS = 5, HASH_BITS = 64 };

struct tree_pool *tree_pool_new(size_t limit_bytes)
{
	struct tree_pool *p = HEAP_NEW(struct tree_pool);
	if (p) {
		p->refs = 1;
		p->limit_bytes = limit_bytes;
	}
	return p;
}

void tree_pool_drop(struct tree_pool *p)
{
	if (!p || --p->refs)
		return;
	assert(!p->used_bytes && !p->kind_count); /* the last tree gave everything back */
	heap_free(p);
}

uc_err tree_pool_charge(struct tree_pool *p, struct heap_account *memory)
{
	if (!p->charged) {
		if (memory && p->used_bytes > heap_account_left(memory))
			return UC_E_LIMIT;
		p->memory = memory;
		if (memory)
			memory->used_bytes += p->used_bytes;
	}
	p->charged++;
	return UC_OK;
}

void tree_pool_discharge(struct tree_pool *p)
{
	if (--p->charged || !p->memory)
		return;
	p->memory->used_bytes -= p->used_bytes;
	p->memory = NULL;
}

void *pool_take(struct tree_pool *p, size_t n)
{
	p->limited = p->used_bytes > p->limit_bytes || n > p->limit_bytes - p->used_bytes;
	if (p->limited)
		return NULL;
	void *what = heap_new_in(p->memory, n);
	if (what)
		p->used_bytes += n;
	else
		p->limited = p->memory && p->memory->limited;
	return what;
}

uc_err pool_error(const struct tree_pool *p)
{
	return p->limited ? UC_E_LIMIT : UC_E_MEMORY;
}

void pool_give(struct tree_pool *p, void *what, size_t n)
{
	if (!what)
		return;
	p->used_bytes -= n;
	heap_free_in(p->memory, what, n);
}

/* --- kinds --- */

static struct u16_list *list_at(struct capabilities *c, int i)
{
	struct u16_list *const all[LISTS] = { &c->versions, &c->cipher_suites, &c->extensions,
					      &c->proposals, &c->credentials };
	return all[i];
}

static struct u16_list list_of(const struct capabilities *c, int i)
{
	const struct u16_list all[LISTS] = { c->versions, c->cipher_suites, c->extensions,
					     c->proposals, c->credentials };
	return all[i];
}

static struct view list_bytes(struct u16_list l)
{
	return view_make(l.v, l.n * sizeof *l.v);
}

static uint64_t lists_hash(const struct tree_pool *p, const struct capabilities *c)
{
	uint64_t hash = 0;
	for (int i = 0; i < LISTS; i++) {
		const uint64_t key[2] = { p->key[0] ^ hash, p->key[1] };
		hash = siphash(key, list_bytes(list_of(c, i)));
	}
	return hash;
}

static bool lists_equal(const struct capabilities *a, const struct capabilities *b)
{
	for (int i = 0; i < LISTS; i++)
		if (!view_equal(list_bytes(list_of(a, i)), list_bytes(list_of(b, i))))
			return false;
	return true;
}

/* Where the kind with these lists stands, or would.  Whoever chooses lists so that many hashes begin
 * alike makes this only as deep as they have bits. */
static struct tree_kind **kind_place(struct tree_pool *p, uint64_t hash,
				     const struct capabilities *c)
{
	struct tree_kind **at = &p->kinds;
	for (unsigned depth = 0; *at; depth++) {
		if ((*at)->hash == hash && lists_equal(&(*at)->lists, c))
			break;
		at = &(*at)->child[hash >> depth % HASH_BITS & 1];
	}
	return at;
}

/* Out of the tree; one from its lower end takes its place. */
static void kind_unlink(struct tree_kind **at)
{
	struct tree_kind *k = *at, **end = at;
	while ((*end)->child[0] || (*end)->child[1])
		end = &(*end)->child[!(*end)->child[0]];
	struct tree_kind *last = *end;
	*end = NULL;
	if (last == k)
		return;
	last->child[0] = k->child[0];
	last->child[1] = k->child[1];
	*at = last;
}

static size_t kind_bytes(const struct tree_kind *k)
{
	return sizeof *k + k->values * sizeof *k->v;
}

static struct tree_kind *kind_new(struct tree_pool *p, const struct capabilities *c)
{
	size_t n = 0;
	for (int i = 0; i < LISTS; i++)
		n += list_of(c, i).n;
	if (n > UINT32_MAX / sizeof(uint16_t))
		return NULL;
	struct tree_kind *k = pool_take(p, sizeof *k + n * sizeof *k->v);
	if (!k)
		return NULL;
	k->refs = 1;
	k->values = (uint32_t)n;
	uint16_t *at = k->v;
	for (int i = 0; i < LISTS; i++) {
		const struct u16_list from = list_of(c, i);
		if (from.n)
			memcpy(at, from.v, from.n * sizeof *at);
		*list_at(&k->lists, i) = (struct u16_list){ at, from.n };
		at += from.n;
	}
	return k;
}

struct tree_kind *tree_kind_share(struct tree_kind *k)
{
	if (k)
		k->refs++;
	return k;
}

void tree_kind_drop(struct tree_pool *p, struct tree_kind *k)
{
	if (!k || --k->refs)
		return;
	kind_unlink(kind_place(p, k->hash, &k->lists));
	p->kind_count--;
	if (k->support != k)
		tree_kind_drop(p, k->support);
	pool_give(p, k, kind_bytes(k));
}

/* --- what a kind supports: its lists as sorted sets, without versions and suites --- */

static void sift(uint16_t *v, size_t at, size_t n)
{
	for (size_t child; (child = 2 * at + 1) < n; at = child) {
		if (child + 1 < n && v[child + 1] > v[child])
			child++;
		if (v[at] >= v[child])
			return;
		uint16_t up = v[child];
		v[child] = v[at];
		v[at] = up;
	}
}

/* Heap sort: lists come from outside and may be long.  Then what is there twice goes. */
static void list_to_set(struct u16_list *l)
{
	for (size_t i = l->n / 2; i-- > 0;)
		sift(l->v, i, l->n);
	for (size_t n = l->n; n > 1; n--) {
		uint16_t last = l->v[n - 1];
		l->v[n - 1] = l->v[0];
		l->v[0] = last;
		sift(l->v, 0, n - 1);
	}
	size_t kept = 0;
	for (size_t i = 0; i < l->n; i++)
		if (!kept || l->v[kept - 1] != l->v[i])
			l->v[kept++] = l->v[i];
	l->n = kept;
}

static uc_err kind_find_or_make(struct tree_pool *p, const struct capabilities *c, bool is_support,
				struct tree_kind **out);

/* k is in the table, without its support. */
static uc_err support_of(struct tree_pool *p, const struct tree_kind *k, struct tree_kind **out)
{
	struct capabilities sets = { .versions = { NULL, 0 } };
	size_t bytes = k->values * sizeof(uint16_t);
	uint16_t *room = pool_take(p, bytes), *at = room;
	if (!room)
		return pool_error(p);
	for (int i = 2; i < LISTS; i++) {
		const struct u16_list from = list_of(&k->lists, i);
		if (from.n)
			memcpy(at, from.v, from.n * sizeof *at);
		*list_at(&sets, i) = (struct u16_list){ at, from.n };
		list_to_set(list_at(&sets, i));
		at += from.n;
	}
	uc_err err = kind_find_or_make(p, &sets, true, out);
	pool_give(p, room, bytes);
	return err;
}

static uc_err kind_find_or_make(struct tree_pool *p, const struct capabilities *c, bool is_support,
				struct tree_kind **out)
{
	uint64_t hash = lists_hash(p, c);
	struct tree_kind **at = kind_place(p, hash, c), *k = *at;
	if (k) {
		*out = tree_kind_share(k);
		return UC_OK;
	}
	k = kind_new(p, c);
	if (!k)
		return pool_error(p);
	k->hash = hash;
	*at = k;
	p->kind_count++;
	k->support = k;
	if (!is_support) {
		struct tree_kind *support = NULL;
		uc_err err = support_of(p, k, &support);
		if (err) {
			tree_kind_drop(p, k);
			return err;
		}
		k->support = support;
		if (support == k)
			k->refs--; /* itself is not counted */
	}
	*out = k;
	return UC_OK;
}

uc_err tree_kind_of(struct tree_pool *p, const struct capabilities *c, struct tree_kind **out)
{
	return kind_find_or_make(p, c, false, out);
}

static void sets_meet(const struct u16_list *a, const struct u16_list *b, struct u16_list *out)
{
	for (size_t i = 0, k = 0; i < a->n && k < b->n;) {
		if (a->v[i] == b->v[k])
			out->v[out->n++] = a->v[i];
		uint16_t x = a->v[i], y = b->v[k];
		i += x <= y;
		k += y <= x;
	}
}

uc_err tree_kind_meet(struct tree_pool *p, struct tree_kind *a, struct tree_kind *b,
		      struct tree_kind **out)
{
	if (!a || !b || a == b) {
		*out = tree_kind_share(a ? a : b);
		return UC_OK;
	}
	struct capabilities both = { .versions = { NULL, 0 } };
	size_t bytes = a->values * sizeof(uint16_t);
	uint16_t *room = pool_take(p, bytes), *at = room;
	if (!room)
		return pool_error(p);
	for (int i = 2; i < LISTS; i++) {
		const struct u16_list x = list_of(&a->lists, i), y = list_of(&b->lists, i);
		list_at(&both, i)->v = at;
		sets_meet(&x, &y, list_at(&both, i));
		at += list_at(&both, i)->n;
	}
	uc_err err = kind_find_or_make(p, &both, true, out);
	pool_give(p, room, bytes);
	return err;
}
