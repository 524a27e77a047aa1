/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/mls/life.h"

#include "tests/unit/heap_faulty.h"

enum { PEOPLE = 6 };

/* --- one step --- */

/* All that a failure may not change. */
struct before {
	struct view people[PEOPLE], server;
	bool pending[PEOPLE];
	size_t bytes[PEOPLE], server_bytes;
	size_t live;
};

static void look(struct life *l, struct before *b)
{
	*b = (struct before){ .live = heap_live() };
	for (size_t i = 0; i < PEOPLE; i++) {
		const struct person *p = &l->c.people[i];
		if (!p->g)
			continue;
		b->people[i] = person_saved(&l->c, p);
		b->pending[i] = group_has_pending(p->g);
		b->bytes[i] = group_memory_bytes(p->g);
	}
	if (l->c.server) {
		b->server = server_saved(&l->c);
		b->server_bytes = public_group_memory_bytes(l->c.server);
	}
}

static void expect_same(const struct before *a, const struct before *b)
{
	for (size_t i = 0; i < PEOPLE; i++) {
		expect_bytes(b->people[i], a->people[i]);
		expect(a->pending[i] == b->pending[i]);
	}
	expect_bytes(b->server, a->server);
}

/* Room for more may have been made; not again and again. */
static void expect_no_more(const struct before *a, const struct before *b)
{
	for (size_t i = 0; i < PEOPLE; i++)
		expect_eq(b->bytes[i], a->bytes[i]);
	expect_eq(b->server_bytes, a->server_bytes);
	expect_eq(b->live, a->live);
}

typedef uc_err step(struct life *l);

/* False: it succeeded. */
static bool fails(struct life *l, step *run, const char *name, size_t n)
{
	l->fault->arm(l, n);
	uc_err err = run(l);
	bool struck = l->fault->disarm(l, err);
	if (err ? !struck || !l->fault->is_told_as(err) : struck && !l->fault->may_be_borne)
		test_fail(__FILE__, __LINE__, "%s: failure %zu (%d) gave %s", name, n, struck,
			  uc_err_name(err));
	return err != UC_OK;
}

static void attempt_as(struct life *l, step *run, const char *name)
{
	struct before before, after, again;
	const int failures = test_failures();
	if (l->is_over)
		return;
	look(l, &before);
	for (size_t n = 1; test_failures() == failures; n++) {
		struct arena_mark mark = arena_mark(&l->c.mem);
		if (!fails(l, run, name, n))
			break;
		arena_reset(&l->c.mem, mark);
		look(l, &after);
		expect_same(&before, &after);
		arena_reset(&l->c.mem, mark);
		if (!fails(l, run, name, n))
			break;
		arena_reset(&l->c.mem, mark);
		look(l, &again);
		expect_same(&before, &again);
		expect_no_more(&after, &again);
		arena_reset(&l->c.mem, mark);
		l->failures += 2;
	}
	if (test_failures() != failures) {
		test_fail(__FILE__, __LINE__, "in %s", name);
		l->is_over = true;
	}
}
#define attempt(l, run) attempt_as((l), (run), #run)

/* --- the steps --- */

static uc_err create(struct life *l)
{
	struct extension_list none = { NULL, 0 };
	return group_create(&l->c.platform, l->c.suite, VIEW_LIT("a life"), &l->by->leaf, &none,
			    &l->by->g);
}

static uc_err follow(struct life *l)
{
	return public_group_new_on(&l->c.platform, l->message_info, l->message, &l->c.server);
}

static uc_err tell_state(struct life *l)
{
	struct view info, tree;
	TRY(group_info_make(l->by->g, &l->c.mem, &info));
	TRY(group_ratchet_tree(l->by->g, &l->c.mem, &tree));
	l->message_info = info;
	l->message = tree;
	return UC_OK;
}

static uc_err make_key_package(struct life *l)
{
	return key_package_make(l->c.suite, l->c.platform.env, &l->by->leaf, 3600, NULL, &l->c.mem,
				&l->by->key_package, &l->by->secrets);
}

static uc_err commit(struct life *l)
{
	return group_commit(l->by->g, &l->options, &l->c.mem, &l->made);
}

static uc_err pending_apply(struct life *l)
{
	return group_pending_apply(l->by->g);
}

static uc_err receive(struct life *l)
{
	return group_receive(l->by->g, l->message, &l->c.mem, &l->got);
}

static uc_err staged_apply(struct life *l)
{
	return group_staged_apply(l->by->g);
}

static uc_err server_receive(struct life *l)
{
	return public_group_receive(l->c.server, l->message, &l->c.mem, &l->public_got);
}

static uc_err server_apply(struct life *l)
{
	return public_group_apply(l->c.server);
}

static uc_err join(struct life *l)
{
	const struct welcome_input in = { l->made.welcome, l->made.ratchet_tree, l->by->key_package,
					  &l->by->secrets };
	return group_join(&l->c.platform, &in, &l->by->g);
}

static uc_err join_external(struct life *l)
{
	return group_join_external(&l->c.platform, &l->external, &l->c.mem, &l->made.commit,
				   &l->made.group_info, &l->by->g);
}

static uc_err encrypt(struct life *l)
{
	return group_encrypt(l->by->g, VIEW_LIT("aad"), VIEW_LIT("a word"), 64, &l->c.mem,
			     &l->message);
}

static uc_err propose(struct life *l)
{
	return group_propose(l->by->g, &l->proposal, VIEW_LIT(""), &l->c.mem, &l->message);
}

static uc_err propose_update(struct life *l)
{
	return group_propose_update(l->by->g, &l->c.mem, &l->message);
}

static uc_err export(struct life *l)
{
	return group_export(l->by->g, "life", VIEW_LIT("of"), l->exported, sizeof l->exported);
}

static uc_err save_and_copy(const struct life *l,
			    uc_err (*save)(const struct group *, struct buf *), struct arena *a,
			    struct view *out)
{
	struct buf b;
	buf_init_secret(&b, WIRE_OBJECT_MAX);
	uc_err err = save(l->by->g, &b);
	if (!err)
		err = arena_copy(a, buf_view(&b), out);
	buf_done(&b);
	return err;
}

static uc_err save(struct life *l)
{
	TRY(save_and_copy(l, group_save_epoch, &l->c.mem, &l->saved[0]));
	return save_and_copy(l, group_save_ratchets, &l->c.mem, &l->saved[1]);
}

static uc_err load(struct life *l)
{
	return group_load(&l->c.platform, l->saved[0], l->saved[1], &l->fresh);
}

typedef uc_err journal_it(struct group *g, struct buf *journal, struct buf *root);

/* A failure appends nothing.  A root takes the place of the one before. */
static uc_err append(struct life *l, journal_it *write)
{
	struct buf root;
	size_t n = l->journal.n;
	buf_init_secret(&root, WIRE_OBJECT_MAX);
	uc_err err = write(l->by->g, &l->journal, &root);
	if (err && (l->journal.n != n || root.n))
		err = UC_E_CORRUPT;
	if (!err && root.n) {
		buf_reset(&l->root);
		buf_add_view(&l->root, buf_view(&root));
	}
	buf_done(&root);
	return err;
}

static uc_err journal_begin(struct life *l)
{
	return append(l, group_journal_snapshot);
}

static uc_err journal_go_on(struct life *l)
{
	return append(l, group_journal_take);
}

static uc_err journal_open(struct life *l)
{
	size_t used;
	return group_journal_open(&l->c.platform, buf_view(&l->root), buf_view(&l->journal), &used,
				  &l->fresh);
}

enum { COMPONENT = 0x8765 };

static uc_err safe_export(struct life *l)
{
	return group_safe_export(l->by->g, COMPONENT, &l->component_secret);
}

static uc_err safe_encrypt(struct life *l)
{
	return group_safe_encrypt_to_all(l->by->g, COMPONENT, VIEW_LIT("label"), VIEW_LIT(""),
					 VIEW_LIT("to all"), &l->c.mem, &l->sealed);
}

static uc_err safe_decrypt(struct life *l)
{
	return group_safe_decrypt_to_all(l->by->g, COMPONENT, VIEW_LIT("label"), VIEW_LIT(""),
					 &l->sealed, &l->c.mem, &l->opened);
}

static uc_err branch(struct life *l)
{
	return group_branch(&l->c.platform, l->by->g, &l->succession, &l->c.mem, &l->made,
			    &l->fresh);
}

/* --- what several steps make --- */

static void by(struct life *l, size_t i)
{
	l->by = &l->c.people[i];
}

/* It cannot follow private handshakes. */
static void server_takes(struct life *l, struct view message, bool is_commit)
{
	if (!l->c.server)
		return;
	l->message = message;
	attempt(l, server_receive);
	if (is_commit)
		attempt(l, server_apply);
}

static void all_but_by_receive(struct life *l, struct view message)
{
	struct person *from = l->by;
	for (size_t i = 0; i < PEOPLE; i++) {
		if (!l->c.people[i].g || &l->c.people[i] == from)
			continue;
		by(l, i);
		l->message = message;
		attempt(l, receive);
		if (l->got.kind != RECEIVED_COMMIT)
			continue;
		bool removed = l->got.removes_us;
		attempt(l, staged_apply);
		if (removed)
			person_leave(l->by);
	}
	l->by = from;
	l->message = message;
}

static void commit_reaches_all(struct life *l)
{
	server_takes(l, l->made.commit, true);
	all_but_by_receive(l, l->made.commit);
	attempt(l, pending_apply);
}

static void commit_with(struct life *l, size_t i, struct commit_options o)
{
	by(l, i);
	l->options = o;
	attempt(l, commit);
	commit_reaches_all(l);
}

static void restart(struct life *l, size_t i)
{
	by(l, i);
	attempt(l, save);
	attempt(l, load);
	if (l->fresh) {
		group_free(l->by->g);
		l->by->g = l->fresh;
		l->fresh = NULL;
	}
}

/* Its journal: from the beginning, with what has happened since, and back. */
static void keep_journal(struct life *l, size_t i)
{
	by(l, i);
	buf_init_secret(&l->journal, WIRE_OBJECT_MAX);
	buf_init_secret(&l->root, WIRE_OBJECT_MAX);
	/* Room that they make for themselves is not what is looked for. */
	expect(buf_reserve(&l->journal, 1 << 16) && buf_reserve(&l->root, 1 << 12));
	attempt(l, journal_begin);
	attempt(l, encrypt);
	attempt(l, journal_go_on);
	attempt(l, journal_open);
	if (l->fresh) {
		struct view saved = person_saved(&l->c, l->by);
		group_free(l->by->g);
		l->by->g = l->fresh;
		l->fresh = NULL;
		expect_bytes(person_saved(&l->c, l->by), saved);
	}
	buf_done(&l->journal);
	buf_done(&l->root);
}

static void safe_things(struct life *l)
{
	by(l, 1);
	attempt(l, safe_export);
	attempt(l, safe_encrypt);
	by(l, 0);
	attempt(l, safe_decrypt);
	if (!l->is_over)
		expect_bytes(l->opened, VIEW_LIT("to all"));
}

static void branches(struct life *l)
{
	struct proposal add = { .proposal_type = PROPOSAL_ADD };
	by(l, 2);
	attempt(l, make_key_package);
	if (l->is_over)
		return;
	expect_ok(
		wire_decode(l->by->key_package, &l->c.mem, key_package_element, &add.key_package));
	by(l, 0);
	l->succession = (struct succession){ .leaf = &l->by->leaf,
					     .adds = &add,
					     .add_count = 1,
					     .group_id = VIEW_LIT("a branch"),
					     .force_path = true };
	attempt(l, branch);
	group_free(l->fresh);
	l->fresh = NULL;
}

static void words(struct life *l, size_t from, size_t to)
{
	struct view first;
	by(l, from);
	attempt(l, encrypt);
	if (l->is_over)
		return;
	first = l->message;
	attempt(l, encrypt);
	by(l, to);
	attempt(l, receive); /* the second is there first */
	l->message = first;
	attempt(l, receive);
	expect_bytes(l->got.application_data, VIEW_LIT("a word"));
}

static void agree(struct life *l)
{
	if (!l->is_over)
		club_agrees(&l->c);
}

static void add_three(struct life *l)
{
	struct proposal adds[3] = { { .proposal_type = PROPOSAL_ADD },
				    { .proposal_type = PROPOSAL_ADD },
				    { .proposal_type = PROPOSAL_ADD } };
	for (size_t i = 1; i <= 3; i++) {
		by(l, i);
		attempt(l, make_key_package);
		if (l->is_over)
			return;
		expect_ok(wire_decode(l->by->key_package, &l->c.mem, key_package_element,
				      &adds[i - 1].key_package));
	}
	commit_with(l, 0, (struct commit_options){ .proposals = adds, .proposal_count = 3 });
	for (size_t i = 1; i <= 3; i++) {
		by(l, i);
		attempt(l, join);
	}
	agree(l);
}

static void proposals_and_keys(struct life *l)
{
	struct proposal psk = psk_of(&l->c, l->c.known[0].id);
	by(l, 3);
	attempt(l, propose_update);
	server_takes(l, l->message, false);
	all_but_by_receive(l, l->message);
	by(l, 2);
	l->proposal = psk;
	attempt(l, propose);
	server_takes(l, l->message, false);
	all_but_by_receive(l, l->message);
	commit_with(l, 0, (struct commit_options){ .force_path = true });
	agree(l);
}

static void from_outside(struct life *l)
{
	by(l, 1);
	attempt(l, tell_state);
	by(l, 4);
	l->external = (struct external_join){ .group_info = l->message_info,
					      .ratchet_tree = l->message,
					      .leaf = &l->by->leaf };
	attempt(l, join_external);
	commit_reaches_all(l);
	agree(l);
}

void life_run(struct life *l)
{
	static const uint8_t known[] = "known to all";
	uint8_t hash[HASH_MAX];
	for (size_t i = 0; i < PEOPLE; i++)
		club_person(&l->c, i);
	/* What libraries keep per thread is there before anything is counted. */
	expect_ok(sha256(VIEW_LIT(""), hash));
	l->failures = 0;
	l->is_over = false;
	l->c.psk_count = 1;
	l->c.known[0].id = VIEW_OF(known);
	by(l, 0);
	attempt(l, create);
	attempt(l, tell_state);
	if (!l->c.wrapping.private_handshakes)
		attempt(l, follow);
	add_three(l);
	words(l, 2, 0);
	commit_with(l, 1, (struct commit_options){ .force_path = true });
	words(l, 0, 3);
	proposals_and_keys(l);
	if (l->is_over)
		return;
	const struct proposal remove = remove_of(&l->c.people[3]);
	commit_with(l, 1, (struct commit_options){ .proposals = &remove, .proposal_count = 1 });
	from_outside(l);
	words(l, 4, 1);
	attempt(l, export);
	restart(l, 4);
	words(l, 1, 4);
	keep_journal(l, 4);
	words(l, 4, 0);
	safe_things(l);
	branches(l);
	agree(l);
}
