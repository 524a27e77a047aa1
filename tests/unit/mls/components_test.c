/* SPDX-License-Identifier: Apache-2.0 */
/* What a GroupContext asks of leaves by draft-ietf-mls-extensions-10 - components, Safe AAD, wire
 * formats, media types - and what leaves, KeyPackages and GroupInfos carry, in the life of a group. */
#include "tests/unit/mls/members.h"

#include "mls/external_proposal.h"
#include "mls/grease.h"
#include "mls/media_type.h"
#include "mls/safe_aad.h"

static struct club c;

enum { BOARD = 0x8001, CHESS = 0x8002, FRANK = 0x0020 };

static struct view list_of(const uint16_t *v, size_t n)
{
	uint16_t *copy = ARENA_ARRAY(&c.mem, uint16_t, n);
	const struct components_list l = { { copy, n } };
	struct view out = { NULL, 0 };
	for (size_t i = 0; i < n; i++)
		copy[i] = v[i];
	expect_ok(wire_encode_to(&c.mem, components_list_element, &l, &out));
	return out;
}

static struct view media_list(const char *const *types, size_t n)
{
	struct media_type *v = ARENA_ARRAY(&c.mem, struct media_type, n);
	const struct media_type_list l = { { v, n } };
	struct view out = { NULL, 0 };
	for (size_t i = 0; i < n; i++)
		v[i].type = view_str(types[i]);
	expect_ok(wire_encode_to(&c.mem, media_type_list_element, &l, &out));
	return out;
}

static void set(struct extension_list *l, uint16_t component_id, struct view data)
{
	expect_ok(extensions_with_component(l, component_id, data, &c.mem, l));
}

static void says(size_t who, uint16_t component_id, struct view data)
{
	set(&club_person(&c, who)->leaf.extensions, component_id, data);
}

/* A leaf that lists these components, and Safe AAD of the first. */
static void understands(size_t who, const uint16_t *v, size_t n)
{
	says(who, COMPONENT_APP_COMPONENTS, list_of(v, n));
	says(who, COMPONENT_SAFE_AAD, list_of(v, 1));
}

static struct proposal update_of(uint16_t component_id, struct view data)
{
	return (struct proposal){ .proposal_type = PROPOSAL_APP_DATA_UPDATE,
				  .app_data_update = { component_id, APP_DATA_UPDATE, data } };
}

static uc_err commit_of(struct person *by, const struct proposal *v, size_t n)
{
	struct made_commit made;
	const struct commit_options o = { .proposals = v, .proposal_count = n };
	TRY(group_commit(by->g, &o, &c.mem, &made));
	club_deliver(&c, by, &made);
	return UC_OK;
}

/* --- the dictionary --- */

TEST(a_dictionary_byte_by_byte)
{
	struct extension_list l = { NULL, 0 };
	struct view data;
	struct arena a;
	arena_init(&a, 1 << 16, ARENA_PLAIN);
	expect_ok(extensions_with_component(&l, 0x8001, VIEW_LIT("ab"), &a, &l));
	expect_ok(extensions_with_component(&l, 0x0004, VIEW_LIT(""), &a, &l));
	expect_eq(l.n, 1);
	if (l.n != 1)
		return;
	expect_eq(l.v[0].extension_type, 6);
	expect_bytes(l.v[0].extension_data, test_hex("08"
						     "000400"
						     "8001026162"));
	expect_ok(extensions_with_component(&l, 0x0004, VIEW_LIT("c"), &a, &l));
	expect(component_in(&l, 4, &data) && view_equal(data, VIEW_LIT("c")));
	expect_ok(extensions_with_component(&l, 0x0004, view_make(NULL, 0), &a, &l));
	expect(!component_in(&l, 4, &data));
	expect_bytes(l.v[0].extension_data, test_hex("058001026162"));
	expect(component_is_grease(0x0a0a) && component_is_grease(0x7a7a));
	expect(!component_is_grease(0x8a8a) && !component_is_grease(0x0a1a));
	arena_done(&a);
}

/* --- what is required of leaves --- */

TEST(required_components)
{
	static const uint16_t both[] = { CHESS, BOARD, COMPONENT_SAFE_AAD }, one[] = { BOARD };
	club_begin(&c, suite_at(0));
	for (size_t i = 0; i < 3; i++)
		understands(i, both, 3);
	understands(3, one, 1);
	struct extension_list l = club_extensions(&c, NULL);
	/* app_components and safe_aad are understood by all; and no order is asked for. */
	static const uint16_t wanted[] = { COMPONENT_APP_COMPONENTS, BOARD, COMPONENT_SAFE_AAD };
	set(&l, COMPONENT_APP_COMPONENTS, list_of(wanted, 3));
	club_create(&c, &l);
	struct proposal adds[] = { add_of(&c, &c.people[1]), add_of(&c, &c.people[2]),
				   add_of(&c, &c.people[3]) };
	expect_ok(commit_of(&c.people[0], adds, 3));
	/* Who lists nothing understands nothing. */
	struct proposal add = add_of(&c, club_person(&c, 4));
	expect_err(commit_of(&c.people[0], &add, 1), UC_E_UNSUPPORTED);
	/* One more than person 3 understands; once that one has gone, the others may have it. */
	static const uint16_t more[] = { BOARD, CHESS };
	struct proposal v[] = { update_of(COMPONENT_APP_COMPONENTS, list_of(more, 2)),
				remove_of(&c.people[3]) };
	expect_err(commit_of(&c.people[1], v, 1), UC_E_UNSUPPORTED);
	expect_ok(commit_of(&c.people[1], v, 2));
	add = add_of(&c, &c.people[3]);
	expect_err(commit_of(&c.people[0], &add, 1), UC_E_UNSUPPORTED);
	/* Nor may one who is in stop to understand, by a path or an Update. */
	struct extension_list less = c.people[2].leaf.extensions;
	set(&less, COMPONENT_APP_COMPONENTS, list_of(one, 1));
	struct made_commit made;
	const struct commit_options o = { .leaf_extensions = &less };
	expect_err(group_commit(c.people[2].g, &o, &c.mem, &made), UC_E_UNSUPPORTED);
	/* Back to less: that asks nobody. */
	v[0] = update_of(COMPONENT_APP_COMPONENTS, list_of(one, 1));
	expect_ok(commit_of(&c.people[2], v, 1));
	expect_ok(commit_of(&c.people[2], &add, 1));
	club_talks(&c, &c.people[3], "understood");
	club_end(&c);
}

TEST(what_the_first_member_does_not_understand)
{
	static const uint16_t one[] = { BOARD };
	struct group *g = NULL;
	club_begin(&c, suite_at(0));
	struct person *p = club_person(&c, 0);
	struct extension_list l = club_extensions(&c, NULL);
	set(&l, COMPONENT_APP_COMPONENTS, list_of(one, 1));
	expect_err(group_create(&c.platform, c.suite, VIEW_LIT("x"), &p->leaf, &l, &g),
		   UC_E_UNSUPPORTED);
	l = club_extensions(&c, NULL);
	set(&l, COMPONENT_SAFE_AAD, list_of(one, 1));
	expect_err(group_create(&c.platform, c.suite, VIEW_LIT("x"), &p->leaf, &l, &g),
		   UC_E_UNSUPPORTED);
	l = club_extensions(&c, NULL);
	set(&l, COMPONENT_APP_COMPONENTS, VIEW_LIT("\x03\x80\x01\x80"));
	expect_err(group_create(&c.platform, c.suite, VIEW_LIT("x"), &p->leaf, &l, &g),
		   UC_E_MALFORMED);
	l = club_extensions(&c, NULL);
	set(&l, COMPONENT_CONTENT_MEDIA_TYPES, VIEW_LIT("\x00"));
	expect_err(group_create(&c.platform, c.suite, VIEW_LIT("x"), &p->leaf, &l, &g),
		   UC_E_MALFORMED);
	club_end(&c);
}

TEST(required_wire_formats)
{
	static uint16_t extensions[] = { EXTENSION_APP_DATA_DICTIONARY,
					 EXTENSION_SUPPORTED_WIRE_FORMATS,
					 EXTENSION_REQUIRED_WIRE_FORMATS };
	/* Formats 7 and 9, which nobody has defined; of RFC 9420's own none need be listed. */
	static struct extension seven_nine = { EXTENSION_SUPPORTED_WIRE_FORMATS,
					       { (const uint8_t *)"\x04\x00\x07\x00\x09", 5 } };
	static struct extension nine = { EXTENSION_SUPPORTED_WIRE_FORMATS,
					 { (const uint8_t *)"\x02\x00\x09", 3 } };
	static struct extension required = { EXTENSION_REQUIRED_WIRE_FORMATS,
					     { (const uint8_t *)"\x04\x00\x07\x00\x02", 5 } };
	club_begin(&c, suite_at(0));
	for (size_t i = 0; i < 4; i++) {
		struct person *p = club_person(&c, i);
		p->leaf.capabilities.extensions = (struct u16_list){ extensions, 3 };
		p->leaf.extensions = (struct extension_list){ i < 3 ? &seven_nine : &nine, 1 };
	}
	struct extension_list l = { &required, 1 };
	club_create(&c, &l);
	struct proposal adds[] = { add_of(&c, &c.people[1]), add_of(&c, &c.people[2]) };
	expect_ok(commit_of(&c.people[0], adds, 2));
	struct proposal add = add_of(&c, &c.people[3]);
	expect_err(commit_of(&c.people[0], &add, 1), UC_E_UNSUPPORTED);
	add = add_of(&c, club_person(&c, 4)); /* does not even know that there is such a thing */
	expect_err(commit_of(&c.people[0], &add, 1), UC_E_UNSUPPORTED);
	/* Where nothing is required of formats, they may come. */
	struct proposal gce = { .proposal_type = PROPOSAL_GROUP_CONTEXT_EXTENSIONS };
	expect_ok(commit_of(&c.people[1], &gce, 1));
	add = add_of(&c, &c.people[3]);
	expect_ok(commit_of(&c.people[0], &add, 1));
	/* And then it cannot be required any more. */
	gce.extensions = l;
	expect_err(commit_of(&c.people[1], &gce, 1), UC_E_UNSUPPORTED);
	club_end(&c);
}

/* --- Safe AAD --- */

TEST(safe_aad_byte_by_byte)
{
	const struct safe_aad_item items[] = { { 0x8001, VIEW_LIT("") },
					       { 0x0020, VIEW_LIT("ab") } };
	const struct safe_aad_item twice[] = { items[0], items[1], items[0] };
	struct view made, data;
	struct arena a;
	arena_init(&a, 1 << 16, ARENA_PLAIN);
	expect_bytes(safe_aad_empty(), test_hex("00"));
	expect_ok(safe_aad_make(items, 2, &a, &made));
	expect_bytes(made, test_hex("08"
				    "0020026162"
				    "800100"));
	expect_ok(safe_aad_make(items, 0, &a, &made));
	expect_bytes(made, safe_aad_empty());
	expect_err(safe_aad_make(twice, 3, &a, &made), UC_E_ARGUMENT);
	expect_ok(safe_aad_make(items, 2, &a, &made));
	expect(safe_aad_find(made, 0x0020, &data) && view_equal(data, VIEW_LIT("ab")));
	expect(safe_aad_find(made, 0x8001, &data) && !data.n);
	expect(!safe_aad_find(made, 0x8002, &data));
	expect_ok(safe_aad_check(made));
	static const char *const bad[] = {
		"",                       /* nothing */
		"0103",                   /* half an item */
		"0500200261",             /* shorter than it says */
		"05002002616263",         /* and longer */
		"0a00200261620020026162", /* one component twice */
		"0880010000200261"
		"62", /* not in order */
		"400500200261"
		"62", /* a length longer than it need be */
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		expect_err(safe_aad_check(test_hex(bad[i])), UC_E_MALFORMED);
	arena_done(&a);
}

/* Everybody understands BOARD with Safe AAD; the group asks for it, and has an external sender. */
static void club_with_safe_aad(size_t n, const struct sign_key *hub)
{
	static const uint16_t boards[] = { BOARD };
	club_begin(&c, suite_at(0));
	for (size_t i = 0; i < CLUB_MAX; i++)
		understands(i, boards, 1);
	struct extension_list l = club_extensions(&c, hub);
	set(&l, COMPONENT_SAFE_AAD, list_of(boards, 1));
	club_create(&c, &l);
	for (size_t i = 1; i < n; i++) {
		const struct proposal add = add_of(&c, &c.people[i]);
		expect_ok(commit_of(&c.people[i - 1], &add, 1));
	}
}

TEST(messages_with_safe_aad)
{
	struct view message, aad;
	struct received got;
	struct made_commit made;
	club_with_safe_aad(3, NULL);
	const struct safe_aad_item items[] = { { 0x9999, VIEW_LIT("nobody knows me") },
					       { BOARD, VIEW_LIT("e4") } };
	expect_ok(safe_aad_make(items, 2, &c.mem, &aad));
	/* An item of a component that nobody knows is as good as another. */
	expect_ok(group_encrypt(c.people[0].g, aad, VIEW_LIT("check"), 0, &c.mem, &message));
	for (size_t i = 1; i < 3; i++) {
		struct view data;
		expect_ok(group_receive(c.people[i].g, message, &c.mem, &got));
		expect(safe_aad_find(got.authenticated_data, BOARD, &data) &&
		       view_equal(data, VIEW_LIT("e4")));
	}
	/* Nothing to say: no items. */
	expect_ok(
		group_encrypt(c.people[0].g, VIEW_LIT(""), VIEW_LIT("check"), 0, &c.mem, &message));
	expect_ok(group_receive(c.people[1].g, message, &c.mem, &got));
	expect_bytes(got.authenticated_data, safe_aad_empty());
	/* Whatever else it is, it is not even made. */
	expect_err(
		group_encrypt(c.people[0].g, VIEW_LIT("aad"), VIEW_LIT("x"), 0, &c.mem, &message),
		UC_E_MALFORMED);
	const struct proposal leave = { .proposal_type = PROPOSAL_SELF_REMOVE };
	expect_err(group_propose(c.people[0].g, &leave, VIEW_LIT("aad"), &c.mem, &message),
		   UC_E_MALFORMED);
	struct commit_options o = { .authenticated_data = VIEW_LIT("aad") };
	expect_err(group_commit(c.people[0].g, &o, &c.mem, &made), UC_E_MALFORMED);
	expect(!group_has_pending(c.people[0].g));
	o.authenticated_data = aad;
	expect_ok(group_commit(c.people[0].g, &o, &c.mem, &made));
	expect_bytes(made.change.authenticated_data, aad);
	club_deliver(&c, &c.people[0], &made);
	club_end(&c);
}

TEST(all_that_comes_from_outside_has_safe_aad)
{
	struct sign_key hub;
	struct view message, commit, info;
	struct group *fresh = NULL;
	struct received got;
	expect_ok(sign_key_generate(suite_at(0), test_env(), &hub));
	club_with_safe_aad(4, &hub);
	const struct proposal remove = remove_of(&c.people[3]);
	expect_ok(public_group_propose(c.server, 0, &hub, &remove, &c.mem, &message));
	club_deliver_proposal(&c, NULL, message);
	/* Who does not know says so, or is refused. */
	struct outside to = { .suite = c.suite,
			      .group_id = VIEW_LIT("the club"),
			      .epoch = group_epoch(c.people[0].g) };
	person_key_package(&c, &c.people[9]);
	expect_ok(join_propose(&to, test_env(), c.people[9].key_package, &c.people[9].key, &c.mem,
			       &message));
	expect_err(group_receive(c.people[0].g, message, &c.mem, &got), UC_E_MALFORMED);
	to.safe_aad = true;
	expect_ok(join_propose(&to, test_env(), c.people[9].key_package, &c.people[9].key, &c.mem,
			       &message));
	club_deliver_proposal(&c, &c.people[9], message);
	expect_ok(commit_of(&c.people[0], NULL, 0));
	expect(c.people[9].g && !c.people[3].g);
	/* A joiner sees it in the GroupContext; SelfRemoves that it takes along have it, too. */
	const struct proposal leave = { .proposal_type = PROPOSAL_SELF_REMOVE };
	expect_ok(group_propose(c.people[2].g, &leave, VIEW_LIT(""), &c.mem, &message));
	club_deliver_proposal(&c, &c.people[2], message);
	struct external_join in = { .leaf = &c.people[5].leaf,
				    .self_removes = &message,
				    .self_remove_count = 1 };
	expect_ok(group_info_make(c.people[0].g, &c.mem, &in.group_info));
	expect_ok(group_ratchet_tree(c.people[0].g, &c.mem, &in.ratchet_tree));
	in.authenticated_data = VIEW_LIT("aad");
	expect_err(group_join_external(&c.platform, &in, &c.mem, &commit, &info, &fresh),
		   UC_E_MALFORMED);
	in.authenticated_data = VIEW_LIT("");
	expect_ok(group_join_external(&c.platform, &in, &c.mem, &commit, &info, &fresh));
	c.people[5].g = fresh;
	const struct made_commit made = { .commit = commit, .group_info = info };
	club_deliver(&c, &c.people[5], &made);
	expect(!c.people[2].g);
	club_end(&c);
}

/* With the commit that asks for it; messages of the epoch before are read as of then. */
TEST(safe_aad_from_one_epoch_to_the_next)
{
	struct view late, message;
	struct received got;
	club_with(&c, suite_at(0), 3);
	expect_ok(group_encrypt(c.people[0].g, VIEW_LIT("as I like"), VIEW_LIT("late"), 0, &c.mem,
				&late));
	struct proposal v = update_of(COMPONENT_SAFE_AAD, VIEW_LIT("\x00"));
	expect_ok(commit_of(&c.people[1], &v, 1));
	expect_ok(group_receive(c.people[2].g, late, &c.mem, &got));
	expect_bytes(got.authenticated_data, VIEW_LIT("as I like"));
	expect_err(group_encrypt(c.people[0].g, VIEW_LIT("as I like"), VIEW_LIT("x"), 0, &c.mem,
				 &message),
		   UC_E_MALFORMED);
	expect_ok(group_encrypt(c.people[0].g, VIEW_LIT(""), VIEW_LIT("x"), 0, &c.mem, &late));
	v.app_data_update.op = APP_DATA_REMOVE;
	expect_ok(commit_of(&c.people[0], &v, 1));
	expect_ok(group_receive(c.people[2].g, late, &c.mem, &got));
	expect_bytes(got.authenticated_data, safe_aad_empty());
	club_talks(&c, &c.people[1], "free again");
	club_end(&c);
}

/* Where the owner says so, members of before may still say nothing at all. */
TEST(nothing_at_all_where_the_owner_takes_it)
{
	struct view message;
	struct received got;
	struct public_received seen;
	club_with(&c, suite_at(0), 3);
	struct proposal v = update_of(COMPONENT_SAFE_AAD, VIEW_LIT("\x00"));
	expect_ok(commit_of(&c.people[1], &v, 1));
	struct outside to = { .suite = c.suite,
			      .group_id = VIEW_LIT("the club"),
			      .epoch = group_epoch(c.people[0].g) };
	person_key_package(&c, club_person(&c, 9));
	expect_ok(join_propose(&to, test_env(), c.people[9].key_package, &c.people[9].key, &c.mem,
			       &message));
	expect_err(group_receive(c.people[0].g, message, &c.mem, &got), UC_E_MALFORMED);
	expect_err(public_group_receive(c.server, message, &c.mem, &seen), UC_E_MALFORMED);
	c.hooks.empty_aad = true;
	expect_ok(group_receive(c.people[0].g, message, &c.mem, &got));
	expect_ok(public_group_receive(c.server, message, &c.mem, &seen));
	to.authenticated_data = VIEW_LIT("x");
	expect_ok(join_propose(&to, test_env(), c.people[9].key_package, &c.people[9].key, &c.mem,
			       &message));
	expect_err(group_receive(c.people[0].g, message, &c.mem, &got), UC_E_MALFORMED);
	club_end(&c);
}

/* --- media types --- */

TEST(media_types_byte_by_byte)
{
	struct media_type_parameter utf8 = { VIEW_LIT("charset"), VIEW_LIT("UTF-8") };
	struct media_type v[] = { { .type = VIEW_LIT("text/plain"), .parameters = { &utf8, 1 } },
				  { .type = VIEW_LIT("image/png") } };
	const struct media_type_list l = { { v, 2 } };
	struct view encoded;
	struct arena a;
	arena_init(&a, 1 << 16, ARENA_PLAIN);
	expect_ok(wire_encode_to(&a, media_type_list_element, &l, &encoded));
	expect_bytes(encoded, test_hex("25"
				       "0a746578742f706c61696e"
				       "0e"
				       "0763686172736574"
				       "055554462d38"
				       "09696d6167652f706e67"
				       "00"));
	expect(media_type_list_ok(encoded));
	expect(!media_type_list_ok(VIEW_LIT("\x00")));
	expect(!media_type_list_ok(VIEW_LIT("\x02\x01x")));
	expect(!media_type_list_ok(VIEW_LIT("\x03\x01x\x01")));
	expect(!media_type_list_ok(VIEW_LIT("\x04\x01x\x01\x00")));
	/* Names and types know no case, values do; parameters no order. */
	struct media_type_parameter mixed[] = { { VIEW_LIT("b"), VIEW_LIT("1") },
						{ VIEW_LIT("A"), VIEW_LIT("x") } };
	struct media_type_parameter turned[] = { { VIEW_LIT("a"), VIEW_LIT("x") },
						 { VIEW_LIT("B"), VIEW_LIT("1") } };
	struct media_type m = { VIEW_LIT("Text/Plain"), { mixed, 2 } };
	struct media_type n = { VIEW_LIT("text/plain"), { turned, 2 } };
	expect(media_type_equal(&m, &n));
	turned[0].parameter_value = VIEW_LIT("X");
	expect(!media_type_equal(&m, &n));
	/* Without parameters: with any. */
	const struct media_types plain = { &(struct media_type){ .type = VIEW_LIT("TEXT/PLAIN") },
					   1 },
				 narrow = { &v[0], 1 };
	expect(media_types_cover(&plain, &narrow));
	expect(!media_types_cover(&narrow, &plain));
	arena_done(&a);
}

TEST(a_group_that_says_what_it_sends)
{
	static const char *const all[] = { "text/plain", "image/png" }, *const text[] = {
		"text/plain"
	};
	struct application_framing read;
	struct view data;
	struct made_commit made;
	club_begin(&c, suite_at(0));
	for (size_t i = 0; i < 3; i++)
		says(i, COMPONENT_CONTENT_MEDIA_TYPES, media_list(all, 2));
	says(3, COMPONENT_CONTENT_MEDIA_TYPES, media_list(text, 1));
	struct extension_list l = club_extensions(&c, NULL);
	set(&l, COMPONENT_CONTENT_MEDIA_TYPES, media_list(text, 1));
	club_create(&c, &l);
	struct proposal adds[] = { add_of(&c, &c.people[1]), add_of(&c, &c.people[3]) };
	expect_ok(commit_of(&c.people[0], adds, 2));
	/* The committer sees to it, unless it knows better; others take its word. */
	struct proposal add = add_of(&c, club_person(&c, 4));
	struct commit_options o = { .proposals = &add, .proposal_count = 1 };
	expect_err(group_commit(c.people[0].g, &o, &c.mem, &made), UC_E_UNSUPPORTED);
	o.any_media_types = true;
	club_commit(&c, &c.people[0], &o);
	expect_eq(club_count(&c), 4);
	struct proposal more = update_of(COMPONENT_CONTENT_MEDIA_TYPES, media_list(all, 2));
	expect_err(commit_of(&c.people[1], &more, 1), UC_E_UNSUPPORTED);
	const struct proposal swap[] = { more, remove_of(&c.people[3]), remove_of(&c.people[4]),
					 add_of(&c, &c.people[2]) };
	expect_ok(commit_of(&c.people[1], swap, 4));
	/* Nor does one who is in stop to understand. */
	struct extension_list less = { NULL, 0 };
	const struct commit_options other = { .leaf_extensions = &less };
	expect_err(group_commit(c.people[0].g, &other, &c.mem, &made), UC_E_UNSUPPORTED);
	set(&less, COMPONENT_CONTENT_MEDIA_TYPES, media_list(all, 2));
	club_commit(&c, &c.people[0], &other);
	/* The short form means the first of the group's list. */
	const struct extension_list *now = &group_now(c.people[2].g).context->extensions;
	expect_ok(application_framing_write(NULL, VIEW_LIT("hello"), &c.mem, &data));
	expect_bytes(data, test_hex("0000"
				    "0568656c6c6f"));
	expect_ok(application_framing_read(now, data, &c.mem, &read));
	expect_bytes(read.media_type.type, VIEW_LIT("text/plain"));
	expect_bytes(read.inner_application_content, VIEW_LIT("hello"));
	const struct media_type png = { .type = VIEW_LIT("image/png") };
	expect_ok(application_framing_write(&png, VIEW_LIT("pixels"), &c.mem, &data));
	expect_ok(application_framing_read(now, data, &c.mem, &read));
	expect_bytes(read.media_type.type, VIEW_LIT("image/png"));
	expect(application_framing_read(now, VIEW_LIT("hello"), &c.mem, &read) != UC_OK);
	l = club_extensions(&c, NULL);
	expect_err(application_framing_read(&l, data, &c.mem, &read), UC_E_UNEXPECTED);
	club_end(&c);
}

/* --- KeyPackages and GroupInfos --- */

TEST(a_key_package_of_last_resort)
{
	static const struct extension_list none = { NULL, 0 };
	struct extension_list l;
	struct key_package k;
	struct proposal add = { .proposal_type = PROPOSAL_ADD };
	struct made_commit made;
	struct group *again = NULL;
	club_with(&c, suite_at(0), 2);
	struct person *p = club_person(&c, 2);
	expect_ok(last_resort_extensions(&none, &c.mem, &l));
	expect_ok(key_package_make(c.suite, test_env(), &p->leaf, 3600, &l, &c.mem, &p->key_package,
				   &p->secrets));
	struct view kept = p->key_package;
	expect_ok(wire_decode(kept, &c.mem, key_package_element, &add.key_package));
	expect_bytes(add.key_package.extensions.v[0].extension_data, test_hex("03000400"));
	expect(key_package_is_last_resort(&add.key_package));
	expect_ok(commit_of(&c.people[0], &add, 1));
	expect(p->g);
	club_talks(&c, p, "with the last one");
	/* A second group, with the same KeyPackage and secrets. */
	struct group *other = NULL;
	struct extension_list extensions = club_extensions(&c, NULL);
	expect_ok(group_create(&c.platform, c.suite, VIEW_LIT("another"), &c.people[0].leaf,
			       &extensions, &other));
	const struct commit_options o = { .proposals = &add, .proposal_count = 1 };
	expect_ok(group_commit(other, &o, &c.mem, &made));
	const struct welcome_input in = { made.welcome, made.ratchet_tree, kept, &p->secrets };
	expect_ok(group_join(&c.platform, &in, &again));
	expect(again && view_equal(group_id(again), VIEW_LIT("another")));
	group_free(again);
	group_free(other);
	/* An ordinary one is none. */
	person_key_package(&c, p);
	expect_ok(wire_decode(p->key_package, &c.mem, key_package_element, &k));
	expect(!key_package_is_last_resort(&k));
	club_end(&c);
}

TEST(what_a_group_info_tells_those_who_join)
{
	struct extension_list told, more = { NULL, 0 };
	struct made_commit made;
	struct view data;
	club_with(&c, suite_at(0), 2);
	set(&more, CHESS, VIEW_LIT("the rules"));
	set(&more, 0x2a2a, VIEW_LIT("grease"));
	const struct group_info_parts parts = { .more = more };
	const struct proposal add = add_of(&c, club_person(&c, 2));
	const struct commit_options o = { .proposals = &add,
					  .proposal_count = 1,
					  .welcome = &parts };
	expect_ok(group_commit(c.people[0].g, &o, &c.mem, &made));
	struct person *p = &c.people[2];
	const struct welcome_input in = { made.welcome, made.ratchet_tree, p->key_package,
					  &p->secrets };
	expect_ok(group_join_informed(&c.platform, &in, &c.mem, &told, &p->g));
	expect(component_in(&told, CHESS, &data) && view_equal(data, VIEW_LIT("the rules")));
	struct group *kept = p->g;
	p->g = NULL;
	p->key_package = view_make(NULL, 0);
	made.welcome = view_make(NULL, 0);
	/* The others go on, and it with them. */
	struct group *by = c.people[0].g;
	expect_ok(group_pending_apply(by));
	struct received got;
	expect_ok(group_receive(c.people[1].g, made.commit, &c.mem, &got));
	expect_ok(group_staged_apply(c.people[1].g));
	expect_bytes(group_epoch_authenticator(kept), group_epoch_authenticator(by));
	group_free(kept);
	club_end(&c);
}
