/* SPDX-License-Identifier: Apache-2.0 */
/* Directories, look-ups, consent, the intake. */
#include "mimi/directory.h"
#include "tests/unit/provider/letters.h"
#include "tests/unit/provider/work.h"

/* --- directories --- */

static uc_err directory(struct client *c, struct view domain, struct directory_response *r)
{
	struct directory_request q = { domain };
	return client_ask(c, FRAME_DIRECTORY, directory_request_element, &q,
			  directory_response_element, r);
}

TEST(directories_of_all_apps_are_brought_signed)
{
	struct directory_response own, other, again;
	struct directory d;
	uint8_t hash[SHA256_BYTES];
	apps_begin();
	struct client *c = client_connect(&apps[LENS]);
	expect_ok(directory(c, apps[LENS].domain, &own));
	expect_ok(directory(c, apps[DIAL].domain, &other));
	expect_ok(directory_read(other.document, &apps_mem, &d));
	expect_bytes(d.domain, apps[DIAL].domain);
	expect_bytes(d.lookup_key, kem_public(&apps[DIAL].keys.lookup_key));
	expect_bytes(other.certificate, apps[DIAL].domain);
	expect_ok(sha256(other.document, hash));
	expect_bytes(other.signature, VIEW_OF(hash));
	/* Kept for a while. */
	expect_eq(apps[DIAL].asked, 1);
	expect_ok(directory(c, apps[DIAL].domain, &again));
	expect_eq(apps[DIAL].asked, 1);
	test_now_ms += 6 * 60 * 1000;
	expect_ok(directory(c, apps[DIAL].domain, &again));
	expect_eq(apps[DIAL].asked, 2);
	expect_err(directory(c, VIEW_LIT("nobody.example"), &again), UC_E_PEER);
	expect_err(directory(c, VIEW_LIT("No Domain"), &again), UC_E_ARGUMENT);
	apps[DIAL].is_down = true;
	test_now_ms += 6 * 60 * 1000;
	expect_err(directory(c, apps[DIAL].domain, &again), UC_E_PEER);
	apps_end();
}

TEST(anybody_may_read_the_bare_document)
{
	struct directory d;
	struct view body;
	apps_begin();
	expect_eq(peer_get(&apps[DIAL], "/.well-known/mimi-protocol-directory", &body), 200);
	expect_ok(directory_read(body, &apps_mem, &d));
	expect_bytes(d.hub_key, sign_public(&apps[DIAL].keys.hub_key));
	/* But nothing else. */
	expect_eq(peer_get(&apps[DIAL], "/v1/identifierQuery/dial.example", &body), 403);
	expect_eq(peer_ask(&apps[DIAL], NULL, "identifierQuery", apps[DIAL].domain, VIEW_LIT("x"),
			   NULL),
		  403);
	apps_end();
}

/* --- look-ups --- */

TEST(found_or_not_look_ups_are_answered_alike)
{
	struct person rosa, tom;
	struct lookup_answer a = { 0 };
	struct view found = { NULL, 0 }, missing = found, own = found, none = found;
	apps_begin();
	person_join(&rosa, &apps[LENS], "rosa");
	person_join(&tom, &apps[DIAL], "+4915123456789");
	expect_ok(look_up(&rosa, &apps[DIAL], "0049 151 2345-6789", &a, &found));
	size_t length = rosa.c->answer.body.n;
	expect(a.found);
	expect_bytes(a.request_key, kem_public(&tom.request));
	expect_ok(look_up(&rosa, &apps[DIAL], "+4915123456788", &a, &missing));
	expect(!a.found);
	expect_eq(found.n, missing.n);
	expect_eq(rosa.c->answer.body.n, length);
	expect_ok(look_up(&rosa, &apps[DIAL], "no number at all", &a, &none));
	expect(!a.found);
	expect_eq(none.n, missing.n);
	/* One's own app answers the same way. */
	expect_ok(look_up(&rosa, &apps[LENS], "ROSA", &a, &own));
	expect(a.found);
	expect_eq(rosa.c->answer.body.n, length);
	/* Two answers about one person have no address in common. */
	struct view first = a.request_address;
	expect_ok(look_up(&rosa, &apps[LENS], "rosa", &a, &own));
	expect(!view_equal(first, a.request_address));
	apps_end();
}

TEST(who_has_no_request_key_is_not_found)
{
	struct person rosa, tom;
	struct lookup_answer a = { 0 };
	struct view sealed = { NULL, 0 };
	apps_begin();
	person_join(&rosa, &apps[LENS], "rosa");
	person_init(&tom, &apps[LENS], "tom");
	expect_ok(person_sign_up(&tom, NULL));
	expect_ok(look_up(&rosa, &apps[LENS], "tom", &a, &sealed));
	expect(!a.found);
	expect_ok(person_put_request_key(&tom));
	expect_ok(look_up(&rosa, &apps[LENS], "tom", &a, &sealed));
	expect(a.found);
	apps_end();
}

TEST(queries_that_make_no_sense_are_refused)
{
	struct person rosa;
	struct lookup_request q = { apps[DIAL].domain, VIEW_LIT("not sealed at all") };
	struct view body, answer;
	struct query_element clear = { SEARCH_PHONE, { NULL, 0 }, VIEW_LIT("+4915123456789") };
	struct identifier_request i = { .query_elements = { &clear, 1 } };
	struct identifier_response r;
	apps_begin();
	q.domain = apps[DIAL].domain;
	person_join(&rosa, &apps[LENS], "rosa");
	expect_err(client_ask(rosa.c, FRAME_LOOKUP, lookup_request_element, &q, NULL, NULL),
		   UC_E_MALFORMED);
	q.domain = VIEW_LIT("nobody.example");
	expect_err(client_ask(rosa.c, FRAME_LOOKUP, lookup_request_element, &q, NULL, NULL),
		   UC_E_PEER);
	/* A number in the clear is not looked for. */
	expect_ok(wire_encode_to(&apps_mem, identifier_request_element, &i, &body));
	expect_eq(peer_ask(&apps[DIAL], &apps[LENS], "identifierQuery", apps[DIAL].domain, body,
			   &answer),
		  200);
	expect_ok(wire_decode(answer, &apps_mem, identifier_response_element, &r));
	expect_eq(r.response_code, IDENTIFIER_UNSUPPORTED_FIELD);
	expect_eq(peer_ask(&apps[DIAL], &apps[LENS], "identifierQuery", apps[DIAL].domain,
			   VIEW_LIT("\xff"), NULL),
		  400);
	apps_end();
}

TEST(look_ups_are_counted)
{
	struct person rosa;
	struct lookup_answer a = { 0 };
	struct view sealed = { NULL, 0 };
	uc_err err = UC_OK;
	int n = 0;
	apps_begin();
	person_join(&rosa, &apps[LENS], "rosa");
	for (; !err && n < 100; n++)
		err = look_up(&rosa, &apps[DIAL], "+4915123456789", &a, &sealed);
	expect_err(err, UC_E_RATE);
	expect_eq(n, 21);
	expect_ok(person_sign_in(&rosa)); /* by account, not by connection */
	expect_err(look_up(&rosa, &apps[DIAL], "+49151", &a, &sealed), UC_E_RATE);
	apps_end();
}

/* --- consent --- */

struct asking {
	struct person rosa, tom;
	struct view target, reply; /* Tom's address, Rosa's */
	struct view request, grant, cancel;
};

static void asking_begin(struct asking *x, struct app *of_rosa, struct app *of_tom)
{
	struct lookup_answer a = { 0 };
	struct view sealed = { NULL, 0 };
	apps_begin();
	person_join(&x->rosa, of_rosa, of_rosa->names == 2 ? "rosa" : "rosa@example.org");
	person_join(&x->tom, of_tom, of_tom->names == 2 ? "tom" : "+4915123456789");
	expect_ok(look_up(&x->rosa, of_tom, x->tom.name, &a, &sealed));
	x->target = a.request_address;
	x->reply = reply_make(&x->rosa);
	x->request = entry_make(CONSENT_REQUEST, x->reply, x->target, COMPONENT_CONTACT_CARD,
				CARD_BYTES);
	x->grant = entry_make(CONSENT_GRANT, x->reply, x->target, COMPONENT_CONTACT_ANSWER, 4096);
	x->cancel = entry_make(CONSENT_CANCEL, x->reply, x->target, 0, 0);
}

static void ask_and_answer(struct app *of_rosa, struct app *of_tom)
{
	struct asking x = { 0 };
	asking_begin(&x, of_rosa, of_tom);
	expect_ok(request(x.rosa.c, x.request));
	expect_bytes(intake_take(x.tom.c, &x.tom.phone), x.request);
	expect_ok(update(x.tom.c, x.grant));
	expect_bytes(intake_take(x.rosa.c, &x.rosa.phone), x.grant);
	/* Taken, and of no use to anybody. */
	expect_ok(request(x.rosa.c, x.cancel));
	expect(!client_event(x.tom.c, FRAME_INTAKE));
	/* Nothing is left underway. */
	expect_eq(stored_count(of_rosa->accounts, x.target), 0);
	expect_eq(stored_count(of_tom->accounts, x.reply), 0);
	apps_end();
}

TEST(people_of_two_apps_ask_and_answer)
{
	ask_and_answer(&apps[LENS], &apps[DIAL]);
	ask_and_answer(&apps[PLAZA], &apps[LENS]);
}

TEST(people_of_one_app_ask_and_answer)
{
	ask_and_answer(&apps[LENS], &apps[LENS]);
}

TEST(letters_are_of_one_form_and_ones_own)
{
	struct asking x = { 0 };
	struct view link;
	asking_begin(&x, &apps[LENS], &apps[DIAL]);
	struct person *r = &x.rosa;
	uint16_t card = COMPONENT_CONTACT_CARD, answer = COMPONENT_CONTACT_ANSWER;
	struct view bad[] = {
		entry_make(CONSENT_REQUEST, x.reply, x.target, card, CARD_BYTES - 1),
		entry_make(CONSENT_REQUEST, x.reply, x.target, answer, CARD_BYTES),
		entry_make(CONSENT_REQUEST, x.reply, x.target, 0, 0),
		entry_make(CONSENT_CANCEL, x.reply, x.target, card, CARD_BYTES),
		entry_make(CONSENT_REQUEST, x.reply, VIEW_LIT("mimi://dial.example"), card,
			   CARD_BYTES),
		x.grant,
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		expect_err(request(r->c, bad[i]), UC_E_ARGUMENT);
	expect_err(request(r->c, VIEW_LIT("garbage")), UC_E_MALFORMED);
	/* Another's reply address; one that was not made for replies; one of another app. */
	struct person eve;
	person_join(&eve, &apps[LENS], "eve");
	expect_err(request(eve.c, x.request), UC_E_ADDRESS);
	expect_err(update(eve.c, x.grant), UC_E_ADDRESS);
	struct lookup_answer a = { 0 };
	struct view sealed = { NULL, 0 };
	expect_ok(look_up(&eve, &apps[LENS], "eve", &a, &sealed));
	link = entry_make(CONSENT_REQUEST, a.request_address, x.target, card, CARD_BYTES);
	expect_err(request(eve.c, link), UC_E_ADDRESS);
	expect_err(request(r->c, entry_make(CONSENT_REQUEST, x.target, x.target, card, CARD_BYTES)),
		   UC_E_ADDRESS);
	expect(!client_event(x.tom.c, FRAME_INTAKE));
	/* An expired reply address. */
	test_now_ms += (uint64_t)31 * DAY_MS;
	expect_ok(person_sign_in(r));
	expect_err(request(r->c, x.request), UC_E_ADDRESS);
	apps_end();
}

TEST(whether_a_letter_arrives_is_not_told)
{
	struct asking x = { 0 };
	struct view nobody, expired;
	asking_begin(&x, &apps[LENS], &apps[DIAL]);
	struct app *a = &apps[DIAL];
	struct view d = a->domain, answer;
	/* A genuine address of an account that is not there. */
	struct request_address r = { .channel = CHANNEL_LOOKUP,
				     .expires_ms = test_now_ms + DAY_MS };
	expect_ok(request_address_seal(test_env(), VIEW_OF(a->keys.address_key), d, &r, &apps_mem,
				       &nobody));
	memcpy(r.account_id, x.tom.account_id, sizeof r.account_id);
	r.expires_ms = test_now_ms;
	expect_ok(request_address_seal(test_env(), VIEW_OF(a->keys.address_key), d, &r, &apps_mem,
				       &expired));
	struct view to[] = { x.target, nobody, expired, VIEW_LIT("mimi://dial.example/q/abc") };
	for (size_t i = 0; i < sizeof to / sizeof *to; i++) {
		struct view e = entry_make(CONSENT_REQUEST, x.reply, to[i], COMPONENT_CONTACT_CARD,
					   CARD_BYTES);
		e = entry_sent(e, AGE_ADULT, false);
		expect_eq(peer_ask(a, &apps[LENS], "requestConsent", d, e, &answer), 201);
		expect_eq(answer.n, 0);
	}
	expect_eq(client_events(x.tom.c, FRAME_INTAKE), 1);
	/* An app speaks for its own people alone, and not about others'. */
	expect_eq(peer_ask(a, &apps[PLAZA], "requestConsent", d, x.request, NULL), 403);
	expect_eq(peer_ask(&apps[PLAZA], &apps[LENS], "requestConsent", apps[PLAZA].domain,
			   x.request, NULL),
		  404);
	expect_eq(peer_ask(a, &apps[LENS], "requestConsent", d, x.grant, NULL), 400);
	expect_eq(peer_ask(a, &apps[LENS], "updateConsent", d, x.grant, NULL), 403);
	expect_eq(peer_ask(a, &apps[LENS], "nothing", d, x.grant, NULL), 404);
	apps_end();
}

/* What takes something back asks for nothing, and an answer is for who has asked. */
TEST(nothing_but_letters_and_awaited_answers_comes_in)
{
	enum { OFTEN = 30 }; /* more than one account is asked */
	static const uint8_t grant[GRANT_ID] = { 3 };
	struct asking x = { 0 };
	asking_begin(&x, &apps[LENS], &apps[DIAL]);
	struct app *dial = &apps[DIAL];
	struct view d = dial->domain, once = link_make(&x.tom, CHANNEL_ONCE, grant);
	struct view to[] = { x.target, once, address_of(&x.tom, CHANNEL_LINK) };
	for (size_t i = 0; i < sizeof to / sizeof *to; i++) {
		for (int n = 0; n < OFTEN; n++) {
			struct view e = entry_make(CONSENT_CANCEL, x.reply, to[i], 0, 0);
			expect_eq(peer_ask(dial, &apps[LENS], "requestConsent", d, e, NULL), 201);
		}
		struct view answer =
			entry_make(CONSENT_GRANT, to[i], x.reply, COMPONENT_CONTACT_ANSWER, 4096);
		struct view back = entry_make(CONSENT_REVOKE, to[i], x.reply, 0, 0);
		expect_eq(peer_ask(dial, &apps[LENS], "updateConsent", d, answer, NULL), 201);
		expect_eq(peer_ask(dial, &apps[LENS], "updateConsent", d, back, NULL), 201);
	}
	expect_eq(client_events(x.tom.c, FRAME_INTAKE), 0);
	/* Nor does it use up a letter, or a link. */
	for (size_t i = 0; i < 2; i++) {
		struct view e = entry_sent(card_to(x.reply, to[i]), AGE_ADULT, false);
		expect_eq(peer_ask(dial, &apps[LENS], "requestConsent", d, e, NULL), 201);
		expect_eq(client_events(x.tom.c, FRAME_INTAKE), i + 1);
	}
	apps_end();
}

/* --- whatever comes of a letter, as much is done --- */

static struct done costs(const char *what, struct view entry)
{
	struct view answer;
	(void)work_done();
	expect_eq(peer_ask(&apps[DIAL], &apps[LENS], what, apps[DIAL].domain, entry, &answer), 201);
	expect_eq(answer.n, 0);
	return work_done();
}

static struct done letter_costs(struct asking *x, struct view to)
{
	struct view e =
		entry_make(CONSENT_REQUEST, x->reply, to, COMPONENT_CONTACT_CARD, CARD_BYTES);
	return costs("requestConsent", entry_sent(e, AGE_ADULT, false));
}

static struct done grant_costs(struct view reply, struct view from)
{
	return costs("updateConsent",
		     entry_make(CONSENT_GRANT, reply, from, COMPONENT_CONTACT_ANSWER, 4096));
}

TEST(the_same_is_done_for_who_is_there_is_full_and_is_not)
{
	struct asking x = { 0 };
	static uint8_t letter[16000];
	asking_begin(&x, &apps[LENS], &apps[DIAL]);
	struct app *dial = &apps[DIAL];
	struct view id = VIEW_OF(x.tom.account_id), nobody = address_of_nobody(dial);
	provider_set_quota(dial->provider, 1 << 20);
	client_close(x.tom.c);
	work_begin(dial->accounts);
	struct done taken = letter_costs(&x, x.target), let_go = letter_costs(&x, nobody);
	expect_alike(taken, let_go);
	size_t before = stored_count(dial->accounts, id);
	/* Large ones, then small ones, until there is no room for either. */
	for (int i = 0; i < 60; i++)
		expect_ok(intake_put(dial->provider, id, INTAKE_CONSENT,
				     view_make(letter, i < 20 ? sizeof letter : 100), &apps_mem));
	expect(stored_count(dial->accounts, id) - before < 50);
	before = stored_count(dial->accounts, id);
	expect_alike(letter_costs(&x, x.target), let_go);
	expect_eq(stored_count(dial->accounts, id), before + 1); /* that its token was spent */
	/* With a token that is spent, one of another app, and what is none. */
	struct token spent = token_of(&apps[LENS], TOKEN_OTHER);
	struct view e =
		entry_make(CONSENT_REQUEST, x.reply, x.target, COMPONENT_CONTACT_CARD, CARD_BYTES);
	struct token foreign = token_of(&apps[PLAZA], TOKEN_OTHER);
	struct view with = entry_with(e, dial, &spent);
	expect_alike(costs("requestConsent", with), let_go);
	before = stored_count(dial->accounts, id);
	expect_alike(costs("requestConsent", with), let_go);
	expect_alike(costs("requestConsent", entry_with(e, dial, &foreign)), let_go);
	expect_alike(costs("requestConsent", entry_with(e, &apps[PLAZA], &spent)), let_go);
	expect_eq(stored_count(dial->accounts, id), before);
	/* The same for whom the table lets nobody ask. */
	struct settings closed = settings_said(&x.tom, 1, AGE_TEEN_A);
	expect_ok(person_sign_in(&x.tom));
	expect_ok(settings_put(&x.tom, &closed));
	client_close(x.tom.c);
	before = stored_count(dial->accounts, id);
	expect_alike(letter_costs(&x, x.target), let_go);
	expect_eq(stored_count(dial->accounts, id), before);
	/* And when it was asked too often, nobody counts either. */
	for (int i = 0; i < 25; i++) {
		expect_alike(letter_costs(&x, x.target), let_go);
		expect_alike(letter_costs(&x, nobody), let_go);
	}
	work_end(dial->accounts);
	apps_end();
}

static void device_add(struct person *p, struct device *d)
{
	device_init(d);
	struct view entry = person_entry(p, DEVICE_ADD, &d->key, &p->phone.key, false);
	struct device_append_request q = { entry, VIEW_OF(d->key.pub), kem_public(&d->intake) };
	expect_ok(client_ask(p->c, FRAME_DEVICE_APPEND, device_append_request_element, &q, NULL,
			     NULL));
	person_append(p, entry);
}

TEST(a_letter_costs_the_same_however_many_devices_there_are)
{
	enum { DEVICES = 5 };
	struct asking x = { 0 };
	struct device more[DEVICES];
	asking_begin(&x, &apps[LENS], &apps[DIAL]);
	struct app *dial = &apps[DIAL];
	struct view nobody = address_of_nobody(dial);
	work_begin(dial->accounts);
	struct done let_go = letter_costs(&x, nobody);
	expect(let_go.bytes > (size_t)DEVICES_MAX * CARD_BYTES);
	for (int i = 0; i < DEVICES; i++) {
		/* With nobody there. */
		client_close(x.tom.c);
		expect_alike(letter_costs(&x, x.target), let_go);
		expect_ok(person_sign_in(&x.tom));
		device_add(&x.tom, &more[i]);
	}
	work_end(dial->accounts);
	/* All of them have it. */
	for (int i = 0; i < DEVICES; i++) {
		struct client *c = client_connect(dial);
		expect_ok(person_sign_in_as(&x.tom, c, &more[i]));
		expect(client_events(c, FRAME_INTAKE) >= (size_t)(DEVICES - 1 - i));
	}
	apps_end();
}

/* What wakes a device is done once the answer is on its way. */
TEST(who_is_there_is_told_in_the_round_behind_the_answer)
{
	struct asking x = { 0 };
	struct buf frame;
	asking_begin(&x, &apps[LENS], &apps[LENS]);
	const struct consent_request_request q = { x.request };
	struct provider *p = apps[LENS].provider;
	x.rosa.c->is_answered = false;
	buf_init(&frame, FRAME_MAX);
	expect_ok(frame_add_request(&frame, FRAME_CONSENT_REQUEST, ++x.rosa.c->last_id,
				    consent_request_request_element, &q));
	provider_frame(p, x.rosa.c->session, buf_view(&frame));
	expect_eq(p->pushes[0].n, ACCOUNT_ID);
	expect(provider_go_on(p));
	expect_eq(x.tom.c->session->intake_sent, 0);
	expect(!provider_go_on(p));
	expect_eq(x.tom.c->session->intake_sent, 1);
	buf_done(&frame);
	apps_settle();
	expect_eq(client_events(x.tom.c, FRAME_INTAKE), 1);
	apps_end();
}

/* Whether by who has the number among theirs or by who types it. */
TEST(a_look_up_of_who_closed_it_reads_as_one_of_nobody)
{
	enum { FOUND, CLOSED, NOBODY, KINDS };
	static const char *const numbers[KINDS] = { "+4915100000001", "+4915100000002",
						    "+4915100000003" };
	struct app *dial = &apps[DIAL];
	struct person rosa, other[CLOSED + 1];
	struct lookup_answer answer;
	struct view sealed[KINDS];
	struct done done[KINDS];
	apps_begin();
	person_join(&rosa, &apps[LENS], "rosa");
	for (int i = 0; i <= CLOSED; i++) {
		person_join(&other[i], dial, numbers[i]);
		struct settings s = settings_said(&other[i], 1, AGE_ADULT);
		s.find_by_name = i == FOUND;
		s.find_by_number = true;
		expect_ok(settings_put(&other[i], &s));
	}
	work_begin(dial->accounts);
	for (int i = 0; i < KINDS; i++) {
		(void)work_done();
		expect_ok(look_up(&rosa, dial, numbers[i], &answer, &sealed[i]));
		expect_eq(answer.found, i == FOUND);
		done[i] = work_done();
	}
	for (int i = 0; i < CLOSED + 1; i++) {
		expect_eq(sealed[i].n, sealed[NOBODY].n);
		expect_eq(done[i].reads, done[NOBODY].reads);
		expect_eq(done[i].changes, done[NOBODY].changes);
	}
	work_end(dial->accounts);
	apps_end();
}

TEST(the_same_is_done_with_an_answer_to_who_has_gone)
{
	struct asking x = { 0 };
	/* Tom asks Rosa; she answers from her app. */
	asking_begin(&x, &apps[LENS], &apps[DIAL]);
	struct view reply = reply_make(&x.tom), nobody = address_of_nobody(&apps[DIAL]);
	expect_ok(request(x.tom.c, entry_make(CONSENT_REQUEST, reply, x.reply,
					      COMPONENT_CONTACT_CARD, CARD_BYTES)));
	client_close(x.tom.c);
	work_begin(apps[DIAL].accounts);
	struct done first = grant_costs(reply, x.reply), again = grant_costs(reply, x.reply);
	struct done let_go = grant_costs(nobody, x.reply);
	expect_alike(first, let_go);
	expect_alike(again, let_go);
	work_end(apps[DIAL].accounts);
	apps_end();
}

TEST(one_account_is_asked_only_so_often)
{
	struct asking x = { 0 };
	asking_begin(&x, &apps[LENS], &apps[DIAL]);
	for (int i = 0; i < 30; i++)
		expect_eq(peer_ask(&apps[DIAL], &apps[LENS], "requestConsent", apps[DIAL].domain,
				   entry_sent(x.request, AGE_ADULT, false), NULL),
			  201);
	expect_eq(client_events(x.tom.c, FRAME_INTAKE), 20);
	/* Answers to what he asked are not held up by it. */
	expect_ok(update(x.tom.c, x.grant));
	expect_eq(client_events(x.rosa.c, FRAME_INTAKE), 1);
	apps_end();
}

/* Which of them are taken is not told: what comes into the intake says it. */
static size_t asked_times(struct asking *x, int times)
{
	size_t before = client_events(x->tom.c, FRAME_INTAKE);
	for (int i = 0; i < times; i++)
		expect_eq(peer_ask(&apps[DIAL], &apps[LENS], "requestConsent", apps[DIAL].domain,
				   entry_sent(x->request, AGE_ADULT, false), NULL),
			  201);
	return client_events(x->tom.c, FRAME_INTAKE) - before;
}

TEST(a_kill_gives_no_contact_requests_back)
{
	struct asking x = { 0 };
	uc_err err = UC_OK;
	int n = 0;
	asking_begin(&x, &apps[LENS], &apps[LENS]);
	for (; !err && n < 100; n++)
		err = request(x.rosa.c, x.request);
	expect_err(err, UC_E_RATE);
	expect_eq(n, 21);
	expect(x.rosa.c->answer.retry_after_s > 0 && x.rosa.c->answer.retry_after_s <= 61);
	expect_eq(client_events(x.tom.c, FRAME_INTAKE), 20);
	for (int keep = 0; keep < 2; keep++) {
		app_kill(&apps[LENS], keep != 0);
		app_start(&apps[LENS]);
		expect_ok(person_sign_in(&x.rosa));
		expect_err(request(x.rosa.c, x.request), UC_E_RATE);
	}
	/* One more when it was said. */
	test_now_ms += 61 * 1000;
	expect_ok(request(x.rosa.c, x.request));
	expect_err(request(x.rosa.c, x.request), UC_E_RATE);
	apps_end();
}

TEST(nor_of_being_asked)
{
	struct asking x = { 0 };
	asking_begin(&x, &apps[LENS], &apps[DIAL]);
	expect_eq(asked_times(&x, 25), 20);
	app_kill(&apps[DIAL], false);
	app_start(&apps[DIAL]);
	x.tom.phone.cursor = 1000; /* has all that came */
	expect_ok(person_sign_in(&x.tom));
	expect_eq(asked_times(&x, 3), 0);
	test_now_ms += 61 * 1000;
	expect_eq(asked_times(&x, 3), 1);
	apps_end();
}

TEST(letters_wait_for_an_app_that_is_down)
{
	struct asking x = { 0 };
	struct app *lens = &apps[LENS], *dial = &apps[DIAL];
	asking_begin(&x, lens, dial);
	dial->is_down = true;
	expect_ok(request(x.rosa.c, x.request));
	expect_ok(request(x.rosa.c, x.cancel));
	apps_wait(500);
	size_t asked = dial->asked;
	apps_wait(1000);
	expect(dial->asked > asked);
	/* The first again and again, not the second. */
	expect_bytes(dial->last_body, x.request);
	app_kill(lens, true);
	app_start(lens);
	dial->is_down = false;
	apps_wait(1000);
	expect_bytes(intake_take(x.tom.c, &x.tom.phone), x.request);
	expect(!client_event(x.tom.c, FRAME_INTAKE));
	expect_eq(stored_count(lens->accounts, x.target), 0);
	apps_end();
}

TEST(letters_to_nobody_are_let_go)
{
	struct asking x = { 0 };
	asking_begin(&x, &apps[LENS], &apps[DIAL]);
	struct view gone =
		entry_make(CONSENT_REQUEST, x.reply, VIEW_LIT("mimi://gone.example/q/abc"),
			   COMPONENT_CONTACT_CARD, CARD_BYTES);
	expect_ok(request(x.rosa.c, gone));
	expect_eq(stored_count(apps[LENS].accounts, VIEW_LIT("gone.example")), 0);
	/* To one that stays down: for thirty days. */
	apps[DIAL].is_down = true;
	expect_ok(request(x.rosa.c, x.request));
	for (int day = 0; day < 30; day++)
		apps_wait(DAY_MS);
	expect(stored_count(apps[LENS].accounts, x.target) == 1);
	apps_wait(DAY_MS);
	apps_wait(DAY_MS);
	expect_eq(stored_count(apps[LENS].accounts, x.target), 0);
	apps_end();
}

/* --- the intake --- */

static void ack(struct person *p, uint64_t seq)
{
	struct intake_ack a = { seq };
	client_tell(p->c, FRAME_INTAKE_ACK, intake_ack_element, &a);
}

static void put(struct person *p, int n)
{
	for (int i = 0; i < n; i++) {
		char text[16];
		snprintf(text, sizeof text, "item %d", i);
		expect_ok(intake_put(p->app->provider, VIEW_OF(p->account_id), INTAKE_CONSENT,
				     view_str(text), &apps_mem));
		apps_settle();
	}
}

TEST(the_intake_comes_in_a_window_and_waits)
{
	struct person p;
	apps_begin();
	person_join(&p, &apps[LENS], "rosa");
	put(&p, 100);
	expect_eq(client_events(p.c, FRAME_INTAKE), INTAKE_WINDOW);
	expect_bytes(intake_take(p.c, &p.phone), VIEW_LIT("item 0"));
	ack(&p, 10);
	expect_eq(client_events(p.c, FRAME_INTAKE), INTAKE_WINDOW - 1 + 10);
	ack(&p, 1000); /* never sent: no notice is taken */
	ack(&p, 5);
	expect_eq(client_events(p.c, FRAME_INTAKE), INTAKE_WINDOW - 1 + 10);
	/* Back after item 20 was kept and not acknowledged. */
	p.phone.cursor = 20;
	expect_ok(person_sign_in(&p));
	expect_eq(client_events(p.c, FRAME_INTAKE), INTAKE_WINDOW);
	expect_bytes(intake_take(p.c, &p.phone), VIEW_LIT("item 20"));
	expect_eq(p.phone.cursor, 21);
	ack(&p, 84);
	expect_eq(client_events(p.c, FRAME_INTAKE), 79);
	ack(&p, 100);
	/* A cursor from a later time than the store's. */
	p.phone.cursor = 5000;
	expect_ok(person_sign_in(&p));
	put(&p, 1);
	expect_bytes(intake_take(p.c, &p.phone), VIEW_LIT("item 0"));
	expect_eq(p.phone.cursor, 101);
	apps_end();
}

TEST(an_intake_keeps_for_thirty_days)
{
	struct person p;
	apps_begin();
	person_join(&p, &apps[LENS], "rosa");
	client_close(p.c);
	size_t records = stored_records(apps[LENS].accounts);
	put(&p, 5);
	apps_wait((uint64_t)29 * DAY_MS);
	put(&p, 1);
	expect_eq(stored_records(apps[LENS].accounts), records + 7); /* with the log's head */
	test_now_ms += DAY_MS + HOUR_MS;
	for (int i = 0; i < 10; i++) /* a round of the sweep takes some ticks */
		apps_wait(HOUR_MS / 10);
	expect_eq(stored_records(apps[LENS].accounts), records + 2);
	expect_ok(person_sign_in(&p));
	expect_eq(client_events(p.c, FRAME_INTAKE), 1);
	apps_end();
}
