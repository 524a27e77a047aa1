/* SPDX-License-Identifier: Apache-2.0 */
/* The two sealed letters of first contact: the asker's card, the other's answer. */
#ifndef CLIENT_CARDS_H
#define CLIENT_CARDS_H

#include "client/client.h"

struct card_content {
	char app[DOMAIN_MAX], name[PROFILE_BYTES];
	uint8_t account_key[ED25519_KEY];
	uint8_t answer_key[32], salt[CARD_SALT];
	struct view text;
	struct view introduction; /* encoded, verified */
};
/* What our card will say, with our name of now: q->card_tag, for a reply address that is to be made. */
uc_err UC_MUST_USE card_commit(struct uc_client *c, struct request *q);
/* Is that still what it would say? */
bool card_is_committed(struct uc_client *c, const struct request *q);
/* Sealed to q->request_key: our introduction, q->text, q->answer_pub, q->reply. */
uc_err UC_MUST_USE card_write(struct uc_client *c, const struct request *q, struct arena *a,
			      struct view *sealed);
/* Opened with the key of the invitation it came by, or one of our request keys; the introduction in it is verified, and both addresses are
 * those it was sent to and asks to be answered at.  UC_E_FRANK: nobody could report it. */
uc_err UC_MUST_USE card_read(struct uc_client *c, struct view target, struct view requester,
			     struct view sealed, struct arena *a, struct card_content *out);
/* The set's KeyPackage, sealed to q->answer_pub. */
uc_err UC_MUST_USE answer_write(struct uc_client *c, const struct request *q, const struct set *s,
				struct arena *a, struct view *sealed);
/* KeyPackages, opaque<V> each. */
uc_err UC_MUST_USE answer_read(struct uc_client *c, const struct request *q, struct view sealed,
			       struct arena *a, struct view *packages);

#endif
