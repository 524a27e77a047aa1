/* SPDX-License-Identifier: Apache-2.0 */
/* A contact code: who has set one is found by their name only together with it.  Made by a device,
 * handed on by people; the app keeps a keyed hash of it, and the signed settings name which one it is. */
#ifndef MIMI_CONTACT_CODE_H
#define MIMI_CONTACT_CODE_H

#include "crypto/crypto.h"

enum {
	CONTACT_CODE = 8, /* characters of 32: 40 bits */
	CONTACT_CODE_SHOWN =
		CONTACT_CODE + 2, /* with a hyphen in the middle and the closing zero */
	CONTACT_CODE_TAG = 16,    /* random: names a code without telling it */
};

/* "7KQX-M0RA" */
uc_err UC_MUST_USE contact_code_make(const struct env *env, char out[CONTACT_CODE_SHOWN]);
/* As typed or shown: capitals or not, with spaces and hyphens; o is 0, i and l are 1.  UC_E_CODE when it
 * is none. */
uc_err UC_MUST_USE contact_code_read(struct view typed, uint8_t out[CONTACT_CODE]);
/* What an app keeps of it, under a key outside its stores.  What is no code has a hash, too, which none
 * equals. */
uc_err UC_MUST_USE contact_code_hash(struct view key, struct view account_id, struct view tag,
				     struct view typed, uint8_t out[SHA256_BYTES]);

#endif
