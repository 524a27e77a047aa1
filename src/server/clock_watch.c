/* SPDX-License-Identifier: Apache-2.0 */
#include "server/clock_watch.h"

void clock_watch_start(struct clock_watch *w, uint64_t last_ms, uint64_t wall_ms,
		       uint64_t steady_ms)
{
	if (wall_ms + CLOCK_LEAP_MS < last_ms)
		w->until_ms = steady_ms + CLOCK_DOUBT_MS;
	else if (last_ms && wall_ms > last_ms + CLOCK_LEAP_MS)
		w->until_ms = steady_ms + CLOCK_START_MS;
	w->wall_ms = wall_ms; /* a leap before the first look is one, too */
	w->steady_ms = steady_ms;
}

bool clock_watch_doubts(struct clock_watch *w, uint64_t wall_ms, uint64_t steady_ms)
{
	uint64_t passed = steady_ms - w->steady_ms;
	bool is_first = !w->wall_ms;
	if (!is_first && wall_ms > w->wall_ms + passed + CLOCK_LEAP_MS)
		w->until_ms = steady_ms + CLOCK_DOUBT_MS;
	else if (!is_first && wall_ms + CLOCK_LEAP_MS < w->wall_ms + passed)
		w->until_ms = 0; /* put back */
	if (w->until_ms <= steady_ms)
		w->until_ms = 0;
	w->wall_ms = wall_ms;
	w->steady_ms = steady_ms;
	return w->until_ms != 0;
}
