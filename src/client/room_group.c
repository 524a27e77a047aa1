/* SPDX-License-Identifier: Apache-2.0 */
/* A room's group: made, joined, kept, looked at. */
#include "client/room_group.h"

#include "client/room_group_inside.h"

#include "base/heap.h"

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

/* --- at rest: both parts of the group --- */

enum { ROOM_GROUP_VERSION = 1 };
struct saved_group {
	uint16_t version;
	struct view epoch, ratchets;
};
static void wire_saved_group(struct wire *w, struct saved_group *s)
{
	wire_u16(w, &s->version);
	if (s->version != ROOM_GROUP_VERSION)
		wire_fail(w, UC_E_VERSION);
	wire_bytes(w, &s->epoch);
	wire_bytes(w, &s->ratchets);
}
WIRE_ELEMENT(saved_group)

static uc_err saved_write(const struct room_group *g, bool epoch, bool ratchets, struct buf *out)
{
	struct buf e, r;
	buf_init_secret(&e, BLOB_MAX);
	buf_init_secret(&r, BLOB_MAX);
	uc_err err = epoch ? group_save_epoch(g->g, &e) : UC_OK;
	if (!err && ratchets)
		err = group_save_ratchets(g->g, &r);
	if (!err) {
		const struct saved_group s = { ROOM_GROUP_VERSION, buf_view(&e), buf_view(&r) };
		err = wire_encode(out, saved_group_element, &s);
	}
	buf_done(&e);
	buf_done(&r);
	return err;
}

uc_err room_group_save(struct room_group *g, struct buf *out)
{
	return saved_write(g, true, true, out);
}

uc_err room_group_save_epoch(struct room_group *g, struct buf *out)
{
	return saved_write(g, true, false, out);
}

uc_err room_group_save_ratchets(struct room_group *g, struct buf *out)
{
	return saved_write(g, false, true, out);
}

static uc_err saved_read(struct view state, struct saved_group *out)
{
	uc_err err = wire_decode(state, NULL, saved_group_element, out);
	return !err || err == UC_E_VERSION ? err : UC_E_CORRUPT;
}

uc_err room_group_load(struct uc_client *c, struct view state, struct view ratchets,
		       struct room_group **out)
{
	struct saved_group s, later;
	struct group *g = NULL;
	const struct group_platform platform = room_platform(c);
	TRY(saved_read(state, &s));
	if (ratchets.n) {
		TRY(saved_read(ratchets, &later));
		s.ratchets = later.ratchets;
	}
	uc_err err = group_load(&platform, s.epoch, s.ratchets, &g);
	if (err)
		return err == UC_E_VERSION || err == UC_E_MEMORY ? err : UC_E_CORRUPT;
	return room_group_new(c, g, out);
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

struct view room_group_uri(const struct room_group *g)
{
	return group_id(g->g);
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
