/* SPDX-License-Identifier: Apache-2.0 */
/* Bugs that are planted to see whether the simulator finds them: kinds that were seen in the field,
 * each where it would stand.  In the product PLANTED(name) is false, and the compiler leaves
 * nothing of what stands behind it (scripts/check-planted); in a build with -Dplanted=true one of
 * them is switched on by name, by tests/sim alone. */
#ifndef BASE_PLANTED_H
#define BASE_PLANTED_H

#include <stdbool.h>
#include <stddef.h>

/* name, what it does */
#define PLANTED_BUGS(X)                                                                         \
	X(lost_sync, "some answers leave before what they stand on is durable")                 \
	X(reordered_batch,                                                                      \
	  "a group is written before the entries that change it, in a batch of its own")        \
	X(double_apply, "a follower applies a repeated notify once more")                       \
	X(stale_cursor, "a seat's cursor is what was sent, not what was read")                  \
	X(epoch_race, "of two commits of one epoch, the second is taken, too")                  \
	X(trimmed_too_early, "entries are dropped that somebody has not read")                  \
	X(dedupe_hole, "after a restart a message that is sent again stands in the log twice")  \
	X(ticket_replay, "a seat that is known is opened as if its room had not changed since") \
	X(forgotten_commit, "a client sends what it has not written, and forgets it in a kill") \
	X(clock_assumption, "the clock is taken never to go back")                              \
	X(stranger_stays, "below 16, a device does not leave a group for a stranger in it")

/* Leaks, for the program that tries to tell who is whom (tests/sim/linkage.py). */
#define PLANTED_LEAKS(X)                                                                        \
	X(sign_up_second, "an account's day of creation is its second")                         \
	X(address_keyed, "an account's id is the MAC of the network address that it came from") \
	X(opener_known, "who opened a seat stands in it as the account's hash")                 \
	X(opener_keyed,                                                                         \
	  "who opened a seat stands in it as the account's MAC under a key of the app")

#define PLANTED_ENUM(name, says) PLANTED_##name,
enum planted_bug {
	PLANTED_BUGS(PLANTED_ENUM) PLANTED_COUNT,
	PLANTED_LEAKS(PLANTED_ENUM) PLANTED_END
};
#undef PLANTED_ENUM

#ifdef PLANTED_SWITCH

#define PLANTED(name) planted_is_on(PLANTED_##name)

bool planted_is_on(enum planted_bug bug);
/* The name and what it does: of the bugs, and behind PLANTED_COUNT, which has none, of the leaks. */
const char *planted_name(enum planted_bug bug);
const char *planted_says(enum planted_bug bug);
/* Only this one is on; PLANTED_COUNT: none. */
void planted_switch(enum planted_bug bug);

#else

#define PLANTED(name) ((void)PLANTED_##name, false)

#endif

#endif
