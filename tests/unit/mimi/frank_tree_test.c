/* SPDX-License-Identifier: Apache-2.0 */
/* Franks that share a signature: each verifies by itself, and all that must not pass for one. */
#include "mimi/franking.h"

#include "tests/unit/harness.h"

static const uint8_t hub[32] = { 0xa5, 1, 2, 3 };
static const char salt_bytes[] = "sixteen bytes...";
static struct arena mem;
static struct sign_key key;
static struct frank_tree tree;

/* A message of the round, and what its reader has of it. */
struct told {
	struct view data;
	uint8_t tag[FRANKING_TAG], server_frank[32];
	struct server_franking_context context;
	struct frank frank;
};
static struct told all[FRANK_TREE_LEAVES_MAX];

static struct view salt(void)
{
	return view_make(salt_bytes, FRANKING_SALT);
}

static void leaf_make(size_t i)
{
	struct told *t = &all[i];
	struct buf b;
	buf_init(&b, 64);
	buf_printf(&b, "message %zu", i);
	expect_ok(arena_copy(&mem, buf_view(&b), &t->data));
	buf_done(&b);
	t->context = (struct server_franking_context){
		.sender_uri = VIEW_LIT("mimi://dial.example/p/rosa"),
		.room_uri = i % 2 ? VIEW_LIT("mimi://lens.example/r/den")
				  : VIEW_LIT("mimi://lens.example/r/pit"),
		.accepted_timestamp = 1700000000123 + i,
	};
	expect_ok(franking_tag(salt(), t->data, t->tag));
	expect_ok(frank_leaf(hub, t->tag, &t->context, t->server_frank, tree.nodes[i]));
}

static void make(size_t n)
{
	uint8_t priv[32];
	arena_init(&mem, 1 << 22, ARENA_PLAIN);
	memset(priv, 7, sizeof priv);
	expect_ok(sign_key_import(suite_find(SUITE_X25519_AES128), VIEW_OF(priv), &key));
	tree.n = n;
	for (size_t i = 0; i < n; i++)
		leaf_make(i);
	expect_ok(frank_tree_sign(&tree, &key, test_env()));
	for (size_t i = 0; i < n; i++)
		expect_ok(frank_of_tree(&tree, i, all[i].server_frank, &mem, &all[i].frank));
}

static void done(void)
{
	sign_key_wipe(&key);
	arena_done(&mem);
}

static uc_err check(const struct told *t, const struct frank *f)
{
	return frank_check(f, t->tag, salt(), t->data, &t->context, sign_public(&key), &mem);
}

static struct frank_proof proof_of(const struct frank *f)
{
	struct frank_proof p = { .index = 0 };
	expect_ok(wire_decode(f->franking_integrity_signature, &mem, frank_proof_element, &p));
	return p;
}

/* With another proof. */
static struct frank with(const struct frank *f, const struct frank_proof *p)
{
	struct frank out = *f;
	expect_ok(wire_encode_to(&mem, frank_proof_element, p, &out.franking_integrity_signature));
	return out;
}

TEST(each_verifies_by_itself)
{
	static const size_t sizes[] = { 2, 3, 4, 5, 6, 7, 8, 9, 13, 31, 33, 129, 255, 256 };
	for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
		size_t n = sizes[k], depth = 0, step = n > 40 ? 37 : 1;
		make(n);
		while ((size_t)1 << depth < n)
			depth++;
		for (size_t i = n - 1; i < n; i -= step) {
			struct frank_proof p = proof_of(&all[i].frank);
			expect_eq(all[i].frank.franking_signature_ciphersuite, FRANK_TREE_SUITE);
			expect_eq(p.index, i);
			expect_eq(p.path.n, depth * SHA256_BYTES);
			expect_ok(check(&all[i], &all[i].frank));
			/* What a report says to the hub. */
			expect_ok(frank_verify(hub, &all[i].frank, salt(), all[i].data,
					       &all[i].context));
		}
		done();
	}
}

static void hash_of(uint8_t head, struct view a, struct view b, uint8_t out[SHA256_BYTES])
{
	const struct view parts[] = { { &head, 1 }, a, b };
	expect_ok(sha256_parts(parts, 3, out));
}

/* Hash by hash, as docs/rooms.md says it. */
TEST(a_tree_of_three_by_hand)
{
	uint8_t leaf[3][SHA256_BYTES], left[SHA256_BYTES], right[SHA256_BYTES], root[33] = { 0 };
	static const uint8_t nothing[SHA256_BYTES];
	struct view signature, tbs;
	struct buf b;
	make(3);
	for (size_t i = 0; i < 3; i++) {
		uint64_t ms = all[i].context.accepted_timestamp;
		buf_init(&b, 256);
		buf_add(&b, all[i].frank.server_frank, 32);
		buf_add(&b, "\xf0\xf1\x1a", 3);
		buf_add_view(&b, all[i].context.sender_uri);
		buf_add_byte(&b, 25);
		buf_add_view(&b, all[i].context.room_uri);
		for (int at = 56; at >= 0; at -= 8)
			buf_add_byte(&b, (uint8_t)(ms >> at));
		hash_of(0, buf_view(&b), (struct view){ 0 }, leaf[i]);
		buf_done(&b);
	}
	hash_of(1, VIEW_OF(leaf[0]), VIEW_OF(leaf[1]), left);
	hash_of(1, VIEW_OF(leaf[2]), VIEW_OF(nothing), right);
	hash_of(1, VIEW_OF(left), VIEW_OF(right), root);
	root[32] = 2;
	tbs = VIEW_OF(root);
	expect_ok(sign_with_label(suite_find(SUITE_X25519_AES128), &key, test_env(),
				  "FrankingTreeTBS", tbs, &mem, &signature));
	struct frank_proof p = proof_of(&all[1].frank);
	expect_bytes(p.signature, signature);
	expect_bytes(view_slice(p.path, 0, SHA256_BYTES), VIEW_OF(leaf[0]));
	expect_bytes(view_slice(p.path, SHA256_BYTES, p.path.n), VIEW_OF(right));
	p = proof_of(&all[2].frank);
	expect_bytes(view_slice(p.path, 0, SHA256_BYTES), VIEW_OF(nothing));
	done();
}

static void refused(const struct told *t, const struct frank *f)
{
	expect_err(check(t, f), UC_E_FRANK);
}

TEST(every_byte_counts)
{
	make(5);
	for (size_t i = 0; i < 5; i += 2) {
		struct view proof = all[i].frank.franking_integrity_signature, copy;
		for (size_t at = 0; at < proof.n; at++) {
			expect_ok(arena_copy(&mem, proof, &copy));
			((uint8_t *)(uintptr_t)copy.p)[at] ^= 1;
			struct frank f = all[i].frank;
			f.franking_integrity_signature = copy;
			refused(&all[i], &f);
			f.franking_integrity_signature = view_slice(proof, 0, at);
			refused(&all[i], &f);
		}
		struct buf b;
		buf_init(&b, 1024);
		buf_add_view(&b, proof);
		buf_add_byte(&b, 0);
		struct frank f = all[i].frank;
		f.franking_integrity_signature = buf_view(&b);
		refused(&all[i], &f);
		buf_done(&b);
	}
	done();
}

TEST(another_place_in_the_tree)
{
	make(6);
	struct frank_proof p = proof_of(&all[2].frank);
	/* The way of another message, whole or in part. */
	for (size_t i = 0; i < 6; i++) {
		struct frank f = all[2].frank;
		f.franking_integrity_signature = all[i].frank.franking_integrity_signature;
		expect_err(check(&all[2], &f), i == 2 ? UC_OK : UC_E_FRANK);
		struct frank_proof other = p;
		other.index = (uint8_t)i;
		f = with(&all[2].frank, &other);
		expect_err(check(&all[2], &f), i == 2 ? UC_OK : UC_E_FRANK);
		other = p;
		other.path = proof_of(&all[i].frank).path;
		f = with(&all[2].frank, &other);
		expect_err(check(&all[2], &f), i == 2 ? UC_OK : UC_E_FRANK);
		/* What another reader was given says nothing of this message. */
		f = all[i].frank;
		expect_err(check(&all[2], &f), i == 2 ? UC_OK : UC_E_FRANK);
	}
	done();
}

/* What the walk refuses before anything is hashed. */
TEST(ways_that_are_none)
{
	static const uint8_t zeros[9 * SHA256_BYTES];
	static const struct {
		uint8_t index;
		size_t n;
	} bad[] = { { 0, 0 },
		    { 1, 0 },
		    { 2, SHA256_BYTES },
		    { 0, 31 },
		    { 0, 33 },
		    { 8, 3 * SHA256_BYTES },
		    { 255, 7 * SHA256_BYTES },
		    { 0, 9 * SHA256_BYTES } };
	struct frank_proof read, p;
	make(4);
	p = proof_of(&all[0].frank);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		p.index = bad[i].index;
		p.path = view_make(zeros, bad[i].n);
		struct frank f = with(&all[0].frank, &p);
		expect_err(wire_decode(f.franking_integrity_signature, &mem, frank_proof_element,
				       &read),
			   UC_E_MALFORMED);
		refused(&all[0], &f);
	}
	/* At the bounds. */
	p.index = 255;
	p.path = view_make(zeros, 8 * SHA256_BYTES);
	struct frank f = with(&all[0].frank, &p);
	expect_ok(wire_decode(f.franking_integrity_signature, &mem, frank_proof_element, &read));
	done();
}

static struct view root_signed(const struct sign_key *by, const char *label, uint8_t depth)
{
	uint8_t root[33];
	struct view signature = { NULL, 0 };
	/* Of four leaves, two and one. */
	memcpy(root, tree.nodes[6], SHA256_BYTES);
	root[32] = depth;
	expect_ok(sign_with_label(suite_find(SUITE_X25519_AES128), by, test_env(), label,
				  VIEW_OF(root), &mem, &signature));
	return signature;
}

TEST(roots_that_the_hub_did_not_sign_as_such)
{
	struct sign_key other;
	uint8_t priv[32] = { 8 };
	make(4);
	expect_ok(sign_key_import(suite_find(SUITE_X25519_AES128), VIEW_OF(priv), &other));
	const struct {
		const struct sign_key *by;
		const char *label;
		uint8_t depth;
		uc_err want;
	} tries[] = { { &key, "FrankingTreeTBS", 2, UC_OK },
		      { &other, "FrankingTreeTBS", 2, UC_E_FRANK },
		      { &key, "FrankingIntegrityTBS", 2, UC_E_FRANK },
		      { &key, "FrankingTreeTBS", 1, UC_E_FRANK },
		      { &key, "FrankingTreeTBS", 3, UC_E_FRANK } };
	struct frank_proof p = proof_of(&all[3].frank);
	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		p.signature = root_signed(tries[i].by, tries[i].label, tries[i].depth);
		struct frank f = with(&all[3].frank, &p);
		expect_err(check(&all[3], &f), tries[i].want);
	}
	sign_key_wipe(&other);
	done();
}

/* Neither kind of signature passes under the other's number, nor for another message. */
TEST(the_two_kinds_are_apart)
{
	struct frank plain;
	make(2);
	struct told *t = &all[0];
	expect_ok(frank_make(hub, &key, test_env(), t->tag, &t->context, &mem, &plain));
	expect_eq(plain.franking_signature_ciphersuite, SUITE_X25519_AES128);
	expect_bytes(VIEW_OF(plain.server_frank), VIEW_OF(t->frank.server_frank));
	expect_ok(check(t, &plain));
	struct frank f = plain;
	f.franking_signature_ciphersuite = FRANK_TREE_SUITE;
	refused(t, &f);
	f = t->frank;
	f.franking_signature_ciphersuite = SUITE_X25519_AES128;
	refused(t, &f);
	f.franking_signature_ciphersuite = FRANK_TREE_SUITE + 1;
	refused(t, &f);
	f = t->frank;
	f.server_frank[31] ^= 1;
	refused(t, &f);
	struct told wrong = *t;
	wrong.context.accepted_timestamp++;
	refused(&wrong, &t->frank);
	wrong = *t;
	wrong.context.room_uri = VIEW_LIT("mimi://lens.example/r/den");
	refused(&wrong, &t->frank);
	wrong = *t;
	wrong.context.sender_uri = VIEW_LIT("mimi://dial.example/p/tom");
	refused(&wrong, &t->frank);
	wrong = *t;
	wrong.data = all[1].data;
	refused(&wrong, &t->frank);
	done();
}

TEST(trees_have_bounds)
{
	struct view none;
	make(2);
	expect_err(frank_tree_proof(&tree, 2, &mem, &none), UC_E_ARGUMENT);
	static const size_t bad[] = { 0, 1, FRANK_TREE_LEAVES_MAX + 1 };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		tree.n = bad[i];
		expect_err(frank_tree_sign(&tree, &key, test_env()), UC_E_ARGUMENT);
	}
	done();
}
