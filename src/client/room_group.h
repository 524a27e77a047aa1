/* SPDX-License-Identifier: Apache-2.0 */
/* The MLS side of a room: the one place of the client that speaks to the engine.  What it makes and
 * takes are the bodies of MIMI requests and log entries. */
#ifndef CLIENT_ROOM_GROUP_H
#define CLIENT_ROOM_GROUP_H

#include "client/client.h"
#include "mimi/media_type.h"
#include "mimi/room.h"

struct room_group;

/* --- KeyPackages --- */

/* Fills a set's participant, client, KeyPackage and private keys. */
uc_err UC_MUST_USE room_group_key_package(struct uc_client *c, struct set *s);
/* The participant whose KeyPackages these are (opaque<V> each), after checking them: valid now,
 * proofs right, all of one participant. */
uc_err UC_MUST_USE room_group_packages_check(struct uc_client *c, struct view packages,
					     struct arena *a, struct view *participant);

/* --- life --- */

/* Epoch 0 with this device alone, under the set's client; keys are those of our own app. */
uc_err UC_MUST_USE room_group_create(struct uc_client *c, const struct room *r, const struct set *s,
				     struct view hub_key, struct view franking_key,
				     struct room_group **out);
/* GroupInfo and tree of the present epoch. */
uc_err UC_MUST_USE room_group_info(struct uc_client *c, struct room_group *g, struct arena *a,
				   struct view *group_info, struct view *tree);
uc_err UC_MUST_USE room_group_join(struct uc_client *c, const struct set *s, struct view welcome,
				   struct view tree, struct room_group **out);
/* At rest a group is a root, which is replaced, and a journal, which grows (mls/group_journal.h):
 * what is to be written after a change of any kind, all of it in one commit of the store.  It is
 * small for a message, and a commit's part of the room for a commit. */
struct room_group_change {
	bool whole;         /* the journal takes the place of all there is of this room's */
	struct buf journal; /* one row more; empty: nothing has changed */
	struct buf root;    /* empty: it stays */
};
uc_err UC_MUST_USE room_group_take(struct room_group *g, struct room_group_change *out);
void room_group_change_done(struct room_group_change *c);
/* Both in one, of a group that has no rows; what is taken after that is whole again. */
uc_err UC_MUST_USE room_group_save(struct room_group *g, struct buf *out);
/* Is it of a time before there were journals? */
uc_err UC_MUST_USE room_group_is_older(struct view state, bool *out);
/* state: a root, and more: the rows of its journal, one behind the other; or of an older time, and its
 * ratchets.  more: empty for what was saved as a whole.  UC_E_CORRUPT when the two are not one. */
uc_err UC_MUST_USE room_group_load(struct uc_client *c, struct view state, struct view more,
				   struct room_group **out);
void room_group_free(struct room_group *g);

/* --- reading --- */

uint64_t room_group_epoch(const struct room_group *g);
/* Equal for all members of an epoch, and for nobody else (RFC 9420, 8.7). */
struct view room_group_authenticator(const struct room_group *g);
/* SHA-256 of the confirmed transcript hash: what servers know of that, too. */
uc_err UC_MUST_USE room_group_transcript(const struct room_group *g, uint8_t out[SHA256_BYTES]);
struct view room_group_uri(const struct room_group *g); /* the group id */
bool room_group_is_direct(const struct room_group *g);
/* Proposals of this epoch wait for a commit, which may be ours to make: not when one of them takes
 * us out. */
bool room_group_has_proposals(const struct room_group *g);
/* Our place among those who may commit, from 0. */
uint32_t room_group_rank(const struct room_group *g);

struct room_client {
	struct view client, participant, signature_key;
	uint32_t leaf, role;
};
/* The longest chain of keys that a leaf of our participant shows. */
uc_err UC_MUST_USE room_group_chain(const struct room_group *g, struct arena *a,
				    struct participant_link_list *out);
/* The one that this leaf shows. */
uc_err UC_MUST_USE room_group_leaf_chain(const struct room_group *g, uint32_t leaf, struct arena *a,
					 struct participant_link_list *out);
/* All keys of a participant, from what is kept of it.  UC_E_CORRUPT. */
uc_err UC_MUST_USE participant_keys_chain(const struct ed25519_key *first,
					  const struct participant_keys *k, struct arena *a,
					  struct participant_link_list *out);
/* The component of a leaf that shows them; keys: NULL where there is the first alone. */
uc_err UC_MUST_USE participant_keys_prove(const struct ed25519_key *first,
					  const struct participant_keys *k, struct view client,
					  struct view leaf_key, struct arena *a,
					  struct view *component);
/* Every leaf, in order; returns false to stop. */
typedef bool room_client_each(void *ctx, const struct room_client *client);
uc_err UC_MUST_USE room_group_clients(const struct room_group *g, room_client_each *each,
				      void *ctx);
uc_err UC_MUST_USE room_group_client_at(const struct room_group *g, uint32_t leaf,
					struct room_client *out);
uint32_t room_group_own_leaf(const struct room_group *g);
/* ROLE_NONE when it is no participant, or nothing of it can be read. */
uint32_t room_group_role(const struct room_group *g, struct view participant);

/* --- sending --- */

/* A signature of the leaf key, SignWithLabel of the room's suite. */
uc_err UC_MUST_USE room_group_sign(struct uc_client *c, struct room_group *g, const char *label,
				   struct view content, struct arena *a, struct view *signature);
uc_err UC_MUST_USE set_leaf_sign(struct uc_client *c, const struct set *s, const char *label,
				 struct view content, struct arena *a, struct view *signature);

/* MIMI KeyMaterialRequest for a key address, and what came of it. */
uc_err UC_MUST_USE room_group_key_material(struct uc_client *c, struct room_group *g,
					   struct view address, struct arena *a,
					   struct view *request);
/* KeyPackages one opaque<V> each; UC_E_EXHAUSTED, UC_E_NOT_ALLOWED, UC_E_ADDRESS. */
uc_err UC_MUST_USE key_material_read(struct view response, struct arena *a, struct view *packages);

/* What to change with one commit; waiting proposals are always part of it. */
struct room_change {
	struct view_list packages;     /* to add: KeyPackages, one opaque<V> each */
	struct view_list participants; /* to remove */
	struct view_list clients;      /* to remove: those of our own participant */
	struct user_role_pair_list roles;
	const struct room *keys_of; /* our leaf shows them from then on; NULL: as it is */
};
/* Stages a commit, which stays pending in the group until it is applied or dropped.
 * UC_E_REMOVED: a waiting proposal takes us out, so others commit; UC_E_POLICY: the room's rules; of roles, as
 * room_list_change.
 * *update: MIMI UpdateRequest; hash: of its MLSMessage. */
uc_err UC_MUST_USE room_group_commit(struct uc_client *c, struct room_group *g,
				     const struct room_change *change, struct arena *a,
				     struct view *update, uint8_t hash[SHA256_BYTES]);
/* A SelfRemove proposal; others commit it.  The same again gives the same. */
uc_err UC_MUST_USE room_group_leave(struct uc_client *c, struct room_group *g, struct arena *a,
				    struct view *update, uint8_t hash[SHA256_BYTES]);
/* Remove proposals for these leaves, of our own participant, which others commit: as room_group_leave, all in one,
 * without those that go anyway.  UC_E_EXISTS where all do. */
uc_err UC_MUST_USE room_group_removal(struct uc_client *c, struct room_group *g,
				      const uint32_t *leaves, size_t n, struct arena *a,
				      struct view *update, uint8_t hash[SHA256_BYTES]);
/* Is an UpdateRequest of ours, which is no commit, one of these?  Else it is the wish to leave. */
bool room_group_is_removal(struct view update, struct arena *a);
/* A commit that is pending; where there is none, what we have proposed in this epoch. */
void room_group_drop_pending(struct room_group *g);
/* *submit: MIMI SubmitMessageRequest around the encrypted and franked content.  head: how far we have
 * read, or NULL. */
uc_err UC_MUST_USE room_group_encrypt(struct uc_client *c, struct room_group *g,
				      struct view content, const struct chain_head *head,
				      struct arena *a, struct view *submit,
				      uint8_t hash[SHA256_BYTES]);

/* --- coming back: a new leaf in the place of the old one --- */

/* MIMI GroupInfoRequest of the client of this set, which is of the room's participant. */
uc_err UC_MUST_USE room_group_rejoin_ask(struct uc_client *c, const struct set *s, struct arena *a,
					 struct view *request);
/* From the MIMI GroupInfoResponse: a group whose first commit is pending, and the UpdateRequest with
 * it.  UC_E_REMOVED: we are no member any more. */
uc_err UC_MUST_USE room_group_rejoin(struct uc_client *c, const struct room *r, const struct set *s,
				     struct view response, struct arena *a, struct view *update,
				     uint8_t hash[SHA256_BYTES], struct room_group **out);
/* That commit was accepted. */
uc_err UC_MUST_USE room_group_rejoined(struct room_group *g);

/* --- receiving --- */

enum room_entry_kind {
	ROOM_ENTRY_APPLICATION,
	ROOM_ENTRY_OWN,       /* an application message of this leaf, which this state has made */
	ROOM_ENTRY_FORGOTTEN, /* one that it has not: the state is an older copy */
	ROOM_ENTRY_COMMIT,    /* applied: the epoch is the next one */
	ROOM_ENTRY_PROPOSAL,  /* kept for the next commit */
	ROOM_ENTRY_REMOVED,   /* a commit after which we are no member */
	ROOM_ENTRY_REPLACED,  /* one by which we have come back ourselves, without knowing it */
};
struct room_entry {
	enum room_entry_kind kind;
	uint8_t hash[SHA256_BYTES]; /* of the MLSMessage */
	uint64_t timestamp;
	struct room_client sender; /* application, forgotten: as of the epoch it was sent in */
	struct view content;       /* application, forgotten: MIMI content, its frank checked */
	struct chain_head head;    /* application, forgotten: as its sender says */
	struct view frank;         /* encoded Frank */
	/* Another's commit: by whom, and who has another role now.  In the arena. */
	struct view committer;
	struct user_role_pair_list roles;
};
/* One entry of the log.  Our own pending commit is known there and applied; another's in its place
 * drops it.  UC_E_FRANK: the message may be read, but not believed. */
uc_err UC_MUST_USE room_group_entry(struct uc_client *c, struct room_group *g, struct view fanout,
				    bool own_hub, struct arena *a, struct room_entry *out);
/* What can be said of an entry without the group. */
struct room_entry_outside {
	uint8_t hash[SHA256_BYTES]; /* of the MLSMessage */
	bool is_commit, is_message; /* message: application data */
};
uc_err UC_MUST_USE room_entry_look(struct view fanout, struct arena *a,
				   struct room_entry_outside *out);

#endif
