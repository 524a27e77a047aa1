/* SPDX-License-Identifier: Apache-2.0 */
/* Sign-up, sign-in, recovery, devices, deletion, vault. */
#include "tests/unit/provider/apps.h"

#define NUMBER "+49 151 2345 6789"

/* --- codes and names --- */

TEST(a_number_is_proven_by_a_code)
{
	struct person p;
	apps_begin();
	person_init(&p, &apps[DIAL], NUMBER);
	expect_err(person_sign_up(&p, "12345678"), UC_E_CODE);
	expect_ok(person_ask_code(&p));
	expect_bytes(view_str(apps[DIAL].code_to), VIEW_LIT("+4915123456789"));
	expect_eq(strlen(apps[DIAL].code), 8);
	expect_ok(person_sign_up(&p, apps[DIAL].code));
	expect_eq(p.c->session->phase, PHASE_SIGNED_IN);
	expect_ok(person_sign_in(&p));
	/* Neither the number nor the code stands anywhere. */
	expect_eq(stored_count(apps[DIAL].accounts, VIEW_LIT("15123456789")), 0);
	expect_eq(stored_count(apps[DIAL].accounts, view_str(apps[DIAL].code)), 0);
	apps_end();
}

TEST(a_wrong_code_costs_an_attempt)
{
	struct person p;
	apps_begin();
	person_init(&p, &apps[DIAL], NUMBER);
	expect_ok(person_ask_code(&p));
	for (int i = 0; i < 5; i++)
		expect_err(person_sign_up(&p, "00000000"), UC_E_CODE);
	expect_err(person_sign_up(&p, apps[DIAL].code), UC_E_CODE);
	/* A fresh one counts from the start. */
	expect_ok(person_ask_code(&p));
	for (int i = 0; i < 4; i++)
		expect_err(person_sign_up(&p, i % 2 ? "" : "123456789"), UC_E_CODE);
	client_close(p.c); /* a session tries only so often */
	expect_ok(person_sign_up(&p, apps[DIAL].code));
	apps_end();
}

TEST(a_code_ends_and_is_used_once)
{
	struct person p, other;
	apps_begin();
	person_init(&p, &apps[DIAL], NUMBER);
	expect_ok(person_ask_code(&p));
	test_now_ms += 10 * 60 * 1000 - 1;
	person_init(&other, &apps[DIAL], "+4915111111111");
	expect_err(person_sign_up(&other, apps[DIAL].code), UC_E_CODE);
	test_now_ms += 1;
	expect_err(person_sign_up(&p, apps[DIAL].code), UC_E_CODE);
	expect_ok(person_ask_code(&p));
	expect_ok(person_sign_up(&p, apps[DIAL].code));
	/* Somebody else with the same code: too late. */
	person_init(&other, &apps[DIAL], NUMBER);
	expect_err(person_sign_up(&other, apps[DIAL].code), UC_E_CODE);
	apps_end();
}

/* How many codes come, on a new connection for each few; 0 of them is the first refused. */
static unsigned codes_until_refused(struct person *p, unsigned at_most)
{
	unsigned n = 0;
	uc_err err = UC_OK;
	while (n < at_most && !err) {
		if (p->c && n % 3 == 0)
			client_close(p->c);
		err = person_ask_code(p);
		n += !err;
	}
	if (err)
		expect_err(err, UC_E_RATE);
	return n;
}

TEST(codes_are_asked_for_only_so_often)
{
	struct person p;
	apps_begin();
	person_init(&p, &apps[DIAL], NUMBER);
	for (int i = 0; i < 3; i++)
		expect_ok(person_ask_code(&p));
	expect_err(person_ask_code(&p), UC_E_RATE); /* this session */
	expect(p.c->answer.retry_after_s > 0);
	expect_eq(codes_until_refused(&p, 20), 7); /* this number */
	uint32_t wait = p.c->answer.retry_after_s;
	expect(wait > 1700 && wait <= 1801);
	expect_eq(apps[DIAL].codes, 10);
	/* Neither a kill nor the sweep gives any back. */
	for (int i = 0; i < 2; i++) {
		app_kill(&apps[DIAL], i != 0);
		app_start(&apps[DIAL]);
		p.c = NULL;
		expect_eq(codes_until_refused(&p, 20), 0);
		test_now_ms += 20 * 60 * 1000;
		for (int k = 0; k < 8; k++)
			apps_wait(1000);
		expect_eq(codes_until_refused(&p, 20), i);
	}
	person_init(&p, &apps[DIAL], "not a number");
	expect_err(person_ask_code(&p), UC_E_NAME);
	person_init(&p, &apps[LENS], "rosa");
	expect_err(person_ask_code(&p), UC_E_UNSUPPORTED);
	apps_end();
}

TEST(an_app_sends_only_so_many_codes)
{
	struct rate limits[LIMITS_N] = { [LIMIT_APP_CODE] = { 3, 1 } };
	struct person p;
	static const char *const numbers[] = { "+4915111111111", "+4915111111112", "+4915111111113",
					       "+4915111111114" };
	apps_begin();
	provider_set_limits(apps[DIAL].provider, limits);
	for (size_t i = 0; i < 4; i++) {
		person_init(&p, &apps[DIAL], numbers[i]);
		expect_err(person_ask_code(&p), i < 3 ? UC_OK : UC_E_RATE);
	}
	expect(p.c->answer.retry_after_s > 3590);
	/* After a kill, and on another connection, still; that number was not counted for it. */
	app_kill(&apps[DIAL], false);
	app_start(&apps[DIAL]);
	provider_set_limits(apps[DIAL].provider, limits);
	p.c = NULL;
	expect_err(person_ask_code(&p), UC_E_RATE);
	test_now_ms += HOUR_MS;
	expect_eq(codes_until_refused(&p, 20), 1);
	apps_end();
}

TEST(known_or_not_a_code_is_asked_for_alike)
{
	struct person p, stranger;
	apps_begin();
	person_join(&p, &apps[PLAZA], "Rosa@Example.org");
	client_close(p.c);
	expect_ok(person_ask_code(&p));
	expect_bytes(view_str(apps[PLAZA].code_to), VIEW_LIT("rosa@example.org"));
	person_init(&stranger, &apps[PLAZA], "nobody@example.org");
	expect_ok(person_ask_code(&stranger));
	expect_eq(p.c->bytes_received, stranger.c->bytes_received);
	expect_bytes(p.c->answer.body, stranger.c->answer.body);
	expect_bytes(p.c->answer.text, stranger.c->answer.text);
	/* So is a wrong code. */
	expect_err(person_sign_up(&stranger, "00000000"), UC_E_CODE);
	struct frame answer = stranger.c->answer;
	struct person other;
	person_init(&other, &apps[PLAZA], "rosa@example.org");
	expect_err(person_sign_up(&other, "00000000"), UC_E_CODE);
	expect_bytes(other.c->answer.body, answer.body);
	expect_bytes(other.c->answer.text, answer.text);
	apps_end();
}

TEST(a_handle_is_taken_once)
{
	struct person p, other;
	struct account_record account;
	apps_begin();
	person_join(&p, &apps[LENS], "Rosa.M");
	person_init(&other, &apps[LENS], "rosa.m");
	expect_err(person_sign_up(&other, NULL), UC_E_TAKEN);
	other.name = "rosa m";
	expect_err(person_sign_up(&other, NULL), UC_E_NAME);
	other.name = "rosa_n";
	expect_ok(person_sign_up(&other, NULL));
	expect_ok(account_get(apps[LENS].provider, VIEW_OF(p.account_id), &apps_mem, &account));
	expect_bytes(VIEW_OF(account.account_key), VIEW_OF(p.account.pub));
	apps_end();
}

TEST(a_number_passes_to_whoever_proves_it)
{
	struct person before, after;
	struct name_id name_id;
	uint8_t found[ACCOUNT_ID];
	struct account_record account;
	struct view normalised;
	struct provider *p;
	apps_begin();
	person_join(&before, &apps[DIAL], NUMBER);
	person_join(&after, &apps[DIAL], NUMBER);
	expect(!view_equal(VIEW_OF(before.account_id), VIEW_OF(after.account_id)));
	p = apps[DIAL].provider;
	expect_ok(name_id_of(p, view_str(NUMBER), &apps_mem, &name_id, &normalised));
	expect_ok(account_by_name(p, &name_id, &apps_mem, found, &account));
	expect_bytes(VIEW_OF(found), VIEW_OF(after.account_id));
	/* The one before keeps the account, without the name. */
	expect_ok(person_sign_in(&before));
	expect_ok(account_get(p, VIEW_OF(before.account_id), &apps_mem, &account));
	expect(!view_equal(VIEW_OF(account.name_id), VIEW_OF(name_id.now)));
	/* Its sign-up said again does not take the number back. */
	client_close(before.c);
	expect_ok(person_sign_up(&before, NULL));
	expect_ok(account_by_name(p, &name_id, &apps_mem, found, &account));
	expect_bytes(VIEW_OF(found), VIEW_OF(after.account_id));
	apps_end();
}

/* --- sign-up --- */

TEST(a_sign_up_said_again_is_the_same_account)
{
	struct person p;
	uint8_t first[ACCOUNT_ID];
	apps_begin();
	person_join(&p, &apps[DIAL], NUMBER);
	memcpy(first, p.account_id, sizeof first);
	size_t records = stored_records(apps[DIAL].accounts);
	client_close(p.c);
	expect_ok(person_sign_up(&p, apps[DIAL].code));
	expect_bytes(VIEW_OF(p.account_id), VIEW_OF(first));
	expect_eq(stored_records(apps[DIAL].accounts), records);
	/* The same account key with another device is not that sign-up. */
	device_init(&p.phone);
	p.list.n = 0;
	person_append(&p, person_entry(&p, DEVICE_RESET_TO, &p.phone.key, &p.account, true));
	client_close(p.c);
	expect_err(person_sign_up(&p, apps[DIAL].code), UC_E_EXISTS);
	apps_end();
}

TEST(a_sign_up_is_proven_by_its_keys)
{
	struct person p, other;
	uint8_t signature[ED25519_SIGNATURE];
	apps_begin();
	person_init(&p, &apps[LENS], "rosa");
	person_init(&other, &apps[LENS], "tom");
	p.c = client_connect(p.app);
	struct view nobody = { NULL, 0 };
	struct sign_up_request good = {
		.identifier = VIEW_LIT("rosa"),
		.account_key = VIEW_OF(p.account.pub),
		.device_key = VIEW_OF(p.phone.key.pub),
		.intake_key = kem_public(&p.phone.intake),
		.device_list_entry = p.entries[0],
		.signature = VIEW_OF(signature),
	};
	expect_ok(person_sign(p.c, SESSION_SIGN_UP, nobody, p.entries[0], &p.phone.key, signature));
	struct {
		struct sign_up_request q;
		uc_err want;
	} bad[] = {
		{ good, UC_E_SIGNATURE }, { good, UC_E_SIGNATURE }, { good, UC_E_CHAIN },
		{ good, UC_E_KEY },       { good, UC_E_KEY },       { good, UC_E_SIGNATURE },
	};
	bad[0].q.device_list_entry = other.entries[0];
	bad[1].q.account_key = VIEW_OF(other.account.pub);
	bad[2].q.device_key = VIEW_OF(other.phone.key.pub);
	bad[3].q.account_key = view_slice(good.account_key, 0, 31);
	bad[4].q.intake_key = VIEW_LIT("short");
	bad[5].q.signature = view_slice(good.signature, 0, 63);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		expect_err(client_ask(p.c, FRAME_SIGN_UP, sign_up_request_element, &bad[i].q, NULL,
				      NULL),
			   bad[i].want);
	/* Signed for another connection. */
	struct client *c = client_connect(p.app);
	expect_err(client_ask(c, FRAME_SIGN_UP, sign_up_request_element, &good, NULL, NULL),
		   UC_E_SIGNATURE);
	expect_eq(stored_records(apps[LENS].accounts), 0);
	expect_ok(client_ask(p.c, FRAME_SIGN_UP, sign_up_request_element, &good, NULL, NULL));
	/* Who is signed in does not sign up. */
	expect_err(client_ask(p.c, FRAME_SIGN_UP, sign_up_request_element, &good, NULL, NULL),
		   UC_E_UNEXPECTED);
	apps_end();
}

/* --- frames and phases --- */

TEST(frames_out_of_order_or_form_are_refused)
{
	struct empty nothing = { 0 };
	uint8_t large[2048] = { 0 };
	struct code_request_request long_one = { VIEW_OF(large) };
	apps_begin();
	struct client *c = client_connect_silent(&apps[LENS]);
	expect_err(client_ask(c, FRAME_POOL_STATUS, empty_element, &nothing, NULL, NULL),
		   UC_E_CLOSED);
	expect_eq(c->closed, WS_POLICY);
	c = client_connect(&apps[LENS]);
	expect_err(client_ask(c, FRAME_POOL_STATUS, empty_element, &nothing, NULL, NULL),
		   UC_E_SIGNED_OUT);
	expect_err(client_ask(c, FRAME_DEVICE_RESET, empty_element, &nothing, NULL, NULL),
		   UC_E_SIGNED_OUT);
	expect_err(client_ask(c, 999, empty_element, &nothing, NULL, NULL), UC_E_UNSUPPORTED);
	expect_err(client_ask(c, FRAME_CODE_REQUEST, code_request_request_element, &long_one, NULL,
			      NULL),
		   UC_E_TOO_LARGE);
	expect_err(client_ask(c, FRAME_SIGN_IN, empty_element, &nothing, NULL, NULL),
		   UC_E_MALFORMED);
	expect(c->session != NULL);
	client_send_bytes(c, VIEW_LIT("\x09what is this"));
	expect_eq(c->closed, WS_PROTOCOL);
	apps_end();
}

TEST(versions_are_agreed_on)
{
	struct hello_request old = { .version_lowest = 0, .version = 0 };
	struct hello_request newer = { .version_lowest = 2, .version = 3 };
	struct hello_request wide = { .version_lowest = 1, .version = 9 };
	struct hello_response r;
	apps_begin();
	struct client *c = client_connect_silent(&apps[LENS]);
	expect_err(client_ask(c, FRAME_HELLO, hello_request_element, &old, NULL, NULL),
		   UC_E_VERSION);
	expect_err(client_ask(c, FRAME_HELLO, hello_request_element, &newer, NULL, NULL),
		   UC_E_VERSION);
	expect_bytes(c->answer.text, VIEW_LIT("this app speaks version 1 of the protocol"));
	expect_ok(client_ask(c, FRAME_HELLO, hello_request_element, &wide, hello_response_element,
			     &r));
	expect_eq(r.version, 1);
	expect_err(client_ask(c, FRAME_HELLO, hello_request_element, &wide, NULL, NULL),
		   UC_E_UNEXPECTED);
	apps_end();
}

static void send_cut(struct view bytes, bool *closes)
{
	struct client *c = client_connect(&apps[LENS]);
	c->last_id = 2;
	c->is_answered = false;
	client_send_bytes(c, bytes);
	*closes = c->closed != 0;
	if (*closes) {
		expect_eq(c->closed, WS_PROTOCOL);
		return;
	}
	/* Its head is whole: then a refusal is all. */
	expect(c->is_answered && c->session != NULL);
	expect(uc_err_class(c->answer.status) == UC_CLASS_PROTOCOL);
}

/* Each beginning of a frame, and one with something behind it. */
TEST(frames_that_are_cut_or_longer_are_refused)
{
	struct person p;
	struct buf whole;
	bool closes;
	size_t heads = 0;
	apps_begin();
	person_join(&p, &apps[LENS], "rosa");
	size_t records = stored_records(apps[LENS].accounts);
	struct code_request_request q = { VIEW_LIT("rosa") };
	buf_init(&whole, FRAME_MAX);
	expect_ok(
		frame_add_request(&whole, FRAME_CODE_REQUEST, 2, code_request_request_element, &q));
	for (size_t n = 0; n < whole.n; n++) {
		send_cut(view_make(whole.p, n), &closes);
		heads += closes;
	}
	expect(heads > 0 && heads < whole.n);
	buf_add_byte(&whole, 0);
	send_cut(buf_view(&whole), &closes);
	expect(!closes);
	expect_eq(stored_records(apps[LENS].accounts), records);
	/* Nor did it touch who is there. */
	expect(p.c->session != NULL);
	buf_done(&whole);
	apps_end();
}

TEST(only_a_listed_device_signs_in)
{
	struct person p, other;
	struct device stranger;
	apps_begin();
	person_join(&p, &apps[LENS], "rosa");
	person_join(&other, &apps[LENS], "tom");
	device_init(&stranger);
	struct client *c = client_connect(&apps[LENS]);
	expect_err(person_sign_in_as(&p, c, &stranger), UC_E_REVOKED);
	expect_err(person_sign_in_as(&p, c, &other.phone), UC_E_REVOKED);
	struct person nobody = p;
	nobody.account_id[0] ^= 1;
	expect_err(person_sign_in_as(&nobody, c, &p.phone), UC_E_NOT_FOUND);
	/* The same words on another connection. */
	uint8_t challenge[CHALLENGE];
	memcpy(challenge, c->challenge, sizeof challenge);
	struct client *replayed = client_connect(&apps[LENS]);
	memcpy(replayed->challenge, challenge, sizeof challenge);
	expect_err(person_sign_in_as(&p, replayed, &p.phone), UC_E_SIGNATURE);
	/* The device's earlier connection ends when it comes again. */
	expect(p.c->session != NULL);
	expect_ok(person_sign_in_as(&p, c, &p.phone));
	expect(p.c->session == NULL);
	expect_eq(p.c->closed, WS_POLICY);
	apps_end();
}

/* --- devices --- */

static uc_err append(struct client *c, struct view entry, const struct device *added)
{
	struct device_append_request q = { .device_list_entry = entry };
	if (added) {
		q.device_key = VIEW_OF(added->key.pub);
		q.intake_key = kem_public(&added->intake);
	}
	return client_ask(c, FRAME_DEVICE_APPEND, device_append_request_element, &q, NULL, NULL);
}

static uc_err list_fetch(struct client *c, struct device_list_get_response *out)
{
	return client_ask(c, FRAME_DEVICE_LIST, NULL, NULL, device_list_get_response_element, out);
}

TEST(devices_are_added_and_revoked_at_the_head_of_the_list)
{
	struct person p;
	struct device laptop, tablet;
	struct device_list_get_response l;
	apps_begin();
	person_join(&p, &apps[LENS], "rosa");
	device_init(&laptop);
	device_init(&tablet);
	struct view add = person_entry(&p, DEVICE_ADD, &laptop.key, &p.phone.key, false);
	struct view fork = person_entry(&p, DEVICE_ADD, &tablet.key, &p.phone.key, false);
	expect_err(append(p.c, add, &tablet), UC_E_KEY);
	expect_err(
		append(p.c, person_entry(&p, DEVICE_ADD, &laptop.key, &laptop.key, false), &laptop),
		UC_E_REVOKED);
	expect_ok(append(p.c, add, &laptop));
	expect_ok(append(p.c, add, &laptop)); /* its answer was lost */
	person_append(&p, add);
	expect_err(append(p.c, fork, &tablet), UC_E_CHAIN);
	expect_err(append(p.c, person_entry(&p, DEVICE_RESET_TO, &tablet.key, &p.account, true),
			  &tablet),
		   UC_E_NOT_ALLOWED);
	struct client *c = client_connect(&apps[LENS]);
	expect_ok(person_sign_in_as(&p, c, &laptop));
	expect_ok(list_fetch(c, &l));
	expect_eq(l.entries.n, 2);
	expect_bytes(l.entries.v[1], add);
	/* The laptop throws the phone out, which hears of it and comes back no more. */
	struct view revoke = person_entry(&p, DEVICE_REVOKE, &p.phone.key, &laptop.key, false);
	expect_ok(append(c, revoke, NULL));
	person_append(&p, revoke);
	expect(p.c->session == NULL);
	expect_err(person_sign_in(&p), UC_E_REVOKED);
	/* Only in the three entries of the list. */
	expect_eq(stored_count(apps[LENS].accounts, VIEW_OF(p.phone.key.pub)), 3);
	apps_end();
}

TEST(every_device_hears_of_the_list)
{
	struct person p;
	struct device laptop, tablet;
	struct device_list_event changed = { 0 };
	struct intake_event item = { 0 };
	struct view body;
	apps_begin();
	person_join(&p, &apps[LENS], "rosa");
	device_init(&laptop);
	device_init(&tablet);
	struct view first = person_entry(&p, DEVICE_ADD, &laptop.key, &p.phone.key, false);
	expect_ok(append(p.c, first, &laptop));
	person_append(&p, first);
	struct client *c = client_connect(&apps[LENS]);
	expect_ok(person_sign_in_as(&p, c, &laptop));
	struct view second = person_entry(&p, DEVICE_ADD, &tablet.key, &p.phone.key, false);
	expect_ok(append(p.c, second, &tablet));
	struct event *e = client_event(c, FRAME_DEVICE_LIST_CHANGED);
	expect(e && !wire_decode(e->body, &apps_mem, device_list_event_element, &changed));
	expect_eq(changed.list_position, 2);
	expect(!client_event(p.c, FRAME_DEVICE_LIST_CHANGED));
	e = client_event(c, FRAME_INTAKE);
	expect(e && !wire_decode(e->body, &apps_mem, intake_event_element, &item));
	struct intake_context context = { item.intake_kind, item.received_ms };
	expect_eq(item.intake_kind, INTAKE_DEVICE_LIST);
	expect_ok(intake_open(secret_view(&laptop.intake.priv), kem_public(&laptop.intake),
			      &context, item.sealed, &apps_mem, &body));
	expect_bytes(body, second);
	apps_end();
}

/* --- recovery --- */

static uc_err recover(struct person *p, struct client *c, struct recover_response *out)
{
	uint8_t signature[ED25519_SIGNATURE];
	struct recover_request q = { VIEW_OF(p->account.pub), VIEW_OF(signature) };
	struct view nobody = { NULL, 0 };
	expect_ok(person_sign(c, SESSION_RECOVER, nobody, nobody, &p->account, signature));
	return client_ask(c, FRAME_RECOVER, recover_request_element, &q, recover_response_element,
			  out);
}

static uc_err reset(struct person *p, struct client *c, struct view entry, struct device *d)
{
	uint8_t signature[ED25519_SIGNATURE];
	struct device_reset_request q = { entry, VIEW_OF(d->key.pub), kem_public(&d->intake),
					  VIEW_OF(signature) };
	expect_ok(
		person_sign(c, SESSION_SIGN_UP, VIEW_OF(p->account_id), entry, &d->key, signature));
	return client_ask(c, FRAME_DEVICE_RESET, device_reset_request_element, &q, NULL, NULL);
}

TEST(the_account_key_takes_the_account_up_again)
{
	struct person p, other;
	struct device fresh;
	struct recover_response r = { { 0 }, { NULL, 0 } };
	struct account_record account = { 0 };
	struct vault_put_request put = { 1, VIEW_LIT("sealed by the person") };
	struct vault_get_response vault = { 0 };
	struct set s;
	struct view address = { NULL, 0 };
	uint8_t grant[GRANT_ID] = { 7 };
	struct key_material_response material = { 0 };
	apps_begin();
	person_join(&p, &apps[LENS], "rosa");
	person_init(&other, &apps[LENS], "tom");
	set_init(&s, p.app);
	expect_ok(set_put(&p, &s));
	expect_ok(set_address(&p, &s, grant, &address));
	expect_ok(client_ask(p.c, FRAME_VAULT_PUT, vault_put_request_element, &put, NULL, NULL));
	device_init(&fresh);
	struct client *c = client_connect(&apps[LENS]);
	expect_err(recover(&other, c, &r), UC_E_NOT_FOUND);
	expect_ok(recover(&p, c, &r));
	expect_bytes(VIEW_OF(r.account_id), VIEW_OF(p.account_id));
	expect_eq(r.entries.n, 1);
	expect_ok(client_ask(c, FRAME_VAULT_GET, NULL, NULL, vault_get_response_element, &vault));
	expect_bytes(vault.vault, put.vault);
	expect_err(client_ask(c, FRAME_POOL_STATUS, NULL, NULL, NULL, NULL), UC_E_SIGNED_OUT);
	struct view entry = person_entry(&p, DEVICE_RESET_TO, &fresh.key, &p.account, true);
	expect_err(reset(&p, c, person_entry(&p, DEVICE_RESET_TO, &fresh.key, &other.account, true),
			 &fresh),
		   UC_E_SIGNATURE);
	expect_err(reset(&p, c, p.entries[0], &fresh), UC_E_CHAIN);
	expect_ok(reset(&p, c, entry, &fresh));
	expect_eq(c->session->phase, PHASE_SIGNED_IN);
	/* All that the old devices had is void. */
	expect(p.c->session == NULL);
	expect_err(person_sign_in(&p), UC_E_REVOKED);
	expect_ok(account_get(apps[LENS].provider, VIEW_OF(p.account_id), &apps_mem, &account));
	expect_eq(account.generation, 1);
	expect_eq(account.request_key.n, 0);
	struct key_material_request q = set_request(address);
	expect_ok(address_redeem(apps[LENS].provider, address, &q, &apps_mem, &material));
	expect_eq(material.user_status, KEY_MATERIAL_USER_UNKNOWN);
	/* Said again, its answer lost. */
	person_append(&p, entry);
	c = client_connect(&apps[LENS]);
	expect_ok(recover(&p, c, &r));
	expect_eq(r.entries.n, 2);
	expect_ok(reset(&p, c, entry, &fresh));
	expect_ok(account_get(apps[LENS].provider, VIEW_OF(p.account_id), &apps_mem, &account));
	expect_eq(account.generation, 1);
	apps_end();
}

/* --- deletion, vault --- */

TEST(deletion_leaves_nothing)
{
	struct person p, other;
	struct account_delete_request forged = { VIEW_LIT("") };
	struct vault_put_request put = { 1, VIEW_LIT("sealed by the person") };
	struct device laptop;
	struct set s;
	apps_begin();
	person_join(&other, &apps[LENS], "tom");
	size_t records = stored_records(apps[LENS].accounts);
	person_join(&p, &apps[LENS], "rosa");
	set_init(&s, p.app);
	device_init(&laptop);
	expect_ok(set_put(&p, &s));
	expect_ok(client_ask(p.c, FRAME_VAULT_PUT, vault_put_request_element, &put, NULL, NULL));
	expect_ok(append(p.c, person_entry(&p, DEVICE_ADD, &laptop.key, &p.phone.key, false),
			 &laptop));
	struct grant_revoke_request revoke = { { 1 } };
	expect_ok(client_ask(p.c, FRAME_GRANT_REVOKE, grant_revoke_request_element, &revoke, NULL,
			     NULL));
	expect_err(client_ask(p.c, FRAME_ACCOUNT_DELETE, account_delete_request_element, &forged,
			      NULL, NULL),
		   UC_E_SIGNATURE);
	expect_ok(person_delete(&p));
	expect_eq(p.c->closed, WS_NORMAL);
	/* But for the handle, which rests. */
	expect_eq(stored_records(apps[LENS].accounts), records + 1);
	expect_eq(stored_count(apps[LENS].accounts, VIEW_OF(p.account_id)), 0);
	expect_eq(stored_count(apps[LENS].accounts, VIEW_OF(p.account.pub)), 0);
	expect_eq(stored_count(apps[LENS].accounts, VIEW_OF(p.phone.key.pub)), 0);
	expect_err(person_sign_in(&p), UC_E_NOT_FOUND);
	person_init(&p, &apps[LENS], "rosa");
	expect_err(person_sign_up(&p, NULL), UC_E_TAKEN);
	apps_end();
}

TEST(the_vault_is_replaced_in_order)
{
	struct person p;
	struct vault_put_request first = { 1, VIEW_LIT("one") }, other = { 1, VIEW_LIT("other") };
	struct vault_put_request third = { 3, VIEW_LIT("three") }, second = { 2, VIEW_LIT("two") };
	struct vault_get_response r;
	apps_begin();
	person_join(&p, &apps[LENS], "rosa");
	expect_ok(client_ask(p.c, FRAME_VAULT_GET, NULL, NULL, vault_get_response_element, &r));
	expect_eq(r.version, 0);
	expect_ok(client_ask(p.c, FRAME_VAULT_PUT, vault_put_request_element, &first, NULL, NULL));
	expect_ok(client_ask(p.c, FRAME_VAULT_PUT, vault_put_request_element, &first, NULL, NULL));
	expect_err(client_ask(p.c, FRAME_VAULT_PUT, vault_put_request_element, &other, NULL, NULL),
		   UC_E_STALE);
	expect_err(client_ask(p.c, FRAME_VAULT_PUT, vault_put_request_element, &third, NULL, NULL),
		   UC_E_STALE);
	expect_ok(client_ask(p.c, FRAME_VAULT_PUT, vault_put_request_element, &second, NULL, NULL));
	expect_ok(client_ask(p.c, FRAME_VAULT_GET, NULL, NULL, vault_get_response_element, &r));
	expect_eq(r.version, 2);
	expect_bytes(r.vault, second.vault);
	apps_end();
}
