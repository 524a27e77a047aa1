/* SPDX-License-Identifier: Apache-2.0 */
#include "client/compose.h"

#include "client/control.h"
#include "mimi/content.h"

#include "base/text.h"

_Static_assert(sizeof(struct uc_id) == MESSAGE_ID, "an id is a MIMI message id");

static struct view id_view(const struct uc_id *id)
{
	return VIEW_OF(id->b);
}

static void id_set(struct uc_id *id, struct view v)
{
	memcpy(id->b, v.p, sizeof id->b);
}

static uc_err body_set(struct mimi_content *m, const struct content_parts *p)
{
	if (p->has_reply)
		m->in_reply_to = id_view(&p->in_reply_to);
	switch (p->kind) {
	case CONTENT_EDIT:
		m->replaces = id_view(&p->replaces);
		mimi_content_set_text(m, p->text, false);
		return UC_OK;
	case CONTENT_TEXT:
		mimi_content_set_text(m, p->text, false);
		return UC_OK;
	case CONTENT_REACTION:
		mimi_content_set_reaction(m, id_view(&p->in_reply_to), p->text);
		return UC_OK;
	case CONTENT_DELETE:
		mimi_content_set_delete(m, id_view(&p->replaces));
		return UC_OK;
	case CONTENT_CONTROL:
		mimi_content_set_single(m, VIEW_LIT(CONTROL_MEDIA_TYPE), p->text);
		return UC_OK;
	case CONTENT_FILE:
		m->body = (struct nested_part){ .disposition = DISPOSITION_ATTACHMENT,
						.cardinality = PART_EXTERNAL,
						.content_type = p->file_type,
						.external = *p->file };
		return UC_OK;
	case CONTENT_OTHER:
		break;
	}
	return UC_E_ARGUMENT;
}

uc_err content_write(struct uc_client *c, const struct room *r, struct content_parts *parts,
		     struct arena *a, struct view *content)
{
	struct mimi_content m;
	struct view sender = view_str(r->participant), room = view_str(r->uri), bytes;
	struct uc_id id;
	TRY(mimi_content_new(&c->env, sender, room, a, &m));
	TRY(body_set(&m, parts));
	TRY(mimi_content_write(&m, a, &bytes));
	TRY(mimi_content_id(bytes, m.salt, sender, room, id.b));
	parts->id = id;
	*content = bytes;
	return UC_OK;
}

/* Whom it names must be whom it came from, or a frank of it would accuse another. */
static uc_err place_check(const struct mimi_content *m, struct view sender, struct view room)
{
	struct view uri;
	if (mimi_content_uri(m, EXTENSION_SENDER_URI, &uri) || !view_equal(uri, sender) ||
	    mimi_content_uri(m, EXTENSION_ROOM_URI, &uri) || !view_equal(uri, room))
		return UC_E_UNEXPECTED;
	return UC_OK;
}

/* Zero-terminated for the owner: what stood behind a zero would be there and not be shown. */
uc_err text_check(struct view text)
{
	bool zero = text.n && memchr(text.p, 0, text.n);
	return !zero && utf8_is_valid(text) ? UC_OK : UC_E_TEXT;
}

/* Bytes elsewhere, of a kind that is opened here.  An edit is none: what was fetched could not be told
 * from what was sent first. */
static bool is_file(const struct mimi_content *m)
{
	struct attachment at;
	return m->body.cardinality == PART_EXTERNAL && !m->replaces.n &&
	       (m->body.disposition == DISPOSITION_ATTACHMENT ||
		m->body.disposition == DISPOSITION_INLINE ||
		m->body.disposition == DISPOSITION_RENDER) &&
	       !attachment_of(&m->body.external, &at);
}

static uc_err kind_read(const struct mimi_content *m, struct content_parts *p)
{
	const struct nested_part *part = mimi_content_shown(m);
	p->kind = is_file(m) ? CONTENT_FILE : CONTENT_OTHER;
	if (p->kind == CONTENT_FILE)
		return UC_OK;
	if (m->body.cardinality == PART_NULL) {
		p->kind = m->replaces.n ? CONTENT_DELETE : CONTENT_OTHER;
		return UC_OK;
	}
	if (!part)
		return UC_OK;
	/* In a list only texts are shown, so this one stands alone. */
	if (view_equal(part->content_type, VIEW_LIT(CONTROL_MEDIA_TYPE))) {
		p->kind = CONTENT_CONTROL;
	} else if (content_type_is_text(part->content_type)) {
		bool reaction = part->disposition == DISPOSITION_REACTION ||
				m->body.disposition == DISPOSITION_REACTION;
		if (m->replaces.n)
			p->kind = CONTENT_EDIT;
		else if (reaction && p->has_reply)
			p->kind = CONTENT_REACTION;
		else
			p->kind = CONTENT_TEXT;
		TRY(text_check(part->content));
		if (p->kind == CONTENT_REACTION && part->content.n > REACTION_MAX)
			p->kind = CONTENT_OTHER;
	}
	if (p->kind != CONTENT_OTHER)
		p->text = part->content;
	return UC_OK;
}

uc_err content_parse(const struct room *r, struct view sender, struct view content,
		     uint64_t timestamp, struct arena *a, struct content_parts *out)
{
	struct mimi_content m;
	struct content_parts p = { 0 };
	struct view room = view_str(r->uri);
	TRY(mimi_content_read(content, a, &m));
	TRY(place_check(&m, sender, room));
	if (!mimi_content_expires_sensibly(&m, timestamp))
		return UC_E_UNEXPECTED;
	p.expires_relative = m.expires && m.expires->relative;
	if (m.expires)
		p.expires_ms = m.expires->time ? (uint64_t)m.expires->time * 1000 : 1;
	TRY(mimi_content_id(content, m.salt, sender, room, p.id.b));
	p.has_reply = m.in_reply_to.n > 0;
	if (p.has_reply)
		id_set(&p.in_reply_to, m.in_reply_to);
	if (m.replaces.n)
		id_set(&p.replaces, m.replaces);
	TRY(kind_read(&m, &p));
	*out = p;
	return UC_OK;
}
