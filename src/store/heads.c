/* SPDX-License-Identifier: Apache-2.0 */
/* A table of sets of eight.  A log is known by 128 bits of a hash with keys of this process alone (two
 * SipHash-2-4), not by its name: a slot is 48 bytes, however long names are. */
#include "store/heads.h"

#include "base/heap.h"
#include "base/siphash.h"

enum { WAYS = 8, CAP_FIRST = 256 };

struct heads_slot {
	uint64_t id[2];
	uint64_t first, next;
	uint32_t used;       /* the clock, when it was asked for last */
	uint8_t incarnation; /* its number; 0: the slot is free */
};

uc_err heads_init(struct heads *h, const struct env *env)
{
	*h = (struct heads){ .cap = CAP_FIRST };
	TRY(env_random(env, (uint8_t *)h->keys, sizeof h->keys));
	h->slots = heap_new(h->cap * sizeof *h->slots);
	return h->slots ? UC_OK : UC_E_MEMORY;
}

void heads_done(struct heads *h)
{
	heap_free(h->slots);
	h->slots = NULL;
}

static void id_of(const struct heads *h, struct view log, uint64_t id[2])
{
	id[0] = siphash(h->keys, log);
	id[1] = siphash(h->keys + 2, log);
}

static struct heads_slot *set_of(struct heads_slot *slots, size_t cap, const uint64_t id[2])
{
	return slots + (id[0] & (cap / WAYS - 1)) * WAYS;
}

static struct heads_slot *slot_find(struct heads *h, const uint64_t id[2])
{
	struct heads_slot *set = set_of(h->slots, h->cap, id);
	for (size_t i = 0; i < WAYS; i++)
		if (set[i].incarnation && set[i].id[0] == id[0] && set[i].id[1] == id[1])
			return &set[i];
	return NULL;
}

bool heads_find(struct heads *h, struct view log, struct log_head *out)
{
	uint64_t id[2];
	id_of(h, log, id);
	struct heads_slot *s = slot_find(h, id);
	if (!s)
		return false;
	s->used = ++h->clock;
	*out = (struct log_head){ .version = 1, .first = s->first, .next = s->next };
	memcpy(out->incarnation, h->incarnations[s->incarnation - 1], STORE_INCARNATION_BYTES);
	return true;
}

/* 0 when there have been too many. */
static uint8_t incarnation_number(struct heads *h, const uint8_t incarnation[])
{
	struct view want = view_make(incarnation, STORE_INCARNATION_BYTES);
	/* Nearly all are of the last one. */
	for (size_t i = h->incarnations_n; i > 0; i--)
		if (view_equal(view_make(h->incarnations[i - 1], STORE_INCARNATION_BYTES), want))
			return (uint8_t)i;
	if (h->incarnations_n == sizeof h->incarnations / sizeof h->incarnations[0])
		return 0;
	memcpy(h->incarnations[h->incarnations_n++], incarnation, STORE_INCARNATION_BYTES);
	return (uint8_t)h->incarnations_n;
}

/* Twice as many sets: each one's slots go into two, so that all find their place. */
static bool grow(struct heads *h)
{
	size_t cap = 2 * h->cap;
	struct heads_slot *slots = heap_new(cap * sizeof *slots);
	if (!slots)
		return false;
	for (size_t i = 0; i < h->cap; i++) {
		const struct heads_slot *from = &h->slots[i];
		if (!from->incarnation)
			continue;
		struct heads_slot *to = set_of(slots, cap, from->id);
		while (to->incarnation)
			to++;
		*to = *from;
	}
	heap_free(h->slots);
	h->slots = slots;
	h->cap = cap;
	return true;
}

static struct heads_slot *slot_free(struct heads *h, const uint64_t id[2])
{
	struct heads_slot *set = set_of(h->slots, h->cap, id);
	for (size_t i = 0; i < WAYS; i++)
		if (!set[i].incarnation)
			return &set[i];
	return NULL;
}

/* A free slot for it, or that of the one not asked for the longest. */
static struct heads_slot *slot_take(struct heads *h, const uint64_t id[2])
{
	struct heads_slot *slot = slot_free(h, id);
	while (!slot && h->cap < HEADS_MAX && h->n >= h->cap / 4 && grow(h))
		slot = slot_free(h, id);
	if (slot) {
		h->n++;
		return slot;
	}
	struct heads_slot *set = set_of(h->slots, h->cap, id);
	slot = set;
	for (size_t i = 1; i < WAYS; i++)
		if (h->clock - set[i].used > h->clock - slot->used)
			slot = &set[i];
	return slot;
}

void heads_put(struct heads *h, struct view log, const struct log_head *head)
{
	uint8_t incarnation = incarnation_number(h, head->incarnation);
	if (!incarnation) {
		heads_drop(h, log);
		return;
	}
	uint64_t id[2];
	id_of(h, log, id);
	struct heads_slot *s = slot_find(h, id);
	if (!s)
		s = slot_take(h, id);
	*s = (struct heads_slot){ .id = { id[0], id[1] },
				  .first = head->first,
				  .next = head->next,
				  .used = ++h->clock,
				  .incarnation = incarnation };
}

void heads_drop(struct heads *h, struct view log)
{
	uint64_t id[2];
	id_of(h, log, id);
	struct heads_slot *s = slot_find(h, id);
	if (!s)
		return;
	*s = (struct heads_slot){ 0 };
	h->n--;
}

void heads_empty(struct heads *h)
{
	memset(h->slots, 0, h->cap * sizeof *h->slots);
	h->n = 0;
}
