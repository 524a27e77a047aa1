/* SPDX-License-Identifier: Apache-2.0 */
/* What the person is told of their devices later than this one knows it (decision 0163): a device that this one has
 * itself let in, since whoever held it unlocked could put away at once what it says; and one that stands in a room as
 * ours and is not in the list that the app shows, once that was read anew. */
#ifndef CLIENT_DEVICE_WATCH_H
#define CLIENT_DEVICE_WATCH_H

#include "client/client.h"
#include "mimi/device_list.h"

/* That entry, which this device has signed, has come to stand on the list and adds one. */
void device_watch_added(struct uc_client *c, const struct device_entry *e);
/* A device has said in a room that it is ours, and shown a list of ours that names it, which was verified.  Ours
 * has never had it. */
uc_err UC_MUST_USE device_watch_unlisted(struct uc_client *c, struct view device_key,
					 struct view list);
/* The app has said what time it is, before anything else on this connection. */
uc_err UC_MUST_USE device_watch_hello(struct uc_client *c, uint64_t app_ms);
/* The app's list was read, and taken, or not for that. */
uc_err UC_MUST_USE device_watch_read(struct uc_client *c, uc_err err);
uc_err UC_MUST_USE device_watch_drive(struct uc_client *c);

#endif
