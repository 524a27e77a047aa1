/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/provider/letters.h"

#include "provider/tokens.h"

uc_err look_up(struct person *p, struct app *at, const char *name, struct lookup_answer *answer,
	       struct view *sealed)
{
	return look_up_with(p, at, name, "", answer, sealed);
}

uc_err look_up_with(struct person *p, struct app *at, const char *name, const char *code,
		    struct lookup_answer *answer, struct view *sealed)
{
	struct kem_key key;
	struct lookup_query query = { .version = 2,
				      .identifier = view_str(name),
				      .code = view_str(code) };
	struct lookup_request q = { .domain = at->domain };
	struct lookup_response r;
	expect_ok(kem_key_generate(suite_find(SUITE_X25519_AES128), test_env(), &key));
	query.answer_key = kem_public(&key);
	expect_ok(lookup_query_seal(test_env(), kem_public(&at->keys.lookup_key), at->domain,
				    &query, &apps_mem, &q.sealed_query));
	TRY(client_ask(p->c, FRAME_LOOKUP, lookup_request_element, &q, lookup_response_element,
		       &r));
	*sealed = r.sealed_answer;
	expect_ok(lookup_answer_open(&key, at->domain, r.sealed_answer, &apps_mem, answer));
	kem_key_wipe(&key);
	return UC_OK;
}

enum { FILL = 0x5a }; /* of letters */

static struct view address_made(struct person *p, const struct address_wish *w)
{
	struct address_wish wish = *w;
	struct address_make_request q = { { &wish, 1 } };
	struct address_make_response r = { { NULL, 0 } };
	wish.kind = ADDRESS_REQUEST;
	wish.expires_ms = test_now_ms + (uint64_t)30 * DAY_MS;
	expect_ok(client_ask(p->c, FRAME_ADDRESS_MAKE, address_make_request_element, &q,
			     address_make_response_element, &r));
	return r.addresses.v[0];
}

struct view reply_for(struct person *p, const uint8_t tag[CARD_TAG])
{
	struct address_wish w = { .channel = CHANNEL_REPLY };
	memcpy(w.grant_id, tag, sizeof w.grant_id);
	return address_made(p, &w);
}

struct view reply_make(struct person *p)
{
	uint8_t tag[CARD_TAG];
	memset(tag, FILL, sizeof tag);
	return reply_for(p, tag);
}

struct view link_make(struct person *p, uint8_t channel, const uint8_t grant[GRANT_ID])
{
	struct address_wish w = { .channel = channel };
	memcpy(w.grant_id, grant, sizeof w.grant_id);
	return address_made(p, &w);
}

struct view entry_make(uint8_t operation, struct view requester, struct view target,
		       uint16_t component, size_t n)
{
	uint8_t *letter = arena_take(&apps_mem, n + 1);
	struct view bytes = { NULL, 0 };
	memset(letter, FILL, n);
	struct component_data c = { component, view_make(letter, n) };
	struct consent_entry e = { .consent_operation = operation,
				   .requester_uri = requester,
				   .target_uri = target,
				   .consent_extensions = { { &c, n ? 1 : 0 } } };
	expect_ok(wire_encode_to(&apps_mem, consent_entry_element, &e, &bytes));
	return bytes;
}

static struct token_keys token_keys_of(struct app *a)
{
	uint8_t bytes[TOKEN_KEYS_BYTES];
	struct token_keys keys = { 0 };
	expect_ok(tokens_publish(a->provider, bytes));
	expect_ok(token_keys_read(VIEW_OF(bytes), &keys));
	return keys;
}

/* The app's own half of its keys, as it makes them. */
static struct oprf_key token_key_of(struct app *a, enum token_class what)
{
	struct oprf_key key = { 0 };
	struct token_keys keys = token_keys_of(a);
	const uint8_t place[] = { (uint8_t)(keys.week >> 24), (uint8_t)(keys.week >> 16),
				  (uint8_t)(keys.week >> 8), (uint8_t)keys.week, (uint8_t)what };
	const struct view parts[] = { VIEW_LIT("Undercroft token key 1"),
				      store_incarnation(a->accounts), VIEW_OF(place) };
	/* No test of this goes on for weeks after a rotation. */
	const uint8_t *of =
		a->keys.before.is_there ? a->keys.before.address_key : a->keys.address_key;
	uint8_t seed[SHA256_BYTES];
	expect_ok(hmac_sha256_parts(view_make(of, BOX_KEY), parts, 3, seed));
	expect_ok(oprf_key_derive(OPRF_VERIFIABLE, VIEW_OF(seed), VIEW_LIT("Undercroft tokens"),
				  &key));
	expect_bytes(VIEW_OF(key.pub.b), VIEW_OF(keys.pub[TOKEN_WEEK_NOW][what].b));
	return key;
}

struct token token_of(struct app *issuer, enum token_class what)
{
	struct oprf_key key = token_key_of(issuer, what);
	struct token_draw draw;
	struct oprf_element evaluated;
	struct token t = { 0 };
	uint8_t proof[OPRF_PROOF];
	expect_ok(tokens_draw(test_env(), &key.pub, issuer->domain, &draw, 1));
	expect_ok(tokens_issue(&key, test_env(), &draw.blinded, 1, &evaluated, proof));
	expect_ok(tokens_finish(&key.pub, &draw, &evaluated, 1, proof, &t));
	return t;
}

struct view entry_with(struct view entry, struct app *to, const struct token *t)
{
	struct view bytes = { NULL, 0 };
	expect_ok(contact_token_add(test_env(), kem_public(&to->keys.lookup_key), entry, t,
				    &apps_mem, &bytes));
	return bytes;
}

struct view entry_sent(struct view entry, enum age_band band, bool is_new)
{
	struct token t = { 0 };
	struct consent_entry e;
	struct uri target;
	if (is_new)
		return entry;
	expect_ok(wire_decode(entry, &apps_mem, consent_entry_element, &e));
	expect_ok(uri_read(e.target_uri, &target));
	t = token_of(&apps[LENS], band < AGE_ADULT ? TOKEN_MINOR : TOKEN_OTHER);
	for (int i = 0; i < APPS; i++)
		if (view_equal(apps[i].domain, target.domain))
			return entry_with(entry, &apps[i], &t);
	return entry;
}

uc_err request(struct client *c, struct view entry)
{
	struct consent_request_request q = { entry };
	return client_ask(c, FRAME_CONSENT_REQUEST, consent_request_request_element, &q, NULL,
			  NULL);
}

uc_err update(struct client *c, struct view entry)
{
	struct consent_update_request q = { entry };
	return client_ask(c, FRAME_CONSENT_UPDATE, consent_update_request_element, &q, NULL, NULL);
}

uint8_t intake_tag[SENDER_TAG];

/* The next item of the intake, opened by the device. */
struct view intake_take(struct client *c, struct device *d)
{
	struct intake_event i;
	struct view body = { NULL, 0 };
	struct event *e = client_event(c, FRAME_INTAKE);
	if (!e)
		return body;
	expect_ok(wire_decode(e->body, &apps_mem, intake_event_element, &i));
	struct intake_context context = { i.intake_kind, i.received_ms };
	expect_eq(i.received_ms % HOUR_MS, 0);
	expect_ok(intake_open(secret_view(&d->intake.priv), kem_public(&d->intake), &context,
			      i.sealed, &apps_mem, &body));
	d->cursor = i.seq;
	return letter_untagged(body, intake_tag);
}

struct settings settings_said(const struct person *p, uint64_t number, enum age_band band)
{
	struct settings s = settings_default(band);
	s.app = p->app->domain;
	s.account_key = VIEW_OF(p->account.pub);
	s.number = number;
	return s;
}

static uc_err put(struct person *p, struct view statement, const char *code)
{
	struct settings_put_request q = { .statement = statement, .code = view_str(code) };
	return client_ask(p->c, FRAME_SETTINGS_PUT, settings_put_request_element, &q, NULL, NULL);
}

uc_err settings_put_bytes(struct person *p, struct view statement)
{
	return put(p, statement, "");
}

uc_err settings_put_code(struct person *p, const struct settings *s, const char *code)
{
	struct view statement;
	expect_ok(settings_make(s, &p->phone.key, &apps_mem, &statement));
	return put(p, statement, code);
}

uc_err settings_put(struct person *p, const struct settings *s)
{
	return settings_put_code(p, s, "");
}

struct view address_of(const struct person *p, uint8_t channel)
{
	struct view uri = { NULL, 0 };
	struct request_address r = { .channel = channel, .expires_ms = test_now_ms + DAY_MS };
	memcpy(r.account_id, p->account_id, sizeof r.account_id);
	if (channel == CHANNEL_LINK || channel == CHANNEL_ONCE)
		expect_ok(env_random(test_env(), r.grant_id, sizeof r.grant_id));
	expect_ok(request_address_seal(test_env(), VIEW_OF(p->app->keys.address_key),
				       p->app->domain, &r, &apps_mem, &uri));
	return uri;
}

struct view address_of_nobody(const struct app *a)
{
	const struct request_address r = { .channel = CHANNEL_LOOKUP,
					   .expires_ms = test_now_ms + DAY_MS };
	struct view out = { NULL, 0 };
	expect_ok(request_address_seal(test_env(), VIEW_OF(a->keys.address_key), a->domain, &r,
				       &apps_mem, &out));
	return out;
}

struct view card_to(struct view reply, struct view target)
{
	return entry_make(CONSENT_REQUEST, reply, target, COMPONENT_CONTACT_CARD, CARD_BYTES);
}

unsigned asks_left(struct person *p, const struct person *to)
{
	unsigned n = 0;
	while (n < 100 && !request(p->c, card_to(reply_make(p), address_of(to, CHANNEL_LINK))))
		n++;
	return n;
}
