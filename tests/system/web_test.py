# SPDX-License-Identifier: Apache-2.0
"""The web apps as a real backbone serves them, over TLS and over plain HTTP on this machine: to
browsers, to careless clients and to hostile ones."""
import gzip
import hashlib
import json
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from people import Backbone, BUILD, PATIENCE_S, Person  # noqa: E402

PAGE = b'<!doctype html><title>Dial</title>'
SCRIPT = b'export const a = 1;\n' * 400
LARGE = hashlib.shake_256(b'large').digest(8 << 20)
TYPES = {'a-1.js': 'text/javascript; charset=utf-8', 'a-1.css': 'text/css; charset=utf-8',
         'core-1.wasm': 'application/wasm', 'a-1.svg': 'image/svg+xml', 'a-1.png': 'image/png',
         'a-1.json': 'application/json', 'a-1.woff2': 'font/woff2',
         'a-1.txt': 'text/plain; charset=utf-8'}
SECRET = b'not for browsers'


def brotli_stored(b):
    """RFC 7932 with b in one uncompressed meta-block of at most 64 KiB: 16-bit window, then
    ISLAST 0, MNIBBLES 4, MLEN - 1, ISUNCOMPRESSED 1, and an empty last meta-block."""
    bits = 0 | 0 << 1 | 0 << 2 | (len(b) - 1) << 4 | 1 << 20
    return bits.to_bytes(3, 'little') + b + b'\x03'


def brotli_is_right(coded, plain):
    """By the brotli program, where there is one."""
    if not shutil.which('brotli'):
        return True
    done = subprocess.run(['brotli', '-dc'], input=coded, capture_output=True, check=False)
    return done.returncode == 0 and done.stdout == plain


def build(folder):
    """What a build leaves, for three apps; beside them what must stay where it is."""
    for app in ('dial', 'lens', 'plaza'):
        assets = folder / app / 'assets'
        assets.mkdir(parents=True)
        (folder / app / 'index.html').write_bytes(PAGE)
        (folder / app / 'index.html.br').write_bytes(brotli_stored(PAGE))
        (folder / app / 'app.webmanifest').write_bytes(b'{}')
        (folder / app / '.env').write_bytes(SECRET)
        for name in TYPES:
            (assets / name).write_bytes(name.encode())
        (assets / 'a-1.js').write_bytes(SCRIPT)
        (assets / 'a-1.js.br').write_bytes(brotli_stored(SCRIPT))
        (assets / 'a-1.js.gz').write_bytes(gzip.compress(SCRIPT))
        (assets / 'large-1.wasm').write_bytes(LARGE)
    (folder / 'secret.txt').write_bytes(SECRET)


class Door:
    """Where dial is reached: over TLS or plain."""

    def __init__(self, backbone, tls):
        self.port = int(backbone.env['UNDERCROFT_PORT']) + (0 if tls else 10)
        self.tls = ssl.create_default_context(cafile=backbone.dir / 'tls/ca.pem') if tls else None
        self.scheme = 'https' if tls else 'http'
        self.host = f'dial.localhost:{self.port}'

    def connect(self, receive_bytes=None):
        s = socket.socket()
        s.settimeout(PATIENCE_S)
        if receive_bytes:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        s.connect(('127.0.0.1', self.port))
        return self.tls.wrap_socket(s, server_hostname='dial.localhost') if self.tls else s

    def raw(self, text):
        """All that comes back until the end of the connection."""
        with self.connect() as s:
            s.sendall(text if isinstance(text, bytes) else text.encode())
            got = b''
            while part := s.recv(65536):
                got += part
        return got

    def ask(self, path, method='GET', host=None, **headers):
        """status, headers in lower case, body."""
        lines = {'Host': host or self.host, **headers, 'Connection': 'close'}
        text = f'{method} {path} HTTP/1.1\r\n' + ''.join(
            f'{k.replace("_", "-")}: {v}\r\n' for k, v in lines.items()) + '\r\n'
        head, _, body = self.raw(text).partition(b'\r\n\r\n')
        first, *rest = head.decode().split('\r\n')
        fields = {k.lower(): v.strip() for k, v in (line.split(':', 1) for line in rest)}
        return int(first.split(' ')[1]), fields, body

    def open_socket(self, **headers):
        """The status of a WebSocket's opening."""
        lines = {'Host': self.host, 'Upgrade': 'websocket', 'Connection': 'Upgrade',
                 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
                 'Sec-WebSocket-Protocol': 'undercroft.v1', **headers}
        with self.connect() as s:
            s.sendall(('GET /v1 HTTP/1.1\r\n' + ''.join(f'{k}: {v}\r\n' for k, v in lines.items()) +
                       '\r\n').encode())
            return int(s.recv(4096).split(b' ')[1])


class Web(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.built = pathlib.Path(cls.folder.name)
        build(cls.built)
        cls.backbone = Backbone(web=cls.built)
        # Under AddressSanitizer what was freed is kept for a while, and would count as held.
        sanitizer = cls.backbone.env.get('ASAN_OPTIONS')
        cls.backbone.env['ASAN_OPTIONS'] = ':'.join(filter(None, [sanitizer, 'quarantine_size_mb=4']))
        cls.backbone.start()
        cls.doors = [Door(cls.backbone, True), Door(cls.backbone, False)]

    @classmethod
    def tearDownClass(cls):
        cls.backbone.erase()
        cls.folder.cleanup()

    def each(self):
        for door in self.doors:
            with self.subTest(door.scheme):
                yield door

    def test_page(self):
        for door in self.each():
            status, fields, body = door.ask('/')
            self.assertEqual((status, body), (200, PAGE))
            self.assertEqual(fields['content-type'], 'text/html; charset=utf-8')
            self.assertEqual(fields['cache-control'], 'no-cache')
            self.assertEqual(fields['content-length'], str(len(PAGE)))
            self.assertIn("connect-src 'self' "
                          f'{"wss" if door.tls else "ws"}://{door.host}',
                          fields['content-security-policy'])
            self.assertIn("script-src 'self' 'wasm-unsafe-eval';",
                          fields['content-security-policy'])
            self.assertNotIn('unsafe-inline', fields['content-security-policy'])
            self.assertEqual(fields['cross-origin-embedder-policy'], 'require-corp')
            self.assertNotIn('strict-transport-security', fields)
            self.assertFalse({'server', 'set-cookie', 'access-control-allow-origin'} & set(fields))

    def test_types(self):
        for door in self.each():
            for name, kind in TYPES.items():
                status, fields, body = door.ask(f'/assets/{name}')
                self.assertEqual((status, fields['content-type']), (200, kind))
                self.assertEqual(fields['cache-control'], 'public, max-age=31536000, immutable')
                self.assertEqual(fields['x-content-type-options'], 'nosniff')
                self.assertEqual(body, SCRIPT if name == 'a-1.js' else name.encode())
            self.assertEqual(door.ask('/app.webmanifest')[1]['content-type'],
                             'application/manifest+json')

    def test_list_of_apps(self):
        for door in self.each():
            status, fields, body = door.ask('/apps.json')
            self.assertEqual((status, fields['content-type']), (200, 'application/json'))
            self.assertEqual(fields['cache-control'], 'no-cache')
            self.assertEqual(json.loads(body), {'apps': [
                {'domain': 'dial.localhost', 'title': 'Dial', 'names': 'number', 'self': True},
                {'domain': 'lens.localhost', 'title': 'Lens', 'names': 'handle'},
                {'domain': 'plaza.localhost', 'title': 'Plaza', 'names': 'address'}]})

    def test_codings(self):
        for door in self.each():
            coded = {}
            for accept, want in (('gzip, deflate, br, zstd', 'br'), ('gzip', 'gzip'),
                                 ('br;q=0.1, gzip;q=0.2', 'gzip'), ('deflate', None), ('', None)):
                status, fields, body = door.ask('/assets/a-1.js', Accept_Encoding=accept)
                self.assertEqual((status, fields.get('content-encoding')), (200, want), accept)
                self.assertEqual(fields['vary'], 'Accept-Encoding')
                self.assertEqual(fields['content-length'], str(len(body)))
                coded[want] = body
            self.assertEqual(coded[None], SCRIPT)
            self.assertEqual(gzip.decompress(coded['gzip']), SCRIPT)
            self.assertEqual(coded['br'], brotli_stored(SCRIPT))
            self.assertTrue(brotli_is_right(coded['br'], SCRIPT))

    def test_what_has_not_changed(self):
        for door in self.each():
            tag = door.ask('/')[1]['etag']
            status, fields, body = door.ask('/', If_None_Match=tag)
            self.assertEqual((status, body, fields['etag']), (304, b'', tag))
            self.assertNotIn('content-length', fields)
            self.assertIn('content-security-policy', fields)
            self.assertEqual(door.ask('/', If_None_Match='"x"')[0], 200)
            # Of another coding it is another.
            self.assertEqual(door.ask('/', If_None_Match=tag, Accept_Encoding='br')[0], 200)

    def test_head(self):
        for door in self.each():
            got = door.ask('/assets/large-1.wasm', 'HEAD')
            self.assertEqual((got[0], got[2]), (200, b''))
            self.assertEqual(got[1]['content-length'], str(len(LARGE)))
            self.assertEqual(door.ask('/nothing', 'HEAD')[::2], (404, b''))

    def test_what_is_not_there(self):
        paths = ('/nothing', '/rooms/1', '/index.html', '/index.html.br', '/assets', '/assets/',
                 '/assets/a-1.js.gz', '/.env', '//', '/assets//a-1.js', '/%2e%2e/secret.txt',
                 '/..%2fsecret.txt', '/../secret.txt', '/assets/../../secret.txt',
                 '/assets/..\\..\\secret.txt', '/\\..\\secret.txt', '/%5c..%5csecret.txt',
                 '/.%00./secret.txt', '/%00', '/assets/a-1.js%00.txt', '/assets/%61-1.js',
                 '/%c0%ae%c0%ae/secret.txt', '/....//secret.txt', '/lens/index.html',
                 '/etc/passwd', '/proc/self/environ', '/' + 'a' * 7000, '/;/../secret.txt')
        for door in self.each():
            for path in paths:
                status, fields, body = door.ask(path)
                self.assertEqual(status, 404, path)
                self.assertNotIn(SECRET, body)
                self.assertEqual(fields['content-type'], 'text/plain; charset=utf-8')
            for first in (b'GET /\0 HTTP/1.1', b'GET /a\0/../secret.txt HTTP/1.1',
                          b'GET secret.txt HTTP/1.1', b'GET ../secret.txt HTTP/1.1',
                          b'GET http://dial.localhost/ HTTP/1.1', b'GET /\xc0\xae HTTP/1.1',
                          b'GET /a b HTTP/1.1', b'GET * HTTP/1.1'):
                got = door.raw(first + b'\r\nHost: ' + door.host.encode() + b'\r\n\r\n')
                self.assertTrue(got.startswith(b'HTTP/1.1 400 '), first)

    def test_methods(self):
        for door in self.each():
            for method in ('POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'PROPFIND',
                           'get'):
                status, fields, _ = door.ask('/', method, Content_Length='0')
                self.assertEqual((status, fields['allow']), (405, 'GET, HEAD'), method)

    def test_other_names(self):
        for door in self.each():
            for host in ('127.0.0.1', 'localhost', 'evil.example', 'lens.localhost',
                         f'127.0.0.1:{door.port}', f'evil.example:{door.port}', 'dial.localhost.',
                         'dial.localhost:x', 'dial.localhost@evil.example'):
                status, fields, body = door.ask('/', host=host)
                self.assertEqual(status, 421, host)
                self.assertNotIn(PAGE, body)
                self.assertNotIn('evil', str(fields))
            # What a tunnel or a forwarded port makes of it.
            self.assertEqual(door.ask('/', host='dial.localhost:1')[0], 200)
            self.assertTrue(door.raw(b'GET / HTTP/1.1\r\n\r\n').startswith(b'HTTP/1.1 400 '))

    def test_websockets(self):
        for door in self.each():
            self.assertEqual(door.open_socket(), 101)
            self.assertEqual(door.open_socket(Origin=f'{door.scheme}://{door.host}'), 101)
            other = 'http' if door.tls else 'https'
            for origin in (f'{other}://{door.host}', f'{door.scheme}://dial.localhost',
                           f'{door.scheme}://lens.localhost:{door.port}',
                           f'{door.scheme}://{door.host}.evil.example', 'null', 'file://',
                           'https://evil.example'):
                self.assertEqual(door.open_socket(Origin=origin), 403, origin)
            rebound = {'Host': f'evil.example:{door.port}',
                       'Origin': f'{door.scheme}://evil.example:{door.port}'}
            self.assertEqual(door.open_socket(**rebound), 421)

    def test_other_apps_need_tls(self):
        plain = self.doors[1]
        self.assertEqual(plain.ask('/v1/notify/x', 'POST', Content_Length='0')[0], 405)
        self.assertEqual(plain.ask('/.well-known/mimi-protocol-directory')[0], 404)
        self.assertEqual(self.doors[0].ask('/.well-known/mimi-protocol-directory')[0], 200)

    def test_one_connection_for_many(self):
        for door in self.each():
            ask = f'GET /assets/a-1.js HTTP/1.1\r\nHost: {door.host}\r\n'.encode()
            rest = door.raw((ask + b'\r\n') * 19 + ask + b'Connection: close\r\n\r\n')
            for _ in range(20):
                head, _, rest = rest.partition(b'\r\n\r\n')
                self.assertTrue(head.startswith(b'HTTP/1.1 200 '))
                self.assertEqual(rest[:len(SCRIPT)], SCRIPT)
                rest = rest[len(SCRIPT):]
            self.assertEqual(rest, b'')

    def resident_kib(self):
        pid = (self.backbone.dir / 'undercroft.pid').read_text().strip()
        for line in pathlib.Path(f'/proc/{pid}/status').read_text().splitlines():
            if line.startswith('VmRSS:'):
                return int(line.split()[1])
        return 0

    def test_slow_readers(self):
        """Sixty of them ask for 8 MiB each and take little: the backbone holds nothing for them,
        answers others at once, and they get all of it when they go on."""
        for door in self.each():
            before = self.resident_kib()
            readers = [door.connect(receive_bytes=4096) for _ in range(60)]
            for s in readers:
                s.sendall(f'GET /assets/large-1.wasm HTTP/1.1\r\nHost: {door.host}\r\n'
                          'Connection: close\r\n\r\n'.encode())
                self.assertTrue(s.recv(100).startswith(b'HTTP/1.1 200 '))
            time.sleep(0.5)
            self.assertLess(self.resident_kib() - before, 64 << 10)
            began = time.monotonic()
            self.assertEqual(door.ask('/')[0], 200)
            self.assertLess(time.monotonic() - began, 10)
            for s in readers[2:]:
                s.close()
            for s in readers[:2]:
                got = b''
                while part := s.recv(1 << 20):
                    got += part
                self.assertEqual(hashlib.sha256(got.partition(b'\r\n\r\n')[2]).digest(),
                                 hashlib.sha256(LARGE).digest())
                s.close()

    def test_terminal_clients_are_as_before(self):
        for person in (Person(self.backbone, 'tom', 'lens', 'tom', 'Tom'),
                       Person(self.backbone, 'rosa', 'dial', '+4915112345678', 'Rosa')):
            person.sign_up()

    def test_loads_are_not_logged(self):
        for door in self.each():
            door.ask('/assets/a-1.txt')
            door.ask('/nothing-at-all')
        log = self.backbone.logs()
        for said in ('a-1.txt', 'nothing-at-all', 'GET'):
            self.assertNotIn(said, log)


class Mistakes(unittest.TestCase):
    """A configuration that must not be served is refused by file, line and key."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.built = pathlib.Path(self.folder.name)
        build(self.built)
        self.backbone = Backbone(web=self.built)
        self.conf = self.backbone.dir / 'undercroft.conf'

    def tearDown(self):
        self.backbone.erase()
        self.folder.cleanup()

    def said(self, *arguments):
        done = subprocess.run([BUILD / 'src/server/undercroftd', *arguments, self.conf], text=True,
                              capture_output=True, timeout=PATIENCE_S, check=False)
        return done.returncode, done.stderr

    def line_of(self, start):
        """Of the first line that begins so."""
        lines = self.conf.read_text().splitlines()
        return next(i for i, line in enumerate(lines, 1) if line.startswith(start))

    def refused(self, line, text):
        for arguments in ((), ('--check-config',)):
            status, said = self.said(*arguments)
            self.assertEqual(status, 1, said)
            self.assertIn(f'{self.conf}:{line}: [app dial] {text}', said)

    def test_good(self):
        self.assertEqual(self.said('--check-config'), (0, ''))

    def test_plain_http_elsewhere(self):
        for address in ('0.0.0.0:8451', '[::]:8451', '192.0.2.1:8451'):
            text = self.conf.read_text()
            line = self.line_of('listen_http')
            lines = text.splitlines()
            lines[line - 1] = f'listen_http = {address}'
            self.conf.write_text('\n'.join(lines) + '\n')
            self.refused(line, 'listen_http: is not an address of this machine alone')
            self.conf.write_text(text)

    def test_folders(self):
        line = self.line_of('[app dial]')
        page = self.built / 'dial/index.html'
        page.rename(self.built / 'dial/page.html')
        (self.built / 'dial/index.html.br').unlink()
        self.refused(line, f'web: {self.built}/dial: has no index.html')
        (self.built / 'dial/page.html').rename(page)
        link = self.built / 'dial/assets/link.js'
        link.symlink_to(self.built / 'secret.txt')
        self.refused(line, f'web: {link}: is a symbolic link')
        link.unlink()
        shutil.rmtree(self.built / 'dial')
        self.refused(line, f'web: {self.built}/dial: No such file or directory')

    def test_a_taken_port(self):
        with socket.socket() as s:
            port = int(self.backbone.env['UNDERCROFT_PORT']) + 10
            s.bind(('127.0.0.1', port))
            s.listen()
            self.backbone.step('prepare', '--web', str(self.built))
            status, said = self.said('--init')
            self.assertEqual(status, 0, said)
            status, said = self.said()
            self.assertEqual(status, 1)
            self.assertIn(f'listen.failed app=dial address=127.0.0.1 port={port}', said)


if __name__ == '__main__':
    unittest.main(verbosity=2)
