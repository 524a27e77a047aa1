/* SPDX-License-Identifier: Apache-2.0 */
/* The platform's clock and randomness as a struct env, for real programs. */
#ifndef NET_ENV_SYSTEM_H
#define NET_ENV_SYSTEM_H

#include "base/env.h"

/* Wall clock and getrandom.  With UNDERCROFT_TRACE set in the environment at the first call, each
 * error is written to stderr where it is first seen: file, line and code, never content.
 * Lives as long as the program; may be shared between threads. */
const struct env *env_system(void);

/* Milliseconds of a clock that never jumps, for deadlines within one process. */
uint64_t clock_steady_ms(void);
/* The same clock in microseconds, for how long something took. */
uint64_t clock_steady_us(void);
/* The wall clock in microseconds since 1970. */
uint64_t clock_wall_us(void);
/* What the steady clock shows when the wall clock shows this, unless that is set meanwhile. */
uint64_t clock_steady_us_at(uint64_t wall_us);

#endif
