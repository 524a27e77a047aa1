/* SPDX-License-Identifier: Apache-2.0 */
/* Franks of a round: whoever drives the provider shows what is waiting before it hands it in, one by
 * one, and so the messages that will need a signature share one.
 *
 * What is seen here is a guess and binds nobody.  Each message is judged when its turn comes, and gets
 * a frank of the tree only if it is, in every field, the one whose leaf is in there; all others get
 * mimi's own signature.  Leaves of messages that were refused stay hashes that nobody can read. */
#include "base/heap.h"
#include "base/secret.h"
#include "base/text.h"
#include "mimi/franking.h"
#include "provider/room_keys.h"

enum { FRANKS_MEMORY = 4 << 20 };

struct foreseen {
	const uint8_t *message; /* where it lies: it stays there until the round is over */
	uint64_t timestamp;
	struct view sender_uri, room_uri;
	uint8_t tag[FRANKING_TAG], server_frank[32];
};

struct franks {
	struct arena mem;
	struct foreseen v[FRANK_TREE_LEAVES_MAX];
	size_t n, next; /* of them, the one that is probably asked for next */
	bool is_signed, has_failed;
	struct frank_tree tree;
};

bool room_signs(const struct room_live *r, bool *out_as_tree)
{
	bool is_followed = false, all_read = true;
	for (const struct follower_live *f = r->followers; f; f = f->next) {
		if (f->record.until)
			continue;
		is_followed = true;
		all_read = all_read && f->reads_trees;
	}
	*out_as_tree = is_followed && all_read;
	return is_followed;
}

static struct franks *franks_get(struct provider *p)
{
	struct room_work *w = p->room_work;
	if (!w->franks && (w->franks = HEAP_NEW(struct franks)))
		arena_init(&w->franks->mem, FRANKS_MEMORY, ARENA_PLAIN);
	return w->franks;
}

void franks_end(struct provider *p)
{
	struct franks *f = p->room_work->franks;
	static const struct arena_mark start;
	if (!f || !f->mem.last)
		return;
	arena_reset(&f->mem, start);
	f->n = f->next = 0;
	f->is_signed = f->has_failed = false;
}

void franks_free(struct provider *p)
{
	if (p->room_work->franks)
		arena_done(&p->room_work->franks->mem);
	heap_free(p->room_work->franks);
	p->room_work->franks = NULL;
	wipe(&p->room_work->frank_today, sizeof p->room_work->frank_today);
}

/* It is made once a day. */
static uc_err key_of_day(struct provider *p, uint64_t ms, const uint8_t **out)
{
	struct frank_today *t = &p->room_work->frank_today;
	const struct frank_chain *from = &p->config.keys->frank;
	bool is_it = t->is_there && t->day == frank_day(ms) && t->from.day == from->day &&
		     view_equal_ct(VIEW_OF(t->from.key), VIEW_OF(from->key));
	if (!is_it) {
		t->is_there = false;
		TRY(frank_chain_key(from, ms, t->key));
		t->from = *from;
		t->day = frank_day(ms);
		t->is_there = true;
	}
	*out = t->key;
	return UC_OK;
}

/* --- what is waiting --- */

static uc_err read_tag(struct view submit, struct arena *a, const uint8_t **out_message,
		       uint8_t tag[FRANKING_TAG])
{
	struct submit_message_request q;
	struct mls_message *m = ARENA_NEW(a, struct mls_message);
	if (!m)
		return UC_E_LIMIT;
	TRY(wire_decode(submit, a, submit_message_request_element, &q));
	TRY(wire_decode(q.app_message, a, mls_message_element, m));
	*out_message = q.app_message.p;
	return franking_aad_read(m->private_message.authenticated_data, a, tag);
}

static uc_err leaf_add(struct provider *p, struct franks *f, struct room_live *r,
		       struct view client, struct view submit)
{
	const struct room_sender *sender;
	struct foreseen *e = &f->v[f->n];
	uint64_t now = env_now_ms(p->env);
	TRY(room_live_sender(p, r, client, &sender));
	if (!sender)
		return UC_E_NOT_FOUND;
	TRY(read_tag(submit, &f->mem, &e->message, e->tag));
	e->timestamp = now > r->record.last_ms ? now : r->record.last_ms;
	TRY(arena_copy(&f->mem, sender->participant, &e->sender_uri));
	TRY(arena_copy(&f->mem, r->uri, &e->room_uri));
	const struct server_franking_context context = { e->sender_uri, e->room_uri, e->timestamp };
	const uint8_t *key;
	TRY(key_of_day(p, e->timestamp, &key));
	TRY(frank_leaf(key, e->tag, &context, e->server_frank, f->tree.nodes[f->n]));
	f->n++;
	return UC_OK;
}

static bool is_wanted(struct provider *p, const struct room_live *r)
{
	bool as_tree;
	const struct franks *f = franks_get(p);
	return f && f->n < FRANK_TREE_LEAVES_MAX && !f->is_signed && r && !r->stale &&
	       r->record.part == ROOM_HUB && room_signs(r, &as_tree) && as_tree;
}

static uc_err foresee_frame(struct provider *p, struct session *s, struct view bytes)
{
	struct frame frame;
	struct room_submit_request q;
	struct view client;
	struct arena *a = &franks_get(p)->mem;
	TRY(wire_decode(bytes, a, frame_element, &frame));
	TRY(wire_decode(frame.body, a, room_submit_request_element, &q));
	const struct seat_live *seat = seat_live_find(s, q.seat);
	if (!seat || !is_wanted(p, seat->room))
		return UC_E_NOT_FOUND;
	TRY(seat_client(p, seat, a, &client));
	return leaf_add(p, p->room_work->franks, seat->room, client, q.message);
}

bool provider_foresees(const struct provider *p, struct view frame)
{
	return p->room_work->trees_are_read && frame.n > 3 && frame.p[0] == FRAME_REQUEST &&
	       (frame.p[1] << 8 | frame.p[2]) == FRAME_ROOM_SUBMIT;
}

void provider_foresee_frame(struct provider *p, struct session *s, struct view frame)
{
	if (s->phase == PHASE_SIGNED_IN && provider_foresees(p, frame) && franks_get(p))
		(void)FAIL(p->env, foresee_frame(p, s, frame));
}

void provider_foresee_request(struct provider *p, struct view domain, const struct peer_request *q)
{
	const struct view path = VIEW_LIT("/v1/submitMessage/");
	struct view room, client, of;
	if (!p->room_work->trees_are_read || !view_starts_with(q->path, path) || !franks_get(p) ||
	    !peer_target_read(view_slice(q->path, path.n, q->path.n), &p->room_work->franks->mem,
			      &room))
		return;
	client = header_find(q->headers, "undercroft-client");
	struct room_live *r = map_find(&p->rooms_live, room);
	if (!is_wanted(p, r) || !is_place(client, URI_CLIENT) || uri_domain_of(client, &of) ||
	    !view_equal(of, domain))
		return;
	(void)FAIL(p->env, leaf_add(p, p->room_work->franks, r, client, q->body));
}

/* --- what was foreseen --- */

static struct foreseen *foreseen_find(struct franks *f, const struct frank_wanted *w)
{
	for (size_t i = 0; i < f->n; i++) {
		struct foreseen *e = &f->v[(f->next + i) % f->n];
		if (e->message != w->message.p)
			continue;
		f->next = (size_t)(e - f->v) + 1;
		bool is_it = e->timestamp >= w->earliest_ms &&
			     view_equal(VIEW_OF(e->tag), view_make(w->tag, FRANKING_TAG)) &&
			     view_equal(e->sender_uri, w->sender_uri) &&
			     view_equal(e->room_uri, w->room->uri);
		return is_it ? e : NULL;
	}
	return NULL;
}

static uc_err tree_frank(struct provider *p, struct franks *f, const struct foreseen *e,
			 struct arena *a, struct frank *out)
{
	if (!f->is_signed && !f->has_failed) {
		f->tree.n = f->n;
		f->has_failed =
			frank_tree_sign(&f->tree, &p->config.keys->franking_key, p->env) != UC_OK;
		f->is_signed = !f->has_failed;
	}
	return f->is_signed ? frank_of_tree(&f->tree, (size_t)(e - f->v), e->server_frank, a, out)
			    : UC_E_NOT_FOUND;
}

uc_err frank_get(struct provider *p, const struct frank_wanted *w, struct arena *a,
		 uint64_t *out_timestamp, struct frank *out)
{
	const struct provider_keys *keys = p->config.keys;
	struct franks *f = p->room_work->franks;
	bool as_tree, is_signed = room_signs(w->room, &as_tree);
	struct server_franking_context context = { w->sender_uri, w->room->uri, w->now_ms };
	const struct sign_key *key = NULL;
	if (is_signed)
		TRY(room_franking_key(p, w->room, &key));
	/* A lone one is signed as mimi has it, and what a room wants signed with a key of before. */
	as_tree = as_tree && key == &keys->franking_key;
	const struct foreseen *e = as_tree && f && f->n > 1 ? foreseen_find(f, w) : NULL;
	if (e && !tree_frank(p, f, e, a, out)) {
		*out_timestamp = e->timestamp;
		return UC_OK;
	}
	*out_timestamp = w->now_ms;
	const uint8_t *mac_key;
	TRY(key_of_day(p, w->now_ms, &mac_key));
	return frank_make(mac_key, key, p->env, w->tag, &context, a, out);
}
