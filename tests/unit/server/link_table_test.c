/* SPDX-License-Identifier: Apache-2.0 */
/* Links by the numbers of connections: the right one, or none. */
#include "server/link_table.h"
#include "tests/unit/harness.h"

static uint64_t number(uint64_t front, uint64_t use, uint64_t place)
{
	return front << CONNECTION_FRONT_SHIFT | use << CONNECTION_PLACE_BITS | place;
}

TEST(each_is_found_by_its_number)
{
	static struct link_table t;
	static struct link_head links[3][1000];
	for (uint64_t f = 0; f < 3; f++) {
		for (uint64_t i = 0; i < 1000; i++) {
			links[f][i].connection = number(f * 100, 1, i);
			expect(link_table_put(&t, &links[f][i]));
		}
	}
	for (uint64_t f = 0; f < 3; f++)
		for (uint64_t i = 0; i < 1000; i++)
			expect(link_table_find(&t, number(f * 100, 1, i)) == &links[f][i]);
	expect(!link_table_find(&t, number(50, 1, 1)));
	expect(!link_table_find(&t, number(0, 1, 1000)));
	expect(!link_table_find(&t, number(255, 1, (1u << CONNECTION_PLACE_BITS) - 1)));
	size_t n = 0;
	while (link_table_take(&t))
		n++;
	expect_eq(n, 3000);
	link_table_done(&t);
}

TEST(a_place_that_is_used_again_is_another_connections)
{
	static struct link_table t;
	struct link_head first = { number(1, 1, 7) }, second = { number(1, 2, 7) };
	expect(link_table_put(&t, &first));
	expect(!link_table_find(&t, second.connection));
	expect(!link_table_remove(&t, second.connection));
	expect(link_table_remove(&t, first.connection) == &first);
	expect(!link_table_find(&t, first.connection));
	expect(link_table_put(&t, &second));
	expect(!link_table_find(&t, first.connection));
	expect(link_table_find(&t, second.connection) == &second);
	link_table_done(&t);
}
