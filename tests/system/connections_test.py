# SPDX-License-Identifier: Apache-2.0
"""The server and those who connect to it: what systemd hands over and hears, sessions resumed after
a restart, the end as clients see it, one who does not read."""
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from people import Backbone, BUILD, PATIENCE_S, Person, befriend  # noqa: E402
from ports import port_is_free  # noqa: E402

SERVER = BUILD / 'src/server/undercroftd'
GOING_AWAY = b'\x03\x00\x66'  # an event, 102 (mimi/frames.h)
OPENING = ('GET /v1 HTTP/1.1\r\nHost: {0}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
           'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
           'Sec-WebSocket-Protocol: undercroft.v1\r\n\r\n')


class Server:
    """One undercroftd of a prepared backbone, started by us instead of its script."""

    def __init__(self, backbone, sockets=(), through=(), **env):
        self.conf = backbone.confs()[0]
        text = self.conf.read_text()
        self.at = [(m[0], int(m[1])) for m in re.findall(r'^listen = (.*):(\d+)$', text, re.M)]
        self.domains = re.findall(r'^domain = (\S+)$', text, re.M)
        self.ca = next(backbone.dir.glob('**/ca.pem'))
        numbers = [s.fileno() for s in sockets]
        listens = [f'--listen={host}:{port}' for host, port in self.at] if through else []
        command = [*through, *listens, str(SERVER), str(self.conf)]
        subprocess.run([SERVER, '--init', self.conf], check=True, env=backbone.env)
        if sockets:
            env['LISTEN_FDS'] = str(len(sockets))
        # Each is handed over as systemd does it: from 3 on, with the number of the process.
        moves = ' '.join(f'{3 + i}<&{n}' for i, n in enumerate(numbers))
        script = f'export LISTEN_PID=$$ WATCHDOG_PID=$$; exec "$@" {moves}'
        self.log = open(backbone.dir / 'by-hand.log', 'ab')
        self.process = subprocess.Popen(['bash', '-c', script, 'bash', *command],
                                        env={**backbone.env, **env}, pass_fds=numbers,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=self.log)

    def wait_up(self):
        for line in self.process.stdout:
            if b'is running' in line:
                return self
        raise AssertionError('the server did not start')

    def connect(self, app=0, session=None, sock=None):
        context = ssl.create_default_context(cafile=str(self.ca))
        if session is not None:
            context = session[0]
        raw = sock or socket.create_connection(self.at[app], PATIENCE_S)
        raw.settimeout(PATIENCE_S)
        tls = context.wrap_socket(raw, server_hostname=self.domains[app],
                                  session=session[1] if session else None)
        tls.context_used = context
        return tls

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        status = self.process.wait(PATIENCE_S)
        self.process.stdout.close()
        self.log.close()
        return status


def opened(tls, domain):
    """A WebSocket on it."""
    tls.sendall(OPENING.format(domain).encode())
    head = b''
    while b'\r\n\r\n' not in head:
        head += tls.recv(1)
    assert head.startswith(b'HTTP/1.1 101 '), head
    return tls


def frames(tls):
    """Until the end: (opcode, payload)."""
    data = b''
    try:
        while True:
            part = tls.recv(65536)
            if not part:
                break
            data += part
    except (ssl.SSLError, ConnectionError):
        pass
    while len(data) >= 2:
        size = data[1] & 0x7f
        assert size < 126
        yield data[0] & 15, data[2:2 + size]
        data = data[2 + size:]


def session_of(tls, domain):
    """The ticket comes with the first bytes that are read."""
    tls.sendall(f'GET /nothing HTTP/1.1\r\nHost: {domain}\r\n\r\n'.encode())
    while tls.recv(1000):
        pass
    got = tls.context_used, tls.session
    tls.close()
    return got


class Connections(unittest.TestCase):
    def setUp(self):
        self.backbone = Backbone()
        self.servers = []

    def tearDown(self):
        for s in self.servers:
            if s.process.poll() is None:
                s.end(signal.SIGKILL)
        self.backbone.erase()

    def configure(self, *lines):
        for conf in self.backbone.confs():
            conf.write_text(conf.read_text().replace('[backbone]\n', '[backbone]\n' + ''.join(
                f'{x}\n' for x in lines)))

    def server(self, *arguments, **more):
        self.servers.append(Server(self.backbone, *arguments, **more))
        return self.servers[-1]

    def test_what_systemd_hears(self):
        path = str(self.backbone.dir / 'notify')
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.bind(path)
            s.settimeout(PATIENCE_S)
            server = self.server(NOTIFY_SOCKET=path, WATCHDOG_USEC='900000')
            self.assertEqual(s.recv(1000), b'READY=1')
            self.assertEqual([s.recv(1000) for i in range(3)], [b'WATCHDOG=1'] * 3)
            self.assertEqual(server.end(), 0)
            s.settimeout(1)
            said = s.recv(1000)
            while said == b'WATCHDOG=1':
                said = s.recv(1000)
            self.assertTrue(said.startswith(b'STOPPING=1\n'), said)

    def test_a_successor_takes_the_sockets_over(self):
        ports = [int(p) for p in re.findall(r'^listen = .*:(\d+)$',
                                            self.backbone.confs()[0].read_text(), re.M)]
        sockets = [socket.create_server(('127.0.0.1', p), backlog=100) for p in ports]
        first = self.server(sockets).wait_up()
        for app in range(len(ports)):
            first.connect(app).close()
        self.assertEqual(first.end(), 0)
        # Whoever comes while there is none waits for the next.
        early = socket.create_connection(('127.0.0.1', ports[0]), 5)
        second = self.server(sockets).wait_up()
        tls = opened(second.connect(0, sock=early), second.domains[0])
        self.assertEqual(second.end(), 0)
        self.assertIn((8, struct.pack('!H', 1001)), list(frames(tls)))
        tls.close()
        for s in sockets:
            s.close()
        self.assertNotIn('sockets.unused', self.log())

    @unittest.skipUnless(shutil.which('systemd-socket-activate'), 'there is no systemd')
    def test_systemds_own_tool_starts_it(self):
        """It listens, and starts the server with its sockets when somebody comes."""
        server = self.server(through=['systemd-socket-activate'])
        end = time.monotonic() + PATIENCE_S
        while port_is_free(server.at[0][1]):
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)
        tls = opened(server.connect(), server.domains[0])
        self.assertEqual(server.end(), 0)
        self.assertIn((8, struct.pack('!H', 1001)), list(frames(tls)))
        tls.close()

    def log(self):
        return (self.backbone.dir / 'by-hand.log').read_text()

    def test_sockets_of_no_app_are_named(self):
        with socket.create_server(('127.0.0.1', 0)) as s:
            self.assertEqual(self.server([s]).wait_up().end(), 0)
        self.assertIn('sockets.unused n=1', self.log())

    def test_sessions_are_resumed_after_a_kill(self):
        server = self.server().wait_up()
        tls = server.connect()
        self.assertFalse(tls.session_reused)
        session = session_of(tls, server.domains[0])
        server.end(signal.SIGKILL)
        server = self.server().wait_up()
        tls = server.connect(session=session)
        self.assertTrue(tls.session_reused)
        session = session_of(tls, server.domains[0])
        server.end()
        # Without the file, everybody shakes hands anew, and nothing is lost.
        for path in self.backbone.dir.glob('**/tickets.keys'):
            self.assertEqual(path.stat().st_mode & 0o777, 0o600)
            path.write_text('rubbish\n')
        server = self.server().wait_up()
        tls = server.connect(session=session)
        self.assertFalse(tls.session_reused)
        tls.close()
        server.end()
        self.assertIn('tickets.unread', self.log())

    def test_clients_hear_when_to_come_back(self):
        self.configure('drain_seconds = 37', 'accepts_a_second = 3')
        server = self.server().wait_up()
        clients = [opened(server.connect(), server.domains[0]) for i in range(5)]
        started = time.monotonic()
        self.assertEqual(server.end(), 0)
        # Nothing was under way.
        self.assertLess(time.monotonic() - started, 20)
        for tls in clients:
            got = list(frames(tls))
            away = [p for op, p in got if op == 2 and p.startswith(GOING_AWAY)]
            self.assertEqual(len(away), 1, got)
            retry, jitter = struct.unpack('!II', away[0][3:11])
            self.assertEqual((retry, jitter), (2, 37))
            self.assertEqual(got[-1], (8, struct.pack('!H', 1001)))
            tls.close()

    def test_too_many_are_told_so(self):
        self.configure('connections = 3')
        server = self.server().wait_up()
        kept = [opened(server.connect(), server.domains[0]) for i in range(3)]
        tls = server.connect()
        tls.sendall(OPENING.format(server.domains[0]).encode())
        answer = b''
        while part := tls.recv(1000):
            answer += part
        self.assertTrue(answer.startswith(b'HTTP/1.1 503 '), answer)
        self.assertRegex(answer, rb'Retry-After: \d\d\r\n')
        tls.close()
        for tls in kept:
            tls.close()
        end = time.monotonic() + PATIENCE_S
        while True:  # there is room again
            try:
                opened(server.connect(), server.domains[0]).close()
                break
            except (AssertionError, OSError):
                self.assertLess(time.monotonic(), end)
                time.sleep(0.1)
        server.end()

    def test_who_does_not_read_loses_nothing(self):
        """Stopped, taken for gone after a ping, and back: each message once, in order."""
        self.configure('ping_seconds = 15')
        self.backbone.start()
        rosa = Person(self.backbone, 'rosa', 'dial', '+4915112345678', 'Rosa')
        uwe = Person(self.backbone, 'uwe', 'plaza', 'uwe@allotments.example', 'Uwe')
        for p in (rosa, uwe):
            p.sign_up()
        befriend(rosa, uwe)
        listening = uwe.start('follow')
        rosa.run('send', 'Uwe', 'first')
        listening.wait_for(lambda m: m.get('text') == 'first')
        listening.process.send_signal(signal.SIGSTOP)
        for i in range(120):  # more than an open seat gets ahead of its acknowledgements
            rosa.run('send', 'Uwe', f'number {i}')
        time.sleep(32)
        listening.process.send_signal(signal.SIGCONT)
        listening.wait_for(lambda m: m.get('text') == 'number 119')
        texts = [m['text'] for m in listening.lines if 'text' in m]
        self.assertEqual(texts, ['first'] + [f'number {i}' for i in range(120)])
        listening.interrupt()


if __name__ == '__main__':
    os.chdir(BUILD)
    unittest.main(verbosity=2)
