/* SPDX-License-Identifier: Apache-2.0 */
/* A commit is processed once: what it changes can be looked at, and applying or dropping it costs no
 * cryptography, which is counted. */
#include "tests/unit/mls/members.h"

#include "undercroft/mls_crypto.h"

static struct club c;

/* --- a table that counts, around the built-in one --- */

static struct counts {
	size_t public_key; /* of every kind */
	size_t symmetric;  /* hashes, MACs, AEADs */
} counts;

static const struct mls_crypto *inner(void)
{
	return mls_crypto_builtin();
}

static uc_err count_hash(void *ctx, uint16_t kdf, const struct mls_bytes *parts, size_t n,
			 uint8_t *out)
{
	counts.symmetric++;
	return inner()->hash(ctx, kdf, parts, n, out);
}

static uc_err count_hmac(void *ctx, uint16_t kdf, struct mls_bytes key,
			 const struct mls_bytes *parts, size_t n, uint8_t *out)
{
	counts.symmetric++;
	return inner()->hmac(ctx, kdf, key, parts, n, out);
}

static uc_err count_seal(void *ctx, uint16_t aead, struct mls_bytes key, struct mls_bytes nonce,
			 struct mls_bytes aad, struct mls_bytes plaintext, uint8_t *ciphertext)
{
	counts.symmetric++;
	return inner()->seal(ctx, aead, key, nonce, aad, plaintext, ciphertext);
}

static uc_err count_open(void *ctx, uint16_t aead, struct mls_bytes key, struct mls_bytes nonce,
			 struct mls_bytes aad, struct mls_bytes ciphertext, uint8_t *plaintext)
{
	counts.symmetric++;
	return inner()->open(ctx, aead, key, nonce, aad, ciphertext, plaintext);
}

static uc_err count_derive(void *ctx, uint16_t kem, struct mls_bytes ikm, uint8_t *priv,
			   uint8_t *pub)
{
	counts.public_key++;
	return inner()->kem_derive(ctx, kem, ikm, priv, pub);
}

static uc_err count_kem_check(void *ctx, uint16_t kem, struct mls_bytes pub)
{
	counts.public_key++;
	return inner()->kem_check(ctx, kem, pub);
}

static uc_err count_encap(void *ctx, uint16_t kem, const struct mls_random *random,
			  struct mls_bytes pub, uint8_t *secret, uint8_t *enc)
{
	counts.public_key++;
	return inner()->kem_encap(ctx, kem, random, pub, secret, enc);
}

static uc_err count_decap(void *ctx, uint16_t kem, struct mls_bytes priv, struct mls_bytes pub,
			  struct mls_bytes enc, uint8_t *secret)
{
	counts.public_key++;
	return inner()->kem_decap(ctx, kem, priv, pub, enc, secret);
}

static uc_err count_sign_check(void *ctx, uint16_t id, struct mls_bytes pub)
{
	counts.public_key++;
	return inner()->sign_check(ctx, id, pub);
}

static uc_err count_sign(void *ctx, uint16_t id, const struct mls_random *random,
			 struct mls_bytes priv, struct mls_bytes pub, struct mls_bytes message,
			 uint8_t *signature, size_t *n)
{
	counts.public_key++;
	return inner()->sign(ctx, id, random, priv, pub, message, signature, n);
}

static uc_err count_verify(void *ctx, uint16_t id, struct mls_bytes pub, struct mls_bytes message,
			   struct mls_bytes signature)
{
	counts.public_key++;
	return inner()->verify(ctx, id, pub, message, signature);
}

static struct crypto counting;

static void begin(size_t suite, size_t n)
{
	static struct mls_crypto table;
	struct proposal adds[CLUB_MAX];
	table = *inner();
	table.hash = count_hash;
	table.hmac = count_hmac;
	table.seal = count_seal;
	table.open = count_open;
	table.kem_derive = count_derive;
	table.kem_check = count_kem_check;
	table.kem_encap = count_encap;
	table.kem_decap = count_decap;
	table.sign_check = count_sign_check;
	table.sign = count_sign;
	table.verify = count_verify;
	expect_ok(crypto_init(&counting, &table));
	club_begin(&c, crypto_suite(&counting, suite_at(suite)->id));
	c.platform.crypto = &counting;
	c.restarts = false;
	struct extension_list extensions = club_extensions(&c, NULL);
	club_create(&c, &extensions);
	for (size_t i = 1; i < n; i++)
		adds[i - 1] = add_of(&c, club_person(&c, i));
	club_commit_proposals(&c, &c.people[0], adds, n - 1);
}

static void stage(struct person *p, struct view commit)
{
	struct received got;
	counts = (struct counts){ 0 };
	expect_ok(group_receive(p->g, commit, &c.mem, &got));
	expect(counts.public_key > 0 && counts.symmetric > 0); /* it does count */
	counts = (struct counts){ 0 };
}

/* Staged twice, dropped once; applied; and everybody is there. */
static void at_no_cost(size_t suite, bool private)
{
	begin(suite, 16);
	c.wrapping.private_handshakes = private;
	struct proposal both[] = { add_of(&c, club_person(&c, 20)), remove_of(&c.people[9]) };
	const struct commit_options o = { .proposals = both, .proposal_count = 2 };
	struct made_commit made = { .commit = { NULL, 0 } };
	expect_ok(group_commit(c.people[0].g, &o, &c.mem, &made));
	struct person *p = &c.people[12], *removed = &c.people[9];
	stage(p, made.commit);
	group_staged_drop(p->g);
	expect_eq(counts.public_key + counts.symmetric, 0);
	stage(p, made.commit);
	expect_ok(group_staged_apply(p->g));
	expect_eq(counts.public_key + counts.symmetric, 0);
	stage(removed, made.commit);
	expect_ok(group_staged_apply(removed->g));
	expect_eq(counts.public_key + counts.symmetric, 0);
	counts = (struct counts){ 0 };
	expect_ok(group_pending_apply(c.people[0].g));
	expect_eq(counts.public_key + counts.symmetric, 0);
	expect_bytes(group_epoch_authenticator(p->g), group_epoch_authenticator(c.people[0].g));
	club_end(&c);
}

TEST(applying_costs_no_cryptography)
{
	for (size_t i = 0; suite_at(i); i++) {
		at_no_cost(i, false);
		at_no_cost(i, true);
	}
}

TEST(nor_does_it_at_a_server)
{
	struct public_received got;
	begin(0, 8);
	const struct commit_options o = { .force_path = true };
	struct made_commit made = { .commit = { NULL, 0 } };
	struct view info, tree;
	struct public_group *s = NULL;
	expect_ok(group_info_make(c.people[0].g, &c.mem, &info));
	expect_ok(group_ratchet_tree(c.people[0].g, &c.mem, &tree));
	expect_ok(public_group_new_on(&c.platform, info, tree, &s));
	expect_ok(group_commit(c.people[0].g, &o, &c.mem, &made));
	counts = (struct counts){ 0 };
	expect_ok(public_group_receive(s, made.commit, &c.mem, &got));
	expect(counts.public_key > 0);
	counts = (struct counts){ 0 };
	public_group_drop(s);
	expect_eq(counts.public_key + counts.symmetric, 0);
	expect_ok(public_group_receive(s, made.commit, &c.mem, &got));
	counts = (struct counts){ 0 };
	expect_ok(public_group_apply(s));
	expect_eq(counts.public_key + counts.symmetric, 0);
	public_group_free(s);
	club_end(&c);
}

/* --- what is seen --- */

static const struct group_change *seen_by(struct person *p, struct view commit)
{
	struct received got = { .change = NULL };
	expect_ok(group_receive(p->g, commit, &c.mem, &got));
	expect(got.change);
	return got.change;
}

static struct view data_of(const struct view *v)
{
	return v ? *v : view_make(NULL, 0);
}

TEST(whose_leaf_changes_in_what)
{
	struct view message;
	struct sign_key key;
	club_with(&c, suite_at(0), 5);
	/* One updates its key alone, one its name and signature key; the committer its extensions. */
	expect_ok(group_propose_update(c.people[1].g, &c.mem, &message));
	club_deliver_proposal(&c, &c.people[1], message);
	struct leaf_parameters as = c.people[2].leaf;
	as.signature_key = &key;
	as.credential.identity = VIEW_LIT("another name");
	expect_ok(sign_key_generate(c.suite, test_env(), &key));
	expect_ok(group_propose_update_as(c.people[2].g, &as, &c.mem, &message));
	club_deliver_proposal(&c, &c.people[2], message);
	struct leaf_parameters less = c.people[0].leaf;
	less.capabilities.cipher_suites.n--;
	const struct commit_options o = { .leaf = &less };
	struct made_commit made = { .commit = { NULL, 0 } };
	expect_ok(group_commit(c.people[0].g, &o, &c.mem, &made));
	const struct group_change *change = seen_by(&c.people[3], made.commit);
	expect_eq(change->leaves.n, 3);
	const struct leaf_change *l = change->leaves.v;
	expect(l[0].leaf == 1 && !l[0].by_path && !l[0].credential && !l[0].signature_key &&
	       !l[0].capabilities && !l[0].extensions);
	expect(!view_equal(l[0].before.encryption_key, l[0].after.encryption_key));
	expect(l[1].leaf == 2 && l[1].credential && l[1].signature_key && !l[1].capabilities);
	expect_bytes(l[1].before.credential.identity, VIEW_LIT("person 2"));
	expect_bytes(l[1].after.credential.identity, VIEW_LIT("another name"));
	expect_bytes(l[1].after.signature_key, sign_public(&key));
	expect(l[2].leaf == 0 && l[2].by_path && l[2].capabilities && !l[2].credential);
	expect(!change->extensions.n && !change->components.n && !change->psks.n);
	/* The maker and the server see the same. */
	struct public_received got;
	expect_eq(made.change.leaves.n, 3);
	expect_ok(public_group_receive(c.server, made.commit, &c.mem, &got));
	expect_eq(got.change->leaves.n, 3);
	expect(got.change->leaves.v[1].credential);
	public_group_drop(c.server);
	group_staged_drop(c.people[3].g);
	snprintf(c.people[2].name, sizeof c.people[2].name, "another name");
	club_deliver(&c, &c.people[0], &made);
	club_end(&c);
}

static struct proposal app_data(uint16_t id, const char *text)
{
	return (struct proposal){ .proposal_type = PROPOSAL_APP_DATA_UPDATE,
				  .app_data_update = { .component_id = id,
						       .op = text ? APP_DATA_UPDATE
								  : APP_DATA_REMOVE,
						       .update = view_str(text) } };
}

TEST(which_data_changes)
{
	club_with(&c, suite_at(0), 3);
	c.known[0] = (struct club_psk){ VIEW_LIT("the key"), { 1 } };
	c.psk_count = 1;
	struct proposal first[] = { app_data(0x8001, "one"), app_data(0x8002, "two") };
	club_commit_proposals(&c, &c.people[0], first, 2);
	struct proposal next[] = { app_data(0x8000, "zero"), app_data(0x8001, NULL),
				   app_data(0x8002, "two"), psk_of(&c, VIEW_LIT("the key")) };
	const struct commit_options o = { .proposals = next, .proposal_count = 4 };
	struct made_commit made = { .commit = { NULL, 0 } };
	expect_ok(group_commit(c.people[0].g, &o, &c.mem, &made));
	const struct group_change *change = seen_by(&c.people[2], made.commit);
	/* What is set to what it was is no change. */
	expect_eq(change->components.n, 2);
	const struct data_change *d = change->components.v;
	expect(d[0].type == 0x8000 && !d[0].before);
	expect_bytes(data_of(d[0].after), VIEW_LIT("zero"));
	expect(d[1].type == 0x8001 && !d[1].after);
	expect_bytes(data_of(d[1].before), VIEW_LIT("one"));
	expect_eq(change->extensions.n, 1);
	expect_eq(change->extensions.v[0].type, EXTENSION_APP_DATA_DICTIONARY);
	expect(change->extensions.v[0].before && change->extensions.v[0].after);
	expect_eq(change->psks.n, 1);
	expect_bytes(change->psks.v[0].psk_id, VIEW_LIT("the key"));
	group_staged_drop(c.people[2].g);
	club_deliver(&c, &c.people[0], &made);
	club_end(&c);
}

TEST(who_comes_back_in_whose_place)
{
	club_with(&c, suite_at(0), 3);
	struct person *p = &c.people[1];
	uint32_t old = group_own_leaf(p->g);
	const struct proposal remove = { .proposal_type = PROPOSAL_REMOVE, .removed = old };
	struct external_join in = { .leaf = &p->leaf, .proposals = &remove, .proposal_count = 1 };
	struct view commit, info;
	struct group *fresh = NULL;
	expect_ok(group_info_make(c.people[0].g, &c.mem, &in.group_info));
	expect_ok(group_ratchet_tree(c.people[0].g, &c.mem, &in.ratchet_tree));
	expect_ok(group_join_external(&c.platform, &in, &c.mem, &commit, &info, &fresh));
	const struct group_change *change = seen_by(&c.people[2], commit);
	expect(change->is_external && change->leaves.n == 0);
	expect_eq(change->replaced, old);
	group_staged_drop(c.people[2].g);
	change = seen_by(&c.people[2], commit);
	expect_eq(change->replaced, old);
	group_staged_drop(c.people[2].g);
	group_free(fresh);
	/* Without a Remove nobody is replaced; nor by a member's Remove. */
	in.proposal_count = 0;
	struct person *q = club_person(&c, 7);
	in.leaf = &q->leaf;
	expect_ok(group_join_external(&c.platform, &in, &c.mem, &commit, &info, &fresh));
	change = seen_by(&c.people[2], commit);
	expect_eq(change->replaced, TREE_NONE);
	group_staged_drop(c.people[2].g);
	group_free(fresh);
	const struct commit_options o = { .proposals = &remove, .proposal_count = 1 };
	struct made_commit made = { .commit = { NULL, 0 } };
	expect_ok(group_commit(c.people[0].g, &o, &c.mem, &made));
	change = seen_by(&c.people[2], made.commit);
	expect_eq(change->replaced, TREE_NONE);
	expect_eq(change->removed.n, 1);
	club_end(&c);
}
