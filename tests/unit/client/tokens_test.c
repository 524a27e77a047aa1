/* SPDX-License-Identifier: Apache-2.0 */
/* A letter to another app carries a token of one's own app, by a key that stands in its document. */
#include "mimi/uri.h"
#include "tests/unit/client/letter_world.h"

/* Is there a good one of that class in the letter? */
static bool has_token(struct view bytes, enum token_class what)
{
	struct arena a;
	struct consent_entry e;
	struct view plain, sealed;
	struct token t;
	arena_init(&a, 1 << 20, ARENA_PLAIN);
	expect_ok(wire_decode(bytes, &a, consent_entry_element, &e));
	bool has = contact_token_has(&e);
	if (has) {
		expect_ok(contact_token_take(&e, &a, &plain, &sealed));
		expect_ok(contact_token_open(&w.theirs, plain, sealed, &a, &t));
		expect_ok(token_verify(&w.keys[what], VIEW_LIT("lens.example"), &t));
	}
	arena_done(&a);
	return has;
}

TEST(a_letter_to_another_app_has_a_token)
{
	letters_begin(HONEST);
	letters_ask("dial.example");
	letters_ask("dial.example");
	expect_ok(person_talk(&w.p));
	expect_eq(w.letters, 2);
	expect(has_token(w.letter[0], TOKEN_OTHER));
	expect(has_token(w.letter[1], TOKEN_OTHER));
	expect_ok(w.p.done_err);
	/* Within one's own app it has none. */
	unsigned draws = w.draws;
	letters_ask("lens.example");
	expect_ok(person_talk(&w.p));
	expect_ok(w.p.done_err);
	expect_eq(w.letters, 3);
	expect(!has_token(w.letter[2], TOKEN_OTHER));
	expect_eq(w.draws, draws);
	letters_end();
}

static bool is_to(struct view bytes, struct view domain)
{
	struct arena a;
	struct consent_entry e;
	struct view of = { NULL, 0 };
	arena_init(&a, 1 << 20, ARENA_PLAIN);
	expect_ok(wire_decode(bytes, &a, consent_entry_element, &e));
	expect_ok(uri_domain_of(e.target_uri, &of));
	bool is = view_equal(of, domain);
	arena_done(&a);
	return is;
}

TEST(an_app_that_knows_no_tokens_gets_none_with_those_of_others)
{
	static const char *const apps[2][2] = { { "dial.example", "plaza.example" },
						{ "plaza.example", "dial.example" } };
	for (size_t i = 0; i < 2; i++) {
		unsigned plain = 0;
		letters_begin(HONEST);
		letters_ask(apps[i][0]);
		letters_ask(apps[i][1]);
		expect_ok(person_talk(&w.p));
		expect_eq(w.letters, 2);
		for (unsigned k = 0; k < w.letters; k++) {
			bool is_old = is_to(w.letter[k], VIEW_LIT("plaza.example"));
			plain += is_old;
			expect_eq(has_token(w.letter[k], TOKEN_OTHER), !is_old);
		}
		expect_eq(plain, 1);
		letters_end();
	}
}

TEST(a_minor_draws_with_the_other_key)
{
	letters_begin(MINOR);
	letters_ask("dial.example");
	expect_ok(person_talk(&w.p));
	expect_eq(w.letters, 1);
	expect(has_token(w.letter[0], TOKEN_MINOR));
	expect_eq(w.draws, 2);
	/* It knows now. */
	letters_ask("dial.example");
	expect_ok(person_talk(&w.p));
	expect_eq(w.letters, 2);
	expect_eq(w.draws, 3);
	letters_end();
}

TEST(a_key_that_is_not_published_is_an_alarm)
{
	static const enum lie lies[] = { OTHER_KEY, WRONG_PROOF };
	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		letters_begin(lies[i]);
		uc_op op = letters_ask("dial.example");
		expect_ok(person_talk(&w.p));
		expect_eq(w.letters, 0);
		expect_err(w.p.warning, UC_E_SIGNATURE);
		expect_eq(w.p.done_op, op);
		expect_err(w.p.done_err, UC_E_SIGNATURE);
		letters_end();
	}
}

TEST(who_is_given_none_asks_without)
{
	letters_begin(NONE_YET);
	letters_ask("dial.example");
	expect_ok(person_talk(&w.p));
	expect_eq(w.letters, 1);
	expect(!has_token(w.letter[0], TOKEN_OTHER));
	expect_ok(w.p.warning);
	letters_end();
}

TEST(who_is_given_fewer_draws_again)
{
	letters_begin(ONE_ONLY);
	letters_ask("dial.example");
	letters_ask("dial.example");
	expect_ok(person_talk(&w.p));
	expect_eq(w.letters, 2);
	expect(has_token(w.letter[1], TOKEN_OTHER));
	letters_end();
}

TEST(nothing_is_asked_while_no_key_fits)
{
	letters_begin(HONEST);
	struct oprf_key other;
	expect_ok(oprf_key_generate(test_env(), &other));
	w.keys[TOKEN_OTHER] = other; /* not the one that is published */
	letters_ask("dial.example");
	expect_ok(person_talk(&w.p));
	expect_eq(w.letters, 0);
	expect_eq(w.draws, 2);
	/* A document of now has it. */
	w.published.pub[TOKEN_WEEK_NOW][TOKEN_OTHER] = other.pub;
	test_now_ms += 60 * 1000;
	expect_ok(uc_client_step(w.p.c));
	expect_ok(person_talk(&w.p));
	test_now_ms += 60 * 1000;
	expect_ok(uc_client_step(w.p.c));
	expect_ok(person_talk(&w.p));
	expect_eq(w.letters, 1);
	letters_end();
}
