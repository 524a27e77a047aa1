/* SPDX-License-Identifier: Apache-2.0 */
/* Another profile name: checked, kept, told to those who knew the one before, and to nobody else. */
#include "client/contacts.h"
#include "tests/unit/client/duo.h"

static size_t queued(void)
{
	size_t n = 0;
	for (const struct outgoing *o = hers->outbox.first; o; o = o->next)
		n++;
	return n;
}

static void expect_name(const char *name)
{
	struct uc_account a;
	expect_ok(uc_account_get(rosa.c, &a));
	expect(!strcmp(a.profile_name, name));
}

TEST(a_name_that_cannot_be_shown_is_refused_and_nothing_changes)
{
	char longest[66] = { 0 };
	memset(longest, 'a', 65);
	duo_begin(true, NULL);
	hers->introduced = true;
	size_t before = queued();
	for (const char *const *bad = (const char *const[]){ "", "a\nb", longest, "\xff", NULL };
	     *bad; bad++)
		expect_err(uc_profile_set(rosa.c, *bad), UC_E_NAME);
	expect_err(uc_profile_set(rosa.c, NULL), UC_E_ARGUMENT);
	expect_name("Rosa");
	expect_eq(queued(), before);
	duo_end();
}

TEST(another_name_is_told_where_the_one_before_was)
{
	duo_begin(true, NULL);
	hers->introduced = false;
	size_t before = queued();
	expect_ok(uc_profile_set(rosa.c, "Rosa A."));
	expect_name("Rosa A.");
	expect_eq(queued(), before);
	hers->introduced = true;
	expect_ok(uc_profile_set(rosa.c, "Rosa B."));
	expect_eq(queued(), before + 1);
	/* The same again is nothing new; where she is called something else, nobody learns of it. */
	expect_ok(uc_profile_set(rosa.c, "Rosa B."));
	hers->says = SAYS_PERSONA;
	expect_ok(uc_profile_set(rosa.c, "Rosa C."));
	hers->says = SAYS_NOTHING;
	expect_ok(uc_profile_set(rosa.c, "Rosa D."));
	expect_eq(queued(), before + 1);
	expect_ok(person_open(&rosa));
	expect_name("Rosa D.");
	duo_end();
}

TEST(who_knew_the_name_before_takes_the_new_one)
{
	duo_begin(true, NULL);
	duo_introduces(&her_leaf, duo_introduction("Rosa"), "");
	const struct contact *k = contact_find(tom.c, &his->contact);
	expect(k && !strcmp(k->name, "Rosa"));
	struct told t = duo_introduces(&her_leaf, duo_introduction("Rosa L."), "");
	expect_eq(t.introduced, 1);
	expect_eq(t.contacts, 1);
	expect_eq(t.alarms, 0);
	expect(!strcmp(k->name, "Rosa L."));
	duo_end();
}
