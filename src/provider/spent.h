/* SPDX-License-Identifier: Apache-2.0 */
/* Limits on which money or safety hangs: what was spent of them is stored, so that no restart gives
 * it back.  By account or by the app; never by network address. */
#ifndef PROVIDER_SPENT_H
#define PROVIDER_SPENT_H

#include "provider/inside.h"

/* X(NAME, tag, limit).  Tags are stored: they never change. */
#define PROVIDER_SPENT(X)              \
	X(CONSENT, 1, CONSENT)         \
	X(ASKED, 2, ACCOUNT_ASKED)     \
	X(NAME_CHANGE, 3, NAME_CHANGE) \
	X(CODES, 4, APP_CODE)          \
	X(REPORT, 5, REPORT)           \
	X(CUSTODY, 20, PEER_NUMBERS)
#define SPENT_ENUM(name, tag, limit) SPENT_##name = (tag),
enum spent_kind { PROVIDER_SPENT(SPENT_ENUM) };
#undef SPENT_ENUM

/* Counts one of the subject, whose batch it is, or says how many seconds to wait. */
uc_err UC_MUST_USE spent_take(struct provider *p, struct store_batch *b, struct view subject,
			      enum spent_kind kind, struct arena *a, uint32_t *wait_s);
/* The same of so many. */
uc_err UC_MUST_USE spent_take_many(struct provider *p, struct store_batch *b, struct view subject,
				   enum spent_kind kind, uint32_t units, struct arena *a,
				   uint32_t *wait_s);
/* The same in a batch of its own, committed at once: for what happens in other shards.  A kill in
 * between costs one; it gives none back. */
uc_err UC_MUST_USE spent_now(struct provider *p, struct view subject, enum spent_kind kind,
			     struct arena *a, uint32_t *wait_s);
uc_err UC_MUST_USE spent_now_many(struct provider *p, struct view subject, enum spent_kind kind,
				  uint32_t units, struct arena *a, uint32_t *wait_s);

#endif
