/* SPDX-License-Identifier: Apache-2.0 */
/* The operations, by files: each reads its request, does its work in the engine, writes its
 * answer; when it fails, nothing that was there before has changed. */
#ifndef DRIVER_OPERATIONS_H
#define DRIVER_OPERATIONS_H

#include "driver/driver.h"
#include "driver/parts.h"

typedef uc_err operation(struct driver *d, struct call *c);

/* op_groups.c */
operation op_name, op_supported_ciphersuites, op_create_group, op_create_key_package, op_join_group,
	op_external_join, op_store_psk, op_free;
/* op_members.c */
operation op_group_info, op_state_auth, op_export, op_protect, op_unprotect, op_add_proposal,
	op_update_proposal, op_remove_proposal, op_external_psk_proposal,
	op_resumption_psk_proposal, op_group_context_extensions_proposal, op_re_init_proposal,
	op_add_external_signer;
/* op_commits.c */
operation op_commit, op_handle_commit, op_handle_pending_commit, op_re_init_commit,
	op_handle_pending_re_init_commit, op_handle_re_init_commit;
/* op_successors.c */
operation op_re_init_welcome, op_handle_re_init_welcome, op_create_branch, op_handle_branch;
/* op_outsiders.c */
operation op_new_member_add_proposal, op_create_external_signer, op_external_signer_proposal;

/* The state that the field state_id names. */
uc_err UC_MUST_USE state_of(const struct driver *d, struct call *c, struct handle **out);
/* Whatever the field of this name names. */
uc_err UC_MUST_USE handle_of(const struct driver *d, struct call *c, const char *field,
			     enum handle_kind kind, struct handle **out);
uc_err UC_MUST_USE suite_of(struct call *c, const struct suite **out);

/* A Welcome, as MLSMessage, and what goes with it in the request (ratchet_tree), for the KeyPackage
 * of `waiting`: a state, in the table, that has taken the KeyPackage's pre-shared keys along.
 * `origin`: the group it goes on from, or NULL. */
struct welcomed {
	const struct handle *waiting;
	const struct handle *origin;
	bool private_handshakes;
};
uc_err UC_MUST_USE welcome_take(struct driver *d, struct call *c, const struct welcomed *in,
				struct handle **out);
/* state_id and epoch_authenticator into the answer. */
void put_state(struct call *c, const struct handle *state);
/* A transaction with a fresh KeyPackage, in the table; its fields into the answer. */
uc_err UC_MUST_USE transaction_new(struct driver *d, struct call *c, const struct suite *s,
				   struct view identity, struct handle **out);
void put_private_keys(struct call *c, const struct handle *with_package);

#endif
