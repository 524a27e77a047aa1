/* SPDX-License-Identifier: Apache-2.0 */
/* A conversation with somebody who was blocked, on two devices of the account: hidden on both, each with a time
 * of its own; who leaves first is followed, and neither writes the vault against the other. */
#include "client/contacts.h"
#include "client/rooms.h"
#include "client/turn.h"
#include "tests/unit/client/two.h"

static struct room *room_of(struct person *who)
{
	struct vault_room x = { .uri = view_str(two_room_uri),
				.participant = view_str(two_place),
				.direct = true,
				.says = SAYS_ACCOUNT,
				.seed = { 5 } };
	return two_room(who, &x, 5);
}

/* Both are in a conversation with Tom. */
static struct room *talk_with_tom(struct person *who)
{
	struct room *r = room_of(who);
	r->introduced = true;
	r->contact = two_meet(who, "Tom")->id;
	r->dirty = r->members_dirty = true;
	return r;
}

/* Neither has news for the other any more. */
static void are_quiet(void)
{
	for (int i = 0; i < 3; i++) {
		p.c->vault.unwritten = q.c->vault.unwritten = false;
		two_hand(&p, &q);
		two_hand(&q, &p);
	}
	expect(!p.c->vault.unwritten && !q.c->vault.unwritten);
}

static void blocks(struct person *who, bool blocked)
{
	uc_op op;
	two_later();
	expect_ok(uc_block(who->c, &who->c->contacts->id, blocked, &op));
}

static uc_err leaves(struct uc_client *c, void *r)
{
	rooms_left(c, r);
	return UC_OK;
}

TEST(a_conversation_with_who_is_blocked_is_hidden_on_both_and_the_one_that_leaves_is_followed)
{
	two_begin();
	struct room *r = talk_with_tom(&p), *its = talk_with_tom(&q);
	are_quiet();
	blocks(&p, true);
	two_hand(&p, &q);
	expect(r->close_ms && its->close_ms && r->state == ROOM_OPEN && its->state == ROOM_OPEN);
	are_quiet();
	expect(two_kept_room(&p).direct && two_kept_room(&q).direct);
	/* Unblocked on the other one, it goes on on both. */
	blocks(&q, false);
	two_hand(&q, &p);
	expect(!r->close_ms && !its->close_ms && !r->fleeing && !its->fleeing);
	are_quiet();
	blocks(&q, true);
	two_hand(&q, &p);
	are_quiet();
	two_later();
	expect_ok(turn_run(p.c, leaves, r));
	two_hand(&p, &q);
	expect(r->state == ROOM_LEFT && its->state == ROOM_LEFT);
	are_quiet();
	two_end();
}

TEST(a_device_that_comes_later_is_in_it_once_they_are_unblocked)
{
	two_begin();
	struct room *r = talk_with_tom(&p);
	blocks(&p, true);
	two_hand(&p, &q);
	expect(!q.c->rooms && q.c->contacts->blocked);
	are_quiet();
	expect(two_kept_room(&p).direct && two_kept_room(&q).direct);
	blocks(&q, false);
	two_hand(&q, &p);
	two_hand(&p, &q);
	expect(!r->close_ms && q.c->rooms && q.c->rooms->direct);
	are_quiet();
	two_end();
}
