/* SPDX-License-Identifier: Apache-2.0 */
/* A letter of one's own is taken back while it waits, wherever it is on its way. */
#include "client/contact_requests.h"
#include "client/protocol.h"
#include "client/turn.h"
#include "tests/unit/client/letter_world.h"

enum { DAYS_30_S = 30 * 24 * 3600 };

static bool show(void *ctx, const struct uc_request *q)
{
	*(struct uc_request *)ctx = *q;
	return true;
}

/* The only one. */
static struct uc_request shown(void)
{
	struct uc_request q = { .state = UC_REQUEST_OPEN };
	expect_ok(uc_requests(w.p.c, show, &q));
	return q;
}

static uc_op takes_back(void)
{
	struct uc_request q = shown();
	uc_op op = 0;
	expect_ok(uc_request_withdraw(w.p.c, &q.id, &op));
	return op;
}

static void sent(const char *app)
{
	letters_begin(HONEST);
	letters_ask(app);
	expect_ok(person_talk(&w.p));
	expect_eq(w.letters, 1);
}

static void expect_over(unsigned revoked)
{
	const struct request *q = w.p.c->requests;
	static const uint8_t nothing[sizeof q->answer_priv];
	expect_eq(shown().state, UC_REQUEST_WITHDRAWN);
	expect_eq(shown().until_ms, 0);
	expect(q && q->state == REQUEST_WITHDRAWN && !q->entry.n && !*q->contact_code);
	expect(q && view_equal(VIEW_OF(q->answer_priv), VIEW_OF(nothing)));
	expect(uc_client_is_idle(w.p.c));
	expect_eq(w.revoked, revoked);
	if (revoked)
		expect_bytes(VIEW_OF(w.revoked_grant), VIEW_OF(w.reply_grant));
}

TEST(it_is_listed_till_it_is_over_and_its_address_is_taken_back)
{
	static const char *const apps[] = { "lens.example", "dial.example" };
	for (size_t i = 0; i < 2; i++) {
		sent(apps[i]);
		const struct uc_request q = shown();
		uc_op op;
		expect(!q.incoming && q.state == UC_REQUEST_OPEN);
		expect(!strcmp(q.app, apps[i]) && !strcmp(q.name, "+4915112345678"));
		expect_eq(q.until_ms, q.time_ms + (uint64_t)DAYS_30_S * 1000);
		op = takes_back();
		/* Here at once, whatever the app does. */
		expect_eq(shown().state, UC_REQUEST_WITHDRAWN);
		expect(!uc_client_is_idle(w.p.c));
		expect_ok(person_talk(&w.p));
		expect_eq(w.p.done_op, op);
		expect_ok(w.p.done_err);
		expect_over(1);
		expect_err(uc_request_withdraw(w.p.c, &q.id, &op), UC_E_EXISTS);
		letters_end();
	}
}

TEST(what_cannot_be_taken_back_is_not)
{
	struct uc_id nobody = { { 7 } };
	struct request *in = NULL;
	uc_op op;
	sent("lens.example");
	expect_err(uc_request_withdraw(w.p.c, &nobody, &op), UC_E_NOT_FOUND);
	expect_err(uc_request_withdraw(w.p.c, NULL, &op), UC_E_ARGUMENT);
	expect_err(uc_request_withdraw(NULL, &nobody, &op), UC_E_ARGUMENT);
	expect_err(uc_request_withdraw(w.p.c, &nobody, NULL), UC_E_ARGUMENT);
	/* What others ask, and what was answered. */
	expect_ok(request_new(w.p.c, true, &in));
	in->state = REQUEST_OPEN;
	expect_err(uc_request_withdraw(w.p.c, &in->id, &op), UC_E_NOT_FOUND);
	static const uint8_t over[] = { REQUEST_ACCEPTED, REQUEST_FAILED, REQUEST_REFUSED };
	for (size_t i = 0; i < sizeof over; i++) {
		in->incoming = false;
		in->state = over[i];
		expect_err(uc_request_withdraw(w.p.c, &in->id, &op), UC_E_EXISTS);
		expect_eq(in->state, over[i]);
	}
	letters_end();
}

TEST(it_is_taken_back_over_a_restart)
{
	sent("dial.example");
	person_disconnect(&w.p);
	takes_back();
	expect_ok(person_open(&w.p));
	expect_eq(shown().state, UC_REQUEST_WITHDRAWN);
	expect_eq(w.revoked, 0);
	person_again(&w.p);
	expect_over(1);
	/* And once. */
	expect_ok(person_open(&w.p));
	person_again(&w.p);
	expect_over(1);
	letters_end();
}

TEST(it_goes_on_being_listed_over_a_restart)
{
	sent("lens.example");
	const uint64_t until_ms = shown().until_ms;
	expect_ok(person_open(&w.p));
	expect_eq(shown().until_ms, until_ms);
	/* Of a time before it was kept: a guardian may have been waited for as long again. */
	w.p.c->requests->reply_until_ms = 0;
	expect_eq(shown().until_ms, until_ms + (uint64_t)DAYS_30_S * 1000);
	w.p.c->requests->state = REQUEST_ADDRESSED;
	expect_eq(shown().until_ms, 0);
	letters_end();
}

static uc_err answered(struct uc_client *c, void *arg)
{
	return requests_consent_in(c, *(struct view *)arg, client_now(c));
}

TEST(an_answer_that_comes_all_the_same_is_not_looked_at)
{
	struct view grant;
	sent("lens.example");
	const struct request *q = w.p.c->requests;
	expect_ok(consent_make(CONSENT_IN_GRANT, view_str(q->reply), view_str(q->target),
			       VIEW_LIT("some answer"), &w.kept, &grant));
	/* It would be. */
	expect(turn_run(w.p.c, answered, &grant) != UC_OK);
	takes_back();
	expect_ok(turn_run(w.p.c, answered, &grant));
	expect_ok(person_talk(&w.p));
	expect_ok(turn_run(w.p.c, answered, &grant));
	expect(!w.p.c->rooms);
	expect_over(1);
	letters_end();
}

static uc_op meanwhile_op;

static void meanwhile(void)
{
	w.meanwhile = NULL;
	meanwhile_op = takes_back();
}

/* While each of its requests is with the app: what comes back is not taken. */
TEST(wherever_it_is_on_its_way_it_goes_no_further)
{
	static const struct {
		uint16_t type;
		unsigned letters, revoked;
	} steps[] = { { FRAME_DIRECTORY, 0, 0 },
		      { FRAME_LOOKUP, 0, 0 },
		      { FRAME_ADDRESS_MAKE, 0, 0 },
		      { FRAME_TOKEN_ISSUE, 0, 1 },
		      { FRAME_CONSENT_REQUEST, 1, 1 } };
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		letters_begin(HONEST);
		w.meanwhile = meanwhile;
		w.meanwhile_type = steps[i].type;
		uc_op op = letters_ask("dial.example");
		expect_ok(person_talk(&w.p));
		expect(!w.meanwhile);
		expect_eq(w.p.done, 3); /* signing up, asking, and this */
		expect(op != meanwhile_op);
		expect_eq(w.p.done_op, meanwhile_op);
		expect_ok(w.p.done_err);
		expect_eq(w.letters, steps[i].letters);
		expect_over(steps[i].revoked);
		letters_end();
	}
}

/* Each answer of the app lost once. */
TEST(an_answer_that_is_lost_changes_nothing)
{
	unsigned n = 1;
	bool lost = true;
	for (; lost && n < 20; n++) {
		letters_begin(HONEST);
		w.app.silent_at = w.app.requests + n;
		letters_ask("dial.example");
		expect_ok(person_talk(&w.p));
		lost = w.app.requests >= w.app.silent_at;
		w.app.silent_at = 0;
		takes_back();
		person_again(&w.p);
		expect_over(w.letters || w.revoked);
		expect(w.letters <= 1);
		letters_end();
	}
	expect(n > 4 && n < 20);
}

TEST(one_that_the_app_refuses_is_over_here)
{
	sent("lens.example");
	w.app.refuse_type = FRAME_GRANT_REVOKE;
	w.app.refuse_with = UC_E_ARGUMENT;
	w.app.refuse_times = 1;
	takes_back();
	expect_ok(person_talk(&w.p));
	expect_err(w.p.done_err, UC_E_ARGUMENT);
	expect_over(0);
	letters_end();
}

TEST(a_guardian_is_not_waited_for_any_more)
{
	struct request *q;
	letters_begin(HONEST);
	expect_ok(request_new(w.p.c, false, &q));
	q->state = REQUEST_GUARDED;
	expect_eq(shown().state, UC_REQUEST_WAITING);
	expect_eq(shown().until_ms, 0);
	takes_back();
	/* Their word comes too late. */
	requests_guarded(w.p.c, &q->id, true);
	expect_ok(person_talk(&w.p));
	expect_eq(w.letters, 0);
	expect_over(0);
	letters_end();
}

static uc_err drives(struct uc_client *c, void *arg)
{
	(void)arg;
	return requests_drive(c);
}

TEST(one_that_cannot_be_sent_is_sent_later)
{
	sent("dial.example");
	person_disconnect(&w.p);
	takes_back();
	expect_ok(turn_run(w.p.c, drives, NULL));
	expect_eq(w.p.c->requests->state, REQUEST_WITHDRAWING);
	expect_eq(shown().state, UC_REQUEST_WITHDRAWN);
	person_again(&w.p);
	expect_eq(w.revoked, 0);
	person_wait(&w.p, 10 * 1000);
	expect_over(1);
	letters_end();
}
