/* SPDX-License-Identifier: Apache-2.0 */
/* What the two parts of bench-answers have in common: look-ups and letters. */
#ifndef TESTS_BENCH_ANSWERS_H
#define TESTS_BENCH_ANSWERS_H

#include "tests/bench/people.h"

enum { ANSWERS_OF_KIND = 8, ANSWERS_LATE_US = 5000 };

/* Asks about one of a kind; is_told: prints what came of it. */
typedef void answers_ask(unsigned kind, size_t number, bool is_told);
/* Each kind in turn, in an order of dice each time. */
void answers_ask_all(unsigned kinds, size_t each, answers_ask *one);

double answers_now_us(void);
/* Waits, busily, for so long; what time it is then. */
double answers_hold_back(double late_us);

/* Letters to links of people of all kinds. */
void letters_all(struct load *l, struct app *app, size_t each, struct arena *a);
/* Such letters of somebody on another app: "KIND HEX", a line each, and an empty one.  When there is something
 * to read, so many of each kind have been sent. */
void letters_show(struct load *l, struct app *app, const char *other, size_t each, struct arena *a);

#endif
