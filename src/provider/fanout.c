/* SPDX-License-Identifier: Apache-2.0 */
/* The apps that follow a room: who they are, from which entry to which, and what they begin with. */
#include "base/heap.h"
#include "provider/room_work.h"

struct follower_live *follower_find(const struct room_live *r, struct view domain)
{
	struct follower_live *f = r->followers;
	while (f && !view_equal(f->domain, domain))
		f = f->next;
	/* Cleared ones are not stored any more. */
	return f && f->record.cursor != UINT64_MAX ? f : NULL;
}

static uc_err follower_put(struct log_step *s, struct view domain, const struct follower_record *r)
{
	struct store_key k;
	s->followers_changed = true;
	return record_put(&s->batch, key_2(&k, TABLE_FOLLOWER, s->room->uri, domain),
			  follower_record_element, r);
}

/* What the new epoch is, for an app whose first clients (or first again) came with it. */
static uc_err start_put(struct log_step *s, struct view domain, const struct membership *m,
			const struct follow_start *common)
{
	struct follow_start start = *common;
	struct store_key k;
	struct view_list refs = { NULL, 0 };
	start.clients.v = ARENA_ARRAY(s->a, struct start_client, m->joined.n + 1);
	refs.v = ARENA_ARRAY(s->a, struct view, m->joined.n + 1);
	if (!start.clients.v || !refs.v)
		return UC_E_LIMIT;
	for (size_t i = 0; i < m->joined.n; i++) {
		const struct member *j = &m->joined.v[i];
		if (!view_equal(j->domain, domain))
			continue;
		start.clients.v[start.clients.n++] =
			(struct start_client){ j->key_package_ref, j->client };
		if (j->key_package_ref.n)
			refs.v[refs.n++] = j->key_package_ref;
	}
	if (!refs.n)
		start.welcome = (struct view){ NULL, 0 };
	else
		TRY(welcome_part(common->welcome, &refs, s->a, &start.welcome));
	return record_put(&s->batch, key_2(&k, TABLE_FOLLOW_START, s->room->uri, domain),
			  follow_start_element, &start);
}

static bool log_still_has(struct log_step *s, uint64_t seq)
{
	struct store_log_bounds b;
	struct store_key k;
	return !store_log_bounds(s->p->rooms, key_1(&k, TABLE_LOG, s->room->uri), &b) &&
	       b.first <= seq;
}

static uc_err welcome_out(struct log_step *s, struct follower_live *f, struct view domain,
			  const struct membership *m, const struct follow_start *common)
{
	static const struct welcome_out_record marker = { .version = RECORD_VERSION };
	struct store_key k;
	bool added = false;
	for (size_t i = 0; i < m->joined.n; i++)
		added = added || (view_equal(m->joined.v[i].domain, domain) &&
				  m->joined.v[i].key_package_ref.n);
	if (!added)
		return UC_OK;
	if (f)
		f->welcome_known = false;
	TRY(welcome_put(s, common->welcome, &m->joined));
	key_2(&k, TABLE_WELCOME_OUT, s->room->uri, domain);
	store_key_add_u64(&k, common->seq);
	return record_put(&s->batch, store_key_view(&k), welcome_out_record_element, &marker);
}

/* An app with clients in the new epoch. */
static uc_err follow(struct log_step *s, struct view domain, const struct membership *m,
		     const struct follow_start *common)
{
	struct follower_live *f = follower_find(s->room, domain);
	struct follower_record r = { .cursor = common->seq - 1,
				     .start_seq = common->seq,
				     .start_wanted = true,
				     .since = common->seq + 1 };
	if (f && !f->record.until)
		return welcome_out(s, f, domain, m, common);
	if (f && log_still_has(s, f->record.cursor + 1)) {
		/* It left and comes back before it was through: it simply goes on, unless it has
		 * forgotten the room meanwhile. */
		r = f->record;
		r.until = 0;
		if (!r.start_wanted) {
			r.start_seq = common->seq;
			TRY(start_put(s, domain, m, common));
		}
		TRY(welcome_out(s, f, domain, m, common));
	} else {
		TRY(start_put(s, domain, m, common));
	}
	return follower_put(s, domain, &r);
}

uc_err fanout_change(struct log_step *s, const struct membership *m, uint64_t timestamp,
		     struct view group_info, struct view welcome)
{
	struct follow_start common = { .seq = s->record.next - 1,
				       .timestamp = timestamp,
				       .group_info = group_info,
				       .welcome = welcome };
	memcpy(common.chain, s->record.chain, CHAIN_HASH);
	for (size_t i = 0; i < m->after.n; i++)
		if (!is_own_domain(s->p, m->after.v[i]))
			TRY(follow(s, m->after.v[i], m, &common));
	for (size_t i = 0; i < m->before.n; i++) {
		struct view domain = m->before.v[i];
		const struct follower_live *f = follower_find(s->room, domain);
		if (!f || view_list_has(&m->after, domain))
			continue;
		struct follower_record r = f->record;
		r.until = common.seq; /* it still learns that it is out */
		TRY(follower_put(s, domain, &r));
	}
	return UC_OK;
}

/* --- what they have not taken yet --- */

enum {
	RECENT_ENTRIES = 64,
	RECENT_BYTES = 256 * 1024,          /* of one room */
	RECENT_BYTES_ALL = 32 * 1024 * 1024 /* of all */
};

static void recent_drop_first(struct provider *p, struct room_follow *n)
{
	struct recent_entry *e = n->recent;
	n->recent = e->next;
	n->recent_n--;
	n->recent_bytes -= e->n;
	p->room_work->recent_bytes -= e->n;
	heap_free(e);
}

void recent_drop(struct provider *p, struct room_live *r)
{
	while (r->follow && r->follow->recent)
		recent_drop_first(p, r->follow);
}

void recent_trim(struct provider *p, struct room_live *r)
{
	uint64_t taken = UINT64_MAX;
	for (const struct follower_live *f = r->followers; f; f = f->next)
		if ((!f->record.until || f->record.cursor < f->record.until) &&
		    f->record.cursor < taken)
			taken = f->record.cursor;
	while (r->follow && r->follow->recent && r->follow->recent->seq <= taken)
		recent_drop_first(p, r->follow);
}

static bool recent_put(struct provider *p, struct room_follow *n, const struct step_entry *from)
{
	struct recent_entry *e = heap_new(sizeof *e + from->fanout.n);
	if (!e)
		return false;
	e->seq = from->seq;
	e->n = from->fanout.n;
	memcpy(e->chain, from->chain, CHAIN_HASH);
	memcpy(e->fanout, from->fanout.p, from->fanout.n);
	if (n->recent)
		*n->recent_end = e;
	else
		n->recent = e;
	n->recent_end = &e->next;
	n->recent_n++;
	n->recent_bytes += e->n;
	p->room_work->recent_bytes += e->n;
	return true;
}

static bool is_too_much(const struct provider *p, const struct room_follow *n)
{
	return n->recent_n > RECENT_ENTRIES || n->recent_bytes > RECENT_BYTES ||
	       p->room_work->recent_bytes > RECENT_BYTES_ALL;
}

void recent_add(struct log_step *s)
{
	struct provider *p = s->p;
	struct room_follow *n = s->room->follow;
	if (!n)
		return;
	for (const struct step_entry *e = s->first; e; e = e->next) {
		/* They lie without a gap, or not at all. */
		if (!recent_put(p, n, e)) {
			recent_drop(p, s->room);
			return;
		}
		while (n->recent && is_too_much(p, n))
			recent_drop_first(p, n);
	}
	recent_trim(p, s->room);
}
