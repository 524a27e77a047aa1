/* SPDX-License-Identifier: Apache-2.0 */
/* The vault key: who has it, when it is another, and whom it is wrapped to. */
#include "client/vault_inside.h"

#include "client/account.h"
#include "client/devices.h"
#include "mimi/device_list.h"

struct vault_owner vault_owner_of(const struct uc_client *c)
{
	return (struct vault_owner){ view_str(c->account.app), VIEW_OF(c->account.account_key) };
}

/* Made now: whoever was ended up to here has not got it. */
static void is_of_now(struct uc_client *c)
{
	struct vault *v = &c->vault;
	devices_head(c, &v->key_generation, &v->key_position);
	if (v->key_generation == UINT32_MAX)
		v->key_generation = v->key_position = 0;
}

uc_err vault_begin(struct uc_client *c, const uint8_t entropy[32])
{
	struct vault *v = &c->vault;
	uint8_t priv[32];
	TRY(vault_words_key(view_make(entropy, 32), priv, v->words_pub));
	wipe(priv, sizeof priv);
	TRY(env_random(&c->env, v->key, sizeof v->key));
	is_of_now(c);
	v->has_keys = v->dirty = true;
	return UC_OK;
}

uc_err vault_rekey(struct uc_client *c)
{
	struct vault *v = &c->vault;
	if (!v->has_keys)
		return UC_OK;
	TRY(env_random(&c->env, v->key, sizeof v->key));
	is_of_now(c);
	v->unwritten = v->dirty = true;
	v->since = v->since || v->busy;
	vault_due(c, client_now(c));
	return UC_OK;
}

bool vault_place_known(struct uc_client *c, uint32_t generation, uint32_t position)
{
	bool known = devices_have_been_at(c, generation, position);
	c->vault.ahead = c->vault.ahead || !known;
	return known;
}

uc_err vault_key_renew(struct uc_client *c)
{
	const struct vault *v = &c->vault;
	return devices_none_ended_since(c, v->key_generation, v->key_position) ? UC_OK
									       : vault_rekey(c);
}

uc_err vault_keys_get(struct uc_client *c, struct vault_handed *out)
{
	const struct vault *v = &c->vault;
	if (!v->has_keys)
		return UC_E_NOT_FOUND;
	TRY(vault_key_renew(c));
	memcpy(out->key, v->key, sizeof out->key);
	memcpy(out->words_pub, v->words_pub, sizeof out->words_pub);
	out->number = v->number;
	return UC_OK;
}

void vault_keys_set(struct uc_client *c, const struct vault_handed *in)
{
	struct vault *v = &c->vault;
	memcpy(v->key, in->key, sizeof v->key);
	memcpy(v->words_pub, in->words_pub, sizeof v->words_pub);
	v->number = in->number;
	is_of_now(c);
	v->has_keys = v->dirty = true;
	v->looked = false;
}

/* --- reading --- */

/* By the key that a device has made since and wrapped to us. */
static uc_err open_wrapped(struct uc_client *c, const struct vault_envelope *e,
			   uint8_t key[VAULT_KEY], struct vault_rows *rows)
{
	const struct vault_owner owner = vault_owner_of(c);
	TRY(vault_unwrap(e, &owner, VIEW_OF(c->account.intake_priv), VIEW_OF(c->account.intake_pub),
			 &c->call, key));
	return vault_open(e, &owner, view_make(key, VAULT_KEY), &c->call, rows);
}

uc_err vault_open_rows(struct uc_client *c, const struct vault_envelope *e, struct vault_rows *rows,
		       bool *good)
{
	const struct vault_owner owner = vault_owner_of(c);
	struct vault *v = &c->vault;
	uint8_t key[VAULT_KEY] = { 0 };
	bool other = false;
	uc_err err = vault_open(e, &owner, VIEW_OF(v->key), &c->call, rows);
	if (err == UC_E_DECRYPT) {
		other = true;
		err = open_wrapped(c, e, key, rows);
	}
	*good = !err && vault_place_known(c, rows->key_generation, rows->key_position) &&
		devices_none_ended_since(c, rows->key_generation, rows->key_position);
	/* Who writes it has not heard yet of a device that was ended: ours stays. */
	if (*good && other) {
		memcpy(v->key, key, sizeof v->key);
		v->key_generation = rows->key_generation;
		v->key_position = rows->key_position;
		v->dirty = true;
	}
	wipe(key, sizeof key);
	return err;
}

/* --- whom it is wrapped to --- */

uc_err vault_device_known(struct uc_client *c, const struct vault_device *x)
{
	struct arena_mark mark = arena_mark(&c->call);
	struct view data;
	uc_err err = vault_device_check(x, view_str(c->account.app), &c->call);
	if (!err)
		err = wire_encode_to(&c->call, vault_device_element, x, &data);
	if (!err)
		err = vault_row_put(c, VAULT_DEVICE, x->device_key.p, data);
	arena_reset(&c->call, mark);
	return err;
}

/* A row is no more than somebody's word: the box is that device's if it says so itself. */
static bool may_open(struct uc_client *c, const struct device_list *l, const struct kept_row *r,
		     struct arena *a, struct view *box_key)
{
	struct vault_device d;
	if (r->kind != VAULT_DEVICE || r->gone || !device_list_has(l, VIEW_OF(r->id)) ||
	    wire_decode(blob_view(&r->data), a, vault_device_element, &d))
		return false;
	*box_key = d.box_key;
	return view_equal(d.device_key, VIEW_OF(r->id)) &&
	       !vault_device_check(&d, view_str(c->account.app), a);
}

uc_err vault_wrap_to(struct uc_client *c, struct arena *a, struct view_list *out)
{
	struct vault *v = &c->vault;
	struct device_list l;
	out->v = ARENA_ARRAY(a, struct view, VAULT_WRAPS_MAX);
	if (!out->v)
		return UC_E_LIMIT;
	out->v[0] = VIEW_OF(v->words_pub);
	out->n = 1;
	if (!devices_known(c, &l))
		return UC_OK;
	for (size_t i = 0; i < v->n && out->n < VAULT_WRAPS_MAX; i++)
		out->n += may_open(c, &l, &v->rows[i], a, &out->v[out->n]);
	return UC_OK;
}
