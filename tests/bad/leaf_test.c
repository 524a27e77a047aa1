/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 9420, 7.2, 7.3, 10.1: leaves and KeyPackages that may not come in. */
#include "tests/bad/rules.h"

static struct club c;

static struct person *alice(void)
{
	return &c.people[0];
}

/* An Add of person 9, changed and then rightly signed: as a proposal and inside a commit. */
static void breaks_add(leaf_change *leaf, key_package_change *package, enum mls_rule rule)
{
	const struct proposal add = forge_add(&c, club_person(&c, 9), leaf, package);
	breaks(&c, alice(), forge_proposal(&c, alice(), &add), rule, ALL);
	refused(&c, alice(), forge_commit(&c, alice(), &add, 1), rule_error(rule));
}

/* What the group wants of a leaf: it is the commit that shows it. */
static void breaks_when_committed(leaf_change *leaf, enum mls_rule rule)
{
	const struct proposal add = forge_add(&c, club_person(&c, 9), leaf, NULL);
	breaks_commit(&c, alice(), &add, 1, rule);
}

static void begin(void)
{
	club_with(&c, suite_at(0), 3);
}

TEST(the_forger_can_add)
{
	begin();
	const struct proposal add = forge_add(&c, club_person(&c, 9), NULL, NULL);
	club_deliver_proposal(&c, alice(), forge_proposal(&c, alice(), &add));
	club_end(&c);
}

/* --- 10.1 --- */

static void other_version(struct club *x, struct key_package *k)
{
	(void)x;
	k->version = 2;
}
static void other_suite(struct club *x, struct key_package *k)
{
	(void)x;
	k->cipher_suite = SUITE_X25519_CHACHA;
}
static void init_key_is_encryption_key(struct club *x, struct key_package *k)
{
	(void)x;
	k->init_key = k->leaf_node.encryption_key;
}
static void short_init_key(struct club *x, struct key_package *k)
{
	(void)x;
	k->init_key.n--;
}
static void no_init_key(struct club *x, struct key_package *k)
{
	(void)x;
	k->init_key.n = 0;
}
static void null_init_key(struct club *x, struct key_package *k)
{
	k->init_key = view_make(arena_take(&x->mem, 32), 32);
}

TEST(key_package)
{
	begin();
	breaks_add(NULL, other_version, RULE_KEY_PACKAGE_VERSION);
	breaks_add(NULL, other_suite, RULE_KEY_PACKAGE_SUITE);
	breaks_add(NULL, init_key_is_encryption_key, RULE_INIT_KEY_IS_ANOTHER);
	breaks_add(NULL, short_init_key, RULE_INIT_KEY);
	breaks_add(NULL, no_init_key, RULE_INIT_KEY);
	breaks_add(NULL, null_init_key, RULE_INIT_KEY);
	club_end(&c);
}

static void wrong_leaf_signature(struct club *x, struct key_package *k)
{
	k->leaf_node.signature = changeable(x, k->leaf_node.signature);
	flip(k->leaf_node.signature, 9);
}

TEST(signature_of_the_leaf_inside)
{
	begin();
	breaks_add(NULL, wrong_leaf_signature, RULE_LEAF_SIGNATURE);
	club_end(&c);
}

TEST(key_package_signature)
{
	begin();
	struct proposal add = add_of(&c, club_person(&c, 9));
	struct view good = add.key_package.signature;
	add.key_package.signature = changeable(&c, good);
	flip(add.key_package.signature, 5);
	breaks(&c, alice(), forge_proposal(&c, alice(), &add), RULE_KEY_PACKAGE_SIGNATURE, ALL);
	add.key_package.signature = view_slice(good, 0, 63);
	breaks(&c, alice(), forge_proposal(&c, alice(), &add), RULE_KEY_PACKAGE_SIGNATURE, ALL);
	add.key_package.signature.n = 0;
	breaks(&c, alice(), forge_proposal(&c, alice(), &add), RULE_KEY_PACKAGE_SIGNATURE, ALL);
	/* That of another KeyPackage of the same person. */
	add.key_package.signature = add_of(&c, club_person(&c, 9)).key_package.signature;
	breaks(&c, alice(), forge_proposal(&c, alice(), &add), RULE_KEY_PACKAGE_SIGNATURE, ALL);
	club_end(&c);
}

/* A KeyPackage is signed in all its parts, and its leaf once more. */
TEST(every_bit_of_a_key_package_counts)
{
	begin();
	struct view good = (add_of(&c, club_person(&c, 9)), c.people[9].key_package);
	struct view bytes = changeable(&c, good);
	for (size_t i = 0; i < bytes.n; i++) {
		struct arena_mark mark = arena_mark(&c.mem);
		struct key_package k;
		flip(bytes, i);
		uc_err err = wire_decode(bytes, &c.mem, key_package_element, &k);
		expect((err ? err : key_package_check(c.suite, &k, test_now_ms)) != UC_OK);
		expect(wire_decode(view_slice(good, 0, i), &c.mem, key_package_element, &k) !=
		       UC_OK);
		flip(bytes, i);
		arena_reset(&c.mem, mark);
	}
	club_end(&c);
}

/* --- 7.3 --- */

static void source_update(struct club *x, struct leaf_node *l)
{
	(void)x;
	l->leaf_node_source = LEAF_NODE_SOURCE_UPDATE;
}
static void source_commit(struct club *x, struct leaf_node *l)
{
	(void)x;
	l->leaf_node_source = LEAF_NODE_SOURCE_COMMIT;
	l->parent_hash = view_make(NULL, 0);
}
static void over(struct club *x, struct leaf_node *l)
{
	(void)x;
	l->lifetime.not_after = test_now_ms / 1000 - 1;
}
static void not_yet(struct club *x, struct leaf_node *l)
{
	(void)x;
	l->lifetime.not_before = test_now_ms / 1000 + 1;
}
static void too_long(struct club *x, struct leaf_node *l)
{
	(void)x;
	l->lifetime.not_after = l->lifetime.not_before + KEY_PACKAGE_LIFETIME_MAX_S + 1;
}
static void for_ever(struct club *x, struct leaf_node *l)
{
	(void)x;
	l->lifetime = (struct lifetime){ 0, UINT64_MAX };
}
static void backwards(struct club *x, struct leaf_node *l)
{
	(void)x;
	l->lifetime = (struct lifetime){ l->lifetime.not_after, l->lifetime.not_before };
}

TEST(source_and_lifetime)
{
	begin();
	breaks_add(source_update, NULL, RULE_KEY_PACKAGE_SOURCE);
	breaks_add(source_commit, NULL, RULE_KEY_PACKAGE_SOURCE);
	breaks_add(over, NULL, RULE_LEAF_LIFETIME);
	breaks_add(not_yet, NULL, RULE_LEAF_LIFETIME);
	breaks_add(too_long, NULL, RULE_LEAF_LIFETIME_LENGTH);
	breaks_add(for_ever, NULL, RULE_LEAF_LIFETIME_LENGTH);
	breaks_add(backwards, NULL, RULE_LEAF_LIFETIME);
	/* Nor does one send it oneself. */
	breaks_when_committed(over, RULE_LEAF_LIFETIME);
	breaks_when_committed(too_long, RULE_LEAF_LIFETIME_LENGTH);
	club_end(&c);
}

static void no_version(struct club *x, struct leaf_node *l)
{
	(void)x;
	l->capabilities.versions.n = 0;
}
static void no_suite(struct club *x, struct leaf_node *l)
{
	static uint16_t others[] = { 2, 3 };
	(void)x;
	l->capabilities.cipher_suites = (struct u16_list){ others, 2 };
}
static void credential_not_listed(struct club *x, struct leaf_node *l)
{
	static uint16_t others[] = { CREDENTIAL_X509 };
	(void)x;
	l->capabilities.credentials = (struct u16_list){ others, 1 };
}
static void lists_a_default_proposal(struct club *x, struct leaf_node *l)
{
	static uint16_t types[] = { PROPOSAL_APP_DATA_UPDATE, PROPOSAL_SELF_REMOVE, PROPOSAL_ADD };
	(void)x;
	l->capabilities.proposals = (struct u16_list){ types, 3 };
}
static void lists_a_default_extension(struct club *x, struct leaf_node *l)
{
	static uint16_t types[] = { EXTENSION_APP_DATA_DICTIONARY, EXTENSION_EXTERNAL_SENDERS };
	(void)x;
	l->capabilities.extensions = (struct u16_list){ types, 2 };
}
static void extension_not_listed(struct club *x, struct leaf_node *l)
{
	static struct extension e = { 0xf123, { NULL, 0 } };
	(void)x;
	l->extensions = (struct extension_list){ &e, 1 };
}
static void lacks_a_required_proposal(struct club *x, struct leaf_node *l)
{
	static uint16_t types[] = { PROPOSAL_SELF_REMOVE };
	(void)x;
	l->capabilities.proposals = (struct u16_list){ types, 1 };
}
static void lacks_a_required_extension(struct club *x, struct leaf_node *l)
{
	(void)x;
	l->capabilities.extensions.n = 0;
}

TEST(capabilities)
{
	begin();
	breaks_add(no_version, NULL, RULE_LEAF_VERSION);
	breaks_add(no_suite, NULL, RULE_LEAF_SUITE);
	breaks_add(credential_not_listed, NULL, RULE_LEAF_CREDENTIAL_LISTED);
	breaks_add(lists_a_default_proposal, NULL, RULE_LEAF_NO_DEFAULTS);
	breaks_add(lists_a_default_extension, NULL, RULE_LEAF_NO_DEFAULTS);
	breaks_add(extension_not_listed, NULL, RULE_LEAF_EXTENSION_LISTED);
	/* These are the group's wish, so it is the commit that shows them. */
	breaks_when_committed(lacks_a_required_proposal, RULE_LEAF_REQUIRED_CAPABILITIES);
	breaks_when_committed(lacks_a_required_extension, RULE_LEAF_REQUIRED_CAPABILITIES);
	club_end(&c);
}

/* Others' leaves, as a proposal and in a commit. */
TEST(a_suite_not_listed_where_the_owner_does_not_mind)
{
	begin();
	const struct proposal add = forge_add(&c, club_person(&c, 9), no_suite, NULL);
	breaks(&c, alice(), forge_proposal(&c, alice(), &add), RULE_LEAF_SUITE, ALL);
	c.hooks.any_suites = true;
	club_deliver_proposal(&c, alice(), forge_proposal(&c, alice(), &add));
	struct made_commit made;
	const struct commit_options all = { .force_path = true };
	expect_ok(group_commit(c.people[1].g, &all, &c.mem, &made));
	expect_eq(made.change.added.n, 1);
	club_end(&c);
}

/* 7.3, both directions: the newcomer supports what is there, and those there what comes. */
static void speaks_x509_too(struct club *x, struct leaf_node *l)
{
	static uint16_t types[] = { CREDENTIAL_X509, CREDENTIAL_BASIC };
	static struct view certificate = { (const uint8_t *)"x", 1 };
	(void)x;
	l->capabilities.credentials = (struct u16_list){ types, 2 };
	l->credential = (struct credential){ .credential_type = CREDENTIAL_X509,
					     .certificates = { &certificate, 1 } };
}
static void speaks_x509_alone(struct club *x, struct leaf_node *l)
{
	static uint16_t types[] = { CREDENTIAL_X509 };
	speaks_x509_too(x, l);
	l->capabilities.credentials = (struct u16_list){ types, 1 };
}

static uc_err any_chain(void *ctx, const struct suite *s, const struct view_list *chain,
			struct view signature_key, const struct leaf_node *before)
{
	(void)ctx;
	(void)s;
	(void)chain;
	(void)signature_key;
	(void)before;
	return UC_OK;
}

TEST(credentials_that_the_others_do_not_read)
{
	begin();
	c.hooks.x509 = any_chain;
	breaks_when_committed(speaks_x509_too, RULE_CREDENTIALS_SUPPORTED);
	breaks_when_committed(speaks_x509_alone, RULE_CREDENTIALS_SUPPORTED);
	club_end(&c);
}

/* Values made to be ignored (13.5) are, everywhere. */
static void greased(struct club *x, struct leaf_node *l)
{
	static uint16_t versions[] = { 0x1a1a, MLS10 }, suites[] = { 0x2a2a, 1 };
	static uint16_t extensions[] = { 0x3a3a, EXTENSION_APP_DATA_DICTIONARY };
	static uint16_t proposals[] = { PROPOSAL_APP_DATA_UPDATE, 0x4a4a, PROPOSAL_SELF_REMOVE };
	static uint16_t credentials[] = { 0x5a5a, CREDENTIAL_BASIC };
	static struct extension e = { 0x3a3a, { (const uint8_t *)"grease", 6 } };
	(void)x;
	l->capabilities = (struct capabilities){ .versions = { versions, 2 },
						 .cipher_suites = { suites, 2 },
						 .extensions = { extensions, 2 },
						 .proposals = { proposals, 3 },
						 .credentials = { credentials, 2 } };
	l->extensions = (struct extension_list){ &e, 1 };
}

TEST(grease_is_taken)
{
	begin();
	const struct proposal add = forge_add(&c, club_person(&c, 9), greased, NULL);
	c.people[9].key_package = view_make(NULL, 0);
	club_deliver_proposal(&c, alice(), forge_proposal(&c, alice(), &add));
	club_end(&c);
}

static void two_of_one_extension(struct club *x, struct leaf_node *l)
{
	static struct extension e[] = { { EXTENSION_APPLICATION_ID, { NULL, 0 } },
					{ EXTENSION_APPLICATION_ID, { NULL, 0 } } };
	(void)x;
	l->extensions = (struct extension_list){ e, 2 };
}

/* 10: what stands in a KeyPackage's own extensions is listed, like what stands in its leaf's; what
 * nobody knows is ignored there. */
static struct extension package_extension;

static void has_extension(struct club *x, struct key_package *k)
{
	(void)x;
	k->extensions = (struct extension_list){ &package_extension, 1 };
}
static void lists_no_extension(struct club *x, struct leaf_node *l)
{
	(void)x;
	l->capabilities.extensions.n = 0;
}

TEST(extensions_of_the_key_package_itself)
{
	static const uint16_t known[] = { EXTENSION_APP_DATA_DICTIONARY,
					  EXTENSION_SUPPORTED_WIRE_FORMATS };
	static const uint16_t unknown[] = { EXTENSION_APPLICATION_ID, 0x3a3a, 0xf123, 0x000a };
	begin();
	for (size_t i = 0; i < 2; i++) {
		package_extension = (struct extension){ known[i], VIEW_LIT("\0") };
		breaks_add(lists_no_extension, has_extension, RULE_KEY_PACKAGE_EXTENSION_LISTED);
	}
	struct proposal add;
	for (size_t i = 0; i < 4; i++) {
		package_extension = (struct extension){ unknown[i], VIEW_LIT("?") };
		add = forge_add(&c, club_person(&c, 9), NULL, has_extension);
		club_deliver_proposal(&c, alice(), forge_proposal(&c, alice(), &add));
	}
	/* With a dictionary that its leaf knows of, as of a last resort. */
	package_extension = (struct extension){ EXTENSION_APP_DATA_DICTIONARY, VIEW_LIT("\0") };
	add = forge_add(&c, club_person(&c, 9), NULL, has_extension);
	club_deliver_proposal(&c, alice(), forge_proposal(&c, alice(), &add));
	club_end(&c);
}

TEST(an_extension_twice)
{
	begin();
	breaks_add(two_of_one_extension, NULL, RULE_EXTENSION_ONCE);
	club_end(&c);
}

/* --- keys --- */

static void short_key(struct club *x, struct leaf_node *l)
{
	(void)x;
	l->encryption_key.n--;
}
static void null_key(struct club *x, struct leaf_node *l)
{
	l->encryption_key = view_make(arena_take(&x->mem, 32), 32);
}
static void alices_key(struct club *x, struct leaf_node *l)
{
	l->encryption_key =
		tree_leaf_find(group_now(x->people[0].g).tree, 0, LEAF_ROOM)->encryption_key;
}

static void root_key(struct club *x, struct leaf_node *l)
{
	const struct tree *t = group_now(x->people[0].g).tree;
	l->encryption_key = tree_node_key(t, tree_root(t->leaves));
}

TEST(encryption_keys)
{
	begin();
	club_commit_proposals(&c, alice(), NULL, 0); /* so that there is a root key */
	breaks_add(short_key, NULL, RULE_LEAF_KEY);
	breaks_add(null_key, NULL, RULE_LEAF_KEY);
	breaks_when_committed(alices_key, RULE_ENCRYPTION_KEY_UNIQUE);
	breaks_when_committed(root_key, RULE_ENCRYPTION_KEY_UNIQUE);
	club_end(&c);
}

/* On suites whose two kinds of keys are points of one curve. */
static void one_key_for_both(struct club *x, struct leaf_node *l)
{
	(void)x;
	l->encryption_key = l->signature_key;
}

TEST(one_key_for_two_uses)
{
	for (size_t s = 0; suite_at(s); s++) {
		club_with(&c, suite_at(s), 2);
		const struct leaf_node l = add_of(&c, club_person(&c, 9)).key_package.leaf_node;
		if (!kem_public_check(c.suite, l.signature_key))
			breaks_add(one_key_for_both, NULL, RULE_LEAF_KEYS_DIFFER);
		club_end(&c);
	}
}

TEST(signature_keys)
{
	begin();
	/* One who is there already. */
	struct proposal add = forge_add(&c, &c.people[1], NULL, NULL);
	c.people[1].key_package = view_make(NULL, 0);
	breaks_commit(&c, alice(), &add, 1, RULE_SIGNATURE_KEY_UNIQUE);
	/* But for one who goes in the same commit. */
	const struct proposal both[] = { add, remove_of(&c.people[1]) };
	struct made_commit made;
	const struct commit_options o = { .proposals = both, .proposal_count = 2 };
	expect_ok(group_commit(alice()->g, &o, &c.mem, &made));
	club_end(&c);
}

/* Under the neutral element as key, R = neutral and S = 0 fulfil the equation for any message. */
TEST(small_order_signature_key)
{
	begin();
	struct proposal add = add_of(&c, club_person(&c, 9));
	uint8_t neutral[32] = { 1 }, signature[64] = { 1 };
	add.key_package.leaf_node.signature_key = VIEW_OF(neutral);
	add.key_package.leaf_node.signature = VIEW_OF(signature);
	add.key_package.signature = VIEW_OF(signature);
	rule_off_as_well(RULE_KEY_PACKAGE_SIGNATURE);
	breaks(&c, alice(), forge_proposal(&c, alice(), &add), RULE_LEAF_SIGNATURE, ALL);
	rule_off_as_well(RULE_LEAF_SIGNATURE);
	breaks(&c, alice(), forge_proposal(&c, alice(), &add), RULE_KEY_PACKAGE_SIGNATURE,
	       ALL | BEHIND);
	club_end(&c);
}

/* --- Update (12.1.2) --- */

struct update_forge {
	struct view group_id;
	uint32_t leaf;
	const struct sign_key *key;
	uint8_t source;
	struct view encryption_key;
};

static struct update_forge good_update(void)
{
	static struct kem_key key;
	expect_ok(kem_key_generate(c.suite, test_env(), &key));
	return (struct update_forge){ .group_id = group_id(alice()->g),
				      .leaf = 0,
				      .key = &alice()->key,
				      .source = LEAF_NODE_SOURCE_UPDATE,
				      .encryption_key = kem_public(&key) };
}

static struct view update(const struct update_forge *u)
{
	struct proposal p = { .proposal_type = PROPOSAL_UPDATE };
	struct leaf_node *l = &p.leaf_node;
	*l = *tree_leaf_find(group_now(alice()->g).tree, 0, LEAF_ROOM);
	l->encryption_key = u->encryption_key;
	l->signature_key = sign_public(u->key);
	l->leaf_node_source = u->source;
	l->lifetime = (struct lifetime){ 0, UINT64_MAX };
	expect_ok(leaf_node_sign(c.suite, test_env(), u->key, l, u->group_id, u->leaf, &c.mem));
	return forge_proposal(&c, alice(), &p);
}

TEST(updates)
{
	begin();
	struct update_forge good = good_update(), u = good;
	u.encryption_key = tree_leaf_find(group_now(alice()->g).tree, 0, LEAF_ROOM)->encryption_key;
	breaks(&c, alice(), update(&u), RULE_UPDATE_KEY_IS_NEW, ALL);
	u = good;
	u.source = LEAF_NODE_SOURCE_KEY_PACKAGE;
	breaks(&c, alice(), update(&u), RULE_UPDATE_SOURCE, ALL);
	u.source = LEAF_NODE_SOURCE_COMMIT;
	breaks(&c, alice(), update(&u), RULE_UPDATE_SOURCE, ALL);
	u = good;
	u.leaf = 1; /* signed for another place */
	breaks(&c, alice(), update(&u), RULE_LEAF_SIGNATURE, ALL);
	u = good;
	u.group_id = VIEW_LIT("the pub");
	breaks(&c, alice(), update(&u), RULE_LEAF_SIGNATURE, ALL);
	u = good;
	u.encryption_key.n = 31;
	breaks(&c, alice(), update(&u), RULE_LEAF_KEY, ALL);
	club_deliver_proposal(&c, alice(), update(&good));
	club_end(&c);
}

/* Keys of others in an Update: found when it is committed.  Alice, who has no key for what was forged
 * in her name, is not asked. */
TEST(updates_with_the_keys_of_others)
{
	struct received got;
	struct public_received seen;
	struct made_commit made;
	const struct commit_options o = { .force_path = true };
	for (int what = 0; what < 2; what++) {
		enum mls_rule rule = what ? RULE_SIGNATURE_KEY_UNIQUE : RULE_ENCRYPTION_KEY_UNIQUE;
		begin();
		struct update_forge u = good_update();
		struct group *alices = alice()->g;
		if (what)
			u.key = &c.people[2].key;
		else
			u.encryption_key = tree_leaf_find(group_now(alice()->g).tree, 2, LEAF_ROOM)
						   ->encryption_key;
		struct view message = update(&u);
		expect_ok(group_receive(c.people[1].g, message, &c.mem, &got));
		expect_ok(group_receive(c.people[2].g, message, &c.mem, &got));
		expect_ok(public_group_receive(c.server, message, &c.mem, &seen));
		/* It is left out of a commit. */
		expect_ok(group_commit(c.people[1].g, &o, &c.mem, &made));
		expect_eq(made.change.proposals.n, 0);
		group_pending_drop(c.people[1].g);
		/* Somebody less careful. */
		alice()->g = NULL;
		breaks_stored(&c, &c.people[1], NULL, 0, rule, ALL);
		alice()->g = alices;
		club_end(&c);
	}
}
