/* SPDX-License-Identifier: Apache-2.0 */
/* Dumps from anywhere: what loads can be opened or is refused, checked, and dumped again. */
#include "base/buf.h"
#include "store/inspect.h"
#include "store/store_memory.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t now_ms(void *ctx)
{
	(void)ctx;
	return 0;
}

static uc_err fill(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	memset(out, 7, n);
	return UC_OK;
}

static const struct env env = { NULL, now_ms, fill, NULL };

static uc_err collect(void *ctx, struct view bytes)
{
	buf_add_view(ctx, bytes);
	return UC_OK;
}

static void use(const struct store_options *o, struct view in)
{
	struct store *s;
	struct buf out;
	if (store_open(o, &s))
		return;
	buf_init(&out, 1 << 20);
	uc_err err = store_check(s, NULL, NULL, NULL);
	assert(!err || err == UC_E_CORRUPT);
	err = store_dump(s, collect, &out);
	/* A store without one is given its meta record. */
	assert(!err && out.n <= in.n + 128);
	store_close(s);
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store_options o = { .driver = &store_memory_driver,
				   .env = &env,
				   .schema = 1,
				   .domain = VIEW_LIT("dial.example"),
				   .kind = VIEW_LIT("rooms"),
				   .memory = store_memory_new() };
	struct view in = view_make(data, size);
	if (o.memory && !store_load(&o, in))
		use(&o, in);
	store_memory_free(o.memory);
	return 0;
}
