/* SPDX-License-Identifier: Apache-2.0 */
/* A group in which some members show X.509 certificates and others names (RFC 9420, 5.3): what the
 * layer above has to do, done with OpenSSL. */
#include "tests/unit/mls/members.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

static struct club c;
/* An authority that everybody knows. */
static EVP_PKEY *authority;

/* --- certificates --- */

static EVP_PKEY *public_key(struct view raw)
{
	return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw.p, raw.n);
}

static struct view certificate(const char *name, EVP_PKEY *of, EVP_PKEY *by)
{
	X509 *x = X509_new();
	X509_NAME *n = X509_NAME_new();
	unsigned char *der = NULL;
	struct view out = { NULL, 0 };
	expect(x && n && of && by);
	expect(X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1,
					  -1, 0) == 1);
	expect(X509_set_version(x, 2) && X509_set_subject_name(x, n) &&
	       X509_set_issuer_name(x, n) && X509_set_pubkey(x, of) &&
	       ASN1_INTEGER_set(X509_get_serialNumber(x), 1) &&
	       X509_gmtime_adj(X509_getm_notBefore(x), -3600) &&
	       X509_gmtime_adj(X509_getm_notAfter(x), 3600));
	expect(X509_sign(x, by, NULL) > 0);
	int len = i2d_X509(x, &der);
	expect(len > 0);
	if (len > 0)
		expect_ok(arena_copy(&c.mem, view_make(der, (size_t)len), &out));
	OPENSSL_free(der);
	X509_NAME_free(n);
	X509_free(x);
	return out;
}

static void shows(struct person *p, const char *name, EVP_PKEY *by)
{
	EVP_PKEY *of = public_key(sign_public(&p->key));
	struct view *v = ARENA_ARRAY(&c.mem, struct view, 1);
	v[0] = certificate(name, of, by);
	p->leaf.credential =
		(struct credential){ .credential_type = CREDENTIAL_X509, .certificates = { v, 1 } };
	EVP_PKEY_free(of);
}

/* --- the hook --- */

static bool key_is(const X509 *x, struct view signature_key)
{
	uint8_t raw[64];
	size_t n = sizeof raw;
	const EVP_PKEY *key = X509_get0_pubkey(x);
	return key && EVP_PKEY_get_raw_public_key(key, raw, &n) &&
	       view_equal(view_make(raw, n), signature_key);
}

static X509 *parsed(struct view der)
{
	const unsigned char *p = der.p;
	X509 *x = d2i_X509(NULL, &p, (long)der.n);
	if (x && p != der.p + der.n) {
		X509_free(x);
		return NULL;
	}
	return x;
}

static uc_err judge(const X509 *x, struct view signature_key, const X509 *before)
{
	X509 *copy = X509_dup(x);
	bool vouched = copy && X509_verify(copy, authority) == 1;
	X509_free(copy);
	if (!key_is(x, signature_key))
		return UC_E_KEY;
	if (!vouched || X509_cmp_current_time(X509_get0_notAfter(x)) < 0)
		return UC_E_SIGNATURE;
	/* Who follows has the same name. */
	if (before && X509_NAME_cmp(X509_get_subject_name(x), X509_get_subject_name(before)))
		return UC_E_POLICY;
	return UC_OK;
}

static uc_err on_x509(void *ctx, const struct suite *s, const struct view_list *chain,
		      struct view signature_key, const struct leaf_node *before)
{
	(void)ctx;
	(void)s;
	X509 *x = parsed(chain->v[0]), *old = NULL;
	if (before && before->credential.credential_type == CREDENTIAL_X509)
		old = parsed(before->credential.certificates.v[0]);
	uc_err err = x ? judge(x, signature_key, old) : UC_E_MALFORMED;
	X509_free(x);
	X509_free(old);
	return err;
}

/* --- people --- */

static void begin(void)
{
	static uint16_t types[] = { CREDENTIAL_BASIC, CREDENTIAL_X509 };
	club_begin(&c, suite_find(SUITE_X25519_AES128));
	c.hooks.x509 = on_x509;
	authority = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	for (size_t i = 0; i < 8; i++)
		club_person(&c, i)->leaf.capabilities.credentials = (struct u16_list){ types, 2 };
	struct extension_list l = club_extensions(&c, NULL);
	shows(&c.people[0], "person 0", authority);
	expect_ok(group_create(&c.platform, c.suite, VIEW_LIT("the club"), &c.people[0].leaf, &l,
			       &c.people[0].g));
}

static void end(void)
{
	EVP_PKEY_free(authority);
	club_end(&c);
}

static uc_err add(struct person *p)
{
	const struct proposal v = add_of(&c, p);
	const struct commit_options o = { .proposals = &v, .proposal_count = 1 };
	struct made_commit made;
	struct received got;
	TRY(group_commit(c.people[0].g, &o, &c.mem, &made));
	for (size_t i = 1; i < 8; i++)
		if (c.people[i].g) {
			TRY(group_receive(c.people[i].g, made.commit, &c.mem, &got));
			TRY(group_staged_apply(c.people[i].g));
		}
	TRY(group_pending_apply(c.people[0].g));
	const struct welcome_input in = { made.welcome, made.ratchet_tree, p->key_package,
					  &p->secrets };
	TRY(group_join(&c.platform, &in, &p->g));
	person_restart(&c, p);
	return UC_OK;
}

TEST(names_and_certificates_in_one_group)
{
	struct view message;
	struct received got = { .leaf = NULL };
	begin();
	expect_ok(add(&c.people[1]));
	shows(&c.people[2], "person 2", authority);
	expect_ok(add(&c.people[2]));
	for (size_t i = 0; i < 3; i++)
		expect_bytes(group_epoch_authenticator(c.people[i].g),
			     group_epoch_authenticator(c.people[0].g));
	expect_ok(group_encrypt(c.people[2].g, view_make(NULL, 0), VIEW_LIT("with proof"), 0,
				&c.mem, &message));
	expect_ok(group_receive(c.people[1].g, message, &c.mem, &got));
	expect(got.leaf && got.leaf->credential.credential_type == CREDENTIAL_X509);
	/* Keys are renewed under the same certificate. */
	struct made_commit made;
	const struct commit_options path = { .force_path = true };
	expect_ok(group_commit(c.people[2].g, &path, &c.mem, &made));
	expect_ok(group_receive(c.people[1].g, made.commit, &c.mem, &got));
	end();
}

TEST(certificates_that_prove_nothing)
{
	begin();
	EVP_PKEY *other = public_key(sign_public(&c.people[5].key));
	EVP_PKEY *stranger = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	struct person *p = &c.people[4];
	shows(p, "person 4", authority);
	struct view good = p->leaf.credential.certificates.v[0];
	p->leaf.credential.certificates.v[0] = certificate("person 4", other, authority);
	expect_err(add(p), UC_E_KEY);
	shows(p, "person 4", stranger);
	expect_err(add(p), UC_E_SIGNATURE);
	p->leaf.credential.certificates.v[0] = view_slice(good, 0, good.n - 1);
	expect_err(add(p), UC_E_MALFORMED);
	p->leaf.credential.certificates.v[0] = good;
	expect_ok(add(p));
	EVP_PKEY_free(other);
	EVP_PKEY_free(stranger);
	end();
}

/* Somebody comes back in the place of another's leaf. */
TEST(a_successor_has_the_same_name)
{
	struct view commit, info;
	struct group *g = NULL;
	begin();
	shows(&c.people[2], "person 2", authority);
	expect_ok(add(&c.people[2]));
	const struct proposal remove = remove_of(&c.people[2]);
	struct external_join in = { .leaf = &c.people[3].leaf,
				    .proposals = &remove,
				    .proposal_count = 1 };
	expect_ok(group_info_make(c.people[0].g, &c.mem, &in.group_info));
	expect_ok(group_ratchet_tree(c.people[0].g, &c.mem, &in.ratchet_tree));
	shows(&c.people[3], "person 3", authority);
	expect_err(group_join_external(&c.platform, &in, &c.mem, &commit, &info, &g), UC_E_POLICY);
	shows(&c.people[3], "person 2", authority);
	expect_ok(group_join_external(&c.platform, &in, &c.mem, &commit, &info, &g));
	struct received got;
	expect_ok(group_receive(c.people[0].g, commit, &c.mem, &got));
	group_free(g);
	end();
}
