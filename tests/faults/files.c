/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that fails or forgets, for programs that know nothing of it: loaded before the C library
 * (LD_PRELOAD).
 *
 *	UNDERCROFT_FAULTS="PATTERN CALL N WHAT"
 *
 * The N-th CALL of a process to files whose path fits PATTERN (fnmatch(3)) and each later one does
 * WHAT: full (ENOSPC), error (EIO), half (writes half, then EIO), kill (writes half of it, or does
 * nothing, then the process is killed).  CALL is write (in all its forms), sync, range
 * (sync_file_range), open, rename (by the new name), link, unlink, mkdir, truncate or fallocate.
 *
 *	UNDERCROFT_JOURNAL="FILE FOLDER..."
 *
 * What is done to files below the folders is noted in FILE, and a sync is nothing but a note there
 * (journal.c).  All paths are absolute. */
#include "inner.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What is open: its path, where anybody cares, and a number of its own. */
struct file {
	_Atomic(char *) path;
	uint64_t id;
	bool is_noted, at_end;
};

static struct file files[FAULTS_FILES];
static atomic_ulong ids;

void faults_next(const char *name, void *out)
{
	void *p = dlsym(RTLD_NEXT, name);
	if (!p)
		abort();
	memcpy(out, &p, sizeof p);
}

static struct file *file_of(int fd)
{
	return fd >= 0 && fd < FAULTS_FILES && files[fd].path ? &files[fd] : NULL;
}

static bool file_strikes(const struct file *f, const char *call)
{
	return f && strikes(f->path, call);
}

/* A path as it is from the root. */
static const char *whole(int folder, const char *path, char out[FAULTS_PATH])
{
	const struct file *f = file_of(folder);
	if (path[0] == '/' || !f)
		return path;
	snprintf(out, FAULTS_PATH, "%s/%s", f->path, path);
	return out;
}

/* --- opening and closing --- */

/* fd is open; locked, where it is noted. */
static void file_put(int fd, const char *path, int flags, bool is_noted)
{
	struct stat st;
	if (fd < 0 || fd >= FAULTS_FILES || (!is_noted && !strikes_watch(path)))
		return;
	bool is_folder = is_noted && !fstat(fd, &st) && S_ISDIR(st.st_mode);
	files[fd].id = ++ids;
	files[fd].at_end = flags & O_APPEND;
	files[fd].is_noted = is_noted;
	files[fd].path = strdup(path);
	if (is_noted && (is_folder || (flags & O_ACCMODE) != O_RDONLY))
		journal_note(JOURNAL_OPEN, files[fd].id, flags, path, NULL, NULL, 0, 0);
}

typedef int opens(int folder, const char *path, int flags, mode_t mode);

static int open_by(opens *real, int folder, const char *path, int flags, mode_t mode)
{
	char room[FAULTS_PATH];
	const char *name = whole(folder, path, room);
	bool is_noted = journal_watches(name);
	if (strikes(name, "open")) {
		strikes_end();
		return -1;
	}
	if (is_noted)
		journal_lock();
	int fd = real(folder, path, flags, mode);
	int err = errno;
	file_put(fd, name, flags, is_noted);
	if (is_noted)
		journal_unlock();
	errno = err;
	return fd;
}

static int open_real(int folder, const char *path, int flags, mode_t mode)
{
	int (*real)(int, const char *, int, ...);
	faults_next("openat", &real);
	return real(folder, path, flags, mode);
}

static mode_t mode_of(int flags, va_list more)
{
	return flags & O_CREAT ? va_arg(more, mode_t) : 0;
}

#define OPEN(name, folder, ...)                                       \
	int name(__VA_ARGS__ const char *path, int flags, ...)        \
	{                                                             \
		va_list more;                                         \
		va_start(more, flags);                                \
		mode_t mode = mode_of(flags, more);                   \
		va_end(more);                                         \
		return open_by(open_real, folder, path, flags, mode); \
	}

OPEN(open, AT_FDCWD, )
OPEN(open64, AT_FDCWD, )
#define FOLDER int folder,
OPEN(openat, folder, FOLDER)
OPEN(openat64, folder, FOLDER)

int creat(const char *path, mode_t mode)
{
	return open_by(open_real, AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int close(int fd)
{
	int (*real)(int);
	faults_next("close", &real);
	if (fd >= 0 && fd < FAULTS_FILES && files[fd].path)
		free(atomic_exchange(&files[fd].path, NULL));
	return real(fd);
}

/* --- writing --- */

static ssize_t write_real(int fd, const struct iovec *v, int n, off_t at)
{
	ssize_t (*writes)(int, const struct iovec *, int);
	ssize_t (*writes_at)(int, const struct iovec *, int, off_t);
	if (at < 0) {
		faults_next("writev", &writes);
		return writes(fd, v, n);
	}
	faults_next("pwritev", &writes_at);
	return writes_at(fd, v, n, at);
}

static ssize_t write_noted(int fd, const struct file *f, const struct iovec *v, int n, off_t at)
{
	if (!f || !f->is_noted)
		return write_real(fd, v, n, at);
	journal_lock();
	off_t place = at >= 0 ? at : f->at_end ? -1 : lseek(fd, 0, SEEK_CUR);
	ssize_t done = write_real(fd, v, n, at);
	int err = errno;
	if (done > 0)
		journal_note(JOURNAL_WRITE, f->id, place, NULL, NULL, v, n, (size_t)done);
	journal_unlock();
	errno = err;
	return done;
}

static ssize_t write_by(int fd, const struct iovec *v, int n, off_t at)
{
	const struct file *f = file_of(fd);
	if (!file_strikes(f, "write"))
		return write_noted(fd, f, v, n, at);
	int err = errno;
	if (strikes_halfway() && n) {
		struct iovec half = { v[0].iov_base, v[0].iov_len / 2 };
		(void)!write_noted(fd, f, &half, 1, at);
	}
	strikes_end();
	errno = err;
	return -1;
}

static ssize_t write_one(int fd, const void *p, size_t n, off_t at)
{
	struct iovec v = { (void *)(uintptr_t)p, n };
	return write_by(fd, &v, 1, at);
}

ssize_t write(int fd, const void *p, size_t n)
{
	return write_one(fd, p, n, -1);
}

ssize_t writev(int fd, const struct iovec *v, int n)
{
	return write_by(fd, v, n, -1);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
	return write_one(fd, p, n, at);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off_t at)
{
	return write_one(fd, p, n, at);
}

ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at)
{
	return write_by(fd, v, n, at);
}

ssize_t pwritev64(int fd, const struct iovec *v, int n, off_t at)
{
	return write_by(fd, v, n, at);
}

/* Flags are hints, or what nobody here asks for. */
ssize_t pwritev2(int fd, const struct iovec *v, int n, off_t at, int flags)
{
	(void)flags;
	return write_by(fd, v, n, at);
}

ssize_t pwritev64v2(int fd, const struct iovec *v, int n, off_t at, int flags)
{
	return pwritev2(fd, v, n, at, flags);
}

static int length_by(const char *call, enum journal_what what, int fd, off_t n,
		     int (*real)(int, off_t))
{
	const struct file *f = file_of(fd);
	if (file_strikes(f, call)) {
		strikes_end();
		return -1;
	}
	if (!f || !f->is_noted)
		return real(fd, n);
	journal_lock();
	int status = real(fd, n);
	int err = errno;
	if (!status)
		journal_note(what, f->id, n, NULL, NULL, NULL, 0, 0);
	journal_unlock();
	errno = err;
	return status;
}

int ftruncate(int fd, off_t n)
{
	int (*real)(int, off_t);
	faults_next("ftruncate", &real);
	return length_by("truncate", JOURNAL_CUT, fd, n, real);
}

int ftruncate64(int fd, off_t n)
{
	return ftruncate(fd, n);
}

/* Room that is taken beyond the end is no length, and no content. */
static int room_take(int fd, off_t n)
{
	int (*real)(int, int, off_t, off_t);
	faults_next("fallocate", &real);
	return real(fd, 0, 0, n);
}

int fallocate(int fd, int mode, off_t at, off_t n)
{
	int (*real)(int, int, off_t, off_t);
	faults_next("fallocate", &real);
	if (!(mode & FALLOC_FL_KEEP_SIZE) && !mode)
		return length_by("fallocate", JOURNAL_GROW, fd, at + n, room_take);
	if (file_strikes(file_of(fd), "fallocate")) {
		strikes_end();
		return -1;
	}
	return real(fd, mode, at, n);
}

int fallocate64(int fd, int mode, off_t at, off_t n)
{
	return fallocate(fd, mode, at, n);
}

int posix_fallocate(int fd, off_t at, off_t n)
{
	return fallocate(fd, 0, at, n) ? errno : 0;
}

int posix_fallocate64(int fd, off_t at, off_t n)
{
	return posix_fallocate(fd, at, n);
}

/* --- syncing --- */

/* What a disk takes for it.  What is noted as synced is what was written before it began. */
static int sync_noted(const struct file *f)
{
	static const struct timespec a_while = { 0, 2000000 };
	nanosleep(&a_while, NULL);
	journal_lock();
	journal_note(JOURNAL_SYNC, f->id, 0, f->path, NULL, NULL, 0, 0);
	journal_unlock();
	return 0;
}

static int sync_by(const char *name, int fd)
{
	int (*real)(int);
	const struct file *f = file_of(fd);
	if (file_strikes(f, "sync")) {
		strikes_end();
		return -1;
	}
	if (f && f->is_noted)
		return sync_noted(f);
	faults_next(name, &real);
	return real(fd);
}

int fdatasync(int fd)
{
	return sync_by("fdatasync", fd);
}

int fsync(int fd)
{
	return sync_by("fsync", fd);
}

/* Promises nothing about power failures (its manual page), and is noted as nothing. */
int sync_file_range(int fd, off64_t at, off64_t n, unsigned flags)
{
	int (*real)(int, off64_t, off64_t, unsigned);
	if (file_strikes(file_of(fd), "range")) {
		strikes_end();
		return -1;
	}
	faults_next("sync_file_range", &real);
	return real(fd, at, n, flags);
}

/* --- names --- */

/* One whose names are from the root; `struck` is the one a fault asks for. */
static int name_by(enum journal_what what, const char *call, const char *path, const char *to,
		   int (*real)(const void *ctx), const void *ctx)
{
	const char *struck = to ? to : path;
	bool is_noted = journal_watches(struck) || journal_watches(path);
	if (call && strikes(struck, call)) {
		strikes_end();
		return -1;
	}
	if (!is_noted)
		return real(ctx);
	journal_lock();
	int status = real(ctx);
	int err = errno;
	if (!status)
		journal_note(what, 0, 0, path, to, NULL, 0, 0);
	journal_unlock();
	errno = err;
	return status;
}

struct names {
	int from_folder, to_folder;
	const char *from, *to;
	int flags;
	mode_t mode;
};

static int rename_real(const void *ctx)
{
	int (*real)(int, const char *, int, const char *);
	const struct names *n = ctx;
	faults_next("renameat", &real);
	return real(n->from_folder, n->from, n->to_folder, n->to);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
	char a[FAULTS_PATH], b[FAULTS_PATH];
	struct names n = { from_folder, to_folder, from, to, 0, 0 };
	return name_by(JOURNAL_RENAME, "rename", whole(from_folder, from, a),
		       whole(to_folder, to, b), rename_real, &n);
}

int rename(const char *from, const char *to)
{
	return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

static int link_real(const void *ctx)
{
	int (*real)(int, const char *, int, const char *, int);
	const struct names *n = ctx;
	faults_next("linkat", &real);
	return real(n->from_folder, n->from, n->to_folder, n->to, n->flags);
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
	char a[FAULTS_PATH], b[FAULTS_PATH];
	struct names n = { from_folder, to_folder, from, to, flags, 0 };
	return name_by(JOURNAL_LINK, "link", whole(from_folder, from, a), whole(to_folder, to, b),
		       link_real, &n);
}

int link(const char *from, const char *to)
{
	return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

static int unlink_real(const void *ctx)
{
	int (*real)(int, const char *, int);
	const struct names *n = ctx;
	faults_next("unlinkat", &real);
	return real(n->from_folder, n->from, n->flags);
}

int unlinkat(int folder, const char *path, int flags)
{
	char a[FAULTS_PATH];
	struct names n = { .from_folder = folder, .from = path, .flags = flags };
	return name_by(flags & AT_REMOVEDIR ? JOURNAL_RMDIR : JOURNAL_UNLINK,
		       flags & AT_REMOVEDIR ? NULL : "unlink", whole(folder, path, a), NULL,
		       unlink_real, &n);
}

int unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

int rmdir(const char *path)
{
	return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int remove(const char *path)
{
	int status = unlink(path);
	return status && errno == EISDIR ? rmdir(path) : status;
}

static int mkdir_real(const void *ctx)
{
	int (*real)(int, const char *, mode_t);
	const struct names *n = ctx;
	faults_next("mkdirat", &real);
	return real(n->from_folder, n->from, n->mode);
}

int mkdirat(int folder, const char *path, mode_t mode)
{
	char a[FAULTS_PATH];
	struct names n = { .from_folder = folder, .from = path, .mode = mode };
	return name_by(JOURNAL_MKDIR, "mkdir", whole(folder, path, a), NULL, mkdir_real, &n);
}

int mkdir(const char *path, mode_t mode)
{
	return mkdirat(AT_FDCWD, path, mode);
}
