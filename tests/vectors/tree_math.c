/* SPDX-License-Identifier: Apache-2.0 */
/* tree-math: numbers of nodes (RFC 9420, appendix C). */
#include "tests/vectors/vectors.h"

#include "mls/tree_math.h"

static void check_list(struct vector_run *r, const json_t *j, const char *field, uint32_t leaves,
		       uint32_t (*f)(uint32_t node, uint32_t leaves))
{
	const json_t *list = vec_array(r, j, field);
	for (uint32_t i = 0; i < json_array_size(list); i++) {
		const json_t *want = json_array_get(list, i);
		vec_num_equal(r, field, f(i, leaves),
			      json_is_null(want) ? TREE_NONE : (uint64_t)json_integer_value(want));
	}
}

static uint32_t left(uint32_t node, uint32_t leaves)
{
	(void)leaves;
	return tree_left(node);
}

static uint32_t right(uint32_t node, uint32_t leaves)
{
	(void)leaves;
	return tree_right(node);
}

static void run(struct vector_run *r, const json_t *j)
{
	uint32_t leaves = (uint32_t)vec_num(r, j, "n_leaves");
	vec_num_equal(r, "n_nodes", tree_width(leaves), vec_num(r, j, "n_nodes"));
	vec_num_equal(r, "root", tree_root(leaves), vec_num(r, j, "root"));
	check_list(r, j, "left", leaves, left);
	check_list(r, j, "right", leaves, right);
	check_list(r, j, "parent", leaves, tree_parent);
	check_list(r, j, "sibling", leaves, tree_sibling);
}

static const char *const fields[] = { "n_leaves", "n_nodes", "root",    "left",
				      "right",    "parent",  "sibling", NULL };
const struct vector_kind tree_math_kind = { "tree-math", fields, run };
