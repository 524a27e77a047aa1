/* SPDX-License-Identifier: Apache-2.0 */
/* The opening handshake of a WebSocket: RFC 6455, 4. */
#include "net/websocket.h"

#include <openssl/evp.h>

void ws_accept(struct view key, char out[WS_ACCEPT_TEXT + 1])
{
	struct buf text;
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	buf_init(&text, 256);
	buf_add_view(&text, key);
	buf_add_str(&text, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
	out[0] = 0;
	if (!text.failed && EVP_Digest(text.p, text.n, hash, &n, EVP_sha1(), NULL) == 1)
		EVP_EncodeBlock((unsigned char *)out, hash, (int)n);
	buf_done(&text);
}

/* 16 bytes as base64: 22 characters and "==". */
static bool key_is_valid(struct view key)
{
	if (key.n != WS_KEY_TEXT || key.p[22] != '=' || key.p[23] != '=')
		return false;
	uint8_t raw[18];
	return EVP_DecodeBlock(raw, key.p, (int)key.n) == sizeof raw;
}

/* A single header, not a list of several lines. */
static bool has_one(const struct http_headers *h, const char *name)
{
	size_t n = 0;
	for (size_t i = 0; i < h->n; i++)
		n += http_text_equal(h->v[i].name, view_str(name));
	return n == 1;
}

uc_err ws_upgrade_check(const struct http_request *q, const char *protocol)
{
	const struct http_headers *h = &q->headers;
	if (!view_equal(q->method, VIEW_LIT("GET")) || q->content_length)
		return UC_E_MALFORMED;
	if (!http_header_has(h, "upgrade", "websocket") ||
	    !http_header_has(h, "connection", "upgrade"))
		return UC_E_MALFORMED;
	if (!has_one(h, "sec-websocket-version") ||
	    !view_equal(http_header_find(h, "sec-websocket-version"), VIEW_LIT("13")))
		return UC_E_UNSUPPORTED;
	if (!has_one(h, "sec-websocket-key") ||
	    !key_is_valid(http_header_find(h, "sec-websocket-key")))
		return UC_E_MALFORMED;
	if (!http_header_has(h, "sec-websocket-protocol", protocol))
		return UC_E_UNSUPPORTED;
	return UC_OK;
}

void ws_upgrade_add_response(struct buf *out, const struct http_request *q, const char *protocol)
{
	char accept[WS_ACCEPT_TEXT + 1];
	ws_accept(http_header_find(&q->headers, "sec-websocket-key"), accept);
	buf_printf(out,
		   "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
		   "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n"
		   "Sec-WebSocket-Protocol: %s\r\n\r\n",
		   accept, protocol);
}

uc_err ws_key_make(const struct env *env, char out[WS_KEY_TEXT + 1])
{
	uint8_t raw[16];
	TRY(env_random(env, raw, sizeof raw));
	EVP_EncodeBlock((unsigned char *)out, raw, sizeof raw);
	return UC_OK;
}

void ws_upgrade_add_request(struct buf *out, const char *host, unsigned port, const char *path,
			    const char *protocol, const char *key)
{
	buf_printf(out, "GET %s HTTP/1.1\r\nHost: %s:%u\r\n", path, host, port);
	buf_printf(out,
		   "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		   "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Protocol: %s\r\n\r\n",
		   key, protocol);
}

uc_err ws_upgrade_check_response(const struct http_response *r, const char *protocol,
				 const char *key)
{
	char accept[WS_ACCEPT_TEXT + 1];
	const struct http_headers *h = &r->headers;
	if (r->status != 101)
		return r->status == 503 || r->status == 429 ? UC_E_BUSY : UC_E_PEER;
	ws_accept(view_str(key), accept);
	if (!http_header_has(h, "upgrade", "websocket") ||
	    !http_header_has(h, "connection", "upgrade") || !has_one(h, "sec-websocket-accept") ||
	    !view_equal(http_header_find(h, "sec-websocket-accept"), view_str(accept)))
		return UC_E_PEER;
	/* RFC 6455, 4.1: the subprotocol must be one we asked for, and no extension came. */
	if (!view_equal(http_header_find(h, "sec-websocket-protocol"), view_str(protocol)) ||
	    http_header_find(h, "sec-websocket-extensions").p)
		return UC_E_UNSUPPORTED;
	return UC_OK;
}
