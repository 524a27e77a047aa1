/* SPDX-License-Identifier: Apache-2.0 */
#include "client/device_watch.h"

#include "client/account.h"
#include "client/devices.h"
#include "client/own_devices.h"

#define TABLE_WATCHED "device watched"

enum {
	RECORD_BYTES = 4096,
	DAY_MS = 24 * 3600 * 1000,
	LONGEST_MS = 2 * DAY_MS, /* one or two days, by chance: nobody knows when to come back */
	STEP_MS =
		5 * 60 * 1000, /* of this device's clock in one turn: it may have been put ahead */
	SOON_MS = 60 * 1000,   /* whatever is on its way then was asked for after the word */
	HOUR_MS = 3600 * 1000,
};

/* What was told stays, so that it is told once. */
struct watched {
	uint16_t version;
	uint8_t kind; /* enum uc_device_change_kind */
	uint8_t device_key[ED25519_KEY];
	uint8_t by[ED25519_KEY]; /* zero: the account key */
	uint32_t generation;     /* of the list that names it */
	uint64_t time_ms;        /* when this device learned of it */
	/* Added: by the app's clock, told from then on; 0: it has not said what time it is since.  Hidden:
	 * by ours, the list is read anew then. */
	uint64_t at_ms;
	bool told;
};
static void wire_watched(struct wire *w, struct watched *x)
{
	wire_u16(w, &x->version);
	if (x->version != 1)
		wire_fail(w, UC_E_VERSION);
	wire_u8(w, &x->kind);
	wire_fixed(w, x->device_key, sizeof x->device_key);
	wire_fixed(w, x->by, sizeof x->by);
	wire_u32(w, &x->generation);
	wire_u64(w, &x->time_ms);
	wire_u64(w, &x->at_ms);
	wire_bool(w, &x->told);
}
WIRE_ELEMENT(watched)

/* --- what is kept --- */

struct watched_name {
	uint8_t b[1 + ED25519_KEY];
};

static struct safe_place place_of(const struct watched *x, struct watched_name *name)
{
	name->b[0] = x->kind;
	memcpy(name->b + 1, x->device_key, sizeof x->device_key);
	return (struct safe_place){ .table = TABLE_WATCHED, .name = VIEW_OF(name->b) };
}

static void put(struct uc_client *c, const struct watched *x)
{
	struct watched_name name;
	safe_put_object(&c->safe, place_of(x, &name), watched_element, x);
}

static void forget(struct uc_client *c, const struct watched *x)
{
	struct watched_name name;
	safe_delete(&c->safe, place_of(x, &name));
}

static bool is_kept(struct uc_client *c, const struct watched *x)
{
	struct watched_name name;
	struct view value;
	struct arena a;
	arena_init(&a, RECORD_BYTES, ARENA_PLAIN);
	bool kept = !safe_get(&c->safe, place_of(x, &name), &a, &value);
	arena_done(&a);
	return kept;
}

struct waiting {
	struct watched x;
	struct waiting *next;
};

struct looking {
	struct arena *mem;
	struct waiting *first;
	uc_err err;
};

static bool look_each(void *ctx, uint64_t number, struct view value)
{
	struct looking *l = ctx;
	struct watched x = { 0 };
	(void)number;
	if (wire_decode(value, NULL, watched_element, &x) || x.told)
		return true;
	struct waiting *w = ARENA_NEW(l->mem, struct waiting);
	if (!w) {
		l->err = UC_E_MEMORY;
		return false;
	}
	*w = (struct waiting){ x, l->first };
	l->first = w;
	return true;
}

/* Those of which nothing was told yet. */
static uc_err waiting(struct uc_client *c, struct waiting **out)
{
	struct looking l = { &c->call, NULL, UC_OK };
	uc_err err = safe_scan(&c->safe, TABLE_WATCHED, (struct view){ NULL, 0 }, 0, look_each, &l);
	*out = l.first;
	/* A damaged one is not told: nothing else is kept from the person by it. */
	return err && err != UC_E_CORRUPT ? err : l.err;
}

static void tell(struct uc_client *c, struct watched *x)
{
	x->told = true;
	put(c, x);
	own_devices_tell(c, (enum uc_device_change_kind)x->kind, x->device_key, x->by, x->time_ms);
}

/* --- what this device has done itself --- */

/* However its clock is put, it was at work for so long at least. */
static uint64_t lived(struct uc_client *c)
{
	uint64_t now = client_now(c), step = now - c->watch.turn_ms;
	if (c->watch.turn_ms && now > c->watch.turn_ms)
		c->watch.lived_ms += step < STEP_MS ? step : STEP_MS;
	c->watch.turn_ms = now;
	return c->watch.lived_ms;
}

void device_watch_added(struct uc_client *c, const struct device_entry *e)
{
	struct watched x = { .version = 1,
			     .kind = UC_DEVICE_ADDED,
			     .generation = e->list_generation,
			     .time_ms = client_now(c) };
	memcpy(x.device_key, e->device_key.p, sizeof x.device_key);
	memcpy(x.by, e->signer_key.p, sizeof x.by);
	if (is_kept(c, &x))
		return;
	put(c, &x);
	c->watch.added_ms = lived(c) + LONGEST_MS;
}

static uint64_t delay(struct uc_client *c)
{
	uint32_t dice = 0;
	if (env_random(&c->env, (uint8_t *)&dice, sizeof dice))
		dice = 0;
	return DAY_MS + dice % DAY_MS;
}

/* It was at work for long enough. */
static bool added_is_due(struct uc_client *c)
{
	uint64_t at = lived(c);
	return c->watch.added_ms && at >= c->watch.added_ms;
}

static uc_err added_tell(struct uc_client *c)
{
	struct waiting *w;
	TRY(waiting(c, &w));
	for (; w; w = w->next)
		if (w->x.kind == UC_DEVICE_ADDED)
			tell(c, &w->x);
	c->watch.added_ms = 0;
	return UC_OK;
}

uc_err device_watch_hello(struct uc_client *c, uint64_t app_ms)
{
	struct waiting *w;
	/* Else what is told here would be told once more in this turn: it is not written yet. */
	if (added_is_due(c))
		return added_tell(c);
	TRY(waiting(c, &w));
	for (; w; w = w->next) {
		struct watched *x = &w->x;
		if (x->kind != UC_DEVICE_ADDED)
			continue;
		if (x->at_ms && x->at_ms <= app_ms) {
			tell(c, x);
		} else if (!x->at_ms || x->at_ms > app_ms + LONGEST_MS) {
			x->at_ms = app_ms + delay(c);
			put(c, x);
		}
	}
	return UC_OK;
}

/* --- what the app does not show --- */

static void ask_at(struct uc_client *c, uint64_t ms)
{
	if (!c->watch.ask_ms || ms < c->watch.ask_ms)
		c->watch.ask_ms = ms;
}

/* A later recovery has ended it, and all of its time. */
static bool is_outdated(struct uc_client *c, const struct watched *x)
{
	uint32_t generation, position;
	devices_head(c, &generation, &position);
	return generation != UINT32_MAX && x->generation < generation;
}

uc_err device_watch_unlisted(struct uc_client *c, struct view device_key, struct view list)
{
	struct watched x = { .version = 1,
			     .kind = UC_DEVICE_HIDDEN,
			     .time_ms = client_now(c),
			     .at_ms = client_now(c) + SOON_MS };
	struct device_entry e;
	TRY(devices_entry_of(list, device_key, &c->call, &e));
	x.generation = e.list_generation;
	memcpy(x.device_key, device_key.p, sizeof x.device_key);
	if (e.signer_key.n == sizeof x.by)
		memcpy(x.by, e.signer_key.p, sizeof x.by);
	if (is_outdated(c, &x) || is_kept(c, &x))
		return UC_OK;
	put(c, &x);
	ask_at(c, x.at_ms);
	return UC_OK;
}

static bool is_due(struct uc_client *c, uint64_t ms)
{
	uint64_t now = client_now(c);
	return now >= ms || ms > now + HOUR_MS; /* set while the clock was wrong */
}

/* The app was put back where it has not even what we have: it hides nothing. */
static void judge(struct uc_client *c, struct watched *x, uc_err err)
{
	if (is_due(c, x->at_ms) && err != UC_E_STALE) {
		tell(c, x);
		return;
	}
	if (is_due(c, x->at_ms)) {
		x->at_ms = client_now(c) + HOUR_MS;
		put(c, x);
	}
	ask_at(c, x->at_ms);
}

uc_err device_watch_read(struct uc_client *c, uc_err err)
{
	struct waiting *w;
	TRY(waiting(c, &w));
	c->watch.ask_ms = 0;
	for (; w; w = w->next) {
		struct watched *x = &w->x;
		if (x->kind != UC_DEVICE_HIDDEN)
			continue;
		if (devices_had(c, VIEW_OF(x->device_key)) || is_outdated(c, x))
			forget(c, x);
		else
			judge(c, x, err);
	}
	return UC_OK;
}

/* --- driving --- */

static uc_err begin(struct uc_client *c)
{
	struct waiting *w;
	TRY(waiting(c, &w));
	c->watch.known = true;
	for (; w; w = w->next)
		if (w->x.kind == UC_DEVICE_HIDDEN)
			ask_at(c, w->x.at_ms);
		else
			c->watch.added_ms = c->watch.lived_ms + LONGEST_MS;
	return UC_OK;
}

uc_err device_watch_drive(struct uc_client *c)
{
	bool tells = added_is_due(c);
	if (!c->watch.known)
		TRY(begin(c));
	if (tells)
		TRY(added_tell(c));
	if (c->watch.added_ms)
		wake_at(c, client_now(c) + STEP_MS);
	if (c->watch.ask_ms && is_due(c, c->watch.ask_ms)) {
		c->watch.ask_ms = 0;
		c->list_stale = true; /* and device_watch_read follows, once it was read */
	}
	if (c->watch.ask_ms)
		wake_at(c, c->watch.ask_ms);
	return UC_OK;
}
