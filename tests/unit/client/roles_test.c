/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of roles, and what is refused before anything is tried. */
#include "client/roles.h"

#include "client/groups.h"
#include "client/rooms.h"
#include "tests/unit/client/duo.h"

struct news {
	const char *whose, *by;
	uint32_t role;
};

static uc_err news_come(struct uc_client *c, void *arg)
{
	const struct news *n = arg;
	struct user_role_pair pair = { view_str(n->whose), n->role };
	const struct room_entry e = { .kind = ROOM_ENTRY_COMMIT,
				      .committer = view_str(n->by),
				      .roles = { &pair, 1 } };
	return roles_changed(c, his, &e);
}

static struct told come(const char *whose, const char *by, uint32_t role)
{
	return duo_turn(news_come, &(struct news){ whose, by, role });
}

TEST(what_one_becomes_oneself_is_said_in_the_history)
{
	duo_begin(false, NULL);
	static const char *const words[] = {
		[ROLE_MEMBER] = "member", [ROLE_MODERATOR] = "moderator", [ROLE_OWNER] = "owner"
	};
	for (uint32_t role = ROLE_MEMBER; role <= ROLE_OWNER; role++) {
		struct told t = come(his->participant, hers->participant, role);
		expect_eq(t.messages, 1);
		expect_eq(t.roles, 1);
		expect(strstr(t.text, words[role]) != NULL);
		/* By another device of his own, and what she becomes: not. */
		expect_eq(come(his->participant, his->participant, role).messages, 0);
		t = come(hers->participant, hers->participant, role);
		expect_eq(t.messages, 0);
		expect_eq(t.roles, 1);
	}
	/* Nor what no client of ours knows. */
	expect_eq(come(his->participant, hers->participant, 9).messages, 0);
	his->fleeing = true;
	expect_eq(come(his->participant, hers->participant, ROLE_OWNER).messages, 0);
	his->fleeing = false;
	his->shadow = true;
	struct told hidden = come(his->participant, hers->participant, ROLE_OWNER);
	expect_eq(hidden.messages + hidden.roles, 0);
	his->shadow = false;
	duo_end();
}

TEST(an_appointment_waits_to_be_made)
{
	uc_op op = 0;
	duo_begin(false, NULL);
	struct uc_id nobody = { { 1 } }, she = member_id(his, view_str(hers->participant));
	expect_err(uc_group_role(tom.c, &nobody, &she, UC_ROLE_OWNER, &op), UC_E_NOT_FOUND);
	expect_err(uc_group_role(tom.c, &his->id, &nobody, UC_ROLE_OWNER, &op), UC_E_NOT_FOUND);
	expect(!op && !his->tasks);
	/* Whether it is his to do is judged when it is made. */
	expect_ok(uc_group_role(tom.c, &his->id, &she, UC_ROLE_MODERATOR, &op));
	expect(op && his->tasks && !his->tasks->next);
	expect_eq(his->tasks->kind, (int)TASK_ROLE + (int)ROLE_MODERATOR);
	expect(!strcmp(his->tasks->participant, hers->participant));
	duo_end();
}

TEST(who_has_not_said_who_they_are_appoints_nobody)
{
	uc_op op = 0;
	duo_he_waits = true;
	duo_begin(false, NULL);
	struct uc_id she = member_id(his, view_str(hers->participant));
	expect_err(uc_group_role(tom.c, &his->id, &she, UC_ROLE_OWNER, &op), UC_E_NOT_INTRODUCED);
	expect(!op && !his->tasks);
	duo_end();
}

TEST(of_two_nobody_is_appointed)
{
	uc_op op = 0;
	duo_begin(true, NULL);
	struct uc_id he = member_id(hers, view_str(his->participant));
	expect_err(uc_group_role(rosa.c, &hers->id, &he, UC_ROLE_OWNER, &op), UC_E_POLICY);
	expect(!op && !hers->tasks);
	duo_end();
}
