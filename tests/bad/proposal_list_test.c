/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 9420, 12.1, 12.2, 12.4: proposals that are wrong, or wrong together. */
#include "tests/bad/rules.h"

static struct club c;
static struct sign_key hub;

static struct person *alice(void)
{
	return &c.people[0];
}

/* Five people, and a hub that may propose. */
static void begin(void)
{
	struct proposal adds[4];
	club_begin(&c, suite_at(0));
	expect_ok(sign_key_generate(c.suite, test_env(), &hub));
	struct extension_list l = club_extensions(&c, &hub);
	club_create(&c, &l);
	for (size_t i = 1; i < 5; i++)
		adds[i - 1] = add_of(&c, club_person(&c, i));
	club_commit_proposals(&c, alice(), adds, 4);
}

static void breaks_list(const struct proposal *v, size_t n, enum mls_rule rule)
{
	breaks_commit(&c, alice(), v, n, rule);
}

/* Where what follows stands on it, or it is a key that we lack. */
static void stands_list(const struct proposal *v, size_t n, enum mls_rule rule)
{
	struct made_commit made;
	const struct commit_options o = { .proposals = v, .proposal_count = n };
	uc_err want = rule_error(rule);
	breaks(&c, alice(), forge_commit(&c, alice(), v, n), rule, ALL | STANDS);
	/* And one does not make it oneself. */
	struct view before = person_saved(&c, alice());
	expect_err(group_commit(alice()->g, &o, &c.mem, &made), want);
	expect_bytes(person_saved(&c, alice()), before);
}

/* A commit by alice of one proposal that came by itself. */
static struct view commit_of_reference(struct view ref, size_t times)
{
	struct forge f = forge_begin(&c, alice(), CONTENT_COMMIT);
	struct proposal_or_ref *v = ARENA_ARRAY(&c.mem, struct proposal_or_ref, times);
	static const uint8_t tag[32];
	for (size_t i = 0; i < times; i++)
		v[i] = (struct proposal_or_ref){ .type = BY_REFERENCE, .reference = ref };
	f.content.commit.proposals = (struct proposal_or_ref_list){ v, times };
	f.confirmation_tag = VIEW_OF(tag);
	return forge_public(&f);
}

/* By alice, with the tag that it would have. */
static void breaks_tagged(struct view commit, enum mls_rule rule)
{
	breaks(&c, alice(), tagged(&c, alice(), NULL, commit, rule), rule, ALL);
}

TEST(the_committer_updates_or_removes_itself)
{
	begin();
	const struct proposal remove = remove_of(alice());
	breaks_list(&remove, 1, RULE_NOT_OF_THE_COMMITTER);
	/* Update by value is always the committer's own. */
	struct proposal update = { .proposal_type = PROPOSAL_UPDATE,
				   .leaf_node = *tree_leaf_find(group_now(alice()->g).tree, 0,
								LEAF_ROOM) };
	struct kem_key key;
	expect_ok(kem_key_generate(c.suite, test_env(), &key));
	update.leaf_node.encryption_key = kem_public(&key);
	update.leaf_node.leaf_node_source = LEAF_NODE_SOURCE_UPDATE;
	expect_ok(leaf_node_sign(c.suite, test_env(), &alice()->key, &update.leaf_node,
				 group_id(alice()->g), 0, &c.mem));
	breaks(&c, alice(), forge_commit(&c, alice(), &update, 1), RULE_BY_REFERENCE_ONLY,
	       ALL | NO_PATH);
	/* By reference. */
	struct view message;
	expect_ok(group_propose_update(alice()->g, &c.mem, &message));
	club_deliver_proposal(&c, alice(), message);
	breaks_stored(&c, alice(), NULL, 0, RULE_NOT_OF_THE_COMMITTER, ALL);
	club_end(&c);
}

TEST(self_remove_by_value_or_of_the_committer)
{
	struct view message;
	const struct proposal leave = { .proposal_type = PROPOSAL_SELF_REMOVE };
	begin();
	breaks(&c, alice(), forge_commit(&c, alice(), &leave, 1), RULE_BY_REFERENCE_ONLY,
	       ALL | NO_PATH);
	expect_ok(group_propose(alice()->g, &leave, view_make(NULL, 0), &c.mem, &message));
	club_deliver_proposal(&c, alice(), message);
	breaks_stored(&c, alice(), NULL, 0, RULE_NOT_OF_THE_COMMITTER, ALL);
	club_end(&c);
}

TEST(two_proposals_for_one_leaf)
{
	struct view message;
	begin();
	const struct proposal twice[] = { remove_of(&c.people[2]), remove_of(&c.people[2]) };
	stands_list(twice, 2, RULE_ONE_PROPOSAL_PER_LEAF); /* the second finds nothing */
	/* Update and Remove. */
	expect_ok(group_propose_update(c.people[2].g, &c.mem, &message));
	club_deliver_proposal(&c, &c.people[2], message);
	breaks_stored(&c, alice(), twice, 1, RULE_ONE_PROPOSAL_PER_LEAF, ALL);
	/* One reference, twice. */
	breaks(&c, alice(), commit_of_reference(group_proposal_at(alice()->g, 0).ref, 2),
	       RULE_REFERENCE_ONCE, ALL | STANDS);
	club_end(&c);
}

/* Two of this kind may stand in one commit; the same one twice may not. */
TEST(one_reference_twice)
{
	struct view message;
	const struct proposal update = { .proposal_type = PROPOSAL_APP_DATA_UPDATE,
					 .app_data_update = { 0xf001, APP_DATA_UPDATE,
							      VIEW_LIT("x") } };
	begin();
	expect_ok(group_propose(c.people[2].g, &update, view_make(NULL, 0), &c.mem, &message));
	club_deliver_proposal(&c, &c.people[2], message);
	breaks_tagged(commit_of_reference(group_proposal_at(alice()->g, 0).ref, 2),
		      RULE_REFERENCE_ONCE);
	club_end(&c);
}

TEST(a_reference_to_nothing)
{
	uint8_t ref[32] = { 5 };
	begin();
	breaks(&c, alice(), commit_of_reference(VIEW_OF(ref), 1), RULE_REFERENCE_KNOWN,
	       ALL | NO_PATH);
	breaks(&c, alice(), commit_of_reference(view_make(ref, 0), 1), RULE_REFERENCE_KNOWN,
	       ALL | NO_PATH);
	club_end(&c);
}

TEST(one_person_added_twice)
{
	begin();
	const struct proposal twice[] = { add_of(&c, club_person(&c, 9)),
					  add_of(&c, club_person(&c, 9)) };
	breaks_list(twice, 2, RULE_ADDED_ONCE);
	club_end(&c);
}

TEST(removing_a_blank_or_nobody)
{
	static const uint32_t nobody[] = { 2, 5, 8, 100000, UINT32_MAX };
	begin();
	const struct proposal remove = remove_of(&c.people[2]);
	club_commit_proposals(&c, alice(), &remove, 1);
	for (size_t i = 0; i < 5; i++) {
		const struct proposal bad = { .proposal_type = PROPOSAL_REMOVE,
					      .removed = nobody[i] };
		breaks(&c, alice(), forge_proposal(&c, alice(), &bad), RULE_REMOVED_IS_THERE, ALL);
		stands_list(&bad, 1, RULE_REMOVED_IS_THERE);
	}
	club_end(&c);
}

TEST(psks)
{
	begin();
	c.known[0] = (struct club_psk){ VIEW_LIT("known"), { 1 } };
	c.psk_count = 1;
	struct proposal v[] = { psk_of(&c, VIEW_LIT("known")), psk_of(&c, VIEW_LIT("known")) };
	/* "The same PreSharedKeyID", of which the nonce is a part: with another it is another input to
	 * the key schedule (8.4). */
	struct proposal twice[] = { v[0], v[0] };
	breaks_list(twice, 2, RULE_PSK_ONCE);
	expect(!view_equal(v[0].psk.psk_nonce, v[1].psk.psk_nonce));
	/* Wherever in the list the two stand, and whatever is between them. */
	for (size_t i = 0; i < 8; i++)
		for (size_t k = i + 1; k < 8; k++) {
			struct proposal many[8];
			for (size_t n = 0; n < 8; n++)
				many[n] = psk_of(&c, VIEW_LIT("known"));
			many[k] = many[i];
			breaks_list(many, 8, RULE_PSK_ONCE);
		}
	club_commit_proposals(&c, alice(), v, 2);
	struct view nonce = v[0].psk.psk_nonce;
	static const size_t lengths[] = { 0, 31 };
	for (size_t i = 0; i < 2; i++) {
		v[0].psk.psk_nonce = view_slice(nonce, 0, lengths[i]);
		breaks(&c, alice(), forge_proposal(&c, alice(), v), RULE_PSK_NONCE, ALL);
		breaks_list(v, 1, RULE_PSK_NONCE);
	}
	/* Branching and re-initialising are for new groups. */
	v[0].psk = (struct pre_shared_key_id){ .psktype = PSK_RESUMPTION,
					       .usage = RESUMPTION_REINIT,
					       .psk_group_id = VIEW_LIT("the club"),
					       .psk_epoch = 1,
					       .psk_nonce = nonce };
	breaks(&c, alice(), forge_proposal(&c, alice(), v), RULE_PSK_USAGE, ALL);
	v[0].psk.usage = RESUMPTION_BRANCH;
	breaks(&c, alice(), forge_proposal(&c, alice(), v), RULE_PSK_USAGE, ALL);
	/* Known to nobody: can be had later, so nothing is lost. */
	v[0] = psk_of(&c, VIEW_LIT("unknown"));
	struct made_commit made;
	const struct commit_options o = { .proposals = v, .proposal_count = 1 };
	expect_err(group_commit(alice()->g, &o, &c.mem, &made), UC_E_PSK);
	breaks(&c, alice(), forge_commit(&c, alice(), v, 1), RULE_PSK_IS_KNOWN, MEMBERS);
	/* Nor the key of an epoch of ours that is no more. */
	v[0].psk = (struct pre_shared_key_id){ .psktype = PSK_RESUMPTION,
					       .usage = RESUMPTION_APPLICATION,
					       .psk_group_id = VIEW_LIT("the club"),
					       .psk_epoch = 77,
					       .psk_nonce = nonce };
	breaks(&c, alice(), forge_commit(&c, alice(), v, 1), RULE_PSK_IS_KNOWN, MEMBERS);
	club_end(&c);
}

TEST(more_than_one_set_of_extensions)
{
	begin();
	struct extension_list l = club_extensions(&c, &hub);
	const struct proposal gce = { .proposal_type = PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
				      .extensions = l };
	const struct proposal twice[] = { gce, gce };
	breaks_list(twice, 2, RULE_TYPE_ONCE);
	club_end(&c);
}

TEST(extensions_that_cannot_be_read)
{
	static const uint16_t types[] = { EXTENSION_REQUIRED_CAPABILITIES,
					  EXTENSION_EXTERNAL_SENDERS,
					  EXTENSION_APP_DATA_DICTIONARY };
	begin();
	for (size_t i = 0; i < 3; i++) {
		struct extension_list good = club_extensions(&c, &hub);
		struct extension e[2] = { { types[i], VIEW_LIT("\x41") } };
		struct proposal gce = { .proposal_type = PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
					.extensions = { e, 1 } };
		stands_list(&gce, 1, RULE_NOTHING_IS_CUT);
		/* A right one with a byte after its end. */
		if (i < 2) {
			struct buf b;
			buf_init(&b, 4096);
			buf_add_view(&b, good.v[i].extension_data);
			buf_add_byte(&b, 0);
			e[0].extension_data = changeable(&c, buf_view(&b));
			buf_done(&b);
			breaks_list(&gce, 1, RULE_NOTHING_IS_LEFT);
			e[0].extension_data = good.v[i].extension_data;
		} else {
			e[0].extension_data = VIEW_LIT("\0");
		}
		e[1] = e[0];
		gce.extensions.n = 2;
		if (i <
		    2) /* the dictionary may not be set so at all, where AppDataUpdate is required */
			breaks_list(&gce, 1, RULE_EXTENSION_ONCE);
		else
			stands_list(&gce, 1, RULE_EXTENSION_ONCE);
	}
	club_end(&c);
}

TEST(what_the_group_would_require_and_a_member_lacks)
{
	static uint16_t types[] = { 0xf00d };
	struct extension e = { .extension_type = EXTENSION_REQUIRED_CAPABILITIES };
	struct proposal gce = { .proposal_type = PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
				.extensions = { &e, 1 } };
	begin();
	for (int i = 0; i < 3; i++) {
		struct required_capabilities r = { .extension_types = { types, i == 0 },
						   .proposal_types = { types, i == 1 },
						   .credential_types = { types, i == 2 } };
		expect_ok(wire_encode_to(&c.mem, required_capabilities_element, &r,
					 &e.extension_data));
		breaks_list(&gce, 1, RULE_LEAF_REQUIRED_CAPABILITIES);
	}
	club_end(&c);
}

/* One person lacks what the others have: fine, if it goes in the same commit. */
TEST(requirements_bind_those_who_stay)
{
	static uint16_t types[] = { 0xf00d };
	struct extension e = { .extension_type = EXTENSION_REQUIRED_CAPABILITIES };
	struct required_capabilities r = { .proposal_types = { types, 1 } };
	static uint16_t more[] = { PROPOSAL_APP_DATA_UPDATE, PROPOSAL_SELF_REMOVE, 0xf00d };
	club_begin(&c, suite_at(0));
	for (size_t i = 0; i < 2; i++)
		club_person(&c, i)->leaf.capabilities.proposals = (struct u16_list){ more, 3 };
	club_create(&c, NULL);
	struct proposal adds[] = { add_of(&c, club_person(&c, 1)), add_of(&c, club_person(&c, 2)) };
	club_commit_proposals(&c, alice(), adds, 2);
	expect_ok(wire_encode_to(&c.mem, required_capabilities_element, &r, &e.extension_data));
	const struct proposal v[] = { { .proposal_type = PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
					.extensions = { &e, 1 } },
				      remove_of(&c.people[2]) };
	breaks_list(v, 1, RULE_LEAF_REQUIRED_CAPABILITIES);
	club_commit_proposals(&c, alice(), v, 2);
	club_end(&c);
}

TEST(a_type_that_a_member_does_not_know)
{
	club_begin(&c, suite_at(0));
	club_person(&c, 1)->leaf.capabilities.proposals.n = 1; /* AppDataUpdate */
	club_create(&c, NULL);
	struct proposal adds[] = { add_of(&c, club_person(&c, 1)), add_of(&c, club_person(&c, 2)) };
	club_commit_proposals(&c, alice(), adds, 2);
	const struct proposal v[] = { { .proposal_type = PROPOSAL_APP_EPHEMERAL,
					.app_ephemeral = { 0xf001, VIEW_LIT("x") } },
				      remove_of(&c.people[1]) };
	breaks_list(v, 1, RULE_TYPE_SUPPORTED);
	/* Those who go do not count. */
	club_commit_proposals(&c, alice(), v, 2);
	club_end(&c);
}

TEST(reinit_is_alone)
{
	begin();
	const struct proposal reinit = {
		.proposal_type = PROPOSAL_REINIT,
		.reinit = { .group_id = VIEW_LIT("new"), .version = MLS10, .cipher_suite = 1 }
	};
	const struct proposal both[] = { reinit, remove_of(&c.people[1]) };
	breaks_list(both, 2, RULE_REINIT_IS_ALONE);
	struct proposal old = reinit;
	old.reinit.version = 0;
	breaks_list(&old, 1, RULE_REINIT_VERSION);
	club_end(&c);
}

TEST(external_init_of_a_member)
{
	uint8_t kem_output[32] = { 9 };
	begin();
	const struct proposal init = { .proposal_type = PROPOSAL_EXTERNAL_INIT,
				       .kem_output = VIEW_OF(kem_output) };
	breaks(&c, alice(), forge_proposal(&c, alice(), &init), RULE_PROPOSAL_SENDER, ALL);
	breaks_commit(&c, alice(), &init, 1, RULE_PROPOSAL_SENDER);
	breaks(&c, alice(), forge_commit(&c, alice(), &init, 1), RULE_EXTERNAL_INIT_IN_EXTERNAL,
	       ALL | NO_PATH | BEHIND);
	club_end(&c);
}

TEST(app_data)
{
	begin();
	struct proposal v[] = {
		{ .proposal_type = PROPOSAL_APP_DATA_UPDATE,
		  .app_data_update = { 0xf001, APP_DATA_REMOVE, { NULL, 0 } } },
		{ .proposal_type = PROPOSAL_APP_DATA_UPDATE,
		  .app_data_update = { 0xf001, APP_DATA_UPDATE, VIEW_LIT("x") } },
	};
	club_commit_proposals(&c, alice(), &v[1], 1); /* so that there is something */
	breaks_list(v, 2, RULE_COMPONENT_ONCE);       /* one removal alone */
	v[1] = v[0];
	breaks_list(v, 2, RULE_COMPONENT_ONCE);
	v[0].app_data_update.component_id = 0xf002;
	breaks_list(v, 1, RULE_COMPONENT_IS_THERE); /* there is nothing to remove */
	/* The dictionary is changed by AppDataUpdate alone, where that is required. */
	struct component_data data = { 0xf001, VIEW_LIT("y") };
	const struct app_data_dictionary d = { { &data, 1 } };
	struct extension_list l = club_extensions(&c, NULL);
	struct extension e[] = { l.v[0], { .extension_type = EXTENSION_APP_DATA_DICTIONARY } };
	expect_ok(wire_encode_to(&c.mem, app_data_dictionary_element, &d, &e[1].extension_data));
	const struct proposal gce = { .proposal_type = PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
				      .extensions = { e, 2 } };
	breaks(&c, alice(), forge_proposal(&c, alice(), &gce), RULE_DICTIONARY_BY_UPDATES, ALL);
	breaks_list(&gce, 1, RULE_DICTIONARY_BY_UPDATES);
	club_end(&c);
}

/* --- what one does not propose oneself --- */

static uc_err proposes(const struct proposal *p)
{
	struct view message;
	struct group *g = alice()->g;
	size_t kept = group_proposal_count(g);
	struct view before = person_saved(&c, alice());
	uc_err err = group_propose(g, p, view_make(NULL, 0), &c.mem, &message);
	if (err)
		expect_bytes(person_saved(&c, alice()), before);
	else
		group_proposal_drop(g, group_proposal_at(g, kept).ref);
	return err;
}

/* An external sender, through the public group that it follows. */
static uc_err hub_proposes(const struct proposal *p)
{
	struct view message, before = server_saved(&c);
	struct public_group *copy = NULL;
	expect_ok(public_group_load(test_env(), &c.hooks, before, &copy));
	uc_err err = public_group_propose(copy, 0, &hub, p, &c.mem, &message);
	expect_eq(public_group_proposal_count(copy), err ? 0 : 1);
	public_group_free(copy);
	return err;
}

/* 12.2: "A group member creating a Commit [...] MUST verify"; of what it proposes, it is asked as well. */
TEST(the_maker_of_a_proposal_keeps_the_rules)
{
	uint8_t kem_output[32] = { 9 };
	begin();
	struct proposal p = { .proposal_type = PROPOSAL_REMOVE, .removed = 77 };
	BREAKS_CALL(REMOVED_IS_THERE, proposes(&p));
	BREAKS_CALL(REMOVED_IS_THERE, hub_proposes(&p));
	p = psk_of(&c, VIEW_LIT("known"));
	p.psk.psk_nonce.n = 31;
	BREAKS_CALL(PSK_NONCE, proposes(&p));
	BREAKS_CALL(PSK_NONCE, hub_proposes(&p));
	p.psk = (struct pre_shared_key_id){ .psktype = PSK_RESUMPTION,
					    .usage = RESUMPTION_BRANCH,
					    .psk_group_id = VIEW_LIT("the club"),
					    .psk_epoch = 1,
					    .psk_nonce = view_make(arena_take(&c.mem, 32), 32) };
	BREAKS_CALL(PSK_USAGE, proposes(&p));
	BREAKS_CALL(PSK_USAGE, hub_proposes(&p));
	p = (struct proposal){ .proposal_type = PROPOSAL_REINIT,
			       .reinit = { .group_id = VIEW_LIT("new"), .cipher_suite = 1 } };
	BREAKS_CALL(REINIT_VERSION, proposes(&p));
	BREAKS_CALL(REINIT_VERSION, hub_proposes(&p));
	p = (struct proposal){ .proposal_type = PROPOSAL_EXTERNAL_INIT,
			       .kem_output = VIEW_OF(kem_output) };
	BREAKS_CALL(PROPOSAL_SENDER, proposes(&p));
	p = add_of(&c, club_person(&c, 9));
	p.key_package.signature = changeable(&c, p.key_package.signature);
	flip(p.key_package.signature, 4);
	BREAKS_CALL(KEY_PACKAGE_SIGNATURE, proposes(&p));
	BREAKS_CALL(KEY_PACKAGE_SIGNATURE, hub_proposes(&p));
	/* What only members propose, its signer does not propose either. */
	p = (struct proposal){ .proposal_type = PROPOSAL_SELF_REMOVE };
	STANDS_CALL(PROPOSAL_SENDER, hub_proposes(&p));
	club_end(&c);
}

/* What came is kept; and it is not kept twice. */
TEST(the_same_proposal_again)
{
	begin();
	const struct proposal remove = remove_of(&c.people[2]);
	struct view message = forge_proposal(&c, alice(), &remove);
	club_deliver_proposal(&c, alice(), message);
	breaks(&c, alice(), message, RULE_PROPOSAL_ONCE, ALL);
	club_end(&c);
}

/* Our Update, in the commit of another, when the key that goes with it is not there. */
TEST(an_own_update_whose_key_is_gone)
{
	struct view message;
	struct made_commit made;
	const struct commit_options all = { .force_path = true };
	begin();
	expect_ok(group_propose_update(c.people[2].g, &c.mem, &message));
	club_deliver_proposal(&c, &c.people[2], message);
	struct kem_key *key = &c.people[2].g->proposals.v[0]->update_key;
	kem_key_wipe(key);
	key->pub_n = 0;
	expect_ok(group_commit(alice()->g, &all, &c.mem, &made));
	group_pending_drop(alice()->g);
	struct received got;
	struct view before = person_saved(&c, &c.people[2]);
	STANDS_CALL(OWN_UPDATE_KEY, group_receive(c.people[2].g, made.commit, &c.mem, &got));
	expect_bytes(person_saved(&c, &c.people[2]), before);
	club_end(&c);
}

TEST(no_path_where_one_is_needed)
{
	begin();
	breaks_tagged(forge_commit(&c, alice(), NULL, 0), RULE_PATH_REQUIRED);
	const struct proposal remove = remove_of(&c.people[2]);
	breaks_tagged(forge_commit(&c, alice(), &remove, 1), RULE_PATH_REQUIRED);
	const struct proposal gce = { .proposal_type = PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
				      .extensions = club_extensions(&c, &hub) };
	breaks_tagged(forge_commit(&c, alice(), &gce, 1), RULE_PATH_REQUIRED);
	/* Beside an Add, which needs none. */
	const struct proposal both[] = { add_of(&c, club_person(&c, 9)), remove };
	breaks_tagged(forge_commit(&c, alice(), both, 2), RULE_PATH_REQUIRED);
	club_end(&c);
}
