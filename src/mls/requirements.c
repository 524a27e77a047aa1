/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/requirements.h"

#include "mls/key_package.h"
#include "mls/rule.h"

uc_err required_capabilities_of(const struct extension_list *l, struct arena *a,
				struct required_capabilities *out)
{
	const struct extension *e = extension_find(l, EXTENSION_REQUIRED_CAPABILITIES);
	*out = (struct required_capabilities){ 0 };
	return e ? wire_decode(e->extension_data, a, required_capabilities_element, out) : UC_OK;
}

static uc_err list_of(const struct extension_list *l, uint16_t component_id, struct arena *a,
		      struct u16_list *out)
{
	struct components_list list = { { NULL, 0 } };
	struct view data;
	if (component_in(l, component_id, &data) && u16_vector_ok(data))
		TRY(wire_decode(data, a, components_list_element, &list));
	*out = list.component_ids;
	return UC_OK;
}

/* What is no list asks for nothing: that it is one is for draft_extensions_check. */
uc_err requirements_of(const struct extension_list *context_extensions, struct arena *a,
		       struct requirements *out)
{
	const struct extension *e =
		extension_find(context_extensions, EXTENSION_REQUIRED_WIRE_FORMATS);
	struct wire_formats formats = { { NULL, 0 } };
	struct requirements r = { .context = context_extensions };
	TRY(required_capabilities_of(context_extensions, a, &r.capabilities));
	TRY(list_of(context_extensions, COMPONENT_APP_COMPONENTS, a, &r.components));
	TRY(list_of(context_extensions, COMPONENT_SAFE_AAD, a, &r.safe_aad));
	if (e && u16_vector_ok(e->extension_data))
		TRY(wire_decode(e->extension_data, a, wire_formats_element, &formats));
	r.wire_formats = formats.wire_formats;
	*out = r;
	return UC_OK;
}

static bool leaf_lists(const struct leaf_node *leaf, uint16_t list, uint16_t component_id)
{
	struct view data;
	return component_in(&leaf->extensions, list, &data) && u16_vector_has(data, component_id);
}

bool leaf_supports_component(const struct leaf_node *leaf, uint16_t component_id)
{
	if (component_id == COMPONENT_APP_COMPONENTS || component_id == COMPONENT_SAFE_AAD)
		return u16_list_has(&leaf->capabilities.extensions, EXTENSION_APP_DATA_DICTIONARY);
	return leaf_lists(leaf, COMPONENT_APP_COMPONENTS, component_id);
}

bool leaf_supports_safe_aad(const struct leaf_node *leaf, uint16_t component_id)
{
	return leaf_lists(leaf, COMPONENT_SAFE_AAD, component_id);
}

bool leaf_supports_wire_format(const struct leaf_node *leaf, uint16_t wire_format)
{
	const struct extension *e =
		extension_find(&leaf->extensions, EXTENSION_SUPPORTED_WIRE_FORMATS);
	return (wire_format >= MLS_PUBLIC_MESSAGE && wire_format <= MLS_KEY_PACKAGE) ||
	       (e && u16_vector_has(e->extension_data, wire_format));
}

static bool supports_all(const struct leaf_node *leaf, const struct u16_list *wanted,
			 bool (*supports)(const struct leaf_node *leaf, uint16_t value))
{
	for (size_t i = 0; i < wanted->n; i++)
		if (!supports(leaf, wanted->v[i]))
			return false;
	return true;
}

uc_err requirements_check(const struct requirements *r, const struct leaf_node *leaf)
{
	TRY(leaf_node_check_required(leaf, &r->capabilities));
	TRY(leaf_node_check_context(leaf, r->context));
	if (BREAKS(REQUIRED_COMPONENTS,
		   !supports_all(leaf, &r->components, leaf_supports_component)))
		return UC_E_UNSUPPORTED;
	if (BREAKS(REQUIRED_SAFE_AAD, !supports_all(leaf, &r->safe_aad, leaf_supports_safe_aad)))
		return UC_E_UNSUPPORTED;
	if (BREAKS(REQUIRED_WIRE_FORMATS,
		   !supports_all(leaf, &r->wire_formats, leaf_supports_wire_format)))
		return UC_E_UNSUPPORTED;
	return UC_OK;
}

static bool same_list(const struct u16_list *a, const struct u16_list *b)
{
	return view_equal(view_make(a->v, a->n * sizeof *a->v),
			  view_make(b->v, b->n * sizeof *b->v));
}

bool requirements_same_lists(const struct requirements *a, const struct requirements *b)
{
	return same_list(&a->components, &b->components) && same_list(&a->safe_aad, &b->safe_aad) &&
	       same_list(&a->wire_formats, &b->wire_formats);
}

static bool formats_ok(const struct extension_list *l, uint16_t type)
{
	const struct extension *e = extension_find(l, type);
	return !e || u16_vector_ok(e->extension_data);
}

uc_err draft_extensions_check(const struct extension_list *l)
{
	TRY(components_check(l));
	if (BREAKS(WIRE_FORMATS_FORM, !formats_ok(l, EXTENSION_SUPPORTED_WIRE_FORMATS) ||
					      !formats_ok(l, EXTENSION_REQUIRED_WIRE_FORMATS)))
		return UC_E_MALFORMED;
	return UC_OK;
}
