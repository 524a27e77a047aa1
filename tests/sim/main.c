/* SPDX-License-Identifier: Apache-2.0 */
/* Runs seeds.
 *
 *	sim-test [--seeds FROM-TO] [--seed N] [--strike POINT] [--trace] [--stats]
 *	         [--people N] [--events N] [--calm] [--chance]
 *
 * After the seeds, every write point that was seen and not struck is struck in the seed where it
 * was seen first, so that over a run each was struck at least once.  With --chance, what chance
 * strikes is enough. */
#include "tests/sim/sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { ACTIVE_MAX_MS = 4 * 3600 * 1000 };

struct options {
	uint64_t from, to, events;
	unsigned people;
	bool trace, stats, calm, chance;
	const char *strike;
};

static void people_come(struct world *w)
{
	static const char *const heads[APPS] = { "+491579900", "zqhandle", "zqaddr" };
	static const char *const tails[APPS] = { "", "", "@example.org" };
	for (unsigned i = 0; i < w->plan.people; i++) {
		unsigned app = i % APPS;
		char name[TEXT_MAX], identifier[TEXT_MAX];
		snprintf(identifier, sizeof identifier, "%s%03u%s", heads[app], i, tails[app]);
		snprintf(name, sizeof name, "zQmark person %u", i);
		struct person *p = world_person(w, &w->apps[app], name, identifier);
		if (!p) {
			sim_fail(w, "no memory");
			return;
		}
		act_start(p);
	}
}

static bool enough(struct world *w, void *ctx)
{
	(void)ctx;
	return w->stats.happened >= w->plan.happenings;
}

static void stats_add(struct stats *to, const struct stats *from)
{
	uint64_t *a = (uint64_t *)to;
	const uint64_t *b = (const uint64_t *)from;
	for (size_t i = 0; i < sizeof *to / sizeof *a; i++)
		a[i] += b[i];
}

static void stats_print(const struct stats *s, const char *what)
{
	printf("%s: %" PRIu64 " events in %" PRIu64 " s: %" PRIu64 " frames, %" PRIu64
	       " requests and %" PRIu64 " answers between apps, %" PRIu64 " acts\n",
	       what, s->happened, s->virtual_ms / 1000, s->frames, s->asks, s->replies, s->acts);
	printf("  faults: %" PRIu64 " apps and %" PRIu64 " clients killed, %" PRIu64
	       " connections cut, %" PRIu64 " requests or answers lost, %" PRIu64 " repeated\n",
	       s->app_kills, s->client_kills, s->cuts, s->lost, s->repeated);
	printf("  %" PRIu64 " rooms, %" PRIu64 " epochs, %" PRIu64 " joinings, %" PRIu64
	       " of %" PRIu64 " members introduced; %" PRIu64 " devices lost, %" PRIu64
	       " accounts deleted\n",
	       s->rooms, s->epochs, s->joined, s->introduced, s->members, s->recovered, s->deleted);
	printf("  %" PRIu64 " devices restored from a copy, %" PRIu64 " rooms joined anew, %" PRIu64
	       " own messages come to light again\n",
	       s->restored, s->rejoined, s->recalled);
	printf("  messages: %" PRIu64 " sent, %" PRIu64 " accepted, %" PRIu64 " received, %" PRIu64
	       " failed in rooms that were left\n",
	       s->said, s->accepted, s->received, s->failed);
}

static bool run_world(struct world *w, const struct plan *plan)
{
	if (world_init(w, plan)) {
		fprintf(stderr, "seed %" PRIu64 ": the world cannot be made\n", plan->seed);
		return false;
	}
	uint64_t start = w->now_ms;
	people_come(w);
	world_run(w, w->now_ms + ACTIVE_MAX_MS, enough, NULL);
	if (!w->failed && w->stats.happened < plan->happenings)
		sim_fail(w, "only %" PRIu64 " events happened", w->stats.happened);
	if (!w->failed)
		world_rest(w);
	if (!w->failed)
		check_all(w);
	w->stats.virtual_ms = w->now_ms - start;
	return !w->failed;
}

static bool run(const struct options *o, struct cover *cover, uint64_t seed, const char *strike,
		struct stats *sum)
{
	static struct world w;
	struct plan plan = {
		.seed = seed,
		.people = o->people,
		.happenings = o->events,
		.faults = !o->calm,
		.trace = o->trace,
		.strike = strike,
		.cover = cover,
	};
	bool right = run_world(&w, &plan);
	char what[32];
	snprintf(what, sizeof what, "seed %" PRIu64, seed);
	if (o->stats && o->from == o->to)
		stats_print(&w.stats, what);
	stats_add(sum, &w.stats);
	world_done(&w);
	return right;
}

static bool strike_the_rest(const struct options *o, struct cover *cover, struct stats *sum)
{
	bool right = true;
	/* Not those that only a strike has brought about: its seed alone does not lead there again. */
	size_t n = cover->n;
	for (size_t i = 0; i < n && right; i++) {
		const struct cover_point *p = cover->v[i];
		if (p->struck)
			continue;
		right = run(o, cover, p->first_seed, p->label, sum);
		if (right && !p->struck) {
			fprintf(stderr, "%s was not struck in seed %" PRIu64 "\n", p->label,
				p->first_seed);
			right = false;
		}
	}
	return right;
}

static bool run_all(const struct options *o, struct cover *cover)
{
	struct stats sum = { 0 };
	uint64_t failed = 0, n = 0;
	for (uint64_t seed = o->from; seed <= o->to; seed++, n++)
		failed += !run(o, cover, seed, o->strike, &sum);
	size_t by_chance = cover_struck(cover);
	bool right = !failed;
	if (right && n > 1 && !o->calm && !o->chance)
		right = strike_the_rest(o, cover, &sum);
	if (o->stats) {
		stats_print(&sum, "all");
		printf("  write points: %zu seen, %zu struck by chance, %zu in all\n", cover->n,
		       by_chance, cover_struck(cover));
	}
	printf("%" PRIu64 " seeds, %" PRIu64 " failed\n", n, failed);
	return right;
}

static bool number(const char *text, uint64_t *out, const char **rest)
{
	char *end;
	*out = strtoull(text, &end, 10);
	*rest = end;
	return end != text;
}

static bool option(struct options *o, const char *name, const char *value)
{
	const char *rest;
	uint64_t n = 0;
	if (!value)
		return false;
	if (!strcmp(name, "--strike")) {
		o->strike = value;
		return true;
	}
	if (!number(value, &n, &rest))
		return false;
	if (!strcmp(name, "--seed"))
		o->from = o->to = n;
	else if (!strcmp(name, "--people"))
		o->people = (unsigned)n;
	else if (!strcmp(name, "--events"))
		o->events = n;
	else if (!strcmp(name, "--seeds") && *rest == '-' && number(rest + 1, &o->to, &rest))
		o->from = n;
	else
		return false;
	return o->from && o->to >= o->from && o->people && o->people <= PEOPLE_MAX;
}

static bool options_read(struct options *o, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--trace"))
			o->trace = true;
		else if (!strcmp(argv[i], "--stats"))
			o->stats = true;
		else if (!strcmp(argv[i], "--calm"))
			o->calm = true;
		else if (!strcmp(argv[i], "--chance"))
			o->chance = true;
		else if (option(o, argv[i], argv[i + 1]))
			i++;
		else
			return false;
	}
	return true;
}

static uint64_t cover_now(void *ctx)
{
	(void)ctx;
	return 0;
}

static uc_err cover_random(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	memset(out, 7, n);
	return UC_OK;
}

int main(int argc, char **argv)
{
	static const struct env env = { NULL, cover_now, cover_random, NULL };
	struct options o = { .from = 1, .to = 100, .events = 5000, .people = 9 };
	struct cover cover;
	const char *more = getenv("UNDERCROFT_TEST_LONG");
	if (!options_read(&o, argc, argv)) {
		fputs("usage: sim-test [--seeds FROM-TO] [--seed N] [--strike POINT] [--trace] "
		      "[--stats] [--people N] [--events N] [--calm] [--chance]\n",
		      stderr);
		return 2;
	}
	if (more && *more && o.from != o.to)
		o.to = o.from + (o.to - o.from + 1) * 10 - 1;
	if (cover_init(&cover, &env))
		return 1;
	bool right = run_all(&o, &cover);
	cover_done(&cover);
	return right ? 0 : 1;
}
