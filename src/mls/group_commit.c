/* SPDX-License-Identifier: Apache-2.0 */
/* Making commits, Welcomes and GroupInfos (RFC 9420, 12.4.1, 12.4.3). */
#include "base/heap.h"
#include "mls/group_inside.h"
#include "mls/media_type.h"
#include "mls/transcript.h"

uc_err public_message_encode(const struct public_message *m, struct arena *a, struct view *out)
{
	struct mls_message message = { .version = MLS10,
				       .wire_format = MLS_PUBLIC_MESSAGE,
				       .public_message = *m };
	return wire_encode_to(a, mls_message_element, &message, out);
}

/* --- GroupInfo --- */

static uc_err external_pub_of(const struct epoch *e, struct arena *a, struct extension *out)
{
	struct kem_key external = { .pub_n = 0 };
	uc_err err = external_key_derive(e->state.suite, &e->secrets, &external);
	struct view pub;
	if (!err)
		err = arena_copy(a, kem_public(&external), &pub);
	kem_key_wipe(&external);
	TRY(err);
	/* struct { HPKEPublicKey external_pub; } ExternalPub; */
	out->extension_type = EXTENSION_EXTERNAL_PUB;
	return wire_encode_to(a, bytes_element, &pub, &out->extension_data);
}

static uc_err ratchet_tree_of(const struct epoch *e, struct arena *a, struct view *out)
{
	struct buf tree;
	buf_init(&tree, WIRE_OBJECT_MAX);
	uc_err err = tree_export(&e->state.tree, &tree);
	if (!err)
		err = arena_copy(a, buf_view(&tree), out);
	buf_done(&tree);
	return err;
}

static uc_err info_extensions(const struct epoch *e, const struct group_info_parts *parts,
			      struct arena *a, struct extension_list *out)
{
	out->v = ARENA_ARRAY(a, struct extension, parts->more.n + 2);
	out->n = 0;
	if (!out->v)
		return arena_error(a);
	if (!parts->without_external_pub)
		TRY(external_pub_of(e, a, &out->v[out->n++]));
	if (parts->with_ratchet_tree) {
		out->v[out->n].extension_type = EXTENSION_RATCHET_TREE;
		TRY(ratchet_tree_of(e, a, &out->v[out->n++].extension_data));
	}
	for (size_t i = 0; i < parts->more.n; i++) {
		if (parts->more.v[i].extension_type == EXTENSION_EXTERNAL_PUB ||
		    parts->more.v[i].extension_type == EXTENSION_RATCHET_TREE ||
		    extension_find(out, parts->more.v[i].extension_type))
			return UC_E_ARGUMENT;
		out->v[out->n++] = parts->more.v[i];
	}
	return UC_OK;
}

uc_err group_info_of(const struct epoch *e, const struct sign_key *key, const struct env *env,
		     const struct group_info_parts *parts, struct arena *a, struct view *out)
{
	const struct suite *s = e->state.suite;
	struct extension_list extensions;
	struct view tbs;
	TRY(info_extensions(e, parts, a, &extensions));
	struct group_info info = {
		.group_context = e->state.context,
		.extensions = extensions,
		.confirmation_tag = e->state.confirmation_tag,
		.signer = e->own_leaf,
	};
	TRY(wire_encode_to(a, group_info_tbs_element, &info, &tbs));
	TRY(sign_with_label(s, key, env, "GroupInfoTBS", tbs, a, &info.signature));
	return wire_encode_to(a, group_info_element, &info, out);
}

/* --- Welcome --- */

static uc_err seal_group_info(const struct suite *s, struct view welcome_secret,
			      struct view group_info, struct arena *a, struct view *out)
{
	struct secret key = { .n = 0 }, nonce = { .n = 0 };
	uint8_t *sealed = arena_take(a, group_info.n + AEAD_TAG);
	if (!sealed)
		return arena_error(a);
	uc_err err = welcome_key_derive(s, welcome_secret, &key, &nonce);
	if (!err)
		err = suite_seal(s, secret_view(&key), secret_view(&nonce),
				 (struct view){ NULL, 0 }, group_info, sealed);
	secret_wipe(&key);
	secret_wipe(&nonce);
	*out = view_make(sealed, group_info.n + AEAD_TAG);
	return err;
}

static uc_err secrets_for(const struct transition *t, size_t i, const struct made_path *path,
			  struct view joiner_secret, struct view encrypted_group_info,
			  const struct env *env, struct arena *a,
			  struct encrypted_group_secrets *out)
{
	struct path_secret path_secret;
	struct group_secrets secrets = { .joiner_secret = joiner_secret, .psks = t->psks };
	struct view encoded;
	if (path) {
		TRY(treekem_secret_for(path, t->added.v[i], &path_secret.path_secret));
		secrets.path_secret = &path_secret;
	}
	TRY(wire_encode_to(a, group_secrets_element, &secrets, &encoded));
	out->new_member = t->added_refs.v[i];
	return encrypt_with_label(t->before->suite, env, t->added_packages[i]->init_key, "Welcome",
				  encrypted_group_info, encoded, a,
				  &out->encrypted_group_secrets.kem_output,
				  &out->encrypted_group_secrets.ciphertext);
}

uc_err welcome_make(const struct transition *t, const struct epoch *next,
		    const struct made_path *path, struct view joiner_secret, struct view psk_secret,
		    struct view group_info, const struct env *env, struct arena *a,
		    struct view *out)
{
	const struct suite *s = next->state.suite;
	struct secret welcome_secret = { .n = 0 };
	struct welcome w = { .cipher_suite = s->id };
	w.secrets.n = t->added.n;
	w.secrets.v = ARENA_ARRAY(a, struct encrypted_group_secrets, t->added.n);
	if (!w.secrets.v)
		return arena_error(a);
	uc_err err = welcome_secret_derive(s, joiner_secret, psk_secret, &welcome_secret);
	if (!err)
		err = seal_group_info(s, secret_view(&welcome_secret), group_info, a,
				      &w.encrypted_group_info);
	secret_wipe(&welcome_secret);
	for (size_t i = 0; !err && i < t->added.n; i++)
		err = secrets_for(t, i, path, joiner_secret, w.encrypted_group_info, env, a,
				  &w.secrets.v[i]);
	return err ? err : wire_encode_to(a, welcome_element, &w, out);
}

/* draft-ietf-mls-extensions-10, Content Advertisement: "it is responsibility of the committer to ensure
 * that the membership and policies are compatible".  Readers of a commit do not ask: somebody may
 * know by other means what a client understands. */
static uc_err leaf_understands(const struct leaf_node *leaf, const struct media_types *wanted,
			       struct arena *a)
{
	struct media_types theirs;
	struct arena_mark mark = arena_mark(a);
	TRY(media_types_of(&leaf->extensions, a, &theirs));
	bool all = media_types_cover(&theirs, wanted);
	arena_reset(a, mark);
	return all ? UC_OK : UC_E_UNSUPPORTED;
}

static uc_err media_types_fit(const struct transition *t, bool own_leaf_too, struct arena *a)
{
	const struct tree *tree = &t->after.tree;
	const struct u32_list *fresh[] = { &t->added, &t->updated };
	struct media_types wanted, before;
	uint32_t at = 0, leaf;
	struct leaf_node node;
	TRY(media_types_of(&t->after.context.extensions, a, &wanted));
	TRY(media_types_of(&t->before->context.extensions, a, &before));
	if (!media_types_cover(&before, &wanted)) {
		while (tree_next_leaf(tree, &at, &leaf, &node))
			TRY(leaf_understands(&node, &wanted, a));
		return UC_OK;
	}
	if (wanted.n && own_leaf_too && tree_leaf_find(tree, t->committer, &node))
		TRY(leaf_understands(&node, &wanted, a));
	for (size_t k = 0; wanted.n && k < 2; k++)
		for (size_t i = 0; i < fresh[k]->n; i++)
			if (tree_leaf_find(tree, fresh[k]->v[i], &node))
				TRY(leaf_understands(&node, &wanted, a));
	return UC_OK;
}

/* --- which stored proposals a commit takes --- */

/* What is wrong with the machine says nothing about a proposal. */
static uc_err not_its_fault(uc_err err)
{
	return err == UC_E_CRYPTO || err == UC_E_RANDOM || err == UC_E_MEMORY || err == UC_E_LIMIT
		       ? err
		       : UC_OK;
}

static uc_err take_if_fits(const struct group *g, struct proposal_view_list *l,
			   const struct proposal_view *p, struct arena *a)
{
	struct sender us = { .sender_type = SENDER_MEMBER, .leaf_index = g->now->own_leaf };
	if (p->proposal->proposal_type == PROPOSAL_REINIT)
		return UC_OK;
	uc_err err = proposal_arrives(&g->now->state, p, g->platform.hooks, g->platform.env, a);
	if (err)
		return not_its_fault(err);
	/* Only against each other: sorting the list for each of a thousand that wait takes a second. */
	if (!proposal_list_takes(&us, l, p))
		l->v[l->n++] = *p;
	return UC_OK;
}

/* Who leaves by own wish goes first: a Remove of the same leaf then does not fit.  Updates go last:
 * "prefer any Remove received" (12.2), or one could not be removed who keeps updating. */
static int pick_turn(const struct proposal *p)
{
	if (p->proposal_type == PROPOSAL_SELF_REMOVE)
		return 0;
	return p->proposal_type == PROPOSAL_UPDATE ? 2 : 1;
}

/* What a commit of these is refused for before its path is made. */
static uc_err try_list(const struct group *g, const struct proposal_view_list *l,
		       bool any_media_types, struct arena *a)
{
	const struct sender us = { .sender_type = SENDER_MEMBER, .leaf_index = g->now->own_leaf };
	struct secret psk_secret = { .n = 0 };
	struct arena_mark mark = arena_mark(a);
	struct transition *t = ARENA_NEW(a, struct transition);
	if (!t)
		return arena_error(a);
	uc_err err = transition_try(t, &g->now->state, &us, l, g->platform.hooks, a);
	if (!err)
		err = group_psk_secret(g, &g->platform, g->suite, &t->psks, a, &psk_secret);
	if (!err && !any_media_types)
		err = media_types_fit(t, false, a);
	secret_wipe(&psk_secret);
	transition_done(t);
	arena_reset(a, mark);
	return err;
}

/* Adds those of v[0..n) that a commit can hold beside what is in l, halves at a time. */
static uc_err add_what_can_be(const struct group *g, struct proposal_view_list *l,
			      const struct proposal_view *v, size_t n, bool any_media_types,
			      struct arena *a)
{
	size_t had = l->n;
	if (!n)
		return UC_OK;
	memcpy(l->v + had, v, n * sizeof *v);
	l->n += n;
	uc_err err = try_list(g, l, any_media_types, a);
	if (!err)
		return UC_OK;
	l->n = had;
	TRY(not_its_fault(err));
	if (n == 1)
		return UC_OK;
	TRY(add_what_can_be(g, l, v, n / 2, any_media_types, a));
	return add_what_can_be(g, l, v + n / 2, n - n / 2, any_media_types, a);
}

/* Each fits by itself.  What cannot be committed all the same (somebody who is here is added again,
 * a key is known to nobody) is left out: else whoever may propose could keep all from committing. */
static uc_err leave_out(const struct group *g, size_t by_value_count, bool any_media_types,
			struct arena *a, struct proposal_view_list *l)
{
	size_t n = l->n - by_value_count;
	uc_err err = n ? try_list(g, l, any_media_types, a) : UC_OK;
	if (!err)
		return UC_OK;
	TRY(not_its_fault(err));
	struct proposal_view *v = ARENA_ARRAY(a, struct proposal_view, n);
	if (!v)
		return arena_error(a);
	memcpy(v, l->v + by_value_count, n * sizeof *v);
	l->n = by_value_count;
	err = try_list(g, l, any_media_types, a);
	if (err) /* it is not the stored ones; the commit will say so */
		return not_its_fault(err);
	return add_what_can_be(g, l, v, n, any_media_types, a);
}

static uc_err fitting(const struct group *g, const struct proposal *by_value, size_t by_value_count,
		      struct arena *a, struct proposal_view_list *out)
{
	struct proposal_view_list l = { .n = 0 };
	if (!g->now || g->is_removed)
		return UC_E_REMOVED;
	l.v = ARENA_ARRAY(a, struct proposal_view, by_value_count + g->proposals.n);
	if (!l.v)
		return arena_error(a);
	for (size_t i = 0; i < by_value_count; i++)
		l.v[l.n++] = (struct proposal_view){ .sender = { .sender_type = SENDER_MEMBER,
								 .leaf_index = g->now->own_leaf },
						     .proposal = &by_value[i] };
	for (int turn = 0; turn < 3; turn++)
		for (size_t i = 0; i < g->proposals.n; i++) {
			struct proposal_view p = group_proposal_at(g, i);
			if (pick_turn(p.proposal) == turn)
				TRY(take_if_fits(g, &l, &p, a));
		}
	*out = l;
	return UC_OK;
}

uc_err group_fitting(const struct group *g, const struct proposal *by_value, size_t by_value_count,
		     struct arena *a, struct proposal_view_list *out)
{
	TRY(fitting(g, by_value, by_value_count, a, out));
	return leave_out(g, by_value_count, false, a, out);
}

/* --- the commit --- */

struct making {
	struct group *g;
	struct epoch *next;
	struct transition t;
	struct made_path path;
	struct secret joiner_secret, psk_secret;
	struct commit commit;
	struct update_path update_path;
	struct authenticated_content auth;
	struct view encoded; /* the commit, from which proposals are read as others read them */
	bool leaves_out;     /* stored proposals for which a commit would be refused */
};

/* 12.2: a ReInit stands alone, and everything else goes before it. */
static uc_err take_reinit(const struct group *g, struct proposal_view_list *l, struct arena *a)
{
	for (size_t i = 0; l->v && !l->n && i < g->proposals.n; i++) {
		struct proposal_view p = group_proposal_at(g, i);
		if (p.proposal->proposal_type != PROPOSAL_REINIT)
			continue;
		uc_err err =
			proposal_check(&g->now->state, &p, g->platform.hooks, g->platform.env, a);
		TRY(not_its_fault(err));
		if (!err)
			l->v[l->n++] = p;
	}
	return UC_OK;
}

/* Proposals as they stand on the wire, so that KeyPackages have the bytes they are hashed by. */
static uc_err read_proposals(struct making *m, const struct commit_options *o, struct arena *a)
{
	struct proposal_view_list l = { NULL, o->proposal_count };
	size_t n = 0;
	if (!o->without_stored)
		TRY(fitting(m->g, o->proposals, o->proposal_count, a, &l));
	if (m->leaves_out)
		TRY(leave_out(m->g, o->proposal_count, o->any_media_types, a, &l));
	if (o->stored_reinit && !o->without_stored)
		TRY(take_reinit(m->g, &l, a));
	struct proposal_or_ref *v = ARENA_ARRAY(a, struct proposal_or_ref, l.n);
	if (!v)
		return arena_error(a);
	for (size_t i = o->proposal_count; i < l.n; i++)
		v[n++] = (struct proposal_or_ref){ .type = BY_REFERENCE, .reference = l.v[i].ref };
	for (size_t i = 0; i < o->proposal_count; i++)
		v[n++] = (struct proposal_or_ref){ .type = BY_PROPOSAL,
						   .proposal = o->proposals[i] };
	struct commit bare = { .proposals = { v, n } };
	TRY(wire_encode_to(a, commit_element, &bare, &m->encoded));
	return wire_decode(m->encoded, a, commit_element, &m->commit);
}

/* What others check of a leaf that says more than a new key: before it is made, and as it is. */
static uc_err own_leaf_check(const struct making *m, const struct leaf_parameters *as,
			     const struct leaf_node *old)
{
	struct leaf_node leaf = *old;
	leaf.signature_key = sign_public(as->signature_key);
	leaf.credential = as->credential;
	leaf.capabilities = as->capabilities;
	leaf.extensions = as->extensions;
	return transition_check_own_leaf(&m->t, &leaf, m->g->platform.hooks);
}

static uc_err own_leaf_hook(const struct making *m)
{
	const struct group_hooks *hooks = m->g->platform.hooks;
	struct group_view before = group_now(m->g);
	if (!hooks || !hooks->leaf)
		return UC_OK;
	return hooks->leaf(hooks->ctx, &before, &m->path.leaf_node, m->g->now->own_leaf, LEAF_PATH);
}

static uc_err make_path(struct making *m, const struct commit_options *o, struct arena *a)
{
	const struct group *g = m->g;
	const struct leaf_node *old =
		tree_leaf_find(&g->now->state.tree, g->now->own_leaf, LEAF_ROOM);
	struct leaf_parameters as = {
		.signature_key = &g->signature_key,
		.credential = old->credential,
		.capabilities = old->capabilities,
		.extensions = o->leaf_extensions ? *o->leaf_extensions : old->extensions,
	};
	if (o->leaf)
		as = *o->leaf;
	bool changed = o->leaf || o->leaf_extensions;
	if (changed)
		TRY(own_leaf_check(m, &as, old));
	m->next->keys = g->now->keys;
	TRY(treekem_make(&m->t.after.tree, g->now->own_leaf, &as, group_id(g), g->platform.env, a,
			 &m->next->keys, &m->path));
	if (changed)
		TRY(own_leaf_hook(m));
	TRY(transition_provisional(&m->t));
	TRY(treekem_encrypt(&m->t.after.tree, &m->path, m->t.after.encoded, &m->t.added,
			    g->platform.env, a, &m->update_path));
	m->commit.path = &m->update_path;
	return UC_OK;
}

/* Signs the commit, which gives the transcript, the secrets and so the confirmation tag. */
static uc_err sign_commit(struct making *m, const struct commit_options *o, struct arena *a)
{
	struct group *g = m->g;
	struct framing_epoch framing = epoch_framing(g->now);
	struct framed_content content = {
		.group_id = group_id(g),
		.epoch = group_epoch(g),
		.sender = m->t.sender,
		.authenticated_data = o->authenticated_data,
		.content_type = CONTENT_COMMIT,
		.commit = m->commit,
	};
	TRY(framing_sign(&framing, g->platform.env, &g->signature_key,
			 group_wire_format(g, TYPE_COMMIT), &content, a, &m->auth));
	TRY(transition_finish(&m->t, &m->auth, m->commit.path != NULL, g->platform.hooks));
	TRY(group_psk_secret(g, &g->platform, g->suite, &m->t.psks, a, &m->psk_secret));
	return joiner_secret_derive(g->suite, secret_view(&g->now->secrets.init_secret),
				    secret_view(&m->path.commit_secret), m->t.after.encoded,
				    &m->joiner_secret);
}

static uc_err enter_next(struct making *m, struct arena *a)
{
	const struct suite *s = m->g->suite;
	uint8_t *tag = arena_take(a, s->nh);
	if (!tag)
		return arena_error(a);
	/* The new epoch takes the staged state over. */
	group_state_done(&m->next->state);
	m->next->state = m->t.after;
	group_state_init(&m->t.after, s, &m->g->memory);
	m->next->own_leaf = m->g->now->own_leaf;
	TRY(epoch_enter(m->next, secret_view(&m->joiner_secret), secret_view(&m->psk_secret)));
	TRY(confirmation_tag_make(s, &m->next->secrets,
				  m->next->state.context.confirmed_transcript_hash, tag));
	m->auth.auth.confirmation_tag = view_make(tag, s->nh);
	TRY(group_state_confirm(&m->next->state, m->auth.auth.confirmation_tag));
	if (!m->commit.path) {
		m->next->keys = m->g->now->keys;
		tree_secrets_prune(&m->next->keys, &m->next->state.tree);
	}
	return UC_OK;
}

static bool wants_tree(const struct making *m, const struct commit_options *o)
{
	const struct group_info_parts *welcomed = o->welcome ? o->welcome : &o->info;
	if (o->tree == TREE_FOR_JOINERS)
		return m->t.added.n && !welcomed->with_ratchet_tree;
	return o->tree == TREE_ALWAYS;
}

static uc_err write_out(struct making *m, const struct commit_options *o, struct arena *a,
			struct made_commit *out)
{
	struct group *g = m->g;
	/* 12.4.3.1: verified by the signer's leaf in the new tree. */
	const struct sign_key *key = o->leaf ? o->leaf->signature_key : &g->signature_key;
	TRY(group_info_of(m->next, key, g->platform.env, &o->info, a, &out->group_info));
	out->welcome = (struct view){ NULL, 0 };
	struct view welcomed = out->group_info;
	if (m->t.added.n && o->welcome)
		TRY(group_info_of(m->next, key, g->platform.env, o->welcome, a, &welcomed));
	if (m->t.added.n)
		TRY(welcome_make(&m->t, m->next, m->commit.path ? &m->path : NULL,
				 secret_view(&m->joiner_secret), secret_view(&m->psk_secret),
				 welcomed, g->platform.env, a, &out->welcome));
	if (wants_tree(m, o))
		TRY(ratchet_tree_of(m->next, a, &out->ratchet_tree));
	out->change = transition_change(&m->t, m->auth.content.authenticated_data,
					m->commit.path != NULL);
	out->change.after = group_state_view(&m->next->state);
	return handshake_encode(g, &m->auth, g->pending_hash, a, &out->commit);
}

static uc_err make(struct making *m, const struct commit_options *o, struct arena *a,
		   struct made_commit *out)
{
	struct group *g = m->g;
	struct sender us = { .sender_type = SENDER_MEMBER, .leaf_index = g->now->own_leaf };
	struct proposal_view_list proposals;
	TRY(read_proposals(m, o, a));
	TRY(proposals_resolve(&g->proposals, &m->commit.proposals, &us, a, &proposals));
	TRY(transition_begin(&m->t, &g->now->state, &us, &proposals, g->platform.hooks,
			     g->platform.env, a));
	if (m->t.path_required || o->force_path || o->leaf_extensions || o->leaf)
		TRY(make_path(m, o, a));
	if (!o->any_media_types)
		TRY(media_types_fit(&m->t, o->leaf_extensions || o->leaf, a));
	TRY(sign_commit(m, o, a));
	TRY(enter_next(m, a));
	return write_out(m, o, a, out);
}

static uc_err commit(struct group *g, const struct commit_options *options, bool leaves_out,
		     struct arena *a, struct made_commit *out)
{
	struct making *m = HEAP_NEW(struct making);
	if (!m)
		return UC_E_MEMORY;
	m->g = g;
	m->leaves_out = leaves_out;
	m->next = epoch_new(g, g->suite);
	group_state_init(&m->t.after, g->suite, &g->memory);
	struct made_commit made = { 0 };
	uc_err err = m->next ? make(m, options, a, &made) : heap_account_error(&g->memory);
	transition_done(&m->t);
	if (err) {
		epoch_free(m->next);
	} else {
		g->pending = m->next;
		if (options->leaf)
			g->pending_key = *options->leaf->signature_key;
		*out = made;
	}
	heap_free_wiped(m, sizeof *m);
	return err;
}

uc_err group_commit(struct group *g, const struct commit_options *options, struct arena *a,
		    struct made_commit *out)
{
	if (!g->now || g->is_removed)
		return UC_E_REMOVED;
	if (g->pending || g->has_staged)
		return UC_E_PENDING;
	if (g->now->state.is_closed)
		return UC_E_CLOSED;
	if (options->leaf && options->leaf_extensions)
		return UC_E_ARGUMENT;
	struct arena_mark mark = arena_mark(a);
	uc_err err = commit(g, options, false, a, out);
	if (!err || not_its_fault(err) || options->without_stored || !g->proposals.n)
		return err;
	arena_reset(a, mark);
	return commit(g, options, true, a, out);
}
