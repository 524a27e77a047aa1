/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/address.h"

#include "base/text.h"

/* uint8 version; opaque account_id[16]; uint8 channel; opaque set_id[16], set_key[32],
 * grant_id[16]; uint64 expires_ms; uint32 era; from version 2 on opaque room_tag[16].  Request
 * addresses are of the first version, and so were key addresses. */
enum {
	REQUEST_VERSION = 1,
	KEY_VERSION = 2,
	PLAIN_1 = 1 + ACCOUNT_ID + 1 + SET_ID + ADDRESS_SET_KEY + GRANT_ID + 8 + 4,
	PLAIN_2 = PLAIN_1 + ROOM_TAG,
};

struct inside {
	uint8_t version, channel;
	struct key_address k;
};

static void wire_inside(struct wire *w, struct inside *i)
{
	wire_u8(w, &i->version);
	wire_fixed(w, i->k.account_id, ACCOUNT_ID);
	wire_u8(w, &i->channel);
	wire_fixed(w, i->k.set_id, SET_ID);
	wire_fixed(w, i->k.set_key, ADDRESS_SET_KEY);
	wire_fixed(w, i->k.grant_id, GRANT_ID);
	wire_u64(w, &i->k.expires_ms);
	wire_u32(w, &i->k.era);
	if (i->version > REQUEST_VERSION)
		wire_fixed(w, i->k.room_tag, ROOM_TAG);
	else if (wire_reading(w))
		memset(i->k.room_tag, 0, ROOM_TAG);
}
WIRE_ELEMENT(inside)

/* The kind of URI and the domain are authenticated with it. */
static uc_err aad_of(enum uri_kind kind, struct view domain, struct buf *out)
{
	buf_init(out, 1024);
	buf_add_str(out, kind == URI_KEY_ADDRESS ? "Undercroft key address "
						 : "Undercroft request address ");
	buf_add_view(out, domain);
	return out->failed;
}

static size_t plain_bytes(uint8_t version)
{
	return version > REQUEST_VERSION ? PLAIN_2 : PLAIN_1;
}

static uc_err seal(const struct env *env, struct view key, enum uri_kind kind, struct view domain,
		   const struct inside *in, struct arena *a, struct view *uri)
{
	struct buf plain, aad, name;
	uint8_t sealed[PLAIN_2 + BOX_OVERHEAD];
	buf_init_secret(&plain, 1024);
	buf_init(&name, URI_MAX);
	uc_err err = wire_encode(&plain, inside_element, in);
	if (!err)
		err = aad_of(kind, domain, &aad);
	if (!err)
		err = box_seal(env, key, buf_view(&aad), buf_view(&plain), sealed);
	buf_done(&aad);
	buf_done(&plain);
	if (!err) {
		base64url_add(&name,
			      (struct view){ sealed, plain_bytes(in->version) + BOX_OVERHEAD });
		struct uri u = { .kind = kind, .domain = domain, .name = buf_view(&name) };
		err = uri_make(a, &u, uri);
	}
	buf_done(&name);
	return err;
}

static uc_err address_open(struct view key, enum uri_kind kind, struct view domain,
			   struct view text, uint64_t now_ms, struct inside *out, struct arena *a)
{
	struct uri u;
	struct view sealed;
	struct buf aad;
	uint8_t plain[PLAIN_2];
	uint8_t version = kind == URI_KEY_ADDRESS ? KEY_VERSION : REQUEST_VERSION;
	if (uri_read(text, &u) || u.kind != kind || !view_equal(u.domain, domain) ||
	    base64url_read(a, u.name, &sealed))
		return UC_E_ADDRESS;
	/* Key addresses of before had no room. */
	if (sealed.n == PLAIN_1 + BOX_OVERHEAD)
		version = REQUEST_VERSION;
	else if (sealed.n != plain_bytes(version) + BOX_OVERHEAD)
		return UC_E_ADDRESS;
	uc_err err = aad_of(kind, domain, &aad);
	if (!err)
		err = box_open(key, buf_view(&aad), sealed, plain);
	buf_done(&aad);
	if (!err)
		err = wire_decode((struct view){ plain, plain_bytes(version) }, a, inside_element,
				  out);
	wipe(plain, sizeof plain);
	return err || out->version != version || out->k.expires_ms <= now_ms ? UC_E_ADDRESS : UC_OK;
}

uc_err request_address_seal(const struct env *env, struct view address_key, struct view domain,
			    const struct request_address *in, struct arena *a, struct view *uri)
{
	struct inside i = { .version = REQUEST_VERSION,
			    .channel = in->channel,
			    .k = { .expires_ms = in->expires_ms, .era = in->era } };
	memcpy(i.k.account_id, in->account_id, ACCOUNT_ID);
	memcpy(i.k.grant_id, in->grant_id, GRANT_ID);
	return seal(env, address_key, URI_REQUEST_ADDRESS, domain, &i, a, uri);
}

uc_err key_address_seal(const struct env *env, struct view address_key, struct view domain,
			const struct key_address *in, struct arena *a, struct view *uri)
{
	struct inside i = { .version = KEY_VERSION, .k = *in };
	uc_err err = seal(env, address_key, URI_KEY_ADDRESS, domain, &i, a, uri);
	wipe(&i, sizeof i);
	return err;
}

uc_err request_address_open(struct view address_key, struct view domain, struct view uri,
			    uint64_t now_ms, struct request_address *out)
{
	struct inside i = { .version = 0 };
	struct arena scratch;
	arena_init(&scratch, 16384, ARENA_SECRET);
	uc_err err =
		address_open(address_key, URI_REQUEST_ADDRESS, domain, uri, now_ms, &i, &scratch);
	arena_done(&scratch);
	if (!err) {
		*out = (struct request_address){ .channel = i.channel,
						 .expires_ms = i.k.expires_ms,
						 .era = i.k.era };
		memcpy(out->account_id, i.k.account_id, ACCOUNT_ID);
		memcpy(out->grant_id, i.k.grant_id, GRANT_ID);
	}
	return err;
}

uc_err key_address_open(struct view address_key, struct view domain, struct view uri,
			uint64_t now_ms, struct key_address *out)
{
	struct inside i = { .version = 0 };
	struct arena scratch;
	arena_init(&scratch, 16384, ARENA_SECRET);
	uc_err err = address_open(address_key, URI_KEY_ADDRESS, domain, uri, now_ms, &i, &scratch);
	arena_done(&scratch);
	if (!err)
		*out = i.k;
	wipe(&i, sizeof i);
	return err;
}
