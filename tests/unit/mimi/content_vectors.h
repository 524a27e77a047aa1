/* SPDX-License-Identifier: Apache-2.0 */
/* The example messages of draft-ietf-mimi-content, read from the option `vectors`. */
#ifndef TESTS_UNIT_MIMI_CONTENT_VECTORS_H
#define TESTS_UNIT_MIMI_CONTENT_VECTORS_H

#include "base/view.h"

struct content_vector {
	char name[64], sender_uri[256], room_uri[256];
	size_t octets;
	struct view message_id, content;
};
/* The next one of the file, in a static place; NULL at its end, and when there is no file.
 * Begins anew after NULL. */
const struct content_vector *content_vector_next(void);
/* By its name; NULL when there is no such one. */
const struct content_vector *content_vector_find(const char *name);

#endif
