/* SPDX-License-Identifier: Apache-2.0 */
/* Media types of application messages (draft-ietf-mls-extensions-10, Content Advertisement).
 *
 * All our rooms have content_media_types in their GroupContext, so application_data is always an
 * ApplicationFraming, of "application/mimi-content". */
#ifndef MIMI_MEDIA_TYPE_H
#define MIMI_MEDIA_TYPE_H

#include "wire/wire.h"

#define MIMI_CONTENT_TYPE "application/mimi-content"

struct media_type_parameter {
	struct view parameter_name;
	struct view parameter_value; /* never with the quotes or escapes of a text form */
};
struct media_type_parameter_list {
	struct media_type_parameter *v;
	size_t n;
};
struct media_type {
	struct view type; /* top-level type, "/", subtype */
	struct media_type_parameter_list parameters;
};
struct media_types {
	struct media_type *v;
	size_t n;
};
void wire_media_type(struct wire *w, struct media_type *m);
void media_type_element(struct wire *w, void *v);

/* The component content_media_types of a GroupContext (what may be sent) and of a LeafNode (what
 * is understood); not empty. */
struct media_type_list {
	struct media_types media_type_list;
};
void wire_media_type_list(struct wire *w, struct media_type_list *m);
void media_type_list_element(struct wire *w, void *v);

/* application_data; an empty type is the first one of the GroupContext's list. */
struct application_framing {
	struct media_type media_type;
	struct view inner_application_content;
};
void wire_application_framing(struct wire *w, struct application_framing *f);
void application_framing_element(struct wire *w, void *v);

/* The component's data: a list of "application/mimi-content" alone. */
uc_err UC_MUST_USE media_types_write(struct arena *a, struct view *component);
/* application_data around MIMI content. */
uc_err UC_MUST_USE application_data_write(struct view content, struct arena *a,
					  struct view *application_data);
/* The MIMI content in it, a part of application_data; UC_E_UNSUPPORTED for another media type. */
uc_err UC_MUST_USE application_data_read(struct view application_data, struct arena *a,
					 struct view *content);

#endif
