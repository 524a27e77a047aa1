/* SPDX-License-Identifier: Apache-2.0 */
/* Finding people by number, the app's side (trust/discovery.h): numbers that it does not see are
 * evaluated within a budget, those who want to be found have a value of theirs kept, and once a day all
 * values become a filter that everybody downloads whole. */
#ifndef PROVIDER_DISCOVERY_H
#define PROVIDER_DISCOVERY_H

#include "provider/inside.h"
#include "trust/discovery.h"

/* Does the app offer it? */
bool discovery_is_on(const struct provider *p);
/* Goes on with batches, as long as a slice; true: there is more. */
bool discovery_go_on(struct provider *p);
/* A batch of another app, with our half of its key; answered when it is done.  UC_E_BUSY: too many of
 * others wait. */
uc_err UC_MUST_USE discovery_evaluate_for(struct peer_call *c, const struct oprf_key *half,
					  struct view blinded);
/* A session has gone, or signed out: nobody waits for its batches. */
void discovery_forget(struct provider *p, const struct session *s);
void discovery_free(struct provider *p);

/* What an account has spent is full again. */
bool numbers_are_over(const struct numbers_record *r, uint64_t now_ms);
/* The account is not found by its number any more, as a part of its batch. */
void discoverable_drop(struct store_batch *b, struct view account_id);

/* --- a key of which another app holds half (custody.c) --- */

enum { CUSTODY_BYTES = 64 * 256 };
/* What is known of the custodian, and with it the keys that filters name. */
uc_err UC_MUST_USE custody_open(struct provider *p);
/* Asks it for its key, until that is known. */
void custody_tick(struct provider *p, uint64_t now_ms);
/* Sends it elements; the ask's own function reads the answer by custody_read: UC_E_BUSY, UC_E_PEER, and
 * UC_E_KEY when it is of another key than it had. */
void custody_ask(struct provider *p, struct ask *a, struct view blinded);
uc_err UC_MUST_USE custody_read(const struct provider *p, const struct peer_response *r, size_t n,
				struct arena *a, struct discovery_answered *out);

/* --- the filter --- */

/* The key is another: that of before is given out, and a new one made. */
void filters_changed(struct provider *p);
/* Goes on with the filter, begins one when it is time. */
void filter_tick(struct provider *p, uint64_t now_ms);
void filter_build_free(struct filter_build *b);
/* Forgets a filter, whose head has this key, with its parts. */
uc_err UC_MUST_USE filter_drop(struct provider *p, struct view key, struct view prf_key);

#endif
