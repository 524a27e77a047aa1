/* SPDX-License-Identifier: Apache-2.0 */
/* What others wrote, on a terminal. */
#include "cli/print.h"
#include "tests/unit/harness.h"

static struct view shown(const char *text)
{
	static char out[4096];
	FILE *f = fmemopen(out, sizeof out, "w");
	expect(f != NULL);
	if (!f)
		return (struct view){ 0 };
	print_text(f, text);
	long n = ftell(f);
	fclose(f);
	return view_make(out, n < 0 ? 0 : (size_t)n);
}

TEST(plain_text_as_it_is)
{
	expect_bytes(shown("Grüße, Tom: 你好"), VIEW_LIT("Grüße, Tom: 你好"));
	expect_bytes(shown(""), VIEW_LIT(""));
}

TEST(nothing_that_moves_the_terminal)
{
	static const char *const hostile[] = {
		"a\x1b[2Jb",
		"a\x07"
		"b",
		"a\rb",
		"a\nb",
		"a\xc2\x9b"
		"31mb",
		"a\xe2\x80\xae"
		"b",
		"a\xe2\x80\x8b"
		"b",
		"a\xe2\x81\xa6"
		"b",
		"a\xe2\x80\xa8"
		"b",
		"a\xff"
		"b",
		"a\x7f"
		"b",
	};
	for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
		struct view v = shown(hostile[i]);
		expect(v.n > 3);
		expect(v.n && v.p[0] == 'a' && v.p[v.n - 1] == 'b');
		for (size_t k = 0; k < v.n; k++)
			expect(v.p[k] >= 0x20 && v.p[k] < 0x7f);
	}
}

TEST(ids)
{
	struct uc_id id = { .b = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xff } };
	char text[17];
	expect_bytes(view_str(print_id(&id, text)), VIEW_LIT("0123456789abcdef"));
}

/* --- what has happened to the list of devices --- */

static const char *change(enum uc_device_change_kind kind, bool by_this)
{
	static char out[1024];
	const struct uc_device_change x = {
		.kind = kind, .device_key = { 0xab }, .by = { 0xcd }, .number = 7
	};
	const struct device_known none = { .number = 0 }, by = { .number = 1, .is_this = by_this };
	FILE *before = stdout, *f = fmemopen(out, sizeof out, "w");
	expect(f != NULL);
	if (!f)
		return "";
	stdout = f;
	print_device_change(false, &x, &none, &by);
	stdout = before;
	fclose(f);
	return out;
}

TEST(who_has_let_in_a_device)
{
	const char *by_this = change(UC_DEVICE_ADDED, true);
	expect(strstr(by_this, "device ab00000000000000 was added by this device\n"));
	expect(strstr(change(UC_DEVICE_ADDED, false), "was added by device cd00000000000000 (1)"));
	const char *hidden = change(UC_DEVICE_HIDDEN, true);
	expect(strstr(hidden, "device ab00000000000000 stands in a room as yours"));
	expect(strstr(hidden, "added by this device\n"));
}
