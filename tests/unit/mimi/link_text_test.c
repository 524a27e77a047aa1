/* SPDX-License-Identifier: Apache-2.0 */
/* What strangers do not send each other, and what they do. */
#include "mimi/link_text.h"
#include "tests/unit/harness.h"

static bool has(const char *text)
{
	return text_has_link(view_str(text));
}

TEST(links_and_addresses)
{
	static const char *const with[] = {
		"see http://x",
		"HTTPS://X.example",
		"://",
		"www.x.example",
		"go to (WWW.x.example)",
		"a\nwww.x",
		/* Without either. */
		"evil.example/x",
		"evil.example",
		"look: evil.example.",
		"(evil.example)",
		"\"evil.example\"",
		"evil.example, or not",
		"evil.example:8080",
		"evil.example?x",
		"a-b.c_d.example",
		"123.example",
		"sub.evil.example now",
		"EVIL.EXAMPLE",
		"evil.Com",
		"evil.xn--p1ai",
		"t.me/rosa",
		"me@mail.example",
		"write to me.too@mail.example please",
		/* In other scripts, and with other dots. */
		"пример.рф",
		"例え.テスト",
		"evil\u3002example",
		"evil\uff0eexample",
		"evil\uff61example",
		"evil.\u24d2\u24de\u24dc",
		"evil.\u2102om",
		"evil\u3002\U0001d41c\U0001d428\U0001d426",
		"пример\u3002com",
		"evil\u2024example",
		"\uff45\uff56\uff49\uff4c\uff0e\uff43\uff4f\uff4d",
		"http\uff1a\uff0f\uff0fx",
		/* What is not seen hides nothing. */
		"evil\u200b.example",
		"evil.\u200bexample",
		"evil.ex\u00adample",
		"h\u2060ttp:/\u200d/x",
		"w\u200bww.x",
		/* A host by its number. */
		"192.0.2.7",
		"at 192.0.2.7/x",
		/* It wants a space. */
		"see you.Tomorrow",
		"Awww.so nice",
	};
	for (size_t i = 0; i < sizeof with / sizeof *with; i++)
		if (!has(with[i]))
			test_fail(__FILE__, __LINE__, "%s is taken", with[i]);
}

TEST(what_people_write)
{
	static const char *const without[] = {
		"",
		"www.",
		"www",
		".",
		"...",
		"See you. Tomorrow",
		"well...then",
		"e.g. this",
		"e.g., i.e., z.B. and u.a.",
		"z.B",
		"J. R. Ewing",
		"J.R. Ewing",
		"Rosa Lindner, Ph.D.",
		"at 10.30, or 10.30am",
		"27.11.2026",
		"1.2.3",
		"3.5km",
		"either/or: this",
		"a: b / c",
		"@rosa, it is me",
		"me@home",
		"half .and half",
		"end.",
		"end.)",
		"two\nlines.\nof it",
		"+49 151 2345678",
		/* No space stands behind these. */
		"今日は\u3002また明日",
		"好的\u3002好",
		"今日は\uff61OKです",
		"наст. лето",
		"Hi\U0001f600.\U0001f600\U0001f600",
	};
	for (size_t i = 0; i < sizeof without / sizeof *without; i++)
		if (has(without[i]))
			test_fail(__FILE__, __LINE__, "%s is refused", without[i]);
}

/* What is no text ends where it ends, and does not hide what is before it. */
TEST(bytes_that_are_no_text)
{
	expect(text_has_link(VIEW_LIT("evil.example\xff more")));
	expect(!text_has_link(VIEW_LIT("\xff")));
	expect(!text_has_link((struct view){ NULL, 0 }));
	expect(text_has_link(VIEW_LIT("a\0evil.example")));
}
