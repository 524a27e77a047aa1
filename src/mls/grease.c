/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/grease.h"

#include "mls/component.h"

/* 0x0A0A, 0x1A1A to 0xEAEA, and up to 15 bytes of anything. */
struct grease {
	uint16_t value;
	uint8_t data[15];
	size_t n;
};

static uc_err roll(const struct env *env, struct grease *g)
{
	uint8_t dice[2];
	TRY(env_random(env, dice, sizeof dice));
	g->value = (uint16_t)(0x0a0a + 0x1010 * (dice[0] % 15));
	g->n = dice[1] % 16;
	return env_random(env, g->data, sizeof g->data);
}

/* Put in at the front, where a reader that stops at what it does not know sees nothing else. */
static uc_err with_value(const struct u16_list *l, uint16_t value, struct arena *a,
			 struct u16_list *out)
{
	uint16_t *v = ARENA_ARRAY(a, uint16_t, l->n + 1);
	if (!v)
		return arena_error(a);
	v[0] = value;
	if (l->n)
		memcpy(v + 1, l->v, l->n * sizeof *v);
	*out = (struct u16_list){ v, l->n + 1 };
	return UC_OK;
}

static uc_err with_extension(const struct extension_list *l, const struct grease *g,
			     struct arena *a, struct extension_list *out)
{
	struct extension *v = ARENA_ARRAY(a, struct extension, l->n + 1);
	if (!v)
		return arena_error(a);
	/* None twice: the caller may have put in its own. */
	if (extension_find(l, g->value)) {
		*out = *l;
		return UC_OK;
	}
	v[0].extension_type = g->value;
	TRY(arena_copy(a, view_make(g->data, g->n), &v[0].extension_data));
	if (l->n)
		memcpy(v + 1, l->v, l->n * sizeof *v);
	*out = (struct extension_list){ v, l->n + 1 };
	return UC_OK;
}

/* --- components (draft-ietf-mls-extensions-10, GREASE) --- */

enum { COMPONENT_VALUES = 8 }; /* 0x0A0A to 0x7A7A */

static uc_err list_with_value(struct extension_list *l, uint16_t list, uint16_t value,
			      struct arena *a)
{
	struct components_list c;
	struct view data;
	if (!component_in(l, list, &data))
		return UC_OK;
	TRY(wire_decode(data, a, components_list_element, &c));
	TRY(with_value(&c.component_ids, value, a, &c.component_ids));
	TRY(wire_encode_to(a, components_list_element, &c, &data));
	return extensions_with_component(l, list, data, a, l);
}

/* "in any of these fields that would otherwise be present": the dictionary, and of a leaf the lists
 * app_components and safe_aad in it. */
static uc_err with_components(const struct env *env, bool of_leaf, struct extension_list *l,
			      struct arena *a)
{
	struct grease g;
	struct view there;
	TRY(roll(env, &g));
	uint16_t value = (uint16_t)(0x0a0a + 0x1010 * (g.value >> 12 & (COMPONENT_VALUES - 1)));
	if (!extension_find(l, EXTENSION_APP_DATA_DICTIONARY))
		return UC_OK;
	if (of_leaf) {
		TRY(list_with_value(l, COMPONENT_APP_COMPONENTS, value, a));
		TRY(list_with_value(l, COMPONENT_SAFE_AAD, value, a));
	}
	return component_in(l, value, &there)
		       ? UC_OK
		       : extensions_with_component(l, value, view_make(g.data, g.n), a, l);
}

uc_err grease_key_package(const struct env *env, const struct leaf_parameters *leaf,
			  const struct extension_list *l, struct arena *a,
			  struct extension_list *out)
{
	const struct u16_list *listed = &leaf->capabilities.extensions;
	struct grease g;
	struct extension_list made = *l;
	size_t i = 0;
	while (i < listed->n && !is_grease(listed->v[i]))
		i++;
	if (i < listed->n) {
		TRY(roll(env, &g));
		g.value = listed->v[i];
		TRY(with_extension(l, &g, a, &made));
	}
	TRY(with_components(env, false, &made, a));
	*out = made;
	return UC_OK;
}

uc_err grease_extensions(const struct env *env, const struct extension_list *l, struct arena *a,
			 struct extension_list *out)
{
	struct grease g;
	struct extension_list made;
	TRY(roll(env, &g));
	TRY(with_extension(l, &g, a, &made));
	TRY(with_components(env, false, &made, a));
	*out = made;
	return UC_OK;
}

uc_err grease_leaf(const struct env *env, const struct leaf_parameters *leaf, struct arena *a,
		   struct leaf_parameters *out)
{
	struct leaf_parameters made = *leaf;
	const struct capabilities *c = &leaf->capabilities;
	struct grease g;
	TRY(roll(env, &g));
	TRY(with_value(&c->cipher_suites, g.value, a, &made.capabilities.cipher_suites));
	TRY(with_value(&c->proposals, g.value, a, &made.capabilities.proposals));
	TRY(with_value(&c->credentials, g.value, a, &made.capabilities.credentials));
	/* "Any GREASE values added to LeafNode.extensions need to be reflected" here. */
	TRY(with_value(&c->extensions, g.value, a, &made.capabilities.extensions));
	TRY(with_extension(&leaf->extensions, &g, a, &made.extensions));
	TRY(with_components(env, true, &made.extensions, a));
	*out = made;
	return UC_OK;
}
