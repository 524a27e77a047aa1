/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a group in which every step fails as often as it can before it succeeds: each time
 * nothing may have changed, for anybody, and nothing may be left over. */
#ifndef TESTS_UNIT_MLS_LIFE_H
#define TESTS_UNIT_MLS_LIFE_H

#include "mls/group_journal.h"
#include "mls/group_safe.h"

#include "tests/unit/mls/members.h"

struct life;

/* A way to fail. */
struct fault {
	/* The n-th time from now on that it could happen, it does. */
	void (*arm)(struct life *l, size_t n);
	/* No more; has it happened? */
	bool (*disarm)(struct life *l, uc_err err);
	/* Is this what it may look like to the caller? */
	bool (*is_told_as)(uc_err err);
	/* What failed may have been done without. */
	bool may_be_borne;
};

struct life {
	struct club c;
	const struct fault *fault;
	size_t failures; /* that were seen */
	bool is_over;    /* something was not as it should be */
	/* Of the step at hand. */
	struct person *by;
	struct commit_options options;
	struct made_commit made;
	struct view message, message_info;
	struct view saved[2];
	struct received got;
	struct public_received public_got;
	struct proposal proposal;
	struct external_join external;
	uint8_t exported[32];
	struct buf journal, root;
	struct secret component_secret;
	struct safe_ciphertext sealed;
	struct view opened;
	struct succession succession;
	struct group *fresh;
	struct public_group *fresh_server;
};

/* On a platform that the caller has begun: l->c is ready, l->fault is there. */
void life_run(struct life *l);

#endif
