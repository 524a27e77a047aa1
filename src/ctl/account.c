/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/account.h"

#include "base/text.h"
#include "mimi/names.h"
#include "provider/keys.h"
#include "server/app_keys.h"

/* As the provider's index has it; while its key changes, under either. */
static uc_err name_find(struct store *s, const struct provider_keys *keys, uint8_t kind,
			struct view name, struct arena *a, struct name_record *out)
{
	struct store_key key;
	uint8_t secret[32], id[32];
	TRY(provider_keys_name(keys, kind, name, secret));
	TRY(provider_index_id(&keys->index, secret, id));
	uc_err err =
		record_get(s, key_1(&key, TABLE_NAME, VIEW_OF(id)), name_record_element, a, out);
	if (err != UC_E_NOT_FOUND || !keys->index_moves)
		return err;
	TRY(provider_index_id(&keys->index_before, secret, id));
	return record_get(s, key_1(&key, TABLE_NAME, VIEW_OF(id)), name_record_element, a, out);
}

static uc_err account_by_name(const struct config_app *conf, struct store *s, struct view text,
			      struct arena *a, struct view *account_id)
{
	struct provider_keys keys;
	struct name_record record;
	struct view name;
	uint8_t kind = (uint8_t)conf->names;
	TRY(name_normalise((enum name_kind)kind, text, a, &name));
	TRY(app_keys_load(conf, &keys));
	uc_err err = name_find(s, &keys, kind, name, a, &record);
	provider_keys_wipe(&keys);
	TRY(err);
	return arena_copy(a, VIEW_OF(record.account_id), account_id);
}

uc_err ctl_account_find(const struct config_app *conf, struct store *s, const char *text,
			struct arena *a, struct view *account_id)
{
	struct view v = view_str(text);
	bool hex = v.n == 2 * (size_t)ACCOUNT_ID && !hex_read(a, v, account_id);
	return hex ? UC_OK : account_by_name(conf, s, v, a, account_id);
}

static uc_err entries_read(struct store *s, struct view account_id, struct arena *a,
			   struct view_list *out)
{
	struct store_key prefix;
	struct store_scan it;
	struct view key, value;
	out->v = ARENA_ARRAY(a, struct view, DEVICE_ENTRIES_MAX);
	out->n = 0;
	if (!out->v)
		return UC_E_MEMORY;
	TRY(store_scan_init(&it, s, key_1(&prefix, TABLE_LIST, account_id), (struct view){ 0 }, 0));
	uc_err err = UC_OK;
	while (!err && store_scan_next(&it, &key, &value)) {
		err = out->n == DEVICE_ENTRIES_MAX ? UC_E_LIMIT : UC_OK;
		if (!err)
			err = arena_copy(a, value, &out->v[out->n++]);
	}
	if (!err)
		err = it.failed;
	store_scan_done(&it);
	return err;
}

static uc_err devices_there(struct store *s, struct view account_id, const struct device_list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		struct store_key key;
		bool there = false;
		TRY(store_has(
			s, key_2(&key, TABLE_DEVICE, account_id, VIEW_OF(l->devices[i].device_key)),
			&there));
		if (!there)
			return UC_E_CORRUPT;
	}
	return UC_OK;
}

uc_err ctl_account_get(struct store *s, struct view domain, struct view account_id, struct arena *a,
		       struct ctl_account *out)
{
	struct store_key key;
	struct view_list entries;
	TRY(record_get(s, key_1(&key, TABLE_ACCOUNT, account_id), account_record_element, a,
		       &out->record));
	TRY(entries_read(s, account_id, a, &entries));
	TRY(device_list_verify(&entries, domain, VIEW_OF(out->record.account_key), a, &out->list));
	if (out->list.list_generation != out->record.generation ||
	    out->list.list_position != out->record.position)
		return UC_E_CORRUPT;
	return devices_there(s, account_id, &out->list);
}
