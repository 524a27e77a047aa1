/* SPDX-License-Identifier: Apache-2.0 */
#include "server/daemon.h"

#include "net/env_system.h"
#include "server/confine.h"
#include "server/control.h"
#include "server/copies.h"
#include "server/folders.h"
#include "server/log.h"
#include "server/notify.h"
#include "server/reload.h"
#include "server/metrics_server.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BEAT_MS = 10000 };

static uc_err made(const char *path)
{
	uc_err err = folder_make(path);
	if (err)
		log_error("folder.failed", "path=%s reason=\"%s\"", path, strerror(errno));
	return err;
}

uc_err daemon_app_folder(const struct config *c, size_t app, struct buf *out)
{
	buf_printf(out, "%s/%s", c->data, c->apps[app].name);
	buf_add_byte(out, 0);
	return out->failed;
}

uc_err daemon_make_folders(const struct config *c)
{
	TRY(made(c->data));
	for (size_t i = 0; i < c->apps_n; i++) {
		struct buf path;
		buf_init(&path, 4096);
		uc_err err = daemon_app_folder(c, i, &path);
		if (!err)
			err = made((const char *)path.p);
		buf_done(&path);
		TRY(err);
		TRY(made(c->apps[i].keys));
	}
	return UC_OK;
}

/* One process per data folder; the lock goes with the process, however it ends. */
static uc_err lock_take(const struct config *c, int *out)
{
	char path[4200], pid[32];
	snprintf(path, sizeof path, "%s/lock", c->data);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB)) {
		log_error("data.locked", "path=%s reason=\"%s\"", path,
			  errno == EWOULDBLOCK ? "another undercroftd uses it" : strerror(errno));
		if (fd >= 0)
			close(fd);
		return UC_E_LOCKED;
	}
	int n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) || write(fd, pid, (size_t)n) != n)
		log_error("data.lock", "path=%s reason=\"%s\"", path, strerror(errno));
	*out = fd;
	return UC_OK;
}

static const char *names_text(enum config_names names)
{
	switch (names) {
	case CONFIG_NAMES_NUMBER:
		return "numbers";
	case CONFIG_NAMES_HANDLE:
		return "handles";
	case CONFIG_NAMES_ADDRESS:
		return "addresses";
	}
	return "";
}

static void banner(const struct config *c)
{
	printf("Undercroft is running.\n\n");
	for (size_t i = 0; i < c->apps_n; i++) {
		const struct config_app *a = &c->apps[i];
		printf("  %-10s %-24s %s:%u, people known by %s\n", a->name, a->domain,
		       a->listen.host, a->listen.port, names_text(a->names));
		if (a->listen_http.host)
			printf("  %-10s http://%s:%u/\n", "", a->domain, a->listen_http.port);
	}
	for (size_t i = 0; i < c->peers_n; i++)
		printf("  %-10s %-24s %s:%u\n", "peer", c->peers[i].domain, c->peers[i].url.host,
		       c->peers[i].url.port);
	printf("\nData: %s. Stop with Ctrl-C or SIGTERM.\n"
	       "Next, in another terminal: undercroft -p me sign-up --help\n",
	       c->data);
	fflush(stdout);
}

/* A connection is a descriptor: as many as the system lets us have. */
static void descriptors_raise(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		log_error("descriptors.failed", "reason=\"%s\"", strerror(errno));
}

static void signals_block(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* The folder a file lies in, so that another may take its place there. */
static uc_err folder_of(struct arena *a, const char *file, const char **out)
{
	const char *slash = file ? strrchr(file, '/') : NULL;
	size_t n = slash ? (size_t)(slash - file) : 0;
	struct view copy;
	*out = slash ? "/" : ".";
	if (!n)
		return UC_OK;
	TRY(arena_copy(a, (struct view){ (const uint8_t *)file, n }, &copy));
	*out = (const char *)copy.p;
	return UC_OK;
}

enum {
	PATHS_OF_ONE = 2,
	PATHS_OF_APP = 3 + 4 * PATHS_OF_ONE,
	PATHS_MAX = 4 + CONFIG_APPS_MAX * PATHS_OF_APP + CONFIG_PEERS_MAX * PATHS_OF_ONE,
};

/* Where it is said to be, and, if that is a link, where it is. */
static uc_err folders_of(struct arena *a, const char *file, struct confine_path *v, size_t *n)
{
	char real[PATH_MAX];
	TRY(folder_of(a, file, &v[(*n)++].path));
	if (file && realpath(file, real))
		TRY(folder_of(a, real, &v[(*n)++].path));
	return UC_OK;
}

/* Where keys lie in folders named as their apps, those of an app to come may lie, too. */
static uc_err keys_beside(struct arena *a, const struct config_app *app, struct confine_path *v,
			  size_t *n)
{
	const char *slash = strrchr(app->keys, '/');
	if (!slash || !view_equal(view_str(slash + 1), view_str(app->name)))
		return UC_OK;
	TRY(folder_of(a, app->keys, &v[*n].path));
	v[(*n)++].is_written = true;
	return UC_OK;
}

/* All that the configuration names. */
static uc_err paths_of(const struct config *c, struct arena *a, struct confine_path *v, size_t *n)
{
	v[(*n)++] = (struct confine_path){ c->data, true };
	if (c->file)
		TRY(folder_of(a, c->file, &v[(*n)++].path));
	if (c->control) {
		TRY(folder_of(a, c->control, &v[*n].path));
		v[(*n)++].is_written = true;
	}
	for (size_t i = 0; i < c->apps_n; i++) {
		const struct config_app *app = &c->apps[i];
		v[(*n)++] = (struct confine_path){ app->keys, true };
		TRY(keys_beside(a, app, v, n));
		TRY(folders_of(a, app->certificate, v, n));
		TRY(folders_of(a, app->private_key, v, n));
		/* Itself, and those that may take its place. */
		if (app->web) {
			v[(*n)++] = (struct confine_path){ app->web, false };
			TRY(folders_of(a, app->web, v, n));
		}
		if (app->reserved)
			TRY(folders_of(a, app->reserved, v, n));
	}
	for (size_t i = 0; i < c->peers_n; i++)
		TRY(folders_of(a, c->peers[i].ca, v, n));
	return UC_OK;
}

/* Where the system cannot, it is said, and the server runs as before. */
static uc_err confined(const char *what, uc_err err)
{
	if (!err)
		log_info("confined", "what=%s", what);
	else
		log_error("confined.not", "what=%s reason=\"%s\"", what, uc_err_text(err));
	return err == UC_E_UNSUPPORTED ? UC_OK : err;
}

static uc_err files_give_up(const struct config *c)
{
	static struct confine_path v[PATHS_MAX];
	struct arena a;
	size_t n = 0;
	if (!c->confine || !confine_is_possible())
		return UC_OK;
	arena_init(&a, 1 << 20, ARENA_PLAIN);
	uc_err err = paths_of(c, &a, v, &n);
	if (!err)
		err = confined("files", confine_files(v, n));
	arena_done(&a);
	/* Without it the other calls cannot be given up, either, which is said then. */
	if (!err && confine_rings() == UC_E_MEMORY)
		err = UC_E_MEMORY;
	return err;
}

static uc_err calls_give_up(const struct config *c)
{
	if (!c->confine || !confine_is_possible())
		return UC_OK;
	return confined("calls", confine_calls());
}

static uc_err metrics_open(struct backbone *b, struct metrics_server **out)
{
	const struct config_address *at = &backbone_config(b)->metrics;
	if (!at->host)
		return UC_OK;
	uc_err err = metrics_server_new(b, at, out);
	if (err)
		log_error("metrics.failed", "address=%s port=%u reason=\"%s\"", at->host, at->port,
			  strerror(errno));
	else
		log_info("metrics.started", "address=%s port=%u", at->host, at->port);
	return err;
}

/* SIGTERM does the same. */
static uc_err drain_begin(void *ctx)
{
	(void)ctx;
	return kill(getpid(), SIGTERM) ? UC_E_IO : UC_OK;
}

static uc_err reload_now(void *ctx, struct buf *out)
{
	notify_reloading();
	uc_err err = reloader_run(ctx, out);
	notify_ready();
	return err;
}

static uc_err control_open(struct backbone *b, struct reloader *r, struct control **out)
{
	const struct control_host host = { r, drain_begin, reload_now };
	struct buf path;
	buf_init(&path, 4200);
	control_path(backbone_config(b), &path);
	uc_err err = path.failed;
	if (!err)
		err = control_new(b, (const char *)path.p, &host, out);
	if (err)
		log_error("control.failed", "path=%s reason=\"%s\"",
			  path.failed ? "" : (const char *)path.p, strerror(errno));
	buf_done(&path);
	return err;
}

/* What an operator looks at and speaks to. */
struct operator_side {
	struct metrics_server *metrics;
	struct control *control;
	struct reloader *reloader;
};

static uc_err operator_open(struct backbone *b, struct operator_side *out)
{
	TRY(reloader_new(backbone_config(b), b, &out->reloader));
	TRY(metrics_open(b, &out->metrics));
	return control_open(b, out->reloader, &out->control);
}

static void operator_close(struct operator_side *o)
{
	control_free(o->control);
	metrics_server_free(o->metrics);
}

/* Until a signal comes that ends it; meanwhile what has to be done by the clock. */
static int signal_wait(struct backbone *b, struct reloader *r, const sigset_t *set)
{
	uint64_t watchdog_ms = notify_watchdog_ms();
	uint64_t each_ms = watchdog_ms && watchdog_ms / 3 < BEAT_MS ? watchdog_ms / 3 : BEAT_MS;
	struct timespec wait = { (time_t)(each_ms / 1000), (long)(each_ms % 1000) * 1000000 };
	uint64_t copies_ms = 0;
	for (;;) {
		int which = sigtimedwait(set, NULL, &wait);
		if (which == SIGHUP)
			(void)!reload_now(r,
					  NULL); /* mistakes are in the log, and change nothing */
		else if (which > 0)
			return which;
		if (clock_steady_ms() >= copies_ms) {
			copies_forget(backbone_config(b)->data, COPIES_IDLE_S);
			copies_ms = clock_steady_ms() + COPIES_LOOK_S * 1000;
		}
		/* Of a thread that hangs systemd learns by silence, and starts it anew. */
		if (backbone_beat(b))
			notify_watchdog();
	}
}

static uc_err run(const struct config *c, const struct app_kind *kind, struct delivery *delivery)
{
	struct backbone *b = NULL;
	struct operator_side side = { NULL, NULL, NULL };
	sigset_t set;
	int which;
	/* Before threads, so that all of them leave the signals to sigwait. */
	signals_block(&set);
	descriptors_raise();
	notify_sockets_take();
	TRY(files_give_up(c));
	TRY(backbone_start(c, env_system(), kind, delivery, &b));
	uc_err err = operator_open(b, &side);
	if (!err)
		err = calls_give_up(c);
	if (err) {
		operator_close(&side);
		backbone_stop(b);
		reloader_free(side.reloader);
		return err;
	}
	banner(c);
	for (size_t i = 0; i < c->apps_n; i++)
		log_info("app.started", "app=%s domain=%s address=%s port=%u", c->apps[i].name,
			 c->apps[i].domain, c->apps[i].listen.host, c->apps[i].listen.port);
	for (size_t i = 0; i < c->apps_n; i++) {
		if (c->apps[i].listen_http.host)
			log_info("web.started", "app=%s address=%s port=%u", c->apps[i].name,
				 c->apps[i].listen_http.host, c->apps[i].listen_http.port);
	}
	if (notify_sockets_unused())
		log_error("sockets.unused", "n=%zu", notify_sockets_unused());
	notify_ready();
	which = signal_wait(b, side.reloader, &set);
	log_info("server.stopping", "signal=%d", which);
	notify_stopping(c->drain_seconds);
	/* A second signal ends at once; what was accepted is synced already. */
	signal(SIGHUP, SIG_IGN);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	backbone_drain(b);
	operator_close(&side);
	backbone_stop(b);
	reloader_free(side.reloader);
	log_info("server.stopped", "apps=%zu", c->apps_n);
	return UC_OK;
}

int daemon_run(const struct config *c, const struct app_kind *kind)
{
	struct delivery *delivery = NULL;
	int lock = -1;
	umask(077);
	log_init(c->log, c->log_format);
	uc_err err = daemon_make_folders(c);
	if (!err)
		err = lock_take(c, &lock);
	if (!err) {
		copies_forget(c->data, 0); /* what a backup that was cut off has left */
		err = delivery_new(c, &delivery);
	}
	if (!err)
		err = run(c, kind, delivery);
	delivery_free(delivery);
	if (lock >= 0)
		close(lock);
	return err ? 1 : 0;
}
