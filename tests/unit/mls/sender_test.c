/* SPDX-License-Identifier: Apache-2.0 */
/* What RFC 9420 asks of who sends, and no receiver can check: fresh guards (6.3.1), a key for each
 * message (9.1) and no message longer than one key is good for (6.3.1, 15.2), KeyPackages with keys
 * of their own (10), commits before words (12.4). */
#include "mls/group_inside.h"

#include "tests/unit/mls/members.h"

#include <string.h>

static struct club c;

/* --- a generator that is listened to --- */

enum { HEARD_MAX = 64 };
static struct {
	uint8_t b[HEARD_MAX][4]; /* what was asked for as four bytes */
	size_t n, calls;
	bool ends; /* it has no more */
} heard;

static uint64_t now_ms(void *ctx)
{
	(void)ctx;
	return test_now_ms;
}

static uc_err listened(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	heard.calls++;
	if (heard.ends)
		return UC_E_RANDOM;
	TRY(env_random(test_env(), out, n));
	if (n == 4 && heard.n < HEARD_MAX)
		memcpy(heard.b[heard.n++], out, n);
	return UC_OK;
}

static const struct env listening = { .now_ms = now_ms, .random = listened };

static struct person *alice(void)
{
	return &c.people[0];
}

static void begin(size_t suite)
{
	club_with(&c, suite_at(suite), 3);
	alice()->g->platform.env = &listening;
	memset(&heard, 0, sizeof heard);
}

static struct view say(struct view text, size_t bucket)
{
	struct view message;
	expect_ok(group_encrypt(alice()->g, view_make(NULL, 0), text, bucket, &c.mem, &message));
	return message;
}

static struct private_message taken_apart(struct view message)
{
	struct mls_message m;
	expect_ok(wire_decode(message, &c.mem, mls_message_element, &m));
	expect_eq(m.wire_format, MLS_PRIVATE_MESSAGE);
	return m.private_message;
}

/* The sender data, as every member opens it. */
static struct sender_data opened(const struct private_message *m)
{
	const struct suite *s = c.suite;
	const struct sender_data_aad aad = { m->group_id, m->epoch, m->content_type };
	struct view secret = secret_view(&alice()->g->now->secrets.sender_data_secret);
	struct view sample = view_slice(m->ciphertext, 0, s->nh), bytes;
	uint8_t key[AEAD_KEY_MAX], nonce[AEAD_NONCE_MAX], plain[12];
	struct sender_data out = { .leaf_index = 77 };
	expect_ok(expand_with_label(s, secret, "key", sample, key, s->nk));
	expect_ok(expand_with_label(s, secret, "nonce", sample, nonce, s->nn));
	expect_ok(wire_encode_to(&c.mem, sender_data_aad_element, &aad, &bytes));
	expect_ok(suite_open(s, view_make(key, s->nk), view_make(nonce, s->nn), bytes,
			     m->encrypted_sender_data, plain));
	expect_ok(wire_decode(VIEW_OF(plain), &c.mem, sender_data_element, &out));
	return out;
}

/* Does the content open with this key, the nonce being XORed with the guard or not? */
static bool opens(const struct private_message *m, const struct message_key *k,
		  const uint8_t guard[4])
{
	const struct private_content_aad aad = { m->group_id, m->epoch, m->content_type,
						 m->authenticated_data };
	struct view bytes;
	uint8_t nonce[AEAD_NONCE_MAX];
	uint8_t *plain = arena_take(&c.mem, m->ciphertext.n);
	memcpy(nonce, k->nonce, sizeof nonce);
	for (int i = 0; guard && i < 4; i++)
		nonce[i] ^= guard[i];
	expect_ok(wire_encode_to(&c.mem, private_content_aad_element, &aad, &bytes));
	return suite_open(c.suite, view_make(k->key, c.suite->nk), view_make(nonce, c.suite->nn),
			  bytes, m->ciphertext, plain) == UC_OK;
}

/* 6.3.1: "MUST generate a fresh random four-byte reuse guard value and XOR it with the first four
 * bytes of the nonce", and "MUST include the reuse guard in the reuse_guard field". */
TEST(each_message_has_a_fresh_guard)
{
	for (size_t suite = 0; suite_at(suite); suite++) {
		begin(suite);
		uint8_t guards[8][4];
		for (size_t i = 0; i < 8; i++) {
			struct message_key k;
			uint32_t next = secret_tree_next(&alice()->g->now->messages, 0,
							 RATCHET_APPLICATION);
			expect_ok(secret_tree_peek(&alice()->g->now->messages, 0,
						   RATCHET_APPLICATION, next, &k));
			size_t before = heard.n;
			struct private_message m = taken_apart(say(VIEW_LIT("the same"), 0));
			struct sender_data sd = opened(&m);
			expect_eq(sd.leaf_index, 0);
			expect_eq(sd.generation, next);
			/* Drawn for this message alone, and nothing else was taken for it. */
			expect_eq(heard.n, before + 1);
			expect_bytes(VIEW_OF(sd.reuse_guard), VIEW_OF(heard.b[before]));
			memcpy(guards[i], sd.reuse_guard, 4);
			for (size_t before_it = 0; before_it < i; before_it++)
				expect(!view_equal(VIEW_OF(guards[before_it]), VIEW_OF(guards[i])));
			expect(opens(&m, &k, sd.reuse_guard));
			expect(!opens(&m, &k, NULL));
		}
		club_end(&c);
	}
}

/* Handshakes that are private have one, too. */
TEST(private_handshakes_have_a_guard)
{
	struct view message;
	const struct proposal remove = (begin(0), remove_of(&c.people[2]));
	c.wrapping = (struct group_wrapping){ .private_handshakes = true };
	expect_ok(group_propose(alice()->g, &remove, view_make(NULL, 0), &c.mem, &message));
	struct private_message m = taken_apart(message);
	struct sender_data sd = opened(&m);
	expect_eq(heard.n, 1);
	expect_bytes(VIEW_OF(sd.reuse_guard), VIEW_OF(heard.b[0]));
	club_end(&c);
}

/* A generator that fails: nothing goes out under a guard that is none. */
TEST(no_guard_no_message)
{
	struct view message;
	begin(0);
	struct view before = person_saved(&c, alice());
	heard.ends = true;
	expect_err(
		group_encrypt(alice()->g, view_make(NULL, 0), VIEW_LIT("x"), 0, &c.mem, &message),
		UC_E_RANDOM);
	expect_bytes(person_saved(&c, alice()), before);
	heard.ends = false;
	club_talks(&c, alice(), "x");
	club_end(&c);
}

/* --- limits of the AEAD: one message for each key, of bounded length --- */

/* 6.3.1 and 15.2: what may be sealed under one key is counted in messages and bytes.  A key seals
 * one message: the ratchet gives each its own, and gives none again. */
TEST(a_key_for_each_message)
{
	begin(0);
	struct message_key k[16];
	for (uint32_t i = 0; i < 16; i++) {
		expect_ok(secret_tree_peek(&alice()->g->now->messages, 0, RATCHET_APPLICATION, i,
					   &k[i]));
		struct private_message m = taken_apart(say(VIEW_LIT("the same"), 0));
		expect_eq(opened(&m).generation, i);
		struct message_key again;
		expect_err(secret_tree_peek(&alice()->g->now->messages, 0, RATCHET_APPLICATION, i,
					    &again),
			   UC_E_DECRYPT);
		for (uint32_t before = 0; before < i; before++)
			expect(!view_equal(VIEW_OF(k[before].key), VIEW_OF(k[i].key)));
	}
	club_end(&c);
}

/* The most that is sealed at once: 2^26 bytes are 2^22 blocks.  draft-irtf-cfrg-aead-limits gives an
 * attacker who sees that much under one key less than 2^-80 with AES-GCM, whose own limit for a
 * message is 2^36 bytes; ChaCha20-Poly1305 ends at 2^38. */
TEST(messages_are_bounded)
{
	struct view message;
	expect(FRAMING_BYTES_MAX <= (size_t)1 << 26);
	begin(0);
	const struct view huge = view_make(arena_take(&c.mem, 1), FRAMING_BYTES_MAX + 1);
	struct view before = person_saved(&c, alice());
	/* Refused for its length, before a byte of it is read. */
	expect_err(group_encrypt(alice()->g, view_make(NULL, 0), huge, 0, &c.mem, &message),
		   UC_E_TOO_LARGE);
	expect_err(group_encrypt(alice()->g, huge, VIEW_LIT("x"), 0, &c.mem, &message),
		   UC_E_TOO_LARGE);
	/* Nor by padding, which is sealed as well. */
	expect_err(group_encrypt(alice()->g, view_make(NULL, 0), VIEW_LIT("x"),
				 FRAMING_BYTES_MAX + 1000, &c.mem, &message),
		   UC_E_TOO_LARGE);
	expect_bytes(person_saved(&c, alice()), before);
	club_talks(&c, alice(), "shorter");
	club_end(&c);
}

/* --- 10: a KeyPackage's keys are its own --- */

/* init_key "MUST be unique among the set of KeyPackages created by this client", and differs from
 * encryption_key, which is new each time, too. */
TEST(key_packages_share_no_key)
{
	enum { MADE = 32 };
	for (size_t suite = 0; suite_at(suite); suite++) {
		struct view keys[2 * MADE];
		club_begin(&c, suite_at(suite));
		struct person *p = club_person(&c, 0);
		for (size_t i = 0; i < MADE; i++) {
			struct key_package k;
			person_key_package(&c, p);
			expect_ok(wire_decode(p->key_package, &c.mem, key_package_element, &k));
			keys[2 * i] = k.init_key;
			keys[2 * i + 1] = k.leaf_node.encryption_key;
			expect_bytes(k.init_key, kem_public(&p->secrets.init_key));
			expect_bytes(k.leaf_node.encryption_key,
				     kem_public(&p->secrets.encryption_key));
			expect_ok(key_package_check(c.suite, &k, test_now_ms));
		}
		for (size_t i = 0; i < 2 * (size_t)MADE; i++)
			for (size_t other = 0; other < i; other++)
				expect(!view_equal(keys[i], keys[other]));
		club_end(&c);
	}
}

/* "Extensions included in the extensions [...] MUST be included in the leaf_node.capabilities field." */
TEST(key_packages_list_what_they_hold)
{
	struct extension e = { 0xf123, VIEW_LIT("x") };
	const struct extension_list l = { &e, 1 };
	static uint16_t listed[] = { 0xf123 };
	club_begin(&c, suite_at(0));
	struct person *p = club_person(&c, 0);
	struct view bytes = { NULL, 0 };
	expect_err(key_package_make(c.suite, test_env(), &p->leaf, 3600, &l, &c.mem, &bytes,
				    &p->secrets),
		   UC_E_UNEXPECTED);
	expect(!bytes.n);
	p->leaf.capabilities.extensions = (struct u16_list){ listed, 1 };
	expect_ok(key_package_make(c.suite, test_env(), &p->leaf, 3600, &l, &c.mem, &bytes,
				   &p->secrets));
	club_end(&c);
}

/* --- 12.4: what was proposed is committed before words go out --- */

TEST(a_commit_is_due_when_proposals_wait)
{
	struct view message;
	club_with(&c, suite_at(0), 4);
	struct person *bob = &c.people[1], *carol = &c.people[2], *dave = &c.people[3];
	expect(!group_commit_is_due(bob->g));
	const struct proposal remove = remove_of(dave);
	expect_ok(group_propose(alice()->g, &remove, view_make(NULL, 0), &c.mem, &message));
	expect(group_commit_is_due(alice()->g)); /* whoever made it */
	club_deliver_proposal(&c, alice(), message);
	expect(group_commit_is_due(bob->g));
	/* It is another's task where the commit cannot be one's own. */
	expect(!group_commit_is_due(dave->g));
	/* Until it is done, a restart does not make one forget. */
	person_restart(&c, bob);
	expect(group_commit_is_due(bob->g));
	club_commit_proposals(&c, bob, NULL, 0);
	expect(!dave->g);
	expect(!group_commit_is_due(alice()->g) && !group_commit_is_due(bob->g));
	/* Of one's own Update, too: a commit of one's own brings the new key. */
	expect_ok(group_propose_update(carol->g, &c.mem, &message));
	expect(group_commit_is_due(carol->g));
	/* What is no valid proposal makes none due. */
	group_proposal_drop(carol->g, group_proposal_at(carol->g, 0).ref);
	expect(!group_commit_is_due(carol->g));
	/* Who leaves waits to be let go. */
	const struct proposal leave = { .proposal_type = PROPOSAL_SELF_REMOVE };
	expect_ok(group_propose(carol->g, &leave, view_make(NULL, 0), &c.mem, &message));
	club_deliver_proposal(&c, carol, message);
	expect(!group_commit_is_due(carol->g) && group_commit_is_due(bob->g));
	club_commit_proposals(&c, alice(), NULL, 0);
	expect(!group_commit_is_due(bob->g));
	club_talks(&c, bob, "now");
	club_end(&c);
}

/* 15.2: what changes the group is applied before new words are sealed: nobody who was removed reads
 * them. */
TEST(a_staged_commit_comes_before_words)
{
	struct view message;
	struct made_commit made;
	struct received got;
	club_with(&c, suite_at(0), 4);
	struct person *bob = &c.people[1];
	const struct proposal remove = remove_of(&c.people[3]);
	const struct commit_options o = { .proposals = &remove, .proposal_count = 1 };
	expect_ok(group_commit(alice()->g, &o, &c.mem, &made));
	expect_ok(group_receive(bob->g, made.commit, &c.mem, &got));
	struct view before = person_saved(&c, bob);
	expect_err(group_encrypt(bob->g, view_make(NULL, 0), VIEW_LIT("x"), 0, &c.mem, &message),
		   UC_E_PENDING);
	expect_bytes(person_saved(&c, bob), before);
	/* One's own that waits for the hub's word is no change yet. */
	expect_ok(
		group_encrypt(alice()->g, view_make(NULL, 0), VIEW_LIT("x"), 0, &c.mem, &message));
	group_staged_drop(bob->g);
	expect_ok(group_encrypt(bob->g, view_make(NULL, 0), VIEW_LIT("x"), 0, &c.mem, &message));
	expect_ok(group_receive(bob->g, made.commit, &c.mem, &got));
	expect_ok(group_staged_apply(bob->g));
	expect_ok(group_encrypt(bob->g, view_make(NULL, 0), VIEW_LIT("x"), 0, &c.mem, &message));
	expect_err(group_receive(c.people[3].g, message, &c.mem, &got), UC_E_EPOCH_FUTURE);
	club_end(&c);
}
