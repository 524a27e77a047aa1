/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to the app and their answers. */
#include "client/client.h"

#include "base/heap.h"

enum { CALL_TIMEOUT_MS = 30 * 1000 };

uc_err call_send(struct uc_client *c, uint16_t type, wire_element *walk, const void *body,
		 call_done *done, void *subject)
{
	if (c->connection == UC_OFFLINE)
		return UC_E_NET;
	struct call *call = HEAP_NEW(struct call);
	struct frame_out *f = call ? frame_queue_add(&c->frames) : NULL;
	if (!f) {
		heap_free(call);
		return UC_E_MEMORY;
	}
	if (++c->next_call == 0)
		c->next_call = 1;
	*call = (struct call){ c->next_call, type, done, subject, client_now(c) + CALL_TIMEOUT_MS,
			       c->calls };
	c->calls = call;
	wake_at(c, call->deadline_ms);
	return frame_add_request(&f->bytes, type, call->id, walk, body);
}

uc_err notice_send(struct uc_client *c, uint16_t type, wire_element *walk, const void *body)
{
	if (c->connection != UC_ONLINE)
		return UC_OK;
	struct frame_out *f = frame_queue_add(&c->frames);
	return f ? frame_add_notice(&f->bytes, type, walk, body) : UC_E_MEMORY;
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

uc_err call_answer(struct uc_client *c, const struct frame *f)
{
	struct call *call = call_take(c, f->id);
	if (!call)
		return UC_E_FRAME;
	bool right = call->type == f->type;
	struct reply r = {
		.err = right ? (uc_err)f->status : UC_E_FRAME,
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
	while (c->calls) {
		struct call *call = c->calls;
		c->calls = call->next;
		TRY(call_end(c, call, &r));
	}
	return UC_OK;
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

void wake_at(struct uc_client *c, uint64_t ms)
{
	if (ms < c->retry_ms)
		c->retry_ms = ms;
}
