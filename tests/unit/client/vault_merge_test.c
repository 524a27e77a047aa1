/* SPDX-License-Identifier: Apache-2.0 */
/* What two devices of an account make of each other's rows: what one has decided the other does not undo by
 * what it writes of the same person or room, and what both have agreed on is no news to either. */
#include "client/barred.h"
#include "client/contact_requests.h"
#include "client/contacts.h"
#include "client/linked.h"
#include "client/rooms.h"
#include "client/sender_tags.h"
#include "client/turn.h"
#include "mimi/introduction.h"
#include "mimi/names.h"
#include "tests/unit/client/two.h"

#include "base/heap.h"

static const uint64_t day_ms = 24 * 3600 * 1000;

TEST(a_block_outlives_what_another_device_writes_of_the_contact)
{
	uc_op op;
	two_begin();
	struct contact *k = two_meet(&p, "Tom");
	two_hand(&p, &q);
	two_later();
	expect_ok(uc_block(p.c, &k->id, true, &op));
	two_later();
	struct contact *its = two_meet(&q, "Thomas");
	two_hand(&q, &p);
	expect(k->blocked && !strcmp(k->name, "Thomas"));
	two_hand(&p, &q);
	expect(its->blocked);
	/* And its end holds, whichever of the two hears of it last. */
	two_later();
	expect_ok(uc_block(q.c, &k->id, false, &op));
	two_later();
	two_meet(&p, "Tommy");
	two_hand(&p, &q);
	expect(!its->blocked && !strcmp(its->name, "Tommy"));
	two_hand(&q, &p);
	expect(!k->blocked);
	two_end();
}

/* What letters are known by is gathered: a device that has not had one hears of it. */
TEST(what_a_blocked_name_is_known_by_reaches_both)
{
	const uint8_t tags[3][SENDER_TAG] = { { 1 }, { 2 }, { 3 } };
	uc_op op;
	two_begin();
	struct contact *k = two_meet(&p, "Tom");
	sender_tags_learn(k, VIEW_OF(tags[1]));
	two_hand(&p, &q);
	two_later();
	struct contact *its = contact_find(q.c, &k->id);
	expect(its && its->tag_count == 1);
	if (!its)
		return;
	sender_tags_learn(its, VIEW_OF(tags[0]));
	two_later();
	sender_tags_learn(k, VIEW_OF(tags[2]));
	expect_ok(uc_block(p.c, &k->id, true, &op));
	/* Whichever row stands, who has more says so in the next. */
	two_hand(&q, &p);
	two_hand(&p, &q);
	two_later();
	two_hand(&q, &p);
	two_hand(&p, &q);
	expect(k->tag_count == 3 && its->tag_count == 3);
	expect(!memcmp(k->tags, its->tags, sizeof k->tags));
	for (size_t i = 0; i < 3; i++)
		expect(sender_tags_hide(q.c, VIEW_OF(tags[i])));
	/* One that has heard it all has nothing to say. */
	uint64_t version = vault_row_find(&p.c->vault, VAULT_SENDER_TAGS, k->id.b)->version;
	two_later();
	two_hand(&q, &p);
	two_hand(&p, &q);
	expect_eq(vault_row_find(&q.c->vault, VAULT_SENDER_TAGS, k->id.b)->version, version);
	expect_ok(uc_block(q.c, &k->id, false, &op));
	two_hand(&q, &p);
	expect(!sender_tags_hide(p.c, VIEW_OF(tags[0])));
	two_end();
}

static uc_err ask_them(struct uc_client *c, void *arg)
{
	static const uint8_t key[ED25519_KEY] = { 7 };
	struct introduction card = { .version = 1,
				     .app = VIEW_LIT("dial.example"),
				     .account_key = VIEW_OF(key),
				     .device_key = VIEW_OF(key) };
	struct request **out = arg, *letter;
	struct view encoded;
	TRY(request_new(c, true, &letter));
	TRY(wire_encode_to(&c->call, introduction_element, &card, &encoded));
	TRY(blob_set(&letter->introduction, encoded));
	TRY(text_set(letter->app, sizeof letter->app, card.app));
	TRY(text_set(letter->name, sizeof letter->name, VIEW_LIT("Mallory")));
	letter->contact = contact_id("dial.example", key);
	letter->state = REQUEST_OPEN;
	letter->sender_tag[0] = 9;
	*out = letter;
	return UC_OK;
}

/* Who is no contact is blocked on both, by account and name, and free again on both. */
TEST(a_block_of_who_is_no_contact_holds_on_both)
{
	const uint8_t tag[SENDER_TAG] = { 9 };
	struct request *q_in = NULL;
	uc_op op;
	two_begin();
	expect_ok(turn_run(p.c, ask_them, &q_in));
	if (!q_in)
		return;
	const struct uc_id id = q_in->contact;
	two_hand(&p, &q);
	expect(!linked_is_blocked(q.c, &id));
	two_later();
	expect_ok(uc_request_block(p.c, &q_in->id, &op));
	two_hand(&p, &q);
	struct contact *its = barred_find(q.c, &id);
	expect(its && !strcmp(its->name, "Mallory") && !contact_find(q.c, &id));
	expect(linked_is_blocked(q.c, &id) && sender_tags_hide(q.c, VIEW_OF(tag)));
	/* Both have heard it all. */
	uint64_t version = vault_row_find(&p.c->vault, VAULT_BARRED, id.b)->version;
	two_later();
	two_hand(&q, &p);
	two_hand(&p, &q);
	expect_eq(vault_row_find(&q.c->vault, VAULT_BARRED, id.b)->version, version);
	two_later();
	expect_ok(uc_block(q.c, &id, false, &op));
	two_hand(&q, &p);
	two_hand(&p, &q);
	expect(!barred_find(p.c, &id) && !barred_find(q.c, &id));
	expect(!linked_is_blocked(p.c, &id) && !sender_tags_hide(p.c, VIEW_OF(tag)));
	two_end();
}

static uc_err meet_mallory(struct uc_client *c, void *arg)
{
	static const uint8_t key[ED25519_KEY] = { 7 };
	struct contact *k;
	(void)arg;
	return contact_meet(c, "dial.example", key, "Mallory", VIEW_LIT(""), &k);
}

/* Blocked first, and a contact since: a device that hears both at once blocks nobody less. */
TEST(who_was_blocked_and_became_a_contact_stays_blocked_on_a_device_that_hears_it_late)
{
	struct request *letter = NULL;
	uc_op op;
	two_begin();
	expect_ok(turn_run(p.c, ask_them, &letter));
	if (!letter)
		return;
	const struct uc_id id = letter->contact;
	expect_ok(uc_request_block(p.c, &letter->id, &op));
	two_later();
	expect_ok(turn_run(p.c, meet_mallory, NULL));
	expect(contact_find(p.c, &id) && contact_find(p.c, &id)->blocked);
	for (int i = 0; i < 2; i++) {
		two_later();
		two_hand(&p, &q);
		two_later();
		two_hand(&q, &p);
	}
	expect(linked_is_blocked(p.c, &id) && linked_is_blocked(q.c, &id));
	expect(contact_find(p.c, &id)->blocked && contact_find(q.c, &id)->blocked);
	two_end();
}

TEST(a_row_blocks_nobody_whose_it_is_not)
{
	two_begin();
	struct vault_contact x = { .app = VIEW_LIT("dial.example"),
				   .name = VIEW_LIT("Mallory"),
				   .account_key = VIEW_OF(two_tom) };
	struct vault_row row = { .vault_kind = VAULT_BARRED,
				 .id = { 5 },
				 .row_version = test_now_ms };
	expect_ok(wire_encode_to(&mem, vault_contact_element, &x, &row.data));
	two_take(&p, &row, 1);
	expect(!p.c->barred && !vault_row_find(&p.c->vault, VAULT_BARRED, row.id)->held);
	struct uc_id id = contact_id("dial.example", two_tom);
	memcpy(row.id, id.b, sizeof row.id);
	two_take(&p, &row, 1);
	expect(p.c->barred && barred_find(p.c, &id));
	two_end();
}

TEST(a_safety_number_that_was_compared_is_so_on_both)
{
	two_begin();
	struct contact *k = two_meet(&p, "Tom");
	two_hand(&p, &q);
	two_later();
	expect_ok(uc_contact_verified(p.c, &k->id, true));
	two_later();
	struct contact *its = two_meet(&q, "Thomas");
	two_hand(&q, &p);
	expect(k->verified);
	two_hand(&p, &q);
	expect(its->verified);
	two_later();
	expect_ok(uc_contact_verified(q.c, &k->id, false));
	two_hand(&q, &p);
	expect(!k->verified);
	/* That it is another person's now is not forgotten since another device has not seen it. */
	two_later();
	k->identity_changed = k->dirty = true;
	two_hand(&p, &p);
	two_later();
	two_meet(&q, "Tommy");
	two_hand(&q, &p);
	expect(k->identity_changed && !strcmp(k->name, "Tommy"));
	two_hand(&p, &q);
	expect(its->identity_changed);
	two_later();
	expect_ok(uc_contact_verified(q.c, &k->id, true));
	two_hand(&q, &p);
	two_hand(&p, &q);
	expect(k->verified && !k->identity_changed && !its->identity_changed);
	/* Of one that was compared, too. */
	two_later();
	k->identity_changed = k->dirty = true;
	two_hand(&p, &p);
	two_later();
	two_meet(&q, "Tom");
	two_hand(&q, &p);
	two_hand(&p, &q);
	expect(k->identity_changed && its->identity_changed && its->verified);
	two_end();
}

static uc_err link_in_turn(struct uc_client *c, void *arg)
{
	struct linked *l = HEAP_NEW(struct linked);
	if (!l)
		return UC_E_MEMORY;
	*l = *(const struct linked *)arg;
	l->dirty = true;
	linked_add(c, l);
	return UC_OK;
}

TEST(a_block_covers_accounts_that_only_the_other_device_knows_to_be_linked)
{
	static const uint8_t second[32] = { 7 };
	static struct linked l;
	uc_op op;
	two_begin();
	struct contact *k = two_meet(&p, "Tom");
	struct uc_id also = contact_id("dial.example", second);
	two_hand(&p, &q);
	l = (struct linked){ .id = link_pair(&k->id, &also), .by = k->id, .number = 3 };
	l.sides[LINK_OFFERS].contact = k->id;
	l.sides[LINK_ACCEPTS].contact = also;
	two_later();
	expect_ok(turn_run(q.c, link_in_turn, &l));
	expect_ok(uc_block(p.c, &k->id, true, &op));
	two_hand(&p, &q);
	expect(linked_is_blocked(q.c, &also));
	two_hand(&q, &p);
	expect(linked_is_blocked(p.c, &also));
	/* A newer statement of the link, written by who has not heard that it is over. */
	two_later();
	expect_ok(uc_block(p.c, &k->id, false, &op));
	two_later();
	q.c->linkeds->number = 4;
	q.c->linkeds->dirty = true;
	two_hand(&q, &p);
	expect_eq(p.c->linkeds->number, 4);
	/* An older one that comes later is none. */
	two_later();
	q.c->linkeds->number = 2;
	q.c->linkeds->dirty = true;
	two_hand(&q, &p);
	expect_eq(p.c->linkeds->number, 4);
	expect(!linked_is_blocked(p.c, &also));
	two_hand(&p, &q);
	expect(!linked_is_blocked(q.c, &also) && !linked_is_blocked(q.c, &k->id));
	two_end();
}

/* --- what is gone --- */

static struct invitation *invited(struct person *who, const struct uc_id *id)
{
	for (struct invitation *i = who->c->invitations; i; i = i->next)
		if (id_equal(&i->id, id) && !i->gone)
			return i;
	return NULL;
}

static uc_err invitation_in_turn(struct uc_client *c, void *arg)
{
	struct invitation *i = HEAP_NEW(struct invitation);
	if (!i)
		return UC_E_MEMORY;
	i->id = *(const struct uc_id *)arg;
	i->state = INVITATION_OPEN;
	i->expires_ms = test_now_ms + 30 * day_ms;
	i->dirty = true;
	invitation_add(c, i);
	return UC_OK;
}

static uc_err end_in_turn(struct uc_client *c, void *arg)
{
	(void)c;
	((struct invitation *)arg)->gone = true;
	return UC_OK;
}

/* The other device has forgotten whose a withdrawn link was before it heard of the block. */
TEST(a_block_of_a_link_that_is_over_covers_who_it_was_and_not_everybody)
{
	static const uint8_t second[32] = { 7 };
	static const struct uc_id nobody;
	static struct linked l;
	uc_op op;
	two_begin();
	struct contact *k = two_meet(&p, "Tom");
	struct uc_id also = contact_id("dial.example", second);
	two_hand(&p, &q);
	l = (struct linked){ .id = link_pair(&k->id, &also), .by = k->id, .number = 3 };
	l.sides[LINK_OFFERS].contact = k->id;
	l.sides[LINK_ACCEPTS].contact = also;
	expect_ok(turn_run(p.c, link_in_turn, &l));
	two_later();
	two_hand(&p, &q);
	expect_ok(uc_block(p.c, &k->id, true, &op));
	two_later();
	memset(q.c->linkeds->sides, 0, sizeof q.c->linkeds->sides);
	q.c->linkeds->withdrawn = q.c->linkeds->dirty = true;
	q.c->linkeds->number = 4;
	for (int i = 0; i < 2; i++) {
		two_hand(&q, &p);
		two_hand(&p, &q);
	}
	expect(p.c->linkeds->withdrawn);
	expect(p.c->linkeds->blocked && q.c->linkeds->blocked);
	expect(linked_is_blocked(p.c, &also) && linked_is_blocked(q.c, &also));
	expect(!linked_is_blocked(p.c, &nobody) && !linked_is_blocked(q.c, &nobody));
	two_end();
}

TEST(an_invitation_that_was_ended_stays_so)
{
	struct uc_id id = { { 8 } };
	two_begin();
	expect_ok(turn_run(p.c, invitation_in_turn, &id));
	two_hand(&p, &q);
	struct invitation *its = invited(&q, &id);
	expect(its && invited(&p, &id));
	two_later();
	expect_ok(turn_run(p.c, end_in_turn, invited(&p, &id)));
	two_hand(&p, &p);
	two_later();
	its->asked++; /* by whoever had it */
	its->dirty = true;
	two_hand(&q, &p);
	expect(!invited(&p, &id));
	two_hand(&p, &q);
	expect(!invited(&q, &id));
	two_end();
}

TEST(whoever_was_shown_a_link_by_either_hears_of_its_end)
{
	static struct own_link one_s;
	two_begin();
	one_s = (struct own_link){ .id = { { 3 } }, .state = LINK_WHOLE, .number = 4 };
	struct own_link *l = HEAP_NEW(struct own_link);
	expect(l != NULL);
	if (!l)
		return;
	*l = one_s;
	own_link_add(p.c, l);
	two_hand(&p, &q);
	struct own_link *its = q.c->links;
	expect(its != NULL);
	if (!its)
		return;
	two_later();
	l->shown[l->shown_count++] = (struct link_shown){ .contact = { { 1 } }, .told = true };
	two_later();
	its->shown[its->shown_count++] = (struct link_shown){ .contact = { { 2 } }, .told = true };
	two_hand(&q, &p);
	expect_eq(l->shown_count, 2);
	/* One withdraws, the other has not heard of it and shows it to one more. */
	two_later();
	l->state = LINK_WITHDRAWN;
	for (uint32_t i = 0; i < l->shown_count; i++)
		l->shown[i].gone = true;
	two_hand(&p, &p);
	two_later();
	its->shown[its->shown_count++] = (struct link_shown){ .contact = { { 5 } }, .told = true };
	two_hand(&q, &p);
	expect_eq(l->state, LINK_WITHDRAWN);
	expect_eq(l->shown_count, 3);
	expect(l->shown[2].gone && !l->shown[2].told);
	two_hand(&p, &q);
	expect_eq(its->state, LINK_WITHDRAWN);
	expect_eq(its->shown_count, 3);
	two_end();
}

TEST(what_is_used_up_or_given_up_on_one_is_not_brought_back_by_the_other)
{
	struct key_address a = { .address = "mimi://dial.example/k/1",
				 .participant = "mimi://dial.example/p/1",
				 .expires_ms = test_now_ms + 30 * day_ms };
	two_begin();
	struct contact *k = two_meet(&p, "Tom");
	contact_add_address(p.c, k, &a);
	struct ward *w = HEAP_NEW(struct ward);
	expect(w != NULL);
	if (w)
		w->contact = k->id;
	p.c->guardian.wards = w;
	two_hand(&p, &q);
	struct contact *its = contact_find(q.c, &k->id);
	expect(its && its->key_count == 1 && q.c->guardian.wards);
	expect(its && its->keys[0].expires_ms == a.expires_ms);
	two_later();
	expect(contact_take_address(p.c, k, &a));
	p.c->guardian.wards = NULL;
	heap_free_wiped(w, sizeof *w);
	two_hand(&p, &q);
	expect(its && its->key_count == 0 && !q.c->guardian.wards);
	two_hand(&q, &p);
	expect(k->key_count == 0 && !p.c->guardian.wards);
	two_end();
}

/* The newest is the one that letters are sealed to. */
TEST(request_keys_stay_in_their_order_and_are_given_up_on_both)
{
	struct vault_row v[REQUEST_KEYS];
	two_begin();
	struct account *a = &p.c->account;
	two_hand(&p, &q);
	uint8_t first[32], newest[32] = { 1 };
	memcpy(first, a->request_keys[0].pub, sizeof first);
	for (uint8_t i = 0; i < REQUEST_KEYS; i++) {
		struct vault_request_key k = { { i }, { (uint8_t)(REQUEST_KEYS - i) } };
		two_later();
		size_t at = REQUEST_KEYS - 1u - i;
		v[at] = (struct vault_row){ .vault_kind = VAULT_REQUEST_KEY,
					    .row_version = test_now_ms };
		memcpy(v[at].id, k.pub, sizeof k.pub);
		expect_ok(wire_encode_to(&mem, vault_request_key_element, &k, &v[at].data));
	}
	two_take(&p, v, REQUEST_KEYS);
	expect_eq(a->request_key_count, REQUEST_KEYS);
	expect_bytes(VIEW_OF(a->request_keys[0].pub), VIEW_OF(newest));
	two_hand(&p, &q);
	two_hand(&q, &p);
	const struct account *its = &q.c->account;
	expect_eq(its->request_key_count, REQUEST_KEYS);
	expect_bytes(VIEW_OF(its->request_keys[0].pub), VIEW_OF(newest));
	for (uint32_t i = 0; i < its->request_key_count; i++)
		expect(!view_equal(VIEW_OF(its->request_keys[i].pub), VIEW_OF(first)));
	const struct kept_row *gone = vault_row_find(&q.c->vault, VAULT_REQUEST_KEY, first);
	expect(gone && gone->gone);
	two_end();
}

static struct vault_row answered_at(uint64_t ms)
{
	struct vault_answered x = { true };
	struct vault_row row = { .vault_kind = VAULT_ANSWERED, .id = { 4 }, .row_version = ms };
	expect_ok(wire_encode_to(&mem, vault_answered_element, &x, &row.data));
	return row;
}

TEST(what_is_of_no_more_use_is_forgotten_in_its_time)
{
	static const uint8_t letter[VAULT_ID] = { 4 }, link[VAULT_ID] = { 6 };
	two_begin();
	struct vault_row v[] = {
		{ .vault_kind = VAULT_INVITATION,
		  .id = { 6 },
		  .row_version = test_now_ms,
		  .gone = true },
		answered_at(test_now_ms),
	};
	struct vault *x = &p.c->vault;
	two_take(&p, v, 2);
	expect(vault_row_find(x, VAULT_ANSWERED, letter) &&
	       vault_row_find(x, VAULT_INVITATION, link));
	test_now_ms += 100 * day_ms;
	two_hand(&p, &q);
	expect(!vault_row_find(x, VAULT_ANSWERED, letter) &&
	       vault_row_find(x, VAULT_INVITATION, link));
	expect_ok(person_open(&p));
	x = &p.c->vault;
	expect(!vault_row_find(x, VAULT_ANSWERED, letter) &&
	       vault_row_find(x, VAULT_INVITATION, link));
	test_now_ms += 310 * day_ms;
	two_hand(&p, &q);
	expect(!vault_row_find(x, VAULT_INVITATION, link));
	/* Nor is it taken from who still has it. */
	two_take(&p, v, 2);
	expect(!vault_row_find(x, VAULT_ANSWERED, letter) &&
	       !vault_row_find(x, VAULT_INVITATION, link));
	two_end();
}

/* Whoever writes the last version there can be does not keep others from writing at all. */
TEST(the_highest_version_is_no_end)
{
	struct uc_id id = contact_id("dial.example", two_tom);
	two_begin();
	two_meet(&p, "Tom");
	struct vault_block b = { BLOCK_CONTACT };
	struct vault_row row = { .vault_kind = VAULT_BLOCK, .row_version = UINT64_MAX };
	memcpy(row.id, id.b, sizeof row.id);
	expect_ok(wire_encode_to(&mem, vault_block_element, &b, &row.data));
	two_take(&p, &row, 1);
	uc_op op;
	expect(contact_find(p.c, &id)->blocked);
	expect_ok(uc_block(p.c, &id, false, &op));
	struct vault_rows out;
	expect_ok(wire_decode(two_rows(&p), &mem, vault_rows_element, &out));
	two_end();
}
