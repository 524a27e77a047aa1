/* SPDX-License-Identifier: Apache-2.0 */
/* People again: contacts, their addresses, accounts of one person, invitations; and what was decided of them.
 * What rises (the number of a statement) or is gathered (who was shown one) is not lost by a later row. */
#include "client/vault_inside.h"

#include "client/barred.h"
#include "client/contacts.h"
#include "client/devices.h"
#include "client/linked.h"
#include "client/names_kept.h"
#include "client/rooms.h"
#include "client/sender_tags.h"

#include "base/heap.h"

static void id_set(struct uc_id *to, const uint8_t from[VAULT_ID])
{
	memcpy(to->b, from, VAULT_ID);
}

/* The later one of two lists of one account's devices. */
static struct view list_later(struct uc_client *c, const struct contact *k, struct view in)
{
	struct view_list before, now;
	if (!k->list.n)
		return in;
	if (device_entries_read(blob_view(&k->list), &c->call, &before) ||
	    device_entries_read(in, &c->call, &now) || device_list_compare(&before, &now, &c->call))
		return blob_view(&k->list);
	return in;
}

/* Open, or still to be come into. */
static bool may_lead(struct uc_client *c, const uint8_t room[VAULT_ID])
{
	struct uc_id id;
	id_set(&id, room);
	const struct room *r = room_find(c, &id);
	return !r || r->state != ROOM_LEFT;
}

uc_err vault_person_read(struct uc_client *c, struct kept_row *row, struct vault_contact *x,
			 char app[DOMAIN_MAX], char name[PROFILE_BYTES], struct uc_id *id)
{
	TRY(vault_row_read(c, row, vault_contact_element, x));
	TRY(text_set(app, DOMAIN_MAX, x->app));
	TRY(text_set(name, PROFILE_BYTES, x->name));
	*id = contact_id(app, x->account_key.p);
	return view_equal(VIEW_OF(id->b), VIEW_OF(row->id)) ? UC_OK : UC_E_MALFORMED;
}

uc_err vault_contact_apply(struct uc_client *c, struct kept_row *row, bool recovering)
{
	struct vault_contact x;
	char app[DOMAIN_MAX], name[PROFILE_BYTES];
	struct uc_id id;
	struct view list;
	struct contact *k;
	(void)recovering;
	TRY(vault_person_read(c, row, &x, app, name, &id));
	k = contact_find(c, &id);
	TRY(arena_copy(&c->call, k ? list_later(c, k, x.list) : x.list, &list));
	TRY(contact_meet(c, app, x.account_key.p, name, list, &k));
	/* That somebody is another holds until their number was compared, on whichever device. */
	const struct kept_row *v = vault_row_find(&c->vault, VAULT_VERIFIED, row->id);
	k->identity_changed = (k->identity_changed || x.identity_changed) && !(v && !v->gone);
	/* Of two conversations with them all devices mean the one that was meant last: else each would write its
	 * own, for ever. */
	if (x.has_direct && may_lead(c, x.direct)) {
		k->has_direct = true;
		id_set(&k->direct, x.direct);
	}
	k->dirty = true;
	return UC_OK;
}

/* Their addresses as the other device has left them. */
uc_err vault_addresses_apply(struct uc_client *c, struct kept_row *row, bool recovering)
{
	struct vault_addresses x;
	struct key_address one;
	struct uc_id id;
	id_set(&id, row->id);
	struct contact *k = contact_find(c, &id);
	(void)recovering;
	TRY(vault_row_read(c, row, vault_addresses_element, &x));
	if (!k)
		return UC_E_NOT_FOUND;
	k->key_count = 0;
	k->dirty = true;
	for (size_t i = 0; i < x.addresses.n; i++) {
		const struct vault_address *in = &x.addresses.v[i];
		TRY(text_set(one.address, sizeof one.address, in->address));
		TRY(text_set(one.participant, sizeof one.participant, in->participant));
		one.expires_ms = in->expires_ms;
		contact_add_address(c, k, &one);
	}
	return UC_OK;
}

/* Those that any device knows, all know. */
uc_err vault_sender_tags_apply(struct uc_client *c, struct kept_row *row, bool recovering)
{
	struct vault_sender_tags x;
	struct uc_id id;
	id_set(&id, row->id);
	struct contact *k = contact_find(c, &id), *b = barred_find(c, &id);
	(void)recovering;
	TRY(vault_row_read(c, row, vault_sender_tags_element, &x));
	for (size_t i = 0; k && i < x.tags.n; i++)
		sender_tags_learn(k, x.tags.v[i]);
	for (size_t i = 0; b && i < x.tags.n; i++)
		sender_tags_learn(b, x.tags.v[i]);
	return k || b ? UC_OK : UC_E_NOT_FOUND;
}

static void linked_element(struct wire *w, void *v)
{
	wire_linked(w, v);
}
static void own_link_element(struct wire *w, void *v)
{
	wire_own_link(w, v);
}
static void invitation_element(struct wire *w, void *v)
{
	wire_invitation(w, v);
}

uc_err vault_linked_apply(struct uc_client *c, struct kept_row *row, bool recovering)
{
	struct linked in = { .number = 0 }, *l = c->linkeds;
	(void)recovering;
	TRY(vault_row_read(c, row, linked_element, &in));
	while (l && !id_equal(&l->id, &in.id))
		l = l->next;
	if (!l) {
		l = HEAP_NEW(struct linked);
		if (!l)
			return UC_E_MEMORY;
		l->id = in.id;
		linked_add(c, l);
	}
	/* What another has not heard yet is no news. */
	if (in.number < l->number || (in.number == l->number && l->withdrawn && !in.withdrawn))
		return UC_OK;
	in.blocked = l->blocked; /* has a row of its own */
	/* Whom a block covers is kept, also where another device has forgotten it. */
	for (size_t i = 0; i < LINK_SIDES; i++)
		if (l->blocked && id_is_zero(&in.sides[i].contact))
			in.sides[i].contact = l->sides[i].contact;
	in.next = l->next;
	*l = in;
	l->dirty = true;
	/* Who is blocked gains nothing by another account. */
	bool covers = !l->withdrawn && !l->blocked &&
		      (linked_is_blocked(c, &l->sides[LINK_OFFERS].contact) ||
		       linked_is_blocked(c, &l->sides[LINK_ACCEPTS].contact));
	return covers ? linked_block(c, &l->sides[LINK_OFFERS].contact, true) : UC_OK;
}

/* --- what the person has decided --- */

static uc_err linked_block_apply(struct uc_client *c, const struct uc_id *pair, bool blocked)
{
	struct linked *l = c->linkeds;
	while (l && !id_equal(&l->id, pair))
		l = l->next;
	if (!l)
		return UC_E_NOT_FOUND;
	if (l->blocked == blocked)
		return UC_OK;
	/* One that is over is no way from one account to another, unless it was blocked before. */
	bool forgotten = id_is_zero(&l->sides[LINK_OFFERS].contact);
	if (forgotten || (blocked && l->withdrawn)) {
		l->blocked = blocked;
		l->dirty = true;
	}
	return forgotten ? UC_OK : linked_block(c, &l->sides[LINK_OFFERS].contact, blocked);
}

static uc_err contact_block_apply(struct uc_client *c, const struct uc_id *id, bool blocked)
{
	const struct contact *k = contact_find(c, id);
	if (!k)
		return UC_E_NOT_FOUND;
	return k->blocked == blocked ? UC_OK : linked_block(c, id, blocked);
}

uc_err vault_block_apply(struct uc_client *c, struct kept_row *row, bool recovering)
{
	struct vault_block x;
	struct uc_id id;
	id_set(&id, row->id);
	(void)recovering;
	TRY(vault_row_read(c, row, vault_block_element, &x));
	return x.of == BLOCK_LINKED ? linked_block_apply(c, &id, true)
				    : contact_block_apply(c, &id, true);
}

static uc_err verified_set(struct uc_client *c, const struct kept_row *row, bool verified)
{
	struct uc_id id;
	id_set(&id, row->id);
	struct contact *k = contact_find(c, &id);
	if (!k)
		return UC_E_NOT_FOUND;
	/* It was, and somebody is another since: both are shown. */
	k->verified = verified || (k->verified && k->identity_changed);
	k->identity_changed = k->identity_changed && !verified;
	k->dirty = true;
	return UC_OK;
}

uc_err vault_verified_apply(struct uc_client *c, struct kept_row *row, bool recovering)
{
	(void)recovering;
	return verified_set(c, row, true);
}

uc_err vault_verified_drop(struct uc_client *c, struct kept_row *row)
{
	return verified_set(c, row, false);
}

uc_err vault_member_block_apply(struct uc_client *c, struct kept_row *row, bool recovering)
{
	static const struct uc_id nobody;
	struct vault_member_block x;
	bool found = false;
	(void)recovering;
	TRY(vault_row_read(c, row, vault_member_block_element, &x));
	for (struct room *r = c->rooms; r; r = r->next) {
		bool here = r->state == ROOM_OPEN || r->state == ROOM_JOINING;
		if (!here || !view_equal(view_str(r->uri), x.uri))
			continue;
		bool known = room_member_find(r, x.participant) != NULL;
		TRY(room_member_restore(c, r, x.participant, &nobody, false));
		struct member *m = room_member_find(r, x.participant);
		if (!m)
			continue;
		m->gone = m->gone || !known; /* until they are seen there */
		m->blocked = r->dirty = r->members_dirty = found = true;
	}
	return found ? UC_OK : UC_E_NOT_FOUND;
}

uc_err vault_member_block_drop(struct uc_client *c, struct kept_row *row)
{
	for (struct room *r = c->rooms; r; r = r->next)
		for (struct member *m = r->members; m; m = m->next) {
			if (!m->blocked)
				continue;
			struct uc_id of =
				vault_member_id(view_str(r->uri), view_str(m->participant));
			if (!view_equal(VIEW_OF(of.b), VIEW_OF(row->id)))
				continue;
			m->blocked = false;
			r->dirty = r->members_dirty = true;
			TRY(name_again(c, r, m));
		}
	return UC_OK;
}

static bool is_newer(const struct own_link *l, const struct own_link *in)
{
	bool ended = l->state == LINK_WITHDRAWN && in->state != LINK_WITHDRAWN;
	return in->number > l->number || (in->number == l->number && !ended);
}

static bool was_shown(const struct own_link *l, const struct uc_id *contact)
{
	for (uint32_t i = 0; i < l->shown_count; i++)
		if (id_equal(&l->shown[i].contact, contact))
			return true;
	return false;
}

/* Whoever was shown it by any device is to hear of its end. */
static void shown_gather(struct own_link *to, const struct own_link *from)
{
	for (uint32_t i = 0; i < from->shown_count && to->shown_count < LINK_SHOWN_MAX; i++) {
		struct link_shown e = from->shown[i];
		bool ends = to->state == LINK_WITHDRAWN && !e.gone;
		bool never = ends && !e.told && id_is_zero(&e.room);
		if (never || was_shown(to, &e.contact))
			continue;
		e.told = e.told && !ends;
		e.gone = e.gone || ends;
		to->shown[to->shown_count++] = e;
	}
}

static void own_link_free(struct own_link *l)
{
	blob_done(&l->statement);
	blob_done(&l->withdrawal);
	heap_free(l);
}

static void own_link_take(struct uc_client *c, struct own_link *in)
{
	struct own_link *l = c->links;
	while (l && !id_equal(&l->id, &in->id))
		l = l->next;
	in->dirty = true;
	if (!l) {
		own_link_add(c, in);
		return;
	}
	if (is_newer(l, in)) {
		shown_gather(in, l);
		in->next = l->next;
		blob_done(&l->statement);
		blob_done(&l->withdrawal);
		*l = *in;
		heap_free(in);
	} else {
		shown_gather(l, in);
		l->dirty = true;
		own_link_free(in);
	}
}

uc_err vault_own_link_apply(struct uc_client *c, struct kept_row *row, bool recovering)
{
	struct own_link *in = HEAP_NEW(struct own_link);
	(void)recovering;
	if (!in)
		return UC_E_MEMORY;
	uc_err err = vault_row_read(c, row, own_link_element, in);
	if (err)
		own_link_free(in);
	else
		own_link_take(c, in);
	return err;
}

uc_err vault_invitation_apply(struct uc_client *c, struct kept_row *row, bool recovering)
{
	struct invitation *i = c->invitations, in = { .number = 0 };
	(void)recovering;
	TRY(vault_row_read(c, row, invitation_element, &in));
	while (i && !id_equal(&i->id, &in.id))
		i = i->next;
	if (!i) {
		i = HEAP_NEW(struct invitation);
		if (!i)
			return UC_E_MEMORY;
		i->id = in.id;
		i->number = in.number;
		invitation_add(c, i);
	}
	in.next = i->next;
	in.in_flight = i->in_flight;
	*i = in;
	i->dirty = true;
	wipe(&in, sizeof in);
	return UC_OK;
}

/* --- what is gone --- */

uc_err vault_block_drop(struct uc_client *c, struct kept_row *row)
{
	struct uc_id id;
	id_set(&id, row->id);
	uc_err err = contact_block_apply(c, &id, false);
	return err == UC_E_NOT_FOUND ? linked_block_apply(c, &id, false) : err;
}

uc_err vault_addresses_drop(struct uc_client *c, struct kept_row *row)
{
	struct uc_id id;
	id_set(&id, row->id);
	struct contact *k = contact_find(c, &id);
	if (!k || !k->key_count)
		return UC_OK;
	k->key_count = 0;
	k->dirty = true;
	return UC_OK;
}

uc_err vault_own_link_drop(struct uc_client *c, struct kept_row *row)
{
	for (struct own_link *l = c->links; l; l = l->next)
		if (view_equal(VIEW_OF(l->id.b), VIEW_OF(row->id)))
			l->state = LINK_OVER;
	return UC_OK;
}

uc_err vault_invitation_drop(struct uc_client *c, struct kept_row *row)
{
	for (struct invitation *i = c->invitations; i; i = i->next)
		if (view_equal(VIEW_OF(i->id.b), VIEW_OF(row->id)))
			i->gone = true;
	return UC_OK;
}
