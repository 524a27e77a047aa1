/* SPDX-License-Identifier: Apache-2.0 */
/* Fills an app's store of accounts with as many as one wants to measure with: the records that a
 * sign-up writes, of the same sizes and under the same kinds of keys, with random bytes for what
 * only the owners' devices could make.  Nobody can sign in with them.
 *
 * usage: bench-accounts FOLDER DOMAIN COUNT     FOLDER: data/APP/accounts of a backbone at rest */
#include "mimi/device_list.h"
#include "net/env_system.h"
#include "provider/provider.h"
#include "provider/schema.h"
#include "store/store_rocksdb.h"
#include "tests/bench/bench.h"

#include <stdlib.h>
#include <string.h>

enum { DAY_MS = 24 * 3600 * 1000, SYNC_EVERY = 10000 };

struct account {
	uint8_t id[ACCOUNT_ID], key[32], device[32], intake[32], name[32];
};

static struct view key_of(struct store_key *k, uint8_t table, struct view first, struct view second)
{
	store_key_start(k, table);
	store_key_add(k, first);
	if (second.n)
		store_key_add(k, second);
	return store_key_view(k);
}

/* As sign_up.c writes them. */
static void fill(struct store_batch *b, const struct account *a, struct view entry, uint32_t day)
{
	const struct view none = { NULL, 0 };
	struct store_key k;
	struct account_record account = { .created_day = day };
	struct device_record device = { 0 };
	struct name_record name = { .index = 1 };
	struct key_record key = { 0 };
	memcpy(account.account_key, a->key, sizeof account.account_key);
	memcpy(account.name_id, a->name, sizeof account.name_id);
	memcpy(device.intake_key, a->intake, sizeof device.intake_key);
	memcpy(name.account_id, a->id, sizeof name.account_id);
	memcpy(key.account_id, a->id, sizeof key.account_id);
	MUST(record_put(b, key_of(&k, TABLE_ACCOUNT_KEY, VIEW_OF(a->key), none), key_record_element,
			&key));
	MUST(record_put(b, key_of(&k, TABLE_NAME, VIEW_OF(a->name), none), name_record_element,
			&name));
	MUST(record_put(b, key_of(&k, TABLE_ACCOUNT, VIEW_OF(a->id), none), account_record_element,
			&account));
	MUST(record_put(b, key_of(&k, TABLE_DEVICE, VIEW_OF(a->id), VIEW_OF(a->device)),
			device_record_element, &device));
	store_key_start(&k, TABLE_LIST);
	store_key_add(&k, VIEW_OF(a->id));
	store_key_add_u64(&k, 0);
	store_key_add_u64(&k, 0);
	store_put(b, store_key_view(&k), entry);
}

/* The first entry of a device list, for its size. */
static struct view first_entry(const struct env *env, const char *domain, struct arena *a)
{
	struct ed25519_key account, device;
	struct view out;
	MUST(ed25519_generate(env, &account));
	MUST(ed25519_generate(env, &device));
	const struct device_entry e = { .device_action = DEVICE_RESET_TO,
					.device_key = VIEW_OF(device.pub) };
	MUST(device_entry_make(NULL, view_str(domain), VIEW_OF(account.pub), &account, true,
			       env_now_ms(env), &e, a, &out));
	return out;
}

int main(int argc, char **argv)
{
	const struct env *env = env_system();
	struct store *store;
	struct arena mem;
	if (argc != 4)
		bench_die("usage: bench-accounts FOLDER DOMAIN COUNT");
	const struct store_options o = { .driver = &store_rocksdb_driver,
					 .env = env,
					 .path = argv[1],
					 .domain = view_str(argv[2]),
					 .kind = VIEW_LIT("accounts"),
					 .schema = PROVIDER_SCHEMA };
	size_t count = strtoul(argv[3], NULL, 10);
	uint32_t today = (uint32_t)(env_now_ms(env) / DAY_MS);
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	struct view entry = first_entry(env, argv[2], &mem);
	uint8_t *bytes = arena_take(&mem, entry.n);
	MUST(store_open(&o, &store));
	for (size_t i = 0; i < count; i++) {
		struct account a;
		struct store_batch b;
		MUST(env_random(env, (uint8_t *)&a, sizeof a));
		MUST(env_random(env, bytes, entry.n));
		store_batch_init(&b, (struct view){ NULL, 0 });
		fill(&b, &a, view_make(bytes, entry.n), today - (uint32_t)(i % 365));
		MUST(store_commit(store, &b));
		store_batch_done(&b);
		if (i % SYNC_EVERY == SYNC_EVERY - 1)
			MUST(store_sync(store));
	}
	MUST(store_sync(store));
	/* Rewritten now, and not while something is measured. */
	MUST(store_maintain(store));
	store_close(store);
	arena_done(&mem);
	return 0;
}
