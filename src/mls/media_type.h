/* SPDX-License-Identifier: Apache-2.0 */
/* Media types of application messages (draft-ietf-mls-extensions-10, Content Advertisement).
 *
 * A group whose GroupContext has the component content_media_types sends its application_data as
 * ApplicationFraming, of one of these types or of another; each of these is understood by all. */
#ifndef MLS_MEDIA_TYPE_H
#define MLS_MEDIA_TYPE_H

#include "mls/credential.h"

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
/* The same type with the same parameters, in any order; names and types without regard to case. */
bool media_type_equal(const struct media_type *a, const struct media_type *b);

/* The component content_media_types of a GroupContext (what all understand) and of a LeafNode (what
 * this one does); not empty. */
struct media_type_list {
	struct media_types media_type_list;
};
void wire_media_type_list(struct wire *w, struct media_type_list *m);
void media_type_list_element(struct wire *w, void *v);
/* Is this an encoded MediaTypeList?  Without memory. */
bool media_type_list_ok(struct view encoded);

/* application_data; an empty type is the first one of the GroupContext's list. */
struct application_framing {
	struct media_type media_type;
	struct view inner_application_content;
};
void wire_application_framing(struct wire *w, struct application_framing *f);
void application_framing_element(struct wire *w, void *v);

/* The types that a GroupContext or leaf with these extensions lists; none when the component is
 * absent. */
uc_err UC_MUST_USE media_types_of(const struct extension_list *l, struct arena *a,
				  struct media_types *out);
/* Does who lists `have` understand all of `want`?  A type that is listed without parameters is
 * understood with any. */
bool media_types_cover(const struct media_types *have, const struct media_types *want);
/* application_data around this content.  type NULL: of the GroupContext's first, in the short form. */
uc_err UC_MUST_USE application_framing_write(const struct media_type *type, struct view content,
					     struct arena *a, struct view *application_data);
/* What is in it and of what type, in a group with these GroupContext extensions.  UC_E_UNEXPECTED:
 * the group frames nothing, it has no content_media_types. */
uc_err UC_MUST_USE application_framing_read(const struct extension_list *context_extensions,
					    struct view application_data, struct arena *a,
					    struct application_framing *out);

#endif
