/* SPDX-License-Identifier: Apache-2.0 */
/* What costs money or helps to guess is counted by network address, too: a new connection is not a
 * new beginning. */
#include "base/heap.h"
#include "mimi/names.h"
#include "tests/sanitized.h"
#include "tests/unit/heap_seen.h"
#include "tests/unit/provider/apps.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define V4(a, b, c, d) VIEW_LIT("\0\0\0\0\0\0\0\0\0\0\xff\xff" a b c d)
#define HERE           V4("\xc0", "\x00", "\x02", "\x07")
#define BESIDE         V4("\xc0", "\x00", "\x02", "\x08")
#define V6             VIEW_LIT("\x20\x01\x0d\xb8\0\x01\0\x02\0\0\0\0\0\0\0\0")
#define V6_BESIDE      VIEW_LIT("\x20\x01\x0d\xb8\0\x01\0\x03\0\0\0\0\0\0\0\0")
#define LOOPBACK       V4("\x7f", "\x00", "\x00", "\x01")
#define LOOPBACK_2     V4("\x7f", "\xff", "\x00", "\x02")
#define LOOPBACK_V6    VIEW_LIT("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")

/* A code to a number of its own, on a connection of its own. */
static uc_err code_ask(struct view from, unsigned number, uint32_t *wait)
{
	char name[32];
	struct person p;
	snprintf(name, sizeof name, "+4915120%06u", number);
	connect_from = from;
	person_init(&p, &apps[DIAL], name);
	uc_err err = person_ask_code(&p);
	*wait = p.c->answer.retry_after_s;
	client_close(p.c);
	return err;
}

/* How many codes are sent before there are no more. */
static unsigned codes_sent(struct view from, unsigned at_most, uint32_t *wait)
{
	static unsigned number;
	unsigned n = 0;
	uc_err err = UC_OK;
	while (n < at_most && !(err = code_ask(from, number++, wait)))
		n++;
	if (err)
		expect_err(err, UC_E_RATE);
	return n;
}

TEST(codes_are_counted_over_connections)
{
	uint32_t wait = 0;
	apps_begin();
	expect_eq(codes_sent(HERE, 20, &wait), 10);
	expect(wait > 0 && wait <= 121);
	expect_eq(apps[DIAL].codes, 10); /* what is refused is not sent */
	expect_eq(codes_sent(BESIDE, 20, &wait), 10);
	expect_eq(codes_sent(V6, 20, &wait), 10);
	expect_eq(codes_sent(V6_BESIDE, 20, &wait), 10);
	/* One more when it was said. */
	expect_eq(codes_sent(HERE, 20, &wait), 0);
	test_now_ms += (uint64_t)wait * 1000;
	expect_eq(codes_sent(HERE, 20, &wait), 1);
	apps_end();
}

TEST(this_machine_and_what_is_unknown_are_not_counted)
{
	const struct view free[] = { LOOPBACK, LOOPBACK_2, LOOPBACK_V6, { NULL, 0 } };
	uint32_t wait = 0;
	apps_begin();
	for (size_t i = 0; i < sizeof free / sizeof *free; i++)
		expect_eq(codes_sent(free[i], 40, &wait), 40);
	expect_eq(apps[DIAL].provider->networks.map.n, 0);
	/* 128.0.0.1 is none of this machine's. */
	expect_eq(codes_sent(V4("\x80", "\x00", "\x00", "\x01"), 40, &wait), 10);
	apps_end();
}

static unsigned codes_from(struct view from, const char *name)
{
	struct person p;
	unsigned n = 0;
	connect_from = from;
	for (uc_err err = UC_OK; !err && n < 20;) {
		person_init(&p, &apps[DIAL], name);
		err = person_ask_code(&p);
		n += !err;
		client_close(p.c);
	}
	return n;
}

TEST(nobody_uses_up_the_codes_of_a_number_alone)
{
	apps_begin();
	expect_eq(codes_from(HERE, "+491512345678"), 3);
	expect_eq(codes_from(HERE, "+491512345678"), 0);
	/* Its owner, elsewhere. */
	expect_eq(codes_from(BESIDE, "+491512345678"), 3);
	/* Another number is counted by itself. */
	expect_eq(codes_from(HERE, "+491512345679"), 3);
	/* Nor do many: what a number gets in all is counted, too. */
	expect_eq(codes_from(V6, "+491512345678"), 3);
	expect_eq(codes_from(V6_BESIDE, "+491512345678"), 1);
	apps_end();
}

static bool holds(struct view in, struct view what)
{
	for (size_t at = 0; at + what.n <= in.n; at++)
		if (view_equal(view_slice(in, at, what.n), what))
			return true;
	return false;
}

/* Neither stands in what both are counted under; the address alone is kept, where it is counted alone. */
TEST(which_number_was_asked_for_from_where_is_not_kept)
{
	struct view number = VIEW_LIT("+491512345678"), key;
	size_t at = 0, pairs = 0, addresses = 0;
	uint8_t name[32];
	void *value;
	apps_begin();
	expect_eq(codes_from(HERE, "+491512345678"), 3);
	expect_ok(provider_keys_name(&apps[DIAL].keys, NAME_NUMBER, number, name));
	while (map_next(&apps[DIAL].provider->networks.map, &at, &key, &value)) {
		expect(!holds(key, view_make(name, 8)));
		addresses += holds(key, HERE);
		pairs += key.p[0] == LIMIT_NETWORK_NAME_CODE && !holds(key, HERE);
	}
	expect_eq(pairs, 1);
	expect(addresses > 0);
	apps_end();
}

static uc_err sign_up(struct view from, struct person *p)
{
	static unsigned number;
	static char names[200][32];
	snprintf(names[number], sizeof *names, "rosa%u", number);
	connect_from = from;
	person_init(p, &apps[LENS], names[number++]);
	return person_sign_up(p, NULL);
}

static uc_err recover(struct view from)
{
	uint8_t signature[ED25519_SIGNATURE];
	struct ed25519_key key;
	struct recover_request q = { VIEW_OF(key.pub), VIEW_OF(signature) };
	struct view nobody = { NULL, 0 };
	connect_from = from;
	expect_ok(ed25519_generate(test_env(), &key));
	struct client *c = client_connect(&apps[LENS]);
	expect_ok(person_sign(c, SESSION_RECOVER, nobody, nobody, &key, signature));
	uc_err err = client_ask(c, FRAME_RECOVER, recover_request_element, &q, NULL, NULL);
	client_close(c);
	return err;
}

TEST(sign_ups_and_recoveries_are_counted_over_connections)
{
	struct person p;
	apps_begin();
	for (int i = 0; i < 15; i++) {
		expect_ok(sign_up(HERE, &p));
		client_close(p.c);
	}
	for (int i = 0; i < 5; i++)
		expect_err(recover(HERE), UC_E_NOT_FOUND);
	expect_err(recover(HERE), UC_E_RATE);
	expect_err(sign_up(HERE, &p), UC_E_RATE);
	expect(p.c->answer.retry_after_s > 0);
	expect_err(recover(BESIDE), UC_E_NOT_FOUND);
	expect_ok(sign_up(BESIDE, &p));
	/* Who is known comes in all the same. */
	connect_from = HERE;
	expect_ok(person_sign_in(&p));
	apps_end();
}

static uc_err look_up(struct person *p)
{
	struct lookup_request q = { apps[LENS].domain, VIEW_LIT("opens for nobody") };
	return client_ask(p->c, FRAME_LOOKUP, lookup_request_element, &q, NULL, NULL);
}

TEST(look_ups_are_counted_over_accounts)
{
	struct person p;
	unsigned n = 0;
	uc_err err = UC_OK;
	apps_begin();
	for (int i = 0; i < 11; i++) {
		expect_ok(sign_up(V6, &p));
		for (int k = 0; k < 20 && err != UC_E_RATE; k++, n++)
			err = look_up(&p);
	}
	expect_err(err, UC_E_RATE);
	expect_eq(n, 201);
	connect_from = V6_BESIDE;
	expect_ok(person_sign_in(&p));
	expect(look_up(&p) != UC_E_RATE);
	apps_end();
}

/* How many connections are taken before there are no more. */
static unsigned opened(struct view from, unsigned at_most)
{
	unsigned n = 0;
	uc_err err = UC_OK;
	for (; n < at_most; n++) {
		struct session *s = NULL;
		err = session_open(apps[LENS].provider, &apps[LENS], from, &s);
		if (err)
			break;
		session_close(s);
	}
	if (err)
		expect_err(err, UC_E_RATE);
	return n;
}

TEST(connections_are_counted_until_somebody_signs_in)
{
	struct person p;
	apps_begin();
	expect_ok(sign_up(HERE, &p));
	/* As many as they like who sign in. */
	for (int i = 0; i < 500; i++)
		expect_ok(person_sign_in(&p));
	expect_eq(opened(HERE, 500), 200);
	expect_eq(opened(BESIDE, 500), 200);
	expect_eq(opened(LOOPBACK, 500), 500);
	test_now_ms += 10000;
	expect_eq(opened(HERE, 500), 20);
	/* An address of another length is none. */
	expect_eq(opened(VIEW_LIT("\x7f\0\0\x01"), 500), 500);
	apps_end();
}

/* No bucket, and no session that goes on, knows where anybody is. */
static void expect_forgotten(const struct provider *p)
{
	static const uint8_t nowhere[SESSION_FROM];
	expect_eq(p->networks.map.n, 0);
	for (const struct session *s = p->sessions; s; s = s->next) {
		expect(!s->has_from);
		expect_bytes(VIEW_OF(s->from), VIEW_OF(nowhere));
	}
}

TEST(an_address_is_forgotten_after_ten_minutes)
{
	uint32_t wait = 0;
	struct person p;
	apps_begin();
	codes_sent(HERE, 20, &wait);
	codes_sent(V6, 1, &wait);
	expect_ok(sign_up(HERE, &p)); /* and stays */
	expect(apps[DIAL].provider->networks.map.n > 0);
	expect(apps[LENS].provider->networks.map.n > 0);
	expect_eq(p.c->session->has_from, true);
	for (int minute = 0; minute < 8; minute++)
		apps_wait(60 * 1000);
	expect(apps[DIAL].provider->networks.map.n > 0);
	apps_wait(60 * 1000);
	apps_wait(59 * 1000); /* and nobody comes */
	for (int i = 0; i < APPS; i++)
		expect_forgotten(apps[i].provider);
	/* Who comes meanwhile is known as long. */
	expect_ok(sign_up(BESIDE, &p));
	for (int minute = 0; minute < 8; minute++)
		apps_wait(60 * 1000);
	expect_eq(p.c->session->has_from, true);
	apps_wait(60 * 1000);
	apps_wait(59 * 1000);
	expect_forgotten(apps[LENS].provider);
	/* Neither did it come into a store. */
	for (int i = 0; i < APPS; i++) {
		expect_eq(stored_count(apps[i].accounts, HERE), 0);
		expect_eq(stored_count(apps[i].rooms, HERE), 0);
	}
	apps_end();
}

/* --- nor in memory that was given back --- */

/* How often it stands in what this process may write to: heap, freed or not, and stacks. */
static size_t own_memory_count(struct view needle)
{
	static uint8_t page[1 << 16];
	char line[512], rights[8];
	unsigned long begin, end;
	size_t n = 0;
	FILE *maps = fopen("/proc/self/maps", "r");
	int memory = open("/proc/self/mem", O_RDONLY);
	expect(maps && memory >= 0);
	while (maps && fgets(line, sizeof line, maps)) {
		if (sscanf(line, "%lx-%lx %7s", &begin, &end, rights) != 3 || rights[1] != 'w')
			continue;
		for (unsigned long at = begin; at < end; at += sizeof page - needle.n) {
			size_t want = end - at < sizeof page ? end - at : sizeof page;
			ssize_t got = pread(memory, page, want, (off_t)at);
			for (size_t i = 0; got > 0 && i + needle.n <= (size_t)got; i++)
				n += page + i != needle.p &&
				     view_equal(view_make(page + i, needle.n), needle);
			wipe(page, sizeof page);
			if (got <= 0)
				break;
		}
	}
	if (maps)
		fclose(maps);
	close(memory);
	return n;
}

/* What their addresses have in common. */
#define CROWD VIEW_LIT("\x20\x01\x0d\xb8\xa7\x5c\xe3")
#define ONE   VIEW_LIT("\x20\x01\x0d\xb8\xa7\x5c\xe3\xff\0\0\0\0\0\0\0\0")

/* From many networks at once, so that tables grow; each asks for codes, is counted and goes. */
static void crowd(unsigned networks)
{
	static uint8_t from[16];
	uint32_t wait = 0;
	memcpy(from, CROWD.p, CROWD.n);
	for (unsigned i = 0; i < networks; i++) {
		from[CROWD.n] = (uint8_t)i;
		codes_sent(VIEW_OF(from), 1, &wait);
	}
	wipe(from, sizeof from);
}

static void hold_nothing(struct view needle)
{
	for (int minute = 0; minute < 10; minute++)
		apps_wait(60 * 1000);
	for (int i = 0; i < APPS; i++)
		expect_eq(apps[i].provider->networks.map.n, 0);
	if (!is_sanitized)
		expect_eq(own_memory_count(needle), 0);
}

TEST(what_is_given_back_was_wiped)
{
	struct person p;
	apps_begin();
	heap_look_for(CROWD);
	crowd(60);
	expect_ok(sign_up(ONE, &p)); /* and stays */
	/* They are there until then, and would be seen. */
	if (!is_sanitized)
		expect(own_memory_count(CROWD) > 60);
	hold_nothing(CROWD);
	expect_eq(heap_seen(), 0);
	/* And where all ends before they are forgotten. */
	crowd(20);
	apps_end();
	expect_eq(heap_seen(), 0);
	heap_look_for((struct view){ NULL, 0 });
}

TEST(what_is_not_wiped_is_seen)
{
	uint8_t *block = heap_new(64);
	heap_look_for(CROWD);
	memcpy(block + 30, CROWD.p, CROWD.n);
	if (!is_sanitized)
		expect(own_memory_count(CROWD) > 0);
	heap_free(block);
	expect_eq(heap_seen(), 1);
	heap_look_for((struct view){ NULL, 0 });
}
