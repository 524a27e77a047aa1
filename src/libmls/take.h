/* SPDX-License-Identifier: Apache-2.0 */
/* From the public structs to the engine's.  Bytes are borrowed, lists lie in the call's scratch
 * memory.  Failure is sticky: take freely, check `failed` once. */
#ifndef LIBMLS_TAKE_H
#define LIBMLS_TAKE_H

#include "libmls/inside.h"

struct taker {
	const mls_client *client;
	struct arena *a;
	uc_err failed;
};

struct view take_bytes(struct taker *t, struct mls_bytes b);
struct view_list take_bytes_list(struct taker *t, struct mls_bytes_list l);
struct u16_list take_types(struct taker *t, struct mls_types l);
struct extension_list take_extensions(struct taker *t, struct mls_extensions l);
struct credential take_credential(struct taker *t, const struct mls_credential *c);
/* With GREASE, where the client wants it. */
struct leaf_parameters take_identity(struct taker *t, const struct mls_identity *identity,
				     const struct suite *s);
/* The Add of a KeyPackage that came as an MLSMessage. */
struct proposal take_add(struct taker *t, struct mls_bytes key_package);
/* group_id: whose resumption keys are meant when none is named. */
struct proposal take_proposal(struct taker *t, const struct mls_proposal *p, const struct suite *s,
			      struct view group_id);
struct proposal *take_proposals(struct taker *t, struct mls_proposal_list l, const struct suite *s,
				struct view group_id);

/* What is kept of a KeyPackage: mls_key_package_made.secret. */
struct kept_key_package {
	struct view key_package; /* borrowed */
	struct key_package read;
	const struct suite *suite;
	struct key_package_secrets secrets; /* to be wiped by key_package_secrets_wipe */
};
/* UC_E_CORRUPT: it is none. */
uc_err UC_MUST_USE key_package_kept(const mls_client *client, struct view secret, struct arena *a,
				    struct kept_key_package *out);

#endif
