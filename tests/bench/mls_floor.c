/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/mls_floor.h"

#include "net/env_system.h"
#include "tests/bench/bench.h"
#include "crypto/alg.h"

/* --- prices --- */

enum { ROUNDS = 60 };

/* Of many short rounds, what the quickest tenth stays below. */
#define PRICE(times, call)                                       \
	do {                                                     \
		struct samples round_ = { .n = 0 };              \
		for (int r_ = 0; r_ < ROUNDS; r_++) {            \
			cpu_start(&round_);                      \
			for (int i_ = 0; i_ < (times); i_++)     \
				MUST(call);                      \
			cpu_stop(&round_);                       \
		}                                                \
		best = samples_quantile(&round_, 0.1) / (times); \
		samples_done(&round_);                           \
	} while (0)

static uint8_t bytes[65536], out[65536 + AEAD_TAG];

static void price_curves(const struct suite *s, struct prices *p)
{
	const struct env *env = env_system();
	struct kem_key mine, theirs;
	struct sign_key key;
	uint8_t pub[PUBLIC_KEY_MAX], shared[SECRET_MAX], signature[SIGNATURE_MAX];
	const struct dh_group *dh = kem_alg_find(s->kem_id)->dh;
	const struct sign_alg *sign = sign_alg_find(s->signature_id);
	size_t n;
	double best;
	MUST(kem_key_generate(s, env, &mine));
	MUST(kem_key_generate(s, env, &theirs));
	MUST(sign_key_generate(s, env, &key));
	PRICE(5, dh->public_from(dh, secret_view(&mine.priv), pub));
	p->dh_base = best;
	PRICE(5, dh->agree(dh, secret_view(&mine.priv), kem_public(&theirs), shared));
	p->dh = best;
	struct view message = view_make(bytes, 256), longer = view_make(bytes, 256 + 16384);
	PRICE(5, sign->sign(sign, &key, longer, signature, &n));
	p->sign_kib = best;
	PRICE(5, sign->verify(sign, sign_public(&key), longer, view_make(signature, n)));
	p->verify_kib = best;
	PRICE(5, sign->sign(sign, &key, message, signature, &n));
	p->sign = best;
	PRICE(5, sign->verify(sign, sign_public(&key), message, view_make(signature, n)));
	p->verify = best;
	p->sign_kib = (p->sign_kib - p->sign) / 16;
	p->verify_kib = (p->verify_kib - p->verify) / 16;
}

static void price_hpke(const struct suite *s, struct prices *p)
{
	const struct env *env = env_system();
	struct kem_key key;
	struct arena a;
	struct view kem_output = { NULL, 0 }, sealed = { NULL, 0 }, opened;
	struct view info = view_make(bytes, 128), pt = view_make(bytes, 32), none = { NULL, 0 };
	double best;
	arena_init(&a, 64 << 20, ARENA_PLAIN);
	MUST(kem_key_generate(s, env, &key));
	PRICE(5, hpke_seal(s, env, kem_public(&key), info, none, pt, &a, &kem_output, &sealed));
	p->hpke_seal = best;
	PRICE(5, hpke_open(s, &key, kem_output, info, none, sealed, &a, &opened));
	p->hpke_open = best;
	arena_done(&a);
}

static void price_symmetric(const struct suite *s, struct prices *p)
{
	struct view key = view_make(bytes, s->nk), nonce = view_make(bytes, s->nn);
	struct view aad = view_make(bytes, 64), prk = view_make(bytes, s->nh);
	double best;
	PRICE(100, suite_hash(s, view_make(bytes, 40), out));
	p->hash = best;
	PRICE(20, suite_hash(s, view_make(bytes, 40 + 32768), out));
	p->hash_block = (best - p->hash) / (32768.0 / (double)hash_alg_find(s->kdf_id)->block);
	PRICE(100, suite_mac(s, prk, view_make(bytes, 40), out));
	p->hmac = best;
	PRICE(100, suite_seal(s, key, nonce, aad, view_make(bytes, 16), out));
	p->aead_short = best;
	PRICE(100, suite_seal(s, key, nonce, aad, view_make(bytes, 1024), out));
	p->aead_1kib = best;
}

/* The better of two measurements; 0 is none. */
static double better(double a, double b)
{
	return a > 0 && a < b ? a : b;
}

void prices_measure(const struct suite *s, struct prices *p)
{
	struct prices now;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 251);
	price_curves(s, &now);
	price_hpke(s, &now);
	price_symmetric(s, &now);
	*p = (struct prices){
		better(p->dh_base, now.dh_base),     better(p->dh, now.dh),
		better(p->sign, now.sign),           better(p->verify, now.verify),
		better(p->sign_kib, now.sign_kib),   better(p->verify_kib, now.verify_kib),
		better(p->hpke_seal, now.hpke_seal), better(p->hpke_open, now.hpke_open),
		better(p->hash, now.hash),           better(p->hash_block, now.hash_block),
		better(p->hmac, now.hmac),           better(p->aead_short, now.aead_short),
		better(p->aead_1kib, now.aead_1kib),
	};
}

/* As the figures call them; of suite 1 by its algorithms. */
void prices_print(const struct suite *s, const struct prices *p)
{
	bool usual = s->id == SUITE_X25519_AES128;
	const struct figure f[] = {
		{ .name = usual ? "x25519_keygen" : "dh_keygen", .value = p->dh_base },
		{ .name = usual ? "x25519_derive" : "dh_derive", .value = p->dh },
		{ .name = usual ? "ed25519_sign" : "sign", .value = p->sign },
		{ .name = usual ? "ed25519_verify" : "verify", .value = p->verify },
		{ .name = "hpke_seal", .value = p->hpke_seal },
		{ .name = "hpke_open", .value = p->hpke_open },
		{ .name = usual ? "sha256_one_block" : "hash_one_block", .value = p->hash },
		{ .name = usual ? "sha256_next_block" : "hash_next_block", .value = p->hash_block },
		{ .name = "hmac_expand", .value = p->hmac },
		{ .name = usual ? "aes128gcm_1kib" : "aead_1kib", .value = p->aead_1kib },
	};
	for (size_t i = 0; i < sizeof f / sizeof *f; i++) {
		struct figure one = f[i];
		char name[64], suite[FIGURE_SUITE];
		snprintf(name, sizeof name, "mls.%sprimitive.%s", figure_suite(s, suite), one.name);
		one.name = name;
		one.unit = "us";
		figure_print(&one);
	}
}

const char *figure_suite(const struct suite *s, char name[FIGURE_SUITE])
{
	name[0] = 0;
	if (s->id != SUITE_X25519_AES128)
		snprintf(name, FIGURE_SUITE, "suite%u.", s->id);
	return name;
}

double count_price(const struct count *c, const struct prices *p)
{
	return c->bases * p->dh_base + c->seals * p->hpke_seal + c->opens * p->hpke_open +
	       c->signs * p->sign + c->verifies * p->verify + c->signed_kib * p->sign_kib +
	       c->verified_kib * p->verify_kib + c->hashes * p->hash + c->blocks * p->hash_block +
	       c->hmacs * p->hmac + c->shorts * p->aead_short + c->kibs * p->aead_1kib;
}

/* --- counts --- */

static struct count sum(struct count a, struct count b)
{
	return (struct count){
		a.bases + b.bases,
		a.seals + b.seals,
		a.opens + b.opens,
		a.signs + b.signs,
		a.verifies + b.verifies,
		a.signed_kib + b.signed_kib,
		a.verified_kib + b.verified_kib,
		a.hashes + b.hashes,
		a.blocks + b.blocks,
		a.hmacs + b.hmacs,
		a.shorts + b.shorts,
		a.kibs + b.kibs,
	};
}

void shape_of(const struct crowd *c, struct shape *s)
{
	struct arena a;
	struct u32_list path, copath;
	struct group_view now = group_now(c->a);
	const struct leaf_node *leaf = tree_leaf_find(now.tree, group_own_leaf(c->a), LEAF_ROOM);
	struct view encoded;
	arena_init(&a, 64 << 20, ARENA_PLAIN);
	*s = (struct shape){ .n = (double)c->n, .proofs = c->is_room };
	MUST(wire_encode_to(&a, leaf_node_element, leaf, &encoded));
	size_t blocks = encoded.n / hash_alg_find(c->suite->kdf_id)->block + 1;
	s->leaf_blocks = (double)blocks;
	MUST(wire_encode_to(&a, group_context_element, now.context, &encoded));
	s->context_kib = (double)encoded.n / 1024;
	s->blocks_in_kib = 1024.0 / (double)hash_alg_find(c->suite->kdf_id)->block;
	MUST(tree_filtered_path(now.tree, group_own_leaf(c->a), &a, &path, &copath));
	s->depth = (double)path.n;
	for (size_t i = 0; i < path.n; i++)
		s->shared += tree_is_below(tree_node_of_leaf(group_own_leaf(c->b)), path.v[i]);
	arena_done(&a);
}

/* Extract and Expand to the joiner secret, Extract and Expand to the epoch's, ten derivations
 * (8); the confirmation tag and what it adds to the transcript (8.2). */
static struct count key_schedule(void)
{
	return (struct count){ .hmacs = 2 + 2 + 10 + 1, .hashes = 2, .blocks = 4 };
}

/* TreeHashInput of a parent with two child hashes: three blocks. */
static struct count tree_hashes(double parents, double leaves, double leaf_blocks)
{
	return (struct count){ .hashes = parents + leaves,
			       .blocks = parents * 2 + leaves * (leaf_blocks - 1) };
}

/* A changed leaf, the nodes above it, and their parent hashes (two blocks each). */
static struct count path_hashes(const struct shape *s)
{
	return sum(tree_hashes(s->depth, 1, s->leaf_blocks),
		   (struct count){ .hashes = s->depth, .blocks = s->depth });
}

/* A node's key pair from the path secret, and the next path secret (7.4): "node", DeriveKeyPair's
 * Extract and Expand, "path". */
static struct count path_keys(double nodes)
{
	return (struct count){ .bases = nodes, .hmacs = 4 * nodes };
}

/* Signed by a member: FramedContentTBS holds the GroupContext; the membership tag holds it again. */
static struct count frame_sign(const struct shape *s)
{
	return (struct count){ .signs = 1,
			       .signed_kib = s->context_kib,
			       .hmacs = 1,
			       .blocks = s->context_kib * s->blocks_in_kib };
}

static struct count frame_verify(const struct shape *s)
{
	return (struct count){ .verifies = 1,
			       .verified_kib = s->context_kib,
			       .hmacs = 1,
			       .blocks = s->context_kib * s->blocks_in_kib };
}

/* GroupInfo: external_pub of the epoch, signature over the GroupContext (12.4.3). */
static struct count info_sign(const struct shape *s)
{
	return (struct count){ .bases = 1, .hmacs = 2, .signs = 1, .signed_kib = s->context_kib };
}

struct count count_key_package(void)
{
	return (struct count){ .bases = 2, .signs = 2 };
}

struct count count_create(const struct shape *s)
{
	/* Own leaf, then each other's KeyPackage: two signatures, its reference, its secrets. */
	const struct count own = { .bases = 1, .signs = 1 };
	const struct count others = { .verifies = (2 + s->proofs) * (s->n - 1),
				      .seals = s->n - 1,
				      .hashes = s->n - 1,
				      .blocks = (s->n - 1) * s->leaf_blocks };
	struct count c = sum(sum(own, others), tree_hashes(s->n - 1, s->n, s->leaf_blocks));
	c = sum(sum(c, frame_sign(s)), info_sign(s));
	return sum(c, sum(key_schedule(), key_schedule()));
}

struct count count_add_commit(const struct shape *s)
{
	/* One KeyPackage, the Welcome's key, nonce and secret, its GroupInfo sealed once. */
	const struct count added = { .verifies = 2 + s->proofs,
				     .seals = 1,
				     .hashes = 1,
				     .blocks = s->leaf_blocks,
				     .hmacs = 3,
				     .shorts = 1 };
	struct count c = sum(added, tree_hashes(s->depth, 1, s->leaf_blocks));
	return sum(sum(sum(c, frame_sign(s)), info_sign(s)), key_schedule());
}

struct count count_update_commit(const struct shape *s)
{
	/* In a filled tree each path secret goes to one node. */
	const struct count leaf = { .bases = 1, .signs = 1, .seals = s->depth };
	struct count c = sum(sum(leaf, path_keys(s->depth)), path_hashes(s));
	return sum(sum(sum(c, frame_sign(s)), info_sign(s)), key_schedule());
}

struct count count_process_add(const struct shape *s)
{
	const struct count added = { .verifies = 2 + s->proofs,
				     .hashes = 1,
				     .blocks = s->leaf_blocks };
	struct count c = sum(added, tree_hashes(s->depth, 1, s->leaf_blocks));
	return sum(sum(c, frame_verify(s)), key_schedule());
}

struct count count_process_update(const struct shape *s)
{
	const struct count own = { .verifies = 1 + s->proofs, .opens = 1 };
	struct count c = sum(sum(own, path_keys(s->shared)), path_hashes(s));
	return sum(sum(c, frame_verify(s)), key_schedule());
}

struct count count_hub_update(const struct shape *s)
{
	/* Frame, leaf and GroupInfo are verified; the tree is hashed; no secrets. */
	const struct count seen = { .verifies = 3 + s->proofs,
				    .verified_kib = 2 * s->context_kib,
				    .hashes = 2,
				    .blocks = 4 };
	return sum(seen, path_hashes(s));
}

/* Of a ratchet step: key, nonce, next secret; of the sender data: key and nonce (6.3, 9). */
static struct count message_keys(void)
{
	return (struct count){ .hmacs = 3 + 2, .shorts = 1, .kibs = 1 };
}

/* A short text: nothing is left but what goes with any message. */
static struct count short_message(void)
{
	struct count c = message_keys();
	c.shorts += c.kibs;
	c.kibs = 0;
	return c;
}

struct count count_protect(const struct shape *s)
{
	return sum((struct count){ .signs = 1, .signed_kib = s->context_kib }, short_message());
}

struct count count_unprotect(const struct shape *s)
{
	return sum((struct count){ .verifies = 1, .verified_kib = s->context_kib },
		   short_message());
}

struct count count_encrypt(const struct shape *s)
{
	const struct count c = { .signs = 1, .signed_kib = s->context_kib + 1 };
	return sum(c, message_keys());
}

struct count count_decrypt(const struct shape *s)
{
	const struct count c = { .verifies = 1, .verified_kib = s->context_kib + 1 };
	return sum(c, message_keys());
}

/* A tree that is taken over: every leaf's signature, every hash and parent hash. */
static struct count whole_tree(const struct shape *s)
{
	const struct count c = { .verifies = (1 + s->proofs) * s->n,
				 .hashes = s->n - 1,
				 .blocks = s->n - 1 };
	return sum(c, tree_hashes(s->n - 1, s->n, s->leaf_blocks));
}

struct count count_join(const struct shape *s)
{
	/* The secrets, the GroupInfo's key, nonce, seal and signature; no path came with the Add. */
	const struct count welcome = {
		.opens = 1, .hmacs = 3, .shorts = 1, .verifies = 1, .verified_kib = s->context_kib
	};
	return sum(sum(welcome, whole_tree(s)), key_schedule());
}

struct count count_external_join(const struct shape *s)
{
	const struct count info = { .verifies = 1, .verified_kib = s->context_kib, .seals = 1 };
	return sum(sum(info, whole_tree(s)), count_update_commit(s));
}
