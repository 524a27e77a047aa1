/* SPDX-License-Identifier: Apache-2.0 */
/* Trees with something wrong in them, around which everything is right: parent hashes are computed
 * anew, from the root down, and the leaves that carry them signed again (RFC 9420, 7.9). */
#include "tests/bad/forge_tree.h"

enum { NODES_MAX = 31 };

static struct node *node_at(const struct node_list *l, uint32_t node)
{
	return node < l->n ? l->v[node] : NULL;
}

struct node_list forge_tree_of(struct club *c, const struct group *g)
{
	struct view encoded;
	struct node_list l;
	expect_ok(group_ratchet_tree(g, &c->mem, &encoded));
	expect_ok(wire_decode(encoded, &c->mem, ratchet_tree_element, &l));
	expect(l.n <= NODES_MAX);
	return l;
}

/* As it is read, whatever is wrong with it. */
static void import(struct club *c, const struct node_list *l, struct tree *t)
{
	struct view encoded;
	struct node_list read;
	expect_ok(wire_encode_to(&c->mem, ratchet_tree_element, l, &encoded));
	expect_ok(wire_decode(encoded, &c->mem, ratchet_tree_element, &read));
	rules_off();
	expect_ok(tree_import(t, c->suite, &read));
	rules_on();
}

static struct view carried(const struct node *n)
{
	if (n->node_type == NODE_PARENT)
		return n->parent_node.parent_hash;
	return n->leaf_node.leaf_node_source == LEAF_NODE_SOURCE_COMMIT ? n->leaf_node.parent_hash
									: view_make(NULL, 0);
}

/* --- who vouches for whom --- */

struct chain {
	struct club *c;
	struct node_list *l;
	uint32_t below[NODES_MAX]; /* of a parent: the node that carries its hash */
	uint32_t broken;
};

static uint32_t voucher(struct club *c, const struct tree *t, const struct node_list *l,
			uint32_t node)
{
	const uint32_t child[2] = { tree_left(node), tree_right(node) };
	for (int side = 0; side < 2; side++) {
		struct u32_list r;
		uint8_t hash[HASH_MAX];
		expect_ok(tree_parent_hash(t, node, child[!side], hash));
		expect_ok(tree_resolution(t, child[side], NULL, &c->mem, &r));
		for (size_t i = 0; i < r.n; i++)
			if (view_equal(carried(node_at(l, r.v[i])), view_make(hash, c->suite->nh)))
				return r.v[i];
	}
	return TREE_NONE;
}

static void links(struct chain *chain, const struct group *g)
{
	struct node_list good = forge_tree_of(chain->c, g);
	struct tree t;
	import(chain->c, &good, &t);
	for (uint32_t node = 1; node < good.n; node += 2)
		chain->below[node] = good.v[node] ? voucher(chain->c, &t, &good, node) : TREE_NONE;
	tree_done(&t);
}

/* --- making it right --- */

void forge_sign_node(struct club *c, struct node_list *l, uint32_t leaf, bool wrong)
{
	struct leaf_node *n = &l->v[tree_node_of_leaf(leaf)]->leaf_node;
	bool placed = n->leaf_node_source != LEAF_NODE_SOURCE_KEY_PACKAGE;
	const struct sign_key *key = NULL;
	for (size_t i = 0; i < CLUB_MAX && !key; i++)
		if (view_equal(sign_public(&c->people[i].key), n->signature_key))
			key = &c->people[i].key;
	expect(key);
	if (!key)
		return;
	expect_ok(leaf_node_sign(c->suite, test_env(), key, n,
				 placed ? group_id(c->people[0].g) : view_make(NULL, 0),
				 placed ? leaf : 0, &c->mem));
	if (wrong) {
		n->signature = changeable(c, n->signature);
		flip(n->signature, 1);
	}
}

/* Beside a node on the chain, all is final before the node's hash is: it is a part of that. */
static void fix(struct chain *chain, uint32_t node)
{
	struct club *c = chain->c;
	if (tree_is_leaf(node))
		return;
	uint32_t below = node_at(chain->l, node) ? chain->below[node] : TREE_NONE;
	if (below == TREE_NONE) {
		fix(chain, tree_left(node));
		fix(chain, tree_right(node));
		return;
	}
	uint32_t on = below < node ? tree_left(node) : tree_right(node);
	uint32_t sibling = below < node ? tree_right(node) : tree_left(node);
	struct tree t;
	uint8_t *hash = arena_take(&c->mem, HASH_MAX);
	fix(chain, sibling);
	import(c, chain->l, &t);
	expect_ok(tree_parent_hash(&t, node, sibling, hash));
	tree_done(&t);
	struct node *n = chain->l->v[below];
	struct view carried_hash = view_make(hash, c->suite->nh);
	if (n->node_type == NODE_PARENT) {
		n->parent_node.parent_hash = carried_hash;
	} else {
		n->leaf_node.parent_hash = carried_hash;
		forge_sign_node(c, chain->l, tree_leaf_of_node(below),
				tree_leaf_of_node(below) == chain->broken);
	}
	fix(chain, on);
}

void forge_chain(struct club *c, const struct group *g, struct node_list *l, uint32_t broken)
{
	struct chain chain = { .c = c, .l = l, .broken = broken };
	links(&chain, g);
	if (broken != TREE_NONE)
		forge_sign_node(c, l, broken, true);
	fix(&chain, tree_root((uint32_t)(l->n + 1) / 2 <= 8 ? 8 : 16));
}
