/* SPDX-License-Identifier: Apache-2.0 */
/* transcript-hashes: RFC 9420, 8.2. */
#include "tests/vectors/vectors.h"

#include "mls/key_schedule.h"
#include "mls/message.h"
#include "mls/transcript.h"

static void run(struct vector_run *r, const json_t *j)
{
	struct authenticated_content commit = { 0 };
	struct epoch_secrets e = { 0 };
	uint8_t confirmed[HASH_MAX], interim[HASH_MAX];
	struct view hash = view_make(confirmed, r->suite->nh);
	if (!vec_ok(r, "authenticated_content",
		    wire_decode(vec_hex(r, j, "authenticated_content"), &r->mem,
				authenticated_content_element, &commit)) ||
	    !vec_num_equal(r, "content_type", commit.content.content_type, CONTENT_COMMIT) ||
	    !vec_ok(r, "confirmation_key",
		    secret_set(&e.confirmation_key, vec_hex(r, j, "confirmation_key"))) ||
	    !vec_ok(r, "confirmed_transcript_hash_after",
		    confirmed_transcript_hash(r->suite,
					      vec_hex(r, j, "interim_transcript_hash_before"),
					      &commit, confirmed)))
		return;
	vec_field(r, j, "confirmed_transcript_hash_after", hash);
	struct view tag = commit.auth.confirmation_tag;
	vec_ok(r, "confirmation_tag", confirmation_tag_check(r->suite, &e, hash, tag));
	if (vec_ok(r, "interim_transcript_hash_after",
		   interim_transcript_hash(r->suite, hash, tag, interim)))
		vec_field(r, j, "interim_transcript_hash_after", view_make(interim, r->suite->nh));
}

const struct vector_kind transcript_hashes_kind = {
	"transcript-hashes",
	(const char *const[]){ "cipher_suite", "authenticated_content", "confirmation_key", NULL },
	run,
};
