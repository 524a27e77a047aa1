/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent and what arrives, whatever language a server speaks: messages made before the clock
 * starts, windows, pacing, latency, and the count of what came once, twice or never. */
#ifndef TESTS_BENCH_TRAFFIC_H
#define TESTS_BENCH_TRAFFIC_H

#include "tests/bench/bench.h"
#include "tests/bench/load.h"

/* The last bytes of a message, by which it is known again. */
enum { TAIL = 16, STREAM_MAX = 65536 };

/* Messages of one sender to one room, in order. */
struct stream {
	struct run *run;
	void *from;         /* the speech's */
	uint32_t number;    /* among the streams of the run */
	struct writer *by;  /* whose window it is in */
	size_t n, sent;     /* of them */
	struct buf *frames; /* whole: only to be written */
	uint8_t (*tails)[TAIL];
	double *sent_us;
	size_t sinks;                    /* who receives it */
	size_t accepted, arrived, freed; /* arrived: deliveries of all of them */
};
void stream_init(struct stream *t, size_t n);
void stream_done(struct stream *t);

/* One receiver of a stream. */
struct sink {
	struct stream *of; /* NULL: nothing is awaited */
	size_t next;       /* the one to come */
};

/* One connection that sends, by turns into each of its streams. */
struct writer {
	struct stream **streams;
	size_t n, turn, sent, freed;
};

struct run {
	struct load *load;
	void (*write)(struct stream *t, struct view frame);
	struct stream *streams;
	size_t streams_n;
	struct writer *writers;
	size_t writers_n;
	size_t window;       /* under way, of each writer: not accepted yet, or not everywhere */
	bool accepts;        /* the server says of each message that it has it */
	bool until_accepted; /* the run ends with the last acceptance: nobody is there to receive */
	/* At that moment, from inside the loop. */
	void (*ended)(struct run *r);
	double pace_us;  /* between two messages of all; 0: as the window allows */
	size_t all;      /* messages */
	size_t expected; /* deliveries of them */
	size_t sent, accepted, delivered, twice;
	double began_us, first_us, ended_us; /* first_us: the first delivery */
	struct samples latency_us;
};
/* With streams and writers set. */
void run_init(struct run *r);
/* Sends all and waits for them; ends the program when nothing comes any more. */
void run_send(struct run *r);
/* Waits for what is to be delivered without sending, as long as something comes. */
void run_drain(struct run *r);

/* For the speeches: the server said that it has the message; a message arrived. */
void run_accepted(struct stream *t);
void run_arrived(struct sink *k, struct view message);

#endif
