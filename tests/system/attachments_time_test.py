#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files when time has passed and when disks are full, upon tests/faults."""
import os
import pathlib
import random
import struct
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from people import BUILD, Backbone, Person, befriend  # noqa: E402

LAYER = str(BUILD / 'tests/faults/undercroft-faults.so')
DAY_S = 86400
PART = 128 * 1024
PATIENCE_S = 60


class Time(unittest.TestCase):
    def setUp(self):
        self.backbone = b = Backbone()
        self.clock = b.dir / 'clock'
        self.leap(0)
        self.plain = dict(b.env)
        b.env.update(LD_PRELOAD=LAYER, UNDERCROFT_CLOCK=str(self.clock))
        b.start()
        self.rosa = Person(b, 'rosa', 'dial', '+4915112345678', 'Rosa')
        self.tom = Person(b, 'tom', 'lens', 'tom', 'Tom')
        for p in (self.rosa, self.tom):
            p.sign_up()
        befriend(self.rosa, self.tom)
        self.data = random.Random(1).randbytes(5 * PART)
        self.path = b.dir / 'beans.jpg'
        self.path.write_bytes(self.data)
        self.to = b.dir / 'saved.jpg'

    def tearDown(self):
        self.backbone.erase()

    def leap(self, seconds):
        with open(self.clock, 'r+b' if self.clock.exists() else 'wb') as f:
            f.write(struct.pack('<q', seconds))

    def number(self):
        def files():
            return [m for m in self.tom.json('read', 'Rosa', '--numbers') if m.get('kind') == 'file']
        self.tom.until(files)
        return files()[-1]['number']

    def kept(self):
        dump = self.backbone.ctl('dump', self.backbone.dir / 'undercroft.conf', 'dial', 'rooms')
        return len(dump.stdout)

    def test_it_ends_after_thirty_days(self):
        b = self.backbone
        small = self.kept()
        self.rosa.run('send', 'Tom', '--file', self.path)
        number = self.number()
        self.assertGreater(self.kept(), small + len(self.data))
        b.stop()
        self.leap(33 * DAY_S)
        b.start()
        # A clock that leapt while nobody looked is doubted until it is put back by some.
        time.sleep(2)
        self.assertGreater(self.kept(), small + len(self.data))
        self.leap(32 * DAY_S)
        end = time.monotonic() + PATIENCE_S
        while self.kept() > small + PART:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.5)
        self.assertEqual(self.tom.refused('save', 'Rosa', number, self.to), 'UC_E_NOT_FOUND')
        self.assertFalse(self.to.exists())

    def test_the_apps_disk_is_full(self):
        b = self.backbone
        b.stop()
        env, b.env = b.env, dict(b.env, UNDERCROFT_FAULTS='*/dial/rooms/*.log write 8 full')
        b.start()
        b.env = env
        sending = self.rosa.start('send', 'Tom', '--file', self.path)
        end = time.monotonic() + PATIENCE_S
        while 'UC_E_FULL' not in b.logs():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.1)
        sending.kill()
        b.kill()
        b.start()
        self.rosa.run('sync')
        self.tom.run('save', 'Rosa', self.number(), self.to)
        self.assertEqual(self.to.read_bytes(), self.data)

    def test_the_readers_disk_is_full(self):
        self.rosa.run('send', 'Tom', '--file', self.path)
        number = self.number()
        error = self.tom.refused('save', 'Rosa', number, self.to,
                                 env={'UNDERCROFT_FAULTS': '*/tom/store.db* write 20 full'})
        self.assertEqual(error, 'UC_E_FULL')
        self.assertEqual(list(self.backbone.dir.glob('saved.jpg*')), [])
        # Where it cannot be written it stays in the store.
        self.tom.run('save', 'Rosa', number, self.backbone.dir / 'no folder/x', status=1)
        self.assertIn('No such file or directory', self.tom.error)
        lines = self.tom.json('save', 'Rosa', number, self.to)
        self.assertEqual([x['type'] for x in lines], ['saved'])
        self.assertEqual(self.to.read_bytes(), self.data)


if __name__ == '__main__':
    os.environ.pop('LD_PRELOAD', None)
    unittest.main(verbosity=2)
