/* SPDX-License-Identifier: Apache-2.0 */
#include "web/web.h"

#include "web/journaled.h"

#include "base/heap.h"

void *web_alloc(size_t n)
{
	return heap_new(n);
}

void web_free(void *p, size_t n)
{
	heap_free_wiped(p, n);
}

/* --- the platform --- */

static uint64_t now_ms(void *ctx)
{
	(void)ctx;
	double ms = host_now();
	return ms > 0 ? (uint64_t)ms : 0;
}

static uc_err fill_random(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	return host_random(out, n) ? UC_E_RANDOM : UC_OK;
}

/* A page sees no certificate.  Whom it trusts for the keys of other apps is its own app, which
 * relays them over a connection that the browser has checked (docs/decisions/0081). */
static uc_err verify_directory(void *ctx, const char *domain, const uint8_t *document,
			       size_t document_n, const uint8_t *certificate, size_t certificate_n,
			       const uint8_t *signature, size_t signature_n)
{
	(void)ctx;
	(void)certificate;
	(void)signature;
	return *domain && document && document_n && certificate_n && signature_n ? UC_OK
										 : UC_E_SIGNATURE;
}

static void trace(void *ctx, const char *file, int line, uc_err err)
{
	(void)ctx;
	host_trace(file, line, err);
}

static const struct uc_platform platform = {
	.now_ms = now_ms,
	.random = fill_random,
	.verify_directory = verify_directory,
	.trace = trace,
};

/* --- the store --- */

/* Its own until a client has it, which closes it. */
static struct journaled *store;
static bool opened;

static uc_err store_begin(void)
{
	if (!store && !opened)
		store = journaled_new(host_commit);
	return store ? UC_OK : UC_E_MEMORY;
}

uc_err web_store_load(const uint8_t *p, size_t n)
{
	if (opened || (!p && n))
		return UC_E_ARGUMENT;
	uc_err err = store_begin();
	return err ? err : journaled_load(store, (struct view){ p, n });
}

uc_err web_store_snapshot(int first, const uint8_t **out, size_t *out_n)
{
	struct view piece;
	if (!store || !out || !out_n)
		return UC_E_ARGUMENT;
	uc_err err = journaled_snapshot(store, first, &piece);
	if (err)
		return err;
	*out = piece.p;
	*out_n = piece.n;
	return UC_OK;
}

/* --- the client --- */

/* Whoever closes the client closes the store; nothing is asked of it afterwards. */
static void close_store(void *s)
{
	store = NULL;
	opened = false;
	journaled_ops()->close(s);
}

uc_err web_open(const uint8_t key[32], const char *app, const char *software, uc_client **out)
{
	static struct uc_store_ops ops;
	if (opened || !key || !app || !out)
		return UC_E_ARGUMENT;
	uc_err err = store_begin();
	if (err)
		return err;
	ops = *journaled_ops();
	ops.close = close_store;
	struct uc_options options = {
		.platform = &platform,
		.store_ops = &ops,
		.store = store,
		.key = key,
		.app = app,
		.software = software,
	};
	err = uc_client_open(&options, out);
	opened = !err;
	return err;
}

static bool each(void *ctx, const void *item)
{
	return host_each(ctx, item);
}

web_each_function *web_each(void)
{
	return each;
}
