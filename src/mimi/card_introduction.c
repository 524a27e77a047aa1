/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/card_introduction.h"

enum { ENTRY_VERSION = 1, SIGNATURE = 64, KEYS_MAX = 255 };

struct short_entry {
	uint8_t action;
	uint8_t key[ED25519_KEY]; /* of a device that comes */
	uint8_t device, signer;   /* else one that came before, by number */
	uint64_t time_ms;
	uint8_t signature[SIGNATURE];
};
struct short_entry_list {
	struct short_entry *v;
	size_t n;
};
struct short_list {
	uint32_t generation;
	uint8_t previous_hash[SHA256_BYTES]; /* of the first entry; of generation 0: zero */
	struct short_entry_list entries;
};

static void wire_short_entry(struct wire *w, struct short_entry *e)
{
	wire_u8(w, &e->action);
	if (e->action < DEVICE_RESET_TO || e->action > DEVICE_REVOKE) {
		wire_fail(w, UC_E_MALFORMED);
		return;
	}
	if (e->action == DEVICE_REVOKE)
		wire_u8(w, &e->device);
	else
		wire_fixed(w, e->key, sizeof e->key);
	if (e->action != DEVICE_RESET_TO)
		wire_u8(w, &e->signer);
	wire_u64(w, &e->time_ms);
	wire_fixed(w, e->signature, sizeof e->signature);
}
WIRE_ELEMENT(short_entry)

static void wire_short_list(struct wire *w, struct short_list *l)
{
	wire_u32(w, &l->generation);
	if (l->generation)
		wire_fixed(w, l->previous_hash, sizeof l->previous_hash);
	else if (wire_reading(w))
		memset(l->previous_hash, 0, sizeof l->previous_hash);
	WIRE_LIST(w, &l->entries, short_entry_element);
}
WIRE_ELEMENT(short_list)

/* Those that came, in order. */
struct keys {
	struct view v[KEYS_MAX];
	size_t n;
};

static uc_err key_add(struct keys *k, struct view key)
{
	if (k->n == KEYS_MAX)
		return UC_E_TOO_LARGE;
	k->v[k->n++] = key;
	return UC_OK;
}

/* --- packing --- */

static uc_err key_number(const struct keys *k, struct view key, uint8_t *out)
{
	for (size_t i = 0; i < k->n; i++)
		if (view_equal(k->v[i], key)) {
			*out = (uint8_t)i;
			return UC_OK;
		}
	return UC_E_CHAIN;
}

static uc_err entry_pack(const struct device_entry *e, struct keys *k, struct short_entry *out)
{
	*out = (struct short_entry){ .action = e->device_action, .time_ms = e->time_ms };
	if (e->device_key.n != sizeof out->key || e->signature.n != sizeof out->signature)
		return UC_E_CHAIN;
	memcpy(out->signature, e->signature.p, sizeof out->signature);
	if (e->device_action != DEVICE_RESET_TO)
		TRY(key_number(k, e->signer_key, &out->signer));
	if (e->device_action == DEVICE_REVOKE)
		return key_number(k, e->device_key, &out->device);
	memcpy(out->key, e->device_key.p, sizeof out->key);
	return key_add(k, e->device_key);
}

static uc_err list_pack(const struct view_list *entries, struct arena *a, struct view *packed)
{
	struct keys *k = ARENA_NEW(a, struct keys);
	struct short_list l = { .entries = { ARENA_ARRAY(a, struct short_entry, entries->n + 1),
					     entries->n } };
	if (!k || !l.entries.v)
		return UC_E_LIMIT;
	k->n = 0;
	for (size_t i = 0; i < entries->n; i++) {
		struct device_entry e;
		TRY(wire_decode(entries->v[i], a, device_entry_element, &e));
		if (!i) {
			l.generation = e.list_generation;
			memcpy(l.previous_hash, e.previous_hash, sizeof l.previous_hash);
		}
		TRY(entry_pack(&e, k, &l.entries.v[i]));
	}
	return wire_encode_to(a, short_list_element, &l, packed);
}

uc_err card_introduction_pack(struct view encoded, struct arena *a, struct view *packed)
{
	struct introduction in;
	struct view list;
	TRY(wire_decode(encoded, a, introduction_element, &in));
	TRY(list_pack(&in.device_list, a, &list));
	in.device_list = (struct view_list){ &list, 1 };
	in.leaf_key = (struct view){ NULL, 0 };
	return wire_encode_to(a, introduction_element, &in, packed);
}

/* --- unpacking --- */

static uc_err entry_unpack(const struct short_entry *in, struct keys *k, struct device_entry *e)
{
	bool comes = in->action != DEVICE_REVOKE, by_account = in->action == DEVICE_RESET_TO;
	if ((!comes && in->device >= k->n) || (!by_account && in->signer >= k->n))
		return UC_E_MALFORMED;
	e->version = ENTRY_VERSION;
	e->device_action = in->action;
	e->time_ms = in->time_ms;
	e->signer_key = by_account ? (struct view){ NULL, 0 } : k->v[in->signer];
	e->device_key = comes ? VIEW_OF(in->key) : k->v[in->device];
	e->signature = VIEW_OF(in->signature);
	return comes ? key_add(k, e->device_key) : UC_OK;
}

static uc_err list_unpack(struct view packed, struct arena *a, struct view_list *entries)
{
	struct short_list l;
	struct keys *k = ARENA_NEW(a, struct keys);
	struct device_entry e = { .version = ENTRY_VERSION };
	TRY(wire_decode(packed, a, short_list_element, &l));
	if (l.entries.n > DEVICE_ENTRIES_MAX)
		return UC_E_LIMIT;
	struct view *v = ARENA_ARRAY(a, struct view, l.entries.n + 1);
	if (!k || !v)
		return UC_E_LIMIT;
	k->n = 0;
	e.list_generation = l.generation;
	memcpy(e.previous_hash, l.previous_hash, sizeof e.previous_hash);
	for (size_t i = 0; i < l.entries.n; i++) {
		e.list_position = (uint32_t)i;
		TRY(entry_unpack(&l.entries.v[i], k, &e));
		TRY(wire_encode_to(a, device_entry_element, &e, &v[i]));
		TRY(sha256(v[i], e.previous_hash));
	}
	*entries = (struct view_list){ v, l.entries.n };
	return UC_OK;
}

uc_err card_introduction_unpack(struct view packed, struct view leaf_key, struct arena *a,
				struct view *encoded)
{
	struct introduction in;
	TRY(wire_decode(packed, a, introduction_element, &in));
	if (in.device_list.n != 1 || in.leaf_key.n)
		return UC_E_MALFORMED;
	TRY(list_unpack(in.device_list.v[0], a, &in.device_list));
	in.leaf_key = leaf_key;
	return wire_encode_to(a, introduction_element, &in, encoded);
}
