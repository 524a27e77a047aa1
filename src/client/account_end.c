/* SPDX-License-Identifier: Apache-2.0 */
/* The end of an account.  The person's other devices are ended first, since they would come back into the rooms
 * from which their places are taken; then all places are, and the account goes.  What of it was done the device
 * list, the rooms and the app say: one that was interrupted goes on from there. */
#include "client/account.h"
#include "client/devices.h"
#include "client/own_devices.h"
#include "client/rooms.h"
#include "client/session.h"
#include "client/turn.h"
#include "client/vault.h"

enum {
	ENDING_MS = 30 * 1000,
	LEAVING_MS = 60 * 1000,
	CONNECTIONS = 8, /* so often all of it is tried, from a connection's beginning */
	AGAIN_MS = 15 * 1000,
	AGAIN_DOUBLINGS = 8,
};

/* --- what the app says --- */

void account_gone(struct uc_client *c, uc_err why)
{
	struct account *a = &c->account;
	uint8_t to = why == UC_E_NOT_FOUND ? ACCOUNT_DELETED : ACCOUNT_GONE;
	c->gone_ms = client_now(c) + ((uint64_t)AGAIN_MS << c->gone_tries);
	if (c->gone_tries < AGAIN_DOUBLINGS)
		c->gone_tries++;
	if (a->deleting) {
		op_done(c, c->account_op, to == ACCOUNT_DELETED ? UC_OK : why,
			(struct view){ NULL, 0 });
		c->account_op = 0;
	}
	/* What was a device that ended may turn out to have been the account. */
	if (a->state == to || a->state == ACCOUNT_DELETED)
		return;
	a->state = to;
	a->dirty = true;
	struct event_out *e = event_new(c, UC_EVENT_ACCOUNT_GONE);
	if (e)
		e->event.err = why;
}

void account_back(struct uc_client *c)
{
	c->gone_tries = 0;
	if (!account_is_over(c))
		return;
	c->account.state = ACCOUNT_ACTIVE;
	c->account.dirty = true;
}

uc_err account_gone_drive(struct uc_client *c)
{
	if (c->account.state != ACCOUNT_GONE || c->account_busy || !c->gone_ms ||
	    waits_until(c, c->gone_ms))
		return UC_OK;
	c->gone_ms = 0;
	return sign_in_send(c);
}

static void begin(struct uc_client *c)
{
	c->ending_ms = c->delete_ms = 0;
	c->ending_refused = false;
}

void account_end_signed_in(struct uc_client *c)
{
	if (c->end_tries == CONNECTIONS)
		return;
	if (c->account.deleting)
		c->end_tries++;
	begin(c);
}

/* --- the other devices --- */

static uc_err ended(struct uc_client *c, void *subject, const struct reply *r)
{
	(void)subject;
	c->account_busy = false;
	if (r->err == UC_E_NET || reply_is_transient(r)) {
		account_try_later(c, r);
		return UC_OK;
	}
	/* A list that moved on meanwhile is read, and continued. */
	c->list_stale = true;
	if (r->err && r->err != UC_E_CHAIN && r->err != UC_E_STALE) {
		c->ending_refused = true;
		event_warning(
			c, r->err,
			VIEW_LIT("your other devices could not be ended before the account: what "
				 "they do meanwhile may stay in rooms"),
			NULL);
	}
	return UC_OK;
}

/* One after the other.  *waits: for one of them, or for the rooms that they have come into last. */
static uc_err others_end(struct uc_client *c, bool *waits)
{
	struct device_list l;
	size_t i = 0;
	if (!c->ending_ms)
		c->ending_ms = client_now(c) + ENDING_MS;
	*waits = !c->delete_ms && !c->ending_refused && devices_known(c, &l) && l.count > 1 &&
		 waits_until(c, c->ending_ms);
	if (!*waits || !vault_was_read(c))
		return UC_OK;
	while (view_equal(VIEW_OF(l.devices[i].device_key), VIEW_OF(c->account.device.pub)))
		i++;
	TRY(own_devices_end(c, VIEW_OF(l.devices[i].device_key), ended, NULL));
	c->account_busy = true;
	return UC_OK;
}

/* --- the account --- */

static uc_err delete_done(struct uc_client *c, void *subject, const struct reply *r)
{
	(void)subject;
	c->account_busy = false;
	if (r->err == UC_E_NET || reply_is_transient(r)) {
		account_try_later(c, r);
		return UC_OK;
	}
	if (!r->err || r->err == UC_E_NOT_FOUND) {
		account_gone(c, UC_E_NOT_FOUND);
		return UC_OK;
	}
	c->account.deleting = false;
	c->account.dirty = true;
	op_done(c, c->account_op, r->err, r->text);
	c->account_op = 0;
	return UC_OK;
}

static uc_err delete_send(struct uc_client *c)
{
	struct account *a = &c->account;
	uint8_t signature[ED25519_SIGNATURE];
	struct account_delete_request req = { VIEW_OF(signature) };
	TRY(session_sign(c, SESSION_DELETE, &a->device, VIEW_OF(a->account_id),
			 (struct view){ NULL, 0 }, signature));
	c->account_busy = true;
	return call_send(c, FRAME_ACCOUNT_DELETE, account_delete_request_element, &req, delete_done,
			 NULL);
}

uc_err account_end_drive(struct uc_client *c)
{
	bool waits;
	TRY(others_end(c, &waits));
	if (waits)
		return UC_OK;
	/* A room that cannot be left now must not keep the account: its seat ends by itself. */
	if (!c->delete_ms)
		c->delete_ms = client_now(c) + LEAVING_MS;
	rooms_leave_all(c);
	return !rooms_all_left(c) && waits_until(c, c->delete_ms) ? UC_OK : delete_send(c);
}

static uc_err delete_start(struct uc_client *c, void *arg)
{
	uc_op *op = arg;
	if (c->account.state == ACCOUNT_DELETED) {
		*op = op_new(c);
		op_done(c, *op, UC_OK, (struct view){ NULL, 0 });
		return UC_OK;
	}
	if (!account_is_active(c))
		return UC_E_SIGNED_OUT;
	if (c->account.deleting && c->account_op) {
		*op = c->account_op;
		return UC_OK;
	}
	/* One that was refused before has left nothing done. */
	if (!c->account.deleting) {
		begin(c);
		c->end_tries = 0;
	}
	c->account.deleting = c->account.dirty = true;
	*op = c->account_op = op_new(c);
	return UC_OK;
}

uc_err uc_account_delete(uc_client *c, uc_op *op)
{
	if (!c || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, delete_start, op);
}
