# SPDX-License-Identifier: Apache-2.0
"""A person's data leaves in one file and one command; and a day after an account was deleted no
byte of what was kept under it is in any file of the apps, nor on the device; nor of what
went through its rooms at an app that has nobody else in them.  What stays longer is said in
docs/export.md: files that were sent, 30 days, and what was spent and taken of limits, under the hash
of the name.  Real processes, real files, a clock that leaps (tests/faults)."""
import base64
import json
import pathlib
import re
import stat
import struct
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from canary_test import check_run  # noqa: E402
from people import BUILD, PATIENCE_S, Backbone, Person, befriend, link  # noqa: E402

LAYER = BUILD / 'tests/faults/undercroft-faults.so'
DAY_S = 86400
WINDOW = 16
FILE = bytes(range(256)) * 2048  # half a megabyte, in several parts
PICTURE = b'\x89PNG\r\n\x1a\n of beans and bees'


def set_clock(path, seconds):
    """Also where it runs: the file is not cut."""
    with open(path, 'r+b' if path.exists() else 'wb') as f:
        f.write(struct.pack('<q', seconds))


def upon_clock(backbone):
    clock = backbone.dir / 'clock'
    set_clock(clock, 0)
    backbone.env.update(LD_PRELOAD=str(LAYER), UNDERCROFT_CLOCK=str(clock))


def windows(data):
    """Its parts that are like nothing else: not zeros, not counters."""
    for at in range(0, len(data) - WINDOW + 1, 4):
        part = data[at:at + WINDOW]
        if len(set(part)) >= 13:
            yield part


class OwnData(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backbone = b = Backbone()
        upon_clock(b)
        b.start()
        cls.rosa = Person(b, 'rosa', 'dial', '+4915112345678', 'Rosa Lindner')
        cls.bela = Person(b, 'bela', 'dial', '+4915112345679', 'Bela')
        cls.uwe = Person(b, 'uwe', 'plaza', 'uwe@allotments.example', 'Uwe Petersen')
        for p in (cls.rosa, cls.bela, cls.uwe):
            p.sign_up()

    @classmethod
    def tearDownClass(cls):
        cls.backbone.erase()

    def ctl(self, *arguments):
        conf = self.backbone.dir / 'undercroft.conf'
        done = self.backbone.ctl(arguments[0], conf, *arguments[1:])
        self.assertEqual(done.returncode, 0, done)
        return done.stdout

    def live(self):
        """Something of everything."""
        rosa, uwe, bela = self.rosa, self.uwe, self.bela
        before = set(self.entries()[0])
        for p in (rosa, bela):
            p.run('settings', '--age', 'adult')
            p.run('findable', 'yes')
        self.ctl('build-filter', 'dial')
        rosa.until(lambda: b'"findable":2' in self.ctl('status', '--json').replace(b' ', b''))
        rosa.run('find', self.bela.identifier, '+4915112345670')
        befriend(rosa, uwe)
        rosa.run('settings', '--contact-code', 'new')
        rosa.run('invite')
        rosa.run('invite')
        rosa.run('invitation-end', rosa.json('invitations')[-1]['number'])
        picture = self.backbone.dir / 'rosa.png'
        picture.write_bytes(PICTURE)
        rosa.run('profile', '--about', 'Beans and bees', '--picture', picture)
        rosa.run('group', 'The allotment', uwe.name)
        rosa.run('group', 'Left behind', uwe.name)
        rosa.run('send', uwe.name, 'The beans are up')
        rosa.run('edit', uwe.name, 'last', 'The beans are all up')
        rosa.run('send', 'The allotment', 'Who waters them?')
        uwe.run('sync')
        uwe.run('send', 'The allotment', 'I do')
        uwe.run('react', rosa.name, 'last', '\u2764')
        rosa.run('leave', 'Left behind', '--without-owner')
        plan = self.backbone.dir / 'plan.bin'
        plan.write_bytes(FILE)
        rosa.run('send', uwe.name, '--file', plan)
        rosa.run('vault', '--store')
        self.rooms = set(self.entries()[0]) - before
        befriend(bela, uwe)
        bela.run('ask', 'dial', rosa.identifier, '--code', self.code(), 'May I?')
        bela.run('send', uwe.name, 'of somebody else')

    def code(self):
        return self.rosa.json('settings')[0]['contact_code']

    def test_taken_along_then_erased(self):
        self.live()
        self.exported()
        self.erased()

    # --- export ---

    def read(self, path):
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        lines = [json.loads(line) for line in path.read_text('ascii').splitlines()]
        self.assertEqual((lines[0]['type'], lines[-1]['type']), ('export', 'export_end'))
        return lines

    def exported(self):
        rosa, folder = self.rosa, self.backbone.dir / 'out'
        folder.mkdir()
        out = folder / 'rosa.jsonl'
        self.assertIn('Everything of profile rosa', rosa.run('export', out))
        lines = self.read(out)
        kinds = {}
        for line in lines:
            kinds.setdefault(line['type'], []).append(line)
        self.whole(kinds, lines)
        self.no_keys(out)
        # Never over another file, and nothing beside it.
        before = out.read_bytes()
        rosa.run('export', out, status=1)
        self.assertIn('not overwritten', rosa.error)
        rosa.run('export', folder / 'none/rosa.jsonl', status=1)
        rosa.run('export', '', status=1)
        self.assertEqual((out.read_bytes(), list(folder.iterdir())), (before, [out]))
        self.not_whole(folder)
        # Without the app it is the same, but for what the head says.
        self.backbone.stop()
        told = rosa.json('export', folder / 'offline.jsonl')
        self.assertEqual(told[-1]['received_first'], 'no')
        offline = self.read(folder / 'offline.jsonl')
        self.assertEqual(offline[1:-2], lines[1:-2])
        self.assertEqual(offline[-2]['key_package_sets'], 'not asked')
        self.backbone.start()

    def not_whole(self, folder):
        """A disk that takes no more: no file, and an error."""
        command = ' '.join(f"'{x}'" for x in self.rosa.command(['export', folder / 'cut']))
        done = subprocess.run(['bash', '-c', f"trap '' XFSZ; ulimit -f 1; {command}"],
                              env=self.backbone.env, stdin=subprocess.DEVNULL, capture_output=True)
        self.assertNotEqual(done.returncode, 0, done)
        self.assertFalse([p for p in folder.iterdir() if p.name.startswith('cut')])

    def whole(self, kinds, lines):
        def one(kind):
            self.assertEqual(len(kinds[kind]), 1, kinds[kind])
            return kinds[kind][0]
        rosa, uwe = self.rosa, self.uwe
        self.assertEqual(one('export')['received_first'], 'yes')
        self.assertIn('recovery words', one('export')['left_out'])
        account = one('account')
        self.assertEqual((account['app'], account['identifier'], account['name'],
                          account['about'], account['picture']),
                         ('dial', rosa.identifier, rosa.name, 'Beans and bees', 'yes'))
        picture = one('picture')
        self.assertEqual((picture['of'], picture['kind'], base64.urlsafe_b64decode(
            picture['base64url'] + '==')), ('self', 'png', PICTURE))
        self.assertEqual((one('settings')['age'], one('settings')['contact_code']),
                         ('adult', self.code()))
        self.assertEqual(one('findable')['findable'], 'yes')
        self.assertTrue(one('device')['this'])
        self.assertEqual({n['number']: n['state'] for n in kinds['number']},
                         {self.bela.identifier: 'found', '+4915112345670': 'not_found'})
        self.assertEqual([(r['direction'], r['text']) for r in kinds['request']],
                         [('out', f'{rosa.name} here'), ('in', 'May I?')])
        contact = one('contact')
        self.assertEqual((contact['name'], contact['app'], contact['blocked']),
                         (uwe.name, 'plaza', False))
        self.assertEqual([r['name'] for r in kinds['room']],
                         [uwe.name, 'The allotment', 'Left behind'])
        self.assertEqual(kinds['room'][2]['state'], 'left')
        self.assertIn('/#/link/', one('invitation')['link'])
        self.assertEqual(one('at_the_app')['devices'], '1')
        self.in_rooms(lines)

    def in_rooms(self, lines):
        rooms, at = {}, None
        for line in lines:
            if line['type'] == 'in_room':
                at = rooms.setdefault(line['room'], {'member': [], 'message': []})
            elif line['type'] in ('member', 'message'):
                at[line['type']].append(line)
        for room in (self.uwe.name, 'The allotment'):
            self.assertEqual({m['name'] for m in rooms[room]['member']},
                             {self.rosa.name, self.uwe.name})
        for room in rooms.values():
            numbers = [m['number'] for m in room['message']]
            self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
        said = [(m['kind'], m['own'], m['text'], m['edited'])
                for m in rooms[self.uwe.name]['message'] if m['kind'] != 'note']
        self.assertEqual(said, [('text', True, 'The beans are all up', True),
                                ('reaction', False, '\u2764', False),
                                ('file', True, '', False)])
        said = [(m['text'], m['sender']) for m in rooms['The allotment']['message']
                if m['kind'] == 'text']
        self.assertEqual(said, [('Who waters them?', self.rosa.name), ('I do', self.uwe.name)])

    def no_keys(self, out):
        text = out.read_text()
        words = self.rosa.words.split()
        self.assertNotIn(' '.join(words[:3]), text)
        key = (self.backbone.dir / 'people/rosa/key').read_bytes()
        self.assertNotIn(key.hex(), text)

    # --- erasing ---

    def records(self, app, kind):
        return list(check_run.pairs(self.ctl('dump', app, kind)))

    def account(self, of=None):
        devices = self.ctl('devices', 'dial', (of or self.rosa).identifier, '--json')
        return bytes.fromhex(json.loads(devices.splitlines()[0])['account'])

    def entries(self):
        """{room: the entries} of the logs that Dial has, and what else its rooms' store has."""
        tables, rooms, others = check_run.tables(), {}, b''
        for key, value in self.records('dial', 'rooms'):
            if key[:1] == b'e' and tables[key[3]][0] == 'LOG':
                rooms.setdefault(key[3:-8], []).append(value)
            else:
                others += key + b'\0' + value + b'\0'
        return rooms, others

    def said(self):
        """{bytes: what} of all entries of Rosa's rooms, which nobody else of Dial's is in."""
        logs, others = self.entries()
        self.assertEqual((len(self.rooms), self.rooms - set(logs)), (3, set()))
        others += b'\0'.join(v for room in set(logs) - self.rooms for v in logs[room])
        found = {part: 'said in a room' for room in self.rooms for value in logs[room]
                 for part in windows(value) if part not in others}
        self.there({'said in a room'}, found, 'dial')
        return found

    def needles(self, *expected):
        """{bytes: what} of all that the stores have of Rosa's and of nobody else; what must be."""
        expected = {'ACCOUNT', 'ACCOUNT_KEY', 'DEVICE', 'LIST', 'NAME', 'SETTINGS', 'SLOT', 'SPENT',
                    'NUMBERS', 'INTAKE', 'VAULT', 'GRANT', 'CURB', *expected}
        tables, found = check_run.tables(), {self.account(): 'account id'}
        account, others = self.account(), b''
        mine = []
        escaped = account.replace(b'\0', b'\0\xff')
        for key, value in self.records('dial', 'accounts'):
            if escaped in key or account in value:
                mine.append((tables[key[3 if key[:1] == b'e' else 1]][0], key, value))
            else:
                others += key + b'\0' + value + b'\0'
        for kind in ('accounts', 'rooms'):
            others += b'\0'.join(k + b'\0' + v for k, v in self.records('lens', kind))
        self.assertLessEqual(expected, {name for name, _, _ in mine})
        for name, key, value in mine:
            for part in (*windows(key), *windows(value)):
                if part not in others:
                    found[part] = name
        self.there({'account id', 'ACCOUNT', 'LIST', 'SETTINGS', 'SLOT', 'VAULT'}, found)
        for text in (self.rosa.identifier, self.rosa.identifier[1:], self.rosa.name, self.code(),
                     self.code().replace('-', '')):
            found[text.encode()] = 'as typed'
        return found

    def kept(self, needles, files):
        """{(what, file)} of what is found."""
        needles = {n: what for n, what in needles.items() if len(n) >= 6}
        with tempfile.NamedTemporaryFile() as listed:
            listed.write(b''.join(struct.pack('<I', len(n)) + n for n in needles))
            listed.flush()
            done = subprocess.run([BUILD / 'tests/system/canary-search', listed.name, *files],
                                  stdout=subprocess.PIPE, text=True, check=True)
        of, found = list(needles.values()), [x.split(' ', 2) for x in done.stdout.splitlines()]
        return {(of[int(i)], re.sub('.*/data/', '', name)) for i, _, name in found}

    def there(self, expected, needles, of=''):
        """Each of those is found.  One search may fall between two files, which the store puts in the
        place of one another: it is made again."""
        self.until(lambda: expected <= {what for what, _ in self.kept(needles, self.files(of))})

    def files(self, app=''):
        """Of all apps, or of one."""
        b = self.backbone
        return [p for top in (b.dir / 'data' / app, b.dir / 'keys', *b.dir.glob('*.log'))
                for p in ([top] if top.is_file() else sorted(top.rglob('*'))) if p.is_file()]

    def table(self, kind, name):
        """Its records at Dial."""
        tables = check_run.tables()
        return [(key, value) for key, value in self.records('dial', kind)
                if tables.get(key[3 if key[:1] == b'e' else 1], ('',))[0] == name]

    def outlives(self):
        """{bytes: what} of what stays for a while, which nothing leads to from the account: the bytes of
        sent files, and the hash of a token that another app has redeemed."""
        account, found = self.account(), {}
        for kind, name in (('rooms', 'ATTACHMENT'), ('rooms', 'ATTACHMENT_PART'),
                           ('accounts', 'TOKEN')):
            records = self.table(kind, name)
            self.assertTrue(records, name)
            for key, value in records:
                self.assertNotIn(account, key + value)
                found.update((part, name) for part in list(windows(key + value))[:64])
        for part in list(windows(FILE))[:64]:
            self.assertNotIn(part, found)
        return found

    def name_stays(self):
        """What was asked, and taken for it, holds for who signs up again under the name."""
        return {name: {key for key, _ in self.table('accounts', name)} for name in ('SPENT', 'CURB')}

    def second_device(self):
        """It is in her rooms, and reads no further."""
        tablet = Person(self.backbone, 'second', 'dial', name=self.rosa.name)
        link(self.rosa, tablet)
        here = {self.uwe.name, 'The allotment'}
        tablet.until(lambda: here <= {r['name'] for r in tablet.json('rooms')
                                      if r['state'] == 'open' and r['epoch']})
        self.uwe.until(lambda: all(
            m['devices'] == 2 for room in (self.rosa.name, 'The allotment')
            for m in self.uwe.json('members', room) if m['name'] == self.rosa.name))
        for room in (self.rosa.name, 'The allotment'):
            self.uwe.run('send', room, 'not read by the second one')
        self.rosa.run('sync')
        return tablet

    def erased(self):
        tablet = self.second_device()
        self.ctl('curb', 'dial', self.rosa.identifier, '30')
        outlives = self.outlives()
        needles = self.needles()
        # Who has a contact code is not found by number.
        self.rosa.run('settings', '--contact-code', 'none')
        self.rosa.run('findable', 'yes')
        self.ctl('build-filter', 'dial')
        needles = {**needles, **self.needles('DISCOVERABLE')}
        store = (self.backbone.dir / 'people/rosa/store.db').open('rb')
        self.rosa.run('delete-account', status=2)
        self.rosa.run('delete-account', '--yes')
        self.assertFalse((self.backbone.dir / 'people/rosa').exists())
        with store:  # what its blocks hold now that it has no name
            self.assertEqual(set(store.read()), {0})
        self.rosa.run('account', status=2)
        self.assertEqual(tablet.refused('sync'), 'UC_E_NOT_FOUND')
        self.assertIn('the account was deleted', tablet.error)
        tablet.run('delete-account', '--yes')
        self.assertFalse((self.backbone.dir / 'people/second').exists())
        # The others' clients take her out of their rooms, now and not when the day has gone by: her
        # seats hold the logs for an hour from then.
        for room in ('The allotment', 'Left behind', self.rosa.name):
            self.uwe.until(lambda: len(self.uwe.json('members', room)) == 1)
        self.uwe.run('send', self.bela.name, 'still here')
        self.bela.run('sync')
        said = self.said()
        self.gone_after(DAY_S + 3600, needles)
        stays = self.name_stays()
        self.assertTrue(stays['SPENT'] and stays['CURB'], stays)
        self.said_is_gone(said)
        # Its id is in the record and in the parts.
        self.there({'ATTACHMENT_PART', 'TOKEN'}, outlives, 'dial')
        # The others go on.
        self.bela.run('send', self.uwe.name, 'and so are we')
        self.uwe.read_on('and so are we')
        self.files_go(outlives)

    def files_go(self, outlives):
        """Thirty days later, and what was spent and taken under the name."""
        self.backbone.stop()
        set_clock(self.backbone.dir / 'clock', 70 * DAY_S)
        self.backbone.start()
        self.until(lambda: self.ctl('status', '--json').count(b'"clock_doubted":true') == 3)
        set_clock(self.backbone.dir / 'clock', 69 * DAY_S)
        self.until(lambda: not any(self.name_stays().values()))
        self.gone(outlives, 'dial')

    def said_is_gone(self, said):
        """By what the store has, then by its files.  A clock that leapt while nobody looked is
        doubted until it is put back by some."""
        self.assertLessEqual(self.rooms, set(self.entries()[0]))
        self.until(lambda: self.ctl('status', '--json').count(b'"clock_doubted":true') == 3)
        set_clock(self.backbone.dir / 'clock', DAY_S)
        self.until(lambda: not self.rooms & set(self.entries()[0]))
        self.gone(said, 'dial')

    def until(self, holds):
        end = time.monotonic() + PATIENCE_S / 4
        while not holds():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.2)

    def test_a_device_that_is_not_listed_any_more(self):
        """It still gives what it has, cannot speak for the account, and erases itself."""
        b = self.backbone
        old = Person(b, 'old', 'lens', 'kiebitz', 'Olga')
        old.sign_up()
        found = Person(b, 'found', 'lens', 'kiebitz', 'Olga')
        found.run('recover', 'lens', text=old.words + '\n')
        lines = old.json('export', b.dir / 'old.jsonl')
        self.assertEqual(lines[-1]['received_first'], 'no')
        self.assertEqual([x['state'] for x in self.read(b.dir / 'old.jsonl')
                          if x['type'] == 'account'], ['gone'])
        old.run('delete-account', '--yes', status=1)
        self.assertIn('--only-here', old.error)
        self.assertTrue((b.dir / 'people/old/store.db').exists())
        old.run('delete-account', '--only-here', status=2)
        old.run('delete-account', '--only-here', '--yes')
        self.assertFalse((b.dir / 'people/old').exists())
        found.run('sync')

    def test_an_account_of_two_devices(self):
        """Both are in the file, and of both nothing is left, whichever of them deletes the account."""
        b, uwe = self.backbone, self.uwe
        kim = Person(b, 'kim', 'dial', '+4915112345671', 'Kim Okafor')
        tablet = Person(b, 'tablet', 'dial', name=kim.name)
        kim.sign_up()
        befriend(kim, uwe)
        link(kim, tablet)
        tablet.until(lambda: uwe.name in {r['name'] for r in tablet.json('rooms')
                                          if r['state'] == 'open'})
        tablet.run('send', uwe.name, 'from the tablet')
        kim.until(lambda: (None, 'from the tablet') in kim.texts(uwe.name))
        kim.run('export', b.dir / 'kim.jsonl')
        lines = self.read(b.dir / 'kim.jsonl')
        self.assertEqual(sorted(x['this'] for x in lines if x['type'] == 'device'), [False, True])
        self.assertEqual([x['devices'] for x in lines if x['type'] == 'at_the_app'], ['2'])
        self.assertIn('from the tablet', [x.get('text') for x in lines])
        kim.run('vault', '--store')
        account, tables = self.account(kim), check_run.tables()
        escaped = account.replace(b'\0', b'\0\xff')
        mine = [(key, value) for key, value in self.records('dial', 'accounts')
                if escaped in key or account in value]
        names = [tables[key[3 if key[:1] == b'e' else 1]][0] for key, _ in mine]
        self.assertEqual(names.count('DEVICE'), 2)
        self.assertIn('VAULT', names)
        needles = {account: 'account id'}
        for name, (key, value) in zip(names, mine):
            # What is under a key of its own, or sealed, and so like nothing else.
            if name in ('DEVICE', 'VAULT', 'SLOT', 'LIST'):
                needles.update((part, name) for part in list(windows(value))[-16:])
        tablet.run('delete-account', '--yes')
        self.assertFalse([key for key, value in self.records('dial', 'accounts')
                          if escaped in key or account in value])
        self.gone(needles, 'dial')
        # The other device can do no more than erase itself.
        kim.run('delete-account', '--only-here', '--yes')
        self.assertFalse((b.dir / 'people/kim').exists())

    def gone_after(self, seconds, needles):
        self.backbone.stop()
        set_clock(self.backbone.dir / 'clock', seconds)
        self.backbone.start()
        self.uwe.run('sync')
        self.gone(needles)

    def gone(self, needles, of=''):
        """Of all apps' files, or of one's.  One search may fall between two files: twice in a row."""
        end, clean, left = time.monotonic() + PATIENCE_S / 4, 0, set()
        while clean < 2 and time.monotonic() < end:
            for app in ('dial', 'plaza', 'lens'):
                self.ctl('compact', app)
            self.ctl('build-filter', 'dial')
            time.sleep(0.5)
            left = self.kept(needles, self.files(of))
            clean = 0 if left else clean + 1
        self.assertEqual((left, clean), (set(), 2))


if __name__ == '__main__':
    unittest.main(verbosity=2)
