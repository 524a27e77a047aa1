/* SPDX-License-Identifier: Apache-2.0 */
/* A device that lost its state takes the place of its old leaf, and another device of somebody who is there
 * comes to stand beside it; nothing else joins from outside. */
#include "tests/unit/mimi/rooms.h"

/* A fresh client of the same participant. */
static struct member *again(const struct member *m, const char *domain)
{
	return member_new(&the, domain, m);
}

static void nobody_takes(struct member *fresh, const struct member *old, const struct plan *extra,
			 uc_err err)
{
	struct view commit = { NULL, 0 };
	struct group *made;
	expect_ok(resync_make(&the, fresh, old, extra, false, &commit));
	made = fresh->g;
	fresh->g = NULL;
	room_refuses_message(&the, fresh, commit, err);
	group_free(made);
	/* Nor would an honest client make it. */
	expect_err(resync_make(&the, fresh, old, extra, true, &commit), err);
	expect(!fresh->g);
}

TEST(a_lost_device_comes_back)
{
	struct view commit = { NULL, 0 };
	struct received in;
	group_of_three();
	struct member *fresh = again(tom, "lens.example");
	expect_ok(resync_make(&the, fresh, tom, NULL, true, &commit));
	resync_take(&the, fresh, tom, commit);
	struct room_state r = room_now(&the);
	expect_eq(r.participants.n, 3);
	expect_eq(room_role_of(&r, fresh->participant), ROLE_MEMBER);
	/* It reads and writes. */
	expect_ok(group_encrypt(fresh->g, VIEW_LIT(""), VIEW_LIT("back"), 0, &the.mem, &commit));
	expect_ok(group_receive(ida->g, commit, &the.mem, &in));
	expect_bytes(in.application_data, VIEW_LIT("back"));
	room_end(&the);
}

TEST(and_takes_along_who_wanted_to_leave)
{
	struct plan extra = { .n = 0 };
	struct view commit = { NULL, 0 };
	const struct proposal self = { .proposal_type = PROPOSAL_SELF_REMOVE };
	group_of_three();
	expect_ok(group_propose(ida->g, &self, VIEW_LIT(""), &the.mem, &the.self_remove));
	expect_ok(room_deliver(&the, ida, the.self_remove));
	struct member *fresh = again(tom, "lens.example");
	nobody_takes(fresh, tom, NULL, UC_E_POLICY); /* the list still has her */
	struct group_view now = group_now(rosa->g);
	struct room_state r = room_now(&the);
	struct proposal_view_list waiting;
	bool needed = false;
	expect_ok(group_fitting(rosa->g, NULL, 0, &the.mem, &waiting));
	expect_ok(room_list_follow(&now, &r, &waiting, &fresh->participant, &the.mem, &extra.v[0],
				   &needed));
	expect(needed);
	extra.n = 1;
	expect_ok(resync_make(&the, fresh, tom, &extra, true, &commit));
	resync_take(&the, fresh, tom, commit);
	expect(group_is_removed(ida->g));
	r = room_now(&the);
	expect_eq(r.participants.n, 2);
	room_end(&the);
}

TEST(nobody_takes_anothers_place)
{
	group_of_three();
	struct member *mallory = member_new(&the, "lens.example", NULL);
	struct member *fresh = again(tom, "lens.example");
	nobody_takes(mallory, tom, NULL, UC_E_POLICY);
	nobody_takes(fresh, ida, NULL, UC_E_POLICY);
	struct plan extra = { .n = 0 };
	uint32_t index = list_index(&the, ida);
	const struct participant_list_update u = { .removed_indices = { &index, 1 } };
	plan_update(&the, &extra, &u);
	nobody_takes(fresh, ida, &extra, UC_E_POLICY);
	nobody_takes(mallory, NULL, NULL, UC_E_POLICY);
	room_end(&the);
}

TEST(the_old_name_and_key_do_not_come_back)
{
	group_of_three();
	struct member *fresh = again(tom, "lens.example");
	struct view client = fresh->client;
	fresh->client = tom->client;
	expect_ok(participant_prove(&fresh->first, fresh->client, sign_public(&fresh->leaf_key),
				    &the.mem, &fresh->component));
	member_repackage(&the, fresh);
	nobody_takes(fresh, tom, NULL, UC_E_POLICY);
	fresh->client = client;
	fresh->leaf_key = tom->leaf_key;
	expect_ok(participant_prove(&fresh->first, fresh->client, sign_public(&fresh->leaf_key),
				    &the.mem, &fresh->component));
	member_repackage(&the, fresh);
	nobody_takes(fresh, tom, NULL, UC_E_POLICY);
	room_end(&the);
}

TEST(a_joiner_appoints_nobody)
{
	struct plan extra = { .n = 0 };
	struct participant_list_update u = { .removed_indices = { NULL, 0 } };
	group_of_three();
	struct member *fresh = again(rosa, "hub.example");
	struct userindex_role_pair appoint = { list_index(&the, tom), ROLE_OWNER };
	u.changed_role_participants.v = &appoint;
	u.changed_role_participants.n = 1;
	plan_update(&the, &extra, &u);
	nobody_takes(fresh, rosa, &extra, UC_E_POLICY);
	room_end(&the);
}

TEST(a_joiner_keeps_the_chain)
{
	struct ed25519_key next, other;
	struct plan p = { .n = 0 };
	struct leaf_parameters as;
	struct view commit = { NULL, 0 };
	group_of_three();
	/* Tom's devices go on to a second key. */
	struct member *tablet = second_device(tom);
	expect_ok(ed25519_generate(test_env(), &next));
	expect_ok(ed25519_generate(test_env(), &other));
	expect_ok(participant_extend(tablet->component, &tom->first, &next, tablet->client,
				     sign_public(&tablet->leaf_key), &the.mem, &tablet->component));
	expect_ok(room_leaf_parameters(&tablet->leaf_key, tablet->client, tablet->component,
				       &the.mem, &as));
	p.leaf_extensions = &as.extensions;
	expect_ok(room_commit(&the, tablet, &p));
	/* The first key alone is no longer enough; nor is another second one. */
	struct member *fresh = again(tom, "lens.example");
	nobody_takes(fresh, tom, NULL, UC_E_PROOF);
	struct view short_chain = fresh->component;
	expect_ok(participant_extend(short_chain, &tom->first, &other, fresh->client,
				     sign_public(&fresh->leaf_key), &the.mem, &fresh->component));
	member_repackage(&the, fresh);
	nobody_takes(fresh, tom, NULL, UC_E_PROOF);
	expect_ok(participant_extend(short_chain, &tom->first, &next, fresh->client,
				     sign_public(&fresh->leaf_key), &the.mem, &fresh->component));
	member_repackage(&the, fresh);
	expect_ok(resync_make(&the, fresh, tom, NULL, true, &commit));
	resync_take(&the, fresh, tom, commit);
	room_end(&the);
}

/* Takes its place beside those of its participant. */
static struct member *beside(const struct member *m, const char *domain)
{
	struct view commit = { NULL, 0 };
	struct member *fresh = again(m, domain);
	expect_ok(resync_make(&the, fresh, NULL, NULL, true, &commit));
	resync_take(&the, fresh, NULL, commit);
	return fresh;
}

TEST(another_device_comes_to_stand_beside_the_first)
{
	struct view message = { NULL, 0 };
	struct received in;
	group_of_three();
	struct member *tablet = beside(tom, "lens.example");
	struct room_state r = room_now(&the);
	expect_eq(r.participants.n, 3);
	expect_eq(room_role_of(&r, tablet->participant), ROLE_MEMBER);
	/* Both read and write. */
	expect_ok(group_encrypt(tablet->g, VIEW_LIT(""), VIEW_LIT("here"), 0, &the.mem, &message));
	expect_ok(group_receive(tom->g, message, &the.mem, &in));
	expect_bytes(in.application_data, VIEW_LIT("here"));
	expect_ok(group_encrypt(tom->g, VIEW_LIT(""), VIEW_LIT("and here"), 0, &the.mem, &message));
	expect_ok(group_receive(tablet->g, message, &the.mem, &in));
	expect_bytes(in.application_data, VIEW_LIT("and here"));
	/* Each may put the other out. */
	struct plan p = { .n = 0 };
	plan_remove(&the, &p, tom);
	expect_ok(room_commit(&the, tablet, &p));
	expect(group_is_removed(tom->g));
	room_end(&the);
}

TEST(in_a_direct_room_too)
{
	direct_room();
	beside(tom, "lens.example");
	expect_eq(room_now(&the).participants.n, 2);
	room_end(&the);
}

TEST(nobody_stands_beside_who_is_not_there)
{
	struct plan p = { .n = 0 }, extra = { .n = 0 };
	struct participant_list_update u = { .removed_indices = { NULL, 0 } };
	group_of_three();
	struct member *fresh = again(tom, "lens.example");
	struct userindex_role_pair appoint = { list_index(&the, tom), ROLE_OWNER };
	u.changed_role_participants.v = &appoint;
	u.changed_role_participants.n = 1;
	plan_update(&the, &extra, &u);
	nobody_takes(fresh, NULL, &extra, UC_E_POLICY);
	/* Under another chain of keys. */
	struct ed25519_key other;
	struct view right = fresh->component;
	expect_ok(ed25519_generate(test_env(), &other));
	expect_ok(participant_prove(&other, fresh->client, sign_public(&fresh->leaf_key), &the.mem,
				    &fresh->component));
	member_repackage(&the, fresh);
	nobody_takes(fresh, NULL, NULL, UC_E_PROOF);
	fresh->component = right;
	member_repackage(&the, fresh);
	/* Taken out. */
	plan_remove(&the, &p, tom);
	plan_list(&the, &p, rosa);
	expect_ok(room_commit(&the, rosa, &p));
	nobody_takes(fresh, NULL, NULL, UC_E_POLICY);
	room_end(&the);
}

TEST(devices_come_by_themselves_up_to_a_number)
{
	group_of_three();
	for (unsigned n = 1; n < ROOM_JOINED_MAX; n++)
		beside(tom, "lens.example");
	nobody_takes(again(tom, "lens.example"), NULL, NULL, UC_E_POLICY);
	/* In the place of one of them it goes on. */
	struct view commit = { NULL, 0 };
	struct member *fresh = again(tom, "lens.example");
	expect_ok(resync_make(&the, fresh, tom, NULL, true, &commit));
	resync_take(&the, fresh, tom, commit);
	room_end(&the);
}
