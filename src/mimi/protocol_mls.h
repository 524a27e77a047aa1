/* SPDX-License-Identifier: Apache-2.0 */
/* Encoded MLS objects as parts of other structs: no length in front, they delimit themselves. */
#ifndef MIMI_PROTOCOL_MLS_H
#define MIMI_PROTOCOL_MLS_H

#include "wire/wire.h"

/* Reading, the object (of `size` bytes in memory) is parsed and *v is what it was read from. */
void wire_encoded(struct wire *w, struct view *v, wire_element *walk, size_t size);
/* Elements of a list of struct view. */
void mls_message_view_element(struct wire *w, void *v);
void key_package_view_element(struct wire *w, void *v);

#endif
