/* SPDX-License-Identifier: Apache-2.0 */
/* What the driver holds between requests, each under a number: groups, KeyPackages that wait for a
 * Welcome, external signers, members between two groups.  One counter numbers them all, for
 * StorePSK takes a group or a waiting KeyPackage. */
#ifndef DRIVER_HANDLES_H
#define DRIVER_HANDLES_H

#include "base/map.h"
#include "mls/group.h"

enum {
	HANDLES_MAX = 65536,
	PSK_BYTES_MAX = 1 << 20, /* of one handle's pre-shared keys */
};

enum handle_kind { HANDLE_STATE, HANDLE_TRANSACTION, HANDLE_SIGNER, HANDLE_REINIT };

struct handle {
	enum handle_kind kind;
	uint32_t id; /* 0: not in the table yet */
	const struct suite *suite;
	struct buf identity;
	struct buf psks; /* PskEntry after PskEntry, handles.c */

	/* transaction, reinit: a KeyPackage, encoded, and its keys; signer: the key alone */
	struct buf key_package;
	struct key_package_secrets secrets;

	/* state */
	struct group *group;
	struct group_wrapping wrapping;
	struct psk_finder finder;
	struct group_platform platform;
	const struct group *origin; /* while this one is made: the group it goes on from */
	struct buf known;           /* proposals of this epoch: struct known_proposal, in a row */

	uint32_t of; /* reinit: the closed group's state */
};

/* By which bytes a proposal came or went, and what a commit calls it. */
struct known_proposal {
	uint8_t message[SHA256_BYTES];
	uint8_t ref[HASH_MAX];
};

struct handles {
	const struct env *env;
	struct map all;
	uint32_t last;
};

uc_err UC_MUST_USE handles_init(struct handles *h, const struct env *env);
void handles_done(struct handles *h);
/* NULL unless there is one of this kind. */
struct handle *handles_find(const struct handles *h, uint32_t id, enum handle_kind kind);
/* Any that pre-shared keys may be stored for. */
struct handle *handles_find_member(const struct handles *h, uint32_t id);
/* From now on it has a number and is the table's. */
uc_err UC_MUST_USE handles_add(struct handles *h, struct handle *handle);
/* Out of the table, and freed.  UC_E_NOT_FOUND. */
uc_err UC_MUST_USE handles_remove(struct handles *h, uint32_t id);

uc_err UC_MUST_USE handle_new(enum handle_kind kind, const struct suite *s, struct view identity,
			      struct handle **out);
void handle_free(struct handle *h);
/* A group's platform, with handshakes wrapped like this. */
void handle_platform(struct handle *h, const struct env *env, bool private_handshakes);

/* A later key of the same id takes the earlier one's place. */
uc_err UC_MUST_USE handle_psk_add(struct handle *h, struct view id, struct view psk);
uc_err UC_MUST_USE handle_psks_copy(struct handle *to, const struct handle *from);

uc_err UC_MUST_USE handle_known_add(struct handle *h, struct view message, struct view ref);
/* Its ProposalRef; empty when it is not known. */
uc_err UC_MUST_USE handle_known_find(const struct handle *h, struct view message, struct view *ref);

/* The same group a second time, to try on it what may fail halfway. */
uc_err UC_MUST_USE handle_group_copy(const struct handle *h, struct group **out);

/* The driver's keys and leaves: all suites, basic credentials, every extension and proposal that
 * the engine knows.  Borrows from the arguments. */
struct leaf_parameters handle_leaf(const struct sign_key *key, struct view identity);
/* A fresh signature key and KeyPackage of this handle's suite and identity. */
uc_err UC_MUST_USE handle_key_package(struct handle *h, const struct env *env, struct arena *a);

#endif
