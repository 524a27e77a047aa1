/* SPDX-License-Identifier: Apache-2.0 */
/* What the vault keeps of what there is. */
#include "client/vault_inside.h"

#include "client/account.h"
#include "client/chains.h"
#include "client/contact_requests.h"
#include "client/contacts.h"
#include "client/devices.h"
#include "client/guardian.h"
#include "client/reaching.h"
#include "client/rooms.h"
#include "client/settings.h"
#include "client/strangers.h"
#include "mimi/device_list.h"

enum { ADDRESSES_MAX = 4, MEMBERS_MAX = 512 };

static const uint8_t self_id[VAULT_ID];

static void own_link_element(struct wire *w, void *v)
{
	wire_own_link(w, v);
}
static void linked_element(struct wire *w, void *v)
{
	wire_linked(w, v);
}
static void invitation_element(struct wire *w, void *v)
{
	wire_invitation(w, v);
}

/* While it is only looked at, whether a row would be another is all that is noted. */
uc_err vault_collect_put(struct uc_client *c, uint8_t kind, const uint8_t id[VAULT_ID],
			 struct view data)
{
	struct vault *v = &c->vault;
	if (!v->looking)
		return vault_row_put(c, kind, id, data);
	const struct kept_row *r = vault_row_find(v, kind, id);
	v->differs = v->differs || !r || r->gone || !view_equal(blob_view(&r->data), data);
	return UC_OK;
}

static uc_err put(struct uc_client *c, uint8_t kind, const uint8_t id[VAULT_ID], wire_element *walk,
		  const void *object)
{
	struct arena_mark mark = arena_mark(&c->call);
	struct view data;
	uc_err err = wire_encode_to(&c->call, walk, object, &data);
	if (!err)
		err = vault_collect_put(c, kind, id, data);
	arena_reset(&c->call, mark);
	return err;
}

static void gone(struct uc_client *c, struct kept_row *r)
{
	if (c->vault.looking)
		c->vault.differs = c->vault.differs || !r->gone;
	else
		vault_row_gone(c, r);
}

/* There is none: what was held is gone. */
static void absent(struct uc_client *c, uint8_t kind, const uint8_t id[VAULT_ID])
{
	struct kept_row *r = vault_row_find(&c->vault, kind, id);
	if (r && r->held)
		gone(c, r);
}

/* --- the account --- */

uc_err vault_collect_account(struct uc_client *c)
{
	const struct account *a = &c->account;
	struct vault_account x = { .identifier = view_str(a->identifier),
				   .waits_to_introduce = a->waits_to_introduce,
				   .removes_silent = a->removes_silent,
				   .settings = blob_view(&a->settings),
				   .code = view_str(a->code_now.text),
				   .name = view_str(a->profile_name) };
	memcpy(x.code_tag, a->code_now.tag, sizeof x.code_tag);
	TRY(put(c, VAULT_ACCOUNT, self_id, vault_account_element, &x));
	for (uint32_t i = 0; i < a->request_key_count; i++) {
		struct vault_request_key k;
		memcpy(k.priv, a->request_keys[i].priv, sizeof k.priv);
		memcpy(k.pub, a->request_keys[i].pub, sizeof k.pub);
		uc_err err = put(c, VAULT_REQUEST_KEY, k.pub, vault_request_key_element, &k);
		wipe(&k, sizeof k);
		TRY(err);
	}
	return UC_OK;
}

static uc_err own_box(struct uc_client *c)
{
	const struct account *a = &c->account;
	struct vault_device x = { .device_key = VIEW_OF(a->device.pub),
				  .box_key = VIEW_OF(a->intake_pub) };
	TRY(vault_device_sign(&a->device, view_str(a->app), x.box_key, &c->call, &x.signature));
	return vault_device_known(c, &x);
}

/* One that our list has not heard of may be new: it is carried along. */
static uc_err devices_collect(struct uc_client *c)
{
	struct vault *v = &c->vault;
	struct device_list l;
	TRY(own_box(c));
	if (!devices_known(c, &l))
		l.count = 0;
	for (size_t i = 0; i < v->n; i++) {
		struct kept_row *r = &v->rows[i];
		if (r->kind != VAULT_DEVICE || r->gone)
			continue;
		r->seen = true;
		if (!device_list_has(&l, VIEW_OF(r->id)) && devices_had(c, VIEW_OF(r->id)))
			vault_row_gone(c, r);
	}
	return UC_OK;
}

/* --- people --- */

static uc_err addresses_collect(struct uc_client *c, const struct contact *k)
{
	struct vault_address list[ADDRESSES_MAX];
	struct vault_addresses x = { { list, 0 } };
	/* The latest: those before are the first to be used, or to have ended. */
	uint32_t from = k->key_count > ADDRESSES_MAX ? k->key_count - ADDRESSES_MAX : 0;
	for (uint32_t i = from; i < k->key_count; i++)
		list[x.addresses.n++] = (struct vault_address){ view_str(k->keys[i].address),
								view_str(k->keys[i].participant),
								k->keys[i].expires_ms };
	if (x.addresses.n && !k->blocked)
		return put(c, VAULT_ADDRESSES, k->id.b, vault_addresses_element, &x);
	absent(c, VAULT_ADDRESSES, k->id.b);
	return UC_OK;
}

static uc_err block_collect(struct uc_client *c, const uint8_t id[VAULT_ID], uint8_t of,
			    bool blocked)
{
	struct vault_block x = { of };
	if (blocked)
		return put(c, VAULT_BLOCK, id, vault_block_element, &x);
	absent(c, VAULT_BLOCK, id);
	return UC_OK;
}

static uc_err sender_tags_collect(struct uc_client *c, const struct contact *k)
{
	struct view list[SENDER_TAGS];
	struct vault_sender_tags x = { { list, k->tag_count } };
	for (uint32_t i = 0; i < k->tag_count; i++)
		list[i] = VIEW_OF(k->tags[i]);
	return k->tag_count ? put(c, VAULT_SENDER_TAGS, k->id.b, vault_sender_tags_element, &x)
			    : UC_OK;
}

uc_err vault_collect_contact(struct uc_client *c, const struct contact *k)
{
	struct vault_contact x = { .app = view_str(k->app),
				   .name = view_str(k->name),
				   .account_key = VIEW_OF(k->account_key),
				   .list = blob_view(&k->list),
				   .identity_changed = k->identity_changed,
				   .has_direct = k->has_direct };
	if (k->has_direct)
		memcpy(x.direct, k->direct.b, sizeof x.direct);
	TRY(put(c, VAULT_CONTACT, k->id.b, vault_contact_element, &x));
	TRY(sender_tags_collect(c, k));
	TRY(block_collect(c, k->id.b, BLOCK_CONTACT, k->blocked));
	if (k->verified && !k->identity_changed)
		TRY(vault_collect_put(c, VAULT_VERIFIED, k->id.b, (struct view){ NULL, 0 }));
	else
		absent(c, VAULT_VERIFIED, k->id.b);
	return addresses_collect(c, k);
}

/* Those who have become a contact have one row of tags, the contact's. */
uc_err vault_collect_barred(struct uc_client *c, const struct contact *k)
{
	const struct vault_contact x = { .app = view_str(k->app),
					 .name = view_str(k->name),
					 .account_key = VIEW_OF(k->account_key) };
	bool tells = !contact_find(c, &k->id);
	if (!k->ended) {
		TRY(put(c, VAULT_BARRED, k->id.b, vault_contact_element, &x));
		return tells ? sender_tags_collect(c, k) : UC_OK;
	}
	absent(c, VAULT_BARRED, k->id.b);
	if (tells)
		absent(c, VAULT_SENDER_TAGS, k->id.b);
	return UC_OK;
}

uc_err vault_collect_linked(struct uc_client *c, const struct linked *l)
{
	struct linked shown = *l;
	shown.blocked = false; /* has a row of its own */
	TRY(put(c, VAULT_LINKED, l->id.b, linked_element, &shown));
	return block_collect(c, l->id.b, BLOCK_LINKED, l->blocked);
}

uc_err vault_collect_own_link(struct uc_client *c, const struct own_link *l)
{
	if (l->state != LINK_OFFERED && l->state != LINK_OVER)
		return put(c, VAULT_OWN_LINK, l->id.b, own_link_element, l);
	absent(c, VAULT_OWN_LINK, l->id.b);
	return UC_OK;
}

uc_err vault_collect_invitation(struct uc_client *c, const struct invitation *i)
{
	if ((i->state == INVITATION_OPEN || i->state == INVITATION_USED) && !i->gone)
		return put(c, VAULT_INVITATION, i->id.b, invitation_element, i);
	absent(c, VAULT_INVITATION, i->id.b);
	return UC_OK;
}

/* --- guardians --- */

static bool has_ward(const struct guardianship *g, const uint8_t id[VAULT_ID])
{
	for (const struct ward *k = g->wards; k; k = k->next)
		if (view_equal(VIEW_OF(k->contact.b), view_make(id, VAULT_ID)))
			return true;
	return false;
}

uc_err vault_collect_guardians(struct uc_client *c)
{
	const struct guardianship *g = &c->guardian;
	struct vault *v = &c->vault;
	struct vault_guardian x;
	memcpy(x.contact, g->guardian.b, sizeof x.contact);
	memcpy(x.key, g->key, sizeof x.key);
	memcpy(x.offer, g->offer, sizeof x.offer);
	if (g->has_guardian)
		TRY(put(c, VAULT_GUARDIAN, self_id, vault_guardian_element, &x));
	else
		absent(c, VAULT_GUARDIAN, self_id);
	for (const struct ward *k = g->wards; k; k = k->next) {
		struct vault_ward y = { .accepted = k->accepted };
		memcpy(y.offer, k->offer, sizeof y.offer);
		memcpy(y.seed, k->key.seed, sizeof y.seed);
		uc_err err = put(c, VAULT_WARD, k->contact.b, vault_ward_element, &y);
		wipe(&y, sizeof y);
		TRY(err);
	}
	for (size_t i = 0; i < v->n; i++) {
		struct kept_row *r = &v->rows[i];
		if (r->kind == VAULT_WARD && r->held && !has_ward(g, r->id))
			gone(c, r);
	}
	return UC_OK;
}

/* --- letters --- */

uc_err vault_collect_answer(struct uc_client *c, const struct request *q)
{
	if (!requests_is_answered(c, q))
		return UC_OK;
	struct uc_id id = request_letter(q);
	struct vault_answered x = { q->state == REQUEST_ACCEPTED || q->state == REQUEST_SENDING };
	return put(c, VAULT_ANSWERED, id.b, vault_answered_element, &x);
}

/* --- rooms --- */

/* Who the other one of a conversation is, is told also once they are gone: another device may not have heard it
 * from themselves, and shows nothing of what they have said until it knows. */
static bool member_is_kept(struct uc_client *c, const struct room *r, const struct member *m,
			   bool young)
{
	const struct contact *k = contact_find(c, &m->contact);
	if (r->direct && k && m->introduced)
		return true;
	return !m->gone && (strangers_blocked(c, m) || (young && m->admitted));
}

/* In one order on all devices. */
static void members_sort(struct vault_member *list, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct vault_member one = list[i];
		size_t at = i;
		for (; at && view_compare(list[at - 1].participant, one.participant) > 0; at--)
			list[at] = list[at - 1];
		list[at] = one;
	}
}

static void members_collect(struct uc_client *c, const struct room *r, struct vault_member *list,
			    struct vault_room *x)
{
	bool young = reaching_is_young(c);
	x->members.v = list;
	for (const struct member *m = r->members; m && x->members.n < MEMBERS_MAX; m = m->next) {
		struct vault_member *to = &list[x->members.n];
		if (!member_is_kept(c, r, m, young))
			continue;
		to->participant = view_str(m->participant);
		to->admitted = m->admitted;
		struct uc_id who = strangers_blocked(c, m) ? strangers_account(m) : m->contact;
		memcpy(to->contact, who.b, sizeof to->contact);
		x->members.n++;
	}
	members_sort(list, x->members.n);
}

static bool room_is_ours(const struct room *r)
{
	/* One with who is blocked is not left yet, and may come back. */
	return (r->state == ROOM_OPEN || r->state == ROOM_JOINING) && !r->shadow &&
	       (!r->fleeing || r->close_ms);
}

/* Other devices come after the one that was brought in, which knows what is said there of who we are: they
 * and it, once they were first, would be silent for each other for ever. */
bool vault_keeps(struct uc_client *c, const struct room *r)
{
	return room_is_ours(r) && !strangers_hold(r) &&
	       (r->state == ROOM_OPEN || devices_count(c) < 2);
}

/* Where nothing was said yet, a persona may be chosen after this was written. */
static uint8_t says_surely(const struct room *r)
{
	bool open = r->says == SAYS_ACCOUNT && !r->introduced && !r->direct;
	return open ? SAYS_NOTHING : r->says;
}

struct uc_id vault_member_id(struct view uri, struct view participant)
{
	return id_of("Undercroft vault member", uri, participant);
}

struct uc_id vault_room_id(const struct room *r)
{
	return id_of("Undercroft vault room", view_str(r->uri), view_str(r->participant));
}

/* Who has just come in is still to be told the name; and who is silent may not have heard yet what another
 * device has said of us. */
static void from_others(struct uc_client *c, const struct kept_row *known, struct vault_room *x)
{
	struct vault_room before;
	if (!known || known->gone)
		return;
	uc_err err = wire_decode(blob_view(&known->data), &c->call, vault_room_element, &before);
	wipe(before.seed, sizeof before.seed);
	if (err)
		return;
	if (!x->name.n)
		x->name = before.name;
	if (x->says == SAYS_NOTHING) {
		x->says = before.says;
		x->persona = before.persona;
	}
}

/* As this device sees it. */
static uc_err room_write(struct uc_client *c, const struct room *r, const struct kept_row *known,
			 struct view *data)
{
	struct vault_room x = { .uri = view_str(r->uri),
				.name = view_str(r->name),
				.participant = view_str(r->participant),
				.says = says_surely(r),
				.persona = view_str(r->persona),
				.direct = r->direct,
				.held = guardian_holds(c, r) };
	from_others(c, known, &x);
	memcpy(x.contact, r->contact.b, sizeof x.contact);
	struct vault_member *list = ARENA_ARRAY(&c->call, struct vault_member, MEMBERS_MAX);
	if (!list)
		return UC_E_LIMIT;
	members_collect(c, r, list, &x);
	memcpy(x.seed, r->participant_key.seed, sizeof x.seed);
	uc_err err = wire_encode_to(&c->call, vault_room_element, &x, data);
	wipe(x.seed, sizeof x.seed);
	return err;
}

static uc_err tag_of(struct view data, uint8_t tag[KEPT_TAG])
{
	uint8_t hash[SHA256_BYTES];
	TRY(sha256(data, hash));
	memcpy(tag, hash, KEPT_TAG);
	return UC_OK;
}

static void room_gone(struct uc_client *c, const uint8_t id[VAULT_ID])
{
	static const uint8_t kinds[] = { VAULT_ROOM, VAULT_CHAIN };
	for (size_t i = 0; i < sizeof kinds; i++) {
		struct kept_row *r = vault_row_find(&c->vault, kinds[i], id);
		if (r)
			gone(c, r);
	}
}

/* Of what was refused to one device (resync.c) the row stays while there are others, who may be there. */
static bool is_refused(struct uc_client *c, const struct room *r)
{
	return r->state == ROOM_LEFT && r->lost && devices_count(c) > 1;
}

/* Its row stays for that participant's first place, also where a second one was left or is still coming. */
static bool is_wanted(struct uc_client *c, const struct room *r)
{
	for (const struct room *o = c->rooms; o; o = o->next) {
		bool same = !strcmp(o->uri, r->uri) && !strcmp(o->participant, r->participant);
		if (same && (o->state == ROOM_CREATING || room_is_ours(o) || is_refused(c, o)))
			return true;
	}
	return false;
}

static uc_err room_row(struct uc_client *c, const struct room *r)
{
	struct uc_id id = vault_room_id(r);
	struct kept_row *known = vault_row_find(&c->vault, VAULT_ROOM, id.b);
	uint8_t tag[KEPT_TAG];
	struct view data;
	if (!vault_keeps(c, r)) {
		/* Another device may still have to come into it; of one that was left it has not. */
		if (!is_wanted(c, r))
			room_gone(c, id.b);
		return UC_OK;
	}
	/* Gone for good, and this device cannot leave yet: put again, it would be taken out again, without end. */
	if (known && known->gone) {
		known->fresh = true; /* it may have been refused: once more with the next vault */
		return UC_OK;
	}
	TRY(room_write(c, r, known, &data));
	TRY(tag_of(data, tag));
	/* Else two devices whose views differ would put their own in the place of the other's for ever. */
	if (known && view_equal(VIEW_OF(tag), VIEW_OF(known->own))) {
		known->seen = true;
		return UC_OK;
	}
	return vault_collect_put(c, VAULT_ROOM, id.b, data);
}

static bool has_met(struct uc_client *c, const struct room *r)
{
	for (const struct member *m = r->members; m && r->direct; m = m->next)
		if (m->introduced && contact_find(c, &m->contact))
			return true;
	return false;
}

/* Does this device know what the row lacks? */
static bool knows_more(struct uc_client *c, const struct room *r, const struct kept_row *row)
{
	struct vault_room x;
	struct uc_id contact;
	uc_err err = wire_decode(blob_view(&row->data), &c->call, vault_room_element, &x);
	wipe(x.seed, sizeof x.seed);
	if (err)
		return true;
	memcpy(contact.b, x.contact, sizeof contact.b);
	return (x.says == SAYS_NOTHING && says_surely(r) != SAYS_NOTHING) ||
	       (!x.name.n && r->name[0]) || (id_is_zero(&contact) && !id_is_zero(&r->contact)) ||
	       (!x.members.n && has_met(c, r));
}

uc_err vault_room_seen(struct uc_client *c, struct kept_row *row)
{
	struct view data;
	for (const struct room *r = c->rooms; r; r = r->next) {
		struct uc_id id = vault_room_id(r);
		if (!vault_keeps(c, r) || !view_equal(VIEW_OF(id.b), VIEW_OF(row->id)))
			continue;
		TRY(room_write(c, r, row, &data));
		bool same = view_equal(data, blob_view(&row->data));
		return same || knows_more(c, r, row) ? UC_OK : tag_of(data, row->own);
	}
	return UC_OK;
}

uc_err vault_collect_room(struct uc_client *c, const struct room *r)
{
	struct arena_mark mark = arena_mark(&c->call);
	uc_err err = room_row(c, r);
	arena_reset(&c->call, mark);
	if (!err && vault_keeps(c, r))
		err = vault_collect_chain(c, r);
	for (const struct member *m = r->members; m && !err && vault_keeps(c, r); m = m->next) {
		struct uc_id id = vault_member_id(view_str(r->uri), view_str(m->participant));
		struct vault_member_block x = { view_str(r->uri), view_str(m->participant) };
		if (m->blocked)
			err = put(c, VAULT_MEMBER_BLOCK, id.b, vault_member_block_element, &x);
		else if (m->persona)
			absent(c, VAULT_MEMBER_BLOCK, id.b);
	}
	return err;
}

/* --- all of it --- */

static bool has_room(const struct uc_client *c, const uint8_t id[VAULT_ID])
{
	for (const struct room *r = c->rooms; r; r = r->next) {
		struct uc_id of = vault_room_id(r);
		if (view_equal(VIEW_OF(of.b), view_make(id, VAULT_ID)))
			return true;
	}
	return false;
}

/* Of a participant that its person was in a room with before: no device has that room any more. */
static bool is_left_over(struct uc_client *c, const struct kept_row *r)
{
	if (devices_count(c) > 1 || has_room(c, r->id))
		return false;
	if (r->kind == VAULT_ROOM)
		return r->held;
	/* Keys of a room that is not here were never taken up. */
	const struct kept_row *room = vault_row_find(&c->vault, VAULT_ROOM, r->id);
	return r->kind == VAULT_CHAIN && (!room || room->gone);
}

/* What this device had, and has no more.  Rooms say so themselves, and who is blocked in them; what a
 * letter was answered is forgotten in its time. */
static void gone_collect(struct uc_client *c)
{
	struct vault *v = &c->vault;
	for (size_t i = 0; i < v->n; i++) {
		struct kept_row *r = &v->rows[i];
		bool itself = r->kind == VAULT_ROOM || r->kind == VAULT_CHAIN ||
			      r->kind == VAULT_MEMBER_BLOCK || r->kind == VAULT_ANSWERED;
		if (!r->seen && !r->gone && (itself ? is_left_over(c, r) : r->held))
			vault_row_gone(c, r);
	}
}

static uc_err objects_collect(struct uc_client *c)
{
	for (const struct contact *k = c->contacts; k; k = k->next)
		TRY(vault_collect_contact(c, k));
	for (const struct contact *k = c->barred; k; k = k->next)
		TRY(vault_collect_barred(c, k));
	for (const struct linked *l = c->linkeds; l; l = l->next)
		TRY(vault_collect_linked(c, l));
	for (const struct own_link *l = c->links; l; l = l->next)
		TRY(vault_collect_own_link(c, l));
	for (const struct invitation *i = c->invitations; i; i = i->next)
		TRY(vault_collect_invitation(c, i));
	for (const struct request *q = c->requests; q; q = q->next)
		TRY(vault_collect_answer(c, q));
	for (const struct room *r = c->rooms; r; r = r->next)
		TRY(vault_collect_room(c, r));
	return UC_OK;
}

uc_err vault_collect(struct uc_client *c)
{
	struct vault *v = &c->vault;
	vault_rows_lapse(c);
	for (size_t i = 0; i < v->n; i++)
		v->rows[i].seen = false;
	TRY(vault_collect_account(c));
	TRY(devices_collect(c));
	TRY(vault_collect_guardians(c));
	TRY(objects_collect(c));
	gone_collect(c);
	return UC_OK;
}

uc_err vault_rows_encode(struct uc_client *c, bool addresses, struct arena *a, struct view *out)
{
	const struct vault *v = &c->vault;
	struct vault_rows x = { .version = 1,
				.key_generation = v->key_generation,
				.key_position = v->key_position };
	x.rows.v = ARENA_ARRAY(a, struct vault_row, v->n + 1);
	if (!x.rows.v)
		return UC_E_LIMIT;
	for (size_t i = 0; i < v->n; i++) {
		const struct kept_row *r = &v->rows[i];
		struct vault_row *to = &x.rows.v[x.rows.n];
		if (r->kind == VAULT_ADDRESSES && !addresses)
			continue;
		*to = (struct vault_row){ .vault_kind = r->kind,
					  .row_version = r->version,
					  .gone = r->gone,
					  .data = blob_view(&r->data) };
		memcpy(to->id, r->id, VAULT_ID);
		x.rows.n++;
	}
	return wire_encode_to(a, vault_rows_element, &x, out);
}
