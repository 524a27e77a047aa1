/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/client/den.h"

#include "client/contacts.h"
#include "client/pool.h"
#include "client/room_group.h"
#include "client/rooms.h"
#include "client/turn.h"

#include "base/heap.h"

struct small_app app;
struct person tom;
struct arena mem;
struct uc_id rosa;

static struct uc_id group_id, direct_id;
static uint64_t start_ms;

struct room *group(void)
{
	return room_find(tom.c, &group_id);
}

struct room *direct(void)
{
	return room_find(tom.c, &direct_id);
}

struct contact *her(void)
{
	return contact_find(tom.c, &rosa);
}

uc_err den_member(struct room *r, const char *participant, const struct uc_id *contact)
{
	struct member *m = HEAP_NEW(struct member);
	if (!m)
		return UC_E_MEMORY;
	m->introduced = m->admitted = true;
	if (contact)
		m->contact = *contact;
	m->next = r->members;
	r->members = m;
	r->members_dirty = true;
	return text_set(m->participant, sizeof m->participant, view_str(participant));
}

static uc_err place(struct uc_client *c, bool is_direct, struct room **out)
{
	static const uint8_t key[32] = { 5 };
	struct room *r;
	TRY(rooms_create(c, is_direct, is_direct ? "" : "Den", &r));
	TRY(room_group_create(c, r, pool_find(c, r->set_id), VIEW_OF(key), VIEW_OF(key),
			      &r->group));
	set_change(pool_find(c, r->set_id), SET_SPENT);
	r->state = ROOM_OPEN;
	r->seat_open = r->introduced = r->group_dirty = r->dirty = true;
	r->seat = is_direct ? 2 : 1;
	r->log_next = 1;
	*out = r;
	return room_members_sync(c, r);
}

static uc_err furnish(struct uc_client *c, void *arg)
{
	static const uint8_t key[ED25519_KEY] = { 7 };
	struct contact *k;
	struct room *g, *d;
	(void)arg;
	TRY(contact_meet(c, "dial.example", key, "Rosa", (struct view){ NULL, 0 }, &k));
	rosa = k->id;
	TRY(place(c, false, &g));
	TRY(place(c, true, &d));
	group_id = g->id;
	direct_id = d->id;
	d->contact = rosa;
	k->has_direct = k->dirty = true;
	k->direct = d->id;
	TRY(den_member(d, ROSA, &rosa));
	return den_member(g, IDA, NULL);
}

void den_begin(void)
{
	small_app_init(&app, "lens.example");
	arena_init(&mem, 16 << 20, ARENA_PLAIN);
	person_begin(&tom, &app);
	expect_ok(person_open(&tom));
	person_account(&tom, "Tom");
	expect_ok(turn_run(tom.c, furnish, NULL));
	start_ms = test_now_ms;
}

void den_end(void)
{
	test_now_ms = start_ms;
	person_end(&tom);
	arena_done(&mem);
}
