/* SPDX-License-Identifier: Apache-2.0 */
#include "client/own_devices.h"

#include "client/account.h"
#include "client/contact_requests.h"
#include "client/device_watch.h"
#include "client/devices.h"
#include "client/introductions.h"
#include "client/member_clients.h"
#include "client/pool.h"
#include "client/room_group.h"
#include "client/rooms.h"
#include "client/strangers.h"
#include "client/turn.h"
#include "mimi/names.h"

#define TABLE_NAME   "device name"
#define TABLE_CHANGE "device change"
#define TABLE_READ   "device list read"

enum { RECORD_BYTES = 4096, DAY_MS = 24 * 3600 * 1000 };

/* --- what was told --- */

/* In the order they were told. */
struct device_change {
	uint16_t version;
	uint8_t kind; /* enum uc_device_change_kind */
	uint8_t device_key[ED25519_KEY];
	uint8_t by[ED25519_KEY]; /* zero: the account key */
	uint64_t time_ms;
};
static void wire_device_change(struct wire *w, struct device_change *x)
{
	wire_u16(w, &x->version);
	if (x->version != 1)
		wire_fail(w, UC_E_VERSION);
	wire_u8(w, &x->kind);
	wire_fixed(w, x->device_key, sizeof x->device_key);
	wire_fixed(w, x->by, sizeof x->by);
	wire_u64(w, &x->time_ms);
}
WIRE_ELEMENT(device_change)

static const char *word_of(uint8_t kind)
{
	static const char *const words[] = {
		[UC_DEVICE_ADDED] = "added",
		[UC_DEVICE_ENDED] = "ended",
		[UC_DEVICE_TWO_LISTS] = "two lists",
		[UC_DEVICE_HIDDEN] = "hidden",
	};
	return words[kind];
}

struct told {
	const struct device_change *x;
	bool there;
};

static bool told_each(void *ctx, uint64_t number, struct view value)
{
	struct told *t = ctx;
	struct device_change k = { 0 };
	(void)number;
	t->there = !wire_decode(value, NULL, device_change_element, &k) && k.kind == t->x->kind &&
		   view_equal(VIEW_OF(k.device_key), VIEW_OF(t->x->device_key)) &&
		   view_equal(VIEW_OF(k.by), VIEW_OF(t->x->by));
	return !t->there;
}

/* Entries are new but once; the app may show the same other list each time. */
static bool is_told(struct uc_client *c, const struct device_change *x)
{
	struct told t = { x, false };
	if (x->kind == UC_DEVICE_TWO_LISTS)
		(void)!safe_scan(&c->safe, TABLE_CHANGE, (struct view){ NULL, 0 }, 0, told_each,
				 &t);
	return t.there;
}

void own_devices_tell(struct uc_client *c, enum uc_device_change_kind kind,
		      const uint8_t device_key[ED25519_KEY], const uint8_t by[ED25519_KEY],
		      uint64_t time_ms)
{
	struct device_change x = { .version = 1, .kind = (uint8_t)kind, .time_ms = time_ms };
	memcpy(x.device_key, device_key, sizeof x.device_key);
	memcpy(x.by, by, sizeof x.by);
	if (!is_told(c, &x)) {
		struct safe_place at = { .table = TABLE_CHANGE,
					 .number = ++c->account.next_number };
		c->account.dirty = true;
		safe_put_object(&c->safe, at, device_change_element, &x);
	}
	struct event_out *out = event_new(c, UC_EVENT_DEVICE);
	if (out)
		out->event.text = event_text(out, view_str(word_of(x.kind)));
}

static void entry_tell(struct uc_client *c, const struct device_entry *e,
		       enum uc_device_change_kind kind)
{
	static const uint8_t account_key[ED25519_KEY];
	bool by_device = e->signer_key.n == ED25519_KEY;
	own_devices_tell(c, kind, e->device_key.p, by_device ? e->signer_key.p : account_key,
			 client_now(c));
}

/* --- what ends with a device --- */

/* Who held them goes on asking with what is void: they get others, and meanwhile come by asking. */
static void lent_out_forget(struct uc_client *c)
{
	for (struct set *s = c->sets; s; s = s->next)
		if (s->state == SET_GIVEN)
			set_change(s, SET_VOIDED);
	for (struct contact *k = c->contacts; k; k = k->next) {
		k->has_grant = false;
		k->dirty = true;
	}
	for (struct invitation *i = c->invitations; i; i = i->next)
		i->gone = i->gone || i->state == INVITATION_OPEN || i->state == INVITATION_USED;
	c->pool_known = false;
}

/* Another request key; the one before still opens what is on its way. */
static void request_keys_renew(struct account *a)
{
	uint32_t n =
		a->request_key_count < REQUEST_KEYS - 1 ? a->request_key_count : REQUEST_KEYS - 1;
	memmove(a->request_keys + 1, a->request_keys, n * sizeof *a->request_keys);
	wipe(a->request_keys, sizeof *a->request_keys);
	a->request_key_count = n + 1;
	a->dirty = true;
}

/* An address of ours that a letter names, to be answered at, is void: it is sent once more with another.
 * To whom it was shown it is not shown again, as long as they have not answered. */
static void replies_renew(struct uc_client *c)
{
	const uint64_t lasts_ms = (uint64_t)REQUEST_REPLY_DAYS * DAY_MS;
	for (struct request *q = c->requests; q; q = q->next) {
		bool waits = q->state == REQUEST_SENT && client_now(c) < q->time_ms + lasts_ms;
		bool unsent = q->state == REQUEST_ADDRESSED || q->state == REQUEST_SENDING;
		if (q->incoming || !*q->reply || (!unsent && !waits))
			continue;
		q->state = REQUEST_ADDRESSED;
		wipe(q->reply, sizeof q->reply);
		blob_done(&q->entry);
		q->dirty = true;
	}
}

struct doubting {
	struct room *r;
	struct member *self;
	uc_err err;
};

static bool doubt_each(void *ctx, const struct room_client *k)
{
	struct doubting *d = ctx;
	if (view_equal(k->participant, view_str(d->r->participant)) &&
	    !view_equal(k->client, view_str(d->r->client)))
		d->err = member_client_doubt(d->self, k->client);
	return !d->err;
}

/* Behind a persona, and where nothing is said of who we are, nobody sees which of our places is the ended
 * one's: all but this device's go, and who is still ours comes back. */
static uc_err places_doubt(struct room *r)
{
	struct doubting d = { r, room_member_find(r, view_str(r->participant)), UC_OK };
	if (!d.self || !r->group || r->says == SAYS_ACCOUNT)
		return UC_OK;
	r->dirty = r->members_dirty = true;
	TRY(room_group_clients(r->group, doubt_each, &d));
	return d.err == UC_E_LIMIT ? UC_OK : d.err;
}

static uc_err room_tell(struct uc_client *c, struct room *r, bool by_this)
{
	if (by_this)
		TRY(places_doubt(r));
	r->keys_ms = 0; /* whose turn it is, is another question */
	/* Where all our places are about to go, nobody is to be told which do. */
	bool going = r->fleeing && !r->close_ms; /* who is blocked is told as before (closing.h) */
	if (!room_is_open(r) || r->lost || r->shadow || going || strangers_veil(c, r) ||
	    c->account.deleting)
		return UC_OK;
	return introductions_own(c, r);
}

/* Everybody is to know that it speaks for us no more; also where in one room that cannot be said. */
static uc_err rooms_tell(struct uc_client *c, bool by_this)
{
	for (struct room *r = c->rooms; r; r = r->next) {
		struct arena_mark mark = arena_mark(&c->call);
		uc_err err = room_tell(c, r, by_this);
		arena_reset(&c->call, mark);
		if (err_is_hard(err))
			return err;
		if (err)
			event_warning(c, err,
				      VIEW_LIT("this room could not be told that a device of yours "
					       "is none any more"),
				      &r->id);
	}
	return UC_OK;
}

/* by_this: the other devices learn the new request key from the vault. */
static uc_err ended(struct uc_client *c, bool by_this)
{
	lent_out_forget(c);
	if (by_this || devices_count(c) < 2)
		request_keys_renew(&c->account);
	if (!c->account.deleting)
		replies_renew(c);
	/* The app has let go of that we can be found, too. */
	memset(c->finding.said, 0, sizeof c->finding.said);
	c->finding.say_ms = 0;
	c->finding.dirty = true;
	return rooms_tell(c, by_this);
}

uc_err own_devices_entry(struct uc_client *c, const struct device_entry *e)
{
	bool own = view_equal(e->signer_key, VIEW_OF(c->account.device.pub));
	bool ends = e->device_action == DEVICE_REVOKE;
	if (!own)
		entry_tell(c, e, ends ? UC_DEVICE_ENDED : UC_DEVICE_ADDED);
	else if (!ends)
		device_watch_added(c, e);
	return ends ? ended(c, own) : UC_OK;
}

void own_devices_fork(struct uc_client *c, const struct device_entry *ours)
{
	entry_tell(c, ours, UC_DEVICE_TWO_LISTS);
}

/* --- when it was read --- */

static void day_element(struct wire *w, void *v)
{
	wire_u64(w, v);
}

void own_devices_read(struct uc_client *c)
{
	uint64_t day = client_now(c) / DAY_MS;
	safe_put_object(&c->safe, (struct safe_place){ .table = TABLE_READ }, day_element, &day);
}

bool own_devices_unread(struct uc_client *c)
{
	struct view value;
	struct arena a;
	uint64_t day = 0;
	arena_init(&a, RECORD_BYTES, ARENA_PLAIN);
	bool known = !safe_get(&c->safe, (struct safe_place){ .table = TABLE_READ }, &a, &value) &&
		     !wire_decode(value, &a, day_element, &day);
	arena_done(&a);
	if (!known)
		own_devices_read(c);
	return known && day != client_now(c) / DAY_MS;
}

/* --- for the owner: names --- */

static struct safe_place name_place(const uint8_t device_key[ED25519_KEY])
{
	return (struct safe_place){ .table = TABLE_NAME, .name = { device_key, ED25519_KEY } };
}

static void name_get(struct uc_client *c, const uint8_t device_key[ED25519_KEY],
		     char out[PROFILE_BYTES])
{
	struct arena a;
	struct view value;
	out[0] = 0;
	arena_init(&a, RECORD_BYTES, ARENA_SECRET);
	if (safe_get(&c->safe, name_place(device_key), &a, &value) ||
	    text_set(out, PROFILE_BYTES, value))
		out[0] = 0;
	arena_done(&a);
}

uc_err uc_devices(uc_client *c, uc_device_each *each, void *ctx)
{
	struct device_list l;
	char name[PROFILE_BYTES];
	if (!c || !each)
		return UC_E_ARGUMENT;
	if (c->broken)
		return c->broken;
	if (!devices_known(c, &l))
		return UC_OK;
	for (size_t i = 0; i < l.count; i++) {
		struct uc_device shown = { .added_ms = l.devices[i].time_ms, .name = name };
		memcpy(shown.device_key, l.devices[i].device_key, ED25519_KEY);
		shown.is_this =
			view_equal(VIEW_OF(shown.device_key), VIEW_OF(c->account.device.pub));
		name_get(c, shown.device_key, name);
		if (!each(ctx, &shown))
			break;
	}
	return UC_OK;
}

struct device_call {
	const uint8_t *device_key;
	const char *name;
	uc_op *op;
};

static uc_err name_set(struct uc_client *c, void *arg)
{
	const struct device_call *in = arg;
	struct device_list l;
	struct view normal = { NULL, 0 };
	if (!devices_known(c, &l) ||
	    !device_list_has(&l, (struct view){ in->device_key, ED25519_KEY }))
		return UC_E_NOT_FOUND;
	if (*in->name)
		TRY(profile_name_normalise(view_str(in->name), &c->call, &normal));
	if (normal.n)
		safe_put(&c->safe, name_place(in->device_key), normal);
	else
		safe_delete(&c->safe, name_place(in->device_key));
	return UC_OK;
}

uc_err uc_device_name(uc_client *c, const uint8_t device_key[32], const char *name)
{
	struct device_call in = { device_key, name, NULL };
	if (!c || !device_key || !name)
		return UC_E_ARGUMENT;
	return turn_run(c, name_set, &in);
}

/* --- changes --- */

struct changes_call {
	uc_device_change_each *each;
	void *ctx;
	uc_err err;
};

static bool changes_each(void *ctx, uint64_t number, struct view value)
{
	struct changes_call *l = ctx;
	struct device_change x = { 0 };
	struct uc_device_change shown = { .number = number };
	if (wire_decode(value, NULL, device_change_element, &x)) {
		l->err = UC_E_CORRUPT;
		return false;
	}
	shown.kind = (enum uc_device_change_kind)x.kind;
	shown.time_ms = x.time_ms;
	memcpy(shown.device_key, x.device_key, ED25519_KEY);
	memcpy(shown.by, x.by, ED25519_KEY);
	return l->each(l->ctx, &shown);
}

uc_err uc_device_changes(uc_client *c, uc_device_change_each *each, void *ctx)
{
	struct changes_call l = { each, ctx, UC_OK };
	if (!c || !each)
		return UC_E_ARGUMENT;
	if (c->broken)
		return c->broken;
	uc_err err =
		safe_scan(&c->safe, TABLE_CHANGE, (struct view){ NULL, 0 }, 0, changes_each, &l);
	/* A damaged one is not told: no other is kept from the person by it. */
	return err && err != UC_E_CORRUPT ? err : l.err;
}

struct seen_call {
	struct uc_client *c;
	uint64_t number;
	bool there;
};

static bool last_each(void *ctx, uint64_t number, struct view value)
{
	struct seen_call *in = ctx;
	(void)value;
	in->there = in->there || number == in->number;
	return number < in->number;
}

static bool later_each(void *ctx, uint64_t number, struct view value)
{
	struct seen_call *in = ctx;
	if (number > in->number)
		safe_put(&in->c->safe,
			 (struct safe_place){ .table = TABLE_CHANGE, .number = number }, value);
	return true;
}

/* A number that nothing has could be of what comes later.  What is damaged, which no person can see, goes with those
 * that were seen. */
static uc_err changes_forget(struct uc_client *c, void *arg)
{
	struct seen_call *in = arg;
	const struct view all = { NULL, 0 };
	uc_err err = safe_scan(&c->safe, TABLE_CHANGE, all, 0, last_each, in);
	if (err && err != UC_E_CORRUPT)
		return err;
	if (!in->there)
		return UC_E_NOT_FOUND;
	safe_delete_all(&c->safe, TABLE_CHANGE, all);
	err = safe_scan(&c->safe, TABLE_CHANGE, all, 0, later_each, in);
	return err == UC_E_CORRUPT ? UC_OK : err;
}

uc_err uc_device_changes_seen(uc_client *c, uint64_t number)
{
	struct seen_call in = { c, number, false };
	return c ? turn_run(c, changes_forget, &in) : UC_E_ARGUMENT;
}

/* --- ending one --- */

/* What it brings about follows from the list, as for every other device. */
static uc_err revoked(struct uc_client *c, void *subject, const struct reply *r)
{
	uc_err err = r->err == UC_E_CHAIN ? UC_E_STALE : r->err;
	if (err != UC_E_NET)
		c->list_stale = true;
	op_done(c, (uc_op)(uintptr_t)subject, err, err == r->err ? r->text : view_str(""));
	return UC_OK;
}

uc_err own_devices_end(struct uc_client *c, struct view device_key, call_done *done, void *subject)
{
	const struct account *a = &c->account;
	struct device_list l;
	struct device_append_request q = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };
	struct device_entry e = { .device_action = DEVICE_REVOKE, .device_key = device_key };
	if (!devices_known(c, &l) || !device_list_has(&l, device_key))
		return UC_E_NOT_FOUND;
	TRY(device_entry_make(&l, view_str(a->app), VIEW_OF(a->account_key), &a->device, false,
			      client_now(c), &e, &c->call, &q.device_list_entry));
	return call_send(c, FRAME_DEVICE_APPEND, device_append_request_element, &q, done, subject);
}

static uc_err revoke(struct uc_client *c, void *arg)
{
	const struct device_call *in = arg;
	const struct view key = { in->device_key, ED25519_KEY };
	struct device_list l;
	if (!account_is_active(c))
		return UC_E_SIGNED_OUT;
	if (c->connection != UC_ONLINE)
		return UC_E_NET;
	if (view_equal(key, VIEW_OF(c->account.device.pub)))
		return UC_E_ARGUMENT;
	if (!devices_known(c, &l) || !device_list_has(&l, key))
		return UC_E_NOT_FOUND;
	uc_op op = op_new(c);
	TRY(own_devices_end(c, key, revoked, (void *)(uintptr_t)op));
	*in->op = op;
	return UC_OK;
}

uc_err uc_device_end(uc_client *c, const uint8_t device_key[32], uc_op *op)
{
	struct device_call in = { device_key, NULL, op };
	if (!c || !device_key || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, revoke, &in);
}
