/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/component.h"

#include "mls/media_type.h"
#include "mls/rule.h"

void wire_component_data(struct wire *w, struct component_data *c)
{
	wire_u16(w, &c->component_id);
	wire_bytes(w, &c->data);
}
WIRE_ELEMENT(component_data)

/* "MUST be sorted by component_id, and there MUST be at most one entry for each". */
void wire_app_data_dictionary(struct wire *w, struct app_data_dictionary *d)
{
	const struct component_data_list *l = &d->component_data;
	WIRE_LIST(w, &d->component_data, component_data_element);
	for (size_t i = 1; !w->failed && i < l->n; i++)
		if (BREAKS(DICTIONARY_ORDER, l->v[i - 1].component_id >= l->v[i].component_id))
			wire_fail(w, UC_E_MALFORMED);
}

void app_data_dictionary_element(struct wire *w, void *v)
{
	wire_app_data_dictionary(w, v);
}

void wire_components_list(struct wire *w, struct components_list *c)
{
	WIRE_LIST(w, &c->component_ids, u16_element);
}

void components_list_element(struct wire *w, void *v)
{
	wire_components_list(w, v);
}

void wire_wire_formats(struct wire *w, struct wire_formats *f)
{
	WIRE_LIST(w, &f->wire_formats, u16_element);
}

void wire_formats_element(struct wire *w, void *v)
{
	wire_wire_formats(w, v);
}

void wire_component_operation_label(struct wire *w, struct component_operation_label *l)
{
	wire_bytes(w, &l->base_label);
	wire_u16(w, &l->component_id);
	wire_bytes(w, &l->label);
}

void component_operation_label_element(struct wire *w, void *v)
{
	wire_component_operation_label(w, v);
}

void wire_message_range(struct wire *w, struct message_range *r)
{
	wire_u32(w, &r->sender);
	wire_u32(w, &r->first_generation);
	wire_u32(w, &r->last_generation);
	if (BREAKS(APP_ACK_RANGE, r->last_generation < r->first_generation))
		wire_fail(w, UC_E_MALFORMED);
}
WIRE_ELEMENT(message_range)

void wire_app_ack(struct wire *w, struct app_ack *k)
{
	WIRE_LIST(w, &k->received_ranges, message_range_element);
}

void app_ack_element(struct wire *w, void *v)
{
	wire_app_ack(w, v);
}

bool component_is_grease(uint16_t component_id)
{
	return component_id < COMPONENTS_PRIVATE && is_grease(component_id);
}

/* --- reading in place --- */

/* A T x<V> that fills `encoded`: w is then over its elements. */
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

static bool vector_next(struct wire *w)
{
	return !w->failed && w->p < w->end;
}

bool u16_vector_ok(struct view encoded)
{
	struct wire w;
	uint16_t v;
	if (!vector_open(encoded, &w))
		return false;
	while (vector_next(&w))
		wire_u16(&w, &v);
	return !w.failed;
}

bool u16_vector_has(struct view encoded, uint16_t value)
{
	struct wire w;
	uint16_t v = 0;
	bool found = false;
	if (!vector_open(encoded, &w))
		return false;
	while (!found && vector_next(&w)) {
		wire_u16(&w, &v);
		found = !w.failed && v == value;
	}
	return found;
}

bool component_in(const struct extension_list *l, uint16_t component_id, struct view *data)
{
	const struct extension *e = extension_find(l, EXTENSION_APP_DATA_DICTIONARY);
	struct component_data c = { 0 };
	struct wire w;
	if (!e || !vector_open(e->extension_data, &w))
		return false;
	while (vector_next(&w)) {
		wire_component_data(&w, &c);
		if (w.failed || c.component_id != component_id)
			continue;
		*data = c.data;
		return true;
	}
	return false;
}

static bool known_component_ok(const struct component_data *c)
{
	switch (c->component_id) {
	case COMPONENT_APP_COMPONENTS:
	case COMPONENT_SAFE_AAD:
		return u16_vector_ok(c->data);
	case COMPONENT_CONTENT_MEDIA_TYPES:
		return media_type_list_ok(c->data);
	default:
		return true;
	}
}

uc_err components_check(const struct extension_list *l)
{
	const struct extension *e = extension_find(l, EXTENSION_APP_DATA_DICTIONARY);
	struct component_data c = { 0 };
	struct wire w;
	bool first = true, known_ok = true, ordered = true;
	if (!e)
		return UC_OK;
	if (!vector_open(e->extension_data, &w))
		return KEEPS(DICTIONARY_FORM, false) ? UC_OK : UC_E_MALFORMED;
	for (uint16_t before = 0; vector_next(&w); before = c.component_id, first = false) {
		wire_component_data(&w, &c);
		ordered &= first || before < c.component_id;
		known_ok &= known_component_ok(&c);
	}
	if (BREAKS(DICTIONARY_FORM, w.failed) || BREAKS(DICTIONARY_ORDER, !ordered))
		return UC_E_MALFORMED;
	return KEEPS(COMPONENT_FORM, known_ok) ? UC_OK : UC_E_MALFORMED;
}

/* --- dictionaries among extensions --- */

uc_err dictionary_of(const struct extension_list *l, struct arena *a,
		     struct app_data_dictionary *out)
{
	const struct extension *e = extension_find(l, EXTENSION_APP_DATA_DICTIONARY);
	*out = (struct app_data_dictionary){ 0 };
	return e ? wire_decode(e->extension_data, a, app_data_dictionary_element, out) : UC_OK;
}

const struct view *component_find(const struct app_data_dictionary *d, uint16_t component_id)
{
	for (size_t i = 0; i < d->component_data.n; i++)
		if (d->component_data.v[i].component_id == component_id)
			return &d->component_data.v[i].data;
	return NULL;
}

static uc_err dictionary_with(struct arena *a, const struct app_data_dictionary *d,
			      uint16_t component_id, struct view data,
			      struct app_data_dictionary *out)
{
	const struct component_data_list *l = &d->component_data;
	struct component_data *v = ARENA_ARRAY(a, struct component_data, l->n + 1);
	size_t n = 0, i = 0;
	if (!v)
		return arena_error(a);
	for (; i < l->n && l->v[i].component_id < component_id; i++)
		v[n++] = l->v[i];
	if (data.p)
		v[n++] = (struct component_data){ component_id, data };
	if (i < l->n && l->v[i].component_id == component_id)
		i++;
	for (; i < l->n; i++)
		v[n++] = l->v[i];
	out->component_data = (struct component_data_list){ v, n };
	return UC_OK;
}

static uc_err extensions_with(struct arena *a, const struct extension_list *l, uint16_t type,
			      struct view data, struct extension_list *out)
{
	struct extension *v = ARENA_ARRAY(a, struct extension, l->n + 1);
	size_t n = 0;
	bool found = false;
	if (!v)
		return arena_error(a);
	for (; n < l->n; n++) {
		v[n] = l->v[n];
		if (v[n].extension_type == type) {
			v[n].extension_data = data;
			found = true;
		}
	}
	if (!found)
		v[n++] = (struct extension){ type, data };
	*out = (struct extension_list){ v, n };
	return UC_OK;
}

uc_err extensions_with_dictionary(const struct extension_list *l,
				  const struct app_data_dictionary *d, struct arena *a,
				  struct extension_list *out)
{
	struct view encoded;
	TRY(wire_encode_to(a, app_data_dictionary_element, d, &encoded));
	return extensions_with(a, l, EXTENSION_APP_DATA_DICTIONARY, encoded, out);
}

uc_err extensions_with_component(const struct extension_list *l, uint16_t component_id,
				 struct view data, struct arena *a, struct extension_list *out)
{
	struct app_data_dictionary d;
	TRY(dictionary_of(l, a, &d));
	TRY(dictionary_with(a, &d, component_id, data, &d));
	return extensions_with_dictionary(l, &d, a, out);
}
