/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/keys.h"

static const struct suite *key_suite(void)
{
	return suite_find(SUITE_X25519_AES128);
}

void provider_keys_wipe(struct provider_keys *k)
{
	wipe(k, sizeof *k);
}

static uc_err frank_chain_generate(const struct env *env, struct frank_chain *out)
{
	out->day = frank_day(env_now_ms(env));
	return env_random(env, out->key, sizeof out->key);
}

static uc_err generate(const struct env *env, struct provider_keys *k, struct kem_key *moderators)
{
	const struct suite *s = key_suite();
	k->before = (struct provider_keys_before){ .is_there = false };
	k->rooms_before = (struct provider_keys_rooms_before){ .is_there = false };
	k->retired_n = 0;
	k->discovery = (struct provider_keys_discovery){ .is_there = false };
	k->custody = (struct provider_keys_custody){ .is_there = false };
	k->index = (struct provider_index_key){ .number = 1 };
	k->index_before = (struct provider_index_key){ .number = 0 };
	k->index_moves = false;
	TRY(point_key_generate(env, k->index.key));
	TRY(env_random(env, k->address_key, sizeof k->address_key));
	TRY(env_random(env, k->name_key, sizeof k->name_key));
	TRY(frank_chain_generate(env, &k->frank));
	TRY(sign_key_generate(s, env, &k->hub_key));
	TRY(sign_key_generate(s, env, &k->franking_key));
	TRY(kem_key_generate(s, env, &k->lookup_key));
	TRY(kem_key_generate(s, env, moderators));
	memcpy(k->moderators_pub, moderators->pub, sizeof k->moderators_pub);
	return UC_OK;
}

uc_err provider_keys_generate(const struct env *env, struct provider_keys *out,
			      struct secret *moderators_priv)
{
	struct kem_key moderators = { .pub_n = 0 };
	uc_err err = generate(env, out, &moderators);
	if (err)
		provider_keys_wipe(out);
	else
		*moderators_priv = moderators.priv;
	kem_key_wipe(&moderators);
	return err;
}

static uc_err rotated(const struct env *env, struct provider_keys *k)
{
	k->before.is_there = true;
	k->before.rotated_ms = env_now_ms(env);
	memcpy(k->before.address_key, k->address_key, sizeof k->address_key);
	k->before.frank = k->frank;
	k->before.lookup_key = k->lookup_key;
	TRY(env_random(env, k->address_key, sizeof k->address_key));
	TRY(frank_chain_generate(env, &k->frank));
	return kem_key_generate(key_suite(), env, &k->lookup_key);
}

uc_err provider_keys_rotate(struct provider_keys *k, const struct env *env)
{
	struct provider_keys made = *k;
	uc_err err = rotated(env, &made);
	if (!err)
		*k = made;
	provider_keys_wipe(&made);
	return err;
}

bool provider_keys_end(struct provider_keys *k, uint64_t now_ms, uint64_t keep_ms)
{
	struct provider_keys_before *b = &k->before;
	if (!b->is_there || now_ms < b->rotated_ms || now_ms - b->rotated_ms < keep_ms)
		return false;
	wipe(b, sizeof *b);
	return true;
}

uc_err provider_keys_rotate_index(struct provider_keys *k, const struct env *env)
{
	struct provider_index_key fresh = { .number = k->index.number + 1 };
	if (k->index_moves || !fresh.number)
		return UC_E_BUSY;
	TRY(point_key_generate(env, fresh.key));
	k->index_before = k->index;
	k->index = fresh;
	k->index_moves = true;
	wipe(&fresh, sizeof fresh);
	return UC_OK;
}

void provider_keys_index_moved(struct provider_keys *k)
{
	wipe(&k->index_before, sizeof k->index_before);
	k->index_moves = false;
}

static uc_err rooms_rotated(const struct env *env, struct provider_keys *k)
{
	struct provider_keys_rooms_before *b = &k->rooms_before;
	b->is_there = true;
	b->changed_ms = env_now_ms(env);
	b->hub_key = k->hub_key;
	b->franking_key = k->franking_key;
	TRY(sign_key_generate(key_suite(), env, &k->hub_key));
	return sign_key_generate(key_suite(), env, &k->franking_key);
}

uc_err provider_keys_rotate_rooms(struct provider_keys *k, const struct env *env)
{
	if (k->rooms_before.is_there)
		return UC_E_BUSY;
	struct provider_keys made = *k;
	uc_err err = rooms_rotated(env, &made);
	if (!err)
		*k = made;
	provider_keys_wipe(&made);
	return err;
}

static void retired_drop(struct provider_keys *k)
{
	memmove(&k->retired[0], &k->retired[1], (RETIRED_FRANKING_MAX - 1) * sizeof k->retired[0]);
	k->retired_n--;
}

static void retired_add(struct provider_keys *k, struct view pub, uint64_t now_ms)
{
	if (pub.n != FRANKING_PUBLIC)
		return;
	if (k->retired_n == RETIRED_FRANKING_MAX)
		retired_drop(k);
	struct provider_keys_retired *r = &k->retired[k->retired_n++];
	r->retired_ms = now_ms;
	memcpy(r->pub, pub.p, sizeof r->pub);
}

uc_err provider_keys_retire_rooms(struct provider_keys *k, uint64_t now_ms)
{
	struct provider_keys_rooms_before *b = &k->rooms_before;
	if (!b->is_there)
		return UC_E_NOT_FOUND;
	if (now_ms < b->changed_ms || now_ms - b->changed_ms < ROOM_KEYS_LEAST_MS)
		return UC_E_BUSY;
	retired_add(k, sign_public(&b->franking_key), now_ms);
	wipe(b, sizeof *b);
	return UC_OK;
}

/* --- what franks are made and checked with, for as long as they are --- */

/* A clock that says less than then ends nothing. */
static bool is_retired_long(const struct provider_keys_retired *r, uint64_t now_ms)
{
	return now_ms >= r->retired_ms && frank_day(now_ms - r->retired_ms) >= FRANK_DAYS;
}

bool provider_keys_franks_due(const struct provider_keys *k, uint64_t now_ms)
{
	return frank_chain_is_due(&k->frank, now_ms) ||
	       (k->before.is_there && frank_chain_is_due(&k->before.frank, now_ms)) ||
	       (k->retired_n && is_retired_long(&k->retired[0], now_ms));
}

bool provider_keys_franks_behind(const struct provider_keys *k, uint64_t now_ms)
{
	return frank_chain_is_behind(&k->frank, now_ms);
}

uc_err provider_keys_franks_end(struct provider_keys *k, uint64_t now_ms)
{
	if (frank_chain_is_due(&k->frank, now_ms))
		TRY(frank_chain_move(&k->frank, now_ms));
	if (k->before.is_there && frank_chain_is_due(&k->before.frank, now_ms))
		TRY(frank_chain_move(&k->before.frank, now_ms));
	while (k->retired_n && is_retired_long(&k->retired[0], now_ms))
		retired_drop(k);
	return UC_OK;
}

/* Where the oldest was made in a rotation, what was said earlier on its first day was under another.  Once the
 * one of now has moved past the last rotation, the one before has moved as far, and tells nothing more. */
uint64_t provider_keys_franks_from(const struct provider_keys *k, uint64_t now_ms)
{
	const struct provider_keys_before *b = &k->before;
	const struct frank_chain *oldest = b->is_there ? &b->frank : &k->frank;
	if (oldest->day == FRANK_DAY_ANY)
		return 0;
	if (!b->is_there || k->frank.day > frank_day(b->rotated_ms))
		return k->frank.day * FRANK_DAY_MS;
	bool has_moved = frank_day(now_ms) >= (uint64_t)oldest->day + FRANK_DAYS;
	uint64_t from = (oldest->day + !has_moved) * FRANK_DAY_MS;
	return b->rotated_ms < from ? b->rotated_ms : from;
}

uc_err provider_keys_make_discovery(struct provider_keys *k, const struct env *env)
{
	if (k->discovery.is_there)
		return UC_OK;
	TRY(oprf_key_generate(env, &k->discovery.key));
	k->discovery.is_there = true;
	return UC_OK;
}

uc_err provider_keys_make_custody(struct provider_keys *k, const struct env *env)
{
	if (k->custody.is_there)
		return UC_OK;
	TRY(env_random(env, k->custody.seed, sizeof k->custody.seed));
	k->custody.is_there = true;
	return UC_OK;
}

uc_err provider_keys_rotate_discovery(struct provider_keys *k, const struct env *env)
{
	struct provider_keys_discovery *d = &k->discovery;
	struct oprf_key fresh;
	if (!d->is_there || d->has_before)
		return d->is_there ? UC_E_BUSY : UC_E_NOT_FOUND;
	TRY(oprf_key_generate(env, &fresh));
	d->before = d->key;
	d->key = fresh;
	d->has_before = true;
	d->changed_ms = env_now_ms(env);
	oprf_key_wipe(&fresh);
	return UC_OK;
}

bool provider_keys_end_discovery(struct provider_keys *k, uint64_t now_ms)
{
	struct provider_keys_discovery *d = &k->discovery;
	if (!d->has_before || now_ms < d->changed_ms ||
	    now_ms - d->changed_ms < DISCOVERY_BEFORE_MS)
		return false;
	oprf_key_wipe(&d->before);
	d->has_before = false;
	d->changed_ms = 0;
	return true;
}

static const struct sign_key *which(const struct sign_key *now, const struct sign_key *before,
				    bool has_before, struct view pub)
{
	if (view_equal(sign_public(now), pub))
		return now;
	return has_before && view_equal(sign_public(before), pub) ? before : NULL;
}

const struct sign_key *provider_keys_hub(const struct provider_keys *k, struct view pub)
{
	const struct provider_keys_rooms_before *b = &k->rooms_before;
	return which(&k->hub_key, &b->hub_key, b->is_there, pub);
}

const struct sign_key *provider_keys_franking(const struct provider_keys *k, struct view pub)
{
	const struct provider_keys_rooms_before *b = &k->rooms_before;
	return which(&k->franking_key, &b->franking_key, b->is_there, pub);
}

uc_err provider_keys_name(const struct provider_keys *k, uint8_t kind, struct view normalised,
			  uint8_t out[32])
{
	struct view parts[] = { view_make(&kind, 1), normalised };
	return hmac_sha256_parts(VIEW_OF(k->name_key), parts, 2, out);
}

uc_err provider_index_id(const struct provider_index_key *k, const uint8_t name[32],
			 uint8_t out[POINT_HASH])
{
	if (k->number)
		return point_hash(k->key, view_make(name, 32), out);
	memcpy(out, name, POINT_HASH);
	return UC_OK;
}

/* struct { opaque magic[8] = "UCKEYS\0\1"; opaque address_key[32], name_key[32],
 *          hub_frank_key[32]; opaque hub_priv<V>, franking_priv<V>, lookup_priv<V>, lookup_pub<V>;
 *          opaque moderators_pub[32];
 *          version 2: before;
 *          version 3: optional before; index; optional index of before; optional rooms of before;
 *          version 4: likewise; optional discovery; optional opaque custody_seed[32]
 *          version 5: likewise; uint32 frank_day; where there is a before, uint32 frank_day; uint8 n;
 *                     struct { uint64 retired_ms; opaque franking_pub[32] } retired[n] }
 * before:  struct { uint64 rotated_ms; opaque address_key[32], hub_frank_key[32], lookup_priv<V>, lookup_pub<V> }
 * index:   struct { uint32 number; opaque key[32] }
 * rooms:   struct { opaque hub_priv<V>, franking_priv<V>; uint64 changed_ms }
 * discovery: struct { opaque scalar[32]; optional struct { uint64 changed_ms; opaque scalar[32] } } */
static const uint8_t magic[8] = { 'U', 'C', 'K', 'E', 'Y', 'S', 0, 1 };
enum { VERSION_ROTATED = 2, VERSION_INDEX = 3, VERSION_DISCOVERY = 4, VERSION_DAYS = 5 };

static uint8_t version_of(const struct provider_keys *k)
{
	if (k->frank.day != FRANK_DAY_ANY || k->retired_n)
		return VERSION_DAYS;
	if (k->discovery.is_there || k->custody.is_there)
		return VERSION_DISCOVERY;
	if (k->index.number || k->rooms_before.is_there)
		return VERSION_INDEX;
	return k->before.is_there ? VERSION_ROTATED : magic[7];
}

static void wire_index(struct wire *w, struct provider_index_key *k)
{
	wire_u32(w, &k->number);
	wire_fixed(w, k->key, sizeof k->key);
}

static void wire_before(struct wire *w, struct provider_keys_before *b, struct view *priv,
			struct view *pub)
{
	wire_u64(w, &b->rotated_ms);
	wire_fixed(w, b->address_key, sizeof b->address_key);
	wire_fixed(w, b->frank.key, sizeof b->frank.key);
	wire_bytes(w, priv);
	wire_bytes(w, pub);
}

/* Keys of both generations, as they stand in the file. */
struct parts {
	struct view hub, franking, lookup, lookup_pub;
	struct view before, before_pub, rooms_hub, rooms_franking;
};

static void wire_rooms(struct wire *w, struct provider_keys_rooms_before *b, struct parts *p)
{
	wire_bool(w, &b->is_there);
	if (!b->is_there)
		return;
	wire_bytes(w, &p->rooms_hub);
	wire_bytes(w, &p->rooms_franking);
	wire_u64(w, &b->changed_ms);
}

static void wire_discovery(struct wire *w, struct provider_keys_discovery *d)
{
	wire_fixed(w, d->key.scalar, sizeof d->key.scalar);
	wire_bool(w, &d->has_before);
	if (!d->has_before)
		return;
	wire_u64(w, &d->changed_ms);
	wire_fixed(w, d->before.scalar, sizeof d->before.scalar);
}

static void wire_days(struct wire *w, struct provider_keys *k)
{
	uint8_t n = (uint8_t)k->retired_n;
	wire_u32(w, &k->frank.day);
	if (k->before.is_there)
		wire_u32(w, &k->before.frank.day);
	wire_u8(w, &n);
	if (n > RETIRED_FRANKING_MAX) {
		wire_fail(w, UC_E_MALFORMED);
		return;
	}
	k->retired_n = n;
	for (size_t i = 0; i < n; i++) {
		wire_u64(w, &k->retired[i].retired_ms);
		wire_fixed(w, k->retired[i].pub, sizeof k->retired[i].pub);
	}
}

static void wire_keys(struct wire *w, uint8_t version, struct provider_keys *k, struct parts *p)
{
	wire_fixed(w, k->address_key, sizeof k->address_key);
	wire_fixed(w, k->name_key, sizeof k->name_key);
	wire_fixed(w, k->frank.key, sizeof k->frank.key);
	wire_bytes(w, &p->hub);
	wire_bytes(w, &p->franking);
	wire_bytes(w, &p->lookup);
	wire_bytes(w, &p->lookup_pub);
	wire_fixed(w, k->moderators_pub, sizeof k->moderators_pub);
	if (wire_reading(w))
		k->before.is_there = version == VERSION_ROTATED;
	if (version >= VERSION_INDEX)
		wire_bool(w, &k->before.is_there);
	if (k->before.is_there)
		wire_before(w, &k->before, &p->before, &p->before_pub);
	if (version < VERSION_INDEX)
		return;
	wire_index(w, &k->index);
	wire_bool(w, &k->index_moves);
	if (k->index_moves)
		wire_index(w, &k->index_before);
	wire_rooms(w, &k->rooms_before, p);
	if (version < VERSION_DISCOVERY)
		return;
	wire_bool(w, &k->discovery.is_there);
	if (k->discovery.is_there)
		wire_discovery(w, &k->discovery);
	wire_bool(w, &k->custody.is_there);
	if (k->custody.is_there)
		wire_fixed(w, k->custody.seed, sizeof k->custody.seed);
	if (version >= VERSION_DAYS)
		wire_days(w, k);
}

uc_err provider_keys_write(const struct provider_keys *k, struct buf *out)
{
	struct wire w;
	struct provider_keys copy = *k;
	struct parts p = {
		.hub = secret_view(&copy.hub_key.priv),
		.franking = secret_view(&copy.franking_key.priv),
		.lookup = secret_view(&copy.lookup_key.priv),
		.lookup_pub = kem_public(&copy.lookup_key),
		.before = secret_view(&copy.before.lookup_key.priv),
		.before_pub = kem_public(&copy.before.lookup_key),
		.rooms_hub = secret_view(&copy.rooms_before.hub_key.priv),
		.rooms_franking = secret_view(&copy.rooms_before.franking_key.priv),
	};
	wire_writer(&w, out);
	buf_add(out, magic, sizeof magic - 1);
	buf_add_byte(out, version_of(k));
	wire_keys(&w, version_of(k), &copy, &p);
	provider_keys_wipe(&copy);
	return wire_finish(&w);
}

static uc_err discovery_import(struct provider_keys_discovery *d)
{
	uint8_t scalar[OPRF_SCALAR];
	memcpy(scalar, d->key.scalar, sizeof scalar);
	uc_err err = oprf_key_import(VIEW_OF(scalar), &d->key);
	if (!err && d->has_before) {
		memcpy(scalar, d->before.scalar, sizeof scalar);
		err = oprf_key_import(VIEW_OF(scalar), &d->before);
	}
	wipe(scalar, sizeof scalar);
	return err;
}

static uc_err import(struct provider_keys *k, const struct parts *p)
{
	const struct suite *s = key_suite();
	if (k->index_moves && k->index.number != k->index_before.number + 1)
		return UC_E_CORRUPT;
	if (k->discovery.is_there)
		TRY(discovery_import(&k->discovery));
	if (k->before.is_there)
		TRY(kem_key_import(s, p->before, p->before_pub, &k->before.lookup_key));
	if (k->rooms_before.is_there) {
		TRY(sign_key_import(s, p->rooms_hub, &k->rooms_before.hub_key));
		TRY(sign_key_import(s, p->rooms_franking, &k->rooms_before.franking_key));
	}
	TRY(sign_key_import(s, p->hub, &k->hub_key));
	TRY(sign_key_import(s, p->franking, &k->franking_key));
	return kem_key_import(s, p->lookup, p->lookup_pub, &k->lookup_key);
}

static uc_err read_keys(struct view file, struct provider_keys *k)
{
	struct wire w;
	uint8_t head[sizeof magic];
	struct parts p = { 0 };
	wire_reader(&w, file, NULL);
	wire_fixed(&w, head, sizeof head);
	if (w.failed ||
	    !view_equal(view_slice(VIEW_OF(head), 0, 7), view_slice(VIEW_OF(magic), 0, 7)))
		return UC_E_CORRUPT;
	if (!head[7] || head[7] > VERSION_DAYS)
		return UC_E_VERSION;
	*k = (struct provider_keys){ .frank.day = FRANK_DAY_ANY,
				     .before.frank.day = FRANK_DAY_ANY };
	wire_keys(&w, head[7], k, &p);
	TRY(wire_finish(&w));
	return import(k, &p);
}

uc_err provider_keys_read(struct view file, struct provider_keys *out)
{
	uc_err err = read_keys(file, out);
	if (err)
		provider_keys_wipe(out);
	return err;
}
