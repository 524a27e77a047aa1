/* SPDX-License-Identifier: Apache-2.0 */
/* Public groups at rest: in parts, of which a change writes those that differ; and whole. */
#include "mls/group.h"
#include "mls/public_group_inside.h"
#include "mls/tree_delta.h"

#define PARTS_MAX ((size_t)256 * 1024 * 1024)

/* --- the base ---
 *
 * struct { uint16 version = 1; uint16 suite; opaque context<V>; opaque confirmation_tag<V>;
 * opaque reinit<V>; uint32 leaves; uint32 proposals; }
 *
 * context: GroupContext without its extensions, which are a part of their own.  reinit: empty unless
 * the group is closed. */
enum { PUBLIC_BASE_VERSION = 1 };

struct public_base {
	uint16_t version, suite;
	struct view context, confirmation_tag, reinit;
	uint32_t leaves, proposals;
	struct commit_history history;
};

static void wire_public_base(struct wire *w, struct public_base *b)
{
	wire_u16(w, &b->version);
	if (wire_reading(w) && !w->failed && b->version != PUBLIC_BASE_VERSION)
		wire_fail(w, UC_E_VERSION);
	wire_u16(w, &b->suite);
	wire_bytes(w, &b->context);
	wire_bytes(w, &b->confirmation_tag);
	wire_bytes(w, &b->reinit);
	wire_u32(w, &b->leaves);
	wire_u32(w, &b->proposals);
	wire_commit_history(w, &b->history);
}
WIRE_ELEMENT(public_base)

static void extensions_element(struct wire *w, void *v)
{
	wire_extension_list(w, v);
}

/* --- out --- */

struct saving {
	const struct public_group *p;
	public_group_sink *put;
	void *ctx;
	struct arena scratch;
};

static uc_err put(const struct saving *s, enum public_part_kind kind, uint32_t number,
		  struct view bytes)
{
	const struct public_part part = { kind, number, bytes };
	return s->put(s->ctx, &part);
}

static uc_err put_node(void *ctx, uint32_t node, struct view bytes)
{
	return put(ctx, PUBLIC_PART_NODE, node, bytes);
}

static uc_err extensions_hash(const struct public_group *p, struct arena *a, struct view *encoded,
			      uint8_t out[HASH_MAX])
{
	TRY(wire_encode_to(a, extensions_element, &p->state.context.extensions, encoded));
	return suite_hash(p->state.suite, *encoded, out);
}

static uc_err put_extensions(struct saving *s)
{
	uint8_t hash[HASH_MAX];
	const struct public_group *p = s->p;
	struct view encoded;
	TRY(extensions_hash(p, &s->scratch, &encoded, hash));
	const size_t nh = p->state.suite->nh;
	if (p->saved.any && view_equal(view_make(p->saved.extensions, nh), view_make(hash, nh)))
		return UC_OK;
	return put(s, PUBLIC_PART_EXTENSIONS, 0, encoded);
}

/* It is another in each epoch, and the same while it lasts. */
static uc_err put_info(const struct saving *s)
{
	const struct public_group *p = s->p;
	bool same_epoch = p->saved.any && p->saved.epoch == p->state.context.epoch;
	bool has = p->info.n != 0;
	if (same_epoch ? has == p->saved.has_info : !has && !p->saved.has_info)
		return UC_OK;
	return put(s, PUBLIC_PART_INFO, 0, buf_view(&p->info));
}

/* Those of an epoch are only added to. */
static uc_err put_proposals(const struct saving *s)
{
	const struct public_group *p = s->p;
	const struct public_group_saved *had = &p->saved;
	const struct view nothing = { NULL, 0 };
	bool same_epoch = had->any && had->epoch == p->state.context.epoch;
	for (size_t i = same_epoch ? had->proposals : 0; i < p->proposals.n; i++)
		TRY(put(s, PUBLIC_PART_PROPOSAL, (uint32_t)i, p->proposals.v[i]->content));
	for (size_t i = p->proposals.n; i < had->proposals; i++)
		TRY(put(s, PUBLIC_PART_PROPOSAL, (uint32_t)i, nothing));
	return UC_OK;
}

static uc_err put_base(struct saving *s)
{
	const struct group_state *state = &s->p->state;
	struct group_context context = state->context;
	struct public_base b = {
		.version = PUBLIC_BASE_VERSION,
		.suite = state->suite->id,
		.confirmation_tag = state->confirmation_tag,
		.reinit = state->reinit_encoded,
		.leaves = state->tree.leaves,
		.proposals = (uint32_t)s->p->proposals.n,
		.history = s->p->history,
	};
	struct view encoded;
	context.extensions = (struct extension_list){ NULL, 0 };
	TRY(wire_encode_to(&s->scratch, group_context_element, &context, &b.context));
	TRY(wire_encode_to(&s->scratch, public_base_element, &b, &encoded));
	return put(s, PUBLIC_PART_BASE, 0, encoded);
}

static uc_err put_parts(struct saving *s)
{
	TRY(put_base(s));
	TRY(put_extensions(s));
	TRY(put_info(s));
	TRY(put_proposals(s));
	return tree_changes(&s->p->saved.tree, &s->p->state.tree, put_node, s);
}

uc_err public_group_save_parts(const struct public_group *p, public_group_sink *sink, void *ctx)
{
	struct saving s = { .p = p, .put = sink, .ctx = ctx };
	arena_init(&s.scratch, GROUP_ARENA_MAX, ARENA_PLAIN);
	uc_err err = put_parts(&s);
	arena_done(&s.scratch);
	return err;
}

uc_err public_group_saved(struct public_group *p)
{
	struct public_group_saved now = { .any = true,
					  .epoch = p->state.context.epoch,
					  .proposals = p->proposals.n,
					  .has_info = p->info.n != 0 };
	struct arena scratch;
	struct view encoded;
	arena_init(&scratch, GROUP_ARENA_MAX, ARENA_PLAIN);
	uc_err err = extensions_hash(p, &scratch, &encoded, now.extensions);
	arena_done(&scratch);
	TRY(err);
	tree_copy(&p->state.tree, &now.tree);
	tree_done(&p->saved.tree);
	p->saved = now;
	return UC_OK;
}

/* --- in --- */

struct gathered {
	struct gathered *next;
	uint32_t number;
	struct view bytes;
};

struct loading {
	struct arena scratch;
	struct view base, extensions, info;
	bool has_base, has_extensions, has_info;
	struct gathered *nodes, *proposals;
	size_t proposals_n;
	uint32_t width; /* one more than the last node's number */
};

static uc_err gather(struct loading *l, const struct public_part *part, struct gathered **list)
{
	struct gathered *g = ARENA_NEW(&l->scratch, struct gathered);
	if (!g)
		return UC_E_LIMIT;
	*g = (struct gathered){ .next = *list, .number = part->number };
	TRY(arena_copy(&l->scratch, part->bytes, &g->bytes));
	*list = g;
	return UC_OK;
}

static uc_err once(struct loading *l, const struct public_part *part, bool *has, struct view *out)
{
	if (*has)
		return UC_E_CORRUPT;
	*has = true;
	return arena_copy(&l->scratch, part->bytes, out);
}

static uc_err take(struct loading *l, const struct public_part *part)
{
	switch (part->kind) {
	case PUBLIC_PART_BASE:
		return once(l, part, &l->has_base, &l->base);
	case PUBLIC_PART_EXTENSIONS:
		return once(l, part, &l->has_extensions, &l->extensions);
	case PUBLIC_PART_INFO:
		return once(l, part, &l->has_info, &l->info);
	case PUBLIC_PART_PROPOSAL:
		l->proposals_n++;
		return gather(l, part, &l->proposals);
	case PUBLIC_PART_NODE:
		if (part->number >= tree_width(TREE_LEAVES_MAX))
			return UC_E_CORRUPT;
		if (part->number >= l->width)
			l->width = part->number + 1;
		return gather(l, part, &l->nodes);
	default:
		return UC_E_CORRUPT;
	}
}

static uc_err take_all(struct loading *l, public_group_source *next, void *ctx)
{
	for (;;) {
		struct public_part part = { .kind = PUBLIC_PART_BASE };
		bool end = false;
		TRY(next(ctx, &part, &end));
		if (end)
			return l->has_base && l->has_extensions ? UC_OK : UC_E_CORRUPT;
		TRY(take(l, &part));
	}
}

static void node_element(struct wire *w, void *v)
{
	wire_node(w, v);
}

static uc_err load_tree(struct loading *l, const struct public_base *b, struct group_state *s)
{
	struct node_list nodes = { .n = l->width };
	if (!b->leaves || b->leaves > TREE_LEAVES_MAX || l->width > tree_width(b->leaves))
		return UC_E_CORRUPT;
	nodes.v = ARENA_ARRAY(&l->scratch, struct node *, nodes.n + 1);
	if (!nodes.v)
		return UC_E_LIMIT;
	for (const struct gathered *g = l->nodes; g; g = g->next) {
		struct node *n = ARENA_NEW(&l->scratch, struct node);
		if (!n)
			return UC_E_LIMIT;
		if (nodes.v[g->number])
			return UC_E_CORRUPT;
		TRY(wire_decode(g->bytes, &l->scratch, node_element, n));
		nodes.v[g->number] = n;
	}
	TRY(group_state_import(s, &nodes));
	return s->tree.leaves == b->leaves ? UC_OK : UC_E_CORRUPT;
}

static uc_err load_context(struct loading *l, const struct public_base *b, struct group_state *s)
{
	struct group_context c;
	struct extension_list extensions;
	TRY(wire_decode(b->context, &l->scratch, group_context_element, &c));
	TRY(wire_decode(l->extensions, &l->scratch, extensions_element, &extensions));
	if (c.extensions.n || c.cipher_suite != b->suite)
		return UC_E_CORRUPT;
	c.extensions = extensions;
	struct view claimed = c.tree_hash;
	TRY(group_state_set_context(s, &c));
	return view_equal(s->context.tree_hash, claimed) ? UC_OK : UC_E_CORRUPT;
}

static uc_err load_state(struct loading *l, const struct public_base *b, struct group_state *s)
{
	TRY(load_tree(l, b, s));
	TRY(load_context(l, b, s));
	TRY(group_state_confirm(s, b->confirmation_tag));
	if (!b->reinit.n)
		return UC_OK;
	struct re_init r;
	TRY(wire_decode(b->reinit, &l->scratch, re_init_element, &r));
	return group_state_close(s, &r);
}

static uc_err load_proposals(struct loading *l, const struct public_base *b, struct public_group *p)
{
	if (l->proposals_n != b->proposals)
		return UC_E_CORRUPT;
	struct view *v = ARENA_ARRAY(&l->scratch, struct view, l->proposals_n + 1);
	if (!v)
		return UC_E_LIMIT;
	for (const struct gathered *g = l->proposals; g; g = g->next) {
		if (g->number >= l->proposals_n || v[g->number].n)
			return UC_E_CORRUPT;
		v[g->number] = g->bytes;
	}
	for (size_t i = 0; i < l->proposals_n; i++) {
		struct authenticated_content c;
		TRY(wire_decode(v[i], &l->scratch, authenticated_content_element, &c));
		if (c.content.content_type != CONTENT_PROPOSAL)
			return UC_E_CORRUPT;
		TRY(proposal_store_add(&p->proposals, p->state.suite, &c, NULL, NULL));
	}
	return UC_OK;
}

/* Its signature is over the GroupContext: all that was read is what a member has vouched for. */
static uc_err load_info(struct loading *l, struct public_group *p)
{
	struct view whole;
	if (!l->has_info)
		return UC_OK;
	TRY(public_info_join(&p->state, l->info, &l->scratch, &whole));
	return public_group_put_info(p, whole);
}

static uc_err load(struct loading *l, public_group_source *next, void *ctx, struct public_group *p)
{
	struct public_base b;
	TRY(take_all(l, next, ctx));
	TRY(wire_decode(l->base, &l->scratch, public_base_element, &b));
	const struct suite *s = crypto_suite(p->crypto, b.suite);
	if (!s)
		return UC_E_CORRUPT;
	p->history = b.history;
	group_state_init(&p->state, s, &p->memory);
	TRY(load_state(l, &b, &p->state));
	TRY(load_info(l, p));
	TRY(load_proposals(l, &b, p));
	return public_group_saved(p);
}

/* What the store itself has to say goes on as it is. */
static uc_err as_stored(uc_err err)
{
	switch (uc_err_class(err)) {
	case UC_CLASS_STORE:
	case UC_CLASS_MEMORY:
		return err;
	default:
		return err && err != UC_E_VERSION && err != UC_E_LIMIT ? UC_E_CORRUPT : err;
	}
}

uc_err public_group_load_parts(const struct group_platform *platform, public_group_source *next,
			       void *ctx, struct public_group **out)
{
	struct loading l = { .has_base = false };
	struct public_group *p;
	TRY(public_group_empty(platform, &p));
	arena_init(&l.scratch, PARTS_MAX, ARENA_PLAIN);
	uc_err err = load(&l, next, ctx, p);
	arena_done(&l.scratch);
	if (err)
		public_group_free(p);
	else
		*out = p;
	return as_stored(err);
}

/* --- whole: uint16 version; opaque state<V>; opaque proposals<V>; commit_history (version 1 ends
 * before it: nothing is known) --- */
enum { PUBLIC_GROUP_VERSION = 2 };

static void add_part(struct wire *w, struct buf *part, uc_err err)
{
	struct view v = buf_view(part);
	if (err)
		wire_fail(w, err);
	else
		wire_bytes(w, &v);
	buf_done(part);
}

uc_err public_group_save(const struct public_group *p, struct buf *out)
{
	struct wire w;
	struct buf part;
	uint16_t version = PUBLIC_GROUP_VERSION;
	wire_writer(&w, out);
	wire_u16(&w, &version);
	buf_init(&part, WIRE_OBJECT_MAX);
	uc_err err = group_state_save(&p->state, &part);
	add_part(&w, &part, err);
	buf_init(&part, WIRE_OBJECT_MAX);
	err = proposal_store_save(&p->proposals, &part);
	add_part(&w, &part, err);
	struct commit_history history = p->history;
	wire_commit_history(&w, &history);
	return wire_finish(&w);
}

uc_err public_group_load_on(const struct group_platform *platform, struct view saved,
			    struct public_group **out)
{
	struct wire w;
	uint16_t version = 0;
	struct view state = { NULL, 0 }, proposals = { NULL, 0 };
	struct commit_history history = { .n = 0 };
	wire_reader(&w, saved, NULL);
	wire_u16(&w, &version);
	if (!w.failed && (version == 0 || version > PUBLIC_GROUP_VERSION))
		return UC_E_VERSION;
	wire_bytes(&w, &state);
	wire_bytes(&w, &proposals);
	if (version > 1)
		wire_commit_history(&w, &history);
	TRY(wire_finish(&w));
	struct public_group *p;
	TRY(public_group_empty(platform, &p));
	p->history = history;
	uc_err err = group_state_load(&p->state, p->crypto, state);
	if (!err)
		err = proposal_store_load(&p->proposals, p->state.suite, proposals);
	if (err)
		public_group_free(p);
	else
		*out = p;
	return err;
}

uc_err public_group_load(const struct env *env, const struct group_hooks *hooks, struct view saved,
			 struct public_group **out)
{
	const struct group_platform platform = { .env = env, .hooks = hooks };
	return public_group_load_on(&platform, saved, out);
}
