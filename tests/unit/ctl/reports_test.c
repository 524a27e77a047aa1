/* SPDX-License-Identifier: Apache-2.0 */
/* undercroftctl reports: what is damaged is said, and keeps none of the others from being listed. */
#include "ctl/report_show.h"
#include "mimi/media_type.h"
#include "provider/provider.h"
#include "tests/unit/ctl/desk.h"
#include "tests/unit/harness.h"

static struct arena mem;

/* Of a request, which has no messages that would have to be made. */
static struct report_record record_about(struct view place)
{
	struct abuse_report r = { .alleged_abuser_uri = place,
				  .reason_code = REPORT_SPAM,
				  .is_card = true,
				  .card = { .name = VIEW_LIT("Eva"), .text = VIEW_LIT("hello") } };
	struct report_record k = { .received_ms = 1, .verdict = REPORT_VERIFIED, .room = place };
	expect_ok(report_card_add(&r, &mem));
	expect_ok(wire_encode_to(&mem, abuse_report_element, &r, &k.report));
	return k;
}

static struct report_record record(void)
{
	return record_about(VIEW_LIT("mimi://dial.example/q/aaaa"));
}

static void put(struct store *s, uint64_t number, struct view value)
{
	struct store_key k;
	desk_put(s, report_key(&k, VIEW_LIT("dial.example"), number), value);
}

/* Three, of which the second is this, or as good as the others. */
static int list(const struct view *second)
{
	static char dial[] = "dial", *arguments[] = { dial, NULL };
	struct report_record r = record();
	struct view good;
	desk_begin();
	desk.argv = arguments;
	desk.argc = 1;
	desk.json = true;
	struct store *s = desk_open(CTL_ROOMS);
	expect_ok(wire_encode_to(&mem, report_record_element, &r, &good));
	for (uint64_t i = 1; i <= 3; i++)
		put(s, i, i == 2 && second ? *second : good);
	desk_close(s);
	int status = desk_run(ctl_reports);
	desk_end();
	return status;
}

TEST(those_behind_a_damaged_one_are_listed)
{
	const struct view damaged = VIEW_LIT("no report");
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	expect_eq(list(NULL), CTL_OK);
	expect(!strstr(desk_said, "damaged"));
	expect_eq(list(&damaged), CTL_FAILED);
	expect(strstr(desk_said, "{\"type\":\"damaged\",\"number\":2}") != NULL);
	expect(strstr(desk_said, "\"number\":1,") != NULL);
	expect(strstr(desk_said, "\"number\":3,") != NULL);
	arena_done(&mem);
}

/* Two of one person are by one; what another app sent is of nobody, and counts no more than that. */
TEST(people_who_report_are_counted_once)
{
	static char dial[] = "dial", *arguments[] = { dial, NULL };
	const struct view a = VIEW_LIT("mimi://dial.example/q/aaaa"),
			  b = VIEW_LIT("mimi://dial.example/q/bbbb"),
			  c = VIEW_LIT("mimi://dial.example/q/cccc");
	const struct {
		struct view about, by;
	} all[] = { { b, VIEW_LIT("one") }, { a, VIEW_LIT("two") },  { a, VIEW_LIT("one") },
		    { a, { NULL, 0 } },     { a, VIEW_LIT("two") },  { c, { NULL, 0 } },
		    { b, VIEW_LIT("one") }, { a, VIEW_LIT("three") } };
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	desk_begin();
	desk.argv = arguments;
	desk.argc = 1;
	desk.json = true;
	struct store *s = desk_open(CTL_ROOMS);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct report_record r = record_about(all[i].about);
		struct view bytes = { NULL, 0 };
		r.reporter = all[i].by;
		expect_ok(wire_encode_to(&mem, report_record_element, &r, &bytes));
		put(s, i + 1, bytes);
	}
	desk_close(s);
	expect_eq(desk_run(ctl_reports), CTL_OK);
	expect_eq(desk_lines_with("\"reporters\":3"), 5);
	expect_eq(desk_lines_with("\"reporters\":1"), 2);
	expect_eq(desk_lines_with("\"reporters\":0"), 1);
	desk_end();
	arena_done(&mem);
}

/* However many they are, who came first is still counted. */
TEST(many_people_report_one)
{
	enum { N = 150 };
	static char dial[] = "dial", *arguments[] = { dial, NULL };
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	desk_begin();
	desk.argv = arguments;
	desk.argc = 1;
	desk.json = true;
	struct report_record r = record();
	struct store *s = desk_open(CTL_ROOMS);
	for (uint8_t i = 1; i <= N; i++) {
		struct view bytes = { NULL, 0 };
		r.reporter = view_make(&i, 1);
		expect_ok(wire_encode_to(&mem, report_record_element, &r, &bytes));
		put(s, i, bytes);
	}
	desk_close(s);
	expect_eq(desk_run(ctl_reports), CTL_OK);
	expect_eq(desk_lines_with("\"reporters\":150"), N);
	desk_end();
	arena_done(&mem);
}

/* What was decided is no part of it; all else is: words, who, verdict, whose report. */
TEST(two_that_differ_have_not_the_same_check)
{
	uint8_t is[REPORT_CHECK], other[REPORT_CHECK];
	struct report_file f = { .domain = VIEW_LIT("dial.example"), .number = 3 };
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	struct report_shown s = { .record = record() }, t;
	expect_ok(report_check(&f, &s, &mem, is));
	t = s;
	t.record.action = REPORT_WARNED;
	t.record.note = VIEW_LIT("as it was shown");
	t.record.decided_ms = 7;
	t.record.passed = REPORT_PASSED;
	expect_ok(report_check(&f, &t, &mem, other));
	expect_bytes(VIEW_OF(other), VIEW_OF(is));
	for (int i = 0; i < 6; i++) {
		struct report_file g = f;
		uint8_t words[512];
		t = s;
		expect(s.record.report.n <= sizeof words);
		memcpy(words, s.record.report.p, s.record.report.n);
		words[s.record.report.n - 1] ^= 1;
		if (i == 0)
			t.record.report = view_make(words, s.record.report.n);
		else if (i == 1)
			t.record.room = VIEW_LIT("mimi://dial.example/q/aaab");
		else if (i == 2)
			t.record.verdict = REPORT_UNCONFIRMED;
		else if (i == 3)
			t.record.first = VIEW_LIT("sealed");
		else if (i == 4)
			g.number = 4;
		else
			g.domain = VIEW_LIT("lens.example");
		expect_ok(report_check(&g, &t, &mem, other));
		expect(!view_equal(VIEW_OF(other), VIEW_OF(is)));
	}
	arena_done(&mem);
}
