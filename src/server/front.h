/* SPDX-License-Identifier: Apache-2.0 */
/* A front worker: one thread, one event loop, and the connections that fell to it, of all apps.
 * It never touches a store; what comes in goes to the app's queue, what comes out of the app is
 * written.  A connection may have so much unhandled at its app and no more; then, or while the
 * app's queue is full, it is not read from. */
#ifndef SERVER_FRONT_H
#define SERVER_FRONT_H

#include "base/rate.h"
#include "net/http_server.h"
#include "server/outputs.h"
#include "server/queue.h"
#include "server/web_files.h"

#include <stdatomic.h>

struct front;

enum {
	FRONT_FRAMES_MAX = 64, /* of one connection, unhandled at its app */
	FRONT_BYTES_MAX = 2 << 20,
	FRONT_QUEUE_COUNT = 4096, /* blocks of outputs on their way to this front */
	FRONT_QUEUE_BYTES = 256 << 20,
	FRONT_APPS_MAX = 32,
};

struct front_app {
	const char *host; /* where to listen */
	uint16_t port;
	const char *local_host; /* the same over plain HTTP; NULL: nowhere */
	uint16_t local_port;
	const char *domain;
	struct tls_server *tls;
	const struct web_files *web; /* NULL: nothing for browsers; outlives the front */
	struct rate anonymous;       /* requests of one network address; hour 0: not counted */
	struct queue *queue;
	int fd, local_fd; /* sockets that listen there already, of systemd's; 0: none */
};
struct front_options {
	unsigned index; /* below 256 */
	const struct env *env;
	const struct front_app *apps;
	size_t apps_n;
	struct http_limits limits;
	struct http_gate *gate;    /* of all fronts */
	unsigned accepts_a_second; /* of this one; 0: no limit */
	struct metrics *metrics;   /* of the front's thread; NULL: nobody counts */
};
/* What of an app may be another while it runs: files for browsers, which outlive the front as those
 * before do, and the limit. */
struct front_renewal {
	const struct web_files *web;
	struct rate anonymous;
};
/* An app that begins while the front runs, with sockets that listen already; its number is the next.  When
 * it is taken, *due is one less; *failed is set when there was no memory for it. */
struct front_addition {
	struct front_app app;
	atomic_size_t *due;
	atomic_bool *failed;
};
/* Listens at once and starts the thread.  *out_failed: which app's address failed, for UC_E_NET. */
uc_err UC_MUST_USE front_new(const struct front_options *o, struct front **out, size_t *out_failed);
/* What apps say; also MESSAGE_RENEW, MESSAGE_ADD, MESSAGE_REMOVE, MESSAGE_QUIET (accept and read nothing more) and MESSAGE_STOP (end
 * all connections, then the thread). */
struct queue *front_queue(struct front *f);
/* The app's queue has room again; from any thread. */
void front_room(struct front *f);
uint16_t front_port(const struct front *f, size_t app);
/* Waits for the thread's end. */
void front_free(struct front *f);

#endif
