/* SPDX-License-Identifier: Apache-2.0 */
#include "client/names_kept.h"

#include "client/barred.h"
#include "client/contacts.h"
#include "client/rooms.h"
#include "client/strangers.h"
#include "mimi/introduction.h"
#include "mimi/persona.h"

static const struct contact *blocked_as(struct uc_client *c, const struct identity *who)
{
	struct uc_id id = contact_id(who->app, who->account_key);
	const struct contact *k = contact_find(c, &id);
	if (!k)
		k = barred_find(c, &id);
	return k && k->blocked && *k->name ? k : NULL;
}

const char *name_of_contact(struct uc_client *c, const struct identity *who)
{
	const struct contact *k = blocked_as(c, who);
	return k ? k->name : who->name;
}

const char *name_of_member(struct uc_client *c, const struct member *m, const struct identity *who)
{
	if (m->introduced && (m->blocked || strangers_blocked(c, m)))
		return m->name;
	return who->persona ? who->name : name_of_contact(c, who);
}

static uc_err name_said(struct uc_client *c, const struct member *m, char name[PROFILE_BYTES])
{
	struct introduction in;
	struct persona p;
	if (m->persona) {
		TRY(wire_decode(blob_view(&m->introduction), &c->call, persona_element, &p));
		return identity_name(p.name, &c->call, name);
	}
	TRY(wire_decode(blob_view(&m->introduction), &c->call, introduction_element, &in));
	return identity_name(in.profile_name, &c->call, name);
}

uc_err name_again(struct uc_client *c, struct room *r, struct member *m)
{
	char name[PROFILE_BYTES];
	if (!m->introduced || !m->introduction.n)
		return UC_OK;
	uc_err err = name_said(c, m, name);
	/* Where it cannot be read any more, the name stays: nobody is left blocked for it. */
	if (err || !strcmp(m->name, name))
		return err_is_hard(err) ? err : UC_OK;
	TRY(text_set(m->name, sizeof m->name, view_str(name)));
	r->dirty = r->members_dirty = true;
	room_changed(c, r, VIEW_LIT("members"));
	return UC_OK;
}

/* A name is told in all rooms at about the same time; where two differ, that of their conversation counts. */
static uc_err contact_again(const struct room *r, const struct member *m, struct contact *k,
			    bool *is_direct)
{
	bool here = k->has_direct && id_equal(&k->direct, &r->id);
	if (m->gone || !room_is_open(r) || (*is_direct && !here))
		return UC_OK;
	*is_direct = here;
	k->dirty = k->dirty || strcmp(k->name, m->name) != 0;
	return text_set(k->name, sizeof k->name, view_str(m->name));
}

uc_err names_again(struct uc_client *c, const struct uc_id *account)
{
	struct contact *k = contact_find(c, account);
	bool is_direct = false;
	for (struct room *r = c->rooms; r; r = r->next)
		for (struct member *m = r->members; m; m = m->next) {
			struct uc_id id = strangers_account(m);
			if (!m->introduced || m->persona || !id_equal(&id, account))
				continue;
			TRY(name_again(c, r, m));
			if (k)
				TRY(contact_again(r, m, k, &is_direct));
		}
	return UC_OK;
}
