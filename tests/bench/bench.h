/* SPDX-License-Identifier: Apache-2.0 */
/* What the benchmarks share: clocks, samples, and how a figure is printed. */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

/* Ends the program with the place and the error: a benchmark has nothing to say after one. */
#define MUST(expr) bench_must((expr), __FILE__, __LINE__)
void bench_must(uc_err err, const char *file, int line);
#define bench_die(...) (fprintf(stderr, __VA_ARGS__), bench_end())
void bench_end(void) __attribute__((noreturn));

double clock_us(clockid_t clock);

/* CPU time of this process over the parts between start and stop. */
enum { SAMPLES_MAX = 1 << 23 };
struct samples {
	double *v;
	size_t n, cap;
	double began;
};
void samples_add(struct samples *s, double v);
void samples_done(struct samples *s);
void cpu_start(struct samples *s);
void cpu_stop(struct samples *s);
/* Of the sorted samples; 0 without any. */
double samples_quantile(struct samples *s, double q);
double samples_sum(const struct samples *s);

struct figure {
	const char *name;
	double value;
	const char *unit;
	double low;       /* what a tenth of the repetitions stayed below; 0: not said */
	double floor;     /* what its primitives alone cost; 0: none is counted */
	double peer;      /* another server's value; 0: none */
	const char *whom; /* that server */
};
/* Text: one aligned line; JSON: one object. */
void figure_begin(bool json, const char *what);
void figure_print(const struct figure *f);

#endif
