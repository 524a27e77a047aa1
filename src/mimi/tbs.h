/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures over what is to be signed as it is encoded, by keys outside any suite. */
#ifndef MIMI_TBS_H
#define MIMI_TBS_H

#include "crypto/crypto.h"
#include "wire/wire.h"

/* The signature is kept in the arena; it may be a field of what holds `tbs`. */
uc_err UC_MUST_USE tbs_sign(const struct ed25519_key *key, const char *label, wire_element *walk,
			    const void *tbs, struct arena *a, struct view *signature);
uc_err UC_MUST_USE tbs_verify(struct view key, const char *label, wire_element *walk,
			      const void *tbs, struct view signature, struct arena *a);

#endif
