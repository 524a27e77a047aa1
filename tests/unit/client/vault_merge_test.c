/* SPDX-License-Identifier: Apache-2.0 */
/* What two devices of an account make of each other's rows: what one has decided the other does not undo by
 * what it writes of the same person or room, and what both have agreed on is no news to either. */
#include "client/vault_inside.h"

#include "client/barred.h"
#include "client/contact_requests.h"
#include "client/contacts.h"
#include "client/linked.h"
#include "client/rooms.h"
#include "client/sender_tags.h"
#include "client/turn.h"
#include "mimi/introduction.h"
#include "mimi/names.h"
#include "tests/unit/client/small_app.h"

#include "base/heap.h"

static const uint8_t tom[32] = { 1 };
static const uint64_t day_ms = 24 * 3600 * 1000;
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

TEST(a_block_outlives_what_another_device_writes_of_the_contact)
{
	uc_op op;
	begin();
	struct contact *k = meet(&p, "Tom");
	hand(&p, &q);
	later();
	expect_ok(uc_block(p.c, &k->id, true, &op));
	later();
	struct contact *its = meet(&q, "Thomas");
	hand(&q, &p);
	expect(k->blocked && !strcmp(k->name, "Thomas"));
	hand(&p, &q);
	expect(its->blocked);
	/* And its end holds, whichever of the two hears of it last. */
	later();
	expect_ok(uc_block(q.c, &k->id, false, &op));
	later();
	meet(&p, "Tommy");
	hand(&p, &q);
	expect(!its->blocked && !strcmp(its->name, "Tommy"));
	hand(&q, &p);
	expect(!k->blocked);
	end();
}

/* What letters are known by is gathered: a device that has not had one hears of it. */
TEST(what_a_blocked_name_is_known_by_reaches_both)
{
	const uint8_t tags[3][SENDER_TAG] = { { 1 }, { 2 }, { 3 } };
	uc_op op;
	begin();
	struct contact *k = meet(&p, "Tom");
	sender_tags_learn(k, VIEW_OF(tags[1]));
	hand(&p, &q);
	later();
	struct contact *its = contact_find(q.c, &k->id);
	expect(its && its->tag_count == 1);
	if (!its)
		return;
	sender_tags_learn(its, VIEW_OF(tags[0]));
	later();
	sender_tags_learn(k, VIEW_OF(tags[2]));
	expect_ok(uc_block(p.c, &k->id, true, &op));
	/* Whichever row stands, who has more says so in the next. */
	hand(&q, &p);
	hand(&p, &q);
	later();
	hand(&q, &p);
	hand(&p, &q);
	expect(k->tag_count == 3 && its->tag_count == 3);
	expect(!memcmp(k->tags, its->tags, sizeof k->tags));
	for (size_t i = 0; i < 3; i++)
		expect(sender_tags_hide(q.c, VIEW_OF(tags[i])));
	/* One that has heard it all has nothing to say. */
	uint64_t version = vault_row_find(&p.c->vault, VAULT_SENDER_TAGS, k->id.b)->version;
	later();
	hand(&q, &p);
	hand(&p, &q);
	expect_eq(vault_row_find(&q.c->vault, VAULT_SENDER_TAGS, k->id.b)->version, version);
	expect_ok(uc_block(q.c, &k->id, false, &op));
	hand(&q, &p);
	expect(!sender_tags_hide(p.c, VIEW_OF(tags[0])));
	end();
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
	begin();
	expect_ok(turn_run(p.c, ask_them, &q_in));
	if (!q_in)
		return;
	const struct uc_id id = q_in->contact;
	hand(&p, &q);
	expect(!linked_is_blocked(q.c, &id));
	later();
	expect_ok(uc_request_block(p.c, &q_in->id, &op));
	hand(&p, &q);
	struct contact *its = barred_find(q.c, &id);
	expect(its && !strcmp(its->name, "Mallory") && !contact_find(q.c, &id));
	expect(linked_is_blocked(q.c, &id) && sender_tags_hide(q.c, VIEW_OF(tag)));
	/* Both have heard it all. */
	uint64_t version = vault_row_find(&p.c->vault, VAULT_BARRED, id.b)->version;
	later();
	hand(&q, &p);
	hand(&p, &q);
	expect_eq(vault_row_find(&q.c->vault, VAULT_BARRED, id.b)->version, version);
	later();
	expect_ok(uc_block(q.c, &id, false, &op));
	hand(&q, &p);
	hand(&p, &q);
	expect(!barred_find(p.c, &id) && !barred_find(q.c, &id));
	expect(!linked_is_blocked(p.c, &id) && !sender_tags_hide(p.c, VIEW_OF(tag)));
	end();
}

TEST(a_row_blocks_nobody_whose_it_is_not)
{
	begin();
	struct vault_contact x = { .app = VIEW_LIT("dial.example"),
				   .name = VIEW_LIT("Mallory"),
				   .account_key = VIEW_OF(tom) };
	struct vault_row row = { .vault_kind = VAULT_BARRED,
				 .id = { 5 },
				 .row_version = test_now_ms };
	expect_ok(wire_encode_to(&mem, vault_contact_element, &x, &row.data));
	take(&p, &row, 1);
	expect(!p.c->barred && !vault_row_find(&p.c->vault, VAULT_BARRED, row.id)->held);
	struct uc_id id = contact_id("dial.example", tom);
	memcpy(row.id, id.b, sizeof row.id);
	take(&p, &row, 1);
	expect(p.c->barred && barred_find(p.c, &id));
	end();
}

TEST(a_safety_number_that_was_compared_is_so_on_both)
{
	begin();
	struct contact *k = meet(&p, "Tom");
	hand(&p, &q);
	later();
	expect_ok(uc_contact_verified(p.c, &k->id, true));
	later();
	struct contact *its = meet(&q, "Thomas");
	hand(&q, &p);
	expect(k->verified);
	hand(&p, &q);
	expect(its->verified);
	later();
	expect_ok(uc_contact_verified(q.c, &k->id, false));
	hand(&q, &p);
	expect(!k->verified);
	/* That it is another person's now is not forgotten since another device has not seen it. */
	later();
	k->identity_changed = k->dirty = true;
	hand(&p, &p);
	later();
	meet(&q, "Tommy");
	hand(&q, &p);
	expect(k->identity_changed && !strcmp(k->name, "Tommy"));
	hand(&p, &q);
	expect(its->identity_changed);
	later();
	expect_ok(uc_contact_verified(q.c, &k->id, true));
	hand(&q, &p);
	hand(&p, &q);
	expect(k->verified && !k->identity_changed && !its->identity_changed);
	/* Of one that was compared, too. */
	later();
	k->identity_changed = k->dirty = true;
	hand(&p, &p);
	later();
	meet(&q, "Tom");
	hand(&q, &p);
	hand(&p, &q);
	expect(k->identity_changed && its->identity_changed && its->verified);
	end();
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
	begin();
	struct contact *k = meet(&p, "Tom");
	struct uc_id also = contact_id("dial.example", second);
	hand(&p, &q);
	l = (struct linked){ .id = link_pair(&k->id, &also), .by = k->id, .number = 3 };
	l.sides[LINK_OFFERS].contact = k->id;
	l.sides[LINK_ACCEPTS].contact = also;
	later();
	expect_ok(turn_run(q.c, link_in_turn, &l));
	expect_ok(uc_block(p.c, &k->id, true, &op));
	hand(&p, &q);
	expect(linked_is_blocked(q.c, &also));
	hand(&q, &p);
	expect(linked_is_blocked(p.c, &also));
	/* A newer statement of the link, written by who has not heard that it is over. */
	later();
	expect_ok(uc_block(p.c, &k->id, false, &op));
	later();
	q.c->linkeds->number = 4;
	q.c->linkeds->dirty = true;
	hand(&q, &p);
	expect_eq(p.c->linkeds->number, 4);
	/* An older one that comes later is none. */
	later();
	q.c->linkeds->number = 2;
	q.c->linkeds->dirty = true;
	hand(&q, &p);
	expect_eq(p.c->linkeds->number, 4);
	expect(!linked_is_blocked(p.c, &also));
	hand(&p, &q);
	expect(!linked_is_blocked(q.c, &also) && !linked_is_blocked(q.c, &k->id));
	end();
}

/* --- rooms --- */

static const char room_uri[] = "mimi://plaza.example/r/walks";
static const char our_place[] = "mimi://lens.example/p/us";
static const char her_place[] = "mimi://dial.example/p/her";

static struct room *room_with(struct person *who, uint8_t says, const char *persona,
			      uint64_t version)
{
	struct vault_room x = { .uri = view_str(room_uri),
				.participant = view_str(our_place),
				.name = VIEW_LIT("Walks"),
				.says = says,
				.persona = view_str(persona),
				.seed = { 5 } };
	struct uc_id id = id_of("Undercroft vault room", view_str(room_uri), view_str(our_place));
	struct vault_row row = { .vault_kind = VAULT_ROOM, .row_version = version };
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
	begin();
	struct room *r = room_with(&p, SAYS_NOTHING, "", 5),
		    *its = room_with(&q, SAYS_NOTHING, "", 5);
	struct member *m = her(r);
	m->persona = m->blocked = true;
	changed(r);
	later();
	/* The other one has another name for the room meanwhile. */
	memcpy(its->name, "Paths", 6);
	changed(its);
	hand(&q, &p);
	hand(&p, &q);
	struct member *also = room_member_find(its, view_str(her_place));
	expect(also && also->blocked && m->blocked);
	later();
	m->blocked = false;
	changed(r);
	hand(&p, &q);
	hand(&q, &p);
	expect(!m->blocked && !also->blocked);
	end();
}

TEST(what_one_device_has_said_in_a_room_a_silent_one_says_too_and_does_not_undo)
{
	begin();
	struct room *r = room_with(&p, SAYS_NOTHING, "", 5),
		    *its = room_with(&q, SAYS_NOTHING, "", 5);
	later();
	r->says = SAYS_PERSONA;
	r->introduced = true;
	memcpy(r->persona, "Moth", 5);
	changed(r);
	/* It has not heard of it, and has something of its own to tell. */
	hand(&p, &q);
	expect_eq(its->says, SAYS_PERSONA);
	expect(!strcmp(its->persona, "Moth"));
	its->says = SAYS_NOTHING;
	memset(its->persona, 0, sizeof its->persona);
	later();
	memcpy(its->name, "Paths", 6);
	changed(its);
	hand(&q, &p);
	expect_eq(kept_room(&p).says, SAYS_PERSONA);
	expect_bytes(kept_room(&p).persona, VIEW_LIT("Moth"));
	expect_bytes(kept_room(&p).name, VIEW_LIT("Paths"));
	end();
}

TEST(who_has_said_something_says_it_again_where_a_silent_one_was_later)
{
	begin();
	struct room *r = room_with(&p, SAYS_NOTHING, "", 5),
		    *its = room_with(&q, SAYS_NOTHING, "", 5);
	later();
	r->says = SAYS_ACCOUNT;
	r->introduced = true;
	changed(r);
	hand(&p, &p);
	/* It has not heard of it, and writes what it sees. */
	later();
	memcpy(its->name, "Paths", 6);
	changed(its);
	hand(&q, &p);
	expect_eq(r->says, SAYS_ACCOUNT);
	hand(&p, &q);
	expect_eq(its->says, SAYS_ACCOUNT);
	expect_eq(kept_room(&q).says, SAYS_ACCOUNT);
	end();
}

static uint64_t version_of(struct person *who)
{
	struct uc_id id = id_of("Undercroft vault room", view_str(room_uri), view_str(our_place));
	const struct kept_row *r = vault_row_find(&who->c->vault, VAULT_ROOM, id.b);
	return r ? r->version : 0;
}

TEST(two_devices_that_see_a_room_otherwise_do_not_write_in_turns)
{
	begin();
	struct room *r = room_with(&p, SAYS_ACCOUNT, "", 5),
		    *its = room_with(&q, SAYS_ACCOUNT, "", 5);
	r->introduced = its->introduced = true;
	hand(&p, &q);
	hand(&q, &p);
	later();
	memcpy(r->name, "Woods", 6);
	changed(r);
	hand(&p, &q);
	uint64_t version = version_of(&p);
	for (int i = 0; i < 3; i++) {
		later();
		p.c->vault.unwritten = q.c->vault.unwritten = false;
		hand(&q, &p);
		hand(&p, &q);
		expect(!p.c->vault.unwritten && !q.c->vault.unwritten);
		expect_eq(version_of(&p), version);
		expect_eq(version_of(&q), version);
	}
	/* Once it sees something new, that is news. */
	later();
	memcpy(its->name, "Fields", 7);
	changed(its);
	hand(&q, &p);
	expect_bytes(kept_room(&p).name, VIEW_LIT("Fields"));
	end();
}

TEST(a_room_that_was_left_stays_left)
{
	begin();
	struct room *r = room_with(&p, SAYS_NOTHING, "", 5),
		    *its = room_with(&q, SAYS_NOTHING, "", 5);
	expect_ok(uc_leave(p.c, &r->id, &(uc_op){ 0 }));
	hand(&p, &p);
	expect(r->state != ROOM_OPEN);
	later();
	memcpy(its->name, "Paths", 6);
	changed(its);
	hand(&q, &p);
	expect(r->state != ROOM_OPEN);
	hand(&p, &q);
	expect(its->state != ROOM_OPEN);
	end();
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

TEST(an_invitation_that_was_ended_stays_so)
{
	struct uc_id id = { { 8 } };
	begin();
	expect_ok(turn_run(p.c, invitation_in_turn, &id));
	hand(&p, &q);
	struct invitation *its = invited(&q, &id);
	expect(its && invited(&p, &id));
	later();
	expect_ok(turn_run(p.c, end_in_turn, invited(&p, &id)));
	hand(&p, &p);
	later();
	its->asked++; /* by whoever had it */
	its->dirty = true;
	hand(&q, &p);
	expect(!invited(&p, &id));
	hand(&p, &q);
	expect(!invited(&q, &id));
	end();
}

TEST(whoever_was_shown_a_link_by_either_hears_of_its_end)
{
	static struct own_link one_s;
	begin();
	one_s = (struct own_link){ .id = { { 3 } }, .state = LINK_WHOLE, .number = 4 };
	struct own_link *l = HEAP_NEW(struct own_link);
	expect(l != NULL);
	if (!l)
		return;
	*l = one_s;
	own_link_add(p.c, l);
	hand(&p, &q);
	struct own_link *its = q.c->links;
	expect(its != NULL);
	if (!its)
		return;
	later();
	l->shown[l->shown_count++] = (struct link_shown){ .contact = { { 1 } }, .told = true };
	later();
	its->shown[its->shown_count++] = (struct link_shown){ .contact = { { 2 } }, .told = true };
	hand(&q, &p);
	expect_eq(l->shown_count, 2);
	/* One withdraws, the other has not heard of it and shows it to one more. */
	later();
	l->state = LINK_WITHDRAWN;
	for (uint32_t i = 0; i < l->shown_count; i++)
		l->shown[i].gone = true;
	hand(&p, &p);
	later();
	its->shown[its->shown_count++] = (struct link_shown){ .contact = { { 5 } }, .told = true };
	hand(&q, &p);
	expect_eq(l->state, LINK_WITHDRAWN);
	expect_eq(l->shown_count, 3);
	expect(l->shown[2].gone && !l->shown[2].told);
	hand(&p, &q);
	expect_eq(its->state, LINK_WITHDRAWN);
	expect_eq(its->shown_count, 3);
	end();
}

TEST(what_is_used_up_or_given_up_on_one_is_not_brought_back_by_the_other)
{
	struct key_address a = { .address = "mimi://dial.example/k/1",
				 .participant = "mimi://dial.example/p/1",
				 .expires_ms = test_now_ms + 30 * day_ms };
	begin();
	struct contact *k = meet(&p, "Tom");
	contact_add_address(p.c, k, &a);
	struct ward *w = HEAP_NEW(struct ward);
	expect(w != NULL);
	if (w)
		w->contact = k->id;
	p.c->guardian.wards = w;
	hand(&p, &q);
	struct contact *its = contact_find(q.c, &k->id);
	expect(its && its->key_count == 1 && q.c->guardian.wards);
	expect(its && its->keys[0].expires_ms == a.expires_ms);
	later();
	expect(contact_take_address(p.c, k, &a));
	p.c->guardian.wards = NULL;
	heap_free_wiped(w, sizeof *w);
	hand(&p, &q);
	expect(its && its->key_count == 0 && !q.c->guardian.wards);
	hand(&q, &p);
	expect(k->key_count == 0 && !p.c->guardian.wards);
	end();
}

/* The newest is the one that letters are sealed to. */
TEST(request_keys_stay_in_their_order_and_are_given_up_on_both)
{
	struct vault_row v[REQUEST_KEYS];
	begin();
	struct account *a = &p.c->account;
	hand(&p, &q);
	uint8_t first[32], newest[32] = { 1 };
	memcpy(first, a->request_keys[0].pub, sizeof first);
	for (uint8_t i = 0; i < REQUEST_KEYS; i++) {
		struct vault_request_key k = { { i }, { (uint8_t)(REQUEST_KEYS - i) } };
		later();
		size_t at = REQUEST_KEYS - 1u - i;
		v[at] = (struct vault_row){ .vault_kind = VAULT_REQUEST_KEY,
					    .row_version = test_now_ms };
		memcpy(v[at].id, k.pub, sizeof k.pub);
		expect_ok(wire_encode_to(&mem, vault_request_key_element, &k, &v[at].data));
	}
	take(&p, v, REQUEST_KEYS);
	expect_eq(a->request_key_count, REQUEST_KEYS);
	expect_bytes(VIEW_OF(a->request_keys[0].pub), VIEW_OF(newest));
	hand(&p, &q);
	hand(&q, &p);
	const struct account *its = &q.c->account;
	expect_eq(its->request_key_count, REQUEST_KEYS);
	expect_bytes(VIEW_OF(its->request_keys[0].pub), VIEW_OF(newest));
	for (uint32_t i = 0; i < its->request_key_count; i++)
		expect(!view_equal(VIEW_OF(its->request_keys[i].pub), VIEW_OF(first)));
	const struct kept_row *gone = vault_row_find(&q.c->vault, VAULT_REQUEST_KEY, first);
	expect(gone && gone->gone);
	end();
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
	begin();
	struct vault_row v[] = {
		{ .vault_kind = VAULT_INVITATION,
		  .id = { 6 },
		  .row_version = test_now_ms,
		  .gone = true },
		answered_at(test_now_ms),
	};
	struct vault *x = &p.c->vault;
	take(&p, v, 2);
	expect(vault_row_find(x, VAULT_ANSWERED, letter) &&
	       vault_row_find(x, VAULT_INVITATION, link));
	test_now_ms += 100 * day_ms;
	hand(&p, &q);
	expect(!vault_row_find(x, VAULT_ANSWERED, letter) &&
	       vault_row_find(x, VAULT_INVITATION, link));
	expect_ok(person_open(&p));
	x = &p.c->vault;
	expect(!vault_row_find(x, VAULT_ANSWERED, letter) &&
	       vault_row_find(x, VAULT_INVITATION, link));
	test_now_ms += 310 * day_ms;
	hand(&p, &q);
	expect(!vault_row_find(x, VAULT_INVITATION, link));
	/* Nor is it taken from who still has it. */
	take(&p, v, 2);
	expect(!vault_row_find(x, VAULT_ANSWERED, letter) &&
	       !vault_row_find(x, VAULT_INVITATION, link));
	end();
}

/* Whoever writes the last version there can be does not keep others from writing at all. */
TEST(the_highest_version_is_no_end)
{
	struct uc_id id = contact_id("dial.example", tom);
	begin();
	meet(&p, "Tom");
	struct vault_block b = { BLOCK_CONTACT };
	struct vault_row row = { .vault_kind = VAULT_BLOCK, .row_version = UINT64_MAX };
	memcpy(row.id, id.b, sizeof row.id);
	expect_ok(wire_encode_to(&mem, vault_block_element, &b, &row.data));
	take(&p, &row, 1);
	uc_op op;
	expect(contact_find(p.c, &id)->blocked);
	expect_ok(uc_block(p.c, &id, false, &op));
	struct view rows;
	struct vault_rows out;
	expect_ok(turn_run(p.c, rows_in_turn, &rows));
	expect_ok(wire_decode(rows, &mem, vault_rows_element, &out));
	end();
}
