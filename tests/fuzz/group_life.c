/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a group, chosen by the bytes, against the slow model (tests/model/life.h). */
#include "tests/fuzz/fuzz.h"

#include "tests/model/life.h"

#include <stdio.h>

enum { STEPS = 40 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct life l;
	if (!n)
		return 0;
	life_begin(&l, suite_at(0), 1, view_make(data, n));
	for (int i = 0; i < STEPS && life_step(&l); i++)
		;
	l.over = false;
	life_settle(&l);
	if (l.why[0])
		fprintf(stderr, "%s\n", l.why);
	fuzz_expect(!l.why[0]);
	life_end(&l);
	return 0;
}
