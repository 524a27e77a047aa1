/* SPDX-License-Identifier: Apache-2.0 */
/* For valgrind a secret is memory without a value, so that it reports what depends on it. */
#include "base/secret.h"

#include <valgrind/memcheck.h>

void secret_mark(const void *p, size_t n)
{
	VALGRIND_MAKE_MEM_UNDEFINED(p, n);
}

void secret_release(const void *p, size_t n)
{
	VALGRIND_MAKE_MEM_DEFINED(p, n);
}
