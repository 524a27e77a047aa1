/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of request cards: whoever wrote one is opened by the moderators of their app alone, and nobody
 * makes one up. */
#include "mimi/report.h"
#include "provider/openings.h"
#include "tests/unit/provider/letters.h"
#include "tests/unit/provider/reports_kept.h"

enum { FORGED = 10000 };

static struct app *const dial = &apps[DIAL], *const lens = &apps[LENS], *const plaza = &apps[PLAZA];
static struct person rosa, rob, tom;

static struct card_words words(const char *name, const char *text)
{
	return (struct card_words){ { 1, 2, 3 }, view_str(name), view_str(text) };
}

static const uint8_t *tag_of(const struct card_words *w)
{
	static uint8_t tag[CARD_TAG];
	expect_ok(card_tag(w, tag));
	return tag;
}

/* Rosa and Rob on Dial, Tom on Lens; the address of a card of Rosa's. */
static struct view begin(const struct card_words *w)
{
	apps_begin();
	person_join(&rosa, dial, "+4915123456789");
	person_join(&rob, dial, "+4915123456780");
	person_join(&tom, lens, "tom");
	return reply_for(&rosa, tag_of(w));
}

static struct view report_why(struct view address, const struct card_words *w,
			      enum report_reason why)
{
	struct abuse_report r = { .alleged_abuser_uri = address,
				  .reason_code = (uint8_t)why,
				  .note = VIEW_LIT("every day"),
				  .card = *w };
	struct view bytes = { NULL, 0 };
	expect_ok(report_card_add(&r, &apps_mem));
	expect_ok(wire_encode_to(&apps_mem, abuse_report_element, &r, &bytes));
	return bytes;
}

static struct view report_of(struct view address, const struct card_words *w)
{
	return report_why(address, w, REPORT_HARASSMENT);
}

static bool opens(const struct report_record *r, const struct person *as)
{
	const struct opening_context at = { r->room, r->room };
	const struct app *a = as->app;
	struct view id = { NULL, 0 };
	return !opening_read(secret_view(&a->moderators), VIEW_OF(a->keys.moderators_pub), &at,
			     r->latest, &apps_mem, &id) &&
	       view_equal(id, VIEW_OF(as->account_id));
}

/* What is kept says what was shown, and not by what address it came. */
static void expect_veiled(struct app *a, uint64_t number, struct view address,
			  const struct card_words *w)
{
	struct report_record r = kept(a, number);
	struct abuse_report back;
	struct frank_claims claims;
	expect_ok(wire_decode(r.report, &apps_mem, abuse_report_element, &back));
	expect(back.is_card);
	expect_bytes(back.card.name, w->name);
	expect_bytes(back.card.text, w->text);
	expect_bytes(back.alleged_abuser_uri, r.room);
	expect(is_reported_card(r.room));
	expect_ok(report_claims(&back, r.room, &apps_mem, &claims));
	expect_eq(stored_count(a->rooms, address), 0);
	expect_eq(stored_count(a->rooms, VIEW_OF(rosa.account_id)), 0);
	expect_eq(stored_count(a->rooms, VIEW_OF(rob.account_id)), 0);
}

TEST(of_ones_own_app)
{
	struct card_words w = words("Rosa", "you will be sorry");
	struct view address = begin(&w);
	struct report_response said;
	expect_ok(report_file(&rob, REPORT_TO_APP, address, report_of(address, &w), &said));
	expect_eq(said.verdict, REPORT_VERIFIED);
	expect_eq(said.told, REPORT_TO_APP);
	struct report_record r = kept(dial, 1);
	expect_eq(r.verdict, REPORT_VERIFIED);
	expect_eq(r.reporter.n, REPORTER_MARK);
	expect_eq(r.from.n, 0);
	expect(opens(&r, &rosa));
	expect(!opens(&r, &rob));
	expect(!opens(&r, &tom));
	expect_veiled(dial, 1, address, &w);
	/* The same card has the same place; another one of hers has another. */
	expect_ok(report_file(&rob, REPORT_TO_HUB, address, report_why(address, &w, REPORT_CHILD),
			      &said));
	expect_bytes(kept(dial, 2).room, r.room);
	expect_eq(kept(dial, 2).reporter.n, 0);
	struct card_words more = words("Rosa", "");
	struct view other = reply_for(&rosa, tag_of(&more));
	expect_ok(report_file(&rob, REPORT_TO_APP, other, report_of(other, &more), &said));
	expect(!view_equal(kept(dial, 3).room, r.room));
	r.room = kept(dial, 3).room;
	expect(!opens(&r, &rosa));
	/* It takes from her budget, and for harm to a child keeps her off minors. */
	expect_ok(uphold(dial, 1, &rosa));
	expect_err(uphold(dial, 1, &rosa), UC_E_EXISTS);
	expect_eq(curbed(&rosa).level, 1);
	expect(!curbed(&rosa).is_off_minors);
	expect_ok(uphold(dial, 2, &rosa));
	expect(curbed(&rosa).is_off_minors);
	apps_end();
}

/* Her app hears nothing, or that a card was reported, or all but who reports; none other can open her. */
TEST(of_another_app)
{
	struct card_words w = words("Rosa", "I know where you live");
	struct view address = begin(&w), bytes = report_of(address, &w);
	struct report_response said;
	struct frank_claims claims;
	size_t asked = dial->asked;
	expect_ok(report_file(&tom, REPORT_TO_APP, address, bytes, &said));
	expect_eq(said.verdict, REPORT_CONFIRMED);
	expect_eq(said.told, REPORT_TO_APP);
	expect_eq(dial->asked, asked + 1);
	expect_eq(count(dial), 0);
	expect_ok(wire_decode(dial->last_body, &apps_mem, frank_claims_element, &claims));
	expect_eq(claims.claims.n, 1);
	expect_bytes(view_make(claims.claims.v[0].franking_tag, CARD_TAG),
		     view_make(tag_of(&w), CARD_TAG));
	struct report_record r = kept(lens, 1);
	expect_eq(r.verdict, REPORT_CONFIRMED);
	expect_eq(r.reporter.n, REPORTER_MARK);
	expect_eq(r.first.n + r.latest.n, 0);
	expect_bytes(r.room, address);
	expect_bytes(r.report, bytes);
	expect_err(uphold(lens, 1, &tom), UC_E_NOT_ALLOWED);
	expect_ok(report_file(&tom, REPORT_TO_HUB, address, bytes, &said));
	expect_eq(said.told, REPORT_TO_HUB);
	expect_eq(count(lens), 1);
	r = kept(dial, 1);
	expect_eq(r.verdict, REPORT_VERIFIED);
	expect_bytes(r.from, lens->domain);
	expect_eq(r.reporter.n, 0);
	expect(opens(&r, &rosa));
	expect_veiled(dial, 1, address, &w);
	expect(!header_find(dial->last_headers, "undercroft-client").n);
	expect_ok(report_file(&tom, REPORT_TO_HUB | REPORT_TO_APP, address, bytes, &said));
	expect_eq(said.told, REPORT_TO_HUB | REPORT_TO_APP);
	/* Moderators pass on what they were told alone; her app looks itself. */
	expect_ok(provider_report_pass(lens->provider, 1));
	apps_settle();
	expect_eq(kept(lens, 1).passed, REPORT_PASSED);
	expect_eq(count(dial), 3);
	expect_eq(kept(dial, 3).verdict, REPORT_VERIFIED);
	expect_err(provider_report_pass(dial->provider, 1), UC_E_NOT_ALLOWED);
	expect_ok(uphold(dial, 3, &rosa));
	expect_eq(curbed(&rosa).level, 1);
	apps_end();
}

TEST(of_an_app_that_says_nothing)
{
	struct card_words w = words("Rosa", "hello");
	struct view address = begin(&w), bytes = report_of(address, &w);
	struct report_response said;
	dial->is_down = true;
	for (uint8_t to = REPORT_TO_APP; to <= (REPORT_TO_APP | REPORT_TO_HUB); to++)
		expect_err(report_file(&tom, to, address, bytes, &said), UC_E_PEER);
	expect_eq(count(lens), 0);
	dial->is_down = false;
	expect_ok(report_file(&tom, REPORT_TO_APP, address, bytes, &said));
	apps_end();
}

/* A card that could not be reported does not go. */
TEST(a_card_goes_with_the_address_that_was_made_for_it)
{
	struct card_words w = words("Rosa", "hello");
	struct view address = begin(&w);
	struct view to = address_of(&tom, CHANNEL_LINK);
	expect_err(request(rosa.c, card_to(address, to)), UC_E_FRANK);
	expect_eq(client_events(tom.c, FRAME_INTAKE), 0);
	expect_ok(request(rosa.c, card_to(reply_make(&rosa), to)));
	expect_eq(client_events(tom.c, FRAME_INTAKE), 1);
	/* To somebody of the own app, too. */
	to = address_of(&rob, CHANNEL_LINK);
	expect_err(request(rosa.c, card_to(address, to)), UC_E_FRANK);
	expect_ok(request(rosa.c, card_to(reply_make(&rosa), to)));
	apps_end();
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

static uc_err verify(struct view address, const struct card_words *w)
{
	struct abuse_report r = { .alleged_abuser_uri = address, .is_card = true, .card = *w };
	struct frank_claims claims = { { NULL, 0 }, { NULL, 0 } };
	TRY(report_claims(&r, address, &apps_mem, &claims));
	return card_claims_verify(dial->provider, &claims, address);
}

static struct view flipped(struct view v)
{
	uint8_t *copy = arena_take(&apps_mem, v.n);
	memcpy(copy, v.p, v.n);
	copy[next_random() % v.n] ^= (uint8_t)(1 << next_random() % 8);
	return view_make(copy, v.n);
}

/* One way each; `addresses` are good ones, made for other things. */
enum { SALT, TEXT, NAME, BORDER, ADDRESS, OTHERS, WAYS = OTHERS + 5 };

static bool is_accepted(size_t way, struct view address, const struct view others[5],
			const struct card_words *genuine)
{
	struct card_words w = *genuine;
	switch (way) {
	case SALT:
		w.salt[next_random() % CARD_SALT] ^= (uint8_t)(1 << next_random() % 8);
		break;
	case TEXT:
		w.text = flipped(w.text);
		break;
	case NAME:
		w.name = flipped(w.name);
		break;
	case BORDER: {
		/* The same bytes after all. */
		const size_t at = 1 + next_random() % (w.name.n - 1);
		uint8_t *both = arena_take(&apps_mem, w.name.n + w.text.n);
		memcpy(both, w.name.p, w.name.n);
		memcpy(both + w.name.n, w.text.p, w.text.n);
		w.text = view_make(both + at, w.name.n - at + w.text.n);
		w.name = view_make(both, at);
		break;
	}
	case ADDRESS:
		address = flipped(address);
		break;
	default:
		address = others[way - OTHERS];
	}
	return !verify(address, &w);
}

TEST(of_ten_thousand_forged_ones_none_is_accepted)
{
	struct card_words w = words("Rosa", "what I wrote"), other = words("Rosa", "and earlier");
	struct view address = begin(&w);
	const uint8_t *tag = tag_of(&w);
	struct person far;
	person_join(&far, lens, "far");
	const struct view others[] = {
		reply_for(&rosa, tag_of(&other)),      link_make(&rosa, CHANNEL_LINK, tag_of(&w)),
		link_make(&rosa, CHANNEL_ONCE, tag),   reply_for(&far, tag),
		VIEW_LIT("mimi://dial.example/q/abc"),
	};
	size_t accepted = 0;
	struct arena_mark mark = arena_mark(&apps_mem);
	for (size_t i = 0; i < FORGED; i++) {
		accepted += is_accepted(i % WAYS, address, others, &w);
		arena_reset(&apps_mem, mark);
	}
	expect_eq(accepted, 0);
	expect_ok(verify(address, &w));
	expect_ok(verify(others[0], &other));
	/* Rob's, of the same words and salt, are his. */
	expect_ok(verify(reply_for(&rob, tag_of(&w)), &w));
	/* As long as the app has the key, however old. */
	test_now_ms += (uint64_t)400 * DAY_MS;
	expect_ok(verify(address, &w));
	apps_end();
}

TEST(forged_ones_are_not_kept)
{
	struct card_words w = words("Rosa", "hello"), lie = words("Rosa", "what nobody wrote");
	struct view address = begin(&w), room = VIEW_LIT("mimi://dial.example/r/den");
	struct report_response said;
	expect_err(report_file(&rob, REPORT_TO_APP, address, report_of(address, &lie), &said),
		   UC_E_FRANK);
	expect_err(report_file(&tom, REPORT_TO_APP, address, report_of(address, &lie), &said),
		   UC_E_FRANK);
	expect_err(report_file(&tom, REPORT_TO_HUB, address, report_of(address, &lie), &said),
		   UC_E_FRANK);
	/* The accused is whoever the place is of, and the place is no room. */
	struct view robs = reply_for(&rob, tag_of(&lie));
	expect_err(report_file(&rob, REPORT_TO_APP, robs, report_of(address, &lie), &said),
		   UC_E_FRANK);
	expect_err(report_file(&rob, REPORT_TO_APP, room, report_of(room, &w), &said),
		   UC_E_ARGUMENT);
	/* Both in one, or neither. */
	struct abusive_message m = { .accepted_timestamp = 1 };
	struct abuse_report both = { .alleged_abuser_uri = address,
				     .reason_code = REPORT_SPAM,
				     .card = w };
	struct view bytes = { NULL, 0 };
	expect_ok(wire_encode_to(&apps_mem, abuse_report_element, &both, &bytes));
	expect_err(report_file(&rob, REPORT_TO_APP, address, bytes, &said), UC_E_LIMIT);
	both.messages = (struct abusive_message_list){ &m, 1 };
	expect_ok(wire_encode_to(&apps_mem, abuse_report_element, &both, &bytes));
	expect_err(report_file(&rob, REPORT_TO_APP, address, bytes, &said), UC_E_ARGUMENT);
	expect_ok(report_card_add(&both, &apps_mem));
	expect_ok(wire_encode_to(&apps_mem, abuse_report_element, &both, &bytes));
	expect_err(report_file(&rob, REPORT_TO_APP, address, bytes, &said), UC_E_MALFORMED);
	/* Other apps get no further. */
	bytes = report_of(address, &w);
	expect_eq(peer_ask(lens, dial, "reportAbuse", address, bytes, NULL), 403);
	expect_eq(peer_ask(dial, plaza, "reportAbuse", address, report_of(address, &lie), NULL),
		  403);
	expect_eq(peer_ask(lens, dial, "confirmFranks", address, bytes, NULL), 404);
	struct frank_claim claim = { .accepted_timestamp = 0 };
	struct frank_claims claims = { robs, { &claim, 1 } };
	memcpy(claim.franking_tag, tag_of(&w), CARD_TAG);
	expect_ok(wire_encode_to(&apps_mem, frank_claims_element, &claims, &bytes));
	expect_eq(peer_ask(dial, lens, "confirmFranks", address, bytes, NULL), 403);
	claims.sender_uri = address;
	expect_ok(wire_encode_to(&apps_mem, frank_claims_element, &claims, &bytes));
	expect_eq(peer_ask(dial, lens, "confirmFranks", address, bytes, NULL), 200);
	claim.franking_tag[CARD_TAG] ^= 1;
	expect_ok(wire_encode_to(&apps_mem, frank_claims_element, &claims, &bytes));
	expect_eq(peer_ask(dial, lens, "confirmFranks", address, bytes, NULL), 403);
	expect_eq(count(dial) + count(lens) + count(plaza), 0);
	apps_end();
}

/* Before a rotation of the addresses' key, and before two. */
TEST(after_a_rotation)
{
	struct card_words w = words("Rosa", "hello");
	struct view address = begin(&w);
	expect_ok(verify(address, &w));
	expect_ok(provider_keys_rotate(&dial->keys, test_env()));
	expect_ok(verify(address, &w));
	expect_ok(provider_keys_rotate(&dial->keys, test_env()));
	/* The key that could tell is gone: nobody is said to have forged it, and nothing is kept. */
	struct report_response said;
	expect_err(verify(address, &w), UC_E_STALE);
	expect_err(report_file(&rob, REPORT_TO_APP, address, report_of(address, &w), &said),
		   UC_E_STALE);
	expect_err(report_file(&tom, REPORT_TO_APP, address, report_of(address, &w), &said),
		   UC_E_STALE);
	expect_eq(peer_ask(dial, lens, "reportAbuse", address, report_of(address, &w), NULL), 410);
	expect_eq(count(dial) + count(lens), 0);
	/* Of one that opens it is known that it is forged. */
	struct view later = reply_for(&rosa, tag_of(&w));
	w.salt[0] ^= 1;
	expect_err(verify(later, &w), UC_E_FRANK);
	apps_end();
}
