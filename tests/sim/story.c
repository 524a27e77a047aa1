/* SPDX-License-Identifier: Apache-2.0 */
/* Of whom and what a failure speaks: people ("person 12"), rooms (their URIs) and texts.  The seed
 * is run once more, and every step that speaks of them, too, is told. */
#include "tests/sim/sim.h"

#include <ctype.h>
#include <string.h>

static void subject_add(struct story *s, const char *from, size_t n)
{
	if (!n || n >= SUBJECT_MAX || s->n == SUBJECTS_MAX)
		return;
	for (size_t i = 0; i < s->n; i++)
		if (strlen(s->subjects[i]) == n && !strncmp(s->subjects[i], from, n))
			return;
	snprintf(s->subjects[s->n++], SUBJECT_MAX, "%.*s", (int)n, from);
}

static size_t until(const char *from, const char *any)
{
	size_t n = strcspn(from, any);
	while (n && ispunct((unsigned char)from[n - 1]) && from[n - 1] != '_' && from[n - 1] != '-')
		n--;
	return n;
}

void story_about(struct story *s, const char *why)
{
	*s = (struct story){ 0 };
	for (const char *at = why; (at = strstr(at, "person ")); at++)
		subject_add(s, at, 7 + strspn(at + 7, "0123456789"));
	for (const char *at = why; (at = strstr(at, "mimi://")); at++)
		subject_add(s, at, until(at, " ,;\n"));
	/* "zQmark text from 3, 1.17" */
	for (const char *at = why; (at = strstr(at, "zQmark ")); at++) {
		const char *from = strstr(at, " from ");
		const char *end = from ? strchr(from, '.') : NULL;
		if (end)
			subject_add(s, at, (size_t)(end - at) + 1 + strspn(end + 1, "0123456789"));
		if (from) {
			char who[32];
			int n = snprintf(who, sizeof who, "person %.*s",
					 (int)strspn(from + 6, "0123456789"), from + 6);
			subject_add(s, who, (size_t)n);
		}
	}
}

/* "person 1" is not in "person 12". */
bool story_has(const struct story *s, const char *line)
{
	for (size_t i = 0; i < s->n; i++) {
		size_t n = strlen(s->subjects[i]);
		for (const char *at = line; (at = strstr(at, s->subjects[i])); at++)
			if (!isdigit((unsigned char)at[n]))
				return true;
	}
	return false;
}
