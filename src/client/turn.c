/* SPDX-License-Identifier: Apache-2.0 */
#include "client/turn.h"

#include "client/account.h"
#include "client/client.h"
#include "client/device_watch.h"
#include "client/history.h"
#include "client/session.h"

static uc_err turn_finish(struct uc_client *c)
{
	uc_err err = history_drive(c);
	if (!err)
		err = device_watch_drive(c);
	if (!err && c->connection == UC_GREETED)
		err = account_begin_drive(c);
	if (!err && c->connection == UC_CONNECTING)
		err = account_gone_drive(c);
	if (!err && c->connection == UC_ONLINE)
		err = session_drive(c);
	if (err_is_hard(err))
		return err;
	if (err)
		env_traced(&c->env, __FILE__, __LINE__, err);
	calls_wake(c);
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
	c->retry_ms = UINT64_MAX;
	struct arena_mark mark = arena_mark(&c->call);
	uc_err err = work(c, arg);
	uc_err hard = err_is_hard(err) ? err : turn_finish(c);
	arena_reset(&c->call, mark);
	c->turning = false;
	if (hard) {
		c->broken = err_is_hard(hard) ? hard : UC_E_STORE;
		return FAIL(&c->env, c->broken);
	}
	frame_queue_release(&c->frames);
	event_queue_release(&c->events);
	return err;
}
