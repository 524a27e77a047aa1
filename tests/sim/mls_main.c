/* SPDX-License-Identifier: Apache-2.0 */
/* Runs seeds of the engine's simulator.
 *
 *	mls-sim [--seed N] [--seeds FROM-TO] [--members N] [--epochs N] [--all] [--trace]
 *
 * Without arguments: a dozen small worlds of all suites, and one of 200 members.  --all (or
 * UNDERCROFT_TEST_LONG): longer ones, and without a choice of seeds 130. */
#include "tests/sim/mls_sim.h"

#include <stdio.h>

struct options {
	uint64_t from, to;
	int members;
	size_t epochs;
	bool all, trace;
};

/* What a seed stands for, unless it was said. */
static struct plan plan_of(const struct options *o, uint64_t seed)
{
	const struct suite *s = suite_at(seed % 3 ? 0 : seed / 3 % 7);
	struct plan p = { .seed = seed,
			  .members = 4 + (int)(seed * 7 % 28),
			  .epochs = o->all ? 400 : 30,
			  .suite = s ? s : suite_at(0),
			  .private_handshakes = seed % 2,
			  .trace = o->trace };
	/* Each thirteenth is large, on the fastest suite. */
	if (seed % 13 == 0) {
		p.members = 200;
		p.epochs = o->all ? 60 : 16;
		p.suite = suite_at(0);
	}
	if (o->members)
		p.members = o->members;
	if (o->epochs)
		p.epochs = o->epochs;
	return p;
}

static void tell(uint64_t seed, const struct counts *c)
{
	printf("seed %llu: %zu commits, %zu others lost; up to %zu members; %zu messages, opened "
	       "%zu times; %zu refusals; %zu crashes, %zu of them in a write; %zu older copies; "
	       "%zu forks seen in %zu splits; %zu came back, %zu in all from outside; %zu "
	       "successors\n",
	       (unsigned long long)seed, c->commits, c->lost_races, c->largest, c->words, c->opened,
	       c->refused, c->crashes, c->torn, c->restored, c->forks, c->splits, c->rejoined,
	       c->external, c->reinits);
}

static bool run(const struct options *o, uint64_t seed, struct counts *sum)
{
	static struct sim s;
	const struct plan plan = plan_of(o, seed);
	bool right = sim_begin(&s, &plan) && sim_run(&s);
	size_t *to = (size_t *)(void *)sum;
	const size_t *from = (const size_t *)(const void *)&s.count;
	if (!right)
		printf("seed %llu: %s\n", (unsigned long long)seed, s.why);
	if (!right || o->trace || o->from == o->to)
		tell(seed, &s.count);
	for (size_t i = 0; i < sizeof *sum / sizeof *to; i++)
		to[i] += from[i];
	sim_end(&s);
	return right;
}

static bool read_options(struct options *o, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";
		char *rest = NULL;
		unsigned long long n = strtoull(value, &rest, 10);
		if (!strcmp(argv[i], "--all")) {
			o->all = true;
			continue;
		}
		if (!strcmp(argv[i], "--trace")) {
			o->trace = true;
			continue;
		}
		if (rest == value)
			return false;
		if (!strcmp(argv[i], "--seed"))
			o->from = o->to = n;
		else if (!strcmp(argv[i], "--seeds") && *rest == '-') {
			o->from = n;
			o->to = strtoull(rest + 1, NULL, 10);
		} else if (!strcmp(argv[i], "--members"))
			o->members = (int)n;
		else if (!strcmp(argv[i], "--epochs"))
			o->epochs = n;
		else
			return false;
		i++;
	}
	return o->members <= PEERS_MAX - 20;
}

int main(int argc, char **argv)
{
	struct options o = { .from = 1, .to = 13 };
	struct counts sum = { 0 };
	size_t failed = 0, n = 0;
	if (!read_options(&o, argc, argv)) {
		fputs("usage: mls-sim [--seed N] [--seeds FROM-TO] [--members N] [--epochs N] "
		      "[--all] [--trace]\n",
		      stderr);
		return 2;
	}
	o.all |= getenv("UNDERCROFT_TEST_LONG") != NULL;
	if (o.all && o.from == 1 && o.to == 13)
		o.to = 130;
	for (uint64_t seed = o.from; seed <= o.to; seed++, n++)
		failed += !run(&o, seed, &sum);
	printf("%zu seeds, %zu failed: %zu commits, %zu messages opened %zu times, %zu crashes, "
	       "%zu "
	       "older copies, %zu forks seen, %zu came back, %zu successors\n",
	       n, failed, sum.commits, sum.words, sum.opened, sum.crashes, sum.restored, sum.forks,
	       sum.rejoined, sum.reinits);
	/* What never happens proves nothing. */
	if (n >= 8 && !(sum.torn && sum.restored && sum.forks && sum.rejoined && sum.reinits)) {
		puts("some of it never happened");
		failed++;
	}
	return failed ? 1 : 0;
}
