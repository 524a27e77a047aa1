/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/provider/apps.h"

#include "base/heap.h"
#include "tests/unit/provider/one_by_one.h"

struct app apps[APPS];
struct view connect_from;
struct arena apps_mem;
bool kills_keep;

enum what { SAY, CLOSE, ASK, REPLY, DELIVER };
struct said {
	struct said *next;
	enum what what;
	struct client *client;
	struct ask_waiting *call;
	uint64_t token;
	uint16_t close;
	struct view domain, method, path, headers, body;
	int status;
	uint32_t retry_after_s;
};
/* A question under way: the reply goes back to whoever asked. */
struct ask_waiting {
	struct app *from; /* NULL: the test */
	uint64_t life;
	uint64_t token;
	bool is_answered;
	int status;
	struct view body;
};
static uint64_t life;

static struct view keep(struct view v)
{
	struct view out = { NULL, 0 };
	expect_ok(arena_copy(&apps_mem, v, &out));
	return out;
}

/* --- what an app says --- */

static struct said *say(struct app *a, enum what what)
{
	struct said *s = ARENA_NEW(&apps_mem, struct said);
	if (!s)
		abort();
	s->what = what;
	*a->said_end = s;
	a->said_end = &s->next;
	return s;
}

static void out_send(void *ctx, void *connection, struct view frame)
{
	struct said *s = say(ctx, SAY);
	s->client = connection;
	s->body = keep(frame);
}

static void out_send_many(void *ctx, struct view bytes, const struct provider_target *v, size_t n)
{
	send_to_each(out_send, ctx, bytes, v, n);
}

static void out_send_list(void *ctx, void *connection, const struct view *frames, size_t n)
{
	send_each(out_send, ctx, connection, frames, n);
}

static void out_close(void *ctx, void *connection, uint16_t code)
{
	struct said *s = say(ctx, CLOSE);
	s->client = connection;
	s->close = code;
}

static void out_ask(void *ctx, uint64_t token, struct view domain, const struct peer_request *q)
{
	struct said *s = say(ctx, ASK);
	s->token = token;
	s->domain = keep(domain);
	s->method = keep(q->method);
	s->path = keep(q->path);
	s->headers = keep(q->headers);
	s->body = keep(q->body);
}

static void out_reply(void *ctx, void *call, const struct peer_response *r)
{
	struct said *s = say(ctx, REPLY);
	s->call = call;
	s->status = r->status;
	s->retry_after_s = r->retry_after_s;
	s->headers = keep(r->headers);
	s->body = keep(r->body);
}

static void out_deliver(void *ctx, struct view identifier, struct view code)
{
	struct said *s = say(ctx, DELIVER);
	s->domain = keep(identifier);
	s->body = keep(code);
}

static uc_err out_sign(void *ctx, struct view document, struct arena *a, struct view *certificate,
		       struct view *signature)
{
	struct app *app = ctx;
	uint8_t hash[SHA256_BYTES];
	TRY(sha256(document, hash));
	TRY(arena_copy(a, app->domain, certificate));
	return arena_copy(a, VIEW_OF(hash), signature);
}

static const struct provider_outputs outputs = {
	.send = out_send,
	.send_many = out_send_many,
	.send_list = out_send_list,
	.close = out_close,
	.ask = out_ask,
	.reply = out_reply,
	.deliver = out_deliver,
	.directory_sign = out_sign,
};

/* --- life of an app --- */

static uc_err strike(void *ctx, enum store_point point)
{
	struct app *a = ctx;
	(void)point;
	a->points++;
	return a->strike_in && !--a->strike_in ? UC_E_STORE : UC_OK;
}

static struct store *store_of(struct app *a, int which, const char *kind)
{
	struct store *s = NULL;
	struct store_options o = {
		.driver = &store_memory_driver,
		.env = test_env(),
		.memory = a->disks[which],
		.domain = a->domain,
		.kind = view_str(kind),
		.schema = PROVIDER_SCHEMA,
		.check_shards = true,
		.life = a->life,
		.faults = { .ctx = a, .strike = strike },
	};
	expect_ok(store_open(&o, &s));
	return s;
}

void app_start(struct app *a)
{
	a->strike_in = 0;
	a->said = NULL;
	a->said_end = &a->said;
	a->accounts = store_of(a, 0, "accounts");
	a->rooms = store_of(a, 1, "rooms");
	struct provider_config config = {
		.domain = a->domain,
		.names = a->names,
		.base_url = VIEW_LIT("https://app.example:8441"),
		.keys = &a->keys,
		.env = test_env(),
		.accounts = a->accounts,
		.rooms = a->rooms,
		.out = &outputs,
		.ctx = a,
	};
	expect_ok(provider_new(&config, &a->provider));
	life++;
}

static void client_gone(struct client *c)
{
	struct client **at = &c->app->clients;
	while (*at && *at != c)
		at = &(*at)->next;
	if (*at)
		*at = c->next;
	c->session = NULL;
}

void app_kill(struct app *a, bool keep_unsynced)
{
	a->strike_in = 0;
	while (a->clients)
		client_gone(a->clients);
	provider_free(a->provider);
	a->provider = NULL;
	store_close(a->accounts);
	store_close(a->rooms);
	for (int i = 0; i < 2; i++)
		store_memory_crash(a->disks[i],
				   keep_unsynced ? store_memory_unsynced(a->disks[i]) : 0);
	a->said = NULL;
	a->said_end = &a->said;
	life++;
}

struct copy copy_make(const struct app *a)
{
	return (struct copy){ { store_memory_copy(a->disks[0]), store_memory_copy(a->disks[1]) } };
}

void copy_put_back(struct app *a, const struct copy *c)
{
	app_kill(a, true);
	for (size_t i = 0; i < 2; i++) {
		store_memory_free(a->disks[i]);
		a->disks[i] = c->disks[i];
	}
	a->life++;
	app_start(a);
}

void apps_begin(void)
{
	static const struct {
		const char *domain;
		uint8_t names;
	} kinds[APPS] = { { "dial.example", 1 }, { "lens.example", 2 }, { "plaza.example", 3 } };
	arena_init(&apps_mem, (size_t)1 << 30, ARENA_PLAIN);
	memset(apps, 0, sizeof apps);
	connect_from = (struct view){ NULL, 0 };
	for (int i = 0; i < APPS; i++) {
		struct app *a = &apps[i];
		a->domain = view_str(kinds[i].domain);
		a->names = kinds[i].names;
		expect_ok(provider_keys_generate(test_env(), &a->keys, &a->moderators));
		a->disks[0] = store_memory_new();
		a->disks[1] = store_memory_new();
		app_start(a);
	}
}

void apps_end(void)
{
	for (int i = 0; i < APPS; i++) {
		if (apps[i].provider)
			app_kill(&apps[i], true);
		store_memory_free(apps[i].disks[0]);
		store_memory_free(apps[i].disks[1]);
		provider_keys_wipe(&apps[i].keys);
		secret_wipe(&apps[i].moderators);
	}
	arena_done(&apps_mem);
}

/* --- passing on --- */

static void client_take(struct client *c, struct view bytes)
{
	struct frame f;
	if (!c->session)
		return;
	c->bytes_received += bytes.n;
	expect_ok(wire_decode(bytes, &apps_mem, frame_element, &f));
	if (f.kind == FRAME_RESPONSE) {
		expect(f.id <= c->last_id);
		/* What another app answers late, nobody waits for any more. */
		if (f.id < c->last_id)
			return;
		expect(!c->is_answered);
		c->answer = f;
		c->is_answered = true;
		return;
	}
	expect_eq(f.kind, FRAME_EVENT);
	struct event *e = ARENA_NEW(&apps_mem, struct event);
	if (!e)
		abort();
	*e = (struct event){ NULL, f.type, f.body };
	*c->events_end = e;
	c->events_end = &e->next;
}

static struct app *app_find(struct view domain)
{
	for (int i = 0; i < APPS; i++)
		if (view_equal(apps[i].domain, domain))
			return &apps[i];
	return NULL;
}

static void respond(struct app *a, uint64_t token, int status, uint32_t retry_after_s,
		    struct view headers, struct view body)
{
	struct peer_response r = { status, retry_after_s, headers, body };
	if (a->provider)
		provider_response(a->provider, token, &r);
}

static void pass_ask(struct app *from, const struct said *s)
{
	struct app *to = app_find(s->domain);
	struct view nothing = { NULL, 0 };
	if (!to) {
		respond(from, s->token, 404, 0, nothing, nothing);
		return;
	}
	to->asked++;
	to->last_body = s->body;
	to->last_headers = s->headers;
	if (to->is_down || !to->provider) {
		respond(from, s->token, 0, 0, nothing, nothing);
		return;
	}
	if (to->is_silent)
		return;
	struct ask_waiting *w = ARENA_NEW(&apps_mem, struct ask_waiting);
	if (!w)
		abort();
	*w = (struct ask_waiting){ .from = from, .life = life, .token = s->token };
	struct peer_request q = { s->method, s->path, s->headers, s->body };
	provider_request(to->provider, to->knows_nobody ? nothing : from->domain, &q, w);
}

/* The answer of a version before trees: their line comes last. */
static struct view older_headers(const struct app *a, struct view headers)
{
	size_t n = 0;
	while (a->is_older && n < headers.n &&
	       !view_starts_with(view_slice(headers, n, headers.n), VIEW_LIT("undercroft-franks")))
		n++;
	return a->is_older ? view_slice(headers, 0, n) : headers;
}

static void pass_reply(struct app *a, const struct said *s)
{
	struct ask_waiting *w = s->call;
	expect(!w->is_answered);
	w->is_answered = true;
	w->status = s->status;
	w->body = s->body;
	a->last_status = s->status;
	a->last_retry_after_s = s->retry_after_s;
	a->last_reply_headers = s->headers;
	if (!w->from || w->life != life)
		return;
	struct view nothing = { NULL, 0 };
	if (a->loses_answers)
		respond(w->from, w->token, 0, 0, nothing, nothing);
	else
		respond(w->from, w->token, s->status, s->retry_after_s,
			older_headers(a, s->headers), s->body);
}

static void text_take(char *out, size_t n, struct view v)
{
	expect(v.n < n);
	memcpy(out, v.p, v.n < n ? v.n : 0);
	out[v.n < n ? v.n : 0] = 0;
}

static void pass(struct app *a, const struct said *s)
{
	switch (s->what) {
	case SAY:
		client_take(s->client, s->body);
		break;
	case CLOSE:
		if (!s->client->session)
			break;
		s->client->closed = s->close;
		session_close(s->client->session);
		client_gone(s->client);
		break;
	case ASK:
		pass_ask(a, s);
		break;
	case REPLY:
		pass_reply(a, s);
		break;
	case DELIVER:
		text_take(a->code_to, sizeof a->code_to, s->domain);
		text_take(a->code, sizeof a->code, s->body);
		a->codes++;
		break;
	}
}

static bool settle_one(struct app *a)
{
	bool has_more = a->provider && provider_go_on(a->provider);
	if (!a->provider || !a->said)
		return has_more;
	if (provider_sync(a->provider)) {
		/* As a process does whose disk fails: it ends, and says nothing more. */
		app_kill(a, kills_keep);
		return false;
	}
	struct said *list = a->said;
	a->said = NULL;
	a->said_end = &a->said;
	for (; list; list = list->next)
		pass(a, list);
	return true;
}

void apps_settle(void)
{
	bool any = true;
	for (int rounds = 0; any && rounds < 10000; rounds++) {
		any = false;
		for (int i = 0; i < APPS; i++)
			any |= settle_one(&apps[i]);
	}
	expect(!any);
	for (int i = 0; i < APPS; i++)
		if (apps[i].provider && provider_sync(apps[i].provider))
			app_kill(&apps[i], kills_keep);
}

void apps_wait(uint64_t ms)
{
	test_now_ms += ms;
	for (int i = 0; i < APPS; i++)
		if (apps[i].provider)
			provider_tick(apps[i].provider, test_now_ms);
	apps_settle();
}

/* --- clients --- */

struct client *client_connect_silent(struct app *a)
{
	struct client *c = ARENA_NEW(&apps_mem, struct client);
	if (!c)
		abort();
	c->app = a;
	c->events_end = &c->events;
	if (!a->provider)
		return c;
	expect_ok(session_open(a->provider, c, connect_from, &c->session));
	c->next = a->clients;
	a->clients = c;
	return c;
}

struct client *client_connect(struct app *a)
{
	struct client *c = client_connect_silent(a);
	struct hello_request q = { .version_lowest = 1, .version = 1 };
	struct hello_response r;
	if (client_ask(c, FRAME_HELLO, hello_request_element, &q, hello_response_element, &r))
		return c;
	memcpy(c->challenge, r.challenge, sizeof c->challenge);
	expect_bytes(r.domain, a->domain);
	expect_eq(r.names, a->names);
	return c;
}

void client_close(struct client *c)
{
	if (!c->session)
		return;
	session_close(c->session);
	client_gone(c);
}

void client_send_bytes(struct client *c, struct view bytes)
{
	if (c->session)
		provider_frame(c->app->provider, c->session, bytes);
	apps_settle();
}

uc_err client_ask(struct client *c, uint16_t type, wire_element *walk, const void *body,
		  wire_element *answer_walk, void *answer)
{
	struct buf frame;
	static const struct empty nothing;
	c->is_answered = false;
	buf_init(&frame, FRAME_MAX * 2);
	expect_ok(frame_add_request(&frame, type, ++c->last_id, walk ? walk : empty_element,
				    body ? body : &nothing));
	client_send_bytes(c, buf_view(&frame));
	buf_done(&frame);
	if (!c->is_answered)
		return UC_E_CLOSED;
	if (!c->answer.status && answer_walk)
		expect_ok(wire_decode(c->answer.body, &apps_mem, answer_walk, answer));
	return c->answer.status;
}

void client_tell(struct client *c, uint16_t type, wire_element *walk, const void *body)
{
	struct buf frame;
	buf_init(&frame, FRAME_MAX);
	expect_ok(frame_add_notice(&frame, type, walk, body));
	client_send_bytes(c, buf_view(&frame));
	buf_done(&frame);
}

struct event *client_event(struct client *c, uint16_t type)
{
	for (struct event **at = &c->events; *at; at = &(*at)->next) {
		struct event *e = *at;
		if (e->type != type)
			continue;
		*at = e->next;
		if (!*at)
			c->events_end = at;
		return e;
	}
	return NULL;
}

size_t client_events(const struct client *c, uint16_t type)
{
	size_t n = 0;
	for (const struct event *e = c->events; e; e = e->next)
		n += e->type == type;
	return n;
}

/* --- other apps, and what is stored --- */

static int ask(struct app *to, struct view domain, const struct peer_request *q,
	       struct view *answer)
{
	struct ask_waiting *w = ARENA_NEW(&apps_mem, struct ask_waiting);
	if (!w)
		abort();
	provider_request(to->provider, domain, q, w);
	apps_settle();
	/* Where nobody else is waited for, it is answered at once. */
	bool waits = false;
	for (int i = 0; i < APPS; i++)
		waits |= apps[i].is_silent || (apps[i].provider && apps[i].provider->held_n);
	expect(w->is_answered || waits);
	if (answer)
		*answer = w->body;
	return w->status;
}

int peer_ask(struct app *to, const struct app *from, const char *endpoint, struct view target,
	     struct view body, struct view *answer)
{
	return peer_ask_with(to, from, endpoint, target, "", body, answer);
}

int peer_ask_with(struct app *to, const struct app *from, const char *endpoint, struct view target,
		  const char *headers, struct view body, struct view *answer)
{
	struct buf path;
	buf_init(&path, 8192);
	buf_printf(&path, "/v1/%s/", endpoint);
	buf_add_view(&path, target);
	struct peer_request q = { .method = VIEW_LIT("POST"),
				  .path = buf_view(&path),
				  .headers = view_str(headers),
				  .body = body };
	int status = ask(to, from ? from->domain : (struct view){ NULL, 0 }, &q, answer);
	buf_done(&path);
	return status;
}

int peer_get(struct app *to, const char *path, struct view *answer)
{
	struct peer_request q = { .method = VIEW_LIT("GET"), .path = view_str(path) };
	return ask(to, (struct view){ NULL, 0 }, &q, answer);
}

struct counting {
	struct view bytes;
	size_t found, records;
};

static size_t occurrences(struct view v, struct view bytes)
{
	size_t n = 0;
	for (size_t i = 0; i + bytes.n <= v.n; i++)
		n += view_equal(view_slice(v, i, bytes.n), bytes);
	return n;
}

static uc_err counting_visit(void *ctx, enum store_part part, struct view key, uint64_t seq,
			     struct view value)
{
	struct counting *c = ctx;
	(void)seq;
	if (part == STORE_PART_META)
		return UC_OK;
	c->records++;
	if (c->bytes.n)
		c->found += occurrences(key, c->bytes) + occurrences(value, c->bytes);
	return UC_OK;
}

size_t stored_count(struct store *s, struct view bytes)
{
	struct counting c = { bytes, 0, 0 };
	expect_ok(store_walk(s, counting_visit, &c));
	return c.found;
}

size_t stored_records(struct store *s)
{
	struct counting c = { { NULL, 0 }, 0, 0 };
	expect_ok(store_walk(s, counting_visit, &c));
	return c.records;
}

bool rots(struct store *s, struct store_memory *disk, struct view key)
{
	for (size_t i = 0; store_memory_rot(disk, i); i++) {
		struct view record;
		if (store_get(s, key, &apps_mem, &record) == UC_E_CORRUPT)
			return true;
		store_memory_heal(disk);
	}
	return false;
}

bool record_rots(struct app *a, struct view key)
{
	return rots(a->rooms, a->disks[1], key);
}

bool block_rots(struct app *a, struct view key, size_t behind)
{
	for (size_t i = 0; store_memory_rot(a->disks[1], i); i++) {
		struct view record;
		if (store_get(a->rooms, key, &apps_mem, &record) == UC_E_CORRUPT)
			return store_memory_rot_block(a->disks[1], i, i + behind);
	}
	return false;
}

size_t table_count(struct app *a, enum provider_table t)
{
	struct store_scan scan;
	struct store_key k;
	struct view key, value;
	size_t n = 0;
	store_key_start(&k, (uint8_t)t);
	expect_ok(
		store_scan_init(&scan, a->rooms, store_key_view(&k), (struct view){ NULL, 0 }, 0));
	while (store_scan_next(&scan, &key, &value))
		n++;
	store_scan_done(&scan);
	return n;
}
