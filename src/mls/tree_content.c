/* SPDX-License-Identifier: Apache-2.0 */
/* What nodes hold: small in memory, read where it is asked for. */
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
	return sizeof *c + (c->is_leaf ? raw_place(c) + c->leaf.raw_n
				       : unmerged_bytes(c) + c->parent.key_n + c->parent.hash_n);
}

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

void tree_content_drop(struct tree_pool *p, struct tree_content *c)
{
	if (!c || --c->refs)
		return;
	if (c->is_leaf)
		tree_kind_drop(p, c->leaf.kind);
	pool_give(p, c, content_bytes(c));
}

/* --- making --- */

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

uc_err tree_content_of_leaf(struct tree_pool *p, const struct leaf_node *leaf,
			    struct tree_content **out)
{
	const struct view raw = leaf->raw;
	if (raw.n > SCRATCH_MAX || leaf->extensions.n > UINT16_MAX ||
	    leaf->credential.certificates.n > UINT16_MAX)
		return UC_E_LIMIT;
	if (!leaf_is_whole(leaf))
		return UC_E_ARGUMENT;
	struct tree_content like = {
		.is_leaf = true,
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
	*out = c;
	return UC_OK;
}

uc_err tree_content_of_bytes(struct tree_pool *p, struct view leaf, struct tree_content **out)
{
	struct arena scratch;
	struct leaf_node read = { .leaf_node_source = 0 }; /* what it has not is not written */
	arena_init(&scratch, SCRATCH_MAX, ARENA_PLAIN);
	uc_err err = wire_decode(leaf, &scratch, leaf_node_element, &read);
	if (!err)
		err = tree_content_of_leaf(p, &read, out);
	arena_done(&scratch);
	return err;
}

uc_err tree_content_of_parent(struct tree_pool *p, const struct parent_node *parent,
			      struct tree_content **out)
{
	const struct u32_list *unmerged = &parent->unmerged_leaves;
	const struct view key = parent->encryption_key, hash = parent->parent_hash;
	if (unmerged->n > TREE_LEAVES_MAX || key.n > SCRATCH_MAX || hash.n > SCRATCH_MAX)
		return UC_E_LIMIT;
	const struct tree_content like = { .parent = { .unmerged = (uint32_t)unmerged->n,
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
	*out = c;
	return UC_OK;
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
	if (!c->is_leaf)
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
