/* SPDX-License-Identifier: Apache-2.0 */
/* The running hashes over all commits of a group (RFC 9420, 8.2).  Outputs hold nh bytes. */
#ifndef MLS_TRANSCRIPT_H
#define MLS_TRANSCRIPT_H

#include "crypto/crypto.h"

struct authenticated_content;

/* confirmed_transcript_hash of the epoch that this commit begins.  Uses wire_format, content and
 * auth.signature; the confirmation_tag need not be there yet. */
uc_err UC_MUST_USE confirmed_transcript_hash(const struct suite *s, struct view interim_before,
					     const struct authenticated_content *commit,
					     uint8_t *out);
uc_err UC_MUST_USE interim_transcript_hash(const struct suite *s, struct view confirmed,
					   struct view confirmation_tag, uint8_t *out);

#endif
