/* SPDX-License-Identifier: Apache-2.0 */
/* Trees of epochs that are over, for those who were added in them and have not come yet.
 *
 * Only the current tree is stored.  While somebody may ask for an earlier one, each commit also
 * leaves what leads back from its tree to the one before (mls/tree_delta.h), so that an epoch costs
 * what it changed; now and then it is that tree itself, so that the way back is never long. */
#include "provider/room_work.h"

static uc_err is_any(struct log_step *s, enum provider_table t, bool *out)
{
	struct store_scan scan;
	struct store_key k;
	struct view key, value;
	TRY(store_scan_init(&scan, s->p->rooms, key_1(&k, t, s->room->uri),
			    (struct view){ NULL, 0 }, 1));
	*out = *out || store_scan_next(&scan, &key, &value);
	uc_err err = scan.failed;
	store_scan_done(&scan);
	return err;
}

uc_err tree_back_put(struct log_step *s, const struct tree *before)
{
	const struct group_view now = public_group_now(s->room->group);
	bool wanted = false;
	TRY(is_any(s, TABLE_WELCOME, &wanted));
	TRY(is_any(s, TABLE_FOLLOW_START, &wanted));
	return wanted ? tree_back_add(&s->batch, s->room->uri, s->record.next - 1,
				      now.context->epoch, now.tree, before)
		      : UC_OK;
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

static uc_err tree_before(struct provider *p, struct room_live *r, uint64_t seq, struct arena *a,
			  struct buf *out)
{
	struct public_group *g;
	TRY(room_live_group(p, r, &g));
	return tree_back_to(p->rooms, r->uri, public_group_now(g).tree, seq, a, out);
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
