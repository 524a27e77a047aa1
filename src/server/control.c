/* SPDX-License-Identifier: Apache-2.0 */
#include "server/control.h"

#include "base/heap.h"
#include "base/text.h"
#include "server/log.h"
#include "server/sampled.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { WORDS_MAX = 4, REST_MS = 200 };

struct control {
	struct backbone *backbone;
	struct control_host host;
	char path[CONTROL_PATH_MAX];
	int fd, stop; /* the socket; an event that ends the thread */
	pthread_t thread;
	bool is_started;
	bool is_drain_begun; /* by an order */
};

struct order {
	struct control *c;
	struct view words[WORDS_MAX]; /* the last has all the rest of the line */
	size_t words_n;
	struct buf *out;
};

void control_path(const struct config *c, struct buf *out)
{
	if (c->control)
		buf_add_str(out, c->control);
	else
		buf_printf(out, "%s/control", c->data);
	buf_add_byte(out, 0);
}

void control_add_string(struct buf *out, struct view text)
{
	buf_add_byte(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		uint8_t ch = text.p[i];
		if (ch == '"' || ch == '\\')
			buf_add_byte(out, '\\');
		if (ch < ' ')
			buf_printf(out, "\\u%04x", ch);
		else
			buf_add_byte(out, ch);
	}
	buf_add_byte(out, '"');
}

static bool app_find(const struct order *o, struct view name, size_t *out)
{
	const struct config *c = backbone_config(o->c->backbone);
	for (size_t i = 0; i < backbone_apps(o->c->backbone); i++) {
		if (!c->apps[i].is_removed && view_equal(view_str(c->apps[i].name), name)) {
			*out = i;
			return true;
		}
	}
	return false;
}

/* --- the orders --- */

static uint64_t of_app(const struct backbone_part *p, enum metric which)
{
	return metric_count_get(&p->counted->value[which]);
}

static uc_err do_status(struct order *o)
{
	struct backbone_part parts[BACKBONE_PARTS_MAX];
	struct backbone *b = o->c->backbone;
	const struct config *c = backbone_config(b);
	struct metrics *whole = HEAP_NEW(struct metrics);
	size_t apps_n, n = backbone_parts(b, parts, &apps_n), connections = 0;
	if (!whole)
		return UC_E_MEMORY;
	sampled_process(whole, backbone_start_us(b));
	for (size_t i = apps_n; i < n; i++)
		connections += of_app(&parts[i], METRIC_CONNECTIONS);
	buf_printf(o->out,
		   "{\"type\":\"backbone\",\"running\":true,\"process\":%ld,\"uptime_s\":%llu,"
		   "\"draining\":%s,\"connections\":%zu,\"memory_bytes\":%llu,\"threads\":%zu}\n",
		   (long)getpid(),
		   (unsigned long long)(metric_count_get(&whole->value[METRIC_UPTIME]) / 1000000),
		   backbone_is_draining(b) ? "true" : "false", connections,
		   (unsigned long long)metric_count_get(&whole->value[METRIC_MEMORY]),
		   n - apps_n - 1);
	heap_free(whole);
	for (size_t i = 0; i < apps_n; i++) {
		const struct backbone_part *p = &parts[i];
		buf_printf(o->out,
			   "{\"type\":\"app\",\"app\":\"%s\",\"domain\":\"%s\",\"connected\":%llu,"
			   "\"signed_in\":%llu,\"seats_open\":%llu,\"rooms_loaded\":%llu,"
			   "\"clock_doubted\":%s,\"names_led\":%llu,"
			   "\"names_skipped\":%llu,\"rooms_unmoved\":%llu,"
			   "\"discovery\":%s,\"findable\":%llu,\"filter_day\":%llu}\n",
			   c->apps[parts[i].app].name, c->apps[parts[i].app].domain,
			   (unsigned long long)of_app(p, METRIC_SESSIONS),
			   (unsigned long long)of_app(p, METRIC_SIGNED_IN),
			   (unsigned long long)of_app(p, METRIC_SEATS_OPEN),
			   (unsigned long long)of_app(p, METRIC_ROOMS_LOADED),
			   of_app(p, METRIC_CLOCK_DOUBTED) ? "true" : "false",
			   (unsigned long long)of_app(p, METRIC_INDEX_LED),
			   (unsigned long long)of_app(p, METRIC_INDEX_SKIPPED),
			   (unsigned long long)of_app(p, METRIC_ROOMS_UNMOVED),
			   c->apps[parts[i].app].discovery ? "true" : "false",
			   (unsigned long long)of_app(p, METRIC_FINDABLE),
			   (unsigned long long)of_app(p, METRIC_FILTER_DAY));
	}
	return UC_OK;
}

static uc_err do_queues(struct order *o)
{
	struct backbone_part parts[BACKBONE_PARTS_MAX];
	struct backbone *b = o->c->backbone;
	const struct config *c = backbone_config(b);
	size_t apps_n, n = backbone_parts(b, parts, &apps_n);
	for (size_t i = 0; i < n; i++) {
		size_t count = 0, bytes = 0;
		if (!parts[i].queue)
			continue;
		queue_look(parts[i].queue, &count, &bytes);
		if (i >= apps_n) {
			buf_printf(o->out,
				   "{\"type\":\"front\",\"front\":%zu,\"connections\":%llu,"
				   "\"waiting\":%zu,\"waiting_bytes\":%zu}\n",
				   i - apps_n,
				   (unsigned long long)of_app(&parts[i], METRIC_CONNECTIONS), count,
				   bytes);
			continue;
		}
		buf_printf(
			o->out,
			"{\"type\":\"app\",\"app\":\"%s\",\"waiting\":%zu,\"waiting_bytes\":%zu,"
			"\"followers_behind\":%llu,\"letters_for_apps\":%llu,\"asks_open\":%llu}\n",
			c->apps[parts[i].app].name, count, bytes,
			(unsigned long long)of_app(&parts[i], METRIC_FOLLOWER_BACKLOG),
			(unsigned long long)of_app(&parts[i], METRIC_OUTBOX_BACKLOG),
			(unsigned long long)of_app(&parts[i], METRIC_ASKS_OPEN));
	}
	return UC_OK;
}

static uc_err do_drain(struct order *o)
{
	if (!o->c->host.drain)
		return UC_E_UNSUPPORTED;
	struct backbone *b = o->c->backbone;
	unsigned since_s = 0, left_s = 0;
	/* A second signal would end the process at once: that is another order. */
	if (!o->c->is_drain_begun && !backbone_is_draining(b)) {
		metrics_add(backbone_own_metrics(b), METRIC_DRAINS, 1);
		TRY(o->c->host.drain(o->c->host.ctx));
		o->c->is_drain_begun = true;
	}
	backbone_drain_time(b, &since_s, &left_s);
	buf_printf(o->out, "{\"type\":\"draining\",\"seconds\":%u,\"seconds_left_at_most\":%u}\n",
		   since_s, left_s);
	return UC_OK;
}

static uc_err do_reload(struct order *o)
{
	const struct control_host *h = &o->c->host;
	if (!h->reload)
		return UC_E_UNSUPPORTED;
	TRY(h->reload(h->ctx, o->out));
	metrics_add(backbone_own_metrics(o->c->backbone), METRIC_RELOADS, 1);
	return UC_OK;
}

/* What the app's own worker does, between two messages; without an app, all of them in turn. */
static uc_err order_app(struct order *o, size_t app, struct view argument)
{
	struct app_order q = { o->words[0], argument, o->out };
	return backbone_order(o->c->backbone, app, &q);
}

static uc_err do_app(struct order *o)
{
	size_t app = 0;
	if (!app_find(o, o->words[1], &app))
		return UC_E_NOT_FOUND;
	return order_app(o, app, o->words_n > 2 ? o->words[2] : (struct view){ 0 });
}

/* A copy of the app's stores, into copies/NAME of the data folder: letters and digits alone. */
static uc_err do_copy(struct order *o)
{
	struct view name = o->words[2];
	for (size_t i = 0; i < name.n; i++)
		if (!(name.p[i] >= 'a' && name.p[i] <= 'z') &&
		    !(name.p[i] >= '0' && name.p[i] <= '9'))
			return UC_E_ARGUMENT;
	return name.n && name.n <= CONTROL_COPY_NAME_MAX ? do_app(o) : UC_E_ARGUMENT;
}

static uc_err do_copied(struct order *o)
{
	metrics_add(backbone_own_metrics(o->c->backbone), METRIC_BACKUPS, 1);
	return UC_OK;
}

static const struct row {
	const char *name;
	size_t words_min, words_max; /* the name counts */
	uc_err (*run)(struct order *o);
} rows[] = {
	{ "status", 1, 1, do_status }, /* what it holds and how it is */
	{ "queues", 1, 1, do_queues }, /* what waits for whom */
	{ "drain", 1, 1, do_drain },   /* or for how long it has been */
	{ "reload", 1, 1, do_reload }, /* the configuration, certificates, pages */
	{ "copy", 3, 3, do_copy },     /* APP NAME: for `backup` */
	{ "copied", 2, 2, do_copied }, /* NAME: the backup is made */
	{ "rotate-keys", 2, 3,
	  do_app }, /* APP [names|rooms|discovery|retire[-anyway]|moderators KEY] */
	{ "suspend", 3, 3, do_app }, /* APP ACCOUNT */
	{ "unsuspend", 3, 3, do_app },
	{ "age", 3, 3, do_app },  /* APP ACCOUNT BAND */
	{ "curb", 3, 3, do_app }, /* APP ACCOUNT [DAYS [minors]] */
	{ "uncurb", 3, 3, do_app },
	{ "report-uphold", 3, 3, do_app }, /* APP NUMBER ACCOUNT DAYS [NOTE] */
	{ "report-decide", 3, 3, do_app }, /* APP NUMBER ACTION [NOTE] */
	{ "report-pass", 3, 3, do_app },   /* APP NUMBER */
	{ "compact", 2, 2, do_app },       /* APP: deleted bytes leave the disk now */
	{ "build-filter", 2, 2, do_app },  /* APP: of who can be found by number */
};

/* --- the socket --- */

static void split(struct view line, const struct row **row, struct order *o)
{
	*row = NULL;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct view name, rest = view_cut(line, ' ', &name);
		if (!view_equal(name, view_str(rows[i].name)))
			continue;
		o->words[o->words_n++] = name;
		while (rest.n && o->words_n < WORDS_MAX) {
			struct view word;
			if (o->words_n + 1 == rows[i].words_max) {
				o->words[o->words_n++] = rest;
				break;
			}
			rest = view_cut(rest, ' ', &word);
			o->words[o->words_n++] = word;
		}
		*row = &rows[i];
		return;
	}
}

static void carry_out(struct control *c, struct view line, struct buf *out)
{
	const struct row *row;
	struct order o = { .c = c, .out = out };
	split(line, &row, &o);
	uc_err err = !row                                                       ? UC_E_UNSUPPORTED
		     : o.words_n < row->words_min || o.words_n > row->words_max ? UC_E_ARGUMENT
										: row->run(&o);
	if (!err)
		err = out->failed;
	if (row)
		log_info("control.order", "order=%s error=%s", row->name, uc_err_name(err));
	if (!err)
		buf_add_str(out, "{\"type\":\"done\"}\n");
	else
		buf_printf(out, "{\"type\":\"error\",\"error\":\"%s\",\"text\":\"%s\"}\n",
			   uc_err_name(err), uc_err_text(err));
}

/* root, and whoever the server runs as: who could read its files anyway. */
static bool may_order(int fd)
{
	struct ucred who = { 0 };
	socklen_t n = sizeof who;
	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) &&
	       (who.uid == 0 || who.uid == geteuid());
}

/* Bytes up to the first newline, without it. */
static bool line_read(int fd, uint8_t *to, size_t *n)
{
	*n = 0;
	while (*n < CONTROL_LINE_MAX) {
		ssize_t got = recv(fd, to + *n, CONTROL_LINE_MAX - *n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		const uint8_t *end = memchr(to + *n, '\n', (size_t)got);
		*n = end ? (size_t)(end - to) : *n + (size_t)got;
		if (end)
			return true;
	}
	return false;
}

static void answer_send(int fd, struct view v)
{
	while (v.n) {
		ssize_t n = send(fd, v.p, v.n, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		v = view_slice(v, (size_t)n, v.n);
	}
}

static void serve(struct control *c, int fd)
{
	const struct timeval patience = { .tv_sec = CONTROL_PATIENCE_S };
	uint8_t line[CONTROL_LINE_MAX];
	struct buf out;
	size_t n = 0;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	buf_init(&out, CONTROL_ANSWER_MAX);
	if (!may_order(fd))
		buf_printf(&out, "{\"type\":\"error\",\"error\":\"%s\",\"text\":\"%s\"}\n",
			   uc_err_name(UC_E_NOT_ALLOWED), uc_err_text(UC_E_NOT_ALLOWED));
	else if (line_read(fd, line, &n))
		carry_out(c, view_make(line, n), &out);
	answer_send(fd, buf_view(&out));
	buf_done(&out);
}

static void *run(void *arg)
{
	struct control *c = arg;
	struct pollfd waits[2] = { { .fd = c->fd, .events = POLLIN },
				   { .fd = c->stop, .events = POLLIN } };
	while (!(waits[1].revents & POLLIN)) {
		if (poll(waits, 2, -1) < 0 && errno != EINTR)
			break;
		int fd = waits[0].revents & POLLIN ? accept4(c->fd, NULL, NULL, SOCK_CLOEXEC) : -1;
		if (fd < 0) {
			/* Without descriptors it stays ready: not without end at full speed. */
			poll(&waits[1], 1, waits[0].revents ? REST_MS : 0);
			continue;
		}
		serve(c, fd);
		close(fd);
	}
	return NULL;
}

static uc_err listen_at(struct control *c, const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	size_t n = strlen(path);
	errno = ENAMETOOLONG;
	if (n >= sizeof at.sun_path)
		return UC_E_NET;
	memcpy(at.sun_path, path, n + 1);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return UC_E_NET;
	/* Ours, of a process that is gone: the data's lock is held. */
	if ((unlink(path) && errno != ENOENT) || bind(c->fd, (struct sockaddr *)&at, sizeof at) ||
	    chmod(path, 0600) || listen(c->fd, 8))
		return UC_E_NET;
	memcpy(c->path, path, n + 1);
	c->stop = eventfd(0, EFD_CLOEXEC);
	if (c->stop < 0)
		return UC_E_NET;
	c->is_started = !pthread_create(&c->thread, NULL, run, c);
	return c->is_started ? UC_OK : UC_E_NET;
}

uc_err control_new(struct backbone *b, const char *path, const struct control_host *host,
		   struct control **out)
{
	struct control *c = HEAP_NEW(struct control);
	if (!c)
		return UC_E_MEMORY;
	c->backbone = b;
	c->host = *host;
	c->fd = c->stop = -1;
	uc_err err = listen_at(c, path);
	int why = errno;
	if (err)
		control_free(c);
	else
		*out = c;
	errno = why;
	return err;
}

void control_free(struct control *c)
{
	if (!c)
		return;
	if (c->is_started) {
		eventfd_write(c->stop, 1);
		pthread_join(c->thread, NULL);
	}
	if (c->path[0])
		unlink(c->path);
	if (c->fd >= 0)
		close(c->fd);
	if (c->stop >= 0)
		close(c->stop);
	heap_free(c);
}
