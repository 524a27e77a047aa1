/* SPDX-License-Identifier: Apache-2.0 */
/* A store for the parts of one public group, for tests. */
#ifndef TESTS_UNIT_MLS_SHELF_H
#define TESTS_UNIT_MLS_SHELF_H

#include "mls/public_group.h"

#include "tests/unit/harness.h"

struct shelf_part {
	struct shelf_part *next;
	enum public_part_kind kind;
	uint32_t number;
	struct buf bytes;
};
struct shelf {
	struct shelf_part *first;
	size_t parts, written; /* how many are there; bytes put the last time */
	struct shelf_part *at; /* of a reading */
};

void shelf_clear(struct shelf *s);
/* What has changed goes there, and is said to be saved. */
void shelf_put(struct shelf *s, struct public_group *p);
/* NULL when it is not there. */
struct shelf_part *shelf_find(struct shelf *s, enum public_part_kind kind, uint32_t number);
uc_err shelf_load(struct shelf *s, const struct group_hooks *hooks, struct public_group **out);

#endif
