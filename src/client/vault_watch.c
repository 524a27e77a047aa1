/* SPDX-License-Identifier: Apache-2.0 */
/* Whether something that the vault keeps has changed.  What a turn has touched is compared with the rows;
 * rooms, which each message touches, only once a tag of what may be kept of them is another. */
#include "client/vault_inside.h"

#include "client/account.h"

/* FNV-1a: only whether it is the same as before, in this process, is asked. */
static uint64_t tag_add(uint64_t tag, const void *p, size_t n)
{
	const uint8_t *b = p;
	for (size_t i = 0; i < n; i++)
		tag = (tag ^ b[i]) * 0x100000001b3u;
	return (tag ^ n) * 0x100000001b3u;
}

static bool changes(uint64_t *tag, uint64_t now)
{
	bool changed = *tag != now;
	*tag = now;
	return changed;
}

/* A message changes a room, and nothing that is kept of it. */
static uint64_t room_tag(const struct room *r)
{
	uint8_t flags[] = { r->state, r->direct, r->fleeing, r->says, r->introduced };
	uint64_t tag = tag_add(0xcbf29ce484222325u, flags, sizeof flags);
	tag = tag_add(tag, r->name, view_str(r->name).n);
	tag = tag_add(tag, r->persona, view_str(r->persona).n);
	tag = tag_add(tag, r->participant, view_str(r->participant).n);
	tag = tag_add(tag, r->contact.b, sizeof r->contact.b);
	for (const struct member *m = r->members; m; m = m->next)
		if (m->admitted || m->blocked || r->direct || !id_is_zero(&m->contact)) {
			uint8_t bits[] = { m->admitted, m->blocked, m->introduced, m->gone };
			tag = tag_add(tag, m->participant, view_str(m->participant).n);
			tag = tag_add(tag, m->contact.b, sizeof m->contact.b);
			tag = tag_add(tag, bits, sizeof bits);
		}
	return tag;
}

static uint64_t account_tag(const struct account *a)
{
	uint64_t tag = tag_add(0xcbf29ce484222325u, a->settings.p, a->settings.n);
	tag = tag_add(tag, a->identifier, view_str(a->identifier).n);
	tag = tag_add(tag, a->profile_name, view_str(a->profile_name).n);
	tag = tag_add(tag, a->code_now.text, sizeof a->code_now.text);
	tag = tag_add(tag, &a->waits_to_introduce, sizeof a->waits_to_introduce);
	tag = tag_add(tag, &a->removes_silent, sizeof a->removes_silent);
	for (uint32_t i = 0; i < a->request_key_count; i++)
		tag = tag_add(tag, a->request_keys[i].pub, sizeof a->request_keys[i].pub);
	return tag;
}

static uint64_t list_tag(const struct account *a)
{
	return tag_add(0xcbf29ce484222325u, a->list.p, a->list.n);
}

/* --- what a turn has touched --- */

static uc_err account_look(struct uc_client *c)
{
	struct vault *v = &c->vault;
	if (!c->account.dirty)
		return UC_OK;
	/* Keys and wraps follow it. */
	if (changes(&v->list_tag, list_tag(&c->account)))
		v->differs = true;
	return changes(&v->account_tag, account_tag(&c->account)) ? vault_collect_account(c)
								  : UC_OK;
}

static uc_err people_look(struct uc_client *c)
{
	for (const struct contact *k = c->contacts; k; k = k->next)
		if (k->dirty)
			TRY(vault_collect_contact(c, k));
	for (const struct contact *k = c->barred; k; k = k->next)
		if (k->dirty || k->ended)
			TRY(vault_collect_barred(c, k));
	for (const struct linked *l = c->linkeds; l; l = l->next)
		if (l->dirty)
			TRY(vault_collect_linked(c, l));
	for (const struct own_link *l = c->links; l; l = l->next)
		if (l->dirty || l->state == LINK_OVER)
			TRY(vault_collect_own_link(c, l));
	for (const struct invitation *i = c->invitations; i; i = i->next)
		if (i->dirty || i->gone)
			TRY(vault_collect_invitation(c, i));
	for (const struct request *q = c->requests; q; q = q->next)
		if (q->dirty)
			TRY(vault_collect_answer(c, q));
	return c->guardian.dirty ? vault_collect_guardians(c) : UC_OK;
}

static uc_err rooms_look(struct uc_client *c)
{
	for (struct room *r = c->rooms; r; r = r->next) {
		bool touched =
			(r->dirty || r->members_dirty) && changes(&r->vault_tag, room_tag(r));
		/* Whether a room waits for a guardian is not told by the room. */
		if (touched || c->guardian.dirty)
			TRY(vault_collect_room(c, r));
	}
	return UC_OK;
}

static uc_err look(struct uc_client *c)
{
	TRY(account_look(c));
	TRY(people_look(c));
	return rooms_look(c);
}

static bool has_changed(struct uc_client *c)
{
	struct vault *v = &c->vault;
	v->looking = true;
	v->differs = false;
	uc_err err = look(c);
	v->looking = false;
	return v->differs || err; /* then it is found when it is due */
}

void vault_watch(struct uc_client *c)
{
	if (account_is_active(c) && c->vault.has_keys && has_changed(c))
		vault_changed(c);
}

void vault_watch_begin(struct uc_client *c)
{
	struct vault *v = &c->vault;
	if (!account_is_active(c) || !v->has_keys)
		return;
	v->account_tag = account_tag(&c->account);
	v->list_tag = list_tag(&c->account);
	for (struct room *r = c->rooms; r; r = r->next)
		r->vault_tag = room_tag(r);
}
