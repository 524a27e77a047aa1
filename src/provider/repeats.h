/* SPDX-License-Identifier: Apache-2.0 */
/* Which message is which entry of a room: a message that was accepted before, also in an earlier epoch,
 * is known when it comes again (repeats.c). */
#ifndef PROVIDER_REPEATS_H
#define PROVIDER_REPEATS_H

#include "provider/repeats_past.h"
#include "provider/room_work.h"

enum {
	MARKS_LOADED_MAX = 4 << 20, /* of all rooms: 16 bytes each */
	MARKS_WINDOW = 4096,        /* of a room with up to 128 Ki entries; more of a larger one */
};

struct repeats {
	uint64_t *marks; /* of entry n at n & (cap - 1); 0: none */
	uint32_t *index; /* 2 * cap places by mark: where in `marks`, from 1; 0: nothing */
	size_t cap, indexed;
	uint64_t first, next;      /* the entries whose marks are there */
	struct repeats_past *past; /* those before, the latest first */
	size_t past_n;             /* of their memory, in marks */
	uint64_t oldest;           /* entry that is known at all */
	uint64_t factor;           /* spreads marks, so that nobody makes them fall together */
	uint64_t used_ms;
	struct room_line_link marked;
};

uint64_t repeats_mark(const uint8_t hash[SHA256_BYTES]);
/* The entry with just this message; UC_E_NOT_FOUND. */
uc_err UC_MUST_USE repeats_find(struct provider *p, struct room_live *r, uint64_t mark,
				struct view message, struct arena *a, struct fanout_message *out,
				uint64_t *seq);
/* Of the entries of a step: in its batch; and, when that is committed, in memory. */
uc_err UC_MUST_USE repeats_put(struct log_step *s);
void repeats_add(struct log_step *s);
/* The entries from `first` to before `kept` are dropped: in that batch, then in memory. */
void repeats_trim(struct store_batch *b, struct view room, uint64_t first, uint64_t kept);
void repeats_trimmed(struct provider *p, struct room_live *r, uint64_t kept);
void repeats_drop(struct provider *p, struct room_live *r);
/* Of rooms that nobody has written in for a while. */
void repeats_rest(struct provider *p, uint64_t now_ms);

#endif
