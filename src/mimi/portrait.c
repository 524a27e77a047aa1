/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/portrait.h"

#include "mimi/names.h"
#include "mimi/sealed.h"

enum { VERSION = 1 };

void wire_portrait(struct wire *w, struct portrait *p)
{
	wire_u16(w, &p->version);
	if (p->version != VERSION)
		wire_fail(w, UC_E_VERSION);
	wire_u64(w, &p->number);
	wire_bytes(w, &p->about);
	wire_bytes(w, &p->picture);
}

void portrait_element(struct wire *w, void *v)
{
	wire_portrait(w, v);
}

enum picture_kind picture_kind(struct view picture)
{
	static const struct {
		enum picture_kind kind;
		uint8_t at, n;
		char bytes[9];
	} rows[] = {
		{ PICTURE_JPEG, 0, 3, "\xff\xd8\xff" },
		{ PICTURE_PNG, 0, 8, "\x89PNG\r\n\x1a\n" },
		{ PICTURE_WEBP, 8, 4, "WEBP" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct view start = { (const uint8_t *)rows[i].bytes, rows[i].n };
		if (picture.n > rows[i].at &&
		    view_starts_with(view_slice(picture, rows[i].at, picture.n), start) &&
		    (!rows[i].at || view_starts_with(picture, VIEW_LIT("RIFF"))))
			return rows[i].kind;
	}
	return PICTURE_OTHER;
}

uc_err picture_check(struct view picture)
{
	if (picture.n > PICTURE_MAX)
		return UC_E_TOO_LARGE;
	return !picture.n || picture_kind(picture) != PICTURE_OTHER ? UC_OK : UC_E_UNSUPPORTED;
}

static size_t pad_of(const struct portrait *p)
{
	return p->picture.n ? PORTRAIT_PAD_PICTURE : PORTRAIT_PAD;
}

uc_err portrait_write(const struct portrait *p, struct arena *a, struct view *out)
{
	struct view bytes;
	struct portrait said = *p;
	said.version = VERSION;
	TRY(picture_check(p->picture));
	TRY(wire_encode_to(a, portrait_element, &said, &bytes));
	return padded_write(a, bytes, pad_of(p), out);
}

/* Words that are not as we would have cleaned them are of no client that follows the rules. */
static uc_err portrait_check(const struct portrait *p, struct arena *a)
{
	struct view about;
	TRY(about_normalise(p->about, a, &about));
	TRY(picture_check(p->picture));
	return p->number && view_equal(about, p->about) ? UC_OK : UC_E_MALFORMED;
}

uc_err portrait_read(struct view padded, struct arena *a, struct portrait *out)
{
	struct view bytes;
	struct portrait p = { .number = 0 };
	TRY(padded_read(padded, &bytes));
	TRY(wire_decode(bytes, a, portrait_element, &p));
	if (padded.n != pad_of(&p))
		return UC_E_MALFORMED;
	uc_err err = portrait_check(&p, a);
	if (err)
		return err == UC_E_MEMORY || err == UC_E_LIMIT ? err : UC_E_MALFORMED;
	*out = p;
	return UC_OK;
}
