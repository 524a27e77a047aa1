/* SPDX-License-Identifier: Apache-2.0 */
/* Letters of a grown-up to people whose invitation link they have.  The answer is always the same; so is,
 * as far as answers.py can tell, when it comes. */
#include "mimi/card.h"
#include "mimi/device_list.h"
#include "mimi/protocol.h"
#include "mimi/settings.h"
#include "net/env_system.h"
#include "tests/bench/answers.h"
#include "tests/bench/bench.h"

#include <string.h>

/* An account that was deleted; somebody whom the table of ages keeps from being asked; who lets nobody ask;
 * who took the link back; whose intake is full; people with so many devices, none of which is there; one
 * whose device is there; and one whose answer is held back by about as long as the work of two takes. */
#define KINDS(X)  \
	X(nobody) \
	X(minor)  \
	X(closed) \
	X(ended)  \
	X(full)   \
	X(one)    \
	X(two)    \
	X(three)  \
	X(there)  \
	X(late)
#define KIND_ENUM(name) KIND_##name,
enum kind { KINDS(KIND_ENUM) KIND_COUNT };
#undef KIND_ENUM

#define DAYS_30_MS ((uint64_t)30 * 24 * 3600 * 1000)
/* answers.py leaves room for fewer: a part of a quota of 2 MiB. */
enum { FULL = 240, OF_KIND = ANSWERS_OF_KIND, LATE_US = 5000 };

static const char *const kind_names[] = {
#define KIND_NAME(name) #name,
	KINDS(KIND_NAME)
#undef KIND_NAME
};

static struct letters {
	struct load *load;
	struct app *app;
	struct person asker, people[KIND_COUNT * OF_KIND];
	struct view links[KIND_COUNT * OF_KIND];
	struct view reply;
	struct arena *mem;
} s;

static void ask_and_wait(struct person *p, uint16_t type, wire_element *walk, const void *q)
{
	conn_ask(&p->conn, type, walk, q, NULL, NULL);
	load_wait(s.load);
}

/* --- who is there --- */

static void on_address(void *ctx, struct conn *c, struct view body)
{
	struct address_make_response r;
	(void)c;
	MUST(wire_decode(body, s.mem, address_make_response_element, &r));
	MUST(arena_copy(s.mem, r.addresses.v[0], ctx));
}

static struct view address_make(struct person *p, uint8_t channel, uint8_t grant)
{
	struct address_wish w = { .kind = ADDRESS_REQUEST,
				  .channel = channel,
				  .grant_id = { grant },
				  .expires_ms = env_now_ms(env_system()) + DAYS_30_MS };
	struct address_make_request q = { { &w, 1 } };
	struct view out = { NULL, 0 };
	conn_ask(&p->conn, FRAME_ADDRESS_MAKE, address_make_request_element, &q, on_address, &out);
	load_wait(s.load);
	return out;
}

static void says(struct person *p, enum kind kind)
{
	bool is_minor = kind == KIND_minor;
	struct settings said = settings_default(is_minor ? AGE_TEEN_A : AGE_ADULT);
	struct settings_put_request q = { 0 };
	said.app = view_str(p->app->domain);
	said.account_key = VIEW_OF(p->account.pub);
	said.number = 1;
	said.attested = ATTESTED_SELF;
	said.ask = kind == KIND_closed ? ASK_NOBODY : is_minor ? said.ask : ASK_ANYBODY;
	MUST(settings_make(&said, &p->device, s.mem, &q.statement));
	ask_and_wait(p, FRAME_SETTINGS_PUT, settings_put_request_element, &q);
}

static void devices_add(struct person *p, size_t n)
{
	struct view entries[4] = { p->entry };
	for (size_t i = 1; i < n; i++) {
		struct ed25519_key key;
		struct device_list list;
		const struct view_list known = { entries, i };
		MUST(device_list_verify(&known, view_str(p->app->domain), VIEW_OF(p->account.pub),
					s.mem, &list));
		MUST(ed25519_generate(env_system(), &key));
		const struct device_entry e = { .device_action = DEVICE_ADD,
						.device_key = VIEW_OF(key.pub) };
		MUST(device_entry_make(&list, view_str(p->app->domain), VIEW_OF(p->account.pub),
				       &p->device, false, env_now_ms(env_system()), &e, s.mem,
				       &entries[i]));
		const struct device_append_request q = { entries[i], VIEW_OF(key.pub),
							 kem_public(&p->intake) };
		ask_and_wait(p, FRAME_DEVICE_APPEND, device_append_request_element, &q);
	}
}

static void link_end(struct person *p, uint8_t grant)
{
	const struct grant_revoke_request q = { .grant_id = { grant } };
	ask_and_wait(p, FRAME_GRANT_REVOKE, grant_revoke_request_element, &q);
}

static void account_delete(struct person *p)
{
	uint8_t signature[ED25519_SIGNATURE];
	const struct account_delete_request q = { VIEW_OF(signature) };
	person_sign(p, SESSION_DELETE, VIEW_OF(p->account_id), (struct view){ NULL, 0 }, signature);
	/* With the account its connection goes. */
	s.load->expects_end = true;
	ask_and_wait(p, FRAME_ACCOUNT_DELETE, account_delete_request_element, &q);
	while (p->conn.ws)
		load_turn(s.load);
	s.load->expects_end = false;
}

static void becomes(struct person *p, enum kind kind, struct view *link)
{
	enum { LINK = 1 };
	people_sign_up(p, 1);
	*link = address_make(p, CHANNEL_LINK, LINK);
	says(p, kind);
	if (kind == KIND_two || kind == KIND_three)
		devices_add(p, kind == KIND_two ? 2 : 3);
	if (kind == KIND_ended)
		link_end(p, LINK);
	if (kind == KIND_nobody)
		account_delete(p);
	else if (kind != KIND_there)
		people_disconnect(p, 1);
}

/* --- writing to them --- */

struct answered_at {
	double us, late_us; /* so long it is held back */
	size_t bytes;
};

static void on_answer(void *ctx, struct conn *c, struct view body)
{
	struct answered_at *at = ctx;
	(void)c;
	at->us = answers_hold_back(at->late_us);
	at->bytes = body.n;
}

static void writes(unsigned kind, size_t number, bool is_told)
{
	static const uint8_t sealed[CARD_BYTES] = { 1 };
	/* The full take long to fill: there are two of them. */
	size_t who = kind * OF_KIND + (kind == KIND_full ? number % 2 : number);
	struct component_data letter = { COMPONENT_CONTACT_CARD, VIEW_OF(sealed) };
	struct consent_entry e = { .consent_operation = CONSENT_REQUEST,
				   .requester_uri = s.reply,
				   .target_uri = s.links[who],
				   .consent_extensions = { { &letter, 1 } } };
	struct consent_request_request out;
	struct answered_at at = { .late_us = kind == KIND_late ? LATE_US : 0 };
	struct arena a;
	arena_init(&a, 65536, ARENA_PLAIN);
	MUST(wire_encode_to(&a, consent_entry_element, &e, &out.consent_entry));
	double from = answers_now_us();
	conn_ask(&s.asker.conn, FRAME_CONSENT_REQUEST, consent_request_request_element, &out,
		 on_answer, &at);
	load_wait(s.load);
	if (is_told)
		printf("%s %.1f %zu 1\n", kind_names[kind], at.us - from, at.bytes);
	arena_done(&a);
}

void letters_all(struct load *l, struct app *app, size_t each, struct arena *a)
{
	s.load = l;
	s.app = app;
	s.mem = a;
	person_init(&s.asker, l, app, 100000, a);
	people_connect(&s.asker, 1);
	people_sign_up(&s.asker, 1);
	says(&s.asker, KIND_one);
	/* The tag of the card that is sent: a byte of 1, and zeros. */
	s.reply = address_make(&s.asker, CHANNEL_REPLY, 1);
	for (size_t i = 0; i < KIND_COUNT * OF_KIND; i++) {
		person_init(&s.people[i], l, app, i, a);
		people_connect(&s.people[i], 1);
		becomes(&s.people[i], (enum kind)(i / OF_KIND), &s.links[i]);
	}
	for (size_t i = 0; i < 2 * (size_t)FULL; i++)
		writes(KIND_full, i, false);
	answers_ask_all(KIND_COUNT, each, writes);
	people_disconnect(&s.people[KIND_there * OF_KIND], OF_KIND);
	people_disconnect(&s.asker, 1);
}
