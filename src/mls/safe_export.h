/* SPDX-License-Identifier: Apache-2.0 */
/* The safe exporter (draft-ietf-mls-extensions-10, Exported Secrets): one secret per component and
 * epoch, deleted when it is handed out. */
#ifndef MLS_SAFE_EXPORT_H
#define MLS_SAFE_EXPORT_H

#include "mls/key_tree.h"

uc_err UC_MUST_USE safe_export_init(struct key_tree *t, const struct suite *s,
				    struct view application_export_secret);
/* SafeExportSecret(ComponentID); UC_E_NOT_FOUND when it was taken before. */
uc_err UC_MUST_USE safe_export_take(struct key_tree *t, uint16_t component_id, struct secret *out);

#endif
