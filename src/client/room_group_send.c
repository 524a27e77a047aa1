/* SPDX-License-Identifier: Apache-2.0 */
/* What a member makes: commits, the wish to leave, messages with their franking tags. */
#include "client/room_group_inside.h"
#include "mimi/content.h"
#include "mimi/franking.h"
#include "mimi/media_type.h"
#include "mimi/room_roles.h"

enum { BUCKET = 256 }; /* ciphertexts are a multiple of so many bytes */

uc_err room_group_sign(struct uc_client *c, struct room_group *g, const char *label,
		       struct view content, struct arena *a, struct view *signature)
{
	return sign_with_label(group_now(g->g).suite, group_signature_key(g->g), &c->env, label,
			       content, a, signature);
}

/* --- commits --- */

struct plan {
	struct proposal *v;
	size_t n, cap;
};

static uc_err plan_room(struct plan *p, struct arena *a, struct proposal **out)
{
	if (p->n == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 16;
		struct proposal *v = ARENA_ARRAY(a, struct proposal, cap);
		if (!v)
			return UC_E_LIMIT;
		for (size_t i = 0; i < p->n; i++)
			v[i] = p->v[i];
		p->v = v;
		p->cap = cap;
	}
	*out = &p->v[p->n++];
	return UC_OK;
}

static uc_err plan_adds(struct plan *p, struct view packages, struct arena *a)
{
	struct wire w;
	struct view package;
	struct proposal *add;
	wire_reader(&w, packages, NULL);
	while (!w.failed && w.p != w.end) {
		wire_bytes(&w, &package);
		if (w.failed)
			break;
		TRY(plan_room(p, a, &add));
		add->proposal_type = PROPOSAL_ADD;
		TRY(wire_decode(package, a, key_package_element, &add->key_package));
	}
	return wire_finish(&w);
}

/* All leaves of a participant, or that of one client, but those that go anyway. */
static uc_err plan_removes(struct plan *p, const struct room_group *g, struct view of,
			   bool is_client, struct arena *a)
{
	struct group_view now = group_now(g->g);
	uint32_t at = 0, leaf;
	struct leaf_node node;
	struct proposal *remove;
	bool found = false;
	while (tree_next_leaf(now.tree, &at, &leaf, &node)) {
		struct view client, whose;
		TRY(participant_of_leaf(&node, &client, &whose));
		if (!view_equal(is_client ? client : whose, of))
			continue;
		found = true;
		if (room_group_is_going(g, leaf))
			continue;
		TRY(plan_room(p, a, &remove));
		remove->proposal_type = PROPOSAL_REMOVE;
		remove->removed = leaf;
	}
	return found ? UC_OK : UC_E_NOT_FOUND;
}

/* The engine asks as well, but not before it is asked whether an owner stays. */
static uc_err roles_allowed(const struct room_group *g, const struct room_state *r,
			    const struct user_role_pair_list *roles)
{
	struct view client, own;
	TRY(room_group_own_client(g, &client, &own));
	for (size_t i = 0; i < roles->n; i++) {
		uint32_t from = room_role_of(r, roles->v[i].user), to = roles->v[i].role_index;
		if (from != ROLE_NONE && from != to &&
		    !room_role_may_change(r->direct, room_role_of(r, own), from, to))
			return UC_E_POLICY;
	}
	return UC_OK;
}

/* The list follows what comes and goes, by us and by what waits, and has the roles. */
static uc_err plan_list(struct plan *p, const struct room_group *g,
			const struct user_role_pair_list *roles, struct arena *a)
{
	struct group_view now = group_now(g->g);
	const struct room_state *r;
	struct proposal_view_list all;
	struct proposal update, *to;
	bool needed = false;
	TRY(room_group_state(g, &r));
	TRY(roles_allowed(g, r, roles));
	TRY(group_fitting(g->g, p->v, p->n, a, &all));
	TRY(room_list_change(&now, r, &all, NULL, roles, a, &update, &needed));
	if (!needed)
		return UC_OK;
	TRY(plan_room(p, a, &to));
	*to = update;
	return UC_OK;
}

static uc_err commit_encode(const struct made_commit *made, struct arena *a, struct view *update)
{
	const struct update_request u = {
		.bundle = {
			.proposal_or_commit = made->commit,
			.content_type = CONTENT_COMMIT,
			.welcome = made->welcome,
			.group_info_option = { GROUP_INFO_FULL, made->group_info },
			.ratchet_tree_option = { .representation = RATCHET_TREE_FULL,
						 .ratchet_tree = made->ratchet_tree },
		},
	};
	return wire_encode_to(a, update_request_element, &u, update);
}

/* Our leaf, with the keys of these that it does not show yet; *leaf NULL: it shows all. */
static uc_err plan_leaf(const struct room_group *g, const struct room *keys_of, struct arena *a,
			struct leaf_parameters *made, const struct extension_list **leaf)
{
	const struct sign_key *key = group_signature_key(g->g);
	struct participant_link_list shown, all;
	struct leaf_node node;
	struct view client, participant, component;
	*leaf = NULL;
	if (!keys_of)
		return UC_OK;
	if (!tree_leaf_find(group_now(g->g).tree, group_own_leaf(g->g), &node))
		return UC_E_CORRUPT;
	TRY(participant_chain_of(&node.extensions, a, &shown));
	TRY(participant_keys_chain(&keys_of->participant_key, &keys_of->keys, a, &all));
	if (all.n <= shown.n)
		return UC_OK;
	TRY(room_group_own_client(g, &client, &participant));
	TRY(participant_keys_prove(&keys_of->participant_key, &keys_of->keys, client,
				   sign_public(key), a, &component));
	TRY(room_leaf_parameters(key, client, component, a, made));
	*leaf = &made->extensions;
	return UC_OK;
}

static uc_err commit_make(struct room_group *g, const struct plan *p,
			  const struct extension_list *leaf, struct arena *a, struct view *update,
			  uint8_t hash[SHA256_BYTES])
{
	struct made_commit made;
	uint8_t digest[SHA256_BYTES];
	/* The hub is told the tree with each commit (draft-ietf-mimi-protocol, RatchetTreeOption). */
	const struct commit_options o = { .proposals = p->v,
					  .proposal_count = p->n,
					  .leaf_extensions = leaf,
					  .tree = TREE_ALWAYS };
	TRY(group_commit(g->g, &o, a, &made));
	uc_err err = commit_encode(&made, a, update);
	if (!err)
		err = sha256(made.commit, digest);
	if (err)
		group_pending_drop(g->g);
	else
		memcpy(hash, digest, SHA256_BYTES);
	return err;
}

uc_err room_group_commit(struct uc_client *c, struct room_group *g,
			 const struct room_change *change, struct arena *a, struct view *update,
			 uint8_t hash[SHA256_BYTES])
{
	struct plan p = { .n = 0 };
	struct leaf_parameters made;
	const struct extension_list *leaf;
	(void)c;
	/* Who is about to go leaves the committing to those who stay. */
	if (room_group_is_going(g, group_own_leaf(g->g)))
		return UC_E_REMOVED;
	for (size_t i = 0; i < change->packages.n; i++)
		TRY(plan_adds(&p, change->packages.v[i], a));
	for (size_t i = 0; i < change->participants.n; i++)
		TRY(plan_removes(&p, g, change->participants.v[i], false, a));
	for (size_t i = 0; i < change->clients.n; i++)
		TRY(plan_removes(&p, g, change->clients.v[i], true, a));
	TRY(plan_list(&p, g, &change->roles, a));
	TRY(plan_leaf(g, change->keys_of, a, &made, &leaf));
	return commit_make(g, &p, leaf, a, update, hash);
}

/* --- what others are to commit: that we leave, and that places of ours go --- */

static uc_err proposals_encode(const struct view_list *made, struct arena *a, struct view *update,
			       uint8_t hash[SHA256_BYTES])
{
	const struct update_request u = {
		.bundle = { .content_type = CONTENT_PROPOSAL,
			    .proposal_or_commit = made->v[0],
			    .more_proposals = { made->v + 1, made->n - 1 } },
	};
	uint8_t digest[SHA256_BYTES];
	struct view encoded;
	TRY(wire_encode_to(a, update_request_element, &u, &encoded));
	TRY(sha256(made->v[0], digest));
	memcpy(hash, digest, SHA256_BYTES);
	*update = encoded;
	return UC_OK;
}

uc_err room_group_leave(struct uc_client *c, struct room_group *g, struct arena *a,
			struct view *update, uint8_t hash[SHA256_BYTES])
{
	const struct proposal p = { .proposal_type = PROPOSAL_SELF_REMOVE };
	struct view message;
	(void)c;
	if (group_has_pending(g->g))
		return UC_E_PENDING;
	TRY(group_propose(g->g, &p, (struct view){ NULL, 0 }, a, &message));
	return proposals_encode(&(struct view_list){ &message, 1 }, a, update, hash);
}

static uc_err removals_make(struct room_group *g, const uint32_t *leaves, size_t n, struct arena *a,
			    struct view_list *made)
{
	struct proposal p = { .proposal_type = PROPOSAL_REMOVE };
	for (size_t i = 0; i < n; i++) {
		if (room_group_is_going(g, leaves[i]))
			continue;
		p.removed = leaves[i];
		TRY(group_propose(g->g, &p, (struct view){ NULL, 0 }, a, &made->v[made->n]));
		made->n++;
	}
	return made->n ? UC_OK : UC_E_EXISTS;
}

uc_err room_group_removal(struct uc_client *c, struct room_group *g, const uint32_t *leaves,
			  size_t n, struct arena *a, struct view *update,
			  uint8_t hash[SHA256_BYTES])
{
	struct view_list made = { ARENA_ARRAY(a, struct view, n + 1), 0 };
	(void)c;
	if (!made.v)
		return UC_E_LIMIT;
	if (group_has_pending(g->g))
		return UC_E_PENDING;
	size_t before = group_proposal_count(g->g);
	uc_err err = removals_make(g, leaves, n, a, &made);
	if (!err)
		err = proposals_encode(&made, a, update, hash);
	while (err && group_proposal_count(g->g) > before)
		group_proposal_drop(g->g,
				    group_proposal_at(g->g, group_proposal_count(g->g) - 1).ref);
	return err;
}

bool room_group_is_removal(struct view update, struct arena *a)
{
	struct update_request u;
	struct mls_message *m = ARENA_NEW(a, struct mls_message);
	if (!m || wire_decode(update, a, update_request_element, &u) ||
	    u.bundle.content_type != CONTENT_PROPOSAL ||
	    wire_decode(u.bundle.proposal_or_commit, a, mls_message_element, m))
		return false;
	return m->wire_format == MLS_PUBLIC_MESSAGE &&
	       m->public_message.content.proposal.proposal_type == PROPOSAL_REMOVE;
}

void room_group_drop_pending(struct room_group *g)
{
	/* What stands in the log is for others to commit, whatever becomes of a commit of ours. */
	if (group_has_pending(g->g)) {
		group_pending_drop(g->g);
		return;
	}
	for (size_t i = group_proposal_count(g->g); i-- > 0;) {
		struct proposal_view p = group_proposal_at(g->g, i);
		if (p.sender.sender_type == SENDER_MEMBER &&
		    p.sender.leaf_index == group_own_leaf(g->g))
			group_proposal_drop(g->g, p.ref);
	}
}

/* --- messages --- */

/* It must say of its place what its readers will see, or they refuse it. */
static uc_err own_content_check(const struct room_group *g, const struct mimi_content *m,
				struct view *participant)
{
	struct view client, sender, room;
	TRY(room_group_own_client(g, &client, participant));
	TRY(mimi_content_uri(m, EXTENSION_SENDER_URI, &sender));
	TRY(mimi_content_uri(m, EXTENSION_ROOM_URI, &room));
	return view_equal(sender, *participant) && view_equal(room, group_id(g->g)) ? UC_OK
										    : UC_E_ARGUMENT;
}

uc_err room_group_encrypt(struct uc_client *c, struct room_group *g, struct view content,
			  const struct chain_head *head, struct arena *a, struct view *submit,
			  uint8_t hash[SHA256_BYTES])
{
	struct mimi_content m;
	struct submit_message_request s = { .protocol = PROTOCOL_MLS10 };
	struct view data, aad, encoded;
	uint8_t tag[FRANKING_TAG], digest[SHA256_BYTES];
	(void)c;
	TRY(mimi_content_read(content, a, &m));
	TRY(own_content_check(g, &m, &s.sending_uri));
	TRY(application_data_write(content, head, a, &data));
	TRY(franking_tag(VIEW_OF(m.salt), data, tag));
	TRY(franking_aad_write(tag, a, &aad));
	TRY(group_encrypt(g->g, aad, data, BUCKET, a, &s.app_message));
	if (s.app_message.n > MESSAGE_MAX)
		return UC_E_TOO_LARGE;
	TRY(wire_encode_to(a, submit_message_request_element, &s, &encoded));
	TRY(sha256(s.app_message, digest));
	memcpy(hash, digest, SHA256_BYTES);
	*submit = encoded;
	return UC_OK;
}
