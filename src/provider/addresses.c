/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses: made for the account's devices, opened for others.  No record of them is kept; an
 * account voids all it has given out by raising its era, a batch of key addresses by its grant. */
#include "mimi/sealed.h"
#include "mls/leaf_node.h"
#include "provider/reaching.h"

enum {
	WISHES_MAX = 256,
	ADDRESS_DAYS_MAX = 100, /* the longest life of a KeyPackage */
};

static struct view address_key(const struct provider *p)
{
	return VIEW_OF(p->config.keys->address_key);
}

/* The keys that may have sealed an address: today's, and those before the last rotation. */
static size_t address_keys(const struct provider *p, struct view out[2])
{
	const struct provider_keys *k = p->config.keys;
	out[0] = VIEW_OF(k->address_key);
	out[1] = VIEW_OF(k->before.address_key);
	return k->before.is_there ? 2 : 1;
}

static bool request_opens(const struct provider *p, struct view uri, uint64_t now_ms,
			  struct request_address *out)
{
	struct view keys[2];
	for (size_t i = 0, n = address_keys(p, keys); i < n; i++)
		if (!request_address_open(keys[i], p->domain, uri, now_ms, out))
			return true;
	return false;
}

static bool key_opens(const struct provider *p, struct view uri, uint64_t now_ms,
		      struct key_address *out)
{
	struct view keys[2];
	for (size_t i = 0, n = address_keys(p, keys); i < n; i++)
		if (!key_address_open(keys[i], p->domain, uri, now_ms, out))
			return true;
	return false;
}

uc_err handle_request_key_put(struct call *c, struct view body)
{
	struct request_key_put_request q;
	struct account_record was, now;
	struct store_batch b;
	struct view id = VIEW_OF(c->s->account_id);
	TRY(wire_decode(body, &c->arena, request_key_put_request_element, &q));
	TRY(kem_public_check(suite_find(SUITE_X25519_AES128), q.request_key));
	TRY(account_get(c->p, id, &c->arena, &was));
	now = was;
	now.request_key = q.request_key;
	store_batch_init(&b, id);
	TRY(finish_accounts(c->p, &b, account_change(c->p, &b, id, &was, &now)));
	call_respond(c, NULL, NULL);
	return UC_OK;
}

/* --- making --- */

uc_err address_make(struct provider *p, struct view account_id,
		    const struct account_record *account, const struct request_address *in,
		    struct arena *a, struct view *uri)
{
	struct request_address r = *in;
	r.era = account->era;
	memcpy(r.account_id, account_id.p, sizeof r.account_id);
	return request_address_seal(p->env, address_key(p), p->domain, &r, a, uri);
}

static uc_err key_address_make(struct call *c, const struct address_wish *w,
			       const struct account_record *account, struct view *uri)
{
	struct view id = VIEW_OF(c->s->account_id);
	struct view_list sealed, slots;
	struct settings settings;
	if (w->set_key.n != ADDRESS_SET_KEY)
		return UC_E_KEY;
	TRY(settings_of(c->p, id, &c->arena, &settings));
	if (settings_only_rooms(&settings) && room_tag_is_any(w->room_tag))
		return UC_E_NOT_ALLOWED;
	/* An address for what isn't there would only be found out by whoever uses it. */
	TRY(pool_read(c->p, id, VIEW_OF(w->set_id), &c->arena, &sealed, &slots));
	struct key_address k = { .expires_ms = w->expires_ms, .era = account->era };
	memcpy(k.account_id, id.p, sizeof k.account_id);
	memcpy(k.set_id, w->set_id, sizeof k.set_id);
	memcpy(k.set_key, w->set_key.p, sizeof k.set_key);
	memcpy(k.grant_id, w->grant_id, sizeof k.grant_id);
	memcpy(k.room_tag, w->room_tag, sizeof k.room_tag);
	uc_err err =
		key_address_seal(c->p->env, address_key(c->p), c->p->domain, &k, &c->arena, uri);
	wipe(&k, sizeof k);
	return err;
}

static uc_err wish_grant(struct call *c, const struct address_wish *w,
			 const struct account_record *account, struct view *uri)
{
	uint64_t now = env_now_ms(c->p->env);
	if (w->expires_ms <= now || w->expires_ms > now + (uint64_t)ADDRESS_DAYS_MAX * DAY_MS)
		return UC_E_ARGUMENT;
	if (w->kind == ADDRESS_KEY)
		return key_address_make(c, w, account, uri);
	struct request_address r = { .channel = w->channel, .expires_ms = w->expires_ms };
	/* Addresses of look-ups are the app's to give out. */
	if (w->kind != ADDRESS_REQUEST ||
	    (r.channel != CHANNEL_LINK && r.channel != CHANNEL_ONCE && r.channel != CHANNEL_REPLY))
		return UC_E_ARGUMENT;
	memcpy(r.grant_id, w->grant_id, sizeof r.grant_id);
	return address_make(c->p, VIEW_OF(c->s->account_id), account, &r, &c->arena, uri);
}

uc_err handle_address_make(struct call *c, struct view body)
{
	struct address_make_request q;
	struct account_record account;
	struct view id = VIEW_OF(c->s->account_id);
	uint64_t now = env_now_ms(c->p->env);
	TRY(wire_decode(body, &c->arena, address_make_request_element, &q));
	if (q.wishes.n > WISHES_MAX)
		return UC_E_LIMIT;
	struct address_make_response r = { { ARENA_ARRAY(&c->arena, struct view, WISHES_MAX), 0 } };
	if (!r.addresses.v)
		return UC_E_LIMIT;
	TRY(account_get(c->p, id, &c->arena, &account));
	for (size_t i = 0; i < q.wishes.n; i++) {
		uint32_t wait = rate_table_take(&c->p->rates, LIMIT_ADDRESS, id, now);
		if (wait) {
			call_refuse(c, UC_E_RATE, NULL, wait);
			return UC_OK;
		}
		TRY(wish_grant(c, &q.wishes.v[i], &account, &r.addresses.v[r.addresses.n]));
		r.addresses.n++;
	}
	call_respond(c, address_make_response_element, &r);
	return UC_OK;
}

uc_err handle_grant_revoke(struct call *c, struct view body)
{
	struct grant_revoke_request q;
	struct store_key k;
	struct store_batch b;
	struct view id = VIEW_OF(c->s->account_id);
	struct grant_record g = { .until_day =
					  day_of(env_now_ms(c->p->env)) + ADDRESS_DAYS_MAX + 1 };
	TRY(wire_decode(body, &c->arena, grant_revoke_request_element, &q));
	store_batch_init(&b, id);
	TRY(finish_accounts(c->p, &b,
			    record_put(&b, key_2(&k, TABLE_GRANT, id, VIEW_OF(q.grant_id)),
				       grant_record_element, &g)));
	call_respond(c, NULL, NULL);
	return UC_OK;
}

/* --- opening --- */

uc_err address_open(struct provider *p, struct view uri, uint64_t now_ms, struct arena *a,
		    struct request_address *out, struct account_record *account)
{
	struct request_address r = { .channel = 0 };
	struct account_record found;
	bool opens = request_opens(p, uri, now_ms, &r);
	/* Opened or not, the same is read: the time it takes tells nothing. */
	uc_err err = account_get(p, VIEW_OF(r.account_id), a, &found);
	if (err && err != UC_E_NOT_FOUND)
		return err;
	if (!opens || err || found.era != r.era || found.suspended)
		return UC_E_ADDRESS;
	*out = r;
	*account = found;
	return UC_OK;
}

uc_err reply_address_read(const struct provider *p, struct view uri, struct request_address *out)
{
	struct request_address r = { .channel = 0 };
	if (!request_opens(p, uri, 0, &r))
		return UC_E_ADDRESS;
	*out = r;
	return r.channel == CHANNEL_REPLY ? UC_OK : UC_E_NOT_ALLOWED;
}

struct redeeming {
	struct key_address k;
	bool is_good;
	struct view_list sealed, slots;
};

/* Made for this room, or for any, which a minor's is not, whenever it was made. */
static uc_err is_for(const struct key_address *k, struct view room, bool only_rooms, bool *out)
{
	uint8_t tag[ROOM_TAG];
	TRY(room_tag_make(k->set_key, room, tag));
	bool same = view_equal_ct(VIEW_OF(tag), VIEW_OF(k->room_tag));
	*out = same | (room_tag_is_any(k->room_tag) & !only_rooms);
	return UC_OK;
}

/* Everything that may be wrong with the address; errors are the store's. */
static uc_err redeem_check(struct provider *p, struct view uri, struct view room, struct arena *a,
			   struct redeeming *r)
{
	struct account_record account = { .era = 0 };
	struct settings settings;
	struct store_key k;
	bool revoked, fits;
	r->is_good = key_opens(p, uri, env_now_ms(p->env), &r->k);
	struct view id = VIEW_OF(r->k.account_id);
	uc_err err = account_get(p, id, a, &account);
	if (err && err != UC_E_NOT_FOUND)
		return err;
	r->is_good &= !err && account.era == r->k.era && !account.suspended;
	TRY(store_has(p->accounts, key_2(&k, TABLE_GRANT, id, VIEW_OF(r->k.grant_id)), &revoked));
	TRY(settings_of(p, id, a, &settings));
	r->is_good &= !revoked && settings_may_be_brought(&settings);
	TRY(is_for(&r->k, room, settings_only_rooms(&settings), &fits));
	r->is_good &= fits;
	err = pool_read(p, id, VIEW_OF(r->k.set_id), a, &r->sealed, &r->slots);
	if (err && err != UC_E_EXHAUSTED)
		return err;
	r->is_good &= !err;
	return UC_OK;
}

static bool is_acceptable(const struct key_material_request *q, uint16_t cipher_suite)
{
	for (size_t i = 0; i < q->acceptable_ciphersuites.n; i++)
		if (q->acceptable_ciphersuites.v[i] == cipher_suite)
			return true;
	return false;
}

/* The KeyPackages of the set that open and read; *other: some are of suites nobody asked for. */
static uc_err redeem_open(const struct redeeming *r, const struct key_material_request *q,
			  struct arena *a, struct client_key_material_list *out, bool *other)
{
	*other = false;
	*out = (struct client_key_material_list){
		ARENA_ARRAY(a, struct client_key_material, DEVICES_MAX), 0
	};
	if (!out->v)
		return UC_E_LIMIT;
	for (size_t i = 0; i < r->sealed.n; i++) {
		struct view bytes;
		struct key_package kp;
		uc_err err = slot_open(VIEW_OF(r->k.set_key), r->k.set_id, r->slots.v[i].p,
				       r->sealed.v[i], a, &bytes);
		if (!err)
			err = wire_decode(bytes, a, key_package_element, &kp);
		if (uc_err_class(err) == UC_CLASS_MEMORY)
			return err;
		if (err || kp.leaf_node.credential.credential_type != CREDENTIAL_BASIC)
			continue;
		if (!is_acceptable(q, kp.cipher_suite)) {
			*other = true;
			continue;
		}
		out->v[out->n++] = (struct client_key_material){
			.client_status = KEY_MATERIAL_CLIENT_SUCCESS,
			.client_uri = kp.leaf_node.credential.identity,
			.key_package = bytes,
		};
	}
	return UC_OK;
}

static uc_err redeem(struct provider *p, struct redeeming *r, const struct key_material_request *q,
		     struct arena *a, struct key_material_response *out)
{
	bool other;
	struct view id = VIEW_OF(r->k.account_id), set = VIEW_OF(r->k.set_id);
	if (!r->is_good)
		return UC_OK;
	TRY(redeem_open(r, q, a, &out->clients, &other));
	if (!out->clients.n && other) {
		out->user_status = KEY_MATERIAL_NO_COMPATIBLE_MATERIAL;
		return UC_OK;
	}
	TRY(pool_release(p, id, set, a, &r->sealed, &r->slots));
	pool_tell(p, id, set, NULL);
	if (out->clients.n)
		out->user_status = KEY_MATERIAL_SUCCESS;
	return UC_OK;
}

uc_err address_redeem(struct provider *p, struct view key_address,
		      const struct key_material_request *q, struct arena *a,
		      struct key_material_response *out)
{
	struct redeeming r = { .is_good = false };
	struct key_material_response answer = { .protocol = PROTOCOL_MLS10,
						.user_status = KEY_MATERIAL_USER_UNKNOWN,
						.user_uri = key_address };
	uc_err err = redeem_check(p, key_address, q->room_id, a, &r);
	if (!err)
		err = redeem(p, &r, q, a, &answer);
	wipe(&r.k, sizeof r.k);
	if (!err)
		*out = answer;
	return err;
}
