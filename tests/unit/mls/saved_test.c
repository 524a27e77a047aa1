/* SPDX-License-Identifier: Apache-2.0 */
/* Groups at rest of earlier versions are loaded and gone on with; later ones are refused.
 *
 * tests/fixtures/groups_N is such a club of each suite, one behind the other (struct saved_club):
 * members' groups, the server's, messages under way; from groups_2 on also one that a ReInit has
 * closed.  It is made by this program when UNDERCROFT_FIXTURE names the file to write, and never
 * made again.  groups_2: the public state is of version 2; groups_3:
 * the member's part and the stored proposals are, and one pending commit and one Update change the
 * signature key of who made them; groups_4: member and server know the commits they took. */
#include "tests/unit/mls/members.h"

enum { FILE_BYTES = 1 << 20, MEMBERS = 3, SUITES = 3, NEWEST = 4 };

#define LATE   "said in the epoch before"
#define ASIDE  "came before the one before it"
#define UNREAD "not yet read"

struct saved_member {
	struct view epoch, ratchets;
};
struct saved_club {
	uint16_t suite;
	struct saved_member members[MEMBERS];
	struct view server;
	/* To member 1: of the epoch before, one that was overtaken, and the next. */
	struct view late, overtaken, unread;
	struct saved_member closed;             /* version 2 */
	struct saved_member updating, renewing; /* version 3 */
	struct view update, renewal;            /* the latter's own, a commit */
};

static void wire_club(struct wire *w, struct saved_club *s, int version)
{
	wire_u16(w, &s->suite);
	for (size_t i = 0; i < MEMBERS; i++) {
		wire_bytes(w, &s->members[i].epoch);
		wire_bytes(w, &s->members[i].ratchets);
	}
	wire_bytes(w, &s->server);
	wire_bytes(w, &s->late);
	wire_bytes(w, &s->overtaken);
	wire_bytes(w, &s->unread);
	if (version < 2)
		return;
	wire_bytes(w, &s->closed.epoch);
	wire_bytes(w, &s->closed.ratchets);
	if (version < 3)
		return;
	wire_bytes(w, &s->updating.epoch);
	wire_bytes(w, &s->updating.ratchets);
	wire_bytes(w, &s->renewing.epoch);
	wire_bytes(w, &s->renewing.ratchets);
	wire_bytes(w, &s->update);
	wire_bytes(w, &s->renewal);
}

static struct club c;

/* --- making --- */

static struct view said(struct person *by, const char *text)
{
	struct view message = { NULL, 0 };
	expect_ok(group_encrypt(by->g, (struct view){ NULL, 0 }, view_str(text), 0, &c.mem,
				&message));
	return message;
}

static void read_by(struct person *p, struct view message, const char *text)
{
	struct received got = { .kind = RECEIVED_COMMIT };
	expect_ok(group_receive(p->g, message, &c.mem, &got));
	expect_eq(got.kind, RECEIVED_APPLICATION);
	expect_bytes(got.application_data, view_str(text));
}

static struct view saved(struct group *g, uc_err (*save)(const struct group *, struct buf *))
{
	struct buf b;
	struct view out = { NULL, 0 };
	buf_init_secret(&b, WIRE_OBJECT_MAX);
	expect_ok(save(g, &b));
	expect_ok(arena_copy(&c.mem, buf_view(&b), &out));
	buf_done(&b);
	return out;
}

static struct saved_member saved_of(const struct person *p)
{
	return (struct saved_member){ saved(p->g, group_save_epoch),
				      saved(p->g, group_save_ratchets) };
}

/* Two who are about to sign with another key. */
static void make_renewals(struct saved_club *s)
{
	struct sign_key key;
	struct made_commit made = { .commit = { NULL, 0 } };
	struct leaf_parameters as = c.people[0].leaf;
	const struct commit_options o = { .leaf = &as, .without_stored = true };
	as.signature_key = &key;
	expect_ok(sign_key_generate(c.suite, test_env(), &key));
	expect_ok(group_propose_update_as(c.people[0].g, &as, &c.mem, &s->update));
	s->updating = saved_of(&c.people[0]);
	as = c.people[1].leaf;
	as.signature_key = &key;
	expect_ok(sign_key_generate(c.suite, test_env(), &key));
	expect_ok(group_commit(c.people[1].g, &o, &c.mem, &made));
	s->renewal = made.commit;
	s->renewing = saved_of(&c.people[1]);
	group_pending_drop(c.people[1].g);
}

static void club_make(struct saved_club *s, const struct suite *suite)
{
	const struct commit_options path = { .force_path = true };
	const struct proposal leave = { .proposal_type = PROPOSAL_SELF_REMOVE };
	struct view proposal = { NULL, 0 };
	club_with(&c, suite, MEMBERS);
	c.restarts = false;
	club_commit(&c, &c.people[1], &path);
	s->late = said(&c.people[0], LATE);
	club_commit(&c, &c.people[0], &path);
	club_talks(&c, &c.people[2], "all know");
	s->overtaken = said(&c.people[0], ASIDE);
	read_by(&c.people[1], said(&c.people[0], "overtakes"), "overtakes");
	s->unread = said(&c.people[0], UNREAD);
	/* Known to all, in no commit yet. */
	expect_ok(
		group_propose(c.people[2].g, &leave, (struct view){ NULL, 0 }, &c.mem, &proposal));
	club_deliver_proposal(&c, &c.people[2], proposal);
	s->suite = suite->id;
	for (size_t i = 0; i < MEMBERS; i++)
		s->members[i] = (struct saved_member){
			saved(c.people[i].g, group_save_epoch),
			saved(c.people[i].g, group_save_ratchets),
		};
	s->server = server_saved(&c);
	make_renewals(s);
	static struct extension e = { 0xf00d, { (const uint8_t *)"new", 3 } };
	const struct proposal reinit = { .proposal_type = PROPOSAL_REINIT,
					 .reinit = { .group_id = VIEW_LIT("the next club"),
						     .version = MLS10,
						     .cipher_suite = 7,
						     .extensions = { &e, 1 } } };
	const struct commit_options closing = { .proposals = &reinit,
						.proposal_count = 1,
						.without_stored = true };
	club_commit(&c, &c.people[1], &closing);
	s->closed = (struct saved_member){
		saved(c.people[0].g, group_save_epoch),
		saved(c.people[0].g, group_save_ratchets),
	};
}

TEST(make_it_when_asked)
{
	const char *path = getenv("UNDERCROFT_FIXTURE");
	struct buf out;
	struct wire w;
	if (!path) {
		test_skip("UNDERCROFT_FIXTURE names no file to write");
		return;
	}
	buf_init_secret(&out, FILE_BYTES);
	wire_writer(&w, &out);
	for (size_t i = 0; i < SUITES; i++) {
		struct saved_club s;
		club_make(&s, suite_at(i));
		wire_club(&w, &s, NEWEST);
		club_end(&c);
	}
	expect_ok(wire_finish(&w));
	FILE *f = fopen(path, "wb");
	expect(f && fwrite(out.p, 1, out.n, f) == out.n && !fclose(f));
	buf_done(&out);
}

/* --- reading --- */

/* Those of the suites that this build has, to the front. */
static size_t readable(struct saved_club *clubs)
{
	size_t n = 0;
	for (size_t i = 0; i < SUITES; i++)
		if (suite_find(clubs[i].suite))
			clubs[n++] = clubs[i];
	expect_eq(n, suite_find(SUITE_P256_AES128) ? SUITES : SUITES - 1);
	return n;
}

static size_t file_read(int version, struct saved_club out[SUITES])
{
	static uint8_t bytes[FILE_BYTES];
	struct wire w;
	memset(out, 0, SUITES * sizeof *out);
	static const char *const names[] = { FIXTURES "/groups_1", FIXTURES "/groups_2",
					     FIXTURES "/groups_3", FIXTURES "/groups_4" };
	FILE *f = fopen(names[version - 1], "rb");
	expect(f != NULL);
	if (!f)
		return 0;
	size_t n = fread(bytes, 1, sizeof bytes, f);
	fclose(f);
	wire_reader(&w, view_make(bytes, n), NULL);
	for (size_t i = 0; i < SUITES; i++)
		wire_club(&w, &out[i], version);
	uc_err err = wire_finish(&w);
	expect_ok(err);
	return err ? 0 : readable(out);
}

static void club_load(const struct saved_club *s)
{
	club_begin(&c, suite_find(s->suite));
	for (size_t i = 0; i < MEMBERS; i++) {
		struct person *p = &c.people[i];
		snprintf(p->name, sizeof p->name, "person %zu", i);
		expect_ok(group_load(&c.platform, s->members[i].epoch, s->members[i].ratchets,
				     &p->g));
	}
	expect_ok(public_group_load(test_env(), &c.hooks, s->server, &c.server));
}

static void club_goes_on(const struct saved_club *s)
{
	struct received got;
	struct person *one = &c.people[1];
	club_agrees(&c);
	expect_eq(group_epoch(one->g), 3);
	read_by(one, s->late, LATE);
	read_by(one, s->overtaken, ASIDE);
	read_by(one, s->unread, UNREAD);
	expect_err(group_receive(one->g, s->unread, &c.mem, &got), UC_E_DECRYPT);
	expect_eq(group_proposal_count(one->g), 1);
	expect_eq(public_group_proposal_count(c.server), 1);
	/* The proposal is carried out; who wanted to go is gone. */
	club_commit(&c, one, &(struct commit_options){ .force_path = true });
	expect_eq(club_count(&c), 2);
	club_talks(&c, &c.people[0], "in the next version");
	struct proposal add = add_of(&c, club_person(&c, 5));
	club_commit_proposals(&c, &c.people[0], &add, 1);
	club_talks(&c, &c.people[5], "so this is the club");
}

TEST(groups_of_each_version_are_gone_on_with)
{
	struct saved_club clubs[SUITES];
	for (int version = 1; version <= NEWEST; version++)
		for (size_t i = file_read(version, clubs); i--;) {
			club_load(&clubs[i]);
			club_goes_on(&clubs[i]);
			club_end(&c);
		}
}

TEST(a_closed_group_stays_closed)
{
	struct saved_club clubs[SUITES];
	for (size_t i = file_read(NEWEST, clubs); i--;) {
		struct group *g = NULL;
		struct view message;
		club_begin(&c, suite_find(clubs[i].suite));
		expect_ok(group_load(&c.platform, clubs[i].closed.epoch, clubs[i].closed.ratchets,
				     &g));
		const struct re_init *r = g ? group_reinit_of(g) : NULL;
		expect(r != NULL);
		if (r) {
			expect_bytes(r->group_id, VIEW_LIT("the next club"));
			expect_eq(r->cipher_suite, 7);
			expect_eq(r->extensions.v[0].extension_type, 0xf00d);
			expect_err(group_encrypt(g, view_make(NULL, 0), VIEW_LIT("x"), 0, &c.mem,
						 &message),
				   UC_E_CLOSED);
			expect_bytes(saved(g, group_save_epoch), clubs[i].closed.epoch);
		}
		group_free(g);
		club_end(&c);
	}
}

static void as_was(const struct saved_member *m, struct group **g)
{
	expect_ok(group_load(&c.platform, m->epoch, m->ratchets, g));
	expect_bytes(saved(*g, group_save_epoch), m->epoch);
	expect_bytes(saved(*g, group_save_ratchets), m->ratchets);
}

TEST(keys_that_wait_for_their_epoch)
{
	struct saved_club clubs[SUITES];
	for (size_t i = file_read(NEWEST, clubs); i--;) {
		struct group *one = NULL, *two = NULL;
		struct received got;
		struct made_commit made;
		club_begin(&c, suite_find(clubs[i].suite));
		as_was(&clubs[i].renewing, &one);
		as_was(&clubs[i].updating, &two);
		/* The Update is committed, by the one whose own commit loses. */
		expect_ok(group_receive(one, clubs[i].update, &c.mem, &got));
		group_pending_drop(one);
		expect_ok(group_commit(one, &(struct commit_options){ .force_path = true }, &c.mem,
				       &made));
		struct view old = sign_public(group_signature_key(two));
		expect_ok(arena_copy(&c.mem, old, &old));
		expect_ok(group_receive(two, made.commit, &c.mem, &got));
		expect_ok(group_staged_apply(two));
		expect(!view_equal(sign_public(group_signature_key(two)), old));
		group_free(two);
		group_free(one);
		one = two = NULL;
		/* Its own commit wins. */
		as_was(&clubs[i].renewing, &one);
		old = sign_public(group_signature_key(one));
		expect_ok(arena_copy(&c.mem, old, &old));
		expect_ok(group_receive(one, clubs[i].renewal, &c.mem, &got));
		expect_eq(got.kind, RECEIVED_OWN_COMMIT);
		expect_ok(group_pending_apply(one));
		expect(!view_equal(sign_public(group_signature_key(one)), old));
		expect_bytes(tree_leaf_find(group_now(one).tree, group_own_leaf(one), LEAF_ROOM)
				     ->signature_key,
			     sign_public(group_signature_key(one)));
		group_free(one);
		club_end(&c);
	}
}

/* Nothing of the newest form that is loaded and saved again has changed. */
TEST(they_are_written_as_they_were)
{
	struct saved_club clubs[SUITES];
	for (size_t i = file_read(NEWEST, clubs); i--;) {
		club_load(&clubs[i]);
		for (size_t m = 0; m < MEMBERS; m++) {
			const struct saved_member *was = &clubs[i].members[m];
			struct group *g = c.people[m].g;
			expect_bytes(saved(g, group_save_epoch), was->epoch);
			expect_bytes(saved(g, group_save_ratchets), was->ratchets);
		}
		expect_bytes(server_saved(&c), clubs[i].server);
		club_end(&c);
	}
}

/* --- journals --- */

/* Each member goes on from a journal of what it was loaded from. */
TEST(groups_of_each_version_move_into_journals)
{
	struct saved_club clubs[SUITES];
	for (int version = 1; version <= NEWEST; version++)
		for (size_t i = file_read(version, clubs); i--;) {
			club_load(&clubs[i]);
			c.journals = true;
			club_goes_on(&clubs[i]);
			club_end(&c);
		}
}

/* tests/fixtures/journal_1: of each suite a member's journal and root, made once when
 * UNDERCROFT_JOURNAL_FIXTURE names the file; with it what comes next, and where that leads. */
struct saved_journal {
	uint16_t suite;
	struct view journal, root;
	struct view late, skipped, read, unread, commit; /* to it; read: before it was written */
	struct view authenticator;                       /* after the commit */
};

static void wire_saved_journal(struct wire *w, struct saved_journal *s)
{
	wire_u16(w, &s->suite);
	wire_bytes(w, &s->journal);
	wire_bytes(w, &s->root);
	wire_bytes(w, &s->late);
	wire_bytes(w, &s->skipped);
	wire_bytes(w, &s->read);
	wire_bytes(w, &s->unread);
	wire_bytes(w, &s->commit);
	wire_bytes(w, &s->authenticator);
}

/* Person 2 keeps a journal with every kind of record in it. */
static void journal_make(struct saved_journal *s, const struct suite *suite)
{
	const struct commit_options path = { .force_path = true };
	struct made_commit made = { .commit = { NULL, 0 } };
	struct view update = { NULL, 0 };
	struct received got;
	club_with(&c, suite, MEMBERS);
	c.restarts = false;
	c.journals = true;
	struct person *p = &c.people[2];
	s->suite = suite->id;
	s->late = said(&c.people[0], LATE);
	club_commit(&c, &c.people[1], &path);
	s->skipped = said(&c.people[0], ASIDE);
	s->read = said(&c.people[0], "overtakes");
	read_by(p, s->read, "overtakes");
	/* Proposals of another and of its own; club_deliver_proposal writes the journal. */
	expect_ok(group_propose_update(c.people[1].g, &c.mem, &update));
	club_deliver_proposal(&c, &c.people[1], update);
	expect_ok(group_propose_update(p->g, &c.mem, &update));
	expect_ok(group_receive(c.people[0].g, update, &c.mem, &got));
	expect_ok(group_receive(c.people[1].g, update, &c.mem, &got));
	s->unread = said(&c.people[0], UNREAD);
	person_keep(p);
	s->journal = buf_view(&p->journal);
	s->root = buf_view(&p->root);
	expect_ok(group_commit(c.people[0].g, &path, &c.mem, &made));
	expect_ok(group_pending_apply(c.people[0].g));
	s->commit = made.commit;
	s->authenticator = group_epoch_authenticator(c.people[0].g);
}

TEST(make_journals_when_asked)
{
	const char *path = getenv("UNDERCROFT_JOURNAL_FIXTURE");
	struct buf out;
	struct wire w;
	if (!path) {
		test_skip("UNDERCROFT_JOURNAL_FIXTURE names no file to write");
		return;
	}
	buf_init_secret(&out, FILE_BYTES);
	wire_writer(&w, &out);
	for (size_t i = 0; i < SUITES; i++) {
		struct saved_journal s;
		journal_make(&s, suite_at(i));
		wire_saved_journal(&w, &s);
		club_end(&c);
	}
	expect_ok(wire_finish(&w));
	FILE *f = fopen(path, "wb");
	expect(f && fwrite(out.p, 1, out.n, f) == out.n && !fclose(f));
	buf_done(&out);
}

static void journal_goes_on(const struct saved_journal *s)
{
	struct person *p = &c.people[2];
	struct received got;
	size_t used = 0;
	club_begin(&c, suite_find(s->suite));
	expect_ok(group_journal_open(&c.platform, s->root, s->journal, &used, &p->g));
	expect_eq(used, s->journal.n);
	if (!p->g)
		return;
	expect_eq(group_proposal_count(p->g), 2);
	expect_err(group_receive(p->g, s->read, &c.mem, &got), UC_E_DECRYPT);
	read_by(p, s->late, LATE);
	read_by(p, s->skipped, ASIDE);
	read_by(p, s->unread, UNREAD);
	/* Both Updates are in it: our leaf has the key that waited in the journal. */
	expect_ok(group_receive(p->g, s->commit, &c.mem, &got));
	expect_eq(got.change->updated.n, 2);
	expect_ok(group_staged_apply(p->g));
	expect_bytes(group_epoch_authenticator(p->g), s->authenticator);
	club_end(&c);
}

TEST(journals_of_each_version_are_gone_on_with)
{
	static uint8_t bytes[FILE_BYTES];
	struct wire w;
	size_t read = 0;
	FILE *f = fopen(FIXTURES "/journal_1", "rb");
	expect(f != NULL);
	if (!f)
		return;
	size_t n = fread(bytes, 1, sizeof bytes, f);
	fclose(f);
	wire_reader(&w, view_make(bytes, n), NULL);
	for (size_t i = 0; i < SUITES; i++) {
		struct saved_journal s = { .suite = 0 };
		wire_saved_journal(&w, &s);
		if (w.failed || !suite_find(s.suite))
			continue;
		journal_goes_on(&s);
		read++;
	}
	expect_ok(wire_finish(&w));
	expect_eq(read, suite_find(SUITE_P256_AES128) ? SUITES : SUITES - 1);
}

/* --- later ones --- */

static struct view later(struct view v)
{
	struct view copy = { NULL, 0 };
	expect_ok(arena_copy(&c.mem, v, &copy));
	if (copy.n > 1)
		((uint8_t *)(uintptr_t)copy.p)[1]++; /* of the arena, ours to change */
	return copy;
}

TEST(groups_of_a_later_version_are_refused)
{
	struct saved_club clubs[SUITES];
	for (size_t i = file_read(NEWEST, clubs); i--;) {
		const struct saved_club *s = &clubs[i];
		const struct saved_member *m = &s->members[0];
		struct group *g = NULL;
		struct public_group *p = NULL;
		club_begin(&c, suite_find(s->suite));
		expect_err(group_load(&c.platform, later(m->epoch), m->ratchets, &g), UC_E_VERSION);
		expect_err(group_load(&c.platform, m->epoch, later(m->ratchets), &g), UC_E_VERSION);
		expect_err(public_group_load(test_env(), &c.hooks, later(s->server), &p),
			   UC_E_VERSION);
		expect(!g && !p);
		club_end(&c);
	}
}
