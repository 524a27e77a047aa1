/* SPDX-License-Identifier: Apache-2.0 */
/* A ciphertext that opens under two keys, and why it does not here. */
#include "crypto/committed.h"

#include "tests/unit/harness.h"

#include <stdio.h>

static char file[8192];

/* The hex after "name": in the vector's file. */
static struct view value_of(const char *name)
{
	static char text[4096];
	char what[32];
	size_t n = 0;
	snprintf(what, sizeof what, "\"%s\": \"", name);
	const char *at = strstr(file, what);
	for (at = at ? at + strlen(what) : ""; at[n] && at[n] != '"' && n + 1 < sizeof text; n++)
		text[n] = at[n];
	text[n] = 0;
	return test_hex(text);
}

static bool file_read(void)
{
	FILE *f = fopen(SALAMANDER, "r");
	if (!f)
		return false;
	file[fread(file, 1, sizeof file - 1, f)] = 0;
	fclose(f);
	return true;
}

static void copy(uint8_t *to, struct view v)
{
	memcpy(to, v.p, v.n);
}

TEST(two_keys_open_one_ciphertext_and_one_alone_what_is_committed)
{
	const struct suite *s = suite_find(SUITE_P384_AES256); /* AES-256-GCM */
	uint8_t key1[32], key2[32], nonce[12], blob[COMMITMENT + 512], mine[COMMITMENT + 512];
	uint8_t pt1[512], pt2[512], out[512];
	if (!s || !file_read()) {
		test_skip(s ? "no " SALAMANDER : "no AES-256-GCM");
		return;
	}
	copy(key1, value_of("key1"));
	copy(key2, value_of("key2"));
	copy(nonce, value_of("nonce"));
	size_t n = value_of("ct").n;
	copy(blob + COMMITMENT, value_of("ct"));
	copy(blob + COMMITMENT + n, value_of("tag"));
	copy(pt1, value_of("pt1"));
	copy(pt2, value_of("pt2"));
	struct view ct = view_make(blob + COMMITMENT, n + AEAD_TAG);
	struct view whole = view_make(blob, COMMITMENT + n + AEAD_TAG), none = { NULL, 0 };
	/* As it stands, it is two texts. */
	expect_ok(suite_open(s, VIEW_OF(key1), VIEW_OF(nonce), none, ct, out));
	expect_bytes(view_make(out, n), view_make(pt1, n));
	expect_ok(suite_open(s, VIEW_OF(key2), VIEW_OF(nonce), none, ct, out));
	expect_bytes(view_make(out, n), view_make(pt2, n));
	/* Whatever stands in front, one of the two at most opens it. */
	expect_err(committed_open(s, VIEW_OF(key1), VIEW_OF(nonce), none, ct, out), UC_E_DECRYPT);
	expect_err(committed_open(s, VIEW_OF(key2), VIEW_OF(nonce), none, ct, out), UC_E_DECRYPT);
	expect_ok(committed_seal(s, VIEW_OF(key1), VIEW_OF(nonce), none, view_make(pt1, n), mine));
	memcpy(blob, mine, COMMITMENT);
	expect_ok(committed_open(s, VIEW_OF(key1), VIEW_OF(nonce), none, whole, out));
	expect_err(committed_open(s, VIEW_OF(key2), VIEW_OF(nonce), none, whole, out),
		   UC_E_DECRYPT);
	expect_ok(committed_seal(s, VIEW_OF(key2), VIEW_OF(nonce), none, view_make(pt2, n), mine));
	memcpy(blob, mine, COMMITMENT);
	expect_err(committed_open(s, VIEW_OF(key1), VIEW_OF(nonce), none, whole, out),
		   UC_E_DECRYPT);
}

TEST(what_is_sealed_opens_and_nothing_else)
{
	const struct suite *s = suite_find(SUITE_X25519_CHACHA);
	uint8_t key[32] = { 7 }, nonce[12] = { 8 }, ct[COMMITMENT + 32], out[32];
	struct view pt = VIEW_LIT("a picture"), aad = VIEW_LIT("whose");
	size_t n = COMMITMENT + pt.n + AEAD_TAG;
	expect_ok(committed_seal(s, VIEW_OF(key), VIEW_OF(nonce), aad, pt, ct));
	expect_ok(committed_open(s, VIEW_OF(key), VIEW_OF(nonce), aad, view_make(ct, n), out));
	expect_bytes(view_make(out, pt.n), pt);
	for (size_t i = 0; i < n; i++) {
		ct[i] ^= 1;
		expect(committed_open(s, VIEW_OF(key), VIEW_OF(nonce), aad, view_make(ct, n), out));
		ct[i] ^= 1;
		expect(committed_open(s, VIEW_OF(key), VIEW_OF(nonce), aad, view_make(ct, i), out));
	}
	nonce[0]++;
	expect_err(committed_open(s, VIEW_OF(key), VIEW_OF(nonce), aad, view_make(ct, n), out),
		   UC_E_DECRYPT);
	expect_err(committed_seal(s, view_make(key, 16), VIEW_OF(nonce), aad, pt, ct),
		   UC_E_ARGUMENT);
}
