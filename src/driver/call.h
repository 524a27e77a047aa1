/* SPDX-License-Identifier: Apache-2.0 */
/* One request and its answer: fields of a JSON object as the engine's types, and back.  A field
 * that is absent reads as its type's zero, as in proto3; one of another type is an error. */
#ifndef DRIVER_CALL_H
#define DRIVER_CALL_H

#include "base/arena.h"

#include <jansson.h>

/* The largest request, bytes: room for the tree of a group of some thousands. */
#define CALL_LINE_MAX ((size_t)16 * 1024 * 1024)

struct call {
	json_t *request;
	json_t *reply;
	bool lost;        /* memory ran out for a part of the answer */
	struct arena mem; /* until the answer is written */
	char detail[120]; /* what is wrong with the request, for the error's message; may be "" */
};

uc_err UC_MUST_USE call_bytes(struct call *c, const json_t *o, const char *name, struct view *out);
uc_err UC_MUST_USE call_u64(struct call *c, const json_t *o, const char *name, uint64_t *out);
uc_err UC_MUST_USE call_u32(struct call *c, const json_t *o, const char *name, uint32_t *out);
uc_err UC_MUST_USE call_bool(struct call *c, const json_t *o, const char *name, bool *out);
/* Text without a zero inside; "" when absent. */
uc_err UC_MUST_USE call_text(struct call *c, const json_t *o, const char *name, const char **out);
/* NULL when absent, which json_array_size takes for empty. */
uc_err UC_MUST_USE call_list(struct call *c, const json_t *o, const char *name, const json_t **out);
uc_err UC_MUST_USE call_bytes_list(struct call *c, const json_t *o, const char *name,
				   struct view_list *out);
/* Every name of this object is one of these words. */
uc_err UC_MUST_USE call_only(struct call *c, json_t *o, const char *words);
/* Says what is wrong, for the error's message. */
void call_say(struct call *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same; returns UC_E_ARGUMENT. */
uc_err UC_MUST_USE call_wrong(struct call *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Into the answer. */
void call_put_bytes(struct call *c, const char *name, struct view v);
void call_put_number(struct call *c, const char *name, uint64_t n);

#endif
