/* SPDX-License-Identifier: Apache-2.0 */
/* A file that is there whole or not at all, for its owner alone, and never in another's place. */
#ifndef CLI_EXPORT_FILE_H
#define CLI_EXPORT_FILE_H

#include <stdbool.h>
#include <stdio.h>

enum { EXPORT_PATH_MAX = 4096 };

struct export_file {
	char path[EXPORT_PATH_MAX];     /* as it will be called */
	char part[EXPORT_PATH_MAX + 8]; /* as it is called until then */
	FILE *to;
};

/* Errors are printed.  False: nothing was made. */
bool export_file_begin(struct export_file *f, const char *path);
/* Everything is on the disk under its name, or, unless it is good, nothing is left of it. */
bool export_file_end(struct export_file *f, bool good);

#endif
