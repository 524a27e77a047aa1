/* SPDX-License-Identifier: Apache-2.0 */
#include "client/identity.h"

#include "client/contacts.h"
#include "client/devices.h"
#include "mimi/introduction.h"
#include "mimi/names.h"
#include "mimi/persona.h"
#include "mimi/uri.h"

uc_err identity_write(struct uc_client *c, const struct identity_place *at, struct arena *a,
		      struct view *introduction)
{
	const struct account *self = &c->account;
	struct introduction in = {
		.app = view_str(self->app),
		.profile_name = view_str(self->profile_name),
		.account_key = VIEW_OF(self->account_key),
		.room = at->room,
		.participant = at->participant,
		.client = at->client,
		.leaf_key = at->leaf_key,
	};
	TRY(devices_shown(c, a, &in.device_list));
	return introduction_make(&in, &self->device, a, introduction);
}

uc_err identity_peek(struct view introduction, struct arena *a, struct view *client)
{
	struct introduction in;
	struct persona p;
	if (is_persona(introduction)) {
		TRY(wire_decode(introduction, a, persona_element, &p));
		*client = p.client;
		return UC_OK;
	}
	TRY(wire_decode(introduction, a, introduction_element, &in));
	*client = in.client;
	return UC_OK;
}

void identity_alarm(struct uc_client *c, const struct uc_id *contact, struct view what)
{
	struct contact *k = contact_find(c, contact);
	if (k)
		k->identity_changed = k->dirty = true;
	struct event_out *e = event_new(c, UC_EVENT_IDENTITY_CHANGED);
	if (!e)
		return;
	e->event.has_contact = true;
	e->event.contact = *contact;
	e->event.text = event_text(e, what);
}

/* --- their device list beside the one we hold --- */

static uc_err known_has(struct uc_client *c, const struct contact *k, struct view device_key)
{
	struct view_list held;
	struct device_list l;
	TRY(device_entries_read(blob_view(&k->list), &c->call, &held));
	TRY(device_list_verify(&held, view_str(k->app), VIEW_OF(k->account_key), &c->call, &l));
	return device_list_has(&l, device_key) ? UC_OK : UC_E_INTRODUCTION;
}

/* The later list counts.  Two entries at one place: somebody, the app or who holds a key, tells
 * different people different things. */
static uc_err list_agree(struct uc_client *c, const struct contact *k,
			 const struct introduction *in, struct view *list)
{
	struct view_list held;
	TRY(device_entries_read(blob_view(&k->list), &c->call, &held));
	uc_err err = device_list_compare(&held, &in->device_list, &c->call);
	if (!err)
		return UC_OK;
	if (err == UC_E_STALE) {
		err = device_list_compare(&in->device_list, &held, &c->call);
		if (!err) {
			*list = blob_view(&k->list);
			return known_has(c, k, in->device_key);
		}
	}
	if (err == UC_E_CHAIN)
		identity_alarm(c, &k->id, VIEW_LIT("their list of devices has two versions"));
	return err == UC_E_MEMORY ? err : UC_E_INTRODUCTION;
}

static bool at_place(const struct introduction *in, const struct identity_place *at)
{
	return view_equal(in->room, at->room) && view_equal(in->participant, at->participant) &&
	       view_equal(in->client, at->client) && view_equal(in->leaf_key, at->leaf_key);
}

uc_err identity_name(struct view profile_name, struct arena *a, char name[PROFILE_BYTES])
{
	struct view normal;
	if (profile_name_normalise(profile_name, a, &normal))
		return UC_E_INTRODUCTION;
	return text_set(name, PROFILE_BYTES, normal);
}

uc_err identity_verify(struct uc_client *c, struct view introduction,
		       const struct identity_place *at, struct arena *a, struct identity *out)
{
	struct introduction in;
	struct identity who = { .persona = false };
	uc_err err = introduction_verify(introduction, a, &in, NULL);
	if (err)
		return err == UC_E_MEMORY ? err : UC_E_INTRODUCTION;
	if (!at_place(&in, at) || !domain_is_valid(in.app))
		return UC_E_INTRODUCTION;
	TRY(text_set(who.app, sizeof who.app, in.app));
	TRY(identity_name(in.profile_name, a, who.name));
	memcpy(who.account_key, in.account_key.p, ED25519_KEY);
	memcpy(who.device_key, in.device_key.p, ED25519_KEY);
	who.participant = in.participant;
	who.client = in.client;
	TRY(device_entries_write(&in.device_list, a, &who.list));
	struct uc_id id = contact_id(who.app, who.account_key);
	const struct contact *known = contact_find(c, &id);
	if (known && known->list.n)
		TRY(list_agree(c, known, &in, &who.list));
	*out = who;
	return UC_OK;
}

uc_err identity_signer(struct uc_client *c, struct view app, struct view account_key,
		       const struct view_list *list, struct view device_key)
{
	struct introduction in = { .device_list = *list, .device_key = device_key };
	struct view later = { NULL, 0 };
	char domain[DOMAIN_MAX];
	TRY(text_set(domain, sizeof domain, app));
	struct uc_id id = contact_id(domain, account_key.p);
	const struct contact *known = contact_find(c, &id);
	return known && known->list.n ? list_agree(c, known, &in, &later) : UC_OK;
}
