/* SPDX-License-Identifier: Apache-2.0 */
/* Two accounts that are one person's: what both have signed holds, and nothing else. */
#include "mimi/link_statement.h"
#include "tests/unit/harness.h"

static struct arena mem;

struct owner {
	struct ed25519_key account, device;
	struct view entry;
	struct link_side side;
};

static void owner_begin(struct owner *o, const char *app, const char *name)
{
	struct device_entry first = { .device_action = DEVICE_RESET_TO };
	memset(o, 0, sizeof *o);
	expect_ok(ed25519_generate(test_env(), &o->account));
	expect_ok(ed25519_generate(test_env(), &o->device));
	first.device_key = VIEW_OF(o->device.pub);
	expect_ok(device_entry_make(NULL, view_str(app), VIEW_OF(o->account.pub), &o->account, true,
				    test_now_ms, &first, &mem, &o->entry));
	o->side = (struct link_side){ .account = { view_str(app), VIEW_OF(o->account.pub) },
				      .profile_name = view_str(name),
				      .device_key = VIEW_OF(o->device.pub),
				      .device_list = { &o->entry, 1 } };
}

static struct owner dial, lens, eve;

static void begin(void)
{
	arena_init(&mem, 16 << 20, ARENA_PLAIN);
	owner_begin(&dial, "dial.example", "Rosa");
	owner_begin(&lens, "lens.example", "Rosa L.");
	owner_begin(&eve, "plaza.example", "Eve");
}

static struct link_statement statement(const struct owner *offers, const struct owner *accepts)
{
	return (struct link_statement){ .number = 7,
					.offer_id = { 1, 2, 3 },
					.sides = { offers->side, accepts->side } };
}

/* Signed by the one who accepts, then by the one who offered. */
static struct view half(const struct link_statement *s, const struct owner *accepts)
{
	struct view out = { NULL, 0 };
	expect_ok(link_statement_make(s, LINK_ACCEPTS, &accepts->device, &mem, &out));
	return out;
}

static struct view whole(struct view of, const struct owner *offers)
{
	struct link_statement s;
	struct view out = { NULL, 0 };
	expect_ok(link_statement_verify(of, false, &mem, &s));
	expect_ok(link_statement_make(&s, LINK_OFFERS, &offers->device, &mem, &out));
	return out;
}

TEST(both_must_sign)
{
	struct link_statement s, back;
	begin();
	s = statement(&dial, &lens);
	struct view one = half(&s, &lens), both = whole(one, &dial);
	expect_ok(link_statement_verify(both, true, &mem, &back));
	expect_eq(back.number, 7);
	expect_bytes(back.sides[LINK_OFFERS].account.app, VIEW_LIT("dial.example"));
	expect_bytes(back.sides[LINK_ACCEPTS].profile_name, VIEW_LIT("Rosa L."));
	expect_err(link_statement_verify(one, true, &mem, &back), UC_E_SIGNATURE);
	expect_err(link_statement_verify(both, false, &mem, &back), UC_E_SIGNATURE);
	arena_done(&mem);
}

TEST(nobody_links_somebody_elses_account)
{
	struct link_statement s, back;
	struct view out = { NULL, 0 };
	begin();
	/* Eve has offered, and signs for Lens herself. */
	s = statement(&eve, &lens);
	expect_err(link_statement_make(&s, LINK_ACCEPTS, &eve.device, &mem, &out), UC_E_KEY);
	s.sides[LINK_ACCEPTS].device_key = VIEW_OF(eve.device.pub);
	expect_ok(link_statement_make(&s, LINK_ACCEPTS, &eve.device, &mem, &out));
	expect_err(link_statement_verify(out, false, &mem, &back), UC_E_SIGNATURE);
	/* With a device list of her own making. */
	s.sides[LINK_ACCEPTS].device_list = eve.side.device_list;
	expect_ok(link_statement_make(&s, LINK_ACCEPTS, &eve.device, &mem, &out));
	expect_err(link_statement_verify(out, false, &mem, &back), UC_E_SIGNATURE);
	/* Lens has signed for Dial; Eve puts herself in its place. */
	s = statement(&dial, &lens);
	expect_ok(link_statement_verify(half(&s, &lens), false, &mem, &back));
	back.sides[LINK_OFFERS] = eve.side;
	expect_ok(link_statement_make(&back, LINK_OFFERS, &eve.device, &mem, &out));
	expect_err(link_statement_verify(out, true, &mem, &back), UC_E_SIGNATURE);
	arena_done(&mem);
}

TEST(a_device_that_is_not_listed_signs_nothing)
{
	struct link_statement s, back;
	struct ed25519_key stranger;
	struct view out = { NULL, 0 };
	begin();
	expect_ok(ed25519_generate(test_env(), &stranger));
	s = statement(&dial, &lens);
	s.sides[LINK_ACCEPTS].device_key = VIEW_OF(stranger.pub);
	expect_ok(link_statement_make(&s, LINK_ACCEPTS, &stranger, &mem, &out));
	expect_err(link_statement_verify(out, false, &mem, &back), UC_E_SIGNATURE);
	s = statement(&dial, &lens);
	s.sides[LINK_ACCEPTS].device_list.n = 0;
	expect_err(link_statement_verify(half(&s, &lens), false, &mem, &back), UC_E_SIGNATURE);
	arena_done(&mem);
}

TEST(values_that_there_are_none_of_are_refused)
{
	static const struct {
		const char *app, *name, *identifier;
		uc_err err;
	} rows[] = {
		{ "lens.example", "Rosa", "rosa.l", UC_OK },
		{ "lens.example", "Rosa", "+4915112345678", UC_OK },
		{ "lens.example", "Rosa", "rosa@example.org", UC_OK },
		{ "lens.example", "Rosa", "Rosa.L", UC_E_NAME },
		{ "lens.example", "Rosa", "+49 151", UC_E_NAME },
		{ "lens.example", "Rosa", "a\x1b[2J", UC_E_NAME },
		{ "lens.example", "", "", UC_E_NAME },
		{ "lens.example", " Rosa", "", UC_E_NAME },
		{ "lens.example", "Ro\x1bsa", "", UC_E_NAME },
		{ "Lens.example", "Rosa", "", UC_E_MALFORMED },
		{ "", "Rosa", "", UC_E_MALFORMED },
		{ "dial.example", "Rosa", "", UC_E_NOT_ALLOWED },
	};
	begin();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct owner other;
		struct view out = { NULL, 0 };
		owner_begin(&other, rows[i].app, rows[i].name);
		other.side.identifier = view_str(rows[i].identifier);
		struct link_statement s = statement(&dial, &other);
		uc_err err = link_statement_make(&s, LINK_ACCEPTS, &other.device, &mem, &out);
		if (err != rows[i].err)
			test_fail(__FILE__, __LINE__, "row %zu: %s", i, uc_err_name(err));
	}
	struct view out;
	struct link_statement s = statement(&dial, &lens);
	s.number = 0;
	expect_err(link_statement_make(&s, LINK_ACCEPTS, &lens.device, &mem, &out), UC_E_MALFORMED);
	s = statement(&dial, &lens);
	s.sides[LINK_OFFERS].account.account_key.n--;
	expect_err(link_statement_make(&s, LINK_ACCEPTS, &lens.device, &mem, &out), UC_E_KEY);
	arena_done(&mem);
}

typedef uc_err verify(struct view encoded, struct arena *a);

static uc_err verify_statement(struct view encoded, struct arena *a)
{
	struct link_statement s;
	return link_statement_verify(encoded, true, a, &s);
}

static uc_err verify_offer(struct view encoded, struct arena *a)
{
	struct link_offer o;
	return link_offer_verify(encoded, a, &o);
}

static uc_err verify_withdrawal(struct view encoded, struct arena *a)
{
	struct link_withdrawal x;
	return link_withdrawal_verify(encoded, a, &x);
}

static void no_byte_may_change(struct view good, verify *is_right)
{
	uint8_t *copy = arena_take(&mem, good.n);
	expect_ok(is_right(good, &mem));
	for (size_t i = 0; copy && i < good.n; i++) {
		struct arena_mark mark = arena_mark(&mem);
		memcpy(copy, good.p, good.n);
		copy[i] ^= 1;
		if (!is_right((struct view){ copy, good.n }, &mem))
			test_fail(__FILE__, __LINE__, "byte %zu may be changed", i);
		arena_reset(&mem, mark);
	}
	expect(is_right((struct view){ good.p, good.n - 1 }, &mem) != UC_OK);
}

static struct link_withdrawal withdrawal(uint8_t by, const struct owner *o)
{
	return (struct link_withdrawal){ .number = 7,
					 .accounts = { dial.side.account, lens.side.account },
					 .by = by,
					 .device_list = o->side.device_list };
}

TEST(each_byte_is_signed)
{
	struct view offer = { NULL, 0 }, over = { NULL, 0 };
	begin();
	struct link_offer o = { .number = 3, .expires_ms = 9, .side = dial.side };
	expect_ok(link_offer_make(&o, &dial.device, &mem, &offer));
	struct link_withdrawal x = withdrawal(1, &lens);
	expect_ok(link_withdrawal_make(&x, &lens.device, &mem, &over));
	struct link_statement s = statement(&dial, &lens);
	no_byte_may_change(offer, verify_offer);
	no_byte_may_change(whole(half(&s, &lens), &dial), verify_statement);
	no_byte_may_change(over, verify_withdrawal);
	arena_done(&mem);
}

TEST(either_withdraws_and_nobody_else)
{
	struct view out = { NULL, 0 };
	begin();
	struct link_withdrawal x = withdrawal(0, &dial);
	expect_ok(link_withdrawal_make(&x, &dial.device, &mem, &out));
	expect_ok(verify_withdrawal(out, &mem));
	x = withdrawal(1, &lens);
	expect_ok(link_withdrawal_make(&x, &lens.device, &mem, &out));
	expect_ok(verify_withdrawal(out, &mem));
	/* In the other's name, by a stranger, by nobody. */
	x = withdrawal(0, &lens);
	expect_ok(link_withdrawal_make(&x, &lens.device, &mem, &out));
	expect_err(verify_withdrawal(out, &mem), UC_E_SIGNATURE);
	x = withdrawal(0, &eve);
	expect_ok(link_withdrawal_make(&x, &eve.device, &mem, &out));
	expect_err(verify_withdrawal(out, &mem), UC_E_SIGNATURE);
	x = withdrawal(2, &dial);
	expect_err(link_withdrawal_make(&x, &dial.device, &mem, &out), UC_E_MALFORMED);
	x = withdrawal(0, &dial);
	x.number = 0;
	expect_err(link_withdrawal_make(&x, &dial.device, &mem, &out), UC_E_MALFORMED);
	arena_done(&mem);
}

/* An offer's signature is none under a statement, nor the other way round. */
TEST(one_kind_is_not_another)
{
	struct view offer = { NULL, 0 };
	begin();
	struct link_statement s = statement(&dial, &lens);
	struct view both = whole(half(&s, &lens), &dial);
	struct link_offer o = { .number = 3, .expires_ms = 9, .side = dial.side };
	expect_ok(link_offer_make(&o, &dial.device, &mem, &offer));
	expect(verify_offer(both, &mem) != UC_OK);
	expect(verify_statement(offer, &mem) != UC_OK);
	expect(verify_withdrawal(both, &mem) != UC_OK);
	arena_done(&mem);
}
