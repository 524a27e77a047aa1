/* SPDX-License-Identifier: Apache-2.0 */
/* What a group does with each proposal, by all its members and a server, through storage. */
#include "tests/unit/mls/members.h"

static struct club c;

TEST(one_person_is_a_group)
{
	for (size_t i = 0; suite_at(i); i++) {
		club_with(&c, suite_at(i), 1);
		expect_eq(group_epoch(c.people[0].g), 0);
		expect_eq(group_own_leaf(c.people[0].g), 0);
		club_commit_proposals(&c, &c.people[0], NULL, 0);
		expect_eq(group_epoch(c.people[0].g), 1);
		club_end(&c);
	}
}

TEST(people_are_added_one_by_one_and_talk)
{
	for (size_t i = 0; suite_at(i); i++) {
		club_with(&c, suite_at(i), 1);
		for (size_t k = 1; k < 6; k++) {
			struct proposal add = add_of(&c, club_person(&c, k));
			club_commit_proposals(&c, &c.people[k - 1], &add, 1);
			expect_eq(club_count(&c), k + 1);
			club_talks(&c, &c.people[k], "hello");
		}
		club_end(&c);
	}
}

TEST(an_add_alone_needs_no_path)
{
	struct made_commit made;
	club_with(&c, suite_at(0), 2);
	struct proposal add = add_of(&c, club_person(&c, 2));
	struct commit_options o = { .proposals = &add, .proposal_count = 1 };
	expect_ok(group_commit(c.people[0].g, &o, &c.mem, &made));
	expect(!made.change.has_path);
	expect_eq(made.change.added.n, 1);
	expect_eq(made.change.added.v[0], 2);
	club_deliver(&c, &c.people[0], &made);
	add = add_of(&c, club_person(&c, 3));
	o.force_path = true;
	expect_ok(group_commit(c.people[2].g, &o, &c.mem, &made));
	expect(made.change.has_path);
	club_deliver(&c, &c.people[2], &made);
	club_end(&c);
}

TEST(many_are_added_in_one_commit)
{
	club_with(&c, suite_at(0), 9);
	expect_eq(club_count(&c), 9);
	expect_eq(group_epoch(c.people[8].g), 1);
	for (size_t i = 0; i < 9; i++)
		club_talks(&c, &c.people[i], "all of us");
	club_end(&c);
}

TEST(a_removed_member_is_told_and_reads_nothing_later)
{
	struct received got;
	struct view message;
	club_with(&c, suite_at(0), 4);
	struct person *gone = &c.people[2];
	struct proposal remove = remove_of(gone);
	const struct commit_options o = { .proposals = &remove, .proposal_count = 1 };
	struct made_commit made;
	expect_ok(group_commit(c.people[0].g, &o, &c.mem, &made));
	/* The one who goes stages it by hand, and stays in memory. */
	expect_ok(group_receive(gone->g, made.commit, &c.mem, &got));
	expect(got.removes_us);
	expect_eq(got.change->removed.v[0], group_own_leaf(gone->g));
	expect_ok(group_staged_apply(gone->g));
	expect(group_is_removed(gone->g));
	person_restart(&c, gone);
	expect(group_is_removed(gone->g));
	struct group *kept = gone->g;
	gone->g = NULL;
	club_deliver(&c, &c.people[0], &made);
	expect_ok(group_encrypt(c.people[0].g, view_make(NULL, 0), VIEW_LIT("secret"), 0, &c.mem,
				&message));
	expect_err(group_receive(kept, message, &c.mem, &got), UC_E_REMOVED);
	expect_err(group_encrypt(kept, view_make(NULL, 0), VIEW_LIT("x"), 0, &c.mem, &message),
		   UC_E_REMOVED);
	expect_err(group_commit(kept, &o, &c.mem, &made), UC_E_REMOVED);
	expect_err(group_propose_update(kept, &c.mem, &message), UC_E_REMOVED);
	group_free(kept);
	club_end(&c);
}

TEST(updates_by_reference_renew_keys)
{
	struct view message;
	club_with(&c, suite_at(0), 5);
	struct view before;
	struct person *p = &c.people[3];
	expect_ok(arena_copy(&c.mem,
			     tree_leaf_find(group_now(p->g).tree, group_own_leaf(p->g), LEAF_ROOM)
				     ->encryption_key,
			     &before));
	expect_ok(group_propose_update(p->g, &c.mem, &message));
	person_restart(&c, p);
	club_deliver_proposal(&c, p, message);
	expect_ok(group_propose_update(c.people[4].g, &c.mem, &message));
	club_deliver_proposal(&c, &c.people[4], message);
	expect_eq(group_proposal_count(c.people[0].g), 2);
	club_commit_proposals(&c, &c.people[0], NULL, 0);
	expect_eq(group_proposal_count(c.people[0].g), 0);
	expect(!view_equal(before,
			   tree_leaf_find(group_now(p->g).tree, group_own_leaf(p->g), LEAF_ROOM)
				   ->encryption_key));
	club_talks(&c, p, "with new keys");
	/* And what the updated one does next is understood by all. */
	club_commit_proposals(&c, p, NULL, 0);
	club_end(&c);
}

TEST(an_own_update_is_not_committed_by_its_maker)
{
	struct view message;
	club_with(&c, suite_at(0), 3);
	expect_ok(group_propose_update(c.people[1].g, &c.mem, &message));
	club_deliver_proposal(&c, &c.people[1], message);
	club_commit_proposals(&c, &c.people[1], NULL, 0);
	club_talks(&c, &c.people[1], "its path was new enough");
	club_end(&c);
}

TEST(self_remove_by_reference)
{
	struct view message;
	const struct proposal leave = { .proposal_type = PROPOSAL_SELF_REMOVE };
	struct made_commit made;
	club_with(&c, suite_at(0), 4);
	struct person *p = &c.people[3];
	expect_ok(group_propose(p->g, &leave, view_make(NULL, 0), &c.mem, &message));
	club_deliver_proposal(&c, p, message);
	/* It cannot be committed by the one who leaves. */
	const struct commit_options o = { .force_path = true };
	expect_ok(group_commit(p->g, &o, &c.mem, &made));
	expect_eq(made.change.removed.n, 0);
	group_pending_drop(p->g);
	club_commit_proposals(&c, &c.people[1], NULL, 0);
	expect(!p->g);
	expect_eq(club_count(&c), 3);
	club_talks(&c, &c.people[0], "one less");
	club_end(&c);
}

/* The draft: SelfRemove wins over a Remove of the same leaf. */
TEST(self_remove_beside_remove)
{
	struct view message;
	const struct proposal leave = { .proposal_type = PROPOSAL_SELF_REMOVE };
	club_with(&c, suite_at(0), 4);
	struct person *p = &c.people[3];
	struct proposal remove = remove_of(p);
	expect_ok(group_propose(c.people[2].g, &remove, view_make(NULL, 0), &c.mem, &message));
	club_deliver_proposal(&c, &c.people[2], message);
	expect_ok(group_propose(p->g, &leave, view_make(NULL, 0), &c.mem, &message));
	club_deliver_proposal(&c, p, message);
	struct made_commit made;
	const struct commit_options o = { .force_path = false };
	expect_ok(group_commit(c.people[0].g, &o, &c.mem, &made));
	expect_eq(made.change.proposals.n, 1);
	expect_eq(made.change.proposals.v[0].proposal->proposal_type, PROPOSAL_SELF_REMOVE);
	club_deliver(&c, &c.people[0], &made);
	expect(!p->g);
	club_end(&c);
}

TEST(a_place_that_is_free_is_taken_again)
{
	club_with(&c, suite_at(0), 6);
	struct proposal remove = remove_of(&c.people[1]);
	club_commit_proposals(&c, &c.people[5], &remove, 1);
	struct proposal add = add_of(&c, club_person(&c, 6));
	club_commit_proposals(&c, &c.people[0], &add, 1);
	expect_eq(group_own_leaf(c.people[6].g), 1);
	/* One goes and one comes in one commit: the same place again. */
	struct proposal both[] = { remove_of(&c.people[6]), add_of(&c, club_person(&c, 7)) };
	club_commit_proposals(&c, &c.people[2], both, 2);
	expect_eq(group_own_leaf(c.people[7].g), 1);
	club_talks(&c, &c.people[7], "here");
	club_end(&c);
}

TEST(the_tree_shrinks_and_grows)
{
	club_with(&c, suite_at(0), 9);
	struct proposal removes[5];
	for (size_t i = 0; i < 5; i++)
		removes[i] = remove_of(&c.people[4 + i]);
	club_commit_proposals(&c, &c.people[0], removes, 5);
	expect_eq(group_now(c.people[0].g).tree->leaves, 4);
	struct proposal add = add_of(&c, club_person(&c, 10));
	club_commit_proposals(&c, &c.people[3], &add, 1);
	expect_eq(group_now(c.people[0].g).tree->leaves, 8);
	club_talks(&c, &c.people[10], "more room");
	club_end(&c);
}

TEST(external_psks)
{
	club_with(&c, suite_at(0), 3);
	c.known[0] = (struct club_psk){ VIEW_LIT("first"), { 1, 2, 3 } };
	c.known[1] = (struct club_psk){ VIEW_LIT("second"), { 4, 5, 6 } };
	c.psk_count = 2;
	/* With a newcomer, who finds them in the Welcome. */
	struct proposal v[] = { psk_of(&c, VIEW_LIT("first")), add_of(&c, club_person(&c, 3)),
				psk_of(&c, VIEW_LIT("second")) };
	club_commit_proposals(&c, &c.people[1], v, 3);
	club_talks(&c, &c.people[3], "we know the same");
	club_end(&c);
}

TEST(a_psk_not_known_yet_can_be_had_later)
{
	struct made_commit made;
	struct received got;
	club_with(&c, suite_at(0), 2);
	c.known[0] = (struct club_psk){ VIEW_LIT("late"), { 9 } };
	c.psk_count = 1;
	struct proposal psk = psk_of(&c, VIEW_LIT("late"));
	const struct commit_options o = { .proposals = &psk, .proposal_count = 1 };
	expect_ok(group_commit(c.people[0].g, &o, &c.mem, &made));
	c.psk_count = 0;
	struct view before = person_saved(&c, &c.people[1]);
	expect_err(group_receive(c.people[1].g, made.commit, &c.mem, &got), UC_E_PSK);
	expect_bytes(person_saved(&c, &c.people[1]), before);
	c.psk_count = 1;
	club_deliver(&c, &c.people[0], &made);
	club_end(&c);
}

TEST(resumption_psk_of_an_earlier_epoch)
{
	club_with(&c, suite_at(0), 3);
	for (int i = 0; i < 3; i++)
		club_commit_proposals(&c, &c.people[i], NULL, 0);
	uint8_t nonce[32] = { 7 };
	struct proposal psk = { .proposal_type = PROPOSAL_PSK,
				.psk = { .psktype = PSK_RESUMPTION,
					 .usage = RESUMPTION_APPLICATION,
					 .psk_group_id = VIEW_LIT("the club"),
					 .psk_epoch = 2,
					 .psk_nonce = VIEW_OF(nonce) } };
	club_commit_proposals(&c, &c.people[2], &psk, 1);
	/* Too long ago for anyone. */
	for (int i = 0; i < GROUP_RESUMPTION_EPOCHS; i++)
		club_commit_proposals(&c, &c.people[0], NULL, 0);
	struct made_commit made;
	const struct commit_options o = { .proposals = &psk, .proposal_count = 1 };
	expect_err(group_commit(c.people[2].g, &o, &c.mem, &made), UC_E_PSK);
	club_end(&c);
}

TEST(group_context_extensions)
{
	static uint16_t types[] = { EXTENSION_APP_DATA_DICTIONARY };
	const struct required_capabilities required = { .extension_types = { types, 1 } };
	struct extension e = { .extension_type = EXTENSION_REQUIRED_CAPABILITIES };
	struct made_commit made;
	club_with(&c, suite_at(0), 3);
	expect_ok(wire_encode_to(&c.mem, required_capabilities_element, &required,
				 &e.extension_data));
	struct proposal gce = { .proposal_type = PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
				.extensions = { &e, 1 } };
	const struct commit_options o = { .proposals = &gce, .proposal_count = 1 };
	expect_ok(group_commit(c.people[1].g, &o, &c.mem, &made));
	expect(made.change.has_path);
	club_deliver(&c, &c.people[1], &made);
	const struct extension_list *l = &group_now(c.people[0].g).context->extensions;
	expect_eq(l->n, 1);
	expect_bytes(l->v[0].extension_data, e.extension_data);
	/* One whom it would shut out cannot come, and it cannot shut out one who is there. */
	struct person *p = club_person(&c, 5);
	p->leaf.capabilities.extensions = (struct u16_list){ NULL, 0 };
	struct proposal add = add_of(&c, p);
	const struct commit_options adding = { .proposals = &add, .proposal_count = 1 };
	expect_err(group_commit(c.people[0].g, &adding, &c.mem, &made), UC_E_UNSUPPORTED);
	struct extension odd = { .extension_type = 0xf001, .extension_data = VIEW_LIT("?") };
	gce.extensions = (struct extension_list){ &odd, 1 };
	expect_err(group_commit(c.people[1].g, &o, &c.mem, &made), UC_E_UNSUPPORTED);
	club_agrees(&c);
	club_end(&c);
}

TEST(app_data_updates_change_the_dictionary)
{
	const struct view *data = NULL;
	struct view message;
	club_with(&c, suite_at(0), 3);
	struct proposal set[] = {
		{ .proposal_type = PROPOSAL_APP_DATA_UPDATE,
		  .app_data_update = { 0xf010, APP_DATA_UPDATE, VIEW_LIT("one") } },
		{ .proposal_type = PROPOSAL_APP_DATA_UPDATE,
		  .app_data_update = { 0xf008, APP_DATA_UPDATE, VIEW_LIT("zero") } },
	};
	club_commit_proposals(&c, &c.people[0], set, 2);
	expect_ok(group_component(c.people[2].g, 0xf010, &c.mem, &data));
	expect(data && view_equal(*data, VIEW_LIT("one")));
	expect_ok(group_component(c.people[2].g, 0xf008, &c.mem, &data));
	expect(data && view_equal(*data, VIEW_LIT("zero")));
	/* By reference, and a removal. */
	set[0].app_data_update.update = VIEW_LIT("two");
	expect_ok(group_propose(c.people[1].g, &set[0], view_make(NULL, 0), &c.mem, &message));
	club_deliver_proposal(&c, &c.people[1], message);
	set[1].app_data_update.op = APP_DATA_REMOVE;
	club_commit_proposals(&c, &c.people[2], &set[1], 1);
	expect_ok(group_component(c.people[0].g, 0xf010, &c.mem, &data));
	expect(data && view_equal(*data, VIEW_LIT("two")));
	expect_ok(group_component(c.people[0].g, 0xf008, &c.mem, &data));
	expect(!data);
	struct made_commit made;
	const struct commit_options again = { .proposals = &set[1], .proposal_count = 1 };
	expect_err(group_commit(c.people[2].g, &again, &c.mem, &made), UC_E_NOT_FOUND);
	club_end(&c);
}

TEST(an_external_sender_proposes)
{
	struct sign_key hub;
	struct view message;
	club_begin(&c, suite_at(0));
	expect_ok(sign_key_generate(c.suite, test_env(), &hub));
	struct extension_list extensions = club_extensions(&c, &hub);
	club_create(&c, &extensions);
	struct proposal adds[] = { add_of(&c, club_person(&c, 1)), add_of(&c, club_person(&c, 2)),
				   add_of(&c, club_person(&c, 3)) };
	club_commit_proposals(&c, &c.people[0], adds, 3);
	struct proposal remove = remove_of(&c.people[1]);
	expect_ok(public_group_propose(c.server, 0, &hub, &remove, &c.mem, &message));
	club_deliver_proposal(&c, NULL, message);
	expect_eq(group_proposal_at(c.people[3].g, 0).sender.sender_type, SENDER_EXTERNAL);
	club_commit_proposals(&c, &c.people[3], NULL, 0);
	expect(!c.people[1].g);
	/* Neither by another key nor by a sender that is not listed. */
	struct view before = server_saved(&c);
	struct received got;
	expect_err(public_group_propose(c.server, 1, &hub, &remove, &c.mem, &message),
		   UC_E_NOT_FOUND);
	remove = remove_of(&c.people[2]);
	expect_bytes(server_saved(&c), before);
	expect_ok(public_group_propose(c.server, 0, &c.people[2].key, &remove, &c.mem, &message));
	before = person_saved(&c, &c.people[0]);
	expect_err(group_receive(c.people[0].g, message, &c.mem, &got), UC_E_SIGNATURE);
	expect_bytes(person_saved(&c, &c.people[0]), before);
	club_end(&c);
}

TEST(external_join_and_resync)
{
	club_with(&c, suite_at(0), 4);
	struct person *p = club_person(&c, 4);
	club_join_external(&c, p, TREE_NONE);
	expect_eq(group_own_leaf(p->g), 4);
	club_talks(&c, p, "from outside");
	/* One who lost its state comes back in its own place. */
	struct person *lost = &c.people[1];
	uint32_t leaf = group_own_leaf(lost->g);
	person_leave(lost);
	club_join_external(&c, lost, leaf);
	expect_eq(club_count(&c), 5);
	expect_eq(group_own_leaf(lost->g), leaf);
	club_talks(&c, lost, "back");
	club_talks(&c, &c.people[0], "welcome back");
	club_end(&c);
}

TEST(an_external_commit_takes_self_removes_along)
{
	struct view message, commit, info;
	struct group *fresh = NULL;
	const struct proposal leave = { .proposal_type = PROPOSAL_SELF_REMOVE };
	club_with(&c, suite_at(0), 4);
	expect_ok(group_propose(c.people[2].g, &leave, view_make(NULL, 0), &c.mem, &message));
	club_deliver_proposal(&c, &c.people[2], message);
	struct person *p = club_person(&c, 6);
	struct external_join in = { .leaf = &p->leaf,
				    .self_removes = &message,
				    .self_remove_count = 1 };
	expect_ok(group_info_make(c.people[0].g, &c.mem, &in.group_info));
	expect_ok(group_ratchet_tree(c.people[0].g, &c.mem, &in.ratchet_tree));
	expect_ok(group_join_external(&c.platform, &in, &c.mem, &commit, &info, &fresh));
	p->g = fresh;
	const struct made_commit made = { .commit = commit, .group_info = info };
	club_deliver(&c, p, &made);
	expect(!c.people[2].g);
	expect_eq(group_own_leaf(p->g), 2);
	club_end(&c);
}

TEST(leaf_extensions_change_with_a_path)
{
	static uint16_t types[] = { EXTENSION_APP_DATA_DICTIONARY };
	(void)types;
	club_with(&c, suite_at(0), 3);
	struct extension e = { EXTENSION_APPLICATION_ID, VIEW_LIT("an id") };
	const struct extension_list l = { &e, 1 };
	const struct commit_options o = { .leaf_extensions = &l };
	club_commit(&c, &c.people[1], &o);
	const struct leaf_node *leaf = tree_leaf_find(group_now(c.people[0].g).tree,
						      group_own_leaf(c.people[1].g), LEAF_ROOM);
	expect_eq(leaf->extensions.n, 1);
	club_commit_proposals(&c, &c.people[1], NULL, 0);
	leaf = tree_leaf_find(group_now(c.people[0].g).tree, group_own_leaf(c.people[1].g),
			      LEAF_ROOM);
	expect_eq(leaf->extensions.n, 1);
	club_end(&c);
}

TEST(exports_agree_and_change_with_the_epoch)
{
	uint8_t a[32], b[32], before[32];
	club_with(&c, suite_at(0), 3);
	expect_ok(group_export(c.people[0].g, "label", VIEW_LIT("context"), before, 32));
	expect_ok(group_export(c.people[2].g, "label", VIEW_LIT("context"), b, 32));
	expect_bytes(VIEW_OF(before), VIEW_OF(b));
	expect_ok(group_export(c.people[2].g, "label", VIEW_LIT("other"), b, 32));
	expect(!view_equal(VIEW_OF(before), VIEW_OF(b)));
	club_commit_proposals(&c, &c.people[1], NULL, 0);
	expect_ok(group_export(c.people[0].g, "label", VIEW_LIT("context"), a, 32));
	expect(!view_equal(VIEW_OF(before), VIEW_OF(a)));
	club_end(&c);
}
