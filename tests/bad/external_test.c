/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 9420, 12.2, 12.4.3.2: commits from outside. */
#include "tests/bad/rules.h"

static struct club c;
static struct person *stranger;

static struct person *alice(void)
{
	return &c.people[0];
}

static void begin(void)
{
	club_with(&c, suite_at(0), 4);
	stranger = club_person(&c, 9);
}

/* The stranger's right external commit with these proposals, taken apart. */
static struct forge external(const struct proposal *v, size_t n)
{
	struct external_join in = { .leaf = &stranger->leaf, .proposals = v, .proposal_count = n };
	struct view commit, info;
	struct group *g = NULL;
	struct mls_message m;
	struct forge f = forge_begin(&c, alice(), CONTENT_COMMIT);
	expect_ok(group_info_make(alice()->g, &c.mem, &in.group_info));
	expect_ok(group_ratchet_tree(alice()->g, &c.mem, &in.ratchet_tree));
	expect_ok(group_join_external(&c.platform, &in, &c.mem, &commit, &info, &g));
	group_free(g);
	expect_ok(wire_decode(commit, &c.mem, mls_message_element, &m));
	f.content = m.public_message.content;
	f.confirmation_tag = m.public_message.auth.confirmation_tag;
	f.key = &stranger->key;
	return f;
}

/* As one makes it who does not know of the rule. */
static void external_breaks(const struct proposal *v, size_t n, enum mls_rule rule)
{
	rule_switch_off(rule);
	struct forge f = external(v, n);
	rules_on();
	breaks(&c, NULL, forge_public(&f), rule, ALL);
}

/* With these proposals instead, by value. */
static void put(struct forge *f, const struct proposal *v, size_t n)
{
	struct proposal_or_ref *l = ARENA_ARRAY(&c.mem, struct proposal_or_ref, n);
	for (size_t i = 0; i < n; i++)
		l[i] = (struct proposal_or_ref){ .type = BY_PROPOSAL, .proposal = v[i] };
	f->content.commit.proposals = (struct proposal_or_ref_list){ l, n };
}

static struct proposal init_of(const struct forge *f)
{
	return f->content.commit.proposals.v[0].proposal;
}

TEST(the_forger_can_join)
{
	struct received got;
	begin();
	struct forge f = external(NULL, 0);
	expect_ok(group_receive(c.people[1].g, forge_public(&f), &c.mem, &got));
	expect(got.change->is_external);
	expect_eq(got.change->committer, 4);
	club_end(&c);
}

TEST(exactly_one_external_init)
{
	begin();
	struct forge f = external(NULL, 0);
	const struct proposal v[] = { init_of(&f), init_of(&f) };
	put(&f, v, 0);
	breaks(&c, NULL, forge_public(&f), RULE_EXTERNAL_INIT_ONCE, SERVER);
	put(&f, v, 2);
	breaks(&c, NULL, forge_public(&f), RULE_EXTERNAL_INIT_ONCE, SERVER);
	club_end(&c);
}

TEST(at_most_one_remove)
{
	begin();
	const struct proposal v[] = { remove_of(&c.people[1]), remove_of(&c.people[2]) };
	external_breaks(v, 2, RULE_EXTERNAL_REMOVE_ONCE);
	club_end(&c);
}

TEST(other_proposals_are_not_for_joiners)
{
	begin();
	struct proposal add = add_of(&c, club_person(&c, 10));
	external_breaks(&add, 1, RULE_PROPOSAL_SENDER);
	struct forge f = external(NULL, 0);
	struct proposal v[] = { init_of(&f), add };
	v[1] = (struct proposal){ .proposal_type = PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
				  .extensions = club_extensions(&c, NULL) };
	external_breaks(&v[1], 1, RULE_PROPOSAL_SENDER);
	v[1] = (struct proposal){ .proposal_type = PROPOSAL_REINIT,
				  .reinit = { .version = MLS10, .cipher_suite = 1 } };
	external_breaks(&v[1], 1, RULE_PROPOSAL_SENDER);
	/* Those are of the leaf of who makes them, and a joiner has none. */
	v[1] = (struct proposal){ .proposal_type = PROPOSAL_UPDATE,
				  .leaf_node = *tree_leaf_find(group_now(alice()->g).tree, 1,
							       LEAF_ROOM) };
	put(&f, v, 2);
	breaks(&c, NULL, forge_public(&f), RULE_PROPOSAL_SENDER, ALL | STANDS);
	v[1] = (struct proposal){ .proposal_type = PROPOSAL_SELF_REMOVE };
	put(&f, v, 2);
	breaks(&c, NULL, forge_public(&f), RULE_PROPOSAL_SENDER, ALL | STANDS);
	club_end(&c);
}

TEST(by_reference_only_self_remove)
{
	struct view message;
	begin();
	const struct proposal word = { .proposal_type = PROPOSAL_APP_EPHEMERAL,
				       .app_ephemeral = { 0xf001, VIEW_LIT("x") } };
	expect_ok(group_propose(alice()->g, &word, view_make(NULL, 0), &c.mem, &message));
	club_deliver_proposal(&c, alice(), message);
	struct forge f = external(NULL, 0);
	struct proposal_or_ref v[] = {
		f.content.commit.proposals.v[0],
		{ .type = BY_REFERENCE, .reference = group_proposal_at(alice()->g, 0).ref },
	};
	f.content.commit.proposals = (struct proposal_or_ref_list){ v, 2 };
	breaks(&c, NULL,
	       tagged(&c, alice(), &stranger->key, forge_public(&f), RULE_EXTERNAL_BY_VALUE),
	       RULE_EXTERNAL_BY_VALUE, ALL);
	club_end(&c);
}

TEST(a_path_is_required)
{
	begin();
	struct forge f = external(NULL, 0);
	f.content.commit.path = NULL;
	breaks(&c, NULL, forge_public(&f), RULE_NEW_MEMBER_COMMITS_PATH, ALL);
	club_end(&c);
}

TEST(signed_by_the_key_of_the_path)
{
	begin();
	struct forge f = external(NULL, 0);
	f.key = &alice()->key;
	breaks(&c, NULL,
	       tagged(&c, alice(), &alice()->key, forge_public(&f), RULE_CONTENT_SIGNATURE),
	       RULE_CONTENT_SIGNATURE, ALL);
	/* The leaf says another key than it is signed with. */
	f = external(NULL, 0);
	struct sign_key other;
	expect_ok(sign_key_generate(c.suite, test_env(), &other));
	forge_path_leaf(&f)->signature_key = sign_public(&other);
	f.key = &other;
	breaks_path(&c, NULL, forge_public(&f), RULE_LEAF_SIGNATURE);
	club_end(&c);
}

TEST(the_leaf_is_for_the_place_it_gets)
{
	begin();
	struct forge f = external(NULL, 0);
	forge_sign_leaf(&f, group_id(alice()->g), 5);
	breaks_path(&c, NULL, forge_public(&f), RULE_LEAF_SIGNATURE);
	/* Made for place 4, it gets 1, which is freed. */
	f = external(NULL, 0);
	const struct proposal v[] = { init_of(&f), remove_of(&c.people[1]) };
	put(&f, v, 2);
	breaks(&c, NULL, forge_public(&f), RULE_LEAF_SIGNATURE, ALL | STANDS);
	club_end(&c);
}

TEST(a_key_that_is_there_already)
{
	begin();
	/* As somebody who is a member, and stays one. */
	struct forge f = external(NULL, 0);
	struct leaf_node *leaf = forge_path_leaf(&f);
	leaf->signature_key = sign_public(&c.people[2].key);
	f.key = &c.people[2].key;
	forge_sign_leaf(&f, group_id(alice()->g), 4);
	breaks_path(&c, NULL, forge_public(&f), RULE_SIGNATURE_KEY_UNIQUE);
	f = external(NULL, 0);
	leaf = forge_path_leaf(&f);
	leaf->encryption_key =
		tree_leaf_find(group_now(alice()->g).tree, 2, LEAF_ROOM)->encryption_key;
	forge_sign_leaf(&f, group_id(alice()->g), 4);
	breaks_path(&c, NULL, forge_public(&f), RULE_PATH_KEYS_ARE_NEW);
	club_end(&c);
}

/* Who comes in one's own place comes with a new key, as in an Update. */
TEST(the_key_of_the_leaf_that_is_replaced)
{
	begin();
	const struct proposal remove = remove_of(&c.people[1]);
	struct forge f = external(&remove, 1);
	forge_path_leaf(&f)->encryption_key =
		tree_leaf_find(group_now(alice()->g).tree, 1, LEAF_ROOM)->encryption_key;
	forge_sign_leaf(&f, group_id(alice()->g), 1);
	breaks_path(&c, &c.people[1], forge_public(&f), RULE_RESYNC_KEY_IS_NEW);
	club_end(&c);
}

TEST(what_the_group_requires)
{
	begin();
	struct forge f = external(NULL, 0);
	forge_path_leaf(&f)->capabilities.proposals.n = 0;
	forge_sign_leaf(&f, group_id(alice()->g), 4);
	breaks_path(&c, NULL, forge_public(&f), RULE_LEAF_REQUIRED_CAPABILITIES);
	club_end(&c);
}

TEST(the_external_secret)
{
	static uint8_t kem_output[32] = { 9 };
	begin();
	struct forge f = external(NULL, 0);
	struct proposal init = init_of(&f);
	init.kem_output = VIEW_OF(kem_output);
	put(&f, &init, 1);
	/* It opens, to another secret. */
	breaks(&c, NULL, forge_public(&f), RULE_CONFIRMATION_TAG, MEMBERS);
	init.kem_output.n = 31;
	put(&f, &init, 1);
	breaks(&c, NULL, forge_public(&f), RULE_KEM_OUTPUT, MEMBERS);
	init.kem_output = view_make(arena_take(&c.mem, 32), 32); /* of small order */
	put(&f, &init, 1);
	breaks(&c, NULL, forge_public(&f), RULE_KEM_OUTPUT, MEMBERS);
	club_end(&c);
}

/* --- what a joiner is given, and does not take --- */

static uc_err joins(const struct external_join *in)
{
	struct view commit, info;
	struct group *g = NULL;
	uc_err err = group_join_external(&c.platform, in, &c.mem, &commit, &info, &g);
	expect(!g == (err != UC_OK));
	group_free(g);
	return err;
}

static struct external_join rightly(void)
{
	struct external_join in = { .leaf = &stranger->leaf };
	expect_ok(group_info_make(alice()->g, &c.mem, &in.group_info));
	expect_ok(group_ratchet_tree(alice()->g, &c.mem, &in.ratchet_tree));
	return in;
}

/* A GroupInfo of alice's with these extensions and context. */
static struct view info_with(const struct group_context *context, struct extension_list l)
{
	struct group_info info;
	struct view tbs, out;
	expect_ok(wire_decode(forge_info(&c, alice(), context, 0), &c.mem, group_info_element,
			      &info));
	info.extensions = l;
	expect_ok(wire_encode_to(&c.mem, group_info_tbs_element, &info, &tbs));
	expect_ok(sign_with_label(c.suite, &alice()->key, test_env(), "GroupInfoTBS", tbs, &c.mem,
				  &info.signature));
	expect_ok(wire_encode_to(&c.mem, group_info_element, &info, &out));
	return out;
}

TEST(a_group_info_that_does_not_let_one_in)
{
	begin();
	struct external_join good = rightly(), in = good;
	struct group_context context = *group_now(alice()->g).context;
	expect_ok(joins(&in));
	/* Without external_pub; with one that is no key. */
	in.group_info = forge_info(&c, alice(), &context, 0);
	BREAKS_CALL(EXTERNAL_PUB_IS_THERE, joins(&in));
	struct view pub = view_make(arena_take(&c.mem, 32), 32);
	struct extension e = { .extension_type = EXTENSION_EXTERNAL_PUB };
	for (size_t n = 0; n <= 32; n += n ? 1 : 31) {
		pub.n = n;
		expect_ok(wire_encode_to(&c.mem, bytes_element, &pub, &e.extension_data));
		in.group_info = info_with(&context, (struct extension_list){ &e, 1 });
		BREAKS_CALL(EXTERNAL_PUB, joins(&in));
	}
	in.group_info = changeable(&c, good.group_info);
	flip(in.group_info, good.group_info.n - 1);
	BREAKS_CALL(INFO_SIGNATURE, joins(&in));
	in.group_info = good.group_info;
	in.ratchet_tree = view_make(NULL, 0);
	BREAKS_CALL(TREE_IS_THERE, joins(&in));
	context.cipher_suite = 0x7777;
	in.group_info = forge_info(&c, alice(), &context, 0);
	BREAKS_CALL(INFO_SUITE_KNOWN, joins(&in));
	club_end(&c);
}

/* SelfRemoves that are none, or not this group's. */
TEST(wrong_self_removes_are_not_taken_along)
{
	struct view message;
	begin();
	struct external_join in = rightly();
	in.self_removes = &message;
	in.self_remove_count = 1;
	const struct proposal remove = remove_of(&c.people[1]);
	message = forge_proposal(&c, alice(), &remove);
	BREAKS_CALL(JOINER_TAKES_SELF_REMOVES, joins(&in));
	struct forge f = forge_begin(&c, alice(), CONTENT_PROPOSAL);
	f.content.proposal = (struct proposal){ .proposal_type = PROPOSAL_SELF_REMOVE };
	f.key = &stranger->key;
	message = forge_public(&f);
	BREAKS_CALL(CONTENT_SIGNATURE, joins(&in));
	f.key = NULL;
	f.content.epoch--;
	message = forge_public(&f);
	BREAKS_CALL(EPOCH_PAST, joins(&in));
	struct private_forge p = { .c = &c,
				   .by = alice(),
				   .content_type = CONTENT_APPLICATION,
				   .plaintext = forge_inside(&c, alice(), VIEW_LIT("bye"), 0) };
	message = forge_private(&p);
	BREAKS_CALL(JOINER_TAKES_PUBLIC, joins(&in));
	f.content.epoch++;
	message = forge_public(&f);
	expect_ok(joins(&in));
	club_end(&c);
}
