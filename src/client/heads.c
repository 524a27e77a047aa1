/* SPDX-License-Identifier: Apache-2.0 */
#include "client/heads.h"

#include "client/contacts.h"
#include "client/history.h"
#include "client/introductions.h"
#include "client/rooms.h"
#include "client/strangers.h"

#include "base/heap.h"

enum {
	RING = 64, /* entries back that a head is compared with */
	/* A log that was put back to an older copy looks like two, until those who had more of it have
	 * gone back, too (put_back.h).  Who still has another one so much later has another one. */
	DOUBT_MS = 10 * 60 * 1000,
	DOUBT_LONGEST_MS = 3 * 24 * 3600 * 1000,
	/* Each member has some of their own, or one who lies could leave no room for what others say. */
	DOUBTS = 32,
	DOUBTS_EACH = 4,
	BEHIND_MS = 3600 * 1000,
	SURE_MS =
		5 * 60 * 1000, /* more, or a clock that leaps for a moment would tell it at once */
	BEHIND_AGAIN_MS = 24 * 3600 * 1000,
	TOLD_AT_ONCE = 64, /* rooms, in one message */
	TOLD_A_DAY = 8,    /* contacts */
	DAY_MS = 20 * 3600 * 1000,
	LOOK_MS = 3600 * 1000,
	LOOK_FIRST_MS = 5 * 60 * 1000,
	EVIDENCE_MAX = 1024 * 1024,
};

/* The last entries that were read, each at its number. */
struct head_ring {
	struct chain_head v[RING];
};

static struct chain_head head_of(uint64_t seq, const uint8_t chain[CHAIN_HASH])
{
	struct chain_head h = { .seq = seq };
	memcpy(h.chain, chain, CHAIN_HEAD_HASH);
	return h;
}

struct chain_head heads_own(const struct room *r)
{
	return head_of(r->seq, r->chain);
}

void heads_forget(struct room *r)
{
	heap_free(r->ring);
	r->ring = NULL;
}

static void doubt_end(struct room *r, struct doubt **at)
{
	struct doubt *d = *at;
	*at = d->next;
	heap_free(d);
	r->dirty = true;
}

void heads_free(struct room *r)
{
	heads_forget(r);
	while (r->doubts)
		doubt_end(r, &r->doubts);
}

void heads_begin(struct room *r)
{
	heads_free(r);
	r->forked = false;
	r->ahead = (struct ahead){ .there = false };
}

/* --- two logs --- */

/* What somebody has said of it, and what we had there: a message with its frank shows that it was said,
 * and that the hub took it. */
struct fork_evidence {
	uint16_t version;
	uint64_t time_ms;
	struct uc_id by;
	struct chain_head theirs,
		ours;               /* ours: the end of what we had, where theirs lies behind it */
	struct view content, frank; /* empty: told in another room */
	uint64_t timestamp;

	struct uc_id who; /* memory only: whose client `by` is */
};
static void wire_fork_evidence(struct wire *w, struct fork_evidence *e)
{
	wire_u16(w, &e->version);
	wire_u64(w, &e->time_ms);
	wire_fixed(w, e->by.b, sizeof e->by.b);
	wire_chain_head(w, &e->theirs);
	wire_chain_head(w, &e->ours);
	wire_bytes(w, &e->content);
	wire_bytes(w, &e->frank);
	wire_u64(w, &e->timestamp);
}
WIRE_ELEMENT(fork_evidence)

/* Ours at that number; false when it is not known any more. */
static bool head_at(const struct room *r, uint64_t seq, struct chain_head *out)
{
	*out = seq == r->seq ? heads_own(r)
	       : r->ring     ? r->ring->v[seq % RING]
			     : (struct chain_head){ .seq = 0 };
	return seq && out->seq == seq;
}

static bool is_same(const struct chain_head *a, const struct chain_head *b)
{
	return a->seq == b->seq && view_equal(VIEW_OF(a->chain), VIEW_OF(b->chain));
}

static struct safe_place evidence_place(const struct room *r, uint8_t slot, bool second)
{
	return (struct safe_place){ .table = "fork",
				    .owner = VIEW_OF(r->id.b),
				    .number = 2 * (uint64_t)slot + second };
}

/* The first of each doubt, and what made it an alarm. */
static void evidence_keep(struct uc_client *c, const struct room *r, struct fork_evidence *e,
			  uint8_t slot, bool second)
{
	e->version = 1;
	e->time_ms = client_now(c);
	if (!head_at(r, e->theirs.seq, &e->ours))
		e->ours = heads_own(r);
	safe_put_object(&c->safe, evidence_place(r, slot, second), fork_evidence_element, e);
}

static struct doubt **doubt_of(struct room *r, const struct uc_id *by)
{
	struct doubt **at = &r->doubts;
	while (*at && !id_equal(&(*at)->by, by))
		at = &(*at)->next;
	return at;
}

static void doubts_expire(struct uc_client *c, struct room *r)
{
	uint64_t now = client_now(c);
	for (struct doubt **at = &r->doubts; *at;) {
		const struct doubt *d = *at;
		if (now < d->since_ms || now > d->since_ms + DOUBT_LONGEST_MS)
			doubt_end(r, at);
		else
			at = &(*at)->next;
	}
}

/* Who comes back again and again under other leaves has the place of their own oldest one. */
static bool place_made(struct room *r, const struct uc_id *who)
{
	struct doubt **oldest = NULL;
	size_t all = 0, theirs = 0;
	for (struct doubt **at = &r->doubts; *at; at = &(*at)->next) {
		all++;
		if (!id_equal(&(*at)->who, who))
			continue;
		theirs++;
		oldest = oldest ? oldest : at;
	}
	if (oldest && theirs >= DOUBTS_EACH) {
		doubt_end(r, oldest);
		all--;
	}
	return all < DOUBTS;
}

static uint8_t slot_free(const struct room *r)
{
	uint32_t taken = 0;
	uint8_t slot = 0;
	for (const struct doubt *d = r->doubts; d; d = d->next)
		taken |= UINT32_C(1) << (d->slot % DOUBTS);
	while (slot < DOUBTS - 1 && taken >> slot & 1)
		slot++;
	return slot;
}

static void doubt_begin(struct uc_client *c, struct room *r, struct fork_evidence *e)
{
	if (!place_made(r, &e->who))
		return; /* of so many one is enough */
	struct doubt *d = HEAP_NEW(struct doubt);
	if (!d) {
		safe_fail(&c->safe, UC_E_MEMORY);
		return;
	}
	*d = (struct doubt){ .by = e->by,
			     .who = e->who,
			     .since_ms = client_now(c),
			     .at = r->seq + 1,
			     .slot = slot_free(r) };
	*doubt_of(r, &e->by) = d;
	r->dirty = true;
	evidence_keep(c, r, e, d->slot, false);
}

/* Have they read on since they first said it?  Else it is not news: whoever was away when the log was put
 * back knows no better when they come back, however much later. */
static bool has_read_on(struct uc_client *c, const struct room *r, const struct doubt *d,
			const struct fork_evidence *e)
{
	struct arena a;
	struct view bytes;
	struct fork_evidence first;
	const struct safe_place at = evidence_place(r, d->slot, false);
	arena_init(&a, EVIDENCE_MAX, ARENA_SECRET);
	bool known = !safe_get(&c->safe, at, &a, &bytes) &&
		     !wire_decode(bytes, &a, fork_evidence_element, &first);
	bool on = !known || e->theirs.seq > first.theirs.seq;
	arena_done(&a);
	return on;
}

/* They have had another log.  The second time it is not because of one that was put back. */
static void differs(struct uc_client *c, struct room *r, struct fork_evidence *e)
{
	if (r->forked)
		return;
	doubts_expire(c, r);
	const struct doubt *d = *doubt_of(r, &e->by);
	if (!d) {
		doubt_begin(c, r, e);
		return;
	}
	if (client_now(c) < d->since_ms + DOUBT_MS || !has_read_on(c, r, d, e))
		return;
	evidence_keep(c, r, e, d->slot, true);
	while (r->doubts)
		doubt_end(r, &r->doubts);
	r->forked = r->dirty = true;
	event_warning(
		c, UC_E_CHAIN,
		VIEW_LIT("somebody here has had another log of this room than this device: its "
			 "hub shows two, or what they say is wrong"),
		&r->id);
}

/* Only what they say of entries behind the doubt ends it: before the place where logs part all are the
 * same. */
static void agrees(struct room *r, const struct uc_id *by, const struct chain_head *h)
{
	struct doubt **at = doubt_of(r, by);
	if (*at && h->seq >= (*at)->at)
		doubt_end(r, at);
}

static void compare(struct uc_client *c, struct room *r, struct fork_evidence *e)
{
	struct chain_head ours;
	if (!head_at(r, e->theirs.seq, &ours))
		return;
	if (is_same(&ours, &e->theirs))
		agrees(r, &e->by, &e->theirs);
	else
		differs(c, r, e);
}

/* What nearly every message says. */
static bool is_nothing_new(const struct room *r, const struct chain_head *h)
{
	struct chain_head ours;
	if (!h->seq)
		return true;
	if (h->seq > r->seq)
		return false;
	return !head_at(r, h->seq, &ours) || (is_same(&ours, h) && !r->doubts);
}

void heads_said(struct uc_client *c, struct room *r, const struct room_entry *e)
{
	if (is_nothing_new(r, &e->head))
		return;
	struct fork_evidence said = {
		.by = id_of("Undercroft head", e->sender.client, e->sender.participant),
		.theirs = e->head,
		.content = e->content,
		.frank = e->frank,
		.timestamp = e->timestamp,
		.who = id_of("Undercroft head", e->sender.participant, (struct view){ NULL, 0 }),
	};
	/* What they had read when they wrote lies before what they wrote. */
	if (e->head.seq > r->seq)
		differs(c, r, &said);
	else
		compare(c, r, &said);
}

/* --- the end of a log that does not come --- */

/* The first that was said stays until we have come so far, or they say less of it (theirs was put back). */
static void is_ahead(struct uc_client *c, struct room *r, const struct uc_id *by,
		     const struct chain_head *h)
{
	struct ahead *a = &r->ahead;
	uint64_t now = client_now(c);
	bool again = a->told && now > a->since_ms + BEHIND_AGAIN_MS;
	if (a->there && !again)
		return;
	*a = (struct ahead){ .there = true, .by = *by, .head = *h, .since_ms = now };
	r->dirty = true;
}

static void ahead_end(struct room *r)
{
	r->ahead.there = false;
	r->dirty = true;
}

/* Have we come to where somebody had come before us? */
static void ahead_reached(struct uc_client *c, struct room *r)
{
	struct ahead *a = &r->ahead;
	struct fork_evidence said = { .by = a->by, .theirs = a->head, .who = a->by };
	if (!a->there || r->seq < a->head.seq)
		return;
	ahead_end(r);
	compare(c, r, &said);
}

void heads_passed(struct uc_client *c, struct room *r)
{
	if (!r->ring)
		r->ring = HEAP_NEW(struct head_ring);
	if (r->ring)
		r->ring->v[r->seq % RING] = heads_own(r);
	ahead_reached(c, r);
}

void heads_jumped(struct uc_client *c, struct room *r)
{
	heads_forget(r);
	ahead_reached(c, r);
}

uc_err heads_wait(struct uc_client *c, struct room *r)
{
	static const char text[] = "A contact has had more of this room than has come here: it was "
				   "withheld or lost, or what they say is wrong.";
	struct ahead *a = &r->ahead;
	if (!a->there || a->told)
		return UC_OK;
	if (waits_until(c, a->since_ms + BEHIND_MS)) {
		a->sure_ms = 0;
		return UC_OK;
	}
	if (!a->sure_ms)
		a->sure_ms = client_now(c) + SURE_MS;
	if (waits_until(c, a->sure_ms))
		return UC_OK;
	a->told = r->dirty = true;
	event_warning(c, UC_E_WITHHELD, view_str(text), &r->id);
	return history_note(c, r, text);
}

/* --- by another room --- */

/* We are both in it, and know it of each other: who is behind a persona nobody learns by this. */
static bool is_shared(const struct uc_client *c, const struct room *r, const struct uc_id *contact)
{
	return r->state == ROOM_OPEN && !r->shadow && !r->direct && !r->fleeing && r->introduced &&
	       r->says == SAYS_ACCOUNT && !strangers_veil(c, r) && introductions_with(r, contact);
}

static bool is_common(const struct uc_client *c, const struct room *r, const struct uc_id *contact)
{
	return r->group && !r->lost && is_shared(c, r, contact);
}

void heads_in(struct uc_client *c, const struct contact *k, const struct control *m)
{
	for (size_t i = 0; i < m->heads.n && i < TOLD_AT_ONCE; i++) {
		const struct control_head *h = &m->heads.v[i];
		struct fork_evidence said = { .by = k->id, .theirs = h->head, .who = k->id };
		struct room *r = room_find(c, &h->room);
		/* Also of one that is being joined anew: what comes by the new seat is to have it. */
		if (!r || !h->head.seq || !is_shared(c, r, &k->id))
			continue;
		if (r->ahead.there && id_equal(&r->ahead.by, &k->id) &&
		    h->head.seq < r->ahead.head.seq)
			ahead_end(r);
		if (h->head.seq > r->seq)
			is_ahead(c, r, &k->id, &h->head);
		else
			compare(c, r, &said);
	}
}

/* Rooms of another hub in which something was said since; from room `from` on. */
static struct room *next_common(struct uc_client *c, const struct room *direct, struct room *from)
{
	struct view hub = uri_domain(view_str(direct->uri));
	for (struct room *r = from; r; r = r->next)
		if (r->last_ms > direct->heads_ms && r->seat_open && r->seq + 1 >= r->log_next &&
		    is_common(c, r, &direct->contact) &&
		    !view_equal(uri_domain(view_str(r->uri)), hub))
			return r;
	return NULL;
}

static uc_err tell(struct uc_client *c, struct room *direct)
{
	struct control_head list[TOLD_AT_ONCE];
	struct control m = { .version = 1, .control_kind = CONTROL_HEADS, .heads = { list, 0 } };
	struct room *r = next_common(c, direct, c->rooms);
	for (; r && m.heads.n < TOLD_AT_ONCE; r = next_common(c, direct, r->next))
		list[m.heads.n++] = (struct control_head){ r->id, heads_own(r) };
	direct->heads_ms = client_now(c);
	direct->dirty = true;
	return control_send(c, direct, &m);
}

static bool is_due(struct uc_client *c, const struct room *direct)
{
	uint64_t now = client_now(c);
	bool told = direct->heads_ms && direct->heads_ms <= now && now - direct->heads_ms < DAY_MS;
	return !told && introductions_listener(c, direct) && next_common(c, direct, c->rooms);
}

/* How many of those that there are may be told now: a few a day, or rooms of many would be full of it. */
static size_t budget_left(struct uc_client *c, size_t *due)
{
	size_t told = 0;
	uint64_t now = client_now(c);
	*due = 0;
	for (const struct room *r = c->rooms; r; r = r->next) {
		told += r->direct && r->heads_ms && r->heads_ms <= now &&
			now - r->heads_ms < DAY_MS;
		*due += is_due(c, r);
	}
	return told < TOLD_A_DAY ? TOLD_A_DAY - told : 0;
}

static uc_err dice(struct uc_client *c, uint32_t below, uint32_t *out)
{
	uint32_t n = 0;
	TRY(env_random(&c->env, (uint8_t *)&n, sizeof n));
	*out = (uint32_t)((uint64_t)n * below >> 32);
	return UC_OK;
}

/* So many of them, each as likely as the other. */
static uc_err tell_some(struct uc_client *c)
{
	size_t due, left = budget_left(c, &due);
	for (struct room *r = c->rooms; r && left && due; r = r->next) {
		uint32_t n;
		if (!is_due(c, r))
			continue;
		TRY(dice(c, (uint32_t)due--, &n));
		if (n >= left)
			continue;
		left--;
		TRY(tell(c, r));
	}
	return UC_OK;
}

uc_err heads_drive(struct uc_client *c)
{
	uint32_t more;
	uint64_t now = client_now(c);
	bool first = !c->heads_ms;
	/* Nobody is woken for it.  Further ahead than that it was set by a wrong clock. */
	if (now < c->heads_ms && c->heads_ms - now <= 2 * LOOK_MS)
		return UC_OK;
	TRY(dice(c, LOOK_MS, &more));
	c->heads_ms = now + (first ? LOOK_FIRST_MS : LOOK_MS) + more;
	return first ? UC_OK : tell_some(c);
}
