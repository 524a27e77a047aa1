/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of abuse (draft-ietf-mimi-protocol-06, reportAbuse; docs/reports.md): messages of one
 * participant in one room, as they were franked, and what shows that it said them.
 *
 * A message says itself who sent it to which room, under its salt; so a report is checked from its
 * own bytes: what it says of sender and room, then the hub's MAC over the tag with them and the time,
 * then the hub's signature.
 *
 * Or the words of one request card (mimi/card.h).  Its place and its sender are both the reply address
 * that it came with, its hub the app that made that: inside are whose it is, and the card's tag. */
#ifndef MIMI_REPORT_H
#define MIMI_REPORT_H

#include "mimi/card.h"
#include "mimi/content.h"
#include "mimi/frank_chain.h"
#include "mimi/franking.h"
#include "mimi/media_type.h"

enum {
	REPORT_MESSAGES_MAX = 16,
	REPORT_NOTE_MAX = 1024,
	REPORT_MAX = 1024 * 1024, /* bytes of all of it */
};

/* AbuseType has no values of its own yet. */
enum report_reason {
	REPORT_SPAM = 1,
	REPORT_HARASSMENT = 2,
	REPORT_CHILD = 3,
	REPORT_THREAT = 4,
	REPORT_OTHER = 5,
};
struct abusive_message {
	struct view message_content; /* MIMI content */
	struct frank frank;
	uint64_t accepted_timestamp;

	/* What its media type said beside it, without which its tag is another.  MIMI has no place for
	 * it: of all messages it is a component among the extensions. */
	struct chain_head head;
};
struct abusive_message_list {
	struct abusive_message *v;
	size_t n;
};
/* What was read of a card, and the salt that keeps the tag from telling it. */
struct card_words {
	uint8_t salt[CARD_SALT];
	struct view name, text; /* as they were shown */
};
void wire_card_words(struct wire *w, struct card_words *c);
/* HMAC-SHA256 under the salt, cut off: nobody finds other words for the tag of somebody else's. */
uc_err UC_MUST_USE card_tag(const struct card_words *c, uint8_t tag[CARD_TAG]);

struct abuse_report {
	struct view reporting_user; /* we say nobody's */
	struct view alleged_abuser_uri;
	uint8_t reason_code; /* enum report_reason */
	struct view note;
	/* From 1 to REPORT_MESSAGES_MAX, no two the same; of a card none. */
	struct abusive_message_list messages;
	struct app_data_dictionary abuse_extensions;

	/* For which MIMI has no place either. */
	bool is_card;
	struct card_words card;
};
enum { COMPONENT_CHAIN_HEADS = 0x8003, COMPONENT_CARD_WORDS = 0x8004 };
/* Puts the heads of the messages among the extensions, if there are any: before it is written. */
uc_err UC_MUST_USE report_heads_add(struct abuse_report *r, struct arena *a);
/* The same of a card's words. */
uc_err UC_MUST_USE report_card_add(struct abuse_report *r, struct arena *a);
/* Reading takes them from there. */
void wire_abuse_report(struct wire *w, struct abuse_report *r);
void abuse_report_element(struct wire *w, void *v);

/* The same without what was said: an app asks the hub whether these are its franks, of those tags. */
struct frank_claim {
	uint8_t franking_tag[FRANKING_TAG];
	struct frank frank;
	uint64_t accepted_timestamp;
};
struct frank_claim_list {
	struct frank_claim *v;
	size_t n;
};
struct frank_claims {
	struct view sender_uri;
	struct frank_claim_list claims; /* from 1 to REPORT_MESSAGES_MAX */
};
void wire_frank_claims(struct wire *w, struct frank_claims *c);
void frank_claims_element(struct wire *w, void *v);

/* Keys that were in use lately: each may be the one. */
enum { REPORT_KEYS = 2, REPORT_SIGNERS = 6 };
struct report_keys {
	const struct frank_chain *hub_frank[REPORT_KEYS]; /* NULL: none */
	struct view franking[REPORT_SIGNERS];             /* empty: none */
	uint64_t from_ms;  /* of what was said before then, keys are gone */
	bool signers_went; /* and some that signed later are */
};

/* What a report claims, as far as its messages bear it out: each must say that it is the accused's, to
 * this room.  Of a card: one claim with its tag and zeros, and no frank.  UC_E_FRANK. */
uc_err UC_MUST_USE report_claims(const struct abuse_report *r, struct view room, struct arena *a,
				 struct frank_claims *out);
/* As hub: all of them are its own franks.  Its signature is checked, too, where there is one.
 * UC_E_FRANK; UC_E_STALE: none is known to be forged, and of one nobody can tell, since its key is gone. */
uc_err UC_MUST_USE frank_claims_verify(const struct frank_claims *c, struct view room,
				       const struct report_keys *k, struct arena *a);
/* Without the hub's key: it has signed all of them.  UC_E_FRANK. */
uc_err UC_MUST_USE frank_claims_signed(const struct frank_claims *c, struct view room,
				       struct view franking_key, struct arena *a);
/* report_claims and frank_claims_verify in one. */
uc_err UC_MUST_USE report_verify(const struct abuse_report *r, struct view room,
				 const struct report_keys *k, struct arena *a);

#endif
