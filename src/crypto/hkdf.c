/* SPDX-License-Identifier: Apache-2.0 */
/* HKDF (RFC 5869) over the HMAC of a table. */
#include "crypto/alg.h"

/* The parts as a table takes them. */
static uc_err parts_of(const struct view *parts, size_t n, struct mls_bytes out[MLS_PARTS_MAX])
{
	if (n > MLS_PARTS_MAX)
		return UC_E_ARGUMENT;
	for (size_t i = 0; i < n; i++)
		out[i] = bytes_of(parts[i]);
	return UC_OK;
}

uc_err kdf_hash(const struct kdf *k, const struct view *parts, size_t n, uint8_t *out)
{
	struct mls_bytes b[MLS_PARTS_MAX];
	TRY(parts_of(parts, n, b));
	return k->by->hash(k->by->ctx, k->id, b, n, out);
}

static uc_err hmac(const struct kdf *k, struct view key, const struct view *parts, size_t n,
		   uint8_t *out)
{
	struct mls_bytes b[MLS_PARTS_MAX];
	TRY(parts_of(parts, n, b));
	return k->by->hmac(k->by->ctx, k->id, bytes_of(key), b, n, out);
}

uc_err hkdf_extract_parts(const struct kdf *k, struct view salt, const struct view *ikm, size_t n,
			  struct secret *out)
{
	struct secret prk = { .n = k->n };
	uc_err err = hmac(k, salt, ikm, n, prk.b);
	if (!err)
		*out = prk;
	secret_wipe(&prk);
	return err;
}

/* T(1) | T(2) | ...; blocks are T(i - 1) and T(i) by turns. */
static uc_err expand(const struct kdf *k, struct view prk, const struct view *info, size_t n_info,
		     uint8_t blocks[2][HASH_MAX], uint8_t *out, size_t n)
{
	uint8_t counter = 0;
	struct view parts[MLS_PARTS_MAX] = { { NULL, 0 } };
	for (size_t i = 0; i < n_info; i++)
		parts[i + 1] = info[i];
	parts[n_info + 1] = view_make(&counter, 1);
	for (size_t at = 0; at < n; at += k->n) {
		uint8_t *block = blocks[counter++ & 1];
		TRY(hmac(k, prk, parts, n_info + 2, block));
		parts[0] = view_make(block, k->n);
		memcpy(out + at, block, n - at < k->n ? n - at : k->n);
	}
	return UC_OK;
}

uc_err hkdf_expand_parts(const struct kdf *k, struct view prk, const struct view *info,
			 size_t n_info, uint8_t *out, size_t n)
{
	uint8_t blocks[2][HASH_MAX];
	if (n > 255 * k->n || n_info > HKDF_INFO_PARTS_MAX)
		return UC_E_ARGUMENT;
	uc_err err = expand(k, prk, info, n_info, blocks, out, n);
	wipe(blocks, sizeof blocks);
	if (err && n)
		wipe(out, n);
	return err;
}

uc_err hkdf_sha256(struct view salt, struct view ikm, struct view info, uint8_t *out, size_t n)
{
	static const struct kdf k = { &builtin_crypto, MLS_KDF_HKDF_SHA256, SHA256_BYTES };
	struct secret prk = { 0 };
	uc_err err = hkdf_extract_parts(&k, salt, &ikm, 1, &prk);
	if (!err)
		err = hkdf_expand_parts(&k, secret_view(&prk), &info, 1, out, n);
	secret_wipe(&prk);
	return err;
}
