/* SPDX-License-Identifier: Apache-2.0 */
/* A client whose program lends threads: they do the signatures of trees and of many KeyPackages, and
 * refuse what one thread refuses. */
#include "tests/unit/libmls/crew.h"

#include <pthread.h>
#include <stdatomic.h>

#define SUITE MLS_X25519_AES128GCM_SHA256_ED25519
enum { PEOPLE = 40, THREADS = 3 };

struct pool {
	atomic_size_t runs, tasks;
};
struct round {
	struct pool *pool;
	void (*task)(void *work, size_t i);
	void *work;
	atomic_size_t next;
	size_t n;
};

static void *take_turns(void *arg)
{
	struct round *r = arg;
	for (size_t i; (i = atomic_fetch_add(&r->next, 1)) < r->n;) {
		r->task(r->work, i);
		atomic_fetch_add(&r->pool->tasks, 1);
	}
	return NULL;
}

static void run(void *ctx, void (*task)(void *work, size_t i), void *work, size_t n)
{
	struct round r = { .pool = ctx, .task = task, .work = work, .n = n };
	pthread_t threads[THREADS];
	atomic_fetch_add(&r.pool->runs, 1);
	for (size_t i = 0; i < THREADS; i++)
		expect_eq(pthread_create(&threads[i], NULL, take_turns, &r), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static struct pool pool;
static const struct mls_parallel parallel = { &pool, run };
static struct sailor crew[PEOPLE];

/* A commit of the first that adds all others. */
static struct mls_made add_all(struct mls_proposal *adds)
{
	struct mls_made made;
	for (size_t i = 0; i + 1 < PEOPLE; i++)
		adds[i] = sailor_add(&crew[i + 1], SUITE);
	const struct mls_commit what = { .proposals = { adds, PEOPLE - 1 },
					 .tree_in_welcome = true };
	expect_ok(mls_group_commit(crew[0].group, &what, crew[0].out, &made));
	return made;
}

static void begin(void)
{
	const struct mls_options with = { .parallel = &parallel }, without = { .parallel = NULL };
	atomic_store(&pool.runs, 0);
	atomic_store(&pool.tasks, 0);
	for (size_t i = 0; i < PEOPLE; i++)
		sailor_begin_with(&crew[i], i == 1 ? "one thread" : "many", SUITE,
				  i == 1 ? &without : &with);
	sailor_create(&crew[0], SUITE, "ship", (struct mls_extensions){ NULL, 0 });
}

TEST(threads_of_the_programs_do_the_signatures)
{
	struct mls_proposal adds[PEOPLE];
	begin();
	struct mls_made made = add_all(adds);
	expect_eq(atomic_load(&pool.runs), 1);
	expect_eq(atomic_load(&pool.tasks), PEOPLE - 1);
	expect_ok(mls_group_pending_apply(crew[0].group));
	for (size_t i = 1; i < PEOPLE; i++) {
		size_t before = atomic_load(&pool.tasks);
		const struct mls_join in = { .welcome = made.welcome,
					     .key_package_secret = crew[i].package.secret };
		expect_ok(mls_group_join(crew[i].client, &in, &crew[i].group));
		expect(i == 1 ? atomic_load(&pool.tasks) == before
			      : atomic_load(&pool.tasks) > before);
	}
	crew_agrees(crew, PEOPLE);
	crew_end(crew, PEOPLE);
}

TEST(one_wrong_signature_among_many_is_found)
{
	struct mls_proposal adds[PEOPLE];
	begin();
	struct mls_made made;
	for (size_t i = 0; i + 1 < PEOPLE; i++)
		adds[i] = sailor_add(&crew[i + 1], SUITE);
	/* The last byte of a KeyPackage is its signature's. */
	struct mls_bytes whole = adds[PEOPLE / 2].key_package;
	uint8_t bent[2048];
	expect(whole.n <= sizeof bent);
	memcpy(bent, whole.p, whole.n);
	bent[whole.n - 1] ^= 1;
	adds[PEOPLE / 2].key_package.p = bent;
	const struct mls_commit what = { .proposals = { adds, PEOPLE - 1 } };
	expect_err(mls_group_commit(crew[0].group, &what, crew[0].out, &made), UC_E_SIGNATURE);
	expect_eq(atomic_load(&pool.runs), 1);
	adds[PEOPLE / 2].key_package = whole;
	expect_ok(mls_group_commit(crew[0].group, &what, crew[0].out, &made));
	crew_end(crew, PEOPLE);
}
