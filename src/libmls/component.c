/* SPDX-License-Identifier: Apache-2.0 */
/* Data of components, and what they say in messages (draft-ietf-mls-extensions-10); no keys here. */
#include "undercroft/mls_component.h"

#include "libmls/bare.h"
#include "libmls/give.h"
#include "libmls/take.h"

#include "mls/component.h"
#include "mls/group_safe.h"
#include "mls/media_type.h"
#include "mls/safe_aad.h"

/* --- dictionaries --- */

static uc_err dictionary_put(struct bare *b, struct mls_extensions in, uint16_t component_id,
			     struct mls_bytes data, struct mls_extensions *out)
{
	struct giver g = { .a = b->out->a };
	struct taker t = { NULL, &b->scratch, UC_OK };
	const struct extension_list before = take_extensions(&t, in);
	struct extension_list after;
	struct view v = take_bytes(&t, data);
	TRY(t.failed);
	TRY(extensions_with_component(&before, component_id, v, &b->scratch, &after));
	*out = give_extensions(&g, &after);
	return g.failed;
}

uc_err mls_dictionary_put(struct mls_extensions extensions, uint16_t component_id,
			  struct mls_bytes data, mls_out *out, struct mls_extensions *result)
{
	struct bare b;
	struct mls_extensions fresh = { NULL, 0 };
	if (!out || !result)
		return UC_E_ARGUMENT;
	bare_begin(&b, out);
	TRY(bare_end(&b, dictionary_put(&b, extensions, component_id, data, &fresh)));
	*result = fresh;
	return UC_OK;
}

uc_err mls_dictionary_find(struct mls_extensions extensions, uint16_t component_id,
			   struct mls_bytes *data)
{
	if (!data || (!extensions.v && extensions.n))
		return UC_E_ARGUMENT;
	for (size_t i = 0; i < extensions.n; i++) {
		const struct mls_extension *e = &extensions.v[i];
		struct extension one = { .extension_type = e->type };
		const struct extension_list l = { &one, 1 };
		struct view found;
		TRY(bytes_in(e->data, &one.extension_data));
		if (component_in(&l, component_id, &found)) {
			*data = (struct mls_bytes){ found.p, found.n };
			return UC_OK;
		}
	}
	return UC_E_NOT_FOUND;
}

static uc_err types_data(struct mls_types types, bool are_formats, mls_out *out,
			 struct mls_bytes *data)
{
	struct bare b;
	struct mls_bytes fresh = { NULL, 0 };
	if (!out || !data)
		return UC_E_ARGUMENT;
	bare_begin(&b, out);
	struct taker t = { NULL, &b.scratch, UC_OK };
	const struct components_list components = { take_types(&t, types) };
	const struct wire_formats formats = { components.component_ids };
	uc_err err = t.failed;
	if (!err && are_formats)
		err = bare_encode(&b, wire_formats_element, &formats, &fresh);
	else if (!err)
		err = bare_encode(&b, components_list_element, &components, &fresh);
	TRY(bare_end(&b, err));
	*data = fresh;
	return UC_OK;
}

uc_err mls_components_data(struct mls_types component_ids, mls_out *out, struct mls_bytes *data)
{
	return types_data(component_ids, false, out, data);
}

uc_err mls_wire_formats_data(struct mls_types wire_formats, mls_out *out, struct mls_bytes *data)
{
	return types_data(wire_formats, true, out, data);
}

/* --- Safe AAD --- */

static uc_err safe_aad(struct bare *b, const struct mls_safe_aad_item *items, size_t n,
		       struct mls_bytes *out)
{
	struct taker t = { NULL, &b->scratch, UC_OK };
	struct safe_aad_item *v = ARENA_ARRAY(&b->scratch, struct safe_aad_item, n);
	struct view made;
	if (!v)
		return arena_error(&b->scratch);
	for (size_t i = 0; i < n; i++)
		v[i] = (struct safe_aad_item){ items[i].component_id,
					       take_bytes(&t, items[i].data) };
	TRY(t.failed);
	TRY(safe_aad_make(v, n, b->out->a, &made));
	*out = (struct mls_bytes){ made.p, made.n };
	return UC_OK;
}

uc_err mls_safe_aad_make(const struct mls_safe_aad_item *items, size_t n, mls_out *out,
			 struct mls_bytes *authenticated_data)
{
	struct bare b;
	struct mls_bytes fresh = { NULL, 0 };
	if ((!items && n) || !out || !authenticated_data)
		return UC_E_ARGUMENT;
	bare_begin(&b, out);
	TRY(bare_end(&b, safe_aad(&b, items, n, &fresh)));
	*authenticated_data = fresh;
	return UC_OK;
}

uc_err mls_safe_aad_find(struct mls_bytes authenticated_data, uint16_t component_id,
			 struct mls_bytes *data)
{
	struct view in, found;
	if (!data)
		return UC_E_ARGUMENT;
	TRY(bytes_in(authenticated_data, &in));
	TRY(safe_aad_check(in));
	if (!safe_aad_find(in, component_id, &found))
		return UC_E_NOT_FOUND;
	*data = (struct mls_bytes){ found.p, found.n };
	return UC_OK;
}

/* --- media types --- */

static struct media_type take_media_type(struct taker *t, const struct mls_media_type *m)
{
	struct media_type out = { .type = take_bytes(t, m->type) };
	size_t n = m->parameter_count;
	struct media_type_parameter *v = ARENA_ARRAY(t->a, struct media_type_parameter, n);
	if (!t->failed && !v)
		t->failed = arena_error(t->a);
	if (!t->failed && !m->parameters && n)
		t->failed = UC_E_ARGUMENT;
	for (size_t i = 0; !t->failed && i < n; i++)
		v[i] = (struct media_type_parameter){ take_bytes(t, m->parameters[i].name),
						      take_bytes(t, m->parameters[i].value) };
	out.parameters = (struct media_type_parameter_list){ v, n };
	return out;
}

static uc_err media_types(struct bare *b, const struct mls_media_type *types, size_t n,
			  struct mls_bytes *out)
{
	struct taker t = { NULL, &b->scratch, UC_OK };
	struct media_type *v = ARENA_ARRAY(&b->scratch, struct media_type, n);
	if (!v)
		return arena_error(&b->scratch);
	for (size_t i = 0; i < n; i++)
		v[i] = take_media_type(&t, &types[i]);
	TRY(t.failed);
	const struct media_type_list l = { { v, n } };
	TRY(bare_encode(b, media_type_list_element, &l, out));
	/* What others would refuse is not made. */
	return media_type_list_ok(view_make(out->p, out->n)) ? UC_OK : UC_E_ARGUMENT;
}

uc_err mls_media_types_data(const struct mls_media_type *types, size_t n, mls_out *out,
			    struct mls_bytes *data)
{
	struct bare b;
	struct mls_bytes fresh = { NULL, 0 };
	if (!types || !n || !out || !data)
		return UC_E_ARGUMENT;
	bare_begin(&b, out);
	TRY(bare_end(&b, media_types(&b, types, n, &fresh)));
	*data = fresh;
	return UC_OK;
}

static uc_err framing_write(struct bare *b, const struct mls_media_type *type,
			    struct mls_bytes content, struct mls_bytes *out)
{
	struct taker t = { NULL, &b->scratch, UC_OK };
	struct media_type m = { .type = { NULL, 0 } };
	struct view in = take_bytes(&t, content), made;
	if (type)
		m = take_media_type(&t, type);
	TRY(t.failed);
	TRY(application_framing_write(type ? &m : NULL, in, &b->scratch, &made));
	return mls_out_copy(b->out, made.p, made.n, out);
}

uc_err mls_framing_write(const struct mls_media_type *type, struct mls_bytes content, mls_out *out,
			 struct mls_bytes *data)
{
	struct bare b;
	struct mls_bytes fresh = { NULL, 0 };
	if (!out || !data)
		return UC_E_ARGUMENT;
	bare_begin(&b, out);
	TRY(bare_end(&b, framing_write(&b, type, content, &fresh)));
	*data = fresh;
	return UC_OK;
}

static uc_err give_media_type(struct giver *g, const struct media_type *m,
			      struct mls_media_type *out)
{
	size_t n = m->parameters.n;
	struct mls_media_parameter *v = ARENA_ARRAY(g->a, struct mls_media_parameter, n);
	if (!v)
		return arena_error(g->a);
	for (size_t i = 0; i < n; i++)
		v[i] = (struct mls_media_parameter){
			give_bytes(g, m->parameters.v[i].parameter_name),
			give_bytes(g, m->parameters.v[i].parameter_value)
		};
	*out = (struct mls_media_type){ give_bytes(g, m->type), v, n };
	return g->failed;
}

static uc_err framing_read(struct bare *b, const mls_group *group, struct mls_bytes data,
			   struct mls_media_type *type, struct mls_bytes *content)
{
	struct giver g = { .a = b->out->a };
	struct application_framing f;
	struct view in;
	TRY(bytes_in(data, &in));
	TRY(application_framing_read(&group_now(group->g).context->extensions, in, &b->scratch,
				     &f));
	TRY(give_media_type(&g, &f.media_type, type));
	*content = give_bytes(&g, f.inner_application_content);
	return g.failed;
}

uc_err mls_framing_read(const mls_group *group, struct mls_bytes data, mls_out *out,
			struct mls_media_type *type, struct mls_bytes *content)
{
	struct bare b;
	struct mls_media_type fresh = { .parameters = NULL };
	struct mls_bytes inner = { NULL, 0 };
	if (!group || !out || !type || !content)
		return UC_E_ARGUMENT;
	bare_begin(&b, out);
	TRY(bare_end(&b, framing_read(&b, group, data, &fresh, &inner)));
	*type = fresh;
	*content = inner;
	return UC_OK;
}
