/* SPDX-License-Identifier: Apache-2.0 */
/* What clients tell each other inside a room: what is accepted is written again byte for byte. */
#include "client/control.h"

#include "tests/fuzz/walks.h"

static const struct fuzz_walk rows[] = { FUZZ_WALK(control) };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	return fuzz_walks(rows, sizeof rows / sizeof *rows, view_make(data, n));
}
