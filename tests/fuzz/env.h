/* SPDX-License-Identifier: Apache-2.0 */
/* A clock that stands and dice that fall the same for each input, for targets that make groups. */
#ifndef TESTS_FUZZ_ENV_H
#define TESTS_FUZZ_ENV_H

#include "tests/fuzz/fuzz.h"

#include "base/env.h"

static uint64_t dice = 1; /* set anew for each input */

static uint64_t now(void *ctx)
{
	(void)ctx;
	return 1700000000000;
}

static uc_err roll(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	for (size_t i = 0; i < n; i++) {
		dice = dice * 6364136223846793005u + 1442695040888963407u;
		out[i] = (uint8_t)(dice >> 56);
	}
	return UC_OK;
}

static const struct env env = { .now_ms = now, .random = roll };

static inline void must(uc_err err)
{
	fuzz_expect(!err);
}

#endif
