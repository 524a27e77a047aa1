/* SPDX-License-Identifier: Apache-2.0 */
#include "client/pool.h"

#include "client/account.h"
#include "client/room_group.h"
#include "mimi/sealed.h"

#include "base/heap.h"

enum {
	PUT_AT_ONCE = 16,
	RETRY_MS = 15 * 1000,
	FULL_MS = 10 * 60 * 1000, /* between two that do not fit in; all devices fill one pool */
	EXPIRES_EARLY_MS = 24 * 3600 * 1000, /* a set is replaced a day before its end */
	TAKEN_BACK_MS = 2 * 3600 * 1000,     /* after the end of its address; clocks differ */
};

void set_change(struct set *s, uint8_t state)
{
	s->state = state;
	s->dirty = true;
}

struct set *pool_find(struct uc_client *c, const uint8_t set_id[SET_ID])
{
	for (struct set *s = c->sets; s; s = s->next)
		if (view_equal(VIEW_OF(s->set_id), (struct view){ set_id, SET_ID }))
			return s;
	return NULL;
}

struct set *pool_find_client(struct uc_client *c, struct view client)
{
	for (struct set *s = c->sets; s; s = s->next)
		if (view_equal(view_str(s->client), client))
			return s;
	return NULL;
}

static size_t count(const struct uc_client *c, uint8_t state)
{
	size_t n = 0;
	for (const struct set *s = c->sets; s; s = s->next)
		n += s->state == state;
	return n;
}

/* --- making --- */

static uc_err set_fill(struct uc_client *c, struct set *s)
{
	TRY(env_random(&c->env, s->set_id, SET_ID));
	TRY(env_random(&c->env, s->slot_id, SLOT_ID));
	TRY(env_random(&c->env, s->set_key, sizeof s->set_key));
	TRY(ed25519_generate(&c->env, &s->participant_key));
	return room_group_key_package(c, s);
}

static uc_err set_make(struct uc_client *c, struct set **out)
{
	struct set *s = HEAP_NEW(struct set);
	if (!s)
		return UC_E_MEMORY;
	uc_err err = set_fill(c, s);
	if (err) {
		set_free(s);
		return err;
	}
	set_change(s, SET_MADE);
	s->next = c->sets;
	c->sets = s;
	*out = s;
	return UC_OK;
}

uc_err pool_reserve(struct uc_client *c, struct set **out)
{
	struct set *s = c->sets;
	while (s && (s->state != SET_POOLED || s->in_flight))
		s = s->next;
	/* A set that never was in the pool is as good for ourselves: nobody else can have it. */
	if (!s)
		for (s = c->sets; s && (s->state != SET_MADE || s->in_flight);)
			s = s->next;
	if (!s)
		TRY(set_make(c, &s));
	if (s->state == SET_MADE)
		c->seats_known = false; /* its seat is looked for from now on */
	set_change(s, s->state == SET_MADE ? SET_AWAITED : SET_RESERVED);
	*out = s;
	return UC_OK;
}

bool pool_has_free(const struct uc_client *c)
{
	for (const struct set *s = c->sets; s; s = s->next)
		if (s->state == SET_POOLED && !s->in_flight)
			return true;
	return false;
}

size_t pool_lend(struct uc_client *c, struct set **out, size_t want)
{
	size_t n = 0;
	for (struct set *s = c->sets; s && n < want; s = s->next) {
		if (s->state != SET_POOLED || s->in_flight)
			continue;
		s->in_flight = true;
		out[n++] = s;
	}
	return n;
}

/* Given, and its address can be used no more: it is taken out of the app's pool, where it has a place. */
static bool is_unused(struct uc_client *c, const struct set *s)
{
	return s->state == SET_GIVEN && s->given_until_ms &&
	       client_now(c) > s->given_until_ms + TAKEN_BACK_MS;
}

static void expire(struct uc_client *c)
{
	for (struct set *s = c->sets; s; s = s->next) {
		if (is_unused(c, s) && !s->in_flight)
			set_change(s, SET_RESERVED);
		bool in_use = s->state == SET_RESERVED || s->in_flight;
		bool early = s->state == SET_POOLED || s->state == SET_MADE;
		if (!in_use && client_now(c) + (early ? EXPIRES_EARLY_MS : 0) > s->not_after_ms)
			set_change(s, SET_SPENT);
	}
}

/* --- putting --- */

static void try_later(struct uc_client *c, const struct reply *r)
{
	if (r->err != UC_E_NET)
		c->pool_retry_ms = retry_at(c, r, RETRY_MS);
}

static uc_err put_done(struct uc_client *c, void *subject, const struct reply *r)
{
	(void)subject;
	c->pool_busy = false;
	for (struct set *s = c->sets; s; s = s->next) {
		if (!s->in_flight || s->state != SET_MADE)
			continue;
		s->in_flight = false;
		if (!r->err) {
			set_change(s, SET_POOLED);
			c->sets_left++;
		}
	}
	if (r->err == UC_E_LIMIT)
		c->pool_full_ms = client_now(c) + FULL_MS;
	else if (r->err)
		try_later(c, r);
	return UC_OK;
}

static uc_err slot_fill(struct uc_client *c, const struct set *s, struct pool_slot *slot)
{
	memcpy(slot->set_id, s->set_id, SET_ID);
	memcpy(slot->slot_id, s->slot_id, SLOT_ID);
	slot->not_after_ms = s->not_after_ms;
	return slot_seal(&c->env, VIEW_OF(s->set_key), s->set_id, s->slot_id,
			 blob_view(&s->key_package), &c->call, &slot->sealed);
}

static uc_err put(struct uc_client *c)
{
	struct pool_slot slots[PUT_AT_ONCE];
	struct pool_put_request req = { { slots, 0 } };
	for (struct set *s = c->sets; s && req.slots.n < PUT_AT_ONCE; s = s->next) {
		if (s->state != SET_MADE || s->in_flight)
			continue;
		TRY(slot_fill(c, s, &slots[req.slots.n]));
		s->in_flight = true;
		req.slots.n++;
	}
	c->pool_busy = true;
	return call_send(c, FRAME_POOL_PUT, pool_put_request_element, &req, put_done, NULL);
}

/* --- what the pool still holds --- */

static bool listed(const struct set_id_list *l, const struct set *s)
{
	for (size_t i = 0; i < l->n; i++)
		if (view_equal(VIEW_OF(l->v[i].id), VIEW_OF(s->set_id)))
			return true;
	return false;
}

static void reconcile(struct uc_client *c, const struct set_id_list *l)
{
	for (struct set *s = c->sets; s; s = s->next) {
		bool there = listed(l, s);
		if (s->in_flight)
			continue; /* what is under way will say itself where it is */
		if (s->state == SET_MADE && there)
			set_change(s, SET_POOLED);
		else if (s->state == SET_POOLED && !there)
			set_change(s, SET_SPENT); /* dropped by the app */
		else if (s->state == SET_GIVEN && !there)
			set_change(s, SET_RELEASED);
		else if (s->state == SET_RESERVED && !there)
			set_change(s, SET_AWAITED);
	}
	c->sets_left = (uint32_t)l->n;
}

static uc_err status_done(struct uc_client *c, void *subject, const struct reply *r)
{
	struct pool_status_response in;
	(void)subject;
	c->pool_busy = false;
	if (r->err || wire_decode(r->body, r->mem, pool_status_response_element, &in)) {
		try_later(c, r);
		return UC_OK;
	}
	reconcile(c, &in.sets);
	c->pool_known = true;
	return UC_OK;
}

uc_err pool_set_taken(struct uc_client *c, struct view body)
{
	struct set_taken_event e;
	if (wire_decode(body, &c->call, set_taken_event_element, &e))
		return UC_E_FRAME;
	struct set *s = pool_find(c, e.set_id);
	c->pool_full_ms = 0;
	if (s && s->state == SET_GIVEN) {
		set_change(s, SET_RELEASED);
		c->seats_known = false;
		if (c->sets_left)
			c->sets_left--;
	}
	return UC_OK;
}

/* --- taking our own out --- */

static uc_err take_done(struct uc_client *c, void *subject, const struct reply *r)
{
	struct set *s = subject;
	s->in_flight = false;
	if (s->state != SET_RESERVED)
		return UC_OK;
	if (!r->err && !id_is_zero(&s->given_to)) {
		set_change(s, SET_SPENT); /* whoever had its address did not use it */
		return UC_OK;
	}
	/* Not found: the answer to an earlier attempt was lost, and nobody else knows the set; or who had
	 * its address was faster. */
	if (!r->err || r->err == UC_E_NOT_FOUND) {
		set_change(s, SET_AWAITED);
		c->seats_known = false;
	} else {
		try_later(c, r);
	}
	return UC_OK;
}

static uc_err take(struct uc_client *c, struct set *s)
{
	struct pool_take_request req;
	memcpy(req.set_id, s->set_id, SET_ID);
	s->in_flight = true;
	if (c->sets_left)
		c->sets_left--;
	return call_send(c, FRAME_POOL_TAKE, pool_take_request_element, &req, take_done, s);
}

uc_err pool_drive(struct uc_client *c)
{
	struct empty none = { 0 };
	if (!account_is_active(c) || c->account.deleting)
		return UC_OK;
	if (waits_until(c, c->pool_retry_ms))
		return UC_OK;
	for (struct set *s = c->sets; s; s = s->next)
		if (s->state == SET_RESERVED && !s->in_flight)
			TRY(take(c, s));
	if (c->pool_busy)
		return UC_OK;
	if (!c->pool_known) {
		c->pool_busy = true;
		return call_send(c, FRAME_POOL_STATUS, empty_element, &none, status_done, NULL);
	}
	expire(c);
	if (count(c, SET_POOLED) + count(c, SET_MADE) < POOL_LOW) {
		struct set *s;
		for (size_t n = count(c, SET_POOLED) + count(c, SET_MADE); n < POOL_WANTED; n++)
			TRY(set_make(c, &s));
	}
	return count(c, SET_MADE) && !waits_until(c, c->pool_full_ms) ? put(c) : UC_OK;
}
