/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 9420 on the wire: messages, and what stands in them. */
#include "mls/credential.h"
#include "mls/leaf_node.h"
#include "mls/message.h"
#include "mls/proposal.h"

#include "tests/fuzz/walks.h"

static const struct fuzz_walk rows[] = {
	FUZZ_WALK(mls_message) FUZZ_WALK(key_package)
		FUZZ_WALK(group_info){ ratchet_tree_element, sizeof(struct node_list) },
	FUZZ_WALK(welcome) FUZZ_WALK(leaf_node) FUZZ_WALK(parent_node) FUZZ_WALK(framed_content)
		FUZZ_WALK(authenticated_content) FUZZ_WALK(group_context) FUZZ_WALK(group_secrets)
			FUZZ_WALK(proposal) FUZZ_WALK(re_init) FUZZ_WALK(commit)
				FUZZ_WALK(update_path) FUZZ_WALK(pre_shared_key_id) FUZZ_WALK(
					required_capabilities) FUZZ_WALK(external_sender_list)
					FUZZ_WALK(app_data_dictionary) FUZZ_WALK(components_list)
						FUZZ_WALK(safe_aad)
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	return fuzz_walks(rows, sizeof rows / sizeof *rows, view_make(data, n));
}
