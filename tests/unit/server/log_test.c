/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines as JSON. */
#include "server/log.h"
#include "tests/unit/harness.h"

static void expect_json(const char *line, const char *json)
{
	struct buf out;
	buf_init(&out, 4096);
	log_line_as_json(view_str(line), &out);
	expect_bytes(buf_view(&out), view_str(json));
	buf_done(&out);
}

TEST(keys_and_values_become_members)
{
	expect_json(
		"2026-01-02T03:04:05Z info app.started app=dial port=8441",
		"{\"time\":\"2026-01-02T03:04:05Z\",\"level\":\"info\",\"event\":\"app.started\","
		"\"app\":\"dial\",\"port\":\"8441\"}");
	expect_json("T error x", "{\"time\":\"T\",\"level\":\"error\",\"event\":\"x\"}");
}

TEST(reasons_keep_their_spaces_and_quotes)
{
	expect_json("T error tls.failed app=a reason=\"no \"such\" file\"",
		    "{\"time\":\"T\",\"level\":\"error\",\"event\":\"tls.failed\",\"app\":\"a\","
		    "\"reason\":\"no \\\"such\\\" file\"}");
	expect_json(
		"T error keys.failed folder=/a error=E hint=\"undercroftd --init\"",
		"{\"time\":\"T\",\"level\":\"error\",\"event\":\"keys.failed\",\"folder\":\"/a\","
		"\"error\":\"E\",\"hint\":\"undercroftd --init\"}");
}

/* A reason that is cut off, or backslashes: still an object. */
TEST(what_is_odd_is_still_json)
{
	expect_json("T error x reason=\"", "{\"time\":\"T\",\"level\":\"error\",\"event\":\"x\","
					   "\"reason\":\"\"}");
	expect_json("T error x path=C:\\d", "{\"time\":\"T\",\"level\":\"error\",\"event\":\"x\","
					    "\"path\":\"C:\\\\d\"}");
	expect_json("T error x word", "{\"time\":\"T\",\"level\":\"error\",\"event\":\"x\","
				      "\"word\":\"\"}");
}
