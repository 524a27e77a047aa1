/* SPDX-License-Identifier: Apache-2.0 */
#include "client/intake.h"

#include "client/contact_requests.h"
#include "mimi/sealed.h"

static uc_err item(struct uc_client *c, const struct intake_event *e)
{
	const struct account *a = &c->account;
	struct intake_context context = { e->intake_kind, e->received_ms };
	struct view body;
	TRY(intake_open(VIEW_OF(a->intake_priv), VIEW_OF(a->intake_pub), &context, e->sealed,
			&c->call, &body));
	switch (e->intake_kind) {
	case INTAKE_CONSENT:
		return requests_consent_in(c, body, e->received_ms);
	case INTAKE_DEVICE_LIST:
		c->list_stale = true;
		return UC_OK;
	default:
		return UC_OK; /* of a later version */
	}
}

/* An item that makes no sense is told and passed: it must not hold up those behind it. */
uc_err intake_event_in(struct uc_client *c, struct view body)
{
	struct intake_event e;
	if (wire_decode(body, &c->call, intake_event_element, &e))
		return UC_E_FRAME;
	if (e.seq > c->account.intake_cursor) {
		uc_err err = item(c, &e);
		if (err_is_hard(err))
			return err;
		if (err)
			event_warning(c, err, VIEW_LIT("something that arrived was not valid"),
				      NULL);
		c->account.intake_cursor = e.seq;
		c->account.dirty = true;
	}
	struct intake_ack ack = { c->account.intake_cursor };
	return notice_send(c, FRAME_INTAKE_ACK, intake_ack_element, &ack);
}
