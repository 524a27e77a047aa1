/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong calls: what is missing, half given, given to the wrong one; and limits. */
#include "tests/unit/libmls/crew.h"

#define SUITE MLS_X25519_AES128GCM_SHA256_ED25519

static const struct mls_bytes nothing;
static const struct mls_bytes half = { NULL, 5 };

static uint64_t some_time(void *ctx)
{
	(void)ctx;
	return 1;
}

static uc_err no_random(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx, (void)out, (void)n;
	return UC_E_RANDOM;
}

TEST(clients_want_a_platform)
{
	const struct mls_platform lacking = { .now_ms = some_time };
	const struct mls_platform unlucky = { .now_ms = some_time, .random = no_random };
	const struct mls_crypto broken = { .suite_count = 0 };
	struct mls_options o = { .platform = NULL };
	mls_client *c = NULL;
	mls_signature_key *k = NULL;
	expect_err(mls_client_new(NULL, &c), UC_E_ARGUMENT);
	expect_err(mls_client_new(&o, &c), UC_E_ARGUMENT);
	o.platform = &lacking;
	expect_err(mls_client_new(&o, &c), UC_E_ARGUMENT);
	o.platform = &unlucky;
	expect_err(mls_client_new(&o, NULL), UC_E_ARGUMENT);
	o.crypto = &broken;
	expect_err(mls_crypto_check(&broken), UC_E_ARGUMENT);
	expect_ok(mls_crypto_check(mls_crypto_builtin()));
	expect_err(mls_client_new(&o, &c), UC_E_ARGUMENT);
	expect(!c);
	o.crypto = NULL;
	expect_ok(mls_client_new(&o, &c));
	expect_err(mls_signature_key_generate(c, SUITE, &k), UC_E_RANDOM);
	expect(!k);
	mls_client_free(c);
	mls_client_free(NULL);
}

TEST(what_must_be_there_must_be_there)
{
	struct sailor crew[2];
	struct mls_made made;
	struct mls_received got;
	struct mls_bytes b = { NULL, 7 };
	struct mls_key_package k;
	struct mls_key_package_made km;
	struct mls_context context;
	struct mls_leaf leaf;
	struct mls_leaf_list leaves;
	struct mls_peek peek;
	struct mls_bytes_list refs;
	struct mls_group_info info;
	struct mls_writes writes;
	uint32_t index;
	uint8_t secret[16];
	size_t used = 77;
	crew_begin(crew, 2, SUITE);
	mls_client *c = crew[0].client;
	mls_group *g = crew[0].group, *none = NULL;
	mls_out *out = crew[0].out;
	const struct mls_commit what = { .force_path = true };
	const struct mls_create create = { .suite = SUITE };
	const struct mls_create odd = { .suite = 99, .identity = &crew[0].identity };
	const struct mls_join join = { .welcome = nothing };
	const struct mls_join_external outside = { .identity = &crew[0].identity };
	const struct mls_succession how = { .group_id = bytes_of("x") };
	const struct mls_key_package_options o = { .suite = SUITE };
	expect_err(mls_out_new(0, NULL), UC_E_ARGUMENT);
	expect_err(mls_out_copy(out, NULL, 1, &b), UC_E_ARGUMENT);
	expect_err(mls_out_copy(NULL, "x", 1, &b), UC_E_ARGUMENT);
	expect_err(mls_group_create(c, NULL, &none), UC_E_ARGUMENT);
	expect_err(mls_group_create(c, &create, NULL), UC_E_ARGUMENT);
	expect_err(mls_group_create(NULL, &create, &none), UC_E_ARGUMENT);
	expect_err(mls_group_create(c, &create, &none), UC_E_ARGUMENT);
	expect_err(mls_group_create(c, &odd, &none), UC_E_SUITE);
	expect_err(mls_group_join(c, NULL, &none), UC_E_ARGUMENT);
	expect(mls_group_join(c, &join, &none));
	expect_err(mls_group_join_external(c, &outside, NULL, &made, &none), UC_E_ARGUMENT);
	expect(mls_group_join_external(c, &outside, out, &made, &none));
	expect_err(mls_group_branch(NULL, &how, out, &made, &none), UC_E_ARGUMENT);
	expect_err(mls_group_branch(g, &how, out, &made, &none), UC_E_ARGUMENT);
	expect_err(mls_group_commit(g, NULL, out, &made), UC_E_ARGUMENT);
	expect_err(mls_group_commit(g, &what, NULL, &made), UC_E_ARGUMENT);
	expect_err(mls_group_commit(g, &what, out, NULL), UC_E_ARGUMENT);
	expect_err(mls_group_commit(NULL, &what, out, &made), UC_E_ARGUMENT);
	expect_err(mls_group_propose(g, NULL, nothing, out, &b), UC_E_ARGUMENT);
	expect_err(mls_group_propose_update(g, NULL, NULL, &b), UC_E_ARGUMENT);
	expect_err(mls_group_proposals(g, out, NULL), UC_E_ARGUMENT);
	expect_err(mls_group_proposal_drop(g, half), UC_E_ARGUMENT);
	expect_err(mls_group_protect(g, half, nothing, 0, out, &b), UC_E_ARGUMENT);
	expect_err(mls_group_protect(g, nothing, half, 0, out, &b), UC_E_ARGUMENT);
	expect_err(mls_group_protect(g, nothing, nothing, 0, out, NULL), UC_E_ARGUMENT);
	expect_err(mls_group_receive(g, half, out, &got), UC_E_ARGUMENT);
	expect_err(mls_group_receive(g, nothing, out, NULL), UC_E_ARGUMENT);
	expect_err(mls_group_context(g, (enum mls_when)9, out, &context), UC_E_ARGUMENT);
	expect_err(mls_group_context(NULL, MLS_NOW, out, &context), UC_E_ARGUMENT);
	expect_err(mls_group_member(g, MLS_NOW, 7, out, &leaf), UC_E_NOT_FOUND);
	expect_err(mls_group_member(g, MLS_NOW, MLS_NO_INDEX, out, &leaf), UC_E_NOT_FOUND);
	expect_err(mls_group_members(g, MLS_NOW, NULL, &leaves), UC_E_ARGUMENT);
	expect_err(mls_group_member_find(g, half, &index), UC_E_ARGUMENT);
	expect_err(mls_group_export(g, NULL, nothing, secret, 8), UC_E_ARGUMENT);
	expect_err(mls_group_export(g, "l", nothing, NULL, 8), UC_E_ARGUMENT);
	expect_err(mls_group_resumption_psk(g, 99, out, &b), UC_E_PSK);
	expect_err(mls_group_signature_key(g, NULL), UC_E_ARGUMENT);
	expect_err(mls_group_wrap(g, NULL), UC_E_ARGUMENT);
	expect_err(mls_group_open(c, half, nothing, &used, &none), UC_E_ARGUMENT);
	expect_err(mls_group_open(c, nothing, half, &used, &none), UC_E_ARGUMENT);
	expect_err(mls_group_open(c, nothing, nothing, NULL, &none), UC_E_ARGUMENT);
	expect_err(mls_group_open(c, nothing, nothing, &used, &none), UC_E_CORRUPT);
	expect_err(mls_journal_name(nothing, secret), UC_E_CORRUPT);
	expect_err(mls_journal_name(nothing, NULL), UC_E_ARGUMENT);
	expect_err(mls_group_writes(g, out, NULL), UC_E_ARGUMENT);
	expect_err(mls_group_writes(g, NULL, &writes), UC_E_ARGUMENT);
	expect_err(mls_group_writes_whole(NULL, out, &writes), UC_E_ARGUMENT);
	expect_err(mls_group_forget_after(g, 0), UC_E_ARGUMENT);
	expect_eq(used, 77);
	expect_err(mls_key_package_make(c, &o, out, &km), UC_E_ARGUMENT);
	expect_err(mls_key_package_inspect(c, half, out, &k), UC_E_ARGUMENT);
	expect_err(mls_peek(half, &peek), UC_E_ARGUMENT);
	expect_err(mls_peek(nothing, NULL), UC_E_ARGUMENT);
	expect_err(mls_welcome_refs(half, out, &refs), UC_E_ARGUMENT);
	expect_err(mls_group_info_inspect(half, out, &info), UC_E_ARGUMENT);
	expect_err(mls_external_senders_data(NULL, 1, out, &b), UC_E_ARGUMENT);
	expect_err(mls_public_group_new(c, half, nothing, NULL), UC_E_ARGUMENT);
	expect_err(mls_public_group_receive(NULL, nothing, out, &got), UC_E_ARGUMENT);
	expect(!mls_group_has_pending(NULL) && !mls_group_has_staged(NULL) &&
	       !mls_group_commit_is_due(NULL));
	expect_eq(mls_group_state(NULL), MLS_GROUP_REMOVED);
	expect_eq(mls_group_own_index(NULL), MLS_NO_INDEX);
	expect_eq(mls_group_epoch(NULL), 0);
	mls_group_free(NULL);
	mls_group_pending_drop(NULL);
	mls_group_staged_drop(NULL);
	mls_group_forget_past(NULL);
	mls_out_clear(NULL);
	mls_out_free(NULL);
	expect(!b.p && b.n == 7 && !none);
	crew_agrees(crew, 2);
	crew_end(crew, 2);
}

TEST(a_client_goes_with_the_last_that_needs_it)
{
	struct sailor crew[2];
	struct mls_bytes info, message;
	mls_public_group *server = NULL;
	crew_begin(crew, 2, SUITE);
	expect_ok(mls_group_info(crew[0].group, true, false, crew[0].out, &info));
	expect_ok(mls_public_group_new(crew[0].client, info, nothing, &server));
	mls_client_free(crew[0].client);
	crew[0].client = NULL;
	expect_ok(
		mls_group_protect(crew[0].group, bytes_of("x"), nothing, 0, crew[0].out, &message));
	mls_signature_key_free(crew[0].key);
	crew[0].key = NULL;
	crew_agrees(crew, 2);
	crew_end(crew, 2);
	mls_public_group_free(server);
}

TEST(a_key_is_of_the_scheme_of_the_suite)
{
	struct sailor s;
	mls_group *g = NULL;
	sailor_begin(&s, "scheme", SUITE, NULL);
	struct mls_create how = { .suite = MLS_X25519_CHACHA20POLY1305_SHA256_ED25519,
				  .group_id = bytes_of("g"),
				  .identity = &s.identity };
	expect_ok(mls_group_create(s.client, &how, &g)); /* Ed25519, too */
	mls_group_free(g);
	g = NULL;
	if (mls_suite_name(s.client, MLS_P256_AES128GCM_SHA256_P256)) {
		how.suite = MLS_P256_AES128GCM_SHA256_P256;
		expect_err(mls_group_create(s.client, &how, &g), UC_E_SUITE);
	}
	how.suite = SUITE;
	s.identity.credential.type = 77;
	expect_err(mls_group_create(s.client, &how, &g), UC_E_UNSUPPORTED);
	expect(!g);
	sailor_end(&s);
}

/* --- limits --- */

TEST(what_is_handed_out_has_a_limit_and_nothing_is_changed_by_it)
{
	struct sailor crew[3];
	struct mls_leaf_list members = { NULL, 77 };
	struct mls_made made = { .commit = { NULL, 77 } };
	const struct mls_commit path = { .force_path = true };
	size_t refused = 0;
	crew_begin(crew, 3, SUITE);
	for (size_t limit = 1; limit < 65536; limit += limit / 4 + 64) {
		mls_out *small = NULL;
		expect_ok(mls_out_new(limit, &small));
		uc_err err = mls_group_members(crew[0].group, MLS_NOW, small, &members);
		if (err) {
			expect_err(err, UC_E_LIMIT);
			expect(!members.v && members.n == 77);
		}
		members = (struct mls_leaf_list){ NULL, 77 };
		mls_out_clear(small);
		err = mls_group_commit(crew[0].group, &path, small, &made);
		if (err) {
			refused++;
			expect_err(err, UC_E_LIMIT);
			expect(!mls_group_has_pending(crew[0].group));
			expect(made.commit.n == 77);
		}
		mls_group_pending_drop(crew[0].group);
		made.commit.n = 77;
		mls_out_free(small);
	}
	expect(refused);
	crew_agrees(crew, 3);
	crew_end(crew, 3);
}

TEST(no_message_is_lost_to_a_limit)
{
	struct sailor crew[2];
	struct mls_bytes said, proposed, again = { NULL, 77 };
	struct mls_proposal_list waiting;
	struct mls_received got;
	mls_out *small;
	crew_begin(crew, 2, SUITE);
	expect_ok(mls_out_new(2048, &small));
	for (unsigned i = 0; i < 50; i++) {
		expect_ok(mls_group_protect(crew[0].group, bytes_of("not lost"), nothing, 100,
					    crew[0].out, &said));
		uc_err err = mls_group_receive(crew[1].group, said, small, &got);
		if (err) {
			expect_err(err, UC_E_LIMIT);
			mls_out_clear(small);
			expect_ok(mls_group_receive(crew[1].group, said, small, &got));
		}
		expect_bytes(view_of(got.data), VIEW_LIT("not lost"));
		expect_bytes(view_of(got.leaf.credential.identity), VIEW_LIT("sailor 0"));
	}
	mls_out_free(small);
	/* A proposal that cannot be sent does not wait here. */
	expect_ok(mls_out_new(64, &small));
	expect_err(mls_group_propose_update(crew[0].group, NULL, small, &again), UC_E_LIMIT);
	expect_eq(again.n, 77);
	expect_ok(mls_group_proposals(crew[0].group, crew[0].out, &waiting));
	expect_eq(waiting.n, 0);
	expect_ok(mls_group_propose_update(crew[0].group, NULL, crew[0].out, &proposed));
	expect_err(mls_group_receive(crew[1].group, proposed, small, &got), UC_E_LIMIT);
	expect_ok(mls_group_proposals(crew[1].group, crew[1].out, &waiting));
	expect_eq(waiting.n, 0);
	expect_ok(mls_group_receive(crew[1].group, proposed, crew[1].out, &got));
	mls_out_free(small);
	crew_end(crew, 2);
}

TEST(work_has_a_limit_and_nothing_is_changed_by_it)
{
	struct sailor a, b;
	size_t made_it = 0, refused = 0;
	sailor_begin(&a, "a", SUITE, NULL);
	sailor_create(&a, SUITE, "g", (struct mls_extensions){ NULL, 0 });
	for (size_t limit = 512; limit < 400000; limit += limit / 2) {
		const struct mls_options o = { .limit_bytes = limit };
		struct mls_made made;
		const struct mls_commit path = { .force_path = true };
		mls_group *g = NULL;
		sailor_begin_with(&b, "b", SUITE, &o);
		const struct mls_create how = { .suite = SUITE,
						.group_id = bytes_of("mine"),
						.identity = &b.identity };
		uc_err err = mls_group_create(b.client, &how, &g);
		if (!err)
			err = mls_group_commit(g, &path, b.out, &made);
		if (!err)
			err = mls_group_pending_apply(g);
		made_it += !err;
		refused += err == UC_E_LIMIT;
		if (err)
			expect_err(err, UC_E_LIMIT);
		mls_group_free(g);
		sailor_end(&b);
	}
	expect(made_it && refused);
	sailor_end(&a);
}

TEST(a_group_has_a_limit_and_nothing_is_changed_by_it)
{
	struct sailor a, b;
	const struct mls_options o = { .group_limit_bytes = 28 * 1024 };
	struct mls_made made = { .commit = { NULL, 77 } };
	unsigned members = 1;
	uc_err err = UC_OK;
	sailor_begin_with(&a, "a", SUITE, &o);
	sailor_create(&a, SUITE, "small", (struct mls_extensions){ NULL, 0 });
	expect(mls_group_memory_bytes(a.group) && mls_group_memory_bytes(a.group) < 28 * 1024);
	while (!err && members < 500) {
		char name[32];
		snprintf(name, sizeof name, "member %u", members);
		sailor_begin(&b, name, SUITE, NULL);
		struct mls_proposal add = sailor_add(&b, SUITE);
		const struct mls_commit what = { .proposals = { &add, 1 } };
		made.commit.n = 77;
		err = mls_group_commit(a.group, &what, a.out, &made);
		if (!err)
			err = mls_group_pending_apply(a.group);
		members += !err;
		sailor_end(&b);
		mls_out_clear(a.out);
	}
	expect_err(err, UC_E_LIMIT);
	expect_eq(made.commit.n, 77);
	expect(members > 1 && members < 500);
	expect(!mls_group_has_pending(a.group));
	expect_eq(mls_group_member_count(a.group), members);
	expect(mls_group_memory_bytes(a.group) <= 28 * 1024);
	/* It still works, as far as it is not larger by that. */
	struct mls_bytes message;
	expect_ok(mls_group_protect(a.group, bytes_of("x"), nothing, 0, a.out, &message));
	expect_eq(mls_group_memory_bytes(NULL), 0);
	expect_eq(mls_public_group_memory_bytes(NULL), 0);
	sailor_end(&a);
}

TEST(results_live_until_they_are_cleared)
{
	struct sailor crew[2];
	struct mls_leaf_list members;
	struct mls_bytes message;
	crew_begin(crew, 2, SUITE);
	expect_ok(mls_group_members(crew[0].group, MLS_NOW, crew[0].out, &members));
	expect_ok(mls_group_protect(crew[0].group, bytes_of("still"), nothing, 0, crew[0].out,
				    &message));
	mls_group_free(crew[0].group);
	crew[0].group = NULL;
	expect_bytes(view_of(members.v[1].credential.identity), VIEW_LIT("sailor 1"));
	struct mls_received got;
	expect_ok(mls_group_receive(crew[1].group, message, crew[1].out, &got));
	mls_out_clear(crew[0].out);
	crew_end(crew, 2);
}

TEST(a_table_of_cryptography_may_be_the_callers)
{
	struct sailor crew[2];
	struct mls_crypto table = *mls_crypto_builtin();
	const struct mls_crypto_suite *row = mls_crypto_suite_find(&table, SUITE);
	const struct mls_options o = { .crypto = &table };
	expect(row);
	if (!row)
		return;
	const struct mls_crypto_suite only = *row;
	table.suites = &only;
	table.suite_count = 1;
	for (size_t i = 0; i < 2; i++)
		sailor_begin_with(&crew[i], i ? "b" : "a", SUITE, &o);
	expect_eq(mls_suite_at(crew[0].client, 0), SUITE);
	expect_eq(mls_suite_at(crew[0].client, 1), 0);
	expect(!mls_suite_name(crew[0].client, 3));
	sailor_create(&crew[0], SUITE, "own table", (struct mls_extensions){ NULL, 0 });
	struct mls_proposal add = sailor_add(&crew[1], SUITE);
	const struct mls_commit what = { .proposals = { &add, 1 } };
	crew_commit(crew, 2, &crew[0], &what);
	struct mls_key_package k;
	expect_ok(
		mls_key_package_inspect(crew[0].client, crew[1].package.message, crew[0].out, &k));
	expect_eq(k.leaf.capabilities.suites.n, 1);
	crew_end(crew, 2);
}
