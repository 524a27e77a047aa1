/* SPDX-License-Identifier: Apache-2.0 */
/* What a person is shown in lists: the same places after a restart, and nothing of a client that
 * has failed. */
#include "tests/unit/client/small_app.h"

#include "client/contacts.h"
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
