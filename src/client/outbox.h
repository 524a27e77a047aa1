/* SPDX-License-Identifier: Apache-2.0 */
/* Messages on their way out.  A message is stored with its content and salt before it is
 * encrypted, and with its ciphertext before it is sent; it is accepted when the hub has answered or
 * when it is seen in the log, and leaves the outbox when it has been seen there. */
#ifndef CLIENT_OUTBOX_H
#define CLIENT_OUTBOX_H

#include "client/client.h"

/* Queues MIMI content; message: its number in the history, 0 when it is not shown. */
uc_err UC_MUST_USE outbox_add(struct uc_client *c, struct room *r, struct view content,
			      const struct uc_id *id, uint64_t message);
uc_err UC_MUST_USE outbox_drive(struct uc_client *c, struct room *r);
/* A ciphertext of our leaf stands in the log. */
uc_err UC_MUST_USE outbox_seen(struct uc_client *c, struct room *r,
			       const uint8_t hash[SHA256_BYTES], uint64_t timestamp, uint64_t seq,
			       struct view frank);
/* The next after that one (NULL: the first) that was sent on this connection and is not answered;
 * NULL: there is none. */
const struct outgoing *outbox_under_way(const struct room *r, const struct outgoing *after);
/* So does a message of ours, in a ciphertext that we know nothing of. */
uc_err UC_MUST_USE outbox_found(struct uc_client *c, struct room *r, const struct uc_id *id,
				uint64_t timestamp, uint64_t seq, struct view frank);
/* What stood before `first` in the log will not be seen any more, and was not read. */
void outbox_trimmed(struct uc_client *c, struct room *r, uint64_t first);
/* The log ends before `next`: what was accepted from there on is not waited for.  It is on its way to
 * our app, and known then, or in a log that was put back. */
void outbox_gone(struct uc_client *c, struct room *r, uint64_t next);
/* Once more, from the history, with their ids: those accepted from the entry `from` on that were not
 * seen, since the log was put back. */
uc_err UC_MUST_USE outbox_again(struct uc_client *c, struct room *r, uint64_t from);
/* The same of one accepted up to the entry `seq`, which has been read. */
uc_err UC_MUST_USE outbox_missed(struct uc_client *c, struct room *r, uint64_t seq);
/* That message of the history, which is ours. */
uc_err UC_MUST_USE outbox_say_again(struct uc_client *c, struct room *r, struct message *m);
/* Nothing of it will be sent any more. */
void outbox_fail(struct uc_client *c, struct room *r);
/* Nothing of what the person has said and was not accepted yet; introductions and the like still go. */
void outbox_fail_words(struct uc_client *c, struct room *r);

#endif
