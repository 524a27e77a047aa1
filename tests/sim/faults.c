/* SPDX-License-Identifier: Apache-2.0 */
/* The weather: what happens to disks, clocks, processes and connections besides what chance does to
 * each write and each frame.  Which of it there is, the seed says (run.c). */
#include "store/store_memory.h"
#include "tests/sim/sim.h"

enum {
	NEXT_MS = 30000, /* between two of them, at most */
	FULL_MS = 30000, /* a disk is full for so long, at most */
	WRITES_MAX = 12, /* the fault is at one of so many writes from now */
	DAY_MS = 24 * 3600 * 1000,
	LEAP_MS = 90000, /* a clock is wrong for so long, at most */
	SLOW_MS = 45000,
	ROT_MS = 30000,
	DOWN_MS = 3600 * 1000,
	OFF_MS = 2 * 3600 * 1000, /* longer than what all have read is kept */
	LOOK_MS = 20000,
	AGE_MS = 2500, /* of a copy that is put back, at least */
	STAYS = 4,     /* it gets so many times older */
};

static struct app *any_app(struct world *w)
{
	struct app *a = &w->apps[dice_below(&w->dice, APPS)];
	return a->provider ? a : NULL;
}

static struct person *any_person(struct world *w)
{
	struct person *p = w->people_n ? &w->people[dice_below(&w->dice, w->people_n)] : NULL;
	return p && p->client ? p : NULL;
}

/* --- disks --- */

static bool disk_goes_bad(struct world *w, enum fault kind)
{
	struct app *a = any_app(w);
	if (!a || a->disk.on)
		return false;
	a->disk = (struct disk_fault){ .on = true,
				       .kind = kind,
				       .rooms = dice_below(&w->dice, 3) != 0,
				       .after = (unsigned)dice_below(&w->dice, WRITES_MAX) };
	if (kind == FAULT_FULL)
		a->disk.until_ms = w->now_ms + 1000 + dice_below(&w->dice, FULL_MS);
	sim_story(w, "FAULT: %s's %s is about to fail: %s", a->domain,
		  a->disk.rooms ? "disk of rooms" : "disk of accounts",
		  kind == FAULT_FULL ? "full for a while"
		  : kind == FAULT_IO ? "an error"
				     : "a torn write");
	return true;
}

uc_err fault_of_disk(struct app *a, bool rooms, enum store_point point)
{
	struct disk_fault *d = &a->disk;
	if (!d->on || rooms != d->rooms)
		return UC_OK;
	if (d->kind == FAULT_FULL && a->w->now_ms >= d->until_ms) {
		d->on = false;
		return UC_OK;
	}
	if ((d->kind != FAULT_IO && point != STORE_WRITE) || d->after) {
		d->after -= d->after > 0;
		return UC_OK;
	}
	d->on = d->kind == FAULT_FULL;
	d->torn = d->kind == FAULT_TORN;
	a->failed = true;
	sim_story(a->w, "FAULT: %s's disk of %s fails", a->domain, rooms ? "rooms" : "accounts");
	return d->kind == FAULT_FULL ? UC_E_FULL : UC_E_STORE;
}

static void heal(struct app *a)
{
	a->rotten = false;
	store_memory_heal(a->accounts_disk);
	store_memory_heal(a->rooms_disk);
}

static void heals(struct world *w, struct happening *h)
{
	struct app *a = h->subject;
	sim_story(w, "%s reads all its records again", a->domain);
	heal(a);
}

/* What cannot be read is refused, and everybody asks again. */
static bool record_rots(struct world *w)
{
	struct app *a = any_app(w);
	if (!a || a->rotten)
		return false;
	bool rooms = dice_below(&w->dice, 3) != 0;
	struct store_memory *m = rooms ? a->rooms_disk : a->accounts_disk;
	size_t n = store_memory_records(m);
	a->rotten = n && store_memory_rot(m, dice_below(&w->dice, n));
	if (!a->rotten)
		return false;
	sim_story(w, "FAULT: a record of %s's %s cannot be read", a->domain,
		  rooms ? "rooms" : "accounts");
	timeline_add(w, w->now_ms + dice_below(&w->dice, ROT_MS), heals, a, 0, NO_BYTES);
	return true;
}

/* --- clocks --- */

static void app_clock_right(struct world *w, struct happening *h)
{
	struct app *a = h->subject;
	a->skew_ms = 0;
	sim_story(w, "the clock of %s is right again", a->domain);
}

static int64_t a_day(struct world *w)
{
	return dice_below(&w->dice, 2) ? DAY_MS : -DAY_MS;
}

static bool app_clock_leaps(struct world *w)
{
	struct app *a = any_app(w);
	if (!a || a->skew_ms)
		return false;
	a->skew_ms = a_day(w);
	sim_story(w, "FAULT: the clock of %s leaps a day %s", a->domain,
		  a->skew_ms > 0 ? "ahead" : "back");
	timeline_add(w, w->now_ms + dice_below(&w->dice, LEAP_MS), app_clock_right, a, 0, NO_BYTES);
	return true;
}

static void person_clock_right(struct world *w, struct happening *h)
{
	struct person *p = h->subject;
	p->skew_ms -= p->leap_ms;
	p->leap_ms = 0;
	sim_story(w, "the clock of person %u is right again", p->number);
	person_clock_changed(p);
}

static bool person_clock_leaps(struct world *w)
{
	struct person *p = any_person(w);
	if (!p || p->leap_ms)
		return false;
	p->leap_ms = a_day(w);
	p->skew_ms += p->leap_ms;
	sim_story(w, "FAULT: the clock of person %u leaps a day %s", p->number,
		  p->leap_ms > 0 ? "ahead" : "back");
	timeline_add(w, w->now_ms + dice_below(&w->dice, LEAP_MS), person_clock_right, p, 0,
		     NO_BYTES);
	person_clock_changed(p);
	return true;
}

/* --- processes and connections --- */

static bool app_is_down(struct world *w)
{
	struct app *a = any_app(w);
	if (!a || w->stats.weather[FAULT_DOWN])
		return false;
	sim_story(w, "FAULT: %s is down for an hour", a->domain);
	app_kill(a, DOWN_MS);
	return true;
}

static bool device_is_off(struct world *w)
{
	struct person *p = any_person(w);
	if (!p || p->phase != PHASE_LIVE || w->stats.weather[FAULT_OFF] >= 1 + w->people_n / 12)
		return false;
	sim_story(w, "FAULT: person %u's device is off for two hours", p->number);
	person_kill(p, OFF_MS + dice_below(&w->dice, OFF_MS / 4));
	return true;
}

static bool herd(struct world *w)
{
	const struct app *a = any_app(w);
	if (!a)
		return false;
	sim_story(w, "FAULT: everybody of %s comes back at once", a->domain);
	for (unsigned i = 0; i < w->people_n; i++) {
		struct person *p = &w->people[i];
		if (p->app != a || !p->link || p->away)
			continue;
		link_drop_person(p->link);
		person_disconnected(p);
		person_network_back(p);
	}
	return true;
}

static bool slow_reader(struct world *w)
{
	struct person *p = any_person(w);
	if (!p || p->slow_until_ms > w->now_ms)
		return false;
	p->slow_until_ms = w->now_ms + dice_below(&w->dice, SLOW_MS);
	sim_story(w, "FAULT: person %u reads slowly for %.0f s", p->number,
		  (double)(p->slow_until_ms - w->now_ms) / 1000);
	return true;
}

/* Who its people are: a copy that is older than an account or a device knows nothing of it, and it
 * would have to begin anew. */
static uint64_t state_of(struct app *a)
{
	uint64_t n = 1;
	for (unsigned i = 0; i < a->w->people_n; i++) {
		const struct person *p = &a->w->people[i];
		if (p->app != a)
			continue;
		bool was = p->self != p && p->phase == PHASE_OVER; /* a device that was ended */
		if (!was && (p->phase != PHASE_LIVE || p->ends))
			return 0;
		n = n * 31 + p->device * 7 + p->restored + 3 * was;
	}
	return n;
}

/* Backed up, and put back at some later time. */
static bool goes_back(struct world *w)
{
	struct app *a = any_app(w);
	uint64_t state = a ? state_of(a) : 0;
	if (!state || a->rolled)
		return false;
	bool is_kept = a->is_kept && state == a->kept_state;
	if (is_kept && dice_below(&w->dice, STAYS) != 0)
		return false;
	if (!is_kept || dice_below(&w->dice, 2)) {
		store_memory_keep(a->accounts_disk);
		store_memory_keep(a->rooms_disk);
		a->is_kept = true;
		a->kept_state = state;
		return false;
	}
	sim_story(w, "FAULT: %s goes on from an older copy", a->domain);
	a->rolled = true;
	a->lives++; /* a checkpoint knows that it is a copy, and so does what was copied from it */
	app_kill(a, 2000);
	if (!store_memory_put_back(a->accounts_disk) || !store_memory_put_back(a->rooms_disk))
		sim_fail(w, "there is no copy");
	truth_rolled_back(a);
	return true;
}

static bool strikes(struct world *w, enum fault k)
{
	switch (k) {
	case FAULT_FULL:
	case FAULT_IO:
	case FAULT_TORN:
		return disk_goes_bad(w, k);
	case FAULT_ROT:
		return record_rots(w);
	case FAULT_CLOCK_APP:
		return app_clock_leaps(w);
	case FAULT_CLOCK_PERSON:
		return person_clock_leaps(w);
	case FAULT_DOWN:
		return app_is_down(w);
	case FAULT_OFF:
		return device_is_off(w);
	case FAULT_HERD:
		return herd(w);
	case FAULT_SLOW:
		return slow_reader(w);
	default:
		return false;
	}
}

static void weather(struct world *w, struct happening *h)
{
	unsigned bits = w->plan.weather, n = 0;
	enum fault of[FAULT_COUNT];
	(void)h;
	if (w->quiet)
		return;
	for (unsigned k = 0; k < FAULT_COUNT; k++)
		if (bits >> k & 1)
			of[n++] = (enum fault)k;
	enum fault k = of[dice_below(&w->dice, n)];
	w->stats.weather[k] += strikes(w, k);
	timeline_add(w, w->now_ms + 1000 + dice_below(&w->dice, NEXT_MS), weather, NULL, 0,
		     NO_BYTES);
}

static void looks(struct world *w, struct happening *h)
{
	(void)h;
	check_cursors(w);
	if (!w->quiet)
		timeline_add(w, w->now_ms + LOOK_MS, looks, NULL, 0, NO_BYTES);
}

static void ages(struct world *w, struct happening *h)
{
	(void)h;
	if (w->quiet)
		return;
	w->stats.weather[FAULT_OLDER] += goes_back(w);
	timeline_add(w, w->now_ms + AGE_MS, ages, NULL, 0, NO_BYTES);
}

void faults_start(struct world *w)
{
	if (w->plan.faults && w->plan.weather >> FAULT_OLDER & 1)
		timeline_add(w, w->now_ms + AGE_MS, ages, NULL, 0, NO_BYTES);
	timeline_add(w, w->now_ms + LOOK_MS, looks, NULL, 0, NO_BYTES);
	if (w->plan.faults && w->plan.weather)
		timeline_add(w, w->now_ms + dice_below(&w->dice, NEXT_MS), weather, NULL, 0,
			     NO_BYTES);
}

/* What would last for ever, ends. */
void faults_end(struct world *w)
{
	for (unsigned i = 0; i < APPS; i++) {
		w->apps[i].disk.on = false;
		heal(&w->apps[i]);
	}
}
