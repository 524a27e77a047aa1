/* SPDX-License-Identifier: Apache-2.0 */
/* The ways to apps on other backbones, at the start and when the configuration is read anew: each leads to a
 * copy of its section that never changes, so that whoever is on the way needs no lock.  One that is another
 * than before takes the old one's place, which stays until the end. */
#include "server/backbone_inside.h"

#include "base/heap.h"

enum { SECTION_BYTES_MAX = 32 * 1024 };

struct peer_way {
	struct way way;
	struct config_peer peer;
	struct arena mem; /* of its values */
	struct peer_way *next;
};

size_t backbone_tls_peers(const struct config *c, struct tls_peer out[CONFIG_PEERS_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < c->peers_n; i++)
		if (!c->peers[i].is_removed)
			out[n++] = (struct tls_peer){ c->peers[i].domain, c->peers[i].ca };
	return n;
}

static void way_free(struct peer_way *w)
{
	arena_done(&w->mem);
	heap_free(w);
}

static uc_err way_new(const struct config_peer *peer, struct peer_way **first)
{
	struct peer_way *w = HEAP_NEW(struct peer_way);
	if (!w)
		return UC_E_MEMORY;
	arena_init(&w->mem, SECTION_BYTES_MAX, ARENA_PLAIN);
	uc_err err = config_peer_copy(&w->mem, peer, &w->peer);
	if (err) {
		way_free(w);
		return err;
	}
	w->way = (struct way){ .peer = &w->peer };
	w->next = *first;
	*first = w;
	return UC_OK;
}

static bool same(const char *a, const char *b)
{
	return view_equal(view_str(a), view_str(b));
}

/* Those of this process go before it; of it all that counts on the way. */
static bool is_led(const struct backbone *b, const struct config *live,
		   const struct config_peer *peer)
{
	const struct way *way = map_find(&b->ways, view_str(peer->domain));
	if (!way || (!way->peer && live->apps[way->app].is_removed))
		return false;
	const struct config_peer *is = way->peer;
	return !is || (same(is->url.host, peer->url.host) && is->url.port == peer->url.port &&
		       same(is->ca, peer->ca));
}

uc_err backbone_peers_prepare(struct backbone *b, const struct config *live,
			      struct peer_way **fresh)
{
	uc_err err = UC_OK;
	for (size_t i = 0; !err && i < live->peers_n; i++)
		if (!live->peers[i].is_removed && !is_led(b, live, &live->peers[i]))
			err = way_new(&live->peers[i], fresh);
	return err;
}

void backbone_peers_drop(struct peer_way *w)
{
	while (w) {
		struct peer_way *next = w->next;
		way_free(w);
		w = next;
	}
}

static bool is_in(const struct config *c, const char *domain)
{
	for (size_t i = 0; i < c->peers_n; i++)
		if (!c->peers[i].is_removed && same(c->peers[i].domain, domain))
			return true;
	return false;
}

/* With the lock held. */
static uc_err ways_change(struct backbone *b, const struct config *live, struct peer_way *fresh)
{
	uc_err err = UC_OK;
	for (struct peer_way *w = b->peer_ways; w; w = w->next) {
		struct view domain = view_str(w->peer.domain);
		if (map_find(&b->ways, domain) == &w->way && !is_in(live, w->peer.domain))
			map_remove(&b->ways, domain);
	}
	for (struct peer_way *w = fresh; !err && w; w = w->next)
		err = map_put(&b->ways, view_str(w->peer.domain), &w->way);
	return err;
}

void backbone_peers_adopt(struct backbone *b, const struct config *live, struct peer_way *fresh)
{
	struct peer_way **last = &fresh;
	pthread_rwlock_wrlock(&b->ways_lock);
	uc_err err = ways_change(b, live, fresh);
	pthread_rwlock_unlock(&b->ways_lock);
	/* Half of it can be neither used nor taken back. */
	if (err)
		backbone_failed(b, 0, err);
	while (*last)
		last = &(*last)->next;
	*last = b->peer_ways;
	b->peer_ways = fresh;
}
