/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/media_type.h"

#include "mls/component.h"
#include "mls/rule.h"

static void wire_media_type_parameter(struct wire *w, struct media_type_parameter *p)
{
	wire_bytes(w, &p->parameter_name);
	wire_bytes(w, &p->parameter_value);
}
WIRE_ELEMENT(media_type_parameter)

void wire_media_type(struct wire *w, struct media_type *m)
{
	wire_bytes(w, &m->type);
	WIRE_LIST(w, &m->parameters, media_type_parameter_element);
}

void media_type_element(struct wire *w, void *v)
{
	wire_media_type(w, v);
}

void wire_media_type_list(struct wire *w, struct media_type_list *m)
{
	WIRE_LIST(w, &m->media_type_list, media_type_element);
	if (BREAKS(MEDIA_TYPES_NOT_EMPTY, !m->media_type_list.n))
		wire_fail(w, UC_E_MALFORMED);
}

void media_type_list_element(struct wire *w, void *v)
{
	wire_media_type_list(w, v);
}

void wire_application_framing(struct wire *w, struct application_framing *f)
{
	wire_media_type(w, &f->media_type);
	wire_bytes(w, &f->inner_application_content);
}

void application_framing_element(struct wire *w, void *v)
{
	wire_application_framing(w, v);
}

/* --- in place --- */

static bool vector_open(struct view encoded, struct wire *w)
{
	struct view inside = { NULL, 0 };
	wire_reader(w, encoded, NULL);
	wire_bytes(w, &inside);
	if (wire_finish(w))
		return false;
	wire_reader(w, inside, NULL);
	return true;
}

bool media_type_list_ok(struct view encoded)
{
	struct wire w, inner;
	struct view type, parameters, part;
	if (!vector_open(encoded, &w) || w.p == w.end)
		return false;
	while (!w.failed && w.p < w.end) {
		wire_bytes(&w, &type);
		wire_bytes(&w, &parameters);
		if (w.failed)
			return false;
		wire_reader(&inner, parameters, NULL);
		while (!inner.failed && inner.p < inner.end) {
			wire_bytes(&inner, &part);
			wire_bytes(&inner, &part);
		}
		if (inner.failed)
			return false;
	}
	return !w.failed;
}

/* --- what is understood --- */

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

/* RFC 2045, 5.1: "type, subtype, and parameter names are case-insensitive". */
static bool same_word(struct view a, struct view b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

static bool has_parameter(const struct media_type *m, const struct media_type_parameter *p)
{
	for (size_t i = 0; i < m->parameters.n; i++)
		if (same_word(m->parameters.v[i].parameter_name, p->parameter_name) &&
		    view_equal(m->parameters.v[i].parameter_value, p->parameter_value))
			return true;
	return false;
}

bool media_type_equal(const struct media_type *a, const struct media_type *b)
{
	if (!same_word(a->type, b->type) || a->parameters.n != b->parameters.n)
		return false;
	for (size_t i = 0; i < a->parameters.n; i++)
		if (!has_parameter(b, &a->parameters.v[i]) ||
		    !has_parameter(a, &b->parameters.v[i]))
			return false;
	return true;
}

uc_err media_types_of(const struct extension_list *l, struct arena *a, struct media_types *out)
{
	struct media_type_list list = { { NULL, 0 } };
	struct view data;
	if (component_in(l, COMPONENT_CONTENT_MEDIA_TYPES, &data) && media_type_list_ok(data))
		TRY(wire_decode(data, a, media_type_list_element, &list));
	*out = list.media_type_list;
	return UC_OK;
}

bool media_types_cover(const struct media_types *have, const struct media_types *want)
{
	for (size_t i = 0; i < want->n; i++) {
		bool found = false;
		for (size_t k = 0; !found && k < have->n; k++)
			found = media_type_equal(&have->v[k], &want->v[i]) ||
				(!have->v[k].parameters.n &&
				 same_word(have->v[k].type, want->v[i].type));
		if (!found)
			return false;
	}
	return true;
}

uc_err application_framing_write(const struct media_type *type, struct view content,
				 struct arena *a, struct view *application_data)
{
	struct application_framing f = { .inner_application_content = content };
	if (type)
		f.media_type = *type;
	return wire_encode_to(a, application_framing_element, &f, application_data);
}

uc_err application_framing_read(const struct extension_list *context_extensions,
				struct view application_data, struct arena *a,
				struct application_framing *out)
{
	struct application_framing f;
	struct media_types types;
	TRY(media_types_of(context_extensions, a, &types));
	if (!types.n)
		return UC_E_UNEXPECTED;
	TRY(wire_decode(application_data, a, application_framing_element, &f));
	/* "If media_type.type is zero length": parameters without a type mean nothing. */
	if (!f.media_type.type.n)
		f.media_type = types.v[0];
	*out = f;
	return UC_OK;
}
