/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that is really full while a store is rewritten: a small file system in memory, where the system lets
 * a process have one of its own.  Rewriting that was begun, since the disk lied about its room, leaves the store
 * as it was, and serving. */
#include "store/inspect.h"
#include "store/store_rocksdb.h"
#include "tests/unit/harness.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

enum { VALUES = 700, VALUE = 60000, LEFT = 16 << 20, PATIENCE_S = 30, NOT_TRIED = 77 };
/* RocksDB looks every five seconds whether there is room again. */
enum { RECOVERY_S = 7 };

static bool lies;

static uint64_t free_bytes(void *ctx)
{
	struct statvfs at;
	if (lies)
		return (uint64_t)1 << 40;
	return statvfs(ctx, &at) ? 0 : (uint64_t)at.f_bavail * at.f_frsize;
}

static bool file_say(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));
	if (fd >= 0)
		close(fd);
	return n == (ssize_t)strlen(text);
}

/* As root of a namespace, whoever one is outside. */
static bool become_root(void)
{
	char map[64];
	unsigned uid = getuid(), gid = getgid();
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		return false;
	snprintf(map, sizeof map, "0 %u 1", uid);
	if (!file_say("/proc/self/uid_map", map))
		return false;
	(void)file_say("/proc/self/setgroups", "deny");
	snprintf(map, sizeof map, "0 %u 1", gid);
	return file_say("/proc/self/gid_map", map);
}

static bool disk_make(const char *dir)
{
	if ((geteuid() || unshare(CLONE_NEWNS)) && !become_root())
		return false;
	return !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       !mount("small", dir, "tmpfs", 0, "size=160m");
}

static uc_err put(struct store *s, int i, uint8_t what)
{
	static uint8_t value[VALUE];
	char key[16];
	struct store_batch b;
	memset(value, what, sizeof value);
	snprintf(key, sizeof key, "k%05d", i * 7919 % VALUES);
	store_batch_init(&b, (struct view){ 0 });
	store_put(&b, view_str(key), VIEW_OF(value));
	uc_err err = store_commit(s, &b);
	store_batch_done(&b);
	return err ? err : store_sync(s);
}

/* So much that there is LEFT. */
static bool disk_fill(const char *dir, const char *file)
{
	static uint8_t zeros[1 << 20];
	struct statvfs at;
	int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	bool ok = fd >= 0;
	while (ok && !statvfs(dir, &at) && (uint64_t)at.f_bavail * at.f_frsize > LEFT)
		ok = write(fd, zeros, sizeof zeros) == sizeof zeros;
	if (fd >= 0)
		close(fd);
	return ok;
}

#define STEP(condition)                                              \
	do {                                                         \
		if (!(condition)) {                                  \
			fprintf(stderr, "not so: %s\n", #condition); \
			return 1;                                    \
		}                                                    \
	} while (0)

static int crowded(const char *dir)
{
	char path[128], filler[128];
	struct store *s = NULL;
	uc_err err = UC_E_FULL;
	if (!disk_make(dir))
		return NOT_TRIED;
	snprintf(path, sizeof path, "%s/store", dir);
	snprintf(filler, sizeof filler, "%s/filler", dir);
	struct store_options o = { .driver = &store_rocksdb_driver,
				   .env = test_env(),
				   .path = path,
				   .domain = VIEW_LIT("dial.example"),
				   .kind = VIEW_LIT("rooms"),
				   .schema = 1,
				   .memtable_bytes = 1 << 20,
				   .faults = { .ctx = (void *)(uintptr_t)dir,
					       .free_bytes = free_bytes } };
	STEP(!store_open(&o, &s));
	for (int i = 0; i < VALUES; i++)
		STEP(!put(s, i, 1));
	lies = true;
	STEP(!store_maintain(s));
	STEP(disk_fill(dir, filler));
	lies = false;
	STEP(store_maintain(s) == UC_E_FULL);
	STEP(!put(s, 1, 2));
	lies = true;
	for (int i = 0; i < 2; i++) {
		STEP(store_maintain(s) == UC_E_FULL);
		STEP(!put(s, 2 + i, 2));
		STEP(!store_refuses(s));
		STEP(!store_check(s, NULL, NULL, NULL));
		sleep(RECOVERY_S);
	}
	STEP(!unlink(filler));
	for (int i = 0; err && i < PATIENCE_S; i++) {
		err = store_maintain(s);
		if (err)
			sleep(1);
	}
	STEP(!err);
	STEP(!store_check(s, NULL, NULL, NULL));
	store_close(s);
	STEP(!store_open(&o, &s));
	STEP(!store_check(s, NULL, NULL, NULL));
	store_close(s);
	return 0;
}

TEST(a_full_disk_stops_the_rewriting_alone)
{
	char dir[] = "/tmp/store-full-XXXXXX";
	int status = -1;
	if (!mkdtemp(dir))
		abort();
	pid_t pid = fork();
	if (pid == 0) {
		execl("/proc/self/exe", "store_full_test", "crowded", dir, (char *)NULL);
		_exit(9);
	}
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_TRIED)
		printf("not tried: no file system of one's own here\n");
	else
		expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	rmdir(dir);
}

/* The same program is the one with the disk; the harness owns main. */
__attribute__((constructor(101))) static void begin(int argc, char **argv)
{
	if (argc == 3 && view_equal(view_str(argv[1]), VIEW_LIT("crowded")))
		_exit(crowded(argv[2]));
}
