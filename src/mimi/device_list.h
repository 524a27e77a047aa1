/* SPDX-License-Identifier: Apache-2.0 */
/* The signed chain that says which devices are a person's.
 *
 * An entry is (generation, position).  A generation starts at position 0 with a reset, signed by
 * the account key, which names the one device there is; listed devices then add or revoke others.
 * Each entry names the hash of the one before it.  A higher generation outranks a lower one. */
#ifndef MIMI_DEVICE_LIST_H
#define MIMI_DEVICE_LIST_H

#include "crypto/crypto.h"
#include "wire/wire.h"

enum device_action {
	DEVICE_RESET_TO = 1, /* starts a generation: this device alone */
	DEVICE_ADD = 2,
	DEVICE_REVOKE = 3,
};
enum { DEVICES_MAX = 32, DEVICE_ENTRIES_MAX = 1024 };

struct device_entry {
	uint16_t version; /* 1 */
	uint8_t device_action;
	uint32_t list_generation, list_position;
	uint8_t previous_hash[SHA256_BYTES]; /* SHA-256 of the encoded entry before; or zero */
	struct view device_key;              /* Ed25519, 32 bytes */
	uint64_t time_ms;                    /* by the signer's clock, of the day alone */
	struct view signer_key;              /* a listed device's; empty: the account key signed */
	struct view signature;               /* label "Undercroft device list", 64 bytes */
};
void wire_device_entry(struct wire *w, struct device_entry *e);
void device_entry_element(struct wire *w, void *v);

struct listed_device {
	uint8_t device_key[ED25519_KEY];
	uint64_t time_ms;
};
/* A chain that was verified. */
struct device_list {
	struct listed_device devices[DEVICES_MAX];
	size_t count;
	uint32_t list_generation, list_position; /* of the last entry */
	uint8_t last_hash[SHA256_BYTES];
};

/* Fills version, generation, position, hash, time and signature of an entry that follows `list`
 * (NULL: the very first).  by_account: `key` is the account key; else a listed device's.
 * e->device_action and e->device_key are given. */
uc_err UC_MUST_USE device_entry_make(const struct device_list *list, struct view domain,
				     struct view account_key, const struct ed25519_key *key,
				     bool by_account, uint64_t now_ms, const struct device_entry *e,
				     struct arena *a, struct view *encoded);
/* Verifies encoded entries of one account, from the start of a generation on (a list may be cut
 * there).  UC_E_CHAIN when it does not continue, UC_E_SIGNATURE, UC_E_LIMIT, UC_E_MALFORMED. */
uc_err UC_MUST_USE device_list_verify(const struct view_list *entries, struct view domain,
				      struct view account_key, struct arena *a,
				      struct device_list *out);
/* One entry more; on failure the list is as before. */
uc_err UC_MUST_USE device_list_append(struct device_list *list, struct view domain,
				      struct view account_key, struct view entry, struct arena *a);
bool device_list_has(const struct device_list *list, struct view device_key);
/* Does `now` continue `before`: the same entries and perhaps more, or a higher generation?
 * UC_E_STALE when it is older, UC_E_CHAIN when it forked: two entries at one position. */
uc_err UC_MUST_USE device_list_compare(const struct view_list *before, const struct view_list *now,
				       struct arena *a);
/* The entries of the last generation, a part of `entries`. */
uc_err UC_MUST_USE device_list_last_generation(const struct view_list *entries, struct arena *a,
					       struct view_list *out);

#endif
