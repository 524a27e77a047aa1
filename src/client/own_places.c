/* SPDX-License-Identifier: Apache-2.0 */
#include "client/own_places.h"

#include "client/account.h"
#include "client/chains.h"
#include "client/devices.h"
#include "client/member_clients.h"
#include "client/room_group.h"
#include "client/rooms.h"

enum {
	/* A device of ours that has come says whose it is at once; one that was there before this one
	 * may be far away. */
	SILENT_MS = 60 * 1000,
	SILENT_BEFORE_MS = 300 * 1000,
};

struct places {
	struct uc_client *c;
	struct room *r;
	const struct member *self;
	bool alone;
	bool silent; /* those that do not say whose they are, too */
	size_t max;
	struct view_list *clients;
	uint32_t *leaves;
	size_t *n;
};

/* Where nothing is said of who we are, no place of ours says it. */
static bool silent_long(struct uc_client *c, struct room *r, const struct member *self)
{
	uint32_t n = member_clients_unknown(self);
	if (n > r->silent)
		r->silent_ms = client_now(c) + (r->silent_seen ? SILENT_MS : SILENT_BEFORE_MS);
	r->silent = n;
	r->silent_seen = true;
	return n && r->says != SAYS_NOTHING && devices_any_ended(c) &&
	       !waits_until(c, r->silent_ms);
}

/* Nobody was brought in since the recovery. */
static bool is_alone(struct uc_client *c)
{
	uint32_t generation, position;
	devices_head(c, &generation, &position);
	return generation && generation != UINT32_MAX && !position;
}

static bool is_anothers(const struct places *p, const struct room_client *k)
{
	return view_equal(k->participant, view_str(p->r->participant)) &&
	       !view_equal(k->client, view_str(p->r->client));
}

static bool is_stale(const struct places *p, const struct room_client *k)
{
	static const uint8_t persona[ED25519_KEY];
	const struct known_client *known = member_client_find(p->self, k->client);
	if (p->alone)
		return true;
	if (!known)
		return p->silent;
	struct view key = VIEW_OF(known->device_key);
	return !view_equal(key, VIEW_OF(persona)) &&
	       (!devices_is_listed(p->c, key) ||
		view_equal(key, VIEW_OF(p->c->account.device.pub)));
}

static bool stale_each(void *ctx, const struct room_client *k)
{
	struct places *p = ctx;
	if (is_anothers(p, k) && is_stale(p, k))
		p->clients->v[p->clients->n++] = k->client;
	return p->clients->n < p->max;
}

uc_err own_places_stale(struct uc_client *c, struct room *r, bool leaving, size_t max,
			struct view_list *out)
{
	bool all = account_is_leaving(c); /* this place, too, but by itself */
	struct places p = { .c = c,
			    .r = r,
			    .self = room_member_find(r, view_str(r->participant)),
			    .alone = all || is_alone(c),
			    .max = max,
			    .clients = out };
	if (!p.self)
		return UC_OK;
	p.silent = silent_long(c, r, p.self);
	/* What is not known yet of the list may be a device that was added.  What the hub has refused it
	 * refuses again. */
	if (p.self->leaves < 2 || c->list_stale || (!all && (r->shadow || leaving)) ||
	    waits_until(c, r->commit_ms) || chain_comes(c, r))
		return UC_OK;
	return room_group_clients(r->group, stale_each, &p);
}

/* One that says which device it is, of which our list has never had anything, may be in what the app holds back
 * of it. */
static bool was_ours(const struct places *p, const struct room_client *k)
{
	const struct known_client *known = member_client_find(p->self, k->client);
	return !known || member_client_is_doubted(known) ||
	       devices_had(p->c, VIEW_OF(known->device_key));
}

static bool strange_each(void *ctx, const struct room_client *k)
{
	struct places *p = ctx;
	if (is_anothers(p, k) && is_stale(p, k) && (p->alone || was_ours(p, k)) &&
	    chain_is_strange(p->c, p->r, k->leaf))
		p->leaves[(*p->n)++] = k->leaf;
	return *p->n < p->max;
}

uc_err own_places_strange(struct uc_client *c, struct room *r, size_t max, uint32_t *leaves,
			  size_t *n)
{
	struct places p = { .c = c,
			    .r = r,
			    .self = room_member_find(r, view_str(r->participant)),
			    .alone = is_alone(c),
			    .max = max,
			    .leaves = leaves,
			    .n = n };
	*n = 0;
	if (!p.self || p.self->leaves < 2 || c->list_stale)
		return UC_OK;
	p.silent = silent_long(c, r, p.self);
	return room_group_clients(r->group, strange_each, &p);
}
