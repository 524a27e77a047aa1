/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the disk that fails share: the C library's own calls, which files are watched,
 * when a fault strikes, and the journal of what a power failure would undo. */
#ifndef FAULTS_INNER_H
#define FAULTS_INNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

enum { FAULTS_FILES = 65536, FAULTS_PATH = 4096 };

/* The C library's own; `out` is a pointer to it. */
void faults_next(const char *name, void *out);

/* UNDERCROFT_FAULTS: is it time for this call to that file to fail?  Then errno is what to say. */
bool strikes(const char *path, const char *call);
bool strikes_halfway(void);
/* Where it is the process that is to end, it does. */
void strikes_end(void);
/* Does that file matter to a fault? */
bool strikes_watch(const char *path);

/* UNDERCROFT_JOURNAL: all that is done to files below some folders is noted, with what was written,
 * for tests/system/forgetful.py, which says what is left after a power failure. */
enum journal_what {
	JOURNAL_OPEN = 'o',  /* number: flags */
	JOURNAL_WRITE = 'w', /* number: where; -1: at the end */
	JOURNAL_CUT = 't',   /* number: length */
	JOURNAL_GROW = 'g',  /* number: length, at least */
	JOURNAL_SYNC = 's',
	JOURNAL_RENAME = 'r',
	JOURNAL_LINK = 'l',
	JOURNAL_UNLINK = 'u',
	JOURNAL_MKDIR = 'm',
	JOURNAL_RMDIR = 'd',
};

bool journal_watches(const char *path);
/* One call and its note are one for all threads. */
void journal_lock(void);
void journal_unlock(void);
/* Locked.  id: of the open file; path and to may be NULL. */
void journal_note(enum journal_what what, uint64_t id, int64_t number, const char *path,
		  const char *to, const struct iovec *data, int data_n, size_t bytes);

#endif
