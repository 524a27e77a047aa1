# SPDX-License-Identifier: Apache-2.0
"""What earlier versions have kept, whole: a backup of an installation, with the stores as their engine
wrote them.  This version puts it back, checks every record and serves from it.  That people of before
go on with what they have, the unit tests provider/versions and client/fixture show.  How versions work:
docs/decisions/0070-versions.md.

UNDERCROFT_FIXTURE=FILE kept_test.py make    writes one of this version, to be kept for good"""
import json
import os
import pathlib
import shutil
import sys
import tarfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from people import Backbone, Person, ROOT, befriend  # noqa: E402

FIXTURES = sorted((ROOT / 'tests/fixtures').glob('backup_*.tar.gz'))


def people(backbone):
    return (Person(backbone, 'rosa', 'dial', '+4915112345678', 'Rosa Lindner'),
            Person(backbone, 'uwe', 'plaza', 'uwe@allotments.example', 'Uwe Petersen'),
            Person(backbone, 'tom', 'lens', 'tom', 'Tom'))


def make(out):
    """Three people of three apps: two talk, a group has all of them, a message waits."""
    b = Backbone()
    b.start()
    try:
        rosa, uwe, tom = people(b)
        for p in (rosa, uwe, tom):
            p.sign_up()
        befriend(rosa, uwe)
        befriend(rosa, tom)
        rosa.run('group', 'The allotment', uwe.name, tom.name)
        rosa.run('send', uwe.name, 'read before')
        uwe.read_on('read before')
        tom.run('sync')
        rosa.run('send', 'The allotment', 'not read before')
        (b.dir / 'kept').mkdir()
        done = b.ctl('backup', b.dir / 'undercroft.conf', b.dir / 'kept/backup')
        if done.returncode:
            sys.exit(done.stderr.decode())
        with tarfile.open(out, 'w:gz') as tar:
            tar.add(b.dir / 'kept', arcname='')
    finally:
        b.erase()


class Kept(unittest.TestCase):
    def test_there_are_some(self):
        self.assertTrue(FIXTURES)

    def test_each_goes_on(self):
        for path in FIXTURES:
            with self.subTest(path.name):
                self.go_on(path)

    def go_on(self, path):
        b = Backbone()
        try:
            # Debian 12's Python has no filters yet; the file is the project's own.
            filters = {'filter': 'data'} if hasattr(tarfile, 'data_filter') else {}
            with tarfile.open(path) as tar:
                tar.extractall(b.dir / 'kept', **filters)
            for keys in [p.parent for p in b.dir.rglob('app.keys') if 'kept' not in p.parts]:
                shutil.rmtree(keys)  # those of `prepare`
            (b.dir / 'data').mkdir(0o700, exist_ok=True)
            self.ctl(b, 'restore', b.dir / 'kept/backup')
            before = self.checked(b)
            self.assertGreater(before['dial', 'accounts'], 20)
            self.assertGreater(before['lens', 'rooms'], 5)
            b.start()
            self.checked(b)
            rosa, uwe, _ = people(b)
            account = json.loads(self.ctl(b, 'devices', 'dial', rosa.identifier,
                                          '--json').splitlines()[0])
            self.assertEqual(account['devices'], 1)
            # Who signs up under a name of before takes it over; all goes on from there.
            for p in (rosa, uwe):
                p.sign_up()
            befriend(rosa, uwe)
            rosa.run('send', uwe.name, 'and on')
            uwe.read_on('and on')
            self.checked(b)
        finally:
            b.erase()

    def checked(self, b):
        """How many records each store has, all of them good."""
        lines = [json.loads(x) for x in self.ctl(b, 'check', '--json').splitlines()]
        self.assertEqual([x for x in lines if x['type'] == 'problem'], [])
        return {(x['app'], x['store']): x['records'] for x in lines}

    def ctl(self, b, command, *arguments):
        done = b.ctl(command, b.dir / 'undercroft.conf', *arguments)
        self.assertEqual(done.returncode, 0, done)
        return done.stdout


if __name__ == '__main__':
    if sys.argv[1:] == ['make']:
        make(os.environ['UNDERCROFT_FIXTURE'])
    else:
        unittest.main()
