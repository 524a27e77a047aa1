/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the public objects (undercroft/mls.h), and how a call of a public function goes:
 * begun with what it was given, worked with scratch memory, ended with nothing handed out when it
 * failed. */
#ifndef LIBMLS_INSIDE_H
#define LIBMLS_INSIDE_H

#include "undercroft/mls.h"

#include "mls/group.h"
#include "mls/public_group.h"

struct mls_out {
	struct arena own;
	struct arena *a; /* the own one, or a borrowed one */
	unsigned calls;  /* that are writing into it */
};

struct mls_client {
	struct env env;
	struct mls_policy policy;
	struct group_parallel parallel; /* run NULL: none */
	struct mls_wrapping wrapping;
	struct crypto crypto; /* n 0: built in */
	bool grease;
	size_t limit_bytes, group_limit_bytes;
	struct group_hooks hooks;
	struct psk_finder psks;
	mls_group *groups; /* all there are, for keys and ids of one wanted by another */
	unsigned inside;   /* functions of the caller's that are running */
	size_t held;       /* objects that need it, the caller's hold among them */
};
/* A client goes with the last that holds it. */
void client_hold(mls_client *client);
void client_release(mls_client *client);

struct mls_signature_key {
	mls_client *client;
	const struct suite *suite;
	struct sign_key key;
};

struct mls_group {
	mls_client *client;
	mls_group *next, *before;
	struct group_wrapping wrapping;
	struct group *g;
	/* What was taken from the group to be stored and could not be handed out (group_stored.c). */
	bool has_journal, is_whole;
	struct buf journal, root;
};

struct mls_public_group {
	mls_client *client;
	struct public_group *p;
};

/* One call of a public function. */
struct call {
	mls_client *client;
	mls_out *out; /* NULL: nothing is handed out but objects */
	struct arena_mark mark;
	size_t limit_bytes;   /* of out */
	struct arena scratch; /* wiped at the end */
};
/* For calls that change something: UC_E_ARGUMENT from inside a function of the caller's. */
uc_err UC_MUST_USE call_begin(struct call *c, mls_client *client, mls_out *out);
/* For calls that only look: also from inside. */
uc_err UC_MUST_USE call_look(struct call *c, const mls_client *client, mls_out *out);
/* For what cannot be taken back, a message that was opened or kept: there must be room for about so
 * much before (UC_E_LIMIT), and from then on no limit stands in the way of handing it out. */
uc_err UC_MUST_USE call_reserve(struct call *c, size_t n);
/* Gives back what has to be, and returns err. */
uc_err call_end(struct call *c, uc_err err);

/* A cipher suite; NULL when there is none. */
const struct suite *client_suite(const mls_client *client, uint16_t id);
const struct suite *client_suite_at(const mls_client *client, size_t i);

/* The client's hooks and key finder, over its policy (policy.c). */
void policy_bind(mls_client *client);

/* A view of bytes that were handed in; UC_E_ARGUMENT for half of one. */
uc_err UC_MUST_USE bytes_in(struct mls_bytes in, struct view *out);
/* The body of an encoded MLSMessage of this kind.  UC_E_UNEXPECTED: it is of another. */
uc_err UC_MUST_USE message_body(struct view message, enum mls_wire_format want, struct view *body);
/* An MLSMessage around an encoded body. */
uc_err UC_MUST_USE message_around(struct arena *a, enum mls_wire_format format, struct view body,
				  struct view *out);

/* The first leaf with this basic credential; UC_E_NOT_FOUND. */
uc_err UC_MUST_USE leaf_by_identity(const struct tree *t, struct view identity, uint32_t *index);

/* An empty one of the client's, in its list, with the platform its engine's group is made with. */
mls_group *group_object_new(mls_client *client);
struct group_platform group_object_platform(const mls_group *group);
/* What public groups are made with. */
struct group_platform client_platform(const mls_client *client);

uc_err UC_MUST_USE public_group_object_new(mls_client *client, mls_public_group **out);

#endif
