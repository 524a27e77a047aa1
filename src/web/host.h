/* SPDX-License-Identifier: Apache-2.0 */
/* What the page's worker gives the module: imports of the WebAssembly module "host".  Native tests
 * define them. */
#ifndef WEB_HOST_H
#define WEB_HOST_H

#include "undercroft/errors.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __wasm__
#define HOST(name)       __attribute__((import_module("host"), import_name(#name)))
#define WEB_EXPORT(name) __attribute__((export_name(#name))) UC_API
#else
#define HOST(name)
#define WEB_EXPORT(name) UC_API
#endif

/* Wall clock, milliseconds since 1970. */
HOST(now) double host_now(void);
/* Fills out[0..n); 0 when it did. */
HOST(random) int host_random(uint8_t *out, size_t n);
/* Queues one batch (see web/batch.h) for the journal; 0 when it did.  The bytes are copied. */
HOST(commit) int host_commit(const uint8_t *p, size_t n);
/* One item of a list, see web_each; 0 to stop. */
HOST(each) int host_each(void *ctx, const void *item);
/* Where an error was first seen. */
HOST(trace) void host_trace(const char *file, int line, uc_err err);

#endif
