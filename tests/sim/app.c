/* SPDX-License-Identifier: Apache-2.0 */
/* An app: a provider over two stores, its outputs kept back until they are synced, its deaths. */
#include "base/heap.h"
#include "base/text.h"
#include "mimi/frames.h"
#include "provider/room_work.h"
#include "store/store_memory.h"
#include "tests/sim/sim.h"
#include "tests/unit/provider/one_by_one.h"

enum { TICK_MS = 1000, SYNC_MS = 4, HELD_MS = 20, DOWN_MS = 4000, FOLDER_MAX = 512 };

/* --- faults --- */

/* One in thirty the first time a point is seen in a run, rarer each time after. */
static bool strikes(struct world *w, const struct cover_point *p)
{
	if (w->plan.strike && !w->struck_wanted && !strcmp(w->plan.strike, p->label))
		return w->struck_wanted = true;
	return sim_fault(w, 33000 / p->seen_in_run);
}

static uc_err strike(struct app *a, const char *kind, enum store_point point)
{
	static const char *const names[] = { "before", "after", "before sync", "after sync" };
	struct world *w = a->w;
	char label[LABEL_MAX];
	if (a->dying)
		return UC_E_STORE;
	if (point == STORE_WRITE)
		a->writes++;
	snprintf(label, sizeof label, "%.60s: %s %u %s", a->doing, kind,
		 a->writes > 4 ? 5 : a->writes, names[point]);
	struct cover_point *p = cover_see(w->plan.cover, w->plan.seed, label);
	if (!p) {
		sim_fail(w, "too many write points");
		return UC_OK;
	}
	if (!strikes(w, p))
		return fault_of_disk(a, kind[0] == 'r', point);
	p->struck++;
	a->struck = a->dying = true;
	sim_story(w, "FAULT: %s is struck at %s", a->domain, label);
	return UC_E_STORE;
}

static uc_err strike_accounts(void *ctx, enum store_point point)
{
	return strike(ctx, "accounts", point);
}

static uc_err strike_rooms(void *ctx, enum store_point point)
{
	return strike(ctx, "rooms", point);
}

/* --- outputs --- */

enum output_kind { OUT_FRAME, OUT_CLOSE, OUT_ASK, OUT_REPLY, OUT_CODE };
struct output {
	struct output *next;
	enum output_kind kind;
	struct link *link;
	uint16_t code;
	uint64_t token;
	struct exchange *exchange;
	int status;
	uint32_t retry_after_s;
	struct view a, b, c, d, e; /* owned; what they are depends on the kind */
};

static struct output *output_add(struct app *a, enum output_kind kind)
{
	struct output *o = HEAP_NEW(struct output);
	if (!o) {
		sim_fail(a->w, "no memory");
		return NULL;
	}
	o->kind = kind;
	*a->outputs_end = o;
	a->outputs_end = &o->next;
	return o;
}

/* Nothing is said to a seat that follows the entry which ended it. */
static void check_seat(struct app *a, const struct link *l, struct view frame)
{
	struct frame f;
	struct entry_event e;
	struct seat_record r;
	struct store_key k;
	struct view client;
	struct arena mem;
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	if (!wire_decode(frame, &mem, frame_element, &f) && f.type == FRAME_ENTRY &&
	    f.kind == FRAME_EVENT && !wire_decode(f.body, &mem, entry_event_element, &e)) {
		if (l->person && l->person->revoked)
			sim_fail(a->w, "%s tells person %u, a device that was ended, of an entry",
				 a->domain, l->person->number);
		const struct seat_live *seat = seat_live_find(l->session, e.seat);
		if (seat && !seat_client(a->provider, seat, &mem, &client) &&
		    !record_get(a->rooms, key_2(&k, TABLE_SEAT, seat->room->uri, client),
				seat_record_element, &mem, &r) &&
		    r.ended && e.entry.seq > r.ended)
			sim_fail(a->w, "%s tells a seat that has ended of what came later",
				 a->domain);
	}
	arena_done(&mem);
}

static void out_send(void *ctx, void *connection, struct view frame)
{
	struct app *a = ctx;
	struct output *o = output_add(a, OUT_FRAME);
	if (!o)
		return;
	check_seat(a, connection, frame);
	o->link = connection;
	o->a = bytes_copy(frame);
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
	struct app *a = ctx;
	struct output *o = output_add(a, OUT_CLOSE);
	if (!o)
		return;
	o->link = connection;
	o->link->closing = true;
	o->code = code;
}

static void out_ask(void *ctx, uint64_t token, struct view domain, const struct peer_request *q)
{
	struct app *a = ctx;
	struct output *o = output_add(a, OUT_ASK);
	if (!o)
		return;
	o->token = token;
	o->a = bytes_copy(domain);
	o->b = bytes_copy(q->method);
	o->c = bytes_copy(q->path);
	o->d = bytes_copy(q->headers);
	o->e = bytes_copy(q->body);
}

static void out_reply(void *ctx, void *call, const struct peer_response *r)
{
	struct app *a = ctx;
	struct output *o = output_add(a, OUT_REPLY);
	if (!o)
		return;
	o->exchange = call;
	o->status = r->status;
	o->retry_after_s = r->retry_after_s;
	o->a = bytes_copy(r->headers);
	o->b = bytes_copy(r->body);
}

static void out_deliver(void *ctx, struct view identifier, struct view code)
{
	struct app *a = ctx;
	struct output *o = output_add(a, OUT_CODE);
	if (!o)
		return;
	o->a = bytes_copy(identifier);
	o->b = bytes_copy(code);
}

void app_document_sign(struct view domain, struct view document, uint8_t out[32])
{
	struct view parts[] = { domain, VIEW_LIT(" signs "), document };
	if (sha256_parts(parts, 3, out))
		memset(out, 0, 32);
}

static uc_err out_directory_sign(void *ctx, struct view document, struct arena *mem,
				 struct view *certificate, struct view *signature)
{
	const struct app *a = ctx;
	uint8_t mac[32];
	app_document_sign(view_str(a->domain), document, mac);
	TRY(arena_copy(mem, VIEW_OF(mac), signature));
	return arena_copy(mem, view_str(a->domain), certificate);
}

static const struct provider_outputs outputs = {
	.send = out_send,
	.send_many = out_send_many,
	.send_list = out_send_list,
	.close = out_close,
	.ask = out_ask,
	.reply = out_reply,
	.deliver = out_deliver,
	.directory_sign = out_directory_sign,
};

static void code_arrives(struct world *w, struct view identifier, struct view code)
{
	for (unsigned i = 0; i < w->people_n; i++) {
		struct person *p = &w->people[i];
		if (view_equal(view_str(p->identifier), identifier) && code.n < CODE_MAX) {
			memset(p->code, 0, sizeof p->code);
			memcpy(p->code, code.p, code.n);
		}
	}
}

static void output_release(struct app *a, const struct output *o)
{
	struct peer_request q = { o->b, o->c, o->d, o->e };
	struct peer_response r = { o->status, o->retry_after_s, o->a, o->b };
	switch (o->kind) {
	case OUT_FRAME:
		if (o->link->app && !o->link->closing)
			link_down(o->link, o->a);
		break;
	case OUT_CLOSE:
		sim_trace(a->w, "%s closes link %llu: %u", a->domain,
			  (unsigned long long)o->link->number, o->code);
		if (o->link->app)
			link_close(o->link);
		break;
	case OUT_ASK:
		peers_ask(a, o->token, o->a, &q);
		break;
	case OUT_REPLY:
		peers_reply(o->exchange, &r);
		break;
	case OUT_CODE:
		code_arrives(a->w, o->a, o->b);
		break;
	}
}

static void outputs_end(struct app *a, bool release)
{
	struct output *o = a->outputs;
	a->outputs = NULL;
	a->outputs_end = &a->outputs;
	while (o) {
		struct output *next = o->next;
		if (release)
			output_release(a, o);
		bytes_free(o->a);
		bytes_free(o->b);
		bytes_free(o->c);
		bytes_free(o->d);
		bytes_free(o->e);
		heap_free(o);
		o = next;
	}
}

/* --- life --- */

static uint64_t app_now(void *ctx)
{
	const struct app *a = ctx;
	return a->w->now_ms + (uint64_t)a->skew_ms;
}

static uc_err app_random(void *ctx, uint8_t *out, size_t n)
{
	struct app *a = ctx;
	dice_fill(&a->dice, out, n);
	return UC_OK;
}

static void app_trace(void *ctx, const char *file, int line, uc_err err)
{
	const struct app *a = ctx;
	sim_trace(a->w, "%s: %s:%d: %s", a->domain, file, line, uc_err_name(err));
}

uc_err app_init(struct app *a, struct world *w, unsigned index)
{
	static const struct {
		const char *domain;
		uint8_t names;
	} kinds[APPS] = {
		{ "dial.localhost", UC_NAME_NUMBER },
		{ "lens.localhost", UC_NAME_HANDLE },
		{ "plaza.localhost", UC_NAME_ADDRESS },
	};
	*a = (struct app){ .w = w, .domain = kinds[index].domain, .names = kinds[index].names };
	a->outputs_end = &a->outputs;
	a->env = (struct env){ a, app_now, app_random, app_trace };
	dice_seed(&a->dice, w->plan.seed * 1000 + 900 + index);
	a->accounts_disk = store_memory_new();
	a->rooms_disk = store_memory_new();
	if (!a->accounts_disk || !a->rooms_disk)
		return UC_E_MEMORY;
	TRY(provider_keys_generate(&a->env, &a->keys, &a->moderators));
	return app_start(a);
}

static uc_err open_one(struct app *a, const char *kind, struct store_memory *disk,
		       uc_err (*strike_at)(void *ctx, enum store_point point), struct store **out)
{
	struct store_options o = {
		.driver = &store_memory_driver,
		.env = &a->env,
		.memory = disk,
		.domain = view_str(a->domain),
		.kind = view_str(kind),
		.schema = PROVIDER_SCHEMA,
		.life = a->lives,
		.check_shards = true,
		.faults = { .ctx = a, .strike = strike_at },
	};
	char path[FOLDER_MAX];
	if (a->w->plan.folder) {
		snprintf(path, sizeof path, "%s/%s.%s", a->w->plan.folder, a->domain, kind);
		o.driver = a->w->plan.driver;
		o.path = path;
		o.memory = NULL;
	}
	return store_open(&o, out);
}

/* As the server does it (app_provider.c, app_stores.c): what lies in the keys' folder is `lives`. */
static uc_err life_begins(struct app *a)
{
	uint64_t accounts = store_life(a->accounts), rooms = store_life(a->rooms);
	uint64_t life = 1 + (accounts > rooms ? accounts : rooms), last = store_last_ms(a->rooms);
	if (store_is_older(a->accounts) || store_is_older(a->rooms)) {
		sim_story(a->w, "%s sees that it goes on from an older copy", a->domain);
		TRY(provider_renew(a->provider));
	}
	if (life <= a->lives)
		life = a->lives + 1;
	clock_watch_start(&a->clock, last, app_now(a), a->w->now_ms);
	if (!a->clock.until_ms || app_now(a) < last)
		last = app_now(a);
	TRY(store_live(a->accounts, life, last));
	TRY(store_live(a->rooms, life, last));
	a->lives = life;
	return UC_OK;
}

static uc_err open_all(struct app *a)
{
	struct provider_config config = {
		.domain = view_str(a->domain),
		.names = a->names,
		.base_url = VIEW_LIT("https://localhost:8441"),
		.keys = &a->keys,
		.env = &a->env,
		.out = &outputs,
		.ctx = a,
		.held_ms = HELD_MS,
	};
	TRY(open_one(a, "accounts", a->accounts_disk, strike_accounts, &a->accounts));
	TRY(open_one(a, "rooms", a->rooms_disk, strike_rooms, &a->rooms));
	config.accounts = a->accounts;
	config.rooms = a->rooms;
	TRY(provider_new(&config, &a->provider));
	/* As an operator would have it, where it is about what is stored of people. */
	if (a->w->plan.folder)
		provider_set_contact(a->provider, &(struct provider_contact){ .grown_ups = true,
									      .new_ask = true });
	return life_begins(a);
}

static void ticks(struct world *w, struct happening *h)
{
	struct app *a = h->subject;
	if (!a->provider || a->life != h->number)
		return;
	w->stats.ticks++;
	app_before(a, "tick", "");
	provider_doubt_clock(a->provider, clock_watch_doubts(&a->clock, app_now(a), w->now_ms));
	provider_tick(a->provider, app_now(a));
	(void)provider_go_on(a->provider);
	app_after(a);
	uint64_t tick_ms = w->plan.tick_ms ? w->plan.tick_ms : TICK_MS;
	timeline_add(w, w->now_ms + tick_ms, ticks, a, h->number, NO_BYTES);
}

uc_err app_start(struct app *a)
{
	a->life++;
	a->started_ms = a->w->now_ms;
	a->dying = a->struck = a->failed = a->sync_due = false;
	a->clock = (struct clock_watch){ 0 };
	app_before(a, "open", "");
	uc_err err = open_all(a);
	if (a->struck || a->failed || (err == UC_E_CORRUPT && a->rotten)) {
		app_kill(a, 20 + dice_below(&a->w->dice, DOWN_MS));
		return UC_OK;
	}
	if (err) {
		sim_fail(a->w, "%s does not start: %s", a->domain, uc_err_name(err));
		return err;
	}
	sim_story(a->w, "%s starts", a->domain);
	timeline_add(a->w, a->w->now_ms + dice_below(&a->w->dice, TICK_MS), ticks, a, a->life,
		     NO_BYTES);
	return UC_OK;
}

static void starts_again(struct world *w, struct happening *h)
{
	struct app *a = h->subject;
	(void)w;
	if (!a->provider && app_start(a))
		sim_fail(w, "%s cannot be started", a->domain);
}

static void stores_close(struct app *a)
{
	a->dying = true;
	provider_free(a->provider);
	a->provider = NULL;
	store_close(a->accounts);
	store_close(a->rooms);
	a->accounts = a->rooms = NULL;
	outputs_end(a, false);
}

/* Of what was not synced, some is there and the rest is not; never the last of it when it was torn. */
static void power_fails(struct app *a, struct store_memory *disk, bool torn)
{
	size_t unsynced = store_memory_unsynced(disk);
	size_t keep = dice_below(&a->w->dice, unsynced + !torn);
	if (keep < unsynced)
		sim_story(a->w, "  of %zu writes that were not synced, %zu are left", unsynced,
			  keep);
	store_memory_crash(disk, keep);
}

void app_kill(struct app *a, uint64_t down_ms)
{
	struct world *w = a->w;
	sim_story(w, "%s dies", a->domain);
	w->stats.app_kills++;
	stores_close(a);
	power_fails(a, a->accounts_disk, a->disk.torn && !a->disk.rooms);
	power_fails(a, a->rooms_disk, a->disk.torn && a->disk.rooms);
	a->disk.torn = false;
	for (struct link *l = w->links; l; l = l->next)
		if (l->app == a)
			link_drop_app(l);
	peers_app_died(a);
	timeline_add(w, w->now_ms + down_ms, starts_again, a, 0, NO_BYTES);
}

void app_done(struct app *a)
{
	if (a->accounts_disk)
		stores_close(a);
	store_memory_free(a->accounts_disk);
	store_memory_free(a->rooms_disk);
	provider_keys_wipe(&a->keys);
	secret_wipe(&a->moderators);
}

/* --- what comes in --- */

void app_before(struct app *a, const char *doing, const char *what)
{
	snprintf(a->doing, sizeof a->doing, "app %s%s%s", doing, *what ? " " : "", what);
	a->writes = 0;
}

static void goes_on(struct world *w, struct happening *h)
{
	struct app *a = h->subject;
	(void)w;
	if (!a->provider || a->life != h->number)
		return;
	app_before(a, "answers what was held", "");
	(void)provider_go_on(a->provider);
	app_after(a);
}

/* When the first of the answers that are held is due. */
static void goes_on_later(struct app *a)
{
	uint64_t now = app_now(a), due = provider_due_us(a->provider) / 1000;
	if (due)
		timeline_add(a->w,
			     a->w->now_ms +
				     (due > now && due - now < HELD_MS ? due - now : HELD_MS),
			     goes_on, a, a->life, NO_BYTES);
}

static void outputs_go(struct app *a)
{
	outputs_end(a, true);
	goes_on_later(a);
}

static void syncs(struct world *w, struct happening *h)
{
	struct app *a = h->subject;
	if (!a->provider || a->life != h->number)
		return;
	a->sync_due = false;
	app_before(a, "sync", "");
	(void)provider_go_on(a->provider);
	uc_err err = provider_sync(a->provider);
	if (a->struck || (err && a->failed) || (err == UC_E_CORRUPT && a->rotten))
		app_kill(a, 20 + dice_below(&a->w->dice, DOWN_MS));
	else if (a->failed)
		sim_fail(w, "%s goes on although its disk has failed", a->domain);
	else if (err)
		sim_fail(w, "%s does not sync: %s", a->domain, uc_err_name(err));
	else
		outputs_go(a);
}

void app_after(struct app *a)
{
	struct world *w = a->w;
	if (a->struck) {
		app_kill(a, 20 + dice_below(&a->w->dice, DOWN_MS));
		return;
	}
	if (a->sync_due)
		return;
	a->sync_due = true;
	timeline_add(w, w->now_ms + dice_below(&w->dice, SYNC_MS), syncs, a, a->life, NO_BYTES);
}

static const char *frame_name(uint16_t type)
{
	const struct frame_rule *rule = frame_rule_find(type);
	if (rule)
		return rule->name;
	return type == FRAME_SEAT_ACK ? "SEAT_ACK" : type == FRAME_INTAKE_ACK ? "INTAKE_ACK" : "?";
}

void app_frame(struct app *a, struct link *l, struct view bytes)
{
	struct frame f = { 0 };
	struct arena scratch;
	arena_init(&scratch, 4096, ARENA_PLAIN);
	if (wire_decode(bytes, &scratch, frame_element, &f))
		sim_fail(a->w, "a client sent a frame that cannot be read");
	arena_done(&scratch);
	sim_trace(a->w, "%s <- link %llu: %s %u, %zu bytes", a->domain,
		  (unsigned long long)l->number, frame_name(f.type), f.id, bytes.n);
	app_before(a, "frame", frame_name(f.type));
	provider_frame(a->provider, l->session, bytes);
	app_after(a);
}

bool app_owes(struct app *a)
{
	struct store_key k;
	struct store_scan scan;
	struct view key, value;
	if (!a->provider)
		return true;
	store_key_start(&k, TABLE_OUTBOX);
	if (store_scan_init(&scan, a->accounts, store_key_view(&k), NO_BYTES, 1)) {
		sim_fail(a->w, "%s's outbox cannot be read", a->domain);
		return false;
	}
	bool owes = store_scan_next(&scan, &key, &value);
	store_scan_done(&scan);
	return owes;
}
