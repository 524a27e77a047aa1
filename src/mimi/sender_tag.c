/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/sender_tag.h"

uc_err sender_tag_add(struct view entry, const uint8_t tag[SENDER_TAG], struct arena *a,
		      struct view *out)
{
	struct consent_entry e;
	struct component_data v[2];
	TRY(wire_decode(entry, a, consent_entry_element, &e));
	struct component_data_list *l = &e.consent_extensions.component_data;
	size_t n = l->n;
	if (n > 1)
		return UC_E_ARGUMENT;
	if (n)
		v[0] = l->v[0];
	v[n] = (struct component_data){ COMPONENT_SENDER_TAG, view_make(tag, SENDER_TAG) };
	*l = (struct component_data_list){ v, n + 1 };
	return wire_encode_to(a, consent_entry_element, &e, out);
}

struct view sender_tag_of(const struct consent_entry *e)
{
	static const uint8_t none[SENDER_TAG];
	const struct component_data_list *l = &e->consent_extensions.component_data;
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].component_id == COMPONENT_SENDER_TAG && l->v[i].data.n == SENDER_TAG &&
		    !view_equal(l->v[i].data, VIEW_OF(none)))
			return l->v[i].data;
	return (struct view){ NULL, 0 };
}
