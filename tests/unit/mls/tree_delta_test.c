/* SPDX-License-Identifier: Apache-2.0 */
/* Differences of trees: what they hold, how large they are, and which are refused. */
#include "mls/tree_delta.h"

#include "tests/unit/harness.h"

static uint32_t dice(uint32_t n)
{
	uint32_t r;
	expect_ok(env_random(test_env(), (uint8_t *)&r, sizeof r));
	return r % n;
}

/* A leaf that is well-formed, with keys of its own. */
static void some_leaf(struct leaf_node *l, uint8_t keys[4][32])
{
	static uint16_t version = 1, suite = SUITE_X25519_AES128, credential = CREDENTIAL_BASIC;
	expect_ok(env_random(test_env(), &keys[0][0], (size_t)4 * 32));
	*l = (struct leaf_node){
		.encryption_key = { keys[0], 32 },
		.signature_key = { keys[1], 32 },
		.credential = { .credential_type = CREDENTIAL_BASIC, .identity = { keys[2], 24 } },
		.capabilities = { .versions = { &version, 1 },
				  .cipher_suites = { &suite, 1 },
				  .credentials = { &credential, 1 } },
		.leaf_node_source = LEAF_NODE_SOURCE_UPDATE,
		.signature = { keys[3], 32 },
	};
}

static uint32_t put_member(struct tree *t)
{
	struct leaf_node l;
	uint8_t keys[4][32];
	uint32_t at = 0;
	some_leaf(&l, keys);
	expect_ok(tree_add(t, &l, &at));
	return at;
}

/* As the path of a commit does: a new leaf, new parents without unmerged leaves. */
static void put_path(struct tree *t, uint32_t leaf)
{
	struct leaf_node l;
	uint8_t keys[4][32], key[32];
	some_leaf(&l, keys);
	expect_ok(tree_update(t, leaf, &l));
	struct arena a;
	struct u32_list path, copath;
	arena_init(&a, WIRE_OBJECT_MAX, ARENA_PLAIN);
	expect_ok(tree_filtered_path(t, leaf, &a, &path, &copath));
	for (size_t i = 0; i < path.n; i++) {
		expect_ok(env_random(test_env(), key, sizeof key));
		const struct parent_node p = { .encryption_key = VIEW_OF(key),
					       .parent_hash = VIEW_OF(key) };
		expect_ok(tree_set_parent(t, path.v[i], &p));
	}
	arena_done(&a);
}

static uint32_t some_member(const struct tree *t)
{
	uint32_t skip = dice(tree_member_count(t)), at = 0, leaf = 0;
	struct leaf_node node;
	while (tree_next_leaf(t, &at, &leaf, &node) && skip--)
		;
	return leaf;
}

static void tree_begin(struct tree *t, uint32_t members)
{
	tree_init(t, suite_find(SUITE_X25519_AES128));
	while (members--)
		put_member(t);
}

static struct view hash_of(const struct tree *t, uint8_t out[HASH_MAX])
{
	if (!t->leaves)
		return (struct view){ NULL, 0 };
	expect_ok(tree_hash(t, out));
	return view_make(out, t->suite->nh);
}

static void expect_same(const struct tree *a, const struct tree *b)
{
	uint8_t ha[HASH_MAX], hb[HASH_MAX];
	struct buf ea, eb;
	buf_init(&ea, WIRE_OBJECT_MAX);
	buf_init(&eb, WIRE_OBJECT_MAX);
	expect_bytes(hash_of(a, ha), hash_of(b, hb));
	expect_ok(tree_export(a, &ea));
	expect_ok(tree_export(b, &eb));
	expect_bytes(buf_view(&ea), buf_view(&eb));
	buf_done(&ea);
	buf_done(&eb);
}

/* Makes the difference, applies it, compares; says how long it was. */
static size_t goes_there(const struct tree *from, const struct tree *to)
{
	struct buf delta;
	struct tree made;
	uint8_t hash[HASH_MAX];
	buf_init(&delta, WIRE_OBJECT_MAX);
	expect_ok(tree_delta_make(from, to, &delta));
	uc_err err = tree_delta_apply(from, buf_view(&delta), hash_of(to, hash), &made);
	expect_ok(err);
	if (!err) {
		expect_same(&made, to);
		tree_done(&made);
	}
	size_t n = delta.n;
	buf_done(&delta);
	return n;
}

static void change_once(struct tree *t)
{
	uint32_t members = t->leaves ? tree_member_count(t) : 0;
	switch (members ? dice(4) : 0) {
	case 0:
		put_member(t);
		break;
	case 1:
		if (members > 1)
			expect_ok(tree_remove(t, some_member(t)));
		break;
	default:
		put_path(t, some_member(t));
	}
}

TEST(random_changes_both_ways)
{
	struct tree t, before;
	tree_begin(&t, 0);
	for (int round = 0; round < 400; round++) {
		tree_copy(&t, &before);
		for (uint32_t n = dice(6); n; n--)
			change_once(&t);
		goes_there(&before, &t);
		goes_there(&t, &before);
		tree_done(&before);
	}
	tree_done(&t);
}

TEST(from_nothing_and_to_nothing)
{
	struct tree t, nothing;
	tree_begin(&t, 37);
	put_path(&t, 20);
	tree_init(&nothing, t.suite);
	goes_there(&nothing, &t);
	goes_there(&t, &nothing);
	goes_there(&nothing, &nothing);
	/* Nearly empty, and wide: its blanks are listed. */
	for (uint32_t i = 0; i < 36; i++)
		expect_ok(tree_remove(&t, i));
	expect_eq(t.leaves, 64);
	expect(goes_there(&nothing, &t) > (size_t)5 * 63);
	tree_done(&t);
}

TEST(a_tree_that_was_loaded_differs_as_little)
{
	struct tree t, loaded, before;
	struct buf bytes;
	struct arena a;
	struct node_list nodes;
	tree_begin(&t, 100);
	for (uint32_t i = 0; i < 100; i += 7)
		put_path(&t, i);
	buf_init(&bytes, WIRE_OBJECT_MAX);
	arena_init(&a, WIRE_OBJECT_MAX, ARENA_PLAIN);
	expect_ok(tree_export(&t, &bytes));
	expect_ok(wire_decode(buf_view(&bytes), &a, ratchet_tree_element, &nodes));
	expect_ok(tree_import(&loaded, t.suite, &nodes));
	expect_eq(goes_there(&loaded, &t), 4 + 1);
	tree_copy(&t, &before);
	put_path(&t, 3);
	expect_eq(goes_there(&loaded, &t), goes_there(&before, &t));
	tree_done(&before);
	tree_done(&loaded);
	tree_done(&t);
	arena_done(&a);
	buf_done(&bytes);
}

static uc_err count_change(void *ctx, uint32_t node, struct view bytes)
{
	(void)node;
	(void)bytes;
	++*(size_t *)ctx;
	return UC_OK;
}

TEST(its_size_grows_with_the_depth)
{
	size_t small = 0;
	for (uint32_t members = 100; members <= 1000; members *= 10) {
		struct tree t, before;
		size_t n = 0;
		tree_begin(&t, members);
		for (uint32_t i = 0; i < members; i++)
			put_path(&t, i);
		tree_copy(&t, &before);
		put_path(&t, members / 3);
		expect_ok(tree_changes(&before, &t, count_change, &n));
		expect_eq(n, members == 100 ? 8 : 11);
		size_t bytes = goes_there(&before, &t);
		expect(bytes < 200 + n * 80);
		if (members == 100)
			small = bytes;
		else
			expect(bytes - small < (size_t)4 * 80);
		tree_done(&before);
		tree_done(&t);
	}
}

/* --- refused --- */

struct attempt {
	struct tree before, after;
	struct buf delta;
	uint8_t hash[HASH_MAX];
};

static void attempt_begin(struct attempt *a)
{
	tree_begin(&a->before, 9);
	put_path(&a->before, 4);
	put_member(&a->before);
	tree_copy(&a->before, &a->after);
	put_member(&a->after);
	put_path(&a->after, 2);
	buf_init(&a->delta, WIRE_OBJECT_MAX);
	expect_ok(tree_delta_make(&a->before, &a->after, &a->delta));
}

static void attempt_end(struct attempt *a)
{
	tree_done(&a->before);
	tree_done(&a->after);
	buf_done(&a->delta);
}

static void refused(struct attempt *a, struct view delta)
{
	struct tree out, untouched;
	uint8_t was[HASH_MAX], is[HASH_MAX];
	struct view before = hash_of(&a->before, was);
	memset(&out, 0x33, sizeof out);
	untouched = out;
	expect_err(tree_delta_apply(&a->before, delta, hash_of(&a->after, a->hash), &out),
		   UC_E_CORRUPT);
	expect_bytes(view_make((const uint8_t *)&out, sizeof out),
		     view_make((const uint8_t *)&untouched, sizeof untouched));
	expect_bytes(hash_of(&a->before, is), before);
}

TEST(cut_short_extended_or_changed_it_is_refused)
{
	struct attempt a;
	attempt_begin(&a);
	for (size_t n = 0; n < a.delta.n; n++)
		refused(&a, view_make(a.delta.p, n));
	for (size_t i = 0; i < a.delta.n; i++) {
		uint8_t mask = (uint8_t)(1u << i % 8);
		a.delta.p[i] ^= mask;
		refused(&a, buf_view(&a.delta));
		a.delta.p[i] ^= mask;
	}
	buf_add_byte(&a.delta, 0);
	refused(&a, buf_view(&a.delta));
	attempt_end(&a);
}

TEST(it_fits_one_tree_only)
{
	struct attempt a;
	struct tree out;
	attempt_begin(&a);
	put_path(&a.before, 7);
	refused(&a, buf_view(&a.delta));
	expect_err(tree_delta_apply(&a.before, buf_view(&a.delta), (struct view){ NULL, 0 }, &out),
		   UC_E_CORRUPT);
	attempt_end(&a);
}

/* A delta of our own making: one change after the other. */
static void put_change(struct buf *b, uint32_t index, struct view node)
{
	for (int i = 24; i >= 0; i -= 8)
		buf_add_byte(b, (uint8_t)(index >> i));
	buf_add_byte(b, node.n != 0);
	buf_add_view(b, node);
}

static void refused_of(struct attempt *a, uint32_t leaves, const struct buf *changes)
{
	struct buf b;
	struct wire w;
	struct view all = buf_view(changes);
	buf_init(&b, WIRE_OBJECT_MAX);
	wire_writer(&w, &b);
	wire_u32(&w, &leaves);
	wire_bytes(&w, &all);
	expect_ok(wire_finish(&w));
	refused(a, buf_view(&b));
	buf_done(&b);
}

/* Refused before the hash is looked at: here the hash is right, or nothing would be left of it. */
static void wrong_parent(struct attempt *a, uint32_t node, const uint32_t *unmerged, size_t n)
{
	uint8_t key[32] = { 1 }, type = NODE_PARENT;
	uint32_t copy[4];
	struct buf b, changes;
	struct wire w;
	memcpy(copy, unmerged, n * sizeof *copy);
	struct parent_node p = { .encryption_key = VIEW_OF(key), .unmerged_leaves = { copy, n } };
	tree_done(&a->after);
	tree_copy(&a->before, &a->after);
	expect_ok(tree_set_parent(&a->after, node, &p));
	buf_init(&b, WIRE_OBJECT_MAX);
	buf_init(&changes, WIRE_OBJECT_MAX);
	wire_writer(&w, &b);
	wire_u8(&w, &type);
	wire_parent_node(&w, &p);
	put_change(&changes, node, buf_view(&b));
	refused_of(a, a->before.leaves, &changes);
	buf_done(&changes);
	buf_done(&b);
}

TEST(unmerged_leaves_that_cannot_be_are_refused)
{
	struct attempt a;
	attempt_begin(&a);
	wrong_parent(&a, 1, (const uint32_t[]){ 1, 0 }, 2);
	wrong_parent(&a, 1, (const uint32_t[]){ 1, 1 }, 2);
	wrong_parent(&a, 1, (const uint32_t[]){ 2 }, 1);
	wrong_parent(&a, 1, (const uint32_t[]){ 1u << 30 }, 1);
	wrong_parent(&a, 23, (const uint32_t[]){ 14 }, 1); /* blank */
	attempt_end(&a);
}

TEST(forms_that_cannot_be_are_refused)
{
	struct attempt a;
	struct buf b;
	const struct view blank = { NULL, 0 };
	attempt_begin(&a);
	buf_init(&b, WIRE_OBJECT_MAX);
	refused_of(&a, 3, &b);
	refused_of(&a, 12, &b);
	refused_of(&a, 0, &b);
	refused_of(&a, TREE_LEAVES_MAX, &b); /* a few bytes that ask for gigabytes */
	refused_of(&a, TREE_LEAVES_MAX * 2, &b);
	refused_of(&a, 1u << 31, &b);
	put_change(&b, 4, blank);
	put_change(&b, 4, blank);
	refused_of(&a, 16, &b);
	buf_reset(&b);
	put_change(&b, 6, blank);
	put_change(&b, 4, blank);
	refused_of(&a, 16, &b);
	buf_reset(&b);
	put_change(&b, 31, blank);
	refused_of(&a, 16, &b);
	buf_reset(&b);
	put_change(&b, UINT32_MAX, blank);
	refused_of(&a, 16, &b);
	buf_reset(&b);
	/* A parent in the place of a leaf. */
	put_change(&b, 4, VIEW_LIT("\x02\x01x\x00\x00"));
	refused_of(&a, 16, &b);
	buf_done(&b);
	attempt_end(&a);
}
