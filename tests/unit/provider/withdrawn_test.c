/* SPDX-License-Identifier: Apache-2.0 */
/* A letter that was taken back: what waits is not sent, and its answer reaches nobody, unseen. */
#include "tests/unit/provider/letters.h"
#include "tests/unit/provider/work.h"

struct asking {
	struct person rosa, una, tom;
	struct view target, reply, hers, letter, una_s;
};
static struct asking x;

static struct view letter_by(struct view reply)
{
	return entry_make(CONSENT_REQUEST, reply, x.target, COMPONENT_CONTACT_CARD, CARD_BYTES);
}

static struct view answer_to(struct view reply)
{
	return entry_make(CONSENT_GRANT, reply, x.target, COMPONENT_CONTACT_ANSWER, 500);
}

/* Rosa and Una of Lens ask Tom. */
static void begin(int of)
{
	apps_begin();
	x = (struct asking){ 0 };
	person_join(&x.rosa, &apps[LENS], "rosa");
	person_join(&x.una, &apps[LENS], "una");
	person_join(&x.tom, &apps[of], of == DIAL ? "+4915123456789" : "tom");
	x.target = address_of(&x.tom, CHANNEL_LOOKUP);
	/* By one number: what is taken back is so for one account. */
	x.reply = reply_make(&x.rosa);
	x.hers = reply_make(&x.una);
	x.letter = letter_by(x.reply);
	x.una_s = letter_by(x.hers);
}

static uc_err take_back(struct person *p)
{
	struct grant_revoke_request q;
	struct request_address r = { .channel = 0 };
	expect_ok(request_address_open(VIEW_OF(p->app->keys.address_key), p->app->domain,
				       p == &x.rosa ? x.reply : x.hers, test_now_ms, &r));
	memcpy(q.grant_id, r.grant_id, sizeof q.grant_id);
	return client_ask(p->c, FRAME_GRANT_REVOKE, grant_revoke_request_element, &q, NULL, NULL);
}

static size_t came(struct person *p)
{
	size_t n = 0;
	apps_wait(1000);
	while (client_event(p->c, FRAME_INTAKE))
		n++;
	return n;
}

TEST(who_takes_a_letter_back_is_answered_by_nobody)
{
	static const int of[] = { LENS, DIAL };
	for (size_t i = 0; i < 2; i++) {
		begin(of[i]);
		expect_ok(request(x.rosa.c, x.letter));
		expect_ok(request(x.una.c, x.una_s));
		expect_eq(came(&x.tom), 2);
		expect_ok(take_back(&x.rosa));
		/* He is told nothing. */
		expect_ok(update(x.tom.c, answer_to(x.reply)));
		expect_ok(update(x.tom.c, answer_to(x.hers)));
		expect_eq(came(&x.rosa), 0);
		expect_eq(came(&x.una), 1);
		app_kill(&apps[LENS], false);
		app_start(&apps[LENS]);
		expect_ok(person_sign_in(&x.rosa));
		if (of[i] == LENS)
			expect_ok(person_sign_in(&x.tom));
		(void)came(&x.rosa);
		expect_ok(update(x.tom.c, answer_to(x.reply)));
		expect_eq(came(&x.rosa), 0);
		apps_end();
	}
}

/* Two letters wait for an app that is down, and the first is taken back. */
static void one_is_taken_back_on_its_way(void)
{
	begin(DIAL);
	apps[DIAL].is_down = true;
	expect_ok(request(x.rosa.c, x.letter));
	expect_ok(request(x.una.c, x.una_s));
	apps_wait(500);
	expect_ok(take_back(&x.rosa));
}

TEST(what_still_waits_in_the_app_is_not_sent)
{
	one_is_taken_back_on_its_way();
	app_kill(&apps[LENS], true);
	app_start(&apps[LENS]);
	apps[DIAL].is_down = false;
	apps_wait(2000);
	expect_bytes(intake_take(x.tom.c, &x.tom.phone), x.una_s);
	expect(!client_event(x.tom.c, FRAME_INTAKE));
	expect_eq(stored_count(apps[LENS].accounts, x.target), 0);
	apps_end();
}

/* Whether it was taken back cannot be read: those behind it do not wait for that. */
TEST(one_of_which_that_cannot_be_read_holds_up_no_others)
{
	struct request_address r = { .channel = 0 };
	struct store_key k;
	one_is_taken_back_on_its_way();
	expect_ok(request_address_open(VIEW_OF(apps[LENS].keys.address_key), apps[LENS].domain,
				       x.reply, test_now_ms, &r));
	expect(rots(apps[LENS].accounts, apps[LENS].disks[0],
		    key_2(&k, TABLE_GRANT, VIEW_OF(r.account_id), VIEW_OF(r.grant_id))));
	apps[DIAL].is_down = false;
	apps_wait(2000);
	expect_eq(came(&x.tom), 2);
	store_memory_heal(apps[LENS].disks[0]);
	apps_end();
}

static struct done costs(struct view reply)
{
	(void)work_done();
	expect_eq(peer_ask(&apps[LENS], &apps[DIAL], "updateConsent", apps[LENS].domain,
			   answer_to(reply), NULL),
		  201);
	return work_done();
}

TEST(an_answer_costs_the_same_whether_it_is_taken_or_not)
{
	begin(DIAL);
	client_close(x.rosa.c);
	client_close(x.una.c);
	struct view nobody = address_of_nobody(&apps[LENS]);
	work_begin(apps[LENS].accounts);
	struct done let_go = costs(nobody), first = costs(x.reply);
	expect_alike(first, let_go);
	work_end(apps[LENS].accounts);
	expect_ok(person_sign_in(&x.rosa));
	expect_ok(take_back(&x.rosa));
	client_close(x.rosa.c);
	work_begin(apps[LENS].accounts);
	expect_alike(costs(x.reply), let_go);
	expect_alike(costs(x.hers), let_go);
	work_end(apps[LENS].accounts);
	apps_end();
}
