/* SPDX-License-Identifier: Apache-2.0 */
#include "client/safe.h"

#include "base/heap.h"
#include "base/secret.h"
#include "crypto/crypto.h"

enum {
	SAFE_VERSION = 1,
	PREFIX_BYTES = 16,
	NAME_BYTES = 16,
	NUMBER_BYTES = 8,
	WRAPPED_BY_KEY = 1,
	WRAPPED_BY_PASSPHRASE = 2,
	VALUE_MAX = 64 * 1024 * 1024,
};

/* The one record that is not under the data key: it holds the data key. */
#define HEADER_KEY "undercroft-client"
struct safe_header {
	uint16_t version;
	uint8_t wrapped_by;
	uint8_t salt[PASSPHRASE_SALT];
	struct view wrapped; /* box over the data key */
};

static void wire_safe_header(struct wire *w, void *v)
{
	struct safe_header *h = v;
	wire_u16(w, &h->version);
	if (h->version != SAFE_VERSION)
		wire_fail(w, UC_E_VERSION);
	wire_u8(w, &h->wrapped_by);
	wire_fixed(w, h->salt, sizeof h->salt);
	wire_bytes(w, &h->wrapped);
}

/* --- keys --- */

static uc_err prefix_of(const struct safe *s, const char *table, struct view owner,
			uint8_t out[PREFIX_BYTES])
{
	uint8_t mac[SHA256_BYTES];
	struct view parts[] = { VIEW_LIT("place"),
				{ (const uint8_t *)table, strlen(table) + 1 },
				owner };
	TRY(hmac_sha256_parts(VIEW_OF(s->name_key), parts, 3, mac));
	memcpy(out, mac, PREFIX_BYTES);
	return UC_OK;
}

static void put_number(uint8_t out[NUMBER_BYTES], uint64_t v)
{
	for (int i = 0; i < NUMBER_BYTES; i++)
		out[i] = (uint8_t)(v >> 8 * (NUMBER_BYTES - 1 - i));
}

static uc_err key_of(const struct safe *s, struct safe_place at, uint8_t key[SAFE_KEY_MAX],
		     size_t *n)
{
	TRY(prefix_of(s, at.table, at.owner, key));
	if (!at.name.n) {
		put_number(key + PREFIX_BYTES, at.number);
		*n = PREFIX_BYTES + NUMBER_BYTES;
		return UC_OK;
	}
	uint8_t mac[SHA256_BYTES];
	struct view parts[] = { VIEW_LIT("item"), at.name };
	TRY(hmac_sha256_parts(VIEW_OF(s->name_key), parts, 2, mac));
	memcpy(key + PREFIX_BYTES, mac, NAME_BYTES);
	*n = PREFIX_BYTES + NAME_BYTES;
	return UC_OK;
}

/* --- the batch --- */

void safe_fail(struct safe *s, uc_err err)
{
	if (!s->failed)
		s->failed = err;
}

static struct safe_change *change_add(struct safe *s)
{
	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 16;
		struct safe_change *v = heap_new(cap * sizeof *v);
		if (!v) {
			safe_fail(s, UC_E_MEMORY);
			return NULL;
		}
		if (s->n)
			memcpy(v, s->changes, s->n * sizeof *v);
		heap_free(s->changes);
		s->changes = v;
		s->cap = cap;
	}
	return &s->changes[s->n++];
}

static void batch_clear(struct safe *s)
{
	for (size_t i = 0; i < s->n; i++)
		heap_free(s->changes[i].sealed);
	s->n = 0;
	s->failed = UC_OK;
}

static uc_err change_fill(struct safe *s, struct safe_change *c, struct safe_place at,
			  struct view value)
{
	*c = (struct safe_change){ 0 };
	TRY(key_of(s, at, c->key, &c->key_n));
	if (value.n > VALUE_MAX)
		return UC_E_TOO_LARGE;
	c->sealed = heap_new(value.n + BOX_OVERHEAD);
	if (!c->sealed)
		return UC_E_MEMORY;
	c->sealed_n = value.n + BOX_OVERHEAD;
	return box_seal(s->env, VIEW_OF(s->value_key), (struct view){ c->key, c->key_n }, value,
			c->sealed);
}

void safe_put(struct safe *s, struct safe_place at, struct view value)
{
	struct safe_change *c = change_add(s);
	if (c)
		safe_fail(s, change_fill(s, c, at, value));
}

void safe_put_object(struct safe *s, struct safe_place at, wire_element *walk, const void *object)
{
	struct buf b;
	buf_init_secret(&b, VALUE_MAX);
	uc_err err = wire_encode(&b, walk, object);
	if (err)
		safe_fail(s, err);
	else
		safe_put(s, at, buf_view(&b));
	buf_done(&b);
}

void safe_delete(struct safe *s, struct safe_place at)
{
	struct safe_change *c = change_add(s);
	if (!c)
		return;
	*c = (struct safe_change){ 0 };
	safe_fail(s, key_of(s, at, c->key, &c->key_n));
}

static bool delete_each(void *ctx, const uint8_t *key, size_t key_n, const uint8_t *value,
			size_t value_n)
{
	struct safe *s = ctx;
	(void)value;
	(void)value_n;
	struct safe_change *c = key_n <= SAFE_KEY_MAX ? change_add(s) : NULL;
	if (!c)
		return false;
	*c = (struct safe_change){ .key_n = key_n };
	memcpy(c->key, key, key_n);
	return true;
}

void safe_delete_all(struct safe *s, const char *table, struct view owner)
{
	uint8_t prefix[PREFIX_BYTES];
	uc_err err = prefix_of(s, table, owner, prefix);
	if (!err)
		err = s->ops->scan(s->store, prefix, sizeof prefix, prefix, sizeof prefix,
				   delete_each, s);
	safe_fail(s, err);
}

bool safe_has_changes(const struct safe *s)
{
	return s->n || s->failed;
}

#define GENERATION_PLACE ((struct safe_place){ .table = "generation" })

static uc_err commit_batch(struct safe *s)
{
	uint8_t generation[NUMBER_BYTES];
	put_number(generation, s->generation + 1);
	safe_put(s, GENERATION_PLACE, VIEW_OF(generation));
	TRY(s->failed);
	struct uc_store_change *v = heap_new(s->n * sizeof *v);
	if (!v)
		return UC_E_MEMORY;
	for (size_t i = 0; i < s->n; i++)
		v[i] = (struct uc_store_change){ s->changes[i].key, s->changes[i].key_n,
						 s->changes[i].sealed, s->changes[i].sealed_n };
	uc_err err = s->ops->commit(s->store, v, s->n);
	heap_free(v);
	if (!err)
		s->generation++;
	return err;
}

uc_err safe_commit(struct safe *s)
{
	if (!safe_has_changes(s))
		return UC_OK;
	uc_err err = commit_batch(s);
	batch_clear(s);
	return err;
}

/* --- reading --- */

struct get_call {
	struct safe *s;
	struct arena *a;
	struct view *out;
	uc_err err;
};

static uc_err unseal(struct safe *s, struct view key, struct view sealed, struct arena *a,
		     struct view *out)
{
	if (sealed.n < BOX_OVERHEAD)
		return UC_E_CORRUPT;
	uint8_t *plain = arena_take(a, sealed.n - BOX_OVERHEAD + 1);
	if (!plain)
		return UC_E_LIMIT;
	if (box_open(VIEW_OF(s->value_key), key, sealed, plain))
		return UC_E_CORRUPT;
	*out = (struct view){ plain, sealed.n - BOX_OVERHEAD };
	return UC_OK;
}

static bool get_each(void *ctx, const uint8_t *key, size_t key_n, const uint8_t *value,
		     size_t value_n)
{
	struct get_call *g = ctx;
	g->err = unseal(g->s, (struct view){ key, key_n }, (struct view){ value, value_n }, g->a,
			g->out);
	return false;
}

uc_err safe_get(struct safe *s, struct safe_place at, struct arena *a, struct view *out)
{
	uint8_t key[SAFE_KEY_MAX];
	size_t n;
	struct get_call g = { s, a, out, UC_E_NOT_FOUND };
	TRY(key_of(s, at, key, &n));
	TRY(s->ops->get(s->store, key, n, get_each, &g));
	return g.err;
}

struct scan_call {
	struct safe *s;
	safe_each *each;
	void *ctx;
	uc_err err;
};

static bool scan_each(void *ctx, const uint8_t *key, size_t key_n, const uint8_t *value,
		      size_t value_n)
{
	struct scan_call *c = ctx;
	struct arena a;
	struct view plain = { NULL, 0 };
	arena_init(&a, VALUE_MAX + 4096, ARENA_SECRET);
	uint64_t number = 0;
	for (size_t i = PREFIX_BYTES; i < key_n && i < PREFIX_BYTES + NUMBER_BYTES; i++)
		number = number << 8 | key[i];
	uc_err err = unseal(c->s, (struct view){ key, key_n }, (struct view){ value, value_n }, &a,
			    &plain);
	c->err = c->err ? c->err : err;
	bool more = err ? err == UC_E_CORRUPT : c->each(c->ctx, number, plain);
	arena_done(&a);
	return more;
}

uc_err safe_scan(struct safe *s, const char *table, struct view owner, uint64_t from,
		 safe_each *each, void *ctx)
{
	uint8_t key[PREFIX_BYTES + NUMBER_BYTES];
	struct scan_call c = { s, each, ctx, UC_OK };
	TRY(prefix_of(s, table, owner, key));
	put_number(key + PREFIX_BYTES, from);
	TRY(s->ops->scan(s->store, key, PREFIX_BYTES, key, sizeof key, scan_each, &c));
	return c.err;
}

/* --- opening --- */

static uc_err wrapping_key(const struct safe_header *h, const uint8_t *key, const char *passphrase,
			   uint8_t out[BOX_KEY])
{
	if (h->wrapped_by == WRAPPED_BY_KEY && key) {
		memcpy(out, key, BOX_KEY);
		return UC_OK;
	}
	if (h->wrapped_by == WRAPPED_BY_PASSPHRASE && passphrase)
		return passphrase_key(view_str(passphrase), h->salt, out);
	return UC_E_PASSPHRASE;
}

static uc_err derive_keys(struct safe *s, struct view data_key)
{
	TRY(hkdf_sha256((struct view){ NULL, 0 }, data_key, VIEW_LIT("Undercroft store values"),
			s->value_key, sizeof s->value_key));
	return hkdf_sha256((struct view){ NULL, 0 }, data_key, VIEW_LIT("Undercroft store names"),
			   s->name_key, sizeof s->name_key);
}

static uc_err header_make(struct safe *s, const uint8_t *key, const char *passphrase,
			  uint8_t data_key[BOX_KEY])
{
	uint8_t kek[BOX_KEY], wrapped[BOX_KEY + BOX_OVERHEAD];
	struct safe_header h = { .version = SAFE_VERSION,
				 .wrapped_by = key ? WRAPPED_BY_KEY : WRAPPED_BY_PASSPHRASE };
	TRY(env_random(s->env, data_key, BOX_KEY));
	TRY(env_random(s->env, h.salt, sizeof h.salt));
	TRY(wrapping_key(&h, key, passphrase, kek));
	uc_err err = box_seal(s->env, VIEW_OF(kek), VIEW_LIT(HEADER_KEY),
			      (struct view){ data_key, BOX_KEY }, wrapped);
	wipe(kek, sizeof kek);
	TRY(err);
	h.wrapped = VIEW_OF(wrapped);
	struct buf b;
	buf_init(&b, 4096);
	err = wire_encode(&b, wire_safe_header, &h);
	struct view name = VIEW_LIT(HEADER_KEY);
	struct uc_store_change change = { name.p, name.n, b.p, b.n };
	if (!err)
		err = s->ops->commit(s->store, &change, 1);
	buf_done(&b);
	return err;
}

struct header_call {
	const uint8_t *key;
	const char *passphrase;
	uint8_t *data_key;
	bool found;
	uc_err err;
};

static uc_err header_open(struct header_call *c, struct view value)
{
	struct safe_header h = { 0 };
	struct wire w;
	uint8_t kek[BOX_KEY];
	wire_reader(&w, value, NULL);
	wire_safe_header(&w, &h);
	uc_err read = wire_finish(&w);
	if (read)
		return read == UC_E_VERSION ? read : UC_E_CORRUPT;
	if (h.wrapped.n != BOX_KEY + BOX_OVERHEAD)
		return UC_E_CORRUPT;
	TRY(wrapping_key(&h, c->key, c->passphrase, kek));
	uc_err err = box_open(VIEW_OF(kek), VIEW_LIT(HEADER_KEY), h.wrapped, c->data_key);
	wipe(kek, sizeof kek);
	return err ? UC_E_PASSPHRASE : UC_OK;
}

static bool header_each(void *ctx, const uint8_t *key, size_t key_n, const uint8_t *value,
			size_t value_n)
{
	struct header_call *c = ctx;
	(void)key;
	(void)key_n;
	c->found = true;
	c->err = header_open(c, (struct view){ value, value_n });
	return false;
}

static uc_err generation_read(struct safe *s, uint64_t lowest)
{
	struct arena a;
	struct view v;
	arena_init(&a, 4096, ARENA_PLAIN);
	uc_err err = safe_get(s, GENERATION_PLACE, &a, &v);
	if (!err)
		for (size_t i = 0; i < v.n; i++)
			s->generation = s->generation << 8 | v.p[i];
	arena_done(&a);
	if (err && err != UC_E_NOT_FOUND)
		return err;
	return s->generation < lowest ? UC_E_RESTORED : UC_OK;
}

uc_err safe_open(struct safe *s, const struct env *env, const struct uc_store_ops *ops, void *store,
		 const uint8_t *key, const char *passphrase, uint64_t lowest)
{
	*s = (struct safe){ .env = env, .ops = ops, .store = store };
	uint8_t data_key[BOX_KEY];
	struct header_call c = { key, passphrase, data_key, false, UC_OK };
	struct view name = VIEW_LIT(HEADER_KEY);
	if (!key && !passphrase)
		return UC_E_ARGUMENT;
	TRY(ops->get(store, name.p, name.n, header_each, &c));
	uc_err err = c.found ? c.err : header_make(s, key, passphrase, data_key);
	if (!err)
		err = derive_keys(s, VIEW_OF(data_key));
	wipe(data_key, sizeof data_key);
	TRY(err);
	return generation_read(s, lowest);
}

void safe_done(struct safe *s)
{
	batch_clear(s);
	heap_free(s->changes);
	if (s->ops)
		s->ops->close(s->store);
	wipe(s, sizeof *s);
}
