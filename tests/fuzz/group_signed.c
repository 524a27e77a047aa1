/* SPDX-License-Identifier: Apache-2.0 */
/* What stands behind signatures, tags and seals: bodies from bytes, or good ones that are changed, are
 * signed, tagged and sealed as a member with all keys would who keeps no rule.
 *
 * Commits (of a member, private ones, and from outside), proposals, KeyPackages in Adds, GroupInfos
 * and their trees (whose hash is made anew), Welcomes.  A refusal changes nothing; what a member
 * takes, the slow model (tests/model) takes, too, and comes to the same epoch. */
#include "tests/fuzz/env.h"

#include "tests/model/slow_epoch.h"

#include "mls/group_inside.h"
#include "mls/public_group.h"

enum kind {
	COMMIT,
	EXTERNAL,
	PROPOSAL,
	KEY_PACKAGE,
	INFO,
	TREE,
	WELCOME_INFO,
	WELCOME_SECRETS,
	KINDS,
};
/* The second byte. */
enum {
	RAW = 1,       /* the input itself, instead of changes to what is good */
	PRIVATE = 2,   /* wrapping of commits and proposals */
	SIGN_LEAF = 4, /* the path's leaf is signed again for its place */
	OLD_TREE = 8,  /* GroupContext keeps the tree hash it had */
};

enum { INPUT_MAX = 4096 };

static const uint8_t psk[32] = { 7 };

static uc_err find_psk(void *ctx, const struct pre_shared_key_id *id, struct secret *out)
{
	(void)ctx;
	return id->psktype == PSK_EXTERNAL ? secret_set(out, VIEW_OF(psk)) : UC_E_PSK;
}

static bool model_psk(void *ctx, const struct pre_shared_key_id *id, struct secret *out)
{
	const struct slow_epoch *e = ctx;
	if (id->psktype == PSK_RESUMPTION && id->psk_epoch == e->epoch) {
		*out = e->secret[SLOW_RESUMPTION];
		return true;
	}
	return !find_psk(NULL, id, out);
}

static const struct psk_finder finder = { .find = find_psk };
static const struct group_platform platform = { .env = &env, .psks = &finder };

/* Made once.  Tom writes, rosa reads; uma and vito are not in. */
static struct {
	struct arena mem;
	const struct suite *suite;
	struct view saved[2], server; /* rosa and the public group at rest */
	struct group *tom;
	struct slow_epoch epoch;
	struct sign_key rosa_key, tom_key, uma_key, vito_key;
	struct view part[KINDS]; /* what is changed */
	struct view info, tree;  /* of this epoch */
	struct view next_tree;   /* of the one that vito is welcomed to */
	struct view package;     /* vito's */
	struct key_package_secrets secrets;
	struct view joiner_secret;
} good;

static struct leaf_parameters parameters(const struct sign_key *key, const char *name)
{
	static uint16_t version = 1, suite = SUITE_X25519_AES128, credential = CREDENTIAL_BASIC;
	static uint16_t extensions[] = { EXTENSION_APP_DATA_DICTIONARY };
	static uint16_t proposals[] = { PROPOSAL_APP_DATA_UPDATE, PROPOSAL_APP_EPHEMERAL,
					PROPOSAL_SELF_REMOVE };
	return (struct leaf_parameters){
		.signature_key = key,
		.credential = { .credential_type = CREDENTIAL_BASIC, .identity = view_str(name) },
		.capabilities = { .versions = { &version, 1 },
				  .cipher_suites = { &suite, 1 },
				  .extensions = { extensions, 1 },
				  .proposals = { proposals, 3 },
				  .credentials = { &credential, 1 } },
	};
}

static struct proposal add_of(const struct sign_key *key, const char *name, struct view *package,
			      struct key_package_secrets *secrets)
{
	const struct leaf_parameters leaf = parameters(key, name);
	struct proposal add = { .proposal_type = PROPOSAL_ADD };
	must(key_package_make(good.suite, &env, &leaf, 3600, NULL, &good.mem, package, secrets));
	must(wire_decode(*package, &good.mem, key_package_element, &add.key_package));
	return add;
}

static void save(uc_err (*part)(const struct group *g, struct buf *out), const struct group *g,
		 struct view *out)
{
	struct buf b;
	buf_init(&b, WIRE_OBJECT_MAX);
	must(part(g, &b));
	must(arena_copy(&good.mem, buf_view(&b), out));
	buf_done(&b);
}

static void commit_part(const struct made_commit *made, struct view *out)
{
	struct mls_message m = { 0 };
	must(wire_decode(made->commit, &good.mem, mls_message_element, &m));
	must(wire_encode_to(&good.mem, commit_element, &m.public_message.content.commit, out));
}

/* What is changed: a commit with some of each, one from outside, a Remove, a KeyPackage, and what
 * vito would be welcomed with. */
static void make_parts(struct group *rosa)
{
	struct view package;
	struct key_package_secrets secrets;
	struct made_commit made;
	struct group *joining = NULL;
	struct view commit, info;
	const struct proposal v[] = {
		add_of(&good.uma_key, "uma", &package, &secrets),
		{ .proposal_type = PROPOSAL_PSK,
		  .psk = { .psktype = PSK_EXTERNAL,
			   .psk_id = VIEW_LIT("p"),
			   .psk_nonce = { psk, sizeof psk } } },
		{ .proposal_type = PROPOSAL_APP_DATA_UPDATE,
		  .app_data_update = { 0xf000, APP_DATA_UPDATE, VIEW_LIT("data") } },
	};
	const struct commit_options o = { .proposals = v, .proposal_count = 3 };
	must(group_commit(good.tom, &o, &good.mem, &made));
	commit_part(&made, &good.part[COMMIT]);
	group_pending_drop(good.tom);
	const struct leaf_parameters uma = parameters(&good.uma_key, "uma");
	const struct external_join how = { .group_info = good.info,
					   .ratchet_tree = good.tree,
					   .leaf = &uma };
	must(group_join_external(&platform, &how, &good.mem, &commit, &info, &joining));
	group_free(joining);
	commit_part(&(struct made_commit){ .commit = commit }, &good.part[EXTERNAL]);
	const struct proposal remove = { .proposal_type = PROPOSAL_REMOVE };
	must(wire_encode_to(&good.mem, proposal_element, &remove, &good.part[PROPOSAL]));
	good.part[KEY_PACKAGE] = package;
	good.part[INFO] = good.info;
	good.part[TREE] = good.tree;
	const struct proposal vito = add_of(&good.vito_key, "vito", &good.package, &good.secrets);
	const struct commit_options add = { .proposals = &vito, .proposal_count = 1 };
	must(group_commit(rosa, &add, &good.mem, &made));
	group_pending_drop(rosa);
	good.part[WELCOME_INFO] = made.group_info;
	good.next_tree = made.ratchet_tree;
	good.joiner_secret = VIEW_OF(psk);
	const struct group_secrets to = { .joiner_secret = good.joiner_secret };
	must(wire_encode_to(&good.mem, group_secrets_element, &to, &good.part[WELCOME_SECRETS]));
}

static void make_good(void)
{
	struct arena *a = &good.mem;
	struct group *rosa = NULL;
	struct public_group *server = NULL;
	struct key_package_secrets secrets;
	struct made_commit made;
	struct received r;
	struct view package;
	struct buf b;
	arena_init(a, (size_t)64 << 20, ARENA_PLAIN);
	good.suite = suite_find(SUITE_X25519_AES128);
	struct sign_key *keys[] = { &good.rosa_key, &good.tom_key, &good.uma_key, &good.vito_key };
	for (size_t i = 0; i < 4; i++)
		must(sign_key_generate(good.suite, &env, keys[i]));
	const struct leaf_parameters leaf = parameters(&good.rosa_key, "rosa");
	static const struct extension_list none = { NULL, 0 };
	must(group_create(&platform, good.suite, VIEW_LIT("room"), &leaf, &none, &rosa));
	struct sign_key others[3];
	static const char *const names[] = { "sid", "ted", "una" };
	struct proposal adds[4];
	for (size_t i = 0; i < 3; i++) {
		must(sign_key_generate(good.suite, &env, &others[i]));
		adds[i] = add_of(&others[i], names[i], &package, &secrets);
	}
	adds[3] = add_of(&good.tom_key, "tom", &package, &secrets);
	const struct commit_options o = { .proposals = adds,
					  .proposal_count = 4,
					  .force_path = true };
	must(group_commit(rosa, &o, a, &made));
	const struct welcome_input in = { made.welcome, made.ratchet_tree, package, &secrets };
	must(group_join(&platform, &in, &good.tom));
	must(group_pending_apply(rosa));
	const struct commit_options path = { .force_path = true };
	must(group_commit(good.tom, &path, a, &made));
	must(group_receive(rosa, made.commit, a, &r));
	must(group_staged_apply(rosa));
	must(group_pending_apply(good.tom));
	must(group_info_make(rosa, a, &good.info));
	must(group_ratchet_tree(rosa, a, &good.tree));
	must(public_group_new(&env, NULL, good.info, good.tree, &server));
	buf_init(&b, WIRE_OBJECT_MAX);
	must(public_group_save(server, &b));
	must(arena_copy(a, buf_view(&b), &good.server));
	buf_done(&b);
	public_group_free(server);
	fuzz_expect(!slow_begin(&good.epoch, rosa, a));
	make_parts(rosa);
	save(group_save_epoch, rosa, &good.saved[0]);
	save(group_save_ratchets, rosa, &good.saved[1]);
	group_free(rosa);
}

/* Four bytes each: where (16 bits), what, with what. */
static struct view changed(struct view from, struct view how, struct arena *a)
{
	uint8_t *p = arena_take(a, from.n + how.n + 1);
	size_t n = from.n;
	fuzz_expect(p && n);
	memcpy(p, from.p, n);
	for (; how.n >= 4 && n; how = view_slice(how, 4, SIZE_MAX)) {
		size_t at = ((size_t)how.p[0] << 8 | how.p[1]) % n;
		switch (how.p[2] & 3) {
		case 0:
			p[at] ^= how.p[3];
			break;
		case 1:
			p[at] = how.p[3];
			break;
		case 2:
			memmove(p + at, p + at + 1, n - at - 1);
			n--;
			break;
		default:
			memmove(p + at + 1, p + at, n - at);
			p[at] = how.p[3];
			n++;
		}
	}
	return view_make(p, n);
}

static struct group *rosa_again(void)
{
	struct group *g = NULL;
	must(group_load(&platform, good.saved[0], good.saved[1], &g));
	return g;
}

/* --- handshakes --- */

struct shake {
	struct authenticated_content auth;
	uint8_t tag[HASH_MAX];
	struct slow_epoch next;
	struct slow_change change;
	const char *wrong; /* with it, as the model sees it */
};

static void sign(struct shake *s, const struct sign_key *key, struct arena *a)
{
	struct framed_content_tbs tbs = { .version = MLS10,
					  .wire_format = s->auth.wire_format,
					  .content = &s->auth.content,
					  .context = good.epoch.context };
	struct view bytes;
	must(wire_encode_to(a, framed_content_tbs_element, &tbs, &bytes));
	must(sign_with_label(good.suite, key, &env, "FramedContentTBS", bytes, a,
			     &s->auth.auth.signature));
}

/* The confirmation_tag follows from what the commit leads to. */
static void confirm(struct shake *s, const struct group *rosa, struct arena *a)
{
	const struct group *readers[1] = { rosa };
	struct slow_epoch old = good.epoch;
	const struct slow_commit how = { .content = &s->auth,
					 .readers = readers,
					 .readers_n = 1,
					 .psk = model_psk,
					 .psk_ctx = &old };
	old.arena = old.tree.arena = a;
	s->auth.auth.confirmation_tag = view_make(s->tag, good.suite->nh);
	s->wrong = slow_next(&old, &how, &s->next, &s->change);
	if (!s->wrong || !s->next.secret[SLOW_CONFIRM].n || !s->next.confirmed.n)
		return;
	must(suite_mac(good.suite, secret_view(&s->next.secret[SLOW_CONFIRM]), s->next.confirmed,
		       s->tag));
	s->wrong = slow_next(&old, &how, &s->next, &s->change);
}

static struct view public_of(struct shake *s, struct arena *a)
{
	struct framed_content_tbs tbs = { .version = MLS10,
					  .wire_format = MLS_PUBLIC_MESSAGE,
					  .content = &s->auth.content,
					  .context = good.epoch.context };
	const struct authenticated_content_tbm tbm = { tbs, &s->auth.auth };
	struct public_message m = { s->auth.content, s->auth.auth, { NULL, 0 } };
	struct view bytes, out;
	uint8_t *tag = arena_take(a, HASH_MAX);
	must(wire_encode_to(a, authenticated_content_tbm_element, &tbm, &bytes));
	fuzz_expect(tag);
	must(suite_mac(good.suite, secret_view(&good.epoch.secret[SLOW_MEMBERSHIP]), bytes, tag));
	m.membership_tag = view_make(tag, good.suite->nh);
	must(public_message_encode(&m, a, &out));
	return out;
}

/* The first generation of tom's handshake ratchet, again and again: rosa is always as she was. */
static struct view private_of(struct shake *s, struct arena *a)
{
	struct mls_message m = { .version = MLS10, .wire_format = MLS_PRIVATE_MESSAGE };
	struct view out = { NULL, 0 };
	/* Its own copy of the keys, which are used up by sealing. */
	struct group *copy = NULL;
	struct buf epoch, rest;
	buf_init(&epoch, WIRE_OBJECT_MAX);
	buf_init(&rest, WIRE_OBJECT_MAX);
	must(group_save_epoch(good.tom, &epoch));
	must(group_save_ratchets(good.tom, &rest));
	must(group_load(&platform, buf_view(&epoch), buf_view(&rest), &copy));
	struct framing_epoch f = epoch_framing(copy->now);
	uc_err err = framing_protect_private(&f, &env, &s->auth, 0, a, &m.private_message);
	if (!err)
		must(wire_encode_to(a, mls_message_element, &m, &out));
	group_free(copy);
	buf_done(&epoch);
	buf_done(&rest);
	return out;
}

static void server_reads(struct view message, const struct shake *s)
{
	struct public_group *p = NULL;
	struct public_received got;
	struct buf before, after;
	struct arena a;
	arena_init(&a, (size_t)64 << 20, ARENA_PLAIN);
	buf_init(&before, WIRE_OBJECT_MAX);
	buf_init(&after, WIRE_OBJECT_MAX);
	must(public_group_load(&env, NULL, good.server, &p));
	must(public_group_save(p, &before));
	uc_err err = public_group_receive(p, message, &a, &got);
	if (err) {
		must(public_group_save(p, &after));
		fuzz_expect(view_equal(buf_view(&before), buf_view(&after)));
	} else if (got.kind == PUBLIC_COMMIT) {
		must(public_group_apply(p));
		const struct group_view v = public_group_now(p);
		if (!s->wrong)
			fuzz_expect(!slow_compare_public(&s->next, &v));
	}
	public_group_free(p);
	buf_done(&before);
	buf_done(&after);
	arena_done(&a);
}

static void read_by_all(struct shake *s, struct group *rosa, struct view message, struct arena *a)
{
	struct received got;
	struct view before, after;
	struct buf b;
	if (!message.n)
		return;
	buf_init(&b, WIRE_OBJECT_MAX);
	must(group_save_epoch(rosa, &b));
	must(group_save_ratchets(rosa, &b));
	must(arena_copy(a, buf_view(&b), &before));
	uc_err err = group_receive(rosa, message, a, &got);
	if (!err && got.kind == RECEIVED_COMMIT) {
		fuzz_expect(got.removes_us || !s->wrong);
		must(group_staged_apply(rosa));
		if (!got.removes_us)
			fuzz_expect(!slow_compare(&s->next, rosa));
	} else if (err) {
		buf_reset(&b);
		must(group_save_epoch(rosa, &b));
		must(group_save_ratchets(rosa, &b));
		must(arena_copy(a, buf_view(&b), &after));
		fuzz_expect(view_equal(before, after));
	}
	buf_done(&b);
	if (s->auth.wire_format == MLS_PUBLIC_MESSAGE)
		server_reads(message, s);
}

static void fuzz_shake(enum kind kind, uint8_t flags, struct view body, struct arena *a)
{
	struct shake s = { .auth = { .wire_format = MLS_PUBLIC_MESSAGE } };
	struct framed_content *c = &s.auth.content;
	const struct sign_key *key = kind == EXTERNAL ? &good.uma_key : &good.tom_key;
	uint32_t leaf = group_own_leaf(good.tom);
	bool commits = kind == COMMIT || kind == EXTERNAL;
	c->group_id = good.epoch.group_id;
	c->epoch = good.epoch.epoch;
	c->sender = (struct sender){ .sender_type = SENDER_MEMBER, .leaf_index = leaf };
	c->content_type = commits ? CONTENT_COMMIT : CONTENT_PROPOSAL;
	if (kind == EXTERNAL)
		c->sender = (struct sender){ .sender_type = SENDER_NEW_MEMBER_COMMIT };
	if (kind == KEY_PACKAGE) {
		c->proposal.proposal_type = PROPOSAL_ADD;
		if (wire_decode(body, a, key_package_element, &c->proposal.key_package))
			return;
		struct key_package *k = &c->proposal.key_package;
		struct view tbs;
		if (flags & SIGN_LEAF)
			must(leaf_node_sign(good.suite, &env, &good.uma_key, &k->leaf_node,
					    (struct view){ NULL, 0 }, 0, a));
		must(wire_encode_to(a, key_package_tbs_element, k, &tbs));
		must(sign_with_label(good.suite, &good.uma_key, &env, "KeyPackageTBS", tbs, a,
				     &k->signature));
	} else if (commits ? wire_decode(body, a, commit_element, &c->commit)
			   : wire_decode(body, a, proposal_element, &c->proposal)) {
		return;
	}
	if (commits && c->commit.path && flags & SIGN_LEAF)
		must(leaf_node_sign(good.suite, &env, key, &c->commit.path->leaf_node, c->group_id,
				    kind == EXTERNAL ? good.epoch.tree.leaves : leaf, a));
	if (flags & PRIVATE && kind != EXTERNAL)
		s.auth.wire_format = MLS_PRIVATE_MESSAGE;
	sign(&s, key, a);
	struct group *rosa = rosa_again();
	if (commits)
		confirm(&s, rosa, a);
	read_by_all(&s, rosa,
		    s.auth.wire_format == MLS_PRIVATE_MESSAGE ? private_of(&s, a)
							      : public_of(&s, a),
		    a);
	group_free(rosa);
}

/* --- what is joined with --- */

static struct view signed_info(struct group_info *info, struct arena *a)
{
	struct view tbs, out;
	must(wire_encode_to(a, group_info_tbs_element, info, &tbs));
	must(sign_with_label(good.suite, &good.rosa_key, &env, "GroupInfoTBS", tbs, a,
			     &info->signature));
	must(wire_encode_to(a, group_info_element, info, &out));
	return out;
}

/* The tree hash of what cannot be a tree is any. */
static struct view hash_of(struct view tree, struct slow_tree *t, struct arena *a)
{
	static const uint8_t none[32];
	if (!slow_read(t, good.suite, a, tree) || !t->leaves)
		return VIEW_OF(none);
	return slow_hash(t);
}

static void fuzz_info(enum kind kind, uint8_t flags, struct view body, struct arena *a)
{
	struct group_info info;
	struct slow_tree t = { .leaves = 0 };
	struct view tree = kind == TREE ? body : good.tree, commit, out;
	struct public_group *p = NULL;
	struct group *g = NULL;
	if (wire_decode(kind == INFO ? body : good.info, a, group_info_element, &info))
		return;
	struct view hash = hash_of(tree, &t, a);
	if (!(flags & OLD_TREE))
		info.group_context.tree_hash = hash;
	const struct leaf_parameters uma = parameters(&good.uma_key, "uma");
	const struct external_join how = { .group_info = signed_info(&info, a),
					   .ratchet_tree = tree,
					   .leaf = &uma };
	if (!public_group_new(&env, NULL, how.group_info, tree, &p)) {
		fuzz_expect(slow_is_sound(&t) && slow_parent_hashes_hold(&t));
		fuzz_expect(view_equal(slow_write(&t), tree));
	}
	public_group_free(p);
	if (!group_join_external(&platform, &how, a, &commit, &out, &g))
		fuzz_expect(slow_is_sound(&t) && slow_parent_hashes_hold(&t));
	group_free(g);
}

static void fuzz_welcome(enum kind kind, struct view body, struct arena *a)
{
	const struct suite *s = good.suite;
	struct group_info info;
	struct group_secrets to;
	struct view plain = kind == WELCOME_SECRETS ? body : good.part[WELCOME_SECRETS], context,
		    encoded;
	struct epoch_secrets e = { 0 };
	struct secret psk_secret = { .n = s->nh }, welcome = { .n = 0 }, key, nonce;
	uint8_t tag[HASH_MAX], ref[HASH_MAX];
	struct encrypted_group_secrets ours;
	struct slow_epoch model;
	struct group *g = NULL;
	if (wire_decode(kind == WELCOME_INFO ? body : good.part[WELCOME_INFO], a,
			group_info_element, &info) ||
	    wire_decode(plain, a, group_secrets_element, &to))
		return;
	if (group_psk_secret(NULL, &platform, s, &to.psks, a, &psk_secret))
		psk_secret = (struct secret){ .n = s->nh };
	must(wire_encode_to(a, group_context_element, &info.group_context, &context));
	must(epoch_secrets_from_joiner(s, to.joiner_secret, secret_view(&psk_secret), context, &e));
	must(confirmation_tag_make(s, &e, info.group_context.confirmed_transcript_hash, tag));
	info.confirmation_tag = view_make(tag, s->nh);
	struct view sealed_info = signed_info(&info, a);
	uint8_t *sealed = arena_take(a, sealed_info.n + AEAD_TAG);
	fuzz_expect(sealed);
	must(welcome_secret_derive(s, to.joiner_secret, secret_view(&psk_secret), &welcome));
	must(welcome_key_derive(s, secret_view(&welcome), &key, &nonce));
	must(suite_seal(s, secret_view(&key), secret_view(&nonce), (struct view){ NULL, 0 },
			sealed_info, sealed));
	struct welcome w = { .cipher_suite = s->id, .secrets = { &ours, 1 } };
	w.encrypted_group_info = view_make(sealed, sealed_info.n + AEAD_TAG);
	must(key_package_ref(s, good.package, ref));
	ours.new_member = view_make(ref, s->nh);
	must(encrypt_with_label(s, &env, kem_public(&good.secrets.init_key), "Welcome",
				w.encrypted_group_info, plain, a,
				&ours.encrypted_group_secrets.kem_output,
				&ours.encrypted_group_secrets.ciphertext));
	must(wire_encode_to(a, welcome_element, &w, &encoded));
	const struct welcome_input in = { encoded, good.next_tree, good.package, &good.secrets };
	if (!group_join(&platform, &in, &g))
		fuzz_expect(!slow_begin(&model, g, a));
	group_free(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena a;
	if (n < 2 || n > INPUT_MAX) /* the model is slow */
		return 0;
	if (!good.mem.limit_bytes)
		make_good();
	dice = 7;
	enum kind kind = data[0] % KINDS;
	uint8_t flags = data[1];
	struct view in = { data + 2, n - 2 };
	arena_init(&a, (size_t)256 << 20, ARENA_PLAIN);
	struct view body = flags & RAW ? in : changed(good.part[kind], in, &a);
	if (kind <= KEY_PACKAGE)
		fuzz_shake(kind, flags, body, &a);
	else if (kind <= TREE)
		fuzz_info(kind, flags, body, &a);
	else
		fuzz_welcome(kind, body, &a);
	arena_done(&a);
	return 0;
}
