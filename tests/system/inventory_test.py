# SPDX-License-Identifier: Apache-2.0
"""What a real backbone wrote, walked and searched (scripts/check-run); and what was planted is
found."""
import base64
import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from people import Backbone, Person, ROOT, befriend  # noqa: E402

TEXT = 'The beans are up, and nobody else knows.'


class Inventory(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backbone = b = Backbone()
        b.start()
        rosa = Person(b, 'rosa', 'dial', '+4915112345678', 'Rosa Lindner')
        uwe = Person(b, 'uwe', 'plaza', 'uwe@allotments.example', 'Uwe Petersen')
        for p in (rosa, uwe):
            p.sign_up()
        rosa.run('settings', '--age', 'adult')
        befriend(rosa, uwe)
        rosa.run('group', 'The allotment', uwe.name)
        rosa.run('send', uwe.name, TEXT)
        uwe.run('read', '--wait', 30)
        cls.seldom(rosa, uwe)
        (b.dir / 'played.json').write_text(json.dumps({
            'texts': [TEXT], 'names': [rosa.name, uwe.name, 'The allotment'],
            'identifiers': {p.app: [p.identifier] for p in (rosa, uwe)}}))

    @classmethod
    def seldom(cls, rosa, uwe):
        """What leaves records that a short life does not: a long talk, a block, a vault."""
        talk = rosa.start('follow', 'The allotment')
        talk.wait_for(lambda line: line['type'] == 'following')
        for n in range(66):
            talk.type(f'bean number {n}')
        talk.wait_for(lambda line: (line['type'], line.get('text')) ==
                      ('message_state', 'bean number 65'))
        talk.interrupt()
        rosa.run('block', uwe.name)
        rosa.run('sync')
        rosa.run('vault', '--store')

    @classmethod
    def tearDownClass(cls):
        cls.backbone.erase()

    def check(self, *more):
        done = subprocess.run([ROOT / 'scripts/check-run', *more, self.backbone.dir], text=True,
                              env=self.backbone.env, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        return done.returncode, done.stdout

    def test_clean(self):
        status, said = self.check('--whole')
        self.assertEqual(status, 0, said)
        self.assertIn('found nowhere', said)

    def planted(self, name, content, expected):
        """With a file more, or with more in it, the check fails and says where."""
        path = self.backbone.dir / name
        before = path.read_bytes() if path.exists() else None
        path.write_bytes((before or b'') + content)
        try:
            status, said = self.check()
        finally:
            if before is None:
                path.unlink()
            else:
                path.write_bytes(before)
        self.assertEqual(status, 1, said)
        self.assertIn(expected, said)
        self.assertIn(path.name, said)

    def test_texts_in_files(self):
        text = TEXT.encode()
        for content in (text, b'x' + base64.b64encode(b'y' + text), text.hex().encode(),
                        TEXT.encode('utf-16-le'), hashlib.sha256(text).digest(),
                        hashlib.sha1(text).hexdigest().encode()):
            self.planted('data/lens/rooms/000999.sst', content, TEXT)

    def test_identifiers(self):
        self.planted('data/dial/accounts/000999.sst', b'4915112345678', '4915112345678')
        self.planted('undercroft.log', b'uwe@allotments.example\n', 'uwe@allotments.example')
        devices = self.backbone.ctl('devices', self.backbone.dir / 'undercroft.conf', 'dial',
                                    '+4915112345678', '--json')
        account = bytes.fromhex(json.loads(devices.stdout.splitlines()[0])['account'])
        self.planted('data/dial/rooms/000999.log', account, 'the account id of +4915112345678')
        self.planted('data/plaza/accounts/000999.log', account.hex().encode(),
                     'the account id of +4915112345678')

    def view(self, app, who, *more):
        conf = self.backbone.dir / 'undercroft.conf'
        done = self.backbone.ctl('operator-view', conf, app, who, *more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode()

    def test_operator_view(self):
        """Eight lines, of nobody else, and the same of a backup, which it leaves as it was."""
        b = self.backbone
        backup, conf = b.dir / 'backup', b.dir / 'undercroft.conf'
        # What is swept between the two is not there the second time: then once more.
        for _ in range(3):
            shutil.rmtree(backup, ignore_errors=True)
            said = self.view('dial', '+4915112345678')
            self.assertEqual(b.ctl('backup', conf, backup).returncode, 0)
            kept = self.view('dial', '+4915112345678', backup)
            if kept.splitlines()[:-1] == said.splitlines()[:-1]:
                break
        lines = dict(line.split(maxsplit=1) for line in said.splitlines())
        self.assertLessEqual(len(said.splitlines()), 8, said)
        self.assertRegex(lines['account'], r'signed up \d{4}-\d\d-\d\d; suspended .*: no')
        self.assertRegex(lines['devices'], r'^1 devices; ')
        self.assertRegex(lines['contact'], r'^\d+ sets of KeyPackages waiting; \d+ KeyPackages; ')
        self.assertRegex(lines['stores'], r'of \d+ records of rooms 0 lead to it; .* [0-9a-f]{64}$')
        self.assertNotIn('name it', lines['stores'])
        before = {p: p.read_bytes() for p in backup.rglob('*') if p.is_file()}
        self.assertEqual(kept, self.view('dial', '+4915112345678', backup))
        # The backbone goes on writing: of the rooms, which are others' too.
        self.assertEqual(kept.splitlines()[:-1], said.splitlines()[:-1])
        self.assertEqual({p: p.read_bytes() for p in backup.rglob('*') if p.is_file()}, before)
        # By the id it says the same; neither is printed, nor anything else of 16 bytes and more.
        devices = b.ctl('devices', conf, 'dial', '+4915112345678', '--json')
        account = json.loads(devices.stdout.splitlines()[0])['account']
        self.assertEqual(self.view('dial', account, backup), kept)
        shutil.rmtree(backup)
        self.assertEqual(len(re.findall(r'[0-9a-f]{32,}', said)), 1)
        self.assertNotIn('4915112345678', said + b.logs())
        nobody = b.ctl('operator-view', conf, 'plaza', 'nobody@allotments.example')
        self.assertEqual(nobody.returncode, 1)
        self.assertNotIn(b'nobody@', nobody.stdout + nobody.stderr)

    def test_what_is_not_listed(self):
        self.planted('data/lens/notes', b'', 'a file that is not in the inventory')
        self.planted('keys/lens/copy.keys', b'', 'a file that is not in the inventory')
        for line in (b'2026-11-26T13:46:59Z info account.made app=dial\n',
                     b'2026-11-26T13:46:59Z info app.started app=dial name=rosa\n', b'hello\n'):
            self.planted('undercroft.log', line, 'a line that is not in the inventory')

    def test_what_is_nowhere(self):
        lives = sorted((self.backbone.dir / 'keys').rglob('lives'))
        for p in lives:
            p.rename(self.backbone.dir / f'kept-{p.parent.name}')
        try:
            status, said = self.check('--whole')
        finally:
            for p in lives:
                (self.backbone.dir / f'kept-{p.parent.name}').rename(p)
        self.assertEqual(status, 1, said)
        self.assertIn('KEYS/lives: is in the inventory, and was not seen', said)


if __name__ == '__main__':
    unittest.main(verbosity=2)
