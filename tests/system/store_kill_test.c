/* SPDX-License-Identifier: Apache-2.0 */
/* A process that commits and syncs is killed at a random moment, over and over: what was synced is
 * there, and of every batch all or nothing. */
#include "store/inspect.h"
#include "store/store_rocksdb.h"
#include "tests/unit/harness.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 20, MAX_DELAY_MS = 60 };

static struct store_options options_for(const char *dir)
{
	return (struct store_options){ .driver = &store_rocksdb_driver,
				       .env = test_env(),
				       .path = dir,
				       .domain = VIEW_LIT("dial.example"),
				       .kind = VIEW_LIT("rooms"),
				       .schema = 1,
				       .memtable_bytes = 1 << 18 };
}

static struct view number(uint64_t *n)
{
	return view_make(n, sizeof *n);
}

static uc_err commit_one(struct store *s, uint64_t i)
{
	static const uint8_t ballast[300];
	struct store_batch b;
	store_batch_init(&b, VIEW_LIT(""));
	store_put(&b, VIEW_LIT("a"), number(&i));
	store_put(&b, VIEW_LIT("payload"), VIEW_OF(ballast));
	store_log_append(&b, VIEW_LIT("log"), i, VIEW_OF(ballast));
	if (i % 100 == 0)
		store_log_trim(&b, VIEW_LIT("log"), i - 90);
	store_put(&b, VIEW_LIT("b"), number(&i));
	uc_err err = store_commit(s, &b);
	store_batch_done(&b);
	return err;
}

static uc_err last_number(struct store *s, const char *key, uint64_t *out)
{
	struct arena mem;
	struct view v;
	arena_init(&mem, 4096, ARENA_PLAIN);
	*out = 0;
	uc_err err = store_get(s, view_str(key), &mem, &v);
	if (!err && v.n == sizeof *out)
		memcpy(out, v.p, v.n);
	arena_done(&mem);
	return err == UC_E_NOT_FOUND ? UC_OK : err;
}

/* The one that is killed: says on standard output what is durable. */
static int work(const char *dir)
{
	struct store_options o = options_for(dir);
	struct store *s;
	uint64_t i;
	if (store_open(&o, &s) || last_number(s, "a", &i))
		return 2;
	for (;;) {
		for (int n = 0; n < 5; n++)
			if (commit_one(s, ++i))
				return 3;
		if (store_sync(s))
			return 4;
		if (write(STDOUT_FILENO, &i, sizeof i) != sizeof i)
			return 5;
		if (i % 1000 == 0 && store_maintain(s))
			return 6;
	}
}

/* The last number the process said before it was killed. */
static uint64_t run_and_kill(const char *dir, unsigned delay_ms)
{
	int ends[2];
	uint64_t said = 0, n;
	if (pipe(ends))
		abort();
	pid_t pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execl("/proc/self/exe", "store_kill_test", "work", dir, (char *)NULL);
		_exit(9);
	}
	close(ends[1]);
	/* It has begun when it says its first number. */
	if (read(ends[0], &n, sizeof n) == sizeof n)
		said = n;
	/* The pipe is emptied while it works, so that it never waits for us. */
	for (unsigned waited = 0; waited < delay_ms; waited++) {
		usleep(1000);
		for (int k = 0; k < 8 && read(ends[0], &n, sizeof n) == sizeof n; k++)
			said = n;
	}
	kill(pid, SIGKILL);
	while (read(ends[0], &n, sizeof n) == sizeof n)
		said = n;
	close(ends[0]);
	int status;
	waitpid(pid, &status, 0);
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	return said;
}

static void tell(void *ctx, const char *what, struct view key)
{
	(void)ctx;
	test_fail(__FILE__, __LINE__, "%s: %.*s", what, (int)key.n, (const char *)key.p);
}

static uint64_t verify(const char *dir, uint64_t said)
{
	struct store_options o = options_for(dir);
	struct store_log_bounds bounds = { 0 };
	struct store *s = NULL;
	uint64_t a = 0, b = 0;
	expect_ok(store_open(&o, &s));
	if (!s)
		return 0;
	expect_ok(last_number(s, "a", &a));
	expect_ok(last_number(s, "b", &b));
	expect_ok(store_log_bounds(s, VIEW_LIT("log"), &bounds));
	expect(a >= said);
	expect_eq(a, b);
	expect_eq(bounds.next, a + 1);
	expect_ok(store_check(s, NULL, tell, NULL));
	store_close(s);
	return a;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

TEST(killed_again_and_again)
{
	char dir[] = "/tmp/store-kill-XXXXXX";
	if (!mkdtemp(dir))
		abort();
	uint64_t before = 0;
	srand((unsigned)getpid());
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t said = run_and_kill(dir, (unsigned)rand() % MAX_DELAY_MS);
		uint64_t now = verify(dir, said);
		expect(now > before);
		before = now;
	}
	printf("%d kills, %" PRIu64 " batches\n", ROUNDS, before);
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Files may not grow beyond a limit, as on a disk that fails: the store says so, goes on reading
 * and writes no more; the process lives. */
static int work_until_refused(const char *dir)
{
	struct rlimit limit = { 100000, 100000 };
	struct store_options o = options_for(dir);
	struct store *s;
	uint64_t i;
	uc_err err = UC_OK;
	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) || store_open(&o, &s) || last_number(s, "a", &i))
		return 2;
	for (int n = 0; n < 2000 && !err; n++) {
		err = commit_one(s, ++i);
		if (!err)
			err = store_sync(s);
		if (!err && write(STDOUT_FILENO, &i, sizeof i) != sizeof i)
			return 3;
	}
	if (err != UC_E_STORE || store_sync(s) != err || commit_one(s, i) != err ||
	    store_maintain(s) != err || last_number(s, "b", &i))
		return 4;
	store_close(s);
	return 0;
}

TEST(failing_disk)
{
	char dir[] = "/tmp/store-fail-XXXXXX", command[256];
	uint64_t said = 0, n;
	if (!mkdtemp(dir))
		abort();
	for (int round = 0; round < 2; round++) {
		char exe[128];
		ssize_t len = readlink("/proc/self/exe", exe, sizeof exe - 1);
		exe[len > 0 ? len : 0] = 0;
		snprintf(command, sizeof command, "'%s' refuse %s", exe, dir);
		FILE *f = popen(command, "r");
		while (f && fread(&n, sizeof n, 1, f) == 1)
			said = n;
		expect(f && pclose(f) == 0);
		verify(dir, said);
	}
	expect(said > 0);
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The same program is the one that is killed; the harness owns main. */
__attribute__((constructor(101))) static void begin(int argc, char **argv)
{
	if (argc == 3 && view_equal(view_str(argv[1]), VIEW_LIT("work")))
		_exit(work(argv[2]));
	if (argc == 3 && view_equal(view_str(argv[1]), VIEW_LIT("refuse")))
		_exit(work_until_refused(argv[2]));
}
