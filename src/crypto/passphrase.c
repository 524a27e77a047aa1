/* SPDX-License-Identifier: Apache-2.0 */
/* Keys from passphrases: Argon2id of libsodium. */
#include "crypto/alg.h"

#include <sodium.h>

/* RFC 9106, 4, second recommendation, in one lane: 3 passes over 64 MiB, about 0.15 s. */
enum { PASSPHRASE_PASSES = 3, PASSPHRASE_BYTES = 64 << 20 };

uc_err passphrase_key(struct view passphrase, const uint8_t salt[PASSPHRASE_SALT],
		      uint8_t out[BOX_KEY])
{
	static const char nothing[1] = "";
	const char *p = passphrase.n ? (const char *)passphrase.p : nothing;
	TRY(sodium_ready());
	return crypto_pwhash(out, BOX_KEY, p, passphrase.n, salt, PASSPHRASE_PASSES,
			     PASSPHRASE_BYTES, crypto_pwhash_ALG_ARGON2ID13)
		       ? UC_E_MEMORY
		       : UC_OK;
}
