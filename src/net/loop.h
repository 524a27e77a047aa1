/* SPDX-License-Identifier: Apache-2.0 */
/* One event loop: libuv, read buffers shared by all its connections, and one wheel for their
 * deadlines instead of a timer each.  Belongs to one thread. */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "base/env.h"
#include "base/metrics.h"
#include "net/tls_bio.h"

#include <uv.h>

enum {
	/* What a turn reads at most: all that is taken from the socket at once, and a record of
	 * which a part came before. */
	LOOP_READ_BYTES = TLS_BIO_BYTES + 2 * 16384,
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
	struct metrics *metrics; /* of the loop's thread; may be NULL */
};

/* Also makes the process ignore SIGPIPE: a vanished peer is an error code here, not a signal. */
uc_err UC_MUST_USE loop_init(struct net_loop *l, const struct env *env);
/* Runs until loop_stop, or until nothing is left that could happen. */
void loop_run(struct net_loop *l);
void loop_stop(struct net_loop *l);
/* Every stream, server and client must have been closed; runs what is left of their ends. */
void loop_done(struct net_loop *l);
/* For streams: to be looked at then (sooner is a plain loss, later never), or, with 0, not at all. */
void loop_watch(struct net_loop *l, struct stream *s, uint64_t at_ms);
/* Milliseconds of the loop's own steady clock. */
uint64_t loop_now_ms(const struct net_loop *l);

#endif
