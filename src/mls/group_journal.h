/* SPDX-License-Identifier: Apache-2.0 */
/* A member's group at rest: a journal that is only ever appended to, and beside it a root of some
 * hundred bytes that is replaced as a whole (docs/decisions/0103).
 *
 * Each change of the group is one transaction at the journal's end, which is read back whole or not
 * at all.  A message sent or received costs a small constant number of bytes, a commit what it
 * changed.  Everything is sealed by keys in the root: without it the journal tells its size and no
 * more, so the root is what has to be kept secret, and what is gone from it is gone for good.
 *
 * What the owner of the bytes must do:
 *
 * 1. After anything that may have changed the group, before what depends on it leaves (a message is
 *    sent, a plaintext shown, a secret used): group_journal_take.  Append its bytes and make them
 *    durable; then, if a root came with them, replace the root and make that durable.  In this order.
 *    What one call gave is durable before the next call is made.
 *    Can that not be done, then free the group and open it again from what is stored.
 * 2. When group_journal_wants_snapshot says so, or at any other time: group_journal_snapshot makes a
 *    new journal and a new root, which take the place of both old ones in one step: one transaction
 *    of a database, or the new journal under a name of its own (group_journal_name) and then the
 *    root, which names it.
 * 3. At start: group_journal_open; cut the journal to the length it gives before more is appended.
 *
 * Forward secrecy at rest.  A transaction of a message names the key that was used up and does not
 * hold it; the last copy of the ratchet before it, from which that key can be computed, is behind it
 * in the journal.  After `forget_after` such steps (1: after each), and with everything else that
 * makes secrets go (a commit applied or dropped, a secret exported, past epochs forgotten), take
 * writes what is left of those secrets under a fresh key and gives a new root; once the old root is
 * gone nobody reads the old ones, wherever their bytes still lie.  Whoever steals root and journal
 * reads of each epoch that is kept at most the last forget_after - 1 messages that they should not. */
#ifndef MLS_GROUP_JOURNAL_H
#define MLS_GROUP_JOURNAL_H

#include "mls/group.h"

enum {
	GROUP_JOURNAL_NAME = 16,         /* bytes */
	GROUP_JOURNAL_FORGET_AFTER = 32, /* steps, unless it is said otherwise */
};

/* A journal of one transaction and its root, in the place of whatever there was (the first of a
 * group, too; one that group_load read from the older form among them).  Both buffers are appended
 * to; both are secret. */
uc_err UC_MUST_USE group_journal_snapshot(struct group *g, struct buf *journal, struct buf *root);
/* What has changed since the last call of this or the above: appends one transaction, or nothing
 * where nothing has changed; appends a root where it is another now.  A failure appends nothing and
 * may be tried again.  UC_E_ARGUMENT before the first snapshot. */
uc_err UC_MUST_USE group_journal_take(struct group *g, struct buf *journal, struct buf *root);
/* Has the journal grown so far that a new one is due? */
bool group_journal_wants_snapshot(const struct group *g);
/* At least 1; kept until the group is freed, not at rest. */
void group_journal_forget_after(struct group *g, uint32_t steps);

/* *used: so far the journal is whole; what comes after is a transaction that was never finished.
 * UC_E_CORRUPT: it is damaged before that, or is not this root's, or lacks what the root has seen;
 * UC_E_VERSION: of a later version. */
uc_err UC_MUST_USE group_journal_open(const struct group_platform *platform, struct view root,
				      struct view journal, size_t *used, struct group **out);
/* The name of the journal that a root belongs to: random, another with each snapshot. */
uc_err UC_MUST_USE group_journal_name(struct view root, uint8_t out[GROUP_JOURNAL_NAME]);

#endif
