/* SPDX-License-Identifier: Apache-2.0 */
#include "net/ticket_keys.h"

#include "base/heap.h"
#include "base/secret.h"
#include "base/text.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <pthread.h>

enum { NAME = 16, KEY = 32, IV = 16, TEXT_ARENA = 4096 };

struct ticket_key {
	uint64_t made_ms;
	uint8_t name[NAME], seal[KEY], mac[KEY];
};
struct ticket_keys {
	const struct env *env;
	pthread_mutex_t lock;
	struct ticket_key v[TICKET_KEYS_MAX]; /* the newest first */
	size_t n;
};

static const char first_line[] = "undercroft ticket keys 1\n";
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int place = -1; /* of a context's keys in it */
/* Fetched once: EVP_aes_256_cbc() is looked for under a lock at every use. */
static EVP_CIPHER *seal_cipher;

static void place_make(void)
{
	place = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	seal_cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
}

uc_err ticket_keys_new(const struct env *env, struct ticket_keys **out)
{
	struct ticket_keys *t = HEAP_NEW(struct ticket_keys);
	pthread_once(&once, place_make);
	if (!t || place < 0 || !seal_cipher || pthread_mutex_init(&t->lock, NULL)) {
		heap_free(t);
		return UC_E_MEMORY;
	}
	t->env = env;
	*out = t;
	return UC_OK;
}

void ticket_keys_free(struct ticket_keys *t)
{
	if (!t)
		return;
	pthread_mutex_destroy(&t->lock);
	heap_free_wiped(t, sizeof *t);
}

/* A clock that was put back makes no key old. */
static uint64_t age_ms(const struct ticket_key *k, uint64_t now_ms)
{
	return now_ms > k->made_ms ? now_ms - k->made_ms : 0;
}

/* Found by name, or, without one, the newest; *is_newest: tickets are still sealed under it. */
static bool key_get(struct ticket_keys *t, const uint8_t *name, struct ticket_key *out,
		    bool *is_newest)
{
	uint64_t now_ms = env_now_ms(t->env);
	bool found = false;
	pthread_mutex_lock(&t->lock);
	for (size_t i = 0; i < t->n && !found; i++) {
		const struct ticket_key *k = &t->v[i];
		found = age_ms(k, now_ms) < TICKET_KEY_LIFE_MS &&
			(!name || view_equal(VIEW_OF(k->name), view_make(name, NAME)));
		*is_newest = i == 0;
		if (found)
			*out = *k;
	}
	pthread_mutex_unlock(&t->lock);
	return found;
}

static int key_apply(const struct ticket_key *k, const uint8_t *iv, EVP_CIPHER_CTX *cipher,
		     EVP_MAC_CTX *mac, int seals)
{
	static char digest[] = "SHA256";
	uint8_t copy[KEY];
	memcpy(copy, k->mac, sizeof copy);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, copy, sizeof copy),
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};
	int ok = EVP_MAC_CTX_set_params(mac, params) == 1 &&
		 EVP_CipherInit_ex2(cipher, seal_cipher, k->seal, iv, seals, NULL) == 1;
	wipe(copy, sizeof copy);
	return ok;
}

/* As SSL_CTX_set_tlsext_ticket_key_evp_cb(3) asks: 1, or 2 for one that wants a new ticket; 0: no
 * ticket, a full handshake; below: an error. */
static int on_ticket(SSL *ssl, unsigned char name[NAME], unsigned char iv[EVP_MAX_IV_LENGTH],
		     EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int seals)
{
	struct ticket_keys *t = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), place);
	struct ticket_key k;
	bool is_newest = false;
	if (!t || !key_get(t, seals ? NULL : name, &k, &is_newest))
		return 0;
	int ok = 1;
	if (seals) {
		memcpy(name, k.name, NAME);
		ok = !env_random(t->env, iv, IV);
	}
	ok = ok && key_apply(&k, iv, cipher, mac, seals);
	wipe(&k, sizeof k);
	if (!ok)
		return -1;
	return seals || is_newest ? 1 : 2;
}

uc_err ticket_keys_use(struct ticket_keys *t, SSL_CTX *ctx)
{
	if (SSL_CTX_set_ex_data(ctx, place, t) != 1 ||
	    SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket) != 1)
		return UC_E_TLS;
	return UC_OK;
}

static uc_err key_make(const struct env *env, uint64_t now_ms, struct ticket_key *out)
{
	out->made_ms = now_ms;
	TRY(env_random(env, out->name, sizeof out->name));
	TRY(env_random(env, out->seal, sizeof out->seal));
	return env_random(env, out->mac, sizeof out->mac);
}

/* With the lock held. */
static uc_err rotate(struct ticket_keys *t, bool *changed)
{
	uint64_t now_ms = env_now_ms(t->env);
	while (t->n && age_ms(&t->v[t->n - 1], now_ms) >= TICKET_KEY_LIFE_MS) {
		wipe(&t->v[--t->n], sizeof *t->v);
		*changed = true;
	}
	if (t->n && age_ms(&t->v[0], now_ms) < TICKET_KEY_DAY_MS)
		return UC_OK;
	struct ticket_key k;
	TRY(key_make(t->env, now_ms, &k));
	if (t->n == TICKET_KEYS_MAX)
		t->n--;
	memmove(t->v + 1, t->v, t->n * sizeof *t->v);
	t->v[0] = k;
	t->n++;
	wipe(&k, sizeof k);
	*changed = true;
	return UC_OK;
}

uc_err ticket_keys_rotate(struct ticket_keys *t, bool *changed)
{
	*changed = false;
	pthread_mutex_lock(&t->lock);
	uc_err err = rotate(t, changed);
	pthread_mutex_unlock(&t->lock);
	return err;
}

void ticket_keys_add(struct ticket_keys *t, struct buf *out)
{
	buf_add_str(out, first_line);
	pthread_mutex_lock(&t->lock);
	for (size_t i = 0; i < t->n; i++) {
		const struct ticket_key *k = &t->v[i];
		buf_printf(out, "%llu ", (unsigned long long)k->made_ms);
		hex_add(out, VIEW_OF(k->name));
		buf_add_byte(out, ' ');
		hex_add(out, VIEW_OF(k->seal));
		buf_add_byte(out, ' ');
		hex_add(out, VIEW_OF(k->mac));
		buf_add_byte(out, '\n');
	}
	pthread_mutex_unlock(&t->lock);
}

static uc_err hex_field(struct arena *a, struct view *rest, uint8_t *out, size_t n)
{
	struct view text, bytes;
	*rest = view_cut(*rest, ' ', &text);
	TRY(hex_read(a, text, &bytes));
	if (bytes.n != n)
		return UC_E_MALFORMED;
	memcpy(out, bytes.p, n);
	return UC_OK;
}

static uc_err key_read(struct arena *a, struct view line, struct ticket_key *out)
{
	struct view made;
	struct view rest = view_cut(line, ' ', &made);
	TRY(decimal_read(made, &out->made_ms));
	TRY(hex_field(a, &rest, out->name, NAME));
	TRY(hex_field(a, &rest, out->seal, KEY));
	TRY(hex_field(a, &rest, out->mac, KEY));
	return rest.p ? UC_E_MALFORMED : UC_OK;
}

static uc_err keys_read(struct arena *a, struct view text, struct ticket_key *v, size_t *n)
{
	struct view first = view_str(first_line);
	if (!view_starts_with(text, first))
		return UC_E_MALFORMED;
	for (struct view rest = view_slice(text, first.n, text.n); rest.n; (*n)++) {
		struct view line;
		rest = view_cut(rest, '\n', &line);
		/* The newest first; each line has its end. */
		if (!rest.p || *n == TICKET_KEYS_MAX)
			return UC_E_MALFORMED;
		TRY(key_read(a, line, &v[*n]));
		if (*n && v[*n].made_ms > v[*n - 1].made_ms)
			return UC_E_MALFORMED;
	}
	return UC_OK;
}

uc_err ticket_keys_read(struct ticket_keys *t, struct view text)
{
	struct ticket_key v[TICKET_KEYS_MAX];
	struct arena a;
	size_t n = 0;
	arena_init(&a, TEXT_ARENA, ARENA_SECRET);
	uc_err err = keys_read(&a, text, v, &n);
	arena_done(&a);
	if (!err) {
		pthread_mutex_lock(&t->lock);
		memcpy(t->v, v, n * sizeof *v);
		t->n = n;
		pthread_mutex_unlock(&t->lock);
	}
	wipe(v, sizeof v);
	return err;
}
