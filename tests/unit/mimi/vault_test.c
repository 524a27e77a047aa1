/* SPDX-License-Identifier: Apache-2.0 */
/* The vault as it is sealed: what opens it, what is bound to it, and each wrong byte. */
#include "mimi/vault.h"
#include "tests/unit/harness.h"

#include <string.h>

static struct arena mem;
static struct ed25519_key account, device, thief;
static uint8_t words[32], priv[32], pub[32], key[VAULT_KEY];
static struct vault_owner owner;

static void begin(void)
{
	arena_init(&mem, 32 << 20, ARENA_PLAIN);
	expect_ok(ed25519_generate(test_env(), &account));
	expect_ok(ed25519_generate(test_env(), &device));
	expect_ok(ed25519_generate(test_env(), &thief));
	expect_ok(env_random(test_env(), words, sizeof words));
	expect_ok(env_random(test_env(), key, sizeof key));
	expect_ok(vault_words_key(VIEW_OF(words), priv, pub));
	owner = (struct vault_owner){ VIEW_LIT("lens.example"), VIEW_OF(account.pub) };
}

static struct vault_rows rows_of(struct vault_row *v, size_t n)
{
	return (struct vault_rows){ .version = 1, .rows = { v, n } };
}

static struct vault_row two[2] = {
	{ VAULT_CONTACT, { 1 }, 5, false, { (const uint8_t *)"one", 3 } },
	{ VAULT_ROOM, { 1 }, 7, true, { NULL, 0 } },
};

static struct view encoded(struct vault_row *v, size_t n)
{
	struct vault_rows r = rows_of(v, n);
	struct view out = { NULL, 0 };
	expect_ok(wire_encode_to(&mem, vault_rows_element, &r, &out));
	return out;
}

static struct view sealed_by(const struct ed25519_key *by, struct view rows)
{
	struct view to = VIEW_OF(pub), out = { NULL, 0 };
	expect_ok(vault_seal(test_env(), &owner, 3, VIEW_OF(key), &(struct view_list){ &to, 1 }, by,
			     rows, &mem, &out));
	return out;
}

static uint8_t *copy_of(struct view bytes)
{
	uint8_t *p = arena_take(&mem, bytes.n);
	expect(p != NULL);
	if (p)
		memcpy(p, bytes.p, bytes.n);
	return p;
}

static uc_err open_as(struct view bytes, const struct vault_owner *who, struct vault_rows *out)
{
	struct vault_envelope e;
	uint8_t found[VAULT_KEY];
	TRY(vault_envelope_read(bytes, who, &mem, &e));
	TRY(vault_unwrap(&e, who, VIEW_OF(priv), VIEW_OF(pub), &mem, found));
	expect_bytes(VIEW_OF(found), VIEW_OF(key));
	return vault_open(&e, who, VIEW_OF(found), &mem, out);
}

TEST(the_words_open_what_a_device_has_sealed)
{
	struct vault_rows out;
	begin();
	expect_ok(open_as(sealed_by(&device, encoded(two, 2)), &owner, &out));
	expect_eq(out.rows.n, 2);
	expect_bytes(out.rows.v[0].data, VIEW_LIT("one"));
	expect(out.rows.v[1].gone && out.rows.v[1].row_version == 7);
	arena_done(&mem);
}

TEST(another_account_or_app_is_another_vault)
{
	struct vault_rows out;
	begin();
	struct view bytes = sealed_by(&device, encoded(two, 2));
	struct vault_owner other = { VIEW_LIT("dial.example"), VIEW_OF(account.pub) };
	expect_err(open_as(bytes, &other, &out), UC_E_SIGNATURE);
	other = (struct vault_owner){ owner.app, VIEW_OF(thief.pub) };
	expect_err(open_as(bytes, &other, &out), UC_E_SIGNATURE);
	arena_done(&mem);
}

/* A device that signs what another has sealed under another number or for another account. */
TEST(what_is_sealed_is_bound_to_number_and_account)
{
	struct vault_envelope e;
	struct vault_rows out;
	uint8_t found[VAULT_KEY];
	begin();
	expect_ok(vault_envelope_read(sealed_by(&device, encoded(two, 2)), &owner, &mem, &e));
	e.number++;
	expect_err(vault_open(&e, &owner, VIEW_OF(key), &mem, &out), UC_E_DECRYPT);
	expect_err(vault_unwrap(&e, &owner, VIEW_OF(priv), VIEW_OF(pub), &mem, found),
		   UC_E_DECRYPT);
	e.number--;
	struct vault_owner other = { VIEW_LIT("dial.example"), VIEW_OF(account.pub) };
	expect_err(vault_open(&e, &other, VIEW_OF(key), &mem, &out), UC_E_DECRYPT);
	expect_err(vault_open(&e, &owner, VIEW_OF(words), &mem, &out), UC_E_DECRYPT);
	expect_ok(vault_open(&e, &owner, VIEW_OF(key), &mem, &out));
	arena_done(&mem);
}

TEST(each_wrong_byte_is_refused)
{
	struct vault_rows out;
	begin();
	struct view bytes = sealed_by(&device, encoded(two, 2));
	uint8_t *changed = copy_of(bytes);
	for (size_t i = 0; i < bytes.n; i += i < 300 || i > bytes.n - 80 ? 1 : 131) {
		struct arena_mark mark = arena_mark(&mem);
		changed[i] ^= 1;
		expect(open_as(view_make(changed, bytes.n), &owner, &out) != UC_OK);
		changed[i] ^= 1;
		arena_reset(&mem, mark);
	}
	expect_err(open_as(view_slice(bytes, 0, bytes.n - 1), &owner, &out), UC_E_MALFORMED);
	arena_done(&mem);
}

/* Of a later program: not ours to read, nor to overwrite. */
TEST(a_later_form_is_told_apart)
{
	struct vault_envelope e;
	begin();
	struct view bytes = sealed_by(&device, encoded(two, 2));
	uint8_t *later = copy_of(bytes);
	later[1] = 2;
	expect_err(vault_envelope_read(view_make(later, bytes.n), &owner, &mem, &e), UC_E_VERSION);
	arena_done(&mem);
}

TEST(its_size_tells_a_power_of_two)
{
	uint8_t *large = NULL;
	begin();
	large = arena_take(&mem, VAULT_LARGEST);
	if (!large)
		return;
	memset(large, 7, VAULT_LARGEST);
	struct vault_row one = { VAULT_CONTACT, { 1 }, 5, false, { large, 20 } };
	size_t small = sealed_by(&device, encoded(&one, 1)).n;
	one.data.n = 7000;
	expect_eq(sealed_by(&device, encoded(&one, 1)).n, small);
	one.data.n = 9000;
	/* And that length, in two bytes more. */
	expect_eq(sealed_by(&device, encoded(&one, 1)).n, small + 2 + VAULT_SMALLEST);
	one.data.n = VAULT_LARGEST - 100;
	expect_eq(sealed_by(&device, encoded(&one, 1)).n,
		  small + 2 - VAULT_SMALLEST + VAULT_LARGEST);
	one.data.n = VAULT_LARGEST;
	struct view to = VIEW_OF(pub), out;
	expect_err(vault_seal(test_env(), &owner, 3, VIEW_OF(key), &(struct view_list){ &to, 1 },
			      &device, encoded(&one, 1), &mem, &out),
		   UC_E_TOO_LARGE);
	arena_done(&mem);
}

static uc_err rows_read(struct vault_row *v, size_t n)
{
	struct vault_rows r = rows_of(v, n), out;
	struct buf b;
	buf_init(&b, 4096);
	uc_err err = wire_encode(&b, vault_rows_element, &r);
	if (!err)
		err = wire_decode(buf_view(&b), &mem, vault_rows_element, &out);
	buf_done(&b);
	return err;
}

TEST(rows_have_one_order_and_each_its_form)
{
	struct vault_row v[2];
	begin();
	memcpy(v, two, sizeof v);
	expect_ok(rows_read(v, 2));
	v[1] = v[0];
	expect_err(rows_read(v, 2), UC_E_MALFORMED); /* twice */
	v[1].id[0] = 0;
	expect_err(rows_read(v, 2), UC_E_MALFORMED); /* not in order */
	v[0].vault_kind = 0;
	expect_err(rows_read(v, 1), UC_E_MALFORMED);
	v[0].vault_kind = 200; /* of a later program: carried along */
	expect_ok(rows_read(v, 1));
	v[0].row_version = 0;
	expect_err(rows_read(v, 1), UC_E_MALFORMED);
	v[0].row_version = 1;
	v[0].gone = true; /* with data */
	expect_err(rows_read(v, 1), UC_E_MALFORMED);
	arena_done(&mem);
}

/* Of one byte: the second came later. */
TEST(what_an_account_chose_is_kept_and_nothing_else_is_read)
{
	for (uint8_t flags = 0; flags < 8; flags++) {
		struct vault_account x = { .waits_to_introduce = flags & 1,
					   .removes_silent = flags >> 1 & 1 };
		struct view data;
		begin();
		expect_ok(wire_encode_to(&mem, vault_account_element, &x, &data));
		/* Behind the identifier, which is empty. */
		uint8_t *at = (uint8_t *)(uintptr_t)data.p + 1;
		expect_eq(*at, flags & 3);
		*at = flags;
		x = (struct vault_account){ .waits_to_introduce = false };
		uc_err err = wire_decode(data, &mem, vault_account_element, &x);
		expect_eq(err, flags < 4 ? UC_OK : UC_E_MALFORMED);
		if (!err)
			expect_eq(x.waits_to_introduce | x.removes_silent << 1, flags);
		arena_done(&mem);
	}
}

TEST(a_box_is_the_word_of_its_device)
{
	begin();
	struct vault_device x = { .device_key = VIEW_OF(device.pub), .box_key = VIEW_OF(pub) };
	expect_ok(vault_device_sign(&device, owner.app, x.box_key, &mem, &x.signature));
	expect_ok(vault_device_check(&x, owner.app, &mem));
	expect_err(vault_device_check(&x, VIEW_LIT("dial.example"), &mem), UC_E_SIGNATURE);
	struct vault_device other = x;
	other.box_key = VIEW_OF(key);
	expect_err(vault_device_check(&other, owner.app, &mem), UC_E_SIGNATURE);
	other = x;
	other.device_key = VIEW_OF(thief.pub);
	expect_err(vault_device_check(&other, owner.app, &mem), UC_E_SIGNATURE);
	expect_ok(vault_device_sign(&thief, owner.app, x.box_key, &mem, &x.signature));
	expect_err(vault_device_check(&x, owner.app, &mem), UC_E_SIGNATURE);
	arena_done(&mem);
}
