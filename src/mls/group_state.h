/* SPDX-License-Identifier: Apache-2.0 */
/* The public half of an epoch: tree, GroupContext, transcript; and how a commit's proposals and
 * path lead to the next.  Members and public groups both stand on it. */
#ifndef MLS_GROUP_STATE_H
#define MLS_GROUP_STATE_H

#include "mls/group_hooks.h"
#include "mls/limits.h"
#include "mls/requirements.h"
#include "mls/treekem.h"

#define GROUP_ARENA_MAX ((size_t)64 * 1024 * 1024)

struct group_state {
	const struct suite *suite;
	struct heap_account *memory; /* the group's, which all of this is charged to; may be NULL */
	struct arena arena;          /* what context points at */
	struct group_context context;
	struct view encoded; /* GroupContext */
	struct tree tree;
	uint8_t interim[HASH_MAX]; /* interim_transcript_hash */
	size_t interim_n;          /* nh; 0 before the first confirmation_tag */
	struct view confirmation_tag;
	bool safe_aad; /* the GroupContext has that component */
	/* The commit that led here re-initialises the group (RFC 9420, 11.2): nothing follows in
	 * it. */
	bool is_closed;
	struct re_init reinit; /* of a closed one */
	struct view reinit_encoded;
	/* While the first commit of a group that goes on from another is made: the usage its
	 * PreSharedKey may have (12.1.4).  Not at rest. */
	uint8_t begins_as;
};

void group_state_init(struct group_state *s, const struct suite *suite,
		      struct heap_account *memory);
void group_state_done(struct group_state *s);
struct group_view group_state_view(const struct group_state *s);
/* Copies the context into the state's arena, with tree_hash taken from the tree. */
uc_err UC_MUST_USE group_state_set_context(struct group_state *s, const struct group_context *c);
/* What the commit of a ReInit leaves. */
uc_err UC_MUST_USE group_state_close(struct group_state *s, const struct re_init *reinit);
/* Sets the tag and the interim transcript hash that follows from it. */
uc_err UC_MUST_USE group_state_confirm(struct group_state *s, struct view confirmation_tag);
/* At rest, versioned; a loaded state owns copies of everything, charged to s->memory.
 * crypto NULL: built in. */
uc_err UC_MUST_USE group_state_load(struct group_state *s, const struct crypto *crypto,
				    struct view saved);
uc_err UC_MUST_USE group_state_save(const struct group_state *s, struct buf *out);
/* The same as what differs from another state of the group, which reading it takes again. */
uc_err UC_MUST_USE group_state_save_after(const struct group_state *s,
					  const struct group_state *before, struct buf *out);
uc_err UC_MUST_USE group_state_load_after(struct group_state *s, const struct group_state *before,
					  struct view saved);

/* The tree, from its form on the wire; charged to s->memory. */
uc_err UC_MUST_USE group_state_import(struct group_state *s, const struct node_list *nodes);
/* From a GroupInfo and its tree (12.4.3.1): tree hash, parent hashes, every leaf, signature. */
uc_err UC_MUST_USE group_state_from_info(struct group_state *s, const struct group_info *info,
					 const struct node_list *tree,
					 const struct group_hooks *hooks, const struct env *env);

uc_err UC_MUST_USE external_senders_of(const struct extension_list *l, struct arena *a,
				       struct external_sender_list *out);
/* The signature key of external_senders[index]; UC_E_NOT_FOUND past the end. */
uc_err UC_MUST_USE group_state_external_key(const struct group_state *s, uint32_t index,
					    struct view *key);
/* Does the leaf list the suite, where that is asked for? */
uc_err UC_MUST_USE leaf_suite_admit(const struct group_hooks *hooks, const struct suite *s,
				    const struct leaf_node *leaf);
/* 5.3, 5.3.1: a credential and its key, in the place of `before`'s (NULL: nobody's).  What stays as it
 * is was asked about before, and may have expired since. */
uc_err UC_MUST_USE credential_admit(const struct group_hooks *hooks, const struct suite *s,
				    const struct credential *c, struct view signature_key,
				    const struct leaf_node *before);
/* The same of the external_senders that the list has and `before` (NULL: none) has not. */
uc_err UC_MUST_USE external_senders_admit(const struct group_hooks *hooks, const struct suite *s,
					  const struct extension_list *l,
					  const struct extension_list *before, struct arena *a);

/* --- proposals and commits --- */

/* A proposal that came by itself and waits for its commit. */
struct stored_proposal {
	struct view ref;                      /* ProposalRef */
	struct view content;                  /* encoded AuthenticatedContent */
	struct authenticated_content decoded; /* borrows from content */
	struct arena arena;
	/* Of our own Update: the keys of its leaf, the latter where it is another than ours; pub_n
	 * 0 otherwise. */
	struct kem_key update_key;
	struct sign_key update_sign;
	uint32_t serial; /* in a journal; 0: not there */
};
struct proposal_store {
	struct stored_proposal **v;
	size_t n, cap;
	struct heap_account *memory; /* stays when all goes; may be NULL */
};
void proposal_store_done(struct proposal_store *s);
/* Copies; the same proposal twice is UC_E_REPLAY. */
uc_err UC_MUST_USE proposal_store_add(struct proposal_store *s, const struct suite *suite,
				      const struct authenticated_content *content,
				      const struct kem_key *update_key,
				      const struct sign_key *update_sign);
/* The same of what was at rest. */
uc_err UC_MUST_USE proposal_store_add_encoded(struct proposal_store *s, const struct suite *suite,
					      struct view content, const struct kem_key *update_key,
					      const struct sign_key *update_sign);
void proposal_store_drop(struct proposal_store *s, struct view ref);
struct stored_proposal *proposal_store_find(const struct proposal_store *s, struct view ref);
/* A signature key of the two halves that were at rest. */
uc_err UC_MUST_USE sign_key_load(struct sign_key *out, struct view priv, struct view pub);
uc_err UC_MUST_USE proposal_store_save(const struct proposal_store *s, struct buf *out);
uc_err UC_MUST_USE proposal_store_load(struct proposal_store *s, const struct suite *suite,
				       struct view saved);
/* ProposalRef (5.2); nh bytes. */
uc_err UC_MUST_USE proposal_ref(const struct suite *s, const struct authenticated_content *content,
				uint8_t *out);

/* What a list of proposals does, and then a path. */
struct transition {
	const struct group_state *before;
	struct group_state after; /* staged */
	struct arena *arena;      /* the call's */
	struct proposal_view_list proposals;
	struct sender sender;
	uint32_t committer;
	bool is_external;
	bool path_required;
	struct u32_list added, removed, updated;
	struct ephemeral_list ephemerals;
	struct view_list added_refs;
	const struct key_package **added_packages; /* as many as added */
	struct pre_shared_key_id_list psks;
	struct view external_init; /* kem_output */
	const struct re_init *reinit;
	/* By transition_finish: as in group_change. */
	uint32_t replaced;
	struct leaf_change_list leaves;
	struct data_change_list extensions, components;
};
/* Looks each reference up; UC_E_NOT_FOUND for one that is not stored. */
uc_err UC_MUST_USE proposals_resolve(const struct proposal_store *store,
				     const struct proposal_or_ref_list *list,
				     const struct sender *committer, struct arena *a,
				     struct proposal_view_list *out);
/* Checks the list (12.2) and applies it (12.3) to a copy of `before`.  transition_done after any
 * result.  For an external commit (sender new_member_commit) it also picks the joiner's leaf. */
uc_err UC_MUST_USE transition_begin(struct transition *t, const struct group_state *before,
				    const struct sender *sender,
				    const struct proposal_view_list *proposals,
				    const struct group_hooks *hooks, const struct env *env,
				    struct arena *a);
/* The same of proposals that were checked one by one already. */
uc_err UC_MUST_USE transition_try(struct transition *t, const struct group_state *before,
				  const struct sender *sender,
				  const struct proposal_view_list *proposals,
				  const struct group_hooks *hooks, struct arena *a);
/* The leaf whose place the path's takes, read into the room; NULL: nobody's. */
const struct leaf_node *transition_replaced(const struct transition *t, struct leaf_node *room);
/* The rules for a leaf that we are about to put into our own path (7.3), as far as they do not depend
 * on its new encryption key; others' leaves are checked as they are merged. */
uc_err UC_MUST_USE transition_check_own_leaf(const struct transition *t,
					     const struct leaf_node *leaf,
					     const struct group_hooks *hooks);
/* Merges a received path: the leaf's validity and signature, then the nodes. */
uc_err UC_MUST_USE transition_merge_path(struct transition *t, const struct update_path *path,
					 const struct group_hooks *hooks);
/* Sets the provisional GroupContext: next epoch, new tree hash, old transcript. */
uc_err UC_MUST_USE transition_provisional(struct transition *t);
/* Replaces the confirmed transcript hash; then the tree is checked as a whole (7.3) and the
 * change hook is asked. */
uc_err UC_MUST_USE transition_finish(struct transition *t,
				     const struct authenticated_content *commit, bool has_path,
				     const struct group_hooks *hooks);
/* Fills what a change is seen by; a part of transition_finish. */
uc_err UC_MUST_USE transition_compare(struct transition *t, bool has_path);
struct group_change transition_change(const struct transition *t, struct view authenticated_data,
				      bool has_path);
void transition_done(struct transition *t);

/* May this sender send this by itself (12.1.8, 12.2)?  And is it in itself valid? */
uc_err UC_MUST_USE proposal_check(const struct group_state *s, const struct proposal_view *p,
				  const struct group_hooks *hooks, const struct env *env,
				  struct arena *a);
/* The same of each in a list. */
uc_err UC_MUST_USE proposals_check(const struct group_state *s, const struct proposal_view_list *l,
				   const struct group_hooks *hooks, const struct env *env,
				   struct arena *a);
/* The same of one that comes by itself: it may take away no component that is not there. */
uc_err UC_MUST_USE proposal_arrives(const struct group_state *s, const struct proposal_view *p,
				    const struct group_hooks *hooks, const struct env *env,
				    struct arena *a);
/* Do all members but these leaves (may be NULL) support proposals of this type (12.2)? */
uc_err UC_MUST_USE proposal_type_supported(const struct group_state *s, uint16_t type,
					   const struct u32_list *without, struct arena *a);
/* The rules for a whole list (12.2), of a regular or an external commit. */
uc_err UC_MUST_USE proposal_list_check(const struct group_state *s, const struct sender *sender,
				       const struct proposal_view_list *l);
/* May this one stand beside the others in a commit of the member's, all of whom may? */
uc_err UC_MUST_USE proposal_list_takes(const struct sender *member,
				       const struct proposal_view_list *l,
				       const struct proposal_view *p);
/* An order of PreSharedKeyIDs: 0 where they are one (12.2).  The nonce is a part of it. */
int psk_order(const struct pre_shared_key_id *a, const struct pre_shared_key_id *b);
/* Does a commit with this list need a path (12.4)? */
bool proposal_list_needs_path(const struct proposal_view_list *l);

#endif
