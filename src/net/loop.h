/* SPDX-License-Identifier: Apache-2.0 */
/* One event loop: libuv, read buffers shared by all its connections, and one wheel for their
 * deadlines instead of a timer each.  Belongs to one thread. */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "base/env.h"
#include "base/metrics.h"
#include "net/tls_bio.h"
#include "net/tls_record.h"

#include <stdbool.h>
#include <uv.h>

enum {
	/* What a turn reads at most: all that is taken from the socket at once, and a record of
	 * which a part came before. */
	LOOP_READ_BYTES = TLS_BIO_BYTES + 2 * 16384,
	/* What is sealed for one call: some full records, with a KeyUpdate before them. */
	LOOP_SEALED_BYTES = 4 * TLS_RECORD_MAX + TLS_KEY_UPDATE_RECORD,
	LOOP_OUTPUT_BYTES = 4096, /* of a buffer for what a stream says in a round */
	LOOP_SPARE_N = 1024,      /* of those, kept for the next round */
	LOOP_SPARE_IDLE_N = 32,   /* and when it is quiet */
	LOOP_FLUSH_BYTES = 4 << 20,
	LOOP_QUEUED_MAX = 128 << 20,
	LOOP_SWEEP_MS = 250, /* how late a deadline may be seen */
	LOOP_WHEEL_N = 1024, /* later ones are looked at in between */
};

struct stream;
struct net_loop {
	uv_loop_t uv;
	const struct env *env;
	uv_prepare_t flush; /* writes of one round leave together, before the loop sleeps */
	uv_timer_t sweep;
	size_t streams_n;                   /* all open ones */
	struct stream *wheel[LOOP_WHEEL_N]; /* by when they have to be looked at */
	uint64_t tick;                      /* of LOOP_SWEEP_MS, the last that was looked at */
	struct stream *dirty;               /* those with output of this round */
	uint8_t *read_buffer;               /* LOOP_READ_BYTES */
	struct tls_input input;
	struct tls_ciphers *ciphers;
	uint8_t *sealed;              /* LOOP_SEALED_BYTES */
	uint8_t *spare[LOOP_SPARE_N]; /* LOOP_OUTPUT_BYTES each */
	size_t spare_n;
	/* Output that waits in all streams, and how much may: then whoever has most of it does not
	 * read, and is disconnected. */
	size_t queued, queued_max;
	unsigned accepts_a_second; /* 0: no limit */
	uint64_t accepts_us;       /* when all that was accepted is due */
	struct metrics *metrics;   /* of the loop's thread; may be NULL */
};

/* Also makes the process ignore SIGPIPE: a vanished peer is an error code here, not a signal. */
uc_err UC_MUST_USE loop_init(struct net_loop *l, const struct env *env);
/* Runs until loop_stop, or until nothing is left that could happen. */
void loop_run(struct net_loop *l);
void loop_stop(struct net_loop *l);
/* Every stream, server and client must have been closed; runs what is left of their ends. */
void loop_done(struct net_loop *l);
/* Sends what is queued now, between two calls of handlers: a round that says much to many must not
 * keep all of it. */
static inline bool loop_is_full(const struct net_loop *l)
{
	return l->queued > LOOP_FLUSH_BYTES && l->dirty;
}
void loop_flush(struct net_loop *l);
/* 0: a connection may be accepted, and is counted; else how long to wait. */
uint64_t loop_accept_wait_ms(struct net_loop *l);
/* There was none after all: it is not counted. */
void loop_accept_none(struct net_loop *l);
/* For streams: to be looked at then (sooner is a plain loss, later never), or, with 0, not at all. */
void loop_watch(struct net_loop *l, struct stream *s, uint64_t at_ms);
/* Milliseconds of the loop's own steady clock. */
uint64_t loop_now_ms(const struct net_loop *l);

#endif
