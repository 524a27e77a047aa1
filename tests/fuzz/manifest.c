/* SPDX-License-Identifier: Apache-2.0 */
/* A backup's manifest: never crashes, names no file elsewhere; and log lines as JSON, whatever is in
 * them. */
#include "tests/fuzz/fuzz.h"

#include "ctl/manifest.h"
#include "server/log.h"

static uc_err on_app(void *ctx, const struct manifest_app *a)
{
	(void)ctx;
	fuzz_expect(manifest_name_is_safe(a->name) && manifest_name_is_safe(a->domain));
	return UC_OK;
}

static uc_err on_file(void *ctx, const struct manifest_file *f)
{
	(void)ctx;
	fuzz_expect(manifest_name_is_safe(f->kind) && manifest_name_is_safe(f->name));
	fuzz_expect(f->mode <= 0777);
	return UC_OK;
}

/* Quotes are closed, and nothing stands outside them but JSON's own signs. */
static bool is_object(struct view v)
{
	bool in = false;
	for (size_t i = 0; i < v.n; i++) {
		if (in && v.p[i] == '\\')
			i++;
		else if (v.p[i] == '"')
			in = !in;
		else if (!in && !strchr("{}:,", v.p[i]))
			return false;
	}
	return !in && v.n > 1 && v.p[0] == '{' && v.p[v.n - 1] == '}';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct manifest_reader r = { NULL, on_app, on_file };
	struct buf out;
	(void)manifest_read(view_make(data, n), &r);
	buf_init(&out, 1 << 24);
	log_line_as_json(view_make(data, n), &out);
	fuzz_expect(!out.failed && is_object(buf_view(&out)));
	buf_done(&out);
	return 0;
}
