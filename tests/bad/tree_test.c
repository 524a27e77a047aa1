/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 9420, 7.8, 7.9.2, 12.4.3.1, 12.4.3.3: trees that nobody should believe, under a GroupInfo
 * that is rightly signed for them where one can be made. */
#include "tests/bad/forge_tree.h"

static struct club c;

static struct person *alice(void)
{
	return &c.people[0];
}

/* Seven people in a tree of eight, 2 having left, with parents and unmerged leaves. */
static void begin(void)
{
	struct proposal adds[2];
	club_with(&c, suite_at(0), 5);
	club_commit_proposals(&c, alice(), NULL, 0);
	club_commit_proposals(&c, &c.people[3], NULL, 0);
	const struct proposal remove = remove_of(&c.people[2]);
	club_commit_proposals(&c, &c.people[4], &remove, 1);
	club_commit_proposals(&c, alice(), NULL, 0);
	for (size_t i = 0; i < 2; i++)
		adds[i] = add_of(&c, club_person(&c, 5 + i));
	/* They come into places 2 and 5, without a path. */
	club_commit_proposals(&c, &c.people[3], adds, 2);
}

static struct node_list tree_now(void)
{
	return forge_tree_of(&c, alice()->g);
}

static uc_err offered(const struct node_list *l);

/* By more than one rule, of which this is the first. */
static void refused_tree(const struct node_list *l, enum mls_rule rule)
{
	expect_err(offered(l), rule_error(rule));
}

/* All that depends on what was changed is made right. */
static void around(struct node_list *l)
{
	forge_chain(&c, alice()->g, l, TREE_NONE);
}

/* Offered by one of them to a server that takes the room over, under its GroupInfo. */
static uc_err offered_by(const struct node_list *l, uint32_t signer)
{
	struct group_context context = *group_now(alice()->g).context;
	struct public_group *p = NULL;
	struct tree t;
	uint8_t hash[HASH_MAX];
	struct view encoded;
	expect_ok(wire_encode_to(&c.mem, ratchet_tree_element, l, &encoded));
	tree_init(&t, c.suite);
	/* As it is read: a leaf's bytes are what was written of it. */
	struct node_list read;
	if (!wire_decode(encoded, &c.mem, ratchet_tree_element, &read) &&
	    !tree_import(&t, c.suite, &read)) {
		expect_ok(tree_hash(&t, hash));
		context.tree_hash = view_make(hash, c.suite->nh);
		tree_done(&t);
	}
	struct view info = forge_info(&c, &c.people[signer], &context, signer);
	uc_err err = public_group_new(test_env(), NULL, info, encoded, &p);
	expect(!p == (err != UC_OK));
	public_group_free(p);
	return err;
}

static uc_err offered(const struct node_list *l)
{
	return offered_by(l, 0);
}

TEST(the_forger_can_make_a_tree)
{
	begin();
	struct node_list l = tree_now();
	struct node *root = l.v[7];
	expect_eq(l.n, 11);
	expect(root && root->node_type == NODE_PARENT);
	expect_eq(root->parent_node.unmerged_leaves.n, 2);
	expect_ok(offered(&l));
	club_end(&c);
}

TEST(the_form_of_the_list)
{
	begin();
	struct node_list l = tree_now(), with = l;
	struct node *longer[14] = { NULL };
	for (size_t i = 0; i < l.n; i++)
		longer[i] = l.v[i];
	with.v = longer;
	with.n = 13; /* a blank leaf at the end */
	BREAKS_CALL(TREE_ENDS_WITH_A_NODE, offered(&with));
	with.n = 12; /* an even number, blank or not */
	BREAKS_CALL(TREE_LENGTH, offered(&with));
	longer[11] = l.v[7];
	BREAKS_CALL(TREE_LENGTH, offered(&with));
	with.n = 10;
	BREAKS_CALL(TREE_LENGTH, offered(&with));
	with.n = 0;
	BREAKS_CALL(TREE_LENGTH, offered(&with));
	club_end(&c);
}

TEST(leaves_and_parents_in_their_places)
{
	begin();
	struct node_list l = tree_now();
	struct node *leaf = l.v[0], *parent = l.v[7];
	l.v[7] = leaf;
	BREAKS_CALL(TREE_NODE_TYPES, offered(&l));
	l.v[7] = parent;
	l.v[0] = parent;
	BREAKS_CALL(TREE_NODE_TYPES, offered(&l));
	l.v[0] = leaf;
	l.v[1] = l.v[8];
	BREAKS_CALL(TREE_NODE_TYPES, offered(&l));
	club_end(&c);
}

TEST(unmerged_leaves)
{
	begin();
	struct node_list l = tree_now();
	struct u32_list *unmerged = &l.v[7]->parent_node.unmerged_leaves;
	expect_eq(unmerged->v[0], 2);
	expect_eq(unmerged->v[1], 5);
	uint32_t swapped[] = { 5, 2 }, twice[] = { 2, 2, 5 }, blank[] = { 2, 5, 6 },
		 outside[] = { 2, 5, 8 }, far[] = { 2, 5, UINT32_MAX };
	*unmerged = (struct u32_list){ swapped, 2 };
	BREAKS_CALL(UNMERGED_SORTED, offered(&l));
	*unmerged = (struct u32_list){ twice, 3 };
	BREAKS_CALL(UNMERGED_SORTED, offered(&l));
	*unmerged = (struct u32_list){ blank, 3 };
	BREAKS_CALL(UNMERGED_NOT_BLANK, offered(&l));
	*unmerged = (struct u32_list){ outside, 3 };
	BREAKS_CALL(UNMERGED_BELOW, offered(&l));
	*unmerged = (struct u32_list){ far, 3 };
	BREAKS_CALL(UNMERGED_BELOW, offered(&l));
	club_end(&c);
}

TEST(unmerged_leaves_of_nodes_between)
{
	begin();
	struct node_list l = tree_now();
	/* Leaf 2 stands below node 3, where it is unmerged, too. */
	expect(l.v[3] && l.v[3]->parent_node.unmerged_leaves.n == 1);
	l.v[3]->parent_node.unmerged_leaves.n = 0;
	BREAKS_CALL(UNMERGED_BETWEEN, offered(&l));
	/* One that is not below the node that lists it. */
	uint32_t other[] = { 5 };
	l.v[3]->parent_node.unmerged_leaves = (struct u32_list){ other, 1 };
	BREAKS_CALL(UNMERGED_BELOW, offered(&l));
	club_end(&c);
}

TEST(keys_twice)
{
	begin();
	/* Leaf 1 with the key of leaf 0, and of the root. */
	struct node_list l = tree_now();
	l.v[2]->leaf_node.encryption_key = l.v[0]->leaf_node.encryption_key;
	forge_sign_node(&c, &l, 1, false);
	around(&l);
	BREAKS_CALL(TREE_ENCRYPTION_KEYS, offered(&l));
	l = tree_now();
	l.v[2]->leaf_node.encryption_key = l.v[7]->parent_node.encryption_key;
	forge_sign_node(&c, &l, 1, false);
	around(&l);
	BREAKS_CALL(TREE_ENCRYPTION_KEYS, offered(&l));
	/* Two parents with one. */
	l = tree_now();
	l.v[3]->parent_node.encryption_key = l.v[7]->parent_node.encryption_key;
	around(&l);
	BREAKS_CALL(TREE_ENCRYPTION_KEYS, offered(&l));
	l = tree_now();
	l.v[2]->leaf_node.signature_key = l.v[0]->leaf_node.signature_key;
	forge_sign_node(&c, &l, 1, false);
	around(&l);
	BREAKS_CALL(TREE_SIGNATURE_KEYS, offered(&l));
	club_end(&c);
}

/* --- 7.9.2.  The tree's hash is right for what it holds, but the chain is broken. --- */

TEST(parent_hashes)
{
	begin();
	for (size_t i = 1; i < 11; i += 2) {
		struct node_list l = tree_now();
		if (!l.v[i])
			continue;
		struct parent_node *p = &l.v[i]->parent_node;
		struct view good = p->parent_hash;
		if (good.n) {
			p->parent_hash = changeable(&c, good);
			flip(p->parent_hash, 0);
			BREAKS_CALL(TREE_PARENT_HASHES, offered(&l));
			p->parent_hash = view_make(NULL, 0);
			BREAKS_CALL(TREE_PARENT_HASHES, offered(&l));
		} else {
			/* The root has none. */
			p->parent_hash = view_make(arena_take(&c.mem, 32), 32);
			BREAKS_CALL(TREE_PARENT_HASHES, offered(&l));
		}
	}
	club_end(&c);
}

TEST(a_parent_that_nobody_made)
{
	struct kem_key key;
	begin();
	struct node_list l = tree_now();
	expect_ok(kem_key_generate(c.suite, test_env(), &key));
	/* Another key in a node that is there. */
	l.v[3]->parent_node.encryption_key = kem_public(&key);
	BREAKS_CALL(TREE_PARENT_HASHES, offered(&l));
	/* A node where a blank is, above leaves 2 and 3. */
	l = tree_now();
	expect(!l.v[5]);
	uint32_t unmerged[] = { 2 };
	struct node fresh = { .node_type = NODE_PARENT,
			      .parent_node = { .encryption_key = kem_public(&key),
					       .unmerged_leaves = { unmerged, 1 } } };
	l.v[5] = &fresh;
	BREAKS_CALL(TREE_PARENT_HASHES, offered(&l));
	club_end(&c);
}

TEST(a_leaf_merged_that_was_not)
{
	begin();
	struct node_list l = tree_now();
	/* Both nodes forget that leaf 2 is unmerged: it would hold keys it never got. */
	l.v[3]->parent_node.unmerged_leaves.n = 0;
	uint32_t rest[] = { 5 };
	l.v[7]->parent_node.unmerged_leaves = (struct u32_list){ rest, 1 };
	BREAKS_CALL(TREE_PARENT_HASHES, offered(&l));
	club_end(&c);
}

TEST(a_leaf_blanked_below_a_parent)
{
	begin();
	struct node_list l = tree_now();
	/* The one whose path made the parents. */
	l.v[0] = NULL;
	BREAKS_CALL(TREE_PARENT_HASHES, offered_by(&l, 1));
	BREAKS_CALL(INFO_SIGNER, offered(&l));
	club_end(&c);
}

/* --- leaves --- */

TEST(leaves_of_a_tree)
{
	begin();
	struct node_list l = tree_now();
	struct leaf_node *leaf = &l.v[10]->leaf_node; /* person 6, by its KeyPackage, in place 5 */
	expect_eq(leaf->leaf_node_source, LEAF_NODE_SOURCE_KEY_PACKAGE);
	leaf->credential.identity = VIEW_LIT("somebody else");
	around(&l);
	BREAKS_CALL(LEAF_SIGNATURE, offered(&l));
	l = tree_now();
	leaf = &l.v[10]->leaf_node;
	leaf->capabilities.proposals.n = 0;
	forge_sign_node(&c, &l, 5, false);
	around(&l);
	BREAKS_CALL(LEAF_REQUIRED_CAPABILITIES, offered(&l));
	club_end(&c);
}

/* Whichever leaf it is: none is believed for its place, or because it is the signer's. */
TEST(each_leaf_of_a_tree)
{
	begin();
	for (uint32_t signer = 0; signer < 2; signer++)
		for (size_t i = 0; i < 11; i += 2) {
			struct node_list l = tree_now();
			struct leaf_node *leaf = l.v[i] ? &l.v[i]->leaf_node : NULL;
			if (!leaf)
				continue;
			forge_chain(&c, alice()->g, &l, (uint32_t)i / 2);
			BREAKS_CALL(LEAF_SIGNATURE, offered_by(&l, signer));
			l = tree_now();
			forge_sign_node(&c, &l, (uint32_t)i / 2, false);
			around(&l);
			expect_ok(offered_by(&l, signer));
		}
	club_end(&c);
}

/* A leaf signed for its place (by Update or Commit) does not fit another; nor does it when it is signed
 * for that, since parent hashes lead to where it was. */
TEST(a_leaf_in_another_place)
{
	begin();
	struct node_list l = tree_now();
	struct node *at = l.v[6];
	l.v[6] = l.v[8];
	l.v[8] = at;
	refused_tree(&l, RULE_TREE_PARENT_HASHES);
	forge_sign_node(&c, &l, 3, false);
	forge_sign_node(&c, &l, 4, false);
	BREAKS_CALL(TREE_PARENT_HASHES, offered(&l));
	club_end(&c);
}

/* --- GroupInfo --- */

static uc_err server_takes(struct view info, struct view tree)
{
	struct public_group *p = NULL;
	uc_err err = public_group_new(test_env(), NULL, info, tree, &p);
	public_group_free(p);
	return err;
}

TEST(group_info)
{
	struct view tree, info;
	struct group_context context;
	static const uint32_t others[] = { 1, 6, 7, 8, UINT32_MAX };
	begin();
	expect_ok(group_ratchet_tree(alice()->g, &c.mem, &tree));
	context = *group_now(alice()->g).context;
	/* Signed by alice, in the name of another, a blank, or nobody. */
	for (size_t i = 0; i < 5; i++) {
		info = forge_info(&c, alice(), &context, others[i]);
		if (others[i] == 1)
			BREAKS_CALL(INFO_SIGNATURE, server_takes(info, tree));
		else
			BREAKS_CALL(INFO_SIGNER, server_takes(info, tree));
	}
	context.tree_hash = changeable(&c, context.tree_hash);
	flip(context.tree_hash, 0);
	info = forge_info(&c, alice(), &context, 0);
	BREAKS_CALL(TREE_HASH, server_takes(info, tree));
	context = *group_now(alice()->g).context;
	context.version = 2;
	info = forge_info(&c, alice(), &context, 0);
	BREAKS_CALL(INFO_VERSION, server_takes(info, tree));
	context.version = MLS10;
	context.cipher_suite = 0x0008;
	info = forge_info(&c, alice(), &context, 0);
	BREAKS_CALL(INFO_SUITE_KNOWN, server_takes(info, tree));
	/* Nor is there a tree in it. */
	info = forge_info(&c, alice(), group_now(alice()->g).context, 0);
	BREAKS_CALL(TREE_IS_THERE, server_takes(info, view_make(NULL, 0)));
	club_end(&c);
}

/* A GroupInfo that a hub is handed for its room, to be given to joiners. */
TEST(group_info_of_another_epoch)
{
	struct view good, bad;
	struct group_context context;
	begin();
	context = *group_now(alice()->g).context;
	good = forge_info(&c, alice(), &context, 0);
	expect_ok(public_group_check_info(c.server, good));
	bad = changeable(&c, good);
	flip(bad, good.n - 1);
	BREAKS_CALL(INFO_SIGNATURE, public_group_check_info(c.server, bad));
	bad = forge_info(&c, alice(), &context, 1);
	BREAKS_CALL(INFO_SIGNATURE, public_group_check_info(c.server, bad));
	bad = forge_info(&c, alice(), &context, 6);
	BREAKS_CALL(INFO_SIGNER, public_group_check_info(c.server, bad));
	context.epoch--;
	bad = forge_info(&c, alice(), &context, 0);
	BREAKS_CALL(INFO_OF_THE_EPOCH, public_group_check_info(c.server, bad));
	/* Of the epoch, with the tag of another. */
	struct group_info info;
	expect_ok(wire_decode(good, &c.mem, group_info_element, &info));
	info.confirmation_tag = changeable(&c, info.confirmation_tag);
	flip(info.confirmation_tag, 0);
	struct view tbs;
	expect_ok(wire_encode_to(&c.mem, group_info_tbs_element, &info, &tbs));
	expect_ok(sign_with_label(c.suite, &alice()->key, test_env(), "GroupInfoTBS", tbs, &c.mem,
				  &info.signature));
	expect_ok(wire_encode_to(&c.mem, group_info_element, &info, &bad));
	BREAKS_CALL(INFO_OF_THE_EPOCH, public_group_check_info(c.server, bad));
	club_end(&c);
}

/* More leaves than indexes are made for: 24 bits. */
TEST(a_tree_of_too_many_leaves)
{
	struct tree t;
	struct node *none[1] = { NULL };
	begin();
	/* Refused before anything of it is looked at. */
	const struct node_list l = { none, 2 * (size_t)TREE_LEAVES_MAX + 1 };
	BREAKS_CALL(TREE_SIZE, tree_import(&t, c.suite, &l));
	const struct node_list huge = { none, SIZE_MAX - 1 };
	BREAKS_CALL(TREE_SIZE, tree_import(&t, c.suite, &huge));
	tree_init(&t, c.suite);
	expect_err(tree_reserve(&t, TREE_LEAVES_MAX), UC_E_LIMIT);
	expect_err(tree_reserve(&t, UINT32_MAX), UC_E_LIMIT);
	tree_done(&t);
	club_end(&c);
}
