/* SPDX-License-Identifier: Apache-2.0 */
/* A room's state as a whole, from others or made: exactly what the rules let it be. */
#include "tests/unit/mimi/rooms.h"

#include "mls/group_inside.h"

TEST(a_state_that_breaks_the_rules_is_not_taken_over)
{
	struct plan p = { .n = 0 };
	struct made_commit made;
	struct public_group *other = NULL;
	group_of_three();
	struct member *zoe = member_new(&the, "lens.example", NULL);
	struct group *g = room_lawless_copy(&the, tom);
	plan_add(&the, &p, zoe);
	const struct commit_options o = { .proposals = p.v, .proposal_count = p.n };
	expect_ok(group_commit(g, &o, &the.mem, &made));
	const struct welcome_input in = { made.welcome, made.ratchet_tree, zoe->key_package,
					  &zoe->secrets };
	expect_ok(group_join(&the.honest, &in, &zoe->g));
	struct group_view now = group_now(zoe->g);
	expect_err(room_check(&now), UC_E_POLICY);
	expect_ok(public_group_new(test_env(), &room_hooks, made.group_info, made.ratchet_tree,
				   &other));
	now = public_group_now(other);
	expect_err(room_check(&now), UC_E_POLICY);
	public_group_free(other);
	group_free(zoe->g);
	zoe->g = NULL;
	group_free(g);
	room_end(&the);
}

static void context_refused(const struct extension_list *context, struct view uri)
{
	struct group *g = NULL;
	struct room_state r;
	expect_ok(group_create(&the.lawless, suite_find(SUITE_X25519_AES128), uri, &rosa->leaf,
			       context, &g));
	struct group_view now = group_now(g);
	expect_err(room_state_read(&now, &the.mem, &r), UC_E_POLICY);
	expect_err(room_check(&now), UC_E_POLICY);
	group_free(g);
}

TEST(a_context_is_exactly_a_rooms)
{
	struct app_data_dictionary d;
	struct extension v[4];
	struct extension_list l = { v, 3 };
	group_of_three();
	const struct extension_list *right = &group_now(rosa->g).context->extensions;
	expect_eq(right->n, 3);
	for (size_t i = 0; i < 3; i++)
		v[i] = right->v[i];
	/* Another room's; a part missing; one too many. */
	context_refused(&l, VIEW_LIT("mimi://hub.example/r/another"));
	context_refused(&l, VIEW_LIT("mimi://lens.example/r/abcdefgh"));
	l.n = 2;
	context_refused(&l, the.uri);
	l.n = 4;
	v[3] = (struct extension){ EXTENSION_APPLICATION_ID, VIEW_LIT("x") };
	context_refused(&l, the.uri);
	l.n = 3;
	/* Each component missing. */
	expect_ok(dictionary_of(right, &the.mem, &d));
	for (size_t i = 0; i < d.component_data.n; i++) {
		struct component_data all[16];
		struct app_data_dictionary less = { { all, 0 } };
		for (size_t k = 0; k < d.component_data.n; k++)
			if (k != i)
				all[less.component_data.n++] = d.component_data.v[k];
		expect_ok(wire_encode_to(&the.mem, app_data_dictionary_element, &less,
					 &v[2].extension_data));
		context_refused(&l, the.uri);
	}
	/* A second who may speak from outside. */
	struct external_sender_list senders;
	expect_ok(external_senders_of(right, &the.mem, &senders));
	struct external_sender two[2] = { senders.v[0], senders.v[0] };
	const struct external_sender_list both = { two, 2 };
	v[2] = right->v[2];
	expect_ok(wire_encode_to(&the.mem, external_sender_list_element, &both,
				 &v[1].extension_data));
	context_refused(&l, the.uri);
	/* Nor is one made of what does not belong together. */
	struct room_terms terms = {
		.room = the.uri,
		.hub_domain = VIEW_LIT("lens.example"),
		.hub_key = sign_public(&the.hub),
		.franking_key = sign_public(&the.frank),
		.creator = rosa->participant,
	};
	struct extension_list made;
	expect_err(room_context_extensions(&terms, &the.mem, &made), UC_E_POLICY);
	terms.hub_domain = VIEW_LIT("hub.example");
	terms.creator = rosa->client;
	expect_err(room_context_extensions(&terms, &the.mem, &made), UC_E_POLICY);
	terms.creator = rosa->participant;
	terms.franking_key = VIEW_LIT("short");
	expect_err(room_context_extensions(&terms, &the.mem, &made), UC_E_POLICY);
	/* The hub's key under another's name. */
	two[0].credential.identity = VIEW_LIT("mimi://lens.example");
	const struct external_sender_list renamed = { two, 1 };
	expect_ok(wire_encode_to(&the.mem, external_sender_list_element, &renamed,
				 &v[1].extension_data));
	context_refused(&l, the.uri);
	room_end(&the);
}
