/* SPDX-License-Identifier: Apache-2.0 */
/* Labels keep every use of a key apart from every other (RFC 9420, 5.1.2, 5.1.3, 5.2, 8, 9). */
#include "crypto/alg.h"

#include "base/buf.h"

static const char mls_base[] = "MLS 1.0 ";

size_t varint_put(uint8_t out[VARINT_MAX], size_t n)
{
	if (n < 1u << 6) {
		out[0] = (uint8_t)n;
		return 1;
	}
	if (n < 1u << 14) {
		out[0] = (uint8_t)(0x40 | n >> 8);
		out[1] = (uint8_t)n;
		return 2;
	}
	out[0] = (uint8_t)(0x80 | n >> 24);
	out[1] = (uint8_t)(n >> 16);
	out[2] = (uint8_t)(n >> 8);
	out[3] = (uint8_t)n;
	return 4;
}

static uc_err label_put(uint8_t *out, size_t *n, const char *base, const char *label)
{
	struct view head = view_str(base), tail = view_str(label);
	if (tail.n > LABEL_MAX - head.n)
		return UC_E_ARGUMENT;
	size_t at = varint_put(out, head.n + tail.n);
	memcpy(out + at, head.p, head.n);
	memcpy(out + at + head.n, tail.p, tail.n);
	*n = at + head.n + tail.n;
	return UC_OK;
}

uc_err labelled_init(struct labelled *l, const char *base, const char *label, struct view content)
{
	size_t n;
	if (content.n >= (size_t)1 << 30)
		return UC_E_TOO_LARGE;
	TRY(label_put(l->head, &n, base, label));
	n += varint_put(l->head + n, content.n);
	l->parts[0] = view_make(l->head, n);
	l->parts[1] = content;
	return UC_OK;
}

uc_err expand_with_label(const struct suite *s, struct view secret, const char *label,
			 struct view context, uint8_t *out, size_t n)
{
	const struct kdf k = kdf_of(s);
	struct labelled l;
	if (n > UINT16_MAX)
		return UC_E_ARGUMENT;
	TRY(labelled_init(&l, mls_base, label, context));
	uint8_t length[2] = { (uint8_t)(n >> 8), (uint8_t)n };
	struct view info[1 + LABELLED_PARTS] = { VIEW_OF(length), l.parts[0], l.parts[1] };
	return hkdf_expand_parts(&k, secret, info, 1 + LABELLED_PARTS, out, n);
}

uc_err derive_secret(const struct suite *s, struct view secret, const char *label,
		     struct secret *out)
{
	struct secret derived = { .n = s->nh };
	uc_err err = expand_with_label(s, secret, label, (struct view){ 0 }, derived.b, s->nh);
	if (!err)
		*out = derived;
	secret_wipe(&derived);
	return err;
}

uc_err derive_tree_secret(const struct suite *s, struct view secret, const char *label,
			  uint32_t generation, uint8_t *out, size_t n)
{
	const uint8_t context[4] = { (uint8_t)(generation >> 24), (uint8_t)(generation >> 16),
				     (uint8_t)(generation >> 8), (uint8_t)generation };
	return expand_with_label(s, secret, label, VIEW_OF(context), out, n);
}

uc_err ref_hash(const struct suite *s, const char *label, struct view value, uint8_t *out)
{
	struct labelled l;
	TRY(labelled_init(&l, "", label, value));
	return suite_hash_parts(s, l.parts, LABELLED_PARTS, out);
}

/* The bytes that are signed, in one piece: neither back-end signs in parts. */
static uc_err signed_bytes(struct buf *b, const char *base, const char *label, struct view content)
{
	struct labelled l;
	TRY(labelled_init(&l, base, label, content));
	for (size_t i = 0; i < LABELLED_PARTS; i++)
		buf_add_view(b, l.parts[i]);
	return b->failed;
}

static uc_err sign_in(struct buf *b, const struct suite *s, const struct sign_key *k,
		      const struct env *env, const char *label, struct view content,
		      struct arena *a, struct view *signature)
{
	uint8_t sig[SIGNATURE_MAX];
	size_t n = 0;
	TRY(signed_bytes(b, mls_base, label, content));
	TRY(suite_sign(s, k, env, buf_view(b), sig, &n));
	return arena_copy(a, view_make(sig, n), signature);
}

uc_err sign_with_label(const struct suite *s, const struct sign_key *k, const struct env *env,
		       const char *label, struct view content, struct arena *a,
		       struct view *signature)
{
	struct buf b;
	buf_init_secret(&b, SIZE_MAX);
	uc_err err = sign_in(&b, s, k, env, label, content, a, signature);
	buf_done(&b);
	return err;
}

uc_err verify_with_label(const struct suite *s, struct view pub, const char *label,
			 struct view content, struct view signature)
{
	struct buf b;
	buf_init_secret(&b, SIZE_MAX);
	uc_err err = signed_bytes(&b, mls_base, label, content);
	if (!err)
		err = suite_verify(s, pub, buf_view(&b), signature);
	buf_done(&b);
	return err;
}

uc_err sign_labelled(const struct suite *s, const struct sign_key *k, const struct env *env,
		     struct view sign_content, struct arena *a, struct view *signature)
{
	uint8_t sig[SIGNATURE_MAX];
	size_t n = 0;
	TRY(suite_sign(s, k, env, sign_content, sig, &n));
	return arena_copy(a, view_make(sig, n), signature);
}

uc_err verify_labelled(const struct suite *s, struct view pub, struct view sign_content,
		       struct view signature)
{
	return suite_verify(s, pub, sign_content, signature);
}

/* --- the same for keys outside any suite --- */

static const char own_base[] = "Undercroft 1.0 ";

uc_err ed25519_sign(const struct ed25519_key *k, const char *label, struct view content,
		    uint8_t signature[ED25519_SIGNATURE])
{
	struct buf b;
	struct sign_key key = { .priv.n = ED25519_SEED, .pub_n = ED25519_KEY };
	uint8_t sig[SIGNATURE_MAX];
	size_t n = 0;
	memcpy(key.priv.b, k->seed, ED25519_SEED);
	memcpy(key.pub, k->pub, ED25519_KEY);
	buf_init_secret(&b, SIZE_MAX);
	uc_err err = signed_bytes(&b, own_base, label, content);
	if (!err)
		err = sign_ed25519.sign(&sign_ed25519, &key, buf_view(&b), sig, &n);
	if (!err)
		memcpy(signature, sig, ED25519_SIGNATURE);
	buf_done(&b);
	sign_key_wipe(&key);
	return err;
}

uc_err ed25519_verify(struct view pub, const char *label, struct view content,
		      struct view signature)
{
	struct buf b;
	buf_init_secret(&b, SIZE_MAX);
	uc_err err = signed_bytes(&b, own_base, label, content);
	if (!err)
		err = sign_ed25519.verify(&sign_ed25519, pub, buf_view(&b), signature);
	buf_done(&b);
	return err;
}
