/* SPDX-License-Identifier: Apache-2.0 */
/* The hub's keys change: what it may propose to a room, and what comes of it. */
#include "mimi/franking.h"
#include "tests/unit/mimi/rooms.h"

static struct sign_key new_hub, new_frank;
static struct public_group *copy; /* the hub's, which keeps to no rule */

static void begin(void)
{
	struct buf saved;
	group_of_three();
	expect_ok(sign_key_generate(suite_find(SUITE_X25519_AES128), test_env(), &new_hub));
	expect_ok(sign_key_generate(suite_find(SUITE_X25519_AES128), test_env(), &new_frank));
	buf_init(&saved, 1 << 20);
	expect_ok(public_group_save(the.p, &saved));
	expect_ok(public_group_load(test_env(), NULL, buf_view(&saved), &copy));
	buf_done(&saved);
}

static void end(void)
{
	public_group_free(copy);
	copy = NULL;
	room_end(&the);
}

static struct proposal hub_key(struct view key)
{
	struct room_state r = room_now(&the);
	struct proposal p = { .proposal_type = 0 };
	expect_ok(room_hub_key_propose(&r, key, &the.mem, &p));
	return p;
}

static struct proposal franking_key(struct view key)
{
	struct room_state r = room_now(&the);
	struct proposal p = { .proposal_type = 0 };
	expect_ok(room_franking_key_propose(&r, key, &the.mem, &p));
	return p;
}

static struct view by_hub(const struct proposal *p, const struct sign_key *key)
{
	struct view message = { NULL, 0 };
	expect_ok(public_group_propose(copy, 0, key, p, &the.mem, &message));
	return message;
}

static void refused(const struct proposal *p)
{
	room_refuses_message(&the, NULL, by_hub(p, &the.hub), UC_E_POLICY);
}

TEST(a_room_takes_its_hubs_other_keys_with_the_next_commit)
{
	struct plan none = { .n = 0 };
	begin();
	struct proposal hub = hub_key(sign_public(&new_hub)),
			frank = franking_key(sign_public(&new_frank));
	expect_ok(room_deliver(&the, NULL, by_hub(&hub, &the.hub)));
	expect_ok(room_deliver(&the, NULL, by_hub(&frank, &the.hub)));
	/* Beside a change of the participants. */
	struct member *zoe = member_new(&the, "lens.example", NULL);
	plan_add(&the, &none, zoe);
	plan_list(&the, &none, tom);
	expect_ok(room_commit(&the, tom, &none));
	room_agrees(&the);
	struct room_state now = room_now(&the);
	expect_bytes(now.hub_key, sign_public(&new_hub));
	expect_bytes(now.franking_key, sign_public(&new_frank));
	expect_eq(now.participants.n, 4);
	/* From then on the other key speaks for the hub, and the old one does not. */
	public_group_free(copy);
	struct buf saved;
	buf_init(&saved, 1 << 20);
	expect_ok(public_group_save(the.p, &saved));
	expect_ok(public_group_load(test_env(), NULL, buf_view(&saved), &copy));
	buf_done(&saved);
	struct plan p = { .n = 0 };
	plan_remove(&the, &p, zoe);
	room_refuses_message(&the, NULL, by_hub(&p.v[0], &the.hub), UC_E_SIGNATURE);
	expect_ok(room_deliver(&the, NULL, by_hub(&p.v[0], &new_hub)));
	end();
}

TEST(one_of_the_two_alone)
{
	struct plan none = { .n = 0 };
	begin();
	struct proposal frank = franking_key(sign_public(&new_frank));
	expect_ok(room_deliver(&the, NULL, by_hub(&frank, &the.hub)));
	expect_ok(room_commit(&the, ida, &none));
	struct room_state now = room_now(&the);
	expect_bytes(now.hub_key, sign_public(&the.hub));
	expect_bytes(now.franking_key, sign_public(&new_frank));
	end();
}

TEST(nothing_else_changes_with_them)
{
	struct proposal p, bad;
	struct external_sender two[2];
	struct external_sender_list senders = { two, 2 };
	begin();
	struct room_state r = room_now(&the);
	struct group_view now = public_group_now(the.p);
	p = hub_key(sign_public(&new_hub));
	struct extension *e = p.extensions.v;
	/* Another extension, one less, two hubs, a hub of another name. */
	struct view message;
	bad = p;
	bad.extensions.n--;
	expect_err(public_group_propose(copy, 0, &the.hub, &bad, &the.mem, &message), UC_E_POLICY);
	struct external_sender_list read;
	expect_ok(wire_decode(e[1].extension_data, &the.mem, external_sender_list_element, &read));
	two[0] = two[1] = read.v[0];
	struct view was = e[1].extension_data;
	expect_ok(wire_encode_to(&the.mem, external_sender_list_element, &senders,
				 &e[1].extension_data));
	refused(&p);
	senders.n = 1;
	two[0].credential.identity = VIEW_LIT("mimi://lens.example");
	expect_ok(wire_encode_to(&the.mem, external_sender_list_element, &senders,
				 &e[1].extension_data));
	refused(&p);
	e[1].extension_data = was;
	uint16_t less[] = { PROPOSAL_APP_DATA_UPDATE };
	const struct required_capabilities required = { { NULL, 0 }, { less, 1 }, { NULL, 0 } };
	expect_ok(wire_encode_to(&the.mem, required_capabilities_element, &required,
				 &e[0].extension_data));
	refused(&p);
	/* A key that is none. */
	expect_err(room_hub_key_propose(&r, VIEW_LIT("short"), &the.mem, &bad), UC_E_POLICY);
	expect_err(room_franking_key_propose(&r, VIEW_LIT("short"), &the.mem, &bad), UC_E_POLICY);
	/* The agent under another name, gone, or another component. */
	p = franking_key(sign_public(&new_frank));
	bad = p;
	bad.app_data_update.op = APP_DATA_REMOVE;
	refused(&bad);
	bad = p;
	bad.app_data_update.component_id = COMPONENT_BASE_ROOM_POLICY;
	refused(&bad);
	struct franking_agent_data agent;
	expect_ok(wire_decode(p.app_data_update.update, &the.mem, franking_agent_data_element,
			      &agent));
	agent.credential.identity = VIEW_LIT("mimi://lens.example");
	bad = p;
	expect_ok(wire_encode_to(&the.mem, franking_agent_data_element, &agent,
				 &bad.app_data_update.update));
	refused(&bad);
	expect_eq(now.context->epoch, public_group_now(the.p).context->epoch);
	end();
}

/* Members bring in what the hub has proposed, and nothing of their own. */
TEST(no_member_changes_them)
{
	struct plan p = { .n = 0 };
	begin();
	struct proposal hub = hub_key(sign_public(&new_hub)),
			frank = franking_key(sign_public(&new_frank));
	room_refuses_message(&the, rosa, room_lawless_propose(&the, rosa, &hub), UC_E_POLICY);
	room_refuses_message(&the, rosa, room_lawless_propose(&the, rosa, &frank), UC_E_POLICY);
	p.v[p.n++] = hub;
	room_refuses(&the, rosa, &p, UC_E_POLICY);
	p.v[0] = frank;
	room_refuses(&the, rosa, &p, UC_E_POLICY);
	/* Nobody speaks for the hub with its key to come. */
	room_refuses_message(&the, NULL, by_hub(&hub, &new_hub), UC_E_SIGNATURE);
	end();
}

/* Two of one kind, as a hub that was put back might send them: the room goes on. */
TEST(said_twice_it_is_no_harm)
{
	struct plan none = { .n = 0 };
	struct sign_key third;
	begin();
	expect_ok(sign_key_generate(suite_find(SUITE_X25519_AES128), test_env(), &third));
	struct proposal v[] = { hub_key(sign_public(&new_hub)), hub_key(sign_public(&third)),
				franking_key(sign_public(&new_frank)),
				franking_key(sign_public(&third)) };
	for (size_t i = 0; i < 4; i++)
		expect_ok(room_deliver(&the, NULL, by_hub(&v[i], &the.hub)));
	expect_ok(room_commit(&the, tom, &none));
	room_agrees(&the);
	expect_bytes(room_now(&the).franking_key, sign_public(&third));
	end();
}
