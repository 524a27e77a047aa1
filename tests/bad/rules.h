/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong messages that break one rule of src/mls/rules.def: refused by that rule before any other, with
 * its error, by everybody, nothing changed; and accepted by the same code with just that rule switched off, or
 * with those that its row says refuse the same too. */
#ifndef TESTS_BAD_RULES_H
#define TESTS_BAD_RULES_H

#include "mls/rule.h"
#include "wire/form.h"

#include "tests/bad/forge.h"

/* Who is asked, and what the message lacks beside what it breaks. */
enum asked {
	MEMBERS = 1,
	SERVER = 2,
	ALL = MEMBERS | SERVER,
	/* A commit that was changed, whose confirmation_tag is therefore none: the rule refuses it
	 * also where tags are not looked at. */
	NO_TAG = 4,
	/* One that was never made, so that it has no path either. */
	NO_PATH = 8,
	/* Those of its row are asked before it: they are off throughout. */
	BEHIND = 16,
	/* What follows stands on the check here, though elsewhere it does not. */
	STANDS = 32,
};

/* message is from `by` (NULL: from outside). */
void breaks(struct club *c, const struct person *by, struct view message, enum mls_rule rule,
	    int asked);

/* A commit of these by `by`, made by the engine itself with the rule off, so that nothing else is
 * wrong with it; the engine refuses to make it with the rule on. */
void breaks_commit(struct club *c, struct person *by, const struct proposal *v, size_t n,
		   enum mls_rule rule);

/* The same of the proposals that `by` has stored, with a path: others would not make it, and the engine,
 * with the rule on, leaves out what does not fit. */
void breaks_stored(struct club *c, struct person *by, const struct proposal *v, size_t n,
		   enum mls_rule rule, int asked);

/* A commit that was made by hand, with the confirmation_tag of the epoch that it would lead to without
 * the rule, and signed with key (NULL: by's). */
struct view tagged(struct club *c, struct person *by, const struct sign_key *key,
		   struct view message, enum mls_rule rule);

/* A commit whose path was changed: everybody refuses it so, and without the rule the public group
 * takes it.  Members do not get that far: the secrets of the path are sealed under a context with
 * the hash of the tree, which is another now. */
void breaks_path(struct club *c, const struct person *by, struct view message, enum mls_rule rule);

/* Refused by this rule, before any other, and with its error. */
#define EXPECT_RULE(id, call)                            \
	do {                                             \
		rule_forget();                           \
		expect_err(call, rule_error(RULE_##id)); \
		rule_was(RULE_##id, __FILE__, __LINE__); \
	} while (0)
void rule_forget(void);
void rule_was(enum mls_rule rule, const char *file, int line);

/* The same of anything that gives an error: refused, and without the rule not. */
#define BREAKS_CALL(id, call)                                 \
	do {                                                  \
		EXPECT_RULE(id, call);                        \
		if (rule_switch_alone(RULE_##id) && (call)) { \
			rule_switch_others(RULE_##id);        \
			expect_ok(call);                      \
		}                                             \
		rules_on();                                   \
	} while (0)
/* The same of a rule that those of its row stand before: they are off throughout. */
#define BREAKS_CALL_BEHIND(id, call)               \
	do {                                       \
		rule_switch_off_others(RULE_##id); \
		EXPECT_RULE(id, call);             \
		rule_switch_off(RULE_##id);        \
		expect_ok(call);                   \
		rules_on();                        \
	} while (0)
/* The same where what follows stands on the check here, though elsewhere it does not. */
#define STANDS_CALL(id, call)           \
	do {                            \
		rule_stands(RULE_##id); \
		EXPECT_RULE(id, call);  \
	} while (0)
void rule_stands(enum mls_rule rule);
void rule_switch_off_others(enum mls_rule rule);
/* False where what follows stands on the check, which then stays on. */
bool rule_switch_alone(enum mls_rule rule);
void rule_switch_others(enum mls_rule rule);

/* For what these do not fit: off from here, with those of its row, or all on again. */
void rule_switch_off(enum mls_rule rule);
void rules_on(void);
void rules_off(void); /* all of them */
uc_err rule_error(enum mls_rule rule);
/* In the next breaks(), which counts as one by others too, this one is off throughout. */
void rule_off_as_well(enum mls_rule rule);

#endif
