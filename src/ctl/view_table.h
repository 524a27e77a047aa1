/* SPDX-License-Identifier: Apache-2.0 */
/* docs/inventory.json of the accounts store, as scripts/generate-view lays it out for the compiler: what
 * each part of a key and each field of a record is, and what it adds to which line of operator-view. */
#ifndef CTL_VIEW_TABLE_H
#define CTL_VIEW_TABLE_H

#include "mimi/device_list.h"
#include "mimi/settings.h"
#include "provider/schema.h"

#include <stddef.h>

enum view_class {
	CLASS_IDENTIFIER,
	CLASS_PSEUDONYM,
	CLASS_TIMESTAMP,
	CLASS_COUNTER,
	CLASS_STATE,
	CLASS_KEY,
	CLASS_CIPHERTEXT,
	CLASS_PUBLIC,
};
/* Where the value is: in the key, in its order; or in the struct that the record is decoded to. */
enum view_place {
	PLACE_KEY,
	PLACE_U8,
	PLACE_U16,
	PLACE_U32,
	PLACE_U64,
	PLACE_BOOL,
	PLACE_VIEW,
	PLACE_ARRAY
};
enum view_unit { UNIT_ONE, UNIT_DAY, UNIT_MS, UNIT_US };
/* What becomes of the values of all records of one account. */
enum view_how {
	VIEW_COUNT,  /* how many there are */
	VIEW_EACH,   /* how many different ones follow each other */
	VIEW_BYTES,  /* how many bytes they have */
	VIEW_NUMBER, /* the greatest */
	VIEW_FLAG,   /* is one of them set? */
	VIEW_WORD,   /* the greatest, as a word */
	VIEW_FIRST,  /* the first day */
	VIEW_LAST,   /* the last day */
	VIEW_SPAN,   /* both */
};

struct view_item {
	size_t line;
	enum view_how how;
	const char *label;
	const char *const *words; /* VIEW_WORD: of each value */
	size_t words_n;
};
struct view_inside;
struct view_field {
	const char *name;
	enum view_class class;
	enum view_place kind;
	size_t at, size;
	int item; /* -1: adds to none */
	enum view_unit unit;
	const struct view_inside *inside; /* the bytes are this, encoded; NULL: nothing of ours */
};
struct view_inside {
	wire_element *walk;
	const struct view_field *fields;
	size_t fields_n, struct_size;
};
struct view_table {
	uint8_t tag;
	const char *name;
	size_t keys_n; /* of its fields, those that stand in the key */
	const struct view_field *fields;
	size_t fields_n, struct_size;
};

extern const char *const view_lines[];
extern const size_t view_lines_n;
extern const struct view_item view_items[];
extern const size_t view_items_n;
extern const struct view_table view_tables[];
extern const size_t view_tables_n;

/* clang-format off */
#define PLACE_KIND(record, field)                                                      \
	_Generic(((struct record *)0)->field, uint8_t: PLACE_U8, uint16_t: PLACE_U16,  \
		 uint32_t: PLACE_U32, uint64_t: PLACE_U64, bool: PLACE_BOOL,           \
		 struct view: PLACE_VIEW, uint8_t *: PLACE_ARRAY)
#define PLACE_IN(record, field)                                                        \
	.kind = PLACE_KIND(record, field), .at = offsetof(struct record, field),       \
	.size = sizeof(((struct record *)0)->field)
/* clang-format on */

#endif
