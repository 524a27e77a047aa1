/* SPDX-License-Identifier: Apache-2.0 */
#include "net/ws_client.h"

#include "base/heap.h"
#include "net/resolve.h"
#include "net/stream.h"
#include "net/websocket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	CONNECT_MS = 15000, /* resolving, connecting, TLS and upgrade together */
	CLOSE_MS = 2000,
	PING_MS = 30000,
	MESSAGE_MAX = 16 << 20,
	OUTPUT_MAX = 64 << 20,
};

enum phase { RESOLVING, CONNECTING, UPGRADING, OPEN, CLOSING, ENDED };

struct ws_client {
	struct stream stream;
	struct net_loop *loop;
	struct ws_client_handler handler;
	enum phase phase;
	bool has_stream, is_processing, paused, is_pinged, is_clean;
	SSL_CTX *tls;
	char *host, *path, *subprotocol;
	uint16_t port;
	uint32_t ping_ms;
	uint64_t heard_ms;
	char key[WS_KEY_TEXT + 1];
	struct ws_decoder ws;
	struct buf in;
	size_t need;
	uint16_t close_code;
	uc_err why;
	struct resolve resolve;
	uv_timer_t starter; /* so that even the first failure is told from the loop */
	int parts;          /* starter and stream: what is not closed yet */
};

static const struct stream_handler client_handler;

static struct ws_client *client_of(struct stream *s)
{
	return (struct ws_client *)s; /* its first field */
}

static void client_free(struct ws_client *c)
{
	buf_done(&c->in);
	ws_decoder_done(&c->ws);
	heap_free(c->host);
	heap_free(c->path);
	heap_free(c->subprotocol);
	heap_free(c);
}

static void tell_closed(struct ws_client *c)
{
	struct ws_client_handler h = c->handler;
	uc_err why = c->is_clean ? UC_OK : c->why ? c->why : UC_E_CLOSED;
	uint16_t code = c->close_code;
	client_free(c);
	h.closed(h.ctx, why, code);
}

/* c lives until the last of timer and stream is closed. */
static void part_closed(struct ws_client *c)
{
	if (--c->parts == 0)
		tell_closed(c);
}

static void on_timer_closed(uv_handle_t *h)
{
	part_closed(h->data);
}

static void mask_make(struct ws_client *c, uint8_t mask[4])
{
	/* RFC 6455, 10.3: not to be guessed; without randomness the connection ends. */
	if (env_random(c->loop->env, mask, 4))
		stream_abort(&c->stream, UC_E_RANDOM);
}

static void frame_send(struct ws_client *c, enum ws_opcode op, struct view payload)
{
	uint8_t mask[4] = { 0 };
	mask_make(c, mask);
	ws_frame_add(stream_output(&c->stream), op, payload, mask);
	stream_written(&c->stream);
}

static void close_send(struct ws_client *c, uint16_t code)
{
	const uint8_t payload[2] = { (uint8_t)(code >> 8), (uint8_t)code };
	frame_send(c, WS_OP_CLOSE, VIEW_OF(payload));
}

static void set_deadline(struct ws_client *c)
{
	if (c->phase == OPEN)
		stream_set_deadline(
			&c->stream,
			c->paused ? 0 : c->heard_ms + c->ping_ms * (c->is_pinged ? 2u : 1u));
}

static void on_open(struct stream *s)
{
	struct ws_client *c = client_of(s);
	uc_err err = ws_key_make(c->loop->env, c->key);
	if (err) {
		stream_abort(s, err);
		return;
	}
	c->phase = UPGRADING;
	ws_upgrade_add_request(stream_output(s), c->host, c->port, c->path, c->subprotocol, c->key);
	stream_written(s);
}

static uc_err upgrade_step(struct ws_client *c, struct view bytes, size_t *used)
{
	struct http_response r;
	uc_err err = http_response_read(bytes, &r, used);
	c->need = bytes.n + 1;
	if (err == UC_E_PENDING)
		return err;
	if (!err)
		err = ws_upgrade_check_response(&r, c->subprotocol, c->key);
	if (err) {
		c->phase = ENDED;
		stream_end(&c->stream,
			   err == UC_E_BUSY || err == UC_E_UNSUPPORTED ? err : UC_E_PEER);
		return UC_OK;
	}
	c->phase = OPEN;
	set_deadline(c);
	c->handler.open(c->handler.ctx, c);
	return UC_OK;
}

static void closed_by_other(struct ws_client *c, uint16_t code)
{
	if (c->phase == OPEN) {
		close_send(c, code == WS_CLOSE_NONE ? WS_CLOSE_NORMAL : code);
		c->close_code = code;
	}
	c->phase = ENDED;
	c->is_clean = true;
	stream_end(&c->stream, UC_OK);
}

static uc_err frame_step(struct ws_client *c, uint8_t *bytes, size_t n, size_t *used)
{
	struct ws_event e;
	uc_err err = ws_decode(&c->ws, bytes, n, &e, used, &c->need);
	if (err == UC_E_PENDING)
		return err;
	if (err) {
		if (c->phase == OPEN)
			close_send(c, c->ws.error_code);
		c->phase = ENDED;
		stream_end(&c->stream, UC_E_PEER);
		return UC_OK;
	}
	if (e.kind == WS_CLOSE)
		closed_by_other(c, e.close_code);
	else if (e.kind == WS_PING && c->phase == OPEN)
		frame_send(c, WS_OP_PONG, e.data);
	else if (e.kind == WS_MESSAGE && c->phase == OPEN)
		c->handler.message(c->handler.ctx, c, e.data);
	return UC_OK;
}

static bool can_process(const struct ws_client *c)
{
	if (c->stream.state != STREAM_OPEN)
		return false;
	return c->phase == UPGRADING || c->phase == CLOSING || (c->phase == OPEN && !c->paused);
}

static size_t process(struct ws_client *c, uint8_t *bytes, size_t n)
{
	size_t at = 0;
	c->is_processing = true;
	while (at < n && can_process(c)) {
		size_t used = 0;
		uc_err err = c->phase == UPGRADING
				     ? upgrade_step(c, view_make(bytes + at, n - at), &used)
				     : frame_step(c, bytes + at, n - at, &used);
		if (err)
			break;
		at += used;
		c->need = 0;
	}
	c->is_processing = false;
	return at;
}

static void process_waiting(struct ws_client *c)
{
	if (c->is_processing || !c->in.n || c->in.n < c->need)
		return;
	buf_shift(&c->in, process(c, c->in.p, c->in.n));
	if (!c->in.n)
		buf_done(&c->in);
}

static void on_read(struct stream *s, uint8_t *bytes, size_t n)
{
	struct ws_client *c = client_of(s);
	c->heard_ms = loop_now_ms(s->loop);
	c->is_pinged = false;
	size_t used = 0;
	if (!c->in.n) {
		c->need = 0;
		used = process(c, bytes, n);
	}
	buf_add(&c->in, bytes + used, n - used);
	if (c->in.failed) {
		stream_abort(s, UC_E_LIMIT);
		return;
	}
	if (!used)
		process_waiting(c);
	set_deadline(c);
}

static void on_timeout(struct stream *s)
{
	struct ws_client *c = client_of(s);
	if (c->phase != OPEN || c->is_pinged) {
		stream_abort(s, UC_E_TIMEOUT);
		return;
	}
	frame_send(c, WS_OP_PING, (struct view){ 0 });
	c->is_pinged = true;
	set_deadline(c);
}

static void on_closed(struct stream *s, uc_err why)
{
	struct ws_client *c = client_of(s);
	c->why = why;
	c->phase = ENDED;
	part_closed(c);
}

static const struct stream_handler client_handler = { on_open, on_read, NULL, on_timeout,
						      on_closed };

static uc_err socket_connect(const struct sockaddr *a, int *out)
{
	int yes = 1;
	int fd = socket(a->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return UC_E_NET;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	socklen_t n =
		a->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	if (connect(fd, a, n) && errno != EINPROGRESS) {
		close(fd);
		return UC_E_NET;
	}
	*out = fd;
	return UC_OK;
}

static void on_resolved(void *ctx, uc_err err, const struct sockaddr *address)
{
	struct ws_client *c = ctx;
	int fd = -1;
	if (!err)
		err = c->phase == ENDED ? UC_E_CLOSED : socket_connect(address, &fd);
	if (!err)
		err = stream_start(&c->stream, c->loop, fd, c->tls, c->host, &client_handler,
				   OUTPUT_MAX);
	uv_close((uv_handle_t *)&c->starter, on_timer_closed);
	if (err) {
		c->why = err;
		c->phase = ENDED;
		return;
	}
	c->phase = CONNECTING;
	c->parts++;
	c->has_stream = true;
	stream_set_deadline(&c->stream, loop_now_ms(c->loop) + CONNECT_MS);
}

static void start(uv_timer_t *t)
{
	struct ws_client *c = t->data;
	resolve_start(&c->resolve, c->loop, c->host, c->port, on_resolved, c);
}

static char *copy(const char *s)
{
	size_t n = strlen(s) + 1;
	char *p = heap_new(n);
	if (p)
		memcpy(p, s, n);
	return p;
}

uc_err ws_client_open(struct net_loop *loop, const struct ws_client_options *o,
		      const struct ws_client_handler *handler, struct ws_client **out)
{
	struct ws_client *c = HEAP_NEW(struct ws_client);
	if (!c)
		return UC_E_MEMORY;
	size_t message_max = o->message_max ? o->message_max : MESSAGE_MAX;
	c->loop = loop;
	c->handler = *handler;
	c->tls = o->tls;
	c->port = o->port;
	c->ping_ms = o->ping_ms ? o->ping_ms : PING_MS;
	c->host = copy(o->host);
	c->path = copy(o->path);
	c->subprotocol = copy(o->subprotocol);
	ws_decoder_init(&c->ws, WS_CLIENT, message_max);
	buf_init(&c->in, message_max + 2 * LOOP_READ_BYTES + HTTP_HEAD_MAX);
	if (!c->host || !c->path || !c->subprotocol) {
		client_free(c);
		return UC_E_MEMORY;
	}
	uv_timer_init(&loop->uv, &c->starter);
	c->starter.data = c;
	c->parts = 1;
	uv_timer_start(&c->starter, start, 0, 0);
	*out = c;
	return UC_OK;
}

void ws_client_send(struct ws_client *c, struct view message)
{
	if (c->phase == OPEN)
		frame_send(c, WS_OP_BINARY, message);
}

size_t ws_client_queued(const struct ws_client *c)
{
	return c->has_stream ? stream_queued(&c->stream) : 0;
}

void ws_client_pause(struct ws_client *c, bool paused)
{
	if (c->paused == paused)
		return;
	c->paused = paused;
	if (c->phase != OPEN)
		return;
	c->heard_ms = loop_now_ms(c->loop);
	stream_pause(&c->stream, paused);
	process_waiting(c);
	set_deadline(c);
}

void ws_client_close(struct ws_client *c, uint16_t code)
{
	switch (c->phase) {
	case RESOLVING:
		c->phase = ENDED; /* seen when the address is there */
		break;
	case CONNECTING:
	case UPGRADING:
		c->phase = ENDED;
		stream_abort(&c->stream, UC_E_CLOSED);
		break;
	case OPEN:
		close_send(c, code);
		c->phase = CLOSING;
		c->close_code = code;
		stream_pause(&c->stream, false);
		stream_set_deadline(&c->stream, loop_now_ms(c->loop) + CLOSE_MS);
		break;
	case CLOSING:
	case ENDED:
		break;
	}
}
