/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of abuse that the app has taken (docs/reports.md): verified ones alone, for its moderators. */
#ifndef PROVIDER_REPORTS_H
#define PROVIDER_REPORTS_H

#include "mimi/report.h"
#include "provider/schema.h"

enum {
	REPORTER_MARK = 16,
	REPORT_KEEP_DAYS = 90,
	REPORTS_BYTES_MAX = 256 * 1024 * 1024, /* of all that are kept */
};

/* Under the app's domain, by number. */
struct view report_key(struct store_key *k, struct view domain, uint64_t number);
/* The number in such a key. */
uc_err UC_MUST_USE report_key_read(struct view key, uint64_t *number);

#endif
