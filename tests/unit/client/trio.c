/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/client/trio.h"

#include "mimi/content.h"

struct hub hub;
struct person rosa, tom, ida;
bool trio_restarts;

static void trio_step(struct person *p)
{
	if (trio_restarts && p->g)
		person_restart(p);
}

void trio_create(bool direct)
{
	struct room r = { .direct = direct };
	struct view info = { NULL, 0 }, tree = { NULL, 0 };
	hub_begin(&hub);
	person_begin(&rosa, "dial.example", 1);
	person_begin(&tom, "lens.example", 2);
	person_begin(&ida, "plaza.example", 3);
	rosa.own_hub = true;
	expect_ok(text_set(r.uri, sizeof r.uri, VIEW_LIT("mimi://dial.example/r/room")));
	expect_ok(room_group_create(&rosa.c, &r, &rosa.set, sign_public(&hub.key),
				    sign_public(&hub.frank), &rosa.g));
	trio_step(&rosa);
	expect_ok(room_group_info(&rosa.c, rosa.g, &hub.mem, &info, &tree));
	hub_take_room(&hub, info, tree);
	expect(room_group_is_direct(rosa.g) == direct);
}

void trio_end(void)
{
	person_end(&rosa);
	person_end(&tom);
	person_end(&ida);
	hub_end(&hub);
}

void trio_take(struct person *p, struct view fanout, enum room_entry_kind kind)
{
	struct room_entry e = { .timestamp = 0 };
	if (!p->g)
		return;
	expect_ok(person_entry(p, fanout, &hub.mem, &e));
	expect_eq(e.kind, kind);
	expect_eq(e.timestamp, hub.clock);
	trio_step(p);
}

/* By one, with these newcomers and without these: everybody's next epoch. */
void trio_commit(struct person *by, struct person *added, struct person *removed)
{
	struct view package, whose, update = { NULL, 0 }, fanout = { NULL, 0 };
	struct room_change change = { .packages = { &package, 0 }, .participants = { &whose, 0 } };
	uint8_t hash[SHA256_BYTES];
	struct person *all[] = { &rosa, &tom, &ida };
	if (added) {
		package = person_package(&hub.mem, added);
		change.packages.n = 1;
	}
	if (removed) {
		whose = view_str(removed->set.participant);
		change.participants.n = 1;
	}
	expect_ok(room_group_commit(&by->c, by->g, &change, &hub.mem, &update, hash));
	trio_step(by);
	expect_ok(hub_update(&hub, update, &fanout));
	for (size_t i = 0; i < 3; i++)
		trio_take(all[i], fanout,
			  all[i] == removed ? ROOM_ENTRY_REMOVED : ROOM_ENTRY_COMMIT);
	if (removed) {
		room_group_free(removed->g);
		removed->g = NULL;
	}
	if (added) {
		expect_ok(
			room_group_join(&added->c, &added->set, hub.welcome, hub.tree, &added->g));
		trio_step(added);
	}
}

struct view trio_send(struct person *by, const char *text)
{
	struct view submit = { NULL, 0 }, fanout = { NULL, 0 };
	uint8_t hash[SHA256_BYTES];
	expect_ok(room_group_encrypt(&by->c, by->g, person_says(by, text, &hub.mem), NULL, &hub.mem,
				     &submit, hash));
	trio_step(by);
	expect_ok(hub_submit(&hub, submit, &fanout));
	return fanout;
}

void trio_reads(struct person *p, struct view fanout, const struct person *from, const char *text)
{
	struct room_entry e = { .timestamp = 0 };
	struct mimi_content m = { .salt = { 0 } };
	expect_ok(person_entry(p, fanout, &hub.mem, &e));
	expect_eq(e.kind, ROOM_ENTRY_APPLICATION);
	expect_bytes(e.sender.participant, view_str(from->set.participant));
	expect_bytes(e.sender.client, view_str(from->set.client));
	expect(e.frank.n > 0);
	expect_ok(mimi_content_read(e.content, &hub.mem, &m));
	expect_bytes(m.body.content, view_str(text));
	trio_step(p);
}

/* Everybody says something; all others read it, and the sender knows it again. */
void trio_all_talk(void)
{
	struct person *all[] = { &rosa, &tom, &ida };
	for (size_t i = 0; i < 3; i++) {
		if (!all[i]->g)
			continue;
		struct view fanout = trio_send(all[i], "hello");
		for (size_t k = 0; k < 3; k++) {
			if (!all[k]->g)
				continue;
			if (k == i)
				trio_take(all[k], fanout, ROOM_ENTRY_OWN);
			else
				trio_reads(all[k], fanout, all[i], "hello");
		}
	}
}

struct view trio_leave(struct person *p)
{
	struct view update = { NULL, 0 }, fanout = { NULL, 0 };
	uint8_t hash[SHA256_BYTES];
	expect_ok(room_group_leave(&p->c, p->g, &hub.mem, &update, hash));
	trio_step(p);
	expect_ok(hub_update(&hub, update, &fanout));
	return fanout;
}
