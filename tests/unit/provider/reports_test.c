/* SPDX-License-Identifier: Apache-2.0 */
/* Reports at their way through apps: verified by the hub, kept for moderators, opened to exactly the
 * accused, and nobody else named. */
#include "tests/unit/provider/reported.h"

static struct app *const hub = &apps[DIAL], *const lens = &apps[LENS], *const plaza = &apps[PLAZA];

static void expect_opens(const struct guest *g, const struct person *as, struct view sealed,
			 bool does)
{
	const struct opening_context context = { g->room, g->participant };
	const struct app *a = as->app;
	struct view id = { NULL, 0 };
	uc_err err = opening_read(secret_view(&a->moderators), VIEW_OF(a->keys.moderators_pub),
				  &context, sealed, &apps_mem, &id);
	expect_eq(!err && view_equal(id, VIEW_OF(as->account_id)), does);
}

TEST(of_ones_own_app_at_the_hub)
{
	struct report_response r;
	everybody();
	struct abusive_message m[] = { said(&r1, "one"), said(&r1, "two") };
	expect_ok(report(&rob, REPORT_TO_APP, report_of(&r1, m, 2), &r));
	expect_eq(r.verdict, REPORT_VERIFIED);
	expect_eq(r.told, REPORT_TO_APP);
	struct report_record k = kept(hub, 1);
	expect_eq(k.verdict, REPORT_VERIFIED);
	expect_eq(k.from.n, 0);
	expect_eq(k.reporter.n, REPORTER_MARK);
	expect_eq(k.received_ms % HOUR_MS, 0);
	expect_bytes(k.room, the_room);
	expect_bytes(k.report, report_of(&r1, m, 2));
	/* Exactly the accused, and by no other key or place. */
	expect_opens(&r1, &rosa, k.first, true);
	expect_opens(&r1, &rosa, k.latest, true);
	expect_opens(&r2, &rosa, k.first, false);
	expect_opens(&r2, &rob, k.first, false);
	expect_opens(&r1, &tom, k.first, false);
	/* Again by Rob: the same mark; by herself: another.  To the hub alone: none. */
	expect_ok(report(&rob, REPORT_TO_APP, report_of(&r1, m, 1), &r));
	expect_bytes(kept(hub, 2).reporter, k.reporter);
	expect_ok(report(&rosa, REPORT_TO_APP | REPORT_TO_HUB, report_of(&r1, m, 1), &r));
	expect(!view_equal(kept(hub, 3).reporter, k.reporter));
	expect_ok(report(&rob, REPORT_TO_HUB, report_of(&r1, m, 1), &r));
	expect_eq(kept(hub, 4).reporter.n, 0);
	expect_eq(stored_count(hub->rooms, VIEW_OF(rob.account_id)), 0);
	expect_eq(stored_count(hub->rooms, VIEW_OF(rosa.account_id)), 0);
	the_end();
}

/* Rob reports Rosa; the mark that is kept. */
static struct view mark_of_rob(struct abusive_message *m, uint64_t number)
{
	struct report_response r;
	expect_ok(report(&rob, REPORT_TO_APP, report_of(&r1, m, 1), &r));
	struct view mark = kept(hub, number).reporter;
	expect_eq(mark.n, REPORTER_MARK);
	return mark;
}

/* Not with all that lies on the disk and beside it. */
TEST(nobody_finds_a_reporter_by_trying_accounts)
{
	everybody();
	struct abusive_message m = said(&r1, "again");
	struct view first = mark_of_rob(&m, 1);
	const struct provider_keys *k = &hub->keys;
	const struct view keys[] = { VIEW_OF(k->name_key),    VIEW_OF(k->address_key),
				     VIEW_OF(k->frank.key),   VIEW_OF(k->index.key),
				     VIEW_OF(rob.account_id), { NULL, 0 } };
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const struct view parts[] = { VIEW_LIT("Undercroft reporter"), r1.participant,
					      VIEW_OF(rob.account_id) };
		uint8_t mac[SHA256_BYTES];
		expect_ok(hmac_sha256_parts(keys[i], parts, 3, mac));
		expect(!view_equal(first, view_make(mac, REPORTER_MARK)));
	}
	/* The key itself makes it, is nowhere at rest, and ends. */
	uint8_t key[32];
	memcpy(key, hub->provider->reports.mark_key, sizeof key);
	expect_eq(stored_count(hub->rooms, VIEW_OF(key)), 0);
	expect_eq(stored_count(hub->accounts, VIEW_OF(key)), 0);
	expect_bytes(mark_of_rob(&m, 2), first);
	for (int day = 0; day < MARK_DAYS; day++)
		apps_wait(DAY_MS);
	expect_ok(person_sign_in(&rob));
	expect(!view_equal(mark_of_rob(&m, 3), first));
	expect(!view_equal(VIEW_OF(hub->provider->reports.mark_key), VIEW_OF(key)));
	the_end();
}

TEST(a_restart_forgets_the_key_of_marks)
{
	everybody();
	struct abusive_message m = said(&r1, "again");
	struct view first = mark_of_rob(&m, 1);
	app_kill(hub, true);
	app_start(hub);
	expect_ok(person_sign_in(&rob));
	expect(!view_equal(mark_of_rob(&m, 2), first));
	the_end();
}

TEST(forged_ones_are_not_kept)
{
	struct report_response r;
	everybody();
	struct abusive_message m = said(&r1, "one"), other = said(&t1, "by tom"), f = m;
	expect_err(report(&rob, REPORT_TO_APP, report_of(&r2, &m, 1), &r), UC_E_FRANK);
	f.message_content = other.message_content;
	expect_err(report(&rob, REPORT_TO_APP, report_of(&r1, &f, 1), &r), UC_E_FRANK);
	expect_err(report(&rob, REPORT_TO_APP, report_of(&t1, &f, 1), &r), UC_E_FRANK);
	f = m;
	f.accepted_timestamp++;
	expect_err(report(&rob, REPORT_TO_APP, report_of(&r1, &f, 1), &r), UC_E_FRANK);
	expect_err(report(&tom, REPORT_TO_APP, report_of(&r1, &f, 1), &r), UC_E_FRANK);
	expect_err(report(&tom, REPORT_TO_HUB, report_of(&r1, &f, 1), &r), UC_E_FRANK);
	/* The good one beside it does not help. */
	struct abusive_message both[] = { m, f };
	both[1].frank.server_frank[0] ^= 1;
	expect_err(report(&rob, REPORT_TO_APP, report_of(&r1, both, 2), &r), UC_E_FRANK);
	expect_err(report(&rob, 0, report_of(&r1, &m, 1), &r), UC_E_ARGUMENT);
	expect_err(report(&rob, 4, report_of(&r1, &m, 1), &r), UC_E_ARGUMENT);
	expect(report(&rob, REPORT_TO_APP, VIEW_LIT("nonsense"), &r) != UC_OK);
	expect_eq(count(hub) + count(lens), 0);
	expect_ok(report(&rob, REPORT_TO_APP, report_of(&r1, &m, 1), &r));
	the_end();
}

/* Tom, elsewhere, as he chooses: the hub hears nothing, or all but who it was. */
TEST(of_another_app)
{
	struct report_response r;
	everybody();
	struct abusive_message m = said(&r1, "to you, Tom");
	struct view bytes = report_of(&r1, &m, 1);
	size_t asked = hub->asked;
	expect_ok(report(&tom, REPORT_TO_APP, bytes, &r));
	expect_eq(r.verdict, REPORT_CONFIRMED);
	expect_eq(r.told, REPORT_TO_APP);
	expect_eq(hub->asked, asked + 1);
	expect_eq(count(hub), 0);
	expect_eq(count(lens), 1);
	/* It heard of tags, and of nothing that was said. */
	struct frank_claims claims;
	expect_ok(wire_decode(hub->last_body, &apps_mem, frank_claims_element, &claims));
	expect_eq(claims.claims.n, 1);
	struct report_record k = kept(lens, 1);
	expect_eq(k.verdict, REPORT_CONFIRMED);
	expect_eq(k.reporter.n, REPORTER_MARK);
	expect_eq(k.first.n, 0); /* Rosa is not theirs */
	expect_ok(report(&tom, REPORT_TO_HUB, bytes, &r));
	expect_eq(r.verdict, REPORT_CONFIRMED);
	expect_eq(r.told, REPORT_TO_HUB);
	expect_eq(count(hub), 1);
	expect_eq(count(lens), 1);
	k = kept(hub, 1);
	expect_eq(k.verdict, REPORT_VERIFIED);
	expect_bytes(k.from, lens->domain);
	expect_eq(k.reporter.n, 0);
	expect_opens(&r1, &rosa, k.latest, true);
	expect(!header_find(hub->last_headers, "undercroft-client").n);
	expect_ok(report(&tom, REPORT_TO_HUB | REPORT_TO_APP, bytes, &r));
	expect_eq(r.told, REPORT_TO_HUB | REPORT_TO_APP);
	expect_eq(count(hub), 2);
	expect_eq(count(lens), 2);
	the_end();
}

TEST(of_a_hub_that_says_nothing)
{
	struct report_response r;
	everybody();
	struct abusive_message m = said(&r1, "and the hub is mine"), f = m;
	hub->is_down = true;
	expect_ok(report(&tom, REPORT_TO_APP, report_of(&r1, &m, 1), &r));
	expect_eq(r.verdict, REPORT_UNCONFIRMED);
	expect_eq(r.told, REPORT_TO_APP);
	expect_eq(kept(lens, 1).verdict, REPORT_UNCONFIRMED);
	expect_err(uphold(lens, 1, &tom), UC_E_NOT_ALLOWED);
	expect_ok(report(&tom, REPORT_TO_APP | REPORT_TO_HUB, report_of(&r1, &m, 1), &r));
	expect_eq(r.told, REPORT_TO_APP);
	expect_err(report(&tom, REPORT_TO_HUB, report_of(&r1, &m, 1), &r), UC_E_PEER);
	f.accepted_timestamp++;
	expect_err(report(&tom, REPORT_TO_APP, report_of(&r1, &f, 1), &r), UC_E_PEER);
	f.frank.franking_signature_ciphersuite = 0;
	f.frank.franking_integrity_signature.n = 0;
	expect_err(report(&tom, REPORT_TO_APP, report_of(&r1, &f, 1), &r), UC_E_PEER);
	expect_eq(count(lens), 2);
	the_end();
}

/* It has taken the app out: what it forbids says nothing of what was reported, and is no forgery. */
TEST(of_a_hub_that_knows_the_app_no_more)
{
	struct report_response r;
	everybody();
	struct abusive_message m = said(&r1, "one"), f = m;
	struct abusive_message said_by_tom = said(&t1, "two");
	f.frank.server_frank[0] ^= 1;
	count_at(lens);
	hub->knows_nobody = true;
	expect_ok(report(&tom, REPORT_TO_APP, report_of(&r1, &m, 1), &r));
	expect_eq(hub->last_status, 403);
	expect_eq(r.verdict, REPORT_UNCONFIRMED);
	expect_err(report(&tom, REPORT_TO_HUB, report_of(&r1, &m, 1), &r), UC_E_PEER);
	expect_eq(forged(), 0);
	hub->knows_nobody = false;
	expect_err(report(&tom, REPORT_TO_HUB, report_of(&r1, &f, 1), &r), UC_E_FRANK);
	expect_eq(forged(), 1);
	/* Nor is what is passed on refused by an app that does not know the hub: it is passed again. */
	expect_ok(report(&rob, REPORT_TO_APP, report_of(&t1, &said_by_tom, 1), &r));
	lens->knows_nobody = true;
	expect_ok(provider_report_pass(hub->provider, 1));
	apps_settle();
	expect_eq(lens->last_status, 403);
	expect_eq(kept(hub, 1).passed, REPORT_NOT_PASSED);
	lens->knows_nobody = false;
	expect_ok(provider_report_pass(hub->provider, 1));
	apps_settle();
	expect_eq(kept(hub, 1).passed, REPORT_PASSED);
	the_end();
}

/* Tom is accused at the hub: his app's moderators open him, with evidence that they check. */
TEST(evidence_for_the_app_of_the_accused)
{
	struct report_response r;
	everybody();
	struct abusive_message m = said(&t1, "abuse");
	struct view bytes = report_of(&t1, &m, 1);
	expect_ok(report(&rob, REPORT_TO_APP, bytes, &r));
	expect_eq(kept(hub, 1).first.n, 0);
	expect_err(provider_report_pass(hub->provider, 2), UC_E_NOT_FOUND);
	expect_ok(provider_report_pass(hub->provider, 1));
	apps_settle();
	expect_eq(kept(hub, 1).passed, REPORT_PASSED);
	/* Theirs to uphold, not the hub's. */
	expect_err(uphold(hub, 1, &rosa), UC_E_NOT_ALLOWED);
	expect_ok(uphold(lens, 1, &tom));
	expect_eq(curbed(&tom).level, 1);
	expect_eq(count(lens), 1);
	struct report_record k = kept(lens, 1);
	expect_eq(k.verdict, REPORT_CONFIRMED);
	expect_bytes(k.from, hub->domain);
	expect_eq(k.reporter.n, 0);
	expect_opens(&t1, &tom, k.first, true);
	expect_opens(&t1, &rosa, k.first, false);
	/* Not of ours, not by another than the hub, not unsigned, not by who is no hub. */
	expect_err(provider_report_pass(lens->provider, 1), UC_E_NOT_ALLOWED);
	expect_eq(peer_ask(lens, plaza, "reportAbuse", the_room, bytes, NULL), 403);
	expect_eq(peer_ask(lens, hub, "reportAbuse", the_room, bytes, NULL), 200);
	m.accepted_timestamp++;
	expect_eq(peer_ask(lens, hub, "reportAbuse", the_room, report_of(&t1, &m, 1), NULL), 410);
	struct abusive_message rosas = said(&r1, "mine");
	expect_eq(peer_ask(lens, hub, "reportAbuse", the_room, report_of(&r1, &rosas, 1), NULL),
		  403);
	expect_eq(peer_ask(hub, plaza, "reportAbuse", the_room, VIEW_LIT("nonsense"), NULL), 400);
	expect_eq(peer_ask(hub, plaza, "confirmFranks", the_room, VIEW_LIT("nonsense"), NULL), 400);
	expect_eq(peer_ask(lens, plaza, "confirmFranks", the_room, bytes, NULL), 404);
	expect_eq(count(lens), 2);
	the_end();
}

/* Genuine, and too late: that is said to the hub's moderators, and nobody has forged anything. */
TEST(evidence_of_a_room_that_is_followed_no_more)
{
	struct report_response r;
	struct change none = { .n = 0 };
	everybody();
	r1.reads_content = r2.reads_content = i1.reads_content = true;
	count_at(lens);
	struct abusive_message m = said(&t1, "abuse"), f = m;
	struct view bytes = report_of(&t1, &m, 1);
	f.message_content = said(&r1, "by another").message_content;
	expect_ok(report(&rob, REPORT_TO_APP, bytes, &r));
	expect_eq(peer_ask(lens, hub, "reportAbuse", the_room, report_of(&t1, &f, 1), NULL), 403);
	expect_eq(forged(), 1);
	expect_eq(late(), 0);
	guest_leave(&t1);
	client_close(tom.c);
	guest_read(&r1);
	guest_commit(&r1, &none);
	guest_read(&r2);
	guest_read(&i1);
	for (int i = 0; i < 2; i++)
		apps_wait(HOUR_MS);
	apps_wait(600000);
	expect_eq(table_count(lens, TABLE_ROOM), 0);
	expect_eq(peer_ask(lens, hub, "reportAbuse", the_room, bytes, NULL), 404);
	expect_eq(forged(), 1);
	expect_ok(provider_report_pass(hub->provider, 1));
	apps_settle();
	expect_eq(kept(hub, 1).passed, REPORT_PASSED_LATE);
	expect_eq(forged(), 1);
	expect_eq(late(), 2);
	expect_eq(count(lens), 0);
	the_end();
}

/* What a room that goes on does not vouch for is said, too; and what once was taken stays that. */
TEST(what_the_app_of_the_accused_says_is_kept)
{
	struct report_response r;
	struct report_record k;
	struct store_batch b;
	struct store_key key;
	everybody();
	struct abusive_message m = said(&t1, "abuse");
	expect_ok(report(&rob, REPORT_TO_APP, report_of(&t1, &m, 1), &r));
	k = kept(hub, 1);
	m.message_content = said(&r1, "by another").message_content;
	k.report = report_of(&t1, &m, 1);
	store_batch_init(&b, hub->domain);
	expect_ok(record_put(&b, report_key(&key, hub->domain, 1), report_record_element, &k));
	expect_ok(store_commit(hub->rooms, &b));
	store_batch_done(&b);
	lens->is_down = true;
	expect_ok(provider_report_pass(hub->provider, 1));
	apps_settle();
	expect_eq(kept(hub, 1).passed, REPORT_NOT_PASSED);
	lens->is_down = false;
	expect_ok(provider_report_pass(hub->provider, 1));
	apps_settle();
	expect_eq(kept(hub, 1).passed, REPORT_PASSED_REFUSED);
	the_end();
}

/* What lies at the end cannot be read, and what comes to lie behind it neither: no number of it is given to
 * another, or one would be lost. */
TEST(a_number_behind_damage_is_not_given_again)
{
	const struct attachment_put_request behind = { .total = 1, .bytes = VIEW_LIT("x") };
	struct report_response r;
	struct store_key k;
	everybody();
	struct abusive_message m = said(&r1, "one");
	struct view bytes = report_of(&r1, &m, 1);
	expect_ok(client_ask(rob.c, FRAME_ATTACHMENT_PUT, attachment_put_request_element, &behind,
			     NULL, NULL));
	for (int i = 0; i < 4; i++)
		expect_ok(report(&rob, REPORT_TO_APP, bytes, &r));
	expect_ok(provider_report_decide(hub->provider, 4, REPORT_WARNED, VIEW_LIT("the last")));
	expect_ok(provider_sync(hub->provider));
	app_kill(hub, false);
	app_start(hub);
	expect_ok(person_sign_in(&rob));
	expect(block_rots(hub, report_key(&k, hub->domain, 2), 3));
	report_place_forget(hub->provider); /* as if it had been so before the start */
	expect_ok(report(&rob, REPORT_TO_APP, bytes, &r));
	uint64_t first = test_now_ms;
	expect_ok(report(&rob, REPORT_TO_APP, bytes, &r));
	store_memory_heal(hub->disks[1]);
	expect_eq(count(hub), 6);
	expect_bytes(kept(hub, 4).note, VIEW_LIT("the last"));
	expect_eq(kept(hub, first).verdict, REPORT_VERIFIED);
	expect_eq(kept(hub, first + 1).verdict, REPORT_VERIFIED);
	the_end();
}

/* Others are taken, and end, although there is one that cannot be read. */
TEST(one_that_rots_is_passed_over)
{
	struct report_response r;
	struct store_key k;
	bool there = true;
	everybody();
	struct abusive_message m = said(&r1, "one");
	struct view bytes = report_of(&r1, &m, 1);
	for (int i = 0; i < 3; i++)
		expect_ok(report(&rob, REPORT_TO_APP, bytes, &r));
	expect_ok(provider_sync(hub->provider));
	app_kill(hub, false);
	app_start(hub);
	expect_ok(person_sign_in(&rob));
	expect(record_rots(hub, report_key(&k, hub->domain, 3)));
	report_place_forget(hub->provider);
	/* The last of all: its number is not given to another. */
	expect_ok(report(&rob, REPORT_TO_APP, bytes, &r));
	expect_eq(kept(hub, 4).verdict, REPORT_VERIFIED);
	expect_ok(store_has(hub->rooms, report_key(&k, hub->domain, 5), &there));
	expect(!there);
	test_now_ms += (uint64_t)(REPORT_KEEP_DAYS - 1) * DAY_MS;
	apps_wait(HOUR_MS);
	expect_eq(kept(hub, 4).verdict, REPORT_VERIFIED);
	expect_eq(kept(hub, 1).verdict, REPORT_VERIFIED);
	test_now_ms += 2 * (uint64_t)DAY_MS;
	apps_wait(HOUR_MS);
	apps_wait(HOUR_MS);
	store_memory_heal(hub->disks[1]);
	/* Nor does what rotted stay for longer than those behind it. */
	expect_eq(count(hub), 0);
	the_end();
}

TEST(decisions_and_their_end)
{
	struct report_response r;
	everybody();
	struct abusive_message m = said(&r1, "one");
	for (int i = 0; i < 3; i++)
		expect_ok(report(&rob, REPORT_TO_APP, report_of(&r1, &m, 1), &r));
	expect_ok(provider_report_decide(hub->provider, 2, REPORT_WARNED, VIEW_LIT("first time")));
	expect_err(provider_report_decide(hub->provider, 4, REPORT_WARNED, VIEW_LIT("")),
		   UC_E_NOT_FOUND);
	expect_err(provider_report_decide(hub->provider, 2, 0, VIEW_LIT("")), UC_E_ARGUMENT);
	expect_err(provider_report_decide(hub->provider, 2, 4, VIEW_LIT("")), UC_E_ARGUMENT);
	apps_settle();
	/* Also after a restart, where numbers go on. */
	app_kill(hub, false);
	app_start(hub);
	expect_eq(kept(hub, 2).action, REPORT_WARNED);
	expect_bytes(kept(hub, 2).note, VIEW_LIT("first time"));
	expect_eq(kept(hub, 1).action, REPORT_UNDECIDED);
	expect_ok(person_sign_in(&rob));
	expect_ok(report(&rob, REPORT_TO_APP, report_of(&r1, &m, 1), &r));
	expect_eq(count(hub), 4);
	expect_eq(kept(hub, 4).verdict, REPORT_VERIFIED);
	test_now_ms += (uint64_t)(REPORT_KEEP_DAYS - 1) * DAY_MS;
	apps_wait(HOUR_MS);
	expect_eq(count(hub), 4);
	test_now_ms += 2 * (uint64_t)DAY_MS;
	apps_wait(HOUR_MS);
	expect_eq(count(hub), 0);
	the_end();
}

/* A clock that was ahead when one came keeps nobody's words for longer than is said. */
TEST(one_that_came_while_the_clock_was_ahead_keeps_no_others)
{
	const uint64_t ahead = 300 * (uint64_t)DAY_MS;
	struct report_response r;
	everybody();
	struct abusive_message m = said(&r1, "one");
	struct view bytes = report_of(&r1, &m, 1);
	test_now_ms += ahead;
	expect_ok(report(&rob, REPORT_TO_APP, bytes, &r));
	test_now_ms -= ahead;
	expect_ok(report(&rob, REPORT_TO_APP, bytes, &r));
	expect_eq(count(hub), 2);
	test_now_ms += (uint64_t)REPORT_KEEP_DAYS * DAY_MS;
	apps_wait(HOUR_MS);
	apps_wait(HOUR_MS);
	expect_eq(count(hub), 1);
	test_now_ms += ahead;
	apps_wait(HOUR_MS);
	expect_eq(count(hub), 0);
	the_end();
}

TEST(what_is_upheld_takes_from_the_account_once)
{
	struct report_response r;
	everybody();
	struct abusive_message m = said(&r1, "one");
	expect_ok(report(&rob, REPORT_TO_APP, report_of(&r1, &m, 1), &r));
	expect_ok(report(&rob, REPORT_TO_APP, report_why(&r1, &m, 1, REPORT_CHILD), &r));
	struct person nobody = rosa;
	nobody.account_id[0] ^= 1;
	expect_err(uphold(hub, 1, &nobody), UC_E_NOT_FOUND);
	expect_err(uphold(hub, 3, &rosa), UC_E_NOT_FOUND);
	expect_eq(kept(hub, 1).action, REPORT_UNDECIDED);
	expect_ok(uphold(hub, 1, &rosa));
	expect_err(uphold(hub, 1, &rosa), UC_E_EXISTS);
	expect_eq(kept(hub, 1).action, REPORT_UPHELD);
	struct curb c = curbed(&rosa);
	expect_eq(c.level, 1);
	expect(!c.is_off_minors);
	/* Of harm to a child. */
	expect_ok(uphold(hub, 2, &rosa));
	c = curbed(&rosa);
	expect_eq(c.level, 2);
	expect(c.is_off_minors);
	expect_eq(curbed(&rob).level, 0);
	/* Nothing leads from the account to the room, or back. */
	expect_eq(stored_count(hub->rooms, VIEW_OF(rosa.account_id)), 0);
	expect_eq(stored_count(hub->accounts, the_room), 0);
	expect_eq(stored_count(hub->accounts, r1.participant), 0);
	the_end();
}

/* A client, or another app, that says who reports: neither is it kept, nor does the hub hear it. */
TEST(who_reports_is_named_nowhere)
{
	struct report_response r;
	const struct view who = VIEW_LIT("mimi://lens.example/u/tom");
	struct abuse_report named;
	struct view bytes = { NULL, 0 };
	everybody();
	struct abusive_message m = said(&r1, "one");
	struct view nameless = report_of(&r1, &m, 1);
	expect_ok(wire_decode(nameless, &apps_mem, abuse_report_element, &named));
	named.reporting_user = who;
	expect_ok(wire_encode_to(&apps_mem, abuse_report_element, &named, &bytes));
	expect(bytes.n > nameless.n);
	expect_ok(report(&tom, REPORT_TO_APP | REPORT_TO_HUB, bytes, &r));
	expect_eq(r.verdict, REPORT_CONFIRMED);
	expect_bytes(hub->last_body, nameless);
	expect_bytes(kept(lens, 1).report, nameless);
	expect_bytes(kept(hub, 1).report, nameless);
	expect_eq(peer_ask(hub, lens, "reportAbuse", the_room, bytes, NULL), 200);
	expect_bytes(kept(hub, 2).report, nameless);
	expect_eq(stored_count(hub->rooms, who) + stored_count(lens->rooms, who), 0);
	the_end();
}

/* Long ones are as many as they are long: nobody fills with a few what is there for all. */
TEST(long_ones_count_for_more)
{
	enum { WORDS = 5000 };
	static const uint8_t too_long[REPORT_MAX + 1];
	struct report_response r;
	struct abusive_message m[REPORT_MESSAGES_MAX];
	char words[WORDS + 1];
	memset(words, 'x', WORDS);
	words[WORDS] = 0;
	everybody();
	for (size_t i = 0; i < REPORT_MESSAGES_MAX; i++)
		m[i] = said(&r1, words);
	struct view bytes = report_of(&r1, m, REPORT_MESSAGES_MAX);
	expect(bytes.n > REPORT_UNIT_BYTES && bytes.n < 2 * REPORT_UNIT_BYTES);
	expect_err(report(&rob, REPORT_TO_APP, VIEW_OF(too_long), &r), UC_E_TOO_LARGE);
	for (int i = 0; i < 10; i++)
		expect_ok(report(&rob, REPORT_TO_APP, bytes, &r));
	expect_err(report(&rob, REPORT_TO_APP, bytes, &r), UC_E_RATE);
	expect_err(report(&rob, REPORT_TO_APP, report_of(&r1, m, 1), &r), UC_E_RATE);
	expect_eq(count(hub), 10);
	the_end();
}

/* Twenty, then about one an hour; a restart gives none back. */
TEST(too_many)
{
	struct report_response r;
	everybody();
	struct abusive_message m = said(&r1, "one");
	struct view bytes = report_of(&r1, &m, 1);
	for (int i = 0; i < 20; i++)
		expect_ok(report(&rob, REPORT_TO_APP, bytes, &r));
	expect_err(report(&rob, REPORT_TO_APP, bytes, &r), UC_E_RATE);
	app_kill(hub, false);
	app_start(hub);
	expect_ok(person_sign_in(&rob));
	expect_err(report(&rob, REPORT_TO_APP, bytes, &r), UC_E_RATE);
	test_now_ms += HOUR_MS + 1000;
	expect_ok(report(&rob, REPORT_TO_APP, bytes, &r));
	expect_err(report(&rob, REPORT_TO_APP, bytes, &r), UC_E_RATE);
	expect_eq(count(hub), 21);
	the_end();
}
