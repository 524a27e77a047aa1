/* SPDX-License-Identifier: Apache-2.0 */
/* Messages on their way out.  A message is stored with its content and salt before it is
 * encrypted, and with its ciphertext before it is sent; it leaves the outbox when the hub has
 * answered or when it is seen in the log. */
#ifndef CLIENT_OUTBOX_H
#define CLIENT_OUTBOX_H

#include "client/client.h"

/* Queues MIMI content; message: its number in the history, 0 when it is not shown. */
uc_err UC_MUST_USE outbox_add(struct uc_client *c, struct room *r, struct view content,
			      const struct uc_id *id, uint64_t message);
uc_err UC_MUST_USE outbox_drive(struct uc_client *c, struct room *r);
/* An own message stands in the log: *known says whether it is in the outbox. */
uc_err UC_MUST_USE outbox_seen(struct uc_client *c, struct room *r,
			       const uint8_t hash[SHA256_BYTES], uint64_t timestamp, uint64_t seq,
			       struct view frank);
/* Nothing of it will be sent any more. */
void outbox_fail(struct uc_client *c, struct room *r);

#endif
