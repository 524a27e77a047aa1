/* SPDX-License-Identifier: Apache-2.0 */
/* What a backbone does and costs: a real undercroftd with two apps, TLS and its embedded store; a
 * load generator in one thread with real accounts, seats and MLS groups.  A message counts when it
 * has arrived at another device; it was on disk before.
 *
 * usage: bench-backbone [--json] [OPTION VALUE...] --server PROGRAM --config FILE --ca FILE
 *                       --log FILE --port N
 *
 * The configuration has the apps east.localhost on that port and west.localhost on the next, known
 * by handles.  Options: --pairs N, --messages N (of each sender), --bytes N, --room N (devices in
 * the large room), --connections N (idle ones), --only pairs|cross|room|idle. */
#include "tests/bench/server_process.h"
#include "tests/bench/traffic.h"

#include "base/text.h"
#include "net/env_system.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
	SEATS = 20,
	WINDOW = 4,
	ROOM_MESSAGES = 100,
	CROSS_PAIRS = 50,
	PACE_PER_S = 1000,
	PACED_MAX = 100, /* messages of one person: what an app lets a person send has a measure */
};

static struct options {
	bool json;
	size_t pairs, messages, bytes, room, connections;
	const char *only, *ca;
	uint16_t port;
	struct server_process server;
} o = { .pairs = 100,
	.messages = 300,
	.bytes = 1024,
	.room = 1000,
	.connections = 1000,
	.server = { .log = "/dev/null" } };

static struct arena mem;
static struct load load;
static struct app apps[2] = { { .domain = "east.localhost" }, { .domain = "west.localhost" } };
static struct person *people; /* of east; those of west follow */
static size_t east_n, west_n;

static void *must_take(size_t n, size_t size)
{
	void *p = arena_take_array(&mem, n, size);
	if (!p)
		bench_die("no memory");
	return p;
}

static bool wants(const char *what)
{
	return !o.only || !strcmp(o.only, what);
}

/* What others' servers take for the nearest thing to it, measured before on a machine of the same
 * class (docs/performance.md says how, and where the comparison limps). */
static const struct peer {
	const char *name;
	double value;
	const char *whom;
} peers[] = {
	{ "backbone.pairs100.cpu", 22.5, "mosquitto 2.0, TLS, QoS 1, nothing on disk" },
	{ "backbone.room1000.cpu", 14.57, "mosquitto 2.0, no TLS, QoS 1, nothing on disk" },
	{ "backbone.idle", 15596, "mosquitto 2.0, TLS" },
	{ "backbone.signin", 400, "mosquitto 2.0, TLS, no account" },
};

static void say(const char *format, const char *name, double value, const char *unit)
{
	char full[96];
	snprintf(full, sizeof full, format, name);
	struct figure f = { .name = full, .value = value, .unit = unit };
	for (size_t i = 0; i < sizeof peers / sizeof *peers; i++)
		if (!strcmp(full, peers[i].name)) {
			f.peer = peers[i].value;
			f.whom = peers[i].whom;
		}
	figure_print(&f);
}

static struct view room_uri(void)
{
	struct buf b;
	struct view out;
	uint8_t random[16];
	struct uri u = { .kind = URI_ROOM, .domain = view_str(apps[0].domain) };
	MUST(env_random(env_system(), random, sizeof random));
	buf_init(&b, 64);
	base32_add(&b, VIEW_OF(random));
	MUST(arena_copy(&mem, buf_view(&b), &u.name));
	buf_done(&b);
	MUST(uri_make(&mem, &u, &out));
	return out;
}

static size_t at_least(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* What is still said in their rooms is nobody's any more. */
static void leave(struct place *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		group_free(v[i].g);
		v[i].g = NULL;
		v[i].traffic = NULL;
	}
}

/* --- the scenarios --- */

static void run_and_say(struct run *r, const char *name)
{
	double cpu = server_cpu_s(&o.server);
	r->load = &load;
	traffic_run(r);
	cpu = server_cpu_s(&o.server) - cpu;
	double seconds = (r->ended_us - r->began_us) / 1e6, all = (double)r->delivered;
	say("backbone.%s", name, all / seconds, "msg/s");
	say("backbone.%s.cpu", name, cpu / all * 1e6, "s/1M");
	say("backbone.%s.p50", name, samples_quantile(&r->latency_us, 0.5) / 1e3, "ms");
	say("backbone.%s.p99", name, samples_quantile(&r->latency_us, 0.99) / 1e3, "ms");
	samples_done(&r->latency_us);
}

/* Both of each pair write; `second` of the pair is the person at that distance. */
static void run_pairs(size_t n, size_t messages, double pace_us, struct place *places,
		      const char *name)
{
	struct traffic *v = must_take(2 * n, sizeof *v);
	struct run r = { .v = v,
			 .n = 2 * n,
			 .window = WINDOW,
			 .pace_us = pace_us,
			 .expected = 2 * n * messages };
	for (size_t i = 0; i < 2 * n; i++) {
		traffic_init(&v[i], &places[i], messages, o.bytes);
		v[i].others = &v[i ^ 1];
		places[i].traffic = &v[i];
		places[i].received = 0;
	}
	run_and_say(&r, name);
	for (size_t i = 0; i < 2 * n; i++)
		traffic_done(&v[i]);
}

static struct place *make_pairs(size_t n, struct person *firsts, struct person *seconds)
{
	struct place *v = must_take(2 * n, sizeof *v);
	for (size_t i = 0; i < n; i++) {
		struct view room = room_uri();
		place_init(&v[2 * i], &firsts[i], &apps[0], room, &mem);
		place_init(&v[2 * i + 1], &seconds[i], &apps[0], room, &mem);
		v[2 * i + 1].joins = true;
	}
	rooms_make(&load, v, n, 2, true);
	return v;
}

static void bench_pairs(void)
{
	char name[64];
	struct place *v = make_pairs(o.pairs, people, people + o.pairs);
	snprintf(name, sizeof name, "pairs%zu", o.pairs);
	run_pairs(o.pairs, o.messages, 0, v, name);
	/* And calmly: what a message takes when there is no queue. */
	snprintf(name, sizeof name, "pairs%zu.paced", o.pairs);
	size_t each = at_least(3 * PACE_PER_S / (2 * o.pairs), 1);
	run_pairs(o.pairs, each < PACED_MAX ? each : PACED_MAX, 1e6 / (double)PACE_PER_S, v, name);
	leave(v, 2 * o.pairs);
}

static void bench_cross(void)
{
	size_t n = west_n;
	struct place *v = make_pairs(n, people + 2 * o.pairs, people + east_n);
	run_pairs(n, o.messages, 0, v, "cross_app");
	leave(v, 2 * n);
}

static void bench_room(void)
{
	char name[64];
	struct place *v = must_take(o.room, sizeof *v);
	struct view room = room_uri();
	struct traffic t;
	struct run r = {
		.v = &t, .n = 1, .window = WINDOW, .expected = (o.room - 1) * ROOM_MESSAGES
	};
	/* From the end, so that its sender is not one who has sent before. */
	for (size_t i = 0; i < o.room; i++)
		place_init(&v[i], &people[east_n - 1 - i], &apps[0], room, &mem);
	rooms_make(&load, v, 1, o.room, false);
	traffic_init(&t, &v[0], ROOM_MESSAGES, o.bytes);
	for (size_t i = 0; i < o.room; i++)
		v[i].traffic = &t;
	snprintf(name, sizeof name, "room%zu", o.room);
	run_and_say(&r, name);
	traffic_done(&t);
	leave(v, o.room);
}

static void forget_places(void)
{
	for (size_t i = 0; i < east_n + west_n; i++)
		memset(people[i].places, 0, sizeof people[i].places);
}

static void start(void)
{
	const uint16_t ports[2] = { apps[0].port, apps[1].port };
	server_start(&o.server, ports, 2);
}

static void restart(void)
{
	people_disconnect(people, east_n + west_n);
	forget_places();
	server_stop(&o.server);
	start();
}

/* Groups of SEATS people with SEATS rooms of all of them, one made by each. */
static struct place *make_idle_rooms(size_t n)
{
	struct place *v = must_take(n * SEATS, sizeof *v);
	for (size_t i = 0; i < n; i++) {
		struct view room = room_uri();
		struct person *group = people + i / SEATS * SEATS;
		for (size_t k = 0; k < SEATS; k++)
			place_init(&v[i * SEATS + k], &group[(i + k) % SEATS], &apps[0], room,
				   &mem);
	}
	rooms_make(&load, v, n, SEATS, false);
	leave(v, n * SEATS);
	return v;
}

static void bench_idle(void)
{
	size_t n = o.connections / SEATS * SEATS;
	struct place *v = make_idle_rooms(n), **order = must_take(n * SEATS, sizeof *order);
	/* Spread over the connections. */
	for (size_t i = 0; i < n * SEATS; i++)
		order[i] = &v[i];
	restart();
	load_rest(&load, 1000);
	double rss = server_rss_bytes(&o.server), cpu = server_cpu_s(&o.server);
	people_connect(people, n);
	people_sign_in(people, n);
	load_rest(&load, 500);
	double signed_in = server_rss_bytes(&o.server), cpu_then = server_cpu_s(&o.server);
	say("backbone.signin%s", "", (cpu_then - cpu) / (double)n * 1e6, "us");
	say("backbone.idle%s", ".no_seats", (signed_in - rss) / (double)n, "bytes");
	places_open(order, n * SEATS);
	load_rest(&load, 1000);
	say("backbone.seat_open%s", "",
	    (server_cpu_s(&o.server) - cpu_then) / (double)n / (double)SEATS * 1e6, "us");
	say("backbone.idle%s", "", (server_rss_bytes(&o.server) - rss) / (double)n, "bytes");
	people_disconnect(people, n);
}

/* --- the program --- */

static void prepare(void)
{
	struct rlimit files;
	arena_init(&mem, (size_t)8 << 30, ARENA_PLAIN);
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	apps[0].port = o.port;
	apps[1].port = (uint16_t)(o.port + 1);
	west_n = wants("cross") ? CROSS_PAIRS : 0;
	east_n = wants("pairs") || wants("cross") ? 2 * o.pairs + west_n : 1;
	east_n = at_least(east_n, wants("room") ? o.room : 0);
	east_n = at_least(east_n, wants("idle") ? o.connections : 0);
	start();
	load_begin(&load, o.ca);
	people = must_take(east_n + west_n, sizeof *people);
	for (size_t i = 0; i < east_n + west_n; i++)
		person_init(&people[i], &load, &apps[i >= east_n], i, &mem);
	people_connect(people, east_n + west_n);
	people_sign_up(people, east_n + west_n);
	app_ask_keys(&apps[0], &people[0]);
}

static const char *value_of(int argc, char **argv, int *i)
{
	if (*i + 1 >= argc)
		bench_die("%s needs a value", argv[*i]);
	return argv[++*i];
}

static void read_options(int argc, char **argv)
{
	const struct {
		const char *name;
		size_t *number;
		const char **text;
	} known[] = {
		{ "--pairs", &o.pairs, NULL },
		{ "--messages", &o.messages, NULL },
		{ "--bytes", &o.bytes, NULL },
		{ "--room", &o.room, NULL },
		{ "--connections", &o.connections, NULL },
		{ "--only", NULL, &o.only },
		{ "--ca", NULL, &o.ca },
		{ "--server", NULL, &o.server.program },
		{ "--config", NULL, &o.server.config },
		{ "--log", NULL, &o.server.log },
	};
	for (int i = 1; i < argc; i++) {
		size_t k = 0, n = sizeof known / sizeof *known;
		if (!strcmp(argv[i], "--json")) {
			o.json = true;
			continue;
		}
		if (!strcmp(argv[i], "--port")) {
			o.port = (uint16_t)strtoul(value_of(argc, argv, &i), NULL, 10);
			continue;
		}
		while (k < n && strcmp(argv[i], known[k].name) != 0)
			k++;
		if (k == n)
			bench_die("bench-backbone does not know %s", argv[i]);
		const char *value = value_of(argc, argv, &i);
		if (known[k].number)
			*known[k].number = strtoul(value, NULL, 10);
		else
			*known[k].text = value;
	}
	if (!o.ca || !o.server.program || !o.server.config || !o.port || o.pairs < 1 ||
	    o.room < 2 || o.bytes < 64 || o.messages < 1)
		bench_die("bench-backbone is started by ./dev bench backbone");
}

int main(int argc, char **argv)
{
	read_options(argc, argv);
	figure_begin(o.json, "backbone");
	prepare();
	if (wants("pairs"))
		bench_pairs();
	if (wants("cross"))
		bench_cross();
	if (wants("room"))
		bench_room();
	if (wants("idle"))
		bench_idle();
	else
		people_disconnect(people, east_n + west_n);
	server_stop(&o.server);
	load_end(&load);
	arena_done(&mem);
	return 0;
}
