/* SPDX-License-Identifier: Apache-2.0 */
/* What libsodium asks for when only its arithmetic is compiled along: no start-up (there is nothing
 * to choose, the portable code is what there is) and no randomness.  All randomness comes from
 * `env`; what would draw some by itself ends the program. */
#include "crypto/alg.h"

#include <sodium.h>

uc_err sodium_ready(void)
{
	return UC_OK;
}

void randombytes_buf(void *const buf, const size_t size)
{
	(void)buf, (void)size;
	__builtin_trap();
}

void sodium_misuse(void)
{
	__builtin_trap();
}
