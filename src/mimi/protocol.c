/* SPDX-License-Identifier: Apache-2.0 */
/* Rooms: update, submitMessage, notify, groupInfo.  The others are in protocol_people.c. */
#include "mimi/protocol.h"

#include "mimi/protocol_mls.h"

/* --- encoded MLS objects --- */

void wire_encoded(struct wire *w, struct view *v, wire_element *walk, size_t size)
{
	if (!wire_reading(w)) {
		if (!v->n)
			wire_fail(w, UC_E_ARGUMENT);
		wire_rest(w, v);
		return;
	}
	const uint8_t *start = w->p;
	void *object = arena_take(w->mem, size);
	if (!object) {
		wire_fail(w, UC_E_LIMIT);
		return;
	}
	walk(w, object);
	if (!w->failed)
		*v = (struct view){ start, (size_t)(w->p - start) };
}

/* *message is NULL when writing or failed. */
static void mls_message_bytes(struct wire *w, struct view *v, struct mls_message **message)
{
	const uint8_t *start = w->p;
	*message = NULL;
	if (!wire_reading(w)) {
		wire_rest(w, v);
		return;
	}
	struct mls_message *m = ARENA_NEW(w->mem, struct mls_message);
	if (!m) {
		wire_fail(w, UC_E_LIMIT);
		return;
	}
	wire_mls_message(w, m);
	if (w->failed)
		return;
	*v = (struct view){ start, (size_t)(w->p - start) };
	*message = m;
}

void mls_message_view_element(struct wire *w, void *v)
{
	struct mls_message *m;
	mls_message_bytes(w, v, &m);
}

static void key_package_walk(struct wire *w, void *v)
{
	wire_key_package(w, v);
}

void key_package_view_element(struct wire *w, void *v)
{
	wire_encoded(w, v, key_package_walk, sizeof(struct key_package));
}

static void group_info_walk(struct wire *w, void *v)
{
	wire_group_info(w, v);
}

static void welcome_walk(struct wire *w, void *v)
{
	wire_welcome(w, v);
}

static void ratchet_tree_walk(struct wire *w, void *v)
{
	wire_ratchet_tree(w, v);
}

static void welcome_view_element(struct wire *w, void *v)
{
	wire_encoded(w, v, welcome_walk, sizeof(struct welcome));
}

/* optional<Welcome>, absent when the view is empty. */
static void wire_optional_welcome(struct wire *w, struct view *v)
{
	struct view *p = wire_reading(w) || !v->n ? NULL : v;
	WIRE_OPTION(w, &p, welcome_view_element);
	if (wire_reading(w))
		*v = p && !w->failed ? *p : (struct view){ NULL, 0 };
}

/* --- update --- */

void wire_group_info_option(struct wire *w, struct group_info_option *g)
{
	wire_u8(w, &g->representation);
	if (g->representation == GROUP_INFO_FULL)
		wire_encoded(w, &g->group_info, group_info_walk, sizeof(struct group_info));
	else
		wire_fail(w, UC_E_UNSUPPORTED);
}

void wire_ratchet_tree_option(struct wire *w, struct ratchet_tree_option *r)
{
	wire_u8(w, &r->representation);
	switch (r->representation) {
	case RATCHET_TREE_FULL:
		wire_encoded(w, &r->ratchet_tree, ratchet_tree_walk, sizeof(struct node_list));
		break;
	case RATCHET_TREE_HTTPS_URI:
		wire_bytes(w, &r->ratchet_tree_url);
		wire_bytes(w, &r->tree_signature);
		break;
	case RATCHET_TREE_OUT_OF_BAND:
		wire_bytes(w, &r->tree_signature);
		break;
	case RATCHET_TREE_DISTRIBUTION_SERVICE:
		break;
	default:
		wire_fail(w, UC_E_MALFORMED);
	}
}

void wire_handshake_bundle(struct wire *w, struct handshake_bundle *h)
{
	struct mls_message *m;
	mls_message_bytes(w, &h->proposal_or_commit, &m);
	if (m) {
		if (m->wire_format != MLS_PUBLIC_MESSAGE)
			wire_fail(w, UC_E_UNEXPECTED);
		else
			h->content_type = m->public_message.content.content_type;
	}
	if (w->failed)
		return;
	switch (h->content_type) {
	case CONTENT_COMMIT:
		wire_optional_welcome(w, &h->welcome);
		wire_group_info_option(w, &h->group_info_option);
		wire_ratchet_tree_option(w, &h->ratchet_tree_option);
		break;
	case CONTENT_PROPOSAL:
		WIRE_LIST(w, &h->more_proposals, mls_message_view_element);
		break;
	default:
		wire_fail(w, UC_E_UNEXPECTED);
	}
}

void wire_update_request(struct wire *w, struct update_request *u)
{
	wire_handshake_bundle(w, &u->bundle);
}

void update_request_element(struct wire *w, void *v)
{
	wire_update_request(w, v);
}

void wire_update_room_response(struct wire *w, struct update_room_response *u)
{
	wire_u8(w, &u->response_code);
	wire_bytes(w, &u->error_description);
	switch (u->response_code) {
	case UPDATE_SUCCESS:
		wire_u64(w, &u->accepted_timestamp);
		break;
	case UPDATE_WRONG_EPOCH:
		wire_u64(w, &u->current_epoch);
		break;
	case UPDATE_NOT_ALLOWED:
		break;
	case UPDATE_INVALID_PROPOSAL:
		WIRE_LIST(w, &u->invalid_proposals, bytes_element);
		break;
	default:
		wire_fail(w, UC_E_MALFORMED);
	}
}

void update_room_response_element(struct wire *w, void *v)
{
	wire_update_room_response(w, v);
}

/* --- submitMessage --- */

static void wire_protocol(struct wire *w, uint8_t *protocol)
{
	wire_u8(w, protocol);
	if (*protocol != PROTOCOL_MLS10)
		wire_fail(w, UC_E_VERSION);
}

void wire_submit_message_request(struct wire *w, struct submit_message_request *s)
{
	struct mls_message *m;
	wire_protocol(w, &s->protocol);
	mls_message_bytes(w, &s->app_message, &m);
	if (m && (m->wire_format != MLS_PRIVATE_MESSAGE ||
		  m->private_message.content_type != CONTENT_APPLICATION))
		wire_fail(w, UC_E_UNEXPECTED);
	wire_bytes(w, &s->sending_uri);
}

void submit_message_request_element(struct wire *w, void *v)
{
	wire_submit_message_request(w, v);
}

void wire_frank(struct wire *w, struct frank *f)
{
	wire_fixed(w, f->server_frank, sizeof f->server_frank);
	wire_u16(w, &f->franking_signature_ciphersuite);
	wire_bytes(w, &f->franking_integrity_signature);
}

void frank_element(struct wire *w, void *v)
{
	wire_frank(w, v);
}

void wire_submit_message_response(struct wire *w, struct submit_message_response *s)
{
	wire_protocol(w, &s->protocol);
	wire_u8(w, &s->status_code);
	switch (s->status_code) {
	case SUBMIT_ACCEPTED:
		wire_u64(w, &s->accepted_timestamp);
		WIRE_OPTION(w, &s->frank, frank_element);
		break;
	case SUBMIT_NOT_ALLOWED:
		break;
	case SUBMIT_EPOCH_TOO_OLD:
		wire_u64(w, &s->current_epoch);
		break;
	default:
		wire_fail(w, UC_E_MALFORMED);
	}
}

void submit_message_response_element(struct wire *w, void *v)
{
	wire_submit_message_response(w, v);
}

/* --- notify --- */

static void fanout_kind(struct wire *w, struct fanout_message *f, const struct mls_message *m)
{
	f->wire_format = m->wire_format;
	switch (m->wire_format) {
	case MLS_PUBLIC_MESSAGE:
		f->content_type = m->public_message.content.content_type;
		break;
	case MLS_PRIVATE_MESSAGE:
		f->content_type = m->private_message.content_type;
		break;
	case MLS_WELCOME:
		f->content_type = 0;
		break;
	default:
		wire_fail(w, UC_E_UNEXPECTED);
	}
}

/* The draft's selector mixes wire formats and content types: both decide. */
void wire_fanout_message(struct wire *w, struct fanout_message *f)
{
	struct mls_message *m;
	wire_u64(w, &f->timestamp);
	mls_message_bytes(w, &f->message, &m);
	if (m)
		fanout_kind(w, f, m);
	if (w->failed)
		return;
	if (f->wire_format == MLS_WELCOME)
		wire_ratchet_tree_option(w, &f->ratchet_tree_option);
	else if (f->content_type == CONTENT_APPLICATION && f->wire_format == MLS_PRIVATE_MESSAGE)
		WIRE_OPTION(w, &f->frank, frank_element);
	else if (f->content_type == CONTENT_PROPOSAL && f->wire_format == MLS_PUBLIC_MESSAGE)
		WIRE_LIST(w, &f->more_proposals, mls_message_view_element);
	else if (f->content_type == CONTENT_COMMIT && f->wire_format == MLS_PUBLIC_MESSAGE)
		WIRE_LIST(w, &f->external_proposals, mls_message_view_element);
	else
		wire_fail(w, UC_E_UNEXPECTED);
}

void fanout_message_element(struct wire *w, void *v)
{
	wire_fanout_message(w, v);
}

/* --- groupInfo --- */

static void group_info_request_body(struct wire *w, struct group_info_request *g)
{
	wire_protocol(w, &g->protocol);
	wire_u16(w, &g->cipher_suite);
	wire_bytes(w, &g->requesting_signature_key);
	wire_credential(w, &g->requesting_credential);
	wire_bytes(w, &g->group_info_public_key);
	wire_bytes(w, &g->joining_code);
}

void wire_group_info_request(struct wire *w, struct group_info_request *g)
{
	group_info_request_body(w, g);
	wire_bytes(w, &g->signature);
}

void group_info_request_element(struct wire *w, void *v)
{
	wire_group_info_request(w, v);
}

void group_info_request_tbs_element(struct wire *w, void *v)
{
	group_info_request_body(w, v);
}

static void pending_proposal_element(struct wire *w, void *v)
{
	struct pending_proposal *p = v;
	mls_message_view_element(w, &p->proposal);
	wire_u64(w, &p->hub_accepted_time);
}

void wire_group_info_ratchet_tree_tbe(struct wire *w, struct group_info_ratchet_tree_tbe *g)
{
	wire_encoded(w, &g->group_info, group_info_walk, sizeof(struct group_info));
	wire_ratchet_tree_option(w, &g->ratchet_tree_option);
	WIRE_LIST(w, &g->pending_proposals, pending_proposal_element);
}

void group_info_ratchet_tree_tbe_element(struct wire *w, void *v)
{
	wire_group_info_ratchet_tree_tbe(w, v);
}

static void group_info_response_body(struct wire *w, struct group_info_response *g)
{
	wire_protocol(w, &g->version);
	wire_bytes(w, &g->room_id);
	wire_u8(w, &g->status);
	switch (g->status) {
	case GROUP_INFO_SUCCESS:
		wire_u16(w, &g->cipher_suite);
		wire_external_sender(w, &g->hub_sender);
		wire_hpke_ciphertext(w, &g->encrypted_groupinfo_and_tree);
		break;
	case GROUP_INFO_NOT_AUTHORIZED:
	case GROUP_INFO_NO_SUCH_ROOM:
		break;
	default:
		wire_fail(w, UC_E_MALFORMED);
	}
}

void wire_group_info_response(struct wire *w, struct group_info_response *g)
{
	group_info_response_body(w, g);
	if (g->status == GROUP_INFO_SUCCESS)
		wire_bytes(w, &g->signature);
}

void group_info_response_element(struct wire *w, void *v)
{
	wire_group_info_response(w, v);
}

void group_info_response_tbs_element(struct wire *w, void *v)
{
	group_info_response_body(w, v);
}
