/* SPDX-License-Identifier: Apache-2.0 */
/* HPKE (RFC 9180), base mode, one message per context; EncryptWithLabel (RFC 9420, 5.1.3). */
#include "crypto/alg.h"

/* The parts of a context that base mode with one message needs.  Secrets: owner wipes. */
struct hpke_context {
	struct secret secret;               /* of the key schedule, from which the others come */
	uint8_t schedule[1 + 2 * HASH_MAX]; /* key_schedule_context: mode, psk_id_hash, info_hash */
	size_t n_schedule;
};

/* "HPKE-v1" | "HPKE" | kem_id | kdf_id | aead_id | label */
struct hpke_label {
	uint8_t b[64];
};

static struct view hpke_label(struct hpke_label *l, const struct suite *s, const char *label)
{
	static const char head[] = "HPKE-v1HPKE";
	const uint16_t ids[3] = { s->kem_id, s->kdf_id, s->aead_id };
	size_t at = sizeof head - 1, n = strlen(label);
	memcpy(l->b, head, at);
	for (size_t i = 0; i < 3; i++) {
		l->b[at++] = (uint8_t)(ids[i] >> 8);
		l->b[at++] = (uint8_t)ids[i];
	}
	memcpy(l->b + at, label, n);
	return view_make(l->b, at + n);
}

static uc_err labeled_extract(const struct suite *s, struct view salt, const char *label,
			      const struct view *ikm, size_t n, struct secret *out)
{
	const struct kdf k = kdf_of(s);
	struct hpke_label l;
	struct view parts[1 + LABELLED_PARTS] = { hpke_label(&l, s, label) };
	for (size_t i = 0; i < n; i++)
		parts[i + 1] = ikm[i];
	return hkdf_extract_parts(&k, salt, parts, n + 1, out);
}

static uc_err labeled_expand(const struct suite *s, struct view prk, const char *label,
			     struct view info, uint8_t *out, size_t n)
{
	const struct kdf k = kdf_of(s);
	struct hpke_label l;
	if (n > UINT16_MAX)
		return UC_E_ARGUMENT;
	uint8_t length[2] = { (uint8_t)(n >> 8), (uint8_t)n };
	struct view parts[] = { VIEW_OF(length), hpke_label(&l, s, label), info };
	return hkdf_expand_parts(&k, prk, parts, 3, out, n);
}

/* KeySchedule(mode_base, shared_secret, info, "", "") */
static uc_err key_schedule(const struct suite *s, struct view shared, const struct view *info,
			   size_t n_info, struct hpke_context *c)
{
	struct secret psk_id_hash, info_hash;
	TRY(labeled_extract(s, (struct view){ 0 }, "psk_id_hash", NULL, 0, &psk_id_hash));
	TRY(labeled_extract(s, (struct view){ 0 }, "info_hash", info, n_info, &info_hash));
	c->schedule[0] = 0; /* mode_base */
	memcpy(c->schedule + 1, psk_id_hash.b, s->nh);
	memcpy(c->schedule + 1 + s->nh, info_hash.b, s->nh);
	c->n_schedule = 1 + 2 * s->nh;
	return labeled_extract(s, shared, "secret", NULL, 0, &c->secret);
}

static uc_err setup_send(const struct suite *s, const struct env *env, struct view pub,
			 const struct view *info, size_t n_info, uint8_t *enc,
			 struct hpke_context *c)
{
	struct secret shared = { 0 };
	uc_err err = kem_encap(s, env, pub, &shared, enc);
	if (!err)
		err = key_schedule(s, secret_view(&shared), info, n_info, c);
	secret_wipe(&shared);
	return err;
}

static uc_err setup_receive(const struct suite *s, const struct kem_key *k, struct view enc,
			    const struct view *info, size_t n_info, struct hpke_context *c)
{
	struct secret shared = { 0 };
	uc_err err = kem_decap(s, k, enc, &shared);
	if (!err)
		err = key_schedule(s, secret_view(&shared), info, n_info, c);
	secret_wipe(&shared);
	return err;
}

static uc_err context_expand(const struct suite *s, const struct hpke_context *c, const char *label,
			     uint8_t *out, size_t n)
{
	return labeled_expand(s, secret_view(&c->secret), label,
			      view_make(c->schedule, c->n_schedule), out, n);
}

/* Seals the first message of the context, or opens it. */
static uc_err context_crypt(const struct suite *s, const struct hpke_context *c, bool seal,
			    struct view aad, struct view in, uint8_t *out)
{
	uint8_t key[AEAD_KEY_MAX], nonce[AEAD_NONCE_MAX];
	uc_err err = context_expand(s, c, "key", key, s->nk);
	if (!err)
		err = context_expand(s, c, "base_nonce", nonce, s->nn);
	struct view k = view_make(key, s->nk), n = view_make(nonce, s->nn);
	if (!err)
		err = seal ? suite_seal(s, k, n, aad, in, out) : suite_open(s, k, n, aad, in, out);
	wipe(key, sizeof key);
	wipe(nonce, sizeof nonce);
	return err;
}

static uc_err context_export(const struct suite *s, const struct hpke_context *c,
			     struct view exporter_context, struct secret *out, size_t n)
{
	struct secret exporter = { .n = s->nh }, exported = { .n = n };
	if (n > SECRET_MAX)
		return UC_E_ARGUMENT;
	uc_err err = context_expand(s, c, "exp", exporter.b, exporter.n);
	if (!err)
		err = labeled_expand(s, secret_view(&exporter), "sec", exporter_context, exported.b,
				     n);
	if (!err)
		*out = exported;
	secret_wipe(&exporter);
	secret_wipe(&exported);
	return err;
}

/* info in parts */
static uc_err seal_parts(const struct suite *s, const struct env *env, struct view pub,
			 const struct view *info, size_t n_info, struct view aad, struct view pt,
			 struct arena *a, struct view *kem_output, struct view *ciphertext)
{
	struct hpke_context c = { 0 };
	size_t n = pt.n + AEAD_TAG;
	uint8_t *enc = arena_take(a, s->kem_nenc), *ct = arena_take(a, n);
	if (!enc || !ct)
		return arena_error(a);
	uc_err err = setup_send(s, env, pub, info, n_info, enc, &c);
	if (!err)
		err = context_crypt(s, &c, true, aad, pt, ct);
	wipe(&c, sizeof c);
	TRY(err);
	*kem_output = view_make(enc, s->kem_nenc);
	*ciphertext = view_make(ct, n);
	return UC_OK;
}

static uc_err open_parts(const struct suite *s, const struct kem_key *k, struct view kem_output,
			 const struct view *info, size_t n_info, struct view aad,
			 struct view ciphertext, struct arena *a, struct view *pt)
{
	struct hpke_context c = { 0 };
	if (ciphertext.n < AEAD_TAG)
		return UC_E_DECRYPT;
	size_t n = ciphertext.n - AEAD_TAG;
	struct arena_mark mark = arena_mark(a);
	uint8_t *out = arena_take(a, n);
	if (!out)
		return arena_error(a);
	uc_err err = setup_receive(s, k, kem_output, info, n_info, &c);
	if (!err)
		err = context_crypt(s, &c, false, aad, ciphertext, out);
	wipe(&c, sizeof c);
	if (err) {
		arena_reset(a, mark);
		/* Whatever is wrong with what was sent is one error. */
		return err == UC_E_KEY ? UC_E_DECRYPT : err;
	}
	secret_mark(out, n);
	*pt = view_make(out, n);
	return UC_OK;
}

uc_err hpke_seal(const struct suite *s, const struct env *env, struct view pub, struct view info,
		 struct view aad, struct view pt, struct arena *a, struct view *kem_output,
		 struct view *ciphertext)
{
	return seal_parts(s, env, pub, &info, 1, aad, pt, a, kem_output, ciphertext);
}

uc_err hpke_open(const struct suite *s, const struct kem_key *k, struct view kem_output,
		 struct view info, struct view aad, struct view ciphertext, struct arena *a,
		 struct view *pt)
{
	return open_parts(s, k, kem_output, &info, 1, aad, ciphertext, a, pt);
}

uc_err hpke_export_send(const struct suite *s, const struct env *env, struct view pub,
			struct view info, struct view exporter_context, struct arena *a,
			struct view *kem_output, struct secret *out, size_t n)
{
	struct hpke_context c = { 0 };
	uint8_t *enc = arena_take(a, s->kem_nenc);
	if (!enc)
		return arena_error(a);
	uc_err err = setup_send(s, env, pub, &info, 1, enc, &c);
	if (!err)
		err = context_export(s, &c, exporter_context, out, n);
	wipe(&c, sizeof c);
	if (!err)
		*kem_output = view_make(enc, s->kem_nenc);
	return err;
}

uc_err hpke_export_receive(const struct suite *s, const struct kem_key *k, struct view kem_output,
			   struct view info, struct view exporter_context, struct secret *out,
			   size_t n)
{
	struct hpke_context c = { 0 };
	uc_err err = setup_receive(s, k, kem_output, &info, 1, &c);
	if (!err)
		err = context_export(s, &c, exporter_context, out, n);
	wipe(&c, sizeof c);
	return err;
}

uc_err encrypt_with_label(const struct suite *s, const struct env *env, struct view pub,
			  const char *label, struct view context, struct view pt, struct arena *a,
			  struct view *kem_output, struct view *ciphertext)
{
	struct labelled l;
	TRY(labelled_init(&l, "MLS 1.0 ", label, context));
	return seal_parts(s, env, pub, l.parts, LABELLED_PARTS, (struct view){ 0 }, pt, a,
			  kem_output, ciphertext);
}

uc_err decrypt_with_label(const struct suite *s, const struct kem_key *k, const char *label,
			  struct view context, struct view kem_output, struct view ciphertext,
			  struct arena *a, struct view *pt)
{
	struct labelled l;
	TRY(labelled_init(&l, "MLS 1.0 ", label, context));
	return open_parts(s, k, kem_output, l.parts, LABELLED_PARTS, (struct view){ 0 }, ciphertext,
			  a, pt);
}
