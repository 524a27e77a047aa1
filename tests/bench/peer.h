/* SPDX-License-Identifier: Apache-2.0 */
/* Servers of others under the same load: plain TCP connections on the generator's loop, and a table
 * of what differs between their languages. */
#ifndef TESTS_BENCH_PEER_H
#define TESTS_BENCH_PEER_H

#include "tests/bench/speech.h"

/* One device's connection. */
struct peer {
	size_t end;
	uv_tcp_t tcp;
	bool is_open, is_ready, is_closing, is_dirty, is_writing;
	int step; /* the dialect's, while it signs in */
	uint16_t id;
	struct bytes {
		uint8_t *p;
		size_t n, cap;
	} in, out, wire, writing; /* in and out: what is said; wire: as it is sent */
	SSL *ssl;                 /* NULL: plain */
	/* Streams whose messages wait to be accepted, in the order in which they were sent. */
	struct stream **waiting;
	size_t waiting_from, waiting_n, waiting_cap;
	size_t *places; /* of the end */
	size_t places_n;
	struct peer *next_dirty;
	bool was_here; /* has signed in before */
};

struct dialect {
	bool is_text;        /* content is written in base64 */
	bool secures_itself; /* calls peer_secure; else TLS is there from the beginning */
	/* Just connected.  Calls peer_ready when it is signed in and hears what it should. */
	void (*begin)(struct peer *p);
	/* Takes one whole piece from the front of what came, and says how long it was; 0: more has
	 * to come.  Calls peer_arrived, peer_accepted. */
	size_t (*take)(struct peer *p, struct view in);
	/* A message as it goes over the wire, to the other end of a room of two, or to the room. */
	void (*message)(struct peer *p, struct buf *out, size_t room, struct view content,
			bool accept);
	void (*leave)(struct peer *p); /* before an orderly end; may be NULL */
};

/* --- for the dialects --- */

void peer_put(struct peer *p, const void *bytes, size_t n);
void peer_print(struct peer *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* TLS from here on, where it is measured with it. */
void peer_secure(struct peer *p);
void peer_ready(struct peer *p);
void peer_accepted(struct peer *p);
void peer_arrived(struct peer *p, struct view content);
/* Rooms of more than two which the end is in: the next one from `*at` on. */
bool peer_group(const struct peer *p, size_t *at, size_t *room);
/* The other end of a room of two; a room of more has none. */
bool peer_other(const struct peer *p, size_t room, size_t *end);

/* --- the rest of struct speech --- */

void peers_prepare(const struct dialect *d, struct load *l, const struct plan *plan,
		   const struct speech_options *o);
void peers_fill(struct stream *t, size_t room, size_t member, size_t bytes, bool accept);
void peers_write(struct stream *t, struct view frame);
void peers_forget(struct stream *t);
struct sink *peers_sink(size_t room, size_t member);
void peers_away(size_t from, size_t to);
void peers_back(size_t from, size_t to);
void peers_resume(bool yes);

#define PEER_SPEECH(name_, accepts_, prepare_)                                                     \
	{                                                                                          \
		.name = (name_), .accepts = (accepts_), .prepare = (prepare_), .fill = peers_fill, \
		.write = peers_write, .forget = peers_forget, .sink = peers_sink,                  \
		.away = peers_away, .back = peers_back, .resume = peers_resume,                    \
	}

#endif
