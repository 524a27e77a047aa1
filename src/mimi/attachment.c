/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/attachment.h"

#include "base/heap.h"
#include "base/text.h"
#include "mimi/uri.h"

#include <string.h>

#define SCHEME "https://"

/* --- lengths --- */

/* Padmé: the length in binary keeps as many of its digits as its own length has, so that at most 12
 * in 100 are added, and of lengths up to 16 MiB some 320 are left. */
static size_t padded(size_t n)
{
	size_t exponent = 0, digits = 0;
	if (n < ATTACHMENT_PADDED_LEAST)
		return ATTACHMENT_PADDED_LEAST;
	while (n >> exponent > 1)
		exponent++;
	while (exponent >> digits)
		digits++;
	size_t rest = ((size_t)1 << (exponent - digits)) - 1;
	return (n + rest) & ~rest;
}

size_t attachment_sealed_size(size_t n)
{
	return padded(n) + ATTACHMENT_OVERHEAD;
}

/* --- where --- */

static uc_err url_make(struct view domain, const uint8_t id[ATTACHMENT_ID], struct arena *a,
		       struct view *out)
{
	struct buf b;
	buf_init(&b, URI_MAX);
	buf_add_str(&b, SCHEME);
	buf_add_view(&b, domain);
	buf_add_str(&b, ATTACHMENT_PATH);
	hex_add(&b, view_make(id, ATTACHMENT_ID));
	uc_err err = b.failed ? b.failed : arena_copy(a, buf_view(&b), out);
	buf_done(&b);
	return err;
}

static int digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

uc_err attachment_id_read(struct view text, uint8_t out[ATTACHMENT_ID])
{
	uint8_t id[ATTACHMENT_ID];
	if (text.n != 2 * ATTACHMENT_ID)
		return UC_E_MALFORMED;
	for (size_t i = 0; i < ATTACHMENT_ID; i++) {
		int high = digit(text.p[2 * i]), low = digit(text.p[2 * i + 1]);
		if (high < 0 || low < 0)
			return UC_E_MALFORMED;
		id[i] = (uint8_t)(high << 4 | low);
	}
	memcpy(out, id, sizeof id);
	return UC_OK;
}

static uc_err url_read(struct view url, struct attachment *out)
{
	const struct view scheme = VIEW_LIT(SCHEME), path = VIEW_LIT(ATTACHMENT_PATH);
	size_t after = scheme.n;
	if (!view_starts_with(url, scheme))
		return UC_E_UNSUPPORTED;
	while (after < url.n && url.p[after] != '/')
		after++;
	out->domain = view_slice(url, scheme.n, after - scheme.n);
	struct view rest = view_slice(url, after, url.n);
	if (!domain_is_valid(out->domain) || !view_starts_with(rest, path))
		return UC_E_UNSUPPORTED;
	return attachment_id_read(view_slice(rest, path.n, rest.n), out->id) ? UC_E_UNSUPPORTED
									     : UC_OK;
}

uc_err attachment_of(const struct external_part *e, struct attachment *out)
{
	struct attachment at = { .size = (size_t)e->size };
	if (e->enc_alg != ATTACHMENT_AES_128_GCM || e->hash_alg != ATTACHMENT_SHA_256 ||
	    e->key.n != ATTACHMENT_KEY || e->nonce.n != ATTACHMENT_NONCE ||
	    e->aad.n != SHA256_BYTES || e->content_hash.n != SHA256_BYTES || !e->size ||
	    e->size > ATTACHMENT_MAX)
		return UC_E_UNSUPPORTED;
	TRY(url_read(e->url, &at));
	at.sealed = attachment_sealed_size(at.size);
	*out = at;
	return UC_OK;
}

/* --- sealing and opening --- */

static const struct suite *suite(void)
{
	return suite_find(SUITE_X25519_AES128); /* for its AEAD alone */
}

struct made {
	uint8_t id[ATTACHMENT_ID], key[ATTACHMENT_KEY], nonce[ATTACHMENT_NONCE];
	uint8_t file_hash[SHA256_BYTES], sealed_hash[SHA256_BYTES];
};

static uc_err seal(const struct env *env, struct view file, struct made *m, uint8_t *sealed)
{
	size_t n = padded(file.n);
	uint8_t *plain = heap_new(n);
	if (!plain)
		return UC_E_MEMORY;
	memset(plain, 0, n);
	memcpy(plain, file.p, file.n);
	uc_err err = env_random(env, m->id, sizeof m->id);
	if (!err)
		err = env_random(env, m->key, sizeof m->key);
	if (!err)
		err = env_random(env, m->nonce, sizeof m->nonce);
	if (!err)
		err = sha256(file, m->file_hash);
	if (!err)
		err = committed_seal(suite(), VIEW_OF(m->key), VIEW_OF(m->nonce),
				     VIEW_OF(m->file_hash), view_make(plain, n), sealed);
	if (!err)
		err = sha256(view_make(sealed, n + ATTACHMENT_OVERHEAD), m->sealed_hash);
	heap_free_wiped(plain, n);
	return err;
}

static uc_err part_make(struct view domain, struct view file, const struct made *m, struct arena *a,
			struct external_part *out)
{
	struct external_part e = { .size = file.n,
				   .enc_alg = ATTACHMENT_AES_128_GCM,
				   .hash_alg = ATTACHMENT_SHA_256 };
	TRY(url_make(domain, m->id, a, &e.url));
	TRY(arena_copy(a, VIEW_OF(m->key), &e.key));
	TRY(arena_copy(a, VIEW_OF(m->nonce), &e.nonce));
	TRY(arena_copy(a, VIEW_OF(m->file_hash), &e.aad));
	TRY(arena_copy(a, VIEW_OF(m->sealed_hash), &e.content_hash));
	*out = e;
	return UC_OK;
}

uc_err attachment_seal(const struct env *env, struct view domain, struct view file, struct arena *a,
		       struct external_part *out, uint8_t *sealed)
{
	struct made m;
	if (!file.n)
		return UC_E_ARGUMENT;
	if (file.n > ATTACHMENT_MAX)
		return UC_E_TOO_LARGE;
	uc_err err = seal(env, file, &m, sealed);
	if (!err)
		err = part_make(domain, file, &m, a, out);
	wipe(&m, sizeof m);
	return err;
}

static bool is_hash_of(struct view data, struct view hash)
{
	uint8_t own[SHA256_BYTES];
	return !sha256(data, own) && view_equal_ct(VIEW_OF(own), hash);
}

static bool is_zero(struct view v)
{
	uint8_t any = 0;
	for (size_t i = 0; i < v.n; i++)
		any |= v.p[i];
	return !any;
}

static uc_err open_into(const struct external_part *e, const struct attachment *at,
			struct view sealed, uint8_t *plain)
{
	size_t n = padded(at->size);
	struct view file = view_make(plain, at->size);
	if (!is_hash_of(sealed, e->content_hash))
		return UC_E_DECRYPT;
	TRY(committed_open(suite(), e->key, e->nonce, e->aad, sealed, plain));
	/* Of bytes that open, only the sender can have made others than these. */
	if (!is_zero(view_make(plain + at->size, n - at->size)) || !is_hash_of(file, e->aad))
		return UC_E_DECRYPT;
	return UC_OK;
}

uc_err attachment_open(const struct external_part *e, struct view sealed, uint8_t *out)
{
	struct attachment at;
	TRY(attachment_of(e, &at));
	if (sealed.n != at.sealed)
		return UC_E_DECRYPT;
	size_t n = padded(at.size);
	uint8_t *plain = heap_new(n);
	if (!plain)
		return UC_E_MEMORY;
	uc_err err = open_into(e, &at, sealed, plain);
	if (!err)
		memcpy(out, plain, at.size);
	heap_free_wiped(plain, n);
	return err;
}
