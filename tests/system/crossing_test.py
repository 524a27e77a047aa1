# SPDX-License-Identifier: Apache-2.0
"""Every field and header that crosses between client and app, and between apps, is really seen: people on
three backbones do whatever there is to do, what their programs say and hear over TLS is kept in plain
(crossing/layer.c) and read by the program's own walks (crossing/seen.c).  Whatever the inventory
lists must have been there with something in it, or say why it is seldom (`unseen`); and what was
there must be listed.  So are the tables of the stores that a short life leaves empty (`unseen`): each
has held something at some time."""
import json
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from canary_test import check_run  # noqa: E402
from people import BUILD, Backbone, PATIENCE_S, Person, ROOT, befriend  # noqa: E402
from ports import free_ports  # noqa: E402

HEAD = struct.Struct('=QII')
OVER = 2
# Endpoints of /v1/: what is asked, what is answered, where it is known by the answer's status.
ENDPOINTS = {
    'keyMaterial': ('key_material_request', 'key_material_response'),
    'update': ('update_request', 'update_room_response'),
    'submitMessage': ('submit_message_request', 'submit_message_response'),
    'notify': ('notify', None),
    'groupInfo': ('group_info_request', 'group_info_response'),
    'follow': (None, None),
    'requestConsent': ('consent_entry', None),
    'updateConsent': ('consent_entry', None),
    'identifierQuery': ('identifier_request', 'identifier_response'),
    'reportAbuse': ('abuse_report', None),
    'confirmFranks': ('frank_claims', None),
    'custodyEvaluate': ('discovery_evaluate_request', 'discovery_custody_response'),
    'redeemTokens': ('redeem_request', 'redeem_response'),
}
DIRECTORY = '/.well-known/mimi-protocol-directory'
# Tables that hold something for a moment only, or after many messages, and the test that looks into them.
SEEN_ELSEWHERE = {'FOLLOW_START': 'provider/restart', 'WELCOME_OUT': 'provider/followers',
                  'REPEATS': 'provider/repeats', 'OUTBOX': 'ctl/account_view'}
ATTACHMENTS = '/v1/attachments/'  # whose answers are the bytes of files


def connections(path):
    """What was said and heard, of each connection of a process."""
    data, at, open_ones = path.read_bytes(), 0, {}
    while at < len(data):
        connection, n, way = HEAD.unpack_from(data, at)
        at += HEAD.size
        if way == OVER:
            if connection in open_ones:
                yield open_ones.pop(connection)
        else:
            open_ones.setdefault(connection, (bytearray(), bytearray()))[way].extend(data[at:at + n])
        at += n
    yield from open_ones.values()


def heads(data):
    """(first line, {header: value}, body, what comes after the head) one after the other."""
    at = 0
    while (end := data.find(b'\r\n\r\n', at)) >= 0:
        line, *rest = data[at:end].decode('latin-1').split('\r\n')
        headers = {k.lower(): v.strip() for k, v in (h.split(':', 1) for h in rest)}
        n = int(headers.get('content-length', 0))
        at = end + 4 + n
        yield line, headers, bytes(data[end + 4:at]), bytes(data[end + 4:])


def messages(data):
    """The binary messages of a WebSocket."""
    at, whole = 0, b''
    while at + 2 <= len(data):
        first, n, is_masked = data[at], data[at + 1] & 127, data[at + 1] >> 7
        at += 2
        if n > 125:
            width = 2 if n == 126 else 8
            n, at = int.from_bytes(data[at:at + width], 'big'), at + width
        mask = data[at:at + 4] if is_masked else bytes(4)
        at += 4 * is_masked
        part = data[at:at + n]
        at += n
        if len(part) < n:
            return
        if first & 15 <= 2:
            long = int.from_bytes(mask * (n // 4 + 1), 'big') >> 8 * (4 * (n // 4 + 1) - n)
            whole += (int.from_bytes(part, 'big') ^ long).to_bytes(n, 'big')
            if first & 128:
                yield whole
                whole = b''


class Seen:
    def __init__(self, folder):
        self.headers, self.unknown, lines = set(), set(), []
        for path in sorted(folder.iterdir()):
            for said, heard in connections(path):
                lines += self.connection(said, heard)
        done = subprocess.run([BUILD / 'tests/system/crossing-seen'], text=True, check=True,
                              input=''.join(f'{walk} {body.hex()}\n' for walk, body in lines),
                              stdout=subprocess.PIPE)
        told = done.stdout.splitlines()
        self.unknown |= {line for line in told if line.startswith('unread ')}
        self.fields = {tuple(line.split()) for line in told if not line.startswith('unread ')}
        self.lines = len(lines)

    def connection(self, said, heard):
        answers = heads(heard)
        for line, headers, body, rest in heads(said):
            status, back, answer, after = next(answers, ('HTTP/1.1 000', {}, b'', b''))
            self.headers |= set(headers) | set(back)
            if 'upgrade' in headers:
                yield from (('frame', m) for m in (*messages(rest), *messages(after)))
                return
            yield from self.request(line.split()[1], headers, body, status.split()[1], answer)

    def request(self, path, headers, body, status, answer):
        parts = path.split('/')
        if path == DIRECTORY:
            yield 'directory_response', answer
        elif path.startswith(ATTACHMENTS):
            return
        elif parts[:2] != ['', 'v1'] or parts[2] not in ENDPOINTS:
            self.unknown.add(f'a request for {path}')
        else:
            asks, tells = ENDPOINTS[parts[2]]
            if parts[2] == 'notify' and 'undercroft-start' in headers:
                asks = 'follow_start'
            for walk, content in ((asks, body), (tells, answer if status[0] == '2' else b'')):
                if content and not walk:
                    self.unknown.add(f'something in {parts[2]}, which carries nothing')
                elif content:
                    yield walk, content


class Crossing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backbone = b = Backbone(split=True)
        cls.confs = {p.stem: p for p in b.confs()}
        cls.folder = b.dir / 'crossing'
        cls.folder.mkdir()
        b.env.update(LD_PRELOAD=str(BUILD / 'tests/system/undercroft-crossing.so'),
                     UNDERCROFT_CROSSING=str(cls.folder))
        for app, after, line in (('dial', '[app dial]', 'discovery_custodian = lens.localhost'),
                                 ('lens', '[peer dial.localhost]', 'custody = yes')):
            text = cls.confs[app].read_text()
            cls.confs[app].write_text(text.replace(after, f'{after}\n{line}'))
        with cls.confs['plaza'].open('a') as f:
            f.write('[limits plaza]\nconsent = 1 1\n')
            f.write(cls.service('new', b.dir / 'school.key', 'school.example'))
        b.start()
        cls.rosa = Person(b, 'rosa', 'dial', '+4915112345678', 'Rosa')
        cls.bela = Person(b, 'bela', 'dial', '+4915112345679', 'Bela')
        cls.tom = Person(b, 'tom', 'lens', 'tom', 'Tom')
        cls.ole = Person(b, 'ole', 'lens', 'ole', 'Ole')
        cls.uwe = Person(b, 'uwe', 'plaza', 'uwe@allotments.example', 'Uwe')
        for p in (cls.rosa, cls.bela, cls.tom, cls.ole, cls.uwe):
            p.sign_up()
        for p in (cls.rosa, cls.bela, cls.uwe):
            p.run('settings', '--age', 'adult')
        cls.ctl('age', 'plaza', 'plaza', cls.uwe.identifier, 'adult')
        asks = cls.uwe.json('age', 'request', 'school.example')[-1]['text']
        cls.uwe.run('age', 'present', cls.service('sign', b.dir / 'school.key', 'adult', asks).strip())
        cls.tables = set()
        for step in (cls.meet, cls.talk, cls.report, cls.pair, cls.find, cls.put_back, cls.be_late,
                     cls.change, cls.operate, cls.end):
            step()
            cls.look_into_stores()
        b.stop()

    @classmethod
    def tearDownClass(cls):
        cls.backbone.erase()

    @classmethod
    def ctl(cls, command, app, *arguments):
        done = cls.backbone.ctl(command, cls.confs[app], *arguments)
        if done.returncode:
            raise AssertionError(done)
        return done.stdout

    @classmethod
    def service(cls, *arguments):
        return cls.backbone.ctl('age-service', *map(str, arguments)).stdout.decode()

    @classmethod
    def look_into_stores(cls):
        """Which tables hold something now."""
        known = check_run.tables()
        for app in cls.confs:
            for kind in ('accounts', 'rooms'):
                for key, _ in check_run.pairs(cls.ctl('dump', app, app, kind)):
                    if key[:1] in b'reh':
                        cls.tables.add(known[key[3 if key[:1] == b'e' else 1]][0])

    # --- what people do ---

    @classmethod
    def find(cls):
        """Dial asks its custodian again some seconds after both have begun."""
        for p in (cls.rosa, cls.bela):
            p.until(lambda p=p: p.run('findable', 'yes', status=None) is not None and not p.status)
        cls.ctl('build-filter', 'dial', 'dial')
        cls.bela.until(lambda: cls.bela.run('find', cls.rosa.identifier, status=None) and
                       cls.bela.json('find')[0]['state'] == 'found')
        # Now there is nothing newer.
        cls.until_seen(lambda: cls.bela.run('find', cls.rosa.identifier, status=None),
                       ('discovery_filter_response', 'offset'))

    @classmethod
    def meet(cls):
        rosa, bela, tom, uwe = cls.rosa, cls.bela, cls.tom, cls.uwe
        befriend(rosa, uwe)
        befriend(rosa, tom)
        befriend(rosa, cls.ole)
        befriend(bela, rosa)
        uwe.run('settings', '--contact-code', 'new')
        link = uwe.json('invite')[-1]['link']
        tom.run('ask', link, 'by a link')
        uwe.run('requests')
        tom.run('sync')

    @classmethod
    def talk(cls):
        rosa, ole, tom, uwe = cls.rosa, cls.ole, cls.tom, cls.uwe
        listens = tom.start('follow')
        listens.wait_for(lambda line: line['type'] == 'following')
        rosa.run('group', 'Walks', tom.name, uwe.name)
        uwe.until(lambda: any(r.get('name') == 'Walks' for r in uwe.json('rooms')))
        talk = rosa.start('follow', 'Walks')
        talk.wait_for(lambda line: line['type'] == 'following')
        for n in range(30):
            talk.type(f'step {n}')
        listens.wait_for(lambda line: line.get('text') == 'step 29')
        cls.backbone.stop()
        cls.backbone.start()
        for r in (talk, listens):
            r.interrupt()
        tom.run('send', 'Walks', 'of Tom')
        cls.files()
        # The Welcome goes to an app that follows already.
        rosa.run('add', 'Walks', ole.name)
        ole.run('sync')
        rosa.run('remove', 'Walks', ole.name)
        ole.run('sync')
        # Somebody of 16 is asked for the very room.
        lea = Person(cls.backbone, 'lea', 'plaza', 'lea@allotments.example', 'Lea')
        lea.sign_up()
        befriend(lea, rosa)
        lea.run('settings', '--age', '16-17')
        rosa.run('group', 'Climbs', lea.name)
        cls.until_seen(lambda: lea.run('sync'), ('address_wish', 'room_tag'))

    @classmethod
    def files(cls):
        """Of two parts, to another app."""
        path = cls.backbone.dir / 'beans.jpg'
        path.write_bytes(bytes(range(256)) * 800)
        cls.rosa.run('send', 'Walks', '--file', path)
        cls.tom.run('sync')
        number = next(m['number'] for m in cls.tom.json('read', 'Walks', '--numbers')
                      if m.get('kind') == 'file')
        cls.tom.run('save', 'Walks', number, cls.backbone.dir / 'saved.jpg')

    @classmethod
    def report(cls):
        for by, to in ((cls.tom, 'both'), (cls.uwe, 'app')):
            by.run('sync')
            number = next(m['number'] for m in by.json('read', 'Walks', '--numbers', '--last', 100)
                          if m.get('text') == 'step 3')
            by.run('report', 'Walks', number, '--why', 'spam', '--note', 'again', '--to', to)
        cls.uwe.run('report', '--request', 'Tom', '--why', 'spam', '--note', 'again', '--to', 'both')

    @classmethod
    def become(cls, old, name):
        """Another device of somebody's; it follows what happens."""
        device = Person(cls.backbone, name, old.app, name=old.name)
        waiting = device.start('become-device', old.app)
        code = waiting.wait_for(lambda line: line['type'] == 'device_code')['code']
        old.run('link-device', code, '--yes')
        if waiting.end():
            raise AssertionError(waiting.lines)
        follows = device.start('follow')
        follows.wait_for(lambda line: line['type'] == 'following')
        return device, follows

    @classmethod
    def pair(cls):
        """Ole has a further device, which shares his vault, until he ends it."""
        ole = cls.ole
        tablet, follows = cls.become(ole, 'tablet')
        ole.run('block', cls.rosa.name)
        ole.run('unblock', cls.rosa.name)
        cls.until_seen(lambda: ole.run('vault', '--store'), ('vault_event', 'version'))
        ole.run('devices', 'end', max(d['number'] for d in ole.json('devices') if 'number' in d))
        follows.kill()
        tablet.run('sync', status=None)

    @classmethod
    def until_seen(cls, what, *fields):
        """Does it again until they have crossed."""
        end = time.monotonic() + PATIENCE_S
        while not set(fields) <= Seen(cls.folder).fields:
            if time.monotonic() > end:
                raise AssertionError(f'not seen: {fields}')
            what()

    @classmethod
    def be_late(cls):
        """What is new at Dial does not come to the other apps, whose people go on in the epoch of before."""
        b, conf = cls.backbone, cls.confs['dial']
        text = conf.read_text()
        cls.uwe.run('sync')
        # He may have missed the other name.
        room = next(r['number'] for r in cls.uwe.json('rooms') if r.get('name') in ('Walks', 'Hikes'))
        b.stop()
        conf.write_text(re.sub(r'(url = .*):\d+', rf'\1:{free_ports(1)}', text))
        b.start()
        cls.bela.run('sync')
        cls.rosa.run('add', 'Hikes', cls.bela.name)
        talk = cls.tom.start('follow', 'Hikes')
        talk.wait_for(lambda line: line['type'] == 'following')
        talk.type('of before')
        cls.until_seen(lambda: time.sleep(0.2), ('submit_message_response', 'status_code'),
                       ('submit_message_response', 'current_epoch'))
        talk.kill()
        leaves = cls.uwe.start('leave', room)
        cls.until_seen(lambda: time.sleep(0.2), ('update_room_response', 'response_code'),
                       ('update_room_response', 'current_epoch'),
                       ('update_room_response', 'error_description'))
        leaves.kill()
        cls.look_into_stores()
        b.stop()
        conf.write_text(text)
        b.start()
        for p in (cls.tom, cls.uwe):
            p.run('sync')

    @classmethod
    def put_back(cls):
        """Dial's stores of before what was said last."""
        b, copy = cls.backbone, cls.backbone.dir / 'copy'
        cls.ctl('backup', 'dial', copy)
        cls.rosa.run('rename', 'Walks', 'Hikes')
        cls.rosa.run('send', 'Hikes', 'after the copy')
        cls.tom.run('sync')
        b.stop()
        data = b.dir / 'data-dial'
        data.rename(b.dir / 'data-before')
        data.mkdir(0o700)
        shutil.rmtree(b.dir / 'keys/dial')
        cls.ctl('restore', 'dial', copy)
        b.start()
        cls.rosa.run('send', 'Hikes', 'and on')
        cls.tom.read_on('and on')

    @classmethod
    def change(cls):
        rosa, bela, tom, uwe = cls.rosa, cls.bela, cls.tom, cls.uwe
        uwe.run('change-identifier', 'uwe@elsewhere.example')
        bela.run('block', rosa.name)
        rosa.run('group', 'Nobody', bela.name, status=None)
        tom.run('leave', tom.json('rooms')[-1]['number'])
        rosa.run('sync')
        again = Person(cls.backbone, 'again', 'plaza', uwe.identifier, 'Uwe')
        again.run('recover', 'plaza', text=uwe.words + '\n')
        again.run('sync')
        # After the recovery there is another list, of which a device hears when there is a third.
        listening = [cls.become(again, name)[1] for name in ('phone', 'watch')]
        cls.until_seen(lambda: time.sleep(0.2), ('device_list_event', 'list_generation'),
                       ('device_list_event', 'list_position'))
        for follows in listening:
            follows.kill()
        Person(cls.backbone, 'taken', 'lens', 'tom').refused('sign-up', 'lens', 'tom', '--name', 'T')
        # One letter an hour; the second is kept.
        for app, name in (('lens', 'ole'), ('dial', bela.identifier)):
            asking = again.start('ask', app, name, 'May I?')
            time.sleep(1)
            asking.kill()

    @classmethod
    def operate(cls):
        cls.ctl('curb', 'dial', 'dial', cls.rosa.identifier, '30')
        cls.ctl('rotate-keys', 'plaza', 'plaza', 'names')
        end = time.monotonic() + PATIENCE_S
        while 'INDEX' not in cls.tables and time.monotonic() < end:
            cls.look_into_stores()

    @classmethod
    def end(cls):
        cls.bela.run('delete-account', '--yes')
        cls.rosa.run('findable', 'no')

    # --- what was seen ---

    @staticmethod
    def wrong(seen, listed):
        """What is not as the inventory says."""
        fields = {(kind, e['name']) for e in listed['crossing'] for kind in e['in']}
        headers = {e['name'] for e in listed['headers'] + listed['standard_headers']}
        ours = {e['name'] for e in listed['headers'] if 'unseen' not in e}
        seldom, never = set(), set()
        for e in listed['not_seen']:
            those = {f for f in fields if f[0] == e['in'] and f[1] in e.get('fields', [f[1]])}
            (never if e.get('never') else seldom).update(those)
        return {'not understood': seen.unknown, 'not listed': seen.fields - fields,
                'header not listed': seen.headers - headers,
                'not seen': fields - seen.fields - seldom - never,
                'never to be seen': seen.fields & never, 'header not seen': ours - seen.headers}

    def test_every_table_was_seen(self):
        listed = json.loads((ROOT / 'docs/inventory.json').read_text())
        tables = {r['table'] for r in listed['records']
                  if r.get('unseen') != 'of an earlier version'}
        self.assertLessEqual(tables - self.tables, set(SEEN_ELSEWHERE))
        for table, test in SEEN_ELSEWHERE.items():
            self.assertIn(f'TABLE_{table}', (ROOT / f'tests/unit/{test}_test.c').read_text())
        self.assertEqual(self.tables - tables, set())

    def test_all_that_is_listed_and_nothing_else(self):
        seen = Seen(self.folder)
        listed = json.loads((ROOT / 'docs/inventory.json').read_text())
        nothing = dict.fromkeys(self.wrong(seen, listed), set())
        self.assertEqual(self.wrong(seen, listed), nothing)
        self.assertGreater(seen.lines, 500)
        # A field less in the inventory, one more, one that must be empty and is not, a header less.
        less = {**listed, 'crossing': [e for e in listed['crossing'] if e['name'] != 'welcome']}
        self.assertIn(('follow_start', 'welcome'), self.wrong(seen, less)['not listed'])
        more = {**listed, 'crossing': [*listed['crossing'], {'name': 'diary', 'in': ['frame']}]}
        self.assertEqual(self.wrong(seen, more), {**nothing, 'not seen': {('frame', 'diary')}})
        never = {**listed, 'not_seen': [*listed['not_seen'], {'in': 'frank', 'never': True}]}
        self.assertIn(('frank', 'server_frank'), self.wrong(seen, never)['never to be seen'])
        none = {**listed, 'headers': [e for e in listed['headers'] if e['name'] != 'undercroft-chain']}
        self.assertEqual(self.wrong(seen, none),
                         {**nothing, 'header not listed': {'undercroft-chain'}})

    def test_what_does_not_fit_is_told(self):
        done = subprocess.run([BUILD / 'tests/system/crossing-seen'], text=True, check=True,
                              input='frame 0900\nframe 0400400000000100000000000000070a\nnone 00\n',
                              stdout=subprocess.PIPE)
        self.assertEqual([line.split()[:2] for line in done.stdout.splitlines()
                          if line.startswith('unread')],
                         [['unread', 'frame'], ['unread', 'seat_ack'], ['unread', 'none']])


if __name__ == '__main__':
    unittest.main(verbosity=2)
