/* SPDX-License-Identifier: Apache-2.0 */
/* What an engine does: keep an ordered map of bytes, apply a list of changes at once, make what
 * was applied durable.  Preconditions, logs and the meta record are built on top, once for all. */
#ifndef STORE_DRIVER_H
#define STORE_DRIVER_H

#include "store/store.h"

enum store_change_kind { CHANGE_PUT, CHANGE_DELETE, CHANGE_DELETE_RANGE };

/* One change.  Engines read kind, key, value and next; a range is [key, value). */
struct store_change {
	enum store_change_kind kind;
	struct view key, value;
	struct store_change *next, *before;
	uint64_t hash; /* store_hash of the key, for looking changes up */
};

/* FNV-1a: for tables that live no longer than a batch or a sync. */
uint64_t store_hash(struct view key);

struct store_engine;
struct store_cursor;

struct store_driver {
	const char *name;
	uc_err (*open)(const struct store_options *o, struct store_engine **out);
	void (*close)(struct store_engine *e);
	/* out == NULL: only whether it is there.  UC_E_NOT_FOUND when not. */
	uc_err (*get)(struct store_engine *e, struct view key, struct arena *mem, struct view *out);
	/* All or nothing, in order.  Visible at once; whether it could be written may be said by a later
	 * call, sync at the latest. */
	uc_err (*write)(struct store_engine *e, const struct store_change *first);
	uc_err (*sync)(struct store_engine *e);
	/* The last key in [from, end), copied into the arena, and its value (may be NULL).
	 * UC_E_NOT_FOUND. */
	uc_err (*last)(struct store_engine *e, struct view from, struct view end, struct arena *mem,
		       struct view *key, struct view *value);
	/* Keys in [from, end) as they are now, whatever is written later. */
	uc_err (*cursor_open)(struct store_engine *e, struct view from, struct view end,
			      struct store_cursor **out);
	/* UC_E_NOT_FOUND at the end.  Views live until the next call. */
	uc_err (*cursor_next)(struct store_cursor *c, struct view *key, struct view *value);
	void (*cursor_close)(struct store_cursor *c);
	/* May run beside everything else but close; the errors of store_maintain. */
	uc_err (*maintain)(struct store_engine *e);
	/* From any thread; NULL: it takes no time. */
	void (*maintain_stop)(struct store_engine *e);
	/* What was synced, as a place of its own for `open`, durable; NULL: it cannot. */
	uc_err (*checkpoint)(struct store_engine *e, const char *path);
};

#endif
