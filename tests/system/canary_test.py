# SPDX-License-Identifier: Apache-2.0
"""The canary scan: people with names, numbers, handles, addresses, texts and groups of their own on
three apps, each a backbone of its own; then everything the servers have is searched for all of it,
plain, encoded, hashed, and keyed with whatever lies in the files of keys: each file and record,
logs, metrics, the memory of the processes (what a core dump holds, pages given back and not yet used
again among it), and all that crossed the network.  What the search would find is shown by planting each
form at each kind of place.

UNDERCROFT_TEST_LONG: 50 people on each app, else one."""
import http.client
import importlib.util
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest
from importlib.machinery import SourceFileLoader
import hashlib
import hmac

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from people import BUILD, Backbone, Person, ROOT, befriend  # noqa: E402
from ports import free_ports  # noqa: E402

SANITIZED = 'UNDERCROFT_SANITIZED' in os.environ
EACH = 50 if os.environ.get('UNDERCROFT_TEST_LONG') and not SANITIZED else 1
APPS = ('dial', 'lens', 'plaza')
KEY = 32  # bytes; a key stands anywhere in its file
KINDS = {'dial': 1, 'lens': 2, 'plaza': 3}  # enum name_kind, which is hashed before the name


def load(name, path):
    loader = SourceFileLoader(name, str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


check_run = load('check_run', ROOT / 'scripts/check-run')


class Relay:
    """Passes on what comes to a port, and keeps it."""

    def __init__(self, to, record):
        self.to, self.record, self.lock = to, record, threading.Lock()
        self.socket = socket.create_server(('127.0.0.1', free_ports(1)), backlog=128)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            one, _ = self.socket.accept()
            try:
                two = socket.create_connection(('127.0.0.1', self.to))
            except OSError:
                one.close()
                continue
            for a, b in ((one, two), (two, one)):
                threading.Thread(target=self.pass_on, args=(a, b), daemon=True).start()

    def pass_on(self, a, b):
        try:
            while part := a.recv(65536):
                with self.lock, open(self.record, 'ab') as f:
                    f.write(part)
                b.sendall(part)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def memory(pid, out):
    """All of a process's memory that it may write to, but for what was never written."""
    with open(f'/proc/{pid}/maps') as maps, open(f'/proc/{pid}/mem', 'rb', 0) as mem, \
            open(out, 'wb') as f:
        for line in maps:
            begin, end, rights = re.match(r'(\w+)-(\w+) (\S+)', line).groups()
            at, end = int(begin, 16), int(end, 16)
            try:
                while rights.startswith('rw') and at < end:
                    mem.seek(at)
                    part = mem.read(min(1 << 16, end - at))
                    if part.count(0) < len(part):
                        f.write(part)
                    at += len(part) or 1 << 16
            except OSError:
                pass


def keyed(needle, kind, keys):
    """The first 16 bytes of what it becomes under whatever is in the files of keys."""
    for key in keys:
        for text in (needle, bytes([kind]) + needle):
            yield 'HMAC-SHA256', hmac.digest(key, text, 'sha256')[:16]
            yield 'keyed BLAKE2b', hashlib.blake2b(text, key=key).digest()[:16]
            yield 'SHA-256 behind the key', hashlib.sha256(key + text).digest()[:16]


class Canary(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backbone = b = Backbone(split=True)
        cls.places = pathlib.Path(tempfile.mkdtemp(prefix='undercroft-places-'))
        cls.listen_between()
        b.start()
        cls.people = [cls.person(app, n) for n in range(EACH) for app in APPS]
        for p in cls.people:
            p.sign_up()
        for n, p in enumerate(cls.people):
            # What was written to the logs of the stores goes into their files.
            if n == 1:
                cls.memories('before')
                b.kill()
                b.start()
            cls.talk(p, cls.people[(n + 1) % len(cls.people)], n)
        cls.memories('after')
        cls.collect()

    @classmethod
    def tearDownClass(cls):
        cls.backbone.erase()
        shutil.rmtree(cls.places)

    @classmethod
    def listen_between(cls):
        """Clients and other apps reach each app through a relay; and metrics are served."""
        b, cls.metrics = cls.backbone, {}
        apps = b.dir / 'apps'
        for app in APPS:
            conf = b.dir / f'{app}.conf'
            port = int(re.search(r'^listen = .*:(\d+)$', conf.read_text(), re.M).group(1))
            relay = Relay(port, cls.places / f'network-{app}')
            apps.write_text(apps.read_text().replace(f':{port} ', f':{relay.port} '))
            cls.metrics[app] = free_ports(1)
            for other in b.confs():
                text = other.read_text().replace(f'localhost:{port}\n', f'localhost:{relay.port}\n')
                if other == conf:
                    text = text.replace('[backbone]\n',
                                        f'[backbone]\nmetrics = 127.0.0.1:{cls.metrics[app]}\n')
                other.write_text(text)

    @classmethod
    def person(cls, app, n):
        identifier = {'dial': f'+49151{10417533 + 7919 * n}', 'lens': f'kiebitz.{n:03}.heron',
                      'plaza': f'wagtail-{n:03}@allotments.example'}[app]
        return Person(cls.backbone, f'{app}{n}', app, identifier, f'Quendel {app} Petrichor {n:03}')

    @classmethod
    def talk(cls, p, other, n):
        befriend(p, other)
        p.run('send', other.name, f'Marmelade number {n:03} is under the stairs')
        p.run('group', f'Hollyhock circle {n:03}', other.name)
        p.run('send', f'Hollyhock circle {n:03}', f'Only the circle hears of pear {n:03}')
        other.run('sync')

    is_memory_read = True

    @classmethod
    def memories(cls, when):
        if SANITIZED:  # its shadow is endless, and it frees late
            cls.is_memory_read = False
            return
        for app in APPS:
            try:
                memory(int((cls.backbone.dir / f'{app}.pid').read_text()),
                       cls.places / f'memory-{app}-{when}')
            except PermissionError:
                cls.is_memory_read = False

    @classmethod
    def collect(cls):
        """Everything into files of one folder, while the servers run."""
        b = cls.backbone
        for app in APPS:
            c = http.client.HTTPConnection('127.0.0.1', cls.metrics[app], timeout=30)
            c.request('GET', '/metrics', headers={'Host': 'localhost'})
            (cls.places / f'metrics-{app}').write_bytes(c.getresponse().read())
            c.close()
            for kind in ('accounts', 'rooms'):
                dump = b.ctl('dump', b.dir / f'{app}.conf', app, kind).stdout
                (cls.places / f'records-{app}-{kind}').write_bytes(
                    b'\n'.join(k + b'\0' + v for k, v in check_run.pairs(dump)))
        cls.own = [p for folder in ('data-*', 'keys', '*.log')
                   for top in sorted(b.dir.glob(folder))
                   for p in ([top] if top.is_file() else sorted(top.rglob('*'))) if p.is_file()]

    def needles(self):
        """(what, bytes, kind of name) of all that people have; kind 0: text."""
        for n, p in enumerate(self.people):
            yield p.identifier, p.identifier.encode(), KINDS[p.app]
            if p.app == 'dial':
                yield p.identifier[1:], p.identifier[1:].encode(), KINDS[p.app]
            for text in (p.name, f'{p.name} here', f'Marmelade number {n:03} is under the stairs',
                         f'Hollyhock circle {n:03}', f'Only the circle hears of pear {n:03}'):
                yield text, text.encode(), 0

    def keys(self):
        found = set()
        for p in sorted((self.backbone.dir / 'keys').rglob('*')):
            content = p.read_bytes() if p.is_file() else b''
            found |= {content[i:i + KEY] for i in range(len(content) - KEY + 1)}
        return sorted(found)

    def patterns(self):
        """[(what, form, bytes)]"""
        keys = self.keys()
        for what, needle, kind in self.needles():
            for form, b in check_run.forms(needle).items():
                yield what, form, b
            if kind:
                for form, b in keyed(needle, kind, keys):
                    yield what, form, b

    def search(self, patterns, files):
        """{(what, form, file)} of what is found."""
        listed = self.places / 'patterns'
        listed.write_bytes(b''.join(struct.pack('<I', len(b)) + b for _, _, b in patterns))
        done = subprocess.run([BUILD / 'tests/system/canary-search', listed, *files],
                              stdout=subprocess.PIPE, text=True, check=True)
        listed.unlink()
        found = [line.split(' ', 2) for line in done.stdout.splitlines()]
        return {(*patterns[int(i)][:2], pathlib.Path(name)) for i, _, name in found}

    def test_nothing_is_found_but_what_is_planted(self):
        taken = sorted(self.places.iterdir())
        patterns = list(self.patterns())
        self.assertEqual(self.search(patterns, [*self.own, *taken]), set())
        self.planted(patterns)

    def planted(self, patterns):
        """One needle in each of its forms, at each kind of place."""
        what = self.people[0].identifier
        forms = [p for p in patterns if p[0] == what]
        forms = [*forms[:130], *forms[-6:]]
        kinds = {re.sub(r'-.*|\d+', '', p.name): p for p in [*self.own, *self.places.iterdir()]}
        self.assertLessEqual({'metrics', 'network', 'records', '.sst', '.log', 'app.keys'},
                             set(kinds))
        for kind, place in sorted(kinds.items()):
            content = place.read_bytes()[:65536]
            half = len(content) // 2
            copy = self.places / 'planted'
            copy.write_bytes(content[:half] + b'.'.join(b for _, _, b in forms) + content[half:])
            found = {form for _, form, _ in self.search(forms, [copy])}
            self.assertEqual(found, {form for _, form, _ in forms}, kind)
            copy.unlink()

    def test_the_places_are_what_they_are_said_to_be(self):
        """What must be there is: names of apps in memory and in the first bytes of TLS; keys."""
        for app in APPS:
            there = [('the domain', 'plain', f'{app}.localhost'.encode())]
            for place in ('memory', 'network', 'records'):
                files = sorted(self.places.glob(f'{place}-{app}*'))
                if place == 'memory' and not self.is_memory_read:
                    continue
                self.assertTrue(self.search(there, files), f'{place} of {app}')
            self.assertIn(f'app="{app}"', (self.places / f'metrics-{app}').read_text())
        if not self.is_memory_read:
            self.skipTest('the memory of other processes may not be read here')


if __name__ == '__main__':
    unittest.main(verbosity=2, warnings='ignore')
