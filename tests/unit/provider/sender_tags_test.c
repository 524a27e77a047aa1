/* SPDX-License-Identifier: Apache-2.0 */
/* What tells a reader letters of one name, and nobody anything else. */
#include "tests/unit/provider/letters.h"
#include "tests/unit/provider/work.h"

#define NUMBER "+4915112345"

struct tag {
	uint8_t b[SENDER_TAG];
};
static const struct tag none;

static bool is_same(struct tag a, struct tag b)
{
	return view_equal(VIEW_OF(a.b), VIEW_OF(b.b));
}

/* Of what came in last; there is nothing else. */
static struct tag came(struct person *to)
{
	struct tag t;
	expect(intake_take(to->c, &to->phone).n > 0);
	expect(!client_event(to->c, FRAME_INTAKE));
	memcpy(t.b, intake_tag, sizeof t.b);
	return t;
}

static struct tag asks(struct person *p, struct person *to)
{
	expect_ok(request(p->c, card_to(reply_make(p), address_of(to, CHANNEL_LINK))));
	apps_settle();
	return came(to);
}

/* The answer to a letter of `of`, that she gives. */
static struct tag answers(struct person *p, struct person *of)
{
	struct view grant = entry_make(CONSENT_GRANT, reply_make(of), address_of(p, CHANNEL_LINK),
				       COMPONENT_CONTACT_ANSWER, 4096);
	expect_ok(update(p->c, grant));
	apps_settle();
	return came(of);
}

static void again(struct app *a)
{
	app_kill(a, true);
	app_start(a);
}

TEST(one_name_is_known_again_by_each_reader_and_by_no_two)
{
	struct person rosa, eve, tom, ida;
	apps_begin();
	person_join(&rosa, &apps[DIAL], NUMBER);
	person_join(&eve, &apps[DIAL], "+4915112346");
	person_join(&tom, &apps[DIAL], "+4915112347");
	person_join(&ida, &apps[DIAL], "+4915112348");
	struct tag to_tom = asks(&rosa, &tom), to_ida = asks(&rosa, &ida);
	expect(!is_same(to_tom, none) && !is_same(to_tom, to_ida));
	expect(is_same(asks(&rosa, &tom), to_tom) && is_same(answers(&rosa, &tom), to_tom));
	expect(!is_same(asks(&eve, &tom), to_tom));
	/* Another account, key and device, after the first was deleted; the same name. */
	uint8_t before[ACCOUNT_ID];
	memcpy(before, rosa.account_id, sizeof before);
	expect_ok(person_delete(&rosa));
	person_join(&rosa, &apps[DIAL], NUMBER);
	expect(!view_equal(VIEW_OF(before), VIEW_OF(rosa.account_id)));
	expect(is_same(asks(&rosa, &tom), to_tom) && is_same(asks(&rosa, &ida), to_ida));
	expect(is_same(answers(&rosa, &tom), to_tom));
	/* Who reads is another, once they have signed up again. */
	expect_ok(person_delete(&tom));
	person_join(&tom, &apps[DIAL], "+4915112347");
	expect(!is_same(asks(&rosa, &tom), to_tom));
	apps_end();
}

TEST(of_another_app_no_name_is_known)
{
	struct person rosa, tom;
	apps_begin();
	person_join(&rosa, &apps[LENS], "rosa");
	person_join(&tom, &apps[DIAL], NUMBER);
	struct view card = card_to(reply_make(&rosa), address_of(&tom, CHANNEL_LINK));
	expect_ok(request(rosa.c, entry_sent(card, AGE_ADULT, false)));
	apps_wait(8000);
	expect(is_same(came(&tom), none));
	expect(is_same(answers(&rosa, &tom), none));
	apps_end();
}

static bool is_led(const struct app *a)
{
	struct provider_index state;
	provider_index_get(a->provider, &state);
	return state.is_led;
}

TEST(it_stays_while_the_key_of_the_index_changes)
{
	struct person rosa, tom;
	apps_begin();
	struct app *a = &apps[DIAL];
	person_join(&rosa, a, NUMBER);
	person_join(&tom, a, "+4915112347");
	struct tag tag = asks(&rosa, &tom);
	for (int i = 0; i < 3; i++) {
		expect_ok(provider_keys_rotate_index(&a->keys, test_env()));
		provider_index_changed(a->provider);
		/* Under the key before, still; then under that of now. */
		expect(is_same(asks(&rosa, &tom), tag));
		for (int k = 0; k < 100 && !is_led(a); k++)
			apps_wait(1000);
		expect(is_led(a));
		expect(is_same(asks(&rosa, &tom), tag));
		provider_keys_index_moved(&a->keys);
		provider_index_changed(a->provider);
		expect(is_same(asks(&rosa, &tom), tag));
	}
	again(a);
	expect_ok(person_sign_in(&rosa));
	expect_ok(person_sign_in(&tom));
	expect(is_same(asks(&rosa, &tom), tag));
	/* The keys of addresses and look-ups are none of its. */
	expect_ok(provider_keys_rotate(&a->keys, test_env()));
	expect(is_same(asks(&rosa, &tom), tag));
	apps_end();
}

static struct account_record record_of(const struct person *p)
{
	struct account_record account = { 0 };
	expect_ok(account_get(p->app->provider, VIEW_OF(p->account_id), &apps_mem, &account));
	return account;
}

/* Else whoever signs up twice has an account of no name, whose letters nobody hides. */
TEST(who_has_lost_a_name_is_known_by_it_and_leads_to_nobody)
{
	struct person first, second, third, tom;
	apps_begin();
	person_join(&tom, &apps[DIAL], "+4915112347");
	person_join(&first, &apps[DIAL], NUMBER);
	struct tag tag = asks(&first, &tom);
	person_join(&second, &apps[DIAL], NUMBER);
	expect(is_same(asks(&first, &tom), tag) && is_same(asks(&second, &tom), tag));
	person_join(&third, &apps[DIAL], NUMBER);
	expect(is_same(asks(&first, &tom), tag) && is_same(asks(&second, &tom), tag) &&
	       is_same(asks(&third, &tom), tag));
	again(&apps[DIAL]);
	expect_ok(person_sign_in(&first));
	expect_ok(person_sign_in(&tom));
	expect(is_same(asks(&first, &tom), tag));
	/* No value of the one is in what is kept of the others. */
	struct account_record one = record_of(&first), two = record_of(&second);
	expect_eq(one.left_name.n, 32);
	expect_eq(two.left_name.n, 32);
	expect(!view_equal(one.left_name, two.left_name));
	expect_eq(stored_count(apps[DIAL].accounts, one.left_name), 1);
	expect_eq(stored_count(apps[DIAL].accounts, two.left_name), 1);
	/* Nor is the tag anywhere. */
	expect_eq(stored_count(apps[DIAL].accounts, VIEW_OF(tag.b)), 0);
	/* Another name takes its place. */
	expect_ok(person_ask_code(
		&(struct person){ .app = &apps[DIAL], .name = "+4915112399", .c = first.c }));
	struct name_change_request q = { VIEW_LIT("+4915112399"), view_str(apps[DIAL].code) };
	expect_ok(client_ask(first.c, FRAME_NAME_CHANGE, name_change_request_element, &q, NULL,
			     NULL));
	expect_eq(record_of(&first).left_name.n, 0);
	expect(!is_same(asks(&first, &tom), tag));
	apps_end();
}

TEST(nobody_says_it_of_themselves)
{
	struct person rosa, tom;
	struct view said = { NULL, 0 }, answer;
	const uint8_t tag[SENDER_TAG] = { 1, 2, 3 };
	apps_begin();
	person_join(&rosa, &apps[DIAL], NUMBER);
	person_join(&tom, &apps[DIAL], "+4915112347");
	struct view card = card_to(reply_make(&rosa), address_of(&tom, CHANNEL_LINK));
	expect_ok(sender_tag_add(card, tag, &apps_mem, &said));
	expect_err(request(rosa.c, said), UC_E_ARGUMENT);
	/* Nor does another app, of its people. */
	struct request_address r = { .channel = CHANNEL_REPLY, .expires_ms = test_now_ms + DAY_MS };
	struct view reply = { NULL, 0 };
	expect_ok(request_address_seal(test_env(), VIEW_OF(apps[LENS].keys.address_key),
				       apps[LENS].domain, &r, &apps_mem, &reply));
	card = card_to(reply, address_of(&tom, CHANNEL_LINK));
	expect_ok(sender_tag_add(card, tag, &apps_mem, &said));
	expect_eq(peer_ask(&apps[DIAL], &apps[LENS], "requestConsent", apps[DIAL].domain, said,
			   &answer),
		  400);
	expect(!client_event(tom.c, FRAME_INTAKE));
	/* Only to a letter, or to nothing. */
	expect_err(sender_tag_add(said, tag, &apps_mem, &card), UC_E_ARGUMENT);
	expect_err(sender_tag_add(VIEW_LIT("x"), tag, &apps_mem, &card), UC_E_MALFORMED);
	apps_end();
}

/* Whether it comes in, and whoever has a name or none: as much is read, made and written. */
TEST(a_letter_to_nobody_costs_as_much)
{
	struct person rosa, tom, gone;
	apps_begin();
	person_join(&rosa, &apps[DIAL], NUMBER);
	person_join(&tom, &apps[DIAL], "+4915112347");
	person_join(&gone, &apps[DIAL], "+4915112348");
	/* An address of as many bytes, which is written once for each device there may be. */
	struct view nowhere = address_of(&gone, CHANNEL_LINK);
	expect_ok(person_delete(&gone));
	client_close(tom.c);
	struct view to = address_of(&tom, CHANNEL_LINK);
	struct view cards[] = { card_to(reply_make(&rosa), to),
				card_to(reply_make(&rosa), nowhere) };
	struct done done[2];
	work_begin(apps[DIAL].accounts);
	for (int i = 0; i < 2; i++) {
		(void)work_done();
		expect_ok(request(rosa.c, cards[i]));
		apps_settle();
		done[i] = work_done();
	}
	expect_alike(done[0], done[1]);
	work_end(apps[DIAL].accounts);
	apps_end();
}
