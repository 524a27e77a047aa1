/* SPDX-License-Identifier: Apache-2.0 */
#include "client/invitations.h"

#include "client/account.h"
#include "client/turn.h"

#include "base/heap.h"

enum {
	RETRY_MS = 10 * 1000,
	DAYS_MAX = 90, /* the app makes no address for longer than 100 */
	DAYS = 30,
	AT_ONCE_MAX = 100,
	/* A letter may wait at the app for thirty days. */
	KEPT_DAYS = 31,
};
#define DAY_MS ((uint64_t)24 * 3600 * 1000)

static const struct view no_text;

bool invitation_is_idle(const struct invitation *i)
{
	return i->state != INVITATION_MAKING && i->state != INVITATION_ENDING;
}

struct invitation *invitation_at(struct uc_client *c, struct view address)
{
	for (struct invitation *i = c->invitations; i; i = i->next)
		if (i->state == INVITATION_OPEN && view_equal(view_str(i->address), address))
			return i;
	return NULL;
}

static void key_forget(struct invitation *i)
{
	wipe(i->priv, sizeof i->priv);
	i->dirty = true;
}

void invitation_asked(struct invitation *i)
{
	i->asked++;
	i->dirty = true;
	if (!i->once)
		return;
	i->state = INVITATION_USED;
	key_forget(i);
}

static uc_err text_of(struct uc_client *c, const struct invitation *i, struct view *text)
{
	struct contact_link l = { .address = view_str(i->address) };
	memcpy(l.request_key, i->pub, sizeof l.request_key);
	TRY(contact_link_check(l.address, VIEW_OF(c->account.account_key), l.check));
	return contact_link_write(&l, &c->call, text);
}

/* --- at the app --- */

static void end(struct uc_client *c, struct invitation *i, uc_err err, struct view text)
{
	i->gone = true;
	key_forget(i);
	op_done(c, i->op, err, text);
	i->op = 0;
}

static bool later(struct uc_client *c, struct invitation *i, const struct reply *r)
{
	if (r->err != UC_E_NET && !reply_is_transient(r))
		return false;
	if (r->err != UC_E_NET)
		i->retry_ms = retry_at(c, r, RETRY_MS);
	return true;
}

static uc_err address_take(struct uc_client *c, struct invitation *i, const struct reply *r)
{
	struct address_make_response in;
	struct view text;
	if (wire_decode(r->body, r->mem, address_make_response_element, &in) || in.addresses.n != 1)
		return UC_E_FRAME;
	TRY(text_set(i->address, sizeof i->address, in.addresses.v[0]));
	TRY(text_of(c, i, &text));
	i->state = INVITATION_OPEN;
	i->dirty = true;
	op_done(c, i->op, UC_OK, text);
	i->op = 0;
	return UC_OK;
}

static uc_err made(struct uc_client *c, void *subject, const struct reply *r)
{
	struct invitation *i = subject;
	i->in_flight = false;
	if (r->err && later(c, i, r))
		return UC_OK;
	uc_err err = r->err ? r->err : address_take(c, i, r);
	if (err_is_hard(err))
		return err;
	if (err)
		end(c, i, err, r->err ? r->text : no_text);
	return UC_OK;
}

static uc_err taken_back(struct uc_client *c, void *subject, const struct reply *r)
{
	struct invitation *i = subject;
	i->in_flight = false;
	if (!r->err || !later(c, i, r))
		end(c, i, r->err, r->text);
	return UC_OK;
}

static uc_err make_send(struct uc_client *c, struct invitation *i)
{
	struct address_wish wish = {
		.kind = ADDRESS_REQUEST,
		.channel = i->once ? CHANNEL_ONCE : CHANNEL_LINK,
		.expires_ms = i->expires_ms,
	};
	struct address_make_request q = { { &wish, 1 } };
	memcpy(wish.grant_id, i->grant_id, sizeof wish.grant_id);
	return call_send(c, FRAME_ADDRESS_MAKE, address_make_request_element, &q, made, i);
}

static uc_err end_send(struct uc_client *c, struct invitation *i)
{
	struct grant_revoke_request q;
	memcpy(q.grant_id, i->grant_id, sizeof q.grant_id);
	return call_send(c, FRAME_GRANT_REVOKE, grant_revoke_request_element, &q, taken_back, i);
}

static uc_err drive(struct uc_client *c, struct invitation *i)
{
	if (i->in_flight || i->gone)
		return UC_OK;
	if (i->expires_ms + KEPT_DAYS * DAY_MS <= client_now(c)) {
		end(c, i, UC_OK, no_text);
		return UC_OK;
	}
	if (invitation_is_idle(i) || waits_until(c, i->retry_ms))
		return UC_OK;
	i->in_flight = true;
	uc_err err = i->state == INVITATION_MAKING ? make_send(c, i) : end_send(c, i);
	i->in_flight = !err;
	return err;
}

uc_err invitations_drive(struct uc_client *c)
{
	if (!account_is_active(c) || c->account.deleting)
		return UC_OK;
	for (struct invitation *i = c->invitations; i; i = i->next)
		TRY(drive(c, i));
	return UC_OK;
}

/* --- for the owner --- */

static bool is_listed(struct uc_client *c, const struct invitation *i)
{
	bool is_there = i->state == INVITATION_OPEN || i->state == INVITATION_USED;
	return is_there && !i->gone && i->expires_ms > client_now(c);
}

static uc_err fill(struct uc_client *c, struct invitation *i)
{
	struct kem_key key;
	TRY(env_random(&c->env, i->id.b, sizeof i->id.b));
	TRY(env_random(&c->env, i->grant_id, sizeof i->grant_id));
	TRY(kem_key_generate(suite_find(SUITE_X25519_AES128), &c->env, &key));
	memcpy(i->priv, key.priv.b, sizeof i->priv);
	memcpy(i->pub, key.pub, sizeof i->pub);
	kem_key_wipe(&key);
	return UC_OK;
}

struct invite_call {
	uint32_t days;
	bool once;
	const struct uc_id *id;
	uc_op *op;
};

static uc_err invite(struct uc_client *c, void *arg)
{
	const struct invite_call *x = arg;
	size_t n = 0;
	if (!account_is_active(c))
		return UC_E_SIGNED_OUT;
	for (const struct invitation *i = c->invitations; i; i = i->next)
		n += is_listed(c, i) || !invitation_is_idle(i);
	if (n >= AT_ONCE_MAX)
		return UC_E_LIMIT;
	struct invitation *i = HEAP_NEW(struct invitation);
	if (!i)
		return UC_E_MEMORY;
	uc_err err = fill(c, i);
	if (err) {
		heap_free_wiped(i, sizeof *i);
		return err;
	}
	i->once = x->once;
	i->time_ms = client_now(c);
	i->expires_ms = i->time_ms + (x->days ? x->days : DAYS) * DAY_MS;
	i->number = ++c->account.next_number;
	i->dirty = c->account.dirty = true;
	*x->op = i->op = op_new(c);
	invitation_add(c, i);
	return UC_OK;
}

uc_err uc_invite(uc_client *c, uint32_t days, bool once, uc_op *op)
{
	struct invite_call in = { .days = days, .once = once, .op = op };
	if (!c || !op || days > DAYS_MAX)
		return UC_E_ARGUMENT;
	return turn_run(c, invite, &in);
}

static uc_err invitation_end(struct uc_client *c, void *arg)
{
	const struct invite_call *x = arg;
	struct invitation *i = c->invitations;
	while (i && !(is_listed(c, i) && id_equal(&i->id, x->id)))
		i = i->next;
	if (!i)
		return UC_E_NOT_FOUND;
	/* From here on no card to it is read; then the app lets none in. */
	i->state = INVITATION_ENDING;
	key_forget(i);
	*x->op = i->op = op_new(c);
	return UC_OK;
}

uc_err uc_invitation_end(uc_client *c, const struct uc_id *invitation, uc_op *op)
{
	struct invite_call in = { .id = invitation, .op = op };
	if (!c || !invitation || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, invitation_end, &in);
}

static uc_err show(struct uc_client *c, const struct invitation *i, uc_invitation_each *each,
		   void *ctx, bool *more)
{
	struct view text;
	char link[CONTACT_LINK_MAX];
	TRY(text_of(c, i, &text));
	TRY(text_set(link, sizeof link, text));
	struct uc_invitation shown = {
		.id = i->id,
		.link = link,
		.once = i->once,
		.used = i->state == INVITATION_USED,
		.asked = i->asked,
		.made_ms = i->time_ms,
		.expires_ms = i->expires_ms,
	};
	*more = each(ctx, &shown);
	return UC_OK;
}

uc_err uc_invitations(uc_client *c, uc_invitation_each *each, void *ctx)
{
	bool more = true;
	uc_err err = UC_OK;
	if (!c || !each)
		return UC_E_ARGUMENT;
	if (c->broken)
		return c->broken;
	for (const struct invitation *i = c->invitations; i && more && !err; i = i->next) {
		struct arena_mark mark = arena_mark(&c->call);
		if (is_listed(c, i))
			err = show(c, i, each, ctx, &more);
		arena_reset(&c->call, mark);
	}
	return err;
}
