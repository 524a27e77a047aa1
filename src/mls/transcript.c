/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/transcript.h"

#include "mls/message.h"

static uc_err hash_after(const struct suite *s, struct view before, wire_element *walk,
			 const void *input, uint8_t *out)
{
	struct buf b;
	buf_init(&b, WIRE_OBJECT_MAX);
	uc_err err = wire_encode(&b, walk, input);
	struct view parts[2] = { before, buf_view(&b) };
	if (!err)
		err = suite_hash_parts(s, parts, 2, out);
	buf_done(&b);
	return err;
}

uc_err confirmed_transcript_hash(const struct suite *s, struct view interim_before,
				 const struct authenticated_content *commit, uint8_t *out)
{
	if (commit->content.content_type != CONTENT_COMMIT)
		return UC_E_ARGUMENT;
	struct framed_content content = commit->content;
	const struct confirmed_transcript_hash_input input = {
		.wire_format = commit->wire_format,
		.content = &content,
		.signature = commit->auth.signature,
	};
	return hash_after(s, interim_before, confirmed_transcript_hash_input_element, &input, out);
}

uc_err interim_transcript_hash(const struct suite *s, struct view confirmed,
			       struct view confirmation_tag, uint8_t *out)
{
	const struct interim_transcript_hash_input input = { confirmation_tag };
	return hash_after(s, confirmed, interim_transcript_hash_input_element, &input, out);
}
