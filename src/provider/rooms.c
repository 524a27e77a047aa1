/* SPDX-License-Identifier: Apache-2.0 */
/* Rooms in memory: loaded when needed, the least used ones given up. */
#include "base/heap.h"
#include "provider/repeats.h"
#include "provider/room_keys.h"

enum { SKIP_MAX = 64, TICK_MS = 1000, FLUSH_MS = 10 * 1000, PEERS_MAX = 10000 };

bool is_place(struct view uri, enum uri_kind kind)
{
	struct uri u;
	return uri.n <= PLACE_URI_MAX && !uri_read(uri, &u) && u.kind == kind;
}

/* --- life --- */

uc_err rooms_init(struct provider *p)
{
	struct room_work *w = HEAP_NEW(struct room_work);
	if (!w)
		return UC_E_MEMORY;
	p->room_work = w;
	w->marks_window = MARKS_WINDOW;
	peers_hello_later(p);
	buf_init(&w->sweep_from, STORE_KEY_MAX);
	buf_init(&w->follow_from, STORE_KEY_MAX);
	buf_init(&w->keys.from, STORE_KEY_MAX + 1);
	buf_init(&w->renewal.domain, PLACE_URI_MAX);
	buf_init(&w->renewal.from, STORE_KEY_MAX);
	TRY(map_init(&w->peers, p->env));
	return map_init(&w->lates, p->env);
}

void rooms_free(struct provider *p)
{
	struct room_work *w = p->room_work;
	size_t at = 0;
	struct view key;
	void *value;
	if (!w)
		return;
	while (w->newest)
		room_live_free(p, w->newest);
	while (map_next(&w->peers, &at, &key, &value))
		heap_free(value);
	map_done(&w->peers);
	seats_late_free(p);
	seat_known_free(p);
	map_done(&w->lates);
	room_joins_free(p);
	franks_free(p);
	trees_drop(p, (struct view){ NULL, 0 });
	buf_done(&w->sweep_from);
	buf_done(&w->follow_from);
	buf_done(&w->keys.from);
	buf_done(&w->renewal.domain);
	buf_done(&w->renewal.from);
	heap_free(w);
	p->room_work = NULL;
}

void rooms_tick(struct provider *p, uint64_t now_ms)
{
	struct room_work *w = p->room_work;
	struct slice s;
	slice_begin(&s, p->env);
	fanout_behind(p, &s);
	slice_begin(&s, p->env);
	fanout_round(p, &s);
	seats_read_again(p, now_ms);
	slice_begin(&s, p->env);
	renewals_run(p, now_ms, &s);
	peers_hello(p, now_ms);
	room_joins_expire(p, now_ms);
	repeats_rest(p, now_ms);
	slice_begin(&s, p->env);
	if (!p->clock_doubted)
		rooms_sweep(p, now_ms, &s);
	slice_begin(&s, p->env);
	room_keys_tick(p, now_ms, &s);
	if (is_due(now_ms, w->flush_ms, FLUSH_MS)) {
		w->flush_ms = now_ms + FLUSH_MS;
		w->is_flushing = true;
		seats_flush_begin(p);
	}
	seats_flush_some(p);
	slice_begin(&s, p->env);
	if (w->is_flushing)
		fanout_flush(p, &s);
	w->is_flushing = w->is_flushing && w->late.first;
}

/* --- lines --- */

void room_line_add(struct room_line *line, struct room_line_link *l)
{
	if (l->line)
		return;
	l->line = line;
	l->next = NULL;
	l->previous = line->last;
	if (line->last)
		line->last->next = l;
	else
		line->first = l;
	line->last = l;
}

void room_line_remove(struct room_line_link *l)
{
	struct room_line *line = l->line;
	if (!line)
		return;
	if (l->previous)
		l->previous->next = l->next;
	else
		line->first = l->next;
	if (l->next)
		l->next->previous = l->previous;
	else
		line->last = l->previous;
	l->line = NULL;
}

/* --- what was read from the group --- */

static void epoch_forget(struct room_live *r)
{
	if (!r->epoch)
		return;
	map_done(&r->epoch->senders);
	arena_done(&r->epoch->mem);
	heap_free(r->epoch);
	r->epoch = NULL;
}

void room_live_moved(struct provider *p, struct room_live *r)
{
	(void)p;
	epoch_forget(r);
}

static void group_forget(struct provider *p, struct room_live *r)
{
	epoch_forget(r);
	if (r->group)
		p->room_work->groups_n--;
	public_group_free(r->group);
	r->group = NULL;
	p->room_work->leaves_n -= r->counted;
	r->counted = 0;
}

void room_live_drop(struct provider *p, struct room_live *r)
{
	group_forget(p, r);
	trees_drop(p, r->uri);
	repeats_drop(p, r);
	recent_drop(p, r);
	r->stale = true;
}

/* --- the order of use --- */

static void list_out(struct room_work *w, struct room_live *r)
{
	if (r->newer)
		r->newer->older = r->older;
	else
		w->newest = r->older;
	if (r->older)
		r->older->newer = r->newer;
	else
		w->oldest = r->newer;
}

static void list_in(struct room_work *w, struct room_live *r)
{
	r->newer = NULL;
	r->older = w->newest;
	if (r->older)
		r->older->newer = r;
	else
		w->oldest = r;
	w->newest = r;
}

static void followers_free(struct provider *p, struct room_live *r)
{
	recent_drop(p, r);
	while (r->followers) {
		struct follower_live *f = r->followers;
		r->followers = f->next;
		heap_free(f);
	}
	if (!r->follow)
		return;
	room_line_remove(&r->follow->behind);
	room_line_remove(&r->follow->late);
	room_line_remove(&r->follow->untold);
	heap_free(r->follow);
	r->follow = NULL;
}

void room_live_free(struct provider *p, struct room_live *r)
{
	group_forget(p, r);
	repeats_drop(p, r);
	followers_free(p, r);
	map_remove(&p->rooms_live, r->uri);
	metrics_set(p->config.metrics, METRIC_ROOMS_LOADED, p->rooms_live.n);
	list_out(p->room_work, r);
	heap_free(r);
}

static bool is_needed(const struct room_live *r)
{
	for (const struct follower_live *f = r->followers; f; f = f->next)
		if (f->in_flight || f->is_late)
			return true;
	return r->seats.n != 0;
}

static void make_space(struct provider *p)
{
	struct room_live *r = p->room_work->oldest;
	for (int skipped = 0; r && p->rooms_live.n >= ROOMS_LOADED_MAX && skipped < SKIP_MAX;) {
		struct room_live *next = r->newer;
		if (is_needed(r))
			skipped++;
		else
			room_live_free(p, r);
		r = next;
	}
}

static void make_group_space(struct provider *p, const struct room_live *keep)
{
	struct room_work *w = p->room_work;
	for (struct room_live *r = w->oldest; r; r = r->newer) {
		if (w->groups_n < GROUPS_LOADED_MAX && w->leaves_n <= LEAVES_LOADED_MAX)
			return;
		if (r != keep && r->group)
			group_forget(p, r);
	}
}

void room_live_count(struct provider *p, struct room_live *r)
{
	size_t leaves = public_group_now(r->group).tree->leaves;
	p->room_work->leaves_n += leaves - r->counted;
	r->counted = leaves;
}

/* --- loading --- */

static uc_err follow_begin(struct room_live *r)
{
	if (r->follow)
		return UC_OK;
	r->follow = HEAP_NEW(struct room_follow);
	if (!r->follow)
		return UC_E_MEMORY;
	r->follow->behind.room = r->follow->late.room = r->follow->untold.room = r;
	return UC_OK;
}

static uc_err follower_get(struct room_live *r, struct view domain, struct follower_live **out)
{
	struct follower_live **at = &r->followers;
	TRY(follow_begin(r));
	while (*at && !view_equal((*at)->domain, domain))
		at = &(*at)->next;
	if (!*at) {
		struct follower_live *f = heap_new(sizeof *f + domain.n);
		if (!f)
			return UC_E_MEMORY;
		memcpy(f + 1, domain.p, domain.n);
		f->domain = view_make(f + 1, domain.n);
		*at = f;
	}
	*out = *at;
	return UC_OK;
}

static uc_err follower_read(struct room_live *r, struct view key, struct view value,
			    struct arena *a)
{
	struct follower_record record;
	struct follower_live *f;
	struct store_key_reader k;
	store_key_read(&k, key);
	store_key_read_bytes(&k, a);
	struct view domain = store_key_read_bytes(&k, a);
	TRY(store_key_read_done(&k));
	if (wire_decode(value, a, follower_record_element, &record))
		return UC_E_CORRUPT;
	TRY(follower_get(r, domain, &f));
	/* The store may be behind. */
	if (f->is_late && record.cursor < f->late_cursor)
		record.cursor = f->late_cursor;
	f->record = record;
	return UC_OK;
}

/* One that is stored no more has nothing left to be sent. */
static void followers_clear(struct room_live *r)
{
	for (struct follower_live *f = r->followers; f; f = f->next) {
		f->is_late = f->is_late && f->record.cursor != UINT64_MAX;
		f->late_cursor = f->record.cursor;
		f->record = (struct follower_record){ .cursor = UINT64_MAX, .until = UINT64_MAX };
		f->welcome_known = false;
	}
}

uc_err room_live_followers(struct provider *p, struct room_live *r)
{
	struct store_scan scan;
	struct store_key k;
	struct view key, value;
	struct arena a;
	uc_err err = UC_OK;
	followers_clear(r);
	TRY(store_scan_init(&scan, p->rooms, key_1(&k, TABLE_FOLLOWER, r->uri),
			    (struct view){ NULL, 0 }, 0));
	arena_init(&a, ROOM_MEMORY_MAX, ARENA_PLAIN);
	while (!err && store_scan_next(&scan, &key, &value))
		err = follower_read(r, key, value, &a);
	arena_done(&a);
	if (!err)
		err = scan.failed;
	store_scan_done(&scan);
	/* Who is behind is looked at by the clock. */
	if (!err && r->follow)
		room_line_add(&p->room_work->behind, &r->follow->behind);
	return err;
}

static uc_err read_record(struct provider *p, struct room_live *r)
{
	struct room_record record;
	struct view hub;
	struct arena a;
	arena_init(&a, ROOM_MEMORY_MAX, ARENA_PLAIN);
	uc_err err = room_record_get(p->rooms, r->uri, &a, &record);
	/* A room's hub is named in its URI. */
	if (!err && (uri_domain_of(r->uri, &hub) || !view_equal(hub, record.hub)))
		err = UC_E_CORRUPT;
	if (!err) {
		record.hub = hub;
		r->record = record;
		err = record.part == ROOM_HUB ? room_live_followers(p, r) : UC_OK;
	}
	arena_done(&a);
	return err;
}

static uc_err load_new(struct provider *p, struct view uri, struct room_live **out)
{
	struct room_live *r = heap_new(sizeof *r + uri.n);
	if (!r)
		return UC_E_MEMORY;
	memcpy(r + 1, uri.p, uri.n);
	r->uri = view_make(r + 1, uri.n);
	r->moved.room = r;
	uc_err err = read_record(p, r);
	if (!err)
		err = map_put(&p->rooms_live, r->uri, r);
	if (err) {
		followers_free(p, r);
		heap_free(r);
		return err;
	}
	list_in(p->room_work, r);
	*out = r;
	return UC_OK;
}

uc_err room_live_again(struct provider *p, struct room_live *r)
{
	if (r->stale)
		TRY(read_record(p, r));
	r->stale = false;
	if (r->newer) {
		list_out(p->room_work, r);
		list_in(p->room_work, r);
	}
	return UC_OK;
}

uc_err room_live_get(struct provider *p, struct view uri, struct room_live **out)
{
	return room_live_get_hashed(p, uri, map_hash(&p->rooms_live, uri), out);
}

uc_err room_live_get_hashed(struct provider *p, struct view uri, uint64_t hash,
			    struct room_live **out)
{
	struct room_live *r = map_find_hashed(&p->rooms_live, uri, hash);
	if (!r) {
		if (!is_place(uri, URI_ROOM))
			return UC_E_NOT_FOUND;
		make_space(p);
		return load_new(p, uri, out);
	}
	*out = r;
	return room_live_again(p, r);
}

uc_err room_live_hosted(struct provider *p, struct view uri, struct room_live **out)
{
	struct room_live *r;
	TRY(room_live_get(p, uri, &r));
	if (r->record.part != ROOM_HUB)
		return UC_E_NOT_FOUND;
	*out = r;
	return UC_OK;
}

uc_err room_live_group(struct provider *p, struct room_live *r, struct public_group **out)
{
	if (!r->group) {
		make_group_space(p, r);
		uc_err err = group_parts_load(p->rooms, p->env, &room_hooks, r->uri, &r->group,
					      &r->is_whole);
		if (err)
			return err == UC_E_NOT_FOUND ? UC_E_CORRUPT : err;
		p->room_work->groups_n++;
		room_live_count(p, r);
	}
	*out = r->group;
	return UC_OK;
}

static uc_err epoch_begin(struct provider *p, struct room_live *r)
{
	if (r->epoch)
		return UC_OK;
	struct room_epoch *e = HEAP_NEW(struct room_epoch);
	if (!e)
		return UC_E_MEMORY;
	arena_init(&e->mem, ROOM_MEMORY_MAX, ARENA_PLAIN);
	uc_err err = map_init(&e->senders, p->env);
	if (err)
		heap_free(e);
	else
		r->epoch = e;
	return err;
}

uc_err room_live_state(struct provider *p, struct room_live *r, const struct room_state **out)
{
	struct public_group *g;
	TRY(room_live_group(p, r, &g));
	TRY(epoch_begin(p, r));
	if (!r->epoch->state_read) {
		struct group_view now = public_group_now(g);
		TRY(room_state_read(&now, &r->epoch->mem, &r->epoch->state));
		r->epoch->state_read = true;
	}
	*out = &r->epoch->state;
	return UC_OK;
}

static uc_err sender_read(struct provider *p, struct room_live *r, struct view client,
			  struct room_sender **out)
{
	const struct room_state *state;
	struct public_group *g;
	struct view participant;
	*out = NULL;
	TRY(room_live_group(p, r, &g));
	TRY(room_live_state(p, r, &state));
	uint32_t leaf = public_group_leaf_by_identity(g, client);
	if (leaf == TREE_NONE || uri_participant_of(client, &participant))
		return UC_OK;
	struct room_sender *s = ARENA_NEW(&r->epoch->mem, struct room_sender);
	if (!s)
		return UC_E_LIMIT;
	*s = (struct room_sender){ .leaf = leaf,
				   .role = room_role_of(state, participant),
				   .leaving = leaf_is_leaving(g, leaf) };
	TRY(arena_copy(&r->epoch->mem, participant, &s->participant));
	*out = s;
	return map_put(&r->epoch->senders, client, s);
}

uc_err room_live_sender(struct provider *p, struct room_live *r, struct view client,
			const struct room_sender **out)
{
	struct room_sender *s = r->epoch ? map_find(&r->epoch->senders, client) : NULL;
	if (!s)
		TRY(sender_read(p, r, client, &s));
	*out = s;
	return UC_OK;
}

/* --- other apps --- */

static bool peer_is_idle(const struct peer_live *peer, uint64_t now_ms)
{
	for (size_t i = 0; i < LIMITS_N; i++)
		if (!rate_is_full(&peer->rates[i], now_ms))
			return false;
	return !peer->in_flight && !peer->asked && !peer->store_next &&
	       rate_is_full(&peer->restarts, now_ms);
}

/* Anybody may write any domain into a room: those that nothing is to be known of make space. */
static void peers_trim(struct provider *p)
{
	struct map *m = &p->room_work->peers;
	size_t at = 0, n = 0;
	struct view key, *idle = heap_new(m->n * sizeof *idle);
	void *value;
	if (!idle)
		return;
	while (map_next(m, &at, &key, &value))
		if (peer_is_idle(value, env_now_ms(p->env)))
			idle[n++] = key;
	for (size_t i = 0; i < n; i++) {
		void *gone = map_remove(m, idle[i]);
		heap_free(gone);
	}
	heap_free(idle);
}

struct peer_live *peer_live_get(struct provider *p, struct view domain)
{
	struct map *m = &p->room_work->peers;
	struct peer_live *peer = map_find(m, domain);
	if (peer)
		return peer;
	if (m->n >= PEERS_MAX)
		peers_trim(p);
	if (m->n >= PEERS_MAX)
		return NULL;
	peer = HEAP_NEW(struct peer_live);
	if (peer && map_put(m, domain, peer)) {
		heap_free(peer);
		return NULL;
	}
	return peer;
}

size_t *peer_asked(struct provider *p, struct view domain)
{
	struct peer_live *peer = peer_live_get(p, domain);
	return peer ? &peer->asked : NULL;
}

uint32_t peer_live_rate(struct provider *p, struct view domain, enum provider_limit limit)
{
	return peer_live_rate_many(p, domain, limit, 1);
}

uint32_t peer_live_rate_many(struct provider *p, struct view domain, enum provider_limit limit,
			     uint32_t units)
{
	struct peer_live *peer = peer_live_get(p, domain);
	return peer ? rate_take_many(&peer->rates[limit], &p->config.limits[limit], units,
				     env_now_ms(p->env))
		    : 60;
}

uint32_t peer_live_wait(struct provider *p, struct view domain, enum provider_limit limit)
{
	struct peer_live *peer = peer_live_get(p, domain);
	return peer ? rate_wait(&peer->rates[limit], &p->config.limits[limit], env_now_ms(p->env))
		    : 60;
}
