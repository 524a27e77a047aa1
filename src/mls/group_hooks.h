/* SPDX-License-Identifier: Apache-2.0 */
/* What a layer above the engine has to say about a group: who may do what, and what leaves must
 * carry beyond RFC 9420.  The same hooks serve a member and a server that follows in public. */
#ifndef MLS_GROUP_HOOKS_H
#define MLS_GROUP_HOOKS_H

#include "mls/message.h"
#include "mls/tree.h"

/* A group's public state as a hook sees it. */
struct group_view {
	const struct suite *suite;
	const struct group_context *context;
	const struct tree *tree;
};

struct proposal_view {
	struct sender sender;
	const struct proposal *proposal;
	struct view ref; /* ProposalRef; empty: by value */
};
struct proposal_view_list {
	struct proposal_view *v;
	size_t n;
};

/* An AppEphemeral of a commit (draft-ietf-mls-extensions-10): for the application's component, and
 * nothing that stays. */
struct ephemeral {
	struct sender sender;
	uint16_t component_id;
	struct view data;
};
struct ephemeral_list {
	struct ephemeral *v;
	size_t n;
};

/* A leaf that stays and is another now: by an Update, or by its owner's path.  Its encryption key
 * always is; of the rest it says what. */
struct leaf_change {
	uint32_t leaf;
	bool by_path;
	struct leaf_node before, after;
	bool signature_key, credential, capabilities, extensions;
};
struct leaf_change_list {
	struct leaf_change *v;
	size_t n;
};
/* An extension of the GroupContext by its type, or a component of its dictionary by its id, that is
 * another now.  NULL: there was none, or is none any more. */
struct data_change {
	uint16_t type;
	const struct view *before, *after;
};
struct data_change_list {
	struct data_change *v;
	size_t n;
};

/* A commit, with the state it leads from and to. */
struct group_change {
	struct group_view before, after;
	struct sender sender; /* member, or new_member_commit */
	uint32_t committer;   /* leaf index in `after` (an external joiner's new one) */
	bool is_external;
	bool has_path;
	struct proposal_view_list proposals;
	struct u32_list added;       /* leaf indices in `after`, by Add */
	struct view_list added_refs; /* KeyPackageRef of each of those */
	struct u32_list removed;     /* leaf indices in `before`, by Remove and SelfRemove */
	struct u32_list updated;     /* by Update; the committer's path is not among them */
	uint32_t replaced; /* the old leaf of a joiner from outside, in `before`; TREE_NONE: none */
	struct leaf_change_list leaves; /* updated, and the committer's by its path */
	struct data_change_list extensions, components; /* of the GroupContext */
	struct pre_shared_key_id_list psks;             /* that went into the new epoch's secrets */
	struct ephemeral_list ephemerals;               /* by AppEphemeral, in the commit's order */
	const struct re_init *reinit; /* it closes the group (RFC 9420, 11.2); NULL: it goes on */
	struct view authenticated_data;
};

enum leaf_reason { LEAF_JOINED_TREE, LEAF_ADD, LEAF_UPDATE, LEAF_PATH, LEAF_EXTERNAL_JOIN };

/* Threads of the caller's, which the engine has none of.  Work that is shared out among them reads
 * the group and calls the suite's functions, no hooks, and no randomness or time. */
struct group_parallel {
	void *ctx;
	/* Calls task(work, i) once for each i below n, in any order and on any threads, and returns
	 * when all have returned. */
	void (*run)(void *ctx, void (*task)(void *work, size_t i), void *work, size_t n);
};

/* Each may be NULL: everything is allowed.  An error refuses the message, with that error. */
struct group_hooks {
	void *ctx;
	/* For the signatures of a whole tree and of many KeyPackages; NULL: one after the other. */
	const struct group_parallel *parallel;
	/* KeyPackages of any lifetime are taken (for vectors made in other years). */
	bool any_lifetime;
	/* Leaves are taken that do not list the group's suite among those they can do (others' do
	 * not always; what a leaf "compatible with the group's parameters" is, RFC 9420, 7.3, does
	 * not say in full). */
	bool any_suites;
	/* Messages without any authenticated_data are taken where SafeAAD is asked for, as from
	 * members of before it was. */
	bool empty_aad;
	/* A leaf that enters the tree, or stands in a tree that is taken over. */
	uc_err (*leaf)(void *ctx, const struct group_view *group, const struct leaf_node *leaf,
		       uint32_t index, enum leaf_reason reason);
	/* An X.509 credential that is new to the group (RFC 9420, 5.3): in a KeyPackage that is
	 * added, an Update, a path, a tree that is joined, among the external senders.  The engine
	 * knows nothing of certificates: this verifies the chain, whose first entry is the
	 * end-entity certificate, and that the public key in that is `signature_key`, a key of the
	 * suite's signature scheme; and, where it takes the place of `before`'s (NULL: of none),
	 * that it is a valid successor (5.3.1).  UC_E_KEY: it is of another key.  NULL: there are
	 * no X.509 credentials here, UC_E_UNSUPPORTED. */
	uc_err (*x509)(void *ctx, const struct suite *s, const struct view_list *chain,
		       struct view signature_key, const struct leaf_node *before);
	/* A proposal that came by itself, before it is kept. */
	uc_err (*proposal)(void *ctx, const struct group_view *group,
			   const struct proposal_view *proposal);
	/* A commit, when all else has been checked. */
	uc_err (*change)(void *ctx, const struct group_change *change);
	/* Is the component one of the application's?  AppDataUpdates and AppEphemerals of others
	 * are refused.  NULL: all are. */
	bool (*knows_component)(void *ctx, uint16_t component_id);
	/* Each AppEphemeral of a commit, in the commit's order: after what RFC 9420's own proposals
	 * do, before AppDataUpdates.  The commit may still be refused or dropped: what is to be
	 * done comes with the group_change.  NULL: whatever it says. */
	uc_err (*ephemeral)(void *ctx, const struct group_view *before,
			    const struct ephemeral *ephemeral);
	/* All AppDataUpdates of one commit for one component, in order: from the data there is
	 * (NULL: none) to the new data, in the arena.  NULL: the last update replaces. */
	uc_err (*component)(void *ctx, const struct group_view *before, uint16_t component_id,
			    const struct view *current, const struct app_data_update *updates,
			    size_t n, struct arena *a, struct view *ret);
	/* Do these two leaves, of a group and of one that goes on from it, stand for one member
	 * (RFC 9420, 11.2, 11.3)?  NULL: when their credentials are equal. */
	bool (*same_member)(void *ctx, const struct leaf_node *old, const struct leaf_node *fresh);
};

#endif
