/* SPDX-License-Identifier: Apache-2.0 */
/* Another number, address or handle for an account.  Three shards have a part in it (the name it
 * takes, the name it leaves, the account), written in this order; each step is harmless alone, and
 * whoever says it again goes on where it stopped: until the account says the new name, the old one is
 * its name, and what the index says of the other counts for nobody. */
#include "mimi/names.h"
#include "provider/account_names.h"
#include "provider/discovery.h"
#include "provider/spent.h"

struct change {
	struct name_change_request q;
	struct account_record account;
	struct view normalised;
	struct name_id name;
	enum name_state state;
	uint8_t holder[ACCOUNT_ID]; /* who loses the name */
};

static uc_err check(struct call *c, struct change *n)
{
	struct provider *p = c->p;
	TRY(name_state_get(p, &n->name, VIEW_OF(c->s->account_id), &c->arena, &n->state,
			   n->holder));
	if (n->state == NAME_OWN)
		return UC_OK;
	TRY(name_reserved_check(p, n->normalised, &c->arena));
	if (p->config.names == NAME_HANDLE)
		return n->state == NAME_HELD ? UC_E_TAKEN : UC_OK;
	return code_check(p, &n->name, n->q.code, &c->arena);
}

static uc_err take(struct call *c, const struct change *n)
{
	struct store_batch b;
	store_batch_init(&b, VIEW_OF(n->name.now));
	return finish_accounts(c->p, &b,
			       name_take(c, &b, &n->name, c->s->account_id, n->state == NAME_OWN));
}

static uc_err account_fill(struct call *c, const struct change *n, struct store_batch *b,
			   uint32_t *wait_s)
{
	struct view id = VIEW_OF(c->s->account_id);
	struct account_record now = n->account;
	memcpy(now.name_id, n->name.now, sizeof now.name_id);
	now.left_name = (struct view){ NULL, 0 };
	discoverable_drop(b, id);
	TRY(spent_take(c->p, b, id, SPENT_NAME_CHANGE, &c->arena, wait_s));
	if (!*wait_s && c->p->config.names == NAME_HANDLE)
		TRY(held_take(c->p, b, id, n->state == NAME_OWN, &c->arena, wait_s));
	return *wait_s ? UC_OK : account_change(c->p, b, id, &n->account, &now);
}

/* Numbers and addresses pass to whoever proves them, so nothing is kept of the old one; a handle
 * is what people trust, and stays for a while. */
static uc_err leave(struct call *c, const struct change *n)
{
	struct view id = VIEW_OF(c->s->account_id);
	if (c->p->config.names == NAME_HANDLE)
		return name_hold(c->p, n->account.name_id, id, &c->arena);
	return UC_OK;
}

static uc_err change(struct call *c, struct change *n, uint32_t *wait_s)
{
	struct store_batch b;
	struct view id = VIEW_OF(c->s->account_id);
	store_batch_init(&b, id);
	uc_err err = account_fill(c, n, &b, wait_s);
	if (!err && !*wait_s)
		err = take(c, n);
	if (!err && !*wait_s)
		err = leave(c, n);
	if (err || *wait_s) {
		store_batch_done(&b);
		return err;
	}
	TRY(commit_accounts(c->p, &b));
	if (c->p->config.names != NAME_HANDLE)
		TRY(name_release(c->p, n->account.name_id, id, &c->arena));
	return n->state == NAME_HELD ? name_forget(c->p, VIEW_OF(n->holder), &c->arena) : UC_OK;
}

uc_err handle_name_change(struct call *c, struct view body)
{
	struct change n = { .state = NAME_FREE };
	uint32_t wait = 0;
	TRY(wire_decode(body, &c->arena, name_change_request_element, &n.q));
	TRY(name_id_of(c->p, n.q.identifier, &c->arena, &n.name, &n.normalised));
	TRY(index_lead(c->p, &n.name, &c->arena));
	TRY(account_get(c->p, VIEW_OF(c->s->account_id), &c->arena, &n.account));
	if (!view_equal(VIEW_OF(n.account.name_id), VIEW_OF(n.name.now))) {
		TRY(check(c, &n));
		TRY(change(c, &n, &wait));
	}
	if (wait)
		call_refuse(c, UC_E_RATE, NULL, wait);
	else
		call_respond(c, NULL, NULL);
	return UC_OK;
}
