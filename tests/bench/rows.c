/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/rows.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	WINDOW = 8,
	SEATS = 20,
	ROOM_MESSAGES = 100,
	CROSS_PAIRS = 50,
	SYNCS = 200,
	SYNC_BYTES = 4096,
	SIGN_INS = 10,
};

static void *must_alloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);
	if (!p)
		bench_die("no memory");
	return p;
}

static void say(double value, const char *unit, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void say(double value, const char *unit, const char *format, ...)
{
	char name[96];
	size_t at = (size_t)snprintf(name, sizeof name, "backbone.");
	va_list args;
	va_start(args, format);
	vsnprintf(name + at, sizeof name - at, format, args);
	va_end(args);
	figure_print(&(struct figure){ .name = name, .value = value, .unit = unit });
}

/* --- plans --- */

static struct plan plan_make(size_t ends, size_t rooms)
{
	struct plan p = { .ends = ends, .rooms_n = rooms };
	p.rooms = must_alloc(rooms, sizeof *p.rooms);
	return p;
}

static uint32_t *plan_room(struct plan *p, size_t room, size_t n)
{
	p->rooms[room].n = n;
	p->rooms[room].ends = must_alloc(n, sizeof *p->rooms[room].ends);
	return p->rooms[room].ends;
}

/* Room i is of the ends 2 i and 2 i + 1, from `first` on. */
static struct plan plan_pairs(size_t pairs)
{
	struct plan p = plan_make(2 * pairs, pairs);
	for (size_t i = 0; i < pairs; i++) {
		uint32_t *ends = plan_room(&p, i, 2);
		ends[0] = (uint32_t)(2 * i);
		ends[1] = (uint32_t)(2 * i + 1);
	}
	return p;
}

/* Groups of SEATS ends, each group with so many rooms of all of them. */
static struct plan plan_seats(size_t groups, size_t rooms)
{
	struct plan p = plan_make(groups * SEATS, groups * rooms);
	for (size_t i = 0; i < groups * rooms; i++) {
		uint32_t *ends = plan_room(&p, i, SEATS);
		for (size_t k = 0; k < SEATS; k++)
			ends[k] = (uint32_t)(i / rooms * SEATS + (i + k) % SEATS);
	}
	return p;
}

static void plan_done(struct plan *p)
{
	for (size_t i = 0; i < p->rooms_n; i++)
		free(p->rooms[i].ends);
	free(p->rooms);
}

/* --- one run, from its streams to its figures --- */

/* The first `writers` members of each of these rooms write a stream, which all others of it hear.
 * Senders are as many as there are streams, or `senders`, to whom the streams go in turn. */
struct work {
	const struct plan *plan;
	size_t first, rooms, writers, senders, messages;
	size_t window; /* of each sender; 0: WINDOW */
	bool accept;   /* it has to be said that a message was accepted */
};
struct traffic {
	struct run run;
	struct stream **order;
};

static void make_senders(struct traffic *t, size_t senders)
{
	struct run *r = &t->run;
	size_t at = 0;
	r->writers_n = senders ? senders : r->streams_n;
	r->writers = must_alloc(r->writers_n, sizeof *r->writers);
	t->order = must_alloc(r->streams_n, sizeof(struct stream *));
	for (size_t s = 0; s < r->writers_n; s++) {
		r->writers[s].streams = &t->order[at];
		for (size_t i = s; i < r->streams_n; i += r->writers_n)
			t->order[at++] = &r->streams[i];
		r->writers[s].n = (size_t)(&t->order[at] - r->writers[s].streams);
	}
}

static void traffic_init(struct traffic *t, struct bench *b, const struct work *w)
{
	*t = (struct traffic){
		.run = { .load = &b->load,
			 .write = b->speech->write,
			 .streams_n = w->rooms * w->writers,
			 .window = w->window ? w->window : WINDOW,
			 .accepts = w->accept || b->speech->accepts },
	};
	struct run *r = &t->run;
	r->streams = must_alloc(r->streams_n, sizeof *r->streams);
	make_senders(t, w->senders);
	for (size_t i = 0; i < r->streams_n; i++) {
		struct stream *s = &r->streams[i];
		size_t room = w->first + i / w->writers, member = i % w->writers;
		stream_init(s, w->messages);
		s->number = (uint32_t)i;
		s->sinks = w->plan->rooms[room].n - 1;
		for (size_t k = 0; k < w->plan->rooms[room].n; k++)
			if (k != member)
				*b->speech->sink(room, k) = (struct sink){ .of = s };
		b->speech->fill(s, room, member, b->bytes, w->accept);
	}
	run_init(r);
}

/* Whatever still comes of it is nobody's. */
static void traffic_done(struct traffic *t, struct bench *b, const struct work *w)
{
	for (size_t i = 0; i < t->run.streams_n; i++) {
		size_t room = w->first + i / w->writers;
		b->speech->forget(&t->run.streams[i]);
		for (size_t k = 0; k < w->plan->rooms[room].n; k++)
			b->speech->sink(room, k)->of = NULL;
		stream_done(&t->run.streams[i]);
	}
	samples_done(&t->run.latency_us);
	free(t->run.streams);
	free(t->run.writers);
	free(t->order);
}

/* What the server took of the processors from one moment to another. */
struct meter {
	double cpu_s, written;
	struct server_threads threads;
};
static void meter_start(struct meter *m, struct bench *b)
{
	m->cpu_s = server_cpu_s(&b->server);
	m->written = server_written_bytes(&b->server);
	server_threads(&b->server, &m->threads);
}

/* For each of `n` messages; units are said of a million of them. */
static double meter_stop(struct meter *m, struct bench *b, double n, const char *name)
{
	double cpu = (server_cpu_s(&b->server) - m->cpu_s) / n * 1e6;
	struct server_threads now;
	m->written = server_written_bytes(&b->server) - m->written;
	server_threads(&b->server, &now);
	for (size_t i = 0; b->threads && i < now.n; i++) {
		double took = now.v[i].cpu_s - server_thread_cpu_s(&m->threads, now.v[i].name);
		if (took > 0)
			say(took / n * 1e6, "s/1M", "%s.thread.%s", name, now.v[i].name);
	}
	return cpu;
}

static void say_run(struct bench *b, struct run *r, const char *name)
{
	double seconds = (r->ended_us - r->began_us) / 1e6;
	say((double)r->delivered / seconds, "msg/s", "%s.rate", name);
	say(samples_quantile(&r->latency_us, 0.5) / 1e3, "ms", "%s.p50", name);
	say(samples_quantile(&r->latency_us, 0.99) / 1e3, "ms", "%s.p99", name);
	say(server_rss_bytes(&b->server) / 1e6, "MB", "%s.memory", name);
}

/* Runs it; with a name its figures are said.  CPU seconds of a million deliveries. */
static double run_work(struct bench *b, const struct work *w, double pace_us, const char *name)
{
	struct traffic t;
	struct meter m;
	traffic_init(&t, b, w);
	t.run.pace_us = pace_us;
	meter_start(&m, b);
	run_send(&t.run);
	double cpu = meter_stop(&m, b, (double)t.run.delivered, name);
	say_run(b, &t.run, name);
	/* Answers and own entries that are still on their way. */
	load_rest(&b->load, 200);
	traffic_done(&t, b, w);
	return cpu;
}

/* --- the disk --- */

/* How long it takes the disk to keep a page. */
static void disk_probe(struct samples *us, const struct bench *b)
{
	char path[4096], page[SYNC_BYTES] = { 1 };
	snprintf(path, sizeof path, "%s/sync-probe", b->data);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		bench_die("%s cannot be written", path);
	for (int i = 0; i < SYNCS; i++) {
		double from = clock_us(CLOCK_MONOTONIC);
		if (write(fd, page, sizeof page) != sizeof page || fdatasync(fd))
			bench_die("%s cannot be written", path);
		samples_add(us, clock_us(CLOCK_MONOTONIC) - from);
	}
	close(fd);
	unlink(path);
}

/* --- messages between those who are online --- */

static void row_pairs(struct bench *b)
{
	char name[64];
	struct plan p = plan_pairs(b->pairs);
	const struct work w = {
		.plan = &p, .rooms = b->pairs, .writers = 2, .messages = b->messages
	};
	b->speech->prepare(&b->load, &p, &b->to);
	snprintf(name, sizeof name, "pairs%zu", b->pairs);
	say(run_work(b, &w, 0, name), "s/1M", "%s", name);
	plan_done(&p);
}

/* The same number of pairs within one app and across two, on one backbone. */
static void row_cross(struct bench *b)
{
	size_t n = b->pairs < CROSS_PAIRS ? b->pairs : CROSS_PAIRS;
	struct plan p = plan_pairs(2 * n);
	/* An app takes so many asks of another at a time, and no more. */
	const struct work within = { .plan = &p,
				     .rooms = n,
				     .writers = 2,
				     .messages = (b->messages + 1) / 2,
				     .window = WINDOW / 2 };
	struct work across = within;
	across.first = n;
	p.two_apps = true; /* whose ends have odd numbers in the second */
	for (size_t i = 0; i < n; i++) {
		p.rooms[i].ends[1] = (uint32_t)(4 * i + 2);
		p.rooms[i].ends[0] = (uint32_t)(4 * i);
		p.rooms[n + i].ends[0] = (uint32_t)(4 * i);
		p.rooms[n + i].ends[1] = (uint32_t)(4 * i + 1);
	}
	b->speech->prepare(&b->load, &p, &b->to);
	/* In halves, so that what grows while the server runs (files that are written for what came
	 * before, pages that were never touched) falls on both alike. */
	double one = run_work(b, &within, 0, "cross_app.within") / 2;
	double two = run_work(b, &across, 0, "cross_app") / 2;
	two += run_work(b, &across, 0, "cross_app") / 2;
	one += run_work(b, &within, 0, "cross_app.within") / 2;
	say(one, "s/1M", "cross_app.within");
	say(two, "s/1M", "cross_app.cpu");
	say(two / one, "x", "cross_app");
	plan_done(&p);
}

static void row_room(struct bench *b)
{
	char name[64];
	struct plan p = plan_make(b->room, 1);
	uint32_t *ends = plan_room(&p, 0, b->room);
	const struct work w = { .plan = &p, .rooms = 1, .writers = 1, .messages = ROOM_MESSAGES };
	for (size_t i = 0; i < b->room; i++)
		ends[i] = (uint32_t)i;
	b->speech->prepare(&b->load, &p, &b->to);
	snprintf(name, sizeof name, "room%zu", b->room);
	say(run_work(b, &w, 0, name), "s/1M", "%s", name);
	plan_done(&p);
}

/* So many a second of all pairs together, and beyond what a sync takes the disk in the same run. */
static void row_steady(struct bench *b)
{
	char name[64];
	struct plan p = plan_pairs(b->pairs);
	const struct work w = {
		.plan = &p, .rooms = b->pairs, .writers = 2, .messages = b->messages
	};
	struct samples disk = { .n = 0 };
	struct traffic t;
	struct meter m;
	b->speech->prepare(&b->load, &p, &b->to);
	snprintf(name, sizeof name, "steady%zu", b->pace);
	traffic_init(&t, b, &w);
	t.run.pace_us = 1e6 / (double)b->pace;
	disk_probe(&disk, b);
	meter_start(&m, b);
	run_send(&t.run);
	double cpu = meter_stop(&m, b, (double)t.run.delivered, name);
	disk_probe(&disk, b);
	const double at[2] = { 0.5, 0.99 };
	static const char *const called[2] = { "p50", "p99" };
	say(cpu, "s/1M", "%s.cpu", name);
	for (int i = 0; i < 2; i++) {
		double all = samples_quantile(&t.run.latency_us, at[i]) / 1e3;
		double sync = samples_quantile(&disk, at[i]) / 1e3;
		say(all, "ms", "%s.%s.whole", name, called[i]);
		say(sync, "ms", "%s.%s.sync", name, called[i]);
		/* Who does not wait for the disk has nothing to be taken off. */
		double beyond = b->speech->syncs ? all - sync : all;
		say(beyond > 0 ? beyond : 0, "ms", "%s.%s", name, called[i]);
	}
	samples_done(&disk);
	traffic_done(&t, b, &w);
	plan_done(&p);
}

/* --- messages to those who are not --- */

/* The moment of the last acceptance is the moment of the kill. */
static struct {
	struct bench *b;
	struct meter meter;
	double cpu;
} at_end;

static void kill_at_once(struct run *r)
{
	at_end.cpu = meter_stop(&at_end.meter, at_end.b, (double)r->accepted, "offline.ingest");
	r->load->expects_end = true;
	server_kill(&at_end.b->server);
}

static void offline_plan(struct bench *b, struct plan *p)
{
	*p = plan_make(b->senders + b->devices, b->devices);
	for (size_t i = 0; i < b->devices; i++) {
		uint32_t *ends = plan_room(p, i, 2);
		ends[0] = (uint32_t)(i % b->senders);
		ends[1] = (uint32_t)(b->senders + i);
	}
}

static void drain(struct bench *b, struct run *r, const struct plan *p)
{
	struct meter m;
	double from = clock_us(CLOCK_MONOTONIC);
	server_start(&b->server);
	say((clock_us(CLOCK_MONOTONIC) - from) / 1e3, "ms", "offline.restart");
	b->speech->away(0, b->senders);
	b->load.expects_end = false;
	meter_start(&m, b);
	from = clock_us(CLOCK_MONOTONIC);
	r->until_accepted = false;
	b->speech->back(b->senders, p->ends);
	run_drain(r);
	double all = (double)r->delivered;
	say((double)(r->expected - r->delivered), "messages", "offline.lost");
	say((double)r->twice, "messages", "offline.twice");
	/* The sign-ins of all for what is left of the messages would be no figure of a message. */
	if (r->delivered < r->expected / 10 || !r->delivered)
		return;
	say(meter_stop(&m, b, all, "offline.drain"), "s/1M", "offline.drain");
	say(all / (r->ended_us - r->first_us) * 1e6, "msg/s", "offline.drain.rate");
	say(all / (r->ended_us - from) * 1e6, "msg/s", "offline.drain.rate.whole");
	say(server_rss_bytes(&b->server) / 1e6, "MB", "offline.memory");
}

static void row_offline(struct bench *b)
{
	struct plan p;
	struct traffic t;
	offline_plan(b, &p);
	const struct work w = { .plan = &p,
				.rooms = b->devices,
				.writers = 1,
				.senders = b->senders,
				.messages = b->stored,
				.accept = true };
	b->speech->prepare(&b->load, &p, &b->to);
	b->speech->away(b->senders, p.ends);
	traffic_init(&t, b, &w);
	t.run.until_accepted = true;
	t.run.ended = kill_at_once;
	at_end.b = b;
	meter_start(&at_end.meter, b);
	run_send(&t.run);
	say(at_end.cpu, "s/1M", "offline.ingest");
	say((double)t.run.accepted / (t.run.ended_us - t.run.began_us) * 1e6, "msg/s",
	    "offline.ingest.rate");
	drain(b, &t.run, &p);
	traffic_done(&t, b, &w);
	plan_done(&p);
}

/* --- devices that are there, and come --- */

/* CPU milliseconds of the server for one of `ends` who come back, `times` times. */
static double sign_ins(struct bench *b, size_t ends)
{
	double cpu = 0;
	for (int i = 0; i < SIGN_INS; i++) {
		b->speech->away(0, ends);
		load_rest(&b->load, 200);
		double from = server_cpu_s(&b->server);
		b->speech->back(0, ends);
		load_rest(&b->load, 50);
		cpu += server_cpu_s(&b->server) - from;
	}
	return cpu / (double)SIGN_INS / (double)ends * 1e3;
}

static void row_signin(struct bench *b)
{
	struct plan p = plan_seats(1, b->speech->open ? b->seats : 0);
	b->speech->prepare(&b->load, &p, &b->to);
	if (b->speech->open) {
		/* What making the rooms has left to be written is not a part of it. */
		b->speech->away(0, p.ends);
		server_stop(&b->server);
		server_start(&b->server);
		b->speech->back(0, p.ends);
	}
	say(sign_ins(b, p.ends), "ms", "signin");
	if (b->to.ca) {
		b->speech->resume(true);
		say(sign_ins(b, p.ends), "ms", "signin.resumed");
		b->speech->resume(false);
	}
	plan_done(&p);
}

/* Of a server whose devices have nothing to open: what all of them take, by their number.  After a
 * restart it would have them in memory already. */
static void idle_without_seats(struct bench *b)
{
	struct plan p = plan_make(b->connections, 0);
	double rss = server_rss_bytes(&b->server);
	b->speech->prepare(&b->load, &p, &b->to);
	load_rest(&b->load, b->rest_ms);
	say((server_rss_bytes(&b->server) - rss) / (double)p.ends, "bytes", "idle");
	plan_done(&p);
}

/* What one connection more takes: the slope from the first half of them to all. */
static void row_idle(struct bench *b)
{
	if (!b->speech->open) {
		idle_without_seats(b);
		return;
	}
	size_t groups = b->connections / SEATS / 2 ? b->connections / SEATS / 2 : 1;
	struct plan p = plan_seats(2 * groups, SEATS);
	size_t n = p.ends, half = n / 2;
	b->speech->prepare(&b->load, &p, &b->to);
	b->speech->away(0, n);
	server_stop(&b->server);
	server_start(&b->server);
	b->speech->back(0, half);
	load_rest(&b->load, b->rest_ms);
	double rss = server_rss_bytes(&b->server);
	b->speech->sign_in(half, n);
	load_rest(&b->load, b->rest_ms);
	say((server_rss_bytes(&b->server) - rss) / (double)(n - half), "bytes", "idle.no_seats");
	b->speech->open(half, n);
	load_rest(&b->load, b->rest_ms);
	say((server_rss_bytes(&b->server) - rss) / (double)(n - half), "bytes", "idle");
	plan_done(&p);
}

/* --- the disk --- */

/* Bytes that reach the disk for each byte of content, once the first tables were written. */
static void row_written(struct bench *b)
{
	enum { ROUNDS = 3 };
	struct plan p = plan_pairs(b->pairs);
	const struct work w = {
		.plan = &p, .rooms = b->pairs, .writers = 2, .messages = b->messages
	};
	double from = 0, sent = 0;
	b->speech->prepare(&b->load, &p, &b->to);
	for (int i = 0; i < ROUNDS; i++) {
		if (i == 1)
			from = server_written_bytes(&b->server);
		run_work(b, &w, 0, "write_amplification");
		sent += i ? (double)(w.rooms * w.writers * w.messages * b->bytes) : 0;
	}
	load_rest(&b->load, b->rest_ms); /* what is rewritten behind it */
	say((server_written_bytes(&b->server) - from) / sent, "x", "write_amplification");
	plan_done(&p);
}

const struct row bench_rows[] = {
	{ "pairs", row_pairs, false },    { "room", row_room, false },
	{ "steady", row_steady, false },  { "offline", row_offline, false },
	{ "idle", row_idle, false },      { "signin", row_signin, false },
	{ "cross_app", row_cross, true }, { "write_amplification", row_written, true },
};
const size_t bench_rows_n = sizeof bench_rows / sizeof *bench_rows;
