/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that stands between a client and its app: frames and their bodies. */
#include "mimi/frames.h"

#include "tests/fuzz/walks.h"

static const struct fuzz_walk rows[] = { FUZZ_WALK(frame) FRAME_WALKS(FUZZ_WALK) };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	return fuzz_walks(rows, sizeof rows / sizeof *rows, view_make(data, n));
}
