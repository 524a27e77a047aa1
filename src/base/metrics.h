/* SPDX-License-Identifier: Apache-2.0 */
/* What a server counts, in one list.  Each thread has a struct metrics of its own, which it alone
 * adds to; whoever reads adds up those of all threads (server/metrics.c).  Handed in by struct
 * net_loop, store_options and provider_config; NULL where nobody counts.
 *
 * A number says how much and never who: the labels are app, kind of request or of limit, and error. */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include "base/error.h"

#include <stdatomic.h>
#include <stddef.h>

enum metric_kind {
	METRIC_COUNTER,
	METRIC_GAUGE,
	METRIC_HISTOGRAM, /* in microseconds */
	METRIC_BY_KIND,   /* a counter for each kind of request, and error */
	METRIC_BY_LIMIT,  /* a counter for each limit */
};
/* SAMPLED: of the whole, and SAMPLED_APP: of an app, looked up when somebody reads. */
enum metric_scope { METRIC_WHOLE, METRIC_APP, METRIC_SAMPLED, METRIC_SAMPLED_APP };
/* Seconds are counted in microseconds. */
enum metric_unit { METRIC_NONE, METRIC_SECONDS, METRIC_BYTES };

/* X(NAME, kind, scope, unit, help); exported as undercroft_<name>[_<unit>]. */
/* clang-format off */
#define METRICS(X) \
	X(UPTIME,              GAUGE,     SAMPLED,     SECONDS, "Time since the backbone started.") \
	X(CPU,                 COUNTER,   SAMPLED,     SECONDS, "Processor time of the process.") \
	X(MEMORY,              GAUGE,     SAMPLED,     BYTES,   "Resident memory of the process.") \
	X(DESCRIPTORS,         GAUGE,     SAMPLED,     NONE,    "Open file descriptors.") \
	X(DESCRIPTORS_MAX,     GAUGE,     SAMPLED,     NONE,    "File descriptors the system allows.") \
	X(DRAINING,            GAUGE,     SAMPLED,     NONE,    "1 while connections are sent away.") \
	X(DRAINS,              COUNTER,   WHOLE,       NONE,    "Drains begun.") \
	X(RELOADS,             COUNTER,   WHOLE,       NONE,    "Configurations reloaded.") \
	X(BACKUPS,             COUNTER,   WHOLE,       NONE,    "Backups made.") \
	\
	X(CONNECTIONS,         GAUGE,     WHOLE,       NONE,    "Connections open.") \
	X(ACCEPTS,             COUNTER,   WHOLE,       NONE,    "Connections accepted.") \
	X(ACCEPTS_REFUSED,     COUNTER,   WHOLE,       NONE,    "Connections closed at once: too many, or too fast.") \
	X(HANDSHAKES,          COUNTER,   WHOLE,       NONE,    "TLS handshakes done, as server.") \
	X(HANDSHAKES_RESUMED,  COUNTER,   WHOLE,       NONE,    "Of them, those that resumed a session.") \
	X(HANDSHAKES_KEPT,     COUNTER,   WHOLE,       NONE,    "Of them, those after which OpenSSL kept the connection.") \
	X(HANDSHAKES_FAILED,   COUNTER,   WHOLE,       NONE,    "TLS handshakes that failed.") \
	X(RECEIVED,            COUNTER,   WHOLE,       BYTES,   "Bytes read from connections, without TLS.") \
	X(SENT,                COUNTER,   WHOLE,       BYTES,   "Bytes written to connections, without TLS.") \
	X(HTTP_REQUESTS,       COUNTER,   WHOLE,       NONE,    "HTTP requests read.") \
	X(TIMEOUTS,            COUNTER,   WHOLE,       NONE,    "Connections ended for silence or slowness.") \
	X(SLOW_READERS,        COUNTER,   WHOLE,       NONE,    "Connections ended since they did not read.") \
	\
	X(QUEUE_MESSAGES,      GAUGE,     SAMPLED_APP, NONE,    "Messages that wait for the app.") \
	X(QUEUE_SIZE,          GAUGE,     SAMPLED_APP, BYTES,   "Bytes of them.") \
	X(FRONT_QUEUE_MESSAGES, GAUGE,    SAMPLED,     NONE,    "Messages that wait for the connections' threads.") \
	X(ROUND_MESSAGES,      COUNTER,   APP,         NONE,    "Messages handled in rounds.") \
	X(ROUND,               HISTOGRAM, APP,         SECONDS, "Duration of a round with its sync.") \
	X(CODES_SENT,          COUNTER,   APP,         NONE,    "Codes given to the delivery command.") \
	X(PEER_ASKS,           COUNTER,   APP,         NONE,    "Requests to other apps.") \
	X(PEERS_UNREACHED,     COUNTER,   APP,         NONE,    "Of them, those that got no answer.") \
	\
	X(SESSIONS,            GAUGE,     APP,         NONE,    "Connections of clients.") \
	X(SIGNED_IN,           GAUGE,     APP,         NONE,    "Of them, those of signed-in devices.") \
	X(SIGN_INS,            COUNTER,   APP,         NONE,    "Devices that signed in.") \
	X(SEATS_OPEN,          GAUGE,     APP,         NONE,    "Seats open.") \
	X(ROOMS_LOADED,        GAUGE,     APP,         NONE,    "Rooms in memory.") \
	X(REQUESTS,            BY_KIND,   APP,         NONE,    "Requests answered, of clients and of other apps.") \
	X(LIMITED,             BY_LIMIT,  APP,         NONE,    "Requests refused for being too many, by their limit.") \
	X(MESSAGES_ACCEPTED,   COUNTER,   APP,         NONE,    "Messages accepted into rooms hosted here.") \
	X(HANDSHAKES_ACCEPTED, COUNTER,   APP,         NONE,    "Proposals and commits accepted into rooms hosted here.") \
	X(ENTRIES_FOLLOWED,    COUNTER,   APP,         NONE,    "Log entries taken from the hubs of rooms followed here.") \
	X(ENTRIES_DELIVERED,   COUNTER,   APP,         NONE,    "Log entries sent to open seats.") \
	X(REPORTS_RECEIVED,    COUNTER,   APP,         NONE,    "Reports of abuse that came in, of clients and of other apps.") \
	X(REPORTS_VERIFIED,    COUNTER,   APP,         NONE,    "Of them, those that were verified.") \
	X(REPORTS_FORGED,      COUNTER,   APP,         NONE,    "Of them, those that were refused as forged.") \
	X(REPORTS_LATE,        COUNTER,   APP,         NONE,    "Of them, those that nobody can verify any more, and were refused.") \
	X(REPORTS_ACTED,       COUNTER,   APP,         NONE,    "Reports on which the moderators have acted.") \
	X(NUMBERS_EVALUATED,   COUNTER,   APP,         NONE,    "Blinded numbers evaluated, for finding people by number.") \
	X(FINDABLE,            GAUGE,     APP,         NONE,    "People in the filter of who can be found by number.") \
	X(FILTER_DAY,          GAUGE,     APP,         NONE,    "Day of that filter, since 1970.") \
	X(TOKENS_ISSUED,       COUNTER,   APP,         NONE,    "Tokens for letters to other apps issued.") \
	X(TOKENS_REDEEMED,     COUNTER,   APP,         NONE,    "Tokens redeemed for other apps.") \
	X(TOKENS_REFUSED,      COUNTER,   APP,         NONE,    "Tokens refused: spent before, or none of ours.") \
	X(FOLLOWER_BACKLOG,    GAUGE,     APP,         NONE,    "Followers that are behind, of rooms in memory.") \
	X(OUTBOX_BACKLOG,      GAUGE,     APP,         NONE,    "Other apps that letters wait for.") \
	X(ASKS_OPEN,           GAUGE,     APP,         NONE,    "Questions to other apps without an answer yet.") \
	X(CLOCK_DOUBTED,       GAUGE,     APP,         NONE,    "1 while the clock is in doubt.") \
	X(CLOCK_DOUBTS,        COUNTER,   APP,         NONE,    "Times the clock came into doubt.") \
	X(ROOMS_UNMOVED,       GAUGE,     APP,         NONE,    "Rooms that name the hub's keys of before a change.") \
	X(INDEX_LED,           GAUGE,     APP,         NONE,    "Names led to a new index key, of 1000; 1000 at rest.") \
	X(INDEX_SKIPPED,       GAUGE,     APP,         NONE,    "Places of the index of names that its last change could not read.") \
	\
	X(COMMITS,             COUNTER,   APP,         NONE,    "Batches written to the stores.") \
	X(WRITTEN,             COUNTER,   APP,         BYTES,   "Bytes of keys and values in them.") \
	X(READS,               COUNTER,   APP,         NONE,    "Records looked up in the stores.") \
	X(SYNCS,               COUNTER,   APP,         NONE,    "Stores synced.") \
	X(SYNC,                HISTOGRAM, APP,         SECONDS, "Duration of an app's sync, of both its stores.") \
	X(CERTIFICATE_LEFT,    GAUGE,     SAMPLED_APP, SECONDS, "Time until the app's certificate ends.") \
	X(STORE,               GAUGE,     SAMPLED_APP, BYTES,   "Size of the app's stores on disk.") \
	X(DISK_FREE,           GAUGE,     SAMPLED,     BYTES,   "Space left for the data folder.")
/* clang-format on */

#define METRIC_ENUM(name, kind, scope, unit, help) METRIC_##name,
enum metric { METRICS(METRIC_ENUM) METRICS_N };
#undef METRIC_ENUM
#define METRIC_ERROR_ENUM(name, number, text) METRIC_ERROR_##name,
enum metric_error { METRIC_ERROR_NONE, UC_ERRORS(METRIC_ERROR_ENUM) METRIC_ERRORS_N };
#undef METRIC_ERROR_ENUM

enum {
	METRIC_KINDS_N = 160,   /* numbers of requests; the provider says which is which */
	METRIC_PEER_KIND = 128, /* from here on those of other apps */
	METRIC_LIMITS_N = 64,
	METRIC_BUCKETS_N = 16, /* and one above them */
};

typedef _Atomic uint64_t metric_count;
struct metrics {
	metric_count value[METRICS_N]; /* of a histogram: the sum */
	metric_count buckets[METRICS_N][METRIC_BUCKETS_N + 1];
	metric_count requests[METRIC_KINDS_N][METRIC_ERRORS_N];
	metric_count limited[METRIC_LIMITS_N];
};

/* Upper ends of the buckets, in microseconds: a whole table of times from a fast disk's sync to a
 * client's patience. */
static const uint32_t metric_bucket_ends[METRIC_BUCKETS_N] = {
	50,    100,   250,    500,    1000,   2500,    5000,    10000,
	25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 10000000,
};

/* Nobody else writes it, so that no locked instruction is needed. */
static inline void metric_count_add(metric_count *c, uint64_t n)
{
	uint64_t now = atomic_load_explicit(c, memory_order_relaxed);
	atomic_store_explicit(c, now + n, memory_order_relaxed);
}

static inline uint64_t metric_count_get(const metric_count *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

static inline void metrics_add(struct metrics *m, enum metric which, uint64_t n)
{
	if (m)
		metric_count_add(&m->value[which], n);
}

static inline void metrics_sub(struct metrics *m, enum metric which, uint64_t n)
{
	metrics_add(m, which, 0 - n);
}

static inline void metrics_set(struct metrics *m, enum metric which, uint64_t n)
{
	if (m)
		atomic_store_explicit(&m->value[which], n, memory_order_relaxed);
}

static inline void metrics_time(struct metrics *m, enum metric which, uint64_t us)
{
	size_t i = 0;
	if (!m)
		return;
	while (i < METRIC_BUCKETS_N && us > metric_bucket_ends[i])
		i++;
	metric_count_add(&m->buckets[which][i], 1);
	metric_count_add(&m->value[which], us);
}

static inline enum metric_error metric_error_of(uc_err err)
{
	switch (err) {
#define METRIC_ERROR_CASE(name, number, text) \
	case name:                            \
		return METRIC_ERROR_##name;
		UC_ERRORS(METRIC_ERROR_CASE)
#undef METRIC_ERROR_CASE
	default:
		return METRIC_ERROR_NONE;
	}
}

/* A request was answered; UC_OK: well. */
static inline void metrics_request(struct metrics *m, unsigned kind, uc_err err)
{
	if (m && kind < METRIC_KINDS_N)
		metric_count_add(&m->requests[kind][metric_error_of(err)], 1);
}

static inline void metrics_limited(struct metrics *m, unsigned limit)
{
	if (m && limit < METRIC_LIMITS_N)
		metric_count_add(&m->limited[limit], 1);
}

#endif
