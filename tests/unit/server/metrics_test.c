/* SPDX-License-Identifier: Apache-2.0 */
/* What was counted, as text. */
#include "server/metrics.h"

#include "base/heap.h"
#include "tests/unit/harness.h"

static const char *request_name(unsigned kind)
{
	return kind == 7 ? "ROOM_SUBMIT" : NULL;
}

static const char *limit_name(unsigned limit)
{
	return limit == 2 ? "code" : NULL;
}

static const struct metrics_names names = { request_name, limit_name };

static struct {
	struct metrics *front, *second, *dial, *lens;
	struct buf text;
} w;

static void begin(void)
{
	w.front = HEAP_NEW(struct metrics);
	w.second = HEAP_NEW(struct metrics);
	w.dial = HEAP_NEW(struct metrics);
	w.lens = HEAP_NEW(struct metrics);
	buf_init(&w.text, 1 << 20);
}

static void write(void)
{
	static const char dial[] = "dial", lens[] = "lens";
	const struct metrics_row rows[] = {
		{ dial, w.dial }, { lens, w.lens }, { NULL, w.front }, { NULL, w.second }
	};
	metrics_add_text(&w.text, rows, 4, &names);
	buf_add_byte(&w.text, 0);
	expect_ok(w.text.failed);
}

static bool has(const char *line)
{
	return strstr((const char *)w.text.p, line) != NULL;
}

static void end(void)
{
	heap_free(w.front);
	heap_free(w.second);
	heap_free(w.dial);
	heap_free(w.lens);
	buf_done(&w.text);
}

TEST(threads_are_summed_and_apps_are_not)
{
	begin();
	metrics_add(w.front, METRIC_CONNECTIONS, 5);
	metrics_add(w.second, METRIC_CONNECTIONS, 2);
	metrics_add(w.dial, METRIC_SESSIONS, 4);
	metrics_add(w.lens, METRIC_SESSIONS, 3);
	/* An app's thread has no connections, and a front no sessions: never exported. */
	metrics_add(w.dial, METRIC_CONNECTIONS, 100);
	metrics_add(w.front, METRIC_SESSIONS, 100);
	write();
	expect(has("# TYPE undercroft_connections gauge\n# HELP undercroft_connections Connections "
		   "open.\nundercroft_connections 7\n"));
	expect(has("\nundercroft_sessions{app=\"dial\"} 4\nundercroft_sessions{app=\"lens\"} 3\n"));
	expect(!has(" 100\n") && !has(" 104\n") && !has(" 107\n"));
	end();
}

TEST(seconds_have_a_unit_and_no_rounding)
{
	begin();
	metrics_set(w.front, METRIC_UPTIME, 12000050);
	write();
	expect(has("# TYPE undercroft_uptime_seconds gauge\n# UNIT undercroft_uptime_seconds "
		   "seconds\n"));
	expect(has("\nundercroft_uptime_seconds 12.00005\n"));
	end();
}

TEST(buckets_add_up_to_the_count)
{
	begin();
	metrics_time(w.dial, METRIC_SYNC, 40);
	metrics_time(w.dial, METRIC_SYNC, 100);
	metrics_time(w.dial, METRIC_SYNC, 20000000);
	write();
	expect(has("undercroft_sync_seconds_bucket{app=\"dial\",le=\"0.00005\"} 1\n"));
	expect(has("undercroft_sync_seconds_bucket{app=\"dial\",le=\"0.0001\"} 2\n"));
	expect(has("undercroft_sync_seconds_bucket{app=\"dial\",le=\"10.0\"} 2\n"));
	expect(has("undercroft_sync_seconds_bucket{app=\"dial\",le=\"+Inf\"} 3\n"
		   "undercroft_sync_seconds_count{app=\"dial\"} 3\n"
		   "undercroft_sync_seconds_sum{app=\"dial\"} 20.00014\n"));
	end();
}

TEST(kinds_and_errors_stand_there_once_they_have_been)
{
	begin();
	metrics_request(w.dial, 7, UC_OK);
	metrics_request(w.dial, 7, UC_E_RATE);
	metrics_request(w.dial, 8, UC_OK); /* a kind that is none */
	metrics_limited(w.lens, 2);
	write();
	expect(has("{app=\"dial\",kind=\"room_submit\",error=\"UC_OK\"} 1\n"));
	expect(has("{app=\"dial\",kind=\"room_submit\",error=\"UC_E_RATE\"} 1\n"));
	expect(has("\nundercroft_limited_total{app=\"lens\",kind=\"code\"} 1\n"));
	expect(!has("UC_E_MALFORMED") && !has("kind=\"\""));
	end();
}

/* Added by one thread, taken away by another, read in between. */
TEST(a_gauge_is_never_below_nothing)
{
	begin();
	metrics_sub(w.front, METRIC_CONNECTIONS, 1);
	write();
	expect(has("\nundercroft_connections 0\n"));
	expect(view_equal(view_make(w.text.p + w.text.n - 7, 7), VIEW_LIT("# EOF\n\0")));
	end();
}
