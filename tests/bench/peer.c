/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/peer.h"

#include "base/text.h"
#include "net/env_system.h"
#include "net/tls.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { AT_ONCE = 64, READ_BYTES = 65536 };
#define PATIENCE_US 60e6

static struct {
	const struct dialect *dialect;
	struct load *load;
	const struct plan *plan;
	struct sockaddr_in to;
	struct peer *peers;
	struct sink *sinks; /* of the members of the first room, of the second, ... */
	size_t *first;      /* sink of each room's first member */
	size_t *room_of;    /* a sink's room */
	size_t sinks_n, ready, open;
	struct peer *dirty;
	uv_prepare_t flush;
	uint8_t read[READ_BYTES];
} g;

static void *must_alloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);
	if (!p)
		bench_die("no memory");
	return p;
}

static void add_bytes(struct bytes *b, const void *p, size_t n)
{
	if (b->n + n > b->cap) {
		b->cap = 2 * (b->n + n);
		b->p = realloc(b->p, b->cap);
		if (!b->p)
			bench_die("no memory");
	}
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

static void drop_bytes(struct bytes *b)
{
	free(b->p);
	*b = (struct bytes){ .n = 0 };
}

/* --- writing: what is put in one round of the loop leaves together --- */

static void failed(struct peer *p, const char *what, int err)
{
	if (!p->is_closing && !g.load->expects_end)
		bench_die("a connection ended, %s: %s", what, uv_strerror(err));
}

static void mark(struct peer *p)
{
	if (p->is_dirty || !p->is_open)
		return;
	p->is_dirty = true;
	p->next_dirty = g.dirty;
	g.dirty = p;
}

struct peer_write {
	uv_write_t req;
	struct peer *peer;
};

static void on_written(uv_write_t *req, int status)
{
	struct peer_write *w = (struct peer_write *)req;
	struct peer *p = w->peer;
	free(w);
	p->is_writing = false;
	drop_bytes(&p->writing);
	if (status < 0)
		failed(p, "writing", status);
	else if (p->out.n)
		mark(p);
}

/* What was said, as it goes over the wire. */
static void seal(struct peer *p)
{
	if (!p->ssl) {
		add_bytes(&p->wire, p->out.p, p->out.n);
		p->out.n = 0;
		return;
	}
	if (!SSL_is_init_finished(p->ssl))
		SSL_do_handshake(p->ssl);
	if (SSL_is_init_finished(p->ssl) && p->out.n) {
		if (SSL_write(p->ssl, p->out.p, (int)p->out.n) != (int)p->out.n)
			bench_die("TLS does not take what is said");
		p->out.n = 0;
	}
	char *sealed = NULL;
	long n = BIO_get_mem_data(SSL_get_wbio(p->ssl), &sealed);
	if (n > 0)
		add_bytes(&p->wire, sealed, (size_t)n);
	(void)BIO_reset(SSL_get_wbio(p->ssl));
}

static void flush(struct peer *p)
{
	if (p->is_writing || !p->is_open)
		return;
	seal(p);
	if (!p->wire.n)
		return;
	uv_buf_t b = { .base = (char *)p->wire.p, .len = p->wire.n };
	int n = uv_try_write((uv_stream_t *)&p->tcp, &b, 1);
	if (n < 0 && n != UV_EAGAIN) {
		failed(p, "writing", n);
		return;
	}
	if (n == (int)p->wire.n) {
		p->wire.n = 0;
		return;
	}
	/* The rest waits for the other side. */
	struct peer_write *w = must_alloc(1, sizeof *w);
	add_bytes(&p->writing, p->wire.p + (n > 0 ? n : 0), p->wire.n - (size_t)(n > 0 ? n : 0));
	p->wire.n = 0;
	w->peer = p;
	p->is_writing = true;
	b = (uv_buf_t){ .base = (char *)p->writing.p, .len = p->writing.n };
	int err = uv_write(&w->req, (uv_stream_t *)&p->tcp, &b, 1, on_written);
	if (err)
		failed(p, "writing", err);
}

static void flush_all(uv_prepare_t *handle)
{
	(void)handle;
	while (g.dirty) {
		struct peer *p = g.dirty;
		g.dirty = p->next_dirty;
		p->is_dirty = false;
		flush(p);
	}
}

void peer_put(struct peer *p, const void *bytes, size_t n)
{
	add_bytes(&p->out, bytes, n);
	mark(p);
}

void peer_print(struct peer *p, const char *format, ...)
{
	char text[2048];
	va_list args;
	va_start(args, format);
	int n = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof text)
		bench_die("too long to say");
	peer_put(p, text, (size_t)n);
}

/* --- reading --- */

static void on_space(uv_handle_t *h, size_t wanted, uv_buf_t *out)
{
	(void)h;
	(void)wanted;
	*out = (uv_buf_t){ .base = (char *)g.read, .len = sizeof g.read };
}

void peer_secure(struct peer *p)
{
	BIO *from = NULL, *to = NULL;
	if (!g.load->tls)
		return;
	p->ssl = SSL_new(g.load->tls);
	from = BIO_new(BIO_s_mem());
	to = BIO_new(BIO_s_mem());
	if (!p->ssl || !from || !to)
		bench_die("no memory for TLS");
	SSL_set_bio(p->ssl, from, to);
	SSL_set_connect_state(p->ssl);
	mark(p);
}

/* What came, opened. */
static void open_sealed(struct peer *p, const char *bytes, size_t n)
{
	char text[16384];
	int got;
	if (!p->ssl) {
		add_bytes(&p->in, bytes, n);
		return;
	}
	if (BIO_write(SSL_get_rbio(p->ssl), bytes, (int)n) != (int)n)
		bench_die("no memory for TLS");
	while ((got = SSL_read(p->ssl, text, sizeof text)) > 0)
		add_bytes(&p->in, text, (size_t)got);
	int why = SSL_get_error(p->ssl, got);
	if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_ZERO_RETURN)
		bench_die("TLS fails: %s", tls_reason());
	mark(p);
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
	struct peer *p = s->data;
	size_t at = 0, took;
	if (n < 0) {
		failed(p, "reading", (int)n);
		uv_read_stop(s);
		return;
	}
	open_sealed(p, buf->base, (size_t)n);
	while (at < p->in.n &&
	       (took = g.dialect->take(p, view_make(p->in.p + at, p->in.n - at))) > 0)
		at += took;
	if (at == p->in.n)
		drop_bytes(&p->in);
	else if (at) {
		memmove(p->in.p, p->in.p + at, p->in.n - at);
		p->in.n -= at;
	}
}

void peer_ready(struct peer *p)
{
	if (p->is_ready)
		return;
	p->is_ready = true;
	p->was_here = true;
	g.ready++;
}

void peer_accepted(struct peer *p)
{
	if (!p->waiting_n)
		return; /* of a stream that was forgotten */
	struct stream *t = p->waiting[p->waiting_from++ % p->waiting_cap];
	p->waiting_n--;
	if (t)
		run_accepted(t);
}

/* A peer is told by whom, at best: each end waits for one stream at a time. */
void peer_arrived(struct peer *p, struct view content)
{
	for (size_t i = 0; i < p->places_n; i++)
		if (g.sinks[p->places[i]].of) {
			run_arrived(&g.sinks[p->places[i]], content);
			return;
		}
}

/* --- rooms --- */

bool peer_group(const struct peer *p, size_t *at, size_t *room)
{
	for (; *at < p->places_n; (*at)++) {
		*room = g.room_of[p->places[*at]];
		if (g.plan->rooms[*room].n > 2) {
			(*at)++;
			return true;
		}
	}
	return false;
}

bool peer_other(const struct peer *p, size_t room, size_t *end)
{
	const struct plan_room *r = &g.plan->rooms[room];
	if (r->n != 2)
		return false;
	*end = r->ends[r->ends[0] == p->end];
	return true;
}

static void make_places(void)
{
	const struct plan *plan = g.plan;
	g.first = must_alloc(plan->rooms_n, sizeof *g.first);
	for (size_t i = 0; i < plan->rooms_n; i++) {
		g.first[i] = g.sinks_n;
		g.sinks_n += plan->rooms[i].n;
	}
	g.sinks = must_alloc(g.sinks_n, sizeof *g.sinks);
	g.room_of = must_alloc(g.sinks_n, sizeof *g.room_of);
	for (size_t i = 0; i < plan->rooms_n; i++)
		for (size_t k = 0; k < plan->rooms[i].n; k++)
			g.peers[plan->rooms[i].ends[k]].places_n++;
	for (size_t i = 0; i < plan->ends; i++) {
		g.peers[i].places = must_alloc(g.peers[i].places_n, sizeof *g.peers[i].places);
		g.peers[i].places_n = 0;
	}
	for (size_t i = 0; i < plan->rooms_n; i++)
		for (size_t k = 0; k < plan->rooms[i].n; k++) {
			struct peer *p = &g.peers[plan->rooms[i].ends[k]];
			g.room_of[g.first[i] + k] = i;
			p->places[p->places_n++] = g.first[i] + k;
		}
}

/* --- going and coming --- */

static void on_connected(uv_connect_t *req, int status)
{
	struct peer *p = req->data;
	free(req);
	if (status < 0)
		bench_die("no connection: %s", uv_strerror(status));
	p->is_open = true;
	g.open++;
	uv_tcp_nodelay(&p->tcp, 1);
	if (uv_read_start((uv_stream_t *)&p->tcp, on_space, on_read))
		bench_die("a connection cannot be read");
	if (!g.dialect->secures_itself)
		peer_secure(p);
	g.dialect->begin(p);
}

static void connect_one(struct peer *p)
{
	uv_connect_t *req = must_alloc(1, sizeof *req);
	req->data = p;
	p->is_closing = p->is_ready = p->is_writing = false;
	p->step = 0;
	p->waiting_n = 0;
	if (uv_tcp_init(&g.load->loop.uv, &p->tcp) ||
	    uv_tcp_connect(req, &p->tcp, (const struct sockaddr *)&g.to, on_connected))
		bench_die("no connection");
	p->tcp.data = p;
}

void peers_back(size_t from, size_t to)
{
	for (size_t at = from; at < to; at += AT_ONCE) {
		size_t last = at + AT_ONCE < to ? at + AT_ONCE : to, wanted = g.ready + last - at;
		double began = clock_us(CLOCK_MONOTONIC);
		for (size_t i = at; i < last; i++)
			connect_one(&g.peers[i]);
		while (g.ready < wanted) {
			load_rest(g.load, 1);
			if (clock_us(CLOCK_MONOTONIC) - began > PATIENCE_US)
				bench_die("%zu devices do not get in", wanted - g.ready);
		}
	}
}

static void on_closed(uv_handle_t *h)
{
	struct peer *p = h->data;
	p->is_open = false;
	drop_bytes(&p->in);
	drop_bytes(&p->out);
	drop_bytes(&p->wire);
	SSL_free(p->ssl);
	p->ssl = NULL;
	g.open--;
	g.ready -= p->is_ready;
}

void peers_away(size_t from, size_t to)
{
	size_t left = g.open - (to - from);
	for (size_t i = from; i < to; i++) {
		struct peer *p = &g.peers[i];
		p->is_closing = true;
		if (g.dialect->leave && !g.load->expects_end)
			g.dialect->leave(p);
		flush(p);
		uv_close((uv_handle_t *)&p->tcp, on_closed);
	}
	while (g.open > left)
		load_turn(g.load);
	load_rest(g.load, 300); /* until they have noticed */
}

void peers_resume(bool yes)
{
	g.load->resumes = yes;
}

void peers_prepare(const struct dialect *d, struct load *l, const struct plan *plan,
		   const struct speech_options *o)
{
	g.dialect = d;
	g.load = l;
	g.plan = plan;
	uv_ip4_addr("127.0.0.1", o->port, &g.to);
	uv_prepare_init(&l->loop.uv, &g.flush);
	uv_prepare_start(&g.flush, flush_all);
	g.peers = must_alloc(plan->ends, sizeof *g.peers);
	for (size_t i = 0; i < plan->ends; i++)
		g.peers[i].end = i;
	make_places();
	peers_back(0, 1); /* who may have to make something for all */
	peers_back(1, plan->ends);
}

/* --- messages --- */

void peers_fill(struct stream *t, size_t room, size_t member, size_t bytes, bool accept)
{
	struct peer *p = &g.peers[g.plan->rooms[room].ends[member]];
	uint8_t *raw = must_alloc(bytes, 1);
	t->from = p;
	for (size_t i = 0; i < t->n; i++) {
		struct buf text;
		MUST(env_random(env_system(), raw, bytes));
		buf_init(&text, 2 * bytes + 8);
		if (g.dialect->is_text)
			base64url_add(&text, view_make(raw, bytes));
		else
			buf_add(&text, raw, bytes);
		struct view content = buf_view(&text);
		memcpy(t->tails[i], content.p + content.n - TAIL, TAIL);
		buf_init(&t->frames[i], content.n + 1024);
		g.dialect->message(p, &t->frames[i], room, content, accept);
		buf_done(&text);
	}
	free(raw);
}

void peers_write(struct stream *t, struct view frame)
{
	struct peer *p = t->from;
	if (!t->run->accepts) {
		peer_put(p, frame.p, frame.n);
		return;
	}
	if (p->waiting_n == p->waiting_cap) {
		size_t cap = p->waiting_cap ? 2 * p->waiting_cap : 16;
		struct stream **v = must_alloc(cap, sizeof(struct stream *));
		for (size_t i = 0; i < p->waiting_n; i++)
			v[i] = p->waiting[(p->waiting_from + i) % p->waiting_cap];
		free(p->waiting);
		p->waiting = v;
		p->waiting_from = 0;
		p->waiting_cap = cap;
	}
	p->waiting[(p->waiting_from + p->waiting_n++) % p->waiting_cap] = t;
	peer_put(p, frame.p, frame.n);
}

void peers_forget(struct stream *t)
{
	struct peer *p = t->from;
	for (size_t i = 0; i < p->waiting_n; i++) {
		struct stream **at = &p->waiting[(p->waiting_from + i) % p->waiting_cap];
		*at = *at == t ? NULL : *at;
	}
}

struct sink *peers_sink(size_t room, size_t member)
{
	return &g.sinks[g.first[room] + member];
}
