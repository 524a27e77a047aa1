/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/content.h"

#include "crypto/crypto.h"
#include "wire/cbor.h"

/* Elements of the array that a part is, by cardinality. */
static const uint8_t part_elements[] = { 3, 5, 15, 5 };

static void malformed_if(struct wire *w, bool wrong)
{
	if (wrong && !w->failed)
		wire_fail(w, UC_E_MALFORMED);
}

static void limited(struct wire *w, const struct view *v, size_t most)
{
	if (v->n > most)
		wire_fail(w, UC_E_LIMIT);
}

/* null / MessageId; an id of a hash that nobody knows is malicious. */
static void cbor_message_id(struct wire *w, struct view *id)
{
	if (cbor_null(w, !id->n)) {
		if (wire_reading(w))
			*id = (struct view){ NULL, 0 };
		return;
	}
	cbor_bytes(w, id);
	malformed_if(w, id->n != MESSAGE_ID || id->p[0] != MESSAGE_ID_SHA256);
}

static void cbor_expiration(struct wire *w, struct content_expiration *e)
{
	cbor_open_fixed(w, 2);
	cbor_bool(w, &e->relative);
	cbor_u32(w, &e->time);
	malformed_if(w, e->relative && e->time > CONTENT_YEAR_S);
	cbor_close(w);
}

static void cbor_expires(struct wire *w, struct content_expiration **e)
{
	bool null = cbor_null(w, wire_reading(w) || !*e);
	if (wire_reading(w)) {
		*e = NULL;
		if (null || w->failed)
			return;
		*e = ARENA_NEW(w->mem, struct content_expiration);
		if (!*e)
			wire_fail(w, UC_E_LIMIT);
	}
	if (*e)
		cbor_expiration(w, *e);
}

static void cbor_content_extension(struct wire *w, struct content_extension *e)
{
	struct view text;
	if (wire_reading(w))
		e->is_text = cbor_next(w) == CBOR_TEXT;
	if (e->is_text) {
		cbor_text(w, &e->name);
		malformed_if(w, !e->name.n);
		limited(w, &e->name, CONTENT_EXTENSION_NAME_MAX);
	} else {
		cbor_int(w, &e->number);
	}
	cbor_any(w, &e->value, CONTENT_EXTENSION_LEVELS - 1);
	limited(w, &e->value, CONTENT_EXTENSION_VALUE_MAX);
	if (!w->failed && !e->is_text &&
	    (e->number == EXTENSION_SENDER_URI || e->number == EXTENSION_ROOM_URI))
		malformed_if(w, cbor_text_of(e->value, &text) != UC_OK);
}

static void content_extension_element(struct wire *w, void *v)
{
	cbor_content_extension(w, v);
}

static void cbor_external_part(struct wire *w, struct external_part *e)
{
	cbor_text(w, &e->url);
	cbor_u32(w, &e->expires);
	cbor_u64(w, &e->size);
	cbor_u16(w, &e->enc_alg);
	cbor_bytes(w, &e->key);
	cbor_bytes(w, &e->nonce);
	cbor_bytes(w, &e->aad);
	cbor_u8(w, &e->hash_alg);
	cbor_bytes(w, &e->content_hash);
	cbor_text(w, &e->description);
	cbor_text(w, &e->filename);
	malformed_if(w, !e->enc_alg && (e->key.n || e->nonce.n || e->aad.n));
}

static void nested_part_element(struct wire *w, void *v);

static void cbor_multi_part(struct wire *w, struct nested_part *p)
{
	cbor_u8(w, &p->part_semantics);
	malformed_if(w, p->part_semantics > PARTS_PROCESS_ALL);
	CBOR_LIST(w, &p->parts, CONTENT_PARTS_MAX, nested_part_element);
	malformed_if(w, p->parts.n < 2);
}

/* Each level of parts is two arrays, the part's and the list's in it, inside the message's. */
static unsigned nesting(const struct wire *w)
{
	return w->depth / 2;
}

static void cbor_nested_part(struct wire *w, struct nested_part *p)
{
	bool known = !wire_reading(w) && p->cardinality <= PART_MULTI;
	size_t n = known ? part_elements[p->cardinality] : 0;
	cbor_open(w, &n);
	if (nesting(w) > CONTENT_NESTING_MAX || w->count >= CONTENT_PARTS_MAX)
		wire_fail(w, UC_E_LIMIT);
	if (wire_reading(w))
		p->part_index = w->count;
	w->count++;
	cbor_u8(w, &p->disposition);
	cbor_text(w, &p->language);
	cbor_u8(w, &p->cardinality);
	malformed_if(w, p->cardinality > PART_MULTI || n != part_elements[p->cardinality]);
	if (w->failed) {
		cbor_close(w);
		return;
	}
	if (p->cardinality == PART_SINGLE || p->cardinality == PART_EXTERNAL)
		cbor_text(w, &p->content_type);
	if (p->cardinality == PART_SINGLE)
		cbor_bytes(w, &p->content);
	if (p->cardinality == PART_EXTERNAL)
		cbor_external_part(w, &p->external);
	if (p->cardinality == PART_MULTI)
		cbor_multi_part(w, p);
	cbor_close(w);
}

static void nested_part_element(struct wire *w, void *v)
{
	cbor_nested_part(w, v);
}

void cbor_mimi_content(struct wire *w, struct mimi_content *c)
{
	cbor_open_fixed(w, 7);
	cbor_fixed(w, c->salt, sizeof c->salt);
	cbor_message_id(w, &c->replaces);
	cbor_bytes(w, &c->topic_id);
	limited(w, &c->topic_id, CONTENT_TOPIC_MAX);
	cbor_expires(w, &c->expires);
	cbor_message_id(w, &c->in_reply_to);
	CBOR_MAP_LIST(w, &c->extensions, CONTENT_EXTENSIONS_MAX, content_extension_element);
	cbor_nested_part(w, &c->body);
	cbor_close(w);
}

void mimi_content_element(struct wire *w, void *v)
{
	cbor_mimi_content(w, v);
}

uc_err mimi_content_read(struct view bytes, struct arena *a, struct mimi_content *out)
{
	struct mimi_content c = { 0 };
	TRY(wire_decode(bytes, a, mimi_content_element, &c));
	*out = c;
	return UC_OK;
}

uc_err mimi_content_write(const struct mimi_content *c, struct arena *a, struct view *bytes)
{
	return wire_encode_to(a, mimi_content_element, c, bytes);
}

uc_err mimi_content_id(struct view bytes, const uint8_t salt[CONTENT_SALT], struct view sender_uri,
		       struct view room_uri, uint8_t out[MESSAGE_ID])
{
	uint8_t hash[SHA256_BYTES];
	if (sender_uri.n > UINT16_MAX || room_uri.n > UINT16_MAX)
		return UC_E_TOO_LARGE;
	const uint8_t sender_n[] = { (uint8_t)(sender_uri.n >> 8), (uint8_t)sender_uri.n };
	const uint8_t room_n[] = { (uint8_t)(room_uri.n >> 8), (uint8_t)room_uri.n };
	const struct view parts[] = {
		VIEW_OF(sender_n), sender_uri, VIEW_OF(room_n),
		room_uri,          bytes,      view_make(salt, CONTENT_SALT)
	};
	TRY(sha256_parts(parts, sizeof parts / sizeof *parts, hash));
	out[0] = MESSAGE_ID_SHA256;
	memcpy(out + 1, hash, MESSAGE_ID - 1);
	return UC_OK;
}

uc_err mimi_content_uri(const struct mimi_content *c, enum content_extension_key key,
			struct view *uri)
{
	for (size_t i = 0; i < c->extensions.n; i++) {
		const struct content_extension *e = &c->extensions.v[i];
		if (!e->is_text && e->number == (int64_t)key)
			return cbor_text_of(e->value, uri);
	}
	return UC_E_NOT_FOUND;
}

bool mimi_content_expires_sensibly(const struct mimi_content *c, uint64_t accepted_timestamp)
{
	uint64_t now = accepted_timestamp / 1000;
	if (!c->expires || c->expires->relative)
		return true;
	return c->expires->time + (uint64_t)CONTENT_YEAR_S >= now &&
	       c->expires->time <= now + CONTENT_YEAR_S;
}
