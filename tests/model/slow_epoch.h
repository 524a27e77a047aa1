/* SPDX-License-Identifier: Apache-2.0 */
/* One epoch of a group as RFC 9420 has it on paper: the slow tree, the GroupContext, both transcript
 * hashes and the whole key schedule (8), each computed from scratch.  The next one follows from the
 * bytes of a commit, the proposals that were sent before, and the private keys of one member who
 * did not make it. */
#ifndef TESTS_MODEL_SLOW_EPOCH_H
#define TESTS_MODEL_SLOW_EPOCH_H

#include "tests/model/slow_tree.h"

#include "mls/message.h"

struct group;

/* RFC 9420, table 4, in its order; init is the figure's, the last the extensions draft's. */
enum slow_secret {
	SLOW_SENDER_DATA,
	SLOW_ENCRYPTION,
	SLOW_EXPORTER,
	SLOW_EXTERNAL,
	SLOW_CONFIRM,
	SLOW_MEMBERSHIP,
	SLOW_RESUMPTION,
	SLOW_AUTHENTICATION,
	SLOW_INIT,
	SLOW_APPLICATION_EXPORT,
	SLOW_SECRETS,
};

struct slow_epoch {
	const struct suite *suite;
	struct arena *arena;
	struct slow_tree tree;
	uint64_t epoch;
	struct view group_id, confirmed, interim, confirmation_tag;
	struct extension_list extensions;
	struct view context; /* encoded GroupContext */
	struct secret secret[SLOW_SECRETS];
	bool is_closed; /* by a ReInit */
};

/* A proposal that came by itself. */
struct slow_proposal {
	struct view ref;
	struct sender sender;
	struct proposal proposal;
};

struct slow_commit {
	const struct authenticated_content *content;
	const struct slow_proposal *known; /* sent so far */
	size_t known_n;
	/* Members of the epoch before, but for the maker: whatever they have keys for is opened. */
	const struct group *const *readers;
	size_t readers_n;
	const struct group *maker; /* with the commit pending: what nobody else could read */
	/* The keys of PreSharedKey proposals. */
	bool (*psk)(void *ctx, const struct pre_shared_key_id *id, struct secret *out);
	void *psk_ctx;
};

/* What it did, as leaf indices. */
struct slow_change {
	struct u32_list added, removed, updated;
	uint32_t committer; /* in the new tree */
	bool has_path, is_external;
};

/* Where a model begins: what a member has now is taken as it is, and only checked. */
const char *slow_begin(struct slow_epoch *e, const struct group *g, struct arena *a);
/* NULL, or what is wrong with the commit. */
const char *slow_next(const struct slow_epoch *old, const struct slow_commit *in,
		      struct slow_epoch *out, struct slow_change *change);
/* ProposalRef (5.2) of an AuthenticatedContent. */
struct view slow_ref(const struct suite *s, struct arena *a,
		     const struct authenticated_content *content);

/* NULL, or in what this member, who should be in this epoch, differs.  Everything is compared:
 * context, tree, its hash, secrets, confirmation_tag, each node's resolution and each leaf's
 * filtered path as the engine computes them, and which private keys it has. */
const char *slow_compare(const struct slow_epoch *e, const struct group *g);
/* The public half of that. */
struct group_view;
const char *slow_compare_public(const struct slow_epoch *e, const struct group_view *v);

#endif
