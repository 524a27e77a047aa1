/* SPDX-License-Identifier: Apache-2.0 */
/* draft-ietf-mls-extensions-10: dictionaries, components and Safe AAD that are wrong, and leaves that
 * lack what a group asks for. */
#include "mls/external_proposal.h"
#include "mls/media_type.h"
#include "mls/safe_aad.h"

#include "tests/bad/rules.h"

static struct club c;
static struct sign_key hub;

enum { BOARD = 0x8001, CHESS = 0x8002 };
/* ComponentsLists */
#define BOARDS VIEW_LIT("\x02\x80\x01")
#define BOTH   VIEW_LIT("\x04\x80\x01\x80\x02")

static struct person *alice(void)
{
	return &c.people[0];
}

static void set(struct extension_list *l, uint16_t component_id, struct view data)
{
	expect_ok(extensions_with_component(l, component_id, data, &c.mem, l));
}

static struct proposal update_of(uint16_t component_id, struct view data)
{
	return (struct proposal){ .proposal_type = PROPOSAL_APP_DATA_UPDATE,
				  .app_data_update = { component_id, APP_DATA_UPDATE, data } };
}

/* Four who understand BOARD, with Safe AAD and message format 9; person 9 understands all that, and
 * 8 nothing.  The group has this component and needs not even AppDataUpdate. */
static uint16_t extensions[] = { EXTENSION_APP_DATA_DICTIONARY, EXTENSION_SUPPORTED_WIRE_FORMATS,
				 EXTENSION_REQUIRED_WIRE_FORMATS };
static struct extension format_nine = { EXTENSION_SUPPORTED_WIRE_FORMATS,
					{ (const uint8_t *)"\x02\x00\x09", 3 } };

static void begin(uint16_t component_id, struct view data)
{
	static const size_t who[] = { 0, 1, 2, 3, 9 };
	struct extension_list l = { NULL, 0 };
	struct proposal adds[3];
	club_begin(&c, suite_at(0));
	for (size_t i = 0; i < 5; i++) {
		struct leaf_parameters *leaf = &club_person(&c, who[i])->leaf;
		leaf->capabilities.extensions = (struct u16_list){ extensions, 3 };
		leaf->extensions = (struct extension_list){ &format_nine, 1 };
		set(&leaf->extensions, COMPONENT_APP_COMPONENTS, BOARDS);
		set(&leaf->extensions, COMPONENT_SAFE_AAD, BOARDS);
	}
	club_person(&c, 8)->leaf.capabilities.extensions = (struct u16_list){ extensions, 3 };
	expect_ok(sign_key_generate(c.suite, test_env(), &hub));
	struct external_sender sender = {
		.signature_key = sign_public(&hub),
		.credential = { .credential_type = CREDENTIAL_BASIC, .identity = VIEW_LIT("hub") },
	};
	const struct external_sender_list senders = { &sender, 1 };
	struct extension *e = ARENA_ARRAY(&c.mem, struct extension, 1);
	e->extension_type = EXTENSION_EXTERNAL_SENDERS;
	expect_ok(
		wire_encode_to(&c.mem, external_sender_list_element, &senders, &e->extension_data));
	l = (struct extension_list){ e, 1 };
	if (data.p)
		set(&l, component_id, data);
	club_create(&c, &l);
	for (size_t i = 0; i < 3; i++)
		adds[i] = add_of(&c, &c.people[i + 1]);
	club_commit_proposals(&c, alice(), adds, 3);
}

static void begin_bare(void)
{
	begin(0, view_make(NULL, 0));
}

/* The GroupContext's extensions with one of this type and data. */
static struct proposal extensions_of(uint16_t type, struct view data)
{
	const struct extension_list *now = &group_now(alice()->g).context->extensions;
	struct extension *v = ARENA_ARRAY(&c.mem, struct extension, now->n + 1);
	memcpy(v, now->v, now->n * sizeof *v);
	v[now->n] = (struct extension){ type, data };
	return (struct proposal){ .proposal_type = PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
				  .extensions = { v, now->n + 1 } };
}

/* --- the forms --- */

static struct view form;
static uint16_t form_type;

static void with_form(struct club *x, struct leaf_node *l)
{
	struct extension *e = ARENA_ARRAY(&x->mem, struct extension, 1);
	*e = (struct extension){ form_type, form };
	l->capabilities.extensions = (struct u16_list){ extensions, 3 };
	l->extensions = (struct extension_list){ e, 1 };
}

static void package_with_form(struct club *x, struct key_package *k)
{
	struct extension *e = ARENA_ARRAY(&x->mem, struct extension, 1);
	*e = (struct extension){ form_type, form };
	k->extensions = (struct extension_list){ e, 1 };
}

static uc_err joins_with_info(void)
{
	struct extension e = { form_type, form };
	const struct group_info_parts parts = { .more = { &e, 1 }, .with_ratchet_tree = true };
	struct public_group *p = NULL;
	struct view info;
	expect_ok(group_info_make_with(alice()->g, &parts, &c.mem, &info));
	uc_err err = public_group_new(test_env(), NULL, info, view_make(NULL, 0), &p);
	public_group_free(p);
	return err;
}

/* In a leaf that comes, in an Update, in a KeyPackage, in a GroupInfo, in the GroupContext. */
static void everywhere(uint16_t type, struct view bytes, enum mls_rule rule)
{
	form_type = type;
	form = bytes;
	struct proposal p = forge_add(&c, club_person(&c, 9), with_form, NULL);
	breaks(&c, alice(), forge_proposal(&c, alice(), &p), rule, ALL);
	if (type == EXTENSION_APP_DATA_DICTIONARY) {
		p = forge_add(&c, club_person(&c, 9), NULL, package_with_form);
		breaks(&c, alice(), forge_proposal(&c, alice(), &p), rule, ALL);
	}
	p = extensions_of(type, bytes);
	breaks(&c, alice(), forge_proposal(&c, alice(), &p), rule, ALL);
	/* What a commit changes in a dictionary is read from it. */
	if (rule == RULE_DICTIONARY_FORM)
		breaks(&c, alice(), forge_commit(&c, alice(), &p, 1), rule, ALL | STANDS);
	else
		breaks_commit(&c, alice(), &p, 1, rule);
}

TEST(dictionaries_out_of_order)
{
	begin_bare();
	everywhere(EXTENSION_APP_DATA_DICTIONARY, VIEW_LIT("\x06\x80\x02\x00\x80\x01\x00"),
		   RULE_DICTIONARY_ORDER);
	BREAKS_CALL(DICTIONARY_ORDER, joins_with_info());
	everywhere(EXTENSION_APP_DATA_DICTIONARY, VIEW_LIT("\x06\x80\x02\x00\x80\x02\x00"),
		   RULE_DICTIONARY_ORDER);
	BREAKS_CALL(DICTIONARY_ORDER, joins_with_info());
	club_end(&c);
}

TEST(dictionaries_that_are_none)
{
	begin_bare();
	/* Empty, without its length, cut, followed by more, half an entry. */
	static const char *const bad[] = { "", "\x00\x00", "\x04\x80\x01\x00",
					   "\x03\x80\x01\x00\x00", "\x02\x80\x01" };
	static const size_t lengths[] = { 0, 2, 4, 5, 3 };
	for (size_t i = 0; i < 5; i++) {
		everywhere(EXTENSION_APP_DATA_DICTIONARY, view_make(bad[i], lengths[i]),
			   RULE_DICTIONARY_FORM);
		BREAKS_CALL(DICTIONARY_FORM, joins_with_info());
	}
	club_end(&c);
}

TEST(lists_by_themselves)
{
	struct media_type_list types;
	struct app_ack ack;
	begin_bare();
	BREAKS_CALL(MEDIA_TYPES_NOT_EMPTY,
		    wire_decode(VIEW_LIT("\x00"), &c.mem, media_type_list_element, &types));
	BREAKS_CALL(APP_ACK_RANGE, wire_decode(test_hex("0c000000000000000100000000"), &c.mem,
					       app_ack_element, &ack));
	club_end(&c);
}

TEST(components_that_are_not_what_they_are_called)
{
	begin_bare();
	/* app_components and safe_aad of an odd length, cut, and followed by more. */
	static const char *const bad[] = {
		"\x04\x00\x01\x01\x80",     "\x05\x00\x01\x02\x02\x80",
		"\x05\x00\x02\x02\x00\x01", "\x06\x00\x02\x03\x00\x01\x02",
		"\x03\x00\x01\x00",         "\x03\x00\x02\x00",
	};
	static const size_t lengths[] = { 5, 6, 6, 7, 4, 4 };
	for (size_t i = 0; i < 4; i++)
		everywhere(EXTENSION_APP_DATA_DICTIONARY, view_make(bad[i], lengths[i]),
			   RULE_COMPONENT_FORM);
	BREAKS_CALL(COMPONENT_FORM, joins_with_info());
	/* content_media_types without any, and with half of one. */
	everywhere(EXTENSION_APP_DATA_DICTIONARY, VIEW_LIT("\x04\x00\x03\x01\x00"),
		   RULE_COMPONENT_FORM);
	everywhere(EXTENSION_APP_DATA_DICTIONARY, VIEW_LIT("\x06\x00\x03\x03\x02\x01x"),
		   RULE_COMPONENT_FORM);
	/* By an update, too. */
	const struct proposal p[] = { update_of(COMPONENT_APP_COMPONENTS, VIEW_LIT("\x01\x80")),
				      update_of(COMPONENT_SAFE_AAD, VIEW_LIT("")),
				      update_of(COMPONENT_CONTENT_MEDIA_TYPES, VIEW_LIT("\x00")) };
	breaks_commit(&c, alice(), &p[0], 1, RULE_COMPONENT_FORM);
	breaks_commit(&c, alice(), &p[2], 1, RULE_COMPONENT_FORM);
	club_end(&c);
}

TEST(wire_formats_that_are_none)
{
	begin_bare();
	form_type = EXTENSION_SUPPORTED_WIRE_FORMATS;
	form = VIEW_LIT("\x01\x00");
	struct proposal p = forge_add(&c, club_person(&c, 9), with_form, NULL);
	breaks(&c, alice(), forge_proposal(&c, alice(), &p), RULE_WIRE_FORMATS_FORM, ALL);
	p = extensions_of(EXTENSION_REQUIRED_WIRE_FORMATS, VIEW_LIT("\x03\x00\x09\x00"));
	breaks(&c, alice(), forge_proposal(&c, alice(), &p), RULE_WIRE_FORMATS_FORM, ALL);
	breaks_commit(&c, alice(), &p, 1, RULE_WIRE_FORMATS_FORM);
	p = extensions_of(EXTENSION_REQUIRED_WIRE_FORMATS, VIEW_LIT(""));
	breaks_commit(&c, alice(), &p, 1, RULE_WIRE_FORMATS_FORM);
	club_end(&c);
}

static void last_resort_with_data(struct club *x, struct key_package *k)
{
	k->leaf_node.capabilities.extensions = (struct u16_list){ extensions, 3 };
	expect_ok(extensions_with_component(&k->extensions, COMPONENT_LAST_RESORT_KEY_PACKAGE,
					    VIEW_LIT("\x00"), &x->mem, &k->extensions));
}

TEST(a_last_resort_with_a_remark)
{
	begin_bare();
	const struct proposal p = forge_add(&c, club_person(&c, 9), NULL, last_resort_with_data);
	breaks(&c, alice(), forge_proposal(&c, alice(), &p), RULE_LAST_RESORT_IS_EMPTY, ALL);
	club_end(&c);
}

/* --- what leaves lack --- */

static uc_err server_begins(void)
{
	struct public_group *p = NULL;
	struct view info, tree;
	expect_ok(group_info_make(alice()->g, &c.mem, &info));
	expect_ok(group_ratchet_tree(alice()->g, &c.mem, &tree));
	uc_err err = public_group_new(test_env(), NULL, info, tree, &p);
	public_group_free(p);
	return err;
}

/* Person 8 comes by Add or by itself; person 2 stops to understand; and who looks at a group with
 * such a member sees it. */
static void lacking(enum mls_rule rule)
{
	struct view message;
	struct proposal p = add_of(&c, &c.people[8]);
	breaks_commit(&c, alice(), &p, 1, rule);
	struct view group_info, tree, commit, info;
	struct group *g = NULL;
	expect_ok(group_info_make(alice()->g, &c.mem, &group_info));
	expect_ok(group_ratchet_tree(alice()->g, &c.mem, &tree));
	const struct external_join in = { .group_info = group_info,
					  .ratchet_tree = tree,
					  .leaf = &c.people[8].leaf };
	expect_err(group_join_external(&c.platform, &in, &c.mem, &commit, &info, &g),
		   rule_error(rule));
	rule_switch_off(rule);
	expect_ok(group_join_external(&c.platform, &in, &c.mem, &commit, &info, &g));
	group_free(g);
	rules_on();
	breaks(&c, NULL, commit, rule, ALL);
	c.people[2].leaf.extensions = (struct extension_list){ NULL, 0 };
	expect_ok(group_propose_update_as(c.people[2].g, &c.people[2].leaf, &c.mem, &message));
	club_deliver_proposal(&c, &c.people[2], message);
	breaks_commit(&c, alice(), NULL, 0, rule);
	for (size_t i = 0; i < 4; i++)
		group_proposal_drop(c.people[i].g, group_proposal_at(c.people[i].g, 0).ref);
	rule_switch_off(rule);
	struct made_commit made;
	const struct commit_options o = { .leaf = &c.people[2].leaf };
	expect_ok(group_commit(c.people[2].g, &o, &c.mem, &made));
	rules_on();
	breaks(&c, &c.people[2], made.commit, rule, ALL);
	/* All believe it: then one comes who does not. */
	rule_switch_off(rule);
	club_deliver(&c, &c.people[2], &made);
	rules_on();
	expect_err(server_begins(), rule_error(rule));
	rule_switch_off(rule);
	expect_ok(server_begins());
	rules_on();
}

TEST(a_component_that_is_not_understood)
{
	begin(COMPONENT_APP_COMPONENTS, BOARDS);
	struct proposal p = update_of(COMPONENT_APP_COMPONENTS, BOTH);
	breaks_commit(&c, alice(), &p, 1, RULE_REQUIRED_COMPONENTS);
	lacking(RULE_REQUIRED_COMPONENTS);
	club_end(&c);
}

TEST(safe_aad_that_is_not_understood)
{
	begin(COMPONENT_SAFE_AAD, BOARDS);
	struct proposal p = update_of(COMPONENT_SAFE_AAD, BOTH);
	breaks_commit(&c, alice(), &p, 1, RULE_REQUIRED_SAFE_AAD);
	lacking(RULE_REQUIRED_SAFE_AAD);
	club_end(&c);
}

TEST(a_wire_format_that_is_not_understood)
{
	begin_bare();
	struct proposal p =
		extensions_of(EXTENSION_REQUIRED_WIRE_FORMATS, VIEW_LIT("\x04\x00\x09\x00\x0a"));
	breaks_commit(&c, alice(), &p, 1, RULE_REQUIRED_WIRE_FORMATS);
	p = extensions_of(EXTENSION_REQUIRED_WIRE_FORMATS, VIEW_LIT("\x04\x00\x09\x00\x05"));
	club_commit_proposals(&c, alice(), &p, 1);
	lacking(RULE_REQUIRED_WIRE_FORMATS);
	club_end(&c);
}

/* --- proposals --- */

static bool knows_boards(void *ctx, uint16_t component_id)
{
	(void)ctx;
	return component_id == BOARD;
}

TEST(components_that_nobody_knows)
{
	struct view message;
	begin_bare();
	c.hooks.knows_component = knows_boards;
	const struct proposal v[] = {
		update_of(CHESS, VIEW_LIT("x")),
		{ .proposal_type = PROPOSAL_APP_EPHEMERAL,
		  .app_ephemeral = { CHESS, VIEW_LIT("x") } },
	};
	for (size_t i = 0; i < 2; i++) {
		breaks(&c, alice(), forge_proposal(&c, alice(), &v[i]), RULE_COMPONENT_KNOWN, ALL);
		breaks_commit(&c, alice(), &v[i], 1, RULE_COMPONENT_KNOWN);
		/* Nor from outside. */
		rule_switch_off(RULE_COMPONENT_KNOWN);
		expect_ok(public_group_propose(c.server, 0, &hub, &v[i], &c.mem, &message));
		rules_on();
		breaks(&c, NULL, message, RULE_COMPONENT_KNOWN, MEMBERS);
	}
	club_end(&c);
}

TEST(a_component_that_is_taken_away_and_was_not_there)
{
	begin_bare();
	const struct proposal p = { .proposal_type = PROPOSAL_APP_DATA_UPDATE,
				    .app_data_update = { BOARD, APP_DATA_REMOVE, { NULL, 0 } } };
	breaks(&c, alice(), forge_proposal(&c, alice(), &p), RULE_COMPONENT_IS_THERE, ALL);
	breaks_commit(&c, alice(), &p, 1, RULE_COMPONENT_IS_THERE);
	club_end(&c);
}

TEST(one_leaves_in_private)
{
	struct view message;
	struct authenticated_content auth;
	struct mls_message m = { .version = MLS10, .wire_format = MLS_PRIVATE_MESSAGE };
	begin_bare();
	struct group *g = c.people[2].g;
	struct framing_epoch framing = epoch_framing(g->now);
	const struct framed_content content = {
		.group_id = group_id(g),
		.epoch = group_epoch(g),
		.sender = { .sender_type = SENDER_MEMBER, .leaf_index = group_own_leaf(g) },
		.content_type = CONTENT_PROPOSAL,
		.proposal = { .proposal_type = PROPOSAL_SELF_REMOVE },
	};
	BREAKS_CALL(SELF_REMOVE_IS_PUBLIC,
		    framing_sign(&framing, test_env(), &c.people[2].key, MLS_PRIVATE_MESSAGE,
				 &content, &c.mem, &auth));
	rule_switch_off(RULE_SELF_REMOVE_IS_PUBLIC);
	expect_ok(framing_protect_private(&framing, test_env(), &auth, 0, &c.mem,
					  &m.private_message));
	rules_on();
	expect_ok(wire_encode_to(&c.mem, mls_message_element, &m, &message));
	breaks(&c, &c.people[2], message, RULE_SELF_REMOVE_IS_PUBLIC, MEMBERS);
	club_end(&c);
}

/* --- authenticated_data --- */

/* A message of each kind with this, made by those who do not care. */
static void each_kind(struct view aad, enum mls_rule rule)
{
	struct view message, commit, info;
	struct made_commit made;
	struct group *g = NULL;
	const struct proposal p = { .proposal_type = PROPOSAL_APP_EPHEMERAL,
				    .app_ephemeral = { BOARD, VIEW_LIT("x") } };
	const struct commit_options o = { .authenticated_data = aad, .without_stored = true };
	struct external_join in = { .leaf = &c.people[9].leaf, .authenticated_data = aad };
	struct outside to = { .suite = c.suite,
			      .group_id = VIEW_LIT("the club"),
			      .epoch = group_epoch(alice()->g),
			      .authenticated_data = aad };
	rule_switch_off(rule);
	expect_ok(group_encrypt(alice()->g, aad, VIEW_LIT("words"), 0, &c.mem, &message));
	rules_on();
	breaks(&c, alice(), message, rule, MEMBERS);
	rule_switch_off(rule);
	expect_ok(group_propose(c.people[1].g, &p, aad, &c.mem, &message));
	rules_on();
	breaks(&c, &c.people[1], message, rule, ALL);
	group_proposal_drop(c.people[1].g, group_proposal_at(c.people[1].g, 0).ref);
	rule_switch_off(rule);
	expect_ok(group_commit(alice()->g, &o, &c.mem, &made));
	group_pending_drop(alice()->g);
	rules_on();
	breaks(&c, alice(), made.commit, rule, ALL);
	rule_switch_off(rule);
	expect_ok(group_info_make(alice()->g, &c.mem, &in.group_info));
	expect_ok(group_ratchet_tree(alice()->g, &c.mem, &in.ratchet_tree));
	expect_ok(group_join_external(&c.platform, &in, &c.mem, &commit, &info, &g));
	group_free(g);
	rules_on();
	breaks(&c, NULL, commit, rule, ALL);
	expect_ok(external_propose(&to, test_env(), 0, &hub, &p, &c.mem, &message));
	breaks(&c, NULL, message, rule, ALL);
	person_key_package(&c, &c.people[9]);
	expect_ok(join_propose(&to, test_env(), c.people[9].key_package, &c.people[9].key, &c.mem,
			       &message));
	c.people[9].key_package = view_make(NULL, 0);
	breaks(&c, NULL, message, rule, ALL);
}

TEST(authenticated_data_that_is_no_safe_aad)
{
	begin(COMPONENT_SAFE_AAD, BOARDS);
	each_kind(VIEW_LIT("whatever"), RULE_SAFE_AAD);
	/* An item that is cut, and one with more behind the whole. */
	each_kind(VIEW_LIT("\x03\x80\x01\x05"), RULE_SAFE_AAD);
	each_kind(VIEW_LIT("\x03\x80\x01\x00\x00"), RULE_SAFE_AAD);
	/* Nothing at all, as one makes it who knows nothing of it. */
	struct forge f = forge_begin(&c, alice(), CONTENT_PROPOSAL);
	f.content.proposal = remove_of(&c.people[2]);
	breaks(&c, alice(), forge_public(&f), RULE_SAFE_AAD, ALL);
	f.content.authenticated_data = safe_aad_empty();
	club_deliver_proposal(&c, alice(), forge_public(&f));
	club_end(&c);
}

TEST(safe_aad_out_of_order)
{
	begin(COMPONENT_SAFE_AAD, BOARDS);
	each_kind(VIEW_LIT("\x06\x80\x02\x00\x80\x01\x00"), RULE_SAFE_AAD_ORDER);
	each_kind(VIEW_LIT("\x06\x80\x02\x00\x80\x02\x00"), RULE_SAFE_AAD_ORDER);
	club_end(&c);
}
