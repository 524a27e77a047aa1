/* SPDX-License-Identifier: Apache-2.0 */
/* Handing out what a commit of ours has made. */
#ifndef LIBMLS_MADE_H
#define LIBMLS_MADE_H

#include "libmls/inside.h"

/* has_change: the engine told the change; else (an external join) it is what we know of it.  with_tree:
 * the Welcome, if there is one, lacks it. */
uc_err UC_MUST_USE made_give(struct call *c, const mls_group *m, const struct made_commit *in,
			     bool has_change, bool with_tree, struct mls_made *out);
struct group_wrapping wrapping_in(const struct mls_wrapping *in);

#endif
