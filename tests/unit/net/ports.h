/* SPDX-License-Identifier: Apache-2.0 */
/* Ports for the servers of a test, chosen as tests/system/ports.py does. */
#ifndef TESTS_UNIT_NET_PORTS_H
#define TESTS_UNIT_NET_PORTS_H

#include <stdbool.h>
#include <stdint.h>

/* A port of 127.0.0.1 that nobody uses.  It lies below those which the system gives to whoever asks
 * for any, and stays chosen till the end of the program: as a UDP port, which other tests see. */
uint16_t port_free(void);
/* Whether somebody listens there.  It connects: whoever tried to listen instead would now and then
 * take the port from the very server that is waited for. */
bool port_listens(uint16_t port);

#endif
