/* SPDX-License-Identifier: Apache-2.0 */
/* Device lists, introductions, cards, look-ups, safety numbers. */
#include "mimi/card.h"
#include "mimi/card_introduction.h"
#include "mimi/directory.h"
#include "mimi/lookup.h"
#include "mimi/safety_number.h"
#include "mimi/sealed.h"

#include "tests/unit/harness.h"

#define DOMAIN VIEW_LIT("dial.example")
static struct arena mem;

struct person {
	struct ed25519_key account, phone, laptop;
	struct view entries[16];
	struct view_list list;
	struct device_list state;
};

static void begin(struct person *p)
{
	struct device_entry first = { .device_action = DEVICE_RESET_TO };
	memset(p, 0, sizeof *p);
	arena_init(&mem, 4 << 20, ARENA_PLAIN);
	expect_ok(ed25519_generate(test_env(), &p->account));
	expect_ok(ed25519_generate(test_env(), &p->phone));
	expect_ok(ed25519_generate(test_env(), &p->laptop));
	p->list.v = p->entries;
	first.device_key = VIEW_OF(p->phone.pub);
	expect_ok(device_entry_make(NULL, DOMAIN, VIEW_OF(p->account.pub), &p->account, true,
				    test_now_ms, &first, &mem, &p->entries[p->list.n++]));
	expect_ok(device_list_verify(&p->list, DOMAIN, VIEW_OF(p->account.pub), &mem, &p->state));
}

static struct view entry(struct person *p, uint8_t action, const struct ed25519_key *device,
			 const struct ed25519_key *signer, bool by_account)
{
	struct device_entry e = { .device_action = action, .device_key = VIEW_OF(device->pub) };
	struct view encoded = { NULL, 0 };
	expect_ok(device_entry_make(&p->state, DOMAIN, VIEW_OF(p->account.pub), signer, by_account,
				    test_now_ms, &e, &mem, &encoded));
	return encoded;
}

static uc_err append(struct person *p, struct view e)
{
	TRY(device_list_append(&p->state, DOMAIN, VIEW_OF(p->account.pub), e, &mem));
	p->entries[p->list.n++] = e;
	return UC_OK;
}

TEST(a_device_list_grows_by_listed_devices)
{
	struct person p;
	struct device_list again;
	begin(&p);
	expect_err(append(&p, entry(&p, DEVICE_ADD, &p.laptop, &p.laptop, false)), UC_E_REVOKED);
	expect_ok(append(&p, entry(&p, DEVICE_ADD, &p.laptop, &p.phone, false)));
	expect_ok(append(&p, entry(&p, DEVICE_REVOKE, &p.phone, &p.laptop, false)));
	expect_err(append(&p, entry(&p, DEVICE_ADD, &p.phone, &p.phone, false)), UC_E_REVOKED);
	expect_ok(device_list_verify(&p.list, DOMAIN, VIEW_OF(p.account.pub), &mem, &again));
	expect_eq(again.count, 1);
	expect_eq(again.list_position, 2);
	expect(device_list_has(&again, VIEW_OF(p.laptop.pub)));
	expect(!device_list_has(&again, VIEW_OF(p.phone.pub)));
	arena_done(&mem);
}

TEST(only_the_account_key_starts_a_generation)
{
	struct person p;
	struct view_list last;
	struct device_list l;
	begin(&p);
	expect_err(append(&p, entry(&p, DEVICE_RESET_TO, &p.laptop, &p.phone, false)),
		   UC_E_NOT_ALLOWED);
	expect_err(append(&p, entry(&p, DEVICE_ADD, &p.laptop, &p.account, true)),
		   UC_E_NOT_ALLOWED);
	expect_ok(append(&p, entry(&p, DEVICE_RESET_TO, &p.laptop, &p.account, true)));
	expect_eq(p.state.list_generation, 1);
	expect_eq(p.state.count, 1);
	expect_ok(device_list_last_generation(&p.list, &mem, &last));
	expect_eq(last.n, 1);
	expect_ok(device_list_verify(&last, DOMAIN, VIEW_OF(p.account.pub), &mem, &l));
	expect(device_list_has(&l, VIEW_OF(p.laptop.pub)));
	arena_done(&mem);
}

TEST(a_fork_and_an_older_list_are_told_apart)
{
	struct person p;
	begin(&p);
	struct view_list before = p.list;
	struct view one = entry(&p, DEVICE_ADD, &p.laptop, &p.phone, false);
	struct view other = entry(&p, DEVICE_ADD, &p.account, &p.phone, false);
	expect_ok(append(&p, one));
	struct view fork[] = { p.entries[0], other };
	struct view_list forked = { fork, 2 };
	expect_ok(device_list_compare(&before, &p.list, &mem));
	expect_err(device_list_compare(&p.list, &before, &mem), UC_E_STALE);
	expect_err(device_list_compare(&p.list, &forked, &mem), UC_E_CHAIN);
	arena_done(&mem);
}

static struct view introduce(struct person *p, const struct ed25519_key *device)
{
	struct introduction in = { .app = DOMAIN,
				   .profile_name = VIEW_LIT("Rosa"),
				   .account_key = VIEW_OF(p->account.pub),
				   .device_list = p->list };
	struct view encoded = { NULL, 0 };
	expect_ok(introduction_make(&in, device, &mem, &encoded));
	return encoded;
}

TEST(an_introduction_is_by_a_listed_device)
{
	struct person p;
	struct introduction in;
	begin(&p);
	expect_ok(introduction_verify(introduce(&p, &p.phone), &mem, &in, NULL));
	expect_bytes(in.profile_name, VIEW_LIT("Rosa"));
	expect_err(introduction_verify(introduce(&p, &p.laptop), &mem, &in, NULL),
		   UC_E_INTRODUCTION);
	struct view good = introduce(&p, &p.phone);
	for (size_t i = 0; i < good.n; i++) {
		uint8_t copy[4096];
		memcpy(copy, good.p, good.n);
		copy[i] ^= 1;
		if (!introduction_verify((struct view){ copy, good.n }, &mem, &in, NULL))
			test_fail(__FILE__, __LINE__, "byte %zu may be changed", i);
	}
	arena_done(&mem);
}

static void goes_through_a_card(const struct view_list *list, size_t most)
{
	struct person p;
	struct view full, packed, again, leaf = VIEW_LIT("a card's place");
	expect_ok(ed25519_generate(test_env(), &p.phone));
	struct introduction in = { .app = DOMAIN,
				   .profile_name = VIEW_LIT("Rosa"),
				   .account_key = VIEW_OF(p.phone.pub),
				   .device_list = *list,
				   .leaf_key = leaf };
	expect_ok(introduction_make(&in, &p.phone, &mem, &full));
	expect_ok(card_introduction_pack(full, &mem, &packed));
	expect(packed.n <= most);
	expect_ok(card_introduction_unpack(packed, leaf, &mem, &again));
	expect_bytes(again, full);
	/* Whatever is changed or missing: refused, or another one, which its signature does not fit. */
	for (size_t i = 0; i < packed.n; i++) {
		struct arena_mark mark = arena_mark(&mem);
		uint8_t *copy = arena_take(&mem, packed.n);
		memcpy(copy, packed.p, packed.n);
		copy[i] ^= 0x81;
		if (!card_introduction_unpack(view_make(copy, packed.n), leaf, &mem, &again))
			expect(!view_equal(again, full));
		expect(card_introduction_unpack(view_make(packed.p, i), leaf, &mem, &again));
		arena_reset(&mem, mark);
	}
}

TEST(an_introduction_in_a_card_is_short_and_whole)
{
	struct person p;
	struct view_list last;
	begin(&p);
	goes_through_a_card(&p.list, 400);
	for (int i = 0; i < 3; i++) {
		expect_ok(append(&p, entry(&p, DEVICE_ADD, &p.laptop, &p.phone, false)));
		expect_ok(append(&p, entry(&p, DEVICE_REVOKE, &p.laptop, &p.phone, false)));
	}
	goes_through_a_card(&p.list, 400 + 3 * (106 + 75));
	expect_ok(append(&p, entry(&p, DEVICE_RESET_TO, &p.laptop, &p.account, true)));
	expect_ok(append(&p, entry(&p, DEVICE_ADD, &p.phone, &p.laptop, false)));
	expect_ok(append(&p, entry(&p, DEVICE_REVOKE, &p.laptop, &p.phone, false)));
	expect_ok(device_list_last_generation(&p.list, &mem, &last));
	expect_eq(last.n, 3);
	goes_through_a_card(&last, 432 + 106 + 75);
	/* One that does not begin where a list begins names keys that are not there. */
	struct view packed;
	struct introduction in = { .app = DOMAIN,
				   .account_key = VIEW_OF(p.account.pub),
				   .device_list = { last.v + 1, 2 } };
	struct view encoded;
	expect_ok(introduction_make(&in, &p.phone, &mem, &encoded));
	expect_err(card_introduction_pack(encoded, &mem, &packed), UC_E_CHAIN);
	arena_done(&mem);
}

TEST(cards_have_one_length_and_one_reader)
{
	struct person p;
	struct kem_key tom, rosa;
	struct view sealed;
	struct card back;
	const struct suite *s = suite_find(SUITE_X25519_AES128);
	begin(&p);
	expect_ok(kem_key_generate(s, test_env(), &tom));
	expect_ok(kem_key_generate(s, test_env(), &rosa));
	static const uint8_t salt[CARD_SALT] = { 1 }, tag[CARD_TAG] = { 2 };
	struct card c = { .version = 3,
			  .salt = VIEW_OF(salt),
			  .tag = VIEW_OF(tag),
			  .introduction = introduce(&p, &p.phone),
			  .text = VIEW_LIT("hello"),
			  .answer_key = kem_public(&rosa) };
	struct view target = VIEW_LIT("mimi://lens.example/q/xyz");
	expect_ok(card_seal(test_env(), kem_public(&tom), target, &c, &mem, &sealed));
	expect_eq(sealed.n, CARD_BYTES);
	expect_ok(card_open(secret_view(&tom.priv), kem_public(&tom), target, sealed, &mem, &back));
	expect_bytes(back.text, c.text);
	expect_bytes(back.salt, c.salt);
	expect_bytes(back.tag, c.tag);
	expect_bytes(view_slice(sealed, 0, CARD_TAG), c.tag);
	c.tag.n--;
	struct view none;
	expect_err(card_seal(test_env(), kem_public(&tom), target, &c, &mem, &none), UC_E_ARGUMENT);
	expect_err(card_open(secret_view(&tom.priv), kem_public(&tom), VIEW_LIT("x"), sealed, &mem,
			     &back),
		   UC_E_DECRYPT);
	expect_err(
		card_open(secret_view(&rosa.priv), kem_public(&rosa), target, sealed, &mem, &back),
		UC_E_DECRYPT);
	arena_done(&mem);
}

static void card_walk(struct wire *w, void *v)
{
	wire_card(w, v);
}

/* Without a look at what it says. */
static struct view sealed_by_hand(const struct card *c, const struct kem_key *to)
{
	struct view body, padded, box = { NULL, 0 };
	uint8_t *both = arena_take(&mem, CARD_BYTES);
	expect_ok(wire_encode_to(&mem, card_walk, c, &body));
	expect_ok(padded_write(&mem, body, CARD_BYTES - CARD_TAG - 1 - 32 - 2 - AEAD_TAG, &padded));
	expect_ok(label_seal(test_env(), kem_public(to), "Undercroft contact card", VIEW_LIT("to"),
			     padded, &mem, &box));
	memcpy(both + CARD_TAG, box.p, box.n);
	return view_make(both, CARD_TAG + box.n);
}

TEST(a_card_has_no_links)
{
	static const uint8_t salt[CARD_SALT], tag[CARD_TAG];
	struct kem_key tom;
	struct view sealed;
	struct card back, c = { .version = 3,
				.text = VIEW_LIT("see http:/ /x"),
				.salt = VIEW_OF(salt),
				.tag = VIEW_OF(tag),
				.answer_key = { NULL, 0 } };
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	expect_ok(kem_key_generate(suite_find(SUITE_X25519_AES128), test_env(), &tom));
	c.answer_key = kem_public(&tom);
	expect_ok(card_seal(test_env(), kem_public(&tom), VIEW_LIT("to"), &c, &mem, &sealed));
	expect_ok(card_open(secret_view(&tom.priv), kem_public(&tom), VIEW_LIT("to"), sealed, &mem,
			    &back));
	c.text = VIEW_LIT("see http://x");
	expect_err(card_seal(test_env(), kem_public(&tom), VIEW_LIT("to"), &c, &mem, &sealed),
		   UC_E_TEXT);
	/* One that another program has sealed is not shown. */
	sealed = sealed_by_hand(&c, &tom);
	expect_err(card_open(secret_view(&tom.priv), kem_public(&tom), VIEW_LIT("to"), sealed, &mem,
			     &back),
		   UC_E_TEXT);
	c.text = VIEW_LIT("hello");
	sealed = sealed_by_hand(&c, &tom);
	expect_ok(card_open(secret_view(&tom.priv), kem_public(&tom), VIEW_LIT("to"), sealed, &mem,
			    &back));
	arena_done(&mem);
}

TEST(look_ups_have_one_length)
{
	struct kem_key app, asker;
	struct view sealed, answer;
	struct lookup_query q;
	struct lookup_answer x;
	const struct suite *s = suite_find(SUITE_X25519_AES128);
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	expect_ok(kem_key_generate(s, test_env(), &app));
	expect_ok(kem_key_generate(s, test_env(), &asker));
	struct lookup_query query = { 2, VIEW_LIT("+4912345"), VIEW_LIT("7KQX-M0RA"),
				      kem_public(&asker) };
	expect_ok(lookup_query_seal(test_env(), kem_public(&app), DOMAIN, &query, &mem, &sealed));
	expect_ok(lookup_query_open(&app, DOMAIN, sealed, &mem, &q));
	expect_bytes(q.identifier, query.identifier);
	struct lookup_answer none = { .version = 1 },
			     found = { 1, true, VIEW_LIT("mimi://x/q/1"), kem_public(&app) };
	expect_ok(lookup_answer_seal(test_env(), q.answer_key, DOMAIN, &none, &mem, &answer));
	size_t length = answer.n;
	expect_ok(lookup_answer_seal(test_env(), q.answer_key, DOMAIN, &found, &mem, &answer));
	expect_eq(answer.n, length);
	expect_ok(lookup_answer_open(&asker, DOMAIN, answer, &mem, &x));
	expect(x.found);
	arena_done(&mem);
}

TEST(the_directory_is_read_as_it_is_written)
{
	uint8_t keys[3][32] = { { 1 }, { 2 }, { 3 } };
	struct directory back, d = { DOMAIN,           VIEW_LIT("https://127.0.0.1:1"),
				     VIEW_OF(keys[0]), VIEW_OF(keys[1]),
				     VIEW_OF(keys[2]), { { NULL, 0 } },
				     { NULL, 0 } };
	struct view url;
	struct buf b;
	buf_init(&b, 65536);
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	directory_write(&b, &d);
	expect_ok(directory_read(buf_view(&b), &mem, &back));
	expect_bytes(back.domain, DOMAIN);
	expect_bytes(back.franking_key, VIEW_OF(keys[2]));
	expect_ok(directory_url(buf_view(&b), VIEW_LIT("notify"), &url));
	expect_bytes(url, VIEW_LIT("https://127.0.0.1:1/v1/notify/{roomId}"));
	/* Keys of finding by number, where the app offers it: of one custodian or two, not of the second
	 * alone. */
	for (size_t n = 0; n < DIRECTORY_CUSTODIANS; n++) {
		expect_eq(back.discovery_keys[n].n, 0);
		d.discovery_keys[n] = VIEW_OF(keys[n]);
		buf_reset(&b);
		directory_write(&b, &d);
		expect_ok(directory_read(buf_view(&b), &mem, &back));
		expect_bytes(back.discovery_keys[n], VIEW_OF(keys[n]));
	}
	d.discovery_keys[0].n = 0;
	buf_reset(&b);
	directory_write(&b, &d);
	expect_err(directory_read(buf_view(&b), &mem, &back), UC_E_MALFORMED);
	expect_err(directory_read(VIEW_LIT("{}"), &mem, &back), UC_E_MALFORMED);
	expect_err(directory_read(view_slice(buf_view(&b), 0, b.n - 3), &mem, &back),
		   UC_E_MALFORMED);
	buf_done(&b);
	arena_done(&mem);
}

TEST(a_safety_number_is_the_same_from_both_sides)
{
	struct person p, q;
	char one[SAFETY_NUMBER_TEXT], other[SAFETY_NUMBER_TEXT];
	begin(&p);
	arena_done(&mem);
	begin(&q);
	struct safety_party rosa = { DOMAIN, VIEW_OF(p.account.pub) };
	struct safety_party tom = { VIEW_LIT("lens.example"), VIEW_OF(q.account.pub) };
	expect_ok(safety_number(&rosa, &tom, one));
	expect_ok(safety_number(&tom, &rosa, other));
	expect_eq(strlen(one), SAFETY_NUMBER_TEXT - 1);
	expect(!strcmp(one, other));
	expect_ok(safety_number(&rosa, &rosa, other));
	expect(strcmp(one, other) != 0);
	arena_done(&mem);
}

TEST(pool_slots_and_intake_open_where_they_belong)
{
	static const uint8_t set[SET_ID] = { 1 }, slot[SLOT_ID] = { 2 }, key[BOX_KEY] = { 3 };
	struct intake_context at = { INTAKE_CONSENT, 1000 }, other = { INTAKE_DEVICE_LIST, 1000 };
	struct view sealed, plain;
	struct kem_key device;
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	expect_ok(
		slot_seal(test_env(), VIEW_OF(key), set, slot, VIEW_LIT("package"), &mem, &sealed));
	expect_eq(sealed.n, SLOT_PAD + BOX_OVERHEAD);
	expect_ok(slot_open(VIEW_OF(key), set, slot, sealed, &mem, &plain));
	expect_bytes(plain, VIEW_LIT("package"));
	expect_err(slot_open(VIEW_OF(key), slot, set, sealed, &mem, &plain), UC_E_DECRYPT);
	expect_ok(kem_key_generate(suite_find(SUITE_X25519_AES128), test_env(), &device));
	expect_ok(
		intake_seal(test_env(), kem_public(&device), &at, VIEW_LIT("item"), &mem, &sealed));
	expect_ok(intake_open(secret_view(&device.priv), kem_public(&device), &at, sealed, &mem,
			      &plain));
	expect_bytes(plain, VIEW_LIT("item"));
	expect_err(intake_open(secret_view(&device.priv), kem_public(&device), &other, sealed, &mem,
			       &plain),
		   UC_E_DECRYPT);
	arena_done(&mem);
}
