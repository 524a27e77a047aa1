/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http2.h"

#include "base/heap.h"
#include "net/http2_head.h"
#include "net/http_route.h"
#include "net/tcp_taken.h"

#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>

enum {
	TICK_MS = 1000,
	RESETS_BURST = 200, /* requests taken back in a row, and each second */
	RESETS_A_SECOND = 20,
};

enum stream_phase { STREAM_RECEIVING, STREAM_CALLED, STREAM_REPLYING };

struct http2_stream {
	struct http_call call; /* first */
	int32_t id;
	enum stream_phase phase;
	bool is_head_done, is_whole; /* the request */
	bool is_answered;            /* whole, before the request was */
	bool is_head;                /* its method is HEAD */
	bool is_owned;               /* the handler knows of it and hears of its end */
	bool is_dead;                /* closed; the handler may not know yet */
	uint64_t until_ms;
	size_t left; /* of the reply, when the present window for taking more of it began */
	struct http2_head head;
	const struct http_route *route;
	struct http_request request;
	struct buf body;       /* of the request, until the handler has seen it */
	struct buf reply_body; /* if it is not lent */
	struct view reply;     /* what of it is left */
	struct http2_stream *prev, *next;
};

struct http2 {
	nghttp2_session *session;
	struct http2_stream *streams;
	size_t alive, bodies; /* streams; bytes of requests */
	struct buf out;
	bool is_inside; /* nghttp2, which must not be called from there */
	bool is_stopping;
	/* What the connection's deadline is for.  One that is set stays: what comes meanwhile gives
	 * nobody more time. */
	enum { WAIT_BEGIN, WAIT_TICK, WAIT_IDLE } waits;
};

static void body_drop(struct http2 *h, struct http2_stream *s)
{
	h->bodies -= s->body.n;
	buf_done(&s->body);
}

static void stream_free(struct http2 *h, struct http2_stream *s)
{
	body_drop(h, s);
	if (s->prev)
		s->prev->next = s->next;
	else
		h->streams = s->next;
	if (s->next)
		s->next->prev = s->prev;
	http2_head_done(&s->head);
	buf_done(&s->reply_body);
	heap_free(s);
}

/* Streams that ended.  Only where the handler is not inside a call of ours. */
static void reap(struct http_conn *c, uc_err why, bool all)
{
	struct http2 *h = c->http2;
	const struct http_handler *to = &c->server->o.handler;
	for (struct http2_stream *s = h->streams, *next; s; s = next) {
		next = s->next;
		if (!s->is_dead && !all)
			continue;
		if (s->is_owned)
			to->request_gone(to->ctx, &s->call, why);
		stream_free(h, s);
	}
}

/* Makes as much as may wait and lends it to the stream, which says when it has left. */
static void pump(struct http_conn *c)
{
	struct http2 *h = c->http2;
	if (h->is_inside || c->stream.lent.n || c->stream.state != STREAM_OPEN)
		return;
	h->is_inside = true;
	buf_reset(&h->out);
	while (h->out.n < HTTP2_OUTPUT) {
		const uint8_t *p = NULL;
		ssize_t n = nghttp2_session_mem_send(h->session, &p);
		if (n <= 0)
			break;
		buf_add(&h->out, p, (size_t)n);
	}
	h->is_inside = false;
	if (h->out.failed) {
		stream_abort(&c->stream, UC_E_MEMORY);
	} else if (h->out.n) {
		stream_lend(&c->stream, buf_view(&h->out));
	} else {
		buf_done(&h->out);
		bool is_over = !nghttp2_session_want_read(h->session) &&
			       !nghttp2_session_want_write(h->session);
		if (is_over || (h->is_stopping && !h->alive))
			stream_end(&c->stream, UC_E_CLOSED);
	}
}

static void settle(struct http_conn *c)
{
	struct http2 *h = c->http2;
	if (h->is_stopping || h->waits == (h->alive ? WAIT_TICK : WAIT_IDLE))
		return; /* has its time already */
	h->waits = h->alive ? WAIT_TICK : WAIT_IDLE;
	http_conn_set_deadline(c, h->alive ? TICK_MS : c->server->o.limits.idle_ms);
}

static void until(struct http2_stream *s, uint32_t ms)
{
	s->until_ms = loop_now_ms(s->call.conn->stream.loop) + ms;
}

static void reset(struct http2_stream *s, uint32_t code)
{
	nghttp2_submit_rst_stream(s->call.conn->http2->session, NGHTTP2_FLAG_NONE, s->id, code);
}

static ssize_t on_reply_wanted(nghttp2_session *session, int32_t id, uint8_t *to, size_t n,
			       uint32_t *flags, nghttp2_data_source *from, void *ctx)
{
	struct http2_stream *s = from->ptr;
	(void)session;
	(void)id;
	(void)ctx;
	n = n < s->reply.n ? n : s->reply.n;
	memcpy(to, s->reply.p, n);
	s->reply = view_slice(s->reply, n, s->reply.n);
	if (!s->reply.n)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)n;
}

/* The reply's body where it stays until it is sent. */
static uc_err reply_keep(struct http2_stream *s, struct view body, bool is_lent)
{
	s->reply = s->is_head ? (struct view){ 0 } : body;
	if (is_lent || !s->reply.n)
		return UC_OK;
	buf_init(&s->reply_body, body.n);
	buf_add_view(&s->reply_body, body);
	s->reply = buf_view(&s->reply_body);
	return s->reply_body.failed;
}

static void reply_submit(struct http2_stream *s, int status, struct view lines, struct view body,
			 bool is_lent)
{
	struct http_conn *c = s->call.conn;
	nghttp2_nv fields[HTTP_HEADERS_MAX];
	nghttp2_data_provider data = { { .ptr = s }, on_reply_wanted };
	struct arena mem;
	size_t n = 0;
	arena_init(&mem, 4 * HTTP_HEAD_MAX, ARENA_PLAIN);
	s->phase = STREAM_REPLYING;
	uc_err err = reply_keep(s, body, is_lent);
	if (!err)
		err = http2_fields(&mem, status, lines, body.n, fields, &n);
	if (err ||
	    nghttp2_submit_response(c->http2->session, s->id, fields, n, s->reply.n ? &data : NULL))
		reset(s, NGHTTP2_INTERNAL_ERROR);
	arena_done(&mem);
	s->left = s->reply.n;
	until(s, c->server->o.limits.send_ms);
}

void http2_reply(struct http_call *call, int status, struct view header_lines, struct view body,
		 bool is_lent)
{
	struct http2_stream *s = (struct http2_stream *)call;
	s->is_owned = false;
	if (s->phase == STREAM_CALLED && !s->is_dead)
		reply_submit(s, status, header_lines, body, is_lent);
	pump(call->conn);
}

/* By us; the handler, if it knows of the request, hears that it is gone when its stream is. */
static void refuse(struct http2_stream *s, int status, struct view lines)
{
	if (s->phase == STREAM_RECEIVING)
		body_drop(s->call.conn->http2, s);
	reply_submit(s, status, lines, (struct view){ 0 }, false);
}

/* The head is whole. */
static void head_ended(struct http2_stream *s)
{
	struct http_conn *c = s->call.conn;
	struct buf lines;
	int status = 0;
	s->is_head_done = true;
	uc_err err = http2_head_read(&s->head, &s->request);
	s->is_head = view_equal(s->request.method, VIEW_LIT("HEAD"));
	if (err) {
		refuse(s, http_status_of(err), (struct view){ 0 });
		return;
	}
	s->request.has_body = true; /* as long as it is, it says so itself */
	buf_init(&lines, HTTP_HEAD_MAX);
	bool is_peer = http_conn_peer(c) != NULL;
	s->route = http_route_admit(&c->server->o, &s->request, is_peer, &status, &lines);
	if (!s->route)
		refuse(s, status, buf_view(&lines));
	else if (s->route->kind == HTTP_ROUTE_WEBSOCKET)
		reset(s, NGHTTP2_HTTP_1_1_REQUIRED);
	else
		buf_init(&s->body, s->route->body_max);
	buf_done(&lines);
	until(s, c->server->o.limits.body_ms);
}

/* The request is whole. */
static void request_ended(struct http2_stream *s)
{
	struct http_conn *c = s->call.conn;
	const struct http_handler *h = &c->server->o.handler;
	if (s->phase != STREAM_RECEIVING || !s->route || s->route->kind != HTTP_ROUTE_REQUEST)
		return;
	metrics_add(c->stream.loop->metrics, METRIC_HTTP_REQUESTS, 1);
	s->request.content_length = s->body.n;
	s->phase = STREAM_CALLED;
	s->is_owned = true;
	until(s, c->server->o.limits.reply_ms);
	h->request(h->ctx, &s->call, s->route, &s->request, buf_view(&s->body));
	body_drop(c->http2, s);
}

static struct http2_stream *stream_of(nghttp2_session *session, int32_t id)
{
	return nghttp2_session_get_stream_user_data(session, id);
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
	struct http_conn *c = ctx;
	struct http2 *h = c->http2;
	if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	struct http2_stream *s = HEAP_NEW(struct http2_stream);
	if (!s)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	s->call = (struct http_call){ .conn = c, .is_stream = true };
	s->id = frame->hd.stream_id;
	http2_head_init(&s->head);
	s->next = h->streams;
	if (s->next)
		s->next->prev = s;
	h->streams = s;
	h->alive++;
	if (h->waits == WAIT_IDLE)
		h->waits = WAIT_BEGIN;
	until(s, c->server->o.limits.head_ms);
	nghttp2_session_set_stream_user_data(session, s->id, s);
	return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		     size_t name_n, const uint8_t *value, size_t value_n, uint8_t flags, void *ctx)
{
	struct http2_stream *s = stream_of(session, frame->hd.stream_id);
	(void)flags;
	(void)ctx;
	/* Trailers are nothing to us. */
	if (s && !s->is_head_done)
		http2_head_add(&s->head, view_make(name, name_n), view_make(value, value_n));
	return 0;
}

static void body_add(struct http_conn *c, struct http2_stream *s, const uint8_t *bytes, size_t n)
{
	if (n > s->route->body_max - s->body.n) {
		refuse(s, 413, (struct view){ 0 });
		return;
	}
	size_t before = s->body.n;
	if (n <= HTTP2_BODIES_MAX - c->http2->bodies)
		buf_add(&s->body, bytes, n);
	if (s->body.n != before + n) {
		refuse(s, 503, VIEW_LIT("Retry-After: 1\r\n"));
		return;
	}
	c->http2->bodies += n;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes,
		   size_t n, void *ctx)
{
	struct http2_stream *s = stream_of(session, id);
	bool is_wanted = s && s->phase == STREAM_RECEIVING && s->route;
	(void)flags;
	if (is_wanted)
		body_add(ctx, s, bytes, n);
	/* What is not wanted any more makes no room for more of it. */
	if (is_wanted && s->phase == STREAM_RECEIVING)
		return nghttp2_session_consume(session, id, n);
	return nghttp2_session_consume_connection(session, n);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
	struct http2_stream *s = stream_of(session, frame->hd.stream_id);
	(void)ctx;
	if (!s || (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA))
		return 0;
	if (frame->hd.type == NGHTTP2_HEADERS && !s->is_head_done)
		head_ended(s);
	if (!(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
		return 0;
	s->is_whole = true;
	request_ended(s);
	return 0;
}

/* RFC 9113, 8.1: who is answered before all was asked need not go on, and has a moment to notice: some
 * clients take an end at once for a failure. */
static int on_frame_sent(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
	struct http2_stream *s = stream_of(session, frame->hd.stream_id);
	(void)ctx;
	if (s && !s->is_whole && !s->is_dead && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) &&
	    (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA))
		s->is_answered = true;
	if (s && s->is_answered)
		until(s, s->call.conn->server->o.limits.close_ms);
	return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *ctx)
{
	struct http2_stream *s = stream_of(session, id);
	(void)code;
	if (!s)
		return 0;
	s->is_dead = true;
	((struct http_conn *)ctx)->http2->alive--;
	return 0;
}

static uc_err session_new(struct http_conn *c, nghttp2_session **out)
{
	nghttp2_session_callbacks *calls = NULL;
	nghttp2_option *option = NULL;
	if (nghttp2_session_callbacks_new(&calls))
		return UC_E_MEMORY;
	nghttp2_session_callbacks_set_on_begin_headers_callback(calls, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(calls, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(calls, on_frame);
	nghttp2_session_callbacks_set_on_frame_send_callback(calls, on_frame_sent);
	nghttp2_session_callbacks_set_on_stream_close_callback(calls, on_stream_close);
	bool failed = nghttp2_option_new(&option);
	if (!failed) {
		nghttp2_option_set_stream_reset_rate_limit(option, RESETS_BURST, RESETS_A_SECOND);
		nghttp2_option_set_no_auto_window_update(option, 1);
		/* Streams that ended are of no use to us, least of all as memory. */
		nghttp2_option_set_no_closed_streams(option, 1);
		failed = nghttp2_session_server_new2(out, calls, c, option);
	}
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(calls);
	return failed ? UC_E_MEMORY : UC_OK;
}

static uc_err settings_say(nghttp2_session *session)
{
	static const nghttp2_settings_entry ours[] = {
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, HTTP2_STREAMS_MAX },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, HTTP2_STREAM_WINDOW },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HTTP_HEAD_MAX },
	};
	if (nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, ours, sizeof ours / sizeof *ours) ||
	    nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, HTTP2_WINDOW))
		return UC_E_MEMORY;
	return UC_OK;
}

bool http2_is_chosen(const struct http_conn *c)
{
	const unsigned char *name = NULL;
	unsigned n = 0;
	if (c->stream.ssl)
		SSL_get0_alpn_selected(c->stream.ssl, &name, &n);
	return view_equal(view_make(name, n), VIEW_LIT("h2"));
}

void http2_start(struct http_conn *c)
{
	struct http2 *h = HEAP_NEW(struct http2);
	c->phase = HTTP_PHASE_HTTP2;
	c->http2 = h;
	if (h)
		buf_init(&h->out, 2 * HTTP2_OUTPUT + HTTP_HEAD_MAX);
	if (!h || session_new(c, &h->session) || settings_say(h->session)) {
		stream_abort(&c->stream, UC_E_MEMORY);
		return;
	}
	http_conn_set_deadline(c, c->server->o.limits.head_ms);
	pump(c);
}

void http2_end(struct http_conn *c, uc_err why)
{
	struct http2 *h = c->http2;
	if (!h)
		return;
	reap(c, why, true);
	nghttp2_session_del(h->session);
	buf_done(&h->out);
	heap_free(h);
	c->http2 = NULL;
}

void http2_input(struct http_conn *c, const uint8_t *bytes, size_t n)
{
	struct http2 *h = c->http2;
	h->is_inside = true;
	ssize_t used = nghttp2_session_mem_recv(h->session, bytes, n);
	h->is_inside = false;
	if (used < 0) {
		/* What is wrong with the bytes nghttp2 says by itself (GOAWAY); this is ours. */
		stream_abort(&c->stream, UC_E_FRAME);
		return;
	}
	reap(c, UC_E_CLOSED, false);
	pump(c);
	settle(c);
}

void http2_sent(struct http_conn *c)
{
	reap(c, UC_E_CLOSED, false);
	pump(c);
}

/* Who takes a byte now and then does not hold it for ever. */
static bool takes(struct http2_stream *s, uint64_t now_ms)
{
	uint64_t since_ms = now_ms - s->until_ms + s->call.conn->server->o.limits.send_ms;
	uint64_t taken = s->left - s->reply.n;
	s->left = s->reply.n;
	return taken && taken * 1000 >= since_ms * TCP_TAKEN_BYTES_A_SECOND;
}

static void stream_late(struct http2_stream *s, uint64_t now_ms)
{
	if (s->phase == STREAM_REPLYING && takes(s, now_ms)) {
		until(s, s->call.conn->server->o.limits.send_ms);
		return;
	}
	if (s->phase == STREAM_RECEIVING)
		refuse(s, 408, (struct view){ 0 });
	else if (s->phase == STREAM_CALLED)
		refuse(s, 503, (struct view){ 0 });
	else
		reset(s, s->is_answered ? NGHTTP2_NO_ERROR : NGHTTP2_CANCEL);
}

void http2_timeout(struct http_conn *c)
{
	struct http2 *h = c->http2;
	uint64_t now = loop_now_ms(c->stream.loop);
	if (h->is_stopping) {
		stream_abort(&c->stream, UC_E_TIMEOUT);
		return;
	}
	/* With the last stream's end the time between requests begins. */
	if (!h->alive && h->waits != WAIT_TICK)
		nghttp2_session_terminate_session(h->session, NGHTTP2_NO_ERROR);
	h->waits = WAIT_BEGIN;
	for (struct http2_stream *s = h->streams; s; s = s->next) {
		if (!s->is_dead && now >= s->until_ms)
			stream_late(s, now);
	}
	pump(c);
	reap(c, UC_E_TIMEOUT, false);
	settle(c);
}

void http2_stop(struct http_conn *c)
{
	struct http2 *h = c->http2;
	if (!h || c->stream.state != STREAM_OPEN)
		return;
	h->is_stopping = true;
	nghttp2_submit_goaway(h->session, NGHTTP2_FLAG_NONE,
			      nghttp2_session_get_last_proc_stream_id(h->session), NGHTTP2_NO_ERROR,
			      NULL, 0);
	for (struct http2_stream *s = h->streams; s; s = s->next) {
		if (!s->is_dead && s->phase != STREAM_REPLYING)
			refuse(s, 503, VIEW_LIT("Retry-After: 1\r\n"));
	}
	http_conn_hurry(c);
	pump(c);
}
