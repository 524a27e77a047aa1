/* SPDX-License-Identifier: Apache-2.0 */
/* The switch of the planted bugs; compiled with -Dplanted=true alone. */
#include "base/planted.h"

static enum planted_bug on = PLANTED_COUNT;

bool planted_is_on(enum planted_bug bug)
{
	return on == bug;
}

const char *planted_name(enum planted_bug bug)
{
#define PLANTED_NAME(name, says) #name,
	static const char *const names[] = { PLANTED_BUGS(PLANTED_NAME) "",
					     PLANTED_LEAKS(PLANTED_NAME) };
#undef PLANTED_NAME
	return names[bug];
}

const char *planted_says(enum planted_bug bug)
{
#define PLANTED_SAYS(name, says) says,
	static const char *const says[] = { PLANTED_BUGS(PLANTED_SAYS) "",
					    PLANTED_LEAKS(PLANTED_SAYS) };
#undef PLANTED_SAYS
	return says[bug];
}

void planted_switch(enum planted_bug bug)
{
	on = bug;
}
