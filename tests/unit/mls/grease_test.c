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

static size_t greased_ids(struct view list)
{
	struct components_list l;
	size_t n = 0;
	expect_ok(wire_decode(list, &c.mem, components_list_element, &l));
	for (size_t i = 0; i < l.component_ids.n; i++)
		n += component_is_grease(l.component_ids.v[i]);
	return n;
}

static size_t greased_components(const struct extension_list *l, bool seen[8])
{
	struct app_data_dictionary d;
	size_t n = 0;
	expect_ok(components_check(l));
	expect_ok(dictionary_of(l, &c.mem, &d));
	for (size_t i = 0; i < d.component_data.n; i++) {
		uint16_t id = d.component_data.v[i].component_id;
		n += component_is_grease(id);
		if (component_is_grease(id))
			seen[id >> 12] = true;
	}
	return n;
}

/* Components, in the dictionaries and lists that are there, and in no others. */
TEST(components_that_nobody_knows)
{
	static const struct view boards = { (const uint8_t *)"\x02\x80\x01", 3 };
	bool seen[8] = { false };
	struct extension_list plain = { NULL, 0 }, l;
	struct view data;
	club_begin(&c, suite_at(0));
	struct leaf_parameters made, *leaf = &club_person(&c, 0)->leaf;
	expect_ok(grease_extensions(test_env(), &plain, &c.mem, &l));
	expect(!extension_find(&l, EXTENSION_APP_DATA_DICTIONARY));
	expect_ok(extensions_with_component(&plain, 0x8001, VIEW_LIT("kept"), &c.mem, &plain));
	expect_ok(extensions_with_component(&plain, COMPONENT_APP_COMPONENTS, boards, &c.mem,
					    &plain));
	leaf->extensions = plain;
	for (int i = 0; i < 200; i++) {
		expect_ok(grease_leaf(test_env(), leaf, &c.mem, &made));
		expect_eq(greased_components(&made.extensions, seen), 1);
		expect(component_in(&made.extensions, 0x8001, &data) &&
		       view_equal(data, VIEW_LIT("kept")));
		expect(component_in(&made.extensions, COMPONENT_APP_COMPONENTS, &data));
		expect_eq(greased_ids(data), 1);
		expect(u16_vector_has(data, 0x8001));
		expect(!component_in(&made.extensions, COMPONENT_SAFE_AAD, &data));
		/* A KeyPackage's or GroupInfo's: the dictionary alone. */
		expect_ok(grease_extensions(test_env(), &plain, &c.mem, &l));
		expect_eq(greased_components(&l, seen), 1);
		expect(component_in(&l, COMPONENT_APP_COMPONENTS, &data));
		expect_bytes(data, boards);
		expect_ok(grease_key_package(test_env(), &made, &plain, &c.mem, &l));
		expect_eq(l.n, 2);
		expect_eq(greased_components(&l, seen), 1);
		expect_ok(grease_key_package(test_env(), leaf, &plain, &c.mem, &l));
		expect_eq(l.n, 1);
		expect_eq(greased_components(&l, seen), 1);
		/* Again and again, none twice. */
		for (int k = 0; k < 3; k++)
			expect_ok(grease_extensions(test_env(), &l, &c.mem, &l));
		expect(greased_components(&l, seen) <= 4);
	}
	for (size_t i = 0; i < 8; i++)
		expect(seen[i]);
	club_end(&c);
}

/* A whole group of them, which asks for a component and its Safe AAD. */
TEST(a_group_of_components_in_which_everybody_says_more)
{
	static const struct extension_list none = { NULL, 0 };
	static const struct view boards = { (const uint8_t *)"\x02\x80\x01", 3 };
	struct extension_list last, package;
	bool seen[8];
	club_begin(&c, suite_at(0));
	for (size_t i = 0; i < 5; i++) {
		struct person *p = club_person(&c, i);
		struct extension_list *l = &p->leaf.extensions;
		expect_ok(
			extensions_with_component(l, COMPONENT_APP_COMPONENTS, boards, &c.mem, l));
		expect_ok(extensions_with_component(l, COMPONENT_SAFE_AAD, boards, &c.mem, l));
		grease(p);
	}
	struct extension_list l = club_extensions(&c, NULL);
	expect_ok(extensions_with_component(&l, COMPONENT_APP_COMPONENTS, boards, &c.mem, &l));
	club_create(&c, &l);
	struct proposal adds[3] = { { .proposal_type = PROPOSAL_ADD },
				    { .proposal_type = PROPOSAL_ADD },
				    { .proposal_type = PROPOSAL_ADD } };
	expect_ok(last_resort_extensions(&none, &c.mem, &last));
	for (size_t i = 0; i < 3; i++) {
		struct person *p = &c.people[i + 1];
		expect_ok(grease_key_package(test_env(), &p->leaf, &last, &c.mem, &package));
		expect_eq(greased_components(&package, seen), 1);
		expect_ok(key_package_make(c.suite, test_env(), &p->leaf, 3600, &package, &c.mem,
					   &p->key_package, &p->secrets));
		expect_ok(wire_decode(p->key_package, &c.mem, key_package_element,
				      &adds[i].key_package));
		expect(key_package_is_last_resort(&adds[i].key_package));
	}
	club_commit_proposals(&c, &c.people[0], adds, 3);
	club_join_external(&c, &c.people[4], TREE_NONE);
	club_commit_proposals(&c, &c.people[2], NULL, 0);
	club_talks(&c, &c.people[4], "what?");
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
