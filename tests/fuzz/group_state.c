/* SPDX-License-Identifier: Apache-2.0 */
/* Groups from bytes that nobody vouches for: stored states, members' and public ones (whole and in
 * parts), and the GroupInfo and tree of another.  The first byte says which; the rest is the bytes themselves, or
 * changes made to good ones (offset, operation, value), which get further.  What loads is used. */
#include "tests/fuzz/pair.h"

#include "mls/group.h"
#include "mls/public_group.h"

enum {
	RAW = 1,     /* the input itself instead of changes */
	APPLY = 128, /* the pending commit, where there is one */
	EPOCH = 0,
	RATCHETS,
	PUBLIC,
	INFO,
	TREE,
	PARTS, /* of the public group: uint8 kind; uint32 number; opaque bytes<V>; one after the other */
	KINDS,
};

/* What is good, made once: a member's group with past epochs, a proposal and a pending commit, and
 * what others make of it. */
static struct {
	struct arena mem;
	struct view part[KINDS];
	struct view message, commit; /* of another member, for this epoch */
} good;

static void save(uc_err (*part)(const struct group *g, struct buf *out), const struct group *g,
		 struct view *out)
{
	struct buf b;
	buf_init(&b, WIRE_OBJECT_MAX);
	must(part(g, &b));
	must(arena_copy(&good.mem, buf_view(&b), out));
	buf_done(&b);
}

static void wire_part(struct wire *w, struct public_part *part)
{
	uint8_t kind = (uint8_t)part->kind;
	wire_u8(w, &kind);
	part->kind = (enum public_part_kind)kind;
	wire_u32(w, &part->number);
	wire_bytes(w, &part->bytes);
}

static uc_err put_part(void *ctx, const struct public_part *part)
{
	struct public_part copy = *part;
	struct wire w;
	wire_writer(&w, ctx);
	wire_part(&w, &copy);
	return wire_finish(&w);
}

static uc_err next_part(void *ctx, struct public_part *part, bool *end)
{
	struct wire *w = ctx;
	*end = w->p == w->end;
	if (!*end)
		wire_part(w, part);
	return w->failed;
}

/* What was loaded is stored, and there is nothing to be stored then. */
static uc_err load_parts(struct view parts, struct public_group **out)
{
	struct wire w;
	struct buf again;
	wire_reader(&w, parts, NULL);
	uc_err err = public_group_load_parts(&platform, next_part, &w, out);
	if (err)
		return err;
	buf_init(&again, WIRE_OBJECT_MAX);
	fuzz_expect(!public_group_save_parts(*out, put_part, &again));
	fuzz_expect(again.n && again.p[0] == PUBLIC_PART_BASE && again.n < 2048);
	buf_done(&again);
	return UC_OK;
}

static void make_good(void)
{
	const struct suite *s = suite_find(SUITE_X25519_AES128);
	const struct extension_list none = { NULL, 0 };
	struct group *rosa = NULL;
	struct public_group *p = NULL;
	struct public_received seen;
	struct sign_key key;
	struct made_commit made;
	struct view message;
	struct received r;
	struct buf b;
	arena_init(&good.mem, (size_t)64 << 20, ARENA_PLAIN);
	struct arena *a = &good.mem;
	must(sign_key_generate(s, &env, &key));
	const struct leaf_parameters leaf = parameters(&key, VIEW_LIT("rosa"));
	must(group_create(&platform, s, VIEW_LIT("room"), &leaf, &none, &rosa));
	struct group *tom = second_member(rosa, s, a);
	next_epoch(tom, rosa, a);
	next_epoch(rosa, tom, a);
	must(group_info_make(rosa, a, &good.part[INFO]));
	must(group_ratchet_tree(rosa, a, &good.part[TREE]));
	must(public_group_new(&env, NULL, good.part[INFO], good.part[TREE], &p));
	must(group_propose_update(tom, a, &message));
	must(group_receive(rosa, message, a, &r));
	must(public_group_receive(p, message, a, &seen));
	must(group_encrypt(tom, VIEW_LIT("aad"), VIEW_LIT("lost"), 0, a, &message));
	must(group_encrypt(tom, VIEW_LIT("aad"), VIEW_LIT("hello"), 0, a, &good.message));
	must(group_receive(rosa, good.message, a, &r));
	must(group_encrypt(tom, VIEW_LIT("aad"), VIEW_LIT("again"), 0, a, &good.message));
	/* A new signature key waits with it. */
	struct sign_key fresh;
	must(sign_key_generate(s, &env, &fresh));
	const struct leaf_parameters renewed = parameters(&fresh, VIEW_LIT("rosa"));
	const struct commit_options renewal = { .leaf = &renewed };
	must(group_commit(rosa, &renewal, a, &made));
	const struct commit_options alone = { .force_path = true, .without_stored = true };
	must(group_commit(tom, &alone, a, &made));
	good.commit = made.commit;
	save(group_save_epoch, rosa, &good.part[EPOCH]);
	save(group_save_ratchets, rosa, &good.part[RATCHETS]);
	buf_init(&b, WIRE_OBJECT_MAX);
	must(public_group_save(p, &b));
	must(arena_copy(a, buf_view(&b), &good.part[PUBLIC]));
	buf_reset(&b);
	must(public_group_save_parts(p, put_part, &b));
	must(arena_copy(a, buf_view(&b), &good.part[PARTS]));
	buf_done(&b);
	public_group_free(p);
	group_free(rosa);
	group_free(tom);
}

static void use_public(struct public_group *p, struct arena *a)
{
	struct public_received seen;
	struct buf b;
	buf_init(&b, WIRE_OBJECT_MAX);
	fuzz_expect(!public_group_save(p, &b));
	if (!public_group_receive(p, good.commit, a, &seen))
		fuzz_expect(!public_group_apply(p));
	buf_reset(&b);
	fuzz_expect(!public_group_ratchet_tree(p, &b));
	buf_done(&b);
	public_group_free(p);
}

static void use_member(struct group *g, bool apply, struct arena *a)
{
	const struct commit_options path = { .force_path = true };
	struct received r;
	struct made_commit made;
	struct view out;
	uint8_t exported[16];
	struct buf b;
	buf_init(&b, WIRE_OBJECT_MAX);
	fuzz_expect(!group_save_epoch(g, &b) && !group_save_ratchets(g, &b));
	buf_done(&b);
	(void)!group_receive(g, good.message, a, &r);
	(void)!group_encrypt(g, VIEW_LIT("aad"), VIEW_LIT("hello"), 64, a, &out);
	(void)!group_export(g, "label", VIEW_LIT(""), exported, sizeof exported);
	(void)!group_info_make(g, a, &out);
	if (!group_receive(g, good.commit, a, &r) && r.kind == RECEIVED_COMMIT)
		(void)!group_staged_apply(g);
	if (apply)
		(void)!group_pending_apply(g);
	group_pending_drop(g);
	if (!group_commit(g, &path, a, &made))
		(void)!group_pending_apply(g);
	group_free(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct view part[KINDS];
	struct group *g = NULL;
	struct public_group *p = NULL;
	struct arena a;
	if (!n)
		return 0;
	if (!good.mem.limit_bytes)
		make_good();
	dice = 7;
	memcpy(part, good.part, sizeof part);
	arena_init(&a, (size_t)64 << 20, ARENA_PLAIN);
	unsigned kind = (data[0] >> 1 & 63) % KINDS;
	struct view in = { data + 1, n - 1 };
	part[kind] = data[0] & RAW ? in : changed(part[kind], in, &a);
	if (kind == PUBLIC) {
		if (!public_group_load(&env, NULL, part[PUBLIC], &p))
			use_public(p, &a);
	} else if (kind == PARTS) {
		if (!load_parts(part[PARTS], &p))
			use_public(p, &a);
	} else if (kind == INFO || kind == TREE) {
		if (!public_group_new(&env, NULL, part[INFO], part[TREE], &p))
			use_public(p, &a);
	} else if (!group_load(&platform, part[EPOCH], part[RATCHETS], &g)) {
		use_member(g, data[0] & APPLY, &a);
	}
	arena_done(&a);
	return 0;
}
