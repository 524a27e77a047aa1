/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/provider/letters.h"

uc_err look_up(struct person *p, struct app *at, const char *name, struct lookup_answer *answer,
	       struct view *sealed)
{
	struct kem_key key;
	struct lookup_query query = { .version = 1, .identifier = view_str(name) };
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

struct view reply_make(struct person *p)
{
	struct address_wish w = { .kind = ADDRESS_REQUEST,
				  .channel = CHANNEL_REPLY,
				  .expires_ms = test_now_ms + (uint64_t)30 * DAY_MS };
	struct address_make_request q = { { &w, 1 } };
	struct address_make_response r = { { NULL, 0 } };
	expect_ok(client_ask(p->c, FRAME_ADDRESS_MAKE, address_make_request_element, &q,
			     address_make_response_element, &r));
	return r.addresses.v[0];
}

struct view entry_make(uint8_t operation, struct view requester, struct view target,
		       uint16_t component, size_t n)
{
	uint8_t *letter = arena_take(&apps_mem, n + 1);
	struct view bytes = { NULL, 0 };
	memset(letter, 0x5a, n);
	struct component_data c = { component, view_make(letter, n) };
	struct consent_entry e = { .consent_operation = operation,
				   .requester_uri = requester,
				   .target_uri = target,
				   .consent_extensions = { { &c, n ? 1 : 0 } } };
	expect_ok(wire_encode_to(&apps_mem, consent_entry_element, &e, &bytes));
	return bytes;
}

struct view entry_sent(struct view entry, enum age_band band, bool is_new)
{
	struct contact_sender s = { 1, (uint8_t)band, is_new };
	struct consent_entry e;
	struct component_data v[2];
	struct view bytes = { NULL, 0 };
	expect_ok(wire_decode(entry, &apps_mem, consent_entry_element, &e));
	struct component_data_list *l = &e.consent_extensions.component_data;
	if (l->n)
		v[0] = l->v[0];
	v[l->n].component_id = COMPONENT_CONTACT_SENDER;
	expect_ok(wire_encode_to(&apps_mem, contact_sender_element, &s, &v[l->n].data));
	*l = (struct component_data_list){ v, l->n + 1 };
	expect_ok(wire_encode_to(&apps_mem, consent_entry_element, &e, &bytes));
	return bytes;
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
	return body;
}

struct settings settings_said(const struct person *p, uint64_t number, enum age_band band)
{
	struct settings s = settings_default(band);
	s.app = p->app->domain;
	s.account_key = VIEW_OF(p->account.pub);
	s.number = number;
	return s;
}

uc_err settings_put_bytes(struct person *p, struct view statement)
{
	struct settings_put_request q = { statement };
	return client_ask(p->c, FRAME_SETTINGS_PUT, settings_put_request_element, &q, NULL, NULL);
}

uc_err settings_put(struct person *p, const struct settings *s)
{
	struct view statement;
	expect_ok(settings_make(s, &p->phone.key, &apps_mem, &statement));
	return settings_put_bytes(p, statement);
}
