/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to the app and their answers. */
#include "client/client.h"

#include "base/heap.h"

enum { CALL_TIMEOUT_MS = 30 * 1000, RETRY_MAX_S = 3600, WAIT_MAX_MS = 3 * 3600 * 1000 };
enum { DAMAGE_MS = 3600 * 1000 };

/* Whole frames only: what could not be encoded leaves nothing in the queue. */
static uc_err frame_push(struct uc_client *c, struct buf *bytes, uc_err err)
{
	struct frame_out *f = err ? NULL : frame_queue_add(&c->frames);
	if (!f) {
		buf_done(bytes);
		return err ? err : UC_E_MEMORY;
	}
	f->bytes = *bytes;
	return UC_OK;
}

uc_err call_send(struct uc_client *c, uint16_t type, wire_element *walk, const void *body,
		 call_done *done, void *subject)
{
	struct buf bytes;
	if (c->connection == UC_OFFLINE)
		return UC_E_NET;
	struct call *call = HEAP_NEW(struct call);
	if (!call)
		return UC_E_MEMORY;
	if (++c->next_call == 0)
		c->next_call = 1;
	buf_init_secret(&bytes, FRAME_MAX);
	uc_err err = frame_add_request(&bytes, type, c->next_call, walk, body);
	err = frame_push(c, &bytes, err);
	if (err) {
		heap_free(call);
		return err;
	}
	*call = (struct call){ c->next_call, type, done, subject, client_now(c) + CALL_TIMEOUT_MS,
			       c->calls };
	c->calls = call;
	return UC_OK;
}

uc_err notice_send(struct uc_client *c, uint16_t type, wire_element *walk, const void *body)
{
	struct buf bytes;
	if (c->connection != UC_ONLINE)
		return UC_OK;
	buf_init_secret(&bytes, FRAME_MAX);
	uc_err err = frame_add_notice(&bytes, type, walk, body);
	return frame_push(c, &bytes, err);
}

static struct call *call_take(struct uc_client *c, uint32_t id)
{
	for (struct call **at = &c->calls; *at; at = &(*at)->next) {
		struct call *call = *at;
		if (call->id == id) {
			*at = call->next;
			return call;
		}
	}
	return NULL;
}

static uc_err call_end(struct uc_client *c, struct call *call, const struct reply *r)
{
	call_done *done = call->done;
	void *subject = call->subject;
	heap_free(call);
	return done(c, subject, r);
}

/* The app's trouble with its own store or memory is not ours: what would break this client, or
 * mean that the connection went, is told as the app being busy. */
static uc_err status_err(uint16_t status)
{
	uc_err err = status;
	return err_is_hard(err) || err == UC_E_NET ? UC_E_BUSY : err;
}

/* What is queued is asked again, for as long as it takes its operator: people are told whose the damage is,
 * and not at every attempt. */
static void damage_tell(struct uc_client *c, const struct frame *f)
{
	uint64_t now = client_now(c);
	bool is_told = c->damage_ms && now >= c->damage_ms && now - c->damage_ms < DAMAGE_MS;
	if (f->status != UC_E_CORRUPT || is_told)
		return;
	c->damage_ms = now;
	event_warning(c, UC_E_CORRUPT, f->text, NULL);
}

uc_err call_answer(struct uc_client *c, const struct frame *f)
{
	struct call *call = call_take(c, f->id);
	if (!call)
		return UC_E_FRAME;
	bool right = call->type == f->type;
	damage_tell(c, f);
	struct reply r = {
		.err = right ? status_err(f->status) : UC_E_FRAME,
		.text = f->text,
		.body = f->body,
		.retry_after_s = f->retry_after_s,
		.mem = &c->call,
	};
	return call_end(c, call, &r);
}

uc_err calls_fail(struct uc_client *c)
{
	struct reply r = { .err = UC_E_NET,
			   .text = VIEW_LIT("the connection was lost"),
			   .mem = &c->call };
	uc_err first = UC_OK;
	while (c->calls) {
		struct call *call = c->calls;
		c->calls = call->next;
		uc_err err = call_end(c, call, &r);
		if (err && !first)
			first = err;
	}
	return first;
}

bool reply_is_transient(const struct reply *r)
{
	switch (uc_err_class(r->err)) {
	case UC_CLASS_STORE:
	case UC_CLASS_NET:
	case UC_CLASS_MEMORY:
		return true;
	default:
		return r->err == UC_E_RATE || r->err == UC_E_BUSY || r->err == UC_E_SIGNED_OUT ||
		       r->err == UC_E_PENDING;
	}
}

uint64_t retry_at(struct uc_client *c, const struct reply *r, uint64_t own_ms)
{
	uint32_t said_s = r->retry_after_s < RETRY_MAX_S ? r->retry_after_s : RETRY_MAX_S;
	return client_now(c) + (said_s ? (uint64_t)said_s * 1000 : own_ms);
}

void calls_wake(struct uc_client *c)
{
	for (const struct call *call = c->calls; call; call = call->next)
		wake_at(c, call->deadline_ms);
}

bool calls_are_late(struct uc_client *c)
{
	uint64_t now = client_now(c);
	for (const struct call *call = c->calls; call; call = call->next)
		if (now >= call->deadline_ms || now + CALL_TIMEOUT_MS < call->deadline_ms)
			return true;
	return false;
}

void wake_at(struct uc_client *c, uint64_t ms)
{
	if (ms < c->retry_ms)
		c->retry_ms = ms;
}

bool waits_until(struct uc_client *c, uint64_t ms)
{
	uint64_t now = client_now(c);
	if (now >= ms || ms > now + WAIT_MAX_MS)
		return false;
	wake_at(c, ms);
	return true;
}
