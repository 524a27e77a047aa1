/* SPDX-License-Identifier: Apache-2.0 */
/* Ann adds Bob and writes to him; he restarts from what is stored, answers; she removes him. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <undercroft/mls.h>

#define TEXT(s) ((struct mls_bytes){ (const uint8_t *)(s), sizeof(s) - 1 })
static struct person {
	mls_client *client;
	mls_out *out;
	mls_signature_key *key;
	mls_group *group;
	mls_out *disk; /* where you have files or a database */
	struct mls_bytes root, journal;
} ann, bob;

static void check(uc_err err)
{
	if (err)
		fprintf(stderr, "mls: %s\n", uc_err_text(err)), exit(1);
}

static uint64_t now_ms(void *ctx)
{
	return (void)ctx, (uint64_t)time(NULL) * 1000;
}

static uc_err fill(void *ctx, uint8_t *out, size_t n)
{
	return (void)ctx, getrandom(out, n, 0) == (ssize_t)n ? UC_OK : UC_E_RANDOM;
}

static struct mls_identity begin(struct person *p, struct mls_bytes name)
{
	static const struct mls_platform platform = { .now_ms = now_ms, .random = fill };
	check(mls_client_new(&(struct mls_options){ .platform = &platform }, &p->client));
	check(mls_out_new(0, &p->out)), check(mls_out_new(0, &p->disk));
	check(mls_signature_key_generate(p->client, 1, &p->key));
	return (struct mls_identity){ .key = p->key, .credential = { MLS_BASIC, name, { 0 } } };
}

static void store(struct person *p) /* before anything leaves that depends on it */
{
	struct mls_writes w;
	check(mls_group_writes_whole(p->group, p->out, &w)); /* mls_group_writes: what to append */
	mls_out_clear(p->disk);
	check(mls_out_copy(p->disk, w.root.p, w.root.n, &p->root));
	check(mls_out_copy(p->disk, w.journal.p, w.journal.n, &p->journal));
}

static void hear(struct person *p, struct mls_bytes message)
{
	struct mls_received got;
	check(mls_group_receive(p->group, message, p->out, &got));
	if (got.kind == MLS_RECEIVED_COMMIT) /* the place to look at got.change, and decide */
		check(mls_group_staged_apply(p->group));
	store(p);
	if (got.kind == MLS_RECEIVED_MESSAGE)
		printf("%u: %.*s\n", got.sender.index, (int)got.data.n, (const char *)got.data.p);
}

static struct mls_made commit(struct person *p, struct mls_proposal proposal)
{
	const struct mls_commit what = { .proposals = { &proposal, 1 }, .tree_in_welcome = true };
	struct mls_made made;
	check(mls_group_commit(p->group, &what, p->out, &made)), store(p);
	check(mls_group_pending_apply(p->group)), store(p); /* once the server took made.commit */
	return made;
}

int main(void)
{
	const struct mls_identity a = begin(&ann, TEXT("Ann")), b = begin(&bob, TEXT("Bob"));
	const struct mls_create how = { .suite = 1, .group_id = TEXT("tea"), .identity = &a };
	const struct mls_key_package_options o = { .identity = &b, .suite = 1 };
	struct mls_key_package_made package;
	struct mls_bytes message;
	check(mls_group_create(ann.client, &how, &ann.group));
	check(mls_key_package_make(bob.client, &o, bob.out, &package)); /* Bob publishes it */
	const struct mls_proposal add = { .type = MLS_ADD, .key_package = package.message };
	const struct mls_made added = commit(&ann, add);
	const struct mls_join join = { added.welcome, { 0 }, package.secret };
	check(mls_group_join(bob.client, &join, &bob.group)), store(&bob);
	check(mls_group_protect(ann.group, TEXT("Hi"), TEXT(""), 64, ann.out, &message)),
		store(&ann);
	mls_group_free(bob.group); /* Bob restarts */
	check(mls_group_open(bob.client, bob.root, bob.journal, &bob.journal.n, &bob.group));
	hear(&bob, message);
	check(mls_group_protect(bob.group, TEXT("Ho"), TEXT(""), 64, bob.out, &message)),
		store(&bob);
	hear(&ann, message);
	hear(&bob, commit(&ann, (struct mls_proposal){ .type = MLS_REMOVE, .index = 1 }).commit);
	printf("Bob is %s\n", mls_group_state(bob.group) == MLS_GROUP_REMOVED ? "out" : "in");
	for (struct person *p = &ann; p; p = p == &ann ? &bob : NULL)
		mls_group_free(p->group), mls_signature_key_free(p->key), mls_out_free(p->out),
			mls_out_free(p->disk), mls_client_free(p->client);
}
