/* SPDX-License-Identifier: Apache-2.0 */
/* Groups that go on from another: re-initialised and branched (RFC 9420, 11.2, 11.3). */
#include "driver/operations.h"

struct successor_call {
	const struct handle *old;
	struct view_list key_packages;
	bool external_tree;
	struct group_info_parts parts;
	struct succession how;
	struct made_commit made;
	struct view welcome; /* as MLSMessage */
};

typedef uc_err begin(const struct group_platform *platform, const struct group *old,
		     const struct succession *how, struct arena *a, struct made_commit *out,
		     struct group **fresh);

static uc_err successor_read(struct call *c, const char *packages, struct successor_call *x)
{
	TRY(call_bytes_list(c, c->request, packages, &x->key_packages));
	TRY(call_bool(c, c->request, "force_path", &x->how.force_path));
	TRY(call_bool(c, c->request, "external_tree", &x->external_tree));
	struct proposal *v = ARENA_ARRAY(&c->mem, struct proposal, x->key_packages.n);
	if (!v)
		return UC_E_LIMIT;
	for (size_t i = 0; i < x->key_packages.n; i++)
		TRY(proposal_add(c, x->key_packages.v[i], &v[i]));
	x->parts.with_ratchet_tree = !x->external_tree;
	x->how.adds = v;
	x->how.add_count = x->key_packages.n;
	x->how.info = &x->parts;
	return UC_OK;
}

static uc_err enter(struct driver *d, struct call *c, struct successor_call *x, begin *how,
		    const struct sign_key *key, struct handle *state)
{
	const struct leaf_parameters leaf = handle_leaf(key, buf_view(&state->identity));
	x->how.leaf = &leaf;
	handle_platform(state, d->env, x->old->wrapping.private_handshakes);
	TRY(handle_psks_copy(state, x->old));
	TRY(how(&state->platform, x->old->group, &x->how, &c->mem, &x->made, &state->group));
	/* Nobody else is in it who could have been first. */
	TRY(group_pending_apply(state->group));
	if (x->made.welcome.n)
		TRY(message_wrap(&c->mem, MLS_WELCOME, x->made.welcome, &x->welcome));
	return handles_add(&d->handles, state);
}

/* The new group's state into the table, and all that is to be said of it into the answer. */
static uc_err successor_make(struct driver *d, struct call *c, struct successor_call *x, begin *how,
			     const struct suite *s, const struct sign_key *key)
{
	struct handle *state;
	TRY(handle_new(HANDLE_STATE, s, buf_view(&x->old->identity), &state));
	uc_err err = enter(d, c, x, how, key, state);
	if (err) {
		handle_free(state);
		return err;
	}
	put_state(c, state);
	call_put_bytes(c, "welcome", x->welcome);
	call_put_bytes(c, "ratchet_tree",
		       x->external_tree ? x->made.ratchet_tree : view_make(NULL, 0));
	return UC_OK;
}

/* The closed group that this goes on from, while it is held. */
static uc_err closed_of(const struct driver *d, struct call *c, const struct handle *reinit,
			const struct handle **out)
{
	*out = handles_find(&d->handles, reinit->of, HANDLE_STATE);
	if (*out)
		return UC_OK;
	call_say(c, "reinit_id: the state it goes on from was freed");
	return UC_E_NOT_FOUND;
}

uc_err op_re_init_welcome(struct driver *d, struct call *c)
{
	struct successor_call *x = ARENA_NEW(&c->mem, struct successor_call);
	struct handle *reinit;
	if (!x)
		return UC_E_LIMIT;
	TRY(handle_of(d, c, "reinit_id", HANDLE_REINIT, &reinit));
	TRY(closed_of(d, c, reinit, &x->old));
	TRY(successor_read(c, "key_package", x));
	TRY(successor_make(d, c, x, group_reinit, reinit->suite, &reinit->secrets.signature_key));
	return handles_remove(&d->handles, reinit->id);
}

uc_err op_handle_re_init_welcome(struct driver *d, struct call *c)
{
	struct welcomed in = { .origin = NULL };
	struct handle *reinit, *state;
	TRY(handle_of(d, c, "reinit_id", HANDLE_REINIT, &reinit));
	TRY(closed_of(d, c, reinit, &in.origin));
	in.waiting = reinit;
	in.private_handshakes = in.origin->wrapping.private_handshakes;
	TRY(welcome_take(d, c, &in, &state));
	put_state(c, state);
	return handles_remove(&d->handles, reinit->id);
}

uc_err op_create_branch(struct driver *d, struct call *c)
{
	struct successor_call *x = ARENA_NEW(&c->mem, struct successor_call);
	struct sign_key key = { .pub_n = 0 };
	struct handle *old;
	if (!x)
		return UC_E_LIMIT;
	TRY(state_of(d, c, &old));
	x->old = old;
	TRY(call_bytes(c, c->request, "group_id", &x->how.group_id));
	TRY(extensions_read(c, c->request, &x->how.extensions));
	TRY(successor_read(c, "key_packages", x));
	uc_err err = sign_key_generate(old->suite, d->env, &key);
	if (!err)
		err = successor_make(d, c, x, group_branch, old->suite, &key);
	sign_key_wipe(&key);
	return err;
}

uc_err op_handle_branch(struct driver *d, struct call *c)
{
	struct handle *old, *t, *state;
	TRY(state_of(d, c, &old));
	TRY(handle_of(d, c, "transaction_id", HANDLE_TRANSACTION, &t));
	const struct welcomed in = { t, old, old->wrapping.private_handshakes };
	TRY(welcome_take(d, c, &in, &state));
	put_state(c, state);
	return handles_remove(&d->handles, t->id);
}
