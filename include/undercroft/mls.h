/* SPDX-License-Identifier: Apache-2.0 */
/* Messaging Layer Security (RFC 9420, draft-ietf-mls-extensions-10) as a library of its own.
 *
 * A `mls_client` is what the groups of one program have in common: time, randomness, policy,
 * limits.  A `mls_group` is one member's view of one group, a `mls_public_group` a server's, without
 * secrets.  None of them owns a socket, a file, a thread or a clock: bytes come in, bytes go out.
 *
 *	mls_client_new(&options, &client);
 *	mls_group_create(client, &how, &group);           or join, join_external, open
 *	mls_group_commit(group, &commit, out, &made);     send made.commit, and made.welcome
 *	mls_group_pending_apply(group);                   once the server has accepted it
 *	mls_group_receive(group, bytes, out, &received);  what others sent: look at it,
 *	mls_group_staged_apply(group);                    and if it was a commit, apply or drop it
 *	mls_group_writes(group, out, &writes);            store that before anything depends on it
 *
 * Rules that hold for every function:
 *  - Outputs come last and are unchanged on failure, and so is the object.  0 is success.
 *  - Bytes that are handed out, lists and all, belong to the `mls_out` that was given: they live
 *    until mls_out_clear or mls_out_free of it, whatever becomes of the objects.  Nothing else has
 *    to be freed but objects, each by its own ..._free.  Bytes that are handed in are the caller's
 *    and are not needed after the call.
 *  - What travels is an encoded MLSMessage (RFC 9420, 6), whole: KeyPackages, Welcomes and
 *    GroupInfos, too.  A ratchet tree is the encoded list of 12.4.3.3.
 *  - Structs that are handed in are filled with names and zeros: what is zero is not asked for.
 *  - Errors: UC_E_ARGUMENT for NULL where something must be, for a length without a pointer, and
 *    for a call that changes something from inside a function of the caller's.  Nothing is
 *    freed there: such a call does nothing.
 *    UC_E_LIMIT: a limit on memory (the client's, or that of the mls_out) is reached; UC_E_MEMORY;
 *    UC_E_RANDOM.  Others stand with the functions.  mls_error_kind says what to do about any.
 *  - A client, what was made with it, and a mls_out are used by one thread at a time (within a call
 *    by those of mls_parallel, if there are any); two clients have nothing in common.  The library has no state of its own.
 *  - Objects may be freed in any order: a client goes with the last that was made with it.  NULL may be
 *    freed.
 *  - Lengths are bytes, times milliseconds since 1970 unless a name says otherwise.  Indices are
 *    those of leaves in the ratchet tree (RFC 9420, 4.2): they name a member within one group. */
#ifndef UNDERCROFT_MLS_H
#define UNDERCROFT_MLS_H

#include <undercroft/errors.h>
#include <undercroft/mls_crypto.h>
#include <undercroft/mls_types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mls_client mls_client;
typedef struct mls_group mls_group;
typedef struct mls_public_group mls_public_group;
typedef struct mls_signature_key mls_signature_key;
typedef struct mls_out mls_out;

/* --- bytes that are handed out --- */

/* Takes what functions hand out, up to so many bytes (0: 64 MiB); wiped when it is given back.  What
 * cannot be had twice, a received message, needs room for its own length, and then may go beyond. */
UC_API uc_err mls_out_new(size_t limit_bytes, mls_out **out) UC_MUST_USE;
/* All that was handed out is gone; ready for more. */
UC_API void mls_out_clear(mls_out *out);
UC_API void mls_out_free(mls_out *out);
/* Copies bytes into it, for policy functions that have bytes to give. */
UC_API uc_err mls_out_copy(mls_out *out, const void *p, size_t n,
			   struct mls_bytes *copy) UC_MUST_USE;

/* --- the client --- */

struct mls_platform {
	void *ctx;
	/* Wall clock, milliseconds since 1970. */
	uint64_t (*now_ms)(void *ctx);
	/* Fills out[0..n) from a cryptographic generator; UC_E_RANDOM when it can't. */
	uc_err (*random)(void *ctx, uint8_t *out, size_t n);
	/* Where an error was first seen, for developers; never content.  May be NULL. */
	void (*trace)(void *ctx, const char *file, int line, uc_err err);
};

enum mls_leaf_reason {
	MLS_LEAF_IN_TREE, /* stands in a tree that is taken over: joining, a new public group */
	MLS_LEAF_ADDED,
	MLS_LEAF_UPDATED,
	MLS_LEAF_COMMITS, /* in a commit's path */
	MLS_LEAF_JOINS,   /* by external commit */
};

/* What the caller decides.  Each function may be NULL: all is allowed.  An error refuses the message,
 * with that error.  What is handed to them lives as long as the call. */
struct mls_policy {
	void *ctx;
	/* A leaf that enters a group: is it who its credential says, with this key (RFC 9420, 5.3.1)?
	 * `group` is the group as it is. */
	uc_err (*leaf)(void *ctx, const struct mls_context *group, const struct mls_leaf *leaf,
		       enum mls_leaf_reason reason);
	/* An X.509 credential that is new to the group: verifies the chain (RFC 9420, 5.3), and that
	 * the key in its first certificate is leaf->signature_key.  before: the leaf whose place it
	 * takes, whose successor it must be; NULL: none.  NULL: X.509 credentials are refused,
	 * UC_E_UNSUPPORTED. */
	uc_err (*x509)(void *ctx, uint16_t suite, const struct mls_credential *credential,
		       struct mls_bytes signature_key, const struct mls_leaf *before);
	/* A proposal that came by itself, before it is kept. */
	uc_err (*proposal)(void *ctx, const struct mls_context *group,
			   const struct mls_proposal *proposal);
	/* A commit, ours or others', when all else has been checked. */
	uc_err (*commit)(void *ctx, const struct mls_change *change);
	/* Is the component one of the application's?  AppDataUpdates and AppEphemerals of others are
	 * refused.  NULL: all are. */
	bool (*knows_component)(void *ctx, uint16_t component_id);
	/* Each AppEphemeral of a commit, in order: may it be?  What is to be done about it waits until
	 * the commit is applied (it is among the change's proposals). */
	uc_err (*ephemeral)(void *ctx, const struct mls_context *group,
			    const struct mls_proposal *proposal);
	/* All AppDataUpdates of one commit for one component, in order: from the data there is
	 * (NULL: none) to what there will be, put into `out` by mls_out_copy.  NULL: the last one
	 * replaces. */
	uc_err (*component)(void *ctx, const struct mls_context *group, uint16_t component_id,
			    const struct mls_bytes *current,
			    const struct mls_proposal_list *updates, mls_out *out,
			    struct mls_bytes *data);
	/* Do two leaves, of a group and of one that goes on from it, stand for one member (RFC 9420,
	 * 11.2, 11.3)?  NULL: when their credentials are equal. */
	bool (*same_member)(void *ctx, const struct mls_leaf *old_leaf,
			    const struct mls_leaf *new_leaf);
	/* A pre-shared key that is not a resumption key of a group of this client.  UC_E_PSK: not
	 * known (yet).  Fills at most 66 bytes; *n is their number. */
	uc_err (*psk)(void *ctx, const struct mls_psk_id *id, uint8_t key[66], size_t *n);
	/* KeyPackages of any lifetime are taken. */
	bool any_lifetime;
	/* Leaves are taken that do not list the group's suite among those they can do. */
	bool any_suites;
	/* Messages without any authenticated_data are taken where SafeAAD is asked for. */
	bool empty_aad;
};

/* How handshakes are wrapped (RFC 9420, 6): the common choice of a group's members, which is neither
 * sent nor stored.  Proposals and commits of who is no member yet, and SelfRemoves, are public in
 * any case. */
struct mls_wrapping {
	bool private_handshakes; /* ours are PrivateMessages: no server can follow them */
	bool refuse_public;      /* others': UC_E_POLICY */
	bool refuse_private;
	size_t padding; /* private ones are padded to a multiple of so many bytes; 0: not */
};

/* Threads of the caller's, which the library has none of: for the signatures of a whole tree (joining,
 * a new public group) and of many KeyPackages in one commit.  What is shared out calls the functions
 * of `crypto`, and none else of the caller's. */
struct mls_parallel {
	void *ctx;
	/* Calls task(work, i) once for each i below n, in any order and on any threads, and returns
	 * when all have returned. */
	void (*run)(void *ctx, void (*task)(void *work, size_t i), void *work, size_t n);
};

struct mls_options {
	const struct mls_platform *platform; /* needed; copied, as all of these are */
	const struct mls_policy *policy;     /* NULL: all is allowed, no PSK is known */
	const struct mls_crypto *crypto; /* mls_crypto.h; not copied.  NULL: the library's own */
	const struct mls_parallel *parallel; /* NULL: one signature after the other */
	struct mls_wrapping wrapping;        /* of groups that do not say otherwise */
	/* GREASE (RFC 9420, 13.5) in what we make: leaves, KeyPackages, GroupInfos. */
	bool grease;
	/* The most memory that one call may take for its work, and give back before it returns; 0:
	 * 64 MiB. */
	size_t limit_bytes;
	/* The most that one group may hold, all epochs, what is staged and what waits included; 0:
	 * 256 MiB.  What would need more is UC_E_LIMIT, and changes nothing. */
	size_t group_limit_bytes;
};

/* UC_E_ARGUMENT also for a table of cryptography that mls_crypto_check refuses. */
UC_API uc_err mls_client_new(const struct mls_options *options, mls_client **client) UC_MUST_USE;
/* What was made with it goes on working, so its platform must be there as long. */
UC_API void mls_client_free(mls_client *client);
/* The i-th suite there is, in order of preference; 0 past the end. */
UC_API uint16_t mls_suite_at(const mls_client *client, size_t i);
/* As the RFC spells it; NULL for one that is not supported. */
UC_API const char *mls_suite_name(const mls_client *client, uint16_t suite);

/* --- errors --- */

/* What to do with a message, or a call, that gave this error. */
enum mls_error_kind {
	MLS_ERROR_NONE,
	MLS_ERROR_RETRY,  /* nothing is wrong with it: again when what is missing is there */
	MLS_ERROR_DROP,   /* of no use any more, and no harm: forget it */
	MLS_ERROR_RESYNC, /* this state cannot go on: join again (external commit, or a Welcome) */
	MLS_ERROR_REFUSE, /* it breaks a rule: forget it, and mind who sent it */
	MLS_ERROR_CALLER, /* the call was wrong */
	MLS_ERROR_SYSTEM, /* memory, randomness, storage: this machine has to be seen to */
};
UC_API enum mls_error_kind mls_error_kind(uc_err err);

/* --- signature keys --- */

UC_API uc_err mls_signature_key_generate(mls_client *client, uint16_t suite,
					 mls_signature_key **key) UC_MUST_USE;
/* From what mls_signature_key_export gave.  UC_E_KEY: it is none of this suite; UC_E_UNSUPPORTED: the
 * table of cryptography has no sign_import. */
UC_API uc_err mls_signature_key_import(mls_client *client, uint16_t suite,
				       struct mls_bytes private_key,
				       mls_signature_key **key) UC_MUST_USE;
/* Secret.  Ed25519, Ed448: the seed; ECDSA: the scalar. */
UC_API uc_err mls_signature_key_export(const mls_signature_key *key, mls_out *out,
				       struct mls_bytes *private_key) UC_MUST_USE;
/* As it stands in leaves. */
UC_API uc_err mls_signature_key_public(const mls_signature_key *key, mls_out *out,
				       struct mls_bytes *public_key) UC_MUST_USE;
/* Groups keep a copy of theirs. */
UC_API void mls_signature_key_free(mls_signature_key *key);

/* --- KeyPackages --- */

/* What a member says of itself. */
struct mls_identity {
	const mls_signature_key *key;
	struct mls_credential credential;
	/* NULL: everything the library knows, and the credential's type.  Default types are not
	 * listed (RFC 9420, 7.2). */
	const struct mls_capabilities *capabilities;
	struct mls_extensions extensions; /* of the leaf */
};

struct mls_key_package_options {
	const struct mls_identity *identity;
	uint16_t suite;
	uint64_t lifetime_s;              /* from now; 0: 90 days */
	struct mls_extensions extensions; /* of the KeyPackage */
	/* Says that it may be used more than once, when no other is left. */
	bool last_resort;
};
struct mls_key_package_made {
	struct mls_bytes message; /* MLSMessage, to be published */
	struct mls_bytes ref;     /* KeyPackageRef (RFC 9420, 5.2): by which Welcomes name it */
	struct mls_bytes secret;  /* to be stored under ref, and deleted once the group that was
				   * joined with it is stored, unless it is a last resort */
};
/* UC_E_ARGUMENT: a lifetime of more than 100 days; UC_E_UNEXPECTED: the capabilities do not list what is
 * in it; UC_E_SUITE, also when the identity's key is of another signature scheme. */
UC_API uc_err mls_key_package_make(mls_client *client,
				   const struct mls_key_package_options *options, mls_out *out,
				   struct mls_key_package_made *made) UC_MUST_USE;

struct mls_key_package {
	uint16_t suite;
	struct mls_bytes ref, init_key;
	struct mls_leaf leaf;
	struct mls_extensions extensions;
	bool is_last_resort;
};
/* Checks all of 10.1, and says what is in it.  UC_E_STALE: its lifetime is over, not begun, or too
 * long; UC_E_SUITE, UC_E_SIGNATURE, UC_E_KEY, UC_E_MALFORMED, UC_E_UNEXPECTED. */
UC_API uc_err mls_key_package_inspect(mls_client *client, struct mls_bytes message, mls_out *out,
				      struct mls_key_package *key_package) UC_MUST_USE;

/* --- what a message is, before anything is done with it --- */

/* RFC 9420, 17.2 */
enum mls_wire_format {
	MLS_WIRE_PUBLIC = 1,
	MLS_WIRE_PRIVATE = 2,
	MLS_WIRE_WELCOME = 3,
	MLS_WIRE_GROUP_INFO = 4,
	MLS_WIRE_KEY_PACKAGE = 5,
};
enum mls_content_type { MLS_APPLICATION = 1, MLS_PROPOSAL = 2, MLS_COMMIT = 3 };
struct mls_peek {
	uint16_t wire_format;
	uint16_t suite;            /* welcome, group_info, key_package; else 0 */
	struct mls_bytes group_id; /* public, private, group_info; borrowed from the message */
	uint64_t epoch;            /* the same */
	uint8_t content_type;      /* public, private */
	uint16_t proposal_type;    /* public proposals */
	struct mls_sender sender;  /* public */
	struct mls_bytes authenticated_data; /* public, private; borrowed */
};
/* Reads the head alone: nothing of it is checked, and the rest may be rubbish. */
UC_API uc_err mls_peek(struct mls_bytes message, struct mls_peek *peek) UC_MUST_USE;
/* The KeyPackageRefs that a Welcome is for. */
UC_API uc_err mls_welcome_refs(struct mls_bytes welcome, mls_out *out,
			       struct mls_bytes_list *refs) UC_MUST_USE;
struct mls_group_info {
	struct mls_context context;
	uint32_t signer;
	bool has_external_pub, has_ratchet_tree;
	struct mls_extensions extensions;
};
/* What it says; its signature is checked when it is joined with. */
UC_API uc_err mls_group_info_inspect(struct mls_bytes group_info, mls_out *out,
				     struct mls_group_info *info) UC_MUST_USE;

/* --- groups: beginning --- */

struct mls_create {
	uint16_t suite;
	struct mls_bytes group_id;
	const struct mls_identity *identity;
	struct mls_extensions extensions; /* of the GroupContext */
};
/* A group of one, at epoch 0 (RFC 9420, 11). */
UC_API uc_err mls_group_create(mls_client *client, const struct mls_create *how,
			       mls_group **group) UC_MUST_USE;

struct mls_join {
	struct mls_bytes welcome;
	struct mls_bytes ratchet_tree;       /* empty: it is in the Welcome */
	struct mls_bytes key_package_secret; /* of the KeyPackage that the Welcome names */
};
/* RFC 9420, 12.4.3.1.  UC_E_NOT_FOUND: the Welcome is not for this KeyPackage, or the tree is
 * missing; UC_E_PSK: a pre-shared key, or the group it goes on from, is not known (yet); UC_E_EXISTS:
 * there is a group of this id, of this client, that we are in; UC_E_DECRYPT, UC_E_SIGNATURE,
 * UC_E_MAC, UC_E_MALFORMED, UC_E_UNEXPECTED. */
UC_API uc_err mls_group_join(mls_client *client, const struct mls_join *how,
			     mls_group **group) UC_MUST_USE;

/* The same, and the extensions of the GroupInfo in the Welcome: what the committer tells those alone who
 * join. */
UC_API uc_err mls_group_join_informed(mls_client *client, const struct mls_join *how, mls_out *out,
				      struct mls_extensions *info_extensions,
				      mls_group **group) UC_MUST_USE;

struct mls_join_external {
	struct mls_bytes group_info;   /* with external_pub */
	struct mls_bytes ratchet_tree; /* empty: it is in the GroupInfo */
	const struct mls_identity *identity;
	/* Remove of our own old leaf, PSKs, AppDataUpdates; ExternalInit is put in by itself. */
	struct mls_proposal_list proposals;
	struct mls_bytes authenticated_data;
	/* SelfRemoves that wait, as they were sent: to be committed with it. */
	struct mls_bytes_list self_removes;
};
struct mls_made {
	struct mls_bytes commit;     /* MLSMessage, for the members */
	struct mls_bytes welcome;    /* MLSMessage, for those added; empty when nobody is */
	struct mls_bytes group_info; /* MLSMessage: of the epoch to come, for a server */
	/* For those added, where it is not in the Welcome; else empty: mls_group_ratchet_tree. */
	struct mls_bytes ratchet_tree;
	/* Of an external join what we know of it: after, joined. */
	struct mls_change change;
};
/* RFC 9420, 12.4.3.2.  The group is of no other use until mls_group_pending_apply: the members
 * have to accept the commit first.  UC_E_NOT_FOUND: no external_pub, or no tree. */
UC_API uc_err mls_group_join_external(mls_client *client, const struct mls_join_external *how,
				      mls_out *out, struct mls_made *made,
				      mls_group **group) UC_MUST_USE;

struct mls_succession {
	const struct mls_identity *identity; /* ours in the new group */
	struct mls_bytes_list key_packages;  /* of the others, fresh */
	/* Of a branch alone: a re-initialised group takes them from the ReInit. */
	struct mls_bytes group_id;
	struct mls_extensions extensions;
	bool force_path;
	bool tree_in_welcome;
};
/* A group of some of the members, beside this one (RFC 9420, 11.3).  The new one waits for its first
 * commit as a pending one: mls_group_pending_apply; made.welcome is for the others.
 * UC_E_NOT_ALLOWED: somebody is no member of the old one. */
UC_API uc_err mls_group_branch(mls_group *old_group, const struct mls_succession *how, mls_out *out,
			       struct mls_made *made, mls_group **group) UC_MUST_USE;
/* The group that the ReInit of the last commit announced (11.2), the same way.  UC_E_UNEXPECTED: the
 * old one is not closed. */
UC_API uc_err mls_group_reinit(mls_group *old_group, const struct mls_succession *how, mls_out *out,
			       struct mls_made *made, mls_group **group) UC_MUST_USE;
UC_API void mls_group_free(mls_group *group);

/* --- groups: changing --- */

struct mls_commit {
	struct mls_proposal_list proposals; /* by value */
	/* Else every proposal that was received or made and fits is committed, too; for which the commit
	 * would be refused is left out. */
	bool without_stored;
	/* A stored ReInit, when there is nothing else to commit (RFC 9420, 12.2). */
	bool stored_reinit;
	bool force_path;
	/* Members who do not list the group's content_media_types are known to understand them; else
	 * UC_E_UNSUPPORTED. */
	bool any_media_types;
	struct mls_bytes authenticated_data;
	/* All of our leaf, from the new epoch on; needs or forces a path.  NULL: as it is. */
	const struct mls_identity *identity;
	bool tree_in_welcome;      /* and in the GroupInfo */
	bool without_external_pub; /* the GroupInfo is not for joining with */
	/* More of the GroupInfo, here and in the Welcome: not ratchet_tree nor external_pub. */
	struct mls_extensions info_extensions;
};
/* RFC 9420, 12.4.1.  The commit is pending: nothing has changed until mls_group_pending_apply.
 * UC_E_PENDING: another one is, or one of somebody else's is staged; UC_E_CLOSED; UC_E_REMOVED, also
 * while an external join waits; UC_E_PSK; UC_E_UNEXPECTED, UC_E_NOT_FOUND and the errors of
 * mls_key_package_inspect: the proposals are not valid (12.2); what the policy says. */
UC_API uc_err mls_group_commit(mls_group *group, const struct mls_commit *what, mls_out *out,
			       struct mls_made *made) UC_MUST_USE;
UC_API bool mls_group_has_pending(const mls_group *group);
/* The commit was accepted: its epoch is now.  Anything staged is dropped.  UC_E_NOT_FOUND: none is
 * pending. */
UC_API uc_err mls_group_pending_apply(mls_group *group) UC_MUST_USE;
/* It was not.  Nothing happens when none is pending. */
UC_API void mls_group_pending_drop(mls_group *group);

/* A proposal by itself (RFC 9420, 12.1): *message is for the members, who keep it, as we do.  Update:
 * mls_group_propose_update. */
UC_API uc_err mls_group_propose(mls_group *group, const struct mls_proposal *proposal,
				struct mls_bytes authenticated_data, mls_out *out,
				struct mls_bytes *message) UC_MUST_USE;
/* An Update of our leaf with a fresh key (12.1.2), and with all of `identity` when it is not NULL. */
UC_API uc_err mls_group_propose_update(mls_group *group, const struct mls_identity *identity,
				       mls_out *out, struct mls_bytes *message) UC_MUST_USE;
/* Those that wait for a commit, ours and others'. */
UC_API uc_err mls_group_proposals(const mls_group *group, mls_out *out,
				  struct mls_proposal_list *proposals) UC_MUST_USE;
/* One that will never be accepted.  UC_E_NOT_FOUND: there is none. */
UC_API uc_err mls_group_proposal_drop(mls_group *group, struct mls_bytes ref) UC_MUST_USE;

/* --- groups: messages --- */

/* Do proposals wait that a commit of ours can take?  RFC 9420, 12.4: whoever has seen some commits
 * them before it sends application data.  mls_group_protect does not ask; the program does. */
UC_API bool mls_group_commit_is_due(const mls_group *group);
/* RFC 9420, 6.3.  The ciphertext is padded to a multiple of `padding` bytes (0: not).  UC_E_PENDING:
 * a commit is staged, apply or drop it first (15.2); UC_E_CLOSED; UC_E_REMOVED, also while an
 * external join waits; UC_E_TOO_LARGE. */
UC_API uc_err mls_group_protect(mls_group *group, struct mls_bytes data,
				struct mls_bytes authenticated_data, size_t padding, mls_out *out,
				struct mls_bytes *message) UC_MUST_USE;

enum mls_received_kind {
	MLS_RECEIVED_MESSAGE = 1, /* application data: sender, leaf, epoch, data */
	MLS_RECEIVED_PROPOSAL,    /* kept for a commit to come: proposal */
	MLS_RECEIVED_COMMIT,      /* staged: change; mls_group_staged_apply or _drop */
	MLS_RECEIVED_OWN_COMMIT,  /* the pending one came back: mls_group_pending_apply */
};
struct mls_received {
	enum mls_received_kind kind;
	struct mls_sender sender;
	uint64_t epoch; /* it was sent in */
	struct mls_bytes authenticated_data;
	struct mls_bytes data;
	struct mls_leaf leaf; /* the sender's of application data, as of that epoch */
	struct mls_proposal proposal;
	struct mls_change change;
};
/* Any PublicMessage or PrivateMessage of the group.  What is not an error is authentic, and valid by
 * RFC 9420 and the policy.  Errors, beside those of rules (MLS_ERROR_REFUSE):
 *  UC_E_OWN            our own, which we know: drop it
 *  UC_E_EPOCH_FUTURE   retry when the commits between have come
 *  UC_E_EPOCH_PAST     too late: drop it
 *  UC_E_FORK           a commit other than the one we took in its epoch, or than the staged one:
 *                      who sent it is on another branch.  Resync, if it is ours that is wrong;
 *                      ask first who keeps the order: of a past epoch this is the message's word
 *                      alone, of which nothing can be verified any more
 *  UC_E_DECRYPT        received before, damaged, or too old: drop it
 *  UC_E_REPLAY         the proposal is here already, the commit was applied: drop it
 *  UC_E_NOT_FOUND      a commit of a proposal that has not come: retry then
 *  UC_E_PSK            retry when the key is known
 *  UC_E_PENDING        a commit is staged: apply or drop it first, then retry
 *  UC_E_CLOSED, UC_E_REMOVED  the group is over for us: drop it
 *  UC_E_LIMIT          clear the mls_out, then retry
 *  UC_E_MEMORY         the message may be gone from here: open the group from what is stored */
UC_API uc_err mls_group_receive(mls_group *group, struct mls_bytes message, mls_out *out,
				struct mls_received *received) UC_MUST_USE;
UC_API bool mls_group_has_staged(const mls_group *group);
/* The staged commit's epoch is now, at no further cost.  A commit of ours that was pending has lost.
 * UC_E_NOT_FOUND: none is staged. */
UC_API uc_err mls_group_staged_apply(mls_group *group) UC_MUST_USE;
/* As if it had not come: it may be received again. */
UC_API void mls_group_staged_drop(mls_group *group);

/* --- groups: looking --- */

enum mls_group_state {
	MLS_GROUP_OPEN,
	MLS_GROUP_JOINING, /* waits for its external commit to be accepted */
	MLS_GROUP_CLOSED,  /* by a ReInit: mls_group_reinit_of */
	MLS_GROUP_REMOVED, /* we are no member any more */
};
UC_API enum mls_group_state mls_group_state(const mls_group *group);
/* Of the current epoch, or of one that stands beside it. */
enum mls_when {
	MLS_NOW,
	MLS_STAGED,  /* UC_E_NOT_FOUND when none is, or it removes us */
	MLS_PENDING, /* the same */
};
UC_API uc_err mls_group_context(const mls_group *group, enum mls_when when, mls_out *out,
				struct mls_context *context) UC_MUST_USE;
UC_API uint64_t mls_group_epoch(const mls_group *group);
UC_API uint32_t mls_group_own_index(const mls_group *group);
/* In order of index. */
UC_API uc_err mls_group_members(const mls_group *group, enum mls_when when, mls_out *out,
				struct mls_leaf_list *members) UC_MUST_USE;
UC_API size_t mls_group_member_count(const mls_group *group);
/* UC_E_NOT_FOUND: nobody has this index. */
UC_API uc_err mls_group_member(const mls_group *group, enum mls_when when, uint32_t index,
			       mls_out *out, struct mls_leaf *member) UC_MUST_USE;
/* The first with this basic credential.  UC_E_NOT_FOUND. */
UC_API uc_err mls_group_member_find(const mls_group *group, struct mls_bytes identity,
				    uint32_t *index) UC_MUST_USE;
/* The ReInit that closed it.  UC_E_NOT_FOUND: it goes on. */
UC_API uc_err mls_group_reinit_of(const mls_group *group, mls_out *out,
				  struct mls_reinit *reinit) UC_MUST_USE;
/* GroupInfo of this epoch, signed by us, with external_pub unless it is to be without (12.4.3). */
UC_API uc_err mls_group_info(const mls_group *group, bool with_tree, bool without_external_pub,
			     mls_out *out, struct mls_bytes *group_info) UC_MUST_USE;
UC_API uc_err mls_group_ratchet_tree(const mls_group *group, mls_out *out,
				     struct mls_bytes *ratchet_tree) UC_MUST_USE;
/* Equal for all members of an epoch, and for nobody else (RFC 9420, 8.7).  UC_E_REMOVED. */
UC_API uc_err mls_group_epoch_authenticator(const mls_group *group, mls_out *out,
					    struct mls_bytes *authenticator) UC_MUST_USE;
/* The exporter (8.5): n bytes to `secret`, the same for all members.  UC_E_REMOVED. */
UC_API uc_err mls_group_export(const mls_group *group, const char *label, struct mls_bytes context,
			       uint8_t *secret, size_t n) UC_MUST_USE;
/* The resumption PSK of this or one of the last seven epochs (8.6), secret.  UC_E_PSK. */
UC_API uc_err mls_group_resumption_psk(const mls_group *group, uint64_t epoch, mls_out *out,
				       struct mls_bytes *psk) UC_MUST_USE;
/* What a component keeps in the GroupContext's dictionary.  UC_E_NOT_FOUND. */
UC_API uc_err mls_group_component(const mls_group *group, uint16_t component_id, mls_out *out,
				  struct mls_bytes *data) UC_MUST_USE;
/* Our signature key, a copy. */
UC_API uc_err mls_group_signature_key(const mls_group *group, mls_signature_key **key) UC_MUST_USE;
/* How its handshakes are wrapped from now on: say it again after mls_group_open. */
UC_API uc_err mls_group_wrap(mls_group *group, const struct mls_wrapping *wrapping) UC_MUST_USE;
/* The memory it holds, of what group_limit_bytes limits. */
UC_API size_t mls_group_memory_bytes(const mls_group *group);
/* Late messages of the last two epochs are not waited for any longer; their keys go at once. */
UC_API void mls_group_forget_past(mls_group *group);

/* --- groups: at rest --- */

/* A group is stored as a journal, which is appended to, and a root of some hundred bytes, which is
 * replaced.  Both are secret: the journal is sealed by keys in the root.  After anything that may have
 * changed the group, before what depends on it leaves (a message is sent or shown, a secret used):
 *
 *  1. mls_group_writes;
 *  2. is_whole: write `journal` as a new one beside the old (mls_journal_name names it), make it
 *     durable, replace the root, make that durable, delete the old journal.  In a database: replace
 *     both in one transaction;
 *     else: append `journal`, make it durable; then, if there is a root, replace it and make that
 *     durable.
 *
 * Can that not be done, free the group and open it from what is stored.  A message costs a small number
 * of bytes, a commit what it changed; each is there whole after a crash, or not at all.  What is gone
 * from the root is gone for good, wherever old bytes of the journal still lie. */
struct mls_writes {
	bool is_whole;            /* both take the place of what there is; so the first time */
	struct mls_bytes journal; /* empty: nothing has changed */
	struct mls_bytes root;    /* empty: it stays */
};
UC_API uc_err mls_group_writes(mls_group *group, mls_out *out,
			       struct mls_writes *writes) UC_MUST_USE;
/* The same, whole in any case: the journal is as short as can be. */
UC_API uc_err mls_group_writes_whole(mls_group *group, mls_out *out,
				     struct mls_writes *writes) UC_MUST_USE;
/* Whoever steals root and journal can read this many messages less one that were read already, of each
 * epoch that is kept (32 if nothing is said; 1: none, and each message replaces the root).  At least
 * 1; not stored. */
UC_API uc_err mls_group_forget_after(mls_group *group, uint32_t messages) UC_MUST_USE;
/* *used: so far the journal is whole; cut off what comes after before it is appended to.  UC_E_CORRUPT:
 * damaged, not this root's, or an older copy than the root; UC_E_VERSION: of a later version. */
UC_API uc_err mls_group_open(mls_client *client, struct mls_bytes root, struct mls_bytes journal,
			     size_t *used, mls_group **group) UC_MUST_USE;
enum { MLS_JOURNAL_NAME = 16 };
/* Which journal a root belongs to: random, another one for each whole one. */
UC_API uc_err mls_journal_name(struct mls_bytes root, uint8_t name[MLS_JOURNAL_NAME]) UC_MUST_USE;

/* --- proposals from outside (RFC 9420, 12.1.8) --- */

struct mls_outside {
	uint16_t suite;
	struct mls_bytes group_id;
	uint64_t epoch;
	struct mls_bytes authenticated_data;
};
/* By external_senders[sender_index], whose key this is: Add, Remove, PSK, ReInit,
 * GroupContextExtensions, AppDataUpdate, AppEphemeral; UC_E_UNEXPECTED for others. */
UC_API uc_err mls_external_propose(mls_client *client, const struct mls_outside *to,
				   uint32_t sender_index, const mls_signature_key *key,
				   const struct mls_proposal *proposal, mls_out *out,
				   struct mls_bytes *message) UC_MUST_USE;
/* An Add of ourselves, with the KeyPackage that this is the secret of. */
UC_API uc_err mls_join_propose(mls_client *client, const struct mls_outside *to,
			       struct mls_bytes key_package_secret, mls_out *out,
			       struct mls_bytes *message) UC_MUST_USE;
/* The data of an external_senders extension (12.1.8.1). */
struct mls_external_sender {
	struct mls_bytes signature_key;
	struct mls_credential credential;
};
UC_API uc_err mls_external_senders_data(const struct mls_external_sender *senders, size_t n,
					mls_out *out, struct mls_bytes *data) UC_MUST_USE;
/* The data of a required_capabilities extension (11.1). */
UC_API uc_err mls_required_capabilities_data(struct mls_types extensions,
					     struct mls_types proposals,
					     struct mls_types credentials, mls_out *out,
					     struct mls_bytes *data) UC_MUST_USE;

/* --- a group without secrets, for servers --- */

/* From a GroupInfo and its tree (empty: inside): all that a joiner checks without secrets. */
UC_API uc_err mls_public_group_new(mls_client *client, struct mls_bytes group_info,
				   struct mls_bytes ratchet_tree,
				   mls_public_group **group) UC_MUST_USE;
UC_API void mls_public_group_free(mls_public_group *group);
/* PublicMessages alone, as mls_group_receive, without UC_E_OWN, and without the checks that need
 * secrets: membership_tag, confirmation_tag, path secrets. */
UC_API uc_err mls_public_group_receive(mls_public_group *group, struct mls_bytes message,
				       mls_out *out, struct mls_received *received) UC_MUST_USE;
UC_API uc_err mls_public_group_staged_apply(mls_public_group *group) UC_MUST_USE;
UC_API void mls_public_group_staged_drop(mls_public_group *group);
/* Does a GroupInfo describe the staged epoch (or, with nothing staged, the current one), signed by a
 * member of it, with its confirmation_tag? */
UC_API uc_err mls_public_group_check_info(const mls_public_group *group,
					  struct mls_bytes group_info) UC_MUST_USE;
/* A proposal by external_senders[sender_index], whose key this is; also kept. */
UC_API uc_err mls_public_group_propose(mls_public_group *group, uint32_t sender_index,
				       const mls_signature_key *key,
				       const struct mls_proposal *proposal, mls_out *out,
				       struct mls_bytes *message) UC_MUST_USE;
UC_API uc_err mls_public_group_context(const mls_public_group *group, mls_out *out,
				       struct mls_context *context) UC_MUST_USE;
UC_API uc_err mls_public_group_members(const mls_public_group *group, mls_out *out,
				       struct mls_leaf_list *members) UC_MUST_USE;
/* The first with this basic credential.  UC_E_NOT_FOUND. */
UC_API uc_err mls_public_group_member_find(const mls_public_group *group, struct mls_bytes identity,
					   uint32_t *index) UC_MUST_USE;
UC_API uc_err mls_public_group_proposals(const mls_public_group *group, mls_out *out,
					 struct mls_proposal_list *proposals) UC_MUST_USE;
/* UC_E_NOT_FOUND: it goes on. */
UC_API uc_err mls_public_group_reinit_of(const mls_public_group *group, mls_out *out,
					 struct mls_reinit *reinit) UC_MUST_USE;
UC_API uc_err mls_public_group_ratchet_tree(const mls_public_group *group, mls_out *out,
					    struct mls_bytes *ratchet_tree) UC_MUST_USE;
/* The GroupInfo of a commit, checked as above, is kept as that of its epoch: a server cannot sign one.
 * To be called while the commit is staged; applied without it, the new epoch has none. */
UC_API uc_err mls_public_group_put_info(mls_public_group *group,
					struct mls_bytes group_info) UC_MUST_USE;
/* For those who join from outside: what it was made from, then what was put.  UC_E_NOT_FOUND: none was
 * put since the last commit. */
UC_API uc_err mls_public_group_info(const mls_public_group *group, mls_out *out,
				    struct mls_bytes *group_info) UC_MUST_USE;

/* As mls_group_memory_bytes. */
UC_API size_t mls_public_group_memory_bytes(const mls_public_group *group);

/* At rest, in parts that a change writes only where they differ; not secret.  Each takes the place of
 * the one with the same kind and number; without bytes, that one goes. */
struct mls_part {
	uint8_t kind;
	uint32_t number;
	struct mls_bytes bytes;
};
struct mls_part_list {
	const struct mls_part *v;
	size_t n;
};
/* What has changed since the last call that succeeded; the first time, everything.  What is staged is
 * not stored.  Can they not be stored, all in one transaction, then free the group and open it from
 * what is. */
UC_API uc_err mls_public_group_writes(mls_public_group *group, mls_out *out,
				      struct mls_part_list *parts) UC_MUST_USE;
/* From all parts there are, in any order.  UC_E_CORRUPT, UC_E_VERSION. */
UC_API uc_err mls_public_group_open(mls_client *client, struct mls_part_list parts,
				    mls_public_group **group) UC_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
