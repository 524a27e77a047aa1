/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/harness.h"

#include <stdarg.h>

static struct test *tests;
static int failures, skips;
static const char *skipped;

uint64_t test_now_ms = 1700000000000;
static uint64_t dice = 1;

void test_register(struct test *t)
{
	t->next = tests;
	tests = t;
}

void test_fail(const char *file, int line, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fprintf(stderr, "%s:%d: ", file, line);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	failures++;
}

int test_failures(void)
{
	return failures;
}

void test_skip(const char *why)
{
	skipped = why;
}

static void print_hex(const char *label, struct view v)
{
	fprintf(stderr, "  %s (%zu): ", label, v.n);
	for (size_t i = 0; i < v.n && i < 96; i++)
		fprintf(stderr, "%02x", v.p[i]);
	fputs(v.n > 96 ? "...\n" : "\n", stderr);
}

void test_bytes(const char *file, int line, const char *what, struct view have, struct view want)
{
	if (view_equal(have, want))
		return;
	test_fail(file, line, "%s differs", what);
	print_hex("have", have);
	print_hex("want", want);
}

/* Kept in a chain, so that leak checkers find them. */
struct hex {
	struct hex *before;
	uint8_t b[];
};
static struct hex *hexes;

struct view test_hex(const char *hex)
{
	size_t n = strlen(hex) / 2;
	struct hex *h = calloc(1, sizeof *h + n + 1);
	if (!h)
		return (struct view){ NULL, 0 };
	h->before = hexes;
	hexes = h;
	for (size_t i = 0; i < n; i++) {
		unsigned b = 0;
		sscanf(hex + 2 * i, "%2x", &b);
		h->b[i] = (uint8_t)b;
	}
	return view_make(h->b, n);
}

static uint64_t now(void *ctx)
{
	(void)ctx;
	return test_now_ms;
}

/* splitmix64: repeatable, for tests only. */
static uc_err roll(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	for (size_t i = 0; i < n; i++) {
		uint64_t z = dice += 0x9e3779b97f4a7c15;
		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
		z = (z ^ z >> 27) * 0x94d049bb133111eb;
		out[i] = (uint8_t)(z >> 56);
	}
	return UC_OK;
}

const struct env *test_env(void)
{
	static const struct env e = { NULL, now, roll, NULL };
	return &e;
}

void test_seed(uint64_t seed)
{
	dice = seed;
}

int main(int argc, char **argv)
{
	int ran = 0;
	for (struct test *t = tests; t; t = t->next) {
		if (argc > 1 && !strstr(t->name, argv[1]))
			continue;
		int before = failures;
		skipped = NULL;
		t->run();
		ran++;
		if (skipped) {
			printf("skip %s: %s\n", t->name, skipped);
			skips++;
		}
		if (failures > before)
			fprintf(stderr, "FAIL %s\n", t->name);
	}
	printf("%d tests, %d skipped, %d failures\n", ran, skips, failures);
	return failures ? 1 : skips && skips == ran ? 77 : 0;
}
