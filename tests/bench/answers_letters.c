/* SPDX-License-Identifier: Apache-2.0 */
/* Letters of a grown-up to people whose invitation link they have.  The answer is always the same; so is,
 * as far as answers.py can tell, when it comes.  It also sends some itself, as another app does: letters_show
 * prints them. */
#include "mimi/card.h"
#include "mimi/device_list.h"
#include "mimi/protocol.h"
#include "mimi/settings.h"
#include "mimi/uri.h"
#include "net/env_system.h"
#include "tests/bench/answers.h"
#include "tests/bench/bench.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

/* An account that was deleted; somebody whom the table of ages keeps from being asked; who lets nobody ask;
 * who took the link back; who has blocked the asker; whose intake is full; people with so many devices, none of which is there; one
 * whose device is there; and one whose answer is held back by half as long again as all are. */
#define KINDS(X)  \
	X(nobody) \
	X(minor)  \
	X(closed) \
	X(ended)  \
	X(blocks) \
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
enum { FULL = 240, OF_KIND = ANSWERS_OF_KIND, LATE_US = 10000 };

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
	enum { LINK = 1, GIVEN_TO_ASKER };
	people_sign_up(p, 1);
	*link = address_make(p, CHANNEL_LINK, LINK);
	says(p, kind);
	if (kind == KIND_two || kind == KIND_three)
		devices_add(p, kind == KIND_two ? 2 : 3);
	if (kind == KIND_ended)
		link_end(p, LINK);
	/* All that the app hears of a block (client/contacts.c), and what the vault is given, as for all else. */
	if (kind == KIND_blocks)
		link_end(p, GIVEN_TO_ASKER);
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

static struct view letter_make(unsigned kind, size_t number, struct arena *a)
{
	static const uint8_t sealed[CARD_BYTES] = { 1 };
	/* The full take long to fill: there are two of them. */
	size_t who = kind * OF_KIND + (kind == KIND_full ? number % 2 : number);
	struct component_data letter = { COMPONENT_CONTACT_CARD, VIEW_OF(sealed) };
	struct consent_entry e = { .consent_operation = CONSENT_REQUEST,
				   .requester_uri = s.reply,
				   .target_uri = s.links[who],
				   .consent_extensions = { { &letter, 1 } } };
	struct view out = { NULL, 0 };
	MUST(wire_encode_to(a, consent_entry_element, &e, &out));
	return out;
}

static void writes(unsigned kind, size_t number, bool is_told)
{
	struct answered_at at = { .late_us = kind == KIND_late ? LATE_US : 0 };
	struct arena a;
	arena_init(&a, 65536, ARENA_PLAIN);
	const struct consent_request_request out = { letter_make(kind, number, &a) };
	double from = answers_now_us();
	conn_ask(&s.asker.conn, FRAME_CONSENT_REQUEST, consent_request_request_element, &out,
		 on_answer, &at);
	load_wait(s.load);
	if (is_told)
		printf("%s %.1f %zu 1\n", kind_names[kind], at.us - from, at.bytes);
	arena_done(&a);
}

static void asker_comes(struct app *app)
{
	person_init(&s.asker, s.load, app, 100000, s.mem);
	people_connect(&s.asker, 1);
	people_sign_up(&s.asker, 1);
	says(&s.asker, KIND_one);
	/* The tag of the card that is sent: a byte of 1, and zeros. */
	s.reply = address_make(&s.asker, CHANNEL_REPLY, 1);
}

static void fill(void)
{
	enum { AT_ONCE = 32 };
	for (size_t i = 0; i < 2 * (size_t)FULL; i++) {
		const struct consent_request_request out = { letter_make(KIND_full, i, s.mem) };
		conn_ask(&s.asker.conn, FRAME_CONSENT_REQUEST, consent_request_request_element,
			 &out, NULL, NULL);
		if (i % AT_ONCE == AT_ONCE - 1)
			load_wait(s.load);
	}
	load_wait(s.load);
}

static void all_come(struct load *l, struct app *app, struct arena *a)
{
	s.load = l;
	s.app = app;
	s.mem = a;
	asker_comes(app);
	for (size_t i = 0; i < KIND_COUNT * OF_KIND; i++) {
		person_init(&s.people[i], l, app, i, a);
		people_connect(&s.people[i], 1);
		becomes(&s.people[i], (enum kind)(i / OF_KIND), &s.links[i]);
	}
	fill();
}

static void on_sign_in(void *ctx, struct conn *c, struct view body)
{
	struct sign_in_response r;
	(void)c;
	MUST(wire_decode(body, s.mem, sign_in_response_element, &r));
	*(uint64_t *)ctx = r.intake_next;
}

/* Those who are to get them have them, and nobody else: else it is no wonder that all looks alike. */
static void landed_check(enum kind kind, size_t least)
{
	bool is_reached = kind == KIND_blocks || kind == KIND_one || kind == KIND_two ||
			  kind == KIND_three || kind == KIND_there || kind == KIND_late;
	for (size_t i = 0; i < OF_KIND; i++) {
		struct person *p = &s.people[kind * OF_KIND + i];
		uint64_t next = 0;
		people_connect(p, 1);
		person_sign_in_told(p, on_sign_in, &next);
		load_wait(s.load);
		if (is_reached ? next < 1 + least : next != 1)
			bench_die("%s has %u letters", kind_names[kind], (unsigned)next - 1);
		people_disconnect(p, 1);
	}
}

static void all_go(size_t each)
{
	people_disconnect(&s.people[KIND_there * OF_KIND], OF_KIND);
	for (unsigned kind = 0; kind < KIND_COUNT; kind++)
		if (kind != KIND_nobody && kind != KIND_full)
			landed_check((enum kind)kind, each / OF_KIND);
	people_disconnect(&s.asker, 1);
}

void letters_all(struct load *l, struct app *app, size_t each, struct arena *a)
{
	all_come(l, app, a);
	answers_ask_all(KIND_COUNT, each, writes);
	all_go(each);
}

/* The same address of another app: whether it leads to anybody only that knows. */
static void reply_is_of(const char *domain)
{
	struct uri uri;
	struct buf out;
	MUST(uri_read(s.reply, &uri));
	size_t rest = (size_t)(uri.domain.p + uri.domain.n - s.reply.p);
	buf_init(&out, 2048);
	buf_printf(&out, "mimi://%s", domain);
	buf_add_view(&out, view_slice(s.reply, rest, s.reply.n));
	MUST(out.failed);
	MUST(arena_copy(s.mem, buf_view(&out), &s.reply));
	buf_done(&out);
}

void letters_show(struct load *l, struct app *app, const char *other, size_t each, struct arena *a)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	all_come(l, app, a);
	reply_is_of(other);
	for (unsigned kind = 0; kind < KIND_COUNT; kind++)
		for (size_t i = 0; i < OF_KIND; i++) {
			struct view letter = letter_make(kind, i, a);
			printf("%s ", kind_names[kind]);
			for (size_t k = 0; k < letter.n; k++)
				printf("%02x", letter.p[k]);
			printf("\n");
		}
	printf("\n");
	fflush(stdout);
	while (!poll(&in, 1, 0))
		load_rest(l, 1);
	all_go(each);
}
