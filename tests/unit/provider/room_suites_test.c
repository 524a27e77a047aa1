/* SPDX-License-Identifier: Apache-2.0 */
/* Which cipher suites a room may have. */
#include "tests/unit/provider/guests.h"

/* The hub's keys are Ed25519, and an external sender signs with the suite of the group. */
TEST(rooms_are_of_suites_with_ed25519)
{
	the_people();
	for (size_t i = 0; suite_at(i); i++) {
		struct guest x;
		uint16_t own[] = { suite_at(i)->id };
		guest_init(&x, &rosa, NULL);
		x.suite = suite_at(i);
		expect_ok(sign_key_generate(x.suite, test_env(), &x.leaf_key));
		expect_ok(participant_prove(&x.first, x.client, sign_public(&x.leaf_key), &apps_mem,
					    &x.component));
		expect_ok(room_leaf_parameters(&x.leaf_key, x.client, x.component, &apps_mem,
					       &x.leaf));
		x.leaf.capabilities.cipher_suites = (struct u16_list){ own, 1 };
		make_group_alone(&x);
		struct room_create_request q = { .room = x.room,
						 .client = x.client,
						 .secret = VIEW_OF(x.secret),
						 .signature = VIEW_LIT("none") };
		struct room_create_response r;
		expect_ok(group_info_make(x.g, &apps_mem, &q.group_info));
		expect_ok(group_ratchet_tree(x.g, &apps_mem, &q.ratchet_tree));
		expect_err(client_ask(rosa.c, FRAME_ROOM_CREATE, room_create_request_element, &q,
				      room_create_response_element, &r),
			   x.suite->signature_id == MLS_SIGNATURE_ED25519 ? UC_E_SIGNATURE
									  : UC_E_SUITE);
		group_free(x.g);
	}
	expect_eq(stored_records(apps[DIAL].rooms), 0);
	the_end();
}
