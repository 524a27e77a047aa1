/* SPDX-License-Identifier: Apache-2.0 */
/* A room's group: made, joined, kept, looked at. */
#include "client/room_group.h"

#include "client/room_group_inside.h"

#include "base/heap.h"
#include "mls/group_journal.h"

struct group_platform room_platform(struct uc_client *c)
{
	return (struct group_platform){ .env = &c->env, .hooks = &room_hooks };
}

uc_err room_group_new(struct uc_client *c, struct group *g, struct room_group **out)
{
	struct room_group *r = HEAP_NEW(struct room_group);
	struct room_reading *reading = HEAP_NEW(struct room_reading);
	if (!r || !reading) {
		heap_free(r);
		heap_free(reading);
		group_free(g);
		return UC_E_MEMORY;
	}
	arena_init(&reading->arena, ROOM_ARENA_MAX, ARENA_PLAIN);
	r->reading = reading;
	r->platform = room_platform(c);
	r->g = g;
	/* What a message used up is gone with the turn that read it (docs/threat-model.md). */
	group_journal_forget_after(g, 1);
	*out = r;
	return UC_OK;
}

void room_group_free(struct room_group *g)
{
	if (!g)
		return;
	group_free(g->g);
	arena_done(&g->reading->arena);
	heap_free(g->reading);
	heap_free_wiped(g, sizeof *g);
}

/* --- beginning --- */

static uc_err create(struct uc_client *c, const struct room *r, const struct set *s,
		     const struct room_terms *terms, struct arena *a, struct group **out)
{
	struct key_package k;
	struct key_package_secrets secrets;
	struct extension_list context;
	const struct group_platform platform = room_platform(c);
	TRY(room_context_extensions(terms, a, &context));
	TRY(set_keys_read(s, a, &k, &secrets));
	/* The leaf says what its KeyPackage said. */
	const struct leaf_parameters leaf = {
		.signature_key = &secrets.signature_key,
		.credential = k.leaf_node.credential,
		.capabilities = k.leaf_node.capabilities,
		.extensions = k.leaf_node.extensions,
	};
	uc_err err = group_create(&platform, suite_find(k.cipher_suite), view_str(r->uri), &leaf,
				  &context, out);
	key_package_secrets_wipe(&secrets);
	return err;
}

uc_err room_group_create(struct uc_client *c, const struct room *r, const struct set *s,
			 struct view hub_key, struct view franking_key, struct room_group **out)
{
	struct arena scratch;
	struct group *g = NULL;
	const struct room_terms terms = {
		.room = view_str(r->uri),
		.direct = r->direct,
		.hub_domain = view_str(c->account.app),
		.hub_key = hub_key,
		.franking_key = franking_key,
		.creator = view_str(s->participant),
	};
	arena_init(&scratch, ROOM_ARENA_MAX, ARENA_SECRET);
	uc_err err = create(c, r, s, &terms, &scratch, &g);
	arena_done(&scratch);
	return err ? err : room_group_new(c, g, out);
}

static uc_err join(struct uc_client *c, const struct set *s, struct view welcome, struct view tree,
		   struct arena *a, struct group **out)
{
	struct key_package k;
	struct key_package_secrets secrets;
	struct group *g = NULL;
	const struct group_platform platform = room_platform(c);
	TRY(set_keys_read(s, a, &k, &secrets));
	const struct welcome_input in = { .welcome = welcome,
					  .ratchet_tree = tree,
					  .key_package = blob_view(&s->key_package),
					  .secrets = &secrets };
	uc_err err = group_join(&platform, &in, &g);
	key_package_secrets_wipe(&secrets);
	TRY(err);
	/* The hooks saw each leaf; this is whether they make a room. */
	struct group_view now = group_now(g);
	err = room_check(&now);
	if (err)
		group_free(g);
	else
		*out = g;
	return err;
}

uc_err room_group_join(struct uc_client *c, const struct set *s, struct view welcome,
		       struct view tree, struct room_group **out)
{
	struct arena scratch;
	struct group *g = NULL;
	arena_init(&scratch, ROOM_ARENA_MAX, ARENA_SECRET);
	uc_err err = join(c, s, welcome, tree, &scratch, &g);
	arena_done(&scratch);
	return err ? err : room_group_new(c, g, out);
}

uc_err room_group_info(struct uc_client *c, struct room_group *g, struct arena *a,
		       struct view *group_info, struct view *tree)
{
	struct view info;
	(void)c;
	TRY(group_info_make(g->g, a, &info));
	TRY(group_ratchet_tree(g->g, a, tree));
	*group_info = info;
	return UC_OK;
}

/* --- at rest --- */

/* 1: epoch and ratchets (group_load), or one of them and the other empty.  2: a journal's root, and
 * the journal, which is empty where it has rows of its own. */
enum { ROOM_GROUP_DIVIDED = 1, ROOM_GROUP_VERSION = 2 };
struct saved_group {
	uint16_t version;
	struct view first, second;
};
static void wire_saved_group(struct wire *w, struct saved_group *s)
{
	wire_u16(w, &s->version);
	if (!s->version || s->version > ROOM_GROUP_VERSION)
		wire_fail(w, UC_E_VERSION);
	wire_bytes(w, &s->first);
	wire_bytes(w, &s->second);
}
WIRE_ELEMENT(saved_group)

static uc_err saved_write(struct view root, struct view journal, struct buf *out)
{
	const struct saved_group s = { ROOM_GROUP_VERSION, root, journal };
	return wire_encode(out, saved_group_element, &s);
}

static uc_err take(struct room_group *g, struct room_group_change *out, struct buf *root)
{
	out->whole = !g->is_kept || group_journal_wants_snapshot(g->g);
	if (out->whole)
		TRY(group_journal_snapshot(g->g, &out->journal, root));
	else
		TRY(group_journal_take(g->g, &out->journal, root));
	return root->n ? saved_write(buf_view(root), (struct view){ NULL, 0 }, &out->root) : UC_OK;
}

uc_err room_group_take(struct room_group *g, struct room_group_change *out)
{
	struct buf root;
	*out = (struct room_group_change){ .whole = false };
	buf_init_secret(&out->journal, BLOB_MAX);
	buf_init_secret(&out->root, BLOB_MAX);
	buf_init_secret(&root, BLOB_MAX);
	uc_err err = take(g, out, &root);
	buf_done(&root);
	g->is_kept = !err;
	if (err)
		room_group_change_done(out);
	return err;
}

void room_group_change_done(struct room_group_change *c)
{
	buf_done(&c->journal);
	buf_done(&c->root);
}

uc_err room_group_save(struct room_group *g, struct buf *out)
{
	struct buf journal, root;
	buf_init_secret(&journal, BLOB_MAX);
	buf_init_secret(&root, BLOB_MAX);
	g->is_kept = false;
	uc_err err = group_journal_snapshot(g->g, &journal, &root);
	if (!err)
		err = saved_write(buf_view(&root), buf_view(&journal), out);
	buf_done(&journal);
	buf_done(&root);
	return err;
}

static uc_err saved_read(struct view state, struct saved_group *out)
{
	uc_err err = wire_decode(state, NULL, saved_group_element, out);
	return !err || err == UC_E_VERSION ? err : UC_E_CORRUPT;
}

uc_err room_group_is_older(struct view state, bool *out)
{
	struct saved_group s;
	TRY(saved_read(state, &s));
	*out = s.version == ROOM_GROUP_DIVIDED;
	return UC_OK;
}

static uc_err older_load(const struct group_platform *platform, const struct saved_group *s,
			 struct view ratchets, struct group **out)
{
	struct saved_group later = *s;
	if (ratchets.n)
		TRY(saved_read(ratchets, &later));
	return group_load(platform, s->first, later.second, out);
}

static uc_err journal_load(const struct group_platform *platform, const struct saved_group *s,
			   struct view journal, struct group **out)
{
	size_t used = 0;
	TRY(group_journal_open(platform, s->first, journal, &used, out));
	if (used == journal.n)
		return UC_OK;
	/* The store takes a turn as a whole: nothing unfinished is to be expected in it. */
	group_free(*out);
	*out = NULL;
	return UC_E_CORRUPT;
}

uc_err room_group_load(struct uc_client *c, struct view state, struct view more,
		       struct room_group **out)
{
	struct saved_group s;
	struct group *g = NULL;
	const struct group_platform platform = room_platform(c);
	TRY(saved_read(state, &s));
	bool is_journal = s.version == ROOM_GROUP_VERSION;
	uc_err err = is_journal ? journal_load(&platform, &s, s.second.n ? s.second : more, &g)
				: older_load(&platform, &s, more, &g);
	if (err)
		return err == UC_E_VERSION || err == UC_E_MEMORY ? err : UC_E_CORRUPT;
	TRY(room_group_new(c, g, out));
	(*out)->is_kept = is_journal && !s.second.n;
	return UC_OK;
}

/* --- reading --- */

uint64_t room_group_epoch(const struct room_group *g)
{
	return group_epoch(g->g);
}

struct view room_group_authenticator(const struct room_group *g)
{
	return group_epoch_authenticator(g->g);
}

uc_err room_group_transcript(const struct room_group *g, uint8_t out[SHA256_BYTES])
{
	return sha256(group_now(g->g).context->confirmed_transcript_hash, out);
}

struct view room_group_uri(const struct room_group *g)
{
	return group_id(g->g);
}

uint32_t room_group_role(const struct room_group *g, struct view participant)
{
	const struct room_state *r;
	return room_group_state(g, &r) ? (uint32_t)ROLE_NONE : room_role_of(r, participant);
}

uint32_t room_group_own_leaf(const struct room_group *g)
{
	return group_own_leaf(g->g);
}

uc_err room_group_state(const struct room_group *g, const struct room_state **out)
{
	struct room_reading *r = g->reading;
	struct group_view now = group_now(g->g);
	if (!r->there || r->epoch != group_epoch(g->g)) {
		r->there = false;
		arena_done(&r->arena);
		TRY(room_state_read(&now, &r->arena, &r->state));
		r->epoch = group_epoch(g->g);
		r->there = true;
	}
	*out = &r->state;
	return UC_OK;
}

bool room_group_is_direct(const struct room_group *g)
{
	const struct room_state *r;
	/* Nothing but rooms gets here. */
	return !room_group_state(g, &r) && r->direct;
}

/* The leaf a proposal takes away; TREE_NONE for others. */
static uint32_t leaf_gone(const struct proposal_view *p)
{
	if (p->proposal->proposal_type == PROPOSAL_REMOVE)
		return p->proposal->removed;
	if (p->proposal->proposal_type == PROPOSAL_SELF_REMOVE)
		return p->sender.leaf_index;
	return TREE_NONE;
}

bool room_group_is_going(const struct room_group *g, uint32_t leaf)
{
	for (size_t i = 0; i < group_proposal_count(g->g); i++) {
		struct proposal_view p = group_proposal_at(g->g, i);
		if (leaf_gone(&p) == leaf)
			return true;
	}
	return false;
}

bool room_group_has_proposals(const struct room_group *g)
{
	return group_commit_is_due(g->g);
}

uint32_t room_group_rank(const struct room_group *g)
{
	struct group_view now = group_now(g->g);
	uint32_t at = 0, leaf, rank = 0;
	struct leaf_node node;
	while (tree_next_leaf(now.tree, &at, &leaf, &node) && leaf < group_own_leaf(g->g))
		rank += !room_group_is_going(g, leaf);
	return rank;
}

uc_err room_client_of(const struct room_state *r, const struct leaf_node *leaf, uint32_t index,
		      struct room_client *out)
{
	struct room_client k = { .leaf = index, .signature_key = leaf->signature_key };
	TRY(participant_of_leaf(leaf, &k.client, &k.participant));
	k.role = room_role_of(r, k.participant);
	*out = k;
	return UC_OK;
}

uc_err room_group_clients(const struct room_group *g, room_client_each *each, void *ctx)
{
	struct group_view now = group_now(g->g);
	const struct room_state *r;
	uint32_t at = 0, leaf;
	struct leaf_node node;
	TRY(room_group_state(g, &r));
	while (tree_next_leaf(now.tree, &at, &leaf, &node)) {
		struct room_client k;
		TRY(room_client_of(r, &node, leaf, &k));
		if (!each(ctx, &k))
			break;
	}
	return UC_OK;
}

uc_err room_group_client_at(const struct room_group *g, uint32_t leaf, struct room_client *out)
{
	struct group_view now = group_now(g->g);
	const struct room_state *r;
	const struct leaf_node *node = tree_leaf_find(now.tree, leaf, LEAF_ROOM);
	if (!node)
		return UC_E_NOT_FOUND;
	TRY(room_group_state(g, &r));
	return room_client_of(r, node, leaf, out);
}

uc_err room_group_own_client(const struct room_group *g, struct view *client,
			     struct view *participant)
{
	struct group_view now = group_now(g->g);
	const struct leaf_node *node = tree_leaf_find(now.tree, group_own_leaf(g->g), LEAF_ROOM);
	return node ? participant_of_leaf(node, client, participant) : UC_E_REMOVED;
}
