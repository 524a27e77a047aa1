/* SPDX-License-Identifier: Apache-2.0 */
/* First contact: look-up, card, consent, answer.
 *
 * out: LOOKING -> ADDRESSED -> SENDING -> SENT -> ACCEPTED (a room is made); ADDRESSED again when a device
 *      is ended, which voids the address that it is to be answered at; till it is accepted it can be taken
 *      back: WITHDRAWING (nobody it has reached is answered any more) -> WITHDRAWN (the app knows)
 * in:  OPEN -> SENDING (the grant is made) -> ACCEPTED (the room is awaited), or DECLINED */
#ifndef CLIENT_CONTACT_REQUESTS_H
#define CLIENT_CONTACT_REQUESTS_H

#include "client/client.h"
#include "mimi/contact_token.h"

enum { REQUEST_REPLY_DAYS = 30 }; /* so long a letter can be answered */

/* One more, kept with the turn. */
uc_err UC_MUST_USE request_new(struct uc_client *c, bool incoming, struct request **out);
uc_err UC_MUST_USE requests_drive(struct uc_client *c);
/* A ConsentEntry from the intake. */
uc_err UC_MUST_USE requests_consent_in(struct uc_client *c, struct view entry,
				       uint64_t received_ms);
/* What that account asks, and was not answered. */
void requests_decline_all(struct uc_client *c, const struct uc_id *account);
/* What those ask who are hidden, now, since others of their name are blocked. */
void requests_decline_hidden(struct uc_client *c);
/* A room was joined with a set of ours: is it the one we gave as an answer? */
void requests_joined(struct uc_client *c, struct room *r);
struct request *request_find(struct uc_client *c, const struct uc_id *id);
/* It is what that says, and what was asked of it is done. */
void request_end(struct uc_client *c, struct request *q, uint8_t state, uc_err err,
		 struct view text);
/* Is it over, or worth another try?  True when it is over. */
bool request_failed(struct uc_client *c, struct request *q, const struct reply *r);
/* One of ours that was taken back: nobody is to reach us by the address in it. */
uc_err UC_MUST_USE request_revoke(struct uc_client *c, struct request *q);
bool request_is_veiled(const struct request *q);
/* One of ours, as far as it is known whom it is for: a guardian is asked first. */
void request_begin(struct uc_client *c, struct request *q, uc_op *op);
/* The guardian has agreed to one that waited for that, or not. */
void requests_guarded(struct uc_client *c, const struct uc_id *id, bool agreed);
/* A letter of that identity that was not accepted, and can still be; NULL without one. */
struct request *requests_unanswered(struct uc_client *c, const struct uc_id *contact);
/* The other one of a direct room introduced themselves. */
void requests_introduced(struct uc_client *c, struct room *r, struct contact *k);

/* What names a letter to all devices of the account; was it answered here, lately; another device has, and
 * the answer is not to be given twice: false when there is none of that name. */
struct uc_id request_letter(const struct request *q);
bool requests_is_answered(struct uc_client *c, const struct request *q);
bool requests_answered(struct uc_client *c, const uint8_t letter[32], bool accepted);

/* For tokens.c: the letter of a request, with a token or without; and an answer that brought none. */
uc_err UC_MUST_USE requests_write(struct uc_client *c, struct request *q, const struct token *t);
void requests_refused(struct uc_client *c, struct request *q, const struct reply *r);

#endif
