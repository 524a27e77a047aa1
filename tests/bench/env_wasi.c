/* SPDX-License-Identifier: Apache-2.0 */
/* Time and randomness of a benchmark in WebAssembly, in the place of net/env_system.c. */
#include "net/env_system.h"

#include <time.h>
#include <unistd.h>

static uint64_t now_ms(void *ctx)
{
	struct timespec t = { 0 };
	(void)ctx;
	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static uc_err fill_random(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	for (size_t at = 0; at < n; at += 256)
		if (getentropy(out + at, n - at < 256 ? n - at : 256))
			return UC_E_RANDOM;
	return UC_OK;
}

const struct env *env_system(void)
{
	static const struct env system_env = { NULL, now_ms, fill_random, NULL };
	return &system_env;
}
