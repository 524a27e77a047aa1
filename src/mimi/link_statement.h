/* SPDX-License-Identifier: Apache-2.0 */
/* Two accounts on two apps are one person's, as a device of each has signed; and that they are said
 * to be so no more, as a device of either has.  One account offers, the other accepts and signs, the
 * first one signs what was accepted.  No server has a part in it. */
#ifndef MIMI_LINK_STATEMENT_H
#define MIMI_LINK_STATEMENT_H

#include "mimi/device_list.h"

enum { LINK_OFFER_ID = 16, LINK_NAME_BYTES = 255, LINK_IDENTIFIER_BYTES = 254 };
/* How far a number may be ahead of the last, so that nobody uses up all that there are. */
#define LINK_STEP_MAX ((uint64_t)1 << 40)

struct link_account {
	struct view app;         /* domain */
	struct view account_key; /* Ed25519 */
};
/* Signed: what is said of an account, and which of its devices says so.  Beside it the list that has
 * this device, which proves itself, and the signature. */
struct link_side {
	struct link_account account;
	struct view profile_name;
	struct view identifier; /* normalised; empty where its owner does not tell it */
	struct view device_key; /* who signs; listed */
	struct view_list device_list;
	struct view signature; /* empty: not yet signed */
};
enum { LINK_OFFERS = 0, LINK_ACCEPTS = 1, LINK_SIDES = 2 };

struct link_offer {
	uint16_t version; /* 1 */
	uint8_t offer_id[LINK_OFFER_ID];
	uint64_t number; /* of the statement, at least */
	uint64_t expires_ms;
	struct link_side side; /* label "Undercroft link offer" */
};
void wire_link_offer(struct wire *w, struct link_offer *o);
void link_offer_element(struct wire *w, void *v);

struct link_statement {
	uint16_t version; /* 1 */
	uint64_t number;  /* only rises, for the same two accounts */
	uint8_t offer_id[LINK_OFFER_ID];
	struct link_side sides[LINK_SIDES]; /* label "Undercroft link statement" */
};
void wire_link_statement(struct wire *w, struct link_statement *s);
void link_statement_element(struct wire *w, void *v);

struct link_withdrawal {
	uint16_t version;                         /* 1 */
	uint64_t number;                          /* of the last statement that holds no more */
	struct link_account accounts[LINK_SIDES]; /* in the statement's order */
	uint8_t by;                               /* whose device signs */
	struct view device_key;
	struct view_list device_list;
	struct view signature; /* label "Undercroft link withdrawal" */
};
void wire_link_withdrawal(struct wire *w, struct link_withdrawal *x);
void link_withdrawal_element(struct wire *w, void *v);

/* One of these, as it is carried from one client of the person to the other. */
enum link_text_kind { LINK_TEXT_OFFER = 1, LINK_TEXT_STATEMENT = 2, LINK_TEXT_WITHDRAWAL = 3 };
struct link_text {
	uint16_t version; /* 1 */
	uint8_t link_text_kind;
	struct view body;
};
void wire_link_text(struct wire *w, struct link_text *t);
void link_text_element(struct wire *w, void *v);

/* Making fills in versions, device key and signature, and refuses what verifying would.  Verifying:
 * UC_E_MALFORMED, UC_E_NAME, UC_E_KEY for what is no such thing, UC_E_NOT_ALLOWED for two accounts of
 * one app, UC_E_SIGNATURE for a device that is not listed by its account, or has not signed. */
uc_err UC_MUST_USE link_offer_make(const struct link_offer *in, const struct ed25519_key *device,
				   struct arena *a, struct view *encoded);
uc_err UC_MUST_USE link_offer_verify(struct view encoded, struct arena *a, struct link_offer *out);
/* Signs as that side; the device keys of both stand in it already. */
uc_err UC_MUST_USE link_statement_make(const struct link_statement *in, unsigned side,
				       const struct ed25519_key *device, struct arena *a,
				       struct view *encoded);
/* whole: both have signed; else the side that accepts alone has. */
uc_err UC_MUST_USE link_statement_verify(struct view encoded, bool whole, struct arena *a,
					 struct link_statement *out);
uc_err UC_MUST_USE link_withdrawal_make(const struct link_withdrawal *in,
					const struct ed25519_key *device, struct arena *a,
					struct view *encoded);
uc_err UC_MUST_USE link_withdrawal_verify(struct view encoded, struct arena *a,
					  struct link_withdrawal *out);

#endif
