/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing that commits to its key, for what a message only points at: AES-GCM and ChaCha20-Poly1305
 * open one ciphertext under two keys, to two texts, if it was made so; then whoever reports what it
 * saw shows another something else.  In front stands
 *
 *	HKDF-Expand(key, "attach-commit" || nonce, 32)
 *
 * which is checked, in constant time, before anything is opened. */
#ifndef CRYPTO_COMMITTED_H
#define CRYPTO_COMMITTED_H

#include "crypto/crypto.h"

enum { COMMITMENT = 32 };

/* out: COMMITMENT + pt.n + AEAD_TAG bytes.  The key has the suite's nk bytes. */
uc_err UC_MUST_USE committed_seal(const struct suite *s, struct view key, struct view nonce,
				  struct view aad, struct view pt, uint8_t *out);
/* out: what is left; unchanged on failure.  UC_E_DECRYPT. */
uc_err UC_MUST_USE committed_open(const struct suite *s, struct view key, struct view nonce,
				  struct view aad, struct view ct, uint8_t *out);

#endif
