/* SPDX-License-Identifier: Apache-2.0 */
/* Journals of groups from bytes that nobody vouches for.  The first byte says what is bent: journal
 * or root as they lie there; the records of the snapshot or of a later transaction, which are then
 * sealed as they should be; the member record inside.  The rest is changes (offset, operation,
 * value).  What opens is used, written on and opened again as it was. */
#include "tests/fuzz/pair.h"

#include "mls/group_journal_inside.h"

enum { JOURNAL, ROOT, SNAPSHOT, LATER, MEMBER, KINDS };

/* A life with everything in it: its journal, the bodies of the transactions, and the plaintext of
 * the snapshot's member record. */
static struct {
	struct arena mem;
	struct view journal, root;
	struct view first, later, member; /* bodies of two transactions; a part's plaintext */
	struct view message, commit;      /* of another member */
	struct journal_keys keys;         /* before the first transaction */
} good;

static struct view kept(struct buf *b)
{
	struct view out;
	must(arena_copy(&good.mem, buf_view(b), &out));
	buf_done(b);
	return out;
}

/* The bodies, as one who has the root reads them. */
static void take_apart(void)
{
	struct journal_record r = { .type = 0 };
	struct view rest = view_slice(good.journal, JOURNAL_HEAD, SIZE_MAX);
	struct journal_keys k;
	struct wire w;
	size_t taken;
	must(journal_root_read(&k, NULL, good.root));
	good.keys = k;
	must(journal_next(&k, rest, &good.mem, &good.first, &taken));
	rest = view_slice(rest, taken, SIZE_MAX);
	must(journal_next(&k, rest, &good.mem, &good.later, &taken));
	fuzz_expect(taken && taken == rest.n);
	wire_reader(&w, good.first, NULL);
	wire_journal_record(&w, &r);
	fuzz_expect(!w.failed && r.type == JOURNAL_MEMBER);
	must(journal_part_open(&good.keys, 1, &good.keys.member_key, 0, r.bytes, &good.mem,
			       &good.member));
	good.first = view_make(w.p, (size_t)(w.end - w.p)); /* without it */
}

static void make_good(void)
{
	const struct suite *s = suite_find(SUITE_X25519_AES128);
	const struct extension_list none = { NULL, 0 };
	struct group *rosa = NULL;
	struct sign_key key;
	struct made_commit made;
	struct view message;
	struct received r;
	struct buf journal, root;
	arena_init(&good.mem, (size_t)64 << 20, ARENA_PLAIN);
	struct arena *a = &good.mem;
	must(sign_key_generate(s, &env, &key));
	const struct leaf_parameters leaf = parameters(&key, VIEW_LIT("rosa"));
	must(group_create(&platform, s, VIEW_LIT("room"), &leaf, &none, &rosa));
	struct group *tom = second_member(rosa, s, a);
	next_epoch(tom, rosa, a);
	next_epoch(rosa, tom, a);
	must(group_propose_update(rosa, a, &message));
	const struct commit_options alone = { .force_path = true, .without_stored = true };
	must(group_commit(rosa, &alone, a, &made));
	buf_init_secret(&journal, WIRE_OBJECT_MAX);
	buf_init_secret(&root, WIRE_OBJECT_MAX);
	must(group_journal_snapshot(rosa, &journal, &root));
	must(group_encrypt(tom, VIEW_LIT("aad"), VIEW_LIT("lost"), 0, a, &message));
	must(group_encrypt(tom, VIEW_LIT("aad"), VIEW_LIT("hello"), 0, a, &message));
	must(group_receive(rosa, message, a, &r));
	must(group_propose_update(tom, a, &message));
	must(group_receive(rosa, message, a, &r));
	must(group_encrypt(tom, VIEW_LIT("aad"), VIEW_LIT("again"), 0, a, &good.message));
	must(group_journal_take(rosa, &journal, &root));
	must(group_commit(tom, &alone, a, &made));
	good.commit = made.commit;
	good.journal = kept(&journal);
	good.root = kept(&root);
	take_apart();
	group_free(rosa);
	group_free(tom);
}

/* Both transactions again, from these parts. */
static void put_together(struct view member, struct view first, struct view later, struct buf *out)
{
	struct journal_keys k = good.keys;
	struct buf body, part;
	struct wire w;
	buf_init(&body, WIRE_OBJECT_MAX);
	buf_init(&part, WIRE_OBJECT_MAX);
	must(journal_head_write(&k, out));
	must(journal_part_seal(&k, &env, &k.member_key, 0, member, &part));
	struct journal_record r = { .type = JOURNAL_MEMBER, .bytes = buf_view(&part) };
	wire_writer(&w, &body);
	wire_journal_record(&w, &r);
	must(wire_finish(&w));
	buf_add_view(&body, first);
	must(journal_add(&k, &env, buf_view(&body), out));
	must(journal_add(&k, &env, later, out));
	buf_done(&body);
	buf_done(&part);
}

static void saved(const struct group *g, struct buf *out)
{
	buf_init(out, WIRE_OBJECT_MAX);
	fuzz_expect(!group_save_epoch(g, out) && !group_save_ratchets(g, out));
}

/* Written on and opened again, it is the same. */
static void goes_on(struct group *g, struct view root, struct view journal, struct arena *a)
{
	struct buf more, fresh, x, y;
	struct group *again = NULL;
	struct view out;
	size_t used;
	(void)!group_encrypt(g, VIEW_LIT("aad"), VIEW_LIT("hello"), 64, a, &out);
	buf_init(&more, WIRE_OBJECT_MAX);
	buf_init(&fresh, WIRE_OBJECT_MAX);
	buf_add_view(&more, journal);
	fuzz_expect(!group_journal_take(g, &more, &fresh));
	fuzz_expect(!group_journal_open(&platform, fresh.n ? buf_view(&fresh) : root,
					buf_view(&more), &used, &again));
	fuzz_expect(used == more.n);
	saved(g, &x);
	saved(again, &y);
	fuzz_expect(view_equal(buf_view(&x), buf_view(&y)));
	group_free(again);
	buf_done(&x);
	buf_done(&y);
	buf_done(&more);
	buf_done(&fresh);
}

static void use(struct group *g, struct arena *a)
{
	const struct commit_options path = { .force_path = true };
	struct received r;
	struct made_commit made;
	struct view out;
	(void)!group_receive(g, good.message, a, &r);
	(void)!group_info_make(g, a, &out);
	if (!group_receive(g, good.commit, a, &r) && r.kind == RECEIVED_COMMIT)
		(void)!group_staged_apply(g);
	(void)!group_pending_apply(g);
	group_pending_drop(g);
	if (!group_commit(g, &path, a, &made))
		(void)!group_pending_apply(g);
	group_free(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct group *g = NULL;
	struct arena a;
	struct buf made;
	size_t used;
	if (!n)
		return 0;
	if (!good.mem.limit_bytes)
		make_good();
	dice = 7;
	arena_init(&a, (size_t)64 << 20, ARENA_PLAIN);
	buf_init(&made, WIRE_OBJECT_MAX);
	struct view how = { data + 1, n - 1 }, root = good.root, journal = good.journal;
	struct view first = good.first, later = good.later, member = good.member;
	struct view *const parts[KINDS] = { &journal, &root, &first, &later, &member };
	unsigned kind = data[0] % KINDS;
	*parts[kind] = changed(*parts[kind], how, &a);
	if (kind >= SNAPSHOT) {
		put_together(member, first, later, &made);
		journal = buf_view(&made);
	}
	uc_err err = group_journal_open(&platform, root, journal, &used, &g);
	fuzz_expect(!err == (g != NULL));
	if (g) {
		goes_on(g, root, view_slice(journal, 0, used), &a);
		use(g, &a);
	}
	buf_done(&made);
	arena_done(&a);
	return 0;
}
