# SPDX-License-Identifier: Apache-2.0
"""Ports for the servers of a test.  They lie below those which the system gives to whoever asks for
any, so that no connection of another process takes one between the choice and its use; and tests
that run beside each other do not choose the same, since each holds what it chose, as a UDP port,
until its process ends."""
import random
import socket

_held = []


def port_is_free(port):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(('127.0.0.1', port))
        except OSError:
            return False
    return True


def _hold(ports):
    held = []
    for port in ports:
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        held.append(s)
        try:
            s.bind(('127.0.0.1', port))
        except OSError:
            break
        if not port_is_free(port):
            break
    else:
        _held.extend(held)
        return True
    for s in held:
        s.close()
    return False


def free_ports(n=3, web=False):
    """The first of n free ports in a row; with web, those ten above are free, too."""
    while True:
        base = random.randrange(10000, 32000)
        if _hold([base + i for i in range(n)] + [base + 10 + i for i in range(n) if web]):
            return base
