/* SPDX-License-Identifier: Apache-2.0 */
/* What the moderators' tool needs to read an opening (identity.md, Reports). */
#ifndef PROVIDER_OPENINGS_H
#define PROVIDER_OPENINGS_H

#include "provider/schema.h"

struct provider;

#define OPENING_LABEL "Undercroft opening"

/* An opening cannot be moved to another room or participant. */
struct opening_context {
	struct view room, participant;
};
void opening_context_element(struct wire *w, void *v);
uc_err UC_MUST_USE opening_seal(const struct provider *p, const struct opening_context *context,
				struct view account_id, struct arena *a, struct view *sealed);
/* The account behind a participant, by the offline key. */
uc_err UC_MUST_USE opening_read(struct view moderators_priv, struct view moderators_pub,
				const struct opening_context *context, struct view sealed,
				struct arena *a, struct view *account_id);

#endif
