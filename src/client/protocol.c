/* SPDX-License-Identifier: Apache-2.0 */
#include "client/protocol.h"

#include "mimi/card.h"
#include "mimi/protocol.h"

uc_err submit_answer_read(struct view body, struct arena *a, struct submit_answer *out)
{
	struct room_submit_response outer;
	struct submit_message_response r;
	struct submit_answer answer = { .result = ANSWER_REFUSED };
	TRY(wire_decode(body, a, room_submit_response_element, &outer));
	TRY(wire_decode(outer.response, a, submit_message_response_element, &r));
	if (r.status_code == SUBMIT_EPOCH_TOO_OLD)
		answer.result = ANSWER_EPOCH;
	if (r.status_code == SUBMIT_ACCEPTED) {
		answer.result = ANSWER_ACCEPTED;
		answer.timestamp = r.accepted_timestamp;
		answer.seq = outer.seq;
		if (r.frank)
			TRY(wire_encode_to(a, frank_element, r.frank, &answer.frank));
	}
	*out = answer;
	return UC_OK;
}

uc_err submission_message(struct view submit, struct arena *a, struct view *out)
{
	struct submit_message_request m;
	TRY(wire_decode(submit, a, submit_message_request_element, &m));
	*out = m.app_message;
	return UC_OK;
}

uc_err update_answer_read(struct view body, struct arena *a, struct update_answer *out)
{
	struct room_update_response outer;
	struct update_room_response r;
	struct update_answer answer = { .result = ANSWER_REFUSED };
	TRY(wire_decode(body, a, room_update_response_element, &outer));
	TRY(wire_decode(outer.response, a, update_room_response_element, &r));
	answer.text = r.error_description;
	if (r.response_code == UPDATE_WRONG_EPOCH)
		answer.result = ANSWER_EPOCH;
	if (r.response_code == UPDATE_SUCCESS) {
		answer.result = ANSWER_ACCEPTED;
		answer.timestamp = r.accepted_timestamp;
		answer.seq = outer.seq;
	}
	*out = answer;
	return UC_OK;
}

uc_err consent_make(enum consent_kind kind, struct view requester, struct view target,
		    struct view sealed, struct arena *a, struct view *entry)
{
	bool grant = kind == CONSENT_IN_GRANT;
	struct component_data letter = {
		.component_id = grant ? COMPONENT_CONTACT_ANSWER : COMPONENT_CONTACT_CARD,
		.data = sealed,
	};
	struct consent_entry e = {
		.consent_operation = grant ? CONSENT_GRANT : CONSENT_REQUEST,
		.requester_uri = requester,
		.target_uri = target,
		.consent_extensions = { { &letter, 1 } },
	};
	if (kind == CONSENT_IN_OTHER)
		return UC_E_ARGUMENT;
	return wire_encode_to(a, consent_entry_element, &e, entry);
}

static const struct component_data *letter_find(const struct consent_entry *e, uint16_t id)
{
	const struct component_data_list *l = &e->consent_extensions.component_data;
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].component_id == id)
			return &l->v[i];
	return NULL;
}

uc_err consent_read(struct view entry, struct arena *a, struct consent_in *out)
{
	struct consent_entry e;
	struct consent_in in = { .kind = CONSENT_IN_OTHER };
	TRY(wire_decode(entry, a, consent_entry_element, &e));
	bool request = e.consent_operation == CONSENT_REQUEST;
	const struct component_data *letter =
		letter_find(&e, request ? COMPONENT_CONTACT_CARD : COMPONENT_CONTACT_ANSWER);
	in.requester = e.requester_uri;
	in.target = e.target_uri;
	in.tag = sender_tag_of(&e);
	if (request || e.consent_operation == CONSENT_GRANT) {
		if (!letter)
			return UC_E_MALFORMED;
		in.kind = request ? CONSENT_IN_REQUEST : CONSENT_IN_GRANT;
		in.sealed = letter->data;
	}
	*out = in;
	return UC_OK;
}
