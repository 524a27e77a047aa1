/* SPDX-License-Identifier: Apache-2.0 */
/* Seats as they are stored: begun by the commit that brings a client, ended by the one that takes
 * it. */
#include "provider/room_work.h"

#include <stdlib.h>

bool seat_is_unopened(const struct seat_record *r)
{
	static const uint8_t none[SHA256_BYTES];
	return view_equal(VIEW_OF(r->secret_hash), VIEW_OF(none));
}

uc_err seats_free_count(struct provider *p, struct view room, struct arena *a, size_t *out)
{
	struct store_scan scan;
	struct store_key k;
	struct view key, value;
	size_t n = 0;
	TRY(store_scan_init(&scan, p->rooms, key_1(&k, TABLE_SEAT, room), (struct view){ NULL, 0 },
			    0));
	while (store_scan_next(&scan, &key, &value)) {
		struct seat_record r;
		if (!wire_decode(value, a, seat_record_element, &r))
			n += !r.ended && seat_is_unopened(&r);
	}
	uc_err err = scan.failed;
	store_scan_done(&scan);
	if (!err)
		*out = n < UNOPENED_MAX ? UNOPENED_MAX - n : 0;
	return err;
}

/* --- whose seat: table CLIENT, each a shard of its own --- */

/* A client's first seat is the one it looks for: a KeyPackage given out is good once. */
static uc_err is_announced(struct provider *p, struct view client, struct arena *a, bool *out)
{
	struct store_key k;
	struct client_record r;
	*out = false;
	uc_err err =
		record_get(p->rooms, key_1(&k, TABLE_CLIENT, client), client_record_element, a, &r);
	if (err)
		return err == UC_E_NOT_FOUND ? UC_OK : err;
	/* Of a room that was never written after all, it is no place. */
	return store_has(p->rooms, key_2(&k, TABLE_SEAT, r.room, client), out);
}

static uc_err announce(struct provider *p, struct view room, struct view client, struct arena *a)
{
	const struct client_record r = { .room = room };
	struct store_batch b;
	struct store_key k;
	bool there;
	TRY(is_announced(p, client, a, &there));
	if (there)
		return UC_OK;
	store_batch_init(&b, client);
	uc_err err = record_put(&b, key_1(&k, TABLE_CLIENT, client), client_record_element, &r);
	if (err) {
		store_batch_done(&b);
		return err;
	}
	return commit_rooms(p, &b);
}

static bool is_ours(const struct provider *p, const struct member *m)
{
	return is_own_domain(p, m->domain) && is_place(m->client, URI_CLIENT);
}

uc_err seats_announce(struct provider *p, struct view room, const struct member_list *joined,
		      struct arena *a)
{
	for (size_t i = 0; i < joined->n; i++)
		if (is_ours(p, &joined->v[i]))
			TRY(announce(p, room, joined->v[i].client, a));
	return UC_OK;
}

void seats_announced(struct provider *p, struct view room, const struct member_list *joined)
{
	for (size_t i = 0; i < joined->n; i++)
		if (is_ours(p, &joined->v[i]))
			seat_ready(p, joined->v[i].client, room);
}

/* --- seats --- */

static uc_err seat_begin(struct log_step *s, const struct member *m, const struct seat_proof *proof)
{
	struct store_key k;
	struct seat_record r = { .start = s->record.next - 1, .opened_month = month_now(s->p) };
	bool there;
	/* A client comes once.  Whose hub lets it come again does not open its seat anew to whoever
	 * signs first. */
	TRY(store_has(s->p->rooms, key_2(&k, TABLE_SEAT, s->room->uri, m->client), &there));
	if (there)
		return UC_OK;
	memcpy(r.start_chain, s->record.chain, CHAIN_HASH);
	if (proof && view_equal(proof->client, m->client)) {
		memcpy(r.secret_hash, proof->secret_hash, sizeof r.secret_hash);
		memcpy(r.opener, proof->opener, sizeof r.opener);
		r.cursor = r.start; /* it made the commit, and needs no Welcome */
		TRY(opening_add(s->p, &s->batch, s->room->uri, m->client, proof->opening, s->a));
	}
	seats_late_forget(s->p, s->room->uri, m->client);
	seat_known_change(s->p, s->room->uri, m->client, NULL);
	return record_put(&s->batch, key_2(&k, TABLE_SEAT, s->room->uri, m->client),
			  seat_record_element, &r);
}

static uc_err seat_finish(struct log_step *s, const struct member *m, uint64_t seq)
{
	struct store_key k;
	struct seat_record r;
	struct view key = key_2(&k, TABLE_SEAT, s->room->uri, m->client);
	uc_err err = record_get(s->p->rooms, key, seat_record_element, s->a, &r);
	if (err || r.ended)
		return err == UC_E_NOT_FOUND ? UC_OK : err; /* it was never made */
	r.ended = seq;
	r.left = m->by_itself;
	seat_known_change(s->p, s->room->uri, m->client, &r);
	return record_put(&s->batch, key, seat_record_element, &r);
}

/* --- of one person --- */

static struct view client_of(struct view key, struct arena *a)
{
	struct store_key_reader r;
	store_key_read(&r, key);
	store_key_read_bytes(&r, a);
	return store_key_read_bytes(&r, a);
}

/* So many of a person's seats are let go by one commit; what is more holds back as long as it would. */
enum { LET_GO_MAX = 1024 };

struct seats_visit {
	struct log_step *s;
	const struct membership *m;
	bool is_over;
	size_t n;
};
/* What is in the arena of the step is given back after each. */
typedef uc_err each_seat(struct seats_visit *v, struct view client, struct seat_record *r);

static uc_err seat_visit(struct seats_visit *v, struct view key, struct view value,
			 struct view participant, each_seat *visit)
{
	struct seat_record r;
	struct view whose, client = client_of(key, v->s->a);
	v->is_over = !view_starts_with(client, participant);
	if (v->is_over || uri_participant_of(client, &whose) || !view_equal(whose, participant))
		return UC_OK;
	TRY(wire_decode(value, v->s->a, seat_record_element, &r));
	return visit(v, client, &r);
}

/* The stored seats of the participant's clients, which lie side by side. */
static uc_err seats_of(struct seats_visit *v, struct view participant, each_seat *visit)
{
	struct log_step *s = v->s;
	struct store_scan scan;
	struct store_key prefix, start;
	struct view key, value;
	TRY(store_scan_init(&scan, s->p->rooms, key_1(&prefix, TABLE_SEAT, s->room->uri),
			    key_2(&start, TABLE_SEAT, s->room->uri, participant), 0));
	uc_err err = UC_OK;
	while (!err && !v->is_over && store_scan_next(&scan, &key, &value)) {
		struct arena_mark mark = arena_mark(s->a);
		err = seat_visit(v, key, value, participant, visit);
		arena_reset(s->a, mark);
	}
	if (!err)
		err = scan.failed;
	store_scan_done(&scan);
	return err;
}

static const struct member *leaver(const struct membership *m, struct view client)
{
	for (size_t i = 0; i < m->left.n; i++)
		if (view_equal(m->left.v[i].client, client))
			return &m->left.v[i];
	return NULL;
}

static uc_err is_there(struct seats_visit *v, struct view client, struct seat_record *r)
{
	if (!r->ended && !leaver(v->m, client))
		v->n = v->is_over = true;
	return UC_OK;
}

static uc_err let_go(struct seats_visit *v, struct view client, struct seat_record *r)
{
	struct log_step *s = v->s;
	const struct member *now = leaver(v->m, client);
	struct store_key k;
	if (r->left || (now && now->by_itself))
		return UC_OK;
	v->is_over = ++v->n == LET_GO_MAX;
	r->ended = r->ended ? r->ended : s->record.next - 1;
	r->left = true;
	seat_known_change(s->p, s->room->uri, client, r);
	return record_put(&s->batch, key_2(&k, TABLE_SEAT, s->room->uri, client),
			  seat_record_element, r);
}

static bool is_of(struct view client, struct view participant)
{
	struct view whose;
	return view_starts_with(client, participant) && !uri_participant_of(client, &whose) &&
	       view_equal(whose, participant);
}

/* Does the person come in by the same commit, or has an earlier of its leavers been looked at? */
static bool others_stay(const struct membership *m, size_t at, struct view participant)
{
	for (size_t i = 0; i < m->joined.n; i++)
		if (is_of(m->joined.v[i].client, participant))
			return true;
	for (size_t i = 0; i < at; i++)
		if (m->left.v[i].by_itself && is_of(m->left.v[i].client, participant))
			return true;
	return false;
}

/* Whose last place has left by itself comes with no other, either, whoever took that out before. */
static uc_err others_let_go(struct log_step *s, const struct membership *m, size_t at)
{
	struct view participant;
	struct seats_visit there = { .s = s, .m = m }, rest = there;
	TRY(uri_participant_of(m->left.v[at].client, &participant));
	if (others_stay(m, at, participant))
		return UC_OK;
	TRY(seats_of(&there, participant, is_there));
	return there.n ? UC_OK : seats_of(&rest, participant, let_go);
}

uc_err seats_change(struct log_step *s, const struct membership *m, struct view welcome,
		    const struct seat_proof *proof)
{
	bool added = false;
	size_t left = 0;
	s->left = &m->left;
	s->left_at = s->record.next - 1;
	for (size_t i = 0; i < m->left.n; i++)
		if (is_ours(s->p, &m->left.v[i]))
			TRY(seat_finish(s, &m->left.v[i], s->record.next - 1));
	for (size_t i = 0; i < m->left.n; i++)
		if (is_ours(s->p, &m->left.v[i]) && m->left.v[i].by_itself)
			TRY(others_let_go(s, m, i));
	if (m->joined.n)
		TRY(seats_free_count(s->p, s->room->uri, s->a, &left));
	for (size_t i = 0; i < m->joined.n && left; i++) {
		if (!is_ours(s->p, &m->joined.v[i]))
			continue;
		TRY(seat_begin(s, &m->joined.v[i], proof));
		added = added || m->joined.v[i].key_package_ref.n;
		left--;
	}
	return added && welcome.n ? welcome_put(s, welcome, &m->joined) : UC_OK;
}

static int by_bytes(const void *a, const void *b)
{
	return view_compare(*(const struct view *)a, *(const struct view *)b);
}

/* Of a room that is over: nobody commits its proposals any more.  The participants of whom one has left by
 * itself, sorted. */
static uc_err leavers(const struct public_group *g, struct arena *a, struct view_list *out)
{
	struct leaf_node node;
	struct view client, participant;
	uint32_t at = 0, leaf;
	struct group_view now = public_group_now(g);
	out->n = 0;
	out->v = ARENA_ARRAY(a, struct view, tree_member_count(now.tree) + 1);
	if (!out->v)
		return UC_E_LIMIT;
	while (tree_next_leaf(now.tree, &at, &leaf, &node)) {
		if (!leaf_leaves_by_itself(g, leaf))
			continue;
		TRY(participant_of_leaf(&node, &client, &participant));
		TRY(arena_copy(a, participant, &out->v[out->n++]));
	}
	qsort(out->v, out->n, sizeof *out->v, by_bytes);
	return UC_OK;
}

static bool has_left(const struct view_list *l, struct view client)
{
	struct view participant;
	return l->n && !uri_participant_of(client, &participant) &&
	       bsearch(&participant, l->v, l->n, sizeof *l->v, by_bytes);
}

/* Those that have not ended; where a group is given, of clients that are not in it. */
static uc_err seats_end(struct log_step *s, const struct public_group *but, uint64_t seq)
{
	struct store_scan scan;
	struct store_key k;
	struct view key, value;
	struct view_list gone = { NULL, 0 };
	uc_err err = UC_OK;
	if (!but && s->room->group)
		TRY(leavers(s->room->group, s->a, &gone));
	TRY(store_scan_init(&scan, s->p->rooms, key_1(&k, TABLE_SEAT, s->room->uri),
			    (struct view){ NULL, 0 }, 0));
	while (!err && store_scan_next(&scan, &key, &value)) {
		struct seat_record r;
		struct view client = client_of(key, s->a);
		err = wire_decode(value, s->a, seat_record_element, &r);
		bool left = has_left(&gone, client);
		if (err || (r.ended && (r.left || !left)) ||
		    (but && public_group_leaf_by_identity(but, client) != TREE_NONE))
			continue;
		r.ended = r.ended ? r.ended : seq;
		r.left = left;
		err = record_put(&s->batch, key, seat_record_element, &r);
		seat_known_change(s->p, s->room->uri, client, NULL);
	}
	if (!err)
		err = scan.failed;
	store_scan_done(&scan);
	return err;
}

uc_err seats_end_all(struct log_step *s, uint64_t seq)
{
	s->left = NULL;
	s->left_at = seq;
	return seats_end(s, NULL, seq);
}

uc_err seats_end_gone(struct log_step *s, uint64_t seq)
{
	return seats_end(s, s->room->group, seq);
}
