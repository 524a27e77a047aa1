/* SPDX-License-Identifier: Apache-2.0 */
/* How much an account has stored.  It is counted when something is added, which is rare, rather
 * than kept: a count of its own would have to agree with what is there after every kill. */
#include "provider/inside.h"

static uc_err records_sum(struct provider *p, struct view prefix, uint64_t *sum)
{
	struct store_scan scan;
	struct view key, value;
	TRY(store_scan_init(&scan, p->accounts, prefix, (struct view){ NULL, 0 }, 0));
	while (*sum < p->config.account_bytes && store_scan_next(&scan, &key, &value))
		*sum += value.n;
	uc_err err = scan.failed;
	store_scan_done(&scan);
	return err;
}

static uc_err log_sum(struct provider *p, struct view log, uint64_t *sum)
{
	struct store_log_scan scan;
	struct view bytes;
	uint64_t seq;
	TRY(store_log_scan_init(&scan, p->accounts, log, 0, 0, 0));
	while (*sum < p->config.account_bytes && store_log_scan_next(&scan, &seq, &bytes))
		*sum += bytes.n;
	uc_err err = scan.scan.failed;
	store_log_scan_done(&scan);
	return err;
}

uc_err account_bytes_left(struct provider *p, struct view account_id, struct arena *a,
			  uint64_t *left)
{
	struct store_key k;
	struct view_list devices;
	uint64_t sum = 0;
	TRY(records_sum(p, key_1(&k, TABLE_VAULT, account_id), &sum));
	TRY(records_sum(p, key_1(&k, TABLE_SLOT, account_id), &sum));
	TRY(device_keys(p, account_id, a, &devices));
	for (size_t i = 0; i < devices.n; i++)
		TRY(log_sum(p, key_2(&k, TABLE_INTAKE, account_id, devices.v[i]), &sum));
	*left = sum < p->config.account_bytes ? p->config.account_bytes - sum : 0;
	return UC_OK;
}
