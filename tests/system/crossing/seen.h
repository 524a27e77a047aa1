/* SPDX-License-Identifier: Apache-2.0 */
/* What generate.py puts at the end of each walk of a struct that crosses. */
#ifndef CROSSING_SEEN_H
#define CROSSING_SEEN_H

#include "wire/wire.h"

void crossing_seen(const struct wire *w, const char *type, const void *object);

/* Of every struct that crosses, its fields: generated.  Ends with one without a name. */
struct crossing_field {
	const char *type, *name;
	size_t at, n;
	bool is_view; /* or a list: a pointer, and how much is there */
};
extern const struct crossing_field crossing_fields[];

#endif
