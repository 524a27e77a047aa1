/* SPDX-License-Identifier: Apache-2.0 */
/* Worlds side by side: each is a process of its own, which tells by a pipe what became of it.  One
 * that dies, or does not end, is a failure of its seed and of no other. */
#include "base/heap.h"
#include "tests/sim/sim.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { AT_ONCE_MAX = 64, SECONDS_MAX = 600, RESULT_MAX = 16 * 1024 * 1024 };

struct child {
	pid_t pid; /* 0: free */
	int fd;
	struct job job;
	struct buf result;
};

static void write_all(int fd, const void *p, size_t n)
{
	const uint8_t *at = p;
	while (n) {
		ssize_t done = write(fd, at, n);
		if (done <= 0)
			exit(3);
		at += done;
		n -= (size_t)done;
	}
}

static void child_lives(const struct jobs *j, const struct job *job, int fd)
{
	static struct outcome o;
	struct cover cover;
	alarm(SECONDS_MAX);
	if (cover_init(&cover))
		exit(3);
	j->run(j->ctx, job, &cover, &o);
	fflush(stdout);
	write_all(fd, &o, sizeof o);
	for (size_t i = 0; i < cover.n; i++)
		write_all(fd, cover.v[i], sizeof *cover.v[i]);
	cover_done(&cover);
	exit(0);
}

static uc_err child_start(const struct jobs *j, struct child *k)
{
	int fds[2];
	if (pipe(fds))
		return UC_E_MEMORY;
	fflush(stdout);
	fflush(stderr);
	pid_t pid = fork();
	if (pid < 0) {
		close(fds[0]);
		close(fds[1]);
		return UC_E_MEMORY;
	}
	if (!pid) {
		close(fds[0]);
		child_lives(j, &k->job, fds[1]);
	}
	close(fds[1]);
	k->pid = pid;
	k->fd = fds[0];
	buf_init(&k->result, RESULT_MAX);
	return UC_OK;
}

static void child_ended(const struct jobs *j, struct child *k)
{
	struct outcome o = { 0 };
	struct view all = buf_view(&k->result);
	int status = 0;
	close(k->fd);
	waitpid(k->pid, &status, 0);
	size_t n = all.n > sizeof o ? (all.n - sizeof o) / sizeof(struct cover_point) : 0;
	struct cover_point *v = n ? heap_new(n * sizeof *v) : NULL;
	bool whole = WIFEXITED(status) && !WEXITSTATUS(status) && all.n >= sizeof o;
	if (whole && (!n || v)) {
		memcpy(&o, all.p, sizeof o);
		if (n)
			memcpy(v, all.p + sizeof o, n * sizeof *v);
	} else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
		snprintf(o.why, sizeof o.why, "it does not end within %d s", SECONDS_MAX);
	} else {
		snprintf(o.why, sizeof o.why, "its process died, of %s %d",
			 WIFSIGNALED(status) ? "signal" : "status",
			 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	}
	j->done(j->ctx, &k->job, &o, v, v ? n : 0);
	heap_free(v);
	buf_done(&k->result);
	k->pid = 0;
}

/* Reads what has come; false at its end. */
static bool child_read(struct child *k)
{
	static uint8_t bytes[65536];
	ssize_t n = read(k->fd, bytes, sizeof bytes);
	if (n > 0)
		buf_add(&k->result, bytes, (size_t)n);
	return n > 0;
}

static void children_wait(const struct jobs *j, struct child *children)
{
	struct pollfd fds[AT_ONCE_MAX];
	struct child *of[AT_ONCE_MAX];
	nfds_t n = 0;
	for (unsigned i = 0; i < j->at_once; i++) {
		if (!children[i].pid)
			continue;
		fds[n] = (struct pollfd){ .fd = children[i].fd, .events = POLLIN };
		of[n++] = &children[i];
	}
	if (!n || poll(fds, n, -1) <= 0)
		return;
	for (nfds_t i = 0; i < n; i++)
		if (fds[i].revents && !child_read(of[i]))
			child_ended(j, of[i]);
}

static bool any_left(const struct jobs *j, const struct child *children)
{
	for (unsigned i = 0; i < j->at_once; i++)
		if (children[i].pid)
			return true;
	return false;
}

uc_err jobs_run(const struct jobs *j)
{
	static struct child children[AT_ONCE_MAX];
	bool more = true;
	uc_err err = j->at_once && j->at_once <= AT_ONCE_MAX ? UC_OK : UC_E_ARGUMENT;
	while (!err && (more || any_left(j, children))) {
		for (unsigned i = 0; i < j->at_once && more && !err; i++) {
			if (children[i].pid)
				continue;
			more = j->next(j->ctx, &children[i].job);
			if (more)
				err = child_start(j, &children[i]);
		}
		children_wait(j, children);
	}
	while (any_left(j, children))
		children_wait(j, children);
	return err;
}
