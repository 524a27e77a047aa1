/* SPDX-License-Identifier: Apache-2.0 */
/* MIMI's requests and answers, as far as a client makes and reads them. */
#ifndef CLIENT_PROTOCOL_H
#define CLIENT_PROTOCOL_H

#include "client/client.h"

enum answer_result {
	ANSWER_ACCEPTED,
	ANSWER_EPOCH,   /* the hub is in another epoch */
	ANSWER_REFUSED, /* for good */
};
struct submit_answer {
	enum answer_result result;
	uint64_t timestamp, seq;
	struct view frank; /* encoded; empty without one */
};
/* From a room_submit_response body. */
uc_err UC_MUST_USE submit_answer_read(struct view body, struct arena *a, struct submit_answer *out);

/* The MLSMessage in a SubmitMessageRequest. */
uc_err UC_MUST_USE submission_message(struct view submit, struct arena *a, struct view *out);

struct update_answer {
	enum answer_result result;
	uint64_t timestamp, seq;
	struct view text;
};
/* From a room_update_response body. */
uc_err UC_MUST_USE update_answer_read(struct view body, struct arena *a, struct update_answer *out);

/* ConsentEntry with our extensions: a request carries a sealed card, a grant a sealed answer. */
enum consent_kind { CONSENT_IN_REQUEST, CONSENT_IN_GRANT, CONSENT_IN_OTHER };
struct consent_in {
	enum consent_kind kind;
	struct view requester, target;
	struct view sealed; /* card or answer */
	struct view tag;    /* of its sender, by our app (mimi/sender_tag.h); or empty */
};
uc_err UC_MUST_USE consent_make(enum consent_kind kind, struct view requester, struct view target,
				struct view sealed, struct arena *a, struct view *entry);
uc_err UC_MUST_USE consent_read(struct view entry, struct arena *a, struct consent_in *out);

#endif
