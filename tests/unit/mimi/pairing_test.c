/* SPDX-License-Identifier: Apache-2.0 */
/* What a new device and one of the account say to each other: codes, and two sealed messages. */
#include "mimi/device_list.h"
#include "mimi/pairing.h"
#include "mimi/vault.h"
#include "tests/unit/harness.h"

static struct arena mem;
static const uint8_t secret[PAIRING_SECRET] = { 7, 1, 4 };
static struct pairing_key answer_key;
static struct ed25519_key device;

static void begin(void)
{
	struct kem_key k;
	arena_init(&mem, 4 << 20, ARENA_PLAIN);
	expect_ok(kem_key_generate(suite_find(SUITE_X25519_AES128), test_env(), &k));
	memcpy(answer_key.priv, k.priv.b, sizeof answer_key.priv);
	memcpy(answer_key.pub, k.pub, sizeof answer_key.pub);
	expect_ok(ed25519_generate(test_env(), &device));
}

static struct view box_signed(const struct ed25519_key *by, const char *app)
{
	struct view out = { NULL, 0 };
	expect_ok(vault_device_sign(by, view_str(app), VIEW_OF(answer_key.pub), &mem, &out));
	return out;
}

static struct view request_of(const uint8_t of[PAIRING_SECRET])
{
	const struct pairing_request r = { .device_key = VIEW_OF(device.pub),
					   .intake_key = VIEW_OF(answer_key.pub),
					   .answer_key = VIEW_OF(answer_key.pub),
					   .box_signature = box_signed(&device, "dial.example") };
	struct view sealed = { NULL, 0 };
	expect_ok(
		pairing_request_seal(test_env(), of, VIEW_LIT("dial.example"), &r, &mem, &sealed));
	return sealed;
}

static struct view grant_of(struct view request)
{
	struct pairing_key key = { { 1 }, { 2 } };
	struct view entry = VIEW_LIT("entry");
	const struct pairing_grant g = { .account_key = VIEW_OF(device.pub),
					 .identifier = VIEW_LIT("+4915112345678"),
					 .profile_name = VIEW_LIT("Rosa"),
					 .device_list = { &entry, 1 },
					 .vault_key = { 9 },
					 .vault_number = 12,
					 .request_keys = { &key, 1 },
					 .code = VIEW_LIT("7KQX-M0RA") };
	struct view sealed = { NULL, 0 };
	expect_ok(pairing_grant_seal(test_env(), secret, VIEW_LIT("dial.example"), request,
				     VIEW_OF(answer_key.pub), &g, &mem, &sealed));
	return sealed;
}

static uc_err grant_open(struct view request, struct view sealed, struct pairing_grant *g)
{
	return pairing_grant_open(secret, VIEW_LIT("dial.example"), request, &answer_key, sealed,
				  &mem, g);
}

TEST(a_code_is_read_however_it_is_typed)
{
	struct pairing_code code = { .domain = VIEW_LIT("dial.example") }, read;
	struct view text;
	begin();
	memcpy(code.secret, secret, sizeof secret);
	expect_ok(pairing_code_write(&code, &mem, &text));
	expect(view_starts_with(text, VIEW_LIT("https://dial.example/#/device/")));
	expect_ok(pairing_code_read(text, &mem, &read));
	expect_bytes(read.domain, code.domain);
	expect_bytes(VIEW_OF(read.secret), VIEW_OF(secret));
	/* With a port, in capitals, with spaces for hyphens, around it and without the scheme. */
	char typed[600];
	size_t head = sizeof "https://dial.example" - 1;
	int n = snprintf(typed, sizeof typed, " dial.example:8441%.*s \n", (int)(text.n - head),
			 (const char *)text.p + head);
	for (int i = 28; i < n; i++)
		typed[i] = (char)(typed[i] == '-'   ? ' '
				  : typed[i] >= 'a' ? typed[i] - 32
						    : typed[i]);
	expect_ok(pairing_code_read(view_str(typed), &mem, &read));
	expect_bytes(VIEW_OF(read.secret), VIEW_OF(secret));
	arena_done(&mem);
}

TEST(what_is_no_code_is_refused)
{
	static const char *const none[] = { "",
					    "dial.example",
					    "https://dial.example/#/link/abcd",
					    "https://dial.example/#/device/",
					    "https:///#/device/aaaa",
					    "https://dial.example/#/device/0000" };
	struct pairing_code code = { .domain = VIEW_LIT("dial.example") }, read;
	struct view text;
	begin();
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		expect_err(pairing_code_read(view_str(none[i]), &mem, &read), UC_E_CODE);
	memcpy(code.secret, secret, sizeof secret);
	expect_ok(pairing_code_write(&code, &mem, &text));
	/* One letter of the secret is another, or missing. */
	char typed[600];
	for (size_t at = sizeof "https://dial.example/#/device/" - 1; at < text.n; at++) {
		snprintf(typed, sizeof typed, "%.*s", (int)text.n, (const char *)text.p);
		if (typed[at] == '-')
			continue;
		typed[at] = typed[at] == 'b' ? 'c' : 'b';
		expect_err(pairing_code_read(view_str(typed), &mem, &read), UC_E_CODE);
	}
	typed[text.n - 1] = 0;
	expect_err(pairing_code_read(view_str(typed), &mem, &read), UC_E_CODE);
	arena_done(&mem);
}

TEST(both_open_what_the_other_says)
{
	struct pairing_request r;
	struct pairing_grant g;
	uint8_t one[PAIRING_MAILBOX], other[PAIRING_MAILBOX];
	begin();
	struct view request = request_of(secret);
	expect_ok(pairing_request_open(secret, VIEW_LIT("dial.example"), request, &mem, &r));
	expect_bytes(r.device_key, VIEW_OF(device.pub));
	struct view sealed = grant_of(request);
	expect_ok(grant_open(request, sealed, &g));
	expect_bytes(g.identifier, VIEW_LIT("+4915112345678"));
	expect_bytes(g.profile_name, VIEW_LIT("Rosa"));
	expect_eq(g.device_list.n, 1);
	expect_eq(g.vault_key[0], 9);
	expect_eq(g.vault_number, 12);
	expect_eq(g.request_keys.n, 1);
	/* Padded: nothing of what is in them shows by their length. */
	expect_eq(request.n, PAIRING_REQUEST_PAD + BOX_OVERHEAD);
	expect_eq(pairing_mailbox(secret, one), UC_OK);
	static const uint8_t another[PAIRING_SECRET] = { 7, 1, 5 };
	expect_ok(pairing_mailbox(another, other));
	expect(!view_equal(VIEW_OF(one), VIEW_OF(other)));
	arena_done(&mem);
}

TEST(each_changed_byte_is_refused)
{
	struct pairing_request r;
	struct pairing_grant g;
	begin();
	struct view request = request_of(secret), sealed = grant_of(request);
	uint8_t *bytes = arena_take(&mem, sealed.n);
	for (size_t i = 0; i < request.n; i++) {
		memcpy(bytes, request.p, request.n);
		bytes[i] ^= 1;
		expect_err(pairing_request_open(secret, VIEW_LIT("dial.example"),
						view_make(bytes, request.n), &mem, &r),
			   UC_E_DECRYPT);
	}
	for (size_t i = 0; i < sealed.n; i += 7) {
		memcpy(bytes, sealed.p, sealed.n);
		bytes[i] ^= 1;
		struct arena_mark mark = arena_mark(&mem);
		expect_err(grant_open(request, view_make(bytes, sealed.n), &g), UC_E_DECRYPT);
		arena_reset(&mem, mark);
	}
	expect_err(grant_open(request, view_slice(sealed, 0, 20), &g), UC_E_DECRYPT);
	arena_done(&mem);
}

TEST(an_answer_is_to_one_request_alone)
{
	static const uint8_t another[PAIRING_SECRET] = { 8 };
	struct pairing_request r;
	struct pairing_grant g;
	begin();
	struct view request = request_of(secret), again = request_of(secret);
	struct view sealed = grant_of(request);
	/* Of another code, of another app, for another request, by who has only the code. */
	expect_err(pairing_request_open(another, VIEW_LIT("dial.example"), request, &mem, &r),
		   UC_E_DECRYPT);
	expect_err(pairing_request_open(secret, VIEW_LIT("lens.example"), request, &mem, &r),
		   UC_E_DECRYPT);
	expect_err(grant_open(again, sealed, &g), UC_E_DECRYPT);
	struct pairing_key right = answer_key;
	struct kem_key k;
	expect_ok(kem_key_generate(suite_find(SUITE_X25519_AES128), test_env(), &k));
	memcpy(answer_key.priv, k.priv.b, sizeof answer_key.priv);
	memcpy(answer_key.pub, k.pub, sizeof answer_key.pub);
	expect_err(grant_open(request, sealed, &g), UC_E_DECRYPT);
	answer_key = right;
	expect_ok(grant_open(request, sealed, &g));
	/* A request is no answer, nor the other way round. */
	expect_err(grant_open(request, request, &g), UC_E_DECRYPT);
	expect_err(pairing_request_open(secret, VIEW_LIT("dial.example"), sealed, &mem, &r),
		   UC_E_DECRYPT);
	arena_done(&mem);
}

/* The vault key is wrapped to it: it is the word of the device itself. */
TEST(a_box_that_the_device_has_not_signed_is_refused)
{
	struct ed25519_key thief;
	struct pairing_request r;
	struct view sealed;
	begin();
	expect_ok(ed25519_generate(test_env(), &thief));
	const struct view wrong[] = { box_signed(&thief, "dial.example"),
				      box_signed(&device, "lens.example"), VIEW_LIT("") };
	struct pairing_request in = { .device_key = VIEW_OF(device.pub),
				      .intake_key = VIEW_OF(answer_key.pub),
				      .answer_key = VIEW_OF(answer_key.pub) };
	for (size_t i = 0; i < 3; i++) {
		in.box_signature = wrong[i];
		expect_ok(pairing_request_seal(test_env(), secret, VIEW_LIT("dial.example"), &in,
					       &mem, &sealed));
		expect_err(pairing_request_open(secret, VIEW_LIT("dial.example"), sealed, &mem, &r),
			   UC_E_SIGNATURE);
	}
	arena_done(&mem);
}

TEST(keys_that_are_none_are_refused)
{
	struct pairing_request in = { .device_key = VIEW_LIT("short"),
				      .intake_key = VIEW_OF(answer_key.pub),
				      .answer_key = VIEW_OF(answer_key.pub) },
			       r;
	static const uint8_t zero[32];
	struct view sealed;
	begin();
	expect_ok(pairing_request_seal(test_env(), secret, VIEW_LIT("dial.example"), &in, &mem,
				       &sealed));
	expect_err(pairing_request_open(secret, VIEW_LIT("dial.example"), sealed, &mem, &r),
		   UC_E_KEY);
	in.device_key = VIEW_OF(device.pub);
	in.answer_key = VIEW_OF(zero);
	expect_ok(pairing_request_seal(test_env(), secret, VIEW_LIT("dial.example"), &in, &mem,
				       &sealed));
	expect(pairing_request_open(secret, VIEW_LIT("dial.example"), sealed, &mem, &r) != UC_OK);
	arena_done(&mem);
}

/* The longest list an app takes, and all else as long as it may be. */
TEST(the_longest_answer_has_room_in_its_frame)
{
	static const uint8_t bytes[4096] = { 1 };
	const struct device_entry e = { .version = 1,
					.device_action = DEVICE_ADD,
					.device_key = VIEW_OF(device.pub),
					.signer_key = VIEW_OF(device.pub),
					.signature = view_make(bytes, ED25519_SIGNATURE) };
	struct pairing_request r;
	struct pairing_grant g;
	struct view entry, body;
	begin();
	struct view *list = ARENA_ARRAY(&mem, struct view, DEVICE_ENTRIES_MAX);
	struct pairing_key *keys = ARENA_ARRAY(&mem, struct pairing_key, PAIRING_REQUEST_KEYS);
	struct pair_answer_request q = { { 1 }, { NULL, 0 } };
	expect_ok(wire_encode_to(&mem, device_entry_element, &e, &entry));
	for (size_t i = 0; i < DEVICE_ENTRIES_MAX; i++)
		list[i] = entry;
	const struct pairing_grant longest = { .account_key = VIEW_OF(device.pub),
					       .identifier = view_make(bytes, 320),
					       .profile_name = view_make(bytes, 256),
					       .device_list = { list, DEVICE_ENTRIES_MAX },
					       .request_keys = { keys, PAIRING_REQUEST_KEYS },
					       .settings = VIEW_OF(bytes),
					       .code = view_make(bytes, 64) };
	struct view request = request_of(secret);
	expect_ok(pairing_request_open(secret, VIEW_LIT("dial.example"), request, &mem, &r));
	expect_ok(pairing_grant_seal(test_env(), secret, VIEW_LIT("dial.example"), request,
				     VIEW_OF(answer_key.pub), &longest, &mem, &q.sealed));
	expect_ok(wire_encode_to(&mem, pair_answer_request_element, &q, &body));
	expect(body.n <= frame_rule_find(FRAME_PAIR_ANSWER)->body_max);
	expect_ok(grant_open(request, q.sealed, &g));
	expect_eq(g.device_list.n, DEVICE_ENTRIES_MAX);
	arena_done(&mem);
}
