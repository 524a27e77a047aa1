/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/libmls/crew.h"

struct mls_bytes bytes_of(const char *text)
{
	return (struct mls_bytes){ (const uint8_t *)text, strlen(text) };
}

struct view view_of(struct mls_bytes b)
{
	return view_make(b.p, b.n);
}

static uint64_t now_ms(void *ctx)
{
	(void)ctx;
	return env_now_ms(test_env());
}

static uc_err fill_random(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	return env_random(test_env(), out, n);
}

void sailor_begin_with(struct sailor *s, const char *name, uint16_t suite,
		       const struct mls_options *more)
{
	static const struct mls_platform platform = { NULL, now_ms, fill_random, NULL };
	struct mls_options o = *more;
	*s = (struct sailor){ .client = NULL };
	snprintf(s->name, sizeof s->name, "%s", name);
	o.platform = &platform;
	buf_init_secret(&s->journal, 1 << 24);
	buf_init_secret(&s->root, 1 << 16);
	expect_ok(mls_client_new(&o, &s->client));
	expect_ok(mls_out_new(0, &s->out));
	expect_ok(mls_signature_key_generate(s->client, suite, &s->key));
	s->identity = (struct mls_identity){
		.key = s->key, .credential = { .type = MLS_BASIC, .identity = bytes_of(s->name) }
	};
}

void sailor_begin(struct sailor *s, const char *name, uint16_t suite,
		  const struct mls_policy *policy)
{
	const struct mls_options o = { .policy = policy };
	sailor_begin_with(s, name, suite, &o);
}

void sailor_end(struct sailor *s)
{
	mls_group_free(s->group);
	buf_done(&s->journal);
	buf_done(&s->root);
	mls_signature_key_free(s->key);
	mls_out_free(s->out);
	mls_client_free(s->client);
	*s = (struct sailor){ .client = NULL };
}

struct mls_proposal sailor_add(struct sailor *s, uint16_t suite)
{
	const struct mls_key_package_options o = { .identity = &s->identity, .suite = suite };
	expect_ok(mls_key_package_make(s->client, &o, s->out, &s->package));
	return (struct mls_proposal){ .type = MLS_ADD, .key_package = s->package.message };
}

void sailor_create(struct sailor *s, uint16_t suite, const char *group_id,
		   struct mls_extensions extensions)
{
	const struct mls_create how = { .suite = suite,
					.group_id = bytes_of(group_id),
					.identity = &s->identity,
					.extensions = extensions };
	expect_ok(mls_group_create(s->client, &how, &s->group));
}

void sailor_store(struct sailor *s)
{
	struct mls_writes w = { .is_whole = false };
	expect_ok(mls_group_writes(s->group, s->out, &w));
	expect(!w.is_whole || (w.journal.n && w.root.n));
	if (w.is_whole)
		buf_reset(&s->journal);
	buf_add_view(&s->journal, view_of(w.journal));
	if (!w.root.n)
		return;
	buf_reset(&s->root);
	buf_add_view(&s->root, view_of(w.root));
}

void sailor_restart(struct sailor *s)
{
	size_t used = 0;
	mls_group *again = NULL;
	sailor_store(s);
	mls_group_free(s->group);
	expect_ok(mls_group_open(s->client, (struct mls_bytes){ s->root.p, s->root.n },
				 (struct mls_bytes){ s->journal.p, s->journal.n }, &used, &again));
	expect_eq(used, s->journal.n);
	s->group = again;
}

static void newcomer(struct sailor *s, const struct mls_made *made)
{
	const struct mls_join how = { .welcome = made->welcome,
				      .ratchet_tree = made->ratchet_tree,
				      .key_package_secret = s->package.secret };
	uc_err err = mls_group_join(s->client, &how, &s->group);
	if (err != UC_E_NOT_FOUND)
		expect_ok(err);
}

void crew_deliver(struct sailor *crew, size_t n, struct sailor *by, const struct mls_made *made)
{
	for (size_t i = 0; i < n; i++) {
		struct sailor *s = &crew[i];
		struct mls_received got = { .epoch = 0 };
		if (!s->group && made->welcome.n && s->package.secret.n)
			newcomer(s, made);
		else if (s->group) {
			expect_ok(mls_group_receive(s->group, made->commit, s->out, &got));
			expect_eq(got.kind,
				  s == by ? MLS_RECEIVED_OWN_COMMIT : MLS_RECEIVED_COMMIT);
			if (s == by)
				expect_ok(mls_group_pending_apply(s->group));
			else
				expect_ok(mls_group_staged_apply(s->group));
			if (mls_group_state(s->group) == MLS_GROUP_REMOVED) {
				expect(got.change.removes_us);
				mls_group_free(s->group);
				s->group = NULL;
			}
		}
	}
	crew_agrees(crew, n);
}

void crew_commit(struct sailor *crew, size_t n, struct sailor *by, const struct mls_commit *what)
{
	struct mls_made made = { .commit = { NULL, 0 } };
	uc_err err = mls_group_commit(by->group, what, by->out, &made);
	expect_ok(err);
	if (!err)
		crew_deliver(crew, n, by, &made);
}

void crew_begin(struct sailor *crew, size_t n, uint16_t suite)
{
	struct mls_proposal adds[16];
	const struct mls_commit what = { .proposals = { adds, n - 1 } };
	for (size_t i = 0; i < n; i++) {
		char name[32];
		snprintf(name, sizeof name, "sailor %zu", i);
		sailor_begin(&crew[i], name, suite, NULL);
		if (i)
			adds[i - 1] = sailor_add(&crew[i], suite);
	}
	sailor_create(&crew[0], suite, "the crew", (struct mls_extensions){ NULL, 0 });
	if (n > 1)
		crew_commit(crew, n, &crew[0], &what);
}

void crew_end(struct sailor *crew, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sailor_end(&crew[i]);
}

static void says(struct sailor *crew, size_t n, struct sailor *by)
{
	struct mls_bytes message;
	expect_ok(mls_group_protect(by->group, bytes_of("ahoy"), bytes_of("from the mast"), 0,
				    by->out, &message));
	for (size_t i = 0; i < n; i++) {
		struct mls_received got = { .epoch = 0 };
		if (!crew[i].group || &crew[i] == by)
			continue;
		expect_ok(mls_group_receive(crew[i].group, message, crew[i].out, &got));
		expect_eq(got.kind, MLS_RECEIVED_MESSAGE);
		expect_bytes(view_of(got.data), VIEW_LIT("ahoy"));
		expect_bytes(view_of(got.authenticated_data), VIEW_LIT("from the mast"));
		expect_eq(got.sender.type, MLS_MEMBER);
		expect_eq(got.sender.index, mls_group_own_index(by->group));
		expect_bytes(view_of(got.leaf.credential.identity), view_str(by->name));
		expect_eq(got.epoch, mls_group_epoch(by->group));
	}
}

void crew_agrees(struct sailor *crew, size_t n)
{
	const struct sailor *first = NULL;
	struct mls_bytes want = { NULL, 0 };
	for (size_t i = 0; i < n; i++) {
		struct mls_bytes have = { NULL, 0 };
		if (!crew[i].group)
			continue;
		expect_ok(mls_group_epoch_authenticator(crew[i].group, crew[i].out, &have));
		if (!first)
			want = have;
		first = &crew[i];
		expect_bytes(view_of(have), view_of(want));
		if (mls_group_state(crew[i].group) == MLS_GROUP_OPEN)
			says(crew, n, &crew[i]);
	}
}
