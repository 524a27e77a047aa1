/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 9420, 7.4 to 7.6, 7.9, 12.4.2: update paths that do not fit the tree. */
#include "tests/bad/rules.h"

static struct club c;

static struct person *alice(void)
{
	return &c.people[0];
}

static struct forge commit_with_path(void)
{
	const struct commit_options o = { .force_path = true };
	return forge_real_commit(&c, alice(), &o);
}

static void sign_leaf(struct forge *f)
{
	forge_sign_leaf(f, group_id(alice()->g), 0);
}

static struct update_path_node_list *nodes_of(struct forge *f)
{
	return &f->content.commit.path->nodes;
}

TEST(the_forger_can_commit)
{
	struct received got;
	club_with(&c, suite_at(0), 5);
	struct forge f = commit_with_path();
	expect_ok(group_receive(c.people[1].g, forge_public(&f), &c.mem, &got));
	club_end(&c);
}

TEST(too_many_or_too_few_nodes)
{
	club_with(&c, suite_at(0), 5);
	struct forge f = commit_with_path();
	struct update_path_node_list good = *nodes_of(&f);
	expect_eq(good.n, 3);
	for (size_t n = 0; n < good.n; n++) {
		nodes_of(&f)->n = n;
		breaks(&c, alice(), forge_public(&f), RULE_PATH_LENGTH, ALL);
	}
	struct update_path_node more[4];
	for (size_t i = 0; i < 4; i++)
		more[i] = good.v[i % 3];
	*nodes_of(&f) = (struct update_path_node_list){ more, 4 };
	breaks(&c, alice(), forge_public(&f), RULE_PATH_LENGTH, ALL);
	club_end(&c);
}

/* 7.6: as many ciphertexts as the resolution has nodes, without the leaves that are new. */
TEST(too_many_or_too_few_ciphertexts)
{
	club_with(&c, suite_at(0), 5);
	struct forge f = commit_with_path();
	struct hpke_ciphertext_list *l = &nodes_of(&f)->v[1].encrypted_path_secret;
	struct hpke_ciphertext_list good = *l;
	expect_eq(good.n, 2); /* two leaves that never had a parent */
	struct hpke_ciphertext more[] = { good.v[0], good.v[1], good.v[0] };
	*l = (struct hpke_ciphertext_list){ more, 3 };
	breaks_path(&c, alice(), forge_public(&f), RULE_PATH_CIPHERTEXTS);
	l->n = 1;
	breaks_path(&c, alice(), forge_public(&f), RULE_PATH_CIPHERTEXTS);
	l->n = 0;
	breaks_path(&c, alice(), forge_public(&f), RULE_PATH_CIPHERTEXTS);
	club_end(&c);
}

TEST(a_secret_for_one_who_is_just_added)
{
	const struct proposal add = (club_with(&c, suite_at(0), 3), add_of(&c, club_person(&c, 3)));
	const struct commit_options o = { .proposals = &add,
					  .proposal_count = 1,
					  .force_path = true };
	struct forge f = forge_real_commit(&c, alice(), &o);
	struct hpke_ciphertext_list *l = &nodes_of(&f)->v[1].encrypted_path_secret;
	expect_eq(l->n, 1);
	struct hpke_ciphertext more[] = { l->v[0], l->v[0] };
	*l = (struct hpke_ciphertext_list){ more, 2 };
	breaks_path(&c, alice(), forge_public(&f), RULE_PATH_CIPHERTEXTS);
	club_end(&c);
}

TEST(the_leaf_of_a_path)
{
	struct kem_key key;
	club_with(&c, suite_at(0), 5);
	struct forge f = commit_with_path();
	struct leaf_node *leaf = forge_path_leaf(&f), good = *leaf;
	forge_sign_leaf(&f, group_id(alice()->g), 1);
	breaks_path(&c, alice(), forge_public(&f), RULE_LEAF_SIGNATURE);
	forge_sign_leaf(&f, VIEW_LIT("the pub"), 0);
	breaks_path(&c, alice(), forge_public(&f), RULE_LEAF_SIGNATURE);
	*leaf = good;
	leaf->encryption_key.n = 31;
	sign_leaf(&f);
	breaks_path(&c, alice(), forge_public(&f), RULE_LEAF_KEY);
	/* Another good key, not signed. */
	*leaf = good;
	expect_ok(kem_key_generate(c.suite, test_env(), &key));
	leaf->encryption_key = kem_public(&key);
	breaks_path(&c, alice(), forge_public(&f), RULE_LEAF_SIGNATURE);
	/* 12.4.2: the key is new. */
	*leaf = good;
	leaf->encryption_key =
		tree_leaf_find(group_now(alice()->g).tree, 0, LEAF_ROOM)->encryption_key;
	sign_leaf(&f);
	breaks_path(&c, alice(), forge_public(&f), RULE_RESYNC_KEY_IS_NEW);
	leaf->encryption_key =
		tree_leaf_find(group_now(alice()->g).tree, 3, LEAF_ROOM)->encryption_key;
	sign_leaf(&f);
	breaks_path(&c, alice(), forge_public(&f), RULE_PATH_KEYS_ARE_NEW);
	/* Somebody else's signature key: then the whole is signed with that. */
	*leaf = good;
	leaf->signature_key = sign_public(&c.people[1].key);
	expect_ok(leaf_node_sign(c.suite, test_env(), &c.people[1].key, leaf, group_id(alice()->g),
				 0, &c.mem));
	breaks_path(&c, alice(), forge_public(&f), RULE_SIGNATURE_KEY_UNIQUE);
	/* It forgets what the group requires. */
	*leaf = good;
	leaf->capabilities.proposals.n = 0;
	sign_leaf(&f);
	breaks_path(&c, alice(), forge_public(&f), RULE_LEAF_REQUIRED_CAPABILITIES);
	club_end(&c);
}

/* Of source commit alone has a leaf a parent_hash: in a group of one, where that is empty, nothing but
 * the source is wrong. */
TEST(the_source_of_the_leaf_of_a_path)
{
	static const uint8_t others[] = { LEAF_NODE_SOURCE_UPDATE, LEAF_NODE_SOURCE_KEY_PACKAGE };
	for (size_t members = 1; members < 6; members += 4)
		for (size_t i = 0; i < 2; i++) {
			club_with(&c, suite_at(0), members);
			struct forge f = commit_with_path();
			forge_path_leaf(&f)->leaf_node_source = others[i];
			sign_leaf(&f);
			if (members > 1)
				refused(&c, alice(), forge_public(&f),
					rule_error(RULE_PATH_SOURCE));
			else
				breaks(&c, alice(), forge_public(&f), RULE_PATH_SOURCE, ALL);
			club_end(&c);
		}
}

TEST(keys_of_nodes)
{
	struct kem_key key;
	club_with(&c, suite_at(0), 5);
	club_commit_proposals(&c, &c.people[4], NULL, 0);
	struct forge f = commit_with_path();
	struct leaf_node right = *forge_path_leaf(&f);
	struct view *first = &nodes_of(&f)->v[0].encryption_key, good = *first;
	first->n = 31;
	forge_hash_path(&f, 0);
	breaks_path(&c, alice(), forge_public(&f), RULE_PATH_NODE_KEY);
	*first = view_make(arena_take(&c.mem, 32), 32);
	forge_hash_path(&f, 0);
	breaks_path(&c, alice(), forge_public(&f), RULE_PATH_NODE_KEY);
	*first = nodes_of(&f)->v[1].encryption_key;
	forge_hash_path(&f, 0);
	breaks_path(&c, alice(), forge_public(&f), RULE_PATH_KEYS_DIFFER);
	*first = forge_path_leaf(&f)->encryption_key;
	forge_hash_path(&f, 0);
	breaks_path(&c, alice(), forge_public(&f), RULE_PATH_KEYS_DIFFER);
	*first = tree_leaf_find(group_now(alice()->g).tree, 2, LEAF_ROOM)->encryption_key;
	forge_hash_path(&f, 0);
	breaks_path(&c, alice(), forge_public(&f), RULE_PATH_KEYS_ARE_NEW);
	const struct tree *t = group_now(alice()->g).tree;
	*first = tree_node_key(t, tree_root(t->leaves));
	expect(first->n);
	forge_hash_path(&f, 0);
	breaks_path(&c, alice(), forge_public(&f), RULE_PATH_KEYS_ARE_NEW);
	/* A fresh one breaks the chain of parent hashes, where that is not made anew. */
	*forge_path_leaf(&f) = right;
	expect_ok(kem_key_generate(c.suite, test_env(), &key));
	*first = kem_public(&key);
	breaks_path(&c, alice(), forge_public(&f), RULE_PARENT_HASH);
	*first = good;
	struct received got;
	expect_ok(group_receive(c.people[1].g, forge_public(&f), &c.mem, &got));
	club_end(&c);
}

/* 7.9 */
TEST(parent_hash)
{
	club_with(&c, suite_at(0), 5);
	struct forge f = commit_with_path();
	struct leaf_node *leaf = forge_path_leaf(&f);
	struct view good = changeable(&c, leaf->parent_hash);
	static const size_t lengths[] = { 0, 1, 31 };
	for (size_t i = 0; i < 3; i++) {
		leaf->parent_hash = view_slice(good, 0, lengths[i]);
		sign_leaf(&f);
		breaks_path(&c, alice(), forge_public(&f), RULE_PARENT_HASH);
	}
	leaf->parent_hash = changeable(&c, good);
	flip(leaf->parent_hash, 31);
	sign_leaf(&f);
	breaks_path(&c, alice(), forge_public(&f), RULE_PARENT_HASH);
	club_end(&c);
}

/* Person 2 alone is asked, whose the secret is: the others read their own. */
static void breaks_for(const struct forge *f, enum mls_rule rule)
{
	struct group *others[CLUB_MAX];
	for (size_t i = 0; i < CLUB_MAX; i++) {
		others[i] = c.people[i].g;
		if (i != 2)
			c.people[i].g = NULL;
	}
	struct forge as = *f;
	c.people[0].g = others[0];
	struct view message = forge_public(&as);
	c.people[0].g = NULL;
	breaks(&c, NULL, message, rule, MEMBERS);
	for (size_t i = 0; i < CLUB_MAX; i++)
		c.people[i].g = others[i];
}

/* The server cannot know what is inside; those who decrypt do. */
TEST(secrets_that_do_not_open_or_fit)
{
	club_with(&c, suite_at(0), 4);
	struct forge f = commit_with_path();
	struct update_path_node *root = &nodes_of(&f)->v[1];
	struct hpke_ciphertext_list *l = &root->encrypted_path_secret;
	expect_eq(l->n, 2);
	struct hpke_ciphertext good = l->v[0];
	l->v[0].ciphertext = changeable(&c, good.ciphertext);
	flip(l->v[0].ciphertext, 3);
	breaks_for(&f, RULE_PATH_SECRET_OPENS);
	/* Others are not shown that; for them the tag is wrong (the transcript is another). */
	refused_by_one(&c, &c.people[1], forge_public(&f), UC_E_MAC);
	l->v[0] = good;
	l->v[0].kem_output = view_slice(good.kem_output, 0, 31);
	breaks_for(&f, RULE_PATH_SECRET_OPENS);
	l->v[0] = good;
	l->v[0].ciphertext.n = 0;
	breaks_for(&f, RULE_PATH_SECRET_OPENS);
	/* A secret of right form that leads to other keys than the tree's. */
	uint8_t secret[33] = { 1, 2, 3 };
	static const size_t lengths[] = { 32, 31, 33 };
	for (size_t i = 0; i < 3; i++) {
		struct view key =
			tree_leaf_find(group_now(alice()->g).tree, 2, LEAF_ROOM)->encryption_key;
		/* Under the right key and context: that of the provisional GroupContext. */
		struct public_group *server = NULL;
		struct public_received got;
		struct view encoded;
		f = commit_with_path();
		expect_ok(public_group_load(test_env(), NULL, server_saved(&c), &server));
		expect_ok(public_group_receive(server, forge_public(&f), &c.mem, &got));
		struct group_context provisional = *got.change->after.context;
		provisional.confirmed_transcript_hash =
			got.change->before.context->confirmed_transcript_hash;
		expect_ok(wire_encode_to(&c.mem, group_context_element, &provisional, &encoded));
		public_group_free(server);
		l = &nodes_of(&f)->v[1].encrypted_path_secret;
		expect_ok(encrypt_with_label(c.suite, test_env(), key, "UpdatePathNode", encoded,
					     view_make(secret, lengths[i]), &c.mem,
					     &l->v[0].kem_output, &l->v[0].ciphertext));
		breaks_for(&f, lengths[i] == 32 ? RULE_PATH_SECRET_FITS : RULE_PATH_SECRET_LENGTH);
	}
	club_end(&c);
}
