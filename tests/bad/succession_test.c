/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 9420, 11.2, 11.3, 12.4.2, 12.4.3.1: groups that pretend to go on from another, and one that
 * was closed and is spoken in. */
#include "tests/bad/rules.h"

enum { PEOPLE = 3, STRANGER = 5 };

static struct club c;
static const struct group *known; /* to the one who is welcomed */
static struct person fresh[CLUB_MAX];

static const struct group *find_group(void *ctx, struct view id)
{
	(void)ctx;
	return known && view_equal(group_id(known), id) ? known : NULL;
}

static struct group *old(size_t i)
{
	return c.people[i].g;
}

/* Three people, who have talked for two epochs. */
static void begin(void)
{
	club_with(&c, suite_at(0), PEOPLE);
	c.psks.group = find_group;
	club_commit_proposals(&c, &c.people[1], NULL, 0);
	club_person(&c, STRANGER);
}

static struct proposal reinit(void)
{
	return (struct proposal){ .proposal_type = PROPOSAL_REINIT,
				  .reinit = { .group_id = VIEW_LIT("new"),
					      .version = MLS10,
					      .cipher_suite = c.suite->id,
					      .extensions = club_extensions(&c, NULL) } };
}

static void close_it(void)
{
	const struct proposal p = reinit();
	club_commit_proposals(&c, &c.people[0], &p, 1);
}

/* A new group as somebody would begin it who keeps no rule. */
struct begun {
	const struct suite *suite;
	struct view id;
	struct extension_list extensions;
	uint8_t usage;
	uint64_t psk_epoch;
	size_t others[8]; /* people who are added, beside person 0 */
	size_t count, empty_commits;
	const struct proposal *more; /* beside the rest */
	uint16_t version;            /* 0: the one there is */
	struct made_commit made;
};

static struct begun rightly(uint8_t usage)
{
	return (struct begun){ .suite = c.suite,
			       .id = VIEW_LIT("new"),
			       .extensions = club_extensions(&c, NULL),
			       .usage = usage,
			       .psk_epoch = group_epoch(old(0)),
			       .others = { 1, 2 },
			       .count = 2 };
}

static struct proposal add_again(const struct suite *s, size_t i)
{
	struct person *p = &fresh[i];
	struct proposal add = { .proposal_type = PROPOSAL_ADD };
	*p = c.people[i];
	p->g = NULL;
	expect_ok(sign_key_generate(s, test_env(), &p->key));
	p->leaf.signature_key = &p->key;
	expect_ok(key_package_make(s, test_env(), &p->leaf, 3600, NULL, &c.mem, &p->key_package,
				   &p->secrets));
	expect_ok(wire_decode(p->key_package, &c.mem, key_package_element, &add.key_package));
	return add;
}

static struct proposal old_key(const struct begun *b)
{
	struct proposal p = psk_of(&c, view_make(NULL, 0));
	p.psk.psktype = PSK_RESUMPTION;
	p.psk.usage = b->usage;
	p.psk.psk_group_id = group_id(old(0));
	p.psk.psk_epoch = b->psk_epoch;
	return p;
}

/* As the maker of a group would begin it who speaks another version. */
static void set_version(struct group *g, uint16_t version)
{
	struct group_context context = g->now->state.context;
	context.version = version;
	expect_ok(group_state_set_context(&g->now->state, &context));
}

static void make(struct begun *b)
{
	struct group *g = NULL;
	struct proposal v[12];
	size_t n = 0;
	add_again(b->suite, 0);
	for (size_t i = 0; i < b->count; i++)
		v[n++] = add_again(b->suite, b->others[i]);
	v[n++] = old_key(b);
	if (b->more)
		v[n++] = *b->more;
	const struct commit_options o = { .proposals = v, .proposal_count = n };
	const struct commit_options empty = { .force_path = true };
	expect_ok(group_create(&c.platform, b->suite, b->id, &fresh[0].leaf, &b->extensions, &g));
	if (b->version)
		set_version(g, b->version);
	for (size_t i = 0; i < b->empty_commits; i++) {
		expect_ok(group_commit(g, &empty, &c.mem, &b->made));
		expect_ok(group_pending_apply(g));
	}
	g->origin = old(0);
	g->now->state.begins_as = b->usage;
	expect_ok(group_commit(g, &o, &c.mem, &b->made));
	g->origin = NULL;
	group_free(g);
}

static uc_err welcomed(const struct begun *b, size_t i)
{
	const struct welcome_input in = { b->made.welcome, b->made.ratchet_tree,
					  fresh[i].key_package, &fresh[i].secrets };
	struct group *g = NULL;
	known = old(i);
	struct view before = person_saved(&c, &c.people[i]);
	uc_err err = group_join(&c.platform, &in, &g);
	expect_bytes(person_saved(&c, &c.people[i]), before);
	expect(!g == (err != UC_OK));
	group_free(g);
	return err;
}

static void welcome_gets(struct begun *b, uc_err want)
{
	make(b);
	expect_err(welcomed(b, 1), want);
}

#define WELCOME_BREAKS(b, id)                    \
	do {                                     \
		make(b);                         \
		BREAKS_CALL(id, welcomed(b, 1)); \
	} while (0)

/* Another suite than that one; NULL when there is none. */
static const struct suite *another_suite(void)
{
	return suite_at(0) == c.suite ? suite_at(1) : suite_at(0);
}

TEST(the_forger_can_go_on)
{
	begin();
	struct begun b = rightly(RESUMPTION_BRANCH);
	b.count = 1;
	welcome_gets(&b, UC_OK);
	close_it();
	b = rightly(RESUMPTION_REINIT);
	welcome_gets(&b, UC_OK);
	club_end(&c);
}

TEST(a_reinitialised_group_is_the_one_that_was_announced)
{
	begin();
	close_it();
	struct begun b = rightly(RESUMPTION_REINIT);
	b.id = VIEW_LIT("newer");
	WELCOME_BREAKS(&b, REINIT_SAME_ID);
	b = rightly(RESUMPTION_REINIT);
	b.extensions.n = 0;
	WELCOME_BREAKS(&b, REINIT_SAME_EXTENSIONS);
	b = rightly(RESUMPTION_REINIT);
	if (another_suite()) {
		b.suite = another_suite();
		WELCOME_BREAKS(&b, REINIT_SAME_SUITE);
	}
	b = rightly(RESUMPTION_REINIT);
	b.empty_commits = 1;
	WELCOME_BREAKS(&b, SUCCESSOR_EPOCH);
	club_end(&c);
}

TEST(its_extensions_are_equal_to_the_byte)
{
	struct sign_key hub;
	begin();
	close_it();
	expect_ok(sign_key_generate(c.suite, test_env(), &hub));
	/* One more. */
	struct begun b = rightly(RESUMPTION_REINIT);
	b.extensions = club_extensions(&c, &hub);
	WELCOME_BREAKS(&b, REINIT_SAME_EXTENSIONS);
	/* The same type with other data. */
	static const struct required_capabilities none;
	b = rightly(RESUMPTION_REINIT);
	expect_ok(wire_encode_to(&c.mem, required_capabilities_element, &none,
				 &b.extensions.v[0].extension_data));
	WELCOME_BREAKS(&b, REINIT_SAME_EXTENSIONS);
	club_end(&c);
}

/* The same data as another type: no senders, no components. */
TEST(its_extensions_are_of_the_types_that_were_announced)
{
	struct extension e = { EXTENSION_EXTERNAL_SENDERS, VIEW_LIT("\0") };
	struct extension other = { EXTENSION_APP_DATA_DICTIONARY, VIEW_LIT("\0") };
	begin();
	struct proposal p = reinit();
	p.reinit.extensions = (struct extension_list){ &e, 1 };
	club_commit_proposals(&c, &c.people[0], &p, 1);
	struct begun b = rightly(RESUMPTION_REINIT);
	b.extensions = (struct extension_list){ &e, 1 };
	welcome_gets(&b, UC_OK);
	b.extensions.v = &other;
	WELCOME_BREAKS(&b, REINIT_SAME_EXTENSIONS);
	club_end(&c);
}

TEST(its_version_is_the_one_that_was_announced)
{
	begin();
	struct proposal p = reinit();
	p.reinit.version = 2;
	club_commit_proposals(&c, &c.people[0], &p, 1);
	struct begun b = rightly(RESUMPTION_REINIT);
	WELCOME_BREAKS(&b, REINIT_SAME_VERSION);
	club_end(&c);
}

TEST(all_come_along_and_nobody_else)
{
	begin();
	close_it();
	struct begun b = rightly(RESUMPTION_REINIT);
	b.count = 1;
	WELCOME_BREAKS(&b, REINIT_ALL_COME);
	b = rightly(RESUMPTION_REINIT);
	b.others[1] = STRANGER;
	WELCOME_BREAKS(&b, SUCCESSOR_MEMBERS);
	b = rightly(RESUMPTION_REINIT);
	b.others[2] = STRANGER;
	b.count = 3;
	WELCOME_BREAKS(&b, SUCCESSOR_MEMBERS);
	club_end(&c);
}

TEST(the_old_group_is_closed_and_its_last_key_is_used)
{
	begin();
	/* Nobody has closed it. */
	struct begun b = rightly(RESUMPTION_REINIT);
	WELCOME_BREAKS(&b, REINIT_WAS_COMMITTED);
	close_it();
	/* The key of the epoch that the ReInit ended. */
	b = rightly(RESUMPTION_REINIT);
	b.psk_epoch--;
	WELCOME_BREAKS(&b, REINIT_KEY_EPOCH);
	/* A group that the newcomer does not know of. */
	b = rightly(RESUMPTION_REINIT);
	make(&b);
	struct group *kept = c.people[1].g;
	c.people[1].g = c.people[2].g;
	expect_ok(welcomed(&b, 1));
	c.people[1].g = kept;
	const struct welcome_input in = { b.made.welcome, b.made.ratchet_tree, fresh[1].key_package,
					  &fresh[1].secrets };
	struct group *g = NULL;
	known = NULL;
	BREAKS_CALL(PSK_IS_KNOWN, group_join(&c.platform, &in, &g));
	club_end(&c);
}

static uc_err find_key(void *ctx, const struct pre_shared_key_id *id, struct secret *out)
{
	(void)ctx;
	return group_resumption_psk(old(0), id->psk_epoch, out);
}

/* With its key but without the old group, nobody could say what must hold. */
TEST(a_key_alone_is_not_enough)
{
	begin();
	close_it();
	struct begun b = rightly(RESUMPTION_REINIT);
	make(&b);
	c.psks.find = find_key;
	c.psks.group = NULL;
	BREAKS_CALL(SUCCESSOR_OF_KNOWN, welcomed(&b, 1));
	club_end(&c);
}

TEST(one_such_key)
{
	begin();
	struct begun b = rightly(RESUMPTION_BRANCH);
	struct proposal more = old_key(&b);
	more.psk.psk_epoch--;
	b.more = &more;
	WELCOME_BREAKS(&b, ONE_SUCCESSION_KEY);
	/* Beside others it may stand. */
	c.known[0] = (struct club_psk){ VIEW_LIT("known"), { 1 } };
	c.psk_count = 1;
	more = psk_of(&c, VIEW_LIT("known"));
	welcome_gets(&b, UC_OK);
	club_end(&c);
}

TEST(a_branch_is_of_the_same_kind)
{
	begin();
	struct begun b = rightly(RESUMPTION_BRANCH);
	if (another_suite()) {
		b.suite = another_suite();
		WELCOME_BREAKS(&b, BRANCH_SAME_SUITE);
	}
	b = rightly(RESUMPTION_BRANCH);
	b.empty_commits = 2;
	WELCOME_BREAKS(&b, SUCCESSOR_EPOCH);
	club_end(&c);
}

/* One version is spoken so far, so that no group of another is joined; where that is not asked, it
 * is still not the old group's. */
TEST(a_branch_is_of_the_same_version)
{
	begin();
	struct begun b = rightly(RESUMPTION_BRANCH);
	b.version = 2;
	make(&b);
	BREAKS_CALL_BEHIND(BRANCH_SAME_VERSION, welcomed(&b, 1));
	expect_err(welcomed(&b, 1), rule_error(RULE_INFO_VERSION));
	/* Nor is a re-initialised one of another than the announced. */
	close_it();
	b = rightly(RESUMPTION_REINIT);
	b.version = 2;
	make(&b);
	rule_switch_off(RULE_INFO_VERSION);
	expect_err(welcomed(&b, 1), rule_error(RULE_REINIT_SAME_VERSION));
	rules_on();
	club_end(&c);
}

TEST(a_branch_has_members_of_the_old_group_alone)
{
	begin();
	struct begun b = rightly(RESUMPTION_BRANCH);
	b.others[1] = STRANGER;
	WELCOME_BREAKS(&b, SUCCESSOR_MEMBERS);
	/* One of them as several. */
	b = rightly(RESUMPTION_BRANCH);
	snprintf(c.people[STRANGER].name, sizeof c.people[STRANGER].name, "person 2");
	c.people[STRANGER].leaf.credential.identity = view_str("person 2");
	b.others[2] = STRANGER;
	b.count = 3;
	WELCOME_BREAKS(&b, SUCCESSOR_MEMBERS);
	club_end(&c);
}

/* Whose epoch is forgotten, is compared with the members of now. */
TEST(a_branch_of_long_ago)
{
	begin();
	struct begun b = rightly(RESUMPTION_BRANCH);
	make(&b);
	const struct proposal remove = remove_of(&c.people[2]);
	club_commit_proposals(&c, &c.people[0], &remove, 1);
	expect_ok(welcomed(&b, 1));
	for (int i = 0; i < GROUP_PAST_EPOCHS; i++)
		club_commit_proposals(&c, &c.people[0], NULL, 0);
	BREAKS_CALL(SUCCESSOR_MEMBERS, welcomed(&b, 1));
	club_end(&c);
}

/* --- in a group that is closed --- */

TEST(nothing_is_said_in_a_closed_group)
{
	begin();
	close_it();
	const struct proposal remove = remove_of(&c.people[2]);
	breaks(&c, &c.people[0], forge_proposal(&c, &c.people[0], &remove), RULE_GROUP_IS_OPEN,
	       ALL);
	/* Commits that need no path, and one that has one. */
	const struct proposal pathless[] = { add_of(&c, &c.people[STRANGER]), reinit() };
	for (size_t i = 0; i < 2; i++) {
		struct view commit = forge_commit(&c, &c.people[0], &pathless[i], 1);
		breaks(&c, &c.people[0], tagged(&c, &c.people[0], NULL, commit, RULE_GROUP_IS_OPEN),
		       RULE_GROUP_IS_OPEN, ALL);
	}
	struct made_commit made;
	const struct commit_options path = { .force_path = true };
	old(0)->now->state.is_closed = false;
	expect_ok(group_commit(old(0), &path, &c.mem, &made));
	group_pending_drop(old(0));
	old(0)->now->state.is_closed = true;
	breaks(&c, &c.people[0], made.commit, RULE_GROUP_IS_OPEN, ALL);
	struct private_forge f = { .c = &c,
				   .by = &c.people[0],
				   .content_type = CONTENT_APPLICATION,
				   .plaintext =
					   forge_inside(&c, &c.people[0], VIEW_LIT("psst"), 0) };
	breaks(&c, &c.people[0], forge_private(&f), RULE_GROUP_IS_OPEN, MEMBERS);
	club_end(&c);
}

TEST(nobody_comes_into_a_closed_group)
{
	begin();
	struct external_join in = { .leaf = &c.people[STRANGER].leaf };
	struct view commit, info;
	struct group *g = NULL;
	close_it();
	/* Its members give out no GroupInfo; one of them does. */
	struct arena *a = &c.mem;
	expect_err(group_info_make(old(0), a, &in.group_info), UC_E_CLOSED);
	static const struct group_info_parts parts;
	expect_ok(group_info_of(old(0)->now, &c.people[0].key, test_env(), &parts, a,
				&in.group_info));
	expect_ok(group_ratchet_tree(old(0), a, &in.ratchet_tree));
	expect_ok(group_join_external(&c.platform, &in, a, &commit, &info, &g));
	breaks(&c, NULL, commit, RULE_GROUP_IS_OPEN, ALL);
	group_free(g);
	club_end(&c);
}

/* --- what one does not make oneself --- */

static void reinit_refused(const struct succession *how, uc_err want)
{
	struct made_commit made;
	struct group *g = NULL;
	struct view before = person_saved(&c, &c.people[0]);
	expect_err(group_reinit(&c.platform, old(0), how, &c.mem, &made, &g), want);
	expect(!g);
	expect_bytes(person_saved(&c, &c.people[0]), before);
}

TEST(the_maker_keeps_the_rules)
{
	begin();
	add_again(c.suite, 0);
	struct proposal adds[] = { add_again(c.suite, 1), add_again(c.suite, 2),
				   add_again(c.suite, STRANGER) };
	struct succession how = { .leaf = &fresh[0].leaf, .adds = adds, .add_count = 2 };
	reinit_refused(&how, UC_E_UNEXPECTED); /* not closed */
	close_it();
	how.add_count = 1;
	reinit_refused(&how, UC_E_NOT_ALLOWED);
	how.add_count = 3;
	reinit_refused(&how, UC_E_NOT_ALLOWED);
	adds[1] = psk_of(&c, VIEW_LIT("known"));
	how.add_count = 2;
	reinit_refused(&how, UC_E_ARGUMENT);
	struct made_commit made;
	struct group *g = NULL;
	expect_err(group_branch(&c.platform, old(0), &how, &c.mem, &made, &g), UC_E_CLOSED);
	expect(!g);
	club_end(&c);
}

TEST(what_is_announced_may_be_beyond_us)
{
	static const struct {
		uint16_t version, suite;
		uc_err err;
	} beyond[] = { { 2, 1, UC_E_VERSION }, { MLS10, 0x7777, UC_E_SUITE } };
	for (size_t i = 0; i < 2; i++) {
		begin();
		struct proposal p = reinit();
		p.reinit.version = beyond[i].version;
		p.reinit.cipher_suite = beyond[i].suite;
		club_commit_proposals(&c, &c.people[1], &p, 1);
		const struct succession how = { .leaf = &c.people[0].leaf };
		reinit_refused(&how, beyond[i].err);
		club_end(&c);
	}
}
