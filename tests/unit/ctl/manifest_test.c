/* SPDX-License-Identifier: Apache-2.0 */
/* What a backup says it holds: read back as written, and nothing else read at all. */
#include "ctl/manifest.h"
#include "tests/unit/harness.h"

static const uint8_t hash[SHA256_BYTES] = { 0xab, 1 };

struct seen {
	size_t apps, files;
	uint64_t bytes;
	uc_err say;
};

static uc_err on_app(void *ctx, const struct manifest_app *a)
{
	struct seen *s = ctx;
	s->apps++;
	expect_bytes(a->name, VIEW_LIT("dial"));
	expect_bytes(a->domain, VIEW_LIT("dial.example"));
	return UC_OK;
}

static uc_err on_file(void *ctx, const struct manifest_file *f)
{
	struct seen *s = ctx;
	s->files++;
	s->bytes += f->bytes;
	expect_bytes(VIEW_OF(f->hash), VIEW_OF(hash));
	expect_eq(f->mode, 0600);
	return s->say;
}

static void write(struct buf *out, const char *kind, const char *name)
{
	struct manifest_file f = {
		.bytes = 17, .mode = 0600, .kind = view_str(kind), .name = view_str(name)
	};
	memcpy(f.hash, hash, sizeof hash);
	buf_init(out, MANIFEST_MAX);
	manifest_begin(out, "2026-11-26T00:00:00Z", hash);
	manifest_add_app(out, "dial", "dial.example");
	manifest_add_file(out, &f);
	manifest_add_file(out, &f);
	expect_ok(manifest_end(out));
}

static uc_err read(struct view text, struct seen *s)
{
	const struct manifest_reader r = { s, on_app, on_file };
	return manifest_read(text, &r);
}

TEST(it_comes_back_as_it_was_written)
{
	struct buf b;
	struct seen s = { .apps = 0 };
	write(&b, "rooms", "000012.sst");
	expect_ok(read(buf_view(&b), &s));
	expect_eq(s.apps, 1);
	expect_eq(s.files, 2);
	expect_eq(s.bytes, 34);
	s.say = UC_E_FULL;
	expect_err(read(buf_view(&b), &s), UC_E_FULL);
	buf_done(&b);
}

TEST(no_file_lies_elsewhere)
{
	static const struct {
		const char *kind, *name;
	} bad[] = {
		{ "rooms", "../x" },
		{ "rooms", ".x" },
		{ "rooms", "" },
		{ "rooms", "a/b" },
		{ "..", "x" },
		{ "keys/..", "x" },
		{ "", "x" },
		{ "rooms", "a b" },
		{ "rooms", "a\nb" },
		{ "rooms", "a\x80" },
		{ "logs", "000012.log" },
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct buf b;
		struct seen s = { .apps = 0 };
		write(&b, bad[i].kind, bad[i].name);
		expect_err(read(buf_view(&b), &s), UC_E_MALFORMED);
		expect(!s.files || strchr(bad[i].name, '\n'));
		buf_done(&b);
	}
}

/* Each byte changed, each end cut off: never taken. */
TEST(what_is_damaged_is_refused)
{
	struct buf b;
	write(&b, "rooms", "000012.sst");
	for (size_t i = 0; i < b.n; i++) {
		struct seen s = { .apps = 0 };
		uint8_t was = b.p[i];
		if (i < 19) {
			b.p[i] ^= 1;
			expect(read(buf_view(&b), &s) != UC_OK);
			b.p[i] = was;
		}
		expect(read(view_make(b.p, i), &s) != UC_OK);
	}
	/* Words that mean as much as before, and are not what was hashed. */
	struct seen s = { .apps = 0 };
	uint8_t *made = b.p + 20;
	made[5] = '3';
	expect_err(read(buf_view(&b), &s), UC_E_CORRUPT);
	made[5] = '2';
	expect_ok(read(buf_view(&b), &s));
	buf_add_str(&b, "\n");
	expect_err(read(buf_view(&b), &s), UC_E_MALFORMED);
	buf_done(&b);
}

TEST(later_forms_are_named)
{
	struct seen s = { .apps = 0 };
	expect_err(read(VIEW_LIT("undercroft backup 2\n"), &s), UC_E_VERSION);
	expect_err(read(VIEW_LIT("something else\n"), &s), UC_E_MALFORMED);
	expect_err(read(VIEW_LIT(""), &s), UC_E_MALFORMED);
	expect_eq(s.apps + s.files, 0);
}
