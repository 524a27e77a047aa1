/* SPDX-License-Identifier: Apache-2.0 */
/* Files beside messages: sealed, opened, and nothing else opened; their names made harmless. */
#include "mimi/attachment.h"

#include "base/heap.h"
#include "tests/unit/harness.h"
#include "tests/unit/two_keys.h"

static struct arena mem;
#define DOMAIN VIEW_LIT("dial.example")

static void begin(void)
{
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
}

static uint8_t *file_make(size_t n)
{
	uint8_t *p = heap_new(n);
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(i * 31 + 1);
	return p;
}

struct sealed {
	struct external_part e;
	uint8_t *bytes;
	size_t n;
};

static struct sealed seal(const uint8_t *file, size_t n)
{
	struct sealed s = { .n = attachment_sealed_size(n) };
	s.bytes = heap_new(s.n);
	expect_ok(attachment_seal(test_env(), DOMAIN, view_make(file, n), &mem, &s.e, s.bytes));
	return s;
}

static uc_err open(const struct sealed *s, uint8_t *out)
{
	return attachment_open(&s->e, view_make(s->bytes, s->n), out);
}

/* What is at the URL is another thing, and the message says so. */
static void hash_again(struct sealed *s)
{
	uint8_t hash[SHA256_BYTES];
	expect_ok(sha256(view_make(s->bytes, s->n), hash));
	expect_ok(arena_copy(&mem, VIEW_OF(hash), &s->e.content_hash));
}

TEST(a_file_comes_out_as_it_went_in)
{
	static const size_t sizes[] = { 1, 15, 4095, 4096, 4097, 70000, 300001 };
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		begin();
		size_t n = sizes[i];
		uint8_t *file = file_make(n), *out = heap_new(n);
		struct sealed s = seal(file, n);
		struct attachment at;
		expect_ok(attachment_of(&s.e, &at));
		expect_bytes(at.domain, DOMAIN);
		expect_eq(at.size, n);
		expect_eq(at.sealed, s.n);
		expect_ok(open(&s, out));
		expect_bytes(view_make(out, n), view_make(file, n));
		heap_free(out);
		heap_free(file);
		heap_free(s.bytes);
		arena_done(&mem);
	}
}

TEST(lengths_say_little)
{
	size_t different = 0, last = 0;
	for (size_t n = 1; n <= ATTACHMENT_MAX; n += 997) {
		size_t is = attachment_sealed_size(n) - ATTACHMENT_OVERHEAD;
		expect(is >= n && is <= ATTACHMENT_MAX);
		expect(n < ATTACHMENT_PADDED_LEAST || is - n <= n / 8);
		different += is != last;
		last = is;
	}
	expect(different < 350);
	expect_eq(attachment_sealed_size(ATTACHMENT_MAX), ATTACHMENT_SEALED_MAX);
}

TEST(two_of_one_file_have_nothing_in_common)
{
	begin();
	uint8_t *file = file_make(100);
	struct sealed a = seal(file, 100), b = seal(file, 100);
	expect(!view_equal(a.e.url, b.e.url));
	expect(!view_equal(a.e.key, b.e.key));
	expect(!view_equal(a.e.content_hash, b.e.content_hash));
	heap_free(file);
	heap_free(a.bytes);
	heap_free(b.bytes);
	arena_done(&mem);
}

TEST(bytes_that_are_not_what_was_sent_are_refused)
{
	uint8_t out[100], untouched[100] = { 0 };
	begin();
	uint8_t *file = file_make(100);
	struct sealed s = seal(file, 100);
	memset(out, 0, sizeof out);
	static const size_t places[] = { 0, 31, 32, 33, 131, 132, 4127, 4128, 4143 };
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		s.bytes[places[i]] ^= 1;
		expect_err(open(&s, out), UC_E_DECRYPT);
		s.bytes[places[i]] ^= 1;
	}
	for (size_t n = 0; n < s.n; n += 211)
		expect_err(attachment_open(&s.e, view_make(s.bytes, n), out), UC_E_DECRYPT);
	/* Also where the message has the hash of just these. */
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		struct sealed t = s;
		t.bytes[places[i]] ^= 1;
		hash_again(&t);
		expect_err(open(&t, out), UC_E_DECRYPT);
		t.bytes[places[i]] ^= 1;
	}
	expect_bytes(VIEW_OF(out), VIEW_OF(untouched));
	expect_ok(open(&s, out));
	heap_free(file);
	heap_free(s.bytes);
	arena_done(&mem);
}

TEST(a_sender_does_not_say_another_file_or_length_than_it_sealed)
{
	uint8_t *out = heap_new(4096), *file = file_make(100);
	uint8_t other[32] = { 1 };
	begin();
	struct sealed s = seal(file, 100), t = s;
	t.e.size = 101; /* a zero more */
	expect_err(open(&t, out), UC_E_DECRYPT);
	t.e.size = 99;
	expect_err(open(&t, out), UC_E_DECRYPT);
	t = s;
	t.e.aad = VIEW_OF(other);
	expect_err(open(&t, out), UC_E_DECRYPT);
	t = s;
	t.e.key = view_make(other, ATTACHMENT_KEY);
	expect_err(open(&t, out), UC_E_DECRYPT);
	t = s;
	t.e.nonce = view_make(other, ATTACHMENT_NONCE);
	expect_err(open(&t, out), UC_E_DECRYPT);
	heap_free(out);
	heap_free(file);
	heap_free(s.bytes);
	arena_done(&mem);
}

TEST(one_ciphertext_for_two_keys_opens_with_one_of_them_at_most)
{
	enum { N = 4096 };
	struct two_keys k = { .key = { { 1 }, { 2 } }, .nonce = { 3 }, .aad = { { 4 }, { 5 } } };
	const struct suite *suite = suite_find(SUITE_X25519_AES128);
	uint8_t *bytes = heap_new(COMMITMENT + N + AEAD_TAG), *out = heap_new(N);
	uint8_t *ct = bytes + COMMITMENT, hash[SHA256_BYTES];
	begin();
	two_keys_make(&k, ct, N);
	for (int i = 0; i < 2; i++) /* as it stands, it is two files */
		expect_ok(suite_open(suite, VIEW_OF(k.key[i]), VIEW_OF(k.nonce), VIEW_OF(k.aad[i]),
				     view_make(ct, N + AEAD_TAG), out));
	/* Whichever of them it commits to, in a message that has its hash. */
	for (int by = 0; by < 2; by++) {
		uint8_t *mine = heap_new(COMMITMENT + N + AEAD_TAG);
		struct view none = { NULL, 0 }, whole = { bytes, COMMITMENT + N + AEAD_TAG };
		expect_ok(committed_seal(suite, VIEW_OF(k.key[by]), VIEW_OF(k.nonce), none,
					 view_make(ct, N), mine));
		memcpy(bytes, mine, COMMITMENT);
		heap_free(mine);
		expect_ok(committed_open(suite, VIEW_OF(k.key[by]), VIEW_OF(k.nonce),
					 VIEW_OF(k.aad[by]), whole, out));
		expect_err(committed_open(suite, VIEW_OF(k.key[!by]), VIEW_OF(k.nonce),
					  VIEW_OF(k.aad[!by]), whole, out),
			   UC_E_DECRYPT);
		expect_ok(sha256(whole, hash));
		for (int i = 0; i < 2; i++) {
			struct external_part e = {
				.url = VIEW_LIT("https://dial.example/v1/attachments/"
						"00112233445566778899aabbccddeeff"
						"00112233445566778899aabbccddeeff"),
				.size = N,
				.enc_alg = ATTACHMENT_AES_128_GCM,
				.key = VIEW_OF(k.key[i]),
				.nonce = VIEW_OF(k.nonce),
				.aad = VIEW_OF(k.aad[i]),
				.hash_alg = ATTACHMENT_SHA_256,
				.content_hash = VIEW_OF(hash),
			};
			expect_err(attachment_open(&e, whole, out), UC_E_DECRYPT);
		}
	}
	heap_free(out);
	heap_free(bytes);
	arena_done(&mem);
}

static void expect_no_part(const struct external_part *e)
{
	struct attachment at;
	expect_err(attachment_of(e, &at), UC_E_UNSUPPORTED);
}

TEST(what_is_of_another_kind_is_not_opened)
{
	static const char *const urls[] = {
		"http://dial.example/v1/attachments/"
		"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
		"https://dial.example/v1/attachments/"
		"00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff",
		"https://dial.example/v1/attachments/00",
		"https://dial.example/v1/attachments/"
		"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff?x",
		"https://dial.example:444/v1/attachments/"
		"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
		"https://u@dial.example/v1/attachments/"
		"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
		"https:///v1/attachments/"
		"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
		"https://dial.example/v1/follow/"
		"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
		"",
	};
	begin();
	uint8_t *file = file_make(1);
	struct sealed s = seal(file, 1);
	struct external_part e = s.e;
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		e.url = view_str(urls[i]);
		expect_no_part(&e);
	}
	e = s.e;
	e.enc_alg = 2;
	expect_no_part(&e);
	e = s.e;
	e.hash_alg = 7;
	expect_no_part(&e);
	e = s.e;
	e.size = 0;
	expect_no_part(&e);
	e = s.e;
	e.size = (uint64_t)ATTACHMENT_MAX + 1;
	expect_no_part(&e);
	e = s.e;
	e.size = UINT64_MAX;
	expect_no_part(&e);
	e = s.e;
	e.key.n--;
	expect_no_part(&e);
	e = s.e;
	e.nonce.n--;
	expect_no_part(&e);
	e = s.e;
	e.aad.n = 0;
	expect_no_part(&e);
	e = s.e;
	e.content_hash.n--;
	expect_no_part(&e);
	heap_free(file);
	heap_free(s.bytes);
	arena_done(&mem);
}

TEST(no_file_is_empty_or_too_large)
{
	struct external_part e;
	uint8_t byte = 0;
	begin();
	expect_err(attachment_seal(test_env(), DOMAIN, (struct view){ &byte, 0 }, &mem, &e, NULL),
		   UC_E_ARGUMENT);
	expect_err(attachment_seal(test_env(), DOMAIN,
				   (struct view){ &byte, (size_t)ATTACHMENT_MAX + 1 }, &mem, &e,
				   NULL),
		   UC_E_TOO_LARGE);
	arena_done(&mem);
}

TEST(names_are_made_harmless)
{
	static const char *const names[][2] = {
		{ "beans.jpg", "beans.jpg" },
		{ "/etc/passwd", "passwd" },
		{ "../../.ssh/authorized_keys", "authorized_keys" },
		{ "..\\..\\boot.ini", "boot.ini" },
		{ "C:\\x\\a.txt", "a.txt" },
		{ ".bashrc", "bashrc" },
		{ "..", "file" },
		{ "a/..", "file" },
		{ "", "file" },
		{ "dir/", "file" },
		{ "-rf", "rf" },
		{ "--help", "help" },
		{ "~root", "root" },
		{ "a\x1b[2Jb.txt", "a[2Jb.txt" },
		{ "a\nb.txt", "ab.txt" },
		{ "photo\u202egpj.exe", "photogpj.exe" },
		{ "a\u200b\u2066b.txt", "ab.txt" },
		{ "\u202e\u200b", "file" },
		{ "a\xff\xfe.txt", "a.txt" },
		{ "a$(rm).txt", "a_(rm).txt" },
		{ "a;b|c>d.txt", "a_b_c_d.txt" },
		{ "trailing. . ", "trailing" },
		{ "M\u00fcller \u2764.pdf", "M\u00fcller \u2764.pdf" },
		{ "a.tar.gz", "a.tar.gz" },
	};
	char out[FILE_NAME_MAX + 1];
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		file_name_clean(view_str(names[i][0]), out);
		expect_bytes(view_str(out), view_str(names[i][1]));
		/* And it stays what it is. */
		file_name_clean(view_str(names[i][1]), out);
		expect_bytes(view_str(out), view_str(names[i][1]));
	}
}

TEST(long_names_keep_their_ending)
{
	char name[600], out[FILE_NAME_MAX + 1];
	memset(name, 'a', sizeof name);
	memcpy(name + sizeof name - 6, ".jpeg", 6);
	file_name_clean(view_str(name), out);
	expect_eq(strlen(out), FILE_NAME_MAX);
	expect(!strcmp(out + FILE_NAME_MAX - 5, ".jpeg"));
	for (size_t i = 0; i + 2 < sizeof name; i += 2)
		memcpy(name + i, "\u00fc", 2); /* no half of a letter */
	name[599] = 0;
	name[598] = 0;
	file_name_clean(view_str(name), out);
	expect(strlen(out) % 2 == 0 && strlen(out) <= FILE_NAME_MAX);
}

TEST(types_are_types_or_nothing_in_particular)
{
	static const char *const types[][2] = {
		{ "image/png", "image/png" },
		{ "text/plain;charset=utf-8", "text/plain" },
		{ "application/vnd.oasis.opendocument.text",
		  "application/vnd.oasis.opendocument.text" },
		{ "", "application/octet-stream" },
		{ "image", "application/octet-stream" },
		{ "/png", "application/octet-stream" },
		{ "image/", "application/octet-stream" },
		{ "a/b/c", "application/octet-stream" },
		{ "image/\u202egnp", "application/octet-stream" },
		{ "image/p ng", "application/octet-stream" },
	};
	char out[FILE_TYPE_MAX + 1], longest[200];
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		file_type_clean(view_str(types[i][0]), out);
		expect_bytes(view_str(out), view_str(types[i][1]));
	}
	memset(longest, 'a', sizeof longest);
	longest[5] = '/';
	file_type_clean(VIEW_OF(longest), out);
	expect_bytes(view_str(out), VIEW_LIT("application/octet-stream"));
}
