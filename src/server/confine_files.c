/* SPDX-License-Identifier: Apache-2.0 */
/* Landlock: which files may still be opened. */
#include "server/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Rights by the version of the interface that brought them (landlock(7)); headers may be older. */
enum {
	RIGHT_EXECUTE = 1 << 0,
	RIGHT_WRITE_FILE = 1 << 1,
	RIGHT_READ_FILE = 1 << 2,
	RIGHT_READ_DIR = 1 << 3,
	RIGHTS_1 = (1 << 13) - 1, /* these, and removing and making of each kind */
	RIGHT_REFER = 1 << 13,    /* 2: linking and renaming between folders */
	RIGHT_TRUNCATE = 1 << 14, /* 3 */
	RIGHT_IOCTL_DEV = 1 << 15 /* 5 */
};
enum {
	READS = RIGHT_READ_FILE | RIGHT_READ_DIR,
	WRITES = READS | (RIGHTS_1 & ~RIGHT_EXECUTE) | RIGHT_REFER | RIGHT_TRUNCATE,
	OF_FILES = RIGHT_WRITE_FILE | RIGHT_READ_FILE | RIGHT_TRUNCATE | RIGHT_IOCTL_DEV
};

/* What libraries read: name resolution, certificates, time zones, their own parts. */
static const struct confine_path of_the_system[] = {
	{ "/etc", false },
	{ "/usr", false },
	{ "/lib", false },
	{ "/lib64", false },
	{ "/proc", false },
	{ "/sys", false },
	{ "/run/systemd/resolve", false },
	{ "/run/NetworkManager", false },
	{ "/run/resolvconf", false },
	{ "/dev/null", true },
	{ "/dev/urandom", false },
	{ "/dev/random", false },
};

static uint64_t rights_known(long version)
{
	uint64_t rights = RIGHTS_1;
	if (version >= 2)
		rights |= RIGHT_REFER;
	if (version >= 3)
		rights |= RIGHT_TRUNCATE;
	if (version >= 5)
		rights |= RIGHT_IOCTL_DEV;
	return rights;
}

static uc_err allow(int rules, uint64_t known, const struct confine_path *p)
{
	struct stat is;
	int fd = open(p->path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == EACCES ? UC_OK : UC_E_IO;
	uint64_t rights = known & (p->is_written ? WRITES : READS);
	if (!fstat(fd, &is) && !S_ISDIR(is.st_mode))
		rights &= OF_FILES;
	struct landlock_path_beneath_attr rule = { .allowed_access = rights, .parent_fd = fd };
	long failed = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(fd);
	return failed ? UC_E_IO : UC_OK;
}

static uc_err allow_all(int rules, uint64_t known, const struct confine_path *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		TRY(allow(rules, known, &v[i]));
	return UC_OK;
}

uc_err confine_files(const struct confine_path *v, size_t n)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (version < 1)
		return UC_E_UNSUPPORTED;
	uint64_t known = rights_known(version);
	struct landlock_ruleset_attr all = { .handled_access_fs = known };
	int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
	if (rules < 0)
		return UC_E_UNSUPPORTED;
	uc_err err = allow_all(rules, known, of_the_system,
			       sizeof of_the_system / sizeof *of_the_system);
	if (!err)
		err = allow_all(rules, known, v, n);
	/* Without it only root may give up rights. */
	if (!err && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		     syscall(SYS_landlock_restrict_self, rules, 0)))
		err = UC_E_IO;
	close(rules);
	return err;
}
