/* SPDX-License-Identifier: Apache-2.0 */
/* Handshakes as private messages (RFC 9420, 6, 12.4.2), padding, GroupInfos with more and less in
 * them, and epochs that are forgotten. */
#include "tests/unit/mls/members.h"

#include "mls/external_proposal.h"

static struct club c;
enum { BUCKET = 256 };

static void begin(size_t n)
{
	club_with(&c, suite_at(0), n);
	c.wrapping = (struct group_wrapping){ .private_handshakes = true,
					      .refuse_public = true,
					      .bucket = BUCKET };
}

static struct mls_message taken_apart(struct view message)
{
	struct mls_message m = { .version = 0 };
	expect_ok(wire_decode(message, &c.mem, mls_message_element, &m));
	return m;
}

static void is_private(struct view message, uint8_t content_type)
{
	struct mls_message m = taken_apart(message);
	expect_eq(m.wire_format, MLS_PRIVATE_MESSAGE);
	expect_eq(m.private_message.content_type, content_type);
	expect_eq(m.private_message.ciphertext.n % BUCKET, 0);
}

TEST(a_group_that_keeps_its_handshakes_to_itself)
{
	for (size_t i = 0; suite_at(i); i++) {
		struct view message;
		struct made_commit made;
		const struct commit_options o = { .authenticated_data = VIEW_LIT("for all") };
		club_with(&c, suite_at(i), 4);
		c.wrapping = (struct group_wrapping){ .private_handshakes = true,
						      .refuse_public = true,
						      .bucket = BUCKET };
		expect_ok(group_propose_update(c.people[2].g, &c.mem, &message));
		is_private(message, CONTENT_PROPOSAL);
		club_deliver_proposal(&c, &c.people[2], message);
		const struct proposal add = add_of(&c, club_person(&c, 4));
		expect_ok(
			group_propose(c.people[1].g, &add, VIEW_LIT("a friend"), &c.mem, &message));
		is_private(message, CONTENT_PROPOSAL);
		club_deliver_proposal(&c, &c.people[1], message);
		expect_ok(group_commit(c.people[0].g, &o, &c.mem, &made));
		is_private(made.commit, CONTENT_COMMIT);
		expect_eq(made.change.proposals.n, 2);
		club_deliver(&c, &c.people[0], &made);
		club_talks(&c, &c.people[4], "nobody saw me come");
		const struct proposal remove = remove_of(&c.people[1]);
		club_commit_proposals(&c, &c.people[4], &remove, 1);
		expect(!c.people[1].g);
		club_talks(&c, &c.people[2], "nor him go");
		club_end(&c);
	}
}

/* What is refused for now can be received again: nothing has changed, its key is there. */
TEST(a_private_commit_can_wait)
{
	struct view first;
	struct made_commit made;
	struct received got;
	begin(3);
	struct person *one = &c.people[1];
	c.known[0] = (struct club_psk){ VIEW_LIT("known"), { 1 } };
	c.psk_count = 1;
	const struct proposal psk = psk_of(&c, VIEW_LIT("known"));
	const struct proposal remove = remove_of(&c.people[2]);
	const struct commit_options o = { .proposals = &psk, .proposal_count = 1 };
	expect_ok(group_propose(c.people[0].g, &remove, view_make(NULL, 0), &c.mem, &first));
	expect_ok(group_commit(c.people[0].g, &o, &c.mem, &made));
	struct view before = person_saved(&c, one);
	expect_err(group_receive(one->g, made.commit, &c.mem, &got), UC_E_NOT_FOUND);
	expect_bytes(person_saved(&c, one), before);
	expect_ok(group_receive(one->g, first, &c.mem, &got));
	expect_eq(got.kind, RECEIVED_PROPOSAL);
	/* The proposal's key is used up, and its ratchet has moved on. */
	expect_err(group_receive(one->g, first, &c.mem, &got), UC_E_DECRYPT);
	c.psk_count = 0;
	person_restart(&c, one);
	before = person_saved(&c, one);
	expect_err(group_receive(one->g, made.commit, &c.mem, &got), UC_E_PSK);
	expect_bytes(person_saved(&c, one), before);
	c.psk_count = 1;
	/* Looked at, put back, looked at again. */
	expect_ok(group_receive(one->g, made.commit, &c.mem, &got));
	expect_eq(got.change->removed.n, 1);
	group_staged_drop(one->g);
	expect_bytes(person_saved(&c, one), before);
	expect_ok(group_receive(one->g, made.commit, &c.mem, &got));
	expect_ok(group_staged_apply(one->g));
	expect_err(group_receive(one->g, made.commit, &c.mem, &got), UC_E_REPLAY);
	expect_ok(group_pending_apply(c.people[0].g));
	expect_bytes(group_epoch_authenticator(one->g), group_epoch_authenticator(c.people[0].g));
	club_end(&c);
}

/* When it is applied its key goes: whoever gets hold of the state later does not read it. */
TEST(the_key_of_a_commit_goes_when_it_is_applied)
{
	struct made_commit made;
	struct received got;
	begin(2);
	const struct commit_options o = { .force_path = true };
	expect_ok(group_commit(c.people[0].g, &o, &c.mem, &made));
	struct view before = person_saved(&c, &c.people[1]);
	expect_ok(group_receive(c.people[1].g, made.commit, &c.mem, &got));
	expect_bytes(person_saved(&c, &c.people[1]), before);
	expect_ok(group_staged_apply(c.people[1].g));
	/* The past epoch has one ratchet more than it had as the present one. */
	struct buf now, past;
	buf_init_secret(&now, WIRE_OBJECT_MAX);
	buf_init_secret(&past, WIRE_OBJECT_MAX);
	expect_ok(group_save_ratchets(c.people[1].g, &now));
	group_forget_past(c.people[1].g);
	expect_ok(group_save_ratchets(c.people[1].g, &past));
	expect(now.n > past.n + 2 * c.suite->nh);
	buf_done(&now);
	buf_done(&past);
	club_end(&c);
}

TEST(own_private_handshakes_that_come_back)
{
	struct view message;
	struct made_commit made;
	struct received got;
	begin(2);
	struct person *p = &c.people[0];
	const struct commit_options o = { .force_path = true };
	expect_ok(group_propose_update(p->g, &c.mem, &message));
	expect_err(group_receive(p->g, message, &c.mem, &got), UC_E_OWN);
	expect_ok(group_commit(p->g, &o, &c.mem, &made));
	person_restart(&c, p);
	expect_ok(group_receive(p->g, made.commit, &c.mem, &got));
	expect_eq(got.kind, RECEIVED_OWN_COMMIT);
	group_pending_drop(p->g);
	expect_err(group_receive(p->g, made.commit, &c.mem, &got), UC_E_OWN);
	club_end(&c);
}

static void refused(struct person *p, struct view message, uc_err want)
{
	struct received got;
	struct view before = person_saved(&c, p);
	expect_err(group_receive(p->g, message, &c.mem, &got), want);
	expect_bytes(person_saved(&c, p), before);
}

TEST(what_is_wrapped_otherwise_than_the_group_wants)
{
	struct view message;
	struct made_commit made;
	begin(3);
	const struct proposal remove = remove_of(&c.people[2]);
	const struct commit_options path = { .force_path = true, .without_stored = true };
	struct group_wrapping strict = c.wrapping;
	c.wrapping.private_handshakes = false;
	expect_ok(group_propose(c.people[0].g, &remove, view_make(NULL, 0), &c.mem, &message));
	expect_ok(group_commit(c.people[0].g, &path, &c.mem, &made));
	group_pending_drop(c.people[0].g);
	c.wrapping = strict;
	refused(&c.people[1], message, UC_E_POLICY);
	refused(&c.people[1], made.commit, UC_E_POLICY);
	expect_ok(group_propose_update(c.people[0].g, &c.mem, &message));
	expect_ok(group_commit(c.people[0].g, &path, &c.mem, &made));
	c.wrapping = (struct group_wrapping){ .refuse_private = true };
	refused(&c.people[1], message, UC_E_POLICY);
	refused(&c.people[1], made.commit, UC_E_POLICY);
	group_pending_drop(c.people[0].g);
	/* Words are always private. */
	club_talks(&c, &c.people[1], "private");
	club_end(&c);
}

/* Who is outside, and who leaves, has nothing but public messages. */
TEST(public_messages_that_a_private_group_takes)
{
	struct view message;
	struct received got;
	const struct proposal leave = { .proposal_type = PROPOSAL_SELF_REMOVE };
	begin(3);
	expect_ok(group_propose(c.people[2].g, &leave, view_make(NULL, 0), &c.mem, &message));
	expect_eq(taken_apart(message).wire_format, MLS_PUBLIC_MESSAGE);
	club_deliver_proposal(&c, &c.people[2], message);
	struct person *p = club_person(&c, 5);
	const struct outside to = { .suite = c.suite,
				    .group_id = group_id(c.people[0].g),
				    .epoch = group_epoch(c.people[0].g) };
	person_key_package(&c, p);
	expect_ok(join_propose(&to, test_env(), p->key_package, &p->key, &c.mem, &message));
	expect_ok(group_receive(c.people[0].g, message, &c.mem, &got));
	expect_ok(group_receive(c.people[1].g, message, &c.mem, &got));
	/* The one who leaves commits nothing, but follows. */
	expect_ok(group_receive(c.people[2].g, message, &c.mem, &got));
	club_commit(&c, &c.people[0], &(struct commit_options){ .force_path = true });
	expect(p->g && !c.people[2].g);
	club_join_external(&c, club_person(&c, 6), TREE_NONE);
	club_talks(&c, &c.people[6], "from outside");
	club_end(&c);
}

/* --- GroupInfo --- */

static uc_err join_by(struct view welcome, struct view tree, struct group **out)
{
	struct person *p = &c.people[7];
	const struct welcome_input in = { welcome, tree, p->key_package, &p->secrets };
	return group_join(&c.platform, &in, out);
}

TEST(a_welcome_with_the_tree_in_it)
{
	static struct extension grease = { 0x1a1a, { (const uint8_t *)"any", 3 } };
	const struct group_info_parts inside = { .without_external_pub = true,
						 .with_ratchet_tree = true,
						 .more = { &grease, 1 } };
	struct made_commit made;
	struct group_info info;
	struct group *g = NULL;
	club_with(&c, suite_at(0), 3);
	const struct proposal add = add_of(&c, club_person(&c, 7));
	struct commit_options o = { .proposals = &add, .proposal_count = 1 };
	expect_ok(group_commit(c.people[0].g, &o, &c.mem, &made));
	expect_err(join_by(made.welcome, view_make(NULL, 0), &g), UC_E_NOT_FOUND);
	group_pending_drop(c.people[0].g);
	o.welcome = &inside;
	expect_ok(group_commit(c.people[0].g, &o, &c.mem, &made));
	expect_ok(join_by(made.welcome, view_make(NULL, 0), &g));
	expect_eq(g ? group_own_leaf(g) : 0, 3);
	group_free(g);
	/* What is given out is as it was. */
	expect_ok(wire_decode(made.group_info, &c.mem, group_info_element, &info));
	expect_eq(info.extensions.n, 1);
	expect(extension_find(&info.extensions, EXTENSION_EXTERNAL_PUB) != NULL);
	club_deliver(&c, &c.people[0], &made);
	club_end(&c);
}

TEST(a_group_info_with_more_or_less)
{
	static struct extension more = { 0x1a1a, { (const uint8_t *)"any", 3 } };
	struct group_info_parts parts = { .with_ratchet_tree = true, .more = { &more, 1 } };
	struct external_join in = { .leaf = NULL };
	struct view commit, info;
	struct group *g = NULL;
	struct public_group *server = NULL;
	club_with(&c, suite_at(0), 3);
	in.leaf = &club_person(&c, 7)->leaf;
	expect_ok(group_info_make_with(c.people[1].g, &parts, &c.mem, &in.group_info));
	expect_ok(group_join_external(&c.platform, &in, &c.mem, &commit, &info, &g));
	expect_ok(public_group_new(test_env(), NULL, in.group_info, view_make(NULL, 0), &server));
	public_group_free(server);
	struct received got;
	expect_ok(group_receive(c.people[0].g, commit, &c.mem, &got));
	group_staged_drop(c.people[0].g);
	group_free(g);
	g = NULL;
	parts.without_external_pub = true;
	expect_ok(group_info_make_with(c.people[1].g, &parts, &c.mem, &in.group_info));
	expect_err(group_join_external(&c.platform, &in, &c.mem, &commit, &info, &g),
		   UC_E_NOT_FOUND);
	expect(!g);
	/* Nothing twice. */
	static const uint16_t taken[] = { EXTENSION_EXTERNAL_PUB, EXTENSION_RATCHET_TREE };
	for (size_t i = 0; i < 2; i++) {
		more.extension_type = taken[i];
		expect_err(group_info_make_with(c.people[1].g, &parts, &c.mem, &info),
			   UC_E_ARGUMENT);
	}
	more.extension_type = 0x1a1a;
	struct extension twice[] = { more, more };
	parts.more = (struct extension_list){ twice, 2 };
	expect_err(group_info_make_with(c.people[1].g, &parts, &c.mem, &info), UC_E_ARGUMENT);
	club_end(&c);
}

/* --- what is past --- */

TEST(epochs_that_are_forgotten)
{
	struct view late;
	struct received got;
	club_with(&c, suite_at(0), 2);
	expect_ok(group_encrypt(c.people[0].g, view_make(NULL, 0), VIEW_LIT("late"), 0, &c.mem,
				&late));
	club_commit_proposals(&c, &c.people[0], NULL, 0);
	struct view before = person_saved(&c, &c.people[1]);
	group_forget_past(c.people[1].g);
	expect(person_saved(&c, &c.people[1]).n < before.n);
	expect_err(group_receive(c.people[1].g, late, &c.mem, &got), UC_E_EPOCH_PAST);
	person_restart(&c, &c.people[1]);
	expect_err(group_receive(c.people[1].g, late, &c.mem, &got), UC_E_EPOCH_PAST);
	club_talks(&c, &c.people[0], "the present is there");
	club_commit_proposals(&c, &c.people[1], NULL, 0);
	club_end(&c);
}
