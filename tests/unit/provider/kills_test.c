/* SPDX-License-Identifier: Apache-2.0 */
/* An app is killed at every single write and sync, what was not synced kept or lost, while two
 * people sign up, ask each other and leave.  They only ever try again; in the end everything is as
 * if nothing had happened.  And nothing that is stored meanwhile tells of rooms. */
#include "tests/unit/provider/apps.h"

static struct person rosa, tom;
static struct app *victim;
static size_t kills;

static void revive(void)
{
	if (victim->provider)
		return;
	app_start(victim);
	kills++;
}

/* --- what a client does until it is done --- */

enum { TRIES = 8 };

static bool is_lost(uc_err err)
{
	return err == UC_E_CLOSED || uc_err_class(err) == UC_CLASS_STORE;
}

/* Signed in again, whatever happens. */
static void back(struct person *p)
{
	uc_err err = UC_E_CLOSED;
	for (int i = 0; i < TRIES && err; i++) {
		revive();
		err = person_sign_in(p);
		expect(!err || is_lost(err));
	}
	expect_ok(err);
}

static void join(struct person *p, struct app *a, const char *name)
{
	uc_err err = UC_E_CLOSED;
	person_init(p, a, name);
	for (int i = 0; i < TRIES && err; i++) {
		revive();
		if (p->c && !p->c->session)
			p->c = NULL;
		/* The code that came may still be good; else another one is asked for. */
		if (a->names != 2 && (!i || err == UC_E_CODE))
			expect(!person_ask_code(p) || !victim->provider || !p->c->session);
		revive();
		err = person_sign_up(p, a->code);
		expect(!err || is_lost(err) || err == UC_E_CODE);
	}
	expect_ok(err);
}

static uc_err ask(struct person *p, uint16_t type, wire_element *walk, const void *q,
		  wire_element *answer_walk, void *r)
{
	uc_err err = UC_E_CLOSED;
	for (int i = 0; i < TRIES && is_lost(err); i++) {
		revive();
		if (!p->c->session)
			back(p);
		err = client_ask(p->c, type, walk, q, answer_walk, r);
	}
	return err;
}

static void put(struct person *p, const struct set *s)
{
	struct pool_slot slot = { .not_after_ms = s->not_after_ms, .sealed = s->sealed };
	struct pool_put_request q = { { &slot, 1 } };
	memcpy(slot.set_id, s->set_id, sizeof slot.set_id);
	memcpy(slot.slot_id, s->slot_id, sizeof slot.slot_id);
	expect_ok(ask(p, FRAME_POOL_PUT, pool_put_request_element, &q, NULL, NULL));
}

static struct view address(struct person *p, const struct address_wish *w)
{
	struct address_wish wish = *w;
	struct address_make_request q = { { &wish, 1 } };
	struct address_make_response r = { { NULL, 0 } };
	expect_ok(ask(p, FRAME_ADDRESS_MAKE, address_make_request_element, &q,
		      address_make_response_element, &r));
	return r.addresses.n ? r.addresses.v[0] : (struct view){ NULL, 0 };
}

static void request_key(struct person *p)
{
	struct request_key_put_request q = { kem_public(&p->request) };
	expect_ok(ask(p, FRAME_REQUEST_KEY_PUT, request_key_put_request_element, &q, NULL, NULL));
}

static bool sets_has(struct person *p, const struct set *s)
{
	struct pool_status_response r = { { NULL, 0 } };
	expect_ok(ask(p, FRAME_POOL_STATUS, NULL, NULL, pool_status_response_element, &r));
	for (size_t i = 0; i < r.sets.n; i++)
		if (view_equal(VIEW_OF(r.sets.v[i].id), VIEW_OF(s->set_id)))
			return true;
	return false;
}

/* A release that was said twice must give at most once. */
static void redeem(struct person *p, const struct set *s, struct view uri)
{
	struct key_material_request q = set_request(uri);
	struct key_material_response r;
	unsigned given = 0;
	for (int i = 0; i < TRIES; i++) {
		revive();
		if (address_redeem(p->app->provider, uri, &q, &apps_mem, &r))
			r.user_status = KEY_MATERIAL_USER_UNKNOWN;
		unsigned before = victim->provider ? 1 : 0;
		apps_settle();
		bool said = !before || victim->provider; /* else the answer died with it */
		given += said && r.user_status == KEY_MATERIAL_SUCCESS;
	}
	expect(given <= 1);
	expect(!sets_has(p, s));
}

/* Everything that waits is taken, kept and acknowledged; how often it held `what`. */
static unsigned fetch(struct person *p, struct view what)
{
	unsigned found = 0;
	for (int i = 0; i < TRIES; i++) {
		revive();
		if (!p->c->session)
			back(p);
		struct event *e;
		while ((e = client_event(p->c, FRAME_INTAKE))) {
			struct intake_event item;
			struct view body = { NULL, 0 };
			expect_ok(wire_decode(e->body, &apps_mem, intake_event_element, &item));
			struct intake_context context = { item.intake_kind, item.received_ms };
			expect_ok(intake_open(secret_view(&p->phone.intake.priv),
					      kem_public(&p->phone.intake), &context, item.sealed,
					      &apps_mem, &body));
			if (item.seq <= p->phone.cursor)
				continue; /* known */
			p->phone.cursor = item.seq;
			found += view_equal(letter_untagged(body, NULL), what);
		}
		struct intake_ack ack = { p->phone.cursor };
		client_tell(p->c, FRAME_INTAKE_ACK, intake_ack_element, &ack);
		apps_wait(8000); /* a question whose app was killed ends by its timeout */
	}
	return found;
}

static struct view letter(uint8_t operation, struct view requester, struct view target,
			  uint16_t component, size_t n)
{
	static uint8_t bytes[4096];
	struct view out = { NULL, 0 };
	struct component_data c = { component, view_make(bytes, n) };
	struct consent_entry e = { .consent_operation = operation,
				   .requester_uri = requester,
				   .target_uri = target,
				   .consent_extensions = { { &c, 1 } } };
	expect_ok(wire_encode_to(&apps_mem, consent_entry_element, &e, &out));
	return out;
}

static void leave(struct person *p)
{
	uc_err err = UC_E_CLOSED;
	for (int i = 0; i < TRIES && is_lost(err); i++) {
		uint8_t signature[ED25519_SIGNATURE];
		struct account_delete_request q = { VIEW_OF(signature) };
		revive();
		if (!p->c->session)
			err = person_sign_in(p);
		if (err == UC_E_NOT_FOUND)
			return; /* the answer was lost */
		expect_ok(person_sign(p->c, SESSION_DELETE, VIEW_OF(p->account_id),
				      (struct view){ NULL, 0 }, &p->phone.key, signature));
		err = client_ask(p->c, FRAME_ACCOUNT_DELETE, account_delete_request_element, &q,
				 NULL, NULL);
	}
	expect_ok(err);
}

/* --- the story --- */

static size_t accounts_count(struct app *a)
{
	struct store_scan scan;
	struct view key, value;
	size_t n = 0;
	uint8_t tag = TABLE_ACCOUNT;
	expect_ok(store_scan_init(&scan, a->accounts, view_make(&tag, 1), (struct view){ NULL, 0 },
				  0));
	while (store_scan_next(&scan, &key, &value))
		n++;
	store_scan_done(&scan);
	return n;
}

static void contact(void)
{
	struct address_wish reply = { .kind = ADDRESS_REQUEST,
				      .channel = CHANNEL_REPLY,
				      .expires_ms = test_now_ms + DAY_MS };
	struct address_wish link = reply;
	link.channel = CHANNEL_LINK;
	struct view from = address(&rosa, &reply), to = address(&tom, &link);
	struct view q = letter(CONSENT_REQUEST, from, to, COMPONENT_CONTACT_CARD, CARD_BYTES);
	struct view g = letter(CONSENT_GRANT, from, to, COMPONENT_CONTACT_ANSWER, 4096);
	struct consent_request_request ask_q = { q };
	struct consent_update_request grant_q = { g };
	expect_ok(ask(&rosa, FRAME_CONSENT_REQUEST, consent_request_request_element, &ask_q, NULL,
		      NULL));
	expect(fetch(&tom, q) >= 1);
	expect_ok(ask(&tom, FRAME_CONSENT_UPDATE, consent_update_request_element, &grant_q, NULL,
		      NULL));
	expect(fetch(&rosa, g) >= 1);
}

static void append(struct person *p, uint8_t action, const struct device *d)
{
	struct view entry = person_entry(p, action, &d->key, &p->phone.key, false);
	struct device_append_request q = { .device_list_entry = entry };
	if (action == DEVICE_ADD) {
		q.device_key = VIEW_OF(d->key.pub);
		q.intake_key = kem_public(&d->intake);
	}
	expect_ok(ask(p, FRAME_DEVICE_APPEND, device_append_request_element, &q, NULL, NULL));
	person_append(p, entry);
}

static uc_err reset(struct person *p, struct view entry, struct device *d)
{
	uint8_t signature[ED25519_SIGNATURE];
	struct view nobody = { NULL, 0 };
	struct recover_request r = { VIEW_OF(p->account.pub), VIEW_OF(signature) };
	struct recover_response known;
	struct device_reset_request q = { entry, VIEW_OF(d->key.pub), kem_public(&d->intake),
					  VIEW_OF(signature) };
	p->c = client_connect(p->app);
	TRY(person_sign(p->c, SESSION_RECOVER, nobody, nobody, &p->account, signature));
	TRY(client_ask(p->c, FRAME_RECOVER, recover_request_element, &r, recover_response_element,
		       &known));
	expect_bytes(VIEW_OF(known.account_id), VIEW_OF(p->account_id));
	TRY(person_sign(p->c, SESSION_SIGN_UP, VIEW_OF(p->account_id), entry, &d->key, signature));
	return client_ask(p->c, FRAME_DEVICE_RESET, device_reset_request_element, &q, NULL, NULL);
}

/* Another device comes and goes; then all are lost. */
static void devices(struct person *p)
{
	struct device laptop, fresh;
	struct device_list_get_response l;
	uc_err err = UC_E_CLOSED;
	device_init(&laptop);
	device_init(&fresh);
	append(p, DEVICE_ADD, &laptop);
	append(p, DEVICE_REVOKE, &laptop);
	struct view entry = person_entry(p, DEVICE_RESET_TO, &fresh.key, &p->account, true);
	for (int i = 0; i < TRIES && is_lost(err); i++) {
		revive();
		err = reset(p, entry, &fresh);
	}
	expect_ok(err);
	person_append(p, entry);
	p->phone = fresh;
	expect_ok(ask(p, FRAME_DEVICE_LIST, NULL, NULL, device_list_get_response_element, &l));
	expect_eq(l.entries.n, 4);
}

static void secrets_check(struct app *a, const struct set *s)
{
	/* Long enough not to be met in ciphertext by chance. */
	static const char *const never[] = { "example/r/", "example/p/", "participant", "room" };
	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		expect_eq(stored_count(a->accounts, view_str(never[i])), 0);
	expect_eq(stored_count(a->accounts, s->client), 0);
	expect_eq(stored_count(a->accounts, s->key_package), 0);
	expect_eq(stored_records(a->rooms), 0);
}

static void story(void)
{
	struct set one, two;
	struct address_wish w = { .kind = ADDRESS_KEY, .expires_ms = test_now_ms + DAY_MS };
	struct pool_take_request take;
	join(&rosa, &apps[DIAL], "+4915123456789");
	join(&tom, &apps[LENS], "tom");
	request_key(&rosa);
	request_key(&tom);
	expect_eq(accounts_count(&apps[DIAL]), 1);
	expect_eq(accounts_count(&apps[LENS]), 1);
	set_init(&one, rosa.app);
	set_init(&two, rosa.app);
	put(&rosa, &one);
	put(&rosa, &two);
	memcpy(take.set_id, two.set_id, sizeof take.set_id);
	uc_err err = ask(&rosa, FRAME_POOL_TAKE, pool_take_request_element, &take, NULL, NULL);
	expect(!err || err == UC_E_NOT_FOUND);
	expect(!sets_has(&rosa, &two));
	memcpy(w.set_id, one.set_id, sizeof w.set_id);
	w.set_key = VIEW_OF(one.key);
	secrets_check(&apps[DIAL], &one);
	redeem(&rosa, &one, address(&rosa, &w));
	contact();
	secrets_check(&apps[DIAL], &one);
	secrets_check(&apps[LENS], &one);
	devices(&rosa);
	leave(&rosa);
	leave(&tom);
	/* Codes run out; all else is gone at once or with the sweep. */
	revive();
	test_now_ms += 6 * HOUR_MS;
	for (int i = 0; i < 12; i++) {
		apps_wait(2000);
		revive();
	}
	expect_eq(stored_records(apps[DIAL].accounts), 0);
	expect_eq(stored_records(apps[LENS].accounts), 1); /* a handle rests */
}

/* Runs the story with a kill at the n-th point; false when there is no such point. */
static bool run(int app, unsigned n, bool keep)
{
	static const uint64_t start = 1700000000000;
	test_now_ms = start;
	test_seed(n * 4 + (unsigned)app * 2 + keep);
	kills = 0;
	apps_begin();
	victim = &apps[app];
	kills_keep = keep;
	victim->strike_in = n;
	story();
	bool struck = kills > 0;
	apps_end();
	return struck;
}

static void kill_everywhere(int app)
{
	unsigned n = 1, points = 0;
	for (bool struck = true; struck && n < 2000; n++) {
		struck = run(app, n, false);
		struck |= run(app, n, true);
		points += struck;
	}
	expect(points > 30);
	printf("%u points struck\n", points);
}

TEST(rosas_app_is_killed_at_every_write)
{
	kill_everywhere(DIAL);
}

TEST(toms_app_is_killed_at_every_write)
{
	kill_everywhere(LENS);
}
