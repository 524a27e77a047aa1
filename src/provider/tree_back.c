/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/tree_back.h"

#include "mls/tree_delta.h"

enum { WHOLE_EVERY = 256 }; /* epochs */

uc_err tree_back_add(struct store_batch *b, struct view room, uint64_t seq, uint64_t epoch,
		     const struct tree *now, const struct tree *before)
{
	struct tree_back_record r = { .is_whole = epoch % WHOLE_EVERY == 0 };
	struct store_key k;
	struct buf bytes;
	uint8_t hash[HASH_MAX];
	TRY(tree_hash(before, hash));
	buf_init(&bytes, WIRE_OBJECT_MAX);
	uc_err err =
		r.is_whole ? tree_export(before, &bytes) : tree_delta_make(now, before, &bytes);
	key_1(&k, TABLE_TREE_BACK, room);
	store_key_add_u64(&k, seq);
	r.tree_hash = view_make(hash, before->suite->nh);
	r.tree = buf_view(&bytes);
	if (!err)
		err = record_put(b, store_key_view(&k), tree_back_record_element, &r);
	buf_done(&bytes);
	return err;
}

uc_err trees_forget(struct store *s, struct view room, uint64_t first, struct arena *a,
		    struct store_batch *b)
{
	struct store_scan scan;
	struct store_key k;
	struct view key, value;
	TRY(store_scan_init(&scan, s, key_1(&k, TABLE_TREE_BACK, room), (struct view){ NULL, 0 },
			    0));
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
static uc_err way_read(struct store *s, struct view room, uint64_t seq, struct arena *a,
		       struct way *w)
{
	struct store_scan scan;
	struct store_key k, from;
	struct view key, value;
	uc_err err = UC_OK;
	key_1(&from, TABLE_TREE_BACK, room);
	store_key_add_u64(&from, seq + 1);
	TRY(store_scan_init(&scan, s, key_1(&k, TABLE_TREE_BACK, room), store_key_view(&from), 0));
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

static uc_err whole_read(const struct tree_back_record *r, const struct tree *now, struct arena *a,
			 struct tree *out)
{
	struct node_list nodes;
	uint8_t hash[HASH_MAX];
	TRY(wire_decode(r->tree, a, ratchet_tree_element, &nodes));
	TRY(tree_import_under(out, now->suite, &nodes, tree_hash_key(now)));
	uc_err err = tree_hash(out, hash);
	if (!err && !view_equal(view_make(hash, now->suite->nh), r->tree_hash))
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
		TRY(whole_read(&w->steps[--w->n], t, a, &whole));
		tree_done(t);
		*t = whole;
	}
	while (w->n)
		TRY(step_back(t, &w->steps[--w->n]));
	return UC_OK;
}

uc_err tree_back_to(struct store *s, struct view room, const struct tree *now, uint64_t seq,
		    struct arena *a, struct buf *out)
{
	struct way *w = ARENA_NEW(a, struct way);
	struct tree t;
	if (!w)
		return UC_E_LIMIT;
	TRY(way_read(s, room, seq, a, w));
	tree_copy(now, &t);
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
