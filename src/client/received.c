/* SPDX-License-Identifier: Apache-2.0 */
#include "client/received.h"

#include "client/compose.h"
#include "client/guardian.h"
#include "client/history.h"
#include "client/introductions.h"
#include "client/outbox.h"
#include "client/personas.h"
#include "client/rooms.h"
#include "client/strangers.h"
#include "client/transfers.h"

static uc_err text_in(struct uc_client *c, struct room *r, const struct content_parts *p,
		      const struct message *from)
{
	struct message m = *from;
	/* Encrypted again for a later epoch: the same message. */
	if (history_number(c, r, &p->id) || places_tell(c, r, &p->id, from->seq))
		return UC_OK;
	m.id = p->id;
	m.kind = p->kind == CONTENT_REACTION ? UC_MESSAGE_REACTION
		 : p->kind == CONTENT_FILE   ? UC_MESSAGE_FILE
					     : UC_MESSAGE_TEXT;
	m.has_reply = p->has_reply;
	m.in_reply_to = p->in_reply_to;
	m.text = p->text;
	history_add(c, r, &m);
	history_tell(c, r, &m, true);
	return UC_OK;
}

/* What comes here is read when it comes, as far as this client can know. */
static uint64_t end_of(struct uc_client *c, const struct content_parts *p)
{
	return p->expires_ms && p->expires_relative ? client_now(c) + p->expires_ms : p->expires_ms;
}

/* Only the sender of a message may change it. */
static uc_err change_in(struct uc_client *c, struct room *r, const struct content_parts *p,
			const struct message *from)
{
	struct message m = { 0 };
	uint64_t number = history_number(c, r, &p->replaces);
	/* New words in place of what was shown could not be taken back with the rest. */
	if (!number || (p->kind == CONTENT_EDIT && guardian_shown_before(c, r, number)))
		return UC_OK;
	TRY(history_get(c, r, number, &c->call, &m));
	if (strcmp(m.participant, from->participant) != 0 || m.deleted)
		return UC_E_NOT_ALLOWED;
	m.edited = p->kind == CONTENT_EDIT;
	m.deleted = p->kind == CONTENT_DELETE;
	if (m.kind == UC_MESSAGE_FILE)
		transfers_forget(c, &m.id);
	if (m.kind == UC_MESSAGE_FILE && m.edited)
		m.kind = UC_MESSAGE_TEXT;
	/* What is shown is what can be reported. */
	m.text = p->text;
	m.content = from->content;
	m.frank = from->frank;
	m.frank_ms = from->frank_ms;
	m.head = from->head;
	m.seq = from->seq;
	m.expires_ms = from->expires_ms;
	if (m.deleted)
		m.content = m.frank = (struct view){ NULL, 0 }, m.head.seq = 0;
	history_expires(c, r, &m);
	history_put(c, r, &m);
	history_tell(c, r, &m, false);
	return UC_OK;
}

uc_err received(struct uc_client *c, struct room *r, const struct room_entry *e, uint64_t seq)
{
	const struct room_client *sender = &e->sender;
	struct content_parts parts;
	struct message from = { .state = UC_MESSAGE_RECEIVED,
				.time_ms = e->timestamp,
				.seq = seq,
				.content = e->content,
				.frank = e->frank,
				.frank_ms = e->timestamp,
				.head = e->head };
	struct room *to = r->shadow ? room_main(c, r) : r;
	if (!to || (r->shadow && to->start && seq >= to->start))
		return UC_OK;
	TRY(content_parse(r, sender->participant, e->content, e->timestamp, &c->call, &parts));
	TRY(text_set(from.participant, sizeof from.participant, sender->participant));
	from.expires_ms = end_of(c, &parts);
	if (from.expires_ms && from.expires_ms <= client_now(c))
		return UC_OK;
	bool by_this = view_equal(sender->client, view_str(r->client));
	/* Another device's, which was added to a place of its own, if r is not the one that is kept. */
	if (view_equal(sender->participant, view_str(r->participant)) ||
	    view_equal(sender->participant, view_str(to->participant))) {
		from.own = true;
		from.state = UC_MESSAGE_ACCEPTED;
		/* Words of our own that we do not know: said by a later state of this store, or by
		 * another device. */
		TRY(outbox_found(c, r, &parts.id, e->timestamp, seq, e->frank));
	}
	const struct member *m = room_member_find(to, sender->participant);
	if (parts.kind != CONTENT_CONTROL && !from.own)
		strangers_wrote(to, sender->participant);
	if (parts.kind != CONTENT_CONTROL && !from.own && m && strangers_hide(c, to, m))
		return UC_OK;
	if (parts.kind != CONTENT_CONTROL && !from.own && to->fleeing)
		return UC_OK; /* the person is told that it was left */
	switch (parts.kind) {
	case CONTENT_TEXT:
	case CONTENT_REACTION:
	case CONTENT_FILE:
		return text_in(c, to, &parts, &from);
	case CONTENT_EDIT:
	case CONTENT_DELETE:
		return change_in(c, to, &parts, &from);
	case CONTENT_CONTROL:
		if (r->shadow)
			return UC_OK;
		if (from.own)
			TRY(personas_own_in(c, r, sender, parts.text));
		return by_this ? UC_OK : control_in(c, r, sender, parts.text);
	case CONTENT_OTHER:
		return UC_OK;
	}
	return UC_OK;
}
