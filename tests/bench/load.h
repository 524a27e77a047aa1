/* SPDX-License-Identifier: Apache-2.0 */
/* Many connections to a backbone from one thread: requests of undercroft.v1 asked side by side,
 * waited for together.  Whatever goes wrong ends the benchmark. */
#ifndef TESTS_BENCH_LOAD_H
#define TESTS_BENCH_LOAD_H

#include "mimi/frames.h"
#include "net/ws_client.h"

#include <openssl/ssl.h>

struct conn;
/* body: of the response, gone after the call. */
typedef void answered(void *ctx, struct conn *c, struct view body);

/* A response to a request that was sent ready-made: see conn_send_ready. */
enum { READY_ID = 1 << 20, ASKS_MAX = 256, TICKETS_MAX = 4096 };

struct load {
	struct net_loop loop;
	SSL_CTX *tls;
	SSL_SESSION *tickets[TICKETS_MAX]; /* not used yet */
	size_t tickets_n;
	bool resumes;      /* new connections take one of them each */
	bool expects_end;  /* the server is killed: a connection that ends is no failure */
	size_t waiting;    /* for answers, on all connections */
	size_t connecting; /* not open yet */
	size_t open;
	void (*entry)(struct conn *c, const struct entry_event *e);
	void (*own)(struct conn *c, const struct entry_own_event *e);
	void (*ready)(struct conn *c, uint32_t id, struct view body);
};

struct conn {
	struct load *load;
	struct ws_client *ws; /* NULL: closed */
	void *ctx;            /* the owner's */
	bool is_open, is_closing;
	struct {
		answered *done;
		void *ctx;
		uint16_t type;
	} asks[ASKS_MAX];
};

void load_begin(struct load *l, const char *ca_file);
void load_end(struct load *l);
/* One round of the loop. */
void load_turn(struct load *l);
/* Until every request is answered and every connection open; ends the program after a minute
 * without that. */
void load_wait(struct load *l);
/* For so long, doing what comes. */
void load_rest(struct load *l, uint64_t ms);

void conn_open(struct conn *c, struct load *l, const char *host, uint16_t port);
void conn_close(struct conn *c);
/* done may be NULL: only that it was not refused is wanted. */
void conn_ask(struct conn *c, uint16_t type, wire_element *walk, const void *body, answered *done,
	      void *ctx);
void conn_tell(struct conn *c, uint16_t type, wire_element *walk, const void *body);
/* A whole request frame with an id from READY_ID on; its answer goes to load->ready. */
void conn_send_ready(struct conn *c, struct view frame);

#endif
