/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/media_type.h"

uc_err media_types_write(struct arena *a, struct view *component)
{
	struct media_type ours = { .type = VIEW_LIT(MIMI_CONTENT_TYPE) };
	const struct media_type_list list = { { &ours, 1 } };
	return wire_encode_to(a, media_type_list_element, &list, component);
}

uc_err application_data_write(struct view content, struct arena *a, struct view *application_data)
{
	const struct application_framing f = { { .type = VIEW_LIT(MIMI_CONTENT_TYPE) }, content };
	return wire_encode_to(a, application_framing_element, &f, application_data);
}

uc_err application_data_read(struct view application_data, struct arena *a, struct view *content)
{
	struct application_framing f;
	TRY(wire_decode(application_data, a, application_framing_element, &f));
	if (f.media_type.parameters.n ||
	    (f.media_type.type.n && !view_equal(f.media_type.type, VIEW_LIT(MIMI_CONTENT_TYPE))))
		return UC_E_UNSUPPORTED;
	*content = f.inner_application_content;
	return UC_OK;
}
