/* SPDX-License-Identifier: Apache-2.0 */
/* For the owner: when the vault was written, and writing it now. */
#include "client/account.h"
#include "client/turn.h"
#include "client/vault.h"

uc_err uc_vault_get(uc_client *c, struct uc_vault *out)
{
	if (!c || !out)
		return UC_E_ARGUMENT;
	if (c->broken)
		return c->broken;
	const struct vault *v = &c->vault;
	*out = (struct uc_vault){
		.can_store = v->has_keys && !v->foreign,
		.waits = v->due_ms != 0,
		.stored_ms = v->stored_ms,
	};
	return UC_OK;
}

static uc_err store(struct uc_client *c, void *arg)
{
	uc_op *op = arg;
	struct vault *v = &c->vault;
	if (!account_is_active(c))
		return UC_E_SIGNED_OUT;
	if (!v->has_keys)
		return UC_E_NOT_FOUND;
	if (v->foreign)
		return UC_E_VERSION;
	op_done(c, v->op, UC_E_STALE, (struct view){ NULL, 0 }); /* one is enough */
	*op = v->op = op_new(c);
	v->due_ms = client_now(c);
	v->retry_ms = 0;
	v->dirty = true;
	return UC_OK;
}

uc_err uc_vault_store(uc_client *c, uc_op *op)
{
	if (!c || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, store, op);
}
