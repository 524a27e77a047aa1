/* SPDX-License-Identifier: Apache-2.0 */
/* Recovery: between RECOVER and DEVICE_RESET the vault is read, so that contacts and blocks are there
 * before anything else comes in.  It is put in its place once the account is ours; until then a kill
 * leaves nothing of it, and the recovery begins anew. */
#include "client/vault_inside.h"

#include "client/account.h"
#include "mimi/device_list.h"

/* Past it no room would be left for those to come. */
static const uint64_t NUMBER_MAX = (uint64_t)1 << 62;

/* Whoever of ours has written it, when all our devices are lost: one that was not revoked by another.
 * A device that only a recovery has ended may be the very one that wrote. */
static bool may_have_written(const struct view_list *entries, struct view device_key,
			     struct arena *a)
{
	bool added = false, revoked = false;
	struct device_entry e;
	for (size_t i = 0; i < entries->n; i++) {
		if (wire_decode(entries->v[i], a, device_entry_element, &e) ||
		    !view_equal(e.device_key, device_key))
			continue;
		added = added || e.device_action != DEVICE_REVOKE;
		revoked = revoked || e.device_action == DEVICE_REVOKE;
	}
	return added && !revoked;
}

static uc_err unwrap(struct uc_client *c, const struct vault_envelope *e,
		     const struct vault_owner *owner, uint8_t key[VAULT_KEY])
{
	uint8_t priv[32], pub[32];
	TRY(vault_words_key(VIEW_OF(c->account.entropy), priv, pub));
	uc_err err = vault_unwrap(e, owner, VIEW_OF(priv), VIEW_OF(pub), &c->call, key);
	wipe(priv, sizeof priv);
	return err;
}

static uc_err find(struct uc_client *c, struct view vault, const struct view_list *entries)
{
	const struct vault_owner owner = vault_owner_of(c);
	struct vault *v = &c->vault;
	struct vault_envelope e;
	struct vault_rows rows;
	struct view plain;
	uint8_t key[VAULT_KEY];
	TRY(vault_envelope_read(vault, &owner, &c->call, &e));
	if (e.number > NUMBER_MAX)
		return UC_E_LIMIT;
	if (!may_have_written(entries, e.device_key, &c->call))
		return UC_E_SIGNATURE;
	TRY(unwrap(c, &e, &owner, key));
	uc_err err = vault_open(&e, &owner, VIEW_OF(key), &c->call, &rows);
	wipe(key, sizeof key);
	TRY(err);
	TRY(wire_encode_to(&c->call, vault_rows_element, &rows, &plain));
	TRY(blob_set(&v->taken, plain));
	v->number = e.number;
	return UC_OK;
}

/* The account is recovered all the same. */
static void unread(struct uc_client *c, uc_err err)
{
	c->vault.foreign = err == UC_E_VERSION;
	event_warning(c, err,
		      view_str(err == UC_E_VERSION
				       ? "what your account has kept is of a later program: "
					 "contacts, blocks and rooms are not restored"
				       : "what your account has kept cannot be read: contacts, "
					 "blocks and rooms are not restored"),
		      NULL);
}

static uc_err vault_in(struct uc_client *c, const struct reply *r)
{
	struct vault_get_response in;
	struct recover_response recover;
	struct vault *v = &c->vault;
	TRY(r->err);
	TRY(wire_decode(r->body, r->mem, vault_get_response_element, &in));
	TRY(wire_decode(blob_view(&v->recover), r->mem, recover_response_element, &recover));
	v->app_version = in.version;
	return in.version ? find(c, in.vault, &recover.entries) : UC_OK;
}

static uc_err get_done(struct uc_client *c, void *subject, const struct reply *r)
{
	struct view response;
	(void)subject;
	if (r->err == UC_E_NET || (r->err && reply_is_transient(r))) {
		vault_recover_drop(c);
		account_recover_later(c, r);
		return UC_OK;
	}
	uc_err err = vault_in(c, r);
	if (err_is_hard(err))
		return err;
	if (err)
		unread(c, err);
	TRY(arena_copy(&c->call, blob_view(&c->vault.recover), &response));
	blob_done(&c->vault.recover);
	return account_recover_on(c, response);
}

uc_err vault_recover(struct uc_client *c, struct view recover_response)
{
	struct empty none = { 0 };
	vault_recover_drop(c);
	TRY(blob_set(&c->vault.recover, recover_response));
	return call_send(c, FRAME_VAULT_GET, empty_element, &none, get_done, NULL);
}

void vault_recover_drop(struct uc_client *c)
{
	blob_done(&c->vault.recover);
	blob_done(&c->vault.taken);
}

static uc_err place(struct uc_client *c, struct view plain)
{
	struct vault_rows rows;
	TRY(wire_decode(plain, &c->call, vault_rows_element, &rows));
	TRY(vault_rows_merge(c, &rows));
	return vault_rows_apply(c, true);
}

uc_err vault_recovered(struct uc_client *c)
{
	struct vault *v = &c->vault;
	TRY(vault_begin(c, c->account.entropy));
	v->looked = true; /* just now */
	v->unwritten = v->dirty = true;
	if (v->taken.n)
		TRY(place(c, blob_view(&v->taken)));
	vault_recover_drop(c);
	/* Under a key that no earlier device has, and signed by this one. */
	return vault_rekey(c);
}
