/* SPDX-License-Identifier: Apache-2.0 */
/* A person's device: a real client, driven as a program would drive it, killed at any commit. */
#include "client/account.h"
#include "client/room_group.h"
#include "client/store_memory.h"
#include "tests/sim/rules.h"

#include "base/heap.h"

enum {
	BACK_MS = 3000,
	HANDSHAKE_MS = 40,
	KILL_OF_MILLION = 400,
	WAKES_IDLE_MAX = 200,
};

/* --- the platform --- */

static uint64_t platform_now(void *ctx)
{
	const struct person *p = ctx;
	return p->w->now_ms + (uint64_t)p->skew_ms;
}

static uc_err platform_random(void *ctx, uint8_t *out, size_t n)
{
	struct person *p = ctx;
	dice_fill(&p->dice, out, n);
	return UC_OK;
}

static uc_err platform_verify(void *ctx, const char *domain, const uint8_t *document,
			      size_t document_n, const uint8_t *certificate, size_t certificate_n,
			      const uint8_t *signature, size_t signature_n)
{
	uint8_t mac[32];
	(void)ctx;
	app_document_sign(view_str(domain), view_make(document, document_n), mac);
	bool right = view_equal(VIEW_OF(mac), view_make(signature, signature_n)) &&
		     view_equal(view_str(domain), view_make(certificate, certificate_n));
	return right ? UC_OK : UC_E_TLS;
}

static void platform_trace(void *ctx, const char *file, int line, uc_err err)
{
	const struct person *p = ctx;
	sim_trace(p->w, "person %u: %s:%d: %s", p->number, file, line, uc_err_name(err));
}

void person_platform(struct person *p)
{
	p->platform = (struct uc_platform){ p, platform_now, platform_random, platform_verify,
					    platform_trace };
}

/* --- its process --- */

static void person_opens(struct world *w, struct happening *h);

static void client_close(struct person *p)
{
	uc_client_close(p->client);
	p->client = NULL;
	p->armed = false;
	p->wake_ms = 0;
	p->op = p->link_op = p->role_op = 0;
	p->ending = NULL;
}

void person_kill(struct person *p, uint64_t back_in_ms)
{
	struct world *w = p->w;
	sim_story(w, "person %u's client dies", p->number);
	w->stats.client_kills++;
	client_close(p);
	if (p->link)
		link_drop_person(p->link);
	timeline_add(w, w->now_ms + back_in_ms, person_opens, p, p->device, NO_BYTES);
}

static uc_err open_client(struct person *p)
{
	struct uc_options o = {
		.platform = &p->platform,
		.store_ops = client_memory_ops(),
		.store = p->disk,
		.key = p->key,
		.app = p->app->domain,
		.software = "sim/1",
		.generation = p->generation,
	};
	return uc_client_open(&o, &p->client);
}

static void person_opens(struct world *w, struct happening *h)
{
	struct person *p = h->subject;
	(void)w;
	if (p->client || p->device != h->number || person_is_over(p))
		return;
	person_start(p);
}

void person_start(struct person *p)
{
	person_before(p, "open", "");
	uc_err err = open_client(p);
	if (err)
		p->client = NULL;
	person_after(p, err);
	if (p->client)
		person_connect_later(p);
}

void person_lose_device(struct person *p)
{
	sim_story(p->w, "person %u loses the device", p->number);
	client_close(p);
	if (p->link)
		link_drop_person(p->link);
	client_memory_free(p->disk);
	p->disk = client_memory_new();
	client_memory_free(p->backup);
	p->backup = NULL;
	p->device++;
	p->generation = 0;
	p->connecting = false;
	p->phase = PHASE_RETURNING;
	if (!p->disk)
		sim_fail(p->w, "no memory");
	else
		person_start(p);
}

void person_backup(struct person *p)
{
	client_memory_free(p->backup);
	p->backup = client_memory_copy(p->disk);
	sim_trace(p->w, "person %u's device is backed up", p->number);
}

void person_restore(struct person *p)
{
	struct client_memory *copy = p->backup ? client_memory_copy(p->backup) : NULL;
	if (!copy)
		return;
	sim_story(p->w, "person %u's device is restored", p->number);
	p->w->stats.restored++;
	client_close(p);
	if (p->link)
		link_drop_person(p->link);
	client_memory_free(p->disk);
	p->disk = copy;
	p->generation = 0; /* which would tell that it is an older copy */
	p->restored++;
	truth_restored(p);
	person_start(p);
}

bool person_is_over(const struct person *p)
{
	return p->phase == PHASE_OVER || (p->client && account_is_over(p->client));
}

void person_done(struct person *p)
{
	if (p->client)
		client_close(p);
	client_memory_free(p->disk);
	client_memory_free(p->backup);
	p->disk = p->backup = NULL;
}

void person_trace(const struct person *p)
{
	const struct world *w = p->w;
	for (const struct call *k = p->client->calls; k; k = k->next)
		sim_trace(w, "  call %u of type %u", k->id, k->type);
	for (const struct request *q = p->client->requests; q; q = q->next)
		sim_trace(w, "  %s request, state %u", q->incoming ? "incoming" : "own", q->state);
	for (const struct room *r = p->client->rooms; r; r = r->next) {
		const struct outgoing *o = r->outbox.first;
		if (o)
			sim_trace(w,
				  "  first to go: accepted %d as %llu, in flight %d, message %llu",
				  o->accepted, (unsigned long long)o->seq, o->in_flight,
				  (unsigned long long)o->message);
		sim_trace(
			w,
			"  %s: state %u, seat open %d, at %llu, log to %llu, pending %d (accepted "
			"%d), tasks %d (%u), outbox %d, proposals %d, commit at %lld, retry at "
			"%lld",
			r->uri, r->state, r->seat_open, (unsigned long long)r->seq,
			(unsigned long long)r->log_next, r->pending.there, r->pending.accepted,
			r->tasks != NULL, r->tasks ? r->tasks->kind : 0, r->outbox.first != NULL,
			r->group && room_group_has_proposals(r->group),
			(long long)(r->commit_ms - w->now_ms),
			(long long)(r->retry_ms - w->now_ms));
	}
}

/* --- around each call --- */

static const enum store_fault fault_kinds[] = { STORE_FAULT_BEFORE, STORE_FAULT_AFTER };

static void label_make(char out[LABEL_MAX], const char *doing, const char *what, unsigned kind)
{
	static const char *const names[] = { "before", "after" };
	snprintf(out, LABEL_MAX, "client %.30s%s%.30s: %s", doing, *what ? " " : "", what,
		 names[kind]);
}

static bool strikes(struct world *w, const char *label)
{
	const struct cover_point *k = cover_find(w->plan.cover, label);
	uint64_t seen = k && k->run == w->plan.cover->run ? k->seen_in_run : 0;
	return sim_fault(w, 40000 / (seen + 1));
}

static bool is_wanted(const struct world *w, const char *label)
{
	return w->plan.strike && !w->struck_wanted && !strcmp(w->plan.strike, label);
}

/* Each call that commits passes two points; whether one is struck is chosen before. */
void person_before(struct person *p, const char *doing, const char *what)
{
	p->armed = false;
	p->acted = true;
	p->commits = client_memory_commits(p->disk);
	for (unsigned i = 0; i < 2; i++) {
		label_make(p->labels[i], doing, what, i);
		/* Dice are thrown for both, so that they fall alike when one is wanted. */
		bool hit = strikes(p->w, p->labels[i]), wanted = is_wanted(p->w, p->labels[i]);
		if (!wanted && (p->armed || !hit))
			continue;
		p->armed = true;
		p->armed_for = i;
		client_memory_fail_at(p->disk, p->commits + 1, fault_kinds[i]);
	}
}

static void points_passed(struct person *p)
{
	struct world *w = p->w;
	if (client_memory_commits(p->disk) == p->commits)
		return;
	for (unsigned i = 0; i < 2; i++) {
		struct cover_point *k = cover_see(w->plan.cover, w->plan.seed, p->labels[i]);
		if (!k) {
			sim_fail(w, "too many write points");
			return;
		}
		if (!p->armed || p->armed_for != i)
			continue;
		k->struck++;
		w->struck_wanted = w->struck_wanted || is_wanted(w, k->label);
		sim_story(w, "FAULT: person %u is struck at %s", p->number, k->label);
		return;
	}
}

static void frames_leave(struct person *p)
{
	const uint8_t *bytes;
	size_t n;
	while (p->client && uc_client_next_frame(p->client, &bytes, &n)) {
		if (p->link)
			link_up(p->link, view_make(bytes, n));
		if (sim_fault(p->w, KILL_OF_MILLION))
			person_kill(p, 1 + dice_below(&p->w->dice, BACK_MS));
	}
}

static void events_shown(struct person *p)
{
	struct uc_event e;
	while (p->client && uc_client_next_event(p->client, &e)) {
		truth_event(p, &e);
		device_event(p, &e);
		check_rules_event(p, &e);
		rules_event(p, &e);
		act_event(p, &e);
	}
}

static void wakes(struct world *w, struct happening *h)
{
	struct person *p = h->subject;
	if (!p->client || p->wake_ms != h->at_ms || p->device != h->number)
		return;
	p->wake_ms = 0;
	if (++p->wakes_idle == WAKES_IDLE_MAX)
		person_trace(p);
	if (p->wakes_idle > WAKES_IDLE_MAX)
		sim_fail(w, "person %u's client wakes up again and again", p->number);
	person_before(p, "step", "");
	person_after(p, uc_client_step(p->client));
}

static void wake_plan(struct person *p)
{
	struct world *w = p->w;
	uint64_t at = uc_client_deadline_ms(p->client);
	if (at == UINT64_MAX)
		return;
	at -= (uint64_t)p->skew_ms;
	at = at > w->now_ms ? at : w->now_ms + 1;
	if (p->wake_ms && p->wake_ms <= at)
		return;
	p->wake_ms = at;
	timeline_add(w, at, wakes, p, p->device, NO_BYTES);
}

void person_clock_changed(struct person *p)
{
	p->wake_ms = 0;
	if (!p->client)
		return;
	person_before(p, "step", "");
	person_after(p, uc_client_step(p->client));
}

static bool is_broken(uc_err err)
{
	enum uc_err_class class = uc_err_class(err);
	return class == UC_CLASS_STORE || class == UC_CLASS_MEMORY || err == UC_E_RANDOM;
}

void person_after(struct person *p, uc_err err)
{
	struct world *w = p->w;
	bool broken = is_broken(err) || (p->client && p->client->broken);
	bool armed = p->armed;
	client_memory_fail_at(p->disk, 0, STORE_FAULT_NONE);
	points_passed(p);
	p->armed = false;
	if (broken && armed) {
		person_kill(p, 1 + dice_below(&p->w->dice, BACK_MS));
		return;
	}
	if (broken || !p->client) {
		sim_fail(w, "person %u's client breaks: %s", p->number, uc_err_name(err));
		return;
	}
	if (uc_err_class(err) == UC_CLASS_PROTOCOL)
		sim_trace(w, "person %u: %s", p->number, uc_err_name(err));
	p->generation = uc_client_generation(p->client);
	truth_look(p);
	device_look(p);
	check_rules_look(p);
	frames_leave(p);
	events_shown(p);
	if (p->client)
		wake_plan(p);
	if (p->client && p->link && p->connected && uc_client_connection(p->client) == UC_OFFLINE) {
		sim_trace(w, "person %u's client gives up link %llu", p->number,
			  (unsigned long long)p->link->number);
		link_drop_person(p->link);
		person_connect_later(p);
	}
}

/* --- the connection --- */

static void handshake_ends(struct world *w, struct happening *h)
{
	struct person *p = h->subject;
	(void)w;
	if (!p->link || p->link->number != h->number || !p->client || p->link->cut)
		return;
	p->connected = true;
	person_before(p, "connected", "");
	person_after(p, uc_client_connected(p->client));
}

static void connects(struct world *w, struct happening *h)
{
	struct person *p = h->subject;
	if (p->device != h->number)
		return;
	p->connecting = false;
	if (!p->client || p->link)
		return;
	if (p->away || !p->app->provider) {
		person_connect_later(p);
		return;
	}
	w->stats.happened++;
	struct link *l = link_open(p);
	p->connected = false;
	if (l)
		timeline_add(w, w->now_ms + HANDSHAKE_MS, handshake_ends, p, l->number, NO_BYTES);
}

void person_connect_later(struct person *p)
{
	struct world *w = p->w;
	if (p->connecting || !p->client)
		return;
	p->connecting = true;
	timeline_add(w, w->now_ms + uc_client_reconnect_ms(p->client), connects, p, p->device,
		     NO_BYTES);
}

/* A program that hears of it does not wait until it would have tried again. */
void person_network_back(struct person *p)
{
	struct world *w = p->w;
	if (!p->client || p->link)
		return;
	uc_client_network_changed(p->client);
	timeline_add(w, w->now_ms + 1, connects, p, p->device, NO_BYTES);
}

void person_disconnected(struct person *p)
{
	if (!p->client)
		return;
	person_before(p, "disconnected", "");
	person_after(p, uc_client_disconnected(p->client));
	if (p->client)
		person_connect_later(p);
}

static const char *frame_label(const struct frame *f)
{
	static const struct {
		uint16_t type;
		const char *name;
	} events[] = {
		{ FRAME_ENTRY_OWN, "ENTRY_OWN" },
		{ FRAME_ENTRY, "ENTRY" },
		{ FRAME_INTAKE, "INTAKE" },
		{ FRAME_SEAT_READY, "SEAT_READY" },
		{ FRAME_SEAT_ENDED, "SEAT_ENDED" },
		{ FRAME_SET_TAKEN, "SET_TAKEN" },
		{ FRAME_DEVICE_LIST_CHANGED, "LIST_CHANGED" },
		{ FRAME_GOING_AWAY, "GOING_AWAY" },
	};
	const struct frame_rule *rule = frame_rule_find(f->type);
	if (rule)
		return rule->name;
	for (size_t i = 0; i < sizeof events / sizeof *events; i++)
		if (events[i].type == f->type)
			return events[i].name;
	return "?";
}

void person_receive(struct person *p, struct view bytes)
{
	struct frame f = { 0 };
	struct arena scratch;
	struct link *l = p->link;
	if (!p->client)
		return;
	p->wakes_idle = 0;
	arena_init(&scratch, 4096, ARENA_PLAIN);
	if (wire_decode(bytes, &scratch, frame_element, &f))
		sim_fail(p->w, "an app sent a frame that cannot be read");
	arena_done(&scratch);
	sim_trace(p->w, "person %u <- link %llu: %s %u%s%s, %zu bytes", p->number,
		  (unsigned long long)l->number, frame_label(&f), f.id,
		  f.status ? " refused: " : "", f.status ? uc_err_name(f.status) : "", bytes.n);
	truth_frame(p, bytes);
	person_before(p, "frame", frame_label(&f));
	uc_err err = uc_client_receive(p->client, bytes.p, bytes.n);
	if (uc_err_class(err) == UC_CLASS_PROTOCOL)
		sim_fail(p->w, "person %u's client refuses a frame: %s", p->number,
			 uc_err_name(err));
	person_after(p, err);
}
