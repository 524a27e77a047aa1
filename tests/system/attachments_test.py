#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files from terminal to terminal across apps: whole or not at all, through kills of clients and servers,
past an app that forges, within budgets, and in a moderator's hands what the reporter saw."""
import hashlib
import http.client
import json
import os
import random
import re
import socket
import ssl
import stat
import time
import unittest

from people import Backbone, Person, befriend

PART = 128 * 1024
MIB = 1 << 20


def content(n, seed=1):
    return random.Random(seed).randbytes(n)


class Attachments(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backbone = b = Backbone()
        cls.conf = b.dir / 'undercroft.conf'
        b.start()
        cls.rosa = Person(b, 'rosa', 'dial', '+4915112345678', 'Rosa')
        cls.tom = Person(b, 'tom', 'lens', 'tom', 'Tom')
        cls.uwe = Person(b, 'uwe', 'plaza', 'uwe@allotments.example', 'Uwe')
        for p in (cls.rosa, cls.tom, cls.uwe):
            p.sign_up()
        befriend(cls.rosa, cls.tom)
        befriend(cls.rosa, cls.uwe)
        cls.rosa.run('group', 'Walks', 'Tom', 'Uwe')
        for p in (cls.tom, cls.uwe):
            p.until(lambda p=p: any(r.get('name') == 'Walks' for r in p.json('rooms')))

    @classmethod
    def tearDownClass(cls):
        cls.backbone.erase()

    def setUp(self):
        self.folder = self.backbone.dir / self.id().rsplit('.', 1)[1]
        self.folder.mkdir()

    def file(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        return path

    def files(self, person, room='Walks'):
        return [m for m in person.json('read', room, '--last', 1000, '--numbers')
                if m.get('kind') == 'file']

    def newest(self, person, name, room='Walks'):
        """When it has come."""
        def found():
            return [m for m in self.files(person, room) if m['file_name'] == name]
        person.until(found)
        return found()[-1]

    def save(self, person, m, to='saved', room='Walks', **more):
        path = self.folder / f'{person.profile}-{to}'
        lines = person.json('save', room, m['number'], path, **more)
        return path, lines

    def get(self, url):
        """By HTTPS, as anybody."""
        app, path = re.fullmatch(r'https://(\w+)\.localhost(/.*)', url).groups()
        port = int(self.backbone.env['UNDERCROFT_PORT']) + ('dial', 'lens', 'plaza').index(app)
        trust = ssl.create_default_context(cafile=self.backbone.dir / 'tls/ca.pem')
        c = http.client.HTTPSConnection('127.0.0.1', port, context=trust, timeout=30)
        raw = socket.create_connection(('127.0.0.1', port), timeout=30)
        c.sock = trust.wrap_socket(raw, server_hostname=f'{app}.localhost')
        c.request('GET', path, headers={'Host': f'{app}.localhost:{port}'})
        r = c.getresponse()
        found = r.status, r.read()
        c.close()
        return found

    # --- from one to the others ---

    def test_1_to_two_other_apps(self):
        data = content(3 * PART // 2)
        said = self.rosa.json('send', 'Walks', '--file', self.file('beans, März.jpg', data))
        self.assertEqual(said[-1]['state'], 'accepted')
        self.assertEqual(said[-2]['type'], 'file')
        self.assertEqual(said[-2]['bytes_done'], said[-2]['bytes_total'])
        for p in (self.tom, self.uwe, self.rosa):
            m = self.newest(p, 'beans, März.jpg')
            self.assertEqual((m['file_type'], m['file_bytes'], m['text']),
                             ('image/jpeg', len(data), ''))
            path, lines = self.save(p, m)
            self.assertEqual(lines[-1]['type'], 'saved')
            self.assertEqual(path.read_bytes(), data)
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertEqual([p.name for p in self.folder.glob('*.??????')], [])
        self.assertIn('file beans, März.jpg (196.6 kB, image/jpeg)', self.tom.run('read', 'Walks'))
        # Nothing is overwritten; under its own name, in a folder.
        self.tom.run('save', 'Walks', m['number'], self.folder / 'tom-saved', status=1)
        self.assertIn('it exists', self.tom.error)
        number = self.newest(self.tom, 'beans, März.jpg')['number']
        self.tom.run('save', 'Walks', number, self.folder / 'tom-saved2')
        (self.folder / 'f').mkdir()
        self.tom.run('save', 'Walks', number, self.folder / 'f')
        self.assertEqual((self.folder / 'f/beans, März.jpg').read_bytes(), data)
        self.tom.run('save', 'Walks', 100000, status=1)
        self.tom.run('save', 'Walks', 'last', status=1)

    def test_2_the_other_way_and_of_any_length(self):
        for n in (1, 4096, PART - 48, PART, 3 * MIB):
            data = content(n, n)
            self.tom.run('send', 'Walks', '--file', self.file(f'of-{n}.bin', data))
            m = self.newest(self.rosa, f'of-{n}.bin')
            path, _ = self.save(self.rosa, m, n)
            self.assertEqual(path.read_bytes(), data)

    def test_3_what_is_not_sent(self):
        self.rosa.run('send', 'Walks', '--file', self.folder / 'not there', status=1)
        self.rosa.run('send', 'Walks', '--file', self.file('empty', b''), status=1)
        self.assertIn('empty', self.rosa.error)
        self.rosa.run('send', 'Walks', '--file', self.file('large', bytes(16 * MIB + 1)), status=1)
        self.assertIn('16 MiB', self.rosa.error)
        self.rosa.run('send', 'Walks', 'and words', '--file', self.file('x', b'x'), status=2)
        self.rosa.run('send', 'Walks', '--file', self.folder, status=1)

    def test_4_offline_it_is_kept(self):
        self.backbone.stop()
        data = content(2 * PART, 4)
        self.rosa.run('send', 'Walks', '--file', self.file('kept.bin', data), status=3)
        self.backbone.start()
        self.rosa.run('sync')
        path, _ = self.save(self.tom, self.newest(self.tom, 'kept.bin'))
        self.assertEqual(path.read_bytes(), data)

    # --- kills ---

    def killed(self, person, *arguments, after=3):
        """When the n-th part was told of."""
        running = person.start(*arguments)
        try:
            running.wait_for(lambda line: line['type'] == 'file' and
                             line['bytes_done'] >= after * PART)
        finally:
            running.kill()

    def test_5_kills_while_it_goes_out(self):
        data = content(8 * MIB, 5)
        path = self.file('killed.bin', data)
        self.killed(self.rosa, 'send', 'Walks', '--file', path)
        path.unlink()  # it is in the client's store
        for seconds in (0.2, 0.4, 0.6):
            running = self.rosa.start('sync')
            time.sleep(seconds)
            running.kill()
        self.rosa.run('sync')
        m = self.newest(self.tom, 'killed.bin')
        self.assertEqual(len([f for f in self.files(self.tom) if f['file_name'] == 'killed.bin']), 1)
        path, _ = self.save(self.tom, m)
        self.assertEqual(path.read_bytes(), data)

    def test_6_kills_while_it_comes(self):
        data = content(8 * MIB, 6)
        self.rosa.run('send', 'Walks', '--file', self.file('comes.bin', data))
        m = self.newest(self.tom, 'comes.bin')
        to = self.folder / 'tom-saved'
        for n in (3, 20):
            self.killed(self.tom, 'save', 'Walks', m['number'], to, after=n)
            self.assertFalse(to.exists())
        path, lines = self.save(self.tom, m)
        # It went on from where it was.
        self.assertGreater(min(x['bytes_done'] for x in lines if x['type'] == 'file'), 20 * PART)
        self.assertEqual(path.read_bytes(), data)

    def test_7_kills_of_the_backbone(self):
        data = content(8 * MIB, 7)
        sending = self.rosa.start('send', 'Walks', '--file', self.file('through.bin', data))
        for n in (5, 30):
            sending.wait_for(lambda line, n=n: line['type'] == 'file' and
                             line['bytes_done'] >= n * PART)
            self.backbone.kill()
            self.backbone.start()
        self.assertEqual(sending.end(), 0)
        m = self.newest(self.tom, 'through.bin')
        to = self.folder / 'tom-saved'
        saving = self.tom.start('save', 'Walks', m['number'], to)
        saving.wait_for(lambda line: line['type'] == 'file' and line['bytes_done'] >= 10 * PART)
        self.backbone.kill()
        self.backbone.start()
        self.assertEqual(saving.end(), 0, saving.error)
        self.assertEqual(to.read_bytes(), data)

    # --- lies, budgets ---

    def url_of(self, person, name, room='Walks'):
        """As a moderator is shown it."""
        m = self.newest(person, name, room)
        person.run('report', room, m['number'], '--why', 'other')
        done = self.backbone.ctl('reports', self.conf, person.app, '--json')
        number = json.loads(done.stdout.splitlines()[-1])['number']
        done = self.backbone.ctl('reports', self.conf, person.app, 'show', str(number), '--json')
        text = json.loads(done.stdout.splitlines()[-1])['text']
        self.assertIn(name, text)
        return number, re.search(r'https://\S+[0-9a-f]', text).group(0)

    def test_8_reported_and_opened(self):
        data = content(50000, 8)
        self.rosa.run('send', 'Walks', '--file', self.file('evidence.png', data))
        number, url = self.url_of(self.tom, 'evidence.png')
        status, sealed = self.get(url)
        self.assertEqual(status, 200)
        self.assertNotIn(data[:64], sealed)
        self.assertEqual(self.get(url[:-1] + ('0' if url[-1] != '0' else '1'))[0], 404)
        report, raw = self.folder / 'report', self.file('bytes', sealed)
        ctl = self.backbone.ctl
        done = ctl('reports', self.conf, 'lens', 'export', str(number), report)
        self.assertEqual(done.returncode, 0, done)
        out = self.folder / 'out.png'
        done = ctl('reports', 'file', report, '1', raw, out)
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(out.read_bytes(), data)
        # Exactly that, or nothing.
        for wrong in (sealed[:-1], bytes([sealed[0] ^ 1]) + sealed[1:], sealed + b'x', b''):
            out.unlink(missing_ok=True)
            raw.write_bytes(wrong)
            self.assertEqual(ctl('reports', 'file', report, '1', raw, out).returncode, 1)
            self.assertFalse(out.exists())
        self.assertEqual(ctl('reports', 'file', report, '2', raw, out).returncode, 1)
        self.assertEqual(ctl('reports', 'file', report).returncode, 2)

    def test_9_an_app_that_forges(self):
        """Other bytes at the URL: of a store that was changed by its operator."""
        b = self.backbone
        data = content(2 * PART, 9)
        self.rosa.run('send', 'Walks', '--file', self.file('forged.bin', data))
        m = self.newest(self.tom, 'forged.bin')
        _, url = self.url_of(self.tom, 'forged.bin')
        sealed = self.get(url)[1]
        b.stop()
        dump = self.folder / 'dump'
        dump.write_bytes(b.ctl('dump', self.conf, 'dial', 'rooms').stdout)
        whole = dump.read_bytes()
        at = whole.index(sealed[PART + 1000:PART + 1064])
        dump.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
        rooms = b.dir / 'data/dial/rooms'
        rooms.rename(self.folder / 'rooms')
        self.assertEqual(b.ctl('load', self.conf, 'dial', 'rooms', dump).returncode, 0)
        b.start()
        self.assertNotEqual(self.get(url)[1], sealed)
        to = self.folder / 'tom-saved'
        self.assertEqual(self.tom.refused('save', 'Walks', m['number'], to), 'UC_E_DECRYPT')
        self.assertEqual(list(self.folder.glob('tom-saved*')), [])

    def test_a_an_apps_limits(self):
        b = self.backbone
        before = self.conf.read_text()
        text = before.replace('[app dial]', '[app dial]\nattachment_bytes = 1048576')
        self.conf.write_text(text + '\n[limits dial]\nattachment_put = 12 60\n')
        b.stop()  # what was spent of a budget before is forgotten, too
        b.start()
        try:
            self.rosa.json('send', 'Walks', '--file', self.file('two.bin', content(2 * MIB)),
                           status=1)
            self.assertEqual(self.rosa.json('read', 'Walks')[-1]['state'], 'failed')
            one = content(MIB, 10)
            self.rosa.run('send', 'Walks', '--file', self.file('one.bin', one))
            # The next is over the budget: kept, and what is said meanwhile goes out.
            sending = self.rosa.start('send', 'Walks', '--file', self.file('more.bin', one))
            sending.wait_for(lambda line: line['type'] == 'file')
            time.sleep(1)
            sending.kill()
            self.rosa.run('send', 'Walks', 'words go out')
            self.tom.read_on('words go out')
            self.assertFalse([m for m in self.files(self.tom) if m['file_name'] == 'more.bin'])
        finally:
            self.conf.write_text(before)
            b.stop()
            b.start()
        self.rosa.until(lambda: [m for m in self.files(self.rosa)
                                 if m['file_name'] == 'more.bin'][-1]['state'] == 'accepted')
        path, _ = self.save(self.tom, self.newest(self.tom, 'more.bin'))
        self.assertEqual(path.read_bytes(), one)

    # --- what is deleted, what is taken along, what is stored ---

    def test_b_deleted_and_exported(self):
        self.rosa.run('send', 'Walks', '--file', self.file('regret.bin', content(5000, 11)))
        self.newest(self.tom, 'regret.bin')
        self.rosa.run('delete', 'Walks', 'last')
        self.tom.until(lambda: not [m for m in self.files(self.tom)
                                    if m['file_name'] == 'regret.bin'])
        out = self.folder / 'tom.jsonl'
        self.tom.run('export', out)
        names = [m['file_name'] for m in map(json.loads, out.read_text().splitlines())
                 if m.get('kind') == 'file' and not m['deleted']]
        self.assertTrue(names)
        self.assertNotIn('regret.bin', names)

    def test_c_no_account_at_rest(self):
        """With all that the apps keep on disk nobody says who sent it or what it was."""
        b = self.backbone
        data = content(20000, 12)
        self.rosa.run('send', 'Walks', '--file', self.file('nobody.bin', data))
        _, url = self.url_of(self.tom, 'nobody.bin')
        self.save(self.tom, self.newest(self.tom, 'nobody.bin'))
        name = bytes.fromhex(url.rsplit('/', 1)[1])
        done = b.ctl('devices', self.conf, 'dial', self.rosa.identifier, '--json')
        account = bytes.fromhex(json.loads(done.stdout.splitlines()[0])['account'])
        b.stop()
        dumps = {(app, kind): b.ctl('dump', self.conf, app, kind).stdout
                 for app in ('dial', 'lens', 'plaza') for kind in ('accounts', 'rooms')}
        b.start()
        escaped = name.replace(b'\0', b'\0\xff')
        holds = [at for at, dump in dumps.items() if name in dump or escaped in dump]
        self.assertEqual(holds, [('dial', 'rooms')])
        self.assertNotIn(account, dumps['dial', 'rooms'])
        for at, dump in dumps.items():
            self.assertNotIn(data[:48], dump)
            if at != ('lens', 'rooms'):  # where Tom's report is
                self.assertNotIn(hashlib.sha256(data).digest(), dump)
        self.assertNotIn(name.hex(), b.logs())


if __name__ == '__main__':
    os.environ.pop('LD_PRELOAD', None)
    unittest.main(verbosity=2)
