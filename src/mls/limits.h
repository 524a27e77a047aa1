/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine keeps and for how long, how far it looks ahead, what it takes at most: the
 * choices that RFC 9420 leaves to those who implement it, in one place. */
#ifndef MLS_LIMITS_H
#define MLS_LIMITS_H

#include <stddef.h>
#include <stdint.h>

enum {
	/* Epochs whose message keys are kept for late application messages (15.3).  What they are
	 * secret by is wiped with the next commit but this many, or by group_forget_past.  A part
	 * of the form at rest (group_save.c). */
	GROUP_PAST_EPOCHS = 2,
	/* Epochs whose resumption_psk is kept, the current one among them (8.4). */
	GROUP_RESUMPTION_EPOCHS = 8,
	/* How far ahead of the next expected generation a message may be (9.2, 15.3). */
	SECRET_TREE_FORWARD_MAX = 1000,
	/* How many keys of skipped generations are kept in each ratchet; the oldest go first. */
	SECRET_TREE_SKIPPED_MAX = 128,
	/* Proposals that wait for a commit, in one epoch. */
	PROPOSALS_STORED_MAX = 1024,
	/* Certificates in one X.509 credential (5.3). */
	X509_CHAIN_MAX = 16,
};

/* The most memory of one group, bytes (group.h, memory_limit). */
#define GROUP_MEMORY_DEFAULT ((size_t)256 * 1024 * 1024)

/* A KeyPackage is good from so long before it was made, for two clocks that are each a day off. */
#define KEY_PACKAGE_EARLY_S        ((uint64_t)49 * 3600)
/* The longest lifetime accepted of a KeyPackage (7.2): 100 days and that. */
#define KEY_PACKAGE_LIFETIME_MAX_S ((uint64_t)100 * 24 * 3600 + KEY_PACKAGE_EARLY_S)

#endif
