/* SPDX-License-Identifier: Apache-2.0 */
/* A picture and words about oneself: two lengths, and nothing read that is not as it is written. */
#include "mimi/portrait.h"

#include "mimi/names.h"
#include "mimi/sealed.h"

#include "tests/unit/harness.h"

static struct arena mem;
static uint8_t picture[PICTURE_MAX + 1] = { 0xff, 0xd8, 0xff };

static struct portrait portrait(const char *about, size_t picture_n)
{
	return (struct portrait){ .number = 7,
				  .about = view_str(about),
				  .picture = { picture, picture_n } };
}

/* As its bytes stand there, right or wrong. */
static struct view raw(const struct portrait *p, size_t pad)
{
	struct portrait said = *p;
	struct view bytes, out = { NULL, 0 };
	said.version = 1;
	expect_ok(wire_encode_to(&mem, portrait_element, &said, &bytes));
	expect_ok(padded_write(&mem, bytes, pad, &out));
	return out;
}

static uc_err read_raw(const struct portrait *p, size_t pad)
{
	struct portrait out;
	return portrait_read(raw(p, pad), &mem, &out);
}

TEST(what_is_written_is_read)
{
	struct portrait p = portrait("On the water", 100), out;
	struct view bytes;
	arena_init(&mem, 4 << 20, ARENA_PLAIN);
	expect_ok(portrait_write(&p, &mem, &bytes));
	expect_ok(portrait_read(bytes, &mem, &out));
	expect_eq(out.number, 7);
	expect_bytes(out.about, VIEW_LIT("On the water"));
	expect_bytes(out.picture, p.picture);
	arena_done(&mem);
}

TEST(the_length_tells_whether_there_is_a_picture_and_no_more)
{
	char longest[ABOUT_MAX * 4 + 1] = { 0 };
	static const char face[] = "\xf0\x9f\x99\x82";
	struct view a, b, c, d;
	arena_init(&mem, 4 << 20, ARENA_PLAIN);
	for (size_t i = 0; i < ABOUT_MAX; i++)
		memcpy(longest + 4 * i, face, 4);
	struct portrait none = portrait("", 0), words = portrait(longest, 0),
			small = portrait("", 3), most = portrait(longest, PICTURE_MAX);
	expect_ok(portrait_write(&none, &mem, &a));
	expect_ok(portrait_write(&words, &mem, &b));
	expect_ok(portrait_write(&small, &mem, &c));
	expect_ok(portrait_write(&most, &mem, &d));
	expect_eq(a.n, PORTRAIT_PAD);
	expect_eq(b.n, PORTRAIT_PAD);
	expect_eq(c.n, PORTRAIT_PAD_PICTURE);
	expect_eq(d.n, PORTRAIT_PAD_PICTURE);
	arena_done(&mem);
}

TEST(a_picture_is_known_by_its_first_bytes)
{
	const struct {
		struct view bytes;
		enum picture_kind kind;
	} rows[] = {
		{ VIEW_LIT("\xff\xd8\xff\xe0 and so on"), PICTURE_JPEG },
		{ VIEW_LIT("\x89PNG\r\n\x1a\n and so on"), PICTURE_PNG },
		{ VIEW_LIT("RIFF\x20\0\0\0WEBPVP8 "), PICTURE_WEBP },
		{ VIEW_LIT("GIF89a"), PICTURE_OTHER },
		{ VIEW_LIT("<svg xmlns='http://www.w3.org/2000/svg'>"), PICTURE_OTHER },
		{ VIEW_LIT("\xff\xd8"), PICTURE_OTHER },
		{ VIEW_LIT("\x89PNG\n"), PICTURE_OTHER },
		{ VIEW_LIT("RIFF\x20\0\0\0WAVE"), PICTURE_OTHER },
		{ VIEW_LIT("RIFX\x20\0\0\0WEBP"), PICTURE_OTHER },
		{ VIEW_LIT("RIFF\x20\0\0\0WEB"), PICTURE_OTHER },
		{ VIEW_LIT(" \xff\xd8\xff"), PICTURE_OTHER },
		{ VIEW_LIT(""), PICTURE_OTHER },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		expect_eq(picture_kind(rows[i].bytes), rows[i].kind);
	expect_ok(picture_check((struct view){ NULL, 0 }));
	expect_ok(picture_check((struct view){ picture, PICTURE_MAX }));
	expect_err(picture_check((struct view){ picture, PICTURE_MAX + 1 }), UC_E_TOO_LARGE);
	expect_err(picture_check(VIEW_LIT("GIF89a")), UC_E_UNSUPPORTED);
}

TEST(nothing_else_is_taken)
{
	struct portrait good = portrait("Tom", 100), bad, out;
	arena_init(&mem, 4 << 20, ARENA_PLAIN);
	expect_ok(read_raw(&good, PORTRAIT_PAD_PICTURE));
	/* Of another length. */
	expect_err(read_raw(&good, PORTRAIT_PAD), UC_E_MALFORMED);
	expect_err(read_raw(&good, 1), UC_E_MALFORMED);
	bad = portrait("Tom", 0);
	expect_err(read_raw(&bad, PORTRAIT_PAD_PICTURE), UC_E_MALFORMED);
	/* With what nobody may set. */
	for (const char *const *about = (const char *const[]){ " Tom", "To  m", "To\nm", "\xff",
							       "\xe2\x80\xae", NULL };
	     *about; about++) {
		bad = portrait(*about, 0);
		expect_err(read_raw(&bad, PORTRAIT_PAD), UC_E_MALFORMED);
	}
	char longest[ABOUT_MAX + 2] = { 0 };
	memset(longest, 'a', ABOUT_MAX + 1);
	bad = portrait(longest, 0);
	expect_err(read_raw(&bad, PORTRAIT_PAD), UC_E_MALFORMED);
	bad = portrait("", PICTURE_MAX + 1);
	expect_err(read_raw(&bad, PORTRAIT_PAD_PICTURE), UC_E_MALFORMED);
	expect_err(portrait_write(&bad, &mem, &(struct view){ NULL, 0 }), UC_E_TOO_LARGE);
	bad = good;
	bad.picture = VIEW_LIT("GIF89a");
	expect_err(read_raw(&bad, PORTRAIT_PAD_PICTURE), UC_E_MALFORMED);
	bad = good;
	bad.number = 0;
	expect_err(read_raw(&bad, PORTRAIT_PAD_PICTURE), UC_E_MALFORMED);
	/* Cut off, and with something in the padding. */
	struct view bytes = raw(&good, PORTRAIT_PAD_PICTURE);
	expect(portrait_read((struct view){ bytes.p, 60 }, &mem, &out));
	uint8_t *copy = arena_take(&mem, bytes.n);
	expect(copy);
	memcpy(copy, bytes.p, bytes.n);
	copy[bytes.n - 1] = 1;
	expect_err(portrait_read((struct view){ copy, bytes.n }, &mem, &out), UC_E_MALFORMED);
	expect(portrait_read((struct view){ NULL, 0 }, &mem, &out));
	arena_done(&mem);
}
