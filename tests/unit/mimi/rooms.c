/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/mimi/rooms.h"

#include "base/text.h"

enum { DAY_S = 24 * 3600 };
static const struct suite *suite(void)
{
	return suite_find(SUITE_X25519_AES128);
}

/* What the rules would make of an update if they allowed it, so that what is refused is refused by
 * the rules and not because the tags differ. */
static uc_err lax_component(void *ctx, const struct group_view *before, uint16_t component_id,
			    const struct view *current, const struct app_data_update *updates,
			    size_t n, struct arena *a, struct view *ret)
{
	if (room_hooks.component(ctx, before, component_id, current, updates, n, a, ret))
		*ret = current ? *current : VIEW_LIT("");
	return UC_OK;
}
static const struct group_hooks lax_hooks = { .component = lax_component };

void room_begin(struct room_under_test *t)
{
	memset(t, 0, sizeof *t);
	arena_init(&t->mem, 64 << 20, ARENA_SECRET);
	t->honest = (struct group_platform){ .env = test_env(), .hooks = &room_hooks };
	t->lawless = (struct group_platform){ .env = test_env(), .hooks = &lax_hooks };
	t->uri = VIEW_LIT("mimi://hub.example/r/abcdefgh");
	expect_ok(sign_key_generate(suite(), test_env(), &t->hub));
	expect_ok(sign_key_generate(suite(), test_env(), &t->frank));
}

void room_end(struct room_under_test *t)
{
	for (size_t i = 0; i < t->n; i++) {
		group_free(t->m[i].g);
		key_package_secrets_wipe(&t->m[i].secrets);
	}
	public_group_free(t->p);
	arena_done(&t->mem);
}

static void name_member(struct room_under_test *t, struct member *m, const char *domain)
{
	struct uri u = { .kind = URI_CLIENT, .domain = view_str(domain) };
	uint8_t client[CLIENT_NAME];
	struct buf b;
	buf_init(&b, 64);
	expect_ok(env_random(test_env(), client, sizeof client));
	base32_add(&b, VIEW_OF(client));
	expect_ok(arena_copy(&t->mem, buf_view(&b), &u.client));
	buf_done(&b);
	expect_ok(participant_name(VIEW_OF(m->first.pub), &t->mem, &u.name));
	expect_ok(uri_make(&t->mem, &u, &m->client));
	expect_ok(uri_participant_of(m->client, &m->participant));
}

void member_repackage(struct room_under_test *t, struct member *m)
{
	const struct extension_list none = { NULL, 0 };
	expect_ok(room_leaf_parameters(&m->leaf_key, m->client, m->component, &t->mem, &m->leaf));
	expect_ok(key_package_make(suite(), test_env(), &m->leaf, 30 * DAY_S, &none, &t->mem,
				   &m->key_package, &m->secrets));
}

struct member *member_new(struct room_under_test *t, const char *domain, const struct member *as)
{
	struct member *m = &t->m[t->n++];
	if (as)
		m->first = as->first;
	else
		expect_ok(ed25519_generate(test_env(), &m->first));
	expect_ok(sign_key_generate(suite(), test_env(), &m->leaf_key));
	name_member(t, m, domain);
	expect_ok(participant_prove(&m->first, m->client, sign_public(&m->leaf_key), &t->mem,
				    &m->component));
	member_repackage(t, m);
	return m;
}

void room_make(struct room_under_test *t, bool direct)
{
	struct member *m = &t->m[0];
	struct extension_list context;
	struct view info, tree;
	struct group_view now;
	const struct room_terms terms = {
		.room = t->uri,
		.direct = direct,
		.hub_domain = VIEW_LIT("hub.example"),
		.hub_key = sign_public(&t->hub),
		.franking_key = sign_public(&t->frank),
		.creator = m->participant,
	};
	expect_ok(room_context_extensions(&terms, &t->mem, &context));
	expect_ok(group_create(&t->honest, suite(), t->uri, &m->leaf, &context, &m->g));
	expect_ok(group_info_make(m->g, &t->mem, &info));
	expect_ok(group_ratchet_tree(m->g, &t->mem, &tree));
	expect_ok(public_group_new(test_env(), &room_hooks, info, tree, &t->p));
	now = public_group_now(t->p);
	expect_ok(room_check(&now));
}

/* --- plans --- */

void plan_add(struct room_under_test *t, struct plan *p, const struct member *m)
{
	struct proposal *add = &p->v[p->n++];
	add->proposal_type = PROPOSAL_ADD;
	expect_ok(wire_decode(m->key_package, &t->mem, key_package_element, &add->key_package));
}

void plan_remove(struct room_under_test *t, struct plan *p, const struct member *m)
{
	struct proposal *remove = &p->v[p->n++];
	remove->proposal_type = PROPOSAL_REMOVE;
	remove->removed = public_group_leaf_by_identity(t->p, m->client);
}

void plan_list(struct room_under_test *t, struct plan *p, const struct member *by)
{
	struct proposal_view_list all;
	struct group_view now = group_now(by->g);
	struct room_state r;
	bool needed = false;
	expect_ok(group_fitting(by->g, p->v, p->n, &t->mem, &all));
	expect_ok(room_state_read(&now, &t->mem, &r));
	expect_ok(room_list_follow(&now, &r, &all, NULL, &t->mem, &p->v[p->n], &needed));
	p->n += needed;
}

void plan_update(struct room_under_test *t, struct plan *p, const struct participant_list_update *u)
{
	expect_ok(participant_list_propose(u, &t->mem, &p->v[p->n++]));
}

void plan_component(struct plan *p, uint16_t component_id, uint8_t op, struct view data)
{
	struct proposal *q = &p->v[p->n++];
	q->proposal_type = PROPOSAL_APP_DATA_UPDATE;
	q->app_data_update = (struct app_data_update){ component_id, op, data };
}

struct room_state room_now(struct room_under_test *t)
{
	struct room_state r = { .direct = false };
	struct group_view now = public_group_now(t->p);
	expect_ok(room_state_read(&now, &t->mem, &r));
	return r;
}

uint32_t list_index(struct room_under_test *t, const struct member *m)
{
	struct room_state r = room_now(t);
	uint32_t i = 0;
	while (i < r.participants.n && !view_equal(r.participants.v[i].user, m->participant))
		i++;
	return i;
}

/* --- commits --- */

static uc_err make_commit(struct group *g, const struct plan *p, struct arena *a,
			  struct made_commit *out)
{
	const struct commit_options o = { .proposals = p->v,
					  .proposal_count = p->n,
					  .any_media_types = true, /* the room's rules ask */
					  .leaf_extensions = p->leaf_extensions };
	return group_commit(g, &o, a, out);
}

static void take_commit(struct member *m, struct view commit, struct arena *a)
{
	struct received in;
	expect_ok(group_receive(m->g, commit, a, &in));
	expect_eq(in.kind, RECEIVED_COMMIT);
	expect_ok(group_staged_apply(m->g));
}

static void welcome(struct room_under_test *t, const struct plan *p, const struct made_commit *made)
{
	for (size_t i = 0; i < t->n; i++) {
		struct member *m = &t->m[i];
		bool added = false;
		for (size_t k = 0; k < p->n; k++)
			added |= p->v[k].proposal_type == PROPOSAL_ADD &&
				 view_equal(p->v[k].key_package.raw, m->key_package);
		if (!added)
			continue;
		const struct welcome_input in = { made->welcome, made->ratchet_tree, m->key_package,
						  &m->secrets };
		expect_ok(group_join(&t->honest, &in, &m->g));
		struct group_view now = group_now(m->g);
		expect_ok(room_check(&now));
	}
}

uc_err room_commit(struct room_under_test *t, struct member *by, const struct plan *p)
{
	struct made_commit made;
	struct public_received in;
	TRY(make_commit(by->g, p, &t->mem, &made));
	expect_ok(public_group_receive(t->p, made.commit, &t->mem, &in));
	expect_eq(in.kind, PUBLIC_COMMIT);
	expect_ok(public_group_check_info(t->p, made.group_info));
	expect_ok(public_group_apply(t->p));
	for (size_t i = 0; i < t->n; i++)
		if (&t->m[i] != by && t->m[i].g && !group_is_removed(t->m[i].g))
			take_commit(&t->m[i], made.commit, &t->mem);
	welcome(t, p, &made);
	expect_ok(group_pending_apply(by->g));
	room_agrees(t);
	return UC_OK;
}

void room_agrees(struct room_under_test *t)
{
	const struct member *first = NULL;
	struct group_view public = public_group_now(t->p);
	expect_ok(room_check(&public));
	for (size_t i = 0; i < t->n; i++) {
		struct member *m = &t->m[i];
		if (!m->g || group_is_removed(m->g))
			continue;
		struct group_view now = group_now(m->g);
		expect_eq(now.context->epoch, public.context->epoch);
		expect_bytes(now.context->tree_hash, public.context->tree_hash);
		expect_bytes(now.context->confirmed_transcript_hash,
			     public.context->confirmed_transcript_hash);
		first = first ? first : m;
		expect_bytes(group_epoch_authenticator(m->g), group_epoch_authenticator(first->g));
	}
}

struct group *room_lawless_copy(struct room_under_test *t, const struct member *m)
{
	struct buf epoch, ratchets;
	struct group *g = NULL;
	buf_init_secret(&epoch, 1 << 20);
	buf_init_secret(&ratchets, 1 << 20);
	expect_ok(group_save_epoch(m->g, &epoch));
	expect_ok(group_save_ratchets(m->g, &ratchets));
	expect_ok(group_load(&t->lawless, buf_view(&epoch), buf_view(&ratchets), &g));
	buf_done(&epoch);
	buf_done(&ratchets);
	return g;
}

/* Nobody takes it, and nobody is changed by it. */
static void all_refuse(struct room_under_test *t, const struct member *by, struct view message,
		       uc_err err)
{
	struct public_received at_hub;
	struct received in;
	uint64_t epoch = public_group_now(t->p).context->epoch;
	size_t waiting = public_group_proposal_count(t->p);
	expect_err(public_group_receive(t->p, message, &t->mem, &at_hub), err);
	expect_eq(public_group_proposal_count(t->p), waiting);
	expect_eq(public_group_now(t->p).context->epoch, epoch);
	expect_err(public_group_apply(t->p), UC_E_NOT_FOUND);
	for (size_t i = 0; i < t->n; i++) {
		struct member *m = &t->m[i];
		if (m == by || !m->g || group_is_removed(m->g))
			continue;
		waiting = group_proposal_count(m->g);
		expect_err(group_receive(m->g, message, &t->mem, &in), err);
		expect_eq(group_proposal_count(m->g), waiting);
		expect_err(group_staged_apply(m->g), UC_E_NOT_FOUND);
	}
	room_agrees(t);
}

void room_refuses(struct room_under_test *t, struct member *by, const struct plan *p, uc_err err)
{
	struct group *lawless = room_lawless_copy(t, by);
	struct made_commit made;
	uc_err made_err = make_commit(lawless, p, &t->mem, &made);
	expect_ok(made_err);
	if (!made_err)
		all_refuse(t, by, made.commit, err);
	group_free(lawless);
	/* Its own client would not even make it. */
	if (!p->leaf_extensions) {
		expect_err(make_commit(by->g, p, &t->mem, &made), err);
		expect(!group_has_pending(by->g));
	}
}

void room_refuses_message(struct room_under_test *t, const struct member *by, struct view message,
			  uc_err err)
{
	all_refuse(t, by, message, err);
}

uc_err room_deliver(struct room_under_test *t, const struct member *by, struct view message)
{
	struct public_received at_hub;
	struct received in;
	TRY(public_group_receive(t->p, message, &t->mem, &at_hub));
	for (size_t i = 0; i < t->n; i++)
		if (&t->m[i] != by && t->m[i].g && !group_is_removed(t->m[i].g))
			expect_ok(group_receive(t->m[i].g, message, &t->mem, &in));
	return UC_OK;
}

struct view room_lawless_propose(struct room_under_test *t, const struct member *by,
				 const struct proposal *p)
{
	struct view message = { NULL, 0 };
	struct group *lawless = room_lawless_copy(t, by);
	expect_ok(group_propose(lawless, p, VIEW_LIT(""), &t->mem, &message));
	group_free(lawless);
	return message;
}

/* --- resync --- */

uc_err resync_make(struct room_under_test *t, struct member *fresh, const struct member *old,
		   const struct plan *extra, bool rules, struct view *commit)
{
	struct view info, tree, group_info;
	struct plan p = { .n = 0 };
	struct member *helper = &t->m[0] == old ? &t->m[1] : &t->m[0];
	expect_ok(group_info_make(helper->g, &t->mem, &info));
	expect_ok(group_ratchet_tree(helper->g, &t->mem, &tree));
	if (old)
		plan_remove(t, &p, old);
	for (size_t i = 0; extra && i < extra->n; i++)
		p.v[p.n++] = extra->v[i];
	struct external_join in = { .group_info = info,
				    .ratchet_tree = tree,
				    .leaf = &fresh->leaf,
				    .proposals = p.v,
				    .proposal_count = p.n,
				    .self_removes = &t->self_remove,
				    .self_remove_count = t->self_remove.n ? 1 : 0 };
	return group_join_external(rules ? &t->honest : &t->lawless, &in, &t->mem, commit,
				   &group_info, &fresh->g);
}

void resync_take(struct room_under_test *t, struct member *fresh, struct member *old,
		 struct view commit)
{
	struct public_received in;
	expect_ok(public_group_receive(t->p, commit, &t->mem, &in));
	expect_ok(public_group_apply(t->p));
	for (size_t i = 0; i < t->n; i++)
		if (&t->m[i] != fresh && &t->m[i] != old && t->m[i].g)
			take_commit(&t->m[i], commit, &t->mem);
	expect_ok(group_pending_apply(fresh->g));
	if (old) {
		group_free(old->g);
		old->g = NULL;
	}
	room_agrees(t);
}

/* --- those of the tests --- */

struct room_under_test the;
struct member *rosa, *tom, *ida;

void group_of_three(void)
{
	struct plan p = { .n = 0 };
	room_begin(&the);
	rosa = member_new(&the, "hub.example", NULL);
	tom = member_new(&the, "lens.example", NULL);
	ida = member_new(&the, "plaza.example", NULL);
	room_make(&the, false);
	plan_add(&the, &p, tom);
	plan_add(&the, &p, ida);
	plan_list(&the, &p, rosa);
	expect_ok(room_commit(&the, rosa, &p));
}

void direct_room(void)
{
	struct plan p = { .n = 0 };
	room_begin(&the);
	rosa = member_new(&the, "hub.example", NULL);
	tom = member_new(&the, "lens.example", NULL);
	room_make(&the, true);
	plan_add(&the, &p, tom);
	plan_list(&the, &p, rosa);
	expect_ok(room_commit(&the, rosa, &p));
}

struct member *second_device(struct member *of)
{
	struct plan p = { .n = 0 };
	struct uri u = { .kind = URI_APP };
	char domain[64] = { 0 };
	expect_ok(uri_read(of->client, &u));
	memcpy(domain, u.domain.p, u.domain.n);
	struct member *m = member_new(&the, domain, of);
	plan_add(&the, &p, m);
	expect_ok(room_commit(&the, of, &p));
	return m;
}
