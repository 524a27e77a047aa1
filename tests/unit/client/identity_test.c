/* SPDX-License-Identifier: Apache-2.0 */
/* Introductions and cards between two clients: what is told is taken, and nothing else. */
#include "client/cards.h"
#include "client/contact_requests.h"
#include "client/contacts.h"
#include "client/devices.h"
#include "client/identity.h"
#include "client/turn.h"
#include "mimi/card.h"

#include "base/heap.h"
#include "tests/unit/client/small_app.h"

static struct small_app dial, lens;
static struct person rosa, tom;
static struct arena mem;

static void begin(void)
{
	small_app_init(&dial, "dial.example");
	small_app_init(&lens, "lens.example");
	person_begin(&rosa, &dial);
	person_begin(&tom, &lens);
	expect_ok(person_open(&rosa));
	expect_ok(person_open(&tom));
	person_account(&rosa, "Rosa");
	person_account(&tom, "Tom");
	arena_init(&mem, 8 << 20, ARENA_PLAIN);
}

static void end(void)
{
	arena_done(&mem);
	person_end(&rosa);
	person_end(&tom);
}

static struct identity_place somewhere(void)
{
	return (struct identity_place){ VIEW_LIT("mimi://dial.example/r/room"),
					VIEW_LIT("mimi://dial.example/p/abc"),
					VIEW_LIT("mimi://dial.example/p/abc/def"),
					VIEW_LIT("leaf key") };
}

static struct view introduction(const struct identity_place *at)
{
	struct view out = { NULL, 0 };
	expect_ok(identity_write(rosa.c, at, &mem, &out));
	return out;
}

TEST(an_introduction_is_taken_at_its_place_alone)
{
	struct identity_place at = somewhere(), other;
	struct identity who = { .list = { NULL, 0 } };
	struct view client;
	begin();
	struct view in = introduction(&at);
	expect_ok(identity_peek(in, &mem, &client));
	expect_bytes(client, at.client);
	expect_ok(identity_verify(tom.c, in, &at, &mem, &who));
	expect(!strcmp(who.app, "dial.example"));
	expect(!strcmp(who.name, "Rosa"));
	expect_bytes(VIEW_OF(who.account_key), VIEW_OF(rosa.c->account.account_key));
	for (int i = 0; i < 4; i++) {
		other = at;
		struct view *field[] = { &other.room, &other.participant, &other.client,
					 &other.leaf_key };
		*field[i] = VIEW_LIT("mimi://dial.example/r/another");
		expect_err(identity_verify(tom.c, in, &other, &mem, &who), UC_E_INTRODUCTION);
	}
	end();
}

TEST(each_changed_byte_of_an_introduction_is_refused)
{
	struct identity_place at = somewhere();
	struct identity who;
	begin();
	struct view in = introduction(&at);
	uint8_t *bytes = arena_take(&mem, in.n);
	expect(bytes != NULL);
	for (size_t i = 0; bytes && i < in.n; i++) {
		struct arena_mark mark = arena_mark(&mem);
		memcpy(bytes, in.p, in.n);
		bytes[i] ^= 0x40;
		expect(identity_verify(tom.c, (struct view){ bytes, in.n }, &at, &mem, &who) !=
		       UC_OK);
		arena_reset(&mem, mark);
	}
	expect_err(identity_verify(tom.c, (struct view){ in.p, in.n - 1 }, &at, &mem, &who),
		   UC_E_INTRODUCTION);
	end();
}

/* The account key resets Rosa's list to another device, as a recovery does. */
static void rosa_resets(struct ed25519_key *account_key, struct view *old_list)
{
	struct view_list entries;
	expect_ok(arena_copy(&mem, blob_view(&rosa.c->account.list), old_list));
	expect_ok(device_entries_read(*old_list, &mem, &entries));
	expect_ok(ed25519_generate(test_env(), &rosa.c->account.device));
	expect_ok(devices_reset(rosa.c, &entries, account_key));
}

static void rosa_has_account_key(struct ed25519_key *key)
{
	expect_ok(ed25519_generate(test_env(), key));
	memcpy(rosa.c->account.account_key, key->pub, ED25519_KEY);
	expect_ok(devices_first(rosa.c, key));
}

static struct contact *tom_meets(struct view in)
{
	struct identity_place at = somewhere();
	struct identity who = { .list = { NULL, 0 } };
	struct contact *k = NULL;
	expect_ok(identity_verify(tom.c, in, &at, &mem, &who));
	expect_ok(contact_meet(tom.c, who.app, who.account_key, who.name, who.list, &k));
	return k;
}

TEST(a_device_that_was_reset_away_is_not_believed_again)
{
	struct identity_place at = somewhere();
	struct identity who;
	struct ed25519_key key, lost_device;
	struct view old_list;
	begin();
	rosa_has_account_key(&key);
	lost_device = rosa.c->account.device;
	struct view before = introduction(&at);
	tom_meets(before);
	rosa_resets(&key, &old_list);
	struct contact *k = tom_meets(introduction(&at));
	/* Its own introduction of before, and one it makes now over the list it still has. */
	expect_err(identity_verify(tom.c, before, &at, &mem, &who), UC_E_INTRODUCTION);
	rosa.c->account.device = lost_device;
	expect_ok(blob_set(&rosa.c->account.list, old_list));
	expect_err(identity_verify(tom.c, introduction(&at), &at, &mem, &who), UC_E_INTRODUCTION);
	expect(k->list.n > 0);
	expect_ok(uc_client_step(tom.c));
	end();
}

static bool contact_each(void *ctx, const struct uc_contact *k)
{
	*(bool *)ctx = k->identity_changed;
	return true;
}

/* As his store has it: what is told once is forgotten by who restarts. */
static bool is_alarmed(struct uc_client *c)
{
	bool alarmed = false;
	expect_ok(uc_contacts(c, contact_each, &alarmed));
	return alarmed;
}

TEST(two_versions_of_a_device_list_are_an_alarm)
{
	struct identity_place at = somewhere();
	struct identity who;
	struct ed25519_key key;
	struct view old_list;
	struct uc_event e;
	bool alarm = false;
	begin();
	rosa_has_account_key(&key);
	rosa_resets(&key, &old_list);
	tom_meets(introduction(&at));
	expect_ok(blob_set(&rosa.c->account.list, old_list));
	struct view_list entries;
	expect_ok(device_entries_read(old_list, &mem, &entries));
	expect_ok(ed25519_generate(test_env(), &rosa.c->account.device));
	expect_ok(devices_reset(rosa.c, &entries, &key)); /* the same place, another device */
	expect_err(identity_verify(tom.c, introduction(&at), &at, &mem, &who), UC_E_INTRODUCTION);
	expect_ok(uc_client_step(tom.c));
	while (uc_client_next_event(tom.c, &e))
		alarm = alarm || e.kind == UC_EVENT_IDENTITY_CHANGED;
	expect(alarm);
	struct uc_id id = tom.c->contacts->id;
	expect_ok(person_open(&tom));
	expect(is_alarmed(tom.c));
	expect_ok(uc_contact_verified(tom.c, &id, false));
	expect(is_alarmed(tom.c));
	expect_ok(uc_contact_verified(tom.c, &id, true));
	expect(!is_alarmed(tom.c));
	end();
}

/* --- cards --- */

static void request_of_rosa(struct request *q)
{
	struct account *t = &tom.c->account;
	struct kem_key key;
	*q = (struct request){ .text = "hello",
			       .target = "mimi://lens.example/q/target",
			       .reply = "mimi://dial.example/q/reply" };
	expect_ok(kem_key_generate(suite_find(SUITE_X25519_AES128), test_env(), &key));
	memcpy(t->request_keys[0].priv, key.priv.b, 32);
	memcpy(t->request_keys[0].pub, key.pub, 32);
	memcpy(q->request_key, key.pub, 32);
	t->request_key_count = 1;
	expect_ok(kem_key_generate(suite_find(SUITE_X25519_AES128), test_env(), &key));
	memcpy(q->answer_priv, key.priv.b, 32);
	memcpy(q->answer_pub, key.pub, 32);
}

/* To what the card will say; the reply address that is made for it. */
static void committed(struct request *q)
{
	char reply[ADDRESS_BYTES];
	memcpy(reply, q->reply, sizeof reply);
	expect(!card_is_committed(rosa.c, q));
	expect_ok(card_commit(rosa.c, q));
	expect(!*q->reply);
	expect(card_is_committed(rosa.c, q));
	memcpy(q->reply, reply, sizeof reply);
}

static uc_err read_of(const struct request *q)
{
	struct view sealed = { NULL, 0 };
	struct card_content card;
	expect_ok(card_write(rosa.c, q, &mem, &sealed));
	return card_read(tom.c, view_str(q->target), view_str(q->reply), sealed, &mem, &card);
}

/* Or what is shown could be said, and not be reported. */
TEST(a_card_that_commits_to_other_words_is_not_shown)
{
	struct request q;
	begin();
	request_of_rosa(&q);
	committed(&q);
	expect_ok(read_of(&q));
	q.card_tag[CARD_TAG - 1] ^= 1;
	expect_err(read_of(&q), UC_E_FRANK);
	q.card_tag[CARD_TAG - 1] ^= 1;
	q.card_salt[0] ^= 1;
	expect_err(read_of(&q), UC_E_FRANK);
	q.card_salt[0] ^= 1;
	expect_ok(text_set(q.text, sizeof q.text, VIEW_LIT("hello, you")));
	expect(!card_is_committed(rosa.c, &q));
	expect_err(read_of(&q), UC_E_FRANK);
	expect_ok(text_set(q.text, sizeof q.text, VIEW_LIT("hello")));
	expect_ok(read_of(&q));
	/* So is the name. */
	expect_ok(text_set(rosa.c->account.profile_name, sizeof rosa.c->account.profile_name,
			   VIEW_LIT("Rosalind")));
	expect(!card_is_committed(rosa.c, &q));
	expect_err(read_of(&q), UC_E_FRANK);
	end();
}

TEST(a_card_reaches_its_reader_and_only_as_it_was_sent)
{
	struct request q;
	struct card_content card;
	struct view sealed = { NULL, 0 };
	begin();
	request_of_rosa(&q);
	committed(&q);
	expect_ok(card_write(rosa.c, &q, &mem, &sealed));
	expect_eq(sealed.n, CARD_BYTES);
	expect_ok(card_read(tom.c, view_str(q.target), view_str(q.reply), sealed, &mem, &card));
	expect(!strcmp(card.name, "Rosa"));
	expect_bytes(card.text, VIEW_LIT("hello"));
	expect_bytes(VIEW_OF(card.answer_key), VIEW_OF(q.answer_pub));
	/* Sent to another address; answered elsewhere; in another app's name; to another person. */
	expect_err(card_read(tom.c, VIEW_LIT("mimi://lens.example/q/other"), view_str(q.reply),
			     sealed, &mem, &card),
		   UC_E_DECRYPT);
	expect_err(card_read(tom.c, view_str(q.target), VIEW_LIT("mimi://dial.example/q/evil"),
			     sealed, &mem, &card),
		   UC_E_INTRODUCTION);
	expect_err(card_read(rosa.c, view_str(q.target), view_str(q.reply), sealed, &mem, &card),
		   UC_E_DECRYPT);
	expect_ok(text_set(q.reply, sizeof q.reply, VIEW_LIT("mimi://plaza.example/q/reply")));
	expect_ok(card_write(rosa.c, &q, &mem, &sealed));
	expect_err(card_read(tom.c, view_str(q.target), view_str(q.reply), sealed, &mem, &card),
		   UC_E_INTRODUCTION);
	end();
}

/* Tom, who was asked by her, asks somebody else: as her, to be answered at an address and under a key of his. */
TEST(an_introduction_in_a_card_is_for_that_card_alone)
{
	static const char *const replies[] = { "mimi://dial.example/q/reply",
					       "mimi://dial.example/q/his" },
				 *const targets[] = { "mimi://lens.example/q/target",
						      "mimi://lens.example/q/hers" };
	struct request q;
	struct kem_key his;
	struct card card;
	struct card_content shown;
	struct view sealed = { NULL, 0 }, forged = { NULL, 0 };
	begin();
	request_of_rosa(&q);
	committed(&q);
	const struct request_key *k = &tom.c->account.request_keys[0];
	expect_ok(kem_key_generate(suite_find(SUITE_X25519_AES128), test_env(), &his));
	expect_ok(card_write(rosa.c, &q, &mem, &sealed));
	expect_ok(card_open(VIEW_OF(k->priv), VIEW_OF(k->pub), view_str(q.target), sealed, &mem,
			    &card));
	const struct view keys[] = { card.answer_key, kem_public(&his) };
	for (int i = 0; i < 8; i++) {
		struct view target = view_str(targets[i & 1]);
		struct view reply = view_str(replies[i >> 1 & 1]);
		card.answer_key = keys[i >> 2];
		expect_ok(card_seal(test_env(), VIEW_OF(k->pub), target, &card, &mem, &forged));
		uc_err err = card_read(tom.c, target, reply, forged, &mem, &shown);
		expect_eq(err, i ? UC_E_INTRODUCTION : UC_OK);
	}
	end();
}

static void another_device(void)
{
	struct account *a = &rosa.c->account;
	struct view app = view_str(a->app), key = VIEW_OF(a->account_key), v[DEVICES_MAX], all;
	struct device_list now;
	struct view_list l;
	struct ed25519_key device;
	expect_ok(ed25519_generate(test_env(), &device));
	const struct device_entry e = { .device_action = DEVICE_ADD,
					.device_key = VIEW_OF(device.pub) };
	expect_ok(device_entries_read(blob_view(&a->list), &mem, &l));
	expect_ok(device_list_verify(&l, app, key, &mem, &now));
	memcpy(v, l.v, l.n * sizeof *v);
	expect_ok(device_entry_make(&now, app, key, &a->device, false, 0, &e, &mem, &v[l.n++]));
	l.v = v;
	expect_ok(device_entries_write(&l, &mem, &all));
	expect_ok(blob_set(&a->list, all));
}

static uc_err writes(struct uc_client *c, void *arg)
{
	struct request *q = HEAP_NEW(struct request);
	if (!q)
		return UC_E_MEMORY;
	*q = *(struct request *)arg;
	request_add(c, q);
	q->op = op_new(c);
	return requests_write(c, q, NULL);
}

/* All that added one, which takes the most; the text of the longest. */
TEST(what_a_request_has_no_room_for_is_said_in_words)
{
	enum { FIT = 15 };
	static const char reply[] = "mimi://dial.example/q/";
	struct request q;
	struct ed25519_key key;
	struct view sealed = { NULL, 0 };
	struct uc_event e = { .kind = UC_EVENT_WARNING };
	begin();
	request_of_rosa(&q);
	rosa_has_account_key(&key);
	memset(q.text, 'a', 140);
	memset(q.reply, 'a', 200);
	memcpy(q.reply, reply, sizeof reply - 1);
	for (int i = 1; i < FIT; i++)
		another_device();
	committed(&q);
	expect_ok(card_write(rosa.c, &q, &mem, &sealed));
	another_device();
	expect_err(card_write(rosa.c, &q, &mem, &sealed), UC_E_TOO_LARGE);
	q.state = REQUEST_ADDRESSED;
	expect_ok(turn_run(rosa.c, writes, &q));
	while (e.kind != UC_EVENT_DONE && uc_client_next_event(rosa.c, &e)) {
	}
	expect_eq(e.err, UC_E_TOO_LARGE);
	expect(!strncmp(e.text, "so many devices", 15));
	expect_eq(rosa.c->requests->state, REQUEST_FAILED);
	end();
}

TEST(an_app_is_called_by_a_domain)
{
	static const char app[] = "dial\x1b[2J.example",
			  reply[] = "mimi://dial\x1b[2J.example/q/reply";
	struct request q;
	struct card_content card;
	struct view sealed = { NULL, 0 };
	struct ed25519_key key;
	begin();
	request_of_rosa(&q);
	expect_ok(text_set(rosa.c->account.app, DOMAIN_MAX, view_str(app)));
	expect_ok(text_set(q.reply, sizeof q.reply, view_str(reply)));
	rosa_has_account_key(&key);
	expect_ok(card_write(rosa.c, &q, &mem, &sealed));
	expect_err(card_read(tom.c, view_str(q.target), view_str(reply), sealed, &mem, &card),
		   UC_E_INTRODUCTION);
	end();
}

TEST(an_answer_brings_its_packages_to_the_asker_alone)
{
	struct request q;
	struct set s = { .state = SET_AWAITED };
	struct view sealed = { NULL, 0 }, packages = { NULL, 0 };
	begin();
	request_of_rosa(&q);
	expect_ok(blob_set(&s.key_package, VIEW_LIT("key package")));
	expect_ok(answer_write(tom.c, &q, &s, &mem, &sealed));
	expect_ok(answer_read(rosa.c, &q, sealed, &mem, &packages));
	expect_bytes(packages, VIEW_LIT("\x0bkey package"));
	q.answer_priv[3] ^= 8;
	expect_err(answer_read(rosa.c, &q, sealed, &mem, &packages), UC_E_DECRYPT);
	blob_done(&s.key_package);
	end();
}
