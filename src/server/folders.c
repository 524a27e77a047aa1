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
