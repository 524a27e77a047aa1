/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/link_text.h"

#include "base/text.h"

enum { NUMBERS_OF_HOST = 4, END = 0 };

struct range {
	uint32_t first, last;
};

static bool is_in(const struct range *v, size_t n, uint32_t c)
{
	for (size_t i = 0; i < n; i++)
		if (c >= v[i].first && c <= v[i].last)
			return true;
	return false;
}
#define IS_IN(table, c) is_in(table, sizeof(table) / sizeof *(table), c)

/* Shown as nothing. */
static const struct range unseen[] = {
	{ 0xad, 0xad },     { 0x34f, 0x34f },     { 0x61c, 0x61c },   { 0x180b, 0x180e },
	{ 0x200b, 0x200f }, { 0x202a, 0x202e },   { 0x2060, 0x206f }, { 0xfe00, 0xfe0f },
	{ 0xfeff, 0xfeff }, { 0xe0000, 0xe0fff },
};
/* Beyond ASCII, what is no letter: punctuation, symbols, pictures. */
static const struct range no_letters[] = {
	{ 0x80, 0xbf },     { 0xd7, 0xd7 },     { 0xf7, 0xf7 },     { 0x2000, 0x2bff },
	{ 0x3000, 0x303f }, { 0xfe10, 0xfe6f }, { 0xff5f, 0xff65 }, { 0x1f000, 0x1faff },
};
/* Dots in names of hosts, and elsewhere the end of a sentence, with no space behind it. */
static const struct range wide_dots[] = { { 0x3002, 0x3002 },
					  { 0xff0e, 0xff0e },
					  { 0xff61, 0xff61 } };

/* The next sign that is seen, with full-width ones as plain ones; END at the end, or where it is no text. */
static uint32_t next(struct view *text)
{
	while (text->n) {
		uint32_t c = utf8_next(text);
		if (c == UINT32_MAX)
			return END;
		if (c > 0xff00 && c < 0xff5f && c != 0xff0e)
			c -= 0xff00 - ' ';
		if (c == 0x2024 || c == 0xfe52)
			c = '.';
		if (c && !IS_IN(unseen, c))
			return c;
	}
	return END;
}

/* Letters in other dress: programs take them for plain ones in names of hosts. */
static const struct range dressed[] = {
	{ 0x2100, 0x214f },
	{ 0x2160, 0x2188 },
	{ 0x24b6, 0x24e9 },
	{ 0x1d400, 0x1d7ff },
};

static bool is_latin(uint32_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || IS_IN(dressed, c);
}

static bool is_digit(uint32_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(uint32_t c)
{
	return is_latin(c) || (c >= 0x80 && !IS_IN(no_letters, c) && !IS_IN(wide_dots, c));
}

/* Of a word between dots. */
struct label {
	size_t signs, letters, latin, digits;
	uint32_t head[4];
	bool wide_dot; /* before it */
};

static void label_add(struct label *l, uint32_t c)
{
	if (l->signs < 4)
		l->head[l->signs] = c | 0x20; /* in lower case; '-' is as it is */
	l->signs++;
	l->letters += is_letter(c);
	l->latin += is_latin(c);
	l->digits += is_digit(c);
}

static bool is_top(const struct label *l)
{
	if (l->signs >= 4 && l->head[0] == 'x' && l->head[1] == 'n' && l->head[2] == '-' &&
	    l->head[3] == '-')
		return true;
	return l->signs >= 2 && l->letters == l->signs && (!l->wide_dot || l->latin == l->signs);
}

/* What has been read of the words that hang together by dots. */
struct host {
	struct label label;
	size_t labels, numbers; /* before this one */
	bool is_www;
};

static bool is_www(const struct label *l)
{
	return l->signs == 3 && l->head[0] == 'w' && l->head[1] == 'w' && l->head[2] == 'w';
}

static bool host_ends(const struct host *h)
{
	size_t numbers = h->numbers + (h->label.signs && h->label.digits == h->label.signs);
	size_t labels = h->labels + (h->label.signs > 0);
	if (h->is_www && h->label.signs)
		return true;
	return (h->labels && is_top(&h->label)) ||
	       (labels == NUMBERS_OF_HOST && numbers == NUMBERS_OF_HOST);
}

/* A dot behind a word: the next one may belong to it.  True: what was before it is a host already. */
static bool host_dot(struct host *h, bool is_wide)
{
	struct host on = { .label = { .wide_dot = is_wide } };
	bool was = host_ends(h);
	if (h->label.signs) {
		on.labels = h->labels + 1;
		on.numbers = h->numbers + (h->label.digits == h->label.signs);
		on.is_www = !h->labels && is_www(&h->label);
	}
	*h = on;
	return was;
}

static bool has_scheme(struct view text)
{
	uint32_t c, before = END, first = END;
	while ((c = next(&text)) != END) {
		if (first == ':' && before == '/' && c == '/')
			return true;
		first = before;
		before = c;
	}
	return false;
}

bool text_has_link(struct view text)
{
	struct host h = { .labels = 0 };
	uint32_t c;
	if (has_scheme(text))
		return true;
	do {
		c = next(&text);
		bool is_wide = IS_IN(wide_dots, c);
		if (is_letter(c) || is_digit(c) || c == '-' || c == '_') {
			label_add(&h.label, c);
		} else if (c == '.' || is_wide) {
			if (host_dot(&h, is_wide))
				return true;
		} else {
			if (host_ends(&h))
				return true;
			h = (struct host){ .labels = 0 };
		}
	} while (c != END);
	return false;
}
