/* SPDX-License-Identifier: Apache-2.0 */
/* Every kind of proposal, by itself and within a commit. */
#include "tests/unit/libmls/crew.h"

#define SUITE MLS_X25519_AES128GCM_SHA256_ED25519

static struct mls_received deliver_proposal(struct sailor *crew, size_t n, const struct sailor *by,
					    struct mls_bytes message)
{
	struct mls_received got = { .epoch = 0 };
	for (size_t i = 0; i < n; i++) {
		if (!crew[i].group || &crew[i] == by)
			continue;
		expect_ok(mls_group_receive(crew[i].group, message, crew[i].out, &got));
		expect_eq(got.kind, MLS_RECEIVED_PROPOSAL);
		expect_eq(got.proposal.sender.type, MLS_MEMBER);
		expect(got.proposal.ref.n);
	}
	return got;
}

static struct mls_received propose(struct sailor *crew, size_t n, struct sailor *by,
				   const struct mls_proposal *p)
{
	struct mls_bytes message = { NULL, 0 };
	expect_ok(mls_group_propose(by->group, p, bytes_of("because"), by->out, &message));
	struct mls_received got = deliver_proposal(crew, n, by, message);
	expect_bytes(view_of(got.authenticated_data), VIEW_LIT("because"));
	expect_eq(got.proposal.type, p->type);
	return got;
}

static const struct mls_commit stored = { .force_path = false };

TEST(adds_and_removes_wait_for_their_commit)
{
	struct sailor crew[4];
	struct mls_proposal_list l = { NULL, 0 };
	struct mls_received got;
	crew_begin(crew, 3, SUITE);
	sailor_begin(&crew[3], "late", SUITE, NULL);
	const struct mls_proposal add = sailor_add(&crew[3], SUITE);
	const struct mls_proposal remove = { .type = MLS_REMOVE, .index = 1 };
	got = propose(crew, 3, &crew[1], &add);
	expect(got.proposal.leaf);
	if (got.proposal.leaf)
		expect_bytes(view_of(got.proposal.leaf->credential.identity), VIEW_LIT("late"));
	expect_bytes(view_of(got.proposal.key_package), view_of(crew[3].package.message));
	got = propose(crew, 3, &crew[2], &remove);
	expect_eq(got.proposal.index, 1);
	expect_ok(mls_group_proposals(crew[0].group, crew[0].out, &l));
	expect_eq(l.n, 2);
	expect_eq(l.v[0].type, MLS_ADD);
	expect_eq(l.v[1].sender.index, 2);
	expect(mls_group_commit_is_due(crew[0].group) && mls_group_commit_is_due(crew[2].group));
	expect(!mls_group_commit_is_due(crew[1].group)); /* who is about to go waits */
	crew_commit(crew, 4, &crew[0], &stored);
	expect(!crew[1].group && crew[3].group);
	expect(!mls_group_commit_is_due(crew[0].group));
	expect_ok(mls_group_proposals(crew[0].group, crew[0].out, &l));
	expect_eq(l.n, 0);
	crew_end(crew, 4);
}

TEST(a_proposal_that_is_dropped_is_not_committed)
{
	struct sailor crew[3];
	struct mls_proposal_list l = { NULL, 0 };
	struct mls_bytes message;
	const struct mls_proposal remove = { .type = MLS_REMOVE, .index = 2 };
	crew_begin(crew, 3, SUITE);
	expect_ok(mls_group_propose(crew[0].group, &remove, (struct mls_bytes){ NULL, 0 },
				    crew[0].out, &message));
	expect_ok(mls_group_proposals(crew[0].group, crew[0].out, &l));
	expect_eq(l.n, 1);
	expect_ok(mls_group_proposal_drop(crew[0].group, l.v[0].ref));
	expect_err(mls_group_proposal_drop(crew[0].group, l.v[0].ref), UC_E_NOT_FOUND);
	crew_commit(crew, 3, &crew[0], &stored);
	expect_eq(mls_group_member_count(crew[0].group), 3);
	crew_end(crew, 3);
}

TEST(an_update_changes_the_key_and_who_one_says_to_be)
{
	struct sailor crew[3];
	struct mls_bytes message, old_key, new_key, kept;
	struct mls_leaf leaf;
	mls_signature_key *fresh = NULL, *now = NULL;
	crew_begin(crew, 3, SUITE);
	expect_ok(mls_group_propose_update(crew[1].group, NULL, crew[1].out, &message));
	struct mls_received got = deliver_proposal(crew, 3, &crew[1], message);
	expect_eq(got.proposal.type, MLS_UPDATE);
	expect_eq(got.proposal.index, 1);
	crew_commit(crew, 3, &crew[0], &stored);
	/* A new key and another name. */
	expect_ok(mls_signature_key_generate(crew[1].client, SUITE, &fresh));
	const struct mls_identity as = {
		.key = fresh, .credential = { .type = MLS_BASIC, .identity = bytes_of("mate") }
	};
	expect_ok(mls_group_propose_update(crew[1].group, &as, crew[1].out, &message));
	deliver_proposal(crew, 3, &crew[1], message);
	snprintf(crew[1].name, sizeof crew[1].name, "mate");
	crew_commit(crew, 3, &crew[2], &stored);
	expect_ok(mls_group_member(crew[0].group, MLS_NOW, 1, crew[0].out, &leaf));
	expect_bytes(view_of(leaf.credential.identity), VIEW_LIT("mate"));
	expect_ok(mls_signature_key_public(fresh, crew[1].out, &new_key));
	expect_ok(mls_signature_key_public(crew[1].key, crew[1].out, &old_key));
	expect(!view_equal(view_of(old_key), view_of(new_key)));
	expect_bytes(view_of(leaf.signature_key), view_of(new_key));
	expect_ok(mls_group_signature_key(crew[1].group, &now));
	expect_ok(mls_signature_key_public(now, crew[1].out, &kept));
	expect_bytes(view_of(kept), view_of(new_key));
	mls_signature_key_free(now);
	mls_signature_key_free(fresh);
	/* The same within a commit of one's own. */
	const struct mls_commit back = { .identity = &crew[1].identity };
	snprintf(crew[1].name, sizeof crew[1].name, "sailor 1");
	crew[1].identity.credential.identity = bytes_of(crew[1].name);
	crew_commit(crew, 3, &crew[1], &back);
	crew_end(crew, 3);
}

static uc_err both_know(void *ctx, const struct mls_psk_id *id, uint8_t key[66], size_t *n)
{
	const bool *knows = ctx;
	if (!*knows || id->type != MLS_PSK_EXTERNAL ||
	    !view_equal(view_of(id->id), VIEW_LIT("the password")))
		return UC_E_PSK;
	memset(key, 7, 32);
	*n = 32;
	return UC_OK;
}

TEST(pre_shared_keys_are_asked_for)
{
	struct sailor crew[2];
	bool knows = true;
	const struct mls_policy policy = { .ctx = &knows, .psk = both_know };
	struct mls_made made;
	struct mls_received got;
	struct mls_proposal p[2] = { { .type = MLS_PSK,
				       .psk = { .type = MLS_PSK_EXTERNAL,
						.id = bytes_of("the password") } },
				     { .type = MLS_PSK, .psk = { .type = MLS_PSK_RESUMPTION } } };
	sailor_begin(&crew[0], "a", SUITE, &policy);
	sailor_begin(&crew[1], "b", SUITE, &policy);
	sailor_create(&crew[0], SUITE, "secretive", (struct mls_extensions){ NULL, 0 });
	struct mls_proposal add = sailor_add(&crew[1], SUITE);
	const struct mls_commit first = { .proposals = { &add, 1 } };
	crew_commit(crew, 2, &crew[0], &first);
	p[1].psk.epoch = 1;
	const struct mls_commit what = { .proposals = { p, 2 } };
	/* Who does not know it is told so, and may try again. */
	expect_ok(mls_group_commit(crew[0].group, &what, crew[0].out, &made));
	knows = false;
	expect_err(mls_group_receive(crew[1].group, made.commit, crew[1].out, &got), UC_E_PSK);
	expect_eq(mls_error_kind(UC_E_PSK), MLS_ERROR_RETRY);
	knows = true;
	crew_deliver(crew, 2, &crew[0], &made);
	p[0].psk.id = bytes_of("another");
	expect_err(mls_group_commit(crew[0].group, &what, crew[0].out, &made), UC_E_PSK);
	crew_end(crew, 2);
}

static struct mls_bytes required(struct sailor *s)
{
	static const uint16_t proposals[] = { MLS_APP_DATA_UPDATE, MLS_SELF_REMOVE };
	static const uint16_t extensions[] = { MLS_EXTENSION_APP_DATA_DICTIONARY };
	struct mls_bytes data = { NULL, 0 };
	expect_ok(mls_required_capabilities_data((struct mls_types){ extensions, 1 },
						 (struct mls_types){ proposals, 2 },
						 (struct mls_types){ NULL, 0 }, s->out, &data));
	return data;
}

TEST(extensions_and_data_of_the_group_change)
{
	struct sailor crew[2];
	struct mls_context context;
	struct mls_bytes data;
	crew_begin(crew, 2, SUITE);
	const struct mls_extension e = { MLS_EXTENSION_REQUIRED_CAPABILITIES, required(crew) };
	const struct mls_proposal gce = { .type = MLS_GROUP_CONTEXT_EXTENSIONS,
					  .extensions = { &e, 1 } };
	struct mls_received got = propose(crew, 2, &crew[1], &gce);
	expect_eq(got.proposal.extensions.n, 1);
	crew_commit(crew, 2, &crew[0], &stored);
	expect_ok(mls_group_context(crew[1].group, MLS_NOW, crew[1].out, &context));
	expect_eq(context.extensions.n, 1);
	expect_bytes(view_of(context.extensions.v[0].data), view_of(e.data));
	expect_bytes(view_of(context.group_id), VIEW_LIT("the crew"));
	expect_eq(context.suite, SUITE);
	expect_err(mls_group_component(crew[0].group, 0x8001, crew[0].out, &data), UC_E_NOT_FOUND);
	struct mls_proposal update = { .type = MLS_APP_DATA_UPDATE,
				       .component_id = 0x8001,
				       .data = bytes_of("north") };
	propose(crew, 2, &crew[0], &update);
	crew_commit(crew, 2, &crew[1], &stored);
	expect_ok(mls_group_component(crew[0].group, 0x8001, crew[0].out, &data));
	expect_bytes(view_of(data), VIEW_LIT("north"));
	update.data = (struct mls_bytes){ NULL, 0 };
	update.removes = true;
	const struct mls_commit removes = { .proposals = { &update, 1 } };
	crew_commit(crew, 2, &crew[1], &removes);
	expect_err(mls_group_component(crew[0].group, 0x8001, crew[0].out, &data), UC_E_NOT_FOUND);
	const struct mls_proposal ephemeral = { .type = MLS_APP_EPHEMERAL,
						.component_id = 0x8002,
						.data = bytes_of("gone tomorrow") };
	got = propose(crew, 2, &crew[0], &ephemeral);
	expect_bytes(view_of(got.proposal.data), VIEW_LIT("gone tomorrow"));
	crew_commit(crew, 2, &crew[1], &stored);
	crew_end(crew, 2);
}

TEST(who_wants_to_leave_says_so)
{
	struct sailor crew[3];
	const struct mls_proposal leave = { .type = MLS_SELF_REMOVE };
	crew_begin(crew, 3, SUITE);
	propose(crew, 3, &crew[2], &leave);
	crew_commit(crew, 3, &crew[1], &stored);
	expect(!crew[2].group);
	expect_eq(mls_group_member_count(crew[0].group), 2);
	crew_end(crew, 3);
}

TEST(what_is_no_proposal_of_a_member_is_refused)
{
	struct sailor crew[2];
	struct mls_bytes message = { NULL, 77 };
	struct mls_proposal p = { .type = MLS_EXTERNAL_INIT };
	const struct mls_bytes none = { NULL, 0 };
	crew_begin(crew, 2, SUITE);
	expect_err(mls_group_propose(crew[0].group, &p, none, crew[0].out, &message),
		   UC_E_ARGUMENT);
	p.type = MLS_UPDATE;
	expect_err(mls_group_propose(crew[0].group, &p, none, crew[0].out, &message),
		   UC_E_ARGUMENT);
	p.type = 0x4242;
	expect_err(mls_group_propose(crew[0].group, &p, none, crew[0].out, &message),
		   UC_E_ARGUMENT);
	p.type = MLS_REMOVE;
	p.index = 9;
	expect(mls_group_propose(crew[0].group, &p, none, crew[0].out, &message));
	p.type = MLS_ADD;
	p.key_package = bytes_of("no KeyPackage");
	expect(mls_group_propose(crew[0].group, &p, none, crew[0].out, &message));
	p.type = MLS_GROUP_CONTEXT_EXTENSIONS;
	const struct mls_extension twice[2] = { { 0x8001, bytes_of("a") },
						{ 0x8001, bytes_of("b") } };
	p.extensions = (struct mls_extensions){ twice, 2 };
	expect_err(mls_group_propose(crew[0].group, &p, none, crew[0].out, &message),
		   UC_E_ARGUMENT);
	expect(!message.p && message.n == 77);
	crew_agrees(crew, 2);
	crew_end(crew, 2);
}
