/* SPDX-License-Identifier: Apache-2.0 */
/* Connections between people and their apps.  What one end sends arrives in order and may never
 * arrive: a cut loses what was under way, and each end notices it in its own time. */
#include "base/heap.h"
#include "tests/sim/sim.h"

enum {
	CUT_OF_MILLION = 4000,
	NOTICE_MS = 6000,
	BACKLOG_MAX = 24 * 1024, /* an app drops a reader who is so far behind */
};

static void app_notices(struct world *w, struct happening *h)
{
	struct link *l = h->subject;
	struct app *a = l->app;
	(void)w;
	if (!a)
		return;
	app_before(a, "close", "");
	session_close(l->session);
	l->app = NULL;
	l->session = NULL;
	app_after(a);
}

static void person_notices(struct world *w, struct happening *h)
{
	struct link *l = h->subject;
	struct person *p = l->person;
	(void)w;
	if (!p)
		return;
	l->person = NULL;
	p->link = NULL;
	person_disconnected(p);
}

struct link *link_open(struct person *p)
{
	struct world *w = p->w;
	struct app *a = p->app;
	struct link *l = HEAP_NEW(struct link);
	if (!l) {
		sim_fail(w, "no memory");
		return NULL;
	}
	*l = (struct link){ .next = w->links,
			    .person = p,
			    .app = a,
			    .number = ++w->links_n,
			    .up_ms = w->now_ms,
			    .down_ms = w->now_ms };
	app_before(a, "open session", "");
	uc_err err = session_open(a->provider, l, p->has_from ? VIEW_OF(p->from) : NO_BYTES,
				  &l->session);
	app_after(a);
	if (err) {
		sim_fail(w, "no session: %s", uc_err_name(err));
		heap_free(l);
		return NULL;
	}
	w->links = l;
	p->link = l;
	sim_trace(w, "person %u opens link %llu to %s", p->number, (unsigned long long)l->number,
		  a->domain);
	return l;
}

static void up_arrives(struct world *w, struct happening *h)
{
	struct link *l = h->subject;
	if (l->cut || !l->app || l->closing)
		return;
	sim_traffic(w);
	w->stats.frames++;
	app_frame(l->app, l, h->bytes);
}

static void down_arrives(struct world *w, struct happening *h)
{
	struct link *l = h->subject;
	l->backlog -= h->bytes.n;
	if (l->cut || !l->person)
		return;
	sim_traffic(w);
	w->stats.frames++;
	person_receive(l->person, h->bytes);
}

static uint64_t arrival(struct world *w, uint64_t *last_ms)
{
	uint64_t at = w->now_ms + sim_latency_ms(w);
	*last_ms = at > *last_ms ? at : *last_ms;
	return *last_ms;
}

void link_up(struct link *l, struct view frame)
{
	struct world *w = l->person->w;
	if (l->cut)
		return;
	timeline_add(w, arrival(w, &l->up_ms), up_arrives, l, 0, frame);
	if (sim_fault(w, CUT_OF_MILLION))
		link_cut(l);
}

void link_down(struct link *l, struct view frame)
{
	struct world *w = l->app->w;
	if (l->cut || !l->person)
		return;
	if (l->person->slow_until_ms > l->down_ms)
		l->down_ms = l->person->slow_until_ms;
	timeline_add(w, arrival(w, &l->down_ms), down_arrives, l, 0, frame);
	l->backlog += frame.n;
	if (l->backlog > BACKLOG_MAX && l->person->slow_until_ms > w->now_ms) {
		sim_story(w, "%s drops person %u, who reads too slowly", l->app->domain,
			  l->person->number);
		l->closing = true;
		link_close(l);
	}
	if (sim_fault(w, CUT_OF_MILLION))
		link_cut(l);
}

void link_cut(struct link *l)
{
	struct world *w = l->person ? l->person->w : l->app ? l->app->w : NULL;
	if (!w || l->cut)
		return;
	if (l->person)
		sim_story(w, "FAULT: the connection of person %u is cut", l->person->number);
	w->stats.cuts++;
	l->cut = true;
	timeline_add(w, w->now_ms + dice_below(&w->dice, NOTICE_MS), person_notices, l, 0,
		     NO_BYTES);
	timeline_add(w, w->now_ms + dice_below(&w->dice, NOTICE_MS), app_notices, l, 0, NO_BYTES);
}

void link_drop_person(struct link *l)
{
	struct world *w = l->person->w;
	l->person->link = NULL;
	l->person = NULL;
	uint64_t at = w->now_ms + dice_below(&w->dice, NOTICE_MS);
	timeline_add(w, at > l->up_ms ? at : l->up_ms, app_notices, l, 0, NO_BYTES);
}

void link_drop_app(struct link *l)
{
	struct world *w = l->app->w;
	l->app = NULL;
	l->session = NULL;
	uint64_t at = w->now_ms + dice_below(&w->dice, NOTICE_MS);
	timeline_add(w, at > l->down_ms ? at : l->down_ms, person_notices, l, 0, NO_BYTES);
}

static void app_closes(struct world *w, struct happening *h)
{
	struct link *l = h->subject;
	struct app *a = l->app;
	(void)w;
	if (!a)
		return;
	app_before(a, "close", "");
	session_close(l->session);
	link_drop_app(l);
	app_after(a);
}

void link_close(struct link *l)
{
	struct world *w = l->app->w;
	timeline_add(w, w->now_ms, app_closes, l, 0, NO_BYTES);
}
