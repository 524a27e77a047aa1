/* SPDX-License-Identifier: Apache-2.0 */
/* What a stranger gets when they look people up of all kinds, or write to them, over TLS from a real
 * backbone: how many bytes, after how long.  The kinds come in turn, in an order of dice each time, so that
 * whatever else the machine does strikes all alike.  answers.py tries to tell them apart.
 *
 * usage: bench-answers --port N --ca FILE --each N [--letters 1 | --show-letters 1]
 *        (the backbone runs already)
 *
 * Prints "KIND MICROSECONDS BYTES FOUND", a line each; of `late` an answer is held back by so much that
 * it must be told apart. */
#include "mimi/card.h"
#include "mimi/lookup.h"
#include "mimi/protocol.h"
#include "mimi/settings.h"
#include "net/env_system.h"
#include "tests/bench/answers.h"
#include "tests/bench/bench.h"

#include <stdlib.h>
#include <string.h>

/* A minor, somebody who lets nobody ask, who blocked the asker, who has ignored an earlier letter, and
 * whom nothing keeps from being found. */
#define KINDS(X)   \
	X(nobody)  \
	X(minor)   \
	X(closed)  \
	X(blocks)  \
	X(ignores) \
	X(normal)  \
	X(late)
#define KIND_ENUM(name) KIND_##name,
enum kind { KINDS(KIND_ENUM) KIND_COUNT };
#undef KIND_ENUM

#define DAYS_30_MS ((uint64_t)30 * 24 * 3600 * 1000)
enum { OF_KIND = ANSWERS_OF_KIND };

static const char *const kind_names[] = {
#define KIND_NAME(name) #name,
	KINDS(KIND_NAME)
#undef KIND_NAME
};

static struct answers {
	struct load load;
	struct app app;
	struct person asker, people[KIND_COUNT * OF_KIND];
	uint8_t lookup_key[32];
	const struct kem_key *answer_key;
	size_t bytes;
	bool found;
	uint8_t address[1024]; /* of the last one found */
	size_t address_n;
	struct view reply;
} s;

/* --- who is there --- */

static void on_directory(void *ctx, struct conn *c, struct view body)
{
	struct directory_response r;
	struct directory d;
	struct arena a;
	(void)ctx;
	(void)c;
	arena_init(&a, 1 << 20, ARENA_PLAIN);
	MUST(wire_decode(body, &a, directory_response_element, &r));
	MUST(directory_read(r.document, &a, &d));
	memcpy(s.lookup_key, d.lookup_key.p, sizeof s.lookup_key);
	arena_done(&a);
}

static void says(struct person *p, enum kind kind)
{
	bool is_minor = kind == KIND_minor;
	struct settings said = settings_default(is_minor ? AGE_TEEN_A : AGE_ADULT);
	struct settings_put_request q = { 0 };
	struct arena a;
	arena_init(&a, 65536, ARENA_PLAIN);
	said.app = view_str(p->app->domain);
	said.account_key = VIEW_OF(p->account.pub);
	said.number = 1;
	said.attested = ATTESTED_SELF;
	said.find_by_name = !is_minor;
	said.ask = kind == KIND_closed ? ASK_NOBODY : is_minor ? said.ask : ASK_ANYBODY;
	MUST(settings_make(&said, &p->device, &a, &q.statement));
	conn_ask(&p->conn, FRAME_SETTINGS_PUT, settings_put_request_element, &q, NULL, NULL);
	load_wait(&s.load);
	arena_done(&a);
}

/* Blocking revokes the grant that the other was given; nothing else of it reaches the app. */
static void blocks(struct person *p)
{
	struct grant_revoke_request q;
	MUST(env_random(env_system(), q.grant_id, sizeof q.grant_id));
	conn_ask(&p->conn, FRAME_GRANT_REVOKE, grant_revoke_request_element, &q, NULL, NULL);
	load_wait(&s.load);
}

static void people_come(struct arena *a)
{
	person_init(&s.asker, &s.load, &s.app, 100000, a);
	for (size_t i = 0; i < KIND_COUNT * OF_KIND; i++)
		person_init(&s.people[i], &s.load, &s.app, i, a);
	people_connect(&s.asker, 1);
	people_sign_up(&s.asker, 1);
	people_connect(s.people, KIND_COUNT * OF_KIND);
	for (size_t i = 0; i < KIND_COUNT * OF_KIND; i++) {
		struct person *p = &s.people[i];
		enum kind kind = (enum kind)(i / OF_KIND);
		if (kind == KIND_nobody)
			continue;
		const struct request_key_put_request q = { kem_public(&p->intake) };
		people_sign_up(p, 1);
		conn_ask(&p->conn, FRAME_REQUEST_KEY_PUT, request_key_put_request_element, &q, NULL,
			 NULL);
		says(p, kind);
		if (kind == KIND_blocks)
			blocks(p);
	}
	const struct directory_request q = { view_str(s.app.domain) };
	conn_ask(&s.asker.conn, FRAME_DIRECTORY, directory_request_element, &q, on_directory, NULL);
	load_wait(&s.load);
	people_disconnect(s.people, KIND_COUNT * OF_KIND);
}

/* --- looking them up --- */

struct answered_at {
	double us, late_us; /* so long it is held back */
};

double answers_now_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

double answers_hold_back(double late_us)
{
	double came = answers_now_us(), now;
	do
		now = answers_now_us();
	while (now - came < late_us);
	return now;
}

static void on_answer(void *ctx, struct conn *c, struct view body)
{
	struct lookup_response r;
	struct lookup_answer answer;
	struct arena a;
	struct answered_at *at = ctx;
	(void)c;
	at->us = answers_hold_back(at->late_us);
	arena_init(&a, 65536, ARENA_PLAIN);
	MUST(wire_decode(body, &a, lookup_response_element, &r));
	MUST(lookup_answer_open(s.answer_key, view_str(s.app.domain), r.sealed_answer, &a,
				&answer));
	s.bytes = body.n;
	s.found = answer.found;
	s.address_n = answer.request_address.n;
	if (s.address_n)
		memcpy(s.address, answer.request_address.p, s.address_n);
	arena_done(&a);
}

static void ask(enum kind kind, size_t number, bool is_told)
{
	const struct env *env = env_system();
	struct kem_key key;
	struct arena a;
	struct lookup_query query = { .version = 2,
				      .identifier =
					      view_str(s.people[kind * OF_KIND + number].handle) };
	struct lookup_request q = { .domain = view_str(s.app.domain) };
	arena_init(&a, 65536, ARENA_PLAIN);
	MUST(kem_key_generate(suite_find(SUITE_X25519_AES128), env, &key));
	s.answer_key = &key;
	query.answer_key = kem_public(&key);
	MUST(lookup_query_seal(env, VIEW_OF(s.lookup_key), q.domain, &query, &a, &q.sealed_query));
	struct answered_at at = { .late_us = kind == KIND_late ? ANSWERS_LATE_US : 0 };
	double from = answers_now_us();
	conn_ask(&s.asker.conn, FRAME_LOOKUP, lookup_request_element, &q, on_answer, &at);
	load_wait(&s.load);
	if (is_told)
		printf("%s %.1f %zu %d\n", kind_names[kind], at.us - from, s.bytes, s.found);
	kem_key_wipe(&key);
	arena_done(&a);
}

static void on_reply_address(void *ctx, struct conn *c, struct view body)
{
	struct address_make_response r;
	(void)c;
	MUST(wire_decode(body, ctx, address_make_response_element, &r));
	MUST(arena_copy(ctx, r.addresses.v[0], &s.reply));
}

/* A letter that nobody fetches. */
static void writes(const struct person *to)
{
	static const uint8_t sealed[CARD_BYTES] = { 1 };
	struct component_data letter = { COMPONENT_CONTACT_CARD, VIEW_OF(sealed) };
	struct address_wish w = { .kind = ADDRESS_REQUEST,
				  .channel = CHANNEL_REPLY,
				  .grant_id = { 1 },
				  .expires_ms = env_now_ms(env_system()) + DAYS_30_MS };
	struct address_make_request q = { { &w, 1 } };
	struct consent_request_request out;
	struct arena a;
	arena_init(&a, 65536, ARENA_PLAIN);
	conn_ask(&s.asker.conn, FRAME_ADDRESS_MAKE, address_make_request_element, &q,
		 on_reply_address, &a);
	ask((enum kind)((to - s.people) / OF_KIND), (size_t)(to - s.people) % OF_KIND, false);
	struct consent_entry e = { .consent_operation = CONSENT_REQUEST,
				   .requester_uri = s.reply,
				   .target_uri = view_make(s.address, s.address_n),
				   .consent_extensions = { { &letter, 1 } } };
	MUST(wire_encode_to(&a, consent_entry_element, &e, &out.consent_entry));
	conn_ask(&s.asker.conn, FRAME_CONSENT_REQUEST, consent_request_request_element, &out, NULL,
		 NULL);
	load_wait(&s.load);
	arena_done(&a);
}

static void ask_kind(unsigned kind, size_t number, bool is_told)
{
	ask((enum kind)kind, number, is_told);
}

void answers_ask_all(unsigned kinds, size_t each, answers_ask *one)
{
	enum { WARM = 20, KINDS_MAX = 32 };
	if (kinds > KINDS_MAX)
		bench_die("too many kinds");
	for (size_t i = 0; i < each + WARM; i++) {
		unsigned order[KINDS_MAX];
		uint8_t dice[KINDS_MAX];
		MUST(env_random(env_system(), dice, sizeof dice));
		for (unsigned k = 0; k < kinds; k++) {
			unsigned j = dice[k] % (k + 1);
			order[k] = order[j];
			order[j] = k;
		}
		for (unsigned k = 0; k < kinds; k++)
			one(order[k], i % OF_KIND, i >= WARM);
	}
}

static void look_up_all(size_t each, struct arena *a)
{
	people_come(a);
	for (size_t i = 0; i < OF_KIND; i++)
		writes(&s.people[KIND_ignores * OF_KIND + i]);
	answers_ask_all(KIND_COUNT, each, ask_kind);
	people_disconnect(&s.asker, 1);
}

int main(int argc, char **argv)
{
	struct arena a;
	size_t each = 0;
	const char *ca = NULL;
	bool has_letters = false, shows_letters = false;
	for (int i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--port"))
			s.app.port = (uint16_t)strtoul(argv[i + 1], NULL, 10);
		else if (!strcmp(argv[i], "--ca"))
			ca = argv[i + 1];
		else if (!strcmp(argv[i], "--each"))
			each = strtoul(argv[i + 1], NULL, 10);
		else if (!strcmp(argv[i], "--letters"))
			has_letters = true;
		else if (!strcmp(argv[i], "--show-letters"))
			shows_letters = true;
	}
	if (!s.app.port || !ca || !each)
		bench_die("usage: bench-answers --port N --ca FILE --each N [--letters 1]");
	s.app.domain = "east.localhost";
	arena_init(&a, 16 << 20, ARENA_PLAIN);
	load_begin(&s.load, ca);
	if (shows_letters)
		letters_show(&s.load, &s.app, "north.localhost", each, &a);
	else if (has_letters)
		letters_all(&s.load, &s.app, each, &a);
	else
		look_up_all(each, &a);
	load_end(&s.load);
	arena_done(&a);
	return 0;
}
