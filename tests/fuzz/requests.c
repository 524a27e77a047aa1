/* SPDX-License-Identifier: Apache-2.0 */
/* A provider over empty stores, with a signed-in device and an anonymous connection, is told
 * arbitrary things: raw frames, requests of every type with arbitrary bodies, notices, requests of
 * another app, answers to its own, the clock. */
#include "fuzz.h"

#include "provider/inside.h"
#include "store/store_memory.h"

#define DOMAIN VIEW_LIT("dial.example")
#define PEER   VIEW_LIT("lens.example")

static uint64_t now_ms = 1700000000000, dice;

static uint64_t fuzz_now(void *ctx)
{
	(void)ctx;
	return now_ms;
}

static uc_err fuzz_random(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	for (size_t i = 0; i < n; i++) {
		dice = dice * 6364136223846793005 + 1442695040888963407;
		out[i] = (uint8_t)(dice >> 56);
	}
	return UC_OK;
}

static const struct env env = { NULL, fuzz_now, fuzz_random, NULL };

/* --- what it says --- */

static uint64_t asked; /* the last token */

static void out_send(void *ctx, void *connection, struct view frame)
{
	struct frame f;
	struct arena mem;
	(void)ctx;
	(void)connection;
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	fuzz_expect(!wire_decode(frame, &mem, frame_element, &f));
	arena_done(&mem);
}

static void out_close(void *ctx, void *connection, uint16_t code)
{
	(void)ctx;
	(void)connection;
	fuzz_expect(code >= 1000);
}

static void out_ask(void *ctx, uint64_t token, struct view domain, const struct peer_request *q)
{
	(void)ctx;
	(void)domain;
	(void)q;
	asked = token;
}

static void out_reply(void *ctx, void *call, const struct peer_response *r)
{
	(void)ctx;
	(void)r;
	++*(unsigned *)call;
}

static void out_deliver(void *ctx, struct view identifier, struct view code)
{
	(void)ctx;
	fuzz_expect(identifier.n && code.n == 8);
}

static uc_err out_sign(void *ctx, struct view document, struct arena *a, struct view *certificate,
		       struct view *signature)
{
	(void)ctx;
	TRY(arena_copy(a, VIEW_LIT("certificate"), certificate));
	return arena_copy(a, view_slice(document, 0, 32), signature);
}

static const struct provider_outputs outputs = {
	.send = out_send,
	.close = out_close,
	.ask = out_ask,
	.reply = out_reply,
	.deliver = out_deliver,
	.directory_sign = out_sign,
};

/* --- its state --- */

struct world {
	struct store_memory *disks[2];
	struct store *accounts, *rooms;
	struct provider *p;
	struct session *sessions[2];
};

static const struct provider_keys *keys(void)
{
	static struct provider_keys k;
	static bool made;
	struct secret moderators;
	if (!made) {
		fuzz_expect(!provider_keys_generate(&env, &k, &moderators));
		fuzz_expect(!provider_keys_make_discovery(&k, &env));
		fuzz_expect(!provider_keys_make_custody(&k, &env));
	}
	made = true;
	return &k;
}

static struct store *store_new(struct store_memory *disk, const char *kind)
{
	struct store *s = NULL;
	struct store_options o = { .driver = &store_memory_driver,
				   .env = &env,
				   .memory = disk,
				   .domain = DOMAIN,
				   .kind = view_str(kind),
				   .schema = PROVIDER_SCHEMA,
				   .check_shards = true };
	fuzz_expect(!store_open(&o, &s));
	return s;
}

static void account_put(struct world *w, const uint8_t id[ACCOUNT_ID],
			const struct ed25519_key *key)
{
	struct store_key k;
	struct store_batch b;
	struct arena mem;
	struct view account = view_make(id, ACCOUNT_ID), entry;
	struct account_record r = { .created_day = 1 };
	struct device_record d = { 0 };
	struct device_entry e = { .device_action = DEVICE_RESET_TO,
				  .device_key = VIEW_OF(key->pub) };
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	memcpy(r.account_key, key->pub, 32);
	memcpy(d.intake_key, kem_public(&keys()->lookup_key).p, 32);
	fuzz_expect(!device_entry_make(NULL, DOMAIN, VIEW_OF(key->pub), key, true, now_ms, &e, &mem,
				       &entry));
	store_batch_init(&b, account);
	fuzz_expect(!record_put(&b, key_1(&k, TABLE_ACCOUNT, account), account_record_element, &r));
	fuzz_expect(!record_put(&b, key_2(&k, TABLE_DEVICE, account, VIEW_OF(key->pub)),
				device_record_element, &d));
	store_put(&b, key_2n(&k, TABLE_LIST, account, 0, 0), entry);
	fuzz_expect(!commit_accounts(w->p, &b));
	arena_done(&mem);
}

static void begin(struct world *w)
{
	static const uint8_t id[ACCOUNT_ID] = { 1 };
	struct ed25519_key key;
	dice = 1;
	now_ms = 1700000000000;
	asked = 0;
	*w = (struct world){
		{ store_memory_new(), store_memory_new() }, NULL, NULL, NULL, { NULL }
	};
	w->accounts = store_new(w->disks[0], "accounts");
	w->rooms = store_new(w->disks[1], "rooms");
	struct provider_config config = { .domain = DOMAIN,
					  .names = 1,
					  .base_url = VIEW_LIT("https://dial.example"),
					  .keys = keys(),
					  .env = &env,
					  .accounts = w->accounts,
					  .rooms = w->rooms,
					  .out = &outputs };
	fuzz_expect(!provider_new(&config, &w->p));
	fuzz_expect(!provider_set_discovery(w->p, true, (struct view){ NULL, 0 }));
	fuzz_expect(!provider_set_custody(w->p, VIEW_LIT("lens.example")));
	fuzz_expect(!ed25519_generate(&env, &key));
	account_put(w, id, &key);
	for (int i = 0; i < 2; i++) {
		fuzz_expect(!session_open(w->p, w, (struct view){ 0 }, &w->sessions[i]));
		w->sessions[i]->phase = PHASE_GREETED;
	}
	session_sign_in(w->p, w->sessions[0], VIEW_OF(id), VIEW_OF(key.pub), 0);
}

static void end(struct world *w)
{
	provider_free(w->p);
	store_close(w->accounts);
	store_close(w->rooms);
	for (int i = 0; i < 2; i++)
		store_memory_free(w->disks[i]);
}

/* --- what it is told --- */

static void say_frame(struct world *w, struct session *s, uint8_t kind, uint16_t type,
		      struct view body)
{
	struct frame f = { .kind = kind, .type = type, .id = kind == FRAME_REQUEST, .body = body };
	struct buf bytes;
	buf_init(&bytes, FRAME_MAX);
	if (!wire_encode(&bytes, frame_element, &f))
		provider_frame(w->p, s, buf_view(&bytes));
	buf_done(&bytes);
}

static void say_request(struct world *w, uint8_t which, struct view body)
{
	static const char *const paths[] = {
		"/v1/keyMaterial/mimi%3A%2F%2Fdial.example%2Fk%2Fabc",
		"/v1/update/mimi%3A%2F%2Fdial.example%2Fr%2Fabc",
		"/v1/submitMessage/mimi%3A%2F%2Fdial.example%2Fr%2Fabc",
		"/v1/notify/mimi%3A%2F%2Flens.example%2Fr%2Fabc",
		"/v1/groupInfo/mimi%3A%2F%2Fdial.example%2Fr%2Fabc",
		"/v1/requestConsent/dial.example",
		"/v1/updateConsent/dial.example",
		"/v1/identifierQuery/dial.example",
		"/v1/redeemTokens/dial.example",
		"/v1/custodyEvaluate/dial.example",
	};
	static unsigned replies; /* some come later */
	bool starts = which & 0x40;
	struct peer_request q = {
		.method = VIEW_LIT("POST"),
		.path = view_str(paths[(which & 0x3f) % (sizeof paths / sizeof *paths)]),
		.headers = starts ? VIEW_LIT("undercroft-start: 1\r\nundercroft-sequence: 1\r\n")
				  : VIEW_LIT("undercroft-client: mimi://lens.example/p/a/b\r\n"),
		.body = body,
	};
	if (which & 0x80) { /* the path, too */
		struct view rest = view_cut(body, '\n', &q.path);
		q.body = rest;
	}
	uint64_t before = asked;
	replies = 0;
	provider_request(w->p, PEER, &q, &replies);
	while (provider_go_on(w->p))
		;
	/* Answered once, or asked further first. */
	fuzz_expect(replies == 1 || (!replies && asked != before));
}

static void say(struct world *w, uint8_t kind, uint8_t which, struct view body)
{
	struct session *s = w->sessions[which & 1];
	struct peer_response r = { .status = which < 128 ? 200 : which, .body = body };
	switch (kind % 6) {
	case 0:
		provider_frame(w->p, s, body);
		break;
	case 1:
		say_frame(w, s, FRAME_REQUEST, which >> 1, body);
		break;
	case 2:
		say_frame(w, s, FRAME_NOTICE, which & 1 ? FRAME_SEAT_ACK : FRAME_INTAKE_ACK, body);
		break;
	case 3:
		say_request(w, which, body);
		break;
	case 4:
		provider_response(w->p, asked, &r);
		break;
	default:
		now_ms += (uint64_t)which * which * which * 100;
		provider_tick(w->p, now_ms);
		(void)provider_go_on(w->p);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct world w;
	struct view v = view_make(data, n);
	begin(&w);
	while (v.n >= 4) {
		size_t length = (size_t)v.p[2] << 8 | v.p[3];
		struct view body = view_slice(v, 4, length);
		say(&w, v.p[0], v.p[1], body);
		v = view_slice(v, 4 + body.n, v.n);
	}
	fuzz_expect(!provider_sync(w.p));
	end(&w);
	return 0;
}
