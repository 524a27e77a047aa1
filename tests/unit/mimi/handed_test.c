/* SPDX-License-Identifier: Apache-2.0 */
/* Contact codes and links as people type and paste them. */
#include "mimi/contact_code.h"
#include "mimi/contact_link.h"
#include "mimi/web_place.h"
#include "tests/unit/harness.h"

#include <stdio.h>

static struct view address = { NULL, 0 };

static void address_begin(struct arena *a)
{
	arena_init(a, 1 << 16, ARENA_PLAIN);
	address =
		VIEW_LIT("mimi://plaza.example/q/AbCd_-0123456789AbCd_-0123456789AbCd_-0123456789");
}

TEST(a_code_is_read_as_it_is_typed)
{
	static const char *const same[] = { "7KQX-M0RA", "7kqxm0ra", " 7kqx mora ", "7K-QX-MO-RA" };
	static const char *const none[] = { "", "7KQX-M0R", "7KQX-M0RAA", "7KQX-M0RU",
					    "7KQX_M0RA" };
	uint8_t first[CONTACT_CODE], read[CONTACT_CODE];
	expect_ok(contact_code_read(view_str(same[0]), first));
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		expect_ok(contact_code_read(view_str(same[i]), read));
		expect_bytes(VIEW_OF(read), VIEW_OF(first));
	}
	expect_ok(contact_code_read(VIEW_LIT("iIlL1111"), read));
	expect_bytes(VIEW_OF(read), VIEW_LIT("11111111"));
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		memset(read, 'x', sizeof read);
		expect_err(contact_code_read(view_str(none[i]), read), UC_E_CODE);
		expect_bytes(VIEW_OF(read), VIEW_LIT("xxxxxxxx"));
	}
	expect_err(contact_code_read(view_make("7KQX\0M0R", 8), read), UC_E_CODE);
}

TEST(codes_are_of_all_signs_alike)
{
	char code[CONTACT_CODE_SHOWN];
	uint8_t read[CONTACT_CODE];
	unsigned seen[128] = { 0 }, different = 0;
	for (int i = 0; i < 4000; i++) {
		expect_ok(contact_code_make(test_env(), code));
		expect_eq(code[4], '-');
		expect_ok(contact_code_read(view_str(code), read));
		for (size_t k = 0; k < sizeof read; k++)
			different += !seen[read[k] & 127]++;
	}
	expect_eq(different, 32);
	for (unsigned c = 0; c < 128; c++)
		expect(!seen[c] || (seen[c] > 800 && seen[c] < 1200));
}

TEST(what_is_no_code_has_a_hash_that_none_equals)
{
	static const uint8_t key[32] = { 1 }, id[16] = { 2 },
			     tag[2][CONTACT_CODE_TAG] = { { 3 }, { 4 } };
	uint8_t a[SHA256_BYTES], b[SHA256_BYTES];
	struct view k = VIEW_OF(key), i = VIEW_OF(id), t = VIEW_OF(tag[0]);
	expect_ok(contact_code_hash(k, i, t, VIEW_LIT("7KQX-M0RA"), a));
	expect_ok(contact_code_hash(k, i, t, VIEW_LIT("7kqx mora"), b));
	expect_bytes(VIEW_OF(a), VIEW_OF(b));
	expect_ok(contact_code_hash(k, i, VIEW_OF(tag[1]), VIEW_LIT("7KQX-M0RA"), b));
	expect(!view_equal(VIEW_OF(a), VIEW_OF(b)));
	/* No code has the hash of what is none, not even that of eight zeros. */
	expect_ok(contact_code_hash(k, i, t, VIEW_LIT(""), a));
	expect_ok(contact_code_hash(k, i, t, view_make("\0\0\0\0\0\0\0\0", 8), b));
	expect_bytes(VIEW_OF(a), VIEW_OF(b));
	expect_ok(contact_code_hash(k, i, t, VIEW_LIT("00000000"), b));
	expect(!view_equal(VIEW_OF(a), VIEW_OF(b)));
}

static struct contact_link made(struct arena *a, struct view *text)
{
	static const uint8_t account_key[32] = { 7 };
	struct contact_link l = { .address = address, .request_key = { 5, 6 } };
	expect_ok(contact_link_check(address, VIEW_OF(account_key), l.check));
	expect_ok(contact_link_write(&l, a, text));
	return l;
}

TEST(a_link_is_read_as_it_was_made)
{
	struct arena a;
	struct contact_link l, read;
	struct view text = { NULL, 0 };
	char typed[1200];
	address_begin(&a);
	l = made(&a, &text);
	expect(view_starts_with(text, VIEW_LIT("https://plaza.example/#/link/")));
	const char *const forms[] = { "%.*s", " %.*s\n" };
	for (size_t i = 0; i < 2; i++) {
		snprintf(typed, sizeof typed, i ? forms[1] : forms[0], (int)text.n, text.p);
		expect_ok(contact_link_read(view_str(typed), &a, &read));
		expect_bytes(read.address, address);
		expect_bytes(read.domain, VIEW_LIT("plaza.example"));
		expect_bytes(VIEW_OF(read.request_key), VIEW_OF(l.request_key));
		expect_bytes(VIEW_OF(read.check), VIEW_OF(l.check));
	}
	/* With a port, and without the scheme. */
	snprintf(typed, sizeof typed, "https://plaza.example:8441%.*s", (int)text.n - 21,
		 text.p + 21);
	expect_ok(contact_link_read(view_str(typed), &a, &read));
	expect_bytes(read.address, address);
	expect_ok(contact_link_read(view_slice(text, 8, text.n), &a, &read));
	arena_done(&a);
}

TEST(what_is_no_link_is_refused)
{
	struct arena a;
	struct contact_link read;
	struct view text = { NULL, 0 };
	char bad[1200];
	address_begin(&a);
	(void)made(&a, &text);
	/* Cut off anywhere; one sign changed anywhere. */
	for (size_t n = 0; n < text.n; n++)
		expect_err(contact_link_read(view_slice(text, 0, n), &a, &read), UC_E_ADDRESS);
	for (size_t i = 29; i < text.n; i++) {
		memcpy(bad, text.p, text.n);
		bad[i] = bad[i] == 'A' ? 'B' : 'A';
		expect_err(contact_link_read(view_make(bad, text.n), &a, &read), UC_E_ADDRESS);
	}
	static const char *const none[] = {
		"",
		"https://plaza.example/#/link/",
		"https://plaza.example/",
		"https://Plaza Example/#/link/AQ",
		"mimi://plaza.example/q/abc",
		"/#/link/AQ",
	};
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		expect_err(contact_link_read(view_str(none[i]), &a, &read), UC_E_ADDRESS);
	/* Only of an address to ask at. */
	struct contact_link l = { .address = VIEW_LIT("mimi://plaza.example/k/abcd") };
	expect_err(contact_link_write(&l, &a, &text), UC_E_ADDRESS);
	arena_done(&a);
}

TEST(a_place_is_read_as_it_is_pasted)
{
	static const struct {
		const char *text, *domain, *rest; /* NULL: it is none */
	} rows[] = {
		{ "https://dial.example/#/device/ab-cd", "dial.example", "ab-cd" },
		{ " \n\tdial.example:8441/#/device/ab cd\r\n", "dial.example", "ab cd" },
		{ "https://dial.example/#/device/", "dial.example", "" },
		{ "https://dial.example/#/device/a/b#c", "dial.example", "a/b#c" },
		{ "https://dial.example/#/link/ab-cd", NULL, NULL },
		{ "https://dial.example/#/device", NULL, NULL },
		{ "https://dial.example/device/ab", NULL, NULL },
		{ "http://dial.example/#/device/ab", NULL, NULL },
		{ "https:///#/device/ab", NULL, NULL },
		{ "https://Dial example/#/device/ab", NULL, NULL },
		{ "dial.example", NULL, NULL },
		{ " ", NULL, NULL },
		{ "", NULL, NULL },
	};
	struct view domain, rest;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool is_one = web_place_read(view_str(rows[i].text), WEB_DEVICE, &domain, &rest);
		expect_eq(is_one, rows[i].domain != NULL);
		if (!is_one || !rows[i].domain)
			continue;
		expect_bytes(domain, view_str(rows[i].domain));
		expect_bytes(rest, view_str(rows[i].rest));
	}
}

TEST(a_place_is_written_with_the_port_it_has)
{
	static const struct {
		enum web_place place;
		uint16_t port;
		const char *text;
	} rows[] = {
		{ WEB_LINK, 0, "https://dial.example/#/link/" },
		{ WEB_LINK, 8441, "https://dial.example:8441/#/link/" },
		{ WEB_DEVICE, 65535, "https://dial.example:65535/#/device/" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct view domain, rest;
		struct buf b;
		buf_init(&b, 100);
		web_place_add(&b, rows[i].place, VIEW_LIT("dial.example"), rows[i].port);
		expect_bytes(buf_view(&b), view_str(rows[i].text));
		expect(web_place_read(buf_view(&b), rows[i].place, &domain, &rest));
		expect_bytes(domain, VIEW_LIT("dial.example"));
		expect_eq(rest.n, 0);
		buf_done(&b);
	}
}
