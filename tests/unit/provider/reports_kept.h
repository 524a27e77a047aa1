/* SPDX-License-Identifier: Apache-2.0 */
/* Reports as they are filed, as an app keeps them, and what comes of them. */
#ifndef TESTS_UNIT_PROVIDER_REPORTS_KEPT_H
#define TESTS_UNIT_PROVIDER_REPORTS_KEPT_H

#include "provider/curb.h"
#include "provider/reports.h"
#include "tests/unit/provider/apps.h"

uc_err report_file(struct person *by, uint8_t to, struct view place, struct view bytes,
		   struct report_response *out);

struct report_record kept(struct app *a, uint64_t number);
size_t count(struct app *a);
uc_err uphold(struct app *a, uint64_t number, const struct person *who);
struct curb curbed(const struct person *who);

#endif
