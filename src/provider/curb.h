/* SPDX-License-Identifier: Apache-2.0 */
/* What moderators take from an account whose reports they have upheld: for a while it asks fewer people,
 * and brings fewer into groups.  Kept by account and by name, so that no fresh account is without it; to
 * the end of a week, so that it is not known by its time to which report it belongs. */
#ifndef PROVIDER_CURB_H
#define PROVIDER_CURB_H

#include "provider/inside.h"

/* What holds now, by the stricter of both. */
struct curb {
	unsigned level;     /* how often, at most CURB_LEVELS; 0: not at all */
	uint64_t until_ms;  /* then it is a level less */
	bool is_off_minors; /* R3: reaches nobody below 18 */
};
uc_err UC_MUST_USE curb_get(struct provider *p, struct view account_id,
			    const struct account_record *account, struct arena *a,
			    struct curb *out);
/* What one request costs of the budget: 4, then 16 times as much; 0: it cannot be paid. */
unsigned curb_price(const struct curb *c);
/* Has nothing in it that holds? */
bool curb_is_over(const struct curb_record *r, uint64_t now_ms);

#endif
