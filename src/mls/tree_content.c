/* SPDX-License-Identifier: Apache-2.0 */
/* What nodes hold: small in memory, read where it is asked for. */
#include "base/siphash.h"
#include "mls/tree_node.h"

#define SCRATCH_MAX ((size_t)8 * 1024 * 1024)

/* --- where what lies --- */

/* The place behind, `at` bytes on. */
static const void *behind(const struct tree_content *c, size_t at)
{
	return (const uint8_t *)(c + 1) + at;
}

static void *room_behind(struct tree_content *c, size_t at)
{
	return (uint8_t *)(c + 1) + at;
}

static size_t extensions_bytes(const struct tree_content *c)
{
	return c->leaf.extensions * sizeof(struct extension);
}

static size_t raw_place(const struct tree_content *c)
{
	return extensions_bytes(c) + c->leaf.certificates * sizeof(struct view);
}

static size_t unmerged_bytes(const struct tree_content *c)
{
	return c->parent.unmerged * sizeof(uint32_t);
}

static size_t content_bytes(const struct tree_content *c)
{
	return sizeof *c + (tree_is_leaf(c->node)
				    ? raw_place(c) + c->leaf.raw_n
				    : unmerged_bytes(c) + c->parent.key_n + c->parent.hash_n);
}

/* --- the keys in the index --- */

static uint32_t key_hash(const struct tree_pool *p, enum key_kind kind, struct view key)
{
	const uint64_t with[2] = { p->key[0], p->key[1] ^ kind };
	return (uint32_t)siphash(with, key);
}

static uint32_t key_number(enum key_kind kind, uint32_t node)
{
	return node << 1 | (kind == KEY_SIGNATURE);
}

static struct view key_of(const struct tree_content *c, enum key_kind kind)
{
	if (kind == KEY_ENCRYPTION)
		return tree_content_key(c);
	return tree_is_leaf(c->node) ? tree_content_signature_key(c) : (struct view){ NULL, 0 };
}

static uc_err key_add(struct tree_pool *p, const struct tree_content *c, enum key_kind kind)
{
	struct view key = key_of(c, kind);
	return key.n ? tree_index_add(p, key_hash(p, kind, key), key_number(kind, c->node)) : UC_OK;
}

static void key_remove(struct tree_pool *p, const struct tree_content *c, enum key_kind kind)
{
	struct view key = key_of(c, kind);
	if (key.n)
		tree_index_remove(p, key_hash(p, kind, key), key_number(kind, c->node));
}

uint32_t tree_key_find(const struct tree *t, enum key_kind kind, struct view key)
{
	uint32_t at = 0, number, found = TREE_NONE;
	if (!t->pool || !key.n)
		return TREE_NONE;
	uint32_t hash = key_hash(t->pool, kind, key);
	while (tree_index_next(t->pool, hash, &at, &number)) {
		uint32_t node = number >> 1;
		if (number != key_number(kind, node) || node >= found)
			continue;
		/* It may be another copy's alone. */
		const struct tree_node *n = tree_node_find(t, node);
		if (n && n->content && view_equal(key, key_of(n->content, kind)))
			found = node;
	}
	return found;
}

/* --- making and dropping --- */

/* With the sizes of `like`. */
static struct tree_content *content_new(struct tree_pool *p, const struct tree_content *like)
{
	struct tree_content *c = pool_take(p, content_bytes(like));
	if (c) {
		*c = *like;
		c->refs = 1;
	}
	return c;
}

static void content_free(struct tree_pool *p, struct tree_content *c)
{
	if (tree_is_leaf(c->node))
		tree_kind_drop(p, c->leaf.kind);
	pool_give(p, c, content_bytes(c));
}

void tree_content_drop(struct tree_pool *p, struct tree_content *c)
{
	if (!c || --c->refs)
		return;
	key_remove(p, c, KEY_ENCRYPTION);
	key_remove(p, c, KEY_SIGNATURE);
	content_free(p, c);
}

/* All is in its place but the keys in the index. */
static uc_err content_ready(struct tree_pool *p, struct tree_content *c, struct tree_content **out)
{
	uc_err err = key_add(p, c, KEY_ENCRYPTION);
	if (!err) {
		err = key_add(p, c, KEY_SIGNATURE);
		if (err)
			key_remove(p, c, KEY_ENCRYPTION);
	}
	if (err)
		content_free(p, c);
	else
		*out = c;
	return err;
}

/* Everything lies in the bytes it was read from? */
static bool is_inside(struct view v, struct view of)
{
	return !v.n || (v.p >= of.p && v.n <= of.n && (size_t)(v.p - of.p) <= of.n - v.n);
}

static bool leaf_is_whole(const struct leaf_node *leaf)
{
	for (size_t i = 0; i < leaf->extensions.n; i++)
		if (!is_inside(leaf->extensions.v[i].extension_data, leaf->raw))
			return false;
	for (size_t i = 0; i < leaf->credential.certificates.n; i++)
		if (!is_inside(leaf->credential.certificates.v[i], leaf->raw))
			return false;
	return true;
}

/* The same bytes of a copy. */
static struct view moved(struct view v, struct view from, const uint8_t *to)
{
	return v.n ? view_make(to + (v.p - from.p), v.n) : view_make(to, 0);
}

uc_err tree_content_of_leaf(struct tree_pool *p, uint32_t node, const struct leaf_node *leaf,
			    struct tree_content **out)
{
	const struct view raw = leaf->raw;
	if (raw.n > SCRATCH_MAX || leaf->extensions.n > UINT16_MAX ||
	    leaf->credential.certificates.n > UINT16_MAX)
		return UC_E_LIMIT;
	if (!leaf_is_whole(leaf))
		return UC_E_ARGUMENT;
	struct tree_content like = {
		.node = node,
		.leaf = { .raw_n = (uint32_t)raw.n,
			  .extensions = (uint16_t)leaf->extensions.n,
			  .certificates = (uint16_t)leaf->credential.certificates.n },
	};
	TRY(tree_kind_of(p, &leaf->capabilities, &like.leaf.kind));
	struct tree_content *c = content_new(p, &like);
	if (!c) {
		tree_kind_drop(p, like.leaf.kind);
		return pool_error(p);
	}
	struct extension *extensions = room_behind(c, 0);
	struct view *certificates = room_behind(c, extensions_bytes(c));
	uint8_t *bytes = room_behind(c, raw_place(c));
	memcpy(bytes, raw.p, raw.n);
	for (size_t i = 0; i < leaf->extensions.n; i++) {
		const struct extension *e = &leaf->extensions.v[i];
		extensions[i] = (struct extension){ e->extension_type,
						    moved(e->extension_data, raw, bytes) };
	}
	for (size_t i = 0; i < leaf->credential.certificates.n; i++)
		certificates[i] = moved(leaf->credential.certificates.v[i], raw, bytes);
	return content_ready(p, c, out);
}

uc_err tree_content_of_bytes(struct tree_pool *p, uint32_t node, struct view leaf,
			     struct tree_content **out)
{
	struct arena scratch;
	struct leaf_node read = { .leaf_node_source = 0 }; /* what it has not is not written */
	arena_init(&scratch, SCRATCH_MAX, ARENA_PLAIN);
	uc_err err = wire_decode(leaf, &scratch, leaf_node_element, &read);
	if (!err)
		err = tree_content_of_leaf(p, node, &read, out);
	arena_done(&scratch);
	return err;
}

uc_err tree_content_of_parent(struct tree_pool *p, uint32_t node, const struct parent_node *parent,
			      struct tree_content **out)
{
	const struct u32_list *unmerged = &parent->unmerged_leaves;
	const struct view key = parent->encryption_key, hash = parent->parent_hash;
	if (unmerged->n > TREE_LEAVES_MAX || key.n > SCRATCH_MAX || hash.n > SCRATCH_MAX)
		return UC_E_LIMIT;
	const struct tree_content like = { .node = node,
					   .parent = { .unmerged = (uint32_t)unmerged->n,
						       .key_n = (uint32_t)key.n,
						       .hash_n = (uint32_t)hash.n } };
	struct tree_content *c = content_new(p, &like);
	if (!c)
		return pool_error(p);
	if (unmerged->n)
		memcpy(room_behind(c, 0), unmerged->v, unmerged_bytes(c));
	if (key.n)
		memcpy(room_behind(c, unmerged_bytes(c)), key.p, key.n);
	if (hash.n)
		memcpy(room_behind(c, unmerged_bytes(c) + key.n), hash.p, hash.n);
	return content_ready(p, c, out);
}

/* --- reading --- */

struct view tree_content_raw(const struct tree_content *c)
{
	return view_make(behind(c, raw_place(c)), c->leaf.raw_n);
}

/* Lists in structs are never const; nobody writes to these. */
static void *list_behind(const struct tree_content *c, size_t at)
{
	union {
		const void *shown;
		void *given;
	} list = { .shown = behind(c, at) };
	return list.given;
}

static void read_credential(struct wire *w, const struct tree_content *c, struct credential *out)
{
	struct view passed;
	wire_u16(w, &out->credential_type);
	if (out->credential_type == CREDENTIAL_BASIC) {
		wire_bytes(w, &out->identity);
		return;
	}
	wire_bytes(w, &passed);
	out->certificates.n = c->leaf.certificates;
	out->certificates.v = list_behind(c, extensions_bytes(c));
}

/* As leaf_node.c reads it, but what lies in lists is there already.  It was read before, so nothing
 * can fail. */
void tree_content_leaf(const struct tree_content *c, struct leaf_node *out)
{
	struct wire w;
	struct view passed;
	*out = (struct leaf_node){ .raw = tree_content_raw(c) };
	wire_reader(&w, out->raw, NULL);
	wire_bytes(&w, &out->encryption_key);
	wire_bytes(&w, &out->signature_key);
	read_credential(&w, c, &out->credential);
	for (int i = 0; i < 5; i++)
		wire_bytes(&w, &passed);
	out->capabilities = c->leaf.kind->lists;
	wire_u8(&w, &out->leaf_node_source);
	if (out->leaf_node_source == LEAF_NODE_SOURCE_KEY_PACKAGE)
		wire_lifetime(&w, &out->lifetime);
	else if (out->leaf_node_source == LEAF_NODE_SOURCE_COMMIT)
		wire_bytes(&w, &out->parent_hash);
	wire_bytes(&w, &passed);
	out->extensions.n = c->leaf.extensions;
	out->extensions.v = list_behind(c, 0);
	wire_bytes(&w, &out->signature);
}

void tree_content_parent(const struct tree_content *c, struct parent_node *out)
{
	size_t key = unmerged_bytes(c);
	out->unmerged_leaves = (struct u32_list){ list_behind(c, 0), c->parent.unmerged };
	out->encryption_key = view_make(behind(c, key), c->parent.key_n);
	out->parent_hash = view_make(behind(c, key + c->parent.key_n), c->parent.hash_n);
}

struct view tree_content_key(const struct tree_content *c)
{
	struct wire w;
	struct view key = { NULL, 0 };
	if (!tree_is_leaf(c->node))
		return view_make(behind(c, unmerged_bytes(c)), c->parent.key_n);
	wire_reader(&w, tree_content_raw(c), NULL);
	wire_bytes(&w, &key);
	return key;
}

struct view tree_content_signature_key(const struct tree_content *c)
{
	struct wire w;
	struct view key = { NULL, 0 };
	wire_reader(&w, tree_content_raw(c), NULL);
	wire_bytes(&w, &key);
	wire_bytes(&w, &key);
	return key;
}
