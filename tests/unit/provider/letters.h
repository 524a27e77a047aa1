/* SPDX-License-Identifier: Apache-2.0 */
/* Look-ups and letters of first contact, by hand. */
#ifndef TESTS_UNIT_PROVIDER_LETTERS_H
#define TESTS_UNIT_PROVIDER_LETTERS_H

#include "tests/unit/provider/apps.h"

uc_err look_up(struct person *p, struct app *at, const char *name, struct lookup_answer *answer,
	       struct view *sealed);
struct view reply_make(struct person *p);
struct view entry_make(uint8_t operation, struct view requester, struct view target,
		       uint16_t component, size_t n);
uc_err request(struct client *c, struct view entry);
uc_err update(struct client *c, struct view entry);
struct view intake_take(struct client *c, struct device *d);

#endif
