/* SPDX-License-Identifier: Apache-2.0 */
/* The module as a worker drives it: opened on what the journal holds, closed, opened again. */
#include "web/web.h"

#include "base/buf.h"

#include "tests/unit/harness.h"

static struct buf journal;
static size_t commits;
static bool no_random, no_journal;
static unsigned seen, listed_max;

double host_now(void)
{
	return 1790000000000.0;
}

int host_random(uint8_t *out, size_t n)
{
	static uint8_t next;
	for (size_t i = 0; i < n; i++)
		out[i] = next++;
	return no_random;
}

int host_commit(const uint8_t *p, size_t n)
{
	if (no_journal)
		return 1;
	buf_add(&journal, p, n);
	commits++;
	return 0;
}

int host_each(void *ctx, const void *item)
{
	expect(ctx == &seen && item);
	return ++seen < listed_max;
}

void host_trace(const char *file, int line, uc_err err)
{
	expect(file && line && err);
}

static const uint8_t key[32] = { 1 }, other_key[32] = { 2 };

static void begin(void)
{
	buf_init(&journal, 1 << 24);
	commits = 0;
	no_random = no_journal = false;
}

static uc_client *open_again(void)
{
	uc_client *c = NULL;
	expect_ok(web_store_load(journal.p, journal.n));
	expect_ok(web_open(key, "dial.example", "test 1", &c));
	return c;
}

static void snapshot(void)
{
	const uint8_t *p = NULL;
	size_t n = 1;
	struct buf all;
	buf_init(&all, 1 << 24);
	for (int first = 1; n; first = 0) {
		expect_ok(web_store_snapshot(first, &p, &n));
		buf_add(&all, p, n);
	}
	buf_done(&journal);
	journal = all;
}

TEST(a_client_lives_on_its_journal)
{
	uc_client *c = NULL, *second = NULL;
	struct uc_account a;
	uc_op op;
	begin();
	expect_ok(web_open(key, "dial.example", NULL, &c));
	expect(c && commits);
	expect_err(web_open(key, "dial.example", NULL, &second), UC_E_ARGUMENT);
	expect_err(web_store_load(journal.p, journal.n), UC_E_ARGUMENT);
	expect_ok(uc_sign_up(c, "+15550100", "123456", "Ada", &op));
	uint64_t generation = uc_client_generation(c);
	uc_client_close(c);
	expect_err(web_store_snapshot(1, &(const uint8_t *){ NULL }, &(size_t){ 0 }),
		   UC_E_ARGUMENT);
	for (int i = 0; i < 2; i++) {
		c = open_again();
		expect_eq(uc_client_generation(c), (long long)generation);
		expect_ok(uc_account_get(c, &a));
		expect_bytes(view_str(a.identifier), VIEW_LIT("+15550100"));
		snapshot();
		uc_client_close(c);
	}
	buf_done(&journal);
}

TEST(what_is_wrong_is_said)
{
	uc_client *c = NULL;
	uc_op op;
	begin();
	no_random = true;
	expect_err(web_open(key, "dial.example", NULL, &c), UC_E_RANDOM);
	no_random = false;
	no_journal = true;
	expect_err(web_open(key, "dial.example", NULL, &c), UC_E_STORE);
	no_journal = false;
	expect(!c);
	expect_err(web_open(NULL, "dial.example", NULL, &c), UC_E_ARGUMENT);
	expect_err(web_open(key, "", NULL, &c), UC_E_ARGUMENT);
	expect_ok(web_open(key, "dial.example", NULL, &c));
	uc_client_close(c);
	expect_ok(web_store_load(journal.p, journal.n));
	expect_err(web_open(other_key, "dial.example", NULL, &c), UC_E_PASSPHRASE);
	expect_err(web_store_load(journal.p, journal.n - 1), UC_E_CORRUPT);
	expect_err(web_store_load(NULL, 1), UC_E_ARGUMENT);
	expect_ok(web_store_load(journal.p, journal.n));
	expect_ok(web_open(key, "dial.example", NULL, &c));
	expect_ok(uc_sign_up(c, "+15550100", "123456", "Ada", &op));
	uc_client_close(c);
	/* One bit of the last value. */
	journal.p[journal.n - 1] ^= 1;
	expect_ok(web_store_load(journal.p, journal.n));
	expect_err(web_open(key, "dial.example", NULL, &c), UC_E_CORRUPT);
	buf_done(&journal);
}

TEST(memory_and_lists)
{
	uint8_t *p = web_alloc(1000);
	expect(p && !p[0] && !p[999]);
	web_free(p, 1000);
	web_free(NULL, 0);
	web_each_function *each = web_each();
	seen = 0;
	listed_max = 2;
	expect(each(&seen, p ? &seen : NULL));
	expect(!each(&seen, &listed_max));
	expect_eq(seen, 2);
}
