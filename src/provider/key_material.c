/* SPDX-License-Identifier: Apache-2.0 */
/* KeyPackages for an address: from the adder through its app to the hub of the room, and from there
 * to the app that gave the address out (draft-ietf-mimi-protocol-06, keyMaterial).  The hub vouches
 * that a participant of the room asks; what the address is worth, its app knows alone. */
#include "provider/reaching.h"
#include "provider/room_work.h"

struct key_request {
	struct provider *p;
	struct arena *a;
	struct view client; /* the asker; empty where only its hub knows */
	struct view target;
	struct view body;
	struct key_material_request m;
};

static uc_err read(struct key_request *q)
{
	struct view participant;
	TRY(wire_decode(q->body, q->a, key_material_request_element, &q->m));
	if (q->m.requester_credential.credential_type != CREDENTIAL_BASIC ||
	    uri_participant_of(q->m.requester_credential.identity, &participant) ||
	    !view_equal(participant, q->m.requesting_user) ||
	    !view_equal(q->m.target_user, q->target))
		return UC_E_MALFORMED;
	return UC_OK;
}

static uc_err check_signature(const struct key_request *q)
{
	struct view tbs;
	TRY(wire_encode_to(q->a, key_material_request_tbs_element, &q->m, &tbs));
	if (verify_with_label(suite_find(SUITE_X25519_AES128), q->m.requester_signature_key,
			      "KeyMaterialRequestTBS", tbs, q->m.key_material_request_signature))
		return UC_E_NOT_ALLOWED;
	return UC_OK;
}

/* As hub: the asker is in the room, and it is its leaf's key that signs. */
static uc_err check_as_hub(const struct key_request *q, struct room_live *r)
{
	const struct room_sender *sender;
	struct public_group *g;
	TRY(room_live_sender(q->p, r, q->client, &sender));
	TRY(room_live_group(q->p, r, &g));
	if (!sender || sender->leaving || !room_role_may_send(sender->role) ||
	    !view_equal(q->client, q->m.requester_credential.identity) ||
	    !view_equal(q->m.room_id, r->uri))
		return UC_E_NOT_ALLOWED;
	struct view key = tree_signature_key(public_group_now(g).tree, sender->leaf);
	if (!key.n || !view_equal(key, q->m.requester_signature_key))
		return UC_E_NOT_ALLOWED;
	return check_signature(q);
}

/* As the app that gave the address out. */
static uc_err redeem(const struct key_request *q, struct view *response)
{
	struct key_material_response r;
	TRY(address_redeem(q->p, q->target, &q->m, q->a, &r));
	return wire_encode_to(q->a, key_material_response_element, &r, response);
}

static uc_err target_domain(const struct key_request *q, struct view *domain)
{
	struct uri u;
	if (uri_read(q->target, &u) || u.kind != URI_KEY_ADDRESS)
		return UC_E_ADDRESS;
	*domain = u.domain;
	return UC_OK;
}

/* --- from a client --- */

static void answer(struct call *c, struct view response)
{
	const struct key_material_response_frame r = { response };
	call_respond(c, key_material_response_frame_element, &r);
}

static void asked(struct provider *p, struct ask *a, const struct peer_response *r)
{
	struct call space, *c = ask_call(p, a, &space);
	struct key_material_response m;
	if (!c)
		return;
	if (!hub_ask_refused(c, r)) {
		if (wire_decode(r->body, &c->arena, key_material_response_element, &m))
			call_refuse(c, UC_E_PEER, NULL, 0);
		else
			answer(c, r->body);
	}
	call_done(c);
}

/* Whoever is brought in: who is curbed brings few. */
static uc_err bringing_count(struct call *c, uint32_t *wait_s)
{
	struct account_record account;
	struct view id = VIEW_OF(c->s->account_id);
	TRY(account_get(c->p, id, &c->arena, &account));
	return budget_bring(c->p, id, &account, &c->arena, wait_s);
}

uc_err handle_key_material(struct call *c, struct view body)
{
	struct key_material_request_frame f;
	struct key_request q = { .p = c->p, .a = &c->arena };
	struct view domain, response;
	struct seat_live *seat;
	uint32_t wait_s = 0;
	TRY(wire_decode(body, &c->arena, key_material_request_frame_element, &f));
	TRY(seat_live_get(c->s, f.seat, &seat));
	TRY(seat_client(c->p, seat, &c->arena, &q.client));
	q.target = f.target;
	q.body = f.request;
	TRY(read(&q));
	TRY(target_domain(&q, &domain));
	TRY(bringing_count(c, &wait_s));
	if (wait_s) {
		call_refuse(c, UC_E_RATE, NULL, wait_s);
		return UC_OK;
	}
	if (seat->room->record.part != ROOM_HUB)
		return hub_ask(c, asked, "keyMaterial", seat->room->record.hub, q.target, q.client,
			       0, q.body);
	TRY(check_as_hub(&q, seat->room));
	if (!is_own_domain(c->p, domain))
		return hub_ask(c, asked, "keyMaterial", domain, q.target, q.client, 0, q.body);
	TRY(redeem(&q, &response));
	answer(c, response);
	return UC_OK;
}

/* --- from another app --- */

static void relayed(struct provider *p, struct ask *a, const struct peer_response *r)
{
	struct peer_response answer = { .status = r->status ? r->status : 503,
					.retry_after_s = r->retry_after_s,
					.body = r->body };
	p->config.out->reply(p->config.ctx, a->relay, &answer);
}

static uc_err relay(struct peer_call *c, const struct key_request *q, struct view domain)
{
	const struct view none = { NULL, 0 };
	TRY(ask_check(c->p, domain));
	struct ask *a = ask_new(c->p, relayed);
	if (!a)
		return UC_E_MEMORY;
	a->relay = c->call;
	c->later = true;
	ask_send(c->p, a, domain, "keyMaterial", q->target, none, q->body);
	return UC_OK;
}

/* For a room hosted here, from the asker's app. */
static uc_err as_hub(struct peer_call *c, struct key_request *q, struct room_live *r)
{
	struct view domain, asker, response;
	q->client = header_find(c->headers, "undercroft-client");
	if (!is_place(q->client, URI_CLIENT))
		return UC_E_MALFORMED;
	TRY(uri_domain_of(q->client, &asker));
	if (!view_equal(asker, c->domain))
		return UC_E_NOT_ALLOWED;
	TRY(check_as_hub(q, r));
	if (target_domain(q, &domain))
		return UC_E_MALFORMED;
	if (!is_own_domain(c->p, domain))
		return relay(c, q, domain);
	TRY(redeem(q, &response));
	buf_add_view(c->out, response);
	return c->out->failed;
}

/* From the hub of the room it is for. */
static uc_err as_target(struct peer_call *c, struct key_request *q)
{
	struct view hub, domain, response;
	if (uri_domain_of(q->m.room_id, &hub) || target_domain(q, &domain))
		return UC_E_MALFORMED;
	if (!view_equal(hub, c->domain) || !is_own_domain(c->p, domain))
		return UC_E_NOT_ALLOWED;
	TRY(check_signature(q));
	TRY(redeem(q, &response));
	buf_add_view(c->out, response);
	return c->out->failed;
}

static uc_err take(struct peer_call *c)
{
	struct key_request q = { .p = c->p, .a = c->a, .target = c->target, .body = c->body };
	struct room_live *r;
	TRY(read(&q));
	uc_err err = room_live_hosted(c->p, q.m.room_id, &r);
	if (!err)
		return as_hub(c, &q, r);
	return err == UC_E_NOT_FOUND ? as_target(c, &q) : err;
}

int peer_key_material(struct peer_call *c)
{
	uc_err err = take(c);
	return err ? peer_err_status(err) : 200;
}
