/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 9420, 5.1, 6.1, 7.3, 10.1: keys that are none and signatures that do not verify, on each
 * suite; and types and senders, one by one. */
#include "tests/bad/rules.h"

#include <string.h>

static struct club c;

static struct person *alice(void)
{
	return &c.people[0];
}

/* Ways in which a public key of this suite is none; false when there is no such way. */
enum { KEY_WAYS = 9 };
static bool bad_key(int way, struct view good, struct view *out)
{
	uint8_t *b = arena_take(&c.mem, good.n + 1);
	size_t n = good.n;
	bool is_point = good.n > 60; /* 0x04, x, y: uncompressed */
	memcpy(b, good.p, good.n);
	b[n] = 0;
	switch (way) {
	case 0:
		n = 0;
		break;
	case 1:
		n = 1;
		break;
	case 2:
		n--;
		break;
	case 3:
		n++;
		break;
	case 4: /* of small order, and no point */
		memset(b, 0, n);
		break;
	case 5: /* "compressed" */
		b[0] = 2;
		break;
	case 6: /* the same with a half of it */
		b[0] = 3;
		n = 1 + n / 2;
		break;
	case 7: /* not on the curve */
		b[n - 1] ^= 1;
		break;
	default: /* no number of the field */
		memset(b + 1, 0xff, n - 1);
		break;
	}
	*out = view_make(b, n);
	return way < 5 || (is_point && good.p[0] == 4);
}

static struct view bad_one; /* what the changes below put in */

static void puts_init_key(struct club *x, struct key_package *k)
{
	(void)x;
	k->init_key = bad_one;
}

static void puts_encryption_key(struct club *x, struct leaf_node *l)
{
	(void)x;
	l->encryption_key = bad_one;
}

static void breaks_add(leaf_change *leaf, key_package_change *package, enum mls_rule rule)
{
	const struct proposal add = forge_add(&c, club_person(&c, 9), leaf, package);
	breaks(&c, alice(), forge_proposal(&c, alice(), &add), rule, ALL);
}

TEST(keys_on_each_suite)
{
	for (size_t s = 0; suite_at(s); s++) {
		club_with(&c, suite_at(s), 2);
		struct view good = add_of(&c, club_person(&c, 9)).key_package.init_key;
		for (int way = 0; way < KEY_WAYS; way++) {
			if (!bad_key(way, good, &bad_one))
				continue;
			breaks_add(NULL, puts_init_key, RULE_INIT_KEY);
			breaks_add(puts_encryption_key, NULL, RULE_LEAF_KEY);
		}
		club_end(&c);
	}
}

TEST(keys_of_paths_on_each_suite)
{
	const struct commit_options o = { .force_path = true };
	for (size_t s = 0; suite_at(s); s++) {
		club_with(&c, suite_at(s), 3);
		struct forge f = forge_real_commit(&c, alice(), &o);
		struct view *key = &f.content.commit.path->nodes.v[0].encryption_key, good = *key;
		for (int way = 0; way < KEY_WAYS; way++) {
			if (!bad_key(way, good, key))
				continue;
			forge_hash_path(&f, 0);
			breaks_path(&c, alice(), forge_public(&f), RULE_PATH_NODE_KEY);
		}
		club_end(&c);
	}
}

/* --- signatures --- */

enum { SIGNATURE_WAYS = 7 };
static struct view bad_signature(int way, struct view good, struct view other)
{
	uint8_t *b = arena_take(&c.mem, good.n + 1);
	size_t n = good.n;
	memcpy(b, good.p, good.n);
	b[n] = 0;
	switch (way) {
	case 0:
		n = 0;
		break;
	case 1:
		n--;
		break;
	case 2:
		n++;
		break;
	case 3:
		b[n / 2] ^= 1;
		break;
	case 4:
		b[n - 1] ^= 1;
		break;
	case 5:
		memset(b, 0, n);
		break;
	default: /* a right one, of something else */
		return other;
	}
	return view_make(b, n);
}

TEST(signatures_on_each_suite)
{
	for (size_t s = 0; suite_at(s); s++) {
		club_with(&c, suite_at(s), 2);
		struct proposal add = add_of(&c, club_person(&c, 9));
		struct view other = add_of(&c, club_person(&c, 9)).key_package.signature;
		struct view good = add.key_package.signature;
		for (int way = 0; way < SIGNATURE_WAYS; way++) {
			add.key_package.signature = bad_signature(way, good, other);
			breaks(&c, alice(), forge_proposal(&c, alice(), &add),
			       RULE_KEY_PACKAGE_SIGNATURE, ALL);
		}
		club_end(&c);
	}
}

/* With a membership_tag that is right for them. */
TEST(signatures_of_messages_on_each_suite)
{
	for (size_t s = 0; suite_at(s); s++) {
		struct mls_message m;
		struct view bad;
		club_with(&c, suite_at(s), 2);
		struct forge f = forge_begin(&c, alice(), CONTENT_PROPOSAL);
		f.content.proposal = remove_of(&c.people[1]);
		expect_ok(wire_decode(forge_public(&f), &c.mem, mls_message_element, &m));
		struct view good = m.public_message.auth.signature;
		f.signature = &bad;
		struct view other = add_of(&c, club_person(&c, 9)).key_package.signature;
		for (int way = 0; way < SIGNATURE_WAYS; way++) {
			bad = bad_signature(way, good, other);
			breaks(&c, alice(), forge_public(&f), RULE_CONTENT_SIGNATURE, ALL);
		}
		club_end(&c);
	}
}

/* --- MACs --- */

TEST(tags_on_each_suite)
{
	for (size_t s = 0; suite_at(s); s++) {
		struct mls_message m;
		struct view out;
		club_with(&c, suite_at(s), 2);
		struct proposal remove = remove_of(&c.people[1]);
		struct view message = forge_proposal(&c, alice(), &remove);
		expect_ok(wire_decode(message, &c.mem, mls_message_element, &m));
		struct view *tag = &m.public_message.membership_tag, good = *tag;
		for (int way = 0; way < SIGNATURE_WAYS - 1; way++) {
			*tag = bad_signature(way, good, good);
			expect_ok(wire_encode_to(&c.mem, mls_message_element, &m, &out));
			breaks(&c, alice(), out, RULE_MEMBERSHIP_TAG, MEMBERS);
		}
		club_end(&c);
	}
}

/* --- types that everybody has anyway --- */

static uint16_t default_type[2];

static void lists_proposal(struct club *x, struct leaf_node *l)
{
	(void)x;
	l->capabilities.proposals = (struct u16_list){ default_type, 2 };
}

static void lists_extension(struct club *x, struct leaf_node *l)
{
	(void)x;
	l->capabilities.extensions = (struct u16_list){ default_type, 2 };
}

TEST(each_default_type)
{
	club_with(&c, suite_at(0), 2);
	default_type[0] = 0xf00a;
	for (int type = PROPOSAL_ADD; type <= PROPOSAL_GROUP_CONTEXT_EXTENSIONS; type++) {
		default_type[1] = (uint16_t)type;
		breaks_add(lists_proposal, NULL, RULE_LEAF_NO_DEFAULTS);
	}
	for (int type = EXTENSION_APPLICATION_ID; type <= EXTENSION_EXTERNAL_SENDERS; type++) {
		default_type[1] = (uint16_t)type;
		breaks_add(lists_extension, NULL, RULE_LEAF_NO_DEFAULTS);
	}
	club_end(&c);
}

/* --- senders --- */

static struct proposal of_type(uint16_t type)
{
	static uint8_t kem_output[32] = { 9 };
	struct proposal p = { .proposal_type = type };
	switch (type) {
	case PROPOSAL_UPDATE:
		p.leaf_node = *tree_leaf_find(group_now(alice()->g).tree, 0, LEAF_ROOM);
		return p;
	case PROPOSAL_PSK:
		return psk_of(&c, VIEW_LIT("known"));
	case PROPOSAL_EXTERNAL_INIT:
		p.kem_output = VIEW_OF(kem_output);
		return p;
	case PROPOSAL_REINIT:
		p.reinit.version = MLS10;
		p.reinit.cipher_suite = c.suite->id;
		return p;
	case PROPOSAL_APP_DATA_UPDATE:
		p.app_data_update =
			(struct app_data_update){ 0xf001, APP_DATA_UPDATE, VIEW_LIT("x") };
		return p;
	default:
		return p;
	}
}

static const uint16_t not_adds[] = {
	PROPOSAL_UPDATE,          PROPOSAL_REMOVE,        PROPOSAL_PSK,
	PROPOSAL_REINIT,          PROPOSAL_EXTERNAL_INIT, PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
	PROPOSAL_APP_DATA_UPDATE, PROPOSAL_APP_EPHEMERAL, PROPOSAL_SELF_REMOVE
};

TEST(who_asks_to_be_added_asks_for_nothing_else)
{
	club_with(&c, suite_at(0), 2);
	for (size_t i = 0; i < sizeof not_adds / sizeof *not_adds; i++) {
		struct forge f = forge_begin(&c, alice(), CONTENT_PROPOSAL);
		f.content.sender = (struct sender){ .sender_type = SENDER_NEW_MEMBER_PROPOSAL };
		f.content.proposal = of_type(not_adds[i]);
		breaks(&c, NULL, forge_public(&f), RULE_NEW_MEMBER_PROPOSES_ADD, ALL);
	}
	club_end(&c);
}

/* Proposals that come by themselves, in the name of one who joins by a commit. */
TEST(who_joins_by_a_commit_proposes_nothing_before)
{
	club_with(&c, suite_at(0), 2);
	for (size_t i = 0; i < sizeof not_adds / sizeof *not_adds; i++) {
		struct forge f = forge_begin(&c, alice(), CONTENT_PROPOSAL);
		f.content.sender = (struct sender){ .sender_type = SENDER_NEW_MEMBER_COMMIT };
		f.content.proposal = of_type(not_adds[i]);
		breaks(&c, NULL, forge_public(&f), RULE_NEW_MEMBER_COMMITS_PATH, ALL);
	}
	club_end(&c);
}

/* Alone, each of these is a proposal; together they are none. */
TEST(pairs_for_one_leaf)
{
	struct view message;
	club_with(&c, suite_at(0), 4);
	struct person *leaver = &c.people[2];
	const struct proposal leave = { .proposal_type = PROPOSAL_SELF_REMOVE };
	expect_ok(group_propose_update(leaver->g, &c.mem, &message));
	club_deliver_proposal(&c, leaver, message);
	expect_ok(group_propose(leaver->g, &leave, view_make(NULL, 0), &c.mem, &message));
	club_deliver_proposal(&c, leaver, message);
	/* Whichever of them comes first. */
	for (size_t i = 0; i < 2; i++) {
		struct stored_proposal **v = alice()->g->proposals.v, *first = v[0];
		v[0] = v[1];
		v[1] = first;
		breaks_stored(&c, alice(), NULL, 0, RULE_ONE_PROPOSAL_PER_LEAF, ALL);
	}
	club_end(&c);
}

/* A path is needed with each of these, alone and beside what needs none. */
TEST(no_path_with_each_type)
{
	club_with(&c, suite_at(0), 4);
	const struct proposal remove = remove_of(&c.people[2]);
	const struct proposal none[] = { add_of(&c, club_person(&c, 9)),
					 of_type(PROPOSAL_APP_DATA_UPDATE) };
	for (size_t i = 0; i < 2; i++) {
		const struct proposal v[] = { remove, none[i] };
		struct view commit = forge_commit(&c, alice(), v, 2);
		breaks(&c, alice(), tagged(&c, alice(), NULL, commit, RULE_PATH_REQUIRED),
		       RULE_PATH_REQUIRED, ALL);
	}
	club_end(&c);
}
