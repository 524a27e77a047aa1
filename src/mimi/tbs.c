/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/tbs.h"

uc_err tbs_sign(const struct ed25519_key *key, const char *label, wire_element *walk,
		const void *tbs, struct arena *a, struct view *signature)
{
	struct view bytes;
	uint8_t *out = arena_take(a, ED25519_SIGNATURE);
	if (!out)
		return UC_E_LIMIT;
	TRY(wire_encode_to(a, walk, tbs, &bytes));
	TRY(ed25519_sign(key, label, bytes, out));
	*signature = view_make(out, ED25519_SIGNATURE);
	return UC_OK;
}

uc_err tbs_verify(struct view key, const char *label, wire_element *walk, const void *tbs,
		  struct view signature, struct arena *a)
{
	struct view bytes;
	TRY(wire_encode_to(a, walk, tbs, &bytes));
	return ed25519_verify(key, label, bytes, signature);
}
