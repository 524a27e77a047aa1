/* SPDX-License-Identifier: Apache-2.0 */
/* What the caller decides: each function of a policy, what it is shown, and that its word counts. */
#include "tests/unit/libmls/crew.h"

#define SUITE MLS_X25519_AES128GCM_SHA256_ED25519

static const struct mls_bytes nothing;

struct judge {
	unsigned leaves, proposals, commits, components, same;
	enum mls_leaf_reason reason;
	uint16_t type;
	size_t joined, left;
	uc_err says_leaf, says_proposal, says_commit;
	mls_group *meddles; /* with this, from inside */
	mls_signature_key *its_key;
	mls_out *its_out; /* that the call hands things out by */
	bool may_meddle;
};

static uc_err on_leaf(void *ctx, const struct mls_context *group, const struct mls_leaf *leaf,
		      enum mls_leaf_reason reason)
{
	struct judge *j = ctx;
	j->leaves++;
	j->reason = reason;
	expect(group->group_id.n && leaf->signature_key.n);
	expect_eq(leaf->credential.type, MLS_BASIC);
	return j->says_leaf;
}

static uc_err on_proposal(void *ctx, const struct mls_context *group,
			  const struct mls_proposal *proposal)
{
	struct judge *j = ctx;
	j->proposals++;
	j->type = proposal->type;
	expect(group->group_id.n && proposal->ref.n);
	return j->says_proposal;
}

static uc_err on_commit(void *ctx, const struct mls_change *change)
{
	struct judge *j = ctx;
	j->commits++;
	j->joined = change->joined.n;
	j->left = change->left.n;
	expect_eq(change->after.epoch, change->before.epoch + 1);
	if (j->meddles) {
		const struct mls_commit what = { .force_path = true };
		struct mls_made made;
		struct mls_received got;
		struct mls_bytes b;
		mls_out *out;
		struct mls_leaf_list members;
		expect_ok(mls_out_new(0, &out));
		expect_err(mls_group_commit(j->meddles, &what, out, &made), UC_E_ARGUMENT);
		expect_err(mls_group_receive(j->meddles, bytes_of("x"), out, &got), UC_E_ARGUMENT);
		expect_err(mls_group_protect(j->meddles, nothing, nothing, 0, out, &b),
			   UC_E_ARGUMENT);
		expect_err(mls_group_pending_apply(j->meddles), UC_E_ARGUMENT);
		expect_err(mls_group_staged_apply(j->meddles), UC_E_ARGUMENT);
		mls_group_pending_drop(j->meddles);
		mls_group_staged_drop(j->meddles);
		mls_group_free(j->meddles);
		mls_signature_key_free(j->its_key);
		mls_out_clear(j->its_out);
		mls_out_free(j->its_out);
		/* Looking is allowed. */
		expect_ok(mls_group_members(j->meddles, MLS_NOW, out, &members));
		j->may_meddle = members.n > 0;
		mls_out_free(out);
	}
	return j->says_commit;
}

static bool on_same(void *ctx, const struct mls_leaf *old_leaf, const struct mls_leaf *new_leaf)
{
	struct judge *j = ctx;
	j->same++;
	return view_equal(view_of(old_leaf->credential.identity),
			  view_of(new_leaf->credential.identity));
}

/* What there is, and every update after it. */
static uc_err on_component(void *ctx, const struct mls_context *group, uint16_t component_id,
			   const struct mls_bytes *current, const struct mls_proposal_list *updates,
			   mls_out *out, struct mls_bytes *data)
{
	struct judge *j = ctx;
	char text[64] = "";
	size_t n = 0;
	j->components++;
	expect(group->group_id.n);
	expect_eq(component_id, 0x8001);
	if (current)
		n = (size_t)snprintf(text, sizeof text, "%.*s", (int)current->n,
				     (const char *)current->p);
	for (size_t i = 0; i < updates->n; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "+%.*s", (int)updates->v[i].data.n,
				      (const char *)updates->v[i].data.p);
	/* It is lent: what else lies there is not the caller's to throw away. */
	mls_out_clear(out);
	mls_out_free(out);
	return mls_out_copy(out, text, n, data);
}

static void two(struct sailor *crew, struct judge *j)
{
	const struct mls_policy policy = { .ctx = j,
					   .leaf = on_leaf,
					   .proposal = on_proposal,
					   .commit = on_commit,
					   .component = on_component,
					   .same_member = on_same };
	*j = (struct judge){ .leaves = 0 };
	sailor_begin(&crew[0], "judged", SUITE, &policy);
	sailor_begin(&crew[1], "judges", SUITE, &policy);
	sailor_create(&crew[0], SUITE, "court", (struct mls_extensions){ NULL, 0 });
	struct mls_proposal add = sailor_add(&crew[1], SUITE);
	const struct mls_commit first = { .proposals = { &add, 1 } };
	crew_commit(crew, 2, &crew[0], &first);
	expect(j->leaves >= 2);
	expect_eq(j->reason, MLS_LEAF_IN_TREE);
	expect_eq(j->commits, 1);
	expect_eq(j->joined, 1);
	*j = (struct judge){ .leaves = 0 };
}

TEST(each_leaf_proposal_and_commit_is_judged)
{
	struct sailor crew[2];
	struct judge j;
	struct mls_bytes message;
	struct mls_received got = { .epoch = 77 };
	struct mls_made made;
	const struct mls_commit path = { .force_path = true };
	two(crew, &j);
	expect_ok(mls_group_propose_update(crew[0].group, NULL, crew[0].out, &message));
	j.says_proposal = UC_E_NOT_ALLOWED;
	expect_err(mls_group_receive(crew[1].group, message, crew[1].out, &got), UC_E_NOT_ALLOWED);
	expect_eq(got.epoch, 77);
	expect_eq(j.type, MLS_UPDATE);
	j.says_proposal = UC_OK;
	expect_ok(mls_group_receive(crew[1].group, message, crew[1].out, &got));
	expect_eq(j.proposals, 2);
	/* An error refuses the commit; it may be received again. */
	expect_ok(mls_group_commit(crew[1].group, &path, crew[1].out, &made));
	expect_eq(j.left, 0);
	j.says_commit = UC_E_POLICY;
	expect_err(mls_group_receive(crew[0].group, made.commit, crew[0].out, &got), UC_E_POLICY);
	expect(!mls_group_has_staged(crew[0].group));
	j.says_commit = UC_OK;
	j.says_leaf = UC_E_NOT_ALLOWED;
	expect_err(mls_group_receive(crew[0].group, made.commit, crew[0].out, &got),
		   UC_E_NOT_ALLOWED);
	expect_eq(j.reason, MLS_LEAF_UPDATED);
	j.says_leaf = UC_OK;
	crew_deliver(crew, 2, &crew[1], &made);
	/* Ours, too. */
	j.says_commit = UC_E_POLICY;
	expect_err(mls_group_commit(crew[0].group, &path, crew[0].out, &made), UC_E_POLICY);
	expect(!mls_group_has_pending(crew[0].group));
	crew_end(crew, 2);
}

TEST(nothing_is_changed_from_inside)
{
	struct sailor crew[2];
	struct judge j;
	struct mls_made made;
	const struct mls_commit path = { .force_path = true };
	two(crew, &j);
	j.meddles = crew[0].group;
	j.its_key = crew[0].key;
	j.its_out = crew[0].out;
	expect_ok(mls_group_commit(crew[0].group, &path, crew[0].out, &made));
	expect(j.may_meddle);
	j.meddles = NULL;
	crew_deliver(crew, 2, &crew[0], &made);
	crew_end(crew, 2);
}

TEST(what_updates_of_a_component_come_to_is_decided)
{
	struct sailor crew[2];
	struct judge j;
	struct mls_bytes data;
	two(crew, &j);
	const struct mls_proposal p[2] = {
		{ .type = MLS_APP_DATA_UPDATE, .component_id = 0x8001, .data = bytes_of("a") },
		{ .type = MLS_APP_DATA_UPDATE, .component_id = 0x8001, .data = bytes_of("b") },
	};
	const struct mls_commit what = { .proposals = { p, 2 } };
	crew_commit(crew, 2, &crew[0], &what);
	crew_commit(crew, 2, &crew[1], &what);
	expect(j.components >= 4);
	expect_ok(mls_group_component(crew[0].group, 0x8001, crew[0].out, &data));
	expect_bytes(view_of(data), VIEW_LIT("+a+b+a+b"));
	crew_end(crew, 2);
}

/* --- AppEphemerals, and whose components there are --- */

static bool knows_ours(void *ctx, uint16_t component_id)
{
	unsigned *asked = ctx;
	++*asked;
	return component_id == 0x8001;
}

static uc_err no_bad_news(void *ctx, const struct mls_context *group,
			  const struct mls_proposal *proposal)
{
	(void)ctx;
	expect(group->group_id.n);
	expect_eq(proposal->type, MLS_APP_EPHEMERAL);
	expect_eq(proposal->sender.type, MLS_MEMBER);
	return view_equal(view_of(proposal->data), VIEW_LIT("bad")) ? UC_E_NOT_ALLOWED : UC_OK;
}

TEST(ephemerals_are_for_components_that_are_known_and_as_they_see_fit)
{
	struct sailor crew[2];
	unsigned asked = 0;
	struct mls_made made;
	const struct mls_policy policy = { .ctx = &asked,
					   .knows_component = knows_ours,
					   .ephemeral = no_bad_news };
	for (size_t i = 0; i < 2; i++)
		sailor_begin(&crew[i], i ? "b" : "a", SUITE, &policy);
	sailor_create(&crew[0], SUITE, "news", (struct mls_extensions){ NULL, 0 });
	struct mls_proposal add = sailor_add(&crew[1], SUITE);
	const struct mls_commit first = { .proposals = { &add, 1 } };
	crew_commit(crew, 2, &crew[0], &first);
	struct mls_proposal p = { .type = MLS_APP_EPHEMERAL,
				  .component_id = 0x8001,
				  .data = bytes_of("good") };
	const struct mls_commit what = { .proposals = { &p, 1 } };
	crew_commit(crew, 2, &crew[1], &what);
	expect(asked);
	p.data = bytes_of("bad");
	expect_err(mls_group_commit(crew[0].group, &what, crew[0].out, &made), UC_E_NOT_ALLOWED);
	p.data = bytes_of("good");
	p.component_id = 0x8002;
	expect(mls_group_commit(crew[0].group, &what, crew[0].out, &made));
	crew_agrees(crew, 2);
	crew_end(crew, 2);
}

TEST(who_is_whom_in_a_successor_is_asked)
{
	struct sailor crew[2];
	struct judge j;
	struct mls_made made;
	mls_group *fresh = NULL;
	two(crew, &j);
	(void)sailor_add(&crew[1], SUITE);
	const struct mls_succession how = { .identity = &crew[0].identity,
					    .key_packages = { &crew[1].package.message, 1 },
					    .group_id = bytes_of("branch") };
	expect_ok(mls_group_branch(crew[0].group, &how, crew[0].out, &made, &fresh));
	expect(j.same >= 2);
	mls_group_free(fresh);
	crew_end(crew, 2);
}

/* --- X.509: the chain is the caller's to verify --- */

static uc_err on_x509(void *ctx, uint16_t suite, const struct mls_credential *credential,
		      struct mls_bytes signature_key, const struct mls_leaf *before)
{
	struct judge *j = ctx;
	j->leaves += !before;
	expect_eq(suite, SUITE);
	expect_eq(credential->type, MLS_X509);
	expect_eq(credential->certificates.n, 2);
	expect(signature_key.n == 32);
	return j->says_leaf;
}

TEST(certificates_are_for_the_caller_to_judge)
{
	struct sailor crew[2], plain;
	struct judge j = { .leaves = 0 };
	struct mls_key_package k;
	struct mls_made made;
	const struct mls_policy policy = { .ctx = &j, .x509 = on_x509 };
	const struct mls_bytes chain[2] = { bytes_of("leaf"), bytes_of("root") };
	for (size_t i = 0; i < 2; i++) {
		sailor_begin(&crew[i], i ? "b" : "a", SUITE, &policy);
		crew[i].identity.credential =
			(struct mls_credential){ .type = MLS_X509, .certificates = { chain, 2 } };
	}
	sailor_create(&crew[0], SUITE, "certified", (struct mls_extensions){ NULL, 0 });
	expect_eq(j.leaves, 1);
	struct mls_proposal add = sailor_add(&crew[1], SUITE);
	const struct mls_commit what = { .proposals = { &add, 1 } };
	j.says_leaf = UC_E_KEY;
	expect_err(mls_group_commit(crew[0].group, &what, crew[0].out, &made), UC_E_KEY);
	j.says_leaf = UC_OK;
	expect_ok(mls_group_commit(crew[0].group, &what, crew[0].out, &made));
	expect_ok(mls_group_pending_apply(crew[0].group));
	/* Whoever has no judge of them refuses them. */
	sailor_begin(&plain, "plain", SUITE, NULL);
	const struct mls_join join = { .welcome = made.welcome,
				       .ratchet_tree = made.ratchet_tree,
				       .key_package_secret = crew[1].package.secret };
	expect_err(mls_group_join(plain.client, &join, &plain.group), UC_E_UNSUPPORTED);
	expect_ok(mls_group_join(crew[1].client, &join, &crew[1].group));
	expect_ok(mls_key_package_inspect(plain.client, crew[1].package.message, plain.out, &k));
	expect_eq(k.leaf.credential.certificates.n, 2);
	expect_bytes(view_of(k.leaf.credential.certificates.v[1]), VIEW_LIT("root"));
	sailor_end(&plain);
	crew_end(crew, 2);
}

TEST(handshakes_are_wrapped_as_the_members_choose)
{
	struct sailor crew[2];
	struct mls_peek peek;
	struct mls_made made;
	struct mls_received got;
	const struct mls_commit path = { .force_path = true };
	const struct mls_wrapping hidden = { .private_handshakes = true,
					     .refuse_public = true,
					     .padding = 256 };
	crew_begin(crew, 2, SUITE);
	expect_ok(mls_group_commit(crew[0].group, &path, crew[0].out, &made));
	expect_ok(mls_peek(made.commit, &peek));
	expect_eq(peek.wire_format, MLS_WIRE_PUBLIC);
	expect_ok(mls_group_wrap(crew[1].group, &hidden));
	expect_err(mls_group_receive(crew[1].group, made.commit, crew[1].out, &got), UC_E_POLICY);
	mls_group_pending_drop(crew[0].group);
	expect_ok(mls_group_wrap(crew[0].group, &hidden));
	expect_ok(mls_group_commit(crew[0].group, &path, crew[0].out, &made));
	expect_ok(mls_peek(made.commit, &peek));
	expect_eq(peek.wire_format, MLS_WIRE_PRIVATE);
	expect_eq(peek.content_type, MLS_COMMIT);
	crew_deliver(crew, 2, &crew[0], &made);
	crew_end(crew, 2);
}

TEST(a_crowd_that_greases_understands_itself_and_others)
{
	struct sailor crew[3];
	const struct mls_options greased = { .grease = true };
	struct mls_leaf leaf;
	for (size_t i = 0; i < 2; i++)
		sailor_begin_with(&crew[i], i ? "b" : "a", SUITE, &greased);
	sailor_begin(&crew[2], "c", SUITE, NULL);
	sailor_create(&crew[0], SUITE, "greased", (struct mls_extensions){ NULL, 0 });
	struct mls_proposal adds[2] = { sailor_add(&crew[1], SUITE), sailor_add(&crew[2], SUITE) };
	const struct mls_commit what = { .proposals = { adds, 2 } };
	crew_commit(crew, 3, &crew[0], &what);
	expect_ok(mls_group_member(crew[2].group, MLS_NOW, 1, crew[2].out, &leaf));
	expect_eq(leaf.extensions.n, 1);
	expect_eq(leaf.capabilities.suites.v[0] & 0x0f0f, 0x0a0a);
	crew_end(crew, 3);
}
