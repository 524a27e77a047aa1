/* SPDX-License-Identifier: Apache-2.0 */
/* What there is again, of what the vault has kept.  What a row tells was written by a device of this
 * account; one that makes no sense all the same is carried along, and changes nothing. */
#include "client/vault_inside.h"

#include "client/contact_requests.h"
#include "client/contacts.h"
#include "client/devices.h"
#include "client/guardian.h"
#include "client/linked.h"
#include "client/rooms.h"
#include "client/settings.h"
#include "mimi/settings.h"

#include "base/heap.h"

static void id_set(struct uc_id *to, const uint8_t from[VAULT_ID])
{
	memcpy(to->b, from, VAULT_ID);
}

static uc_err read(struct uc_client *c, const struct kept_row *row, wire_element *walk, void *out)
{
	return wire_decode(blob_view(&row->data), &c->call, walk, out);
}

/* --- the account --- */

/* Of devices that there are, the later one's word holds whole: else each would put its own back. */
static uc_err account_apply(struct uc_client *c, const struct kept_row *row, bool recovering)
{
	struct account *a = &c->account;
	struct vault_account x;
	struct settings s, known = settings_known(c);
	TRY(read(c, row, vault_account_element, &x));
	a->waits_to_introduce = x.waits_to_introduce;
	if (!recovering)
		TRY(text_set(a->profile_name, sizeof a->profile_name, x.name));
	if (!recovering || !a->identifier[0])
		TRY(text_set(a->identifier, sizeof a->identifier, x.identifier));
	if (x.settings.n && !wire_decode(x.settings, &c->call, settings_element, &s) &&
	    s.number > known.number)
		TRY(blob_set(&a->settings, x.settings));
	if (!recovering || x.code.n) {
		TRY(text_set(a->code_now.text, sizeof a->code_now.text, x.code));
		memcpy(a->code_now.tag, x.code_tag, sizeof a->code_now.tag);
	}
	a->dirty = true;
	return UC_OK;
}

static uc_err request_key_apply(struct uc_client *c, const struct kept_row *row)
{
	struct account *a = &c->account;
	struct vault_request_key x;
	TRY(read(c, row, vault_request_key_element, &x));
	bool known = false;
	for (uint32_t i = 0; i < a->request_key_count; i++)
		known = known || view_equal(VIEW_OF(a->request_keys[i].pub), VIEW_OF(x.pub));
	if (!known) {
		uint32_t keep = a->request_key_count < REQUEST_KEYS ? a->request_key_count
								    : REQUEST_KEYS - 1;
		struct request_key *k = &a->request_keys[0];
		memmove(k + 1, k, keep * sizeof *k);
		memcpy(k->priv, x.priv, sizeof k->priv);
		memcpy(k->pub, x.pub, sizeof k->pub);
		k->put = true;
		a->request_key_count = keep + 1;
		a->dirty = true;
	}
	wipe(&x, sizeof x);
	return UC_OK;
}

/* --- people --- */

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

static uc_err contact_apply(struct uc_client *c, const struct kept_row *row)
{
	struct vault_contact x;
	char app[DOMAIN_MAX], name[PROFILE_BYTES];
	struct view list;
	struct contact *k;
	TRY(read(c, row, vault_contact_element, &x));
	TRY(text_set(app, sizeof app, x.app));
	TRY(text_set(name, sizeof name, x.name));
	struct uc_id id = contact_id(app, x.account_key.p);
	if (!view_equal(VIEW_OF(id.b), VIEW_OF(row->id)))
		return UC_E_MALFORMED;
	k = contact_find(c, &id);
	TRY(arena_copy(&c->call, k ? list_later(c, k, x.list) : x.list, &list));
	TRY(contact_meet(c, app, x.account_key.p, name, list, &k));
	if (k->blocked != x.blocked)
		TRY(linked_block(c, &id, x.blocked));
	k->verified = x.verified;
	k->identity_changed = x.identity_changed;
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
static uc_err addresses_apply(struct uc_client *c, const struct kept_row *row)
{
	struct vault_addresses x;
	struct key_address one;
	struct uc_id id;
	id_set(&id, row->id);
	struct contact *k = contact_find(c, &id);
	TRY(read(c, row, vault_addresses_element, &x));
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

static uc_err linked_apply(struct uc_client *c, const struct kept_row *row)
{
	struct linked in = { .number = 0 }, *l = c->linkeds;
	TRY(read(c, row, linked_element, &in));
	while (l && !id_equal(&l->id, &in.id))
		l = l->next;
	if (!l) {
		l = HEAP_NEW(struct linked);
		if (!l)
			return UC_E_MEMORY;
		l->id = in.id;
		linked_add(c, l);
	}
	bool blocked = in.blocked && !l->blocked;
	in.next = l->next;
	*l = in;
	l->dirty = true;
	return blocked ? linked_block(c, &l->sides[0].contact, true) : UC_OK;
}

static uc_err own_link_apply(struct uc_client *c, const struct kept_row *row)
{
	struct own_link *l = c->links, *in = HEAP_NEW(struct own_link);
	if (!in)
		return UC_E_MEMORY;
	uc_err err = read(c, row, own_link_element, in);
	while (!err && l && !id_equal(&l->id, &in->id))
		l = l->next;
	if (err) {
		blob_done(&in->statement);
		blob_done(&in->withdrawal);
		heap_free(in);
		return err;
	}
	in->dirty = true;
	if (!l) {
		own_link_add(c, in);
		return UC_OK;
	}
	in->next = l->next;
	blob_done(&l->statement);
	blob_done(&l->withdrawal);
	*l = *in;
	heap_free(in);
	return UC_OK;
}

static uc_err invitation_apply(struct uc_client *c, const struct kept_row *row)
{
	struct invitation *i = c->invitations, in = { .number = 0 };
	TRY(read(c, row, invitation_element, &in));
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

/* --- guardians --- */

static uc_err guardian_apply(struct uc_client *c, const struct kept_row *row)
{
	struct guardianship *g = &c->guardian;
	struct vault_guardian x;
	TRY(read(c, row, vault_guardian_element, &x));
	id_set(&g->guardian, x.contact);
	memcpy(g->key, x.key, sizeof g->key);
	memcpy(g->offer, x.offer, sizeof g->offer);
	g->has_guardian = g->dirty = true;
	return UC_OK;
}

static uc_err ward_apply(struct uc_client *c, const struct kept_row *row)
{
	struct guardianship *g = &c->guardian;
	struct vault_ward x;
	struct uc_id id;
	struct ward *k = g->wards;
	id_set(&id, row->id);
	TRY(read(c, row, vault_ward_element, &x));
	while (k && !id_equal(&k->contact, &id))
		k = k->next;
	if (!k) {
		k = HEAP_NEW(struct ward);
		if (!k)
			return UC_E_MEMORY;
		k->contact = id;
		k->next = g->wards;
		g->wards = k;
	}
	static const uint8_t none[ED25519_SEED];
	k->accepted = x.accepted;
	memcpy(k->offer, x.offer, sizeof k->offer);
	if (!view_equal(VIEW_OF(x.seed), VIEW_OF(none)))
		ed25519_from_seed(x.seed, &k->key);
	wipe(&x, sizeof x);
	g->dirty = true;
	return UC_OK;
}

/* --- rooms --- */

/* Nothing of who is blocked is looked at again; their conversation ends for us as it was to. */
static bool is_with_blocked(struct uc_client *c, const struct vault_room *x)
{
	struct uc_id id;
	id_set(&id, x->contact);
	return x->direct && linked_is_blocked(c, &id);
}

/* Who the other one of a direct room is was proven once; their participant is theirs for ever. */
static void introduce(struct uc_client *c, struct member *m)
{
	const struct contact *k = contact_find(c, &m->contact);
	if (!k)
		return;
	m->introduced = true;
	memcpy(m->name, k->name, sizeof m->name);
	memcpy(m->account_key, k->account_key, ED25519_KEY);
}

static uc_err members_apply(struct uc_client *c, struct room *r, const struct vault_room *x)
{
	for (size_t i = 0; i < x->members.n; i++) {
		const struct vault_member *in = &x->members.v[i];
		struct uc_id contact;
		id_set(&contact, in->contact);
		TRY(room_member_restore(c, r, in->participant, &contact, in->admitted && !x->held));
		struct member *m = room_member_find(r, in->participant);
		if (m)
			m->blocked = in->blocked;
		if (x->direct && m && id_equal(&contact, &r->contact))
			introduce(c, m);
	}
	return UC_OK;
}

/* Where this device is already: what another knows of it and this one does not. */
static uc_err room_agree(struct uc_client *c, const struct vault_room *x)
{
	struct uc_id id = room_id(x->uri);
	struct room *r = room_find(c, &id);
	if (!r || !view_equal(view_str(r->participant), x->participant))
		return UC_OK;
	if (r->direct && id_is_zero(&r->contact))
		id_set(&r->contact, x->contact);
	for (size_t i = 0; i < x->members.n; i++) {
		struct member *m = room_member_find(r, x->members.v[i].participant);
		if (!m)
			continue;
		if (!m->introduced && id_is_zero(&m->contact))
			id_set(&m->contact, x->members.v[i].contact);
		m->admitted = m->admitted || (x->members.v[i].admitted && !x->held);
	}
	r->dirty = r->members_dirty = true;
	return UC_OK;
}

static uc_err room_apply(struct uc_client *c, struct kept_row *row)
{
	struct vault_room x;
	struct room *r;
	TRY(read(c, row, vault_room_element, &x));
	if (is_with_blocked(c, &x)) {
		vault_row_gone(c, row);
		return UC_OK;
	}
	TRY(rooms_restore(c, &x, &r));
	if (!r)
		return room_agree(c, &x);
	TRY(members_apply(c, r, &x));
	return x.held ? guardian_hold(c, r) : UC_OK;
}

/* --- all of it --- */

/* A room is come into by this device itself. */
static uc_err apply(struct uc_client *c, struct kept_row *row, bool recovering)
{
	struct vault_answered answered;
	switch (row->kind) {
	case VAULT_ACCOUNT:
		return account_apply(c, row, recovering);
	case VAULT_REQUEST_KEY:
		return request_key_apply(c, row);
	case VAULT_CONTACT:
		return contact_apply(c, row);
	case VAULT_ADDRESSES:
		return addresses_apply(c, row);
	case VAULT_LINKED:
		return linked_apply(c, row);
	case VAULT_OWN_LINK:
		return own_link_apply(c, row);
	case VAULT_INVITATION:
		return invitation_apply(c, row);
	case VAULT_GUARDIAN:
		return guardian_apply(c, row);
	case VAULT_WARD:
		return ward_apply(c, row);
	case VAULT_ANSWERED:
		TRY(read(c, row, vault_answered_element, &answered));
		return requests_answered(c, row->id, answered.accepted) ? UC_OK : UC_E_NOT_FOUND;
	case VAULT_ROOM:
		return room_apply(c, row);
	default:
		return UC_E_UNSUPPORTED;
	}
}

/* Left, or ended with who is blocked, by another device. */
static uc_err room_drop(struct uc_client *c, const struct uc_id *id)
{
	for (struct room *r = c->rooms; r; r = r->next) {
		struct uc_id of =
			id_of("Undercroft vault room", view_str(r->uri), view_str(r->participant));
		bool here = r->state == ROOM_OPEN || r->state == ROOM_JOINING;
		if (here && !r->shadow && id_equal(&of, id))
			return rooms_close(c, r, 0);
	}
	return UC_OK;
}

/* What was deleted elsewhere. */
static uc_err drop(struct uc_client *c, const struct kept_row *row)
{
	struct guardianship *g = &c->guardian;
	struct uc_id id;
	id_set(&id, row->id);
	switch (row->kind) {
	case VAULT_OWN_LINK:
		for (struct own_link *l = c->links; l; l = l->next)
			if (id_equal(&l->id, &id))
				l->state = LINK_OVER;
		break;
	case VAULT_INVITATION:
		for (struct invitation *i = c->invitations; i; i = i->next)
			if (id_equal(&i->id, &id))
				i->gone = true;
		break;
	case VAULT_GUARDIAN:
		g->has_guardian = false;
		g->dirty = true;
		break;
	case VAULT_ROOM:
		return room_drop(c, &id);
	default:
		break;
	}
	return UC_OK;
}

uc_err vault_row_apply(struct uc_client *c, struct kept_row *row, bool recovering)
{
	/* A recovery has voided addresses and request keys, and all devices but this one. */
	bool was = row->kind == VAULT_DEVICE || row->kind == VAULT_REQUEST_KEY ||
		   row->kind == VAULT_INVITATION;
	if (row->gone) {
		row->held = true;
		return drop(c, row);
	}
	if (recovering && was) {
		vault_row_gone(c, row);
		return UC_OK;
	}
	struct arena_mark mark = arena_mark(&c->call);
	uc_err err = apply(c, row, recovering);
	arena_reset(&c->call, mark);
	row->held = !err;
	return err_is_hard(err) ? err : UC_OK;
}

void vault_letter(struct uc_client *c, const struct request *q)
{
	struct uc_id id = request_letter(q);
	struct kept_row *row = vault_row_find(&c->vault, VAULT_ANSWERED, id.b);
	struct vault_answered x;
	if (row && !row->gone && !read(c, row, vault_answered_element, &x))
		row->held = requests_answered(c, row->id, x.accepted);
}
