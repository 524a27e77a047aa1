/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench.h"

#include <stdlib.h>

static bool as_json;

void bench_end(void)
{
	fputc('\n', stderr);
	exit(1);
}

void bench_must(uc_err err, const char *file, int line)
{
	if (err)
		bench_die("%s:%d: %s: %s", file, line, uc_err_name(err), uc_err_text(err));
}

double clock_us(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* --- samples --- */

void samples_add(struct samples *s, double v)
{
	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 64;
		double *more = cap > SAMPLES_MAX ? NULL : realloc(s->v, cap * sizeof *more);
		if (!more)
			bench_die("no room for more samples");
		s->v = more;
		s->cap = cap;
	}
	s->v[s->n++] = v;
}

void samples_done(struct samples *s)
{
	free(s->v);
	*s = (struct samples){ .n = 0 };
}

void cpu_start(struct samples *s)
{
	s->began = clock_us(CLOCK_PROCESS_CPUTIME_ID);
}

void cpu_stop(struct samples *s)
{
	samples_add(s, clock_us(CLOCK_PROCESS_CPUTIME_ID) - s->began);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

double samples_quantile(struct samples *s, double q)
{
	if (!s->n)
		return 0;
	qsort(s->v, s->n, sizeof *s->v, by_size);
	return s->v[(size_t)(q * (double)(s->n - 1))];
}

double samples_sum(const struct samples *s)
{
	double sum = 0;
	for (size_t i = 0; i < s->n; i++)
		sum += s->v[i];
	return sum;
}

/* --- figures --- */

void figure_begin(bool json, const char *what)
{
	as_json = json;
	if (!json)
		printf("\n%-34s %12s %-8s %12s %12s %7s\n", what, "value", "unit", "low", "floor",
		       "ratio");
}

static void field(const char *name, double value)
{
	if (value > 0)
		printf(",\"%s\":%.6g", name, value);
}

static void column(double value, int width)
{
	if (value > 0)
		printf(" %*.*f", width, value < 100 ? 2 : 0, value);
	else
		printf(" %*s", width, "");
}

void figure_print(const struct figure *f)
{
	/* Like is compared with like: undisturbed with undisturbed. */
	double measured = f->low > 0 ? f->low : f->value;
	double ratio = f->floor > 0 ? measured / f->floor : 0;
	if (as_json) {
		printf("{\"name\":\"%s\",\"value\":%.6g,\"unit\":\"%s\"", f->name, f->value,
		       f->unit);
		field("low", f->low);
		field("floor", f->floor);
		field("ratio", ratio);
		field("peer", f->peer);
		if (f->whom)
			printf(",\"peer_name\":\"%s\"", f->whom);
		printf("}\n");
	} else {
		printf("%-34s %12.*f %-8s", f->name, f->value < 100 ? 2 : 0, f->value, f->unit);
		column(f->low, 12);
		column(f->floor, 12);
		column(ratio, 7);
		if (f->whom)
			printf("  (%s: %.6g)", f->whom, f->peer);
		printf("\n");
	}
	fflush(stdout);
}
