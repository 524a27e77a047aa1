/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts of libcrypto that are costly to make, kept one set per thread. */
#ifndef CRYPTO_OPENSSL_THREAD_H
#define CRYPTO_OPENSSL_THREAD_H

#include "crypto/alg.h"

#include <openssl/ec.h>
#include <openssl/evp.h>

struct openssl_thread {
	/* Ready for EVP_DigestInit_ex2(ctx, NULL, NULL), which keeps the algorithm: naming it
	 * again costs as much as hashing a block. */
	EVP_MD_CTX *inner[HASH_COUNT], *outer[HASH_COUNT];
	/* Likewise for EVP_CipherInit_ex2(ctx, NULL, key, iv, -1, NULL). */
	EVP_CIPHER_CTX *seal[AEAD_COUNT], *open[AEAD_COUNT];
	EC_GROUP *p256;
	BN_CTX *bn;
	EVP_PKEY_CTX *ec_import;
};

/* This thread's contexts; UC_E_CRYPTO when they can't be made.  Freed when the thread ends. */
uc_err UC_MUST_USE openssl_thread_get(struct openssl_thread **out);
const EVP_MD *openssl_md(enum hash_id id);

#endif
