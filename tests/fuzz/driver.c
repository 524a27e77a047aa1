/* SPDX-License-Identifier: Apache-2.0 */
/* The driver of the MLS engine, holding a group, a KeyPackage and a signer, is told arbitrary lines.
 * Each is answered with one line that is JSON, and the group is there afterwards. */
#include "tests/fuzz/env.h"

#include "driver/call.h"
#include "driver/driver.h"

/* Is it answered without an error? */
static bool told(struct driver *d, struct view line)
{
	struct buf out;
	json_error_t wrong;
	buf_init(&out, (size_t)1 << 28);
	driver_line(d, line, &out);
	fuzz_expect(!out.failed && out.n > 1 && out.p[out.n - 1] == '\n');
	for (size_t i = 0; i + 1 < out.n; i++)
		fuzz_expect(out.p[i] >= ' ' && out.p[i] < 0x80);
	json_t *answer = json_loadb((const char *)out.p, out.n, 0, &wrong);
	fuzz_expect(json_is_object(answer));
	bool good = !json_object_get(answer, "error");
	json_decref(answer);
	buf_done(&out);
	return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct driver d;
	struct view rest = view_make(data, n), line;
	bool freed = false;
	dice = 1;
	fuzz_expect(!driver_init(&d, &env));
	fuzz_expect(
		told(&d, VIEW_LIT("{\"op\":\"CreateGroup\",\"cipher_suite\":1,\"group_id\":\"67\","
				  "\"identity\":\"61\"}")));
	fuzz_expect(told(&d, VIEW_LIT("{\"op\":\"CreateKeyPackage\",\"cipher_suite\":1}")));
	fuzz_expect(told(&d, VIEW_LIT("{\"op\":\"CreateExternalSigner\",\"cipher_suite\":1}")));
	for (int i = 0; i < 64 && rest.n; i++) {
		rest = view_cut(rest, '\n', &line);
		told(&d, line);
	}
	freed = !handles_find(&d.handles, 1, HANDLE_STATE);
	fuzz_expect(freed || told(&d, VIEW_LIT("{\"op\":\"Export\",\"state_id\":1,\"label\":\"x\","
					       "\"key_length\":9}")));
	driver_done(&d);
	return 0;
}
