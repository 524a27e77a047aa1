/* SPDX-License-Identifier: Apache-2.0 */
#include "client/rooms.h"

#include "client/account.h"
#include "client/chains.h"
#include "client/contact_requests.h"
#include "client/contacts.h"
#include "client/directories.h"
#include "client/devices.h"
#include "client/groups.h"
#include "client/guardian.h"
#include "client/heads.h"
#include "client/introductions.h"
#include "client/member_clients.h"
#include "client/outbox.h"
#include "client/personas.h"
#include "client/pool.h"
#include "client/reaching.h"
#include "client/resync.h"
#include "client/room_group.h"
#include "client/seats.h"
#include "client/strangers.h"

#include "base/heap.h"
#include "base/text.h"

enum { ROOM_NAME_RANDOM = 16, RETRY_MS = 10 * 1000, REFUSALS = 3 };

struct uc_id id_of(const char *label, struct view a, struct view b)
{
	struct uc_id id = { { 0 } };
	uint8_t lengths[4] = { (uint8_t)(a.n >> 8), (uint8_t)a.n, (uint8_t)(b.n >> 8),
			       (uint8_t)b.n };
	struct view parts[] = { view_str(label), VIEW_OF(lengths), a, b };
	if (sha256_parts(parts, 4, id.b))
		memset(id.b, 0, sizeof id.b);
	return id;
}

struct view uri_domain(struct view uri)
{
	struct view prefix = VIEW_LIT("mimi://"), domain = { NULL, 0 };
	if (view_starts_with(uri, prefix))
		view_cut(view_slice(uri, prefix.n, uri.n), '/', &domain);
	return domain;
}

struct room *room_find(struct uc_client *c, const struct uc_id *id)
{
	for (struct room *r = c->rooms; r; r = r->next)
		if (id_equal(&r->id, id))
			return r;
	return NULL;
}

uc_err room_usable(struct uc_client *c, const struct uc_id *id, struct room **out)
{
	struct room *r = room_find(c, id);
	if (!r)
		return UC_E_NOT_FOUND;
	if ((r->state != ROOM_OPEN && r->state != ROOM_CREATING) || r->fleeing ||
	    strangers_veil(c, r))
		return UC_E_CLOSED;
	*out = r;
	return UC_OK;
}

void room_changed(struct uc_client *c, struct room *r, struct view what)
{
	bool hidden = r->shadow || strangers_veil(c, r);
	struct event_out *e = hidden ? NULL : event_new(c, UC_EVENT_ROOM_CHANGED);
	if (!e)
		return;
	e->event.has_room = true;
	e->event.room = r->id;
	e->event.text = event_text(e, what);
}

void room_changed_by(struct uc_client *c, struct room *r, struct view participant, struct view what)
{
	bool hidden = r->shadow || strangers_veil(c, r);
	struct event_out *e = hidden ? NULL : event_new(c, UC_EVENT_ROOM_CHANGED);
	if (!e)
		return;
	e->event.has_room = e->event.has_member = true;
	e->event.room = r->id;
	e->event.member = member_id(r, participant);
	e->event.text = event_text(e, what);
}

/* --- making --- */

static uc_err take_place(struct uc_client *c, struct room *r, const struct set *s)
{
	memcpy(r->client, s->client, sizeof r->client);
	memcpy(r->participant, s->participant, sizeof r->participant);
	r->participant_key = s->participant_key;
	chain_begin(c, r);
	memcpy(r->set_id, s->set_id, SET_ID);
	r->consistent = true;
	heads_begin(r);
	r->seat_known = r->introduced = r->keys_given = r->fleeing = false;
	r->close_ms = 0;
	r->seat_refusals = 0;
	resync_drop(r);
	persona_begin(c, r);
	r->start = 0;
	r->contact = s->given_to; /* who brings us there; of a group it is nobody's, once in it */
	r->restored = r->made = false;
	r->unshown = 0;
	r->seq = 0;
	memset(r->chain, 0, sizeof r->chain);
	r->dirty = true;
	return env_random(&c->env, r->seat_secret, sizeof r->seat_secret);
}

struct uc_id room_id(struct view uri)
{
	return id_of("Undercroft room", uri, (struct view){ NULL, 0 });
}

struct room *room_new(struct uc_client *c, struct view uri, const struct uc_id *id)
{
	struct room *r = HEAP_NEW(struct room);
	if (!r)
		return NULL;
	if (text_set(r->uri, sizeof r->uri, uri)) {
		heap_free(r);
		return NULL;
	}
	r->id = *id;
	r->number = ++c->account.next_number;
	c->account.dirty = true;
	room_add(c, r);
	return r;
}

static uc_err room_uri_make(struct uc_client *c, struct buf *out)
{
	uint8_t name[ROOM_NAME_RANDOM];
	TRY(env_random(&c->env, name, sizeof name));
	buf_add_str(out, "mimi://");
	buf_add_str(out, c->account.app);
	buf_add_str(out, "/r/");
	base32_add(out, VIEW_OF(name));
	return out->failed;
}

uc_err rooms_create(struct uc_client *c, bool direct, const char *name, struct room **out)
{
	struct buf uri;
	struct set *s;
	char checked[ROOM_NAME_BYTES];
	/* What can go wrong goes wrong before there is a room. */
	TRY(text_set(checked, sizeof checked, view_str(name)));
	TRY(pool_reserve(c, &s));
	buf_init(&uri, URI_BYTES);
	uc_err err = room_uri_make(c, &uri);
	struct uc_id id = room_id(buf_view(&uri));
	struct room *r = err ? NULL : room_new(c, buf_view(&uri), &id);
	buf_done(&uri);
	if (err || !r)
		return err ? err : UC_E_MEMORY;
	memcpy(r->name, checked, sizeof r->name);
	r->direct = direct;
	r->state = ROOM_CREATING;
	TRY(take_place(c, r, s));
	r->says = SAYS_ACCOUNT;
	r->made = true;
	strangers_expect(r);
	*out = r;
	return UC_OK;
}

static void joined_tell(struct uc_client *c, const struct room *r)
{
	struct event_out *e = event_new(c, UC_EVENT_ROOM_JOINED);
	if (!e)
		return;
	e->event.has_room = true;
	e->event.room = r->id;
}

static void created(struct uc_client *c, struct room *r)
{
	r->state = ROOM_OPEN;
	r->seat_known = r->dirty = true;
	joined_tell(c, r);
	groups_created(c, r);
}

/* Refused for good: there will be no room, and nothing waits for it any more. */
static void create_refused(struct uc_client *c, struct room *r, uc_err err, struct view text)
{
	uc_op op = r->create_op;
	r->create_op = 0;
	groups_tasks_drop(c, r, err);
	rooms_left(c, r);
	op_done_at(c, op, err, text, NULL, &r->id);
}

static uc_err create_done(struct uc_client *c, void *subject, const struct reply *reply)
{
	struct room *r = subject;
	struct room_create_response in;
	r->seat_busy = false;
	if (r->state != ROOM_CREATING)
		return UC_OK; /* given up meanwhile; nobody else is in it */
	if (reply->err == UC_E_EXISTS) {
		/* The answer to an earlier attempt was lost: the seat is there, with our secret. */
		created(c, r);
		return UC_OK;
	}
	if (reply->err || wire_decode(reply->body, reply->mem, room_create_response_element, &in)) {
		if (reply->err == UC_E_NET)
			return UC_OK;
		r->retry_ms = retry_at(c, reply, RETRY_MS);
		if (reply_is_transient(reply))
			return UC_OK;
		uc_err err = reply->err ? reply->err : UC_E_FRAME;
		event_warning(c, err, reply->text, &r->id);
		if (++r->seat_refusals >= REFUSALS)
			create_refused(c, r, err, reply->text);
		return UC_OK;
	}
	r->seat = in.seat;
	r->seat_open = r->own_hub = true;
	r->seq = r->start = in.seq;
	memcpy(r->chain, in.chain, CHAIN_HASH);
	r->log_next = in.seq + 1;
	created(c, r);
	return UC_OK;
}

/* Epoch 0: once its keys are known and its set is out of the pool. */
static uc_err epoch_zero(struct uc_client *c, struct room *r)
{
	struct app_keys keys;
	struct set *s = pool_find(c, r->set_id);
	if (!s || s->state != SET_AWAITED || !directory_keys(c, c->account.app, &keys))
		return UC_E_PENDING;
	TRY(room_group_create(c, r, s, VIEW_OF(keys.hub), VIEW_OF(keys.franking), &r->group));
	set_change(s, SET_SPENT);
	r->group_dirty = r->dirty = true;
	return room_members_sync(c, r);
}

static uc_err create_send(struct uc_client *c, struct room *r)
{
	struct room_create_request req = {
		.room = view_str(r->uri),
		.client = view_str(r->client),
		.secret = VIEW_OF(r->seat_secret),
	};
	if (r->seat_busy)
		return UC_OK;
	if (waits_until(c, r->retry_ms))
		return UC_OK;
	uc_err err = r->group ? UC_OK : epoch_zero(c, r);
	if (err)
		return err == UC_E_PENDING ? UC_OK : err;
	TRY(room_group_info(c, r->group, &c->call, &req.group_info, &req.ratchet_tree));
	TRY(seat_sign(c, r, &c->call, &req.signature));
	r->seat_busy = true;
	return call_send(c, FRAME_ROOM_CREATE, room_create_request_element, &req, create_done, r);
}

/* --- being added --- */

/* Added by somebody who did not know that we are there already.  The place is taken, since it may
 * be the earlier one, with messages that the other has not seen; and then left. */
static uc_err place_found(struct uc_client *c, struct set *s, struct view uri, bool shadow)
{
	struct uc_id id = id_of("Undercroft room", uri, view_str(s->client));
	if (room_find(c, &id))
		return UC_OK;
	struct room *r = room_new(c, uri, &id);
	if (!r)
		return UC_E_MEMORY;
	r->shadow = shadow;
	r->state = ROOM_JOINING;
	return take_place(c, r, s);
}

/* Our places in a room. */
struct places {
	bool same;    /* that of this set */
	bool account; /* one where we are introduced as the account */
	bool another; /* one where we are not */
};
static struct places places_in(const struct uc_client *c, const struct set *s, struct view uri)
{
	struct places p = { false, false, false };
	for (const struct room *r = c->rooms; r; r = r->next) {
		if (r->state == ROOM_LEFT || !view_equal(view_str(r->uri), uri))
			continue;
		p.same = p.same || !strcmp(r->client, s->client);
		p.account = p.account || (!r->shadow && r->says == SAYS_ACCOUNT);
		p.another = p.another || (!r->shadow && r->says != SAYS_ACCOUNT);
	}
	return p;
}

uc_err rooms_found(struct uc_client *c, struct set *s, struct view uri)
{
	struct uc_id id = room_id(uri);
	struct room *r = room_find(c, &id);
	const struct places p = places_in(c, s, uri);
	/* Who is blocked brings us nowhere, nor anybody elsewhere than what it was given for: the place is
	 * taken only to be left. */
	bool elsewhere = !id_is_zero(&s->room) && !id_equal(&s->room, &id);
	if (elsewhere || !reaching_brings(c, &s->given_to))
		return place_found(c, s, uri, true);
	if (p.same)
		return UC_OK;
	/* Beside a persona we behave as if alone: to leave would tell that it is ours. */
	if (p.account || p.another)
		return place_found(c, s, uri, p.account);
	if (!r)
		r = room_new(c, uri, &id);
	if (!r)
		return UC_E_MEMORY;
	r->state = ROOM_JOINING;
	r->lost = false; /* refused once (resync.c) */
	return take_place(c, r, s);
}

static uc_err join(struct uc_client *c, struct room *r, struct set *s,
		   const struct seat_open_response *in)
{
	TRY(room_group_join(c, s, in->welcome, in->ratchet_tree, &r->group));
	return view_equal(room_group_uri(r->group), view_str(r->uri)) ? UC_OK : UC_E_UNEXPECTED;
}

/* What a room is its group says: by whichever way it was come into, by the Welcome or without. */
static void kind_known(struct uc_client *c, struct room *r, bool first)
{
	r->direct = room_group_is_direct(r->group);
	/* By what the person wants now, not when the seat was found. */
	if (first && !r->introduced)
		persona_begin(c, r);
	if (r->direct)
		r->says = SAYS_ACCOUNT;
	else
		r->contact = (struct uc_id){ { 0 } };
}

static uc_err may_stay(struct uc_client *c, struct room *r, const struct uc_id *by)
{
	if (reaching_stays(c, r, by))
		return UC_OK;
	return room_flee(c, r, "You were brought into this room, and left it: nobody may add you.");
}

uc_err rooms_shown(struct uc_client *c, struct room *r)
{
	joined_tell(c, r);
	introductions_tell(c, r);
	if (r->says == SAYS_NOTHING)
		room_changed(c, r, VIEW_LIT("introduce"));
	return room_is_open(r) && !r->lost ? introductions_own(c, r) : UC_OK;
}

/* What the guardian cannot be asked about is not entered. */
static uc_err hold(struct uc_client *c, struct room *r)
{
	uc_err err = guardian_hold(c, r);
	if (err != UC_E_LIMIT)
		return err;
	return room_flee(c, r, "Too much waits for your guardian: this group was left.");
}

uc_err rooms_entered(struct uc_client *c, struct room *r)
{
	struct uc_id guardian;
	const struct uc_id by = r->contact;
	bool first = r->state == ROOM_JOINING;
	r->state = ROOM_OPEN;
	r->dirty = true;
	kind_known(c, r, first);
	TRY(room_members_sync(c, r));
	if (first)
		r->start = r->seq;
	if (r->shadow || account_is_leaving(c))
		return groups_leave(c, r, 0);
	if (c->account.deleting)
		return UC_OK; /* it is left with the others */
	strangers_expect(r);
	if (first)
		requests_joined(c, r);
	if (first)
		TRY(persona_follow(r));
	if (first)
		TRY(may_stay(c, r, &by));
	if (first && !r->direct && !r->fleeing && guardian_named(c, &guardian))
		TRY(hold(c, r));
	TRY(places_settle(c, r));
	if (r->fleeing || r->shadow || strangers_veil(c, r))
		return UC_OK;
	TRY(introductions_own(c, r));
	if (first)
		joined_tell(c, r);
	if (r->says == SAYS_NOTHING)
		room_changed(c, r, VIEW_LIT("introduce"));
	return UC_OK;
}

uc_err rooms_welcome(struct uc_client *c, struct room *r, const struct seat_open_response *in)
{
	struct set *s = pool_find(c, r->set_id);
	uc_err err = s ? join(c, r, s, in) : UC_E_NOT_FOUND;
	if (s)
		set_change(s, SET_SPENT);
	r->dirty = r->group_dirty = true;
	if (err_is_hard(err))
		return err;
	if (err) {
		room_group_free(r->group);
		r->group = NULL;
		r->state = ROOM_LEFT;
		event_warning(c, err, VIEW_LIT("an invitation to a room was not valid"), NULL);
		return UC_OK;
	}
	r->seq = in->start;
	memcpy(r->chain, in->start_chain, CHAIN_HASH);
	TRY(rooms_entered(c, r));
	struct seat_ack ack = { r->seat, r->seq };
	return notice_send(c, FRAME_SEAT_ACK, seat_ack_element, &ack);
}

void room_lost(struct uc_client *c, struct room *r, uc_err why, const struct log_entry *entry)
{
	if (r->lost)
		return;
	if (r->shadow) {
		rooms_left(c, r); /* nobody misses it; the seat ends by itself */
		return;
	}
	resync_start(c, r, why, entry);
	/* Back in, to leave in order. */
	if (r->state == ROOM_LEAVING && groups_leave(c, r, 0))
		safe_fail(&c->safe, UC_E_MEMORY);
	if (r->state == ROOM_LEAVING)
		r->state = ROOM_OPEN;
}

/* --- leaving --- */

void rooms_left(struct uc_client *c, struct room *r)
{
	struct set *s = pool_find(c, r->set_id);
	if (r->state == ROOM_LEFT)
		return;
	if (s) /* else its seat would be found again */
		set_change(s, SET_SPENT);
	r->state = ROOM_LEFT;
	r->seat_open = false;
	resync_drop(r);
	room_group_free(r->group);
	r->group = NULL;
	r->dirty = r->group_dirty = true;
	bool hidden = r->shadow || strangers_hold(r);
	uc_err err = guardian_forget(c, r);
	if (!err)
		err = strangers_forget(c, r);
	if (err)
		safe_fail(&c->safe, err);
	groups_tasks_drop(c, r, UC_E_REMOVED);
	outbox_fail(c, r);
	contacts_room_gone(c, r);
	bool told = r->close_ms; /* when it was hidden */
	struct event_out *e = hidden || told ? NULL : event_new(c, UC_EVENT_ROOM_LEFT);
	if (e) {
		e->event.has_room = true;
		e->event.room = r->id;
	}
}

void rooms_removed(struct uc_client *c, struct room *r, const struct log_entry *entry)
{
	if (r->state == ROOM_OPEN && !r->shadow && !r->fleeing && devices_count(c) > 1) {
		r->stuck = true;
		room_lost(c, r, UC_E_REMOVED, entry);
	} else {
		rooms_left(c, r);
	}
}

bool room_has_others(const struct room *r)
{
	for (const struct member *m = r->members; m; m = m->next)
		if (!m->gone && strcmp(m->participant, r->participant) != 0)
			return true;
	return false;
}

bool room_misses_us(struct uc_client *c, const struct room *r)
{
	/* Where all places are leaving, the hub ends it at once, and not when its seats do. */
	return room_has_others(r) || r->pending.there || devices_count(c) > 1 ||
	       account_is_leaving(c);
}

uc_err rooms_close(struct uc_client *c, struct room *r, uc_op op)
{
	if ((room_is_open(r) || r->lost) && room_misses_us(c, r))
		return groups_leave(c, r, op);
	rooms_left(c, r); /* nobody is there to take us out; the seat ends by itself */
	op_done_at(c, op, UC_OK, (struct view){ NULL, 0 }, NULL, &r->id);
	return UC_OK;
}

void rooms_leave_all(struct uc_client *c)
{
	for (struct room *r = c->rooms; r; r = r->next) {
		/* Who is just coming in cannot leave in order yet; what the hub has refused it refuses
		 * again. */
		bool waits = (r->state == ROOM_JOINING && !r->lost) || waits_until(c, r->commit_ms);
		bool out = r->state == ROOM_LEFT || r->state == ROOM_LEAVING;
		if (!out && !waits && rooms_close(c, r, 0))
			safe_fail(&c->safe, UC_E_MEMORY);
	}
}

bool rooms_all_left(const struct uc_client *c)
{
	for (const struct room *r = c->rooms; r; r = r->next)
		if (r->state != ROOM_LEFT && r->state != ROOM_LEAVING)
			return false;
	return true;
}

/* --- members --- */

struct member *room_member_find(const struct room *r, struct view participant)
{
	for (struct member *m = r->members; m; m = m->next)
		if (view_equal(view_str(m->participant), participant))
			return m;
	return NULL;
}

struct uc_id member_id(const struct room *r, struct view participant)
{
	return id_of("Undercroft member", VIEW_OF(r->id.b), participant);
}

const char *member_name(const struct uc_client *c, const struct member *m, char *buffer, size_t n)
{
	(void)c;
	if (m && m->introduced && !m->persona)
		return m->name;
	bool persona = m && m->persona;
	struct view domain = uri_domain(view_str(m ? m->participant : ""));
	size_t at = 0;
	const struct view parts[] = {
		persona ? view_str(m->name) : VIEW_LIT("someone from "),
		persona ? VIEW_LIT(", by that name here only; of ") : domain,
		persona ? domain : VIEW_LIT(", not introduced"),
	};
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		struct view part = view_slice(parts[i], 0, n - 1 - at);
		if (part.n)
			memcpy(buffer + at, part.p, part.n);
		at += part.n;
	}
	buffer[at] = 0;
	return buffer;
}

struct sync {
	struct uc_client *c;
	struct room *r;
	uc_err err;
};

static uc_err member_add(struct sync *s, const struct room_client *k)
{
	struct member *m = HEAP_NEW(struct member);
	if (!m)
		return UC_E_MEMORY;
	uc_err err = text_set(m->participant, sizeof m->participant, k->participant);
	if (err) {
		heap_free(m);
		return err;
	}
	if (view_equal(k->participant, view_str(s->r->participant))) {
		m->introduced = true;
		memcpy(m->name, s->c->account.profile_name, sizeof m->name);
		memcpy(m->account_key, s->c->account.account_key, ED25519_KEY);
	}
	m->was_gone = true;
	m->next = s->r->members;
	s->r->members = m;
	return UC_OK;
}

static bool sync_each(void *ctx, const struct room_client *k)
{
	struct sync *s = ctx;
	struct member *m = room_member_find(s->r, k->participant);
	if (m)
		m->gone = false;
	else
		s->err = member_add(s, k);
	if (s->err)
		return false;
	m = m ? m : s->r->members;
	member_client_see(m, k->client);
	if (view_equal(k->client, view_str(s->r->client)))
		s->err = member_client_known(m, k->client, s->c->account.device.pub);
	return !s->err;
}

uc_err room_members_sync(struct uc_client *c, struct room *r)
{
	struct sync s = { c, r, UC_OK };
	for (struct member *m = r->members; m; m = m->next) {
		m->was_gone = m->gone;
		m->gone = true;
		member_clients_unsee(m);
	}
	TRY(room_group_clients(r->group, sync_each, &s));
	for (struct member *m = r->members; m; m = m->next) {
		member_clients_prune(m);
		if (!m->was_gone || m->gone)
			continue;
		r->newcomer = r->next_message;
		m->admitted = m->wrote = m->removing = false;
		m->since_ms = client_now(c);
		m->asked_ms = 0;
	}
	r->dirty = r->members_dirty = true;
	return s.err;
}

/* --- driving --- */

/* Only when the first place knows where it begins is it clear what the second one is to bring. */
static bool shadow_waits(struct uc_client *c, const struct room *r)
{
	const struct room *first = r->shadow ? room_main(c, r) : NULL;
	return first && first->state == ROOM_JOINING;
}

static uc_err room_drive(struct uc_client *c, struct room *r)
{
	switch (r->state) {
	case ROOM_CREATING:
		return create_send(c, r);
	case ROOM_LEFT:
		return UC_OK;
	default:
		break;
	}
	if (r->lost)
		return resync_drive(c, r);
	if (!r->seat_open)
		return shadow_waits(c, r) ? UC_OK : seat_open(c, r);
	if (!room_is_open(r) || r->seq + 1 < r->log_next)
		return UC_OK;
	TRY(heads_wait(c, r));
	if (!r->shadow && !c->account.deleting) {
		TRY(introductions_drive(c, r));
		TRY(strangers_drive(c, r));
	}
	if (!room_is_open(r))
		return UC_OK; /* left just now */
	TRY(groups_drive(c, r));
	return outbox_drive(c, r);
}

uc_err rooms_drive(struct uc_client *c)
{
	TRY(seats_drive(c));
	TRY(seats_open(c));
	TRY(heads_drive(c));
	for (struct room *r = c->rooms; r; r = r->next) {
		uc_err err = room_drive(c, r);
		if (err_is_hard(err))
			return err;
		if (!err)
			continue;
		event_warning(c, err, (struct view){ NULL, 0 }, &r->id);
		r->retry_ms = client_now(c) + RETRY_MS;
	}
	return UC_OK;
}
