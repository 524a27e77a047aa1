/* SPDX-License-Identifier: Apache-2.0 */
/* One event loop: libuv, one read buffer shared by all its connections, and one sweep over their
 * deadlines instead of a timer each.  Belongs to one thread. */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "base/env.h"
#include "base/metrics.h"

#include <uv.h>

enum {
	LOOP_READ_BYTES = 65536,
	LOOP_SWEEP_MS = 250, /* how late a deadline may be seen */
};

struct stream;
struct net_loop {
	uv_loop_t uv;
	const struct env *env;
	uv_prepare_t flush; /* writes of one round leave together, before the loop sleeps */
	uv_timer_t sweep;
	struct stream *streams;  /* all open ones */
	struct stream *dirty;    /* those with output of this round */
	uint8_t *read_buffer;    /* LOOP_READ_BYTES */
	struct metrics *metrics; /* of the loop's thread; may be NULL */
};

/* Also makes the process ignore SIGPIPE: a vanished peer is an error code here, not a signal. */
uc_err UC_MUST_USE loop_init(struct net_loop *l, const struct env *env);
/* Runs until loop_stop, or until nothing is left that could happen. */
void loop_run(struct net_loop *l);
void loop_stop(struct net_loop *l);
/* Every stream, server and client must have been closed; runs what is left of their ends. */
void loop_done(struct net_loop *l);
/* Milliseconds of the loop's own steady clock. */
uint64_t loop_now_ms(const struct net_loop *l);

#endif
