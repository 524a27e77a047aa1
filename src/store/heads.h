/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of the logs last used, in memory: what makes an append one record.  A cache, nothing more: what
 * it doesn't know is read from the store (log.c). */
#ifndef STORE_HEADS_H
#define STORE_HEADS_H

#include "store/store.h"

/* Slots; for want of a free one in the right place the first heads go when half of them are taken. */
#define HEADS_MAX ((size_t)131072)

struct log_head {
	uint8_t version; /* 1 */
	uint8_t incarnation[STORE_INCARNATION_BYTES];
	uint64_t first, next;
};

struct heads_slot;
struct heads {
	struct heads_slot *slots;
	size_t cap, n; /* cap: a power of two */
	uint32_t clock;
	uint64_t keys[4];
	uint8_t incarnations[255][STORE_INCARNATION_BYTES]; /* heads name them by number, from 1 */
	size_t incarnations_n;
};

uc_err UC_MUST_USE heads_init(struct heads *h, const struct env *env);
void heads_done(struct heads *h);
bool heads_find(struct heads *h, struct view log, struct log_head *out);
/* Keeps it, or forgets what it knew of that log. */
void heads_put(struct heads *h, struct view log, const struct log_head *head);
void heads_drop(struct heads *h, struct view log);
void heads_empty(struct heads *h);

#endif
