/* SPDX-License-Identifier: Apache-2.0 */
/* Safe AAD (draft-ietf-mls-extensions-10): what components say in the authenticated_data of messages,
 * side by side.
 *
 * A group whose GroupContext has the component safe_aad has nothing else there.  The engine puts
 * SafeAAD without items where the caller gives no authenticated_data. */
#ifndef MLS_SAFE_AAD_H
#define MLS_SAFE_AAD_H

#include "wire/wire.h"

struct safe_aad_item {
	uint16_t component_id;
	struct view aad_item_data;
};
struct safe_aad_item_list {
	struct safe_aad_item *v;
	size_t n;
};
void wire_safe_aad_item(struct wire *w, struct safe_aad_item *s);
struct safe_aad {
	struct safe_aad_item_list aad_items;
};
/* Sorted by component id, none twice. */
void wire_safe_aad(struct wire *w, struct safe_aad *s);
void safe_aad_element(struct wire *w, void *v);

/* authenticated_data of these items, in any order.  UC_E_ARGUMENT: one component twice. */
uc_err UC_MUST_USE safe_aad_make(const struct safe_aad_item *items, size_t n, struct arena *a,
				 struct view *authenticated_data);
/* UC_E_MALFORMED unless all of it is SafeAAD; components that nobody knows are as good as others. */
uc_err UC_MUST_USE safe_aad_check(struct view authenticated_data);
/* What one component says; false when it says nothing. */
bool safe_aad_find(struct view authenticated_data, uint16_t component_id, struct view *data);
/* SafeAAD without items. */
struct view safe_aad_empty(void);

#endif
