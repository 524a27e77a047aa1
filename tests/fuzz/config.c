/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration: never crashes, and refuses exactly when it says why. */
#include "tests/fuzz/fuzz.h"

#include "base/text.h"
#include "server/config.h"

static bool limits_are_valid(const struct rate limits[LIMITS_N])
{
	for (size_t i = 0; i < LIMITS_N; i++)
		if (limits[i].hour && !rate_is_valid(&limits[i]))
			return false;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct config c;
	struct arena a;
	struct buf said;
	arena_init(&a, 1 << 22, ARENA_PLAIN);
	buf_init(&said, 1 << 24);
	struct config_mistakes m = { "fuzz.conf", &said, 0 };
	uc_err err = config_read(&a, view_make(data, n), "folder", &m, &c);
	fuzz_expect((err != UC_OK) == (m.n > 0) && (said.n > 0) == (m.n > 0));
	fuzz_expect(utf8_is_valid(buf_view(&said)));
	for (size_t i = 0; !err && i < c.apps_n; i++)
		fuzz_expect(c.apps[i].domain && c.apps[i].listen.port && c.apps[i].keys &&
			    limits_are_valid(c.apps[i].limits));
	if (!err) { /* nothing is another than itself */
		static struct config_change changes[CONFIG_CHANGES_MAX];
		static struct config same;
		struct config_changes found = { changes, 0, false };
		config_compare(&c, &c, &same, &found);
		fuzz_expect(!found.n && same.apps_n == c.apps_n);
	}
	buf_done(&said);
	arena_done(&a);
	return 0;
}
