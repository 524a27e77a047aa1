/* SPDX-License-Identifier: Apache-2.0 */
/* This account's device list: the signed chain that says which devices are the person's. */
#ifndef CLIENT_DEVICES_H
#define CLIENT_DEVICES_H

#include "client/client.h"
#include "mimi/device_list.h"

/* Lists as they lie in blobs: entries, opaque<V> each, as one vector. */
uc_err UC_MUST_USE device_entries_read(struct view encoded, struct arena *a, struct view_list *out);
uc_err UC_MUST_USE device_entries_write(const struct view_list *entries, struct arena *a,
					struct view *encoded);

/* The first entry (generation 0, position 0), signed by the account key; kept in the account. */
uc_err UC_MUST_USE devices_first(struct uc_client *c, const struct ed25519_key *account_key);
/* The entry that starts the generation after the app's list, for this device alone; kept.  The one
 * made before is used again when it still follows.  UC_E_EXISTS when the list ends with just that
 * entry already, UC_E_CHAIN when the list does not verify. */
uc_err UC_MUST_USE devices_reset(struct uc_client *c, const struct view_list *entries,
				 const struct ed25519_key *account_key);
/* The list of an account that this device has come to, which was verified. */
uc_err UC_MUST_USE devices_begin(struct uc_client *c, const struct view_list *entries);
/* All entries of the kept list. */
uc_err UC_MUST_USE devices_all(struct uc_client *c, struct arena *a, struct view_list *out);
/* The last entry of the kept list. */
uc_err UC_MUST_USE devices_last_entry(struct uc_client *c, struct view *out);
/* The entries of the kept list's last generation: what others are told. */
uc_err UC_MUST_USE devices_shown(struct uc_client *c, struct arena *a, struct view_list *out);
/* The app's list is verified, must extend the one kept, and replaces it; *listed: is this device
 * on it?  UC_E_STALE when it is older, UC_E_CHAIN when it forked or does not verify.
 * What is new in it, and a fork, is told (own_devices.h). */
uc_err UC_MUST_USE devices_take(struct uc_client *c, const struct view_list *entries, bool *listed);
/* Of a list in a blob: the entry that last made that one a device.  UC_E_NOT_FOUND. */
uc_err UC_MUST_USE devices_entry_of(struct view encoded, struct view device_key, struct arena *a,
				    struct device_entry *out);
/* The kept list, which was verified before it was kept; false while there is none. */
bool devices_known(struct uc_client *c, struct device_list *out);
/* Is it, or was it once, a device of ours? */
bool devices_had(struct uc_client *c, struct view device_key);
/* Is it one now? */
bool devices_is_listed(struct uc_client *c, struct view device_key);
/* Was one ended, in this generation of the list? */
bool devices_any_ended(struct uc_client *c);
void devices_head(struct uc_client *c, uint32_t *generation, uint32_t *position);
/* The entry that last ended one, or that the generation begins with. */
void devices_last_end(struct uc_client *c, uint32_t *generation, uint32_t *position);
/* Was that this device? */
bool devices_ended_by_us(struct uc_client *c);
/* Of what was known there to all of ours: has nobody it who was ended? */
bool devices_none_ended_since(struct uc_client *c, uint32_t generation, uint32_t position);
/* Has our list come so far?  A place beyond it is nobody's word yet. */
bool devices_have_been_at(struct uc_client *c, uint32_t generation, uint32_t position);
/* How often devices were ended, in all generations; UINT32_MAX where they are not all here. */
uint32_t devices_ends(struct uc_client *c);
uint32_t devices_count(struct uc_client *c);

#endif
