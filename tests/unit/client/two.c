/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/client/two.h"

#include "client/contacts.h"
#include "client/rooms.h"
#include "client/turn.h"

const uint8_t two_tom[32] = { 1 };
const char two_room_uri[] = "mimi://plaza.example/r/walks";
const char two_place[] = "mimi://lens.example/p/us";
struct person p, q;
struct arena mem;
static struct small_app one, other;

static void begin_one(struct small_app *app, struct person *who)
{
	small_app_init(app, "lens.example");
	person_sign_up(who, app);
}

void two_begin(void)
{
	arena_init(&mem, 16 << 20, ARENA_PLAIN);
	begin_one(&one, &p);
	begin_one(&other, &q);
}

void two_end(void)
{
	person_end(&p);
	person_end(&q);
	arena_done(&mem);
}

static uc_err rows_in_turn(struct uc_client *c, void *arg)
{
	return vault_rows_write(c, &mem, arg);
}

static uc_err take_in_turn(struct uc_client *c, void *arg)
{
	return vault_take(c, *(const struct view *)arg);
}

struct view two_rows(struct person *of)
{
	struct view rows = { NULL, 0 };
	expect_ok(turn_run(of->c, rows_in_turn, &rows));
	return rows;
}

void two_hand(struct person *from, struct person *to)
{
	struct view rows = two_rows(from);
	expect_ok(turn_run(to->c, take_in_turn, &rows));
}

void two_take(struct person *to, struct vault_row *v, size_t n)
{
	struct vault_rows in = { .version = 1, .rows = { v, n } };
	struct view rows = { NULL, 0 };
	expect_ok(wire_encode_to(&mem, vault_rows_element, &in, &rows));
	expect_ok(turn_run(to->c, take_in_turn, &rows));
}

static uc_err meet_in_turn(struct uc_client *c, void *arg)
{
	struct contact *k;
	const char *const *name = arg;
	return contact_meet(c, "dial.example", two_tom, *name, VIEW_LIT(""), &k);
}

struct contact *two_meet(struct person *who, const char *name)
{
	struct uc_id id = contact_id("dial.example", two_tom);
	expect_ok(turn_run(who->c, meet_in_turn, &name));
	struct contact *k = contact_find(who->c, &id);
	expect(k != NULL);
	return k;
}

void two_later(void)
{
	test_now_ms += 1000;
}

static struct uc_id row_id(void)
{
	return id_of("Undercroft vault room", view_str(two_room_uri), view_str(two_place));
}

struct room *two_room(struct person *who, const struct vault_room *x, uint64_t version)
{
	struct uc_id id = row_id();
	struct vault_row row = { .vault_kind = VAULT_ROOM, .row_version = version };
	memcpy(row.id, id.b, sizeof row.id);
	expect_ok(wire_encode_to(&mem, vault_room_element, x, &row.data));
	two_take(who, &row, 1);
	expect(who->c->rooms != NULL);
	return who->c->rooms;
}

struct vault_room two_kept_room(struct person *who)
{
	struct vault_room x = { .says = 99 };
	struct uc_id id = row_id();
	const struct kept_row *r = vault_row_find(&who->c->vault, VAULT_ROOM, id.b);
	expect(r && !r->gone);
	if (r)
		expect_ok(wire_decode(blob_view(&r->data), &mem, vault_room_element, &x));
	return x;
}
