/* SPDX-License-Identifier: Apache-2.0 */
/* The lives of groups in which every secret is marked: private keys and what they are made of, shared
 * secrets, everything derived from them, pre-shared keys, what members say.  Everybody is saved and
 * loaded at every step.  Run by valgrind (scripts/check-secrets), which reports each branch and each
 * address that depends on one. */
#include "tests/unit/mls/members.h"

static const struct suite *of(uint16_t id)
{
	const struct suite *s = suite_find(id);
	expect(s);
	return s;
}

/* What is said is a secret until it is sealed. */
static struct view say(struct club *c, struct person *by, const char *text)
{
	struct view words, message = { NULL, 0 };
	expect_ok(arena_copy(&c->mem, view_str(text), &words));
	secret_mark(words.p, words.n);
	expect_ok(group_encrypt(by->g, VIEW_LIT("aad"), words, 128, &c->mem, &message));
	return message;
}

static uc_err hear(struct club *c, struct person *p, struct view message)
{
	struct received got;
	return group_receive(p->g, message, &c->mem, &got);
}

/* Late, early, forged, and again. */
static void messages(struct club *c, struct person *from, struct person *to)
{
	struct view m[4];
	uint8_t *forged;
	for (size_t i = 0; i < 4; i++)
		m[i] = say(c, from, "words");
	expect_ok(hear(c, to, m[2]));
	expect_ok(hear(c, to, m[0]));
	expect_err(hear(c, to, m[2]), UC_E_DECRYPT);
	forged = arena_take(&c->mem, m[1].n);
	if (!forged)
		return;
	for (size_t i = 1; i < 60; i += 7) {
		memcpy(forged, m[1].p, m[1].n);
		forged[m[1].n - i] ^= 1; /* in ciphertext, tag and sealed sender data */
		expect(hear(c, to, view_make(forged, m[1].n)) != UC_OK);
	}
	expect_ok(hear(c, to, m[1]));
	expect_ok(hear(c, to, m[3]));
	person_restart(c, from);
	person_restart(c, to);
}

static void forged_commit(struct club *c, struct person *by, struct person *to)
{
	const struct commit_options o = { .force_path = true };
	struct made_commit made = { .welcome = { NULL, 0 } };
	expect_ok(group_commit(by->g, &o, &c->mem, &made));
	uint8_t *forged = arena_take(&c->mem, made.commit.n);
	if (!forged)
		return;
	memcpy(forged, made.commit.p, made.commit.n);
	forged[made.commit.n - 1] ^= 1; /* the membership_tag's last byte */
	expect(hear(c, to, view_make(forged, made.commit.n)) != UC_OK);
	club_deliver(c, by, &made);
}

static void keys_and_exports(struct club *c)
{
	uint8_t exported[48];
	c->psk_count = 1;
	c->known[0].id = VIEW_LIT("known to all");
	secret_mark(c->known[0].key, sizeof c->known[0].key);
	struct proposal psk = psk_of(c, c->known[0].id);
	club_commit_proposals(c, &c->people[1], &psk, 1);
	expect_ok(group_export(c->people[0].g, "label", VIEW_LIT("context"), exported,
			       sizeof exported));
}

/* Through its journal, whose parts are sealed. */
static void journal(struct club *c, struct person *p)
{
	struct group *again = NULL;
	size_t used = 0;
	person_keep(p);
	secret_release(p->root.p, p->root.n); /* as it comes from a store */
	expect_ok(group_journal_open(&c->platform, buf_view(&p->root), buf_view(&p->journal), &used,
				     &again));
	expect_eq(used, p->journal.n);
	group_free(p->g);
	p->g = again;
}

static void life(uint16_t suite, bool private_handshakes)
{
	struct club *c = calloc(1, sizeof *c);
	struct view update;
	if (!c)
		return;
	club_with(c, of(suite), 4);
	c->wrapping.private_handshakes = private_handshakes;
	messages(c, &c->people[1], &c->people[3]);
	if (!private_handshakes)
		forged_commit(c, &c->people[2], &c->people[0]);
	keys_and_exports(c);
	expect_ok(group_propose_update(c->people[3].g, &c->mem, &update));
	club_deliver_proposal(c, &c->people[3], update);
	const struct commit_options o = { .force_path = true };
	club_commit(c, &c->people[0], &o);
	const struct proposal remove = remove_of(&c->people[2]);
	club_commit_proposals(c, &c->people[1], &remove, 1);
	if (!private_handshakes) /* which the club's server follows */
		club_join_external(c, club_person(c, 4), TREE_NONE);
	journal(c, &c->people[0]);
	messages(c, &c->people[0], &c->people[1]);
	journal(c, &c->people[0]);
	club_agrees(c);
	club_end(c);
	free(c);
}

TEST(nothing_depends_on_secrets_of_suite_1)
{
	life(SUITE_X25519_AES128, false);
}

TEST(nor_of_suite_3_with_private_handshakes)
{
	life(SUITE_X25519_CHACHA, true);
}

TEST(nor_of_suite_2_beyond_libcryptos_numbers)
{
	life(SUITE_P256_AES128, false);
}

TEST(nor_of_suite_4)
{
	life(SUITE_X448_AES256, true);
}
