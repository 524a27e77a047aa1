/* SPDX-License-Identifier: Apache-2.0 */
/* One suite for both adapters, then the encrypted store on top of the one in memory. */
#include "client/safe.h"
#include "client/store_memory.h"

#include "tests/unit/harness.h"

#ifndef __wasm__
#include <unistd.h>
#endif

struct seen {
	char text[256];
	size_t n;
};

static bool note(void *ctx, const uint8_t *key, size_t key_n, const uint8_t *value, size_t value_n)
{
	struct seen *s = ctx;
	s->n += (size_t)snprintf(s->text + s->n, sizeof s->text - s->n, "%.*s=%.*s ", (int)key_n,
				 (const char *)key, (int)value_n,
				 value_n ? (const char *)value : "");
	return true;
}

static struct uc_store_change change(const char *key, const char *value)
{
	return (struct uc_store_change){ (const uint8_t *)key, strlen(key), (const uint8_t *)value,
					 value ? strlen(value) : 0 };
}

static void expect_scan(const struct uc_store_ops *ops, void *store, const char *prefix,
			const char *from, const char *want)
{
	struct seen s = { .n = 0 };
	expect_ok(ops->scan(store, (const uint8_t *)prefix, strlen(prefix), (const uint8_t *)from,
			    strlen(from), note, &s));
	expect_bytes(view_str(s.text), view_str(want));
}

static void conform(const struct uc_store_ops *ops, void *store)
{
	struct uc_store_change first[] = { change("b1", "one"), change("a", "x"), change("b3", ""),
					   change("b2", "two") };
	expect_ok(ops->commit(store, first, 4));
	expect_scan(ops, store, "b", "", "b1=one b2=two b3= ");
	expect_scan(ops, store, "b", "b2", "b2=two b3= ");
	expect_scan(ops, store, "", "", "a=x b1=one b2=two b3= ");
	expect_scan(ops, store, "c", "", "");
	struct uc_store_change second[] = { change("b1", NULL), change("b2", "new"),
					    change("none", NULL) };
	expect_ok(ops->commit(store, second, 3));
	expect_scan(ops, store, "b", "", "b2=new b3= ");
	struct seen s = { .n = 0 };
	expect_ok(ops->get(store, (const uint8_t *)"b2", 2, note, &s));
	expect_ok(ops->get(store, (const uint8_t *)"b1", 2, note, &s));
	expect_bytes(view_str(s.text), VIEW_LIT("b2=new "));
}

TEST(memory_store_conforms)
{
	struct client_memory *m = client_memory_new();
	conform(client_memory_ops(), m);
	client_memory_free(m);
}

/* WebAssembly has neither SQLite nor keys from passphrases. */
#ifndef __wasm__
static void temporary_path(char *path, size_t n)
{
	snprintf(path, n, "/tmp/undercroft-store-test-%ld.db", (long)getpid());
	unlink(path);
}

TEST(sqlite_store_conforms_and_lasts)
{
	char path[128];
	const struct uc_store_ops *ops = NULL, *other_ops = NULL;
	void *store = NULL, *other = NULL;
	temporary_path(path, sizeof path);
	expect_ok(uc_store_sqlite_open(path, &ops, &store));
	conform(ops, store);
	expect_err(uc_store_sqlite_open(path, &other_ops, &other), UC_E_LOCKED);
	ops->close(store);
	expect_ok(uc_store_sqlite_open(path, &ops, &store));
	expect_scan(ops, store, "b", "", "b2=new b3= ");
	ops->close(store);
	unlink(path);
}

#endif

TEST(a_fault_before_loses_the_batch_and_one_after_keeps_it)
{
	struct client_memory *m = client_memory_new();
	const struct uc_store_ops *ops = client_memory_ops();
	struct uc_store_change one = change("k", "1"), two = change("k", "2");
	expect_ok(ops->commit(m, &one, 1));
	client_memory_fail_at(m, 2, STORE_FAULT_BEFORE);
	expect_err(ops->commit(m, &two, 1), UC_E_STORE);
	expect_err(ops->commit(m, &two, 1), UC_E_STORE);
	ops->close(m);
	expect_scan(ops, m, "", "", "k=1 ");
	client_memory_fail_at(m, 3, STORE_FAULT_AFTER);
	expect_err(ops->commit(m, &two, 1), UC_E_STORE);
	ops->close(m);
	expect_scan(ops, m, "", "", "k=2 ");
	client_memory_free(m);
}

/* --- the encrypted store --- */

static const uint8_t data_key[32] = { 7 };

static bool join(void *ctx, uint64_t number, struct view value)
{
	struct seen *s = ctx;
	s->n += (size_t)snprintf(s->text + s->n, sizeof s->text - s->n, "%d=%.*s ", (int)number,
				 (int)value.n, (const char *)value.p);
	return true;
}

static struct safe_place at_number(uint64_t number)
{
	return (struct safe_place){ .table = "message",
				    .owner = VIEW_LIT("room"),
				    .number = number };
}

static struct safe_place at_name(const char *name)
{
	return (struct safe_place){ .table = "room", .name = view_str(name) };
}

TEST(safe_keeps_across_openings_and_shows_nothing)
{
	struct client_memory *m = client_memory_new();
	struct safe s;
	struct arena a;
	struct view v;
	arena_init(&a, 65536, ARENA_PLAIN);
	expect_ok(safe_open(&s, test_env(), client_memory_ops(), m, data_key, NULL, 0));
	safe_put(&s, at_number(2), VIEW_LIT("second secret"));
	safe_put(&s, at_number(300), VIEW_LIT("third"));
	safe_put(&s, at_number(1), VIEW_LIT("first"));
	safe_put(&s, at_name("a room's name"), VIEW_LIT("value"));
	expect_ok(safe_commit(&s));
	expect_eq(s.generation, 1);
	safe_done(&s);
	expect(!client_memory_has(m, VIEW_LIT("second secret")));
	expect(!client_memory_has(m, VIEW_LIT("a room's name")));
	expect_ok(safe_open(&s, test_env(), client_memory_ops(), m, data_key, NULL, 1));
	struct seen seen = { .n = 0 };
	expect_ok(safe_scan(&s, "message", VIEW_LIT("room"), 2, join, &seen));
	expect_bytes(view_str(seen.text), VIEW_LIT("2=second secret 300=third "));
	expect_ok(safe_get(&s, at_name("a room's name"), &a, &v));
	expect_bytes(v, VIEW_LIT("value"));
	expect_err(safe_get(&s, at_name("another"), &a, &v), UC_E_NOT_FOUND);
	safe_delete_all(&s, "message", VIEW_LIT("room"));
	expect_ok(safe_commit(&s));
	seen.n = 0;
	expect_ok(safe_scan(&s, "message", VIEW_LIT("room"), 0, join, &seen));
	expect_eq(seen.n, 0);
	safe_done(&s);
	arena_done(&a);
	client_memory_free(m);
}

TEST(safe_refuses_another_key_and_an_older_copy)
{
	struct client_memory *m = client_memory_new();
	const struct uc_store_ops *ops = client_memory_ops();
	static const uint8_t other_key[32] = { 8 };
	struct safe s;
	expect_ok(safe_open(&s, test_env(), ops, m, data_key, NULL, 0));
	safe_put(&s, at_number(1), VIEW_LIT("x"));
	expect_ok(safe_commit(&s));
	safe_done(&s);
	expect_err(safe_open(&s, test_env(), ops, m, other_key, NULL, 0), UC_E_PASSPHRASE);
	safe_done(&s);
	expect_err(safe_open(&s, test_env(), ops, m, NULL, "passphrase", 0), UC_E_PASSPHRASE);
	safe_done(&s);
	expect_err(safe_open(&s, test_env(), ops, m, data_key, NULL, 2), UC_E_RESTORED);
	safe_done(&s);
	client_memory_free(m);
}

#ifndef __wasm__
TEST(safe_opens_with_its_passphrase_alone)
{
	struct client_memory *m = client_memory_new();
	struct safe s;
	expect_ok(safe_open(&s, test_env(), client_memory_ops(), m, NULL, "correct horse", 0));
	safe_put(&s, at_number(1), VIEW_LIT("x"));
	expect_ok(safe_commit(&s));
	safe_done(&s);
	expect_err(safe_open(&s, test_env(), client_memory_ops(), m, NULL, "wrong", 0),
		   UC_E_PASSPHRASE);
	safe_done(&s);
	expect_ok(safe_open(&s, test_env(), client_memory_ops(), m, NULL, "correct horse", 0));
	safe_done(&s);
	client_memory_free(m);
}
#endif

struct longest {
	uint8_t key[64], value[256];
	size_t key_n, value_n;
};

static bool longest_each(void *ctx, const uint8_t *key, size_t key_n, const uint8_t *value,
			 size_t value_n)
{
	struct longest *l = ctx;
	if (value_n <= l->value_n || key_n > sizeof l->key || value_n > sizeof l->value)
		return true;
	memcpy(l->key, key, key_n);
	memcpy(l->value, value, value_n);
	l->key_n = key_n;
	l->value_n = value_n;
	return true;
}

TEST(safe_goes_on_past_a_damaged_item_and_says_so)
{
	struct client_memory *m = client_memory_new();
	const struct uc_store_ops *ops = client_memory_ops();
	struct safe s;
	const uint8_t second[200] = { 2 }; /* the longest of all there is */
	struct longest l = { .key_n = 0 };
	struct seen seen = { .n = 0 };
	expect_ok(safe_open(&s, test_env(), ops, m, data_key, NULL, 0));
	safe_put(&s, at_number(1), VIEW_LIT("first"));
	safe_put(&s, at_number(2), VIEW_OF(second));
	safe_put(&s, at_number(3), VIEW_LIT("third"));
	expect_ok(safe_commit(&s));
	expect_ok(ops->scan(m, NULL, 0, NULL, 0, longest_each, &l));
	for (size_t cut = 0; cut < 2; cut++) {
		l.value[l.value_n - 1] ^= 1;
		struct uc_store_change change = { l.key, l.key_n, l.value, cut ? 1 : l.value_n };
		expect_ok(ops->commit(m, &change, 1));
		seen.n = 0;
		expect_err(safe_scan(&s, "message", VIEW_LIT("room"), 0, join, &seen),
			   UC_E_CORRUPT);
		expect_bytes(view_str(seen.text), VIEW_LIT("1=first 3=third "));
	}
	safe_done(&s);
	client_memory_free(m);
}
