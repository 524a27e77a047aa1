/* SPDX-License-Identifier: Apache-2.0 */
/* What is read in place, without memory, beside the walks that read the same into structs: both take
 * the same bytes and find the same in them; and a dictionary with one component more is what it was,
 * but for that. */
#include "tests/fuzz/fuzz.h"

#include "mls/component.h"
#include "mls/media_type.h"
#include "mls/safe_aad.h"

static bool decodes(struct arena *a, struct view in, wire_element *walk, void *object)
{
	return !wire_decode(in, a, walk, object);
}

static void lists(struct view in, struct arena *a)
{
	struct components_list l = { { NULL, 0 } };
	bool ok = decodes(a, in, components_list_element, &l);
	fuzz_expect(u16_vector_ok(in) == ok);
	for (size_t i = 0; ok && i < l.component_ids.n; i++)
		fuzz_expect(u16_vector_has(in, l.component_ids.v[i]));
	struct media_type_list types;
	fuzz_expect(media_type_list_ok(in) == decodes(a, in, media_type_list_element, &types));
}

static void safe_aads(struct view in, struct arena *a)
{
	struct safe_aad s = { { NULL, 0 } };
	struct view data, again;
	bool ok = decodes(a, in, safe_aad_element, &s);
	fuzz_expect(!safe_aad_check(in) == ok);
	if (!ok)
		return;
	for (size_t i = 0; i < s.aad_items.n; i++)
		fuzz_expect(safe_aad_find(in, s.aad_items.v[i].component_id, &data) &&
			    view_equal(data, s.aad_items.v[i].aad_item_data));
	if (!safe_aad_make(s.aad_items.v, s.aad_items.n, a, &again))
		fuzz_expect(view_equal(again, in));
}

static bool known_ok(const struct component_data *c, struct arena *a)
{
	struct components_list l;
	struct media_type_list types;
	if (c->component_id == COMPONENT_APP_COMPONENTS || c->component_id == COMPONENT_SAFE_AAD)
		return decodes(a, c->data, components_list_element, &l);
	return c->component_id != COMPONENT_CONTENT_MEDIA_TYPES ||
	       decodes(a, c->data, media_type_list_element, &types);
}

static void dictionaries(struct view in, struct arena *a)
{
	struct extension e = { EXTENSION_APP_DATA_DICTIONARY, in };
	struct extension_list l = { &e, 1 }, more;
	struct app_data_dictionary d = { { NULL, 0 } };
	struct view data;
	bool ok = decodes(a, in, app_data_dictionary_element, &d);
	for (size_t i = 0; ok && i < d.component_data.n; i++) {
		const struct component_data *c = &d.component_data.v[i];
		fuzz_expect(component_in(&l, c->component_id, &data) && view_equal(data, c->data));
		ok &= known_ok(c, a);
	}
	fuzz_expect(!components_check(&l) == ok);
	if (!ok)
		return;
	uint16_t id = in.n > 2 ? (uint16_t)(in.p[1] << 8 | in.p[2]) : 0x8001;
	if (extensions_with_component(&l, id | 0x8000, VIEW_LIT("more"), a, &more))
		return;
	fuzz_expect(!components_check(&more));
	fuzz_expect(component_in(&more, id | 0x8000, &data) && view_equal(data, VIEW_LIT("more")));
	for (size_t i = 0; i < d.component_data.n; i++)
		fuzz_expect(component_in(&more, d.component_data.v[i].component_id, &data));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena a;
	struct view in = view_make(data, n);
	arena_init(&a, (size_t)64 << 20, ARENA_PLAIN);
	lists(in, &a);
	safe_aads(in, &a);
	dictionaries(in, &a);
	arena_done(&a);
	return 0;
}
