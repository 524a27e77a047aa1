/* SPDX-License-Identifier: Apache-2.0 */
/* A number two people compare: 60 digits over both account keys and apps, the same on both sides. */
#ifndef MIMI_SAFETY_NUMBER_H
#define MIMI_SAFETY_NUMBER_H

#include "crypto/crypto.h"

struct safety_party {
	struct view app;         /* domain */
	struct view account_key; /* Ed25519, 32 bytes */
};
enum { SAFETY_NUMBER_TEXT = 60 + 11 + 1 }; /* groups of five, spaces, a closing zero */
uc_err UC_MUST_USE safety_number(const struct safety_party *one, const struct safety_party *other,
				 char out[SAFETY_NUMBER_TEXT]);

#endif
