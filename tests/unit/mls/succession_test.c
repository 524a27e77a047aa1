/* SPDX-License-Identifier: Apache-2.0 */
/* Groups that go on from another (RFC 9420, 11.2, 11.3), and resumption keys of other groups. */
#include "tests/unit/mls/members.h"

static struct club c;
/* Where the old groups of whoever acts now are: they come back from storage as others. */
static struct group *const *mine[2];

static const struct group *find_group(void *ctx, struct view id)
{
	(void)ctx;
	for (size_t i = 0; i < 2; i++)
		if (mine[i] && view_equal(group_id(*mine[i]), id))
			return *mine[i];
	return NULL;
}

static void begin(size_t n)
{
	club_with(&c, suite_at(0), n);
	c.psks.group = find_group;
	mine[0] = mine[1] = NULL;
}

static struct proposal reinit_to(uint16_t suite, const struct extension_list *l)
{
	return (struct proposal){ .proposal_type = PROPOSAL_REINIT,
				  .reinit = { .group_id = VIEW_LIT("the new club"),
					      .version = MLS10,
					      .cipher_suite = suite,
					      .extensions = *l } };
}

/* People as they come into a new group: of another suite, with other keys, the same names. */
static struct person fresh[CLUB_MAX];

static void person_again(size_t i, const struct suite *s)
{
	struct person *p = &fresh[i];
	*p = c.people[i];
	p->g = NULL;
	expect_ok(sign_key_generate(s, test_env(), &p->key));
	p->leaf.signature_key = &p->key;
	expect_ok(key_package_make(s, test_env(), &p->leaf, 3600, NULL, &c.mem, &p->key_package,
				   &p->secrets));
}

static struct proposal fresh_add(size_t i)
{
	struct proposal add = { .proposal_type = PROPOSAL_ADD };
	expect_ok(wire_decode(fresh[i].key_package, &c.mem, key_package_element, &add.key_package));
	return add;
}

static uc_err welcomed(size_t i, const struct made_commit *made)
{
	const struct welcome_input in = { made->welcome, made->ratchet_tree, fresh[i].key_package,
					  &fresh[i].secrets };
	mine[0] = &c.people[i].g;
	return group_join(&c.platform, &in, &fresh[i].g);
}

static void says(struct group *by, struct group *to)
{
	struct view message;
	struct received got = { .kind = RECEIVED_COMMIT };
	expect_ok(group_encrypt(by, view_make(NULL, 0), VIEW_LIT("here"), 0, &c.mem, &message));
	expect_ok(group_receive(to, message, &c.mem, &got));
	expect_bytes(got.application_data, VIEW_LIT("here"));
}

static void through_storage(struct person *p)
{
	person_restart(&c, p);
}

/* Makes the new group by person `by`, for the n people of the old. */
static void all_move(size_t by, size_t n, const struct suite *s, const struct extension_list *l)
{
	struct proposal adds[CLUB_MAX];
	struct made_commit made;
	size_t count = 0;
	for (size_t i = 0; i < n; i++) {
		person_again(i, s);
		if (i != by)
			adds[count++] = fresh_add(i);
	}
	const struct succession how = { .leaf = &fresh[by].leaf, .adds = adds, .add_count = count };
	expect_ok(group_reinit(&c.platform, c.people[by].g, &how, &c.mem, &made, &fresh[by].g));
	through_storage(&fresh[by]);
	expect_ok(group_pending_apply(fresh[by].g));
	expect_eq(group_epoch(fresh[by].g), 1);
	expect_eq(group_now(fresh[by].g).suite->id, s->id);
	expect_bytes(group_id(fresh[by].g), VIEW_LIT("the new club"));
	expect_eq(group_now(fresh[by].g).context->extensions.n, l->n);
	for (size_t i = 0; i < n; i++) {
		if (i == by)
			continue;
		expect_ok(welcomed(i, &made));
		through_storage(&fresh[i]);
		expect_bytes(group_epoch_authenticator(fresh[i].g),
			     group_epoch_authenticator(fresh[by].g));
		says(fresh[i].g, fresh[by].g);
	}
	for (size_t i = 0; i < n; i++)
		person_leave(&fresh[i]);
}

static void closed(struct group *g)
{
	struct made_commit made;
	struct view v;
	const struct proposal leave = { .proposal_type = PROPOSAL_SELF_REMOVE };
	const struct commit_options path = { .force_path = true };
	expect(group_reinit_of(g) != NULL);
	if (!group_reinit_of(g))
		return;
	expect_bytes(group_reinit_of(g)->group_id, VIEW_LIT("the new club"));
	expect_err(group_commit(g, &path, &c.mem, &made), UC_E_CLOSED);
	expect_err(group_propose(g, &leave, view_make(NULL, 0), &c.mem, &v), UC_E_CLOSED);
	expect_err(group_propose_update(g, &c.mem, &v), UC_E_CLOSED);
	expect_err(group_encrypt(g, view_make(NULL, 0), VIEW_LIT("x"), 0, &c.mem, &v), UC_E_CLOSED);
	expect_err(group_info_make(g, &c.mem, &v), UC_E_CLOSED);
}

TEST(a_group_is_re_initialised_with_another_suite)
{
	for (size_t i = 0; suite_at(i); i++) {
		begin(3);
		const struct suite *s = suite_at(i);
		struct extension_list l = club_extensions(&c, NULL);
		const struct proposal reinit = reinit_to(s->id, &l);
		club_commit_proposals(&c, &c.people[1], &reinit, 1);
		for (size_t k = 0; k < 3; k++)
			closed(c.people[k].g);
		expect(public_group_reinit_of(c.server) != NULL);
		/* Not by the one who committed it: "different members" may. */
		all_move(2, 3, s, &l);
		club_end(&c);
	}
}

TEST(a_reinit_by_reference_waits_for_what_else_there_is)
{
	struct view message;
	struct made_commit made;
	const struct commit_options with = { .stored_reinit = true };
	const struct commit_options without = { .force_path = true };
	begin(3);
	struct extension_list l = club_extensions(&c, NULL);
	const struct proposal reinit = reinit_to(c.suite->id, &l);
	expect_ok(group_propose(c.people[2].g, &reinit, view_make(NULL, 0), &c.mem, &message));
	club_deliver_proposal(&c, &c.people[2], message);
	/* Only who asks for it closes the group. */
	expect_ok(group_commit(c.people[0].g, &without, &c.mem, &made));
	expect(!made.change.reinit && !made.change.proposals.n);
	group_pending_drop(c.people[0].g);
	/* An Update goes first. */
	expect_ok(group_propose_update(c.people[1].g, &c.mem, &message));
	club_deliver_proposal(&c, &c.people[1], message);
	expect_ok(group_commit(c.people[0].g, &with, &c.mem, &made));
	expect(!made.change.reinit);
	club_deliver(&c, &c.people[0], &made);
	/* It is proposed again, and now alone. */
	expect_ok(group_propose(c.people[2].g, &reinit, view_make(NULL, 0), &c.mem, &message));
	club_deliver_proposal(&c, &c.people[2], message);
	expect_ok(group_commit(c.people[0].g, &with, &c.mem, &made));
	expect(made.change.reinit && !made.change.has_path);
	club_deliver(&c, &c.people[0], &made);
	closed(c.people[1].g);
	all_move(0, 3, c.suite, &l);
	club_end(&c);
}

/* What was said before it was closed is still read. */
TEST(late_messages_of_a_closed_group)
{
	struct view late;
	struct received got;
	begin(2);
	const struct extension_list none = { NULL, 0 };
	const struct proposal reinit = reinit_to(1, &none);
	expect_ok(group_encrypt(c.people[1].g, view_make(NULL, 0), VIEW_LIT("bye"), 0, &c.mem,
				&late));
	club_commit_proposals(&c, &c.people[0], &reinit, 1);
	expect_ok(group_receive(c.people[0].g, late, &c.mem, &got));
	expect_bytes(got.application_data, VIEW_LIT("bye"));
	club_end(&c);
}

TEST(a_welcome_that_overtakes_the_commit_of_the_reinit)
{
	struct made_commit closing, made;
	struct received got;
	begin(2);
	const struct extension_list none = { NULL, 0 };
	const struct proposal reinit = reinit_to(c.suite->id, &none);
	const struct commit_options o = { .proposals = &reinit, .proposal_count = 1 };
	expect_ok(group_commit(c.people[0].g, &o, &c.mem, &closing));
	expect_ok(group_pending_apply(c.people[0].g));
	person_again(0, c.suite);
	person_again(1, c.suite);
	const struct proposal add = fresh_add(1);
	const struct succession how = { .leaf = &fresh[0].leaf, .adds = &add, .add_count = 1 };
	expect_ok(group_reinit(&c.platform, c.people[0].g, &how, &c.mem, &made, &fresh[0].g));
	expect_err(welcomed(1, &made), UC_E_PSK);
	expect_ok(group_receive(c.people[1].g, closing.commit, &c.mem, &got));
	expect(got.change->reinit != NULL);
	expect_ok(group_staged_apply(c.people[1].g));
	expect_ok(welcomed(1, &made));
	expect_ok(group_pending_apply(fresh[0].g));
	says(fresh[1].g, fresh[0].g);
	person_leave(&fresh[0]);
	person_leave(&fresh[1]);
	club_end(&c);
}

TEST(some_members_branch_off)
{
	struct made_commit made;
	begin(4);
	club_commit_proposals(&c, &c.people[3], NULL, 0);
	for (size_t i = 0; i < 3; i++)
		person_again(i, c.suite);
	const struct proposal adds[] = { fresh_add(0), fresh_add(2) };
	const struct succession how = { .leaf = &fresh[1].leaf,
					.adds = adds,
					.add_count = 2,
					.group_id = VIEW_LIT("a few of us"),
					.extensions = club_extensions(&c, NULL) };
	expect_ok(group_branch(&c.platform, c.people[1].g, &how, &c.mem, &made, &fresh[1].g));
	expect_ok(group_pending_apply(fresh[1].g));
	/* The old group goes on meanwhile, even without one of them. */
	const struct proposal remove = remove_of(&c.people[0]);
	mine[1] = &c.people[2].g;
	struct made_commit later;
	const struct commit_options o = { .proposals = &remove, .proposal_count = 1 };
	expect_ok(welcomed(0, &made));
	expect_ok(group_commit(c.people[3].g, &o, &c.mem, &later));
	club_deliver(&c, &c.people[3], &later);
	expect_ok(welcomed(2, &made));
	for (size_t i = 0; i < 3; i++) {
		through_storage(&fresh[i]);
		expect_bytes(group_epoch_authenticator(fresh[i].g),
			     group_epoch_authenticator(fresh[1].g));
	}
	says(fresh[2].g, fresh[0].g);
	club_talks(&c, &c.people[1], "this one is still there");
	for (size_t i = 0; i < 3; i++)
		person_leave(&fresh[i]);
	club_end(&c);
}

static bool same_tail(void *ctx, const struct leaf_node *old, const struct leaf_node *leaf)
{
	struct view a = old->credential.identity, b = leaf->credential.identity;
	(void)ctx;
	return a.n && b.n && a.p[a.n - 1] == b.p[b.n - 1];
}

/* "According to the application": who is whom is asked of it. */
TEST(members_under_other_names)
{
	struct made_commit made;
	begin(2);
	for (size_t i = 0; i < 2; i++) {
		person_again(i, c.suite);
		fresh[i].leaf.credential.identity = i ? VIEW_LIT("B 1") : VIEW_LIT("A 0");
	}
	expect_ok(key_package_make(c.suite, test_env(), &fresh[1].leaf, 3600, NULL, &c.mem,
				   &fresh[1].key_package, &fresh[1].secrets));
	const struct proposal add = fresh_add(1);
	const struct succession how = { .leaf = &fresh[0].leaf,
					.adds = &add,
					.add_count = 1,
					.group_id = VIEW_LIT("incognito") };
	expect_err(group_branch(&c.platform, c.people[0].g, &how, &c.mem, &made, &fresh[0].g),
		   UC_E_NOT_ALLOWED);
	c.hooks.same_member = same_tail;
	expect_ok(group_branch(&c.platform, c.people[0].g, &how, &c.mem, &made, &fresh[0].g));
	expect_ok(welcomed(1, &made));
	person_leave(&fresh[0]);
	person_leave(&fresh[1]);
	club_end(&c);
}

/* 8.4, usage application: keys of another group, for members and for one who comes. */
TEST(resumption_keys_of_another_group)
{
	static struct club other;
	uint8_t nonce[HASH_MAX] = { 7 };
	struct made_commit made;
	struct received got;
	begin(3);
	club_with(&other, suite_at(0), 2);
	const struct proposal v[] = {
		{ .proposal_type = PROPOSAL_PSK,
		  .psk = { .psktype = PSK_RESUMPTION,
			   .usage = RESUMPTION_APPLICATION,
			   .psk_group_id = VIEW_LIT("the club"),
			   .psk_epoch = 1,
			   .psk_nonce = view_make(nonce, other.suite->nh) } },
		add_of(&other, club_person(&other, 2)),
	};
	const struct commit_options o = { .proposals = v, .proposal_count = 2 };
	/* Both are called the same, so the other's own key is meant. */
	expect_ok(group_commit(other.people[0].g, &o, &other.mem, &made));
	group_pending_drop(other.people[0].g);
	/* Of a third group, which each of them is in. */
	struct group *pub = NULL;
	const struct extension_list none = { NULL, 0 };
	expect_ok(group_create(&c.platform, c.suite, VIEW_LIT("the pub"), &c.people[0].leaf, &none,
			       &pub));
	struct proposal w[] = { v[0], v[1] };
	w[0].psk.psk_group_id = VIEW_LIT("the pub");
	w[0].psk.psk_epoch = 0;
	const struct commit_options p = { .proposals = w, .proposal_count = 2 };
	other.psks.group = find_group;
	expect_err(group_commit(other.people[0].g, &p, &other.mem, &made), UC_E_PSK);
	mine[0] = &pub;
	expect_ok(group_commit(other.people[0].g, &p, &other.mem, &made));
	mine[0] = NULL;
	struct view before = person_saved(&other, &other.people[1]);
	expect_err(group_receive(other.people[1].g, made.commit, &other.mem, &got), UC_E_PSK);
	expect_bytes(person_saved(&other, &other.people[1]), before);
	mine[0] = &pub;
	club_deliver(&other, &other.people[0], &made);
	club_talks(&other, &other.people[2], "we were all in the pub");
	group_free(pub);
	club_end(&other);
	club_end(&c);
}

/* Who was removed keeps no key to come back with. */
TEST(resumption_keys_go_with_membership)
{
	struct made_commit made;
	struct received got;
	struct secret key;
	begin(3);
	struct person *gone = &c.people[2];
	const struct proposal remove = remove_of(gone);
	const struct commit_options o = { .proposals = &remove, .proposal_count = 1 };
	expect_ok(group_resumption_psk(gone->g, 1, &key));
	expect_ok(group_commit(c.people[0].g, &o, &c.mem, &made));
	expect_ok(group_receive(gone->g, made.commit, &c.mem, &got));
	expect_ok(group_staged_apply(gone->g));
	expect_err(group_resumption_psk(gone->g, 1, &key), UC_E_PSK);
	through_storage(gone);
	expect_err(group_resumption_psk(gone->g, 1, &key), UC_E_PSK);
	club_end(&c);
}
