/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/client/letter_world.h"

struct world w;

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
	return small_app_directory(in, &d, out);
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

static uc_err address(const struct frame *in, struct arena *mem, struct buf *out)
{
	struct address_make_request q;
	char text[64];
	TRY(wire_decode(in->body, mem, address_make_request_element, &q));
	memcpy(w.reply_grant, q.wishes.v[0].grant_id, sizeof w.reply_grant);
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

static uc_err revoke(const struct frame *in, struct arena *mem, struct buf *out)
{
	static const struct empty none;
	struct grant_revoke_request q;
	TRY(wire_decode(in->body, mem, grant_revoke_request_element, &q));
	memcpy(w.revoked_grant, q.grant_id, sizeof w.revoked_grant);
	w.revoked++;
	return frame_add_response(out, in->type, in->id, empty_element, &none);
}

static uc_err more(struct small_app *a, const struct frame *in, struct arena *mem, struct buf *out)
{
	(void)a;
	if (w.meanwhile && in->type == w.meanwhile_type)
		w.meanwhile();
	switch (in->type) {
	case FRAME_DIRECTORY:
		return directory(in, mem, out);
	case FRAME_LOOKUP:
		return lookup(in, mem, out);
	case FRAME_ADDRESS_MAKE:
		return address(in, mem, out);
	case FRAME_TOKEN_ISSUE:
		return issue(in, mem, out);
	case FRAME_CONSENT_REQUEST:
		return letter(in, mem, out);
	case FRAME_GRANT_REVOKE:
		return revoke(in, mem, out);
	default:
		return UC_E_UNSUPPORTED;
	}
}

void letters_begin(enum lie lie)
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

uc_op letters_ask(const char *app)
{
	uc_op op = 0;
	expect_ok(uc_ask(w.p.c, app, "+4915112345678", "It is me", &op));
	return op;
}

void letters_end(void)
{
	person_end(&w.p);
	kem_key_wipe(&w.theirs);
	arena_done(&w.kept);
}
