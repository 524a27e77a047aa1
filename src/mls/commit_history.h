/* SPDX-License-Identifier: Apache-2.0 */
/* Which commit ended each of the latest epochs: tells a commit that comes again from one that
 * competed with it (a fork), when nothing else of the epoch is left to judge it by. */
#ifndef MLS_COMMIT_HISTORY_H
#define MLS_COMMIT_HISTORY_H

#include "crypto/crypto.h"
#include "mls/limits.h"
#include "wire/wire.h"

struct taken_commit {
	uint64_t epoch;             /* it was sent in */
	uint8_t hash[SHA256_BYTES]; /* of the encoded MLSMessage */
};
struct commit_history {
	struct taken_commit v[GROUP_RESUMPTION_EPOCHS]; /* latest first */
	size_t n;
};

void commit_history_add(struct commit_history *h, uint64_t epoch, const uint8_t hash[SHA256_BYTES]);
/* What a commit of a past epoch is, by that hash: UC_E_REPLAY, the one that was taken; UC_E_FORK, another
 * (as it says of itself: there are no keys left to verify it); UC_E_EPOCH_PAST, nobody knows. */
uc_err UC_MUST_USE commit_history_judge(const struct commit_history *h, uint64_t epoch,
					const uint8_t hash[SHA256_BYTES]);
/* For storage. */
void wire_commit_history(struct wire *w, struct commit_history *h);

#endif
