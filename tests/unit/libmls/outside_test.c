/* SPDX-License-Identifier: Apache-2.0 */
/* Who is not in a group: joining from outside, external senders, asking to be added; and servers. */
#include "tests/unit/libmls/crew.h"

#define SUITE MLS_X25519_AES128GCM_SHA256_ED25519

static const struct mls_bytes nothing;
static const struct mls_commit stored = { .force_path = false };

static mls_public_group *server_of(struct sailor *s)
{
	struct mls_bytes info, tree;
	mls_public_group *server = NULL;
	expect_ok(mls_group_info(s->group, false, false, s->out, &info));
	expect_ok(mls_group_ratchet_tree(s->group, s->out, &tree));
	expect_ok(mls_public_group_new(s->client, info, tree, &server));
	return server;
}

static struct mls_made join_from_outside(struct sailor *s, const struct sailor *member,
					 struct mls_proposal_list proposals,
					 struct mls_bytes_list self_removes)
{
	struct mls_made made = { .commit = { NULL, 0 } };
	struct mls_join_external how = { .identity = &s->identity,
					 .proposals = proposals,
					 .self_removes = self_removes,
					 .authenticated_data = bytes_of("let me in") };
	mls_group *fresh = NULL;
	expect_ok(mls_group_info(member->group, false, false, s->out, &how.group_info));
	expect_ok(mls_group_ratchet_tree(member->group, s->out, &how.ratchet_tree));
	expect_ok(mls_group_join_external(s->client, &how, s->out, &made, &fresh));
	mls_group_free(s->group);
	s->group = fresh;
	return made;
}

TEST(somebody_joins_from_outside)
{
	struct sailor crew[3];
	struct mls_received got;
	struct mls_bytes b;
	crew_begin(crew, 2, SUITE);
	sailor_begin(&crew[2], "swimmer", SUITE, NULL);
	struct mls_made made =
		join_from_outside(&crew[2], &crew[0], (struct mls_proposal_list){ NULL, 0 },
				  (struct mls_bytes_list){ NULL, 0 });
	expect_eq(mls_group_state(crew[2].group), MLS_GROUP_JOINING);
	expect(mls_group_has_pending(crew[2].group));
	expect_err(mls_group_protect(crew[2].group, nothing, nothing, 0, crew[2].out, &b),
		   UC_E_REMOVED);
	expect(made.change.is_external);
	expect_eq(made.change.joined.n, 1);
	expect_eq(made.change.after.epoch, 2);
	expect_ok(mls_group_receive(crew[0].group, made.commit, crew[0].out, &got));
	expect(got.change.is_external);
	expect_eq(got.change.sender.type, MLS_NEW_MEMBER_COMMITS);
	expect_eq(got.change.joined.n, 1);
	expect_eq(got.change.changed_count, 0);
	expect_bytes(view_of(got.change.joined.v[0].credential.identity), VIEW_LIT("swimmer"));
	expect_eq(got.change.joined.v[0].index, got.change.committer);
	mls_group_staged_drop(crew[0].group);
	crew_deliver(crew, 3, &crew[2], &made);
	crew_end(crew, 3);
}

TEST(somebody_comes_back_in_their_own_place_and_takes_a_leaver_along)
{
	struct sailor crew[3];
	struct mls_bytes leaving;
	struct mls_received got;
	const struct mls_proposal leave = { .type = MLS_SELF_REMOVE };
	const struct mls_proposal old = { .type = MLS_REMOVE, .index = 2 };
	crew_begin(crew, 3, SUITE);
	expect_ok(mls_group_propose(crew[1].group, &leave, nothing, crew[1].out, &leaving));
	expect_ok(mls_group_receive(crew[0].group, leaving, crew[0].out, &got));
	struct mls_made made =
		join_from_outside(&crew[2], &crew[0], (struct mls_proposal_list){ &old, 1 },
				  (struct mls_bytes_list){ &leaving, 1 });
	crew_deliver(crew, 3, &crew[2], &made);
	expect(!crew[1].group);
	expect_eq(mls_group_member_count(crew[0].group), 2);
	crew_end(crew, 3);
}

TEST(a_server_follows_and_judges)
{
	struct sailor crew[3];
	struct mls_received got;
	struct mls_made made;
	struct mls_bytes b, tree, same;
	struct mls_leaf_list members;
	struct mls_proposal_list waiting;
	struct mls_context context;
	struct mls_part_list parts;
	uint32_t index = 99;
	crew_begin(crew, 3, SUITE);
	mls_public_group *server = server_of(&crew[0]);
	const struct mls_proposal remove = { .type = MLS_REMOVE, .index = 1 };
	expect_ok(mls_group_propose(crew[0].group, &remove, nothing, crew[0].out, &b));
	expect_ok(mls_public_group_receive(server, b, crew[0].out, &got));
	expect_eq(got.kind, MLS_RECEIVED_PROPOSAL);
	expect_eq(got.proposal.index, 1);
	expect_ok(mls_public_group_proposals(server, crew[0].out, &waiting));
	expect_eq(waiting.n, 1);
	for (size_t i = 1; i < 3; i++)
		expect_ok(mls_group_receive(crew[i].group, b, crew[i].out, &got));
	expect_ok(mls_group_commit(crew[2].group, &stored, crew[2].out, &made));
	expect_ok(mls_public_group_receive(server, made.commit, crew[0].out, &got));
	expect_eq(got.kind, MLS_RECEIVED_COMMIT);
	expect_eq(got.change.left.n, 1);
	expect_ok(mls_public_group_check_info(server, made.group_info));
	mls_public_group_staged_drop(server);
	expect(mls_public_group_check_info(server, made.group_info));
	expect_err(mls_public_group_staged_apply(server), UC_E_NOT_FOUND);
	expect_ok(mls_public_group_receive(server, made.commit, crew[0].out, &got));
	expect_ok(mls_public_group_staged_apply(server));
	/* At rest and back. */
	expect_ok(mls_public_group_writes(server, crew[0].out, &parts));
	expect(parts.n >= 3);
	mls_public_group_free(server);
	server = NULL;
	expect_ok(mls_public_group_open(crew[0].client, parts, &server));
	expect_ok(mls_public_group_writes(server, crew[0].out, &parts));
	expect(parts.n <= 1);
	crew_deliver(crew, 3, &crew[2], &made);
	expect_ok(mls_public_group_members(server, crew[0].out, &members));
	expect_eq(members.n, 2);
	expect_eq(members.v[1].index, 2);
	expect_ok(mls_public_group_member_find(server, bytes_of("sailor 2"), &index));
	expect_eq(index, 2);
	expect_err(mls_public_group_member_find(server, bytes_of("sailor 1"), &index),
		   UC_E_NOT_FOUND);
	expect_ok(mls_public_group_context(server, crew[0].out, &context));
	expect_eq(context.epoch, 2);
	expect_ok(mls_public_group_ratchet_tree(server, crew[0].out, &tree));
	expect_ok(mls_group_ratchet_tree(crew[2].group, crew[2].out, &same));
	expect_bytes(view_of(tree), view_of(same));
	struct mls_reinit reinit;
	expect_err(mls_public_group_reinit_of(server, crew[0].out, &reinit), UC_E_NOT_FOUND);
	/* It cannot read what is private. */
	expect_ok(mls_group_protect(crew[0].group, bytes_of("x"), nothing, 0, crew[0].out, &b));
	expect(mls_public_group_receive(server, b, crew[0].out, &got));
	mls_public_group_free(server);
	mls_public_group_free(NULL);
	crew_end(crew, 3);
}

/* What a database would hold: one row for each kind and number. */
static size_t rows_put(struct mls_part *rows, size_t n, struct mls_part_list changes)
{
	for (size_t i = 0; i < changes.n; i++) {
		size_t k = 0;
		while (k < n &&
		       (rows[k].kind != changes.v[i].kind || rows[k].number != changes.v[i].number))
			k++;
		expect(k < 64);
		rows[k] = changes.v[i];
		n = k == n ? n + 1 : n;
	}
	return n;
}

TEST(a_server_stores_what_changed_and_hands_out_the_group_info)
{
	struct sailor crew[3];
	struct mls_part rows[64];
	struct mls_part_list changes;
	struct mls_received got;
	struct mls_made made;
	struct mls_bytes info;
	size_t n = 0;
	const struct mls_commit path = { .force_path = true };
	crew_begin(crew, 3, SUITE);
	mls_public_group *server = server_of(&crew[0]);
	expect_ok(mls_public_group_info(server, crew[0].out, &info));
	expect_err(
		mls_public_group_open(crew[0].client, (struct mls_part_list){ NULL, 0 }, &server),
		UC_E_CORRUPT);
	expect_err(
		mls_public_group_open(crew[0].client, (struct mls_part_list){ NULL, 1 }, &server),
		UC_E_ARGUMENT);
	for (unsigned round = 0; round < 4; round++) {
		struct sailor *by = &crew[round % 3];
		expect_ok(mls_group_commit(by->group, &path, by->out, &made));
		expect_ok(mls_public_group_receive(server, made.commit, crew[0].out, &got));
		expect_ok(mls_public_group_put_info(server, made.group_info));
		expect_ok(mls_public_group_staged_apply(server));
		expect_ok(mls_public_group_info(server, crew[0].out, &info));
		expect_bytes(view_of(info), view_of(made.group_info));
		crew_deliver(crew, 3, by, &made);
		expect_ok(mls_public_group_writes(server, crew[0].out, &changes));
		n = rows_put(rows, n, changes);
		mls_public_group_free(server);
		server = NULL;
		expect_ok(mls_public_group_open(crew[0].client, (struct mls_part_list){ rows, n },
						&server));
		expect_ok(mls_public_group_info(server, crew[0].out, &info));
		expect_bytes(view_of(info), view_of(made.group_info));
	}
	/* Not that of another epoch; and without one there is none. */
	struct mls_bytes old = info;
	expect_ok(mls_group_commit(crew[0].group, &path, crew[0].out, &made));
	expect_ok(mls_public_group_receive(server, made.commit, crew[0].out, &got));
	expect(mls_public_group_put_info(server, old));
	expect_ok(mls_public_group_staged_apply(server));
	expect_err(mls_public_group_info(server, crew[0].out, &info), UC_E_NOT_FOUND);
	mls_public_group_free(server);
	crew_end(crew, 3);
}

static struct mls_extension senders_extension(struct sailor *s)
{
	struct mls_external_sender sender = { .credential = s->identity.credential };
	struct mls_extension e = { MLS_EXTENSION_EXTERNAL_SENDERS, { NULL, 0 } };
	expect_ok(mls_signature_key_public(s->key, s->out, &sender.signature_key));
	expect_ok(mls_external_senders_data(&sender, 1, s->out, &e.data));
	return e;
}

TEST(an_external_sender_proposes_alone_or_by_its_public_group)
{
	struct sailor crew[3], hub;
	struct mls_received got;
	struct mls_bytes message;
	const struct mls_proposal remove = { .type = MLS_REMOVE, .index = 2 };
	sailor_begin(&hub, "hub", SUITE, NULL);
	const struct mls_extension e = senders_extension(&hub);
	crew_begin(crew, 3, SUITE);
	const struct mls_proposal gce = { .type = MLS_GROUP_CONTEXT_EXTENSIONS,
					  .extensions = { &e, 1 } };
	const struct mls_commit opens = { .proposals = { &gce, 1 } };
	crew_commit(crew, 3, &crew[0], &opens);
	mls_public_group *server = server_of(&crew[0]);
	expect_ok(mls_public_group_propose(server, 0, hub.key, &remove, hub.out, &message));
	for (size_t i = 0; i < 3; i++) {
		expect_ok(mls_group_receive(crew[i].group, message, crew[i].out, &got));
		expect_eq(got.sender.type, MLS_EXTERNAL_SENDER);
		expect_eq(got.sender.index, 0);
	}
	crew_commit(crew, 3, &crew[1], &stored);
	expect(!crew[2].group);
	/* Without a public group, to those who are told the epoch. */
	const struct mls_outside to = { .suite = SUITE,
					.group_id = bytes_of("the crew"),
					.epoch = mls_group_epoch(crew[0].group) };
	const struct mls_proposal add = sailor_add(&crew[2], SUITE);
	expect_ok(mls_external_propose(hub.client, &to, 0, hub.key, &add, hub.out, &message));
	for (size_t i = 0; i < 2; i++)
		expect_ok(mls_group_receive(crew[i].group, message, crew[i].out, &got));
	crew_commit(crew, 3, &crew[1], &stored);
	expect(crew[2].group);
	/* Not with another key, another place, or what is not for it. */
	expect_ok(
		mls_external_propose(hub.client, &to, 0, crew[0].key, &remove, hub.out, &message));
	expect(mls_group_receive(crew[0].group, message, crew[0].out, &got));
	const struct mls_proposal leave = { .type = MLS_SELF_REMOVE };
	expect_err(mls_external_propose(hub.client, &to, 0, hub.key, &leave, hub.out, &message),
		   UC_E_UNEXPECTED);
	mls_public_group_free(server);
	crew_end(crew, 3);
	sailor_end(&hub);
}

TEST(somebody_asks_to_be_added)
{
	struct sailor crew[3];
	struct mls_received got;
	struct mls_bytes message = { NULL, 7 };
	crew_begin(crew, 2, SUITE);
	sailor_begin(&crew[2], "asks", SUITE, NULL);
	(void)sailor_add(&crew[2], SUITE);
	struct mls_outside to = { .suite = SUITE, .group_id = bytes_of("the crew"), .epoch = 1 };
	expect_err(mls_join_propose(crew[2].client, &to, bytes_of("none"), crew[2].out, &message),
		   UC_E_CORRUPT);
	to.suite = 99;
	expect_err(mls_join_propose(crew[2].client, &to, crew[2].package.secret, crew[2].out,
				    &message),
		   UC_E_SUITE);
	expect_eq(message.n, 7);
	to.suite = SUITE;
	expect_ok(mls_join_propose(crew[2].client, &to, crew[2].package.secret, crew[2].out,
				   &message));
	for (size_t i = 0; i < 2; i++) {
		expect_ok(mls_group_receive(crew[i].group, message, crew[i].out, &got));
		expect_eq(got.sender.type, MLS_NEW_MEMBER_PROPOSES);
		expect_eq(got.sender.index, MLS_NO_INDEX);
	}
	crew_commit(crew, 3, &crew[1], &stored);
	expect(crew[2].group);
	crew_end(crew, 3);
}
