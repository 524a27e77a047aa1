/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/media_type.h"

uc_err media_types_write(struct arena *a, struct view *component)
{
	struct media_type ours = { .type = VIEW_LIT(MIMI_CONTENT_TYPE) };
	const struct media_type_list list = { { &ours, 1 } };
	return wire_encode_to(a, media_type_list_element, &list, component);
}

void wire_chain_head(struct wire *w, struct chain_head *h)
{
	wire_u64(w, &h->seq);
	wire_fixed(w, h->chain, sizeof h->chain);
}

void chain_head_element(struct wire *w, void *v)
{
	wire_chain_head(w, v);
}

uc_err application_data_write(struct view content, const struct chain_head *head, struct arena *a,
			      struct view *application_data)
{
	struct media_type_parameter p = { .parameter_name = VIEW_LIT(CHAIN_HEAD_PARAMETER) };
	struct application_framing f = { { .type = VIEW_LIT(MIMI_CONTENT_TYPE) }, content };
	if (head && head->seq) {
		TRY(wire_encode_to(a, chain_head_element, head, &p.parameter_value));
		f.media_type.parameters = (struct media_type_parameter_list){ &p, 1 };
	}
	return wire_encode_to(a, application_framing_element, &f, application_data);
}

/* What is not known is refused: who reports a message has to be able to say it again. */
static uc_err head_read(const struct media_type_parameter_list *l, struct chain_head *head)
{
	*head = (struct chain_head){ .seq = 0 };
	if (!l->n)
		return UC_OK;
	if (l->n != 1 || !view_equal(l->v[0].parameter_name, VIEW_LIT(CHAIN_HEAD_PARAMETER)))
		return UC_E_UNSUPPORTED;
	TRY(wire_decode(l->v[0].parameter_value, NULL, chain_head_element, head));
	return head->seq ? UC_OK : UC_E_MALFORMED;
}

uc_err application_data_read(struct view application_data, struct arena *a, struct view *content,
			     struct chain_head *head)
{
	struct application_framing f;
	struct chain_head h;
	TRY(wire_decode(application_data, a, application_framing_element, &f));
	if (f.media_type.type.n && !view_equal(f.media_type.type, VIEW_LIT(MIMI_CONTENT_TYPE)))
		return UC_E_UNSUPPORTED;
	TRY(head_read(&f.media_type.parameters, &h));
	*content = f.inner_application_content;
	*head = h;
	return UC_OK;
}
