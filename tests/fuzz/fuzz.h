/* SPDX-License-Identifier: Apache-2.0 */
/* A fuzz target is a file with this one function; what must hold is said with fuzz_expect. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "base/view.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static inline void fuzz_expect(bool holds)
{
	if (!holds)
		abort();
}

#endif
