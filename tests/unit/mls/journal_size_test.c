/* SPDX-License-Identifier: Apache-2.0 */
/* What a journal grows by in a group of 1,000: a small constant with each message, log n with each
 * commit.  UNDERCROFT_FIGURES prints the numbers. */
#include "tests/unit/mls/members.h"

enum { N = 1000 };

static struct club c;
static struct {
	struct sign_key key;
	struct leaf_parameters leaf;
	struct view key_package;
	struct key_package_secrets secrets;
} crowd[N];
static struct buf journal, root;

static void figure(const char *what, size_t bytes)
{
	if (getenv("UNDERCROFT_FIGURES"))
		printf("%-40s %8zu bytes\n", what, bytes);
}

static struct proposal add_of_crowd(size_t i)
{
	struct proposal add = { .proposal_type = PROPOSAL_ADD };
	char *name = arena_take(&c.mem, 24);
	snprintf(name, 24, "person %zu", i);
	expect_ok(sign_key_generate(c.suite, test_env(), &crowd[i].key));
	crowd[i].leaf = c.people[0].leaf;
	crowd[i].leaf.signature_key = &crowd[i].key;
	crowd[i].leaf.credential.identity = view_str(name);
	expect_ok(key_package_make(c.suite, test_env(), &crowd[i].leaf, 3600, NULL, &c.mem,
				   &crowd[i].key_package, &crowd[i].secrets));
	expect_ok(wire_decode(crowd[i].key_package, &c.mem, key_package_element, &add.key_package));
	return add;
}

/* Person 0 makes the group, two others have it, too. */
static void begin(struct group **one, struct group **two)
{
	struct proposal *adds;
	struct made_commit made = { .commit = { NULL, 0 } };
	struct view tree = { NULL, 0 };
	club_begin(&c, suite_at(0));
	struct extension_list extensions = club_extensions(&c, NULL);
	club_create(&c, &extensions);
	adds = ARENA_ARRAY(&c.mem, struct proposal, N);
	for (size_t i = 1; i < N; i++)
		adds[i] = add_of_crowd(i);
	const struct commit_options o = { .proposals = adds + 1, .proposal_count = N - 1 };
	expect_ok(group_commit(c.people[0].g, &o, &c.mem, &made));
	expect_ok(group_pending_apply(c.people[0].g));
	expect_ok(group_ratchet_tree(c.people[0].g, &c.mem, &tree));
	const struct welcome_input first = { made.welcome, tree, crowd[300].key_package,
					     &crowd[300].secrets };
	const struct welcome_input second = { made.welcome, tree, crowd[700].key_package,
					      &crowd[700].secrets };
	expect_ok(group_join(&c.platform, &first, one));
	expect_ok(group_join(&c.platform, &second, two));
}

static size_t taken(struct group *g, bool *new_root)
{
	size_t before = journal.n, roots = root.n;
	expect_ok(group_journal_take(g, &journal, &root));
	*new_root = root.n != roots;
	return journal.n - before;
}

static size_t takes_commit(struct group *g, struct view commit)
{
	struct received got;
	bool new_root;
	expect_ok(group_receive(g, commit, &c.mem, &got));
	expect_ok(group_staged_apply(g));
	size_t n = taken(g, &new_root);
	expect(new_root);
	return n;
}

static struct view commit_of(struct group *g)
{
	const struct commit_options o = { .force_path = true };
	struct made_commit made = { .commit = { NULL, 0 } };
	expect_ok(group_commit(g, &o, &c.mem, &made));
	return made.commit;
}

static void messages(struct group *g, struct group *from)
{
	struct view message = { NULL, 0 };
	struct received got;
	bool new_root;
	group_journal_forget_after(g, UINT32_MAX);
	for (int i = 0; i < 3; i++) {
		expect_ok(group_encrypt(from, view_make(NULL, 0), VIEW_LIT("hello"), 0, &c.mem,
					&message));
		expect_ok(group_receive(g, message, &c.mem, &got));
		size_t n = taken(g, &new_root);
		expect(n < 70 && !new_root);
		figure("message received", n);
	}
	expect_ok(group_encrypt(g, view_make(NULL, 0), VIEW_LIT("hello"), 0, &c.mem, &message));
	size_t n = taken(g, &new_root);
	expect(n < 70 && !new_root);
	figure("message sent", n);
	/* With what forgets the steps. */
	group_journal_forget_after(g, 1);
	expect_ok(group_encrypt(from, view_make(NULL, 0), VIEW_LIT("hello"), 0, &c.mem, &message));
	expect_ok(group_receive(g, message, &c.mem, &got));
	n = taken(g, &new_root);
	expect(n < 8 * 1024 && new_root);
	figure("message received, steps forgotten", n);
}

TEST(at_a_thousand_members)
{
	struct group *one = NULL, *two = NULL, *again = NULL;
	size_t used;
	bool new_root;
	begin(&one, &two);
	buf_init_secret(&journal, WIRE_OBJECT_MAX);
	buf_init_secret(&root, WIRE_OBJECT_MAX);
	expect_ok(group_journal_snapshot(one, &journal, &root));
	figure("snapshot", journal.n);
	figure("root", root.n);
	messages(one, two);
	for (int i = 0; i < 3; i++) {
		struct view commit = commit_of(two);
		expect_ok(group_pending_apply(two));
		size_t n = takes_commit(one, commit);
		expect(n < 12 * 1024);
		figure("another's update", n);
	}
	(void)commit_of(one);
	size_t made = taken(one, &new_root);
	expect_ok(group_pending_apply(one));
	size_t applied = taken(one, &new_root);
	expect(made + applied < 16 * 1024);
	figure("our update made", made);
	figure("our update taken", applied);
	struct buf fresh, single;
	buf_init_secret(&fresh, WIRE_OBJECT_MAX);
	buf_init_secret(&single, WIRE_OBJECT_MAX);
	expect_ok(group_journal_snapshot(one, &fresh, &single));
	figure("snapshot with two past epochs", fresh.n);
	expect_ok(group_journal_open(&c.platform, buf_view(&single), buf_view(&fresh), &used,
				     &again));
	expect_bytes(group_epoch_authenticator(again), group_epoch_authenticator(one));
	buf_done(&fresh);
	buf_done(&single);
	buf_done(&journal);
	buf_done(&root);
	group_free(again);
	group_free(one);
	group_free(two);
	club_end(&c);
}
