/* SPDX-License-Identifier: Apache-2.0 */
/* The walks of what stands in frames; the end of frames.h, which says what they are. */
#ifndef MIMI_FRAME_WALKS_H
#define MIMI_FRAME_WALKS_H

#include "mimi/frames.h"

/* Elements (walks as callbacks) for every struct of frames.h that stands in a body. */
/* clang-format off */
#define FRAME_WALKS(X) \
	X(hello_request) \
	X(hello_response) \
	X(code_request_request) \
	X(session_tbs) \
	X(sign_up_request) \
	X(sign_up_response) \
	X(sign_in_request) \
	X(sign_in_response) \
	X(recover_request) \
	X(recover_response) \
	X(device_reset_request) \
	X(device_list_get_response) \
	X(device_append_request) \
	X(account_delete_request) \
	X(vault_put_request) \
	X(vault_get_response) \
	X(vault_event) \
	X(pair_open_request) \
	X(pair_look_request) \
	X(pair_look_response) \
	X(pair_answer_request) \
	X(pair_take_request) \
	X(pair_take_response) \
	X(pool_slot) \
	X(pool_put_request) \
	X(set_id) \
	X(pool_status_response) \
	X(pool_take_request) \
	X(pool_take_response) \
	X(request_key_put_request) \
	X(address_wish) \
	X(address_make_request) \
	X(address_make_response) \
	X(grant_revoke_request) \
	X(name_change_request) \
	X(settings_put_request) \
	X(settings_get_response) \
	X(age_present_request) \
	X(directory_request) \
	X(directory_response) \
	X(lookup_request) \
	X(lookup_response) \
	X(consent_request_request) \
	X(consent_update_request) \
	X(token_wish) \
	X(token_issue_request) \
	X(token_issue_response) \
	X(seat_find_request) \
	X(seat_place) \
	X(seat_find_response) \
	X(seat_tbs) \
	X(seat_open_request) \
	X(seat_open_response) \
	X(seat_again) \
	X(seats_open_request) \
	X(seat_opened) \
	X(seats_open_response) \
	X(seat_close_request) \
	X(room_create_request) \
	X(room_create_response) \
	X(room_update_request) \
	X(room_update_response) \
	X(room_submit_request) \
	X(room_submit_response) \
	X(room_group_info_request) \
	X(room_group_info_response) \
	X(key_material_request_frame) \
	X(key_material_response_frame) \
	X(report_request) \
	X(report_response) \
	X(discovery_evaluate_request) \
	X(discovery_answered) \
	X(discovery_evaluate_response) \
	X(discovery_custody_response) \
	X(discovery_filter_request) \
	X(discovery_filter_response) \
	X(discoverable_set_request) \
	X(attachment_put_request) \
	X(attachment_put_response) \
	X(attachment_get_request) \
	X(attachment_get_response) \
	X(seat_ack) \
	X(intake_ack) \
	X(log_entry) \
	X(entry_event) \
	X(entry_own_event) \
	X(intake_event) \
	X(seat_ready_event) \
	X(seat_ended_event) \
	X(set_taken_event) \
	X(device_list_event) \
	X(going_away_event) \
	X(empty)
/* clang-format on */
#define FRAME_DECLARE(name)                               \
	void wire_##name(struct wire *w, struct name *v); \
	void name##_element(struct wire *w, void *v);
FRAME_WALKS(FRAME_DECLARE)
#undef FRAME_DECLARE

#endif
