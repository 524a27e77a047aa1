/* SPDX-License-Identifier: Apache-2.0 */
/* Records of TLS 1.3 as a server takes and makes them, against a client made of the same parts: what is
 * right arrives, what is wrong is refused by its own alert. */
#include "net/tls_record.h"
#include "base/heap.h"
#include "tests/unit/harness.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

static struct {
	struct tls_ciphers *ciphers;
	enum tls_suite suite;
	struct tls_record *server;
	struct tls_key says, hears; /* the client's */
	uint8_t wire[TLS_RECORD_MAX + 512], out[20000];
	size_t n, got;
} w;

static void begin(enum tls_suite suite)
{
	memset(&w, 0, sizeof w);
	w.suite = suite;
	expect_ok(tls_ciphers_new(&w.ciphers));
	w.server = tls_record_new();
	w.server->suite = (uint8_t)suite;
	for (size_t i = 0; i < TLS_SECRET_MAX; i++) {
		w.says.secret[i] = w.server->read.secret[i] = (uint8_t)(i * 7 + suite);
		w.hears.secret[i] = w.server->write.secret[i] = (uint8_t)(i * 5 + 1);
	}
	expect_ok(tls_key_set(w.ciphers, suite, &w.says));
	expect_ok(tls_key_set(w.ciphers, suite, &w.hears));
	expect_ok(tls_key_set(w.ciphers, suite, &w.server->read));
	expect_ok(tls_key_set(w.ciphers, suite, &w.server->write));
}

static void end(void)
{
	tls_record_free(w.server, w.ciphers);
	tls_key_done(w.ciphers, w.suite, &w.says);
	tls_key_done(w.ciphers, w.suite, &w.hears);
	tls_ciphers_free(w.ciphers);
}

/* The client's next record lies at w.wire. */
static void client_says(uint8_t type, struct view content)
{
	expect_ok(tls_protect(w.ciphers, w.suite, &w.says, type, content, w.wire));
	w.n = content.n + TLS_OVERHEAD;
}

static uc_err server_takes(void)
{
	size_t used = 0;
	memset(w.out, 0xee, sizeof w.out);
	uc_err err =
		tls_record_open(w.server, w.ciphers, view_make(w.wire, w.n), &used, w.out, &w.got);
	expect_eq(used, err ? 0 : w.n);
	return err;
}

static void refused(enum tls_alert alert)
{
	expect_err(server_takes(), UC_E_TLS);
	expect_eq(w.server->alert, alert);
	expect_eq(w.got, 0);
	expect(!w.server->is_cut);
	end();
	begin(TLS_AES_128_GCM_SHA256);
}

static void fill(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(i * 31 + n);
}

/* The server's bytes, one record after the other: data together at w.out, KeyUpdates counted and
 * followed. */
static unsigned client_hears(const uint8_t *p, size_t n)
{
	unsigned updates = 0;
	w.got = 0;
	while (n) {
		size_t whole = TLS_HEAD + ((size_t)p[3] << 8 | p[4]), got = 0;
		uint8_t type = 0;
		expect(whole <= n);
		expect_ok(tls_unprotect(w.ciphers, w.suite, &w.hears, view_make(p, whole),
					w.out + w.got, &got, &type));
		if (type == TLS_HANDSHAKE) {
			expect_bytes(view_make(w.out + w.got, got), VIEW_LIT("\x18\0\0\1\0"));
			expect_ok(tls_key_next(w.ciphers, w.suite, &w.hears));
			updates++;
		} else {
			w.got += got;
		}
		p += whole;
		n -= whole;
	}
	return updates;
}

/* HKDF-Expand-Label as libcrypto has it. */
static struct view other_expand(const char *digest, struct view secret, const char *label,
				uint8_t *out, size_t n)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS13-KDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
	char prefix[] = "tls13 ", name[16], hash[16];
	snprintf(name, sizeof name, "%s", label);
	snprintf(hash, sizeof hash, "%s", digest);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, hash, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)secret.p,
						  secret.n),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PREFIX, prefix, 6),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_LABEL, name, strlen(name)),
		OSSL_PARAM_construct_end(),
	};
	expect(EVP_KDF_derive(ctx, out, n, params) == 1);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return view_make(out, n);
}

TEST(keys_are_those_of_libcrypto)
{
	static const char *const digests[] = { "SHA256", "SHA384", "SHA256" };
	static const size_t sizes[] = { 16, 32, 32 };
	for (enum tls_suite s = 0; s < TLS_SUITES_N; s++) {
		uint8_t secret[TLS_SECRET_MAX], next[TLS_SECRET_MAX], b[TLS_SECRET_MAX];
		begin(s);
		size_t n = tls_secret_bytes(s);
		struct tls_key *k = &w.server->read;
		memcpy(secret, k->secret, n);
		for (int round = 0; round < 3; round++) {
			struct view from = view_make(secret, n);
			expect_bytes(view_make(k->key, sizes[s]),
				     other_expand(digests[s], from, "key", b, sizes[s]));
			expect_bytes(VIEW_OF(k->iv), other_expand(digests[s], from, "iv", b, 12));
			expect_ok(tls_key_next(w.ciphers, s, k));
			other_expand(digests[s], from, "traffic upd", next, n);
			memcpy(secret, next, n);
			expect_bytes(view_make(k->secret, n), view_make(secret, n));
		}
		end();
	}
}

TEST(records_of_all_sizes_arrive)
{
	static uint8_t data[TLS_CONTENT_MAX];
	for (enum tls_suite s = 0; s < TLS_SUITES_N; s++) {
		begin(s);
		for (size_t n = 0; n <= TLS_CONTENT_MAX; n += n < 40 ? 1 : 4086) {
			fill(data, n);
			client_says(TLS_APPLICATION_DATA, view_make(data, n));
			expect_ok(server_takes());
			expect_bytes(view_make(w.out, w.got), view_make(data, n));
		}
		end();
	}
}

TEST(a_changed_byte_is_refused_and_nothing_is_told)
{
	uint8_t zero[16] = { 0 };
	for (enum tls_suite s = 0; s < TLS_SUITES_N; s++) {
		for (size_t at = 0; at < 16 + TLS_OVERHEAD; at++) {
			if (at == 0 || at == 3 || at == 4)
				continue; /* type and length: see below */
			begin(s);
			client_says(TLS_APPLICATION_DATA, VIEW_LIT("sixteen bytes!!!"));
			w.wire[at] ^= 0x10;
			expect_err(server_takes(), UC_E_TLS);
			expect_eq(w.server->alert, TLS_BAD_RECORD_MAC);
			expect_eq(w.got, 0);
			expect_bytes(view_make(w.out, 16), VIEW_OF(zero));
			end();
		}
	}
}

TEST(a_record_comes_once_and_in_its_place)
{
	begin(TLS_AES_128_GCM_SHA256);
	client_says(TLS_APPLICATION_DATA, VIEW_LIT("one"));
	expect_ok(server_takes());
	refused(TLS_BAD_RECORD_MAC);
	client_says(TLS_APPLICATION_DATA, VIEW_LIT("lost"));
	client_says(TLS_APPLICATION_DATA, VIEW_LIT("two"));
	refused(TLS_BAD_RECORD_MAC);
	end();
}

TEST(what_is_not_whole_waits)
{
	size_t used = 1;
	begin(TLS_CHACHA20_POLY1305_SHA256);
	client_says(TLS_APPLICATION_DATA, VIEW_LIT("in pieces"));
	for (size_t n = 0; n < w.n; n++) {
		expect_ok(tls_record_open(w.server, w.ciphers, view_make(w.wire, n), &used, w.out,
					  &w.got));
		expect_eq(used, 0);
	}
	expect_ok(server_takes());
	end();
}

TEST(heads_are_refused_before_their_bodies_come)
{
	static const struct {
		uint8_t head[TLS_HEAD];
		size_t n;
		enum tls_alert alert;
	} wrong[] = {
		{ { TLS_APPLICATION_DATA, 3, 3, 0x41, 1 }, 5, TLS_RECORD_OVERFLOW },
		{ { TLS_APPLICATION_DATA, 3, 3, 0xff, 0xff }, 5, TLS_RECORD_OVERFLOW },
		{ { TLS_APPLICATION_DATA, 3, 3, 0, 15 }, 5, TLS_BAD_RECORD_MAC },
		{ { TLS_CHANGE_CIPHER_SPEC, 3, 3, 0, 1 }, 1, TLS_UNEXPECTED_MESSAGE },
		{ { TLS_ALERT }, 1, TLS_UNEXPECTED_MESSAGE },
		{ { TLS_HANDSHAKE, 3, 3, 0, 5 }, 5, TLS_UNEXPECTED_MESSAGE },
		{ { 'G', 'E', 'T', ' ', '/' }, 5, TLS_UNEXPECTED_MESSAGE },
	};
	begin(TLS_AES_128_GCM_SHA256);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		memcpy(w.wire, wrong[i].head, TLS_HEAD);
		w.n = wrong[i].n;
		refused(wrong[i].alert);
	}
	end();
}

/* A record with this inside, content, type and padding: tls_protect's own type stands last. */
static void client_says_inner(const uint8_t *inner, size_t n)
{
	client_says(inner[n - 1], view_make(inner, n - 1));
}

TEST(padding_is_taken_off)
{
	static uint8_t inner[TLS_CONTENT_MAX + 2];
	begin(TLS_AES_256_GCM_SHA384);
	inner[0] = 'a', inner[1] = 'b', inner[2] = 'c';
	inner[3] = TLS_APPLICATION_DATA;
	client_says_inner(inner, 300);
	expect_ok(server_takes());
	expect_bytes(view_make(w.out, w.got), VIEW_LIT("abc"));
	client_says_inner(inner, TLS_CONTENT_MAX + 1);
	expect_ok(server_takes());
	expect_bytes(view_make(w.out, w.got), VIEW_LIT("abc"));
	client_says_inner(inner, TLS_CONTENT_MAX + 2);
	refused(TLS_RECORD_OVERFLOW);
	memset(inner, 0, sizeof inner);
	client_says_inner(inner, 20);
	refused(TLS_UNEXPECTED_MESSAGE);
	memset(inner, TLS_APPLICATION_DATA, sizeof inner);
	client_says_inner(inner, TLS_CONTENT_MAX + 2);
	refused(TLS_RECORD_OVERFLOW);
	client_says(99, VIEW_LIT("of no type"));
	refused(TLS_UNEXPECTED_MESSAGE);
	client_says(TLS_CHANGE_CIPHER_SPEC, VIEW_LIT("\1"));
	refused(TLS_UNEXPECTED_MESSAGE);
	end();
}

TEST(a_client_updates_its_key)
{
	for (enum tls_suite s = 0; s < TLS_SUITES_N; s++) {
		begin(s);
		for (int i = 0; i < 3; i++) {
			client_says(TLS_HANDSHAKE, VIEW_LIT("\x18\0\0\1\0"));
			expect_ok(server_takes());
			expect_ok(tls_key_next(w.ciphers, s, &w.says));
			expect_eq(w.server->read.seq, 0);
			client_says(TLS_APPLICATION_DATA, VIEW_LIT("after"));
			expect_ok(server_takes());
			expect_bytes(view_make(w.out, w.got), VIEW_LIT("after"));
		}
		expect(!w.server->owes_update);
		/* The key of before is nobody's. */
		client_says(TLS_HANDSHAKE, VIEW_LIT("\x18\0\0\1\0"));
		expect_ok(server_takes());
		client_says(TLS_APPLICATION_DATA, VIEW_LIT("old"));
		refused(TLS_BAD_RECORD_MAC);
		end();
	}
}

TEST(an_update_in_pieces)
{
	begin(TLS_AES_128_GCM_SHA256);
	client_says(TLS_HANDSHAKE, VIEW_LIT("\x18\0"));
	expect_ok(server_takes());
	client_says(TLS_HANDSHAKE, VIEW_LIT("\0\1"));
	expect_ok(server_takes());
	client_says(TLS_HANDSHAKE, VIEW_LIT("\1"));
	expect_ok(server_takes());
	expect(w.server->owes_update);
	expect_ok(tls_key_next(w.ciphers, w.suite, &w.says));
	client_says(TLS_HANDSHAKE, VIEW_LIT("\x18\0"));
	expect_ok(server_takes());
	client_says(TLS_APPLICATION_DATA, VIEW_LIT("amid"));
	refused(TLS_UNEXPECTED_MESSAGE);
	end();
}

TEST(other_messages_are_refused)
{
	static const struct {
		struct view v;
		enum tls_alert alert;
	} wrong[] = {
		{ { (const uint8_t *)"\x18\0\0\1\2", 5 }, TLS_ILLEGAL_PARAMETER },
		{ { (const uint8_t *)"\x18\0\0\2\0", 5 }, TLS_DECODE_ERROR },
		{ { (const uint8_t *)"\x18\0\0\0", 4 }, TLS_DECODE_ERROR },
		{ { (const uint8_t *)"\x18\1\0\1\0", 5 }, TLS_DECODE_ERROR },
		{ { (const uint8_t *)"\x18\0\0\1\0\x18\0\0\1\0", 10 }, TLS_UNEXPECTED_MESSAGE },
		{ { (const uint8_t *)"\x18\0\0\1\0\x18", 6 }, TLS_UNEXPECTED_MESSAGE },
		{ { (const uint8_t *)"\x0b\0\0\1\0", 5 },
		  TLS_UNEXPECTED_MESSAGE },                                       /* Certificate */
		{ { (const uint8_t *)"\1\0\0\1\0", 5 }, TLS_UNEXPECTED_MESSAGE }, /* ClientHello */
		{ { (const uint8_t *)"\x14\0\0\1\0", 5 }, TLS_UNEXPECTED_MESSAGE }, /* Finished */
		{ { (const uint8_t *)"\4\0\0\1\0", 5 }, TLS_UNEXPECTED_MESSAGE },   /* ticket */
		{ { (const uint8_t *)"", 0 }, TLS_UNEXPECTED_MESSAGE },
	};
	begin(TLS_AES_128_GCM_SHA256);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		client_says(TLS_HANDSHAKE, wrong[i].v);
		refused(wrong[i].alert);
	}
	end();
}

TEST(alerts)
{
	begin(TLS_AES_128_GCM_SHA256);
	client_says(TLS_ALERT, VIEW_LIT("\1\x5a")); /* user_canceled */
	expect_ok(server_takes());
	client_says(TLS_ALERT, VIEW_LIT("\1\0"));
	expect_err(server_takes(), UC_E_CLOSED);
	client_says(TLS_ALERT, VIEW_LIT("\1"));
	refused(TLS_DECODE_ERROR);
	client_says(TLS_ALERT, VIEW_LIT("\1\0\1\0"));
	refused(TLS_DECODE_ERROR);
	client_says(TLS_ALERT, (struct view){ 0 });
	refused(TLS_DECODE_ERROR);
	client_says(TLS_ALERT, VIEW_LIT("\1\x14")); /* whatever it calls itself, it is fatal */
	expect_err(server_takes(), UC_E_TLS);
	expect(w.server->is_cut);
	expect_ok(tls_record_end(w.server, w.ciphers, w.wire, &w.n));
	expect_eq(w.n, 0);
	end();
}

TEST(what_brings_nothing_is_bounded)
{
	begin(TLS_AES_128_GCM_SHA256);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < TLS_QUIET_MAX; i++) {
			client_says(TLS_APPLICATION_DATA, (struct view){ 0 });
			expect_ok(server_takes());
		}
		client_says(TLS_APPLICATION_DATA, VIEW_LIT("!"));
		expect_ok(server_takes());
	}
	for (int i = 0; i < TLS_QUIET_MAX; i++) {
		client_says(TLS_HANDSHAKE, VIEW_LIT("\x18\0\0\1\1"));
		expect_ok(server_takes());
		expect_ok(tls_key_next(w.ciphers, w.suite, &w.says));
	}
	client_says(TLS_HANDSHAKE, VIEW_LIT("\x18\0\0\1\1"));
	refused(TLS_UNEXPECTED_MESSAGE);
	end();
}

TEST(an_update_asked_for_comes_before_the_next_data)
{
	static uint8_t sealed[4 * TLS_RECORD_MAX];
	size_t used, n;
	begin(TLS_AES_128_GCM_SHA256);
	for (int i = 0; i < 2; i++) { /* two that are asked for are one */
		client_says(TLS_HANDSHAKE, VIEW_LIT("\x18\0\0\1\1"));
		expect_ok(server_takes());
		expect_ok(tls_key_next(w.ciphers, w.suite, &w.says));
	}
	expect_ok(tls_record_seal(w.server, w.ciphers, (struct view){ 0 }, sealed, sizeof sealed,
				  &used, &n));
	expect_eq(n, 0);
	expect_ok(tls_record_seal(w.server, w.ciphers, VIEW_LIT("data"), sealed, sizeof sealed,
				  &used, &n));
	expect_eq(used, 4);
	expect_eq(client_hears(sealed, n), 1);
	expect_bytes(view_make(w.out, w.got), VIEW_LIT("data"));
	expect_ok(tls_record_seal(w.server, w.ciphers, VIEW_LIT("more"), sealed, sizeof sealed,
				  &used, &n));
	expect_eq(client_hears(sealed, n), 0);
	end();
}

TEST(a_key_seals_so_many_records_and_no_more)
{
	static uint8_t sealed[4 * TLS_RECORD_MAX], data[20000];
	size_t used, n;
	unsigned updates = 0;
	begin(TLS_AES_256_GCM_SHA384);
	w.server->records_max = 3;
	fill(data, sizeof data);
	for (int i = 0; i < 9; i++) {
		expect_ok(tls_record_seal(w.server, w.ciphers, view_make(data, 17000), sealed,
					  sizeof sealed, &used, &n));
		expect_eq(used, 17000);
		updates += client_hears(sealed, n);
		expect_bytes(view_make(w.out, w.got), view_make(data, 17000));
	}
	expect_eq(updates, 5); /* 18 records, the last three without one yet */
	w.server->read.seq = w.server->write.seq = UINT64_MAX;
	w.server->records_max = UINT32_MAX;
	expect_err(tls_protect(w.ciphers, w.suite, &w.server->write, TLS_ALERT, VIEW_LIT("\1\0"),
			       sealed),
		   UC_E_TLS);
	client_says(TLS_APPLICATION_DATA, VIEW_LIT("beyond the last number"));
	refused(TLS_BAD_RECORD_MAC);
	end();
}

TEST(what_fits_is_sealed)
{
	static uint8_t sealed[2 * TLS_RECORD_MAX], data[50000];
	size_t used, n, at = 0;
	begin(TLS_AES_128_GCM_SHA256);
	fill(data, sizeof data);
	expect_ok(tls_record_seal(w.server, w.ciphers, VIEW_OF(data), sealed, 100, &used, &n));
	expect(!used && !n);
	while (at < sizeof data) {
		expect_ok(tls_record_seal(w.server, w.ciphers,
					  view_make(data + at, sizeof data - at), sealed,
					  TLS_RECORD_MAX + TLS_KEY_UPDATE_RECORD, &used, &n));
		expect(used && n == used + TLS_OVERHEAD);
		client_hears(sealed, n);
		expect_bytes(view_make(w.out, w.got), view_make(data + at, used));
		at += used;
	}
	expect_ok(tls_record_end(w.server, w.ciphers, sealed, &n));
	client_hears(sealed, n);
	expect_bytes(view_make(w.out, w.got), VIEW_LIT("\1\0"));
	expect_ok(tls_record_end(w.server, w.ciphers, sealed, &n));
	expect_eq(n, 0);
	end();
}

TEST(a_key_that_is_done_is_gone)
{
	struct tls_key zero = { 0 };
	begin(TLS_AES_128_GCM_SHA256);
	client_says(TLS_APPLICATION_DATA, VIEW_LIT("x"));
	struct tls_key k = w.says;
	tls_key_done(w.ciphers, w.suite, &k);
	expect(view_equal(view_make(&k, sizeof k), view_make(&zero, sizeof zero)));
	/* Nor is it in the context: this one has its key put in anew. */
	client_says(TLS_APPLICATION_DATA, VIEW_LIT("y"));
	w.server->read.seq = 1;
	expect_ok(server_takes());
	expect_err(tls_protect(w.ciphers, w.suite, &k, TLS_ALERT, VIEW_LIT("\1\0"), w.wire),
		   UC_E_TLS);
	end();
}

/* Nor is the one of before an update, whether another record comes or not: who names it with other
 * bytes does not seal with what the context still had. */
TEST(a_key_of_before_an_update_is_gone)
{
	for (enum tls_suite suite = 0; suite < TLS_SUITES_N; suite++) {
		begin(suite);
		client_says(TLS_APPLICATION_DATA, VIEW_LIT("x"));
		expect_ok(server_takes());
		struct tls_key before = w.says;
		expect_ok(tls_key_next(w.ciphers, w.suite, &w.says));
		memset(before.key, 0xa5, sizeof before.key);
		expect_ok(tls_protect(w.ciphers, w.suite, &before, TLS_APPLICATION_DATA,
				      VIEW_LIT("y"), w.wire));
		expect_err(server_takes(), UC_E_TLS);
		tls_key_done(w.ciphers, w.suite, &before);
		end();
	}
}
