/* SPDX-License-Identifier: Apache-2.0 */
/* What an app that is no longer configured has left in the data folder. */
#define _XOPEN_SOURCE 700
#include "ctl/ctl.h"
#include "ctl/files.h"
#include "server/config_value.h"
#include "server/folders.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDERS_AT_ONCE = 16 };

static bool is_folder(const char *path)
{
	struct stat st;
	return !lstat(path, &st) && S_ISDIR(st.st_mode);
}

/* RocksDB holds a lock on this file of a store for as long as it has it open. */
static bool is_in_use(const char *store)
{
	char path[FILES_PATH_MAX];
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = files_path(path, store, "LOCK") ? open(path, O_RDWR | O_CLOEXEC) : -1;
	if (fd < 0)
		return false;
	bool held = fcntl(fd, F_GETLK, &lock) || lock.l_type != F_UNLCK;
	close(fd);
	return held;
}

/* Only what is an app's folder, and nobody's any more. */
static bool may_erase(const struct ctl *c, const char *name, const char *folder)
{
	char store[FILES_PATH_MAX];
	size_t stores = 0;
	for (size_t i = 0; i < c->config.apps_n; i++) {
		if (view_equal(view_str(c->config.apps[i].name), view_str(name))) {
			fprintf(stderr,
				"undercroftctl: %s is an app of this configuration; take its "
				"section out and reload first\n",
				name);
			return false;
		}
	}
	for (int kind = 0; kind < CTL_KINDS; kind++) {
		if (!files_path(store, folder, ctl_kind_names[kind]) || !is_folder(store))
			continue;
		stores++;
		if (is_in_use(store)) {
			fprintf(stderr,
				"undercroftctl: %s: in use; the backbone still serves that app: "
				"reload it first\n",
				store);
			return false;
		}
	}
	if (!stores)
		fprintf(stderr, "undercroftctl: %s: there is no app's data\n", folder);
	return stores != 0;
}

static int erase_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

int ctl_erase_app(struct ctl *c)
{
	const char *name = c->argv[0];
	char folder[FILES_PATH_MAX];
	struct view v = view_str(name);
	bool is_sure = c->argc > 1 && view_equal(view_str(c->argv[1]), VIEW_LIT("--yes"));
	if (!config_domain_is_valid(v) || memchr(v.p, '.', v.n) ||
	    !files_path(folder, c->config.data, name)) {
		fprintf(stderr, "undercroftctl: %s is no name of an app\n", name);
		return CTL_FAILED;
	}
	if (!may_erase(c, name, folder))
		return CTL_FAILED;
	if (!is_sure) {
		fprintf(stderr,
			"undercroftctl: this erases %s with all accounts and rooms in it, for "
			"good; repeat it with --yes\n",
			folder);
		return CTL_USAGE;
	}
	if (nftw(folder, erase_one, FOLDERS_AT_ONCE, FTW_DEPTH | FTW_PHYS) ||
	    folder_sync_above(folder)) {
		fprintf(stderr, "undercroftctl: %s: %s\n", folder, strerror(errno));
		return CTL_FAILED;
	}
	printf("%s is erased. The app's keys are where its section named them; erase them, too.\n",
	       folder);
	return CTL_OK;
}
