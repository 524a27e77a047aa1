/* SPDX-License-Identifier: Apache-2.0 */
/* The backbone under measurement: a child process, its CPU time and its memory. */
#ifndef TESTS_BENCH_SERVER_PROCESS_H
#define TESTS_BENCH_SERVER_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

struct server_process {
	const char *program, *config, *log;
	pid_t pid; /* 0: not running */
};
/* Returns when something listens on each of the ports of 127.0.0.1. */
void server_start(struct server_process *s, const uint16_t *ports, unsigned n);
/* SIGTERM, and waits. */
void server_stop(struct server_process *s);
/* CPU seconds, of all threads, since it was started. */
double server_cpu_s(const struct server_process *s);
double server_rss_bytes(const struct server_process *s);

#endif
