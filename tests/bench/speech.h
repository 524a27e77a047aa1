/* SPDX-License-Identifier: Apache-2.0 */
/* What a server has to be told in its own language.  All else (who writes to whom, when, and what is
 * counted) is the same for all of them. */
#ifndef TESTS_BENCH_SPEECH_H
#define TESTS_BENCH_SPEECH_H

#include "tests/bench/traffic.h"

/* Who is there, by number from 0, and which rooms they share: rooms of two are conversations. */
struct plan_room {
	size_t n;
	uint32_t *ends; /* the first makes it */
};
struct plan {
	size_t ends;
	struct plan_room *rooms;
	size_t rooms_n;
	bool two_apps; /* those of odd numbers are another app's */
};

struct speech_options {
	const char *ca; /* who vouches for the server; NULL: without TLS, of others */
	uint16_t port;
};

struct speech {
	const char *name;
	bool accepts; /* says by itself of each message that it was accepted */
	bool syncs;   /* and says so when it is on disk */
	/* The plan's people with accounts, online, in their rooms; what the plan points to stays. */
	void (*prepare)(struct load *l, const struct plan *plan, const struct speech_options *o);
	/* Messages of a member for all others of a room; with accept, it has to be said that they
	 * were accepted. */
	void (*fill)(struct stream *t, size_t room, size_t member, size_t bytes, bool accept);
	void (*write)(struct stream *t, struct view frame);
	/* Nobody asks for the stream any more. */
	void (*forget)(struct stream *t);
	struct sink *(*sink)(size_t room, size_t member);
	/* Ends go, and come back: sign in and hear of everything again.  away also after the server
	 * is gone. */
	void (*away)(size_t from, size_t to);
	void (*back)(size_t from, size_t to);
	/* The two steps of it, where they are two: signed in, and asked for its rooms; or NULL. */
	void (*sign_in)(size_t from, size_t to);
	void (*open)(size_t from, size_t to);
	/* Whether those who come back show the tickets they got; where there is TLS. */
	void (*resume)(bool yes);
};

extern const struct speech speech_undercroft, speech_mqtt, speech_xmpp, speech_jetstream;

#endif
