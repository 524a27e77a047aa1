/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/export_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool complain(const char *path, const char *why)
{
	fprintf(stderr, "undercroft: cannot write %s: %s\n", path, why);
	return false;
}

bool export_file_begin(struct export_file *f, const char *path)
{
	*f = (struct export_file){ .to = NULL };
	if (strlen(path) >= sizeof f->path)
		return complain(path, strerror(ENAMETOOLONG));
	snprintf(f->path, sizeof f->path, "%s", path);
	snprintf(f->part, sizeof f->part, "%s.XXXXXX", path);
	if (!*path || access(path, F_OK) == 0)
		return complain(path, "it exists, and is not overwritten");
	int fd = mkostemp(f->part, O_CLOEXEC); /* 0600 */
	if (fd < 0)
		return complain(path, strerror(errno));
	f->to = fdopen(fd, "w");
	if (f->to)
		return true;
	close(fd);
	unlink(f->part);
	return complain(path, strerror(errno));
}

/* Fails where there is something by that name, also since a moment ago. */
static int name_give(const struct export_file *f)
{
	if (!renameat2(AT_FDCWD, f->part, AT_FDCWD, f->path, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	return link(f->part, f->path) || unlink(f->part) ? -1 : 0;
}

/* The name, too, outlives a loss of power. */
static int folder_sync(const char *path)
{
	char folder[EXPORT_PATH_MAX];
	const char *slash = strrchr(path, '/');
	if (slash)
		snprintf(folder, sizeof folder, "%.*s", (int)(slash - path + 1), path);
	int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int status = fd < 0 ? -1 : fsync(fd);
	if (fd >= 0)
		close(fd);
	return status;
}

bool export_file_end(struct export_file *f, bool good)
{
	bool written = !ferror(f->to) && !fflush(f->to) && !fsync(fileno(f->to));
	int why = errno;
	if (fclose(f->to) && written) {
		why = errno;
		written = false;
	}
	f->to = NULL;
	if (good && written && !name_give(f)) {
		if (!folder_sync(f->path))
			return true;
		why = errno;
		unlink(f->path);
		return complain(f->path, strerror(why));
	}
	if (good && written)
		why = errno;
	unlink(f->part);
	return good ? complain(f->path,
			       why == EEXIST ? "it exists, and is not overwritten" : strerror(why))
		    : false;
}
