/* SPDX-License-Identifier: Apache-2.0 */
/* A back-end by somebody else: suites 1 and 3 wholly of libcrypto's EVP interface, with randomness of
 * its own and signature keys that never leave it. */
#ifndef TESTS_UNIT_MLS_EVP_CRYPTO_H
#define TESTS_UNIT_MLS_EVP_CRYPTO_H

#include "crypto/crypto.h"

struct evp_crypto {
	struct mls_crypto table;
	struct mls_crypto_suite suites[2];
	void *signature_keys[8];
	size_t signature_key_count;
	size_t calls;
};
void evp_crypto_init(struct evp_crypto *c);
void evp_crypto_done(struct evp_crypto *c);

#endif
