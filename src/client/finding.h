/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the numbers that a person has can be found on their own app, without telling it the numbers
 * (trust/discovery.h, decisions 0134 and 0137).  A number is asked for once, for its value under the
 * app's key, which stays here; each day's filter is looked into for nothing. */
#ifndef CLIENT_FINDING_H
#define CLIENT_FINDING_H

#include "client/client.h"
#include "client/directories.h"

uc_err UC_MUST_USE finding_drive(struct uc_client *c);
/* Takes what was stored, or is new, into its list; on failure it is the caller's. */
uc_err UC_MUST_USE finding_add(struct uc_client *c, struct sought *s);
/* All that is sought, and what is asked. */
void finding_free(struct uc_client *c);
/* A day since 1970, by the app's clock. */
uint32_t finding_day(struct uc_client *c);
/* After an answer that ends it for now: asked again in an hour, or when it is wanted anew. */
void finding_fail(struct uc_client *c, uc_err err, struct view text);
/* The app has lied, which is told; nothing is asked of it until it is wanted anew. */
void finding_alarm(struct uc_client *c, uc_err err, const char *what);

/* --- finding_filter.c --- */

/* Is there a filter to be fetched?  If it is only later, drive is called then. */
bool finding_wants_filter(struct uc_client *c);
/* Asks for its next part. */
uc_err UC_MUST_USE finding_fetch(struct uc_client *c);
/* What has come of one so far is dropped. */
void finding_filter_drop(struct finding *f);

/* --- findable.c: that we can be found --- */

/* Says so to the app, where the settings do and it has not been said yet. */
uc_err UC_MUST_USE findable_drive(struct uc_client *c);

#endif
