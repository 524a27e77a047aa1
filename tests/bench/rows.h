/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of the table in docs/performance.md: each is one piece of work, the same for every
 * server, measured on one that was started afresh. */
#ifndef TESTS_BENCH_ROWS_H
#define TESTS_BENCH_ROWS_H

#include "tests/bench/server_process.h"
#include "tests/bench/speech.h"

struct bench {
	struct load load;
	const struct speech *speech;
	struct speech_options to;
	struct server_process server;
	const char *data; /* a folder on the server's disk */
	bool threads;     /* say what each thread took */
	/* sizes */
	size_t pairs, messages, bytes; /* those who write, messages of each, content of each */
	size_t room, connections, seats;
	size_t devices, senders, stored; /* offline; who write to them; messages for each */
	size_t pace;                     /* messages a second */
	size_t rest_ms;                  /* until what is idle is at rest */
};

struct row {
	const char *name;
	void (*run)(struct bench *b);
	bool ours; /* means nothing to another server */
};
extern const struct row bench_rows[];
extern const size_t bench_rows_n;

#endif
