/* SPDX-License-Identifier: Apache-2.0 */
/* A link that asks for contact (web_place.h):
 *
 *	https://APP[:PORT]/#/link/<base64url of version, request key, check, sealed address, checksum>
 *
 * It opens nothing by itself: whoever has it may ask, as long as its maker lets them. */
#ifndef MIMI_CONTACT_LINK_H
#define MIMI_CONTACT_LINK_H

#include "crypto/crypto.h"

enum {
	CONTACT_LINK_CHECK = 16,
	CONTACT_LINK_MAX = 1024, /* bytes of text */
};

struct contact_link {
	struct view address;     /* a request address: of its app */
	struct view domain;      /* the app's: in `address` */
	uint8_t request_key[32]; /* X25519, of this link alone; cards are sealed to it */
	/* Of address and account key: that it is the maker who answers, and nothing else before. */
	uint8_t check[CONTACT_LINK_CHECK];
};

uc_err UC_MUST_USE contact_link_check(struct view address, struct view account_key,
				      uint8_t out[CONTACT_LINK_CHECK]);
/* domain need not be set.  UC_E_ADDRESS: that is no request address. */
uc_err UC_MUST_USE contact_link_write(const struct contact_link *in, struct arena *a,
				      struct view *text);
/* UC_E_ADDRESS for what is no link. */
uc_err UC_MUST_USE contact_link_read(struct view text, struct arena *a, struct contact_link *out);

#endif
