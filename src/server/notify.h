/* SPDX-License-Identifier: Apache-2.0 */
/* What a service says to systemd and gets from it: sd_notify(3), sd_listen_fds(3).  All of it is nothing
 * where the process was started otherwise, or built without libsystemd. */
#ifndef SERVER_NOTIFY_H
#define SERVER_NOTIFY_H

#include <stddef.h>
#include <stdint.h>

void notify_ready(void);
/* It ends; so many seconds may pass until it has. */
void notify_stopping(uint32_t seconds);
/* notify_ready follows. */
void notify_reloading(void);
void notify_watchdog(void);
/* How often notify_watchdog is waited for; 0: never. */
uint64_t notify_watchdog_ms(void);

/* Takes the sockets that were handed over.  Once, before threads. */
void notify_sockets_take(void);
/* The one that listens at this address, or at its port of all addresses; 0: none.  It stays open. */
int notify_socket_find(const char *host, uint16_t port);
/* How many nobody asked for. */
size_t notify_sockets_unused(void);

#endif
