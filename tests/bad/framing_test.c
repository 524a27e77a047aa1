/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 9420, 6: who may send what in which wrapping, signatures, tags, private messages. */
#include "tests/bad/rules.h"

#include <string.h>

static struct club c;

static struct person *alice(void)
{
	return &c.people[0];
}

/* A proposal that is good in itself. */
static struct forge good_proposal(void)
{
	struct forge f = forge_begin(&c, alice(), CONTENT_PROPOSAL);
	f.content.proposal = remove_of(&c.people[1]);
	return f;
}

/* A right Update of alice's leaf, who is number 0 of whatever list. */
static struct proposal update_of_alice(void)
{
	struct proposal p = { .proposal_type = PROPOSAL_UPDATE };
	static struct kem_key key;
	p.leaf_node = *tree_leaf_find(group_now(alice()->g).tree, 0, LEAF_ROOM);
	expect_ok(kem_key_generate(c.suite, test_env(), &key));
	p.leaf_node.encryption_key = kem_public(&key);
	p.leaf_node.leaf_node_source = LEAF_NODE_SOURCE_UPDATE;
	expect_ok(leaf_node_sign(c.suite, test_env(), &alice()->key, &p.leaf_node,
				 group_id(alice()->g), 0, &c.mem));
	return p;
}

TEST(the_forger_can_make_what_is_right)
{
	club_with(&c, suite_at(0), 3);
	struct forge f = good_proposal();
	club_deliver_proposal(&c, alice(), forge_public(&f));
	club_end(&c);
}

/* --- 6.2: membership_tag --- */

TEST(membership_tag)
{
	club_with(&c, suite_at(0), 3);
	struct forge f = good_proposal();
	struct view good = forge_public(&f);
	struct mls_message m = forge_apart(&c, good);
	struct view tag = changeable(&c, m.public_message.membership_tag);
	/* Compared over its whole length, whatever the shorter one says. */
	for (size_t n = 0; n < tag.n; n += n ? 31 : 1) {
		m.public_message.membership_tag = view_slice(tag, 0, n);
		breaks(&c, alice(), forge_together(&c, &m), RULE_MEMBERSHIP_TAG, MEMBERS);
	}
	uint8_t longer[33] = { 0 };
	memcpy(longer, tag.p, 32);
	m.public_message.membership_tag = VIEW_OF(longer);
	breaks(&c, alice(), forge_together(&c, &m), RULE_MEMBERSHIP_TAG, MEMBERS);
	m.public_message.membership_tag = tag;
	flip(tag, 31);
	breaks(&c, alice(), forge_together(&c, &m), RULE_MEMBERSHIP_TAG, MEMBERS);
	club_end(&c);
}

TEST(membership_tag_of_one_who_is_no_member)
{
	struct sign_key hub;
	struct view message;
	club_begin(&c, suite_at(0));
	expect_ok(sign_key_generate(c.suite, test_env(), &hub));
	struct extension_list l = club_extensions(&c, &hub);
	club_create(&c, &l);
	struct proposal adds[] = { add_of(&c, club_person(&c, 1)), add_of(&c, club_person(&c, 2)) };
	club_commit_proposals(&c, alice(), adds, 2);
	/* The struct has no place for one: what follows is left over. */
	const struct proposal remove = remove_of(&c.people[1]);
	struct view before = server_saved(&c);
	expect_ok(public_group_propose(c.server, 0, &hub, &remove, &c.mem, &message));
	struct public_group *again = NULL;
	expect_ok(public_group_load(test_env(), &c.hooks, before, &again));
	public_group_free(c.server);
	c.server = again;
	shelf_clear(&c.shelf);
	struct buf b;
	buf_init(&b, 65536);
	buf_add_view(&b, message);
	buf_add_byte(&b, 0);
	breaks(&c, NULL, buf_view(&b), RULE_NOTHING_IS_LEFT, ALL);
	buf_done(&b);
	club_end(&c);
}

/* --- 6.1: signature, confirmation_tag --- */

TEST(signature)
{
	struct sign_key other;
	club_with(&c, suite_at(0), 3);
	struct forge f = good_proposal();
	f.key = &c.people[2].key;
	breaks(&c, alice(), forge_public(&f), RULE_CONTENT_SIGNATURE, ALL);
	expect_ok(sign_key_generate(c.suite, test_env(), &other));
	f.key = &other;
	breaks(&c, alice(), forge_public(&f), RULE_CONTENT_SIGNATURE, ALL);
	f.key = NULL;
	f.other_epoch_context = true;
	breaks(&c, alice(), forge_public(&f), RULE_CONTENT_SIGNATURE, ALL);
	club_end(&c);
}

TEST(signature_for_the_other_wrapping)
{
	club_with(&c, suite_at(0), 3);
	/* A text of Alice's, signed as a public message, in a private one. */
	struct forge f = forge_begin(&c, alice(), CONTENT_APPLICATION);
	struct framed_content_tbs tbs = { .version = MLS10,
					  .wire_format = MLS_PUBLIC_MESSAGE,
					  .content = &f.content,
					  .context = alice()->g->now->state.encoded };
	struct private_message_content inside = { .content_type = CONTENT_APPLICATION,
						  .application_data = VIEW_LIT("text") };
	struct private_forge p = { .c = &c, .by = alice(), .content_type = CONTENT_APPLICATION };
	struct view bytes;
	f.content.application_data = inside.application_data;
	expect_ok(wire_encode_to(&c.mem, framed_content_tbs_element, &tbs, &bytes));
	expect_ok(sign_with_label(c.suite, &alice()->key, test_env(), "FramedContentTBS", bytes,
				  &c.mem, &inside.auth.signature));
	expect_ok(wire_encode_to(&c.mem, private_message_content_element, &inside, &p.plaintext));
	breaks(&c, alice(), forge_private(&p), RULE_CONTENT_SIGNATURE, MEMBERS);
	club_end(&c);
}

TEST(confirmation_tag)
{
	const struct commit_options o = { .force_path = true };
	club_with(&c, suite_at(0), 3);
	struct forge f = forge_real_commit(&c, alice(), &o);
	struct view good = changeable(&c, f.confirmation_tag);
	for (size_t n = 0; n < good.n; n += n ? 31 : 1) {
		f.confirmation_tag = view_slice(good, 0, n);
		breaks(&c, alice(), forge_public(&f), RULE_CONFIRMATION_TAG_LENGTH, ALL);
	}
	uint8_t longer[33] = { 0 };
	memcpy(longer, good.p, 32);
	f.confirmation_tag = VIEW_OF(longer);
	breaks(&c, alice(), forge_public(&f), RULE_CONFIRMATION_TAG_LENGTH, ALL);
	flip(good, 0);
	f.confirmation_tag = good;
	breaks(&c, alice(), forge_public(&f), RULE_CONFIRMATION_TAG, MEMBERS);
	club_end(&c);
}

TEST(a_proposal_has_no_confirmation_tag)
{
	club_with(&c, suite_at(0), 2);
	struct forge f = good_proposal();
	struct mls_message m = forge_apart(&c, forge_public(&f));
	struct buf b;
	buf_init(&b, 65536);
	buf_add_view(&b, forge_together(&c, &m));
	/* The last 33 bytes are the membership_tag; one more opaque<V> before it. */
	struct view all = buf_view(&b);
	struct view tag = changeable(&c, view_slice(all, all.n - 33, 33));
	b.n -= 33;
	buf_add_view(&b, tag);
	buf_add_view(&b, tag);
	breaks(&c, alice(), buf_view(&b), RULE_NOTHING_IS_LEFT, ALL);
	buf_done(&b);
	club_end(&c);
}

/* --- 6: group, epoch, sender --- */

TEST(another_group)
{
	club_with(&c, suite_at(0), 3);
	struct forge f = good_proposal();
	f.content.group_id = VIEW_LIT("the pub");
	breaks(&c, alice(), forge_public(&f), RULE_GROUP_ID, ALL);
	/* With our keys, but for another. */
	struct framing_epoch e = epoch_framing(alice()->g->now);
	e.group_id = f.content.group_id;
	breaks(&c, alice(), forge_private_of(&c, alice(), &e, &f.content), RULE_GROUP_ID, MEMBERS);
	f.content.content_type = CONTENT_APPLICATION;
	f.content.application_data = VIEW_LIT("text");
	breaks(&c, alice(), forge_private_of(&c, alice(), &e, &f.content), RULE_GROUP_ID, MEMBERS);
	club_end(&c);
}

TEST(another_epoch)
{
	club_with(&c, suite_at(0), 3);
	struct forge f = good_proposal();
	f.content.epoch--;
	breaks(&c, alice(), forge_public(&f), RULE_EPOCH_PAST, ALL);
	f.content.epoch += 2;
	breaks(&c, alice(), forge_public(&f), RULE_EPOCH_FUTURE, ALL);
	f.content.epoch = UINT64_MAX;
	breaks(&c, alice(), forge_public(&f), RULE_EPOCH_FUTURE, ALL);
	club_end(&c);
}

/* What a group takes in which wrapping is its owner's to say. */
TEST(wrappings_that_are_not_taken)
{
	club_with(&c, suite_at(0), 3);
	struct framing_epoch e = epoch_framing(alice()->g->now);
	struct forge f = good_proposal();
	c.wrapping = (struct group_wrapping){ .refuse_public = true };
	breaks(&c, alice(), forge_public(&f), RULE_WRAPPING_IS_TAKEN, MEMBERS);
	c.wrapping = (struct group_wrapping){ .refuse_private = true };
	breaks(&c, alice(), forge_private_of(&c, alice(), &e, &f.content), RULE_WRAPPING_IS_TAKEN,
	       MEMBERS);
	club_end(&c);
}

TEST(sender_without_a_leaf)
{
	static const uint32_t nobody[] = { 2, 3, 4, 1000000, UINT32_MAX };
	club_with(&c, suite_at(0), 4);
	const struct proposal remove = remove_of(&c.people[2]);
	club_commit_proposals(&c, alice(), &remove, 1);
	for (size_t i = 0; i < 5; i++) {
		struct forge f = good_proposal();
		f.content.sender.leaf_index = nobody[i];
		/* Leaf 3 is somebody: then the signature is wrong. */
		breaks(&c, alice(), forge_public(&f),
		       nobody[i] == 3 ? RULE_CONTENT_SIGNATURE : RULE_SENDER_IS_THERE,
		       nobody[i] == 3 ? SERVER : ALL);
	}
	club_end(&c);
}

TEST(application_data_in_public)
{
	club_with(&c, suite_at(0), 3);
	struct forge f = forge_begin(&c, alice(), CONTENT_APPLICATION);
	f.content.application_data = VIEW_LIT("for all to read");
	breaks(&c, alice(), forge_public(&f), RULE_APPLICATION_IS_PRIVATE, MEMBERS);
	breaks(&c, alice(), forge_public(&f), RULE_APPLICATION_IS_PRIVATE, SERVER | STANDS);
	club_end(&c);
}

TEST(kinds_of_sender_and_what_they_may_send)
{
	const struct commit_options o = { .force_path = true };
	club_with(&c, suite_at(0), 3);
	/* There is no external sender in this group. */
	struct forge f = good_proposal();
	f.content.sender = (struct sender){ .sender_type = SENDER_EXTERNAL };
	breaks(&c, NULL, forge_public(&f), RULE_SENDER_IS_THERE, ALL);
	/* A newcomer proposes itself, nothing else. */
	f.content.sender = (struct sender){ .sender_type = SENDER_NEW_MEMBER_PROPOSAL };
	breaks(&c, NULL, forge_public(&f), RULE_NEW_MEMBER_PROPOSES_ADD, ALL);
	/* It commits, and with a path. */
	f.content.sender = (struct sender){ .sender_type = SENDER_NEW_MEMBER_COMMIT };
	breaks(&c, NULL, forge_public(&f), RULE_NEW_MEMBER_COMMITS_PATH, ALL);
	f = forge_real_commit(&c, alice(), &o);
	f.content.commit.path = NULL;
	f.content.sender = (struct sender){ .sender_type = SENDER_NEW_MEMBER_COMMIT };
	breaks(&c, NULL, forge_public(&f), RULE_NEW_MEMBER_COMMITS_PATH, ALL);
	club_end(&c);
}

TEST(external_senders_may_not_send_all)
{
	static const uint16_t types[] = { PROPOSAL_UPDATE, PROPOSAL_EXTERNAL_INIT,
					  PROPOSAL_SELF_REMOVE };
	struct sign_key hub;
	club_begin(&c, suite_at(0));
	expect_ok(sign_key_generate(c.suite, test_env(), &hub));
	struct extension_list l = club_extensions(&c, &hub);
	club_create(&c, &l);
	const struct proposal add = add_of(&c, club_person(&c, 1));
	club_commit_proposals(&c, alice(), &add, 1);
	for (size_t i = 0; i < 3; i++) {
		struct forge f = good_proposal();
		f.key = &hub;
		f.content.sender = (struct sender){ .sender_type = SENDER_EXTERNAL };
		f.content.proposal = (struct proposal){ .proposal_type = types[i] };
		if (types[i] == PROPOSAL_UPDATE)
			f.content.proposal = update_of_alice();
		/* Update and SelfRemove are of the sender's leaf, and it has none. */
		breaks(&c, NULL, forge_public(&f), RULE_EXTERNAL_PROPOSAL_TYPE,
		       types[i] == PROPOSAL_EXTERNAL_INIT ? ALL : ALL | STANDS);
		f.content.proposal = remove_of(&c.people[1]);
		f.content.sender.sender_index = 1 + (uint32_t)i;
		breaks(&c, NULL, forge_public(&f), RULE_SENDER_IS_THERE, ALL);
	}
	/* And they do not commit. */
	struct forge f = forge_begin(&c, alice(), CONTENT_COMMIT);
	f.key = &hub;
	f.content.sender = (struct sender){ .sender_type = SENDER_EXTERNAL };
	f.confirmation_tag = changeable(&c, VIEW_LIT("................................"));
	breaks(&c, NULL, forge_public(&f), RULE_EXTERNAL_SENDS_PROPOSALS, ALL | NO_PATH);
	breaks(&c, NULL, forge_public(&f), RULE_COMMITTER_KIND, ALL | NO_PATH | BEHIND);
	club_end(&c);
}

TEST(a_newcomers_proposal_is_signed_by_itself)
{
	club_with(&c, suite_at(0), 2);
	struct person *p = club_person(&c, 5);
	struct forge f = forge_begin(&c, alice(), CONTENT_PROPOSAL);
	f.content.sender = (struct sender){ .sender_type = SENDER_NEW_MEMBER_PROPOSAL };
	f.content.proposal = add_of(&c, p);
	breaks(&c, NULL, forge_public(&f), RULE_CONTENT_SIGNATURE, ALL);
	club_end(&c);
}

/* --- the outermost struct --- */

TEST(versions_formats_and_kinds)
{
	club_with(&c, suite_at(0), 2);
	struct forge f = good_proposal();
	struct view good = changeable(&c, forge_public(&f));
	uint8_t *b = (uint8_t *)(uintptr_t)good.p;
	b[1] = 2; /* version */
	breaks(&c, alice(), good, RULE_MESSAGE_VERSION, ALL);
	b[1] = 1;
	b[3] = 6; /* wire_format */
	breaks(&c, alice(), good, RULE_WIRE_FORMAT, ALL);
	b[3] = 0;
	breaks(&c, alice(), good, RULE_WIRE_FORMAT, ALL);
	b[3] = 1;
	size_t sender = 4 + 1 + 8 + 8; /* after group_id ("the club") and epoch */
	expect_eq(b[sender], SENDER_MEMBER);
	b[sender] = 0;
	breaks(&c, alice(), good, RULE_SENDER_TYPE, ALL);
	b[sender] = 5;
	breaks(&c, alice(), good, RULE_SENDER_TYPE, ALL);
	b[sender] = SENDER_MEMBER;
	size_t content_type = sender + 5 + 1;
	expect_eq(b[content_type], CONTENT_PROPOSAL);
	b[content_type] = 0;
	breaks(&c, alice(), good, RULE_CONTENT_TYPE, ALL);
	b[content_type] = 4;
	breaks(&c, alice(), good, RULE_CONTENT_TYPE, ALL);
	b[content_type] = CONTENT_PROPOSAL;
	b[content_type + 1] = 0xf0; /* proposal_type, of private use */
	breaks(&c, alice(), good, RULE_PROPOSAL_TYPE, ALL);
	club_end(&c);
}

/* The same message in other bytes, so that it would count as another. */
TEST(lengths_in_a_longer_form)
{
	static const uint8_t longer[] = { 0x40, 8 }, longest[] = { 0x80, 0, 0, 8 };
	static const struct view forms[] = { { longer, 2 }, { longest, 4 } };
	club_with(&c, suite_at(0), 3);
	struct forge f = good_proposal();
	struct view good = forge_public(&f);
	expect_eq(good.p[4], 8); /* of group_id */
	for (size_t i = 0; i < 2; i++) {
		struct buf b;
		buf_init(&b, 65536);
		buf_add_view(&b, view_slice(good, 0, 4));
		buf_add_view(&b, forms[i]);
		buf_add_view(&b, view_slice(good, 5, good.n - 5));
		breaks(&c, alice(), buf_view(&b), RULE_LENGTH_IS_SHORTEST, ALL);
		buf_done(&b);
	}
	club_end(&c);
}

TEST(every_cut_is_refused)
{
	struct received got;
	struct public_received seen;
	const struct commit_options o = { .force_path = true };
	club_with(&c, suite_at(0), 3);
	struct forge f = forge_real_commit(&c, alice(), &o);
	struct view good = forge_public(&f);
	struct view before = person_saved(&c, &c.people[1]), server = server_saved(&c);
	for (size_t n = 0; n < good.n; n++) {
		struct view cut = view_slice(good, 0, n);
		expect(group_receive(c.people[1].g, cut, &c.mem, &got) != UC_OK);
		expect(public_group_receive(c.server, cut, &c.mem, &seen) != UC_OK);
	}
	expect_bytes(person_saved(&c, &c.people[1]), before);
	expect_bytes(server_saved(&c), server);
	club_end(&c);
}

TEST(every_bit_counts)
{
	struct received got;
	const struct commit_options o = { .force_path = true };
	club_with(&c, suite_at(0), 3);
	struct forge f = forge_real_commit(&c, alice(), &o);
	struct view message = changeable(&c, forge_public(&f));
	struct view before = person_saved(&c, &c.people[1]);
	for (size_t i = 0; i < message.n; i++) {
		struct arena_mark mark = arena_mark(&c.mem);
		flip(message, i);
		expect(group_receive(c.people[1].g, message, &c.mem, &got) != UC_OK);
		flip(message, i);
		arena_reset(&c.mem, mark);
	}
	expect_bytes(person_saved(&c, &c.people[1]), before);
	club_end(&c);
}

TEST(what_is_no_message_of_a_group)
{
	struct view info, out;
	club_with(&c, suite_at(0), 2);
	struct mls_message m = { .version = MLS10, .wire_format = MLS_GROUP_INFO };
	expect_ok(group_info_make(alice()->g, &c.mem, &info));
	expect_ok(wire_decode(info, &c.mem, group_info_element, &m.group_info));
	breaks(&c, alice(), forge_together(&c, &m), RULE_MESSAGE_IS_FOR_A_GROUP, ALL);
	m = (struct mls_message){ .version = MLS10, .wire_format = MLS_KEY_PACKAGE };
	m.key_package = add_of(&c, club_person(&c, 3)).key_package;
	out = forge_together(&c, &m);
	breaks(&c, alice(), out, RULE_MESSAGE_IS_FOR_A_GROUP, ALL);
	breaks(&c, alice(), view_make(NULL, 0), RULE_NOTHING_IS_CUT, ALL);
	/* A public group has no keys for what is private. */
	struct framing_epoch e = epoch_framing(alice()->g->now);
	struct forge f = good_proposal();
	breaks(&c, alice(), forge_private_of(&c, alice(), &e, &f.content),
	       RULE_MESSAGE_IS_FOR_A_GROUP, SERVER);
	club_end(&c);
}
