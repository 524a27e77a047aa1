/* SPDX-License-Identifier: Apache-2.0 */
/* Names and types that strangers give to files, made harmless. */
#include "mimi/attachment.h"

#include "base/text.h"

#include <string.h>

/* Nothing that steers, hides or turns around what stands beside it: controls, soft hyphen, marks of
 * direction, spaces of no width, separators of lines, variation selectors, tags, private use. */
static const struct {
	uint32_t first, last;
} dropped[] = {
	{ 0x00, 0x1f },     { 0x7f, 0xa0 },     { 0xad, 0xad },        { 0x34f, 0x34f },
	{ 0x61c, 0x61c },   { 0x115f, 0x1160 }, { 0x17b4, 0x17b5 },    { 0x180b, 0x180f },
	{ 0x2000, 0x200f }, { 0x2028, 0x202f }, { 0x205f, 0x206f },    { 0x3000, 0x3000 },
	{ 0x3164, 0x3164 }, { 0xe000, 0xf8ff }, { 0xfe00, 0xfe0f },    { 0xfeff, 0xfeff },
	{ 0xffa0, 0xffa0 }, { 0xfff0, 0xffff }, { 0xe0000, 0x10ffff },
};

static bool is_dropped(uint32_t c)
{
	for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++)
		if (c >= dropped[i].first && c <= dropped[i].last)
			return true;
	return false;
}

/* Means something to a file system or a shell. */
static bool is_special(uint32_t c)
{
	return c < 0x80 && strchr("<>:\"|?*$`&;'!", (int)c) != NULL;
}

/* Behind the last of what divides a path, on any system. */
static struct view last_part(struct view name)
{
	size_t at = name.n;
	while (at && name.p[at - 1] != '/' && name.p[at - 1] != '\\')
		at--;
	return view_slice(name, at, name.n);
}

static size_t put(char *out, struct view bytes, size_t at, size_t most)
{
	if (at + bytes.n > most)
		return at;
	memcpy(out + at, bytes.p, bytes.n);
	return at + bytes.n;
}

/* What is left of a name without its ending; returns how much was written. */
static size_t clean(struct view name, char *out, size_t most)
{
	size_t at = 0;
	while (name.n) {
		struct view before = name;
		uint32_t c = utf8_next(&name);
		if (c == UINT32_MAX) { /* no text: a byte at a time */
			name = view_slice(before, 1, before.n);
			continue;
		}
		struct view bytes = view_slice(before, 0, before.n - name.n);
		if (is_dropped(c))
			continue;
		if (at + bytes.n > most)
			break;
		at = put(out, is_special(c) ? VIEW_LIT("_") : bytes, at, most);
	}
	return at;
}

static bool is_edge(char c)
{
	return c == '.' || c == ' ' || c == '-' || c == '~';
}

/* Of ".tar" the dot and what follows it: short, and of letters and digits. */
static struct view ending_of(struct view name)
{
	enum { ENDING_MAX = 12 };
	size_t at = name.n;
	while (at && name.n - at < ENDING_MAX && name.p[at - 1] != '.')
		at--;
	return at > 1 && name.p[at - 1] == '.' ? view_slice(name, at - 1, name.n)
					       : (struct view){ NULL, 0 };
}

void file_name_clean(struct view name, char out[FILE_NAME_MAX + 1])
{
	char whole[FILE_NAME_MAX + 1], ending[16];
	struct view part = last_part(name), end = ending_of(part);
	size_t end_n = clean(end, ending, sizeof ending - 1);
	size_t n = clean(view_slice(part, 0, part.n - end.n), whole, FILE_NAME_MAX - end_n),
	       from = 0;
	n = put(whole, view_make(ending, end_n), n, FILE_NAME_MAX);
	/* Not hidden, no option of a command, and what Windows would cut off. */
	while (from < n && is_edge(whole[from]))
		from++;
	while (n > from && (whole[n - 1] == '.' || whole[n - 1] == ' '))
		n--;
	struct view left = n > from ? view_make(whole + from, n - from) : VIEW_LIT("file");
	memset(out, 0, FILE_NAME_MAX + 1);
	memcpy(out, left.p, left.n);
}

static bool is_token(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$&-^_.+", c));
}

void file_type_clean(struct view type, char out[FILE_TYPE_MAX + 1])
{
	size_t n = 0, slashes = 0;
	struct view whole;
	(void)view_cut(type, ';', &whole);
	while (n < whole.n && (is_token(whole.p[n]) || whole.p[n] == '/'))
		slashes += whole.p[n++] == '/';
	bool is_good = n == whole.n && n <= FILE_TYPE_MAX && slashes == 1 && whole.p[0] != '/' &&
		       whole.p[n - 1] != '/';
	struct view shown = is_good ? whole : VIEW_LIT("application/octet-stream");
	memset(out, 0, FILE_TYPE_MAX + 1);
	memcpy(out, shown.p, shown.n);
}
