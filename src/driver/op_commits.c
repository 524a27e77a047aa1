/* SPDX-License-Identifier: Apache-2.0 */
/* From one epoch to the next.  Everything is tried on a copy of the group, which takes its place
 * when all has gone well: so a proposal that was taken in before a commit failed is not there
 * afterwards, nor is its key gone. */
#include "driver/operations.h"

/* The change that an operation makes to a group. */
struct attempt {
	struct handle *h;
	struct group *g;     /* the copy */
	size_t known_before; /* bytes */
};

static uc_err attempt_begin(struct attempt *t, struct handle *h)
{
	*t = (struct attempt){ .h = h, .known_before = h->known.n };
	return handle_group_copy(h, &t->g);
}

static void attempt_end(struct attempt *t, uc_err err)
{
	if (err) {
		group_free(t->g);
		t->h->known.n = t->known_before;
		return;
	}
	/* Proposals are of one epoch. */
	if (group_epoch(t->g) != group_epoch(t->h->group))
		t->h->known.n = 0;
	group_free(t->h->group);
	t->h->group = t->g;
}

/* Proposals that are given with a commit; those that we know, also our own, are there already. */
static uc_err take_proposals(struct attempt *t, struct call *c, const struct view_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct view ref;
		struct received got;
		TRY(handle_known_find(t->h, l->v[i], &ref));
		if (ref.n)
			continue;
		struct mls_message m;
		TRY(wire_decode(l->v[i], &c->mem, mls_message_element, &m));
		TRY(group_receive(t->g, l->v[i], &c->mem, &got));
		if (got.kind != RECEIVED_PROPOSAL)
			return call_wrong(c, "a message that is no proposal stands among them");
		TRY(handle_known_add(t->h, l->v[i], got.proposal_ref));
	}
	return UC_OK;
}

/* --- our own commit --- */

static bool is_listed(const struct attempt *t, const struct view_list *listed, struct view ref)
{
	for (size_t i = 0; i < listed->n; i++) {
		struct view known;
		if (!handle_known_find(t->h, listed->v[i], &known) && view_equal(known, ref))
			return true;
	}
	return false;
}

/* Only what is listed is to be committed. */
static void drop_others(const struct attempt *t, const struct view_list *listed)
{
	size_t i = 0;
	while (i < group_proposal_count(t->g)) {
		struct view ref = group_proposal_at(t->g, i).ref;
		if (is_listed(t, listed, ref))
			i++;
		else
			group_proposal_drop(t->g, ref);
	}
}

struct commit_call {
	struct view_list by_reference;
	const json_t *by_value;
	bool external_tree, is_reinit;
	struct commit_options options;
	struct group_info_parts parts;
	struct made_commit made;
};

static uc_err commit_read(struct driver *d, struct call *c, const struct handle *h,
			  struct commit_call *x)
{
	const struct described in = {
		.env = d->env, .suite = h->suite, .group_id = group_id(h->group), .group = h->group
	};
	TRY(call_bytes_list(c, c->request, "by_reference", &x->by_reference));
	TRY(call_list(c, c->request, "by_value", &x->by_value));
	TRY(call_bool(c, c->request, "force_path", &x->options.force_path));
	TRY(call_bool(c, c->request, "external_tree", &x->external_tree));
	size_t n = json_array_size(x->by_value);
	struct proposal *v = ARENA_ARRAY(&c->mem, struct proposal, n);
	if (!v)
		return UC_E_LIMIT;
	for (size_t i = 0; i < n; i++)
		TRY(proposal_described(c, json_array_get(x->by_value, i), &in, &v[i]));
	x->options.proposals = v;
	x->options.proposal_count = n;
	x->options.stored_reinit = x->is_reinit;
	x->options.info.with_ratchet_tree = !x->external_tree;
	x->options.tree = x->external_tree ? TREE_ALWAYS : TREE_NEVER;
	return UC_OK;
}

static uc_err commit_make(struct attempt *t, struct call *c, struct commit_call *x)
{
	TRY(take_proposals(t, c, &x->by_reference));
	drop_others(t, &x->by_reference);
	size_t want = group_proposal_count(t->g) + x->options.proposal_count;
	TRY(group_commit(t->g, &x->options, &c->mem, &x->made));
	/* The engine leaves out what does not go together; here it was asked for. */
	if (x->made.change.proposals.n != want) {
		call_say(c, "by_reference: not all of them can be committed together");
		return UC_E_UNEXPECTED;
	}
	if (x->is_reinit && !x->made.change.reinit)
		return call_wrong(c, "no ReInit is committed");
	return UC_OK;
}

static uc_err commit(struct driver *d, struct call *c, bool is_reinit)
{
	struct commit_call *x = ARENA_NEW(&c->mem, struct commit_call);
	struct attempt t;
	struct handle *h;
	struct view welcome = { NULL, 0 };
	if (!x)
		return UC_E_LIMIT;
	x->is_reinit = is_reinit;
	TRY(state_of(d, c, &h));
	TRY(commit_read(d, c, h, x));
	TRY(attempt_begin(&t, h));
	uc_err err = commit_make(&t, c, x);
	if (!err && x->made.welcome.n)
		err = message_wrap(&c->mem, MLS_WELCOME, x->made.welcome, &welcome);
	attempt_end(&t, err);
	TRY(err);
	call_put_bytes(c, "commit", x->made.commit);
	call_put_bytes(c, "welcome", welcome);
	call_put_bytes(c, "ratchet_tree",
		       x->external_tree ? x->made.ratchet_tree : view_make(NULL, 0));
	return UC_OK;
}

uc_err op_commit(struct driver *d, struct call *c)
{
	return commit(d, c, false);
}

uc_err op_re_init_commit(struct driver *d, struct call *c)
{
	return commit(d, c, true);
}

/* --- the next epoch --- */

static uc_err apply_pending(struct attempt *t, struct call *c)
{
	(void)c;
	return group_pending_apply(t->g);
}

static uc_err apply_received(struct attempt *t, struct call *c)
{
	struct view_list proposals;
	struct view message;
	struct received got;
	TRY(call_bytes_list(c, c->request, "proposal", &proposals));
	TRY(call_bytes(c, c->request, "commit", &message));
	TRY(take_proposals(t, c, &proposals));
	TRY(group_receive(t->g, message, &c->mem, &got));
	if (got.kind == RECEIVED_OWN_COMMIT)
		return UC_E_OWN;
	if (got.kind != RECEIVED_COMMIT)
		return UC_E_UNEXPECTED;
	return group_staged_apply(t->g);
}

typedef uc_err apply(struct attempt *t, struct call *c);

static uc_err next_open(struct attempt *t, struct call *c, apply *how)
{
	TRY(how(t, c));
	if (!group_reinit_of(t->g))
		return UC_OK;
	call_say(c, "the commit closes the group: there is another operation for that");
	return UC_E_UNEXPECTED;
}

static uc_err handle_commit(struct driver *d, struct call *c, apply *how)
{
	struct handle *h;
	struct attempt t;
	TRY(state_of(d, c, &h));
	TRY(attempt_begin(&t, h));
	uc_err err = next_open(&t, c, how);
	attempt_end(&t, err);
	if (!err)
		put_state(c, h);
	return err;
}

uc_err op_handle_commit(struct driver *d, struct call *c)
{
	return handle_commit(d, c, apply_received);
}

uc_err op_handle_pending_commit(struct driver *d, struct call *c)
{
	return handle_commit(d, c, apply_pending);
}

/* --- the end of a group that is re-initialised --- */

/* Ours for the group to come: a KeyPackage of its suite, for whoever makes it. */
static uc_err ready(struct driver *d, struct call *c, const struct attempt *t, struct handle **out)
{
	const struct re_init *r = group_reinit_of(t->g);
	const struct suite *s = r ? suite_find(r->cipher_suite) : NULL;
	if (!r) {
		call_say(c, "the commit does not re-initialise the group");
		return UC_E_UNEXPECTED;
	}
	if (!s)
		return UC_E_SUITE;
	TRY(handle_new(HANDLE_REINIT, s, buf_view(&t->h->identity), out));
	uc_err err = handle_key_package(*out, d->env, &c->mem);
	if (!err)
		err = handle_psks_copy(*out, t->h);
	if (!err)
		err = handles_add(&d->handles, *out);
	if (err)
		handle_free(*out);
	return err;
}

static uc_err handle_reinit_commit(struct driver *d, struct call *c, apply *how)
{
	struct handle *h, *next;
	struct attempt t;
	struct view message;
	TRY(state_of(d, c, &h));
	TRY(attempt_begin(&t, h));
	uc_err err = how(&t, c);
	if (!err)
		err = ready(d, c, &t, &next);
	attempt_end(&t, err);
	TRY(err);
	next->of = h->id;
	TRY(message_wrap(&c->mem, MLS_KEY_PACKAGE, buf_view(&next->key_package), &message));
	call_put_number(c, "reinit_id", next->id);
	call_put_bytes(c, "key_package", message);
	call_put_bytes(c, "epoch_authenticator", group_epoch_authenticator(h->group));
	return UC_OK;
}

uc_err op_handle_pending_re_init_commit(struct driver *d, struct call *c)
{
	return handle_reinit_commit(d, c, apply_pending);
}

uc_err op_handle_re_init_commit(struct driver *d, struct call *c)
{
	return handle_reinit_commit(d, c, apply_received);
}
