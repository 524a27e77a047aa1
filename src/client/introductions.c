/* SPDX-License-Identifier: Apache-2.0 */
#include "client/introductions.h"

#include "client/closing.h"
#include "client/compose.h"
#include "client/contact_requests.h"
#include "client/contacts.h"
#include "client/device_watch.h"
#include "client/devices.h"
#include "client/groups.h"
#include "client/guardian.h"
#include "client/heads.h"
#include "client/history.h"
#include "client/identity.h"
#include "client/linked.h"
#include "client/member_clients.h"
#include "client/names_kept.h"
#include "client/outbox.h"
#include "client/personas.h"
#include "client/portraits.h"
#include "client/room_asks.h"
#include "client/rooms.h"
#include "client/strangers.h"
#include "mimi/persona.h"

enum {
	FORWARD_MAX = 64, /* introductions in one message, and their bytes */
	FORWARD_BYTES = MESSAGE_MAX / 4,
	ASK_FIRST_MS = 15 * 1000, /* for the introductions that are on their way anyway */
	ASK_LONGEST_MS = 3600 * 1000,
	TELL_AGAIN_MS = 30 * 1000, /* however often we are asked */
};

uc_err control_send(struct uc_client *c, struct room *r, const struct control *m)
{
	struct content_parts parts = { .kind = CONTENT_CONTROL };
	struct view content;
	TRY(wire_encode_to(&c->call, control_element, m, &parts.text));
	TRY(content_write(c, r, &parts, &c->call, &content));
	return outbox_add(c, r, content, &parts.id, 0);
}

static struct identity_place place_of(const struct room *r, const struct room_client *k)
{
	return (struct identity_place){ view_str(r->uri), k->participant, k->client,
					k->signature_key };
}

static uc_err own_introduction(struct uc_client *c, struct room *r, struct view *out)
{
	struct room_client self;
	TRY(room_group_client_at(r->group, room_group_own_leaf(r->group), &self));
	struct identity_place at = place_of(r, &self);
	return r->says == SAYS_PERSONA ? persona_write(r, &at, &c->call, out)
				       : identity_write(c, &at, &c->call, out);
}

uc_err introductions_own(struct uc_client *c, struct room *r)
{
	struct view own;
	struct control m = { .version = 1, .control_kind = CONTROL_INTRODUCTIONS };
	if (r->says == SAYS_NOTHING)
		return UC_OK;
	TRY(own_introduction(c, r, &own));
	m.introductions = (struct view_list){ &own, 1 };
	r->introduced = r->dirty = true;
	r->told_ms = client_now(c);
	return control_send(c, r, &m);
}

uc_err introductions_forward(struct uc_client *c, struct room *r)
{
	struct view list[FORWARD_MAX];
	struct control m = { .version = 1,
			     .control_kind = CONTROL_INTRODUCTIONS,
			     .introductions = { list, 0 },
			     .name = view_str(r->direct ? "" : r->name) };
	size_t bytes = 0;
	if (r->says != SAYS_NOTHING) {
		TRY(own_introduction(c, r, &list[m.introductions.n++]));
		bytes = list[0].n;
		r->introduced = true;
	}
	for (const struct member *k = r->members; k; k = k->next) {
		if (k->gone || !k->introduced || !k->introduction.n)
			continue;
		if (m.introductions.n == FORWARD_MAX || bytes + k->introduction.n > FORWARD_BYTES) {
			TRY(control_send(c, r, &m));
			m.introductions.n = bytes = 0;
		}
		list[m.introductions.n++] = blob_view(&k->introduction);
		bytes += k->introduction.n;
	}
	r->dirty = true;
	r->told_ms = client_now(c);
	return m.introductions.n ? control_send(c, r, &m) : UC_OK;
}

static bool somebody_is_missing(const struct room *r)
{
	for (const struct member *m = r->members; m; m = m->next)
		if (!m->gone && (!m->introduced || member_clients_unknown(m)))
			return true;
	return false;
}

/* Once nothing is on its way out any more, whoever was there can have read it. */
static void ask_stands(struct uc_client *c, struct room *r)
{
	if (!r->asking_ms || r->outbox.first)
		return;
	for (struct member *m = r->members; m; m = m->next) {
		if (m->gone || m->introduced || m->asked_ms || m->since_ms > r->asking_ms)
			continue;
		m->asked_ms = client_now(c);
		r->dirty = r->members_dirty = true;
	}
	r->asking_ms = 0;
}

uc_err introductions_drive(struct uc_client *c, struct room *r)
{
	struct control m = { .version = 1, .control_kind = CONTROL_ASK };
	if (r->fleeing)
		return UC_OK;
	if (!somebody_is_missing(r)) {
		r->ask_ms = r->asks = 0;
		return UC_OK;
	}
	ask_stands(c, r);
	if (!r->ask_ms)
		r->ask_ms = client_now(c) + ASK_FIRST_MS;
	if (!waits_until(c, r->ask_ms)) {
		uint64_t wait = (uint64_t)ASK_FIRST_MS << (r->asks < 8 ? ++r->asks : 8);
		r->ask_ms = client_now(c) + (wait < ASK_LONGEST_MS ? wait : ASK_LONGEST_MS);
		r->asking_ms = client_now(c);
		TRY(control_send(c, r, &m));
	}
	wake_at(c, r->ask_ms);
	return UC_OK;
}

uc_err introductions_keys(struct uc_client *c, struct room *r, const char *room,
			  const struct key_address *addresses, size_t n)
{
	struct control_address list[KEY_ADDRESSES];
	struct control m = { .version = 1,
			     .control_kind = *room ? CONTROL_ROOM_GRANT : CONTROL_KEYS,
			     .addresses = { list, 0 },
			     .room = view_str(room) };
	for (size_t i = 0; i < n && i < KEY_ADDRESSES; i++)
		list[m.addresses.n++] =
			(struct control_address){ view_str(addresses[i].address),
						  view_str(addresses[i].participant),
						  addresses[i].expires_ms };
	r->keys_given = r->keys_given || !*room;
	r->dirty = true;
	return control_send(c, r, &m);
}

uc_err introductions_link(struct uc_client *c, struct room *r, bool withdrawn, struct view encoded)
{
	struct control m = { .version = 1,
			     .control_kind = withdrawn ? CONTROL_UNLINK : CONTROL_LINK,
			     .link = encoded };
	return control_send(c, r, &m);
}

uc_err introductions_name(struct uc_client *c, struct room *r, const char *name)
{
	struct control m = { .version = 1, .control_kind = CONTROL_NAME, .name = view_str(name) };
	TRY(text_set(r->name, sizeof r->name, view_str(name)));
	r->dirty = true;
	return control_send(c, r, &m);
}

uc_err introductions_epoch(struct uc_client *c, struct room *r)
{
	room_changed(c, r, VIEW_LIT("members"));
	return UC_OK;
}

/* --- what others say --- */

static void introduced_tell(struct uc_client *c, const struct room *r, const struct member *m)
{
	char name[MEMBER_NAME_BYTES];
	bool held = strangers_veil(c, r);
	struct event_out *e = held ? NULL : event_new(c, UC_EVENT_MEMBER_INTRODUCED);
	if (!e)
		return;
	e->event.has_room = e->event.has_member = true;
	e->event.room = r->id;
	e->event.member = member_id(r, view_str(m->participant));
	e->event.has_contact = !m->persona && !id_is_zero(&m->contact);
	if (e->event.has_contact)
		e->event.contact = m->contact;
	e->event.text = event_text(e, view_str(member_name(c, m, name, sizeof name)));
}

void introductions_tell(struct uc_client *c, const struct room *r)
{
	for (const struct member *m = r->members; m; m = m->next)
		if (!m->gone && m->introduced && m->admitted &&
		    strcmp(m->participant, r->participant) != 0)
			introduced_tell(c, r, m);
}

/* The other one of a direct room is, or becomes, a contact. */
static uc_err direct_contact(struct uc_client *c, struct room *r, const struct identity *who,
			     struct contact **out)
{
	struct contact *k;
	TRY(contact_meet(c, who->app, who->account_key, name_of_contact(c, who), who->list, &k));
	*out = k;
	if (k->blocked && !r->made)
		return rooms_close(c, r, 0);
	r->contact = k->id;
	if (!k->has_direct || !id_equal(&k->direct, &r->id)) {
		k->has_direct = true;
		k->direct = r->id;
		contact_changed(c, k);
	}
	requests_introduced(c, r, k);
	/* We have asked them before, and said there who we are: our going at once would tell them. */
	return k->blocked ? closing_begin(c, k) : UC_OK;
}

/* What somebody was given another has used. */
static uc_err flee_from_another(struct uc_client *c, struct room *r)
{
	TRY(room_flee(c, r,
		      "You have left this conversation: it was begun with what you had given to "
		      "somebody else."));
	return UC_E_INTRODUCTION;
}

/* Whoever is expected, and the contact they are, if they are one. */
static uc_err account_introduced(struct uc_client *c, struct room *r, struct member *m,
				 const struct identity *who)
{
	struct contact *k = NULL;
	struct uc_id id = contact_id(who->app, who->account_key);
	const struct uc_id *expected = r->direct ? &r->contact : &m->contact;
	if (!id_is_zero(expected) && !id_equal(expected, &id)) {
		identity_alarm(c, expected, view_str(strangers_veil(c, r) ? "" : who->name));
		return r->direct ? flee_from_another(c, r) : UC_E_INTRODUCTION;
	}
	if (r->direct)
		TRY(direct_contact(c, r, who, &k));
	else if (contact_find(c, &id))
		TRY(contact_meet(c, who->app, who->account_key, name_of_contact(c, who), who->list,
				 &k));
	m->contact = k ? k->id : (struct uc_id){ { 0 } };
	return UC_OK;
}

/* One participant is one account, or one persona, for good. */
static uc_err member_introduced(struct uc_client *c, struct room *r, struct member *m,
				const struct identity *who, struct view introduction)
{
	const char *name = name_of_member(c, m, who);
	bool again = m->introduced, renamed = strcmp(m->name, name) != 0;
	if (again && (m->persona != who->persona ||
		      !view_equal(VIEW_OF(m->account_key), VIEW_OF(who->account_key))))
		return UC_E_INTRODUCTION;
	TRY(who->persona ? persona_may_be(r, m, who) : account_introduced(c, r, m, who));
	m->introduced = true;
	m->persona = who->persona;
	if (renamed)
		TRY(text_set(m->name, sizeof m->name, view_str(name)));
	memcpy(m->account_key, who->account_key, ED25519_KEY);
	r->dirty = r->members_dirty = true;
	TRY(blob_set(&m->introduction, introduction));
	TRY(member_client_known(m, who->client, who->device_key));
	uint64_t unshown = r->unshown;
	TRY(strangers_met(c, r, m));
	if (!again || renamed)
		introduced_tell(c, r, m);
	return unshown && !r->unshown ? history_shown(c, r, unshown) : UC_OK;
}

struct find_client {
	struct view client;
	struct room_client found;
	bool there;
};

static bool find_each(void *ctx, const struct room_client *k)
{
	struct find_client *f = ctx;
	if (!view_equal(k->client, f->client))
		return true;
	f->found = *k;
	f->there = true;
	return false;
}

/* Another one of ours, if it is. */
static uc_err own_device_introduced(struct uc_client *c, struct room *r, struct member *m,
				    const struct identity *who)
{
	const struct account *a = &c->account;
	struct ed25519_key key = { .seed = { 0 } };
	if (who->persona)
		TRY(persona_key_make(&r->participant_key, view_str(r->uri), &key));
	struct view ours = who->persona ? VIEW_OF(key.pub) : VIEW_OF(a->account_key);
	bool is_ours = !strcmp(who->app, a->app) && view_equal(VIEW_OF(who->account_key), ours);
	wipe(&key, sizeof key);
	if (!is_ours)
		return UC_E_INTRODUCTION;
	/* One that has come to be since the list was read last. */
	if (!who->persona && !devices_had(c, VIEW_OF(who->device_key))) {
		c->list_stale = true;
		TRY(device_watch_unlisted(c, VIEW_OF(who->device_key), who->list));
	}
	/* Behind a persona that does not say which device it is: it goes, whatever is said. */
	const struct known_client *known = member_client_find(m, who->client);
	if (who->persona && known && member_client_is_doubted(known))
		return UC_OK;
	r->dirty = r->members_dirty = true;
	return member_client_known(m, who->client, who->device_key);
}

/* All clients of one participant introduce one account. */
static uc_err further_client(struct room *r, struct member *m, const struct identity *who)
{
	if (m->persona != who->persona ||
	    !view_equal(VIEW_OF(m->account_key), VIEW_OF(who->account_key)))
		return UC_E_INTRODUCTION;
	r->dirty = r->members_dirty = true;
	return member_client_known(m, who->client, who->device_key);
}

static uc_err client_introduced(struct uc_client *c, struct room *r, struct member *m,
				const struct identity *who, struct view introduction,
				bool by_others)
{
	if (!strcmp(m->participant, r->participant))
		return own_device_introduced(c, r, m, who);
	if (m->introduced && by_others)
		return further_client(r, m, who);
	return member_introduced(c, r, m, who, introduction);
}

static uc_err introduction_in(struct uc_client *c, struct room *r, const struct room_client *sender,
			      struct view introduction)
{
	struct find_client f = { 0 };
	struct identity who;
	TRY(identity_peek(introduction, &c->call, &f.client));
	TRY(room_group_clients(r->group, find_each, &f));
	if (!f.there)
		return UC_OK; /* gone meanwhile */
	struct member *m = room_member_find(r, f.found.participant);
	bool is_known = m && member_client_find(m, f.client);
	if (!m || view_equal(f.client, view_str(r->client)) ||
	    (is_known && view_equal(blob_view(&m->introduction), introduction)))
		return UC_OK;
	/* Who is known changes by their own word alone: others could bring up an old one. */
	bool by_others = !view_equal(sender->participant, f.found.participant);
	if (m->introduced && by_others && is_known)
		return UC_OK;
	struct identity_place at = place_of(r, &f.found);
	TRY(is_persona(introduction) ? persona_read(introduction, &at, &c->call, &who)
				     : identity_verify(c, introduction, &at, &c->call, &who));
	/* An app speaks for its own people alone. */
	if (!view_equal(uri_domain(f.found.client), view_str(who.app)))
		return UC_E_INTRODUCTION;
	TRY(client_introduced(c, r, m, &who, introduction, by_others));
	bool is_own = !strcmp(m->participant, r->participant);
	if (!is_known)
		portraits_newcomer(c, r, is_own ? who.device_key : NULL);
	return UC_OK;
}

static bool is_own_device(const struct room *r, const struct room_client *sender)
{
	return view_equal(sender->participant, view_str(r->participant));
}

static uc_err name_in(struct uc_client *c, struct room *r, const struct room_client *sender,
		      struct view name)
{
	const struct member *m = room_member_find(r, sender->participant);
	if (r->direct || !name.n || view_equal(name, view_str(r->name)))
		return UC_OK;
	/* A name is words, too. */
	if (!is_own_device(r, sender) && m && strangers_hide(c, r, m))
		return UC_OK;
	TRY(text_set(r->name, sizeof r->name, name));
	r->dirty = true;
	room_changed_by(c, r, sender->participant, VIEW_LIT("name"));
	return UC_OK;
}

static uc_err introductions_in(struct uc_client *c, struct room *r,
			       const struct room_client *sender, const struct control *m)
{
	uc_err first = UC_OK;
	for (size_t i = 0; i < m->introductions.n && !r->fleeing; i++) {
		uc_err err = introduction_in(c, r, sender, m->introductions.v[i]);
		if (err_is_hard(err))
			return err;
		if (err && !first)
			first = err; /* the others hold nevertheless */
	}
	/* For those who have just come: to the others it may be an old one. */
	if (!r->name[0])
		TRY(name_in(c, r, sender, m->name));
	return first;
}

bool introductions_with(const struct room *r, const struct uc_id *contact)
{
	for (const struct member *m = r->members; m; m = m->next)
		if (!m->gone && m->introduced && !m->persona && id_equal(&m->contact, contact))
			return true;
	return false;
}

struct contact *introductions_listener(struct uc_client *c, const struct room *direct)
{
	struct contact *k = contact_find(c, &direct->contact);
	bool can = direct->direct && room_is_open(direct) && direct->seat_open && !direct->shadow &&
		   !direct->lost && !direct->fleeing && k && !k->blocked &&
		   !strangers_veil(c, direct) && introductions_with(direct, &direct->contact);
	return can ? k : NULL;
}

/* Who speaks for themselves in a direct room; NULL for anybody else. */
static struct contact *direct_sender(struct uc_client *c, const struct room *r,
				     const struct room_client *sender)
{
	struct contact *k = contact_find(c, &r->contact);
	const struct member *from = room_member_find(r, sender->participant);
	bool theirs = r->direct && from && from->introduced && k;
	return theirs && id_equal(&from->contact, &k->id) ? k : NULL;
}

static uc_err link_in(struct uc_client *c, const struct room *r, const struct room_client *sender,
		      const struct control *m)
{
	const struct contact *k = direct_sender(c, r, sender);
	if (!k)
		return UC_E_INTRODUCTION;
	return m->control_kind == CONTROL_LINK ? linked_in(c, k, m->link)
					       : linked_withdrawn_in(c, k, m->link);
}

static uc_err address_of(const struct contact *k, const struct control_address *in,
			 struct key_address *out)
{
	if (!view_equal(uri_domain(in->address), view_str(k->app)) ||
	    !view_equal(uri_domain(in->participant), view_str(k->app)))
		return UC_E_ADDRESS;
	TRY(text_set(out->address, sizeof out->address, in->address));
	TRY(text_set(out->participant, sizeof out->participant, in->participant));
	out->expires_ms = in->expires_ms;
	return UC_OK;
}

static uc_err keys_in(struct uc_client *c, struct room *r, const struct room_client *sender,
		      const struct control *m)
{
	struct contact *k = direct_sender(c, r, sender);
	struct key_address address;
	if (!k)
		return UC_E_INTRODUCTION;
	for (size_t i = 0; i < m->addresses.n; i++) {
		TRY(address_of(k, &m->addresses.v[i], &address));
		contact_add_address(c, k, &address);
	}
	contact_changed(c, k);
	return UC_OK;
}

static uc_err room_ask_message(struct uc_client *c, struct room *r,
			       const struct room_client *sender, const struct control *m)
{
	struct contact *k = direct_sender(c, r, sender);
	return k && !k->blocked ? room_asks_in(c, k, m->room) : UC_E_INTRODUCTION;
}

static uc_err room_grant_message(struct uc_client *c, struct room *r,
				 const struct room_client *sender, const struct control *m)
{
	struct key_address address;
	/* Another device of ours has answered. */
	if (is_own_device(r, sender)) {
		room_asks_answered(c, contact_find(c, &r->contact), m->room);
		return UC_OK;
	}
	struct contact *k = direct_sender(c, r, sender);
	if (!k || k->blocked)
		return UC_E_INTRODUCTION;
	if (m->addresses.n != 1)
		return UC_E_MALFORMED;
	TRY(address_of(k, &m->addresses.v[0], &address));
	room_asks_granted(c, k, m->room, &address);
	return UC_OK;
}

static uc_err guardian_message(struct uc_client *c, const struct room *r,
			       const struct room_client *sender, const struct control *m)
{
	struct contact *k = direct_sender(c, r, sender);
	return k && !k->blocked ? guardian_in(c, k, m) : UC_E_INTRODUCTION;
}

static uc_err heads_message(struct uc_client *c, const struct room *r,
			    const struct room_client *sender, const struct control *m)
{
	const struct contact *k = direct_sender(c, r, sender);
	if (!k || k->blocked)
		return UC_E_INTRODUCTION;
	heads_in(c, k, m);
	return UC_OK;
}

static uc_err portrait_message(struct uc_client *c, const struct room *r,
			       const struct room_client *sender, const struct control *m)
{
	if (is_own_device(r, sender))
		return r->direct ? portrait_own_in(c, r, m->portrait) : UC_E_INTRODUCTION;
	struct contact *k = direct_sender(c, r, sender);
	return k && !k->blocked ? portrait_in(c, k, m->portrait) : UC_E_INTRODUCTION;
}

/* Told further ahead than now, it was by a clock that was wrong. */
static bool told_lately(struct uc_client *c, const struct room *r)
{
	uint64_t now = client_now(c);
	return r->told_ms <= now && now - r->told_ms < TELL_AGAIN_MS;
}

/* What another device of ours says is for others, but for who is there, and what the room is called. */
static bool is_for_us(const struct room *r, const struct room_client *sender,
		      const struct control *m)
{
	return !is_own_device(r, sender) || m->control_kind == CONTROL_INTRODUCTIONS ||
	       m->control_kind == CONTROL_NAME || m->control_kind == CONTROL_ASK ||
	       m->control_kind == CONTROL_PORTRAIT || m->control_kind == CONTROL_ROOM_GRANT;
}

uc_err control_in(struct uc_client *c, struct room *r, const struct room_client *sender,
		  struct view bytes)
{
	struct control m = { 0 };
	uc_err err = wire_decode(bytes, &c->call, control_element, &m);
	if (err == UC_E_UNSUPPORTED)
		return UC_OK;
	TRY(err);
	/* What is left by this client itself is nothing that the person is to hear more of. */
	if (r->fleeing &&
	    (m.control_kind == CONTROL_INTRODUCTIONS || m.control_kind == CONTROL_NAME))
		return UC_OK;
	if (!is_for_us(r, sender, &m))
		return UC_OK;
	switch (m.control_kind) {
	case CONTROL_INTRODUCTIONS:
		return introductions_in(c, r, sender, &m);
	case CONTROL_NAME:
		return name_in(c, r, sender, m.name);
	case CONTROL_KEYS:
		return keys_in(c, r, sender, &m);
	case CONTROL_ASK:
		/* Where they know who we are, silence alone would tell that they are blocked. */
		if (told_lately(c, r) || (r->fleeing && !(r->close_ms && r->introduced)) ||
		    strangers_veil(c, r))
			return UC_OK;
		/* A device of ours that has come later knows nobody. */
		return is_own_device(r, sender) ? introductions_forward(c, r)
						: introductions_own(c, r);
	case CONTROL_LINK:
	case CONTROL_UNLINK:
		return link_in(c, r, sender, &m);
	case CONTROL_GUARDIAN:
		return guardian_message(c, r, sender, &m);
	case CONTROL_HEADS:
		return heads_message(c, r, sender, &m);
	case CONTROL_PORTRAIT:
		return portrait_message(c, r, sender, &m);
	case CONTROL_ROOM_ASK:
		return room_ask_message(c, r, sender, &m);
	case CONTROL_ROOM_GRANT:
		return room_grant_message(c, r, sender, &m);
	default:
		return UC_OK;
	}
}
