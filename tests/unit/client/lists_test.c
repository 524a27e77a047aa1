/* SPDX-License-Identifier: Apache-2.0 */
/* What a person is shown in lists: the same places after a restart, and nothing of a client that
 * has failed. */
#include "tests/unit/client/small_app.h"

#include "client/contacts.h"
#include "client/groups.h"
#include "client/turn.h"

enum { MANY = 12 };

static struct small_app dial;
static struct person rosa;

static uc_err account_keep(struct uc_client *c, void *arg)
{
	(void)arg;
	c->account.dirty = true;
	return UC_OK;
}

static void begin(void)
{
	small_app_init(&dial, "dial.example");
	person_begin(&rosa, &dial);
	expect_ok(person_open(&rosa));
	person_account(&rosa, "Rosa");
	expect_ok(turn_run(rosa.c, account_keep, NULL));
}

static void restart(void)
{
	uc_client_close(rosa.c);
	rosa.c = NULL;
	expect_ok(person_open(&rosa));
}

struct names {
	char v[MANY][40];
	size_t n;
};

static void name_add(struct names *l, const char *name)
{
	expect(l->n < MANY);
	if (l->n < MANY)
		snprintf(l->v[l->n++], sizeof *l->v, "%s", name);
}

static bool see_room(void *ctx, const struct uc_room *r)
{
	name_add(ctx, r->name);
	return true;
}

static bool see_request(void *ctx, const struct uc_request *q)
{
	name_add(ctx, q->name);
	return true;
}

static void expect_in_order(void)
{
	struct names rooms = { .n = 0 }, requests = { .n = 0 };
	expect_ok(uc_rooms(rosa.c, see_room, &rooms));
	expect_ok(uc_requests(rosa.c, see_request, &requests));
	expect_eq(rooms.n, requests.n);
	for (size_t i = 0; i < rooms.n; i++) {
		char name[40];
		snprintf(name, sizeof name, "number %zu", i + 1);
		expect_bytes(view_str(rooms.v[i]), view_str(name));
		expect_bytes(view_str(requests.v[i]), view_str(name));
	}
}

TEST(a_place_in_a_list_keeps_its_meaning)
{
	uc_op op;
	begin();
	for (unsigned i = 1; i <= MANY; i++) {
		char name[40];
		snprintf(name, sizeof name, "number %u", i);
		expect_ok(uc_group_create(rosa.c, name, NULL, 0, &op));
		expect_ok(uc_ask(rosa.c, "lens.example", name, "", &op));
		expect_in_order();
		if (i % 4 == 0)
			restart();
		expect_in_order();
	}
	person_end(&rosa);
}

static bool see_nobody(void *ctx, const struct uc_contact *k)
{
	(void)ctx;
	(void)k;
	return true;
}

static bool see_no_device(void *ctx, const struct uc_device *d)
{
	(void)ctx;
	(void)d;
	return true;
}

TEST(a_client_that_could_not_store_shows_nothing_of_it)
{
	struct names none = { .n = 0 };
	struct uc_account account;
	char words[256];
	uc_op op;
	begin();
	client_memory_fail_at(rosa.store, client_memory_commits(rosa.store) + 1,
			      STORE_FAULT_BEFORE);
	uc_err err = uc_ask(rosa.c, "lens.example", "tom", "", &op);
	expect_eq(uc_err_class(err), UC_CLASS_STORE);
	expect_err(uc_requests(rosa.c, see_request, &none), err);
	expect_err(uc_rooms(rosa.c, see_room, &none), err);
	expect_err(uc_contacts(rosa.c, see_nobody, NULL), err);
	expect_err(uc_devices(rosa.c, see_no_device, NULL), err);
	expect_err(uc_account_get(rosa.c, &account), err);
	expect_err(uc_recovery_words(rosa.c, words, sizeof words), err);
	expect_eq(none.n, 0);
	restart();
	expect_ok(uc_requests(rosa.c, see_request, &none));
	expect_eq(none.n, 0);
	person_end(&rosa);
}

/* --- said twice --- */

static struct contact *tom;

static uc_err meet(struct uc_client *c, void *arg)
{
	static const uint8_t key[ED25519_KEY] = { 7 };
	struct key_address address = { .address = "mimi://lens.example/k/one",
				       .participant = "mimi://lens.example/p/one",
				       .expires_ms = UINT64_MAX };
	(void)arg;
	TRY(contact_meet(c, "lens.example", key, "Tom", (struct view){ NULL, 0 }, &tom));
	contact_add_address(c, tom, &address);
	return UC_OK;
}

TEST(nobody_is_brought_in_twice)
{
	uc_op op;
	begin();
	expect_ok(turn_run(rosa.c, meet, NULL));
	const struct uc_id twice[] = { tom->id, tom->id };
	expect_ok(uc_group_create(rosa.c, "Walks", twice, 2, &op));
	const struct room *r = rosa.c->rooms;
	expect(r->tasks && !r->tasks->next);
	expect_err(uc_group_add(rosa.c, &r->id, &tom->id, &op), UC_E_EXISTS);
	expect_ok(uc_start_direct(rosa.c, &tom->id, &op));
	expect_ok(uc_start_direct(rosa.c, &tom->id, &op));
	expect(r->next && !r->next->next);
	person_end(&rosa);
}

/* --- what is still to be done, and ends with leaving --- */

/* Its wish to leave was on its way while KeyPackages were awaited, which came in vain. */
static uc_err proposal_is_seen(struct uc_client *c, void *arg)
{
	struct room *r = c->rooms;
	if (*(const bool *)arg)
		TRY(groups_leave(c, r, 0));
	r->pending.there = true;
	r->pending.is_commit = false;
	memset(r->pending.hash, 9, sizeof r->pending.hash);
	groups_proposal_seen(c, r, r->pending.hash);
	return UC_OK;
}

TEST(who_has_left_brings_in_nobody_any_more)
{
	uc_op op;
	begin();
	expect_ok(turn_run(rosa.c, meet, NULL));
	expect_ok(uc_group_create(rosa.c, "Walks", &tom->id, 1, &op));
	expect(rosa.c->rooms->tasks != NULL);
	/* Of something else, or of what cannot be read: nobody wants to leave. */
	uint8_t before = rosa.c->rooms->state;
	expect_ok(turn_run(rosa.c, proposal_is_seen, &(bool){ false }));
	expect_eq(rosa.c->rooms->state, before);
	expect(rosa.c->rooms->tasks != NULL);
	expect_ok(turn_run(rosa.c, proposal_is_seen, &(bool){ true }));
	expect_eq(rosa.c->rooms->state, ROOM_LEAVING);
	expect(rosa.c->rooms->tasks == NULL);
	person_end(&rosa);
}
