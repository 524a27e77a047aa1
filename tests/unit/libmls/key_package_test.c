/* SPDX-License-Identifier: Apache-2.0 */
/* Signature keys and KeyPackages. */
#include "tests/unit/libmls/crew.h"

#define SUITE MLS_X25519_AES128GCM_SHA256_ED25519

TEST(signature_keys_go_out_and_come_back)
{
	struct sailor s;
	struct mls_bytes secret, pub, same;
	mls_signature_key *again = NULL;
	sailor_begin(&s, "key", SUITE, NULL);
	for (size_t i = 0; mls_suite_at(s.client, i); i++) {
		mls_signature_key *k = NULL;
		uint16_t suite = mls_suite_at(s.client, i);
		expect_ok(mls_signature_key_generate(s.client, suite, &k));
		expect_ok(mls_signature_key_export(k, s.out, &secret));
		expect_ok(mls_signature_key_public(k, s.out, &pub));
		again = NULL;
		expect_ok(mls_signature_key_import(s.client, suite, secret, &again));
		expect_ok(mls_signature_key_public(again, s.out, &same));
		expect_bytes(view_of(pub), view_of(same));
		mls_signature_key_free(k);
		mls_signature_key_free(again);
	}
	again = NULL;
	expect(mls_signature_key_import(s.client, SUITE, bytes_of("short"), &again));
	expect_err(mls_signature_key_import(s.client, 99, bytes_of("short"), &again), UC_E_SUITE);
	expect_err(mls_signature_key_generate(s.client, 99, &again), UC_E_SUITE);
	expect(!again);
	mls_signature_key_free(NULL);
	expect(!mls_suite_name(s.client, 99));
	expect(!mls_suite_at(s.client, 99));
	expect_bytes(view_str(mls_suite_name(s.client, SUITE)),
		     VIEW_LIT("MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519"));
	sailor_end(&s);
}

TEST(a_key_package_says_what_it_was_made_with)
{
	struct sailor s;
	struct mls_key_package k;
	const uint16_t type = 0xf001;
	const uint16_t one = MLS_BASIC, version = 1, suite = SUITE;
	const struct mls_extension e = { 0xf001, bytes_of("mine") };
	const struct mls_capabilities c = { .versions = { &version, 1 },
					    .suites = { &suite, 1 },
					    .extensions = { &type, 1 },
					    .credentials = { &one, 1 } };
	sailor_begin(&s, "says", SUITE, NULL);
	s.identity.capabilities = &c;
	s.identity.extensions = (struct mls_extensions){ &e, 1 };
	struct mls_key_package_options o = {
		.identity = &s.identity, .suite = SUITE, .lifetime_s = 3600, .extensions = { &e, 1 }
	};
	expect_ok(mls_key_package_make(s.client, &o, s.out, &s.package));
	expect_ok(mls_key_package_inspect(s.client, s.package.message, s.out, &k));
	expect_bytes(view_of(k.ref), view_of(s.package.ref));
	expect_eq(k.suite, SUITE);
	expect_eq(k.leaf.index, MLS_NO_INDEX);
	expect_eq(k.leaf.source, MLS_FROM_KEY_PACKAGE);
	expect_eq(k.leaf.capabilities.suites.n, 1);
	expect_eq(k.leaf.capabilities.proposals.n, 0);
	expect_eq(k.leaf.not_after_s, test_now_ms / 1000 + 3600);
	expect_bytes(view_of(k.leaf.extensions.v[0].data), VIEW_LIT("mine"));
	expect_bytes(view_of(k.extensions.v[0].data), VIEW_LIT("mine"));
	expect(!k.is_last_resort);
	/* Its time passes. */
	test_now_ms += (uint64_t)2 * 3600 * 1000;
	k.suite = 4711;
	expect_err(mls_key_package_inspect(s.client, s.package.message, s.out, &k), UC_E_STALE);
	expect_eq(k.suite, 4711);
	test_now_ms -= (uint64_t)2 * 3600 * 1000;
	const struct mls_extension other = { 0xf002, bytes_of("unlisted") };
	o.extensions.v = &other;
	expect_err(mls_key_package_make(s.client, &o, s.out, &s.package), UC_E_UNEXPECTED);
	o.extensions.v = &e;
	o.lifetime_s = (uint64_t)200 * 24 * 3600;
	expect_err(mls_key_package_make(s.client, &o, s.out, &s.package), UC_E_ARGUMENT);
	sailor_end(&s);
}

TEST(a_last_resort_says_so_beside_what_else_is_in_its_dictionary)
{
	struct sailor s;
	struct mls_key_package k;
	/* safe_aad, for component 0x8001; component 0x8001, empty */
	const struct mls_extension dictionary = {
		MLS_EXTENSION_APP_DATA_DICTIONARY,
		{ (const uint8_t[]){ 9, 0, 2, 3, 2, 0x80, 1, 0x80, 1, 0 }, 10 }
	};
	static const uint8_t with[] = { 12, 0, 2, 3, 2, 0x80, 1, 0, 4, 0, 0x80, 1, 0 };
	sailor_begin(&s, "last", SUITE, NULL);
	struct mls_key_package_options o = { .identity = &s.identity,
					     .suite = SUITE,
					     .last_resort = true };
	expect_ok(mls_key_package_make(s.client, &o, s.out, &s.package));
	expect_ok(mls_key_package_inspect(s.client, s.package.message, s.out, &k));
	expect(k.is_last_resort);
	o.extensions = (struct mls_extensions){ &dictionary, 1 };
	expect_ok(mls_key_package_make(s.client, &o, s.out, &s.package));
	expect_ok(mls_key_package_inspect(s.client, s.package.message, s.out, &k));
	expect(k.is_last_resort);
	expect_eq(k.extensions.n, 1);
	expect_bytes(view_of(k.extensions.v[0].data), VIEW_OF(with));
	sailor_end(&s);
}

TEST(damaged_key_packages_are_refused)
{
	struct sailor s;
	uint8_t copy[2048];
	struct mls_key_package k = { .suite = 4711 };
	sailor_begin(&s, "damaged", SUITE, NULL);
	(void)sailor_add(&s, SUITE);
	size_t n = s.package.message.n;
	expect(n && n <= sizeof copy);
	for (size_t i = 0; n <= sizeof copy && i < n; i++) {
		memcpy(copy, s.package.message.p, n);
		copy[i] ^= 0x41;
		expect(mls_key_package_inspect(s.client, (struct mls_bytes){ copy, n }, s.out, &k));
		expect(mls_key_package_inspect(
			s.client, (struct mls_bytes){ s.package.message.p, i }, s.out, &k));
	}
	expect_eq(k.suite, 4711);
	sailor_end(&s);
}

TEST(a_welcome_names_who_it_is_for_and_is_joined_once)
{
	struct sailor crew[2];
	struct mls_made made;
	struct mls_bytes_list refs;
	mls_group *again = NULL;
	sailor_begin(&crew[0], "a", SUITE, NULL);
	sailor_begin(&crew[1], "b", SUITE, NULL);
	sailor_create(&crew[0], SUITE, "g", (struct mls_extensions){ NULL, 0 });
	struct mls_proposal add = sailor_add(&crew[1], SUITE);
	const struct mls_commit what = { .proposals = { &add, 1 }, .tree_in_welcome = true };
	expect_ok(mls_group_commit(crew[0].group, &what, crew[0].out, &made));
	expect_ok(mls_group_pending_apply(crew[0].group));
	expect_ok(mls_welcome_refs(made.welcome, crew[1].out, &refs));
	expect_eq(refs.n, 1);
	expect_bytes(view_of(refs.v[0]), view_of(crew[1].package.ref));
	struct mls_join join = { .welcome = made.welcome,
				 .key_package_secret = crew[1].package.secret };
	expect_ok(mls_group_join(crew[1].client, &join, &crew[1].group));
	expect_err(mls_group_join(crew[1].client, &join, &again), UC_E_EXISTS);
	/* Another KeyPackage of theirs, and what is none. */
	(void)sailor_add(&crew[1], SUITE);
	join.key_package_secret = crew[1].package.secret;
	expect_err(mls_group_join(crew[1].client, &join, &again), UC_E_NOT_FOUND);
	join.key_package_secret = bytes_of("rubbish");
	expect_err(mls_group_join(crew[1].client, &join, &again), UC_E_CORRUPT);
	join.key_package_secret.n = 0;
	expect_err(mls_group_join(crew[1].client, &join, &again), UC_E_CORRUPT);
	join.welcome = made.commit;
	join.key_package_secret = crew[1].package.secret;
	expect_err(mls_group_join(crew[1].client, &join, &again), UC_E_UNEXPECTED);
	expect(!again);
	crew_agrees(crew, 2);
	crew_end(crew, 2);
}

TEST(who_joins_is_told_what_the_committer_has_to_say)
{
	struct sailor crew[2];
	struct mls_made made;
	struct mls_extensions told = { NULL, 77 };
	struct mls_group_info info;
	const struct mls_extension say = { 0xf00d, bytes_of("dinner at eight") };
	const struct mls_extension reserved = { MLS_EXTENSION_RATCHET_TREE, bytes_of("no") };
	sailor_begin(&crew[0], "a", SUITE, NULL);
	sailor_begin(&crew[1], "b", SUITE, NULL);
	sailor_create(&crew[0], SUITE, "g", (struct mls_extensions){ NULL, 0 });
	struct mls_proposal add = sailor_add(&crew[1], SUITE);
	struct mls_commit what = { .proposals = { &add, 1 },
				   .tree_in_welcome = true,
				   .without_external_pub = true,
				   .info_extensions = { &reserved, 1 } };
	expect_err(mls_group_commit(crew[0].group, &what, crew[0].out, &made), UC_E_ARGUMENT);
	what.info_extensions.v = &say;
	expect_ok(mls_group_commit(crew[0].group, &what, crew[0].out, &made));
	expect_ok(mls_group_pending_apply(crew[0].group));
	expect_ok(mls_group_info_inspect(made.group_info, crew[0].out, &info));
	expect(!info.has_external_pub && info.has_ratchet_tree);
	const struct mls_join join = { .welcome = made.welcome,
				       .key_package_secret = crew[1].package.secret };
	expect_err(mls_group_join_informed(crew[1].client, &join, NULL, &told, &crew[1].group),
		   UC_E_ARGUMENT);
	expect_eq(told.n, 77);
	expect_ok(
		mls_group_join_informed(crew[1].client, &join, crew[1].out, &told, &crew[1].group));
	bool found = false;
	for (size_t i = 0; i < told.n; i++)
		found = found || (told.v[i].type == 0xf00d &&
				  view_equal(view_of(told.v[i].data), VIEW_LIT("dinner at eight")));
	expect(found);
	crew_agrees(crew, 2);
	crew_end(crew, 2);
}
