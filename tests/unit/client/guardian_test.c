/* SPDX-License-Identifier: Apache-2.0 */
/* Words that are no guardian's, and strangers who do not say who they are: what a ward's device makes of
 * them. */
#include "client/guardian.h"

#include "client/contact_requests.h"
#include "client/contacts.h"
#include "client/devices.h"
#include "client/guardian_inside.h"
#include "client/history.h"
#include "client/pool.h"
#include "client/room_group.h"
#include "client/rooms.h"
#include "client/strangers.h"
#include "client/turn.h"
#include "mimi/settings.h"

#include "base/heap.h"
#include "tests/unit/client/small_app.h"

static struct small_app dial, lens;
static struct person kim, rosa;
static struct ed25519_key seals;
static struct arena mem;
static struct contact *known;
static struct uc_id asked;

/* Kim is a child, and Rosa her guardian; one request of hers waits for Rosa's word. */
static uc_err furnish(struct uc_client *c, void *arg)
{
	struct settings s = settings_default(AGE_CHILD);
	struct request *q = HEAP_NEW(struct request);
	struct view_list list;
	struct view entries, made;
	(void)arg;
	s.app = view_str(c->account.app);
	s.account_key = VIEW_OF(c->account.account_key);
	s.number = 1;
	TRY(guardian_seal_make(GUARDIAN_ACCEPTS, s.app, s.account_key, &seals, &mem, &s.guardian));
	TRY(settings_make(&s, &c->account.device, &mem, &made));
	TRY(blob_set(&c->account.settings, made));
	TRY(devices_shown(rosa.c, &mem, &list));
	TRY(device_entries_write(&list, &mem, &entries));
	TRY(contact_meet(c, "lens.example", rosa.c->account.account_key, "Rosa", entries, &known));
	c->guardian.has_guardian = true;
	c->guardian.guardian = known->id;
	memcpy(c->guardian.key, seals.pub, sizeof seals.pub);
	struct awaited *x = HEAP_NEW(struct awaited);
	if (!q || !x)
		return UC_E_MEMORY;
	q->id.b[0] = 5;
	q->incoming = true;
	q->state = REQUEST_GUARDED;
	request_add(c, q);
	x->of = asked = q->id;
	x->told_in.b[0] = x->subject.b[0] = 9;
	c->guardian.awaited = x;
	return UC_OK;
}

static void begin(void)
{
	arena_init(&mem, 16 << 20, ARENA_PLAIN);
	small_app_init(&dial, "dial.example");
	small_app_init(&lens, "lens.example");
	person_begin(&kim, &dial);
	person_begin(&rosa, &lens);
	expect_ok(person_open(&kim));
	expect_ok(person_open(&rosa));
	person_account(&kim, "Kim");
	person_account(&rosa, "Rosa");
	expect_ok(ed25519_generate(test_env(), &seals));
	expect_ok(turn_run(kim.c, furnish, NULL));
}

static void end(void)
{
	person_end(&kim);
	person_end(&rosa);
	arena_done(&mem);
}

struct said {
	enum guardian_says says;
	const struct ed25519_key *device, *seal;
	uint8_t subject;
};

static uc_err hear(struct uc_client *c, void *arg)
{
	const struct said *in = arg;
	struct guardian_word x = { .says = (uint8_t)in->says,
				   .ward_app = view_str(c->account.app),
				   .ward_key = VIEW_OF(c->account.account_key),
				   .app = VIEW_LIT("lens.example"),
				   .account_key = VIEW_OF(rosa.c->account.account_key),
				   .subject = { in->subject } };
	struct control m = { .version = 1,
			     .control_kind = CONTROL_GUARDIAN,
			     .step = GUARDIAN_WORD };
	TRY(devices_shown(rosa.c, &mem, &x.device_list));
	if (in->seal)
		TRY(guardian_seal_make(in->says, x.ward_app, x.ward_key, in->seal, &mem, &x.seal));
	TRY(guardian_word_make(&x, in->device, &mem, &m.body));
	return guardian_in(c, known, &m);
}

static uc_err says(enum guardian_says what, const struct ed25519_key *device,
		   const struct ed25519_key *seal, uint8_t subject)
{
	struct said s = { what, device, seal, subject };
	return turn_run(kim.c, hear, &s);
}

static uint8_t state(void)
{
	return request_find(kim.c, &asked)->state;
}

TEST(an_answer_is_the_guardians_or_none)
{
	begin();
	struct ed25519_key eve;
	expect_ok(ed25519_generate(test_env(), &eve));
	/* An app's, the ward's own, one to something else. */
	expect(says(GUARDIAN_AGREES, &eve, NULL, 9) != UC_OK);
	expect(says(GUARDIAN_AGREES, &kim.c->account.device, NULL, 9) != UC_OK);
	expect_ok(says(GUARDIAN_AGREES, &rosa.c->account.device, NULL, 8));
	expect_eq(state(), REQUEST_GUARDED);
	uc_op op;
	expect_err(uc_accept(kim.c, &asked, &op), UC_E_NOT_ALLOWED);
	expect_ok(says(GUARDIAN_AGREES, &rosa.c->account.device, NULL, 9));
	expect_eq(state(), REQUEST_OPEN);
	/* Said again, or taken back, it changes nothing. */
	expect_ok(says(GUARDIAN_REFUSES, &rosa.c->account.device, NULL, 9));
	expect_eq(state(), REQUEST_OPEN);
	end();
}

TEST(what_is_refused_stays_so)
{
	begin();
	uc_op op;
	expect_ok(says(GUARDIAN_REFUSES, &rosa.c->account.device, NULL, 9));
	expect_eq(state(), REQUEST_REFUSED);
	expect_err(uc_accept(kim.c, &asked, &op), UC_E_NOT_ALLOWED);
	expect_ok(says(GUARDIAN_AGREES, &rosa.c->account.device, NULL, 9));
	expect_eq(state(), REQUEST_REFUSED);
	end();
}

TEST(a_contact_who_is_no_guardian_agrees_to_nothing)
{
	begin();
	kim.c->guardian.guardian.b[0] ^= 1;
	expect_err(says(GUARDIAN_AGREES, &rosa.c->account.device, NULL, 9), UC_E_NOT_ALLOWED);
	expect_eq(state(), REQUEST_GUARDED);
	end();
}

TEST(only_their_own_seal_ends_it)
{
	begin();
	struct ed25519_key eve;
	expect_ok(ed25519_generate(test_env(), &eve));
	expect_err(says(GUARDIAN_ENDS, &rosa.c->account.device, &eve, 1), UC_E_KEY);
	expect(!kim.c->guardian.seal.n);
	expect_ok(says(GUARDIAN_ENDS, &rosa.c->account.device, &seals, 1));
	expect(kim.c->guardian.seal.n > 0);
	/* Nobody was offered anything: an acceptance is nobody's. */
	blob_done(&kim.c->guardian.seal);
	expect_ok(says(GUARDIAN_ACCEPTS, &rosa.c->account.device, &eve, 1));
	expect(!kim.c->guardian.seal.n);
	end();
}

/* What the settings say of her guardian is not there yet; a second one has been offered. */
static uc_err offer_again(struct uc_client *c, void *arg)
{
	struct settings s;
	struct view made;
	bool is_sent = *(bool *)arg;
	TRY(wire_decode(blob_view(&c->account.settings), &mem, settings_element, &s));
	TRY(blob_set(is_sent ? &c->account.settings_next : &c->guardian.seal,
		     is_sent ? blob_view(&c->account.settings) : s.guardian));
	s.guardian = (struct view){ NULL, 0 };
	TRY(settings_make(&s, &c->account.device, &mem, &made));
	TRY(blob_set(&c->account.settings, made));
	c->guardian.has_offer = true;
	c->guardian.offered = known->id;
	memset(c->guardian.offer, 0, sizeof c->guardian.offer);
	c->guardian.offer[0] = 7;
	return UC_OK;
}

TEST(who_is_named_is_not_swapped_while_the_app_has_not_taken_it)
{
	for (int i = 0; i < 2; i++) {
		begin();
		struct ed25519_key eve;
		bool is_sent = i;
		expect_ok(ed25519_generate(test_env(), &eve));
		expect_ok(turn_run(kim.c, offer_again, &is_sent));
		expect_err(says(GUARDIAN_ACCEPTS, &rosa.c->account.device, &eve, 7), UC_E_KEY);
		expect(view_equal(VIEW_OF(kim.c->guardian.key), VIEW_OF(seals.pub)));
		expect_ok(says(GUARDIAN_ACCEPTS, &rosa.c->account.device, &seals, 7));
		blob_done(&kim.c->account.settings_next);
		end();
	}
}

TEST(what_a_guardian_was_asked_survives_a_restart)
{
	begin();
	kim.c->guardian.dirty = true;
	expect_ok(uc_mark_read(kim.c, &asked, 1) == UC_E_NOT_FOUND ? UC_OK : UC_E_UNEXPECTED);
	expect_ok(person_open(&kim));
	const struct guardianship *g = &kim.c->guardian;
	expect(g->has_guardian && g->awaited && !g->awaited->next);
	expect(g->awaited && id_equal(&g->awaited->of, &asked));
	end();
}

/* --- a letter that waits --- */

static bool letter_each(void *ctx, const struct uc_request *q)
{
	*(bool *)ctx = q->name[0] || q->text[0];
	return true;
}

/* By the list, and by the last event. */
static bool letter_speaks(void)
{
	bool listed = false, told = false;
	struct uc_event e;
	expect_ok(uc_requests(kim.c, letter_each, &listed));
	while (uc_client_next_event(kim.c, &e))
		told = told || (e.kind == UC_EVENT_REQUEST && e.text[0]);
	return listed || told;
}

TEST(what_a_letter_says_is_shown_when_it_is_agreed_to)
{
	for (int agree = 0; agree < 2; agree++) {
		begin();
		struct request *q = request_find(kim.c, &asked);
		expect_ok(text_set(q->name, sizeof q->name, VIEW_LIT("You know me")));
		expect_ok(text_set(q->text, sizeof q->text, VIEW_LIT("Come out")));
		expect(!letter_speaks());
		expect_ok(says(agree ? GUARDIAN_AGREES : GUARDIAN_REFUSES, &rosa.c->account.device,
			       NULL, 9));
		expect_eq(letter_speaks(), agree == 1);
		end();
	}
}

/* --- what a guardian keeps --- */

struct asking {
	struct contact who; /* no more of them than who it is */
	uint8_t offer[32];
	uint32_t number;
	size_t bytes;
};

static uc_err ask_in(struct uc_client *c, void *arg)
{
	static char text[16384];
	struct asking *in = arg;
	struct guardian_ask x = { .version = 1, .asked = GUARDIAN_GROUP };
	struct view ask;
	memset(text, 'x', sizeof text);
	memcpy(x.number, &in->number, sizeof in->number);
	x.text = (struct view){ (const uint8_t *)text, in->bytes };
	TRY(wire_encode_to(&c->call, guardian_ask_element, &x, &ask));
	in->number++;
	return ward_ask_in(c, &in->who, VIEW_OF(in->offer), ask);
}

static size_t kept(size_t *bytes)
{
	size_t n = 0;
	*bytes = 0;
	for (const struct ward_ask *q = rosa.c->guardian.asks; q; q = q->next, n++)
		*bytes += q->ask.n;
	return n;
}

TEST(who_is_no_ward_leaves_nothing_but_that_they_would_be_one)
{
	struct asking in = { .bytes = 100, .offer = { 1 } };
	size_t bytes;
	begin();
	for (unsigned i = 0; i < 3; i++)
		expect_ok(turn_run(rosa.c, ask_in, &in));
	expect_eq(kept(&bytes), 0);
	struct ward *w = rosa.c->guardian.wards;
	expect(w && !w->accepted && !w->next);
	w->accepted = true;
	expect_ok(turn_run(rosa.c, ask_in, &in));
	expect_eq(kept(&bytes), 1);
	/* A new offer is to be accepted, too. */
	in.offer[0] = 2;
	expect_ok(turn_run(rosa.c, ask_in, &in));
	expect(!w->accepted);
	expect_eq(kept(&bytes), 0);
	end();
}

TEST(what_all_wards_ask_can_be_stored)
{
	size_t bytes, n = 0, more;
	begin();
	for (uint8_t i = 1; i <= 32; i++) {
		struct asking in = { .bytes = 4096, .offer = { 1 } };
		in.who.id.b[0] = i;
		in.number = i * 1000u;
		expect_ok(turn_run(rosa.c, ask_in, &in));
		for (struct ward *w = rosa.c->guardian.wards; w; w = w->next)
			w->accepted = true;
		expect_err(turn_run(rosa.c, ask_in, &in), UC_E_TOO_LARGE);
		/* Who asks for much does not take it from the others. */
		in.bytes = 3900;
		unsigned taken = 0;
		while (taken < 70 && !turn_run(rosa.c, ask_in, &in))
			taken++;
		expect(taken < 64);
		expect((more = kept(&bytes)) > n);
		expect(bytes <= i * 64u * 1024u);
		n = more;
	}
	expect_ok(person_open(&rosa));
	expect_eq(kept(&bytes), n);
	end();
}

TEST(a_guardian_with_a_new_device_is_asked_again)
{
	begin();
	kim.c->guardian.offer[0] = 3;
	expect_ok(says(GUARDIAN_ACCEPTS, &rosa.c->account.device, &seals, 4));
	expect(!id_is_zero(&kim.c->guardian.awaited->told_in));
	expect_ok(says(GUARDIAN_ACCEPTS, &rosa.c->account.device, &seals, 3));
	expect(id_is_zero(&kim.c->guardian.awaited->told_in));
	end();
}

/* --- who does not say who they are --- */

static struct room *group;

static uc_err join(struct uc_client *c, void *arg)
{
	static const uint8_t key[32] = { 5 };
	(void)arg;
	TRY(rooms_create(c, false, "Walks", &group));
	TRY(room_group_create(c, group, pool_find(c, group->set_id), VIEW_OF(key), VIEW_OF(key),
			      &group->group));
	group->state = ROOM_OPEN;
	TRY(room_members_sync(c, group));
	struct member *m = HEAP_NEW(struct member);
	if (!m)
		return UC_E_MEMORY;
	m->next = group->members;
	group->members = m;
	return text_set(m->participant, sizeof m->participant, VIEW_LIT("mimi://x.example/p/x"));
}

static uc_err look(struct uc_client *c, void *arg)
{
	(void)arg;
	return strangers_drive(c, group);
}

static uc_err enter_one_too_many(struct uc_client *c, void *arg)
{
	struct settings s;
	struct view made;
	(void)arg;
	TRY(wire_decode(blob_view(&c->account.settings), &mem, settings_element, &s));
	s.add = ADD_CONTACTS;
	TRY(settings_make(&s, &c->account.device, &mem, &made));
	TRY(blob_set(&c->account.settings, made));
	for (unsigned i = 1; i < 600; i++) {
		struct awaited *x = HEAP_NEW(struct awaited);
		if (!x)
			return UC_E_MEMORY;
		x->of.b[0] = (uint8_t)i;
		x->of.b[1] = (uint8_t)(i >> 8);
		x->next = c->guardian.awaited;
		c->guardian.awaited = x;
	}
	pool_find(c, group->set_id)->given_to = known->id;
	group->state = ROOM_JOINING;
	return rooms_entered(c, group);
}

static uc_err hold(struct uc_client *c, void *arg)
{
	(void)arg;
	return guardian_hold(c, group);
}

static struct awaited *of_the_group(void)
{
	struct awaited *x = kim.c->guardian.awaited;
	while (x && !id_equal(&x->of, &group->id))
		x = x->next;
	return x;
}

TEST(who_is_brought_there_again_is_asked_about_anew)
{
	uint8_t number[32];
	begin();
	expect_ok(turn_run(kim.c, join, NULL));
	expect_ok(turn_run(kim.c, hold, NULL));
	struct awaited *x = of_the_group();
	memcpy(number, x->number, sizeof number);
	x->told_in.b[0] = x->subject.b[0] = 8;
	expect_ok(turn_run(kim.c, hold, NULL));
	x = of_the_group();
	expect(x && id_is_zero(&x->told_in));
	expect(!view_equal(VIEW_OF(number), VIEW_OF(x->number)));
	expect_ok(says(GUARDIAN_AGREES, &rosa.c->account.device, NULL, 8));
	expect(guardian_holds(kim.c, group));
	memcpy(number, x->number, sizeof number);
	expect_ok(person_open(&kim));
	x = kim.c->guardian.awaited;
	x = x && !x->is_room ? x->next : x;
	expect(x && view_equal(VIEW_OF(number), VIEW_OF(x->number)));
	end();
}

static uc_err is_alone(struct uc_client *c, void *arg)
{
	struct settings s;
	struct view made;
	(void)arg;
	TRY(wire_decode(blob_view(&c->account.settings), &mem, settings_element, &s));
	s.guardian = (struct view){ NULL, 0 };
	TRY(settings_make(&s, &c->account.device, &mem, &made));
	TRY(blob_set(&c->account.settings, made));
	group->members->introduced = true;
	return text_set(group->members->name, PROFILE_BYTES, VIEW_LIT("You know me"));
}

TEST(why_a_held_group_was_left_is_told_without_their_name)
{
	struct message m = { 0 };
	begin();
	expect_ok(turn_run(kim.c, join, NULL));
	expect_ok(turn_run(kim.c, hold, NULL));
	expect_ok(turn_run(kim.c, is_alone, NULL));
	expect_ok(turn_run(kim.c, look, NULL));
	expect(group->fleeing);
	expect_ok(history_get(kim.c, group, 1, &mem, &m));
	expect_bytes(m.text,
		     VIEW_LIT("You have left this room: someone from x.example is in it, who "
			      "is no contact of yours."));
	group->state = ROOM_LEFT;
	end();
}

TEST(what_the_guardian_cannot_be_asked_about_is_left)
{
	begin();
	expect_ok(turn_run(kim.c, join, NULL));
	expect_ok(turn_run(kim.c, enter_one_too_many, NULL));
	expect(group->fleeing);
	expect(!guardian_holds(kim.c, group));
	group->state = ROOM_LEFT;
	end();
}

TEST(who_does_not_say_who_they_are_is_left_after_an_hour)
{
	begin();
	expect_ok(turn_run(kim.c, join, NULL));
	expect_ok(turn_run(kim.c, look, NULL));
	test_now_ms += 59 * 60 * 1000;
	expect_ok(turn_run(kim.c, look, NULL));
	expect(!group->fleeing);
	test_now_ms += 2 * 60 * 1000;
	expect_ok(turn_run(kim.c, look, NULL));
	expect(group->fleeing);
	uint64_t notes = uc_messages_last(kim.c, &group->id);
	expect_eq(notes, 1);
	/* It is said once, and tried until it is done. */
	test_now_ms += 5 * 60 * 1000;
	expect_ok(turn_run(kim.c, look, NULL));
	expect_eq(uc_messages_last(kim.c, &group->id), notes);
	group->state = ROOM_LEFT;
	end();
}
