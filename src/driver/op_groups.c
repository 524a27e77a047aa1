/* SPDX-License-Identifier: Apache-2.0 */
/* Ways to become a member of a group, and what is stored for it. */
#include "driver/operations.h"

uc_err handle_of(const struct driver *d, struct call *c, const char *field, enum handle_kind kind,
		 struct handle **out)
{
	uint32_t id;
	TRY(call_u32(c, c->request, field, &id));
	*out = handles_find(&d->handles, id, kind);
	if (*out)
		return UC_OK;
	call_say(c, "%s: there is no such one", field);
	return UC_E_NOT_FOUND;
}

uc_err state_of(const struct driver *d, struct call *c, struct handle **out)
{
	return handle_of(d, c, "state_id", HANDLE_STATE, out);
}

uc_err suite_of(struct call *c, const struct suite **out)
{
	uint32_t id;
	TRY(call_u32(c, c->request, "cipher_suite", &id));
	*out = id <= UINT16_MAX ? suite_find((uint16_t)id) : NULL;
	return *out ? UC_OK : UC_E_SUITE;
}

void put_state(struct call *c, const struct handle *state)
{
	call_put_number(c, "state_id", state->id);
	call_put_bytes(c, "epoch_authenticator", group_epoch_authenticator(state->group));
}

uc_err op_name(struct driver *d, struct call *c)
{
	(void)d;
	if (json_object_set_new(c->reply, "name", json_string("Undercroft")))
		return UC_E_MEMORY;
	return UC_OK;
}

uc_err op_supported_ciphersuites(struct driver *d, struct call *c)
{
	(void)d;
	json_t *l = json_array();
	for (size_t i = 0; suite_at(i); i++)
		if (json_array_append_new(l, json_integer(suite_at(i)->id)))
			c->lost = true;
	if (json_object_set_new(c->reply, "ciphersuites", l))
		c->lost = true;
	return UC_OK;
}

/* --- a group of one --- */

static uc_err create(struct driver *d, struct view id, bool private_handshakes,
		     struct handle *state)
{
	static const struct extension_list none;
	struct sign_key key = { .pub_n = 0 };
	handle_platform(state, d->env, private_handshakes);
	uc_err err = sign_key_generate(state->suite, d->env, &key);
	if (!err) {
		const struct leaf_parameters leaf = handle_leaf(&key, buf_view(&state->identity));
		err = group_create(&state->platform, state->suite, id, &leaf, &none, &state->group);
	}
	sign_key_wipe(&key);
	return err ? err : handles_add(&d->handles, state);
}

uc_err op_create_group(struct driver *d, struct call *c)
{
	const struct suite *s;
	struct view id, identity;
	bool private_handshakes;
	struct handle *state;
	TRY(suite_of(c, &s));
	TRY(call_bytes(c, c->request, "group_id", &id));
	TRY(call_bytes(c, c->request, "identity", &identity));
	TRY(call_bool(c, c->request, "encrypt_handshake", &private_handshakes));
	TRY(handle_new(HANDLE_STATE, s, identity, &state));
	uc_err err = create(d, id, private_handshakes, state);
	if (err)
		handle_free(state);
	else
		call_put_number(c, "state_id", state->id);
	return err;
}

/* --- by Welcome --- */

uc_err transaction_new(struct driver *d, struct call *c, const struct suite *s,
		       struct view identity, struct handle **out)
{
	struct handle *t;
	TRY(handle_new(HANDLE_TRANSACTION, s, identity, &t));
	uc_err err = handle_key_package(t, d->env, &c->mem);
	if (!err)
		err = handles_add(&d->handles, t);
	if (err)
		handle_free(t);
	else
		*out = t;
	return err;
}

void put_private_keys(struct call *c, const struct handle *with_package)
{
	const struct key_package_secrets *k = &with_package->secrets;
	call_put_bytes(c, "init_priv", secret_view(&k->init_key.priv));
	call_put_bytes(c, "encryption_priv", secret_view(&k->encryption_key.priv));
	call_put_bytes(c, "signature_priv", secret_view(&k->signature_key.priv));
}

uc_err op_create_key_package(struct driver *d, struct call *c)
{
	const struct suite *s;
	struct view identity, message;
	struct handle *t;
	TRY(suite_of(c, &s));
	TRY(call_bytes(c, c->request, "identity", &identity));
	TRY(transaction_new(d, c, s, identity, &t));
	TRY(message_wrap(&c->mem, MLS_KEY_PACKAGE, buf_view(&t->key_package), &message));
	call_put_number(c, "transaction_id", t->id);
	call_put_bytes(c, "key_package", message);
	put_private_keys(c, t);
	return UC_OK;
}

static uc_err enter(struct driver *d, const struct welcomed *in,
		    const struct welcome_input *welcome, struct handle *state)
{
	handle_platform(state, d->env, in->private_handshakes);
	TRY(handle_psks_copy(state, in->waiting));
	if (in->origin)
		TRY(handle_psks_copy(state, in->origin));
	state->origin = in->origin ? in->origin->group : NULL;
	uc_err err = group_join(&state->platform, welcome, &state->group);
	state->origin = NULL;
	return err ? err : handles_add(&d->handles, state);
}

uc_err welcome_take(struct driver *d, struct call *c, const struct welcomed *in,
		    struct handle **out)
{
	struct view message;
	struct handle *state;
	struct welcome_input welcome = { .key_package = buf_view(&in->waiting->key_package),
					 .secrets = &in->waiting->secrets };
	TRY(call_bytes(c, c->request, "welcome", &message));
	TRY(message_inside(message, MLS_WELCOME, &welcome.welcome));
	TRY(call_bytes(c, c->request, "ratchet_tree", &welcome.ratchet_tree));
	TRY(handle_new(HANDLE_STATE, in->waiting->suite, buf_view(&in->waiting->identity), &state));
	uc_err err = enter(d, in, &welcome, state);
	if (err)
		handle_free(state);
	else
		*out = state;
	return err;
}

/* A KeyPackage is good for one group: the transaction ends with it. */
uc_err op_join_group(struct driver *d, struct call *c)
{
	struct welcomed in = { .origin = NULL };
	struct handle *t, *state;
	struct view identity;
	TRY(handle_of(d, c, "transaction_id", HANDLE_TRANSACTION, &t));
	TRY(call_bool(c, c->request, "encrypt_handshake", &in.private_handshakes));
	TRY(call_bytes(c, c->request, "identity", &identity));
	if (identity.n && !view_equal(identity, buf_view(&t->identity)))
		return call_wrong(c, "identity: not that of the KeyPackage");
	in.waiting = t;
	TRY(welcome_take(d, c, &in, &state));
	put_state(c, state);
	return handles_remove(&d->handles, t->id);
}

/* --- by external commit --- */

struct external_call {
	struct outline outline;
	struct view identity;
	bool private_handshakes, remove_prior;
	const json_t *psks;
	struct view commit;
};

static uc_err external_psks(struct driver *d, struct call *c, struct external_call *x,
			    struct handle *state, struct external_join *in, struct proposal *v)
{
	for (size_t i = 0; i < json_array_size(x->psks); i++) {
		json_t *p = json_array_get(x->psks, i);
		struct view id, psk;
		TRY(call_only(c, p, "psk_id psk_secret"));
		TRY(call_bytes(c, p, "psk_id", &id));
		TRY(call_bytes(c, p, "psk_secret", &psk));
		TRY(handle_psk_add(state, id, psk));
		TRY(proposal_psk(c, d->env, state->suite, id, &v[in->proposal_count++]));
	}
	return UC_OK;
}

static uc_err external_enter(struct driver *d, struct call *c, struct external_call *x,
			     const struct sign_key *key, struct handle *state)
{
	const struct leaf_parameters leaf = handle_leaf(key, x->identity);
	struct proposal *v = ARENA_ARRAY(&c->mem, struct proposal, json_array_size(x->psks) + 1);
	struct external_join in = { .group_info = x->outline.encoded,
				    .ratchet_tree = x->outline.ratchet_tree,
				    .leaf = &leaf,
				    .proposals = v };
	struct view group_info;
	if (!v)
		return UC_E_LIMIT;
	if (x->remove_prior) {
		struct proposal *remove = &v[in.proposal_count++];
		remove->proposal_type = PROPOSAL_REMOVE;
		TRY(outline_leaf(c, &x->outline, x->identity, &remove->removed));
	}
	TRY(external_psks(d, c, x, state, &in, v));
	TRY(group_join_external(&state->platform, &in, &c->mem, &x->commit, &group_info,
				&state->group));
	TRY(group_pending_apply(state->group));
	return handles_add(&d->handles, state);
}

static uc_err external_join(struct driver *d, struct call *c, struct external_call *x,
			    struct handle *state)
{
	struct sign_key key = { .pub_n = 0 };
	handle_platform(state, d->env, x->private_handshakes);
	uc_err err = sign_key_generate(state->suite, d->env, &key);
	if (!err)
		err = external_enter(d, c, x, &key, state);
	sign_key_wipe(&key);
	return err;
}

uc_err op_external_join(struct driver *d, struct call *c)
{
	struct external_call *x = ARENA_NEW(&c->mem, struct external_call);
	struct handle *state;
	if (!x)
		return UC_E_LIMIT;
	TRY(outline_read(c, &x->outline));
	TRY(call_bool(c, c->request, "encrypt_handshake", &x->private_handshakes));
	TRY(call_bytes(c, c->request, "identity", &x->identity));
	TRY(call_bool(c, c->request, "remove_prior", &x->remove_prior));
	TRY(call_list(c, c->request, "psks", &x->psks));
	TRY(handle_new(HANDLE_STATE, x->outline.suite, x->identity, &state));
	uc_err err = external_join(d, c, x, state);
	if (err) {
		handle_free(state);
		return err;
	}
	put_state(c, state);
	call_put_bytes(c, "commit", x->commit);
	return UC_OK;
}

/* --- storing and letting go --- */

uc_err op_store_psk(struct driver *d, struct call *c)
{
	uint32_t id;
	struct view psk_id, psk;
	TRY(call_u32(c, c->request, "state_or_transaction_id", &id));
	TRY(call_bytes(c, c->request, "psk_id", &psk_id));
	TRY(call_bytes(c, c->request, "psk_secret", &psk));
	struct handle *h = handles_find_member(&d->handles, id);
	return h ? handle_psk_add(h, psk_id, psk) : UC_E_NOT_FOUND;
}

uc_err op_free(struct driver *d, struct call *c)
{
	uint32_t id;
	TRY(call_u32(c, c->request, "state_id", &id));
	return handles_remove(&d->handles, id);
}
