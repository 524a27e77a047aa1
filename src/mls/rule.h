/* SPDX-License-Identifier: Apache-2.0 */
/* The rules by name, where they are enforced.  A build is as if only the checks stood there; in
 * tests/bad, which is compiled with MLS_RULES_SWITCHED, each can be switched off by itself, which
 * shows that nothing else refuses what breaks it. */
#ifndef MLS_RULE_H
#define MLS_RULE_H

#include "base/error.h"

#include <stdbool.h>

/* The forms of wire/form.h are the first of them, so that one is the same number here and there. */
enum mls_rule {
#define RULE(id, section, error, also, says) RULE_##id,
#include "wire/forms.def"

#include "mls/rules.def"
#undef RULE
	RULE_COUNT
};

enum mls_rule_error {
#define RULE(id, section, error, also, says) RULE_ERROR_##id = (error),
#include "wire/forms.def"

#include "mls/rules.def"
#undef RULE
};

/* BREAKS: what must not be; KEEPS: what must; TRY_RULE: a check that is a function of its own, and has
 * no result but its error.  GROUND, GROUND_KEEPS and TRY_GROUND are the same where what follows stands
 * on the check ("-" in the rule's row): those are never off.  RULE_ERROR: in a walk, where what comes
 * cannot be read past, wire_fail(w, RULE_ERROR(id)). */
#ifdef MLS_RULES_SWITCHED

bool rule_is_off(enum mls_rule rule);
/* Told when what came breaks it, so that tests see which rule it was that refused; true. */
bool rule_broken(enum mls_rule rule);
/* The same of what a check says of it, unless a rule inside has told. */
uc_err rule_judged(enum mls_rule rule, uc_err err);

#define BREAKS(id, condition) (!rule_is_off(RULE_##id) && (condition) && rule_broken(RULE_##id))
#define KEEPS(id, condition)  (rule_is_off(RULE_##id) || (condition) || !rule_broken(RULE_##id))
#define TRY_RULE(id, check)                                   \
	do {                                                  \
		if (!rule_is_off(RULE_##id))                  \
			TRY(rule_judged(RULE_##id, (check))); \
	} while (0)
#define GROUND(id, condition)       ((condition) && rule_broken(RULE_##id))
#define GROUND_KEEPS(id, condition) ((condition) || !rule_broken(RULE_##id))
#define TRY_GROUND(id, check)       TRY(rule_judged(RULE_##id, (check)))
#define RULE_ERROR(id)              ((void)rule_broken(RULE_##id), (uc_err)RULE_ERROR_##id)

#else

#define BREAKS(id, condition)       ((void)RULE_##id, (condition))
#define KEEPS(id, condition)        ((void)RULE_##id, (condition))
#define TRY_RULE(id, check)         TRY(((void)RULE_##id, (check)))
#define GROUND(id, condition)       ((void)RULE_##id, (condition))
#define GROUND_KEEPS(id, condition) ((void)RULE_##id, (condition))
#define TRY_GROUND(id, check)       TRY(((void)RULE_##id, (check)))
#define RULE_ERROR(id)              ((uc_err)RULE_ERROR_##id)

#endif

#endif
