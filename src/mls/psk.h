/* SPDX-License-Identifier: Apache-2.0 */
/* Pre-shared keys woven into the key schedule (RFC 9420, 8.4). */
#ifndef MLS_PSK_H
#define MLS_PSK_H

#include "crypto/crypto.h"

struct pre_shared_key_id;

struct psk {
	const struct pre_shared_key_id *id;
	struct view psk; /* borrowed; the owner wipes it */
};

/* psk_secret over n keys in the order of the commit or of GroupSecrets; all zero for n == 0. */
uc_err UC_MUST_USE psk_secret_derive(const struct suite *s, const struct psk *psks, size_t n,
				     struct secret *psk_secret);

#endif
