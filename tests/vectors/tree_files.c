/* SPDX-License-Identifier: Apache-2.0 */
/* tree-operations and tree-validation: proposals applied to trees, and trees as joiners check them
 * (RFC 9420, 7.8, 7.9, 12.1). */
#include "tests/vectors/vectors.h"

#include "mls/key_package.h"
#include "mls/proposal.h"
#include "mls/tree.h"

#include "tests/model/slow_tree.h"

#define MODEL_BYTES ((size_t)512 * 1024 * 1024)

static bool read_tree(struct vector_run *r, const json_t *j, const char *field, struct tree *t)
{
	struct node_list nodes;
	tree_init(t, r->suite);
	return vec_ok(r, field,
		      wire_decode(vec_hex(r, j, field), &r->mem, ratchet_tree_element, &nodes)) &&
	       vec_ok(r, field, tree_import(t, r->suite, &nodes));
}

static void check_hash(struct vector_run *r, const json_t *j, const char *field,
		       const struct tree *t)
{
	uint8_t hash[HASH_MAX];
	if (vec_ok(r, field, tree_hash(t, hash)))
		vec_field(r, j, field, view_make(hash, r->suite->nh));
}

static uc_err apply(struct tree *t, const struct proposal *p, uint32_t sender)
{
	uint32_t leaf;
	switch (p->proposal_type) {
	case PROPOSAL_ADD:
		return tree_add(t, &p->key_package.leaf_node, &leaf);
	case PROPOSAL_UPDATE:
		return tree_update(t, sender, &p->leaf_node);
	case PROPOSAL_REMOVE:
		return tree_remove(t, p->removed);
	default:
		return UC_E_UNSUPPORTED;
	}
}

/* The slow model, which the engine is compared with elsewhere, has to say the same. */
static void model_operates(struct vector_run *r, const json_t *j, const struct proposal *p)
{
	struct arena a;
	struct slow_tree t;
	struct view leaf;
	uint32_t sender = (uint32_t)vec_num(r, j, "proposal_sender");
	arena_init(&a, MODEL_BYTES, ARENA_PLAIN);
	bool read = slow_read(&t, r->suite, &a, vec_hex(r, j, "tree_before"));
	vec_num_equal(r, "model", read, true);
	if (read) {
		vec_field(r, j, "tree_hash_before", slow_hash(&t));
		if (p->proposal_type == PROPOSAL_ADD &&
		    vec_ok(r, "model",
			   wire_encode_to(&a, leaf_node_element, &p->key_package.leaf_node, &leaf)))
			slow_add(&t, leaf);
		else if (p->proposal_type == PROPOSAL_UPDATE &&
			 vec_ok(r, "model",
				wire_encode_to(&a, leaf_node_element, &p->leaf_node, &leaf)))
			slow_update(&t, sender, leaf);
		else if (p->proposal_type == PROPOSAL_REMOVE)
			slow_remove(&t, p->removed);
		vec_field(r, j, "tree_after", slow_write(&t));
		vec_field(r, j, "tree_hash_after", slow_hash(&t));
	}
	arena_done(&a);
}

static void operations_run(struct vector_run *r, const json_t *j)
{
	struct tree t;
	struct proposal p;
	struct buf out;
	if (!read_tree(r, j, "tree_before", &t))
		return;
	check_hash(r, j, "tree_hash_before", &t);
	if (vec_ok(r, "proposal",
		   wire_decode(vec_hex(r, j, "proposal"), &r->mem, proposal_element, &p)) &&
	    vec_ok(r, "proposal", apply(&t, &p, (uint32_t)vec_num(r, j, "proposal_sender")))) {
		buf_init(&out, WIRE_OBJECT_MAX);
		if (vec_ok(r, "tree_after", tree_export(&t, &out)))
			vec_field(r, j, "tree_after", buf_view(&out));
		check_hash(r, j, "tree_hash_after", &t);
		buf_done(&out);
		model_operates(r, j, &p);
	}
	tree_done(&t);
}

static void check_list(struct vector_run *r, const struct u32_list *have, const json_t *want)
{
	vec_num_equal(r, "resolutions", have->n, json_array_size(want));
	for (size_t i = 0; i < have->n && i < json_array_size(want); i++)
		vec_num_equal(r, "resolutions", have->v[i],
			      (uint64_t)json_integer_value(json_array_get(want, i)));
}

static void check_resolution(struct vector_run *r, const struct tree *t, uint32_t node,
			     const json_t *want)
{
	struct u32_list have;
	if (vec_ok(r, "resolutions", tree_resolution(t, node, NULL, &r->mem, &have)))
		check_list(r, &have, want);
}

static void model_validates(struct vector_run *r, const json_t *j)
{
	struct arena a;
	struct slow_tree t;
	const json_t *hashes = vec_array(r, j, "tree_hashes");
	const json_t *resolutions = vec_array(r, j, "resolutions");
	arena_init(&a, MODEL_BYTES, ARENA_PLAIN);
	bool read = slow_read(&t, r->suite, &a, vec_hex(r, j, "tree"));
	vec_num_equal(r, "model", read, true);
	for (uint32_t node = 0; read && node < 2 * t.leaves - 1; node++) {
		struct u32_list have = slow_resolution(&t, node);
		check_list(r, &have, json_array_get(resolutions, node));
	}
	if (read) {
		vec_equal(r, "tree_hashes", slow_hash(&t),
			  vec_hex_value(r, json_array_get(hashes, t.leaves - 1), "tree_hashes"));
		vec_num_equal(r, "model: parent hashes", slow_parent_hashes_hold(&t), true);
		vec_num_equal(r, "model: unmerged leaves", slow_is_sound(&t), true);
		vec_equal(r, "tree", slow_write(&t), vec_hex(r, j, "tree"));
	}
	arena_done(&a);
}

static void validation_run(struct vector_run *r, const json_t *j)
{
	struct tree t;
	if (!read_tree(r, j, "tree", &t))
		return;
	const json_t *hashes = vec_array(r, j, "tree_hashes");
	const json_t *resolutions = vec_array(r, j, "resolutions");
	struct view group_id = vec_hex(r, j, "group_id");
	vec_num_equal(r, "tree_hashes", json_array_size(hashes), tree_width(t.leaves));
	for (uint32_t node = 0; node < tree_width(t.leaves); node++) {
		uint8_t hash[HASH_MAX];
		if (vec_ok(r, "tree_hashes", tree_node_hash(&t, node, hash)))
			vec_equal(r, "tree_hashes", view_make(hash, r->suite->nh),
				  vec_hex_value(r, json_array_get(hashes, node), "tree_hashes"));
		check_resolution(r, &t, node, json_array_get(resolutions, node));
	}
	vec_ok(r, "parent hashes", tree_check_parent_hashes(&t));
	uint32_t at = 0, leaf;
	struct leaf_node l;
	while (tree_next_leaf(&t, &at, &leaf, &l))
		vec_ok(r, "signature", leaf_node_verify(r->suite, &l, group_id, leaf));
	tree_done(&t);
	model_validates(r, j);
}

static const char *const operations_fields[] = { "tree_before", "tree_after", "proposal", NULL };
static const char *const validation_fields[] = { "tree", "group_id", "tree_hashes", "resolutions",
						 NULL };
const struct vector_kind tree_operations_kind = { "tree-operations", operations_fields,
						  operations_run };
const struct vector_kind tree_validation_kind = { "tree-validation", validation_fields,
						  validation_run };
