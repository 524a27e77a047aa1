/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/mls/shelf.h"

#include "base/heap.h"
#include "mls/group.h"

static void part_drop(struct shelf *s, struct shelf_part **at)
{
	struct shelf_part *p = *at;
	*at = p->next;
	buf_done(&p->bytes);
	heap_free(p);
	s->parts--;
}

void shelf_clear(struct shelf *s)
{
	while (s->first)
		part_drop(s, &s->first);
}

static struct shelf_part **place(struct shelf *s, enum public_part_kind kind, uint32_t number)
{
	struct shelf_part **at = &s->first;
	while (*at && ((*at)->kind != kind || (*at)->number != number))
		at = &(*at)->next;
	return at;
}

struct shelf_part *shelf_find(struct shelf *s, enum public_part_kind kind, uint32_t number)
{
	return *place(s, kind, number);
}

static uc_err take(void *ctx, const struct public_part *part)
{
	struct shelf *s = ctx;
	struct shelf_part **at = place(s, part->kind, part->number);
	s->written += part->bytes.n;
	if (!part->bytes.n) {
		/* Nothing is taken away that is not there. */
		expect(*at != NULL);
		if (*at)
			part_drop(s, at);
		return UC_OK;
	}
	if (!*at) {
		*at = HEAP_NEW(struct shelf_part);
		if (!*at)
			return UC_E_MEMORY;
		(*at)->kind = part->kind;
		(*at)->number = part->number;
		s->parts++;
	} else {
		buf_done(&(*at)->bytes);
	}
	buf_init(&(*at)->bytes, WIRE_OBJECT_MAX);
	buf_add_view(&(*at)->bytes, part->bytes);
	return (*at)->bytes.failed;
}

void shelf_put(struct shelf *s, struct public_group *p)
{
	s->written = 0;
	expect_ok(public_group_save_parts(p, take, s));
	expect_ok(public_group_saved(p));
}

static uc_err give(void *ctx, struct public_part *part, bool *end)
{
	struct shelf *s = ctx;
	*end = !s->at;
	if (*end)
		return UC_OK;
	*part = (struct public_part){ s->at->kind, s->at->number, buf_view(&s->at->bytes) };
	s->at = s->at->next;
	return UC_OK;
}

uc_err shelf_load(struct shelf *s, const struct group_hooks *hooks, struct public_group **out)
{
	s->at = s->first;
	const struct group_platform platform = { .env = test_env(), .hooks = hooks };
	return public_group_load_parts(&platform, give, s, out);
}
