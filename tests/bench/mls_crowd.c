/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/mls_crowd.h"

#include "base/text.h"
#include "mls/group_state.h"
#include "net/env_system.h"
#include "tests/bench/bench.h"

#define CROWD_BYTES ((size_t)1 << 30)
enum { DAY_S = 24 * 3600 };

/* --- people --- */

static void plain_leaf(struct crowd *c, struct crowd_member *m, size_t i)
{
	static uint16_t versions[] = { MLS10 }, suites[] = { 1, 2, 3, 4, 5, 6, 7 };
	static uint16_t extensions[] = { EXTENSION_APP_DATA_DICTIONARY };
	static uint16_t credentials[] = { CREDENTIAL_BASIC };
	static uint16_t proposals[] = { PROPOSAL_APP_DATA_UPDATE, PROPOSAL_SELF_REMOVE };
	char name[32];
	struct view identity;
	snprintf(name, sizeof name, "member %zu", i);
	MUST(arena_copy(&c->mem, view_str(name), &identity));
	m->leaf = (struct leaf_parameters){
		.signature_key = &m->key,
		.credential = { .credential_type = CREDENTIAL_BASIC, .identity = identity },
		.capabilities = { .versions = { versions, 1 },
				  .cipher_suites = { &suites[c->suite->id - 1], 1 },
				  .extensions = { extensions, 1 },
				  .proposals = { proposals, 2 },
				  .credentials = { credentials, 1 } },
	};
}

/* A new device of this participant: client, leaf key, proof. */
static void room_leaf(struct crowd *c, struct crowd_member *m)
{
	struct uri u = { .kind = URI_CLIENT, .domain = VIEW_LIT("hub.example") };
	uint8_t random[CLIENT_NAME];
	struct view client, component;
	struct buf b;
	buf_init(&b, 64);
	MUST(env_random(c->platform.env, random, sizeof random));
	base32_add(&b, VIEW_OF(random));
	MUST(arena_copy(&c->mem, buf_view(&b), &u.client));
	buf_done(&b);
	MUST(participant_name(VIEW_OF(m->participant.pub), &c->mem, &u.name));
	MUST(uri_make(&c->mem, &u, &client));
	MUST(uri_participant_of(client, &m->participant_uri));
	MUST(participant_prove(&m->participant, client, sign_public(&m->key), &c->mem, &component));
	MUST(room_leaf_parameters(&m->key, client, component, &c->mem, &m->leaf));
}

void crowd_key_package(struct crowd *c, struct crowd_member *m, struct arena *a, struct view *out,
		       struct key_package_secrets *secrets)
{
	MUST(key_package_make(c->suite, c->platform.env, &m->leaf, 30 * DAY_S, NULL, a, out,
			      secrets));
}

void crowd_begin(struct crowd *c, const struct suite *s, size_t n, bool is_room)
{
	*c = (struct crowd){ .suite = s, .is_room = is_room, .n = n };
	arena_init(&c->mem, CROWD_BYTES, ARENA_PLAIN);
	c->platform.env = env_system();
	c->platform.hooks = is_room ? &room_hooks : NULL;
	c->id = VIEW_LIT("mimi://hub.example/r/abcdefgh");
	c->people = ARENA_ARRAY(&c->mem, struct crowd_member, n + 1);
	if (!c->people)
		bench_die("no memory for %zu people", n);
	MUST(sign_key_generate(s, c->platform.env, &c->hub_key));
	for (size_t i = 0; i <= n; i++) {
		struct crowd_member *m = &c->people[i];
		if (is_room)
			MUST(ed25519_generate(c->platform.env, &m->participant));
		MUST(sign_key_generate(s, c->platform.env, &m->key));
		if (is_room)
			room_leaf(c, m);
		else
			plain_leaf(c, m, i);
		crowd_key_package(c, m, &c->mem, &m->key_package, &m->secrets);
	}
}

void crowd_end(struct crowd *c)
{
	group_free(c->a);
	group_free(c->b);
	public_group_free(c->hub);
	arena_done(&c->mem);
}

/* --- creating --- */

static struct proposal add_of(const struct crowd_member *m, struct arena *a)
{
	struct proposal p = { .proposal_type = PROPOSAL_ADD };
	MUST(wire_decode(m->key_package, a, key_package_element, &p.key_package));
	return p;
}

static void context_of(struct crowd *c, struct arena *a, struct extension_list *out)
{
	const struct room_terms terms = {
		.room = c->id,
		.hub_domain = VIEW_LIT("hub.example"),
		.hub_key = sign_public(&c->hub_key),
		.franking_key = sign_public(&c->hub_key),
		.creator = c->people[0].participant_uri,
	};
	*out = (struct extension_list){ NULL, 0 };
	if (c->is_room)
		MUST(room_context_extensions(&terms, a, out));
}

/* In rooms the participant list follows, one update for all. */
static size_t list_follows(struct crowd *c, struct group *g, struct proposal *v, size_t n,
			   struct arena *a)
{
	struct group_view now = group_now(g);
	struct proposal_view_list all;
	struct room_state r;
	bool needed = false;
	if (!c->is_room)
		return n;
	MUST(group_fitting(g, v, n, a, &all));
	MUST(room_state_read(&now, a, &r));
	MUST(room_list_follow(&now, &r, &all, NULL, a, &v[n], &needed));
	return n + needed;
}

static struct group *create_alone(struct crowd *c, struct arena *a)
{
	struct extension_list context;
	struct group *g;
	context_of(c, a, &context);
	MUST(group_create(&c->platform, c->suite, c->id, &c->people[0].leaf, &context, &g));
	return g;
}

struct group *crowd_create(struct crowd *c, struct arena *a)
{
	struct proposal *v = ARENA_ARRAY(a, struct proposal, c->n + 1);
	struct made_commit made;
	struct group *g = create_alone(c, a);
	if (!v)
		bench_die("no memory for %zu proposals", c->n);
	for (size_t i = 1; i < c->n; i++)
		v[i - 1] = add_of(&c->people[i], a);
	const struct commit_options o = { .proposals = v,
					  .proposal_count = list_follows(c, g, v, c->n - 1, a) };
	MUST(group_commit(g, &o, a, &made));
	MUST(group_pending_apply(g));
	return g;
}

void crowd_add(struct crowd *c, struct arena *a, struct proposal out[2], size_t *n)
{
	out[0] = add_of(&c->people[c->n], a);
	*n = list_follows(c, c->a, out, 1, a);
}

/* --- filling --- */

/* The leaf as a path of its owner leaves it: with the hash of the parent above. */
static void path_leaf(struct crowd *c, struct tree *t, uint32_t index, struct view parent_hash)
{
	struct arena a;
	struct kem_key key;
	const struct leaf_parameters *as = &c->people[index].leaf;
	arena_init(&a, 1 << 20, ARENA_PLAIN);
	MUST(kem_key_generate(c->suite, c->platform.env, &key));
	struct leaf_node leaf = { .encryption_key = kem_public(&key),
				  .signature_key = sign_public(as->signature_key),
				  .credential = as->credential,
				  .capabilities = as->capabilities,
				  .leaf_node_source = LEAF_NODE_SOURCE_COMMIT,
				  .parent_hash = parent_hash,
				  .extensions = as->extensions };
	MUST(leaf_node_sign(c->suite, c->platform.env, as->signature_key, &leaf, c->id, index, &a));
	MUST(tree_set_leaf(t, index, &leaf));
	kem_key_wipe(&key);
	arena_done(&a);
}

/* Gives every parent a key, and hashes as if the last path through each had come from its right half:
 * each is made once, so that large groups are quickly there.  Where nobody is to the right, there is
 * nothing to encrypt to, and the parent stays blank (RFC 9420, 4.1.2). */
static void fill_below(struct crowd *c, struct tree *t, uint32_t node, struct view parent_hash)
{
	static const uint8_t old[HASH_MAX]; /* of a path that another one has passed over since */
	struct kem_key key;
	uint8_t hash[HASH_MAX];
	if (tree_is_leaf(node)) {
		if (parent_hash.p != old)
			path_leaf(c, t, tree_leaf_of_node(node), parent_hash);
		return;
	}
	if (node / 2 + 1 >= c->n) {
		fill_below(c, t, tree_left(node), parent_hash);
		return;
	}
	MUST(kem_key_generate(c->suite, c->platform.env, &key));
	const struct parent_node p = { .encryption_key = kem_public(&key),
				       .parent_hash = parent_hash };
	MUST(tree_set_parent(t, node, &p));
	fill_below(c, t, tree_left(node), view_make(old, c->suite->nh));
	MUST(tree_parent_hash(t, node, tree_left(node), hash));
	fill_below(c, t, tree_right(node), view_make(hash, c->suite->nh));
}

/* Everybody's leaf, in plain groups without the commits that would add them. */
static void seat_people(struct crowd *c, struct tree *t)
{
	for (uint32_t i = tree_member_count(t), at; i < c->n; i++) {
		struct arena a;
		struct key_package k;
		arena_init(&a, 1 << 20, ARENA_PLAIN);
		MUST(wire_decode(c->people[i].key_package, &a, key_package_element, &k));
		MUST(tree_add(t, &k.leaf_node, &at));
		arena_done(&a);
	}
}

/* A GroupInfo over a state that nobody has the secrets of: one can join it from outside. */
static void info_of(struct crowd *c, const struct group_state *s, struct arena *a,
		    struct view *info, struct view *tree)
{
	struct kem_key external;
	struct view pub, data, tbs;
	struct buf b;
	uint8_t tag[HASH_MAX] = { 1 };
	MUST(kem_key_generate(c->suite, c->platform.env, &external));
	MUST(arena_copy(a, kem_public(&external), &pub));
	MUST(wire_encode_to(a, bytes_element, &pub, &data));
	struct extension extension = { EXTENSION_EXTERNAL_PUB, data };
	struct group_info g = { .group_context = s->context,
				.extensions = { &extension, 1 },
				.confirmation_tag = view_make(tag, c->suite->nh) };
	MUST(wire_encode_to(a, group_info_tbs_element, &g, &tbs));
	MUST(sign_with_label(c->suite, &c->people[0].key, c->platform.env, "GroupInfoTBS", tbs, a,
			     &g.signature));
	MUST(wire_encode_to(a, group_info_element, &g, info));
	buf_init(&b, WIRE_OBJECT_MAX);
	MUST(tree_export(&s->tree, &b));
	MUST(arena_copy(a, buf_view(&b), tree));
	buf_done(&b);
}

struct group *crowd_rejoin(struct crowd *c, size_t i, struct view group_info, struct view tree,
			   uint32_t leaf, struct arena *a, struct view *commit)
{
	struct crowd_member *m = &c->people[i];
	struct proposal remove = { .proposal_type = PROPOSAL_REMOVE, .removed = leaf };
	struct view info;
	struct group *g;
	const struct external_join in = { .group_info = group_info,
					  .ratchet_tree = tree,
					  .leaf = &m->leaf,
					  .proposals = &remove,
					  .proposal_count = 1 };
	MUST(group_join_external(&c->platform, &in, a, commit, &info, &g));
	return g;
}

void crowd_renew(struct crowd *c, struct crowd_member *m)
{
	MUST(sign_key_generate(c->suite, c->platform.env, &m->key));
	if (c->is_room)
		room_leaf(c, m);
}

static void join_first(struct crowd *c, const struct group *creator, struct arena *a)
{
	struct group_state s;
	struct view info, tree, commit;
	struct group_view now = group_now(creator);
	group_state_init(&s, c->suite, NULL);
	tree_copy(now.tree, &s.tree);
	seat_people(c, &s.tree);
	fill_below(c, &s.tree, tree_root(s.tree.leaves), (struct view){ NULL, 0 });
	MUST(group_state_set_context(&s, now.context));
	info_of(c, &s, a, &info, &tree);
	group_state_done(&s);
	MUST(public_group_new(c->platform.env, c->platform.hooks, info, tree, &c->hub));
	crowd_renew(c, &c->people[0]);
	c->a = crowd_rejoin(c, 0, info, tree, 0, a, &commit);
	MUST(group_pending_apply(c->a));
	crowd_take(c, c->a, commit, a);
}

void crowd_take(struct crowd *c, struct group *by, struct view commit, struct arena *a)
{
	struct group *both[2] = { c->a, c->b };
	struct public_received at_hub;
	struct received in;
	for (size_t i = 0; i < 2; i++) {
		if (!both[i] || both[i] == by)
			continue;
		MUST(group_receive(both[i], commit, a, &in));
		MUST(group_staged_apply(both[i]));
	}
	MUST(public_group_receive(c->hub, commit, a, &at_hub));
	MUST(public_group_apply(c->hub));
}

void crowd_fill(struct crowd *c)
{
	struct arena a;
	struct view info, tree, commit;
	uint32_t other = 1;
	arena_init(&a, CROWD_BYTES, ARENA_SECRET);
	struct group *creator = c->is_room ? crowd_create(c, &a) : create_alone(c, &a);
	join_first(c, creator, &a);
	group_free(creator);
	MUST(group_info_make(c->a, &a, &info));
	MUST(group_ratchet_tree(c->a, &a, &tree));
	if (group_now(c->a).tree->leaves > 4)
		other = group_now(c->a).tree->leaves / 4;
	crowd_renew(c, &c->people[other]);
	c->b = crowd_rejoin(c, other, info, tree, other, &a, &commit);
	MUST(group_pending_apply(c->b));
	crowd_take(c, c->b, commit, &a);
	arena_done(&a);
}
