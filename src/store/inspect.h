/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at a whole store: the operator's check, the inventory, dump and load. */
#ifndef STORE_INSPECT_H
#define STORE_INSPECT_H

#include "store/store.h"

/* What a stored pair is.  All of the store is one of these. */
enum store_part { STORE_PART_RECORD, STORE_PART_LOG_HEAD, STORE_PART_LOG_ENTRY, STORE_PART_META };

/* key: of a record its key, of a log its name, of the meta record empty.  seq: of an entry. */
typedef uc_err store_visit(void *ctx, enum store_part part, struct view key, uint64_t seq,
			   struct view value);
/* Visits everything, part by part, ordered within a part (logs by the length of their name, then
 * by name); stops at the first error and returns it. */
uc_err UC_MUST_USE store_walk(struct store *s, store_visit *visit, void *ctx);

/* Says what is wrong with which log or record, for people. */
typedef void store_problem(void *ctx, const char *what, struct view key);
/* Reads every byte: heads decode, entries are those the heads name, nothing lies between.  visit
 * (may be NULL) checks what is the caller's own: an error other than UC_E_MEMORY is told as a
 * problem and the walk goes on.  UC_E_CORRUPT when there was a problem. */
uc_err UC_MUST_USE store_check(struct store *s, store_visit *visit, store_problem *problem,
			       void *ctx);

/* The dump, by the wire codec: independent of the engine, read by all later versions.
 *
 *	dump   = "UCDUMP" uint16 version(1) item*
 *	item   = uint8 1, opaque key<V>, opaque value<V>     as the engine has them, ordered
 *	       | uint8 0, uint64 count                       the last one */
typedef uc_err store_sink(void *ctx, struct view bytes);
uc_err UC_MUST_USE store_dump(struct store *s, store_sink *sink, void *ctx);
/* Makes a store from a dump: UC_E_EXISTS when the place isn't empty; UC_E_VERSION for a newer
 * dump; UC_E_MALFORMED, and then the place is not to be used.  Of the options only driver, path,
 * memory and sizes count; meta and incarnation come from the dump.  Open it afterwards. */
uc_err UC_MUST_USE store_load(const struct store_options *o, struct view dump);

#endif
