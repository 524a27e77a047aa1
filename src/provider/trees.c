/* SPDX-License-Identifier: Apache-2.0 */
/* Trees of epochs that are over, for those who were added in them and have not come yet.
 *
 * Only the current tree is stored.  While somebody may ask for an earlier one, each commit also
 * leaves what leads back from its tree to the one before (mls/tree_delta.h), so that an epoch costs
 * what it changed; now and then it is that tree itself, so that the way back is never long. */
#include "mls/tree_delta.h"
#include "provider/room_work.h"

enum { WHOLE_EVERY = 256 }; /* epochs */

/* --- the way back is kept --- */

static uc_err is_wanted(struct log_step *s, bool *out)
{
	struct store_scan scan;
	struct store_key k;
	struct view key, value;
	TRY(store_scan_init(&scan, s->p->rooms, key_1(&k, TABLE_WELCOME, s->room->uri),
			    (struct view){ NULL, 0 }, 1));
	*out = store_scan_next(&scan, &key, &value);
	uc_err err = scan.failed;
	store_scan_done(&scan);
	return err;
}

uc_err tree_back_put(struct log_step *s, const struct tree *before)
{
	const struct group_view now = public_group_now(s->room->group);
	struct tree_back_record r = { .is_whole = now.context->epoch % WHOLE_EVERY == 0 };
	struct store_key k;
	struct buf bytes;
	uint8_t hash[HASH_MAX];
	bool wanted;
	TRY(is_wanted(s, &wanted));
	if (!wanted)
		return UC_OK;
	TRY(tree_hash(before, hash));
	buf_init(&bytes, WIRE_OBJECT_MAX);
	uc_err err = r.is_whole ? tree_export(before, &bytes)
				: tree_delta_make(now.tree, before, &bytes);
	key_1(&k, TABLE_TREE_BACK, s->room->uri);
	store_key_add_u64(&k, s->record.next - 1);
	r.tree_hash = view_make(hash, before->suite->nh);
	r.tree = buf_view(&bytes);
	if (!err)
		err = record_put(&s->batch, store_key_view(&k), tree_back_record_element, &r);
	buf_done(&bytes);
	return err;
}

uc_err trees_forget(struct provider *p, struct view room, uint64_t first, struct arena *a,
		    struct store_batch *b)
{
	struct store_scan scan;
	struct store_key k;
	struct view key, value;
	TRY(store_scan_init(&scan, p->rooms, key_1(&k, TABLE_TREE_BACK, room),
			    (struct view){ NULL, 0 }, 0));
	while (store_scan_next(&scan, &key, &value)) {
		struct store_key_reader r;
		store_key_read(&r, key);
		store_key_read_bytes(&r, a);
		if (store_key_read_u64(&r) > first)
			break;
		store_delete(b, key);
	}
	uc_err err = scan.failed;
	store_scan_done(&scan);
	return err;
}

/* --- going it --- */

struct way {
	struct tree_back_record steps[WHOLE_EVERY];
	size_t n;
};

static uc_err step_read(struct way *w, struct view value, struct arena *a)
{
	struct view copy;
	if (w->n == WHOLE_EVERY)
		return UC_E_CORRUPT;
	TRY(arena_copy(a, value, &copy));
	TRY(wire_decode(copy, a, tree_back_record_element, &w->steps[w->n]));
	w->n++;
	return UC_OK;
}

/* From the entry behind `seq` up to where a whole tree is, or to the end. */
static uc_err way_read(struct provider *p, struct view room, uint64_t seq, struct arena *a,
		       struct way *w)
{
	struct store_scan scan;
	struct store_key k, from;
	struct view key, value;
	uc_err err = UC_OK;
	key_1(&from, TABLE_TREE_BACK, room);
	store_key_add_u64(&from, seq + 1);
	TRY(store_scan_init(&scan, p->rooms, key_1(&k, TABLE_TREE_BACK, room),
			    store_key_view(&from), 0));
	while (!err && store_scan_next(&scan, &key, &value)) {
		err = step_read(w, value, a);
		if (!err && w->steps[w->n - 1].is_whole)
			break;
	}
	if (!err)
		err = scan.failed;
	store_scan_done(&scan);
	return err;
}

static uc_err whole_read(const struct tree_back_record *r, const struct suite *s, struct arena *a,
			 struct tree *out)
{
	struct node_list nodes;
	uint8_t hash[HASH_MAX];
	TRY(wire_decode(r->tree, a, ratchet_tree_element, &nodes));
	TRY(tree_import(out, s, &nodes));
	uc_err err = tree_hash(out, hash);
	if (!err && !view_equal(view_make(hash, s->nh), r->tree_hash))
		err = UC_E_CORRUPT;
	if (err)
		tree_done(out);
	return err;
}

static uc_err step_back(struct tree *t, const struct tree_back_record *r)
{
	struct tree before;
	TRY(tree_delta_apply(t, r->tree, r->tree_hash, &before));
	tree_done(t);
	*t = before;
	return UC_OK;
}

/* t: the current tree, whose place the earlier one takes. */
static uc_err go_back(struct way *w, struct tree *t, struct arena *a)
{
	if (w->n && w->steps[w->n - 1].is_whole) {
		struct tree whole;
		TRY(whole_read(&w->steps[--w->n], t->suite, a, &whole));
		tree_done(t);
		*t = whole;
	}
	while (w->n)
		TRY(step_back(t, &w->steps[--w->n]));
	return UC_OK;
}

static uc_err tree_before(struct provider *p, struct room_live *r, uint64_t seq, struct arena *a,
			  struct buf *out)
{
	struct way *w = ARENA_NEW(a, struct way);
	struct public_group *g;
	struct tree t;
	TRY(room_live_group(p, r, &g));
	if (!w)
		return UC_E_LIMIT;
	TRY(way_read(p, r->uri, seq, a, w));
	tree_copy(public_group_now(g).tree, &t);
	uc_err err = go_back(w, &t, a);
	if (!err)
		err = tree_export(&t, out);
	tree_done(&t);
	switch (uc_err_class(err)) {
	case UC_CLASS_PROTOCOL:
	case UC_CLASS_CRYPTO:
		return UC_E_CORRUPT;
	default:
		return err;
	}
}

/* --- made once while it is asked for --- */

static struct tree_kept *kept_find(struct provider *p, struct view room, uint64_t seq)
{
	for (size_t i = 0; i < TREES_KEPT; i++) {
		struct tree_kept *t = &p->room_work->trees[i];
		if (t->tree.n && t->seq == seq && view_equal(buf_view(&t->room), room))
			return t;
	}
	return NULL;
}

static void kept_drop(struct tree_kept *t)
{
	buf_done(&t->room);
	buf_done(&t->tree);
	*t = (struct tree_kept){ .seq = 0 };
}

void trees_drop(struct provider *p, struct view room)
{
	for (size_t i = 0; i < TREES_KEPT; i++)
		if (!room.n || view_equal(buf_view(&p->room_work->trees[i].room), room))
			kept_drop(&p->room_work->trees[i]);
}

uc_err tree_of(struct provider *p, struct room_live *r, uint64_t seq, struct arena *a,
	       struct view *out)
{
	struct tree_kept *t = kept_find(p, r->uri, seq);
	if (!t) {
		t = &p->room_work->trees[p->room_work->trees_next++ % TREES_KEPT];
		kept_drop(t);
		buf_init(&t->room, PLACE_URI_MAX);
		buf_init(&t->tree, WIRE_OBJECT_MAX);
		t->seq = seq;
		uc_err err = tree_before(p, r, seq, a, &t->tree);
		buf_add_view(&t->room, r->uri);
		if (!err)
			err = t->room.failed;
		if (err) {
			kept_drop(t);
			return err;
		}
	}
	return arena_copy(a, buf_view(&t->tree), out);
}
