/* SPDX-License-Identifier: Apache-2.0 */
/* The server under measurement: a child process, what it takes of processors, memory and disk. */
#ifndef TESTS_BENCH_SERVER_PROCESS_H
#define TESTS_BENCH_SERVER_PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct server_process {
	char *const *argv; /* a program and its arguments; it stays in the foreground */
	const char *log;   /* where it writes */
	uint16_t port;     /* of 127.0.0.1, and `ports` in all */
	unsigned ports;
	pid_t pid; /* 0: not running */
};
/* Returns when something listens on each of the ports. */
void server_start(struct server_process *s);
/* SIGTERM, and waits. */
void server_stop(struct server_process *s);
/* As a crash would: SIGKILL, and waits. */
void server_kill(struct server_process *s);
/* CPU seconds, of all threads, since it was started. */
double server_cpu_s(const struct server_process *s);
double server_rss_bytes(const struct server_process *s);
/* Bytes it made the kernel write to the block device. */
double server_written_bytes(const struct server_process *s);

/* CPU seconds of its threads, those of one name together. */
enum { THREADS_MAX = 64 };
struct server_threads {
	struct server_thread {
		char name[32];
		double cpu_s;
	} v[THREADS_MAX];
	size_t n;
};
void server_threads(const struct server_process *s, struct server_threads *out);
double server_thread_cpu_s(const struct server_threads *t, const char *name);

#endif
