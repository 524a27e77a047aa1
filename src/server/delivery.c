/* SPDX-License-Identifier: Apache-2.0 */
#include "server/delivery.h"

#include "base/heap.h"
#include "base/secret.h"
#include "net/env_system.h"
#include "server/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	WORDS_MAX = 32,
	COMMAND_MAX = 4096,
	POLL_MS = 100,
	APP_NAME_MAX = 64, /* with its zero */
	CONFIG_BYTES_MAX = 4 << 20,
	RELOAD_TRIES = 100,
	RELOAD_WAIT_US = 10000,
};

struct delivery {
	int fd;
	pid_t helper;
};

/* What is handed to the helper: one packet. */
struct packet {
	char app[APP_NAME_MAX]; /* empty: the configuration is to be read anew */
	uint32_t n;
	char text[2 * DELIVERY_TEXT_MAX]; /* IDENTIFIER \n CODE \n */
};

/* --- the helper --- */

struct running {
	uint64_t until_ms;
	pid_t pid; /* 0: free */
	char app[APP_NAME_MAX];
};

static struct running running[DELIVERY_RUNNING_MAX];
static size_t running_n;

/* Whose commands these are: the operator's, who wrote the file.  The helper reads it itself, since it may run
 * what it likes, and the server, which may not, has none of that to say. */
struct commands {
	struct config config;
	struct arena mem;
};

static const char *command_of(const struct config *c, const char *app)
{
	for (size_t i = 0; i < c->apps_n; i++)
		if (view_equal(view_str(c->apps[i].name), view_str(app)))
			return c->apps[i].delivery;
	return NULL;
}

static void commands_free(struct commands *c)
{
	if (!c)
		return;
	arena_done(&c->mem);
	heap_free(c);
}

/* With mistakes in it, those of before stay. */
static void commands_read(const char *file, struct commands **at)
{
	struct commands *fresh = file ? HEAP_NEW(struct commands) : NULL;
	struct buf said;
	if (!fresh)
		return;
	arena_init(&fresh->mem, CONFIG_BYTES_MAX, ARENA_PLAIN);
	buf_init(&said, 1 << 16);
	struct config_mistakes m = { file, &said, 0 };
	uc_err err = config_load(&fresh->mem, file, &m, &fresh->config);
	buf_done(&said);
	if (err) /* changed once more, since the server has read it */
		log_error("config.refused", "error=%s", uc_err_name(err));
	commands_free(err ? fresh : *at);
	if (!err)
		*at = fresh;
}

static int spawn(const char *command, int input, pid_t *out)
{
	char copy[COMMAND_MAX], *words[WORDS_MAX + 1] = { 0 };
	static char path[] = "PATH=/usr/local/bin:/usr/bin:/bin";
	char *environment[] = { path, NULL };
	size_t n = 0;
	struct view rest = view_str(command), word;
	if (rest.n >= sizeof copy)
		return E2BIG;
	for (char *at = copy; rest.p && n < WORDS_MAX;) {
		rest = view_cut(rest, ' ', &word);
		if (!word.n)
			continue;
		memcpy(at, word.p, word.n);
		at[word.n] = 0;
		words[n++] = at;
		at += word.n + 1;
	}
	if (!n)
		return ENOENT;
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t all, none;
	sigfillset(&all);
	sigemptyset(&none);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	int failed = posix_spawn(out, words[0], &files, &attributes, words, environment);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return failed;
}

static void start(const char *command, const struct packet *p)
{
	int ends[2];
	struct running *r = running;
	while (r->pid)
		r++;
	if (pipe2(ends, O_CLOEXEC)) {
		log_error("delivery.failed", "app=%s reason=pipe", p->app);
		return;
	}
	int failed = spawn(command, ends[0], &r->pid);
	close(ends[0]);
	if (failed) {
		r->pid = 0;
		log_error("delivery.failed", "app=%s reason=spawn errno=%d", p->app, failed);
	} else {
		/* Fits into the pipe, so it never waits; a command that doesn't read is its own fault. */
		ssize_t written = write(ends[1], p->text, p->n);
		(void)written;
		memcpy(r->app, p->app, sizeof r->app);
		r->until_ms = clock_steady_ms() + DELIVERY_SECONDS * 1000;
		running_n++;
	}
	close(ends[1]);
}

static void reap(void)
{
	for (struct running *r = running; r < running + DELIVERY_RUNNING_MAX; r++) {
		int status = 0;
		if (!r->pid)
			continue;
		pid_t done = waitpid(r->pid, &status, WNOHANG);
		if (!done && clock_steady_ms() > r->until_ms) {
			kill(r->pid, SIGKILL);
			log_error("delivery.failed", "app=%s reason=timeout", r->app);
			r->until_ms = UINT64_MAX;
		}
		if (!done)
			continue;
		bool well = done > 0 && WIFEXITED(status) && !WEXITSTATUS(status);
		if (!well && r->until_ms != UINT64_MAX)
			log_error("delivery.failed", "app=%s reason=exit status=%d", r->app,
				  WEXITSTATUS(status));
		r->pid = 0;
		running_n--;
	}
}

static void packet_take(const struct config *boot, struct commands **now, const struct packet *p)
{
	const char *command = command_of(*now ? &(*now)->config : boot, p->app);
	if (!p->app[0])
		commands_read(boot->file, now);
	else
		start(command ? command : "", p); /* taken away a moment ago */
}

/* The helper's life: until the server is gone and the last command has ended. */
static void helper_run(const struct config *boot, int fd)
{
	struct commands *now = NULL; /* boot's */
	bool is_open = true;
	/* Nothing of the server's but this end and the log. */
	if (fd != 3)
		fd = dup2(fd, 3);
	if (fd < 0)
		_exit(1);
	close_range(4, ~0u, 0);
	/* It ends with its socket; the signals are the server's, which a terminal sends to both. */
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	while (is_open || running_n) {
		bool takes = is_open && running_n < DELIVERY_RUNNING_MAX;
		struct pollfd p = { takes ? fd : -1, POLLIN, 0 };
		int ready = poll(&p, 1, running_n ? POLL_MS : -1);
		reap();
		if (ready <= 0 || !takes)
			continue;
		struct packet packet;
		ssize_t n = recv(fd, &packet, sizeof packet, 0);
		if (n <= 0 && errno != EINTR)
			is_open = false;
		if (n == (ssize_t)sizeof packet && packet.n <= sizeof packet.text &&
		    memchr(packet.app, 0, sizeof packet.app))
			packet_take(boot, &now, &packet);
		wipe(&packet, sizeof packet);
	}
	_exit(0);
}

/* --- the server --- */

uc_err delivery_new(const struct config *c, struct delivery **out)
{
	int ends[2];
	struct delivery *d = HEAP_NEW(struct delivery);
	if (!d)
		return UC_E_MEMORY;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) {
		heap_free(d);
		return UC_E_IO;
	}
	*d = (struct delivery){ ends[0], fork() };
	if (d->helper == 0) {
		close(ends[0]);
		helper_run(c, ends[1]);
	}
	close(ends[1]);
	if (d->helper < 0) {
		close(d->fd);
		heap_free(d);
		return UC_E_IO;
	}
	*out = d;
	return UC_OK;
}

static bool is_line(struct view v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] < 0x20 || v.p[i] == 0x7f)
			return false;
	}
	return v.n > 0 && v.n < DELIVERY_TEXT_MAX;
}

static uc_err packet_send(struct delivery *d, const struct packet *p)
{
	ssize_t sent = send(d->fd, p, sizeof *p, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent == (ssize_t)sizeof *p)
		return UC_OK;
	return errno == EAGAIN || errno == EWOULDBLOCK ? UC_E_BUSY : UC_E_IO;
}

uc_err delivery_send(struct delivery *d, const struct config_app *app, struct view identifier,
		     struct view code)
{
	struct view name = view_str(app->name);
	struct packet p = { .n = 0 };
	if (!is_line(identifier) || !is_line(code) || !name.n || name.n >= sizeof p.app)
		return UC_E_ARGUMENT;
	memcpy(p.app, name.p, name.n);
	memcpy(p.text, identifier.p, identifier.n);
	p.n = (uint32_t)identifier.n;
	p.text[p.n++] = '\n';
	memcpy(p.text + p.n, code.p, code.n);
	p.n += (uint32_t)code.n;
	p.text[p.n++] = '\n';
	uc_err err = packet_send(d, &p);
	wipe(&p, sizeof p);
	return err;
}

uc_err delivery_reload(struct delivery *d)
{
	const struct packet p = { .n = 0 };
	uc_err err = UC_E_BUSY;
	for (int i = 0; i < RELOAD_TRIES && err == UC_E_BUSY; i++) {
		err = packet_send(d, &p);
		if (err == UC_E_BUSY)
			usleep(RELOAD_WAIT_US);
	}
	return err;
}

void delivery_free(struct delivery *d)
{
	if (!d)
		return;
	close(d->fd);
	while (waitpid(d->helper, NULL, 0) < 0 && errno == EINTR)
		;
	heap_free(d);
}
