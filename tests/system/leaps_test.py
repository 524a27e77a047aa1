# SPDX-License-Identifier: Apache-2.0
"""Kills with more going on: while the clock leaps by a day both ways, and in the middle of what an
operator does, with a power failure (tests/faults) each time."""
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from forgetful import Disk  # noqa: E402
from people import BUILD, Backbone, Person, befriend  # noqa: E402

LAYER = str(BUILD / 'tests/faults/undercroft-faults.so')
LONG = 'UNDERCROFT_TEST_LONG' in os.environ
DAY_S = 86400


class World:
    """A backbone upon the layer, and two people who talk across two apps."""

    def setUp(self):
        seed = int(os.environ.get('UNDERCROFT_SEED', random.randrange(1 << 32)))
        print(f'UNDERCROFT_SEED={seed}', flush=True)
        self.dice = random.Random(seed)
        self.backbone = b = Backbone()
        self.conf = b.dir / 'undercroft.conf'
        folders = [b.dir / 'data', b.dir / 'keys']
        for folder in folders:
            folder.mkdir(0o700)
        self.disk = Disk(b.dir / 'journal', folders)
        self.clock = b.dir / 'clock'
        self.leap(0)
        self.upon = dict(b.env, LD_PRELOAD=LAYER, UNDERCROFT_JOURNAL=self.disk.env(),
                         UNDERCROFT_CLOCK=str(self.clock))
        self.said = 0
        self.start()
        self.rosa = Person(b, 'rosa', 'dial', '+4915112345678', 'Rosa')
        self.uwe = Person(b, 'uwe', 'plaza', 'uwe@allotments.example', 'Uwe')
        for p in (self.rosa, self.uwe):
            p.sign_up()
        befriend(self.rosa, self.uwe)
        self.writing = self.rosa.start('follow', 'Uwe')
        self.reading = self.uwe.start('follow', 'Rosa')
        # Who has never been connected gives up after a while; who has been comes back.
        self.say(1)
        self.heard()

    def tearDown(self):
        self.backbone.erase()

    def leap(self, seconds):
        """The wall clock of the backbone, from now on, also where it runs."""
        with open(self.clock, 'r+b' if self.clock.exists() else 'wb') as f:
            f.write(struct.pack('<q', seconds))

    def start(self):
        env, self.backbone.env = self.backbone.env, self.upon
        try:
            self.backbone.start()
        finally:
            self.backbone.env = env

    def fail_power(self):
        self.backbone.kill()
        return self.disk.forget(self.dice)

    def say(self, n):
        for _ in range(n):
            self.writing.type(f'number {self.said}')
            self.said += 1

    def heard(self):
        last = f'number {self.said - 1}'
        self.reading.wait_for(lambda m: m.get('text') == last)
        self.writing.wait_for(lambda m: m['type'] == 'message_state' and m['text'] == last and
                              m['state'] == 'accepted')

    def ctl(self, *arguments):
        """Begun upon the layer."""
        return subprocess.Popen([BUILD / 'src/ctl/undercroftctl', arguments[0], self.conf,
                                 *arguments[1:]], env=self.upon, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def ctl_end(self, *arguments, status=0):
        running = self.ctl(*arguments)
        said = running.communicate()[0].decode()
        self.assertEqual(running.returncode, status, said)

    def check(self):
        """Each message has come, once, in order; and the stores are sound."""
        self.say(1)
        self.heard()
        self.assertEqual((self.writing.interrupt(), self.reading.interrupt()), (0, 0))
        texts = [f'number {i}' for i in range(self.said)]
        self.assertEqual([t for _, t in self.uwe.texts('Rosa')], texts)
        self.assertEqual([t for _, t in self.rosa.texts('Uwe')], texts)
        self.backbone.stop()
        checked = self.backbone.ctl('check', self.conf)
        self.assertEqual(checked.returncode, 0, checked.stdout.decode())


class Leaps(World, unittest.TestCase):
    def test_a_day_both_ways(self):
        for _ in range(60 if LONG else 3):
            self.leap(self.dice.choice((-DAY_S, 0, DAY_S)))
            self.say(4)
            time.sleep(self.dice.uniform(0, 0.2))
            self.fail_power()
            self.leap(self.dice.choice((-DAY_S, 0, DAY_S)))
            self.start()
            self.say(2)
        self.leap(0)
        self.heard()
        self.check()


class Orders(World, unittest.TestCase):
    """The backbone, or the command, is killed at some moment of each."""

    def test_while_it_runs(self):
        orders = [('backup', None), ('rotate-keys', 'dial'), ('compact', 'plaza'), ('reload',),
                  ('rotate-keys', 'plaza'), ('compact', 'dial'), ('rotate-keys', 'dial', 'names')]
        for i, order in enumerate(orders * (6 if LONG else 1)):
            to = self.backbone.dir / f'backup {i}'
            self.say(3)
            running = self.ctl(order[0], *(to if x is None else x for x in order[1:]))
            time.sleep(self.dice.uniform(0, 0.15))
            self.fail_power()
            said = running.communicate()[0].decode()
            # One that was killed on the way says no more than it did.
            self.assertEqual((to / 'manifest').exists(), order[0] == 'backup' and
                             running.returncode == 0, said)
            shutil.rmtree(to, ignore_errors=True)
            self.start()
            self.say(1)
        self.heard()
        self.check()

    def test_while_it_rests(self):
        """restore, mend and erase-app are killed, and then done to the end."""
        b, to = self.backbone, self.backbone.dir / 'backup'
        self.say(5)
        self.heard()
        self.assertEqual((self.writing.interrupt(), self.reading.interrupt()), (0, 0))
        b.stop()
        self.disk.forget(self.dice, 'all')
        self.ctl_end('backup', to)
        for _ in range(20 if LONG else 2):
            for order in (('restore', to), ('mend', 'dial', 'rooms'), ('erase-app', 'lens', '--yes')):
                if order[0] == 'restore':
                    shutil.rmtree(b.dir / 'data')
                    (b.dir / 'data').mkdir(0o700)
                if order[0] == 'erase-app':
                    whole = self.conf.read_text()
                    at = whole.index('[app lens]')
                    self.conf.write_text(whole[:at] + whole[whole.index('[app plaza]'):])
                self.disk.begin()
                running = self.ctl(*order)
                time.sleep(self.dice.uniform(0, 0.1))
                running.send_signal(signal.SIGKILL)
                running.communicate()
                if running.returncode:
                    self.disk.forget(self.dice)
                self.finish(order, running.returncode)
                if order[0] == 'erase-app':
                    self.disk.forget(self.dice, 'nothing')
                    self.assertFalse((b.dir / 'data/lens/rooms').exists())
                    self.conf.write_text(whole)
        self.start()
        self.writing = self.rosa.start('follow', 'Uwe')
        self.reading = self.uwe.start('follow', 'Rosa')
        self.check()

    def finish(self, order, killed):
        again = self.ctl(*order)
        said = again.communicate()[0].decode()
        if order[0] == 'restore' and again.returncode:
            # A part was in place: move it away and begin again, as it says.
            self.assertIn('move it away', said)
            shutil.rmtree(self.backbone.dir / 'data')
            (self.backbone.dir / 'data').mkdir(0o700)
            self.ctl_end(*order)
        elif order[0] == 'erase-app' and again.returncode:
            self.assertIn('no app\'s data', said)
        else:
            self.assertEqual(again.returncode, 0, said)
        self.disk.forget(self.dice, 'nothing')


if __name__ == '__main__':
    unittest.main(verbosity=2)
