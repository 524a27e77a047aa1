/* SPDX-License-Identifier: Apache-2.0 */
/* Which write points there are and which were struck. */
#include "tests/sim/sim.h"

enum { COVER_BYTES = 16 * 1024 * 1024, POINTS_MAX = 8192 };

/* The order within its map is nothing that a run depends on. */
static uint64_t cover_now(void *ctx)
{
	(void)ctx;
	return 0;
}

static uc_err cover_random(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	memset(out, 7, n);
	return UC_OK;
}

static const struct env cover_env = { NULL, cover_now, cover_random, NULL };

uc_err cover_init(struct cover *c)
{
	*c = (struct cover){ .cap = POINTS_MAX };
	arena_init(&c->mem, COVER_BYTES, ARENA_PLAIN);
	c->v = ARENA_ARRAY(&c->mem, struct cover_point *, POINTS_MAX);
	return c->v ? map_init(&c->map, &cover_env) : UC_E_MEMORY;
}

void cover_done(struct cover *c)
{
	map_done(&c->map);
	arena_done(&c->mem);
}

static struct cover_point *point_new(struct cover *c, uint64_t seed, const char *label)
{
	struct cover_point *p = c->n < c->cap ? ARENA_NEW(&c->mem, struct cover_point) : NULL;
	if (!p || strlen(label) >= LABEL_MAX || map_put(&c->map, view_str(label), p))
		return NULL;
	snprintf(p->label, sizeof p->label, "%s", label);
	p->seed = seed;
	c->v[c->n++] = p;
	return p;
}

struct cover_point *cover_see(struct cover *c, uint64_t seed, const char *label)
{
	struct cover_point *p = map_find(&c->map, view_str(label));
	if (!p)
		p = point_new(c, seed, label);
	if (!p)
		return NULL;
	if (p->run != c->run) {
		p->run = c->run;
		p->seen_in_run = 0;
	}
	p->seen++;
	p->seen_in_run++;
	return p;
}

struct cover_point *cover_find(const struct cover *c, const char *label)
{
	return map_find(&c->map, view_str(label));
}

size_t cover_struck(const struct cover *c)
{
	size_t n = 0;
	for (size_t i = 0; i < c->n; i++)
		n += c->v[i]->struck > 0;
	return n;
}

uc_err cover_merge(struct cover *c, const struct cover_point *p)
{
	struct cover_point *have = map_find(&c->map, view_str(p->label));
	if (!have)
		have = point_new(c, p->seed, p->label);
	if (!have)
		return UC_E_LIMIT;
	if (!have->seen || p->cost < have->cost ||
	    (p->cost == have->cost && p->seed < have->seed)) {
		have->seed = p->seed;
		have->cost = p->cost;
	}
	have->seen += p->seen;
	have->struck += p->struck;
	return UC_OK;
}
