/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls_take.h"

#include "base/secret.h"

#include <openssl/ssl.h>
#include <pthread.h>

static int place = -1; /* of the record layer in an SSL */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void place_make(void)
{
	place = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The secret at the end of a line of a key log: LABEL SP client_random SP secret, both in hex. */
static bool secret_read(struct view line, uint8_t out[TLS_SECRET_MAX])
{
	struct view random, hex = view_cut(line, ' ', &random);
	if (random.n != 2 * SSL3_RANDOM_SIZE || (hex.n != 2 * 32 && hex.n != 2 * 48))
		return false;
	for (size_t i = 0; i < hex.n / 2; i++) {
		int high = digit((char)hex.p[2 * i]), low = digit((char)hex.p[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static void on_key(const SSL *ssl, const char *line)
{
	struct tls_record *r = SSL_get_ex_data(ssl, place);
	struct view label, rest = view_cut(view_str(line), ' ', &label);
	if (!r)
		return;
	bool is_read = view_equal(label, VIEW_LIT("CLIENT_TRAFFIC_SECRET_0"));
	if (!is_read && !view_equal(label, VIEW_LIT("SERVER_TRAFFIC_SECRET_0")))
		return;
	bool *has = is_read ? &r->has_read : &r->has_write;
	if (*has || !secret_read(rest, is_read ? r->read.secret : r->write.secret))
		r->is_odd = true;
	*has = true;
}

/* Each record under a traffic key counts. */
static void on_message(int is_write, int version, int type, const void *bytes, size_t n, SSL *ssl,
		       void *arg)
{
	struct tls_record *r = arg;
	(void)version;
	(void)bytes;
	(void)n;
	(void)ssl;
	if (!r || type != SSL3_RT_HEADER)
		return;
	if (is_write && r->has_write)
		r->write.seq++;
	if (!is_write && r->has_read)
		r->read.seq++;
}

uc_err tls_take_prepare(SSL_CTX *ctx)
{
	pthread_once(&once, place_make);
	if (place < 0)
		return UC_E_MEMORY;
	SSL_CTX_set_keylog_callback(ctx, on_key);
	return UC_OK;
}

uc_err tls_take_watch(SSL *ssl, struct tls_record *r)
{
	if (place < 0 || SSL_set_ex_data(ssl, place, r) != 1)
		return UC_E_MEMORY;
	SSL_set_msg_callback(ssl, on_message);
	SSL_set_msg_callback_arg(ssl, r);
	return UC_OK;
}

void tls_take_not(SSL *ssl)
{
	SSL_set_ex_data(ssl, place, NULL);
	SSL_set_msg_callback(ssl, NULL);
	SSL_set_msg_callback_arg(ssl, NULL);
}

static bool suite_find(const SSL *ssl, uint8_t *out)
{
	static const uint16_t ids[TLS_SUITES_N] = {
		[TLS_AES_128_GCM_SHA256] = 0x1301,
		[TLS_AES_256_GCM_SHA384] = 0x1302,
		[TLS_CHACHA20_POLY1305_SHA256] = 0x1303,
	};
	const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);
	for (uint8_t i = 0; cipher && i < TLS_SUITES_N; i++) {
		if (SSL_CIPHER_get_protocol_id(cipher) == ids[i]) {
			*out = i;
			return true;
		}
	}
	return false;
}

/* Nothing read that was not given out, nothing half written, no records of another size, and no
 * early data, which would have been under another key. */
static bool is_clean(SSL *ssl, const struct tls_record *r)
{
	return SSL_is_server(ssl) && SSL_version(ssl) == TLS1_3_VERSION &&
	       SSL_is_init_finished(ssl) && SSL_want(ssl) == SSL_NOTHING && !SSL_has_pending(ssl) &&
	       !SSL_get_read_ahead(ssl) && !SSL_get_shutdown(ssl) &&
	       SSL_get_early_data_status(ssl) == SSL_EARLY_DATA_NOT_SENT &&
	       SSL_get_key_update_type(ssl) == SSL_KEY_UPDATE_NONE &&
	       !SSL_SESSION_get_max_fragment_length(SSL_get0_session(ssl)) && r->has_read &&
	       r->has_write && !r->is_odd && !r->read.seq;
}

bool tls_take(SSL *ssl, struct tls_ciphers *c, struct tls_record *r)
{
	uint8_t suite;
	uint64_t written = r->write.seq;
	if (!is_clean(ssl, r) || !suite_find(ssl, &suite))
		return false;
	r->suite = suite;
	if (tls_key_set(c, suite, &r->read) || tls_key_set(c, suite, &r->write))
		return false;
	r->write.seq = written;
	return true;
}
