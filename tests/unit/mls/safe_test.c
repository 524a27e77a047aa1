/* SPDX-License-Identifier: Apache-2.0 */
/* The safe interfaces of draft-ietf-mls-extensions-10: labels byte by byte, and keys of a group that
 * serve one component and no other. */
#include "tests/unit/mls/members.h"

#include "mls/group_journal.h"
#include "mls/group_safe.h"
#include "mls/safe.h"

static struct club c;

enum { BOARD = 0x8001, CHESS = 0x8002 };
#define LABEL VIEW_LIT("move")

/* "MLS 1.0 ", then the ComponentOperationLabel of component 0x8001 and label "move", then "e4". */
static struct view labelled_by_hand(void)
{
	return test_hex("1d"
			"4d4c5320312e3020"             /* "MLS 1.0 " */
			"0d4d4c5320436f6d706f6e656e74" /* "MLS Component" */
			"8001"
			"046d6f7665" /* "move" */
			"026534");
}

TEST(a_label_byte_by_byte)
{
	struct view label;
	struct arena a;
	arena_init(&a, 1 << 16, ARENA_PLAIN);
	expect_ok(component_label(BOARD, LABEL, &a, &label));
	expect_bytes(label, test_hex("0d4d4c5320436f6d706f6e656e74"
				     "8001"
				     "046d6f7665"));
	expect_ok(component_label(0, VIEW_LIT(""), &a, &label));
	expect_bytes(label, test_hex("0d4d4c5320436f6d706f6e656e74"
				     "0000"
				     "00"));
	arena_done(&a);
}

TEST(signatures_are_over_those_bytes)
{
	struct arena a;
	struct sign_key key;
	struct view ours, theirs;
	arena_init(&a, 1 << 20, ARENA_PLAIN);
	for (size_t i = 0; suite_at(i); i++) {
		const struct suite *s = suite_at(i);
		expect_ok(sign_key_generate(s, test_env(), &key));
		expect_ok(safe_sign_with_label(s, &key, test_env(), BOARD, LABEL, VIEW_LIT("e4"),
					       &a, &ours));
		expect_ok(verify_labelled(s, sign_public(&key), labelled_by_hand(), ours));
		expect_ok(sign_labelled(s, &key, test_env(), labelled_by_hand(), &a, &theirs));
		expect_ok(safe_verify_with_label(s, sign_public(&key), BOARD, LABEL, VIEW_LIT("e4"),
						 theirs));
		/* And nothing else is signed by it. */
		expect_err(safe_verify_with_label(s, sign_public(&key), CHESS, LABEL,
						  VIEW_LIT("e4"), ours),
			   UC_E_SIGNATURE);
		expect_err(safe_verify_with_label(s, sign_public(&key), BOARD, VIEW_LIT("Move"),
						  VIEW_LIT("e4"), ours),
			   UC_E_SIGNATURE);
		expect_err(safe_verify_with_label(s, sign_public(&key), BOARD, LABEL,
						  VIEW_LIT("e5"), ours),
			   UC_E_SIGNATURE);
		sign_key_wipe(&key);
	}
	arena_done(&a);
}

TEST(encryption_is_under_those_bytes)
{
	struct arena a;
	struct kem_key key, other;
	struct view kem, ct, pt;
	arena_init(&a, 1 << 20, ARENA_SECRET);
	for (size_t i = 0; suite_at(i); i++) {
		const struct suite *s = suite_at(i);
		expect_ok(kem_key_generate(s, test_env(), &key));
		expect_ok(kem_key_generate(s, test_env(), &other));
		expect_ok(safe_encrypt_with_label(s, test_env(), kem_public(&key), BOARD, LABEL,
						  VIEW_LIT("e4"), VIEW_LIT("psst"), &a, &kem, &ct));
		expect_ok(hpke_open(s, &key, kem, labelled_by_hand(), VIEW_LIT(""), ct, &a, &pt));
		expect_bytes(pt, VIEW_LIT("psst"));
		expect_err(safe_decrypt_with_label(s, &key, CHESS, LABEL, VIEW_LIT("e4"), kem, ct,
						   &a, &pt),
			   UC_E_DECRYPT);
		expect_err(safe_decrypt_with_label(s, &key, BOARD, VIEW_LIT("m"), VIEW_LIT("e4"),
						   kem, ct, &a, &pt),
			   UC_E_DECRYPT);
		expect_err(safe_decrypt_with_label(s, &key, BOARD, LABEL, VIEW_LIT(""), kem, ct, &a,
						   &pt),
			   UC_E_DECRYPT);
		expect_err(safe_decrypt_with_label(s, &other, BOARD, LABEL, VIEW_LIT("e4"), kem, ct,
						   &a, &pt),
			   UC_E_DECRYPT);
		expect_ok(hpke_seal(s, test_env(), kem_public(&key), labelled_by_hand(),
				    VIEW_LIT(""), VIEW_LIT("back"), &a, &kem, &ct));
		expect_ok(safe_decrypt_with_label(s, &key, BOARD, LABEL, VIEW_LIT("e4"), kem, ct,
						  &a, &pt));
		expect_bytes(pt, VIEW_LIT("back"));
		kem_key_wipe(&key);
		kem_key_wipe(&other);
	}
	arena_done(&a);
}

/* A label of any length, zeros in it: longer than any of RFC 9420's own. */
TEST(a_long_label)
{
	static uint8_t label[700];
	struct arena a;
	struct sign_key key;
	struct view sig;
	const struct suite *s = suite_at(0);
	arena_init(&a, 1 << 20, ARENA_PLAIN);
	expect_ok(sign_key_generate(s, test_env(), &key));
	expect_ok(safe_sign_with_label(s, &key, test_env(), BOARD, VIEW_OF(label), VIEW_LIT(""), &a,
				       &sig));
	expect_ok(safe_verify_with_label(s, sign_public(&key), BOARD, VIEW_OF(label), VIEW_LIT(""),
					 sig));
	label[699] = 1;
	expect_err(safe_verify_with_label(s, sign_public(&key), BOARD, VIEW_OF(label), VIEW_LIT(""),
					  sig),
		   UC_E_SIGNATURE);
	sign_key_wipe(&key);
	arena_done(&a);
}

/* --- in a group --- */

TEST(members_sign_for_a_component)
{
	struct view sig, old;
	club_with(&c, suite_at(0), 4);
	struct group *by = c.people[1].g;
	uint32_t leaf = group_own_leaf(by);
	expect_ok(group_safe_sign(by, BOARD, LABEL, VIEW_LIT("e4"), &c.mem, &sig));
	for (size_t i = 0; i < 4; i++) {
		const struct group *g = c.people[i].g;
		expect_ok(group_safe_verify(g, leaf, BOARD, LABEL, VIEW_LIT("e4"), sig));
		expect_err(group_safe_verify(g, leaf, CHESS, LABEL, VIEW_LIT("e4"), sig),
			   UC_E_SIGNATURE);
		expect_err(group_safe_verify(g, (leaf + 1) % 4, BOARD, LABEL, VIEW_LIT("e4"), sig),
			   UC_E_SIGNATURE);
		expect_err(group_safe_verify(g, 9, BOARD, LABEL, VIEW_LIT("e4"), sig),
			   UC_E_NOT_FOUND);
	}
	/* With a new key, the new one counts. */
	struct sign_key key = c.people[1].key;
	expect_ok(sign_key_generate(c.suite, test_env(), &c.people[1].key));
	const struct commit_options o = { .leaf = &c.people[1].leaf };
	club_commit(&c, &c.people[1], &o);
	old = sig;
	expect_ok(group_safe_sign(c.people[1].g, BOARD, LABEL, VIEW_LIT("e4"), &c.mem, &sig));
	expect_ok(group_safe_verify(c.people[0].g, leaf, BOARD, LABEL, VIEW_LIT("e4"), sig));
	expect_err(group_safe_verify(c.people[0].g, leaf, BOARD, LABEL, VIEW_LIT("e4"), old),
		   UC_E_SIGNATURE);
	sign_key_wipe(&key);
	club_end(&c);
}

TEST(to_one_leaf)
{
	struct safe_ciphertext ct;
	struct view pt;
	for (size_t i = 0; suite_at(i); i++) {
		club_with(&c, suite_at(i), 4);
		uint32_t leaf = group_own_leaf(c.people[2].g);
		expect_ok(group_safe_encrypt_to(c.people[0].g, leaf, BOARD, LABEL, VIEW_LIT("x"),
						VIEW_LIT("for two"), &c.mem, &ct));
		expect_ok(group_safe_decrypt(c.people[2].g, BOARD, LABEL, VIEW_LIT("x"), &ct,
					     &c.mem, &pt));
		expect_bytes(pt, VIEW_LIT("for two"));
		expect_err(group_safe_decrypt(c.people[2].g, CHESS, LABEL, VIEW_LIT("x"), &ct,
					      &c.mem, &pt),
			   UC_E_DECRYPT);
		expect_err(group_safe_decrypt(c.people[1].g, BOARD, LABEL, VIEW_LIT("x"), &ct,
					      &c.mem, &pt),
			   UC_E_DECRYPT);
		expect_err(group_safe_encrypt_to(c.people[0].g, 7, BOARD, LABEL, VIEW_LIT("x"),
						 VIEW_LIT("nobody"), &c.mem, &ct),
			   UC_E_NOT_FOUND);
		/* It survives commits of others, and not the receiver's own. */
		club_commit_proposals(&c, &c.people[0], NULL, 0);
		expect_ok(group_safe_decrypt(c.people[2].g, BOARD, LABEL, VIEW_LIT("x"), &ct,
					     &c.mem, &pt));
		club_commit_proposals(&c, &c.people[2], NULL, 0);
		expect_err(group_safe_decrypt(c.people[2].g, BOARD, LABEL, VIEW_LIT("x"), &ct,
					      &c.mem, &pt),
			   UC_E_DECRYPT);
		club_end(&c);
	}
}

/* external_pub of a GroupInfo, as one from outside sees it. */
static struct view external_pub_of(struct view group_info)
{
	struct group_info info;
	struct view pub = { NULL, 0 };
	expect_ok(wire_decode(group_info, &c.mem, group_info_element, &info));
	const struct extension *e = extension_find(&info.extensions, EXTENSION_EXTERNAL_PUB);
	expect(e);
	if (e)
		expect_ok(wire_decode(e->extension_data, &c.mem, bytes_element, &pub));
	return pub;
}

TEST(to_all_from_inside_and_outside)
{
	struct safe_ciphertext inside, outside;
	struct view pt, info;
	club_with(&c, suite_at(0), 4);
	expect_ok(group_safe_encrypt_to_all(c.people[0].g, BOARD, LABEL, VIEW_LIT(""),
					    VIEW_LIT("all"), &c.mem, &inside));
	expect_ok(group_info_make(c.people[3].g, &c.mem, &info));
	expect_ok(safe_encrypt_with_label(c.suite, test_env(), external_pub_of(info), BOARD, LABEL,
					  VIEW_LIT(""), VIEW_LIT("knock"), &c.mem,
					  &outside.kem_output, &outside.ciphertext));
	for (size_t i = 0; i < 4; i++) {
		expect_ok(group_safe_decrypt_to_all(c.people[i].g, BOARD, LABEL, VIEW_LIT(""),
						    &inside, &c.mem, &pt));
		expect_bytes(pt, VIEW_LIT("all"));
		expect_ok(group_safe_decrypt_to_all(c.people[i].g, BOARD, LABEL, VIEW_LIT(""),
						    &outside, &c.mem, &pt));
		expect_bytes(pt, VIEW_LIT("knock"));
		expect_err(group_safe_decrypt_to_all(c.people[i].g, CHESS, LABEL, VIEW_LIT(""),
						     &inside, &c.mem, &pt),
			   UC_E_DECRYPT);
	}
	club_commit_proposals(&c, &c.people[1], NULL, 0);
	expect_err(group_safe_decrypt_to_all(c.people[0].g, BOARD, LABEL, VIEW_LIT(""), &inside,
					     &c.mem, &pt),
		   UC_E_DECRYPT);
	club_end(&c);
}

TEST(to_a_key_package)
{
	struct view kem, ct, pt;
	club_begin(&c, suite_at(0));
	const struct proposal add = add_of(&c, club_person(&c, 0));
	expect_ok(safe_encrypt_with_label(c.suite, test_env(), add.key_package.init_key, BOARD,
					  LABEL, VIEW_LIT("hi"), VIEW_LIT("before you are here"),
					  &c.mem, &kem, &ct));
	expect_ok(safe_decrypt_with_label(c.suite, &c.people[0].secrets.init_key, BOARD, LABEL,
					  VIEW_LIT("hi"), kem, ct, &c.mem, &pt));
	expect_bytes(pt, VIEW_LIT("before you are here"));
	club_end(&c);
}

/* --- exported secrets --- */

static bool holds(struct view saved, struct view secret)
{
	for (size_t i = 0; i + secret.n <= saved.n; i++)
		if (view_equal(view_slice(saved, i, secret.n), secret))
			return true;
	return false;
}

TEST(a_secret_is_exported_once)
{
	struct secret first, other;
	for (size_t i = 0; suite_at(i); i++) {
		club_with(&c, suite_at(i), 3);
		expect_ok(group_safe_export(c.people[0].g, BOARD, &first));
		expect_eq(first.n, c.suite->nh);
		expect_err(group_safe_export(c.people[0].g, BOARD, &other), UC_E_NOT_FOUND);
		person_restart(&c, &c.people[0]);
		expect(!group_safe_export_is_left(c.people[0].g, BOARD));
		expect(group_safe_export_is_left(c.people[0].g, CHESS));
		expect_err(group_safe_export(c.people[0].g, BOARD, &other), UC_E_NOT_FOUND);
		/* What is at rest gives it to nobody; the others still have theirs. */
		expect(!holds(person_saved(&c, &c.people[0]), secret_view(&first)));
		expect_ok(group_safe_export(c.people[0].g, CHESS, &other));
		expect(!secret_equal(&first, &other));
		for (size_t k = 1; k < 3; k++) {
			expect_ok(group_safe_export(c.people[k].g, BOARD, &other));
			expect(secret_equal(&first, &other));
		}
		/* A new epoch, a new secret; the one before has none any more. */
		club_commit_proposals(&c, &c.people[1], NULL, 0);
		expect(group_safe_export_is_left(c.people[0].g, BOARD));
		expect_ok(group_safe_export(c.people[0].g, BOARD, &other));
		expect(!secret_equal(&first, &other));
		club_end(&c);
	}
}

/* What was saved last is what counts after a crash: so one saves before the secret is used. */
TEST(a_crash_before_the_save)
{
	struct secret first, again;
	struct buf epoch, before, after;
	struct group *g = NULL;
	club_with(&c, suite_at(0), 2);
	buf_init_secret(&epoch, 1 << 20);
	buf_init_secret(&before, 1 << 20);
	buf_init_secret(&after, 1 << 20);
	expect_ok(group_save_epoch(c.people[0].g, &epoch));
	expect_ok(group_save_ratchets(c.people[0].g, &before));
	expect_ok(group_safe_export(c.people[0].g, BOARD, &first));
	expect_ok(group_save_ratchets(c.people[0].g, &after));
	/* The epoch's part need not be written again. */
	expect_ok(group_load(&c.platform, buf_view(&epoch), buf_view(&before), &g));
	expect_ok(group_safe_export(g, BOARD, &again));
	expect(secret_equal(&first, &again));
	group_free(g);
	g = NULL;
	expect_ok(group_load(&c.platform, buf_view(&epoch), buf_view(&after), &g));
	expect_err(group_safe_export(g, BOARD, &again), UC_E_NOT_FOUND);
	group_free(g);
	buf_done(&epoch);
	buf_done(&before);
	buf_done(&after);
	club_end(&c);
}

/* The journal: the transaction of an export comes with a root by which what was there before it cannot
 * be read any more. */
TEST(an_export_in_the_journal)
{
	struct buf journal, root, next;
	struct secret first, again;
	struct group *g = NULL;
	size_t used, before;
	club_with(&c, suite_at(0), 2);
	buf_init_secret(&journal, 1 << 20);
	buf_init_secret(&root, 1 << 20);
	buf_init_secret(&next, 1 << 20);
	expect_ok(group_journal_snapshot(c.people[0].g, &journal, &root));
	before = journal.n;
	expect_ok(group_safe_export(c.people[0].g, BOARD, &first));
	expect_ok(group_journal_take(c.people[0].g, &journal, &next));
	expect(journal.n > before && next.n);
	expect_ok(group_journal_open(&c.platform, buf_view(&next), buf_view(&journal), &used, &g));
	expect_eq(used, journal.n);
	expect_err(group_safe_export(g, BOARD, &again), UC_E_NOT_FOUND);
	expect_ok(group_safe_export(g, CHESS, &again));
	group_free(g);
	/* A crash before any of it was stored. */
	g = NULL;
	expect_ok(group_journal_open(&c.platform, buf_view(&root), view_make(journal.p, before),
				     &used, &g));
	expect_ok(group_safe_export(g, BOARD, &again));
	expect(secret_equal(&first, &again));
	group_free(g);
	buf_done(&journal);
	buf_done(&root);
	buf_done(&next);
	club_end(&c);
}

/* A commit that waits, or was looked at and dropped, takes nothing away. */
TEST(exports_and_commits_that_are_not_applied)
{
	struct made_commit made;
	struct received got;
	struct secret mine, theirs;
	const struct commit_options o = { .force_path = true };
	club_with(&c, suite_at(0), 2);
	expect_ok(group_safe_export(c.people[0].g, BOARD, &mine));
	expect_ok(group_commit(c.people[0].g, &o, &c.mem, &made));
	person_restart(&c, &c.people[0]);
	expect_err(group_safe_export(c.people[0].g, BOARD, &theirs), UC_E_NOT_FOUND);
	group_pending_drop(c.people[0].g);
	expect_err(group_safe_export(c.people[0].g, BOARD, &theirs), UC_E_NOT_FOUND);
	expect_ok(group_receive(c.people[1].g, made.commit, &c.mem, &got));
	expect_ok(group_safe_export(c.people[1].g, BOARD, &theirs));
	expect(secret_equal(&mine, &theirs));
	group_staged_drop(c.people[1].g);
	club_end(&c);
}

TEST(who_is_not_in_has_nothing)
{
	struct secret out;
	struct view v;
	struct received got;
	struct made_commit made;
	struct safe_ciphertext ct = { .kem_output = { NULL, 0 } };
	struct proposal p;
	struct app_ack ack;
	club_with(&c, suite_at(0), 3);
	p = remove_of(&c.people[2]);
	const struct commit_options o = { .proposals = &p, .proposal_count = 1 };
	expect_ok(group_commit(c.people[0].g, &o, &c.mem, &made));
	expect_ok(group_receive(c.people[2].g, made.commit, &c.mem, &got));
	expect_ok(group_staged_apply(c.people[2].g));
	struct group *g = c.people[2].g;
	expect_err(group_safe_export(g, BOARD, &out), UC_E_REMOVED);
	expect(!group_safe_export_is_left(g, BOARD));
	expect_err(group_safe_sign(g, BOARD, LABEL, VIEW_LIT(""), &c.mem, &v), UC_E_REMOVED);
	expect_err(group_safe_verify(g, 0, BOARD, LABEL, VIEW_LIT(""), VIEW_LIT("")), UC_E_REMOVED);
	expect_err(
		group_safe_encrypt_to(g, 0, BOARD, LABEL, VIEW_LIT(""), VIEW_LIT(""), &c.mem, &ct),
		UC_E_REMOVED);
	expect_err(group_safe_decrypt(g, BOARD, LABEL, VIEW_LIT(""), &ct, &c.mem, &v),
		   UC_E_REMOVED);
	expect_err(
		group_safe_encrypt_to_all(g, BOARD, LABEL, VIEW_LIT(""), VIEW_LIT(""), &c.mem, &ct),
		UC_E_REMOVED);
	expect_err(group_safe_decrypt_to_all(g, BOARD, LABEL, VIEW_LIT(""), &ct, &c.mem, &v),
		   UC_E_REMOVED);
	expect_err(group_app_ack(g, &c.mem, &ack), UC_E_REMOVED);
	club_end(&c);
}

/* --- pre-shared keys of components --- */

/* One key for each component and id. */
static uc_err component_key(void *ctx, const struct pre_shared_key_id *id, struct secret *out)
{
	const uint8_t component[2] = { (uint8_t)(id->component_id >> 8),
				       (uint8_t)id->component_id };
	const struct view parts[] = { VIEW_OF(component), id->psk_id };
	uint8_t key[SHA256_BYTES];
	(void)ctx;
	if (id->psktype != PSK_APPLICATION || id->component_id == CHESS)
		return UC_E_PSK;
	TRY(sha256_parts(parts, 2, key));
	return secret_set(out, VIEW_OF(key));
}

TEST(keys_of_components)
{
	struct proposal v[3];
	struct made_commit made;
	struct view encoded;
	club_with(&c, suite_at(0), 3);
	c.psks.find = component_key;
	expect_ok(group_component_psk(c.people[0].g, BOARD, VIEW_LIT("password"), &c.mem, &v[0]));
	/* struct { PSKType = 3; ComponentID; opaque psk_id<V>; opaque psk_nonce<V>; } */
	expect_ok(wire_encode_to(&c.mem, pre_shared_key_id_element, &v[0].psk, &encoded));
	expect_bytes(view_slice(encoded, 0, 12), test_hex("03"
							  "8001"
							  "0870617373776f7264"));
	expect_eq(encoded.n, 12 + 1 + c.suite->nh);
	/* The same id of another component is another key, and both may stand in one commit. */
	expect_ok(group_component_psk(c.people[0].g, 0x8003, VIEW_LIT("password"), &c.mem, &v[1]));
	v[2] = add_of(&c, club_person(&c, 3));
	club_commit_proposals(&c, &c.people[0], v, 3);
	club_talks(&c, &c.people[3], "we know both");
	/* One that is not known, and one twice. */
	expect_ok(group_component_psk(c.people[0].g, CHESS, VIEW_LIT("password"), &c.mem, &v[1]));
	struct commit_options o = { .proposals = v, .proposal_count = 2 };
	expect_err(group_commit(c.people[0].g, &o, &c.mem, &made), UC_E_PSK);
	v[1] = v[0]; /* with the nonce: that is the same */
	expect_err(group_commit(c.people[0].g, &o, &c.mem, &made), UC_E_UNEXPECTED);
	club_end(&c);
}

/* The way from one group into another that combiners go: what one exports, the other takes in. */
static struct secret exported;

static uc_err exported_key(void *ctx, const struct pre_shared_key_id *id, struct secret *out)
{
	(void)ctx;
	if (id->psktype != PSK_APPLICATION || id->component_id != BOARD ||
	    !view_equal(id->psk_id, VIEW_LIT("from the other group")))
		return UC_E_PSK;
	return secret_set(out, secret_view(&exported));
}

TEST(an_exported_secret_goes_into_another_group)
{
	static struct club two;
	struct proposal psk;
	struct received got;
	struct made_commit made;
	club_with(&c, suite_at(0), 2);
	club_with(&two, suite_at(1), 2);
	two.psks.find = exported_key;
	expect_ok(group_safe_export(c.people[0].g, BOARD, &exported));
	expect_ok(group_component_psk(two.people[0].g, BOARD, VIEW_LIT("from the other group"),
				      &two.mem, &psk));
	const struct commit_options o = { .proposals = &psk, .proposal_count = 1 };
	expect_ok(group_commit(two.people[0].g, &o, &two.mem, &made));
	/* Another secret than that does not lead into the epoch. */
	expect_ok(group_safe_export(c.people[0].g, CHESS, &exported));
	expect_err(group_receive(two.people[1].g, made.commit, &two.mem, &got), UC_E_MAC);
	expect_ok(group_safe_export(c.people[1].g, BOARD, &exported));
	club_deliver(&two, &two.people[0], &made);
	club_talks(&two, &two.people[1], "both groups");
	club_end(&two);
	club_end(&c);
}
