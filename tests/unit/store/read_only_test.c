/* SPDX-License-Identifier: Apache-2.0 */
/* A store opened to look at: sees what is there, changes nothing, disturbs nobody. */
#include "tests/unit/store/engines.h"

static struct view v(const char *s)
{
	return view_str(s);
}

static uc_err put(struct store *s, const char *key, const char *value)
{
	struct store_batch b;
	store_batch_init(&b, v(""));
	store_put(&b, v(key), v(value));
	uc_err err = store_commit(s, &b);
	store_batch_done(&b);
	return err;
}

static void expect_value(struct store *s, const char *key, const char *value)
{
	struct arena a;
	struct view got = { 0 };
	arena_init(&a, 1000, ARENA_PLAIN);
	expect_ok(store_get(s, v(key), &a, &got));
	expect_bytes(got, v(value));
	arena_done(&a);
}

static uc_err look(const struct place *p, struct store **out)
{
	struct store_options o = p->options;
	o.read_only = true;
	return store_open(&o, out);
}

ENGINE_TEST(sees_and_does_not_write)
{
	struct store *s = place_open(p), *r = NULL;
	expect_ok(put(s, "a", "1"));
	expect_ok(store_sync(s));
	store_close(s);
	expect_ok(look(p, &r));
	if (!r)
		return;
	expect_value(r, "a", "1");
	expect_err(put(r, "a", "2"), UC_E_NOT_ALLOWED);
	expect_err(store_sync(r), UC_E_NOT_ALLOWED);
	expect_err(store_renew(r, test_env()), UC_E_NOT_ALLOWED);
	expect_value(r, "a", "1");
	store_close(r);
	s = place_open(p);
	expect_value(s, "a", "1");
	expect_ok(put(s, "a", "3"));
	store_close(s);
}

ENGINE_TEST(does_not_make_one)
{
	struct store *r = NULL;
	expect_err(look(p, &r), UC_E_NOT_FOUND);
	expect(!r);
}

ENGINE_TEST(does_not_upgrade)
{
	struct store *r = NULL;
	store_close(place_open(p));
	p->options.schema++;
	expect_err(look(p, &r), UC_E_VERSION);
	expect(!r);
}

/* Two in one process are what memory refuses; files don't mind. */
TEST(beside_the_one_that_writes)
{
	struct place p;
	struct store *r = NULL;
	place_init(&p, ENGINE_ROCKSDB);
	struct store *s = place_open(&p);
	expect_ok(put(s, "a", "1"));
	expect_ok(store_sync(s));
	expect_ok(look(&p, &r));
	expect_ok(put(s, "a", "2"));
	expect_ok(store_sync(s));
	expect_ok(store_maintain(s));
	if (r)
		expect_value(r, "a", "1"); /* as it was */
	store_close(r);
	expect_value(s, "a", "2");
	expect_ok(put(s, "a", "3"));
	expect_ok(store_sync(s));
	store_close(s);
	place_done(&p);
}

/* What was synced is there, what came later is not, and either goes on without the other. */
TEST(a_checkpoint_is_a_store_of_its_own)
{
	struct place p;
	struct store *copy = NULL;
	char path[128];
	place_init(&p, ENGINE_ROCKSDB);
	struct store *s = place_open(&p);
	expect_ok(put(s, "a", "1"));
	expect_ok(store_maintain(s));
	expect_ok(put(s, "b", "1")); /* in no table yet, and not synced */
	snprintf(path, sizeof path, "%s/copy", p.dir);
	expect_ok(store_checkpoint(s, path));
	expect_ok(put(s, "a", "2"));
	expect_ok(store_sync(s));
	struct store_options o = p.options;
	o.path = path;
	expect_ok(store_open(&o, &copy));
	if (copy) {
		expect_value(copy, "a", "1");
		expect_value(copy, "b", "1");
		expect_ok(put(copy, "a", "3"));
		expect_ok(store_sync(copy));
	}
	expect_value(s, "a", "2");
	expect_err(store_checkpoint(s, path), UC_E_STORE); /* it is there */
	expect_ok(put(s, "a", "4"));
	expect_ok(store_sync(s));
	store_close(copy);
	store_close(s);
	place_done(&p);
}

TEST(memory_makes_no_checkpoints)
{
	struct place p;
	place_init(&p, ENGINE_MEMORY);
	struct store *s = place_open(&p);
	expect_err(store_checkpoint(s, "/nowhere"), UC_E_UNSUPPORTED);
	store_close(s);
	place_done(&p);
}
