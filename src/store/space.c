/* SPDX-License-Identifier: Apache-2.0 */
#include "store/inner.h"

uint64_t store_hash(struct view key)
{
	uint64_t h = 0xcbf29ce484222325;
	for (size_t i = 0; i < key.n; i++)
		h = (h ^ key.p[i]) * 0x100000001b3;
	return h;
}

uc_err space_key(struct arena *mem, char space, struct view key, struct view *out)
{
	uint8_t *p = arena_take(mem, key.n + 1);
	if (!p)
		return UC_E_LIMIT;
	p[0] = (uint8_t)space;
	if (key.n)
		memcpy(p + 1, key.p, key.n);
	*out = view_make(p, key.n + 1);
	return UC_OK;
}

uc_err space_entry(struct arena *mem, struct view log, uint64_t seq, struct view *out)
{
	size_t n = 1 + 2 + log.n + 8;
	uint8_t *p = arena_take(mem, n);
	if (!p)
		return UC_E_LIMIT;
	p[0] = SPACE_ENTRY;
	p[1] = (uint8_t)(log.n >> 8);
	p[2] = (uint8_t)log.n;
	if (log.n)
		memcpy(p + 3, log.p, log.n);
	for (int i = 0; i < 8; i++)
		p[3 + log.n + (size_t)i] = (uint8_t)(seq >> (56 - 8 * i));
	*out = view_make(p, n);
	return UC_OK;
}

uint64_t space_entry_seq(struct view key)
{
	uint64_t seq = 0;
	for (size_t i = key.n - 8; i < key.n; i++)
		seq = seq << 8 | key.p[i];
	return seq;
}

uc_err space_end(struct arena *mem, struct view prefix, struct view *out)
{
	size_t n = prefix.n;
	while (n && prefix.p[n - 1] == 0xff)
		n--;
	uint8_t *p = arena_take(mem, n);
	if (!p)
		return UC_E_LIMIT;
	if (n) {
		memcpy(p, prefix.p, n);
		p[n - 1]++;
	}
	*out = view_make(p, n);
	return UC_OK;
}
