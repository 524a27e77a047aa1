/* SPDX-License-Identifier: Apache-2.0 */
/* What a tree keeps of its leaves as it changes, beside a list of what must be in it: after each of
 * thousands of changes, with copies that come and go in any order. */
#include "mls/tree.h"

#include "mls/tree_node.h"
#include "tests/unit/harness.h"

#include <string.h>

enum { PLACES = 256, TREES = 5, LISTED = 6 };

static uint32_t dice(uint32_t n)
{
	uint32_t r;
	expect_ok(env_random(test_env(), (uint8_t *)&r, sizeof r));
	return n ? r % n : 0;
}

static const struct suite *suite(void)
{
	return suite_find(SUITE_X25519_AES128);
}

/* --- what must be there --- */

struct place {
	bool is_used;
	uint8_t key[32], signature_key[32];
	uint16_t credential;
	uint16_t lists[3][LISTED]; /* as enum tree_list */
	size_t listed[3];
};
struct plain {
	uint32_t leaves;
	struct place leaf[PLACES];
	bool has_parent[2 * PLACES];
	uint8_t parent[2 * PLACES][32];
};
struct pair {
	struct tree tree;
	struct plain plain;
};

static uint32_t plain_count(const struct plain *p)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < p->leaves; i++)
		n += p->leaf[i].is_used;
	return n;
}

static uint32_t plain_free(const struct plain *p)
{
	uint32_t i = 0;
	while (i < p->leaves && p->leaf[i].is_used)
		i++;
	return i;
}

static bool plain_lists(const struct place *l, enum tree_list list, uint16_t type)
{
	for (size_t i = 0; i < l->listed[list]; i++)
		if (l->lists[list][i] == type)
			return true;
	return false;
}

static uint32_t plain_without(const struct plain *p, enum tree_list list, uint16_t type,
			      uint32_t except)
{
	for (uint32_t i = 0; i < p->leaves; i++)
		if (p->leaf[i].is_used && i != except && !plain_lists(&p->leaf[i], list, type))
			return i;
	return TREE_NONE;
}

static bool plain_uses(const struct plain *p, uint16_t type, uint32_t except)
{
	for (uint32_t i = 0; i < p->leaves; i++)
		if (p->leaf[i].is_used && i != except && p->leaf[i].credential == type)
			return true;
	return false;
}

static bool plain_has_key(const struct plain *p, struct view key)
{
	for (uint32_t i = 0; i < p->leaves; i++)
		if (p->leaf[i].is_used && view_equal(VIEW_OF(p->leaf[i].key), key))
			return true;
	for (uint32_t i = 0; p->leaves && i < tree_width(p->leaves); i++)
		if (p->has_parent[i] && view_equal(VIEW_OF(p->parent[i]), key))
			return true;
	return false;
}

static void plain_blank_path(struct plain *p, uint32_t leaf)
{
	uint32_t node = tree_node_of_leaf(leaf);
	while ((node = tree_parent(node, p->leaves)) != TREE_NONE)
		p->has_parent[node] = false;
}

static void plain_truncate(struct plain *p)
{
	uint32_t used = 0;
	for (uint32_t i = 0; i < p->leaves; i++)
		used = p->leaf[i].is_used ? i + 1 : used;
	while (p->leaves && p->leaves / 2 >= used)
		p->leaves /= 2;
}

/* --- leaves --- */

/* Lists of a few types that all have, some that few have, in any order, some of them twice. */
static void some_list(uint16_t *list, size_t *n, uint16_t base)
{
	*n = 0;
	for (uint16_t i = 0; i < 4; i++)
		if (dice(40) || !i)
			list[(*n)++] = (uint16_t)(base + i);
	while (*n < LISTED && dice(2))
		list[(*n)++] = (uint16_t)(base + dice(9));
	for (size_t i = 0; i < *n; i++) {
		size_t k = dice((uint32_t)*n);
		uint16_t swap = list[i];
		list[i] = list[k];
		list[k] = swap;
	}
}

static void some_place(struct place *l)
{
	expect_ok(env_random(test_env(), l->key, sizeof l->key));
	expect_ok(env_random(test_env(), l->signature_key, sizeof l->signature_key));
	l->is_used = true;
	l->credential = dice(10) ? CREDENTIAL_BASIC : CREDENTIAL_X509;
	some_list(l->lists[TREE_LIST_EXTENSIONS], &l->listed[TREE_LIST_EXTENSIONS], 0x100);
	some_list(l->lists[TREE_LIST_PROPOSALS], &l->listed[TREE_LIST_PROPOSALS], 0x200);
	some_list(l->lists[TREE_LIST_CREDENTIALS], &l->listed[TREE_LIST_CREDENTIALS], 1);
}

static struct u16_list list_of(struct place *l, enum tree_list list)
{
	return (struct u16_list){ l->lists[list], l->listed[list] };
}

static void leaf_of(struct place *l, struct leaf_node *out)
{
	static uint16_t version = 1, id = SUITE_X25519_AES128;
	static struct view chain[2];
	static struct extension extensions[2];
	static const uint8_t data[] = { 4, 5, 6 };
	chain[0] = chain[1] = VIEW_OF(data);
	extensions[0] = (struct extension){ 0x100, VIEW_OF(data) };
	extensions[1] = (struct extension){ 0x101, view_make(data, 0) };
	*out = (struct leaf_node){
		.encryption_key = VIEW_OF(l->key),
		.signature_key = VIEW_OF(l->signature_key),
		.credential = { .credential_type = l->credential },
		.capabilities = { .versions = { &version, 1 },
				  .cipher_suites = { &id, 1 },
				  .extensions = list_of(l, TREE_LIST_EXTENSIONS),
				  .proposals = list_of(l, TREE_LIST_PROPOSALS),
				  .credentials = list_of(l, TREE_LIST_CREDENTIALS) },
		.leaf_node_source = l->key[0] % 3 + 1,
		.lifetime = { 7, 8 },
		.parent_hash = VIEW_OF(data),
		.extensions = { extensions, l->key[1] % 3 },
		.signature = VIEW_OF(data),
	};
	if (l->credential == CREDENTIAL_BASIC)
		out->credential.identity = VIEW_OF(data);
	else
		out->credential.certificates = (struct view_list){ chain, 2 };
}

/* What is read out of the tree is what went in, field by field: so its encoding is. */
static void leaf_check(const struct tree *t, uint32_t index, struct place *want)
{
	struct arena a;
	struct leaf_node room, leaf;
	struct view wanted, have;
	const struct leaf_node *found = tree_leaf_find(t, index, &room);
	expect(found && tree_has_leaf(t, index));
	if (!found)
		return;
	arena_init(&a, 1 << 20, ARENA_PLAIN);
	leaf_of(want, &leaf);
	expect_ok(wire_encode_to(&a, leaf_node_element, &leaf, &wanted));
	expect_ok(wire_encode_to(&a, leaf_node_element, found, &have));
	expect_bytes(have, wanted);
	expect_bytes(found->raw, wanted);
	expect_bytes(tree_signature_key(t, index), VIEW_OF(want->signature_key));
	expect_bytes(tree_node_key(t, tree_node_of_leaf(index)), VIEW_OF(want->key));
	arena_done(&a);
}

/* --- the two beside each other --- */

static void keys_check(struct pair *x)
{
	const struct tree *t = &x->tree;
	const struct plain *p = &x->plain;
	uint8_t none[32];
	expect_ok(env_random(test_env(), none, sizeof none));
	expect(!tree_has_encryption_key(t, VIEW_OF(none)));
	expect_eq(tree_leaf_by_signature_key(t, VIEW_OF(none)), TREE_NONE);
	for (uint32_t i = 0; i < PLACES; i++) { /* those that are gone, too */
		struct view key = VIEW_OF(p->leaf[i].key);
		uint32_t there = i < p->leaves && p->leaf[i].is_used ? i : TREE_NONE;
		expect_eq(tree_has_encryption_key(t, key), plain_has_key(p, key));
		expect_eq(tree_leaf_by_signature_key(t, VIEW_OF(p->leaf[i].signature_key)), there);
	}
	for (uint32_t i = 0; i < 2 * PLACES; i++) {
		struct view key = VIEW_OF(p->parent[i]);
		expect_eq(tree_has_encryption_key(t, key), plain_has_key(p, key));
	}
}

static void types_check(struct pair *x)
{
	const struct tree *t = &x->tree;
	const struct plain *p = &x->plain;
	for (int i = 0; i < 10; i++) {
		enum tree_list list = (enum tree_list)dice(3);
		uint16_t base = list == TREE_LIST_EXTENSIONS  ? 0x100
				: list == TREE_LIST_PROPOSALS ? 0x200
							      : 1;
		uint16_t type = (uint16_t)(base + dice(10));
		uint32_t first = plain_without(p, list, type, TREE_NONE);
		expect_eq(tree_leaf_without(t, list, type, NULL), first);
		struct u32_list except = { &first, 1 };
		expect_eq(tree_leaf_without(t, list, type, &except),
			  plain_without(p, list, type, first));
		uint32_t one = dice(PLACES);
		for (type = 0; type < 6; type++) {
			expect_eq(tree_uses_credential(t, type, one), plain_uses(p, type, one));
			expect_eq(tree_uses_credential(t, type, TREE_NONE),
				  plain_uses(p, type, TREE_NONE));
		}
	}
}

/* A tree that is read from what this one writes is the same in all its parts: sums, hashes. */
static void import_check(const struct tree *t)
{
	struct buf b, again;
	struct arena a;
	struct node_list nodes;
	struct tree other;
	buf_init(&b, WIRE_OBJECT_MAX);
	buf_init(&again, WIRE_OBJECT_MAX);
	arena_init(&a, 1 << 26, ARENA_PLAIN);
	expect_ok(tree_export(t, &b));
	expect_ok(wire_decode(buf_view(&b), &a, ratchet_tree_element, &nodes));
	expect_ok(tree_import(&other, t->suite, &nodes));
	expect_ok(tree_export(&other, &again));
	expect_bytes(buf_view(&again), buf_view(&b));
	expect_eq(other.leaves, t->leaves);
	for (uint32_t node = 0; node < tree_width(t->leaves); node++) {
		uint8_t hash[HASH_MAX], want[HASH_MAX];
		struct u32_list have, wanted;
		expect_ok(tree_node_hash(&other, node, hash));
		expect_ok(tree_node_hash(t, node, want));
		expect_bytes(view_make(hash, suite()->nh), view_make(want, suite()->nh));
		expect_bytes(tree_node_key(&other, node), tree_node_key(t, node));
		expect_ok(tree_resolution(t, node, NULL, &a, &have));
		expect_ok(tree_resolution(&other, node, NULL, &a, &wanted));
		expect_bytes(view_make(have.v, have.n * 4), view_make(wanted.v, wanted.n * 4));
	}
	tree_done(&other);
	arena_done(&a);
	buf_done(&b);
	buf_done(&again);
}

static void check(struct pair *x)
{
	const struct tree *t = &x->tree;
	struct plain *p = &x->plain;
	uint32_t at = 0, leaf, n = 0;
	struct leaf_node node;
	expect_eq(t->leaves, p->leaves);
	expect_eq(tree_member_count(t), plain_count(p));
	expect_eq(tree_next_free(t), plain_free(p));
	types_check(x);
	while (tree_next_leaf(t, &at, &leaf, &node)) {
		expect(leaf < p->leaves && p->leaf[leaf].is_used);
		n++;
	}
	expect_eq(n, plain_count(p));
	if (dice(4))
		return;
	keys_check(x);
	for (uint32_t i = 0; i < p->leaves; i++)
		if (p->leaf[i].is_used)
			leaf_check(t, i, &p->leaf[i]);
	if (t->leaves && dice(4) == 0)
		import_check(t);
}

/* --- changes --- */

static uint32_t some_member(const struct plain *p)
{
	uint32_t skip = dice(plain_count(p)), i = 0;
	for (;; i++)
		if (p->leaf[i].is_used && !skip--)
			return i;
}

static void add(struct pair *x)
{
	uint32_t at = plain_free(&x->plain), index;
	struct leaf_node leaf;
	if (at >= PLACES)
		return;
	while (at >= x->plain.leaves)
		x->plain.leaves = x->plain.leaves ? x->plain.leaves * 2 : 1;
	some_place(&x->plain.leaf[at]);
	leaf_of(&x->plain.leaf[at], &leaf);
	expect_ok(tree_add(&x->tree, &leaf, &index));
	expect_eq(index, at);
}

static void take_out(struct pair *x)
{
	uint32_t leaf = some_member(&x->plain);
	expect_ok(tree_remove(&x->tree, leaf));
	x->plain.leaf[leaf].is_used = false;
	plain_blank_path(&x->plain, leaf);
	plain_truncate(&x->plain);
}

/* Sometimes with the signature key it had. */
static void update(struct pair *x)
{
	uint32_t at = some_member(&x->plain);
	struct leaf_node leaf;
	struct place fresh;
	some_place(&fresh);
	if (dice(2))
		memcpy(fresh.signature_key, x->plain.leaf[at].signature_key, 32);
	x->plain.leaf[at] = fresh;
	leaf_of(&fresh, &leaf);
	expect_ok(tree_update(&x->tree, at, &leaf));
	plain_blank_path(&x->plain, at);
}

static void path(struct pair *x)
{
	uint32_t at = some_member(&x->plain);
	struct u32_list nodes, copath;
	struct arena a;
	arena_init(&a, 1 << 20, ARENA_PLAIN);
	expect_ok(tree_blank_path(&x->tree, at));
	plain_blank_path(&x->plain, at);
	expect_ok(tree_filtered_path(&x->tree, at, &a, &nodes, &copath));
	for (size_t i = 0; i < nodes.n; i++) {
		uint8_t *key = x->plain.parent[nodes.v[i]];
		expect_ok(env_random(test_env(), key, 32));
		const struct parent_node p = { .encryption_key = { key, 32 },
					       .parent_hash = { key, i ? 32 : 0 } };
		expect_ok(tree_set_parent(&x->tree, nodes.v[i], &p));
		x->plain.has_parent[nodes.v[i]] = true;
		expect_eq(tree_node_find(&x->tree, copath.v[i])->is_bare, 0);
	}
	arena_done(&a);
}

static void change(struct pair *x)
{
	uint32_t what = dice(10);
	if (!x->plain.leaves || what < 4)
		add(x);
	else if (what < 7)
		take_out(x);
	else if (what < 8)
		update(x);
	else
		path(x);
}

/* Of a size that goes up and down, so that trees are extended and truncated. */
static void run(struct pair *x, int changes)
{
	for (int i = 0; i < changes; i++) {
		struct pair *now = &x[dice(TREES)];
		uint32_t from = dice(TREES);
		if (dice(20) == 0 && now != &x[from]) {
			tree_done(&now->tree);
			tree_copy(&x[from].tree, &now->tree);
			now->plain = x[from].plain;
		}
		if (dice(60) == 0)
			for (uint32_t n = dice(30); n--;)
				add(now);
		if (dice(40) == 0)
			for (uint32_t n = dice(40); n-- && now->plain.leaves;)
				take_out(now);
		change(now);
		check(now);
		if (dice(8) == 0)
			check(&x[dice(TREES)]);
		if (test_failures())
			return;
	}
}

TEST(a_tree_knows_of_all_leaves_what_a_walk_finds)
{
	struct pair *x = calloc(TREES, sizeof *x);
	for (size_t i = 0; i < TREES; i++)
		tree_init(&x[i].tree, suite());
	run(x, 6000);
	for (size_t i = 0; i < TREES; i++)
		tree_done(&x[i].tree);
	free(x);
}

/* Not a copy of all nodes: a path, and its keys' part of the index. */
TEST(a_copy_owns_what_it_changed)
{
	struct pair *x = calloc(2, sizeof *x);
	struct leaf_node leaf;
	tree_init(&x[0].tree, suite());
	for (int i = 0; i < PLACES; i++)
		add(&x[0]);
	for (int i = 0; i < PLACES; i++)
		path(&x[0]);
	size_t before = x[0].tree.pool->used_bytes;
	tree_copy(&x[0].tree, &x[1].tree);
	expect_eq(x[0].tree.pool->used_bytes, before);
	leaf_of(&x[0].plain.leaf[0], &leaf);
	some_place(&x[1].plain.leaf[0]);
	leaf_of(&x[1].plain.leaf[0], &leaf);
	expect_ok(tree_update(&x[1].tree, 7, &leaf));
	expect(x[0].tree.pool->used_bytes < before + 16384);
	tree_done(&x[1].tree);
	expect(x[0].tree.pool->used_bytes < before + 512); /* room in the index stays */
	check(&x[0]);
	tree_done(&x[0].tree);
	free(x);
}

/* Whatever step fails for want of memory: the tree it is a copy of has not changed. */
TEST(a_limit_is_kept_and_changes_nothing)
{
	struct pair *x = calloc(1, sizeof *x);
	tree_init(&x->tree, suite());
	for (int i = 0; i < 40; i++)
		add(x);
	for (int i = 0; i < 40; i++)
		path(x);
	struct tree_pool *pool = x->tree.pool;
	size_t used = pool->used_bytes, refused = 0, done = 0;
	for (size_t more = 0; more < 20000; more += 8) {
		struct place fresh;
		struct leaf_node leaf;
		struct tree t;
		uint32_t index;
		some_place(&fresh);
		leaf_of(&fresh, &leaf);
		tree_copy(&x->tree, &t);
		pool->limit_bytes = used + more;
		uc_err err = more % 3 == 0   ? tree_add(&t, &leaf, &index)
			     : more % 3 == 1 ? tree_update(&t, 11, &leaf)
					     : tree_remove(&t, 38);
		expect(!err || err == UC_E_LIMIT);
		expect(pool->used_bytes <= pool->limit_bytes);
		refused += err != UC_OK;
		done += err == UC_OK;
		tree_done(&t);
		pool->limit_bytes = TREE_BYTES_MAX;
		expect(pool->used_bytes < used + 512); /* room in the index stays */
		used = pool->used_bytes;
	}
	expect(refused > 40 && done > 100);
	keys_check(x);
	check(x);
	tree_done(&x->tree);
	free(x);
}

/* The owner of an account is charged as long as a tree of its own is there; copies that others hold
 * go on without it. */
TEST(whom_a_tree_is_charged_to)
{
	struct pair *x = calloc(1, sizeof *x);
	struct heap_account *account = calloc(1, sizeof *account);
	struct tree own, other;
	struct place fresh;
	struct leaf_node leaf;
	uint32_t index;
	account->limit_bytes = 1 << 20;
	tree_init(&x->tree, suite());
	for (int i = 0; i < 20; i++)
		add(x);
	size_t held = x->tree.pool->used_bytes;
	account->used_bytes = account->limit_bytes - held + 1;
	expect_err(tree_charge(&x->tree, account), UC_E_LIMIT);
	account->used_bytes = 5;
	expect_ok(tree_charge(&x->tree, account));
	expect_eq(account->used_bytes, held + 5);
	tree_copy(&x->tree, &own);
	expect_ok(tree_charge(&own, account));
	tree_copy(&x->tree, &other);
	expect_eq(account->used_bytes, held + 5);
	some_place(&fresh);
	leaf_of(&fresh, &leaf);
	account->limit_bytes = account->used_bytes;
	expect_err(tree_add(&own, &leaf, &index), UC_E_LIMIT);
	account->limit_bytes = 1 << 20;
	tree_done(&own);
	expect_eq(account->used_bytes, held + 5);
	tree_done(&x->tree);
	expect_eq(account->used_bytes, 5);
	free(account);
	expect_ok(tree_add(&other, &leaf, &index));
	expect_eq(index, 20);
	tree_done(&other);
	free(x);
}

/* --- the index alone --- */

enum { NUMBERS = 600 };

/* Few hashes for many numbers, among them some that begin alike. */
static uint32_t hash_of(uint32_t number)
{
	return number % 5 == 0 ? 0x12345678 : number % 5 == 1 ? 0x12345679 : number * 2654435761u;
}

static size_t times_in(const struct tree_pool *pool, uint32_t number)
{
	size_t times = 0;
	uint32_t at = 0, found;
	while (tree_index_next(pool, hash_of(number), &at, &found)) {
		expect_eq(hash_of(found), hash_of(number));
		times += found == number;
	}
	return times;
}

TEST(an_index_finds_what_was_put_in)
{
	static size_t times[NUMBERS];
	struct tree_pool *pool = tree_pool_new(1 << 26);
	for (int i = 0; i < 20000; i++) {
		uint32_t number = dice(NUMBERS);
		/* Taking out what is not there is nothing. */
		if (dice(2)) {
			tree_index_remove(pool, hash_of(number), number);
			times[number] -= times[number] != 0;
		} else {
			expect_ok(tree_index_add(pool, hash_of(number), number));
			times[number]++;
		}
		expect_eq(times_in(pool, number), times[number]);
		for (uint32_t k = 0; i % 1000 == 0 && k < NUMBERS; k++)
			expect_eq(times_in(pool, k), times[k]);
	}
	for (uint32_t k = 0; k < NUMBERS; k++)
		for (; times[k]; times[k]--)
			tree_index_remove(pool, hash_of(k), k);
	expect_eq(pool->used_bytes, 0);
	tree_pool_drop(pool);
}

/* --- kinds alone --- */

TEST(equal_capabilities_are_one_kind)
{
	uint16_t a[] = { 3, 1, 2, 3 }, b[] = { 2, 9, 1 }, both[] = { 1, 2 };
	const struct capabilities x = { .extensions = { a, 4 }, .proposals = { b, 3 } };
	const struct capabilities y = { .extensions = { b, 3 }, .proposals = { b, 3 } };
	struct tree_pool *pool = tree_pool_new(1 << 20);
	struct tree_kind *one, *same, *other, *meet, *again;
	expect_ok(tree_kind_of(pool, &x, &one));
	expect_ok(tree_kind_of(pool, &x, &same));
	expect_ok(tree_kind_of(pool, &y, &other));
	expect(one == same && one != other);
	expect_eq(one->lists.extensions.n, 4);
	expect_eq(one->support->lists.extensions.n, 3);
	expect_ok(tree_kind_meet(pool, one->support, other->support, &meet));
	expect_ok(tree_kind_meet(pool, meet, one->support, &again));
	expect(meet == again);
	expect_bytes(view_make(meet->lists.extensions.v, meet->lists.extensions.n * 2),
		     VIEW_OF(both));
	expect_eq(meet->lists.proposals.n, 3);
	struct tree_kind *all[] = { one, same, other, meet, again };
	for (size_t i = 0; i < 5; i++)
		tree_kind_drop(pool, all[i]);
	expect_eq(pool->kind_count, 0);
	expect_eq(pool->used_bytes, 0);
	tree_pool_drop(pool);
}

TEST(kinds_come_and_go)
{
	enum { MANY = 500 };
	static struct tree_kind *kinds[MANY];
	struct tree_pool *pool = tree_pool_new(1 << 22);
	for (int round = 0; round < 4; round++) {
		for (unsigned i = 0; i < MANY; i++) {
			uint16_t types[] = { (uint16_t)(i / 2), 7, (uint16_t)(i & 1) };
			const struct capabilities c = { .credentials = { types, 3 } };
			expect_ok(tree_kind_of(pool, &c, &kinds[i]));
		}
		for (uint32_t i = MANY; i-- > 1;) {
			uint32_t k = dice(i + 1);
			struct tree_kind *swap = kinds[i];
			kinds[i] = kinds[k];
			kinds[k] = swap;
		}
		for (uint32_t i = 0; i < MANY; i++)
			tree_kind_drop(pool, kinds[i]);
		expect_eq(pool->kind_count, 0);
		expect_eq(pool->used_bytes, 0);
	}
	tree_pool_drop(pool);
}
