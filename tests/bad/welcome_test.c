/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 9420, 12.4.3.1: Welcomes that do not lead into a group.  A Welcome is opened with the
 * newcomer's keys, changed inside, and sealed again. */
#include "tests/bad/rules.h"

static struct club c;
static struct made_commit made;

/* What is inside, with the keys it is sealed under. */
struct welcome_forge {
	struct welcome outside;
	struct group_secrets secrets;
	struct group_info info;
	struct secret psk_secret;
	const struct sign_key *signer;
	bool signs;    /* the GroupInfo again */
	bool tags;     /* it anew, as of these secrets */
	size_t info_n; /* 0: all of the sealed GroupInfo; else cut */
};

static struct person *newcomer(void)
{
	return &c.people[3];
}

static uc_err join(struct view welcome, struct view tree)
{
	const struct welcome_input in = { welcome, tree, newcomer()->key_package,
					  &newcomer()->secrets };
	struct group *g = NULL;
	uc_err err = group_join(&c.platform, &in, &g);
	expect(!g == (err != UC_OK));
	group_free(g);
	return err;
}

static void keys(const struct welcome_forge *f, struct secret *key, struct secret *nonce)
{
	struct secret welcome_secret;
	expect_ok(welcome_secret_derive(c.suite, f->secrets.joiner_secret,
					secret_view(&f->psk_secret), &welcome_secret));
	expect_ok(welcome_key_derive(c.suite, secret_view(&welcome_secret), key, nonce));
}

static struct welcome_forge open(void)
{
	struct welcome_forge f = { .signer = &c.people[0].key };
	struct encrypted_group_secrets *e;
	struct secret key, nonce;
	struct view plain;
	expect_ok(wire_decode(made.welcome, &c.mem, welcome_element, &f.outside));
	e = &f.outside.secrets.v[0];
	expect_ok(decrypt_with_label(c.suite, &newcomer()->secrets.init_key, "Welcome",
				     f.outside.encrypted_group_info,
				     e->encrypted_group_secrets.kem_output,
				     e->encrypted_group_secrets.ciphertext, &c.mem, &plain));
	expect_ok(wire_decode(plain, &c.mem, group_secrets_element, &f.secrets));
	keys(&f, &key, &nonce);
	size_t n = f.outside.encrypted_group_info.n - AEAD_TAG;
	uint8_t *info = arena_take(&c.mem, n);
	expect_ok(suite_open(c.suite, secret_view(&key), secret_view(&nonce), view_make(NULL, 0),
			     f.outside.encrypted_group_info, info));
	expect_ok(wire_decode(view_make(info, n), &c.mem, group_info_element, &f.info));
	return f;
}

/* As a committer tags an epoch that begins with these secrets and this context. */
static void tag(struct welcome_forge *f)
{
	struct epoch_secrets e;
	struct view context;
	uint8_t *out = arena_take(&c.mem, HASH_MAX);
	expect_ok(wire_encode_to(&c.mem, group_context_element, &f->info.group_context, &context));
	expect_ok(epoch_secrets_from_joiner(c.suite, f->secrets.joiner_secret,
					    secret_view(&f->psk_secret), context, &e));
	expect_ok(confirmation_tag_make(c.suite, &e,
					f->info.group_context.confirmed_transcript_hash, out));
	f->info.confirmation_tag = view_make(out, c.suite->nh);
}

static struct view seal(struct welcome_forge *f)
{
	struct secret key, nonce;
	struct view encoded, tbs, out;
	struct encrypted_group_secrets *e = &f->outside.secrets.v[0];
	struct key_package k;
	if (f->tags)
		tag(f);
	if (f->signs || f->tags) {
		expect_ok(wire_encode_to(&c.mem, group_info_tbs_element, &f->info, &tbs));
		expect_ok(sign_with_label(c.suite, f->signer, test_env(), "GroupInfoTBS", tbs,
					  &c.mem, &f->info.signature));
	}
	keys(f, &key, &nonce);
	expect_ok(wire_encode_to(&c.mem, group_info_element, &f->info, &encoded));
	uint8_t *sealed = arena_take(&c.mem, encoded.n + AEAD_TAG);
	expect_ok(suite_seal(c.suite, secret_view(&key), secret_view(&nonce), view_make(NULL, 0),
			     encoded, sealed));
	f->outside.encrypted_group_info =
		view_make(sealed, f->info_n ? f->info_n : encoded.n + AEAD_TAG);
	expect_ok(wire_encode_to(&c.mem, group_secrets_element, &f->secrets, &encoded));
	expect_ok(wire_decode(newcomer()->key_package, &c.mem, key_package_element, &k));
	expect_ok(encrypt_with_label(c.suite, test_env(), k.init_key, "Welcome",
				     f->outside.encrypted_group_info, encoded, &c.mem,
				     &e->encrypted_group_secrets.kem_output,
				     &e->encrypted_group_secrets.ciphertext));
	expect_ok(wire_encode_to(&c.mem, welcome_element, &f->outside, &out));
	return out;
}

/* A group of three that adds a fourth, with a path. */
static void begin(void)
{
	club_with(&c, suite_at(0), 3);
	const struct proposal add = add_of(&c, club_person(&c, 3));
	const struct commit_options o = { .proposals = &add,
					  .proposal_count = 1,
					  .force_path = true };
	expect_ok(group_commit(c.people[0].g, &o, &c.mem, &made));
}

static void refused_welcome(struct welcome_forge *f, uc_err want)
{
	expect_err(join(seal(f), made.ratchet_tree), want);
}

#define BREAKS_WELCOME(id, f)                                   \
	do {                                                    \
		struct view bad_ = seal(f);                     \
		BREAKS_CALL(id, join(bad_, made.ratchet_tree)); \
	} while (0)

TEST(the_forger_can_welcome)
{
	begin();
	expect_ok(join(made.welcome, made.ratchet_tree));
	struct welcome_forge f = open();
	expect(f.secrets.path_secret);
	refused_welcome(&f, UC_OK);
	f.signs = true;
	refused_welcome(&f, UC_OK);
	f.tags = true;
	refused_welcome(&f, UC_OK);
	club_end(&c);
}

TEST(for_another_key_package)
{
	begin();
	struct key_package_secrets secrets = newcomer()->secrets;
	person_key_package(&c, newcomer());
	BREAKS_CALL(WELCOME_NAMES_US, join(made.welcome, made.ratchet_tree));
	/* Under its name, but not for its key. */
	struct welcome_forge f;
	expect_ok(wire_decode(made.welcome, &c.mem, welcome_element, &f.outside));
	uint8_t ref[HASH_MAX];
	struct view out;
	expect_ok(key_package_ref(c.suite, newcomer()->key_package, ref));
	f.outside.secrets.v[0].new_member = view_make(ref, c.suite->nh);
	expect_ok(wire_encode_to(&c.mem, welcome_element, &f.outside, &out));
	BREAKS_CALL(WELCOME_SECRETS_OPEN, join(out, made.ratchet_tree));
	key_package_secrets_wipe(&secrets);
	club_end(&c);
}

TEST(of_another_suite)
{
	struct view out;
	begin();
	struct welcome_forge f = open();
	f.outside.cipher_suite = SUITE_X25519_CHACHA;
	expect_ok(wire_encode_to(&c.mem, welcome_element, &f.outside, &out));
	BREAKS_CALL(WELCOME_SUITE, join(out, made.ratchet_tree));
	f.outside.cipher_suite = 0x7777;
	expect_ok(wire_encode_to(&c.mem, welcome_element, &f.outside, &out));
	BREAKS_CALL(WELCOME_SUITE, join(out, made.ratchet_tree));
	f = open();
	f.info.group_context.cipher_suite = SUITE_X25519_CHACHA;
	f.tags = true;
	BREAKS_WELCOME(INFO_SUITE, &f);
	f = open();
	f.info.group_context.version = 2;
	f.tags = true;
	BREAKS_WELCOME(INFO_VERSION, &f);
	club_end(&c);
}

TEST(damaged_outside)
{
	begin();
	struct view bad = changeable(&c, made.welcome);
	for (size_t i = 0; i < bad.n; i++) {
		flip(bad, i);
		expect(join(bad, made.ratchet_tree) != UC_OK);
		flip(bad, i);
	}
	for (size_t n = 0; n < bad.n; n++)
		expect(join(view_slice(bad, 0, n), made.ratchet_tree) != UC_OK);
	struct welcome_forge f = open();
	struct view out;
	f.outside.encrypted_group_info.n = AEAD_TAG - 1;
	expect_ok(wire_encode_to(&c.mem, welcome_element, &f.outside, &out));
	BREAKS_CALL(WELCOME_SECRETS_OPEN, join(out, made.ratchet_tree));
	/* The secrets are for what is there: then it is that which does not open. */
	static const size_t lengths[] = { 1, AEAD_TAG - 1, AEAD_TAG, AEAD_TAG + 1 };
	for (size_t i = 0; i < 4; i++) {
		f = open();
		f.info_n = lengths[i];
		BREAKS_WELCOME(WELCOME_INFO_OPENS, &f);
	}
	club_end(&c);
}

TEST(signature_and_confirmation_tag)
{
	begin();
	struct welcome_forge f = open();
	f.info.signature = changeable(&c, f.info.signature);
	flip(f.info.signature, 0);
	BREAKS_WELCOME(INFO_SIGNATURE, &f);
	f = open();
	f.info.signature.n = 0;
	BREAKS_WELCOME(INFO_SIGNATURE, &f);
	f = open();
	f.signs = true;
	f.signer = &c.people[1].key;
	BREAKS_WELCOME(INFO_SIGNATURE, &f);
	/* By somebody who is no member, or a blank. */
	f = open();
	f.signs = true;
	f.info.signer = 100;
	BREAKS_WELCOME(INFO_SIGNER, &f);
	f = open();
	f.signs = true;
	struct view right = f.info.confirmation_tag;
	static const size_t lengths[] = { 0, 1, 31 };
	for (size_t i = 0; i < 3; i++) {
		f.info.confirmation_tag = view_slice(right, 0, lengths[i]);
		BREAKS_WELCOME(CONFIRMATION_TAG, &f);
	}
	f.info.confirmation_tag = changeable(&c, right);
	flip(f.info.confirmation_tag, 31);
	BREAKS_WELCOME(CONFIRMATION_TAG, &f);
	club_end(&c);
}

TEST(secrets)
{
	begin();
	struct welcome_forge f = open();
	struct view joiner = f.secrets.joiner_secret;
	f.secrets.joiner_secret = view_slice(joiner, 0, 31);
	f.tags = true;
	BREAKS_WELCOME(JOINER_SECRET_LENGTH, &f);
	f = open();
	f.secrets.joiner_secret = changeable(&c, joiner);
	flip(f.secrets.joiner_secret, 0); /* everything is sealed under that; the tag is not */
	BREAKS_WELCOME(CONFIRMATION_TAG, &f);
	f = open();
	struct view path = changeable(&c, f.secrets.path_secret->path_secret);
	flip(path, 0);
	f.secrets.path_secret->path_secret = path;
	BREAKS_WELCOME(PATH_SECRET_FITS, &f);
	f.secrets.path_secret->path_secret = view_slice(path, 0, 31);
	BREAKS_WELCOME(PATH_SECRET_LENGTH, &f);
	club_end(&c);
}

TEST(for_somebody_else)
{
	struct view out;
	begin();
	struct welcome_forge f = open();
	struct view *ref = &f.outside.secrets.v[0].new_member;
	*ref = changeable(&c, *ref);
	flip(*ref, 0);
	expect_ok(wire_encode_to(&c.mem, welcome_element, &f.outside, &out));
	BREAKS_CALL(WELCOME_NAMES_US, join(out, made.ratchet_tree));
	f.outside.secrets.n = 0;
	expect_ok(wire_encode_to(&c.mem, welcome_element, &f.outside, &out));
	BREAKS_CALL(WELCOME_NAMES_US, join(out, made.ratchet_tree));
	club_end(&c);
}

TEST(psks)
{
	static uint8_t nonce[33];
	begin();
	struct welcome_forge f = open();
	struct pre_shared_key_id id = { .psktype = PSK_EXTERNAL,
					.psk_id = VIEW_LIT("unknown"),
					.psk_nonce = view_make(nonce, 32) };
	f.secrets.psks = (struct pre_shared_key_id_list){ &id, 1 };
	BREAKS_WELCOME(PSK_IS_KNOWN, &f);
	/* A known one, under a nonce of another length. */
	c.known[0] = (struct club_psk){ VIEW_LIT("known"), { 1 } };
	c.psk_count = 1;
	id.psk_id = c.known[0].id;
	const struct psk psk = { &id, VIEW_OF(c.known[0].key) };
	static const size_t lengths[] = { 0, 1, 31, 33 };
	f.tags = true;
	for (size_t i = 0; i < 4; i++) {
		id.psk_nonce.n = lengths[i];
		expect_ok(psk_secret_derive(c.suite, &psk, 1, &f.psk_secret));
		BREAKS_WELCOME(PSK_NONCE, &f);
	}
	id.psk_nonce.n = 32;
	expect_ok(psk_secret_derive(c.suite, &psk, 1, &f.psk_secret));
	refused_welcome(&f, UC_OK);
	club_end(&c);
}

/* The commit that it belongs to cannot have named one PreSharedKeyID twice (12.2); one key it can, with
 * another nonce. */
TEST(one_psk_twice)
{
	static uint8_t nonces[2][32] = { { 1 }, { 2 } };
	begin();
	c.known[0] = (struct club_psk){ VIEW_LIT("known"), { 1 } };
	c.psk_count = 1;
	struct welcome_forge f = open();
	struct pre_shared_key_id ids[2];
	struct psk psks[2];
	for (size_t i = 0; i < 2; i++) {
		ids[i] = (struct pre_shared_key_id){ .psktype = PSK_EXTERNAL,
						     .psk_id = VIEW_LIT("known"),
						     .psk_nonce = VIEW_OF(nonces[i]) };
		psks[i] = (struct psk){ &ids[i], VIEW_OF(c.known[0].key) };
	}
	f.secrets.psks = (struct pre_shared_key_id_list){ ids, 2 };
	f.tags = true;
	expect_ok(psk_secret_derive(c.suite, psks, 2, &f.psk_secret));
	refused_welcome(&f, UC_OK);
	ids[1].psk_nonce = ids[0].psk_nonce;
	expect_ok(psk_secret_derive(c.suite, psks, 2, &f.psk_secret));
	BREAKS_WELCOME(PSK_ONCE, &f);
	club_end(&c);
}

static uc_err any_psk(void *ctx, const struct pre_shared_key_id *id, struct secret *out)
{
	static const uint8_t key[32] = { 3 };
	(void)ctx;
	(void)id;
	return secret_set(out, VIEW_OF(key));
}

/* 11.2, 11.3: a group that goes on from another begins at epoch 1. */
TEST(resumption_for_a_group_that_is_not_new)
{
	static uint8_t nonce[32];
	static const uint8_t key[32] = { 3 };
	begin();
	c.psks.find = any_psk;
	static const uint8_t usages[] = { RESUMPTION_REINIT, RESUMPTION_BRANCH };
	for (size_t i = 0; i < 2; i++) {
		struct welcome_forge f = open();
		struct pre_shared_key_id id = { .psktype = PSK_RESUMPTION,
						.usage = usages[i],
						.psk_group_id = VIEW_LIT("the pub"),
						.psk_epoch = 3,
						.psk_nonce = VIEW_OF(nonce) };
		const struct psk psk = { &id, VIEW_OF(key) };
		expect_ok(psk_secret_derive(c.suite, &psk, 1, &f.psk_secret));
		f.secrets.psks = (struct pre_shared_key_id_list){ &id, 1 };
		/* Nor is that group known, which would be asked next. */
		struct view welcome = seal(&f);
		STANDS_CALL(SUCCESSOR_EPOCH, join(welcome, made.ratchet_tree));
	}
	club_end(&c);
}

static const struct group *there;
static const struct group *find_group(void *ctx, struct view id)
{
	(void)ctx;
	return there && view_equal(group_id(there), id) ? there : NULL;
}

/* "The group_id is unique among the groups that the client is currently participating in." */
TEST(into_a_group_that_one_is_in)
{
	struct group *g = NULL;
	const struct extension_list none = { NULL, 0 };
	begin();
	c.psks.group = find_group;
	expect_ok(group_create(&c.platform, c.suite, VIEW_LIT("the club"), &newcomer()->leaf, &none,
			       &g));
	there = g;
	BREAKS_CALL(GROUP_ID_IS_NEW, join(made.welcome, made.ratchet_tree));
	/* One that was closed is none any more. */
	const struct proposal reinit = {
		.proposal_type = PROPOSAL_REINIT,
		.reinit = { .group_id = VIEW_LIT("new"), .version = MLS10, .cipher_suite = 1 }
	};
	const struct commit_options o = { .proposals = &reinit, .proposal_count = 1 };
	struct made_commit closing;
	expect_ok(group_commit(g, &o, &c.mem, &closing));
	expect_ok(group_pending_apply(g));
	expect_ok(join(made.welcome, made.ratchet_tree));
	there = NULL;
	group_free(g);
	/* Of another name there may be any number. */
	g = NULL;
	expect_ok(group_create(&c.platform, c.suite, VIEW_LIT("the pub"), &newcomer()->leaf, &none,
			       &g));
	there = g;
	expect_ok(join(made.welcome, made.ratchet_tree));
	there = NULL;
	group_free(g);
	club_end(&c);
}

TEST(the_tree_beside_it)
{
	struct view old, bad;
	begin();
	BREAKS_CALL(TREE_IS_THERE, join(made.welcome, view_make(NULL, 0)));
	/* The tree before this commit. */
	expect_ok(group_ratchet_tree(c.people[1].g, &c.mem, &old));
	STANDS_CALL(TREE_HASH, join(made.welcome, old)); /* in which our leaf is not */
	bad = changeable(&c, made.ratchet_tree);
	for (size_t i = 0; i < bad.n; i++) {
		flip(bad, i);
		expect(join(made.welcome, bad) != UC_OK);
		flip(bad, i);
	}
	club_end(&c);
}

/* "Identify a leaf whose LeafNode is identical to the one in the KeyPackage": here the tree has
 * another leaf of the same person. */
TEST(another_leaf_of_ours)
{
	uint8_t ref[HASH_MAX];
	begin();
	struct welcome_forge f = open();
	/* Sealed for a KeyPackage that was made later, with the same signature key. */
	person_key_package(&c, newcomer());
	expect_ok(key_package_ref(c.suite, newcomer()->key_package, ref));
	f.outside.secrets.v[0].new_member = view_make(ref, c.suite->nh);
	BREAKS_WELCOME(OWN_LEAF, &f);
	club_end(&c);
}

/* We joined with it once: its init key is gone from the client, and the commit that brought us is
 * no second way in. */
TEST(the_commit_that_adds_us_is_not_for_us)
{
	struct received got;
	begin();
	const struct welcome_input in = { made.welcome, made.ratchet_tree, newcomer()->key_package,
					  &newcomer()->secrets };
	expect_ok(group_join(&c.platform, &in, &newcomer()->g));
	expect_err(group_receive(newcomer()->g, made.commit, &c.mem, &got), UC_E_EPOCH_PAST);
	club_end(&c);
}
