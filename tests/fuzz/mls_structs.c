/* SPDX-License-Identifier: Apache-2.0 */
/* Every struct of RFC 9420 and draft-ietf-mls-extensions-10 that has a walk, those that are only
 * signed, hashed or sealed among them: the first byte chooses, and what is accepted is written
 * again byte for byte.  scripts/check-fuzz fails when a walk has no row here. */
#include "mls/component.h"
#include "mls/commit_history.h"
#include "mls/credential.h"
#include "mls/key_schedule.h"
#include "mls/leaf_node.h"
#include "mls/media_type.h"
#include "mls/message.h"
#include "mls/proposal.h"
#include "mls/safe_aad.h"
#include "mls/treekem.h"

#include "tests/fuzz/walks.h"

/* clang-format off */
/* Those with a NAME_element of their own. */
#define ELEMENTS(X) \
	X(mls_message) \
	X(welcome) \
	X(group_info) \
	X(key_package) \
	X(leaf_node) \
	X(parent_node) \
	X(framed_content) \
	X(authenticated_content) \
	X(group_context) \
	X(group_secrets) \
	X(proposal) \
	X(re_init) \
	X(commit) \
	X(update_path) \
	X(pre_shared_key_id) \
	X(psk_label) \
	X(private_content_aad) \
	X(sender_data) \
	X(sender_data_aad) \
	X(interim_transcript_hash_input) \
	X(required_capabilities) \
	X(external_sender_list) \
	X(app_data_dictionary) \
	X(components_list) \
	X(wire_formats) \
	X(component_operation_label) \
	X(app_ack) \
	X(media_type) \
	X(media_type_list) \
	X(application_framing) \
	X(safe_aad)
/* Those that stand in others alone. */
#define PARTS(X) \
	X(sender) \
	X(public_message) \
	X(private_message) \
	X(path_secret) \
	X(encrypted_group_secrets) \
	X(hpke_ciphertext) \
	X(update_path_node) \
	X(proposal_or_ref) \
	X(component_data) \
	X(safe_aad_item) \
	X(message_range) \
	X(credential) \
	X(extension) \
	X(extension_list) \
	X(capabilities) \
	X(external_sender) \
	X(lifetime) \
	X(node) \
	X(commit_history) \
	X(epoch_secrets) \
	X(tree_secrets)
/* Those that have to be told something first: below. */
#define TOLD(X) \
	X(framed_content_auth_data) \
	X(framed_content_tbs) \
	X(authenticated_content_tbm) \
	X(confirmed_transcript_hash_input) \
	X(private_message_content) \
	X(leaf_node_tbs)
/* clang-format on */

PARTS(FUZZ_ELEMENT)

/* Where the struct does not say it itself: a byte in front is the content type. */
struct framed_content_auth_data_told {
	uint8_t content_type;
	struct framed_content_auth_data auth;
};
static void framed_content_auth_data_told_walk(struct wire *w, void *v)
{
	struct framed_content_auth_data_told *o = v;
	wire_u8(w, &o->content_type);
	wire_framed_content_auth_data(w, &o->auth, o->content_type);
}

struct private_message_content_told {
	uint8_t content_type;
	struct private_message_content inside;
};
static void private_message_content_told_walk(struct wire *w, void *v)
{
	struct private_message_content_told *o = v;
	wire_u8(w, &o->content_type);
	o->inside.content_type = o->content_type;
	private_message_content_element(w, &o->inside);
}

/* What points at its parts; the encoded GroupContext is of this length. */
enum { CONTEXT_BYTES = 8 };
struct framed_content_tbs_told {
	struct framed_content content;
	struct framed_content_tbs tbs;
};
static void framed_content_tbs_told_walk(struct wire *w, void *v)
{
	struct framed_content_tbs_told *o = v;
	o->tbs.content = &o->content;
	o->tbs.context.n = CONTEXT_BYTES;
	framed_content_tbs_element(w, &o->tbs);
}

struct authenticated_content_tbm_told {
	struct framed_content content;
	struct framed_content_auth_data auth;
	struct authenticated_content_tbm tbm;
};
static void authenticated_content_tbm_told_walk(struct wire *w, void *v)
{
	struct authenticated_content_tbm_told *o = v;
	o->tbm.auth = &o->auth;
	o->tbm.content_tbs.content = &o->content;
	o->tbm.content_tbs.context.n = CONTEXT_BYTES;
	authenticated_content_tbm_element(w, &o->tbm);
}

struct confirmed_transcript_hash_input_told {
	struct framed_content content;
	struct confirmed_transcript_hash_input input;
};
static void confirmed_transcript_hash_input_told_walk(struct wire *w, void *v)
{
	struct confirmed_transcript_hash_input_told *o = v;
	o->input.content = &o->content;
	confirmed_transcript_hash_input_element(w, &o->input);
}

struct leaf_node_tbs_told {
	struct leaf_node leaf;
	struct leaf_node_tbs tbs;
};
static void leaf_node_tbs_told_walk(struct wire *w, void *v)
{
	struct leaf_node_tbs_told *o = v;
	o->tbs.leaf_node = &o->leaf;
	leaf_node_tbs_element(w, &o->tbs);
}

#define TOLD_WALK(name) { name##_told_walk, sizeof(struct name##_told) },

/* clang-format off */
static const struct fuzz_walk rows[] = {
	ELEMENTS(FUZZ_WALK)
	PARTS(FUZZ_WALK)
	TOLD(TOLD_WALK)
	{ ratchet_tree_element, sizeof(struct node_list) },
	{ key_package_tbs_element, sizeof(struct key_package) },
	{ group_info_tbs_element, sizeof(struct group_info) },
};
/* clang-format on */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	return fuzz_walks(rows, sizeof rows / sizeof *rows, view_make(data, n));
}
