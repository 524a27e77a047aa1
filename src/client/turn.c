/* SPDX-License-Identifier: Apache-2.0 */
#include "client/turn.h"

#include "client/client.h"
#include "client/session.h"

/* Errors after which what lies in memory may be half of a change. */
static bool is_fatal(uc_err err)
{
	switch (uc_err_class(err)) {
	case UC_CLASS_STORE:
	case UC_CLASS_MEMORY:
		return true;
	default:
		return err == UC_E_RANDOM;
	}
}

/* When drive has to be called again is found anew in each turn, by drive itself. */
static uc_err turn_finish(struct uc_client *c)
{
	c->retry_ms = UINT64_MAX;
	for (const struct call *call = c->calls; call; call = call->next)
		wake_at(c, call->deadline_ms);
	if (c->connection == UC_ONLINE)
		TRY(session_drive(c));
	records_save(c);
	return safe_commit(&c->safe);
}

uc_err turn_run(struct uc_client *c, turn_work *work, void *arg)
{
	if (c->broken)
		return c->broken;
	if (c->turning)
		return UC_E_ARGUMENT;
	c->turning = true;
	struct arena_mark mark = arena_mark(&c->call);
	uc_err err = work(c, arg);
	uc_err hard = is_fatal(err) ? err : turn_finish(c);
	arena_reset(&c->call, mark);
	c->turning = false;
	if (hard) {
		c->broken = is_fatal(hard) ? hard : UC_E_STORE;
		return FAIL(&c->env, hard);
	}
	frame_queue_release(&c->frames);
	event_queue_release(&c->events);
	return err;
}
