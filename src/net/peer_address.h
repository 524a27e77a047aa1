/* SPDX-License-Identifier: Apache-2.0 */
/* Where a connection comes from, as far as it is of use for counting: an IPv4 address whole, of an
 * IPv6 address the network (/64), within which one machine takes as many addresses as it likes. */
#ifndef NET_PEER_ADDRESS_H
#define NET_PEER_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum { PEER_ADDRESS = 16 };

/* IPv4 as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2), IPv6 with zeros after the network; ::1 so becomes
 * ::.  False, and out unchanged, for what is neither. */
bool peer_address_reduce(const struct sockaddr_storage *a, uint8_t out[PEER_ADDRESS]);
/* The other side's of a connected socket. */
bool peer_address_of(int fd, uint8_t out[PEER_ADDRESS]);

#endif
