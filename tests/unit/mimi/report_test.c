/* SPDX-License-Identifier: Apache-2.0 */
/* Reports: all genuine ones verify, of ten thousand forged ones none. */
#include "mimi/media_type.h"
#include "mimi/report.h"

#include "tests/unit/harness.h"

#define ROSA "mimi://dial.example/p/rosa"
#define TOM  "mimi://lens.example/p/tom"
#define DEN  "mimi://dial.example/r/den"
#define PIT  "mimi://dial.example/r/pit"

enum { MESSAGES = 8, FORGED = 10000 };

static const uint8_t hub_now[32] = { 1, 2, 3 }, hub_before[32] = { 4, 5, 6 }, hub_gone[32] = { 7 };
static const struct frank_chain chain_now = { FRANK_DAY_ANY, { 1, 2, 3 } },
				chain_before = { FRANK_DAY_ANY, { 4, 5, 6 } };
static struct arena mem;
static struct sign_key key, key_before, key_foreign;
static struct report_keys keys;
/* As they came to a reader: plainly signed, of a tree, and unsigned; by Rosa in the den. */
static struct abusive_message plain[MESSAGES], treed[MESSAGES], bare[MESSAGES];
/* Others that are genuine, too: by Tom, and in another room. */
static struct abusive_message by_tom, in_pit;

static struct view content_make(const char *sender, const char *room, const char *text)
{
	struct mimi_content c;
	struct view bytes;
	expect_ok(mimi_content_new(test_env(), view_str(sender), view_str(room), &mem, &c));
	mimi_content_set_text(&c, view_str(text), false);
	expect_ok(mimi_content_write(&c, &mem, &bytes));
	return bytes;
}

static void tag_of(struct view content, uint8_t tag[FRANKING_TAG])
{
	struct mimi_content c;
	struct view data;
	expect_ok(mimi_content_read(content, &mem, &c));
	expect_ok(application_data_write(content, NULL, &mem, &data));
	expect_ok(franking_tag(VIEW_OF(c.salt), data, tag));
}

static struct server_franking_context context_of(const char *sender, const char *room, uint64_t at)
{
	return (struct server_franking_context){ view_str(sender), view_str(room), at };
}

static struct abusive_message franked(const char *sender, const char *room, const char *text,
				      const uint8_t hub[32], const struct sign_key *with)
{
	struct abusive_message m = { content_make(sender, room, text), .accepted_timestamp = 1000 };
	uint8_t tag[FRANKING_TAG];
	const struct server_franking_context at = context_of(sender, room, m.accepted_timestamp);
	tag_of(m.message_content, tag);
	expect_ok(frank_make(hub, with, test_env(), tag, &at, &mem, &m.frank));
	return m;
}

static void tree_make(void)
{
	static struct frank_tree t;
	uint8_t made[MESSAGES][32], tag[FRANKING_TAG];
	t.n = MESSAGES;
	for (size_t i = 0; i < MESSAGES; i++) {
		const struct server_franking_context at = context_of(ROSA, DEN, 2000 + i);
		treed[i].message_content = content_make(ROSA, DEN, "in a round");
		treed[i].accepted_timestamp = 2000 + i;
		tag_of(treed[i].message_content, tag);
		expect_ok(frank_leaf(hub_now, tag, &at, made[i], t.nodes[i]));
	}
	expect_ok(frank_tree_sign(&t, &key, test_env()));
	for (size_t i = 0; i < MESSAGES; i++)
		expect_ok(frank_of_tree(&t, i, made[i], &mem, &treed[i].frank));
}

static void key_of(uint8_t seed, struct sign_key *out)
{
	uint8_t priv[32];
	memset(priv, seed, sizeof priv);
	expect_ok(sign_key_import(suite_find(SUITE_X25519_AES128), VIEW_OF(priv), out));
}

static void begin(void)
{
	arena_init(&mem, 1 << 24, ARENA_PLAIN);
	key_of(1, &key);
	key_of(2, &key_before);
	key_of(3, &key_foreign);
	keys = (struct report_keys){ .hub_frank = { &chain_now, &chain_before },
				     .franking = { sign_public(&key), sign_public(&key_before) } };
	for (size_t i = 0; i < MESSAGES; i++) {
		plain[i] = franked(ROSA, DEN, "plainly", hub_now, &key);
		bare[i] = franked(ROSA, DEN, "among ourselves", hub_now, NULL);
	}
	tree_make();
	by_tom = franked(TOM, DEN, "by tom", hub_now, &key);
	in_pit = franked(ROSA, PIT, "elsewhere", hub_now, &key);
}

static uc_err verify_in(const char *accused, const char *room, struct abusive_message *v, size_t n)
{
	struct arena a;
	const struct abuse_report r = { .alleged_abuser_uri = view_str(accused),
					.reason_code = REPORT_SPAM,
					.messages = { v, n } };
	arena_init(&a, 1 << 20, ARENA_PLAIN);
	uc_err err = report_verify(&r, view_str(room), &keys, &a);
	arena_done(&a);
	return err;
}

static uc_err verify(struct abusive_message *v, size_t n)
{
	return verify_in(ROSA, DEN, v, n);
}

TEST(genuine_ones_verify)
{
	begin();
	expect_ok(verify(plain, MESSAGES));
	expect_ok(verify(treed, MESSAGES));
	expect_ok(verify(bare, MESSAGES));
	for (size_t i = 0; i < MESSAGES; i++) {
		expect_ok(verify(&plain[i], 1));
		expect_ok(verify(&treed[i], 1));
		expect_ok(verify(&bare[i], 1));
	}
	expect_ok(verify_in(TOM, DEN, &by_tom, 1));
	expect_ok(verify_in(ROSA, PIT, &in_pit, 1));
	/* Of before a rotation, either or both; and of keys that are gone. */
	struct abusive_message m = franked(ROSA, DEN, "earlier", hub_before, &key_before);
	expect_ok(verify(&m, 1));
	m = franked(ROSA, DEN, "earlier", hub_before, &key);
	expect_ok(verify(&m, 1));
	m = franked(ROSA, DEN, "long ago", hub_gone, &key);
	expect_err(verify(&m, 1), UC_E_FRANK);
	arena_done(&mem);
}

/* --- forging --- */

static uint64_t next_random(void)
{
	static uint64_t state = 0x9e3779b97f4a7c15;
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static struct view flipped(struct view v)
{
	uint8_t *copy = arena_take(&mem, v.n);
	memcpy(copy, v.p, v.n);
	copy[next_random() % v.n] ^= (uint8_t)(1 << next_random() % 8);
	return view_make(copy, v.n);
}

/* One way each; `other` is genuine, too. */
enum way {
	OTHER_WORDS, /* of another message, franked itself */
	EDITED,
	NEW_WORDS, /* the accused's own salt and places, other words */
	OTHER_SALT,
	OTHER_TIME,
	OTHER_FRANK,
	WRONG_MAC,
	WRONG_SIGNATURE,
	OTHERS_SIGNATURE,
	UNSIGNED_AS_SIGNED,
	OTHER_SUITE,
	FOREIGN_HUB,
	BY_ANOTHER,
	IN_ANOTHER_ROOM,
	WAYS,
};

static void resalted(struct abusive_message *m, bool other_salt)
{
	struct mimi_content c;
	expect_ok(mimi_content_read(m->message_content, &mem, &c));
	if (other_salt)
		c.salt[next_random() % sizeof c.salt] ^= 1;
	else
		mimi_content_set_text(&c, VIEW_LIT("what nobody ever said"), false);
	expect_ok(mimi_content_write(&c, &mem, &m->message_content));
}

static struct abusive_message forged(enum way way, const struct abusive_message *genuine,
				     const struct abusive_message *other)
{
	struct abusive_message m = *genuine;
	switch (way) {
	case OTHER_WORDS:
		m.message_content = other->message_content;
		break;
	case EDITED:
		m.message_content = flipped(m.message_content);
		break;
	case NEW_WORDS:
	case OTHER_SALT:
		resalted(&m, way == OTHER_SALT);
		break;
	case OTHER_TIME:
		m.accepted_timestamp ^= (uint64_t)1 << next_random() % 64;
		break;
	case OTHER_FRANK:
		m.frank = other->frank;
		break;
	case WRONG_MAC:
		m.frank.server_frank[next_random() % 32] ^= 1;
		break;
	case WRONG_SIGNATURE:
		m.frank.franking_integrity_signature =
			flipped(m.frank.franking_integrity_signature);
		break;
	case OTHERS_SIGNATURE:
		m.frank.franking_integrity_signature = other->frank.franking_integrity_signature;
		break;
	case UNSIGNED_AS_SIGNED:
		m.frank.franking_signature_ciphersuite = 0;
		break;
	case OTHER_SUITE:
		m.frank.franking_signature_ciphersuite ^= (uint16_t)(1 << next_random() % 16);
		break;
	case FOREIGN_HUB:
		m = franked(ROSA, DEN, "by a hub of my own", hub_gone, &key_foreign);
		break;
	case BY_ANOTHER:
		m = by_tom;
		break;
	case IN_ANOTHER_ROOM:
	case WAYS:
		m = in_pit;
		break;
	}
	return m;
}

/* As whose and where: the forger says what it likes of that, too. */
static uc_err try_as_any(struct abusive_message *m, size_t n, bool is_rosas)
{
	uc_err err = verify(m, n);
	if (!err || !is_rosas)
		return err;
	err = verify_in(TOM, DEN, m, n);
	return err ? verify_in(ROSA, PIT, m, n) : err;
}

TEST(of_ten_thousand_forged_ones_none_is_accepted)
{
	size_t accepted = 0, genuine = 0;
	begin();
	for (size_t i = 0; i < FORGED; i++) {
		struct abusive_message *of = next_random() % 2 ? plain : treed, m[2];
		size_t at = next_random() % MESSAGES;
		const struct abusive_message *other = &of[(at + 1 + next_random() % 7) % MESSAGES];
		enum way way = (enum way)(i % WAYS);
		m[0] = of[at];
		m[1] = forged(way, &of[at], other);
		bool is_rosas = way != BY_ANOTHER && way != IN_ANOTHER_ROOM;
		/* Nor where keys are gone, and it can be said that it was before. */
		keys.from_ms = i / WAYS % 2 ? 1500 : 0;
		keys.signers_went = i / WAYS % 3 == 0;
		accepted += !try_as_any(&m[1], 1, is_rosas);
		/* Behind one that is genuine, too. */
		if (i % 16 == 0)
			accepted += !verify(m, 2);
		if (i % 64 == 0)
			genuine += !verify(&m[0], 1);
		if (i % 256 == 0) {
			arena_done(&mem);
			begin();
		}
	}
	expect_eq(accepted, 0);
	expect_eq(genuine, (FORGED + 63) / 64);
	arena_done(&mem);
}

/* A sender that franks other words than it sends: readers refuse it, and so does the hub. */
TEST(a_tag_of_other_words)
{
	begin();
	struct abusive_message m = { content_make(ROSA, DEN, "abuse"), .accepted_timestamp = 5 };
	struct view harmless = content_make(ROSA, DEN, "harmless");
	uint8_t tag[FRANKING_TAG];
	const struct server_franking_context at = context_of(ROSA, DEN, 5);
	tag_of(harmless, tag);
	expect_ok(frank_make(hub_now, &key, test_env(), tag, &at, &mem, &m.frank));
	expect_err(verify(&m, 1), UC_E_FRANK);
	m.message_content = harmless;
	expect_ok(verify(&m, 1));
	arena_done(&mem);
}

/* Of which nobody can tell any more: where the key that could is gone, and nothing else speaks against it. */
TEST(late_is_not_forged)
{
	begin();
	struct abusive_message late = franked(ROSA, DEN, "long ago", hub_gone, &key);
	struct abusive_message mixed[] = { plain[0], late, plain[1] };
	expect_err(verify(&late, 1), UC_E_FRANK);
	keys.from_ms = late.accepted_timestamp;
	expect_err(verify(&late, 1), UC_E_FRANK);
	keys.from_ms++;
	expect_err(verify(&late, 1), UC_E_STALE);
	expect_err(verify(mixed, 3), UC_E_STALE);
	/* What still verifies does, however old. */
	expect_ok(verify(plain, MESSAGES));
	/* One beside it that is known to be forged, in front or behind. */
	struct abusive_message wrong = treed[0];
	wrong.frank.server_frank[0] ^= 1;
	mixed[2] = wrong;
	expect_err(verify(mixed, 3), UC_E_FRANK);
	mixed[0] = wrong;
	mixed[2] = plain[1];
	expect_err(verify(mixed, 3), UC_E_FRANK);
	/* By another, or elsewhere, is forged by its own words. */
	expect_err(verify_in(TOM, DEN, &late, 1), UC_E_FRANK);
	expect_err(verify_in(ROSA, PIT, &late, 1), UC_E_FRANK);
	/* The hub's MAC, and the signature of a key that it may have had. */
	struct abusive_message foreign = franked(ROSA, DEN, "signed", hub_now, &key_foreign);
	expect_err(verify(&foreign, 1), UC_E_FRANK);
	keys.signers_went = true;
	expect_err(verify(&foreign, 1), UC_E_STALE);
	expect_err(verify(&wrong, 1), UC_E_FRANK);
	arena_done(&mem);
}

/* --- without the hub's key, and without the words --- */

TEST(claims)
{
	struct frank_claims c;
	begin();
	struct abuse_report r = { .alleged_abuser_uri = VIEW_LIT(ROSA),
				  .messages = { treed, MESSAGES } };
	expect_ok(report_claims(&r, VIEW_LIT(DEN), &mem, &c));
	expect_ok(frank_claims_verify(&c, VIEW_LIT(DEN), &keys, &mem));
	expect_ok(frank_claims_signed(&c, VIEW_LIT(DEN), sign_public(&key), &mem));
	expect_err(frank_claims_signed(&c, VIEW_LIT(DEN), sign_public(&key_before), &mem),
		   UC_E_FRANK);
	expect_err(frank_claims_signed(&c, VIEW_LIT(PIT), sign_public(&key), &mem), UC_E_FRANK);
	expect_err(frank_claims_verify(&c, VIEW_LIT(PIT), &keys, &mem), UC_E_FRANK);
	c.claims.v[3].franking_tag[0] ^= 1;
	expect_err(frank_claims_verify(&c, VIEW_LIT(DEN), &keys, &mem), UC_E_FRANK);
	/* Signed it is all the same: the tag stands under the hub's MAC alone. */
	expect_ok(frank_claims_signed(&c, VIEW_LIT(DEN), sign_public(&key), &mem));
	r.messages.v = bare;
	expect_ok(report_claims(&r, VIEW_LIT(DEN), &mem, &c));
	expect_err(frank_claims_signed(&c, VIEW_LIT(DEN), sign_public(&key), &mem), UC_E_FRANK);
	expect_err(report_claims(&r, VIEW_LIT(PIT), &mem, &c), UC_E_FRANK);
	r.messages.n = 0;
	expect_err(report_claims(&r, VIEW_LIT(DEN), &mem, &c), UC_E_LIMIT);
	c.claims.n = 0;
	expect_err(frank_claims_verify(&c, VIEW_LIT(DEN), &keys, &mem), UC_E_FRANK);
	arena_done(&mem);
}

/* --- on the wire --- */

static uc_err again(const struct abuse_report *r, struct abuse_report *out)
{
	struct view bytes;
	TRY(wire_encode_to(&mem, abuse_report_element, r, &bytes));
	return wire_decode(bytes, &mem, abuse_report_element, out);
}

/* The head that a message came with goes along, or its tag would be of something else. */
TEST(heads_go_along)
{
	const struct server_franking_context at = context_of(ROSA, DEN, 5);
	struct abusive_message two[2];
	struct abuse_report back;
	struct view data;
	uint8_t tag[FRANKING_TAG];
	struct mimi_content c;
	begin();
	two[0] = plain[0];
	two[1] = (struct abusive_message){ content_make(ROSA, DEN, "far behind"),
					   .accepted_timestamp = 5, .head = { 77, { 1, 2, 3 } } };
	expect_ok(mimi_content_read(two[1].message_content, &mem, &c));
	expect_ok(application_data_write(two[1].message_content, &two[1].head, &mem, &data));
	expect_ok(franking_tag(VIEW_OF(c.salt), data, tag));
	expect_ok(frank_make(hub_now, &key, test_env(), tag, &at, &mem, &two[1].frank));
	struct abuse_report r = { .alleged_abuser_uri = VIEW_LIT(ROSA),
				  .reason_code = REPORT_THREAT,
				  .messages = { two, 2 } };
	/* Written without them it verifies no more, nor with others, nor with too few. */
	expect_ok(again(&r, &back));
	expect_err(report_verify(&back, VIEW_LIT(DEN), &keys, &mem), UC_E_FRANK);
	expect_ok(report_heads_add(&r, &mem));
	expect_ok(again(&r, &back));
	expect_eq(back.messages.v[0].head.seq, 0);
	expect_eq(back.messages.v[1].head.seq, 77);
	expect_ok(report_verify(&back, VIEW_LIT(DEN), &keys, &mem));
	back.messages.v[1].head.chain[0] ^= 1;
	expect_err(report_verify(&back, VIEW_LIT(DEN), &keys, &mem), UC_E_FRANK);
	r.messages.n = 1;
	expect_err(again(&r, &back), UC_E_TRAILING);
	arena_done(&mem);
}

TEST(what_a_report_may_be)
{
	struct abuse_report back;
	static struct abusive_message many[REPORT_MESSAGES_MAX + 1];
	uint8_t note[REPORT_NOTE_MAX + 1];
	begin();
	struct abuse_report r = { .alleged_abuser_uri = VIEW_LIT(ROSA),
				  .reason_code = REPORT_THREAT,
				  .note = VIEW_LIT("since monday"),
				  .messages = { plain, MESSAGES } };
	expect_ok(again(&r, &back));
	expect_eq(back.messages.n, MESSAGES);
	expect_eq(back.reason_code, REPORT_THREAT);
	expect_bytes(back.note, r.note);
	expect_ok(report_verify(&back, VIEW_LIT(DEN), &keys, &mem));
	for (unsigned reason = 0; reason < 256; reason++) {
		r.reason_code = (uint8_t)reason;
		bool known = reason >= 1 && reason <= 5;
		expect_err(again(&r, &back), known ? UC_OK : UC_E_MALFORMED);
	}
	r.reason_code = REPORT_OTHER;
	memset(note, 'a', sizeof note);
	r.note = view_make(note, REPORT_NOTE_MAX);
	expect_ok(again(&r, &back));
	r.note = VIEW_OF(note);
	expect_err(again(&r, &back), UC_E_MALFORMED);
	r.note = VIEW_LIT("\xff");
	expect_err(again(&r, &back), UC_E_MALFORMED);
	r.note = VIEW_LIT("");
	r.messages.n = 0;
	expect_err(again(&r, &back), UC_E_LIMIT);
	for (size_t i = 0; i < REPORT_MESSAGES_MAX + 1; i++) {
		many[i] = plain[0];
		many[i].frank.server_frank[0] = (uint8_t)i;
	}
	r.messages = (struct abusive_message_list){ many, REPORT_MESSAGES_MAX };
	expect_ok(again(&r, &back));
	r.messages.n++;
	expect_err(again(&r, &back), UC_E_LIMIT);
	many[1] = many[0];
	r.messages.n = 2;
	expect_err(again(&r, &back), UC_E_MALFORMED);
	arena_done(&mem);
}

/* --- request cards --- */

static uc_err card_again(const struct card_words *w, struct abuse_report *back)
{
	struct abuse_report r = { .alleged_abuser_uri = VIEW_LIT("mimi://dial.example/q/rosas"),
				  .reason_code = REPORT_SPAM,
				  .card = *w };
	expect_ok(report_card_add(&r, &mem));
	return again(&r, back);
}

TEST(words_of_a_card)
{
	struct card_words w = { { 9 }, VIEW_LIT("Rosa"), VIEW_LIT("hello") };
	uint8_t tag[CARD_TAG], other[CARD_TAG], long_one[1025];
	struct abuse_report back;
	struct frank_claims c;
	begin();
	expect_ok(card_again(&w, &back));
	expect(back.is_card);
	expect_eq(back.messages.n, 0);
	expect_eq(back.card.salt[0], 9);
	expect_bytes(back.card.name, w.name);
	expect_bytes(back.card.text, w.text);
	/* One claim, of the place that is the accused. */
	expect_ok(report_claims(&back, back.alleged_abuser_uri, &mem, &c));
	expect_eq(c.claims.n, 1);
	expect_ok(card_tag(&w, tag));
	expect_bytes(view_make(c.claims.v[0].franking_tag, CARD_TAG), VIEW_OF(tag));
	expect_err(report_claims(&back, VIEW_LIT(DEN), &mem, &c), UC_E_FRANK);
	/* What is name and what is text is told apart. */
	w = (struct card_words){ { 9 }, VIEW_LIT("Rosah"), VIEW_LIT("ello") };
	expect_ok(card_tag(&w, other));
	expect(!view_equal(VIEW_OF(tag), VIEW_OF(other)));
	memset(long_one, 'a', sizeof long_one);
	w.name = VIEW_OF(long_one);
	expect_err(card_tag(&w, other), UC_E_TOO_LARGE);
	expect_err(card_again(&w, &back), UC_E_MALFORMED);
	w.name = VIEW_LIT("\xff");
	expect_err(card_again(&w, &back), UC_E_MALFORMED);
	w.name = view_make(long_one, sizeof long_one - 1);
	w.text = VIEW_OF(long_one);
	expect_err(card_again(&w, &back), UC_E_MALFORMED);
	w.text = VIEW_LIT("");
	expect_ok(card_again(&w, &back));
	arena_done(&mem);
}
