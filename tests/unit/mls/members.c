/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/mls/members.h"

#define CLUB_BYTES ((size_t)512 << 20)

static uc_err find_psk(void *ctx, const struct pre_shared_key_id *id, struct secret *out)
{
	const struct club *c = ctx;
	for (size_t i = 0; id->psktype == PSK_EXTERNAL && i < c->psk_count; i++)
		if (view_equal(c->known[i].id, id->psk_id))
			return secret_set(out, VIEW_OF(c->known[i].key));
	return UC_E_PSK;
}

void club_begin(struct club *c, const struct suite *s)
{
	*c = (struct club){ .suite = s, .restarts = true };
	arena_init(&c->mem, CLUB_BYTES, ARENA_SECRET);
	c->psks = (struct psk_finder){ .ctx = c, .find = find_psk };
	c->platform = (struct group_platform){
		.env = test_env(), .hooks = &c->hooks, .psks = &c->psks, .wrapping = &c->wrapping
	};
}

void club_end(struct club *c)
{
	for (size_t i = 0; i < CLUB_MAX; i++)
		person_leave(&c->people[i]);
	public_group_free(c->server);
	c->server = NULL;
	shelf_clear(&c->shelf);
	arena_done(&c->mem);
}

struct person *club_person(struct club *c, size_t i)
{
	static uint16_t versions[] = { MLS10 }, suites[] = { 1, 2, 3, 4, 5, 6, 7 };
	static uint16_t extensions[] = { EXTENSION_APP_DATA_DICTIONARY };
	static uint16_t credentials[] = { CREDENTIAL_BASIC };
	static uint16_t proposals[] = { PROPOSAL_APP_DATA_UPDATE, PROPOSAL_APP_EPHEMERAL,
					PROPOSAL_SELF_REMOVE };
	struct person *p = &c->people[i];
	if (p->name[0])
		return p;
	snprintf(p->name, sizeof p->name, "person %zu", i);
	expect_ok(sign_key_generate(c->suite, test_env(), &p->key));
	p->leaf = (struct leaf_parameters){
		.signature_key = &p->key,
		.credential = { .credential_type = CREDENTIAL_BASIC,
				.identity = view_str(p->name) },
		.capabilities = { .versions = { versions, 1 },
				  .cipher_suites = { suites, sizeof suites / sizeof suites[0] },
				  .extensions = { extensions, 1 },
				  .proposals = { proposals, 3 },
				  .credentials = { credentials, 1 } },
	};
	return p;
}

static struct extension extension_of(struct club *c, uint16_t type, wire_element *walk,
				     const void *v)
{
	struct extension e = { .extension_type = type };
	expect_ok(wire_encode_to(&c->mem, walk, v, &e.extension_data));
	return e;
}

struct extension_list club_extensions(struct club *c, const struct sign_key *external_sender)
{
	static uint16_t types[] = { EXTENSION_APP_DATA_DICTIONARY };
	static uint16_t proposals[] = { PROPOSAL_APP_DATA_UPDATE, PROPOSAL_SELF_REMOVE };
	const struct required_capabilities required = { .extension_types = { types, 1 },
							.proposal_types = { proposals, 2 } };
	struct extension *v = ARENA_ARRAY(&c->mem, struct extension, 2);
	struct extension_list l = { v, 1 };
	v[0] = extension_of(c, EXTENSION_REQUIRED_CAPABILITIES, required_capabilities_element,
			    &required);
	if (external_sender) {
		struct external_sender sender = {
			.signature_key = sign_public(external_sender),
			.credential = { .credential_type = CREDENTIAL_BASIC,
					.identity = VIEW_LIT("hub") },
		};
		const struct external_sender_list senders = { &sender, 1 };
		v[l.n++] = extension_of(c, EXTENSION_EXTERNAL_SENDERS, external_sender_list_element,
					&senders);
	}
	return l;
}

void club_create(struct club *c, const struct extension_list *extensions)
{
	static const struct extension_list none = { NULL, 0 };
	struct person *p = club_person(c, 0);
	struct view info, tree;
	expect_ok(group_create(&c->platform, c->suite, VIEW_LIT("the club"), &p->leaf,
			       extensions ? extensions : &none, &p->g));
	expect_ok(group_info_make(p->g, &c->mem, &info));
	expect_ok(group_ratchet_tree(p->g, &c->mem, &tree));
	expect_ok(public_group_new(test_env(), &c->hooks, info, tree, &c->server));
	person_restart(c, p);
	server_restart(c);
	club_agrees(c);
}

void club_with(struct club *c, const struct suite *s, size_t n)
{
	struct proposal adds[CLUB_MAX];
	struct extension_list extensions;
	club_begin(c, s);
	extensions = club_extensions(c, NULL);
	club_create(c, &extensions);
	for (size_t i = 1; i < n; i++)
		adds[i - 1] = add_of(c, club_person(c, i));
	if (n > 1)
		club_commit_proposals(c, &c->people[0], adds, n - 1);
}

/* --- people --- */

void person_key_package(struct club *c, struct person *p)
{
	expect_ok(key_package_make(c->suite, test_env(), &p->leaf, 3600, NULL, &c->mem,
				   &p->key_package, &p->secrets));
}

void person_restart(struct club *c, struct person *p)
{
	struct buf epoch, ratchets;
	struct group *again = NULL;
	buf_init_secret(&epoch, WIRE_OBJECT_MAX);
	buf_init_secret(&ratchets, WIRE_OBJECT_MAX);
	expect_ok(group_save_epoch(p->g, &epoch));
	expect_ok(group_save_ratchets(p->g, &ratchets));
	expect_ok(group_load(&c->platform, buf_view(&epoch), buf_view(&ratchets), &again));
	buf_done(&epoch);
	buf_done(&ratchets);
	if (!again)
		return;
	group_free(p->g);
	p->g = again;
}

void person_keep(struct person *p)
{
	struct buf root;
	buf_init_secret(&root, WIRE_OBJECT_MAX);
	if (!p->journal.limit_bytes) {
		buf_init_secret(&p->journal, WIRE_OBJECT_MAX);
		buf_init_secret(&p->root, WIRE_OBJECT_MAX);
	}
	if (group_journal_wants_snapshot(p->g)) {
		buf_reset(&p->journal);
		expect_ok(group_journal_snapshot(p->g, &p->journal, &root));
	} else {
		expect_ok(group_journal_take(p->g, &p->journal, &root));
	}
	if (root.n) {
		buf_reset(&p->root);
		buf_add_view(&p->root, buf_view(&root));
	}
	buf_done(&root);
}

/* It comes back as it was, to the byte. */
static void journal_restart(struct club *c, struct person *p)
{
	struct group *again = NULL;
	size_t used = 0;
	struct arena_mark mark = arena_mark(&c->mem);
	struct view before = person_saved(c, p);
	person_keep(p);
	expect_ok(group_journal_open(&c->platform, buf_view(&p->root), buf_view(&p->journal), &used,
				     &again));
	expect_eq(used, p->journal.n);
	if (!again)
		return;
	group_free(p->g);
	p->g = again;
	group_journal_forget_after(p->g, 1 + (uint32_t)(p - c->people) / 2 % 4);
	expect_bytes(person_saved(c, p), before);
	arena_reset(&c->mem, mark);
}

static void restart(struct club *c, struct person *p)
{
	if (c->journals && (p - c->people) % 2 == 0)
		journal_restart(c, p);
	else if (c->restarts && !c->journals)
		person_restart(c, p);
}

/* By its parts, of which only what has changed is written; and whole, which says the same. */
void server_restart(struct club *c)
{
	struct public_group *again = NULL, *whole = NULL;
	struct view saved = server_saved(c);
	expect_ok(public_group_load(test_env(), &c->hooks, saved, &whole));
	shelf_put(&c->shelf, c->server);
	expect_ok(shelf_load(&c->shelf, &c->hooks, &again));
	if (again && whole) {
		public_group_free(c->server);
		c->server = again;
		expect_bytes(server_saved(c), saved);
		c->server = whole;
		expect_bytes(server_saved(c), saved);
		c->server = again;
		again = NULL;
	}
	public_group_free(again);
	public_group_free(whole);
}

void person_leave(struct person *p)
{
	if (p->journal.limit_bytes) {
		buf_done(&p->journal);
		buf_done(&p->root);
		p->journal.limit_bytes = 0;
	}
	group_free(p->g);
	p->g = NULL;
}

struct view person_saved(struct club *c, const struct person *p)
{
	struct buf b;
	struct view out = { NULL, 0 };
	buf_init_secret(&b, WIRE_OBJECT_MAX);
	expect_ok(group_save_epoch(p->g, &b));
	expect_ok(group_save_ratchets(p->g, &b));
	expect_ok(arena_copy(&c->mem, buf_view(&b), &out));
	buf_done(&b);
	return out;
}

struct view server_saved(struct club *c)
{
	struct buf b;
	struct view out = { NULL, 0 };
	buf_init(&b, WIRE_OBJECT_MAX);
	expect_ok(public_group_save(c->server, &b));
	expect_ok(arena_copy(&c->mem, buf_view(&b), &out));
	buf_done(&b);
	return out;
}

/* --- proposals --- */

struct proposal add_of(struct club *c, struct person *p)
{
	struct proposal add = { .proposal_type = PROPOSAL_ADD };
	person_key_package(c, p);
	expect_ok(wire_decode(p->key_package, &c->mem, key_package_element, &add.key_package));
	return add;
}

struct proposal remove_of(const struct person *p)
{
	return (struct proposal){ .proposal_type = PROPOSAL_REMOVE,
				  .removed = group_own_leaf(p->g) };
}

struct proposal psk_of(struct club *c, struct view id)
{
	uint8_t *nonce = arena_take(&c->mem, c->suite->nh);
	expect_ok(env_random(test_env(), nonce, c->suite->nh));
	return (struct proposal){ .proposal_type = PROPOSAL_PSK,
				  .psk = { .psktype = PSK_EXTERNAL,
					   .psk_id = id,
					   .psk_nonce = view_make(nonce, c->suite->nh) } };
}

/* --- steps --- */

static void server_takes(struct club *c, struct view message, enum public_kind kind)
{
	struct public_received got = { .kind = PUBLIC_PROPOSAL };
	if (c->wrapping.private_handshakes)
		return; /* it cannot follow */
	expect_ok(public_group_receive(c->server, message, &c->mem, &got));
	expect_eq(got.kind, kind);
	if (kind == PUBLIC_COMMIT)
		expect_ok(public_group_apply(c->server));
	if (c->restarts)
		server_restart(c);
}

/* What joiners from outside are given is what the committer has signed. */
static void server_keeps_info(struct club *c, struct view info)
{
	struct view kept = { NULL, 0 };
	expect_err(public_group_info(c->server, &c->mem, &kept), UC_E_NOT_FOUND);
	expect_ok(public_group_check_info(c->server, info));
	expect_ok(public_group_put_info(c->server, info));
	if (c->restarts)
		server_restart(c);
	expect_ok(public_group_info(c->server, &c->mem, &kept));
	expect_bytes(kept, info);
}

static void person_takes_commit(struct club *c, struct person *p, struct view message)
{
	struct received got = { .kind = RECEIVED_APPLICATION };
	expect_ok(group_receive(p->g, message, &c->mem, &got));
	expect_eq(got.kind, RECEIVED_COMMIT);
	expect_ok(group_staged_apply(p->g));
	expect_eq(group_is_removed(p->g), got.removes_us);
	restart(c, p);
	if (got.removes_us)
		person_leave(p);
}

/* Those whose KeyPackage the Welcome names become members. */
static void newcomers_join(struct club *c, const struct made_commit *made)
{
	for (size_t i = 0; made->welcome.n && i < CLUB_MAX; i++) {
		struct person *p = &c->people[i];
		struct welcome_input in = { made->welcome, made->ratchet_tree, p->key_package,
					    &p->secrets };
		if (p->g || !p->key_package.n)
			continue;
		uc_err err = group_join(&c->platform, &in, &p->g);
		if (err == UC_E_NOT_FOUND)
			continue;
		expect_ok(err);
		if (err)
			return;
		/* "The joiner deletes the init key", and the package is good once. */
		p->key_package = (struct view){ NULL, 0 };
		restart(c, p);
	}
}

void club_deliver(struct club *c, struct person *by, const struct made_commit *made)
{
	struct received got = { .kind = RECEIVED_APPLICATION };
	restart(c, by);
	server_takes(c, made->commit, PUBLIC_COMMIT);
	if (!c->wrapping.private_handshakes)
		server_keeps_info(c, made->group_info);
	for (size_t i = 0; i < CLUB_MAX; i++)
		if (c->people[i].g && &c->people[i] != by)
			person_takes_commit(c, &c->people[i], made->commit);
	expect_ok(group_receive(by->g, made->commit, &c->mem, &got));
	expect_eq(got.kind, RECEIVED_OWN_COMMIT);
	expect_ok(group_pending_apply(by->g));
	restart(c, by);
	newcomers_join(c, made);
	club_agrees(c);
}

void club_commit(struct club *c, struct person *by, const struct commit_options *o)
{
	struct made_commit made = { .welcome = { NULL, 0 } };
	uc_err err = group_commit(by->g, o, &c->mem, &made);
	expect_ok(err);
	if (!err)
		club_deliver(c, by, &made);
}

void club_commit_proposals(struct club *c, struct person *by, const struct proposal *v, size_t n)
{
	const struct commit_options o = { .proposals = v, .proposal_count = n };
	club_commit(c, by, &o);
}

void club_deliver_proposal(struct club *c, const struct person *by, struct view message)
{
	struct received got = { .kind = RECEIVED_APPLICATION };
	if (by) /* an external sender's was made at the server */
		server_takes(c, message, PUBLIC_PROPOSAL);
	for (size_t i = 0; i < CLUB_MAX; i++) {
		struct person *p = &c->people[i];
		if (!p->g || p == by)
			continue;
		expect_ok(group_receive(p->g, message, &c->mem, &got));
		expect_eq(got.kind, RECEIVED_PROPOSAL);
		restart(c, p);
	}
}

void club_join_external(struct club *c, struct person *p, uint32_t old)
{
	struct person *member = NULL;
	for (size_t i = 0; i < CLUB_MAX && !member; i++)
		if (c->people[i].g && &c->people[i] != p)
			member = &c->people[i];
	const struct proposal remove = { .proposal_type = PROPOSAL_REMOVE, .removed = old };
	struct external_join in = { .leaf = &p->leaf,
				    .proposals = &remove,
				    .proposal_count = old != TREE_NONE };
	struct view commit, info;
	struct group *fresh = NULL;
	expect(member);
	if (!member)
		return;
	expect_ok(group_info_make(member->g, &c->mem, &in.group_info));
	expect_ok(group_ratchet_tree(member->g, &c->mem, &in.ratchet_tree));
	uc_err err = group_join_external(&c->platform, &in, &c->mem, &commit, &info, &fresh);
	expect_ok(err);
	if (err)
		return;
	person_leave(p);
	const struct made_commit made = { .commit = commit, .group_info = info };
	p->g = fresh;
	club_deliver(c, p, &made);
}

/* --- what must hold --- */

size_t club_count(const struct club *c)
{
	size_t n = 0;
	for (size_t i = 0; i < CLUB_MAX; i++)
		n += c->people[i].g != NULL;
	return n;
}

static void same_public_state(struct club *c, struct group_view a, struct group_view b)
{
	struct view x, y;
	expect_ok(wire_encode_to(&c->mem, group_context_element, a.context, &x));
	expect_ok(wire_encode_to(&c->mem, group_context_element, b.context, &y));
	expect_bytes(x, y);
}

void club_agrees(struct club *c)
{
	const struct group *first = NULL;
	struct arena_mark mark = arena_mark(&c->mem);
	for (size_t i = 0; i < CLUB_MAX; i++) {
		const struct person *p = &c->people[i];
		if (!p->g)
			continue;
		if (!first)
			first = p->g;
		expect(!group_has_pending(p->g));
		secret_release(group_epoch_authenticator(p->g).p, c->suite->nh);
		expect_bytes(group_epoch_authenticator(p->g), group_epoch_authenticator(first));
		const struct leaf_node *leaf =
			tree_leaf_find(group_now(p->g).tree, group_own_leaf(p->g), LEAF_ROOM);
		expect(leaf && view_equal(leaf->credential.identity, view_str(p->name)));
	}
	expect(first);
	if (first) {
		if (!c->wrapping.private_handshakes)
			same_public_state(c, group_now(first), public_group_now(c->server));
		expect_eq(tree_member_count(group_now(first).tree), club_count(c));
	}
	arena_reset(&c->mem, mark);
}

void club_talks(struct club *c, struct person *by, const char *text)
{
	struct view message;
	expect_ok(group_encrypt(by->g, VIEW_LIT("aad"), view_str(text), 128, &c->mem, &message));
	restart(c, by);
	for (size_t i = 0; i < CLUB_MAX; i++) {
		struct person *p = &c->people[i];
		struct received got = { .kind = RECEIVED_COMMIT };
		if (!p->g || p == by)
			continue;
		expect_ok(group_receive(p->g, message, &c->mem, &got));
		expect_eq(got.kind, RECEIVED_APPLICATION);
		expect_bytes(got.application_data, view_str(text));
		expect_bytes(got.authenticated_data, VIEW_LIT("aad"));
		expect(got.leaf && view_equal(got.leaf->credential.identity, view_str(by->name)));
		restart(c, p);
		expect_err(group_receive(p->g, message, &c->mem, &got), UC_E_DECRYPT);
	}
}
