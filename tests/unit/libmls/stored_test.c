/* SPDX-License-Identifier: Apache-2.0 */
/* Groups at rest: nothing is lost by a restart at any step, and nothing is had twice. */
#include "tests/unit/libmls/crew.h"

#define SUITE MLS_X25519_AES128GCM_SHA256_ED25519

static const struct mls_bytes nothing;
static const struct mls_commit path = { .force_path = true };

static void all_restart(struct sailor *crew, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (crew[i].group)
			sailor_restart(&crew[i]);
}

TEST(a_group_goes_on_after_a_restart_at_any_step)
{
	struct sailor crew[3];
	struct mls_made made;
	struct mls_bytes proposed, said;
	struct mls_received got;
	struct mls_proposal_list waiting;
	crew_begin(crew, 3, SUITE);
	for (unsigned round = 0; round < 6; round++) {
		struct sailor *by = &crew[round % 3], *other = &crew[(round + 1) % 3];
		all_restart(crew, 3);
		/* Our own Update waits with its key, others' proposals wait, too. */
		expect_ok(mls_group_propose_update(by->group, NULL, by->out, &proposed));
		for (size_t i = 0; i < 3; i++)
			if (&crew[i] != by)
				expect_ok(mls_group_receive(crew[i].group, proposed, crew[i].out,
							    &got));
		all_restart(crew, 3);
		expect_ok(mls_group_proposals(by->group, by->out, &waiting));
		expect_eq(waiting.n, 1);
		expect_ok(mls_group_protect(by->group, bytes_of("sealed"), nothing, 0, by->out,
					    &said));
		all_restart(crew, 3);
		expect_ok(mls_group_commit(other->group, &path, other->out, &made));
		all_restart(crew, 3);
		expect(mls_group_has_pending(other->group));
		crew_deliver(crew, 3, other, &made);
		all_restart(crew, 3);
		expect_ok(mls_group_receive(other->group, said, other->out, &got));
		expect_bytes(view_of(got.data), VIEW_LIT("sealed"));
	}
	crew_end(crew, 3);
}

TEST(what_was_read_once_is_not_read_again_after_a_restart)
{
	struct sailor crew[2];
	struct mls_bytes said;
	struct mls_received got;
	crew_begin(crew, 2, SUITE);
	for (unsigned i = 0; i < 80; i++) {
		expect_ok(mls_group_protect(crew[0].group, bytes_of("once"), nothing, 0,
					    crew[0].out, &said));
		sailor_restart(&crew[0]);
		expect_ok(mls_group_receive(crew[1].group, said, crew[1].out, &got));
		sailor_restart(&crew[1]);
		expect_err(mls_group_receive(crew[1].group, said, crew[1].out, &got), UC_E_DECRYPT);
	}
	crew_end(crew, 2);
}

TEST(nothing_is_written_when_nothing_changed)
{
	struct sailor s;
	struct mls_writes w = { .is_whole = false };
	struct mls_bytes said;
	uint8_t name[2][MLS_JOURNAL_NAME];
	sailor_begin(&s, "writes", SUITE, NULL);
	sailor_create(&s, SUITE, "g", (struct mls_extensions){ NULL, 0 });
	expect_ok(mls_group_writes(s.group, s.out, &w));
	expect(w.is_whole && w.journal.n && w.root.n);
	expect_ok(mls_journal_name(w.root, name[0]));
	expect_ok(mls_group_writes(s.group, s.out, &w));
	expect(!w.is_whole && !w.journal.n && !w.root.n);
	expect_ok(mls_group_protect(s.group, bytes_of("x"), nothing, 0, s.out, &said));
	expect_ok(mls_group_writes(s.group, s.out, &w));
	expect(!w.is_whole && w.journal.n && w.journal.n < 1024);
	expect_ok(mls_group_forget_after(s.group, 1));
	expect_ok(mls_group_protect(s.group, bytes_of("x"), nothing, 0, s.out, &said));
	expect_ok(mls_group_writes(s.group, s.out, &w));
	expect(!w.is_whole && w.journal.n && w.root.n);
	expect_ok(mls_group_writes_whole(s.group, s.out, &w));
	expect(w.is_whole && w.journal.n && w.root.n);
	expect_ok(mls_journal_name(w.root, name[1]));
	expect(!view_equal(VIEW_OF(name[0]), VIEW_OF(name[1])));
	sailor_end(&s);
}

TEST(what_could_not_be_handed_out_is_handed_out_later)
{
	struct sailor crew[2];
	struct mls_writes w = { .root = { NULL, 77 } };
	struct mls_made made;
	mls_out *small;
	unsigned refused = 0;
	crew_begin(crew, 2, SUITE);
	sailor_store(&crew[0]);
	expect_ok(mls_group_commit(crew[0].group, &path, crew[0].out, &made));
	crew_deliver(crew, 2, &crew[0], &made);
	expect_ok(mls_out_new(64, &small));
	for (unsigned i = 0; i < 3; i++) {
		uc_err err = mls_group_writes(crew[0].group, small, &w);
		refused += err == UC_E_LIMIT;
		expect(w.root.n == 77);
	}
	expect_eq(refused, 3);
	mls_out_free(small);
	sailor_restart(&crew[0]);
	crew_agrees(crew, 2);
	crew_end(crew, 2);
}

TEST(damaged_storage_is_refused)
{
	struct sailor s;
	mls_group *g = NULL;
	size_t used = 77;
	sailor_begin(&s, "damaged", SUITE, NULL);
	sailor_create(&s, SUITE, "g", (struct mls_extensions){ NULL, 0 });
	sailor_store(&s);
	const struct mls_bytes root = { s.root.p, s.root.n };
	const struct mls_bytes journal = { s.journal.p, s.journal.n };
	for (size_t i = 0; i < journal.n; i += 5) {
		s.journal.p[i] ^= 1;
		expect(mls_group_open(s.client, root, journal, &used, &g));
		s.journal.p[i] ^= 1;
		expect(mls_group_open(s.client, root, (struct mls_bytes){ journal.p, i }, &used,
				      &g));
	}
	for (size_t i = 0; i < root.n; i++) {
		s.root.p[i] ^= 1;
		expect(mls_group_open(s.client, root, journal, &used, &g));
		s.root.p[i] ^= 1;
	}
	expect(!g && used == 77);
	/* A transaction that was never finished is cut off. */
	buf_add_str(&s.journal, "torn");
	expect_ok(mls_group_open(s.client, root, (struct mls_bytes){ s.journal.p, s.journal.n },
				 &used, &g));
	expect_eq(used, journal.n);
	mls_group_free(g);
	sailor_end(&s);
}
