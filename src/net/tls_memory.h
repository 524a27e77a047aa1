/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL gives a connection's record buffers back after each use, as we ask it to, and takes new ones
 * for the next: 17 KB each time, which malloc merges and splits.  Here each thread keeps a few of
 * them.  All else that OpenSSL frees is wiped. */
#ifndef NET_TLS_MEMORY_H
#define NET_TLS_MEMORY_H

#include <stdbool.h>

/* First of all in a process: later OpenSSL refuses, and nothing changes; nor in a sanitized build. */
bool tls_memory_use(void);

#endif
