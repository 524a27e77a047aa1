/* SPDX-License-Identifier: Apache-2.0 */
#include "net/certificate.h"

#include "base/buf.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

enum { CHAIN_BYTES_MAX = 65536, CHAIN_MAX = 8, DOCUMENT_MAX = 1 << 20, SIGNATURE_MAX = 1024 };

/* What is signed: label, zero, document. */
static uc_err signed_text(struct buf *b, struct view document)
{
	buf_init(b, DOCUMENT_MAX);
	buf_add(b, CERTIFICATE_LABEL, sizeof CERTIFICATE_LABEL);
	buf_add_view(b, document);
	return b->failed;
}

/* Ed25519 and Ed448 hash by themselves. */
static const EVP_MD *digest_of(EVP_PKEY *key)
{
	int id = EVP_PKEY_get_base_id(key);
	return id == EVP_PKEY_ED25519 || id == EVP_PKEY_ED448 ? NULL : EVP_sha256();
}

static bool padding_set(EVP_PKEY *key, EVP_PKEY_CTX *ctx)
{
	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
		return true;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static uc_err sign(EVP_PKEY *key, struct view text, struct arena *a, struct view *out)
{
	EVP_PKEY_CTX *of_key = NULL; /* owned by ctx */
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = SIGNATURE_MAX;
	uint8_t signature[SIGNATURE_MAX];
	bool ok = ctx && EVP_DigestSignInit(ctx, &of_key, digest_of(key), NULL, key) == 1 &&
		  padding_set(key, of_key) &&
		  EVP_DigestSign(ctx, signature, &n, text.p, text.n) == 1;
	EVP_MD_CTX_free(ctx);
	return ok ? arena_copy(a, view_make(signature, n), out) : UC_E_CRYPTO;
}

uc_err certificate_sign(const char *key_file, struct view document, struct arena *a,
			struct view *signature)
{
	struct buf text;
	BIO *file = BIO_new_file(key_file, "r");
	EVP_PKEY *key = file ? PEM_read_bio_PrivateKey(file, NULL, NULL, NULL) : NULL;
	uc_err err = signed_text(&text, document);
	if (!err)
		err = key ? sign(key, buf_view(&text), a, signature) : UC_E_TLS;
	buf_done(&text);
	EVP_PKEY_free(key);
	BIO_free(file);
	return err;
}

uc_err certificate_read(const char *certificate_file, struct arena *a, struct view *chain)
{
	BIO *file = BIO_new_file(certificate_file, "r");
	struct buf b;
	int n = 0;
	if (!file)
		return UC_E_IO;
	buf_init(&b, CHAIN_BYTES_MAX);
	do {
		uint8_t *to = buf_reserve(&b, 4096);
		n = to ? BIO_read(file, to, 4096) : 0;
		b.n += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	uc_err err = b.failed ? b.failed : arena_copy(a, buf_view(&b), chain);
	buf_done(&b);
	BIO_free(file);
	return err;
}

/* A chain that came from elsewhere makes nobody ask the person for a passphrase. */
static int no_passphrase(char *out, int n, int writing, void *ctx)
{
	(void)out;
	(void)n;
	(void)writing;
	(void)ctx;
	return -1;
}

/* The first certificate and the others; at most CHAIN_MAX. */
static X509 *chain_parse(struct view pem, STACK_OF(X509) * others)
{
	if (pem.n > CHAIN_BYTES_MAX)
		return NULL;
	BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n);
	X509 *own = in ? PEM_read_bio_X509(in, NULL, no_passphrase, NULL) : NULL;
	X509 *more;
	while (own && sk_X509_num(others) < CHAIN_MAX &&
	       (more = PEM_read_bio_X509(in, NULL, no_passphrase, NULL))) {
		if (!sk_X509_push(others, more))
			X509_free(more);
	}
	BIO_free(in);
	return own;
}

static bool is_trusted(const char *ca_file, const char *domain, X509 *own, STACK_OF(X509) * others)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	bool ok = store && ctx && X509_STORE_load_file(store, ca_file) == 1 &&
		  X509_STORE_CTX_init(ctx, store, own, others) == 1 &&
		  X509_STORE_CTX_set_default(ctx, "ssl_server") == 1 &&
		  X509_verify_cert(ctx) == 1 &&
		  X509_check_host(own, domain, 0,
				  X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
					  X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
				  NULL) == 1;
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	return ok;
}

static bool is_signed(X509 *own, struct view text, struct view signature)
{
	EVP_PKEY *key = X509_get0_pubkey(own);
	EVP_PKEY_CTX *of_key = NULL;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = key && ctx &&
		  EVP_DigestVerifyInit(ctx, &of_key, digest_of(key), NULL, key) == 1 &&
		  padding_set(key, of_key) &&
		  EVP_DigestVerify(ctx, signature.p, signature.n, text.p, text.n) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

uc_err certificate_verify(const char *ca_file, const char *domain, struct view chain,
			  struct view document, struct view signature)
{
	struct buf text;
	STACK_OF(X509) *others = sk_X509_new_null();
	X509 *own = others ? chain_parse(chain, others) : NULL;
	uc_err err = signed_text(&text, document);
	if (!err && (!own || !is_trusted(ca_file, domain, own, others)))
		err = UC_E_TLS;
	if (!err && !is_signed(own, buf_view(&text), signature))
		err = UC_E_SIGNATURE;
	buf_done(&text);
	X509_free(own);
	sk_X509_pop_free(others, X509_free);
	return err;
}

uc_err certificate_left(const char *certificate_file, uint64_t *out_s)
{
	int days = 0, seconds = 0;
	BIO *file = BIO_new_file(certificate_file, "r");
	X509 *c = file ? PEM_read_bio_X509(file, NULL, NULL, NULL) : NULL;
	bool ok = c && ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(c)) == 1;
	X509_free(c);
	BIO_free(file);
	if (!ok)
		return UC_E_TLS;
	*out_s = days < 0 || seconds < 0 ? 0 : (uint64_t)days * 86400 + (uint64_t)seconds;
	return UC_OK;
}
