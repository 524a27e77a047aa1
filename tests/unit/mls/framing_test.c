/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/framing.h"

#include "mls/message.h"

#include "tests/unit/harness.h"

enum { ALICE = 0, BOB = 1, BLANK = 2, LEAVES = 3, EPOCH = 7 };

/* Two members' views of one epoch, and an external sender. */
static struct {
	struct arena mem;
	struct sign_key key[LEAVES]; /* [BLANK]: the external sender's */
	struct secret_tree tree[2];
	struct framing_epoch e[2];
} x;

static uc_err key_find(void *ctx, uint8_t sender_type, uint32_t index, struct view *out)
{
	(void)ctx;
	if (sender_type == SENDER_MEMBER && index < BLANK)
		*out = sign_public(&x.key[index]);
	else if (sender_type == SENDER_EXTERNAL && index == 0)
		*out = sign_public(&x.key[BLANK]);
	else
		return UC_E_NOT_FOUND;
	return UC_OK;
}

static void begin(void)
{
	static const uint8_t secret[32] = { 1 };
	arena_init(&x.mem, 1 << 20, ARENA_SECRET);
	for (uint32_t i = 0; i < LEAVES; i++)
		expect_ok(sign_key_generate(suite_at(0), test_env(), &x.key[i]));
	for (uint32_t i = 0; i < 2; i++) {
		expect_ok(secret_tree_init(&x.tree[i], suite_at(0), LEAVES, VIEW_OF(secret)));
		x.e[i] = (struct framing_epoch){ .suite = suite_at(0),
						 .group_id = VIEW_LIT("group"),
						 .epoch = EPOCH,
						 .group_context = VIEW_LIT("context"),
						 .membership_key = VIEW_OF(secret),
						 .sender_data_secret = VIEW_OF(secret),
						 .secret_tree = &x.tree[i],
						 .own_leaf = i,
						 .key_find = key_find };
	}
}

static void end(void)
{
	for (int i = 0; i < 2; i++)
		secret_tree_done(&x.tree[i]);
	for (int i = 0; i < LEAVES; i++)
		sign_key_wipe(&x.key[i]);
	arena_done(&x.mem);
}

static struct framed_content text(const char *s)
{
	return (struct framed_content){ .group_id = VIEW_LIT("group"),
					.epoch = EPOCH,
					.sender = { .sender_type = SENDER_MEMBER,
						    .leaf_index = ALICE },
					.authenticated_data = VIEW_LIT("aad"),
					.content_type = CONTENT_APPLICATION,
					.application_data = view_str(s) };
}

static struct framed_content removal(uint8_t sender_type)
{
	struct framed_content c = text("");
	c.sender = (struct sender){ .sender_type = sender_type };
	c.content_type = CONTENT_PROPOSAL;
	c.proposal = (struct proposal){ .proposal_type = PROPOSAL_REMOVE, .removed = 1 };
	return c;
}

static struct private_message sealed(const struct framed_content *c, size_t padding)
{
	struct authenticated_content a;
	struct private_message p = { 0 };
	expect_ok(framing_sign(&x.e[ALICE], test_env(), &x.key[ALICE], MLS_PRIVATE_MESSAGE, c,
			       &x.mem, &a));
	expect_ok(framing_protect_private(&x.e[ALICE], test_env(), &a, padding, &x.mem, &p));
	return p;
}

static void element(struct wire *w, void *v)
{
	wire_secret_tree(w, v, suite_at(0));
}

static struct view state(void)
{
	struct view v = { 0 };
	expect_ok(wire_encode_to(&x.mem, element, &x.tree[BOB], &v));
	return v;
}

TEST(private_messages_arrive_once)
{
	begin();
	for (size_t padding = 0; padding < 300; padding += 99) {
		struct framed_content c = text("hello");
		struct private_message p = sealed(&c, padding);
		struct authenticated_content a;
		expect_err(framing_open_private(&x.e[ALICE], &p, &x.mem, &a), UC_E_OWN);
		expect_ok(framing_open_private(&x.e[BOB], &p, &x.mem, &a));
		expect_bytes(a.content.application_data, VIEW_LIT("hello"));
		expect_bytes(a.content.authenticated_data, VIEW_LIT("aad"));
		expect_eq(a.content.sender.leaf_index, ALICE);
		struct view before = state();
		expect_err(framing_open_private(&x.e[BOB], &p, &x.mem, &a), UC_E_DECRYPT);
		expect_bytes(state(), before);
	}
	end();
}

static void refused(struct private_message *p, struct view field, uc_err want)
{
	struct authenticated_content a;
	/* Test messages lie in our own arena: they may be changed. */
	uint8_t *b = (uint8_t *)(uintptr_t)field.p;
	for (size_t i = 0; i < field.n; i++) {
		b[i] ^= 0x20;
		expect_err(framing_open_private(&x.e[BOB], p, &x.mem, &a), want);
		b[i] ^= 0x20;
	}
}

TEST(a_damaged_message_changes_nothing)
{
	begin();
	struct framed_content c = text("hello");
	struct private_message p = sealed(&c, 3), q = p;
	struct authenticated_content a;
	struct view before = state();
	refused(&p, p.ciphertext, UC_E_DECRYPT);
	refused(&p, p.encrypted_sender_data, UC_E_DECRYPT);
	q.authenticated_data = VIEW_LIT("aae");
	expect_err(framing_open_private(&x.e[BOB], &q, &x.mem, &a), UC_E_DECRYPT);
	for (size_t n = 0; n < p.ciphertext.n; n++) {
		q = p;
		q.ciphertext.n = n;
		expect_err(framing_open_private(&x.e[BOB], &q, &x.mem, &a), UC_E_DECRYPT);
	}
	q = p;
	q.encrypted_sender_data.n = 0;
	expect_err(framing_open_private(&x.e[BOB], &q, &x.mem, &a), UC_E_DECRYPT);
	q = p;
	q.content_type = CONTENT_PROPOSAL;
	expect_err(framing_open_private(&x.e[BOB], &q, &x.mem, &a), UC_E_DECRYPT);
	q = p;
	q.epoch = EPOCH - 1;
	expect_err(framing_open_private(&x.e[BOB], &q, &x.mem, &a), UC_E_EPOCH_PAST);
	q.epoch = EPOCH + 1;
	expect_err(framing_open_private(&x.e[BOB], &q, &x.mem, &a), UC_E_EPOCH_FUTURE);
	q = p;
	q.group_id = VIEW_LIT("groups");
	expect_err(framing_open_private(&x.e[BOB], &q, &x.mem, &a), UC_E_UNEXPECTED);
	expect_bytes(state(), before);
	expect_ok(framing_open_private(&x.e[BOB], &p, &x.mem, &a));
	end();
}

/* A member who knows all keys seals as another one: the signature tells, the key stays. */
TEST(an_insider_cannot_speak_for_another)
{
	begin();
	struct framed_content c = text("as alice");
	struct authenticated_content a;
	struct private_message p;
	struct view before = state();
	expect_ok(framing_sign(&x.e[ALICE], test_env(), &x.key[BOB], MLS_PRIVATE_MESSAGE, &c,
			       &x.mem, &a));
	expect_ok(framing_protect_private(&x.e[ALICE], test_env(), &a, 0, &x.mem, &p));
	expect_err(framing_open_private(&x.e[BOB], &p, &x.mem, &a), UC_E_SIGNATURE);
	expect_bytes(state(), before);
	end();
}

/* RFC 9420, 6.3.2: a sender whose leaf is blank. */
TEST(a_blank_leaf_sends_nothing)
{
	begin();
	struct framed_content c = text("from nobody");
	struct authenticated_content a;
	struct private_message p;
	c.sender.leaf_index = BLANK;
	x.e[ALICE].own_leaf = BLANK;
	expect_ok(framing_sign(&x.e[ALICE], test_env(), &x.key[ALICE], MLS_PRIVATE_MESSAGE, &c,
			       &x.mem, &a));
	expect_ok(framing_protect_private(&x.e[ALICE], test_env(), &a, 0, &x.mem, &p));
	expect_err(framing_open_private(&x.e[BOB], &p, &x.mem, &a), UC_E_DECRYPT);
	end();
}

TEST(only_ones_own_leaf_seals)
{
	begin();
	struct framed_content c = text("hello");
	struct authenticated_content a;
	struct private_message p;
	expect_ok(framing_sign(&x.e[ALICE], test_env(), &x.key[ALICE], MLS_PRIVATE_MESSAGE, &c,
			       &x.mem, &a));
	expect_err(framing_protect_private(&x.e[BOB], test_env(), &a, 0, &x.mem, &p),
		   UC_E_ARGUMENT);
	a.content.epoch++;
	expect_err(framing_protect_private(&x.e[ALICE], test_env(), &a, 0, &x.mem, &p),
		   UC_E_EPOCH_FUTURE);
	expect_eq(secret_tree_next(&x.tree[ALICE], ALICE, RATCHET_APPLICATION), 0);
	end();
}

/* --- public messages --- */

static struct public_message signed_public(const struct framed_content *c, int signer)
{
	struct authenticated_content a;
	struct public_message p = { 0 };
	expect_ok(framing_sign(&x.e[ALICE], test_env(), &x.key[signer], MLS_PUBLIC_MESSAGE, c,
			       &x.mem, &a));
	expect_ok(framing_protect_public(&x.e[ALICE], &a, &x.mem, &p));
	return p;
}

TEST(members_carry_a_tag)
{
	begin();
	struct framed_content c = removal(SENDER_MEMBER);
	struct public_message p = signed_public(&c, ALICE), q = p;
	struct authenticated_content a;
	uint8_t longer[40] = { 0 };
	expect_ok(framing_open_public(&x.e[BOB], &p, &x.mem, &a));
	expect_eq(a.wire_format, MLS_PUBLIC_MESSAGE);
	for (size_t n = 0; n < p.membership_tag.n; n++) {
		q.membership_tag.n = n;
		expect_err(framing_open_public(&x.e[BOB], &q, &x.mem, &a), UC_E_MAC);
	}
	memcpy(longer, p.membership_tag.p, 32);
	q.membership_tag = VIEW_OF(longer);
	expect_err(framing_open_public(&x.e[BOB], &q, &x.mem, &a), UC_E_MAC);
	q = p;
	q.content.proposal.removed = 0;
	expect_err(framing_open_public(&x.e[BOB], &q, &x.mem, &a), UC_E_MAC);
	/* Who holds no secrets checks the signature, and that alone. */
	x.e[BOB].membership_key = (struct view){ 0 };
	expect_err(framing_open_public(&x.e[BOB], &q, &x.mem, &a), UC_E_SIGNATURE);
	expect_ok(framing_open_public(&x.e[BOB], &p, &x.mem, &a));
	end();
}

TEST(a_signature_belongs_to_its_epoch_and_wrapping)
{
	begin();
	struct framed_content c = removal(SENDER_MEMBER);
	struct public_message p = signed_public(&c, ALICE);
	struct authenticated_content a;
	x.e[BOB].membership_key = (struct view){ 0 };
	x.e[BOB].group_context = VIEW_LIT("another");
	expect_err(framing_open_public(&x.e[BOB], &p, &x.mem, &a), UC_E_SIGNATURE);
	x.e[BOB].group_context = VIEW_LIT("context");
	expect_ok(framing_sign(&x.e[ALICE], test_env(), &x.key[ALICE], MLS_PRIVATE_MESSAGE, &c,
			       &x.mem, &a));
	p.auth = a.auth;
	expect_err(framing_open_public(&x.e[BOB], &p, &x.mem, &a), UC_E_SIGNATURE);
	end();
}

TEST(external_senders_propose_what_they_may)
{
	begin();
	struct framed_content c = removal(SENDER_EXTERNAL);
	struct public_message p = signed_public(&c, BLANK);
	struct authenticated_content a;
	expect_eq(p.membership_tag.n, 0);
	expect_ok(framing_open_public(&x.e[BOB], &p, &x.mem, &a));
	p.content.sender.sender_index = 1;
	expect_err(framing_open_public(&x.e[BOB], &p, &x.mem, &a), UC_E_NOT_FOUND);
	static const uint16_t refused_types[] = { PROPOSAL_UPDATE, PROPOSAL_EXTERNAL_INIT,
						  PROPOSAL_SELF_REMOVE };
	for (size_t i = 0; i < 3; i++) {
		c.proposal = (struct proposal){ .proposal_type = refused_types[i] };
		expect_err(framing_sign(&x.e[ALICE], test_env(), &x.key[BLANK], MLS_PUBLIC_MESSAGE,
					&c, &x.mem, &a),
			   UC_E_UNEXPECTED);
		p.content = c;
		expect_err(framing_open_public(&x.e[BOB], &p, &x.mem, &a), UC_E_UNEXPECTED);
	}
	end();
}

/* Every kind of sender with every kind of content it may not send. */
TEST(who_may_send_what)
{
	begin();
	struct authenticated_content a;
	struct public_message p = { 0 };
	p.content = text("in the open");
	expect_err(framing_open_public(&x.e[BOB], &p, &x.mem, &a), UC_E_UNEXPECTED);
	for (uint8_t sender = SENDER_EXTERNAL; sender <= SENDER_NEW_MEMBER_COMMIT; sender++) {
		p.content = text("in the open");
		p.content.sender.sender_type = sender;
		expect_err(framing_open_public(&x.e[BOB], &p, &x.mem, &a), UC_E_UNEXPECTED);
		p.content.content_type = CONTENT_COMMIT;
		p.content.commit = (struct commit){ .path = NULL }; /* nobody's without a path */
		expect_err(framing_open_public(&x.e[BOB], &p, &x.mem, &a), UC_E_UNEXPECTED);
		p.content = removal(sender);
		if (sender != SENDER_EXTERNAL)
			expect_err(framing_open_public(&x.e[BOB], &p, &x.mem, &a), UC_E_UNEXPECTED);
		expect_err(framing_sign(&x.e[ALICE], test_env(), &x.key[BLANK], MLS_PRIVATE_MESSAGE,
					&p.content, &x.mem, &a),
			   UC_E_ARGUMENT);
	}
	end();
}
