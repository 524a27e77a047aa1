/* SPDX-License-Identifier: Apache-2.0 */
/* libsodium made ready, once for all threads: it looks at the processor. */
#include "crypto/alg.h"

#include <pthread.h>
#include <sodium.h>

static uc_err init_err;

static void init_once(void)
{
	init_err = sodium_init() < 0 ? UC_E_CRYPTO : UC_OK;
}

uc_err sodium_ready(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	return pthread_once(&once, init_once) ? UC_E_CRYPTO : init_err;
}
