/* SPDX-License-Identifier: Apache-2.0 */
/* What there is again, of what the vault has kept.  What a row tells was written by a device of this
 * account; one that makes no sense all the same is carried along, and changes nothing. */
#include "client/vault_inside.h"

#include "client/contact_requests.h"
#include "client/contacts.h"
#include "client/devices.h"
#include "client/guardian.h"
#include "client/guardian_inside.h"
#include "client/history.h"
#include "client/introductions.h"
#include "client/linked.h"
#include "client/personas.h"
#include "client/rooms.h"
#include "client/settings.h"
#include "client/strangers.h"
#include "mimi/settings.h"

#include "base/heap.h"

static void id_set(struct uc_id *to, const uint8_t from[VAULT_ID])
{
	memcpy(to->b, from, VAULT_ID);
}

uc_err vault_row_read(struct uc_client *c, const struct kept_row *row, wire_element *walk,
		      void *out)
{
	return wire_decode(blob_view(&row->data), &c->call, walk, out);
}

/* --- the account --- */

/* Another device knows by the app that there is a code, and not which one, until it was told by the vault. */
static bool knows_code(struct uc_client *c)
{
	const struct code_made *made = &c->account.code_now;
	struct settings s = settings_known(c);
	return *made->text && s.code.n && view_equal(s.code, VIEW_OF(made->tag));
}

/* Of devices that there are, the later one's word holds whole: else each would put its own back. */
static uc_err account_apply(struct uc_client *c, struct kept_row *row, bool recovering)
{
	struct account *a = &c->account;
	struct vault_account x;
	struct settings s, known = settings_known(c);
	TRY(vault_row_read(c, row, vault_account_element, &x));
	a->waits_to_introduce = x.waits_to_introduce;
	a->removes_silent = x.removes_silent;
	if (!recovering)
		TRY(text_set(a->profile_name, sizeof a->profile_name, x.name));
	if (!recovering || !a->identifier[0])
		TRY(text_set(a->identifier, sizeof a->identifier, x.identifier));
	if (x.settings.n && !wire_decode(x.settings, &c->call, settings_element, &s) &&
	    s.number > known.number)
		TRY(blob_set(&a->settings, x.settings));
	if ((!recovering || x.code.n) && !knows_code(c)) {
		TRY(text_set(a->code_now.text, sizeof a->code_now.text, x.code));
		memcpy(a->code_now.tag, x.code_tag, sizeof a->code_now.tag);
	}
	a->dirty = true;
	return UC_OK;
}

/* The newest first: by when they came into a vault; one that did not yet was just made. */
static uint64_t request_key_age(struct uc_client *c, const struct request_key *k)
{
	const struct kept_row *r = vault_row_find(&c->vault, VAULT_REQUEST_KEY, k->pub);
	return r && !r->gone ? r->version : UINT64_MAX;
}

static void request_key_insert(struct uc_client *c, const struct request_key *in)
{
	struct account *a = &c->account;
	uint64_t age = request_key_age(c, in);
	uint32_t at = 0;
	while (at < a->request_key_count && request_key_age(c, &a->request_keys[at]) >= age)
		at++;
	if (at == REQUEST_KEYS)
		return;
	uint32_t after = a->request_key_count - at;
	if (a->request_key_count == REQUEST_KEYS)
		after--;
	else
		a->request_key_count++;
	memmove(&a->request_keys[at + 1], &a->request_keys[at], after * sizeof *in);
	a->request_keys[at] = *in;
	a->dirty = true;
}

static uc_err request_key_apply(struct uc_client *c, struct kept_row *row, bool recovering)
{
	const struct account *a = &c->account;
	struct vault_request_key x;
	struct request_key k = { .put = true };
	(void)recovering;
	TRY(vault_row_read(c, row, vault_request_key_element, &x));
	memcpy(k.priv, x.priv, sizeof k.priv);
	memcpy(k.pub, x.pub, sizeof k.pub);
	wipe(&x, sizeof x);
	bool known = !view_equal(VIEW_OF(k.pub), VIEW_OF(row->id));
	for (uint32_t i = 0; i < a->request_key_count; i++)
		known = known || view_equal(VIEW_OF(a->request_keys[i].pub), VIEW_OF(k.pub));
	if (!known)
		request_key_insert(c, &k);
	wipe(&k, sizeof k);
	return UC_OK;
}

/* Another device has had more since; the newest is never given up. */
static uc_err request_key_drop(struct uc_client *c, struct kept_row *row)
{
	struct account *a = &c->account;
	for (uint32_t i = 1; i < a->request_key_count; i++) {
		struct request_key *k = &a->request_keys[i];
		if (!view_equal(VIEW_OF(k->pub), VIEW_OF(row->id)))
			continue;
		uint32_t after = --a->request_key_count - i;
		memmove(k, k + 1, after * sizeof *k);
		wipe(&a->request_keys[a->request_key_count], sizeof *k);
		a->dirty = true;
	}
	return UC_OK;
}

/* --- guardians --- */

static uc_err guardian_apply(struct uc_client *c, struct kept_row *row, bool recovering)
{
	struct guardianship *g = &c->guardian;
	struct vault_guardian x;
	(void)recovering;
	TRY(vault_row_read(c, row, vault_guardian_element, &x));
	id_set(&g->guardian, x.contact);
	memcpy(g->key, x.key, sizeof g->key);
	memcpy(g->offer, x.offer, sizeof g->offer);
	g->has_guardian = g->dirty = true;
	return UC_OK;
}

static uc_err ward_apply(struct uc_client *c, struct kept_row *row, bool recovering)
{
	struct guardianship *g = &c->guardian;
	struct vault_ward x;
	struct uc_id id;
	struct ward *k = g->wards;
	id_set(&id, row->id);
	(void)recovering;
	TRY(vault_row_read(c, row, vault_ward_element, &x));
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

static uc_err guardian_drop(struct uc_client *c, struct kept_row *row)
{
	(void)row;
	c->guardian.has_guardian = false;
	c->guardian.dirty = true;
	return UC_OK;
}

static uc_err ward_drop(struct uc_client *c, struct kept_row *row)
{
	struct uc_id id;
	id_set(&id, row->id);
	ward_forget(&c->guardian, &id);
	return UC_OK;
}

/* --- rooms --- */

/* Nothing of who is blocked is looked at again.  Where the devices are lost their conversation ends with
 * them; where another device still has it, this one comes into it only if they are unblocked before. */
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
		if (x->direct && m && id_equal(&contact, &r->contact))
			introduce(c, m);
	}
	return UC_OK;
}

/* What another device has said there of who we are holds for a silent one. */
static uc_err says_agree(struct uc_client *c, struct room *r, const struct vault_room *x)
{
	char name[PROFILE_BYTES];
	if (r->direct || r->says != SAYS_NOTHING || x->says == SAYS_NOTHING)
		return UC_OK;
	TRY(text_set(name, sizeof name, x->persona));
	if (x->says == SAYS_PERSONA)
		TRY(persona_choose(c, r, name));
	r->says = x->says;
	TRY(places_settle(c, r));
	return room_is_open(r) && !r->lost && !r->shadow ? introductions_own(c, r) : UC_OK;
}

/* Another device has seen proven who the other one of a conversation is, perhaps before this one came. */
static uc_err met_agree(struct uc_client *c, struct room *r, struct member *m)
{
	uint64_t unshown = r->unshown;
	if (!r->direct || m->introduced || id_is_zero(&m->contact) ||
	    !id_equal(&m->contact, &r->contact))
		return UC_OK;
	introduce(c, m);
	if (!m->introduced)
		return UC_OK;
	TRY(strangers_met(c, r, m));
	return unshown && !r->unshown ? history_shown(c, r, unshown) : UC_OK;
}

/* Who is in a room that this device has not come back into yet, only others tell. */
static uc_err member_agree(struct uc_client *c, struct room *r, const struct vault_member *in,
			   bool admitted)
{
	struct uc_id contact;
	id_set(&contact, in->contact);
	if (r->restored)
		TRY(room_member_restore(c, r, in->participant, &contact, admitted));
	struct member *m = room_member_find(r, in->participant);
	if (!m)
		return UC_OK;
	if (!m->introduced && id_is_zero(&m->contact))
		m->contact = contact;
	m->admitted = m->admitted || admitted;
	return met_agree(c, r, m);
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
		const struct vault_member *in = &x->members.v[i];
		TRY(member_agree(c, r, in, in->admitted && !x->held));
	}
	r->dirty = r->members_dirty = true;
	return says_agree(c, r, x);
}

static uc_err room_restore(struct uc_client *c, struct kept_row *row, const struct vault_room *x,
			   bool recovering)
{
	struct room *r;
	if (is_with_blocked(c, x) && recovering) {
		vault_row_gone(c, row);
		return UC_OK;
	}
	if (is_with_blocked(c, x))
		return UC_E_NOT_FOUND;
	TRY(rooms_restore(c, x, &r));
	if (!r)
		return room_agree(c, x);
	/* It begins with its first key: those behind it are taken up once more. */
	struct kept_row *chain = vault_row_find(&c->vault, VAULT_CHAIN, row->id);
	if (chain && !chain->gone)
		chain->held = false;
	TRY(members_apply(c, r, x));
	return x->held ? guardian_hold(c, r) : UC_OK;
}

static uc_err room_apply(struct uc_client *c, struct kept_row *row, bool recovering)
{
	struct vault_room x;
	uc_err err = vault_row_read(c, row, vault_room_element, &x);
	if (!err)
		err = room_restore(c, row, &x, recovering);
	wipe(x.seed, sizeof x.seed);
	TRY(err);
	return row->gone ? UC_OK : vault_room_seen(c, row);
}

/* No place of this device's is there, nor on its way. */
static bool is_not_there(const struct room *r)
{
	return r->restored && r->rejoin.step == REJOIN_NONE;
}

/* Left by another device, also at the time of dice it had for one with who is blocked: this one follows. */
static uc_err room_drop(struct uc_client *c, struct kept_row *row)
{
	for (struct room *r = c->rooms; r; r = r->next) {
		struct uc_id of =
			id_of("Undercroft vault room", view_str(r->uri), view_str(r->participant));
		bool here = r->state == ROOM_OPEN || r->state == ROOM_JOINING;
		if (!here || r->shadow || !view_equal(VIEW_OF(of.b), VIEW_OF(row->id)))
			continue;
		if (!is_not_there(r))
			return rooms_close(c, r, 0);
		rooms_left(c, r);
		return UC_OK;
	}
	return UC_OK;
}

/* --- letters --- */

static uc_err answered_apply(struct uc_client *c, struct kept_row *row, bool recovering)
{
	struct vault_answered x;
	(void)recovering;
	TRY(vault_row_read(c, row, vault_answered_element, &x));
	return requests_answered(c, row->id, x.accepted) ? UC_OK : UC_E_NOT_FOUND;
}

/* --- all of it --- */

/* People before who of them is blocked, and both before rooms, who is blocked in them last. */
static const struct restored {
	uint8_t kind;
	bool was; /* a recovery has voided it with all devices but this one */
	vault_apply *apply;
	vault_drop *drop;
} kinds[] = {
	{ VAULT_ACCOUNT, false, account_apply, NULL },
	{ VAULT_DEVICE, true, NULL, NULL },
	{ VAULT_REQUEST_KEY, true, request_key_apply, request_key_drop },
	{ VAULT_CONTACT, false, vault_contact_apply, NULL },
	{ VAULT_BARRED, false, vault_barred_apply, vault_barred_drop },
	{ VAULT_SENDER_TAGS, false, vault_sender_tags_apply, NULL },
	{ VAULT_LINKED, false, vault_linked_apply, NULL },
	{ VAULT_BLOCK, false, vault_block_apply, vault_block_drop },
	{ VAULT_VERIFIED, false, vault_verified_apply, vault_verified_drop },
	{ VAULT_ADDRESSES, false, vault_addresses_apply, vault_addresses_drop },
	{ VAULT_OWN_LINK, false, vault_own_link_apply, vault_own_link_drop },
	{ VAULT_GUARDIAN, false, guardian_apply, guardian_drop },
	{ VAULT_WARD, false, ward_apply, ward_drop },
	{ VAULT_INVITATION, true, vault_invitation_apply, vault_invitation_drop },
	{ VAULT_ANSWERED, false, answered_apply, NULL },
	{ VAULT_ROOM, false, room_apply, room_drop },
	{ VAULT_CHAIN, false, vault_chain_apply, NULL },
	{ VAULT_MEMBER_BLOCK, false, vault_member_block_apply, vault_member_block_drop },
};

static uc_err apply(struct uc_client *c, const struct restored *k, struct kept_row *row,
		    bool recovering)
{
	if (row->gone)
		return k->drop ? k->drop(c, row) : UC_OK;
	if (recovering && k->was) {
		vault_row_gone(c, row);
		return UC_OK;
	}
	return k->apply ? k->apply(c, row, recovering) : UC_E_UNSUPPORTED;
}

/* The room of one who is blocked there, or of a chain of keys, may have come since by another way; and whose conversation it is may be
 * blocked no more. */
static bool waits(const struct kept_row *r)
{
	bool again =
		r->kind == VAULT_MEMBER_BLOCK || r->kind == VAULT_ROOM || r->kind == VAULT_CHAIN;
	return r->fresh || (again && !r->gone && !r->held);
}

static uc_err kind_apply(struct uc_client *c, const struct restored *k, bool gone, bool recovering)
{
	struct vault *v = &c->vault;
	for (size_t i = 0; i < v->n; i++) {
		struct kept_row *row = &v->rows[i];
		if (row->kind != k->kind || row->gone != gone || !waits(row))
			continue;
		struct arena_mark mark = arena_mark(&c->call);
		row->fresh = false;
		uc_err err = apply(c, k, row, recovering);
		arena_reset(&c->call, mark);
		row->held = row->gone || !err;
		if (err_is_hard(err))
			return err;
	}
	return UC_OK;
}

/* What there is, before what is gone: so there is never less than there should be. */
uc_err vault_rows_apply(struct uc_client *c, bool recovering)
{
	struct vault *v = &c->vault;
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		TRY(kind_apply(c, &kinds[k], false, recovering));
		TRY(kind_apply(c, &kinds[k], true, recovering));
	}
	/* Those of a later program are only carried along. */
	for (size_t i = 0; i < v->n; i++)
		v->rows[i].fresh = false;
	return UC_OK;
}

void vault_letter(struct uc_client *c, const struct request *q)
{
	struct uc_id id = request_letter(q);
	struct kept_row *row = vault_row_find(&c->vault, VAULT_ANSWERED, id.b);
	struct vault_answered x;
	if (row && !row->gone && !vault_row_read(c, row, vault_answered_element, &x))
		row->held = requests_answered(c, row->id, x.accepted);
}
