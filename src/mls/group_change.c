/* SPDX-License-Identifier: Apache-2.0 */
/* What a commit changes, set down beside what it consists of: whose leaf in what, which extensions
 * and components.  Cheap enough for every commit: only what can have changed is compared. */
#include "mls/component.h"
#include "mls/group_state.h"

static bool capabilities_equal(const struct leaf_node *a, const struct leaf_node *b)
{
	const struct u16_list x[] = { a->capabilities.versions, a->capabilities.cipher_suites,
				      a->capabilities.extensions, a->capabilities.proposals,
				      a->capabilities.credentials };
	const struct u16_list y[] = { b->capabilities.versions, b->capabilities.cipher_suites,
				      b->capabilities.extensions, b->capabilities.proposals,
				      b->capabilities.credentials };
	for (size_t i = 0; i < sizeof x / sizeof *x; i++) {
		if (x[i].n != y[i].n)
			return false;
		for (size_t k = 0; k < x[i].n; k++)
			if (x[i].v[k] != y[i].v[k])
				return false;
	}
	return true;
}

/* --- leaves --- */

static void leaf_compare(struct transition *t, uint32_t leaf, bool by_path)
{
	struct leaf_change *c = &t->leaves.v[t->leaves.n];
	*c = (struct leaf_change){ .leaf = leaf, .by_path = by_path };
	if (!tree_leaf_find(&t->before->tree, leaf, &c->before) ||
	    !tree_leaf_find(&t->after.tree, leaf, &c->after))
		return;
	c->signature_key = !view_equal(c->before.signature_key, c->after.signature_key);
	c->credential = !credential_equal(&c->before.credential, &c->after.credential);
	c->capabilities = !capabilities_equal(&c->before, &c->after);
	c->extensions = !extensions_equal(&c->before.extensions, &c->after.extensions);
	t->leaves.n++;
}

static uc_err leaves_compare(struct transition *t, bool has_path)
{
	t->leaves.n = 0;
	t->leaves.v = ARENA_ARRAY(t->arena, struct leaf_change, t->updated.n + 1);
	if (!t->leaves.v)
		return arena_error(t->arena);
	for (size_t i = 0; i < t->updated.n; i++)
		leaf_compare(t, t->updated.v[i], false);
	if (has_path && !t->is_external)
		leaf_compare(t, t->committer, true);
	return UC_OK;
}

/* From outside a Remove is of the joiner's own old leaf alone (12.2). */
static void replaced_find(struct transition *t)
{
	t->replaced = TREE_NONE;
	for (size_t i = 0; t->is_external && i < t->proposals.n; i++)
		if (t->proposals.v[i].proposal->proposal_type == PROPOSAL_REMOVE)
			t->replaced = t->proposals.v[i].proposal->removed;
}

/* --- the context --- */

static bool same_data(const struct view *a, const struct view *b)
{
	return a && b ? view_equal(*a, *b) : a == b;
}

static void extension_compare(struct transition *t, uint16_t type)
{
	const struct extension *old = extension_find(&t->before->context.extensions, type);
	const struct extension *new = extension_find(&t->after.context.extensions, type);
	if (!same_data(old ? &old->extension_data : NULL, new ? &new->extension_data : NULL))
		t->extensions.v[t->extensions.n++] =
			(struct data_change){ type, old ? &old->extension_data : NULL,
					      new ? &new->extension_data : NULL };
}

static uc_err extensions_compare(struct transition *t)
{
	const struct extension_list *old = &t->before->context.extensions;
	const struct extension_list *new = &t->after.context.extensions;
	t->extensions.v = ARENA_ARRAY(t->arena, struct data_change, old->n + new->n);
	if (!t->extensions.v)
		return arena_error(t->arena);
	for (size_t i = 0; i < old->n; i++)
		extension_compare(t, old->v[i].extension_type);
	for (size_t i = 0; i < new->n; i++)
		if (!extension_find(old, new->v[i].extension_type))
			extension_compare(t, new->v[i].extension_type);
	return UC_OK;
}

/* Both lists are in order of component. */
static uc_err components_compare(struct transition *t)
{
	struct app_data_dictionary *old = ARENA_NEW(t->arena, struct app_data_dictionary);
	struct app_data_dictionary *new = ARENA_NEW(t->arena, struct app_data_dictionary);
	if (!old || !new)
		return arena_error(t->arena);
	TRY(dictionary_of(&t->before->context.extensions, t->arena, old));
	TRY(dictionary_of(&t->after.context.extensions, t->arena, new));
	const struct component_data_list *a = &old->component_data, *b = &new->component_data;
	t->components.v = ARENA_ARRAY(t->arena, struct data_change, a->n + b->n);
	if (!t->components.v)
		return arena_error(t->arena);
	for (size_t i = 0, k = 0; i < a->n || k < b->n;) {
		bool left = k == b->n || (i < a->n && a->v[i].component_id <= b->v[k].component_id);
		bool right =
			i == a->n || (k < b->n && b->v[k].component_id <= a->v[i].component_id);
		struct data_change c = { left ? a->v[i].component_id : b->v[k].component_id,
					 left ? &a->v[i].data : NULL,
					 right ? &b->v[k].data : NULL };
		if (!same_data(c.before, c.after))
			t->components.v[t->components.n++] = c;
		i += left;
		k += right;
	}
	return UC_OK;
}

static bool touches_context(const struct transition *t)
{
	for (size_t i = 0; i < t->proposals.n; i++) {
		uint16_t type = t->proposals.v[i].proposal->proposal_type;
		if (type == PROPOSAL_GROUP_CONTEXT_EXTENSIONS || type == PROPOSAL_APP_DATA_UPDATE)
			return true;
	}
	return false;
}

uc_err transition_compare(struct transition *t, bool has_path)
{
	t->extensions.n = t->components.n = 0;
	replaced_find(t);
	TRY(leaves_compare(t, has_path));
	if (!touches_context(t))
		return UC_OK;
	TRY(extensions_compare(t));
	return components_compare(t);
}

struct group_change transition_change(const struct transition *t, struct view authenticated_data,
				      bool has_path)
{
	return (struct group_change){
		.before = group_state_view(t->before),
		.after = group_state_view(&t->after),
		.sender = t->sender,
		.committer = t->committer,
		.is_external = t->is_external,
		.has_path = has_path,
		.proposals = t->proposals,
		.added = t->added,
		.added_refs = t->added_refs,
		.removed = t->removed,
		.updated = t->updated,
		.replaced = t->replaced,
		.leaves = t->leaves,
		.extensions = t->extensions,
		.components = t->components,
		.psks = t->psks,
		.ephemerals = t->ephemerals,
		.reinit = t->reinit,
		.authenticated_data = authenticated_data,
	};
}
