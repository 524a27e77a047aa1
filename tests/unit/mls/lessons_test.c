/* SPDX-License-Identifier: Apache-2.0 */
/* What other MLS libraries got wrong, by their advisories and bug trackers, where no other test holds
 * it: docs/rules.md has the list, with a test for each. */
#include "mls/group_inside.h"
#include "mls/group_safe.h"

#include "tests/unit/mls/members.h"

static struct club c;

static struct person *alice(void)
{
	return &c.people[0];
}

static struct view said(struct person *p, const char *text)
{
	struct view message;
	expect_ok(group_encrypt(p->g, view_make(NULL, 0), view_str(text), 0, &c.mem, &message));
	return message;
}

static uc_err reads(struct person *p, struct view message)
{
	struct received got;
	return group_receive(p->g, message, &c.mem, &got);
}

/* --- what is at rest --- */

/* A secret that was exported was exported also for one who restarts; what was not is still there. */
TEST(exported_secrets_are_gone_after_a_restart)
{
	struct secret one, again, other, others;
	club_with(&c, suite_at(0), 2);
	expect_ok(group_safe_export(alice()->g, 0xf001, &one));
	person_restart(&c, alice());
	expect_err(group_safe_export(alice()->g, 0xf001, &again), UC_E_NOT_FOUND);
	expect_ok(group_safe_export(alice()->g, 0xf002, &other));
	/* The same as another member's. */
	expect_ok(group_safe_export(c.people[1].g, 0xf001, &again));
	expect_ok(group_safe_export(c.people[1].g, 0xf002, &others));
	expect_bytes(secret_view(&one), secret_view(&again));
	expect_bytes(secret_view(&other), secret_view(&others));
	/* In the next epoch there are new ones. */
	club_commit_proposals(&c, alice(), NULL, 0);
	person_restart(&c, alice());
	expect_ok(group_safe_export(alice()->g, 0xf001, &again));
	expect(!view_equal(secret_view(&one), secret_view(&again)));
	club_end(&c);
}

/* A message that was read is not read again by one who restarts, at whatever place in the order. */
TEST(what_was_read_is_not_read_after_a_restart)
{
	struct view message[5];
	static const size_t order[] = { 2, 0, 4, 1, 3 };
	club_with(&c, suite_at(0), 3);
	for (size_t i = 0; i < 5; i++)
		message[i] = said(alice(), "once");
	for (size_t i = 0; i < 5; i++) {
		expect_ok(reads(&c.people[1], message[order[i]]));
		person_restart(&c, &c.people[1]);
		for (size_t k = 0; k <= i; k++)
			expect_err(reads(&c.people[1], message[order[k]]), UC_E_DECRYPT);
	}
	/* Of a past epoch as well. */
	struct view late = said(alice(), "late");
	club_commit_proposals(&c, &c.people[2], NULL, 0);
	person_restart(&c, &c.people[1]);
	expect_ok(reads(&c.people[1], late));
	person_restart(&c, &c.people[1]);
	expect_err(reads(&c.people[1], late), UC_E_DECRYPT);
	club_end(&c);
}

/* --- ratchets --- */

/* The same bytes twice, or one message two ahead of the next, and all others are still read. */
TEST(repeats_and_gaps_cost_no_other_message)
{
	struct view message[12];
	club_with(&c, suite_at(0), 2);
	struct person *p = &c.people[1];
	for (size_t i = 0; i < 12; i++)
		message[i] = said(alice(), "in any order");
	expect_ok(reads(p, message[0]));
	expect_err(reads(p, message[0]), UC_E_DECRYPT);
	expect_err(reads(p, message[0]), UC_E_DECRYPT);
	for (size_t i = 1; i + 2 < 12; i += 3) {
		expect_ok(reads(p, message[i + 2])); /* two ahead */
		expect_err(reads(p, message[i + 2]), UC_E_DECRYPT);
		expect_ok(reads(p, message[i]));
		expect_ok(reads(p, message[i + 1]));
	}
	expect_ok(reads(p, message[11 - 1]));
	expect_ok(reads(p, message[11]));
	club_talks(&c, alice(), "and on");
	club_end(&c);
}

/* --- epochs --- */

static struct group *copy_of(const struct person *p)
{
	struct buf epoch, ratchets;
	struct group *copy = NULL;
	buf_init_secret(&epoch, WIRE_OBJECT_MAX);
	buf_init_secret(&ratchets, WIRE_OBJECT_MAX);
	expect_ok(group_save_epoch(p->g, &epoch));
	expect_ok(group_save_ratchets(p->g, &ratchets));
	expect_ok(group_load(&c.platform, buf_view(&epoch), buf_view(&ratchets), &copy));
	buf_done(&epoch);
	buf_done(&ratchets);
	return copy;
}

/* Who sent a late message is asked of the tree of its epoch: somebody who has left since may have, and
 * somebody who has come since may not. */
TEST(senders_are_of_the_epoch_of_their_message)
{
	struct received got;
	club_with(&c, suite_at(0), 4);
	const struct proposal remove = remove_of(&c.people[2]);
	struct view late = said(&c.people[2], "before I go");
	club_commit_proposals(&c, alice(), &remove, 1);
	expect_ok(group_receive(c.people[1].g, late, &c.mem, &got));
	expect_eq(got.sender.leaf_index, 2);
	expect(got.leaf && view_equal(got.leaf->credential.identity, VIEW_LIT("person 2")));
	/* In that epoch leaf 2 is blank; in the next one it is another's. */
	struct group *then = copy_of(&c.people[1]);
	const struct proposal add = add_of(&c, club_person(&c, 7));
	club_commit_proposals(&c, alice(), &add, 1);
	expect_eq(group_own_leaf(c.people[7].g), 2);
	struct framing_epoch e = epoch_framing(then->now);
	struct framed_content words = {
		.group_id = group_id(alice()->g),
		.epoch = group_epoch(then),
		.sender = { .sender_type = SENDER_MEMBER, .leaf_index = 2 },
		.content_type = CONTENT_APPLICATION,
		.application_data = VIEW_LIT("I was there"),
	};
	struct authenticated_content auth;
	struct mls_message m = { .version = MLS10, .wire_format = MLS_PRIVATE_MESSAGE };
	struct view message;
	/* With the keys that the blank leaf would have had, and its present holder's signature. */
	e.own_leaf = 2;
	expect_ok(framing_sign(&e, test_env(), &c.people[7].key, MLS_PRIVATE_MESSAGE, &words,
			       &c.mem, &auth));
	expect_ok(framing_protect_private(&e, test_env(), &auth, 0, &c.mem, &m.private_message));
	expect_ok(wire_encode_to(&c.mem, mls_message_element, &m, &message));
	expect_eq(group_epoch(then) + 1, group_epoch(alice()->g));
	expect_err(reads(&c.people[3], message), UC_E_DECRYPT);
	group_free(then);
	club_talks(&c, &c.people[7], "now I am");
	club_end(&c);
}

/* While our own commit waits, whatever else takes the epoch: another's, one from outside, one that
 * removes us; and then ours is worth nothing, to us and to others. */
TEST(a_pending_commit_stands_in_no_ones_way)
{
	const struct commit_options path = { .force_path = true };
	for (int what = 0; what < 3; what++) {
		struct made_commit ours;
		club_with(&c, suite_at(0), 4);
		struct person *p = &c.people[2];
		const struct proposal add = add_of(&c, club_person(&c, 8));
		const struct commit_options adds = { .proposals = &add, .proposal_count = 1 };
		const struct proposal remove = remove_of(p);
		expect_ok(group_commit(p->g, what ? &path : &adds, &c.mem, &ours));
		person_restart(&c, p);
		if (what == 0)
			club_commit_proposals(&c, alice(), NULL, 0);
		else if (what == 1)
			club_join_external(&c, club_person(&c, 9), TREE_NONE);
		else
			club_commit_proposals(&c, alice(), &remove, 1);
		expect(!p->g == (what == 2));
		if (p->g) {
			expect(!group_has_pending(p->g));
			expect(reads(p, ours.commit) != UC_OK);
			club_talks(&c, p, "after all");
			club_commit_proposals(&c, p, NULL, 0);
		}
		expect(reads(&c.people[1], ours.commit) != UC_OK);
		club_talks(&c, alice(), "undisturbed");
		club_end(&c);
	}
}

/* --- GroupInfo --- */

/* A commit that gives its maker another signature key: what it says of the new epoch is signed by
 * that, or nobody could join by it. */
TEST(group_info_is_signed_by_the_key_of_its_epoch)
{
	struct sign_key key;
	struct made_commit made;
	club_with(&c, suite_at(0), 3);
	expect_ok(sign_key_generate(c.suite, test_env(), &key));
	struct leaf_parameters as = alice()->leaf;
	as.signature_key = &key;
	const struct commit_options o = { .leaf = &as, .tree = TREE_ALWAYS };
	expect_ok(group_commit(alice()->g, &o, &c.mem, &made));
	struct public_group *server = NULL;
	expect_ok(public_group_new(test_env(), &c.hooks, made.group_info, made.ratchet_tree,
				   &server));
	public_group_free(server);
	club_deliver(&c, alice(), &made);
	club_join_external(&c, club_person(&c, 5), TREE_NONE);
	club_end(&c);
}

/* --- trees with holes --- */

/* Everybody new believes the tree: a server that begins here, who joins from outside, and who is
 * welcomed. */
static void others_come(size_t who)
{
	struct view info, tree;
	struct public_group *server = NULL;
	expect_ok(group_info_make(alice()->g, &c.mem, &info));
	expect_ok(group_ratchet_tree(alice()->g, &c.mem, &tree));
	expect_ok(public_group_new(test_env(), &c.hooks, info, tree, &server));
	public_group_free(server);
	club_join_external(&c, club_person(&c, who), TREE_NONE);
	const struct proposal add = add_of(&c, club_person(&c, who + 1));
	club_commit_proposals(&c, &c.people[who], &add, 1);
}

/* Eight leaves, of which any may be blank: empty halves, blank nodes between, leaves that no node
 * above has merged; parent hashes skip what is blank, and are of what was there at the time. */
TEST(trees_with_holes)
{
	/* Who goes (bits; alice stays), and who commits before and after. */
	static const struct {
		unsigned gone;
		size_t before, after;
	} shapes[] = {
		{ 0x0e, 5, 0 }, /* but for alice, the left half is empty */
		{ 0xf0, 1, 0 }, /* the right one */
		{ 0x0c, 7, 4 }, /* a quarter, left and right of it */
		{ 0xc0, 2, 5 }, { 0x30, 6, 7 }, { 0xaa, 2, 4 },
		{ 0x54, 1, 7 }, { 0x7e, 7, 7 }, /* the first and the last alone */
		{ 0x02, 1, 3 }, { 0x80, 7, 0 },
	};
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		struct proposal remove[8];
		size_t n = 0;
		club_with(&c, suite_at(0), 8);
		for (size_t who = 0; who < 8; who++)
			if (who != 3)
				club_commit_proposals(&c, &c.people[who], NULL, 0);
		club_commit_proposals(&c, &c.people[shapes[i].before], NULL, 0);
		for (unsigned who = 1; who < 8; who++)
			if (shapes[i].gone >> who & 1)
				remove[n++] = remove_of(&c.people[who]);
		club_commit_proposals(&c, alice(), remove, n);
		others_come(10);
		club_commit_proposals(&c, &c.people[shapes[i].after], NULL, 0);
		others_come(20);
		/* Two at once, unmerged above, and one who goes by itself among them. */
		struct view message;
		const struct proposal leave = { .proposal_type = PROPOSAL_SELF_REMOVE };
		const struct proposal adds[] = { add_of(&c, club_person(&c, 30)),
						 add_of(&c, club_person(&c, 31)) };
		club_commit_proposals(&c, &c.people[10], adds, 2);
		expect_ok(group_propose(c.people[30].g, &leave, view_make(NULL, 0), &c.mem,
					&message));
		club_deliver_proposal(&c, &c.people[30], message);
		club_commit_proposals(&c, &c.people[31], NULL, 0);
		others_come(40);
		club_talks(&c, &c.people[shapes[i].after], "still one group");
		club_end(&c);
	}
}

/* A left half that is empty down to the last leaf: the root's only child with anything below is the
 * right one, and its parent hash is of an empty tree beside it. */
TEST(an_empty_left_half)
{
	struct proposal remove[4];
	club_with(&c, suite_at(0), 8);
	for (size_t i = 0; i < 4; i++)
		remove[i] = remove_of(&c.people[i]);
	club_commit_proposals(&c, &c.people[6], remove, 4);
	club_commit_proposals(&c, &c.people[5], NULL, 0);
	struct view info, tree;
	struct public_group *server = NULL;
	expect_ok(group_info_make(c.people[5].g, &c.mem, &info));
	expect_ok(group_ratchet_tree(c.people[5].g, &c.mem, &tree));
	expect_ok(public_group_new(test_env(), &c.hooks, info, tree, &server));
	public_group_free(server);
	const struct proposal add = add_of(&c, club_person(&c, 9));
	club_commit_proposals(&c, &c.people[7], &add, 1);
	expect_eq(group_own_leaf(c.people[9].g), 0);
	club_talks(&c, &c.people[9], "all this room");
	club_end(&c);
}

/* Nobody who chooses keys and capabilities knows where the tables of a tree keep them: each has a key of
 * its own, however the tree came here. */
static void key_is_new(const struct tree *t, uint64_t (*seen)[2], size_t *n)
{
	const uint64_t *key = tree_hash_key(t);
	expect(key[0] && key[1]);
	for (size_t i = 0; i < *n; i++)
		expect(seen[i][0] != key[0] && seen[i][1] != key[1]);
	memcpy(seen[(*n)++], key, sizeof seen[0]);
}

TEST(tables_have_keys_that_nobody_knows)
{
	uint64_t seen[8][2];
	size_t n = 0;
	club_with(&c, suite_at(0), 2);
	club_person(&c, 2);
	club_join_external(&c, &c.people[2], TREE_NONE);
	for (size_t i = 0; i < 3; i++)
		key_is_new(group_now(c.people[i].g).tree, seen, &n);
	key_is_new(public_group_now(c.server).tree, seen, &n);
	person_restart(&c, alice());
	key_is_new(group_now(alice()->g).tree, seen, &n);
	person_keep(&c.people[1]);
	struct group *g = NULL;
	size_t used;
	expect_ok(group_journal_open(&c.platform, buf_view(&c.people[1].root),
				     buf_view(&c.people[1].journal), &used, &g));
	key_is_new(group_now(g).tree, seen, &n);
	group_free(g);
	shelf_put(&c.shelf, c.server);
	server_restart(&c);
	key_is_new(public_group_now(c.server).tree, seen, &n);
	club_end(&c);
}

/* --- proposals --- */

/* What a member proposes that nobody can commit keeps nobody from committing. */
static void waits(struct person *by, const struct proposal *p)
{
	struct view message;
	struct commit_options o = { .proposals = p, .proposal_count = 1, .without_stored = true };
	struct made_commit made;
	expect(group_commit(alice()->g, &o, &c.mem, &made) != UC_OK);
	expect_ok(group_propose(by->g, p, view_make(NULL, 0), &c.mem, &message));
	club_deliver_proposal(&c, by, message);
	expect_eq(group_proposal_count(alice()->g), 1);
	club_commit_proposals(&c, alice(), NULL, 0);
	expect_eq(group_proposal_count(alice()->g), 0);
}

TEST(a_proposal_that_nobody_can_commit_is_left_out)
{
	club_with(&c, suite_at(0), 3);
	struct person *mallory = &c.people[2];
	struct proposal p = psk_of(&c, VIEW_LIT("known to nobody"));
	waits(mallory, &p);
	/* Somebody who is here. */
	p = add_of(&c, &c.people[1]);
	waits(mallory, &p);
	/* Who does not list what the group requires. */
	club_person(&c, 4)->leaf.capabilities.proposals = (struct u16_list){ NULL, 0 };
	p = add_of(&c, &c.people[4]);
	waits(mallory, &p);
	static uint16_t strange[] = { 0xf00f };
	const struct required_capabilities r = { .extension_types = { strange, 1 } };
	struct extension e = { .extension_type = EXTENSION_REQUIRED_CAPABILITIES };
	expect_ok(wire_encode_to(&c.mem, required_capabilities_element, &r, &e.extension_data));
	p = (struct proposal){ .proposal_type = PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
			       .extensions = { &e, 1 } };
	waits(mallory, &p);
	club_end(&c);
}

/* Those who are let go by the commit need not know what is in it. */
TEST(who_goes_need_not_support_what_comes)
{
	struct view message;
	const struct proposal leave = { .proposal_type = PROPOSAL_SELF_REMOVE };
	club_begin(&c, suite_at(0));
	static uint16_t few[] = { PROPOSAL_SELF_REMOVE };
	club_person(&c, 1)->leaf.capabilities.proposals = (struct u16_list){ few, 1 };
	club_create(&c, NULL);
	const struct proposal adds[] = { add_of(&c, &c.people[1]), add_of(&c, club_person(&c, 2)) };
	club_commit_proposals(&c, alice(), adds, 2);
	const struct proposal word = { .proposal_type = PROPOSAL_APP_EPHEMERAL,
				       .app_ephemeral = { 0xf001, VIEW_LIT("x") } };
	struct made_commit made;
	const struct commit_options o = { .proposals = &word, .proposal_count = 1 };
	expect_err(group_commit(alice()->g, &o, &c.mem, &made), UC_E_UNSUPPORTED);
	/* By its own wish, which comes by reference. */
	expect_ok(group_propose(c.people[1].g, &leave, view_make(NULL, 0), &c.mem, &message));
	club_deliver_proposal(&c, &c.people[1], message);
	club_commit_proposals(&c, alice(), &word, 1);
	expect(!c.people[1].g);
	club_end(&c);
}

/* Our leaf after somebody committed our Update is that of the Update, with its key. */
TEST(an_update_that_is_committed_is_ours)
{
	struct view message;
	club_with(&c, suite_at(0), 3);
	struct person *p = &c.people[1];
	expect_ok(group_propose_update(p->g, &c.mem, &message));
	struct view fresh = group_proposal_at(p->g, 0).proposal->leaf_node.encryption_key;
	expect_ok(arena_copy(&c.mem, fresh, &fresh));
	club_deliver_proposal(&c, p, message);
	club_commit_proposals(&c, alice(), NULL, 0);
	expect_bytes(tree_leaf_find(group_now(p->g).tree, 1, LEAF_ROOM)->encryption_key, fresh);
	const struct kem_key *key = tree_secret_find(&p->g->now->keys, tree_node_of_leaf(1));
	expect(key && view_equal(kem_public(key), fresh));
	club_commit_proposals(&c, &c.people[2], NULL, 0); /* sealed to it */
	club_talks(&c, p, "it works");
	club_end(&c);
}
