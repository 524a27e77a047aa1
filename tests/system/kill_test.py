# SPDX-License-Identifier: Apache-2.0
"""kill -9, at random moments, of the backbone and of the clients, in the middle of a stream of
messages across two apps: what was kept arrives, once, in order."""
import os
import pathlib
import random
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from people import Backbone, Person, befriend  # noqa: E402

ROUNDS = int(os.environ.get('UNDERCROFT_KILL_ROUNDS', '10'))
MESSAGES = 8  # a round


class Kill(unittest.TestCase):
    def setUp(self):
        seed = int(os.environ.get('UNDERCROFT_SEED', random.randrange(1 << 32)))
        print(f'UNDERCROFT_SEED={seed}, {ROUNDS} rounds')
        self.dice = random.Random(seed)
        self.backbone = Backbone()
        self.backbone.start()
        self.rosa = Person(self.backbone, 'rosa', 'dial', '+4915112345678')
        self.tom = Person(self.backbone, 'tom', 'lens', 'tom')
        self.rosa.sign_up()
        self.tom.sign_up()
        befriend(self.rosa, self.tom)

    def tearDown(self):
        self.backbone.erase()

    def play(self, split_clients):
        said, shown = [], []  # what Rosa's client took and told so; what Tom's showed
        rosa, tom = self.rosa.start('follow', 'Tom'), self.tom.start('follow')

        def harvest(running, own, into):
            into += [m['text'] for m in running.lines
                     if m['type'] == 'message' and m['own'] == own and m['kind'] == 'text']

        for r in range(ROUNDS):
            for m in range(MESSAGES):
                rosa.type(f'round {r} message {m}')
            time.sleep(self.dice.uniform(0, 0.15))
            self.backbone.kill()
            if split_clients and self.dice.random() < 0.3:
                rosa.kill()
                harvest(rosa, True, said)
                rosa = None
            if split_clients and self.dice.random() < 0.3:
                tom.kill()
                harvest(tom, False, shown)
                tom = None
            self.backbone.start()
            rosa = rosa or self.rosa.start('follow', 'Tom')
            tom = tom or self.tom.start('follow')
            if self.dice.random() < 0.5:
                time.sleep(self.dice.uniform(0, 0.5))
        last = 'the last one'
        rosa.type(last)
        tom.wait_for(lambda m: m['type'] == 'message' and m['text'] == last)
        rosa.wait_for(lambda m: m['type'] == 'message_state' and m['text'] == last and
                      m['state'] == 'accepted')
        self.assertEqual((rosa.interrupt(), tom.interrupt()), (0, 0))
        harvest(rosa, True, said)
        harvest(tom, False, shown)
        return said, shown

    def check(self, said, shown):
        kept = [t for _, t in self.rosa.texts('Tom')]
        read = [t for _, t in self.tom.texts('Rosa')]
        self.assertEqual(read, kept)                     # none lost, none twice, in order
        self.assertEqual(len(set(shown)), len(shown))    # nor shown twice
        self.assertEqual([t for t in said if t not in kept], [])
        states = {m['state'] for m in self.rosa.json('read', 'Tom', '--last', 100000) if m['own']}
        self.assertEqual(states, {'accepted'})
        self.assertEqual([r['consistent'] for r in self.tom.json('rooms')], [True])
        self.backbone.stop()
        checked = self.backbone.ctl('check', self.backbone.dir / 'undercroft.conf')
        self.assertEqual(checked.returncode, 0, checked.stdout.decode())
        return kept

    def test_backbone(self):
        said, shown = self.play(False)
        kept = self.check(said, shown)
        self.assertEqual(len(kept), ROUNDS * MESSAGES + 1)
        self.assertEqual(shown, kept)

    def test_backbone_and_clients(self):
        self.check(*self.play(True))


if __name__ == '__main__':
    unittest.main(verbosity=2)
