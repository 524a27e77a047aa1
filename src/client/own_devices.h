/* SPDX-License-Identifier: Apache-2.0 */
/* What this device knows of the account's others: what the person calls them, what the list of devices
 * said that this one has not signed (an alarm, until it was seen), and how one is ended. */
#ifndef CLIENT_OWN_DEVICES_H
#define CLIENT_OWN_DEVICES_H

#include "client/client.h"
#include "mimi/device_list.h"

/* An entry that has come to stand in our list: told when another device has signed it, and later when this one
 * has let somebody in by it (device_watch.h); when it ends one,
 * all that was lent out is void (identity.md, 1), and is made anew. */
uc_err UC_MUST_USE own_devices_entry(struct uc_client *c, const struct device_entry *e);
/* An alarm, kept until it was seen; by zeros: the account key. */
void own_devices_tell(struct uc_client *c, enum uc_device_change_kind kind,
		      const uint8_t device_key[ED25519_KEY], const uint8_t by[ED25519_KEY],
		      uint64_t time_ms);
/* Asks the app to take that one, which is listed and not this one, from the list. */
uc_err UC_MUST_USE own_devices_end(struct uc_client *c, struct view device_key, call_done *done,
				   void *subject);
/* Two entries at one place: of the app's list, and of ours. */
void own_devices_fork(struct uc_client *c, const struct device_entry *ours);
/* The list was read, today; or is it to be read though its head is the one we know, since that says
 * nothing of what stands there?  Asked for the first time, it was read today. */
void own_devices_read(struct uc_client *c);
bool own_devices_unread(struct uc_client *c);

#endif
