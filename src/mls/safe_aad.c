/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/safe_aad.h"

#include "mls/rule.h"

void wire_safe_aad_item(struct wire *w, struct safe_aad_item *s)
{
	wire_u16(w, &s->component_id);
	wire_bytes(w, &s->aad_item_data);
}
WIRE_ELEMENT(safe_aad_item)

void wire_safe_aad(struct wire *w, struct safe_aad *s)
{
	const struct safe_aad_item_list *l = &s->aad_items;
	WIRE_LIST(w, &s->aad_items, safe_aad_item_element);
	/* "sorted in increasing numerical order of the component_id" */
	for (size_t i = 1; !w->failed && i < l->n; i++)
		if (BREAKS(SAFE_AAD_ORDER, l->v[i - 1].component_id >= l->v[i].component_id))
			wire_fail(w, UC_E_MALFORMED);
}

void safe_aad_element(struct wire *w, void *v)
{
	wire_safe_aad(w, v);
}

uc_err safe_aad_make(const struct safe_aad_item *items, size_t n, struct arena *a,
		     struct view *authenticated_data)
{
	struct safe_aad_item *v = ARENA_ARRAY(a, struct safe_aad_item, n);
	const struct safe_aad s = { { v, n } };
	if (!v)
		return arena_error(a);
	for (size_t i = 0; i < n; i++) {
		size_t at = i;
		for (; at && v[at - 1].component_id > items[i].component_id; at--)
			v[at] = v[at - 1];
		if (at && v[at - 1].component_id == items[i].component_id)
			return UC_E_ARGUMENT;
		v[at] = items[i];
	}
	return wire_encode_to(a, safe_aad_element, &s, authenticated_data);
}

/* Over the items, one after the other; false where there is none, with w->failed telling why. */
static bool items_open(struct view authenticated_data, struct wire *w)
{
	struct view inside = { NULL, 0 };
	wire_reader(w, authenticated_data, NULL);
	wire_bytes(w, &inside);
	if (wire_finish(w))
		return false;
	wire_reader(w, inside, NULL);
	return true;
}

uc_err safe_aad_check(struct view authenticated_data)
{
	struct wire w;
	struct safe_aad_item item = { 0 };
	uint32_t least = 0;
	if (!items_open(authenticated_data, &w))
		return UC_E_MALFORMED;
	while (!w.failed && w.p < w.end) {
		wire_safe_aad_item(&w, &item);
		if (BREAKS(SAFE_AAD_ORDER, item.component_id < least))
			return UC_E_MALFORMED;
		least = (uint32_t)item.component_id + 1;
	}
	return w.failed ? UC_E_MALFORMED : UC_OK;
}

bool safe_aad_find(struct view authenticated_data, uint16_t component_id, struct view *data)
{
	struct wire w;
	struct safe_aad_item item = { 0 };
	if (!items_open(authenticated_data, &w))
		return false;
	while (!w.failed && w.p < w.end) {
		wire_safe_aad_item(&w, &item);
		if (w.failed || item.component_id != component_id)
			continue;
		*data = item.aad_item_data;
		return true;
	}
	return false;
}

struct view safe_aad_empty(void)
{
	static const uint8_t none[1] = { 0 };
	return VIEW_OF(none);
}
