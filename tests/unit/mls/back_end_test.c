/* SPDX-License-Identifier: Apache-2.0 */
/* Members of one group upon different back-ends, and tables that are none. */
#include "tests/unit/mls/evp_crypto.h"
#include "tests/unit/mls/members.h"

struct member {
	struct group_platform platform;
	const struct suite *suite;
	struct sign_key key;
	struct leaf_parameters leaf;
	struct view key_package;
	struct key_package_secrets secrets;
	struct group *g;
};

static struct evp_crypto evp;
static struct crypto other;
static struct arena mem;

static void member_init(struct member *m, const struct crypto *crypto, uint16_t suite,
			const char *name)
{
	static uint16_t versions[] = { MLS10 }, suites[] = { 1, 3 }, credentials[] = { 1 };
	*m = (struct member){ .platform = { .env = test_env(), .crypto = crypto },
			      .suite = crypto_suite(crypto, suite) };
	expect_ok(sign_key_generate(m->suite, test_env(), &m->key));
	m->leaf = (struct leaf_parameters){
		.signature_key = &m->key,
		.credential = { .credential_type = CREDENTIAL_BASIC, .identity = view_str(name) },
		.capabilities = { .versions = { versions, 1 },
				  .cipher_suites = { suites, 2 },
				  .credentials = { credentials, 1 } },
	};
	expect_ok(key_package_make(m->suite, test_env(), &m->leaf, 3600, NULL, &mem,
				   &m->key_package, &m->secrets));
}

static void same_epoch(const struct member *a, const struct member *b)
{
	expect_bytes(group_epoch_authenticator(a->g), group_epoch_authenticator(b->g));
}

static void hears(struct member *from, struct member *to)
{
	struct view message;
	struct received got;
	expect_ok(group_encrypt(from->g, VIEW_LIT(""), VIEW_LIT("a word"), 0, &mem, &message));
	expect_ok(group_receive(to->g, message, &mem, &got));
	expect_bytes(got.application_data, VIEW_LIT("a word"));
}

static void commits(struct member *by, struct member *to)
{
	const struct commit_options o = { .force_path = true };
	struct made_commit made;
	struct received got;
	expect_ok(group_commit(by->g, &o, &mem, &made));
	expect_ok(group_receive(to->g, made.commit, &mem, &got));
	expect_ok(group_staged_apply(to->g));
	expect_ok(group_pending_apply(by->g));
	same_epoch(by, to);
}

/* Its handle is kept and given back. */
static void restarts(struct member *m)
{
	struct buf epoch, ratchets;
	struct group *again = NULL;
	buf_init_secret(&epoch, WIRE_OBJECT_MAX);
	buf_init_secret(&ratchets, WIRE_OBJECT_MAX);
	expect_ok(group_save_epoch(m->g, &epoch));
	expect_ok(group_save_ratchets(m->g, &ratchets));
	expect_ok(group_load(&m->platform, buf_view(&epoch), buf_view(&ratchets), &again));
	if (again) {
		group_free(m->g);
		m->g = again;
	}
	buf_done(&epoch);
	buf_done(&ratchets);
}

static void invites(struct member *by, struct member *who)
{
	struct proposal add = { .proposal_type = PROPOSAL_ADD };
	const struct commit_options o = { .proposals = &add, .proposal_count = 1 };
	struct made_commit made;
	expect_ok(wire_decode(who->key_package, &mem, key_package_element, &add.key_package));
	expect_ok(group_commit(by->g, &o, &mem, &made));
	expect_ok(group_pending_apply(by->g));
	const struct welcome_input in = { made.welcome, made.ratchet_tree, who->key_package,
					  &who->secrets };
	expect_ok(group_join(&who->platform, &in, &who->g));
	same_epoch(by, who);
}

static void comes_from_outside(struct member *into, struct member *who)
{
	struct external_join in = { .leaf = &who->leaf };
	struct view commit, info;
	struct received got;
	expect_ok(group_info_make(into->g, &mem, &in.group_info));
	expect_ok(group_ratchet_tree(into->g, &mem, &in.ratchet_tree));
	expect_ok(group_join_external(&who->platform, &in, &mem, &commit, &info, &who->g));
	expect_ok(group_receive(into->g, commit, &mem, &got));
	expect_ok(group_staged_apply(into->g));
	expect_ok(group_pending_apply(who->g));
	same_epoch(into, who);
}

static void two_meet(uint16_t suite, bool inviter_is_other)
{
	static const struct extension_list none = { NULL, 0 };
	struct member a, b, c;
	member_init(&a, inviter_is_other ? &other : NULL, suite, "a");
	member_init(&b, inviter_is_other ? NULL : &other, suite, "b");
	member_init(&c, inviter_is_other ? NULL : &other, suite, "c");
	expect_ok(group_create(&a.platform, a.suite, VIEW_LIT("two"), &a.leaf, &none, &a.g));
	if (test_failures())
		return;
	invites(&a, &b);
	hears(&a, &b);
	hears(&b, &a);
	commits(&a, &b);
	commits(&b, &a);
	restarts(&a);
	restarts(&b);
	commits(&b, &a);
	hears(&b, &a);
	group_free(b.g);
	comes_from_outside(&a, &c);
	hears(&c, &a);
	group_free(a.g);
	group_free(c.g);
}

TEST(members_upon_different_back_ends_are_one_group)
{
	evp_crypto_init(&evp);
	expect_ok(crypto_init(&other, &evp.table));
	arena_init(&mem, (size_t)64 << 20, ARENA_SECRET);
	two_meet(SUITE_X25519_AES128, true);
	expect(evp.calls > 100);
	evp_crypto_done(&evp);
	two_meet(SUITE_X25519_CHACHA, false);
	evp_crypto_done(&evp);
	arena_done(&mem);
}

/* What the table has not, there is not. */
TEST(a_table_says_which_suites_there_are)
{
	evp_crypto_init(&evp);
	expect_ok(crypto_init(&other, &evp.table));
	expect(crypto_suite(&other, SUITE_X25519_AES128) &&
	       crypto_suite(&other, SUITE_X25519_CHACHA));
	expect(!crypto_suite(&other, SUITE_P256_AES128));
	struct sign_key k;
	uint8_t seed[32] = { 1 };
	expect_err(sign_key_import(crypto_suite(&other, 1), VIEW_OF(seed), &k), UC_E_UNSUPPORTED);
	evp.table.sign_generate = NULL;
	expect_err(sign_key_generate(crypto_suite(&other, 1), test_env(), &k), UC_E_UNSUPPORTED);
}

static void is_refused(struct mls_crypto t)
{
	struct crypto c;
	expect_err(mls_crypto_check(&t), UC_E_ARGUMENT);
	expect_err(crypto_init(&c, &t), UC_E_ARGUMENT);
}

TEST(tables_that_are_not_whole_are_refused)
{
	const struct mls_crypto whole = *mls_crypto_builtin();
	struct mls_crypto t = whole;
	struct mls_crypto_suite rows[MLS_SUITES_MAX + 1];
	expect_ok(mls_crypto_check(&whole));
	expect_err(mls_crypto_check(NULL), UC_E_ARGUMENT);
#define WITHOUT(function)          \
	do {                       \
		t = whole;         \
		t.function = NULL; \
		is_refused(t);     \
	} while (0)
	WITHOUT(hash);
	WITHOUT(hmac);
	WITHOUT(seal);
	WITHOUT(open);
	WITHOUT(kem_derive);
	WITHOUT(kem_check);
	WITHOUT(kem_encap);
	WITHOUT(kem_decap);
	WITHOUT(sign_check);
	WITHOUT(sign);
	WITHOUT(verify);
	WITHOUT(suites);
	t = whole;
	t.suite_count = 0;
	is_refused(t);
	for (size_t i = 0; i <= MLS_SUITES_MAX; i++) {
		rows[i] = whole.suites[0];
		rows[i].id = (uint16_t)(0xf000 + i);
	}
	t.suites = rows;
	t.suite_count = MLS_SUITES_MAX;
	expect_ok(mls_crypto_check(&t));
	t.suite_count++;
	is_refused(t);
	t.suite_count = 2;
	rows[1].id = rows[0].id;
	is_refused(t);
	t.suite_count = 1;
	rows[0].id = 0;
	is_refused(t);
#define OF_SIZE(field, n)                  \
	do {                               \
		rows[0] = whole.suites[0]; \
		rows[0].field = (n);       \
		is_refused(t);             \
	} while (0)
	OF_SIZE(n_hash, 0);
	OF_SIZE(n_hash, MLS_HASH_MAX + 1);
	OF_SIZE(n_key, MLS_AEAD_KEY_MAX + 1);
	OF_SIZE(n_nonce, MLS_AEAD_NONCE_MIN - 1);
	OF_SIZE(n_nonce, MLS_AEAD_NONCE_MAX + 1);
	OF_SIZE(n_kem_private, MLS_PRIVATE_KEY_MAX + 1);
	OF_SIZE(n_kem_public, MLS_PUBLIC_KEY_MAX + 1);
	OF_SIZE(n_kem_enc, 0);
	OF_SIZE(n_kem_secret, 0);
	OF_SIZE(n_signature_public, MLS_PUBLIC_KEY_MAX + 1);
}

/* A handle that says it is longer than there is room. */
static uc_err too_long(void *ctx, uint16_t signature_id, const struct mls_random *random,
		       uint8_t *priv, size_t *priv_n, uint8_t *pub)
{
	(void)ctx, (void)signature_id, (void)random, (void)priv, (void)pub;
	*priv_n = MLS_PRIVATE_KEY_MAX + 1;
	return UC_OK;
}

static uc_err too_much(void *ctx, uint16_t signature_id, const struct mls_random *random,
		       struct mls_bytes priv, struct mls_bytes pub, struct mls_bytes message,
		       uint8_t *signature, size_t *n)
{
	(void)ctx, (void)signature_id, (void)random, (void)priv, (void)pub, (void)message;
	(void)signature;
	*n = MLS_SIGNATURE_MAX + 1;
	return UC_OK;
}

TEST(lengths_that_a_table_gives_are_checked)
{
	struct mls_crypto t = *mls_crypto_builtin();
	struct crypto c;
	struct sign_key k;
	struct view signature;
	expect_ok(sign_key_generate(suite_at(0), test_env(), &k));
	t.sign_generate = too_long;
	t.sign = too_much;
	expect_ok(crypto_init(&c, &t));
	arena_init(&mem, 4096, ARENA_PLAIN);
	expect_err(sign_with_label(crypto_suite(&c, 1), &k, test_env(), "label", VIEW_LIT("text"),
				   &mem, &signature),
		   UC_E_CRYPTO);
	expect_err(sign_key_generate(crypto_suite(&c, 1), test_env(), &k), UC_E_CRYPTO);
	arena_done(&mem);
}
