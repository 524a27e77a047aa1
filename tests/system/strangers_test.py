#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""TLS, HTTP and WebSockets with clients that others wrote: openssl's, curl in both versions of HTTP,
nghttp and h2load, and the ws package under Node.  Those that are not there are left out, and it is
said."""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from people import PATIENCE_S, ROOT, Backbone

LARGE = hashlib.shake_256(b'large').digest(3 << 20)
PAGE = b'<!doctype html><title>Dial</title>'
WS = next((p for p in (ROOT / 'apps/node_modules/ws', pathlib.Path('/usr/share/nodejs/ws'))
           if p.exists()), None)

# Opens as a client of ours would, and as others might: prints what became of each.
NODE = '''
const WebSocket = require(process.argv[1]), fs = require('fs');
const [, , url, ca] = process.argv;
const lookup = (name, o, done) =>
  o.all ? done(null, [{address: '127.0.0.1', family: 4}]) : done(null, '127.0.0.1', 4);
const open = (protocols, then, path = '/v1') => new Promise(done => {
  const said = {};
  const s = new WebSocket(url + path, protocols, {ca: fs.readFileSync(ca), lookup});
  s.on('open', () => { said.protocol = s.protocol; then && then(s, said, done); });
  s.on('message', (m, binary) => { said.messages = (said.messages || 0) + 1; said.binary = binary; });
  s.on('pong', data => { said.pong = data.toString(); s.close(1000); });
  s.on('unexpected-response', (q, r) => { said.status = r.statusCode; r.resume(); q.destroy(); done(said); });
  s.on('error', e => { said.error = e.code || e.message; });
  s.on('close', code => { said.code = code; done(said); });
});
(async () => {
  const all = {
    ping: await open(['undercroft.v1'], s => s.ping('are you there')),
    text: await open(['undercroft.v1'], s => s.send('text')),
    rubbish: await open(['undercroft.v1'], s => s.send(Buffer.from('rubbish'))),
    large: await open(['undercroft.v1'], s => s.send(Buffer.alloc(6 << 20))),
    pieces: await open(['undercroft.v1'], s => {
      s.send(Buffer.from('rub'), {fin: false}); s.send(Buffer.from('bish'), {fin: true});
    }),
    version: await open(['undercroft.v9']),
    place: await open(['undercroft.v1'], null, '/nothing'),
  };
  console.log(JSON.stringify(all));
})();
'''


class Curl:
    def __init__(self, backbone):
        self.port = backbone.env['UNDERCROFT_PORT']
        self.ca = backbone.dir / 'tls/ca.pem'
        self.site = f'https://dial.localhost:{self.port}'

    def __call__(self, *arguments):
        done = subprocess.run(['curl', '--silent', '--show-error', '--cacert', self.ca,
                               '--max-time', str(PATIENCE_S), '--resolve',
                               f'dial.localhost:{self.port}:127.0.0.1', *arguments],
                              capture_output=True)
        return done.returncode, done.stdout

    def status(self, *arguments):
        code, out = self('--output', '/dev/null', '--write-out', '%{http_version} %{http_code}',
                         *arguments)
        return out.decode() if not code else f'curl {code}'


SUITES = ('TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256')
GET = b'GET /assets/large-1.wasm HTTP/1.1\r\nHost: dial.localhost:%s\r\n\r\n'


def test_s_client(backbone):
    """Keys updated by the client for itself (k) and for both (K), amid large replies."""
    if not shutil.which('openssl'):
        print('openssl: left out, it is not there')
        return
    port = backbone.env['UNDERCROFT_PORT']
    for suite in SUITES:
        client = subprocess.Popen(
            ['stdbuf', '-o0', 'openssl', 's_client', '-connect', f'127.0.0.1:{port}',
             '-servername', 'dial.localhost', '-CAfile', backbone.dir / 'tls/ca.pem',
             '-verify_return_error', '-alpn', 'http/1.1', '-ciphersuites', suite], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, bufsize=0)
        seen = b''

        def says(line, until, client=client):
            nonlocal seen
            seen = b''
            client.stdin.write(line)
            while until not in seen:
                more = os.read(client.stdout.fileno(), 1 << 20)
                assert more, seen[-1000:]
                seen += more

        says(b'', b'read R BLOCK')
        assert suite.encode() in seen and b'Verify return code: 0' in seen, seen
        for command in b'', b'k\n', b'K\n', b'K\n', b'k\n', b'K\n':
            if command:
                says(command, b'KEYUPDATE')
            says(GET % port.encode(), LARGE[-1000:])
            assert LARGE in seen.replace(b'read R BLOCK\n', b''), len(seen)
        client.stdin.write(b'Q\n')
        client.communicate(timeout=PATIENCE_S)


def test_curl(backbone, folder):
    curl = Curl(backbone)
    for option, version in ('--http1.1', '1.1'), ('--http2', '2'):
        assert curl.status(option, curl.site + '/') == f'{version} 200'
        assert curl(option, curl.site + '/') == (0, PAGE)
        assert curl(option, curl.site + '/assets/large-1.wasm') == (0, LARGE)
        assert curl.status(option, '--head', curl.site + '/') == f'{version} 200'
        assert curl.status(option, curl.site + '/assets/nothing') == f'{version} 404'
        assert curl.status(option, '-X', 'DELETE', curl.site + '/') == f'{version} 405'
        assert curl.status(option, '-d', 'x', curl.site + '/v1/notify/x') == f'{version} 403'
        directory = curl.site + '/.well-known/mimi-protocol-directory'
        assert curl.status(option, directory) == f'{version} 200'
        assert curl.status(option, '-H', 'x: ' + 'y' * 9000, curl.site + '/') in (
            f'{version} 431', 'curl 56', 'curl 92')
    # A WebSocket is not to be had over HTTP/2; curl is told, and comes again over 1.1.
    assert curl.status('--http2', curl.site + '/v1').startswith('1.1 4')
    many = [x for i in range(120) for x in
            ('--output', f'{folder}/{i}', curl.site + '/assets/large-1.wasm?' + str(i))]
    code, _ = curl('--http2', '--parallel', '--parallel-max', '120', *many)
    assert code == 0
    for i in range(120):
        assert (folder / str(i)).read_bytes() == LARGE, i


def test_nghttp(backbone):
    """h2load knows no authority of ours, and asks for none."""
    if not shutil.which('h2load'):
        print('h2load: left out, it is not there')
        return
    done = subprocess.run(['h2load', '-n', '2000', '-c', '10', '-m', '50',
                           f'https://127.0.0.1:{backbone.env["UNDERCROFT_PORT"]}/',
                           '--header', f':authority: dial.localhost:{backbone.env["UNDERCROFT_PORT"]}'],
                          capture_output=True, text=True)
    assert '2000 succeeded, 0 failed' in done.stdout, done.stdout + done.stderr


def test_ws(backbone):
    if not WS or not shutil.which('node'):
        print('ws: left out, there is no Node or no such package')
        return
    url = f'wss://dial.localhost:{backbone.env["UNDERCROFT_PORT"]}'
    done = subprocess.run(['node', '-e', NODE, WS, url, backbone.dir / 'tls/ca.pem'],
                          capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said['ping']['pong'] == 'are you there' and said['ping']['code'] == 1000, said
    assert said['ping']['protocol'] == 'undercroft.v1', said
    assert said['text']['code'] == 1003, said
    assert said['rubbish']['code'] == said['pieces']['code'] != 1000, said
    assert said['large']['code'] in (1009, 1006), said
    assert said['version']['status'] == 426 and said['place']['status'] == 404, said


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for app in ('dial', 'lens', 'plaza'):
            (folder / app / 'assets').mkdir(parents=True)
            (folder / app / 'index.html').write_bytes(PAGE)
            (folder / app / 'assets/large-1.wasm').write_bytes(LARGE)
        backbone = Backbone(web=folder)
        backbone.start()
        test_s_client(backbone)
        if shutil.which('curl'):
            test_curl(backbone, folder)
        else:
            print('curl: left out, it is not there')
        test_nghttp(backbone)
        test_ws(backbone)
        backbone.erase()
    print('strangers: ok')


sys.exit(main())
