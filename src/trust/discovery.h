/* SPDX-License-Identifier: Apache-2.0 */
/* Who of my contacts can be found by number, without saying the numbers: each is a value of an
 * oblivious function (oprf.h) of the app's key, and the app's filter (fuse_filter.h) holds the values
 * of those who want to be found.  The app sees how many numbers are asked, not which; the client sees
 * which of its own numbers are in the filter, and of all others nothing but how many there are.
 * A hit gives the right to ask for a person, and nothing more.
 *
 * The key is one, or split between two custodians who each answer and prove (oprf_key_split): then no
 * single one can compute the value of a number alone, neither asked nor from a stolen disk.
 *
 * A value stays as long as the key: who keeps it asks for each number once, and looks into each day's
 * filter for nothing. */
#ifndef TRUST_DISCOVERY_H
#define TRUST_DISCOVERY_H

#include "trust/fuse_filter.h"
#include "trust/oprf.h"

enum {
	DISCOVERY_BATCH_MAX = OPRF_BATCH_MAX, /* numbers */
	DISCOVERY_CUSTODIANS_MAX = 2,
	DISCOVERY_VALUE = 32,
};

/* The first bytes of the function's output.  Secret: whoever has it and the filter knows whether the
 * person can be found. */
struct discovery_value {
	uint8_t b[DISCOVERY_VALUE];
};

/* --- who asks --- */

/* What one custodian says to a batch: an element for each that was blinded, in its order. */
struct discovery_answer {
	const struct oprf_element *evaluated;
	size_t n;
	uint8_t proof[OPRF_PROOF];
};
/* Public keys of the custodians, in the order of their answers. */
struct discovery_keys {
	struct oprf_element pub[DISCOVERY_CUSTODIANS_MAX];
	size_t n; /* 1 or 2 */
};
/* Numbers that are asked for, normalised, which it borrows; the rest lies in an arena. */
struct discovery_batch {
	const struct view *numbers;
	struct oprf_element *blinded; /* n of them, to each custodian */
	uint8_t (*blinds)[OPRF_SCALAR];
	size_t n;
};

/* The key that both are halves of, as a filter names it; UC_E_KEY for one that is none. */
uc_err UC_MUST_USE discovery_keys_sum(const struct discovery_keys *k, struct oprf_element *out);
/* UC_E_ARGUMENT without numbers, UC_E_TOO_LARGE past DISCOVERY_BATCH_MAX.  The arena holds secrets. */
uc_err UC_MUST_USE discovery_ask(const struct env *env, const struct view *numbers, size_t n,
				 struct arena *a, struct discovery_batch *out);
/* n values, all or none: every proof is checked first.  UC_E_SIGNATURE when one does not hold, which
 * is an alarm: who answers with another key for each can tell by it who asks.  UC_E_PEER for another
 * number of elements or custodians, UC_E_MALFORMED for what is no element. */
uc_err UC_MUST_USE discovery_finish(const struct discovery_batch *b, const struct discovery_keys *k,
				    const struct discovery_answer *answers, size_t custodians,
				    struct discovery_value *out);
/* *found[i] says whether values[i] is in the filter; UC_E_KEY for a filter of other keys. */
uc_err UC_MUST_USE discovery_find(const struct fuse_filter *f, const struct discovery_keys *k,
				  const struct discovery_value *values, size_t n, bool *found);

/* --- who answers --- */

/* With the key, or a custodian's half: `evaluated` holds n.  UC_E_ARGUMENT without elements,
 * UC_E_TOO_LARGE past DISCOVERY_BATCH_MAX, UC_E_MALFORMED when one is none. */
uc_err UC_MUST_USE discovery_evaluate(const struct oprf_key *k, const struct env *env,
				      const struct oprf_element *blinded, size_t n,
				      struct oprf_element *evaluated, uint8_t proof[OPRF_PROOF]);
/* The same in parts, for who has other things to do meanwhile.  Holds the key, a copy: to be wiped. */
struct discovery_work {
	struct oprf_key key;
	struct oprf_proving proving;
	size_t n;
	struct oprf_element blinded[DISCOVERY_BATCH_MAX], evaluated[DISCOVERY_BATCH_MAX];
	uint8_t proof[OPRF_PROOF];
};
/* Of elements that lie one after the other; UC_E_ARGUMENT for bytes that are no whole number of them. */
uc_err UC_MUST_USE discovery_work_begin(struct discovery_work *w, const struct oprf_key *k,
					struct view blinded);
/* One more of them, some 0.1 ms, at the end the proof; UC_E_PENDING while there is more to do. */
uc_err UC_MUST_USE discovery_work_go_on(struct discovery_work *w, const struct env *env);
/* The value of a number of who wants to be found; of the whole key. */
uc_err UC_MUST_USE discovery_value_of(const struct oprf_key *k, struct view number,
				      struct discovery_value *out);
/* What goes into the filter for it. */
uint64_t discovery_filter_key(const struct discovery_value *v);

/* --- how much may be asked --- */

/* Numbers an account may ask for: so many at once, and so many more each day, never more than the
 * first saved up.  With what it may look up one by one besides (provider/reaching.h, budget_look) all 10 million
 * numbers of a country take one account over 400 years (docs/performance.md), and an address book of 1,000 a
 * moment. */
enum { DISCOVERY_START = 1000, DISCOVERY_DAILY = 45 };
struct discovery_budget {
	uint32_t spent, day; /* zeroed: nothing spent */
};
/* Counts n, on a day since 1970, or leaves the budget as it is: days to wait, 0 when counted;
 * UINT32_MAX for more than is ever there. */
uint32_t discovery_budget_take(struct discovery_budget *b, uint32_t n, uint32_t day);
/* How many are left on that day. */
uint32_t discovery_budget_left(const struct discovery_budget *b, uint32_t day);

#endif
