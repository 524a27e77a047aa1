/* SPDX-License-Identifier: Apache-2.0 */
/* The follower's side of notify (draft-ietf-mimi-protocol-06): a copy of the hub's log, taken by
 * room and number.  A repeat is ignored, a gap is answered with the number wanted, and what does not
 * verify is not taken. */
#include "base/planted.h"
#include "base/text.h"
#include "provider/room_work.h"

/* One entry of a notify, and the Welcome that follows its commit. */
struct notified_entry {
	struct fanout_message m;
	struct view bytes;
	struct view welcome;
	const uint8_t *chain; /* what the hub says it is after this entry; NULL: not said */
};

/* The year 10889, and more entries than a room can have: far enough from where sums wrap. */
#define TIMESTAMP_MAX ((uint64_t)1 << 48)
#define SEQUENCE_MAX  ((uint64_t)1 << 48)

/* --- one entry --- */

static uc_err take_proposals(struct room_live *r, struct view first, const struct view_list *more,
			     struct arena *a)
{
	struct public_received received;
	if (first.n)
		TRY(public_group_receive(r->group, first, a, &received));
	for (size_t i = 0; i < more->n; i++)
		TRY(public_group_receive(r->group, more->v[i], a, &received));
	return UC_OK;
}

static bool adds_ours(const struct provider *p, const struct membership *m)
{
	for (size_t i = 0; i < m->joined.n; i++)
		if (m->joined.v[i].key_package_ref.n && is_own_domain(p, m->joined.v[i].domain))
			return true;
	return false;
}

/* Stages and applies; the membership outlives it. */
static uc_err take_commit(struct log_step *s, const struct notified_entry *e, struct membership *m)
{
	struct public_received received;
	struct public_group *g = s->room->group;
	TRY(public_group_receive(g, e->m.message, s->a, &received));
	if (received.kind != PUBLIC_COMMIT)
		return UC_E_UNEXPECTED;
	TRY(membership_read(received.change, s->a, m));
	/* Without it they would never come in.  The hub keeps it until it was taken: then we did, in a
	 * time that an older copy of our store does not know, and begin anew. */
	if (adds_ours(s->p, m) && !e->welcome.n)
		return UC_E_RESTORED;
	TRY(seats_announce(s->p, s->room->uri, &m->joined, s->a));
	return public_group_apply(g);
}

static uc_err log_taken(struct log_step *s, const struct notified_entry *e,
			const struct membership *m, const struct tree *before)
{
	const struct view none = { NULL, 0 };
	TRY(log_step_add_bytes(s, e->m.timestamp, e->bytes));
	s->record.epoch_start = s->record.next - 1;
	TRY(tree_back_put(s, before));
	TRY(take_proposals(s->room, none, &e->m.external_proposals, s->a));
	TRY(seats_change(s, m, e->welcome, NULL));
	return log_step_put_group(s);
}

static uc_err log_commit(struct log_step *s, const struct notified_entry *e, struct membership *m)
{
	struct tree before;
	tree_copy(public_group_now(s->room->group).tree, &before);
	uc_err err = take_commit(s, e, m);
	if (!err)
		err = log_taken(s, e, m, &before);
	tree_done(&before);
	return err;
}

static uc_err log_proposals(struct log_step *s, const struct notified_entry *e)
{
	TRY(take_proposals(s->room, e->m.message, &e->m.more_proposals, s->a));
	TRY(log_step_add_bytes(s, e->m.timestamp, e->bytes));
	TRY(log_step_put_group(s));
	return room_is_over(s->room->group) ? seats_end_all(s, s->record.next - 1) : UC_OK;
}

static uc_err check_chain(const uint8_t chain[CHAIN_HASH], const struct notified_entry *e)
{
	return !e->chain || view_equal(view_make(chain, CHAIN_HASH),
				       view_make(e->chain, CHAIN_HASH))
		       ? UC_OK
		       : UC_E_CHAIN;
}

static uc_err log_entry(struct log_step *s, const struct notified_entry *e, struct membership *m)
{
	struct public_group *g;
	uint8_t chain[CHAIN_HASH];
	/* Time in a room does not go back, nor to where no clock is. */
	if (e->m.timestamp < s->record.last_ms || e->m.timestamp > TIMESTAMP_MAX)
		return UC_E_UNEXPECTED;
	if (e->m.content_type == CONTENT_APPLICATION) {
		TRY(log_step_add_bytes(s, e->m.timestamp, e->bytes));
		return check_chain(s->record.chain, e);
	}
	/* Before the group takes it. */
	memcpy(chain, s->record.chain, sizeof chain);
	TRY(chain_extend(chain, s->record.next, e->bytes));
	TRY(check_chain(chain, e));
	TRY(room_live_group(s->p, s->room, &g));
	if (e->m.content_type == CONTENT_PROPOSAL)
		return log_proposals(s, e);
	return log_commit(s, e, m);
}

static uc_err take_entry(struct provider *p, struct room_live *r, const struct notified_entry *e,
			 struct arena *a)
{
	struct log_step step;
	struct membership m = { .joined = { .n = 0 } };
	log_step_begin(&step, p, r, a);
	uc_err err = log_entry(&step, e, &m);
	if (err) {
		log_step_drop(&step);
		/* The group may have taken it already; the store has not. */
		if (e->m.content_type != CONTENT_APPLICATION)
			room_live_drop(p, r);
		return err;
	}
	TRY(log_step_commit(&step));
	metrics_add(p->config.metrics, METRIC_ENTRIES_FOLLOWED, 1);
	if (e->m.content_type != CONTENT_APPLICATION)
		room_live_moved(p, r);
	log_step_tell(&step);
	seats_announced(p, r->uri, &m.joined);
	room_joins_done(p, r, &m.joined);
	return UC_OK;
}

/* --- the body: entries one after the other, a Welcome behind its commit --- */

static bool entry_next(struct wire *w, struct notified_entry *e)
{
	struct fanout_message m;
	const uint8_t *start = w->p;
	if (w->failed || w->p == w->end)
		return false;
	wire_fanout_message(w, &e->m);
	e->bytes = view_make(start, (size_t)(w->p - start));
	e->welcome = (struct view){ NULL, 0 };
	if (w->failed || e->m.wire_format == MLS_WELCOME) {
		wire_fail(w, UC_E_UNEXPECTED);
		return false;
	}
	if (e->m.content_type != CONTENT_COMMIT || w->p == w->end)
		return true;
	struct wire before = *w;
	wire_fanout_message(w, &m);
	if (!w->failed && m.wire_format == MLS_WELCOME)
		e->welcome = view_slice(m.message, 4, m.message.n); /* behind version and format */
	else
		*w = before;
	return true;
}

/* Where the body has got to. */
struct taking {
	struct peer_call *c;
	struct room_live *room;
	uint64_t seq;
	bool has_chain; /* the hub said it of the first entry, and it is known of each */
	uint8_t chain[CHAIN_HASH];
};

/* It is ignored; but the last of them is to be what is in the log already. */
static uc_err take_repeat(struct taking *t, const struct notified_entry *e, bool is_last)
{
	if (!t->has_chain)
		return UC_OK;
	if (t->c->body.p != e->bytes.p)
		TRY(chain_extend(t->chain, t->seq, e->bytes));
	return is_last || t->seq + 1 == t->room->record.next
		       ? repeat_check(t->c, t->room, t->seq, t->chain)
		       : UC_OK;
}

static uc_err take_next(struct taking *t, struct notified_entry *e, bool is_last)
{
	struct peer_call *c = t->c;
	struct room_live *r = t->room;
	bool is_first = c->body.p == e->bytes.p;
	bool again = PLANTED(double_apply) && t->seq + 1 == r->record.next &&
		     e->m.content_type == CONTENT_APPLICATION;
	if (t->seq < r->record.next && !again)
		return take_repeat(t, e, is_last);
	if (t->seq > r->record.next)
		return UC_E_STALE;
	e->chain = is_first && t->has_chain && !again ? t->chain : NULL;
	if (peer_is_too_fast(c, LIMIT_PEER_ENTRY))
		return UC_E_RATE;
	TRY(take_entry(c->p, r, e, c->a));
	t->has_chain = false;
	return UC_OK;
}

static uc_err take_all(struct peer_call *c, struct room_live *r, uint64_t seq, const uint8_t *chain)
{
	struct wire w;
	struct notified_entry e;
	struct taking t = { .c = c, .room = r, .seq = seq, .has_chain = chain != NULL };
	if (chain)
		memcpy(t.chain, chain, CHAIN_HASH);
	wire_reader(&w, c->body, c->a);
	for (; entry_next(&w, &e); t.seq++)
		TRY(take_next(&t, &e, w.p == w.end));
	return w.failed ? UC_E_MALFORMED : UC_OK;
}

/* --- the beginning --- */

struct beginning {
	struct peer_call *c;
	struct follow_start start;
	struct public_group *group;
	struct membership m;
	bool is_again; /* in the place of what is there, as was asked for */
	bool is_renewed; /* its hub's log is, or was once, another than it had been; or ours alone is */
	bool waits;      /* ours alone */
};

/* The clients that are to have seats are ours, and in the tree. */
static uc_err read_clients(struct beginning *n)
{
	const struct start_client_list *l = &n->start.clients;
	n->m.joined.v = ARENA_ARRAY(n->c->a, struct member, l->n + 1);
	if (!n->m.joined.v)
		return UC_E_LIMIT;
	for (size_t i = 0; i < l->n; i++) {
		struct member m = { .client = l->v[i].client,
				    .key_package_ref = l->v[i].key_package_ref };
		if (!is_place(m.client, URI_CLIENT) || uri_domain_of(m.client, &m.domain) ||
		    !is_own_domain(n->c->p, m.domain) ||
		    public_group_leaf_by_identity(n->group, m.client) == TREE_NONE)
			return UC_E_UNEXPECTED;
		if (m.key_package_ref.n && !n->start.welcome.n)
			return UC_E_UNEXPECTED;
		if (peer_is_too_fast(n->c, LIMIT_PEER_SEAT))
			return UC_E_RATE;
		n->m.joined.v[n->m.joined.n++] = m;
	}
	return l->n ? UC_OK : UC_E_UNEXPECTED;
}

/* Signature and tree hash are checked as a joiner does (RFC 9420, 12.4.3.1); then, that it is the
 * room and the hub it says. */
static uc_err check_start(struct beginning *n)
{
	struct peer_call *c = n->c;
	struct public_received received;
	struct room_state state;
	TRY(public_group_new(c->p->env, &room_hooks, n->start.group_info, n->start.ratchet_tree,
			     &n->group));
	struct group_view now = public_group_now(n->group);
	TRY(room_check(&now));
	TRY(room_state_read(&now, c->a, &state));
	if (!view_equal(state.room, c->target) || !view_equal(now.context->group_id, c->target) ||
	    !view_equal(state.hub_domain, c->domain))
		return UC_E_POLICY;
	for (size_t i = 0; i < n->start.pending_proposals.n; i++)
		TRY(public_group_receive(n->group, n->start.pending_proposals.v[i], c->a,
					 &received));
	return read_clients(n);
}

static uc_err put_start(struct beginning *n, struct log_step *s)
{
	static const enum provider_table left[] = { TABLE_GROUP_PART, TABLE_TREE_BACK,
						    TABLE_WELCOME };
	struct store_key k;
	struct view log = key_1(&k, TABLE_LOG, n->c->target);
	/* What an earlier time here has left is read by nobody any more: it was followed to its
	 * end, and the hub could not go on from there. */
	store_log_delete(&s->batch, log);
	group_whole_delete(&s->batch, n->c->target);
	for (size_t i = 0; i < sizeof left / sizeof *left; i++)
		store_delete_prefix(&s->batch, key_1(&k, left[i], n->c->target));
	log = key_1(&k, TABLE_LOG, n->c->target);
	store_log_start(&s->batch, log, n->start.seq + 1);
	TRY(seats_end_gone(s, n->start.seq));
	if (n->is_renewed)
		TRY(room_renewed_put(&s->batch, n->c->target, &s->record, n->waits));
	TRY(seats_change(s, &n->m, n->start.welcome, NULL));
	return log_step_put_group(s);
}

static uc_err store_start(struct beginning *n, struct room_live *r)
{
	struct log_step step;
	log_step_begin(&step, n->c->p, r, n->c->a);
	step.record = (struct room_record){ .part = ROOM_FOLLOWER,
					    .hub = n->c->domain,
					    .next = n->start.seq + 1,
					    .last_ms = n->start.timestamp,
					    .epoch_start = n->start.seq };
	memcpy(step.record.chain, n->start.chain, CHAIN_HASH);
	uc_err err = put_start(n, &step);
	if (err) {
		log_step_drop(&step);
		return err;
	}
	return log_step_commit(&step);
}

/* A room that is not stored yet has no live one to make its step with: a passing one does. */
static uc_err begin(struct beginning *n)
{
	struct provider *p = n->c->p;
	struct room_live passing = { .uri = n->c->target, .group = n->group };
	struct room_live *there = map_find(&p->rooms_live, n->c->target);
	p->room_work->groups_n++; /* it counts, and is given back, as if loaded */
	uc_err err = seats_announce(p, n->c->target, &n->m.joined, n->c->a);
	if (!err)
		err = store_start(n, &passing);
	room_live_drop(p, &passing);
	/* What is open there goes on in a log that is no more. */
	if (there && !err)
		seats_of_before(n->c->p, n->c->domain, there);
	if (there)
		room_live_drop(p, there);
	return err;
}

static void tell_start(struct beginning *n)
{
	struct room_live *r;
	seats_announced(n->c->p, n->c->target, &n->m.joined);
	if (!room_live_get(n->c->p, n->c->target, &r))
		room_joins_done(n->c->p, r, &n->m.joined);
}

/* The hub has less than it told us once. */
static bool hub_has_less(const struct peer_call *c, const struct room_live *r)
{
	uint64_t last;
	return header_number(c->headers, "undercroft-last", &last) && last + 1 < r->record.next;
}

/* What says so may have been on its way for long; the start that is wanted has the number. */
static void forked(const struct peer_call *c, struct room_live *r, bool is_forked)
{
	uint8_t dice[4];
	if (is_forked && r->restart)
		(void)FAIL(c->p->env, follow_ask_again(c->p, r));
	if (!is_forked || r->restart || env_random(c->p->env, dice, sizeof dice))
		return;
	r->restart =
		1u | (uint32_t)dice[0] << 8 | (uint32_t)dice[1] << 16 | (uint32_t)dice[2] << 24;
}

static bool is_again(const struct peer_call *c, const struct room_live *r)
{
	uint64_t number;
	return r->restart && header_number(c->headers, "undercroft-again", &number) &&
	       number == r->restart;
}

/* A repeat, of the log that is followed here; or the hub has another one now, which was said to it and
 * is forgotten here since.  Whether what came after it is the same is seen when that comes again. */
static uc_err take_start_again(struct peer_call *c, struct room_live *r,
			       const struct follow_start *start, uint64_t *wanted)
{
	uc_err err =
		hub_has_less(c, r) ? UC_E_RESTORED : repeat_check(c, r, start->seq, start->chain);
	forked(c, r, err == UC_E_RESTORED);
	*wanted = start->seq + 1;
	return err;
}

static uc_err renewed_before(struct beginning *n, const struct room_live *r)
{
	struct renewed_record before;
	if (!r->record.is_renewed)
		return UC_OK;
	TRY(room_renewed_get(n->c->p, n->c->target, n->c->a, &before));
	n->is_renewed = true;
	n->waits = before.waits;
	return UC_OK;
}

/* *wanted: the next entry, if not what the log says. */
static uc_err take_start(struct peer_call *c, uint64_t *wanted)
{
	struct beginning n = { .c = c };
	struct room_live *r = NULL;
	uint64_t renewed;
	struct view domain;
	TRY(wire_decode(c->body, c->a, follow_start_element, &n.start));
	if (!is_place(c->target, URI_ROOM) || !n.start.seq || n.start.seq > SEQUENCE_MAX ||
	    n.start.timestamp > TIMESTAMP_MAX)
		return UC_E_MALFORMED;
	TRY(uri_domain_of(c->target, &domain));
	if (!view_equal(domain, c->domain) || is_own_domain(c->p, domain))
		return UC_E_NOT_ALLOWED;
	uc_err err = room_live_get(c->p, c->target, &r);
	if (err && err != UC_E_NOT_FOUND)
		return err;
	n.is_again = r && is_again(c, r);
	if (r && n.start.seq < r->record.next && !n.is_again)
		return take_start_again(c, r, &n.start, wanted);
	if (peer_is_too_fast(c, LIMIT_PEER_START))
		return UC_E_RATE;
	n.is_renewed = header_number(c->headers, "undercroft-renewed", &renewed) || n.is_again;
	if (!n.is_renewed && r)
		TRY(renewed_before(&n, r));
	err = check_start(&n);
	if (err) {
		public_group_free(n.group);
		return err;
	}
	TRY(begin(&n));
	if (r)
		r->restart = 0;
	tell_start(&n);
	return UC_OK;
}

/* --- entry --- */

static uc_err take(struct peer_call *c, uint64_t *wanted)
{
	uint64_t start, seq;
	struct room_live *r;
	struct view hex = header_find(c->headers, "undercroft-chain"), chain = { NULL, 0 };
	if (header_number(c->headers, "undercroft-start", &start))
		return start == 1 ? take_start(c, wanted) : UC_E_UNSUPPORTED;
	if (!header_number(c->headers, "undercroft-sequence", &seq) || !seq)
		return UC_E_MALFORMED;
	if (hex.n && (hex_read(c->a, hex, &chain) || chain.n != CHAIN_HASH))
		return UC_E_MALFORMED;
	TRY(room_live_get(c->p, c->target, &r));
	if (r->record.part != ROOM_FOLLOWER || !view_equal(r->record.hub, c->domain))
		return UC_E_NOT_ALLOWED;
	uc_err err = hub_has_less(c, r) ? UC_E_RESTORED : take_all(c, r, seq, chain.p);
	forked(c, r, err == UC_E_RESTORED || err == UC_E_CHAIN);
	return err;
}

int peer_notify(struct peer_call *c)
{
	struct room_live *r;
	uint64_t wanted = 0;
	uc_err err = take(c, &wanted);
	bool known = !room_live_get(c->p, c->target, &r) && r->record.part == ROOM_FOLLOWER &&
		     view_equal(r->record.hub, c->domain);
	if (known) {
		header_add_number(c->out_headers, "undercroft-next",
				  wanted ? wanted : r->record.next);
		header_add_number(c->out_headers, "undercroft-franks", 1); /* of a tree, too */
	}
	if (err == UC_E_RATE && !c->retry_after_s)
		c->retry_after_s = 60;
	if (known && err && r->restart)
		header_add_number(c->out_headers, "undercroft-restart", r->restart);
	if (err == UC_E_STALE || err == UC_E_RESTORED)
		return 409;
	return err ? peer_err_status(err) : 201;
}
