/* SPDX-License-Identifier: Apache-2.0 */
/* CBOR items by their bytes alone: heads, and whether an item is deterministic. */
#ifndef WIRE_CBOR_ITEM_H
#define WIRE_CBOR_ITEM_H

#include "wire/cbor.h"

struct cbor_head {
	enum cbor_major major;
	unsigned bytes; /* of the argument: 0 when it stands in the first byte */
	uint64_t value;
};
/* *v moves past the head.  UC_E_CBOR for a longer form than needed, for indefinite lengths and for
 * what is reserved; in CBOR_SIMPLE, `bytes` 2, 4 and 8 are floating point and not looked at. */
uc_err UC_MUST_USE cbor_head_read(struct view *v, struct cbor_head *out);
/* *v moves past one whole item, which is as cbor_any wants it. */
uc_err UC_MUST_USE cbor_item_check(struct view *v, unsigned levels);

#endif
