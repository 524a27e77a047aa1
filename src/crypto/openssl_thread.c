/* SPDX-License-Identifier: Apache-2.0 */
/* Algorithms are fetched once per process: an implicit fetch (EVP_sha256()) takes a global lock at
 * every use.  Contexts are made once per thread, since a context serves one thread at a time. */
#include "crypto/openssl_thread.h"

#include "base/heap.h"

#include <openssl/core_names.h>
#include <pthread.h>

static struct {
	uc_err err;
	pthread_key_t key; /* frees a thread's contexts when the thread ends */
	EVP_MD *md[HASH_COUNT];
	EVP_CIPHER *cipher[AEAD_COUNT];
} process;

static _Thread_local struct openssl_thread *mine;

static void thread_free(void *p)
{
	struct openssl_thread *t = p;
	for (int i = 0; i < HASH_COUNT; i++) {
		EVP_MD_CTX_free(t->inner[i]);
		EVP_MD_CTX_free(t->outer[i]);
	}
	for (int i = 0; i < AEAD_COUNT; i++) {
		EVP_CIPHER_CTX_free(t->seal[i]);
		EVP_CIPHER_CTX_free(t->open[i]);
	}
	for (int i = 0; i < KEY_KINDS; i++)
		EVP_PKEY_CTX_free(t->import[i]);
	EVP_MD_CTX_free(t->ed448);
	for (int i = 0; i < NIST_COUNT; i++)
		EC_GROUP_free(t->group[i]);
	BN_CTX_free(t->bn);
	heap_free(t);
	mine = NULL;
}

static uc_err process_fetch(void)
{
	if (pthread_key_create(&process.key, thread_free))
		return UC_E_CRYPTO;
	for (int i = 0; i < HASH_COUNT; i++) {
		process.md[i] = EVP_MD_fetch(NULL, hash_algs[i].name, NULL);
		if (!process.md[i])
			return UC_E_CRYPTO;
	}
	for (int i = 0; i < AEAD_COUNT; i++) {
		process.cipher[i] = EVP_CIPHER_fetch(NULL, aead_algs[i].name, NULL);
		if (!process.cipher[i])
			return UC_E_CRYPTO;
	}
	return UC_OK;
}

static void process_init(void)
{
	process.err = process_fetch();
}

const EVP_MD *openssl_md(enum hash_id id)
{
	return process.md[id];
}

static uc_err hash_context(enum hash_id id, EVP_MD_CTX **out)
{
	*out = EVP_MD_CTX_new();
	return *out && EVP_DigestInit_ex2(*out, process.md[id], NULL) == 1 ? UC_OK : UC_E_CRYPTO;
}

static uc_err aead_context(enum aead_id id, int encrypt, EVP_CIPHER_CTX **out)
{
	*out = EVP_CIPHER_CTX_new();
	if (!*out || EVP_CipherInit_ex2(*out, process.cipher[id], NULL, NULL, encrypt, NULL) != 1)
		return UC_E_CRYPTO;
	/* All our AEADs take nonces of 12 bytes, which is libcrypto's default. */
	return EVP_CIPHER_CTX_get_iv_length(*out) == AEAD_NONCE_MAX ? UC_OK : UC_E_CRYPTO;
}

static uc_err thread_fill(struct openssl_thread *t)
{
	for (enum hash_id i = 0; i < HASH_COUNT; i++) {
		TRY(hash_context(i, &t->inner[i]));
		TRY(hash_context(i, &t->outer[i]));
	}
	for (enum aead_id i = 0; i < AEAD_COUNT; i++) {
		TRY(aead_context(i, 1, &t->seal[i]));
		TRY(aead_context(i, 0, &t->open[i]));
	}
	t->bn = BN_CTX_secure_new();
	t->ed448 = EVP_MD_CTX_new();
	return t->bn && t->ed448 ? UC_OK : UC_E_CRYPTO;
}

uc_err openssl_import(struct openssl_thread *t, enum key_kind kind, int selection,
		      OSSL_PARAM *params, EVP_PKEY **out)
{
	static const char *const names[KEY_KINDS] = { "EC", "X448", "ED448" };
	if (!t->import[kind])
		t->import[kind] = EVP_PKEY_CTX_new_from_name(NULL, names[kind], NULL);
	EVP_PKEY_CTX *ctx = t->import[kind];
	if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1)
		return UC_E_CRYPTO;
	return openssl_says(EVP_PKEY_fromdata(ctx, out, selection, params) == 1) ? UC_OK : UC_E_KEY;
}

uc_err openssl_group(struct openssl_thread *t, const struct nist_curve *c, const EC_GROUP **out)
{
	if (!t->group[c->id])
		t->group[c->id] = EC_GROUP_new_by_curve_name(c->nid);
	*out = t->group[c->id];
	return *out ? UC_OK : UC_E_CRYPTO;
}

uc_err openssl_thread_get(struct openssl_thread **out)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	if (mine) {
		*out = mine;
		return UC_OK;
	}
	if (pthread_once(&once, process_init) || process.err)
		return UC_E_CRYPTO;
	struct openssl_thread *t = HEAP_NEW(struct openssl_thread);
	if (!t)
		return UC_E_MEMORY;
	if (thread_fill(t) || pthread_setspecific(process.key, t)) {
		thread_free(t);
		return UC_E_CRYPTO;
	}
	*out = mine = t;
	return UC_OK;
}
