/* SPDX-License-Identifier: Apache-2.0 */
/* Letters are answered at a fixed time after they came, whatever came of them. */
#include "tests/unit/provider/letters.h"

enum { HELD_MS = 20 };

struct asking {
	struct person rosa, tom, teen;
	struct view reply, ended; /* Rosa's; a link that Tom took back */
};

static void grown(struct person *p, enum age_band band)
{
	struct settings s = settings_said(p, 1, band);
	expect_ok(settings_put(p, &s));
}

/* Of Tom's app are those who are asked. */
static void asking_begin(struct asking *x, int of_tom)
{
	static const uint8_t grant[GRANT_ID] = { 7 };
	apps_begin();
	struct app *a = &apps[of_tom];
	person_join(&x->rosa, &apps[LENS], "rosa");
	person_join(&x->tom, a, of_tom == LENS ? "tom" : "tom@example.org");
	person_join(&x->teen, a, of_tom == LENS ? "teen" : "teen@example.org");
	grown(&x->tom, AGE_ADULT);
	grown(&x->teen, AGE_TEEN_A);
	x->reply = reply_make(&x->rosa);
	x->ended = link_make(&x->tom, CHANNEL_LINK, grant);
	const struct grant_revoke_request q = { .grant_id = { 7 } };
	expect_ok(client_ask(x->tom.c, FRAME_GRANT_REVOKE, grant_revoke_request_element, &q, NULL,
			     NULL));
	for (int i = 0; i < APPS; i++)
		apps[i].provider->config.held_ms = HELD_MS;
}

/* Says so, and does what comes at once of it. */
static void letter_say(struct client *c, struct view letter)
{
	const struct consent_request_request q = { letter };
	expect_err(client_ask(c, FRAME_CONSENT_REQUEST, consent_request_request_element, &q, NULL,
			      NULL),
		   UC_E_CLOSED);
}

static void time_goes(uint64_t ms)
{
	test_now_ms += ms;
	apps_settle();
}

/* Milliseconds until an answer, which is a good one. */
static unsigned answered_after(struct client *c, struct view letter)
{
	unsigned ms = 0;
	letter_say(c, letter);
	for (; !c->is_answered && ms < 1000; ms++)
		time_goes(1);
	expect_ok(c->answer.status);
	return ms;
}

TEST(whoever_is_asked_the_answer_comes_at_the_same_time)
{
	struct asking x = { 0 };
	asking_begin(&x, LENS);
	struct client *c = x.rosa.c;
	struct view to[] = { address_of(&x.tom, CHANNEL_LINK), address_of_nobody(&apps[LENS]),
			     address_of(&x.teen, CHANNEL_LINK), x.ended,
			     VIEW_LIT("mimi://lens.example/q/abc") };
	for (size_t i = 0; i < sizeof to / sizeof *to; i++)
		expect_eq(answered_after(c, card_to(x.reply, to[i])), HELD_MS);
	/* Nor does it tell that Tom's device is away, or that there is no room. */
	client_close(x.tom.c);
	expect_eq(answered_after(c, card_to(x.reply, address_of(&x.tom, CHANNEL_LINK))), HELD_MS);
	provider_set_quota(apps[LENS].provider, 1);
	expect_eq(answered_after(c, card_to(x.reply, address_of(&x.tom, CHANNEL_LINK))), HELD_MS);
	/* Of another app, too, from which nothing is known yet. */
	struct view far = address_of_nobody(&apps[PLAZA]);
	expect_eq(answered_after(c, card_to(x.reply, far)), HELD_MS);
	apps_end();
}

/* How long an app waits for its answer. */
static unsigned app_answered_after(struct app *to, const char *what, struct view letter)
{
	unsigned ms = 0;
	to->last_status = 0;
	expect_eq(peer_ask(to, &apps[LENS], what, to->domain, letter, NULL), 0);
	for (; !to->last_status && ms < 1000; ms++)
		time_goes(1);
	expect_eq(to->last_status, 201);
	expect(to->last_reply_headers.n > 0);
	return ms;
}

TEST(other_apps_are_answered_at_the_same_time_whoever_is_asked)
{
	struct asking x = { 0 };
	asking_begin(&x, PLAZA);
	struct app *plaza = &apps[PLAZA];
	struct view to[] = { address_of(&x.tom, CHANNEL_LINK), address_of_nobody(plaza),
			     address_of(&x.teen, CHANNEL_LINK), x.ended,
			     VIEW_LIT("mimi://plaza.example/q/abc") };
	for (size_t i = 0; i < sizeof to / sizeof *to; i++) {
		struct view e = card_to(x.reply, to[i]);
		expect_eq(app_answered_after(plaza, "requestConsent", e), HELD_MS);
		/* With a token that Lens is asked about, which answers in no time here; and with what is
		 * none. */
		struct view with = entry_sent(e, AGE_ADULT, false);
		expect_eq(app_answered_after(plaza, "requestConsent", with), HELD_MS);
		struct token t = token_of(&apps[LENS], TOKEN_OTHER);
		with = entry_with(e, &apps[DIAL], &t);
		expect_eq(app_answered_after(plaza, "requestConsent", with), HELD_MS);
		e = entry_make(CONSENT_CANCEL, x.reply, to[i], 0, 0);
		expect_eq(app_answered_after(plaza, "requestConsent", e), HELD_MS);
	}
	expect_eq(plaza->provider->held_n, 0);
	/* What concerns the app that asks is said at once. */
	expect_eq(peer_ask(plaza, &apps[DIAL], "requestConsent", plaza->domain,
			   card_to(x.reply, to[0]), NULL),
		  403);
	apps_end();
}

TEST(an_answer_is_to_an_answer_as_to_a_letter)
{
	struct asking x = { 0 };
	asking_begin(&x, LENS);
	struct view target = address_of(&x.tom, CHANNEL_LINK);
	struct view grant =
		entry_make(CONSENT_GRANT, x.reply, target, COMPONENT_CONTACT_ANSWER, 4096);
	const struct consent_update_request q = { grant };
	expect_err(client_ask(x.tom.c, FRAME_CONSENT_UPDATE, consent_update_request_element, &q,
			      NULL, NULL),
		   UC_E_CLOSED);
	expect_eq(client_events(x.rosa.c, FRAME_INTAKE), 1);
	time_goes(HELD_MS - 1);
	expect(!x.tom.c->is_answered);
	time_goes(1);
	expect(x.tom.c->is_answered);
	apps_end();
}

/* Its letter is there, synced, and with its devices long before. */
TEST(nothing_waits_for_the_answer_but_who_asked)
{
	struct asking x = { 0 };
	asking_begin(&x, LENS);
	struct app *lens = &apps[LENS];
	struct view letter = card_to(x.reply, address_of(&x.tom, CHANNEL_LINK));
	letter_say(x.rosa.c, letter);
	expect_eq(client_events(x.tom.c, FRAME_INTAKE), 1);
	expect_eq(store_memory_unsynced(lens->disks[0]), 0);
	/* A kill meanwhile: no answer, and the letter stays. */
	app_kill(lens, false);
	app_start(lens);
	time_goes(HELD_MS);
	expect(!x.rosa.c->is_answered);
	x.tom.c = client_connect(lens);
	expect_ok(person_sign_in(&x.tom));
	expect_eq(client_events(x.tom.c, FRAME_INTAKE), 1);
	apps_end();
}

TEST(work_that_takes_longer_is_told_at_the_next_such_time)
{
	struct asking x = { 0 };
	struct buf frame;
	asking_begin(&x, LENS);
	struct client *c = x.rosa.c;
	const struct consent_request_request q = { card_to(x.reply,
							   address_of(&x.tom, CHANNEL_LINK)) };
	for (unsigned took = HELD_MS; took < 3 * HELD_MS; took += 13) {
		c->is_answered = false;
		buf_init(&frame, FRAME_MAX);
		expect_ok(frame_add_request(&frame, FRAME_CONSENT_REQUEST, ++c->last_id,
					    consent_request_request_element, &q));
		provider_frame(c->app->provider, c->session, buf_view(&frame));
		buf_done(&frame);
		expect(provider_go_on(c->app->provider));
		expect_ok(provider_sync(c->app->provider));
		time_goes(took);
		unsigned left = HELD_MS - took % HELD_MS;
		time_goes(left - 1);
		expect(!c->is_answered);
		time_goes(1);
		expect(c->is_answered);
	}
	/* The clock is put back: nobody waits for the old time. */
	letter_say(c, q.consent_entry);
	test_now_ms -= 3600 * 1000;
	apps_settle();
	expect(c->is_answered);
	apps_end();
}

TEST(who_goes_meanwhile_is_not_answered)
{
	struct asking x = { 0 };
	asking_begin(&x, LENS);
	struct provider *p = apps[LENS].provider;
	struct view letter = card_to(x.reply, address_of(&x.tom, CHANNEL_LINK));
	letter_say(x.rosa.c, letter);
	expect_eq(p->held_n, 1);
	expect_eq(provider_due_us(p) / 1000, test_now_ms + HELD_MS);
	client_close(x.rosa.c);
	time_goes(HELD_MS);
	expect_eq(p->held_n, 0);
	expect_eq(provider_due_us(p), 0);
	/* Too many at once: the next is refused before anything of it is done. */
	x.rosa.c = client_connect(&apps[LENS]);
	expect_ok(person_sign_in(&x.rosa));
	size_t records = stored_records(apps[LENS].accounts);
	p->held_n = 1024;
	const struct consent_request_request q = { letter };
	expect_err(client_ask(x.rosa.c, FRAME_CONSENT_REQUEST, consent_request_request_element, &q,
			      NULL, NULL),
		   UC_E_BUSY);
	p->held_n = 0;
	expect(stored_records(apps[LENS].accounts) <= records + 2); /* of what she asked */
	/* One is left when the app ends. */
	letter_say(x.rosa.c, letter);
	apps_end();
}

static uint64_t part_us; /* of this millisecond have gone */

static uint64_t fine_clock(void)
{
	return test_now_ms * 1000 + part_us;
}

/* Rounds come for others' sake, too. */
TEST(no_round_answers_before_the_dice_have_it)
{
	struct asking x = { 0 };
	asking_begin(&x, LENS);
	struct provider *p = apps[LENS].provider;
	p->config.now_us = fine_clock;
	part_us = 0;
	letter_say(x.rosa.c, card_to(x.reply, address_of(&x.tom, CHANNEL_LINK)));
	uint64_t dice = provider_due_us(p) % 1000;
	expect(dice > 0);
	time_goes(HELD_MS);
	expect(!x.rosa.c->is_answered);
	part_us = dice - 1;
	apps_settle();
	expect(!x.rosa.c->is_answered);
	part_us = dice;
	apps_settle();
	expect(x.rosa.c->is_answered);
	apps_end();
}
