/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/mls_scale.h"

#include "tests/bench/bench.h"

#if defined __GLIBC__
#include <malloc.h>
#endif

enum { JOINED = 1000, HEAP_UPDATES = 5 };

struct scale {
	struct crowd c;
	struct arena a; /* of one repetition */
	struct shape shape;
	struct prices *prices;
	double budget_us;
};

static bool wants_more(const struct scale *x, const struct samples *s)
{
	return s->n < 5 || samples_sum(s) < x->budget_us;
}

/* count NULL: no floor is known. */
static void show(const struct scale *x, const char *what, struct samples *s,
		 const struct count *count)
{
	char name[64];
	snprintf(name, sizeof name, "mls.%s.%zu", what, x->c.n);
	const struct figure f = { .name = name,
				  .value = samples_quantile(s, 0.5),
				  .unit = "us",
				  .low = samples_quantile(s, 0.1),
				  .floor = count ? count_price(count, x->prices) : 0 };
	figure_print(&f);
	samples_done(s);
}

/* --- one commit --- */

static void run_updates(struct scale *x)
{
	struct samples create = { .n = 0 }, process = { .n = 0 }, hub = { .n = 0 };
	const struct commit_options o = { .force_path = true };
	while (wants_more(x, &create) || wants_more(x, &process)) {
		struct made_commit made;
		struct received got;
		struct public_received at_hub;
		cpu_start(&create);
		MUST(group_commit(x->c.a, &o, &x->a, &made));
		MUST(group_pending_apply(x->c.a));
		cpu_stop(&create);
		cpu_start(&process);
		MUST(group_receive(x->c.b, made.commit, &x->a, &got));
		MUST(group_staged_apply(x->c.b));
		cpu_stop(&process);
		cpu_start(&hub);
		MUST(public_group_receive(x->c.hub, made.commit, &x->a, &at_hub));
		MUST(public_group_check_info(x->c.hub, made.group_info));
		MUST(public_group_apply(x->c.hub));
		cpu_stop(&hub);
		arena_done(&x->a);
	}
	const struct count counts[] = { count_update_commit(&x->shape),
					count_process_update(&x->shape),
					count_hub_update(&x->shape) };
	show(x, "create_update", &create, &counts[0]);
	show(x, "process_update", &process, &counts[1]);
	show(x, "hub_update", &hub, &counts[2]);
}

/* Somebody is added, in a commit that nobody accepts; the tree goes to the joiner by itself. */
static void run_adds(struct scale *x)
{
	struct samples create = { .n = 0 }, process = { .n = 0 };
	while (wants_more(x, &create) || wants_more(x, &process)) {
		struct proposal v[2];
		struct made_commit made;
		struct received got;
		struct commit_options o = { .proposals = v, .tree = TREE_NEVER };
		crowd_add(&x->c, &x->a, v, &o.proposal_count);
		cpu_start(&create);
		MUST(group_commit(x->c.a, &o, &x->a, &made));
		cpu_stop(&create);
		cpu_start(&process);
		MUST(group_receive(x->c.b, made.commit, &x->a, &got));
		cpu_stop(&process);
		group_staged_drop(x->c.b);
		group_pending_drop(x->c.a);
		arena_done(&x->a);
	}
	const struct count counts[] = { count_add_commit(&x->shape), count_process_add(&x->shape) };
	show(x, "create_add", &create, &counts[0]);
	show(x, "process_add", &process, &counts[1]);
}

/* --- a group of a thousand --- */

static void run_join(struct scale *x)
{
	struct samples join = { .n = 0 };
	const struct crowd_member *fresh = &x->c.people[x->c.n];
	while (wants_more(x, &join)) {
		struct proposal v[2];
		struct made_commit made;
		struct commit_options o = { .proposals = v };
		struct group *g;
		crowd_add(&x->c, &x->a, v, &o.proposal_count);
		MUST(group_commit(x->c.a, &o, &x->a, &made));
		const struct welcome_input in = { made.welcome, made.ratchet_tree,
						  fresh->key_package, &fresh->secrets };
		cpu_start(&join);
		MUST(group_join(&x->c.platform, &in, &g));
		cpu_stop(&join);
		group_free(g);
		group_pending_drop(x->c.a);
		arena_done(&x->a);
	}
	const struct count count = count_join(&x->shape);
	show(x, "join", &join, &count);
}

static void run_add_many(struct scale *x)
{
	struct samples all = { .n = 0 };
	do {
		cpu_start(&all);
		struct group *g = crowd_create(&x->c, &x->a);
		cpu_stop(&all);
		group_free(g);
		arena_done(&x->a);
	} while (all.n < 3 || samples_sum(&all) < x->budget_us);
	const struct count count = count_create(&x->shape);
	show(x, "add_many", &all, &count);
}

static void run_messages(struct scale *x)
{
	static const uint8_t text[100];
	struct samples seal = { .n = 0 }, open = { .n = 0 };
	while (wants_more(x, &seal) || wants_more(x, &open)) {
		struct view message;
		struct received got;
		cpu_start(&seal);
		MUST(group_encrypt(x->c.a, VIEW_LIT(""), VIEW_OF(text), 0, &x->a, &message));
		cpu_stop(&seal);
		cpu_start(&open);
		MUST(group_receive(x->c.b, message, &x->a, &got));
		cpu_stop(&open);
		arena_done(&x->a);
	}
	const struct count counts[] = { count_protect(&x->shape), count_unprotect(&x->shape) };
	struct scale of_bytes = *x;
	of_bytes.c.n = sizeof text; /* what these are named by */
	show(&of_bytes, "protect", &seal, &counts[0]);
	show(&of_bytes, "unprotect", &open, &counts[1]);
}

/* --- memory --- */

static double heap_bytes(void)
{
#if defined __GLIBC__
	struct mallinfo2 m = mallinfo2();
	return (double)m.uordblks + (double)m.hblkhd;
#else
	return 0;
#endif
}

/* What is given back with b's group, after some commits: its past epochs are there, too.  The
 * allocator's own part is counted. */
static void run_heap(struct scale *x)
{
	char name[64];
	const struct commit_options o = { .force_path = true };
	for (int i = 0; i < HEAP_UPDATES; i++) {
		struct made_commit made;
		MUST(group_commit(x->c.a, &o, &x->a, &made));
		MUST(group_pending_apply(x->c.a));
		crowd_take(&x->c, x->c.a, made.commit, &x->a);
		arena_done(&x->a);
	}
	double before = heap_bytes();
	size_t counted = group_memory_bytes(x->c.b);
	group_free(x->c.b);
	x->c.b = NULL;
	snprintf(name, sizeof name, "mls.heap.%zu", x->c.n);
	const struct figure f = { .name = name,
				  .value = (before - heap_bytes()) / 1e6,
				  .unit = "MB" };
	if (f.value > 0)
		figure_print(&f);
	snprintf(name, sizeof name, "mls.heap_counted.%zu", x->c.n);
	const struct figure own = { .name = name, .value = (double)counted / 1e6, .unit = "MB" };
	figure_print(&own);
}

void scale_run(const struct suite *s, size_t largest, double budget_us, struct prices *prices)
{
	static const size_t sizes[] = { 100, 1000, 5000, 10000, 50000 };
	static struct scale x;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes && sizes[i] <= largest; i++) {
		x = (struct scale){ .prices = prices, .budget_us = budget_us };
		prices_measure(s, prices);
		arena_init(&x.a, (size_t)1 << 30, ARENA_SECRET);
		crowd_begin(&x.c, s, sizes[i], false);
		crowd_fill(&x.c);
		shape_of(&x.c, &x.shape);
		run_updates(&x);
		run_adds(&x);
		if (sizes[i] == JOINED) {
			run_join(&x);
			run_messages(&x);
			run_add_many(&x);
		}
		run_heap(&x);
		crowd_end(&x.c);
	}
}
