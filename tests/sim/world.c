/* SPDX-License-Identifier: Apache-2.0 */
/* The clock, and how a world begins and ends. */
#include "base/heap.h"
#include "client/rooms.h"
#include "client/store_memory.h"
#include "tests/sim/sim.h"

#include <stdarg.h>
#include <stdio.h>

enum {
	LATENCY_MS = 60,
	LATE_OF_MILLION = 10000,
	LATE_MS = 4000,
	REST_MS = 100 * 1000,      /* nothing moves for so long: at rest */
	HEARD_MS = 15 * 60 * 1000, /* all other apps have heard of one that was put back */
	REST_MAX_MS = 3 * 60 * 60 * 1000,
	SKEW_MS = 20000,
};
static const uint64_t start_ms = 1780000000000;

void sim_fail(struct world *w, const char *format, ...)
{
	va_list args;
	if (w->failed)
		return;
	w->failed = true;
	int n = snprintf(w->why, sizeof w->why,
			 "after %.3f s: ", (double)(w->now_ms - start_ms) / 1000);
	va_start(args, format);
	vsnprintf(w->why + n, sizeof w->why - (size_t)n, format, args);
	va_end(args);
}

static void tell(const struct world *w, bool always, const char *format, va_list args)
{
	char line[1024];
	vsnprintf(line, sizeof line, format, args);
	bool about = w->plan.story && story_has(w->plan.story, line);
	if (w->plan.trace || about || always)
		printf("%c %9.3f %s\n", about ? '>' : ' ', (double)(w->now_ms - start_ms) / 1000,
		       line);
}

void sim_trace(const struct world *w, const char *format, ...)
{
	va_list args;
	if (!w->plan.trace && !w->plan.story)
		return;
	va_start(args, format);
	tell(w, false, format, args);
	va_end(args);
}

void sim_story(const struct world *w, const char *format, ...)
{
	va_list args;
	if (!w->plan.trace && !w->plan.story)
		return;
	va_start(args, format);
	tell(w, true, format, args);
	va_end(args);
}

bool sim_fault(struct world *w, uint64_t of_million)
{
	if (!w->plan.faults || w->quiet)
		return false;
	return dice_hits(&w->dice, of_million);
}

uint64_t sim_latency_ms(struct world *w)
{
	if (sim_fault(w, LATE_OF_MILLION))
		return dice_below(&w->dice, LATE_MS);
	return 1 + dice_below(&w->dice, LATENCY_MS);
}

void sim_traffic(struct world *w)
{
	w->stats.happened++;
	w->last_traffic_ms = w->now_ms;
}

static uint64_t world_now(void *ctx)
{
	const struct world *w = ctx;
	return w->now_ms;
}

static uc_err world_random(void *ctx, uint8_t *out, size_t n)
{
	struct world *w = ctx;
	dice_fill(&w->dice, out, n);
	return UC_OK;
}

uc_err world_init(struct world *w, const struct plan *plan)
{
	*w = (struct world){ .plan = *plan, .now_ms = start_ms };
	w->env = (struct env){ w, world_now, world_random, NULL };
	dice_seed(&w->dice, plan->seed);
	dice_seed(&w->rules, plan->seed ^ 0xa9e);
	plan->cover->run++;
	TRY(truth_init(w));
	for (unsigned i = 0; i < APPS; i++)
		TRY(app_init(&w->apps[i], w, i));
	return UC_OK;
}

void world_done(struct world *w)
{
	for (unsigned i = 0; i < w->people_n; i++)
		person_done(&w->people[i]);
	for (unsigned i = 0; i < APPS; i++)
		app_done(&w->apps[i]);
	timeline_done(&w->timeline);
	peers_free(w);
	while (w->links) {
		struct link *l = w->links;
		w->links = l->next;
		heap_free(l);
	}
	truth_free(w);
}

struct app *world_app(struct world *w, struct view domain)
{
	for (unsigned i = 0; i < APPS; i++)
		if (view_equal(view_str(w->apps[i].domain), domain))
			return &w->apps[i];
	return NULL;
}

struct person *world_person(struct world *w, struct app *app, const char *name,
			    const char *identifier)
{
	if (w->people_n == PEOPLE_MAX)
		return NULL;
	struct person *p = &w->people[w->people_n];
	*p = (struct person){ .w = w, .number = w->people_n++, .app = app, .device = 1, .self = p };
	snprintf(p->name, sizeof p->name, "%s", name);
	snprintf(p->identifier, sizeof p->identifier, "%s", identifier);
	dice_seed(&p->dice, w->plan.seed * 1000 + p->number);
	dice_fill(&p->dice, p->key, sizeof p->key);
	p->disk = client_memory_new();
	person_platform(p);
	if (w->plan.faults)
		p->skew_ms = (int64_t)dice_below(&p->dice, 2 * (uint64_t)SKEW_MS) - SKEW_MS;
	if (!p->disk)
		return NULL;
	person_start(p);
	return p;
}

bool world_run(struct world *w, uint64_t until_ms, world_until *until, void *ctx)
{
	struct happening h;
	while (!w->failed && w->timeline.n && w->timeline.v[0].at_ms <= until_ms) {
		if (!timeline_next(&w->timeline, &h))
			break;
		w->now_ms = h.at_ms;
		h.run(w, &h);
		bytes_free(h.bytes);
		if (until && until(w, ctx))
			return true;
	}
	w->now_ms = w->now_ms > until_ms || w->failed ? w->now_ms : until_ms;
	return false;
}

/* Each room's next key has a time of its own, which says nothing of the others. */
static bool shows_later(const struct person *p)
{
	for (const struct room *r = p->client->rooms; r; r = r->next)
		if (r->state == ROOM_OPEN && r->keys.chain.n &&
		    r->keys_ms > p->w->now_ms + (uint64_t)p->skew_ms)
			return true;
	return false;
}

static bool all_idle(struct world *w)
{
	for (unsigned i = 0; i < w->people_n; i++) {
		const struct person *p = &w->people[i];
		if (person_is_over(p))
			continue;
		if (!p->client || uc_client_connection(p->client) != UC_ONLINE ||
		    !uc_client_is_idle(p->client) || shows_later(p))
			return false;
	}
	return true;
}

/* Who has heard nothing of another app for long asks it something, at any time. */
static bool app_waits(const struct app *a)
{
	struct provider_counts n = { .asks_open = 0 };
	if (a->provider)
		provider_count(a->provider, &n);
	return n.asks_open;
}

static bool rested(struct world *w, void *ctx)
{
	(void)ctx;
	if (w->now_ms <= w->last_traffic_ms + REST_MS || !all_idle(w))
		return false;
	bool any_rolled = false;
	uint64_t started_ms = 0;
	for (unsigned i = 0; i < APPS; i++) {
		if (app_owes(&w->apps[i]) || app_waits(&w->apps[i]))
			return false;
		any_rolled = any_rolled || w->apps[i].rolled;
		if (w->apps[i].started_ms > started_ms)
			started_ms = w->apps[i].started_ms;
	}
	return !any_rolled || w->now_ms >= started_ms + HEARD_MS;
}

bool world_rest(struct world *w)
{
	w->quiet = true;
	faults_end(w);
	w->last_traffic_ms = w->now_ms;
	for (unsigned i = 0; i < w->people_n; i++)
		w->people[i].away = false;
	return world_run(w, w->now_ms + REST_MAX_MS, rested, NULL);
}
