/* SPDX-License-Identifier: Apache-2.0 */
/* Random lives of groups of 2 to 30 people, from a seed: whatever they do, all agree at each step,
 * each of which goes through storage.  UNDERCROFT_TEST_SEED replays one seed,
 * UNDERCROFT_TEST_LONG plays many. */
#include "tests/unit/mls/members.h"

static struct club c;
static uint64_t state;

static uint32_t roll(uint32_t n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33) % n;
}

static struct person *any_member(void)
{
	struct person *p;
	do
		p = &c.people[roll(CLUB_MAX)];
	while (!p->g);
	return p;
}

static struct person *any_other(const struct person *than)
{
	struct person *p;
	do
		p = any_member();
	while (p == than);
	return p;
}

/* Somebody who is not in; a new person if there is room, or one who was in before. */
static struct person *any_stranger(void)
{
	for (;;) {
		uint32_t i = roll(CLUB_MAX);
		if (!c.people[i].g)
			return club_person(&c, i);
	}
}

static bool is_named(const struct proposal *v, size_t n, const struct person *p)
{
	for (size_t i = 0; i < n; i++)
		if ((v[i].proposal_type == PROPOSAL_REMOVE &&
		     v[i].removed == group_own_leaf(p->g)) ||
		    (v[i].proposal_type == PROPOSAL_ADD &&
		     view_equal(v[i].key_package.leaf_node.signature_key, sign_public(&p->key))))
			return true;
	return false;
}

static void some_adds(struct proposal *v, size_t *n, size_t size)
{
	for (uint32_t k = roll(3); k && size + *n < 30; k--) {
		struct person *p = any_stranger();
		bool there = false;
		for (size_t i = 0; i < *n; i++)
			there |= v[i].proposal_type == PROPOSAL_ADD &&
				 view_equal(v[i].key_package.leaf_node.signature_key,
					    sign_public(&p->key));
		if (!there)
			v[(*n)++] = add_of(&c, p);
	}
}

static void some_removes(struct proposal *v, size_t *n, const struct person *by, size_t size)
{
	for (uint32_t k = roll(3); k && size > 2; k--, size--) {
		struct person *p = any_other(by);
		if (!is_named(v, *n, p))
			v[(*n)++] = remove_of(p);
	}
}

static void commit_something(void)
{
	static const struct view ids[] = { { (const uint8_t *)"a", 1 },
					   { (const uint8_t *)"b", 1 } };
	struct person *by = any_member();
	struct proposal v[12];
	size_t n = 0, size = club_count(&c);
	some_removes(v, &n, by, size);
	some_adds(v, &n, size);
	for (size_t i = 0; i < 2; i++)
		if (!roll(4))
			v[n++] = psk_of(&c, ids[i]);
	if (!roll(4))
		v[n++] = (struct proposal){ .proposal_type = PROPOSAL_APP_DATA_UPDATE,
					    .app_data_update = { (uint16_t)(0xf000 + roll(4)),
								 APP_DATA_UPDATE,
								 VIEW_LIT("data") } };
	/* What waits goes along in half of all commits; an Add or Remove may be there twice. */
	const struct commit_options o = { .proposals = v,
					  .proposal_count = n,
					  .without_stored = roll(2),
					  .force_path = roll(2) };
	club_commit(&c, by, &o);
}

static void propose_something(void)
{
	struct person *by = any_member();
	struct view message;
	struct proposal p = { .proposal_type = PROPOSAL_SELF_REMOVE };
	uint32_t what = roll(4);
	if (what == 1)
		p = remove_of(any_member());
	if (what == 0) {
		expect_ok(group_propose_update(by->g, &c.mem, &message));
	} else if (what == 3) {
		/* Only somebody who does not make a second one before the first is used. */
		struct person *who = any_stranger();
		if (who->key_package.n || club_count(&c) >= 28)
			return;
		p = add_of(&c, who);
		expect_ok(group_propose(by->g, &p, view_make(NULL, 0), &c.mem, &message));
		/* Committed at once, since the KeyPackage lives in this step's memory. */
		club_deliver_proposal(&c, by, message);
		const struct commit_options o = { .force_path = roll(2) };
		club_commit(&c, any_other(by), &o);
		return;
	} else {
		if (what != 1 && club_count(&c) <= 2)
			return;
		/* The same wish of the same person once more is the same proposal. */
		size_t kept = group_proposal_count(by->g);
		expect_ok(group_propose(by->g, &p, view_make(NULL, 0), &c.mem, &message));
		if (group_proposal_count(by->g) == kept)
			return;
	}
	club_deliver_proposal(&c, by, message);
}

static void join_from_outside(void)
{
	if (!roll(2) && club_count(&c) < 30) {
		club_join_external(&c, any_stranger(), TREE_NONE);
		return;
	}
	struct person *p = any_member();
	club_join_external(&c, p, group_own_leaf(p->g));
}

/* Two commit at once; one wins. */
static void compete(void)
{
	struct made_commit lost, won;
	struct person *a = any_member(), *b = any_other(a);
	const struct commit_options o = { .force_path = true };
	expect_ok(group_commit(a->g, &o, &c.mem, &lost));
	expect_ok(group_commit(b->g, &o, &c.mem, &won));
	person_restart(&c, a);
	club_deliver(&c, b, &won);
}

static void step(void)
{
	struct arena_mark mark = arena_mark(&c.mem);
	switch (roll(8)) {
	case 0:
	case 1:
	case 2:
		commit_something();
		break;
	case 3:
	case 4:
		propose_something();
		break;
	case 5:
		join_from_outside();
		break;
	case 6:
		compete();
		break;
	default:
		club_talks(&c, any_member(), "something to say");
	}
	club_agrees(&c);
	for (size_t i = 0; i < CLUB_MAX; i++)
		c.people[i].key_package = view_make(NULL, 0);
	arena_reset(&c.mem, mark);
}

static void live(uint64_t seed, size_t steps)
{
	int before = test_failures();
	state = seed;
	test_seed(seed);
	club_with(&c, suite_at(suite_at(seed % 7) ? seed % 7 : 0), 2 + roll(9));
	/* Every other group keeps its handshakes to itself. */
	c.journals = seed / 2 % 2;
	c.wrapping = (struct group_wrapping){ .private_handshakes = seed % 2, .bucket = 256 };
	c.known[0] = (struct club_psk){ VIEW_LIT("a"), { 1 } };
	c.known[1] = (struct club_psk){ VIEW_LIT("b"), { 2 } };
	c.psk_count = 2;
	for (size_t i = 0; i < steps && test_failures() == before; i++) {
		step();
		/* A room does not die out here. */
		if (club_count(&c) < 2)
			club_join_external(&c, any_stranger(), TREE_NONE);
	}
	if (test_failures() != before)
		fprintf(stderr, "  seed %llu, %zu members\n", (unsigned long long)seed,
			club_count(&c));
	club_end(&c);
}

TEST(random_lives)
{
	const char *one = getenv("UNDERCROFT_TEST_SEED");
	bool is_long = getenv("UNDERCROFT_TEST_LONG") != NULL;
	if (one) {
		live(strtoull(one, NULL, 10), 400);
		return;
	}
	for (uint64_t seed = 1; seed <= (is_long ? 300 : 12); seed++)
		live(seed, is_long ? 200 : 40);
}
