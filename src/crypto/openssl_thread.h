/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts of libcrypto that are costly to make, kept one set per thread. */
#ifndef CRYPTO_OPENSSL_THREAD_H
#define CRYPTO_OPENSSL_THREAD_H

#include "crypto/alg.h"

#include <openssl/ec.h>
#include <openssl/evp.h>

/* Kinds of keys that libcrypto imports. */
enum key_kind { KEY_EC, KEY_X448, KEY_ED448, KEY_KINDS };
enum nist_id { NIST_P256, NIST_P384, NIST_P521, NIST_COUNT };

struct nist_curve {
	enum nist_id id;
	int nid;
	char name[8];         /* as libcrypto knows it */
	size_t scalar, point; /* bytes of a private and, uncompressed, a public key */
	enum hash_id hash;    /* of its ECDSA (RFC 9420, 17.1) */
};

struct openssl_thread {
	/* Ready for EVP_DigestInit_ex2(ctx, NULL, NULL), which keeps the algorithm: naming it
	 * again costs as much as hashing a block. */
	EVP_MD_CTX *inner[HASH_COUNT], *outer[HASH_COUNT];
	/* Likewise for EVP_CipherInit_ex2(ctx, NULL, key, iv, -1, NULL). */
	EVP_CIPHER_CTX *seal[AEAD_COUNT], *open[AEAD_COUNT];
	BN_CTX *bn;
	/* Each from its first use on. */
	EC_GROUP *group[NIST_COUNT];
	EVP_PKEY_CTX *import[KEY_KINDS];
	EVP_MD_CTX *ed448; /* holds no key between uses */
};

/* This thread's contexts; UC_E_CRYPTO when they can't be made.  Freed when the thread ends. */
uc_err UC_MUST_USE openssl_thread_get(struct openssl_thread **out);
uc_err UC_MUST_USE openssl_group(struct openssl_thread *t, const struct nist_curve *c,
				 const EC_GROUP **out);
/* A key of this kind from what describes it; the caller frees it.  UC_E_KEY when it is none,
 * UC_E_CRYPTO when libcrypto has no such keys. */
uc_err UC_MUST_USE openssl_import(struct openssl_thread *t, enum key_kind kind, int selection,
				  OSSL_PARAM *params, EVP_PKEY **out);
const EVP_MD *openssl_md(enum hash_id id);

/* Whether libcrypto did what it was asked with a secret: a scalar is in range, a shared secret is
 * not zero, a tag is right.  That becomes the error which we return, so it is public
 * (base/secret.h); but libcrypto 3.5 may compute it from the secret without a branch, and then the
 * first would be ours. */
static inline bool openssl_says(bool yes)
{
	secret_release(&yes, sizeof yes);
	return yes;
}

#endif
