/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that were encrypted before the clock starts, sent through their seats, and seen arriving
 * at every other place of their room, once and in order. */
#ifndef TESTS_BENCH_TRAFFIC_H
#define TESTS_BENCH_TRAFFIC_H

#include "tests/bench/bench.h"
#include "tests/bench/people.h"

/* What one place sends. */
struct traffic {
	struct place *from;
	size_t n, sent, accepted;
	struct buf *frames;
	uint8_t (*tails)[TAIL];
	double *sent_us;
	struct traffic *others; /* the other sender of a pair; or NULL */
	struct run *run;
	size_t echoed; /* its own that came back to it */
};
/* bytes of content each */
void traffic_init(struct traffic *t, struct place *from, size_t n, size_t bytes);
void traffic_done(struct traffic *t);

struct run {
	struct load *load;
	struct traffic *v;
	size_t n;
	size_t window;   /* not yet accepted, of each */
	double pace_us;  /* between two messages of all; 0: as fast as they are accepted */
	size_t expected; /* deliveries in all */
	size_t delivered;
	double began_us, ended_us;
	struct samples latency_us;
};
/* Runs until everything was delivered. */
void traffic_run(struct run *r);

#endif
