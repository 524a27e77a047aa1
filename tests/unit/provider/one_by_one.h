/* SPDX-License-Identifier: Apache-2.0 */
/* provider_outputs that go to many, or are many, as so many sends: for those who carry each frame by
 * itself. */
#ifndef TESTS_UNIT_PROVIDER_ONE_BY_ONE_H
#define TESTS_UNIT_PROVIDER_ONE_BY_ONE_H

#include "mimi/frames.h"
#include "provider/provider.h"

typedef void one_send(void *ctx, void *connection, struct view frame);

static inline void send_to_each(one_send *send, void *ctx, struct view bytes,
				const struct provider_target *v, size_t n)
{
	struct buf one;
	buf_init(&one, FRAME_MAX);
	buf_add_view(&one, bytes);
	for (size_t i = 0; i < n && !one.failed; i++) {
		entry_frame_seat(one.p, v[i].seat);
		send(ctx, v[i].connection, buf_view(&one));
	}
	buf_done(&one);
}

static inline void send_each(one_send *send, void *ctx, void *connection, const struct view *frames,
			     size_t n)
{
	for (size_t i = 0; i < n; i++)
		send(ctx, connection, frames[i]);
}

#endif
