/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of a room over three apps, reported by hand. */
#ifndef TESTS_UNIT_PROVIDER_REPORTED_H
#define TESTS_UNIT_PROVIDER_REPORTED_H

#include "tests/unit/provider/guests.h"
#include "tests/unit/provider/reports_kept.h"

/* Rosa and Rob on the hub, Tom and Ida elsewhere. */
void everybody(void);
/* Says it as MIMI content; what a reader keeps of it. */
struct abusive_message said(struct guest *by, const char *text);
struct view report_why(const struct guest *accused, struct abusive_message *v, size_t n,
		       enum report_reason why);
struct view report_of(const struct guest *accused, struct abusive_message *v, size_t n);
uc_err report(struct person *by, uint8_t to, struct view bytes, struct report_response *out);

/* What this app counts from now on. */
void count_at(struct app *a);
uint64_t forged(void);
uint64_t late(void);

#endif
