# SPDX-License-Identifier: Apache-2.0
"""The canary scan: people on three apps, each a backbone of its own, with all that is theirs
(canary_people.py) and network addresses of their own, which seem to be no loopback (elsewhere.c); then
everything the servers have is searched for all of it, plain, encoded, hashed, and keyed with whatever lies in
the files of keys: each file that there is or was for a moment, each record, logs, metrics, the memory of the
processes (what a core dump holds, pages given back and not yet used again among it), and all that crossed
the network.  What
stands for a person, and what was reported to moderators, is where the inventory says, and nowhere else.
What the search would find is shown by planting each form at each kind of place.

UNDERCROFT_TEST_LONG (./dev test --all): 50 people on each app, else two."""
import base64
import contextlib
import http.client
import importlib.util
import itertools
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
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import SourceFileLoader
import hashlib
import hmac

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from canary_people import Bird, KINDS  # noqa: E402
from people import BUILD, Backbone, ROOT  # noqa: E402
from ports import free_ports  # noqa: E402

SANITIZED = 'UNDERCROFT_SANITIZED' in os.environ
EACH = 50 if os.environ.get('UNDERCROFT_TEST_LONG') and not SANITIZED else 2
APPS = ('dial', 'lens', 'plaza')
KEY = 32  # bytes; a key stands anywhere in its file
NOWHERE = ((), ())
AT_ONCE = 4  # people who do something
KEYED_PLANTED = 10000  # as planting all of them would be too many
KEYED_ADDRESSES = 4    # of each app; one by one they cost as much as ten names
LAYER = BUILD / 'tests/system/undercroft-elsewhere.so'
# Nothing says where a number is from, or who carries it; but for prefixes (below).
WORDS = (b'Germany', b'Deutschland', b'Telekom', b'country', b'carrier', b'+49151', b'0049151')


def load(name, path):
    loader = SourceFileLoader(name, str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


check_run = load('check_run', ROOT / 'scripts/check-run')
TABLES = check_run.tables()


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


def children(pid):
    """The helper that hands out codes; commands that it has begun."""
    for stat in pathlib.Path('/proc').glob('[0-9]*/stat'):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rpartition(')')[2].split()[1]) == pid:
                yield int(stat.parent.name)


def memory(pid, out):
    """All of a process's memory that it may write to, but for what was never written."""
    with open(f'/proc/{pid}/maps') as maps, open(f'/proc/{pid}/mem', 'rb', 0) as mem, \
            open(out, 'ab') as f:
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


class Freezer:
    """Keeps all files of some folders by second names, also those that are deleted or replaced: as they
    are at the end, whatever housekeeping does meanwhile."""

    def __init__(self, top, folders, to):
        self.top, self.folders, self.to, self.seen = top, folders, to, set()
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.go_on, daemon=True)
        self.thread.start()

    def go_on(self):
        while not self.is_over.wait(0.05):
            self.look()

    def look(self):
        for folder in (t for pattern in self.folders for t in self.top.glob(pattern)):
            for p in [folder] if folder.is_file() else folder.rglob('*'):
                with contextlib.suppress(FileNotFoundError):
                    self.keep(p)

    def keep(self, p):
        stat = p.lstat()
        which = (stat.st_dev, stat.st_ino)
        if which in self.seen or not p.is_file():
            return
        kept = self.to / p.relative_to(self.top)
        kept.parent.mkdir(parents=True, exist_ok=True)
        for n in itertools.count():
            with contextlib.suppress(FileExistsError):
                os.link(p, kept.with_name(f'{kept.name}~{n}') if n else kept)
                break
        self.seen.add(which)

    def end(self):
        self.is_over.set()
        self.thread.join()
        self.look()


class Canary(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backbone = b = Backbone(split=True)
        cls.places = pathlib.Path(tempfile.mkdtemp(prefix='undercroft-places-'))
        cls.frozen = pathlib.Path(tempfile.mkdtemp(prefix='undercroft-frozen-'))
        cls.listen_between()
        if not SANITIZED:
            b.env['LD_PRELOAD'] = str(LAYER)
        cls.freezer = Freezer(b.dir, ('data-*', 'keys', '*.log'), cls.frozen)
        b.start()
        cls.people = [Bird(b, APPS[n % 3], n) for n in range(3 * EACH)]
        cls.all_do(Bird.begin, cls.people)
        cls.live(0)
        # What was written to the logs of the stores goes into their files.
        cls.memories('before')
        b.kill()
        b.start()
        for first in (3, 1, 2):  # three neighbours at a time, and none of them twice at once
            cls.all_do(cls.live, range(first, len(cls.people), 3))
        looking_on = [cls.people[n].start('follow') for n in range(len(APPS))]
        for each in looking_on:
            each.wait_for(lambda line: line['type'] == 'following')
        cls.memories('after')
        for each in looking_on:
            each.interrupt()
        cls.collect()

    @staticmethod
    def all_do(what, whose):
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(what, whose))

    @classmethod
    def live(cls, n):
        cls.people[n].live(*(cls.people[(n + m) % len(cls.people)] for m in (1, 2)))

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

    is_memory_read = True

    @classmethod
    def memories(cls, when):
        if SANITIZED:  # its shadow is endless, and it frees late
            cls.is_memory_read = False
            return
        for app in APPS:
            pid = int((cls.backbone.dir / f'{app}.pid').read_text())
            try:
                memory(pid, cls.places / f'memory-{app}-{when}')
                for each in children(pid):
                    with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended
                        memory(each, cls.places / f'memory-{app}-{when}')
            except PermissionError:
                cls.is_memory_read = False

    @classmethod
    def records(cls, app, kind):
        """Keys and values of a store."""
        return check_run.pairs(cls.backbone.ctl('dump', cls.backbone.dir / f'{app}.conf', app,
                                                kind).stdout)

    @classmethod
    def collect(cls):
        """Everything into files of one folder, while the servers run."""
        cls.addresses = {app: [cls.elsewhere(a) for a in relay.addresses]
                         for app, relay in zip(APPS, cls.relays)}
        b = cls.backbone
        for app in APPS:
            c = http.client.HTTPConnection('127.0.0.1', cls.metrics[app], timeout=30)
            c.request('GET', '/metrics', headers={'Host': 'localhost'})
            (cls.places / f'metrics-{app}').write_bytes(c.getresponse().read())
            c.close()
            for kind in ('accounts', 'rooms'):
                split = {'records': [], 'reports': []}
                for key, value in cls.records(app, kind):
                    is_report = key[:1] == b'r' and TABLES[key[1]][0] == 'REPORT'
                    split['reports' if is_report else 'records'].append(key + b'\0' + value)
                for what, lines in split.items():
                    (cls.places / f'{what}-{app}-{kind}').write_bytes(b'\n'.join(lines))
        cls.freezer.end()
        cls.own = [p for p in sorted(cls.frozen.rglob('*')) if p.is_file()]

    @staticmethod
    def elsewhere(address):
        """As the server sees it (elsewhere.c)."""
        return address if SANITIZED else '11' + address.removeprefix('127')

    @staticmethod
    def as_kept(address):
        """As net/peer_address.c has it."""
        return bytes(10) + b'\xff\xff' + socket.inet_aton(address)

    def needles(self):
        """(what, bytes, kind of name, whether it is keyed, the apps whose reports hold it and those it
        went through) of all that people have; kind 0: text."""
        for p in self.people:
            for what, b in p.names():
                yield f'{what} of {p.profile}', b, KINDS[p.app], True, NOWHERE
            for what, b in p.parts_of_names():
                yield f'{what} of {p.profile}', b, KINDS[p.app], False, NOWHERE
            for what, b in p.texts():
                yield (f'{what} of {p.profile}', b, 0, p.n < len(APPS),
                       p.shown_to.get(what, NOWHERE))

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
        """(what, form, bytes, apps)"""
        for what, needle, _, _, apps in self.needles():
            for form, b in check_run.forms(needle).items():
                yield what, form, b, apps

    def keyed(self):
        """The same under all keys, in no place at all."""
        keys = self.keys()
        for what, needle, kind, is_keyed, _ in self.needles():
            for form, b in keyed(needle, kind, keys) if is_keyed else ():
                yield what, form, b, NOWHERE

    def outside(self):
        """The same of what may be in memory for a while, and nowhere else."""
        for address in itertools.chain(*self.addresses.values()):
            for form, b in check_run.forms(address.encode()).items():
                yield address, form, b, NOWHERE
            yield address, 'as IPv6 has it', self.as_kept(address)[10:], NOWHERE
        for word in WORDS:
            yield word.decode(), 'plain', word, NOWHERE
        for p in self.people:
            for form, b in check_run.forms(p.link_parts()['address']).items():
                yield f'address in the link of {p.profile}', form, b, \
                    ((p.link_was_used_on,), ())

    def outside_keyed(self):
        """Network addresses under all keys."""
        keys = self.keys()
        for address in (a for those in self.addresses.values() for a in those[:KEYED_ADDRESSES]):
            for whole in (address.encode(), socket.inet_aton(address), self.as_kept(address)):
                for form, b in keyed(whole, 0, keys):
                    yield address, form, b, NOWHERE

    def search(self, patterns, files):
        """{(what, form, file, apps)} of what is found.  patterns(): as above; there may be millions."""
        listed = self.places / 'patterns'
        with open(listed, 'wb') as f:
            for _, _, b, _ in patterns():
                f.write(struct.pack('<I', len(b)) + b)
        done = subprocess.run([BUILD / 'tests/system/canary-search', listed, *files],
                              stdout=subprocess.PIPE, text=True, check=True)
        listed.unlink()
        places = {}
        for line in done.stdout.splitlines():
            i, _, name = line.split(' ', 2)
            places.setdefault(int(i), []).append(pathlib.Path(name))
        return {(what, form, place, apps) for i, (what, form, _, apps) in
                (enumerate(patterns()) if places else ()) for place in places.get(i, ())}

    def is_among_reports(self, form, place, kept, through):
        """In the reports of the apps that they went to, as it was written, and in the memory of
        those through whose hands it went."""
        return form == 'plain' and (
            place.name in {f'reports-{app}-rooms' for app in kept} or
            place.name.removesuffix('-before').removesuffix('-after') in
            {f'memory-{app}' for app in through} or
            place.parent in {self.frozen / f'data-{app}' / app / 'rooms' for app in kept})

    def test_nothing_is_found_but_what_is_planted(self):
        taken = sorted(self.places.iterdir())
        self.assertEqual(self.search(self.keyed, [*self.own, *taken]), set())
        found = self.search(self.patterns, [*self.own, *taken])
        self.assertEqual({f for f in found if not self.is_among_reports(*f[1:3], *f[3])}, set())
        self.assertEqual({(what, place.name) for what, _, place, _ in found
                          if place.name.startswith('reports')},
                         {(what, f'reports-{app}-rooms') for what, _, _, _, (kept, _) in self.needles()
                          for app in kept})
        silent = [p for p in taken if not p.name.startswith('memory')]
        self.assertGreater(sum(1 for _ in self.outside()), 1000)
        found = self.search(self.outside, [*self.own, *silent])
        self.assertEqual({f for f in found if not self.is_in_letter(*f[1:3], *f[3])}, set())
        self.assertEqual(self.search(self.outside_keyed, [*self.own, *silent]), set())
        self.planted()

    def is_in_letter(self, form, place, apps, _):
        """Where letters to other apps waited, as they go."""
        return form in ('base64 of plain, 0', 'base64url of plain, 0') and place.parent in {
            self.frozen / f'data-{app}' / app / 'accounts' for app in apps}

    def planted(self):
        """What one person has, in each of its forms, at each kind of place."""
        whose = f' of {self.people[0].profile}'
        kinds = {what for what, *_ in self.needles() if what.endswith(whose)}
        self.assertGreater(len(kinds), 30)
        words = {self.addresses['dial'][0], *map(bytes.decode, WORDS)}
        forms = {(what, form): b for what, form, b, _ in self.patterns() if what in kinds}
        few = itertools.islice(self.keyed(), KEYED_PLANTED)
        forms |= {(what, form): b for what, form, b, _ in few if what in kinds}
        forms |= {(what, form): b for what, form, b, _ in self.outside()
                  if what in words or what.endswith(f'link{whose}')}
        forms = [(*which, b, NOWHERE) for which, b in forms.items()]
        self.assertGreater(len(forms), 2000)
        kinds = {re.sub(r'[-~].*|\d+', '', p.name): p for p in [*self.own, *self.places.iterdir()]}
        self.assertLessEqual({'metrics', 'network', 'records', '.sst', '.log', 'app.keys'},
                             set(kinds))
        for kind, place in sorted(kinds.items()):
            content = place.read_bytes()[:65536]
            half = len(content) // 2
            copy = self.places / 'planted'
            copy.write_bytes(content[:half] + b'.'.join(b for _, _, b, _ in forms) + content[half:])
            found = {(what, form) for what, form, _, _ in self.search(lambda: forms, [copy])}
            self.assertEqual(found, {(what, form) for what, form, _, _ in forms}, kind)
            copy.unlink()

    def test_what_stands_for_people_is_where_the_inventory_says(self):
        """The keyed id of a name, the account's id and key, the keyed hash of a contact code: in the
        accounts of their own app."""
        patterns = [(app, what, b, NOWHERE) for app in APPS
                    for what, b in (*self.accounts(app), *self.codes(app))]
        self.assertEqual(len(patterns), 4 * len(self.people))
        silent = [p for p in sorted(self.places.iterdir()) if not p.name.startswith('memory')]
        found = self.search(lambda: patterns, [*self.own, *silent])
        for app, what, place, _ in found:
            is_own = place.name == f'records-{app}-accounts' or \
                place.parent == self.frozen / f'data-{app}' / app / 'accounts'
            self.assertTrue(is_own, (app, what, place))
        self.assertEqual({(app, what) for app, what, place, _ in found
                          if place.parent == self.places},
                         {(app, what) for app, what, _, _ in patterns})

    def of_accounts(self, app, table):
        """(account id, value) of each record of a table that has one for each account."""
        for key, value in self.records(app, 'accounts'):
            if key[:1] == b'r' and TABLES[key[1]][0] == table:
                account = key[3:-2].replace(b'\0\xff', b'\0')
                if len(account) == 16:
                    yield account, value

    def accounts(self, app):
        """(what, bytes) of each account of an app."""
        for account, value in self.of_accounts(app, 'ACCOUNT'):
            for what, b in (('id', account), ('key', value[2:34]), ('name', value[38:70])):
                yield f'{what} of {account.hex()}', b

    def codes(self, app):
        """As mimi/contact_code.c hashes them, under the name key, with what the settings call them."""
        name_key = (self.backbone.dir / 'keys' / app / 'app.keys').read_bytes()[8 + KEY:8 + 2 * KEY]
        for account, value in self.of_accounts(app, 'SETTINGS'):
            for p in self.people:
                text = [b'contact code\x01' + account, p.code.replace('-', '').encode()]
                for at in range(len(value) - 16 if p.app == app else 0):
                    b = hmac.digest(name_key, value[at:at + 16].join(text), 'sha256')
                    if b in value:
                        yield f'contact code of {p.profile}', b

    def test_the_places_are_what_they_are_said_to_be(self):
        """What must be there is: names of apps in memory and in the first bytes of TLS; keys."""
        for app in APPS:
            there = [('the domain', 'plain', f'{app}.localhost'.encode(), NOWHERE)]
            for place in ('memory', 'network', 'records'):
                files = sorted(self.places.glob(f'{place}-{app}*'))
                if place == 'memory' and not self.is_memory_read:
                    continue
                self.assertTrue(self.search(lambda: there, files), f'{place} of {app}')
            self.assertIn(f'app="{app}"', (self.places / f'metrics-{app}').read_text())
            if self.is_memory_read:
                # Who looks on has come from one of these.
                found = self.search(lambda: [(a, 'as it is kept', self.as_kept(a), NOWHERE)
                                             for a in self.addresses[app]],
                                    [self.places / f'memory-{app}-after'])
                self.assertTrue(found, f'addresses in the memory of {app}')
        if not self.is_memory_read:
            self.skipTest('the memory of other processes may not be read here')


if __name__ == '__main__':
    unittest.main(verbosity=2, warnings='ignore')
