/* SPDX-License-Identifier: Apache-2.0 */
/* What public and private messages have in common; for framing*.c alone. */
#ifndef MLS_FRAMING_RULES_H
#define MLS_FRAMING_RULES_H

#include "mls/framing.h"
#include "mls/message.h"

/* Who may send what in which wrapping; UC_E_UNEXPECTED otherwise. */
uc_err UC_MUST_USE framing_sender_check(const struct framed_content *c, uint16_t wire_format);
uc_err UC_MUST_USE framing_epoch_check(const struct framing_epoch *e, struct view group_id,
				       uint64_t epoch);
/* A commit has a confirmation_tag of full length, whatever is in it. */
uc_err UC_MUST_USE framing_tag_check(const struct framing_epoch *e,
				     const struct authenticated_content *in);
/* SafeAAD where it has to be; UC_E_MALFORMED. */
uc_err UC_MUST_USE framing_aad_check(const struct framing_epoch *e, const struct framed_content *c);
/* The signature over FramedContentTBS. */
uc_err UC_MUST_USE framing_verify(const struct framing_epoch *e,
				  const struct authenticated_content *in);

#endif
