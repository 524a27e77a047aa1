/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/committed.h"

/* One block of HKDF-Expand (RFC 5869, 2.3) with SHA-256. */
static uc_err commitment(const struct suite *s, struct view key, struct view nonce,
			 uint8_t out[COMMITMENT])
{
	const struct view parts[] = { VIEW_LIT("attach-commit"), nonce, VIEW_LIT("\1") };
	if (key.n != s->nk)
		return UC_E_ARGUMENT;
	return hmac_sha256_parts(key, parts, 3, out);
}

uc_err committed_seal(const struct suite *s, struct view key, struct view nonce, struct view aad,
		      struct view pt, uint8_t *out)
{
	uint8_t c[COMMITMENT];
	TRY(commitment(s, key, nonce, c));
	TRY(suite_seal(s, key, nonce, aad, pt, out + COMMITMENT));
	memcpy(out, c, COMMITMENT);
	return UC_OK;
}

uc_err committed_open(const struct suite *s, struct view key, struct view nonce, struct view aad,
		      struct view ct, uint8_t *out)
{
	uint8_t c[COMMITMENT];
	TRY(commitment(s, key, nonce, c));
	if (ct.n < COMMITMENT || !view_equal_ct(VIEW_OF(c), view_slice(ct, 0, COMMITMENT)))
		return UC_E_DECRYPT;
	return suite_open(s, key, nonce, aad, view_slice(ct, COMMITMENT, ct.n), out);
}
