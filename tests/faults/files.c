/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that fails, for programs that know nothing of it: loaded before the C library (LD_PRELOAD).
 *
 *	UNDERCROFT_FAULTS="PATTERN CALL N WHAT"
 *
 * The N-th CALL (write, sync) of a process to files whose path fits PATTERN (fnmatch(3)) and each later
 * one does WHAT: full (ENOSPC), error (EIO), half (writes half, then EIO), kill (writes half of it or
 * syncs nothing, then the process is killed). */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILES = 65536 };

static atomic_bool watched[FILES];
static atomic_long calls;
static char pattern[256], call[16], what[16];
static long from;

__attribute__((constructor)) static void begin(void)
{
	const char *faults = getenv("UNDERCROFT_FAULTS");
	if (!faults || sscanf(faults, "%255s %15s %ld %15s", pattern, call, &from, what) != 4)
		from = 0;
}

/* The C library's own; `out` is a pointer to it. */
static void next(const char *name, void *out)
{
	void *p = dlsym(RTLD_NEXT, name);
	if (!p)
		abort();
	memcpy(out, &p, sizeof p);
}

static int watch(int fd, const char *path)
{
	if (from && fd >= 0 && fd < FILES)
		watched[fd] = fnmatch(pattern, path, 0) == 0;
	return fd;
}

/* Is it time?  Then errno is what the call is to say. */
static bool strikes(int fd, const char *name)
{
	if (!from || fd < 0 || fd >= FILES || !watched[fd] || strcmp(name, call) != 0 ||
	    atomic_fetch_add(&calls, 1) + 1 < from)
		return false;
	errno = strcmp(what, "full") == 0 ? ENOSPC : EIO;
	return true;
}

static bool writes_half(void)
{
	return strcmp(what, "half") == 0 || strcmp(what, "kill") == 0;
}

static void end(void)
{
	if (strcmp(what, "kill") == 0)
		kill(getpid(), SIGKILL);
}

static int open_real(const char *name, const char *path, int flags, mode_t mode)
{
	int (*real)(const char *, int, ...);
	next(name, &real);
	return watch(real(path, flags, mode), path);
}

static mode_t mode_of(int flags, va_list more)
{
	return flags & O_CREAT ? va_arg(more, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
	va_list more;
	va_start(more, flags);
	mode_t mode = mode_of(flags, more);
	va_end(more);
	return open_real("open", path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	va_list more;
	va_start(more, flags);
	mode_t mode = mode_of(flags, more);
	va_end(more);
	return open_real("open64", path, flags, mode);
}

ssize_t write(int fd, const void *p, size_t n)
{
	ssize_t (*real)(int, const void *, size_t);
	next("write", &real);
	if (!strikes(fd, "write"))
		return real(fd, p, n);
	int err = errno;
	if (writes_half())
		(void)!real(fd, p, n / 2);
	end();
	errno = err;
	return -1;
}

static int sync_by(const char *name, int fd)
{
	int (*real)(int);
	next(name, &real);
	if (!strikes(fd, "sync"))
		return real(fd);
	end();
	return -1;
}

int fdatasync(int fd)
{
	return sync_by("fdatasync", fd);
}

int fsync(int fd)
{
	return sync_by("fsync", fd);
}
