/* SPDX-License-Identifier: Apache-2.0 */
/* What the owner asks for in rooms: lists, groups, messages. */
#include "client/account.h"
#include "client/compose.h"
#include "client/contacts.h"
#include "client/groups.h"
#include "client/history.h"
#include "client/introductions.h"
#include "client/outbox.h"
#include "client/personas.h"
#include "client/room_asks.h"
#include "client/room_group.h"
#include "client/rooms.h"
#include "client/strangers.h"
#include "client/transfers.h"
#include "client/turn.h"

#include "base/text.h"

/* --- lists --- */

static uint32_t people(const struct room *r)
{
	uint32_t n = 0;
	for (const struct member *m = r->members; m; m = m->next)
		n += !m->gone;
	return n;
}

static enum uc_room_state shown_state(const struct uc_client *c, const struct room *r)
{
	switch (r->state) {
	case ROOM_OPEN:
		if (r->fleeing)
			return UC_ROOM_LEFT;
		return strangers_veil(c, r) ? UC_ROOM_JOINING : UC_ROOM_OPEN;
	case ROOM_LEAVING:
	case ROOM_LEFT:
		return UC_ROOM_LEFT;
	default:
		return UC_ROOM_JOINING;
	}
}

static const char *shown_name(const struct uc_client *c, const struct room *r, char *buffer,
			      size_t n)
{
	if (!r->direct)
		return r->name;
	for (const struct member *m = r->members; m; m = m->next)
		if (strcmp(m->participant, r->participant) != 0)
			return member_name(c, m, buffer, n);
	return "";
}

/* Before we are in, not even its kind is known. */
static bool is_veiled(const struct uc_client *c, const struct room *r)
{
	return r->state == ROOM_JOINING || strangers_veil(c, r);
}

uc_err uc_rooms(uc_client *c, uc_room_each *each, void *ctx)
{
	char name[MEMBER_NAME_BYTES];
	if (!c || !each)
		return UC_E_ARGUMENT;
	if (c->broken)
		return c->broken;
	for (const struct room *r = c->rooms; r; r = r->next) {
		if (r->shadow)
			continue;
		bool veiled = is_veiled(c, r);
		struct uc_room shown = {
			.id = r->id,
			.uri = veiled ? "" : r->uri,
			.name = veiled ? "" : shown_name(c, r, name, sizeof name),
			.direct = r->direct,
			.state = shown_state(c, r),
			.consistent = r->consistent && !r->forked,
			.epoch = r->group ? room_group_epoch(r->group) : 0,
			.members = veiled ? 0 : people(r),
			.unread = veiled || r->unshown ? 0 : r->unread,
			.read_up_to = r->read_up_to,
			.last_ms = r->last_ms,
			.says = veiled ? UC_SAYS_NOTHING : (enum uc_says)r->says,
			.persona = r->says == SAYS_PERSONA ? r->persona : "",
		};
		if (!each(ctx, &shown))
			break;
	}
	return UC_OK;
}

struct leaves {
	const char *participant;
	uint32_t n, role;
};

static bool leaves_each(void *ctx, const struct room_client *k)
{
	struct leaves *l = ctx;
	if (!view_equal(k->participant, view_str(l->participant)))
		return true;
	l->n++;
	l->role = k->role;
	return true;
}

static void show_self(const struct uc_client *c, const struct room *r, struct uc_member *m)
{
	m->introduced = r->says != SAYS_NOTHING;
	m->persona = r->says == SAYS_PERSONA;
	m->name = m->persona ? r->persona : c->account.profile_name;
}

uc_err uc_members(uc_client *c, const struct uc_id *room, uc_member_each *each, void *ctx)
{
	char domain[DOMAIN_MAX];
	if (!c || !room || !each)
		return UC_E_ARGUMENT;
	if (c->broken)
		return c->broken;
	const struct room *r = room_find(c, room);
	if (!r)
		return UC_E_NOT_FOUND;
	if (is_veiled(c, r))
		return UC_OK;
	for (const struct member *m = r->members; m; m = m->next) {
		struct leaves l = { .participant = m->participant };
		if (m->gone)
			continue;
		if (r->group)
			TRY(room_group_clients(r->group, leaves_each, &l));
		TRY(text_set(domain, sizeof domain, uri_domain(view_str(m->participant))));
		struct uc_member shown = {
			.id = member_id(r, view_str(m->participant)),
			.app = domain,
			.participant = m->participant,
			.is_self = !strcmp(m->participant, r->participant),
			.introduced = m->introduced,
			.persona = m->persona,
			.blocked = m->blocked || strangers_blocked(c, m),
			.name = m->name,
			.has_contact = m->introduced && !m->persona && !id_is_zero(&m->contact),
			.role = l.role,
			.devices = l.n,
		};
		if (shown.has_contact)
			shown.contact = m->contact;
		if (shown.is_self)
			show_self(c, r, &shown);
		if (!each(ctx, &shown))
			break;
	}
	return UC_OK;
}

/* --- groups --- */

struct room_call {
	const struct uc_id *room, *other, *contacts;
	size_t contact_count;
	const char *name, *persona;
	uc_op *op;
};

/* Who acts there has said who they are: themselves, or a persona. */
static uc_err usable_room(struct uc_client *c, const struct uc_id *id, struct room **out)
{
	struct room *r;
	TRY(room_usable(c, id, &r));
	if (r->says == SAYS_NOTHING)
		return UC_E_NOT_INTRODUCED;
	*out = r;
	return UC_OK;
}

static uc_err usable_contact(struct uc_client *c, const struct uc_id *id, struct contact **out)
{
	struct contact *k = contact_find(c, id);
	if (!k)
		return UC_E_NOT_FOUND;
	if (k->blocked)
		return UC_E_NOT_ALLOWED;
	*out = k;
	return UC_OK;
}

/* There, or on the way there. */
static bool is_member(const struct room *r, const struct contact *k)
{
	for (const struct member *m = r->members; m; m = m->next)
		if (!m->gone && id_equal(&m->contact, &k->id))
			return true;
	for (const struct task *t = r->tasks; t; t = t->next)
		if ((t->kind == TASK_ADD || t->kind == TASK_ADD_PACKAGES ||
		     t->kind == TASK_ASKED) &&
		    id_equal(&t->contact, &k->id))
			return true;
	return false;
}

/* Introduced, or made for them and still on its way. */
static struct room *direct_room(struct uc_client *c, const struct contact *k)
{
	struct room *r = k->has_direct ? room_find(c, &k->direct) : NULL;
	if (r)
		return r;
	for (r = c->rooms; r; r = r->next)
		if (r->direct && !r->shadow && id_equal(&r->contact, &k->id) &&
		    (r->state == ROOM_CREATING || r->state == ROOM_OPEN) &&
		    (r->tasks || people(r) > 1))
			return r;
	return NULL;
}

static uc_err start_direct(struct uc_client *c, void *arg)
{
	const struct room_call *in = arg;
	struct contact *k;
	struct room *r;
	if (!account_is_active(c))
		return UC_E_SIGNED_OUT;
	TRY(usable_contact(c, in->other, &k));
	r = direct_room(c, k);
	if (r) {
		*in->op = op_new(c);
		op_done_at(c, *in->op, UC_OK, (struct view){ NULL, 0 }, NULL, &r->id);
		return UC_OK;
	}
	if (!k->key_count)
		return UC_E_EXHAUSTED;
	TRY(rooms_create(c, true, "", &r));
	r->contact = k->id;
	*in->op = op_new(c);
	return groups_add_contact(c, r, k, *in->op);
}

uc_err uc_start_direct(uc_client *c, const struct uc_id *contact, uc_op *op)
{
	struct room_call in = { .other = contact, .op = op };
	if (!c || !contact || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, start_direct, &in);
}

static uc_err group_create_all(struct uc_client *c, void *arg)
{
	const struct room_call *in = arg;
	struct contact *k;
	struct room *r;
	if (!account_is_active(c))
		return UC_E_SIGNED_OUT;
	if (strlen(in->name) >= ROOM_NAME_BYTES || !utf8_is_valid(view_str(in->name)))
		return UC_E_ARGUMENT;
	if (in->persona)
		TRY(persona_name_check(c, in->persona));
	for (size_t i = 0; i < in->contact_count; i++)
		TRY(usable_contact(c, &in->contacts[i], &k));
	TRY(rooms_create(c, false, in->name, &r));
	if (in->persona)
		TRY(persona_choose(c, r, in->persona));
	*in->op = r->create_op = op_new(c);
	for (size_t i = 0; i < in->contact_count; i++) {
		TRY(usable_contact(c, &in->contacts[i], &k));
		if (!is_member(r, k)) /* named twice */
			TRY(groups_add_contact(c, r, k, 0));
	}
	return UC_OK;
}

uc_err uc_group_create_as(uc_client *c, const char *name, const char *persona,
			  const struct uc_id *contacts, size_t contact_count, uc_op *op)
{
	struct room_call in = { .name = name,
				.persona = persona,
				.contacts = contacts,
				.contact_count = contact_count,
				.op = op };
	if (!c || !name || !op || (contact_count && !contacts))
		return UC_E_ARGUMENT;
	return turn_run(c, group_create_all, &in);
}

uc_err uc_group_create(uc_client *c, const char *name, const struct uc_id *contacts,
		       size_t contact_count, uc_op *op)
{
	return uc_group_create_as(c, name, NULL, contacts, contact_count, op);
}

static uc_err group_add(struct uc_client *c, void *arg)
{
	const struct room_call *in = arg;
	struct contact *k;
	struct room *r;
	TRY(usable_room(c, in->room, &r));
	TRY(usable_contact(c, in->other, &k));
	if (r->direct)
		return UC_E_POLICY;
	if (is_member(r, k))
		return UC_E_EXISTS;
	if (!k->key_count && !room_asks_can(c, k))
		return UC_E_EXHAUSTED;
	*in->op = op_new(c);
	return groups_add_contact(c, r, k, *in->op);
}

uc_err uc_group_add(uc_client *c, const struct uc_id *room, const struct uc_id *contact, uc_op *op)
{
	struct room_call in = { .room = room, .other = contact, .op = op };
	if (!c || !room || !contact || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, group_add, &in);
}

static uc_err group_remove(struct uc_client *c, void *arg)
{
	const struct room_call *in = arg;
	struct room *r;
	TRY(usable_room(c, in->room, &r));
	for (const struct member *m = r->members; m; m = m->next) {
		struct uc_id id = member_id(r, view_str(m->participant));
		if (m->gone || !id_equal(&id, in->other))
			continue;
		if (!strcmp(m->participant, r->participant))
			return UC_E_ARGUMENT; /* that is uc_leave */
		*in->op = op_new(c);
		return groups_remove(c, r, m->participant, *in->op);
	}
	return UC_E_NOT_FOUND;
}

uc_err uc_group_remove(uc_client *c, const struct uc_id *room, const struct uc_id *member,
		       uc_op *op)
{
	struct room_call in = { .room = room, .other = member, .op = op };
	if (!c || !room || !member || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, group_remove, &in);
}

static uc_err group_rename(struct uc_client *c, void *arg)
{
	const struct room_call *in = arg;
	struct room *r;
	TRY(usable_room(c, in->room, &r));
	if (r->direct)
		return UC_E_POLICY;
	if (strlen(in->name) >= ROOM_NAME_BYTES || !utf8_is_valid(view_str(in->name)))
		return UC_E_ARGUMENT;
	TRY(introductions_name(c, r, in->name));
	*in->op = op_new(c);
	op_done_at(c, *in->op, UC_OK, (struct view){ NULL, 0 }, NULL, &r->id);
	return UC_OK;
}

uc_err uc_group_rename(uc_client *c, const struct uc_id *room, const char *name, uc_op *op)
{
	struct room_call in = { .room = room, .name = name, .op = op };
	if (!c || !room || !name || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, group_rename, &in);
}

static uc_err leave(struct uc_client *c, void *arg)
{
	const struct room_call *in = arg;
	struct room *r;
	TRY(room_usable(c, in->room, &r));
	*in->op = op_new(c);
	return rooms_close(c, r, *in->op);
}

uc_err uc_leave(uc_client *c, const struct uc_id *room, uc_op *op)
{
	struct room_call in = { .room = room, .op = op };
	if (!c || !room || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, leave, &in);
}

/* --- messages --- */

struct send_call {
	const struct uc_id *room;
	struct content_parts parts;
	struct uc_id *id;
};

/* A reaction or new text: a message of its own in the history. */
static uc_err history_own(struct uc_client *c, struct room *r, const struct content_parts *p,
			  struct view content, uint64_t *number)
{
	struct message m = {
		.id = p->id,
		.state = UC_MESSAGE_QUEUED,
		.kind = p->kind == CONTENT_REACTION ? UC_MESSAGE_REACTION : UC_MESSAGE_TEXT,
		.own = true,
		.time_ms = client_now(c),
		.has_reply = p->has_reply,
		.in_reply_to = p->in_reply_to,
		.text = p->text,
		.content = content, /* it is said again as it was, should the hub forget it */
	};
	memcpy(m.participant, r->participant, sizeof m.participant);
	history_add(c, r, &m);
	history_tell(c, r, &m, true);
	*number = m.number;
	return UC_OK;
}

/* An edit or deletion changes what is there at once. */
static uc_err history_change(struct uc_client *c, struct room *r, const struct content_parts *p)
{
	struct message m = { 0 };
	uint64_t number = history_number(c, r, &p->replaces);
	if (!number)
		return UC_E_NOT_FOUND;
	TRY(history_get(c, r, number, &c->call, &m));
	if (!m.own || m.deleted || (m.kind == UC_MESSAGE_FILE && p->kind == CONTENT_EDIT))
		return UC_E_NOT_ALLOWED;
	if (m.kind == UC_MESSAGE_FILE)
		transfers_forget(c, &m.id);
	m.edited = p->kind == CONTENT_EDIT;
	m.deleted = p->kind == CONTENT_DELETE;
	m.text = p->text;
	m.content = (struct view){ NULL, 0 };
	history_put(c, r, &m);
	history_tell(c, r, &m, false);
	return UC_OK;
}

/* A later version answers what the first one answered. */
static uc_err reply_keep(struct uc_client *c, struct room *r, struct content_parts *p)
{
	struct message m = { 0 };
	uint64_t number = history_number(c, r, &p->replaces);
	if (!number)
		return UC_E_NOT_FOUND;
	TRY(history_get(c, r, number, &c->call, &m));
	p->has_reply = m.has_reply;
	p->in_reply_to = m.in_reply_to;
	return UC_OK;
}

static uc_err send(struct uc_client *c, void *arg)
{
	struct send_call *in = arg;
	struct content_parts *p = &in->parts;
	struct room *r;
	struct view content;
	uint64_t number = 0;
	TRY(usable_room(c, in->room, &r));
	if (p->kind == CONTENT_EDIT)
		TRY(reply_keep(c, r, p));
	else if (p->has_reply && !history_number(c, r, &p->in_reply_to))
		return UC_E_NOT_FOUND;
	else if (p->kind == CONTENT_DELETE && !history_number(c, r, &p->replaces))
		return UC_E_NOT_FOUND;
	if (p->text.n > (p->kind == CONTENT_REACTION ? REACTION_MAX : MESSAGE_MAX / 2))
		return UC_E_TOO_LARGE;
	TRY(text_check(p->text));
	TRY(content_write(c, r, p, &c->call, &content));
	if (p->kind == CONTENT_TEXT || p->kind == CONTENT_REACTION)
		TRY(history_own(c, r, p, content, &number));
	else
		TRY(history_change(c, r, p));
	*in->id = p->id;
	return outbox_add(c, r, content, &p->id, number);
}

/* In the place of one that was refused: that is deleted here, where alone it was, in the same turn. */
static uc_err send_again(struct uc_client *c, void *arg)
{
	struct send_call *in = arg;
	struct content_parts refused = { .kind = CONTENT_DELETE, .replaces = in->parts.replaces };
	struct room *r;
	struct message m = { 0 };
	TRY(usable_room(c, in->room, &r));
	uint64_t number = history_number(c, r, &refused.replaces);
	if (!number)
		return UC_E_NOT_FOUND;
	TRY(history_get(c, r, number, &c->call, &m));
	if (m.state != UC_MESSAGE_FAILED || m.deleted || m.kind != UC_MESSAGE_TEXT)
		return UC_E_NOT_ALLOWED;
	in->parts = (struct content_parts){ .kind = CONTENT_TEXT,
					    .has_reply = m.has_reply,
					    .in_reply_to = m.in_reply_to,
					    .text = m.text };
	TRY(send(c, in));
	return history_change(c, r, &refused);
}

static uc_err send_parts(uc_client *c, const struct uc_id *room, struct content_parts parts,
			 struct uc_id *id)
{
	struct uc_id none;
	struct send_call in = { room, parts, id ? id : &none };
	if (!c || !room)
		return UC_E_ARGUMENT;
	return turn_run(c, send, &in);
}

uc_err uc_send(uc_client *c, const struct uc_id *room, const char *text, struct uc_id *id)
{
	if (!text || !*text)
		return UC_E_ARGUMENT;
	return send_parts(c, room,
			  (struct content_parts){ .kind = CONTENT_TEXT, .text = view_str(text) },
			  id);
}

uc_err uc_send_reply(uc_client *c, const struct uc_id *room, const struct uc_id *to,
		     const char *text, struct uc_id *id)
{
	if (!to || !text || !*text)
		return UC_E_ARGUMENT;
	return send_parts(c, room,
			  (struct content_parts){ .kind = CONTENT_TEXT,
						  .has_reply = true,
						  .in_reply_to = *to,
						  .text = view_str(text) },
			  id);
}

uc_err uc_send_reaction(uc_client *c, const struct uc_id *room, const struct uc_id *to,
			const char *emoji, struct uc_id *id)
{
	if (!to || !emoji || !*emoji)
		return UC_E_ARGUMENT;
	return send_parts(c, room,
			  (struct content_parts){ .kind = CONTENT_REACTION,
						  .has_reply = true,
						  .in_reply_to = *to,
						  .text = view_str(emoji) },
			  id);
}

uc_err uc_send_edit(uc_client *c, const struct uc_id *room, const struct uc_id *of,
		    const char *text, struct uc_id *id)
{
	if (!of || !text || !*text)
		return UC_E_ARGUMENT;
	return send_parts(c, room,
			  (struct content_parts){
				  .kind = CONTENT_EDIT, .replaces = *of, .text = view_str(text) },
			  id);
}

uc_err uc_send_delete(uc_client *c, const struct uc_id *room, const struct uc_id *of,
		      struct uc_id *id)
{
	if (!of)
		return UC_E_ARGUMENT;
	return send_parts(c, room,
			  (struct content_parts){ .kind = CONTENT_DELETE, .replaces = *of }, id);
}

uc_err uc_send_again(uc_client *c, const struct uc_id *room, const struct uc_id *of,
		     struct uc_id *id)
{
	struct uc_id none;
	struct send_call in = { .room = room, .id = id ? id : &none };
	if (!c || !room || !of)
		return UC_E_ARGUMENT;
	in.parts.replaces = *of;
	return turn_run(c, send_again, &in);
}
