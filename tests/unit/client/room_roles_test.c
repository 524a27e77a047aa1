/* SPDX-License-Identifier: Apache-2.0 */
/* Who is owner and moderator of a room changes; everybody restarts after every step. */
#include "client/groups.h"
#include "client/rooms.h"

#include "base/heap.h"
#include "tests/unit/client/trio.h"

static uint8_t hash[SHA256_BYTES];

static uc_err plan(struct person *by, struct person *whom, uint32_t role, struct view *update)
{
	struct user_role_pair pair = { view_str(whom->set.participant), role };
	const struct room_change change = { .roles = { &pair, 1 } };
	return room_group_commit(&by->c, by->g, &change, &hub.mem, update, hash);
}

static void refused(struct person *by, struct person *whom, uint32_t role, uc_err err)
{
	struct view update = { NULL, 0 };
	expect_err(plan(by, whom, role, &update), err);
	expect(!update.p);
}

/* All who are there take it, and are told whose role it is. */
static void taken(struct person *by, struct person *whom, uint32_t role, struct view fanout)
{
	struct person *all[] = { &rosa, &tom, &ida };
	for (size_t i = 0; i < 3; i++) {
		struct room_entry e = { .timestamp = 0 };
		if (!all[i]->g)
			continue;
		expect_ok(person_entry(all[i], fanout, &hub.mem, &e));
		expect_eq(e.kind, ROOM_ENTRY_COMMIT);
		expect_eq(e.roles.n, all[i] != by);
		if (e.roles.n) {
			expect_bytes(e.committer, view_str(by->set.participant));
			expect_bytes(e.roles.v[0].user, view_str(whom->set.participant));
			expect_eq(e.roles.v[0].role_index, role);
		}
		person_restart(all[i]);
		expect_eq(room_group_role(all[i]->g, view_str(whom->set.participant)), role);
	}
}

static void appoint(struct person *by, struct person *whom, uint32_t role)
{
	struct view update = { NULL, 0 }, fanout = { NULL, 0 };
	expect_ok(plan(by, whom, role, &update));
	person_restart(by);
	expect_ok(hub_update(&hub, update, &fanout));
	taken(by, whom, role, fanout);
}

static void three(void)
{
	trio_restarts = true;
	trio_create(false);
	trio_commit(&rosa, &tom, NULL);
	trio_commit(&rosa, &ida, NULL);
}

static void end(void)
{
	trio_all_talk();
	trio_end();
	trio_restarts = false;
}

static uc_err removal(struct person *by, struct person *whom)
{
	struct view whose = view_str(whom->set.participant), update = { NULL, 0 };
	const struct room_change change = { .participants = { &whose, 1 } };
	return room_group_commit(&by->c, by->g, &change, &hub.mem, &update, hash);
}

TEST(a_moderator_removes_members_and_nobody_else)
{
	three();
	expect_err(removal(&tom, &ida), UC_E_POLICY);
	refused(&tom, &tom, ROLE_MODERATOR, UC_E_POLICY);
	appoint(&rosa, &tom, ROLE_MODERATOR);
	expect_err(removal(&tom, &rosa), UC_E_POLICY);
	refused(&tom, &ida, ROLE_MODERATOR, UC_E_POLICY);
	refused(&tom, &tom, ROLE_OWNER, UC_E_POLICY);
	refused(&tom, &rosa, ROLE_MEMBER, UC_E_POLICY);
	trio_commit(&tom, NULL, &ida);
	appoint(&rosa, &tom, ROLE_MEMBER);
	end();
}

TEST(an_owner_hands_on_and_steps_back)
{
	three();
	refused(&rosa, &rosa, ROLE_MEMBER, UC_E_LAST_OWNER);
	refused(&rosa, &rosa, ROLE_MODERATOR, UC_E_LAST_OWNER);
	appoint(&rosa, &tom, ROLE_OWNER);
	appoint(&rosa, &rosa, ROLE_MEMBER);
	refused(&rosa, &ida, ROLE_MODERATOR, UC_E_POLICY);
	refused(&tom, &tom, ROLE_MEMBER, UC_E_LAST_OWNER);
	appoint(&tom, &ida, ROLE_OWNER);
	appoint(&ida, &tom, ROLE_MODERATOR);
	end();
}

TEST(who_is_about_to_go_is_no_owner_any_more)
{
	three();
	appoint(&rosa, &tom, ROLE_OWNER);
	struct view fanout = trio_leave(&tom);
	trio_take(&tom, fanout, ROOM_ENTRY_PROPOSAL);
	trio_take(&rosa, fanout, ROOM_ENTRY_PROPOSAL);
	trio_take(&ida, fanout, ROOM_ENTRY_PROPOSAL);
	refused(&rosa, &rosa, ROLE_MEMBER, UC_E_LAST_OWNER);
	refused(&rosa, &tom, ROLE_MODERATOR, UC_E_NOT_FOUND);
	/* Nor is who the same commit removes. */
	struct view whose = view_str(ida.set.participant), update = { NULL, 0 };
	struct user_role_pair pair = { whose, ROLE_OWNER };
	const struct room_change both = { .participants = { &whose, 1 }, .roles = { &pair, 1 } };
	expect_err(room_group_commit(&rosa.c, rosa.g, &both, &hub.mem, &update, hash),
		   UC_E_NOT_FOUND);
	trio_commit(&rosa, NULL, &tom);
	refused(&rosa, &tom, ROLE_OWNER, UC_E_NOT_FOUND);
	appoint(&rosa, &ida, ROLE_OWNER);
	end();
}

TEST(two_owners_at_once)
{
	struct view hers = { NULL, 0 }, his = { NULL, 0 }, fanout = { NULL, 0 };
	three();
	appoint(&rosa, &tom, ROLE_OWNER);
	/* Each takes the other's role: the first one has. */
	expect_ok(plan(&rosa, &tom, ROLE_MEMBER, &hers));
	expect_ok(plan(&tom, &rosa, ROLE_MEMBER, &his));
	person_restart(&rosa);
	person_restart(&tom);
	expect_ok(hub_update(&hub, his, &fanout));
	taken(&tom, &rosa, ROLE_MEMBER, fanout);
	expect_err(hub_update(&hub, hers, &fanout), UC_E_FORK);
	refused(&rosa, &tom, ROLE_MEMBER, UC_E_POLICY);
	/* Both step back: the second one does not. */
	appoint(&tom, &rosa, ROLE_OWNER);
	expect_ok(plan(&rosa, &rosa, ROLE_MEMBER, &hers));
	expect_ok(plan(&tom, &tom, ROLE_MEMBER, &his));
	expect_ok(hub_update(&hub, hers, &fanout));
	taken(&rosa, &rosa, ROLE_MEMBER, fanout);
	expect_err(hub_update(&hub, his, &fanout), UC_E_FORK);
	refused(&tom, &tom, ROLE_MEMBER, UC_E_LAST_OWNER);
	end();
}

TEST(the_role_that_they_have_changes_nothing)
{
	struct room_entry e = { .timestamp = 0 };
	struct view update = { NULL, 0 }, fanout = { NULL, 0 };
	three();
	expect_ok(plan(&rosa, &rosa, ROLE_OWNER, &update));
	expect_ok(hub_update(&hub, update, &fanout));
	trio_take(&rosa, fanout, ROOM_ENTRY_COMMIT);
	trio_take(&ida, fanout, ROOM_ENTRY_COMMIT);
	expect_ok(person_entry(&tom, fanout, &hub.mem, &e));
	expect_eq(e.roles.n, 0);
	end();
}

TEST(no_role_there_is)
{
	three();
	refused(&rosa, &tom, 5, UC_E_POLICY);
	refused(&rosa, &tom, ROLE_BANNED, UC_E_POLICY); /* with a leaf */
	refused(&rosa, &tom, ROLE_NONE, UC_E_POLICY);
	end();
}

TEST(a_direct_room_has_none_to_give)
{
	trio_restarts = true;
	trio_create(true);
	trio_commit(&rosa, &tom, NULL);
	refused(&rosa, &tom, ROLE_OWNER, UC_E_POLICY);
	refused(&rosa, &tom, ROLE_MODERATOR, UC_E_POLICY);
	refused(&tom, &tom, ROLE_OWNER, UC_E_POLICY);
	end();
}

/* What Rosa's client makes next of what is to be done in her room. */
static void drive(struct room *r)
{
	r->group = rosa.g;
	r->update_busy = false;
	r->commit_ms = 1; /* whatever others propose is hers to commit */
	expect_err(groups_drive(&rosa.c, r), UC_E_NET); /* made, and not sent */
	expect(r->pending.there && r->pending.is_commit);
}

static void all_take(struct view fanout, enum room_entry_kind kind)
{
	struct person *all[] = { &rosa, &tom, &ida };
	for (size_t i = 0; i < 3; i++)
		if (all[i]->g)
			trio_take(all[i], fanout, kind);
}

/* Somebody else's going is committed before it: what is refused of that has nothing to do with the role. */
TEST(a_role_is_given_by_a_commit_of_its_own)
{
	struct view fanout = { NULL, 0 };
	struct room *r = HEAP_NEW(struct room);
	expect(r != NULL);
	if (!r)
		return;
	three();
	arena_init(&rosa.c.call, 16 << 20, ARENA_PLAIN);
	r->participant_key = rosa.set.participant_key; /* the tree shows it */
	all_take(trio_leave(&tom), ROOM_ENTRY_PROPOSAL);
	expect_ok(groups_role(&rosa.c, r, ida.set.participant, ROLE_MODERATOR, 0));
	drive(r);
	expect(r->tasks && !r->tasks->staged);
	expect_ok(hub_update(&hub, blob_view(&r->pending.update), &fanout));
	room_group_free(tom.g);
	tom.g = NULL;
	all_take(fanout, ROOM_ENTRY_COMMIT);
	expect_ok(groups_commit_applied(&rosa.c, r));
	drive(r);
	expect(r->tasks && r->tasks->staged);
	expect_ok(hub_update(&hub, blob_view(&r->pending.update), &fanout));
	all_take(fanout, ROOM_ENTRY_COMMIT);
	expect_eq(room_group_role(rosa.g, view_str(ida.set.participant)), ROLE_MODERATOR);
	blob_done(&r->pending.update);
	task_free(r->tasks);
	heap_free(r);
	arena_done(&rosa.c.call);
	end();
}
