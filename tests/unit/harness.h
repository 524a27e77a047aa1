/* SPDX-License-Identifier: Apache-2.0 */
/* A test file is a program: TEST(name) { ... } registers itself, main() runs all, one line for
 * each failure.  Arguments choose tests by a part of their name. */
#ifndef TESTS_UNIT_HARNESS_H
#define TESTS_UNIT_HARNESS_H

#include "base/env.h"
#include "base/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct test {
	const char *name;
	void (*run)(void);
	struct test *next;
};
void test_register(struct test *t);
void test_fail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* So far, in this program. */
int test_failures(void);
/* Says why a test cannot run here; the test counts as skipped. */
void test_skip(const char *why);

#define TEST(name)                                                          \
	static void test_##name(void);                                      \
	__attribute__((constructor)) static void test_register_##name(void) \
	{                                                                   \
		static struct test t = { #name, test_##name, NULL };        \
		test_register(&t);                                          \
	}                                                                   \
	static void test_##name(void)

#define expect(cond)                                                \
	do {                                                        \
		if (!(cond))                                        \
			test_fail(__FILE__, __LINE__, "%s", #cond); \
	} while (0)
#define expect_eq(a, b)                                                                    \
	do {                                                                               \
		long long test_a_ = (long long)(a), test_b_ = (long long)(b);              \
		if (test_a_ != test_b_)                                                    \
			test_fail(__FILE__, __LINE__, "%s is %lld, not %lld", #a, test_a_, \
				  test_b_);                                                \
	} while (0)
#define expect_err(expr, want)                                                     \
	do {                                                                       \
		uc_err test_e_ = (expr);                                           \
		if (test_e_ != (want))                                             \
			test_fail(__FILE__, __LINE__, "%s gave %s, not %s", #expr, \
				  uc_err_name(test_e_), uc_err_name(want));        \
	} while (0)
#define expect_ok(expr)    expect_err(expr, UC_OK)
#define expect_bytes(a, b) test_bytes(__FILE__, __LINE__, #a, (a), (b))
void test_bytes(const char *file, int line, const char *what, struct view have, struct view want);

/* Bytes from hex, kept until the end of the program. */
struct view test_hex(const char *hex);
/* A repeatable environment: a clock that stands at test_now_ms and seeded randomness. */
extern uint64_t test_now_ms;
const struct env *test_env(void);
void test_seed(uint64_t seed);

#endif
