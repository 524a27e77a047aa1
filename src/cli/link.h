/* SPDX-License-Identifier: Apache-2.0 */
/* Ties a uc_client to its app: the event loop, the WebSocket, timers, reconnecting. */
#ifndef CLI_LINK_H
#define CLI_LINK_H

#include "cli/profile.h"

struct link;

/* Called for each event of the client, in order. */
typedef void link_event(void *ctx, const struct uc_event *event);

/* Opens the profile's store; the profile outlives the link.  Errors are printed. */
bool link_open(const struct profile *profile, struct link **out);
void link_close(struct link *l);
uc_client *link_client(struct link *l);
/* Who hears events from now on; NULL for nobody. */
void link_listen(struct link *l, link_event *each, void *ctx);

/* Runs until `done` says so, a signal asks to stop, or the time is over (0: no limit).  Connects
 * and reconnects as needed.  UC_E_TIMEOUT, UC_E_CLOSED after a signal, or the client's error. */
typedef bool link_until(void *ctx);
uc_err link_run(struct link *l, link_until *done, void *ctx, uint64_t limit_ms);
/* The same, for a `done` that may also come true, or do something, without anything coming in. */
uc_err link_run_looking(struct link *l, link_until *done, void *ctx, uint64_t limit_ms);
/* Runs until signed in (or greeted, for a client without an account), or until so many attempts
 * have failed (0: no bound): UC_E_NET.  UC_E_REVOKED for a device that is not listed any more,
 * UC_E_NOT_FOUND where the account was deleted. */
uc_err link_connect(struct link *l, unsigned attempts, uint64_t limit_ms);
/* Runs until everything that waits at the app is received and everything queued is answered. */
uc_err link_settle(struct link *l, uint64_t limit_ms);
bool link_is_settled(const struct link *l);
/* Also wakes when a line arrives on standard input (follow). */
typedef void link_line(void *ctx, const char *line);
void link_read_lines(struct link *l, link_line *each, void *ctx);
/* Why the last attempt to connect or sign in failed; "" if it didn't. */
const char *link_trouble(const struct link *l);

#endif
