/* SPDX-License-Identifier: Apache-2.0 */
/* What the owner does with requests: accept and decline what others ask, take back what was asked. */
#include "client/account.h"
#include "client/contact_requests.h"
#include "client/guardian.h"
#include "client/reaching.h"
#include "client/turn.h"

enum { RETRY_MS = 10 * 1000 };

static const struct view no_text;

struct request_call {
	const struct uc_id *request;
	uc_op *op;
};

static uc_err accept_request(struct uc_client *c, void *arg)
{
	const struct request_call *in = arg;
	struct request *q = request_find(c, in->request);
	if (!account_is_active(c))
		return UC_E_SIGNED_OUT;
	if (!q || !q->incoming)
		return UC_E_NOT_FOUND;
	if (q->state == REQUEST_GUARDED || q->state == REQUEST_REFUSED)
		return UC_E_NOT_ALLOWED;
	if (q->state != REQUEST_OPEN && q->state != REQUEST_DECLINED)
		return UC_E_EXISTS;
	if (reaching_edge(c, &q->contact) == EDGE_BLOCKED)
		return UC_E_NOT_ALLOWED;
	q->state = REQUEST_SENDING;
	q->dirty = true;
	*in->op = q->op = op_new(c);
	return UC_OK;
}

uc_err uc_accept(uc_client *c, const struct uc_id *request, uc_op *op)
{
	struct request_call in = { .request = request, .op = op };
	if (!c || !request || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, accept_request, &in);
}

static uc_err decline(struct uc_client *c, void *arg)
{
	const struct request_call *in = arg;
	struct request *q = request_find(c, in->request);
	if (!q || !q->incoming)
		return UC_E_NOT_FOUND;
	if (q->state != REQUEST_OPEN && q->state != REQUEST_DECLINED)
		return UC_E_EXISTS;
	q->op = *in->op = op_new(c);
	request_end(c, q, REQUEST_DECLINED, UC_OK, no_text);
	return UC_OK;
}

uc_err uc_decline(uc_client *c, const struct uc_id *request, uc_op *op)
{
	struct request_call in = { .request = request, .op = op };
	if (!c || !request || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, decline, &in);
}

/* --- what we have asked --- */

static bool waits(const struct request *q)
{
	return q->state == REQUEST_LOOKING || q->state == REQUEST_ADDRESSED ||
	       q->state == REQUEST_SENDING || q->state == REQUEST_SENT ||
	       q->state == REQUEST_GUARDED;
}

/* Without the key an answer opens to nobody, whatever the app lets in.  A reply address that no letter has
 * carried is voided all the same: the app may have one, and not have said so. */
static uc_err withdraw(struct uc_client *c, void *arg)
{
	const struct request_call *in = arg;
	struct request *q = request_find(c, in->request);
	if (!account_is_active(c))
		return UC_E_SIGNED_OUT;
	if (!q || q->incoming)
		return UC_E_NOT_FOUND;
	if (!waits(q))
		return UC_E_EXISTS;
	request_end(c, q, REQUEST_WITHDRAWING, UC_E_CLOSED, VIEW_LIT("it was taken back"));
	wipe(q->answer_priv, sizeof q->answer_priv);
	guardian_unasked(c, &q->id);
	q->retry_ms = 0;
	q->op = *in->op = op_new(c);
	if (!*q->reply)
		request_end(c, q, REQUEST_WITHDRAWN, UC_OK, no_text);
	return UC_OK;
}

uc_err uc_request_withdraw(uc_client *c, const struct uc_id *request, uc_op *op)
{
	struct request_call in = { .request = request, .op = op };
	if (!c || !request || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, withdraw, &in);
}

static uc_err revoked(struct uc_client *c, void *subject, const struct reply *r)
{
	struct request *q = subject;
	q->in_flight = false;
	if (!r->err)
		request_end(c, q, REQUEST_WITHDRAWN, UC_OK, no_text);
	else if (request_failed(c, q, r))
		q->state = REQUEST_WITHDRAWN; /* here it is over all the same */
	return UC_OK;
}

uc_err request_revoke(struct uc_client *c, struct request *q)
{
	struct grant_revoke_request revoke;
	_Static_assert(sizeof revoke.grant_id == sizeof q->card_tag, "a card's tag is its grant");
	memcpy(revoke.grant_id, q->card_tag, sizeof revoke.grant_id);
	uc_err err =
		call_send(c, FRAME_GRANT_REVOKE, grant_revoke_request_element, &revoke, revoked, q);
	q->in_flight = !err;
	/* Later, then: until the app knows, it is not over. */
	if (err && !err_is_hard(err))
		q->retry_ms = client_now(c) + RETRY_MS;
	return err_is_hard(err) ? err : UC_OK;
}
