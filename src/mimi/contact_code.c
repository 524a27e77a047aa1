/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/contact_code.h"

/* Crockford's: none that is taken for another. */
static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

uc_err contact_code_make(const struct env *env, char out[CONTACT_CODE_SHOWN])
{
	uint8_t random[CONTACT_CODE];
	TRY(env_random(env, random, sizeof random));
	for (size_t i = 0; i < CONTACT_CODE; i++)
		out[i + (i >= CONTACT_CODE / 2)] = alphabet[random[i] % 32];
	out[CONTACT_CODE / 2] = '-';
	out[CONTACT_CODE_SHOWN - 1] = '\0';
	wipe(random, sizeof random);
	return UC_OK;
}

/* The sign that was meant; 0: none. */
static uint8_t meant(uint8_t c)
{
	if (c >= 'a' && c <= 'z')
		c = (uint8_t)(c - 32);
	if (c == 'O')
		c = '0';
	if (c == 'I' || c == 'L')
		c = '1';
	return c && strchr(alphabet, c) ? c : 0;
}

uc_err contact_code_read(struct view typed, uint8_t out[CONTACT_CODE])
{
	uint8_t read[CONTACT_CODE];
	size_t n = 0;
	for (size_t i = 0; i < typed.n; i++) {
		if (typed.p[i] == ' ' || typed.p[i] == '-')
			continue;
		uint8_t c = meant(typed.p[i]);
		if (!c || n == CONTACT_CODE)
			return UC_E_CODE;
		read[n++] = c;
	}
	if (n != CONTACT_CODE)
		return UC_E_CODE;
	memcpy(out, read, sizeof read);
	wipe(read, sizeof read);
	return UC_OK;
}

uc_err contact_code_hash(struct view key, struct view account_id, struct view tag,
			 struct view typed, uint8_t out[SHA256_BYTES])
{
	uint8_t code[CONTACT_CODE] = { 0 };
	uint8_t is_code = !contact_code_read(typed, code);
	struct view parts[] = { VIEW_LIT("contact code"), view_make(&is_code, 1), account_id, tag,
				VIEW_OF(code) };
	uc_err err = hmac_sha256_parts(key, parts, sizeof parts / sizeof *parts, out);
	wipe(code, sizeof code);
	return err;
}
