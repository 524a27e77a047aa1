/* SPDX-License-Identifier: Apache-2.0 */
/* What nobody knows is ignored wherever RFC 9420, 13.5 lets it stand, in a whole group's life, and
 * refused where it may not. */
#include "tests/unit/mls/members.h"

#include "mls/grease.h"

static struct club c;

static void grease(struct person *p)
{
	const struct leaf_parameters plain = p->leaf;
	expect_ok(grease_leaf(test_env(), &plain, &c.mem, &p->leaf));
}

/* A KeyPackage with an extension of its own that nobody knows. */
static struct proposal greased_add(struct person *p)
{
	static const struct extension_list none = { NULL, 0 };
	struct extension_list l;
	struct proposal add = { .proposal_type = PROPOSAL_ADD };
	expect_ok(grease_key_package(test_env(), &p->leaf, &none, &c.mem, &l));
	expect_ok(key_package_make(c.suite, test_env(), &p->leaf, 3600, &l, &c.mem, &p->key_package,
				   &p->secrets));
	expect_ok(wire_decode(p->key_package, &c.mem, key_package_element, &add.key_package));
	expect_eq(add.key_package.extensions.n, 1);
	return add;
}

TEST(a_group_in_which_everybody_says_what_nobody_knows)
{
	static const struct extension_list none = { NULL, 0 };
	struct group_info_parts parts = { .with_ratchet_tree = false };
	struct made_commit made;
	struct view message;
	for (size_t i = 0; suite_at(i); i++) {
		club_begin(&c, suite_at(i));
		for (size_t k = 0; k < 6; k++)
			grease(club_person(&c, k));
		struct extension_list l = club_extensions(&c, NULL);
		club_create(&c, &l);
		expect_ok(grease_extensions(test_env(), &none, &c.mem, &parts.more));
		const struct proposal adds[] = { greased_add(&c.people[1]),
						 greased_add(&c.people[2]),
						 greased_add(&c.people[3]) };
		const struct commit_options o = { .proposals = adds,
						  .proposal_count = 3,
						  .info = parts };
		expect_ok(group_commit(c.people[0].g, &o, &c.mem, &made));
		club_deliver(&c, &c.people[0], &made);
		expect_ok(group_propose_update(c.people[2].g, &c.mem, &message));
		club_deliver_proposal(&c, &c.people[2], message);
		club_commit_proposals(&c, &c.people[3], NULL, 0);
		club_join_external(&c, &c.people[4], TREE_NONE);
		club_join_external(&c, &c.people[1], group_own_leaf(c.people[1].g));
		const struct proposal remove = remove_of(&c.people[3]);
		club_commit_proposals(&c, &c.people[4], &remove, 1);
		/* Somebody who says nothing of the kind comes and gets along. */
		const struct proposal add = add_of(&c, club_person(&c, 7));
		club_commit_proposals(&c, &c.people[1], &add, 1);
		club_talks(&c, &c.people[7], "what?");
		club_end(&c);
	}
}

TEST(only_values_made_for_it)
{
	static const struct extension_list none = { NULL, 0 };
	club_begin(&c, suite_at(0));
	bool seen[15] = { false };
	for (int i = 0; i < 400; i++) {
		struct leaf_parameters out;
		struct extension_list l;
		expect_ok(grease_leaf(test_env(), &club_person(&c, 0)->leaf, &c.mem, &out));
		uint16_t v = out.capabilities.proposals.v[0];
		expect(is_grease(v));
		seen[v >> 12] = true;
		expect_eq(out.capabilities.extensions.v[0], v);
		expect_eq(out.extensions.v[0].extension_type, v);
		expect_eq(out.capabilities.versions.n, 1);
		expect_ok(grease_extensions(test_env(), &none, &c.mem, &l));
		expect(is_grease(l.v[0].extension_type));
		/* Never one type twice. */
		for (int k = 0; k < 3; k++)
			expect_ok(grease_extensions(test_env(), &l, &c.mem, &l));
		for (size_t x = 0; x < l.n; x++)
			for (size_t y = 0; y < x; y++)
				expect(l.v[x].extension_type != l.v[y].extension_type);
	}
	for (size_t i = 0; i < 15; i++)
		expect(seen[i]);
	expect(!is_grease(0xfafa) && !is_grease(0x0a1a) && !is_grease(0x0b0b) && is_grease(0xeaea));
	club_end(&c);
}

/* 13.5: not in GroupContext.extensions, GroupContextExtensions, Proposal.proposal_type or
 * Credential.credential_type. */
TEST(where_it_may_not_stand)
{
	static struct extension e = { 0x1a1a, { NULL, 0 } };
	struct extension_list l;
	struct made_commit made;
	club_with(&c, suite_at(0), 3);
	struct proposal gce = { .proposal_type = PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
				.extensions = { &e, 1 } };
	const struct commit_options o = { .proposals = &gce, .proposal_count = 1 };
	expect_err(group_commit(c.people[0].g, &o, &c.mem, &made), UC_E_UNSUPPORTED);
	expect_ok(grease_extensions(test_env(), &gce.extensions, &c.mem, &l));
	gce.extensions = l;
	expect_err(group_commit(c.people[0].g, &o, &c.mem, &made), UC_E_UNSUPPORTED);
	struct proposal p;
	expect_err(wire_decode(VIEW_LIT("\x1a\x1a\x00"), &c.mem, proposal_element, &p),
		   UC_E_UNSUPPORTED);
	struct external_sender_list senders;
	expect_err(wire_decode(VIEW_LIT("\x05\x01x\x2a\x2a\x00"), &c.mem,
			       external_sender_list_element, &senders),
		   UC_E_UNSUPPORTED);
	struct group *g = NULL;
	const struct extension_list bad = { &e, 1 };
	expect_err(group_create(&c.platform, c.suite, VIEW_LIT("x"), &c.people[0].leaf, &bad, &g),
		   UC_E_UNSUPPORTED);
	expect(!g);
	club_end(&c);
}
