/* SPDX-License-Identifier: Apache-2.0 */
/* Counting by one thread, read by another. */
#include "base/metrics.h"

#include "base/heap.h"
#include "harness.h"

TEST(what_nobody_reads_costs_nothing)
{
	metrics_add(NULL, METRIC_ACCEPTS, 1);
	metrics_time(NULL, METRIC_SYNC, 1);
	metrics_request(NULL, 1, UC_OK);
	metrics_limited(NULL, 1);
}

TEST(gauges_go_down_again_below_what_one_thread_has_added)
{
	struct metrics *a = HEAP_NEW(struct metrics), *b = HEAP_NEW(struct metrics);
	metrics_add(a, METRIC_CONNECTIONS, 2);
	metrics_sub(b, METRIC_CONNECTIONS, 1);
	expect_eq(metric_count_get(&a->value[METRIC_CONNECTIONS]) +
			  metric_count_get(&b->value[METRIC_CONNECTIONS]),
		  1);
	metrics_set(a, METRIC_CONNECTIONS, 7);
	expect_eq(metric_count_get(&a->value[METRIC_CONNECTIONS]), 7);
	heap_free(a);
	heap_free(b);
}

TEST(a_time_falls_into_the_bucket_that_ends_with_it)
{
	struct metrics *m = HEAP_NEW(struct metrics);
	metrics_time(m, METRIC_SYNC, 50);
	metrics_time(m, METRIC_SYNC, 51);
	metrics_time(m, METRIC_SYNC, 10000001);
	expect_eq(metric_count_get(&m->buckets[METRIC_SYNC][0]), 1);
	expect_eq(metric_count_get(&m->buckets[METRIC_SYNC][1]), 1);
	expect_eq(metric_count_get(&m->buckets[METRIC_SYNC][METRIC_BUCKETS_N]), 1);
	expect_eq(metric_count_get(&m->value[METRIC_SYNC]), 50 + 51 + 10000001);
	for (size_t i = 1; i < METRIC_BUCKETS_N; i++)
		expect(metric_bucket_ends[i - 1] < metric_bucket_ends[i]);
	heap_free(m);
}

TEST(requests_are_counted_by_kind_and_error_and_never_beyond_the_table)
{
	struct metrics *m = HEAP_NEW(struct metrics);
	metrics_request(m, 3, UC_OK);
	metrics_request(m, 3, UC_E_RATE);
	metrics_request(m, 3, UC_E_RATE);
	metrics_request(m, METRIC_KINDS_N, UC_E_RATE);
	metrics_request(m, 65535, UC_OK);
	metrics_limited(m, METRIC_LIMITS_N);
	expect_eq(metric_count_get(&m->requests[3][METRIC_ERROR_NONE]), 1);
	expect_eq(metric_count_get(&m->requests[3][METRIC_ERROR_UC_E_RATE]), 2);
	heap_free(m);
}
