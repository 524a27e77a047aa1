/* SPDX-License-Identifier: Apache-2.0 */
/* What the process gives up once it runs: files that are not its own (Landlock), and system calls
 * it has no use for (seccomp).  Whoever takes it over by a mistake of ours or of a library's gets
 * the data it serves anyway, and little else: no other program, no other files. */
#ifndef SERVER_CONFINE_H
#define SERVER_CONFINE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct confine_path {
	const char
		*path; /* a file or a folder with all below it; one that is not there is left out */
	bool is_written;
};

/* From here on this thread, and those it starts, open nothing but these, and for reading what name
 * resolution, TLS and the C library need (/etc, /usr, ...).  What is open stays open.  Call before
 * threads.  UC_E_UNSUPPORTED where the system has no Landlock; UC_E_IO. */
uc_err UC_MUST_USE confine_files(const struct confine_path *v, size_t n);

/* From here on this thread, and those it starts, get no ring that the kernel takes calls from without
 * a filter's look.  Call before the first event loop: libuv, from 1.45 on, asks for one, does without
 * if there is none, and ends the process when one it has may not be used any more. */
uc_err UC_MUST_USE confine_rings(void);

/* From here on all threads of the process make only the system calls of a list; others fail, and
 * those that no mistake of ours would make (starting a program, tracing one) end the process.
 * Call when everything runs.  UC_E_UNSUPPORTED where the system cannot. */
uc_err UC_MUST_USE confine_calls(void);

/* Sanitizers trace their own process and write where they like. */
bool confine_is_possible(void);

#endif
