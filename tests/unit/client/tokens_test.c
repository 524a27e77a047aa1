/* SPDX-License-Identifier: Apache-2.0 */
/* A letter to another app carries a token of one's own app, by a key that stands in its document. */
#include "mimi/card.h"
#include "mimi/contact_token.h"
#include "mimi/directory.h"
#include "mimi/lookup.h"
#include "mimi/uri.h"
#include "tests/unit/client/small_app.h"

enum lie { HONEST, OTHER_KEY, WRONG_PROOF, NONE_YET, ONE_ONLY, MINOR };
struct world {
	struct small_app app;
	struct person p;
	struct oprf_key keys[TOKEN_CLASSES];
	struct token_keys published;
	struct kem_key theirs; /* of the other app */
	enum lie lie;
	unsigned draws, replies, letters;
	struct view letter[4];
	struct arena kept;
};
static struct world w;

static uc_err yes(void *ctx, const char *domain, const uint8_t *document, size_t document_n,
		  const uint8_t *certificate, size_t certificate_n, const uint8_t *signature,
		  size_t signature_n)
{
	(void)ctx, (void)domain, (void)document, (void)document_n;
	(void)certificate, (void)certificate_n, (void)signature, (void)signature_n;
	return UC_OK;
}

static uc_err directory(const struct frame *in, struct arena *mem, struct buf *out)
{
	struct directory_request q;
	uint8_t tokens[TOKEN_KEYS_BYTES];
	struct buf json;
	TRY(wire_decode(in->body, mem, directory_request_element, &q));
	token_keys_write(&w.published, tokens);
	struct directory d = { .domain = q.domain,
			       .base_url = VIEW_LIT("https://lens.example"),
			       .lookup_key = kem_public(&w.theirs),
			       .hub_key = kem_public(&w.theirs),
			       .franking_key = kem_public(&w.theirs),
			       .token_keys = VIEW_OF(tokens) };
	/* One of before there were tokens. */
	if (view_equal(q.domain, VIEW_LIT("plaza.example")))
		d.token_keys.n = 0;
	buf_init(&json, 65536);
	directory_write(&json, &d);
	struct directory_response r = { .document = buf_view(&json) };
	uc_err err = frame_add_response(out, in->type, in->id, directory_response_element, &r);
	buf_done(&json);
	return err;
}

static uc_err lookup(const struct frame *in, struct arena *mem, struct buf *out)
{
	struct lookup_request q;
	struct lookup_query query;
	struct lookup_answer a = { .version = 1,
				   .found = true,
				   .request_address = VIEW_LIT("mimi://dial.example/q/tom"),
				   .request_key = kem_public(&w.theirs) };
	struct lookup_response r;
	TRY(wire_decode(in->body, mem, lookup_request_element, &q));
	if (view_equal(q.domain, VIEW_LIT("lens.example")))
		a.request_address = VIEW_LIT("mimi://lens.example/q/tom");
	if (view_equal(q.domain, VIEW_LIT("plaza.example")))
		a.request_address = VIEW_LIT("mimi://plaza.example/q/tom");
	TRY(lookup_query_open(&w.theirs, q.domain, q.sealed_query, mem, &query));
	TRY(lookup_answer_seal(test_env(), query.answer_key, q.domain, &a, mem, &r.sealed_answer));
	return frame_add_response(out, in->type, in->id, lookup_response_element, &r);
}

static uc_err address(const struct frame *in, struct buf *out)
{
	char text[64];
	snprintf(text, sizeof text, "mimi://lens.example/q/reply%u", w.replies++);
	struct view reply = view_str(text);
	struct address_make_response r = { { &reply, 1 } };
	return frame_add_response(out, in->type, in->id, address_make_response_element, &r);
}

static uc_err issue(const struct frame *in, struct arena *mem, struct buf *out)
{
	struct token_issue_request q;
	struct oprf_element blinded[TOKENS_AT_ONCE], evaluated[TOKENS_AT_ONCE];
	uint8_t proof[OPRF_PROOF], id[TOKEN_KEY_ID];
	struct oprf_key other = { 0 };
	const struct oprf_key *key = &w.keys[w.lie == MINOR ? TOKEN_MINOR : TOKEN_OTHER];
	TRY(wire_decode(in->body, mem, token_issue_request_element, &q));
	w.draws++;
	TRY(token_key_id(&key->pub, id));
	if (!view_equal(VIEW_OF(id), VIEW_OF(q.token_key_id)))
		return UC_E_KEY;
	size_t n = w.lie == ONE_ONLY ? 1 : q.wishes.n;
	for (size_t i = 0; i < n; i++)
		memcpy(blinded[i].b, q.wishes.v[i].blinded, OPRF_ELEMENT);
	TRY(oprf_key_generate(test_env(), &other));
	TRY(tokens_issue(w.lie == OTHER_KEY ? &other : key, test_env(), blinded, n, evaluated,
			 proof));
	proof[3] ^= w.lie == WRONG_PROOF;
	struct token_issue_response r = { view_make(evaluated, n * OPRF_ELEMENT), VIEW_OF(proof) };
	if (w.lie == NONE_YET)
		r = (struct token_issue_response){ { NULL, 0 }, { NULL, 0 } };
	return frame_add_response(out, in->type, in->id, token_issue_response_element, &r);
}

static uc_err letter(const struct frame *in, struct arena *mem, struct buf *out)
{
	static const struct empty none;
	struct consent_request_request q;
	TRY(wire_decode(in->body, mem, consent_request_request_element, &q));
	if (w.letters < 4)
		TRY(arena_copy(&w.kept, q.consent_entry, &w.letter[w.letters++]));
	return frame_add_response(out, in->type, in->id, empty_element, &none);
}

static uc_err more(struct small_app *a, const struct frame *in, struct arena *mem, struct buf *out)
{
	(void)a;
	switch (in->type) {
	case FRAME_DIRECTORY:
		return directory(in, mem, out);
	case FRAME_LOOKUP:
		return lookup(in, mem, out);
	case FRAME_ADDRESS_MAKE:
		return address(in, out);
	case FRAME_TOKEN_ISSUE:
		return issue(in, mem, out);
	case FRAME_CONSENT_REQUEST:
		return letter(in, mem, out);
	default:
		return UC_E_UNSUPPORTED;
	}
}

static void begin(enum lie lie)
{
	uc_op op;
	w = (struct world){ .lie = lie };
	arena_init(&w.kept, 1 << 20, ARENA_PLAIN);
	expect_ok(kem_key_generate(suite_find(SUITE_X25519_AES128), test_env(), &w.theirs));
	for (int i = 0; i < TOKEN_CLASSES; i++) {
		expect_ok(oprf_key_generate(test_env(), &w.keys[i]));
		w.published.pub[TOKEN_WEEK_NOW][i] = w.keys[i].pub;
	}
	small_app_init(&w.app, "lens.example");
	w.app.more = more;
	person_begin(&w.p, &w.app);
	expect_ok(person_open(&w.p));
	expect_ok(person_talk(&w.p));
	w.p.c->platform.verify_directory = yes;
	expect_ok(uc_sign_up(w.p.c, "rosa", NULL, "Rosa", &op));
	expect_ok(person_talk(&w.p));
	w.p.c->features |= 1u << FEATURE_TOKENS;
}

static uc_op ask(const char *app)
{
	uc_op op = 0;
	expect_ok(uc_ask(w.p.c, app, "+4915112345678", "It is me", &op));
	return op;
}

static void end(void)
{
	person_end(&w.p);
	kem_key_wipe(&w.theirs);
	arena_done(&w.kept);
}

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
	begin(HONEST);
	ask("dial.example");
	ask("dial.example");
	expect_ok(person_talk(&w.p));
	expect_eq(w.letters, 2);
	expect(has_token(w.letter[0], TOKEN_OTHER));
	expect(has_token(w.letter[1], TOKEN_OTHER));
	expect_ok(w.p.done_err);
	/* Within one's own app it has none. */
	unsigned draws = w.draws;
	ask("lens.example");
	expect_ok(person_talk(&w.p));
	expect_ok(w.p.done_err);
	expect_eq(w.letters, 3);
	expect(!has_token(w.letter[2], TOKEN_OTHER));
	expect_eq(w.draws, draws);
	end();
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
		begin(HONEST);
		ask(apps[i][0]);
		ask(apps[i][1]);
		expect_ok(person_talk(&w.p));
		expect_eq(w.letters, 2);
		for (unsigned k = 0; k < w.letters; k++) {
			bool is_old = is_to(w.letter[k], VIEW_LIT("plaza.example"));
			plain += is_old;
			expect_eq(has_token(w.letter[k], TOKEN_OTHER), !is_old);
		}
		expect_eq(plain, 1);
		end();
	}
}

TEST(a_minor_draws_with_the_other_key)
{
	begin(MINOR);
	ask("dial.example");
	expect_ok(person_talk(&w.p));
	expect_eq(w.letters, 1);
	expect(has_token(w.letter[0], TOKEN_MINOR));
	expect_eq(w.draws, 2);
	/* It knows now. */
	ask("dial.example");
	expect_ok(person_talk(&w.p));
	expect_eq(w.letters, 2);
	expect_eq(w.draws, 3);
	end();
}

TEST(a_key_that_is_not_published_is_an_alarm)
{
	static const enum lie lies[] = { OTHER_KEY, WRONG_PROOF };
	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		begin(lies[i]);
		uc_op op = ask("dial.example");
		expect_ok(person_talk(&w.p));
		expect_eq(w.letters, 0);
		expect_err(w.p.warning, UC_E_SIGNATURE);
		expect_eq(w.p.done_op, op);
		expect_err(w.p.done_err, UC_E_SIGNATURE);
		end();
	}
}

TEST(who_is_given_none_asks_without)
{
	begin(NONE_YET);
	ask("dial.example");
	expect_ok(person_talk(&w.p));
	expect_eq(w.letters, 1);
	expect(!has_token(w.letter[0], TOKEN_OTHER));
	expect_ok(w.p.warning);
	end();
}

TEST(who_is_given_fewer_draws_again)
{
	begin(ONE_ONLY);
	ask("dial.example");
	ask("dial.example");
	expect_ok(person_talk(&w.p));
	expect_eq(w.letters, 2);
	expect(has_token(w.letter[1], TOKEN_OTHER));
	end();
}

TEST(nothing_is_asked_while_no_key_fits)
{
	begin(HONEST);
	struct oprf_key other;
	expect_ok(oprf_key_generate(test_env(), &other));
	w.keys[TOKEN_OTHER] = other; /* not the one that is published */
	ask("dial.example");
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
	end();
}
