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

#ifdef MLS_RULES_SWITCHED
bool rule_is_off(enum mls_rule rule);
/* Told when what came breaks it, so that tests see which rule it was that refused; true. */
bool rule_broken(enum mls_rule rule);
/* The same of what a check says of it, unless a rule inside has told. */
uc_err rule_judged(enum mls_rule rule, uc_err err);
#else
static inline bool rule_is_off(enum mls_rule rule)
{
	(void)rule;
	return false;
}
static inline bool rule_broken(enum mls_rule rule)
{
	(void)rule;
	return true;
}
static inline uc_err rule_judged(enum mls_rule rule, uc_err err)
{
	(void)rule;
	return err;
}
#endif

/* What must not be, and what must. */
#define BREAKS(id, condition) (!rule_is_off(RULE_##id) && (condition) && rule_broken(RULE_##id))
#define KEEPS(id, condition)  (rule_is_off(RULE_##id) || (condition) || !rule_broken(RULE_##id))
/* A check that is a function of its own, and has no result but its error. */
#define TRY_RULE(id, check)                                   \
	do {                                                  \
		if (!rule_is_off(RULE_##id))                  \
			TRY(rule_judged(RULE_##id, (check))); \
	} while (0)

/* The same where what follows stands on the check: "-" in the rule's row.  Never off. */
#define GROUND(id, condition)       ((condition) && rule_broken(RULE_##id))
#define GROUND_KEEPS(id, condition) ((condition) || !rule_broken(RULE_##id))
#define TRY_GROUND(id, check)       TRY(rule_judged(RULE_##id, (check)))
/* In a walk, where what comes cannot be read past: wire_fail(w, RULE_ERROR(id)). */
#define RULE_ERROR(id)              ((void)rule_broken(RULE_##id), (uc_err)RULE_ERROR_##id)
enum mls_rule_error {
#define RULE(id, section, error, also, says) RULE_ERROR_##id = (error),
#include "wire/forms.def"

#include "mls/rules.def"
#undef RULE
};

#endif
