/* SPDX-License-Identifier: Apache-2.0 */
/* The seam to the platform: time, randomness and trace come in here and nowhere else, so that
 * tests turn the clock and replay the dice. */
#ifndef BASE_ENV_H
#define BASE_ENV_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct env {
	void *ctx;
	/* Wall clock, milliseconds since 1970 (Unix time). */
	uint64_t (*now_ms)(void *ctx);
	/* Fills out[0..n) from a cryptographic generator; UC_E_RANDOM when it can't. */
	uc_err (*random)(void *ctx, uint8_t *out, size_t n);
	/* Where an error was first seen; never content, names or keys.  May be NULL. */
	void (*trace)(void *ctx, const char *file, int line, uc_err err);
};

static inline uint64_t env_now_ms(const struct env *e)
{
	return e->now_ms(e->ctx);
}

static inline uc_err UC_MUST_USE env_random(const struct env *e, uint8_t *out, size_t n)
{
	return e->random(e->ctx, out, n);
}

static inline uc_err env_traced(const struct env *e, const char *file, int line, uc_err err)
{
	if (err && e && e->trace)
		e->trace(e->ctx, file, line, err);
	return err;
}

/* `return FAIL(env, UC_E_MALFORMED);` returns the code and tells the developer's trace where. */
#define FAIL(env, err) env_traced((env), __FILE__, __LINE__, (err))

#endif
