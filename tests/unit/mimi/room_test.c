/* SPDX-License-Identifier: Apache-2.0 */
/* Rooms: what members of three apps and their hub allow each other. */
#include "tests/unit/mimi/rooms.h"

static struct room_under_test the;

/* A group of Rosa (owner), Tom and Ida, of three apps. */
static struct member *rosa, *tom, *ida;
static void group_of_three(void)
{
	struct plan p = { .n = 0 };
	room_begin(&the);
	rosa = member_new(&the, "hub.example", NULL);
	tom = member_new(&the, "lens.example", NULL);
	ida = member_new(&the, "plaza.example", NULL);
	room_make(&the, false);
	plan_add(&the, &p, tom);
	plan_add(&the, &p, ida);
	plan_list(&the, &p, rosa);
	expect_ok(room_commit(&the, rosa, &p));
}

/* A direct room of Rosa, who asked, and Tom. */
static void direct_room(void)
{
	struct plan p = { .n = 0 };
	room_begin(&the);
	rosa = member_new(&the, "hub.example", NULL);
	tom = member_new(&the, "lens.example", NULL);
	room_make(&the, true);
	plan_add(&the, &p, tom);
	plan_list(&the, &p, rosa);
	expect_ok(room_commit(&the, rosa, &p));
}

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

TEST(a_direct_room_has_two)
{
	struct plan p = { .n = 0 };
	direct_room();
	struct room_state r = room_now(&the);
	expect(r.direct);
	expect_eq(r.participants.n, 2);
	struct member *third = member_new(&the, "plaza.example", NULL);
	plan_add(&the, &p, third);
	plan_list(&the, &p, rosa);
	room_refuses(&the, rosa, &p, UC_E_POLICY);
	room_refuses(&the, tom, &p, UC_E_POLICY);
	room_end(&the);
}
