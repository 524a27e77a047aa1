/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/manifest.h"

#include "base/text.h"

static const char first_line[] = "undercroft backup 1";

void manifest_begin(struct buf *out, const char *made, const uint8_t config[SHA256_BYTES])
{
	buf_printf(out, "%s\nmade %s\nconfig ", first_line, made);
	hex_add(out, view_make(config, SHA256_BYTES));
	buf_add_byte(out, '\n');
}

void manifest_add_app(struct buf *out, const char *name, const char *domain)
{
	buf_printf(out, "app %s %s\n", name, domain);
}

void manifest_add_file(struct buf *out, const struct manifest_file *f)
{
	buf_add_str(out, "file ");
	hex_add(out, VIEW_OF(f->hash));
	buf_printf(out, " %llu %o ", (unsigned long long)f->bytes, f->mode);
	buf_add_view(out, f->kind);
	buf_add_byte(out, '/');
	buf_add_view(out, f->name);
	buf_add_byte(out, '\n');
}

uc_err manifest_end(struct buf *out)
{
	uint8_t hash[SHA256_BYTES];
	TRY(out->failed);
	TRY(sha256(buf_view(out), hash));
	buf_add_str(out, "end ");
	hex_add(out, VIEW_OF(hash));
	buf_add_byte(out, '\n');
	return out->failed;
}

bool manifest_name_is_safe(struct view name)
{
	if (!name.n || name.n > 255 || name.p[0] == '.')
		return false;
	for (size_t i = 0; i < name.n; i++) {
		uint8_t ch = name.p[i];
		bool good = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
			    (ch >= '0' && ch <= '9') || ch == '.' || ch == '-' || ch == '_';
		if (!good)
			return false;
	}
	return true;
}

static bool hash_read(struct view text, uint8_t out[SHA256_BYTES])
{
	struct arena a;
	struct view raw = { 0 };
	if (text.n != (size_t)2 * SHA256_BYTES)
		return false;
	arena_init(&a, 4096, ARENA_PLAIN);
	bool good = !hex_read(&a, text, &raw);
	if (good)
		memcpy(out, raw.p, SHA256_BYTES);
	arena_done(&a);
	return good;
}

/* Three octal digits: whom a file belongs to is not of the backup's business. */
static bool mode_read(struct view text, unsigned *out)
{
	*out = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '7')
			return false;
		*out = *out * 8 + (text.p[i] - '0');
	}
	return text.n == 3;
}

static bool kind_is_known(struct view kind)
{
	return view_equal(kind, VIEW_LIT("accounts")) || view_equal(kind, VIEW_LIT("rooms")) ||
	       view_equal(kind, VIEW_LIT("keys"));
}

static uc_err file_read(struct view rest, const struct manifest_reader *r)
{
	struct manifest_file f;
	struct view hash, bytes, mode;
	rest = view_cut(rest, ' ', &hash);
	rest = view_cut(rest, ' ', &bytes);
	rest = view_cut(rest, ' ', &mode);
	f.name = view_cut(rest, '/', &f.kind);
	if (!hash_read(hash, f.hash) || decimal_read(bytes, &f.bytes) ||
	    !mode_read(mode, &f.mode) || !kind_is_known(f.kind) || !manifest_name_is_safe(f.name))
		return UC_E_MALFORMED;
	return r->file(r->ctx, &f);
}

static uc_err app_read(struct view rest, const struct manifest_reader *r)
{
	struct manifest_app a;
	a.domain = view_cut(rest, ' ', &a.name);
	if (!manifest_name_is_safe(a.name) || !manifest_name_is_safe(a.domain))
		return UC_E_MALFORMED;
	return r->app(r->ctx, &a);
}

/* Of all that stands before its line. */
static uc_err end_read(struct view text, const uint8_t *line, struct view rest, struct view after)
{
	uint8_t said[SHA256_BYTES], have[SHA256_BYTES];
	TRY(sha256(view_make(text.p, (size_t)(line - text.p)), have));
	if (!hash_read(rest, said) || after.n)
		return UC_E_MALFORMED;
	return view_equal(VIEW_OF(said), VIEW_OF(have)) ? UC_OK : UC_E_CORRUPT;
}

static uc_err head_read(struct view *rest)
{
	struct view line, word;
	uint8_t hash[SHA256_BYTES];
	*rest = view_cut(*rest, '\n', &line);
	if (!view_equal(line, view_str(first_line)))
		return view_starts_with(line, VIEW_LIT("undercroft backup ")) ? UC_E_VERSION
									      : UC_E_MALFORMED;
	*rest = view_cut(*rest, '\n', &line);
	(void)view_cut(line, ' ', &word);
	if (!view_equal(word, VIEW_LIT("made")))
		return UC_E_MALFORMED;
	*rest = view_cut(*rest, '\n', &line);
	struct view value = view_cut(line, ' ', &word);
	return view_equal(word, VIEW_LIT("config")) && hash_read(value, hash) ? UC_OK
									      : UC_E_MALFORMED;
}

uc_err manifest_read(struct view text, const struct manifest_reader *r)
{
	struct view rest = text, line, word;
	bool has_app = false;
	TRY(head_read(&rest));
	while (rest.n) {
		const uint8_t *at = rest.p;
		rest = view_cut(rest, '\n', &line);
		struct view more = view_cut(line, ' ', &word);
		/* Without its newline a line may be cut off. */
		if (!rest.p)
			return UC_E_MALFORMED;
		if (view_equal(word, VIEW_LIT("end")))
			return end_read(text, at, more, rest);
		if (view_equal(word, VIEW_LIT("app"))) {
			TRY(app_read(more, r));
			has_app = true;
		} else if (has_app && view_equal(word, VIEW_LIT("file"))) {
			TRY(file_read(more, r));
		} else {
			return UC_E_MALFORMED;
		}
	}
	return UC_E_MALFORMED;
}
