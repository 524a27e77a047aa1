/* SPDX-License-Identifier: Apache-2.0 */
/* A conversation with somebody who was blocked, on two devices of the account: hidden on both, each with a time
 * of its own; who leaves first is followed, and neither writes the vault against the other. */
#include "client/vault_inside.h"

#include "client/contacts.h"
#include "client/rooms.h"
#include "client/turn.h"
#include "tests/unit/client/small_app.h"

static const uint8_t tom[32] = { 1 };
static struct small_app one, other;
static struct person p, q;
static struct arena mem;

/* Each with an app of its own: only their rows meet. */
static void begin_one(struct small_app *app, struct person *who)
{
	uc_op op;
	small_app_init(app, "lens.example");
	person_begin(who, app);
	expect_ok(person_open(who));
	expect_ok(person_talk(who));
	expect_ok(uc_sign_up(who->c, "rosa", NULL, "Rosa", &op));
	expect_ok(person_talk(who));
}

static void begin(void)
{
	arena_init(&mem, 16 << 20, ARENA_PLAIN);
	begin_one(&one, &p);
	begin_one(&other, &q);
}

static void end(void)
{
	person_end(&p);
	person_end(&q);
	arena_done(&mem);
}

static uc_err rows_in_turn(struct uc_client *c, void *arg)
{
	return vault_rows_write(c, &mem, arg);
}

static uc_err take_in_turn(struct uc_client *c, void *arg)
{
	return vault_take(c, *(const struct view *)arg);
}

static void hand(struct person *from, struct person *to)
{
	struct view rows = { NULL, 0 };
	expect_ok(turn_run(from->c, rows_in_turn, &rows));
	expect_ok(turn_run(to->c, take_in_turn, &rows));
}

static void take(struct person *to, struct vault_row *v, size_t n)
{
	struct vault_rows in = { .version = 1, .rows = { v, n } };
	struct view rows = { NULL, 0 };
	expect_ok(wire_encode_to(&mem, vault_rows_element, &in, &rows));
	expect_ok(turn_run(to->c, take_in_turn, &rows));
}

static uc_err meet_in_turn(struct uc_client *c, void *arg)
{
	struct contact *k;
	const char *const *name = arg;
	return contact_meet(c, "dial.example", tom, *name, VIEW_LIT(""), &k);
}

static struct contact *meet(struct person *who, const char *name)
{
	struct uc_id id = contact_id("dial.example", tom);
	expect_ok(turn_run(who->c, meet_in_turn, &name));
	struct contact *k = contact_find(who->c, &id);
	expect(k != NULL);
	return k;
}

static void later(void)
{
	test_now_ms += 1000;
}

static const char room_uri[] = "mimi://plaza.example/r/walks";
static const char our_place[] = "mimi://lens.example/p/us";

static struct room *room_of(struct person *who)
{
	struct vault_room x = { .uri = view_str(room_uri),
				.participant = view_str(our_place),
				.direct = true,
				.says = SAYS_ACCOUNT,
				.seed = { 5 } };
	struct uc_id id = id_of("Undercroft vault room", view_str(room_uri), view_str(our_place));
	struct vault_row row = { .vault_kind = VAULT_ROOM, .row_version = 5 };
	memcpy(row.id, id.b, sizeof row.id);
	expect_ok(wire_encode_to(&mem, vault_room_element, &x, &row.data));
	take(who, &row, 1);
	expect(who->c->rooms != NULL);
	return who->c->rooms;
}

static struct vault_room kept_room(struct person *who)
{
	struct vault_room x = { .says = 99 };
	struct uc_id id = id_of("Undercroft vault room", view_str(room_uri), view_str(our_place));
	const struct kept_row *r = vault_row_find(&who->c->vault, VAULT_ROOM, id.b);
	expect(r && !r->gone);
	if (r)
		expect_ok(wire_decode(blob_view(&r->data), &mem, vault_room_element, &x));
	return x;
}

/* Both are in a conversation with Tom. */
static struct room *talk_with_tom(struct person *who)
{
	struct room *r = room_of(who);
	r->introduced = true;
	r->contact = meet(who, "Tom")->id;
	r->dirty = r->members_dirty = true;
	return r;
}

/* Neither has news for the other any more. */
static void are_quiet(void)
{
	for (int i = 0; i < 3; i++) {
		p.c->vault.unwritten = q.c->vault.unwritten = false;
		hand(&p, &q);
		hand(&q, &p);
	}
	expect(!p.c->vault.unwritten && !q.c->vault.unwritten);
}

static void blocks(struct person *who, bool blocked)
{
	uc_op op;
	later();
	expect_ok(uc_block(who->c, &who->c->contacts->id, blocked, &op));
}

static uc_err leaves(struct uc_client *c, void *r)
{
	rooms_left(c, r);
	return UC_OK;
}

TEST(a_conversation_with_who_is_blocked_is_hidden_on_both_and_the_one_that_leaves_is_followed)
{
	begin();
	struct room *r = talk_with_tom(&p), *its = talk_with_tom(&q);
	are_quiet();
	blocks(&p, true);
	hand(&p, &q);
	expect(r->close_ms && its->close_ms && r->state == ROOM_OPEN && its->state == ROOM_OPEN);
	are_quiet();
	expect(kept_room(&p).direct && kept_room(&q).direct);
	/* Unblocked on the other one, it goes on on both. */
	blocks(&q, false);
	hand(&q, &p);
	expect(!r->close_ms && !its->close_ms && !r->fleeing && !its->fleeing);
	are_quiet();
	blocks(&q, true);
	hand(&q, &p);
	are_quiet();
	later();
	expect_ok(turn_run(p.c, leaves, r));
	hand(&p, &q);
	expect(r->state == ROOM_LEFT && its->state == ROOM_LEFT);
	are_quiet();
	end();
}

TEST(a_device_that_comes_later_is_in_it_once_they_are_unblocked)
{
	begin();
	struct room *r = talk_with_tom(&p);
	blocks(&p, true);
	hand(&p, &q);
	expect(!q.c->rooms && q.c->contacts->blocked);
	are_quiet();
	expect(kept_room(&p).direct && kept_room(&q).direct);
	blocks(&q, false);
	hand(&q, &p);
	hand(&p, &q);
	expect(!r->close_ms && q.c->rooms && q.c->rooms->direct);
	are_quiet();
	end();
}
