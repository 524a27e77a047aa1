/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/account.h"

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
