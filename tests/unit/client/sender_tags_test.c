/* SPDX-License-Identifier: Apache-2.0 */
/* A block, and who is blocked and writes by another account of the same name. */
#include "client/sender_tags.h"

#include "client/barred.h"
#include "client/cards.h"
#include "client/contact_requests.h"
#include "client/contacts.h"
#include "client/linked.h"
#include "client/protocol.h"
#include "client/strangers.h"
#include "client/turn.h"
#include "tests/unit/client/small_app.h"

#include "base/heap.h"

#define TARGET "mimi://dial.example/q/toms"

enum { WRITERS = 3, ELSEWHERE = 2 };
/* The first two are of Tom's app. */
static struct small_app apps[WRITERS + 1];
static struct person tom, writers[WRITERS];
static struct arena mem;
static unsigned letters;
static struct view last; /* of them */

static void begin(void)
{
	static const char *const names[WRITERS] = { "Rosa", "Rosie", "Rosa.L" };
	struct kem_key key;
	arena_init(&mem, 32 << 20, ARENA_PLAIN);
	small_app_init(&apps[WRITERS], "dial.example");
	person_begin(&tom, &apps[WRITERS]);
	expect_ok(person_open(&tom));
	person_account(&tom, "Tom");
	for (int i = 0; i < WRITERS; i++) {
		small_app_init(&apps[i], i == ELSEWHERE ? "lens.example" : "dial.example");
		person_begin(&writers[i], &apps[i]);
		expect_ok(person_open(&writers[i]));
		person_account(&writers[i], names[i]);
	}
	expect_ok(kem_key_generate(suite_find(SUITE_X25519_AES128), test_env(), &key));
	memcpy(tom.c->account.request_keys[0].priv, key.priv.b, 32);
	memcpy(tom.c->account.request_keys[0].pub, key.pub, 32);
	tom.c->account.request_key_count = 1;
	tom.c->account.dirty = true;
	kem_key_wipe(&key);
}

static void end(void)
{
	person_end(&tom);
	for (int i = 0; i < WRITERS; i++)
		person_end(&writers[i]);
	arena_done(&mem);
}

static uc_err take(struct uc_client *c, void *arg)
{
	return requests_consent_in(c, *(const struct view *)arg, test_now_ms);
}

static size_t shown(void)
{
	size_t n = 0;
	for (const struct request *q = tom.c->requests; q; q = q->next)
		n += q->incoming && q->state == REQUEST_OPEN;
	return n;
}

/* A letter to Tom, with a tag that begins so; 0: none.  Is it shown? */
static bool writes(int by, uint8_t tag)
{
	static struct request q;
	struct kem_key answer;
	struct view sealed = { NULL, 0 }, entry = { NULL, 0 };
	const uint8_t tag_bytes[SENDER_TAG] = { tag };
	char reply[ADDRESS_BYTES];
	size_t before = shown();
	struct person *p = &writers[by];
	q = (struct request){ .state = REQUEST_ADDRESSED };
	snprintf(reply, sizeof reply, "mimi://%s/q/reply%u", p->app->domain, ++letters);
	expect_ok(text_set(q.text, sizeof q.text, VIEW_LIT("hello")));
	expect_ok(text_set(q.target, sizeof q.target, VIEW_LIT(TARGET)));
	expect_ok(kem_key_generate(suite_find(SUITE_X25519_AES128), test_env(), &answer));
	memcpy(q.answer_pub, answer.pub, 32);
	memcpy(q.request_key, tom.c->account.request_keys[0].pub, 32);
	expect_ok(card_commit(p->c, &q));
	memcpy(q.reply, reply, sizeof reply);
	expect_ok(card_write(p->c, &q, &mem, &sealed));
	expect_ok(consent_make(CONSENT_IN_REQUEST, view_str(q.reply), view_str(q.target), sealed,
			       &mem, &entry));
	expect_ok(sender_tag_add(entry, tag_bytes, &mem, &entry));
	last = entry;
	expect_ok(turn_run(tom.c, take, &entry));
	return shown() > before;
}

static struct uc_id id_of_writer(int who)
{
	return contact_id(writers[who].app->domain, writers[who].c->account.account_key);
}

static uc_err meet(struct uc_client *c, void *arg)
{
	const struct person *p = arg;
	struct contact *k;
	return contact_meet(c, p->app->domain, p->c->account.account_key, "Rosa",
			    (struct view){ NULL, 0 }, &k);
}

/* As they introduce themselves. */
static struct contact *meets(int who)
{
	struct uc_id id = id_of_writer(who);
	expect_ok(turn_run(tom.c, meet, &writers[who]));
	return contact_find(tom.c, &id);
}

static void blocks(int who, bool blocked)
{
	uc_op op;
	struct uc_id id = id_of_writer(who);
	expect_ok(uc_block(tom.c, &id, blocked, &op));
}

static void answered(void)
{
	for (struct request *q = tom.c->requests; q; q = q->next) {
		q->state = REQUEST_ACCEPTED;
		q->dirty = true;
	}
}

/* Where a later letter has taken its place, too, and both were answered by that one. */
TEST(a_letter_that_comes_again_is_shown_once)
{
	begin();
	expect(writes(0, 1));
	const struct view first = last;
	expect(!writes(0, 1));
	meets(0);
	answered();
	expect_ok(turn_run(tom.c, take, &last));
	expect_ok(turn_run(tom.c, take, &(struct view){ first.p, first.n }));
	expect(!shown());
	/* Of a contact, a letter that is new is shown. */
	expect(writes(0, 1));
	end();
}

TEST(who_signs_up_again_is_hidden_and_shown_once_unblocked)
{
	begin();
	expect(writes(0, 1));
	meets(0);
	answered();
	blocks(0, true);
	expect(!writes(0, 1) && !writes(1, 1));
	/* Somebody of another name, or of none that is known. */
	expect(writes(1, 2));
	/* So it stays after a restart. */
	expect_ok(person_open(&tom));
	answered();
	expect(!writes(1, 1));
	/* Not even declined: nothing is kept of them. */
	size_t n = 0;
	for (const struct request *q = tom.c->requests; q; q = q->next)
		n += q->incoming;
	expect_eq(n, 2);
	blocks(0, false);
	test_now_ms += (uint64_t)40 * 24 * 3600 * 1000;
	expect(writes(1, 1));
	end();
}

TEST(letters_that_wait_go_with_the_block)
{
	begin();
	expect(writes(0, 1));
	meets(0);
	answered();
	expect(writes(1, 1));
	expect_eq(shown(), 1);
	blocks(0, true);
	expect_eq(shown(), 0);
	end();
}

TEST(what_somebody_blocked_writes_under_another_name_counts_too)
{
	begin();
	expect(writes(0, 1));
	meets(0);
	answered();
	blocks(0, true);
	expect(!writes(0, 3));
	expect(!writes(1, 3));
	end();
}

/* An app that says of a friend's letter that it is of somebody who is blocked does nothing to them. */
TEST(a_contact_is_no_strangers_match)
{
	begin();
	expect(writes(0, 1));
	meets(0);
	expect(writes(1, 2));
	struct contact *friend = meets(1);
	answered();
	blocks(0, true);
	expect(writes(1, 1));
	expect(!friend->blocked);
	/* And a name that both had is hidden until both are unblocked. */
	blocks(1, true);
	blocks(0, false);
	expect(!writes(1, 1) && friend->blocked);
	end();
}

/* Our app says nothing of other apps' people that is believed; nor is none the same as none. */
TEST(only_people_of_our_app_have_a_tag)
{
	begin();
	expect(writes(0, 1));
	meets(0);
	answered();
	blocks(0, true);
	expect(writes(ELSEWHERE, 1));
	expect_eq(meets(ELSEWHERE)->tag_count, 0);
	answered();
	expect(writes(1, 0));
	blocks(ELSEWHERE, true);
	answered();
	test_now_ms += (uint64_t)40 * 24 * 3600 * 1000;
	expect(writes(1, 0));
	end();
}

static uc_err link_them(struct uc_client *c, void *arg)
{
	struct linked *l = HEAP_NEW(struct linked);
	(void)arg;
	if (!l)
		return UC_E_MEMORY;
	l->sides[LINK_OFFERS].contact = id_of_writer(ELSEWHERE);
	l->sides[LINK_ACCEPTS].contact = id_of_writer(0);
	l->id = link_pair(&l->sides[0].contact, &l->sides[1].contact);
	l->by = id_of_writer(ELSEWHERE);
	l->number = 1;
	linked_add(c, l);
	return UC_OK;
}

TEST(another_account_of_who_is_blocked_is_known_again)
{
	begin();
	meets(ELSEWHERE);
	expect_ok(turn_run(tom.c, link_them, NULL));
	blocks(ELSEWHERE, true);
	/* Hidden since it is theirs; then who has its name is. */
	expect(!writes(0, 1));
	expect(!writes(1, 1));
	blocks(ELSEWHERE, false);
	expect(writes(1, 1));
	end();
}

/* --- who was no contact --- */

static uc_err blocks_letter(int who)
{
	uc_op op;
	struct uc_id id = id_of_writer(who);
	for (const struct request *q = tom.c->requests; q; q = q->next)
		if (q->incoming && id_equal(&q->contact, &id))
			return uc_request_block(tom.c, &q->id, &op);
	return UC_E_NOT_FOUND;
}

static bool count_each(void *ctx, const struct uc_contact *k)
{
	unsigned *n = ctx;
	n[k->stranger]++;
	expect(!k->stranger || (k->blocked && !k->has_direct));
	return true;
}

static unsigned listed(bool stranger)
{
	unsigned n[2] = { 0 };
	expect_ok(uc_contacts(tom.c, count_each, n));
	return n[stranger];
}

TEST(a_letter_is_blocked_with_its_account_and_its_name)
{
	uc_op op;
	begin();
	struct uc_id id = id_of_writer(0);
	expect(writes(0, 1));
	expect_ok(blocks_letter(0));
	expect_eq(shown(), 0);
	/* Once more changes nothing. */
	expect_ok(blocks_letter(0));
	for (int restarted = 0; restarted < 2; restarted++) {
		expect(listed(true) == 1 && listed(false) == 0);
		expect(!contact_find(tom.c, &id) && linked_is_blocked(tom.c, &id));
		test_now_ms += (uint64_t)40 * 24 * 3600 * 1000;
		/* By the name, by another one, and who has that. */
		expect(!writes(0, 1) && !writes(1, 1));
		expect(!writes(0, 2) && !writes(1, 2));
		expect_ok(person_open(&tom));
	}
	expect(writes(1, 3) && writes(ELSEWHERE, 0));
	/* What was declined is not accepted while they are blocked. */
	expect_err(uc_accept(tom.c, &tom.c->requests->id, &op), UC_E_NOT_ALLOWED);
	/* Nobody becomes a contact when it ends, and nothing is left of it. */
	blocks(0, false);
	for (int restarted = 0; restarted < 2; restarted++) {
		expect(!tom.c->barred && listed(true) == 0 && listed(false) == 0);
		expect(!contact_find(tom.c, &id) && !linked_is_blocked(tom.c, &id));
		expect_ok(person_open(&tom));
	}
	expect(writes(0, 1));
	expect_err(uc_block(tom.c, &id, false, &op), UC_E_NOT_FOUND);
	end();
}

TEST(what_is_no_letter_that_waits_is_not_blocked)
{
	uc_op op;
	struct uc_id nobody = { { 1 } };
	begin();
	expect_err(uc_request_block(tom.c, &nobody, &op), UC_E_NOT_FOUND);
	expect_err(uc_request_block(tom.c, NULL, &op), UC_E_ARGUMENT);
	expect(writes(0, 1));
	answered();
	expect_err(blocks_letter(0), UC_E_EXISTS);
	tom.c->requests->state = REQUEST_GUARDED;
	expect_err(blocks_letter(0), UC_E_EXISTS);
	/* Of whoever the card is not, nobody is blocked. */
	tom.c->requests->state = REQUEST_OPEN;
	tom.c->requests->contact = nobody;
	expect_err(uc_request_block(tom.c, &tom.c->requests->id, &op), UC_E_INTRODUCTION);
	expect(!tom.c->barred && listed(true) == 0);
	end();
}

/* A contact who has asked is blocked as the contact they are. */
TEST(of_a_contact_the_letter_blocks_the_contact)
{
	begin();
	expect(writes(0, 1));
	struct contact *k = meets(0);
	expect_ok(blocks_letter(0));
	expect(k->blocked && !tom.c->barred && listed(true) == 0);
	expect(!writes(1, 1));
	end();
}

/* We may ask whom we have blocked, without knowing that it is them. */
TEST(who_becomes_a_contact_stays_blocked_and_is_listed_once)
{
	begin();
	expect(writes(0, 1));
	expect_ok(blocks_letter(0));
	struct contact *k = meets(0);
	expect(k->blocked && k->tag_count == 1);
	expect(listed(true) == 0 && listed(false) == 1);
	blocks(0, false);
	expect(!k->blocked && !tom.c->barred);
	end();
}

TEST(what_a_contact_has_shown_to_be_theirs_is_one_with_it)
{
	begin();
	struct contact *k = meets(ELSEWHERE);
	expect_ok(turn_run(tom.c, link_them, NULL));
	expect(writes(0, 1));
	expect_ok(blocks_letter(0));
	expect(k->blocked && tom.c->barred);
	blocks(ELSEWHERE, false);
	expect(!k->blocked && !tom.c->barred);
	end();
}

TEST(what_they_write_in_a_group_is_hidden)
{
	static struct member m;
	static struct room r;
	begin();
	m = (struct member){ .introduced = true };
	expect_ok(text_set(m.participant, sizeof m.participant,
			   VIEW_LIT("mimi://dial.example/p/rosas")));
	memcpy(m.account_key, writers[0].c->account.account_key, ED25519_KEY);
	expect(writes(0, 1) && !strangers_hide(tom.c, &r, &m));
	expect_ok(blocks_letter(0));
	expect(strangers_hide(tom.c, &r, &m));
	/* Nobody knows who a persona is. */
	m.persona = true;
	expect(!strangers_hide(tom.c, &r, &m));
	m.persona = false;
	blocks(0, false);
	expect(!strangers_hide(tom.c, &r, &m));
	end();
}

TEST(tags_are_kept_in_one_order_and_so_many)
{
	static struct contact a, b;
	for (int i = 0; i < SENDER_TAGS * 2; i++) {
		uint8_t one[SENDER_TAG] = { (uint8_t)(i * 37 + 1) },
			other[SENDER_TAG] = { (uint8_t)((SENDER_TAGS * 2 - 1 - i) * 37 + 1) };
		for (int k = 0; k < 2; k++) {
			sender_tags_learn(&a, VIEW_OF(one));
			sender_tags_learn(&b, VIEW_OF(other));
		}
	}
	expect(a.tag_count == SENDER_TAGS && b.tag_count == SENDER_TAGS);
	expect(!memcmp(a.tags, b.tags, sizeof a.tags));
	sender_tags_learn(&a, (struct view){ NULL, 0 });
	sender_tags_learn(&a, VIEW_LIT("short"));
	expect(!memcmp(a.tags, b.tags, sizeof a.tags));
}
