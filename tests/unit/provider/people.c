/* SPDX-License-Identifier: Apache-2.0 */
/* People of the tests: keys, device lists, KeyPackage sets. */
#include "mls/key_package.h"
#include "tests/unit/provider/apps.h"

static const struct suite *suite(void)
{
	return suite_find(SUITE_X25519_AES128);
}

void device_init(struct device *d)
{
	*d = (struct device){ .cursor = 0 };
	expect_ok(ed25519_generate(test_env(), &d->key));
	expect_ok(kem_key_generate(suite(), test_env(), &d->intake));
}

struct view person_entry(const struct person *p, uint8_t action, const struct ed25519_key *device,
			 const struct ed25519_key *signer, bool by_account)
{
	struct device_entry e = { .device_action = action, .device_key = VIEW_OF(device->pub) };
	struct view encoded = { NULL, 0 };
	expect_ok(device_entry_make(p->list.n ? &p->state : NULL, p->app->domain,
				    VIEW_OF(p->account.pub), signer, by_account, test_now_ms, &e,
				    &apps_mem, &encoded));
	return encoded;
}

void person_append(struct person *p, struct view entry)
{
	p->list.v = p->entries;
	p->entries[p->list.n++] = entry;
	expect_ok(device_list_verify(&p->list, p->app->domain, VIEW_OF(p->account.pub), &apps_mem,
				     &p->state));
}

void person_init(struct person *p, struct app *a, const char *name)
{
	*p = (struct person){ .app = a, .name = name };
	expect_ok(ed25519_generate(test_env(), &p->account));
	expect_ok(kem_key_generate(suite(), test_env(), &p->request));
	device_init(&p->phone);
	person_append(p, person_entry(p, DEVICE_RESET_TO, &p->phone.key, &p->account, true));
}

uc_err person_sign(struct client *c, uint8_t purpose, struct view account_id, struct view subject,
		   const struct ed25519_key *key, uint8_t out[ED25519_SIGNATURE])
{
	struct session_tbs tbs = { .purpose = purpose,
				   .domain = c->app->domain,
				   .account_id = account_id,
				   .subject = subject };
	struct view bytes;
	memcpy(tbs.challenge, c->challenge, sizeof tbs.challenge);
	TRY(wire_encode_to(&apps_mem, session_tbs_element, &tbs, &bytes));
	return ed25519_sign(key, "Undercroft session", bytes, out);
}

static void connect(struct person *p)
{
	if (!p->c || !p->c->session)
		p->c = client_connect(p->app);
}

uc_err person_ask_code(struct person *p)
{
	struct code_request_request q = { view_str(p->name) };
	connect(p);
	return client_ask(p->c, FRAME_CODE_REQUEST, code_request_request_element, &q, NULL, NULL);
}

uc_err person_sign_up(struct person *p, const char *code)
{
	uint8_t signature[ED25519_SIGNATURE];
	struct sign_up_response r;
	struct sign_up_request q = {
		.identifier = view_str(p->name),
		.code = view_str(code ? code : ""),
		.account_key = VIEW_OF(p->account.pub),
		.device_key = VIEW_OF(p->phone.key.pub),
		.intake_key = kem_public(&p->phone.intake),
		.device_list_entry = p->entries[0],
		.signature = VIEW_OF(signature),
	};
	connect(p);
	expect_ok(person_sign(p->c, SESSION_SIGN_UP, (struct view){ NULL, 0 }, p->entries[0],
			      &p->phone.key, signature));
	TRY(client_ask(p->c, FRAME_SIGN_UP, sign_up_request_element, &q, sign_up_response_element,
		       &r));
	memcpy(p->account_id, r.account_id, sizeof p->account_id);
	return UC_OK;
}

uc_err person_sign_in_as(struct person *p, struct client *c, struct device *d)
{
	uint8_t signature[ED25519_SIGNATURE];
	struct sign_in_response r;
	struct view id = VIEW_OF(p->account_id);
	struct sign_in_request q = { .device_key = VIEW_OF(d->key.pub),
				     .signature = VIEW_OF(signature),
				     .intake_cursor = d->cursor };
	memcpy(q.account_id, p->account_id, sizeof q.account_id);
	expect_ok(
		person_sign(c, SESSION_SIGN_IN, id, (struct view){ NULL, 0 }, &d->key, signature));
	return client_ask(c, FRAME_SIGN_IN, sign_in_request_element, &q, sign_in_response_element,
			  &r);
}

uc_err person_sign_in(struct person *p)
{
	if (p->c)
		client_close(p->c);
	p->c = client_connect(p->app);
	return person_sign_in_as(p, p->c, &p->phone);
}

uc_err person_put_request_key(struct person *p)
{
	struct request_key_put_request q = { kem_public(&p->request) };
	return client_ask(p->c, FRAME_REQUEST_KEY_PUT, request_key_put_request_element, &q, NULL,
			  NULL);
}

void person_join(struct person *p, struct app *a, const char *name)
{
	person_init(p, a, name);
	if (a->names != 2)
		expect_ok(person_ask_code(p));
	expect_ok(person_sign_up(p, a->code));
	expect_ok(person_put_request_key(p));
}

/* --- KeyPackage sets --- */

static void key_package_init(struct set *s, const struct app *a)
{
	struct sign_key leaf;
	struct key_package_secrets secrets;
	uint16_t versions[] = { MLS10 }, suites[] = { SUITE_X25519_AES128 };
	uint16_t credentials[] = { CREDENTIAL_BASIC };
	char *text = arena_take(&apps_mem, 128);
	if (!text)
		abort();
	snprintf(text, 128, "mimi://%.*s/p/participant%02x%02x/client%02x%02x", (int)a->domain.n,
		 (const char *)a->domain.p, s->set_id[0], s->set_id[1], s->slot_id[0],
		 s->slot_id[1]);
	s->client = view_str(text);
	expect_ok(sign_key_generate(suite(), test_env(), &leaf));
	struct leaf_parameters p = {
		.signature_key = &leaf,
		.credential = { .credential_type = CREDENTIAL_BASIC, .identity = s->client },
		.capabilities = { { versions, 1 },
				  { suites, 1 },
				  { NULL, 0 },
				  { NULL, 0 },
				  { credentials, 1 } },
	};
	struct extension_list none = { NULL, 0 };
	expect_ok(key_package_make(suite(), test_env(), &p, 30 * 24 * 3600, &none, &apps_mem,
				   &s->key_package, &secrets));
	key_package_secrets_wipe(&secrets);
	sign_key_wipe(&leaf);
}

void set_init(struct set *s, const struct app *a)
{
	expect_ok(env_random(test_env(), s->set_id, sizeof s->set_id));
	expect_ok(env_random(test_env(), s->slot_id, sizeof s->slot_id));
	expect_ok(env_random(test_env(), s->key, sizeof s->key));
	s->not_after_ms = test_now_ms + (uint64_t)30 * DAY_MS;
	key_package_init(s, a);
	expect_ok(slot_seal(test_env(), VIEW_OF(s->key), s->set_id, s->slot_id, s->key_package,
			    &apps_mem, &s->sealed));
}

uc_err set_put(struct person *p, const struct set *s)
{
	struct pool_slot slot = { .not_after_ms = s->not_after_ms, .sealed = s->sealed };
	struct pool_put_request q = { { &slot, 1 } };
	memcpy(slot.set_id, s->set_id, sizeof slot.set_id);
	memcpy(slot.slot_id, s->slot_id, sizeof slot.slot_id);
	return client_ask(p->c, FRAME_POOL_PUT, pool_put_request_element, &q, NULL, NULL);
}

uc_err set_address(struct person *p, const struct set *s, const uint8_t grant[GRANT_ID],
		   struct view *uri)
{
	return set_address_for(p, s, grant, NULL, uri);
}

uc_err set_address_for(struct person *p, const struct set *s, const uint8_t grant[GRANT_ID],
		       const char *room, struct view *uri)
{
	struct address_wish w = { .kind = ADDRESS_KEY,
				  .expires_ms = test_now_ms + (uint64_t)10 * DAY_MS,
				  .set_key = VIEW_OF(s->key) };
	struct address_make_request q = { { &w, 1 } };
	struct address_make_response r;
	memcpy(w.set_id, s->set_id, sizeof w.set_id);
	memcpy(w.grant_id, grant, sizeof w.grant_id);
	if (room)
		TRY(room_tag_make(s->key, view_str(room), w.room_tag));
	TRY(client_ask(p->c, FRAME_ADDRESS_MAKE, address_make_request_element, &q,
		       address_make_response_element, &r));
	expect_eq(r.addresses.n, 1);
	*uri = r.addresses.v[0];
	return UC_OK;
}

struct key_material_request set_request(struct view target)
{
	static uint16_t suites[] = { SUITE_X25519_AES128 };
	return (struct key_material_request){
		.protocol = PROTOCOL_MLS10,
		.requesting_user = VIEW_LIT("mimi://lens.example/p/asker"),
		.target_user = target,
		.room_id = VIEW_LIT(SET_ROOM),
		.acceptable_ciphersuites = { suites, 1 },
	};
}

uc_err person_delete(struct person *p)
{
	uint8_t signature[ED25519_SIGNATURE];
	struct account_delete_request q = { VIEW_OF(signature) };
	expect_ok(person_sign(p->c, SESSION_DELETE, VIEW_OF(p->account_id),
			      (struct view){ NULL, 0 }, &p->phone.key, signature));
	return client_ask(p->c, FRAME_ACCOUNT_DELETE, account_delete_request_element, &q, NULL,
			  NULL);
}

struct view letter_untagged(struct view item, uint8_t tag[SENDER_TAG])
{
	struct consent_entry e;
	struct view sent = { NULL, 0 };
	if (tag)
		memset(tag, 0, SENDER_TAG);
	if (wire_decode(item, &apps_mem, consent_entry_element, &e))
		return item;
	struct component_data_list *l = &e.consent_extensions.component_data;
	expect(l->n > 0 && l->v[l->n - 1].component_id == COMPONENT_SENDER_TAG);
	if (!l->n || l->v[l->n - 1].data.n != SENDER_TAG)
		return item;
	if (tag)
		memcpy(tag, l->v[l->n - 1].data.p, SENDER_TAG);
	l->n--;
	expect_ok(wire_encode_to(&apps_mem, consent_entry_element, &e, &sent));
	return sent;
}
