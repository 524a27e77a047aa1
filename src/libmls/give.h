/* SPDX-License-Identifier: Apache-2.0 */
/* From the engine's structs to the public ones.  Failure is sticky: give freely, check `failed`
 * once. */
#ifndef LIBMLS_GIVE_H
#define LIBMLS_GIVE_H

#include "libmls/inside.h"

struct giver {
	struct arena *a;
	bool borrow; /* lists alone are made; bytes stay where they are */
	uc_err failed;
};

struct mls_bytes give_bytes(struct giver *g, struct view v);
struct mls_bytes_list give_bytes_list(struct giver *g, const struct view_list *l);
struct mls_extensions give_extensions(struct giver *g, const struct extension_list *l);
struct mls_credential give_credential(struct giver *g, const struct credential *c);
struct mls_leaf give_leaf(struct giver *g, const struct leaf_node *leaf, uint32_t index);
struct mls_context give_context(struct giver *g, const struct group_context *c);
struct mls_psk_id give_psk_id(struct giver *g, const struct pre_shared_key_id *id);
struct mls_reinit give_reinit(struct giver *g, const struct re_init *r);
struct mls_sender give_sender(const struct sender *s);
struct mls_proposal give_proposal(struct giver *g, const struct proposal_view *p);
struct mls_proposal_list give_proposals(struct giver *g, const struct proposal_view_list *l);
/* own_leaf: of whom it may remove; MLS_NO_INDEX: nobody is asked about. */
struct mls_change give_change(struct giver *g, const struct group_change *c, uint32_t own_leaf);
struct mls_leaf_list give_members(struct giver *g, const struct tree *t);

#endif
