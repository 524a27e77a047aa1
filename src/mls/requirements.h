/* SPDX-License-Identifier: Apache-2.0 */
/* What a GroupContext asks of every leaf: capabilities (RFC 9420, 11.1), support for its extensions
 * (13.4), components, Safe AAD and wire formats (draft-ietf-mls-extensions-10, Negotiating
 * Extensions and Components). */
#ifndef MLS_REQUIREMENTS_H
#define MLS_REQUIREMENTS_H

#include "mls/component.h"
#include "mls/leaf_node.h"

struct requirements {
	struct required_capabilities capabilities;
	const struct extension_list *context; /* borrowed */
	struct u16_list components, safe_aad, wire_formats;
};
/* Of these GroupContext extensions. */
uc_err UC_MUST_USE requirements_of(const struct extension_list *context_extensions, struct arena *a,
				   struct requirements *out);
/* UC_E_UNSUPPORTED: there is something the leaf does not do. */
uc_err UC_MUST_USE requirements_check(const struct requirements *r, const struct leaf_node *leaf);

/* Do they ask for the same components, Safe AAD and wire formats? */
bool requirements_same_lists(const struct requirements *a, const struct requirements *b);

/* required_capabilities of an extension list; all empty when there is none. */
uc_err UC_MUST_USE required_capabilities_of(const struct extension_list *l, struct arena *a,
					    struct required_capabilities *out);

/* Does the leaf say that it understands the component, or its Safe AAD?  app_components and safe_aad
 * themselves are understood by all who support dictionaries. */
bool leaf_supports_component(const struct leaf_node *leaf, uint16_t component_id);
bool leaf_supports_safe_aad(const struct leaf_node *leaf, uint16_t component_id);
/* Does it take messages of that format?  RFC 9420's own need not be listed. */
bool leaf_supports_wire_format(const struct leaf_node *leaf, uint16_t wire_format);

/* What the draft's extensions hold, in a GroupContext or a leaf, is what it should be.
 * UC_E_MALFORMED. */
uc_err UC_MUST_USE draft_extensions_check(const struct extension_list *l);

#endif
