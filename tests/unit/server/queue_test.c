/* SPDX-License-Identifier: Apache-2.0 */
/* What an app hands another in one go: answers always, requests while there is room, all in order. */
#include "server/queue.h"

#include "tests/unit/harness.h"

static unsigned woken;
static void wake(void *ctx)
{
	(void)ctx;
	woken++;
}

/* "rq": a request, then an answer ('q' is for question). */
static struct message *list_of(const char *kinds)
{
	struct message *first = NULL, **last = &first;
	for (uint64_t id = 0; kinds[id]; id++) {
		enum message_kind kind = kinds[id] == 'q' ? MESSAGE_REQUEST : MESSAGE_RESPONSE;
		*last = message_new(kind, id, NULL);
		if (!*last)
			abort();
		last = &(*last)->next;
	}
	return first;
}

/* Their ids, one digit each. */
static void expect_ids(struct message *list, const char *want)
{
	size_t n = 0;
	for (const struct message *m = list; m; m = m->next, n++)
		expect_eq(m->id, (uint64_t)(want[n] - '0'));
	expect_eq(n, strlen(want));
	message_free_all(list);
}

static void of_three(struct queue *q)
{
	woken = 0;
	expect_ok(queue_init(q, 3, 1 << 20));
}

TEST(a_list_comes_whole_and_wakes_once)
{
	struct queue q;
	of_three(&q);
	q.wake = wake;
	expect(!queue_put_from_app(&q, list_of("qaq")));
	expect_eq(woken, 1);
	expect_ids(queue_take(&q, 10, 0), "012");
	expect(!queue_put_from_app(&q, NULL));
	expect_eq(woken, 1);
	expect_ids(queue_take(&q, 10, 0), "");
	queue_done(&q);
}

TEST(requests_beyond_the_limit_are_given_back)
{
	struct queue q;
	of_three(&q);
	expect_ids(queue_put_from_app(&q, list_of("qqaqaqa")), "35");
	expect(q.was_full);
	/* Answers do not wait for room, requests do. */
	expect_ids(queue_put_from_app(&q, list_of("qa")), "0");
	expect_ids(queue_take(&q, 10, 0), "012461");
	expect_ids(queue_put_from_app(&q, list_of("q")), "");
	expect_ids(queue_take(&q, 10, 0), "0");
	queue_done(&q);
}

TEST(bytes_are_a_limit_too)
{
	struct queue q;
	of_three(&q);
	q.bytes_max = 1;
	expect_ids(queue_put_from_app(&q, list_of("qqa")), "1");
	expect_ids(queue_take(&q, 10, 0), "02");
	expect_eq(q.bytes, 0);
	queue_done(&q);
}
