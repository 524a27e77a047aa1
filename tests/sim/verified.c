/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures that were verified once.  All members of a room and its servers are in one process
 * here, and each verifies what the others have verified: the same key, the same bytes, the same
 * signature.  Linked with --wrap, this remembers by a hash of all three that it was right; whatever
 * is new, or was wrong, is verified. */
#include "crypto/crypto.h"

#include <sodium.h>
#include <string.h>

enum { KNOWN = 1 << 16 };

static uint8_t known[KNOWN][32];

/* The linker's names. NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl*) */
int __real_crypto_sign_verify_detached(const unsigned char *sig, const unsigned char *m,
				       unsigned long long n, const unsigned char *key);
int __wrap_crypto_sign_verify_detached(const unsigned char *sig, const unsigned char *m,
				       unsigned long long n, const unsigned char *key);

int __wrap_crypto_sign_verify_detached(const unsigned char *sig, const unsigned char *m,
				       unsigned long long n, const unsigned char *key)
{
	struct view parts[] = { view_make(key, 32), view_make(sig, 64), view_make(m, (size_t)n) };
	uint8_t hash[32];
	if (sha256_parts(parts, 3, hash))
		return __real_crypto_sign_verify_detached(sig, m, n, key);
	uint8_t *at = known[(size_t)hash[0] << 8 | hash[1]];
	if (view_equal((struct view){ at, 32 }, VIEW_OF(hash)))
		return 0;
	int wrong = __real_crypto_sign_verify_detached(sig, m, n, key);
	if (!wrong)
		memcpy(at, hash, sizeof hash);
	return wrong;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl*) */
