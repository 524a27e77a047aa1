/* SPDX-License-Identifier: Apache-2.0 */
/* Messages, trees and proposals as requests give them: MLSMessage around Welcome, GroupInfo and
 * KeyPackage, members named by identity, proposals described. */
#ifndef DRIVER_PARTS_H
#define DRIVER_PARTS_H

#include "driver/call.h"
#include "driver/handles.h"

uc_err UC_MUST_USE message_wrap(struct arena *a, uint16_t wire_format, struct view inside,
				struct view *out);
/* What is inside an MLSMessage of this wire format. */
uc_err UC_MUST_USE message_inside(struct view message, uint16_t wire_format, struct view *inside);

/* A group from outside: its GroupInfo, as MLSMessage, and the tree in or beside it. */
struct outline {
	struct view encoded; /* GroupInfo */
	struct group_info info;
	const struct suite *suite;
	struct view ratchet_tree; /* empty: it is in the GroupInfo, or nowhere */
};
uc_err UC_MUST_USE outline_read(struct call *c, struct outline *out);
/* The leaf with this basic credential; UC_E_NOT_FOUND. */
uc_err UC_MUST_USE outline_leaf(struct call *c, const struct outline *o, struct view identity,
				uint32_t *leaf);

/* Proposals, in the call's arena. */
uc_err UC_MUST_USE proposal_add(struct call *c, struct view key_package, struct proposal *out);
uc_err UC_MUST_USE proposal_psk(struct call *c, const struct env *env, const struct suite *s,
				struct view psk_id, struct proposal *out);
uc_err UC_MUST_USE proposal_resumption(struct call *c, const struct env *env, const struct suite *s,
				       struct view group_id, uint64_t epoch, struct proposal *out);
uc_err UC_MUST_USE extensions_read(struct call *c, const json_t *o, struct extension_list *out);
uc_err UC_MUST_USE proposal_reinit(struct call *c, const json_t *o, struct proposal *out);

/* Where a description's proposal is for: a member's own group, or one seen from outside. */
struct described {
	const struct env *env;
	const struct suite *suite;
	struct view group_id;
	const struct group *group;     /* NULL: the other one */
	const struct outline *outline; /* an external sender's, who alone may describe a ReInit */
};
uc_err UC_MUST_USE proposal_described(struct call *c, json_t *description,
				      const struct described *in, struct proposal *out);
/* The leaf of a member of our own group. */
uc_err UC_MUST_USE group_leaf(const struct group *g, struct view identity, uint32_t *leaf);

#endif
