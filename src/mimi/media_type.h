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
/* application_data around MIMI content. */
uc_err UC_MUST_USE application_data_write(struct view content, struct arena *a,
					  struct view *application_data);
/* The MIMI content in it, a part of application_data; UC_E_UNSUPPORTED for another media type. */
uc_err UC_MUST_USE application_data_read(struct view application_data, struct arena *a,
					 struct view *content);

#endif
