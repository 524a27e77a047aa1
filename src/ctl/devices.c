/* SPDX-License-Identifier: Apache-2.0 */
/* The devices of one account, as its signed list and its records say. */
#include "ctl/ctl.h"

#include "ctl/account.h"

enum { CALL_BYTES = 16 << 20 };

static void print_day(uint64_t ms)
{
	char text[32];
	ctl_day_text(ms, text);
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
	TRY(ctl_account_find(&c->config.apps[app], s, c->argv[1], a, &account_id));
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
