/* SPDX-License-Identifier: Apache-2.0 */
/* People are found by number by those who have it, whether the key is whole or split, and a custodian
 * who answers with another key, for others, or wrongly is noticed. */
#include "trust/discovery.h"

#include "tests/unit/harness.h"

#include <string.h>

enum { CONTACTS = 5, FINDABLE = 3 };
static struct view contacts[CONTACTS];
static struct oprf_key whole, half[2];
static struct arena mem;

static struct discovery_batch batch;
static struct oprf_element evaluated[2][CONTACTS + 1];
static struct discovery_answer answers[2];
static struct discovery_value values[CONTACTS];
static bool found[CONTACTS];

static struct discovery_keys keys_of(const struct oprf_key *k, size_t n)
{
	struct discovery_keys keys = { .n = n };
	for (size_t i = 0; i < n; i++)
		keys.pub[i] = k[i].pub;
	return keys;
}

static void answer(size_t custodian, const struct oprf_key *k)
{
	struct discovery_answer *a = &answers[custodian];
	*a = (struct discovery_answer){ .evaluated = evaluated[custodian], .n = batch.n };
	expect_ok(discovery_evaluate(k, test_env(), batch.blinded, batch.n, evaluated[custodian],
				     a->proof));
}

static void begin(void)
{
	static const char *const numbers[CONTACTS] = { "+49301234567", "+49301234568",
						       "+33123456789", "+15551234567",
						       "+819012345678" };
	arena_init(&mem, (size_t)1 << 20, ARENA_SECRET);
	for (size_t i = 0; i < CONTACTS; i++)
		contacts[i] = view_str(numbers[i]);
	memset(found, 0, sizeof found);
	expect_ok(oprf_key_generate(test_env(), &whole));
	expect_ok(oprf_key_split(test_env(), &whole, half));
	expect_ok(discovery_ask(test_env(), contacts, CONTACTS, &mem, &batch));
}

/* Of the first FINDABLE. */
static struct fuse_filter filter(void)
{
	struct fuse_head head = { .day = 1, .seed = 1 };
	uint64_t keys[FINDABLE];
	struct view made = { NULL, 0 };
	struct fuse_filter f = { .prints = NULL };
	memcpy(head.prf_key, whole.pub.b, sizeof head.prf_key);
	for (size_t i = 0; i < FINDABLE; i++) {
		struct discovery_value v;
		expect_ok(discovery_value_of(&whole, contacts[i], &v));
		keys[i] = discovery_filter_key(&v);
	}
	expect_ok(fuse_filter_build(&head, keys, FINDABLE, &mem, &made));
	expect_ok(fuse_filter_read(made, &f));
	return f;
}

static void expect_found_as_wanted(const struct discovery_keys *keys)
{
	struct fuse_filter f = filter();
	expect_ok(discovery_find(&f, keys, values, CONTACTS, found));
	for (size_t i = 0; i < CONTACTS; i++)
		expect_eq(found[i], i < FINDABLE);
}

TEST(who_wants_to_be_found_is_found)
{
	begin();
	struct discovery_keys keys = keys_of(&whole, 1);
	answer(0, &whole);
	expect_ok(discovery_finish(&batch, &keys, answers, 1, values));
	expect_found_as_wanted(&keys);
	arena_done(&mem);
}

TEST(two_custodians_find_the_same_and_neither_alone)
{
	begin();
	struct discovery_keys keys = keys_of(half, 2);
	answer(0, &half[0]);
	answer(1, &half[1]);
	expect_ok(discovery_finish(&batch, &keys, answers, 2, values));
	expect_found_as_wanted(&keys);
	/* What one half gives is the value of no number, and its key not the filter's. */
	struct discovery_keys one = keys_of(half, 1);
	struct fuse_filter f = filter();
	struct discovery_value alone[CONTACTS];
	expect_ok(discovery_finish(&batch, &one, answers, 1, alone));
	for (size_t i = 0; i < CONTACTS; i++) {
		expect(memcmp(alone[i].b, values[i].b, DISCOVERY_VALUE) != 0);
		expect(!fuse_filter_has(&f, discovery_filter_key(&alone[i])));
	}
	expect_err(discovery_find(&f, &one, alone, CONTACTS, found), UC_E_KEY);
	arena_done(&mem);
}

static void expect_alarm(const struct discovery_keys *keys, size_t custodians, uc_err want)
{
	struct discovery_value v[CONTACTS], before[CONTACTS];
	memset(v, 0x77, sizeof v);
	memset(before, 0x77, sizeof before);
	expect_err(discovery_finish(&batch, keys, answers, custodians, v), want);
	expect_bytes(VIEW_OF(v), VIEW_OF(before));
}

TEST(another_key_for_me_alone_is_noticed)
{
	struct oprf_key other;
	begin();
	struct discovery_keys keys = keys_of(&whole, 1), halves = keys_of(half, 2);
	expect_ok(oprf_key_generate(test_env(), &other));
	answer(0, &other);
	expect_alarm(&keys, 1, UC_E_SIGNATURE);
	/* So it is of either custodian, and of two who changed places. */
	answer(1, &half[1]);
	expect_alarm(&halves, 2, UC_E_SIGNATURE);
	answer(0, &half[0]);
	answer(1, &other);
	expect_alarm(&halves, 2, UC_E_SIGNATURE);
	answer(0, &half[1]);
	answer(1, &half[0]);
	expect_alarm(&halves, 2, UC_E_SIGNATURE);
	arena_done(&mem);
}

TEST(a_wrong_answer_among_right_ones_is_noticed)
{
	begin();
	struct discovery_keys keys = keys_of(&whole, 1);
	answer(0, &whole);
	struct oprf_element right = evaluated[0][3];
	evaluated[0][3] = evaluated[0][2];
	expect_alarm(&keys, 1, UC_E_SIGNATURE);
	evaluated[0][2] = right; /* two in each other's places */
	expect_alarm(&keys, 1, UC_E_SIGNATURE);
	answer(0, &whole);
	memset(evaluated[0][4].b, 0, OPRF_ELEMENT);
	expect_alarm(&keys, 1, UC_E_MALFORMED);
	answer(0, &whole);
	answers[0].proof[40] ^= 1;
	expect_alarm(&keys, 1, UC_E_SIGNATURE);
	arena_done(&mem);
}

TEST(an_answer_of_another_length_is_refused)
{
	begin();
	struct discovery_keys keys = keys_of(&whole, 1), halves = keys_of(half, 2);
	answer(0, &whole);
	answers[0].n--;
	expect_alarm(&keys, 1, UC_E_PEER);
	answers[0].n += 2;
	expect_alarm(&keys, 1, UC_E_PEER);
	answer(0, &half[0]);
	answer(1, &half[1]);
	expect_alarm(&halves, 1, UC_E_PEER); /* one of two alone */
	keys.n = 0;
	expect_alarm(&keys, 0, UC_E_PEER);
	keys.n = 3;
	expect_alarm(&keys, 3, UC_E_PEER);
	arena_done(&mem);
}

TEST(the_filter_of_another_key_is_refused)
{
	begin();
	struct discovery_keys keys = keys_of(&whole, 1);
	answer(0, &whole);
	expect_ok(discovery_finish(&batch, &keys, answers, 1, values));
	struct fuse_filter f = filter();
	f.head.prf_key[0] ^= 1;
	expect_err(discovery_find(&f, &keys, values, CONTACTS, found), UC_E_KEY);
	struct discovery_keys same = { .pub = { whole.pub }, .n = 2 };
	expect_err(discovery_find(&f, &same, values, CONTACTS, found), UC_E_KEY);
	for (size_t i = 0; i < CONTACTS; i++)
		expect(!found[i]);
	arena_done(&mem);
}

TEST(batches_have_a_size)
{
	static struct view numbers[DISCOVERY_BATCH_MAX + 1];
	static struct oprf_element out[DISCOVERY_BATCH_MAX + 1];
	uint8_t proof[OPRF_PROOF];
	begin();
	for (size_t i = 0; i <= DISCOVERY_BATCH_MAX; i++)
		numbers[i] = contacts[0];
	struct discovery_batch b = batch;
	expect_err(discovery_ask(test_env(), numbers, 0, &mem, &b), UC_E_ARGUMENT);
	expect_err(discovery_ask(test_env(), numbers, DISCOVERY_BATCH_MAX + 1, &mem, &b),
		   UC_E_TOO_LARGE);
	expect(b.blinded == batch.blinded);
	expect_err(discovery_evaluate(&whole, test_env(), batch.blinded, 0, out, proof),
		   UC_E_ARGUMENT);
	expect_err(discovery_evaluate(&whole, test_env(), out, DISCOVERY_BATCH_MAX + 1, out, proof),
		   UC_E_TOO_LARGE);
	/* One that is none among those that are: no answer to any. */
	memcpy(out, batch.blinded, CONTACTS * sizeof *out);
	memset(out[CONTACTS - 1].b, 0, OPRF_ELEMENT);
	struct oprf_element first = evaluated[0][0];
	expect_err(discovery_evaluate(&whole, test_env(), out, CONTACTS, evaluated[0], proof),
		   UC_E_MALFORMED);
	expect_bytes(VIEW_OF(evaluated[0][0].b), VIEW_OF(first.b));
	arena_done(&mem);
}

TEST(blinded_numbers_show_nothing)
{
	begin();
	struct discovery_batch again;
	contacts[1] = contacts[0];
	expect_ok(discovery_ask(test_env(), contacts, CONTACTS, &mem, &again));
	expect(memcmp(again.blinded[0].b, batch.blinded[0].b, OPRF_ELEMENT) != 0);
	expect(memcmp(again.blinded[0].b, again.blinded[1].b, OPRF_ELEMENT) != 0);
	arena_done(&mem);
}

/* --- budgets --- */

TEST(a_country_takes_an_account_four_hundred_years)
{
	enum { NUMBERS = 10000000, YEARS = 3 };
	struct discovery_budget b = { 0 };
	uint64_t asked = 0;
	for (uint32_t day = 20000; day < 20000 + 365 * YEARS; day++) {
		uint32_t n = discovery_budget_left(&b, day);
		expect_eq(discovery_budget_take(&b, n, day), 0);
		expect_eq(discovery_budget_take(&b, 1, day), 1);
		asked += n;
	}
	expect_eq(asked, DISCOVERY_START + (365 * YEARS - 1) * DISCOVERY_DAILY);
	/* The first year brings the most; with look-ups, which are the app's, see provider/discovery. */
	expect(NUMBERS / (DISCOVERY_START + 365 * DISCOVERY_DAILY) >= 400);
}

TEST(a_budget_fills_by_the_day_and_not_past_its_start)
{
	struct discovery_budget b = { 0 };
	expect_eq(discovery_budget_left(&b, 0), DISCOVERY_START);
	expect_eq(discovery_budget_take(&b, 900, 10), 0);
	expect_eq(discovery_budget_take(&b, 101, 10), 1);
	expect_eq(discovery_budget_left(&b, 10), 100); /* what was refused costs nothing */
	expect_eq(discovery_budget_take(&b, 145, 11), 0);
	expect_eq(discovery_budget_take(&b, 1000, 11), 23);
	expect_eq(discovery_budget_take(&b, 1000, 33), 1);
	expect_eq(discovery_budget_left(&b, 5000), DISCOVERY_START);
	expect_eq(discovery_budget_take(&b, DISCOVERY_START, 5000), 0);
	expect_eq(discovery_budget_take(&b, DISCOVERY_START + 1, 9000), UINT32_MAX);
}

TEST(a_clock_that_goes_back_gives_nothing)
{
	struct discovery_budget b = { 0 };
	expect_eq(discovery_budget_take(&b, DISCOVERY_START, 100), 0);
	expect_eq(discovery_budget_left(&b, 50), 0);
	expect_eq(discovery_budget_take(&b, DISCOVERY_DAILY, 50), 51);
	expect_eq(discovery_budget_left(&b, 101), DISCOVERY_DAILY);
	expect_eq(discovery_budget_take(&b, 10, 101), 0);
	expect_eq(discovery_budget_take(&b, 10, 99), 0);
	expect_eq(discovery_budget_left(&b, 101), DISCOVERY_DAILY - 20);
}
