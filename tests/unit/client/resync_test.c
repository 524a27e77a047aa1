/* SPDX-License-Identifier: Apache-2.0 */
/* Coming back into a room by an external commit: with what waits there, outrun by another commit,
 * from an older copy of the device; and what the answer of a hub must be to be believed. */
#include "client/room_group_inside.h"
#include "mimi/content.h"

#include "tests/unit/client/hub.h"

#define URI "mimi://dial.example/r/room"

static struct hub hub;
static struct person rosa, tom, ida;
static struct room toms; /* what his device still knows of the room */

static void take(struct person *p, struct view fanout, enum room_entry_kind kind)
{
	struct room_entry e = { .timestamp = 0 };
	if (!p->g)
		return;
	expect_ok(person_entry(p, fanout, &hub.mem, &e));
	expect_eq(e.kind, kind);
}

static struct view commit(struct person *by, struct person *added, struct person *removed)
{
	struct view package, whose, update = { NULL, 0 }, fanout = { NULL, 0 };
	struct room_change change = { .packages = { &package, 0 }, .participants = { &whose, 0 } };
	uint8_t hash[SHA256_BYTES];
	if (added) {
		package = person_package(&hub.mem, added);
		change.packages.n = 1;
	}
	if (removed) {
		whose = view_str(removed->set.participant);
		change.participants.n = 1;
	}
	expect_ok(room_group_commit(&by->c, by->g, &change, &hub.mem, &update, hash));
	expect_ok(hub_update(&hub, update, &fanout));
	return fanout;
}

static void invite(struct person *who)
{
	struct view fanout = commit(&rosa, who, NULL);
	take(&rosa, fanout, ROOM_ENTRY_COMMIT);
	take(&tom, fanout, ROOM_ENTRY_COMMIT);
	take(&ida, fanout, ROOM_ENTRY_COMMIT);
	expect_ok(room_group_join(&who->c, &who->set, hub.welcome, hub.tree, &who->g));
}

/* Rosa, who has made the room, Tom and Ida. */
static void begin(void)
{
	struct view info = { NULL, 0 }, tree = { NULL, 0 };
	struct room r = { .direct = false };
	hub_begin(&hub);
	person_begin(&rosa, "dial.example", 1);
	person_begin(&tom, "lens.example", 2);
	person_begin(&ida, "plaza.example", 3);
	rosa.own_hub = true;
	expect_ok(text_set(r.uri, sizeof r.uri, VIEW_LIT(URI)));
	expect_ok(room_group_create(&rosa.c, &r, &rosa.set, sign_public(&hub.key),
				    sign_public(&hub.frank), &rosa.g));
	expect_ok(room_group_info(&rosa.c, rosa.g, &hub.mem, &info, &tree));
	hub_take_room(&hub, info, tree);
	invite(&tom);
	invite(&ida);
	toms = r;
	memcpy(toms.client, tom.set.client, sizeof toms.client);
	memcpy(toms.participant, tom.set.participant, sizeof toms.participant);
	toms.participant_key = tom.set.participant_key;
}

static void end(void)
{
	person_end(&rosa);
	person_end(&tom);
	person_end(&ida);
	hub_end(&hub);
}

static struct view send(struct person *by, const char *text)
{
	struct view submit = { NULL, 0 }, fanout = { NULL, 0 };
	uint8_t hash[SHA256_BYTES];
	expect_ok(room_group_encrypt(&by->c, by->g, person_says(by, text, &hub.mem), NULL, &hub.mem,
				     &submit, hash));
	expect_ok(hub_submit(&hub, submit, &fanout));
	return fanout;
}

static void reads(struct person *p, struct view fanout, const struct person *from,
		  enum room_entry_kind kind, const char *text)
{
	struct room_entry e = { .timestamp = 0 };
	struct mimi_content m = { .salt = { 0 } };
	expect_ok(person_entry(p, fanout, &hub.mem, &e));
	expect_eq(e.kind, kind);
	expect_bytes(e.sender.participant, view_str(from->set.participant));
	expect_bytes(e.sender.client, view_str(from->set.client));
	expect_ok(mimi_content_read(e.content, &hub.mem, &m));
	expect_bytes(m.body.content, view_str(text));
}

static void all_talk(void)
{
	struct person *all[] = { &rosa, &tom, &ida };
	for (size_t i = 0; i < 3; i++) {
		struct view fanout = all[i]->g ? send(all[i], "hello") : (struct view){ NULL, 0 };
		for (size_t k = 0; fanout.n && k < 3; k++) {
			if (all[k]->g && k == i)
				take(all[k], fanout, ROOM_ENTRY_OWN);
			else if (all[k]->g)
				reads(all[k], fanout, all[i], ROOM_ENTRY_APPLICATION, "hello");
		}
	}
}

/* Tom's state as it is now. */
static struct room_group *toms_copy(void)
{
	struct room_group *copy = NULL;
	struct buf b;
	buf_init_secret(&b, BLOB_MAX);
	expect_ok(room_group_save(tom.g, &b));
	expect_ok(room_group_load(&tom.c, buf_view(&b), (struct view){ NULL, 0 }, &copy));
	buf_done(&b);
	return copy;
}

/* --- the way back --- */

/* A new client of Tom's participant asks; his old state, if there is one, is none of it. */
static struct view answer_for_tom(void)
{
	struct view request = { NULL, 0 }, response = { NULL, 0 };
	blob_done(&tom.set.key_package);
	blob_done(&tom.set.private_keys);
	expect_ok(room_group_key_package(&tom.c, &tom.set));
	expect_bytes(view_str(tom.set.participant), view_str(toms.participant));
	expect(!view_equal(view_str(tom.set.client), view_str(toms.client)));
	expect_ok(room_group_rejoin_ask(&tom.c, &tom.set, &hub.mem, &request));
	expect_ok(hub_group_info(&hub, request, &response));
	return response;
}

static uc_err rejoin(struct view response, struct view *update, struct room_group **g)
{
	uint8_t hash[SHA256_BYTES];
	return room_group_rejoin(&tom.c, &toms, &tom.set, response, &hub.mem, update, hash, g);
}

static void tom_is(struct room_group *g)
{
	room_group_free(tom.g);
	tom.g = g;
	memcpy(toms.client, tom.set.client, sizeof toms.client);
}

static struct view tom_comes_back(void)
{
	struct view update = { NULL, 0 }, fanout = { NULL, 0 };
	struct room_group *g = NULL;
	expect_ok(rejoin(answer_for_tom(), &update, &g));
	tom_is(g);
	person_restart(&tom); /* while the commit is on its way */
	expect_ok(hub_update(&hub, update, &fanout));
	expect_ok(room_group_rejoined(tom.g));
	person_restart(&tom);
	return fanout;
}

TEST(a_device_that_lost_its_state_comes_back)
{
	begin();
	struct view missed = send(&rosa, "while you were away");
	take(&rosa, missed, ROOM_ENTRY_OWN);
	take(&ida, missed, ROOM_ENTRY_APPLICATION);
	room_group_free(tom.g);
	tom.g = NULL;
	uint64_t epoch = room_group_epoch(rosa.g);
	struct view fanout = tom_comes_back();
	take(&rosa, fanout, ROOM_ENTRY_COMMIT);
	take(&ida, fanout, ROOM_ENTRY_COMMIT);
	expect_eq(room_group_epoch(tom.g), epoch + 1);
	all_talk();
	fanout = commit(&tom, NULL, NULL);
	take(&rosa, fanout, ROOM_ENTRY_COMMIT);
	take(&tom, fanout, ROOM_ENTRY_COMMIT);
	take(&ida, fanout, ROOM_ENTRY_COMMIT);
	all_talk();
	end();
}

TEST(who_wants_to_leave_is_taken_along)
{
	struct view update = { NULL, 0 }, fanout = { NULL, 0 };
	struct room_entry e;
	uint8_t hash[SHA256_BYTES];
	begin();
	expect_ok(room_group_leave(&ida.c, ida.g, &hub.mem, &update, hash));
	expect_ok(hub_update(&hub, update, &fanout));
	take(&rosa, fanout, ROOM_ENTRY_PROPOSAL);
	take(&ida, fanout, ROOM_ENTRY_PROPOSAL);
	expect_eq(hub.waiting_n, 1);
	fanout = tom_comes_back();
	take(&rosa, fanout, ROOM_ENTRY_COMMIT);
	expect_ok(person_entry(&ida, fanout, &hub.mem, &e));
	expect_eq(e.kind, ROOM_ENTRY_REMOVED);
	room_group_free(ida.g);
	ida.g = NULL;
	all_talk();
	end();
}

TEST(a_wish_to_leave_ends_with_the_old_leaf)
{
	struct view update = { NULL, 0 }, fanout = { NULL, 0 };
	uint8_t hash[SHA256_BYTES];
	begin();
	expect_ok(room_group_leave(&tom.c, tom.g, &hub.mem, &update, hash));
	expect_ok(hub_update(&hub, update, &fanout));
	take(&rosa, fanout, ROOM_ENTRY_PROPOSAL);
	take(&ida, fanout, ROOM_ENTRY_PROPOSAL);
	fanout = tom_comes_back();
	take(&rosa, fanout, ROOM_ENTRY_COMMIT);
	take(&ida, fanout, ROOM_ENTRY_COMMIT);
	expect(!room_group_has_proposals(rosa.g));
	all_talk();
	end();
}

static void hub_goes_back(struct view saved)
{
	struct public_group *older = NULL;
	expect_ok(public_group_load(test_env(), &room_hooks, saved, &older));
	public_group_free(hub.p);
	hub.p = older;
}

/* A hub whose store was put back from a backup takes another commit in an epoch that is over for
 * some: they see it for what it is, and come back to where the hub is. */
TEST(a_hub_that_goes_another_way)
{
	struct buf saved;
	struct room_entry e = { .timestamp = 0 };
	begin();
	buf_init(&saved, WIRE_OBJECT_MAX);
	expect_ok(public_group_save(hub.p, &saved));
	struct view first = commit(&rosa, NULL, NULL);
	take(&rosa, first, ROOM_ENTRY_COMMIT);
	take(&tom, first, ROOM_ENTRY_COMMIT);
	expect_err(person_entry(&tom, first, &hub.mem, &e), UC_E_REPLAY);
	hub_goes_back(buf_view(&saved));
	struct view other = commit(&ida, NULL, NULL);
	take(&ida, other, ROOM_ENTRY_COMMIT);
	expect_err(person_entry(&tom, other, &hub.mem, &e), UC_E_FORK);
	expect_err(person_entry(&rosa, other, &hub.mem, &e), UC_E_FORK);
	room_group_free(tom.g);
	tom.g = NULL;
	take(&ida, tom_comes_back(), ROOM_ENTRY_COMMIT);
	reads(&ida, send(&tom, "here again"), &tom, ROOM_ENTRY_APPLICATION, "here again");
	reads(&tom, send(&ida, "with me"), &ida, ROOM_ENTRY_APPLICATION, "with me");
	buf_done(&saved);
	end();
}

TEST(another_commit_is_first)
{
	struct view late = { NULL, 0 }, fanout = { NULL, 0 };
	struct room_group *g = NULL;
	begin();
	expect_ok(rejoin(answer_for_tom(), &late, &g));
	struct view first = commit(&rosa, NULL, NULL);
	take(&rosa, first, ROOM_ENTRY_COMMIT);
	take(&ida, first, ROOM_ENTRY_COMMIT);
	expect_err(hub_update(&hub, late, &fanout), UC_E_FORK);
	room_group_free(g);
	fanout = tom_comes_back();
	take(&rosa, fanout, ROOM_ENTRY_COMMIT);
	take(&ida, fanout, ROOM_ENTRY_COMMIT);
	all_talk();
	end();
}

/* It was accepted, and the device never heard of it. */
TEST(a_way_back_that_was_forgotten)
{
	struct view first = { NULL, 0 }, fanout = { NULL, 0 };
	struct room_group *g = NULL;
	begin();
	expect_ok(rejoin(answer_for_tom(), &first, &g));
	expect_ok(hub_update(&hub, first, &fanout));
	take(&rosa, fanout, ROOM_ENTRY_COMMIT);
	take(&ida, fanout, ROOM_ENTRY_COMMIT);
	room_group_free(g);
	/* What is in its old place sees that it has come back, not that it was removed. */
	take(&tom, fanout, ROOM_ENTRY_REPLACED);
	fanout = tom_comes_back();
	take(&rosa, fanout, ROOM_ENTRY_COMMIT);
	take(&ida, fanout, ROOM_ENTRY_COMMIT);
	all_talk();
	end();
}

/* --- what shows that one is lost --- */

TEST(an_older_copy_finds_words_of_its_own)
{
	begin();
	struct room_group *copy = toms_copy();
	struct view one = send(&tom, "one"), two = send(&tom, "two");
	take(&tom, one, ROOM_ENTRY_OWN);
	take(&tom, two, ROOM_ENTRY_OWN);
	struct room_group *newer = tom.g;
	tom.g = copy;
	reads(&tom, one, &tom, ROOM_ENTRY_FORGOTTEN, "one");
	person_restart(&tom);
	reads(&tom, two, &tom, ROOM_ENTRY_FORGOTTEN, "two");
	take(&tom, one, ROOM_ENTRY_OWN);
	/* No key is used again, wherever the copy goes on from. */
	reads(&rosa, one, &tom, ROOM_ENTRY_APPLICATION, "one");
	reads(&rosa, two, &tom, ROOM_ENTRY_APPLICATION, "two");
	reads(&rosa, send(&tom, "three"), &tom, ROOM_ENTRY_APPLICATION, "three");
	room_group_free(newer);
	end();
}

TEST(an_older_copy_cannot_follow_its_own_commit)
{
	struct room_entry e = { .timestamp = 77 };
	struct room_entry_outside o = { .is_commit = false };
	begin();
	struct room_group *copy = toms_copy();
	struct view fanout = commit(&tom, NULL, NULL);
	take(&rosa, fanout, ROOM_ENTRY_COMMIT);
	take(&ida, fanout, ROOM_ENTRY_COMMIT);
	take(&tom, fanout, ROOM_ENTRY_COMMIT);
	tom_is(copy);
	expect_err(person_entry(&tom, fanout, &hub.mem, &e), UC_E_OWN);
	expect_ok(room_entry_look(fanout, &hub.mem, &o));
	expect(o.is_commit && !o.is_message);
	/* Nor what comes after. */
	struct view later = send(&rosa, "in another epoch");
	expect_err(person_entry(&tom, later, &hub.mem, &e), UC_E_EPOCH_FUTURE);
	expect_eq(e.timestamp, 77);
	expect_ok(room_entry_look(later, &hub.mem, &o));
	expect(!o.is_commit && o.is_message);
	expect(room_entry_look(view_slice(later, 0, later.n - 1), &hub.mem, &o) != UC_OK);
	take(&ida, later, ROOM_ENTRY_APPLICATION);
	fanout = tom_comes_back();
	take(&rosa, fanout, ROOM_ENTRY_COMMIT);
	take(&ida, fanout, ROOM_ENTRY_COMMIT);
	all_talk();
	end();
}

/* --- what is not believed --- */

static void not_believed(struct view response, uc_err err)
{
	struct view update = { NULL, 0 };
	struct room_group *g = NULL;
	expect_err(rejoin(response, &update, &g), err);
	expect(!g && !update.p);
}

/* The answer changed by `with`, and signed by this key. */
typedef void change_answer(struct group_info_response *r);
static struct view changed(struct view response, change_answer *with, const struct sign_key *key)
{
	struct group_info_response r = { .status = 0 };
	struct view tbs = { NULL, 0 }, out = { NULL, 0 };
	const struct suite *s = suite_find(SUITE_X25519_AES128);
	expect_ok(wire_decode(response, &hub.mem, group_info_response_element, &r));
	with(&r);
	if (key) {
		expect_ok(wire_encode_to(&hub.mem, group_info_response_tbs_element, &r, &tbs));
		expect_ok(sign_with_label(s, key, test_env(), "GroupInfoResponseTBS", tbs, &hub.mem,
					  &r.signature));
	}
	expect_ok(wire_encode_to(&hub.mem, group_info_response_element, &r, &out));
	return out;
}

static void other_room(struct group_info_response *r)
{
	r->room_id = VIEW_LIT("mimi://dial.example/r/other");
}
static void other_suite(struct group_info_response *r)
{
	r->cipher_suite = 2;
}
static void other_key(struct group_info_response *r)
{
	r->hub_sender.signature_key = sign_public(&hub.frank);
}
static void nothing_inside(struct group_info_response *r)
{
	r->encrypted_groupinfo_and_tree.ciphertext = VIEW_LIT("sixteen bytes!!!sixteen bytes!!!");
}
static void refusal(struct group_info_response *r)
{
	r->status = GROUP_INFO_NOT_AUTHORIZED;
}
static void same(struct group_info_response *r)
{
	(void)r;
}

TEST(answers_that_are_not_believed)
{
	begin();
	struct view response = answer_for_tom();
	not_believed(changed(response, other_room, &hub.key), UC_E_PEER);
	not_believed(changed(response, other_suite, &hub.key), UC_E_PEER);
	not_believed(changed(response, nothing_inside, NULL), UC_E_SIGNATURE);
	not_believed(changed(response, nothing_inside, &hub.key), UC_E_DECRYPT);
	not_believed(changed(response, same, &hub.frank), UC_E_SIGNATURE);
	/* Signed well, by one who is not the room's hub. */
	not_believed(changed(response, other_key, &hub.frank), UC_E_PEER);
	not_believed(view_slice(response, 0, response.n - 1), UC_E_MALFORMED);
	not_believed(changed(response, refusal, &hub.key), UC_E_REMOVED);
	/* For another client than the one that asked. */
	struct view later = answer_for_tom();
	not_believed(response, UC_E_DECRYPT);
	/* A tree that does not go with the GroupInfo. */
	struct view info = hub.info;
	struct view fanout = commit(&rosa, NULL, NULL);
	take(&rosa, fanout, ROOM_ENTRY_COMMIT);
	take(&ida, fanout, ROOM_ENTRY_COMMIT);
	hub.info = info;
	struct view update = { NULL, 0 };
	struct room_group *g = NULL;
	expect(rejoin(answer_for_tom(), &update, &g) != UC_OK);
	expect(!g && later.n);
	end();
}

TEST(who_was_removed_does_not_come_back)
{
	begin();
	struct view fanout = commit(&rosa, NULL, &tom);
	take(&rosa, fanout, ROOM_ENTRY_COMMIT);
	take(&ida, fanout, ROOM_ENTRY_COMMIT);
	not_believed(answer_for_tom(), UC_E_REMOVED);
	room_group_free(tom.g);
	tom.g = NULL;
	all_talk();
	end();
}
