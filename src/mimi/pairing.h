/* SPDX-License-Identifier: Apache-2.0 */
/* How a second device of an account comes to it (identity.md, 6): the new one shows a code, the old one is
 * given it, and both leave one message for the other at the app.
 *
 * The code holds a secret of 20 random bytes, which the app never sees: from it follow the mailbox and the
 * key of each direction.  The answer is sealed to a key of the new device's besides, so that who comes by
 * the code later, or has read along, does not open it. */
#ifndef MIMI_PAIRING_H
#define MIMI_PAIRING_H

#include "mimi/contact_code.h"
#include "mimi/frames.h"

enum {
	PAIRING_SECRET = 20,
	PAIRING_CODE_MAX = 512, /* of text with its zero */
	PAIRING_REQUEST_PAD = 512,
	PAIRING_GRANT_PAD = 4096,
	PAIRING_REQUEST_KEYS = 4,
};

/* https://APP[:PORT]/#/device/<base32 of the secret and a checksum>, as it is shown (web_place.h). */
struct pairing_code {
	struct view domain; /* in the text */
	uint8_t secret[PAIRING_SECRET];
};
uc_err UC_MUST_USE pairing_code_write(const struct pairing_code *in, struct arena *a,
				      struct view *text);
/* Case, spaces and hyphens do not matter.  UC_E_CODE for what is none. */
uc_err UC_MUST_USE pairing_code_read(struct view text, struct arena *a, struct pairing_code *out);

/* Where the two meet. */
uc_err UC_MUST_USE pairing_mailbox(const uint8_t secret[PAIRING_SECRET],
				   uint8_t mailbox[PAIRING_MAILBOX]);

/* What the new device says. */
struct pairing_request {
	uint16_t version; /* 1 */
	struct view device_key, intake_key;
	struct view answer_key;    /* X25519: the answer is sealed to it */
	struct view box_signature; /* of vault_device: the intake key is also that of its box */
};
void wire_pairing_request(struct wire *w, struct pairing_request *r);
void pairing_request_element(struct wire *w, void *v);
uc_err UC_MUST_USE pairing_request_seal(const struct env *env, const uint8_t secret[PAIRING_SECRET],
					struct view app, const struct pairing_request *in,
					struct arena *a, struct view *sealed);
/* UC_E_DECRYPT: of another secret or app; UC_E_SIGNATURE.  Keys are of their lengths then. */
uc_err UC_MUST_USE pairing_request_open(const uint8_t secret[PAIRING_SECRET], struct view app,
					struct view sealed, struct arena *a,
					struct pairing_request *out);

struct pairing_key {
	uint8_t priv[32], pub[32];
};
/* What the old one answers: what the vault does not hold, or the new one needs before it has it. */
struct pairing_grant {
	uint16_t version; /* 1 */
	uint8_t account_id[ACCOUNT_ID];
	struct view account_key, identifier, profile_name;
	struct view_list device_list; /* all of it, with the new device */
	uint8_t vault_key[32], words_key[32];
	uint64_t vault_number; /* an older vault is none */
	struct {
		struct pairing_key *v;
		size_t n;
	} request_keys; /* newest first */
	struct view settings;
	uint8_t code_tag[CONTACT_CODE_TAG];
	struct view code; /* the contact code of that tag; or empty */
};
void wire_pairing_grant(struct wire *w, struct pairing_grant *g);
void pairing_grant_element(struct wire *w, void *v);
/* request: as the new device has sealed it: the answer is to that one alone. */
uc_err UC_MUST_USE pairing_grant_seal(const struct env *env, const uint8_t secret[PAIRING_SECRET],
				      struct view app, struct view request, struct view answer_key,
				      const struct pairing_grant *in, struct arena *a,
				      struct view *sealed);
uc_err UC_MUST_USE pairing_grant_open(const uint8_t secret[PAIRING_SECRET], struct view app,
				      struct view request, const struct pairing_key *answer_key,
				      struct view sealed, struct arena *a,
				      struct pairing_grant *out);

#endif
