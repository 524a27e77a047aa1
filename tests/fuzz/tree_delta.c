/* SPDX-License-Identifier: Apache-2.0 */
/* Differences of trees from bytes that nobody vouches for, against a tree of twelve.  What is taken
 * says the same when made anew. */
#include "tests/fuzz/fuzz.h"

#include "mls/tree_delta.h"

enum { MEMBERS = 12 };

static struct tree base;

/* A leaf whose bytes are of the right form; nothing else matters to a tree. */
static void put_member(uint8_t number)
{
	static uint16_t version = 1, suite = SUITE_X25519_AES128, credential = CREDENTIAL_BASIC;
	uint8_t key[2] = { 'k', number }, name[2] = { 'n', number };
	uint32_t at;
	const struct leaf_node l = {
		.encryption_key = VIEW_OF(key),
		.signature_key = VIEW_OF(name),
		.credential = { .credential_type = CREDENTIAL_BASIC, .identity = VIEW_OF(name) },
		.capabilities = { .versions = { &version, 1 },
				  .cipher_suites = { &suite, 1 },
				  .credentials = { &credential, 1 } },
		.leaf_node_source = LEAF_NODE_SOURCE_UPDATE,
	};
	fuzz_expect(!tree_add(&base, &l, &at));
}

static void base_make(void)
{
	static const uint8_t key[1] = { 'p' };
	static uint32_t unmerged[1] = { 9 };
	const struct parent_node p = { .encryption_key = VIEW_OF(key),
				       .unmerged_leaves = { unmerged, 1 } };
	tree_init(&base, suite_find(SUITE_X25519_AES128));
	for (uint8_t i = 0; i < MEMBERS; i++)
		put_member(i);
	fuzz_expect(!tree_set_parent(&base, 19, &p));
	fuzz_expect(!tree_remove(&base, 5));
}

/* A member is put in, replaced, or removed; or a parent is set or blanked. */
static void change(struct tree *t, uint8_t what, uint8_t where)
{
	const uint8_t key[2] = { 'f', where };
	const struct parent_node p = { .encryption_key = VIEW_OF(key) };
	uint32_t leaf = where % (t->leaves + 1), node = where % 16 * 2 + 1, at;
	struct leaf_node room;
	const struct leaf_node *other = tree_leaf_find(&base, where % MEMBERS, &room);
	if (!other)
		return;
	switch (what % 5) {
	case 0:
		fuzz_expect(!tree_add(t, other, &at));
		break;
	case 1:
		if (tree_has_leaf(t, leaf))
			fuzz_expect(!tree_update(t, leaf, other));
		break;
	case 2:
		if (tree_has_leaf(t, leaf))
			fuzz_expect(!tree_remove(t, leaf));
		break;
	default:
		if (t->leaves && node < tree_width(t->leaves))
			fuzz_expect(!tree_set_parent(t, node, what % 5 == 3 ? &p : NULL));
	}
}

static struct view hash_of(const struct tree *t, uint8_t out[HASH_MAX])
{
	fuzz_expect(!t->leaves || !tree_hash(t, out));
	return view_make(out, t->leaves ? t->suite->nh : 0);
}

static void expect_there(const struct tree *to, struct view delta)
{
	uint8_t hash[HASH_MAX], made[HASH_MAX];
	struct tree got;
	fuzz_expect(!tree_delta_apply(&base, delta, hash_of(to, hash), &got));
	fuzz_expect(view_equal(hash_of(&got, made), hash_of(to, hash)));
	tree_done(&got);
}

/* Byte 0: how many changes are made to the tree; they follow.  The difference says just them.  The
 * rest is a difference in itself, and changes (place, value) of the one just made. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct tree after, other;
	struct buf b;
	uint8_t hash[HASH_MAX];
	if (!base.root)
		base_make();
	if (!n)
		return 0;
	size_t at = 1;
	tree_copy(&base, &after);
	for (uint8_t left = data[0] % 32; left && at + 2 <= n; left--, at += 2)
		change(&after, data[at], data[at + 1]);
	buf_init(&b, WIRE_OBJECT_MAX);
	fuzz_expect(!tree_delta_make(&base, &after, &b));
	expect_there(&after, buf_view(&b));
	struct view expected = hash_of(&after, hash);
	if (!tree_delta_apply(&base, view_make(data + at, n - at), expected, &other))
		tree_done(&other);
	for (; at + 2 <= n; at += 2)
		b.p[data[at] % b.n] ^= data[at + 1];
	if (!tree_delta_apply(&base, buf_view(&b), expected, &other))
		tree_done(&other);
	tree_done(&after);
	buf_done(&b);
	return 0;
}
