/* SPDX-License-Identifier: Apache-2.0 */
/* Journals that are sealed as they should be and make no sense: records of what was never told of,
 * told twice, or left out.  Each is refused, and the good one they are made from is not. */
#include "mls/group_journal_inside.h"
#include "tests/unit/mls/members.h"

enum { RECORDS_MAX = 32 };

static struct club c;
static struct {
	struct journal_keys keys; /* before the first transaction */
	struct view root;
	struct journal_record v[RECORDS_MAX];
	size_t n;
	struct view member; /* its plaintext */
} good;

static struct view kept(struct buf *b)
{
	struct view out = { NULL, 0 };
	expect_ok(arena_copy(&c.mem, buf_view(b), &out));
	buf_done(b);
	return out;
}

/* A member with all that can be there: two past epochs, a pending commit, three proposals, one of
 * them its own. */
static void begin(void)
{
	const struct commit_options o = { .force_path = true, .without_stored = true };
	struct made_commit made;
	struct received got;
	struct view message, body;
	struct buf journal, root;
	struct wire w;
	size_t taken;
	club_with(&c, suite_at(0), 4);
	struct person *p = &c.people[1];
	club_commit(&c, &c.people[0], &o);
	club_commit(&c, &c.people[2], &o);
	for (size_t i = 0; i < 3; i++) {
		struct person *by = &c.people[(i + 1) % 3];
		expect_ok(group_propose_update(by->g, &c.mem, &message));
		if (by != p)
			expect_ok(group_receive(p->g, message, &c.mem, &got));
	}
	expect_ok(group_commit(p->g, &o, &c.mem, &made));
	buf_init_secret(&journal, WIRE_OBJECT_MAX);
	buf_init_secret(&root, WIRE_OBJECT_MAX);
	expect_ok(group_journal_snapshot(p->g, &journal, &root));
	good.root = kept(&root);
	struct view bytes = kept(&journal);
	struct journal_keys k;
	expect_ok(journal_root_read(&good.keys, NULL, good.root));
	k = good.keys;
	expect_ok(
		journal_next(&k, view_slice(bytes, JOURNAL_HEAD, SIZE_MAX), &c.mem, &body, &taken));
	wire_reader(&w, body, NULL);
	for (good.n = 0; w.p < w.end && good.n < RECORDS_MAX && !w.failed; good.n++) {
		good.v[good.n] = (struct journal_record){ .type = 0 };
		wire_journal_record(&w, &good.v[good.n]);
	}
	expect_ok(wire_finish(&w));
	expect_ok(journal_part_open(&good.keys, 1, &good.keys.member_key, 0, good.v[0].bytes,
				    &c.mem, &good.member));
	/* One member, four epochs with their ratchets, three proposals. */
	expect_eq(good.n, 1 + 2 * GROUP_EPOCHS + 3);
}

static uc_err opens_body(struct view body)
{
	struct journal_keys k = good.keys;
	struct group *g = NULL;
	struct buf journal;
	size_t used;
	buf_init_secret(&journal, WIRE_OBJECT_MAX);
	expect_ok(journal_head_write(&k, &journal));
	expect_ok(journal_add(&k, test_env(), body, &journal));
	uc_err err = group_journal_open(&c.platform, good.root, buf_view(&journal), &used, &g);
	expect(!err == (g != NULL));
	group_free(g);
	buf_done(&journal);
	return err;
}

static void encode(const struct journal_record *v, size_t n, struct buf *body)
{
	struct wire w;
	buf_init_secret(body, WIRE_OBJECT_MAX);
	for (size_t i = 0; i < n; i++) {
		struct journal_record r = v[i];
		wire_writer(&w, body);
		wire_journal_record(&w, &r);
		expect_ok(wire_finish(&w));
	}
}

static uc_err opens(const struct journal_record *v, size_t n)
{
	struct buf body;
	encode(v, n, &body);
	uc_err err = opens_body(buf_view(&body));
	buf_done(&body);
	return err;
}

/* The good ones and this at the end. */
static uc_err opens_with(struct journal_record last)
{
	struct journal_record v[RECORDS_MAX];
	memcpy(v, good.v, sizeof v);
	v[good.n] = last;
	return opens(v, good.n + 1);
}

/* The good ones, of which one is another. */
static uc_err opens_instead(size_t i, struct journal_record other)
{
	struct journal_record v[RECORDS_MAX];
	memcpy(v, good.v, sizeof v);
	v[i] = other;
	return opens(v, good.n);
}

/* The n-th of a type. */
static size_t find(uint8_t type, size_t n)
{
	size_t i = 0;
	while (i < good.n && (good.v[i].type != type || n--))
		i++;
	expect(i < good.n);
	return i;
}

TEST(each_record_is_needed)
{
	begin();
	expect_ok(opens(good.v, good.n));
	for (size_t i = 0; i < good.n; i++) {
		struct journal_record v[RECORDS_MAX];
		memcpy(v, good.v, sizeof v);
		memmove(v + i, v + i + 1, (good.n - i - 1) * sizeof *v);
		/* But for a proposal, which may have been dropped. */
		expect_err(opens(v, good.n - 1),
			   good.v[i].type == JOURNAL_PROPOSAL ? UC_OK : UC_E_CORRUPT);
	}
	club_end(&c);
}

TEST(states_stand_on_what_was_told)
{
	begin();
	size_t first = find(JOURNAL_STATE, 0), second = find(JOURNAL_STATE, 1);
	struct journal_record r = good.v[second];
	expect(!good.v[first].base && r.base == good.v[first].serial);
	r.base = r.serial;
	expect_err(opens_instead(second, r), UC_E_CORRUPT);
	r.base = 1000;
	expect_err(opens_instead(second, r), UC_E_CORRUPT);
	r.base = 0; /* a change is no whole state */
	expect(opens_instead(second, r) != UC_OK);
	r = good.v[first];
	r.base = good.v[second].serial;
	expect_err(opens_instead(first, r), UC_E_CORRUPT);
	/* Numbers are used once, and there is no number 0. */
	r = good.v[first];
	expect_err(opens_with(r), UC_E_CORRUPT);
	r.serial = 0;
	expect_err(opens_with(r), UC_E_CORRUPT);
	r.serial = 1000; /* told of, and nobody asks for it */
	expect_ok(opens_with(r));
	club_end(&c);
}

TEST(ratchets_and_steps_are_of_an_epoch)
{
	begin();
	size_t at = find(JOURNAL_RATCHETS, 0);
	struct journal_record r = good.v[at];
	r.serial = 1000;
	expect_err(opens_with(r), UC_E_CORRUPT);
	r = good.v[find(JOURNAL_RATCHETS, 1)];
	r.serial = good.v[at].serial; /* of another: it is sealed for its own */
	expect_err(opens_instead(at, r), UC_E_CORRUPT);
	struct journal_record step = { .type = JOURNAL_STEP,
				       .serial = good.v[at].serial,
				       .step = { .kind = RATCHET_APPLICATION } };
	expect_ok(opens_with(step));
	step.step.generation = SECRET_TREE_FORWARD_MAX + 1;
	expect_err(opens_with(step), UC_E_CORRUPT);
	step.step = (struct key_step){ .leaf = 1000, .kind = RATCHET_APPLICATION };
	expect_err(opens_with(step), UC_E_CORRUPT);
	step.step = (struct key_step){ .kind = RATCHET_KINDS };
	expect_err(opens_with(step), UC_E_CORRUPT);
	step.step = (struct key_step){ .kind = RATCHET_APPLICATION };
	step.serial = 1000;
	expect_err(opens_with(step), UC_E_CORRUPT);
	/* No key is used twice. */
	struct journal_record v[RECORDS_MAX];
	memcpy(v, good.v, sizeof v);
	step.serial = good.v[at].serial;
	v[good.n] = v[good.n + 1] = step;
	expect_err(opens(v, good.n + 2), UC_E_CORRUPT);
	/* What stands before the ratchets is in them. */
	memmove(v + at + 1, v + at, (good.n - at) * sizeof *v);
	v[at] = step;
	v[good.n + 1] = step;
	expect_ok(opens(v, good.n + 2));
	club_end(&c);
}

TEST(proposals_come_and_go_once)
{
	begin();
	for (size_t i = 0; i < 3; i++) {
		struct journal_record v[RECORDS_MAX];
		uint32_t serial = good.v[find(JOURNAL_PROPOSAL, i)].serial;
		const struct journal_record gone = { .type = JOURNAL_DROPPED, .serial = serial };
		expect_ok(opens_with(gone));
		memcpy(v, good.v, sizeof v);
		v[good.n] = v[good.n + 1] = gone;
		expect_err(opens(v, good.n + 2), UC_E_CORRUPT);
		/* Another comes behind, whichever has gone. */
		v[good.n + 1] = good.v[find(JOURNAL_PROPOSAL, i)];
		v[good.n + 1].serial = 1000;
		expect_ok(opens(v, good.n + 2));
	}
	struct journal_record r = { .type = JOURNAL_DROPPED, .serial = 1000 };
	expect_err(opens_with(r), UC_E_CORRUPT);
	r = good.v[find(JOURNAL_PROPOSAL, 0)];
	expect_err(opens_with(r), UC_E_CORRUPT);
	r.serial = 0;
	expect_err(opens_with(r), UC_E_CORRUPT);
	r.serial = 1000; /* the same proposal twice */
	expect_err(opens_with(r), UC_E_CORRUPT);
	r.bytes = view_slice(r.bytes, 0, r.bytes.n - 1);
	expect_err(opens_with(r), UC_E_CORRUPT);
	club_end(&c);
}

TEST(bodies_are_records_to_their_end)
{
	struct buf body;
	begin();
	encode(good.v, good.n, &body);
	expect_ok(opens_body(buf_view(&body)));
	for (size_t n = 1; n < 40; n++)
		expect_err(opens_body(view_slice(buf_view(&body), 0, body.n - n)), UC_E_CORRUPT);
	for (uint8_t type = 0; type < 9; type++) {
		buf_add_byte(&body, type);
		expect_err(opens_body(buf_view(&body)), UC_E_CORRUPT);
		body.n--;
	}
	buf_add(&body, "\x07\x00\x00\x00\x01\x00", 6);
	expect_err(opens_body(buf_view(&body)), UC_E_CORRUPT);
	buf_done(&body);
	expect_err(opens_body(view_make(NULL, 0)), UC_E_CORRUPT);
	club_end(&c);
}

/* --- inside the member record --- */

static uc_err opens_member(struct view plain)
{
	struct buf part;
	buf_init_secret(&part, WIRE_OBJECT_MAX);
	expect_ok(
		journal_part_seal(&good.keys, test_env(), &good.keys.member_key, 0, plain, &part));
	struct journal_record r = { .type = JOURNAL_MEMBER, .bytes = buf_view(&part) };
	uc_err err = opens_instead(0, r);
	buf_done(&part);
	return err;
}

/* As it is, but for what `change` does to the epochs it lists. */
static uc_err opens_changed(void (*change)(struct group *g, struct member_epoch *e))
{
	struct member_epoch e[GROUP_EPOCHS] = { { .serial = 0 } };
	struct member_keys_list keys = { NULL, 0 };
	struct group *g = NULL;
	expect_ok(group_new(&c.platform, c.suite, &g));
	struct buf plain;
	struct wire w;
	expect(g);
	wire_reader(&w, good.member, &c.mem);
	wire_member(&w, g, e, &keys);
	expect_ok(wire_finish(&w));
	change(g, e);
	buf_init_secret(&plain, WIRE_OBJECT_MAX);
	wire_writer(&w, &plain);
	wire_member(&w, g, e, &keys);
	expect_ok(wire_finish(&w));
	uc_err err = opens_member(buf_view(&plain));
	buf_done(&plain);
	group_free(g);
	return err;
}

static void nothing(struct group *g, struct member_epoch *e)
{
	(void)g;
	(void)e;
}

static void no_epoch(struct group *g, struct member_epoch *e)
{
	(void)g;
	e[0].serial = e[GROUP_EPOCHS - 1].serial = 0;
}

static void one_for_two(struct group *g, struct member_epoch *e)
{
	(void)g;
	e[1] = e[0];
}

static void unknown_epoch(struct group *g, struct member_epoch *e)
{
	(void)g;
	e[1].serial = 1000;
}

static void another_key(struct group *g, struct member_epoch *e)
{
	(void)g;
	e[1].ratchet_key.b[0] ^= 1;
}

static void shorter_key(struct group *g, struct member_epoch *e)
{
	(void)g;
	e[1].ratchet_key.n--;
}

static void no_leaf(struct group *g, struct member_epoch *e)
{
	(void)e;
	g->now->own_leaf = 77;
}

TEST(members_that_make_no_sense)
{
	begin();
	expect_ok(opens_member(good.member));
	expect_ok(opens_changed(nothing));
	expect_err(opens_changed(no_epoch), UC_E_CORRUPT);
	expect_err(opens_changed(one_for_two), UC_E_CORRUPT);
	expect_err(opens_changed(unknown_epoch), UC_E_CORRUPT);
	expect_err(opens_changed(another_key), UC_E_CORRUPT);
	expect_err(opens_changed(shorter_key), UC_E_CORRUPT);
	expect_err(opens_changed(no_leaf), UC_E_CORRUPT);
	for (size_t n = 0; n < good.member.n; n++)
		expect_err(opens_member(view_slice(good.member, 0, n)), UC_E_CORRUPT);
	club_end(&c);
}

/* Each byte of it, bent: refused, or a group that can be written and read again. */
TEST(a_bent_member)
{
	begin();
	struct view copy = { NULL, 0 };
	expect_ok(arena_copy(&c.mem, good.member, &copy));
	uint8_t *p = (uint8_t *)(uintptr_t)copy.p; /* of the arena */
	for (size_t at = 0; at < copy.n; at++) {
		p[at] ^= 0xff;
		uc_err err = opens_member(copy);
		expect(!err || err == UC_E_CORRUPT || err == UC_E_VERSION);
		p[at] ^= 0xff;
	}
	expect_ok(opens_member(copy));
	club_end(&c);
}
