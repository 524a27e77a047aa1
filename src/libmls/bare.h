/* SPDX-License-Identifier: Apache-2.0 */
/* A call of a public function that needs no client. */
#ifndef LIBMLS_BARE_H
#define LIBMLS_BARE_H

#include "libmls/inside.h"

struct bare {
	struct arena scratch;
	struct arena_mark mark;
	mls_out *out;
};
void bare_begin(struct bare *b, mls_out *out);
/* Gives back what has to be, and returns err. */
uc_err bare_end(struct bare *b, uc_err err);
/* Encodes straight to where results go. */
uc_err UC_MUST_USE bare_encode(struct bare *b, wire_element *walk, const void *object,
			       struct mls_bytes *out);

#endif
