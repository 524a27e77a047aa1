/* SPDX-License-Identifier: Apache-2.0 */
/* Runs seeds.
 *
 *	sim-test [--seeds FROM-TO] [--seed N] [--strike POINT] [--trace] [--story] [--stats]
 *	         [--people N] [--events N] [--calm] [--chance] [--jobs N] [--planted NAME]
 *	         [--with FAULT] [--devices] [--minors] [--roles]
 *
 * After the seeds, every write point that was seen and not struck is struck in the cheapest seed
 * that saw it, so that over a run each was struck at least once.  With --chance, what chance
 * strikes is enough.  --planted, in a build with -Dplanted=true: the seeds until one finds it. */
#include "base/planted.h"
#include "tests/sim/sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct options {
	uint64_t from, to, events;
	unsigned people, jobs;
	bool trace, story, stats, calm, chance, devices, minors, roles;
	const char *strike, *planted;
	uint32_t weather; /* faults besides those of the seed */
};

static void plan_make(const struct options *o, const struct job *job, struct cover *cover,
		      struct plan *out)
{
	*out = (struct plan){ .faults = !o->calm, .strike = job->strike, .cover = cover };
	plan_of_seed(out, job->seed);
	out->weather |= o->weather;
	out->devices = out->devices || o->devices;
	out->minors = out->minors || o->minors;
	out->roles = out->roles || o->roles;
	if (o->people)
		out->people = o->people;
	if (o->events)
		out->happenings = o->events;
}

static void again(const struct options *o, const struct job *job)
{
	fprintf(stderr, "  again: ./dev sim --seed %" PRIu64, job->seed);
	if (job->strike)
		fprintf(stderr, " --strike '%s'", job->strike);
	fprintf(stderr, "%s%s%s", o->devices ? " --devices" : "", o->minors ? " --minors" : "",
		o->roles ? " --roles" : "");
	fputc('\n', stderr);
}

/* --- many --- */

struct many {
	const struct options *o;
	struct cover cover;
	uint64_t next_seed, done, failed;
	size_t next_point, points; /* those that are to be struck in the end */
	struct stats sum;
	bool stop, out_of_memory;
	uint64_t found_in; /* the least seed that failed; 0: none */
	char why[WHY_MAX];
};

static bool next_seed(void *ctx, struct job *out)
{
	struct many *m = ctx;
	if (m->stop || m->next_seed > m->o->to)
		return false;
	*out = (struct job){ m->next_seed++, m->o->strike };
	return true;
}

/* Not those that only a strike has brought about: its seed alone does not lead there again. */
static bool next_point(void *ctx, struct job *out)
{
	struct many *m = ctx;
	while (m->next_point < m->points && m->cover.v[m->next_point]->struck)
		m->next_point++;
	if (m->next_point == m->points)
		return false;
	const struct cover_point *p = m->cover.v[m->next_point++];
	*out = (struct job){ p->seed, p->label };
	return true;
}

static void run(void *ctx, const struct job *job, struct cover *cover, struct outcome *out)
{
	const struct many *m = ctx;
	struct plan plan;
	plan_make(m->o, job, cover, &plan);
	outcome_of(&plan, out);
	/* What came after a strike, its seed alone does not come to. */
	for (size_t i = 0; i < cover->n; i++)
		cover->v[i]->cost = job->strike ? UINT64_MAX : out->stats.happened;
}

static void failed(struct many *m, const struct job *job, const char *why)
{
	m->failed++;
	if (!m->found_in || job->seed < m->found_in) {
		m->found_in = job->seed;
		snprintf(m->why, sizeof m->why, "%s", why);
	}
	if (m->o->planted) {
		m->stop = true;
		return;
	}
	fprintf(stderr, "seed %" PRIu64 ", %s\n", job->seed, why);
	again(m->o, job);
}

static void progress(const struct many *m)
{
	static time_t last;
	time_t now = time(NULL);
	if (!isatty(STDERR_FILENO) || now < last + 5)
		return;
	last = now;
	fprintf(stderr, "  %" PRIu64 " worlds, %" PRIu64 " failed\n", m->done, m->failed);
}

static void done(void *ctx, const struct job *job, const struct outcome *o,
		 const struct cover_point *v, size_t n)
{
	struct many *m = ctx;
	m->done++;
	bool struck = !job->strike;
	for (size_t i = 0; i < n; i++) {
		if (cover_merge(&m->cover, &v[i]))
			m->out_of_memory = true;
		struck = struck || (v[i].struck && !strcmp(v[i].label, job->strike));
	}
	stats_add(&m->sum, &o->stats);
	if (!o->right)
		failed(m, job, o->why);
	else if (!struck)
		failed(m, job, "the write point was not struck");
	progress(m);
}

static bool run_many(const struct options *o)
{
	static struct many m;
	m = (struct many){ .o = o, .next_seed = o->from };
	struct jobs seeds = { &m, o->jobs, next_seed, run, done };
	struct jobs points = { &m, o->jobs, next_point, run, done };
	if (cover_init(&m.cover))
		return false;
	uc_err err = jobs_run(&seeds);
	size_t by_chance = cover_struck(&m.cover);
	uint64_t n = m.done;
	m.points = m.cover.n;
	if (!err && !m.failed && n > 1 && !o->calm && !o->chance)
		err = jobs_run(&points);
	if (o->stats) {
		stats_print(&m.sum, "all");
		printf("  write points: %zu seen, %zu struck by chance, %zu in all\n", m.cover.n,
		       by_chance, cover_struck(&m.cover));
	}
	printf("%" PRIu64 " seeds, %" PRIu64 " failed\n", n, m.failed);
	cover_done(&m.cover);
	return !err && !m.failed && !m.out_of_memory;
}

/* --- one --- */

static void run_quietly(const struct options *o, const struct story *story, bool trace,
			struct outcome *out)
{
	struct cover cover;
	struct plan plan;
	struct job job = { o->from, o->strike };
	if (cover_init(&cover))
		return;
	plan_make(o, &job, &cover, &plan);
	plan.story = story;
	plan.trace = trace;
	if (story || trace)
		printf("seed %" PRIu64 ": %u people, %" PRIu64 " events\n", o->from, plan.people,
		       plan.happenings);
	outcome_of(&plan, out);
	cover_done(&cover);
}

/* A seed that fails is run once more, now that it is known what to tell of it. */
static bool run_one(const struct options *o)
{
	static struct outcome out;
	struct story story = { 0 };
	run_quietly(o, NULL, o->trace, &out);
	if (o->story && !o->trace) {
		story_about(&story, out.why);
		run_quietly(o, &story, false, &out);
	}
	char what[32];
	snprintf(what, sizeof what, "seed %" PRIu64, o->from);
	if (o->stats)
		stats_print(&out.stats, what);
	if (!out.right)
		fprintf(stderr, "%s, %s\n", what, out.why);
	printf("1 seeds, %d failed\n", !out.right);
	return out.right;
}

/* --- planted bugs --- */

#ifdef PLANTED_SWITCH

static bool find_planted(struct options *o, enum planted_bug bug)
{
	static struct many m;
	struct timespec begin, end;
	m = (struct many){ .o = o, .next_seed = o->from };
	struct jobs seeds = { &m, o->jobs, next_seed, run, done };
	if (cover_init(&m.cover))
		return false;
	planted_switch(bug);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	uc_err err = jobs_run(&seeds);
	clock_gettime(CLOCK_MONOTONIC, &end);
	cover_done(&m.cover);
	printf("%-18s ", planted_name(bug));
	if (m.found_in)
		printf("found in seed %" PRIu64 ", after %ld s: %s\n", m.found_in,
		       (long)(end.tv_sec - begin.tv_sec), m.why);
	else
		printf("NOT FOUND in %" PRIu64 " seeds: %s\n", m.done, planted_says(bug));
	fflush(stdout);
	return !err && m.found_in;
}

static bool run_planted(struct options *o)
{
	bool all = !strcmp(o->planted, "all"), known = false, right = true;
	for (int i = 0; i < PLANTED_COUNT; i++) {
		if (!all && strcmp(o->planted, planted_name((enum planted_bug)i)) != 0)
			continue;
		known = true;
		right = find_planted(o, (enum planted_bug)i) && right;
	}
	if (!known)
		fprintf(stderr, "no bug is called %s\n", o->planted);
	return known && right;
}

/* A seed in which it is found, told. */
static bool switch_planted(const struct options *o)
{
	for (int i = 0; i < PLANTED_COUNT; i++) {
		if (strcmp(o->planted, planted_name((enum planted_bug)i)) != 0)
			continue;
		planted_switch((enum planted_bug)i);
		return true;
	}
	return false;
}

#else

static bool run_planted(struct options *o)
{
	(void)o;
	fputs("this build has no planted bugs; they are in one with -Dplanted=true\n", stderr);
	return false;
}

static bool switch_planted(const struct options *o)
{
	(void)o;
	return false;
}

#endif

/* --- options --- */

static bool number(const char *text, uint64_t *out, const char **rest)
{
	char *end;
	*out = strtoull(text, &end, 10);
	*rest = end;
	return end != text;
}

static bool weather_add(uint32_t *bits, const char *name)
{
	static const char *const names[] = {
#define FAULT_NAME(name, counted) #name,
		FAULTS(FAULT_NAME)
#undef FAULT_NAME
	};
	for (size_t i = 0; i < FAULT_COUNT; i++) {
		if (strcmp(names[i], name) != 0)
			continue;
		*bits |= UINT32_C(1) << i;
		return true;
	}
	return false;
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
	if (!strcmp(name, "--with"))
		return weather_add(&o->weather, value);
	if (!strcmp(name, "--planted")) {
		o->planted = value;
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
	else if (!strcmp(name, "--jobs"))
		o->jobs = (unsigned)n;
	else if (!strcmp(name, "--seeds") && *rest == '-' && number(rest + 1, &o->to, &rest))
		o->from = n;
	else
		return false;
	return o->from && o->to >= o->from && o->people <= PEOPLE_MAX && o->jobs;
}

static bool options_read(struct options *o, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--trace"))
			o->trace = true;
		else if (!strcmp(argv[i], "--story"))
			o->story = true;
		else if (!strcmp(argv[i], "--stats"))
			o->stats = true;
		else if (!strcmp(argv[i], "--calm"))
			o->calm = true;
		else if (!strcmp(argv[i], "--chance"))
			o->chance = true;
		else if (!strcmp(argv[i], "--devices"))
			o->devices = true;
		else if (!strcmp(argv[i], "--minors"))
			o->minors = true;
		else if (!strcmp(argv[i], "--roles"))
			o->roles = true;
		else if (option(o, argv[i], argv[i + 1]))
			i++;
		else
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	struct options o = { .from = 1, .to = 100, .jobs = cores > 0 ? (unsigned)cores : 1 };
	const char *more = getenv("UNDERCROFT_TEST_LONG");
	if (!options_read(&o, argc, argv)) {
		fputs("usage: sim-test [--seeds FROM-TO] [--seed N] [--strike POINT] [--trace] "
		      "[--story] [--stats]\n"
		      "                [--people N] [--events N] [--calm] [--chance] [--jobs N] "
		      "[--planted NAME] [--with FAULT] [--devices]\n"
		      "                [--minors] [--roles]\n",
		      stderr);
		return 2;
	}
	if (o.from == o.to)
		return (!o.planted || switch_planted(&o)) && run_one(&o) ? 0 : 1;
	if (o.planted)
		return run_planted(&o) ? 0 : 1;
	if (more && *more)
		o.to = o.from + (o.to - o.from + 1) * 4 - 1;
	return run_many(&o) ? 0 : 1;
}
