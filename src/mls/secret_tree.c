/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/secret_tree.h"

#include "base/heap.h"
#include "mls/rule.h"

enum { STORED_VERSION = 1, LEAVES_FIRST = 8 };

void message_key_wipe(struct message_key *k)
{
	wipe(k, sizeof *k);
}

static void ratchet_done(struct heap_account *m, struct ratchet *r)
{
	heap_free_wiped_in(m, r->skipped, r->cap * sizeof *r->skipped);
	wipe(r, sizeof *r);
}

static void leaf_free(struct heap_account *m, struct leaf_ratchets *l)
{
	if (!l)
		return;
	for (int i = 0; i < RATCHET_KINDS; i++)
		ratchet_done(m, &l->ratchet[i]);
	heap_free_wiped_in(m, l, sizeof *l);
}

uc_err secret_tree_init(struct secret_tree *t, const struct suite *s, uint32_t n_leaves,
			struct view encryption_secret)
{
	struct secret_tree fresh = { .suite = s, .tree.memory = t->tree.memory };
	TRY(key_tree_init(&fresh.tree, s, n_leaves, encryption_secret));
	*t = fresh;
	return UC_OK;
}

void secret_tree_done(struct secret_tree *t)
{
	struct heap_account *m = t->tree.memory;
	for (size_t i = 0; i < t->n; i++)
		leaf_free(m, t->leaves[i]);
	heap_free_in(m, t->leaves, t->cap * sizeof *t->leaves);
	heap_free_in(m, t->steps, t->steps_cap * sizeof *t->steps);
	key_tree_done(&t->tree);
	*t = (struct secret_tree){ .tree.memory = m };
}

/* Where the leaf stands, or would. */
static size_t leaf_place(const struct secret_tree *t, uint32_t leaf)
{
	size_t from = 0, to = t->n;
	while (from < to) {
		size_t mid = from + (to - from) / 2;
		if (t->leaves[mid]->leaf < leaf)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

static struct leaf_ratchets *leaf_find(const struct secret_tree *t, uint32_t leaf)
{
	size_t at = leaf_place(t, leaf);
	return at < t->n && t->leaves[at]->leaf == leaf ? t->leaves[at] : NULL;
}

/* --- one ratchet --- */

/* RFC 9420, 9.1 */
static uc_err key_derive(const struct suite *s, const struct secret *secret, uint32_t generation,
			 struct message_key *out)
{
	struct view v = secret_view(secret);
	out->generation = generation;
	TRY(derive_tree_secret(s, v, "key", generation, out->key, s->nk));
	return derive_tree_secret(s, v, "nonce", generation, out->nonce, s->nn);
}

static uc_err secret_advance(const struct suite *s, struct secret *secret, uint32_t generation)
{
	struct secret next = { .n = s->nh };
	uc_err err =
		derive_tree_secret(s, secret_view(secret), "secret", generation, next.b, next.n);
	if (!err)
		*secret = next;
	secret_wipe(&next);
	return err;
}

/* n when it is not there. */
static size_t skipped_find(const struct ratchet *r, uint32_t generation)
{
	size_t i = 0;
	while (i < r->n && r->skipped[i].generation != generation)
		i++;
	return i;
}

static uc_err generation_check(const struct ratchet *r, uint32_t generation)
{
	/* The last number is never used, so that `next` cannot overflow. */
	if (GROUND(MESSAGE_KEY_IS_THERE, generation == UINT32_MAX))
		return UC_E_DECRYPT;
	if (BREAKS(GENERATION_IN_REACH, generation - r->next > SECRET_TREE_FORWARD_MAX))
		return UC_E_DECRYPT;
	return UC_OK;
}

static uc_err ratchet_peek(const struct suite *s, const struct ratchet *r, uint32_t generation,
			   struct message_key *out)
{
	if (generation < r->next) {
		size_t i = skipped_find(r, generation);
		if (GROUND(MESSAGE_KEY_IS_THERE, i == r->n))
			return UC_E_DECRYPT;
		*out = r->skipped[i];
		return UC_OK;
	}
	TRY(generation_check(r, generation));
	struct secret secret = r->secret;
	struct message_key key = { 0 };
	uc_err err = UC_OK;
	for (uint32_t g = r->next; g < generation && !err; g++)
		err = secret_advance(s, &secret, g);
	if (!err)
		err = key_derive(s, &secret, generation, &key);
	if (!err)
		*out = key;
	secret_wipe(&secret);
	message_key_wipe(&key);
	return err;
}

static void skipped_drop(struct ratchet *r, size_t i)
{
	memmove(r->skipped + i, r->skipped + i + 1, (r->n - i - 1) * sizeof *r->skipped);
	r->n--;
	message_key_wipe(&r->skipped[r->n]);
}

/* Fills next, which is zero, with r as it is after `generation` was used; r stays. */
static uc_err ratchet_forward(const struct suite *s, struct heap_account *m,
			      const struct ratchet *r, uint32_t generation, struct ratchet *next)
{
	size_t made = generation - r->next;
	if (made > SECRET_TREE_SKIPPED_MAX)
		made = SECRET_TREE_SKIPPED_MAX;
	size_t kept = SECRET_TREE_SKIPPED_MAX - made < r->n ? SECRET_TREE_SKIPPED_MAX - made : r->n;
	next->cap = made + kept;
	if ((made || kept) && !(next->skipped = heap_new_in(m, next->cap * sizeof *next->skipped)))
		return heap_account_error(m);
	if (kept)
		memcpy(next->skipped, r->skipped + r->n - kept, kept * sizeof *next->skipped);
	next->n = kept;
	next->secret = r->secret;
	for (next->next = r->next; next->next <= generation; next->next++) {
		if (next->next < generation && generation - next->next <= made)
			TRY(key_derive(s, &next->secret, next->next, &next->skipped[next->n++]));
		TRY(secret_advance(s, &next->secret, next->next));
	}
	return UC_OK;
}

static uc_err ratchet_consume(const struct suite *s, struct heap_account *m, struct ratchet *r,
			      uint32_t generation)
{
	if (generation < r->next) {
		size_t i = skipped_find(r, generation);
		if (GROUND(MESSAGE_KEY_IS_THERE, i == r->n))
			return UC_E_DECRYPT;
		skipped_drop(r, i);
		return UC_OK;
	}
	TRY(generation_check(r, generation));
	if (generation == r->next) { /* by far the most frequent: nothing is skipped */
		TRY(secret_advance(s, &r->secret, generation));
		r->next++;
		return UC_OK;
	}
	struct ratchet next = { 0 };
	uc_err err = ratchet_forward(s, m, r, generation, &next);
	if (err) {
		ratchet_done(m, &next);
		return err;
	}
	ratchet_done(m, r);
	*r = next;
	wipe(&next, sizeof next);
	return UC_OK;
}

/* --- leaves --- */

/* The two ratchets of a leaf at their start (RFC 9420, 9.1). */
static uc_err ratchets_start(const struct suite *s, const struct secret *leaf_secret,
			     struct leaf_ratchets *out)
{
	static const char *const labels[RATCHET_KINDS] = {
		[RATCHET_HANDSHAKE] = "handshake",
		[RATCHET_APPLICATION] = "application",
	};
	for (int i = 0; i < RATCHET_KINDS; i++)
		TRY(derive_secret(s, secret_view(leaf_secret), labels[i], &out->ratchet[i].secret));
	return UC_OK;
}

static uc_err leaf_start(const struct secret_tree *t, uint32_t leaf, struct leaf_ratchets *out)
{
	struct secret secret = { 0 };
	uc_err err = key_tree_peek(&t->tree, leaf, &secret);
	if (GROUND(MESSAGE_KEY_IS_THERE, err == UC_E_NOT_FOUND))
		err = UC_E_DECRYPT;
	out->leaf = leaf;
	if (!err)
		err = ratchets_start(t->suite, &secret, out);
	secret_wipe(&secret);
	return err;
}

uc_err secret_tree_peek(const struct secret_tree *t, uint32_t leaf, enum ratchet_kind kind,
			uint32_t generation, struct message_key *out)
{
	const struct leaf_ratchets *l = leaf_find(t, leaf);
	if (l)
		return ratchet_peek(t->suite, &l->ratchet[kind], generation, out);
	struct leaf_ratchets start = { 0 };
	uc_err err = leaf_start(t, leaf, &start);
	if (!err)
		err = ratchet_peek(t->suite, &start.ratchet[kind], generation, out);
	wipe(&start, sizeof start);
	return err;
}

static uc_err leaves_reserve(struct secret_tree *t)
{
	if (t->n < t->cap)
		return UC_OK;
	size_t cap = t->cap ? 2 * t->cap : LEAVES_FIRST;
	struct leaf_ratchets **leaves =
		heap_new_in(t->tree.memory, cap * sizeof(struct leaf_ratchets *));
	if (!leaves)
		return heap_account_error(t->tree.memory);
	if (t->n)
		memcpy(leaves, t->leaves, t->n * sizeof(struct leaf_ratchets *));
	heap_free_in(t->tree.memory, t->leaves, t->cap * sizeof *t->leaves);
	t->leaves = leaves;
	t->cap = cap;
	return UC_OK;
}

/* There is room. */
static void leaf_insert(struct secret_tree *t, struct leaf_ratchets *l)
{
	size_t at = leaf_place(t, l->leaf);
	memmove(t->leaves + at + 1, t->leaves + at, (t->n - at) * sizeof(struct leaf_ratchets *));
	t->leaves[at] = l;
	t->n++;
}

/* Takes the leaf out of the tree and puts l, its ratchets, in its place.  The last step of a
 * consumption: everything that can fail has been tried before the tree changes. */
static uc_err leaf_add(struct secret_tree *t, struct leaf_ratchets *l)
{
	struct secret used = { 0 };
	TRY(leaves_reserve(t));
	TRY(key_tree_take(&t->tree, l->leaf, &used));
	secret_wipe(&used);
	leaf_insert(t, l);
	return UC_OK;
}

static uc_err consume(struct secret_tree *t, uint32_t leaf, enum ratchet_kind kind,
		      uint32_t generation)
{
	struct heap_account *m = t->tree.memory;
	struct leaf_ratchets *l = leaf_find(t, leaf);
	if (l)
		return ratchet_consume(t->suite, m, &l->ratchet[kind], generation);
	l = heap_new_in(m, sizeof *l);
	if (!l)
		return heap_account_error(m);
	uc_err err = leaf_start(t, leaf, l);
	if (!err)
		err = ratchet_consume(t->suite, m, &l->ratchet[kind], generation);
	if (!err)
		err = leaf_add(t, l);
	if (err)
		leaf_free(m, l);
	return err;
}

/* --- steps --- */

enum { STEPS_FIRST = 16, STEPS_MAX = 1024 };

static bool steps_reserve(struct secret_tree *t)
{
	if (t->steps_n < t->steps_cap)
		return true;
	size_t cap = t->steps_cap ? 2 * t->steps_cap : STEPS_FIRST;
	struct key_step *steps =
		cap > STEPS_MAX ? NULL : heap_new_in(t->tree.memory, cap * sizeof *steps);
	if (!steps)
		return false;
	if (t->steps_n)
		memcpy(steps, t->steps, t->steps_n * sizeof *steps);
	heap_free_in(t->tree.memory, t->steps, t->steps_cap * sizeof *steps);
	t->steps = steps;
	t->steps_cap = cap;
	return true;
}

static void stepped(struct secret_tree *t, const struct key_step *step)
{
	t->changes++;
	if (!t->notes_steps || t->steps_lost)
		return;
	t->steps_lost = !steps_reserve(t);
	if (!t->steps_lost)
		t->steps[t->steps_n++] = *step;
}

uc_err secret_tree_consume(struct secret_tree *t, uint32_t leaf, enum ratchet_kind kind,
			   uint32_t generation)
{
	const struct key_step step = { leaf, generation, (uint8_t)kind };
	TRY(consume(t, leaf, kind, generation));
	stepped(t, &step);
	return UC_OK;
}

void secret_tree_note_steps(struct secret_tree *t)
{
	t->notes_steps = true;
	t->steps_lost = false;
	t->steps_n = 0;
}

/* --- prepared --- */

static uc_err ratchet_copy(struct heap_account *m, const struct ratchet *r, struct ratchet *out)
{
	struct message_key *skipped = NULL;
	if (r->n && !(skipped = heap_new_in(m, r->n * sizeof *skipped)))
		return heap_account_error(m);
	if (r->n)
		memcpy(skipped, r->skipped, r->n * sizeof *skipped);
	*out = *r;
	out->skipped = skipped;
	out->cap = r->n;
	return UC_OK;
}

static uc_err take_from_copy(const struct secret_tree *t, struct prepared_key *p)
{
	struct secret used = { 0 };
	TRY(leaf_start(t, p->step.leaf, p->fresh));
	TRY(key_tree_copy(&t->tree, &p->tree));
	uc_err err = key_tree_take(&p->tree, p->step.leaf, &used);
	secret_wipe(&used);
	return err;
}

uc_err secret_tree_prepare(const struct secret_tree *t, uint32_t leaf, enum ratchet_kind kind,
			   uint32_t generation, struct prepared_key *out)
{
	struct heap_account *m = t->tree.memory;
	const struct leaf_ratchets *l = leaf_find(t, leaf);
	struct prepared_key p = { .changes = t->changes,
				  .step = { leaf, generation, (uint8_t)kind },
				  .memory = m,
				  .tree.memory = m };
	p.fresh = heap_new_in(m, sizeof *p.fresh);
	if (!p.fresh)
		return heap_account_error(m);
	uc_err err = l ? ratchet_copy(m, &l->ratchet[kind], &p.fresh->ratchet[kind])
		       : take_from_copy(t, &p);
	if (!err)
		err = ratchet_consume(t->suite, m, &p.fresh->ratchet[kind], generation);
	if (err) {
		prepared_key_done(&p);
		return err;
	}
	p.is_ready = true;
	*out = p;
	return UC_OK;
}

uc_err secret_tree_carry_out(struct secret_tree *t, struct prepared_key *p)
{
	enum ratchet_kind kind = (enum ratchet_kind)p->step.kind;
	struct leaf_ratchets *l = leaf_find(t, p->step.leaf);
	if (p->changes != t->changes) {
		TRY(secret_tree_consume(t, p->step.leaf, kind, p->step.generation));
		prepared_key_done(p);
		return UC_OK;
	}
	if (l) {
		ratchet_done(p->memory, &l->ratchet[kind]);
		l->ratchet[kind] = p->fresh->ratchet[kind];
		wipe(&p->fresh->ratchet[kind], sizeof p->fresh->ratchet[kind]);
	} else {
		TRY(leaves_reserve(t));
		key_tree_done(&t->tree);
		t->tree = p->tree;
		p->tree = (struct key_tree){ .memory = p->memory };
		leaf_insert(t, p->fresh);
		p->fresh = NULL;
	}
	stepped(t, &p->step);
	prepared_key_done(p);
	return UC_OK;
}

void prepared_key_done(struct prepared_key *p)
{
	leaf_free(p->memory, p->fresh);
	key_tree_done(&p->tree);
	*p = (struct prepared_key){ .is_ready = false };
}

uint32_t secret_tree_next(const struct secret_tree *t, uint32_t leaf, enum ratchet_kind kind)
{
	const struct leaf_ratchets *l = leaf_find(t, leaf);
	return l ? l->ratchet[kind].next : 0;
}

const struct leaf_ratchets *secret_tree_leaf(const struct secret_tree *t, uint32_t leaf)
{
	return leaf_find(t, leaf);
}

/* --- storage --- */

static void wire_message_key(struct wire *w, struct message_key *k, const struct suite *s)
{
	wire_u32(w, &k->generation);
	wire_fixed(w, k->key, s->nk);
	wire_fixed(w, k->nonce, s->nn);
}

/* In order, and all before `next`. */
static bool skipped_order_holds(const struct ratchet *r)
{
	for (size_t i = 0; i < r->n; i++) {
		uint32_t end = i + 1 < r->n ? r->skipped[i + 1].generation : r->next;
		if (r->skipped[i].generation >= end)
			return false;
	}
	return true;
}

static void wire_ratchet(struct wire *w, struct ratchet *r, const struct secret_tree *t)
{
	const struct suite *s = t->suite;
	uint32_t n = (uint32_t)r->n;
	wire_fixed(w, r->secret.b, s->nh);
	wire_u32(w, &r->next);
	wire_u32(w, &n);
	if (wire_reading(w)) {
		r->secret.n = s->nh;
		if (w->failed || n > SECRET_TREE_SKIPPED_MAX) {
			wire_fail(w, UC_E_MALFORMED);
			return;
		}
		if (n && !(r->skipped = heap_new_in(t->tree.memory, n * sizeof *r->skipped))) {
			wire_fail(w, heap_account_error(t->tree.memory));
			return;
		}
		r->n = r->cap = n;
	}
	for (size_t i = 0; i < n; i++)
		wire_message_key(w, &r->skipped[i], s);
	if (wire_reading(w) && !skipped_order_holds(r))
		wire_fail(w, UC_E_MALFORMED);
}

static void wire_leaf_ratchets(struct wire *w, struct leaf_ratchets *l, const struct secret_tree *t)
{
	wire_u32(w, &l->leaf);
	for (int i = 0; i < RATCHET_KINDS; i++)
		wire_ratchet(w, &l->ratchet[i], t);
}

/* Each leaf once, in order, inside the tree, and no longer to be had from it. */
static bool leaf_fits(const struct secret_tree *t, const struct leaf_ratchets *l)
{
	struct secret there = { 0 };
	bool ordered = !t->n || t->leaves[t->n - 1]->leaf < l->leaf;
	bool gone = l->leaf < t->tree.width && key_tree_peek(&t->tree, l->leaf, &there);
	secret_wipe(&there);
	return ordered && gone;
}

static void read_leaf(struct wire *w, struct secret_tree *t)
{
	struct heap_account *m = t->tree.memory;
	struct leaf_ratchets *l = heap_new_in(m, sizeof *l);
	if (!l || leaves_reserve(t)) {
		heap_free_in(m, l, sizeof *l);
		wire_fail(w, heap_account_error(m));
		return;
	}
	wire_leaf_ratchets(w, l, t);
	if (!w->failed && !leaf_fits(t, l))
		wire_fail(w, UC_E_MALFORMED);
	if (w->failed)
		leaf_free(m, l);
	else
		t->leaves[t->n++] = l;
}

void wire_secret_tree(struct wire *w, struct secret_tree *t, const struct suite *s)
{
	uint8_t version = STORED_VERSION;
	uint16_t suite = s->id;
	uint32_t n = (uint32_t)t->n;
	wire_u8(w, &version);
	if (version != STORED_VERSION)
		wire_fail(w, UC_E_VERSION);
	wire_u16(w, &suite);
	if (suite != s->id) {
		wire_fail(w, UC_E_SUITE);
		return;
	}
	if (wire_reading(w))
		t->suite = s;
	wire_key_tree(w, &t->tree, s);
	wire_u32(w, &n);
	for (size_t i = 0; i < n && !w->failed; i++) {
		if (wire_reading(w))
			read_leaf(w, t);
		else
			wire_leaf_ratchets(w, t->leaves[i], t);
	}
}
