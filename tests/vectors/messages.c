/* SPDX-License-Identifier: Apache-2.0 */
/* messages: every struct decodes and encodes to the same bytes; deserialization: lengths. */
#include "tests/vectors/vectors.h"

#include "mls/message.h"

#include <stdlib.h>

/* A proposal without its type, as the file has it. */
static void bare_proposal(struct vector_run *r, const json_t *j, const char *field, uint16_t type)
{
	struct view bytes = vec_hex(r, j, field), again;
	struct proposal p;
	uint8_t *with_type = arena_take(&r->mem, bytes.n + 2);
	with_type[1] = (uint8_t)type;
	memcpy(with_type + 2, bytes.p, bytes.n);
	struct view whole = view_make(with_type, bytes.n + 2);
	if (vec_ok(r, field, wire_decode(whole, &r->mem, proposal_element, &p)) &&
	    vec_ok(r, field, wire_encode_to(&r->mem, proposal_element, &p, &again)))
		vec_equal(r, field, again, whole);
}

static void same_bytes(struct vector_run *r, const json_t *j, const char *field, wire_element *walk,
		       void *object)
{
	struct view bytes = vec_hex(r, j, field), again;
	if (vec_ok(r, field, wire_decode(bytes, &r->mem, walk, object)) &&
	    vec_ok(r, field, wire_encode_to(&r->mem, walk, object, &again)))
		vec_equal(r, field, again, bytes);
}

static void messages_run(struct vector_run *r, const json_t *j)
{
	static const char *const whole[] = { "mls_welcome",
					     "mls_group_info",
					     "mls_key_package",
					     "public_message_application",
					     "public_message_proposal",
					     "public_message_commit",
					     "private_message" };
	static const struct {
		const char *field;
		uint16_t type;
	} proposals[] = {
		{ "add_proposal", PROPOSAL_ADD },
		{ "update_proposal", PROPOSAL_UPDATE },
		{ "remove_proposal", PROPOSAL_REMOVE },
		{ "pre_shared_key_proposal", PROPOSAL_PSK },
		{ "re_init_proposal", PROPOSAL_REINIT },
		{ "external_init_proposal", PROPOSAL_EXTERNAL_INIT },
		{ "group_context_extensions_proposal", PROPOSAL_GROUP_CONTEXT_EXTENSIONS },
	};
	struct mls_message message;
	struct node_list tree;
	struct group_secrets secrets;
	struct commit commit;
	for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
		same_bytes(r, j, whole[i], mls_message_element, &message);
	for (size_t i = 0; i < sizeof proposals / sizeof *proposals; i++)
		bare_proposal(r, j, proposals[i].field, proposals[i].type);
	same_bytes(r, j, "ratchet_tree", ratchet_tree_element, &tree);
	same_bytes(r, j, "group_secrets", group_secrets_element, &secrets);
	same_bytes(r, j, "commit", commit_element, &commit);
}

static void length_run(struct vector_run *r, const json_t *j)
{
	struct wire w;
	size_t n = 0;
	wire_reader(&w, vec_hex(r, j, "vlbytes_header"), &r->mem);
	wire_length(&w, &n);
	if (vec_ok(r, "vlbytes_header", wire_finish(&w)))
		vec_num_equal(r, "length", n, vec_num(r, j, "length"));
}

static const char *const messages_fields[] = { "mls_welcome", "group_secrets", "commit",
					       "private_message", NULL };
static const char *const length_fields[] = { "vlbytes_header", "length", NULL };
const struct vector_kind messages_kind = { "messages", messages_fields, messages_run };
const struct vector_kind deserialization_kind = { "deserialization", length_fields, length_run };
