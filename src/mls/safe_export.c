/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/safe_export.h"

uc_err safe_export_init(struct key_tree *t, const struct suite *s,
			struct view application_export_secret)
{
	return key_tree_init(t, s, UINT32_C(1) << 16, application_export_secret);
}

uc_err safe_export_take(struct key_tree *t, uint16_t component_id, struct secret *out)
{
	return key_tree_take(t, component_id, out);
}
