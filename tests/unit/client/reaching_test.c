/* SPDX-License-Identifier: Apache-2.0 */
/* What the client makes of the table: every cell that it enforces, by age, by what is between the two and
 * by the way. */
#include "client/reaching.h"

#include "client/contact_requests.h"
#include "client/contacts.h"
#include "client/devices.h"
#include "client/guardian.h"
#include "client/strangers.h"
#include "client/turn.h"
#include "mimi/settings.h"

#include "base/heap.h"
#include "tests/unit/client/small_app.h"

static struct small_app app;
static struct person rosa;
static uint8_t next_key;

static void begin(void)
{
	small_app_init(&app, "dial.example");
	person_begin(&rosa, &app);
	expect_ok(person_open(&rosa));
	person_account(&rosa, "Rosa");
}

/* As this device signed it. */
static uc_err say(struct uc_client *c, void *arg)
{
	const struct settings *in = arg;
	struct settings s = *in;
	struct view made;
	s.app = view_str(c->account.app);
	s.account_key = VIEW_OF(c->account.account_key);
	s.number = 1;
	TRY(settings_make(&s, &c->account.device, &c->call, &made));
	TRY(blob_set(&c->account.settings, made));
	c->account.dirty = true;
	return UC_OK;
}

static void settle(enum age_band band, enum settings_add add)
{
	struct settings s = settings_default(band);
	s.add = (uint8_t)add;
	expect_ok(turn_run(rosa.c, say, &s));
}

/* Somebody new on another app, and this between the two. */
struct meeting {
	enum reach_edge edge;
	struct uc_id id;
};

static uc_err meet(struct uc_client *c, void *arg)
{
	struct meeting *m = arg;
	uint8_t key[ED25519_KEY] = { ++next_key };
	struct contact *k;
	m->id = contact_id("lens.example", key);
	if (m->edge == EDGE_NONE)
		return UC_OK;
	if (m->edge != EDGE_REQUESTED) {
		TRY(contact_meet(c, "lens.example", key, "Tom", (struct view){ NULL, 0 }, &k));
		k->blocked = m->edge == EDGE_BLOCKED;
		return UC_OK;
	}
	struct request *q = HEAP_NEW(struct request);
	if (!q)
		return UC_E_MEMORY;
	q->id.b[0] = next_key;
	q->incoming = true;
	q->state = REQUEST_OPEN;
	q->time_ms = test_now_ms;
	q->contact = m->id;
	request_add(c, q);
	return UC_OK;
}

static struct uc_id somebody(enum reach_edge edge)
{
	struct meeting m = { .edge = edge };
	expect_ok(turn_run(rosa.c, meet, &m));
	return m.id;
}

static char letter_of(enum reaching r)
{
	return r == REACHING_NOTHING ? '.' : r == REACHING_WAITS ? 'w' : 's';
}

/* By edge: none, requested, accepted, blocked.  Letters; members of a room; who brings us into one. */
static const char *const cells[AGE_BANDS][3] = {
	[AGE_CHILD] = { "..s.", "..s.", "..y." },   [AGE_TEEN_A] = { "s.s.", "..s.", "..y." },
	[AGE_TEEN_B] = { "s.s.", "sss.", "..y." },  [AGE_ADULT] = { "s.s.", "sss.", "..y." },
	[AGE_UNKNOWN] = { "s.s.", "sss.", "..y." },
};

TEST(every_cell_of_the_clients_is_the_tables)
{
	begin();
	for (int band = 0; band < AGE_BANDS; band++) {
		settle((enum age_band)band, ADD_NOBODY);
		for (int edge = 0; edge < EDGES; edge++) {
			struct uc_id id = somebody((enum reach_edge)edge);
			expect_eq(reaching_edge(rosa.c, &id), edge);
			expect_eq(letter_of(reaching_letter(rosa.c, &id)), cells[band][0][edge]);
			expect_eq(letter_of(reaching_member(rosa.c, &id)), cells[band][1][edge]);
			expect_eq(reaching_brings(rosa.c, &id), cells[band][2][edge] == 'y');
		}
		expect_eq(reaching_is_young(rosa.c), band == AGE_CHILD || band == AGE_TEEN_A);
	}
	person_end(&rosa);
}

/* A guardian's seal, before the app has said that it has it. */
static uc_err has_seal(struct uc_client *c, void *arg)
{
	const enum guardian_says *says = arg;
	struct ed25519_key key;
	struct view seal;
	TRY(ed25519_generate(&c->env, &key));
	TRY(guardian_seal_make(*says, view_str(c->account.app), VIEW_OF(c->account.account_key),
			       &key, &c->call, &seal));
	return blob_set(&c->guardian.seal, seal);
}

/* The app may have it already, and let in whom it kept off before. */
TEST(a_guardian_whose_seal_is_on_its_way_is_asked)
{
	begin();
	struct uc_id id = somebody(EDGE_NONE), friend = somebody(EDGE_ACCEPTED);
	enum guardian_says says = GUARDIAN_ACCEPTS;
	settle(AGE_TEEN_A, ADD_NOBODY);
	expect_eq(letter_of(reaching_letter(rosa.c, &id)), 's');
	expect_ok(turn_run(rosa.c, has_seal, &says));
	expect_eq(letter_of(reaching_letter(rosa.c, &id)), 'w');
	expect_eq(letter_of(reaching_letter(rosa.c, &friend)), 's');
	settle(AGE_TEEN_B, ADD_NOBODY);
	expect_eq(letter_of(reaching_letter(rosa.c, &id)), 's');
	settle(AGE_TEEN_A, ADD_NOBODY);
	says = GUARDIAN_ENDS;
	expect_ok(turn_run(rosa.c, has_seal, &says));
	expect_eq(letter_of(reaching_letter(rosa.c, &id)), 's');
	person_end(&rosa);
}

TEST(what_was_not_answered_for_a_month_may_be_asked_again)
{
	begin();
	struct uc_id id = somebody(EDGE_REQUESTED);
	test_now_ms += (uint64_t)29 * 24 * 3600 * 1000;
	expect_eq(reaching_edge(rosa.c, &id), EDGE_REQUESTED);
	test_now_ms += (uint64_t)2 * 24 * 3600 * 1000;
	expect_eq(reaching_edge(rosa.c, &id), EDGE_NONE);
	person_end(&rosa);
}

TEST(a_set_is_good_for_what_it_was_given_for)
{
	begin();
	struct room group = { .direct = false }, direct = { .direct = true };
	const struct uc_id answer = { .b = { 0 } };
	for (int add = ADD_CONTACTS; add <= ADD_NOBODY; add++) {
		settle(AGE_ADULT, (enum settings_add)add);
		for (int edge = 0; edge < EDGES; edge++) {
			struct uc_id given = somebody((enum reach_edge)edge);
			bool may = edge == EDGE_ACCEPTED;
			expect_eq(reaching_stays(rosa.c, &direct, &given), may);
			expect_eq(reaching_stays(rosa.c, &group, &given),
				  may && add == ADD_CONTACTS);
		}
		/* The answer to a letter is for a conversation of two. */
		expect(reaching_stays(rosa.c, &direct, &answer));
		expect(!reaching_stays(rosa.c, &group, &answer));
	}
	person_end(&rosa);
}

TEST(what_is_not_to_be_seen_is_hidden)
{
	begin();
	struct room group = { .direct = false };
	struct member unknown = { .introduced = false }, known = { .introduced = true };
	struct member blocked = { .introduced = true, .contact = somebody(EDGE_BLOCKED) };
	struct member agreed = { .introduced = true, .admitted = true };
	struct member friend = { .introduced = true,
				 .participant = "mimi://lens.example/p/friend" };
	struct uc_id id = somebody(EDGE_ACCEPTED);
	friend.contact = id;
	friend.account_key[0] = next_key;
	for (int band = 0; band < AGE_BANDS; band++) {
		settle((enum age_band)band, ADD_NOBODY);
		bool young = band == AGE_CHILD || band == AGE_TEEN_A;
		expect_eq(strangers_hide(rosa.c, &group, &unknown), young);
		expect_eq(strangers_hide(rosa.c, &group, &known), young);
		expect(!strangers_hide(rosa.c, &group, &friend));
		expect(!strangers_hide(rosa.c, &group, &agreed));
		expect(strangers_hide(rosa.c, &group, &blocked));
	}
	person_end(&rosa);
}

/* Whatever the age: nobody but the one whom we gave what it took belongs there. */
TEST(a_conversation_is_held_until_somebody_has_introduced_themselves)
{
	begin();
	for (int band = 0; band < AGE_BANDS; band++) {
		struct member other = { .participant = "mimi://lens.example/p/other" };
		struct room direct = { .direct = true, .next_message = 4, .members = &other };
		struct room own = { .direct = true, .made = true, .members = &other };
		struct room group = { .direct = false, .members = &other };
		settle((enum age_band)band, ADD_NOBODY);
		strangers_expect(&direct);
		strangers_expect(&own);
		strangers_expect(&group);
		expect_eq(direct.unshown, 5);
		expect(strangers_hold(&direct) && strangers_veil(rosa.c, &direct));
		expect(own.unshown && !strangers_hold(&own) && !strangers_veil(rosa.c, &own));
		expect(!group.unshown && !strangers_veil(rosa.c, &group));
		direct.unshown = 0;
		other.introduced = true;
		strangers_expect(&direct);
		expect(!direct.unshown);
	}
	person_end(&rosa);
}
