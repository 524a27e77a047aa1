/* SPDX-License-Identifier: Apache-2.0 */
/* What an app keeps for each connection, found by the connection's number: a front's numbers are places
 * in a table that it uses again and again, so that a pointer for each is all it takes. */
#ifndef SERVER_LINK_TABLE_H
#define SERVER_LINK_TABLE_H

#include "server/app_worker.h"

/* The first part of what is kept. */
struct link_head {
	uint64_t connection;
};
/* Zeroed: empty. */
struct link_table {
	struct {
		struct link_head **v;
		uint32_t n;
	} fronts[FRONTS_MAX];
};
void link_table_done(struct link_table *t);
/* In place of one that had the same place before, and is gone.  False without memory. */
bool link_table_put(struct link_table *t, struct link_head *link) UC_MUST_USE;
/* NULL: none, or it is another connection that has the place now. */
struct link_head *link_table_find(const struct link_table *t, uint64_t connection);
/* The same, and forgets it. */
struct link_head *link_table_remove(struct link_table *t, uint64_t connection);
/* Any one, forgotten; NULL: there are none. */
struct link_head *link_table_take(struct link_table *t);

#endif
