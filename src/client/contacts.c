/* SPDX-License-Identifier: Apache-2.0 */
#include "client/contacts.h"

#include "client/barred.h"
#include "client/closing.h"
#include "client/devices.h"
#include "client/groups.h"
#include "client/introductions.h"
#include "client/linked.h"
#include "client/pool.h"
#include "client/room_asks.h"
#include "client/rooms.h"
#include "client/sender_tags.h"
#include "client/settings.h"
#include "client/turn.h"
#include "mimi/room_tag.h"
#include "mimi/safety_number.h"

#include "base/heap.h"

enum {
	ADDRESS_DAYS = 30, /* but for ROOM_ASK_DAYS, where it is for one room */
	ONLY_ROOMS_MS = 10 * 60 * 1000,
	RETRY_MS = 30 * 1000,
	TAKEN_MAX = 32, /* by a contact's addresses, and no room seen yet: then they get no more */
};

struct contact *contact_find(struct uc_client *c, const struct uc_id *id)
{
	for (struct contact *k = c->contacts; k; k = k->next)
		if (id_equal(&k->id, id))
			return k;
	return NULL;
}

struct uc_id contact_id(const char *app, const uint8_t account_key[ED25519_KEY])
{
	return id_of("Undercroft contact", view_str(app),
		     (struct view){ account_key, ED25519_KEY });
}

void contact_changed(struct uc_client *c, struct contact *k)
{
	struct event_out *e = event_new(c, UC_EVENT_CONTACT);
	k->dirty = true;
	if (!e)
		return;
	e->event.has_contact = true;
	e->event.contact = k->id;
	e->event.text = event_text(e, view_str(k->name));
}

/* Who was met in groups before is, there too, the contact they are now. */
static void members_met(struct uc_client *c, const struct contact *k)
{
	for (struct room *r = c->rooms; r; r = r->next)
		for (struct member *m = r->members; m; m = m->next) {
			bool unknown = m->introduced && !m->persona && id_is_zero(&m->contact);
			if (!unknown ||
			    !view_equal(VIEW_OF(m->account_key), VIEW_OF(k->account_key)) ||
			    !view_equal(uri_domain(view_str(m->participant)), view_str(k->app)))
				continue;
			m->contact = k->id;
			r->dirty = r->members_dirty = true;
		}
}

static uc_err contact_add(struct uc_client *c, const char *app,
			  const uint8_t account_key[ED25519_KEY], struct contact **out)
{
	struct contact *k = HEAP_NEW(struct contact);
	if (!k)
		return UC_E_MEMORY;
	uc_err err = text_set(k->app, sizeof k->app, view_str(app));
	if (err) {
		heap_free(k);
		return err;
	}
	k->id = contact_id(app, account_key);
	k->blocked = linked_is_blocked(c, &k->id);
	memcpy(k->account_key, account_key, ED25519_KEY);
	sender_tags_gather(c, k);
	barred_met(c, k);
	members_met(c, k);
	k->next = c->contacts;
	c->contacts = k;
	*out = k;
	return UC_OK;
}

uc_err contact_meet(struct uc_client *c, const char *app, const uint8_t account_key[ED25519_KEY],
		    const char *name, struct view list, struct contact **out)
{
	struct uc_id id = contact_id(app, account_key);
	struct contact *k = contact_find(c, &id);
	bool is_new = !k;
	if (is_new)
		TRY(contact_add(c, app, account_key, &k));
	bool same_name = !strcmp(k->name, name);
	bool same = same_name && view_equal(blob_view(&k->list), list);
	if (!same_name)
		TRY(text_set(k->name, sizeof k->name, view_str(name)));
	if (!same)
		TRY(blob_set(&k->list, list));
	k->dirty = k->dirty || !same;
	if (is_new || !same)
		contact_changed(c, k);
	*out = k;
	return UC_OK;
}

/* --- their addresses --- */

static void addresses_expire(struct uc_client *c, struct contact *k)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < k->key_count; i++)
		if (k->keys[i].expires_ms > client_now(c))
			k->keys[n++] = k->keys[i];
	if (n != k->key_count)
		k->dirty = true;
	k->key_count = n;
}

bool contact_take_address(struct uc_client *c, struct contact *k, struct key_address *out)
{
	addresses_expire(c, k);
	if (!k->key_count)
		return false;
	*out = k->keys[0];
	k->key_count--;
	memmove(k->keys, k->keys + 1, k->key_count * sizeof *k->keys);
	k->dirty = true;
	return true;
}

void contact_add_address(struct uc_client *c, struct contact *k, const struct key_address *address)
{
	addresses_expire(c, k);
	for (uint32_t i = 0; i < k->key_count; i++)
		if (!strcmp(k->keys[i].address, address->address))
			return;
	if (k->key_count == KEY_ADDRESSES) {
		/* The oldest goes: its set waits in their pool until it expires. */
		memmove(k->keys, k->keys + 1, (KEY_ADDRESSES - 1) * sizeof *k->keys);
		k->key_count--;
	}
	k->keys[k->key_count++] = *address;
	k->dirty = true;
}

void contacts_room_gone(struct uc_client *c, const struct room *r)
{
	for (struct contact *k = c->contacts; k; k = k->next) {
		if (!k->has_direct || !id_equal(&k->direct, &r->id))
			continue;
		k->has_direct = false;
		contact_changed(c, k);
	}
}

/* --- our addresses for them --- */

static size_t count(const struct uc_client *c, const struct contact *k, uint8_t state)
{
	size_t n = 0;
	for (const struct set *s = c->sets; s; s = s->next)
		n += s->state == state && id_equal(&s->given_to, &k->id) && id_is_zero(&s->room);
	return n;
}

/* What all devices give to all contacts is to fit into the app's pool, and what those before were given stays
 * theirs until it is used or over: each gets a quarter of an equal share.  Nor more than a contact keeps of us. */
uint32_t contact_share(uint32_t devices, uint32_t contacts)
{
	uint32_t all = devices ? POOL_SETS_MAX / devices : POOL_SETS_MAX;
	uint32_t share =
		(all > POOL_WANTED ? all - POOL_WANTED : 0) / 4 / (contacts ? contacts : 1);
	uint32_t most = devices ? KEY_ADDRESSES / devices : KEY_ADDRESSES;
	most = most < KEY_ADDRESS_BATCH ? most : KEY_ADDRESS_BATCH;
	share = share < most ? share : most;
	return share ? share : 1;
}

/* The last sixteenth is for what is asked for one room, so that nobody can be brought nowhere. */
bool contacts_leave_some(uint32_t devices, size_t given)
{
	size_t all = devices ? POOL_SETS_MAX / devices : POOL_SETS_MAX;
	return given + POOL_WANTED + all / 16 < all;
}

static size_t given_in_all(const struct uc_client *c)
{
	size_t n = 0;
	for (const struct set *s = c->sets; s; s = s->next)
		n += s->state == SET_GIVEN;
	return n;
}

static bool may_be_given(struct uc_client *c, const struct contact *k)
{
	const struct room *r = k->has_direct ? room_find(c, &k->direct) : NULL;
	return r && !k->blocked && room_is_open(r);
}

static uint32_t share_now(struct uc_client *c)
{
	uint32_t n = 0;
	for (const struct contact *k = c->contacts; k; k = k->next)
		n += may_be_given(c, k);
	return contact_share(devices_count(c), n);
}

/* How many it is to be given now. */
static size_t wanted(const struct uc_client *c, const struct contact *k, uint32_t share)
{
	size_t given = count(c, k, SET_GIVEN);
	bool wants = given < (share + 1) / 2 && count(c, k, SET_RELEASED) < TAKEN_MAX;
	return wants ? share - given : 0;
}

struct batch {
	struct contact *contact;
	struct set *sets[KEY_ADDRESS_BATCH];
	size_t n;
	uint64_t expires_ms;
	char room[URI_BYTES]; /* the only one they are for; empty: any */
};

static uc_err batch_send(struct uc_client *c, const struct batch *b, const struct reply *r)
{
	struct address_make_response in;
	struct key_address *v = heap_new(KEY_ADDRESS_BATCH * sizeof *v);
	if (!v)
		return UC_E_MEMORY;
	uc_err err = wire_decode(r->body, r->mem, address_make_response_element, &in);
	if (!err && in.addresses.n != b->n)
		err = UC_E_FRAME;
	for (size_t i = 0; i < b->n && !err; i++) {
		err = text_set(v[i].address, sizeof v[i].address, in.addresses.v[i]);
		memcpy(v[i].participant, b->sets[i]->participant, sizeof v[i].participant);
		v[i].expires_ms = b->expires_ms;
	}
	struct room *room = room_find(c, &b->contact->direct);
	if (!err)
		err = room && room_is_open(room) ? introductions_keys(c, room, b->room, v, b->n)
						 : UC_E_CLOSED;
	heap_free(v);
	if (!err && b->room[0])
		room_asks_answered(c, b->contact, view_str(b->room));
	return err;
}

/* The app takes them for younger than this device does. */
static void batch_refused(struct uc_client *c, const struct batch *b)
{
	if (b->room[0])
		room_asks_answered(c, b->contact, view_str(b->room));
	else
		c->only_rooms_ms = client_now(c) + ONLY_ROOMS_MS;
}

static uc_err batch_done(struct uc_client *c, void *subject, const struct reply *r)
{
	struct batch *b = subject;
	uc_err err = r->err ? r->err : batch_send(c, b, r);
	c->addresses_busy = false;
	for (size_t i = 0; i < b->n; i++) {
		b->sets[i]->in_flight = false;
		if (err || b->sets[i]->state != SET_POOLED)
			continue; /* nobody has its address: it stays what it is */
		b->sets[i]->given_to = b->contact->id;
		b->sets[i]->given_until_ms = b->expires_ms;
		if (b->room[0])
			b->sets[i]->room = room_id(view_str(b->room));
		set_change(b->sets[i], SET_GIVEN);
	}
	if (err == UC_E_NOT_ALLOWED)
		batch_refused(c, b);
	else if (err && err != UC_E_NET)
		c->addresses_retry_ms = retry_at(c, r, RETRY_MS);
	heap_free(b);
	return err_is_hard(err) ? err : UC_OK;
}

static uc_err wishes_send(struct uc_client *c, struct contact *k, struct batch *b)
{
	struct address_wish wishes[KEY_ADDRESS_BATCH] = { 0 };
	struct address_make_request req = { { wishes, b->n } };
	for (size_t i = 0; i < b->n; i++) {
		wishes[i].kind = ADDRESS_KEY;
		wishes[i].expires_ms = b->expires_ms;
		memcpy(wishes[i].set_id, b->sets[i]->set_id, SET_ID);
		wishes[i].set_key = VIEW_OF(b->sets[i]->set_key);
		memcpy(wishes[i].grant_id, k->grant_id, GRANT_ID);
		if (b->room[0])
			TRY(room_tag_make(b->sets[i]->set_key, view_str(b->room),
					  wishes[i].room_tag));
	}
	TRY(call_send(c, FRAME_ADDRESS_MAKE, address_make_request_element, &req, batch_done, b));
	c->addresses_busy = true;
	return UC_OK;
}

/* room: the only one they are for; empty: any. */
static uc_err give(struct uc_client *c, struct contact *k, size_t n, const char *room)
{
	struct batch *b = HEAP_NEW(struct batch);
	if (!b)
		return UC_E_MEMORY;
	b->contact = k;
	b->expires_ms =
		client_now(c) + (uint64_t)(*room ? ROOM_ASK_DAYS : ADDRESS_DAYS) * 24 * 3600 * 1000;
	memcpy(b->room, room, strlen(room) + 1);
	b->n = pool_lend(c, b->sets, n);
	uc_err err = UC_OK;
	if (b->n && !k->has_grant) {
		err = env_random(&c->env, k->grant_id, GRANT_ID);
		k->has_grant = k->dirty = !err;
	}
	if (b->n && !err)
		err = wishes_send(c, k, b);
	if (b->n && !err)
		return UC_OK;
	for (size_t i = 0; i < b->n; i++)
		b->sets[i]->in_flight = false;
	heap_free(b);
	return err;
}

static uc_err revoke_done(struct uc_client *c, void *subject, const struct reply *r)
{
	struct contact *k = subject;
	c->addresses_busy = false;
	if (r->err && r->err != UC_E_NOT_FOUND) {
		if (r->err != UC_E_NET)
			c->addresses_retry_ms = retry_at(c, r, RETRY_MS);
		return UC_OK;
	}
	k->has_grant = false;
	k->dirty = true;
	for (struct set *s = c->sets; s; s = s->next)
		if (s->state == SET_GIVEN && id_equal(&s->given_to, &k->id))
			set_change(s, SET_RESERVED); /* out of the app's pool (pool.h) */
	return UC_OK;
}

static uc_err revoke(struct uc_client *c, struct contact *k)
{
	struct grant_revoke_request req;
	memcpy(req.grant_id, k->grant_id, GRANT_ID);
	TRY(call_send(c, FRAME_GRANT_REVOKE, grant_revoke_request_element, &req, revoke_done, k));
	c->addresses_busy = true;
	return UC_OK;
}

uc_err contacts_drive(struct uc_client *c)
{
	if (c->addresses_busy || !c->pool_known)
		return UC_OK;
	if (waits_until(c, c->addresses_retry_ms))
		return UC_OK;
	struct settings s = settings_known(c);
	bool may_add = settings_may_be_brought(&s), has_free = pool_has_free(c);
	bool only_rooms = settings_of_minor(c) || waits_until(c, c->only_rooms_ms) ||
			  !contacts_leave_some(devices_count(c), given_in_all(c));
	uint32_t share = 0;
	for (struct contact *k = c->contacts; k && !c->addresses_busy; k = k->next) {
		if (k->blocked && k->has_grant)
			TRY(revoke(c, k));
		if (!may_add || k->blocked)
			room_asks_drop(k);
		if (c->addresses_busy || !may_add || !has_free || !may_be_given(c, k))
			continue;
		const char *room = room_asks_due(c, k);
		if (room)
			TRY(give(c, k, 1, room));
		if (room || only_rooms || k->has_enough)
			continue;
		share = share ? share : share_now(c);
		size_t n = wanted(c, k, share);
		k->has_enough = !n;
		if (n)
			TRY(give(c, k, n, ""));
	}
	return UC_OK;
}

/* --- for the owner --- */

struct showing {
	struct uc_client *c;
	uc_contact_each *each;
	void *ctx;
};

static bool contact_show(const struct showing *s, const struct contact *k, bool stranger)
{
	struct uc_contact shown = {
		.id = k->id,
		.app = k->app,
		.name = k->name,
		.blocked = k->blocked,
		.stranger = stranger,
		.verified = k->verified,
		.identity_changed = k->identity_changed,
		.has_direct = k->has_direct,
		.direct = k->direct,
		.key_addresses = k->key_count,
		.given = (uint32_t)count(s->c, k, SET_GIVEN),
		.shown = k->told && k->told == s->c->portrait.number,
		.about = k->about,
		.picture = k->picture,
	};
	memcpy(shown.account_key, k->account_key, ED25519_KEY);
	return s->each(s->ctx, &shown);
}

uc_err uc_contacts(uc_client *c, uc_contact_each *each, void *ctx)
{
	const struct showing s = { c, each, ctx };
	if (!c || !each)
		return UC_E_ARGUMENT;
	if (c->broken)
		return c->broken;
	for (const struct contact *k = c->contacts; k; k = k->next)
		if (!contact_show(&s, k, false))
			return UC_OK;
	for (const struct contact *k = c->barred; k; k = k->next)
		if (!contact_find(c, &k->id) && !contact_show(&s, k, true))
			return UC_OK;
	return UC_OK;
}

/* Or who is blocked, and none. */
static struct contact *contact_or_barred(struct uc_client *c, const struct uc_id *id)
{
	struct contact *k = contact_find(c, id);
	return k ? k : barred_find(c, id);
}

uc_err uc_safety_number(uc_client *c, const struct uc_id *contact, char out[UC_SAFETY_NUMBER_MAX])
{
	const struct contact *k = c && contact ? contact_or_barred(c, contact) : NULL;
	if (!c || !contact || !out)
		return UC_E_ARGUMENT;
	if (c->broken)
		return c->broken;
	if (!k)
		return UC_E_NOT_FOUND;
	struct safety_party self = { view_str(c->account.app), VIEW_OF(c->account.account_key) };
	struct safety_party other = { view_str(k->app), VIEW_OF(k->account_key) };
	char text[SAFETY_NUMBER_TEXT];
	TRY(safety_number(&self, &other, text));
	memcpy(out, text, sizeof text);
	return UC_OK;
}

struct flag_call {
	const struct uc_id *contact;
	bool value;
	uc_op *op;
};

static uc_err verified(struct uc_client *c, void *arg)
{
	const struct flag_call *in = arg;
	struct contact *k = contact_find(c, in->contact);
	if (!k)
		return UC_E_NOT_FOUND;
	k->verified = in->value;
	k->identity_changed = k->identity_changed && !in->value;
	k->dirty = true;
	return UC_OK;
}

uc_err uc_contact_verified(uc_client *c, const struct uc_id *contact, bool value)
{
	struct flag_call in = { contact, value, NULL };
	if (!c || !contact)
		return UC_E_ARGUMENT;
	return turn_run(c, verified, &in);
}

static uc_err block(struct uc_client *c, void *arg)
{
	const struct flag_call *in = arg;
	struct contact *k = contact_or_barred(c, in->contact);
	if (!k)
		return UC_E_NOT_FOUND;
	*in->op = op_new(c);
	if (k->blocked == in->value)
		contact_changed(c, k);
	TRY(linked_block(c, &k->id, in->value));
	if (in->value)
		TRY(closing_begin(c, k));
	op_done(c, *in->op, UC_OK, (struct view){ NULL, 0 });
	return UC_OK;
}

uc_err uc_block(uc_client *c, const struct uc_id *contact, bool blocked, uc_op *op)
{
	struct flag_call in = { contact, blocked, op };
	if (!c || !contact || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, block, &in);
}
