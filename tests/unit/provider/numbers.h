/* SPDX-License-Identifier: Apache-2.0 */
/* Dial, where people are found by number: Rosa, who may be sought, and Tom, who asks, by hand. */
#ifndef TESTS_UNIT_PROVIDER_NUMBERS_H
#define TESTS_UNIT_PROVIDER_NUMBERS_H

#include "provider/discovery.h"
#include "tests/unit/provider/letters.h"

#define ROSA "+49301234567"
#define TOM  "+49301234568"

extern struct app *dial;
extern struct person rosa, tom;

/* Both have an account at Dial, which offers it. */
void numbers_begin(void);

/* So many numbers, of which `first` is the first. */
struct discovery_batch batch_of(const char *first, size_t n);

/* Of the filter under that key, none: the newest. */
uc_err filter_part(struct person *p, struct view key, uint64_t edition, uint64_t offset,
		   struct discovery_filter_response *r);
struct fuse_filter filter_get(struct person *p, struct view key, uint64_t *edition);
void filter_wait(void);

/* NULL: not any more. */
uc_err discoverable(struct person *p, const char *number);
/* Settings that let everybody find them. */
uc_err settings_open(struct person *p, uint64_t number, enum age_band band);
/* Under Dial's key alone; and how often its store has it. */
struct discovery_value value_of(const char *number);
size_t kept_values(const char *number);

#endif
