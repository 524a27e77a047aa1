/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of abuse on an operator's and on a moderator's screen, and in a file between the two. */
#ifndef CTL_REPORT_SHOW_H
#define CTL_REPORT_SHOW_H

#include "ctl/ctl.h"
#include "provider/reports.h"

/* One for the moderators' machine: magic, and this. */
#define REPORT_FILE_MAGIC "undercroft report 2\n"
struct report_file {
	struct view domain; /* of the app that it was reported to */
	uint64_t number;
	struct view record; /* encoded report_record */
};
void report_file_element(struct wire *w, void *v);

/* What a record holds; UC_E_CORRUPT when it does not say itself what it should. */
struct report_shown {
	struct report_record record;
	struct abuse_report report;
};
uc_err UC_MUST_USE report_shown_read(struct view record, struct arena *a, struct report_shown *out);
/* What shows that two have the same before them, on two machines: a hash of all that does not change once it
 * was kept. */
enum { REPORT_CHECK = 16 };
uc_err UC_MUST_USE report_check(const struct report_file *f, const struct report_shown *s,
				struct arena *a, uint8_t out[REPORT_CHECK]);
/* The reported messages, or the words of a request card, and what is known of them.  Out of a file, whose word
 * the verdict is. */
uc_err UC_MUST_USE report_show(const struct ctl *c, const struct report_file *f, bool is_file,
			       const struct report_shown *s, struct arena *a);
/* One line. */
void report_line(const struct ctl *c, uint64_t number, const struct report_shown *s,
		 size_t reporters);

#endif
