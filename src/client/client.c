/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing a client, and what leaves it. */
#include "client/client.h"

#include "client/account.h"
#include "client/directories.h"
#include "client/invitations.h"
#include "client/pairing.h"
#include "client/room_asks.h"
#include "client/transfers.h"
#include "client/vault.h"

#include "base/heap.h"

enum { CALL_BYTES = 96 * 1024 * 1024 };

static uint64_t platform_now(void *ctx)
{
	const struct uc_client *c = ctx;
	return c->platform.now_ms(c->platform.ctx);
}

static uc_err platform_random(void *ctx, uint8_t *out, size_t n)
{
	const struct uc_client *c = ctx;
	return c->platform.random(c->platform.ctx, out, n) ? UC_E_RANDOM : UC_OK;
}

static void platform_trace(void *ctx, const char *file, int line, uc_err err)
{
	const struct uc_client *c = ctx;
	if (c->platform.trace)
		c->platform.trace(c->platform.ctx, file, line, err);
}

static uc_err options_check(const struct uc_options *o)
{
	if (!o || !o->platform || !o->platform->now_ms || !o->platform->random)
		return UC_E_ARGUMENT;
	if (!o->path == !o->store_ops || (!o->key && !o->passphrase))
		return UC_E_ARGUMENT;
	return !o->app || !*o->app || strlen(o->app) >= DOMAIN_MAX ? UC_E_ARGUMENT : UC_OK;
}

static uc_err open_store(struct uc_client *c, const struct uc_options *o)
{
	const struct uc_store_ops *ops = o->store_ops;
	void *store = o->store;
	if (o->path)
		TRY(uc_store_sqlite_open(o->path, &ops, &store));
	TRY(safe_open(&c->safe, &c->env, ops, store, o->key, o->passphrase, o->generation));
	TRY(records_load(c));
	if (!strcmp(c->account.app, o->app))
		return UC_OK;
	if (c->account.state != ACCOUNT_NONE)
		return UC_E_EXISTS;
	/* What a sign-up that failed has left is of the other app. */
	account_wipe(&c->account);
	return text_set(c->account.app, sizeof c->account.app, view_str(o->app));
}

uc_err uc_client_open(const struct uc_options *options, uc_client **out)
{
	TRY(options_check(options));
	if (!out)
		return UC_E_ARGUMENT;
	struct uc_client *c = HEAP_NEW(struct uc_client);
	if (!c)
		return UC_E_MEMORY;
	c->platform = *options->platform;
	c->env = (struct env){ c, platform_now, platform_random, platform_trace };
	c->retry_ms = UINT64_MAX;
	arena_init(&c->call, CALL_BYTES, ARENA_SECRET);
	frame_queue_init(&c->frames);
	event_queue_init(&c->events);
	if (options->software &&
	    text_set(c->software, sizeof c->software, view_str(options->software)))
		c->software[0] = 0;
	uc_err err = open_store(c, options);
	if (err) {
		uc_client_close(c);
		return err;
	}
	*out = c;
	return UC_OK;
}

static void calls_free(struct uc_client *c)
{
	struct uc_client *self = c;
	self->broken = UC_E_CLOSED;
	/* Handlers free what they were given; what they would write is never committed. */
	if (calls_fail(c))
		return;
}

void uc_client_close(uc_client *c)
{
	if (!c)
		return;
	calls_free(c);
	pairing_add_fail(c, UC_E_CLOSED, (struct view){ NULL, 0 });
	pairing_free(c);
	records_free(c);
	directories_free(c);
	frame_queue_clear(&c->frames);
	event_queue_clear(&c->events);
	safe_done(&c->safe);
	arena_done(&c->call);
	heap_free_wiped(c, sizeof *c);
}

uint64_t uc_client_generation(const uc_client *c)
{
	return c->safe.generation;
}

bool uc_client_next_frame(uc_client *c, const uint8_t **p, size_t *n)
{
	struct view v;
	if (c->broken || !frame_queue_next(&c->frames, &v))
		return false;
	*p = v.p;
	*n = v.n;
	return true;
}

bool uc_client_next_event(uc_client *c, struct uc_event *out)
{
	return event_queue_next(&c->events, out);
}

static bool room_is_idle(const struct uc_client *c, const struct room *r)
{
	if (r->seat_open && r->seq + 1 < r->log_next)
		return false; /* what the log holds is on its way */
	bool waits = r->state == ROOM_CREATING || r->state == ROOM_JOINING || r->lost ||
		     r->pending.there || !room_asks_alone(c, r) || r->outbox.first;
	return r->state == ROOM_LEFT || !waits;
}

/* Also when the app wants it much later: the rest need not wait for that. */
static bool request_is_idle(const struct uc_client *c, const struct request *q)
{
	enum { LATER_MS = 60 * 1000 };
	return q->retry_ms > env_now_ms(&c->env) + LATER_MS ||
	       (q->state != REQUEST_LOOKING && q->state != REQUEST_ADDRESSED &&
		q->state != REQUEST_SENDING && q->state != REQUEST_WITHDRAWING);
}

bool uc_client_is_idle(const uc_client *c)
{
	if (c->connection == UC_ONLINE && c->account.deleting)
		return false;
	if (c->calls || c->frames.q.n || c->account.state == ACCOUNT_SIGNING_UP ||
	    c->account.state == ACCOUNT_RECOVERING || c->account.state == ACCOUNT_JOINING)
		return false;
	for (const struct request *q = c->requests; q; q = q->next)
		if (!request_is_idle(c, q))
			return false;
	for (const struct invitation *i = c->invitations; i; i = i->next)
		if (!invitation_is_idle(i))
			return false;
	for (const struct contact *k = c->contacts; k; k = k->next)
		if (!room_asks_are_idle(c, k))
			return false;
	for (const struct room *r = c->rooms; r; r = r->next)
		if (!room_is_idle(c, r))
			return false;
	return !c->adding && transfers_are_idle(c) &&
	       (c->connection != UC_ONLINE || vault_is_idle(c));
}
