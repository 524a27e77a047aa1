/* SPDX-License-Identifier: Apache-2.0 */
/* What did not work is told apart, and what to do about it. */
#include "tests/unit/libmls/crew.h"

#define SUITE MLS_X25519_AES128GCM_SHA256_ED25519

static const struct mls_bytes nothing;
static const struct mls_commit path = { .force_path = true };

static uc_err receive(struct sailor *s, struct mls_bytes message)
{
	struct mls_received got = { .epoch = 4711 };
	uc_err err = mls_group_receive(s->group, message, s->out, &got);
	if (err) {
		expect_eq(got.epoch, 4711);
		expect_eq(got.kind, 0);
	}
	return err;
}

TEST(own_messages_and_repeats_are_dropped)
{
	struct sailor crew[2];
	struct mls_bytes said, proposed;
	crew_begin(crew, 2, SUITE);
	expect_ok(
		mls_group_protect(crew[0].group, bytes_of("hi"), nothing, 64, crew[0].out, &said));
	expect_err(receive(&crew[0], said), UC_E_OWN);
	expect_ok(receive(&crew[1], said));
	expect_err(receive(&crew[1], said), UC_E_DECRYPT);
	expect_ok(mls_group_propose_update(crew[0].group, NULL, crew[0].out, &proposed));
	expect_err(receive(&crew[0], proposed), UC_E_OWN);
	expect_ok(receive(&crew[1], proposed));
	expect_err(receive(&crew[1], proposed), UC_E_REPLAY);
	expect_eq(mls_error_kind(UC_E_OWN), MLS_ERROR_DROP);
	expect_eq(mls_error_kind(UC_E_REPLAY), MLS_ERROR_DROP);
	expect_eq(mls_error_kind(UC_E_DECRYPT), MLS_ERROR_DROP);
	crew_end(crew, 2);
}

TEST(what_comes_early_is_kept_and_what_comes_late_is_read_or_dropped)
{
	struct sailor crew[2];
	struct mls_bytes early, late, last;
	struct mls_made made;
	crew_begin(crew, 2, SUITE);
	expect_ok(
		mls_group_protect(crew[0].group, bytes_of("late"), nothing, 0, crew[0].out, &late));
	expect_ok(
		mls_group_protect(crew[0].group, bytes_of("last"), nothing, 0, crew[0].out, &last));
	expect_ok(mls_group_commit(crew[0].group, &path, crew[0].out, &made));
	expect_ok(mls_group_pending_apply(crew[0].group));
	expect_ok(mls_group_protect(crew[0].group, bytes_of("early"), nothing, 0, crew[0].out,
				    &early));
	expect_err(receive(&crew[1], early), UC_E_EPOCH_FUTURE);
	expect_eq(mls_error_kind(UC_E_EPOCH_FUTURE), MLS_ERROR_RETRY);
	expect_ok(receive(&crew[1], made.commit));
	expect(mls_group_has_staged(crew[1].group));
	expect_err(receive(&crew[1], early), UC_E_PENDING);
	expect_ok(mls_group_staged_apply(crew[1].group));
	expect_ok(receive(&crew[1], early));
	expect_ok(receive(&crew[1], late));
	mls_group_forget_past(crew[1].group);
	expect_err(receive(&crew[1], last), UC_E_EPOCH_PAST);
	expect_eq(mls_error_kind(UC_E_EPOCH_PAST), MLS_ERROR_DROP);
	expect_err(receive(&crew[1], made.commit), UC_E_REPLAY);
	crew_agrees(crew, 2);
	crew_end(crew, 2);
}

TEST(a_fork_is_told_apart)
{
	struct sailor crew[3];
	struct mls_made one, other;
	crew_begin(crew, 3, SUITE);
	expect_ok(mls_group_commit(crew[0].group, &path, crew[0].out, &one));
	expect_ok(mls_group_commit(crew[1].group, &path, crew[1].out, &other));
	expect_ok(receive(&crew[2], one.commit));
	expect_err(receive(&crew[2], other.commit), UC_E_FORK);
	expect_ok(mls_group_staged_apply(crew[2].group));
	expect_err(receive(&crew[2], other.commit), UC_E_FORK);
	expect_eq(mls_error_kind(UC_E_FORK), MLS_ERROR_RESYNC);
	/* Whose commit lost takes the other one. */
	expect_ok(receive(&crew[1], one.commit));
	expect_ok(mls_group_staged_apply(crew[1].group));
	expect(!mls_group_has_pending(crew[1].group));
	expect_ok(mls_group_pending_apply(crew[0].group));
	crew_agrees(crew, 3);
	crew_end(crew, 3);
}

TEST(a_commit_waits_for_the_proposals_it_names)
{
	struct sailor crew[2];
	struct mls_bytes proposed;
	struct mls_made made;
	const struct mls_commit what = { .force_path = false };
	crew_begin(crew, 2, SUITE);
	const struct mls_proposal p = { .type = MLS_APP_EPHEMERAL,
					.component_id = 0x8001,
					.data = bytes_of("x") };
	expect_ok(mls_group_propose(crew[0].group, &p, nothing, crew[0].out, &proposed));
	expect_ok(mls_group_commit(crew[0].group, &what, crew[0].out, &made));
	expect_err(receive(&crew[1], made.commit), UC_E_NOT_FOUND);
	expect_eq(mls_error_kind(UC_E_NOT_FOUND), MLS_ERROR_RETRY);
	expect_ok(receive(&crew[1], proposed));
	crew_deliver(crew, 2, &crew[0], &made);
	crew_end(crew, 2);
}

TEST(order_matters)
{
	struct sailor crew[2];
	struct mls_made made, again;
	struct mls_context context;
	crew_begin(crew, 2, SUITE);
	expect_err(mls_group_pending_apply(crew[0].group), UC_E_NOT_FOUND);
	expect_err(mls_group_staged_apply(crew[0].group), UC_E_NOT_FOUND);
	expect_err(mls_group_context(crew[0].group, MLS_PENDING, crew[0].out, &context),
		   UC_E_NOT_FOUND);
	mls_group_pending_drop(crew[0].group);
	mls_group_staged_drop(crew[0].group);
	expect_ok(mls_group_commit(crew[0].group, &path, crew[0].out, &made));
	expect_err(mls_group_commit(crew[0].group, &path, crew[0].out, &again), UC_E_PENDING);
	expect_ok(mls_group_context(crew[0].group, MLS_PENDING, crew[0].out, &context));
	expect_eq(context.epoch, 2);
	expect_ok(receive(&crew[1], made.commit));
	expect_err(mls_group_commit(crew[1].group, &path, crew[1].out, &again), UC_E_PENDING);
	expect_ok(mls_group_context(crew[1].group, MLS_STAGED, crew[1].out, &context));
	expect_eq(context.epoch, 2);
	expect_ok(mls_group_context(crew[1].group, MLS_NOW, crew[1].out, &context));
	expect_eq(context.epoch, 1);
	mls_group_staged_drop(crew[1].group);
	crew_deliver(crew, 2, &crew[0], &made);
	crew_end(crew, 2);
}

TEST(who_was_removed_is_told_so)
{
	struct sailor crew[2];
	struct mls_bytes b;
	struct mls_made made;
	struct mls_received got;
	struct mls_leaf_list members;
	const struct mls_proposal remove = { .type = MLS_REMOVE, .index = 1 };
	const struct mls_commit what = { .proposals = { &remove, 1 } };
	uint8_t secret[16];
	crew_begin(crew, 2, SUITE);
	expect_ok(mls_group_commit(crew[0].group, &what, crew[0].out, &made));
	expect_ok(mls_group_receive(crew[1].group, made.commit, crew[1].out, &got));
	expect(got.change.removes_us);
	expect_err(mls_group_members(crew[1].group, MLS_STAGED, crew[1].out, &members),
		   UC_E_NOT_FOUND);
	expect_ok(mls_group_staged_apply(crew[1].group));
	expect_eq(mls_group_state(crew[1].group), MLS_GROUP_REMOVED);
	expect_err(mls_group_protect(crew[1].group, bytes_of("x"), nothing, 0, crew[1].out, &b),
		   UC_E_REMOVED);
	expect_err(mls_group_commit(crew[1].group, &path, crew[1].out, &made), UC_E_REMOVED);
	expect_err(mls_group_export(crew[1].group, "l", nothing, secret, 16), UC_E_REMOVED);
	expect_err(mls_group_epoch_authenticator(crew[1].group, crew[1].out, &b), UC_E_REMOVED);
	expect_err(mls_group_info(crew[1].group, true, false, crew[1].out, &b), UC_E_REMOVED);
	expect_err(mls_group_propose_update(crew[1].group, NULL, crew[1].out, &b), UC_E_REMOVED);
	expect_err(receive(&crew[1], bytes_of("more")), UC_E_REMOVED);
	crew_end(crew, 2);
}

TEST(every_error_has_a_kind)
{
	expect_eq(mls_error_kind(UC_OK), MLS_ERROR_NONE);
	expect_eq(mls_error_kind(UC_E_ARGUMENT), MLS_ERROR_CALLER);
	expect_eq(mls_error_kind(UC_E_SIGNATURE), MLS_ERROR_REFUSE);
	expect_eq(mls_error_kind(UC_E_MALFORMED), MLS_ERROR_REFUSE);
	expect_eq(mls_error_kind(UC_E_UNSUPPORTED), MLS_ERROR_REFUSE);
	expect_eq(mls_error_kind(UC_E_CORRUPT), MLS_ERROR_RESYNC);
	expect_eq(mls_error_kind(UC_E_MEMORY), MLS_ERROR_SYSTEM);
	expect_eq(mls_error_kind(UC_E_RANDOM), MLS_ERROR_SYSTEM);
	expect_eq(mls_error_kind(UC_E_LIMIT), MLS_ERROR_SYSTEM);
	expect_eq(mls_error_kind(UC_E_REMOVED), MLS_ERROR_DROP);
	expect_eq(mls_error_kind(UC_E_CLOSED), MLS_ERROR_DROP);
	expect_eq(mls_error_kind(UC_E_EXISTS), MLS_ERROR_DROP);
}
