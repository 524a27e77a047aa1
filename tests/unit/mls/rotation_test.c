/* SPDX-License-Identifier: Apache-2.0 */
/* Members who say their leaf anew: another signature key, credential, capabilities, with a commit of
 * their own or an Update that another commits (RFC 9420, 7.3, 12.1.2, 12.4). */
#include "tests/bad/forge.h"

static struct club c;

/* What p will be, under a new key. */
static void renewed(const struct person *p, struct sign_key *key, struct leaf_parameters *out)
{
	expect_ok(sign_key_generate(c.suite, test_env(), key));
	*out = p->leaf;
	out->signature_key = key;
}

static bool signs_with(const struct person *p, const struct sign_key *key)
{
	const struct leaf_node *l =
		tree_leaf_find(group_now(p->g).tree, group_own_leaf(p->g), LEAF_ROOM);
	return view_equal(sign_public(group_signature_key(p->g)), sign_public(key)) &&
	       view_equal(l->signature_key, sign_public(key));
}

TEST(with_a_commit)
{
	for (size_t i = 0; suite_at(i); i++) {
		struct sign_key key;
		struct leaf_parameters as;
		struct made_commit made;
		club_with(&c, suite_at(i), 3);
		struct person *p = &c.people[1];
		renewed(p, &key, &as);
		/* With a newcomer, who takes the Welcome by the new key. */
		const struct proposal add = add_of(&c, club_person(&c, 3));
		const struct commit_options o = { .proposals = &add,
						  .proposal_count = 1,
						  .leaf = &as };
		expect_ok(group_commit(p->g, &o, &c.mem, &made));
		expect(signs_with(p, &p->key));
		club_deliver(&c, p, &made);
		expect(signs_with(p, &key));
		club_talks(&c, p, "in another hand");
		club_commit_proposals(&c, p, NULL, 0);
		club_talks(&c, &c.people[3], "I can read it");
		club_end(&c);
	}
}

TEST(with_a_commit_that_loses)
{
	struct sign_key key;
	struct leaf_parameters as;
	struct made_commit made, won;
	club_with(&c, suite_at(0), 3);
	struct person *p = &c.people[1];
	renewed(p, &key, &as);
	const struct commit_options o = { .leaf = &as }, path = { .force_path = true };
	expect_ok(group_commit(p->g, &o, &c.mem, &made));
	expect_ok(group_commit(c.people[0].g, &path, &c.mem, &won));
	person_restart(&c, p);
	club_deliver(&c, &c.people[0], &won);
	expect(signs_with(p, &p->key));
	/* A later one that keeps the key does not take the lost one's. */
	club_commit_proposals(&c, p, NULL, 0);
	expect(signs_with(p, &p->key));
	club_talks(&c, p, "as before");
	/* Dropped by hand. */
	expect_ok(group_commit(p->g, &o, &c.mem, &made));
	group_pending_drop(p->g);
	club_commit_proposals(&c, p, NULL, 0);
	expect(signs_with(p, &p->key));
	club_end(&c);
}

TEST(with_an_update)
{
	struct sign_key key;
	struct leaf_parameters as;
	struct view message;
	struct made_commit made;
	struct received got;
	club_with(&c, suite_at(0), 3);
	struct person *p = &c.people[2];
	renewed(p, &key, &as);
	expect_ok(group_propose_update_as(p->g, &as, &c.mem, &message));
	person_restart(&c, p);
	club_deliver_proposal(&c, p, message);
	/* Until it is committed nothing has changed. */
	expect(signs_with(p, &p->key));
	club_talks(&c, p, "still the old hand");
	/* Nor when the commit is looked at and put back. */
	const struct commit_options o = { .force_path = false };
	expect_ok(group_commit(c.people[0].g, &o, &c.mem, &made));
	expect_ok(group_receive(p->g, made.commit, &c.mem, &got));
	group_staged_drop(p->g);
	expect(signs_with(p, &p->key));
	club_deliver(&c, &c.people[0], &made);
	expect(signs_with(p, &key));
	club_talks(&c, p, "and now the new one");
	club_commit_proposals(&c, p, NULL, 0);
	club_end(&c);
}

TEST(with_an_update_that_nobody_commits)
{
	struct sign_key key;
	struct leaf_parameters as;
	struct view message;
	club_with(&c, suite_at(0), 2);
	struct person *p = &c.people[1];
	renewed(p, &key, &as);
	expect_ok(group_propose_update_as(p->g, &as, &c.mem, &message));
	const struct commit_options o = { .force_path = true, .without_stored = true };
	club_commit(&c, &c.people[0], &o);
	expect(signs_with(p, &p->key));
	club_talks(&c, p, "as before");
	club_end(&c);
}

/* Who has the old key alone is nobody any more. */
TEST(the_old_key_is_worth_nothing)
{
	struct sign_key key;
	struct leaf_parameters as;
	club_with(&c, suite_at(0), 3);
	struct person *p = &c.people[1];
	renewed(p, &key, &as);
	const struct commit_options o = { .leaf = &as };
	club_commit(&c, p, &o);
	const struct proposal remove = remove_of(&c.people[2]);
	struct forge f = forge_begin(&c, p, CONTENT_PROPOSAL);
	f.content.proposal = remove;
	refused(&c, p, forge_public(&f), UC_E_SIGNATURE);
	f.key = &key;
	club_deliver_proposal(&c, p, forge_public(&f));
	club_end(&c);
}

static void not_made(struct person *p, const struct commit_options *o, uc_err want)
{
	struct made_commit made;
	struct view before = person_saved(&c, p);
	expect_err(group_commit(p->g, o, &c.mem, &made), want);
	expect_bytes(person_saved(&c, p), before);
}

TEST(leaves_that_the_others_would_not_take)
{
	struct sign_key key;
	struct leaf_parameters as;
	struct extension_list none = { NULL, 0 };
	club_with(&c, suite_at(0), 3);
	struct person *p = &c.people[1];
	struct commit_options o = { .leaf = &as };
	/* Another member's key. */
	as = p->leaf;
	as.signature_key = &c.people[2].key;
	not_made(p, &o, UC_E_EXISTS);
	/* What the group requires is missing. */
	renewed(p, &key, &as);
	as.capabilities.proposals.n = 0;
	not_made(p, &o, UC_E_UNSUPPORTED);
	/* Its own credential is not listed. */
	renewed(p, &key, &as);
	as.capabilities.credentials.n = 0;
	not_made(p, &o, UC_E_UNEXPECTED);
	/* A credential that nobody here judges. */
	static uint16_t types[] = { CREDENTIAL_BASIC, CREDENTIAL_X509 };
	static struct view chain[1] = { { (const uint8_t *)"x", 1 } };
	renewed(p, &key, &as);
	as.capabilities.credentials = (struct u16_list){ types, 2 };
	as.credential = (struct credential){ .credential_type = CREDENTIAL_X509,
					     .certificates = { chain, 1 } };
	not_made(p, &o, UC_E_UNSUPPORTED);
	/* Both ways of saying what is in it. */
	renewed(p, &key, &as);
	o.leaf_extensions = &none;
	not_made(p, &o, UC_E_ARGUMENT);
	/* An Update is refused before it is sent. */
	struct view message, before = person_saved(&c, p);
	as.capabilities.credentials.n = 0;
	expect_err(group_propose_update_as(p->g, &as, &c.mem, &message), UC_E_UNEXPECTED);
	expect_bytes(person_saved(&c, p), before);
	club_end(&c);
}
