/* SPDX-License-Identifier: Apache-2.0 */
/* What a process that gave up files and system calls can still do, tried in children. */
#include "server/confine.h"
#include "tests/unit/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The status of a child that does it: its exit code, or minus the signal that ended it. */
static int in_child(int (*what)(void))
{
	int status = 0;
	pid_t pid = fork();
	if (pid == 0)
		_exit(what());
	expect(pid > 0 && waitpid(pid, &status, 0) == pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

enum { CANNOT = 77 };

static char folder[] = "/tmp/undercroft-confine.XXXXXX";
static char mine[64], others[64], shown[64];

static void place(char *path, size_t n, const char *name)
{
	snprintf(path, n, "%s/%s", folder, name);
	expect(mkdir(path, 0700) == 0);
}

static bool can_open(const char *in, const char *name, int flags)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s", in, name);
	int fd = open(path, flags, 0600);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void remove_all(void)
{
	char path[128];
	snprintf(path, sizeof path, "%s/file", shown);
	unlink(path);
	snprintf(path, sizeof path, "%s/file", others);
	unlink(path);
	expect(!rmdir(mine) && !rmdir(shown) && !rmdir(others) && !rmdir(folder));
}

/* The first thing that is not as it should be, by number; 0: none. */
static int files_after(void)
{
	const struct confine_path v[] = { { mine, true },
					  { shown, false },
					  { "/tmp/undercroft-is-not-there", true } };
	uc_err err = confine_files(v, sizeof v / sizeof *v);
	if (err)
		return err == UC_E_UNSUPPORTED ? CANNOT : 1;
	if (!can_open(mine, "new", O_RDWR | O_CREAT))
		return 2;
	if (!can_open(shown, "file", O_RDONLY) || can_open(shown, "file", O_WRONLY))
		return 3;
	if (can_open(shown, "new", O_WRONLY | O_CREAT) || can_open(others, "file", O_RDONLY))
		return 4;
	if (!can_open("/etc", "passwd", O_RDONLY) || can_open("/root", ".", O_RDONLY))
		return 5;
	char from[128], to[128];
	snprintf(from, sizeof from, "%s/new", mine);
	snprintf(to, sizeof to, "%s/new", others);
	if (rename(from, to) == 0)
		return 6;
	snprintf(to, sizeof to, "%s/other", mine);
	return rename(from, to) || unlink(to) ? 7 : 0;
}

TEST(only_what_is_named_can_be_opened)
{
	expect(mkdtemp(folder) != NULL);
	place(mine, sizeof mine, "mine");
	place(others, sizeof others, "others");
	place(shown, sizeof shown, "shown");
	expect(can_open(shown, "file", O_WRONLY | O_CREAT));
	expect(can_open(others, "file", O_WRONLY | O_CREAT));
	int status = confine_is_possible() ? in_child(files_after) : CANNOT;
	if (status == CANNOT)
		test_skip("this build is sanitized, or the system has no Landlock");
	else
		expect_eq(status, 0);
	remove_all();
}

static void *nothing(void *ctx)
{
	return ctx;
}

static int calls_after(void)
{
	pthread_t thread;
	struct addrinfo *found = NULL;
	int pair[2];
	if (confine_rings() || confine_calls())
		return CANNOT;
	if (pthread_create(&thread, NULL, nothing, NULL) || pthread_join(thread, NULL))
		return 2;
	if (socket(AF_PACKET, SOCK_RAW, 0) >= 0 || errno != ENOSYS)
		return 3;
	int tcp = socket(AF_INET, SOCK_STREAM, 0);
	if (tcp < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return 4;
	if (fork() >= 0)
		return 5;
	if (getaddrinfo("localhost", "443", NULL, &found) || !found)
		return 6;
	freeaddrinfo(found);
	return unshare(CLONE_NEWUSER) == 0 ? 7 : 0;
}

/* Says which error a ring is refused with, once other calls still go. */
static int rings_after(void)
{
	if (confine_rings())
		return CANNOT;
	if (syscall(SYS_io_uring_setup, 8, NULL) != -1 || errno != ENOSYS)
		return 1;
	return fork() == 0 ? 0 : wait(NULL) > 0 ? 0 : 2;
}

static int another_program(void)
{
	char name[] = "/bin/true";
	char *argv[] = { name, NULL };
	if (confine_calls())
		return CANNOT;
	execv(name, argv);
	return 1;
}

/* A thread that was there before. */
static void *waits(void *ctx)
{
	sigset_t set;
	int which;
	(void)ctx;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigwait(&set, &which);
	char name[] = "/bin/true";
	char *argv[] = { name, NULL };
	execv(name, argv);
	return NULL;
}

static int another_thread(void)
{
	pthread_t thread;
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (pthread_create(&thread, NULL, waits, NULL))
		return 1;
	if (confine_calls())
		return CANNOT;
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, NULL);
	return 2;
}

TEST(only_calls_of_a_server_can_be_made)
{
	int status = confine_is_possible() ? in_child(calls_after) : CANNOT;
	if (status == CANNOT) {
		test_skip("this build is sanitized, or the system has no seccomp");
		return;
	}
	expect_eq(status, 0);
	expect_eq(in_child(rings_after), 0);
	expect_eq(in_child(another_program), -SIGSYS);
	expect_eq(in_child(another_thread), -SIGSYS);
}
