/* SPDX-License-Identifier: Apache-2.0 */
#include "server/link_table.h"

#include "base/heap.h"

enum { FIRST = 64 };

static unsigned front_of(uint64_t connection)
{
	return (unsigned)(connection >> CONNECTION_FRONT_SHIFT);
}

static uint32_t place_of(uint64_t connection)
{
	return (uint32_t)(connection & ((1u << CONNECTION_PLACE_BITS) - 1));
}

void link_table_done(struct link_table *t)
{
	for (size_t i = 0; i < FRONTS_MAX; i++)
		heap_free(t->fronts[i].v);
	*t = (struct link_table){ 0 };
}

static bool reserve(struct link_table *t, unsigned front, uint32_t place)
{
	uint32_t n = t->fronts[front].n;
	if (place < n)
		return true;
	while (n <= place)
		n = n ? 2 * n : FIRST;
	struct link_head **more = heap_new(n * sizeof *more);
	if (!more)
		return false;
	if (t->fronts[front].n)
		memcpy(more, t->fronts[front].v, t->fronts[front].n * sizeof *more);
	heap_free(t->fronts[front].v);
	t->fronts[front].v = more;
	t->fronts[front].n = n;
	return true;
}

bool link_table_put(struct link_table *t, struct link_head *link)
{
	unsigned front = front_of(link->connection);
	uint32_t place = place_of(link->connection);
	if (!reserve(t, front, place))
		return false;
	t->fronts[front].v[place] = link;
	return true;
}

struct link_head *link_table_find(const struct link_table *t, uint64_t connection)
{
	unsigned front = front_of(connection);
	uint32_t place = place_of(connection);
	struct link_head *found = place < t->fronts[front].n ? t->fronts[front].v[place] : NULL;
	return found && found->connection == connection ? found : NULL;
}

struct link_head *link_table_remove(struct link_table *t, uint64_t connection)
{
	struct link_head *found = link_table_find(t, connection);
	if (found)
		t->fronts[front_of(connection)].v[place_of(connection)] = NULL;
	return found;
}

struct link_head *link_table_take(struct link_table *t)
{
	for (size_t i = 0; i < FRONTS_MAX; i++) {
		while (t->fronts[i].n) {
			struct link_head *found = t->fronts[i].v[--t->fronts[i].n];
			if (found)
				return found;
		}
	}
	return NULL;
}
