/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into a tree: along one path, or past all subtrees whose summary says enough. */
#include "mls/tree.h"

#include "mls/tree_node.h"

/* The way from the root to a node: which child is next.  A level down, children lie half as far. */
struct descent {
	uint32_t to, at, half;
};

static struct descent descent_begin(const struct tree *t, uint32_t node)
{
	return (struct descent){ node, tree_root(t->leaves), t->leaves / 2 };
}

static int descent_step(struct descent *d)
{
	int side = d->to > d->at;
	d->at = side ? d->at + d->half : d->at - d->half;
	d->half /= 2;
	return side;
}

const struct tree_node *tree_node_find(const struct tree *t, uint32_t node)
{
	if (!t->root || node >= tree_width(t->leaves))
		return NULL;
	const struct tree_node *n = t->root;
	struct descent d = descent_begin(t, node);
	while (d.at != node && n->child[0])
		n = n->child[descent_step(&d)];
	return n;
}

static const struct tree_content *leaf_content(const struct tree *t, uint32_t leaf)
{
	if (leaf >= t->leaves)
		return NULL;
	return tree_node_find(t, tree_node_of_leaf(leaf))->content;
}

const struct leaf_node *tree_leaf_find(const struct tree *t, uint32_t leaf, struct leaf_node *room)
{
	const struct tree_content *c = leaf_content(t, leaf);
	if (!c)
		return NULL;
	tree_content_leaf(c, room);
	return room;
}

const struct parent_node *tree_parent_find(const struct tree *t, uint32_t node,
					   struct parent_node *room)
{
	const struct tree_node *n = tree_is_leaf(node) ? NULL : tree_node_find(t, node);
	if (!n || !n->content)
		return NULL;
	tree_content_parent(n->content, room);
	return room;
}

bool tree_has_leaf(const struct tree *t, uint32_t leaf)
{
	return leaf_content(t, leaf) != NULL;
}

struct view tree_signature_key(const struct tree *t, uint32_t leaf)
{
	const struct tree_content *c = leaf_content(t, leaf);
	return c ? tree_content_signature_key(c) : (struct view){ NULL, 0 };
}

struct view tree_node_key(const struct tree *t, uint32_t node)
{
	const struct tree_node *n = tree_node_find(t, node);
	return n && n->content ? tree_content_key(n->content) : (struct view){ NULL, 0 };
}

/* --- by their summaries --- */

/* A subtree: its node, the first leaf below it, how many places there are. */
struct subtree {
	const struct tree_node *n;
	uint32_t first, leaves;
};

static struct subtree whole(const struct tree *t)
{
	return (struct subtree){ t->root, 0, t->leaves };
}

static struct subtree half(struct subtree s, int side)
{
	uint32_t leaves = s.leaves / 2;
	return (struct subtree){ s.n->child[side], s.first + (side ? leaves : 0), leaves };
}

/* The first leaf that is there, from `from` on; TREE_NONE. */
static uint32_t find_used(struct subtree s, uint32_t from, const struct tree_node **node)
{
	if (!s.n->used || s.first + s.leaves <= from)
		return TREE_NONE;
	if (s.leaves == 1) {
		*node = s.n;
		return s.first;
	}
	uint32_t found = find_used(half(s, 0), from, node);
	return found != TREE_NONE ? found : find_used(half(s, 1), from, node);
}

bool tree_next_leaf(const struct tree *t, uint32_t *at, uint32_t *leaf, struct leaf_node *node)
{
	const struct tree_node *n = NULL;
	uint32_t found = *at < t->leaves ? find_used(whole(t), *at, &n) : TREE_NONE;
	if (found == TREE_NONE) {
		*at = t->leaves;
		return false;
	}
	*at = found + 1;
	*leaf = found;
	tree_content_leaf(n->content, node);
	return true;
}

uint32_t tree_member_count(const struct tree *t)
{
	return t->root ? t->root->used : 0;
}

uint32_t tree_next_free(const struct tree *t)
{
	struct subtree s = whole(t);
	if (!s.n || s.n->used == s.leaves)
		return t->leaves;
	while (s.n->used) /* where nothing is, the first place is free */
		s = half(s, s.n->child[0]->used == s.leaves / 2);
	return s.first;
}

uint32_t tree_leaf_by_signature_key(const struct tree *t, struct view key)
{
	uint32_t node = tree_key_find(t, KEY_SIGNATURE, key);
	return node == TREE_NONE ? TREE_NONE : tree_leaf_of_node(node);
}

bool tree_has_encryption_key(const struct tree *t, struct view key)
{
	return tree_key_find(t, KEY_ENCRYPTION, key) != TREE_NONE;
}

/* --- what leaves can do --- */

struct wanting {
	enum tree_list list;
	uint16_t type;
	const struct u32_list *except;
};

static const struct u16_list *list_of(const struct tree_kind *k, enum tree_list list)
{
	switch (list) {
	case TREE_LIST_EXTENSIONS:
		return &k->lists.extensions;
	case TREE_LIST_PROPOSALS:
		return &k->lists.proposals;
	default:
		return &k->lists.credentials;
	}
}

static bool is_excepted(const struct wanting *w, uint32_t leaf)
{
	for (size_t i = 0; w->except && i < w->except->n; i++)
		if (w->except->v[i] == leaf)
			return true;
	return false;
}

/* Goes down only where somebody does not list it. */
static uint32_t find_without(const struct wanting *w, struct subtree s)
{
	if (!s.n->used || u16_list_has(list_of(s.n->support, w->list), w->type))
		return TREE_NONE;
	if (s.leaves == 1)
		return is_excepted(w, s.first) ? TREE_NONE : s.first;
	uint32_t found = find_without(w, half(s, 0));
	return found != TREE_NONE ? found : find_without(w, half(s, 1));
}

uint32_t tree_leaf_without(const struct tree *t, enum tree_list list, uint16_t type,
			   const struct u32_list *except)
{
	const struct wanting w = { list, type, except };
	return t->root ? find_without(&w, whole(t)) : TREE_NONE;
}

static bool uses(struct subtree s, uint32_t bit, uint32_t except)
{
	if (!(s.n->types & bit) || (s.leaves == 1 && s.first == except))
		return false;
	if (s.leaves == 1 || except < s.first || except - s.first >= s.leaves)
		return true;
	return uses(half(s, 0), bit, except) || uses(half(s, 1), bit, except);
}

bool tree_uses_credential(const struct tree *t, uint16_t type, uint32_t except)
{
	return t->root && type < 4 && uses(whole(t), 1u << type, except);
}
