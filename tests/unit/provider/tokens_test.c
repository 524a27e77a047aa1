/* SPDX-License-Identifier: Apache-2.0 */
/* First contact across apps, with tokens: each brings one letter, whatever is killed or put back
 * meanwhile, and whoever asks is told the same for all that are not good. */
#include "mimi/directory.h"
#include "tests/unit/heap_seen.h"
#include "tests/unit/provider/letters.h"

struct two {
	struct person rosa, tom; /* of Lens, of Dial */
	struct view target;
};

static struct view target_of(const struct person *p)
{
	struct view uri = { NULL, 0 };
	struct account_record account = { 0 };
	struct request_address r = { .channel = CHANNEL_LOOKUP,
				     .expires_ms = test_now_ms + (uint64_t)60 * DAY_MS };
	expect_ok(account_get(p->app->provider, VIEW_OF(p->account_id), &apps_mem, &account));
	r.era = account.era;
	memcpy(r.account_id, p->account_id, sizeof r.account_id);
	expect_ok(request_address_seal(test_env(), VIEW_OF(p->app->keys.address_key),
				       p->app->domain, &r, &apps_mem, &uri));
	return uri;
}

static void two_begin(struct two *x)
{
	apps_begin();
	person_join(&x->rosa, &apps[LENS], "rosa");
	person_join(&x->tom, &apps[DIAL], "+4915123456789");
	x->target = target_of(&x->tom);
}

static struct view letter(struct two *x)
{
	return entry_make(CONSENT_REQUEST, reply_make(&x->rosa), x->target, COMPONENT_CONTACT_CARD,
			  CARD_BYTES);
}

/* As Lens sends it on; the answer is always the same.  How many letters Tom has then, more than before. */
static size_t arrive(struct two *x, struct view entry)
{
	struct view answer = { NULL, 0 };
	size_t before = client_events(x->tom.c, FRAME_INTAKE);
	expect_eq(peer_ask(&apps[DIAL], &apps[LENS], "requestConsent", apps[DIAL].domain, entry,
			   &answer),
		  201);
	expect_eq(answer.n, 0);
	return client_events(x->tom.c, FRAME_INTAKE) - before;
}

static size_t arrives_with(struct two *x, const struct token *t)
{
	return arrive(x, entry_with(letter(x), &apps[DIAL], t));
}

static struct token good(void)
{
	return token_of(&apps[LENS], TOKEN_OTHER);
}

/* --- drawing --- */

static uc_err draw(struct person *p, const struct oprf_element *pub, const struct view *replies,
		   struct view target, size_t n, struct token *out, size_t *got)
{
	struct token_draw draws[TOKENS_AT_ONCE];
	struct token_wish wishes[TOKENS_AT_ONCE];
	struct token_issue_request q = { .wishes = { wishes, n } };
	struct token_issue_response r = { { NULL, 0 }, { NULL, 0 } };
	expect_ok(tokens_draw(test_env(), pub, p->app->domain, draws, n));
	memcpy(q.token_key_id, draws[0].token.token_key_id, sizeof q.token_key_id);
	for (size_t i = 0; i < n; i++) {
		wishes[i].reply_address = replies[i];
		wishes[i].target = target;
		memcpy(wishes[i].blinded, draws[i].blinded.b, sizeof wishes[i].blinded);
	}
	TRY(client_ask(p->c, FRAME_TOKEN_ISSUE, token_issue_request_element, &q,
		       token_issue_response_element, &r));
	*got = r.evaluated.n / OPRF_ELEMENT;
	if (!*got)
		return UC_OK;
	expect_eq(r.proof.n, OPRF_PROOF);
	struct oprf_element evaluated[TOKENS_AT_ONCE];
	memcpy(evaluated, r.evaluated.p, r.evaluated.n);
	return tokens_finish(pub, draws, evaluated, *got, r.proof.p, out);
}

/* The keys as everybody reads them. */
static struct token_keys published(struct app *a)
{
	struct view body = { NULL, 0 };
	struct directory d;
	struct token_keys k = { 0 };
	expect_eq(peer_get(a, "/.well-known/mimi-protocol-directory", &body), 200);
	expect_ok(directory_read(body, &apps_mem, &d));
	expect_ok(token_keys_read(d.token_keys, &k));
	return k;
}

static void strict(bool new_ask)
{
	for (int i = 0; i < APPS; i++)
		provider_set_contact(apps[i].provider,
				     &(struct provider_contact){ true, new_ask, 20, 0 });
}

TEST(a_drawn_token_brings_one_letter)
{
	struct two x;
	struct token t = { 0 };
	struct view reply;
	size_t n = 0;
	two_begin(&x);
	struct token_keys k = published(&apps[LENS]);
	reply = reply_make(&x.rosa);
	expect_ok(draw(&x.rosa, &k.pub[TOKEN_WEEK_NOW][TOKEN_OTHER], &reply, x.target, 1, &t, &n));
	expect_eq(n, 1);
	struct view plain =
		entry_make(CONSENT_REQUEST, reply, x.target, COMPONENT_CONTACT_CARD, CARD_BYTES);
	struct view sent = entry_with(plain, &apps[DIAL], &t);
	expect_ok(request(x.rosa.c, sent));
	/* His devices get the letter and not the token; her app has not seen it on its way. */
	expect_bytes(intake_take(x.tom.c, &x.tom.phone), plain);
	expect_eq(stored_count(apps[LENS].accounts, VIEW_OF(t.nonce)), 0);
	/* A changed program sends it again, the same and with other words: nothing comes. */
	expect_ok(request(x.rosa.c, sent));
	expect_ok(request(x.rosa.c, entry_with(letter(&x), &apps[DIAL], &t)));
	expect(!client_event(x.tom.c, FRAME_INTAKE));
	/* Within one app there are none. */
	struct view own = entry_make(CONSENT_REQUEST, reply, target_of(&x.rosa),
				     COMPONENT_CONTACT_CARD, CARD_BYTES);
	expect_err(request(x.rosa.c, entry_with(own, &apps[LENS], &t)), UC_E_ARGUMENT);
	apps_end();
}

TEST(who_is_new_or_young_draws_as_such)
{
	struct two x;
	struct token t = { 0 };
	struct view reply;
	size_t n = 5;
	two_begin(&x);
	strict(false);
	struct token_keys k = published(&apps[LENS]);
	const struct oprf_element *keys = k.pub[TOKEN_WEEK_NOW];
	reply = reply_make(&x.rosa);
	expect_ok(draw(&x.rosa, &keys[TOKEN_OTHER], &reply, x.target, 1, &t, &n));
	expect_eq(n, 0);
	/* Without one she is somebody of whom nothing is known. */
	expect_ok(request(x.rosa.c, letter(&x)));
	expect(!client_event(x.tom.c, FRAME_INTAKE));
	test_now_ms += (uint64_t)2 * DAY_MS;
	expect_ok(person_sign_in(&x.rosa));
	expect_ok(person_sign_in(&x.tom));
	struct settings s = settings_said(&x.rosa, 1, AGE_TEEN_B);
	expect_ok(settings_put(&x.rosa, &s));
	reply = reply_make(&x.rosa);
	/* That she says so is not enough: it would open minors elsewhere to whoever says it. */
	expect_err(draw(&x.rosa, &keys[TOKEN_MINOR], &reply, x.target, 1, &t, &n), UC_E_KEY);
	expect_ok(provider_check_age(apps[LENS].provider, VIEW_OF(x.rosa.account_id),
				     1 + AGE_TEEN_B));
	expect_ok(person_sign_in(&x.rosa));
	reply = reply_make(&x.rosa);
	expect_err(draw(&x.rosa, &keys[TOKEN_OTHER], &reply, x.target, 1, &t, &n), UC_E_KEY);
	expect_ok(draw(&x.rosa, &keys[TOKEN_MINOR], &reply, x.target, 1, &t, &n));
	expect_eq(n, 1);
	/* Of 13 to 15, only minors are answered, and by a link. */
	struct settings young = settings_said(&x.tom, 1, AGE_TEEN_A);
	expect_ok(settings_put(&x.tom, &young));
	struct view uri = { NULL, 0 };
	struct request_address r = { .channel = CHANNEL_LINK, .expires_ms = test_now_ms + DAY_MS };
	memcpy(r.account_id, x.tom.account_id, sizeof r.account_id);
	expect_ok(request_address_seal(test_env(), VIEW_OF(apps[DIAL].keys.address_key),
				       apps[DIAL].domain, &r, &apps_mem, &uri));
	x.target = uri;
	expect_eq(arrive(&x, letter(&x)), 0);
	struct token other = good();
	expect_eq(arrives_with(&x, &other), 0);
	expect_eq(arrives_with(&x, &t), 1);
	apps_end();
}

/* --- what is counted --- */

static size_t draws_left(struct person *p, struct view target)
{
	struct token_keys k = published(p->app);
	struct token t[TOKENS_AT_ONCE];
	struct view replies[TOKENS_AT_ONCE];
	size_t n = 0, all = 0;
	for (size_t i = 0; i < TOKENS_AT_ONCE; i++)
		replies[i] = reply_make(p);
	while (all < 100 && !draw(p, &k.pub[TOKEN_WEEK_NOW][TOKEN_OTHER], replies, target,
				  TOKENS_AT_ONCE, t, &n))
		all += n;
	return all;
}

TEST(a_token_is_counted_as_a_letter_and_given_back_once)
{
	struct two x;
	struct token t[2];
	struct view replies[2];
	size_t n = 0;
	two_begin(&x);
	strict(true);
	struct token_keys k = published(&apps[LENS]);
	const struct oprf_element *pub = &k.pub[TOKEN_WEEK_NOW][TOKEN_OTHER];
	replies[0] = reply_make(&x.rosa);
	replies[1] = reply_make(&x.rosa);
	expect_ok(draw(&x.rosa, pub, replies, x.target, 2, t, &n));
	expect_eq(n, 2);
	struct view e = entry_make(CONSENT_REQUEST, replies[0], x.target, COMPONENT_CONTACT_CARD,
				   CARD_BYTES);
	expect_ok(request(x.rosa.c, entry_with(e, &apps[DIAL], &t[0])));
	/* Five in the first week: three are left, and sending it has cost nothing. */
	expect_eq(draws_left(&x.rosa, x.target), 3);
	/* Without a drawn one for this very letter, a letter costs what it does. */
	expect_err(request(x.rosa.c, entry_with(e, &apps[DIAL], &t[1])), UC_E_RATE);
	expect_err(request(x.rosa.c, letter(&x)), UC_E_RATE);
	/* Only who was asked gives it back, and once. */
	struct person eve;
	person_join(&eve, &apps[DIAL], "+4915123456780");
	struct view theirs = entry_make(CONSENT_GRANT, replies[0], target_of(&eve),
					COMPONENT_CONTACT_ANSWER, 4096);
	expect_ok(update(eve.c, theirs));
	expect_eq(draws_left(&x.rosa, x.target), 0);
	struct view grant =
		entry_make(CONSENT_GRANT, replies[0], x.target, COMPONENT_CONTACT_ANSWER, 4096);
	for (int i = 0; i < 3; i++)
		expect_ok(update(x.tom.c, grant));
	expect_eq(draws_left(&x.rosa, x.target), 1);
	apps_end();
}

TEST(what_makes_no_sense_is_not_drawn)
{
	struct two x;
	struct token t[TOKENS_AT_ONCE];
	struct view reply;
	size_t n = 0;
	two_begin(&x);
	strict(true);
	struct token_keys k = published(&apps[LENS]);
	struct oprf_element *pub = &k.pub[TOKEN_WEEK_NOW][TOKEN_OTHER];
	struct view foreign = target_of(&x.rosa);
	expect_err(draw(&x.rosa, pub, &foreign, x.target, 1, t, &n), UC_E_ADDRESS);
	reply = reply_make(&x.rosa);
	k.pub[0][0] = published(&apps[DIAL]).pub[TOKEN_WEEK_NOW][TOKEN_OTHER];
	expect_err(draw(&x.rosa, &k.pub[0][0], &reply, x.target, 1, t, &n), UC_E_KEY);
	struct token_issue_request q = { .wishes = { NULL, 0 } };
	struct token_wish wishes[TOKENS_AT_ONCE + 1] = { { reply, x.target, { 0 } } };
	expect_ok(token_key_id(pub, q.token_key_id));
	for (size_t i = 1; i <= TOKENS_AT_ONCE; i++)
		wishes[i] = wishes[0];
	static const struct {
		size_t n;
		uc_err err;
	} bad[] = { { 0, UC_E_ARGUMENT },
		    { 1, UC_E_MALFORMED }, /* no element */
		    { TOKENS_AT_ONCE + 1, UC_E_ARGUMENT } };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		q.wishes = (struct token_wish_list){ wishes, bad[i].n };
		expect_err(client_ask(x.rosa.c, FRAME_TOKEN_ISSUE, token_issue_request_element, &q,
				      NULL, NULL),
			   bad[i].err);
	}
	/* None of that was counted. */
	expect_eq(draws_left(&x.rosa, x.target), 5);
	apps_end();
}

/* --- what is not good --- */

TEST(tokens_that_are_not_good_bring_nothing_and_nobody_is_told)
{
	struct two x;
	two_begin(&x);
	struct token t = good(), foreign = token_of(&apps[PLAZA], TOKEN_OTHER), bad;
	/* Another app's, also under this one's name. */
	expect_eq(arrives_with(&x, &foreign), 0);
	bad = foreign;
	memcpy(bad.challenge_digest, t.challenge_digest, sizeof bad.challenge_digest);
	expect_eq(arrives_with(&x, &bad), 0);
	/* Made up; and of the class that it is not of. */
	bad = t;
	bad.authenticator[0] ^= 1;
	expect_eq(arrives_with(&x, &bad), 0);
	bad = t;
	memcpy(bad.token_key_id, token_of(&apps[LENS], TOKEN_MINOR).token_key_id, TOKEN_KEY_ID);
	expect_eq(arrives_with(&x, &bad), 0);
	/* Sealed to somebody else, put on another letter, and noise. */
	struct view one = letter(&x), sent = entry_with(one, &apps[DIAL], &t);
	expect_eq(arrive(&x, entry_with(one, &apps[PLAZA], &t)), 0);
	struct consent_entry e, of;
	expect_ok(wire_decode(letter(&x), &apps_mem, consent_entry_element, &e));
	expect_ok(wire_decode(sent, &apps_mem, consent_entry_element, &of));
	e.consent_extensions = of.consent_extensions;
	struct view moved = { NULL, 0 };
	expect_ok(wire_encode_to(&apps_mem, consent_entry_element, &e, &moved));
	expect_eq(arrive(&x, moved), 0);
	/* None of that has spent it. */
	expect_eq(arrive(&x, sent), 1);
	expect_eq(arrive(&x, sent), 0);
	/* What has not the form is no letter. */
	of.consent_extensions.component_data.v[1].data.n--;
	expect_ok(wire_encode_to(&apps_mem, consent_entry_element, &of, &moved));
	expect_eq(peer_ask(&apps[DIAL], &apps[LENS], "requestConsent", apps[DIAL].domain, moved,
			   NULL),
		  400);
	apps_end();
}

static void rotate(struct app *a)
{
	expect_ok(provider_keys_rotate(&a->keys, test_env()));
	expect_ok(provider_keys_rotated(a->provider));
}

/* Whoever has the document of before goes on with it, until the weeks in it are over. */
TEST(a_rotation_leaves_published_keys_alone)
{
	struct two x;
	two_begin(&x);
	const uint64_t week = (uint64_t)TOKEN_WEEK_DAYS * DAY_MS;
	struct token before = good(), last = good();
	expect_eq(arrives_with(&x, &last), 1);
	struct token_keys first = published(&apps[LENS]);
	rotate(&apps[LENS]);
	struct token_keys same = published(&apps[LENS]);
	expect_bytes(VIEW_OF(same.pub), VIEW_OF(first.pub));
	expect_eq(arrives_with(&x, &before), 1);
	apps_wait(week);
	struct token_keys next = published(&apps[LENS]);
	expect_eq(next.week, first.week + 1);
	expect_bytes(VIEW_OF(next.pub[TOKEN_WEEK_NOW]), VIEW_OF(first.pub[2]));
	/* Another key than the one before would have made. */
	apps[LENS].keys.before.is_there = false;
	apps[LENS].keys.before.rotated_ms = 0;
	expect_ok(provider_keys_rotated(apps[LENS].provider));
	struct token_keys other = published(&apps[LENS]);
	expect(!view_equal(VIEW_OF(other.pub[TOKEN_WEEK_NOW]), VIEW_OF(next.pub[TOKEN_WEEK_NOW])));
	expect_bytes(VIEW_OF(other.pub[2]), VIEW_OF(next.pub[2]));
	apps_end();
}

TEST(a_key_of_ones_own_is_not_asked_about)
{
	struct two x;
	two_begin(&x);
	struct token before = good();
	expect_eq(arrives_with(&x, &before), 1);
	/* Dial has the document of a while ago; the keys after a second rotation are not in it. */
	rotate(&apps[LENS]);
	rotate(&apps[LENS]);
	struct token tagged = good();
	size_t asked = apps[LENS].asked;
	expect_eq(arrives_with(&x, &tagged), 0);
	expect_eq(apps[LENS].asked, asked);
	/* A minute later the document is read anew for them; once they are in it, they count. */
	test_now_ms += (uint64_t)60 * 1000;
	tagged = good();
	expect_eq(arrives_with(&x, &tagged), 1);
	expect_eq(apps[LENS].asked, asked + 2);
	/* For one that is in none it is asked once a minute. */
	rotate(&apps[LENS]);
	struct token alone = good();
	alone.token_key_id[0] ^= 1;
	asked = apps[LENS].asked;
	for (int i = 0; i < 3; i++)
		expect_eq(arrives_with(&x, &alone), 0);
	expect_eq(apps[LENS].asked, asked);
	test_now_ms += (uint64_t)60 * 1000;
	for (int i = 0; i < 3; i++)
		expect_eq(arrives_with(&x, &alone), 0);
	expect_eq(apps[LENS].asked, asked + 1);
	apps_end();
}

TEST(a_key_is_good_until_the_end_of_the_next_week)
{
	struct two x;
	two_begin(&x);
	uint64_t week = (uint64_t)TOKEN_WEEK_DAYS * DAY_MS;
	test_now_ms += week - test_now_ms % week;
	apps_wait(1000);
	struct token_keys first = published(&apps[LENS]);
	struct token t[3] = { good(), good(), good() };
	expect_eq(arrives_with(&x, &t[0]), 1);
	apps_wait(2 * week - 60000);
	expect_ok(person_sign_in(&x.rosa));
	expect_ok(person_sign_in(&x.tom));
	struct token_keys second = published(&apps[LENS]);
	expect_eq(second.week, first.week + 1);
	expect_bytes(VIEW_OF(second.pub[0]), VIEW_OF(first.pub[TOKEN_WEEK_NOW]));
	expect_bytes(VIEW_OF(second.pub[TOKEN_WEEK_NOW]), VIEW_OF(first.pub[2]));
	x.target = target_of(&x.tom);
	expect_eq(arrives_with(&x, &t[1]), 1);
	expect_eq(arrives_with(&x, &t[0]), 0);
	apps_wait(120000);
	expect_eq(arrives_with(&x, &t[2]), 0);
	/* What was spent is forgotten a week later, and then by all. */
	for (int i = 0; i < 40; i++)
		apps_wait(DAY_MS);
	struct store_scan scan;
	struct view key, value;
	uint8_t tag = TABLE_TOKEN;
	expect_ok(store_scan_init(&scan, apps[LENS].accounts, view_make(&tag, 1),
				  (struct view){ NULL, 0 }, 0));
	expect(!store_scan_next(&scan, &key, &value));
	store_scan_done(&scan);
	apps_end();
}

/* --- what is killed and put back --- */

TEST(a_letter_whose_answer_was_lost_comes_once)
{
	struct two x;
	two_begin(&x);
	struct app *lens = &apps[LENS], *dial = &apps[DIAL];
	struct token t = good();
	struct view sent = entry_with(letter(&x), dial, &t);
	/* It was redeemed, and Dial did not hear of it. */
	lens->loses_answers = true;
	expect_eq(peer_ask(dial, lens, "requestConsent", dial->domain, sent, NULL), 503);
	lens->loses_answers = false;
	expect_eq(arrive(&x, sent), 1);
	expect_eq(arrive(&x, sent), 0);
	/* It cannot be redeemed now: later. */
	t = good();
	sent = entry_with(letter(&x), dial, &t);
	lens->is_down = true;
	expect_eq(peer_ask(dial, lens, "requestConsent", dial->domain, sent, NULL), 503);
	lens->is_down = false;
	expect_eq(arrive(&x, sent), 1);
	apps_end();
}

TEST(whoever_is_killed_when_a_token_brings_one_letter)
{
	unsigned struck_n = 0;
	/* Each app is struck at each of its points, and loses what was not synced or keeps it. */
	for (unsigned i = 0; i < 64; i++) {
		struct two x;
		two_begin(&x);
		struct app *struck = &apps[i & 1 ? LENS : DIAL];
		kills_keep = i & 2;
		struct token t = good();
		struct view sent = entry_with(letter(&x), &apps[DIAL], &t);
		struck->strike_in = 1 + i / 4;
		uc_err err = request(x.rosa.c, sent);
		if (!struck->provider) {
			struck_n++;
			app_start(struck);
		}
		struck->strike_in = 0;
		x.tom.phone.cursor = 0;
		expect_ok(person_sign_in(&x.tom));
		expect_ok(person_sign_in(&x.rosa));
		/* Her program sends it again if it was not told, Lens until it has heard. */
		if (err)
			expect_ok(request(x.rosa.c, sent));
		for (int wait = 0; wait < 20; wait++)
			apps_wait(5000);
		expect_eq(client_events(x.tom.c, FRAME_INTAKE), 1);
		expect_eq(arrive(&x, sent), 0);
		expect_eq(arrives_with(&x, &t), 0);
		kills_keep = false;
		apps_end();
	}
	expect(struck_n > 16);
}

TEST(a_copy_of_the_day_before_brings_none_back)
{
	for (int which = 0; which < 2; which++) {
		struct two x;
		two_begin(&x);
		struct app *a = &apps[which ? LENS : DIAL];
		struct copy yesterday = copy_make(a);
		struct token t = good(), unspent = good();
		struct view sent = entry_with(letter(&x), &apps[DIAL], &t);
		expect_eq(arrive(&x, sent), 1);
		copy_put_back(a, &yesterday);
		expect_ok(provider_renew(a->provider));
		apps_settle();
		expect_ok(person_sign_in(&x.rosa));
		x.tom.phone.cursor = 100;
		expect_ok(person_sign_in(&x.tom));
		x.target = target_of(&x.tom);
		expect_eq(arrive(&x, sent), 0);
		expect_eq(arrives_with(&x, &t), 0);
		/* The issuer's of before are void altogether; new ones are good. */
		test_now_ms += HOUR_MS;
		expect_eq(arrives_with(&x, &unspent), !which);
		struct token fresh = good();
		expect_eq(arrives_with(&x, &fresh), 1);
		apps_end();
	}
}

/* Whoever reads memory that was given back finds none that could still be used. */
TEST(a_token_that_waits_is_left_nowhere)
{
	struct two x;
	two_begin(&x);
	struct app *lens = &apps[LENS], *dial = &apps[DIAL];
	struct token first = good(), t = good();
	expect_eq(arrives_with(&x, &first), 1);
	struct view sent = entry_with(letter(&x), dial, &t);
	lens->is_silent = true;
	size_t asked = lens->asked;
	heap_look_for(VIEW_OF(t.nonce));
	expect_eq(peer_ask(dial, lens, "requestConsent", dial->domain, sent, NULL), 0);
	expect_eq(lens->asked, asked + 1);
	/* Nobody answers; it is good the next time. */
	lens->is_silent = false;
	apps_wait(2 * (uint64_t)ASK_TIMEOUT_MS);
	expect_eq(dial->last_status, 503);
	expect_eq(heap_seen(), 0);
	heap_look_for((struct view){ NULL, 0 });
	expect_eq(arrive(&x, sent), 1);
	apps_end();
}

/* --- many at once --- */

TEST(only_the_issuer_says_what_is_good_and_only_once)
{
	struct two x;
	two_begin(&x);
	struct redemption v[REDEEM_AT_ONCE];
	struct redeem_request q = { { v, 5 } };
	struct redeem_response r = { { NULL, 0 } };
	struct view body, answer = { NULL, 0 };
	for (size_t i = 0; i < 5; i++) {
		v[i].token = i == 3 ? token_of(&apps[PLAZA], TOKEN_OTHER) : good();
		memset(v[i].use, (int)i, REDEEM_USE);
	}
	v[4] = v[0];
	v[4].use[0] ^= 1;
	expect_ok(wire_encode_to(&apps_mem, redeem_request_element, &q, &body));
	for (int again = 0; again < 2; again++) {
		expect_eq(peer_ask(&apps[LENS], &apps[DIAL], "redeemTokens", apps[LENS].domain,
				   body, &answer),
			  200);
		expect_ok(wire_decode(answer, &apps_mem, redeem_response_element, &r));
		expect_bytes(r.results, VIEW_LIT("\1\1\1\0\0"));
	}
	/* The same use, by another app, is another. */
	expect_eq(peer_ask(&apps[LENS], &apps[PLAZA], "redeemTokens", apps[LENS].domain, body,
			   &answer),
		  200);
	expect_ok(wire_decode(answer, &apps_mem, redeem_response_element, &r));
	expect_bytes(r.results, VIEW_LIT("\0\0\0\0\0"));
	expect_eq(peer_ask(&apps[LENS], &apps[DIAL], "redeemTokens", apps[LENS].domain,
			   VIEW_LIT("\0"), &answer),
		  400);
	apps_end();
}

TEST(an_app_that_never_says_what_is_good_keeps_no_other_out)
{
	struct two x;
	struct person eve;
	struct app *lens = &apps[LENS], *dial = &apps[DIAL], *plaza = &apps[PLAZA];
	struct token t;
	int waiting = 0, refused = 0;
	two_begin(&x);
	person_join(&eve, plaza, "Rosa@Example.org");
	t = good();
	struct view sent = entry_with(letter(&x), dial, &t);
	lens->is_silent = true;
	for (int i = 0; i < 100; i++) {
		int status = peer_ask(dial, lens, "requestConsent", dial->domain, sent, NULL);
		expect(!status || status == 503);
		waiting += !status;
		refused += status == 503;
	}
	expect_eq(waiting, 2 * REDEEM_AT_ONCE);
	expect_eq(refused, 100 - 2 * REDEEM_AT_ONCE);
	struct token other = token_of(plaza, TOKEN_OTHER);
	struct view hers = entry_make(CONSENT_REQUEST, reply_make(&eve), x.target,
				      COMPONENT_CONTACT_CARD, CARD_BYTES);
	expect_eq(peer_ask(dial, plaza, "requestConsent", dial->domain,
			   entry_with(hers, dial, &other), NULL),
		  201);
	expect_eq(client_events(x.tom.c, FRAME_INTAKE), 1);
	/* Those that wait are told to come again, and do. */
	lens->is_silent = false;
	dial->last_status = 0;
	apps_wait(2 * (uint64_t)ASK_TIMEOUT_MS);
	expect_eq(dial->last_status, 503);
	test_now_ms += HOUR_MS;
	expect_eq(arrive(&x, sent), 1);
	apps_end();
}

/* As many as go at once, of which none is good. */
static int redeem_most(void)
{
	struct redemption v[REDEEM_AT_ONCE] = { 0 };
	struct redeem_request q = { { v, REDEEM_AT_ONCE } };
	struct view body;
	for (size_t i = 0; i < REDEEM_AT_ONCE; i++)
		v[i].token.token_type = TOKEN_TYPE;
	expect_ok(wire_encode_to(&apps_mem, redeem_request_element, &q, &body));
	return peer_ask(&apps[LENS], &apps[DIAL], "redeemTokens", apps[LENS].domain, body, NULL);
}

TEST(an_app_has_only_so_many_redeemed)
{
	struct two x;
	int n = 0;
	two_begin(&x);
	while (n < 50 && redeem_most() == 200)
		n++;
	expect_eq(n, 6);
	apps_end();
}

/* Of 200, 8 are left after six; the other 24 take as many seconds, however often it is tried. */
TEST(what_is_refused_for_now_costs_nothing)
{
	struct two x;
	two_begin(&x);
	for (int i = 0; i < 6; i++)
		expect_eq(redeem_most(), 200);
	expect_eq(redeem_most(), 429);
	expect_eq(apps[LENS].last_retry_after_s, 25);
	for (int i = 0; i < 4; i++) {
		expect_eq(redeem_most(), 429);
		test_now_ms += 6000;
	}
	expect_eq(redeem_most(), 200);
	expect_eq(redeem_most(), 429);
	apps_end();
}
