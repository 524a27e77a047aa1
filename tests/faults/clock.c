/* SPDX-License-Identifier: Apache-2.0 */
/* A clock that leaps: UNDERCROFT_CLOCK names a file with eight bytes, the seconds that the wall clock
 * is wrong by, which may change at any time. */
#include "inner.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *wrong_by;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("UNDERCROFT_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *p = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *wrong_by, PROT_READ, MAP_SHARED, fd, 0);
	if (p != MAP_FAILED)
		wrong_by = p;
	if (fd >= 0)
		close(fd);
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
	int (*real)(clockid_t, struct timespec *);
	faults_next("clock_gettime", &real);
	int status = real(clock, out);
	if (!status && wrong_by && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		out->tv_sec += *wrong_by;
	return status;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec now;
	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &now))
		return -1;
	*out = (struct timeval){ now.tv_sec, now.tv_nsec / 1000 };
	return 0;
}

time_t time(time_t *out)
{
	struct timespec now;
	if (clock_gettime(CLOCK_REALTIME, &now))
		return -1;
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}
