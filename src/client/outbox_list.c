/* SPDX-License-Identifier: Apache-2.0 */
#include "client/outbox_list.h"

void outgoing_append(struct room *r, struct outgoing *o)
{
	struct outbox *b = &r->outbox;
	o->prev = b->last;
	o->next = NULL;
	*(b->last ? &b->last->next : &b->first) = o;
	b->last = o;
	if (!b->unsent && o->content.n)
		b->unsent = o;
}

void outgoing_change(struct room *r, struct outgoing *o)
{
	if (o->dirty)
		return;
	o->dirty = true;
	o->next_changed = r->outbox.changed;
	r->outbox.changed = o;
}

struct outgoing *outgoing_changed(struct room *r)
{
	struct outgoing *o = r->outbox.changed;
	if (!o)
		return NULL;
	r->outbox.changed = o->next_changed;
	o->next_changed = NULL;
	o->dirty = false;
	return o;
}

/* As many as one turn has changed, which are few. */
void outgoing_unchange(struct room *r, struct outgoing *o)
{
	struct outgoing **at = &r->outbox.changed;
	if (!o->dirty)
		return;
	while (*at != o)
		at = &(*at)->next_changed;
	*at = o->next_changed;
	o->next_changed = NULL;
	o->dirty = false;
}

static void pass_unsent(struct outbox *b, const struct outgoing *o)
{
	if (b->unsent != o)
		return;
	do
		b->unsent = b->unsent->next;
	while (b->unsent && !b->unsent->content.n);
}

void outgoing_content_done(struct room *r, struct outgoing *o)
{
	pass_unsent(&r->outbox, o);
	blob_done(&o->content);
	blob_done(&o->submit);
}

void outgoing_remove(struct room *r, struct outgoing *o)
{
	struct outbox *b = &r->outbox;
	pass_unsent(b, o);
	outgoing_unchange(r, o);
	*(o->prev ? &o->prev->next : &b->first) = o->next;
	*(o->next ? &o->next->prev : &b->last) = o->prev;
}
