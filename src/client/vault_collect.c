/* SPDX-License-Identifier: Apache-2.0 */
/* What the vault keeps of what there is. */
#include "client/vault_inside.h"

#include "client/account.h"
#include "client/contact_requests.h"
#include "client/contacts.h"
#include "client/devices.h"
#include "client/guardian.h"
#include "client/reaching.h"
#include "client/rooms.h"
#include "client/settings.h"

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

static uc_err put(struct uc_client *c, uint8_t kind, const uint8_t id[VAULT_ID], wire_element *walk,
		  const void *object)
{
	struct arena_mark mark = arena_mark(&c->call);
	struct view data;
	uc_err err = wire_encode_to(&c->call, walk, object, &data);
	if (!err)
		err = vault_row_put(c, kind, id, data);
	arena_reset(&c->call, mark);
	return err;
}

/* --- the account --- */

static uc_err account_collect(struct uc_client *c)
{
	const struct account *a = &c->account;
	struct vault_account x = { .identifier = view_str(a->identifier),
				   .waits_to_introduce = a->waits_to_introduce,
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

uc_err vault_device_put(struct uc_client *c, const uint8_t device_key[ED25519_KEY],
			const uint8_t box_key[32])
{
	struct vault_device x = { { device_key, ED25519_KEY }, { box_key, 32 } };
	TRY(put(c, VAULT_DEVICE, device_key, vault_device_element, &x));
	vault_soon(c);
	return UC_OK;
}

static uc_err devices_collect(struct uc_client *c, bool *rekey)
{
	const struct account *a = &c->account;
	struct vault *v = &c->vault;
	struct vault_device x = { VIEW_OF(a->device.pub), VIEW_OF(a->intake_pub) };
	TRY(put(c, VAULT_DEVICE, a->device.pub, vault_device_element, &x));
	for (size_t i = 0; i < v->n; i++) {
		struct kept_row *r = &v->rows[i];
		if (r->kind != VAULT_DEVICE || r->gone)
			continue;
		r->seen = true;
		if (devices_is_listed(c, VIEW_OF(r->id)))
			continue;
		vault_row_gone(c, r);
		*rekey = true;
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
	return x.addresses.n ? put(c, VAULT_ADDRESSES, k->id.b, vault_addresses_element, &x)
			     : UC_OK;
}

static uc_err contact_collect(struct uc_client *c, const struct contact *k)
{
	struct vault_contact x = { .app = view_str(k->app),
				   .name = view_str(k->name),
				   .account_key = VIEW_OF(k->account_key),
				   .list = blob_view(&k->list),
				   .blocked = k->blocked,
				   .verified = k->verified,
				   .identity_changed = k->identity_changed,
				   .has_direct = k->has_direct };
	if (k->has_direct)
		memcpy(x.direct, k->direct.b, sizeof x.direct);
	TRY(put(c, VAULT_CONTACT, k->id.b, vault_contact_element, &x));
	return k->blocked ? UC_OK : addresses_collect(c, k);
}

static uc_err people_collect(struct uc_client *c)
{
	for (const struct contact *k = c->contacts; k; k = k->next)
		TRY(contact_collect(c, k));
	for (const struct linked *l = c->linkeds; l; l = l->next)
		TRY(put(c, VAULT_LINKED, l->id.b, linked_element, l));
	for (const struct own_link *l = c->links; l; l = l->next)
		if (l->state != LINK_OFFERED && l->state != LINK_OVER)
			TRY(put(c, VAULT_OWN_LINK, l->id.b, own_link_element, l));
	for (const struct invitation *i = c->invitations; i; i = i->next)
		if ((i->state == INVITATION_OPEN || i->state == INVITATION_USED) && !i->gone)
			TRY(put(c, VAULT_INVITATION, i->id.b, invitation_element, i));
	return UC_OK;
}

static uc_err guardians_collect(struct uc_client *c)
{
	const struct guardianship *g = &c->guardian;
	struct vault_guardian x;
	memcpy(x.contact, g->guardian.b, sizeof x.contact);
	memcpy(x.key, g->key, sizeof x.key);
	memcpy(x.offer, g->offer, sizeof x.offer);
	if (g->has_guardian)
		TRY(put(c, VAULT_GUARDIAN, self_id, vault_guardian_element, &x));
	for (const struct ward *k = g->wards; k; k = k->next) {
		struct vault_ward y = { .accepted = k->accepted };
		memcpy(y.offer, k->offer, sizeof y.offer);
		memcpy(y.seed, k->key.seed, sizeof y.seed);
		uc_err err = put(c, VAULT_WARD, k->contact.b, vault_ward_element, &y);
		wipe(&y, sizeof y);
		TRY(err);
	}
	return UC_OK;
}

/* --- letters --- */

static uc_err answers_collect(struct uc_client *c)
{
	for (const struct request *q = c->requests; q; q = q->next) {
		struct uc_id id = request_letter(q);
		struct vault_answered x = { q->state == REQUEST_ACCEPTED ||
					    q->state == REQUEST_SENDING };
		const struct kept_row *known = vault_row_find(&c->vault, VAULT_ANSWERED, id.b);
		/* Over by the clock of another device: else they would write it in turn until all say so. */
		if (requests_is_answered(c, q) && !(known && known->gone))
			TRY(put(c, VAULT_ANSWERED, id.b, vault_answered_element, &x));
	}
	return UC_OK;
}

/* --- rooms --- */

static bool member_is_kept(struct uc_client *c, const struct room *r, const struct member *m,
			   bool young)
{
	const struct contact *k = contact_find(c, &m->contact);
	if (m->gone)
		return false;
	return m->blocked || (r->direct && k && m->introduced) || (k && k->blocked) ||
	       (young && m->admitted);
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
		to->blocked = m->blocked;
		memcpy(to->contact, m->contact.b, sizeof to->contact);
		x->members.n++;
	}
}

static bool room_is_kept(const struct room *r)
{
	return (r->state == ROOM_OPEN || r->state == ROOM_JOINING) && !r->shadow && !r->fleeing;
}

/* Where nothing was said yet, a persona may be chosen after this was written. */
static uint8_t says_surely(const struct room *r)
{
	bool open = r->says == SAYS_ACCOUNT && !r->introduced && !r->direct;
	return open ? SAYS_NOTHING : r->says;
}

static uc_err room_collect(struct uc_client *c, const struct room *r)
{
	struct uc_id id =
		id_of("Undercroft vault room", view_str(r->uri), view_str(r->participant));
	struct vault_room x = { .uri = view_str(r->uri),
				.name = view_str(r->name),
				.participant = view_str(r->participant),
				.says = says_surely(r),
				.persona = view_str(r->persona),
				.direct = r->direct,
				.held = guardian_holds(c, r) };
	struct kept_row *known = vault_row_find(&c->vault, VAULT_ROOM, id.b);
	if (!room_is_kept(r)) {
		/* Another device may still have to come into it; of one that was left it has not. */
		if (known && r->state != ROOM_CREATING)
			vault_row_gone(c, known);
		return UC_OK;
	}
	struct vault_room before;
	/* Who has just come in is still to be told the name. */
	if (known && !x.name.n &&
	    !wire_decode(blob_view(&known->data), &c->call, vault_room_element, &before))
		x.name = before.name;
	memcpy(x.contact, r->contact.b, sizeof x.contact);
	memcpy(x.seed, r->participant_key.seed, sizeof x.seed);
	struct vault_member *list = ARENA_ARRAY(&c->call, struct vault_member, MEMBERS_MAX);
	if (!list)
		return UC_E_LIMIT;
	members_collect(c, r, list, &x);
	uc_err err = put(c, VAULT_ROOM, id.b, vault_room_element, &x);
	wipe(x.seed, sizeof x.seed);
	return err;
}

static uc_err rooms_collect(struct uc_client *c)
{
	for (const struct room *r = c->rooms; r; r = r->next) {
		struct arena_mark mark = arena_mark(&c->call);
		uc_err err = room_collect(c, r);
		arena_reset(&c->call, mark);
		TRY(err);
	}
	return UC_OK;
}

/* --- all of it --- */

/* What this device had, and has no more.  Rooms say so themselves. */
static void gone_collect(struct uc_client *c)
{
	struct vault *v = &c->vault;
	for (size_t i = 0; i < v->n; i++) {
		struct kept_row *r = &v->rows[i];
		if (r->held && !r->seen && !r->gone && r->kind != VAULT_ROOM)
			vault_row_gone(c, r);
	}
}

uc_err vault_collect(struct uc_client *c, bool *rekey)
{
	struct vault *v = &c->vault;
	*rekey = false;
	for (size_t i = 0; i < v->n; i++)
		v->rows[i].seen = false;
	TRY(account_collect(c));
	TRY(devices_collect(c, rekey));
	TRY(people_collect(c));
	TRY(guardians_collect(c));
	TRY(answers_collect(c));
	TRY(rooms_collect(c));
	gone_collect(c);
	return UC_OK;
}

uc_err vault_wrap_to(struct uc_client *c, struct arena *a, struct view_list *out)
{
	struct vault *v = &c->vault;
	out->v = ARENA_ARRAY(a, struct view, VAULT_WRAPS_MAX);
	if (!out->v)
		return UC_E_LIMIT;
	out->v[0] = VIEW_OF(v->words_pub);
	out->n = 1;
	for (size_t i = 0; i < v->n && out->n < VAULT_WRAPS_MAX; i++) {
		struct vault_device d;
		const struct kept_row *r = &v->rows[i];
		if (r->kind == VAULT_DEVICE && !r->gone &&
		    !wire_decode(blob_view(&r->data), a, vault_device_element, &d))
			out->v[out->n++] = d.box_key;
	}
	return UC_OK;
}

uc_err vault_rows_encode(struct uc_client *c, bool addresses, struct arena *a, struct view *out)
{
	const struct vault *v = &c->vault;
	struct vault_rows x = { .version = 1 };
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
