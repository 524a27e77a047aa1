/* SPDX-License-Identifier: Apache-2.0 */
/* How fast the other side takes what is sent: what it has acknowledged, wherever the rest waits. */
#ifndef NET_TCP_TAKEN_H
#define NET_TCP_TAKEN_H

#include <stdbool.h>
#include <stdint.h>

/* Slower than this somebody holds memory rather than reads. */
enum { TCP_TAKEN_BYTES_A_SECOND = 256 };

/* Bytes acknowledged since the connection began; 0 where the socket cannot say. */
uint64_t tcp_taken(int fd);
/* Has it taken enough since `*before` was read, window_ms ago?  *before becomes what it is now. */
bool tcp_taken_enough(int fd, uint64_t *before, uint64_t window_ms);

#endif
