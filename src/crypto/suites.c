/* SPDX-License-Identifier: Apache-2.0 */
/* A cipher suite of any table: what each of its parts does. */
#include "crypto/alg.h"

/* --- tables --- */

uc_err crypto_init(struct crypto *c, const struct mls_crypto *table)
{
	TRY(crypto_check(table));
	*c = (struct crypto){ .n = table->suite_count };
	for (size_t i = 0; i < c->n; i++) {
		const struct mls_crypto_suite *r = &table->suites[i];
		c->suites[i] = (struct suite){
			.by = table,
			.id = r->id,
			.name = r->name ? r->name : "",
			.kem_id = r->kem_id,
			.kdf_id = r->kdf_id,
			.aead_id = r->aead_id,
			.signature_id = r->signature_id,
			.nh = r->n_hash,
			.nk = r->n_key,
			.nn = r->n_nonce,
			.kem_nsk = r->n_kem_private,
			.kem_npk = r->n_kem_public,
			.kem_nenc = r->n_kem_enc,
			.kem_nsecret = r->n_kem_secret,
			.sign_npk = r->n_signature_public,
		};
	}
	return UC_OK;
}

const struct suite *crypto_suite(const struct crypto *c, uint16_t id)
{
	if (!c)
		return suite_find(id);
	for (size_t i = 0; i < c->n; i++)
		if (c->suites[i].id == id)
			return &c->suites[i];
	return NULL;
}

/* --- hash, MAC, KDF, AEAD --- */

uc_err suite_hash(const struct suite *s, struct view data, uint8_t *out)
{
	struct mls_bytes part = bytes_of(data);
	return s->by->hash(s->by->ctx, s->kdf_id, &part, 1, out);
}

uc_err suite_hash_parts(const struct suite *s, const struct view *parts, size_t n, uint8_t *out)
{
	const struct kdf k = kdf_of(s);
	return kdf_hash(&k, parts, n, out);
}

uc_err suite_sha256(const struct suite *s, struct view data, uint8_t out[SHA256_BYTES])
{
	struct mls_bytes part = bytes_of(data);
	return s->by->hash(s->by->ctx, MLS_KDF_HKDF_SHA256, &part, 1, out);
}

uc_err suite_mac(const struct suite *s, struct view key, struct view data, uint8_t *out)
{
	struct mls_bytes part = bytes_of(data);
	return s->by->hmac(s->by->ctx, s->kdf_id, bytes_of(key), &part, 1, out);
}

uc_err suite_extract(const struct suite *s, struct view salt, struct view ikm, struct secret *out)
{
	const struct kdf k = kdf_of(s);
	return hkdf_extract_parts(&k, salt, &ikm, 1, out);
}

uc_err suite_expand(const struct suite *s, struct view prk, struct view info, uint8_t *out,
		    size_t n)
{
	const struct kdf k = kdf_of(s);
	return hkdf_expand_parts(&k, prk, &info, 1, out, n);
}

uc_err suite_seal(const struct suite *s, struct view key, struct view nonce, struct view aad,
		  struct view pt, uint8_t *ct)
{
	if (key.n != s->nk || nonce.n != s->nn)
		return UC_E_ARGUMENT;
	TRY(s->by->seal(s->by->ctx, s->aead_id, bytes_of(key), bytes_of(nonce), bytes_of(aad),
			bytes_of(pt), ct));
	secret_release(ct, pt.n + AEAD_TAG);
	return UC_OK;
}

uc_err suite_open(const struct suite *s, struct view key, struct view nonce, struct view aad,
		  struct view ct, uint8_t *pt)
{
	if (key.n != s->nk || nonce.n != s->nn || ct.n < AEAD_TAG)
		return UC_E_DECRYPT;
	TRY(s->by->open(s->by->ctx, s->aead_id, bytes_of(key), bytes_of(nonce), bytes_of(aad),
			bytes_of(ct), pt));
	/* Messages are read by their form; what is secret in them is marked again by who knows it. */
	secret_release(pt, ct.n - AEAD_TAG);
	return UC_OK;
}

/* --- keys --- */

static struct mls_random random_of(const struct env *env)
{
	return (struct mls_random){ env->ctx, env->random };
}

uc_err kem_public_check(const struct suite *s, struct view pub)
{
	return pub.n == s->kem_npk ? s->by->kem_check(s->by->ctx, s->kem_id, bytes_of(pub))
				   : UC_E_KEY;
}

static uc_err kem_take(struct kem_key *key, uc_err err, struct kem_key *out)
{
	secret_mark(key->priv.b, key->priv.n);
	secret_release(key->pub, key->pub_n);
	if (!err)
		*out = *key;
	kem_key_wipe(key);
	return err;
}

uc_err kem_key_derive(const struct suite *s, struct view ikm, struct kem_key *out)
{
	struct kem_key key = { .priv.n = s->kem_nsk, .pub_n = s->kem_npk };
	uc_err err = s->by->kem_derive(s->by->ctx, s->kem_id, bytes_of(ikm), key.priv.b, key.pub);
	return kem_take(&key, err, out);
}

uc_err kem_key_generate(const struct suite *s, const struct env *env, struct kem_key *out)
{
	if (s->by->kem_generate) {
		const struct mls_random random = random_of(env);
		struct kem_key key = { .priv.n = s->kem_nsk, .pub_n = s->kem_npk };
		uc_err err =
			s->by->kem_generate(s->by->ctx, s->kem_id, &random, key.priv.b, key.pub);
		return kem_take(&key, err, out);
	}
	uint8_t ikm[SECRET_MAX] = { 0 };
	uc_err err = env_random(env, ikm, sizeof ikm);
	secret_mark(ikm, sizeof ikm);
	if (!err)
		err = kem_key_derive(s, VIEW_OF(ikm), out);
	wipe(ikm, sizeof ikm);
	return err;
}

uc_err kem_key_import(const struct suite *s, struct view priv, struct view pub, struct kem_key *out)
{
	if (priv.n != s->kem_nsk || pub.n != s->kem_npk)
		return UC_E_KEY;
	struct kem_key k = { .pub_n = pub.n };
	TRY(secret_set(&k.priv, priv));
	memcpy(k.pub, pub.p, pub.n);
	return kem_take(&k, UC_OK, out);
}

void kem_key_wipe(struct kem_key *k)
{
	wipe(k, sizeof *k);
}

uc_err kem_encap(const struct suite *s, const struct env *env, struct view pub,
		 struct secret *shared, uint8_t *enc)
{
	const struct mls_random random = random_of(env);
	if (pub.n != s->kem_npk)
		return UC_E_KEY;
	shared->n = s->kem_nsecret;
	TRY(s->by->kem_encap(s->by->ctx, s->kem_id, &random, bytes_of(pub), shared->b, enc));
	secret_mark(shared->b, shared->n);
	secret_release(enc, s->kem_nenc);
	return UC_OK;
}

uc_err kem_decap(const struct suite *s, const struct kem_key *k, struct view enc,
		 struct secret *shared)
{
	if (enc.n != s->kem_nenc)
		return UC_E_KEY;
	shared->n = s->kem_nsecret;
	TRY(s->by->kem_decap(s->by->ctx, s->kem_id, bytes_of(secret_view(&k->priv)),
			     bytes_of(kem_public(k)), bytes_of(enc), shared->b));
	secret_mark(shared->b, shared->n);
	return UC_OK;
}

uc_err sign_public_check(const struct suite *s, struct view pub)
{
	return pub.n == s->sign_npk ? s->by->sign_check(s->by->ctx, s->signature_id, bytes_of(pub))
				    : UC_E_KEY;
}

static uc_err sign_take(struct sign_key *key, uc_err err, struct sign_key *out)
{
	if (!err && key->priv.n > sizeof key->priv.b)
		err = UC_E_CRYPTO;
	secret_mark(key->priv.b, sizeof key->priv.b);
	secret_release(key->pub, key->pub_n);
	if (!err)
		*out = *key;
	sign_key_wipe(key);
	return err;
}

uc_err sign_key_generate(const struct suite *s, const struct env *env, struct sign_key *out)
{
	struct sign_key k = { .pub_n = s->sign_npk };
	const struct mls_random random = random_of(env);
	if (!s->by->sign_generate)
		return UC_E_UNSUPPORTED;
	uc_err err = s->by->sign_generate(s->by->ctx, s->signature_id, &random, k.priv.b, &k.priv.n,
					  k.pub);
	return sign_take(&k, err, out);
}

uc_err sign_key_import(const struct suite *s, struct view priv, struct sign_key *out)
{
	struct sign_key k = { .pub_n = s->sign_npk };
	if (!s->by->sign_import)
		return UC_E_UNSUPPORTED;
	uc_err err = s->by->sign_import(s->by->ctx, s->signature_id, bytes_of(priv), k.priv.b,
					&k.priv.n, k.pub);
	return sign_take(&k, err, out);
}

void sign_key_wipe(struct sign_key *k)
{
	wipe(k, sizeof *k);
}

uc_err suite_sign(const struct suite *s, const struct sign_key *k, const struct env *env,
		  struct view message, uint8_t sig[SIGNATURE_MAX], size_t *n)
{
	const struct mls_random random = random_of(env);
	size_t got = 0;
	TRY(s->by->sign(s->by->ctx, s->signature_id, &random, bytes_of(secret_view(&k->priv)),
			bytes_of(sign_public(k)), bytes_of(message), sig, &got));
	secret_release(&got, sizeof got); /* DER's depends on r and s */
	if (!got || got > SIGNATURE_MAX)
		return UC_E_CRYPTO;
	secret_release(sig, got);
	*n = got;
	return UC_OK;
}

uc_err suite_verify(const struct suite *s, struct view pub, struct view message,
		    struct view signature)
{
	return s->by->verify(s->by->ctx, s->signature_id, bytes_of(pub), bytes_of(message),
			     bytes_of(signature));
}

/* --- outside any suite --- */

uc_err sha256(struct view data, uint8_t out[SHA256_BYTES])
{
	return hash_parts(&hash_algs[HASH_SHA256], &data, 1, out);
}

uc_err sha256_parts(const struct view *parts, size_t n, uint8_t out[SHA256_BYTES])
{
	return hash_parts(&hash_algs[HASH_SHA256], parts, n, out);
}

uc_err hmac_sha256(struct view key, struct view data, uint8_t out[SHA256_BYTES])
{
	return hmac_parts(&hash_algs[HASH_SHA256], key, &data, 1, out);
}

uc_err hmac_sha256_parts(struct view key, const struct view *parts, size_t n,
			 uint8_t out[SHA256_BYTES])
{
	return hmac_parts(&hash_algs[HASH_SHA256], key, parts, n, out);
}
