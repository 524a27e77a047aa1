/* SPDX-License-Identifier: Apache-2.0 */
/* What one app sends another: requests, responses and what rooms carry in their GroupContext. */
#include "mimi/franking.h"
#include "mimi/media_type.h"
#include "mimi/participant.h"
#include "mimi/protocol.h"
#include "mimi/report.h"
#include "mimi/room.h"

#include "tests/fuzz/walks.h"

static const struct fuzz_walk rows[] = {
	FUZZ_WALK(update_request) FUZZ_WALK(update_room_response) FUZZ_WALK(submit_message_request)
		FUZZ_WALK(frank) FUZZ_WALK(submit_message_response) FUZZ_WALK(fanout_message)
			FUZZ_WALK(key_material_request) FUZZ_WALK(key_material_response) FUZZ_WALK(
				group_info_request) FUZZ_WALK(group_info_ratchet_tree_tbe)
				FUZZ_WALK(group_info_response) FUZZ_WALK(consent_entry) FUZZ_WALK(
					identifier_request) FUZZ_WALK(identifier_response)
					FUZZ_WALK(franking_agent_data) FUZZ_WALK(
						frank_proof) FUZZ_WALK(media_type_list)
						FUZZ_WALK(participant_list_data) FUZZ_WALK(
							participant_list_update)
							FUZZ_WALK(participant_proof)
								FUZZ_WALK(abuse_report)
									FUZZ_WALK(frank_claims)
	/* Without what stands beside a signature. */
	{ key_material_request_tbs_element, sizeof(struct key_material_request) },
	{ group_info_request_tbs_element, sizeof(struct group_info_request) },
	{ group_info_response_tbs_element, sizeof(struct group_info_response) },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	return fuzz_walks(rows, sizeof rows / sizeof *rows, view_make(data, n));
}
