/* SPDX-License-Identifier: Apache-2.0 */
/* A hub and a follower, each with one device signed in and its seat open, receive what hostile
 * clients and apps may send: raw bytes, and true requests that were tampered with.  Whatever comes,
 * the log, its chain and the room's record fit each other, and nothing has got into the room but
 * whole entries.  The rooms are made once; each run starts from them. */
#include "tests/fuzz/fuzz.h"

#include "tests/unit/provider/guests.h"
#include "tests/unit/provider/one_by_one.h"

#include <stdarg.h>

/* --- in the place of the test harness --- */

uint64_t test_now_ms = 1700000000000;
static uint64_t dice = 1;

void test_fail(const char *file, int line, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fprintf(stderr, "%s:%d: ", file, line);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	abort();
}

void test_bytes(const char *file, int line, const char *what, struct view have, struct view want)
{
	if (!view_equal(have, want))
		test_fail(file, line, "%s differs", what);
}

static uint64_t now(void *ctx)
{
	(void)ctx;
	return test_now_ms;
}

static uc_err roll(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	for (size_t i = 0; i < n; i++) {
		uint64_t z = dice += 0x9e3779b97f4a7c15;
		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
		z = (z ^ z >> 27) * 0x94d049bb133111eb;
		out[i] = (uint8_t)(z >> 56);
	}
	return UC_OK;
}

const struct env *test_env(void)
{
	static const struct env e = { NULL, now, roll, NULL };
	return &e;
}

/* --- what is true --- */

enum { HUB, FOLLOWER, SIDES };
enum { TEMPLATES = 8 };
enum { SEAT = 1 }; /* the first of a session (seat_table.c) */
struct template
{
	bool is_frame;
	const char *endpoint;
	int from; /* app */
	char headers[512];
	struct view bytes; /* frame, or body */
};
static struct side {
	struct template v[TEMPLATES];
	size_t n;
	struct guest *guest;
	struct provider *p;
	struct store *accounts, *rooms;
	struct session *s;
	uint64_t token;
	struct view target;
} sides[SIDES];

static struct template *add(struct side *s)
{
	fuzz_expect(s->n < TEMPLATES);
	return &s->v[s->n++];
}

static void add_frame(struct side *s, uint16_t type, wire_element *walk, const void *body)
{
	struct template *t = add(s);
	struct buf b;
	buf_init(&b, FRAME_MAX);
	fuzz_expect(!frame_add_request(&b, type, 77, walk, body));
	fuzz_expect(!arena_copy(&apps_mem, buf_view(&b), &t->bytes));
	buf_done(&b);
	t->is_frame = true;
}

static void add_request(struct side *s, const char *endpoint, int from, struct view client,
			struct view body)
{
	struct template *t = add(s);
	t->endpoint = endpoint;
	t->from = from;
	t->bytes = body;
	snprintf(t->headers, sizeof t->headers, "undercroft-client: %.*s\r\n", (int)client.n,
		 client.n ? (const char *)client.p : "");
}

/* What the hub tells Lens of the next entry. */
static void add_notify(struct app *lens)
{
	struct template *t = add(&sides[FOLLOWER]);
	t->endpoint = "notify";
	t->from = DIAL;
	t->bytes = lens->last_body;
	fuzz_expect(lens->last_headers.n < sizeof t->headers);
	memcpy(t->headers, lens->last_headers.p, lens->last_headers.n);
}

/* The hub goes ahead of its follower, and what the follower is told of it is kept; then what may be
 * asked of the hub as it is now. */
static void templates(void)
{
	struct app *lens = &apps[LENS];
	struct change none = { .n = 0 };
	lens->is_down = true;
	/* No tick: it would try the other room again, too. */
	test_now_ms += 120000;
	guest_say(&r1, "to be told");
	add_notify(lens);
	guest_commit(&r1, &none);
	test_now_ms += 120000;
	guest_say(&r1, "and more");
	add_notify(lens);
	guest_read(&i1);
	/* By the seat that is opened anew. */
	struct room_submit_request message = { SEAT, guest_message_make(&r1, "hello") };
	add_frame(&sides[HUB], FRAME_ROOM_SUBMIT, room_submit_request_element, &message);
	struct room_update_request update = { .seat = SEAT,
					      .update = guest_commit_make(&r1, &none) };
	add_frame(&sides[HUB], FRAME_ROOM_UPDATE, room_update_request_element, &update);
	add_request(&sides[HUB], "submitMessage", PLAZA, i1.client, guest_message_make(&i1, "hi"));
	add_request(&sides[HUB], "update", PLAZA, i1.client, guest_commit_make(&i1, &none));
	group_pending_drop(i1.g);
	add_request(&sides[HUB], "update", PLAZA, i1.client, guest_leave_make(&i1));
}

static struct view start_of_another_room(void)
{
	struct guest host, other;
	struct change c = { .n = 0 };
	guest_init(&host, &rob, NULL);
	guest_init(&other, &tom, NULL);
	host.room = VIEW_LIT("mimi://dial.example/r/another");
	fuzz_expect(!guest_create(&host, false));
	apps[LENS].is_down = true;
	change_add(&c, &other);
	guest_commit(&host, &c);
	apps[LENS].is_down = false;
	group_free(host.g);
	return apps[LENS].last_body;
}

static struct store_memory *disks[SIDES][2];

/* The world of the tests plays once; what its apps stored is where each run starts. */
static void prepare(void)
{
	room_of_three();
	struct view start = start_of_another_room();
	sides[HUB].guest = &r1;
	sides[FOLLOWER].guest = &t1;
	for (int i = 0; i < SIDES; i++) {
		disks[i][0] = apps[i].disks[0];
		disks[i][1] = apps[i].disks[1];
	}
	templates();
	struct template *t = add(&sides[FOLLOWER]);
	t->endpoint = "notify";
	t->from = DIAL;
	t->bytes = start;
	snprintf(t->headers, sizeof t->headers, "undercroft-start: 1\r\n");
	struct room_submit_request message = { SEAT, guest_message_make(&t1, "hello") };
	add_frame(&sides[FOLLOWER], FRAME_ROOM_SUBMIT, room_submit_request_element, &message);
	for (int i = 0; i < APPS; i++)
		app_kill(&apps[i], true);
}

/* --- a run --- */

static void out_send(void *ctx, void *connection, struct view frame)
{
	struct frame f;
	(void)ctx;
	(void)connection;
	fuzz_expect(!wire_decode(frame, NULL, frame_element, &f));
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
	(void)connection;
	struct side *s = ctx;
	fuzz_expect(code == 1002 || code == 1008);
	s->s->phase = PHASE_NEW;
}

static void out_ask(void *ctx, uint64_t token, struct view domain, const struct peer_request *q)
{
	struct side *s = ctx;
	fuzz_expect(domain.n && q->path.n);
	s->token = token;
}

static void out_reply(void *ctx, void *call, const struct peer_response *r)
{
	int *status = call;
	(void)ctx;
	*status = r->status;
}

static void out_deliver(void *ctx, struct view identifier, struct view code)
{
	(void)ctx;
	(void)identifier;
	(void)code;
}

static uc_err out_sign(void *ctx, struct view document, struct arena *a, struct view *certificate,
		       struct view *signature)
{
	(void)ctx;
	(void)a;
	*certificate = *signature = document;
	return UC_OK;
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

static struct store *open_disk(int side, int which)
{
	struct store *s = NULL;
	const struct store_options o = { .driver = &store_memory_driver,
					 .env = test_env(),
					 .memory = disks[side][which],
					 .domain = apps[side].domain,
					 .kind = which ? VIEW_LIT("rooms") : VIEW_LIT("accounts"),
					 .schema = PROVIDER_SCHEMA,
					 .check_shards = true };
	fuzz_expect(!store_open(&o, &s));
	return s;
}

static void session_begin(struct side *s)
{
	const struct guest *g = s->guest;
	struct seat_open_request q = { .room = the_room,
				       .client = g->client,
				       .secret = VIEW_OF(g->secret) };
	struct buf b;
	fuzz_expect(!session_open(s->p, s, (struct view){ 0 }, &s->s));
	session_sign_in(s->p, s->s, VIEW_OF(g->person->account_id),
			VIEW_OF(g->person->phone.key.pub), 0);
	buf_init(&b, FRAME_MAX);
	fuzz_expect(!frame_add_request(&b, FRAME_SEAT_OPEN, 1, seat_open_request_element, &q));
	provider_frame(s->p, s->s, buf_view(&b));
	buf_done(&b);
	fuzz_expect(s->s->seats.n == 1);
}

static void begin(int side)
{
	struct side *s = &sides[side];
	s->accounts = open_disk(side, 0);
	s->rooms = open_disk(side, 1);
	const struct provider_config config = { .domain = apps[side].domain,
						.names = apps[side].names,
						.base_url = VIEW_LIT("https://app.example"),
						.keys = &apps[side].keys,
						.env = test_env(),
						.accounts = s->accounts,
						.rooms = s->rooms,
						.out = &outputs,
						.ctx = s };
	fuzz_expect(!provider_new(&config, &s->p));
	session_begin(s);
}

/* The log is whole, and the record says where it ends. */
static void check(struct side *s)
{
	struct arena a;
	struct store_key k;
	struct room_record r;
	struct store_log_bounds bounds = { .next = 1 };
	struct store_log_scan scan;
	struct view bytes;
	uint64_t seq, last = 0;
	arena_init(&a, (size_t)256 << 20, ARENA_PLAIN);
	fuzz_expect(!room_record_get(s->rooms, the_room, &a, &r));
	uc_err err = store_log_bounds(s->rooms, key_1(&k, TABLE_LOG, the_room), &bounds);
	fuzz_expect(!err && bounds.next == r.next);
	fuzz_expect(!store_log_scan_init(&scan, s->rooms, key_1(&k, TABLE_LOG, the_room), 0, 0, 0));
	uint8_t chain[CHAIN_HASH];
	while (store_log_scan_next(&scan, &seq, &bytes)) {
		struct log_entry e;
		struct fanout_message m;
		fuzz_expect(!wire_decode(bytes, &a, log_entry_element, &e));
		fuzz_expect(!wire_decode(e.fanout, &a, fanout_message_element, &m));
		fuzz_expect(m.timestamp >= last || s == &sides[FOLLOWER]);
		last = m.timestamp;
		if (seq > bounds.first) {
			fuzz_expect(!chain_extend(chain, seq, e.fanout));
			fuzz_expect(view_equal(VIEW_OF(chain), VIEW_OF(e.chain)));
		}
		memcpy(chain, e.chain, sizeof chain);
	}
	store_log_scan_done(&scan);
	fuzz_expect(bounds.first == bounds.next || view_equal(VIEW_OF(chain), VIEW_OF(r.chain)));
	arena_done(&a);
}

static void end(int side)
{
	struct side *s = &sides[side];
	check(s);
	provider_free(s->p);
	store_close(s->accounts);
	store_close(s->rooms);
	/* As if nothing had been. */
	store_memory_crash(disks[side][0], 0);
	store_memory_crash(disks[side][1], 0);
}

/* --- what the fuzzer chooses --- */

static uint8_t take_byte(struct view *in)
{
	if (!in->n)
		return 0;
	uint8_t c = in->p[0];
	*in = view_slice(*in, 1, in->n);
	return c;
}

static struct view take_bytes(struct view *in)
{
	size_t n = take_byte(in);
	n = n << 8 | take_byte(in);
	struct view v = view_slice(*in, 0, n);
	*in = view_slice(*in, v.n, in->n);
	return v;
}

static void ask(struct side *s, int from, const char *endpoint, struct view target,
		struct view headers, struct view body)
{
	struct buf path;
	int status = 0;
	buf_init(&path, 65536);
	buf_printf(&path, "/v1/%s/", endpoint);
	buf_add_view(&path, target);
	const struct peer_request q = { VIEW_LIT("POST"), buf_view(&path), headers, body };
	provider_request(s->p, apps[from].domain, &q, &status);
	buf_done(&path);
}

static void give(struct side *s, const struct template *t, struct view bytes)
{
	struct view room = the_room;
	if (!strcmp(t->headers, "undercroft-start: 1\r\n"))
		room = VIEW_LIT("mimi://dial.example/r/another");
	if (t->is_frame)
		provider_frame(s->p, s->s, bytes);
	else
		ask(s, t->from, t->endpoint, room, view_str(t->headers), bytes);
}

/* A true one with some bytes changed, perhaps cut short. */
static void tampered(struct side *s, struct view *in)
{
	const struct template *t = &s->v[take_byte(in) % s->n];
	struct buf b;
	buf_init(&b, FRAME_MAX);
	buf_add_view(&b, t->bytes);
	for (size_t n = take_byte(in) % 8; n; n--) {
		size_t at = take_byte(in);
		at = at << 8 | take_byte(in);
		b.p[at % b.n] ^= take_byte(in);
	}
	struct view bytes = buf_view(&b);
	uint8_t cut = take_byte(in);
	if (cut > 200)
		bytes.n -= (size_t)(cut - 200) % bytes.n;
	give(s, t, bytes);
	buf_done(&b);
}

static void raw_request(struct side *s, struct view *in)
{
	static const char *const endpoints[] = { "keyMaterial",   "update",
						 "submitMessage", "notify",
						 "groupInfo",     "requestConsent",
						 "updateConsent", "identifierQuery" };
	const char *endpoint = endpoints[take_byte(in) % 8];
	int from = take_byte(in) % APPS;
	struct view target = take_byte(in) & 1 ? the_room : take_bytes(in);
	struct view headers = take_bytes(in), body = take_bytes(in);
	ask(s, from, endpoint, target, headers, body);
}

static void raw_frame(struct side *s, uint8_t kind, struct view *in)
{
	struct buf b;
	uint16_t type = take_byte(in) % 110;
	buf_init(&b, FRAME_MAX);
	const struct frame f = { .kind = kind, .type = type, .id = 5, .body = take_bytes(in) };
	fuzz_expect(!wire_encode(&b, frame_element, &f));
	provider_frame(s->p, s->s, buf_view(&b));
	buf_done(&b);
}

static void raw_answer(struct side *s, struct view *in)
{
	static const int statuses[] = { 0, 200, 201, 400, 404, 409, 429, 503 };
	const struct peer_response r = { .status = statuses[take_byte(in) % 8],
					 .retry_after_s = take_byte(in),
					 .headers = take_bytes(in),
					 .body = take_bytes(in) };
	provider_response(s->p, s->token, &r);
}

static void one(struct view *in)
{
	uint8_t op = take_byte(in);
	struct side *s = &sides[op & 1];
	switch (op >> 1 & 7) {
	case 0:
		provider_frame(s->p, s->s, take_bytes(in));
		break;
	case 1:
		raw_frame(s, FRAME_REQUEST, in);
		break;
	case 2:
		raw_frame(s, FRAME_NOTICE, in);
		break;
	case 3:
		raw_request(s, in);
		break;
	case 4:
		raw_answer(s, in);
		break;
	case 5:
		test_now_ms += (uint64_t)take_byte(in) << (take_byte(in) % 24);
		provider_tick(s->p, test_now_ms);
		break;
	default:
		tampered(s, in);
	}
	(void)provider_go_on(s->p);
	if (s->s->phase != PHASE_SIGNED_IN) {
		session_close(s->s);
		session_begin(s);
	}
}

/* Untampered, each is taken: or nothing of it would be tried. */
static void try_all(int side)
{
	struct side *s = &sides[side];
	for (size_t i = 0; i < s->n; i++) {
		begin(side);
		size_t before = store_memory_unsynced(disks[side][1]);
		s->token = 0;
		give(s, &s->v[i], s->v[i].bytes);
		fuzz_expect(s->token || store_memory_unsynced(disks[side][1]) > before);
		end(side);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static bool ready;
	struct view in = { data, n };
	if (!ready) {
		prepare();
		try_all(HUB);
		try_all(FOLLOWER);
	}
	ready = true;
	test_now_ms = 1700000000000 + (uint64_t)24 * 3600000;
	dice = 7;
	begin(HUB);
	begin(FOLLOWER);
	for (int i = 0; in.n && i < 64; i++)
		one(&in);
	end(HUB);
	end(FOLLOWER);
	return 0;
}
