/* SPDX-License-Identifier: Apache-2.0 */
/* The mark is written after each sync and itself synced only when another log begins: after a power
 * failure it may be old, and says less than is true, but never more. */
#include "store/wal.h"

#include "base/heap.h"
#include "store/crc32c.h"
#include "store/wal_read.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOGS_MAX = 64, PATH_MAX_BYTES = 4200 };

struct mark_file {
	uint8_t magic[8];
	uint64_t log, bytes, sequence;
	uint32_t crc, zero;
};

static const uint8_t magic[8] = { 'U', 'C', 'W', 'A', 'L', 0, 0, 1 };

static uint32_t mark_crc(const struct mark_file *f)
{
	return crc32c_extend(0, (const uint8_t *)f, offsetof(struct mark_file, crc));
}

static uc_err io_error(void)
{
	return errno == ENOSPC || errno == EDQUOT ? UC_E_FULL : UC_E_STORE;
}

static void path_make(char out[PATH_MAX_BYTES], const struct wal_mark *m, uint64_t log)
{
	snprintf(out, PATH_MAX_BYTES, "%s/%06llu.log", m->path, (unsigned long long)log);
}

/* --- the mark --- */

static void mark_read(struct wal_mark *m)
{
	struct mark_file f;
	if (pread(m->fd, &f, sizeof f, 0) != sizeof f ||
	    !view_equal(VIEW_OF(f.magic), VIEW_OF(magic)) || f.crc != mark_crc(&f))
		return;
	m->is_known = true;
	m->log = f.log;
	m->bytes = f.bytes;
	m->sequence = f.sequence;
}

static uc_err mark_write(const struct wal_mark *m)
{
	struct mark_file f = { .log = m->log, .bytes = m->bytes, .sequence = m->sequence };
	memcpy(f.magic, magic, sizeof magic);
	f.crc = mark_crc(&f);
	return pwrite(m->fd, &f, sizeof f, 0) == sizeof f ? UC_OK : io_error();
}

static uc_err folder_sync(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return UC_E_STORE;
	uc_err err = fsync(fd) ? UC_E_STORE : UC_OK;
	close(fd);
	return err;
}

/* --- logs --- */

struct logs {
	uint64_t v[LOGS_MAX];
	size_t n;
	bool too_many;
};

static int by_number(const void *a, const void *b)
{
	const uint64_t *l = a, *r = b;
	return *l < *r ? -1 : *l > *r;
}

/* Those from that number on, in order. */
static uc_err logs_find(const struct wal_mark *m, uint64_t from, struct logs *out)
{
	DIR *d = opendir(m->path);
	if (!d)
		return UC_E_STORE;
	*out = (struct logs){ .n = 0 };
	for (struct dirent *e; (e = readdir(d));) {
		char *end;
		uint64_t number = strtoull(e->d_name, &end, 10);
		if (end == e->d_name || strcmp(end, ".log") != 0 || number < from)
			continue;
		if (out->n == LOGS_MAX)
			out->too_many = true;
		else
			out->v[out->n++] = number;
	}
	closedir(d);
	qsort(out->v, out->n, sizeof *out->v, by_number);
	return UC_OK;
}

/* What is in one: how it ends, where it is whole up to, and how long it is. */
static uc_err log_read(const struct wal_mark *m, uint64_t log, struct wal_reader *r,
		       enum wal_end *end, size_t *good, size_t *size)
{
	char path[PATH_MAX_BYTES];
	struct stat st;
	path_make(path, m, log);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		if (fd >= 0)
			close(fd);
		return UC_E_STORE;
	}
	*size = (size_t)st.st_size;
	void *p = *size ? mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
	close(fd);
	if (p == MAP_FAILED)
		return UC_E_MEMORY;
	*end = wal_read(r, view_make(p, *size), good);
	if (*size)
		munmap(p, *size);
	return UC_OK;
}

static uc_err log_cut(const struct wal_mark *m, uint64_t log, size_t size)
{
	char path[PATH_MAX_BYTES];
	path_make(path, m, log);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return UC_E_STORE;
	uc_err err = ftruncate(fd, (off_t)size) || fsync(fd) ? UC_E_STORE : UC_OK;
	close(fd);
	return err;
}

/* The logs end in the i-th of them. */
static uc_err logs_end(const struct wal_mark *m, const struct logs *logs, size_t i, size_t good)
{
	char path[PATH_MAX_BYTES];
	/* The last one first: there is no gap at any moment. */
	for (size_t k = logs->n; k > i + 1; k--) {
		path_make(path, m, logs->v[k - 1]);
		if (unlink(path))
			return UC_E_STORE;
		TRY(folder_sync(m->path));
	}
	return log_cut(m, logs->v[i], good);
}

/* Logs before the one of the mark are RocksDB's to judge: it knows whether it still needs them. */
static uc_err settle(const struct wal_mark *m, bool mend)
{
	struct logs logs;
	struct wal_reader r = { .any = false };
	TRY(logs_find(m, m->log, &logs));
	for (size_t i = 0; i < logs.n && !logs.too_many; i++) {
		enum wal_end end;
		size_t good, size;
		size_t synced = logs.v[i] == m->log ? (size_t)m->bytes : 0;
		TRY(log_read(m, logs.v[i], &r, &end, &good, &size));
		if (end == WAL_UNKNOWN)
			return UC_OK;
		bool is_lost = size < synced || (end == WAL_BROKEN && good < synced);
		if (is_lost && !mend)
			return UC_E_CORRUPT;
		if (is_lost || end == WAL_BROKEN)
			return logs_end(m, &logs, i, good);
	}
	return UC_OK;
}

/* --- for the engine --- */

uc_err wal_open(struct wal_mark *m, const char *path, bool mend)
{
	char name[PATH_MAX_BYTES];
	*m = (struct wal_mark){ .fd = -1, .log_fd = -1 };
	size_t n = strlen(path) + 1;
	if (n > PATH_MAX_BYTES - 32)
		return UC_E_ARGUMENT;
	m->path = heap_new(n);
	if (!m->path)
		return UC_E_MEMORY;
	memcpy(m->path, path, n);
	if (mkdir(path, 0700) && errno != EEXIST)
		return io_error();
	snprintf(name, sizeof name, "%s/synced", path);
	m->fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (m->fd < 0)
		return io_error();
	if (flock(m->fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? UC_E_LOCKED : UC_E_STORE;
	mark_read(m);
	return m->is_known ? settle(m, mend) : UC_OK;
}

/* Another log is being written. */
static uc_err log_follow(struct wal_mark *m, struct stat *st, bool *is_new)
{
	struct logs logs;
	char path[PATH_MAX_BYTES];
	*is_new = false;
	TRY(logs_find(m, m->log_fd < 0 ? 0 : m->log + 1, &logs));
	if (logs.too_many)
		return UC_E_STORE;
	if (!logs.n)
		return UC_OK;
	path_make(path, m, logs.v[logs.n - 1]);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, st)) {
		if (fd >= 0)
			close(fd);
		return UC_E_STORE;
	}
	if (m->log_fd >= 0)
		close(m->log_fd);
	m->log_fd = fd;
	m->log = logs.v[logs.n - 1];
	*is_new = true;
	return UC_OK;
}

uc_err wal_synced(struct wal_mark *m, uint64_t needed, uint64_t sequence)
{
	struct stat st = { .st_size = 0 };
	bool is_new = false;
	if (m->log_fd >= 0 && fstat(m->log_fd, &st))
		return UC_E_STORE;
	/* One that does not grow is written no more. */
	if (m->log_fd < 0 || m->log < needed || (uint64_t)st.st_size == m->bytes)
		TRY(log_follow(m, &st, &is_new));
	m->bytes = (uint64_t)st.st_size;
	m->sequence = sequence;
	TRY(mark_write(m));
	/* From now on what lies in other logs is no part of what comes. */
	return is_new && fdatasync(m->fd) ? UC_E_STORE : UC_OK;
}

uc_err wal_left(struct wal_mark *m, uint64_t needed, uint64_t sequence)
{
	if (needed <= m->log)
		return UC_OK;
	if (m->log_fd >= 0)
		close(m->log_fd);
	m->log_fd = -1;
	m->log = needed;
	m->bytes = 0;
	m->sequence = sequence;
	TRY(mark_write(m));
	return fdatasync(m->fd) ? UC_E_STORE : UC_OK;
}

uc_err wal_opened(struct wal_mark *m, uint64_t sequence, bool mend)
{
	if (m->is_known && sequence < m->sequence && !mend)
		return UC_E_CORRUPT;
	TRY(wal_synced(m, 0, sequence));
	return fsync(m->fd) ? UC_E_STORE : folder_sync(m->path);
}

void wal_close(struct wal_mark *m)
{
	if (m->fd >= 0)
		close(m->fd);
	if (m->log_fd >= 0)
		close(m->log_fd);
	heap_free(m->path);
	*m = (struct wal_mark){ .fd = -1, .log_fd = -1 };
}
