/* SPDX-License-Identifier: Apache-2.0 */
/* KeyPackages for a room: whose they are, and what is asked of them. */
#include "client/room_group_inside.h"
#include "mimi/media_type.h"
#include "mls/group_state.h"

#include "tests/unit/client/trio.h"

static struct view both(const struct person *a, const struct person *b)
{
	struct buf out;
	struct view v = { NULL, 0 };
	buf_init(&out, BLOB_MAX);
	buf_add_view(&out, person_package(&hub.mem, a));
	buf_add_view(&out, person_package(&hub.mem, b));
	expect_ok(arena_copy(&hub.mem, buf_view(&out), &v));
	buf_done(&out);
	return v;
}

static uc_err check(struct view packages, struct view *participant)
{
	return room_group_packages_check(&rosa.c, packages, &hub.mem, participant);
}

TEST(packages_are_checked_before_use)
{
	static struct person tablet;
	struct view whose = { NULL, 0 };
	trio_create(false);
	person_begin(&tablet, "lens.example", 4);
	expect_ok(check(person_package(&hub.mem, &tom), &whose));
	expect_bytes(whose, view_str(tom.set.participant));
	expect(tom.set.not_after_ms > test_now_ms + (uint64_t)60 * 24 * 3600 * 1000);
	/* Two devices of one participant. */
	tablet.set.participant_key = tom.set.participant_key;
	expect_ok(room_group_key_package(&tablet.c, &tablet.set));
	expect_ok(check(both(&tom, &tablet), &whose));
	expect_bytes(whose, view_str(tom.set.participant));
	/* Of two people; one twice; none; damaged. */
	whose = (struct view){ NULL, 0 };
	expect_err(check(both(&tom, &ida), &whose), UC_E_PROOF);
	expect_err(check(both(&tom, &tom), &whose), UC_E_PROOF);
	expect_err(check((struct view){ NULL, 0 }, &whose), UC_E_EXHAUSTED);
	struct view bad = person_package(&hub.mem, &tom);
	expect_err(check(view_slice(bad, 0, bad.n - 1), &whose), UC_E_MALFORMED);
	struct view changed = { NULL, 0 };
	uint8_t *bytes = arena_take(&hub.mem, bad.n);
	memcpy(bytes, bad.p, bad.n);
	bytes[bad.n - 1] ^= 1;
	changed = view_make(bytes, bad.n);
	expect_err(check(changed, &whose), UC_E_SIGNATURE);
	/* One more than a participant may have. */
	struct buf many;
	buf_init(&many, BLOB_MAX);
	for (size_t i = 0; i <= ROOM_DEVICES_MAX; i++) {
		struct person *p = &tablet;
		expect_ok(room_group_key_package(&p->c, &p->set));
		buf_add_view(&many, person_package(&hub.mem, p));
	}
	expect_err(check(buf_view(&many), &whose), UC_E_LIMIT);
	buf_done(&many);
	/* Too old. */
	uint64_t now = test_now_ms;
	test_now_ms = tom.set.not_after_ms + 1000;
	expect(check(person_package(&hub.mem, &tom), &whose) != UC_OK);
	test_now_ms = now;
	expect(!whose.p);
	person_end(&tablet);
	trio_end();
}

TEST(packages_prove_whose_they_are)
{
	struct key_package_secrets secrets;
	struct sign_key key;
	struct leaf_parameters leaf;
	struct view whose = { NULL, 0 }, package = { NULL, 0 }, list = { NULL, 0 };
	const struct extension_list none = { NULL, 0 };
	const struct suite *suite = suite_find(SUITE_X25519_AES128);
	trio_create(false);
	expect_ok(sign_key_generate(suite, test_env(), &key));
	expect_ok(room_leaf_parameters(&key, view_str(tom.set.client), VIEW_LIT("x"), &hub.mem,
				       &leaf));
	expect_ok(key_package_make(suite, test_env(), &leaf, 86400, &none, &hub.mem, &package,
				   &secrets));
	expect_ok(wire_encode_to(&hub.mem, bytes_element, &package, &list));
	expect_err(check(list, &whose), UC_E_PROOF);
	key_package_secrets_wipe(&secrets);
	trio_end();
}

TEST(a_set_signs_as_its_leaf_will)
{
	struct view a = { NULL, 0 }, b = { NULL, 0 };
	struct room_client self;
	trio_create(false);
	expect_ok(
		set_leaf_sign(&rosa.c, &rosa.set, "Undercroft seat", VIEW_LIT("x"), &hub.mem, &a));
	expect_ok(room_group_sign(&rosa.c, rosa.g, "Undercroft seat", VIEW_LIT("x"), &hub.mem, &b));
	expect_bytes(a, b);
	expect_ok(room_group_client_at(rosa.g, room_group_own_leaf(rosa.g), &self));
	expect_ok(verify_with_label(suite_find(SUITE_X25519_AES128), self.signature_key,
				    "Undercroft seat", VIEW_LIT("x"), a));
	expect_eq(self.role, ROLE_OWNER);
	trio_end();
}

TEST(asking_for_packages)
{
	struct view request = { NULL, 0 }, response = { NULL, 0 }, packages = { NULL, 0 }, tbs;
	struct key_material_request k;
	trio_create(false);
	expect_ok(room_group_key_material(&rosa.c, rosa.g, VIEW_LIT("mimi://lens.example/k/abc"),
					  &hub.mem, &request));
	expect_ok(wire_decode(request, &hub.mem, key_material_request_element, &k));
	expect_bytes(k.target_user, VIEW_LIT("mimi://lens.example/k/abc"));
	expect_bytes(k.requesting_user, view_str(rosa.set.participant));
	expect_bytes(k.requester_credential.identity, view_str(rosa.set.client));
	expect_ok(wire_encode_to(&hub.mem, key_material_request_tbs_element, &k, &tbs));
	expect_ok(verify_with_label(suite_find(SUITE_X25519_AES128), k.requester_signature_key,
				    "KeyMaterialRequestTBS", tbs,
				    k.key_material_request_signature));
	struct client_key_material clients[2] = {
		{ .client_status = KEY_MATERIAL_CLIENT_EXHAUSTED,
		  .client_uri = view_str(tom.set.client) },
		{ .client_status = KEY_MATERIAL_CLIENT_SUCCESS,
		  .client_uri = view_str(tom.set.client),
		  .key_package = blob_view(&tom.set.key_package) },
	};
	struct key_material_response r = { .protocol = PROTOCOL_MLS10,
					   .user_status = KEY_MATERIAL_PARTIAL_SUCCESS,
					   .user_uri = view_str(tom.set.participant),
					   .clients = { clients, 2 } };
	expect_ok(wire_encode_to(&hub.mem, key_material_response_element, &r, &response));
	expect_ok(key_material_read(response, &hub.mem, &packages));
	expect_bytes(packages, person_package(&hub.mem, &tom));
	r.clients.n = 1;
	expect_ok(wire_encode_to(&hub.mem, key_material_response_element, &r, &response));
	expect_err(key_material_read(response, &hub.mem, &packages), UC_E_EXHAUSTED);
	r.user_status = KEY_MATERIAL_NO_CONSENT;
	r.clients.n = 0;
	expect_ok(wire_encode_to(&hub.mem, key_material_response_element, &r, &response));
	expect_err(key_material_read(response, &hub.mem, &packages), UC_E_NOT_ALLOWED);
	r.user_status = KEY_MATERIAL_USER_UNKNOWN;
	expect_ok(wire_encode_to(&hub.mem, key_material_response_element, &r, &response));
	expect_err(key_material_read(response, &hub.mem, &packages), UC_E_ADDRESS);
	trio_end();
}
