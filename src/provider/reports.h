/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of abuse that the app has taken (docs/reports.md): verified ones alone, for its moderators. */
#ifndef PROVIDER_REPORTS_H
#define PROVIDER_REPORTS_H

#include "mimi/report.h"
#include "provider/schema.h"

struct provider;

enum {
	REPORTER_MARK = 16,
	REPORT_KEEP_DAYS = 90,
	MARK_DAYS = 7, /* so long reports of one account are known to be of one */
	REPORTS_BYTES_MAX = 256 * 1024 * 1024,        /* of all that are kept */
	REPORTS_BYTES_OTHERS = REPORTS_BYTES_MAX / 2, /* of those from other apps */
	REPORT_UNIT_BYTES = 65536, /* one more counts as another report of that account */
};

/* Under the app's domain, by number. */
struct view report_key(struct store_key *k, struct view domain, uint64_t number);
/* The number in such a key. */
uc_err UC_MUST_USE report_key_read(struct view key, uint64_t *number);

/* --- report_walk.c --- */
/* Over all of one app, in the order of their numbers, and on behind those that are damaged. */
struct report_walk {
	struct store *store;
	struct view domain;
	struct store_scan scan;
	uint64_t from; /* the least number that may come next */
	bool is_open, is_over;
	uc_err failed;
};
struct report_found {
	uint64_t number;
	struct view value; /* an encoded report_record, until the next call */
	bool is_damaged;   /* it cannot be read, nor perhaps some right before it */
};
void report_walk_begin(struct report_walk *w, struct store *s, struct view domain);
/* false: that was the last, or report_walk_end says why it ended. */
bool report_walk_next(struct report_walk *w, struct report_found *out);
uc_err UC_MUST_USE report_walk_end(struct report_walk *w);

/* --- report_place.c --- */
/* What is kept of another app. */
struct report_share {
	uint64_t bytes;
};
/* Looks through those that are kept, once in a process, a few at a time (as provider_go_on): true, there are
 * more.  One that is damaged keeps no others from being taken. */
bool report_place_go_on(struct provider *p);
/* All that is left of that, at once. */
uc_err UC_MUST_USE report_place_know(struct provider *p);
/* Has it been looked at, so that what is done to it counts? */
bool report_place_has(const struct provider *p, uint64_t number);
/* Of one's own people, for whom `from` is empty, *out is NULL. */
uc_err UC_MUST_USE report_share_get(struct provider *p, struct view from,
				    struct report_share **out);
/* Is there no place for one more of so many bytes? */
bool report_place_is_full(const struct provider *p, struct view from, uint64_t bytes);
void report_place_take(struct provider *p, struct report_share *of, uint64_t bytes);
void report_place_free(struct provider *p, struct view from, uint64_t bytes);
/* What is known of it; it is looked through again. */
void report_place_forget(struct provider *p);

/* --- reported_cards.c --- */
/* Does the place of a report say that it is of a request card, and not of a room? */
bool is_reported_card(struct view place);
/* As the app of whoever wrote it: the reply address is ours, and was made for that card.  UC_E_FRANK;
 * UC_E_STALE: none of our keys opens that address, which names nobody then. */
uc_err UC_MUST_USE card_claims_verify(const struct provider *p, const struct frank_claims *c,
				      struct view place);
/* Of a card that has verified, in r as it came: puts a hash in the place of its address, and who that
 * leads to, sealed to the moderators. */
uc_err UC_MUST_USE reported_card_veil(const struct provider *p, const struct abuse_report *report,
				      struct arena *a, struct report_record *r);

#endif
