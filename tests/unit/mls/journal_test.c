/* SPDX-License-Identifier: Apache-2.0 */
/* A member's journal, killed at every byte and bent at every bit: what opens is the group as it was
 * before or after a transaction, and what was read once is not read again. */
#include "mls/group_journal_inside.h"
#include "tests/unit/mls/members.h"

enum { STEPS_MAX = 64 };

static struct club c;

/* A journal as its owner keeps it, and what there was after each step. */
static struct {
	struct buf journal, root;
	size_t n;
	struct kept_step {
		size_t from, to;   /* its bytes in the journal */
		struct view state; /* after it: both saved parts */
		struct view root;  /* after it */
		bool new_root;
	} v[STEPS_MAX];
} kept;

static struct view copy(struct view v)
{
	struct view out = { NULL, 0 };
	expect_ok(arena_copy(&c.mem, v, &out));
	return out;
}

static void kept_begin(struct person *p)
{
	buf_init_secret(&kept.journal, WIRE_OBJECT_MAX);
	buf_init_secret(&kept.root, WIRE_OBJECT_MAX);
	expect_ok(group_journal_snapshot(p->g, &kept.journal, &kept.root));
	kept.v[0] = (struct kept_step){ .to = kept.journal.n,
					.state = person_saved(&c, p),
					.root = copy(buf_view(&kept.root)),
					.new_root = true };
	kept.n = 1;
}

static void kept_end(void)
{
	buf_done(&kept.journal);
	buf_done(&kept.root);
	club_end(&c);
}

/* One transaction, or none. */
static struct kept_step *kept_take(struct person *p)
{
	struct kept_step *s = &kept.v[kept.n];
	struct buf root;
	buf_init_secret(&root, WIRE_OBJECT_MAX);
	*s = (struct kept_step){ .from = kept.journal.n, .root = kept.v[kept.n - 1].root };
	expect_ok(group_journal_take(p->g, &kept.journal, &root));
	s->to = kept.journal.n;
	s->new_root = root.n != 0;
	if (root.n)
		s->root = copy(buf_view(&root));
	buf_done(&root);
	s->state = person_saved(&c, p);
	if (s->to > s->from)
		kept.n++;
	expect(kept.n < STEPS_MAX);
	return s;
}

static struct group *opens(struct view root, struct view journal, size_t used)
{
	struct group *g = NULL;
	size_t got = SIZE_MAX;
	uc_err err = group_journal_open(&c.platform, root, journal, &got, &g);
	expect_ok(err);
	expect_eq(got, used);
	return g;
}

static void opens_as(struct view root, struct view journal, size_t used, struct view state)
{
	struct arena_mark mark = arena_mark(&c.mem);
	struct person p = { .g = opens(root, journal, used) };
	if (p.g)
		expect_bytes(person_saved(&c, &p), state);
	person_leave(&p);
	arena_reset(&c.mem, mark);
}

static void refused(struct view root, struct view journal, uc_err want)
{
	struct group *g = NULL;
	size_t used = 77;
	expect_err(group_journal_open(&c.platform, root, journal, &used, &g), want);
	expect(!g && used == 77);
}

static struct view said(struct person *by, const char *text)
{
	struct view message = { NULL, 0 };
	expect_ok(group_encrypt(by->g, view_make(NULL, 0), view_str(text), 0, &c.mem, &message));
	return message;
}

static void reads(struct group *g, struct view message, const char *text)
{
	struct received got = { .kind = RECEIVED_COMMIT };
	expect_ok(group_receive(g, message, &c.mem, &got));
	expect_bytes(got.application_data, view_str(text));
}

static struct made_commit commit_by(struct person *p)
{
	const struct commit_options o = { .force_path = true };
	struct made_commit made = { .commit = { NULL, 0 } };
	expect_ok(group_commit(p->g, &o, &c.mem, &made));
	return made;
}

static void takes_commit(struct person *p, struct view commit)
{
	struct received got;
	expect_ok(group_receive(p->g, commit, &c.mem, &got));
	expect_ok(group_staged_apply(p->g));
}

/* Something of everything: one who journals each step, and another who makes it go on. */
static void a_life(struct person *p, struct person *other)
{
	struct received got;
	struct view message, late, skipped;
	kept_begin(p);
	reads(p->g, said(other, "one"), "one");
	kept_take(p);
	(void)said(p, "mine");
	kept_take(p);
	skipped = said(other, "skipped");
	reads(p->g, said(other, "overtakes"), "overtakes");
	kept_take(p);
	reads(p->g, skipped, "skipped");
	kept_take(p);
	late = said(other, "late");
	/* Proposals: another's, and our own with its key; one of them is dropped. */
	expect_ok(group_propose_update(other->g, &c.mem, &message));
	expect_ok(group_receive(p->g, message, &c.mem, &got));
	kept_take(p);
	expect_ok(group_propose_update(p->g, &c.mem, &message));
	kept_take(p);
	group_proposal_drop(p->g, group_proposal_at(p->g, 0).ref);
	kept_take(p);
	/* A commit of our own that is given up, and one that is taken. */
	(void)commit_by(p);
	kept_take(p);
	group_pending_drop(p->g);
	kept_take(p);
	struct made_commit made = commit_by(p);
	kept_take(p);
	expect_ok(group_pending_apply(p->g));
	kept_take(p);
	takes_commit(other, made.commit);
	/* Of the epoch before; another's commit; and then both past epochs are forgotten. */
	reads(p->g, late, "late");
	kept_take(p);
	made = commit_by(other);
	expect_ok(group_pending_apply(other->g));
	takes_commit(p, made.commit);
	kept_take(p);
	reads(p->g, said(other, "two"), "two");
	kept_take(p);
	group_forget_past(p->g);
	kept_take(p);
	/* Several steps at once. */
	reads(p->g, said(other, "three"), "three");
	reads(p->g, said(other, "four"), "four");
	expect_ok(group_propose_update(other->g, &c.mem, &message));
	expect_ok(group_receive(p->g, message, &c.mem, &got));
	kept_take(p);
	/* Nothing happens. */
	size_t n = kept.n;
	kept_take(p);
	expect_eq(kept.n, n);
}

static void begin(size_t suite, bool private)
{
	club_with(&c, suite_at(suite), 3);
	c.wrapping = (struct group_wrapping){ .private_handshakes = private, .bucket = 64 };
}

/* Killed while step i is written: its bytes end at n, its root has not come. */
static void killed_at(size_t i, size_t n)
{
	const struct kept_step *s = &kept.v[i], *before = &kept.v[i - 1];
	bool done = n == s->to && !s->new_root;
	opens_as(before->root, view_make(kept.journal.p, n), done ? n : s->from,
		 done ? s->state : before->state);
}

static void at_every_step(size_t suite, bool private)
{
	begin(suite, private);
	a_life(&c.people[1], &c.people[0]);
	for (size_t i = 1; i < kept.n; i++) {
		const struct kept_step *s = &kept.v[i];
		for (size_t n = s->from; n <= s->to; n += n + 80 < s->to ? 37 : 1)
			killed_at(i, n);
		opens_as(s->root, view_make(kept.journal.p, s->to), s->to, s->state);
	}
	kept_end();
}

TEST(killed_at_every_step)
{
	for (size_t i = 0; suite_at(i); i++)
		at_every_step(i, i % 2);
}

/* Every single byte of the last transactions, of which one has a root and one has none. */
TEST(killed_at_every_byte)
{
	begin(0, false);
	a_life(&c.people[1], &c.people[0]);
	for (size_t i = kept.n - 3; i < kept.n; i++)
		for (size_t n = kept.v[i].from; n <= kept.v[i].to; n++)
			killed_at(i, n);
	/* A snapshot is there as a whole or not at all. */
	for (size_t n = 0; n < kept.v[0].to; n += n < 64 ? 1 : 29)
		refused(kept.v[0].root, view_make(kept.journal.p, n), UC_E_CORRUPT);
	kept_end();
}

/* A file that has grown before its bytes were written, or has them in part. */
TEST(a_tail_that_was_not_written)
{
	begin(0, false);
	a_life(&c.people[1], &c.people[0]);
	const struct kept_step *last = &kept.v[kept.n - 1], *before = last - 1;
	struct view whole = copy(buf_view(&kept.journal));
	uint8_t *p = (uint8_t *)(uintptr_t)whole.p; /* of the arena */
	expect(!last->new_root);
	memset(p + last->from, 0, last->to - last->from);
	opens_as(before->root, whole, last->from, before->state);
	memcpy(p + last->from, kept.journal.p + last->from, 30);
	opens_as(before->root, whole, last->from, before->state);
	kept_end();
}

/* Each byte, bent: what opens is what was there before the last transaction, never another. */
static void bent(size_t at, uint8_t how, const struct kept_step *last)
{
	struct group *g = NULL;
	size_t used = 0;
	struct arena_mark mark = arena_mark(&c.mem);
	kept.journal.p[at] ^= how;
	uc_err err =
		group_journal_open(&c.platform, last->root, buf_view(&kept.journal), &used, &g);
	kept.journal.p[at] ^= how;
	if (!err) {
		struct person p = { .g = g };
		expect(at >= last->from);
		expect_eq(used, last->from);
		expect_bytes(person_saved(&c, &p), last[-1].state);
		person_leave(&p);
	} else {
		expect(err == UC_E_CORRUPT || (err == UC_E_VERSION && (at == 4 || at == 5)));
	}
	arena_reset(&c.mem, mark);
}

TEST(a_bent_journal)
{
	begin(0, false);
	a_life(&c.people[1], &c.people[0]);
	/* Several without a root: of these, too, only the last may be missing. */
	for (size_t i = 0; i < 3; i++) {
		(void)said(&c.people[1], "mine");
		expect(!kept_take(&c.people[1])->new_root);
	}
	const struct kept_step *last = &kept.v[kept.n - 1];
	for (size_t at = 0; at < kept.journal.n; at++)
		bent(at, (uint8_t)(1 << at % 8), last);
	for (size_t at = 0; at < kept.journal.n; at += 11)
		bent(at, 0xff, last);
	kept_end();
}

TEST(a_bent_root)
{
	begin(0, false);
	a_life(&c.people[1], &c.people[0]);
	struct view root = copy(kept.v[kept.n - 1].root);
	uint8_t *p = (uint8_t *)(uintptr_t)root.p; /* of the arena */
	for (size_t at = 0; at < root.n; at++)
		for (int bit = 0; bit < 8; bit++) {
			struct group *g = NULL;
			size_t used;
			p[at] ^= (uint8_t)(1 << bit);
			uc_err err = group_journal_open(&c.platform, root, buf_view(&kept.journal),
							&used, &g);
			expect(err == UC_E_CORRUPT || (err == UC_E_VERSION && at < 2));
			p[at] ^= (uint8_t)(1 << bit);
		}
	for (size_t n = 0; n < root.n; n++)
		refused(view_slice(root, 0, n), buf_view(&kept.journal), UC_E_CORRUPT);
	kept_end();
}

/* Transactions that are left out, turned round, told twice, or of another journal. */
TEST(transactions_stand_in_their_places)
{
	struct buf other, other_root, b;
	begin(0, false);
	a_life(&c.people[1], &c.people[0]);
	struct view root = kept.v[kept.n - 1].root, journal = buf_view(&kept.journal);
	buf_init(&b, WIRE_OBJECT_MAX);
	for (size_t i = 0; i + 1 < kept.n; i++) {
		const struct kept_step *s = &kept.v[i];
		buf_reset(&b);
		buf_add(&b, journal.p, s->from);
		buf_add_view(&b, view_slice(journal, s->to, SIZE_MAX));
		refused(root, buf_view(&b), UC_E_CORRUPT);
		buf_reset(&b);
		buf_add(&b, journal.p, s->to);
		buf_add_view(&b, view_slice(journal, s->from, SIZE_MAX));
		refused(root, buf_view(&b), UC_E_CORRUPT);
	}
	/* More behind one whose root has never come. */
	for (size_t i = 1; i + 1 < kept.n; i++)
		if (kept.v[i].new_root)
			refused(kept.v[i - 1].root, view_make(journal.p, kept.v[i + 1].to),
				UC_E_CORRUPT);
	/* An end that is missing and that the root has seen. */
	for (size_t i = 0; i + 1 < kept.n; i++)
		if (kept.v[i + 1].new_root)
			refused(root, view_make(journal.p, kept.v[i].to), UC_E_CORRUPT);
	buf_init_secret(&other, WIRE_OBJECT_MAX);
	buf_init_secret(&other_root, WIRE_OBJECT_MAX);
	expect_ok(group_journal_snapshot(c.people[1].g, &other, &other_root));
	refused(root, buf_view(&other), UC_E_CORRUPT);
	refused(buf_view(&other_root), journal, UC_E_CORRUPT);
	buf_add_view(&other, view_slice(journal, kept.v[kept.n - 1].from, SIZE_MAX));
	refused(buf_view(&other_root), buf_view(&other), UC_E_CORRUPT);
	uint8_t name[GROUP_JOURNAL_NAME], second[GROUP_JOURNAL_NAME];
	expect_ok(group_journal_name(root, name));
	expect_ok(group_journal_name(buf_view(&other_root), second));
	expect(!view_equal(VIEW_OF(name), VIEW_OF(second)));
	expect_bytes(view_slice(journal, 6, sizeof name), VIEW_OF(name));
	expect_err(group_journal_name(view_slice(root, 0, 10), name), UC_E_CORRUPT);
	buf_done(&other);
	buf_done(&other_root);
	buf_done(&b);
	kept_end();
}

/* Two copies that were gone on with by themselves are not put together: what is sealed stands behind
 * what it was written behind. */
TEST(two_copies_do_not_mix)
{
	struct buf branch[2], root, mixed;
	size_t middle[2];
	begin(0, false);
	kept_begin(&c.people[1]);
	struct view start = copy(buf_view(&kept.journal));
	buf_init_secret(&root, WIRE_OBJECT_MAX);
	buf_init_secret(&mixed, WIRE_OBJECT_MAX);
	for (size_t i = 0; i < 2; i++) {
		struct person p = { .g = opens(kept.v[0].root, start, start.n) };
		buf_init_secret(&branch[i], WIRE_OBJECT_MAX);
		buf_add_view(&branch[i], start);
		(void)said(&p, "one");
		expect_ok(group_journal_take(p.g, &branch[i], &root));
		middle[i] = branch[i].n;
		(void)said(&p, "two");
		expect_ok(group_journal_take(p.g, &branch[i], &root));
		expect(!root.n);
		person_leave(&p);
	}
	buf_add_view(&mixed, view_make(branch[0].p, middle[0]));
	buf_add_view(&mixed, view_slice(buf_view(&branch[1]), middle[1], SIZE_MAX));
	expect_eq(mixed.n, branch[0].n);
	refused(kept.v[0].root, buf_view(&mixed), UC_E_CORRUPT);
	buf_done(&branch[0]);
	buf_done(&branch[1]);
	buf_done(&mixed);
	buf_done(&root);
	kept_end();
}

/* What is in the journal is not read again; what was torn away never left, and is. */
TEST(a_message_is_read_once)
{
	struct received got;
	begin(0, false);
	struct person *p = &c.people[1];
	kept_begin(p);
	struct view first = said(&c.people[0], "first"), second = said(&c.people[0], "second");
	reads(p->g, first, "first");
	kept_take(p);
	reads(p->g, second, "second");
	const struct kept_step *s = kept_take(p);
	struct group *g = opens(s->root, buf_view(&kept.journal), s->to);
	expect_err(group_receive(g, first, &c.mem, &got), UC_E_DECRYPT);
	expect_err(group_receive(g, second, &c.mem, &got), UC_E_DECRYPT);
	group_free(g);
	g = opens(s->root, view_make(kept.journal.p, s->to - 1), s->from);
	expect_err(group_receive(g, first, &c.mem, &got), UC_E_DECRYPT);
	reads(g, second, "second");
	group_free(g);
	/* And our own key is not used again, nor is what it sealed taken for another's. */
	struct view mine = said(p, "mine");
	s = kept_take(p);
	g = opens(s->root, buf_view(&kept.journal), s->to);
	expect_err(group_receive(g, mine, &c.mem, &got), UC_E_OWN);
	group_free(g);
	kept_end();
}

/* After forget_after steps the root that is there no longer opens what would read them. */
TEST(old_keys_are_gone_with_the_old_root)
{
	enum { N = 12 };
	for (uint32_t after = 1; after <= 5; after++) {
		struct view message[N];
		begin(0, false);
		struct person *p = &c.people[1];
		kept_begin(p);
		group_journal_forget_after(p->g, after);
		for (size_t i = 0; i < N; i++) {
			message[i] = said(&c.people[0], "secret");
			reads(p->g, message[i], "secret");
			expect_eq(kept_take(p)->new_root, (i + 1) % after == 0);
		}
		/* Who has the last root tries every cut of the journal. */
		struct view root = kept.v[kept.n - 1].root;
		size_t read = 0;
		for (size_t i = 0; i < N; i++) {
			struct group *g = NULL;
			struct received got;
			size_t used;
			if (group_journal_open(&c.platform, root,
					       view_make(kept.journal.p, kept.v[i].to), &used, &g))
				continue;
			read += !group_receive(g, message[i], &c.mem, &got);
			group_free(g);
		}
		expect_eq(read, N % after);
		kept_end();
	}
}

/* --- who has stolen root and journal --- */

struct thief {
	struct journal_keys keys;
	struct group *g; /* as far as the member record goes */
	struct member_epoch epochs[GROUP_EPOCHS];
	size_t members, ratchets; /* records that open */
};

static void thief_tries(struct thief *t, const struct journal_record *r, uint64_t number)
{
	struct view plain;
	if (r->type == JOURNAL_MEMBER)
		t->members += !journal_part_open(&t->keys, number, &t->keys.member_key, 0, r->bytes,
						 &c.mem, &plain);
	if (r->type == JOURNAL_RATCHETS)
		for (size_t i = 0; i < GROUP_EPOCHS; i++)
			t->ratchets +=
				t->epochs[i].serial &&
				!journal_part_open(&t->keys, number, &t->epochs[i].ratchet_key,
						   r->serial, r->bytes, &c.mem, &plain);
}

/* All records of the journal, by what the root and the member record that it opens give. */
static void thief_walks(struct thief *t, struct view root, bool looks_for_member)
{
	size_t at = JOURNAL_HEAD, taken = 1;
	expect_ok(journal_root_read(&t->keys, NULL, root));
	while (taken) {
		struct view body = { NULL, 0 };
		struct wire w;
		expect_ok(journal_next(&t->keys, view_slice(buf_view(&kept.journal), at, SIZE_MAX),
				       &c.mem, &body, &taken));
		wire_reader(&w, body, NULL);
		while (taken && w.p < w.end) {
			struct journal_record r = { .type = 0 };
			struct member_keys_list none;
			struct view plain;
			struct wire m;
			wire_journal_record(&w, &r);
			if (!looks_for_member) {
				thief_tries(t, &r, t->keys.number);
			} else if (r.type == JOURNAL_MEMBER &&
				   t->keys.number == t->keys.member_at) {
				expect_ok(journal_part_open(&t->keys, t->keys.number,
							    &t->keys.member_key, 0, r.bytes, &c.mem,
							    &plain));
				wire_reader(&m, plain, &c.mem);
				wire_member(&m, t->g, t->epochs, &none);
				expect_ok(wire_finish(&m));
			}
		}
		at += taken;
	}
}

/* However long the journal is: one member record opens, and of each epoch the latest ratchets. */
TEST(keys_are_thrown_away)
{
	struct thief t = { .members = 0 };
	size_t epochs = 0;
	begin(0, false);
	a_life(&c.people[1], &c.people[0]);
	group_journal_forget_after(c.people[1].g, 2);
	for (size_t i = 0; i < 8; i++) {
		reads(c.people[1].g, said(&c.people[0], "x"), "x");
		kept_take(&c.people[1]);
	}
	expect_ok(group_new(&c.platform, c.suite, &t.g));
	thief_walks(&t, kept.v[kept.n - 1].root, true);
	for (size_t i = 0; i < GROUP_EPOCHS; i++)
		epochs += t.epochs[i].serial != 0;
	expect(epochs >= 1);
	thief_walks(&t, kept.v[kept.n - 1].root, false);
	expect_eq(t.members, 1);
	expect_eq(t.ratchets, epochs);
	group_free(t.g);
	kept_end();
}

/* Opened and gone on with, cut where it says, many times over; compacted when it asks for it. */
TEST(a_journal_is_gone_on_with)
{
	begin(0, false);
	struct person *p = &c.people[1];
	c.journals = true;
	for (size_t i = 0; i < 40; i++) {
		struct person *by = &c.people[i % 3 == 1 ? 2 : 0];
		club_talks(&c, by, "on and on");
		if (i % 4 == 0)
			club_commit_proposals(&c, by, NULL, 0);
	}
	expect_eq(group_epoch(p->g), 11);
	club_end(&c);
}

TEST(it_asks_for_a_snapshot)
{
	struct buf journal, root;
	begin(0, false);
	struct person *p = &c.people[0];
	buf_init_secret(&journal, WIRE_OBJECT_MAX);
	buf_init_secret(&root, WIRE_OBJECT_MAX);
	expect_err(group_journal_take(p->g, &journal, &root), UC_E_ARGUMENT);
	expect(group_journal_wants_snapshot(p->g));
	expect_ok(group_journal_snapshot(p->g, &journal, &root));
	expect(!group_journal_wants_snapshot(p->g));
	size_t first = journal.n, takes = 0;
	group_journal_forget_after(p->g, UINT32_MAX);
	while (!group_journal_wants_snapshot(p->g) && takes < 5000) {
		struct arena_mark mark = arena_mark(&c.mem);
		size_t before = journal.n, roots = root.n;
		(void)said(p, "x");
		expect_ok(group_journal_take(p->g, &journal, &root));
		/* Constant, and small. */
		expect(journal.n - before < 80 && root.n == roots);
		takes++;
		arena_reset(&c.mem, mark);
	}
	expect(journal.n > 64 * 1024 && journal.n < 64 * 1024 + first + 100);
	/* What was said is not forgotten with the steps. */
	expect_ok(group_journal_snapshot(p->g, &journal, &root));
	expect(!group_journal_wants_snapshot(p->g));
	buf_done(&journal);
	buf_done(&root);
	club_end(&c);
}

/* Whatever fails changes nothing, and can be done again. */
TEST(no_room_leaves_things_as_they_were)
{
	struct buf small, root;
	begin(0, false);
	struct person *p = &c.people[1];
	kept_begin(p);
	reads(p->g, said(&c.people[0], "x"), "x");
	(void)commit_by(p);
	size_t refusals = 0;
	for (size_t limit = 8;; limit *= 2) {
		buf_init_secret(&small, limit);
		buf_init_secret(&root, 4096);
		uc_err err = group_journal_take(p->g, &small, &root);
		size_t n = small.n, roots = root.n;
		buf_done(&small);
		buf_done(&root);
		if (!err)
			break;
		expect_err(err, UC_E_TOO_LARGE);
		expect(!n && !roots);
		refusals++;
	}
	expect(refusals > 4);
	/* That one is lost with its bytes: from here on a new journal has to be. */
	buf_done(&kept.journal);
	buf_done(&kept.root);
	kept_begin(p);
	opens_as(kept.v[0].root, buf_view(&kept.journal), kept.journal.n, kept.v[0].state);
	kept_end();
}

/* Keys that wait, ends, beginnings. */
TEST(what_else_is_at_rest)
{
	struct sign_key key;
	struct view message;
	struct made_commit made;
	begin(0, false);
	struct person *p = &c.people[1];
	struct leaf_parameters as = p->leaf;
	const struct commit_options renewal = { .leaf = &as };
	as.signature_key = &key;
	expect_ok(sign_key_generate(c.suite, test_env(), &key));
	kept_begin(p);
	/* An Update and a commit that change our signature key. */
	expect_ok(group_propose_update_as(p->g, &as, &c.mem, &message));
	const struct kept_step *s = kept_take(p);
	opens_as(s->root, buf_view(&kept.journal), s->to, s->state);
	expect_ok(group_commit(p->g, &renewal, &c.mem, &made));
	s = kept_take(p);
	opens_as(s->root, buf_view(&kept.journal), s->to, s->state);
	group_pending_drop(p->g);
	/* We are removed. */
	struct proposal remove = remove_of(p);
	const struct commit_options o = { .proposals = &remove, .proposal_count = 1 };
	expect_ok(group_commit(c.people[0].g, &o, &c.mem, &made));
	takes_commit(p, made.commit);
	s = kept_take(p);
	opens_as(s->root, buf_view(&kept.journal), s->to, s->state);
	expect(group_is_removed(p->g));
	buf_done(&kept.journal);
	buf_done(&kept.root);
	/* We come back from outside: a group that is nothing but a pending commit. */
	expect_ok(group_pending_apply(c.people[0].g));
	struct external_join in = { .leaf = &p->leaf };
	struct view commit, info;
	person_leave(p);
	expect_ok(group_info_make(c.people[0].g, &c.mem, &in.group_info));
	expect_ok(group_ratchet_tree(c.people[0].g, &c.mem, &in.ratchet_tree));
	expect_ok(group_join_external(&c.platform, &in, &c.mem, &commit, &info, &p->g));
	kept_begin(p);
	struct group *g = opens(kept.v[0].root, buf_view(&kept.journal), kept.journal.n);
	takes_commit(&c.people[0], commit);
	expect_ok(group_pending_apply(g));
	expect_bytes(group_epoch_authenticator(g), group_epoch_authenticator(c.people[0].g));
	group_free(g);
	kept_end();
}
