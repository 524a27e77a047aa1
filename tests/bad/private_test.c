/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 9420, 6.3, 9.2, 15.3: private messages whose parts do not belong together, or to an epoch, a leaf or
 * a generation that there is. */
#include "tests/bad/rules.h"

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

/* Signed with what stands beside it. */
static struct view private_text(const char *words)
{
	struct forge f = forge_begin(&c, alice(), CONTENT_APPLICATION);
	struct private_message_content inside = { .content_type = CONTENT_APPLICATION,
						  .application_data = view_str(words) };
	struct framed_content_tbs tbs = { .version = MLS10,
					  .wire_format = MLS_PRIVATE_MESSAGE,
					  .content = &f.content,
					  .context = alice()->g->now->state.encoded };
	struct view bytes, out;
	f.content.application_data = inside.application_data;
	f.content.authenticated_data = VIEW_LIT("beside it");
	expect_ok(wire_encode_to(&c.mem, framed_content_tbs_element, &tbs, &bytes));
	expect_ok(sign_with_label(c.suite, &alice()->key, test_env(), "FramedContentTBS", bytes,
				  &c.mem, &inside.auth.signature));
	expect_ok(wire_encode_to(&c.mem, private_message_content_element, &inside, &out));
	return out;
}

/* Private ones need the keys of their epoch, and handshakes belong to the present one. */
TEST(private_messages_of_another_epoch)
{
	club_with(&c, suite_at(0), 3);
	struct forge f = good_proposal();
	struct forge text = forge_begin(&c, alice(), CONTENT_APPLICATION);
	text.content.application_data = VIEW_LIT("text");
	struct view proposal = forge_private_of(&c, alice(), NULL, &f.content);
	struct view words = forge_private_of(&c, alice(), NULL, &text.content);
	/* In the name of the next epoch, and the last. */
	struct mls_message m = forge_apart(&c, words);
	m.private_message.epoch++;
	breaks(&c, alice(), forge_together(&c, &m), RULE_EPOCH_KEYS_TO_COME, MEMBERS);
	m.private_message.epoch = UINT64_MAX;
	breaks(&c, alice(), forge_together(&c, &m), RULE_EPOCH_KEYS_TO_COME, MEMBERS);
	club_commit_proposals(&c, &c.people[1], NULL, 0);
	breaks(&c, alice(), proposal, RULE_EPOCH_PAST, MEMBERS);
	for (int i = 0; i < GROUP_PAST_EPOCHS; i++)
		club_commit_proposals(&c, &c.people[1], NULL, 0);
	breaks(&c, alice(), words, RULE_EPOCH_KEYS_KEPT, MEMBERS);
	breaks(&c, alice(), proposal, RULE_EPOCH_KEYS_KEPT, MEMBERS);
	club_end(&c);
}

/* Of a private message, too, in whose clear parts stands what it is bound to; and none costs the key. */
TEST(every_bit_of_a_private_message_counts)
{
	struct received got;
	club_with(&c, suite_at(0), 2);
	struct private_forge p = { .c = &c,
				   .by = alice(),
				   .content_type = CONTENT_APPLICATION,
				   .authenticated_data = VIEW_LIT("beside it"),
				   .plaintext = private_text("text") };
	struct view message = changeable(&c, forge_private(&p));
	struct view before = person_saved(&c, &c.people[1]);
	for (size_t i = 0; i < message.n; i++) {
		struct arena_mark mark = arena_mark(&c.mem);
		flip(message, i);
		expect(group_receive(c.people[1].g, message, &c.mem, &got) != UC_OK);
		expect(group_receive(c.people[1].g, view_slice(message, 0, i), &c.mem, &got) !=
		       UC_OK);
		flip(message, i);
		arena_reset(&c.mem, mark);
	}
	expect_bytes(person_saved(&c, &c.people[1]), before);
	expect_ok(group_receive(c.people[1].g, message, &c.mem, &got));
	club_end(&c);
}

/* --- 6.3: private messages --- */

static struct private_forge text(void)
{
	return (struct private_forge){ .c = &c,
				       .by = alice(),
				       .content_type = CONTENT_APPLICATION,
				       .plaintext =
					       forge_inside(&c, alice(), VIEW_LIT("text"), 0) };
}

TEST(the_forger_can_write_private_messages)
{
	struct received got;
	club_with(&c, suite_at(0), 3);
	struct private_forge p = text();
	expect_ok(group_receive(c.people[1].g, forge_private(&p), &c.mem, &got));
	expect_bytes(got.application_data, VIEW_LIT("text"));
	club_end(&c);
}

TEST(padding_that_is_not_zero)
{
	club_with(&c, suite_at(0), 3);
	struct private_forge p = text();
	p.plaintext = changeable(&c, forge_inside(&c, alice(), VIEW_LIT("text"), 16));
	flip(p.plaintext, p.plaintext.n - 1);
	breaks(&c, alice(), forge_private(&p), RULE_PADDING_IS_ZERO, MEMBERS);
	club_end(&c);
}

TEST(each_part_of_a_private_message)
{
	struct received got;
	club_with(&c, suite_at(0), 3);
	struct private_forge p = text();
	struct view message = forge_private(&p);
	struct mls_message m = forge_apart(&c, message);
	struct private_message good = m.private_message, *bad = &m.private_message;
	bad->authenticated_data = VIEW_LIT("other");
	breaks(&c, alice(), forge_together(&c, &m), RULE_CONTENT_OPENS, MEMBERS);
	*bad = good;
	bad->ciphertext = changeable(&c, good.ciphertext);
	flip(bad->ciphertext, bad->ciphertext.n - 1);
	breaks(&c, alice(), forge_together(&c, &m), RULE_CONTENT_OPENS, MEMBERS);
	for (size_t n = 0; n<good.ciphertext.n; n += n> 15 ? 13 : 1) {
		/* The key of the sender data is drawn from its beginning. */
		bad->ciphertext = view_slice(good.ciphertext, 0, n);
		breaks(&c, alice(), forge_together(&c, &m),
		       n < c.suite->nh ? RULE_SENDER_DATA_OPENS : RULE_CONTENT_OPENS, MEMBERS);
	}
	*bad = good;
	for (size_t n = 0; n < good.encrypted_sender_data.n; n += 9) {
		bad->encrypted_sender_data = view_slice(good.encrypted_sender_data, 0, n);
		breaks(&c, alice(), forge_together(&c, &m), RULE_SENDER_DATA_LENGTH, MEMBERS);
	}
	*bad = good;
	bad->encrypted_sender_data = changeable(&c, good.encrypted_sender_data);
	flip(bad->encrypted_sender_data, 3);
	breaks(&c, alice(), forge_together(&c, &m), RULE_SENDER_DATA_OPENS, MEMBERS);
	*bad = good;
	bad->content_type = CONTENT_COMMIT;
	breaks(&c, alice(), forge_together(&c, &m), RULE_SENDER_DATA_OPENS, MEMBERS);
	struct view kind = changeable(&c, message);
	size_t at = 4 + 1 + 8 + 8; /* after group_id ("the club") and epoch */
	expect_eq(kind.p[at], CONTENT_APPLICATION);
	((uint8_t *)(uintptr_t)kind.p)[at] = 0;
	breaks(&c, alice(), kind, RULE_CONTENT_TYPE, MEMBERS);
	/* None of that has cost the message itself. */
	expect_ok(group_receive(c.people[1].g, message, &c.mem, &got));
	expect_ok(group_receive(c.people[2].g, message, &c.mem, &got));
	club_end(&c);
}

/* By one who can seal the sender data for it. */
TEST(sender_data_too_long_or_for_too_little)
{
	struct received got;
	club_with(&c, suite_at(0), 2);
	struct private_forge p = text();
	p.longer_sender_data = true;
	breaks(&c, alice(), forge_private(&p), RULE_SENDER_DATA_LENGTH, MEMBERS);
	p.longer_sender_data = false;
	for (size_t n = 1; n < 2 * AEAD_TAG; n += 5) {
		p.ciphertext_n = n;
		breaks(&c, alice(), forge_private(&p), RULE_CONTENT_OPENS, MEMBERS);
	}
	p.ciphertext_n = 0;
	expect_ok(group_receive(c.people[1].g, forge_private(&p), &c.mem, &got));
	club_end(&c);
}

TEST(another_sender_than_the_key_is_for)
{
	club_with(&c, suite_at(0), 4);
	const struct proposal remove = remove_of(&c.people[2]);
	club_commit_proposals(&c, alice(), &remove, 1);
	struct private_forge p = text();
	p.claims_leaf = true;
	p.claimed_leaf = 2; /* blank */
	breaks(&c, alice(), forge_private(&p), RULE_SENDER_DATA_LEAF, MEMBERS | STANDS);
	p.claimed_leaf = 1000;
	breaks(&c, alice(), forge_private(&p), RULE_SENDER_DATA_LEAF, MEMBERS | STANDS);
	/* Where it would not matter that nobody is there, there is no key either. */
	rule_off_as_well(RULE_SENDER_DATA_LEAF);
	breaks(&c, alice(), forge_private(&p), RULE_MESSAGE_KEY_IS_THERE, MEMBERS | BEHIND);
	/* Under the key that the blank leaf would have. */
	p.claimed_leaf = 2;
	p.seals_as_claimed = true;
	breaks(&c, alice(), forge_private(&p), RULE_SENDER_DATA_LEAF, MEMBERS);
	p.seals_as_claimed = false;
	p.claimed_leaf = 3;
	refused_by_one(&c, &c.people[1], forge_private(&p), UC_E_DECRYPT);
	/* One cannot be told that a message is one's own, and be made to lose a key by it. */
	refused_by_one(&c, &c.people[3], forge_private(&p), UC_E_DECRYPT);
	club_talks(&c, &c.people[3], "still there");
	club_end(&c);
}

TEST(generations_that_were_used)
{
	struct received got;
	club_with(&c, suite_at(0), 2);
	struct private_forge p = text();
	/* Itself again, and one that says it is that. */
	struct view first = forge_private(&p);
	expect_ok(group_receive(c.people[1].g, first, &c.mem, &got));
	breaks(&c, alice(), first, RULE_MESSAGE_KEY_IS_THERE, MEMBERS);
	p.claims_generation = true;
	p.claimed_generation = 0;
	breaks(&c, alice(), forge_private(&p), RULE_MESSAGE_KEY_IS_THERE, MEMBERS);
	p.claims_generation = false;
	expect_ok(group_receive(c.people[1].g, forge_private(&p), &c.mem, &got));
	club_end(&c);
}

TEST(generations_far_ahead)
{
	struct received got;
	club_with(&c, suite_at(0), 2);
	struct private_forge p = text();
	p.claims_generation = true;
	static const uint32_t far[] = { SECRET_TREE_FORWARD_MAX + 1, 1 << 30, UINT32_MAX - 1 };
	/* Sealed by the very key of that generation. */
	p.claimed_generation = far[0];
	p.seals_as_claimed = true;
	rule_switch_off(RULE_GENERATION_IN_REACH);
	struct view ahead = forge_private(&p);
	rules_on();
	breaks(&c, alice(), ahead, RULE_GENERATION_IN_REACH, MEMBERS);
	p.claimed_generation = far[0] - 1;
	expect_ok(group_receive(c.people[1].g, forge_private(&p), &c.mem, &got));
	p.seals_as_claimed = false;
	for (size_t i = 0; i < 3; i++) {
		/* Those so far ahead nobody goes to, even without the rule. */
		p.claimed_generation = far[i] + (i == 0) * far[0];
		breaks(&c, alice(), forge_private(&p), RULE_GENERATION_IN_REACH, MEMBERS | STANDS);
	}
	p.claimed_generation = UINT32_MAX;
	breaks(&c, alice(), forge_private(&p), RULE_MESSAGE_KEY_IS_THERE, MEMBERS);
	club_end(&c);
}

/* --- private handshakes --- */

/* Authentic, and yet against the rules: no key is used up by it. */
TEST(private_handshakes_that_break_a_rule)
{
	struct received got;
	club_with(&c, suite_at(0), 3);
	struct forge f = forge_begin(&c, alice(), CONTENT_PROPOSAL);
	f.content.proposal = (struct proposal){ .proposal_type = PROPOSAL_REMOVE, .removed = 77 };
	breaks(&c, alice(), forge_private_of(&c, alice(), NULL, &f.content), RULE_REMOVED_IS_THERE,
	       MEMBERS);
	/* A commit of what is not the committer's, made in private. */
	const struct proposal itself = remove_of(alice());
	c.wrapping.private_handshakes = true;
	breaks_stored(&c, alice(), &itself, 1, RULE_NOT_OF_THE_COMMITTER, MEMBERS);
	c.wrapping.private_handshakes = false;
	/* One that is right but for its tag. */
	struct proposal_or_ref add = { .type = BY_PROPOSAL,
				       .proposal = add_of(&c, club_person(&c, 5)) };
	f = forge_begin(&c, alice(), CONTENT_COMMIT);
	f.content.commit = (struct commit){ .proposals = { &add, 1 } };
	breaks(&c, alice(), forge_private_of(&c, alice(), NULL, &f.content), RULE_CONFIRMATION_TAG,
	       MEMBERS);
	/* What comes after them is read. */
	f = forge_begin(&c, alice(), CONTENT_PROPOSAL);
	f.content.proposal = remove_of(&c.people[2]);
	expect_ok(group_receive(c.people[1].g, forge_private_of(&c, alice(), NULL, &f.content),
				&c.mem, &got));
	expect_eq(got.kind, RECEIVED_PROPOSAL);
	club_end(&c);
}

TEST(a_replay_does_not_damage_the_ratchet)
{
	struct received got;
	struct view message[8];
	club_with(&c, suite_at(0), 2);
	for (size_t i = 0; i < 8; i++) {
		struct private_forge p = text();
		message[i] = forge_private(&p);
	}
	static const size_t order[] = { 3, 3, 1, 3, 1, 7, 0, 7, 2, 4, 0, 6, 5, 5 };
	bool seen[8] = { false };
	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		uc_err want = seen[order[i]] ? UC_E_DECRYPT : UC_OK;
		expect_err(group_receive(c.people[1].g, message[order[i]], &c.mem, &got), want);
		seen[order[i]] = true;
		person_restart(&c, &c.people[1]);
	}
	club_end(&c);
}
