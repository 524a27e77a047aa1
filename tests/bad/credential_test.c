/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 9420, 5.3, 7.3, 13.3: X.509 chains that are none or not the leaf's, wherever they come in;
 * credential types and extensions that not all read. */
#include "tests/bad/rules.h"

static struct club c;
static size_t asked;
static struct leaf_node replaced;

/* A chain here is the key itself, and then whoever vouches. */
static uc_err toy_x509(void *ctx, const struct suite *s, const struct view_list *chain,
		       struct view signature_key, const struct leaf_node *before)
{
	(void)ctx;
	(void)s;
	asked++;
	replaced = before ? *before : (struct leaf_node){ .leaf_node_source = 0 };
	return view_equal(chain->v[0], signature_key) ? UC_OK : UC_E_KEY;
}

static struct person *alice(void)
{
	return &c.people[0];
}

static struct view *chain_of(struct club *x, struct view first, size_t n)
{
	struct view *v = ARENA_ARRAY(&x->mem, struct view, n);
	for (size_t i = 0; i < n; i++)
		v[i] = i ? VIEW_LIT("an authority") : first;
	return v;
}

static void speaks_both(struct leaf_parameters *l)
{
	static uint16_t types[] = { CREDENTIAL_BASIC, 0x1a1a, CREDENTIAL_X509 };
	l->capabilities.credentials = (struct u16_list){ types, 3 };
}

static void has_chain(struct leaf_parameters *l, size_t n)
{
	l->credential = (struct credential){
		.credential_type = CREDENTIAL_X509,
		.certificates = { chain_of(&c, sign_public(l->signature_key), n), n },
	};
}

/* Persons 0 and 1 with names, 2 with a chain; 9 is outside, with a chain. */
static void begin(void)
{
	club_begin(&c, suite_at(0));
	c.hooks.x509 = toy_x509;
	for (size_t i = 0; i < 10; i++)
		speaks_both(&club_person(&c, i)->leaf);
	has_chain(&c.people[2].leaf, 2);
	has_chain(&c.people[9].leaf, 1);
	struct extension_list l = club_extensions(&c, NULL);
	expect_ok(group_create(&c.platform, c.suite, VIEW_LIT("the club"), &alice()->leaf, &l,
			       &alice()->g));
	struct view info, tree;
	expect_ok(group_info_make(alice()->g, &c.mem, &info));
	expect_ok(group_ratchet_tree(alice()->g, &c.mem, &tree));
	expect_ok(public_group_new(test_env(), &c.hooks, info, tree, &c.server));
	const struct proposal adds[] = { add_of(&c, &c.people[1]), add_of(&c, &c.people[2]) };
	struct made_commit made;
	struct public_received seen;
	const struct commit_options o = { .proposals = adds, .proposal_count = 2 };
	expect_ok(group_commit(alice()->g, &o, &c.mem, &made));
	expect_ok(group_pending_apply(alice()->g));
	expect_ok(public_group_receive(c.server, made.commit, &c.mem, &seen));
	expect_ok(public_group_apply(c.server));
	for (size_t i = 1; i < 3; i++) {
		struct person *p = &c.people[i];
		const struct welcome_input in = { made.welcome, made.ratchet_tree, p->key_package,
						  &p->secrets };
		expect_ok(group_join(&c.platform, &in, &p->g));
	}
}

TEST(a_group_of_names_and_chains)
{
	begin();
	struct forge f = forge_begin(&c, alice(), CONTENT_PROPOSAL);
	struct received got;
	f.content.proposal = add_of(&c, &c.people[9]);
	expect_ok(group_receive(c.people[1].g, forge_public(&f), &c.mem, &got));
	expect_eq(got.kind, RECEIVED_PROPOSAL);
	club_end(&c);
}

/* --- in a KeyPackage --- */

/* By itself, and in a commit, which nobody who keeps the rule makes. */
static void breaks_add(enum mls_rule rule)
{
	const struct proposal add = add_of(&c, &c.people[9]);
	uc_err want = rule_error(rule);
	breaks(&c, alice(), forge_proposal(&c, alice(), &add), rule, ALL);
	refused(&c, alice(), forge_commit(&c, alice(), &add, 1), want);
	/* And one does not add it oneself. */
	struct made_commit made;
	const struct commit_options o = { .proposals = &add, .proposal_count = 1 };
	struct view before = person_saved(&c, alice());
	expect_err(group_commit(alice()->g, &o, &c.mem, &made), want);
	expect_bytes(person_saved(&c, alice()), before);
}

TEST(a_chain_of_nothing_or_too_much)
{
	begin();
	has_chain(&c.people[9].leaf, 0);
	breaks_add(RULE_CHAIN_IS_THERE);
	has_chain(&c.people[9].leaf, X509_CHAIN_MAX + 1);
	breaks_add(RULE_CHAIN_LENGTH);
	has_chain(&c.people[9].leaf, 3);
	c.people[9].leaf.credential.certificates.v[2].n = 0;
	breaks_add(RULE_CERTIFICATE_IS_THERE);
	club_end(&c);
}

TEST(a_certificate_of_another_key)
{
	begin();
	has_chain(&c.people[9].leaf, 1);
	c.people[9].leaf.credential.certificates.v[0] = sign_public(&alice()->key);
	breaks_add(RULE_CHAIN_IS_TAKEN);
	club_end(&c);
}

TEST(nobody_who_judges_certificates)
{
	begin();
	c.hooks.x509 = NULL;
	breaks_add(RULE_CHAIN_IS_JUDGED);
	struct group *g = NULL;
	const struct extension_list none = { NULL, 0 };
	expect_err(group_create(&c.platform, c.suite, VIEW_LIT("x"), &c.people[9].leaf, &none, &g),
		   UC_E_UNSUPPORTED);
	expect(!g);
	club_end(&c);
}

/* --- in an Update, a path, a join from outside --- */

static struct forge update_by(struct person *by, struct view certificate)
{
	struct forge f = forge_begin(&c, by, CONTENT_PROPOSAL);
	struct kem_key fresh;
	uint32_t index = group_own_leaf(by->g);
	struct leaf_node *l = &f.content.proposal.leaf_node;
	f.content.proposal.proposal_type = PROPOSAL_UPDATE;
	*l = *tree_leaf_find(group_now(by->g).tree, index, LEAF_ROOM);
	expect_ok(kem_key_generate(c.suite, test_env(), &fresh));
	expect_ok(arena_copy(&c.mem, kem_public(&fresh), &l->encryption_key));
	l->leaf_node_source = LEAF_NODE_SOURCE_UPDATE;
	l->credential = (struct credential){ .credential_type = CREDENTIAL_X509,
					     .certificates = { chain_of(&c, certificate, 1), 1 } };
	expect_ok(leaf_node_sign(c.suite, test_env(), &by->key, l, group_id(by->g), index, &c.mem));
	return f;
}

TEST(updates)
{
	struct received got;
	begin();
	struct person *p = &c.people[1];
	struct forge f = update_by(p, sign_public(&alice()->key));
	breaks(&c, p, forge_public(&f), RULE_CHAIN_IS_TAKEN, ALL);
	f = update_by(p, sign_public(&p->key));
	asked = 0;
	expect_ok(group_receive(alice()->g, forge_public(&f), &c.mem, &got));
	expect_eq(asked, 1);
	/* Whose successor it is, is there to be asked for. */
	expect(view_equal(replaced.raw,
			  tree_leaf_find(group_now(alice()->g).tree, 1, LEAF_ROOM)->raw));
	club_end(&c);
}

TEST(paths)
{
	begin();
	const struct commit_options o = { .force_path = true };
	struct person *p = &c.people[2];
	struct forge f = forge_real_commit(&c, p, &o);
	forge_path_leaf(&f)->credential.certificates.v[0] = sign_public(&alice()->key);
	forge_sign_leaf(&f, group_id(p->g), 2);
	breaks_path(&c, p, forge_public(&f), RULE_CHAIN_IS_TAKEN);
	club_end(&c);
}

/* A member whose certificate has expired may go on, and above all renew its keys. */
TEST(what_stays_as_it_was_is_not_judged_again)
{
	struct made_commit made;
	struct received got;
	begin();
	const struct commit_options o = { .force_path = true };
	expect_ok(group_commit(c.people[2].g, &o, &c.mem, &made));
	asked = 0;
	expect_ok(group_receive(alice()->g, made.commit, &c.mem, &got));
	expect_eq(asked, 0);
	club_end(&c);
}

static uc_err join_outside(struct view *commit, struct group **g)
{
	struct external_join in = { .leaf = &c.people[9].leaf };
	struct view info;
	expect_ok(group_info_make(alice()->g, &c.mem, &in.group_info));
	expect_ok(group_ratchet_tree(alice()->g, &c.mem, &in.ratchet_tree));
	return group_join_external(&c.platform, &in, &c.mem, commit, &info, g);
}

TEST(joins_from_outside)
{
	struct view commit;
	struct group *g = NULL;
	begin();
	c.people[9].leaf.credential.certificates.v[0] = sign_public(&alice()->key);
	STANDS_CALL(CHAIN_IS_TAKEN, join_outside(&commit, &g));
	expect(!g);
	has_chain(&c.people[9].leaf, 1);
	expect_ok(join_outside(&commit, &g));
	struct mls_message m;
	struct forge f = forge_begin(&c, alice(), CONTENT_COMMIT);
	expect_ok(wire_decode(commit, &c.mem, mls_message_element, &m));
	f.content = m.public_message.content;
	f.confirmation_tag = m.public_message.auth.confirmation_tag;
	f.key = &c.people[9].key;
	forge_path_leaf(&f)->credential.certificates.v[0] = sign_public(&alice()->key);
	forge_sign_leaf(&f, group_id(alice()->g), 3);
	breaks_path(&c, NULL, forge_public(&f), RULE_CHAIN_IS_TAKEN);
	group_free(g);
	club_end(&c);
}

/* --- in a tree that is joined, by those who begin in the middle --- */

static uc_err server_joins(const struct group_hooks *hooks)
{
	struct view info, tree;
	struct public_group *p = NULL;
	expect_ok(group_info_make(alice()->g, &c.mem, &info));
	expect_ok(group_ratchet_tree(alice()->g, &c.mem, &tree));
	uc_err err = public_group_new(test_env(), hooks, info, tree, &p);
	expect(!p == (err != UC_OK));
	public_group_free(p);
	return err;
}

static uc_err never(void *ctx, const struct suite *s, const struct view_list *chain,
		    struct view signature_key, const struct leaf_node *before)
{
	(void)ctx;
	(void)s;
	(void)chain;
	(void)signature_key;
	(void)before;
	return UC_E_KEY;
}

TEST(trees)
{
	const struct group_hooks strict = { .x509 = never }, takes = { .x509 = toy_x509 };
	begin();
	expect_ok(server_joins(&takes));
	BREAKS_CALL(CHAIN_IS_TAKEN, server_joins(&strict));
	BREAKS_CALL(CHAIN_IS_JUDGED, server_joins(NULL));
	club_end(&c);
}

/* A tree as no honest group has it: one leaf changed in its bytes, hashed and signed anew. */
static uc_err server_joins_changed(leaf_change *change, const struct extension_list *extensions)
{
	const struct group_hooks takes = { .x509 = toy_x509 };
	struct club *x = &c;
	struct tree changed;
	struct buf b;
	struct public_group *p = NULL;
	uint8_t hash[HASH_MAX];
	struct leaf_node leaf = *tree_leaf_find(group_now(alice()->g).tree, 1, LEAF_ROOM);
	tree_copy(group_now(alice()->g).tree, &changed);
	if (change)
		change(x, &leaf);
	expect_ok(leaf_node_sign(c.suite, test_env(), &c.people[1].key, &leaf, group_id(alice()->g),
				 1, &c.mem));
	expect_ok(tree_set_leaf(&changed, 1, &leaf));
	expect_ok(tree_hash(&changed, hash));
	struct group_context context = *group_now(alice()->g).context;
	context.tree_hash = view_make(hash, c.suite->nh);
	if (extensions)
		context.extensions = *extensions;
	struct view info = forge_info(&c, alice(), &context, 0);
	buf_init(&b, WIRE_OBJECT_MAX);
	expect_ok(tree_export(&changed, &b));
	uc_err err = public_group_new(test_env(), &takes, info, buf_view(&b), &p);
	public_group_free(p);
	buf_done(&b);
	tree_done(&changed);
	return err;
}

static void reads_names_alone(struct club *x, struct leaf_node *l)
{
	static uint16_t types[] = { CREDENTIAL_BASIC };
	(void)x;
	l->capabilities.credentials = (struct u16_list){ types, 1 };
}

TEST(a_tree_in_which_one_cannot_read_anothers_credential)
{
	begin();
	expect_ok(server_joins_changed(NULL, NULL));
	BREAKS_CALL(CREDENTIALS_SUPPORTED, server_joins_changed(reads_names_alone, NULL));
	club_end(&c);
}

/* 13.4: "verify that it supports every extension in the GroupContext". */
TEST(a_context_with_an_extension_that_members_do_not_know)
{
	begin();
	struct extension_list l = group_now(alice()->g).context->extensions;
	struct extension *v = ARENA_ARRAY(&c.mem, struct extension, l.n + 1);
	for (size_t i = 0; i < l.n; i++)
		v[i] = l.v[i];
	v[l.n] = (struct extension){ 0xf00d, VIEW_LIT("?") };
	l = (struct extension_list){ v, l.n + 1 };
	BREAKS_CALL(LEAF_CONTEXT_EXTENSIONS, server_joins_changed(NULL, &l));
	v[l.n - 1].extension_type = EXTENSION_APP_DATA_DICTIONARY;
	v[l.n - 1].extension_data = VIEW_LIT("\0");
	expect_ok(server_joins_changed(NULL, &l));
	club_end(&c);
}

/* --- external senders --- */

static struct extension_list with_sender(const struct sign_key *key, struct view certificate)
{
	struct extension_list l = club_extensions(&c, key);
	struct external_sender sender = { .signature_key = sign_public(key),
					  .credential = { .credential_type = CREDENTIAL_X509,
							  .certificates = {
								  chain_of(&c, certificate, 1),
								  1,
							  } } };
	const struct external_sender_list senders = { &sender, 1 };
	expect_ok(wire_encode_to(&c.mem, external_sender_list_element, &senders,
				 &l.v[1].extension_data));
	return l;
}

TEST(external_senders)
{
	struct sign_key hub;
	begin();
	expect_ok(sign_key_generate(c.suite, test_env(), &hub));
	struct extension_list l = with_sender(&hub, sign_public(&alice()->key));
	struct proposal gce = { .proposal_type = PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
				.extensions = l };
	breaks(&c, alice(), forge_proposal(&c, alice(), &gce), RULE_CHAIN_IS_TAKEN, ALL);
	breaks_commit(&c, alice(), &gce, 1, RULE_CHAIN_IS_TAKEN);
	BREAKS_CALL(CHAIN_IS_TAKEN, server_joins_changed(NULL, &l));
	struct group *g = NULL;
	expect_err(group_create(&c.platform, c.suite, VIEW_LIT("x"), &alice()->leaf, &l, &g),
		   UC_E_KEY);
	/* The right one; and once it is there it is not judged again. */
	l = with_sender(&hub, sign_public(&hub));
	gce.extensions = l;
	struct made_commit made;
	const struct commit_options o = { .proposals = &gce, .proposal_count = 1 };
	expect_ok(group_commit(alice()->g, &o, &c.mem, &made));
	expect_ok(group_pending_apply(alice()->g));
	asked = 0;
	expect_ok(group_commit(alice()->g, &o, &c.mem, &made));
	expect_eq(asked, 0);
	club_end(&c);
}
