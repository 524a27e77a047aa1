/* SPDX-License-Identifier: Apache-2.0 */
/* Several places of ours in one room: somebody has added us who did not know that we are there; and two devices
 * may have been added at once, each to a place of its own. */
#include "client/groups.h"
#include "client/history.h"
#include "client/room_group.h"
#include "client/rooms.h"

/* We are there as the account, for all to see. */
static bool is_place(const struct room *r, const char *uri)
{
	return r->state != ROOM_LEFT && !r->shadow && r->says == SAYS_ACCOUNT &&
	       !strcmp(r->uri, uri);
}

struct room *room_main(struct uc_client *c, const struct room *shadow)
{
	for (struct room *r = c->rooms; r; r = r->next)
		if (is_place(r, shadow->uri))
			return r;
	return NULL;
}

static bool is_in(const struct room *r)
{
	return room_is_open(r) && !r->lost && !r->fleeing;
}

bool places_has_better(const struct uc_client *c, const char *uri, struct view participant)
{
	for (const struct room *r = c->rooms; r; r = r->next)
		if (is_place(r, uri) && is_in(r) && !r->direct &&
		    view_compare(view_str(r->participant), participant) < 0)
			return true;
	return false;
}

/* All our devices keep the same one: the first in order.  The other is read up to it, and left. */
uc_err places_settle(struct uc_client *c, struct room *r)
{
	if (!is_place(r, r->uri) || !is_in(r) || r->direct)
		return UC_OK;
	for (struct room *o = c->rooms; o; o = o->next) {
		if (o == r || !is_place(o, r->uri) || !is_in(o))
			continue;
		struct room *worse = strcmp(o->participant, r->participant) < 0 ? r : o;
		worse->shadow = worse->dirty = true;
		struct event_out *e = worse == o ? event_new(c, UC_EVENT_ROOM_LEFT) : NULL;
		if (e) {
			e->event.has_room = true;
			e->event.room = o->id;
		}
		TRY(groups_leave(c, worse, 0));
		if (worse == r)
			break;
	}
	return UC_OK;
}

struct standing {
	struct view client;
	bool there;
};

static bool standing_each(void *ctx, const struct room_client *k)
{
	struct standing *s = ctx;
	s->there = view_equal(k->client, s->client);
	return !s->there;
}

/* What r has just read comes to that place as well. */
static bool reads_too(const struct room *o, const struct room *r, uint64_t seq)
{
	struct standing s = { view_str(o->client), false };
	bool reads = is_place(o, r->uri) && is_in(o) && o->seq < seq && r->group;
	return reads && !room_group_clients(r->group, standing_each, &s) && s.there;
}

/* A silent place may be the account's, or come to be a persona's: what is said meanwhile is told where we are
 * known. */
bool places_tell(struct uc_client *c, struct room *r, const struct uc_id *message, uint64_t seq)
{
	if (r->says == SAYS_PERSONA)
		return false;
	for (struct room *o = c->rooms; o; o = o->next) {
		if (o == r || o->says == SAYS_PERSONA || strcmp(o->uri, r->uri) != 0)
			continue;
		if ((r->says == SAYS_NOTHING && reads_too(o, r, seq)) ||
		    history_number(c, o, message))
			return true;
	}
	return false;
}
