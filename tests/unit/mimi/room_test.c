/* SPDX-License-Identifier: Apache-2.0 */
/* Rooms: what people of three apps and their hub do together, as the rules allow it. */
#include "tests/unit/mimi/rooms.h"

TEST(a_room_is_made_and_read)
{
	struct view_list domains;
	struct group_view now;
	group_of_three();
	struct room_state r = room_now(&the);
	expect(!r.direct);
	expect_bytes(r.room, the.uri);
	expect_bytes(r.hub_domain, VIEW_LIT("hub.example"));
	expect_bytes(r.hub_key, sign_public(&the.hub));
	expect_bytes(r.franking_key, sign_public(&the.frank));
	expect_eq(r.participants.n, 3);
	expect_eq(room_role_of(&r, rosa->participant), ROLE_OWNER);
	expect_eq(room_role_of(&r, tom->participant), ROLE_MEMBER);
	expect_eq(room_role_of(&r, VIEW_LIT("mimi://lens.example/p/nobody")), ROLE_NONE);
	now = public_group_now(the.p);
	expect_ok(room_domains(&now, &the.mem, &domains));
	expect_eq(domains.n, 3);
	room_end(&the);
}

TEST(members_of_groups_add)
{
	struct plan p = { .n = 0 };
	group_of_three();
	struct member *zoe = member_new(&the, "lens.example", NULL);
	plan_add(&the, &p, zoe);
	plan_list(&the, &p, tom);
	expect_eq(p.n, 2);
	expect_ok(room_commit(&the, tom, &p));
	struct room_state r = room_now(&the);
	expect_eq(r.participants.n, 4);
	expect_eq(room_role_of(&r, zoe->participant), ROLE_MEMBER);
	room_end(&the);
}

TEST(own_devices_come_and_go)
{
	struct plan p = { .n = 0 };
	group_of_three();
	struct member *tablet = second_device(tom);
	struct room_state r = room_now(&the);
	expect_eq(r.participants.n, 3);
	/* Each may remove the other; the participant stays. */
	plan_remove(&the, &p, tom);
	plan_list(&the, &p, tablet);
	expect_eq(p.n, 1);
	expect_ok(room_commit(&the, tablet, &p));
	expect(group_is_removed(tom->g));
	r = room_now(&the);
	expect_eq(room_role_of(&r, tom->participant), ROLE_MEMBER);
	room_end(&the);
}

TEST(owners_remove_and_appoint)
{
	struct plan p = { .n = 0 };
	struct participant_list_update u = { .removed_indices = { NULL, 0 } };
	group_of_three();
	struct userindex_role_pair appoint = { list_index(&the, tom), ROLE_MODERATOR };
	u.changed_role_participants.v = &appoint;
	u.changed_role_participants.n = 1;
	plan_update(&the, &p, &u);
	expect_ok(room_commit(&the, rosa, &p));
	struct room_state r = room_now(&the);
	expect_eq(room_role_of(&r, tom->participant), ROLE_MODERATOR);
	/* A moderator removes a member, of all its devices. */
	struct member *tablet = second_device(ida);
	p.n = 0;
	plan_remove(&the, &p, ida);
	plan_remove(&the, &p, tablet);
	plan_list(&the, &p, tom);
	expect_ok(room_commit(&the, tom, &p));
	r = room_now(&the);
	expect_eq(r.participants.n, 2);
	expect(group_is_removed(ida->g) && group_is_removed(tablet->g));
	/* And the owner the moderator. */
	p.n = 0;
	plan_remove(&the, &p, tom);
	plan_list(&the, &p, rosa);
	expect_ok(room_commit(&the, rosa, &p));
	r = room_now(&the);
	expect_eq(r.participants.n, 1);
	room_end(&the);
}

static void ban(struct member *by, struct member *whom, uint32_t role)
{
	struct plan p = { .n = 0 };
	struct userindex_role_pair change = { list_index(&the, whom), role };
	uint32_t index = change.user_index;
	struct participant_list_update u = { .removed_indices = { NULL, 0 } };
	if (role == ROLE_NONE) {
		u.removed_indices.v = &index;
		u.removed_indices.n = 1;
	} else {
		plan_remove(&the, &p, whom);
		u.changed_role_participants.v = &change;
		u.changed_role_participants.n = 1;
	}
	plan_update(&the, &p, &u);
	expect_ok(room_commit(&the, by, &p));
}

TEST(the_banned_stay_out_until_they_are_not)
{
	struct plan p = { .n = 0 };
	bool needed;
	struct proposal update;
	group_of_three();
	ban(rosa, ida, ROLE_BANNED);
	struct room_state r = room_now(&the);
	expect_eq(r.participants.n, 3);
	expect_eq(room_role_of(&r, ida->participant), ROLE_BANNED);
	expect(!room_role_may_send(ROLE_BANNED) && room_role_may_send(ROLE_MEMBER));
	struct member *again = member_new(&the, "plaza.example", ida);
	plan_add(&the, &p, again);
	room_refuses(&the, tom, &p, UC_E_POLICY);
	const struct room_list_wish wish = { .added = { &again->participant, 1 } };
	expect_err(room_participants_update(&r, &wish, &the.mem, &update, &needed), UC_E_POLICY);
	ban(rosa, ida, ROLE_NONE);
	p.n = 0;
	plan_add(&the, &p, again);
	plan_list(&the, &p, tom);
	expect_ok(room_commit(&the, tom, &p));
	room_end(&the);
}

static struct view leave(struct member *m)
{
	struct view message = { NULL, 0 };
	const struct proposal p = { .proposal_type = PROPOSAL_SELF_REMOVE };
	expect_ok(group_propose(m->g, &p, VIEW_LIT(""), &the.mem, &message));
	expect_ok(room_deliver(&the, m, message));
	return message;
}

TEST(who_leaves_is_committed_by_another)
{
	struct plan p = { .n = 0 };
	struct view message = { NULL, 0 };
	struct received in;
	group_of_three();
	leave(tom);
	/* Whoever commits must change the list. */
	room_refuses(&the, ida, &p, UC_E_POLICY);
	plan_list(&the, &p, ida);
	expect_ok(room_commit(&the, ida, &p));
	struct room_state r = room_now(&the);
	expect_eq(r.participants.n, 2);
	expect_eq(room_role_of(&r, tom->participant), ROLE_NONE);
	/* And who is gone reads nothing later. */
	expect_ok(group_encrypt(ida->g, VIEW_LIT(""), VIEW_LIT("after"), 0, &the.mem, &message));
	expect_err(group_receive(tom->g, message, &the.mem, &in), UC_E_REMOVED);
	expect_ok(group_receive(rosa->g, message, &the.mem, &in));
	expect_bytes(in.application_data, VIEW_LIT("after"));
	room_end(&the);
}

TEST(one_device_leaves_its_participant_stays)
{
	struct plan p = { .n = 0 };
	group_of_three();
	struct member *tablet = second_device(tom);
	leave(tablet);
	plan_list(&the, &p, rosa);
	expect_eq(p.n, 0);
	expect_ok(room_commit(&the, rosa, &p));
	struct room_state r = room_now(&the);
	expect_eq(room_role_of(&r, tom->participant), ROLE_MEMBER);
	/* The last one's going takes the participant along, beside an arrival. */
	leave(tom);
	struct member *zoe = member_new(&the, "dial.example", NULL);
	plan_add(&the, &p, zoe);
	plan_list(&the, &p, ida);
	expect_ok(room_commit(&the, ida, &p));
	r = room_now(&the);
	expect_eq(r.participants.n, 3);
	expect_eq(room_role_of(&r, tom->participant), ROLE_NONE);
	expect_eq(room_role_of(&r, zoe->participant), ROLE_MEMBER);
	room_end(&the);
}

TEST(the_hub_removes)
{
	struct plan p = { .n = 0 }, remove = { .n = 0 };
	struct view message = { NULL, 0 };
	struct received in;
	group_of_three();
	plan_remove(&the, &remove, ida);
	expect_ok(public_group_propose(the.p, 0, &the.hub, &remove.v[0], &the.mem, &message));
	expect_ok(group_receive(rosa->g, message, &the.mem, &in));
	expect_ok(group_receive(tom->g, message, &the.mem, &in));
	expect_ok(group_receive(ida->g, message, &the.mem, &in));
	plan_list(&the, &p, tom);
	expect_ok(room_commit(&the, tom, &p));
	expect(group_is_removed(ida->g));
	room_end(&the);
}

TEST(updates_keep_everything_but_the_key)
{
	struct plan p = { .n = 0 };
	struct view message = { NULL, 0 };
	group_of_three();
	expect_ok(group_propose_update(tom->g, &the.mem, &message));
	expect_ok(room_deliver(&the, tom, message));
	expect_ok(room_commit(&the, rosa, &p));
	/* Removing goes before updating: nobody stays by updating. */
	expect_ok(group_propose_update(tom->g, &the.mem, &message));
	expect_ok(room_deliver(&the, tom, message));
	const struct proposal remove = { .proposal_type = PROPOSAL_REMOVE,
					 .removed = group_own_leaf(tom->g) };
	expect_ok(group_propose(rosa->g, &remove, VIEW_LIT(""), &the.mem, &message));
	expect_ok(room_deliver(&the, rosa, message));
	plan_list(&the, &p, ida);
	expect_ok(room_commit(&the, ida, &p));
	expect(group_is_removed(tom->g));
	room_end(&the);
}

TEST(two_in_a_direct_room_with_their_devices)
{
	struct plan p = { .n = 0 };
	direct_room();
	struct room_state r = room_now(&the);
	expect(r.direct);
	expect_eq(r.participants.n, 2);
	second_device(rosa);
	second_device(tom);
	leave(tom);
	plan_list(&the, &p, rosa);
	expect_ok(room_commit(&the, rosa, &p));
	room_end(&the);
}
