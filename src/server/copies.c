/* SPDX-License-Identifier: Apache-2.0 */
#include "server/copies.h"

#include "net/env_system.h"
#include "server/folders.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

enum { COPIES_PATH_MAX = 4200, DEPTH = 2 /* NAME/APP/STORE */ };

static time_t now_s(void)
{
	return (time_t)(env_now_ms(env_system()) / 1000);
}

static bool is_idle(const char *path, unsigned idle_s)
{
	struct stat st;
	return !idle_s || (!lstat(path, &st) && st.st_mtime + (time_t)idle_s <= now_s());
}

void copies_forget(const char *data, unsigned idle_s)
{
	char folder[COPIES_PATH_MAX], path[COPIES_PATH_MAX + NAME_MAX + 2];
	int n = snprintf(folder, sizeof folder, "%s/copies", data);
	DIR *d = n < (int)sizeof folder ? opendir(folder) : NULL;
	for (struct dirent *e; d && (e = readdir(d));) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		if (is_idle(path, idle_s))
			folder_remove(path, DEPTH);
	}
	if (d)
		closedir(d);
}
