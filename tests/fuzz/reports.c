/* SPDX-License-Identifier: Apache-2.0 */
/* A report's file, as it comes to the moderators' machine, the record in it, as it is shown there, and
 * their key's file. */
#include "ctl/report_show.h"
#include "net/env_system.h"
#include "provider/moderators_key.h"

#include "tests/fuzz/walks.h"

static const struct fuzz_walk rows[] = { FUZZ_WALK(report_file) FUZZ_WALK(report_record) };

static void show(struct view in)
{
	struct report_shown s;
	struct arena a;
	arena_init(&a, 16 << 20, ARENA_PLAIN);
	if (!report_shown_read(in, &a, &s))
		fuzz_expect(s.report.is_card ? !s.report.messages.n
					     : s.report.messages.n >= 1 &&
						       s.report.messages.n <= REPORT_MESSAGES_MAX);
	arena_done(&a);
}

static void key(struct view in)
{
	struct kem_key k;
	if (!moderators_key_read(env_system(), in, &k))
		kem_key_wipe(&k);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	show(view_make(data, n));
	key(view_make(data, n));
	return fuzz_walks(rows, sizeof rows / sizeof *rows, view_make(data, n));
}
