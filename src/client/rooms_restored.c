/* SPDX-License-Identifier: Apache-2.0 */
/* Rooms again, from what the vault has kept of them: lost, until they were joined anew (resync.c). */
#include "client/chains.h"
#include "client/heads.h"
#include "client/rooms.h"

#include "base/heap.h"

static uc_err fill(struct uc_client *c, const struct vault_room *in, struct room *r)
{
	TRY(text_set(r->name, sizeof r->name, in->name));
	TRY(text_set(r->participant, sizeof r->participant, in->participant));
	TRY(text_set(r->persona, sizeof r->persona, in->persona));
	TRY(env_random(&c->env, r->seat_secret, sizeof r->seat_secret));
	ed25519_from_seed(in->seed, &r->participant_key);
	chain_forget(r);
	memcpy(r->contact.b, in->contact, sizeof r->contact.b);
	memset(r->client, 0, sizeof r->client);
	memset(r->chain, 0, sizeof r->chain);
	r->says = in->says;
	/* Whose kind was not known yet we were being brought into. */
	r->direct = r->made = in->direct;
	r->state = ROOM_OPEN;
	r->consistent = r->restored = r->lost = r->stuck = true;
	r->seat_known = r->keys_given = r->fleeing = false;
	r->close_ms = 0;
	/* What the vault is sure of was said, or may have been: it is not taken back here either. */
	r->introduced = in->says != SAYS_NOTHING;
	heads_begin(r);
	r->seq = r->start = 0;
	r->dirty = r->members_dirty = true;
	return UC_OK;
}

/* Two places of ours in one room have records of their own, as when they were found. */
static struct room *place(struct uc_client *c, const struct vault_room *in, bool *there)
{
	struct uc_id id = room_id(in->uri);
	struct room *r = room_find(c, &id);
	/* As which account we are there is known; of a persona's place nobody is to see that it is ours. */
	*there = in->says == SAYS_ACCOUNT && !in->direct && r &&
		 places_has_better(c, r->uri, in->participant);
	for (const struct room *o = c->rooms; o; o = o->next)
		*there =
			*there || (o->state != ROOM_LEFT && view_equal(view_str(o->uri), in->uri) &&
				   view_equal(view_str(o->participant), in->participant));
	if (*there || (r && r->state == ROOM_LEFT))
		return r;
	if (r)
		id = id_of("Undercroft room", in->uri, in->participant);
	r = room_find(c, &id);
	return r ? r : room_new(c, in->uri, &id);
}

uc_err rooms_restore(struct uc_client *c, const struct vault_room *in, struct room **out)
{
	bool there;
	*out = NULL;
	if (in->uri.n >= URI_BYTES || in->says > SAYS_NOTHING || !uri_domain(in->uri).n)
		return UC_E_MALFORMED;
	struct room *r = place(c, in, &there);
	if (there)
		return UC_OK;
	if (!r)
		return UC_E_MEMORY;
	uc_err err = fill(c, in, r);
	if (err)
		r->state = ROOM_LEFT;
	else
		*out = r;
	return err;
}

uc_err room_member_restore(struct uc_client *c, struct room *r, struct view participant,
			   const struct uc_id *contact, bool admitted)
{
	if (room_member_find(r, participant))
		return UC_OK;
	struct member *m = HEAP_NEW(struct member);
	if (!m)
		return UC_E_MEMORY;
	uc_err err = text_set(m->participant, sizeof m->participant, participant);
	if (err) {
		heap_free(m);
		return err;
	}
	m->contact = *contact;
	m->admitted = admitted;
	m->since_ms = client_now(c);
	m->next = r->members;
	r->members = m;
	r->members_dirty = true;
	return UC_OK;
}
