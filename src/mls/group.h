/* SPDX-License-Identifier: Apache-2.0 */
/* One member's view of a group: the only mutable object of the engine (RFC 9420, 11, 12).
 *
 * A commit, our own or another's, is staged beside the current epoch and then applied or dropped;
 * a failure changes nothing.  Nothing here does I/O: write what has changed (group_journal.h) before
 * anything that depends on it leaves the process. */
#ifndef MLS_GROUP_H
#define MLS_GROUP_H

#include "mls/group_hooks.h"
#include "mls/key_package.h"
#include "mls/limits.h"

struct group;
struct made_commit;
struct group_info_parts;

/* Finds a pre-shared key that is not a resumption key of this very group.  UC_E_PSK: not known
 * (yet); the call may be repeated when it is.  The caller of the group wipes nothing. */
struct psk_finder {
	void *ctx;
	uc_err (*find)(void *ctx, const struct pre_shared_key_id *id, struct secret *out);
	/* Another group of ours, whose resumption keys are wanted and which a new group may go on
	 * from; NULL: there is none.  The function itself may be NULL: `find` is asked instead,
	 * and no group goes on from another. */
	const struct group *(*group)(void *ctx, struct view group_id);
};

/* How handshakes are wrapped in a group: its members' common choice (RFC 9420, 6), which the engine
 * neither sends nor stores.  Who is no member yet has PublicMessages alone, and a SelfRemove is
 * always one (draft-ietf-mls-extensions-10), so these are never refused for their wrapping. */
struct group_wrapping {
	bool private_handshakes; /* ours: else PublicMessages */
	bool refuse_public;      /* others': UC_E_POLICY */
	bool refuse_private;
	size_t bucket; /* private ones are padded to a multiple of so many bytes; 0: not */
};

/* What every group is made with; all borrowed and kept, so they must outlive it. */
struct group_platform {
	const struct env *env;
	const struct group_hooks *hooks;       /* may be NULL */
	const struct psk_finder *psks;         /* may be NULL: none are known */
	const struct group_wrapping *wrapping; /* may be NULL: all zero */
	const struct crypto *crypto;           /* NULL: built in */
	/* The most bytes that a group may hold, all epochs, the staged one and the stored proposals
	 * included: what would need more is UC_E_LIMIT and changes nothing.  0:
	 * GROUP_MEMORY_DEFAULT. */
	size_t memory_limit;
};

/* --- beginning --- */

/* A group of one, at epoch 0. */
uc_err UC_MUST_USE group_create(const struct group_platform *platform, const struct suite *s,
				struct view group_id, const struct leaf_parameters *leaf,
				const struct extension_list *context_extensions,
				struct group **out);

struct welcome_input {
	struct view welcome;      /* encoded Welcome, without MLSMessage around it */
	struct view ratchet_tree; /* encoded optional<Node> list; empty: it is in the GroupInfo */
	struct view key_package;  /* encoded, ours */
	const struct key_package_secrets *secrets;
};
/* 12.4.3.1.  UC_E_NOT_FOUND: the Welcome is not for this KeyPackage.  UC_E_PSK: a pre-shared key, or
 * the group it goes on from, is not known (yet): worth another try when it is.   UC_E_EXISTS: psk_finder's `group` knows a
 * group of this id that we are in. */
uc_err UC_MUST_USE group_join(const struct group_platform *platform, const struct welcome_input *in,
			      struct group **out);
/* The same, and the extensions of the GroupInfo that came in it, in the arena: what the committer
 * tells those alone who join (a dictionary of components, for one). */
uc_err UC_MUST_USE group_join_informed(const struct group_platform *platform,
				       const struct welcome_input *in, struct arena *a,
				       struct extension_list *info_extensions, struct group **out);

struct external_join {
	struct view group_info;   /* encoded GroupInfo with external_pub */
	struct view ratchet_tree; /* encoded; empty: it is in the GroupInfo */
	const struct leaf_parameters *leaf;
	/* Remove of the own old leaf, AppDataUpdate, PreSharedKey; ExternalInit is added here. */
	const struct proposal *proposals;
	size_t proposal_count;
	struct view authenticated_data;
	/* Pending SelfRemove proposals, encoded MLSMessages, to be committed with it. */
	const struct view *self_removes;
	size_t self_remove_count;
};
/* 12.4.3.2: *commit is an encoded MLSMessage; the group waits for it as its pending commit, and
 * is of no other use until group_pending_apply. */
uc_err UC_MUST_USE group_join_external(const struct group_platform *platform,
				       const struct external_join *in, struct arena *a,
				       struct view *commit, struct view *group_info,
				       struct group **out);
void group_free(struct group *g);

/* A group that goes on from another one of ours. */
struct succession {
	const struct leaf_parameters *leaf; /* ours in the new group */
	/* Add proposals of the others' fresh KeyPackages, read from their bytes. */
	const struct proposal *adds;
	size_t add_count;
	/* Of a branch alone: a re-initialised group takes both from the ReInit. */
	struct view group_id;
	struct extension_list extensions;
	bool force_path;                     /* in the first commit */
	const struct group_info_parts *info; /* of its GroupInfo; NULL: all zero */
};
/* 11.2: the group that the ReInit in old's last commit announced.  The new group waits for its
 * first commit as its pending one, whose Welcome is for the others; the commit itself is of no use
 * to anybody but a public group.  UC_E_UNEXPECTED: old is not closed, or the members are not the
 * same. */
uc_err UC_MUST_USE group_reinit(const struct group_platform *platform, const struct group *old,
				const struct succession *how, struct arena *a,
				struct made_commit *out, struct group **fresh);
/* 11.3: a group of some of old's members, with its version and suite. */
uc_err UC_MUST_USE group_branch(const struct group_platform *platform, const struct group *old,
				const struct succession *how, struct arena *a,
				struct made_commit *out, struct group **fresh);

/* --- changing --- */

/* What a GroupInfo holds beside the GroupContext (12.4.3); all zero: external_pub alone. */
struct group_info_parts {
	bool without_external_pub; /* then nobody joins by external commit with it */
	bool with_ratchet_tree;
	struct extension_list more; /* as they are, GREASE for one; neither of those two */
};

/* Whether the new epoch's tree is written out beside a commit, which costs as much as it is large. */
enum made_tree {
	TREE_FOR_JOINERS, /* when somebody is added, and it is not in their Welcome */
	TREE_ALWAYS,
	TREE_NEVER,
};
struct commit_options {
	const struct proposal *proposals; /* by value */
	size_t proposal_count;
	/* Else every stored proposal that fits is included.  For which the commit would be refused
	 * (somebody who is here is added, a key is not known to us) is left out: nobody keeps others
	 * from committing by what they propose. */
	bool without_stored;
	/* A stored ReInit, alone and when nothing else is there to be committed (12.2). */
	bool stored_reinit;
	bool force_path;
	/* Members who do not list the content_media_types of the group are known to understand
	 * them; else UC_E_UNSUPPORTED. */
	bool any_media_types;
	struct view authenticated_data;
	/* Extensions of our leaf from now on (needs or forces a path); NULL: as they are. */
	const struct extension_list *leaf_extensions;
	/* Or all of our leaf: signature key, credential, capabilities, extensions (needs or forces a
	 * path; not both).  The commit itself is signed with the key we have, what comes after it
	 * with the new one. */
	const struct leaf_parameters *leaf;
	struct group_info_parts info;           /* of the GroupInfo that is given out */
	const struct group_info_parts *welcome; /* of the one in the Welcome; NULL: the same */
	enum made_tree tree;
};
struct made_commit {
	struct view commit;         /* encoded MLSMessage */
	struct view welcome;        /* encoded Welcome; empty when nobody is added */
	struct view group_info;     /* encoded GroupInfo of the new epoch */
	struct view ratchet_tree;   /* of the new epoch; empty when it was not asked for */
	struct group_change change; /* borrows from the group until apply or drop */
};
/* UC_E_PENDING when one is pending already. */
uc_err UC_MUST_USE group_commit(struct group *g, const struct commit_options *options,
				struct arena *a, struct made_commit *out);
/* What a commit with these proposals by value would contain: them, and every stored one that fits
 * beside them. */
uc_err UC_MUST_USE group_fitting(const struct group *g, const struct proposal *by_value,
				 size_t by_value_count, struct arena *a,
				 struct proposal_view_list *out);
bool group_has_pending(const struct group *g);
/* Our commit was accepted: its epoch is now.  UC_E_NOT_FOUND when there is none. */
uc_err UC_MUST_USE group_pending_apply(struct group *g);
void group_pending_drop(struct group *g);

/* An encoded MLSMessage; kept among the stored proposals, too.  The same again in one epoch gives
 * the same bytes where it is a PublicMessage and signatures are deterministic (Ed25519); a SelfRemove
 * always does.  UC_E_UNSUPPORTED: there are members who do not know proposals of this type. */
uc_err UC_MUST_USE group_propose(struct group *g, const struct proposal *p,
				 struct view authenticated_data, struct arena *a,
				 struct view *message);
/* An Update of our own leaf, with a fresh key. */
uc_err UC_MUST_USE group_propose_update(struct group *g, struct arena *a, struct view *message);
/* The same, which says all of our leaf anew once somebody commits it: until then, and when nobody
 * does, we sign with the key we have. */
uc_err UC_MUST_USE group_propose_update_as(struct group *g, const struct leaf_parameters *leaf,
					   struct arena *a, struct view *message);
size_t group_proposal_count(const struct group *g);
struct proposal_view group_proposal_at(const struct group *g, size_t i);
/* RFC 9420, 12.4: "A group member that has observed one or more valid proposals within an epoch MUST
 * send a Commit message before sending application data".  True while proposals wait, and a commit
 * of ours can be: who is about to go waits for another's.  Whose words go out asks this first. */
bool group_commit_is_due(const struct group *g);
/* Out of the stored ones: it was never accepted.  Nothing happens when it isn't there. */
void group_proposal_drop(struct group *g, struct view ref);

/* --- messages --- */

/* The plaintext is padded so that the whole ciphertext is a multiple of `bucket` bytes (0: none).
 * UC_E_PENDING while a commit is staged: it is applied first, or dropped (15.2). */
uc_err UC_MUST_USE group_encrypt(struct group *g, struct view authenticated_data,
				 struct view application_data, size_t bucket, struct arena *a,
				 struct view *message);

enum received_kind {
	RECEIVED_APPLICATION,
	RECEIVED_PROPOSAL,   /* kept for a commit to come */
	RECEIVED_COMMIT,     /* staged: group_staged_apply or group_staged_drop */
	RECEIVED_OWN_COMMIT, /* our pending one: group_pending_apply */
};
struct received {
	enum received_kind kind;
	struct sender sender;
	uint64_t epoch; /* it was sent in */
	struct view authenticated_data;
	struct view application_data; /* in the call's arena */
	const struct leaf_node *leaf; /* of a member who sends an application message: as of then */
	const struct proposal *proposal; /* stored */
	struct view proposal_ref;
	const struct group_change *change; /* of a commit; until apply or drop */
	bool removes_us;
};
/* An encoded MLSMessage.  Distinct errors: UC_E_OWN (our own message other than the pending
 * commit; an application message of ours that this state has not made is opened like others',
 * with our own leaf as its sender: so the state is an older copy), UC_E_EPOCH_PAST,
 * UC_E_EPOCH_FUTURE (worth another try in that epoch), UC_E_DECRYPT (also a replay), UC_E_REMOVED,
 * UC_E_NOT_FOUND (a commit of a proposal that has not come: worth another try when it has),
 * UC_E_PSK (likewise), UC_E_PENDING (a commit is staged: worth another try when that is applied or
 * dropped).  Of commits: UC_E_REPLAY, we have applied this one; UC_E_FORK, another than the one that
 * we have applied in its epoch, as far as GROUP_RESUMPTION_EPOCHS back (its word alone: of the past
 * nothing is left to verify it by), or than the staged one (verified; it can be received when that
 * is dropped).  Whatever the error, nothing has changed. */
uc_err UC_MUST_USE group_receive(struct group *g, struct view message, struct arena *a,
				 struct received *out);
/* Also drops a pending commit of our own: it lost.  One that was dropped may be received again. */
uc_err UC_MUST_USE group_staged_apply(struct group *g);
void group_staged_drop(struct group *g);
bool group_has_staged(const struct group *g);
/* The epoch that a staged commit leads to, or our pending one; false when there is none, or it removes
 * us.  Lives until apply or drop. */
bool group_staged_view(const struct group *g, struct group_view *out);
bool group_pending_view(const struct group *g, struct group_view *out);

/* Late messages of past epochs are not waited for any longer: their keys go at once, and with them
 * what they could be computed from. */
void group_forget_past(struct group *g);

/* --- looking --- */

struct group_view group_now(const struct group *g);
uint64_t group_epoch(const struct group *g);
struct view group_id(const struct group *g);
uint32_t group_own_leaf(const struct group *g);
bool group_is_removed(const struct group *g);
/* What it holds, of what memory_limit limits. */
size_t group_memory_bytes(const struct group *g);
/* The ReInit of the last commit: nothing is sent in this group any more (UC_E_CLOSED), a new one
 * follows by group_reinit or a Welcome.  NULL: the group goes on. */
const struct re_init *group_reinit_of(const struct group *g);
const struct sign_key *group_signature_key(const struct group *g);
/* Nh bytes; equal for all members of an epoch. */
struct view group_epoch_authenticator(const struct group *g);
/* Data of a component of the GroupContext's dictionary; NULL when absent. */
uc_err UC_MUST_USE group_component(const struct group *g, uint16_t component_id, struct arena *a,
				   const struct view **out);
uc_err UC_MUST_USE group_export(const struct group *g, const char *label, struct view context,
				uint8_t *out, size_t n);
/* Encoded GroupInfo of this epoch, signed by us, with external_pub, without the tree. */
uc_err UC_MUST_USE group_info_make(const struct group *g, struct arena *a, struct view *out);
uc_err UC_MUST_USE group_info_make_with(const struct group *g, const struct group_info_parts *parts,
					struct arena *a, struct view *out);
uc_err UC_MUST_USE group_ratchet_tree(const struct group *g, struct arena *a, struct view *out);
/* PreSharedKeyID and key of this epoch's resumption PSK are found by epoch. */
uc_err UC_MUST_USE group_resumption_psk(const struct group *g, uint64_t epoch, struct secret *out);

/* --- at rest, before there were journals (group_journal.h).  Both parts are secret.  Old stores are
 * read by group_load; tests and benches write these, no program does. --- */

/* Changes with each epoch, proposal and pending commit. */
uc_err UC_MUST_USE group_save_epoch(const struct group *g, struct buf *out);
/* Changes with each message sent or received: small. */
uc_err UC_MUST_USE group_save_ratchets(const struct group *g, struct buf *out);
/* UC_E_CORRUPT when the two do not belong together. */
uc_err UC_MUST_USE group_load(const struct group_platform *platform, struct view epoch,
			      struct view ratchets, struct group **out);

#endif
