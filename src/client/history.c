/* SPDX-License-Identifier: Apache-2.0 */
#include "client/history.h"

#include "client/rooms.h"
#include "client/strangers.h"
#include "client/transfers.h"
#include "client/turn.h"

#define TABLE_MESSAGE    "message"
#define TABLE_MESSAGE_ID "message id"
#define TABLE_EXPIRES    "expires"

enum { MESSAGE_BYTES = 4 * MESSAGE_MAX, SHOWN_AT_ONCE = 64 };

static struct safe_place at(const struct room *r, uint64_t number)
{
	return (struct safe_place){ .table = TABLE_MESSAGE,
				    .owner = VIEW_OF(r->id.b),
				    .number = number };
}

static struct safe_place at_id(const struct room *r, const struct uc_id *id)
{
	return (struct safe_place){ .table = TABLE_MESSAGE_ID,
				    .owner = VIEW_OF(r->id.b),
				    .name = VIEW_OF(id->b) };
}

static void number_element(struct wire *w, void *v)
{
	wire_u64(w, v);
}

void history_put(struct uc_client *c, struct room *r, const struct message *m)
{
	safe_put_object(&c->safe, at(r, m->number), message_element, m);
}

void history_add(struct uc_client *c, struct room *r, struct message *m)
{
	m->number = ++r->next_message;
	r->last_ms = m->time_ms;
	history_expires(c, r, m);
	if (!m->own)
		r->unread++;
	r->dirty = true;
	safe_put_object(&c->safe, at_id(r, &m->id), number_element, &m->number);
	history_put(c, r, m);
}

uc_err history_get(struct uc_client *c, struct room *r, uint64_t number, struct arena *a,
		   struct message *out)
{
	struct view value;
	uc_err err = safe_get(&c->safe, at(r, number), a, &value);
	if (!err)
		err = wire_decode(value, a, message_element, out) ? UC_E_CORRUPT : UC_OK;
	return err == UC_E_CORRUPT ? UC_E_NOT_FOUND : err;
}

/* Of what is damaged nothing is known; it keeps the client from nothing else. */
static uc_err past_damage(uc_err err)
{
	return err == UC_E_CORRUPT ? UC_OK : err;
}

uint64_t history_number(struct uc_client *c, struct room *r, const struct uc_id *id)
{
	uint64_t number = 0;
	struct view value;
	struct arena a;
	arena_init(&a, 4096, ARENA_PLAIN);
	if (safe_get(&c->safe, at_id(r, id), &a, &value) ||
	    wire_decode(value, &a, number_element, &number))
		number = 0;
	arena_done(&a);
	return number;
}

/* --- showing --- */

/* What its sender says of a file, made harmless. */
static uc_err show_file(const struct message *m, struct arena *a, struct uc_message *out)
{
	char name[FILE_NAME_MAX + 1], type[FILE_TYPE_MAX + 1];
	struct nested_part part;
	struct view shown;
	if (m->kind != UC_MESSAGE_FILE || !m->content.n || transfer_part_of(m->content, a, &part))
		return UC_OK;
	file_name_clean(part.external.filename, name);
	file_type_clean(part.content_type, type);
	TRY(arena_copy(a, view_make(name, strlen(name) + 1), &shown));
	out->file_name = (const char *)shown.p;
	TRY(arena_copy(a, view_make(type, strlen(type) + 1), &shown));
	out->file_type = (const char *)shown.p;
	out->file_bytes = part.external.size;
	return UC_OK;
}

static uc_err show(struct uc_client *c, const struct room *r, const struct message *m,
		   struct arena *a, struct uc_message *out)
{
	struct view text, sender;
	char buffer[MEMBER_NAME_BYTES];
	struct member unknown = { 0 };
	struct member *member = room_member_find(r, view_str(m->participant));
	if (!member) {
		memcpy(unknown.participant, m->participant, sizeof unknown.participant);
		member = &unknown;
	}
	const char *self = r->says == SAYS_PERSONA ? r->persona : c->account.profile_name;
	const char *name = m->own ? self : member_name(c, member, buffer, sizeof buffer);
	TRY(arena_copy(a, m->text, &text));
	TRY(arena_copy(a, view_str(name), &sender));
	*out = (struct uc_message){
		.room = r->id,
		.number = m->number,
		.id = m->id,
		.state = (enum uc_message_state)m->state,
		.kind = (enum uc_message_kind)m->kind,
		.own = m->own,
		.sender = (const char *)sender.p,
		.introduced = m->own || member->introduced,
		.member = member_id(r, view_str(m->participant)),
		.time_ms = m->time_ms,
		.text = (const char *)text.p,
		.has_reply = m->has_reply,
		.in_reply_to = m->in_reply_to,
		.edited = m->edited,
		.deleted = m->deleted,
		.file_name = "",
		.file_type = "",
	};
	return show_file(m, a, out);
}

static bool is_unshown(const struct room *r, const struct message *m)
{
	return r->unshown && m->number >= r->unshown && !m->own;
}

void history_tell(struct uc_client *c, struct room *r, const struct message *m, bool is_new)
{
	/* Of what is held only what this client says itself is shown. */
	if ((strangers_veil(c, r) && m->kind != UC_MESSAGE_NOTE) || is_unshown(r, m))
		return;
	struct event_out *e = event_new(c, is_new ? UC_EVENT_MESSAGE : UC_EVENT_MESSAGE_STATE);
	if (!e || show(c, r, m, &e->mem, &e->message))
		return;
	e->event.has_room = true;
	e->event.room = r->id;
	e->event.message = &e->message;
}

struct list_call {
	struct uc_client *c;
	struct room *r;
	size_t left;
	uc_message_each *each;
	void *ctx;
	uc_err err;
};

static bool list_each(void *ctx, uint64_t number, struct view value)
{
	struct list_call *l = ctx;
	struct message m = { 0 };
	struct uc_message shown;
	struct arena a;
	bool more = false;
	(void)number;
	arena_init(&a, MESSAGE_BYTES, ARENA_SECRET);
	uc_err err = wire_decode(value, &a, message_element, &m);
	l->err = err_is_hard(err) ? err : UC_OK;
	bool skipped = err || is_unshown(l->r, &m);
	if (!skipped)
		l->err = show(l->c, l->r, &m, &a, &shown);
	if (!l->err)
		more = skipped || (l->each(l->ctx, &shown) && --l->left > 0);
	arena_done(&a);
	return more;
}

uc_err uc_messages(uc_client *c, const struct uc_id *room, uint64_t from, size_t limit,
		   uc_message_each *each, void *ctx)
{
	if (!c || !room || !each)
		return UC_E_ARGUMENT;
	struct list_call l = { c, room_find(c, room), limit, each, ctx, UC_OK };
	if (c->broken)
		return c->broken;
	if (!l.r)
		return UC_E_NOT_FOUND;
	if (!limit || strangers_veil(c, l.r))
		return UC_OK;
	TRY(past_damage(safe_scan(&c->safe, TABLE_MESSAGE, VIEW_OF(room->b), from, list_each, &l)));
	return l.err;
}

uint64_t uc_messages_last(uc_client *c, const struct uc_id *room)
{
	const struct room *r = c && room ? room_find(c, room) : NULL;
	return r ? r->next_message : 0;
}

uc_err history_note(struct uc_client *c, struct room *r, const char *text)
{
	struct message m = {
		.state = UC_MESSAGE_RECEIVED,
		.kind = UC_MESSAGE_NOTE,
		.own = true,
		.time_ms = client_now(c),
		.text = view_str(text),
	};
	TRY(env_random(&c->env, m.id.b, sizeof m.id.b));
	memcpy(m.participant, r->participant, sizeof m.participant);
	history_add(c, r, &m);
	history_tell(c, r, &m, true);
	return UC_OK;
}

/* --- messages that end: found by when they do, then by their number --- */

enum { EXPIRE_AT_ONCE = 64, NUMBER_BITS = 20 };

static struct safe_place at_end(const struct room *r, uint64_t place)
{
	return (struct safe_place){ .table = TABLE_EXPIRES,
				    .owner = VIEW_OF(r->id.b),
				    .number = place };
}

void history_expires(struct uc_client *c, struct room *r, const struct message *m)
{
	const uint64_t latest = UINT64_MAX >> NUMBER_BITS;
	uint64_t ms = m->expires_ms < latest ? m->expires_ms : latest, number = m->number;
	if (!ms)
		return;
	safe_put_object(&c->safe,
			at_end(r, ms << NUMBER_BITS | (number & ((1u << NUMBER_BITS) - 1))),
			number_element, &number);
	if (!r->expires_ms || ms < r->expires_ms) {
		r->expires_ms = ms;
		r->dirty = true;
	}
}

struct expire_call {
	uint64_t now, next;
	uint64_t places[EXPIRE_AT_ONCE], numbers[EXPIRE_AT_ONCE];
	size_t n;
};

static bool expire_each(void *ctx, uint64_t place, struct view value)
{
	struct expire_call *e = ctx;
	uint64_t number = 0;
	if (place >> NUMBER_BITS > e->now || e->n == EXPIRE_AT_ONCE) {
		e->next = place >> NUMBER_BITS;
		return false;
	}
	if (wire_decode(value, NULL, number_element, &number))
		number = 0;
	e->places[e->n] = place;
	e->numbers[e->n++] = number;
	return true;
}

static void forget(struct uc_client *c, struct room *r, struct message *m)
{
	m->deleted = true;
	m->expires_ms = 0;
	m->text = m->content = m->frank = (struct view){ NULL, 0 };
	transfers_forget(c, &m->id);
	history_put(c, r, m);
}

/* An edit may have given it another end meanwhile. */
static uc_err expire_one(struct uc_client *c, struct room *r, uint64_t number)
{
	struct message m = { 0 };
	uc_err err = history_get(c, r, number, &c->call, &m);
	/* Nothing is left of one that is damaged, either. */
	if (err == UC_E_NOT_FOUND)
		safe_delete(&c->safe, at(r, number));
	if (err == UC_E_NOT_FOUND || (!err && (!m.expires_ms || m.expires_ms > client_now(c))))
		return UC_OK;
	TRY(err);
	forget(c, r, &m);
	history_tell(c, r, &m, false);
	return UC_OK;
}

static bool is_admitted(const struct room *r, const struct message *m)
{
	const struct member *from = room_member_find(r, view_str(m->participant));
	return from && from->admitted;
}

uc_err history_forget(struct uc_client *c, struct room *r, uint64_t number, bool all)
{
	while (number++ < r->next_message) {
		struct arena_mark mark = arena_mark(&c->call);
		struct message m = { 0 };
		uc_err err = history_get(c, r, number, &c->call, &m);
		if (!err && !m.own && (all || !is_admitted(r, &m)))
			forget(c, r, &m);
		arena_reset(&c->call, mark);
		if (err && err != UC_E_NOT_FOUND)
			return err;
	}
	return UC_OK;
}

uc_err history_shown(struct uc_client *c, struct room *r, uint64_t number)
{
	/* However much was written meanwhile: the rest is read where it stands. */
	if (r->next_message >= number + SHOWN_AT_ONCE) {
		room_changed(c, r, VIEW_LIT("messages"));
		number = r->next_message - SHOWN_AT_ONCE + 1;
	}
	for (; number <= r->next_message; number++) {
		struct arena_mark mark = arena_mark(&c->call);
		struct message m = { 0 };
		uc_err err = history_get(c, r, number, &c->call, &m);
		if (!err && !m.own)
			history_tell(c, r, &m, true);
		arena_reset(&c->call, mark);
		if (err && err != UC_E_NOT_FOUND)
			return err;
	}
	return UC_OK;
}

static uc_err expire(struct uc_client *c, struct room *r)
{
	struct expire_call e = { .now = client_now(c) };
	TRY(past_damage(safe_scan(&c->safe, TABLE_EXPIRES, VIEW_OF(r->id.b), 0, expire_each, &e)));
	for (size_t i = 0; i < e.n; i++) {
		TRY(expire_one(c, r, e.numbers[i]));
		safe_delete(&c->safe, at_end(r, e.places[i]));
	}
	r->expires_ms = e.next;
	r->dirty = true;
	return UC_OK;
}

uc_err history_drive(struct uc_client *c)
{
	for (struct room *r = c->rooms; r; r = r->next) {
		/* A message that this very turn has brought is not seen by a scan of the store. */
		if (r->expires_ms && r->expires_ms <= client_now(c) && !safe_has_changes(&c->safe))
			TRY(expire(c, r));
		if (r->expires_ms)
			wake_at(c, r->expires_ms);
	}
	return UC_OK;
}

/* --- reading marks --- */

struct mark_call {
	const struct uc_id *room;
	uint64_t number;
};

struct count_call {
	uint32_t unread;
};

static bool count_each(void *ctx, uint64_t number, struct view value)
{
	struct count_call *k = ctx;
	struct message m = { 0 };
	struct arena a;
	(void)number;
	arena_init(&a, MESSAGE_BYTES, ARENA_SECRET);
	if (!wire_decode(value, &a, message_element, &m))
		k->unread += !m.own;
	arena_done(&a);
	return true;
}

static uc_err mark(struct uc_client *c, void *arg)
{
	const struct mark_call *in = arg;
	struct room *r = room_find(c, in->room);
	struct count_call k = { 0 };
	if (!r)
		return UC_E_NOT_FOUND;
	/* What is not shown yet is not read. */
	uint64_t last = r->unshown ? r->unshown - 1 : r->next_message;
	uint64_t number = in->number < last ? in->number : last;
	if (number <= r->read_up_to)
		return UC_OK;
	TRY(past_damage(
		safe_scan(&c->safe, TABLE_MESSAGE, VIEW_OF(r->id.b), number + 1, count_each, &k)));
	r->read_up_to = number;
	r->unread = k.unread;
	r->dirty = true;
	return UC_OK;
}

uc_err uc_mark_read(uc_client *c, const struct uc_id *room, uint64_t number)
{
	struct mark_call in = { room, number };
	if (!c || !room)
		return UC_E_ARGUMENT;
	return turn_run(c, mark, &in);
}
