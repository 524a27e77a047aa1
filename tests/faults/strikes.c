/* SPDX-License-Identifier: Apache-2.0 */
/* The faults of UNDERCROFT_FAULTS (files.c). */
#include "inner.h"

#include <errno.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_long calls;
static char pattern[256], call[16], what[16];
static long from;

__attribute__((constructor)) static void begin(void)
{
	const char *faults = getenv("UNDERCROFT_FAULTS");
	if (!faults || sscanf(faults, "%255s %15s %ld %15s", pattern, call, &from, what) != 4)
		from = 0;
}

bool strikes_watch(const char *path)
{
	return from && fnmatch(pattern, path, 0) == 0;
}

bool strikes(const char *path, const char *name)
{
	if (!from || strcmp(name, call) != 0 || !strikes_watch(path) ||
	    atomic_fetch_add(&calls, 1) + 1 < from)
		return false;
	errno = strcmp(what, "full") == 0 ? ENOSPC : EIO;
	return true;
}

bool strikes_halfway(void)
{
	return strcmp(what, "half") == 0 || strcmp(what, "kill") == 0;
}

void strikes_end(void)
{
	int err = errno;
	if (strcmp(what, "kill") == 0)
		kill(getpid(), SIGKILL);
	errno = err;
}
