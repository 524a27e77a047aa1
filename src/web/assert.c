/* SPDX-License-Identifier: Apache-2.0 */
/* A failed assertion ends the module: the host is told where (-1 is no error of the list), and the
 * call it was in traps.  The C library's own would write to a terminal. */
#include "web/host.h"

#include <assert.h>

void __assert_fail(const char *expression, const char *file, int line, const char *function)
{
	(void)expression, (void)function;
	host_trace(file, line, -1);
	__builtin_trap();
}
