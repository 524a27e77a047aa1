/* SPDX-License-Identifier: Apache-2.0 */
#include "server/folders.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_MAX_BYTES = 4200 };

uc_err folder_make(const char *path)
{
	char part[PATH_MAX_BYTES];
	size_t n = strlen(path);
	if (n >= sizeof part)
		return UC_E_CONFIG;
	for (size_t i = 1; i <= n; i++) {
		if (path[i] != '/' && path[i] != 0)
			continue;
		memcpy(part, path, i);
		part[i] = 0;
		if (mkdir(part, 0700) && errno != EEXIST)
			return UC_E_IO;
	}
	return UC_OK;
}

static bool is_dot(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

void folder_remove(const char *path, unsigned depth)
{
	DIR *d = opendir(path);
	for (struct dirent *e; d && (e = readdir(d));) {
		char below[PATH_MAX_BYTES];
		if (is_dot(e->d_name) || !unlinkat(dirfd(d), e->d_name, 0) || !depth)
			continue;
		int n = snprintf(below, sizeof below, "%s/%s", path, e->d_name);
		if (n > 0 && n < PATH_MAX_BYTES)
			folder_remove(below, depth - 1);
	}
	if (d)
		closedir(d);
	rmdir(path);
}
