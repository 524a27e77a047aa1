/* SPDX-License-Identifier: Apache-2.0 */
/* LeafNode and KeyPackage (RFC 9420, 7.2, 10), ParentNode and Node (7.1, 12.4.3.3). */
#ifndef MLS_LEAF_NODE_H
#define MLS_LEAF_NODE_H

#include "mls/credential.h"

enum leaf_node_source {
	LEAF_NODE_SOURCE_KEY_PACKAGE = 1,
	LEAF_NODE_SOURCE_UPDATE = 2,
	LEAF_NODE_SOURCE_COMMIT = 3,
};

/* Seconds since 1970. */
struct lifetime {
	uint64_t not_before, not_after;
};
void wire_lifetime(struct wire *w, struct lifetime *l);

struct leaf_node {
	struct view encryption_key;
	struct view signature_key;
	struct credential credential;
	struct capabilities capabilities;
	uint8_t leaf_node_source;
	struct lifetime lifetime; /* key_package */
	struct view parent_hash;  /* commit */
	struct extension_list extensions;
	struct view signature;
	struct view raw; /* the bytes it was read from; not on the wire */
};
void wire_leaf_node(struct wire *w, struct leaf_node *l);
void leaf_node_element(struct wire *w, void *v);

struct leaf_node_tbs {
	struct leaf_node *leaf_node;
	struct view group_id; /* update, commit */
	uint32_t leaf_index;  /* update, commit */
};
void wire_leaf_node_tbs(struct wire *w, struct leaf_node_tbs *l);
void leaf_node_tbs_element(struct wire *w, void *v);

struct key_package {
	uint16_t version;
	uint16_t cipher_suite;
	struct view init_key;
	struct leaf_node leaf_node;
	struct extension_list extensions;
	struct view signature;
	struct view raw; /* the bytes it was read from */
};
void wire_key_package(struct wire *w, struct key_package *k);
void key_package_element(struct wire *w, void *v);
/* KeyPackageTBS: everything but the signature. */
void wire_key_package_tbs(struct wire *w, struct key_package *k);
void key_package_tbs_element(struct wire *w, void *v);

struct parent_node {
	struct view encryption_key;
	struct view parent_hash;
	struct u32_list unmerged_leaves;
};
void wire_parent_node(struct wire *w, struct parent_node *p);
void parent_node_element(struct wire *w, void *v);

enum node_type { NODE_LEAF = 1, NODE_PARENT = 2 };
struct node {
	uint8_t node_type;
	struct leaf_node leaf_node;
	struct parent_node parent_node;
};
void wire_node(struct wire *w, struct node *n);

/* optional<Node> ratchet_tree<V>; a blank is NULL. */
struct node_list {
	struct node **v;
	size_t n;
};
void wire_ratchet_tree(struct wire *w, struct node_list *l);
void ratchet_tree_element(struct wire *w, void *v);

#endif
