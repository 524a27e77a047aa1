/* SPDX-License-Identifier: Apache-2.0 */
/* The one media type of our rooms (draft-ietf-mls-extensions-10, Content Advertisement).
 *
 * All our rooms have content_media_types in their GroupContext, so application_data is always an
 * ApplicationFraming, of "application/mimi-content". */
#ifndef MIMI_MEDIA_TYPE_H
#define MIMI_MEDIA_TYPE_H

#include "mls/media_type.h"

#define MIMI_CONTENT_TYPE "application/mimi-content"

/* The component's data: a list of "application/mimi-content" alone. */
uc_err UC_MUST_USE media_types_write(struct arena *a, struct view *component);
/* Beside the content the media type may have one parameter, for private use: how far in the room's log
 * its sender had come when it was encrypted.  So it is inside the encryption and under the franking
 * tag, and may be another one when the same content is encrypted again. */
#define CHAIN_HEAD_PARAMETER "uc-head"
enum { CHAIN_HEAD_HASH = 16 };
struct chain_head {
	uint64_t seq;                   /* 0: not told */
	uint8_t chain[CHAIN_HEAD_HASH]; /* the first half of the chain there */
};
void wire_chain_head(struct wire *w, struct chain_head *h);
void chain_head_element(struct wire *w, void *v);

/* application_data around MIMI content.  head NULL: none. */
uc_err UC_MUST_USE application_data_write(struct view content, const struct chain_head *head,
					  struct arena *a, struct view *application_data);
/* The MIMI content in it, a part of application_data; UC_E_UNSUPPORTED for another media type. */
uc_err UC_MUST_USE application_data_read(struct view application_data, struct arena *a,
					 struct view *content, struct chain_head *head);

#endif
