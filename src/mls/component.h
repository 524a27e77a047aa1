/* SPDX-License-Identifier: Apache-2.0 */
/* Application components on the wire (draft-ietf-mls-extensions-10): the dictionary that GroupContext,
 * leaves, KeyPackages and GroupInfos carry, what stands in it for the engine itself, and the label
 * that keeps each component's use of a key apart. */
#ifndef MLS_COMPONENT_H
#define MLS_COMPONENT_H

#include "mls/credential.h"

struct component_data {
	uint16_t component_id;
	struct view data;
};
struct component_data_list {
	struct component_data *v;
	size_t n;
};
void wire_component_data(struct wire *w, struct component_data *c);
struct app_data_dictionary {
	struct component_data_list component_data;
};
/* Sorted by component id, none twice. */
void wire_app_data_dictionary(struct wire *w, struct app_data_dictionary *d);
void app_data_dictionary_element(struct wire *w, void *v);

/* The dictionary among the extensions; empty when there is none. */
uc_err UC_MUST_USE dictionary_of(const struct extension_list *l, struct arena *a,
				 struct app_data_dictionary *out);
/* The data of one component; NULL when absent. */
const struct view *component_find(const struct app_data_dictionary *d, uint16_t component_id);
/* The same without memory, of the extensions themselves; false when it is absent, or what stands
 * there is no dictionary. */
bool component_in(const struct extension_list *l, uint16_t component_id, struct view *data);
/* The same list with this dictionary; one that was not there is put at the end. */
uc_err UC_MUST_USE extensions_with_dictionary(const struct extension_list *l,
					      const struct app_data_dictionary *d, struct arena *a,
					      struct extension_list *out);
/* The same list with this component's data in its dictionary (or without the component, where
 * data.p is NULL). */
uc_err UC_MUST_USE extensions_with_component(const struct extension_list *l, uint16_t component_id,
					     struct view data, struct arena *a,
					     struct extension_list *out);

/* ComponentsList: the components app_components and safe_aad, of a leaf (what it supports) and of a
 * GroupContext (what all have to support). */
struct components_list {
	struct u16_list component_ids;
};
void wire_components_list(struct wire *w, struct components_list *c);
void components_list_element(struct wire *w, void *v);
/* WireFormats: supported_wire_formats of a leaf, required_wire_formats of a GroupContext. */
struct wire_formats {
	struct u16_list wire_formats;
};
void wire_wire_formats(struct wire *w, struct wire_formats *f);
void wire_formats_element(struct wire *w, void *v);
/* Is this one of the two, encoded?  And is the number in it?  Without memory. */
bool u16_vector_ok(struct view encoded);
bool u16_vector_has(struct view encoded, uint16_t value);

/* What a receiver checks of each dictionary: that it is one, and that app_components, safe_aad and
 * content_media_types in it are what they should be.  UC_E_MALFORMED.  Other components are left
 * alone, known or not. */
uc_err UC_MUST_USE components_check(const struct extension_list *l);
/* 0x0A0A, 0x1A1A to 0x7A7A: what lies above is for private use. */
bool component_is_grease(uint16_t component_id);

/* What a component signs, and encrypts, under. */
struct component_operation_label {
	struct view base_label; /* "MLS Component" */
	uint16_t component_id;
	struct view label;
};
void wire_component_operation_label(struct wire *w, struct component_operation_label *l);
void component_operation_label_element(struct wire *w, void *v);

/* --- app_ack, in an AppEphemeral --- */
struct message_range {
	uint32_t sender; /* leaf */
	uint32_t first_generation, last_generation;
};
struct message_range_list {
	struct message_range *v;
	size_t n;
};
void wire_message_range(struct wire *w, struct message_range *r);
struct app_ack {
	struct message_range_list received_ranges;
};
/* A range that ends before it begins is malformed. */
void wire_app_ack(struct wire *w, struct app_ack *k);
void app_ack_element(struct wire *w, void *v);

#endif
