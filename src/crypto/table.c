/* SPDX-License-Identifier: Apache-2.0 */
/* Tables as they come from outside (undercroft/mls_crypto.h): are they whole? */
#include "crypto/alg.h"

static bool has_functions(const struct mls_crypto *t)
{
	return t->hash && t->hmac && t->seal && t->open && t->kem_derive && t->kem_check &&
	       t->kem_encap && t->kem_decap && t->sign_check && t->sign && t->verify;
}

static bool is_within(size_t n, size_t min, size_t max)
{
	return n >= min && n <= max;
}

static bool row_fits(const struct mls_crypto_suite *r)
{
	return r->id && is_within(r->n_hash, 1, HASH_MAX) && is_within(r->n_key, 1, AEAD_KEY_MAX) &&
	       is_within(r->n_nonce, MLS_AEAD_NONCE_MIN, AEAD_NONCE_MAX) &&
	       is_within(r->n_kem_private, 1, MLS_PRIVATE_KEY_MAX) &&
	       is_within(r->n_kem_public, 1, PUBLIC_KEY_MAX) &&
	       is_within(r->n_kem_enc, 1, PUBLIC_KEY_MAX) &&
	       is_within(r->n_kem_secret, 1, SECRET_MAX) &&
	       is_within(r->n_signature_public, 1, PUBLIC_KEY_MAX);
}

const struct mls_crypto_suite *crypto_row(const struct mls_crypto *t, uint16_t id)
{
	for (size_t i = 0; i < t->suite_count; i++)
		if (t->suites[i].id == id)
			return &t->suites[i];
	return NULL;
}

uc_err crypto_check(const struct mls_crypto *t)
{
	if (!t || !has_functions(t) || !t->suites || !is_within(t->suite_count, 1, MLS_SUITES_MAX))
		return UC_E_ARGUMENT;
	for (size_t i = 0; i < t->suite_count; i++) {
		if (!row_fits(&t->suites[i]))
			return UC_E_ARGUMENT;
		if (crypto_row(t, t->suites[i].id) != &t->suites[i])
			return UC_E_ARGUMENT; /* twice */
	}
	return UC_OK;
}
