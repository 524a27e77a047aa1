/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/people.h"

#include "mimi/device_list.h"
#include "net/env_system.h"
#include "tests/bench/bench.h"

/* So many sign up, or connect, at once. */
enum { AT_ONCE = 64 };

static const struct suite *suite(void)
{
	return suite_find(SUITE_X25519_AES128);
}

void person_init(struct person *p, struct load *l, struct app *app, size_t number, struct arena *a)
{
	const struct env *env = env_system();
	*p = (struct person){ .load = l, .app = app };
	p->conn.ctx = p;
	snprintf(p->handle, sizeof p->handle, "bench%zu", number);
	MUST(ed25519_generate(env, &p->account));
	MUST(ed25519_generate(env, &p->device));
	MUST(kem_key_generate(suite(), env, &p->intake));
	const struct device_entry e = { .device_action = DEVICE_RESET_TO,
					.device_key = VIEW_OF(p->device.pub) };
	MUST(device_entry_make(NULL, view_str(app->domain), VIEW_OF(p->account.pub), &p->account,
			       true, env_now_ms(env), &e, a, &p->entry));
}

/* --- connecting, signing up and in --- */

static void on_hello(void *ctx, struct conn *c, struct view body)
{
	struct person *p = ctx;
	struct hello_response r;
	struct arena a;
	(void)c;
	arena_init(&a, 65536, ARENA_PLAIN);
	MUST(wire_decode(body, &a, hello_response_element, &r));
	memcpy(p->challenge, r.challenge, sizeof p->challenge);
	arena_done(&a);
}

void people_connect(struct person *v, size_t n)
{
	uint16_t features[] = { FEATURE_SEATS_OPEN, FEATURE_ENTRY_OWN };
	const struct hello_request hello = { .version_lowest = FRAME_VERSION_LOWEST,
					     .version = FRAME_VERSION,
					     .features = { features, 1 },
					     .software = VIEW_LIT("bench") };
	for (size_t from = 0; from < n; from += AT_ONCE) {
		size_t to = from + AT_ONCE < n ? from + AT_ONCE : n;
		for (size_t i = from; i < to; i++)
			v[i].places_n = 0;
		for (size_t i = from; i < to; i++)
			conn_open(&v[i].conn, v[i].load, v[i].app->domain, v[i].app->port);
		load_wait(v->load);
		for (size_t i = from; i < to; i++)
			conn_ask(&v[i].conn, FRAME_HELLO, hello_request_element, &hello, on_hello,
				 &v[i]);
		load_wait(v->load);
	}
}

void person_sign(const struct person *p, uint8_t purpose, struct view account_id,
		 struct view subject, uint8_t signature[ED25519_SIGNATURE])
{
	struct session_tbs tbs = { .purpose = purpose,
				   .domain = view_str(p->app->domain),
				   .account_id = account_id,
				   .subject = subject };
	struct buf bytes;
	buf_init(&bytes, 65536);
	memcpy(tbs.challenge, p->challenge, sizeof tbs.challenge);
	MUST(wire_encode(&bytes, session_tbs_element, &tbs));
	MUST(ed25519_sign(&p->device, "Undercroft session", buf_view(&bytes), signature));
	buf_done(&bytes);
}

static void on_sign_up(void *ctx, struct conn *c, struct view body)
{
	struct person *p = ctx;
	struct sign_up_response r;
	(void)c;
	MUST(wire_decode(body, NULL, sign_up_response_element, &r));
	memcpy(p->account_id, r.account_id, sizeof p->account_id);
}

static void sign_up(struct person *p)
{
	uint8_t signature[ED25519_SIGNATURE];
	const struct sign_up_request q = { .identifier = view_str(p->handle),
					   .account_key = VIEW_OF(p->account.pub),
					   .device_key = VIEW_OF(p->device.pub),
					   .intake_key = kem_public(&p->intake),
					   .device_list_entry = p->entry,
					   .signature = VIEW_OF(signature) };
	person_sign(p, SESSION_SIGN_UP, (struct view){ NULL, 0 }, p->entry, signature);
	conn_ask(&p->conn, FRAME_SIGN_UP, sign_up_request_element, &q, on_sign_up, p);
}

void person_sign_in_told(struct person *p, answered *done, void *ctx)
{
	uint8_t signature[ED25519_SIGNATURE];
	struct sign_in_request q = { .device_key = VIEW_OF(p->device.pub),
				     .signature = VIEW_OF(signature) };
	memcpy(q.account_id, p->account_id, sizeof q.account_id);
	person_sign(p, SESSION_SIGN_IN, VIEW_OF(p->account_id), (struct view){ NULL, 0 },
		    signature);
	conn_ask(&p->conn, FRAME_SIGN_IN, sign_in_request_element, &q, done, ctx);
}

void person_sign_in(struct person *p)
{
	person_sign_in_told(p, NULL, NULL);
}

void people_sign_up(struct person *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		sign_up(&v[i]);
		if (i % AT_ONCE == AT_ONCE - 1)
			load_wait(v->load);
	}
	load_wait(v->load);
}

void people_sign_in(struct person *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		person_sign_in(&v[i]);
		if (i % AT_ONCE == AT_ONCE - 1)
			load_wait(v->load);
	}
	load_wait(v->load);
}

void people_disconnect(struct person *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		conn_close(&v[i].conn);
	for (size_t i = 0; i < n; i++)
		while (v[i].conn.ws)
			load_turn(v[i].load);
}

static void on_directory(void *ctx, struct conn *c, struct view body)
{
	struct app *app = ctx;
	struct directory_response r;
	struct directory d;
	struct arena a;
	(void)c;
	arena_init(&a, 1 << 20, ARENA_PLAIN);
	MUST(wire_decode(body, &a, directory_response_element, &r));
	MUST(directory_read(r.document, &a, &d));
	memcpy(app->hub_key, d.hub_key.p, sizeof app->hub_key);
	memcpy(app->franking_key, d.franking_key.p, sizeof app->franking_key);
	app->is_known = true;
	arena_done(&a);
}

void app_ask_keys(struct app *app, struct person *p)
{
	const struct directory_request q = { view_str(app->domain) };
	conn_ask(&p->conn, FRAME_DIRECTORY, directory_request_element, &q, on_directory, app);
	load_wait(p->load);
}
