/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/journal_seal.h"

enum { VERSION = 1, CHECK = 8, SUM = 16, SALT = 16, PLACE = JOURNAL_NAME + JOURNAL_TAG + 4 + 8 };

static const uint8_t magic[4] = { 'U', 'C', 'M', 'J' };

/* --- keys --- */

static uc_err keys_derive(struct journal_keys *k)
{
	const struct suite *s = k->suite;
	struct view from = secret_view(&k->secret), none = { NULL, 0 };
	k->key.n = k->mac.n = s->nh;
	TRY(expand_with_label(s, from, "journal", none, k->key.b, s->nh));
	return expand_with_label(s, from, "journal mac", none, k->mac.b, s->nh);
}

uc_err journal_keys_new(struct journal_keys *k, const struct suite *s, const struct env *env)
{
	*k = (struct journal_keys){ .suite = s, .secret = { .n = s->nh } };
	TRY(env_random(env, k->name, sizeof k->name));
	TRY(env_random(env, k->secret.b, s->nh));
	return keys_derive(k);
}

void journal_keys_wipe(struct journal_keys *k)
{
	wipe(k, sizeof *k);
}

/* --- the root --- */

static void wire_key(struct wire *w, struct secret *s, size_t n)
{
	struct view v = secret_view(s);
	wire_bytes(w, &v);
	if (wire_reading(w) && !w->failed && (v.n != n || secret_set(s, v)))
		wire_fail(w, UC_E_CORRUPT);
}

static void wire_root(struct wire *w, struct journal_keys *k)
{
	wire_fixed(w, k->name, sizeof k->name);
	wire_u64(w, &k->member_at);
	wire_key(w, &k->secret, k->suite->nh);
	wire_key(w, &k->member_key, k->suite->nh);
}

static uc_err root_sum(const struct suite *s, struct view root, uint8_t out[SHA256_BYTES])
{
	return suite_sha256(s, root, out);
}

uc_err journal_root_write(const struct journal_keys *k, struct buf *out)
{
	struct buf b;
	struct wire w;
	struct journal_keys copy = *k;
	uint16_t version = VERSION, suite = k->suite->id;
	uint8_t sum[SHA256_BYTES];
	buf_init_secret(&b, WIRE_OBJECT_MAX);
	wire_writer(&w, &b);
	wire_u16(&w, &version);
	wire_u16(&w, &suite);
	wire_root(&w, &copy);
	uc_err err = wire_finish(&w);
	if (!err)
		err = root_sum(k->suite, buf_view(&b), sum);
	if (!err) {
		buf_add_view(out, buf_view(&b));
		buf_add(out, sum, SUM);
		err = out->failed;
	}
	journal_keys_wipe(&copy);
	buf_done(&b);
	return err;
}

uc_err journal_root_read(struct journal_keys *k, const struct crypto *crypto, struct view root)
{
	struct wire w;
	uint16_t version = 0, suite = 0;
	uint8_t sum[SHA256_BYTES];
	*k = (struct journal_keys){ .number = 0 };
	if (root.n < SUM)
		return UC_E_CORRUPT;
	struct view inside = view_slice(root, 0, root.n - SUM);
	wire_reader(&w, inside, NULL);
	wire_u16(&w, &version);
	wire_u16(&w, &suite);
	if (w.failed)
		return UC_E_CORRUPT;
	if (version != VERSION)
		return version > VERSION ? UC_E_VERSION : UC_E_CORRUPT;
	k->suite = crypto_suite(crypto, suite);
	if (!k->suite)
		return UC_E_CORRUPT;
	wire_root(&w, k);
	if (wire_finish(&w))
		return UC_E_CORRUPT;
	TRY(root_sum(k->suite, inside, sum));
	if (!view_equal(view_make(sum, SUM), view_slice(root, inside.n, SUM)))
		return UC_E_CORRUPT;
	return keys_derive(k);
}

uc_err journal_root_name(struct view root, uint8_t out[JOURNAL_NAME])
{
	struct wire w;
	uint16_t version = 0, suite = 0;
	wire_reader(&w, root, NULL);
	wire_u16(&w, &version);
	wire_u16(&w, &suite);
	if (w.failed || version != VERSION || root.n < 2 + 2 + JOURNAL_NAME)
		return version > VERSION ? UC_E_VERSION : UC_E_CORRUPT;
	memcpy(out, root.p + 2 + 2, JOURNAL_NAME);
	return UC_OK;
}

/* --- the journal's head --- */

uc_err journal_head_write(const struct journal_keys *k, struct buf *out)
{
	const uint8_t version[2] = { 0, VERSION };
	buf_add(out, magic, sizeof magic);
	buf_add(out, version, sizeof version);
	buf_add(out, k->name, sizeof k->name);
	return out->failed;
}

uc_err journal_head_check(const struct journal_keys *k, struct view journal)
{
	if (journal.n < JOURNAL_HEAD || !view_equal(view_slice(journal, 0, 4), VIEW_OF(magic)))
		return UC_E_CORRUPT;
	unsigned version = (unsigned)journal.p[4] << 8 | journal.p[5];
	if (version != VERSION)
		return version > VERSION ? UC_E_VERSION : UC_E_CORRUPT;
	return view_equal(view_slice(journal, 6, JOURNAL_NAME), VIEW_OF(k->name)) ? UC_OK
										  : UC_E_CORRUPT;
}

/* --- sealing --- */

/* A key and nonce of its own for each: whatever the suite's nonces are like, none is used twice. */
static uc_err crypt(const struct suite *s, const struct secret *from, struct view salt,
		    struct view aad, struct view in, uint8_t *out, bool seal)
{
	struct secret key = { .n = s->nk }, nonce = { .n = s->nn };
	uc_err err = expand_with_label(s, secret_view(from), "journal key", salt, key.b, key.n);
	if (!err)
		err = expand_with_label(s, secret_view(from), "journal nonce", salt, nonce.b,
					nonce.n);
	if (!err)
		err = (seal ? suite_seal : suite_open)(s, secret_view(&key), secret_view(&nonce),
						       aad, in, out);
	secret_wipe(&key);
	secret_wipe(&nonce);
	return err;
}

static uc_err seal(const struct suite *s, const struct env *env, const struct secret *key,
		   struct view aad, struct view plain, struct buf *out)
{
	size_t n = SALT + plain.n + AEAD_TAG;
	uint8_t *p = buf_reserve(out, n);
	if (!p)
		return out->failed;
	TRY(env_random(env, p, SALT));
	TRY(crypt(s, key, view_make(p, SALT), aad, plain, p + SALT, true));
	out->n += n;
	return UC_OK;
}

static uc_err open_sealed(const struct suite *s, const struct secret *key, struct view aad,
			  struct view sealed, struct arena *a, struct view *plain)
{
	if (sealed.n < SALT + AEAD_TAG)
		return UC_E_DECRYPT;
	struct view ct = view_slice(sealed, SALT, SIZE_MAX);
	uint8_t *p = arena_take(a, ct.n - AEAD_TAG);
	if (!p)
		return arena_error(a);
	TRY(crypt(s, key, view_slice(sealed, 0, SALT), aad, ct, p, false));
	*plain = view_make(p, ct.n - AEAD_TAG);
	return UC_OK;
}

static void put_number(uint8_t *p, size_t n, uint64_t v)
{
	while (n--) {
		p[n] = (uint8_t)v;
		v >>= 8;
	}
}

static uint64_t get_number(const uint8_t *p, size_t n)
{
	uint64_t v = 0;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

/* Where the transaction after k's last one stands. */
static void place(const struct journal_keys *k, size_t n, uint8_t out[PLACE])
{
	memcpy(out, k->name, JOURNAL_NAME);
	memcpy(out + JOURNAL_NAME, k->last, JOURNAL_TAG);
	put_number(out + JOURNAL_NAME + JOURNAL_TAG, 4, n);
	put_number(out + JOURNAL_NAME + JOURNAL_TAG + 4, 8, k->number + 1);
}

uc_err journal_add(struct journal_keys *k, const struct env *env, struct view body, struct buf *out)
{
	uint8_t at[PLACE], check[HASH_MAX];
	size_t n = SALT + body.n + AEAD_TAG, before = out->n;
	if (n > UINT32_MAX)
		return UC_E_TOO_LARGE;
	place(k, n, at);
	TRY(suite_mac(k->suite, secret_view(&k->mac), VIEW_OF(at), check));
	buf_add(out, at + JOURNAL_NAME + JOURNAL_TAG, 4 + 8);
	buf_add(out, check, CHECK);
	uc_err err = out->failed;
	if (!err)
		err = seal(k->suite, env, &k->key, VIEW_OF(at), body, out);
	if (err) {
		out->n = before;
		return err;
	}
	k->number++;
	memcpy(k->last, out->p + out->n - JOURNAL_TAG, JOURNAL_TAG);
	return UC_OK;
}

static bool all_zero(struct view v)
{
	uint8_t any = 0;
	for (size_t i = 0; i < v.n; i++)
		any |= v.p[i];
	return !any;
}

/* Not finished: a file that ends early, or that has grown before its bytes were written. */
static bool is_torn(struct view rest)
{
	return rest.n < JOURNAL_FRAME || all_zero(rest);
}

uc_err journal_next(struct journal_keys *k, struct view rest, struct arena *a, struct view *body,
		    size_t *taken)
{
	uint8_t at[PLACE], check[HASH_MAX];
	*taken = 0;
	if (is_torn(rest))
		return UC_OK;
	size_t n = (size_t)get_number(rest.p, 4);
	place(k, n, at);
	TRY(suite_mac(k->suite, secret_view(&k->mac), VIEW_OF(at), check));
	if (get_number(rest.p + 4, 8) != k->number + 1 ||
	    !view_equal_ct(view_make(check, CHECK), view_slice(rest, 12, CHECK)))
		return UC_E_CORRUPT;
	struct view sealed = view_slice(rest, JOURNAL_FRAME, n);
	if (sealed.n < n)
		return UC_OK;
	uc_err err = open_sealed(k->suite, &k->key, VIEW_OF(at), sealed, a, body);
	if (err == UC_E_DECRYPT) /* the last one may have been written in part */
		return rest.n == JOURNAL_FRAME + n ? UC_OK : UC_E_CORRUPT;
	TRY(err);
	k->number++;
	memcpy(k->last, sealed.p + n - JOURNAL_TAG, JOURNAL_TAG);
	*taken = JOURNAL_FRAME + n;
	return UC_OK;
}

/* --- parts --- */

uc_err journal_part_key(const struct suite *s, const struct env *env, struct secret *out)
{
	out->n = s->nh;
	return env_random(env, out->b, s->nh);
}

enum { PART_PLACE = JOURNAL_NAME + 8 + 4 };
static void part_place(const struct journal_keys *k, uint64_t number, uint32_t of,
		       uint8_t out[PART_PLACE])
{
	memcpy(out, k->name, JOURNAL_NAME);
	put_number(out + JOURNAL_NAME, 8, number);
	put_number(out + JOURNAL_NAME + 8, 4, of);
}

uc_err journal_part_seal(const struct journal_keys *k, const struct env *env,
			 const struct secret *key, uint32_t of, struct view plain, struct buf *out)
{
	uint8_t at[PART_PLACE];
	part_place(k, k->number + 1, of, at);
	return seal(k->suite, env, key, VIEW_OF(at), plain, out);
}

uc_err journal_part_open(const struct journal_keys *k, uint64_t number, const struct secret *key,
			 uint32_t of, struct view sealed, struct arena *a, struct view *plain)
{
	uint8_t at[PART_PLACE];
	part_place(k, number, of, at);
	uc_err err = key->n == k->suite->nh
			     ? open_sealed(k->suite, key, VIEW_OF(at), sealed, a, plain)
			     : UC_E_DECRYPT;
	return err == UC_E_DECRYPT ? UC_E_CORRUPT : err;
}
