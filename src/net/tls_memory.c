/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls_memory.h"

#include "base/heap.h"

#include <malloc.h>
#include <openssl/crypto.h>

/* What a record takes, with all that may lie around it. */
enum { BUFFER_MIN = 16 * 1024, BUFFER_MAX = 20 * 1024, SPARE_N = 4 };

static _Thread_local void *spare[SPARE_N];
static _Thread_local unsigned spare_n;

static void *take(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	if (n >= BUFFER_MIN && spare_n && malloc_usable_size(spare[spare_n - 1]) >= n)
		return spare[--spare_n];
	return n ? heap_new_raw(n) : NULL;
}

/* An SSL object has the traffic secrets in it, which OpenSSL does not wipe: they would outlive its
 * connection, and every update of its keys. */
static void give(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	size_t n = p ? malloc_usable_size(p) : 0;
	if (n >= BUFFER_MIN && n <= BUFFER_MAX && spare_n < SPARE_N)
		spare[spare_n++] = p;
	else
		heap_free_wiped(p, n);
}

#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define IS_SANITIZED 1
#endif
#endif

bool tls_memory_use(void)
{
#ifndef IS_SANITIZED /* which would not see what is done with a buffer that was given back */
	return CRYPTO_set_mem_functions(take, NULL, give) == 1;
#else
	(void)take;
	(void)give;
	return false;
#endif
}
