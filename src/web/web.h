/* SPDX-License-Identifier: Apache-2.0 */
/* What core.wasm gives besides the functions of undercroft.h: memory for arguments, the store and
 * the client over the host's functions (web/host.h).
 *
 * One instance of the module has one store and one client.  In this order:
 *	web_store_load(p, n)       each piece of the snapshot, then each record of the journal
 *	web_open(...)              once
 *	uc_*(...)                  whatever is wanted; host_commit is called inside them
 *	web_store_snapshot(1, ...) the whole store, when the journal has become long; all pieces
 *	                           without any other call in between
 * After an error of UC_CLASS_STORE or _MEMORY, or a trap, the instance is of no use any more. */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include "undercroft/undercroft.h"
#include "web/host.h"

/* Zeroed; NULL without memory. */
WEB_EXPORT(web_alloc) void *web_alloc(size_t n);
/* Wipes n bytes first. */
WEB_EXPORT(web_free) void web_free(void *p, size_t n);

/* See journaled_load.  UC_E_ARGUMENT while a client is open. */
WEB_EXPORT(web_store_load) uc_err web_store_load(const uint8_t *p, size_t n);
/* See journaled_snapshot: *out_n is 0 after the last piece. */
WEB_EXPORT(web_store_snapshot)
uc_err web_store_snapshot(int first, const uint8_t **out, size_t *out_n);

/* uc_client_open with that store and the host as platform.  *out is closed by uc_client_close.
 * UC_E_ARGUMENT while one is open. */
WEB_EXPORT(web_open)
uc_err web_open(const uint8_t key[32], const char *app, const char *software, uc_client **out);

/* A callback for every function that lists things: calls host_each(ctx, item).  Its address is its
 * index in the module's function table. */
typedef bool web_each_function(void *ctx, const void *item);
WEB_EXPORT(web_each) web_each_function *web_each(void);

#endif
