/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes for what is stored or handed out sealed, over libsodium. */
#include "crypto/alg.h"

#include <sodium.h>

enum { NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES };

uc_err box_seal(const struct env *env, struct view key, struct view aad, struct view pt,
		uint8_t *out)
{
	uint8_t nonce[NONCE];
	if (key.n != BOX_KEY)
		return UC_E_ARGUMENT;
	TRY(sodium_ready());
	TRY(env_random(env, nonce, sizeof nonce));
	memcpy(out, nonce, NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(out + NONCE, NULL, pt.p, pt.n, aad.p, aad.n,
						   NULL, nonce, key.p);
	return UC_OK;
}

uc_err box_open(struct view key, struct view aad, struct view sealed, uint8_t *pt)
{
	if (key.n != BOX_KEY)
		return UC_E_ARGUMENT;
	if (sealed.n < BOX_OVERHEAD)
		return UC_E_DECRYPT;
	TRY(sodium_ready());
	return crypto_aead_xchacha20poly1305_ietf_decrypt(pt, NULL, NULL, sealed.p + NONCE,
							  sealed.n - NONCE, aad.p, aad.n, sealed.p,
							  key.p)
		       ? UC_E_DECRYPT
		       : UC_OK;
}
