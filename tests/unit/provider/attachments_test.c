/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of files at an app: put part by part, fetched by whoever has the name, ended in time, and
 * nobody's. */
#include "base/heap.h"
#include "mimi/attachment.h"
#include "tests/unit/provider/apps.h"

enum { PART = ATTACHMENT_PART_MAX, SIZE = 2 * PART + 100 };

static struct person rosa, tom;
static uint8_t *bytes;
static uint8_t id[ATTACHMENT_ID];
#define PATH "/v1/attachments/abababababababababababababababababababababababababababababababab"

static void begin(void)
{
	apps_begin();
	memset(id, 0xab, sizeof id);
	person_join(&rosa, &apps[DIAL], "+4930123");
	person_join(&tom, &apps[LENS], "tom");
	bytes = heap_new(SIZE);
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (uint8_t)(i * 13 + i / 256);
}

static void end(void)
{
	heap_free(bytes);
	apps_end();
}

static uc_err put_of(struct person *by, uint64_t total, uint64_t offset, size_t n, uint64_t *have)
{
	bool is_there = offset < SIZE && n <= SIZE - offset;
	struct attachment_put_request q = { .total = total,
					    .offset = offset,
					    .bytes = { is_there ? bytes + offset : bytes, n } };
	struct attachment_put_response r = { 0 };
	memcpy(q.id, id, sizeof q.id);
	uc_err err = client_ask(by->c, FRAME_ATTACHMENT_PUT, attachment_put_request_element, &q,
				attachment_put_response_element, &r);
	*have = r.have;
	return err;
}

static uint64_t put(struct person *by, unsigned part)
{
	uint64_t have;
	expect_ok(put_of(by, SIZE, (uint64_t)part * PART, part < 2 ? PART : 100, &have));
	return have;
}

static void put_all(void)
{
	for (unsigned i = 0; i < 3; i++)
		put(&rosa, i);
}

static uc_err get(struct person *by, const struct app *from, uint64_t offset,
		  struct attachment_get_response *out)
{
	struct attachment_get_request q = { .domain = from->domain, .offset = offset };
	memcpy(q.id, id, sizeof q.id);
	*out = (struct attachment_get_response){ 0 };
	return client_ask(by->c, FRAME_ATTACHMENT_GET, attachment_get_request_element, &q,
			  attachment_get_response_element, out);
}

static void expect_all(struct person *by)
{
	struct attachment_get_response r;
	for (uint64_t at = 0; at < SIZE; at += PART) {
		expect_ok(get(by, &apps[DIAL], at, &r));
		expect_eq(r.total, SIZE);
		expect_bytes(r.bytes, view_make(bytes + at, at + PART < SIZE ? PART : 100));
	}
}

static size_t records(void)
{
	return stored_count(apps[DIAL].rooms, VIEW_OF(id));
}

TEST(what_is_put_is_there_for_whoever_has_its_name)
{
	struct attachment_get_response r;
	struct view whole;
	begin();
	expect_eq(put(&rosa, 0), PART);
	expect_eq(put(&rosa, 1), 2 * PART);
	/* Before it is whole nobody gets any of it. */
	expect_err(get(&rosa, &apps[DIAL], 0, &r), UC_E_NOT_FOUND);
	expect_err(get(&tom, &apps[DIAL], 0, &r), UC_E_NOT_FOUND);
	expect_eq(peer_get(&apps[DIAL], PATH, &whole), 404);
	expect_eq(put(&rosa, 2), SIZE);
	expect_all(&rosa);
	expect_all(&tom);
	/* As MIMI has it: all of it, by HTTPS. */
	expect_eq(peer_get(&apps[DIAL], PATH, &whole), 200);
	expect_bytes(whole, view_make(bytes, SIZE));
	expect_err(get(&rosa, &apps[DIAL], 1, &r), UC_E_ARGUMENT);
	expect_err(get(&tom, &apps[DIAL], 1, &r), UC_E_MALFORMED);
	expect_err(get(&tom, &apps[DIAL], 3 * PART, &r), UC_E_MALFORMED);
	expect_err(get(&tom, &apps[LENS], 0, &r), UC_E_NOT_FOUND);
	expect_err(get(&tom, &apps[PLAZA], 0, &r), UC_E_NOT_FOUND);
	end();
}

TEST(parts_come_in_order_and_once)
{
	uint64_t have;
	begin();
	/* Ahead of its turn: the answer says which is next. */
	expect_eq(put(&rosa, 1), 0);
	expect_eq(put(&rosa, 0), PART);
	expect_eq(put(&rosa, 0), PART);
	expect_eq(put(&rosa, 2), PART);
	expect_eq(put(&rosa, 1), 2 * PART);
	expect_eq(put(&rosa, 2), SIZE);
	/* What is whole stays what it is, whoever comes with other bytes. */
	bytes[0] ^= 1;
	expect_eq(put(&rosa, 0), SIZE);
	bytes[0] ^= 1;
	expect_all(&tom);
	expect_err(put_of(&rosa, SIZE + 1, 0, PART, &have), UC_E_EXISTS);
	expect_err(put_of(&rosa, PART, 0, PART, &have), UC_E_EXISTS);
	end();
}

TEST(a_part_has_the_length_of_a_part)
{
	uint64_t have;
	begin();
	expect_err(put_of(&rosa, SIZE, 0, PART - 1, &have), UC_E_ARGUMENT);
	expect_err(put_of(&rosa, SIZE, 1, PART, &have), UC_E_ARGUMENT);
	expect_err(put_of(&rosa, SIZE, (uint64_t)2 * PART, 99, &have), UC_E_ARGUMENT);
	expect_err(put_of(&rosa, SIZE, SIZE, 0, &have), UC_E_ARGUMENT);
	expect_err(put_of(&rosa, SIZE, UINT64_MAX - PART + 1, PART, &have), UC_E_ARGUMENT);
	expect_err(put_of(&rosa, 0, 0, 0, &have), UC_E_ARGUMENT);
	expect_err(put_of(&rosa, PART, 0, 0, &have), UC_E_ARGUMENT);
	expect_eq(records(), 0);
	end();
}

TEST(what_is_too_large_is_refused_before_any_of_it_is_taken)
{
	uint64_t have;
	begin();
	expect_err(put_of(&rosa, (uint64_t)ATTACHMENT_SEALED_MAX + 1, 0, PART, &have),
		   UC_E_TOO_LARGE);
	expect_err(put_of(&rosa, UINT64_MAX, 0, PART, &have), UC_E_TOO_LARGE);
	expect_ok(put_of(&rosa, ATTACHMENT_SEALED_MAX, 0, PART, &have));
	/* As its operator says. */
	provider_set_attachments(apps[LENS].provider, 1 << 20);
	expect_err(put_of(&tom, (uint64_t)attachment_sealed_size(1 << 20) + 1, 0, PART, &have),
		   UC_E_TOO_LARGE);
	expect_ok(put_of(&tom, attachment_sealed_size(1 << 20), 0, PART, &have));
	end();
}

TEST(who_is_not_signed_in_puts_and_fetches_nothing)
{
	struct attachment_put_request q = { .total = 1, .bytes = VIEW_LIT("x") };
	struct attachment_get_request g = { .domain = apps[DIAL].domain };
	begin();
	struct client *c = client_connect(&apps[DIAL]);
	expect_err(
		client_ask(c, FRAME_ATTACHMENT_PUT, attachment_put_request_element, &q, NULL, NULL),
		UC_E_SIGNED_OUT);
	g.domain = apps[DIAL].domain;
	expect_err(
		client_ask(c, FRAME_ATTACHMENT_GET, attachment_get_request_element, &g, NULL, NULL),
		UC_E_SIGNED_OUT);
	end();
}

TEST(what_an_account_puts_has_a_budget_that_comes_back)
{
	uint64_t have;
	begin();
	struct rate limits[LIMITS_N] = { [LIMIT_ATTACHMENT_PUT] = { 2, 3600 } };
	provider_set_limits(apps[DIAL].provider, limits);
	put(&rosa, 0);
	put(&rosa, 1);
	expect_err(put_of(&rosa, SIZE, (uint64_t)2 * PART, 100, &have), UC_E_RATE);
	expect(rosa.c->answer.retry_after_s > 0 && rosa.c->answer.retry_after_s <= 2);
	test_now_ms += 2000;
	expect_eq(put(&rosa, 2), SIZE);
	end();
}

TEST(what_nobodys_app_fetches_has_one_too)
{
	struct view whole;
	begin();
	put_all();
	struct rate limits[LIMITS_N] = {
		[LIMIT_ANYBODY_ATTACHMENT] = { 6, 1 }, [LIMIT_PEER_ATTACHMENT] = { 4, 1 }
	};
	provider_set_limits(apps[DIAL].provider, limits);
	expect_eq(peer_get(&apps[DIAL], PATH, &whole), 200);
	expect_eq(peer_get(&apps[DIAL], PATH, &whole), 200);
	expect_eq(peer_get(&apps[DIAL], PATH, &whole), 429);
	/* It does not stand in the way of other apps, who have one each. */
	expect_all(&tom);
	struct attachment_get_response r;
	expect_ok(get(&tom, &apps[DIAL], 0, &r));
	expect_err(get(&tom, &apps[DIAL], 0, &r), UC_E_RATE);
	end();
}

TEST(an_app_that_does_not_answer_is_said_so)
{
	struct attachment_get_response r;
	begin();
	put_all();
	apps[DIAL].is_down = true;
	uc_err err = get(&tom, &apps[DIAL], 0, &r);
	expect(err && uc_err_class(err) != UC_CLASS_STATE);
	apps[DIAL].is_down = false;
	expect_all(&tom);
	end();
}

TEST(names_that_are_none_lead_nowhere)
{
	struct view whole;
	begin();
	put_all();
	static const char *const paths[] = {
		"/v1/attachments/",
		"/v1/attachments/ab",
		PATH "00",
		PATH "/",
		PATH "?x",
		("/v1/attachments/../attachments/"
		 "abababababababababababababababababababababababababababababababab"),
		"/v1/attachments/ABababababababababababababababababababababababababababababababab",
	};
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		expect_eq(peer_get(&apps[DIAL], paths[i], &whole), 404);
	end();
}

TEST(it_ends_after_thirty_days_and_what_never_came_whole_before)
{
	struct view whole;
	const uint64_t day = 24 * 3600 * 1000;
	begin();
	put_all();
	test_now_ms += 29 * day;
	apps_wait(1000);
	expect_eq(peer_get(&apps[DIAL], PATH, &whole), 200);
	test_now_ms += 2 * day;
	for (int i = 0; i < 3; i++)
		apps_wait(1000);
	expect_eq(peer_get(&apps[DIAL], PATH, &whole), 404);
	expect_eq(records(), 0);
	put(&rosa, 0);
	expect(records() > 0);
	test_now_ms += 4 * day;
	for (int i = 0; i < 3; i++)
		apps_wait(1000);
	expect_eq(records(), 0);
	end();
}

TEST(many_that_are_over_go_a_few_at_a_time)
{
	struct attachment_put_request q = { .total = 1, .bytes = VIEW_LIT("x") };
	begin();
	for (unsigned i = 0; i < 50; i++) {
		q.id[0] = (uint8_t)(i + 1);
		expect_ok(client_ask(rosa.c, FRAME_ATTACHMENT_PUT, attachment_put_request_element,
				     &q, NULL, NULL));
	}
	size_t before = stored_records(apps[DIAL].rooms);
	test_now_ms += (uint64_t)32 * 24 * 3600 * 1000;
	for (int i = 0; i < 10; i++)
		apps_wait(1000);
	expect_eq(before - stored_records(apps[DIAL].rooms), 100);
	end();
}

TEST(nothing_that_is_stored_leads_to_who_put_it)
{
	begin();
	size_t accounts = stored_records(apps[DIAL].accounts);
	put_all();
	struct attachment_get_response r;
	expect_ok(get(&tom, &apps[DIAL], 0, &r));
	expect_eq(stored_records(apps[DIAL].accounts), accounts);
	expect_eq(stored_count(apps[DIAL].rooms, VIEW_OF(rosa.account_id)), 0);
	expect_eq(stored_count(apps[DIAL].rooms, VIEW_OF(rosa.phone.key.pub)), 0);
	expect_eq(stored_count(apps[LENS].rooms, VIEW_OF(id)), 0);
	expect_eq(stored_count(apps[LENS].accounts, VIEW_OF(id)), 0);
	end();
}

TEST(a_kill_loses_nothing_that_was_answered)
{
	begin();
	put(&rosa, 0);
	put(&rosa, 1);
	app_kill(&apps[DIAL], false);
	app_start(&apps[DIAL]);
	rosa.c = client_connect(&apps[DIAL]);
	expect_ok(person_sign_in(&rosa));
	expect_eq(put(&rosa, 1), 2 * PART);
	expect_eq(put(&rosa, 2), SIZE);
	app_kill(&apps[DIAL], false);
	app_start(&apps[DIAL]);
	expect_all(&tom);
	end();
}
