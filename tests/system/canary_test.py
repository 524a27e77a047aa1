# SPDX-License-Identifier: Apache-2.0
"""The canary scan: people with names, numbers, handles, addresses, texts, groups, names of devices and
network addresses of their own on three apps, each a backbone of its own; then everything the
servers have is searched for all of it, plain, encoded, hashed, and keyed with whatever lies in
the files of keys: each file and record, logs, metrics, the memory of the processes (what a core dump
holds, pages given back and not yet used again among it), and all that crossed the network.  What
stands for a person is where the inventory says, and nowhere else.  What the search would find is shown by
planting each form at each kind of place.

UNDERCROFT_TEST_LONG: 50 people on each app, else one."""
import base64
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
# Nothing says where a number is from, or who carries it; but for prefixes (below).
WORDS = (b'Germany', b'Deutschland', b'Telekom', b'country', b'carrier', b'+49151', b'0049151')
KINDS = {'dial': 1, 'lens': 2, 'plaza': 3}  # enum name_kind, which is hashed before the name


def load(name, path):
    loader = SourceFileLoader(name, str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


check_run = load('check_run', ROOT / 'scripts/check-run')


class Relay:
    """Passes on what comes to a port, each connection from an address of its own, and keeps it."""

    def __init__(self, to, record, network):
        self.to, self.record, self.lock = to, record, threading.Lock()
        self.network, self.addresses = network, []
        self.socket = socket.create_server(('127.0.0.1', free_ports(1)), backlog=128)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            one, _ = self.socket.accept()
            n = len(self.addresses)
            address = f'{self.network}.{100 + n // 100 % 100}.{100 + n % 100}'
            self.addresses.append(address)
            try:
                two = socket.create_connection(('127.0.0.1', self.to), source_address=(address, 0))
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
        for text in (needle, bytes([kind]) + needle) if kind else (needle,):
            yield 'HMAC-SHA256', hmac.digest(key, text, 'sha256')[:16]
            yield 'HMAC-SHA512', hmac.digest(key, text, 'sha512')[:16]
            yield 'keyed BLAKE2b', hashlib.blake2b(text, key=key).digest()[:16]
            yield 'keyed BLAKE2b of 32', hashlib.blake2b(text, key=key, digest_size=32).digest()[:16]
            yield 'SHA-256 behind the key', hashlib.sha256(key + text).digest()[:16]


class Canary(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backbone = b = Backbone(split=True)
        cls.places = pathlib.Path(tempfile.mkdtemp(prefix='undercroft-places-'))
        cls.frozen = pathlib.Path(tempfile.mkdtemp(prefix='undercroft-frozen-'))
        cls.listen_between()
        b.start()
        cls.people = [cls.person(app, n) for n in range(EACH) for app in APPS]
        for n, p in enumerate(cls.people):
            p.sign_up()
            p.run('devices', 'name', 1, f'Feldtelefon {n:03} of birch')
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
        shutil.rmtree(cls.frozen)

    @classmethod
    def listen_between(cls):
        """Clients and other apps reach each app through a relay; and metrics are served."""
        b, cls.metrics, cls.relays = cls.backbone, {}, []
        apps = b.dir / 'apps'
        for app in APPS:
            conf = b.dir / f'{app}.conf'
            port = int(re.search(r'^listen = .*:(\d+)$', conf.read_text(), re.M).group(1))
            relay = Relay(port, cls.places / f'network-{app}', f'127.{100 + KINDS[app]}')
            cls.relays.append(relay)
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
        # As they are now, whatever housekeeping does meanwhile: by second names.
        for top in (t for folder in ('data-*', 'keys', '*.log') for t in sorted(b.dir.glob(folder))):
            for p in [top] if top.is_file() else sorted(top.rglob('*')):
                if p.is_file():
                    kept = cls.frozen / p.relative_to(b.dir)
                    kept.parent.mkdir(parents=True, exist_ok=True)
                    os.link(p, kept)
        cls.own = [p for p in sorted(cls.frozen.rglob('*')) if p.is_file()]

    def needles(self):
        """(what, bytes, kind of name, whether it is keyed) of all that people have; kind 0: text."""
        for n, p in enumerate(self.people):
            yield p.identifier, p.identifier.encode(), KINDS[p.app], True
            if p.app == 'dial':
                digits = p.identifier[1:]
                yield digits, digits.encode(), KINDS[p.app], True
                yield f'{p.identifier}, at home', b'0' + digits[2:].encode(), KINDS[p.app], False
                yield f'{p.identifier}, its end', digits[-8:].encode(), KINDS[p.app], False
            for text in (p.name, f'{p.name} here', f'Marmelade number {n:03} is under the stairs',
                         f'Hollyhock circle {n:03}', f'Only the circle hears of pear {n:03}',
                         f'Feldtelefon {n:03} of birch'):
                yield text, text.encode(), 0, n % 10 == 0

    def keys(self):
        """Every 32 bytes of all files of keys, and of the keys of TLS."""
        found, contents = set(), []
        for p in sorted((self.backbone.dir / 'keys').rglob('*')):
            contents += [p.read_bytes()] if p.is_file() else []
        for p in sorted((self.backbone.dir / 'tls').glob('*.key')):
            contents.append(base64.b64decode(''.join(
                line for line in p.read_text().splitlines() if '---' not in line)))
        for content in contents:
            found |= {content[i:i + KEY] for i in range(len(content) - KEY + 1)}
        return sorted(found)

    def patterns(self):
        """[(what, form, bytes)]"""
        keys = self.keys()
        for what, needle, kind, is_keyed in self.needles():
            for form, b in check_run.forms(needle).items():
                yield what, form, b
            if is_keyed:
                for form, b in keyed(needle, kind, keys):
                    yield what, form, b

    def outside(self):
        """The same of what may be in memory for a while, and nowhere else."""
        for relay in self.relays:
            for address in relay.addresses:
                for form, b in check_run.forms(address.encode()).items():
                    yield address, form, b
                yield address, 'as IPv6 has it', b'\xff\xff' + socket.inet_aton(address)
        for word in WORDS:
            yield word.decode(), 'plain', word

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
        patterns, outside = list(self.patterns()), list(self.outside())
        self.assertEqual(self.search(patterns, [*self.own, *taken]), set())
        silent = [p for p in taken if not p.name.startswith('memory')]
        self.assertGreater(len(outside), 1000)
        self.assertEqual(self.search(outside, [*self.own, *silent]), set())
        self.planted(patterns, outside)

    def planted(self, patterns, outside):
        """What one person has, in each of its forms, at each kind of place."""
        forms = {}
        for p in self.people[0].identifier, self.people[0].name, 'Feldtelefon 000 of birch':
            forms |= {(what, form): b for what, form, b in patterns if what == p}
        forms |= {(what, form): b for what, form, b in outside if what in
                  (outside[0][0], *map(bytes.decode, WORDS))}
        forms = [(*which, b) for which, b in forms.items()]
        self.assertGreater(len(forms), 400)
        kinds = {re.sub(r'-.*|\d+', '', p.name): p for p in [*self.own, *self.places.iterdir()]}
        self.assertLessEqual({'metrics', 'network', 'records', '.sst', '.log', 'app.keys'},
                             set(kinds))
        for kind, place in sorted(kinds.items()):
            content = place.read_bytes()[:65536]
            half = len(content) // 2
            copy = self.places / 'planted'
            copy.write_bytes(content[:half] + b'.'.join(b for _, _, b in forms) + content[half:])
            found = {(what, form) for what, form, _ in self.search(forms, [copy])}
            self.assertEqual(found, {(what, form) for what, form, _ in forms}, kind)
            copy.unlink()

    def test_what_stands_for_people_is_where_the_inventory_says(self):
        """The keyed id of a name, the account's id and key: in the accounts of their own app."""
        patterns = []
        for app in APPS:
            for what, b in self.accounts(app):
                patterns.append((app, what, b))
        self.assertEqual(len(patterns), 3 * len(self.people))
        silent = [p for p in sorted(self.places.iterdir()) if not p.name.startswith('memory')]
        found = self.search(patterns, [*self.own, *silent])
        for app, _, place in found:
            is_own = place.name == f'records-{app}-accounts' or \
                place.parent == self.frozen / f'data-{app}' / app / 'accounts'
            self.assertTrue(is_own, (app, place))
        self.assertEqual({(app, what) for app, what, place in found if place.parent == self.places},
                         {(app, what) for app, what, _ in patterns})

    def accounts(self, app):
        """(what, bytes) of each account of an app."""
        dump = self.backbone.ctl('dump', self.backbone.dir / f'{app}.conf', app, 'accounts').stdout
        tables = check_run.tables()
        for key, value in check_run.pairs(dump):
            if key[:1] == b'r' and tables[key[1]][0] == 'ACCOUNT':
                account = key[3:-2].replace(b'\0\xff', b'\0')
                if len(account) == 16:
                    for what, b in (('id', account), ('key', value[2:34]), ('name', value[38:70])):
                        yield f'{what} of {account.hex()}', b

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
