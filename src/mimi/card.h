/* SPDX-License-Identifier: Apache-2.0 */
/* The two sealed letters of first contact.  A card goes with requestConsent, sealed to the other's
 * request key; an answer comes with the grant, sealed to the key in the card.  Neither app reads
 * them.  All cards have one length.
 *
 * Before a card stands a tag, in the open, that commits to its words (mimi/report.h).  The asker's app
 * seals it into the reply address, and sends no card with another; who is asked shows none whose words
 * it does not fit.  So whatever is shown can be reported. */
#ifndef MIMI_CARD_H
#define MIMI_CARD_H

#include "mimi/frames.h"
#include "mimi/introduction.h"

enum { CARD_TEXT_CHARACTERS = 140, ANSWER_PAD = 4096 };

/* Components of consent_extensions that carry them (private use). */
enum { COMPONENT_CONTACT_CARD = 0x8010, COMPONENT_CONTACT_ANSWER = 0x8011 };

struct card {
	uint16_t version; /* 3 */
	struct view
		introduction; /* for this card alone (client/cards.c); packed (card_introduction.h) */
	struct view text;     /* at most CARD_TEXT_CHARACTERS, no links (link_text.h) */
	struct view answer_key; /* X25519, 32 bytes */
	struct view salt;       /* CARD_SALT, of the tag */
	struct view tag;        /* CARD_TAG; not in it but before it */
};
void wire_card(struct wire *w, struct card *c);

/* Exactly CARD_BYTES; UC_E_TOO_LARGE when the device list has grown too long for it.
 * target: the request address it is sent to, which is authenticated with it. */
uc_err UC_MUST_USE card_seal(const struct env *env, struct view request_key, struct view target,
			     const struct card *c, struct arena *a, struct view *sealed);
/* Neither the introduction nor the tag is verified here. */
uc_err UC_MUST_USE card_open(struct view request_priv, struct view request_pub, struct view target,
			     struct view sealed, struct arena *a, struct card *out);

struct answer {
	uint16_t version;              /* 1 */
	struct view_list key_packages; /* encoded; one for each device of one participant */
};
void wire_answer(struct wire *w, struct answer *x);

/* reply: the reply address of the card. */
uc_err UC_MUST_USE answer_seal(const struct env *env, struct view answer_key, struct view reply,
			       const struct answer *x, struct arena *a, struct view *sealed);
uc_err UC_MUST_USE answer_open(struct view answer_priv, struct view answer_pub, struct view reply,
			       struct view sealed, struct arena *a, struct answer *out);

#endif
