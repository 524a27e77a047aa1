/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/cbor_item.h"

#include "base/text.h"

enum {
	SIMPLE_LEAST = 32, /* RFC 8949, 3.3: below it, one byte is the only form */
	TAG_BIGNUM = 2,
	TAG_NEGATIVE_BIGNUM = 3,
	HALF_NAN = 0x7e00,
};

uc_err cbor_head_read(struct view *v, struct cbor_head *out)
{
	if (!v->n)
		return UC_E_CBOR;
	unsigned minor = v->p[0] & 0x1f;
	struct cbor_head h = { .major = (enum cbor_major)(v->p[0] >> 5), .value = minor };
	if (minor >= 28)
		return UC_E_CBOR;
	if (minor >= 24) {
		h.bytes = 1u << (minor - 24);
		h.value = 0;
	}
	if (v->n < 1 + h.bytes)
		return UC_E_CBOR;
	for (unsigned i = 0; i < h.bytes; i++)
		h.value = h.value << 8 | v->p[1 + i];
	/* What the next shorter form could hold. */
	static const uint64_t shorter[] = { 0, 23, UINT8_MAX, 0, UINT16_MAX, 0, 0, 0, UINT32_MAX };
	if (h.major == CBOR_SIMPLE ? h.bytes == 1 && h.value < SIMPLE_LEAST
				   : h.bytes && h.value <= shorter[h.bytes])
		return UC_E_CBOR;
	*v = view_slice(*v, 1 + h.bytes, SIZE_MAX);
	*out = h;
	return UC_OK;
}

/* Would a narrower format hold the same number?  significand: with its leading bit, of `bits` bits
 * after the point; the narrower format has narrow_bits of them and exponents from least to most,
 * and below `least` loses one bit with each step. */
static bool fits(uint64_t significand, int exponent, int bits, int narrow_bits, int least, int most)
{
	int need = bits - narrow_bits + (exponent < least ? least - exponent : 0);
	return exponent <= most && need <= bits && !(significand & (((uint64_t)1 << need) - 1));
}

/* RFC 8949, 4.2.1 and draft-ietf-mimi-content, Data model restrictions: the shortest form that
 * keeps the value, and one NaN. */
static bool float_is_shortest(const struct cbor_head *h)
{
	uint64_t v = h->value;
	if (h->bytes == 2)
		return (v & 0x7c00) != 0x7c00 || !(v & 0x03ff) || v == HALF_NAN;
	int bits = h->bytes == 4 ? 23 : 52, top = h->bytes == 4 ? 0xff : 0x7ff;
	int exponent = (int)(v >> bits) & top;
	uint64_t fraction = v & (((uint64_t)1 << bits) - 1);
	if (exponent == top) /* infinities and NaN have a half's form */
		return false;
	if (!exponent) /* zero has one, too; what is smaller than normal is too small for one */
		return fraction != 0;
	fraction |= (uint64_t)1 << bits;
	return h->bytes == 4 ? !fits(fraction, exponent - 127, 23, 10, -14, 15)
			     : !fits(fraction, exponent - 1023, 52, 23, -126, 127);
}

static uc_err string_check(struct view *v, const struct cbor_head *h)
{
	if (h->value > v->n)
		return UC_E_CBOR;
	if (h->major == CBOR_TEXT && !utf8_is_valid(view_slice(*v, 0, (size_t)h->value)))
		return UC_E_TEXT;
	*v = view_slice(*v, (size_t)h->value, SIZE_MAX);
	return UC_OK;
}

static uc_err key_check(struct view *v)
{
	struct view rest = *v;
	struct cbor_head h;
	TRY(cbor_head_read(&rest, &h));
	switch (h.major) {
	case CBOR_UINT:
	case CBOR_NINT:
		if (h.value >= (uint64_t)CBOR_INT_MAX - (h.major == CBOR_NINT))
			return UC_E_CBOR;
		break;
	case CBOR_BYTES:
	case CBOR_TEXT:
		TRY(string_check(&rest, &h));
		break;
	case CBOR_ARRAY:
	case CBOR_MAP:
	case CBOR_TAG:
	case CBOR_SIMPLE:
		return UC_E_CBOR;
	}
	*v = rest;
	return UC_OK;
}

static uc_err map_check(struct view *v, uint64_t n, unsigned levels);

/* A big integer that a plain one could hold, or with zeros in front. */
static bool bignum_is_small(uint64_t tag, struct view content)
{
	struct cbor_head h;
	if ((tag != TAG_BIGNUM && tag != TAG_NEGATIVE_BIGNUM) || cbor_head_read(&content, &h))
		return false;
	return h.major != CBOR_BYTES || h.value <= 8 || !content.n || !content.p[0];
}

/* Depth is bounded by `levels`, time by the bytes there are. */
uc_err cbor_item_check(struct view *v, unsigned levels)
{
	struct view rest = *v;
	struct cbor_head h;
	TRY(cbor_head_read(&rest, &h));
	if (h.major >= CBOR_ARRAY && h.major <= CBOR_TAG && !levels)
		return UC_E_LIMIT;
	switch (h.major) {
	case CBOR_UINT:
	case CBOR_NINT:
		break;
	case CBOR_BYTES:
	case CBOR_TEXT:
		TRY(string_check(&rest, &h));
		break;
	case CBOR_ARRAY:
		for (uint64_t i = 0; i < h.value; i++)
			TRY(cbor_item_check(&rest, levels - 1));
		break;
	case CBOR_MAP:
		TRY(map_check(&rest, h.value, levels - 1));
		break;
	case CBOR_TAG:
		if (bignum_is_small(h.value, rest))
			return UC_E_CBOR;
		TRY(cbor_item_check(&rest, levels - 1));
		break;
	case CBOR_SIMPLE:
		if (h.bytes >= 2 && !float_is_shortest(&h))
			return UC_E_CBOR;
		break;
	}
	*v = rest;
	return UC_OK;
}

static uc_err map_check(struct view *v, uint64_t n, unsigned levels)
{
	struct view before = { NULL, 0 };
	for (uint64_t i = 0; i < n; i++) {
		struct view key = *v;
		TRY(key_check(v));
		key.n -= v->n;
		if (i && view_compare(before, key) >= 0)
			return UC_E_CBOR;
		before = key;
		TRY(cbor_item_check(v, levels));
	}
	return UC_OK;
}
