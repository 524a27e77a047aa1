/* SPDX-License-Identifier: Apache-2.0 */
#include "server/folders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_MAX_BYTES = 4200 };

uc_err folder_sync(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return UC_E_IO;
	uc_err err = fsync(fd) ? UC_E_IO : UC_OK;
	close(fd);
	return err;
}

uc_err folder_sync_above(const char *path)
{
	char above[PATH_MAX_BYTES];
	size_t n = strlen(path);
	while (n > 1 && path[n - 1] == '/')
		n--;
	while (n && path[n - 1] != '/')
		n--;
	if (n >= sizeof above)
		return UC_E_CONFIG;
	memcpy(above, path, n);
	above[n] = 0;
	uc_err err = folder_sync(n ? above : ".");
	return err && errno == EACCES ? UC_OK : err;
}

/* Also one that was there already may be of a moment ago. */
static uc_err make_one(const char *path, bool is_last)
{
	bool is_there = mkdir(path, 0700) != 0;
	if (is_there && errno != EEXIST)
		return UC_E_IO;
	return is_there && !is_last ? UC_OK : folder_sync_above(path);
}

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
		TRY(make_one(part, i == n));
	}
	return UC_OK;
}

static bool is_dot(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

static void remove_at(int parent, const char *name, unsigned depth)
{
	/* No link, which may lead anywhere. */
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (fd >= 0 && !d)
		close(fd);
	for (struct dirent *e; d && (e = readdir(d));) {
		if (!is_dot(e->d_name) && unlinkat(dirfd(d), e->d_name, 0) && depth)
			remove_at(dirfd(d), e->d_name, depth - 1);
	}
	if (d)
		closedir(d);
	unlinkat(parent, name, AT_REMOVEDIR);
}

void folder_remove(const char *path, unsigned depth)
{
	remove_at(AT_FDCWD, path, depth);
}
