/* SPDX-License-Identifier: Apache-2.0 */
/* The vault: one padded, encrypted blob of the account, replaced by compare-and-set. */
#include "provider/inside.h"

static uc_err vault_read(struct call *c, struct vault_record *out)
{
	struct store_key k;
	bool found;
	*out = (struct vault_record){ 0 };
	return record_find(c->p->accounts, key_1(&k, TABLE_VAULT, VIEW_OF(c->s->account_id)),
			   vault_record_element, &c->arena, out, &found);
}

static void tell_others(struct call *c, uint64_t version)
{
	const struct vault_event e = { version };
	struct session *s = NULL;
	while ((s = session_of_account(c->p, c->s->account_id, s)))
		if (s != c->s)
			session_send_event(c->p, s, FRAME_VAULT_CHANGED, vault_event_element, &e);
}

uc_err handle_vault_put(struct call *c, struct view body)
{
	struct vault_put_request q;
	struct vault_record was;
	struct store_key k;
	struct store_batch b;
	struct view id = VIEW_OF(c->s->account_id);
	TRY(wire_decode(body, &c->arena, vault_put_request_element, &q));
	TRY(vault_read(c, &was));
	bool again = q.version == was.vault_version && view_equal(q.vault, was.vault);
	if (!again && q.version != was.vault_version + 1)
		return UC_E_STALE;
	if (!again) {
		uint64_t left;
		TRY(account_bytes_left(c->p, id, &c->arena, &left));
		if (q.vault.n > was.vault.n && q.vault.n - was.vault.n > left)
			return UC_E_LIMIT;
		struct vault_record now = { .vault_version = q.version, .vault = q.vault };
		store_batch_init(&b, id);
		TRY(finish_accounts(
			c->p, &b,
			record_put(&b, key_1(&k, TABLE_VAULT, id), vault_record_element, &now)));
	}
	call_respond(c, NULL, NULL);
	if (!again)
		tell_others(c, q.version);
	return UC_OK;
}

uc_err handle_vault_get(struct call *c, struct view body)
{
	struct empty q;
	struct vault_record v;
	TRY(wire_decode(body, &c->arena, empty_element, &q));
	TRY(vault_read(c, &v));
	struct vault_get_response r = { v.vault_version, v.vault };
	call_respond(c, vault_get_response_element, &r);
	return UC_OK;
}
