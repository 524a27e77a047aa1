/* SPDX-License-Identifier: Apache-2.0 */
/* The devices of one account, as its signed list and its records say. */
#include "ctl/ctl.h"

#include "base/text.h"
#include "ctl/account.h"
#include "mimi/names.h"
#include "provider/keys.h"
#include "provider/schema.h"
#include "server/app_keys.h"

#include <time.h>

enum { CALL_BYTES = 16 << 20 };

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

static uc_err account_by_name(const struct ctl *c, size_t app, struct store *s, struct view text,
			      struct arena *a, struct view *account_id)
{
	const struct config_app *conf = &c->config.apps[app];
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

static uc_err account_find(const struct ctl *c, size_t app, struct store *s, const char *text,
			   struct arena *a, struct view *account_id)
{
	struct view v = view_str(text);
	bool hex = v.n == 2 * (size_t)ACCOUNT_ID && !hex_read(a, v, account_id);
	return hex ? UC_OK : account_by_name(c, app, s, v, a, account_id);
}

static void print_day(uint64_t ms)
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;
	char text[32] = "?";
	if (gmtime_r(&t, &tm))
		strftime(text, sizeof text, "%F", &tm);
	fputs(text, stdout);
}

static void print(const struct ctl *c, struct view account_id, const struct ctl_account *account)
{
	const struct device_list *l = &account->list;
	if (c->json)
		fputs("{\"type\":\"account\",\"account\":\"", stdout);
	else
		fputs("account ", stdout);
	ctl_print_hex(stdout, account_id);
	if (c->json)
		printf("\",\"created_day\":%u,\"generation\":%u,\"position\":%u,\"devices\":%zu}\n",
		       account->record.created_day, l->list_generation, l->list_position, l->count);
	else {
		fputs(", since ", stdout);
		print_day((uint64_t)account->record.created_day * 24 * 3600 * 1000);
		printf("; device list %u.%u verifies\n", l->list_generation, l->list_position);
	}
	for (size_t i = 0; i < l->count; i++) {
		fputs(c->json ? "{\"type\":\"device\",\"device\":\"" : "  device ", stdout);
		ctl_print_hex(stdout, VIEW_OF(l->devices[i].device_key));
		if (c->json) {
			printf("\",\"added_ms\":%llu}\n",
			       (unsigned long long)l->devices[i].time_ms);
		} else {
			fputs(", since ", stdout);
			print_day(l->devices[i].time_ms);
			fputs("\n", stdout);
		}
	}
}

static uc_err show(const struct ctl *c, size_t app, struct store *s, struct arena *a)
{
	struct view account_id;
	struct ctl_account account;
	TRY(account_find(c, app, s, c->argv[1], a, &account_id));
	TRY(ctl_account_get(s, view_str(c->config.apps[app].domain), account_id, a, &account));
	print(c, account_id, &account);
	return UC_OK;
}

int ctl_devices(struct ctl *c)
{
	size_t app = 0;
	struct store *s = NULL;
	struct arena a;
	if (!ctl_app_find(c, c->argv[0], &app))
		return CTL_USAGE;
	if (ctl_store_open(c, app, CTL_ACCOUNTS, &s))
		return CTL_FAILED;
	arena_init(&a, CALL_BYTES, ARENA_PLAIN);
	uc_err err = show(c, app, s, &a);
	arena_done(&a);
	store_close(s);
	if (err)
		fprintf(stderr, "undercroftctl: %s on %s: %s (%s)\n", c->argv[1], c->argv[0],
			err == UC_E_NOT_FOUND ? "there is no such account" : uc_err_text(err),
			uc_err_name(err));
	return err ? CTL_FAILED : CTL_OK;
}
