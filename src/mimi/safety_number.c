/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/safety_number.h"

/* Each side's half is an iterated hash, so that finding another key with a similar number costs as
 * many hashes more for each try. */
enum { ROUNDS = 5200, GROUPS = 6, GROUP_BYTES = 5, GROUP_DIGITS = 5, HALF = GROUPS * GROUP_DIGITS };

static uc_err half(const struct safety_party *p, char digits[HALF])
{
	uint8_t h[SHA256_BYTES];
	uint8_t lengths[2] = { (uint8_t)p->app.n, (uint8_t)p->account_key.n };
	struct view start[] = { VIEW_LIT("Undercroft safety number 1"), VIEW_OF(lengths), p->app,
				p->account_key };
	if (p->app.n > 255 || p->account_key.n != ED25519_KEY)
		return UC_E_ARGUMENT;
	TRY(sha256_parts(start, 4, h));
	for (int i = 1; i < ROUNDS; i++) {
		struct view parts[] = { VIEW_OF(h), p->account_key };
		TRY(sha256_parts(parts, 2, h));
	}
	for (int g = 0; g < GROUPS; g++) {
		uint64_t v = 0;
		for (int i = 0; i < GROUP_BYTES; i++)
			v = v << 8 | h[g * GROUP_BYTES + i];
		v %= 100000;
		for (int i = GROUP_DIGITS - 1; i >= 0; i--, v /= 10)
			digits[g * GROUP_DIGITS + i] = (char)('0' + v % 10);
	}
	return UC_OK;
}

uc_err safety_number(const struct safety_party *one, const struct safety_party *other,
		     char out[SAFETY_NUMBER_TEXT])
{
	char x[HALF], y[HALF];
	TRY(half(one, x));
	TRY(half(other, y));
	bool first = view_compare(VIEW_OF(x), VIEW_OF(y)) <= 0;
	const char *low = first ? x : y, *high = first ? y : x;
	size_t n = 0;
	for (int i = 0; i < 2 * HALF; i++) {
		if (i && i % GROUP_DIGITS == 0)
			out[n++] = ' ';
		out[n++] = i < HALF ? low[i] : high[i - HALF];
	}
	out[n] = 0;
	return UC_OK;
}
