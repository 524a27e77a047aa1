/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/sender_tag.h"

static uc_err keyed(const struct provider *p, struct view label, struct view one, struct view other,
		    uint8_t out[SHA256_BYTES])
{
	const struct view parts[] = { label, one, other };
	return hmac_sha256_parts(VIEW_OF(p->config.keys->name_key), parts, 3, out);
}

/* From the key of the index to the number 1, so that a change of that key changes no tag. */
static uc_err lead(const struct provider_index_key *k, const uint8_t id[32],
		   uint8_t out[POINT_HASH])
{
	static const uint8_t one[POINT_HASH] = { 1 };
	uint8_t move[POINT_HASH];
	if (!k->number)
		return point_hash(one, view_make(id, 32), out);
	TRY(point_move_make(k->key, one, move));
	uc_err err = point_hash_move(move, id, out);
	wipe(move, sizeof move);
	return err;
}

static const struct provider_index_key *index_key(const struct provider_keys *k, uint32_t number)
{
	if (number == k->index.number)
		return &k->index;
	return k->index_moves && number == k->index_before.number ? &k->index_before : NULL;
}

/* What an account keeps of a name that it lost, and back: no two keep the same of one name. */
static uc_err mask(const struct provider *p, struct view account_id, const uint8_t in[POINT_HASH],
		   uint8_t out[POINT_HASH])
{
	uint8_t by[SHA256_BYTES];
	TRY(keyed(p, VIEW_LIT("Undercroft name left"), account_id, (struct view){ NULL, 0 }, by));
	for (size_t i = 0; i < POINT_HASH; i++)
		out[i] = in[i] ^ by[i];
	wipe(by, sizeof by);
	return UC_OK;
}

uc_err sender_name_of(struct provider *p, struct view account_id,
		      const struct account_record *account, struct arena *a,
		      struct sender_name *out)
{
	struct store_key k;
	struct name_record name = { 0 };
	bool found;
	*out = (struct sender_name){ .is_there = false };
	uc_err err = record_find(p->accounts, key_1(&k, TABLE_NAME, VIEW_OF(account->name_id)),
				 name_record_element, a, &name, &found);
	if (err && err != UC_E_CORRUPT)
		return err;
	const struct provider_index_key *key =
		!err && found ? index_key(p->config.keys, name.index) : NULL;
	if (key)
		err = lead(key, account->name_id, out->b);
	else if (account->left_name.n == POINT_HASH)
		err = mask(p, account_id, account->left_name.p, out->b);
	else
		return UC_OK;
	out->is_there = !err;
	/* A record that is damaged keeps no letter back. */
	return err == UC_E_CORRUPT ? UC_OK : err;
}

uc_err sender_tag_make(const struct provider *p, const struct sender_name *from,
		       struct view reader_id, uint8_t tag[SENDER_TAG])
{
	uint8_t made[SHA256_BYTES];
	memset(tag, 0, SENDER_TAG);
	if (!from->is_there)
		return UC_OK;
	TRY(keyed(p, VIEW_LIT("Undercroft sender tag"), VIEW_OF(from->b), reader_id, made));
	memcpy(tag, made, SENDER_TAG);
	wipe(made, sizeof made);
	return UC_OK;
}

uc_err sender_name_leave(struct provider *p, struct view account_id,
			 const struct account_record *account, struct arena *a, struct view *left)
{
	struct sender_name name;
	uint8_t *out = arena_take(a, POINT_HASH);
	if (!out)
		return UC_E_LIMIT;
	TRY(sender_name_of(p, account_id, account, a, &name));
	*left = (struct view){ NULL, 0 };
	if (!name.is_there)
		return UC_OK;
	uc_err err = mask(p, account_id, name.b, out);
	wipe(&name, sizeof name);
	if (!err)
		*left = view_make(out, POINT_HASH);
	return err;
}
