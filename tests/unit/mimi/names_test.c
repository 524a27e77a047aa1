/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/address.h"
#include "mimi/names.h"
#include "mimi/participant.h"
#include "mls/proposal.h"

#include "base/text.h"

#include "tests/unit/harness.h"

static void name(enum name_kind kind, const char *text, const char *want)
{
	struct arena a;
	struct view out;
	arena_init(&a, 65536, ARENA_PLAIN);
	uc_err err = name_normalise(kind, view_str(text), &a, &out);
	if (!want)
		expect_err(err, UC_E_NAME);
	else if (err)
		test_fail(__FILE__, __LINE__, "%s was refused", text);
	else
		expect_bytes(out, view_str(want));
	arena_done(&a);
}

TEST(names_are_normalised)
{
	name(NAME_NUMBER, "+49 (151) 123-456.78", "+4915112345678");
	name(NAME_NUMBER, "004915112345678", "+4915112345678");
	name(NAME_NUMBER, "015112345678", NULL);
	name(NAME_NUMBER, "+0151123456", NULL);
	name(NAME_NUMBER, "+123456", NULL);
	name(NAME_NUMBER, "+1234567890123456", NULL);
	name(NAME_NUMBER, "+49x15112345", NULL);
	name(NAME_HANDLE, "@Tom.Tailor", "tom.tailor");
	name(NAME_HANDLE, "tom", "tom");
	name(NAME_HANDLE, "t", NULL);
	name(NAME_HANDLE, "tom..t", NULL);
	name(NAME_HANDLE, ".tom", NULL);
	name(NAME_HANDLE, "tom-", NULL);
	name(NAME_HANDLE, "t\xc3\xb6m", NULL);
	name(NAME_ADDRESS, " Uwe.X+y@Example.ORG ", "uwe.x+y@example.org");
	name(NAME_ADDRESS, "uwe@localhost", NULL);
	name(NAME_ADDRESS, "uwe@@example.org", NULL);
	name(NAME_ADDRESS, "@example.org", NULL);
	name(NAME_ADDRESS, "u..we@example.org", NULL);
}

TEST(skeletons_are_what_is_seen)
{
	static const char *const same[][2] = {
		{ "admin", "adm1n" },      { "admin", "ad.m-i_n" }, { "modern", "rnodem" },
		{ "warden", "vvarden" },   { "hello", "he110" },    { "oscar", "0ssc4r" },
		{ "google", "go0oq1e" },   { "bob", "b08" },        { "dial", "clial" },
		{ "support", "suppport" },
	};
	static const char *const other[][2] = { { "admin", "badmin" },
						{ "admin", "adman" },
						{ "tom", "tim" } };
	struct arena mem;
	struct view a, b;
	arena_init(&mem, 65536, ARENA_PLAIN);
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		expect_ok(name_skeleton(NAME_HANDLE, view_str(same[i][0]), &mem, &a));
		expect_ok(name_skeleton(NAME_HANDLE, view_str(same[i][1]), &mem, &b));
		expect_bytes(b, a);
	}
	for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
		expect_ok(name_skeleton(NAME_HANDLE, view_str(other[i][0]), &mem, &a));
		expect_ok(name_skeleton(NAME_HANDLE, view_str(other[i][1]), &mem, &b));
		expect(!view_equal(a, b));
	}
	/* Of three that might be read as one and a half, the first two are one. */
	expect_ok(name_skeleton(NAME_HANDLE, VIEW_LIT("vvv"), &mem, &a));
	expect_bytes(a, VIEW_LIT("wv"));
	expect_ok(name_skeleton(NAME_NUMBER, VIEW_LIT("+1100"), &mem, &a));
	expect_bytes(a, VIEW_LIT("+1100"));
	arena_done(&mem);
}

TEST(profile_names_hold_no_tricks)
{
	struct arena a;
	struct view out;
	arena_init(&a, 65536, ARENA_PLAIN);
	expect_ok(profile_name_normalise(VIEW_LIT("  R\xc3\xb6sa   Luxemburg "), &a, &out));
	expect_bytes(out, VIEW_LIT("R\xc3\xb6sa Luxemburg"));
	expect_err(profile_name_normalise(VIEW_LIT("a\xe2\x80\xae"
						   "b"),
					  &a, &out),
		   UC_E_NAME);
	expect_err(profile_name_normalise(VIEW_LIT("a\nb"), &a, &out), UC_E_NAME);
	expect_err(profile_name_normalise(VIEW_LIT("   "), &a, &out), UC_E_NAME);
	arena_done(&a);
}

TEST(uris_are_strict)
{
	static const struct {
		const char *text;
		int kind; /* -1: refused */
	} cases[] = {
		{ "mimi://dial.localhost", URI_APP },
		{ "mimi://dial.localhost/p/abc", URI_PARTICIPANT },
		{ "mimi://dial.localhost/p/abc/def", URI_CLIENT },
		{ "mimi://dial.localhost/r/abc", URI_ROOM },
		{ "mimi://dial.localhost/q/aB_-", URI_REQUEST_ADDRESS },
		{ "mimi://dial.localhost/k/aB_-", URI_KEY_ADDRESS },
		{ "mimi://Dial.localhost", -1 },
		{ "mimi://dial..localhost", -1 },
		{ "mimi://-dial", -1 },
		{ "mimi://dial.localhost/", -1 },
		{ "mimi://dial.localhost/r/", -1 },
		{ "mimi://dial.localhost/r/ABC", -1 },
		{ "mimi://dial.localhost/r/a/b", -1 },
		{ "mimi://dial.localhost/p/a/b/c", -1 },
		{ "mimi://dial.localhost/x/a", -1 },
		{ "http://dial.localhost/r/a", -1 },
		{ "mimi://", -1 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct uri u;
		uc_err err = uri_read(view_str(cases[i].text), &u);
		if ((err ? -1 : (int)u.kind) != cases[i].kind)
			test_fail(__FILE__, __LINE__, "%s", cases[i].text);
		if (err)
			continue;
		struct buf b;
		buf_init(&b, URI_MAX);
		uri_add(&b, &u);
		expect_bytes(buf_view(&b), view_str(cases[i].text));
		buf_done(&b);
	}
}

TEST(addresses_open_only_where_they_were_made)
{
	uint8_t key[BOX_KEY] = { 1 }, other[BOX_KEY] = { 2 };
	struct key_address in = { .account_id = { 3 }, .set_id = { 4 }, .expires_ms = 2000 }, out;
	struct request_address q = { .account_id = { 3 }, .channel = 1, .expires_ms = 2000 }, q_out;
	struct arena a;
	struct view uri, again, request;
	arena_init(&a, 65536, ARENA_PLAIN);
	expect_ok(key_address_seal(test_env(), VIEW_OF(key), VIEW_LIT("a.example"), &in, &a, &uri));
	expect_ok(
		key_address_seal(test_env(), VIEW_OF(key), VIEW_LIT("a.example"), &in, &a, &again));
	expect_ok(request_address_seal(test_env(), VIEW_OF(key), VIEW_LIT("a.example"), &q, &a,
				       &request));
	expect(!view_equal(uri, again));
	expect_eq(uri.n, again.n);
	expect_ok(key_address_open(VIEW_OF(key), VIEW_LIT("a.example"), uri, 1000, &out));
	expect_bytes(VIEW_OF(out.set_id), VIEW_OF(in.set_id));
	expect_err(key_address_open(VIEW_OF(other), VIEW_LIT("a.example"), uri, 1000, &out),
		   UC_E_ADDRESS);
	expect_err(key_address_open(VIEW_OF(key), VIEW_LIT("b.example"), uri, 1000, &out),
		   UC_E_ADDRESS);
	expect_err(key_address_open(VIEW_OF(key), VIEW_LIT("a.example"), uri, 2000, &out),
		   UC_E_ADDRESS);
	expect_err(request_address_open(VIEW_OF(key), VIEW_LIT("a.example"), uri, 1000, &q_out),
		   UC_E_ADDRESS);
	expect_ok(request_address_open(VIEW_OF(key), VIEW_LIT("a.example"), request, 1000, &q_out));
	expect_eq(q_out.channel, 1);
	arena_done(&a);
}

TEST(a_room_tag_is_of_one_room_and_one_set)
{
	uint8_t key[BOX_KEY] = { 1 }, tag[ROOM_TAG], other[ROOM_TAG];
	const uint8_t one[ADDRESS_SET_KEY] = { 7 }, two[ADDRESS_SET_KEY] = { 8 };
	struct key_address in = { .account_id = { 3 }, .expires_ms = 2000 }, out;
	struct arena a;
	struct view uri, any;
	arena_init(&a, 65536, ARENA_PLAIN);
	expect_ok(key_address_seal(test_env(), VIEW_OF(key), VIEW_LIT("a.example"), &in, &a, &any));
	expect_ok(room_tag_make(one, VIEW_LIT("mimi://a.example/r/one"), in.room_tag));
	expect_ok(key_address_seal(test_env(), VIEW_OF(key), VIEW_LIT("a.example"), &in, &a, &uri));
	expect_eq(uri.n, any.n); /* whether it is for one room is not seen */
	expect_ok(key_address_open(VIEW_OF(key), VIEW_LIT("a.example"), uri, 1000, &out));
	expect(!room_tag_is_any(out.room_tag));
	expect_bytes(VIEW_OF(out.room_tag), VIEW_OF(in.room_tag));
	expect_ok(key_address_open(VIEW_OF(key), VIEW_LIT("a.example"), any, 1000, &out));
	expect(room_tag_is_any(out.room_tag));
	expect_ok(room_tag_make(one, VIEW_LIT("mimi://a.example/r/one"), tag));
	expect_bytes(VIEW_OF(tag), VIEW_OF(in.room_tag));
	expect_ok(room_tag_make(one, VIEW_LIT("mimi://a.example/r/two"), other));
	expect(!view_equal(VIEW_OF(tag), VIEW_OF(other)));
	expect_ok(room_tag_make(two, VIEW_LIT("mimi://a.example/r/one"), other));
	expect(!view_equal(VIEW_OF(tag), VIEW_OF(other)));
	arena_done(&a);
}

/* As they were sealed when there were no rooms in them. */
static struct view sealed_before(struct arena *a, struct view key, uint8_t version)
{
	uint8_t plain[94] = { version, 3 }, sealed[sizeof plain + BOX_OVERHEAD];
	struct buf name;
	struct view uri = { NULL, 0 };
	plain[1 + ACCOUNT_ID + 1] = 4;           /* the set */
	plain[sizeof plain - 4 - 2] = 2000 >> 8; /* until then */
	plain[sizeof plain - 4 - 1] = 2000 & UINT8_MAX;
	expect_ok(box_seal(test_env(), key, VIEW_LIT("Undercroft key address a.example"),
			   VIEW_OF(plain), sealed));
	buf_init(&name, URI_MAX);
	base64url_add(&name, VIEW_OF(sealed));
	struct uri u = { .kind = URI_KEY_ADDRESS,
			 .domain = VIEW_LIT("a.example"),
			 .name = buf_view(&name) };
	expect_ok(uri_make(a, &u, &uri));
	buf_done(&name);
	return uri;
}

TEST(key_addresses_of_before_are_for_any_room)
{
	uint8_t key[BOX_KEY] = { 1 };
	struct key_address out;
	struct arena a;
	arena_init(&a, 65536, ARENA_PLAIN);
	memset(&out, 0xff, sizeof out);
	expect_ok(key_address_open(VIEW_OF(key), VIEW_LIT("a.example"),
				   sealed_before(&a, VIEW_OF(key), 1), 1000, &out));
	expect_eq(out.set_id[0], 4);
	expect(room_tag_is_any(out.room_tag));
	/* Of the length of the one, and the version of the other. */
	expect_err(key_address_open(VIEW_OF(key), VIEW_LIT("a.example"),
				    sealed_before(&a, VIEW_OF(key), 2), 1000, &out),
		   UC_E_ADDRESS);
	arena_done(&a);
}

/* A leaf with just what participant_check looks at. */
static void leaf_of(struct arena *a, struct view client, struct view component,
		    struct leaf_node *out)
{
	struct component_data *c = arena_take(a, sizeof *c);
	struct extension *e = arena_take(a, sizeof *e);
	struct app_data_dictionary d = { { c, 1 } };
	*c = (struct component_data){ COMPONENT_PARTICIPANT, component };
	e->extension_type = EXTENSION_APP_DATA_DICTIONARY;
	expect_ok(wire_encode_to(a, app_data_dictionary_element, &d, &e->extension_data));
	*out = (struct leaf_node){ .signature_key = VIEW_LIT("leaf key"),
				   .credential = { CREDENTIAL_BASIC, client, { 0 } },
				   .extensions = { e, 1 } };
}

TEST(a_participant_proves_its_clients)
{
	struct ed25519_key first, second;
	struct arena a;
	struct view name, client, other, component, longer;
	struct leaf_node leaf;
	struct participant_leaf out;
	arena_init(&a, 1 << 20, ARENA_PLAIN);
	expect_ok(ed25519_generate(test_env(), &first));
	expect_ok(ed25519_generate(test_env(), &second));
	expect_ok(participant_name(VIEW_OF(first.pub), &a, &name));
	expect_ok(uri_make(
		&a, &(struct uri){ URI_CLIENT, VIEW_LIT("a.example"), name, VIEW_LIT("one") },
		&client));
	expect_ok(uri_make(
		&a, &(struct uri){ URI_CLIENT, VIEW_LIT("a.example"), name, VIEW_LIT("two") },
		&other));
	expect_ok(participant_prove(&first, client, VIEW_LIT("leaf key"), &a, &component));
	leaf_of(&a, client, component, &leaf);
	expect_ok(participant_check(&leaf, &a, &out));
	expect_bytes(out.domain, VIEW_LIT("a.example"));
	leaf_of(&a, other, component, &leaf);
	expect_err(participant_check(&leaf, &a, &out), UC_E_PROOF);
	expect_ok(participant_extend(component, &first, &second, other, VIEW_LIT("leaf key"), &a,
				     &longer));
	leaf_of(&a, other, longer, &leaf);
	expect_ok(participant_check(&leaf, &a, &out));
	expect_eq(out.chain.n, 2);
	expect_ok(participant_extend(component, &second, &first, other, VIEW_LIT("leaf key"), &a,
				     &longer));
	leaf_of(&a, other, longer, &leaf);
	expect_err(participant_check(&leaf, &a, &out), UC_E_PROOF);
	arena_done(&a);
}
