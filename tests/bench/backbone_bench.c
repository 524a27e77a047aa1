/* SPDX-License-Identifier: Apache-2.0 */
/* What a backbone does and costs: one row of the table, measured once.  A real server, started here
 * and ended here; a load generator in one thread.  backbone.py calls it for every row and server.
 *
 * usage: bench-backbone --row ROW --speech NAME --port N --data DIR --log FILE [OPTION VALUE...]
 *                       -- PROGRAM ARGUMENT...
 *
 * Prints one JSON object a line.  Of Undercroft, the configuration has the apps east.localhost on
 * that port and west.localhost on the next, known by handles, and --ca names who vouches for them. */
#include "tests/bench/rows.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const struct speech *const speeches[] = { &speech_undercroft, &speech_mqtt, &speech_xmpp,
						 &speech_jetstream };

static struct bench b = {
	.pairs = 100,
	.messages = 300,
	.bytes = 1024,
	.room = 1000,
	.connections = 4000,
	.seats = 200,
	.devices = 1000,
	.senders = 50,
	.stored = 100,
	.pace = 2000,
	.rest_ms = 12000,
	.server = { .log = "/dev/null", .ports = 1 },
};
static const char *row, *speech;

static void open_many_files(void)
{
	struct rlimit files;
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

static void set_option(const char *name, char *value)
{
	const struct {
		const char *name;
		size_t *number;
		const char **text;
	} known[] = {
		{ "--row", NULL, &row },
		{ "--speech", NULL, &speech },
		{ "--ca", NULL, &b.to.ca },
		{ "--data", NULL, &b.data },
		{ "--log", NULL, &b.server.log },
		{ "--pairs", &b.pairs, NULL },
		{ "--messages", &b.messages, NULL },
		{ "--bytes", &b.bytes, NULL },
		{ "--room", &b.room, NULL },
		{ "--connections", &b.connections, NULL },
		{ "--seats", &b.seats, NULL },
		{ "--devices", &b.devices, NULL },
		{ "--senders", &b.senders, NULL },
		{ "--stored", &b.stored, NULL },
		{ "--pace", &b.pace, NULL },
		{ "--rest", &b.rest_ms, NULL },
	};
	if (!strcmp(name, "--port")) {
		b.to.port = b.server.port = (uint16_t)strtoul(value, NULL, 10);
		return;
	}
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (strcmp(known[i].name, name) != 0)
			continue;
		if (known[i].text)
			*known[i].text = value;
		else if (!(*known[i].number = strtoul(value, NULL, 10)))
			bench_die("%s needs a number", name);
		return;
	}
	bench_die("bench-backbone does not know %s", name);
}

static void read_options(int argc, char **argv)
{
	int i = 1;
	for (; i < argc && strcmp(argv[i], "--") != 0; i += 2) {
		if (!strcmp(argv[i], "--threads")) {
			b.threads = true;
			i--;
			continue;
		}
		if (i + 1 >= argc)
			bench_die("%s needs a value", argv[i]);
		set_option(argv[i], argv[i + 1]);
	}
	if (i + 1 >= argc || !row || !speech || !b.to.port || !b.data || b.room < 2 || b.bytes < 64)
		bench_die("bench-backbone is started by ./dev bench backbone");
	b.server.argv = argv + i + 1;
	for (size_t k = 0; k < sizeof speeches / sizeof *speeches; k++)
		if (!strcmp(speeches[k]->name, speech))
			b.speech = speeches[k];
	if (!b.speech)
		bench_die("nobody here speaks %s", speech);
	b.server.ports = b.speech == &speech_undercroft ? 2 : 1;
}

int main(int argc, char **argv)
{
	read_options(argc, argv);
	figure_begin(true, "backbone");
	open_many_files();
	for (size_t i = 0; i < bench_rows_n; i++) {
		if (strcmp(bench_rows[i].name, row) != 0)
			continue;
		server_start(&b.server);
		load_begin(&b.load, b.to.ca);
		bench_rows[i].run(&b);
		b.load.expects_end = true;
		server_stop(&b.server);
		return 0;
	}
	bench_die("there is no row %s", row);
}
