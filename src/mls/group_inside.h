/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of struct group, for the files group*.c alone. */
#ifndef MLS_GROUP_INSIDE_H
#define MLS_GROUP_INSIDE_H

#include "mls/commit_history.h"
#include "mls/framing.h"
#include "mls/group.h"
#include "mls/group_state.h"
#include "mls/key_schedule.h"
#include "mls/journal_seal.h"
#include "mls/psk.h"
#include "mls/safe_export.h"

struct epoch {
	struct group_state state;
	struct epoch_secrets secrets;
	struct secret_tree messages;
	struct key_tree exporter;
	struct tree_secrets keys;
	uint32_t own_leaf;
	/* In the journal: its number there, 0 for none; the key its ratchets were last sealed by;
	 * steps since then. */
	uint32_t serial;
	struct secret ratchet_key;
	uint32_t steps;
};
/* Charged to the group; NULL past its limit or without memory (heap_account_error). */
struct epoch *epoch_new(struct group *g, const struct suite *s);
void epoch_free(struct epoch *e);
/* From joiner_secret and psk_secret: secrets, message keys, exporter. */
uc_err UC_MUST_USE epoch_enter(struct epoch *e, struct view joiner_secret, struct view psk_secret);
/* From secrets that are there: message keys and exporter, whose roots are then forgotten. */
uc_err UC_MUST_USE epoch_grow_trees(struct epoch *e);
/* What framing needs; own_leaf FRAMING_NO_LEAF for messages that may be ours. */
struct framing_epoch epoch_framing(struct epoch *e);

struct resumption {
	uint64_t epoch;
	struct secret psk;
};

/* Where the group's journal stands (group_journal.c). */
struct group_journal {
	bool is_on;
	struct journal_keys keys;
	uint32_t forget_after;             /* 0: GROUP_JOURNAL_FORGET_AFTER */
	uint32_t next_serial;              /* of epochs and proposals alike */
	uint8_t member_hash[SHA256_BYTES]; /* of what was last written of the member */
	uint32_t *proposals;               /* serials of those that are in it */
	size_t proposal_n, proposal_cap;
	size_t first_bytes, grown_bytes; /* of the snapshot; since */
	uint32_t states;                 /* since the snapshot */
};

struct group {
	struct group_platform platform;
	struct group_journal journal;
	struct heap_account memory; /* everything in it */
	const struct suite *suite;
	struct sign_key signature_key;
	struct epoch *now;                     /* NULL: waits for its external commit */
	struct epoch *past[GROUP_PAST_EPOCHS]; /* latest first */
	struct resumption resumption[GROUP_RESUMPTION_EPOCHS];
	size_t resumption_n;
	struct proposal_store proposals;
	struct commit_history history;
	bool is_removed;
	/* While the first commit of one that goes on from another is made. */
	const struct group *origin;
	/* Our own commit, until it is accepted or loses. */
	struct epoch *pending;
	uint8_t pending_hash[SHA256_BYTES]; /* of the encoded MLSMessage */
	/* Our signature key from the pending or staged epoch on; pub_n 0: the one we have. */
	struct sign_key pending_key, staged_key;
	/* Another's commit, inspected and not yet applied. */
	bool has_staged, staged_removes_us;
	struct epoch *staged; /* NULL when it removes us */
	struct arena staged_arena;
	struct transition *staged_transition;
	struct group_change staged_change;
	uint8_t staged_hash[SHA256_BYTES]; /* of the encoded MLSMessage */
	/* The key that opened it, where it was private: used up when it is applied. */
	struct prepared_key staged_used;
};

/* The epochs that there are, in the order they stand at rest: now, the past ones, the pending one. */
enum { GROUP_EPOCHS = GROUP_PAST_EPOCHS + 2 };
struct epoch **group_epoch_slot(struct group *g, size_t i);
struct epoch *group_epoch_at(const struct group *g, size_t i); /* may be NULL */
uc_err UC_MUST_USE group_new(const struct group_platform *platform, const struct suite *s,
			     struct group **out);
/* The account of a group, which has taken so much itself. */
uc_err UC_MUST_USE group_account_open(const struct group_platform *platform, size_t own_bytes,
				      struct heap_account *out);
/* The epoch becomes the current one, by the commit of this hash; the one before joins the past. */
void group_enter(struct group *g, struct epoch *next, const uint8_t commit[SHA256_BYTES]);
/* Other members than before in a group that goes on from another, other parameters, a wrong epoch?
 * `fresh` is what a Welcome with these keys leads to, or the maker's own first epoch.  Nothing is
 * asked of lists without a key of usage reinit or branch. */
uc_err UC_MUST_USE succession_check(const struct group_platform *platform,
				    const struct pre_shared_key_id_list *psks,
				    const struct group_state *fresh);
/* psk_secret of a list, in its order. */
uc_err UC_MUST_USE group_psk_secret(const struct group *g, const struct group_platform *platform,
				    const struct suite *s, const struct pre_shared_key_id_list *l,
				    struct arena *a, struct secret *out);
/* GroupInfo of an epoch (12.4.3), signed by its own leaf with this key. */
uc_err UC_MUST_USE group_info_of(const struct epoch *e, const struct sign_key *key,
				 const struct env *env, const struct group_info_parts *parts,
				 struct arena *a, struct view *out);
/* How a commit of ours is wrapped, or a proposal of this type. */
enum { TYPE_COMMIT = 0 };
uint16_t group_wire_format(const struct group *g, uint16_t proposal_type);
/* The MLSMessage around a handshake that was signed for that wrapping, and its SHA-256 where hash is not
 * NULL.  A private one uses up a key of our handshake ratchet, when nothing can fail any more. */
uc_err UC_MUST_USE handshake_encode(struct group *g, const struct authenticated_content *auth,
				    uint8_t *hash, struct arena *a, struct view *out);
/* Encoded MLSMessage around a PublicMessage. */
uc_err UC_MUST_USE public_message_encode(const struct public_message *m, struct arena *a,
					 struct view *out);
/* Welcome for those whom a transition added. */
uc_err UC_MUST_USE welcome_make(const struct transition *t, const struct epoch *next,
				const struct made_path *path, struct view joiner_secret,
				struct view psk_secret, struct view group_info,
				const struct env *env, struct arena *a, struct view *out);
/* A tree given beside or inside a GroupInfo. */
uc_err UC_MUST_USE tree_beside(const struct group_info *info, struct view ratchet_tree,
			       struct arena *a, struct node_list *out);
#endif
