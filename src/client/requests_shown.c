/* SPDX-License-Identifier: Apache-2.0 */
/* Requests as the owner is shown them. */
#include "client/contact_requests.h"
#include "client/contacts.h"
#include "client/linked.h"

/* No words of a stranger reach who is below 16 before the guardian agrees, nor when they refuse. */
bool request_is_veiled(const struct request *q)
{
	return q->incoming && (q->state == REQUEST_GUARDED || q->state == REQUEST_REFUSED);
}

static enum uc_request_state shown_state(const struct request *q)
{
	switch (q->state) {
	case REQUEST_ACCEPTED:
		return UC_REQUEST_ACCEPTED;
	case REQUEST_SENDING:
		return q->incoming ? UC_REQUEST_ACCEPTED : UC_REQUEST_OPEN;
	case REQUEST_DECLINED:
	case REQUEST_FAILED:
	case REQUEST_REFUSED:
		return UC_REQUEST_DECLINED;
	case REQUEST_GUARDED:
		return UC_REQUEST_WAITING;
	case REQUEST_WITHDRAWING:
	case REQUEST_WITHDRAWN:
		return UC_REQUEST_WITHDRAWN;
	default:
		return UC_REQUEST_OPEN;
	}
}

/* Whoever has the letter can answer it till then.  Of a time before that was kept: at the latest, since a guardian
 * may have been waited for as long again. */
static uint64_t until(const struct request *q)
{
	if (q->incoming || (q->state != REQUEST_SENDING && q->state != REQUEST_SENT))
		return 0;
	return q->reply_until_ms ? q->reply_until_ms
				 : q->time_ms + 2 * (uint64_t)REQUEST_REPLY_DAYS * 24 * 3600 * 1000;
}

uc_err uc_requests(uc_client *c, uc_request_each *each, void *ctx)
{
	if (!c || !each)
		return UC_E_ARGUMENT;
	if (c->broken)
		return c->broken;
	for (const struct request *q = c->requests; q; q = q->next) {
		struct uc_request shown = {
			.id = q->id,
			.incoming = q->incoming,
			.by_invitation = q->by_invitation,
			.state = shown_state(q),
			.blocked = q->incoming && linked_is_blocked(c, &q->contact),
			.app = q->app,
			.name = request_is_veiled(q) ? "" : q->name,
			.text = request_is_veiled(q) ? "" : q->text,
			.time_ms = q->time_ms,
			.until_ms = until(q),
			.has_contact = contact_find(c, &q->contact) != NULL,
			.contact = q->contact,
			.has_room = !id_is_zero(&q->room),
			.room = q->room,
		};
		if (!each(ctx, &shown))
			break;
	}
	return UC_OK;
}
