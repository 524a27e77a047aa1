/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/many.h"

#include "mls/key_package.h"
#include "mls/rule.h"

/* Leaves in one piece of work: most of a millisecond.  And fewer KeyPackages than so many are not worth
 * a thread. */
enum { PIECE = 16, PIECES = 64, MANY_PACKAGES = 4 };

static void run(const struct group_parallel *parallel, void (*task)(void *work, size_t i),
		void *work, size_t n)
{
	if (parallel && n > 1) {
		parallel->run(parallel->ctx, task, work, n);
		return;
	}
	for (size_t i = 0; i < n; i++)
		task(work, i);
}

/* --- leaves --- */

struct leaves_work {
	const struct tree *t;
	struct view group_id;
	uint32_t each; /* places in a piece */
	uc_err errors[PIECES];
};

static uc_err verify_from(const struct leaves_work *w, uint32_t at, uint32_t end)
{
	uint32_t leaf;
	struct leaf_node node;
	while (tree_next_leaf(w->t, &at, &leaf, &node) && leaf < end)
		TRY_RULE(LEAF_SIGNATURE, leaf_node_verify(w->t->suite, &node, w->group_id, leaf));
	return UC_OK;
}

static void verify_piece(void *work, size_t i)
{
	struct leaves_work *w = work;
	uint32_t from = (uint32_t)i * w->each;
	w->errors[i] = verify_from(w, from, from + w->each);
}

uc_err leaves_verify(const struct tree *t, struct view group_id,
		     const struct group_parallel *parallel)
{
	struct leaves_work w = { .t = t, .group_id = group_id, .each = PIECE };
	while (t->leaves > w.each * PIECES)
		w.each *= 2;
	if (!parallel)
		return verify_from(&w, 0, t->leaves); /* ends with the first */
	size_t n = (t->leaves + w.each - 1) / w.each;
	run(parallel, verify_piece, &w, n);
	for (size_t i = 0; i < n; i++)
		TRY(w.errors[i]);
	return UC_OK;
}

/* --- KeyPackages --- */

struct packages_work {
	const struct suite *s;
	const struct key_package **packages;
	uint64_t now_ms;
	uc_err *errors;
};

static void check_package(void *work, size_t i)
{
	struct packages_work *w = work;
	w->errors[i] = key_package_check(w->s, w->packages[i], w->now_ms);
}

static bool is_add(const struct proposal_view *p)
{
	return p->proposal->proposal_type == PROPOSAL_ADD;
}

bool key_packages_are_many(const struct proposal_view_list *l,
			   const struct group_parallel *parallel)
{
	size_t n = 0;
	for (size_t i = 0; parallel && i < l->n; i++)
		n += is_add(&l->v[i]);
	return n >= MANY_PACKAGES;
}

uc_err key_packages_verify(const struct suite *s, const struct proposal_view_list *l,
			   uint64_t now_ms, const struct group_parallel *parallel, struct arena *a)
{
	struct packages_work w = { .s = s, .now_ms = now_ms };
	size_t n = 0;
	w.packages = ARENA_ARRAY(a, const struct key_package *, l->n);
	w.errors = ARENA_ARRAY(a, uc_err, l->n);
	if (!w.packages || !w.errors)
		return arena_error(a);
	for (size_t i = 0; i < l->n; i++)
		if (is_add(&l->v[i]))
			w.packages[n++] = &l->v[i].proposal->key_package;
	run(parallel, check_package, &w, n);
	for (size_t i = 0; i < n; i++)
		TRY(w.errors[i]);
	return UC_OK;
}
