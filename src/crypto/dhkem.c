/* SPDX-License-Identifier: Apache-2.0 */
/* DHKEM (RFC 9180, 4.1): a KEM from any Diffie-Hellman group. */
#include "crypto/alg.h"

/* "HPKE-v1" | "KEM" | kem_id | label, in front of what LabeledExtract and LabeledExpand take
 * (RFC 9180, 4). */
enum { KEM_LABEL_MAX = 48 };
struct kem_label {
	uint8_t b[KEM_LABEL_MAX];
	size_t n;
};

static struct view kem_label(struct kem_label *l, const struct kem_alg *k, const char *label)
{
	static const char head[] = "HPKE-v1KEM";
	size_t at = sizeof head - 1, n = strlen(label);
	memcpy(l->b, head, at);
	l->b[at] = (uint8_t)(k->id >> 8);
	l->b[at + 1] = (uint8_t)k->id;
	memcpy(l->b + at + 2, label, n);
	l->n = at + 2 + n;
	return view_make(l->b, l->n);
}

static uc_err labeled_extract(const struct kem_alg *k, const char *label, struct view ikm,
			      struct secret *out)
{
	struct kem_label l;
	struct view parts[] = { kem_label(&l, k, label), ikm };
	return hkdf_extract_parts(&k->kdf, (struct view){ 0 }, parts, 2, out);
}

static uc_err labeled_expand(const struct kem_alg *k, struct view prk, const char *label,
			     const struct view info[2], uint8_t *out, size_t n)
{
	struct kem_label l;
	uint8_t length[2] = { (uint8_t)(n >> 8), (uint8_t)n };
	/* Both heads differ only in the length in front (RFC 9180, 4). */
	struct view parts[] = { VIEW_OF(length), kem_label(&l, k, label), info[0], info[1] };
	return hkdf_expand_parts(&k->kdf, prk, parts, 4, out, n);
}

/* ExtractAndExpand(dh, kem_context = enc | pkRm) */
static uc_err extract_and_expand(const struct kem_alg *k, struct view dh, struct view enc,
				 struct view pub, struct secret *shared)
{
	struct secret prk = { 0 }, out = { .n = k->nsecret };
	struct view context[2] = { enc, pub };
	uc_err err = labeled_extract(k, "eae_prk", dh, &prk);
	if (!err)
		err = labeled_expand(k, secret_view(&prk), "shared_secret", context, out.b, out.n);
	if (!err)
		*shared = out;
	secret_wipe(&prk);
	secret_wipe(&out);
	return err;
}

static uc_err dhkem_derive_in(const struct kem_alg *k, struct view prk, struct kem_key *key)
{
	const struct dh_group *dh = k->dh;
	struct view info[2] = { { 0 } };
	key->priv.n = dh->nsk;
	key->pub_n = dh->npk;
	if (!dh->candidate_mask) {
		TRY(labeled_expand(k, prk, "sk", info, key->priv.b, dh->nsk));
		return dh->public_from(dh, secret_view(&key->priv), key->pub);
	}
	for (unsigned i = 0; i <= UINT8_MAX; i++) {
		uint8_t counter = (uint8_t)i;
		info[0] = view_make(&counter, 1);
		TRY(labeled_expand(k, prk, "candidate", info, key->priv.b, dh->nsk));
		key->priv.b[0] &= dh->candidate_mask;
		uc_err err = dh->public_from(dh, secret_view(&key->priv), key->pub);
		if (err != UC_E_KEY)
			return err;
	}
	return UC_E_KEY;
}

static uc_err dhkem_derive(const struct kem_alg *k, struct view ikm, struct kem_key *out)
{
	struct secret prk = { 0 };
	struct kem_key key = { 0 };
	uc_err err = labeled_extract(k, "dkp_prk", ikm, &prk);
	if (!err)
		err = dhkem_derive_in(k, secret_view(&prk), &key);
	if (!err)
		*out = key;
	secret_wipe(&prk);
	kem_key_wipe(&key);
	return err;
}

static uc_err dhkem_encap(const struct kem_alg *k, const struct env *env, struct view pub,
			  struct secret *shared, uint8_t *enc)
{
	uint8_t ikm[SECRET_MAX] = { 0 }, dh[SECRET_MAX];
	struct kem_key mine = { 0 };
	uc_err err = pub.n == k->npk ? UC_OK : UC_E_KEY;
	if (!err)
		err = env_random(env, ikm, sizeof ikm);
	secret_mark(ikm, sizeof ikm);
	if (!err)
		err = dhkem_derive(k, VIEW_OF(ikm), &mine);
	if (!err)
		err = k->dh->agree(k->dh, secret_view(&mine.priv), pub, dh);
	if (!err)
		err = extract_and_expand(k, view_make(dh, k->dh->ndh), kem_public(&mine), pub,
					 shared);
	if (!err)
		memcpy(enc, mine.pub, k->nenc);
	wipe(ikm, sizeof ikm);
	wipe(dh, sizeof dh);
	kem_key_wipe(&mine);
	return err;
}

static uc_err dhkem_decap(const struct kem_alg *k, struct view priv, struct view pub,
			  struct view enc, struct secret *shared)
{
	uint8_t dh[SECRET_MAX];
	if (enc.n != k->nenc)
		return UC_E_KEY;
	uc_err err = k->dh->agree(k->dh, priv, enc, dh);
	if (!err)
		err = extract_and_expand(k, view_make(dh, k->dh->ndh), enc, pub, shared);
	wipe(dh, sizeof dh);
	return err;
}

static uc_err dhkem_check(const struct kem_alg *k, struct view pub)
{
	return k->dh->check(k->dh, pub);
}

#define DHKEM(number, kdf_number, n_hash, group, nsecret_, nsk_, npk_)                 \
	{                                                                              \
		.id = (number), .nsk = (nsk_), .npk = (npk_), .nenc = (npk_),          \
		.nsecret = (nsecret_), .kdf = { &builtin_crypto, kdf_number, n_hash }, \
		.dh = &(group), .encap = dhkem_encap, .decap = dhkem_decap,            \
		.derive = dhkem_derive, .check = dhkem_check                           \
	}

/* RFC 9180, 7.1 */
const struct kem_alg kem_x25519 =
	DHKEM(MLS_KEM_DHKEM_X25519, MLS_KDF_HKDF_SHA256, 32, dh_x25519, 32, 32, 32);
#ifndef CRYPTO_NO_LIBCRYPTO
const struct kem_alg kem_p256 =
	DHKEM(MLS_KEM_DHKEM_P256, MLS_KDF_HKDF_SHA256, 32, dh_p256, 32, 32, 65);
const struct kem_alg kem_p384 =
	DHKEM(MLS_KEM_DHKEM_P384, MLS_KDF_HKDF_SHA384, 48, dh_p384, 48, 48, 97);
const struct kem_alg kem_p521 =
	DHKEM(MLS_KEM_DHKEM_P521, MLS_KDF_HKDF_SHA512, 64, dh_p521, 64, 66, 133);
const struct kem_alg kem_x448 =
	DHKEM(MLS_KEM_DHKEM_X448, MLS_KDF_HKDF_SHA512, 64, dh_x448, 64, 56, 56);
#endif
