/* SPDX-License-Identifier: Apache-2.0 */
/* Has the wall clock leapt ahead of the time that has passed?  Then what is old by it may not be
 * old: for a day nothing should be thrown away for its age. */
#ifndef SERVER_CLOCK_WATCH_H
#define SERVER_CLOCK_WATCH_H

#include <stdbool.h>
#include <stdint.h>

enum {
	CLOCK_LEAP_MS = 10 * 60 * 1000, /* more than that at once is a leap */
	CLOCK_DOUBT_MS = 24 * 3600 * 1000,
	CLOCK_START_MS = 3600 * 1000,
};

/* Zeroed: nothing seen yet. */
struct clock_watch {
	uint64_t wall_ms, steady_ms; /* when it was last looked at */
	uint64_t until_ms;           /* on the steady clock; 0: no doubt */
};
/* To be called about once a second.  A clock that is put back to where it would be without the leap
 * is trusted again at once. */
/* last_ms: what the clock said in an earlier life; 0: nothing known.  Called before: a start that lies
 * before it is doubted for a day, too.  One that lies after it may follow a leap that the earlier life
 * doubted, and is doubted for an hour: so long what all have read is kept for repeats. */
void clock_watch_start(struct clock_watch *w, uint64_t last_ms, uint64_t wall_ms,
		       uint64_t steady_ms);
bool clock_watch_doubts(struct clock_watch *w, uint64_t wall_ms, uint64_t steady_ms);

#endif
