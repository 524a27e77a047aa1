/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/leaf_node.h"

#include "mls/rule.h"

void wire_lifetime(struct wire *w, struct lifetime *l)
{
	wire_u64(w, &l->not_before);
	wire_u64(w, &l->not_after);
}

/* The fields that LeafNode and LeafNodeTBS share. */
static void leaf_node_body(struct wire *w, struct leaf_node *l)
{
	wire_bytes(w, &l->encryption_key);
	wire_bytes(w, &l->signature_key);
	wire_credential(w, &l->credential);
	wire_capabilities(w, &l->capabilities);
	wire_u8(w, &l->leaf_node_source);
	switch (l->leaf_node_source) {
	case LEAF_NODE_SOURCE_KEY_PACKAGE:
		wire_lifetime(w, &l->lifetime);
		break;
	case LEAF_NODE_SOURCE_UPDATE:
		break;
	case LEAF_NODE_SOURCE_COMMIT:
		wire_bytes(w, &l->parent_hash);
		break;
	default:
		wire_fail(w, RULE_ERROR(LEAF_SOURCE));
	}
	wire_extension_list(w, &l->extensions);
}

void wire_leaf_node(struct wire *w, struct leaf_node *l)
{
	const uint8_t *start = w->p;
	leaf_node_body(w, l);
	wire_bytes(w, &l->signature);
	if (wire_reading(w) && !w->failed)
		l->raw = view_make(start, (size_t)(w->p - start));
}

void leaf_node_element(struct wire *w, void *v)
{
	wire_leaf_node(w, v);
}

void wire_leaf_node_tbs(struct wire *w, struct leaf_node_tbs *l)
{
	leaf_node_body(w, l->leaf_node);
	if (l->leaf_node->leaf_node_source != LEAF_NODE_SOURCE_KEY_PACKAGE) {
		wire_bytes(w, &l->group_id);
		wire_u32(w, &l->leaf_index);
	}
}

void leaf_node_tbs_element(struct wire *w, void *v)
{
	wire_leaf_node_tbs(w, v);
}

static void key_package_body(struct wire *w, struct key_package *k)
{
	wire_u16(w, &k->version);
	wire_u16(w, &k->cipher_suite);
	wire_bytes(w, &k->init_key);
	wire_leaf_node(w, &k->leaf_node);
	wire_extension_list(w, &k->extensions);
}

void wire_key_package(struct wire *w, struct key_package *k)
{
	const uint8_t *start = w->p;
	key_package_body(w, k);
	wire_bytes(w, &k->signature);
	if (wire_reading(w) && !w->failed)
		k->raw = view_make(start, (size_t)(w->p - start));
}

void key_package_element(struct wire *w, void *v)
{
	wire_key_package(w, v);
}

void wire_key_package_tbs(struct wire *w, struct key_package *k)
{
	key_package_body(w, k);
}

void key_package_tbs_element(struct wire *w, void *v)
{
	wire_key_package_tbs(w, v);
}

void wire_parent_node(struct wire *w, struct parent_node *p)
{
	wire_bytes(w, &p->encryption_key);
	wire_bytes(w, &p->parent_hash);
	WIRE_LIST(w, &p->unmerged_leaves, u32_element);
}

void parent_node_element(struct wire *w, void *v)
{
	wire_parent_node(w, v);
}

void wire_node(struct wire *w, struct node *n)
{
	wire_u8(w, &n->node_type);
	switch (n->node_type) {
	case NODE_LEAF:
		wire_leaf_node(w, &n->leaf_node);
		break;
	case NODE_PARENT:
		wire_parent_node(w, &n->parent_node);
		break;
	default:
		wire_fail(w, RULE_ERROR(NODE_TYPE));
	}
}
WIRE_ELEMENT(node)

static void optional_node_element(struct wire *w, void *v)
{
	struct node **n = v;
	WIRE_OPTION(w, n, node_element);
}

void wire_ratchet_tree(struct wire *w, struct node_list *l)
{
	void *v = l->v;
	wire_list(w, &v, &l->n, sizeof(struct node *), optional_node_element);
	if (wire_reading(w))
		l->v = v;
}

void ratchet_tree_element(struct wire *w, void *v)
{
	wire_ratchet_tree(w, v);
}
