/* SPDX-License-Identifier: Apache-2.0 */
/* Groups that go on from another (RFC 9420, 11.2, 11.3). */
#include "tests/unit/libmls/crew.h"

#define SUITE MLS_X25519_AES128GCM_SHA256_ED25519

TEST(some_members_make_a_group_of_their_own)
{
	struct sailor crew[3];
	struct mls_made made;
	mls_group *fresh = NULL, *joined = NULL, *none = NULL;
	struct mls_bytes a, b;
	crew_begin(crew, 3, SUITE);
	(void)sailor_add(&crew[1], SUITE);
	struct mls_succession how = { .identity = &crew[0].identity,
				      .key_packages = { &crew[1].package.message, 1 },
				      .group_id = bytes_of("two of us"),
				      .tree_in_welcome = true };
	expect_ok(mls_group_branch(crew[0].group, &how, crew[0].out, &made, &fresh));
	expect_eq(made.change.joined.n, 1);
	expect_ok(mls_group_pending_apply(fresh));
	struct mls_join join = { .welcome = made.welcome,
				 .key_package_secret = crew[1].package.secret };
	/* Who does not have the old group cannot check it. */
	struct sailor stranger;
	sailor_begin(&stranger, "stranger", SUITE, NULL);
	expect_err(mls_group_join(stranger.client, &join, &none), UC_E_PSK);
	expect_ok(mls_group_join(crew[1].client, &join, &joined));
	expect_ok(mls_group_epoch_authenticator(fresh, crew[0].out, &a));
	expect_ok(mls_group_epoch_authenticator(joined, crew[1].out, &b));
	expect_bytes(view_of(a), view_of(b));
	/* Nobody from outside. */
	(void)sailor_add(&stranger, SUITE);
	how.key_packages.v = &stranger.package.message;
	expect_err(mls_group_branch(crew[0].group, &how, crew[0].out, &made, &none),
		   UC_E_NOT_ALLOWED);
	expect(!none);
	crew_agrees(crew, 3);
	mls_group_free(fresh);
	mls_group_free(joined);
	sailor_end(&stranger);
	crew_end(crew, 3);
}

TEST(a_group_is_closed_and_begun_anew)
{
	struct sailor crew[2];
	struct mls_made made;
	mls_group *fresh = NULL, *joined = NULL;
	struct mls_bytes a, b, message;
	struct mls_reinit reinit;
	const struct mls_proposal p = {
		.type = MLS_REINIT,
		.reinit = { .group_id = bytes_of("anew"),
			    .suite = MLS_X25519_CHACHA20POLY1305_SHA256_ED25519 }
	};
	const struct mls_commit what = { .proposals = { &p, 1 } };
	crew_begin(crew, 2, SUITE);
	struct mls_succession how = { .identity = &crew[0].identity };
	expect_err(mls_group_reinit(crew[0].group, &how, crew[0].out, &made, &fresh),
		   UC_E_UNEXPECTED);
	expect_err(mls_group_reinit_of(crew[0].group, crew[0].out, &reinit), UC_E_NOT_FOUND);
	expect_ok(mls_group_commit(crew[1].group, &what, crew[1].out, &made));
	expect(made.change.reinit);
	crew_deliver(crew, 2, &crew[1], &made);
	expect_eq(mls_group_state(crew[0].group), MLS_GROUP_CLOSED);
	expect_ok(mls_group_reinit_of(crew[0].group, crew[0].out, &reinit));
	expect_bytes(view_of(reinit.group_id), VIEW_LIT("anew"));
	expect_eq(reinit.suite, 3);
	expect_err(mls_group_protect(crew[0].group, bytes_of("x"), bytes_of(""), 0, crew[0].out,
				     &message),
		   UC_E_CLOSED);
	expect_err(mls_group_commit(crew[0].group, &what, crew[0].out, &made), UC_E_CLOSED);
	(void)sailor_add(&crew[1], 3);
	how.key_packages = (struct mls_bytes_list){ &crew[1].package.message, 1 };
	expect_ok(mls_group_reinit(crew[0].group, &how, crew[0].out, &made, &fresh));
	expect_ok(mls_group_pending_apply(fresh));
	const struct mls_join join = { .welcome = made.welcome,
				       .ratchet_tree = made.ratchet_tree,
				       .key_package_secret = crew[1].package.secret };
	expect_ok(mls_group_join(crew[1].client, &join, &joined));
	expect_ok(mls_group_epoch_authenticator(fresh, crew[0].out, &a));
	expect_ok(mls_group_epoch_authenticator(joined, crew[1].out, &b));
	expect_bytes(view_of(a), view_of(b));
	mls_group_free(fresh);
	mls_group_free(joined);
	crew_end(crew, 2);
}
