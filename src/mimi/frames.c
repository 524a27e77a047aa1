/* SPDX-License-Identifier: Apache-2.0 */
/* Walks of the frames: fields in the order of frames.h. */
#include "mimi/frames.h"

void wire_hello_request(struct wire *w, struct hello_request *v)
{
	wire_u16(w, &v->version_lowest);
	wire_u16(w, &v->version);
	WIRE_LIST(w, &v->features, u16_element);
	wire_bytes(w, &v->software);
}

void wire_hello_response(struct wire *w, struct hello_response *v)
{
	wire_u16(w, &v->version);
	WIRE_LIST(w, &v->features, u16_element);
	wire_bytes(w, &v->domain);
	wire_u8(w, &v->names);
	wire_u64(w, &v->now_ms);
	wire_fixed(w, v->challenge, sizeof v->challenge);
}

void wire_code_request_request(struct wire *w, struct code_request_request *v)
{
	wire_bytes(w, &v->identifier);
}

void wire_session_tbs(struct wire *w, struct session_tbs *v)
{
	wire_u8(w, &v->purpose);
	wire_bytes(w, &v->domain);
	wire_fixed(w, v->challenge, sizeof v->challenge);
	wire_bytes(w, &v->account_id);
	wire_bytes(w, &v->subject);
}

void wire_sign_up_request(struct wire *w, struct sign_up_request *v)
{
	wire_bytes(w, &v->identifier);
	wire_bytes(w, &v->code);
	wire_bytes(w, &v->account_key);
	wire_bytes(w, &v->device_key);
	wire_bytes(w, &v->intake_key);
	wire_bytes(w, &v->device_list_entry);
	wire_bytes(w, &v->signature);
}

void wire_sign_up_response(struct wire *w, struct sign_up_response *v)
{
	wire_fixed(w, v->account_id, sizeof v->account_id);
}

void wire_sign_in_request(struct wire *w, struct sign_in_request *v)
{
	wire_fixed(w, v->account_id, sizeof v->account_id);
	wire_bytes(w, &v->device_key);
	wire_bytes(w, &v->signature);
	wire_u64(w, &v->intake_cursor);
}

void wire_sign_in_response(struct wire *w, struct sign_in_response *v)
{
	wire_u32(w, &v->list_generation);
	wire_u32(w, &v->list_position);
	wire_u32(w, &v->sets_left);
	wire_u64(w, &v->intake_next);
}

void wire_recover_request(struct wire *w, struct recover_request *v)
{
	wire_bytes(w, &v->account_key);
	wire_bytes(w, &v->signature);
}

void wire_recover_response(struct wire *w, struct recover_response *v)
{
	wire_fixed(w, v->account_id, sizeof v->account_id);
	WIRE_LIST(w, &v->entries, bytes_element);
}

void wire_device_reset_request(struct wire *w, struct device_reset_request *v)
{
	wire_bytes(w, &v->device_list_entry);
	wire_bytes(w, &v->device_key);
	wire_bytes(w, &v->intake_key);
	wire_bytes(w, &v->signature);
}

void wire_device_list_get_response(struct wire *w, struct device_list_get_response *v)
{
	WIRE_LIST(w, &v->entries, bytes_element);
}

void wire_device_append_request(struct wire *w, struct device_append_request *v)
{
	wire_bytes(w, &v->device_list_entry);
	wire_bytes(w, &v->device_key);
	wire_bytes(w, &v->intake_key);
}

void wire_account_delete_request(struct wire *w, struct account_delete_request *v)
{
	wire_bytes(w, &v->signature);
}

void wire_vault_put_request(struct wire *w, struct vault_put_request *v)
{
	wire_u64(w, &v->version);
	wire_bytes(w, &v->vault);
}

void wire_vault_get_response(struct wire *w, struct vault_get_response *v)
{
	wire_u64(w, &v->version);
	wire_bytes(w, &v->vault);
}

void wire_settings_put_request(struct wire *w, struct settings_put_request *v)
{
	wire_bytes(w, &v->statement);
	wire_bytes(w, &v->code);
}

void wire_settings_get_response(struct wire *w, struct settings_get_response *v)
{
	wire_bytes(w, &v->statement);
	wire_u8(w, &v->checked);
	wire_u8(w, &v->attested);
}

void wire_age_present_request(struct wire *w, struct age_present_request *v)
{
	wire_bytes(w, &v->statement);
	wire_fixed(w, v->salt, sizeof v->salt);
}

void wire_pool_slot(struct wire *w, struct pool_slot *v)
{
	wire_fixed(w, v->set_id, sizeof v->set_id);
	wire_fixed(w, v->slot_id, sizeof v->slot_id);
	wire_u64(w, &v->not_after_ms);
	wire_bytes(w, &v->sealed);
}

void wire_pool_put_request(struct wire *w, struct pool_put_request *v)
{
	WIRE_LIST(w, &v->slots, pool_slot_element);
}

void wire_set_id(struct wire *w, struct set_id *v)
{
	wire_fixed(w, v->id, sizeof v->id);
}

void wire_pool_status_response(struct wire *w, struct pool_status_response *v)
{
	WIRE_LIST(w, &v->sets, set_id_element);
}

void wire_pool_take_request(struct wire *w, struct pool_take_request *v)
{
	wire_fixed(w, v->set_id, sizeof v->set_id);
}

void wire_pool_take_response(struct wire *w, struct pool_take_response *v)
{
	WIRE_LIST(w, &v->sealed, bytes_element);
}

void wire_request_key_put_request(struct wire *w, struct request_key_put_request *v)
{
	wire_bytes(w, &v->request_key);
}

void wire_address_wish(struct wire *w, struct address_wish *v)
{
	wire_u8(w, &v->kind);
	wire_u8(w, &v->channel);
	wire_u64(w, &v->expires_ms);
	wire_fixed(w, v->set_id, sizeof v->set_id);
	wire_bytes(w, &v->set_key);
	wire_fixed(w, v->grant_id, sizeof v->grant_id);
	wire_fixed(w, v->room_tag, sizeof v->room_tag);
}

void wire_address_make_request(struct wire *w, struct address_make_request *v)
{
	WIRE_LIST(w, &v->wishes, address_wish_element);
}

void wire_address_make_response(struct wire *w, struct address_make_response *v)
{
	WIRE_LIST(w, &v->addresses, bytes_element);
}

void wire_name_change_request(struct wire *w, struct name_change_request *v)
{
	wire_bytes(w, &v->identifier);
	wire_bytes(w, &v->code);
}

void wire_grant_revoke_request(struct wire *w, struct grant_revoke_request *v)
{
	wire_fixed(w, v->grant_id, sizeof v->grant_id);
}

void wire_directory_request(struct wire *w, struct directory_request *v)
{
	wire_bytes(w, &v->domain);
}

void wire_directory_response(struct wire *w, struct directory_response *v)
{
	wire_bytes(w, &v->document);
	wire_bytes(w, &v->certificate);
	wire_bytes(w, &v->signature);
}

void wire_lookup_request(struct wire *w, struct lookup_request *v)
{
	wire_bytes(w, &v->domain);
	wire_bytes(w, &v->sealed_query);
}

void wire_lookup_response(struct wire *w, struct lookup_response *v)
{
	wire_bytes(w, &v->sealed_answer);
}

void wire_consent_request_request(struct wire *w, struct consent_request_request *v)
{
	wire_bytes(w, &v->consent_entry);
}

void wire_consent_update_request(struct wire *w, struct consent_update_request *v)
{
	wire_bytes(w, &v->consent_entry);
}

void wire_token_wish(struct wire *w, struct token_wish *v)
{
	wire_bytes(w, &v->reply_address);
	wire_bytes(w, &v->target);
	wire_fixed(w, v->blinded, sizeof v->blinded);
}

void wire_token_issue_request(struct wire *w, struct token_issue_request *v)
{
	wire_fixed(w, v->token_key_id, sizeof v->token_key_id);
	WIRE_LIST(w, &v->wishes, token_wish_element);
}

void wire_token_issue_response(struct wire *w, struct token_issue_response *v)
{
	wire_bytes(w, &v->evaluated);
	wire_bytes(w, &v->proof);
}

void wire_seat_find_request(struct wire *w, struct seat_find_request *v)
{
	WIRE_LIST(w, &v->clients, bytes_element);
}

void wire_seat_place(struct wire *w, struct seat_place *v)
{
	wire_bytes(w, &v->client);
	wire_bytes(w, &v->room);
}

void wire_seat_find_response(struct wire *w, struct seat_find_response *v)
{
	WIRE_LIST(w, &v->seats, seat_place_element);
}

void wire_seat_tbs(struct wire *w, struct seat_tbs *v)
{
	wire_bytes(w, &v->room);
	wire_bytes(w, &v->client);
	wire_fixed(w, v->challenge, sizeof v->challenge);
	wire_fixed(w, v->secret_hash, sizeof v->secret_hash);
}

void wire_seat_open_request(struct wire *w, struct seat_open_request *v)
{
	wire_bytes(w, &v->room);
	wire_bytes(w, &v->client);
	wire_bytes(w, &v->secret);
	wire_bytes(w, &v->signature);
	wire_u64(w, &v->cursor);
	wire_fixed(w, v->chain, sizeof v->chain);
}

void wire_seat_open_response(struct wire *w, struct seat_open_response *v)
{
	wire_u32(w, &v->seat);
	wire_u64(w, &v->start);
	wire_fixed(w, v->start_chain, sizeof v->start_chain);
	wire_u64(w, &v->first);
	wire_u64(w, &v->next);
	wire_bytes(w, &v->welcome);
	wire_bytes(w, &v->ratchet_tree);
	wire_u8(w, &v->hub_is_own_app);
	wire_u64(w, &v->renewed);
	if (!v->renewed)
		return;
	wire_u8(w, &v->is_behind);
	wire_fixed(w, v->renewed_chain, sizeof v->renewed_chain);
	wire_u64(w, &v->epoch);
	wire_fixed(w, v->transcript, sizeof v->transcript);
}

void wire_seat_again(struct wire *w, struct seat_again *v)
{
	wire_bytes(w, &v->room);
	wire_bytes(w, &v->client);
	wire_fixed(w, v->secret, sizeof v->secret);
	wire_u64(w, &v->cursor);
}

void wire_seats_open_request(struct wire *w, struct seats_open_request *v)
{
	WIRE_LIST(w, &v->seats, seat_again_element);
}

void wire_seat_opened(struct wire *w, struct seat_opened *v)
{
	wire_u16(w, &v->status);
	if (v->status)
		return;
	wire_u32(w, &v->seat);
	wire_u64(w, &v->first);
	wire_u64(w, &v->next);
}

void wire_seats_open_response(struct wire *w, struct seats_open_response *v)
{
	WIRE_LIST(w, &v->seats, seat_opened_element);
}

void wire_seat_close_request(struct wire *w, struct seat_close_request *v)
{
	wire_u32(w, &v->seat);
}

void wire_room_create_request(struct wire *w, struct room_create_request *v)
{
	wire_bytes(w, &v->room);
	wire_bytes(w, &v->client);
	wire_bytes(w, &v->group_info);
	wire_bytes(w, &v->ratchet_tree);
	wire_bytes(w, &v->secret);
	wire_bytes(w, &v->signature);
}

void wire_room_create_response(struct wire *w, struct room_create_response *v)
{
	wire_u32(w, &v->seat);
	wire_u64(w, &v->accepted_timestamp);
	wire_u64(w, &v->seq);
	wire_fixed(w, v->chain, sizeof v->chain);
}

void wire_room_update_request(struct wire *w, struct room_update_request *v)
{
	wire_u32(w, &v->seat);
	wire_bytes(w, &v->room);
	wire_bytes(w, &v->client);
	wire_bytes(w, &v->secret);
	wire_bytes(w, &v->signature);
	wire_bytes(w, &v->update);
}

void wire_room_update_response(struct wire *w, struct room_update_response *v)
{
	wire_bytes(w, &v->response);
	wire_u32(w, &v->seat);
	wire_u64(w, &v->seq);
}

void wire_room_submit_request(struct wire *w, struct room_submit_request *v)
{
	wire_u32(w, &v->seat);
	wire_bytes(w, &v->message);
}

void wire_room_submit_response(struct wire *w, struct room_submit_response *v)
{
	wire_bytes(w, &v->response);
	wire_u64(w, &v->seq);
}

void wire_room_group_info_request(struct wire *w, struct room_group_info_request *v)
{
	wire_bytes(w, &v->room);
	wire_bytes(w, &v->request);
}

void wire_room_group_info_response(struct wire *w, struct room_group_info_response *v)
{
	wire_bytes(w, &v->response);
}

void wire_key_material_request_frame(struct wire *w, struct key_material_request_frame *v)
{
	wire_u32(w, &v->seat);
	wire_bytes(w, &v->target);
	wire_bytes(w, &v->request);
}

void wire_key_material_response_frame(struct wire *w, struct key_material_response_frame *v)
{
	wire_bytes(w, &v->response);
}

void wire_report_request(struct wire *w, struct report_request *v)
{
	wire_bytes(w, &v->room);
	wire_u8(w, &v->to);
	wire_bytes(w, &v->report);
}

void wire_report_response(struct wire *w, struct report_response *v)
{
	wire_u8(w, &v->verdict);
	wire_u8(w, &v->told);
}

void wire_discovery_evaluate_request(struct wire *w, struct discovery_evaluate_request *v)
{
	wire_bytes(w, &v->blinded);
}

void wire_discovery_answered(struct wire *w, struct discovery_answered *v)
{
	wire_bytes(w, &v->evaluated);
	wire_fixed(w, v->proof, sizeof v->proof);
}

void wire_discovery_evaluate_response(struct wire *w, struct discovery_evaluate_response *v)
{
	WIRE_LIST(w, &v->answers, discovery_answered_element);
}

void wire_discovery_custody_response(struct wire *w, struct discovery_custody_response *v)
{
	wire_bytes(w, &v->key);
	wire_discovery_answered(w, &v->answered);
}

void wire_discovery_filter_request(struct wire *w, struct discovery_filter_request *v)
{
	wire_bytes(w, &v->key);
	wire_u64(w, &v->edition);
	wire_u64(w, &v->offset);
}

void wire_discovery_filter_response(struct wire *w, struct discovery_filter_response *v)
{
	wire_u64(w, &v->edition);
	wire_u32(w, &v->day);
	wire_u64(w, &v->total);
	wire_u64(w, &v->offset);
	wire_bytes(w, &v->chunk);
}

void wire_discoverable_set_request(struct wire *w, struct discoverable_set_request *v)
{
	wire_u8(w, &v->on);
	wire_bytes(w, &v->number);
}

void wire_seat_ack(struct wire *w, struct seat_ack *v)
{
	wire_u32(w, &v->seat);
	wire_u64(w, &v->seq);
}

void wire_intake_ack(struct wire *w, struct intake_ack *v)
{
	wire_u64(w, &v->seq);
}

void wire_log_entry(struct wire *w, struct log_entry *v)
{
	wire_u16(w, &v->version);
	if (wire_reading(w) && v->version != LOG_ENTRY_VERSION)
		wire_fail(w, UC_E_VERSION);
	wire_u64(w, &v->seq);
	wire_fixed(w, v->chain, sizeof v->chain);
	wire_bytes(w, &v->fanout);
}

void wire_entry_event(struct wire *w, struct entry_event *v)
{
	wire_u32(w, &v->seat);
	wire_log_entry(w, &v->entry);
}

void wire_entry_own_event(struct wire *w, struct entry_own_event *v)
{
	wire_u32(w, &v->seat);
	wire_u64(w, &v->seq);
	wire_fixed(w, v->chain, sizeof v->chain);
	wire_u64(w, &v->timestamp);
	wire_bytes(w, &v->frank);
}

void wire_intake_event(struct wire *w, struct intake_event *v)
{
	wire_u64(w, &v->seq);
	wire_u8(w, &v->intake_kind);
	wire_u64(w, &v->received_ms);
	wire_bytes(w, &v->sealed);
}

void wire_seat_ready_event(struct wire *w, struct seat_ready_event *v)
{
	wire_seat_place(w, &v->place);
}

void wire_seat_ended_event(struct wire *w, struct seat_ended_event *v)
{
	wire_u32(w, &v->seat);
}

void wire_set_taken_event(struct wire *w, struct set_taken_event *v)
{
	wire_fixed(w, v->set_id, sizeof v->set_id);
}

void wire_device_list_event(struct wire *w, struct device_list_event *v)
{
	wire_u32(w, &v->list_generation);
	wire_u32(w, &v->list_position);
}

void wire_going_away_event(struct wire *w, struct going_away_event *v)
{
	wire_u32(w, &v->retry_after_s);
	wire_u32(w, &v->jitter_s);
}

void wire_empty(struct wire *w, struct empty *v)
{
	(void)w;
	(void)v;
}

#define FRAME_ELEMENT(name)                          \
	void name##_element(struct wire *w, void *v) \
	{                                            \
		wire_##name(w, v);                   \
	}
FRAME_WALKS(FRAME_ELEMENT)
FRAME_ELEMENT(frame)
#undef FRAME_ELEMENT

void wire_frame(struct wire *w, struct frame *f)
{
	wire_u8(w, &f->kind);
	wire_u16(w, &f->type);
	switch (f->kind) {
	case FRAME_RESPONSE:
		wire_u32(w, &f->id);
		wire_u16(w, &f->status);
		wire_u32(w, &f->retry_after_s);
		wire_bytes(w, &f->text);
		break;
	case FRAME_REQUEST:
		wire_u32(w, &f->id);
		break;
	case FRAME_EVENT:
	case FRAME_NOTICE:
		break;
	default:
		wire_fail(w, UC_E_FRAME);
	}
	wire_rest(w, &f->body);
}

static const struct frame_rule rules[] = {
#define FRAME_RULE(name, walk, number, phase, limit) { number, #name, phase, limit },
	FRAME_REQUESTS(FRAME_RULE)
#undef FRAME_RULE
};

const struct frame_rule *frame_rule_find(uint16_t type)
{
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if (rules[i].type == type)
			return &rules[i];
	return NULL;
}

/* The body follows the head without a length: the WebSocket message ends the frame. */
static uc_err frame_add(struct buf *out, const struct frame *f, wire_element *walk,
			const void *body)
{
	TRY(wire_encode(out, frame_element, f));
	return walk ? wire_encode(out, walk, body) : UC_OK;
}

uc_err frame_add_request(struct buf *out, uint16_t type, uint32_t id, wire_element *walk,
			 const void *body)
{
	struct frame f = { .kind = FRAME_REQUEST, .type = type, .id = id };
	return frame_add(out, &f, walk, body);
}

uc_err frame_add_response(struct buf *out, uint16_t type, uint32_t id, wire_element *walk,
			  const void *body)
{
	struct frame f = { .kind = FRAME_RESPONSE, .type = type, .id = id };
	return frame_add(out, &f, walk, body);
}

uc_err frame_add_refusal(struct buf *out, uint16_t type, uint32_t id, uc_err status,
			 struct view text, uint32_t retry_after_s)
{
	struct frame f = { .kind = FRAME_RESPONSE,
			   .type = type,
			   .id = id,
			   .status = (uint16_t)status,
			   .retry_after_s = retry_after_s,
			   .text = text.n ? text : view_str(uc_err_text(status)) };
	return frame_add(out, &f, NULL, NULL);
}

uc_err frame_add_event(struct buf *out, uint16_t type, wire_element *walk, const void *body)
{
	struct frame f = { .kind = FRAME_EVENT, .type = type };
	return frame_add(out, &f, walk, body);
}

uc_err frame_add_notice(struct buf *out, uint16_t type, wire_element *walk, const void *body)
{
	struct frame f = { .kind = FRAME_NOTICE, .type = type };
	return frame_add(out, &f, walk, body);
}

static size_t number_put(uint8_t *out, uint64_t v, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		out[i] = (uint8_t)(v >> 8 * (bytes - 1 - i));
	return bytes;
}

/* As wire_frame, wire_entry_event and wire_log_entry write it. */
size_t entry_frame_head(uint8_t out[ENTRY_HEAD_MAX], const struct log_entry *e)
{
	size_t at = 0, n = e->fanout.n;
	at += number_put(out + at, FRAME_EVENT, 1);
	at += number_put(out + at, FRAME_ENTRY, 2);
	at += number_put(out + at, 0, 4);
	at += number_put(out + at, LOG_ENTRY_VERSION, 2);
	at += number_put(out + at, e->seq, 8);
	memcpy(out + at, e->chain, CHAIN_HASH);
	at += CHAIN_HASH;
	if (n < 64)
		return at + number_put(out + at, n, 1);
	return n < 16384 ? at + number_put(out + at, 0x4000 | n, 2)
			 : at + number_put(out + at, 0x80000000 | n, 4);
}

void entry_frame_seat(uint8_t *frame, uint32_t seat)
{
	for (int i = 0; i < 4; i++)
		frame[ENTRY_FRAME_SEAT + i] = (uint8_t)(seat >> 8 * (3 - i));
}

void entry_frame_add(struct buf *out, uint32_t seat, struct view entry)
{
	uint8_t head[ENTRY_FRAME_HEAD] = { FRAME_EVENT, FRAME_ENTRY >> 8, FRAME_ENTRY & 0xff };
	entry_frame_seat(head, seat);
	buf_add_view(out, VIEW_OF(head));
	buf_add_view(out, entry);
}
