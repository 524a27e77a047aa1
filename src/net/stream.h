/* SPDX-License-Identifier: Apache-2.0 */
/* A TLS connection on a loop, for either side, or a plain one.  Input is handed out as it comes;
 * output is queued with a hard limit and leaves once a round.  OpenSSL does the handshake; of a
 * connection that came in we take over the record layer then (tls_take.h), so that a quiet one costs
 * little more than its keys. */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include "base/buf.h"
#include "net/loop.h"

#include <openssl/types.h>

struct stream;
struct stream_handler {
	/* The handshake is done.  A server's stream has its ssl in this call for the last time. */
	void (*open)(struct stream *s);
	/* The bytes may be changed in place and are gone after the call. */
	void (*read)(struct stream *s, uint8_t *bytes, size_t n);
	/* What was lent has left, and all before it.  NULL for those who lend nothing. */
	void (*sent)(struct stream *s);
	/* deadline_ms has passed (and is 0 again). */
	void (*timeout)(struct stream *s);
	/* The last call, never from inside another call of this interface.  The memory is the
	 * owner's again. */
	void (*closed)(struct stream *s, uc_err why);
};

enum stream_state {
	STREAM_CONNECTING,
	STREAM_HANDSHAKE,
	STREAM_OPEN,
	STREAM_ENDING,    /* what is queued still leaves, nothing more is read */
	STREAM_LINGERING, /* all is sent; waits briefly for the other side's end */
	STREAM_CLOSED,
};

struct stream {
	struct net_loop *loop;
	const struct stream_handler *handler;
	uv_poll_t poll;
	SSL *ssl;                  /* while OpenSSL has the connection */
	struct tls_record *record; /* a server's: when ssl is NULL we have it; both NULL: plain */
	struct tls_wire wire;
	int fd;
	enum stream_state state;
	int polled; /* the events asked of libuv */
	bool paused, is_dirty, wants_write, is_server;
	uc_err why;
	struct buf out;
	size_t out_at;        /* sent of out */
	size_t counted;       /* of the loop's `queued` */
	struct view lent;     /* what follows out, less what is sent */
	uint64_t progress_ms; /* when output last moved; at the end: since when it is watched */
	uint64_t taken;       /* by the other side then */
	uint64_t deadline_ms; /* stream_set_deadline */
	uint64_t look_tick;   /* the loop's place for it, with the next two; 0: in none */
	struct stream *prev, *next, *next_dirty;
};

/* Takes the connected (or connecting) socket and starts the handshake.  On failure the socket is
 * closed and nothing else is called.  host NULL: the server's side.  tls NULL: plain. */
uc_err UC_MUST_USE stream_start(struct stream *s, struct net_loop *loop, int fd, SSL_CTX *tls,
				const char *host, const struct stream_handler *handler,
				size_t output_max);
/* Queues; a full queue ends the connection with UC_E_LIMIT. */
void stream_write(struct stream *s, struct view bytes);
/* Output may also be appended here directly, followed by stream_written. */
struct buf *stream_output(struct stream *s);
void stream_written(struct stream *s);
/* Sends the bytes from where they are, after what is queued: no copy, however slow the other side
 * takes them.  They stay in place until the handler hears `sent` or `closed`; until then nothing
 * more is queued. */
void stream_lend(struct stream *s, struct view bytes);
size_t stream_queued(const struct stream *s);
/* Stops and resumes reading; what the other side sends meanwhile waits at its end. */
void stream_pause(struct stream *s, bool paused);
/* Ends after the queue is sent, which the other side has to take fast enough (tcp_taken.h). */
void stream_end(struct stream *s, uc_err why);
/* Ends now. */
void stream_abort(struct stream *s, uc_err why);
/* When the handler hears `timeout`; 0: never.  An end that has begun is not put off. */
void stream_set_deadline(struct stream *s, uint64_t at_ms);
/* For stream_records.c: output has moved. */
void stream_progress(struct stream *s);
/* For the loop. */
void stream_flush(struct stream *s);
void stream_sweep(struct stream *s, uint64_t now_ms);

#endif
