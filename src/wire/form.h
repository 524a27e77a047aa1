/* SPDX-License-Identifier: Apache-2.0 */
/* The forms of forms.def by name, where they are asked for.  A build is as if only the checks stood
 * there; in tests/bad each can be switched off by itself, as the rules of mls/rule.h, among which
 * they are counted. */
#ifndef WIRE_FORM_H
#define WIRE_FORM_H

#include <stdbool.h>

enum wire_form {
#define RULE(id, section, error, also, says) FORM_##id,
#include "wire/forms.def"
#undef RULE
	FORM_COUNT
};

/* FORM_GROUND: where what follows stands on it, and it is never off. */
#ifdef MLS_RULES_SWITCHED

bool form_is_off(enum wire_form form);
/* Told when what came breaks it; true. */
bool form_broken(enum wire_form form);

#define FORM_BREAKS(id, condition) \
	(!form_is_off(FORM_##id) && (condition) && form_broken(FORM_##id))
#define FORM_GROUND(id, condition) ((condition) && form_broken(FORM_##id))

#else

#define FORM_BREAKS(id, condition) ((void)FORM_##id, (condition))
#define FORM_GROUND(id, condition) ((void)FORM_##id, (condition))

#endif

#endif
