/* SPDX-License-Identifier: Apache-2.0 */
#include "client/personas.h"

#include "client/barred.h"
#include "client/introductions.h"
#include "client/names_kept.h"
#include "client/rooms.h"
#include "client/turn.h"
#include "mimi/names.h"
#include "mimi/persona.h"

/* --- ours --- */

void persona_begin(const struct uc_client *c, struct room *r)
{
	r->says = c->account.waits_to_introduce ? SAYS_NOTHING : SAYS_ACCOUNT;
	memset(r->persona, 0, sizeof r->persona);
	r->introduced = false;
	r->dirty = true;
}

uc_err persona_name_check(struct uc_client *c, const char *name)
{
	struct view normal;
	return profile_name_normalise(view_str(name), &c->call, &normal);
}

uc_err persona_choose(struct uc_client *c, struct room *r, const char *name)
{
	struct view normal;
	TRY(profile_name_normalise(view_str(name), &c->call, &normal));
	TRY(text_set(r->persona, sizeof r->persona, normal));
	r->says = SAYS_PERSONA;
	r->dirty = true;
	return UC_OK;
}

uc_err persona_write(const struct room *r, const struct identity_place *at, struct arena *a,
		     struct view *introduction)
{
	const struct persona in = {
		.name = view_str(r->persona),
		.room = at->room,
		.participant = at->participant,
		.client = at->client,
		.leaf_key = at->leaf_key,
	};
	struct ed25519_key key;
	TRY(persona_key_make(&r->participant_key, at->room, &key));
	uc_err err = persona_make(&in, &key, a, introduction);
	wipe(&key, sizeof key);
	return err;
}

struct own_leaves {
	const char *participant;
	unsigned n;
};

static bool own_each(void *ctx, const struct room_client *k)
{
	struct own_leaves *l = ctx;
	l->n += view_equal(k->participant, view_str(l->participant));
	return l->n < 2;
}

uc_err persona_follow(struct room *r)
{
	struct own_leaves l = { r->participant, 0 };
	if (r->direct)
		return UC_OK;
	TRY(room_group_clients(r->group, own_each, &l));
	if (l.n > 1)
		r->says = SAYS_NOTHING;
	return UC_OK;
}

static uc_err own_persona(struct uc_client *c, struct room *r, const struct identity_place *at,
			  struct view introduction)
{
	struct identity who;
	struct ed25519_key key;
	TRY(persona_read(introduction, at, &c->call, &who));
	TRY(persona_key_make(&r->participant_key, at->room, &key));
	bool ours = view_equal(VIEW_OF(key.pub), VIEW_OF(who.account_key));
	wipe(&key, sizeof key);
	if (!ours || (r->says == SAYS_ACCOUNT && r->introduced))
		return UC_E_INTRODUCTION;
	return persona_choose(c, r, who.name);
}

static uc_err own_account(struct uc_client *c, struct room *r, const struct identity_place *at,
			  struct view introduction)
{
	struct identity who;
	TRY(identity_verify(c, introduction, at, &c->call, &who));
	if (r->says == SAYS_PERSONA ||
	    !view_equal(VIEW_OF(who.account_key), VIEW_OF(c->account.account_key)))
		return UC_E_INTRODUCTION;
	r->says = SAYS_ACCOUNT;
	r->dirty = true;
	return places_settle(c, r);
}

uc_err personas_own_in(struct uc_client *c, struct room *r, const struct room_client *sender,
		       struct view bytes)
{
	const struct identity_place at = { view_str(r->uri), sender->participant, sender->client,
					   sender->signature_key };
	struct control m = { 0 };
	struct view client;
	bool silent = r->says == SAYS_NOTHING;
	if (wire_decode(bytes, &c->call, control_element, &m) ||
	    m.control_kind != CONTROL_INTRODUCTIONS)
		return UC_OK;
	for (size_t i = 0; i < m.introductions.n; i++) {
		const struct view one = m.introductions.v[i];
		if (identity_peek(one, &c->call, &client) || !view_equal(client, at.client))
			continue; /* of somebody else */
		TRY(is_persona(one) ? own_persona(c, r, &at, one) : own_account(c, r, &at, one));
	}
	return silent && room_is_open(r) && !r->lost && !r->shadow ? introductions_own(c, r)
								   : UC_OK;
}

/* --- others' --- */

static bool at_place(const struct persona *in, const struct identity_place *at)
{
	return view_equal(in->room, at->room) && view_equal(in->participant, at->participant) &&
	       view_equal(in->client, at->client) && view_equal(in->leaf_key, at->leaf_key);
}

uc_err persona_read(struct view introduction, const struct identity_place *at, struct arena *a,
		    struct identity *out)
{
	struct persona in;
	struct identity who = { .persona = true };
	uc_err err = persona_verify(introduction, a, &in);
	if (err)
		return err == UC_E_MEMORY ? err : UC_E_INTRODUCTION;
	if (!at_place(&in, at))
		return UC_E_INTRODUCTION;
	TRY(text_set(who.app, sizeof who.app, uri_domain(at->client)));
	TRY(identity_name(in.name, a, who.name));
	memcpy(who.account_key, in.persona_key.p, ED25519_KEY);
	who.participant = in.participant;
	who.client = in.client;
	*out = who;
	return UC_OK;
}

uc_err persona_may_be(const struct room *r, const struct member *m, const struct identity *who)
{
	if (r->direct)
		return UC_E_INTRODUCTION;
	for (const struct member *o = r->members; o; o = o->next)
		if (o != m && o->persona &&
		    view_equal(VIEW_OF(o->account_key), VIEW_OF(who->account_key)))
			return UC_E_INTRODUCTION;
	return UC_OK;
}

/* --- for the owner --- */

struct persona_call {
	const struct uc_id *room, *member;
	const char *persona; /* NULL: the person themselves */
	bool yes;
	uc_op *op;
};

/* What was said stays: only a persona's name may change. */
static uc_err choose(struct uc_client *c, struct room *r, const char *persona)
{
	bool said = r->introduced && r->says != SAYS_NOTHING;
	if (said && (!persona || r->says != SAYS_PERSONA))
		return UC_E_EXISTS;
	if (persona)
		return persona_choose(c, r, persona);
	r->says = SAYS_ACCOUNT;
	r->dirty = true;
	return UC_OK;
}

static uc_err introduce(struct uc_client *c, void *arg)
{
	const struct persona_call *in = arg;
	struct room *r;
	TRY(room_usable(c, in->room, &r));
	if (r->direct)
		return UC_E_POLICY;
	TRY(choose(c, r, in->persona));
	/* Elsewhere it is said when others come, or when we are back. */
	if (room_is_open(r) && !r->lost && room_has_others(r))
		TRY(introductions_own(c, r));
	*in->op = op_new(c);
	op_done_at(c, *in->op, UC_OK, (struct view){ NULL, 0 }, NULL, &r->id);
	return UC_OK;
}

uc_err uc_introduce(uc_client *c, const struct uc_id *room, const char *persona, uc_op *op)
{
	struct persona_call in = { .room = room, .persona = persona, .op = op };
	if (!c || !room || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, introduce, &in);
}

static uc_err wait_set(struct uc_client *c, void *arg)
{
	const bool *wait = arg;
	if (c->account.waits_to_introduce != *wait)
		c->account.dirty = true;
	c->account.waits_to_introduce = *wait;
	return UC_OK;
}

uc_err uc_introduce_wait(uc_client *c, bool wait)
{
	if (!c)
		return UC_E_ARGUMENT;
	return turn_run(c, wait_set, &wait);
}

static uc_err member_block(struct uc_client *c, void *arg)
{
	const struct persona_call *in = arg;
	struct room *r = room_find(c, in->room);
	for (struct member *m = r ? r->members : NULL; m; m = m->next) {
		struct uc_id id = member_id(r, view_str(m->participant));
		if (!id_equal(&id, in->member))
			continue;
		if (!m->persona)
			return r->direct || !strcmp(m->participant, r->participant)
				       ? UC_E_NOT_ALLOWED
				       : barred_member(c, m, in->yes);
		m->blocked = in->yes;
		r->dirty = r->members_dirty = true;
		return in->yes ? UC_OK : name_again(c, r, m);
	}
	return UC_E_NOT_FOUND;
}

uc_err uc_member_block(uc_client *c, const struct uc_id *room, const struct uc_id *member,
		       bool blocked)
{
	struct persona_call in = { .room = room, .member = member, .yes = blocked };
	if (!c || !room || !member)
		return UC_E_ARGUMENT;
	return turn_run(c, member_block, &in);
}
