/* SPDX-License-Identifier: Apache-2.0 */
/* Encryption at rest, above any store: values are sealed under a data key, keys are keyed hashes,
 * and all changes of one turn go to the store in one commit.
 *
 * A stored key is HMAC(table, owner) (16 bytes) and the item's place: a number (8 bytes, in
 * order) or HMAC(item) (16 bytes).  Each value is bound to its key.  The data key is wrapped by
 * the platform's key or by Argon2id over a passphrase.  A generation number grows with every
 * commit, so that a platform which remembers it elsewhere notices an older copy. */
#ifndef CLIENT_SAFE_H
#define CLIENT_SAFE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "undercroft/undercroft.h"
#include "wire/wire.h"

enum { SAFE_KEY_MAX = 32 };

struct safe_change {
	uint8_t key[SAFE_KEY_MAX];
	size_t key_n;
	uint8_t *sealed; /* NULL: delete */
	size_t sealed_n;
};

struct safe {
	const struct env *env;
	const struct uc_store_ops *ops;
	void *store;
	uint8_t value_key[32], name_key[32];
	uint64_t generation;
	struct safe_change *changes; /* of this turn */
	size_t n, cap;
	uc_err failed; /* sticky for the turn */
};

/* One item.  owner and name may be empty; a name that is empty means `number` is the place. */
struct safe_place {
	const char *table;
	struct view owner;
	struct view name;
	uint64_t number;
};

/* Opens or initialises the store, which belongs to the safe afterwards (also on failure).
 * UC_E_PASSPHRASE when key or passphrase doesn't fit, UC_E_RESTORED below `lowest`. */
uc_err UC_MUST_USE safe_open(struct safe *s, const struct env *env, const struct uc_store_ops *ops,
			     void *store, const uint8_t *key, const char *passphrase,
			     uint64_t lowest);
void safe_done(struct safe *s);

/* Adds to the turn's batch; errors are sticky and told by safe_commit. */
void safe_put(struct safe *s, struct safe_place at, struct view value);
void safe_put_object(struct safe *s, struct safe_place at, wire_element *walk, const void *object);
void safe_delete(struct safe *s, struct safe_place at);
/* Every item of the owner in that table. */
void safe_delete_all(struct safe *s, const char *table, struct view owner);
/* The turn's commit will fail with this. */
void safe_fail(struct safe *s, uc_err err);
/* One atomic commit of what was added; nothing to do without changes. */
uc_err UC_MUST_USE safe_commit(struct safe *s);
bool safe_has_changes(const struct safe *s);

/* Decrypted into the arena.  UC_E_NOT_FOUND when it isn't there; UC_E_CORRUPT when it is not what
 * was stored.  What this turn has added is not seen. */
uc_err UC_MUST_USE safe_get(struct safe *s, struct safe_place at, struct arena *a,
			    struct view *out);
/* Returns false to stop.  The value lives as long as the call. */
typedef bool safe_each(void *ctx, uint64_t number, struct view value);
/* All items of an owner; numbered ones ascending from `from`.  UC_E_CORRUPT when one is damaged, after the others. */
uc_err UC_MUST_USE safe_scan(struct safe *s, const char *table, struct view owner, uint64_t from,
			     safe_each *each, void *ctx);

#endif
