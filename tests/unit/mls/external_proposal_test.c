/* SPDX-License-Identifier: Apache-2.0 */
/* Proposals from outside (RFC 9420, 12.1.8), through all members and a server. */
#include "tests/unit/mls/members.h"

#include "mls/external_proposal.h"

static struct club c;
static struct sign_key hub;

static void begin(void)
{
	club_begin(&c, suite_at(0));
	expect_ok(sign_key_generate(c.suite, test_env(), &hub));
	struct extension_list l = club_extensions(&c, &hub);
	club_create(&c, &l);
	const struct proposal adds[] = { add_of(&c, club_person(&c, 1)),
					 add_of(&c, club_person(&c, 2)) };
	club_commit_proposals(&c, &c.people[0], adds, 2);
}

static struct outside outside(void)
{
	return (struct outside){ .suite = c.suite,
				 .group_id = group_id(c.people[0].g),
				 .epoch = group_epoch(c.people[0].g),
				 .authenticated_data = VIEW_LIT("please") };
}

/* To the members and the server. */
static void sent(struct view message, uint8_t sender_type, uint16_t type)
{
	struct public_received got;
	expect_ok(public_group_receive(c.server, message, &c.mem, &got));
	club_deliver_proposal(&c, NULL, message);
	struct proposal_view p = group_proposal_at(c.people[1].g, 0);
	expect_eq(p.sender.sender_type, sender_type);
	expect_eq(p.proposal->proposal_type, type);
	expect_eq(public_group_proposal_at(c.server, 0).sender.sender_type, sender_type);
}

TEST(one_asks_to_be_added)
{
	for (size_t i = 0; suite_at(i); i++) {
		struct view message;
		club_with(&c, suite_at(i), 3);
		struct person *p = club_person(&c, 7);
		const struct outside to = outside();
		person_key_package(&c, p);
		expect_ok(join_propose(&to, test_env(), p->key_package, &p->key, &c.mem, &message));
		sent(message, SENDER_NEW_MEMBER_PROPOSAL, PROPOSAL_ADD);
		club_commit_proposals(&c, &c.people[2], NULL, 0);
		expect(p->g != NULL);
		club_talks(&c, p, "thank you");
		club_end(&c);
	}
}

/* Each type that one outside may send; by a commit of what came by reference. */
static void hub_proposes(const struct proposal *p, const struct commit_options *o)
{
	struct view message;
	const struct outside to = outside();
	expect_ok(external_propose(&to, test_env(), 0, &hub, p, &c.mem, &message));
	sent(message, SENDER_EXTERNAL, p->proposal_type);
	club_commit(&c, &c.people[0], o);
	expect_eq(group_proposal_count(c.people[0].g), 0);
}

TEST(a_named_sender_proposes_each_type_it_may)
{
	const struct commit_options o = { .stored_reinit = true };
	begin();
	struct proposal p = add_of(&c, club_person(&c, 3));
	hub_proposes(&p, &o);
	expect(c.people[3].g != NULL);
	p = remove_of(&c.people[1]);
	c.known[0] = (struct club_psk){ VIEW_LIT("known"), { 1 } };
	c.psk_count = 1;
	struct proposal psk = psk_of(&c, VIEW_LIT("known"));
	hub_proposes(&psk, &o);
	p = (struct proposal){ .proposal_type = PROPOSAL_APP_DATA_UPDATE,
			       .app_data_update = { 0xf001, APP_DATA_UPDATE, VIEW_LIT("x") } };
	hub_proposes(&p, &o);
	p = (struct proposal){ .proposal_type = PROPOSAL_APP_EPHEMERAL,
			       .app_ephemeral = { 0xf001, VIEW_LIT("x") } };
	hub_proposes(&p, &o);
	struct extension_list l = group_now(c.people[0].g).context->extensions;
	p = (struct proposal){ .proposal_type = PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
			       .extensions = l };
	hub_proposes(&p, &o);
	p = remove_of(&c.people[2]);
	hub_proposes(&p, &o);
	expect(!c.people[2].g);
	/* It may enforce another suite, for instance. */
	p = (struct proposal){
		.proposal_type = PROPOSAL_REINIT,
		.reinit = { .group_id = VIEW_LIT("new"), .version = MLS10, .cipher_suite = 3 }
	};
	hub_proposes(&p, &o);
	expect(group_reinit_of(c.people[1].g) != NULL);
	club_end(&c);
}

TEST(others_it_may_not)
{
	struct view message = { NULL, 0 };
	begin();
	const struct outside to = outside();
	const struct proposal leave = { .proposal_type = PROPOSAL_SELF_REMOVE };
	const struct proposal init = { .proposal_type = PROPOSAL_EXTERNAL_INIT };
	const struct proposal update = {
		.proposal_type = PROPOSAL_UPDATE,
		.leaf_node = *tree_leaf_find(group_now(c.people[0].g).tree, 1, LEAF_ROOM),
	};
	expect_err(external_propose(&to, test_env(), 0, &hub, &leave, &c.mem, &message),
		   UC_E_UNEXPECTED);
	expect_err(external_propose(&to, test_env(), 0, &hub, &init, &c.mem, &message),
		   UC_E_UNEXPECTED);
	expect_err(external_propose(&to, test_env(), 0, &hub, &update, &c.mem, &message),
		   UC_E_UNEXPECTED);
	expect(!message.n);
	club_end(&c);
}

static void refused(struct view message, uc_err want)
{
	struct received got;
	struct public_received seen;
	struct view before = person_saved(&c, &c.people[1]), server = server_saved(&c);
	expect_err(group_receive(c.people[1].g, message, &c.mem, &got), want);
	expect_err(public_group_receive(c.server, message, &c.mem, &seen), want);
	expect_bytes(person_saved(&c, &c.people[1]), before);
	expect_bytes(server_saved(&c), server);
}

TEST(for_another_epoch_or_group_or_by_nobody_named)
{
	struct view message;
	begin();
	const struct proposal remove = remove_of(&c.people[2]);
	struct person *p = club_person(&c, 7);
	person_key_package(&c, p);
	struct outside to = outside();
	to.epoch--;
	expect_ok(external_propose(&to, test_env(), 0, &hub, &remove, &c.mem, &message));
	refused(message, UC_E_EPOCH_PAST);
	expect_ok(join_propose(&to, test_env(), p->key_package, &p->key, &c.mem, &message));
	refused(message, UC_E_EPOCH_PAST);
	to.epoch += 2;
	expect_ok(join_propose(&to, test_env(), p->key_package, &p->key, &c.mem, &message));
	refused(message, UC_E_EPOCH_FUTURE);
	to = outside();
	to.group_id = VIEW_LIT("the pub");
	expect_ok(join_propose(&to, test_env(), p->key_package, &p->key, &c.mem, &message));
	refused(message, UC_E_UNEXPECTED);
	to = outside();
	expect_ok(external_propose(&to, test_env(), 1, &hub, &remove, &c.mem, &message));
	refused(message, UC_E_NOT_FOUND);
	expect_ok(external_propose(&to, test_env(), 0, &p->key, &remove, &c.mem, &message));
	refused(message, UC_E_SIGNATURE);
	club_end(&c);
}

TEST(a_package_that_is_not_ours_or_not_the_groups)
{
	struct view message = { NULL, 0 };
	begin();
	struct person *p = club_person(&c, 7);
	struct outside to = outside();
	person_key_package(&c, p);
	expect_err(join_propose(&to, test_env(), p->key_package, &hub, &c.mem, &message), UC_E_KEY);
	if (suite_at(1)) {
		to.suite = suite_at(1);
		expect_err(join_propose(&to, test_env(), p->key_package, &p->key, &c.mem, &message),
			   UC_E_SUITE);
	}
	expect_err(join_propose(&to, test_env(), view_slice(p->key_package, 0, 40), &p->key, &c.mem,
				&message),
		   UC_E_MALFORMED);
	expect(!message.n);
	club_end(&c);
}

/* What the layer above does not want, is not kept. */
static uc_err members_alone(void *ctx, const struct group_view *group,
			    const struct proposal_view *proposal)
{
	(void)ctx;
	(void)group;
	return proposal->sender.sender_type == SENDER_MEMBER ? UC_OK : UC_E_POLICY;
}

TEST(the_layer_above_says_who_may_ask)
{
	struct view message;
	begin();
	c.hooks.proposal = members_alone;
	struct person *p = club_person(&c, 7);
	const struct outside to = outside();
	person_key_package(&c, p);
	expect_ok(join_propose(&to, test_env(), p->key_package, &p->key, &c.mem, &message));
	refused(message, UC_E_POLICY);
	club_end(&c);
}
