/* SPDX-License-Identifier: Apache-2.0 */
#include "net/websocket.h"
#include "tests/unit/harness.h"

static const uint8_t mask[4] = { 0x37, 0xfa, 0x21, 0x3d };

/* Decodes a copy of v, good until the next call. */
static uc_err decode(struct ws_decoder *d, struct view v, struct ws_event *e, size_t *used)
{
	static uint8_t copy[1024];
	size_t need = 0;
	expect(v.n <= sizeof copy);
	memcpy(copy, v.p, v.n);
	return ws_decode(d, copy, v.n, e, used, &need);
}

/* A frame as raw bytes, masked. */
static struct view raw(uint8_t first, struct view payload)
{
	static struct buf b;
	static bool is_made;
	if (!is_made)
		buf_init(&b, 1 << 22);
	is_made = true;
	buf_reset(&b);
	ws_frame_add(&b, WS_OP_BINARY, payload, mask);
	b.p[0] = first;
	return buf_view(&b);
}

TEST(frames_of_all_lengths_go_round)
{
	static const size_t lengths[] = { 0, 1, 7, 8, 9, 125, 126, 127, 65535, 65536, 70000 };
	static uint8_t data[70000];
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		for (int role = WS_SERVER; role <= WS_CLIENT; role++) {
			struct ws_decoder d;
			struct ws_event e;
			struct buf b;
			size_t used = 0, need = 0;
			buf_init(&b, 100000);
			ws_decoder_init(&d, (enum ws_role)role, 70000);
			ws_frame_add(&b, WS_OP_BINARY, view_make(data, lengths[i]),
				     role == WS_SERVER ? mask : NULL);
			expect_err(ws_decode(&d, b.p, b.n - 1, &e, &used, &need), UC_E_PENDING);
			expect(need <= b.n && need > 1);
			expect_ok(ws_decode(&d, b.p, b.n, &e, &used, &need));
			expect_eq(e.kind, WS_MESSAGE);
			expect_eq(used, b.n);
			expect_bytes(e.data, view_make(data, lengths[i]));
			ws_decoder_done(&d);
			buf_done(&b);
		}
	}
}

TEST(fragments_are_joined_and_control_may_come_between)
{
	struct ws_decoder d;
	struct ws_event e;
	size_t used;
	ws_decoder_init(&d, WS_SERVER, 100);
	expect_ok(decode(&d, raw(0x02, VIEW_LIT("one ")), &e, &used));
	expect_eq(e.kind, WS_NOTHING);
	expect_ok(decode(&d, raw(0x89, VIEW_LIT("hm")), &e, &used));
	expect_eq(e.kind, WS_PING);
	expect_bytes(e.data, VIEW_LIT("hm"));
	expect_ok(decode(&d, raw(0x00, VIEW_LIT("two ")), &e, &used));
	expect_ok(decode(&d, raw(0x80, VIEW_LIT("three")), &e, &used));
	expect_eq(e.kind, WS_MESSAGE);
	expect_bytes(e.data, VIEW_LIT("one two three"));
	expect_ok(decode(&d, raw(0x02, VIEW_LIT("next")), &e, &used));
	expect_ok(decode(&d, raw(0x80, VIEW_LIT("")), &e, &used));
	expect_bytes(e.data, VIEW_LIT("next"));
	ws_decoder_done(&d);
}

TEST(rules_are_enforced)
{
	static uint8_t large[126];
	static const struct {
		uint8_t first;
		size_t n;
		uint16_t code;
	} cases[] = {
		{ 0xc2, 1, WS_CLOSE_PROTOCOL },    /* RSV1 */
		{ 0xa2, 1, WS_CLOSE_PROTOCOL },    /* RSV2 */
		{ 0x92, 1, WS_CLOSE_PROTOCOL },    /* RSV3 */
		{ 0x81, 1, WS_CLOSE_UNSUPPORTED }, /* text */
		{ 0x83, 1, WS_CLOSE_PROTOCOL },    /* reserved opcodes */
		{ 0x8b, 1, WS_CLOSE_PROTOCOL },
		{ 0x80, 1, WS_CLOSE_PROTOCOL },   /* continuation of nothing */
		{ 0x09, 1, WS_CLOSE_PROTOCOL },   /* fragmented ping */
		{ 0x08, 2, WS_CLOSE_PROTOCOL },   /* fragmented close */
		{ 0x89, 126, WS_CLOSE_PROTOCOL }, /* long ping */
		{ 0x88, 1, WS_CLOSE_PROTOCOL },   /* half a close code */
		{ 0x88, 2, WS_CLOSE_PROTOCOL },   /* close code 0 */
		{ 0x82, 101, WS_CLOSE_TOO_LARGE },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ws_decoder d;
		struct ws_event e;
		size_t used;
		ws_decoder_init(&d, WS_SERVER, 100);
		uc_err err =
			decode(&d, raw(cases[i].first, view_make(large, cases[i].n)), &e, &used);
		if (!err || err == UC_E_PENDING || d.error_code != cases[i].code)
			test_fail(__FILE__, __LINE__, "case %zu: %s %u", i, uc_err_name(err),
				  d.error_code);
		ws_decoder_done(&d);
	}
}

TEST(masking_is_required_of_clients_and_of_nobody_else)
{
	uint8_t plain[] = { 0x82, 0x01, 'x' }, masked[] = { 0x82, 0x81, 1, 2, 3, 4, 'x' };
	struct ws_decoder d;
	struct ws_event e;
	size_t used, need;
	ws_decoder_init(&d, WS_SERVER, 100);
	expect_err(ws_decode(&d, plain, sizeof plain, &e, &used, &need), UC_E_FRAME);
	expect_eq(d.error_code, WS_CLOSE_PROTOCOL);
	ws_decoder_init(&d, WS_CLIENT, 100);
	expect_err(ws_decode(&d, masked, sizeof masked, &e, &used, &need), UC_E_FRAME);
}

TEST(lengths_are_shortest_and_limited)
{
	uint8_t two[] = { 0x82, 0xfe, 0, 125, 0, 0, 0, 0 };
	uint8_t eight[] = { 0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0 };
	uint8_t huge[] = { 0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0 };
	struct ws_decoder d;
	struct ws_event e;
	size_t used, need;
	ws_decoder_init(&d, WS_SERVER, 1 << 20);
	expect_err(ws_decode(&d, two, sizeof two, &e, &used, &need), UC_E_FRAME);
	expect_err(ws_decode(&d, eight, sizeof eight, &e, &used, &need), UC_E_FRAME);
	expect_err(ws_decode(&d, huge, sizeof huge, &e, &used, &need), UC_E_TOO_LARGE);
	expect_eq(d.error_code, WS_CLOSE_TOO_LARGE);
}

TEST(fragments_together_are_limited)
{
	static uint8_t part[60];
	struct ws_decoder d;
	struct ws_event e;
	size_t used;
	ws_decoder_init(&d, WS_SERVER, 100);
	expect_ok(decode(&d, raw(0x02, VIEW_OF(part)), &e, &used));
	expect_err(decode(&d, raw(0x00, VIEW_OF(part)), &e, &used), UC_E_TOO_LARGE);
	ws_decoder_done(&d);
}

TEST(close_codes)
{
	struct ws_decoder d;
	struct ws_event e;
	struct buf b;
	size_t used, need;
	buf_init(&b, 100);
	ws_decoder_init(&d, WS_SERVER, 100);
	ws_close_add(&b, WS_CLOSE_GOING_AWAY, mask);
	expect_ok(ws_decode(&d, b.p, b.n, &e, &used, &need));
	expect_eq(e.close_code, WS_CLOSE_GOING_AWAY);
	expect_ok(decode(&d, raw(0x88, VIEW_LIT("")), &e, &used));
	expect_eq(e.kind, WS_CLOSE);
	expect_eq(e.close_code, WS_CLOSE_NONE);
	buf_done(&b);
}

/* The example of RFC 6455, 1.3. */
TEST(accept_is_the_standards)
{
	char accept[WS_ACCEPT_TEXT + 1];
	ws_accept(VIEW_LIT("dGhlIHNhbXBsZSBub25jZQ=="), accept);
	expect_bytes(view_str(accept), VIEW_LIT("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
}

static uc_err upgrade(const char *from, const char *to)
{
	static const char good[] =
		"GET /v1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
		"Sec-WebSocket-Protocol: other, undercroft.v1\r\n\r\n";
	char text[600];
	const char *at = strstr(good, from);
	snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
	struct http_request q;
	size_t used;
	expect_ok(http_request_read(view_str(text), &q, &used));
	return ws_upgrade_check(&q, "undercroft.v1");
}

TEST(upgrades_are_checked)
{
	expect_ok(upgrade("GET", "GET"));
	expect_err(upgrade("GET", "POST"), UC_E_MALFORMED);
	expect_err(upgrade("Upgrade: websocket", "Upgrade: h2c"), UC_E_MALFORMED);
	expect_err(upgrade("Connection: Upgrade", "Connection: close"), UC_E_MALFORMED);
	expect_err(upgrade("Version: 13", "Version: 8"), UC_E_UNSUPPORTED);
	expect_err(upgrade("b25jZQ==", "b25jZQ=="), UC_OK);
	expect_err(upgrade("b25jZQ==", "b25j"), UC_E_MALFORMED);
	expect_err(upgrade("undercroft.v1", "undercroft.v2"), UC_E_UNSUPPORTED);
	expect_err(upgrade("Sec-WebSocket-Key", "Sec-WebSocket-Kee"), UC_E_MALFORMED);
}

TEST(both_sides_of_the_handshake_agree)
{
	char key[WS_KEY_TEXT + 1];
	struct buf ask, answer;
	struct http_request q;
	struct http_response r;
	size_t used;
	buf_init(&ask, 1000);
	buf_init(&answer, 1000);
	expect_ok(ws_key_make(test_env(), key));
	ws_upgrade_add_request(&ask, "dial.localhost", 8441, "/v1", "undercroft.v1", key);
	expect_ok(http_request_read(buf_view(&ask), &q, &used));
	expect_ok(ws_upgrade_check(&q, "undercroft.v1"));
	ws_upgrade_add_response(&answer, &q, "undercroft.v1");
	expect_ok(http_response_read(buf_view(&answer), &r, &used));
	expect_ok(ws_upgrade_check_response(&r, "undercroft.v1", key));
	key[0] = key[0] == 'A' ? 'B' : 'A';
	expect_err(ws_upgrade_check_response(&r, "undercroft.v1", key), UC_E_PEER);
	buf_done(&ask);
	buf_done(&answer);
}
