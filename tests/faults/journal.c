/* SPDX-License-Identifier: Apache-2.0 */
/* The journal of UNDERCROFT_JOURNAL="FILE FOLDER..." (files.c): what was done to files below the
 * folders, in order.  What was done and not noted when the process was killed has not happened. */
#include "inner.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FOLDERS = 8, PARTS = 64, FIRST_NUMBER = 900 };

static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
static char text[FAULTS_PATH];
static const char *folders[FOLDERS];
static size_t folders_n;
static int journal = -1;

__attribute__((constructor)) static void begin(void)
{
	int (*open_real)(const char *, int, ...);
	const char *value = getenv("UNDERCROFT_JOURNAL");
	char *rest = NULL;
	if (!value || strlen(value) >= sizeof text)
		return;
	memcpy(text, value, strlen(value) + 1);
	const char *file = strtok_r(text, " ", &rest);
	for (char *f; folders_n < FOLDERS && (f = strtok_r(NULL, " ", &rest));)
		folders[folders_n++] = f;
	faults_next("open", &open_real);
	int fd = file ? open_real(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
	/* Out of the way of who counts on the next number. */
	if (fd >= 0)
		journal = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_NUMBER);
	if (fd >= 0)
		close(fd);
}

bool journal_watches(const char *path)
{
	for (size_t i = 0; journal >= 0 && i < folders_n; i++) {
		size_t n = strlen(folders[i]);
		if (strncmp(path, folders[i], n) == 0 && (path[n] == '/' || !path[n]))
			return true;
	}
	return false;
}

void journal_lock(void)
{
	pthread_mutex_lock(&one);
}

void journal_unlock(void)
{
	pthread_mutex_unlock(&one);
}

/* As forgetful.py reads it. */
struct head {
	uint32_t bytes; /* what follows the head */
	uint16_t path, to;
	uint64_t id;
	int64_t number;
	uint32_t process;
	uint32_t what;
};

void journal_note(enum journal_what what, uint64_t id, int64_t number, const char *path,
		  const char *to, const struct iovec *data, int data_n, size_t bytes)
{
	ssize_t (*writev_real)(int, const struct iovec *, int);
	struct iovec parts[PARTS];
	int n = 0;
	struct head h = { .path = (uint16_t)(path ? strlen(path) : 0),
			  .to = (uint16_t)(to ? strlen(to) : 0),
			  .id = id,
			  .number = number,
			  .process = (uint32_t)getpid(),
			  .what = what };
	h.bytes = (uint32_t)(h.path + h.to + bytes);
	parts[n++] = (struct iovec){ &h, sizeof h };
	parts[n++] = (struct iovec){ (void *)(uintptr_t)path, h.path };
	parts[n++] = (struct iovec){ (void *)(uintptr_t)to, h.to };
	for (int i = 0; i < data_n && bytes && n < PARTS; i++) {
		size_t part = data[i].iov_len < bytes ? data[i].iov_len : bytes;
		parts[n++] = (struct iovec){ data[i].iov_base, part };
		bytes -= part;
	}
	faults_next("writev", &writev_real);
	if (journal >= 0 && writev_real(journal, parts, n) != (ssize_t)(sizeof h + h.bytes))
		abort();
}
