/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

static const char hex_digits[] = "0123456789abcdef";
static const char base32_digits[] = "abcdefghijklmnopqrstuvwxyz234567";
static const char base64url_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Power-of-two bases share one writer and one reader: `bits` bits a digit. */
static void digits_add(struct buf *out, struct view v, const char *digits, unsigned bits)
{
	uint32_t acc = 0;
	unsigned have = 0;
	for (size_t i = 0; i < v.n; i++) {
		acc = acc << 8 | v.p[i];
		have += 8;
		while (have >= bits) {
			have -= bits;
			buf_add_byte(out, (uint8_t)digits[acc >> have & ((1u << bits) - 1)]);
		}
		acc &= (1u << have) - 1;
	}
	if (have)
		buf_add_byte(out, (uint8_t)digits[acc << (bits - have) & ((1u << bits) - 1)]);
}

static uc_err digits_read(struct arena *a, struct view text, const char *digits, unsigned bits,
			  struct view *out)
{
	uint8_t *p = arena_take(a, text.n * bits / 8 + 1);
	if (!p)
		return arena_error(a);
	size_t n = 0;
	uint32_t acc = 0;
	unsigned have = 0;
	for (size_t i = 0; i < text.n; i++) {
		const char *d = text.p[i] ? strchr(digits, text.p[i]) : NULL;
		if (!d)
			return UC_E_MALFORMED;
		acc = acc << bits | (uint32_t)(d - digits);
		have += bits;
		if (have >= 8) {
			have -= 8;
			p[n++] = (uint8_t)(acc >> have);
			acc &= (1u << have) - 1;
		}
	}
	/* Left-over bits must be zero and fewer than a digit: one text for one value. */
	if (acc || have >= bits)
		return UC_E_MALFORMED;
	*out = (struct view){ p, n };
	return UC_OK;
}

void hex_add(struct buf *out, struct view v)
{
	digits_add(out, v, hex_digits, 4);
}

uc_err hex_read(struct arena *a, struct view text, struct view *out)
{
	uint8_t *lower = arena_take(a, text.n);
	if (!lower)
		return arena_error(a);
	for (size_t i = 0; i < text.n; i++)
		lower[i] = text.p[i] >= 'A' && text.p[i] <= 'F' ? (uint8_t)(text.p[i] + 32)
								: text.p[i];
	if (text.n % 2)
		return UC_E_MALFORMED;
	return digits_read(a, view_make(lower, text.n), hex_digits, 4, out);
}

void base32_add(struct buf *out, struct view v)
{
	digits_add(out, v, base32_digits, 5);
}

uc_err base32_read(struct arena *a, struct view text, struct view *out)
{
	return digits_read(a, text, base32_digits, 5, out);
}

void base64url_add(struct buf *out, struct view v)
{
	digits_add(out, v, base64url_digits, 6);
}

uc_err base64url_read(struct arena *a, struct view text, struct view *out)
{
	return digits_read(a, text, base64url_digits, 6, out);
}

uint32_t utf8_next(struct view *v)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	if (!v->n)
		return UINT32_MAX;
	uint8_t first = v->p[0];
	size_t n = first < 0x80       ? 1
		   : first >> 5 == 6  ? 2
		   : first >> 4 == 14 ? 3
		   : first >> 3 == 30 ? 4
				      : 0;
	if (!n || n > v->n)
		return UINT32_MAX;
	uint32_t c = n == 1 ? first : first & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if (v->p[i] >> 6 != 2)
			return UINT32_MAX;
		c = c << 6 | (v->p[i] & 0x3f);
	}
	if (c < smallest[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return UINT32_MAX;
	*v = view_slice(*v, n, v->n);
	return c;
}

bool utf8_is_valid(struct view v)
{
	while (v.n)
		if (utf8_next(&v) == UINT32_MAX)
			return false;
	return true;
}

/* Code points that change how text around them is shown, or are not seen at all. */
static bool is_hidden(uint32_t c)
{
	static const struct {
		uint32_t from, to;
	} ranges[] = {
		{ 0x00, 0x1f },       { 0x7f, 0x9f },     { 0xad, 0xad },     { 0x34f, 0x34f },
		{ 0x61c, 0x61c },     { 0x115f, 0x1160 }, { 0x17b4, 0x17b5 }, { 0x180b, 0x180f },
		{ 0x200b, 0x200f },   { 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0x3164, 0x3164 },
		{ 0xfeff, 0xfeff },   { 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb }, { 0x1d173, 0x1d17a },
		{ 0xe0000, 0xe0fff },
	};
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if (c >= ranges[i].from && c <= ranges[i].to)
			return true;
	return false;
}

static void code_point_add(struct buf *out, uint32_t c)
{
	unsigned shift = 20;
	while (shift && !(c >> shift))
		shift -= 4;
	buf_add_str(out, "\\u{");
	for (; shift; shift -= 4)
		buf_add_byte(out, (uint8_t)hex_digits[c >> shift & 15]);
	buf_add_byte(out, (uint8_t)hex_digits[c & 15]);
	buf_add_byte(out, '}');
}

void text_add_escaped(struct buf *out, struct view text, bool keep_newlines)
{
	while (text.n) {
		struct view rest = text;
		uint32_t c = utf8_next(&rest);
		if (c == UINT32_MAX) {
			buf_add_str(out, "\\x");
			hex_add(out, view_slice(text, 0, 1));
			text = view_slice(text, 1, text.n);
			continue;
		}
		if (c == '\n')
			buf_add_str(out, keep_newlines ? "\n" : "\\n");
		else if (c == '\\')
			buf_add_str(out, "\\\\");
		else if (is_hidden(c))
			code_point_add(out, c);
		else
			buf_add(out, text.p, text.n - rest.n);
		text = rest;
	}
}

uc_err decimal_read(struct view text, uint64_t *out)
{
	uint64_t n = 0;
	if (!text.n)
		return UC_E_MALFORMED;
	for (size_t i = 0; i < text.n; i++) {
		uint8_t d = (uint8_t)(text.p[i] - '0');
		if (d > 9 || n > (UINT64_MAX - d) / 10)
			return UC_E_MALFORMED;
		n = n * 10 + d;
	}
	*out = n;
	return UC_OK;
}
