/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that runs out at each allocation in turn: every call says so, leaves nothing over, and works a
 * moment later. */
#include "tests/unit/libmls/crew.h"

#include "tests/unit/heap_faulty.h"

#define SUITE MLS_X25519_AES128GCM_SHA256_ED25519
enum { ALLOCATIONS_MAX = 4000 };

static const struct mls_bytes nothing;

/* What is tried, and what undoes it when it worked. */
struct trial {
	struct sailor crew[3];
	mls_public_group *server, *other_server;
	mls_client *client;
	mls_out *out;
	mls_signature_key *key;
	mls_group *group;
	struct mls_bytes message;
	struct mls_made made;
	struct mls_writes writes;
	struct mls_part_list parts;
	struct mls_received got;
	struct mls_key_package_made package;
	struct mls_leaf_list members;
};
typedef uc_err work(struct trial *t);

static const struct mls_commit path = { .force_path = true };

/* Fails at each allocation, until there is none left to fail at. */
static void try_all(struct trial *t, const char *name, work *try, work *undo)
{
	for (size_t n = 1; n < ALLOCATIONS_MAX; n++) {
		mls_out_clear(t->crew[0].out);
		heap_fail_at(n);
		uc_err err = try(t);
		bool failed = heap_has_failed();
		heap_fail_at(0);
		/* Some can do without, for a while. */
		if (failed && err) {
			if (err != UC_E_MEMORY)
				test_fail(__FILE__, __LINE__, "%s: %s at allocation %zu", name,
					  uc_err_name(err), n);
			continue;
		}
		if (failed) {
			expect_ok(undo ? undo(t) : UC_OK);
			continue;
		}
		expect_ok(err);
		if (undo)
			expect_ok(undo(t));
		return;
	}
	test_fail(__FILE__, __LINE__, "%s: there is no end to it", name);
}

static uint64_t clock_ms(void *ctx)
{
	(void)ctx;
	return test_now_ms;
}

static uc_err dice(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	return env_random(test_env(), out, n);
}

static uc_err make_client(struct trial *t)
{
	static const struct mls_platform platform = { NULL, clock_ms, dice, NULL };
	const struct mls_options o = { .platform = &platform };
	return mls_client_new(&o, &t->client);
}
static uc_err free_client(struct trial *t)
{
	mls_client_free(t->client);
	return UC_OK;
}

static uc_err make_out(struct trial *t)
{
	return mls_out_new(0, &t->out);
}
static uc_err free_out(struct trial *t)
{
	mls_out_free(t->out);
	return UC_OK;
}

static uc_err make_key(struct trial *t)
{
	return mls_signature_key_generate(t->crew[0].client, SUITE, &t->key);
}
static uc_err free_key(struct trial *t)
{
	mls_signature_key_free(t->key);
	return UC_OK;
}

static uc_err make_package(struct trial *t)
{
	const struct mls_key_package_options o = { .identity = &t->crew[0].identity,
						   .suite = SUITE,
						   .last_resort = true };
	return mls_key_package_make(t->crew[0].client, &o, t->crew[0].out, &t->package);
}

static uc_err create(struct trial *t)
{
	const struct mls_create how = { .suite = SUITE,
					.group_id = bytes_of("another"),
					.identity = &t->crew[0].identity };
	return mls_group_create(t->crew[0].client, &how, &t->group);
}
static uc_err free_group(struct trial *t)
{
	mls_group_free(t->group);
	return UC_OK;
}

static uc_err commit(struct trial *t)
{
	return mls_group_commit(t->crew[0].group, &path, t->crew[0].out, &t->made);
}
static uc_err drop_pending(struct trial *t)
{
	mls_group_pending_drop(t->crew[0].group);
	return UC_OK;
}

static uc_err propose(struct trial *t)
{
	return mls_group_propose_update(t->crew[0].group, NULL, t->crew[0].out, &t->message);
}
static uc_err drop_proposals(struct trial *t)
{
	struct mls_proposal_list l;
	TRY(mls_group_proposals(t->crew[0].group, t->crew[0].out, &l));
	expect_eq(l.n, 1);
	return mls_group_proposal_drop(t->crew[0].group, l.v[0].ref);
}

static uc_err receive(struct trial *t)
{
	return mls_group_receive(t->crew[0].group, t->made.commit, t->crew[0].out, &t->got);
}
static uc_err drop_staged(struct trial *t)
{
	mls_group_staged_drop(t->crew[0].group);
	return UC_OK;
}

static uc_err protect(struct trial *t)
{
	return mls_group_protect(t->crew[0].group, bytes_of("x"), nothing, 100, t->crew[0].out,
				 &t->message);
}

static uc_err list_members(struct trial *t)
{
	return mls_group_members(t->crew[0].group, MLS_NOW, t->crew[0].out, &t->members);
}

static uc_err describe(struct trial *t)
{
	return mls_group_info(t->crew[0].group, true, false, t->crew[0].out, &t->message);
}

static uc_err open_again(struct trial *t)
{
	const struct sailor *s = &t->crew[0];
	size_t used;
	return mls_group_open(s->client, (struct mls_bytes){ s->root.p, s->root.n },
			      (struct mls_bytes){ s->journal.p, s->journal.n }, &used, &t->group);
}

static uc_err join_external(struct trial *t)
{
	struct sailor *s = &t->crew[2];
	struct mls_join_external how = { .identity = &s->identity, .group_info = t->message };
	return mls_group_join_external(s->client, &how, t->crew[0].out, &t->made, &t->group);
}

static uc_err server_receives(struct trial *t)
{
	return mls_public_group_receive(t->server, t->made.commit, t->crew[0].out, &t->got);
}
static uc_err server_drops(struct trial *t)
{
	mls_public_group_staged_drop(t->server);
	return UC_OK;
}

static uc_err another_server(struct trial *t)
{
	return mls_public_group_new(t->crew[0].client, t->message, nothing, &t->other_server);
}
static uc_err open_server(struct trial *t)
{
	return mls_public_group_open(t->crew[0].client, t->parts, &t->other_server);
}
static uc_err free_server(struct trial *t)
{
	mls_public_group_free(t->other_server);
	return UC_OK;
}

TEST(every_call_survives_being_without_memory)
{
	struct trial *t = calloc(1, sizeof *t);
	mls_out *kept = NULL;
	struct mls_bytes info;
	size_t before = heap_live();
	if (!t)
		return;
	crew_begin(t->crew, 2, SUITE);
	sailor_begin(&t->crew[2], "outside", SUITE, NULL);
	expect_ok(mls_out_new(0, &kept));
	sailor_store(&t->crew[0]);
	expect_ok(mls_group_info(t->crew[0].group, true, false, kept, &info));
	t->message = info;
	try_all(t, "client_new", make_client, free_client);
	try_all(t, "out_new", make_out, free_out);
	try_all(t, "signature_key_generate", make_key, free_key);
	try_all(t, "key_package_make", make_package, NULL);
	try_all(t, "group_create", create, free_group);
	try_all(t, "group_members", list_members, NULL);
	try_all(t, "group_open", open_again, free_group);
	try_all(t, "group_join_external", join_external, free_group);
	try_all(t, "public_group_new", another_server, free_server);
	expect_ok(mls_public_group_new(t->crew[0].client, info, nothing, &t->server));
	expect_ok(mls_public_group_writes(t->server, kept, &t->parts));
	try_all(t, "public_group_open", open_server, free_server);
	try_all(t, "group_commit", commit, drop_pending);
	try_all(t, "group_propose_update", propose, drop_proposals);
	try_all(t, "group_protect", protect, NULL);
	try_all(t, "group_info", describe, NULL);
	expect_ok(mls_group_commit(t->crew[1].group, &path, kept, &t->made));
	try_all(t, "public_group_receive", server_receives, server_drops);
	try_all(t, "group_receive", receive, drop_staged);
	mls_group_pending_drop(t->crew[1].group);
	crew_agrees(t->crew, 2);
	mls_public_group_free(t->server);
	mls_out_free(kept);
	crew_end(t->crew, 3);
	expect_eq(heap_live(), before);
	free(t);
}

/* What cannot be taken back is had again from what is stored. */
TEST(no_message_is_lost_by_being_without_memory)
{
	struct sailor crew[2];
	struct mls_bytes said;
	struct mls_received got;
	unsigned failures = 0;
	crew_begin(crew, 2, SUITE);
	for (size_t n = 1; n < 200; n++) {
		expect_ok(mls_group_protect(crew[0].group, bytes_of("kept"), nothing, 0,
					    crew[0].out, &said));
		sailor_store(&crew[1]);
		heap_fail_at(n);
		uc_err err = mls_group_receive(crew[1].group, said, crew[1].out, &got);
		bool failed = heap_has_failed();
		heap_fail_at(0);
		if (err) {
			const struct mls_bytes root = { crew[1].root.p, crew[1].root.n };
			const struct mls_bytes journal = { crew[1].journal.p, crew[1].journal.n };
			size_t used;
			failures++;
			expect(failed);
			expect_err(err, UC_E_MEMORY);
			mls_group_free(crew[1].group);
			crew[1].group = NULL;
			expect_ok(mls_group_open(crew[1].client, root, journal, &used,
						 &crew[1].group));
			expect_ok(mls_group_receive(crew[1].group, said, crew[1].out, &got));
		}
		expect_bytes(view_of(got.data), VIEW_LIT("kept"));
		mls_out_clear(crew[1].out);
		if (!failed)
			break;
	}
	expect(failures > 3);
	crew_agrees(crew, 2);
	crew_end(crew, 2);
}

/* What could not be written is written by the next call, of a group that was just opened, too. */
TEST(writing_is_tried_again)
{
	struct sailor crew[2];
	struct mls_writes w;
	bool failed = true;
	crew_begin(crew, 2, SUITE);
	sailor_store(&crew[0]);
	for (size_t n = 1; failed && n < ALLOCATIONS_MAX; n++) {
		struct mls_bytes said;
		sailor_restart(&crew[0]);
		expect_ok(mls_group_protect(crew[0].group, bytes_of("x"), nothing, 0, crew[0].out,
					    &said));
		heap_fail_at(n);
		uc_err err = mls_group_writes(crew[0].group, crew[0].out, &w);
		failed = heap_has_failed();
		heap_fail_at(0);
		if (err) {
			expect_eq(err, UC_E_MEMORY);
			sailor_store(&crew[0]);
		} else {
			buf_add_view(&crew[0].journal, view_of(w.journal));
		}
	}
	expect(!failed);
	crew_agrees(crew, 2);
	crew_end(crew, 2);
}
