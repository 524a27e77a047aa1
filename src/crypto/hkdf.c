/* SPDX-License-Identifier: Apache-2.0 */
/* HKDF (RFC 5869) over our own HMAC. */
#include "crypto/alg.h"

uc_err hkdf_extract_parts(const struct hash_alg *h, struct view salt, const struct view *ikm,
			  size_t n, struct secret *out)
{
	struct secret prk = { .n = h->n };
	uc_err err = hmac_parts(h, salt, ikm, n, prk.b);
	if (!err)
		*out = prk;
	secret_wipe(&prk);
	return err;
}

/* T(1) | T(2) | ...; block is T(i - 1) and becomes T(i). */
static uc_err expand(const struct hash_alg *h, struct view prk, const struct view *info,
		     size_t n_info, uint8_t *block, uint8_t *out, size_t n)
{
	uint8_t counter = 0;
	struct view parts[HKDF_INFO_PARTS_MAX + 2] = { { block, 0 } };
	for (size_t i = 0; i < n_info; i++)
		parts[i + 1] = info[i];
	parts[n_info + 1] = view_make(&counter, 1);
	for (size_t at = 0; at < n; at += h->n) {
		counter++;
		TRY(hmac_parts(h, prk, parts, n_info + 2, block));
		parts[0].n = h->n;
		memcpy(out + at, block, n - at < h->n ? n - at : h->n);
	}
	return UC_OK;
}

uc_err hkdf_expand_parts(const struct hash_alg *h, struct view prk, const struct view *info,
			 size_t n_info, uint8_t *out, size_t n)
{
	uint8_t block[HASH_MAX];
	if (n > 255 * h->n || n_info > HKDF_INFO_PARTS_MAX)
		return UC_E_ARGUMENT;
	uc_err err = expand(h, prk, info, n_info, block, out, n);
	wipe(block, sizeof block);
	if (err && n)
		wipe(out, n);
	return err;
}

uc_err hkdf_sha256(struct view salt, struct view ikm, struct view info, uint8_t *out, size_t n)
{
	const struct hash_alg *h = &hash_algs[HASH_SHA256];
	struct secret prk = { 0 };
	uc_err err = hkdf_extract_parts(h, salt, &ikm, 1, &prk);
	if (!err)
		err = hkdf_expand_parts(h, secret_view(&prk), &info, 1, out, n);
	secret_wipe(&prk);
	return err;
}
