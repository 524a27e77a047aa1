/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/names.h"

#include "base/text.h"

static uint8_t lowered(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(uint8_t c)
{
	return c >= 'a' && c <= 'z';
}

static struct view trimmed(struct view v)
{
	while (v.n && (v.p[0] == ' ' || v.p[0] == '\t'))
		v = view_slice(v, 1, v.n);
	while (v.n && (v.p[v.n - 1] == ' ' || v.p[v.n - 1] == '\t'))
		v.n--;
	return v;
}

/* out has room for text.n + 1 bytes; the length comes back, 0 for none. */
typedef size_t normaliser(struct view text, uint8_t *out);

static size_t number(struct view text, uint8_t *out)
{
	size_t n = 0;
	if (view_starts_with(text, VIEW_LIT("00")))
		text = view_slice(text, 2, text.n);
	else if (text.n && text.p[0] == '+')
		text = view_slice(text, 1, text.n);
	else
		return 0;
	out[n++] = '+';
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];
		if (is_digit(c))
			out[n++] = c;
		else if (c != ' ' && c != '-' && c != '.' && c != '(' && c != ')')
			return 0;
	}
	return n >= 8 && n <= 16 && out[1] != '0' ? n : 0;
}

static size_t handle(struct view text, uint8_t *out)
{
	bool sign = true; /* may not stand first */
	if (text.n && text.p[0] == '@')
		text = view_slice(text, 1, text.n);
	if (text.n < HANDLE_MIN || text.n > HANDLE_MAX)
		return 0;
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = lowered(text.p[i]);
		bool is_sign = c == '.' || c == '_' || c == '-';
		if ((!is_lower(c) && !is_digit(c) && !is_sign) || (is_sign && sign))
			return 0;
		sign = is_sign;
		out[i] = c;
	}
	return sign ? 0 : text.n;
}

static bool is_atom(uint8_t c)
{
	return is_lower(c) || is_digit(c) || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* Dot-separated atoms (local part) or labels (domain). */
static bool dotted(struct view v, bool labels)
{
	bool dot = true;
	for (size_t i = 0; i < v.n; i++) {
		uint8_t c = v.p[i];
		bool good = labels ? is_lower(c) || is_digit(c) || c == '-' : is_atom(c);
		if (c == '.' ? dot : !good)
			return false;
		dot = c == '.';
	}
	return !dot;
}

static size_t address(struct view text, uint8_t *out)
{
	struct view local, domain;
	if (text.n > ADDRESS_MAX)
		return 0;
	for (size_t i = 0; i < text.n; i++)
		out[i] = lowered(text.p[i]);
	domain = view_cut(view_make(out, text.n), '@', &local);
	struct view top;
	bool two = domain.n && view_cut(domain, '.', &top).n;
	return local.n <= 64 && two && dotted(local, false) && dotted(domain, true) ? text.n : 0;
}

uc_err name_normalise(enum name_kind kind, struct view text, struct arena *a, struct view *out)
{
	static normaliser *const by_kind[] = {
		[NAME_NUMBER] = number, [NAME_HANDLE] = handle, [NAME_ADDRESS] = address
	};
	if (kind < NAME_NUMBER || kind > NAME_ADDRESS)
		return UC_E_ARGUMENT;
	text = trimmed(text);
	if (!text.n || text.n > 512)
		return UC_E_NAME;
	uint8_t *p = arena_take(a, text.n + 1);
	if (!p)
		return UC_E_LIMIT;
	size_t n = by_kind[kind](text, p);
	if (!n)
		return UC_E_NAME;
	*out = view_make(p, n);
	return UC_OK;
}

/* A handle is ASCII, so this is all there is to confuse in it. */
static uint8_t looks_like(uint8_t c)
{
	static const char pairs[] = "0o1lil3e4a5s6b8b7t9g2zqg";
	for (size_t i = 0; i + 1 < sizeof pairs; i += 2)
		if ((uint8_t)pairs[i] == c)
			return (uint8_t)pairs[i + 1];
	return c;
}

/* Two that stand close and look like one. */
static uint8_t ligature(uint8_t before, uint8_t c)
{
	static const char triples[] = "rnmvvwcld";
	for (size_t i = 0; i + 2 < sizeof triples; i += 3)
		if ((uint8_t)triples[i] == before && (uint8_t)triples[i + 1] == c)
			return (uint8_t)triples[i + 2];
	return 0;
}

uc_err name_skeleton(enum name_kind kind, struct view normalised, struct arena *a, struct view *out)
{
	size_t n = 0, kept = 0;
	if (kind != NAME_HANDLE)
		return arena_copy(a, normalised, out);
	uint8_t *p = arena_take(a, normalised.n + 1);
	if (!p)
		return UC_E_LIMIT;
	for (size_t i = 0; i < normalised.n; i++) {
		uint8_t c = looks_like(normalised.p[i]);
		if (c == '.' || c == '_' || c == '-')
			continue;
		uint8_t both = n ? ligature(p[n - 1], c) : 0;
		if (both)
			p[n - 1] = both;
		else
			p[n++] = c;
	}
	for (size_t i = 0; i < n; i++)
		if (!kept || p[kept - 1] != p[i])
			p[kept++] = p[i];
	*out = view_make(p, kept);
	return UC_OK;
}

/* Spaces trimmed and folded; *characters: how many there are. */
static uc_err fold(struct view text, struct arena *a, size_t *characters, struct view *out)
{
	struct buf folded;
	*characters = 0;
	buf_init(&folded, 64 * 1024);
	for (struct view rest = trimmed(text); rest.n; ++*characters) {
		struct view before = rest;
		if (utf8_next(&rest) == ' ')
			while (rest.n && rest.p[0] == ' ')
				rest = view_slice(rest, 1, rest.n);
		buf_add(&folded, before.p, before.p[0] == ' ' ? 1 : before.n - rest.n);
	}
	uc_err err = folded.failed;
	if (!err)
		err = arena_copy(a, buf_view(&folded), out);
	buf_done(&folded);
	return err;
}

/* What would have to be escaped to be shown does not belong into it. */
static bool is_plain(struct view text)
{
	struct buf escaped;
	buf_init(&escaped, 64 * 1024);
	text_add_escaped(&escaped, text, false);
	bool plain = view_equal(buf_view(&escaped), text);
	buf_done(&escaped);
	return plain;
}

uc_err profile_name_normalise(struct view text, struct arena *a, struct view *out)
{
	size_t characters;
	struct view folded;
	if (text.n > 4 * PROFILE_NAME_MAX * 4 || !utf8_is_valid(text) || !is_plain(text))
		return UC_E_NAME;
	TRY(fold(text, a, &characters, &folded));
	if (!characters || characters > PROFILE_NAME_MAX)
		return UC_E_NAME;
	*out = folded;
	return UC_OK;
}

uc_err about_normalise(struct view text, struct arena *a, struct view *out)
{
	size_t characters;
	struct view folded;
	if (text.n > 4 * ABOUT_MAX * 4)
		return UC_E_TOO_LARGE;
	if (!utf8_is_valid(text) || !is_plain(text))
		return UC_E_TEXT;
	TRY(fold(text, a, &characters, &folded));
	if (characters > ABOUT_MAX)
		return UC_E_TOO_LARGE;
	*out = folded;
	return UC_OK;
}
