/* SPDX-License-Identifier: Apache-2.0 */
/* One seed from its beginning to its end, and what it came to. */
#include "tests/sim/rules.h"

#include <inttypes.h>

enum { ACTIVE_MAX_MS = 4 * 3600 * 1000 };

/* Of fifty seeds: one crowd, some towns, some where few people meet again and again, since what
 * needs the same two at the same time is found there. */
static const struct {
	unsigned of_fifty, people, more;
	uint64_t happenings, more_happenings;
} sizes[] = {
	{ 1, 200, 100, 40000, 10000 },
	{ 4, 60, 40, 12000, 6000 },
	{ 33, 20, 40, 7000, 5000 },
	{ 12, 6, 8, 5000, 2000 },
};

void plan_of_seed(struct plan *p, uint64_t seed)
{
	struct dice d;
	dice_seed(&d, seed ^ 0x5eed);
	uint64_t at = seed % 50, i = 0;
	while (at >= sizes[i].of_fifty)
		at -= sizes[i++].of_fifty;
	p->seed = seed;
	p->people = sizes[i].people + (unsigned)dice_below(&d, sizes[i].more + 1);
	p->happenings = sizes[i].happenings + dice_below(&d, sizes[i].more_happenings + 1);
	p->weather = 0;
	for (unsigned k = 0; k < FAULT_COUNT; k++)
		if (dice_below(&d, 3) == 0)
			p->weather |= UINT32_C(1) << k;
	/* Of a room whose hub was put back less is known, so there are fewer of them. */
	if (dice_below(&d, 2))
		p->weather &= ~(UINT32_C(1) << FAULT_OLDER);
	/* Further devices make a world dearer. */
	p->devices = dice_below(&d, 5) == 0;
	p->minors = dice_below(&d, 6) == 0;
	p->roles = dice_below(&d, 6) == 0;
}

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
		rules_person(p);
		act_start(p);
	}
}

static bool enough(struct world *w, void *ctx)
{
	(void)ctx;
	return w->stats.happened >= w->plan.happenings;
}

void outcome_of(const struct plan *plan, struct outcome *out)
{
	static struct world w;
	*out = (struct outcome){ 0 };
	if (world_init(&w, plan)) {
		snprintf(out->why, sizeof out->why, "the world cannot be made");
		return;
	}
	uint64_t start = w.now_ms;
	people_come(&w);
	faults_start(&w);
	world_run(&w, w.now_ms + ACTIVE_MAX_MS, enough, NULL);
	if (!w.failed && w.stats.happened < plan->happenings)
		sim_fail(&w, "only %" PRIu64 " events happened", w.stats.happened);
	if (!w.failed)
		world_rest(&w);
	if (!w.failed)
		check_all(&w);
	w.stats.virtual_ms = w.now_ms - start;
	out->right = !w.failed;
	out->stats = w.stats;
	snprintf(out->why, sizeof out->why, "%s", w.why);
	sim_story(&w, w.failed ? "CONTRADICTION, %s" : "all is well%s", w.why);
	world_done(&w);
}

void stats_add(struct stats *to, const struct stats *from)
{
	uint64_t *a = (uint64_t *)to;
	const uint64_t *b = (const uint64_t *)from;
	for (size_t i = 0; i < sizeof *to / sizeof *a; i++)
		a[i] += b[i];
}

static void faults_print(const struct stats *s)
{
	static const char *const counted[] = {
#define FAULT_COUNTED(name, counted) counted,
		FAULTS(FAULT_COUNTED)
#undef FAULT_COUNTED
	};
	printf("  faults: %" PRIu64 " apps and %" PRIu64 " clients killed, %" PRIu64
	       " connections cut, %" PRIu64 " requests or answers lost, %" PRIu64 " repeated\n",
	       s->app_kills, s->client_kills, s->cuts, s->lost, s->repeated);
	for (size_t i = 0; i < FAULT_COUNT; i++)
		printf("          %" PRIu64 " %s\n", s->weather[i], counted[i]);
}

void stats_print(const struct stats *s, const char *what)
{
	printf("%s: %" PRIu64 " events in %" PRIu64 " s: %" PRIu64 " frames, %" PRIu64
	       " requests and %" PRIu64 " answers between apps, %" PRIu64 " acts\n",
	       what, s->happened, s->virtual_ms / 1000, s->frames, s->asks, s->replies, s->acts);
	printf("  acts:");
	for (size_t i = 0; act_name(i); i++)
		printf("%s %" PRIu64 " %s", i ? "," : "", s->acted[i], act_name(i));
	putchar('\n');
	faults_print(s);
	printf("  %" PRIu64 " rooms, %" PRIu64 " epochs, %" PRIu64 " joinings, %" PRIu64
	       " of %" PRIu64 " members introduced; %" PRIu64 " devices lost, %" PRIu64
	       " accounts deleted\n",
	       s->rooms, s->epochs, s->joined, s->introduced, s->members, s->recovered, s->deleted);
	printf("  %" PRIu64 " devices restored from a copy, %" PRIu64 " rooms joined anew, %" PRIu64
	       " own messages come to light again\n",
	       s->restored, s->rejoined, s->recalled);
	printf("  %" PRIu64 " further devices, %" PRIu64 " of them ended; %" PRIu64
	       " further keys in %" PRIu64 " places\n",
	       s->linked, s->unlinked, s->keys_made, s->keys_looked);
	printf("  %" PRIu64 " minors, %" PRIu64 " guardians, %" PRIu64 " times agreed; %" PRIu64
	       " letters by link; %" PRIu64 " roles given\n",
	       s->minors, s->wards, s->agreed, s->by_link, s->roles);
	printf("  messages: %" PRIu64 " sent, %" PRIu64 " accepted, %" PRIu64 " received, %" PRIu64
	       " failed in rooms that were left\n",
	       s->said, s->accepted, s->received, s->failed);
}
