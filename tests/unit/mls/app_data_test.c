/* SPDX-License-Identifier: Apache-2.0 */
/* AppEphemeral, AppDataUpdate, SelfRemove and app_ack (draft-ietf-mls-extensions-10): order, who hears
 * of what, and what the application has to say about it. */
#include "tests/unit/mls/members.h"

#include "mls/group_safe.h"

static struct club c;

enum { BOARD = 0x8001, CHESS = 0x8002 };

static struct proposal update_of(uint16_t component_id, struct view data)
{
	return (struct proposal){ .proposal_type = PROPOSAL_APP_DATA_UPDATE,
				  .app_data_update = { component_id, APP_DATA_UPDATE, data } };
}

static struct proposal removal_of(uint16_t component_id)
{
	return (struct proposal){ .proposal_type = PROPOSAL_APP_DATA_UPDATE,
				  .app_data_update = {
					  component_id, APP_DATA_REMOVE, { NULL, 0 } } };
}

static struct proposal ephemeral_of(uint16_t component_id, struct view data)
{
	return (struct proposal){ .proposal_type = PROPOSAL_APP_EPHEMERAL,
				  .app_ephemeral = { component_id, data } };
}

static uc_err try_commit(struct person *by, const struct proposal *v, size_t n,
			 struct made_commit *made)
{
	const struct commit_options o = { .proposals = v, .proposal_count = n };
	return group_commit(by->g, &o, &c.mem, made);
}

/* What the hooks heard, in order: "e1" for an AppEphemeral of BOARD with "1", "u1,2" for updates. */
static char heard[256];

static void hear(const char *what, struct view data)
{
	size_t n = strlen(heard);
	snprintf(heard + n, sizeof heard - n, "%s%.*s ", what, (int)data.n, (const char *)data.p);
}

static uc_err on_ephemeral(void *ctx, const struct group_view *before,
			   const struct ephemeral *ephemeral)
{
	(void)ctx;
	expect_eq(before->context->version, MLS10);
	if (view_equal(ephemeral->data, VIEW_LIT("bad")))
		return UC_E_POLICY;
	hear("e", ephemeral->data);
	return UC_OK;
}

static uc_err on_component(void *ctx, const struct group_view *before, uint16_t component_id,
			   const struct view *current, const struct app_data_update *updates,
			   size_t n, struct arena *a, struct view *ret)
{
	struct buf b;
	(void)ctx, (void)before, (void)component_id;
	buf_init(&b, 1 << 16);
	if (current)
		buf_add_view(&b, *current);
	for (size_t i = 0; i < n; i++) {
		hear("u", updates[i].update);
		buf_add_view(&b, updates[i].update);
	}
	uc_err err = b.n > 20 ? UC_E_POLICY : arena_copy(a, buf_view(&b), ret);
	buf_done(&b);
	return err;
}

static bool on_knows(void *ctx, uint16_t component_id)
{
	(void)ctx;
	return component_id != CHESS;
}

static void with_hooks(size_t n)
{
	club_with(&c, suite_at(0), n);
	heard[0] = 0;
	c.hooks.ephemeral = on_ephemeral;
	c.hooks.component = on_component;
	c.hooks.knows_component = on_knows;
}

TEST(bytes_of_proposals)
{
	struct view encoded;
	struct arena a;
	struct proposal p;
	arena_init(&a, 1 << 16, ARENA_PLAIN);
	p = update_of(0x8001, VIEW_LIT("ab"));
	expect_ok(wire_encode_to(&a, proposal_element, &p, &encoded));
	expect_bytes(encoded, test_hex("0008"
				       "8001"
				       "01"
				       "026162"));
	p = removal_of(0x8001);
	expect_ok(wire_encode_to(&a, proposal_element, &p, &encoded));
	expect_bytes(encoded, test_hex("0008800102"));
	p = ephemeral_of(0x0005, VIEW_LIT("ab"));
	expect_ok(wire_encode_to(&a, proposal_element, &p, &encoded));
	expect_bytes(encoded, test_hex("00090005026162"));
	p = (struct proposal){ .proposal_type = PROPOSAL_SELF_REMOVE };
	expect_ok(wire_encode_to(&a, proposal_element, &p, &encoded));
	expect_bytes(encoded, test_hex("000a"));
	expect_err(wire_decode(test_hex("0008800100"), &a, proposal_element, &p), UC_E_MALFORMED);
	arena_done(&a);
}

/* --- AppEphemeral --- */

TEST(ephemerals_come_in_the_commits_order_before_updates)
{
	struct made_commit made;
	struct received got;
	struct view message;
	with_hooks(4);
	/* One waits; by reference it stands in front. */
	struct proposal waits = ephemeral_of(BOARD, VIEW_LIT("0"));
	expect_ok(group_propose(c.people[2].g, &waits, VIEW_LIT(""), &c.mem, &message));
	club_deliver_proposal(&c, &c.people[2], message);
	const struct proposal v[] = {
		update_of(BOARD, VIEW_LIT("x")),     ephemeral_of(BOARD, VIEW_LIT("1")),
		ephemeral_of(0x8003, VIEW_LIT("2")), update_of(0x8000, VIEW_LIT("w")),
		update_of(BOARD, VIEW_LIT("y")),     ephemeral_of(BOARD, VIEW_LIT("3"))
	};
	expect_ok(try_commit(&c.people[0], v, 6, &made));
	expect(!strcmp(heard, "e0 e1 e2 e3 uw ux uy "));
	/* "do not require an UpdatePath" */
	expect(!made.change.has_path);
	heard[0] = 0;
	expect_ok(group_receive(c.people[1].g, made.commit, &c.mem, &got));
	expect(!strcmp(heard, "e0 e1 e2 e3 uw ux uy "));
	const struct ephemeral_list *l = &got.change->ephemerals;
	expect_eq(l->n, 4);
	expect_eq(l->v[0].sender.leaf_index, group_own_leaf(c.people[2].g));
	expect_eq(l->v[1].sender.leaf_index, group_own_leaf(c.people[0].g));
	expect_eq(l->v[2].component_id, 0x8003);
	expect_bytes(l->v[3].data, VIEW_LIT("3"));
	group_staged_drop(c.people[1].g);
	club_deliver(&c, &c.people[0], &made);
	const struct view *data = NULL;
	expect_ok(group_component(c.people[3].g, BOARD, &c.mem, &data));
	expect(data && view_equal(*data, VIEW_LIT("xy")));
	/* Nothing of the ephemerals is left. */
	expect_ok(group_component(c.people[3].g, 0x8003, &c.mem, &data));
	expect(!data);
	club_end(&c);
}

TEST(what_the_application_refuses)
{
	struct made_commit made;
	struct received got;
	struct public_received seen;
	struct view message;
	with_hooks(3);
	struct proposal v[] = { ephemeral_of(BOARD, VIEW_LIT("fine")),
				ephemeral_of(BOARD, VIEW_LIT("bad")) };
	expect_err(try_commit(&c.people[0], v, 2, &made), UC_E_POLICY);
	/* Made by one who does not care. */
	c.hooks = (struct group_hooks){ .ctx = NULL };
	expect_ok(try_commit(&c.people[0], v, 2, &made));
	c.hooks.ephemeral = on_ephemeral;
	struct view before = person_saved(&c, &c.people[1]);
	expect_err(group_receive(c.people[1].g, made.commit, &c.mem, &got), UC_E_POLICY);
	expect_err(public_group_receive(c.server, made.commit, &c.mem, &seen), UC_E_POLICY);
	expect_bytes(person_saved(&c, &c.people[1]), before);
	group_pending_drop(c.people[0].g);
	/* Components that are not the application's, by value and by themselves. */
	v[0] = ephemeral_of(CHESS, VIEW_LIT("fine"));
	v[1] = update_of(CHESS, VIEW_LIT("fine"));
	for (size_t i = 0; i < 2; i++) {
		c.hooks.knows_component = NULL;
		expect_ok(group_propose(c.people[0].g, &v[i], VIEW_LIT(""), &c.mem, &message));
		c.hooks.knows_component = on_knows;
		expect_err(group_receive(c.people[1].g, message, &c.mem, &got), UC_E_UNSUPPORTED);
		expect_err(public_group_receive(c.server, message, &c.mem, &seen),
			   UC_E_UNSUPPORTED);
		expect_err(try_commit(&c.people[2], &v[i], 1, &made), UC_E_UNSUPPORTED);
	}
	club_end(&c);
}

TEST(ephemerals_from_outside)
{
	struct sign_key hub;
	struct view message, commit, info;
	struct group *fresh = NULL;
	struct received got;
	expect_ok(sign_key_generate(suite_at(0), test_env(), &hub));
	club_begin(&c, suite_at(0));
	struct extension_list extensions = club_extensions(&c, &hub);
	club_create(&c, &extensions);
	const struct proposal add = add_of(&c, club_person(&c, 1));
	club_commit_proposals(&c, &c.people[0], &add, 1);
	/* An external sender's. */
	const struct proposal p = ephemeral_of(BOARD, VIEW_LIT("from the hub"));
	expect_ok(public_group_propose(c.server, 0, &hub, &p, &c.mem, &message));
	club_deliver_proposal(&c, NULL, message);
	struct made_commit made;
	expect_ok(try_commit(&c.people[1], NULL, 0, &made));
	expect_eq(made.change.ephemerals.n, 1);
	expect_eq(made.change.ephemerals.v[0].sender.sender_type, SENDER_EXTERNAL);
	expect(!made.change.has_path);
	club_deliver(&c, &c.people[1], &made);
	/* A joiner's, with an update beside it. */
	const struct proposal v[] = { update_of(BOARD, VIEW_LIT("here")),
				      ephemeral_of(BOARD, VIEW_LIT("I came")) };
	struct person *q = club_person(&c, 2);
	struct external_join in = { .leaf = &q->leaf, .proposals = v, .proposal_count = 2 };
	expect_ok(group_info_make(c.people[0].g, &c.mem, &in.group_info));
	expect_ok(group_ratchet_tree(c.people[0].g, &c.mem, &in.ratchet_tree));
	expect_ok(group_join_external(&c.platform, &in, &c.mem, &commit, &info, &fresh));
	expect_ok(group_receive(c.people[0].g, commit, &c.mem, &got));
	expect_eq(got.change->ephemerals.n, 1);
	expect_eq(got.change->ephemerals.v[0].sender.sender_type, SENDER_NEW_MEMBER_COMMIT);
	group_staged_drop(c.people[0].g);
	q->g = fresh;
	made = (struct made_commit){ .commit = commit, .group_info = info };
	club_deliver(&c, q, &made);
	const struct view *data = NULL;
	expect_ok(group_component(q->g, BOARD, &c.mem, &data));
	expect(data && view_equal(*data, VIEW_LIT("here")));
	club_end(&c);
}

/* Nobody could commit what a member does not know: so it is not sent. */
TEST(types_that_not_all_know)
{
	static uint16_t proposals[] = { PROPOSAL_APP_DATA_UPDATE, PROPOSAL_SELF_REMOVE };
	struct view message;
	struct made_commit made;
	club_begin(&c, suite_at(0));
	club_person(&c, 1)->leaf.capabilities.proposals = (struct u16_list){ proposals, 2 };
	struct extension_list extensions = club_extensions(&c, NULL);
	club_create(&c, &extensions);
	struct proposal v[] = { add_of(&c, &c.people[1]), add_of(&c, club_person(&c, 2)) };
	club_commit_proposals(&c, &c.people[0], v, 2);
	v[0] = ephemeral_of(BOARD, VIEW_LIT("?"));
	expect_err(group_propose(c.people[0].g, &v[0], VIEW_LIT(""), &c.mem, &message),
		   UC_E_UNSUPPORTED);
	expect_err(try_commit(&c.people[0], v, 1, &made), UC_E_UNSUPPORTED);
	/* Who is removed by the same commit need not know. */
	v[1] = remove_of(&c.people[1]);
	club_commit_proposals(&c, &c.people[0], v, 2);
	expect_ok(group_propose(c.people[0].g, &v[0], VIEW_LIT(""), &c.mem, &message));
	club_end(&c);
}

/* --- AppDataUpdate --- */

TEST(updates_and_removals_in_one_commit)
{
	struct made_commit made;
	const struct view *data = NULL;
	club_with(&c, suite_at(0), 3);
	const struct proposal first[] = { update_of(BOARD, VIEW_LIT("a")),
					  update_of(CHESS, VIEW_LIT("b")),
					  update_of(0x8003, VIEW_LIT("")) };
	club_commit_proposals(&c, &c.people[0], first, 3);
	/* Empty data is data. */
	expect_ok(group_component(c.people[1].g, 0x8003, &c.mem, &data));
	expect(data && !data->n);
	const struct proposal both[] = { update_of(BOARD, VIEW_LIT("c")), removal_of(BOARD) };
	expect_err(try_commit(&c.people[0], both, 2, &made), UC_E_UNEXPECTED);
	const struct proposal twice[] = { removal_of(BOARD), removal_of(BOARD) };
	expect_err(try_commit(&c.people[0], twice, 2, &made), UC_E_UNEXPECTED);
	const struct proposal v[] = { removal_of(CHESS), update_of(0x7fff, VIEW_LIT("first")),
				      update_of(BOARD, VIEW_LIT("c")), removal_of(0x8003),
				      update_of(BOARD, VIEW_LIT("d")) };
	club_commit_proposals(&c, &c.people[2], v, 5);
	const struct extension_list *l = &group_now(c.people[1].g).context->extensions;
	/* 7fff "first", 8001 "d"; at the end of the list. */
	expect_eq(l->v[l->n - 1].extension_type, EXTENSION_APP_DATA_DICTIONARY);
	expect_bytes(l->v[l->n - 1].extension_data, test_hex("0c"
							     "7fff056669727374"
							     "80010164"));
	/* What is not there is not removed: by value, and not proposed either. */
	struct view message;
	const struct proposal gone = removal_of(CHESS);
	expect_err(try_commit(&c.people[0], &gone, 1, &made), UC_E_NOT_FOUND);
	expect_err(group_propose(c.people[0].g, &gone, VIEW_LIT(""), &c.mem, &message),
		   UC_E_NOT_FOUND);
	/* The last entry goes, the dictionary stays. */
	const struct proposal last[] = { removal_of(BOARD), removal_of(0x7fff) };
	club_commit_proposals(&c, &c.people[1], last, 2);
	l = &group_now(c.people[1].g).context->extensions;
	expect_bytes(l->v[l->n - 1].extension_data, test_hex("00"));
	club_end(&c);
}

/* A list of proposals as long as somebody likes to send costs what it is long, and no square of it. */
TEST(a_commit_of_thirty_thousand)
{
	enum { MANY = 15000 };
	struct made_commit made;
	struct received got = { .change = NULL };
	club_with(&c, suite_at(0), 2);
	struct proposal *v = ARENA_ARRAY(&c.mem, struct proposal, 2 * MANY + 1);
	for (size_t i = 0; i < MANY; i++) {
		v[2 * i] = ephemeral_of(BOARD, VIEW_LIT(""));
		v[2 * i + 1] = update_of((uint16_t)(BOARD + MANY - i), VIEW_LIT(""));
	}
	expect_ok(try_commit(&c.people[0], v, 2 * MANY, &made));
	expect_ok(group_receive(c.people[1].g, made.commit, &c.mem, &got));
	expect(got.change && got.change->ephemerals.n == MANY);
	group_staged_drop(c.people[1].g);
	group_pending_drop(c.people[0].g);
	/* And the one that is wrong among them is found. */
	v[2 * MANY] = removal_of(BOARD + 100);
	expect_err(try_commit(&c.people[0], v, 2 * MANY + 1, &made), UC_E_UNEXPECTED);
	club_end(&c);
}

/* Where AppDataUpdate is required, GroupContextExtensions leaves the dictionary alone; else not. */
TEST(the_dictionary_and_group_context_extensions)
{
	struct made_commit made;
	struct extension_list l;
	struct proposal v[2] = { { .proposal_type = PROPOSAL_GROUP_CONTEXT_EXTENSIONS } };
	club_with(&c, suite_at(0), 3);
	v[1] = update_of(BOARD, VIEW_LIT("a"));
	club_commit_proposals(&c, &c.people[0], &v[1], 1);
	l = group_now(c.people[0].g).context->extensions;
	expect_ok(extensions_with_component(&l, BOARD, VIEW_LIT("b"), &c.mem, &v[0].extensions));
	expect_err(try_commit(&c.people[0], v, 1, &made), UC_E_POLICY);
	v[0].extensions = (struct extension_list){ l.v, l.n - 1 };
	expect_err(try_commit(&c.people[0], v, 1, &made), UC_E_POLICY);
	/* The same as before, beside an update of it. */
	v[0].extensions = l;
	v[1] = update_of(BOARD, VIEW_LIT("c"));
	club_commit_proposals(&c, &c.people[0], v, 2);
	const struct view *data = NULL;
	expect_ok(group_component(c.people[2].g, BOARD, &c.mem, &data));
	expect(data && view_equal(*data, VIEW_LIT("c")));
	/* A group that does not require it: the extension may be set, and an update applies to what
	 * has been set. */
	struct group *g = NULL;
	static const struct extension_list none = { NULL, 0 };
	expect_ok(
		group_create(&c.platform, c.suite, VIEW_LIT("free"), &c.people[0].leaf, &none, &g));
	expect_ok(
		extensions_with_component(&none, BOARD, VIEW_LIT("set"), &c.mem, &v[0].extensions));
	v[1] = removal_of(BOARD);
	const struct commit_options o = { .proposals = v, .proposal_count = 2 };
	expect_ok(group_commit(g, &o, &c.mem, &made));
	expect_ok(group_pending_apply(g));
	expect_ok(group_component(g, BOARD, &c.mem, &data));
	expect(!data);
	group_free(g);
	club_end(&c);
}

/* --- SelfRemove --- */

TEST(one_leaves_once_and_in_public)
{
	struct view first, second;
	struct mls_message m;
	const struct proposal leave = { .proposal_type = PROPOSAL_SELF_REMOVE };
	for (size_t i = 0; suite_at(i); i++) {
		club_with(&c, suite_at(i), 3);
		c.wrapping.private_handshakes = true;
		c.wrapping.refuse_public = true;
		struct person *p = &c.people[1];
		expect_ok(group_propose(p->g, &leave, VIEW_LIT(""), &c.mem, &first));
		expect_ok(wire_decode(first, &c.mem, mls_message_element, &m));
		expect_eq(m.wire_format, MLS_PUBLIC_MESSAGE);
		/* "MUST NOT issue more than one": the same, also after a restart. */
		expect_ok(group_propose(p->g, &leave, VIEW_LIT("other"), &c.mem, &second));
		expect_bytes(second, first);
		person_restart(&c, p);
		expect_ok(group_propose(p->g, &leave, VIEW_LIT(""), &c.mem, &second));
		expect_bytes(second, first);
		expect_eq(group_proposal_count(p->g), 1);
		club_deliver_proposal(&c, p, first);
		club_commit_proposals(&c, &c.people[0], NULL, 0);
		expect(!p->g);
		club_end(&c);
	}
}

/* --- app_ack --- */

static struct view said(size_t who, const char *text)
{
	struct view message = { NULL, 0 };
	expect_ok(
		group_encrypt(c.people[who].g, VIEW_LIT(""), view_str(text), 0, &c.mem, &message));
	return message;
}

static void reads(size_t who, struct view message)
{
	struct received got;
	expect_ok(group_receive(c.people[who].g, message, &c.mem, &got));
}

static void expect_range(const struct app_ack *ack, size_t i, uint32_t sender, uint32_t first,
			 uint32_t last)
{
	expect(i < ack->received_ranges.n);
	if (i >= ack->received_ranges.n)
		return;
	expect_eq(ack->received_ranges.v[i].sender, sender);
	expect_eq(ack->received_ranges.v[i].first_generation, first);
	expect_eq(ack->received_ranges.v[i].last_generation, last);
}

TEST(what_was_read_and_what_is_missing)
{
	struct app_ack ack, missing, read;
	struct view m[8], encoded;
	club_with(&c, suite_at(0), 3);
	expect_ok(group_app_ack(c.people[1].g, &c.mem, &ack));
	expect_eq(ack.received_ranges.n, 0);
	for (size_t i = 0; i < 8; i++)
		m[i] = said(0, "one of many");
	/* 0, 1, 4, 6, 7 by person 1; 0 by person 2. */
	reads(1, m[0]);
	reads(1, m[1]);
	reads(1, m[4]);
	reads(1, m[7]);
	reads(1, m[6]);
	reads(2, m[0]);
	person_restart(&c, &c.people[1]);
	expect_ok(group_app_ack(c.people[1].g, &c.mem, &ack));
	expect_eq(ack.received_ranges.n, 3);
	expect_range(&ack, 0, 0, 0, 1);
	expect_range(&ack, 1, 0, 4, 4);
	expect_range(&ack, 2, 0, 6, 7);
	expect_ok(wire_encode_to(&c.mem, app_ack_element, &ack, &encoded));
	expect_bytes(encoded, test_hex("24"
				       "000000000000000000000001"
				       "000000000000000400000004"
				       "000000000000000600000007"));
	expect_ok(wire_decode(encoded, &c.mem, app_ack_element, &read));
	/* Person 2 learns what it lacks: all but the first; person 0 wrote them itself. */
	expect_ok(group_app_ack_missing(c.people[2].g, &read, &c.mem, &missing));
	expect_eq(missing.received_ranges.n, 3);
	expect_range(&missing, 0, 0, 1, 1);
	expect_range(&missing, 1, 0, 4, 4);
	expect_range(&missing, 2, 0, 6, 7);
	expect_ok(group_app_ack_missing(c.people[0].g, &read, &c.mem, &missing));
	expect_eq(missing.received_ranges.n, 0);
	/* The other way round, of what person 1 skipped. */
	reads(2, m[5]);
	for (size_t i = 1; i < 5; i++)
		reads(2, m[i]);
	expect_ok(group_app_ack(c.people[2].g, &c.mem, &ack));
	expect_eq(ack.received_ranges.n, 1);
	expect_range(&ack, 0, 0, 0, 5);
	expect_ok(group_app_ack_missing(c.people[1].g, &ack, &c.mem, &missing));
	expect_eq(missing.received_ranges.n, 2);
	expect_range(&missing, 0, 0, 2, 3);
	expect_range(&missing, 1, 0, 5, 5);
	/* As an AppEphemeral it goes into the transcript. */
	expect_ok(wire_encode_to(&c.mem, app_ack_element, &ack, &encoded));
	const struct proposal p = ephemeral_of(COMPONENT_APP_ACK, encoded);
	club_commit_proposals(&c, &c.people[2], &p, 1);
	expect_ok(group_app_ack(c.people[1].g, &c.mem, &ack));
	expect_eq(ack.received_ranges.n, 0);
	club_end(&c);
}

/* Claims without end cost no more than they say. */
TEST(acknowledgements_of_what_never_was)
{
	struct message_range v[] = { { 0, 0, UINT32_MAX },
				     { 0, UINT32_MAX, UINT32_MAX },
				     { 77, 0, 5 },
				     { 1, 0, UINT32_MAX },
				     { 0, 3, 3 } };
	const struct app_ack all = { { v, 5 } };
	struct app_ack missing, read;
	struct view first = { NULL, 0 }, second;
	club_with(&c, suite_at(0), 2);
	first = said(0, "a");
	second = said(0, "b");
	reads(1, second);
	expect_ok(group_app_ack_missing(c.people[1].g, &all, &c.mem, &missing));
	expect_eq(missing.received_ranges.n, 4);
	expect_range(&missing, 0, 0, 0, 0);
	expect_range(&missing, 1, 0, 2, UINT32_MAX);
	expect_range(&missing, 2, 0, UINT32_MAX, UINT32_MAX);
	expect_range(&missing, 3, 0, 3, 3);
	reads(1, first);
	expect_err(
		wire_decode(test_hex("0c000000000000000100000000"), &c.mem, app_ack_element, &read),
		UC_E_MALFORMED);
	club_end(&c);
}
