/* SPDX-License-Identifier: Apache-2.0 */
/* What two devices of an account make of each other's rows of rooms and conversations. */
#include "client/contacts.h"
#include "client/rooms.h"
#include "client/turn.h"
#include "mimi/names.h"
#include "tests/unit/client/two.h"

static const char her_place[] = "mimi://dial.example/p/her";

static struct room *room_with(struct person *who, uint8_t says, const char *persona,
			      uint64_t version)
{
	struct vault_room x = { .uri = view_str(two_room_uri),
				.participant = view_str(two_place),
				.name = VIEW_LIT("Walks"),
				.says = says,
				.persona = view_str(persona),
				.seed = { 5 } };
	return two_room(who, &x, version);
}

static struct member *her(struct room *r)
{
	static const struct uc_id nobody;
	expect_ok(room_member_restore(p.c, r, view_str(her_place), &nobody, false));
	struct member *m = room_member_find(r, view_str(her_place));
	expect(m != NULL);
	return m;
}

static void changed(struct room *r)
{
	r->dirty = r->members_dirty = true;
}

TEST(a_blocked_persona_is_blocked_on_both)
{
	two_begin();
	struct room *r = room_with(&p, SAYS_NOTHING, "", 5),
		    *its = room_with(&q, SAYS_NOTHING, "", 5);
	struct member *m = her(r);
	m->persona = m->blocked = true;
	changed(r);
	two_later();
	/* The other one has another name for the room meanwhile. */
	memcpy(its->name, "Paths", 6);
	changed(its);
	two_hand(&q, &p);
	two_hand(&p, &q);
	struct member *also = room_member_find(its, view_str(her_place));
	expect(also && also->blocked && m->blocked);
	two_later();
	m->blocked = false;
	changed(r);
	two_hand(&p, &q);
	two_hand(&q, &p);
	expect(!m->blocked && !also->blocked);
	two_end();
}

TEST(what_one_device_has_said_in_a_room_a_silent_one_says_too_and_does_not_undo)
{
	two_begin();
	struct room *r = room_with(&p, SAYS_NOTHING, "", 5),
		    *its = room_with(&q, SAYS_NOTHING, "", 5);
	two_later();
	r->says = SAYS_PERSONA;
	r->introduced = true;
	memcpy(r->persona, "Moth", 5);
	changed(r);
	/* It has not heard of it, and has something of its own to tell. */
	two_hand(&p, &q);
	expect_eq(its->says, SAYS_PERSONA);
	expect(!strcmp(its->persona, "Moth"));
	its->says = SAYS_NOTHING;
	memset(its->persona, 0, sizeof its->persona);
	two_later();
	memcpy(its->name, "Paths", 6);
	changed(its);
	two_hand(&q, &p);
	expect_eq(two_kept_room(&p).says, SAYS_PERSONA);
	expect_bytes(two_kept_room(&p).persona, VIEW_LIT("Moth"));
	expect_bytes(two_kept_room(&p).name, VIEW_LIT("Paths"));
	two_end();
}

TEST(who_has_said_something_says_it_again_where_a_silent_one_was_later)
{
	two_begin();
	struct room *r = room_with(&p, SAYS_NOTHING, "", 5),
		    *its = room_with(&q, SAYS_NOTHING, "", 5);
	two_later();
	r->says = SAYS_ACCOUNT;
	r->introduced = true;
	changed(r);
	two_hand(&p, &p);
	/* It has not heard of it, and writes what it sees. */
	two_later();
	memcpy(its->name, "Paths", 6);
	changed(its);
	two_hand(&q, &p);
	expect_eq(r->says, SAYS_ACCOUNT);
	two_hand(&p, &q);
	expect_eq(its->says, SAYS_ACCOUNT);
	expect_eq(two_kept_room(&q).says, SAYS_ACCOUNT);
	two_end();
}

static uint64_t version_of(struct person *who)
{
	struct uc_id id =
		id_of("Undercroft vault room", view_str(two_room_uri), view_str(two_place));
	const struct kept_row *r = vault_row_find(&who->c->vault, VAULT_ROOM, id.b);
	return r ? r->version : 0;
}

static uc_err second_place_in_turn(struct uc_client *client, void *arg)
{
	struct uc_id id = { { 9 } };
	struct room *r = room_new(client, view_str(two_room_uri), &id);
	(void)arg;
	if (!r)
		return UC_E_MEMORY;
	snprintf(r->participant, sizeof r->participant, "%s", two_place);
	r->shadow = r->dirty = true;
	r->state = ROOM_JOINING;
	return UC_OK;
}

static bool is_kept(struct person *who)
{
	struct uc_id id =
		id_of("Undercroft vault room", view_str(two_room_uri), view_str(two_place));
	const struct kept_row *r = vault_row_find(&who->c->vault, VAULT_ROOM, id.b);
	return r && !r->gone;
}

/* Who lost their place comes in anew, as the same participant, while somebody adds them once more. */
TEST(a_second_place_that_is_left_takes_the_row_of_the_first_not_along)
{
	two_begin();
	struct room *r = room_with(&p, SAYS_ACCOUNT, "", 5);
	expect_ok(turn_run(p.c, second_place_in_turn, NULL));
	struct room *second = p.c->rooms == r ? r->next : p.c->rooms;
	expect(second && second->shadow);
	two_later();
	memcpy(r->name, "Paths", 6);
	changed(r);
	two_hand(&p, &q);
	expect(is_kept(&p) && is_kept(&q));
	two_later();
	second->state = ROOM_LEFT;
	changed(second);
	memcpy(r->name, "Woods", 6);
	changed(r);
	two_hand(&p, &q);
	expect(is_kept(&p) && is_kept(&q));
	expect_bytes(two_kept_room(&p).name, VIEW_LIT("Woods"));
	two_later();
	r->state = ROOM_LEFT;
	changed(r);
	two_hand(&p, &q);
	expect(!is_kept(&p) && !is_kept(&q));
	two_end();
}

/* However often each has read what the other wrote. */
static void neither_writes_again(void)
{
	uint64_t version = version_of(&p);
	for (int i = 0; i < 3; i++) {
		two_later();
		p.c->vault.unwritten = q.c->vault.unwritten = false;
		two_hand(&q, &p);
		two_hand(&p, &q);
		expect(!p.c->vault.unwritten && !q.c->vault.unwritten);
		expect_eq(version_of(&p), version);
		expect_eq(version_of(&q), version);
	}
}

TEST(two_devices_that_see_a_room_otherwise_do_not_write_in_turns)
{
	two_begin();
	struct room *r = room_with(&p, SAYS_ACCOUNT, "", 5),
		    *its = room_with(&q, SAYS_ACCOUNT, "", 5);
	r->introduced = its->introduced = true;
	two_hand(&p, &q);
	two_hand(&q, &p);
	two_later();
	memcpy(r->name, "Woods", 6);
	changed(r);
	two_hand(&p, &q);
	neither_writes_again();
	/* Once it sees something new, that is news. */
	two_later();
	memcpy(its->name, "Fields", 7);
	changed(its);
	two_hand(&q, &p);
	expect_bytes(two_kept_room(&p).name, VIEW_LIT("Fields"));
	two_end();
}

TEST(a_room_that_was_left_stays_left)
{
	two_begin();
	struct room *r = room_with(&p, SAYS_NOTHING, "", 5),
		    *its = room_with(&q, SAYS_NOTHING, "", 5);
	expect_ok(uc_leave(p.c, &r->id, &(uc_op){ 0 }));
	two_hand(&p, &p);
	expect(r->state != ROOM_OPEN);
	two_later();
	memcpy(its->name, "Paths", 6);
	changed(its);
	two_hand(&q, &p);
	expect(r->state != ROOM_OPEN);
	two_hand(&p, &q);
	expect(its->state != ROOM_OPEN);
	two_end();
}

/* Its hub is away, or it has to come back first: meanwhile it is no room of ours. */
TEST(one_that_follows_and_cannot_leave_yet_does_not_put_it_back_in_turn)
{
	two_begin();
	struct room *r = room_with(&p, SAYS_NOTHING, "", 5),
		    *its = room_with(&q, SAYS_NOTHING, "", 5);
	its->restored = false; /* it was there, and lost its place */
	(void)her(its);
	changed(its);
	two_hand(&q, &q);
	expect_ok(uc_leave(p.c, &r->id, &(uc_op){ 0 }));
	two_hand(&p, &p);
	two_hand(&p, &q);
	expect(its->state == ROOM_OPEN && its->tasks);
	neither_writes_again();
	two_end();
}

/* --- conversations --- */

static struct vault_room direct_with(const struct uc_id *contact, struct vault_member *her_row,
				     size_t n)
{
	struct vault_room x = { .uri = view_str(two_room_uri),
				.participant = view_str(two_place),
				.direct = true,
				.seed = { 5 },
				.members = { her_row, n } };
	*her_row = (struct vault_member){ .participant = view_str(her_place) };
	memcpy(x.contact, contact->b, sizeof x.contact);
	memcpy(her_row->contact, contact->b, sizeof her_row->contact);
	return x;
}

/* n: is it said who the other one is? */
static struct room *conversation(struct person *who, const struct uc_id *contact, size_t n)
{
	struct vault_member her_row;
	struct vault_room x = direct_with(contact, &her_row, n);
	struct uc_id id = id_of("Undercroft vault room", x.uri, x.participant);
	struct vault_row row = { .vault_kind = VAULT_ROOM, .row_version = test_now_ms };
	memcpy(row.id, id.b, sizeof row.id);
	expect_ok(wire_encode_to(&mem, vault_room_element, &x, &row.data));
	two_take(who, &row, 1);
	expect(who->c->rooms != NULL);
	return who->c->rooms;
}

/* The row came to this device before the other one had said who they are, and it is not there yet. */
TEST(who_the_other_one_is_holds_also_where_a_device_has_still_to_come_in)
{
	two_begin();
	struct uc_id id = two_meet(&p, "Tom")->id;
	struct room *r = conversation(&p, &id, 0);
	expect(r && r->restored && !r->members);
	two_later();
	conversation(&p, &id, 1);
	const struct member *m = room_member_find(r, view_str(her_place));
	expect(m && m->introduced && id_equal(&m->contact, &id));
	expect(m && !strcmp(m->name, "Tom"));
	/* One that is there knows itself who is in it. */
	two_later();
	struct uc_id its = two_meet(&q, "Tom")->id;
	struct room *in = conversation(&q, &its, 0);
	in->restored = false;
	two_later();
	conversation(&q, &its, 1);
	expect(!room_member_find(in, view_str(her_place)));
	two_end();
}

/* Whose account is deleted says to nobody any more who they were. */
TEST(who_the_other_one_was_is_told_once_they_are_gone)
{
	two_begin();
	struct uc_id id = two_meet(&p, "Tom")->id;
	two_meet(&q, "Tom");
	struct room *r = conversation(&p, &id, 1), *its = conversation(&q, &id, 0);
	its->restored = false;
	expect_ok(room_member_restore(q.c, its, view_str(her_place), &(struct uc_id){ { 0 } },
				      false));
	struct member *m = room_member_find(r, view_str(her_place)),
		      *also = room_member_find(its, view_str(her_place));
	expect(m && m->introduced && also && !also->introduced);
	if (m && also)
		m->gone = also->gone = true;
	changed(r);
	two_later();
	memcpy(its->name, "Paths", 6);
	changed(its);
	two_hand(&q, &p); /* which says nothing of who it is */
	two_hand(&p, &q);
	expect_eq(two_kept_room(&q).members.n, 1);
	expect(also && also->introduced && also->gone);
	/* Who has not said who they are stands in no row. */
	two_later();
	if (m)
		m->introduced = false;
	memcpy(r->name, "Woods", 6);
	changed(r);
	two_hand(&p, &p);
	expect_eq(two_kept_room(&p).members.n, 0);
	two_end();
}
