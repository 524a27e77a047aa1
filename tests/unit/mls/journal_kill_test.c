/* SPDX-License-Identifier: Apache-2.0 */
/* A member that is killed over and over, at any point of writing its journal, in a group that goes
 * on: each message is shown once, whatever happened, and it is where those are who never stopped. */
#include "tests/unit/mls/members.h"

static struct club c;
static uint64_t state;

static uint32_t roll(uint32_t n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33) % n;
}

/* What is on its disk. */
static struct {
	struct buf journal, root;
} disk;
static size_t kills, shown;

static void disk_begin(struct person *p)
{
	buf_init_secret(&disk.journal, WIRE_OBJECT_MAX);
	buf_init_secret(&disk.root, WIRE_OBJECT_MAX);
	expect_ok(group_journal_snapshot(p->g, &disk.journal, &disk.root));
}

static void disk_root(struct view root)
{
	buf_reset(&disk.root);
	buf_add_view(&disk.root, root);
}

/* The process is gone; a new one opens what there is and cuts off what was not finished. */
static void killed(struct person *p)
{
	struct group *again = NULL;
	size_t used = 0;
	group_free(p->g);
	expect_ok(group_journal_open(&c.platform, buf_view(&disk.root), buf_view(&disk.journal),
				     &used, &again));
	expect(used <= disk.journal.n);
	disk.journal.n = used;
	p->g = again;
	if (again)
		group_journal_forget_after(again, 1 + roll(6));
	kills++;
}

/* Writes what has changed, with luck; true: it is durable. */
static bool writes(struct person *p)
{
	struct buf more, root;
	enum { BEFORE, TORN, WITHOUT_ROOT, AFTER, LUCK };
	uint32_t when = roll(2 * LUCK);
	bool durable = when > WITHOUT_ROOT;
	if (when == BEFORE) {
		killed(p);
		return false;
	}
	buf_init_secret(&more, WIRE_OBJECT_MAX);
	buf_init_secret(&root, WIRE_OBJECT_MAX);
	expect_ok(group_journal_take(p->g, &more, &root));
	size_t n = when == TORN && more.n ? roll((uint32_t)more.n) : more.n;
	buf_add(&disk.journal, more.p, n);
	if (when == WITHOUT_ROOT)
		durable = !root.n; /* all there was to write is there */
	else if (when > WITHOUT_ROOT && root.n)
		disk_root(buf_view(&root));
	buf_done(&more);
	buf_done(&root);
	if (when <= AFTER)
		killed(p);
	return durable;
}

/* Now and then a new journal, which is there with its root or not at all. */
static void compacts(struct person *p)
{
	struct buf journal, root;
	buf_init_secret(&journal, WIRE_OBJECT_MAX);
	buf_init_secret(&root, WIRE_OBJECT_MAX);
	expect_ok(group_journal_snapshot(p->g, &journal, &root));
	if (roll(3)) {
		buf_done(&disk.journal);
		disk.journal = journal;
		disk_root(buf_view(&root));
	} else {
		buf_done(&journal);
		killed(p);
	}
	buf_done(&root);
}

/* Until it is durable, it comes again; then never. */
static void receives(struct person *p, struct view message, uc_err again)
{
	struct received got;
	bool durable = false;
	while (!durable && p->g) {
		uc_err err = group_receive(p->g, message, &c.mem, &got);
		expect_ok(err);
		if (err)
			return;
		if (got.kind == RECEIVED_COMMIT)
			expect_ok(group_staged_apply(p->g));
		durable = writes(p);
	}
	shown++;
	if (p->g)
		expect_err(group_receive(p->g, message, &c.mem, &got), again);
}

static struct view talk_of(struct person *by)
{
	struct view message = { NULL, 0 };
	expect_ok(group_encrypt(by->g, view_make(NULL, 0), VIEW_LIT("x"), 0, &c.mem, &message));
	return message;
}

/* What it makes itself leaves when it is durable; the key of one that never left is not missed. */
static void sends(struct person *p, struct person *to)
{
	struct received got;
	struct view message = { NULL, 0 };
	do
		message = talk_of(p);
	while (!writes(p) && p->g);
	expect_ok(group_receive(to->g, message, &c.mem, &got));
}

static void other_commits(struct person *by, struct person *p, struct person *third)
{
	const struct commit_options o = { .force_path = true };
	struct made_commit made = { .commit = { NULL, 0 } };
	struct received got;
	expect_ok(group_commit(by->g, &o, &c.mem, &made));
	expect_ok(group_receive(third->g, made.commit, &c.mem, &got));
	expect_ok(group_staged_apply(third->g));
	expect_ok(group_pending_apply(by->g));
	receives(p, made.commit, UC_E_REPLAY);
}

/* Its own commit: made, on its way, accepted; each durable before the next. */
static void commits(struct person *p, struct person *a, struct person *b)
{
	const struct commit_options o = { .force_path = true };
	struct made_commit made = { .commit = { NULL, 0 } };
	struct received got = { .kind = RECEIVED_APPLICATION };
	do {
		expect(!group_has_pending(p->g));
		expect_ok(group_commit(p->g, &o, &c.mem, &made));
	} while (!writes(p) && p->g);
	struct person *const others[] = { a, b };
	for (size_t i = 0; i < 2; i++) {
		expect_ok(group_receive(others[i]->g, made.commit, &c.mem, &got));
		expect_ok(group_staged_apply(others[i]->g));
	}
	do {
		expect_ok(group_receive(p->g, made.commit, &c.mem, &got));
		expect_eq(got.kind, RECEIVED_OWN_COMMIT);
		expect_ok(group_pending_apply(p->g));
	} while (!writes(p) && p->g);
}

static void proposes(struct person *by, struct person *p, struct person *third)
{
	struct view message = { NULL, 0 };
	struct received got;
	expect_ok(group_propose_update(by->g, &c.mem, &message));
	expect_ok(group_receive(third->g, message, &c.mem, &got));
	/* A key of a private one is used up; a public one is known by its reference. */
	receives(p, message, c.wrapping.private_handshakes ? UC_E_DECRYPT : UC_E_REPLAY);
}

static void step(struct person *p, struct person *a, struct person *b)
{
	struct arena_mark mark = arena_mark(&c.mem);
	switch (roll(10)) {
	case 0:
		other_commits(a, p, b);
		break;
	case 1:
		commits(p, a, b);
		break;
	case 2:
		proposes(b, p, a);
		break;
	case 3:
		sends(p, a);
		break;
	case 4:
		compacts(p);
		break;
	default:
		receives(p, talk_of(a), UC_E_DECRYPT);
	}
	expect_bytes(group_epoch_authenticator(p->g), group_epoch_authenticator(a->g));
	arena_reset(&c.mem, mark);
}

TEST(killed_again_and_again)
{
	for (uint64_t seed = 1; seed <= 12; seed++) {
		int before = test_failures();
		state = seed;
		kills = shown = 0;
		test_seed(seed);
		club_with(&c, suite_at(suite_at(seed % 3) ? seed % 3 : 0), 3);
		c.wrapping =
			(struct group_wrapping){ .private_handshakes = seed % 2, .bucket = 128 };
		disk_begin(&c.people[1]);
		for (size_t i = 0; i < 60 && test_failures() == before; i++)
			step(&c.people[1], &c.people[0], &c.people[2]);
		expect(kills > 20 && shown > 20);
		if (test_failures() != before)
			fprintf(stderr, "  seed %llu\n", (unsigned long long)seed);
		buf_done(&disk.journal);
		buf_done(&disk.root);
		club_end(&c);
	}
}
