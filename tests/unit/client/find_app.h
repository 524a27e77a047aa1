/* SPDX-License-Identifier: Apache-2.0 */
/* A small app where people are found by number: one custodian or two, a filter in parts, a budget, and
 * every lie it could tell. */
#ifndef TESTS_UNIT_CLIENT_FIND_APP_H
#define TESTS_UNIT_CLIENT_FIND_APP_H

#include "tests/unit/client/small_app.h"
#include "trust/discovery.h"

enum find_lie {
	LIE_NONE,
	LIE_OTHER_KEY,   /* for this person alone, well proven */
	LIE_PROOF,       /* a bit of it is wrong */
	LIE_ONE_CHANGED, /* one element among right ones */
	LIE_SHORT,       /* fewer elements */
	LIE_CUSTODIANS,  /* an answer too many */
	LIE_NO_ELEMENT,
	LIE_FILTER_KEY, /* of another key than the directory's */
	LIE_FILTER_DAY, /* another in the answer than in the filter */
	LIE_FILTER_OLD, /* of a day before one that was seen */
	LIE_FILTER_LATER,
	LIE_FILTER_CUT,   /* shorter than its head says */
	LIE_FILTER_LONG,  /* longer */
	LIE_FILTER_HUGE,  /* larger than there is */
	LIE_FILTER_PLACE, /* a part that lies elsewhere */
	LIE_FILTER_EMPTY, /* a part without bytes, for ever */
};
enum { FINDABLE_MAX = 16, SEEN_BYTES = 1 << 18 };

struct find_app {
	struct small_app app; /* first: what the person talks to */
	struct oprf_key whole, half[2];
	size_t custodians; /* 0: not offered */
	const char *findable[FINDABLE_MAX];
	size_t findable_n;
	uint32_t day;     /* of the filter there is; 0: of none */
	uint64_t edition; /* of the same */
	struct buf filter;
	size_t part; /* bytes of one */
	struct discovery_budget budget;
	enum find_lie lie;
	uint8_t seen[SEEN_BYTES]; /* all bodies of these requests, one behind the other */
	size_t seen_n;
	unsigned batches, numbers, parts; /* asked for so far */
	uint8_t last_batch[SHA256_BYTES];
	unsigned again; /* batches that were that one */
	unsigned said;  /* how often DISCOVERABLE_SET came */
	char said_number[32];
	uc_err said_answer;
};

/* Offers it with one custodian; the filter is still to be made. */
void find_app_init(struct find_app *a);
void find_app_done(struct find_app *a);
void find_app_key(struct find_app *a);
/* Of those who are findable, today by test_now_ms. */
void find_app_filter(struct find_app *a);
uint32_t find_app_today(void);
/* Was the text in any request's body? */
bool find_app_saw(const struct find_app *a, const char *text);
/* A person with an account there. */
void find_person(struct person *p, struct find_app *a, const char *number);
/* Closes and opens the client, and talks; a day and a half later. */
void find_restart(struct person *p);
void find_tomorrow(struct person *p);

#endif
