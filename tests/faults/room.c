/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that is said to be nearly full: UNDERCROFT_DISK_FREE names a file with eight bytes, how many are free
 * on all file systems, which may change at any time; 0: as many as are. */
#include "inner.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const volatile uint64_t *left;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("UNDERCROFT_DISK_FREE");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *p = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *left, PROT_READ, MAP_SHARED, fd, 0);
	if (p != MAP_FAILED)
		left = p;
	if (fd >= 0)
		close(fd);
}

#define STATVFS(name, type)                                                   \
	int name(const char *path, struct type *out)                          \
	{                                                                     \
		int (*real)(const char *, struct type *);                     \
		faults_next(#name, &real);                                    \
		int status = real(path, out);                                 \
		if (!status && left && *left)                                 \
			out->f_bavail = out->f_bfree = *left / out->f_frsize; \
		return status;                                                \
	}

STATVFS(statvfs, statvfs)
STATVFS(statvfs64, statvfs64)
