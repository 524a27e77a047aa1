/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_accept.h"
#include "tests/unit/harness.h"

static unsigned weight(const char *lines, const char *coding)
{
	static char text[600];
	struct http_request q;
	size_t used = 0;
	snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: x\r\n%s\r\n", lines);
	expect_ok(http_request_read(view_str(text), &q, &used));
	return http_accept_weight(&q.headers, coding);
}

static unsigned of(const char *value, const char *coding)
{
	static char line[500];
	snprintf(line, sizeof line, "Accept-Encoding: %s\r\n", value);
	return weight(line, coding);
}

TEST(what_browsers_send)
{
	expect_eq(of("gzip, deflate, br, zstd", "br"), 1000);
	expect_eq(of("gzip, deflate, br, zstd", "gzip"), 1000);
	expect_eq(of("gzip, deflate, br, zstd", "identity"), 1);
	expect_eq(of("gzip, deflate", "br"), 0);
}

TEST(without_the_field_nothing_is_coded)
{
	expect_eq(weight("", "br"), 0);
	expect_eq(weight("", "gzip"), 0);
	expect_eq(weight("", "identity"), 1);
	expect_eq(of("", "gzip"), 0);
	expect_eq(of("", "identity"), 1);
}

TEST(weights_are_read)
{
	expect_eq(of("br;q=0.5, gzip;q=0.123", "br"), 500);
	expect_eq(of("br;q=0.5, gzip;q=0.123", "gzip"), 123);
	expect_eq(of("br; q=0", "br"), 0);
	expect_eq(of("br;q=0.000", "br"), 0);
	expect_eq(of("br;q=0.001", "br"), 1);
	expect_eq(of("br;Q=1.000", "br"), 1000);
	expect_eq(of("BR ; q=1", "br"), 1000);
	expect_eq(of("br;q=0.", "br"), 0);
	expect_eq(of("br;q=1.", "br"), 1000);
}

TEST(the_star_speaks_for_all_that_is_not_named)
{
	expect_eq(of("*", "br"), 1000);
	expect_eq(of("*;q=0.2, gzip", "br"), 200);
	expect_eq(of("*;q=0.2, gzip", "gzip"), 1000);
	expect_eq(of("*;q=0", "identity"), 0);
	expect_eq(of("identity;q=0.3, *;q=0", "identity"), 300);
	expect_eq(of("br, *;q=0", "gzip"), 0);
	expect_eq(of("identity;q=0", "identity"), 0);
}

TEST(what_cannot_be_read_is_not_said)
{
	static const char *const bad[] = { "br;q=2",     "br;q=1.001", "br;q=-1",  "br;q=0.5555",
					   "br;q=abc",   "br;q=",      "br;q",     "br;x=1",
					   "br;q=1;q=0", "br;q=0,5",   "br q=1",   ";q=1",
					   ",,;,",       "br;q=.5",    "br;q=00",  "br;q= 1",
					   "br;q=1e3",   "br;q=0x1",   "brx, xbr", "*x",
					   "br;q=0.5 5", "\"br\"",     "b r" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		unsigned have = of(bad[i], "br");
		if (have)
			test_fail(__FILE__, __LINE__, "%s gives br %u", bad[i], have);
	}
	expect_eq(of("br;q=x, br;q=0.7", "br"), 700);
	expect_eq(of("br;q=0.4, br;q=0.7", "br"), 400);
}

TEST(several_fields_are_one_list)
{
	expect_eq(weight("Accept-Encoding: gzip\r\naccept-encoding: br;q=0.9\r\n", "br"), 900);
	expect_eq(weight("X-Accept-Encoding: br\r\n", "br"), 0);
}
