/* SPDX-License-Identifier: Apache-2.0 */
/* Each rule of a room, broken: refused by members and the public group alike, nothing changed. */
#include "tests/unit/mimi/rooms.h"

#include "mls/group_inside.h"

/* --- who may add and remove --- */

TEST(a_stranger_comes_only_with_the_list)
{
	struct plan p = { .n = 0 };
	group_of_three();
	struct member *zoe = member_new(&the, "lens.example", NULL);
	plan_add(&the, &p, zoe);
	room_refuses(&the, tom, &p, UC_E_POLICY);
	p.n = 0;
	plan_add(&the, &p, member_new(&the, "zz.example", NULL));
	room_refuses(&the, tom, &p, UC_E_POLICY);
	/* The list alone is no better. */
	p.n = 0;
	struct user_role_pair pair = { zoe->participant, ROLE_MEMBER };
	struct participant_list_update u = { .added_participants = { &pair, 1 } };
	plan_update(&the, &p, &u);
	room_refuses(&the, rosa, &p, UC_E_POLICY);
	/* Nor does one come as more than a member. */
	plan_add(&the, &p, zoe);
	pair.role_index = ROLE_MODERATOR;
	p.n = 0;
	plan_add(&the, &p, zoe);
	plan_update(&the, &p, &u);
	room_refuses(&the, rosa, &p, UC_E_POLICY);
	pair.role_index = 9;
	p.n = 1;
	plan_update(&the, &p, &u);
	room_refuses(&the, rosa, &p, UC_E_POLICY);
	room_end(&the);
}

TEST(nobody_adds_anothers_device)
{
	struct plan p = { .n = 0 };
	group_of_three();
	struct member *tablet = member_new(&the, "lens.example", tom);
	plan_add(&the, &p, tablet);
	room_refuses(&the, rosa, &p, UC_E_POLICY);
	room_refuses(&the, ida, &p, UC_E_POLICY);
	expect_ok(room_commit(&the, tom, &p));
	room_end(&the);
}

TEST(members_remove_nobody_else)
{
	struct plan p = { .n = 0 };
	group_of_three();
	plan_remove(&the, &p, ida);
	plan_list(&the, &p, tom);
	room_refuses(&the, tom, &p, UC_E_POLICY);
	p.n = 0;
	plan_remove(&the, &p, rosa);
	plan_list(&the, &p, tom);
	room_refuses(&the, tom, &p, UC_E_POLICY);
	room_end(&the);
}

TEST(who_goes_goes_from_the_list_too)
{
	struct plan p = { .n = 0 };
	group_of_three();
	plan_remove(&the, &p, ida);
	room_refuses(&the, rosa, &p, UC_E_POLICY);
	/* And nobody else goes in her place. */
	uint32_t index = list_index(&the, tom);
	struct participant_list_update u = { .removed_indices = { &index, 1 } };
	plan_update(&the, &p, &u);
	room_refuses(&the, rosa, &p, UC_E_POLICY);
	p.n = 0;
	plan_update(&the, &p, &u);
	room_refuses(&the, rosa, &p, UC_E_POLICY);
	room_end(&the);
}

TEST(nobody_has_power_in_a_direct_room)
{
	struct plan p = { .n = 0 };
	direct_room();
	struct member *third = member_new(&the, "plaza.example", NULL);
	plan_add(&the, &p, third);
	plan_list(&the, &p, rosa);
	room_refuses(&the, rosa, &p, UC_E_POLICY);
	room_refuses(&the, tom, &p, UC_E_POLICY);
	p.n = 0;
	plan_remove(&the, &p, tom);
	plan_list(&the, &p, rosa);
	room_refuses(&the, rosa, &p, UC_E_POLICY);
	p.n = 0;
	plan_remove(&the, &p, rosa);
	plan_list(&the, &p, tom);
	room_refuses(&the, tom, &p, UC_E_POLICY);
	p.n = 0;
	struct userindex_role_pair appoint = { list_index(&the, tom), ROLE_OWNER };
	struct participant_list_update u = { .changed_role_participants = { &appoint, 1 } };
	plan_update(&the, &p, &u);
	room_refuses(&the, rosa, &p, UC_E_POLICY);
	room_end(&the);
}

TEST(the_second_of_a_direct_room_comes_first)
{
	struct plan p = { .n = 0 };
	room_begin(&the);
	rosa = member_new(&the, "hub.example", NULL);
	room_make(&the, true);
	struct member *tablet = second_device(rosa);
	tom = member_new(&the, "lens.example", NULL);
	plan_add(&the, &p, tom);
	plan_list(&the, &p, rosa);
	room_refuses(&the, rosa, &p, UC_E_POLICY);
	room_refuses(&the, tablet, &p, UC_E_POLICY);
	room_end(&the);
}

TEST(two_strangers_do_not_come_into_a_direct_room)
{
	struct plan p = { .n = 0 };
	room_begin(&the);
	rosa = member_new(&the, "hub.example", NULL);
	room_make(&the, true);
	tom = member_new(&the, "lens.example", NULL);
	ida = member_new(&the, "plaza.example", NULL);
	plan_add(&the, &p, tom);
	plan_add(&the, &p, ida);
	plan_list(&the, &p, rosa);
	room_refuses(&the, rosa, &p, UC_E_POLICY);
	room_end(&the);
}

/* --- the list --- */

static void list_refused(struct member *by, const struct participant_list_update *u)
{
	struct plan p = { .n = 0 };
	plan_update(&the, &p, u);
	room_refuses(&the, by, &p, UC_E_POLICY);
}

TEST(roles_are_given_by_those_who_may)
{
	struct userindex_role_pair change[2];
	struct participant_list_update u = { .changed_role_participants = { change, 1 } };
	group_of_three();
	/* Nobody raises themselves, and a member raises nobody. */
	change[0] = (struct userindex_role_pair){ list_index(&the, tom), ROLE_OWNER };
	list_refused(tom, &u);
	list_refused(ida, &u);
	change[0] = (struct userindex_role_pair){ list_index(&the, rosa), ROLE_MEMBER };
	list_refused(ida, &u);
	/* No such role, nobody at that place, the same role, somebody twice, nothing at all. */
	change[0] = (struct userindex_role_pair){ list_index(&the, tom), 7 };
	list_refused(rosa, &u);
	change[0].role_index = ROLE_NONE;
	list_refused(rosa, &u);
	change[0] = (struct userindex_role_pair){ 3, ROLE_OWNER };
	list_refused(rosa, &u);
	change[0] = (struct userindex_role_pair){ list_index(&the, tom), ROLE_MEMBER };
	list_refused(rosa, &u);
	change[0].role_index = ROLE_MODERATOR;
	change[1] = (struct userindex_role_pair){ change[0].user_index, ROLE_OWNER };
	u.changed_role_participants.n = 2;
	list_refused(rosa, &u);
	u.changed_role_participants.n = 0;
	list_refused(rosa, &u);
	/* Banned, and yet with a leaf. */
	change[0].role_index = ROLE_BANNED;
	u.changed_role_participants.n = 1;
	list_refused(rosa, &u);
	room_end(&the);
}

TEST(nobody_is_listed_twice_or_without_a_name)
{
	struct user_role_pair pair;
	struct participant_list_update u = { .added_participants = { &pair, 1 } };
	group_of_three();
	pair = (struct user_role_pair){ tom->participant, ROLE_MEMBER };
	list_refused(rosa, &u);
	/* Not even by going and coming at once. */
	uint32_t index = list_index(&the, tom);
	u.removed_indices = (struct u32_list){ &index, 1 };
	list_refused(rosa, &u);
	u.removed_indices.n = 0;
	pair.user = tom->client;
	list_refused(rosa, &u);
	pair.user = VIEW_LIT("mimi://lens.example/r/room");
	list_refused(rosa, &u);
	pair.user = VIEW_LIT("tom");
	list_refused(rosa, &u);
	room_end(&the);
}

TEST(a_moderator_is_no_owner)
{
	struct plan p = { .n = 0 };
	struct userindex_role_pair change;
	struct participant_list_update u = { .changed_role_participants = { &change, 1 } };
	group_of_three();
	change = (struct userindex_role_pair){ list_index(&the, tom), ROLE_MODERATOR };
	plan_update(&the, &p, &u);
	expect_ok(room_commit(&the, rosa, &p));
	p.n = 0;
	plan_remove(&the, &p, rosa);
	plan_list(&the, &p, tom);
	room_refuses(&the, tom, &p, UC_E_POLICY);
	change = (struct userindex_role_pair){ list_index(&the, ida), ROLE_MODERATOR };
	list_refused(tom, &u);
	change = (struct userindex_role_pair){ list_index(&the, rosa), ROLE_MEMBER };
	list_refused(tom, &u);
	change = (struct userindex_role_pair){ list_index(&the, tom), ROLE_OWNER };
	list_refused(tom, &u);
	room_end(&the);
}

/* --- the room's own terms --- */

TEST(terms_do_not_change)
{
	static const uint16_t fixed[] = {
		COMPONENT_APP_COMPONENTS,      COMPONENT_SAFE_AAD,
		COMPONENT_CONTENT_MEDIA_TYPES, 0x0021 /* franking_agent */,
		COMPONENT_ROOM_METADATA,       COMPONENT_ROLES_LIST,
		COMPONENT_BASE_ROOM_POLICY,    0x8abc,
	};
	struct plan p = { .n = 0 };
	group_of_three();
	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
		p.n = 0;
		plan_component(&p, fixed[i], APP_DATA_UPDATE, VIEW_LIT("\x01\x02"));
		room_refuses(&the, rosa, &p, UC_E_POLICY);
		p.n = 0;
		plan_component(&p, fixed[i], APP_DATA_REMOVE, VIEW_LIT(""));
		if (fixed[i] != 0x8abc)
			room_refuses(&the, rosa, &p, UC_E_POLICY);
	}
	p.n = 0;
	plan_component(&p, COMPONENT_PARTICIPANT_LIST, APP_DATA_REMOVE, VIEW_LIT(""));
	room_refuses(&the, rosa, &p, UC_E_POLICY);
	/* Twice, or not an update at all. */
	struct userindex_role_pair change = { list_index(&the, tom), ROLE_MODERATOR };
	struct participant_list_update u = { .changed_role_participants = { &change, 1 } };
	p.n = 0;
	plan_update(&the, &p, &u);
	change.user_index = list_index(&the, ida);
	plan_update(&the, &p, &u);
	room_refuses(&the, rosa, &p, UC_E_POLICY);
	p.n = 0;
	plan_component(&p, COMPONENT_PARTICIPANT_LIST, APP_DATA_UPDATE, VIEW_LIT("\x01"));
	room_refuses(&the, rosa, &p, UC_E_MALFORMED);
	room_end(&the);
}

TEST(what_rooms_have_no_use_for)
{
	struct plan p = { .n = 1 };
	group_of_three();
	p.v[0].proposal_type = PROPOSAL_GROUP_CONTEXT_EXTENSIONS;
	p.v[0].extensions = group_now(rosa->g).context->extensions;
	room_refuses(&the, rosa, &p, UC_E_POLICY);
	p.v[0] = (struct proposal){ .proposal_type = PROPOSAL_REINIT };
	p.v[0].reinit = (struct re_init){ the.uri, MLS10, SUITE_X25519_AES128, { NULL, 0 } };
	room_refuses(&the, rosa, &p, UC_E_POLICY);
	room_end(&the);
}

/* --- proposals by themselves --- */

static void proposal_refused(const struct member *by, const struct proposal *p)
{
	room_refuses_message(&the, by, room_lawless_propose(&the, by, p), UC_E_POLICY);
}

TEST(only_some_proposals_wait)
{
	struct plan p = { .n = 0 };
	struct userindex_role_pair change;
	struct participant_list_update u = { .changed_role_participants = { &change, 1 } };
	group_of_three();
	struct member *zoe = member_new(&the, "lens.example", NULL);
	change = (struct userindex_role_pair){ list_index(&the, tom), ROLE_MODERATOR };
	plan_add(&the, &p, zoe);
	plan_update(&the, &p, &u);
	plan_remove(&the, &p, ida);
	plan_component(&p, COMPONENT_ROOM_METADATA, APP_DATA_UPDATE, VIEW_LIT("x"));
	for (size_t i = 0; i < p.n; i++)
		proposal_refused(tom, &p.v[i]);
	for (size_t i = 0; i < 2; i++)
		proposal_refused(rosa, &p.v[i]);
	const struct proposal gce = { .proposal_type = PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
				      .extensions = group_now(rosa->g).context->extensions };
	proposal_refused(rosa, &gce);
	const struct proposal ephemeral = { .proposal_type = PROPOSAL_APP_EPHEMERAL,
					    .app_ephemeral = { 0x8001, VIEW_LIT("x") } };
	struct view message;
	expect_err(group_propose(rosa->g, &ephemeral, VIEW_LIT(""), &the.mem, &message),
		   UC_E_UNSUPPORTED);
	/* What the owner may do, the owner may propose. */
	expect_ok(room_deliver(&the, rosa, room_lawless_propose(&the, rosa, &p.v[2])));
	room_end(&the);
}

/* And proposes other keys of its own: room_keys_test.c. */
TEST(the_hub_only_removes)
{
	struct plan p = { .n = 0 };
	struct buf saved;
	struct public_group *copy = NULL;
	struct view message = { NULL, 0 };
	uint32_t index;
	group_of_three();
	struct member *zoe = member_new(&the, "lens.example", NULL);
	struct sign_key other;
	expect_ok(sign_key_generate(suite_find(SUITE_X25519_AES128), test_env(), &other));
	index = list_index(&the, tom);
	struct participant_list_update u = { .removed_indices = { &index, 1 } };
	plan_add(&the, &p, zoe);
	plan_update(&the, &p, &u);
	buf_init(&saved, 1 << 20);
	expect_ok(public_group_save(the.p, &saved));
	expect_ok(public_group_load(test_env(), NULL, buf_view(&saved), &copy));
	for (size_t i = 0; i < p.n; i++) {
		expect_ok(public_group_propose(copy, 0, &the.hub, &p.v[i], &the.mem, &message));
		room_refuses_message(&the, NULL, message, UC_E_POLICY);
	}
	/* Nobody else speaks for the hub. */
	p.n = 0;
	plan_remove(&the, &p, tom);
	expect_ok(public_group_propose(copy, 0, &other, &p.v[0], &the.mem, &message));
	room_refuses_message(&the, NULL, message, UC_E_SIGNATURE);
	public_group_free(copy);
	buf_done(&saved);
	room_end(&the);
}

/* --- leaves --- */

TEST(a_leaf_proves_whose_it_is)
{
	struct plan p = { .n = 0 };
	group_of_three();
	struct member *zoe = member_new(&the, "lens.example", NULL);
	struct view right = zoe->component;
	/* Another leaf's proof; another participant's; none at all. */
	zoe->component = tom->component;
	member_repackage(&the, zoe);
	plan_add(&the, &p, zoe);
	room_refuses(&the, rosa, &p, UC_E_PROOF);
	expect_ok(participant_prove(&tom->first, zoe->client, sign_public(&zoe->leaf_key), &the.mem,
				    &zoe->component));
	member_repackage(&the, zoe);
	p.n = 0;
	plan_add(&the, &p, zoe);
	room_refuses(&the, rosa, &p, UC_E_PROOF);
	zoe->component = VIEW_LIT("");
	member_repackage(&the, zoe);
	p.n = 0;
	plan_add(&the, &p, zoe);
	room_refuses(&the, rosa, &p, UC_E_PROOF);
	zoe->component = right;
	member_repackage(&the, zoe);
	p.n = 0;
	plan_add(&the, &p, zoe);
	plan_list(&the, &p, rosa);
	expect_ok(room_commit(&the, rosa, &p));
	room_end(&the);
}

TEST(a_leaf_understands_what_rooms_need)
{
	struct plan p = { .n = 0 };
	static const uint16_t needed[] = { COMPONENT_APP_COMPONENTS, COMPONENT_SAFE_AAD,
					   COMPONENT_CONTENT_MEDIA_TYPES };
	const struct extension_list none = { NULL, 0 };
	struct made_commit made;
	group_of_three();
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
		struct member *zoe = member_new(&the, "lens.example", NULL);
		p.n = 0;
		expect_ok(extensions_with_component(&zoe->leaf.extensions, needed[i],
						    (struct view){ NULL, 0 }, &the.mem,
						    &zoe->leaf.extensions));
		expect_ok(key_package_make(suite_find(SUITE_X25519_AES128), test_env(), &zoe->leaf,
					   86400, &none, &the.mem, &zoe->key_package,
					   &zoe->secrets));
		plan_add(&the, &p, zoe);
		const struct commit_options o = { .proposals = p.v, .proposal_count = p.n };
		/* The first two the engine asks for by itself, the third the room's rules. */
		if (needed[i] == COMPONENT_CONTENT_MEDIA_TYPES)
			room_refuses(&the, rosa, &p, UC_E_UNSUPPORTED);
		else
			expect_err(group_commit(rosa->g, &o, &the.mem, &made), UC_E_UNSUPPORTED);
	}
	room_end(&the);
}

TEST(a_leaf_has_a_measure)
{
	struct plan p = { .n = 0 };
	struct app_data_dictionary d, more;
	const struct extension_list none = { NULL, 0 };
	static uint8_t much[20000];
	group_of_three();
	struct member *zoe = member_new(&the, "lens.example", NULL);
	struct view *bytes = &zoe->leaf.extensions.v[0].extension_data;
	expect_ok(wire_decode(*bytes, &the.mem, app_data_dictionary_element, &d));
	size_t n = d.component_data.n;
	more.component_data.v = ARENA_ARRAY(&the.mem, struct component_data, n + 1);
	more.component_data.n = n + 1;
	memcpy(more.component_data.v, d.component_data.v, n * sizeof *d.component_data.v);
	more.component_data.v[n] = (struct component_data){ 0xfffe, VIEW_OF(much) };
	expect_ok(wire_encode_to(&the.mem, app_data_dictionary_element, &more, bytes));
	expect_ok(key_package_make(suite_find(SUITE_X25519_AES128), test_env(), &zoe->leaf, 86400,
				   &none, &the.mem, &zoe->key_package, &zoe->secrets));
	plan_add(&the, &p, zoe);
	room_refuses(&the, rosa, &p, UC_E_TOO_LARGE);
	room_end(&the);
}

TEST(no_two_leaves_are_one_client)
{
	struct plan p = { .n = 0 };
	group_of_three();
	struct member *tablet = member_new(&the, "lens.example", tom);
	tablet->client = tom->client;
	expect_ok(participant_prove(&tom->first, tablet->client, sign_public(&tablet->leaf_key),
				    &the.mem, &tablet->component));
	member_repackage(&the, tablet);
	plan_add(&the, &p, tablet);
	room_refuses(&the, tom, &p, UC_E_POLICY);
	room_end(&the);
}

/* A commit whose path gives its maker's leaf another client. */
TEST(a_path_keeps_the_client)
{
	struct made_commit made;
	struct leaf_parameters as;
	group_of_three();
	struct group *g = room_lawless_copy(&the, tom);
	struct member *other = member_new(&the, "lens.example", tom);
	struct leaf_node leaf = *tree_leaf_find(&g->now->state.tree, group_own_leaf(g), LEAF_ROOM);
	expect_ok(participant_prove(&tom->first, other->client, sign_public(&tom->leaf_key),
				    &the.mem, &other->component));
	expect_ok(room_leaf_parameters(&tom->leaf_key, other->client, other->component, &the.mem,
				       &as));
	leaf.credential = as.credential;
	expect_ok(tree_set_leaf(&g->now->state.tree, group_own_leaf(g), &leaf));
	const struct commit_options o = { .leaf_extensions = &as.extensions };
	expect_ok(group_commit(g, &o, &the.mem, &made));
	room_refuses_message(&the, tom, made.commit, UC_E_POLICY);
	group_free(g);
	room_end(&the);
}

/* An Update that says something else of its leaf than the tree does. */
static struct view other_update(struct member *m, struct view client, struct view component)
{
	struct view message = { NULL, 0 };
	struct leaf_parameters as;
	struct group *g = room_lawless_copy(&the, m);
	struct leaf_node leaf = *tree_leaf_find(&g->now->state.tree, group_own_leaf(g), LEAF_ROOM);
	expect_ok(room_leaf_parameters(&m->leaf_key, client, component, &the.mem, &as));
	leaf.credential = as.credential;
	leaf.extensions = as.extensions;
	expect_ok(tree_set_leaf(&g->now->state.tree, group_own_leaf(g), &leaf));
	expect_ok(group_propose_update(g, &the.mem, &message));
	group_free(g);
	return message;
}

TEST(an_update_keeps_client_and_chain)
{
	struct ed25519_key next;
	struct view component = { NULL, 0 };
	group_of_three();
	struct member *other = member_new(&the, "lens.example", tom);
	expect_ok(participant_prove(&tom->first, other->client, sign_public(&tom->leaf_key),
				    &the.mem, &component));
	room_refuses_message(&the, tom, other_update(tom, other->client, component), UC_E_POLICY);
	room_refuses_message(&the, tom, other_update(tom, tom->client, ida->component), UC_E_PROOF);
	/* Two Updates that each begin a new end would part the chain: none begins one. */
	expect_ok(ed25519_generate(test_env(), &next));
	expect_ok(participant_extend(tom->component, &tom->first, &next, tom->client,
				     sign_public(&tom->leaf_key), &the.mem, &component));
	room_refuses_message(&the, tom, other_update(tom, tom->client, component), UC_E_PROOF);
	room_end(&the);
}

/* --- chains of participant keys --- */

static const struct extension_list *with_chain(struct member *m, struct view component,
					       struct leaf_parameters *as)
{
	expect_ok(room_leaf_parameters(&m->leaf_key, m->client, component, &the.mem, as));
	return &as->extensions;
}

static struct view extended(struct member *m, const struct ed25519_key *next)
{
	struct view out = { NULL, 0 };
	expect_ok(participant_extend(m->component, &m->first, next, m->client,
				     sign_public(&m->leaf_key), &the.mem, &out));
	return out;
}

TEST(a_chain_goes_on_and_does_not_part)
{
	struct ed25519_key next, other;
	struct leaf_parameters as;
	struct plan p = { .n = 0 };
	group_of_three();
	struct member *tablet = second_device(tom);
	expect_ok(ed25519_generate(test_env(), &next));
	expect_ok(ed25519_generate(test_env(), &other));
	struct member *late = member_new(&the, "lens.example", tom);
	/* One commit that begins two ends. */
	late->component = extended(late, &other);
	member_repackage(&the, late);
	plan_add(&the, &p, late);
	p.leaf_extensions = with_chain(tom, extended(tom, &next), &as);
	room_refuses(&the, tom, &p, UC_E_PROOF);
	p.n = 0;
	expect_ok(room_commit(&the, tom, &p));
	/* The other device may not begin another end, nor a late one come with the old chain. */
	p.leaf_extensions = with_chain(tablet, extended(tablet, &other), &as);
	room_refuses(&the, tablet, &p, UC_E_PROOF);
	p.leaf_extensions = NULL;
	expect_ok(participant_prove(&tom->first, late->client, sign_public(&late->leaf_key),
				    &the.mem, &late->component));
	member_repackage(&the, late);
	plan_add(&the, &p, late);
	room_refuses(&the, tom, &p, UC_E_PROOF);
	/* It catches up. */
	p.n = 0;
	p.leaf_extensions = with_chain(tablet, extended(tablet, &next), &as);
	expect_ok(room_commit(&the, tablet, &p));
	room_end(&the);
}

TEST(a_path_does_not_fall_behind_its_chain)
{
	struct ed25519_key next;
	struct leaf_parameters as;
	struct plan p = { .n = 0 };
	struct view message = { NULL, 0 };
	group_of_three();
	struct member *tablet = second_device(tom);
	expect_ok(ed25519_generate(test_env(), &next));
	p.leaf_extensions = with_chain(tom, extended(tom, &next), &as);
	expect_ok(room_commit(&the, tom, &p));
	/* The tablet still has the first key alone: neither path nor Update without the next. */
	p.leaf_extensions = with_chain(tablet, tablet->component, &as);
	room_refuses(&the, tablet, &p, UC_E_PROOF);
	struct group *g = room_lawless_copy(&the, tablet);
	expect_ok(group_propose_update(g, &the.mem, &message));
	room_refuses_message(&the, tablet, message, UC_E_PROOF);
	group_free(g);
	/* Nor with another next one; with the one that is there, it catches up. */
	struct ed25519_key other;
	expect_ok(ed25519_generate(test_env(), &other));
	room_refuses_message(&the, tablet,
			     other_update(tablet, tablet->client, extended(tablet, &other)),
			     UC_E_PROOF);
	expect_ok(room_deliver(&the, tablet,
			       other_update(tablet, tablet->client, extended(tablet, &next))));
	room_end(&the);
}

/* --- too many --- */

TEST(one_participant_has_so_many_devices)
{
	struct proposal *adds;
	struct made_commit made;
	group_of_three();
	adds = ARENA_ARRAY(&the.mem, struct proposal, ROOM_DEVICES_MAX);
	for (size_t i = 0; i < ROOM_DEVICES_MAX; i++) {
		struct plan p = { .n = 0 };
		struct member *m = member_new(&the, "lens.example", tom);
		plan_add(&the, &p, m);
		key_package_secrets_wipe(&m->secrets);
		adds[i] = p.v[0];
		the.n--;
	}
	struct commit_options o = { .proposals = adds, .proposal_count = ROOM_DEVICES_MAX };
	expect_err(group_commit(tom->g, &o, &the.mem, &made), UC_E_POLICY);
	o.proposal_count--;
	expect_ok(group_commit(tom->g, &o, &the.mem, &made));
	room_end(&the);
}
